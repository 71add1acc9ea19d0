/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cuts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "base/map.h"

enum { CUTS_MAX = 20000, DAYS_USUAL = 7, DAYS_MAX = 400 };

/* Values at which alarms were raised, until the latch that follows takes them. */
struct raised {
    double value, limit;
};
struct reading {
    struct call *c;
    struct cuts l;
    struct kt_map *of;     /* output: newest entry */
    struct kt_map *raised; /* rule and point: index */
    struct raised *at;
    size_t at_n, at_cap;
    kt_time from, to;
    size_t open;
};

static void copy(char *to, size_t cap, const struct kt_json *v, const char *key)
{
    snprintf(to, cap, "%s", kt_json_get_str(v, key, ""));
}

const char *cut_state(const struct cut *cut)
{
    return cut->back ? "returned" : cut->latches || !cut->unlatched ? "cut" : "unlatched";
}

static struct cut *newest(const struct reading *rd, const char *output)
{
    uint64_t at;
    return kt_map_get(rd->of, kt_str_c(output), &at) ? &rd->l.list[at] : NULL;
}

/** The entry of an output that is not over; a new one where there is none. NULL: out of the span.
 */
static struct cut *entry(struct reading *rd, const char *output, kt_time now)
{
    struct cut *was = newest(rd, output);
    if (was && !was->back) {
        return was;
    }
    if (now < rd->from || now >= rd->to || rd->l.n == CUTS_MAX) {
        return NULL;
    }
    if (rd->l.n == rd->l.cap) {
        rd->l.cap = rd->l.cap ? 2 * rd->l.cap : 64;
        rd->l.list = realloc(rd->l.list, rd->l.cap * sizeof(*rd->l.list));
        KT_ASSERT(rd->l.list);
    }
    struct cut *cut = &rd->l.list[rd->l.n];
    memset(cut, 0, sizeof(*cut));
    snprintf(cut->output, sizeof(cut->output), "%s", output);
    cut->at = now;
    kt_map_set(rd->of, kt_str_c(cut->output), rd->l.n++);
    rd->open++;
    return cut;
}

static void end(struct reading *rd, struct cut *cut, kt_time at)
{
    cut->back = at;
    rd->open--;
}

static void key_of(const struct kt_json *v, char key[168])
{
    snprintf(key, 168, "%s|%s", kt_json_get_str(v, "rule", ""), kt_json_get_str(v, "point", ""));
}

/* A latch comes before the alarm of the same moment. */
static void tell_causes(struct reading *rd, const struct kt_json *v, struct raised by, kt_time now)
{
    for (size_t i = rd->l.n; i-- > 0 && rd->l.list[i].at >= now - KT_SEC;) {
        struct cut *cut = &rd->l.list[i];
        for (uint32_t k = 0; k < cut->causes_n; k++) {
            if (cut->cause[k].at == now &&
                strcmp(cut->cause[k].rule, kt_json_get_str(v, "rule", "")) == 0 &&
                strcmp(cut->cause[k].point, kt_json_get_str(v, "point", "")) == 0) {
                cut->cause[k].value = by.value;
                cut->cause[k].limit = by.limit;
            }
        }
    }
}

static void take_alarm(struct reading *rd, const struct kt_json *v, kt_time now)
{
    char key[168];
    uint64_t at;
    if (strcmp(kt_json_get_str(v, "change", ""), "raise") != 0) {
        return;
    }
    key_of(v, key);
    if (!kt_map_get(rd->raised, kt_str_c(key), &at)) {
        if (rd->at_n == rd->at_cap) {
            rd->at_cap = rd->at_cap ? 2 * rd->at_cap : 64;
            rd->at = realloc(rd->at, rd->at_cap * sizeof(*rd->at));
            KT_ASSERT(rd->at);
        }
        at = rd->at_n++;
        kt_map_set(rd->raised, kt_str_c(key), at);
    }
    rd->at[at] = (struct raised){kt_json_get_num(v, "value", (double)NAN),
                                 kt_json_get_num(v, "limit", (double)NAN)};
    tell_causes(rd, v, rd->at[at], now);
}

