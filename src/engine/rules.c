/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules: instances of rules: evaluated, delayed, raised, cleared; what they open.
 *
 *   OFF --raise true--> RISING --on_delay--> ON --clear true--> FALLING --off_delay--> OFF
 *        (no delay, or statutory: at once)        (no delay: at once)
 *   RISING --raise false--> OFF          FALLING --clear not true, or raise true--> ON
 * Unknown moves nothing towards OFF (safety rule 1). Actions come before the alarm: nothing is
 * sooner than the cut.
 */
#include "engine/incident.h"

#include <math.h>

static struct kt_expr_sample live_value(void *arg, kt_point_id p)
{
    const struct eng *e = arg;
    const struct kt_live_value *v = kt_live_peek(e->live, p);
    bool calibrating = eng_flag(e, p.v, KT_FLAG_CALIBRATING);
    bool high = v->quality == KT_Q_OVER_RANGE && e->site->points[p.v].role->over_range_high;
    return (struct kt_expr_sample){v->value, !calibrating && (kt_q_known(v->quality) || high),
                                   !calibrating && high};
}

static bool live_limit(void *arg, kt_point_id p, int idx, double *ret)
{
    return eng_limit(arg, p.v, idx, ret);
}

static bool live_quality(void *arg, kt_point_id p, struct kt_str id)
{
    const struct eng *e = arg;
    return kt_str_is(id, kt_quality_id(kt_live_peek(e->live, p)->quality));
}

static bool live_flag(void *arg, kt_point_id p, enum kt_flag f)
{
    return eng_flag(arg, p.v, f);
}

static double live_resolution(void *arg, kt_point_id p)
{
    const struct eng *e = arg;
    return e->site->points[p.v].resolution;
}

static void live_each(void *arg, enum kt_set set, kt_point_id self, struct kt_str role,
                      bool (*fn)(void *fn_arg, kt_point_id it), void *fn_arg)
{
    const struct eng *e = arg;
    if (!eng_air_each(e, set, self, role, fn, fn_arg)) {
        kt_site_each(e->site, set, self, role, fn, fn_arg);
    }
}

void eng_expr_live(struct eng *e)
{
    e->xl = (struct kt_expr_live){e,         live_value,      live_limit, live_quality,
                                  live_flag, live_resolution, live_each};
}

static const void *windows_at(const struct eng *e, const struct inst *in, uint32_t skip)
{
    return in->window == KT_NONE ? NULL
                                 : e->windows + ((size_t)in->window + skip) * kt_window_size();
}

static enum kt_tri eval_raise(const struct eng *e, const struct inst *in)
{
    return kt_expr_eval(eng_rule(e, in)->raise, &e->xl, (kt_point_id){in->self}, e->now,
                        windows_at(e, in, 0));
}

static enum kt_tri eval_clear(const struct eng *e, const struct inst *in, enum kt_tri raise)
{
    const struct kt_rule *r = eng_rule(e, in);
    if (!r->clear) {
        return raise == KT_UNKNOWN ? KT_UNKNOWN : raise == KT_TRUE ? KT_FALSE : KT_TRUE;
    }
    if (raise == KT_TRUE) {
        return KT_FALSE;
    }
    return kt_expr_eval(r->clear, &e->xl, (kt_point_id){in->self}, e->now,
                        windows_at(e, in, kt_expr_windows(r->raise)));
}

static void set_due(struct eng *e, uint32_t i, kt_time due)
{
    e->inst[i].due = due;
    wheel_set(e->wheel, e->points_n + i, due);
}

static struct kt_alarm_cause cause_of(const struct eng *e, const struct inst *in)
{
    const struct kt_live_value *v = kt_live_peek(e->live, (kt_point_id){in->self});
    struct kt_alarm_cause c = {.value = v->value, .quality = v->quality};
    struct kt_expr_simple s;
    c.air = (uint8_t)(eng_air_basis(e, eng_rule(e, in)) + 1);
    if (kt_expr_is_simple(eng_rule(e, in)->raise, &s)) {
        c.low = s.op == '<' || s.op == 'l';
        c.limit = s.number;
        c.has_limit = s.limit < 0 || eng_limit(e, in->self, s.limit, &c.limit);
    }
    return c;
}

