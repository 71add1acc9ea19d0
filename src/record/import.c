/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dry run of an import: for each row of the table what record.import would do, by the rules of
 * the room and with the eyes of the person. An empty cell leaves a field as it is.
 */
#include "record/import.h"

#include <stdio.h>
#include <stdlib.h>

#include "record/accord.h"
#include "record/barrier.h"
#include "record/reading.h"
#include "record/requests.h"
#include "record/value.h"

enum { ROWS_MAX = 50000 };

static const char *const fate_names[] = {"create", "change", "same", "error"};
enum fate { FATE_CREATE, FATE_CHANGE, FATE_SAME, FATE_ERROR, FATES };

/* One row while it is looked at; memory is q.a. */
struct row {
    int64_t number;
    const struct kt_json *cells;
    struct rec_request q;
    enum fate fate;
    bool bad;
    int64_t id, version;                            /* of the record; 0: a new one */
    struct rec_value *old, *fresh;                  /* by field */
    bool *given;                                    /* the row says something of this field */
    struct kt_buf texts, texts_en, changes, fields; /* insides of arrays and of an object */
};

/* ---- statements ---- */

static int prepare_match(struct import *im, const char *column, struct kt_stmt **ret,
                         struct kt_err *err)
{
    struct kt_buf sql;
    kt_buf_init(&sql, 1 << 20);
    kt_buf_puts(&sql, "SELECT _id, _version");
    for (uint32_t i = 0; i < im->fields_n; i++) {
        kt_buf_printf(&sql, ", \"%s\"", im->reg->fields[im->fields[i]].id);
    }
    kt_buf_printf(&sql, " FROM \"%s\" WHERE \"%s\" = ? AND _ended IS NULL LIMIT 1", im->reg->id,
                  column);
    int r = kt_db_prepare(im->v.db, kt_buf_cstr(&sql), ret, err);
    kt_buf_done(&sql);
    return r;
}

static int prepare_refs(struct import *im, struct kt_err *err)
{
    int r = KT_OK;
    im->refs = KT_NEW_ARRAY(im->arena, struct kt_stmt *, im->reg->fields_n);
    for (uint32_t i = 0; r == KT_OK && i < im->fields_n; i++) {
        const struct rec_field *f = &im->reg->fields[im->fields[i]];
        if (f->type != REC_REF) {
            continue;
        }
        const struct rec_register *to = &im->v.model->registers[f->to];
        const char *sql =
            kt_arena_printf(im->arena, "SELECT _id FROM \"%s\" WHERE \"%s\" = ? AND _ended IS NULL",
                            to->id, to->fields[to->key].id);
        r = view_need(&im->v, f->to, err);
        r = r == KT_OK ? kt_db_prepare(im->v.db, sql, &im->refs[im->fields[i]], err) : r;
    }
    return r;
}

static int prepare_unique(struct import *im, struct kt_err *err)
{
    int r = KT_OK;
    im->unique = KT_NEW_ARRAY(im->arena, struct kt_stmt *, im->reg->unique_n + 1);
    for (uint32_t i = 0; r == KT_OK && i < im->reg->unique_n; i++) {
        struct kt_buf sql;
        kt_buf_init(&sql, 1 << 16);
        kt_buf_printf(&sql, "SELECT _id FROM \"%s\" WHERE _ended IS NULL AND _id <> ?1",
                      im->reg->id);
        for (uint32_t k = 0; k < im->reg->unique[i].n; k++) {
            kt_buf_printf(&sql, " AND \"%s\" = ?%u",
                          im->reg->fields[im->reg->unique[i].field[k]].id, k + 2);
        }
        r = kt_db_prepare(im->v.db, kt_buf_cstr(&sql), &im->unique[i], err);
        kt_buf_done(&sql);
    }
    return r;
}

static int prepare(struct import *im, struct kt_err *err)
{
    int r = prepare_match(im, "_id", &im->by_id, err);
    r = r == KT_OK ? prepare_match(im, im->reg->fields[im->reg->key].id, &im->by_key, err) : r;
    r = r == KT_OK ? prepare_refs(im, err) : r;
    return r == KT_OK ? prepare_unique(im, err) : r;
}

