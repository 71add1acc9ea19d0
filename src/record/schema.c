/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema: tables, columns and indexes. Ids are [a-z0-9_], so a name in double quotes is a name.
 *
 * Indexes that begin with ix_ or un_ are made of the model and are made anew when it changes.
 */
#include "record/schema.h"

#include <stdio.h>
#include <string.h>

#include "record/older.h"
#include "record/past.h"

const char schema_fixed[] =
    "CREATE TABLE IF NOT EXISTS kt_meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS kt_record(id INTEGER PRIMARY KEY, register TEXT NOT NULL,"
    " key TEXT);"
    "CREATE INDEX IF NOT EXISTS kt_record_key ON kt_record(register, key);"
    "CREATE TABLE IF NOT EXISTS kt_fact(id INTEGER PRIMARY KEY, record INTEGER NOT NULL,"
    " register TEXT NOT NULL, field TEXT NOT NULL, value, since INTEGER NOT NULL,"
    " seq INTEGER NOT NULL, time INTEGER NOT NULL, by TEXT, source TEXT, verified INTEGER,"
    " certainty REAL, note TEXT, chosen INTEGER, dropped INTEGER, version INTEGER NOT NULL,"
    " body TEXT, erased INTEGER);"
    "CREATE INDEX IF NOT EXISTS kt_fact_of ON kt_fact(record, field, since);"
    "CREATE TABLE IF NOT EXISTS kt_move(id INTEGER PRIMARY KEY, record INTEGER NOT NULL,"
    " register TEXT NOT NULL, kind TEXT NOT NULL, transition TEXT, from_state TEXT, to_state TEXT,"
    " owner TEXT, due INTEGER, by TEXT, time INTEGER NOT NULL, seq INTEGER NOT NULL, note TEXT);"
    "CREATE INDEX IF NOT EXISTS kt_move_of ON kt_move(record, time);"
    "CREATE TABLE IF NOT EXISTS kt_attachment(id INTEGER PRIMARY KEY, hash TEXT NOT NULL,"
    " record INTEGER NOT NULL, field TEXT NOT NULL, name TEXT, type TEXT, size INTEGER, by TEXT,"
    " time INTEGER NOT NULL, seq INTEGER NOT NULL, meta TEXT, ended INTEGER, erased INTEGER,"
    " about TEXT);"
    "CREATE INDEX IF NOT EXISTS kt_attachment_of ON kt_attachment(record, field);"
    "CREATE INDEX IF NOT EXISTS kt_attachment_hash ON kt_attachment(hash);"
    "CREATE TABLE IF NOT EXISTS kt_timer(id INTEGER PRIMARY KEY, due INTEGER NOT NULL,"
    " record INTEGER, kind TEXT NOT NULL, payload TEXT);"
    "CREATE INDEX IF NOT EXISTS kt_timer_due ON kt_timer(due, id);"
    "CREATE INDEX IF NOT EXISTS kt_timer_of ON kt_timer(record, kind);"
    "CREATE VIRTUAL TABLE IF NOT EXISTS kt_search USING fts5(text, detail=none);"
    "CREATE TABLE IF NOT EXISTS kt_account(id INTEGER PRIMARY KEY, ledger TEXT NOT NULL,"
    " key TEXT NOT NULL, title TEXT, unit TEXT, floor INTEGER, record INTEGER,"
    " UNIQUE(ledger, key));"
    "CREATE TABLE IF NOT EXISTS kt_txn(id INTEGER PRIMARY KEY, ledger TEXT NOT NULL,"
    " day TEXT NOT NULL, text TEXT, by TEXT, time INTEGER NOT NULL, seq INTEGER NOT NULL,"
    " reverses INTEGER);"
    "CREATE INDEX IF NOT EXISTS kt_txn_day ON kt_txn(ledger, day, id);"
    "CREATE TABLE IF NOT EXISTS kt_posting(id INTEGER PRIMARY KEY, txn INTEGER NOT NULL,"
    " account INTEGER NOT NULL, amount INTEGER NOT NULL);"
    "CREATE INDEX IF NOT EXISTS kt_posting_account ON kt_posting(account, txn);"
    "CREATE INDEX IF NOT EXISTS kt_posting_txn ON kt_posting(txn);"
    "CREATE TABLE IF NOT EXISTS kt_period(id INTEGER PRIMARY KEY, ledger TEXT NOT NULL,"
    " until TEXT NOT NULL, by TEXT, time INTEGER NOT NULL, seq INTEGER NOT NULL);"
    "CREATE INDEX IF NOT EXISTS kt_period_of ON kt_period(ledger, until);"
    "CREATE TABLE IF NOT EXISTS kt_calendar(day TEXT PRIMARY KEY, working INTEGER, note TEXT,"
    " by TEXT, seq INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS kt_setting(rowid INTEGER PRIMARY KEY, indicator TEXT NOT NULL,"
    " id TEXT NOT NULL, value REAL, by TEXT, time INTEGER NOT NULL, seq INTEGER NOT NULL,"
    " note TEXT);"
    "CREATE TABLE IF NOT EXISTS kt_counter(name TEXT PRIMARY KEY, n INTEGER NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS kt_key(id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE,"
    " verdict TEXT NOT NULL);"
    "CREATE TABLE IF NOT EXISTS kt_outcome(seq INTEGER NOT NULL, k INTEGER NOT NULL,"
    " json TEXT NOT NULL, PRIMARY KEY(seq, k)) WITHOUT ROWID;";