static void open_one(struct eng *e, const struct inst *in, const char *by, uint32_t output)
{
    const struct kt_rule *r = eng_rule(e, in);
    const struct kt_point *p = &e->site->points[output];
    if (p->kind != KT_POINT_OUTPUT || p->ended ||
        (p->role->is_protected && !r->clause.standard[0])) {
        return; /* safety rule 7 */
    }
    if (r->latch) {
        kt_control_latch(e->control, (kt_point_id){output},
                         (struct kt_rule_instance){{in->rule}, {in->self}});
    }
    struct kt_ask ask = {
        .now = e->now, .cause = e->cause, .output = {output}, .by = by, .reason = r->title.zh};
    (void)kt_control_open(e->control, &ask);
}

static void open_outputs(struct eng *e, const struct inst *in)
{
    const struct kt_rule *r = eng_rule(e, in);
    char by[ENG_NAME] = "rule:";
    kt_text_set(by + 5, sizeof by - 5, r->id);
    for (uint32_t i = 0; i < r->then_n; i++) {
        const struct kt_action *a = &r->then[i];
        const struct kt_point_list opened = kt_site_opens(e->site, a, (kt_point_id){in->self});
        for (uint32_t k = 0; k < opened.n; k++) {
            open_one(e, in, by, opened.points[k].v);
        }
        if (a->kind == KT_ACT_SEQUENCE) {
            eng_sequence_linked(e, a->sequence, in->self, by);
        } else if (a->kind == KT_ACT_BROADCAST || a->kind == KT_ACT_CALL) {
            eng_voice_linked(e, in->rule, a, in->self, by);
        }
    }
}

/* Every statutory alarm, cut and feed anomaly has a record of cause and measure. */
static void open_card(struct eng *e, const struct inst *in)
{
    const struct kt_rule *r = eng_rule(e, in);
    const char *form = NULL;
    for (uint32_t i = 0; i < r->then_n; i++) {
        if (r->then[i].kind == KT_ACT_CARD) {
            form = r->then[i].card;
        }
    }
    bool always =
        r->statutory || strcmp(r->category, "cut") == 0 || strcmp(r->category, "feed") == 0;
    const struct kt_alarm *a =
        kt_alarm_of(e->alarms, (kt_rule_id){in->rule}, (kt_point_id){in->self});
    if ((form || always) && a) {
        kt_card_open(e->cards, eng_next_id(e), a->id.v, a->rule, a->point, form ? form : "record",
                     e->now);
    }
}

/* Cameras of all actions of a rule, each once. */
static uint32_t cameras_of(const struct eng *e, const struct inst *in,
                           uint32_t ret[KT_CAMERAS_NEAR])
{
    const struct kt_rule *r = eng_rule(e, in);
    uint32_t all = 0, found[KT_CAMERAS_NEAR];
    for (uint32_t i = 0; i < r->then_n; i++) {
        uint32_t n = kt_site_pictures(e->site, &r->then[i], (kt_point_id){in->self}, found);
        for (uint32_t k = 0; k < n && all < KT_CAMERAS_NEAR; k++) {
            uint32_t at = 0;
            while (at < all && ret[at] != found[k]) {
                at++;
            }
            ret[at] = found[k];
            all += at == all;
        }
    }
    return all;
}

/* What cameras saw just before is to be kept: said, and done by who follows; a replay and a
 * back-test have nobody who does. */
static void ask_pictures(struct eng *e, const struct inst *in)
{
    const struct kt_alarm *a =
        kt_alarm_of(e->alarms, (kt_rule_id){in->rule}, (kt_point_id){in->self});
    uint32_t cameras[KT_CAMERAS_NEAR], n = a ? cameras_of(e, in, cameras) : 0;
    if (n == 0) {
        return;
    }
    struct kt_jw *w = eng_say(e, "picture");
    kt_jw_kstr(w, "change", "ask");
    kt_jw_kint(w, "alarm", (int64_t)a->id.v);
    kt_jw_kstr(w, "rule", eng_rule(e, in)->id);
    eng_jpoint(e, w, "point", in->self);
    kt_jw_kstr(w, "place", e->site->places[e->site->points[in->self].place.v].id);
    kt_jw_key(w, "cameras");
    kt_jw_arr(w);
    for (uint32_t k = 0; k < n; k++) {
        kt_jw_str(w, e->site->cameras[cameras[k]].id);
    }
    kt_jw_arr_end(w);
    eng_said(e);
}

