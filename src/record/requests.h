/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_RECORD_REQUESTS_H
#define KT_RECORD_REQUESTS_H
/* requests: private to record. Verbs of records, and what they share. */
#include "record/private.h"

typedef int (*rec_verb_fn)(struct kt_room *r, struct rec_request *q, struct kt_err *err);
int verb_create(struct kt_room *r, struct rec_request *q, struct kt_err *err);
int verb_set(struct kt_room *r, struct rec_request *q, struct kt_err *err);
int verb_end(struct kt_room *r, struct rec_request *q, struct kt_err *err);
int verb_reopen(struct kt_room *r, struct rec_request *q, struct kt_err *err);
int verb_resolve(struct kt_room *r, struct rec_request *q, struct kt_err *err);
int verb_merge(struct kt_room *r, struct rec_request *q, struct kt_err *err);
int verb_attach(struct kt_room *r, struct rec_request *q, struct kt_err *err);
int verb_detach(struct kt_room *r, struct rec_request *q, struct kt_err *err);
int verb_erase(struct kt_room *r, struct rec_request *q, struct kt_err *err);
int verb_look(struct kt_room *r, struct rec_request *q, struct kt_err *err);
int verb_bulk(struct kt_room *r, struct rec_request *q, struct kt_err *err);
int verb_import(struct kt_room *r, struct rec_request *q, struct kt_err *err);

/** Run q->verb, whichever room it belongs to. */
KT_MUST_CHECK int rec_run_verb(struct kt_room *r, struct rec_request *q, struct kt_err *err);
KT_MUST_CHECK int rec_savepoint(struct kt_room *r, const char *what, const char *name,
                                struct kt_err *err);
bool rec_is_fatal(int code);
bool rec_may_read(const struct rec_request *q, const struct rec_register *reg);
bool rec_sees_all(const struct kt_site *s, const char *const *places, uint32_t n);
KT_MUST_CHECK int rec_arg_text(struct rec_request *q, const char *key, const char **ret);
KT_MUST_CHECK int rec_arg_int(struct rec_request *q, const char *key, int64_t *ret);
KT_MUST_CHECK int rec_arg_register(struct kt_room *r, struct rec_request *q,
                                   const struct rec_register **ret);
KT_MUST_CHECK int rec_need_write(struct rec_request *q, const struct rec_register *reg);
/** The record of args.record is not at args.version: who changed what since. KT_OK: it is. */
KT_MUST_CHECK int rec_check_version(struct kt_room *r, struct rec_request *q,
                                    const struct rec_row *row, int64_t version, struct kt_err *err);

/* What verbs share: fields of args into a new or a present record, with the outcome. */
KT_MUST_CHECK int rec_do_create(struct kt_room *r, struct rec_request *q,
                                const struct rec_register *reg, struct rec_row *row,
                                struct kt_err *err);
KT_MUST_CHECK int rec_do_set(struct kt_room *r, struct rec_request *q, struct rec_row *row,
                             struct kt_err *err);

/* fixed.c: KT_ESTATE where the record, or one that it is a part of, stands in a state that is
 * `fixed`. */
/** @param fields  what is to be changed: those that stay open are; NULL: the record as a whole */
KT_MUST_CHECK int rec_check_fixed(struct kt_room *r, struct rec_request *q,
                                  const struct rec_row *row, const struct kt_json *fields,
                                  struct kt_err *err);
/** Those that the record is a part of, alone. */
KT_MUST_CHECK int rec_check_wholes(struct kt_room *r, struct rec_request *q,
                                   const struct rec_row *row, struct kt_err *err);
/** Those that it becomes a part of. */
KT_MUST_CHECK int rec_check_joins(struct kt_room *r, struct rec_request *q,
                                  const struct rec_register *reg, const struct rec_change *c,
                                  uint32_t n, struct kt_err *err);
