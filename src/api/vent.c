/* SPDX-License-Identifier: Apache-2.0 */
/* The runner: what stands in the live table is looked at five times a second. */
#include "api/vent.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "sys/clock.h"
#include "sys/thread.h"

enum { LOOK_MS = 200 };
#define AGAIN       (20 * KT_SEC)
#define SETTLED     (5 * KT_SEC) /* after a change: sensors show the wind of now again */
#define TOLD_M3S    0.01         /* a flow that moved by less is the same */
#define TOLD_PART   0.01
#define SIGMA_LEAST 0.15 /* m/s, of a wind sensor */
#define SIGMA_PART  0.05

struct vent {
    struct kt_api *api;
    pthread_mutex_t lock; /* model and what it points to; `stop` */
    pthread_cond_t wake;
    bool stop, thread_on;
    pthread_t thread;
    struct vent_model *model;
};

/* ---- a model --------------------------------------------------------------------------------- */

static void model_free(struct vent_model *m)
{
    if (m) {
        kt_site_unref(m->site);
        kt_arena_free(m->arena);
    }
}

static void log_problem(void *arg, const struct kt_err *at)
{
    struct vent_model *m = arg;
    if (m->err.code == 0) {
        m->err = *at;
        KT_ERROR("vent", "%s:%d:%d: %s", at->file, at->line, at->col, at->text);
    }
}

static void read_airways(struct vent_model *m, struct kt_str bytes)
{
    struct kt_csv *csv;
    struct kt_problems p = {log_problem, m, 0};
    struct kt_err err;
    m->present = true;
    int r = kt_csv_parse(m->arena, bytes, "airways.csv", &csv, &err);
    r = r < 0 ? r : kt_airways_read(csv, m->site, m->arena, &p, &m->airways, &err);
    if (r < 0) {
        m->err = m->err.code ? m->err : err;
        m->airways.n = 0;
        m->failed = true;
        kt_err_str(&m->err, m->text, sizeof(m->text));
    }
}

/** Takes the reference to the site. */
static struct vent_model *model_new(struct kt_site *site)
{
    struct kt_arena *arena = kt_arena_new(0);
    struct vent_model *m = KT_NEW(arena, struct vent_model);
    m->arena = arena;
    m->site = site;
    for (uint32_t i = 0; i < site->files_n; i++) {
        if (strcmp(site->files[i].name, "airways.csv") == 0) {
            read_airways(m, site->files[i].bytes);
        }
    }
    uint32_t n = m->airways.n;
    m->design = KT_NEW_ARRAY(arena, int8_t, n + 1);
    m->state = KT_NEW_ARRAY(arena, struct kt_airway_state, n + 1);
    m->stopped = KT_NEW_ARRAY(arena, bool, n + 1);
    m->q_m3s = KT_NEW_ARRAY(arena, double, n + 1);
    m->drop_pa = KT_NEW_ARRAY(arena, double, n + 1);
    m->r_part = KT_NEW_ARRAY(arena, double, n + 1);
    for (uint32_t b = 0; b < n; b++) {
        m->r_part[b] = 1;
    }
    m->told_q = KT_NEW_ARRAY(arena, double, n + 1);
    m->wind_q = KT_NEW_ARRAY(arena, double, n + 1);
    m->normal = KT_NEW_ARRAY(arena, double, n + 1);
    m->contradicts = KT_NEW_ARRAY(arena, bool, n + 1);
    if (n) {
        kt_airways_design(&m->airways, m->design);
    }
    return m;
}

/* ---- what is known --------------------------------------------------------------------------- */

static bool value_of(void *arg, uint32_t point, double *ret)
{
    struct kt_live_value v = kt_live_get(arg, (kt_point_id){point});
    *ret = v.value;
    return kt_q_known(v.quality);
}

/* ---- a solve --------------------------------------------------------------------------------- */

struct solved {
    struct kt_arena *arena;
    struct kt_vent_flow flow;
    struct kt_vent_sensor *sensor;
    uint32_t sensors_n;
    struct kt_vent_reconciled reconciled;
    struct kt_vent_branch *plain; /* that was reconciled, before */
    bool is_reconciled;
};

