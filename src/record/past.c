/* SPDX-License-Identifier: Apache-2.0 */
#include "record/past.h"

#include <stdio.h>

#include "record/reading.h"
#include "record/schema.h"

/* A file of an older program: what has one version, said when it was valid, is plain. */
static int upgrade(struct kt_db *db, const struct rec_register *reg, struct kt_err *err)
{
    struct kt_buf sql;
    bool there = false;
    int rc = schema_has_column(db, reg->id, "_tangled", &there, err);
    if (rc < 0 || there) {
        return rc;
    }
    kt_buf_init(&sql, 1 << 16);
    kt_buf_printf(&sql,
                  "ALTER TABLE \"%s\" ADD COLUMN _from INTEGER NOT NULL DEFAULT 0;"
                  "ALTER TABLE \"%s\" ADD COLUMN _tangled INTEGER NOT NULL DEFAULT 0;"
                  "UPDATE \"%s\" SET _from = _changed, _tangled = (_version > 1 OR EXISTS(SELECT 1 "
                  "FROM kt_fact WHERE record = _id AND (since <> time OR chosen IS NOT time)));",
                  reg->id, reg->id, reg->id);
    rc = kt_db_exec(db, kt_buf_cstr(&sql), err);
    kt_buf_done(&sql);
    return rc;
}

static int make_table(struct kt_db *db, const struct rec_register *reg, const char *table,
                      struct kt_err *err)
{
    struct kt_buf sql;
    bool there = false;
    kt_buf_init(&sql, 1 << 20);
    kt_buf_printf(&sql, "CREATE TABLE IF NOT EXISTS \"%s\"(", table);
    for (size_t i = 0; i < VIEW_OWN; i++) {
        kt_buf_printf(&sql, "%s, ", view_own[i]);
    }
    kt_buf_puts(&sql, "_from INTEGER, _until INTEGER");
    for (uint32_t i = 0; i < reg->fields_n; i++) {
        if (rec_stored(&reg->fields[i])) {
            kt_buf_puts(&sql, ", ");
            schema_column(&reg->fields[i], &sql);
        }
    }
    kt_buf_puts(&sql, ")");
    int rc = kt_db_exec(db, kt_buf_cstr(&sql), err);
    for (uint32_t i = 0; rc == KT_OK && i < reg->fields_n; i++) {
        const struct rec_field *f = &reg->fields[i];
        rc = rec_stored(f) ? schema_has_column(db, table, f->id, &there, err) : KT_OK;
        if (rc == KT_OK && rec_stored(f) && !there) {
            rc = schema_add_column(db, table, f, err);
        }
    }
    kt_buf_done(&sql);
    return rc;
}

static void columns(const struct rec_register *reg, const char *of, struct kt_buf *sql)
{
    for (size_t i = 0; i < VIEW_OWN; i++) {
        kt_buf_printf(sql, "%s%s, ", of, view_own[i]);
    }
    for (uint32_t i = 0; i < reg->fields_n; i++) {
        if (rec_stored(&reg->fields[i])) {
            kt_buf_printf(sql, "%s\"%s\", ", of, reg->fields[i].id);
        }
    }
    kt_buf_printf(sql, "%s_from, ", of);
}

static int make_trigger(struct kt_db *db, const struct rec_register *reg, const char *table,
                        struct kt_err *err)
{
    struct kt_buf sql;
    kt_buf_init(&sql, 1 << 20);
    kt_buf_printf(
        &sql,
        "DROP TRIGGER IF EXISTS \"%s\"; CREATE TRIGGER \"%s\" BEFORE UPDATE OF _version ON "
        "\"%s\" WHEN OLD._tangled = 0 AND OLD._version > 0 AND NEW._from > OLD._from "
        "BEGIN INSERT INTO "
        "\"%s\"(",
        table, table, reg->id, table);
    columns(reg, "", &sql);
    kt_buf_puts(&sql, "_until) VALUES(");
    columns(reg, "OLD.", &sql);
    kt_buf_puts(&sql, "NEW._changed); END");
    int rc = kt_db_exec(db, kt_buf_cstr(&sql), err);
    kt_buf_done(&sql);
    return rc;
}

int past_make(struct kt_db *db, const struct rec_register *reg, struct kt_err *err)
{
    char table[REC_ID_MAX + 16];
    snprintf(table, sizeof table, PAST_TABLE "%s", reg->id);
    int rc = upgrade(db, reg, err);
    rc = rc == KT_OK ? make_table(db, reg, table, err) : rc;
    return rc == KT_OK ? make_trigger(db, reg, table, err) : rc;
}

int past_tangle(struct kt_room *r, const struct rec_row *row, struct kt_err *err)
{
    static const char *const sql[] = {"UPDATE \"%s\" SET _tangled = 1 WHERE _id = ?",
                                      "DELETE FROM \"" PAST_TABLE "%s\" WHERE _id = ?"};
    int rc = KT_OK;
    for (size_t i = 0; rc == KT_OK && i < KT_ARRAY_LEN(sql); i++) {
        char text[REC_ID_MAX + 80];
        struct kt_stmt *st;
        snprintf(text, sizeof text, sql[i], row->reg->id);
        rc = kt_db_prepare(r->w, text, &st, err);
        if (rc == KT_OK) {
            kt_bind_i64(st, 1, row->id);
            rc = kt_stmt_run(st, err);
            kt_stmt_done(st);
        }
    }
    return rc;
}
