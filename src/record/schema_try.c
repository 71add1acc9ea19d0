/* SPDX-License-Identifier: Apache-2.0 */
/* schema_try: the tables of a model in memory, so that a mistake in SQL is told where it stands. */
#include <strings.h>

#include "record/schema.h"

static bool reads_one(void *arg, const char *table, const char *view)
{
    (void)view;
    return strcasecmp(table, arg) == 0;
}

static void try_computed(struct rec_load *l, const struct rec_register *reg,
                         const struct rec_field *f)
{
    struct kt_err err = {0};
    const struct kt_db_guard guard = {.reads = reads_one, .arg = (void *)(uintptr_t)reg->id};
    struct kt_stmt *st = NULL;
    struct kt_buf sql;
    kt_buf_init(&sql, 1 << 20);
    kt_buf_printf(&sql, "SELECT (%s) FROM %s", f->sql, reg->id);
    int r = kt_db_prepare_guarded(l->db, &guard, kt_buf_cstr(&sql), &st, &err);
    kt_stmt_done(st);
    kt_buf_done(&sql);
    if (r == KT_OK) {
        r = schema_add_column(l->db, reg->id, f, &err);
    }
    if (r < 0) {
        rec_problem(l, &f->at, "field \"%s\": %.300s", f->id, err.text);
    }
}

void schema_try(struct rec_load *l)
{
    struct kt_err err = {0};
    int r = kt_db_memory(&l->db, &err);
    if (r == KT_OK) {
        r = kt_db_exec(l->db, schema_fixed, &err);
    }
    for (uint32_t i = 0; r == KT_OK && i < l->m->registers_n; i++) {
        const struct rec_register *reg = &l->m->registers[i];
        r = schema_create(l->db, reg, &err);
        if (r < 0) {
            rec_problem(l, &reg->at, "register \"%s\": %.300s", reg->id, err.text);
            return;
        }
        for (uint32_t j = 0; j < reg->fields_n; j++) {
            if (reg->fields[j].type == REC_COMPUTED) {
                try_computed(l, reg, &reg->fields[j]);
            }
        }
    }
    if (r < 0) {
        kt_problem_at(&l->problems, "registers", 0, 0, "%s", err.text);
    }
}
