/* SPDX-License-Identifier: Apache-2.0 */
/*
 * provision: what holds for the records of a register, what does not, and what cannot be said
 * because a fact is not known. Three-valued after Kleene; SQL's own null is the unknown.
 */
#include <stdio.h>

#include "record/flow.h"
#include "record/reading.h"

enum { RECORDS_MAX = 1000, RECORDS_DEFAULT = 200, MET_MAX = 20, SQL_MAX = 1 << 18 };
enum holds { NO, YES, UNKNOWN };
static const char *const holds_ids[] = {"no", "yes", "unknown"};

/* What one provision says of one record. */
struct verdict {
    enum holds holds;
    uint64_t missing; /* bit of each fact that is not known and would change the answer */
    uint32_t met_n;
    int64_t met[MET_MAX];
};

struct subject {
    int64_t id;
    struct verdict *of; /* of each provision asked about */
};

struct asking {
    struct rec_view v;
    uint32_t reg;
    struct kt_arena *a;
    const struct rec_provision **p;
    uint32_t p_n;
    struct subject *s;
    uint32_t s_n;
};

/* ---- one condition ---- */

/* Columns: the leaves, then "is it not known?" of each fact. */
static enum holds leaf_value(const struct kt_stmt *st, uint32_t leaf)
{
    if (kt_col_is_null(st, (int)leaf)) {
        return UNKNOWN;
    }
    double v = kt_col_f64(st, (int)leaf);
    return v < 0 || v > 0 ? YES : NO;
}

static uint64_t unknown_facts(const struct kt_stmt *st, const struct rec_provision *p)
{
    uint64_t bits = 0;
    for (uint32_t i = 0; i < p->facts_n; i++) {
        if (kt_col_i64(st, (int)(p->leaves_n + i))) {
            bits |= 1ull << i;
        }
    }
    return bits;
}

/* The depth is bounded by REC_CONDITION_DEPTH. A part that is decided changes nothing any more, so
 * only unknown parts of what is unknown say which facts are missing. */
static enum holds judge(const struct rec_condition *c, const struct kt_stmt *st, uint64_t unknown,
                        uint64_t *missing)
{
    uint64_t inner = 0;
    if (c->join == REC_LEAF) {
        enum holds h = leaf_value(st, c->leaf);
        uint64_t nulls = c->facts & unknown;
        *missing |= h == UNKNOWN ? (nulls ? nulls : c->facts) : 0;
        return h;
    }
    if (c->join == REC_NOT) {
        enum holds h = judge(&c->parts[0], st, unknown, missing);
        return h == UNKNOWN ? UNKNOWN : h == YES ? NO : YES;
    }
    enum holds decides = c->join == REC_ALL ? NO : YES, all = decides == NO ? YES : NO;
    for (uint32_t i = 0; i < c->parts_n; i++) {
        enum holds h = judge(&c->parts[i], st, unknown, &inner);
        if (h == decides) {
            return h;
        }
        all = h == UNKNOWN ? UNKNOWN : all;
    }
    *missing |= inner;
    return all;
}

/* ---- a provision over all subjects ---- */

static struct subject *subject_of(struct asking *k, int64_t id)
{
    uint32_t lo = 0, hi = k->s_n;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (k->s[mid].id < id) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo < k->s_n && k->s[lo].id == id ? &k->s[lo] : NULL;
}

static void condition_sql(const struct asking *k, const struct rec_provision *p, struct kt_buf *sql)
{
    const struct rec_register *reg = &k->v.model->registers[k->reg];
    kt_buf_puts(sql, "SELECT ");
    for (uint32_t i = 0; i < p->leaves_n; i++) {
        kt_buf_printf(sql, "(%s), ", p->leaves[i]);
    }
    for (uint32_t i = 0; i < p->facts_n; i++) {
        kt_buf_printf(sql, "%s IS NULL, ", reg->fields[p->facts[i]].id);
    }
    kt_buf_printf(sql, "_id FROM %s WHERE _id BETWEEN %lld AND %lld", reg->id,
                  (long long)k->s[0].id, (long long)k->s[k->s_n - 1].id);
}

