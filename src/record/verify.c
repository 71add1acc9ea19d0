/* SPDX-License-Identifier: Apache-2.0 */
/* verify: a digest that is equal on every node, and what has to hold in the file. */
#include <stdio.h>

#include "record/older.h"
#include "record/private.h"
#include "record/schema.h"
#include "sys/file.h"

/* ---- digest ---- */

static void add_value(struct kt_buf *b, const struct rec_value *v)
{
    kt_put_u8(b, (uint8_t)v->type);
    switch (v->type) {
    case KT_COL_INT:
        kt_put_i64(b, v->i);
        break;
    case KT_COL_REAL:
        kt_put_f64(b, v->f);
        break;
    case KT_COL_TEXT:
        kt_put_bytes(b, v->s.p, v->s.n);
        break;
    default:
        break;
    }
}

/* Columns by their names: an upgraded file has them in another order than a new one. What past.c
 * keeps follows from facts and is left out. */
static int columns_of(struct kt_db *db, const char *table, struct kt_buf *ret, struct kt_err *err)
{
    struct kt_stmt *st;
    int rc = kt_db_prepare(db,
                           "SELECT name FROM pragma_table_xinfo(?) WHERE name NOT IN ('_from', "
                           "'_tangled') ORDER BY name",
                           &st, err);
    if (rc < 0) {
        return rc;
    }
    kt_bind_text(st, 1, table);
    while ((rc = kt_stmt_step(st, err)) > 0) {
        kt_buf_printf(ret, "%s\"%s\"", ret->n ? ", " : "", kt_col_text(st, 0));
    }
    kt_stmt_done(st);
    return rc;
}

static int digest_table(struct kt_db *db, const char *table, struct kt_hash *h, struct kt_err *err)
{
    struct kt_buf columns, sql, row;
    struct kt_stmt *st = NULL;
    kt_buf_init(&columns, 1 << 20);
    kt_buf_init(&sql, 2 << 20);
    kt_buf_init(&row, 0);
    int rc = columns_of(db, table, &columns, err);
    kt_buf_printf(&sql, "SELECT %s FROM main.\"%s\" ORDER BY %s", kt_buf_cstr(&columns), table,
                  strncmp(table, "kt_", 3) == 0 ? kt_buf_cstr(&columns) : "_id");
    rc = rc == KT_OK ? kt_db_prepare_once(db, kt_buf_cstr(&sql), &st, err) : rc;
    while (rc >= 0 && st && (rc = kt_stmt_step(st, err)) > 0) {
        kt_buf_clear(&row);
        kt_buf_puts(&row, table);
        for (int i = 0; i < kt_col_count(st); i++) {
            struct rec_value v = rec_column(st, i);
            add_value(&row, &v);
        }
        struct kt_hash before = *h;
        kt_hash_of2(before.b, sizeof(before.b), row.p, row.n, h);
    }
    kt_stmt_done(st);
    kt_buf_done(&columns);
    kt_buf_done(&sql);
    kt_buf_done(&row);
    return rc;
}

static int tables_of(struct kt_db *db, struct kt_arena *a, const char ***ret, size_t *ret_n,
                     struct kt_err *err)
{
    enum { TABLES = 2000 };
    struct kt_stmt *st;
    const char **names = KT_NEW_ARRAY(a, const char *, TABLES);
    size_t n = 0;
    int rc = kt_db_prepare(db,
                           "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT "
                           "LIKE 'sqlite%' AND name NOT LIKE 'kt\\_search%' ESCAPE '\\' AND name "
                           "NOT IN ('kt_outcome', 'kt_meta') AND name NOT LIKE 'kt\\_was\\_%' "
                           "ESCAPE '\\' ORDER BY name",
                           &st, err);
    if (rc < 0) {
        return rc;
    }
    while (n < TABLES && (rc = kt_stmt_step(st, err)) > 0) {
        names[n++] = kt_arena_strdup(a, kt_col_text(st, 0));
    }
    kt_stmt_done(st);
    *ret = names;
    *ret_n = n;
    return rc < 0 ? rc : KT_OK;
}

static int digest_of(struct kt_db *db, struct kt_hash *ret, struct kt_err *err)
{
    struct kt_arena *a = kt_arena_new(0);
    struct kt_hash h = {{0}};
    const char **names;
    size_t n = 0;
    int rc = tables_of(db, a, &names, &n, err);
    for (size_t i = 0; rc == KT_OK && i < n; i++) {
        rc = digest_table(db, names[i], &h, err);
    }
    if (rc == KT_OK) {
        *ret = h;
    }
    kt_arena_free(a);
    return rc;
}