/* By which design the alarm of an instance is suppressed now; NULL: by none. What is not known
 * suppresses nothing. */
static const char *suppressed_by(const struct eng *e, const struct inst *in)
{
    const struct kt_rule *r = eng_rule(e, in);
    bool own = strcmp(r->category, "link") == 0;
    if (!own && eng_flag(e, in->self, KT_FLAG_LINK_DOWN)) {
        return "the link of the point is down";
    }
    bool can = r->suppress && !r->statutory &&
               (!r->suppress_can || r->suppress_can[in - &e->inst[e->rule_first[in->rule]]]);
    return can && kt_expr_eval(r->suppress, &e->xl, (kt_point_id){in->self}, e->now, NULL) ==
                       KT_TRUE
               ? r->suppress_text
               : NULL;
}

void eng_suppress(struct eng *e, uint32_t i)
{
    const struct inst *in = &e->inst[i];
    const struct kt_alarm *a =
        kt_alarm_of(e->alarms, (kt_rule_id){in->rule}, (kt_point_id){in->self});
    const char *why = a ? suppressed_by(e, in) : NULL;
    if (a && (!why || kt_alarm_is_shown(a))) {
        kt_alarm_suppress(e->alarms, a->rule, a->point, why != NULL, why, e->now);
    }
}

static void turn_on(struct eng *e, uint32_t i)
{
    struct inst *in = &e->inst[i];
    in->state = IN_ON;
    set_due(e, i, 0);
    if (in->kind & RULE_OPENS) {
        open_outputs(e, in);
    }
    struct kt_alarm_cause c = cause_of(e, in);
    kt_alarm_raise(e->alarms, (kt_rule_id){in->rule}, (kt_point_id){in->self},
                   (kt_alarm_id){eng_next_id(e)}, e->now, &c, suppressed_by(e, in));
    open_card(e, in);
    ask_pictures(e, in);
    eng_incident_begin(e, in);
}

static void unlatch(struct eng *e, const struct inst *in)
{
    const struct kt_rule_instance by = {{in->rule}, {in->self}};
    const struct kt_rule *r = eng_rule(e, in);
    for (uint32_t i = 0; r->latch && i < r->then_n; i++) {
        const struct kt_point_list opened =
            kt_site_opens(e->site, &r->then[i], (kt_point_id){in->self});
        for (uint32_t k = 0; k < opened.n; k++) {
            kt_control_unlatch(e->control, opened.points[k], by);
        }
    }
}

static void turn_off(struct eng *e, uint32_t i)
{
    struct inst *in = &e->inst[i];
    in->state = IN_OFF;
    set_due(e, i, 0);
    unlatch(e, in);
    kt_alarm_clear(e->alarms, (kt_rule_id){in->rule}, (kt_point_id){in->self}, e->now);
    kt_card_cleared(e->cards, (kt_rule_id){in->rule}, (kt_point_id){in->self}, e->now);
}

static void follow_value(struct eng *e, const struct inst *in)
{
    const struct kt_live_value *v = kt_live_peek(e->live, (kt_point_id){in->self});
    if (kt_q_known(v->quality) && !eng_flag(e, in->self, KT_FLAG_CALIBRATING) &&
        kt_alarm_value(e->alarms, (kt_rule_id){in->rule}, (kt_point_id){in->self}, v->value,
                       v->quality)) {
        e->version++;
    }
}

static void eval_off(struct eng *e, uint32_t i, enum kt_tri raise)
{
    const struct kt_rule *r = eng_rule(e, &e->inst[i]);
    if (raise != KT_TRUE) {
        return;
    }
    if (r->on_delay_ns > 0 && !r->statutory) {
        e->inst[i].state = IN_RISING;
        set_due(e, i, e->now + r->on_delay_ns);
    } else {
        turn_on(e, i);
    }
}

