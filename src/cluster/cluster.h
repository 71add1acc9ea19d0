/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_CLUSTER_CLUSTER_H
#define KT_CLUSTER_CLUSTER_H
/*
 * cluster: one order of events over several nodes, in etcd, and the lease that says which of them
 * acts (decision 0014). A node is a follower or the active one:
 *
 *   active:   its journal (file) ─▶ frames ─▶ etcd ─▶ durable: in etcd's quorum and on its own disk
 *   follower: etcd ─▶ frames, sequence and chain checked ─▶ kt_cluster_take() ─▶ its journal
 *
 * Life: kt_cluster_join() before the journal is opened (it may cut off a tail that the common order
 * has no place for), kt_cluster_start() with the open journal, kt_cluster_stop() before it closes.
 * Threads: any after start, but kt_cluster_take(): one.
 */
#include "cluster/core.h"
#include "journal/journal.h"

struct kt_cluster;

enum { KT_CLUSTER_EVENT_MAX = 900 << 10 }; /* bytes of one event's body */

struct kt_cluster_opts {
    const char *address; /* "etcd://host:port,host:port/PREFIX" */
    const char *node;    /* this node's name */
    const char *version; /* of the program */
    const char *data_dir;
    size_t segment_bytes, reserve_bytes; /* of the journal */
    int64_t ttl_ns;                      /* of the lease; 0: 3 s */
    int64_t patience_ns;                 /* how long to wait for etcd at the start; 0: 5 s */
    int64_t keep_bytes, quota_bytes;     /* 0: 512 MiB, 2 GiB */
    int64_t keep_ns;                     /* how long a node may be away; 0: 24 h */
};
/** Is it "etcd://…/PREFIX", and readable? KT_EINVAL says what is wrong. */
KT_MUST_CHECK int kt_cluster_address(const char *address, struct kt_err *err);
bool kt_cluster_wanted(const char *address); /**< false: "file" */

/**
 * Find our place in the common order. Without an answer from etcd within `patience` the node begins
 * cut off: it watches and protects, and joins the order when etcd is back.
 * @return KT_OK; KT_ESTATE the order does not hold what this node lacks: restore it from a copy;
 *         KT_EINVAL; KT_EIO
 */
KT_MUST_CHECK int kt_cluster_join(const struct kt_cluster_opts *opts, struct kt_cluster **ret,
                                  struct kt_err *err);
struct kt_cluster_hooks {
    /** More is durable, or what waits never will be: look again. Any thread of the cluster. */
    void (*on_durable)(void *arg);
    void *arg;
};
KT_MUST_CHECK int kt_cluster_start(struct kt_cluster *c, struct kt_journal *journal,
                                   const struct kt_cluster_hooks *hooks, struct kt_err *err);
/** Stops the threads; gives the lease back so that another node takes over at once. */
void kt_cluster_stop(struct kt_cluster *c);
void kt_cluster_free(struct kt_cluster *c); /**< accepts NULL */

enum kt_cluster_role {
    KT_CLUSTER_FOLLOWS,
    KT_CLUSTER_ACTIVE,
    KT_CLUSTER_CUT_OFF, /* active, and the lease is not renewed: protective effects alone */
    KT_CLUSTER_LOST,    /* has to join anew: begin the program again */
};
enum kt_cluster_role kt_cluster_role(const struct kt_cluster *c);
/** The gate: may an effect go out that is not protective? Asked right before it does. */
bool kt_cluster_may(const struct kt_cluster *c);
/** The fencing token: higher for each later holder; 0: none. */
int64_t kt_cluster_token(const struct kt_cluster *c);
/** What is in etcd and on our disk; for a follower what is on its disk. */
kt_seq kt_cluster_durable(const struct kt_cluster *c);
/** Wait until that is beyond `after`. KT_ETIMEOUT. */
KT_MUST_CHECK int kt_cluster_wait(struct kt_cluster *c, kt_seq after, int64_t timeout_ns);
/** The journal has synced more (from its on_durable), or has failed for good. */
void kt_cluster_synced(struct kt_cluster *c);
void kt_cluster_journal_failed(struct kt_cluster *c);

