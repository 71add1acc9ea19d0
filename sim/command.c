/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of the control port; the list is at the end and in sim/README.md. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "devices.h"
#include "people.h"
#include "phones.h"
#include "plan.h"
#include "rig.h"
#include "run.h"

enum { WORDS = 5, WORD_MAX = 96 };

struct call {
    struct sim_run *r;
    struct sim_plant *p;
    struct kt_buf *out;
    char w[WORDS][WORD_MAX];
    int n; /* words after the verb's */
};

static void no(struct call *c, const char *what, const char *which)
{
    kt_buf_clear(c->out);
    kt_buf_printf(c->out, "error %s: %s", what, which);
}

static int thing(struct call *c, enum sim_kind kind, int word)
{
    int i = c->n >= word ? sim_find(c->p, kind, c->w[word]) : -1;
    if (i < 0) {
        no(c, "no such thing", c->w[word]);
    }
    return i;
}

static bool number(struct call *c, int word, double *ret)
{
    char *end;
    double v = strtod(c->w[word], &end);
    if (c->n < word || end == c->w[word] || *end || !isfinite(v)) {
        no(c, "not a number", c->w[word]);
        return false;
    }
    *ret = v;
    return true;
}

static bool is(const struct call *c, int word, const char *what)
{
    return c->n >= word && strcmp(c->w[word], what) == 0;
}

/** "on" (or nothing) is true, "off" false. */
static bool on(const struct call *c, int word)
{
    return !is(c, word, "off");
}

static struct sim_point *point(struct call *c)
{
    int i = thing(c, SIM_POINT, 1);
    return i < 0 ? NULL : &c->p->points[i];
}

static void do_set(struct call *c)
{
    struct sim_point *pt = point(c);
    double v;
    if (!pt || !number(c, 2, &v)) {
        return;
    }
    if (pt->src == SIM_SRC_COIL) {
        c->p->switches[pt->target].command = v > 0.5;
        return;
    }
    pt->set = true;
    pt->forced = v;
}

static void do_free(struct call *c)
{
    struct sim_point *pt = point(c);
    if (pt) {
        pt->set = false;
    }
}

static void do_freeze(struct call *c)
{
    struct sim_point *pt = point(c);
    if (pt) {
        pt->frozen = true;
        pt->stuck_at = pt->value;
    }
}

static void do_break(struct call *c)
{
    struct sim_point *pt = point(c);
    if (pt) {
        pt->broken = true;
    }
}

static void do_zero(struct call *c)
{
    struct sim_point *pt = point(c);
    if (pt) {
        pt->zeroed = true;
    }
}

static void do_drift(struct call *c)
{
    struct sim_point *pt = point(c);
    double v;
    if (pt && number(c, 2, &v)) {
        pt->drift_per_h = v;
    }
}

static void do_calibrate(struct call *c)
{
    struct sim_point *pt = point(c);
    if (pt) {
        pt->calibrating = on(c, 2);
    }
}

static void do_repair(struct call *c)
{
    struct sim_point *pt = point(c);
    if (pt) {
        pt->set = pt->frozen = pt->broken = pt->zeroed = pt->calibrating = false;
        pt->drift = pt->drift_per_h = 0;
    }
}

static void do_state(struct call *c)
{
    struct sim_point *pt = point(c);
    if (pt) {
        kt_buf_printf(c->out, " %s value=%.10g status=%d true=%.6g", pt->id, pt->value, pt->status,
                      sim_sensor_true(c->p, pt));
    }
}

static void do_feed_stuck(struct call *c)
{
    int i = thing(c, SIM_SWITCH, 1);
    if (i >= 0) {
        c->p->switches[i].stuck = on(c, 2);
    }
}

static void do_trip(struct call *c)
{
    int i = thing(c, SIM_SWITCH, 1);
    if (i >= 0) {
        c->p->switches[i].command = false;
    }
}

