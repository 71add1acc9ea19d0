/* SPDX-License-Identifier: Apache-2.0 */
/* watch: engine time passes: timers, consoles. */
#include "engine/folk.h"

static void timed_turn(struct eng *e, uint32_t t)
{
    uint32_t at = e->timed[t];
    uint8_t before = e->inst[at].state;
    eng_eval(e, at);
    if (e->inst[at].state != before) {
        eng_band(e, e->inst[at].self);
    }
    wheel_set(e->wheel, e->points_n + e->insts_n + t, eng_timed_due(e, t));
}

/* The next turn of a timed instance: once a second, spread over its tenths. */
kt_time eng_timed_due(const struct eng *e, uint32_t timed)
{
    kt_time at = e->now / KT_SEC * KT_SEC + timed % 10 * (100 * KT_MS);
    return at > e->now ? at : at + KT_SEC;
}

static void run_timers(struct eng *e)
{
    uint32_t n = 0;
    const uint32_t *due = wheel_take(e->wheel, e->now, &n);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t id = due[i];
        if (id < e->points_n) {
            eng_stale_timer(e, id);
        } else if (id < e->points_n + e->insts_n) {
            eng_inst_timer(e, id - e->points_n);
        } else {
            timed_turn(e, id - e->points_n - e->insts_n);
        }
    }
}

void eng_start(struct eng *e, kt_time now)
{
    if (e->now != 0 || now <= 0) {
        return;
    }
    e->now = e->born = now;
    e->holds_from = now + ENG_HOLD_GRACE;
    uint32_t n;
    (void)wheel_take(e->wheel, now, &n);
    for (uint32_t p = 0; p < e->points_n; p++) {
        e->pt[p].seen = now;
        eng_stale_timer(e, p);
        eng_band(e, p);
    }
    for (uint32_t t = 0; t < e->timed_n; t++) {
        wheel_set(e->wheel, e->points_n + e->insts_n + t, eng_timed_due(e, t));
    }
}

/* How long a point may take to be heard for the first time after a start: three scans of it, and
 * half of its time of silence, for nobody knows the rhythm of what is sent without being asked. */
static int64_t grace_of(const struct eng *e, uint32_t point)
{
    const struct kt_point *p = &e->site->points[point];
    int64_t after = p->role->stale_after_ns, scan = p->scan_ns;
    if (scan <= 0 && p->link < e->site->links_n) {
        scan = e->site->links[p->link].scan_ns;
    }
    int64_t grace = after / 2 > 3 * scan ? after / 2 : 3 * scan;
    return grace < after ? grace : after;
}

/* The first tick of all: silence is counted from it, whatever time the inputs before it had. The
 * first one after a restart: a pause of the program is no excuse for a sensor, so silence is
 * counted from the last word that the journal has of it, but for the time that it takes to be
 * heard. */
static void first_tick(struct eng *e)
{
    bool first = e->next_minute == 0;
    e->born = first ? e->now : e->born;
    for (uint32_t p = 0; p < e->points_n; p++) {
        struct pt *pt = &e->pt[p];
        if (pt->bits & (PT_STALE | PT_MANUAL)) {
            continue;
        }
        kt_time from = e->now - e->site->points[p].role->stale_after_ns + grace_of(e, p);
        pt->seen = first ? e->now : pt->seen > from ? pt->seen : from;
        eng_stale_timer(e, p);
    }
}

void eng_tick(struct eng *e, kt_time now)
{
    eng_start(e, now);
    if (now > e->now) {
        e->now = now;
    }
    if (e->next_second == 0) {
        first_tick(e);
    }
    run_timers(e);
    kt_control_tick(e->control, e->now);
    kt_alarm_tick(e->alarms, e->now);
    kt_card_tick(e->cards, e->now);
    if (e->holds_from != 0 && e->now >= e->holds_from) {
        e->holds_from = 0;
        eng_interlocks_again(e);
    }
    if (e->now >= e->next_second) {
        e->next_second = e->now + KT_SEC;
        eng_cal_tick(e);
        eng_watch_second(e);
        eng_folk_second(e);
        eng_voice_second(e);
    }
    if (e->now >= e->next_minute) {
        e->next_minute = e->now + KT_MIN;
        eng_watch_minute(e);
    }
}

void eng_advance(struct eng *e, kt_time now)
{
    eng_start(e, now);
    if (now - e->now >= ENG_PAUSE) {
        eng_tick(e, now);
    } else if (now > e->now) {
        e->now = now;
    }
}