/** A wind sensor shows no direction: it is taken as air goes. */
static void sensors(const struct vent_model *m, struct kt_live *live, struct solved *s)
{
    s->sensor = KT_NEW_ARRAY(s->arena, struct kt_vent_sensor, m->airways.n + 1);
    for (uint32_t b = 0; b < m->airways.n && s->sensors_n < KT_VENT_SENSORS_MAX; b++) {
        const struct kt_airway *a = &m->airways.airway[b];
        if (a->wind == KT_NONE || a->section_m2 <= 0 || m->airways.branch[b].fixed) {
            continue;
        }
        struct kt_live_value v = kt_live_get(live, (kt_point_id){a->wind});
        if (v.quality == KT_Q_NORMAL && isfinite(v.value)) {
            double sigma = fmax(SIGMA_LEAST, SIGMA_PART * v.value);
            s->sensor[s->sensors_n++] = (struct kt_vent_sensor){
                b, copysign(v.value, s->flow.q_m3s[b]) * a->section_m2, sigma * a->section_m2};
        }
    }
}

void vent_branches(const struct kt_airways *a, const struct kt_airway_state *state,
                   const double *r_part, struct kt_vent_branch *ret)
{
    kt_airways_now(a, state, ret);
    for (uint32_t b = 0; b < a->n; b++) {
        ret[b].r_ns2_m8 *= r_part[b];
    }
}

/** What the sensors say of a network as airways.csv has it: so no correction grows on another. */
static void reconcile(const struct vent_model *m, const struct kt_airway_state *state,
                      struct kt_live *live, struct solved *s)
{
    struct kt_vent_net net = m->airways.net;
    struct kt_err aside;
    s->plain = KT_NEW_ARRAY(s->arena, struct kt_vent_branch, m->airways.n);
    kt_airways_now(&m->airways, state, s->plain);
    net.branch = s->plain;
    sensors(m, live, s);
    s->is_reconciled = kt_vent_reconcile(&net, s->sensor, s->sensors_n, NULL, s->arena,
                                         &s->reconciled, &aside) == KT_OK;
}

static int solve(const struct vent_model *m, const struct kt_airway_state *state,
                 struct kt_live *live, struct solved *s, struct kt_err *err)
{
    struct kt_vent_net net = m->airways.net;
    struct kt_vent_branch *branch = KT_NEW_ARRAY(s->arena, struct kt_vent_branch, m->airways.n);
    vent_branches(&m->airways, state, m->r_part, branch);
    net.branch = branch;
    struct kt_vent_change *turned = KT_NEW_ARRAY(s->arena, struct kt_vent_change, m->airways.n + 1);
    uint32_t turned_n = kt_airways_turned(&m->airways, state, turned);
    int r = kt_vent_what_if(&net, turned, turned_n, s->arena, &s->flow, err);
    if (r == KT_OK && s->flow.state != KT_VENT_SOLVED) {
        char text[300];
        r = kt_err_set(err, KT_ESTATE, "%s", kt_vent_explain(&net, &s->flow, text, sizeof(text)));
    }
    /* The wind sensors are told of a network in which every fan blows forward. */
    if (r == KT_OK && turned_n == 0) {
        reconcile(m, state, live, s);
    }
    return r;
}

/** The resistances that the wind of now asks for, where nothing changed of late and all is known.
 */
static void learn(struct vent_model *m, struct solved *s)
{
    bool any = s->is_reconciled && s->reconciled.contradicts_n < s->sensors_n;
    if (!any || !m->steady || m->unsure || s->reconciled.flow.state != KT_VENT_SOLVED) {
        return;
    }
    for (uint32_t b = 0; b < m->airways.n; b++) {
        double was = s->plain[b].r_ns2_m8;
        m->r_part[b] = was > 0 ? s->reconciled.r_ns2_m8[b] / was : 1;
    }
    m->reconciled = true;
    s->flow = s->reconciled.flow;
}

static void keep(struct vent_model *m, struct solved *s)
{
    uint32_t n = m->airways.n;
    learn(m, s);
    memcpy(m->q_m3s, s->flow.q_m3s, n * sizeof(double));
    memcpy(m->drop_pa, s->flow.drop_pa, n * sizeof(double));
    for (uint32_t b = 0; b < n; b++) {
        m->wind_q[b] = m->normal[b] = NAN;
        m->contradicts[b] = false;
    }
    for (uint32_t i = 0; s->is_reconciled && i < s->sensors_n; i++) {
        uint32_t b = s->sensor[i].branch;
        m->wind_q[b] = s->sensor[i].q_m3s;
        m->normal[b] = s->reconciled.normal[i];
        m->contradicts[b] = s->reconciled.contradicts[i];
    }
    m->solved = true;
    m->failed = false;
    m->text[0] = '\0';
}

