/* SPDX-License-Identifier: Apache-2.0 */
/* accord: fields of one record that have to fit one another, and the sentence when they do not. */
#include "record/accord.h"

#include "record/flow.h"
#include "record/requests.h"
#include "record/value.h"

enum { TEXT_MAX = 1 << 12, SHOWN_MAX = 20 };

static bool changed(const struct rec_value *before, const struct rec_value *after, uint32_t field)
{
    return !rec_same(&before[field], &after[field]);
}

static void say_value(const struct kt_site *site, const struct rec_field *f,
                      const struct rec_value *v, bool en, struct kt_buf *out)
{
    kt_place_id p = f->type == REC_PLACE && v->type == KT_COL_TEXT ? kt_site_place(site, v->s)
                                                                   : (kt_place_id){KT_NONE};
    if (p.v == KT_NONE) {
        value_text(f, v, out);
        return;
    }
    const struct kt_text *name = &site->places[p.v].name;
    kt_buf_puts(out, en && name->en[0] ? name->en : name->zh);
}

/* The key of the record that a value names, or the value. */
static int say_shared(struct kt_db *db, const struct rec_field *f, const struct rec_value *v,
                      struct kt_buf *out, struct kt_err *err)
{
    struct kt_stmt *st;
    if (f->type != REC_REF) {
        value_text(f, v, out);
        return KT_OK;
    }
    int rc = kt_db_prepare_once(db, "SELECT key FROM main.kt_record WHERE id = ?", &st, err);
    if (rc < 0) {
        return rc;
    }
    rec_bind(st, 1, v);
    rc = kt_stmt_step(st, err);
    if (rc > 0 && kt_col_text(st, 0)) {
        kt_buf_puts(out, kt_col_text(st, 0));
    }
    kt_stmt_done(st);
    return rc < 0 ? rc : KT_OK;
}

struct fitting {
    bool fits;
    uint32_t n;
    struct kt_buf zh, en, shared; /* what would fit; whose they are */
};

static void among_sql(const struct rec_register *to, const struct rec_among *a, struct kt_buf *sql)
{
    const char *field = to->fields[a->field].id;
    if (a->share == KT_NONE) {
        kt_buf_printf(sql, "SELECT o.\"%s\", NULL FROM main.\"%s\" o WHERE o._id = ?1", field,
                      to->id);
        return;
    }
    const char *share = to->fields[a->share].id;
    kt_buf_printf(sql,
                  "SELECT o.\"%s\", t.\"%s\" FROM main.\"%s\" t JOIN main.\"%s\" o ON "
                  "(o.\"%s\" = t.\"%s\" AND o._ended IS NULL) OR o._id = t._id WHERE t._id = ?1 "
                  "ORDER BY o._id",
                  field, share, to->id, to->id, share, share);
}

static int look(struct kt_db *db, const struct kt_site *site, const struct rec_register *to,
                const struct rec_among *a, const struct rec_value *named,
                const struct rec_value *wanted, struct fitting *ret, struct kt_err *err)
{
    struct kt_buf sql;
    struct kt_stmt *st;
    kt_buf_init(&sql, TEXT_MAX);
    among_sql(to, a, &sql);
    int rc = kt_db_prepare_once(db, kt_buf_cstr(&sql), &st, err);
    kt_buf_done(&sql);
    if (rc < 0) {
        return rc;
    }
    rec_bind(st, 1, named);
    while ((rc = kt_stmt_step(st, err)) > 0) {
        struct rec_value v = rec_column(st, 0), share = rec_column(st, 1);
        ret->fits = ret->fits || rec_same(&v, wanted);
        if (ret->n == 0 && a->share != KT_NONE) {
            rc = say_shared(db, &to->fields[a->share], &share, &ret->shared, err);
            if (rc < 0) {
                break;
            }
        }
        if (v.type != KT_COL_NULL && ret->n < SHOWN_MAX) {
            kt_buf_puts(&ret->zh, ret->n ? "、" : "");
            kt_buf_puts(&ret->en, ret->n ? ", " : "");
            say_value(site, &to->fields[a->field], &v, false, &ret->zh);
            say_value(site, &to->fields[a->field], &v, true, &ret->en);
            ret->n++;
        }
    }
    kt_stmt_done(st);
    return rc;
}

static int refuse(const struct kt_site *site, struct rec_request *q, const struct rec_field *f,
                  const struct rec_field *whose, const struct rec_value *v, struct fitting *fit)
{
    struct kt_buf zh, en;
    kt_buf_init(&zh, TEXT_MAX);
    kt_buf_init(&en, TEXT_MAX);
    say_value(site, f, v, false, &zh);
    say_value(site, f, v, true, &en);
    const char *shared = kt_buf_cstr(&fit->shared);
    int rc =
        rec_no(q, KT_EINVAL,
               rec_f(q, "%s: %s is not one of %s %s: %s", f->title.en, kt_buf_cstr(&en),
                     whose->title.en, shared, fit->n ? kt_buf_cstr(&fit->en) : "there is none"),
               rec_f(q, "%s：%s不在%s%s所列之中，所列为：%s", f->title.zh, kt_buf_cstr(&zh),
                     whose->title.zh, shared, fit->n ? kt_buf_cstr(&fit->zh) : "（无）"));
    kt_buf_done(&zh);
    kt_buf_done(&en);
    return rc;
}

