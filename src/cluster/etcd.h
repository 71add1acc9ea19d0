/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_CLUSTER_ETCD_H
#define KT_CLUSTER_ETCD_H
/*
 * etcd: the calls of the core over etcd's v3 JSON gateway. Keys below PREFIX:
 *
 *   holder      who is active: {"node","url"}, under its lease; its create revision is the token
 *   head        16 hex digits of the next seq, ':', 64 of the chain up to there
 *   f/SEQ       a frame (frame.h) by its first seq, 16 hex digits
 *   alive/NODE  what others are to know of a node, under its lease
 *   member/NODE the same, for good: how far it has come decides what may be dropped
 *   secret      what nodes know each other by, when they ask for bodies and files
 *   people      who may log in and who is logged in
 *   ids/NNNN    lines of data/points.ids, so that numbers of points are the same on every node
 * Threads: one handle a thread. After a failure the next call goes to the next server.
 */
#include "cluster/frame.h"

struct cl_etcd_conf {
    const char *const *urls; /* "http://host:port" */
    uint32_t urls_n;
    const char *prefix, *node;
    int64_t patience_ns; /* for one call */
};
struct cl_etcd;
struct cl_etcd *cl_etcd_new(const struct cl_etcd_conf *conf); /**< conf is borrowed */
void cl_etcd_free(struct cl_etcd *e);
/** Why the last call got no answer; "" when it got one. */
const char *cl_etcd_why(const struct cl_etcd *e);

void cl_etcd_grant(struct cl_etcd *e, int64_t ttl_ns, struct core_answer *ret);
void cl_etcd_renew(struct cl_etcd *e, int64_t lease, struct core_answer *ret);
void cl_etcd_revoke(struct cl_etcd *e, int64_t lease);
/** @param json {"node","url"} */
void cl_etcd_claim(struct cl_etcd *e, int64_t lease, struct kt_str json, struct core_answer *ret);
/** With a token: the holder's key says the same, if it is still ours. */
void cl_etcd_sign(struct cl_etcd *e, int64_t lease, int64_t token, struct kt_str json,
                  struct core_answer *ret);
/** Holder, head, and up to `limit` frames whose first seq is at least `from` (0: none), appended to
 *  `frames`: length u32, bytes. got, gap and broken are the caller's. */
void cl_etcd_look(struct cl_etcd *e, kt_seq from, int limit, struct core_answer *ret,
                  struct kt_buf *frames);
/** The frame with the greatest first seq <= seq; *ret_found false: there is none. */
void cl_etcd_floor(struct cl_etcd *e, kt_seq seq, struct core_answer *ret, struct kt_buf *frame,
                   bool *ret_found);
void cl_etcd_ship(struct cl_etcd *e, const struct core_call *call, struct kt_str frame,
                  struct core_answer *ret);

struct cl_member {
    char node[CORE_NAME], url[CORE_URL], version[32], difference[200];
    kt_seq next; /* it has all before, on its disk */
    kt_time at;  /* when it said so, by its own clock */
    bool alive, active, same_site;
    int64_t behind_ns;
};
enum { CL_MEMBERS = 16 };
/** Read back what nodes wrote by cl_etcd_sign(). */
void cl_etcd_members(struct cl_etcd *e, struct cl_member ret[CL_MEMBERS], uint32_t *ret_n,
                     struct core_answer *ret_answer);
/** Bytes of the database of the server that answers, and how many are in use; false: no answer. */
bool cl_etcd_size(struct cl_etcd *e, int64_t *ret_size, int64_t *ret_used);
/** Drop frames before `below` while `token` holds, then compact. */
void cl_etcd_drop(struct cl_etcd *e, int64_t token, kt_seq below, struct core_answer *ret);
/** Forget a member. */
void cl_etcd_forget(struct cl_etcd *e, int64_t token, const char *node);

/** The value of a key below PREFIX, appended; false: none, or no answer (see `ret`). */
bool cl_etcd_get(struct cl_etcd *e, const char *key, struct kt_buf *out, struct core_answer *ret);
/** Put it, if the holder's key has this token (0: whoever holds it). */
void cl_etcd_put(struct cl_etcd *e, int64_t token, const char *key, struct kt_str value,
                 struct core_answer *ret);

/* For tests and fuzzing: reading one answer. */
/** "HEX:HEX" as it stands in the head. */
KT_MUST_CHECK int cl_head_parse(struct kt_str text, struct core_pos *ret);
void cl_head_text(const struct core_pos *p, char to[96]);
/** The answer of a look or ship, from its JSON. KT_EPARSE. */
KT_MUST_CHECK int cl_etcd_parse(struct kt_str json, struct core_answer *ret, struct kt_buf *frames,
                                struct kt_err *err);
#endif
