/* SPDX-License-Identifier: Apache-2.0 */
/* barrier_read: which records touch what they must not, and where. */
#include "record/barrier.h"
#include "record/flow.h"
#include "record/reading.h"

enum { RECORDS_MAX = 1000, RECORDS_DEFAULT = 200, ZONES_MAX = 4 << 20 };
static const char *const holds_ids[] = {"no", "yes", "unknown"};

static void write_barrier(const struct rec_view *v, const struct rec_barrier *b, struct kt_jw *w)
{
    kt_jw_obj(w);
    kt_jw_kstr(w, "id", b->id);
    kt_jw_kstr(w, "no", b->no);
    kt_text_json(w, "title", &b->title);
    kt_jw_kstr(w, "act", b->refuse ? "refuse" : "tell");
    kt_jw_kstr(w, "word", b->word);
    kt_jw_kstr(w, "text", b->text);
    kt_jw_kstr(w, "zone_register", v->model->registers[b->zone].id);
    kt_source_json(w, "source", &b->source);
    kt_jw_key(w, "responsible");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < b->responsible_n; i++) {
        kt_jw_str(w, b->responsible[i]);
    }
    kt_jw_arr_end(w);
    kt_jw_obj_end(w);
}

/* A shape that is not known may touch; one that is known and touches decides. */
static int judge(struct rec_view *v, const struct rec_barrier *b, const struct rec_register *reg,
                 struct kt_stmt *st, struct barrier_hit *hit, uint32_t *missing, struct kt_err *err)
{
    int rc = KT_OK;
    *missing = 0;
    for (uint32_t k = 0; rc == KT_OK && k < b->fields_n; k++) {
        int col = (int)(1 + b->fields[k]);
        if (!reader_sees_field(v->who, &reg->fields[b->fields[k]]) || kt_col_is_null(st, col)) {
            *missing |= 1u << k;
            continue;
        }
        struct kt_str shape = kt_str_c(kt_col_text(st, col));
        rc = barrier_judge(v->db, "temp", v->model, b, shape, hit, err);
    }
    if (*missing && hit->holds == BARRIER_NO) {
        hit->holds = BARRIER_UNKNOWN;
    }
    return rc;
}

static int write_verdict(struct rec_view *v, const struct rec_barrier *b,
                         const struct rec_register *reg, struct kt_stmt *st, struct kt_jw *w,
                         struct kt_err *err)
{
    struct barrier_hit hit = {0};
    uint32_t missing;
    kt_buf_init(&hit.zones, ZONES_MAX);
    int rc = judge(v, b, reg, st, &hit, &missing, err);
    kt_jw_obj(w);
    kt_jw_kstr(w, "barrier", b->id);
    kt_jw_kstr(w, "holds", holds_ids[hit.holds]);
    kt_jw_key(w, "missing");
    kt_jw_arr(w);
    for (uint32_t k = 0; k < b->fields_n && hit.holds == BARRIER_UNKNOWN; k++) {
        if (missing >> k & 1) {
            kt_jw_str(w, reg->fields[b->fields[k]].id);
        }
    }
    kt_jw_arr_end(w);
    kt_jw_kbool(w, "no_zones", hit.no_zones);
    kt_jw_key(w, "zones");
    kt_jw_arr(w);
    if (!hit.zones.full) {
        kt_buf_put(w->out, hit.zones.p, hit.zones.n);
    }
    kt_jw_arr_end(w);
    kt_jw_obj_end(w);
    kt_buf_done(&hit.zones);
    return rc;
}

static int write_record(struct rec_view *v, uint32_t ri, struct kt_stmt *st, struct kt_jw *w,
                        struct kt_err *err)
{
    const struct rec_register *reg = &v->model->registers[ri];
    bool seen;
    kt_jw_obj(w);
    kt_jw_key(w, "record");
    kt_jw_obj(w);
    int rc = item_named(v, ri, kt_col_i64(st, 0), w, &seen, err);
    kt_jw_obj_end(w);
    kt_jw_key(w, "verdicts");
    kt_jw_arr(w);
    for (uint32_t i = 0; rc == KT_OK && i < v->model->barriers_n; i++) {
        if (v->model->barriers[i].reg == ri) {
            rc = write_verdict(v, &v->model->barriers[i], reg, st, w, err);
        }
    }
    kt_jw_arr_end(w);
    kt_jw_obj_end(w);
    return rc;
}

