/* SPDX-License-Identifier: Apache-2.0 */
/* sequences_build: subjects in the order of their turns, conditions compiled, outputs named. */
#include "site/impl.h"

/* How many give-to steps lie before the end of an asset's way. */
static uint32_t to_end(const struct kt_site *s, uint32_t asset)
{
    uint32_t n = 0;
    while (asset < s->assets_n && s->assets[asset].to < s->assets_n && n < s->assets_n) {
        asset = s->assets[asset].to;
        n++;
    }
    return n;
}

/* Onward first: who stands nearer to the end of the way has its turn before; else the other way
 * round. Among equals the order of points.csv. */
static void order_subjects(const struct kt_site *s, kt_point_id *p, uint32_t n, bool onward_first)
{
    for (uint32_t i = 1; i < n; i++) {
        kt_point_id it = p[i];
        uint32_t far = to_end(s, s->points[it.v].asset), j = i;
        while (j > 0) {
            uint32_t other = to_end(s, s->points[p[j - 1].v].asset);
            if (onward_first ? other <= far : other >= far) {
                break;
            }
            p[j] = p[j - 1];
            j--;
        }
        p[j] = it;
    }
}

static void build_subjects(struct load *l, struct seq_decl *q)
{
    const kt_point_id *found = NULL;
    if (!q->has_over) {
        return;
    }
    site_selector_check(l, &q->over, &q->at);
    q->q.subjects_n = site_select(l, &q->over, &found);
    kt_point_id *to = KT_NEW_ARRAY(l->a, kt_point_id, q->q.subjects_n + 1);
    if (q->q.subjects_n) {
        memcpy(to, found, sizeof(*to) * q->q.subjects_n);
    }
    order_subjects(&l->s->pub, to, q->q.subjects_n, q->onward_first);
    q->q.subjects = to;
}

static void build_act(struct load *l, const struct seq_decl *q, const struct action_decl *a,
                      struct kt_seq_action *to)
{
    const char *role = site_selector_asset(a->text);
    char buf[KT_SUGGEST_TEXT];
    struct selector sel;
    *to = (struct kt_seq_action){.close = a->kind == DO_CLOSE_POINTS, .select = a->text};
    if (role) {
        if (!site_role_known(l, role)) {
            site_find_at(l, KT_FIND_ERROR, "reference", &a->at, "unknown role \"%s\"%s", role,
                         site_role_hint(l, role, buf));
        }
        to->of_asset = site_select_assets(l, role);
        return;
    }
    if (!site_selector_parse(l, a->text, &a->at, &sel)) {
        return;
    }
    site_selector_check(l, &sel, &a->at);
    sel.kind = KT_POINT_OUTPUT;
    to->fixed.n = site_select(l, &sel, &to->fixed.points);
    if (to->fixed.n == 0 && q->at.site) {
        site_find_at(l, KT_FIND_ERROR, "reference", &a->at,
                     "sequence \"%s\": \"%s\" fits no output; name outputs of points.csv", q->q.id,
                     a->text);
    }
}

static const struct kt_seq_action *build_acts(struct load *l, const struct seq_decl *q,
                                              const struct action_decl *a, uint32_t n)
{
    struct kt_seq_action *to = KT_NEW_ARRAY(l->a, struct kt_seq_action, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        build_act(l, q, &a[i], &to[i]);
    }
    return to;
}

static const struct kt_expr *condition(struct load *l, const char *text, const struct origin *at)
{
    return text ? site_compile(l, text, at, "") : NULL;
}

static void build_step(struct load *l, struct seq_decl *q, uint32_t i)
{
    struct kt_seq_step *s = &q->steps[i];
    struct seq_step_decl *d = &q->decl[i];
    uint64_t at;
    l->check = "condition";
    s->skip = condition(l, s->skip_text, &d->skip_at);
    s->guard = condition(l, s->guard_text, &d->guard_at);
    s->confirm = condition(l, s->confirm_text, &d->confirm_at);
    l->check = "format";
    s->skip_text = s->skip_text ? s->skip_text : "";
    s->guard_text = s->guard_text ? s->guard_text : "";
    s->confirm_text = s->confirm_text ? s->confirm_text : "";
    s->act = build_acts(l, q, d->act, d->act_n);
    s->act_n = d->act_n;
    if (d->back && !kt_map_get(l->seq_ids, kt_str_c(d->back), &at)) {
        site_find_at(l, KT_FIND_ERROR, "reference", &d->back_at,
                     "step \"%s\": no sequence is called \"%s\"; late: hold, next or the id of a "
                     "sequence of kind stop",
                     s->id, d->back);
        s->late = KT_SEQ_HOLD;
    } else if (d->back) {
        s->back = (uint32_t)at;
    }
}

void site_sequences(struct load *l)
{
    struct kt_sequence *to = KT_NEW_ARRAY(l->a, struct kt_sequence, l->seqs_n + 1);
    for (uint32_t i = 0; i < l->seqs_n; i++) {
        struct seq_decl *q = &l->seqs[i];
        build_subjects(l, q);
        for (uint32_t k = 0; k < q->q.steps_n; k++) {
            build_step(l, q, k);
        }
        q->q.rest = build_acts(l, q, q->rest, q->rest_n);
        q->q.rest_n = q->rest_n;
        to[i] = q->q;
    }
    l->s->pub.sequences = to;
    l->s->pub.sequences_n = l->seqs_n;
}
