/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_sequences: what a sequence may not be. A step that closes is confirmed by something that
 * can become true (safety rule 1); a stop closes nothing, so nothing holds it up (rules 2, 3); no
 * sequence opens a main or local fan, a refuge, communication or monitoring supply unless a pack's
 * clause says so (rule 7); a way back is a stop, and ends.
 */
#include "site/impl.h"

#include "expr/expr.h"

static bool no_limit(void *arg, int idx, double *ret)
{
    (void)arg;
    (void)idx;
    (void)ret;
    return false;
}

static bool never(const struct kt_expr *e)
{
    return e && kt_expr_never_true(e, no_limit, NULL);
}

static bool one(void *arg, kt_point_id it)
{
    (void)it;
    *(bool *)arg = true;
    return false;
}

/* any() over nothing is false for ever: which subject has no point for a set of the condition? */
static kt_point_id without_points(const struct load *l, const struct seq_decl *q,
                                  const struct rule_scan *scan)
{
    for (uint32_t i = 0; i < q->q.subjects_n; i++) {
        for (uint32_t k = 0; k < scan->sets_n; k++) {
            bool found = scan->sets[k].set >= KT_SET_ONWARD; /* the last or the first has none */
            kt_site_each(&l->s->pub, scan->sets[k].set, q->q.subjects[i], scan->sets[k].role, one,
                         &found);
            if (!found) {
                return q->q.subjects[i];
            }
        }
    }
    return (kt_point_id){KT_NONE};
}

static void check_confirm(struct load *l, const struct seq_decl *q, uint32_t i)
{
    const struct kt_seq_step *s = &q->steps[i];
    const struct seq_step_decl *d = &q->decl[i];
    bool closes = false;
    for (uint32_t k = 0; k < s->act_n; k++) {
        closes |= s->act[k].close;
    }
    if (closes && !s->confirm_text[0]) {
        site_find_at(l, KT_FIND_ERROR, "sequence-confirm", &d->at,
                     "step \"%s\" closes and is confirmed by nothing; say in `confirm` what proves "
                     "that it runs",
                     s->id);
    }
    if (never(s->confirm)) {
        site_find_at(l, KT_FIND_ERROR, "sequence-confirm", &d->confirm_at,
                     "step \"%s\" can never be confirmed: its condition can never be true", s->id);
        return;
    }
    kt_point_id p = s->confirm ? without_points(l, q, &d->scan) : (kt_point_id){KT_NONE};
    if (p.v != KT_NONE && (s->late == KT_SEQ_HOLD || s->late == KT_SEQ_UNDO)) {
        site_find_at(l, KT_FIND_ERROR, "sequence-confirm", &d->confirm_at,
                     "step \"%s\" can never be confirmed at %s: its set holds no point there",
                     s->id, l->s->pub.points[p.v].id);
    }
}

static void check_windows(struct load *l, const struct kt_expr *e, const struct origin *at)
{
    if (e && kt_expr_windows(e)) {
        site_find_at(l, KT_FIND_ERROR, "sequence-window", at,
                     "a condition of a sequence looks at a time that is gone; compare present "
                     "values, and say in `hold` how long they must stand");
    }
}

static void check_guard(struct load *l, const struct seq_decl *q, uint32_t i)
{
    const struct kt_seq_step *s = &q->steps[i];
    const struct seq_step_decl *d = &q->decl[i];
    if (never(s->guard)) {
        site_find_at(l, KT_FIND_ERROR, "sequence-confirm", &d->guard_at,
                     "step \"%s\": its guard can never be true; correct the condition", s->id);
    }
    check_windows(l, s->skip, &d->skip_at);
    check_windows(l, s->guard, &d->guard_at);
    check_windows(l, s->confirm, &d->confirm_at);
    if (s->within.param < 0 && s->within.ns <= 0) {
        site_find_at(l, KT_FIND_ERROR, "sequence-time", &d->at,
                     "step \"%s\": `within` is above 0; say how long it may take", s->id);
    }
    if (!q->q.start && (s->late == KT_SEQ_HOLD || s->late == KT_SEQ_UNDO)) {
        site_find_at(l, KT_FIND_ERROR, "sequence-stop", &d->at,
                     "step \"%s\": a stop is never held up (safety rule 2); late: next", s->id);
    }
}