static int digest_in(struct kt_store *s, struct kt_hash *ret, struct kt_err *err)
{
    struct kt_db *db;
    int rc = kt_store_read(s, &db, err);
    if (rc == KT_OK) {
        rc = digest_of(db, ret, err);
        kt_store_read_done(s, db);
    }
    return rc;
}

int kt_room_digest(struct kt_room *r, struct kt_hash *ret, struct kt_err *err)
{
    return digest_in(r->store, ret, err);
}

int kt_room_file_digest(const char *dir, struct kt_hash *ret, struct kt_err *err)
{
    char path[600];
    struct kt_store *s;
    snprintf(path, sizeof(path), "%s/records.db", dir);
    if (!kt_file_exists(path)) {
        *ret = (struct kt_hash){{0}};
        return KT_OK;
    }
    int rc = older_open(dir, NULL, &s, err);
    if (rc == KT_OK) {
        rc = digest_in(s, ret, err);
        kt_store_close(s);
    }
    return rc;
}

/* ---- verify ---- */

/* The SQL gives a row for what is wrong: its first column is told. */
static int none(struct kt_db *db, const char *sql, const char *what, struct kt_err *err)
{
    struct kt_stmt *st;
    int rc = kt_db_prepare_once(db, sql, &st, err);
    if (rc < 0) {
        return rc;
    }
    rc = kt_stmt_step(st, err);
    if (rc > 0) {
        const char *id = kt_col_text(st, 0);
        rc = kt_err_set(err, KT_ECORRUPT,
                        "records.db: %s (%s); restore it from a backup, or end the program and "
                        "remove records.db: it is made again of the journal",
                        what, id ? id : "");
    }
    kt_stmt_done(st);
    return rc;
}

static int verify_field(struct kt_db *db, const char *reg, const char *field, struct kt_err *err)
{
    char sql[700], what[160];
    snprintf(sql, sizeof(sql),
             "SELECT t._id FROM \"%s\" t WHERE t.\"%s\" IS NOT (SELECT value FROM kt_fact WHERE "
             "record = t._id AND field = '%s' AND chosen IS NOT NULL AND dropped IS NULL ORDER BY "
             "since DESC, chosen DESC, id DESC LIMIT 1) LIMIT 1",
             reg, field, field);
    snprintf(what, sizeof(what), "%s.%s is not what its facts say, in record", reg, field);
    return none(db, sql, what, err);
}

/* Which table an id is in, both ways. */
static int verify_ids(struct kt_db *db, const char *reg, struct kt_err *err)
{
    char sql[300], what[120];
    snprintf(sql, sizeof(sql),
             "SELECT t._id FROM \"%s\" t LEFT JOIN kt_record r ON r.id = t._id AND r.register = "
             "'%s' WHERE r.id IS NULL LIMIT 1",
             reg, reg);
    snprintf(what, sizeof(what), "the list of records does not name one of %s", reg);
    int rc = none(db, sql, what, err);
    snprintf(sql, sizeof(sql),
             "SELECT r.id FROM kt_record r LEFT JOIN \"%s\" t ON t._id = r.id WHERE r.register = "
             "'%s' AND t._id IS NULL LIMIT 1",
             reg, reg);
    snprintf(what, sizeof(what), "a record of %s is missing", reg);
    return rc == KT_OK ? none(db, sql, what, err) : rc;
}

static bool has_column_of(const char *kind)
{
    return kind && strcmp(kind, "computed") != 0 && strcmp(kind, "file") != 0 &&
           strcmp(kind, "photo") != 0;
}

/* By what was declared last, which the file keeps: so a copy is verified without its site. */
static int verify_registers(struct kt_db *db, int64_t *ret_records, struct kt_err *err)
{
    struct kt_json *declared = NULL;
    struct kt_json_iter reg = {0};
    struct kt_buf text;
    kt_buf_init(&text, 0);
    int rc = schema_meta(db, "declared", &text, err);
    rc = rc == KT_OK && text.n ? kt_json_parse((struct kt_str){text.p, text.n}, 0, &declared, err)
                               : rc;
    while (rc == KT_OK && kt_json_next(declared, &reg)) {
        struct kt_json_iter field = {0};
        rc = verify_ids(db, reg.key, err);
        while (rc == KT_OK && kt_json_next(reg.value, &field)) {
            if (has_column_of(kt_json_str(field.value))) {
                rc = verify_field(db, reg.key, field.key, err);
            }
        }
    }
    kt_json_free(declared);
    kt_buf_done(&text);
    return rc == KT_OK ? kt_db_int(db, "SELECT count(*) FROM kt_record", ret_records, err) : rc;
}

