/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits: those in force, and how two persons change them.
 *
 * Invariants
 *  1. A limit that a clause backs is never looser than the clause. The site may give it tighter;
 *     two persons may go back as far as the clause.
 *  2. Every change has two persons and a reason, and is kept with the value before.
 *  3. restore stays on the safe side of cut.
 */
#include <math.h>
#include <stdlib.h>

#include "engine/core.h"

void eng_limits_init(struct eng *e)
{
    uint32_t n = 0;
    for (uint32_t p = 0; p < e->points_n; p++) {
        n += e->site->points[p].limits != NULL;
    }
    e->lim = calloc(n ? n : 1, sizeof *e->lim);
    KT_ASSERT(e->lim);
    for (uint32_t p = 0; p < e->points_n; p++) {
        const struct kt_limits *l = e->site->points[p].limits;
        if (!l) {
            continue;
        }
        struct lim *lim = &e->lim[e->lim_n];
        e->pt[p].lim = e->lim_n++;
        lim->point = p;
        for (int i = 0; i < KT_LIMIT_NAMES; i++) {
            lim->has |= (uint8_t)(l->has[i] << i);
            lim->value[i] = l->value[i];
        }
    }
}

bool eng_limit(const struct eng *e, uint32_t point, int name, double *ret)
{
    uint32_t at = e->pt[point].lim;
    if (at == KT_NONE || !(e->lim[at].has >> name & 1)) {
        return false;
    }
    *ret = e->lim[at].value[name];
    return true;
}

static bool is_low(const struct kt_limits *l, int name)
{
    return l->low || name == KT_LIMIT_LOW_ALARM || name == KT_LIMIT_LOW_CUT ||
           name == KT_LIMIT_LOW_RESTORE;
}

static bool looser(const struct kt_limits *l, int name, double value, double than)
{
    return is_low(l, name) ? value < than : value > than;
}

static bool restore_fits(const struct lim *lim, const struct kt_limits *l, int name, double value)
{
    double v[KT_LIMIT_NAMES];
    memcpy(v, lim->value, sizeof v);
    v[name] = value;
    bool high = (lim->has >> KT_LIMIT_CUT & 1) && (lim->has >> KT_LIMIT_RESTORE & 1);
    bool low = (lim->has >> KT_LIMIT_LOW_CUT & 1) && (lim->has >> KT_LIMIT_LOW_RESTORE & 1);
    if (high && looser(l, KT_LIMIT_RESTORE, v[KT_LIMIT_RESTORE], v[KT_LIMIT_CUT])) {
        return false;
    }
    return !low || v[KT_LIMIT_LOW_RESTORE] >= v[KT_LIMIT_LOW_CUT];
}

/* What a limit may be by itself. */
static int may_be(const struct eng *e, uint32_t point, int name, double value, struct kt_err *err)
{
    const struct kt_point *p = &e->site->points[point];
    const struct kt_limits *l = p->limits;
    const char *id = kt_limit_name_id((enum kt_limit_name)name);
    if (!l || !l->has[name]) {
        return kt_err_set(err, KT_ENOTFOUND, "%s has no limit %s", p->id, id);
    }
    if (!isfinite(value) || value < p->range_lo || value > p->range_hi) {
        return kt_err_set(err, KT_EINVAL, "value: not within the measuring range of %s", p->id);
    }
    if (l->backed[name] && looser(l, name, value, l->clause[name])) {
        return kt_err_set(err, KT_EDENIED, "%s of %s: %g is looser than %g of %s %s", id, p->id,
                          value, l->clause[name], l->source.standard, l->source.clause);
    }
    return KT_OK;
}

static int allowed(const struct eng *e, uint32_t point, int name, double value, struct kt_err *err)
{
    const struct kt_point *p = &e->site->points[point];
    int r = may_be(e, point, name, value, err);
    if (r == KT_OK && !restore_fits(&e->lim[e->pt[point].lim], p->limits, name, value)) {
        return kt_err_set(err, KT_EINVAL, "%s of %s: restore would lie beyond cut",
                          kt_limit_name_id((enum kt_limit_name)name), p->id);
    }
    return r;
}

