/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load: a checkpoint into a new engine. Bytes are not trusted: every count is met by bytes, every
 * text by its room, every state by its range; points and rules that the site does not have are
 * passed over. The live table is written last, when nothing can fail any more.
 */
#include <math.h>
#include <stdlib.h>

#include "engine/save.h"

struct loaded { /* the present of one point, until all is read */
    double value;
    kt_time time;
    kt_quality quality;
    bool is;
};

static uint32_t get_point(const struct eng *e, struct kt_rd *in)
{
    struct kt_str id = kt_get_bytes(in);
    return in->bad ? KT_NONE : kt_site_point(e->site, id).v;
}

static uint64_t get_count(struct kt_rd *in, uint64_t most)
{
    uint64_t n = kt_get_varint(in);
    in->bad |= n > most || n > kt_rd_left(in);
    return in->bad ? 0 : n;
}

static void load_links(struct eng *e, struct kt_rd *in)
{
    uint64_t n = get_count(in, UINT32_MAX);
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        struct kt_str id = kt_get_bytes(in);
        bool down = kt_get_u8(in) & 1;
        kt_time since = kt_get_i64(in);
        for (uint32_t k = 0; k < e->site->links_n && !in->bad; k++) {
            if (kt_str_is(id, e->site->links[k].id)) {
                e->link_down[k] = down;
                e->link_since[k] = since;
            }
        }
    }
}

static void load_point(struct eng *e, struct loaded *present, struct kt_rd *in)
{
    struct loaded got = {.is = true};
    uint32_t p = get_point(e, in);
    got.value = kt_get_f64(in);
    got.time = kt_get_i64(in);
    got.quality = kt_get_u8(in);
    kt_time seen = kt_get_i64(in);
    uint16_t flags = kt_get_u16(in);
    uint8_t bits = kt_get_u8(in);
    in->bad |=
        flags >> KT_FLAGS != 0 || (bits & ~(PT_STALE | PT_MANUAL | PT_DEVICE_CAL | PT_AWAIT));
    if (!in->bad && p != KT_NONE) {
        present[p] = got;
        e->pt[p].seen = seen;
        e->pt[p].last = got.time;
        e->pt[p].flags = flags;
        e->pt[p].bits = bits;
    }
}

static void load_points(struct eng *e, struct loaded *present, struct kt_rd *in)
{
    uint64_t n = get_count(in, UINT32_MAX);
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        load_point(e, present, in);
    }
    n = get_count(in, UINT32_MAX);
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        uint32_t p = get_point(e, in);
        if (!in->bad && p != KT_NONE) {
            eng_dirty(e, p);
        }
    }
}

static uint32_t find_instance(const struct eng *e, kt_rule_id rule, uint32_t point)
{
    for (uint32_t k = e->of.at[point]; k < e->of.at[point + 1]; k++) {
        if (e->inst[e->of.list[k]].rule == rule.v) {
            return e->of.list[k];
        }
    }
    return KT_NONE;
}

/* A window of a rule whose text changed is left as new. */
static void load_window(struct eng *e, uint32_t window, struct kt_str saved, struct kt_rd *in)
{
    struct kt_rd one = kt_rd_init(saved.p, saved.n), probe = one;
    struct kt_buf mine;
    kt_buf_init(&mine, 0);
    kt_window_save(eng_window(e, window), &mine);
    struct kt_rd own = kt_rd_init(mine.p, mine.n);
    (void)kt_get_u8(&probe);
    (void)kt_get_u8(&own);
    bool same_span = kt_get_i64(&probe) == kt_get_i64(&own) && !probe.bad;
    kt_buf_done(&mine);
    if (same_span) {
        in->bad |= kt_window_load(eng_window(e, window), &one) < 0;
    }
}

static uint32_t windows_of(const struct eng *e, const struct inst *in)
{
    const struct kt_rule *r = eng_rule(e, in);
    return in->window == KT_NONE
               ? 0
               : kt_expr_windows(r->raise) + (r->clear ? kt_expr_windows(r->clear) : 0);
}

