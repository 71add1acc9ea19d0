/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_LINK_PUSH_PUSH_H
#define KT_LINK_PUSH_PUSH_H
/*
 * push: the state of the links over which producers push (HTTP, in api/). Nobody is connected to
 * them, so a link is up when one of its producers was heard within the link's `silent_s`, in engine
 * time, and down after that; before anything has come it is neither, until the first silent_s have
 * passed. Its changes are inputs, as those of any link. silent_s 0: never down.
 *
 * Threads: any (one mutex); a thread of its own looks for silence. One for all push links of a
 * site, kept through reloads: what is known of a link goes by its id.
 */
#include "base/json.h"
#include "engine/runtime.h"

struct kt_push;

KT_MUST_CHECK int kt_push_start(struct kt_runtime *rt, struct kt_site *site, struct kt_push **ret,
                                struct kt_err *err);
void kt_push_stop(struct kt_push *p);                       /**< accepts NULL */
void kt_push_site(struct kt_push *p, struct kt_site *site); /**< after a reload */

/** A producer's body is here, before its samples are handed on: the link is up from now on. */
void kt_push_heard(struct kt_push *p, const char *link, const char *producer);
/** What became of a body: samples that are safe, lines that were not taken. */
void kt_push_taken(struct kt_push *p, const char *link, const char *producer, uint64_t samples,
                   uint64_t errors);

void kt_push_state(struct kt_push *p, const char *link, struct kt_link_state *ret);
/** [{id, last, samples, errors}, …] of the producers of a link. */
void kt_push_producers(struct kt_push *p, const char *link, struct kt_jw *w);
#endif