static void finish(struct import *im)
{
    kt_stmt_done(im->by_id);
    kt_stmt_done(im->by_key);
    for (uint32_t i = 0; im->refs && i < im->reg->fields_n; i++) {
        kt_stmt_done(im->refs[i]);
    }
    for (uint32_t i = 0; im->unique && i < im->reg->unique_n; i++) {
        kt_stmt_done(im->unique[i]);
    }
}

/* ---- what is wrong with a row ---- */

static void say(struct row *w, const char *zh, const char *en)
{
    struct kt_jw a = kt_jw_init(&w->texts), b = kt_jw_init(&w->texts_en);
    a.comma = w->texts.n > 0;
    b.comma = w->texts_en.n > 0;
    kt_jw_str(&a, zh);
    kt_jw_str(&b, en);
    w->bad = true;
}

/* The refusal that a check has left in q. */
static void say_refusal(struct row *w)
{
    say(w, w->q.text_zh, w->q.text);
    w->q.text[0] = w->q.text_zh[0] = '\0';
}

/* ---- the record that a row is about ---- */

static void take_old(struct import *im, struct row *w, struct kt_stmt *st)
{
    w->id = kt_col_i64(st, 0);
    w->version = kt_col_i64(st, 1);
    for (uint32_t i = 0; i < im->fields_n; i++) {
        struct rec_value v = rec_column(st, (int)i + 2);
        if (v.type == KT_COL_TEXT) {
            v.s.p = kt_arena_strndup(w->q.a, v.s.p, v.s.n);
        }
        w->old[im->fields[i]] = v;
    }
}

static const char *cell_of(const struct import *im, const struct row *w, enum col_part part,
                           uint32_t field)
{
    for (uint32_t i = 0; i < im->columns_n; i++) {
        if (im->columns[i].part == part && im->columns[i].field == field) {
            return kt_json_get_str(w->cells, im->columns[i].name, NULL);
        }
    }
    return NULL;
}

static int look_up(struct import *im, struct row *w, struct kt_err *err)
{
    const char *id = cell_of(im, w, COL_ID, KT_NONE);
    const char *key = cell_of(im, w, COL_VALUE, im->reg->key);
    struct kt_stmt *st = id ? im->by_id : key ? im->by_key : NULL;
    if (!st) {
        return KT_OK;
    }
    kt_stmt_reset(st);
    if (id) {
        kt_bind_i64(st, 1, strtoll(id, NULL, 10));
    } else {
        kt_bind_text(st, 1, key);
    }
    int r = kt_stmt_step(st, err);
    if (r > 0) {
        take_old(im, w, st);
    } else if (r == 0 && id) {
        say(w, rec_f(&w->q, "没有编号（_id）为%.20s的记录", id),
            rec_f(&w->q, "there is no record with the _id %.20s", id));
    }
    kt_stmt_reset(st);
    return r < 0 ? r : KT_OK;
}

static void check_mode(struct import *im, struct row *w)
{
    const char *key = cell_of(im, w, COL_VALUE, im->reg->key);
    if (w->id && !im->update) {
        say(w, rec_f(&w->q, "“%.60s”已存在；只新增时不修改它", key ? key : ""),
            rec_f(&w->q, "\"%.60s\" is there already; this import adds only", key ? key : ""));
    } else if (!w->id && !im->add) {
        say(w, rec_f(&w->q, "没有“%.60s”；只更新时不新增", key ? key : ""),
            rec_f(&w->q, "there is no \"%.60s\"; this import changes only", key ? key : ""));
    }
}

/* ---- cells ---- */

