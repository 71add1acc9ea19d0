/* SPDX-License-Identifier: Apache-2.0 */
/* sequences: assets and what they give to, the sequences of the site, and their runs. */
#include <string.h>

#include "api/handlers.h"
#include "api/words.h"

static void write_points(struct call *c, const char *key, const kt_point_id *p, uint32_t n,
                         struct kt_jw *w)
{
    kt_jw_key(w, key);
    kt_jw_arr(w);
    for (uint32_t i = 0; i < n; i++) {
        if (may_see(c, c->site->points[p[i].v].place)) {
            kt_jw_str(w, c->site->points[p[i].v].id);
        }
    }
    kt_jw_arr_end(w);
}

static void write_asset(struct call *c, const struct kt_asset *a, struct kt_jw *w)
{
    const struct kt_site *s = c->site;
    kt_jw_obj(w);
    kt_jw_kstr(w, "id", a->id);
    kt_jw_kstr(w, "kind", a->kind);
    kt_text_json(w, "name", &a->name);
    kt_jw_kstr(w, "place", s->places[a->place.v].id);
    kt_jw_kstr(w, "to", a->to < s->assets_n ? s->assets[a->to].id : NULL);
    if (a->length_m > 0) {
        kt_jw_knum(w, "length_m", a->length_m);
    }
    if (a->speed_m_s > 0) {
        kt_jw_knum(w, "speed_m_s", a->speed_m_s);
    }
    write_points(c, "points", a->points, a->points_n, w);
    kt_jw_obj_end(w);
}

static void write_assets(struct call *c, struct kt_jw *w)
{
    kt_jw_key(w, "assets");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < c->site->assets_n; i++) {
        if (may_see(c, c->site->assets[i].place)) {
            write_asset(c, &c->site->assets[i], w);
        }
    }
    kt_jw_arr_end(w);
}

static void write_param(const struct kt_seq_param *p, struct kt_jw *w)
{
    kt_jw_obj(w);
    kt_jw_kstr(w, "id", p->id);
    kt_text_json(w, "title", &p->title);
    kt_jw_kbool(w, "switch", p->is_switch);
    if (p->is_switch) {
        kt_jw_kbool(w, "default", p->given != 0);
    } else {
        kt_jw_knum(w, "min_s", (double)p->lo / 1e9);
        kt_jw_knum(w, "max_s", (double)p->hi / 1e9);
        kt_jw_knum(w, "default", (double)p->given / 1e9);
    }
    kt_jw_obj_end(w);
}

static void write_step(const struct kt_seq_step *s, struct kt_jw *w)
{
    static const char *const turns[] = {"once", "all", "each"};
    kt_jw_obj(w);
    kt_jw_kstr(w, "id", s->id);
    kt_text_json(w, "title", &s->title);
    kt_jw_kstr(w, "for", turns[s->turn]);
    kt_jw_kstr(w, "guard", s->guard_text);
    kt_jw_kstr(w, "confirm", s->confirm_text);
    kt_jw_obj_end(w);
}

static void write_sequence(struct call *c, const struct kt_sequence *q, struct kt_jw *w)
{
    static const char *const takes[] = {"chosen", "onward", "behind"};
    kt_jw_obj(w);
    kt_jw_kstr(w, "id", q->id);
    kt_text_json(w, "title", &q->title);
    kt_jw_kbool(w, "start", q->start);
    kt_jw_kstr(w, "take", takes[q->take]);
    kt_jw_kstr(w, "clause", q->clause.clause);
    write_points(c, "subjects", q->subjects, q->subjects_n, w);
    kt_jw_key(w, "recipe");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < q->params_n; i++) {
        write_param(&q->params[i], w);
    }
    kt_jw_arr_end(w);
    kt_jw_key(w, "steps");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < q->steps_n; i++) {
        write_step(&q->steps[i], w);
    }
    kt_jw_arr_end(w);
    kt_jw_obj_end(w);
}

/* A run is seen by who may see one of its subjects, or everything. */
static bool may_see_run(struct call *c, const struct kt_json *run)
{
    const struct kt_json *list = kt_json_get(run, "subjects");
    for (size_t i = 0; i < kt_json_len(list); i++) {
        const char *id = kt_json_str(kt_json_at(list, i));
        if (id && may_see_point(c, id)) {
            return true;
        }
    }
    return may_see_all(c);
}

/* As the engine says it, with the Chinese of why it is held or ended. */
static void write_run(struct call *c, const struct kt_json *run, struct kt_jw *w)
{
    struct kt_buf run_b;
    char zh[1600];
    const char *text = kt_json_get_str(run, "text", "");
    kt_buf_init(&run_b, 64 << 20);
    struct kt_jw one = kt_jw_init(&run_b);
    copy_value(run, &one);
    run_b.n--; /* its brace */
    kt_buf_puts(&run_b, ",\"text_zh\":");
    struct kt_jw more = kt_jw_init(&run_b);
    kt_jw_str(&more, *text ? words_zh(c->site, KT_ESTATE, text, zh, sizeof zh) : "");
    kt_buf_puts(&run_b, "}");
    kt_jw_raw(w, (struct kt_str){run_b.p, run_b.n});
    kt_buf_done(&run_b);
}

static void write_runs(struct call *c, const struct kt_json *runs, struct kt_jw *w)
{
    kt_jw_key(w, "runs");
    kt_jw_arr(w);
    for (size_t i = 0; i < kt_json_len(runs); i++) {
        if (may_see_run(c, kt_json_at(runs, i))) {
            write_run(c, kt_json_at(runs, i), w);
        }
    }
    kt_jw_arr_end(w);
}

void get_sequences(struct call *c)
{
    struct kt_json *state = snapshot(c, KT_SNAP_STATE);
    if (!state) {
        return;
    }
    struct kt_buf b;
    kt_buf_init(&b, 64 << 20);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    write_assets(c, &w);
    kt_jw_key(&w, "sequences");
    kt_jw_arr(&w);
    for (uint32_t i = 0; i < c->site->sequences_n; i++) {
        write_sequence(c, &c->site->sequences[i], &w);
    }
    kt_jw_arr_end(&w);
    write_runs(c, kt_json_get(state, "sequences"), &w);
    kt_jw_obj_end(&w);
    kt_json_free(state);
    reply_buf(c, 200, &b);
}
