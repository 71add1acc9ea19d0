/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_CLUSTER_PRIVATE_H
#define KT_CLUSTER_PRIVATE_H
/*
 * What the files of this module share. Lock order: lock is taken alone, and never over a call to
 * etcd, the journal or a hook.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "cluster/cluster.h"
#include "cluster/etcd.h"

enum { INBOX_BYTES = 32 << 20, LOOK_FRAMES = 16, SERVERS_MAX = 16, BOUNDS = 4096 };

struct inbox_item {
    struct inbox_item *next;
    kt_seq first;
    struct kt_buf events;
};
struct cluster_peer {
    char node[CORE_NAME];
    bool whole;           /* it has every body that we have */
    kt_mono silent_until; /* it did not answer: not asked again before */
};
struct cluster_peers {
    pthread_mutex_t lock; /* over a call to etcd; taken alone */
    char secret[65];
    struct cluster_peer all[KT_CLUSTER_MEMBERS];
    _Atomic uint64_t alone; /* bodies that no other node was seen to have */
};
struct kt_cluster {
    struct kt_cluster_opts opts;
    char *address, *urls[SERVERS_MAX], *prefix, *node, *data_dir, version[32];
    char journal_dir[600], cut_dir[600];
    struct cl_etcd_conf conf;
    struct kt_journal *journal;
    struct kt_cluster_hooks hooks;

    pthread_mutex_t values_lock; /* of the next alone */
    struct cl_etcd *values;      /* kt_cluster_get(), kt_cluster_put() */

    pthread_mutex_t lock;
    pthread_cond_t changed; /* core, inbox */
    pthread_cond_t work;    /* to the shippers */
    pthread_cond_t taken;   /* more is durable */
    struct core core;
    struct inbox_item *inbox, *inbox_last;
    size_t inbox_bytes;
    char url[CORE_URL], difference[200];
    bool same_site, at_work;
    kt_mono level_at;             /* a follower had all that was in the order */
    struct kt_cluster_stats seen; /* size, members, counters */
    kt_seq bounds[BOUNDS];        /* where frames began that a follower took, a ring */
    uint32_t bounds_n;
    /* read without the lock */
    _Atomic int64_t may_until, token, answered;
    _Atomic kt_seq durable;
    _Atomic int role; /* of the core */
    atomic_bool stop, cut_off_told;

    struct cluster_peers peers;
    pthread_cond_t idle; /* nobody signals it but the end */
    pthread_t lease, look, ship[CORE_SLOTS], bodies;
    int started; /* threads */
    /* the builder's: one at a time, as core has it */
    struct kt_journal_reader *reader;
    kt_seq reader_next;
    struct kt_buf slots[CORE_SLOTS];
};

struct kt_cluster *cluster_new(const struct kt_cluster_opts *opts); /**< address.c */
/** KT_EINVAL: no name for a node. */
KT_MUST_CHECK int cluster_opts_check(const struct kt_cluster_opts *opts, struct kt_err *err);
/** address.c: the servers of an address that kt_cluster_address() takes, and its prefix; the
 *  caller frees each. Returns how many. */
uint32_t cluster_servers(const char *address, char *urls[SERVERS_MAX], char **ret_prefix);
/** rejoin.c: the core's beginning, from the closed journal and etcd. */
KT_MUST_CHECK int cluster_rejoin(struct kt_cluster *c, struct kt_err *err);
/** After any change of the core. Lock held; returns whether the hook is to be called. */
bool cluster_publish(struct kt_cluster *c);
void cluster_take_in(struct kt_cluster *c, kt_seq first, struct kt_str events);
/** ship.c */
void *cluster_ship(void *arg);
/** bodies.c */
void *cluster_bodies(void *arg);
KT_MUST_CHECK int cluster_secret(struct kt_cluster *c, char ret[65], struct kt_err *err);
struct kt_http_client *cluster_client(const struct kt_cluster *c);
/** One exchange with another node, as a node. KT_ENOTFOUND: it has no such thing; KT_EIO. */
KT_MUST_CHECK int cluster_ask(struct kt_cluster *c, struct kt_http_client *http, const char *method,
                              const char *url, const struct kt_str *body, int64_t patience_ns,
                              struct kt_buf *out, struct kt_err *err);
/** house.c: members, size, dropping. On the look thread. */
void cluster_tidy(struct kt_cluster *c, struct cl_etcd *e, const struct core_call *call,
                  struct core_answer *ret);
/** What others are to know of this node. */
void cluster_self_json(struct kt_cluster *c, struct kt_buf *out);
void cluster_wait(struct kt_cluster *c, pthread_cond_t *cond, int64_t ns); /**< lock held */
#endif