static void load_instance(struct eng *e, struct kt_rd *in)
{
    struct kt_str rule_id = kt_get_bytes(in);
    uint32_t p = get_point(e, in);
    kt_rule_id rule = in->bad ? (kt_rule_id){KT_NONE} : kt_site_rule(e->site, rule_id);
    uint32_t i = p != KT_NONE && rule.v != KT_NONE ? find_instance(e, rule, p) : KT_NONE;
    uint8_t state = kt_get_u8(in);
    kt_time due = kt_get_i64(in), timed_at = kt_get_i64(in);
    uint64_t windows = get_count(in, 1024);
    bool fits = i != KT_NONE && windows_of(e, &e->inst[i]) == windows;
    in->bad |= state > IN_FALLING;
    for (uint64_t k = 0; k < windows && !in->bad; k++) {
        struct kt_str one = kt_get_bytes(in);
        if (fits && !in->bad) {
            load_window(e, e->inst[i].window + (uint32_t)k, one, in);
        }
    }
    if (i != KT_NONE && !in->bad) {
        e->inst[i].state = state;
        e->inst[i].due = due;
        if (e->inst[i].timed != KT_NONE) {
            e->timed_at[e->inst[i].timed] = timed_at < e->now ? timed_at : e->now;
        }
    }
}

static void load_instances(struct eng *e, struct kt_rd *in)
{
    while (kt_get_u8(in) == 1 && !in->bad) {
        load_instance(e, in);
    }
}

static void load_changes(struct eng *e, struct kt_rd *in)
{
    uint64_t n = get_count(in, ENG_HISTORY);
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        struct limit_change c = {.point = get_point(e, in)};
        c.id = kt_get_u64(in);
        c.name = kt_get_u8(in);
        c.value = kt_get_f64(in);
        c.before = kt_get_f64(in);
        c.at = kt_get_i64(in);
        kt_get_text(in, c.by, sizeof c.by);
        kt_get_text(in, c.second, sizeof c.second);
        kt_get_text(in, c.reason, sizeof c.reason);
        in->bad |= c.name >= KT_LIMIT_NAMES;
        if (!in->bad && c.point != KT_NONE) {
            *ENG_PUSH(e->change) = c;
        }
    }
}

static void load_limits(struct eng *e, struct kt_rd *in)
{
    while (kt_get_u8(in) == 1 && !in->bad) {
        uint32_t p = get_point(e, in);
        uint8_t name = kt_get_u8(in);
        double value = kt_get_f64(in);
        in->bad |= name >= KT_LIMIT_NAMES;
        if (!in->bad && p != KT_NONE) {
            (void)eng_limit_restore(e, p, name, value);
        }
    }
    uint64_t n = get_count(in, ENG_PROPOSALS);
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        struct proposal p = {.point = get_point(e, in)};
        p.id = kt_get_u64(in);
        p.name = kt_get_u8(in);
        p.value = kt_get_f64(in);
        p.at = kt_get_i64(in);
        kt_get_text(in, p.by, sizeof p.by);
        kt_get_text(in, p.reason, sizeof p.reason);
        in->bad |= p.name >= KT_LIMIT_NAMES;
        if (!in->bad && p.point != KT_NONE) {
            *ENG_PUSH(e->proposal) = p;
        }
    }
    load_changes(e, in);
}

static void load_cal(struct eng *e, struct kt_rd *in)
{
    uint64_t n = get_count(in, ENG_CAL_OPEN + ENG_CAL_CLOSED + 1);
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        struct cal c = {.point = get_point(e, in)};
        c.id = kt_get_u64(in);
        c.opened = kt_get_i64(in);
        c.until = kt_get_i64(in);
        c.closed = kt_get_i64(in);
        c.agreed = kt_get_i64(in);
        uint8_t bits = kt_get_u8(in);
        c.has_peak = bits & 1;
        c.expired = bits >> 1 & 1;
        c.peak = kt_get_f64(in);
        kt_get_text(in, c.by, sizeof c.by);
        kt_get_text(in, c.second, sizeof c.second);
        kt_get_text(in, c.gas, sizeof c.gas);
        kt_get_text(in, c.result, sizeof c.result);
        if (in->bad || c.point == KT_NONE) {
            continue;
        }
        in->bad |= c.closed == 0 && e->pt[c.point].cal != KT_NONE;
        if (c.closed == 0) {
            e->pt[c.point].cal = e->cal.n;
        }
        *ENG_PUSH(e->cal) = c;
    }
}