static int find_records(struct rec_view *v, const struct rec_register *reg,
                        const struct kt_provision_query *q, uint32_t limit, struct kt_stmt **ret,
                        struct kt_err *err)
{
    struct kt_buf sql;
    kt_buf_init(&sql, 1 << 20);
    kt_buf_puts(&sql, "SELECT _id");
    for (uint32_t i = 0; i < reg->fields_n; i++) {
        bool shape = reg->fields[i].type == REC_GEOMETRY;
        kt_buf_printf(&sql, shape ? ", \"%s\"" : ", NULL", reg->fields[i].id);
    }
    kt_buf_printf(&sql, " FROM temp.\"%s\" WHERE %s ORDER BY _id LIMIT %u", reg->id,
                  q->record ? "_id = ?" : "_ended IS NULL AND _id > ?", limit);
    int rc = kt_db_prepare_once(v->db, kt_buf_cstr(&sql), ret, err);
    kt_buf_done(&sql);
    if (rc == KT_OK) {
        kt_bind_i64(*ret, 1, q->record ? q->record : q->after);
    }
    return rc;
}

static int write_all(struct rec_view *v, uint32_t ri, const struct kt_provision_query *q,
                     struct kt_buf *out, struct kt_err *err)
{
    const struct rec_register *reg = &v->model->registers[ri];
    uint32_t limit = q->record ? 1 : q->limit ? q->limit : RECORDS_DEFAULT, n = 0;
    struct kt_jw w = kt_jw_init(out);
    struct kt_stmt *st;
    int64_t last = 0;
    limit = limit < RECORDS_MAX ? limit : RECORDS_MAX;
    int rc = KT_OK;
    for (uint32_t i = 0; rc == KT_OK && i < v->model->barriers_n; i++) {
        rc = v->model->barriers[i].reg == ri ? view_need(v, v->model->barriers[i].zone, err) : rc;
    }
    rc = rc == KT_OK ? find_records(v, reg, q, limit, &st, err) : rc;
    if (rc < 0) {
        return rc;
    }
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "register", reg->id);
    kt_jw_key(&w, "barriers");
    kt_jw_arr(&w);
    for (uint32_t i = 0; i < v->model->barriers_n; i++) {
        if (v->model->barriers[i].reg == ri) {
            write_barrier(v, &v->model->barriers[i], &w);
        }
    }
    kt_jw_arr_end(&w);
    kt_jw_key(&w, "records");
    kt_jw_arr(&w);
    for (; (rc = kt_stmt_step(st, err)) > 0; n++) {
        last = kt_col_i64(st, 0);
        rc = write_record(v, ri, st, &w, err);
        if (rc < 0) {
            break;
        }
    }
    kt_stmt_done(st);
    kt_jw_arr_end(&w);
    kt_jw_key(&w, "next");
    if (n == limit && !q->record) {
        kt_jw_int(&w, last);
    } else {
        kt_jw_null(&w);
    }
    kt_jw_obj_end(&w);
    return rc == KT_OK && q->record && n == 0
               ? kt_err_set(err, KT_ENOTFOUND, "there is no record %lld in \"%.60s\"",
                            (long long)q->record, reg->id)
               : rc;
}

int kt_room_barriers(struct kt_room *r, const struct kt_reader *who, const char *reg,
                     const struct kt_provision_query *q, struct kt_buf *out, struct kt_err *err)
{
    struct rec_view v;
    uint32_t ri = KT_NONE;
    int rc = view_open(r, who, q->at, q->at, &v, err);
    if (rc < 0) {
        return rc;
    }
    rc = view_register(&v, reg, &ri, err);
    rc = rc == KT_OK ? write_all(&v, ri, q, out, err) : rc;
    view_close(&v);
    return rc;
}
