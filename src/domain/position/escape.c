/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/position/escape.h"

#include <stdlib.h>
#include <string.h>

/* ---- a heap of nodes by key, least first ------------------------------------------------------
 */

struct item {
    double key;
    uint32_t node;
};
struct search {
    const struct kt_mine *m;
    const struct kt_escape_state *state;
    struct item *heap;
    uint32_t n;
    bool *done;
};

static void push(struct search *s, double key, uint32_t node)
{
    uint32_t i = s->n++;
    while (i > 0 && s->heap[(i - 1) / 2].key > key) {
        s->heap[i] = s->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    s->heap[i] = (struct item){key, node};
}

static uint32_t pop(struct search *s)
{
    uint32_t top = s->heap[0].node, i = 0;
    struct item last = s->heap[--s->n];
    for (;;) {
        uint32_t c = 2 * i + 1;
        if (c >= s->n) {
            break;
        }
        c += c + 1 < s->n && s->heap[c + 1].key < s->heap[c].key;
        if (s->heap[c].key >= last.key) {
            break;
        }
        s->heap[i] = s->heap[c];
        i = c;
    }
    s->heap[i] = last;
    return top;
}

static double smoke(const struct kt_escape_state *s, uint32_t node)
{
    return s->smoke_s ? s->smoke_s[node] : (double)INFINITY;
}

static bool blocked(const struct kt_escape_state *s, uint32_t way)
{
    return s->blocked && s->blocked[way];
}

/** Seconds to walk a whole way with its doors; dir 0: from `from` towards `to`. */
static double whole(const struct kt_escape_state *s, const struct kt_mine *m, uint32_t way, int dir)
{
    const struct kt_way *w = &m->way[way];
    return w->time_s[dir] + (s->door_s ? s->door_s[way] : w->doors_n * KT_DOOR_S);
}

/** Of a part of it. */
static double part(const struct kt_escape_state *s, const struct kt_mine *m, uint32_t way, int dir,
                   double metres)
{
    double length = m->way[way].length_m;
    return length > 0 ? whole(s, m, way, dir) * metres / length : 0;
}

/* ---- labels -----------------------------------------------------------------------------------
 */

static void tree_init(const struct kt_mine *m, struct kt_arena *arena, struct kt_escape_tree *t)
{
    uint32_t n = m->nodes_n + 1;
    *t =
        (struct kt_escape_tree){KT_NEW_ARRAY(arena, double, n),   KT_NEW_ARRAY(arena, double, n),
                                KT_NEW_ARRAY(arena, double, n),   KT_NEW_ARRAY(arena, double, n),
                                KT_NEW_ARRAY(arena, uint32_t, n), KT_NEW_ARRAY(arena, uint32_t, n),
                                KT_NEW_ARRAY(arena, uint32_t, n), KT_NEW_ARRAY(arena, uint32_t, n)};
    for (uint32_t i = 0; i < n; i++) {
        t->time_s[i] = t->last_time_s[i] = INFINITY;
        t->until_s[i] = t->last_s[i] = -INFINITY;
        t->next[i] = t->last_next[i] = t->goal[i] = t->last_goal[i] = KT_NONE;
    }
}

static double least(double a, double b)
{
    return a < b ? a : b;
}

static void offer_quick(struct search *s, struct kt_escape_tree *t, uint32_t node, double time,
                        double until, uint32_t way, uint32_t goal)
{
    if (time < t->time_s[node]) {
        t->time_s[node] = time;
        t->until_s[node] = least(smoke(s->state, node), until);
        t->next[node] = way;
        t->goal[node] = goal;
        push(s, time, node);
    }
}

static void offer_last(struct search *s, struct kt_escape_tree *t, uint32_t node, double last,
                       double time, uint32_t way, uint32_t goal)
{
    last = least(smoke(s->state, node), last);
    bool better =
        last > t->last_s[node] || (last == t->last_s[node] && time < t->last_time_s[node]);
    if (isfinite(time) && better && last >= 0) {
        t->last_s[node] = last;
        t->last_time_s[node] = time;
        t->last_next[node] = way;
        t->last_goal[node] = goal;
        push(s, -last, node);
    }
}

/** The ends of the way that a goal lies on. */
static void seed(struct search *s, struct kt_escape_tree *t, uint32_t goal, bool quick)
{
    const struct kt_station *g = &s->m->station[goal];
    const struct kt_way *w = &s->m->way[g->way];
    double from = part(s->state, s->m, g->way, 0, g->at_m);
    double to = part(s->state, s->m, g->way, 1, w->length_m - g->at_m);
    if (blocked(s->state, g->way)) {
        return;
    }
    if (quick) {
        offer_quick(s, t, w->from, from, INFINITY, g->way, goal);
        offer_quick(s, t, w->to, to, INFINITY, g->way, goal);
    } else {
        offer_last(s, t, w->from, INFINITY, from, g->way, goal);
        offer_last(s, t, w->to, INFINITY, to, g->way, goal);
    }
}

static void spread(struct search *s, struct kt_escape_tree *t, uint32_t v, bool quick)
{
    for (uint32_t k = s->m->at[v]; k < s->m->at[v + 1]; k++) {
        uint32_t way = s->m->list[k] / 2;
        const struct kt_way *w = &s->m->way[way];
        int dir = s->m->list[k] % 2 ? 0 : 1; /* it ends here: walked along itself */
        uint32_t u = dir == 0 ? w->from : w->to;
        double cost = whole(s->state, s->m, way, dir);
        if (s->done[u] || blocked(s->state, way) || !isfinite(cost)) {
            continue;
        }
        if (quick) {
            offer_quick(s, t, u, t->time_s[v] + cost, t->until_s[v] - cost, way, t->goal[v]);
        } else {
            offer_last(s, t, u, t->last_s[v] - cost, t->last_time_s[v] + cost, way,
                       t->last_goal[v]);
        }
    }
}

static void label(struct search *s, struct kt_escape_tree *t, const uint32_t *goal, uint32_t n,
                  bool quick)
{
    s->n = 0;
    memset(s->done, 0, s->m->nodes_n * sizeof(*s->done));
    for (uint32_t i = 0; i < n; i++) {
        seed(s, t, goal[i], quick);
    }
    while (s->n > 0) {
        uint32_t v = pop(s);
        if (!s->done[v]) {
            s->done[v] = true;
            spread(s, t, v, quick);
        }
    }
}

/* ---- one person and one set of goals -----------------------------------------------------------
 */

struct ask {
    const struct kt_mine *m;
    const struct kt_escape_state *state;
    const struct kt_escape_tree *t;
    const struct kt_escape_person *p;
    uint32_t tree;
};

static void better(struct kt_escape_route *best, const struct kt_escape_route *r)
{
    if (best->goal == KT_NONE || r->time_s < best->time_s) {
        *best = *r;
    }
}

/** A goal on the person's own way. */
static void direct(const struct ask *a, const uint32_t *goal, uint32_t n,
                   struct kt_escape_route *best)
{
    for (uint32_t i = 0; i < n; i++) {
        const struct kt_station *g = &a->m->station[goal[i]];
        double far = g->at_m - a->p->at_m;
        double time = part(a->state, a->m, a->p->way, far < 0, fabs(far));
        if (g->way == a->p->way && isfinite(time)) {
            struct kt_escape_route r = {KT_ESCAPE_EXIT, goal[i], time,      (double)INFINITY,
                                        a->tree,        false,   (int8_t)-1};
            better(best, &r);
        }
    }
}

/** Seconds to an end of the person's way; 0: its from. */
static double to_end(const struct ask *a, int end)
{
    const struct kt_way *w = &a->m->way[a->p->way];
    double metres = end ? w->length_m - a->p->at_m : a->p->at_m;
    double s = part(a->state, a->m, a->p->way, end ? 0 : 1, metres);
    return isfinite(s) ? s : metres; /* a closed way: who is in it gets out of it, at 1 m/s */
}

static uint32_t end_of(const struct ask *a, int end)
{
    const struct kt_way *w = &a->m->way[a->p->way];
    return end ? w->to : w->from;
}

static void by_quickest(const struct ask *a, bool safe_only, struct kt_escape_route *best)
{
    for (int end = 0; end < 2; end++) {
        uint32_t u = end_of(a, end);
        double d = to_end(a, end);
        if (a->t->goal[u] == KT_NONE || (safe_only && d > a->t->until_s[u])) {
            continue;
        }
        struct kt_escape_route r = {KT_ESCAPE_EXIT,       a->t->goal[u], d + a->t->time_s[u],
                                    a->t->until_s[u] - d, a->tree,       false,
                                    (int8_t)end};
        better(best, &r);
    }
}

static void by_latest(const struct ask *a, struct kt_escape_route *best)
{
    for (int end = 0; end < 2; end++) {
        uint32_t u = end_of(a, end);
        double d = to_end(a, end), spare = a->t->last_s[u] - d;
        if (a->t->last_goal[u] == KT_NONE || spare < 0 ||
            (best->goal != KT_NONE && spare <= best->spare_s)) {
            continue;
        }
        *best = (struct kt_escape_route){
            KT_ESCAPE_EXIT, a->t->last_goal[u], d + a->t->last_time_s[u], spare, a->tree,
            true,           (int8_t)end};
    }
}

static const struct kt_escape_route nothing = {
    KT_ESCAPE_UNKNOWN, KT_NONE, (double)INFINITY, 0, 0, false, (int8_t)-1};

/** The best safe route to these goals; false: there is none. */
static bool safe_route(const struct ask *a, const uint32_t *goal, uint32_t n,
                       struct kt_escape_route *ret)
{
    *ret = nothing;
    direct(a, goal, n, ret);
    by_quickest(a, true, ret);
    struct kt_escape_route last = nothing;
    by_latest(a, &last);
    if (last.goal != KT_NONE) {
        better(ret, &last);
    }
    return ret->goal != KT_NONE;
}

/* ---- room in refuges ----------------------------------------------------------------------------
 */

struct rooms {
    uint32_t n, people;
    const uint32_t *goal;          /* stations */
    struct kt_escape_route *route; /* [person * n + refuge]; goal KT_NONE: not safe */
    uint32_t *in;                  /* by person: refuge; KT_NONE */
    uint32_t *left;                /* by refuge: places */
};

static double time_to(const struct rooms *r, uint32_t person, uint32_t refuge)
{
    const struct kt_escape_route *x = &r->route[(size_t)person * r->n + refuge];
    return x->goal == KT_NONE ? (double)INFINITY : x->time_s;
}

/** Somebody in `from` who can go to `to` as well, with the least more to walk; KT_NONE: nobody. */
static uint32_t who_moves(const struct rooms *r, const uint32_t *list, uint32_t n, uint32_t from,
                          uint32_t to)
{
    uint32_t who = KT_NONE;
    double more = INFINITY;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t p = list[i];
        double d = r->in[p] == from ? time_to(r, p, to) - time_to(r, p, from) : (double)INFINITY;
        if (d < more) {
            more = d;
            who = p;
        }
    }
    return who;
}