/* A follower's run of events as kt_event_pack() wrote them; checked. */
struct kt_cluster_run {
    kt_seq first;
    struct kt_buf events; /* the taker's */
};
/** Next run. 1; 0 none in time; KT_ESTATE all is taken, and this node is the active one. */
KT_MUST_CHECK int kt_cluster_take(struct kt_cluster *c, int64_t timeout_ns,
                                  struct kt_cluster_run *ret);
/** Of a follower: the first difference between what it computes and what the order says. */
void kt_cluster_differs(struct kt_cluster *c, const char *text);
void kt_cluster_same_site(struct kt_cluster *c, bool same);
/** The active node has applied its start: it is at work. */
void kt_cluster_at_work(struct kt_cluster *c);
void kt_cluster_url(struct kt_cluster *c, const char *url); /**< where this node's API is */

struct kt_cluster_member {
    char node[CORE_NAME], url[CORE_URL], version[32], difference[200];
    kt_seq next;
    kt_time at;
    bool alive, active, same_site;
    int64_t behind_ns;
};
enum { KT_CLUSTER_MEMBERS = 16 };
struct kt_cluster_stats {
    char node[CORE_NAME], holder[CORE_NAME], holder_url[CORE_URL], why[240];
    enum kt_cluster_role role;
    bool at_work;
    int64_t token, lease_left_ns;
    kt_seq last, durable, head; /* head: of the order, as last seen */
    int64_t behind_ns;          /* a follower: since it had all; active: oldest not in etcd */
    int64_t asked_ns;           /* since etcd answered last */
    int64_t size, used, quota;  /* of etcd's database; 0: not known */
    uint64_t frames, bytes, aligned, refused;
    uint64_t alone; /* bodies that no other node was seen to have */
    struct kt_cluster_member members[KT_CLUSTER_MEMBERS];
    uint32_t members_n;
};
void kt_cluster_stats(struct kt_cluster *c, struct kt_cluster_stats *ret);

/*
 * Bodies: files of data/bodies that events name by hash (decision 0014). Any thread; they block.
 */
struct kt_json;
/** Ask the other nodes to have these, and the notes of uploads beside them. @return on how many
 *  disks they are now; 1: on ours alone, which counts as kt_cluster_stats.alone */
uint32_t kt_cluster_copies(struct kt_cluster *c, const struct kt_hash *h, size_t n);
bool kt_cluster_has_body(const struct kt_cluster *c, const struct kt_hash *h);
/** Get it from the active node, if it is not here. KT_ENOTFOUND: it was erased; KT_EIO. */
KT_MUST_CHECK int kt_cluster_fetch(struct kt_cluster *c, const struct kt_hash *h,
                                   struct kt_err *err);
/** The other side of kt_cluster_copies(): fetch what is lacking; {"lacks": how many}, appended. */
KT_MUST_CHECK int kt_cluster_have(struct kt_cluster *c, const struct kt_json *asked,
                                  struct kt_buf *out, struct kt_err *err);
/** Does this header come from another node? They know each other by a secret that is in etcd. */
bool kt_cluster_is_peer(struct kt_cluster *c, const char *authorization);

/*
 * A visit: of a program that is no node yet, to make one. No threads; free it with
 * kt_cluster_free().
 */
/** KT_ENODE: no node is active; KT_EIO: etcd does not answer. */
KT_MUST_CHECK int kt_cluster_visit(const struct kt_cluster_opts *opts, struct kt_cluster **ret,
                                   struct kt_err *err);
const char *kt_cluster_visited(const struct kt_cluster *c); /**< name of the active node */
/** From now on what the order has is kept for a node of our name. */
KT_MUST_CHECK int kt_cluster_reserve(struct kt_cluster *c, struct kt_err *err);
/** GET of the active node, below its address. KT_ENOTFOUND; KT_EIO. */
KT_MUST_CHECK int kt_cluster_ask(struct kt_cluster *c, const char *path, struct kt_buf *out,
                                 struct kt_err *err);

/* Values beside the order. */
/** The value of a key below PREFIX, appended. KT_ENOTFOUND; KT_EIO: etcd does not answer. */
KT_MUST_CHECK int kt_cluster_get(struct kt_cluster *c, const char *key, struct kt_buf *out,
                                 struct kt_err *err);
/** Put it while this node is active. KT_ESTATE: it is not. */
KT_MUST_CHECK int kt_cluster_put(struct kt_cluster *c, const char *key, struct kt_str value,
                                 struct kt_err *err);
#endif
