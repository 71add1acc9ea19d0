/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_API_CUTS_H
#define KT_API_CUTS_H
/*
 * cuts: the book of cut-offs, out of the journal: each from its cause to the feed state on the load
 * side, to unlatching, to power given back by a person. One entry an output and occasion.
 *
 * State: cut (latched or just opened) -> unlatched (open, waits for a person) -> returned; a latch
 * that comes again leads back to cut.   Threads: the caller's.
 */
#include "api/private.h"

enum { KT_CUT_CAUSES = 6 };
struct cut_cause { /* what latched it; by a person: rule "" */
    char rule[96], point[64];
    kt_time at, over; /* over 0: it stands */
    double value, limit;
};
struct cut {
    char output[64];
    kt_time at, sent, dead, anomaly, unlatched, asked, back; /* 0: not */
    char opened_by[96], reason[160];                         /* of a person that opened it */
    char back_by[96], back_second[96], back_reason[160];     /* back without by: at its place */
    struct cut_cause cause[KT_CUT_CAUSES];
    uint32_t causes_n, causes_more, latches, refused; /* refused: closings */
    char refusal[160];                                /* the last one's words */
};
struct cuts {
    struct cut *list;
    size_t n, cap;
};

/** Cut-offs that began in [from, to) and whose output the caller may see, with what came of them
 *  until now; to be freed with cuts_done(). */
KT_MUST_CHECK int cuts_read(struct call *c, kt_time from, kt_time to, struct cuts *ret,
                            struct kt_err *err);
void cuts_done(struct cuts *l);
const char *cut_state(const struct cut *cut); /**< cut, unlatched, returned */
#endif
