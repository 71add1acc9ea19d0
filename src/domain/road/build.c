/* SPDX-License-Identifier: Apache-2.0 */
/* build: nodes and branches, with the snaps carried out. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "domain/road/private.h"

struct building {
    struct roads *r;
    struct kt_road_net *net;
    uint32_t *node; /* by item root; KT_NONE: not yet */
    bool *placed;   /* by node: a stop on a roadway says where it is */
    uint32_t *ends; /* by node: how many ends its place is the mean of */
    struct stop *stop;
    uint32_t stops_n;
};

static int by_place(const void *a, const void *b)
{
    const struct stop *x = a, *y = b;
    return x->line != y->line ? (x->line < y->line ? -1 : 1)
           : x->pos < y->pos  ? -1
                              : x->pos > y->pos;
}

/** Stops at one place of one line are one. */
static void join_equal(struct building *b)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < b->stops_n; i++) {
        struct stop *last = kept ? &b->stop[kept - 1] : NULL;
        if (last && last->line == b->stop[i].line && b->stop[i].pos - last->pos < 1e-9) {
            road_join(b->r, last->item, b->stop[i].item);
        } else {
            b->stop[kept++] = b->stop[i];
        }
    }
    b->stops_n = kept;
}

/** The ends are stops, too. */
static void all_stops(struct building *b)
{
    struct roads *r = b->r;
    b->stop = KT_NEW_ARRAY(r->arena, struct stop, (size_t)r->stops_n + 2 * r->n);
    memcpy(b->stop, r->stop, r->stops_n * sizeof(*r->stop));
    b->stops_n = r->stops_n;
    for (uint32_t end = 0; end < 2 * r->n; end++) {
        uint32_t v = road_end_vertex(r, end);
        const double *p = road_vertex(r, end / 2, v);
        b->stop[b->stops_n++] = (struct stop){end / 2, end, v, p[0], p[1], p[2]};
    }
    qsort(b->stop, b->stops_n, sizeof(*b->stop), by_place);
    join_equal(b);
}

static uint32_t node_of(struct building *b, uint32_t item)
{
    uint32_t root = road_item(b->r, item);
    if (b->node[root] == KT_NONE) {
        b->node[root] = b->net->nodes_n++;
        b->net->node[b->node[root]] = (struct kt_road_node){.z = NAN, .name = ""};
    }
    return b->node[root];
}

/** A node lies on the roadway that passes; else in the middle of the ends that meet there. */
static void place_nodes(struct building *b)
{
    const struct roads *r = b->r;
    for (uint32_t i = 0; i < b->stops_n; i++) {
        const struct stop *s = &b->stop[i];
        uint32_t n = node_of(b, s->item);
        struct kt_road_node *node = &b->net->node[n];
        bool passes = s->pos > 0 && s->pos < r->line[s->line].vertices_n - 1;
        if (passes && !b->placed[n]) {
            *node = (struct kt_road_node){s->x, s->y, s->z, node->name, 0};
            b->placed[n] = true;
        } else if (!passes && !b->placed[n]) {
            double k = ++b->ends[n];
            node->x += (s->x - node->x) / k;
            node->y += (s->y - node->y) / k;
            node->z = isnan(node->z) ? s->z
                      : isnan(s->z)  ? node->z
                                     : node->z + (s->z - node->z) / k;
        }
    }
}

static void name_node(struct building *b, uint32_t end)
{
    struct roads *r = b->r;
    const struct kt_road_line *l = &r->line[end / 2];
    const char *name = end & 1 ? l->to : l->from;
    struct kt_road_node *node = &b->net->node[node_of(b, end)];
    if (!name[0]) {
        return;
    }
    if (node->name[0] && strcmp(node->name, name) != 0) {
        struct kt_road_finding f = {KT_ROAD_NAMES, end / 2, KT_NONE, node->x, node->y,
                                    node->z,       0,       node->x, node->y, node->z};
        road_find(r, &f);
        return;
    }
    node->name = name;
}