/** Make room in a refuge that this person can reach by moving others along: a search over refuges.
 */
static bool give_room(struct rooms *r, const uint32_t *list, uint32_t n, uint32_t person)
{
    uint32_t before[KT_ESCAPE_REFUGES], queue[KT_ESCAPE_REFUGES], head = 0, tail = 0;
    bool seen[KT_ESCAPE_REFUGES] = {false};
    for (uint32_t k = 0; k < r->n; k++) {
        if (isfinite(time_to(r, person, k))) {
            seen[k] = true;
            before[k] = KT_NONE;
            queue[tail++] = k;
        }
    }
    while (head < tail) {
        uint32_t k = queue[head++];
        if (r->left[k] > 0) {
            r->left[k]--;
            while (before[k] != KT_NONE) {
                uint32_t p = who_moves(r, list, n, before[k], k);
                r->in[p] = k;
                k = before[k];
            }
            r->in[person] = k;
            return true;
        }
        for (uint32_t j = 0; j < r->n; j++) {
            if (!seen[j] && who_moves(r, list, n, k, j) != KT_NONE) {
                seen[j] = true;
                before[j] = k;
                queue[tail++] = j;
            }
        }
    }
    return false;
}

struct pair {
    double time;
    uint32_t person, refuge;
};

static int by_time(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    if (x->time != y->time) {
        return x->time < y->time ? -1 : 1;
    }
    return x->person != y->person ? (x->person < y->person ? -1 : 1)
                                  : (x->refuge > y->refuge) - (x->refuge < y->refuge);
}

