/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Model check of belts: generated lines under the real engine with the pack `belt`, over all states
 * that can be reached; line.h has what a state is. The devices of these lines have no interlocks
 * and say anything at any moment, so what holds here holds by the program alone:
 *   a belt is closed only while the one that it gives to is proved running and not opened;
 *   none stays commanded (by its register, by its last write, by a closing under way) otherwise;
 *   when a protection acts, nothing behind it is commanded when that very input is done;
 *   in the seconds after a restart what is not known keeps nothing from running that runs, opens
 *   nothing and closes nothing; what is known to stand opens at once.
 *
 * Two belts are searched with all that line.h has. Longer lines leave out what can only refuse or
 * open more, which is no way to a state that a person's opening at that moment would not reach:
 *   sequences write by kt_control_open() and kt_control_close() alone, as a person does (invariant
 * 1 of sequence.h), and a person may do either at any moment; what is not read yet, a protection
 * that is not known: they refuse closings and hold a start before it writes, nothing more (the
 * latter searched with one belt, and with two when KT_LINES asks for it); the guard after an
 * overtaken closing opens, nothing more; a proof that is not known is, but for the seconds after a
 * restart, as one that says no. A search ends when no state is left that was not gone through, and
 * the test requires that. That the keys miss nothing is tried by walks of the engine with its own
 * clock, which must never come to a state that the search has not seen. Lines of five to eight
 * belts are walked only.
 */
#include "line.h"

#include <time.h>

#include "base/map.h"

enum { ROOM = 64 };

struct search {
    struct line *line;
    struct line_key *state;
    uint32_t n, room, head;
    struct kt_map *seen;
    uint64_t moves;
};

static struct kt_str key_text(const struct line_key *k)
{
    return (struct kt_str){(const char *)k->b, k->n};
}

static void come_to(struct search *s)
{
    struct line_key k;
    line_key(s->line, &k);
    if (!kt_map_add(s->seen, key_text(&k), s->n)) {
        return;
    }
    if (s->n == s->room) {
        s->room = s->room ? s->room * 2 : ROOM;
        s->state = realloc(s->state, s->room * sizeof *s->state);
        KT_ASSERT(s->state);
    }
    s->state[s->n++] = k;
}

/* All moves of one state. */
static bool expand(struct search *s)
{
    bool ok = true;
    struct line_key from = s->state[s->head];
    for (int m = 0; m < line_moves(s->line) && ok; m++) {
        char name[60];
        line_pose(s->line, &from);
        line_move_name(s->line, m, name, sizeof name);
        if (line_move(s->line, m)) {
            s->moves++;
            ok = line_holds(s->line, name);
            come_to(s);
        }
    }
    s->head++;
    return ok;
}

/* A posed engine is in the state whose key it was posed from. */
static bool poses(struct search *s)
{
    struct line_key again;
    line_pose(s->line, &s->state[s->head]);
    line_key(s->line, &again);
    return again.n == s->state[s->head].n && memcmp(again.b, s->state[s->head].b, again.n) == 0;
}

static void search_all(struct search *s)
{
    bool ok = true;
    s->seen = kt_map_new(4096);
    come_to(s);
    while (s->head < s->n && ok) {
        ok = poses(s) && expand(s);
    }
    CHECK(ok);
    printf("# %d belts: %u states, %llu moves, %s\n", s->line->n, s->n,
           (unsigned long long)s->moves, s->head == s->n ? "all of them" : "not all");
    CHECK(s->head == s->n);
}

static void search_done(struct search *s)
{
    kt_map_free(s->seen);
    free(s->state);
}

/* --- walks of the engine with its own clock */

static uint64_t rolled;
static uint32_t roll(uint32_t below)
{
    rolled = rolled * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(rolled >> 33) % below;
}

/* The plant does what it was asked for, mostly; so lines run at all. */
static void obey(struct line *l)
{
    for (int i = 0; i < l->n; i++) {
        const struct kt_output *o = line_output(l, i, LINE_PQ);
        if (l->asked[i] >= 0 && roll(4) > 0) {
            line_sample(l, i, LINE_PQ, l->asked[i]);
            l->asked[i] = -1;
        } else if (o->reg >= 0 && roll(4) > 0) {
            line_sample(l, i, LINE_PD, o->reg);
        }
    }
}

/* Nothing is silent for long: every point again, as it is. */
static void again(struct line *l)
{
    for (int i = 0; i < l->n; i++) {
        for (int k = 0; k < LINE_PARTS; k++) {
            const struct kt_live_value *v = kt_live_peek(l->live, l->point[i][k]);
            if (kt_q_known(v->quality)) {
                line_sample(l, i, (enum line_part)k, v->value != 0);
            }
        }
    }
}

static bool known(const struct search *s)
{
    struct line_key k;
    uint64_t at;
    line_key(s->line, &k);
    return kt_map_get(s->seen, key_text(&k), &at);
}

/* One walk; with a search, every state of it was seen there. */
static bool walk(struct line *l, const struct search *s, int steps)
{
    bool ok = true;
    for (int k = 0; k < steps && ok; k++) {
        char name[60] = "time";
        uint32_t what = roll(10);
        l->tripped = -1;
        l->wrong = false;
        if (what < 3) {
            again(l);
            line_tick(l, 100 + roll(7000));
        } else if (what < 7) {
            snprintf(name, sizeof name, "the plant");
            obey(l);
        } else {
            int m = (int)roll((uint32_t)line_moves(l));
            line_move_name(l, m, name, sizeof name);
            (void)line_move(l, m);
        }
        ok = line_holds(l, name);
        if (ok && s && !known(s)) {
            printf("# after %s, step %d: a state that the search has not seen\n", name, k);
            ok = false;
        }
    }
    return ok;
}