static bool name_of(const char *text, int *ret)
{
    for (int i = 0; i < KT_LIMIT_NAMES; i++) {
        if (strcmp(text, kt_limit_name_id((enum kt_limit_name)i)) == 0) {
            *ret = i;
            return true;
        }
    }
    return false;
}

static void write_proposal(const struct eng *e, const struct proposal *p, struct kt_jw *w)
{
    double now = 0;
    kt_jw_kint(w, "id", (int64_t)p->id);
    eng_jpoint(e, w, "point", p->point);
    kt_jw_kstr(w, "name", kt_limit_name_id((enum kt_limit_name)p->name));
    kt_jw_knum(w, "value", p->value);
    if (eng_limit(e, p->point, p->name, &now)) {
        kt_jw_knum(w, "before", now);
    }
    kt_jw_kstr(w, "by", p->by);
    kt_jw_kstr(w, "reason", p->reason);
    kt_jw_ktime(w, "at", p->at);
}

static void say_limit(struct eng *e, const struct proposal *p, const char *change,
                      const char *second)
{
    struct kt_jw *w = eng_say(e, "limit");
    kt_jw_kstr(w, "change", change);
    write_proposal(e, p, w);
    kt_jw_ktext(w, "second", second);
    eng_said(e);
}

int eng_limit_propose(struct eng *e, const struct request *q, struct kt_err *err)
{
    uint32_t point = 0;
    const char *name, *reason;
    double value;
    int n, r = eng_arg_point(e, q, "point", &point, err);
    if (r < 0 || (r = eng_arg_text(q, "name", &name, err)) < 0 ||
        (r = eng_arg_text(q, "reason", &reason, err)) < 0 ||
        (r = kt_json_need_num(q->args, "value", &value, err)) < 0) {
        return r;
    }
    if (!name_of(name, &n)) {
        return kt_err_set(err, KT_EINVAL, "name: no limit is called %s", name);
    }
    r = allowed(e, point, n, value, err);
    if (r < 0) {
        return r;
    }
    if (e->proposal.n >= ENG_PROPOSALS) {
        return kt_err_set(err, KT_ELIMIT, "too many proposals are open; decide on some first");
    }
    struct proposal *p = ENG_PUSH(e->proposal);
    p->id = eng_next_id(e);
    p->point = point;
    p->name = (uint8_t)n;
    p->value = value;
    p->at = e->now;
    kt_text_set(p->by, sizeof p->by, q->user);
    kt_text_set(p->reason, sizeof p->reason, reason);
    say_limit(e, p, "propose", "");
    kt_jw_kint(q->result, "proposal", (int64_t)p->id);
    return KT_OK;
}

static int find_proposal(struct eng *e, const struct request *q, uint32_t *ret, struct kt_err *err)
{
    uint64_t id = 0;
    int r = eng_arg_id(q, "proposal", &id, err);
    for (uint32_t i = 0; r == KT_OK && i < e->proposal.n; i++) {
        if (e->proposal.v[i].id == id) {
            *ret = i;
            return eng_in_scope(e, q, e->proposal.v[i].point, err);
        }
    }
    return r < 0 ? r : kt_err_set(err, KT_ENOTFOUND, "no such proposal is open");
}

static void put_in_force(struct eng *e, uint32_t point, int name, double value)
{
    e->lim[e->pt[point].lim].value[name] = value;
    eng_dirty(e, point);
    eng_band(e, point);
}

static void keep_change(struct eng *e, const struct proposal *p, const char *second)
{
    if (e->change.n >= ENG_HISTORY) {
        ENG_REMOVE(e->change, 0);
    }
    struct limit_change *c = ENG_PUSH(e->change);
    c->id = p->id;
    c->point = p->point;
    c->name = p->name;
    c->value = p->value;
    (void)eng_limit(e, p->point, p->name, &c->before);
    c->at = e->now;
    kt_text_set(c->by, sizeof c->by, p->by);
    kt_text_set(c->second, sizeof c->second, second);
    kt_text_set(c->reason, sizeof c->reason, p->reason);
}

