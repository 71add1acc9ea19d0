/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_ENGINE_NODES_H
#define KT_ENGINE_NODES_H
/* Several nodes: what the files of the runtime share about bodies and sites that go from one to
 * another (decision 0014). */
#include "engine/runtime_impl.h"

/* ---- bodies on their way to other nodes (runtime_travel.c) ---- */

KT_MUST_CHECK int rt_travel_start(struct kt_runtime *rt, struct kt_err *err);
void rt_travel_stop(struct kt_runtime *rt); /**< while the queue still takes what arrives */
void rt_travel_done(struct kt_runtime *rt);
/** Names this request bodies? Then it goes on when they are on another disk, too: true, and *ret as
 *  rt_message_push(); the message is taken. */
bool rt_travels(struct kt_runtime *rt, struct rt_message *m, int *ret);
/** Before a site event: what it names. Blocks. */
void rt_travel_site(struct kt_runtime *rt, const struct rt_loaded *loaded);
/** A node that follows: get what the event names, before it is appended. Blocks for seconds at
 *  most. */
void rt_travel_take(struct kt_runtime *rt, const struct kt_event *ev);
/** Hashes ("body" and "hash" members) of a JSON text, appended one behind the other. */
void rt_bodies_named(struct kt_str text, struct kt_buf *out);
/** The manifest itself and all that it names, in the same form (bodies.c). */
KT_MUST_CHECK int rt_loaded_list(const char *data_dir, const struct kt_hash *manifest,
                                 struct kt_buf *out, struct kt_err *err);

/* taken.c: a site that another node has loaded */
enum rt_site_diff { SITE_SAME, SITE_OTHER_PACKS, SITE_OTHER };
KT_MUST_CHECK int rt_site_compare(const char *data_dir, const struct kt_hash *a,
                                  const struct kt_hash *b, enum rt_site_diff *ret,
                                  struct kt_err *err);
/** Write its files to data/site, in place of what is there. */
KT_MUST_CHECK int rt_site_unpack(const char *data_dir, const struct kt_hash *manifest,
                                 struct kt_err *err);
/** Of a node that follows: is it another site than ours? Then it is taken and nothing is applied
 *  any more: the program is to begin again with it. */
void rt_site_look(struct kt_runtime *rt, const struct kt_hash *manifest);
#endif