/* Another one whenever make_indexes() makes others of the same model. */
static const char indexes_layout[] = "4";

static const char own_columns[] =
    "\"_id\" INTEGER PRIMARY KEY, \"_version\" INTEGER NOT NULL, \"_created\" INTEGER NOT NULL,"
    " \"_created_by\" TEXT, \"_changed\" INTEGER NOT NULL, \"_changed_by\" TEXT,"
    " \"_ended\" INTEGER, \"_merged\" INTEGER, \"_conflicts\" INTEGER NOT NULL DEFAULT 0,"
    " \"_state\" TEXT, \"_since\" INTEGER, \"_owner\" TEXT, \"_due\" INTEGER,"
    " \"_returns\" INTEGER NOT NULL DEFAULT 0, \"_from\" INTEGER NOT NULL DEFAULT 0,"
    " \"_tangled\" INTEGER NOT NULL DEFAULT 0";

static const char *affinity(const struct rec_field *f)
{
    switch (f->as) {
    case REC_NUMBER:
        return f->decimals == 0 ? "INTEGER" : "REAL";
    case REC_MONEY:
    case REC_TIME:
    case REC_BOOL:
    case REC_REF:
        return "INTEGER";
    default:
        return "TEXT";
    }
}

const char *schema_kind(const struct kt_record_model *m, const struct rec_field *f,
                        char buf[2 * REC_ID_MAX])
{
    if (f->type == REC_REF) {
        snprintf(buf, 2 * REC_ID_MAX, "ref:%s", m->registers[f->to].id);
    } else {
        snprintf(buf, 2 * REC_ID_MAX, "%s", rec_type_id(f->type));
    }
    return buf;
}

void schema_column(const struct rec_field *f, struct kt_buf *sql)
{
    kt_buf_printf(sql, "\"%s\" %s", f->id, affinity(f));
    if (f->type == REC_COMPUTED) {
        kt_buf_printf(sql, " GENERATED ALWAYS AS (%s) VIRTUAL", f->sql);
    }
}

int schema_add_column(struct kt_db *db, const char *table, const struct rec_field *f,
                      struct kt_err *err)
{
    struct kt_buf sql;
    kt_buf_init(&sql, 1 << 20);
    kt_buf_printf(&sql, "ALTER TABLE \"%s\" ADD COLUMN ", table);
    schema_column(f, &sql);
    int r = kt_db_exec(db, kt_buf_cstr(&sql), err);
    kt_buf_done(&sql);
    return r;
}

