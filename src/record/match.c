/* SPDX-License-Identifier: Apache-2.0 */
/*
 * match: which offers suit a record, or which records an offer suits. Three-valued: a fact that is
 * needed and not known leaves it unknown and is named; a need that is not said is none.
 */
#include <stdio.h>

#include "record/flow.h"
#include "record/reading.h"

enum { SQL_MAX = 1 << 16, ITEMS_MAX = 500 };

struct matching {
    struct rec_view v;
    uint32_t reg;
    int64_t id;
};

/* Of each need: 1 fits or not asked, 0 does not, null not known. */
static void needs_sql(const struct kt_record_model *m, const struct rec_match *x,
                      struct kt_buf *sql)
{
    static const char *const compare[] = {"=", ">=", "<="};
    const struct rec_register *of = &m->registers[x->reg], *to = &m->registers[x->offers];
    for (uint32_t i = 0; i < x->needs_n; i++) {
        const struct rec_need *n = &x->needs[i];
        const char *fact = of->fields[n->fact].id, *need = to->fields[n->need].id;
        kt_buf_printf(sql, "CASE WHEN o.\"%s\" IS NULL THEN 1 ELSE s.\"%s\" %s o.\"%s\" END, ",
                      need, fact, compare[n->how], need);
    }
}

static int ask(struct matching *k, const struct rec_match *x, bool offers, struct kt_stmt **ret,
               struct kt_err *err)
{
    const struct kt_record_model *m = k->v.model;
    struct kt_buf sql;
    int rc = view_need(&k->v, x->reg, err);
    rc = rc == KT_OK ? view_need(&k->v, x->offers, err) : rc;
    if (rc < 0) {
        return rc;
    }
    kt_buf_init(&sql, SQL_MAX);
    kt_buf_puts(&sql, "SELECT ");
    needs_sql(m, x, &sql);
    kt_buf_printf(&sql, "%s._id FROM temp.\"%s\" s, temp.\"%s\" o WHERE %s._id = ?1 ",
                  offers ? "o" : "s", m->registers[x->reg].id, m->registers[x->offers].id,
                  offers ? "s" : "o");
    if (x->state != KT_NONE) {
        kt_buf_printf(&sql, "AND o._state = '%s' ", x->state_id);
    }
    kt_buf_printf(&sql, "AND s._ended IS NULL AND o._ended IS NULL ORDER BY %s._id LIMIT %d",
                  offers ? "o" : "s", ITEMS_MAX);
    rc = kt_db_prepare_once(k->v.db, kt_buf_cstr(&sql), ret, err);
    kt_buf_done(&sql);
    if (rc == KT_OK) {
        kt_bind_i64(*ret, 1, k->id);
    }
    return rc;
}

/* @return 0 no, 1 yes, 2 unknown */
static int judge(const struct kt_stmt *st, uint32_t n)
{
    int all = 1;
    for (uint32_t i = 0; i < n; i++) {
        if (kt_col_is_null(st, (int)i)) {
            all = 2;
        } else if (kt_col_i64(st, (int)i) == 0) {
            return 0;
        }
    }
    return all;
}

static void missing(const struct matching *k, const struct rec_match *x, const struct kt_stmt *st,
                    struct kt_jw *w)
{
    const struct rec_register *of = &k->v.model->registers[x->reg];
    uint32_t last = KT_NONE;
    kt_jw_key(w, "missing");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < x->needs_n; i++) {
        if (kt_col_is_null(st, (int)i) && x->needs[i].fact != last) {
            last = x->needs[i].fact;
            kt_jw_str(w, of->fields[last].id);
        }
    }
    kt_jw_arr_end(w);
}

static int items(struct matching *k, const struct rec_match *x, bool offers, struct kt_jw *w,
                 struct kt_err *err)
{
    struct kt_stmt *st;
    int64_t no = 0;
    int rc = ask(k, x, offers, &st, err);
    if (rc < 0) {
        return rc;
    }
    kt_jw_key(w, "items");
    kt_jw_arr(w);
    while ((rc = kt_stmt_step(st, err)) > 0) {
        int holds = judge(st, x->needs_n);
        bool seen;
        if (holds == 0) {
            no++;
            continue;
        }
        kt_jw_obj(w);
        kt_jw_kstr(w, "holds", holds == 1 ? "yes" : "unknown");
        missing(k, x, st, w);
        kt_jw_key(w, "record");
        kt_jw_obj(w);
        rc = item_named(&k->v, offers ? x->offers : x->reg, kt_col_i64(st, (int)x->needs_n), w,
                        &seen, err);
        kt_jw_obj_end(w);
        kt_jw_obj_end(w);
        if (rc < 0) {
            break;
        }
    }
    kt_stmt_done(st);
    kt_jw_arr_end(w);
    kt_jw_kint(w, "no", no);
    return rc < 0 ? rc : KT_OK;
}

/* Not there, or not for who asks: one answer. */
static int is_there(struct matching *k, const char *reg, struct kt_err *err)
{
    char sql[120];
    struct kt_stmt *st;
    int rc = view_need(&k->v, k->reg, err);
    snprintf(sql, sizeof(sql), "SELECT 1 FROM temp.\"%s\" WHERE _id = ?1",
             k->v.model->registers[k->reg].id);
    rc = rc == KT_OK ? kt_db_prepare_once(k->v.db, sql, &st, err) : rc;
    if (rc < 0) {
        return rc;
    }
    kt_bind_i64(st, 1, k->id);
    rc = kt_stmt_step(st, err);
    kt_stmt_done(st);
    return rc == 0  ? kt_err_set(err, KT_ENOTFOUND, "there is no record %lld in \"%.60s\"",
                                 (long long)k->id, reg)
           : rc < 0 ? rc
                    : KT_OK;
}

static int write_match(struct matching *k, const struct rec_match *x, struct kt_jw *w,
                       struct kt_err *err)
{
    const struct kt_record_model *m = k->v.model;
    bool offers = x->reg == k->reg;
    kt_jw_obj(w);
    kt_jw_kstr(w, "id", x->id);
    kt_text_json(w, "title", &x->title);
    kt_jw_kstr(w, "facts_of", m->registers[x->reg].id);
    kt_jw_kstr(w, "lists", m->registers[offers ? x->offers : x->reg].id);
    int rc = items(k, x, offers, w, err);
    kt_jw_obj_end(w);
    return rc;
}

int kt_room_matches(struct kt_room *r, const struct kt_reader *who, const char *reg, int64_t record,
                    struct kt_buf *out, struct kt_err *err)
{
    struct matching k = {.id = record};
    int rc = view_open(r, who, 0, 0, &k.v, err);
    if (rc < 0) {
        return rc;
    }
    rc = view_register(&k.v, reg, &k.reg, err);
    rc = rc == KT_OK ? is_there(&k, reg, err) : rc;
    struct kt_jw w = kt_jw_init(out);
    kt_jw_obj(&w);
    kt_jw_key(&w, "matches");
    kt_jw_arr(&w);
    for (uint32_t i = 0; rc == KT_OK && i < k.v.model->matches_n; i++) {
        const struct rec_match *x = &k.v.model->matches[i];
        bool sees = reader_sees(who, &k.v.model->registers[x->reg]) &&
                    reader_sees(who, &k.v.model->registers[x->offers]);
        if (sees && (x->reg == k.reg || x->offers == k.reg)) {
            rc = write_match(&k, x, &w, err);
        }
    }
    kt_jw_arr_end(&w);
    kt_jw_obj_end(&w);
    view_close(&k.v);
    return rc;
}