static int read_field(struct import *im, struct row *w, uint32_t f, struct kt_err *err)
{
    const struct rec_field *field = &im->reg->fields[f];
    const char *text = cell_of(im, w, COL_VALUE, f);
    const char *zh = cell_of(im, w, COL_ZH, f), *en = cell_of(im, w, COL_EN, f);
    int r = KT_OK;
    w->fresh[f] = w->old[f];
    if (!text && !zh && !en) {
        return KT_OK;
    }
    w->given[f] = true;
    if (text && import_clears(text)) {
        w->fresh[f] = (struct rec_value){.type = KT_COL_NULL};
    } else if (field->type == REC_TEXT2) {
        r = import_cell2(im, &w->q, field, zh ? zh : text, en, &w->old[f], &w->fresh[f]);
    } else {
        r = import_cell(im, &w->q, field, text, &w->fresh[f], err);
    }
    if (r < 0 && w->q.text[0]) {
        w->given[f] = false;
        say_refusal(w);
        return KT_OK;
    }
    return r;
}

static bool in_scope(const struct import *im, const struct rec_value *place)
{
    const struct kt_reader *who = im->v.who;
    if (rec_sees_all(im->v.site, who->places, who->places_n) || im->reg->everywhere) {
        return true;
    }
    kt_place_id at =
        place->type == KT_COL_TEXT ? kt_site_place(im->v.site, place->s) : (kt_place_id){KT_NONE};
    for (uint32_t i = 0; at.v != KT_NONE && i < who->places_n; i++) {
        kt_place_id under = kt_site_place(im->v.site, kt_str_c(who->places[i]));
        if (under.v != KT_NONE && kt_site_within(im->v.site, at, under)) {
            return true;
        }
    }
    return false;
}

static void check_place(struct import *im, struct row *w)
{
    struct rec_value none = {.type = KT_COL_NULL};
    const struct rec_value *place = im->reg->place == KT_NONE ? &none : &w->fresh[im->reg->place];
    if (!in_scope(im, place)) {
        say(w, "地点不在您负责的范围内", "the place is not one of yours");
    }
}

static void check_required(struct import *im, struct row *w)
{
    for (uint32_t i = 0; i < im->reg->fields_n; i++) {
        const struct rec_field *f = &im->reg->fields[i];
        bool by_itself = !w->id && !w->given[i] && (f->def[0] || f->automatic[0]);
        bool must = (f->required || i == im->reg->key) && rec_stored(f) && !f->ended;
        bool touched = !w->id || w->given[i];
        if (must && touched && !by_itself && w->fresh[i].type == KT_COL_NULL) {
            say(w, rec_f(&w->q, "%s：必填", f->title.zh),
                rec_f(&w->q, "%s: is needed", f->title.en));
        }
    }
}

/* Shapes that touch what they must not. */
static int check_barriers(struct import *im, struct row *w, struct kt_err *err)
{
    int rc = KT_OK;
    for (uint32_t i = 0; rc == KT_OK && i < im->fields_n; i++) {
        uint32_t at = im->fields[i];
        const struct rec_field *f = &im->reg->fields[at];
        if (f->type == REC_GEOMETRY && w->given[at] && !import_same(&w->old[at], &w->fresh[at])) {
            w->q.text[0] = '\0';
            rc = barrier_refuse(im->v.db, im->v.model, &w->q, im->reg, at, &w->fresh[at], err);
        }
        if (rc == KT_EDENIED && w->q.text[0]) {
            say(w, kt_arena_strdup(w->q.a, w->q.text_zh), kt_arena_strdup(w->q.a, w->q.text));
            rc = KT_OK;
        }
    }
    return rc;
}

/* Fields that have to fit one another. */
static int check_accord(struct import *im, struct row *w, struct kt_err *err)
{
    w->q.text[0] = '\0';
    int rc = accord_refuse(im->v.db, im->v.site, im->v.model, &w->q, im->reg, w->id, w->old,
                           w->fresh, err);
    if (rc < 0 && w->q.text[0]) {
        say(w, kt_arena_strdup(w->q.a, w->q.text_zh), kt_arena_strdup(w->q.a, w->q.text));
        return KT_OK;
    }
    return rc;
}