static int judge_all(struct asking *k, uint32_t i, struct kt_err *err)
{
    const struct rec_provision *p = k->p[i];
    struct kt_stmt *st;
    struct kt_buf sql;
    kt_buf_init(&sql, SQL_MAX);
    condition_sql(k, p, &sql);
    int rc = view_sql(&k->v, kt_buf_cstr(&sql), NULL, 0, &st, err);
    kt_buf_done(&sql);
    if (rc < 0) {
        return rc;
    }
    while ((rc = kt_stmt_step(st, err)) > 0) {
        struct subject *s = subject_of(k, kt_col_i64(st, (int)(p->leaves_n + p->facts_n)));
        if (s) {
            struct verdict *v = &s->of[i];
            v->holds = judge(p->when, st, unknown_facts(st, p), &v->missing);
        }
    }
    kt_stmt_done(st);
    return rc;
}

/* The records that satisfy a provision, of each record on which it may lie. */
static int met_by(struct asking *k, uint32_t i, struct kt_err *err)
{
    struct kt_stmt *st;
    int rc = view_sql(&k->v, k->p[i]->met_sql, NULL, 0, &st, err);
    if (rc < 0) {
        return rc;
    }
    int at = kt_bind_index(st, ":id");
    for (uint32_t n = 0; rc >= 0 && n < k->s_n; n++) {
        struct verdict *v = &k->s[n].of[i];
        if (v->holds == NO) {
            continue;
        }
        if (at) {
            kt_bind_i64(st, at, k->s[n].id);
        }
        while (v->met_n < MET_MAX && (rc = kt_stmt_step(st, err)) > 0) {
            v->met[v->met_n++] = kt_col_i64(st, 0);
        }
        kt_stmt_reset(st);
    }
    kt_stmt_done(st);
    return rc < 0 ? rc : KT_OK;
}

static int ask_all(struct asking *k, struct kt_err *err)
{
    int rc = KT_OK;
    for (uint32_t i = 0; rc == KT_OK && i < k->p_n; i++) {
        if (k->p[i]->when) {
            rc = judge_all(k, i, err);
        } else {
            for (uint32_t n = 0; n < k->s_n; n++) {
                k->s[n].of[i].holds = YES;
            }
        }
        if (rc == KT_OK && k->p[i]->met != KT_NONE) {
            rc = met_by(k, i, err);
        }
    }
    return rc;
}

/* ---- which ---- */

static int find_subjects(struct asking *k, int64_t only, int64_t after, uint32_t limit,
                         struct kt_err *err)
{
    struct kt_stmt *st;
    char sql[200];
    k->s = KT_NEW_ARRAY(k->a, struct subject, limit);
    snprintf(sql, sizeof sql, "SELECT _id FROM temp.\"%s\" WHERE %s ORDER BY _id LIMIT %u",
             k->v.model->registers[k->reg].id, only ? "_id = ?" : "_ended IS NULL AND _id > ?",
             limit);
    int rc = kt_db_prepare_once(k->v.db, sql, &st, err);
    if (rc < 0) {
        return rc;
    }
    kt_bind_i64(st, 1, only ? only : after);
    while ((rc = kt_stmt_step(st, err)) > 0) {
        k->s[k->s_n++] =
            (struct subject){kt_col_i64(st, 0), KT_NEW_ARRAY(k->a, struct verdict, k->p_n + 1)};
    }
    kt_stmt_done(st);
    return rc < 0 ? rc : KT_OK;
}

static void find_provisions(struct asking *k)
{
    const struct kt_record_model *m = k->v.model;
    k->p = KT_NEW_ARRAY(k->a, const struct rec_provision *, m->provisions_n + 1);
    for (uint32_t i = 0; i < m->provisions_n; i++) {
        if (m->provisions[i].reg == k->reg) {
            k->p[k->p_n++] = &m->provisions[i];
        }
    }
}

/* ---- writing ---- */

static void write_provision(const struct asking *k, const struct rec_provision *p, struct kt_jw *w)
{
    const struct rec_register *reg = &k->v.model->registers[k->reg];
    kt_jw_obj(w);
    kt_jw_kstr(w, "id", p->id);
    kt_jw_kstr(w, "no", p->no);
    kt_text_json(w, "title", &p->title);
    kt_jw_kstr(w, "modality", rec_modality_ids[p->modality]);
    kt_jw_kstr(w, "word", p->word);
    kt_jw_kstr(w, "technique", p->technique);
    kt_jw_kstr(w, "text", p->text);
    kt_source_json(w, "source", &p->source);
    kt_jw_key(w, "responsible");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < p->responsible_n; i++) {
        kt_jw_str(w, p->responsible[i]);
    }
    kt_jw_arr_end(w);
    kt_jw_key(w, "facts");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < p->facts_n; i++) {
        kt_jw_str(w, reg->fields[p->facts[i]].id);
    }
    kt_jw_arr_end(w);
    kt_jw_kbool(w, "can_be_met", p->met != KT_NONE);
    kt_jw_obj_end(w);
}

