/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two passes over the lines: the first counts and names things, so that a line may refer to a later
 * one; the second fills them in.
 */
#include "plan.h"

#include <stdio.h>

#include "plan_impl.h"
#include "rig.h"
#include "sys/file.h"

enum { LINE_MAX_BYTES = 2000, PLAN_MAX = 16 << 20 };

bool sim_word(const char *line, const char *key, char *to, size_t cap)
{
    char mark[32];
    (void)snprintf(mark, sizeof(mark), " %s=", key);
    const char *at = strstr(line, mark);
    if (at) {
        at += strlen(mark);
        (void)snprintf(to, cap, "%.*s", (int)strcspn(at, " \r\n"), at);
    }
    return at != NULL;
}

void plan_wrong(struct plan_reader *r, const char *what, struct kt_str which, const char *way)
{
    if (!r->bad) {
        r->bad = kt_err_at(r->err, KT_EPARSE, r->l.file, r->l.no, 0, "%s \"%.*s\"; %s", what,
                           (int)which.n, which.p ? which.p : "", way);
    }
}

bool plan_next_word(struct kt_str *s, struct kt_str *ret)
{
    while (s->n && (*s->p == ' ' || *s->p == '\t' || *s->p == '\r')) {
        s->p++;
        s->n--;
    }
    *ret = (struct kt_str){s->p, 0};
    while (s->n && *s->p != ' ' && *s->p != '\t' && *s->p != '\r') {
        s->p++;
        s->n--;
        ret->n++;
    }
    return ret->n > 0;
}

/** Split a line; false for an empty one or a comment. */
static bool split(struct plan_line *l, struct kt_str text)
{
    struct kt_str w;
    l->n = 0;
    l->name = (struct kt_str){NULL, 0};
    if (!plan_next_word(&text, &l->keyword) || l->keyword.p[0] == '#') {
        return false;
    }
    l->rest = text;
    while (plan_next_word(&text, &w) && l->n < PLAN_WORDS_MAX) {
        const char *eq = memchr(w.p, '=', w.n);
        if (!eq) {
            if (!l->name.p) {
                l->name = w;
            }
            continue;
        }
        size_t k = (size_t)(eq - w.p);
        l->words[l->n++] = (struct plan_word){{w.p, k}, {eq + 1, w.n - k - 1}};
    }
    return true;
}

static int *list_count(struct sim_plant *p, int which)
{
    int *const lists[] = {&p->cuts_n, &p->publishes_n, &p->files_n, &p->pushes_n, &p->actions_n};
    return lists[which - PLAN_LISTS];
}

/** First pass: names and counts. */
static void count(struct plan_reader *r)
{
    const struct plan_keyword *k = plan_keyword_of(r->l.keyword);
    struct sim_plant *p = r->p;
    if (!k) {
        plan_wrong(r, "unknown keyword", r->l.keyword, "see sim/README.md");
    } else if (k->kind >= PLAN_LISTS) {
        ++*list_count(p, k->kind);
    } else if (k->kind >= 0) {
        if (!r->l.name.p) {
            plan_wrong(r, "no name after", r->l.keyword, "add one");
        } else if (!kt_map_add(p->names[k->kind], r->l.name, (uint64_t)p->n[k->kind])) {
            plan_wrong(r, "stands twice:", r->l.name, "give it another name");
        }
        p->n[k->kind]++;
    }
}

static void fill(struct plan_reader *r, int lists[5])
{
    const struct plan_keyword *k = plan_keyword_of(r->l.keyword);
    if (!r->l.name.p && k->kind >= 0) {
        plan_wrong(r, "no name after", r->l.keyword, "add one");
        return;
    }
    int i = k->kind >= PLAN_LISTS ? lists[k->kind - PLAN_LISTS]++
            : k->kind >= 0        ? r->at[k->kind]++
                                  : 0;
    k->read(r, i);
}

static void each_line(struct plan_reader *r, struct kt_str text, bool filling)
{
    int lists[5] = {0};
    r->l.no = 0;
    while (text.n && !r->bad) {
        const char *nl = memchr(text.p, '\n', text.n);
        size_t n = nl ? (size_t)(nl - text.p) : text.n;
        r->l.no++;
        if (n > LINE_MAX_BYTES) {
            plan_wrong(r, "a line too long:", (struct kt_str){text.p, 20}, "at most 2000 bytes");
        } else if (split(&r->l, (struct kt_str){text.p, n})) {
            filling ? fill(r, lists) : count(r);
        }
        n += nl != NULL;
        text = (struct kt_str){text.p + n, text.n - n};
    }
}

