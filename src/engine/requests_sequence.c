/* SPDX-License-Identifier: Apache-2.0 */
/* requests_sequence: sequences asked for by people, and the stops that rules begin. */
#include "engine/core.h"

enum { OUTPUTS_MAX = 512, CHOSEN_MAX = 256 };

void eng_sequences(struct eng *e)
{
    kt_sequences_step(e->sequences, e->cause, e->now);
    eng_drain(e);
}

void eng_sequences_save(const struct eng *e, struct kt_buf *out)
{
    if (e->holds_from == 0 && kt_sequences_none(e->sequences)) {
        return;
    }
    kt_put_i64(out, e->holds_from);
    kt_sequences_save(e->sequences, out);
}

void eng_sequences_load(struct eng *e, struct kt_rd *in)
{
    e->holds_from = kt_get_i64(in);
    if (kt_sequences_load(e->sequences, in, NULL) < 0) {
        in->bad = true;
    }
}

void eng_sequence_linked(struct eng *e, uint32_t sequence, uint32_t self, const char *by)
{
    const struct kt_sequence *q = &e->site->sequences[sequence];
    uint32_t asset = e->site->points[self].asset;
    kt_point_id chosen[CHOSEN_MAX];
    uint32_t n = 0;
    uint64_t id;
    for (uint32_t i = 0; i < q->subjects_n && n < CHOSEN_MAX; i++) {
        if (asset < e->site->assets_n && e->site->points[q->subjects[i].v].asset == asset) {
            chosen[n++] = q->subjects[i];
        }
    }
    struct kt_seq_ask ask = {.now = e->now,
                             .cause = e->cause,
                             .sequence = sequence,
                             .chosen = chosen,
                             .chosen_n = n,
                             .by = by};
    if (!q->start) { /* safety rule 3 */
        int r = kt_sequence_start(e->sequences, &ask, &id, NULL);
        KT_ASSERT(r == KT_OK || r == KT_ELIMIT || r == KT_EINVAL);
    }
}

static int arg_sequence(const struct eng *e, const struct request *q, uint32_t *ret,
                        struct kt_err *err)
{
    const char *id;
    int r = eng_arg_text(q, "sequence", &id, err);
    if (r < 0) {
        return r;
    }
    for (uint32_t i = 0; i < e->site->sequences_n; i++) {
        if (strcmp(e->site->sequences[i].id, id) == 0) {
            *ret = i;
            return KT_OK;
        }
    }
    return kt_err_set(err, KT_ENOTFOUND, "sequence: none is called %s", id);
}

static int arg_subjects(const struct eng *e, const struct request *q, kt_point_id *to, uint32_t *n,
                        struct kt_err *err)
{
    const struct kt_json *list = kt_json_get(q->args, "subjects");
    if (kt_json_len(list) > CHOSEN_MAX) {
        return kt_err_set(err, KT_EINVAL, "subjects: at most %d", CHOSEN_MAX);
    }
    for (size_t i = 0; i < kt_json_len(list); i++) {
        kt_point_id p = kt_site_point(e->site, kt_json_strn(kt_json_at(list, i)));
        if (p.v == KT_NONE) {
            return kt_err_set(err, KT_ENOTFOUND, "subjects: no point is called %s",
                              kt_json_str(kt_json_at(list, i)) ? kt_json_str(kt_json_at(list, i))
                                                               : "that");
        }
        to[(*n)++] = p;
    }
    return KT_OK;
}

static int arg_recipe(const struct kt_sequence *s, const struct request *q, int64_t *param,
                      struct kt_err *err)
{
    const struct kt_json *recipe = kt_json_get(q->args, "recipe");
    for (uint32_t i = 0; i < s->params_n; i++) {
        const struct kt_json *v = kt_json_get(recipe, s->params[i].id);
        double seconds;
        bool yes;
        param[i] = s->params[i].given;
        if (!v) {
            continue;
        }
        if (s->params[i].is_switch && kt_json_bool(v, &yes)) {
            param[i] = yes;
        } else if (!s->params[i].is_switch && kt_json_num(v, &seconds) && seconds >= 0 &&
                   seconds < 1e6) {
            param[i] = (int64_t)(seconds * 1e9);
        } else {
            return kt_err_set(err, KT_EINVAL, "recipe.%s: %s", s->params[i].id,
                              s->params[i].is_switch ? "true or false" : "seconds");
        }
    }
    return KT_OK;
}