static int has_row(struct kt_db *db, const char *sql, const char *a, const char *b, bool *ret,
                   struct kt_err *err)
{
    struct kt_stmt *st;
    int r = kt_db_prepare(db, sql, &st, err);
    if (r < 0) {
        return r;
    }
    kt_bind_text(st, 1, a);
    if (b) {
        kt_bind_text(st, 2, b);
    }
    r = kt_stmt_step(st, err);
    kt_stmt_done(st);
    if (r < 0) {
        return r;
    }
    *ret = r > 0;
    return KT_OK;
}

static int has_table(struct kt_db *db, const char *name, bool *ret, struct kt_err *err)
{
    return has_row(db, "SELECT 1 FROM main.sqlite_schema WHERE type = 'table' AND name = ?", name,
                   NULL, ret, err);
}

int schema_has_column(struct kt_db *db, const char *table, const char *name, bool *ret,
                      struct kt_err *err)
{
    return has_row(db, "SELECT 1 FROM pragma_table_xinfo(?) WHERE name = ?", table, name, ret, err);
}

static void columns_sql(const struct rec_register *reg, bool computed, struct kt_buf *sql)
{
    for (uint32_t i = 0; i < reg->fields_n; i++) {
        const struct rec_field *f = &reg->fields[i];
        if (!rec_is_file(f) && (f->type == REC_COMPUTED) == computed) {
            kt_buf_puts(sql, ", ");
            schema_column(f, sql);
        }
    }
}

int schema_create(struct kt_db *db, const struct rec_register *reg, bool computed,
                  struct kt_err *err)
{
    struct kt_buf sql;
    kt_buf_init(&sql, 1 << 20);
    kt_buf_printf(&sql, "CREATE TABLE \"%s\"(%s", reg->id, own_columns);
    columns_sql(reg, false, &sql);
    if (computed) {
        columns_sql(reg, true, &sql);
    }
    kt_buf_puts(&sql, ")");
    int r = kt_db_exec(db, kt_buf_cstr(&sql), err);
    kt_buf_done(&sql);
    return r;
}

/* ---- meta ---- */

int schema_meta(struct kt_db *db, const char *key, struct kt_buf *out, struct kt_err *err)
{
    struct kt_stmt *st;
    int r = kt_db_prepare(db, "SELECT value FROM kt_meta WHERE key = ?", &st, err);
    if (r < 0) {
        return r;
    }
    kt_bind_text(st, 1, key);
    r = kt_stmt_step(st, err);
    if (r > 0) {
        struct kt_str s = kt_col_bytes(st, 0);
        kt_buf_put(out, s.p, s.n);
    }
    kt_stmt_done(st);
    return r < 0 ? r : KT_OK;
}

int schema_meta_set(struct kt_db *db, const char *key, const char *value, struct kt_err *err)
{
    struct kt_stmt *st;
    int r = kt_db_prepare(db, "INSERT OR REPLACE INTO kt_meta(key, value) VALUES(?, ?)", &st, err);
    if (r < 0) {
        return r;
    }
    kt_bind_text(st, 1, key);
    kt_bind_text(st, 2, value);
    r = kt_stmt_run(st, err);
    kt_stmt_done(st);
    return r;
}

/* {"hazard":{"no":"text","level":"enum",…},…} */
static void declared_json(const struct kt_record_model *m, struct kt_buf *out)
{
    struct kt_jw w = kt_jw_init(out);
    char kind[2 * REC_ID_MAX];
    kt_jw_obj(&w);
    for (uint32_t i = 0; i < m->registers_n; i++) {
        const struct rec_register *reg = &m->registers[i];
        kt_jw_key(&w, reg->id);
        kt_jw_obj(&w);
        for (uint32_t j = 0; j < reg->fields_n; j++) {
            kt_jw_kstr(&w, reg->fields[j].id, schema_kind(m, &reg->fields[j], kind));
        }
        kt_jw_obj_end(&w);
    }
    kt_jw_obj_end(&w);
}

