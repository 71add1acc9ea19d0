/* SPDX-License-Identifier: Apache-2.0 */
/* requests_more: merge, attach, detach. */
#include <stdio.h>
#include <strings.h>

#include "journal/journal.h"
#include "record/requests.h"

enum { MB = 1 << 20, FILE_MB = 100 };

/* ---- merge ---- */

/* Fields that are taken from the record that goes. */
static int taken(struct kt_room *r, struct rec_request *q, const struct rec_row *keep,
                 const struct rec_row *drop, struct rec_change **ret, uint32_t *ret_n,
                 struct kt_err *err)
{
    const struct kt_json *fields = kt_json_get(q->args, "fields");
    struct rec_change *c = KT_NEW_ARRAY(q->a, struct rec_change, kt_json_len(fields) + 1);
    struct kt_json_iter it = {0};
    uint32_t n = 0;
    while (kt_json_next(fields, &it)) {
        uint32_t f = rec_field_of(keep->reg, it.key);
        const char *which = kt_json_str(it.value);
        if (f == KT_NONE || !rec_stored(&keep->reg->fields[f]) || !which) {
            return rec_no(q, KT_EINVAL, rec_f(q, "fields: no field \"%.40s\" to choose", it.key),
                          rec_f(q, "没有可选的字段“%.40s”", it.key));
        }
        const struct rec_field *x = &keep->reg->fields[f];
        if (x->write[0] && !rec_may(q, x->write)) {
            return rec_no(q, KT_EDENIED, rec_f(q, "%s needs the right %s", x->title.en, x->write),
                          rec_f(q, "没有填写“%s”的权限", x->title.zh));
        }
        if (strcmp(which, "drop") == 0) {
            c[n] = (struct rec_change){f, drop->value[f]};
            int rc =
                x->personal ? personal_body(r, q, drop->id, x->id, &c[n].value.body, err) : KT_OK;
            if (rc < 0) {
                return rc;
            }
            n++;
        }
    }
    *ret = c;
    *ret_n = n;
    return KT_OK;
}

/* Whoever names the record that goes names the one that stays from now on. */
static int turn_one(struct kt_room *r, struct rec_request *q, int64_t id, uint32_t field,
                    int64_t keep, struct kt_err *err)
{
    struct rec_row row;
    struct kt_buf changed;
    const struct rec_change c = {field, {.type = KT_COL_INT, .i = keep}};
    bool clock = q->clock;
    kt_buf_init(&changed, 1 << 16);
    q->clock = true; /* the right to merge covers it, wherever it lies */
    int rc = rec_row_get(r, q, id, &row, err);
    rc = rc == KT_OK ? rec_put(r, q, &row, &c, 1, &changed, err) : rc;
    q->clock = clock;
    rc = rc == KT_OK ? rec_say_record(r, &row, "set", (struct kt_str){changed.p, changed.n},
                                      q->user, "merge", err)
                     : rc;
    kt_buf_done(&changed);
    return rc;
}

static int turn_field(struct kt_room *r, struct rec_request *q, const struct rec_register *reg,
                      uint32_t field, int64_t drop, int64_t keep, struct kt_err *err)
{
    char sql[200];
    struct kt_stmt *st;
    struct kt_buf ids;
    kt_buf_init(&ids, 0);
    snprintf(sql, sizeof(sql), "SELECT _id FROM \"%s\" WHERE \"%s\" = ? AND _id <> ? ORDER BY _id",
             reg->id, reg->fields[field].id);
    int rc = kt_db_prepare(r->w, sql, &st, err);
    if (rc < 0) {
        return rc;
    }
    kt_bind_i64(st, 1, drop);
    kt_bind_i64(st, 2, drop);
    while ((rc = kt_stmt_step(st, err)) > 0) {
        kt_put_i64(&ids, kt_col_i64(st, 0));
    }
    kt_stmt_done(st);
    struct kt_rd in = kt_rd_init(ids.p, ids.n);
    while (rc == KT_OK && kt_rd_left(&in)) {
        rc = turn_one(r, q, kt_get_i64(&in), field, keep, err);
    }
    kt_buf_done(&ids);
    return rc;
}

