/* SPDX-License-Identifier: Apache-2.0 */
/* eng: birth of an engine's state, the indexes made from a site, small helpers. */
#include "engine/folk.h"

#include <math.h>
#include <stdlib.h>

static void *zeroed(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size);
    KT_ASSERT(p);
    return p;
}

uint64_t eng_next_id(void *arg)
{
    struct eng *e = arg;
    uint64_t first = e->cause * 1000;
    e->last_id = e->last_id + 1 > first ? e->last_id + 1 : first;
    return e->last_id;
}

void *eng_grow(void *list, uint32_t n, uint32_t *cap, size_t size)
{
    if (n < *cap) {
        return list;
    }
    *cap = *cap ? *cap * 2 : 16;
    void *p = realloc(list, *cap * size);
    KT_ASSERT(p);
    return p;
}

void eng_pair(struct pairs *p, uint32_t key, uint32_t item)
{
    p->key = eng_grow(p->key, p->n, &p->cap, sizeof *p->key);
    p->item = eng_grow(p->item, p->n, &p->cap2, sizeof *p->item);
    p->key[p->n] = key;
    p->item[p->n++] = item;
}

struct csr eng_csr_of(struct pairs *p, uint32_t keys)
{
    struct csr c = {zeroed((size_t)keys + 2, sizeof *c.at), zeroed(p->n, sizeof *c.list)};
    for (uint32_t i = 0; i < p->n; i++) {
        c.at[p->key[i] + 2]++;
    }
    for (uint32_t k = 0; k < keys; k++) {
        c.at[k + 2] += c.at[k + 1];
    }
    for (uint32_t i = 0; i < p->n; i++) {
        c.list[c.at[p->key[i] + 1]++] = p->item[i];
    }
    free(p->key);
    free(p->item);
    return c;
}

void eng_csr_free(struct csr *c)
{
    free(c->at);
    free(c->list);
}

static uint8_t rule_kind(const struct kt_rule *r)
{
    uint8_t kind = 0;
    struct kt_expr_simple s;
    if (kt_expr_uses_time(r->raise) || (r->clear && kt_expr_uses_time(r->clear))) {
        kind |= RULE_TIMED;
    }
    bool clear_simple = !r->clear || kt_expr_is_simple(r->clear, &s);
    if (r->clear && clear_simple &&
        (s.limit == KT_LIMIT_RESTORE || s.limit == KT_LIMIT_LOW_RESTORE)) {
        kind |= RULE_RESTORE;
    }
    if (clear_simple && kt_expr_is_simple(r->raise, &s)) {
        kind |= RULE_SIMPLE;
    }
    if (kt_expr_is_state(r->raise) && (!r->clear || kt_expr_is_state(r->clear))) {
        kind |= RULE_STATE;
    }
    for (uint32_t i = 0; i < r->then_n; i++) {
        kind |= r->then[i].kind != KT_ACT_CARD ? RULE_OPENS : 0;
    }
    kind = r->interlock ? RULE_INTERLOCK : kind;
    return kind;
}

static uint32_t windows_of(const struct kt_rule *r)
{
    return kt_expr_windows(r->raise) + (r->clear ? kt_expr_windows(r->clear) : 0);
}

static void build_instances(struct eng *e)
{
    const struct kt_site *s = e->site;
    e->rule_first = zeroed((size_t)s->rules_n + 1, sizeof *e->rule_first);
    for (uint32_t r = 0; r < s->rules_n; r++) {
        e->rule_first[r + 1] = e->rule_first[r] + s->rules[r].points_n;
    }
    e->insts_n = e->rule_first[s->rules_n];
    e->inst = zeroed(e->insts_n, sizeof *e->inst);
    e->timed = zeroed(e->insts_n, sizeof *e->timed);
    e->timed_at = zeroed(e->insts_n, sizeof *e->timed_at);
    struct pairs of = {0};
    for (uint32_t r = 0; r < s->rules_n; r++) {
        const struct kt_rule *rule = &s->rules[r];
        uint8_t kind = rule_kind(rule);
        uint32_t windows = windows_of(rule);
        for (uint32_t i = 0; i < rule->points_n; i++) {
            uint32_t at = e->rule_first[r] + i;
            struct inst *in = &e->inst[at];
            *in = (struct inst){r, rule->points[i].v, IN_OFF, kind, KT_NONE, KT_NONE, 0};
            if (windows > 0) {
                in->window = e->windows_n;
                e->windows_n += windows;
            }
            if (kind & RULE_TIMED) {
                in->timed = e->timed_n;
                e->timed[e->timed_n++] = at;
            }
            eng_pair(&of, in->self, at);
        }
    }
    e->of = eng_csr_of(&of, e->points_n);
}

