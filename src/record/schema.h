/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_RECORD_SCHEMA_H
#define KT_RECORD_SCHEMA_H
/*
 * schema: private to record. The tables of records.db: one a register and those of the room.
 * Columns are added; nothing that holds a value is dropped or retyped: schema_compare() refuses.
 */
#include "record/model.h"
#include "store/store.h"

/** Make the tables in memory (l->db) and try computed fields; mistakes are reported. */
void schema_try(struct rec_load *l);
extern const char schema_fixed[]; /**< SQL of the tables that every room has */
/** The table of a register with its stored columns, then (computed) the computed ones. */
KT_MUST_CHECK int schema_create(struct kt_db *db, const struct rec_register *reg, bool computed,
                                struct kt_err *err);
void schema_column(const struct rec_field *f, struct kt_buf *sql); /**< as it stands in a table */
/** A column more. SQLite reads all tables anew after each: not for a table that is made new. */
KT_MUST_CHECK int schema_add_column(struct kt_db *db, const char *table, const struct rec_field *f,
                                    struct kt_err *err);
KT_MUST_CHECK int schema_has_column(struct kt_db *db, const char *table, const char *name,
                                    bool *ret, struct kt_err *err);
/** What may not change while there are values, "text" or "ref:hazard"; in buf. */
const char *schema_kind(const struct kt_record_model *m, const struct rec_field *f,
                        char buf[2 * REC_ID_MAX]);
/** {"hazard":{"no":"text",…},…}: kinds of fields as the file was made; untouched when it has none.
 */
KT_MUST_CHECK int schema_declared(struct kt_db *db, struct kt_json **ret, struct kt_err *err);
/** KT_ECONFLICT: what this file holds would be stranded by the model; err names field and count.
 *  A file without tables fits everything. */
KT_MUST_CHECK int schema_compare(struct kt_db *db, const struct kt_record_model *m,
                                 struct kt_err *err);
/** Bring the file to the model, inside a transaction; true in *ret when it was not the same. */
KT_MUST_CHECK int schema_apply(struct kt_db *db, const struct kt_record_model *m, bool *ret,
                               struct kt_err *err);
/** Has the field an index that begins with _ended, so that lists are read in its order? */
bool schema_ended_first(const struct rec_field *f);
/** A value of kt_meta; "" when there is none. */
KT_MUST_CHECK int schema_meta(struct kt_db *db, const char *key, struct kt_buf *out,
                              struct kt_err *err);
KT_MUST_CHECK int schema_meta_set(struct kt_db *db, const char *key, const char *value,
                                  struct kt_err *err);
#endif