static int turn_references(struct kt_room *r, struct rec_request *q, const struct rec_row *drop,
                           int64_t keep, struct kt_err *err)
{
    int rc = KT_OK;
    uint32_t self = (uint32_t)(drop->reg - r->model->registers);
    for (uint32_t i = 0; rc == KT_OK && i < r->model->registers_n; i++) {
        const struct rec_register *reg = &r->model->registers[i];
        for (uint32_t j = 0; rc == KT_OK && j < reg->fields_n; j++) {
            if (reg->fields[j].type == REC_REF && reg->fields[j].to == self) {
                rc = turn_field(r, q, reg, j, drop->id, keep, err);
            }
        }
    }
    return rc;
}

static int copy_attachments(struct kt_room *r, const struct rec_row *drop, int64_t keep,
                            struct kt_err *err)
{
    struct kt_stmt *st;
    int rc = kt_db_prepare(
        r->w,
        "INSERT INTO kt_attachment(hash, record, field, name, type, size, by, "
        "time, seq, meta, about) SELECT hash, ?, field, name, type, size, by, time, "
        "seq, meta, about FROM kt_attachment WHERE record = ? AND ended IS NULL AND erased IS NULL "
        "ORDER BY id",
        &st, err);
    if (rc < 0) {
        return rc;
    }
    kt_bind_i64(st, 1, keep);
    kt_bind_i64(st, 2, drop->id);
    rc = kt_stmt_run(st, err);
    kt_stmt_done(st);
    return rc;
}

static int two_rows(struct kt_room *r, struct rec_request *q, struct rec_row *keep,
                    struct rec_row *drop, struct kt_err *err)
{
    int64_t keep_id = 0, drop_id = 0, version = 0;
    int rc = rec_arg_int(q, "keep", &keep_id);
    rc = rc == KT_OK ? rec_arg_int(q, "drop", &drop_id) : rc;
    rc = rc == KT_OK ? rec_arg_int(q, "version", &version) : rc;
    rc = rc == KT_OK ? rec_row_get(r, q, keep_id, keep, err) : rc;
    rc = rc == KT_OK ? rec_row_get(r, q, drop_id, drop, err) : rc;
    rc = rc == KT_OK ? rec_check_version(r, q, keep, version, err) : rc;
    if (rc == KT_OK && (keep->reg != drop->reg || keep_id == drop_id)) {
        rc = rec_no(q, KT_EINVAL, "two different records of one register",
                    "请选择同一台账的两条记录");
    }
    if (rc == KT_OK && (keep->ended_ms || drop->ended_ms)) {
        rc = rec_no(q, KT_ESTATE, "one of them is ended", "其中一条已结束");
    }
    rc = rc == KT_OK ? rec_need_write(q, keep->reg) : rc;
    rc = rc == KT_OK ? rec_check_fixed(r, q, keep, NULL, err) : rc;
    return rc == KT_OK ? rec_check_fixed(r, q, drop, NULL, err) : rc;
}

int verb_merge(struct kt_room *r, struct rec_request *q, struct kt_err *err)
{
    struct rec_row keep, drop;
    struct rec_change *c = NULL;
    uint32_t n = 0;
    struct kt_buf changed;
    if (!rec_may(q, "record.merge")) {
        return rec_no(q, KT_EDENIED, "merging needs the right record.merge",
                      "没有合并记录的权限（record.merge）");
    }
    int rc = two_rows(r, q, &keep, &drop, err);
    rc = rc == KT_OK ? taken(r, q, &keep, &drop, &c, &n, err) : rc;
    if (rc < 0) {
        return rc;
    }
    kt_buf_init(&changed, 1 << 16);
    /* the one that goes is ended first: what is unique is free then */
    rc = rec_do_end(r, q, &drop, rec_ms(q->time), keep.id, "merge", rec_f(q, "-> %s", keep.label),
                    err);
    rc = rc == KT_OK ? turn_references(r, q, &drop, keep.id, err) : rc;
    rc = rc == KT_OK ? copy_attachments(r, &drop, keep.id, err) : rc;
    int64_t version = keep.version;
    rc = rc == KT_OK ? rec_put(r, q, &keep, c, n, &changed, err) : rc;
    if (rc == KT_OK && keep.version == version) {
        rc = rec_touch(r, q, &keep, err);
    }
    rc = rc == KT_OK ? rec_say_record(r, &keep, "merge", (struct kt_str){changed.p, changed.n},
                                      q->user, q->source.note, err)
                     : rc;
    kt_buf_done(&changed);
    if (rc == KT_OK) {
        kt_jw_kint(q->result, "record", keep.id);
        kt_jw_kint(q->result, "version", keep.version);
    }
    return rc;
}