static int check_among(struct kt_db *db, const struct kt_site *site,
                       const struct kt_record_model *m, struct rec_request *q,
                       const struct rec_register *reg, const struct rec_field *f,
                       const struct rec_value *v, const struct rec_value *named, struct kt_err *err)
{
    const struct rec_among *a = &f->among;
    const struct rec_register *to = &m->registers[reg->fields[a->of].to];
    struct fitting fit = {0};
    kt_buf_init(&fit.zh, TEXT_MAX);
    kt_buf_init(&fit.en, TEXT_MAX);
    kt_buf_init(&fit.shared, TEXT_MAX);
    int rc = look(db, site, to, a, named, v, &fit, err);
    if (rc == KT_OK && !fit.fits) {
        rc = refuse(site, q, f, a->share == KT_NONE ? &reg->fields[a->of] : &to->fields[a->share],
                    v, &fit);
    }
    kt_buf_done(&fit.zh);
    kt_buf_done(&fit.en);
    kt_buf_done(&fit.shared);
    return rc;
}

/* The field of the record that is named, and the sum of this field over others that name it, too.
 */
static void most_sql(const struct kt_record_model *m, const struct rec_register *reg,
                     const struct rec_field *f, const struct rec_register *to, struct kt_buf *sql)
{
    const char *of = reg->fields[f->most.of].id;
    kt_buf_printf(sql,
                  "SELECT o.\"%s\", (SELECT sum(x.\"%s\") FROM main.\"%s\" x WHERE x.\"%s\" = ?1 "
                  "AND x._id <> ?2 AND x._ended IS NULL",
                  to->fields[f->most.field].id, f->id, reg->id, of);
    const struct rec_workflow *w = flow_of(m, reg);
    for (uint32_t i = 0; w && i < w->states_n; i++) {
        if (w->states[i].kind == REC_VOID) {
            kt_buf_printf(sql, " AND x._state <> '%s'", w->states[i].id);
        }
    }
    kt_buf_printf(sql, ") FROM main.\"%s\" o WHERE o._id = ?1", to->id);
}

static double number_of(const struct rec_value *v)
{
    return v->type == KT_COL_REAL ? v->f : (v->type == KT_COL_INT ? (double)v->i : 0);
}

static int refuse_most(struct rec_request *q, const struct rec_field *f, const struct rec_field *of,
                       const struct rec_field *most, double sum, const struct rec_value *limit)
{
    if (limit->type == KT_COL_NULL) {
        return rec_no(q, KT_EINVAL,
                      rec_f(q, "%s: %s has no %s yet", f->title.en, of->title.en, most->title.en),
                      rec_f(q, "%s：%s尚无“%s”", f->title.zh, of->title.zh, most->title.zh));
    }
    return rec_no(q, KT_EINVAL,
                  rec_f(q, "%s: %g together with what else rests on the same %s; %s is %g",
                        f->title.en, sum, of->title.en, most->title.en, number_of(limit)),
                  rec_f(q, "%s：与依据同一“%s”的其他记录合计 %g，超过其“%s”%g", f->title.zh,
                        of->title.zh, sum, most->title.zh, number_of(limit)));
}

static int check_most(struct kt_db *db, const struct kt_record_model *m, struct rec_request *q,
                      const struct rec_register *reg, const struct rec_field *f, int64_t id,
                      const struct rec_value *v, const struct rec_value *named, struct kt_err *err)
{
    const struct rec_register *to = &m->registers[reg->fields[f->most.of].to];
    struct kt_buf sql;
    struct kt_stmt *st;
    kt_buf_init(&sql, TEXT_MAX);
    most_sql(m, reg, f, to, &sql);
    int rc = kt_db_prepare_once(db, kt_buf_cstr(&sql), &st, err);
    kt_buf_done(&sql);
    if (rc < 0) {
        return rc;
    }
    rec_bind(st, 1, named);
    kt_bind_i64(st, 2, id);
    rc = kt_stmt_step(st, err);
    if (rc > 0) {
        struct rec_value limit = rec_column(st, 0), others = rec_column(st, 1);
        double sum = number_of(v) + number_of(&others);
        bool fits = limit.type != KT_COL_NULL && sum <= number_of(&limit) + 1e-9;
        rc = fits ? KT_OK
                  : refuse_most(q, f, &reg->fields[f->most.of], &to->fields[f->most.field], sum,
                                &limit);
    }
    kt_stmt_done(st);
    return rc;
}

int accord_refuse(struct kt_db *db, const struct kt_site *site, const struct kt_record_model *m,
                  struct rec_request *q, const struct rec_register *reg, int64_t id,
                  const struct rec_value *before, const struct rec_value *after, struct kt_err *err)
{
    int rc = KT_OK;
    for (uint32_t i = 0; rc == KT_OK && i < reg->fields_n; i++) {
        const struct rec_field *f = &reg->fields[i];
        uint32_t of = f->among.of, unless = f->unless, most = f->most.of;
        if (f->type == REC_COMPUTED || after[i].type == KT_COL_NULL) {
            continue;
        }
        if (unless != KT_NONE && after[unless].type != KT_COL_NULL &&
            (changed(before, after, i) || changed(before, after, unless))) {
            return rec_no(
                q, KT_EINVAL,
                rec_f(q, "%s stays empty where %s is filled", f->title.en,
                      reg->fields[unless].title.en),
                rec_f(q, "填了“%s”的，“%s”不填写", reg->fields[unless].title.zh, f->title.zh));
        }
        if (of != KT_NONE && after[of].type != KT_COL_NULL &&
            (changed(before, after, i) || changed(before, after, of))) {
            rc = check_among(db, site, m, q, reg, f, &after[i], &after[of], err);
        }
        if (rc == KT_OK && most != KT_NONE && after[most].type != KT_COL_NULL &&
            (changed(before, after, i) || changed(before, after, most))) {
            rc = check_most(db, m, q, reg, f, id, &after[i], &after[most], err);
        }
    }
    return rc;
}