/** First everybody into the nearest that has room, then room is made for who found none. */
static void assign(struct rooms *r, const uint32_t *list, uint32_t n, struct kt_arena *arena)
{
    struct pair *all = KT_NEW_ARRAY(arena, struct pair, (size_t)n * r->n + 1);
    size_t pairs = 0;
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t k = 0; k < r->n; k++) {
            double t = time_to(r, list[i], k);
            if (isfinite(t)) {
                all[pairs++] = (struct pair){t, list[i], k};
            }
        }
    }
    qsort(all, pairs, sizeof(*all), by_time);
    for (size_t i = 0; i < pairs; i++) {
        if (r->in[all[i].person] == KT_NONE && r->left[all[i].refuge] > 0) {
            r->left[all[i].refuge]--;
            r->in[all[i].person] = all[i].refuge;
        }
    }
    for (uint32_t i = 0; i < n; i++) {
        if (r->in[list[i]] == KT_NONE) {
            (void)give_room(r, list, n, list[i]);
        }
    }
}

/* ---- the whole ----------------------------------------------------------------------------------
 */

struct goals {
    uint32_t *exit, exits_n, *refuge, refuges_n;
};

static int find_goals(const struct kt_mine *m, const struct kt_escape_state *state,
                      struct kt_arena *arena, struct goals *g, struct kt_err *err)
{
    *g = (struct goals){KT_NEW_ARRAY(arena, uint32_t, m->stations_n + 1), 0,
                        KT_NEW_ARRAY(arena, uint32_t, m->stations_n + 1), 0};
    for (uint32_t i = 0; i < m->stations_n; i++) {
        if (m->station[i].kind == KT_STATION_EXIT) {
            g->exit[g->exits_n++] = i;
        } else if (m->station[i].kind == KT_STATION_REFUGE &&
                   !(state->unusable && state->unusable[i])) {
            g->refuge[g->refuges_n++] = i;
        }
    }
    if (g->exits_n == 0) {
        return kt_err_set(err, KT_EINVAL, "there is no exit");
    }
    return g->refuges_n <= KT_ESCAPE_REFUGES
               ? KT_OK
               : kt_err_set(err, KT_ELIMIT, "%u refuges; %d are looked at", g->refuges_n,
                            KT_ESCAPE_REFUGES);
}

