/* SPDX-License-Identifier: Apache-2.0 */
/*
 * requests_bulk: one request over many records. In a bulk each record is done or refused by itself;
 * an import is done whole or not at all.
 */
#include "record/requests.h"

#include <string.h>

#include "journal/journal.h"

enum { BULK_MAX = 1000, IMPORT_MAX = 50000, BODY_MAX = 64 << 20 };

/* ---- bulk ---- */

static void sub_args(const struct rec_request *q, const struct kt_json *one, struct kt_buf *out)
{
    static const char *const same[] = {"fields", "transition", "note", "to", "source", "since"};
    struct kt_jw w = kt_jw_init(out);
    kt_jw_obj(&w);
    kt_jw_kint(&w, "record", kt_json_get_int(one, "record", 0));
    kt_jw_kint(&w, "version", kt_json_get_int(one, "version", 0));
    for (size_t i = 0; i < KT_ARRAY_LEN(same); i++) {
        const struct kt_json *v = kt_json_get(q->args, same[i]);
        if (v) {
            kt_jw_key(&w, same[i]);
            kt_json_write(v, &w);
        }
    }
    kt_jw_obj_end(&w);
}

/* One record inside of its own savepoint. *ret_code: what became of it. */
static int one_of_bulk(struct kt_room *r, struct rec_request *q, const struct rec_register *reg,
                       const struct kt_json *one, struct rec_request *sub, int *ret_code,
                       struct kt_err *err)
{
    size_t said = r->said.n;
    uint32_t k = r->k;
    int64_t last_id = r->last_id;
    struct kt_err why = {0};
    struct rec_row row;
    int64_t id = kt_json_get_int(one, "record", 0);
    int rc = rec_savepoint(r, "SAVEPOINT", "one", err);
    if (rc < 0) {
        return rc;
    }
    int code = rec_row_get(r, sub, id, &row, &why);
    if (code == KT_OK && row.reg != reg) {
        code = rec_no(sub, KT_EINVAL, rec_f(q, "it is not in %s", reg->title.en),
                      rec_f(q, "不属于“%s”", reg->title.zh));
    }
    code = code == KT_OK ? rec_run_verb(r, sub, &why) : code;
    if (code < 0) {
        if (!sub->text[0] && rec_is_fatal(why.code)) {
            *err = why;
            return why.code;
        }
        r->said.n = said;
        r->k = k;
        r->last_id = last_id;
        rc = rec_savepoint(r, "ROLLBACK TO", "one", err);
    }
    *ret_code = code;
    return rc == KT_OK ? rec_savepoint(r, "RELEASE", "one", err) : rc;
}

static int bulk_item(struct kt_room *r, struct rec_request *q, const struct rec_register *reg,
                     const struct kt_json *one, struct kt_jw *refused, int64_t *done,
                     struct kt_err *err)
{
    struct kt_buf text, result;
    struct kt_json *args = NULL;
    int code = KT_OK;
    kt_buf_init(&text, 8 << 20);
    kt_buf_init(&result, 1 << 20);
    sub_args(q, one, &text);
    struct kt_jw w = kt_jw_init(&result);
    struct rec_request sub = *q;
    int rc = kt_json_parse((struct kt_str){text.p, text.n}, 0, &args, err);
    sub.args = args;
    sub.verb = kt_json_get(q->args, "transition") ? "record.move" : "record.set";
    sub.result = &w;
    kt_buf_init(&sub.problems, 1 << 16);
    rc = rc == KT_OK ? one_of_bulk(r, q, reg, one, &sub, &code, err) : rc;
    if (rc == KT_OK && code < 0) {
        kt_jw_obj(refused);
        kt_jw_kint(refused, "record", kt_json_get_int(one, "record", 0));
        kt_jw_kstr(refused, "code", kt_err_name(code));
        kt_jw_kstr(refused, "text", sub.text);
        kt_jw_kstr(refused, "text_zh", sub.text_zh);
        kt_jw_obj_end(refused);
    } else if (rc == KT_OK) {
        (*done)++;
    }
    kt_buf_done(&sub.problems);
    kt_json_free(args);
    kt_buf_done(&text);
    kt_buf_done(&result);
    return rc;
}

int verb_bulk(struct kt_room *r, struct rec_request *q, struct kt_err *err)
{
    const struct rec_register *reg;
    const struct kt_json *list = kt_json_get(q->args, "records");
    struct kt_buf refused;
    int64_t done = 0;
    int rc = rec_arg_register(r, q, &reg);
    if (rc == KT_OK && (kt_json_len(list) == 0 || kt_json_len(list) > BULK_MAX)) {
        rc = rec_no(q, KT_EINVAL, rec_f(q, "records: between 1 and %d", BULK_MAX),
                    rec_f(q, "请选择1至%d条记录", BULK_MAX));
    }
    if (rc < 0) {
        return rc;
    }
    kt_buf_init(&refused, 2 << 20);
    struct kt_jw w = kt_jw_init(&refused);
    kt_jw_arr(&w);
    for (size_t i = 0; rc == KT_OK && i < kt_json_len(list); i++) {
        rc = bulk_item(r, q, reg, kt_json_at(list, i), &w, &done, err);
    }
    kt_jw_arr_end(&w);
    if (rc == KT_OK) {
        kt_jw_kint(q->result, "done", done);
        kt_jw_key(q->result, "refused");
        kt_jw_raw(q->result, (struct kt_str){refused.p, refused.n});
    }
    kt_buf_done(&refused);
    return rc;
}

