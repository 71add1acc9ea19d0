/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_API_CLUSTER_H
#define KT_API_CLUSTER_H
/* Several nodes, as the api shows them and as a following node passes calls on. */
#include "api/private.h"
#include "sys/http_client.h"

const char *cluster_role_name(enum kt_cluster_role role);
/** The few words that each screen shows all the time: node, role, holder, behind_ms; or null. */
void write_node(struct kt_runtime *rt, struct kt_jw *w);
/** A value: null when this node is alone. */
void write_cluster(struct kt_runtime *rt, struct kt_jw *w);

/* peers.c: what nodes ask each other, below /cluster/ */
bool peers_path(const char *path);
void peers_handle(struct kt_api *a, struct kt_http_req *req);

/* lend.c: a node's files, for one that is being made */
void lend_list(struct kt_api *a, struct kt_http_req *req);
void lend_file(struct kt_api *a, struct kt_http_req *req);

/* elsewhere.c: a region of several nodes */
/** Does the caller name a mine that may be another node's? */
bool elsewhere_wanted(struct kt_api *a, struct kt_http_req *req);
/** Answer it by the node that has the mine; false: that is this one. Blocks. */
bool elsewhere(struct kt_api *a, struct kt_http_req *req);
/** Who asks, when another node of the region passes a call on; strings in the arena. */
bool elsewhere_person(struct kt_api *a, struct kt_http_req *req, struct kt_arena *arena,
                      struct kt_person *ret);

/** To another node of this site: HTTPS by the site's own authority, secrets/ca.pem, if it has one.
 */
struct kt_http_client *node_client(struct kt_api *a);

/* forward.c */
/** Is this for the active node, while this one follows? */
bool forward_wanted(struct kt_api *a, struct kt_http_req *req);
void forward(struct kt_api *a, struct kt_http_req *req); /**< answers; blocks */
#endif