static void latch(struct reading *rd, const struct kt_json *v, kt_time now)
{
    char key[168];
    uint64_t at;
    struct cut *cut = entry(rd, kt_json_get_str(v, "output", ""), now);
    if (!cut) {
        return;
    }
    cut->latches++;
    cut->unlatched = 0;
    if (cut->causes_n == KT_CUT_CAUSES) {
        cut->causes_more++;
        return;
    }
    struct cut_cause *by = &cut->cause[cut->causes_n++];
    *by = (struct cut_cause){.at = now, .value = (double)NAN, .limit = (double)NAN};
    copy(by->rule, sizeof(by->rule), v, "rule");
    copy(by->point, sizeof(by->point), v, "point");
    key_of(v, key);
    if (kt_map_get(rd->raised, kt_str_c(key), &at)) {
        by->value = rd->at[at].value;
        by->limit = rd->at[at].limit;
    }
}

static void unlatch(struct reading *rd, const struct kt_json *v, kt_time now)
{
    struct cut *cut = newest(rd, kt_json_get_str(v, "output", ""));
    if (!cut || cut->back || cut->latches == 0) {
        return;
    }
    cut->latches--;
    cut->unlatched = cut->latches ? 0 : now;
    for (uint32_t i = 0; i < cut->causes_n; i++) {
        struct cut_cause *by = &cut->cause[i];
        if (!by->over && strcmp(by->rule, kt_json_get_str(v, "rule", "")) == 0 &&
            strcmp(by->point, kt_json_get_str(v, "point", "")) == 0) {
            by->over = now;
            return;
        }
    }
}

static void opening(struct reading *rd, const struct kt_json *v, kt_time now)
{
    const char *state = kt_json_get_str(v, "state", ""), *by = kt_json_get_str(v, "by", "");
    bool person = strncmp(by, "rule:", 5) != 0 && strcmp(by, "latch") != 0 &&
                  strncmp(by, "sequence:", 9) != 0;
    bool begins = strcmp(state, "requested") == 0 || strcmp(state, "sent") == 0;
    struct cut *cut = newest(rd, kt_json_get_str(v, "output", ""));
    if ((!cut || cut->back) && !begins) {
        return;
    }
    cut = entry(rd, kt_json_get_str(v, "output", ""), now);
    if (!cut) {
        return;
    }
    if (person && !cut->opened_by[0]) {
        copy(cut->opened_by, sizeof(cut->opened_by), v, "by");
        copy(cut->reason, sizeof(cut->reason), v, "reason");
    }
    if (strcmp(state, "sent") == 0 && !cut->sent) {
        cut->sent = now;
    } else if (strcmp(state, "proved") == 0 && !cut->dead) {
        cut->dead = now;
    } else if (strcmp(state, "anomaly") == 0 && !cut->anomaly) {
        cut->anomaly = now;
    }
}

static void closing(struct reading *rd, const struct kt_json *v, kt_time now)
{
    const char *state = kt_json_get_str(v, "state", "");
    struct cut *cut = newest(rd, kt_json_get_str(v, "output", ""));
    if (!cut || cut->back) {
        return;
    }
    if (strcmp(state, "refused") == 0) {
        cut->refused++;
        copy(cut->refusal, sizeof(cut->refusal), v, "text");
    } else if (strcmp(state, "requested") == 0 || strcmp(state, "sent") == 0) {
        cut->asked = cut->asked ? cut->asked : now;
        copy(cut->back_by, sizeof(cut->back_by), v, "by");
        copy(cut->back_second, sizeof(cut->back_second), v, "second");
        copy(cut->back_reason, sizeof(cut->back_reason), v, "reason");
    } else if (strcmp(state, "proved") == 0) {
        end(rd, cut, now);
    }
}