static uint32_t instance_at(const struct eng *e, struct kt_rule_instance ri)
{
    const struct kt_rule *r = &e->site->rules[ri.rule.v];
    uint32_t lo = 0, hi = r->points_n;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (r->points[mid].v < ri.self.v) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo < r->points_n && r->points[lo].v == ri.self.v ? e->rule_first[ri.rule.v] + lo
                                                            : KT_NONE;
}

static void build_readers(struct eng *e)
{
    struct pairs readers = {0};
    for (uint32_t p = 0; p < e->points_n; p++) {
        uint32_t n = 0;
        const struct kt_rule_instance *list = kt_site_readers_of(e->site, (kt_point_id){p}, &n);
        for (uint32_t i = 0; i < n; i++) {
            uint32_t at = instance_at(e, list[i]);
            if (at != KT_NONE && e->inst[at].self != p) {
                eng_pair(&readers, p, at);
            }
        }
    }
    e->readers = eng_csr_of(&readers, e->points_n);
}

/* May a rule open this output (safety rule 7)? */
static bool may_open(const struct kt_rule *r, const struct kt_point *output)
{
    return output->kind == KT_POINT_OUTPUT && !output->ended &&
           (!output->role->is_protected || r->clause.standard[0]);
}

static void pair_outputs(struct eng *e, struct pairs *to, uint32_t at)
{
    const struct inst *in = &e->inst[at];
    const struct kt_rule *r = eng_rule(e, in);
    for (uint32_t i = 0; i < r->then_n; i++) {
        const struct kt_point_list opened =
            kt_site_opens(e->site, &r->then[i], (kt_point_id){in->self});
        for (uint32_t k = 0; k < opened.n; k++) {
            uint32_t p = opened.points[k].v;
            if (p < e->points_n && may_open(r, &e->site->points[p])) {
                eng_pair(to, p, at);
            }
        }
    }
}

static void build_outputs(struct eng *e)
{
    struct pairs opened = {0}, fed = {0};
    for (uint32_t i = 0; i < e->insts_n; i++) {
        if (e->inst[i].kind & RULE_OPENS) {
            pair_outputs(e, &opened, i);
        } else if (e->inst[i].kind & RULE_INTERLOCK) {
            eng_pair(&opened, e->inst[i].self, i);
        }
    }
    for (uint32_t p = 0; p < e->points_n; p++) {
        const struct kt_point *point = &e->site->points[p];
        if (point->kind == KT_POINT_OUTPUT && !point->ended && point->feed.v < e->points_n) {
            eng_pair(&fed, point->feed.v, p);
        }
    }
    e->opened_by = eng_csr_of(&opened, e->points_n);
    e->fed_outputs = eng_csr_of(&fed, e->points_n);
}

static void add_windows(struct eng *e, struct pairs *feeds, const struct kt_expr *x, uint32_t inst,
                        uint32_t *window)
{
    for (uint32_t i = 0; x && i < kt_expr_windows(x); i++, (*window)++) {
        kt_point_id p = kt_expr_window_point(x, i);
        e->window_inst[*window] = inst;
        kt_window_init((void *)(e->windows + (size_t)*window * kt_window_size()),
                       kt_expr_window_span(x, i));
        eng_pair(feeds, p.v == KT_NONE ? e->inst[inst].self : p.v, *window);
    }
}

static void build_windows(struct eng *e)
{
    struct pairs feeds = {0};
    e->windows = zeroed(e->windows_n, kt_window_size());
    e->window_inst = zeroed(e->windows_n, sizeof *e->window_inst);
    for (uint32_t i = 0; i < e->insts_n; i++) {
        const struct kt_rule *r = eng_rule(e, &e->inst[i]);
        uint32_t window = e->inst[i].window;
        if (window != KT_NONE) {
            add_windows(e, &feeds, r->raise, i, &window);
            add_windows(e, &feeds, r->clear, i, &window);
        }
    }
    e->feeds = eng_csr_of(&feeds, e->points_n);
}

static bool has_timed(const struct eng *e, uint32_t p)
{
    for (uint32_t i = e->of.at[p]; i < e->of.at[p + 1]; i++) {
        if (e->inst[e->of.list[i]].timed != KT_NONE) {
            return true;
        }
    }
    return false;
}

