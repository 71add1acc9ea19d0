/* SPDX-License-Identifier: Apache-2.0 */
/* sequence_save: runs as checkpoints keep them, by text ids, and as screens and outcomes show them.
 */
#include "control/sequence_private.h"

const char *kt_run_state_id(enum kt_run_state s)
{
    static const char *const ids[] = {"waiting", "running", "held", "done", "ended"};
    return ids[s];
}

bool kt_sequences_none(const struct kt_sequences *s)
{
    return s->runs_n == 0 && s->done_n == 0;
}

static const char *point_id(const struct kt_sequences *s, kt_point_id p)
{
    return p.v < s->site->points_n ? s->site->points[p.v].id : NULL;
}

/* --- screens */

static void write_recipe(const struct kt_sequence *q, const struct kt_seq_run *r, struct kt_jw *w)
{
    kt_jw_key(w, "recipe");
    kt_jw_obj(w);
    for (uint32_t i = 0; i < q->params_n; i++) {
        if (q->params[i].is_switch) {
            kt_jw_kbool(w, q->params[i].id, r->param[i] != 0);
        } else {
            kt_jw_knum(w, q->params[i].id, (double)r->param[i] / 1e9);
        }
    }
    kt_jw_obj_end(w);
}

static void write_mark(const struct kt_sequences *s, const struct kt_seq_run *r, uint32_t step,
                       uint32_t turn, struct kt_jw *w)
{
    static const char *const ids[] = {"todo", "now", "done", "skip", "late"};
    const struct kt_seq_step *st = &run_sequence(s, r)->steps[step];
    kt_jw_obj(w);
    kt_jw_kstr(w, "step", st->id);
    if (st->turn == KT_SEQ_EACH) {
        kt_jw_kstr(w, "subject", point_id(s, r->subject[turn]));
    }
    kt_jw_kstr(w, "state", ids[*run_mark(r, step, turn)]);
    kt_jw_obj_end(w);
}

/* In the order in which they are done: a block of steps for each is gone through by subject. */
static void write_marks(const struct kt_sequences *s, const struct kt_seq_run *r, struct kt_jw *w)
{
    const struct kt_sequence *q = run_sequence(s, r);
    kt_jw_key(w, "steps");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < q->steps_n;) {
        uint32_t end = i + 1;
        bool each = q->steps[i].turn == KT_SEQ_EACH;
        while (each && end < q->steps_n && q->steps[end].turn == KT_SEQ_EACH) {
            end++;
        }
        for (uint32_t t = 0; t < (each ? r->subjects_n : 1); t++) {
            for (uint32_t k = i; k < end; k++) {
                write_mark(s, r, k, t, w);
            }
        }
        i = end;
    }
    kt_jw_arr_end(w);
}

static void write_run(const struct kt_sequences *s, const struct kt_seq_run *r, struct kt_jw *w)
{
    const struct kt_sequence *q = run_sequence(s, r);
    kt_jw_obj(w);
    kt_jw_kint(w, "run", (int64_t)r->id);
    kt_jw_kstr(w, "sequence", q->id);
    kt_jw_kbool(w, "start", q->start);
    kt_jw_kstr(w, "state", kt_run_state_id(r->state));
    kt_jw_kstr(w, "by", r->by);
    kt_jw_ktext(w, "second", r->second);
    kt_jw_ktext(w, "code", r->code);
    kt_jw_ktext(w, "text", r->text);
    kt_jw_ktime(w, "started", r->started);
    kt_jw_ktime(w, "since", r->since);
    kt_jw_ktime(w, "ended", r->ended);
    write_recipe(q, r, w);
    kt_jw_key(w, "subjects");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < r->subjects_n; i++) {
        kt_jw_str(w, point_id(s, r->subject[i]));
    }
    kt_jw_arr_end(w);
    write_marks(s, r, w);
    kt_jw_obj_end(w);
}

void kt_sequences_json(const struct kt_sequences *s, struct kt_jw *w)
{
    kt_jw_arr(w);
    for (uint32_t i = 0; i < s->runs_n; i++) {
        write_run(s, s->run[i], w);
    }
    for (uint32_t i = 0; i < s->done_n; i++) {
        write_run(s, s->done[(s->done_at + KT_RUNS_DONE - 1 - i) % KT_RUNS_DONE], w);
    }
    kt_jw_arr_end(w);
}

