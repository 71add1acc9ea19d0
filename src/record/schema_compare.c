/* SPDX-License-Identifier: Apache-2.0 */
/* schema_compare: would what a file holds be stranded by the model? */
#include <stdio.h>
#include <string.h>

#include "record/schema.h"

static int count_of(struct kt_db *db, int64_t *ret, struct kt_err *err, const char *fmt, ...)
    KT_PRINTF(4, 5);
static int count_of(struct kt_db *db, int64_t *ret, struct kt_err *err, const char *fmt, ...)
{
    char sql[400];
    struct kt_stmt *st;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(sql, sizeof(sql), fmt, ap);
    va_end(ap);
    int r = kt_db_prepare_once(db, sql, &st, err);
    if (r < 0) {
        return r;
    }
    r = kt_stmt_step(st, err);
    if (r > 0) {
        *ret = kt_col_i64(st, 0);
    }
    kt_stmt_done(st);
    return r < 0 ? r : KT_OK;
}

static int count_values(struct kt_db *db, const char *reg, const char *field, const char *kind,
                        int64_t *ret, struct kt_err *err)
{
    if (strcmp(kind, "computed") == 0) {
        *ret = 0;
        return KT_OK;
    }
    if (strcmp(kind, "file") == 0 || strcmp(kind, "photo") == 0) {
        return count_of(db, ret, err,
                        "SELECT count(*) FROM kt_attachment a JOIN kt_record r ON r.id = a.record "
                        "WHERE r.register = '%s' AND a.field = '%s'",
                        reg, field);
    }
    /* history counts too: what once had a value keeps its name and type */
    return count_of(db, ret, err,
                    "SELECT count(DISTINCT record) FROM kt_fact WHERE register = '%s' AND field = "
                    "'%s' AND value IS NOT NULL",
                    reg, field);
}

static int compare_field(struct kt_db *db, const struct kt_record_model *m, const char *reg_id,
                         const char *field, const char *was, struct kt_err *err)
{
    uint32_t ri = rec_register_of(m, reg_id);
    const struct rec_register *reg = ri == KT_NONE ? NULL : &m->registers[ri];
    uint32_t fi = reg ? rec_field_of(reg, field) : KT_NONE;
    char kind[2 * REC_ID_MAX] = "";
    int64_t n = 0;
    if (fi != KT_NONE && strcmp(schema_kind(m, &reg->fields[fi], kind), was) == 0) {
        return KT_OK;
    }
    int r = count_values(db, reg_id, field, was, &n, err);
    if (r < 0 || n == 0) {
        return r;
    }
    if (fi == KT_NONE) {
        return kt_err_set(err, KT_ECONFLICT,
                          "%s.%s is not declared any more, and %lld record%s a value in it; "
                          "declare it again with `ended: true`",
                          reg_id, field, (long long)n, n == 1 ? " has" : "s have");
    }
    return kt_err_set(err, KT_ECONFLICT,
                      "%s.%s was a %s and is declared as a %s, and %lld record%s a value in it; "
                      "end it (`ended: true`) and add a field with another id",
                      reg_id, field, was, kind, (long long)n, n == 1 ? " has" : "s have");
}

static int compare_choices(struct kt_db *db, const struct rec_register *reg,
                           const struct rec_field *f, struct kt_err *err)
{
    struct kt_buf sql;
    int64_t n = 0;
    kt_buf_init(&sql, 1 << 20);
    kt_buf_printf(&sql, "SELECT count(*) FROM \"%s\" WHERE \"%s\" NOT IN (", reg->id, f->id);
    for (uint32_t i = 0; i < f->values_n; i++) {
        kt_buf_printf(&sql, "%s'%s'", i ? ", " : "", f->values[i].id);
    }
    kt_buf_puts(&sql, ")");
    int r = kt_db_int(db, kt_buf_cstr(&sql), &n, err);
    kt_buf_done(&sql);
    if (r == KT_OK && n > 0) {
        return kt_err_set(err, KT_ECONFLICT,
                          "%s.%s: %lld record%s a value that is not declared any more; declare it "
                          "again with `ended: true`",
                          reg->id, f->id, (long long)n, n == 1 ? " has" : "s have");
    }
    return r;
}

