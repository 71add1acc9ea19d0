/* SPDX-License-Identifier: Apache-2.0 */
/* save: the whole state as bytes, by text ids, so it fits any site that has them. */
#include "engine/save.h"

#include "engine/folk.h"
#include "engine/incident.h"

static void put_point(const struct eng *e, struct kt_buf *out, uint32_t point)
{
    kt_put_text(out, e->site->points[point].id);
}

static void save_points(const struct eng *e, struct kt_buf *out)
{
    uint32_t n = 0;
    for (uint32_t p = 0; p < e->points_n; p++) {
        n += !e->site->points[p].ended;
    }
    kt_put_varint(out, n);
    for (uint32_t p = 0; p < e->points_n; p++) {
        if (e->site->points[p].ended) {
            continue;
        }
        const struct kt_live_value *v = kt_live_peek(e->live, (kt_point_id){p});
        const struct pt *pt = &e->pt[p];
        put_point(e, out, p);
        kt_put_f64(out, v->value);
        kt_put_i64(out, v->time);
        kt_put_u8(out, v->quality);
        kt_put_i64(out, pt->seen);
        kt_put_u16(out, pt->flags);
        kt_put_u8(out, pt->bits & (uint8_t)~PT_DIRTY);
    }
    kt_put_varint(out, e->dirty.n);
    for (uint32_t i = 0; i < e->dirty.n; i++) {
        put_point(e, out, e->dirty.v[i]);
    }
}

static uint32_t windows_of(const struct eng *e, const struct inst *in)
{
    const struct kt_rule *r = eng_rule(e, in);
    return in->window == KT_NONE
               ? 0
               : kt_expr_windows(r->raise) + (r->clear ? kt_expr_windows(r->clear) : 0);
}

static void save_instances(const struct eng *e, struct kt_buf *out)
{
    for (uint32_t i = 0; i < e->insts_n; i++) {
        const struct inst *in = &e->inst[i];
        uint32_t windows = windows_of(e, in);
        if (in->state == IN_OFF && windows == 0) {
            continue;
        }
        kt_put_u8(out, 1);
        kt_put_text(out, eng_rule(e, in)->id);
        put_point(e, out, in->self);
        kt_put_u8(out, in->state);
        kt_put_i64(out, in->due);
        kt_put_i64(out, in->timed == KT_NONE ? 0 : e->timed_at[in->timed]);
        kt_put_varint(out, windows);
        for (uint32_t k = 0; k < windows; k++) {
            struct kt_buf one;
            kt_buf_init(&one, 0);
            kt_window_save(eng_window(e, in->window + k), &one);
            kt_put_bytes(out, one.p, one.n);
            kt_buf_done(&one);
        }
    }
    kt_put_u8(out, 0);
}

static void save_limits(const struct eng *e, struct kt_buf *out)
{
    for (uint32_t i = 0; i < e->lim_n; i++) {
        const struct lim *l = &e->lim[i];
        const struct kt_limits *given = e->site->points[l->point].limits;
        for (int k = 0; k < KT_LIMIT_NAMES; k++) {
            if ((l->has >> k & 1) && l->value[k] != given->value[k]) {
                kt_put_u8(out, 1);
                put_point(e, out, l->point);
                kt_put_u8(out, (uint8_t)k);
                kt_put_f64(out, l->value[k]);
            }
        }
    }
    kt_put_u8(out, 0);
    kt_put_varint(out, e->proposal.n);
    for (uint32_t i = 0; i < e->proposal.n; i++) {
        const struct proposal *p = &e->proposal.v[i];
        put_point(e, out, p->point);
        kt_put_u64(out, p->id);
        kt_put_u8(out, p->name);
        kt_put_f64(out, p->value);
        kt_put_i64(out, p->at);
        kt_put_text(out, p->by);
        kt_put_text(out, p->reason);
    }
    kt_put_varint(out, e->change.n);
    for (uint32_t i = 0; i < e->change.n; i++) {
        const struct limit_change *c = &e->change.v[i];
        put_point(e, out, c->point);
        kt_put_u64(out, c->id);
        kt_put_u8(out, c->name);
        kt_put_f64(out, c->value);
        kt_put_f64(out, c->before);
        kt_put_i64(out, c->at);
        kt_put_text(out, c->by);
        kt_put_text(out, c->second);
        kt_put_text(out, c->reason);
    }
}

static void save_cal(const struct eng *e, struct kt_buf *out)
{
    kt_put_varint(out, e->cal.n);
    for (uint32_t i = 0; i < e->cal.n; i++) {
        const struct cal *c = &e->cal.v[i];
        put_point(e, out, c->point);
        kt_put_u64(out, c->id);
        kt_put_i64(out, c->opened);
        kt_put_i64(out, c->until);
        kt_put_i64(out, c->closed);
        kt_put_i64(out, c->agreed);
        kt_put_u8(out, (uint8_t)(c->has_peak | c->expired << 1));
        kt_put_f64(out, c->peak);
        kt_put_text(out, c->by);
        kt_put_text(out, c->second);
        kt_put_text(out, c->gas);
        kt_put_text(out, c->result);
    }
}

