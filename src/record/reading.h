/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_RECORD_READING_H
#define KT_RECORD_READING_H
/* reading: private to record. What lists, single records and searches share. */
#include "record/private.h"

bool reader_writes(const struct kt_reader *who, const struct rec_register *reg);
/** The register of this name with its view; KT_ENOTFOUND when the person may not see it. */
KT_MUST_CHECK int view_register(struct rec_view *v, const char *id, uint32_t *ret,
                                struct kt_err *err);
/** Columns that every register has, in the order of its view. */
enum { VIEW_OWN = 14 };
extern const char *const view_own[VIEW_OWN];
/** The condition that the person may see a row; the table is called t. */
void view_row_condition(const struct rec_view *v, const struct rec_register *reg,
                        struct kt_buf *sql);
/** SQL that makes the view of a register as of (at, known) (view_past.c). */
void view_past(const struct rec_view *v, const struct rec_register *reg, struct kt_buf *sql);
/** Its three parts as views of their own, for lists. */
enum { VIEW_PARTS = 3 };
#define VIEW_PART "kt_part%d_%s" /* number, register */
KT_MUST_CHECK int view_parts(struct rec_view *v, const struct rec_register *reg,
                             struct kt_err *err);
/** The statement of one record's item; a step gives its row, or none. */
KT_MUST_CHECK int item_prepare(struct rec_view *v, const struct rec_register *reg, int64_t id,
                               struct kt_stmt **ret, struct kt_err *err);
int item_span(const struct rec_register *reg); /**< columns of item_columns() */
void item_label(const struct rec_register *reg, const struct rec_value *value, struct kt_jw *w);
/** As item_write() without the braces. */
void item_members(struct rec_view *v, const struct rec_register *reg, struct kt_stmt *st,
                  struct kt_jw *w);
/** The label of a record as this person sees it; false: not seen. */
KT_MUST_CHECK int item_named(struct rec_view *v, uint32_t reg, int64_t id, struct kt_jw *w,
                             bool *ret, struct kt_err *err);
#endif
