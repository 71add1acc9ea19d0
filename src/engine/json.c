/* SPDX-License-Identifier: Apache-2.0 */
/* json: what screens read. */
#include "engine/core.h"
#include "engine/incident.h"

void kt_engine_json_alarms(const struct kt_engine *engine, struct kt_buf *out)
{
    kt_alarm_list_json(engine->s->alarms, out);
}

void kt_engine_json_outputs(const struct kt_engine *e, struct kt_buf *out)
{
    struct kt_jw w = kt_jw_init(out);
    kt_control_outputs_json(e->s->control, &w);
}

static void write_manual(const struct eng *e, struct kt_jw *w)
{
    kt_jw_key(w, "manual");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < e->manual.n; i++) {
        const struct manual *m = &e->manual.v[i];
        kt_jw_obj(w);
        eng_jpoint(e, w, "point", m->point);
        kt_jw_knum(w, "value", m->value);
        kt_jw_kstr(w, "by", m->by);
        kt_jw_kstr(w, "reason", m->reason);
        kt_jw_ktime(w, "at", m->at);
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
}

static void write_tests(const struct eng *e, struct kt_jw *w)
{
    kt_jw_key(w, "tests");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < e->test.n; i++) {
        const struct test_record *t = &e->test.v[i];
        kt_jw_obj(w);
        eng_jpoint(e, w, "point", t->point);
        kt_jw_kbool(w, "passed", t->passed);
        kt_jw_kbool(w, "overdue", eng_flag(e, t->point, KT_FLAG_TEST_OVERDUE));
        kt_jw_kstr(w, "by", t->by);
        kt_jw_kstr(w, "note", t->note);
        kt_jw_ktime(w, "at", t->at);
        kt_jw_ktime(w, "last_pass", t->last_pass);
        kt_jw_ktime(w, "cut", t->cut);
        kt_jw_ktime(w, "dead", t->dead);
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
}

static void write_tags(const struct eng *e, struct kt_jw *w)
{
    kt_jw_key(w, "tags");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < kt_control_count(e->control); i++) {
        const struct kt_output *o = kt_control_at(e->control, i);
        for (uint32_t k = 0; k < o->tag_n; k++) {
            kt_jw_obj(w);
            eng_jpoint(e, w, "output", o->point.v);
            kt_jw_kint(w, "id", (int64_t)o->tag[k].id);
            kt_jw_kstr(w, "by", o->tag[k].by);
            kt_jw_kstr(w, "reason", o->tag[k].reason);
            kt_jw_ktime(w, "at", o->tag[k].at);
            kt_jw_obj_end(w);
        }
    }
    kt_jw_arr_end(w);
}

static void write_handover(const struct eng *e, struct kt_jw *w)
{
    kt_jw_key(w, "handover");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < e->handover.n; i++) {
        const struct handover *h = &e->handover.v[i];
        kt_jw_obj(w);
        kt_jw_kstr(w, "shift", h->shift);
        kt_jw_kstr(w, "from", h->from);
        kt_jw_kstr(w, "to", h->to);
        kt_jw_kstr(w, "by", h->by);
        kt_jw_kstr(w, "note", h->note);
        kt_jw_ktime(w, "at", h->at);
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
    kt_jw_key(w, "notes");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < e->note.n; i++) {
        const struct note *n = &e->note.v[i];
        kt_jw_obj(w);
        kt_jw_kint(w, "id", (int64_t)n->id);
        kt_jw_kstr(w, "where", n->where);
        kt_jw_kstr(w, "by", n->by);
        kt_jw_kstr(w, "text", n->text);
        kt_jw_ktime(w, "at", n->at);
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
}

static void write_consoles(const struct eng *e, struct kt_jw *w)
{
    kt_jw_key(w, "consoles");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < e->console.n; i++) {
        const struct console *c = &e->console.v[i];
        kt_jw_obj(w);
        kt_jw_kstr(w, "console", c->name);
        kt_jw_kstr(w, "user", c->user);
        kt_jw_kbool(w, "sound", c->sound);
        kt_jw_kbool(w, "silent", c->silent);
        kt_jw_ktime(w, "heard", c->heard);
        kt_jw_ktime(w, "muted_until", c->muted_until > e->now ? c->muted_until : 0);
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
    kt_jw_key(w, "drill");
    if (e->drill[0]) {
        kt_jw_obj(w);
        kt_jw_kstr(w, "title", e->drill);
        kt_jw_ktime(w, "since", e->drill_since);
        kt_jw_obj_end(w);
    } else {
        kt_jw_null(w);
    }
}

static void write_links(const struct eng *e, struct kt_jw *w)
{
    kt_jw_key(w, "links");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < e->site->links_n; i++) {
        kt_jw_obj(w);
        kt_jw_kstr(w, "link", e->site->links[i].id);
        kt_jw_kbool(w, "up", !e->link_down[i]);
        kt_jw_ktime(w, "since", e->link_since[i]);
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
}

/* Points with flags, as {"T1": ["calibrating"]}. */
static void write_flags(const struct eng *e, struct kt_jw *w)
{
    static const char *const ids[] = {
#define X(sym, id) id,
        KT_FLAG_LIST(X)
#undef X
    };
    kt_jw_key(w, "flags");
    kt_jw_obj(w);
    for (uint32_t p = 0; p < e->points_n; p++) {
        if (e->pt[p].flags == 0) {
            continue;
        }
        kt_jw_key(w, e->site->points[p].id);
        kt_jw_arr(w);
        for (int f = 0; f < KT_FLAGS; f++) {
            if (eng_flag(e, p, (enum kt_flag)f)) {
                kt_jw_str(w, ids[f]);
            }
        }
        kt_jw_arr_end(w);
    }
    kt_jw_obj_end(w);
}

void kt_engine_json_state(const struct kt_engine *engine, struct kt_buf *out)
{
    const struct eng *e = engine->s;
    struct kt_jw w = kt_jw_init(out);
    kt_jw_obj(&w);
    kt_jw_kint(&w, "seq", (int64_t)e->seq);
    kt_jw_ktime(&w, "now", e->now);
    kt_jw_key(&w, "commands");
    kt_control_commands_json(e->control, &w);
    kt_jw_key(&w, "sequences");
    kt_sequences_json(e->sequences, &w);
    kt_jw_key(&w, "limits");
    eng_limits_json(e, &w);
    kt_jw_key(&w, "proposals");
    eng_proposals_json(e, &w);
    kt_jw_key(&w, "calibrations");
    eng_cal_json(e, &w);
    kt_jw_key(&w, "cards");
    kt_card_json(e->cards, &w);
    write_tests(e, &w);
    write_tags(e, &w);
    write_manual(e, &w);
    write_handover(e, &w);
    write_consoles(e, &w);
    write_links(e, &w);
    write_flags(e, &w);
    eng_air_json(e, &w);
    kt_jw_key(&w, "incidents");
    eng_incidents_json(e, &w);
    eng_voice_json(e, &w);
    kt_jw_key(&w, "kpi");
    kt_alarm_kpi_json(e->alarms, e->now, &w);
    kt_jw_obj_end(&w);
}
