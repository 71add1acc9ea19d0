/* SPDX-License-Identifier: Apache-2.0 */
/*
 * room: the file, the transaction that collects what is applied, and what is told once it is on
 * disk.
 */
#include "record/private.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "record/older.h"
#include "record/schema.h"
#include "sys/file.h"

enum { SAID_MAX = 512 << 20, META_EVERY_S = 60 };

kt_seq kt_room_seq(const struct kt_room *r)
{
    return atomic_load(&r->committed);
}

kt_time kt_room_due(const struct kt_room *r)
{
    return atomic_load(&r->due);
}

void kt_room_on_history(struct kt_room *r, kt_hist_fn fn, void *arg)
{
    r->hist = fn;
    r->hist_arg = arg;
}

/* ---- life ---- */

static int meta_int(struct kt_room *r, const char *key, int64_t *ret, struct kt_err *err)
{
    struct kt_buf b;
    kt_buf_init(&b, 0);
    int rc = schema_meta(r->w, key, &b, err);
    *ret = rc == KT_OK ? strtoll(kt_buf_cstr(&b), NULL, 10) : 0;
    kt_buf_done(&b);
    return rc;
}

static int meta_set_int(struct kt_room *r, const char *key, int64_t v, struct kt_err *err)
{
    char text[32];
    snprintf(text, sizeof(text), "%lld", (long long)v);
    return schema_meta_set(r->w, key, text, err);
}

int room_read_due(struct kt_room *r, struct kt_err *err)
{
    int64_t due = 0;
    int rc = kt_db_int(r->w, "SELECT ifnull(min(due), -1) FROM kt_timer", &due, err);
    if (rc == KT_OK) {
        atomic_store(&r->due, due < 0 ? INT64_MAX : due * KT_MS);
    }
    return rc;
}

/* Has flow_model() seen the model that the file has? */
static int compare_flow(struct kt_room *r, struct kt_err *err)
{
    struct kt_buf was;
    char hex[65];
    kt_buf_init(&was, 0);
    int rc = schema_meta(r->w, "flow", &was, err);
    r->model_new = strcmp(kt_buf_cstr(&was), kt_hash_hex(&r->model->hash, hex)) != 0;
    kt_buf_done(&was);
    return rc;
}

static int read_state(struct kt_room *r, struct kt_err *err)
{
    int64_t seq = 0, asked = 0;
    int rc = meta_int(r, "seq", &seq, err);
    rc = rc == KT_OK ? meta_int(r, "time", &r->time, err) : rc;
    rc = rc == KT_OK ? meta_int(r, "asked", &asked, err) : rc;
    rc = rc == KT_OK ? kt_db_int(r->w, "SELECT ifnull(max(id), 0) FROM kt_record", &r->last_id, err)
                     : rc;
    rc = rc == KT_OK ? room_read_due(r, err) : rc;
    rc = rc == KT_OK ? compare_flow(r, err) : rc;
    r->seq = (kt_seq)seq;
    r->asked = (kt_seq)asked;
    r->written_time = r->time;
    atomic_store(&r->committed, r->seq);
    return rc;
}

static int bring_tables(struct kt_room *r, const struct kt_record_model *m, struct kt_err *err)
{
    bool other = false;
    int rc = kt_db_begin(r->w, err);
    if (rc < 0) {
        return rc;
    }
    rc = schema_apply(r->w, m, &other, err);
    if (rc < 0) {
        kt_db_rollback(r->w);
        return rc;
    }
    return kt_db_commit(r->w, err);
}

static struct kt_room *room_new(const struct kt_room_opts *opts)
{
    struct kt_room *r = calloc(1, sizeof(*r));
    KT_ASSERT(r);
    snprintf(r->dir, sizeof(r->dir), "%s", opts->dir);
    pthread_mutex_init(&r->lock, NULL);
    kt_buf_init(&r->said, SAID_MAX);
    r->site = kt_site_ref(opts->site);
    r->model = kt_record_model_ref(opts->model);
    r->on_outcome = opts->outcome;
    r->on_live = opts->live;
    r->arg = opts->arg;
    return r;
}

