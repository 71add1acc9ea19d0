/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_LINK_UPWARD_WIRE_H
#define KT_LINK_UPWARD_WIRE_H
/*
 * wire: one message of the upward stream. It says where it stands: its number in its lane, the part
 * (prev_pos, pos] of the mine's journal that it covers, and the chain over everything before it.
 *
 *   "KU1" lane gen n prev_pos pos time prev chain | sections
 *   section 1: names of points, then samples over them (journal/samples.h)
 *   section 2: an outcome as it is shared: seq, time, JSON
 *
 * chain = H(prev, what stands before it, sections). Whoever has (n, pos, chain) takes only the
 * message whose prev_pos and prev are those: nothing is missing, doubled or altered in between.
 * Threads: any.
 */
#include "base/crypto.h"
#include "base/json.h"
#include "journal/samples.h"

enum { UPWARD_RECORD = 'r', UPWARD_LIVE = 'l' }; /* lanes */
enum { UPWARD_MAX = 4 << 20, UPWARD_SAMPLES = 8192, UPWARD_GEN = 40, UPWARD_ID = 160 };

struct upward_place { /* in the record lane */
    char gen[UPWARD_GEN];
    uint64_t n;   /* messages so far */
    uint64_t pos; /* of the mine's journal: all up to it is covered */
    struct kt_hash chain;
};

struct upward_msg {
    uint8_t lane;
    struct upward_place at; /* after it */
    uint64_t prev_pos;
    struct kt_hash prev;
    kt_time time;       /* of the last event that it covers */
    struct kt_str body; /* sections; borrowed */
};

/** Write a message with these sections; sets at.chain. */
void upward_put(struct kt_buf *out, struct upward_msg *m);
/** Read one and prove its chain. KT_EPARSE, KT_ECORRUPT */
KT_MUST_CHECK int upward_get(struct kt_str text, struct upward_msg *ret, struct kt_err *err);

void upward_put_samples(struct kt_buf *body, const char *const *names, uint32_t names_n,
                        kt_time arrival, const struct kt_samples *s);
void upward_put_outcome(struct kt_buf *body, uint64_t seq, kt_time time, struct kt_str json);

struct upward_section {
    bool samples;
    /* of samples: point[i] is an index of names */
    char (*names)[UPWARD_ID];
    uint32_t names_n, names_cap;
    struct kt_columns columns;
    /* of an outcome */
    uint64_t seq;
    kt_time time;
    struct kt_str json;
};
void upward_section_done(struct upward_section *s);
/** The next section of a body: 1 got one, 0 the end, or KT_EPARSE, KT_ECORRUPT. */
KT_MUST_CHECK int upward_next(struct kt_rd *body, struct upward_section *s, struct kt_err *err);

/** What the county says back, and what a mine says of itself, as one JSON object. */
void upward_put_place_in(struct kt_jw *w, const struct upward_place *p); /**< into an object */
void upward_put_place(struct kt_buf *out, const struct upward_place *p, bool again);
KT_MUST_CHECK int upward_get_place(struct kt_str text, struct upward_place *ret, bool *ret_again,
                                   struct kt_err *err);
#endif