static void find_trees(const struct kt_mine *m, const struct kt_escape_state *state,
                       const struct goals *g, struct kt_arena *arena, struct kt_escape *e)
{
    struct search s = {.m = m, .state = state};
    s.heap = KT_NEW_ARRAY(arena, struct item, 4 * (m->ways_n + m->stations_n) + 16);
    s.done = KT_NEW_ARRAY(arena, bool, m->nodes_n + 1);
    e->trees_n = 1 + g->refuges_n;
    e->tree = KT_NEW_ARRAY(arena, struct kt_escape_tree, e->trees_n);
    for (uint32_t i = 0; i < e->trees_n; i++) {
        const uint32_t *goal = i ? &g->refuge[i - 1] : g->exit;
        uint32_t n = i ? 1 : g->exits_n;
        tree_init(m, arena, &e->tree[i]);
        label(&s, &e->tree[i], goal, n, true);
        if (state->smoke_s) {
            label(&s, &e->tree[i], goal, n, false);
        }
    }
}

/** What is named where nothing is safe: the nearest refuge, else the nearest exit; shut in: none.
 */
static void not_safe(const struct ask *base, const struct kt_escape *e, const struct goals *g,
                     struct kt_escape_route *ret)
{
    struct ask a = *base;
    *ret = nothing;
    for (uint32_t i = e->trees_n; i-- > 0;) {
        if (i == 0 && ret->goal != KT_NONE) {
            break;
        }
        a.t = &e->tree[i];
        a.tree = i;
        direct(&a, i ? &g->refuge[i - 1] : g->exit, i ? 1 : g->exits_n, ret);
        by_quickest(&a, false, ret);
    }
    ret->verdict = KT_ESCAPE_NOT_SAFE;
    ret->spare_s = 0;
}