/* Consoles */
static void flag_consoles(struct eng *e)
{
    bool silent = false;
    for (uint32_t i = 0; i < e->console.n; i++) {
        silent |= e->console.v[i].silent;
    }
    for (uint32_t p = 0; p < e->points_n; p++) {
        const struct kt_point *point = &e->site->points[p];
        if (!point->ended && strcmp(point->role->id, "self.console") == 0) {
            eng_set_flag(e, p, KT_FLAG_SILENT_CONSOLE, silent);
        }
    }
}

static void say_console(struct eng *e, const struct console *c, bool silent)
{
    struct kt_jw *w = eng_say(e, "trust");
    kt_jw_kstr(w, "kind", "silent-console");
    kt_jw_kstr(w, "console", c->name);
    kt_jw_kstr(w, "user", c->user);
    kt_jw_kbool(w, "on", silent);
    eng_said(e);
}

void eng_watch_second(struct eng *e)
{
    bool changed = false;
    for (uint32_t i = 0; i < e->console.n; i++) {
        struct console *c = &e->console.v[i];
        if (e->now - c->heard > ENG_FORGET) {
            ENG_REMOVE(e->console, i);
            i--;
            changed = true;
        } else if (!c->silent && e->now - c->heard > ENG_SILENT) {
            c->silent = changed = true;
            say_console(e, c, true);
        }
    }
    if (changed) {
        flag_consoles(e);
    }
    eng_air_second(e);
}

static struct console *console_of(struct eng *e, const char *name)
{
    for (uint32_t i = 0; i < e->console.n; i++) {
        if (strcmp(e->console.v[i].name, name) == 0) {
            return &e->console.v[i];
        }
    }
    if (e->console.n >= ENG_CONSOLES) {
        return NULL;
    }
    struct console *c = ENG_PUSH(e->console);
    kt_text_set(c->name, sizeof c->name, name);
    c->heard = e->now;
    return c;
}

static int arg_console(const struct request *q, const char **ret, struct kt_err *err)
{
    *ret = kt_json_get_str(q->args, "console", q->console);
    size_t n = *ret ? strlen(*ret) : 0;
    if (n == 0 || n >= ENG_NAME) {
        return kt_err_set(err, KT_EINVAL, "console: the name of the console, at most %d bytes",
                          ENG_NAME - 1);
    }
    return KT_OK;
}

static void console_gone(struct eng *e, const char *name)
{
    for (uint32_t i = 0; i < e->console.n; i++) {
        if (strcmp(e->console.v[i].name, name) == 0) {
            ENG_REMOVE(e->console, i);
            flag_consoles(e);
            return;
        }
    }
}

int eng_console_hello(struct eng *e, const struct request *q, struct kt_err *err)
{
    const char *name;
    int r = arg_console(q, &name, err);
    if (r < 0) {
        return r;
    }
    if (kt_json_get_bool(q->args, "bye", false)) {
        console_gone(e, name);
        return KT_OK;
    }
    struct console *c = console_of(e, name);
    if (!c) {
        return kt_err_set(err, KT_ELIMIT, "too many consoles");
    }
    c->heard = e->now;
    c->sound = kt_json_get_bool(q->args, "sound", false);
    kt_text_set(c->user, sizeof c->user, q->user);
    if (c->silent) {
        c->silent = false;
        say_console(e, c, false);
        flag_consoles(e);
    }
    e->version++;
    return KT_OK;
}

int eng_console_mute(struct eng *e, const struct request *q, struct kt_err *err)
{
    const char *name;
    int64_t seconds;
    int r = arg_console(q, &name, err);
    if (r < 0 || (r = kt_json_need_int(q->args, "seconds", &seconds, err)) < 0) {
        return r;
    }
    if (seconds < 0 || seconds > ENG_MUTE_MAX) {
        return kt_err_set(err, KT_EINVAL, "seconds: from 0 to %d", ENG_MUTE_MAX);
    }
    struct console *c = console_of(e, name);
    if (!c) {
        return kt_err_set(err, KT_ELIMIT, "too many consoles");
    }
    if (seconds > 0 && c->muted_until > e->now) {
        return kt_err_set(err, KT_ECONFLICT, "%s is muted already; it cannot be made longer", name);
    }
    c->muted_until = e->now + seconds * KT_SEC;
    struct kt_jw *w = eng_say(e, "mute");
    kt_jw_kstr(w, "console", name);
    kt_jw_kint(w, "seconds", seconds);
    kt_jw_kstr(w, "by", q->user);
    kt_jw_ktime(w, "until", c->muted_until);
    eng_said(e);
    return KT_OK;
}
