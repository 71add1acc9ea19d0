/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_RECORD_MODEL_FLOW_H
#define KT_RECORD_MODEL_FLOW_H
/*
 * model_flow: what the files that read and check workflows, ledgers and indicators share, and small
 * questions to a model.   Threads: any.
 */
#include <string.h>

#include "record/days.h"
#include "record/model.h"

static inline bool rec_state_ends(const struct rec_state *s)
{
    return s->kind == REC_DONE || s->kind == REC_VOID;
}
static inline const struct rec_transition *rec_transition_of(const struct rec_workflow *w,
                                                             const char *id)
{
    for (uint32_t i = 0; i < w->transitions_n; i++) {
        if (strcmp(w->transitions[i].id, id) == 0) {
            return &w->transitions[i];
        }
    }
    return NULL;
}
static inline bool rec_in_states(uint64_t set, uint32_t state)
{
    return state < 64 && (set >> state & 1) != 0;
}

/**
 * Decimal text to whole units of 10^-decimals, exactly: "12.30" with 2 is 1230.
 * @return KT_OK; KT_EPARSE no number; KT_EINVAL more decimals; KT_ELIMIT beyond REC_AMOUNT_MAX
 */
#define REC_AMOUNT_MAX INT64_C(1000000000000000)
KT_MUST_CHECK int rec_amount_parse(struct kt_str s, int decimals, int64_t *ret);
/** "-12.30" of -1230 with 2 decimals; returns buf. */
const char *rec_amount_fmt(int64_t v, int decimals, char buf[32]);

/** What SQL of packs may read at load: registers by name, kt_posting, kt_account. */
bool rec_sql_table(const struct kt_record_model *m, const char *table);
#endif
