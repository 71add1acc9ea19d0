/* SPDX-License-Identifier: Apache-2.0 */
#include "alarm/card.h"

#include <stdlib.h>

#include "alarm/private.h"
#include "base/map.h"

struct kt_card_set {
    const struct kt_site *site;
    kt_card_fn fn;
    void *arg;
    struct kt_card **card; /* oldest first */
    struct kt_map *open;   /* (rule, point) to the open card */
    uint32_t n, cap, closed;
    kt_time next_due;
};

struct kt_card_set *kt_card_new(const struct kt_site *site, kt_card_fn fn, void *arg)
{
    struct kt_card_set *set = calloc(1, sizeof *set);
    KT_ASSERT(set);
    set->site = site;
    set->fn = fn;
    set->arg = arg;
    set->next_due = INT64_MAX;
    set->open = kt_map_new(64);
    return set;
}

static void card_free(struct kt_card *c)
{
    if (c) {
        free(c->log);
        free(c);
    }
}

void kt_card_free(struct kt_card_set *set)
{
    if (!set) {
        return;
    }
    for (uint32_t i = 0; i < set->n; i++) {
        card_free(set->card[i]);
    }
    free(set->card);
    kt_map_free(set->open);
    free(set);
}

static struct kt_card *append(struct kt_card_set *set)
{
    if (set->n == set->cap) {
        set->cap = set->cap ? set->cap * 2 : 32;
        set->card = realloc(set->card, set->cap * sizeof(struct kt_card *));
        KT_ASSERT(set->card);
    }
    struct kt_card *c = calloc(1, sizeof *c);
    KT_ASSERT(c);
    set->card[set->n++] = c;
    return c;
}

static struct kt_str key_of(uint32_t key[2], kt_rule_id rule, kt_point_id point)
{
    key[0] = rule.v;
    key[1] = point.v;
    return (struct kt_str){(const char *)key, 2 * sizeof key[0]};
}

static struct kt_card *open_of(const struct kt_card_set *set, kt_rule_id rule, kt_point_id point)
{
    uint32_t key[2];
    uint64_t found;
    bool is = kt_map_get(set->open, key_of(key, rule, point), &found);
    return is ? (struct kt_card *)(uintptr_t)found : NULL;
}

static void index_open(struct kt_card_set *set, struct kt_card *c)
{
    uint32_t key[2];
    kt_map_set(set->open, key_of(key, c->rule, c->point), (uint64_t)(uintptr_t)c);
}

static void write_entry(struct kt_card_set *set, struct kt_card *c, enum kt_card_change change,
                        kt_time now, const char *by, const char *step, const char *text)
{
    struct kt_card_entry e = {.time = now, .change = (uint8_t)change};
    kt_text_set(e.by, sizeof e.by, by);
    kt_text_set(e.step, sizeof e.step, step);
    kt_text_set(e.text, sizeof e.text, text);
    if (c->log_n < KT_CARD_LOG) {
        c->log = realloc(c->log, (c->log_n + 1) * sizeof *c->log);
        KT_ASSERT(c->log);
        c->log[c->log_n++] = e;
    }
    if (set->fn) {
        set->fn(set->arg, c, &e);
    }
}

static void expect_followup(struct kt_card_set *set, struct kt_card *c, kt_time now)
{
    c->next_followup = now + KT_CARD_FOLLOWUP;
    c->overdue = false;
    if (c->next_followup < set->next_due) {
        set->next_due = c->next_followup;
    }
}

void kt_card_open(struct kt_card_set *set, uint64_t id, uint64_t alarm, kt_rule_id rule,
                  kt_point_id point, const char *form, kt_time now)
{
    struct kt_card *c = open_of(set, rule, point);
    if (c) {
        c->alarm = alarm;
        c->raises++;
        if (c->cleared != 0) {
            c->cleared = 0;
            expect_followup(set, c, now);
        }
        return;
    }
    c = append(set);
    c->id = id;
    c->alarm = alarm;
    c->rule = rule;
    c->point = point;
    c->opened = now;
    c->raises = 1;
    kt_text_set(c->form, sizeof c->form, form);
    index_open(set, c);
    expect_followup(set, c, now);
    write_entry(set, c, KT_CARD_OPEN, now, "", "", "");
}