static void add_branch(struct building *b, const struct stop *from, const struct stop *to,
                       uint32_t part)
{
    struct roads *r = b->r;
    const struct kt_road_line *l = &r->line[from->line];
    uint32_t first = (uint32_t)floor(from->pos) + 1, last = (uint32_t)ceil(to->pos) - 1;
    uint32_t inner = last >= first ? last - first + 1 : 0;
    double *xyz = KT_NEW_ARRAY(r->arena, double, (size_t)(inner + 2) * 3);
    uint32_t ends[2] = {node_of(b, from->item), node_of(b, to->item)};
    for (int k = 0; k < 2; k++) {
        const struct kt_road_node *n = &b->net->node[ends[k]];
        double p[3] = {n->x, n->y, n->z};
        memcpy(xyz + (k ? (size_t)(inner + 1) * 3 : 0), p, sizeof(p));
        b->net->node[ends[k]].degree++;
    }
    if (inner) {
        memcpy(xyz + 3, l->xyz + (size_t)first * 3, (size_t)inner * 3 * sizeof(double));
    }
    const char *id = part ? kt_arena_printf(r->arena, "%s/%u", l->id, part + 1) : l->id;
    b->net->branch[b->net->branches_n++] = (struct kt_road_branch){
        from->line, part, id, ends[0], ends[1], kt_road_length_m(xyz, inner + 2), xyz, inner + 2};
}

/** A piece that came to one node is none. */
static bool vanishes(struct building *b, const struct stop *s, const struct stop *t)
{
    const struct roads *r = b->r;
    const struct kt_road_line *l = &r->line[s->line];
    return node_of(b, s->item) == node_of(b, t->item) &&
           kt_road_length_m(l->xyz, l->vertices_n) < r->snap;
}

static void branches(struct building *b)
{
    uint32_t part = 0;
    for (uint32_t i = 0; i + 1 < b->stops_n; i++) {
        const struct stop *s = &b->stop[i], *t = s + 1;
        if (s->line != t->line) {
            part = 0;
        } else if (t->pos - s->pos > 1e-9 && !vanishes(b, s, t)) {
            add_branch(b, s, t, part++);
        }
    }
}

static void unnamed(struct building *b)
{
    struct roads *r = b->r;
    for (uint32_t end = 0; end < 2 * r->n; end++) {
        const struct kt_road_node *n = &b->net->node[node_of(b, end)];
        if (n->degree == 1 && !n->name[0]) {
            struct kt_road_finding f = {
                KT_ROAD_UNNAMED, end / 2, KT_NONE, n->x, n->y, n->z, 0, n->x, n->y, n->z};
            road_find(r, &f);
        }
    }
    uint32_t number = 0;
    for (uint32_t i = 0; i < b->net->nodes_n; i++) {
        struct kt_road_node *n = &b->net->node[i];
        n->name = n->name[0] ? n->name : kt_arena_printf(r->arena, "N%u", ++number);
    }
}

void road_build(struct roads *r, struct kt_road_net *ret)
{
    struct building b = {.r = r, .net = ret};
    uint32_t most = r->items_n + 1;
    ret->node = KT_NEW_ARRAY(r->arena, struct kt_road_node, most);
    b.node = KT_NEW_ARRAY(r->arena, uint32_t, most);
    b.placed = KT_NEW_ARRAY(r->arena, bool, most);
    b.ends = KT_NEW_ARRAY(r->arena, uint32_t, most);
    memset(b.node, 0xff, most * sizeof(*b.node));
    all_stops(&b);
    ret->branch = KT_NEW_ARRAY(r->arena, struct kt_road_branch, b.stops_n + 1);
    place_nodes(&b);
    for (uint32_t end = 0; end < 2 * r->n; end++) {
        name_node(&b, end);
    }
    branches(&b);
    unnamed(&b);
}