static void check_output(struct load *l, const struct seq_decl *q, const struct action_decl *a,
                         bool close, kt_point_id out)
{
    const struct kt_point *o = &l->s->pub.points[out.v];
    if (!close && o->role->is_protected && (q->at.site || !*q->q.clause.standard)) {
        site_find_at(l, KT_FIND_ERROR, "protected-output", &a->at,
                     "sequence \"%s\" opens %s (%s), which only a pack's sequence with a clause "
                     "may do (safety rule 7); remove it",
                     q->q.id, o->id, o->role->title.zh);
    }
    if (o->link == KT_NONE) {
        site_find_at(l, KT_FIND_ERROR, "switch-without-link", &a->at,
                     "sequence \"%s\" commands %s, which has no link; give link and address in "
                     "points.csv",
                     q->q.id, o->id);
    }
}

/* Returns whether one of them closes. */
static bool check_acts(struct load *l, const struct seq_decl *q, const struct action_decl *a,
                       const struct kt_seq_action *act, uint32_t n)
{
    const struct kt_site *s = &l->s->pub;
    bool closes = false;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t subjects = act[i].of_asset ? q->q.subjects_n : 1;
        for (uint32_t k = 0; k < subjects; k++) {
            kt_point_id subject = act[i].of_asset ? q->q.subjects[k] : (kt_point_id){KT_NONE};
            const struct kt_point_list list = kt_site_acts_on(s, &act[i], subject);
            for (uint32_t j = 0; j < list.n; j++) {
                check_output(l, q, &a[i], act[i].close, list.points[j]);
            }
        }
        closes |= act[i].close;
        if (act[i].close && !q->q.start) {
            site_find_at(
                l, KT_FIND_ERROR, "sequence-stop", &a[i].at,
                "sequence \"%s\" is of kind stop and closes \"%s\"; make it kind start, or "
                "remove the action",
                q->q.id, act[i].select);
        }
    }
    return closes;
}

/* What a late step would open again is opened by the sequence. */
static void check_undo(struct load *l, const struct seq_decl *q, uint32_t i)
{
    const struct kt_seq_step *s = &q->steps[i];
    for (uint32_t k = 0; k < s->act_n && s->late == KT_SEQ_UNDO; k++) {
        struct kt_seq_action open = s->act[k];
        open.close = false;
        (void)check_acts(l, q, &q->decl[i].act[k], &open, 1);
    }
}

static void check_back(struct load *l, const struct seq_decl *q, uint32_t i)
{
    const struct kt_seq_step *s = &q->steps[i];
    uint32_t at = s->late == KT_SEQ_BACK ? s->back : KT_NONE;
    if (at != KT_NONE && l->seqs[at].q.start) {
        site_find_at(
            l, KT_FIND_ERROR, "sequence-back", &q->decl[i].back_at,
            "step \"%s\" goes back by \"%s\", which is a start; a way back is of kind stop", s->id,
            l->seqs[at].q.id);
    } else if (at != KT_NONE && !q->q.start) {
        site_find_at(l, KT_FIND_ERROR, "sequence-back", &q->decl[i].back_at,
                     "step \"%s\": a stop has no way back by another; late: next", s->id);
    }
}

static void check_sequence(struct load *l, const struct seq_decl *q)
{
    bool closes = false;
    for (uint32_t i = 0; i < q->q.steps_n; i++) {
        check_confirm(l, q, i);
        check_guard(l, q, i);
        check_back(l, q, i);
        check_undo(l, q, i);
        closes |= check_acts(l, q, q->decl[i].act, q->steps[i].act, q->steps[i].act_n);
    }
    if (check_acts(l, q, q->rest, q->q.rest, q->q.rest_n)) {
        site_find_at(l, KT_FIND_ERROR, "sequence-stop", &q->at,
                     "sequence \"%s\": `rest` only opens; remove the closing", q->q.id);
    }
    if (q->q.start && !closes) {
        site_find_at(l, KT_FIND_ERROR, "sequence-start", &q->at,
                     "sequence \"%s\" is of kind start and closes nothing; make it kind stop",
                     q->q.id);
    }
    if (q->has_over && q->q.subjects_n == 0 && q->at.site) {
        site_find_at(l, KT_FIND_WARNING, "no-points", &q->at,
                     "sequence \"%s\" selects no output; check its `over`", q->q.id);
    }
}

void site_check_sequences(struct load *l)
{
    for (uint32_t i = 0; i < l->seqs_n; i++) {
        check_sequence(l, &l->seqs[i]);
    }
}
