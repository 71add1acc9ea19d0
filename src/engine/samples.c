/* SPDX-License-Identifier: Apache-2.0 */
/*
 * samples: the way of one sample (safety rules 1, 9, 10).
 *
 * Short way: normal quality, in time, inside the quiet band: the live table, and where the point
 * has windows or rules that are more than a comparison, those. Everything else takes the long way.
 */
#include "engine/core.h"

static void list_late(struct eng *e, uint32_t point, kt_time t, double value, kt_quality q)
{
    e->stats.late++;
    if (!eng_over_limit(e, point, value) || ++e->late_listed > ENG_LATE) {
        return;
    }
    struct kt_jw *w = eng_say(e, "late");
    eng_jpoint(e, w, "point", point);
    kt_jw_ktime(w, "time", t);
    kt_jw_knum(w, "value", value);
    kt_jw_kstr(w, "quality", kt_quality_id(q));
    eng_said(e);
}

/* A quality that a producer may send; the engine's own ones it may not. */
static kt_quality sane_quality(kt_quality q)
{
    switch (q) {
    case KT_Q_STALE:
    case KT_Q_NEVER:
        return KT_Q_COMM_FAULT;
    case KT_Q_NORMAL:
    case KT_Q_CALIBRATION:
    case KT_Q_OVER_RANGE:
    case KT_Q_BROKEN:
    case KT_Q_FEED_ANOMALY:
    case KT_Q_MANUAL:
    case KT_Q_DEVICE_FAULT:
    case KT_Q_COMM_FAULT:
    case KT_Q_FUTURE:
    case KT_Q_UNDER_RANGE:
    case KT_Q_PAUSED:
    case KT_Q_GAP:
        return q;
    default:
        return KT_Q_DEVICE_FAULT;
    }
}

/* Time of a sample as the present takes it (safety rule 9); false: too late to be the present. */
static bool sane_time(struct eng *e, const struct pt *pt, kt_time arrival, kt_time *t,
                      kt_quality *q)
{
    if (*t > e->now + ENG_FUTURE || *t <= 0) {
        e->stats.future += *t > 0;
        kt_time at = arrival > 0 && arrival < e->now + ENG_FUTURE ? arrival : e->now;
        *t = at > pt->last ? at : pt->last < e->now + ENG_FUTURE ? pt->last : e->now;
        *q = *q == KT_Q_NORMAL ? KT_Q_FUTURE : *q;
        return true;
    }
    kt_time newest = pt->last < pt->seen ? pt->last : pt->seen;
    return *t >= newest && *t >= e->now - pt->old_ns - ENG_LATE_GRACE;
}

/* The device's own flags, and what calibration makes of the quality. */
static kt_quality device_quality(struct eng *e, uint32_t point, double value, kt_quality q)
{
    struct pt *pt = &e->pt[point];
    bool cal = q == KT_Q_CALIBRATION;
    if (cal != ((pt->bits & PT_DEVICE_CAL) != 0)) {
        pt->bits ^= PT_DEVICE_CAL;
        eng_cal_review(e, point);
    }
    eng_set_flag(e, point, KT_FLAG_DEVICE_FAULT, q == KT_Q_DEVICE_FAULT);
    if (eng_flag(e, point, KT_FLAG_CALIBRATING)) {
        eng_cal_peak(e, point, value);
        return KT_Q_CALIBRATION;
    }
    if (!kt_q_known(q)) {
        return q;
    }
    kt_quality range = eng_range_quality(&e->site->points[point], value);
    return range != KT_Q_NORMAL ? range : cal ? KT_Q_NORMAL : q;
}

static void back_again(struct eng *e, uint32_t point)
{
    struct pt *pt = &e->pt[point];
    const struct kt_point *p = &e->site->points[point];
    if (p->role->cutoff && kt_live_peek(e->live, (kt_point_id){point})->time != 0) {
        struct kt_jw *w = eng_say(e, "gap");
        eng_jpoint(e, w, "point", point);
        kt_jw_kstr(w, "change", "end");
        kt_jw_ktime(w, "from", pt->last);
        kt_jw_ktime(w, "to", e->now);
        eng_said(e);
    }
    pt->bits &= (uint8_t)~PT_STALE;
}

/* A sample that says "no connection to the sensor", or "a message was lost", is word of what stands
 * between, not of the sensor: it does not end its silence. */
static void heard(struct eng *e, uint32_t point, kt_quality q)
{
    struct pt *pt = &e->pt[point];
    bool own = q != KT_Q_COMM_FAULT && q != KT_Q_GAP;
    pt->seen = own ? e->now : pt->seen;
    if (pt->bits & PT_AWAIT) {
        pt->bits &= (uint8_t)~PT_AWAIT;
        eng_set_flag(e, point, KT_FLAG_LINK_DOWN, false);
    }
    if (wheel_due(e->wheel, point) == 0) {
        eng_stale_timer(e, point);
    }
}

