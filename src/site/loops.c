/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loops: a circle of linkages. One rule opens an output; another reads that output or its feed
 * state and opens a second; and so back to the first. An output follows another when some rule
 * instance reads the first (as its own point, by name or through a set) and opens the second.
 * Opening is the only command, so a rule that opens what it reads itself is no circle.
 */
#include "site/impl.h"

struct edge {
    uint32_t to;   /* output */
    uint32_t rule; /* that leads there */
    uint32_t next; /* of the same output; KT_NONE ends */
};
struct graph {
    struct load *l;
    uint32_t *first; /* of each point: its edges */
    struct edge *edges;
    uint32_t edges_n, edges_cap;
    uint8_t *state; /* 0 new, 1 on the path, 2 done */
    uint32_t *path, *at;
};

enum { EDGES_MAX = 4 << 20 };

static void add_edge(struct graph *g, uint32_t from, uint32_t to, uint32_t rule)
{
    for (uint32_t e = g->first[from]; e != KT_NONE; e = g->edges[e].next) {
        if (g->edges[e].to == to) {
            return;
        }
    }
    if (from != to && g->edges_n < EDGES_MAX) {
        struct edge n = {to, rule, g->first[from]};
        g->first[from] = g->edges_n;
        *SITE_PUSH(g->l, g->edges, g->edges_n, g->edges_cap) = n;
    }
}

/* Instance `self` of a rule read output `out`: all that it opens follows. */
static void follow(struct graph *g, uint32_t out, uint32_t rule, kt_point_id self)
{
    const struct rule_decl *d = &g->l->rules[rule];
    for (uint32_t i = 0; i < d->then_n; i++) {
        const struct kt_point_list opened = site_opens(g->l, &d->then[i], self);
        for (uint32_t j = 0; j < opened.n; j++) {
            add_edge(g, out, opened.points[j].v, rule);
        }
    }
    if (d->r.interlock && d->r.hold) {
        add_edge(g, out, self.v, rule); /* it opens its own output when its permit goes */
    }
}

static void readers_of(struct graph *g, uint32_t out, kt_point_id point)
{
    const struct kt_site *s = &g->l->s->pub;
    uint32_t n;
    const kt_rule_id *own = kt_site_rules_of(s, point, &n);
    for (uint32_t i = 0; i < n; i++) {
        if (g->l->rules[own[i].v].scan.reads_self) {
            follow(g, out, own[i].v, point);
        }
    }
    const struct kt_rule_instance *by = kt_site_readers_of(s, point, &n);
    for (uint32_t i = 0; i < n; i++) {
        follow(g, out, by[i].rule.v, by[i].self);
    }
}

static void report(struct graph *g, uint32_t from, uint32_t depth)
{
    const struct kt_site *s = &g->l->s->pub;
    struct kt_buf text;
    kt_buf_init(&text, 250);
    uint32_t start = 0;
    while (g->path[start] != from) {
        start++;
    }
    for (uint32_t i = start; i <= depth; i++) {
        kt_buf_printf(&text, "%s -> ", s->points[g->path[i]].id);
    }
    kt_buf_puts(&text, s->points[from].id);
    const struct rule_decl *d = &g->l->rules[g->edges[g->at[depth]].rule];
    site_find_at(g->l, KT_FIND_ERROR, "linkage-loop", &d->at,
                 "rule \"%s\" closes a loop of linkages: %s; take one action out of it", d->r.id,
                 kt_buf_cstr(&text));
    kt_buf_done(&text);
}

/* Depth first with a path of its own; each output is entered once. */
static void search(struct graph *g, uint32_t root)
{
    uint32_t depth = 0;
    g->path[0] = root;
    g->at[0] = g->first[root];
    g->state[root] = 1;
    for (;;) {
        uint32_t e = g->at[depth];
        if (e == KT_NONE) {
            g->state[g->path[depth]] = 2;
            if (depth == 0) {
                return;
            }
            depth--;
            g->at[depth] = g->edges[g->at[depth]].next;
            continue;
        }
        uint32_t to = g->edges[e].to;
        if (g->state[to] == 0) {
            depth++;
            g->path[depth] = to;
            g->at[depth] = g->first[to];
            g->state[to] = 1;
            continue;
        }
        if (g->state[to] == 1) {
            report(g, to, depth);
        }
        g->at[depth] = g->edges[e].next;
    }
}

void site_loops(struct load *l)
{
    const struct kt_site *s = &l->s->pub;
    struct graph g = {.l = l};
    g.first = KT_NEW_ARRAY(l->scratch, uint32_t, s->points_n + 1);
    g.state = KT_NEW_ARRAY(l->scratch, uint8_t, s->points_n + 1);
    g.path = KT_NEW_ARRAY(l->scratch, uint32_t, s->points_n + 1);
    g.at = KT_NEW_ARRAY(l->scratch, uint32_t, s->points_n + 1);
    for (uint32_t i = 0; i < s->points_n; i++) {
        g.first[i] = KT_NONE;
    }
    for (uint32_t i = 0; i < s->points_n; i++) {
        if (s->points[i].kind == KT_POINT_OUTPUT && !s->points[i].ended) {
            readers_of(&g, i, (kt_point_id){i});
            if (s->points[i].feed.v != KT_NONE) {
                readers_of(&g, i, s->points[i].feed);
            }
        }
    }
    for (uint32_t i = 0; i < s->points_n; i++) {
        if (g.first[i] != KT_NONE && g.state[i] == 0) {
            search(&g, i);
        }
    }
}
