/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_RECORD_HANDOUT_H
#define KT_RECORD_HANDOUT_H
/*
 * handout: records on their way out of the house: tables that an import reads again, printed
 * documents, bodies that are still named.   Threads: any.
 */
#include "record/record.h"

/* A table to hand out, and to be read again by an import. Texts are borrowed for the call. */
enum kt_column_kind { KT_COLUMN_TEXT, KT_COLUMN_NUMBER, KT_COLUMN_DATE, KT_COLUMN_TIME };
struct kt_record_column {
    const char *id, *title, *help;
    enum kt_column_kind kind;
    const char *const *choices;
    uint32_t choices_n;
};
struct kt_record_table {
    const char *columns; /* ids with commas; NULL: all that the person sees */
    bool english;        /* titles and choices */
    bool people;         /* to be read, not to be taken in again: labels, units */
    bool form;           /* an empty table: only what a person writes, with help and choices */
    /** Once, first. */
    int (*head)(void *arg, const char *title, const struct kt_record_column *columns, uint32_t n,
                struct kt_err *err);
    /** Each row: "12.5", "2026-11-22", "2026-11-22 08:30:00"; geometry as GeoJSON. */
    int (*row)(void *arg, int64_t id, const struct kt_str *cells, uint32_t n, struct kt_err *err);
    void *arg;
};
/** All records of a list (limit and cursor do not count), as a table. */
KT_MUST_CHECK int kt_room_table(struct kt_room *r, const struct kt_reader *who, const char *reg,
                                const struct kt_record_query *q, const struct kt_record_table *t,
                                struct kt_err *err);
/**
 * One record as a document of the declaration. Writes {"title","paper","blocks":[{"heading": level,
 * "text"} | {"text"} | {"field","value"} | {"columns":[…],"rows":[[…]]} | {"photo": hash,
 * "text"}]}.
 */
KT_MUST_CHECK int kt_room_document(struct kt_room *r, const struct kt_reader *who, const char *reg,
                                   int64_t id, const char *document, bool english,
                                   struct kt_buf *out, struct kt_err *err);
/** Is there a record with this body, ended attachments too? True when it cannot be told. */
bool kt_room_names_body(struct kt_room *r, const char *hash);
#endif