static void long_way(struct eng *e, uint32_t point, kt_time arrival, kt_time t, double value,
                     kt_quality q)
{
    struct pt *pt = &e->pt[point];
    const struct kt_point *p = &e->site->points[point];
    q = sane_quality(q);
    if (p->ended || (q == KT_Q_MANUAL && p->role->cutoff)) {
        e->stats.refused++;
        return;
    }
    if (!sane_time(e, pt, arrival, &t, &q)) {
        list_late(e, point, t, value, q);
        return;
    }
    if (pt->bits & PT_MANUAL) {
        heard(e, point, q); /* a value set by hand stands until it is taken away */
        return;
    }
    bool old = t < e->now - pt->old_ns;
    if (old && !eng_over_limit(e, point, value)) {
        q = KT_Q_STALE; /* too old to calm anybody; over a limit it still warns */
    }
    q = q == KT_Q_STALE ? q : device_quality(e, point, value, q);
    if (q != KT_Q_STALE) {
        heard(e, point, q);
    }
    if (pt->bits & PT_STALE && q == KT_Q_COMM_FAULT) {
        eng_drain(e); /* silent as before */
        return;
    }
    if (pt->bits & PT_STALE && q != KT_Q_STALE) {
        back_again(e, point);
    }
    if (eng_present(e, point, value, t, q)) {
        eng_eval_self(e, point);
        eng_eval_readers(e, point);
    }
    eng_band(e, point);
    eng_drain(e);
}

/* What windows make depend on time has a turn of its own each second; samples give it one more. */
static void eval_timed(struct eng *e, const struct inst *in)
{
    kt_time *last = &e->timed_at[in->timed];
    if (*last == 0 || e->now - *last >= KT_SEC) {
        *last = e->now;
        eng_eval(e, e->timed[in->timed]);
    }
}

/* Inside the band, where the point has more than simple rules. */
static void with_rules(struct eng *e, uint32_t point, bool changed)
{
    uint8_t kind = e->pt[point].kind;
    bool complex = changed && (kind & PT_COMPLEX);
    for (uint32_t k = e->of.at[point]; (complex || (kind & PT_WINDOWS)) && k < e->of.at[point + 1];
         k++) {
        const struct inst *in = &e->inst[e->of.list[k]];
        if ((in->kind & RULE_TIMED) && !eng_rule(e, in)->statutory) {
            eval_timed(e, in);
        } else if (changed && !(in->kind & (RULE_SIMPLE | RULE_STATE))) {
            eng_eval(e, e->of.list[k]);
        }
    }
    if (changed && (kind & PT_READERS)) {
        eng_eval_readers(e, point);
    }
    eng_drain(e);
}

static void say_more_late(struct eng *e)
{
    if (e->late_listed > ENG_LATE) {
        struct kt_jw *w = eng_say(e, "late");
        kt_jw_kint(w, "more", (int64_t)e->late_listed - ENG_LATE);
        eng_said(e);
    }
}

/* Points lie all over memory: fetch what the next samples will touch. */
static inline void look_ahead(const struct eng *e, const struct kt_samples *s, uint32_t i)
{
    enum { AHEAD = 12 };
    if (i + AHEAD < s->n && s->point[i + AHEAD] < e->points_n) {
        uint32_t p = s->point[i + AHEAD];
        __builtin_prefetch(&e->pt[p], 1);
        kt_live_expect(e->live, (kt_point_id){p});
    }
}

void eng_samples(struct eng *e, kt_time arrival, struct kt_str producer, const struct kt_samples *s)
{
    (void)producer; /* what it may write is checked where it is let in */
    const kt_time newest = e->now + ENG_FUTURE;
    const kt_time now = e->now;
    struct kt_live *live = e->live;
    e->stats.samples += s->n;
    e->late_listed = 0;
    for (uint32_t i = 0; i < s->n; i++) {
        uint32_t p = s->point[i];
        look_ahead(e, s, i);
        if (KT_UNLIKELY(p >= e->points_n)) {
            e->stats.refused++;
            continue;
        }
        struct pt *pt = &e->pt[p];
        kt_time t = s->time[i];
        double v = s->value[i];
        kt_quality q = s->quality ? s->quality[i] : KT_Q_NORMAL;
        if (KT_LIKELY(v >= pt->lo && v <= pt->hi && q == KT_Q_NORMAL && t >= pt->last &&
                      t <= newest && t >= now - pt->old_ns)) {
            pt->seen = now;
            if (KT_LIKELY(pt->kind == 0)) {
                pt->last = t;
                kt_live_set(live, (kt_point_id){p}, v, t, KT_Q_NORMAL);
            } else {
                with_rules(e, p, eng_present(e, p, v, t, KT_Q_NORMAL));
            }
            continue;
        }
        long_way(e, p, arrival, t, v, q);
    }
    say_more_late(e);
}