/* Walks of the searched line, with moves that its keys may not know. */
static void walk_within(const struct search *s, unsigned moves)
{
    struct line l = {
        .n = s->line->n, .with = s->line->with, .moves = moves, .twins = s->line->twins};
    struct search seen = *s;
    memcpy(l.to, s->line->to, sizeof l.to);
    seen.line = &l;
    line_open(&l);
    CHECK(walk(&l, &seen, 20000));
    line_close(&l);
}

/* --- lines */

static bool far_enough(void)
{
    return getenv("KT_LINES") != NULL;
}

static void check_line(int n, const int *to, unsigned with, unsigned moves, bool twins)
{
    struct line l = {.n = n, .with = with, .moves = with, .twins = twins};
    struct search s = {.line = &l};
    memcpy(l.to, to, (size_t)n * sizeof *to);
    line_open(&l);
    search_all(&s);
    walk_within(&s, moves);
    search_done(&s);
    line_close(&l);
}

enum {
    ALL = LINE_RUNS | LINE_RESTART | LINE_GUARD | LINE_UNKNOWN | LINE_SILENT | LINE_DEAF,
    NO_RESTART = ALL & ~LINE_RESTART
};

static void one(void)
{
    check_line(1, (int[]){-1}, ALL, ALL, false);
}

static void two(void)
{
    check_line(2, (int[]){-1, 0}, LINE_RUNS | LINE_DEAF, NO_RESTART & ~LINE_SILENT & ~LINE_UNKNOWN,
               false);
}

static void two_restarted(void)
{
    check_line(2, (int[]){-1, 0}, LINE_RESTART | LINE_SILENT | LINE_DEAF, ALL, false);
}

static void three_in_a_row(void)
{
    check_line(3, (int[]){-1, 0, 1}, 0, NO_RESTART, false);
}

static void a_fork(void)
{
    check_line(3, (int[]){-1, 0, 0}, 0, NO_RESTART, true);
}

static void further(void)
{
    if (far_enough()) {
        check_line(4, (int[]){-1, 0, 1, 2}, 0, NO_RESTART, false);
        check_line(2, (int[]){-1, 0}, LINE_RUNS | LINE_DEAF | LINE_UNKNOWN,
                   NO_RESTART & ~LINE_SILENT, false);
        check_line(2, (int[]){-1, 0}, ALL & ~LINE_RUNS, ALL & ~LINE_RUNS, false);
        check_line(2, (int[]){-1, 0}, ALL & ~LINE_GUARD & ~LINE_UNKNOWN, ALL, false);
        check_line(3, (int[]){-1, 0, 1}, LINE_DEAF | LINE_SILENT | LINE_RESTART, ALL, false);
    }
}

static void walked(void)
{
    struct timespec t;
    const char *given = getenv("KT_SEED");
    clock_gettime(CLOCK_REALTIME, &t);
    rolled = given ? strtoull(given, NULL, 10) : (uint64_t)t.tv_nsec ^ (uint64_t)t.tv_sec;
    printf("# seed %llu\n", (unsigned long long)rolled);
    for (int k = 0; k < 12; k++) {
        struct line l = {.n = 4 + (int)roll(LINE_BELTS - 3), .moves = ALL};
        for (int i = 0; i < l.n; i++) {
            l.to[i] = i == 0 ? -1 : (int)roll((uint32_t)i);
        }
        line_open(&l);
        CHECK(walk(&l, NULL, far_enough() ? 100000 : 4000));
        line_close(&l);
    }
}

/* --- a long pause */

/* Two belts that run, a pause longer than any sensor may be silent, and the start's event. */
static void after_a_pause(struct line *l)
{
    *l = (struct line){.n = 2, .to = {-1, 0}};
    line_open(l);
    for (int i = 0; i < 2; i++) {
        line_sample(l, i, LINE_PD, 1);
        line_sample(l, i, LINE_YK, 1);
        line_sample(l, i, LINE_PQ, 1);
    }
    line_tick(l, 1000);
    l->now += 600 * KT_SEC;
    struct kt_event ev = {.seq = ++l->seq,
                          .time = l->now,
                          .kind = KT_EV_SITE,
                          .origin = KT_STR("kuangtu"),
                          .body = KT_STR("{}")};
    kt_engine_pause_over(l->e, l->now);
    kt_engine_apply(l->e, &ev);
    kt_engine_recovered(l->e, ev.seq);
}

static bool opened(const struct line *l)
{
    return line_output(l, 1, LINE_PQ)->open.state != KT_CMD_NONE;
}

static void a_long_pause(void)
{
    struct line l;
    after_a_pause(&l); /* heard in time */
    CHECK(!opened(&l));
    line_tick(&l, 2000);
    for (int i = 0; i < 2; i++) {
        line_sample(&l, i, LINE_PD, 1);
        line_sample(&l, i, LINE_PQ, 1);
    }
    line_tick(&l, 6000);
    CHECK(!opened(&l));
    line_close(&l);
    after_a_pause(&l); /* known to stand */
    line_sample(&l, 1, LINE_PQ, 1);
    line_sample(&l, 0, LINE_PD, 0);
    CHECK(opened(&l));
    line_close(&l);
    after_a_pause(&l); /* not heard */
    line_sample(&l, 1, LINE_PQ, 1);
    line_tick(&l, 4000);
    CHECK(!opened(&l));
    line_tick(&l, 2000);
    CHECK(opened(&l));
    line_close(&l);
}

UNIT_MAIN({"one", one}, {"two", two}, {"two_restarted", two_restarted},
          {"three_in_a_row", three_in_a_row}, {"a_fork", a_fork}, {"further", further},
          {"walked", walked}, {"a_long_pause", a_long_pause})
