/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of the journal a mine shares: samples of the points that its rules name, changes of their
 * alarms, changes of the registers named. Names of persons and their notes are left out.
 */
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/log.h"
#include "conf/json.h"
#include "link/upward/private.h"
#include "sys/file.h"

enum {
    ENOUGH_BYTES = 128 << 10,
    ENOUGH_EVENTS = 20000, /* looked at in one call */
    IDS_MAX = 256 << 20,
    OUTCOME_MAX = 1 << 20
};

struct upward_collect {
    struct kt_runtime *rt;
    struct kt_site *site;
    const struct kt_link_conf *conf;
    struct kt_journal_reader *reader;
    kt_seq pos;
    /* points by their number in the journal: lines of data/points.ids */
    struct kt_buf ids_text;
    const char **ids;
    uint32_t *local; /* of the section being made; KT_NONE */
    bool *shared;
    uint32_t ids_n;
    /* the section being made */
    struct kt_columns columns, decoded;
    const char **names;
    uint32_t *numbers;
    uint32_t names_n;
    kt_time arrival;
    kt_seq hole_from, hole_to; /* events whose samples have left the journal; 0: none */
    /* live */
    uint32_t *changes; /* of a point, when it was last said */
};

static bool matches(const char *const *patterns, uint32_t n, const char *id)
{
    for (uint32_t i = 0; i < n; i++) {
        if (fnmatch(patterns[i], id, 0) == 0) {
            return true;
        }
    }
    return false;
}

static bool shares_point(const struct upward_collect *c, const char *id)
{
    return matches(c->conf->share, c->conf->share_n, id);
}

struct upward_collect *upward_collect_new(struct kt_runtime *rt, struct kt_site *site,
                                          const struct kt_link_conf *conf)
{
    struct upward_collect *c = calloc(1, sizeof(*c));
    KT_ASSERT(c);
    c->rt = rt;
    c->site = kt_site_ref(site);
    c->conf = conf;
    kt_buf_init(&c->ids_text, IDS_MAX);
    c->names = calloc(UPWARD_SAMPLES, sizeof(*c->names));
    c->numbers = calloc(UPWARD_SAMPLES, sizeof(*c->numbers));
    c->changes = calloc(site->points_n + 1, sizeof(*c->changes));
    KT_ASSERT(c->names && c->numbers && c->changes);
    kt_columns_reserve(&c->columns, UPWARD_SAMPLES);
    return c;
}

void upward_collect_free(struct upward_collect *c)
{
    if (!c) {
        return;
    }
    kt_journal_reader_free(c->reader);
    kt_buf_done(&c->ids_text);
    free(c->ids);
    free(c->local);
    free(c->shared);
    free(c->names);
    free(c->numbers);
    free(c->changes);
    kt_columns_done(&c->columns);
    kt_columns_done(&c->decoded);
    kt_site_unref(c->site);
    free(c);
}

void upward_collect_from(struct upward_collect *c, kt_seq pos)
{
    kt_journal_reader_free(c->reader);
    c->reader = NULL;
    c->pos = pos;
}

/* ---- points ---- */

static void read_ids(struct upward_collect *c)
{
    char path[700];
    struct kt_err err;
    snprintf(path, sizeof(path), "%.600s/data/points.ids", c->site->dir);
    kt_buf_clear(&c->ids_text);
    if (kt_file_read(path, IDS_MAX, &c->ids_text, &err) < 0) {
        KT_ERROR("upward", "%s", err.text);
        return;
    }
    uint32_t n = 0, cap = 0;
    char *p = c->ids_text.p, *end = p + c->ids_text.n, *nl;
    for (; p < end && (nl = memchr(p, '\n', (size_t)(end - p))); p = nl + 1) {
        *nl = '\0';
        if (n == cap) {
            cap = cap ? cap * 2 : 1024;
            c->ids = realloc(c->ids, cap * sizeof(*c->ids));
            c->shared = realloc(c->shared, cap * sizeof(*c->shared));
            c->local = realloc(c->local, cap * sizeof(*c->local));
            KT_ASSERT(c->ids && c->shared && c->local);
        }
        c->ids[n] = p;
        c->shared[n] = shares_point(c, p);
        c->local[n++] = KT_NONE;
    }
    c->ids_n = n;
}