static void eval_on(struct eng *e, uint32_t i, enum kt_tri raise)
{
    struct inst *in = &e->inst[i];
    const struct kt_rule *r = eng_rule(e, in);
    bool clear = eval_clear(e, in, raise) == KT_TRUE;
    if (in->state == IN_FALLING) {
        if (!clear) {
            in->state = IN_ON;
            set_due(e, i, 0);
        }
    } else if (clear && r->off_delay_ns > 0) {
        in->state = IN_FALLING;
        set_due(e, i, e->now + r->off_delay_ns);
    } else if (clear) {
        turn_off(e, i);
    }
    if (in->state != IN_OFF) {
        follow_value(e, in);
    }
}

/* Is the output closed as far as anyone knows: by the last write, or by its register? */
static bool stays_commanded(const struct kt_control *c, const struct kt_output *o)
{
    int8_t closed = (int8_t)!kt_control_opening(c, o);
    bool opening = o->open.state != KT_CMD_NONE;
    return !opening && (o->reg == closed || (o->reg < 0 && o->commanded == closed) ||
                        o->close.state >= KT_CMD_SENT);
}

/* What an interlock holds is opened as soon as its permit is not known to be true. Shortly after a
 * restart it may be that only nobody has been heard yet: no closing passes then, and only a permit
 * that is known to be false opens. */
static void eval_interlock(struct eng *e, const struct inst *in)
{
    const struct kt_rule *r = eng_rule(e, in);
    const struct kt_output *o = kt_control_of(e->control, (kt_point_id){in->self});
    if (!r->hold || !o || !stays_commanded(e->control, o)) {
        return;
    }
    enum kt_tri permit = eval_raise(e, in);
    if (permit == KT_TRUE || (permit == KT_UNKNOWN && e->now < e->holds_from)) {
        return;
    }
    char by[ENG_NAME] = "interlock:";
    kt_text_set(by + 10, sizeof by - 10, r->id);
    struct kt_ask ask = {
        .now = e->now, .cause = e->cause, .output = {in->self}, .by = by, .reason = r->cause.zh};
    (void)kt_control_open(e->control, &ask);
}

void eng_interlocks_again(struct eng *e)
{
    for (uint32_t i = 0; i < e->insts_n; i++) {
        if (e->inst[i].kind & RULE_INTERLOCK) {
            eng_dirty(e, e->inst[i].self);
        }
    }
}

void eng_eval(struct eng *e, uint32_t i)
{
    struct inst *in = &e->inst[i];
    e->stats.evaluations++;
    if (in->kind & RULE_INTERLOCK) {
        eval_interlock(e, in);
        return;
    }
    enum kt_tri raise = eval_raise(e, in);
    switch (in->state) {
    case IN_OFF:
        eval_off(e, i, raise);
        break;
    case IN_RISING:
        if (raise == KT_FALSE) {
            in->state = IN_OFF;
            set_due(e, i, 0);
        }
        break;
    default:
        eval_on(e, i, raise);
        break;
    }
    if (eng_rule(e, in)->suppress) {
        eng_suppress(e, i);
    }
}

/* A delay has passed: look again, then turn. */
void eng_inst_timer(struct eng *e, uint32_t i)
{
    struct inst *in = &e->inst[i];
    if (in->due == 0 || in->due > e->now) {
        return;
    }
    in->due = 0;
    eng_eval(e, i);
    if (in->state == IN_RISING) {
        turn_on(e, i);
    } else if (in->state == IN_FALLING) {
        turn_off(e, i);
    }
    eng_band(e, in->self);
}

void eng_eval_self(struct eng *e, uint32_t point)
{
    for (uint32_t k = e->of.at[point]; k < e->of.at[point + 1]; k++) {
        eng_eval(e, e->of.list[k]);
    }
}

void eng_ring_again(struct eng *e, uint32_t point)
{
    for (uint32_t k = e->of.at[point]; k < e->of.at[point + 1]; k++) {
        const struct inst *in = &e->inst[e->of.list[k]];
        if (in->state == IN_ON || in->state == IN_FALLING) {
            kt_alarm_again(e->alarms, (kt_rule_id){in->rule}, (kt_point_id){in->self}, e->now);
            open_card(e, in);
        }
    }
}

