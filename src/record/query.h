/* SPDX-License-Identifier: Apache-2.0 */
/* query: a list while it is answered: what was asked, as SQL, and how its rows are read. */
#ifndef RECORD_QUERY_H
#define RECORD_QUERY_H

#include "record/reading.h"

enum {
    QUERY_SORTS = 4,
    QUERY_BINDS = 200,
    QUERY_FEW = 500,    /* so many found ones are kept by id */
    QUERY_MANY = 10000, /* so many found ones are counted, not more */
};

struct column {
    const char *name;              /* in SQL, without quotes */
    const struct rec_field *field; /* NULL: one of the row's own */
};

struct sort {
    struct column c;
    bool down;
};

struct query {
    const struct rec_register *reg;
    struct rec_view *v;
    struct kt_arena *a;
    struct kt_buf where;   /* conditions, each after an AND */
    struct kt_buf ordered; /* the same, so that an index of the sort is read in its order */
    int match;             /* the bound value that is a question of full text; 0: none */
    struct rec_value bind[QUERY_BINDS];
    int binds;
    struct sort sort[QUERY_SORTS];
    int sorts;
    bool ended_named;       /* the filter says which of the ended ones */
    bool narrow;            /* a filter or a text was asked for */
    size_t filtered;        /* so much of `where` is without the cursor */
    int filter_binds;       /* so many of the values */
    uint32_t offset;        /* rows of the page that are passed over */
    int parts;              /* views that make the register's together; 1: its own */
    int64_t few[QUERY_FEW]; /* the rows that hold, in a narrow list */
};

/** How many there are before a cursor; of a narrow list at most QUERY_MANY + 1. */
KT_MUST_CHECK int query_count(struct query *q, int64_t *ret, struct kt_err *err);
/** Writes the members "items" and "next". `total` is of query_count(). */
KT_MUST_CHECK int query_page(struct query *q, int64_t total, uint32_t limit, struct kt_jw *w,
                             struct kt_err *err);

#endif