static void load_manual_and_tests(struct eng *e, struct kt_rd *in)
{
    uint64_t n = get_count(in, UINT32_MAX);
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        struct manual m = {.point = get_point(e, in)};
        m.value = kt_get_f64(in);
        m.at = kt_get_i64(in);
        kt_get_text(in, m.by, sizeof m.by);
        kt_get_text(in, m.reason, sizeof m.reason);
        if (!in->bad && m.point != KT_NONE) {
            *ENG_PUSH(e->manual) = m;
        }
    }
    n = get_count(in, UINT32_MAX);
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        struct test_record t = {.point = get_point(e, in)};
        t.passed = kt_get_u8(in) & 1;
        t.at = kt_get_i64(in);
        t.last_pass = kt_get_i64(in);
        kt_get_text(in, t.by, sizeof t.by);
        kt_get_text(in, t.note, sizeof t.note);
        if (!in->bad && t.point != KT_NONE) {
            *ENG_PUSH(e->test) = t;
        }
    }
}

static void load_consoles(struct eng *e, struct kt_rd *in)
{
    uint64_t n = get_count(in, ENG_CONSOLES);
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        struct console c = {.heard = kt_get_i64(in)};
        c.muted_until = kt_get_i64(in);
        uint8_t bits = kt_get_u8(in);
        c.sound = bits & 1;
        c.silent = bits >> 1 & 1;
        kt_get_text(in, c.name, sizeof c.name);
        kt_get_text(in, c.user, sizeof c.user);
        *ENG_PUSH(e->console) = c;
    }
    kt_get_text(in, e->drill, sizeof e->drill);
    e->drill_since = kt_get_i64(in);
}

static void load_people(struct eng *e, struct kt_rd *in)
{
    uint64_t n = get_count(in, ENG_HANDOVERS);
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        struct handover h = {.at = kt_get_i64(in)};
        kt_get_text(in, h.shift, sizeof h.shift);
        kt_get_text(in, h.from, sizeof h.from);
        kt_get_text(in, h.to, sizeof h.to);
        kt_get_text(in, h.by, sizeof h.by);
        kt_get_text(in, h.note, sizeof h.note);
        *ENG_PUSH(e->handover) = h;
    }
    n = get_count(in, ENG_NOTES);
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        struct note note = {.id = kt_get_u64(in)};
        note.at = kt_get_i64(in);
        kt_get_text(in, note.where, sizeof note.where);
        kt_get_text(in, note.by, sizeof note.by);
        kt_get_text(in, note.text, sizeof note.text);
        *ENG_PUSH(e->note) = note;
    }
    load_consoles(e, in);
}

static bool load_head(struct eng *e, uint32_t *ret_version, struct kt_rd *in)
{
    bool fits = kt_get_u32(in) == SAVE_MAGIC;
    *ret_version = kt_get_u32(in);
    fits = fits && *ret_version >= 1 && *ret_version <= SAVE_VERSION;
    e->seq = kt_get_u64(in);
    e->now = kt_get_i64(in);
    e->born = kt_get_i64(in);
    e->last_id = kt_get_u64(in);
    e->next_second = kt_get_i64(in);
    e->next_minute = kt_get_i64(in);
    in->bad |= e->now < 0 || e->now > INT64_MAX / 2 || e->born > e->now;
    return fits && !in->bad;
}