int schema_declared(struct kt_db *db, struct kt_json **ret, struct kt_err *err)
{
    bool there = false;
    struct kt_buf text;
    kt_buf_init(&text, 0);
    int r = has_table(db, "kt_meta", &there, err);
    if (r == KT_OK && there) {
        r = schema_meta(db, "declared", &text, err);
    }
    if (r == KT_OK && text.n) {
        r = kt_json_parse((struct kt_str){text.p, text.n}, 0, ret, err);
    }
    kt_buf_done(&text);
    return r;
}

/* ---- making ---- */

static int drop_indexes(struct kt_db *db, struct kt_err *err)
{
    struct kt_stmt *st;
    struct kt_buf sql;
    kt_buf_init(&sql, 0);
    int r = kt_db_prepare_once(db,
                               "SELECT type, name FROM main.sqlite_schema WHERE (type = 'index' "
                               "AND (name LIKE 'ix\\_%' ESCAPE '\\' OR name LIKE 'un\\_%' ESCAPE "
                               "'\\')) OR (type = 'trigger' AND name LIKE 'kt\\_was\\_%' ESCAPE "
                               "'\\')",
                               &st, err);
    if (r < 0) {
        return r;
    }
    while ((r = kt_stmt_step(st, err)) > 0) {
        kt_buf_printf(&sql, "DROP %s \"%s\";", kt_col_text(st, 0), kt_col_text(st, 1));
    }
    kt_stmt_done(st);
    if (r == KT_OK) {
        r = kt_db_exec(db, kt_buf_cstr(&sql), err);
    }
    kt_buf_done(&sql);
    return r;
}

static void unique_sql(const struct rec_register *reg, const struct rec_names *u,
                       struct kt_buf *sql)
{
    kt_buf_printf(sql, "CREATE UNIQUE INDEX \"un_%s", reg->id);
    for (uint32_t i = 0; i < u->n; i++) {
        kt_buf_printf(sql, "_%s", reg->fields[u->field[i]].id);
    }
    kt_buf_printf(sql, "\" ON \"%s\"(", reg->id);
    for (uint32_t i = 0; i < u->n; i++) {
        kt_buf_printf(sql, "%s\"%s\"", i ? ", " : "", reg->fields[u->field[i]].id);
    }
    kt_buf_puts(sql, ") WHERE _ended IS NULL;");
}

bool schema_ended_first(const struct rec_field *f)
{
    return f->type == REC_DATE || f->type == REC_TIME || f->type == REC_NUMBER ||
           f->type == REC_MONEY;
}

