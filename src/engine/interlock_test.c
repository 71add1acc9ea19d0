/* SPDX-License-Identifier: Apache-2.0 */
/*
 * interlock_test: which cuts are tried when, and what was seen of each: the sensor locked its range
 * open, and the feed state of every switch in it was dead. A record without that is one of a person
 * alone.
 */
#include "engine/folk.h"

/* ---- what was seen --------------------------------------------------------------------------- */

const struct cut_proof *eng_cut_proof(const struct eng *e, uint32_t point)
{
    for (uint32_t i = 0; i < e->proof.n; i++) {
        if (e->proof.v[i].point == point) {
            return &e->proof.v[i];
        }
    }
    return NULL;
}

static struct cut_proof *proof_of(struct eng *e, uint32_t point)
{
    return (struct cut_proof *)eng_cut_proof(e, point); /* of e, which may be written here */
}

void eng_cut_latched(struct eng *e, uint32_t point)
{
    struct cut_proof *p = proof_of(e, point);
    if (!e->site->points[point].role->cutoff) {
        return;
    }
    if (!p) {
        p = ENG_PUSH(e->proof); /* at most one a point */
        *p = (struct cut_proof){.point = point};
    }
    if (p->cut != e->now) {
        *p = (struct cut_proof){.point = point, .cut = e->now};
    }
}

/* Locked open by this sensor, and dead on the load side. */
static bool is_dead(const struct eng *e, kt_point_id output, uint32_t sensor)
{
    const struct kt_output *o = kt_control_of(e->control, output);
    bool by = false;
    for (uint32_t i = 0; o && i < o->latch_n; i++) {
        by |= o->latch[i].self.v == sensor;
    }
    return by && o->feed.v != KT_NONE && o->fed == 0;
}

void eng_cut_proved(struct eng *e, kt_point_id output)
{
    const struct kt_output *o = kt_control_of(e->control, output);
    for (uint32_t i = 0; o && i < o->latch_n; i++) {
        uint32_t sensor = o->latch[i].self.v;
        const struct kt_point *point = &e->site->points[sensor];
        struct cut_proof *p = proof_of(e, sensor);
        bool all = p && p->dead == 0;
        for (uint32_t k = 0; all && k < point->cuts_n; k++) {
            const struct kt_point *out = &e->site->points[point->cuts[k].v];
            all = out->role->is_protected || is_dead(e, point->cuts[k], sensor);
        }
        if (all) {
            p->dead = e->now;
        }
    }
}

void eng_proof_save(const struct eng *e, struct kt_buf *out)
{
    if (e->proof.n == 0) {
        return;
    }
    kt_put_varint(out, e->proof.n);
    for (uint32_t i = 0; i < e->proof.n; i++) {
        const struct cut_proof *p = &e->proof.v[i];
        const struct test_record *t = eng_test_of(e, p->point);
        kt_put_text(out, e->site->points[p->point].id);
        kt_put_i64(out, p->cut);
        kt_put_i64(out, p->dead);
        kt_put_i64(out, t ? t->cut : 0);
        kt_put_i64(out, t ? t->dead : 0);
    }
}

void eng_proof_load(struct eng *e, struct kt_rd *in)
{
    uint64_t n = kt_get_varint(in);
    e->proof.n = 0;
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        struct cut_proof p = {.point = kt_site_point(e->site, kt_get_bytes(in)).v};
        p.cut = kt_get_i64(in);
        p.dead = kt_get_i64(in);
        kt_time cut = kt_get_i64(in), dead = kt_get_i64(in);
        if (in->bad || p.point == KT_NONE || proof_of(e, p.point)) {
            continue;
        }
        struct test_record *t = (struct test_record *)eng_test_of(e, p.point);
        if (t) {
            t->cut = cut;
            t->dead = dead;
        }
        *ENG_PUSH(e->proof) = p;
    }
}

/* ---- the tests ------------------------------------------------------------------------------- */

const struct test_record *eng_test_of(const struct eng *e, uint32_t point)
{
    for (uint32_t i = 0; i < e->test.n; i++) {
        if (e->test.v[i].point == point) {
            return &e->test.v[i];
        }
    }
    return NULL;
}

void eng_watch_minute(struct eng *e)
{
    for (uint32_t i = 0; i < e->cutoffs_n; i++) {
        uint32_t p = e->cutoffs[i];
        const struct test_record *t = eng_test_of(e, p);
        int64_t every = kt_site_test_every(e->site, (kt_point_id){p});
        kt_time last = t && t->last_pass > e->born ? t->last_pass : e->born;
        eng_set_flag(e, p, KT_FLAG_TEST_OVERDUE, every > 0 && e->now - last > every);
    }
}

int eng_test_record(struct eng *e, const struct request *q, struct kt_err *err)
{
    uint32_t point = 0;
    int r = eng_arg_point(e, q, "point", &point, err);
    bool passed;
    if (r < 0) {
        return r;
    }
    if (!kt_json_bool(kt_json_get(q->args, "passed"), &passed)) {
        return kt_err_set(err, KT_EINVAL, "passed: true or false");
    }
    const struct cut_proof *seen = eng_cut_proof(e, point);
    struct test_record *t = (struct test_record *)eng_test_of(e, point);
    if (!t) {
        t = ENG_PUSH(e->test); /* at most one a point */
        t->point = point;
    }
    bool fresh = seen && seen->cut > t->at; /* since the test before */
    t->cut = fresh ? seen->cut : 0;
    t->dead = fresh ? seen->dead : 0;
    t->passed = passed;
    t->at = e->now;
    t->last_pass = passed ? e->now : t->last_pass;
    kt_text_set(t->by, sizeof t->by, q->user);
    kt_text_set(t->note, sizeof t->note, kt_json_get_str(q->args, "note", ""));
    struct kt_jw *w = eng_say(e, "test");
    eng_jpoint(e, w, "point", point);
    kt_jw_kbool(w, "passed", passed);
    kt_jw_ktime(w, "cut", t->cut);
    kt_jw_ktime(w, "dead", t->dead);
    kt_jw_kstr(w, "by", t->by);
    kt_jw_ktext(w, "note", t->note);
    eng_said(e);
    if (passed) {
        eng_set_flag(e, point, KT_FLAG_TEST_OVERDUE, false);
    }
    return KT_OK;
}