/* ---- what the engine is told ----------------------------------------------------------------- */

/** Nothing went another way and no flow moved by what a person would call a change. */
static bool as_told(const struct vent_model *m)
{
    bool same = m->told != 0;
    for (uint32_t b = 0; same && b < m->airways.n; b++) {
        double was = m->told_q[b], is = m->q_m3s[b];
        bool still = (fabs(was) < KT_VENT_STILL_M3S) == (fabs(is) < KT_VENT_STILL_M3S);
        same = still && (was < 0) == (is < 0) && fabs(is - was) <= TOLD_PART * fabs(was) + TOLD_M3S;
    }
    return same;
}

static void write_solved_for(const struct vent_model *m, struct kt_jw *w)
{
    kt_jw_key(w, "state");
    kt_jw_obj(w);
    for (uint32_t b = 0; b < m->airways.n; b++) {
        const struct kt_airway *a = &m->airways.airway[b];
        if (a->fans_n || a->doors_n) {
            kt_jw_key(w, a->id);
            kt_jw_arr(w);
            kt_jw_int(w, m->state[b].fan);
            kt_jw_int(w, m->state[b].open);
            kt_jw_arr_end(w);
        }
    }
    kt_jw_obj_end(w);
}

static void write_flows(struct vent_model *m, struct kt_jw *w)
{
    kt_jw_key(w, "flows");
    kt_jw_obj(w);
    for (uint32_t b = 0; b < m->airways.n; b++) {
        m->told_q[b] = round(m->q_m3s[b] * 1e4) / 1e4;
        kt_jw_knum(w, m->airways.airway[b].id, m->told_q[b]);
    }
    kt_jw_obj_end(w);
    m->told = m->from;
}

/** What was found, or why nothing was, as an input of the engine. One that finds the queue full is
 *  told again with the next: until then the engine goes by what is never smaller. */
static void tell(struct vent *v)
{
    struct vent_model *m = v->model;
    struct kt_buf out;
    kt_buf_init(&out, 0);
    struct kt_jw w = kt_jw_init(&out);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "solver", "vent");
    kt_jw_kint(&w, "from", (int64_t)m->from);
    kt_jw_kint(&w, "at", m->at);
    write_solved_for(m, &w);
    if (m->failed) {
        kt_jw_kstr(&w, "failed", m->text);
    } else if (as_told(m)) {
        kt_jw_kint(&w, "same", (int64_t)m->told);
    } else {
        write_flows(m, &w);
    }
    kt_jw_obj_end(&w);
    if (kt_runtime_answer(v->api->opts.runtime, (struct kt_str){out.p, out.n}, "vent") < 0) {
        m->told = 0;
    }
    kt_buf_done(&out);
}

static void begin(struct vent *v, const struct kt_airway_state *state)
{
    struct vent_model *m = v->model;
    pthread_mutex_lock(&v->lock);
    memcpy(m->state, state, m->airways.n * sizeof(*state));
    m->turned = false;
    for (uint32_t b = 0; b < m->airways.n; b++) {
        m->stopped[b] = state[b].fan != 1;
        m->turned |= state[b].fan == 2;
    }
    m->outstanding = true;
    pthread_mutex_unlock(&v->lock);
}

/** How each airway stands; what of it rests on nothing is kept with the model. */
static void look(struct vent *v, struct kt_live *live, struct kt_airway_state *ret)
{
    struct vent_model *m = v->model;
    bool unsure = false;
    for (uint32_t b = 0; b < m->airways.n; b++) {
        ret[b] = kt_airway_look(&m->airways.airway[b], value_of, live);
        unsure |= kt_airway_unsure(&m->airways.airway[b], value_of, live);
    }
    pthread_mutex_lock(&v->lock);
    m->unsure = unsure;
    pthread_mutex_unlock(&v->lock);
}