int kt_room_open_closed(const struct kt_room_opts *opts, struct kt_room **ret, struct kt_err *err)
{
    struct kt_room *r = room_new(opts);
    int rc = older_open(opts->dir, r->model, &r->store, err);
    if (rc < 0) {
        kt_room_close(r);
        return rc;
    }
    *ret = r;
    return KT_OK;
}

int kt_room_open(const struct kt_room_opts *opts, struct kt_room **ret, struct kt_err *err)
{
    char path[600];
    struct kt_room *r = room_new(opts);
    snprintf(path, sizeof(path), "%s/records.db", opts->dir);
    struct kt_store_opts so = {.path = path, .page_bytes = 8192, .cache_kib = 16384, .readers = 6};
    int rc = kt_dir_make(opts->dir, err);
    rc = rc == KT_OK ? kt_store_open(&so, &r->store, err) : rc;
    r->w = rc == KT_OK ? kt_store_writer(r->store) : NULL;
    rc = rc == KT_OK ? bring_tables(r, r->model, err) : rc;
    rc = rc == KT_OK ? read_state(r, err) : rc;
    if (rc < 0) {
        kt_room_close(r);
        return rc;
    }
    r->erasing = true; /* the program may have ended between the two */
    room_erase_bodies(r);
    *ret = r;
    return KT_OK;
}

void kt_room_close(struct kt_room *r)
{
    if (!r) {
        return;
    }
    kt_store_close(r->store);
    kt_site_unref(r->site);
    kt_record_model_unref(r->model);
    kt_buf_done(&r->said);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

int kt_room_model(struct kt_room *r, struct kt_site *site, struct kt_record_model *model,
                  struct kt_err *err)
{
    int rc = kt_room_commit(r, err);
    rc = rc == KT_OK ? bring_tables(r, model, err) : rc;
    if (rc < 0) {
        return rc;
    }
    pthread_mutex_lock(&r->lock);
    struct kt_site *old_site = r->site;
    struct kt_record_model *old = r->model;
    r->site = kt_site_ref(site);
    r->model = kt_record_model_ref(model);
    pthread_mutex_unlock(&r->lock);
    kt_site_unref(old_site);
    kt_record_model_unref(old);
    return compare_flow(r, err);
}

int kt_room_fits(const char *dir, const struct kt_record_model *model, struct kt_err *err)
{
    char path[600];
    struct kt_store *s;
    struct kt_db *db;
    snprintf(path, sizeof(path), "%s/records.db", dir);
    if (!kt_file_exists(path)) {
        return KT_OK;
    }
    struct kt_store_opts so = {.path = path, .read_only = true};
    int rc = kt_store_open(&so, &s, err);
    if (rc < 0) {
        return rc;
    }
    rc = kt_store_read(s, &db, err);
    if (rc == KT_OK) {
        rc = schema_compare(db, model, err);
        kt_store_read_done(s, db);
    }
    kt_store_close(s);
    return rc;
}

/* ---- outcomes ---- */

static void keep_said(struct kt_room *r, struct kt_str text, kt_seq cause, uint32_t k)
{
    kt_put_u64(&r->said, cause);
    kt_put_u64(&r->said, k);
    kt_put_u32(&r->said, (uint32_t)text.n);
    kt_buf_put(&r->said, text.p, text.n);
}

static int store_outcome(struct kt_room *r, struct kt_str json, struct kt_err *err)
{
    struct kt_stmt *st;
    int rc = kt_db_prepare(r->w, "INSERT INTO kt_outcome(seq, k, json) VALUES(?, ?, ?)", &st, err);
    if (rc < 0) {
        return rc;
    }
    kt_bind_i64(st, 1, (int64_t)r->cause);
    kt_bind_i64(st, 2, r->k);
    kt_bind_str(st, 3, json);
    rc = kt_stmt_run(st, err);
    kt_stmt_done(st);
    return rc;
}

int rec_say(struct kt_room *r, const char *type, struct kt_str inside, struct kt_err *err)
{
    struct kt_buf b;
    kt_buf_init(&b, 0);
    kt_buf_printf(&b, "{\"type\":\"%s\",\"cause\":%llu,\"k\":%u", type,
                  (unsigned long long)r->cause, r->k);
    if (inside.n) {
        kt_put_u8(&b, ',');
        kt_buf_put(&b, inside.p, inside.n);
    }
    kt_put_u8(&b, '}');
    struct kt_str json = {b.p, b.n};
    int rc = store_outcome(r, json, err);
    if (rc == KT_OK) {
        keep_said(r, json, r->cause, r->k);
        r->k++;
    }
    kt_buf_done(&b);
    return rc;
}

int room_say_live(struct kt_room *r, const char *point, double value, struct kt_err *err)
{
    struct kt_buf b;
    kt_buf_init(&b, 1 << 12);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "type", "live");
    kt_jw_kstr(&w, "point", point);
    kt_jw_knum(&w, "value", value);
    kt_jw_obj_end(&w);
    struct kt_str json = {b.p, b.n};
    int rc = store_outcome(r, json, err);
    if (rc == KT_OK) {
        keep_said(r, json, r->cause, r->k);
        r->k++;
    }
    kt_buf_done(&b);
    return rc;
}

