/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_RECORD_BARRIER_H
#define KT_RECORD_BARRIER_H
/* barrier: private to record. Does a shape touch the zones that a barrier names? Three-valued: a
 * zone without an outline or of unknown kind, or none at all, makes it unknown. */
#include "record/private.h"

enum barrier_holds { BARRIER_NO, BARRIER_YES, BARRIER_UNKNOWN };
struct barrier_hit {
    enum barrier_holds holds;
    bool no_zones;       /* nobody has recorded one */
    struct kt_buf zones; /* items {id, key, label, area_m2, length_m, zone, overlap} */
    char first[200];     /* label of the first that is touched */
};
/**
 * @param schema  where the register's rows are read: "main" with the writer, "temp" for a person
 * @param hit     of an earlier shape of the same record: what is found is added; zones are freed by
 *                the caller
 */
KT_MUST_CHECK int barrier_judge(struct kt_db *db, const char *schema,
                                const struct kt_record_model *m, const struct rec_barrier *b,
                                struct kt_str shape, struct barrier_hit *hit, struct kt_err *err);
/** A shape that is to be written: refused in q when a barrier of this field refuses it. */
KT_MUST_CHECK int barrier_refuse(struct kt_db *db, const struct kt_record_model *m,
                                 struct rec_request *q, const struct rec_register *reg,
                                 uint32_t field, const struct rec_value *v, struct kt_err *err);
#endif