void kt_sequence_news_json(const struct kt_sequences *s, const struct kt_seq_run *run,
                           const struct kt_seq_news *news, struct kt_jw *w)
{
    const struct kt_sequence *q = run_sequence(s, run);
    kt_jw_kint(w, "run", (int64_t)run->id);
    kt_jw_kstr(w, "sequence", q->id);
    kt_jw_kstr(w, "change", news->change);
    kt_jw_kstr(w, "state", kt_run_state_id(run->state));
    if (news->step < q->steps_n) {
        kt_jw_kstr(w, "step", q->steps[news->step].id);
    }
    if (point_id(s, news->subject)) {
        kt_jw_kstr(w, "subject", point_id(s, news->subject));
    }
    if (run->subjects_n > 0) { /* whose place decides who hears of it */
        kt_jw_kstr(w, "output", point_id(s, run->subject[0]));
    }
    if (strcmp(news->change, "start") == 0 || strcmp(news->change, "wait") == 0) {
        write_recipe(q, run, w);
        kt_jw_key(w, "subjects");
        kt_jw_arr(w);
        for (uint32_t i = 0; i < run->subjects_n; i++) {
            kt_jw_str(w, point_id(s, run->subject[i]));
        }
        kt_jw_arr_end(w);
    }
    kt_jw_ktext(w, "by", news->by);
    kt_jw_ktext(w, "code", run->code);
    kt_jw_ktext(w, "text", news->text);
}

/* --- checkpoints */

static void save_run(const struct kt_sequences *s, const struct kt_seq_run *r, struct kt_buf *out)
{
    const struct kt_sequence *q = run_sequence(s, r);
    kt_put_text(out, q->id);
    kt_put_u64(out, r->id);
    kt_put_u8(out, (uint8_t)r->state);
    kt_put_u8(out, (uint8_t)r->phase);
    kt_put_varint(out, r->step);
    kt_put_varint(out, r->turn);
    const kt_time times[] = {r->started, r->since, r->stood, r->ended, r->rest_at};
    for (size_t i = 0; i < KT_ARRAY_LEN(times); i++) {
        kt_put_i64(out, times[i]);
    }
    kt_put_u64(out, r->cause);
    for (uint32_t i = 0; i < KT_SEQ_PARAMS; i++) {
        kt_put_i64(out, r->param[i]);
    }
    kt_put_varint(out, r->subjects_n);
    for (uint32_t i = 0; i < r->subjects_n; i++) {
        kt_put_text(out, point_id(s, r->subject[i]));
    }
    kt_put_bytes(out, r->mark, (size_t)q->steps_n * (r->subjects_n + 1));
    kt_put_varint(out, r->acted_n);
    for (uint32_t i = 0; i < r->acted_n; i++) {
        kt_put_text(out, point_id(s, r->acted[i].output));
        kt_put_u64(out, r->acted[i].command.v);
    }
    kt_put_text(out, r->by);
    kt_put_text(out, r->second);
    kt_put_text(out, r->code);
    kt_put_text(out, r->text);
}

void kt_sequences_save(const struct kt_sequences *s, struct kt_buf *out)
{
    kt_put_varint(out, s->runs_n);
    for (uint32_t i = 0; i < s->runs_n; i++) {
        save_run(s, s->run[i], out);
    }
    kt_put_varint(out, s->done_n);
    for (uint32_t i = 0; i < s->done_n; i++) {
        save_run(s, s->done[(s->done_at + KT_RUNS_DONE - s->done_n + i) % KT_RUNS_DONE], out);
    }
}

static uint32_t sequence_of(const struct kt_site *site, struct kt_str id)
{
    for (uint32_t i = 0; i < site->sequences_n; i++) {
        if (kt_str_is(id, site->sequences[i].id)) {
            return i;
        }
    }
    return KT_NONE;
}

static kt_point_id get_output(const struct kt_sequences *s, struct kt_rd *in)
{
    struct kt_str id = kt_get_bytes(in);
    kt_point_id p = in->bad ? (kt_point_id){KT_NONE} : kt_site_point(s->site, id);
    return kt_control_of(s->control, p) ? p : (kt_point_id){KT_NONE};
}

/* What a run that is read has lost: a site that was loaded meanwhile may have other steps. */
struct loaded {
    struct kt_seq_run r; /* without its arrays */
    uint32_t sequence;
    bool changed;
};

static void load_head(struct loaded *l, struct kt_rd *in)
{
    struct kt_seq_run *r = &l->r;
    r->id = kt_get_u64(in);
    uint8_t state = kt_get_u8(in), phase = kt_get_u8(in);
    in->bad |= state > KT_RUN_ENDED || phase > KT_PHASE_CONFIRM;
    r->state = in->bad ? KT_RUN_ENDED : (enum kt_run_state)state;
    r->phase = in->bad ? KT_PHASE_ENTER : (enum kt_run_phase)phase;
    uint64_t step = kt_get_varint(in), turn = kt_get_varint(in);
    in->bad |= step > KT_SEQ_STEPS || turn > UINT32_MAX / 2;
    r->step = in->bad ? 0 : (uint32_t)step;
    r->turn = in->bad ? 0 : (uint32_t)turn;
    kt_time *const times[] = {&r->started, &r->since, &r->stood, &r->ended, &r->rest_at};
    for (size_t i = 0; i < KT_ARRAY_LEN(times); i++) {
        *times[i] = kt_get_i64(in);
    }
    r->cause = kt_get_u64(in);
    for (uint32_t i = 0; i < KT_SEQ_PARAMS; i++) {
        r->param[i] = kt_get_i64(in);
    }
}

