/* SPDX-License-Identifier: Apache-2.0 */
/*
 * view: what one person may see, as TEMP views with the registers' names on a reading connection.
 * The views go with the read transaction, dropped or rolled back.
 *
 * Rows: by place (kt_may_place holds the places at or below the person's), none without the right.
 * Columns: null where a field has a right that the person lacks. As of another moment: view_past.c.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "record/reading.h"
#include "record/requests.h"
#include "record/schema.h"

#define SQL_LIMIT KT_SEC

bool reader_may(const struct kt_reader *who, const char *right)
{
    for (uint32_t i = 0; i < who->rights_n; i++) {
        if (strcmp(who->rights[i], right) == 0) {
            return true;
        }
    }
    return false;
}

bool reader_writes(const struct kt_reader *who, const struct rec_register *reg)
{
    return reader_may(who, reg->right_write) ||
           (!reg->is_private && reader_may(who, "record.write"));
}

bool reader_sees(const struct kt_reader *who, const struct rec_register *reg)
{
    return reader_may(who, reg->right_read) ||
           (!reg->is_private && reader_may(who, "record.read")) || reader_writes(who, reg);
}

bool reader_sees_field(const struct kt_reader *who, const struct rec_field *f)
{
    return !f->read[0] || reader_may(who, f->read) || (f->write[0] && reader_may(who, f->write));
}

/* ---- rows ---- */

static bool all_places(const struct rec_view *v)
{
    return rec_sees_all(v->site, v->who->places, v->who->places_n);
}

static bool may_place(const struct rec_view *v, uint32_t place)
{
    for (uint32_t i = 0; i < v->who->places_n; i++) {
        kt_place_id under = kt_site_place(v->site, kt_str_c(v->who->places[i]));
        if (under.v != KT_NONE && kt_site_within(v->site, (kt_place_id){place}, under)) {
            return true;
        }
    }
    return false;
}

static int make_places(struct rec_view *v, struct kt_err *err)
{
    struct kt_stmt *st;
    int rc =
        kt_db_exec(v->db, "CREATE TEMP TABLE kt_may_place(id TEXT PRIMARY KEY) WITHOUT ROWID", err);
    if (rc < 0) {
        return rc;
    }
    rc = kt_db_prepare(v->db, "INSERT INTO temp.kt_may_place(id) VALUES(?)", &st, err);
    if (rc < 0) {
        return rc;
    }
    for (uint32_t i = 0; rc == KT_OK && i < v->site->places_n; i++) {
        if (may_place(v, i)) {
            kt_bind_text(st, 1, v->site->places[i].id);
            rc = kt_stmt_run(st, err);
            kt_stmt_reset(st);
        }
    }
    kt_stmt_done(st);
    return rc;
}

void view_row_condition(const struct rec_view *v, const struct rec_register *reg,
                        struct kt_buf *sql)
{
    if (!reader_sees(v->who, reg)) {
        kt_buf_puts(sql, "0");
    } else if (all_places(v) || (reg->place == KT_NONE && reg->everywhere)) {
        kt_buf_puts(sql, "1");
    } else if (reg->place == KT_NONE) {
        kt_buf_puts(sql, "0");
    } else {
        kt_buf_printf(sql, "t.\"%s\" IN (SELECT id FROM temp.kt_may_place)",
                      reg->fields[reg->place].id);
    }
}

/* ---- columns ---- */

const char *const view_own[VIEW_OWN] = {
    "_id",     "_version",   "_created", "_created_by", "_changed", "_changed_by", "_ended",
    "_merged", "_conflicts", "_state",   "_since",      "_owner",   "_due",        "_returns"};

static void present_columns(const struct rec_view *v, const struct rec_register *reg,
                            struct kt_buf *sql)
{
    for (size_t i = 0; i < VIEW_OWN; i++) {
        kt_buf_printf(sql, "%st.%s", i ? ", " : "", view_own[i]);
    }
    for (uint32_t i = 0; i < reg->fields_n; i++) {
        const struct rec_field *f = &reg->fields[i];
        if (rec_is_file(f)) {
            continue;
        }
        if (reader_sees_field(v->who, f)) {
            kt_buf_printf(sql, ", t.\"%s\"", f->id);
        } else {
            kt_buf_printf(sql, ", NULL AS \"%s\"", f->id);
        }
    }
}

int view_need(struct rec_view *v, uint32_t i, struct kt_err *err)
{
    const struct rec_register *reg = &v->model->registers[i];
    struct kt_buf sql;
    if (v->made[i]) {
        return KT_OK;
    }
    kt_buf_init(&sql, 4 << 20);
    if (v->at || v->known) {
        view_past(v, reg, &sql);
    } else {
        kt_buf_printf(&sql, "CREATE TEMP VIEW \"%s\" AS SELECT ", reg->id);
        present_columns(v, reg, &sql);
        kt_buf_printf(&sql, " FROM main.\"%s\" t WHERE ", reg->id);
        view_row_condition(v, reg, &sql);
    }
    int rc = kt_db_exec(v->db, kt_buf_cstr(&sql), err);
    kt_buf_done(&sql);
    v->made[i] = rc == KT_OK;
    return rc;
}