static uint8_t point_kind(const struct eng *e, uint32_t p)
{
    uint8_t kind = 0;
    for (uint32_t i = e->of.at[p]; i < e->of.at[p + 1]; i++) {
        uint8_t k = e->inst[e->of.list[i]].kind;
        bool timed_only = (k & RULE_TIMED) && !eng_rule(e, &e->inst[e->of.list[i]])->statutory;
        kind |= (k & (RULE_SIMPLE | RULE_STATE)) || timed_only ? 0 : PT_COMPLEX;
    }
    kind |= has_timed(e, p) ? PT_WINDOWS : 0;
    kind |= e->feeds.at[p] != e->feeds.at[p + 1] ? PT_WINDOWS : 0;
    kind |= e->readers.at[p] != e->readers.at[p + 1] ? PT_READERS : 0;
    kind |= kt_point_commanded(&e->site->points[p]) ? PT_OUTPUT : 0;
    kind |= e->fed_outputs.at[p] != e->fed_outputs.at[p + 1] ? PT_FEED : 0;
    return kind;
}

static int64_t too_old(const struct kt_point *p)
{
    return !p->ended && p->role->stale_after_ns > 0 ? p->role->stale_after_ns : INT64_MAX / 4;
}

static void build_points(struct eng *e)
{
    e->cutoffs = zeroed(e->points_n, sizeof *e->cutoffs);
    for (uint32_t p = 0; p < e->points_n; p++) {
        const struct kt_point *point = &e->site->points[p];
        struct pt *pt = &e->pt[p];
        pt->lo = INFINITY;
        pt->hi = -INFINITY;
        pt->lim = pt->cal = KT_NONE;
        pt->old_ns = too_old(point);
        pt->kind = point_kind(e, p);
        if (!point->ended && point->role->cutoff && point->cuts_n > 0) {
            e->cutoffs[e->cutoffs_n++] = p;
        }
    }
}

struct eng *eng_new(struct kt_site *site, struct kt_live *live, const struct kt_engine_out *out)
{
    struct eng *e = zeroed(1, sizeof *e);
    e->site = kt_site_ref(site);
    e->live = live;
    e->out = *out;
    e->points_n = site->points_n;
    e->version = 1;
    e->pt = aligned_alloc(64, ((size_t)e->points_n + 1) * sizeof *e->pt);
    KT_ASSERT(e->pt);
    memset(e->pt, 0, ((size_t)e->points_n + 1) * sizeof *e->pt);
    kt_buf_init(&e->json, 16u << 20);
    e->key_map = kt_map_new(ENG_KEYS);
    build_instances(e);
    build_readers(e);
    build_outputs(e);
    build_windows(e);
    build_points(e);
    e->link_down = zeroed(site->links_n, sizeof *e->link_down);
    e->link_since = zeroed(site->links_n, sizeof *e->link_since);
    e->wheel = wheel_new(e->points_n + e->insts_n + e->timed_n);
    eng_expr_live(e);
    eng_limits_init(e);
    eng_owners(e);
    eng_air_init(e);
    e->folk = folk_new(e);
    e->voice = voice_new();
    return e;
}

static void free_indexes(struct eng *e)
{
    eng_csr_free(&e->of);
    eng_csr_free(&e->readers);
    eng_csr_free(&e->opened_by);
    eng_csr_free(&e->feeds);
    eng_csr_free(&e->fed_outputs);
    free(e->rule_first);
    free(e->inst);
    free(e->timed);
    free(e->timed_at);
    free(e->windows);
    free(e->window_inst);
    free(e->cutoffs);
    free(e->pt);
}

void eng_free(struct eng *e)
{
    if (!e) {
        return;
    }
    free_indexes(e);
    eng_air_free(e);
    wheel_free(e->wheel);
    kt_alarm_free(e->alarms);
    kt_card_free(e->cards);
    kt_sequences_free(e->sequences);
    kt_control_free(e->control);
    folk_free(e->folk);
    free(e->incident.v);
    voice_free(e->voice);
    free(e->dirty.v);
    free(e->lim);
    free(e->link_down);
    free(e->link_since);
    free(e->cal.v);
    free(e->proposal.v);
    free(e->change.v);
    free(e->manual.v);
    free(e->test.v);
    free(e->proof.v);
    free(e->handover.v);
    free(e->note.v);
    free(e->console.v);
    for (int i = 0; i < ENG_KEYS; i++) {
        free(e->keys[i].text);
    }
    kt_map_free(e->key_map);
    kt_buf_done(&e->json);
    kt_columns_done(&e->columns);
    kt_site_unref(e->site);
    free(e);
}
