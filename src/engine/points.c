/* SPDX-License-Identifier: Apache-2.0 */
/* points: the present of a point, its flags, staleness, links, the list of what to evaluate. */
#include "engine/core.h"

#include <math.h>

static const char *const flag_ids[] = {
#define X(sym, id) id,
    KT_FLAG_LIST(X)
#undef X
};

bool eng_flag(const struct eng *e, uint32_t point, enum kt_flag f)
{
    return e->pt[point].flags >> f & 1;
}

void eng_dirty(struct eng *e, uint32_t point)
{
    if (!(e->pt[point].bits & PT_DIRTY)) {
        e->pt[point].bits |= PT_DIRTY;
        *ENG_PUSH(e->dirty) = point;
    }
}

/* Flags that tell of data or duties that cannot be trusted are news of their own. */
static bool is_trust(enum kt_flag f)
{
    return f == KT_FLAG_CAL_FLAG_ONLY || f == KT_FLAG_CAL_RECORD_ONLY ||
           f == KT_FLAG_CAL_TOO_LONG || f == KT_FLAG_TEST_OVERDUE || f == KT_FLAG_FEED_ANOMALY ||
           f == KT_FLAG_SILENT_CONSOLE || f == KT_FLAG_SET_DIFFERS;
}

void eng_set_flag(struct eng *e, uint32_t point, enum kt_flag f, bool on)
{
    struct pt *pt = &e->pt[point];
    if (eng_flag(e, point, f) == on) {
        return;
    }
    pt->flags = (uint16_t)(pt->flags ^ 1u << f);
    e->version++;
    eng_dirty(e, point);
    if (is_trust(f)) {
        struct kt_jw *w = eng_say(e, "trust");
        kt_jw_kstr(w, "kind", flag_ids[f]);
        eng_jpoint(e, w, "point", point);
        kt_jw_kbool(w, "on", on);
        eng_said(e);
    }
}

static void sync_suppression(struct eng *e, uint32_t point)
{
    for (uint32_t k = e->of.at[point]; k < e->of.at[point + 1]; k++) {
        eng_suppress(e, e->of.list[k]);
    }
}

void eng_drain(struct eng *e)
{
    if (!e->draining) {
        eng_air_settle(e);
    }
    if (e->draining || e->dirty.n == 0) {
        return;
    }
    e->draining = true;
    uint32_t done = 0, budget = e->points_n * 4 + 64;
    for (; done < e->dirty.n && done < budget; done++) {
        uint32_t p = e->dirty.v[done];
        e->pt[p].bits &= (uint8_t)~PT_DIRTY;
        eng_eval_self(e, p);
        eng_eval_readers(e, p);
        sync_suppression(e, p);
        eng_band(e, p);
    }
    e->dirty.n -= done;
    memmove(e->dirty.v, e->dirty.v + done, e->dirty.n * sizeof *e->dirty.v);
    e->draining = false;
}

void eng_live_flags(struct eng *e, uint32_t point)
{
    const struct pt *pt = &e->pt[point];
    const struct kt_output *o = kt_control_of(e->control, (kt_point_id){point});
    uint8_t f = 0;
    f |= pt->alarms > 0 ? KT_LIVE_ALARM : 0;
    f |= pt->latches > 0 ? KT_LIVE_LATCHED : 0;
    f |= pt->bits & PT_MANUAL ? KT_LIVE_MANUAL : 0;
    f |= o && o->tag_n > 0 ? KT_LIVE_TAGGED : 0;
    kt_live_set_flags(e->live, (kt_point_id){point}, f);
}

static void feed_windows(struct eng *e, uint32_t point, kt_time t, double value)
{
    for (uint32_t k = e->feeds.at[point]; k < e->feeds.at[point + 1]; k++) {
        kt_window_feed((void *)(e->windows + (size_t)e->feeds.list[k] * kt_window_size()), t, value,
                       true);
    }
}