static void take(struct reading *rd, const struct kt_event *ev)
{
    struct kt_json *v = NULL;
    bool wanted = memmem(ev->body.p, ev->body.n, "\"type\":\"alarm\"", 14) ||
                  memmem(ev->body.p, ev->body.n, "\"type\":\"command\"", 16) ||
                  memmem(ev->body.p, ev->body.n, "\"type\":\"latch\"", 14);
    if (!wanted || kt_json_parse(ev->body, 1 << 20, &v, NULL) < 0) {
        return;
    }
    const char *type = kt_json_get_str(v, "type", "");
    const struct kt_site *s = rd->c->site;
    kt_point_id output = point_ever(rd->c, kt_json_get_str(v, "output", ""));
    if (strcmp(type, "alarm") == 0) {
        take_alarm(rd, v, ev->time);
    } else if (output.v != KT_NONE && !s->points[output.v].set &&
               may_see(rd->c, s->points[output.v].place)) {
        if (strcmp(type, "latch") == 0) {
            bool on = strcmp(kt_json_get_str(v, "change", ""), "latch") == 0;
            (on ? latch : unlatch)(rd, v, ev->time);
        } else if (kt_json_get_int(v, "value", -1) == s->points[output.v].role->opening) {
            opening(rd, v, ev->time);
        } else {
            closing(rd, v, ev->time);
        }
    }
    kt_json_free(v);
}

/* ---- power that came back without a command: at its place ------------------------------------ */

static bool first_live(void *arg, kt_time t, double v, kt_quality q, kt_time arrival)
{
    (void)arrival;
    if (!kt_q_known(q) || v == 0) {
        return true;
    }
    *(kt_time *)arg = t;
    return false;
}

static void look_at_feed(struct reading *rd, struct cut *cut, kt_time now)
{
    const struct kt_site *s = rd->c->site;
    kt_point_id output = kt_site_point(s, kt_str_c(cut->output));
    kt_point_id feed = output.v == KT_NONE ? output : s->points[output.v].feed;
    struct kt_err aside;
    kt_time live = 0;
    if (feed.v != KT_NONE && cut->dead && !cut->asked &&
        kt_history_scan(kt_runtime_history(rd->c->api->opts.runtime), s->points[feed.v].id,
                        cut->unlatched, now, first_live, &live, &aside) == KT_OK &&
        live) {
        end(rd, cut, live);
    }
}

static int read_all(struct reading *rd, struct kt_err *err)
{
    struct kt_journal *j = kt_runtime_journal(rd->c->api->opts.runtime);
    struct kt_journal_reader *r;
    struct kt_event ev;
    kt_seq first;
    int rc = kt_journal_find(j, NULL, rd->from, &first, err);
    if (rc < 0 || !first || (rc = kt_journal_read(j, NULL, first, &r, err)) < 0) {
        return rc;
    }
    while ((rc = kt_journal_next_of(r, 1u << KT_EV_OUTCOME, &ev, err)) == 1 &&
           (ev.time < rd->to || rd->open > 0)) {
        take(rd, &ev);
    }
    kt_journal_reader_free(r);
    return rc < 0 ? rc : KT_OK;
}

int cuts_read(struct call *c, kt_time from, kt_time to, struct cuts *ret, struct kt_err *err)
{
    struct reading rd = {
        .c = c, .from = from, .to = to, .of = kt_map_new(64), .raised = kt_map_new(64)};
    int rc = read_all(&rd, err);
    kt_time now = kt_runtime_now(c->api->opts.runtime);
    for (size_t i = 0; rc == KT_OK && i < rd.l.n; i++) {
        if (!rd.l.list[i].back && rd.l.list[i].unlatched) {
            look_at_feed(&rd, &rd.l.list[i], now);
        }
    }
    kt_map_free(rd.of);
    kt_map_free(rd.raised);
    free(rd.at);
    if (rc < 0) {
        cuts_done(&rd.l);
        return rc;
    }
    *ret = rd.l;
    return KT_OK;
}