static void check_rights(struct import *im, struct row *w)
{
    for (uint32_t i = 0; i < im->fields_n; i++) {
        const struct rec_field *f = &im->reg->fields[im->fields[i]];
        uint32_t at = im->fields[i];
        if (w->given[at] && f->write[0] && !import_same(&w->old[at], &w->fresh[at]) &&
            !reader_may(im->v.who, f->write)) {
            say(w, rec_f(&w->q, "没有填写“%s”的权限（%s）", f->title.zh, f->write),
                rec_f(&w->q, "%s needs the right %s", f->title.en, f->write));
        }
    }
}

/* ---- what may be there once only ---- */

static void put_value(struct kt_buf *b, const struct rec_value *v)
{
    if (v->type == KT_COL_TEXT) {
        kt_buf_put(b, v->s.p, v->s.n);
    } else if (v->type == KT_COL_INT) {
        kt_buf_printf(b, "%lld", (long long)v->i);
    } else {
        kt_buf_printf(b, "%.17g", v->f);
    }
    kt_put_u8(b, 0x1f);
}

/* Twice in this table, or in a record that the table does not name. */
static int check_set(struct import *im, struct row *w, uint32_t set, struct kt_err *err)
{
    const struct rec_names *names =
        set < im->reg->unique_n ? &im->reg->unique[set] : &(struct rec_names){&im->reg->key, 1};
    struct kt_buf what;
    uint64_t row;
    kt_buf_init(&what, 1 << 16);
    kt_buf_printf(&what, "%u\x1f", set);
    bool whole = true;
    for (uint32_t k = 0; k < names->n; k++) {
        whole = whole && w->fresh[names->field[k]].type != KT_COL_NULL;
        put_value(&what, &w->fresh[names->field[k]]);
    }
    const struct rec_field *f = &im->reg->fields[names->field[0]];
    int r = KT_OK;
    if (whole && !kt_map_add(im->seen, (struct kt_str){what.p, what.n}, (uint64_t)w->number)) {
        (void)kt_map_get(im->seen, (struct kt_str){what.p, what.n}, &row);
        say(w, rec_f(&w->q, "%s：与第%llu行重复", f->title.zh, (unsigned long long)row),
            rec_f(&w->q, "%s: row %llu has the same", f->title.en, (unsigned long long)row));
    } else if (whole && set < im->reg->unique_n) {
        struct kt_stmt *st = im->unique[set];
        kt_stmt_reset(st);
        kt_bind_i64(st, 1, w->id);
        for (uint32_t k = 0; k < names->n; k++) {
            rec_bind(st, (int)k + 2, &w->fresh[names->field[k]]);
        }
        r = kt_stmt_step(st, err);
        kt_stmt_reset(st);
        if (r > 0) {
            say(w, rec_f(&w->q, "%s：另一条记录已有此值", f->title.zh),
                rec_f(&w->q, "%s: another record has it already", f->title.en));
        }
    }
    kt_buf_done(&what);
    return r < 0 ? r : KT_OK;
}

/* ---- what comes out ---- */

static void write_change(const struct rec_field *f, const struct rec_value *from,
                         const struct rec_value *to, struct row *w)
{
    struct kt_jw a = kt_jw_init(&w->changes), b = kt_jw_init(&w->fields);
    a.comma = w->changes.n > 0;
    b.comma = w->fields.n > 0;
    kt_jw_obj(&a);
    kt_jw_kstr(&a, "field", f->id);
    kt_jw_key(&a, "from");
    rec_write_value(&a, f, from);
    kt_jw_key(&a, "to");
    rec_write_value(&a, f, to);
    kt_jw_obj_end(&a);
    kt_jw_key(&b, f->id);
    rec_write_value(&b, f, to);
}

static void decide(struct import *im, struct row *w)
{
    for (uint32_t i = 0; i < im->fields_n; i++) {
        uint32_t f = im->fields[i];
        if (w->given[f] && !import_same(&w->old[f], &w->fresh[f])) {
            write_change(&im->reg->fields[f], &w->old[f], &w->fresh[f], w);
        }
    }
    w->fate = w->bad ? FATE_ERROR : !w->id ? FATE_CREATE : w->fields.n ? FATE_CHANGE : FATE_SAME;
}