static int write_named(struct asking *k, uint32_t reg, int64_t id, struct kt_jw *w,
                       struct kt_err *err)
{
    bool seen;
    kt_jw_obj(w);
    int rc = item_named(&k->v, reg, id, w, &seen, err);
    kt_jw_obj_end(w);
    return rc;
}

static int write_met(struct asking *k, const struct rec_provision *p, const struct verdict *v,
                     struct kt_jw *w, struct kt_err *err)
{
    int rc = KT_OK;
    kt_jw_key(w, "met");
    kt_jw_arr(w);
    for (uint32_t i = 0; rc == KT_OK && i < v->met_n; i++) {
        rc = write_named(k, p->met, v->met[i], w, err);
    }
    kt_jw_arr_end(w);
    return rc;
}

static int write_verdict(struct asking *k, const struct rec_provision *p, const struct verdict *v,
                         struct kt_jw *w, struct kt_err *err)
{
    const struct rec_register *reg = &k->v.model->registers[k->reg];
    int rc = KT_OK;
    kt_jw_obj(w);
    kt_jw_kstr(w, "provision", p->id);
    kt_jw_kstr(w, "holds", holds_ids[v->holds]);
    kt_jw_key(w, "missing");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < p->facts_n; i++) {
        if (v->holds == UNKNOWN && v->missing >> i & 1) {
            kt_jw_str(w, reg->fields[p->facts[i]].id);
        }
    }
    kt_jw_arr_end(w);
    if (p->met != KT_NONE) {
        rc = write_met(k, p, v, w, err);
    }
    kt_jw_obj_end(w);
    return rc;
}

static int write_subject(struct asking *k, const struct subject *s, struct kt_jw *w,
                         struct kt_err *err)
{
    kt_jw_obj(w);
    kt_jw_key(w, "record");
    int rc = write_named(k, k->reg, s->id, w, err);
    kt_jw_key(w, "verdicts");
    kt_jw_arr(w);
    for (uint32_t i = 0; rc == KT_OK && i < k->p_n; i++) {
        rc = write_verdict(k, k->p[i], &s->of[i], w, err);
    }
    kt_jw_arr_end(w);
    kt_jw_obj_end(w);
    return rc;
}

static int write_all(struct asking *k, bool more, struct kt_buf *out, struct kt_err *err)
{
    struct kt_jw w = kt_jw_init(out);
    int rc = KT_OK;
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "register", k->v.model->registers[k->reg].id);
    kt_jw_key(&w, "provisions");
    kt_jw_arr(&w);
    for (uint32_t i = 0; i < k->p_n; i++) {
        write_provision(k, k->p[i], &w);
    }
    kt_jw_arr_end(&w);
    kt_jw_key(&w, "records");
    kt_jw_arr(&w);
    for (uint32_t i = 0; rc == KT_OK && i < k->s_n; i++) {
        rc = write_subject(k, &k->s[i], &w, err);
    }
    kt_jw_arr_end(&w);
    kt_jw_key(&w, "next");
    if (more) {
        kt_jw_int(&w, k->s[k->s_n - 1].id);
    } else {
        kt_jw_null(&w);
    }
    kt_jw_obj_end(&w);
    return rc;
}

int kt_room_provisions(struct kt_room *r, const struct kt_reader *who, const char *reg,
                       const struct kt_provision_query *q, struct kt_buf *out, struct kt_err *err)
{
    struct asking k = {0};
    uint32_t limit = q->record ? 1 : q->limit ? q->limit : RECORDS_DEFAULT;
    limit = limit < RECORDS_MAX ? limit : RECORDS_MAX;
    int rc = view_open(r, who, q->at, q->at, &k.v, err);
    if (rc < 0) {
        return rc;
    }
    k.a = kt_arena_new(256 << 20);
    rc = view_register(&k.v, reg, &k.reg, err);
    if (rc == KT_OK) {
        find_provisions(&k);
        rc = find_subjects(&k, q->record, q->after, limit, err);
    }
    if (rc == KT_OK && q->record && k.s_n == 0) {
        rc = kt_err_set(err, KT_ENOTFOUND, "there is no record %lld in \"%.60s\"",
                        (long long)q->record, reg);
    }
    rc = rc == KT_OK && k.s_n ? ask_all(&k, err) : rc;
    rc = rc == KT_OK ? write_all(&k, !q->record && k.s_n == limit, out, err) : rc;
    kt_arena_free(k.a);
    view_close(&k.v);
    return rc;
}