/* Every output that it could command lies in the person's places. */
static int outputs_in_scope(const struct eng *e, const struct request *q,
                            const struct kt_seq_ask *ask, struct kt_err *err)
{
    kt_point_id out[OUTPUTS_MAX];
    uint32_t n = kt_sequence_outputs(e->sequences, ask, out, OUTPUTS_MAX);
    if (n > OUTPUTS_MAX) {
        return kt_err_set(err, KT_ELIMIT, "more than %d outputs at once", OUTPUTS_MAX);
    }
    for (uint32_t i = 0; i < n; i++) {
        int r = eng_in_scope(e, q, out[i].v, err);
        if (r < 0) {
            return r;
        }
    }
    return KT_OK;
}

int eng_sequence_start(struct eng *e, const struct request *q, struct kt_err *err)
{
    kt_point_id chosen[CHOSEN_MAX];
    int64_t param[KT_SEQ_PARAMS] = {0};
    struct kt_seq_ask ask = {
        .now = e->now, .cause = q->seq, .chosen = chosen, .param = param, .by = q->user};
    int r = arg_sequence(e, q, &ask.sequence, err);
    if (r < 0) {
        return r;
    }
    const struct kt_sequence *s = &e->site->sequences[ask.sequence];
    const char *right = s->start ? "output.close" : "output.open";
    if (!eng_may(q, right)) {
        return kt_err_set(err, KT_EDENIED, "this needs the right %s", right);
    }
    uint64_t id = 0;
    r = arg_subjects(e, q, chosen, &ask.chosen_n, err);
    r = r < 0 ? r : arg_recipe(s, q, param, err);
    r = r < 0 ? r : outputs_in_scope(e, q, &ask, err);
    r = r < 0 ? r : kt_sequence_start(e->sequences, &ask, &id, err);
    if (r < 0) {
        return r;
    }
    const struct kt_seq_run *run = kt_sequence_find(e->sequences, id);
    kt_jw_kint(q->result, "run", (int64_t)id);
    kt_jw_kstr(q->result, "state", run ? kt_run_state_id(run->state) : "done");
    return KT_OK;
}

static int arg_run(const struct eng *e, const struct request *q, uint64_t *ret, struct kt_err *err)
{
    int r = eng_arg_id(q, "run", ret, err);
    if (r < 0) {
        return r;
    }
    const struct kt_seq_run *run = kt_sequence_find(e->sequences, *ret);
    if (!run) {
        return kt_err_set(err, KT_ENOTFOUND, "run %llu of a sequence is over or never was",
                          (unsigned long long)*ret);
    }
    struct kt_seq_ask ask = {
        .sequence = run->sequence, .chosen = run->subject, .chosen_n = run->subjects_n};
    return outputs_in_scope(e, q, &ask, err);
}

int eng_sequence_confirm(struct eng *e, const struct request *q, struct kt_err *err)
{
    uint64_t id = 0;
    int r = arg_run(e, q, &id, err);
    return r < 0 ? r : kt_sequence_confirm(e->sequences, id, q->user, q->seq, e->now, err);
}

int eng_sequence_hold(struct eng *e, const struct request *q, struct kt_err *err)
{
    uint64_t id = 0;
    int r = arg_run(e, q, &id, err);
    return r < 0 ? r : kt_sequence_hold(e->sequences, id, q->user, e->now, err);
}

int eng_sequence_resume(struct eng *e, const struct request *q, struct kt_err *err)
{
    uint64_t id = 0;
    int r = arg_run(e, q, &id, err);
    return r < 0 ? r : kt_sequence_resume(e->sequences, id, q->user, q->seq, e->now, err);
}

int eng_sequence_end(struct eng *e, const struct request *q, struct kt_err *err)
{
    uint64_t id = 0;
    int r = arg_run(e, q, &id, err);
    return r < 0 ? r : kt_sequence_end(e->sequences, id, q->user, e->now, err);
}