/* Bodies that rows name and that are not there; `stop` NULL: to the end. */
static int missing_bodies(struct kt_db *db, const char *dir, const atomic_bool *stop,
                          struct kt_room_missing *ret, struct kt_err *err)
{
    struct kt_stmt *st;
    char path[800];
    *ret = (struct kt_room_missing){0};
    int rc = kt_db_prepare(
        db,
        "SELECT DISTINCT hash, record FROM kt_attachment WHERE ended IS NULL AND erased IS NULL "
        "UNION SELECT about, record FROM kt_attachment WHERE about IS NOT NULL AND erased IS NULL "
        "UNION SELECT body, record FROM kt_fact WHERE body IS NOT NULL AND erased IS NULL",
        &st, err);
    if (rc < 0) {
        return rc;
    }
    while (!(stop && atomic_load(stop)) && (rc = kt_stmt_step(st, err)) > 0) {
        const char *hash = kt_col_text(st, 0);
        snprintf(path, sizeof(path), "%s/bodies/%.2s/%s", dir, hash, hash);
        if (!kt_file_exists(path) && ret->n++ == 0) {
            ret->record = kt_col_i64(st, 1);
            snprintf(ret->hash, sizeof(ret->hash), "%s", hash);
        }
    }
    kt_stmt_done(st);
    return rc < 0 ? rc : KT_OK;
}

static int verify_bodies(struct kt_db *db, const char *dir, struct kt_err *err)
{
    struct kt_room_missing gone;
    int rc = missing_bodies(db, dir, NULL, &gone, err);
    return rc < 0 || gone.n == 0
               ? rc
               : kt_err_set(err, KT_ECORRUPT,
                            "record %lld: the body of its attachment or value %s is missing",
                            (long long)gone.record, gone.hash);
}

int kt_room_missing(const char *dir, const atomic_bool *stop, struct kt_room_missing *ret,
                    struct kt_err *err)
{
    char path[600];
    struct kt_store *s;
    struct kt_db *db;
    snprintf(path, sizeof(path), "%s/records.db", dir);
    struct kt_store_opts o = {.path = path, .read_only = true};
    int rc = kt_store_open(&o, &s, err);
    if (rc < 0) {
        return rc;
    }
    if ((rc = kt_store_read(s, &db, err)) == KT_OK) {
        rc = missing_bodies(db, dir, stop, ret, err);
        kt_store_read_done(s, db);
    }
    kt_store_close(s);
    return rc;
}

static int verify_file(struct kt_db *db, struct kt_err *err)
{
    struct kt_stmt *st;
    int rc = kt_db_prepare(db, "PRAGMA quick_check(1)", &st, err);
    if (rc < 0) {
        return rc;
    }
    rc = kt_stmt_step(st, err);
    if (rc > 0) {
        const char *said = kt_col_text(st, 0);
        rc = said && strcmp(said, "ok") == 0
                 ? KT_OK
                 : kt_err_set(err, KT_ECORRUPT, "records.db: %s", said ? said : "damaged");
    }
    kt_stmt_done(st);
    return rc;
}

int kt_room_verify(const char *dir, int64_t *ret_records, struct kt_err *err)
{
    char path[600];
    int64_t n = 0;
    struct kt_store *s;
    struct kt_db *db;
    snprintf(path, sizeof(path), "%s/records.db", dir);
    if (!kt_file_exists(path)) {
        *ret_records = 0;
        return KT_OK;
    }
    int rc = older_open(dir, NULL, &s, err);
    if (rc < 0) {
        return rc;
    }
    rc = kt_store_read(s, &db, err);
    if (rc == KT_OK) {
        rc = verify_file(db, err);
        rc = rc == KT_OK ? verify_registers(db, &n, err) : rc;
        rc = rc == KT_OK ? flow_verify(db, NULL, err) : rc;
        rc = rc == KT_OK ? verify_bodies(db, dir, err) : rc;
        kt_store_read_done(s, db);
    }
    kt_store_close(s);
    if (rc == KT_OK) {
        *ret_records = n;
    }
    return rc;
}
