/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_RECORD_IMPORT_H
#define KT_RECORD_IMPORT_H
/*
 * import: private to record. A table of texts against a register: which column is which field, what
 * a cell means, and what would become of each row. Nothing here writes.
 */
#include "record/private.h"

enum { IMPORT_COLUMNS_MAX = 256 };

/* What a column of the table is. */
enum col_part { COL_VALUE, COL_ZH, COL_EN, COL_ID, COL_IGNORED };
struct import_column {
    const char *name;
    uint32_t field; /* KT_NONE for COL_ID and COL_IGNORED */
    enum col_part part;
};

struct import {
    struct rec_view v;
    const struct rec_register *reg;
    struct kt_arena *arena; /* of the job */
    struct kt_task *task;   /* NULL: nobody watches */
    struct kt_buf *request; /* takes the body of record.import */
    struct import_column columns[IMPORT_COLUMNS_MAX];
    uint32_t columns_n;
    struct kt_map *by_name; /* name of a column -> index */
    bool add, update;
    struct kt_map *seen; /* "field\x1f…value" of unique sets in this table -> row */
    uint32_t *fields;    /* fields that columns name, each once: also what is selected */
    uint32_t fields_n;
    struct kt_stmt *by_id, *by_key;
    struct kt_stmt **unique; /* of each set of the register: other records with the same values */
    struct kt_stmt **refs;   /* of each field: a record by its key; NULL: none needed */
    const char *fault_zh, *fault_en; /* what is wrong with the table as a whole */
};
static inline void import_fault(struct import *im, const char *zh, const char *en)
{
    im->fault_zh = zh;
    im->fault_en = en;
}

/* ---- import_columns.c ---- */
/** Bind the names that rows use; a column that nobody knows is a fault of the table. */
void import_bind(struct import *im, const struct kt_json *rows);

/* ---- import_cell.c ---- */
/**
 * What a cell's text means for a field, checked as the room checks it.
 * @param q  takes the refusal in both languages; memory is its arena's
 */
KT_MUST_CHECK int import_cell(struct import *im, struct rec_request *q, const struct rec_field *f,
                              const char *text, struct rec_value *ret, struct kt_err *err);
/** The text that clears a field: "（清空）", "(clear)". */
bool import_clears(const char *text);
/** As import_cell() for the two columns of a field of two texts; NULL: that one is not there. */
KT_MUST_CHECK int import_cell2(struct import *im, struct rec_request *q, const struct rec_field *f,
                               const char *zh, const char *en, const struct rec_value *old,
                               struct rec_value *ret);
/** Equal as a table program keeps texts: line ends are one character. */
bool import_same(const struct rec_value *a, const struct rec_value *b);
#endif