void eng_eval_reader(struct eng *e, uint32_t inst)
{
    uint8_t before = e->inst[inst].state;
    eng_eval(e, inst);
    if (e->inst[inst].state != before) {
        eng_band(e, e->inst[inst].self);
    }
}

void eng_eval_readers(struct eng *e, uint32_t point)
{
    for (uint32_t k = e->readers.at[point]; k < e->readers.at[point + 1]; k++) {
        eng_eval_reader(e, e->readers.list[k]);
    }
    if (e->air) {
        eng_air_readers(e, point);
    }
}

/* What each rule that may open an output says about closing it: it is off, its condition is known
 * to be false, and where it restores at a limit the value is known to be beyond it. */
void eng_guards(void *arg, kt_point_id output, kt_condition_fn say, void *say_arg)
{
    struct eng *e = arg;
    for (uint32_t k = e->opened_by.at[output.v]; k < e->opened_by.at[output.v + 1]; k++) {
        const struct inst *in = &e->inst[e->opened_by.list[k]];
        enum kt_tri raise = eval_raise(e, in);
        if (in->kind & RULE_INTERLOCK) {
            struct kt_condition c = {raise == KT_UNKNOWN ? "unknown" : "permit",
                                     {in->rule},
                                     {in->self},
                                     "",
                                     raise == KT_TRUE};
            say(say_arg, &c);
            continue;
        }
        enum kt_tri clear = in->kind & RULE_RESTORE ? eval_clear(e, in, raise) : KT_TRUE;
        bool ok = in->state == IN_OFF && raise == KT_FALSE && clear == KT_TRUE;
        bool unknown = raise == KT_UNKNOWN || clear == KT_UNKNOWN;
        struct kt_condition c = {unknown ? "unknown" : "rule", {in->rule}, {in->self}, "", ok};
        say(say_arg, &c);
    }
}

/* Narrow [lo, hi] to where `self op limit` is surely false. */
static void narrow(const struct eng *e, const struct inst *in, double *lo, double *hi)
{
    struct kt_expr_simple s;
    double bound = 0;
    (void)kt_expr_is_simple(eng_rule(e, in)->raise, &s);
    bound = s.number;
    if (s.limit >= 0 && !eng_limit(e, in->self, s.limit, &bound)) {
        return; /* never known */
    }
    double margin = 3 * e->site->points[in->self].resolution;
    if (!(margin > 0)) {
        margin = (bound < 0 ? -bound : bound) * 1e-9 + 1e-300;
    }
    if (s.op == '>' || s.op == 'g') {
        *hi = bound - margin < *hi ? bound - margin : *hi;
    } else {
        *lo = bound + margin > *lo ? bound + margin : *lo;
    }
}

void eng_band(struct eng *e, uint32_t point)
{
    struct pt *pt = &e->pt[point];
    const struct kt_point *p = &e->site->points[point];
    double lo = isnan(p->range_lo) ? -INFINITY : p->range_lo;
    double hi = isnan(p->range_hi) ? INFINITY : p->range_hi;
    lo = lo > -1e300 ? lo : -1e300;
    hi = hi < 1e300 ? hi : 1e300;
    bool quiet = !p->ended && (pt->bits & ~PT_DIRTY) == 0 && pt->cal == KT_NONE &&
                 (pt->kind & (PT_OUTPUT | PT_FEED | PT_AIR)) == 0 &&
                 kt_live_peek(e->live, (kt_point_id){point})->quality == KT_Q_NORMAL;
    for (uint32_t k = e->of.at[point]; quiet && k < e->of.at[point + 1]; k++) {
        const struct inst *in = &e->inst[e->of.list[k]];
        if (in->kind & RULE_SIMPLE) {
            quiet = in->state == IN_OFF;
            narrow(e, in, &lo, &hi);
        } else if (in->kind & RULE_STATE) {
            quiet = in->state == IN_OFF && eval_raise(e, in) != KT_TRUE;
        }
    }
    pt->lo = quiet ? lo : INFINITY;
    pt->hi = quiet ? hi : -INFINITY;
}