static bool mode(struct call *c, enum sim_mode *ret)
{
    static const char *const names[] = {"auto", "on", "off"};
    for (int k = 0; k < 3; k++) {
        if (is(c, 2, names[k])) {
            *ret = (enum sim_mode)k;
            return true;
        }
    }
    no(c, "auto, on or off, not", c->w[2]);
    return false;
}

static void do_fan(struct call *c)
{
    int i = thing(c, SIM_FAN, 1);
    if (i >= 0) {
        mode(c, &c->p->fans[i].mode);
    }
}

static void do_machine(struct call *c)
{
    int i = thing(c, SIM_MACHINE, 1);
    if (i >= 0) {
        mode(c, &c->p->machines[i].mode);
    }
}

static void do_door(struct call *c)
{
    int i = thing(c, SIM_DOOR, 1);
    if (i < 0) {
        return;
    }
    struct sim_door *d = &c->p->doors[i];
    bool open = is(c, 2, "open");
    if (!open && !is(c, 2, "close") && !is(c, 2, "auto")) {
        no(c, "open, close or auto, not", c->w[2]);
        return;
    }
    for (int leaf = 0; leaf < 2; leaf++) {
        d->held[leaf] = !is(c, 2, "auto");
        d->leaf_open[leaf] = open;
    }
}

static void do_emission(struct call *c)
{
    int i = thing(c, SIM_BRANCH, 1);
    double f, over = 0;
    if (i < 0 || !number(c, 2, &f) || (c->n >= 3 && !number(c, 3, &over))) {
        return;
    }
    struct sim_branch *b = &c->p->branches[i];
    b->factor_to = f;
    b->factor_step = (f - b->factor) / fmax(over / SIM_STEP_S, 1);
}

static void do_heat(struct call *c)
{
    int i = thing(c, SIM_MACHINE, 1);
    double v;
    if (i >= 0 && number(c, 2, &v)) {
        c->p->machines[i].heat_to = v;
    }
}

static void do_barometer(struct call *c)
{
    double v;
    if (number(c, 1, &v)) {
        c->p->baro_rate_hph = v;
    }
}

static void do_chatter(struct call *c)
{
    double n, period = 20;
    if (number(c, 1, &n) && (c->n < 2 || number(c, 2, &period))) {
        c->p->chatter_n = n > 0 && n < 1e6 ? (int)n : 0;
        c->p->chatter_period_s = fmax(period, 1);
    }
}

static void do_local_cut(struct call *c)
{
    c->p->local_cut = on(c, 1);
}

static void do_device(struct call *c)
{
    int i = thing(c, SIM_DEVICE, 1);
    double ms = 0;
    enum sim_device_mode m;
    if (i < 0 || (c->n >= 3 && !number(c, 3, &ms))) {
        return;
    }
    if (c->n < 2 || !sim_device_mode_of(c->w[2], &m)) {
        no(c, "ok, late MS, half, drip, wrong-id, exception, silent or vanish, not", c->w[2]);
    } else if (!(ms >= 0 && ms < 1e6)) {
        no(c, "0 to 1000000 ms, not", c->w[3]);
    } else if (c->r->devices) {
        sim_devices_mode(c->r->devices, i, m, (int)ms);
    }
}

static void do_speed(struct call *c)
{
    double v;
    if (!number(c, 1, &v)) {
        return;
    }
    if (!(v >= 0.01 && v <= 1000)) {
        no(c, "speed is 0.01 to 1000, not", c->w[1]);
        return;
    }
    atomic_store(&c->r->speed_milli, (int64_t)(v * 1000));
}

static void do_time(struct call *c)
{
    kt_buf_printf(c->out, " %lld", (long long)(sim_now(c->p) / KT_MS));
}

static void do_scenario(struct call *c)
{
    struct kt_err err = {0};
    if (sim_scenario_begin(c->r, c->w[1], &err) < 0) {
        no(c, err.text, c->w[1]);
    }
}