void kt_card_cleared(struct kt_card_set *set, kt_rule_id rule, kt_point_id point, kt_time now)
{
    struct kt_card *c = open_of(set, rule, point);
    if (c && c->cleared == 0) {
        c->cleared = now;
        c->next_followup = 0;
        c->overdue = false;
        write_entry(set, c, KT_CARD_CLEARED, now, "", "", "");
    }
}

void kt_card_tick(struct kt_card_set *set, kt_time now)
{
    if (now < set->next_due) {
        return;
    }
    set->next_due = INT64_MAX;
    for (uint32_t i = 0; i < set->n; i++) {
        struct kt_card *c = set->card[i];
        if (c->next_followup == 0 || c->overdue) {
            continue;
        }
        if (c->next_followup <= now) {
            c->overdue = true;
            write_entry(set, c, KT_CARD_OVERDUE, now, "", "", "");
        } else if (c->next_followup < set->next_due) {
            set->next_due = c->next_followup;
        }
    }
}

static int find_open(struct kt_card_set *set, uint64_t id, struct kt_card **ret, struct kt_err *err)
{
    struct kt_card *c = (struct kt_card *)kt_card_find(set, id);
    if (!c) {
        return kt_err_set(err, KT_ENOTFOUND, "no card %llu", (unsigned long long)id);
    }
    if (c->closed != 0) {
        return kt_err_set(err, KT_ESTATE, "card %llu is closed", (unsigned long long)id);
    }
    *ret = c;
    return KT_OK;
}

static int find_writable(struct kt_card_set *set, uint64_t id, struct kt_card **ret,
                         struct kt_err *err)
{
    int r = find_open(set, id, ret, err);
    if (r == KT_OK && (*ret)->log_n >= KT_CARD_LOG - 2) {
        return kt_err_set(err, KT_ELIMIT, "card %llu is full; close it", (unsigned long long)id);
    }
    return r;
}

static int need(const char *text, const char *what, struct kt_err *err)
{
    return text && text[0] ? KT_OK : kt_err_set(err, KT_EINVAL, "%s: write something", what);
}

int kt_card_step(struct kt_card_set *set, uint64_t id, kt_time now, const char *by,
                 const char *step, const char *text, struct kt_err *err)
{
    struct kt_card *c;
    int r = find_writable(set, id, &c, err);
    if (r == KT_OK) {
        r = need(step, "step", err);
    }
    if (r == KT_OK) {
        write_entry(set, c, KT_CARD_STEPPED, now, by, step, text);
    }
    return r;
}

int kt_card_measure(struct kt_card_set *set, uint64_t id, kt_time now, const char *by,
                    const char *cause, const char *measure, struct kt_err *err)
{
    struct kt_card *c;
    int r = find_writable(set, id, &c, err);
    if (r == KT_OK) {
        r = need(cause, "cause", err);
    }
    if (r == KT_OK) {
        r = need(measure, "measure", err);
    }
    if (r == KT_OK) {
        kt_text_set(c->cause, sizeof c->cause, cause);
        kt_text_set(c->measure, sizeof c->measure, measure);
        write_entry(set, c, KT_CARD_MEASURE, now, by, "", cause);
    }
    return r;
}

int kt_card_followup(struct kt_card_set *set, uint64_t id, kt_time now, const char *by,
                     const char *text, struct kt_err *err)
{
    struct kt_card *c;
    int r = find_writable(set, id, &c, err);
    if (r == KT_OK) {
        r = need(text, "text", err);
    }
    if (r == KT_OK) {
        if (c->cleared == 0) {
            expect_followup(set, c, now);
        }
        write_entry(set, c, KT_CARD_FOLLOWED, now, by, "", text);
    }
    return r;
}

/* Only so many closed ones are kept. */
static void forget_oldest_closed(struct kt_card_set *set)
{
    for (uint32_t i = 0; set->closed > KT_CARDS_CLOSED && i < set->n; i++) {
        if (set->card[i]->closed != 0) {
            card_free(set->card[i]);
            memmove(&set->card[i], &set->card[i + 1], (set->n - i - 1) * sizeof(struct kt_card *));
            set->n--;
            set->closed--;
            return;
        }
    }
}