static int make_indexes(struct kt_db *db, const struct rec_register *reg, struct kt_err *err)
{
    struct kt_buf sql;
    kt_buf_init(&sql, 1 << 20);
    const struct rec_names key = {&reg->key, 1};
    unique_sql(reg, &key, &sql);
    for (uint32_t i = 0; i < reg->unique_n; i++) {
        if (reg->unique[i].n != 1 || reg->unique[i].field[0] != reg->key) {
            unique_sql(reg, &reg->unique[i], &sql);
        }
    }
    for (uint32_t i = 0; i < reg->fields_n; i++) {
        const struct rec_field *f = &reg->fields[i];
        if (f->type == REC_ENUM || f->type == REC_REF || f->type == REC_PLACE ||
            f->type == REC_PERSON || i == reg->key) {
            kt_buf_printf(&sql, "CREATE INDEX \"ix_%s_%s\" ON \"%s\"(\"%s\", _ended, _changed);",
                          reg->id, f->id, reg->id, f->id);
        } else if (schema_ended_first(f)) {
            kt_buf_printf(&sql, "CREATE INDEX \"ix_%s_%s\" ON \"%s\"(_ended, \"%s\");", reg->id,
                          f->id, reg->id, f->id);
        }
    }
    static const char *const own[] = {"_state", "_owner"};
    for (size_t i = 0; reg->workflow != KT_NONE && i < KT_ARRAY_LEN(own); i++) {
        kt_buf_printf(&sql, "CREATE INDEX \"ix_%s_%s\" ON \"%s\"(%s, _ended, _changed);", reg->id,
                      own[i], reg->id, own[i]);
    }
    kt_buf_printf(
        &sql,
        "CREATE INDEX \"ix_%s__changed\" ON \"%s\"(_ended, _changed, _id, _from, _tangled);"
        "CREATE INDEX \"ix_%s__tangled\" ON \"%s\"(_id) WHERE _tangled = 1;"
        "CREATE INDEX \"ix_%s__was\" ON \"" PAST_TABLE "%s\"(_id, _until);"
        "CREATE INDEX \"ix_%s__until\" ON \"" PAST_TABLE "%s\"(_until);",
        reg->id, reg->id, reg->id, reg->id, reg->id, reg->id, reg->id, reg->id);
    kt_buf_printf(&sql, "CREATE INDEX \"ix_%s__due\" ON \"%s\"(_ended, _due);", reg->id, reg->id);
    int r = past_make(db, reg, err);
    r = r == KT_OK ? kt_db_exec(db, kt_buf_cstr(&sql), err) : r;
    kt_buf_done(&sql);
    return r;
}

/* A store of an older program has other indexes; no values change with them. */
static int remake_indexes(struct kt_db *db, const struct kt_record_model *m, struct kt_err *err)
{
    int r = drop_indexes(db, err);
    for (uint32_t i = 0; r == KT_OK && i < m->registers_n; i++) {
        r = make_indexes(db, &m->registers[i], err);
    }
    return r;
}

static int drop_column(struct kt_db *db, const char *reg, const char *field, struct kt_err *err)
{
    char sql[200], was[REC_ID_MAX + 16];
    bool there = false;
    snprintf(was, sizeof(was), PAST_TABLE "%s", reg);
    snprintf(sql, sizeof(sql), "ALTER TABLE \"%s\" DROP COLUMN \"%s\"", reg, field);
    int r = kt_db_exec(db, sql, err);
    r = r == KT_OK ? schema_has_column(db, was, field, &there, err) : r;
    snprintf(sql, sizeof(sql), "ALTER TABLE \"%s\" DROP COLUMN \"%s\"", was, field);
    return r == KT_OK && there ? kt_db_exec(db, sql, err) : r;
}

/* Computed columns first: another may be named in one. They hold nothing. */
static int drop_changed(struct kt_db *db, const struct kt_record_model *m,
                        const struct rec_register *reg, const struct kt_json *was, bool computed,
                        struct kt_err *err)
{
    struct kt_json_iter it = {0};
    char kind[2 * REC_ID_MAX];
    int r = KT_OK;
    while (r == KT_OK && kt_json_next(was, &it)) {
        const char *then = kt_json_str(it.value);
        bool there = false, was_computed = then && strcmp(then, "computed") == 0;
        uint32_t fi = rec_field_of(reg, it.key);
        bool same =
            fi != KT_NONE && then && strcmp(schema_kind(m, &reg->fields[fi], kind), then) == 0;
        if (was_computed != computed || (same && !computed)) {
            continue;
        }
        r = schema_has_column(db, reg->id, it.key, &there, err);
        if (r == KT_OK && there) {
            r = drop_column(db, reg->id, it.key, err);
        }
    }
    return r;
}

static int add_missing(struct kt_db *db, const struct rec_register *reg, bool computed,
                       struct kt_err *err)
{
    int r = KT_OK;
    for (uint32_t i = 0; r == KT_OK && i < reg->fields_n; i++) {
        const struct rec_field *f = &reg->fields[i];
        bool there = false;
        if (rec_is_file(f) || (f->type == REC_COMPUTED) != computed) {
            continue;
        }
        r = schema_has_column(db, reg->id, f->id, &there, err);
        if (r == KT_OK && !there) {
            r = schema_add_column(db, reg->id, f, err);
        }
    }
    return r;
}

