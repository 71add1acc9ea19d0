/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /personnel/{card}/track: where one person was. Each look is an event with who looked, at whom
 * and at which hours; what cannot be written down is not shown.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/handlers.h"
#include "api/personnel.h"
#include "domain/position/place.h"
#include "journal/readings.h"

enum { TRACK_MOST = 20000 };
#define TRACK_SPAN (12 * KT_HOUR)
#define TRACK_REST (60 * KT_SEC) /* one who stands still is told once a minute */
#define TRACK_STEP 2.0           /* m */

struct track {
    struct call *c;
    const struct kt_mine *mine;
    struct kt_map *stations;
    struct kt_readings *in;
    uint64_t card;
    struct kt_position pos; /* the last one */
    kt_time at, told;
    struct kt_position shown;
    uint32_t n;
    struct kt_jw *w;
};

static bool write_down(struct call *c, uint64_t card, kt_time from, kt_time to)
{
    struct kt_buf b;
    char text[24];
    kt_buf_init(&b, 4096);
    struct kt_jw w = kt_jw_init(&b);
    (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)card);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "type", "person");
    kt_jw_kstr(&w, "change", "look");
    kt_jw_kstr(&w, "card", text);
    kt_jw_kstr(&w, "by", c->person.user);
    kt_jw_ktime(&w, "from", from);
    kt_jw_ktime(&w, "to", to);
    kt_jw_obj_end(&w);
    int r = kt_runtime_say(c->api->opts.runtime, (struct kt_str){b.p, b.n});
    kt_buf_done(&b);
    return r == KT_OK;
}

static void tell(struct track *t)
{
    kt_place_id place = {t->mine->way[t->pos.way].place};
    bool moved = t->pos.way != t->shown.way || fabs(t->pos.at_m - t->shown.at_m) >= TRACK_STEP;
    if ((!moved && t->at - t->told < TRACK_REST) || t->n >= TRACK_MOST ||
        (place.v == KT_NONE ? !may_see_all(t->c) : !may_see(t->c, place))) {
        return;
    }
    t->shown = t->pos;
    t->told = t->at;
    t->n++;
    kt_jw_arr(t->w);
    kt_jw_int(t->w, t->at / KT_MS);
    kt_jw_str(t->w, t->mine->way[t->pos.way].id);
    kt_jw_num(t->w, round(t->pos.at_m * 10) / 10);
    kt_jw_num(t->w, round(t->pos.err_m * 10) / 10);
    kt_jw_arr_end(t->w);
}

static void take(struct track *t, const struct kt_reading *x, const struct kt_event *event)
{
    struct kt_ranging r[KT_READING_ANCHORS];
    struct kt_position pos;
    uint32_t n = 0;
    for (int k = 0; k < x->n; k++) {
        uint32_t s = kt_mine_station(t->stations, kt_str_c(t->in->dict[x->a[k].anchor]));
        uint32_t link = s == KT_NONE ? KT_NONE : t->mine->station[s].link;
        bool own = link == KT_NONE || kt_str_is(event->origin, t->c->site->links[link].id);
        if (s != KT_NONE && own) { /* as the engine took it */
            bool none = x->a[k].cm == KT_DIST_NONE;
            r[n++] = (struct kt_ranging){s, none ? (double)NAN : (double)x->a[k].cm / 100};
        }
    }
    kt_time at = x->time > 0 && x->time <= event->time ? x->time : event->time;
    double dt = t->at ? (double)(at - t->at) / (double)KT_SEC : -1;
    if (n && at >= t->at && kt_position_place(t->mine, r, n, &t->pos, dt, &pos)) {
        t->pos = pos;
        t->at = at;
        tell(t);
    }
}

static int read_all(struct track *t, kt_time from, kt_time to, struct kt_err *err)
{
    struct kt_journal *j = kt_runtime_journal(t->c->api->opts.runtime);
    struct kt_journal_reader *reader;
    struct kt_event ev;
    kt_seq seq = 0;
    int r = kt_journal_find(j, NULL, from, &seq, err);
    if (r < 0 || seq == 0) {
        return r;
    }
    r = kt_journal_read(j, NULL, seq, &reader, err);
    if (r < 0) {
        return r;
    }
    while ((r = kt_journal_next_of(reader, 1u << KT_EV_READINGS, &ev, err)) == 1 && ev.time < to) {
        if (ev.body.n == 0 || kt_readings_decode(ev.body, t->in, err) < 0) {
            continue; /* retention has it, or it is of another version */
        }
        for (uint32_t i = 0; i < t->in->n; i++) {
            if (t->in->v[i].card == t->card) {
                take(t, &t->in->v[i], &ev);
            }
        }
    }
    kt_journal_reader_free(reader);
    return r < 0 ? r : KT_OK;
}

static void answer(struct call *c, uint64_t card, kt_time from, kt_time to)
{
    struct kt_buf out;
    struct kt_err err = {0};
    struct track t = {.c = c, .card = card};
    t.mine = personnel_lock(c->api);
    kt_buf_init(&out, 64 << 20);
    struct kt_jw w = kt_jw_init(&out);
    t.w = &w;
    t.pos.way = t.shown.way = KT_NONE;
    t.stations = t.mine ? kt_mine_stations(t.mine) : kt_map_new(1);
    t.in = malloc(sizeof(*t.in));
    KT_ASSERT(t.in);
    kt_readings_init(t.in);
    kt_jw_obj(&w);
    kt_jw_kint(&w, "from", from / KT_MS);
    kt_jw_kint(&w, "to", to / KT_MS);
    kt_jw_key(&w, "items");
    kt_jw_arr(&w);
    int r = t.mine ? read_all(&t, from, to, &err) : KT_OK; /* no persons, no tracks */
    kt_jw_arr_end(&w);
    kt_jw_obj_end(&w);
    kt_readings_done(t.in);
    free(t.in);
    kt_map_free(t.stations);
    personnel_unlock(c->api);
    if (r < 0) {
        kt_buf_done(&out);
        reply_err(c->req, &err);
    } else {
        reply_buf(c, 200, &out);
    }
}

void get_track(struct call *c)
{
    kt_time now = kt_runtime_now(c->api->opts.runtime), from, to;
    uint64_t card;
    if (!query_time(c, "to", now, &to) || !query_time(c, "from", to - KT_HOUR, &from)) {
        return;
    }
    if (from >= to || to - from > TRACK_SPAN) {
        reply_code(c->req, KT_EINVAL, "from is before to, by at most 12 hours");
    } else if (!kt_card_parse(kt_str_c(c->param[0]), &card)) {
        reply_code(c->req, KT_ENOTFOUND, "there is no such card");
    } else if (!write_down(c, card, from, to)) {
        reply_code(c->req, KT_EBUSY, "who looks at a track is written down; ask again");
    } else {
        answer(c, card, from, to);
    }
}