int kt_card_close(struct kt_card_set *set, uint64_t id, kt_time now, const char *by,
                  const char *text, struct kt_err *err)
{
    struct kt_card *c;
    int r = find_open(set, id, &c, err);
    if (r < 0) {
        return r;
    }
    if (c->cleared == 0) {
        return kt_err_set(err, KT_ESTATE, "the alarm of card %llu still stands; it closes after",
                          (unsigned long long)id);
    }
    if (!c->cause[0] || !c->measure[0]) {
        return kt_err_set(err, KT_ESTATE,
                          "card %llu has no cause and measure yet; write them first",
                          (unsigned long long)id);
    }
    uint32_t key[2];
    (void)kt_map_del(set->open, key_of(key, c->rule, c->point));
    c->closed = now;
    set->closed++;
    write_entry(set, c, KT_CARD_CLOSE, now, by, "", text);
    forget_oldest_closed(set);
    return KT_OK;
}

const struct kt_card *kt_card_find(const struct kt_card_set *set, uint64_t id)
{
    for (uint32_t i = 0; i < set->n && id != 0; i++) {
        if (set->card[i]->id == id) {
            return set->card[i];
        }
    }
    return NULL;
}

uint32_t kt_card_count(const struct kt_card_set *set)
{
    return set->n;
}

const struct kt_card *kt_card_at(const struct kt_card_set *set, uint32_t i)
{
    KT_ASSERT(i < set->n);
    return set->card[i];
}

const char *kt_card_change_id(enum kt_card_change change)
{
    static const char *const ids[] = {"open",    "step",    "measure", "followup",
                                      "overdue", "cleared", "close"};
    return ids[change];
}

static void write_time(struct kt_jw *w, const char *key, kt_time t)
{
    char text[40];
    if (t != 0) {
        kt_jw_kstr(w, key, kt_time_fmt(t, 0, text));
    }
}

static void write_texts(const struct kt_card_entry *e, struct kt_jw *w)
{
    kt_jw_kstr(w, "change", kt_card_change_id(e->change));
    if (e->step[0]) {
        kt_jw_kstr(w, "step", e->step);
    }
    if (e->text[0]) {
        kt_jw_kstr(w, "text", e->text);
    }
    if (e->by[0]) {
        kt_jw_kstr(w, "by", e->by);
    }
}

static void write_head(const struct kt_card_set *set, const struct kt_card *c, struct kt_jw *w)
{
    kt_jw_kint(w, "id", (int64_t)c->id);
    kt_jw_kint(w, "alarm", (int64_t)c->alarm);
    kt_jw_kstr(w, "state", c->closed ? "closed" : "open");
    kt_jw_kstr(w, "card", c->form);
    kt_jw_kstr(w, "rule", set->site->rules[c->rule.v].id);
    kt_jw_kstr(w, "point", set->site->points[c->point.v].id);
    write_time(w, "opened", c->opened);
    write_time(w, "next_followup", c->next_followup);
    kt_jw_kbool(w, "overdue", c->overdue);
}

void kt_card_outcome_json(const struct kt_card_set *set, const struct kt_card *c,
                          const struct kt_card_entry *e, struct kt_jw *w)
{
    write_head(set, c, w);
    write_texts(e, w);
    if (e->change == KT_CARD_MEASURE) {
        kt_jw_kstr(w, "measure", c->measure);
    }
}

static void write_card(const struct kt_card_set *set, const struct kt_card *c, struct kt_jw *w)
{
    kt_jw_obj(w);
    write_head(set, c, w);
    kt_jw_kint(w, "raises", c->raises);
    write_time(w, "cleared", c->cleared);
    write_time(w, "closed", c->closed);
    kt_jw_kstr(w, "cause", c->cause);
    kt_jw_kstr(w, "measure", c->measure);
    kt_jw_key(w, "log");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < c->log_n; i++) {
        kt_jw_obj(w);
        write_time(w, "time", c->log[i].time);
        write_texts(&c->log[i], w);
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
    kt_jw_obj_end(w);
}

