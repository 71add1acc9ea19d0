/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_RECORD_PAST_H
#define KT_RECORD_PAST_H
/*
 * past: private to record. Earlier versions of rows, so that a register is read as it stood as fast
 * as it is read now.
 *
 * A row is plain while every value was said when it became valid (its first ones may be older).
 * Each of its versions but the present one is then a row of kt_was_REGISTER with the columns that
 * are stored, and _from   ms, valid from; of all but the first version the moment of the change
 *   _until  ms, when the next version came
 * written by a trigger when _version rises. A row of which something else was said is tangled: it
 * has no versions there, and is read from its facts. All of this follows from kt_fact and is in no
 * digest: a file of an older program has its rows of many versions tangled.
 */
#include "record/private.h"

#define PAST_TABLE "kt_was_"

/* ms; both: the earlier one */
struct past_moment {
    int64_t at, known, both;
};

/** Table, columns and trigger of a register as it is declared; inside a transaction. Indexes go
 *  with those of the register. */
KT_MUST_CHECK int past_make(struct kt_db *db, const struct rec_register *reg, struct kt_err *err);
/** From now on this row is read from its facts. */
KT_MUST_CHECK int past_tangle(struct kt_room *r, const struct rec_row *row, struct kt_err *err);
#endif