static void tell_control(struct eng *e, uint32_t point, double value, bool known)
{
    if (e->pt[point].kind & PT_OUTPUT) {
        kt_control_register(e->control, (kt_point_id){point}, known, value, e->now);
    }
    for (uint32_t k = e->fed_outputs.at[point]; k < e->fed_outputs.at[point + 1]; k++) {
        kt_control_feed(e->control, (kt_point_id){e->fed_outputs.list[k]}, known, value != 0,
                        e->now);
    }
}

bool eng_present(struct eng *e, uint32_t point, double value, kt_time time, kt_quality q)
{
    const struct kt_live_value *v = kt_live_peek(e->live, (kt_point_id){point});
    struct pt *pt = &e->pt[point];
    bool changed = memcmp(&v->value, &value, sizeof value) != 0 || v->quality != q;
    kt_live_set(e->live, (kt_point_id){point}, value, time, q);
    pt->last = time;
    bool known = kt_q_known(q) && !eng_flag(e, point, KT_FLAG_CALIBRATING);
    bool high = q == KT_Q_OVER_RANGE && e->site->points[point].role->over_range_high;
    if ((pt->kind & PT_WINDOWS) && (known || high)) {
        feed_windows(e, point, time, high ? (double)INFINITY : value);
    }
    if (pt->kind & (PT_OUTPUT | PT_FEED)) {
        tell_control(e, point, value, known);
    }
    if (changed && (pt->kind & PT_AIR)) {
        eng_air_look(e);
    }
    return changed;
}

kt_quality eng_range_quality(const struct kt_point *p, double value)
{
    if (isnan(value)) {
        return KT_Q_BROKEN;
    }
    if (value > p->range_hi || value > 1e300) {
        return KT_Q_OVER_RANGE;
    }
    return value < p->range_lo || value < -1e300 ? KT_Q_UNDER_RANGE : KT_Q_NORMAL;
}

void eng_refresh(struct eng *e, uint32_t point)
{
    const struct kt_live_value *v = kt_live_peek(e->live, (kt_point_id){point});
    if (e->pt[point].bits & (PT_MANUAL | PT_STALE) || v->quality == KT_Q_NEVER ||
        eng_flag(e, point, KT_FLAG_LINK_DOWN)) {
        return;
    }
    kt_quality q = v->quality;
    if (eng_flag(e, point, KT_FLAG_CALIBRATING)) {
        q = KT_Q_CALIBRATION;
    } else if (q == KT_Q_CALIBRATION) {
        q = eng_range_quality(&e->site->points[point], v->value);
    }
    if (q != v->quality) {
        (void)eng_present(e, point, v->value, v->time, q);
        eng_dirty(e, point);
    }
}

bool eng_over_limit(const struct eng *e, uint32_t point, double value)
{
    const double res = e->site->points[point].resolution;
    static const struct {
        uint8_t name;
        int8_t sign;
    } over[] = {
        {KT_LIMIT_ALARM, 1}, {KT_LIMIT_CUT, 1}, {KT_LIMIT_LOW_ALARM, -1}, {KT_LIMIT_LOW_CUT, -1}};
    double bound;
    for (size_t i = 0; i < KT_ARRAY_LEN(over); i++) {
        if (eng_limit(e, point, over[i].name, &bound) &&
            kt_compare_at(value, bound, res) * over[i].sign >= 0) {
            return true;
        }
    }
    return false;
}

static void mark_stale(struct eng *e, uint32_t point)
{
    struct pt *pt = &e->pt[point];
    const struct kt_live_value *v = kt_live_peek(e->live, (kt_point_id){point});
    if (pt->bits & (PT_STALE | PT_MANUAL)) {
        return;
    }
    pt->bits = (uint8_t)((pt->bits | PT_STALE) & ~PT_DEVICE_CAL);
    wheel_set(e->wheel, point, 0);
    (void)eng_present(e, point, v->value, v->time, KT_Q_STALE);
    eng_cal_review(e, point);
    eng_dirty(e, point);
    eng_band(e, point);
}