static void raw(struct kt_jw *w, const char *key, char open, const struct kt_buf *inside,
                char close)
{
    struct kt_buf b;
    kt_buf_init(&b, 0);
    kt_put_u8(&b, (uint8_t)open);
    kt_buf_put(&b, inside->n ? inside->p : "", inside->n);
    kt_put_u8(&b, (uint8_t)close);
    kt_jw_key(w, key);
    kt_jw_raw(w, (struct kt_str){b.p, b.n});
    kt_buf_done(&b);
}

static void write_row(const struct import *im, struct row *w, struct kt_jw *out, struct kt_jw *req)
{
    const struct rec_value *key = &w->fresh[im->reg->key];
    kt_jw_obj(out);
    kt_jw_kint(out, "row", w->number);
    kt_jw_kstr(out, "fate", fate_names[w->fate]);
    kt_jw_key(out, "key");
    rec_write_value(out, &im->reg->fields[im->reg->key], key);
    raw(out, "texts", '[', &w->texts, ']');
    raw(out, "texts_en", '[', &w->texts_en, ']');
    raw(out, "changes", '[', &w->changes, ']');
    kt_jw_obj_end(out);
    if (w->fate != FATE_CREATE && w->fate != FATE_CHANGE) {
        return;
    }
    kt_jw_obj(req);
    kt_jw_kint(req, "row", w->number);
    if (w->id) {
        kt_jw_kint(req, "record", w->id);
        kt_jw_kint(req, "version", w->version);
    }
    raw(req, "fields", '{', &w->fields, '}');
    kt_jw_obj_end(req);
}

/* ---- a row ---- */

static int look_at(struct import *im, struct row *w, struct kt_err *err)
{
    int r = look_up(im, w, err);
    if (r < 0) {
        return r;
    }
    check_mode(im, w);
    for (uint32_t i = 0; r == KT_OK && i < im->fields_n; i++) {
        r = read_field(im, w, im->fields[i], err);
    }
    check_place(im, w);
    check_rights(im, w);
    r = r == KT_OK ? check_barriers(im, w, err) : r;
    if (!w->bad) {
        check_required(im, w);
    }
    r = r == KT_OK && !w->bad ? check_accord(im, w, err) : r;
    for (uint32_t i = 0; r == KT_OK && !w->bad && i <= im->reg->unique_n; i++) {
        r = check_set(im, w, i, err);
    }
    decide(im, w);
    return r;
}

static int one_row(struct import *im, const struct kt_json *cells, int64_t number,
                   struct kt_jw *out, struct kt_jw *req, int64_t counts[FATES], struct kt_err *err)
{
    struct kt_arena *a = kt_arena_new(0);
    size_t n = im->reg->fields_n;
    struct row w = {.number = kt_json_get_int(cells, "", number),
                    .cells = cells,
                    .q = {.a = a, .time = im->v.who->now, .user = im->v.who->user},
                    .old = KT_NEW_ARRAY(a, struct rec_value, n),
                    .fresh = KT_NEW_ARRAY(a, struct rec_value, n),
                    .given = KT_NEW_ARRAY(a, bool, n)};
    struct kt_buf *bufs[] = {&w.texts, &w.texts_en, &w.changes, &w.fields, &w.q.problems};
    for (size_t i = 0; i < KT_ARRAY_LEN(bufs); i++) {
        kt_buf_init(bufs[i], 16 << 20);
    }
    int r = look_at(im, &w, err);
    if (r == KT_OK) {
        write_row(im, &w, out, req);
        counts[w.fate]++;
    }
    for (size_t i = 0; i < KT_ARRAY_LEN(bufs); i++) {
        kt_buf_done(bufs[i]);
    }
    kt_arena_free(a);
    return r;
}

/* ---- the table ---- */