void kt_card_json(const struct kt_card_set *set, struct kt_jw *w)
{
    kt_jw_arr(w);
    for (uint32_t i = 0; i < set->n; i++) {
        write_card(set, set->card[i], w);
    }
    kt_jw_arr_end(w);
}

static void save_card(const struct kt_card_set *set, const struct kt_card *c, struct kt_buf *out)
{
    kt_put_text(out, set->site->rules[c->rule.v].id);
    kt_put_text(out, set->site->points[c->point.v].id);
    kt_put_u64(out, c->id);
    kt_put_u64(out, c->alarm);
    kt_put_i64(out, c->opened);
    kt_put_i64(out, c->cleared);
    kt_put_i64(out, c->closed);
    kt_put_i64(out, c->next_followup);
    kt_put_u8(out, c->overdue);
    kt_put_u32(out, c->raises);
    kt_put_text(out, c->form);
    kt_put_text(out, c->cause);
    kt_put_text(out, c->measure);
    kt_put_varint(out, c->log_n);
    for (uint32_t i = 0; i < c->log_n; i++) {
        const struct kt_card_entry *e = &c->log[i];
        kt_put_i64(out, e->time);
        kt_put_u8(out, e->change);
        kt_put_text(out, e->by);
        kt_put_text(out, e->step);
        kt_put_text(out, e->text);
    }
}

void kt_card_save(const struct kt_card_set *set, struct kt_buf *out)
{
    kt_put_varint(out, set->n);
    for (uint32_t i = 0; i < set->n; i++) {
        save_card(set, set->card[i], out);
    }
}

static void load_log(struct kt_card *c, struct kt_rd *in)
{
    uint64_t n = kt_get_varint(in);
    if (n > KT_CARD_LOG) {
        in->bad = true;
    }
    if (in->bad || n == 0) {
        return;
    }
    c->log = calloc(n, sizeof *c->log);
    KT_ASSERT(c->log);
    c->log_n = (uint32_t)n;
    for (uint64_t i = 0; i < n; i++) {
        struct kt_card_entry *e = &c->log[i];
        e->time = kt_get_i64(in);
        e->change = kt_get_u8(in);
        kt_get_text(in, e->by, sizeof e->by);
        kt_get_text(in, e->step, sizeof e->step);
        kt_get_text(in, e->text, sizeof e->text);
        in->bad |= e->change > KT_CARD_CLOSE;
    }
}

static void load_card(struct kt_card_set *set, struct kt_rd *in)
{
    struct kt_card *c = append(set);
    c->rule = kt_site_rule(set->site, kt_get_bytes(in));
    c->point = kt_site_point(set->site, kt_get_bytes(in));
    c->id = kt_get_u64(in);
    c->alarm = kt_get_u64(in);
    c->opened = kt_get_i64(in);
    c->cleared = kt_get_i64(in);
    c->closed = kt_get_i64(in);
    c->next_followup = kt_get_i64(in);
    c->overdue = kt_get_u8(in) & 1;
    c->raises = kt_get_u32(in);
    kt_get_text(in, c->form, sizeof c->form);
    kt_get_text(in, c->cause, sizeof c->cause);
    kt_get_text(in, c->measure, sizeof c->measure);
    load_log(c, in);
    if (in->bad || c->rule.v == KT_NONE || c->point.v == KT_NONE) {
        card_free(c);
        set->n--;
        return;
    }
    set->closed += c->closed != 0;
    if (c->closed == 0) {
        index_open(set, c);
    }
    if (c->next_followup != 0 && !c->overdue && c->next_followup < set->next_due) {
        set->next_due = c->next_followup;
    }
}

int kt_card_load(struct kt_card_set *set, struct kt_rd *in, struct kt_err *err)
{
    uint64_t n = kt_get_varint(in);
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        load_card(set, in);
    }
    return in->bad ? kt_err_set(err, KT_ECORRUPT, "checkpoint: cards are damaged") : KT_OK;
}