/** A file of this field; one may be added where a move out of the state asks for it. */
KT_MUST_CHECK int rec_check_file_open(struct kt_room *r, struct rec_request *q,
                                      const struct rec_row *row, const char *field, bool added,
                                      struct kt_err *err);

/** Beside what is wrong in the fields: the required ones that are not there. */
void rec_add_missing(struct rec_request *q, const struct rec_register *reg,
                     const struct kt_json *fields);
/** @param ended_ms  0: it stands again */
KT_MUST_CHECK int rec_do_end(struct kt_room *r, struct rec_request *q, struct rec_row *row,
                             int64_t ended_ms, int64_t merged, const char *change,
                             const char *reason, struct kt_err *err);
/** Would another record have the same key or unique fields after these changes? */
KT_MUST_CHECK int rec_check_unique(struct kt_room *r, struct rec_request *q,
                                   const struct rec_row *row, const struct rec_change *c,
                                   uint32_t n, struct kt_err *err);

/* personal.c */
/** A personal value as a request has it: {"body": hash}. One whose body is erased is an empty text:
 *  what a request does never depends on what is in a body. */
KT_MUST_CHECK int personal_read(struct kt_room *r, struct rec_request *q, const struct rec_field *f,
                                const struct kt_json *v, struct rec_value *ret);
/** The body of the value that a record has now; NULL: none. In the request's arena. */
KT_MUST_CHECK int personal_body(struct kt_room *r, struct rec_request *q, int64_t record,
                                const char *field, const char **ret, struct kt_err *err);
/** A value or an attachment came that is not kept for ever: its timer. `what`: field or hash. */
KT_MUST_CHECK int personal_timer(struct kt_room *r, int64_t record, const struct rec_field *f,
                                 const char *hash, int64_t time_ms, struct kt_err *err);
/** What a timer of kind erase does. */
KT_MUST_CHECK int personal_due(struct kt_room *r, struct rec_request *q, int64_t record,
                               const char *payload, struct kt_err *err);
/** Another model: timers of kind erase by what is kept now. */
KT_MUST_CHECK int personal_model(struct kt_room *r, struct kt_err *err);
/** record.erase of a field: every value that it ever had. */
KT_MUST_CHECK int personal_erase_field(struct kt_room *r, struct rec_request *q,
                                       struct rec_row *row, const char *field, int64_t until_ms,
                                       bool *ret_any, struct kt_err *err);
/** An attachment: of this record, or everywhere. */
KT_MUST_CHECK int erase_rows(struct kt_room *r, struct rec_request *q, int64_t record,
                             const char *hash, struct kt_err *err);
/** Bodies of what is erased go with the transaction. */
void erase_soon(struct kt_room *r, int64_t now_ms);

/* facts.c */
/** A fact of a field; chosen 0: it stands beside. `value` of `_ended` is 0 when it is not. */
KT_MUST_CHECK int fact_add(struct kt_room *r, struct rec_request *q, const struct rec_row *row,
                           const char *field, const struct rec_value *value, bool chosen,
                           struct kt_err *err);
/** The fact that is the value of a field now: SELECT of these columns, stepped once. *ret_there:
 *  there is one; the caller ends the statement in any case. */
KT_MUST_CHECK int fact_now(struct kt_room *r, const char *columns, int64_t record,
                           const char *field, struct kt_stmt **ret, bool *ret_there,
                           struct kt_err *err);
/** Count fields whose sources disagree, into the row. */
KT_MUST_CHECK int fact_conflicts(struct kt_room *r, const struct rec_row *row, struct kt_err *err);

/* row.c */
/** UPDATE of these columns with version, changed and by. */
KT_MUST_CHECK int row_update(struct kt_room *r, struct rec_request *q, struct rec_row *row,
                             const struct rec_change *change, uint32_t n, struct kt_err *err);
void row_label(const struct rec_register *reg, const struct rec_value *value, struct kt_buf *out);
/** Texts of a record for the search index. */
KT_MUST_CHECK int search_put(struct kt_room *r, const struct rec_row *row, struct kt_err *err);
#endif