static struct kt_seq_run *load_subjects(const struct kt_sequences *s, struct loaded *l,
                                        struct kt_rd *in)
{
    uint64_t n = kt_get_varint(in), kept = 0;
    in->bad |= n > kt_rd_left(in);
    uint32_t room = in->bad ? 0 : (uint32_t)n;
    struct kt_seq_run *r = l->sequence == KT_NONE ? NULL : run_new(s, l->sequence, room);
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        kt_point_id p = get_output(s, in);
        l->changed |= p.v == KT_NONE;
        if (r && p.v != KT_NONE) {
            r->subject[kept++] = p;
        }
    }
    if (r) {
        kt_point_id *subject = r->subject;
        uint8_t *mark = r->mark;
        *r = l->r;
        r->sequence = l->sequence;
        r->subject = subject;
        r->mark = mark;
        r->subjects_n = (uint32_t)kept;
        r->acted = NULL;
        r->acted_n = 0;
    }
    return r;
}

static void load_marks(const struct kt_sequences *s, struct loaded *l, struct kt_seq_run *r,
                       struct kt_rd *in)
{
    struct kt_str marks = kt_get_bytes(in);
    size_t want = r ? (size_t)run_sequence(s, r)->steps_n * (r->subjects_n + 1) : 0;
    l->changed |= marks.n != want;
    for (size_t i = 0; i < marks.n && r && !l->changed; i++) {
        uint8_t m = (uint8_t)marks.p[i];
        in->bad |= m > KT_MARK_LATE;
        r->mark[i] = m;
    }
    if (r && !l->changed) {
        in->bad |=
            r->step > run_sequence(s, r)->steps_n || (r->turn > 0 && r->turn >= r->subjects_n);
    }
}

static void load_acted(const struct kt_sequences *s, struct kt_seq_run *r, struct kt_rd *in)
{
    uint64_t n = kt_get_varint(in);
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        kt_point_id p = get_output(s, in);
        kt_command_id id = {kt_get_u64(in)};
        if (r && p.v != KT_NONE) {
            run_acted(r, p, id);
        }
    }
}

static struct kt_seq_run *load_run(const struct kt_sequences *s, struct loaded *l, struct kt_rd *in)
{
    struct kt_str id = kt_get_bytes(in);
    *l = (struct loaded){.sequence = in->bad ? KT_NONE : sequence_of(s->site, id)};
    load_head(l, in);
    struct kt_seq_run *r = load_subjects(s, l, in);
    load_marks(s, l, r, in);
    load_acted(s, r, in);
    struct kt_seq_run gone, *to = r ? r : &gone;
    kt_get_text(in, to->by, sizeof to->by);
    kt_get_text(in, to->second, sizeof to->second);
    kt_get_text(in, to->code, sizeof to->code);
    kt_get_text(in, to->text, sizeof to->text);
    if (in->bad) {
        run_free(r);
        return NULL;
    }
    return r;
}

/* Another site: a start waits for a person, a stop goes through its steps anew. */
static void settle(struct kt_sequences *s, struct kt_seq_run *r, bool changed)
{
    if (!changed) {
        return;
    }
    run_from_first(s, r);
    if (run_sequence(s, r)->start) {
        r->state = KT_RUN_HELD;
        kt_text_set(r->code, sizeof r->code, "reload");
        kt_text_set(r->text, sizeof r->text, "the site was reloaded with other steps");
    }
}

int kt_sequences_load(struct kt_sequences *s, struct kt_rd *in, struct kt_err *err)
{
    struct loaded l;
    uint64_t n = kt_get_varint(in);
    in->bad |= n > s->room;
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        struct kt_seq_run *r = load_run(s, &l, in);
        if (r) {
            settle(s, r, l.changed);
            s->run[s->runs_n++] = r;
        }
    }
    n = kt_get_varint(in);
    in->bad |= n > KT_RUNS_DONE;
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        struct kt_seq_run *r = load_run(s, &l, in);
        if (r && l.changed) {
            run_free(r);
        } else if (r) {
            s->done[s->done_at] = r;
            s->done_at = (s->done_at + 1) % KT_RUNS_DONE;
            s->done_n++;
        }
    }
    return in->bad ? kt_err_set(err, KT_ECORRUPT, "checkpoint: sequences are damaged") : KT_OK;
}
