/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_RECORD_ACCORD_H
#define KT_RECORD_ACCORD_H
/* accord: private to record. Fields of one record that have to fit one another (`among`, `at_most`,
 * `unless`), asked when one of them changes: what stood before a declaration or another record
 * changed may go on standing. */
#include "record/private.h"

/**
 * @param id             the record; 0: one that is not there yet
 * @param before, after  values by field, of the register's fields_n
 * @return KT_OK; KT_EINVAL refused in q, the sentence names what would fit
 */
KT_MUST_CHECK int accord_refuse(struct kt_db *db, const struct kt_site *site,
                                const struct kt_record_model *m, struct rec_request *q,
                                const struct rec_register *reg, int64_t id,
                                const struct rec_value *before, const struct rec_value *after,
                                struct kt_err *err);
#endif
