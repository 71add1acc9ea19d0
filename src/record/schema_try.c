/* SPDX-License-Identifier: Apache-2.0 */
/* schema_try: the tables of a model in memory, so that a mistake in SQL is told where it stands. */
#include <strings.h>

#include "record/schema.h"

static bool reads_one(void *arg, const char *table, const char *view)
{
    (void)view;
    return strcasecmp(table, arg) == 0;
}

static void try_computed(struct rec_load *l, struct kt_db *db, const struct rec_register *reg,
                         const struct rec_field *f)
{
    struct kt_err err = {0};
    const struct kt_db_guard guard = {.reads = reads_one, .arg = (void *)(uintptr_t)reg->id};
    struct kt_stmt *st = NULL;
    struct kt_buf sql;
    kt_buf_init(&sql, 1 << 20);
    kt_buf_printf(&sql, "SELECT (%s) FROM %s", f->sql, reg->id);
    int r = kt_db_prepare_guarded(db, &guard, kt_buf_cstr(&sql), &st, &err);
    kt_stmt_done(st);
    kt_buf_done(&sql);
    if (r == KT_OK) {
        r = schema_add_column(db, reg->id, f, &err);
    }
    if (r < 0) {
        rec_problem(l, &f->at, "field \"%s\": %.300s", f->id, err.text);
    }
}

/* One after the other, so that none names a later one; in a database of its own, where SQLite has
 * no other tables to read after each column. What stands there is made in l->db, too. */
static int try_register(struct rec_load *l, const struct rec_register *reg, struct kt_err *err)
{
    struct kt_db *alone = NULL;
    struct kt_stmt *st = NULL;
    int r = kt_db_memory(&alone, err);
    r = r == KT_OK ? schema_create(alone, reg, false, err) : r;
    for (uint32_t i = 0; r == KT_OK && i < reg->fields_n; i++) {
        if (reg->fields[i].type == REC_COMPUTED) {
            try_computed(l, alone, reg, &reg->fields[i]);
        }
    }
    r = r == KT_OK ? kt_db_prepare_once(alone, "SELECT sql FROM sqlite_schema", &st, err) : r;
    r = r == KT_OK ? kt_stmt_step(st, err) : r;
    r = r > 0 ? kt_db_exec(l->db, kt_col_text(st, 0), err) : r;
    kt_stmt_done(st);
    kt_db_close(alone);
    return r;
}

void schema_try(struct rec_load *l)
{
    struct kt_err err = {0};
    int r = kt_db_memory(&l->db, &err);
    if (r == KT_OK) {
        r = kt_db_exec(l->db, schema_fixed, &err);
    }
    if (r < 0) {
        kt_problem_at(&l->problems, "registers", 0, 0, "%s", err.text);
    }
    for (uint32_t i = 0; r == KT_OK && i < l->m->registers_n; i++) {
        const struct rec_register *reg = &l->m->registers[i];
        r = try_register(l, reg, &err);
        if (r < 0) {
            rec_problem(l, &reg->at, "register \"%s\": %.300s", reg->id, err.text);
        }
    }
}