/* ---- attachments ---- */

static int file_field(struct rec_request *q, const struct rec_row *row,
                      const struct rec_field **ret)
{
    const char *id = "";
    int rc = rec_arg_text(q, "field", &id);
    uint32_t f = rc == KT_OK ? rec_field_of(row->reg, id) : KT_NONE;
    if (rc < 0) {
        return rc;
    }
    if (f == KT_NONE || !rec_is_file(&row->reg->fields[f])) {
        return rec_no(q, KT_EINVAL, rec_f(q, "field: \"%.40s\" takes no files", id),
                      rec_f(q, "字段“%.40s”不能放附件", id));
    }
    const struct rec_field *x = &row->reg->fields[f];
    if (x->ended || (x->write[0] && !rec_may(q, x->write))) {
        return rec_no(q, KT_EDENIED, rec_f(q, "%s may not be written", x->title.en),
                      rec_f(q, "不能填写“%s”", x->title.zh));
    }
    *ret = x;
    return KT_OK;
}

static bool ends_with(const char *name, const char *extension)
{
    const char *dot = strrchr(name, '.');
    return dot && strcasecmp(dot + 1, extension) == 0;
}

static int check_file(struct rec_request *q, const struct rec_field *f, const char *name,
                      const char *type, int64_t size)
{
    int most = f->max_mb ? f->max_mb : FILE_MB;
    bool fits = f->types_n == 0;
    for (uint32_t i = 0; i < f->types_n; i++) {
        fits = fits || ends_with(name, f->types[i]);
    }
    if (f->type == REC_PHOTO) {
        fits = strncmp(type, "image/", 6) == 0;
    }
    if (!fits) {
        return rec_no(q, KT_EINVAL, rec_f(q, "%s: files of this kind are not taken", f->title.en),
                      rec_f(q, "%s：不接受这种文件", f->title.zh));
    }
    if (size > (int64_t)most * MB) {
        return rec_no(q, KT_ELIMIT, rec_f(q, "%s: at most %d MB", f->title.en, most),
                      rec_f(q, "%s：最大%d MB", f->title.zh, most));
    }
    return KT_OK;
}

/* {"about": {"name", "meta"}}: what a body says of it; NULL when it is erased. */
static struct kt_json *about_of(struct kt_room *r, const char *hex)
{
    struct kt_json *v = NULL;
    struct kt_hash h;
    struct kt_buf b;
    kt_buf_init(&b, 1 << 20);
    if (!hex || kt_hash_from_hex(kt_str_c(hex), &h) < 0 ||
        kt_body_get(r->dir, &h, 1 << 20, &b, NULL) < 0 ||
        kt_json_parse((struct kt_str){b.p, b.n}, 1 << 20, &v, NULL) < 0) {
        v = NULL;
    }
    kt_buf_done(&b);
    return v;
}

static int insert_attachment(struct kt_room *r, struct rec_request *q, const struct rec_row *row,
                             const char *field, const char *hash, const char *name,
                             const char *type, int64_t size, struct kt_err *err)
{
    struct kt_stmt *st;
    struct kt_buf meta;
    const struct kt_json *m = kt_json_get(q->args, "meta");
    const char *about = kt_json_get_str(kt_json_get(q->args, "about"), "body", NULL);
    int rc = kt_db_prepare(r->w,
                           "INSERT INTO kt_attachment(hash, record, field, name, type, size, by, "
                           "time, seq, meta, about) VALUES(?,?,?,?,?,?,?,?,?,?,?)",
                           &st, err);
    if (rc < 0) {
        return rc;
    }
    struct kt_json *said = about_of(r, about);
    if (said) {
        name = kt_json_get_str(kt_json_get(said, "about"), "name", name);
        m = kt_json_get(kt_json_get(said, "about"), "meta");
    }
    kt_bind_text(st, 11, about);
    kt_buf_init(&meta, 1 << 16);
    struct kt_jw w = kt_jw_init(&meta);
    kt_bind_text(st, 1, hash);
    kt_bind_i64(st, 2, row->id);
    kt_bind_text(st, 3, field);
    kt_bind_text(st, 4, name);
    kt_bind_text(st, 5, type);
    kt_bind_i64(st, 6, size);
    kt_bind_text(st, 7, q->user);
    kt_bind_i64(st, 8, rec_ms(q->time));
    kt_bind_i64(st, 9, (int64_t)q->seq);
    if (kt_json_obj(m)) {
        kt_json_write(m, &w);
        kt_bind_str(st, 10, (struct kt_str){meta.p, meta.full ? 0 : meta.n});
    }
    rc = kt_stmt_run(st, err);
    kt_stmt_done(st);
    kt_buf_done(&meta);
    kt_json_free(said);
    return rc;
}

