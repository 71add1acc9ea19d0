/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_CLUSTER_SHARDS_H
#define KT_CLUSTER_SHARDS_H
/*
 * shards: work that is divided over nodes by name, one name (a mine) at one node at a time. Keys in
 * etcd, below PREFIX, the first two under the node's lease:
 *
 *   node/NODE   a node that takes part: where its API is
 *   own/NAME    NODE, which works on NAME. Its create revision is the fencing token
 *   secret      what the nodes know each other by, for good
 *   place/NAME  how far the work is, written only with the token of own/NAME
 *
 * Each node computes the same division of the names over the nodes that are there (the highest hash
 * of name and node has it), so few names move when a node comes or goes. A node that is to give a
 * name away lets its worker end the step it is in; one that dies loses its names with its lease.
 * Threads: any; kt_shards_works() of a name from its worker alone.
 */
#include "base/json.h"
#include "cluster/cluster.h"

struct kt_shards;
struct kt_shards_opts {
    const char *address; /* as of kt_cluster_address() */
    const char *node, *url;
    const char *const *names; /* copied */
    uint32_t names_n;
    int64_t ttl_ns; /* of the lease; 0: 3 s */
};
KT_MUST_CHECK int kt_shards_start(const struct kt_shards_opts *opts, struct kt_shards **ret,
                                  struct kt_err *err);
/** Gives all names away. The workers have ended. Accepts NULL. */
void kt_shards_stop(struct kt_shards *s);

/** Where this node's API is, when that is known later than the start. Any thread. */
void kt_shards_url(struct kt_shards *s, const char *url);
const char *kt_shards_node(const struct kt_shards *s); /**< this one's name */
/** May the worker of names[i] take a step now? false also says that it is in none. */
bool kt_shards_works(struct kt_shards *s, uint32_t i);
/** Of a name that is ours: how far it is. KT_ENOTFOUND; KT_EIO */
KT_MUST_CHECK int kt_shards_place(struct kt_shards *s, uint32_t i, struct kt_buf *out,
                                  struct kt_err *err);
/** Keep it. KT_ESTATE: another node has the name. */
KT_MUST_CHECK int kt_shards_keep(struct kt_shards *s, uint32_t i, struct kt_str value,
                                 struct kt_err *err);
/** Who works on names[i], as last seen; "" nobody. */
void kt_shards_owner(struct kt_shards *s, uint32_t i, char ret[CORE_NAME]);
/** Which node has names[i], and where its API is; url "": this one. KT_ENODE: none at the moment.
 */
KT_MUST_CHECK int kt_shards_at(struct kt_shards *s, uint32_t i, char node[CORE_NAME],
                               char url[CORE_URL], struct kt_err *err);
/** What the nodes that take part know each other by; false: not known yet. */
bool kt_shards_secret(struct kt_shards *s, char ret[65]);
/** {"node", "nodes": [{"node","url","names"}], "names": [{"name","node"}]} */
void kt_shards_json(struct kt_shards *s, struct kt_jw *w);
#endif