int eng_limit_approve(struct eng *e, const struct request *q, struct kt_err *err)
{
    uint32_t i = 0;
    int r = find_proposal(e, q, &i, err);
    if (r < 0) {
        return r;
    }
    struct proposal p = e->proposal.v[i];
    if (strcmp(p.by, q->user) == 0) {
        return kt_err_set(err, KT_EDENIED, "another person than %s approves", q->user);
    }
    r = allowed(e, p.point, p.name, p.value, err);
    if (r < 0) {
        return r;
    }
    keep_change(e, &p, q->user);
    say_limit(e, &p, "approve", q->user);
    put_in_force(e, p.point, p.name, p.value);
    ENG_REMOVE(e->proposal, i);
    return KT_OK;
}

int eng_limit_reject(struct eng *e, const struct request *q, struct kt_err *err)
{
    uint32_t i = 0;
    int r = find_proposal(e, q, &i, err);
    if (r < 0) {
        return r;
    }
    struct proposal p = e->proposal.v[i];
    const char *reason = kt_json_get_str(q->args, "reason", "");
    kt_text_set(p.reason, sizeof p.reason, reason[0] ? reason : p.reason);
    say_limit(e, &p, "reject", q->user);
    ENG_REMOVE(e->proposal, i);
    return KT_OK;
}

bool eng_limit_restore(struct eng *e, uint32_t point, int name, double value)
{
    if (may_be(e, point, name, value, NULL) < 0) {
        return false;
    }
    e->lim[e->pt[point].lim].value[name] = value;
    return true;
}

void eng_limits_tighten(struct eng *e, const struct eng *from)
{
    for (uint32_t i = 0; i < e->lim_n; i++) {
        struct lim *l = &e->lim[i];
        const struct kt_limits *given = e->site->points[l->point].limits;
        kt_point_id was = kt_site_point(from->site, kt_str_c(e->site->points[l->point].id));
        const struct kt_limits *before = was.v == KT_NONE ? NULL : from->site->points[was.v].limits;
        for (int k = 0; before && k < KT_LIMIT_NAMES; k++) {
            bool tightened = before->has[k] && (l->has >> k & 1) &&
                             looser(given, k, before->value[k], given->value[k]);
            if (tightened && looser(given, k, l->value[k], given->value[k])) {
                l->value[k] = given->value[k];
            }
        }
    }
}

void eng_proposals_json(const struct eng *e, struct kt_jw *w)
{
    kt_jw_arr(w);
    for (uint32_t i = 0; i < e->proposal.n; i++) {
        kt_jw_obj(w);
        write_proposal(e, &e->proposal.v[i], w);
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
}

static bool is_latest(const struct eng *e, uint32_t i)
{
    for (uint32_t k = i + 1; k < e->change.n; k++) {
        if (e->change.v[k].point == e->change.v[i].point &&
            e->change.v[k].name == e->change.v[i].name) {
            return false;
        }
    }
    return true;
}

/* A reload may have dropped it. */
static bool holds(const struct eng *e, const struct limit_change *c)
{
    double now = 0;
    return eng_limit(e, c->point, c->name, &now) && now == c->value;
}

/* All changes that are kept, newest last; `in_force` marks those that hold now. */
void eng_limits_json(const struct eng *e, struct kt_jw *w)
{
    kt_jw_arr(w);
    for (uint32_t i = 0; i < e->change.n; i++) {
        const struct limit_change *c = &e->change.v[i];
        kt_jw_obj(w);
        kt_jw_kint(w, "id", (int64_t)c->id);
        eng_jpoint(e, w, "point", c->point);
        kt_jw_kstr(w, "name", kt_limit_name_id((enum kt_limit_name)c->name));
        kt_jw_knum(w, "value", c->value);
        kt_jw_knum(w, "before", c->before);
        kt_jw_kstr(w, "by", c->by);
        kt_jw_kstr(w, "second", c->second);
        kt_jw_kstr(w, "reason", c->reason);
        kt_jw_ktime(w, "at", c->at);
        kt_jw_kbool(w, "in_force", is_latest(e, i) && holds(e, c));
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
}