static int all_rows(struct import *im, const struct kt_json *rows, struct kt_buf *out,
                    struct kt_err *err)
{
    int64_t counts[FATES] = {0};
    size_t before = im->request->n;
    int r = KT_OK;
    struct kt_jw w = kt_jw_init(out), q = kt_jw_init(im->request);
    kt_jw_obj(&w);
    kt_jw_key(&w, "rows");
    kt_jw_arr(&w);
    kt_jw_obj(&q);
    kt_jw_key(&q, "rows");
    kt_jw_arr(&q);
    for (size_t i = 0; r == KT_OK && i < kt_json_len(rows); i++) {
        r = kt_task_stopped(im->task)
                ? kt_err_set(err, KT_ESTATE, "stopped; nothing has been written")
                : one_row(im, kt_json_at(rows, i), (int64_t)i + 2, &w, &q, counts, err);
        kt_task_at(im->task, i + 1, kt_json_len(rows));
    }
    kt_jw_arr_end(&w);
    kt_jw_arr_end(&q);
    kt_jw_obj_end(&q);
    kt_jw_key(&w, "counts");
    kt_jw_obj(&w);
    for (int i = 0; i < FATES; i++) {
        kt_jw_kint(&w, fate_names[i], counts[i]);
    }
    kt_jw_obj_end(&w);
    kt_jw_obj_end(&w);
    if (r == KT_OK && (im->request->full || out->full)) {
        r = kt_err_set(err, KT_ELIMIT, "the table is too large; divide it");
    }
    if (!counts[FATE_CREATE] && !counts[FATE_CHANGE]) {
        im->request->n = before;
    }
    return r;
}

static void write_fault(const struct import *im, struct kt_buf *out)
{
    struct kt_jw w = kt_jw_init(out);
    kt_jw_obj(&w);
    kt_jw_key(&w, "error");
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "text", im->fault_en);
    kt_jw_kstr(&w, "text_zh", im->fault_zh);
    kt_jw_obj_end(&w);
    kt_jw_obj_end(&w);
}

static int open_register(struct import *im, const char *reg, struct kt_err *err)
{
    uint32_t i = rec_register_of(im->v.model, reg);
    if (i == KT_NONE || !reader_sees(im->v.who, &im->v.model->registers[i])) {
        return kt_err_set(err, KT_ENOTFOUND, "there is no register \"%.40s\"", reg);
    }
    im->reg = &im->v.model->registers[i];
    if (!reader_may(im->v.who, im->reg->right_import) &&
        (im->reg->is_private || !reader_may(im->v.who, "record.import"))) {
        return kt_err_set(err, KT_EDENIED, "importing needs the right %s", im->reg->right_import);
    }
    return view_need(&im->v, i, err);
}

static int run(struct import *im, const char *reg, const struct kt_json *rows, struct kt_buf *out,
               struct kt_err *err)
{
    int r = open_register(im, reg, err);
    if (r < 0) {
        return r;
    }
    if (kt_json_len(rows) == 0) {
        import_fault(im, "表中没有数据行", "the table has no rows below its first");
    } else if (kt_json_len(rows) > ROWS_MAX) {
        import_fault(im, "一次最多导入50000行，请分成几个文件",
                     "at most 50000 rows at once; divide the table");
    } else {
        import_bind(im, rows);
    }
    if (im->fault_zh) {
        write_fault(im, out);
        return KT_OK;
    }
    r = prepare(im, err);
    r = r == KT_OK ? all_rows(im, rows, out, err) : r;
    finish(im);
    return r;
}

int kt_room_import_dry(struct kt_room *room, const struct kt_reader *who, const char *reg,
                       const struct kt_json *rows, const char *mode, struct kt_task *task,
                       struct kt_buf *out, struct kt_buf *request, struct kt_err *err)
{
    struct import *im = calloc(1, sizeof(*im));
    KT_ASSERT(im);
    im->task = task;
    im->request = request;
    im->add = strcmp(mode, "update") != 0;
    im->update = strcmp(mode, "add") != 0;
    int r = view_open(room, who, 0, 0, &im->v, err);
    if (r < 0) {
        free(im);
        return r;
    }
    im->arena = kt_arena_new(64 << 20);
    im->by_name = kt_map_new(64);
    im->seen = kt_map_new(kt_json_len(rows));
    r = run(im, reg, rows, out, err);
    view_close(&im->v);
    kt_map_free(im->by_name);
    kt_map_free(im->seen);
    kt_arena_free(im->arena);
    free(im);
    return r;
}