/* ---- sections ---- */

static void flush(struct upward_collect *c, struct kt_buf *body)
{
    if (c->columns.n) {
        struct kt_samples s = kt_columns_view(&c->columns);
        upward_put_samples(body, c->names, c->names_n, c->arrival, &s);
    }
    for (uint32_t i = 0; i < c->names_n; i++) {
        c->local[c->numbers[i]] = KT_NONE;
    }
    c->columns.n = c->names_n = 0;
}

static void add_sample(struct upward_collect *c, struct kt_buf *body, uint32_t i)
{
    struct kt_columns *to = &c->columns;
    uint32_t number = c->decoded.point[i];
    if (to->n == UPWARD_SAMPLES) {
        flush(c, body);
    }
    if (c->local[number] == KT_NONE) {
        c->local[number] = c->names_n;
        c->numbers[c->names_n] = number;
        c->names[c->names_n++] = c->ids[number];
    }
    to->point[to->n] = c->local[number];
    to->time[to->n] = c->decoded.time[i];
    to->value[to->n] = c->decoded.value[i];
    to->quality[to->n++] = c->decoded.quality[i];
}

static void take_samples(struct upward_collect *c, const struct kt_event *ev, struct kt_buf *body,
                         uint64_t *samples)
{
    struct kt_err err;
    if (ev->body.n == 0) {
        c->hole_from = c->hole_from ? c->hole_from : ev->seq;
        c->hole_to = ev->seq;
        return;
    }
    if (kt_samples_decode(ev->body, KT_BATCH_MAX, &c->arrival, &c->decoded, &err) < 0) {
        KT_ERROR("upward", "event %" PRIu64 ": %s", ev->seq, err.text);
        return;
    }
    for (uint32_t i = 0; i < c->decoded.n; i++) {
        uint32_t number = c->decoded.point[i];
        if (number >= c->ids_n) {
            flush(c, body); /* what stands there borrows the names */
            read_ids(c);
        }
        if (number < c->ids_n && c->shared[number]) {
            add_sample(c, body, i);
            ++*samples;
        }
    }
}

/* The hole before this event is said, so that the county does not take it for silence. */
static void say_hole(struct upward_collect *c, const struct kt_event *ev, struct kt_buf *body)
{
    char json[200];
    if (!c->hole_from) {
        return;
    }
    int n = snprintf(json, sizeof(json),
                     "{\"type\":\"gap\",\"change\":\"samples\",\"from\":%" PRIu64 ",\"to\":%" PRIu64
                     "}",
                     c->hole_from, c->hole_to);
    flush(c, body);
    upward_put_outcome(body, c->hole_to, ev->time, (struct kt_str){json, (size_t)n});
    c->hole_from = 0;
}

static bool begins(struct kt_str s, const char *with)
{
    size_t n = strlen(with);
    return s.n > n && memcmp(s.p, with, n) == 0;
}