static void do_scenarios(struct call *c)
{
    for (int i = 0; i < c->p->n[SIM_SCENARIO]; i++) {
        kt_buf_printf(c->out, " %s", c->p->scenario_id[i]);
    }
}

static void do_reset(struct call *c)
{
    sim_reset(c->r);
    c->p->scenario = -1;
}

static void do_air(struct call *c)
{
    int i = thing(c, SIM_BRANCH, 1);
    if (i >= 0) {
        kt_buf_printf(c->out, " %s q=%.3f ch4=%.5f", c->p->branches[i].id, c->p->branches[i].q_m3s,
                      100 * sim_gas_at(c->p, i, 0.99, SIM_CH4));
    }
}

static void do_rig(struct call *c)
{
    int i = thing(c, SIM_RIG, 1);
    double v;
    if (i < 0 || !number(c, 3, &v)) {
        return;
    }
    struct sim_rig *r = &c->p->rigs[i];
    int at = sim_rig_signal(r->kind, kt_str_c(c->w[2]));
    if (at < 0) {
        no(c, "no such signal", c->w[2]);
        return;
    }
    r->s[at] = v;
    if (c->r->devices) {
        sim_devices_modes(c->r->devices, c->p);
    }
}

static void do_person(struct call *c)
{
    if (!sim_people_command(c->r, c->w[1], c->w[2], c->w[3])) {
        no(c, "no such person or word:", c->w[1]);
    }
}

static void do_phone(struct call *c)
{
    int i = thing(c, SIM_PHONE, 1), manner = sim_manner_of(kt_str_c(c->w[2]));
    if (i < 0 || !c->r->phones || (c->n > 1 && manner < 0)) {
        no(c, "no such phone or manner:", c->w[1]);
        return;
    }
    if (manner >= 0) {
        sim_phones_manner(c->r->phones, i, (enum sim_manner)manner);
    }
    kt_buf_printf(c->out, " %s ", c->w[1]);
    sim_phones_say(c->r->phones, i, c->out);
}

static const struct {
    const char *verb;
    void (*run)(struct call *);
} verbs[] = {
    {"set", do_set},
    {"free", do_free},
    {"freeze", do_freeze},
    {"break", do_break},
    {"zero", do_zero},
    {"drift", do_drift},
    {"calibrate", do_calibrate},
    {"repair", do_repair},
    {"state", do_state},
    {"feed-stuck", do_feed_stuck},
    {"trip", do_trip},
    {"fan", do_fan},
    {"machine", do_machine},
    {"door", do_door},
    {"emission", do_emission},
    {"heat", do_heat},
    {"barometer", do_barometer},
    {"chatter", do_chatter},
    {"local-cut", do_local_cut},
    {"device", do_device},
    {"speed", do_speed},
    {"time", do_time},
    {"scenario", do_scenario},
    {"scenarios", do_scenarios},
    {"reset", do_reset},
    {"air", do_air},
    {"rig", do_rig},
    {"person", do_person},
    {"phone", do_phone},
};

static void words(struct call *c, const char *line)
{
    c->n = -1;
    while (c->n + 1 < WORDS) {
        line += strspn(line, " \t\r");
        size_t n = strcspn(line, " \t\r");
        if (n == 0) {
            return;
        }
        c->n++;
        size_t keep = n < WORD_MAX - 1 ? n : WORD_MAX - 1;
        memcpy(c->w[c->n], line, keep);
        line += n;
    }
}

void sim_command(struct sim_run *r, const char *line, struct kt_buf *answer)
{
    struct call c = {.r = r, .p = r->plant, .out = answer};
    words(&c, line);
    for (size_t k = 0; k < KT_ARRAY_LEN(verbs); k++) {
        if (strcmp(c.w[0], verbs[k].verb) == 0) {
            kt_buf_puts(answer, "ok");
            verbs[k].run(&c);
            return;
        }
    }
    no(&c, "unknown command", c.w[0]);
}