int view_need_all(struct rec_view *v, struct kt_err *err)
{
    int rc = KT_OK;
    for (uint32_t i = 0; rc == KT_OK && i < v->model->registers_n; i++) {
        rc = view_need(v, i, err);
    }
    return rc;
}

int view_register(struct rec_view *v, const char *id, uint32_t *ret, struct kt_err *err)
{
    uint32_t i = rec_register_of(v->model, id);
    if (i == KT_NONE || !reader_sees(v->who, &v->model->registers[i])) {
        return kt_err_set(err, KT_ENOTFOUND, "there is no register \"%.60s\"", id);
    }
    int rc = view_need(v, i, err);
    if (rc == KT_OK) {
        *ret = i;
    }
    return rc;
}

/* ---- life ---- */

static int same_model(struct rec_view *v, struct kt_err *err)
{
    struct kt_buf hash;
    char hex[65];
    kt_buf_init(&hash, 100);
    int rc = schema_meta(v->db, "model", &hash, err);
    if (rc == KT_OK && strcmp(kt_buf_cstr(&hash), kt_hash_hex(&v->model->hash, hex)) != 0) {
        rc = kt_err_set(err, KT_EBUSY, "the registers are being changed; try again");
    }
    kt_buf_done(&hash);
    return rc;
}

int view_open(struct kt_room *r, const struct kt_reader *who, kt_time at, kt_time known,
              struct rec_view *ret, struct kt_err *err)
{
    struct rec_view v = {.r = r, .who = who, .at = at, .known = known};
    pthread_mutex_lock(&r->lock);
    v.site = kt_site_ref(r->site);
    v.model = kt_record_model_ref(r->model);
    pthread_mutex_unlock(&r->lock);
    v.made = calloc(v.model->registers_n + 1, sizeof(*v.made));
    KT_ASSERT(v.made);
    int rc = kt_store_read(r->store, &v.db, err);
    rc = rc == KT_OK ? same_model(&v, err) : rc;
    rc = rc == KT_OK && !all_places(&v) ? make_places(&v, err) : rc;
    if (rc < 0) {
        view_close(&v);
        return rc;
    }
    *ret = v;
    return KT_OK;
}

/* After a rollback SQLite reads the tables of the whole file anew, so views are dropped and their
 * transaction is committed. Where that fails, kt_store_read_done() rolls back. */
static void drop_views(struct rec_view *v)
{
    struct kt_buf sql;
    struct kt_err err = {0};
    kt_buf_init(&sql, 1 << 20);
    for (uint32_t i = 0; i < v->model->registers_n; i++) {
        if (v->made[i]) {
            kt_buf_printf(&sql, "DROP VIEW temp.\"%s\";", v->model->registers[i].id);
        }
    }
    kt_buf_puts(&sql, "DROP TABLE IF EXISTS temp.kt_may_place; COMMIT");
    if (kt_db_exec(v->db, kt_buf_cstr(&sql), &err) < 0) {
        KT_DEBUG("record", "views are rolled back: %s", err.text);
    }
    kt_buf_done(&sql);
}

void view_close(struct rec_view *v)
{
    if (v->db && !v->at && !v->known) {
        drop_views(v);
    }
    kt_store_read_done(v->r->store, v->db);
    kt_site_unref(v->site);
    kt_record_model_unref(v->model);
    free(v->made);
}

/* ---- SQL of packs ---- */

/* Registers are read through their views alone; ledgers as they are: who may see an indicator may
 * see sums of postings. */
static bool reads(void *arg, const char *table, const char *view)
{
    const struct rec_view *v = arg;
    if (strcmp(table, "kt_posting") == 0 || strcmp(table, "kt_account") == 0 ||
        strcmp(table, "kt_txn") == 0) {
        return true;
    }
    if (rec_register_of(v->model, table) != KT_NONE) {
        return true;
    }
    return view && rec_register_of(v->model, view) != KT_NONE;
}

int view_sql(struct rec_view *v, const char *sql, const struct kt_db_function *functions,
             uint32_t functions_n, struct kt_stmt **ret, struct kt_err *err)
{
    int rc = view_need_all(v, err);
    v->guard = (struct kt_db_guard){.reads = reads,
                                    .functions = functions,
                                    .functions_n = functions_n,
                                    .limit_ns = SQL_LIMIT,
                                    .arg = v};
    return rc == KT_OK ? kt_db_prepare_guarded(v->db, &v->guard, sql, ret, err) : rc;
}