void cuts_done(struct cuts *l)
{
    free(l->list);
    *l = (struct cuts){0};
}

/* ---- the answer ------------------------------------------------------------------------------ */

static void put_time(struct kt_jw *w, const char *key, kt_time t)
{
    kt_jw_key(w, key);
    if (t) {
        kt_jw_int(w, t / KT_MS);
    } else {
        kt_jw_null(w);
    }
}

static void put_text(struct kt_jw *w, const char *key, const char *text)
{
    kt_jw_kstr(w, key, text[0] ? text : NULL);
}

static void write_cause(const struct call *c, const struct cut_cause *by, struct kt_jw *w)
{
    kt_point_id p = point_ever(c, by->point);
    bool seen = may_see_point(c, by->point); /* a sensor elsewhere may cut what is seen here */
    kt_jw_obj(w);
    kt_jw_kstr(w, "rule", by->rule);
    kt_jw_kstr(w, "point", seen ? by->point : "");
    kt_jw_knum(w, "value", seen ? by->value : (double)NAN);
    kt_jw_knum(w, "limit", seen ? by->limit : (double)NAN);
    kt_jw_kstr(w, "unit", p.v == KT_NONE ? "" : c->site->points[p.v].role->unit);
    put_time(w, "at", by->at);
    put_time(w, "over", by->over);
    kt_jw_obj_end(w);
}

static void write_cut(const struct call *c, const struct cut *cut, struct kt_jw *w)
{
    kt_jw_obj(w);
    kt_jw_kstr(w, "output", cut->output);
    kt_jw_kstr(w, "state", cut_state(cut));
    put_time(w, "at", cut->at);
    kt_jw_key(w, "causes");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < cut->causes_n; i++) {
        write_cause(c, &cut->cause[i], w);
    }
    kt_jw_arr_end(w);
    kt_jw_kint(w, "more", cut->causes_more);
    put_text(w, "opened_by", cut->opened_by);
    put_text(w, "reason", cut->reason);
    put_time(w, "sent", cut->sent);
    put_time(w, "dead", cut->dead);
    put_time(w, "anomaly", cut->anomaly);
    put_time(w, "unlatched", cut->unlatched);
    put_time(w, "asked", cut->asked);
    put_time(w, "back", cut->back);
    put_text(w, "back_by", cut->back_by);
    put_text(w, "back_second", cut->back_second);
    put_text(w, "back_reason", cut->back_reason);
    kt_jw_kint(w, "refused", cut->refused);
    put_text(w, "refusal", cut->refusal);
    kt_jw_obj_end(w);
}

void get_cuts(struct call *c)
{
    kt_time to, from, now = kt_runtime_now(c->api->opts.runtime);
    struct cuts l;
    struct kt_err err;
    struct kt_buf out;
    if (!query_time(c, "to", now + KT_SEC, &to) ||
        !query_time(c, "from", to - DAYS_USUAL * KT_DAY, &from)) {
        return;
    }
    if (from >= to || to - from > DAYS_MAX * KT_DAY) {
        reply_code(c->req, KT_EINVAL, "from: before to, and at most %d days before it", DAYS_MAX);
        return;
    }
    if (cuts_read(c, from, to, &l, &err) < 0) {
        reply_err(c->req, &err);
        return;
    }
    kt_buf_init(&out, 64u << 20);
    struct kt_jw w = kt_jw_init(&out);
    kt_jw_obj(&w);
    kt_jw_key(&w, "items");
    kt_jw_arr(&w);
    for (size_t i = l.n; i-- > 0;) { /* newest first */
        write_cut(c, &l.list[i], &w);
    }
    kt_jw_arr_end(&w);
    kt_jw_obj_end(&w);
    cuts_done(&l);
    reply_buf(c, 200, &out);
}