/* A point that never spoke is stale after its time, too. */
void eng_stale_timer(struct eng *e, uint32_t point)
{
    struct pt *pt = &e->pt[point];
    const struct kt_point *p = &e->site->points[point];
    int64_t after = p->ended ? 0 : p->role->stale_after_ns;
    if (after <= 0 || (pt->bits & PT_MANUAL)) {
        return;
    }
    if (pt->seen + after > e->now) {
        wheel_set(e->wheel, point, pt->seen + after);
        return;
    }
    if (pt->bits & PT_AWAIT) {
        pt->bits &= (uint8_t)~PT_AWAIT;
        eng_set_flag(e, point, KT_FLAG_LINK_DOWN, false);
    }
    mark_stale(e, point);
}

/* No word from here on: not known, but silent only when its time has passed without a sample. */
static void point_down(struct eng *e, uint32_t point)
{
    struct pt *pt = &e->pt[point];
    const struct kt_live_value *v = kt_live_peek(e->live, (kt_point_id){point});
    pt->bits &= (uint8_t)~PT_AWAIT;
    eng_set_flag(e, point, KT_FLAG_LINK_DOWN, true);
    if (!(pt->bits & (PT_STALE | PT_MANUAL)) && v->quality != KT_Q_NEVER &&
        v->quality != KT_Q_STALE) {
        (void)eng_present(e, point, v->value, v->time, KT_Q_COMM_FAULT);
        eng_dirty(e, point);
    }
    eng_band(e, point);
}

/* Up again: still without a present. The flag falls with the first sample, or when it fails to
 * come, so that what hangs on the link stays quiet until it is known. A link that comes and goes
 * makes nobody's silence shorter. */
static void point_up(struct eng *e, uint32_t point)
{
    struct pt *pt = &e->pt[point];
    if (e->site->points[point].role->stale_after_ns <= 0 || (pt->bits & PT_MANUAL)) {
        eng_set_flag(e, point, KT_FLAG_LINK_DOWN, false);
        return;
    }
    pt->bits |= PT_AWAIT;
    pt->seen = pt->bits & PT_STALE ? e->now : pt->seen;
    eng_stale_timer(e, point);
    eng_band(e, point);
}

void eng_resume(struct eng *e)
{
    for (uint32_t p = 0; p < e->points_n; p++) {
        const struct kt_point *point = &e->site->points[p];
        bool down = point->link < e->site->links_n && e->link_down[point->link];
        if (!point->ended && point->role->stale_after_ns > 0 && !down) {
            point_down(e, p);
            point_up(e, p);
        }
    }
    e->next_second = 0;
}

static void say_gap(struct eng *e, uint32_t link, bool up, kt_time since, const char *text)
{
    struct kt_jw *w = eng_say(e, "gap");
    kt_jw_kstr(w, "link", e->site->links[link].id);
    kt_jw_kstr(w, "change", up ? "end" : "begin");
    kt_jw_ktime(w, "from", up ? since : e->now);
    kt_jw_ktime(w, "to", up ? e->now : 0);
    kt_jw_ktext(w, "text", text);
    eng_said(e);
}

void eng_link(struct eng *e, uint32_t link, bool up, const char *text)
{
    bool was_down = e->link_down[link];
    kt_time since = e->link_since[link];
    e->link_since[link] = up != !was_down || since == 0 ? e->now : since;
    e->link_down[link] = !up;
    e->version++;
    if (up ? was_down : !was_down) {
        say_gap(e, link, up, since, text);
        for (uint32_t p = 0; p < e->points_n; p++) {
            const struct kt_point *point = &e->site->points[p];
            if (!point->ended && point->link == link) {
                up ? point_up(e, p) : point_down(e, p);
            }
        }
    }
    if (up && was_down) {
        kt_control_recovered(e->control, link, e->cause, e->now);
    }
}