/* ---- import ---- */

struct counts {
    int64_t created, changed, same;
};

static int import_row(struct kt_room *r, struct rec_request *q, const struct rec_register *reg,
                      const struct kt_json *one, struct counts *n, struct kt_err *err)
{
    struct rec_row row;
    const struct kt_json *all = q->args;
    q->args = one; /* its record, version and fields */
    int rc;
    if (kt_json_get(one, "record")) {
        rc = rec_row_arg(r, q, true, &row, err);
        if (rc == KT_OK && row.reg != reg) {
            rc = rec_no(q, KT_EINVAL, rec_f(q, "it is not in %s", reg->title.en),
                        rec_f(q, "不属于“%s”", reg->title.zh));
        }
        int64_t version = rc == KT_OK ? row.version : 0;
        rc = rc == KT_OK ? rec_do_set(r, q, &row, err) : rc;
        n->changed += rc == KT_OK && row.version > version;
        n->same += rc == KT_OK && row.version == version;
    } else {
        rc = rec_do_create(r, q, reg, &row, err);
        n->created += rc == KT_OK;
    }
    q->args = all;
    if (rc < 0 && q->text[0]) {
        int64_t at = kt_json_get_int(one, "row", 0);
        rc = rec_no(q, rc, rec_f(q, "row %lld: %s", (long long)at, q->text),
                    rec_f(q, "第%lld行：%s", (long long)at, q->text_zh));
    }
    return rc;
}

static int import_rows(struct kt_room *r, struct rec_request *q, const struct rec_register *reg,
                       const struct kt_json *rows, struct kt_err *err)
{
    struct counts n = {0};
    int rc = KT_OK;
    if (kt_json_len(rows) == 0 || kt_json_len(rows) > IMPORT_MAX) {
        return rec_no(q, KT_EINVAL, rec_f(q, "rows: between 1 and %d", IMPORT_MAX),
                      rec_f(q, "一次可导入1至%d行", IMPORT_MAX));
    }
    struct kt_arena *keep = q->a;
    for (size_t i = 0; rc == KT_OK && i < kt_json_len(rows); i++) {
        q->a = kt_arena_new(0); /* a row's */
        rc = import_row(r, q, reg, kt_json_at(rows, i), &n, err);
        kt_arena_free(q->a);
        kt_task_at(&r->importing, i + 1, kt_json_len(rows));
    }
    q->a = keep;
    if (rc == KT_OK) {
        kt_jw_kint(q->result, "created", n.created);
        kt_jw_kint(q->result, "changed", n.changed);
        kt_jw_kint(q->result, "same", n.same);
    }
    return rc;
}

static void set_importing(struct kt_room *r, const struct kt_hash *body)
{
    pthread_mutex_lock(&r->lock);
    r->importing_body = *body;
    kt_task_part(&r->importing, 0, 1000);
    pthread_mutex_unlock(&r->lock);
}

uint32_t kt_room_import_permille(struct kt_room *r, const struct kt_hash *body)
{
    pthread_mutex_lock(&r->lock);
    bool it = memcmp(r->importing_body.b, body->b, sizeof(body->b)) == 0;
    uint32_t permille = it ? kt_task_permille(&r->importing) : 0;
    pthread_mutex_unlock(&r->lock);
    return permille;
}

int verb_import(struct kt_room *r, struct rec_request *q, struct kt_err *err)
{
    const struct rec_register *reg;
    const char *body;
    struct kt_hash h;
    struct kt_buf text;
    struct kt_json *root = NULL;
    int rc = rec_arg_register(r, q, &reg);
    if (rc == KT_OK && !rec_may(q, reg->right_import) &&
        (reg->is_private || !rec_may(q, "record.import"))) {
        rc = rec_no(q, KT_EDENIED, rec_f(q, "importing needs the right %s", reg->right_import),
                    rec_f(q, "没有导入的权限（%s）", reg->right_import));
    }
    rc = rc == KT_OK ? rec_arg_text(q, "body", &body) : rc;
    if (rc < 0) {
        return rc;
    }
    kt_buf_init(&text, BODY_MAX);
    struct kt_err why = {0};
    if (kt_hash_from_hex(kt_str_c(body), &h) < 0 ||
        kt_body_get(r->dir, &h, BODY_MAX, &text, &why) < 0 ||
        kt_json_parse((struct kt_str){text.p, text.n}, BODY_MAX, &root, &why) < 0) {
        rc = rec_no(q, KT_ENOTFOUND, "body: the table to import is not there", "要导入的表不存在");
    } else {
        set_importing(r, &h);
        rc = import_rows(r, q, reg, kt_json_get(root, "rows"), err);
        set_importing(r, &(struct kt_hash){0});
    }
    kt_json_free(root);
    kt_buf_done(&text);
    return rc;
}
