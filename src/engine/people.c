/* SPDX-License-Identifier: Apache-2.0 */
/* people: values set by hand, notes, the drill, signing over a shift. */
#include "engine/core.h"
#include "engine/folk.h"

/* A switch that a statutory rule watches: a pull-cord, smoke, a fan. A value by hand would reset
 * from afar what is reset at its place only, or hide it (safety rules 3 and 10). */
static bool is_statutory_switch(const struct eng *e, uint32_t point)
{
    uint32_t n;
    const kt_rule_id *rules = kt_site_rules_of(e->site, (kt_point_id){point}, &n);
    bool found = false;
    for (uint32_t i = 0; i < n && e->site->points[point].kind == KT_POINT_SWITCH; i++) {
        found |= e->site->rules[rules[i].v].statutory;
    }
    return found;
}

/* A value by hand would hide whom it counts, and nothing ever measures it anew. */
bool eng_is_own(const char *role)
{
    bool gate = strcmp(role, "people.entered") == 0 || strcmp(role, "people.left") == 0;
    return strncmp(role, "self.", 5) == 0 || strcmp(role, "voice.unreached") == 0 ||
           (strncmp(role, "people.", 7) == 0 && !gate);
}

/* Values set by hand (safety rule 10) */
static int may_set(const struct eng *e, uint32_t point, struct kt_err *err)
{
    const struct kt_point *p = &e->site->points[point];
    if (p->role->cutoff) {
        return kt_err_set(err, KT_EDENIED, "%s is a cut-off sensor: no value by hand", p->id);
    }
    if (kt_point_commanded(p) || (e->pt[point].kind & PT_FEED)) {
        return kt_err_set(err, KT_EDENIED, "%s proves what is switched: no value by hand", p->id);
    }
    if (eng_is_own(p->role->id)) {
        return kt_err_set(err, KT_EDENIED, "%s is counted by the program itself: no value by hand",
                          p->id);
    }
    if (is_statutory_switch(e, point)) {
        return kt_err_set(err, KT_EDENIED, "%s is reset at its place only: no value by hand",
                          p->id);
    }
    return KT_OK;
}

static struct manual *manual_of(struct eng *e, uint32_t point)
{
    for (uint32_t i = 0; i < e->manual.n; i++) {
        if (e->manual.v[i].point == point) {
            return &e->manual.v[i];
        }
    }
    struct manual *m = ENG_PUSH(e->manual); /* at most one a point */
    m->point = point;
    return m;
}

static void say_manual(struct eng *e, const struct request *q, uint32_t point, double value,
                       bool set, const char *reason)
{
    struct kt_jw *w = eng_say(e, "manual");
    eng_jpoint(e, w, "point", point);
    kt_jw_kstr(w, "change", set ? "set" : "clear");
    if (set) {
        kt_jw_knum(w, "value", value);
    }
    kt_jw_kstr(w, "by", q->user);
    kt_jw_ktext(w, "reason", reason);
    eng_said(e);
}

int eng_manual_set(struct eng *e, const struct request *q, struct kt_err *err)
{
    uint32_t point = 0;
    const char *reason;
    double value;
    int r = eng_arg_point(e, q, "point", &point, err);
    if (r < 0 || (r = kt_json_need_num(q->args, "value", &value, err)) < 0 ||
        (r = eng_arg_text(q, "reason", &reason, err)) < 0 || (r = may_set(e, point, err)) < 0) {
        return r;
    }
    if (eng_range_quality(&e->site->points[point], value) != KT_Q_NORMAL) {
        return kt_err_set(err, KT_EINVAL, "value: not within the measuring range");
    }
    struct manual *m = manual_of(e, point);
    m->value = value;
    m->at = e->now;
    kt_text_set(m->by, sizeof m->by, q->user);
    kt_text_set(m->reason, sizeof m->reason, reason);
    struct pt *pt = &e->pt[point];
    pt->bits = (uint8_t)((pt->bits | PT_MANUAL) & ~PT_STALE);
    if (pt->bits & PT_AWAIT) {
        pt->bits &= (uint8_t)~PT_AWAIT;
        eng_set_flag(e, point, KT_FLAG_LINK_DOWN, false);
    }
    wheel_set(e->wheel, point, 0);
    say_manual(e, q, point, value, true, reason);
    (void)eng_present(e, point, value, e->now, KT_Q_MANUAL);
    eng_live_flags(e, point);
    eng_dirty(e, point);
    eng_band(e, point);
    return KT_OK;
}