/* One thing said: to everyone, or a value to its point. */
static void tell_one(struct kt_room *r, kt_seq cause, uint32_t k, struct kt_str json)
{
    static const char head[] = "{\"type\":\"live\"";
    struct kt_json *v = NULL;
    struct kt_err err;
    double value;
    if (json.n < sizeof(head) || memcmp(json.p, head, sizeof(head) - 1) != 0) {
        if (r->on_outcome) {
            r->on_outcome(r->arg, cause, k, json);
        }
        return;
    }
    if (r->on_live && kt_json_parse(json, 0, &v, &err) == KT_OK &&
        kt_json_num(kt_json_get(v, "value"), &value)) {
        r->on_live(r->arg, cause, k, kt_json_get_str(v, "point", ""), value);
    }
    kt_json_free(v);
}

static void tell(struct kt_room *r)
{
    struct kt_rd in = kt_rd_init(r->said.p, r->said.n);
    while (kt_rd_left(&in) > 0 && !in.bad) {
        uint64_t cause = kt_get_u64(&in), k = kt_get_u64(&in);
        uint32_t n = kt_get_u32(&in);
        tell_one(r, (kt_seq)cause, (uint32_t)k, (struct kt_str){kt_rd_take(&in, n), n});
    }
    kt_buf_clear(&r->said);
}

/* ---- applying ---- */

static int begin(struct kt_room *r, struct kt_err *err)
{
    return kt_db_in_transaction(r->w) ? KT_OK : kt_db_begin(r->w, err);
}

static int run_flow_model(struct kt_room *r, kt_time time, struct kt_err *err)
{
    char hex[65];
    r->time = time;
    int rc = begin(r, err);
    rc = rc == KT_OK ? flow_model(r, err) : rc;
    rc = rc == KT_OK ? schema_meta_set(r->w, "flow", kt_hash_hex(&r->model->hash, hex), err) : rc;
    rc = rc == KT_OK ? room_read_due(r, err) : rc;
    r->model_new = rc < 0;
    return rc;
}

static int pass(struct kt_room *r, kt_time time, struct kt_err *err)
{
    int rc = KT_OK;
    if (r->model_new) {
        rc = run_flow_model(r, time, err);
    }
    if (rc == KT_OK && kt_room_due(r) <= time) {
        rc = begin(r, err);
        rc = rc == KT_OK ? flow_pass(r, time, err) : rc;
        rc = rc == KT_OK ? room_read_due(r, err) : rc;
    }
    return rc;
}