static void save_manual_and_tests(const struct eng *e, struct kt_buf *out)
{
    kt_put_varint(out, e->manual.n);
    for (uint32_t i = 0; i < e->manual.n; i++) {
        const struct manual *m = &e->manual.v[i];
        put_point(e, out, m->point);
        kt_put_f64(out, m->value);
        kt_put_i64(out, m->at);
        kt_put_text(out, m->by);
        kt_put_text(out, m->reason);
    }
    kt_put_varint(out, e->test.n);
    for (uint32_t i = 0; i < e->test.n; i++) {
        const struct test_record *t = &e->test.v[i];
        put_point(e, out, t->point);
        kt_put_u8(out, t->passed);
        kt_put_i64(out, t->at);
        kt_put_i64(out, t->last_pass);
        kt_put_text(out, t->by);
        kt_put_text(out, t->note);
    }
}

static void save_people(const struct eng *e, struct kt_buf *out)
{
    kt_put_varint(out, e->handover.n);
    for (uint32_t i = 0; i < e->handover.n; i++) {
        const struct handover *h = &e->handover.v[i];
        kt_put_i64(out, h->at);
        kt_put_text(out, h->shift);
        kt_put_text(out, h->from);
        kt_put_text(out, h->to);
        kt_put_text(out, h->by);
        kt_put_text(out, h->note);
    }
    kt_put_varint(out, e->note.n);
    for (uint32_t i = 0; i < e->note.n; i++) {
        const struct note *n = &e->note.v[i];
        kt_put_u64(out, n->id);
        kt_put_i64(out, n->at);
        kt_put_text(out, n->where);
        kt_put_text(out, n->by);
        kt_put_text(out, n->text);
    }
    kt_put_varint(out, e->console.n);
    for (uint32_t i = 0; i < e->console.n; i++) {
        const struct console *c = &e->console.v[i];
        kt_put_i64(out, c->heard);
        kt_put_i64(out, c->muted_until);
        kt_put_u8(out, (uint8_t)(c->sound | c->silent << 1));
        kt_put_text(out, c->name);
        kt_put_text(out, c->user);
    }
    kt_put_text(out, e->drill);
    kt_put_i64(out, e->drill_since);
}

static void save_links(const struct eng *e, struct kt_buf *out)
{
    kt_put_varint(out, e->site->links_n);
    for (uint32_t i = 0; i < e->site->links_n; i++) {
        kt_put_text(out, e->site->links[i].id);
        kt_put_u8(out, e->link_down[i]);
        kt_put_i64(out, e->link_since[i]);
    }
}

const struct eng_section eng_sections[] = {
    {"air", eng_air_save, eng_air_load},
    {"sequences", eng_sequences_save, eng_sequences_load},
    {"people", eng_folk_save, eng_folk_load},
    {"roster", eng_roster_save, eng_roster_load},
    {"stays", eng_stays_save, eng_stays_load},
    {"vehicles", eng_vehicles_save, eng_vehicles_load},
    {"ways-out", eng_ways_out_save, eng_ways_out_load},
    {"incidents", eng_incident_save, eng_incident_load},
    {"voice", eng_voice_save, eng_voice_load},
    {"recordings", eng_keep_save, eng_keep_load},
    {"proofs", eng_proof_save, eng_proof_load},
    {0},
};

static void save_sections(const struct eng *e, struct kt_buf *out)
{
    for (const struct eng_section *s = eng_sections; s->name; s++) {
        struct kt_buf one;
        kt_buf_init(&one, 0);
        s->save(e, &one);
        if (one.n) {
            kt_put_text(out, s->name);
            kt_put_bytes(out, one.p, one.n);
        }
        kt_buf_done(&one);
    }
    kt_put_text(out, "");
}

void eng_save(const struct eng *e, struct kt_buf *out)
{
    kt_put_u32(out, SAVE_MAGIC);
    kt_put_u32(out, SAVE_VERSION);
    kt_put_u64(out, e->seq);
    kt_put_i64(out, e->now);
    kt_put_i64(out, e->born);
    kt_put_u64(out, e->last_id);
    kt_put_i64(out, e->next_second);
    kt_put_i64(out, e->next_minute);
    save_links(e, out);
    save_points(e, out);
    save_instances(e, out);
    save_limits(e, out);
    save_cal(e, out);
    save_manual_and_tests(e, out);
    save_people(e, out);
    eng_keys_save(e, out);
    kt_alarm_save(e->alarms, out);
    kt_card_save(e->cards, out);
    kt_control_save(e->control, out);
    save_sections(e, out);
    kt_put_u32(out, SAVE_MAGIC);
}