/** For the state that was seen at `now`. */
static void run(struct vent *v, struct kt_live *live, const struct kt_airway_state *state,
                kt_time now, kt_seq from)
{
    struct vent_model *m = v->model; /* only this thread replaces it */
    struct solved s = {.arena = kt_arena_new(0)};
    struct kt_err err;
    begin(v, state);
    kt_mono before = kt_clock_mono();
    int r = solve(m, state, live, &s, &err);
    pthread_mutex_lock(&v->lock);
    m->outstanding = false;
    m->took_ms = (double)(kt_clock_mono() - before) / 1e6;
    m->at = now;
    m->from = from > 0 ? from : 1; /* 0 stands for none */
    if (r == KT_OK) {
        keep(m, &s);
    } else {
        m->failed = true;
        snprintf(m->text, sizeof(m->text), "%s", err.text);
    }
    tell(v);
    pthread_mutex_unlock(&v->lock);
    kt_arena_free(s.arena);
}

static void renew(struct vent *v, struct kt_site *site)
{
    struct vent_model *m = model_new(site), *old = v->model;
    pthread_mutex_lock(&v->lock);
    v->model = m;
    bool held = old && old->held > 0;
    if (held) {
        old->replaced = true;
    }
    pthread_mutex_unlock(&v->lock);
    if (!held) {
        model_free(old);
    }
}

static void turn(struct vent *v)
{
    struct kt_runtime *rt = v->api->opts.runtime;
    struct kt_site *site = kt_runtime_site(rt);
    if (!v->model || v->model->site != site) {
        renew(v, site);
    } else {
        kt_site_unref(site);
    }
    struct vent_model *m = v->model;
    struct kt_live *live = kt_runtime_live(rt);
    if (m->airways.n == 0 || kt_live_count(live) < m->site->points_n) {
        return; /* a site that is not in force yet */
    }
    kt_time now = kt_runtime_now(rt);
    kt_seq from = kt_journal_durable(kt_runtime_journal(rt));
    struct kt_airway_state *state = calloc(m->airways.n, sizeof(*state));
    KT_ASSERT(state);
    look(v, live, state);
    bool never = !m->solved && !m->failed;
    bool same = !never && memcmp(state, m->state, m->airways.n * sizeof(*state)) == 0;
    if (!same || now - m->at >= (m->steady ? AGAIN : SETTLED)) {
        m->steady = same;
        run(v, live, state, now, from);
    }
    free(state);
}

static void *vent_run(void *arg)
{
    struct vent *v = arg;
    kt_thread_nice(10);
    pthread_mutex_lock(&v->lock);
    while (!v->stop) {
        struct timespec until;
        pthread_mutex_unlock(&v->lock);
        turn(v);
        pthread_mutex_lock(&v->lock);
        (void)clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += LOOK_MS * KT_MS;
        until.tv_sec += until.tv_nsec / KT_SEC;
        until.tv_nsec %= KT_SEC;
        while (!v->stop && pthread_cond_timedwait(&v->wake, &v->lock, &until) != ETIMEDOUT) {
        }
    }
    pthread_mutex_unlock(&v->lock);
    return NULL;
}

struct vent *vent_new(struct kt_api *a)
{
    struct vent *v = calloc(1, sizeof(*v));
    struct kt_err err;
    pthread_condattr_t attr;
    KT_ASSERT(v);
    v->api = a;
    pthread_mutex_init(&v->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&v->wake, &attr);
    pthread_condattr_destroy(&attr);
    v->thread_on = kt_thread_start(&v->thread, "vent", vent_run, v, &err) == KT_OK;
    if (!v->thread_on) {
        KT_ERROR("vent", "%s", err.text);
    }
    return v;
}

void vent_free(struct vent *v)
{
    if (!v) {
        return;
    }
    pthread_mutex_lock(&v->lock);
    v->stop = true;
    pthread_cond_signal(&v->wake);
    pthread_mutex_unlock(&v->lock);
    if (v->thread_on) {
        pthread_join(v->thread, NULL);
    }
    model_free(v->model);
    pthread_cond_destroy(&v->wake);
    pthread_mutex_destroy(&v->lock);
    free(v);
}

const struct vent_model *vent_lock(struct vent *v)
{
    pthread_mutex_lock(&v->lock);
    return v->model;
}

void vent_unlock(struct vent *v)
{
    pthread_mutex_unlock(&v->lock);
}

struct vent_model *vent_hold(const struct vent_model *m)
{
    struct vent_model *mine = (struct vent_model *)(uintptr_t)m;
    mine->held++;
    return mine;
}

void vent_release(struct vent *v, struct vent_model *m)
{
    pthread_mutex_lock(&v->lock);
    bool last = --m->held == 0 && m->replaced;
    pthread_mutex_unlock(&v->lock);
    if (last) {
        model_free(m);
    }
}