static int make_table(struct kt_db *db, const struct kt_record_model *m,
                      const struct rec_register *reg, const struct kt_json *was, struct kt_err *err)
{
    bool there = false;
    int r = has_table(db, reg->id, &there, err);
    if (r < 0 || !there) {
        return r < 0 ? r : schema_create(db, reg, true, err);
    }
    r = drop_changed(db, m, reg, was, true, err);
    r = r == KT_OK ? drop_changed(db, m, reg, was, false, err) : r;
    r = r == KT_OK ? add_missing(db, reg, false, err) : r;
    return r == KT_OK ? add_missing(db, reg, true, err) : r;
}

/* Tables of registers that are not declared any more; schema_compare() has seen them empty. */
static int drop_tables(struct kt_db *db, const struct kt_record_model *m,
                       const struct kt_json *declared, struct kt_err *err)
{
    struct kt_json_iter it = {0};
    char sql[200];
    int r = KT_OK;
    while (r == KT_OK && kt_json_next(declared, &it)) {
        if (rec_register_of(m, it.key) == KT_NONE) {
            snprintf(sql, sizeof(sql),
                     "DROP TABLE IF EXISTS \"%s\"; DROP TABLE IF EXISTS \"" PAST_TABLE "%s\"",
                     it.key, it.key);
            r = kt_db_exec(db, sql, err);
        }
    }
    return r;
}

static int make_all(struct kt_db *db, const struct kt_record_model *m, struct kt_err *err)
{
    struct kt_json *declared = NULL;
    int r = schema_declared(db, &declared, err);
    r = r == KT_OK ? drop_indexes(db, err) : r;
    r = r == KT_OK ? drop_tables(db, m, declared, err) : r;
    for (uint32_t i = 0; r == KT_OK && i < m->registers_n; i++) {
        const struct rec_register *reg = &m->registers[i];
        r = make_table(db, m, reg, kt_json_get(declared, reg->id), err);
        r = r == KT_OK ? make_indexes(db, reg, err) : r;
    }
    kt_json_free(declared);
    return r;
}

int schema_apply(struct kt_db *db, const struct kt_record_model *m, bool *ret, struct kt_err *err)
{
    struct kt_buf was, now, layout;
    char hex[65];
    kt_buf_init(&was, 0);
    kt_buf_init(&now, 0);
    kt_buf_init(&layout, 0);
    int r = older_bring(db, err);
    r = r == KT_OK ? schema_meta(db, "model", &was, err) : r;
    r = r == KT_OK ? schema_meta(db, "indexes", &layout, err) : r;
    kt_hash_hex(&m->hash, hex);
    bool other = strcmp(kt_buf_cstr(&was), hex) != 0;
    if (r == KT_OK && other) {
        r = schema_compare(db, m, err);
        r = r == KT_OK ? make_all(db, m, err) : r;
        r = r == KT_OK ? kt_db_exec(db, flow_triggers, err) : r;
        declared_json(m, &now);
        r = r == KT_OK ? schema_meta_set(db, "declared", kt_buf_cstr(&now), err) : r;
        r = r == KT_OK ? schema_meta_set(db, "model", hex, err) : r;
    }
    if (r == KT_OK && strcmp(kt_buf_cstr(&layout), indexes_layout) != 0) {
        r = other ? KT_OK : remake_indexes(db, m, err);
        r = r == KT_OK ? schema_meta_set(db, "indexes", indexes_layout, err) : r;
    }
    kt_buf_done(&layout);
    kt_buf_done(&was);
    kt_buf_done(&now);
    if (r == KT_OK) {
        *ret = other;
    }
    return r;
}