int eng_manual_clear(struct eng *e, const struct request *q, struct kt_err *err)
{
    uint32_t point, i = 0;
    int r = eng_arg_point(e, q, "point", &point, err);
    if (r < 0) {
        return r;
    }
    if (!(e->pt[point].bits & PT_MANUAL)) {
        return kt_err_set(err, KT_ECONFLICT, "%s has no value set by hand",
                          e->site->points[point].id);
    }
    while (e->manual.v[i].point != point) {
        i++;
    }
    ENG_REMOVE(e->manual, i);
    struct pt *pt = &e->pt[point];
    pt->bits = (uint8_t)((pt->bits | PT_STALE) & ~PT_MANUAL);
    say_manual(e, q, point, 0, false, kt_json_get_str(q->args, "reason", ""));
    const struct kt_live_value *v = kt_live_peek(e->live, (kt_point_id){point});
    (void)eng_present(e, point, v->value, v->time, KT_Q_STALE); /* until its source speaks */
    eng_live_flags(e, point);
    eng_dirty(e, point);
    eng_band(e, point);
    return KT_OK;
}

/* Notes, drill, handover */
int eng_note_add(struct eng *e, const struct request *q, struct kt_err *err)
{
    const char *text, *where = kt_json_get_str(q->args, "place", NULL);
    uint32_t point = KT_NONE;
    int r = eng_arg_text(q, "text", &text, err);
    if (r == KT_OK && where) {
        r = eng_place_in_scope(e, q, kt_site_place(e->site, kt_str_c(where)), err);
    } else if (r == KT_OK) {
        r = eng_arg_point(e, q, "point", &point, err);
        where = r == KT_OK ? e->site->points[point].id : NULL;
    }
    if (r < 0) {
        return r;
    }
    if (e->note.n >= ENG_NOTES) {
        ENG_REMOVE(e->note, 0);
    }
    struct note *n = ENG_PUSH(e->note);
    n->id = eng_next_id(e);
    n->at = e->now;
    kt_text_set(n->where, sizeof n->where, where);
    kt_text_set(n->by, sizeof n->by, q->user);
    kt_text_set(n->text, sizeof n->text, text);
    struct kt_jw *w = eng_say(e, "note");
    kt_jw_kint(w, "id", (int64_t)n->id);
    kt_jw_kstr(w, point == KT_NONE ? "place" : "point", n->where);
    kt_jw_kstr(w, "by", n->by);
    kt_jw_kstr(w, "text", n->text);
    eng_said(e);
    kt_jw_kint(q->result, "note", (int64_t)n->id);
    return KT_OK;
}

static void say_drill(struct eng *e, const char *by, const char *change)
{
    struct kt_jw *w = eng_say(e, "drill");
    kt_jw_kstr(w, "change", change);
    kt_jw_kstr(w, "title", e->drill);
    kt_jw_kstr(w, "by", by);
    eng_said(e);
}

void eng_drill_over(struct eng *e, const char *by)
{
    say_drill(e, by, "stop");
    memset(e->drill, 0, sizeof e->drill);
    e->drill_since = 0;
}

int eng_drill_start(struct eng *e, const struct request *q, struct kt_err *err)
{
    const char *title;
    int r = eng_arg_text(q, "title", &title, err);
    if (r < 0) {
        return r;
    }
    if (e->drill[0]) {
        return kt_err_set(err, KT_ECONFLICT, "the drill \"%s\" is under way", e->drill);
    }
    if (folk_evac_real(e)) {
        return kt_err_set(err, KT_ECONFLICT, "an evacuation that is no drill is under way");
    }
    kt_text_set(e->drill, sizeof e->drill, title);
    e->drill_since = e->now;
    say_drill(e, q->user, "start");
    return KT_OK;
}

int eng_drill_stop(struct eng *e, const struct request *q, struct kt_err *err)
{
    if (!e->drill[0]) {
        return kt_err_set(err, KT_ECONFLICT, "no drill is under way");
    }
    eng_drill_over(e, q->user);
    return KT_OK;
}

int eng_handover_sign(struct eng *e, const struct request *q, struct kt_err *err)
{
    const char *shift, *from, *to;
    int r = eng_arg_text(q, "shift", &shift, err);
    if (r < 0 || (r = eng_arg_text(q, "from", &from, err)) < 0 ||
        (r = eng_arg_text(q, "to", &to, err)) < 0) {
        return r;
    }
    if (strcmp(from, to) == 0) {
        return kt_err_set(err, KT_EINVAL, "to: another person than `from`");
    }
    if (e->handover.n >= ENG_HANDOVERS) {
        ENG_REMOVE(e->handover, 0);
    }
    struct handover *h = ENG_PUSH(e->handover);
    h->at = e->now;
    kt_text_set(h->shift, sizeof h->shift, shift);
    kt_text_set(h->from, sizeof h->from, from);
    kt_text_set(h->to, sizeof h->to, to);
    kt_text_set(h->by, sizeof h->by, q->user);
    kt_text_set(h->note, sizeof h->note, kt_json_get_str(q->args, "note", ""));
    struct kt_jw *w = eng_say(e, "handover");
    kt_jw_kstr(w, "shift", h->shift);
    kt_jw_kstr(w, "from", h->from);
    kt_jw_kstr(w, "to", h->to);
    kt_jw_kstr(w, "by", h->by);
    kt_jw_ktext(w, "note", h->note);
    eng_said(e);
    return KT_OK;
}