int kt_escape_find(const struct kt_mine *m, const struct kt_escape_state *state,
                   const struct kt_escape_person *person, uint32_t n, struct kt_arena *arena,
                   struct kt_escape *ret, struct kt_err *err)
{
    struct goals g;
    int r = find_goals(m, state, arena, &g, err);
    if (r < 0) {
        return r;
    }
    struct kt_escape e = {.route = KT_NEW_ARRAY(arena, struct kt_escape_route, n + 1),
                          .taken = KT_NEW_ARRAY(arena, uint32_t, m->stations_n + 1)};
    double most = state->rescuer_s > 0 ? state->rescuer_s : KT_ESCAPE_RESCUER_S;
    struct rooms rooms = {g.refuges_n,
                          n,
                          g.refuge,
                          KT_NEW_ARRAY(arena, struct kt_escape_route, (size_t)n * g.refuges_n + 1),
                          KT_NEW_ARRAY(arena, uint32_t, n + 1),
                          KT_NEW_ARRAY(arena, uint32_t, g.refuges_n + 1)};
    uint32_t *list = KT_NEW_ARRAY(arena, uint32_t, n + 1), listed = 0;
    find_trees(m, state, &g, arena, &e);
    for (uint32_t k = 0; k < g.refuges_n; k++) {
        rooms.left[k] = state->room ? state->room[g.refuge[k]] : m->station[g.refuge[k]].capacity;
    }
    for (uint32_t i = 0; i < n; i++) {
        struct ask a = {m, state, &e.tree[0], &person[i], 0};
        rooms.in[i] = KT_NONE;
        if (person[i].way >= m->ways_n) {
            e.route[i] = nothing;
            continue;
        }
        if (safe_route(&a, g.exit, g.exits_n, &e.route[i]) && e.route[i].time_s <= most) {
            continue;
        }
        list[listed++] = i;
        for (uint32_t k = 0; k < g.refuges_n; k++) {
            a.t = &e.tree[k + 1];
            a.tree = k + 1;
            (void)safe_route(&a, &g.refuge[k], 1, &rooms.route[(size_t)i * g.refuges_n + k]);
        }
    }
    if (g.refuges_n) {
        assign(&rooms, list, listed, arena);
    }
    for (uint32_t i = 0; i < listed; i++) {
        struct kt_escape_route *to = &e.route[list[i]];
        struct ask a = {m, state, &e.tree[0], &person[list[i]], 0};
        if (rooms.in[list[i]] != KT_NONE) {
            *to = rooms.route[(size_t)list[i] * g.refuges_n + rooms.in[list[i]]];
            to->verdict = KT_ESCAPE_REFUGE;
        } else if (to->goal == KT_NONE) {
            not_safe(&a, &e, &g, to);
        }
    }
    for (uint32_t i = 0; i < n; i++) {
        e.by_verdict[e.route[i].verdict]++;
        if (e.route[i].verdict == KT_ESCAPE_REFUGE) {
            e.taken[e.route[i].goal]++;
        }
    }
    *ret = e;
    return KT_OK;
}

void kt_escape_path(const struct kt_mine *m, const struct kt_escape *e,
                    const struct kt_escape_person *p, const struct kt_escape_route *r,
                    void (*fn)(void *arg, uint32_t way, bool along), void *arg)
{
    if (r->goal == KT_NONE || p->way >= m->ways_n) {
        return;
    }
    const struct kt_escape_tree *t = &e->tree[r->tree];
    if (r->toward < 0) {
        fn(arg, p->way, m->station[r->goal].at_m >= p->at_m);
        return;
    }
    fn(arg, p->way, r->toward == 1);
    uint32_t u = r->toward ? m->way[p->way].to : m->way[p->way].from;
    for (uint32_t step = 0; step <= m->nodes_n; step++) {
        uint32_t way = r->latest ? t->last_next[u] : t->next[u];
        if (way == KT_NONE) {
            return;
        }
        bool along = m->way[way].from == u;
        fn(arg, way, along);
        if (way == m->station[r->goal].way &&
            (r->latest ? t->last_time_s[u] : t->time_s[u]) <= m->way[way].time_s[along ? 0 : 1]) {
            return; /* the goal lies on it */
        }
        u = along ? m->way[way].to : m->way[way].from;
    }
}