static int compare_register(struct kt_db *db, const struct kt_record_model *m, const char *id,
                            const struct kt_json *fields, struct kt_err *err)
{
    struct kt_json_iter it = {0};
    uint32_t ri = rec_register_of(m, id);
    int r = KT_OK;
    while (r == KT_OK && kt_json_next(fields, &it)) {
        const char *was = kt_json_str(it.value);
        uint32_t fi = ri == KT_NONE ? KT_NONE : rec_field_of(&m->registers[ri], it.key);
        r = compare_field(db, m, id, it.key, was ? was : "", err);
        if (r == KT_OK && fi != KT_NONE && m->registers[ri].fields[fi].type == REC_ENUM && was &&
            strcmp(was, "enum") == 0) {
            r = compare_choices(db, &m->registers[ri], &m->registers[ri].fields[fi], err);
        }
    }
    return r;
}

static int compare_declared(struct kt_db *db, const struct kt_record_model *m,
                            const struct kt_json *declared, struct kt_err *err)
{
    struct kt_json_iter it = {0};
    int r = KT_OK;
    while (r == KT_OK && kt_json_next(declared, &it)) {
        if (rec_register_of(m, it.key) == KT_NONE) {
            int64_t n = 0;
            r = count_of(db, &n, err, "SELECT count(*) FROM \"%s\"", it.key);
            if (r == KT_OK && n > 0) {
                r = kt_err_set(err, KT_ECONFLICT,
                               "register %s is not declared any more, and has %lld record%s; "
                               "declare it again, or keep the pack that does",
                               it.key, (long long)n, n == 1 ? "" : "s");
            }
            continue;
        }
        r = compare_register(db, m, it.key, it.value, err);
    }
    return r;
}

/* Would an index of unique fields find doubles? */
static int compare_unique(struct kt_db *db, const struct rec_register *reg,
                          const struct rec_names *u, struct kt_err *err)
{
    struct kt_buf sql, names;
    bool there = false;
    int64_t n = 0;
    int r = KT_OK;
    kt_buf_init(&sql, 1 << 20);
    kt_buf_init(&names, 1 << 16);
    for (uint32_t i = 0; r == KT_OK && i < u->n; i++) {
        const char *id = reg->fields[u->field[i]].id;
        r = schema_has_column(db, reg->id, id, &there, err);
        if (r < 0 || !there) {
            goto out; /* a new column has no values */
        }
        kt_buf_printf(&names, "%s\"%s\"", i ? ", " : "", id);
    }
    kt_buf_printf(&sql,
                  "SELECT count(*) FROM (SELECT 1 FROM \"%s\" WHERE _ended IS NULL GROUP BY %s "
                  "HAVING count(*) > 1",
                  reg->id, kt_buf_cstr(&names));
    for (uint32_t i = 0; i < u->n; i++) {
        kt_buf_printf(&sql, " AND \"%s\" IS NOT NULL", reg->fields[u->field[i]].id);
    }
    kt_buf_puts(&sql, ")");
    r = kt_db_int(db, kt_buf_cstr(&sql), &n, err);
    if (r == KT_OK && n > 0) {
        r = kt_err_set(err, KT_ECONFLICT,
                       "%s: %lld value%s of (%s) stand%s in several records; merge those first",
                       reg->id, (long long)n, n == 1 ? "" : "s", kt_buf_cstr(&names),
                       n == 1 ? "s" : "");
    }
out:
    kt_buf_done(&sql);
    kt_buf_done(&names);
    return r;
}

int schema_compare(struct kt_db *db, const struct kt_record_model *m, struct kt_err *err)
{
    struct kt_json *declared = NULL;
    int r = schema_declared(db, &declared, err);
    if (r == KT_OK && declared) {
        r = compare_declared(db, m, declared, err);
    }
    for (uint32_t i = 0; r == KT_OK && declared && i < m->registers_n; i++) {
        const struct rec_register *reg = &m->registers[i];
        if (!kt_json_get(declared, reg->id)) {
            continue;
        }
        struct rec_names key = {&reg->key, 1};
        r = compare_unique(db, reg, &key, err);
        for (uint32_t j = 0; r == KT_OK && j < reg->unique_n; j++) {
            r = compare_unique(db, reg, &reg->unique[j], err);
        }
    }
    kt_json_free(declared);
    return r;
}
