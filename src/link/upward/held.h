/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_LINK_UPWARD_HELD_H
#define KT_LINK_UPWARD_HELD_H
/*
 * held: what this journal already holds of messages whose place was not kept any more. A program
 * that is killed between the two gets these messages again, perhaps cut otherwise; what of them
 * stands here is let go, each sample and each request once, so that all is written once.
 * Threads: the link's own.
 */
#include "engine/runtime.h"
#include "link/upward/wire.h"

struct upward_held;
/** Inputs of the link in (after, durable] of this node's journal.
 *  @param link  its id, the origin of its inputs */
KT_MUST_CHECK int upward_held_read(struct kt_runtime *rt, const struct kt_site *site,
                                   const char *link, kt_seq after, struct upward_held **ret,
                                   struct kt_err *err);
void upward_held_free(struct upward_held *h); /**< accepts NULL */

/** Is it here? Then once less. `point`: the site's. `h` may be NULL: nothing is held. */
bool upward_held_sample(struct upward_held *h, uint32_t point, kt_time time, double value,
                        kt_quality quality);
bool upward_held_request(struct upward_held *h, const char *key);
/** How much of it has not come again. */
size_t upward_held_left(const struct upward_held *h);

/* Where the journal stood when a place was kept, beside that place. A number alone would mean
 * something else in another node's journal, so the chain is said, too. */
struct upward_stand {
    bool said; /* false: kept by a version that did not say it */
    kt_seq seq;
    bool proved;          /* by the chain; false: of nodes of one common order, the number does */
    struct kt_hash chain; /* up to seq */
};
void upward_stand_now(struct kt_runtime *rt, struct upward_stand *ret);
/** Place and stand as one JSON object; reading also takes a place without one. */
void upward_stand_put(struct kt_buf *out, const struct upward_place *p,
                      const struct upward_stand *s);
void upward_stand_get(struct kt_str text, struct upward_stand *ret);
/** Is `s` a point of this node's journal? */
bool upward_stand_here(struct kt_runtime *rt, const struct kt_site *site,
                       const struct upward_stand *s);
#endif