/* What follows from the rest: timers, counts, marks in the live table, quiet bands. */
static void settle(struct eng *e, const struct loaded *present)
{
    uint32_t n;
    (void)wheel_take(e->wheel, e->now, &n);
    for (uint32_t i = 0; i < kt_alarm_slots(e->alarms); i++) {
        const struct kt_alarm *a = kt_alarm_at(e->alarms, i);
        e->pt[a->point.v].alarms = (uint16_t)(e->pt[a->point.v].alarms + kt_alarm_is_active(a));
    }
    for (uint32_t i = 0; i < kt_control_count(e->control); i++) {
        const struct kt_output *o = kt_control_at(e->control, i);
        e->pt[o->point.v].latches = (uint16_t)o->latch_n;
        e->pt[o->point.v].flags |= (uint16_t)((o->tag_n > 0) << KT_FLAG_TAGGED);
    }
    for (uint32_t p = 0; p < e->points_n; p++) {
        const struct loaded *l = &present[p];
        const struct kt_point *point = &e->site->points[p];
        kt_live_set(e->live, (kt_point_id){p}, l->is ? l->value : 0, l->is ? l->time : 0,
                    l->is ? l->quality : KT_Q_NEVER);
        eng_live_flags(e, p);
        int64_t after = point->ended ? 0 : point->role->stale_after_ns;
        e->pt[p].seen = l->is ? e->pt[p].seen : e->now;
        uint8_t bits = e->pt[p].bits;
        bool waits = (bits & PT_AWAIT) || !(bits & (PT_STALE | PT_MANUAL));
        if (e->now != 0 && after > 0 && waits) {
            wheel_set(e->wheel, p, e->pt[p].seen + after);
        }
        if (e->now != 0) {
            eng_band(e, p);
        }
    }
    for (uint32_t i = 0; i < e->insts_n; i++) {
        wheel_set(e->wheel, e->points_n + i, e->inst[i].due);
    }
    for (uint32_t t = 0; t < e->timed_n && e->now != 0; t++) {
        wheel_set(e->wheel, e->points_n + e->insts_n + t, eng_timed_due(e, t));
    }
    eng_air_loaded(e);
}

static void load_section(struct eng *e, struct kt_str name, struct kt_rd *in)
{
    struct kt_str body = kt_get_bytes(in);
    for (const struct eng_section *s = eng_sections; s->name && !in->bad; s++) {
        if (kt_str_is(name, s->name)) {
            struct kt_rd one = kt_rd_init(body.p, body.n);
            s->load(e, &one);
            in->bad |= one.bad || kt_rd_left(&one) != 0;
        }
    }
}

static void load_sections(struct eng *e, struct kt_rd *in)
{
    for (struct kt_str name = kt_get_bytes(in); name.n && !in->bad; name = kt_get_bytes(in)) {
        load_section(e, name, in);
    }
}

static int load_all(struct eng *e, struct loaded *present, struct kt_rd *in, struct kt_err *err)
{
    uint32_t version;
    if (!load_head(e, &version, in)) {
        return kt_err_set(err, KT_ECORRUPT, "checkpoint: not of this version of Kuangtu");
    }
    load_links(e, in);
    load_points(e, present, in);
    load_instances(e, in);
    load_limits(e, in);
    load_cal(e, in);
    load_manual_and_tests(e, in);
    load_people(e, in);
    eng_keys_load(e, in);
    int r = in->bad ? KT_ECORRUPT : kt_alarm_load(e->alarms, in, err);
    r = r == KT_OK ? kt_card_load(e->cards, in, err) : r;
    r = r == KT_OK ? kt_control_load(e->control, in, err) : r;
    if (r == KT_OK && version >= 2) {
        load_sections(e, in);
    }
    if (r == KT_OK && (kt_get_u32(in) != SAVE_MAGIC || in->bad || kt_rd_left(in) != 0)) {
        r = KT_ECORRUPT;
    }
    return r < 0 ? kt_err_set(err, r, "checkpoint: damaged") : r;
}

int eng_load(struct eng *e, struct kt_str saved, struct kt_err *err)
{
    struct loaded *present = calloc(e->points_n ? e->points_n : 1, sizeof *present);
    KT_ASSERT(present);
    struct kt_rd in = kt_rd_init(saved.p, saved.n);
    int r = load_all(e, present, &in, err);
    if (r == KT_OK) {
        settle(e, present);
    }
    free(present);
    return r;
}