/* Persons stay at the mine (DESIGN: upward go counts). */
static bool is_of_persons(const char *key)
{
    static const char *const keys[] = {"by", "note", "owner", "user", "label", "fields"};
    for (size_t i = 0; i < KT_ARRAY_LEN(keys); i++) {
        if (strcmp(key, keys[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* The words of an alarm's rule: a county has not the packs of its mines. */
static void put_title(const struct upward_collect *c, const struct kt_json *j, struct kt_jw *w)
{
    kt_rule_id rule = kt_site_rule(c->site, kt_str_c(kt_json_get_str(j, "rule", "")));
    if (rule.v < c->site->rules_n) {
        kt_jw_key(w, "title");
        kt_jw_obj(w);
        kt_jw_ktext(w, "zh", c->site->rules[rule.v].title.zh);
        kt_jw_ktext(w, "en", c->site->rules[rule.v].title.en);
        kt_jw_obj_end(w);
    }
}

static void put_shared(struct upward_collect *c, const struct kt_event *ev, const struct kt_json *j,
                       struct kt_buf *body)
{
    struct kt_json_iter it = {0};
    struct kt_buf b;
    kt_buf_init(&b, OUTCOME_MAX);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    while (kt_json_next(j, &it)) {
        if (!is_of_persons(it.key)) {
            kt_jw_key(&w, it.key);
            kt_json_write(it.value, &w);
        }
    }
    put_title(c, j, &w);
    kt_jw_obj_end(&w);
    flush(c, body);
    upward_put_outcome(body, ev->seq, ev->time, (struct kt_str){b.p, b.n});
    kt_buf_done(&b);
}

static void take_outcome(struct upward_collect *c, const struct kt_event *ev, struct kt_buf *body)
{
    struct kt_err err;
    bool alarm = c->conf->share_alarms && begins(ev->body, "{\"type\":\"alarm\"");
    bool record = c->conf->registers_n && begins(ev->body, "{\"type\":\"record\"");
    KT_CLEANUP(kt_json_freep) struct kt_json *j = NULL;
    if ((!alarm && !record) || kt_json_parse(ev->body, OUTCOME_MAX, &j, &err) < 0) {
        return;
    }
    if (alarm ? shares_point(c, kt_json_get_str(j, "point", ""))
              : matches(c->conf->registers, c->conf->registers_n,
                        kt_json_get_str(j, "register", ""))) {
        put_shared(c, ev, j, body);
    }
}

int upward_collect_next(struct upward_collect *c, struct kt_buf *body, kt_seq *ret_pos,
                        kt_time *ret_time, uint64_t *ret_samples, struct kt_err *err)
{
    struct kt_journal *journal = kt_runtime_journal(c->rt);
    struct kt_event ev;
    int r = KT_OK, got = 1;
    if (!c->reader) {
        kt_seq from = c->pos + 1, first = kt_journal_first(journal);
        r = kt_journal_read(journal, NULL, from < first ? first : from, &c->reader, err);
    }
    if (r == KT_OK) {
        kt_journal_reader_until(c->reader, kt_runtime_durable(c->rt));
    }
    uint32_t kinds = 1u << KT_EV_SAMPLES | 1u << KT_EV_OUTCOME;
    for (int i = 0; r == KT_OK && i < ENOUGH_EVENTS && body->n < ENOUGH_BYTES &&
                    c->columns.n < UPWARD_SAMPLES / 2;
         i++) {
        got = kt_journal_next_of(c->reader, kinds, &ev, err);
        if (got <= 0) {
            r = got;
            break;
        }
        if (ev.kind == KT_EV_OUTCOME) {
            take_outcome(c, &ev, body);
        } else {
            if (ev.body.n) {
                say_hole(c, &ev, body);
            }
            take_samples(c, &ev, body, ret_samples);
        }
        c->pos = ev.seq;
        *ret_time = ev.time;
    }
    flush(c, body);
    *ret_pos = c->pos;
    return r;
}

/* What the engine says of a source that is silent bears the time of its last sample, and is none:
 * it would take that one's place at the county. */
static bool of_its_source(kt_quality q)
{
    return q != KT_Q_NEVER && q != KT_Q_STALE && q != KT_Q_COMM_FAULT;
}

void upward_collect_live(struct upward_collect *c, struct kt_buf *body)
{
    struct kt_live *live = kt_runtime_live(c->rt);
    const struct kt_site *s = c->site;
    struct kt_columns *to = &c->columns;
    for (uint32_t i = 0; i < s->points_n && i < kt_live_count(live); i++) {
        if (s->points[i].ended || !shares_point(c, s->points[i].id)) {
            continue;
        }
        struct kt_live_value v = kt_live_get(live, (kt_point_id){i});
        if (v.change == c->changes[i] || !of_its_source(v.quality) || to->n == UPWARD_SAMPLES) {
            continue;
        }
        c->changes[i] = v.change;
        c->names[to->n] = s->points[i].id;
        to->point[to->n] = to->n;
        to->time[to->n] = v.time;
        to->value[to->n] = v.value;
        to->quality[to->n++] = v.quality;
    }
    if (to->n) {
        struct kt_samples view = kt_columns_view(to);
        upward_put_samples(body, c->names, to->n, 0, &view);
    }
    to->n = 0;
}