static void make_room(struct sim_plant *p)
{
    struct kt_arena *a = p->arena;
    const int *n = p->n;
    p->nodes = KT_NEW_ARRAY(a, struct sim_node, (size_t)n[SIM_NODE]);
    p->branches = KT_NEW_ARRAY(a, struct sim_branch, (size_t)n[SIM_BRANCH]);
    p->fans = KT_NEW_ARRAY(a, struct sim_fan, (size_t)n[SIM_FAN]);
    p->doors = KT_NEW_ARRAY(a, struct sim_door, (size_t)n[SIM_DOOR]);
    p->switches = KT_NEW_ARRAY(a, struct sim_switch, (size_t)n[SIM_SWITCH]);
    p->machines = KT_NEW_ARRAY(a, struct sim_machine, (size_t)n[SIM_MACHINE]);
    p->tanks = KT_NEW_ARRAY(a, struct sim_tank, (size_t)n[SIM_TANK]);
    p->goafs = KT_NEW_ARRAY(a, struct sim_goaf, (size_t)n[SIM_GOAF]);
    p->rigs = KT_NEW_ARRAY(a, struct sim_rig, (size_t)n[SIM_RIG]);
    p->points = KT_NEW_ARRAY(a, struct sim_point, (size_t)n[SIM_POINT]);
    p->device_id = KT_NEW_ARRAY(a, const char *, (size_t)n[SIM_DEVICE]);
    p->device_port = KT_NEW_ARRAY(a, int, (size_t)n[SIM_DEVICE]);
    p->agents = KT_NEW_ARRAY(a, struct sim_agent, (size_t)n[SIM_AGENT]);
    p->phones = KT_NEW_ARRAY(a, struct sim_phone, (size_t)n[SIM_PHONE]);
    p->scenario_id = KT_NEW_ARRAY(a, const char *, (size_t)n[SIM_SCENARIO]);
    p->door_id = KT_NEW_ARRAY(a, const char *, (size_t)n[SIM_DOOR]);
    p->tank_id = KT_NEW_ARRAY(a, const char *, (size_t)n[SIM_TANK]);
    p->cuts = KT_NEW_ARRAY(a, struct sim_cut, (size_t)p->cuts_n);
    p->publishes = KT_NEW_ARRAY(a, struct sim_publish, (size_t)p->publishes_n);
    p->files = KT_NEW_ARRAY(a, struct sim_file, (size_t)p->files_n);
    p->pushes = KT_NEW_ARRAY(a, int, (size_t)p->pushes_n);
    p->actions = KT_NEW_ARRAY(a, struct sim_action, (size_t)p->actions_n);
}

static struct sim_plant *new_plant(void)
{
    struct kt_arena *a = kt_arena_new(256u << 20);
    struct sim_plant *p = KT_NEW(a, struct sim_plant);
    p->arena = a;
    p->scenario = -1;
    p->baro0_hpa = 1000;
    p->base_port = 15000;
    p->mine_code = p->mine_name = "";
    for (int k = 0; k < SIM_KINDS; k++) {
        p->names[k] = kt_map_new(64);
    }
    return p;
}

int sim_plan_parse(const char *file, struct kt_str text, struct sim_plant **ret, struct kt_err *err)
{
    struct plan_reader r = {.p = new_plant(), .err = err};
    r.l.file = file;
    each_line(&r, text, false);
    if (!r.bad) {
        make_room(r.p);
        each_line(&r, text, true);
    }
    if (r.bad) {
        sim_plant_free(r.p);
        return r.bad;
    }
    *ret = r.p;
    return KT_OK;
}

int sim_plan_read(const char *path, struct sim_plant **ret, struct kt_err *err)
{
    struct kt_buf b;
    kt_buf_init(&b, PLAN_MAX);
    int r = kt_file_read(path, PLAN_MAX, &b, err);
    if (r == KT_OK) {
        r = sim_plan_parse(path, (struct kt_str){b.p, b.n}, ret, err);
    }
    kt_buf_done(&b);
    return r;
}

void sim_plant_free(struct sim_plant *p)
{
    if (!p) {
        return;
    }
    for (int k = 0; k < SIM_KINDS; k++) {
        kt_map_free(p->names[k]);
    }
    kt_arena_free(p->arena);
}