static int say_files(struct kt_room *r, struct rec_request *q, struct rec_row *row,
                     const struct rec_field *f, const char *change, const char *note,
                     struct kt_err *err)
{
    int rc = rec_touch(r, q, row, err);
    if (rc == KT_OK) {
        kt_jw_kint(q->result, "version", row->version);
        rc =
            rec_say_record(r, row, change, kt_str_c(rec_f(q, "\"%s\"", f->id)), q->user, note, err);
    }
    return rc;
}

int verb_attach(struct kt_room *r, struct rec_request *q, struct kt_err *err)
{
    struct rec_row row;
    const struct rec_field *f;
    const char *hash, *name;
    const char *type = kt_json_get_str(q->args, "type", "application/octet-stream");
    int64_t size = kt_json_get_int(q->args, "size", 0);
    struct kt_hash h;
    int rc = rec_row_arg(r, q, false, &row, err);
    rc = rc == KT_OK ? rec_need_write(q, row.reg) : rc;
    rc = rc == KT_OK ? file_field(q, &row, &f) : rc;
    rc = rc == KT_OK ? rec_arg_text(q, "hash", &hash) : rc;
    rc = rc == KT_OK ? rec_arg_text(q, "name", &name) : rc;
    if (rc == KT_OK && (kt_hash_from_hex(kt_str_c(hash), &h) < 0 || size < 0 ||
                        strlen(name) > 255 || strlen(type) > 100)) {
        rc = rec_no(q, KT_EINVAL, "hash, name, type or size is wrong", "附件的信息有误");
    }
    rc = rc == KT_OK ? check_file(q, f, name, type, size) : rc;
    rc = rc == KT_OK ? rec_check_file_open(r, q, &row, f->id, true, err) : rc;
    rc = rc == KT_OK ? insert_attachment(r, q, &row, f->id, hash, name, type, size, err) : rc;
    rc = rc == KT_OK ? personal_timer(r, row.id, f, hash, rec_ms(q->time), err) : rc;
    return rc == KT_OK ? say_files(r, q, &row, f, "attach", q->source.note, err) : rc;
}

int verb_detach(struct kt_room *r, struct rec_request *q, struct kt_err *err)
{
    struct rec_row row;
    const struct rec_field *f;
    const char *hash, *reason;
    struct kt_stmt *st;
    int rc = rec_row_arg(r, q, false, &row, err);
    rc = rc == KT_OK ? rec_need_write(q, row.reg) : rc;
    rc = rc == KT_OK ? file_field(q, &row, &f) : rc;
    rc = rc == KT_OK ? rec_arg_text(q, "hash", &hash) : rc;
    rc = rc == KT_OK ? rec_arg_text(q, "reason", &reason) : rc;
    rc = rc == KT_OK ? rec_check_file_open(r, q, &row, f->id, false, err) : rc;
    rc = rc == KT_OK ? kt_db_prepare(r->w,
                                     "UPDATE kt_attachment SET ended = ? WHERE record = ? AND "
                                     "field = ? AND hash = ? AND ended IS NULL",
                                     &st, err)
                     : rc;
    if (rc < 0) {
        return rc;
    }
    kt_bind_i64(st, 1, rec_ms(q->time));
    kt_bind_i64(st, 2, row.id);
    kt_bind_text(st, 3, f->id);
    kt_bind_text(st, 4, hash);
    rc = kt_stmt_run(st, err);
    kt_stmt_done(st);
    if (rc == KT_OK && kt_db_changes(r->w) == 0) {
        rc = rec_no(q, KT_ENOTFOUND, "there is no such file", "没有这个附件");
    }
    return rc == KT_OK ? say_files(r, q, &row, f, "detach", reason, err) : rc;
}