/* A quick look: most requests are the engine's. room_request() reads the verb itself. */
static bool may_be_ours(const struct kt_event *ev)
{
    static const char *const heads[] = {"\"record.", "\"ledger.", "\"calendar."};
    for (size_t i = 0; ev->kind == KT_EV_REQUEST && i < KT_ARRAY_LEN(heads); i++) {
        if (memmem(ev->body.p, ev->body.n, heads[i], strlen(heads[i]))) {
            return true;
        }
    }
    return false;
}

int kt_room_apply(struct kt_room *r, const struct kt_event *ev, struct kt_err *err)
{
    if (r->failed) {
        return kt_err_set(err, KT_ECLOSED, "the room has failed; open it again");
    }
    if (ev->seq <= r->seq) {
        return KT_OK;
    }
    r->cause = ev->seq;
    r->k = 0;
    int rc = pass(r, ev->time, err);
    r->time = ev->time;
    if (rc == KT_OK && may_be_ours(ev)) {
        rc = begin(r, err);
        rc = rc == KT_OK ? room_request(r, ev, err) : rc;
        rc = rc == KT_OK ? room_read_due(r, err) : rc;
    }
    r->seq = ev->seq;
    if (rc < 0) {
        r->failed = true;
        kt_db_rollback(r->w);
    }
    return rc;
}

int kt_room_commit(struct kt_room *r, struct kt_err *err)
{
    bool open = kt_db_in_transaction(r->w);
    int rc = KT_OK;
    if (r->failed) {
        return kt_err_set(err, KT_ECLOSED, "the room has failed; open it again");
    }
    if (!open && r->time - r->written_time < META_EVERY_S * KT_SEC) {
        return KT_OK; /* nothing but time: it need not be on disk */
    }
    rc = begin(r, err);
    rc = rc == KT_OK ? meta_set_int(r, "seq", (int64_t)r->seq, err) : rc;
    rc = rc == KT_OK ? meta_set_int(r, "time", r->time, err) : rc;
    rc = rc == KT_OK ? meta_set_int(r, "asked", (int64_t)r->asked, err) : rc;
    rc = rc == KT_OK ? kt_db_commit(r->w, err) : rc;
    if (rc < 0) {
        r->failed = true;
        kt_db_rollback(r->w);
        return rc;
    }
    r->written_time = r->time;
    atomic_store(&r->committed, r->seq);
    room_erase_bodies(r);
    tell(r);
    return KT_OK;
}

int kt_room_settled(struct kt_room *r, kt_seq seq, struct kt_err *err)
{
    struct kt_stmt *st;
    int rc = kt_db_prepare(r->w, "DELETE FROM kt_outcome WHERE seq <= ?", &st, err);
    if (rc < 0) {
        return rc;
    }
    kt_bind_i64(st, 1, (int64_t)seq);
    rc = kt_stmt_run(st, err);
    kt_stmt_done(st);
    return rc;
}

int kt_room_unsettled(struct kt_room *r, struct kt_err *err)
{
    struct kt_stmt *st;
    int rc = kt_db_prepare(r->w, "SELECT seq, k, json FROM kt_outcome ORDER BY seq, k", &st, err);
    if (rc < 0) {
        return rc;
    }
    while ((rc = kt_stmt_step(st, err)) > 0) {
        tell_one(r, (kt_seq)kt_col_i64(st, 0), (uint32_t)kt_col_i64(st, 1), kt_col_bytes(st, 2));
    }
    kt_stmt_done(st);
    return rc;
}

int kt_room_oldest(struct kt_room *r, kt_seq *ret, struct kt_err *err)
{
    int64_t seq = 0;
    int rc = kt_db_int(r->w, "SELECT ifnull(min(seq), 0) FROM kt_outcome", &seq, err);
    if (rc == KT_OK) {
        *ret = seq > 0 && (kt_seq)seq < r->seq ? (kt_seq)seq : r->seq + 1;
    }
    return rc;
}

int kt_room_mend(struct kt_room *r, struct kt_err *err)
{
    kt_db_rollback(r->w);
    kt_buf_clear(&r->said);
    int rc = read_state(r, err);
    r->failed = rc < 0;
    return rc;
}
