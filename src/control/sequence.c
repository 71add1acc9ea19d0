/* SPDX-License-Identifier: Apache-2.0 */
/* sequence: which runs there are: begun, confirmed, held, resumed, ended. */
#include "control/sequence_private.h"

#include <stdio.h>
#include <stdlib.h>

struct kt_sequences *kt_sequences_new(const struct kt_site *site, struct kt_control *control,
                                      const struct kt_sequences_owner *owner)
{
    struct kt_sequences *s = calloc(1, sizeof *s);
    KT_ASSERT(s);
    s->site = site;
    s->control = control;
    s->room = KT_RUNS_STARTS + kt_control_count(control);
    s->run = calloc(s->room, sizeof *s->run);
    KT_ASSERT(s->run);
    s->owner = *owner;
    return s;
}

struct kt_seq_run *run_new(const struct kt_sequences *s, uint32_t sequence, uint32_t subjects_n)
{
    struct kt_seq_run *r = calloc(1, sizeof *r);
    size_t marks = (size_t)s->site->sequences[sequence].steps_n * (subjects_n + 1);
    KT_ASSERT(r);
    r->sequence = sequence;
    r->subjects_n = subjects_n;
    r->subject = calloc(subjects_n + 1, sizeof *r->subject);
    r->mark = calloc(marks + 1, 1);
    KT_ASSERT(r->subject && r->mark);
    return r;
}

void run_free(struct kt_seq_run *r)
{
    if (r) {
        free(r->subject);
        free(r->mark);
        free(r->acted);
        free(r);
    }
}

void kt_sequences_free(struct kt_sequences *s)
{
    if (!s) {
        return;
    }
    for (uint32_t i = 0; i < s->runs_n; i++) {
        run_free(s->run[i]);
    }
    for (uint32_t i = 0; i < KT_RUNS_DONE; i++) {
        run_free(s->done[i]);
    }
    free(s->run);
    free(s);
}

void run_told(struct kt_sequences *s, const struct kt_seq_run *r, const char *change, uint32_t step,
              kt_point_id subject, const char *by, const char *text)
{
    const struct kt_seq_news news = {change, step, subject, by ? by : "", text ? text : ""};
    if (s->owner.told) {
        s->owner.told(s->owner.arg, r, &news);
    }
}

void run_over(struct kt_sequences *s, struct kt_seq_run *r, enum kt_run_state state,
              const char *code, const char *by, const char *text, kt_time now)
{
    uint32_t i = 0;
    r->state = state;
    r->ended = now;
    r->rest_at = 0;
    kt_text_set(r->code, sizeof r->code, code);
    kt_text_set(r->text, sizeof r->text, text);
    run_told(s, r, state == KT_RUN_DONE ? "done" : "end", KT_NONE, (kt_point_id){KT_NONE}, by,
             text);
    while (i < s->runs_n && s->run[i] != r) {
        i++;
    }
    KT_ASSERT(i < s->runs_n);
    s->runs_n--;
    memmove(&s->run[i], &s->run[i + 1], (s->runs_n - i) * sizeof *s->run);
    s->run[s->runs_n] = NULL;
    run_free(s->done[s->done_at]);
    s->done[s->done_at] = r;
    s->done_at = (s->done_at + 1) % KT_RUNS_DONE;
    s->done_n += s->done_n < KT_RUNS_DONE;
}

void run_held(struct kt_sequences *s, struct kt_seq_run *r, const char *code, const char *by,
              const char *text, kt_time now)
{
    r->state = KT_RUN_HELD;
    r->since = now;
    kt_text_set(r->code, sizeof r->code, code);
    kt_text_set(r->text, sizeof r->text, text);
    run_told(s, r, "hold", r->step, (kt_point_id){KT_NONE}, by, text);
}

void run_from_first(const struct kt_sequences *s, struct kt_seq_run *r)
{
    const struct kt_sequence *q = run_sequence(s, r);
    memset(r->mark, KT_MARK_TODO, (size_t)q->steps_n * (r->subjects_n + 1));
    r->state = KT_RUN_RUNNING;
    r->phase = KT_PHASE_ENTER;
    r->step = r->turn = 0;
    r->stood = r->rest_at = 0;
    r->acted_n = 0;
    r->code[0] = r->text[0] = 0;
}

/* --- subjects and outputs */

static bool holds(const kt_point_id *list, uint32_t n, kt_point_id p)
{
    for (uint32_t i = 0; i < n; i++) {
        if (list[i].v == p.v) {
            return true;
        }
    }
    return false;
}

/* Is `asset` on the way from `from` to the end? */
static bool on_way(const struct kt_site *site, uint32_t from, uint32_t asset)
{
    for (uint32_t n = 0; from < site->assets_n && n <= site->assets_n; n++) {
        if (from == asset) {
            return true;
        }
        from = site->assets[from].to;
    }
    return false;
}

static bool takes(const struct kt_site *site, const struct kt_sequence *q, kt_point_id chosen,
                  kt_point_id subject)
{
    uint32_t c = site->points[chosen.v].asset, a = site->points[subject.v].asset;
    if (chosen.v == subject.v || q->take == KT_SEQ_CHOSEN) {
        return chosen.v == subject.v;
    }
    return q->take == KT_SEQ_ONWARD ? on_way(site, c, a) : on_way(site, a, c);
}

static uint32_t subjects_of(const struct kt_sequences *s, const struct kt_seq_ask *ask,
                            kt_point_id *ret)
{
    const struct kt_sequence *q = &s->site->sequences[ask->sequence];
    uint32_t n = 0;
    for (uint32_t i = 0; i < q->subjects_n; i++) {
        bool in = ask->chosen_n == 0;
        for (uint32_t k = 0; k < ask->chosen_n && !in; k++) {
            in = takes(s->site, q, ask->chosen[k], q->subjects[i]);
        }
        if (in) {
            ret[n++] = q->subjects[i];
        }
    }
    return n;
}

/* Calls fn for each output that an action of the sequence could command over these subjects. */
struct each_output {
    bool (*fn)(void *arg, kt_point_id output);
    void *arg;
};

static bool each_of(const struct kt_sequences *s, const struct kt_seq_action *a,
                    const kt_point_id *subject, uint32_t n, const struct each_output *each)
{
    for (uint32_t i = 0; i < (a->of_asset ? n : 1); i++) {
        kt_point_id at = a->of_asset ? subject[i] : (kt_point_id){KT_NONE};
        const struct kt_point_list list = kt_site_acts_on(s->site, a, at);
        for (uint32_t k = 0; k < list.n; k++) {
            if (!each->fn(each->arg, list.points[k])) {
                return false;
            }
        }
    }
    return true;
}

static bool each_output(const struct kt_sequences *s, const struct kt_sequence *q,
                        const kt_point_id *subject, uint32_t n, const struct each_output *each)
{
    for (uint32_t i = 0; i < q->steps_n; i++) {
        for (uint32_t k = 0; k < q->steps[i].act_n; k++) {
            if (!each_of(s, &q->steps[i].act[k], subject, n, each)) {
                return false;
            }
        }
    }
    return true;
}

struct found {
    kt_point_id *list;
    uint32_t n, cap;
};

static bool add_output(void *arg, kt_point_id output)
{
    struct found *f = arg;
    uint32_t kept = f->n < f->cap ? f->n : f->cap;
    if (!holds(f->list, kept, output)) {
        if (f->n < f->cap) {
            f->list[f->n] = output;
        }
        f->n++;
    }
    return true;
}

uint32_t kt_sequence_outputs(const struct kt_sequences *s, const struct kt_seq_ask *ask,
                             kt_point_id *ret, uint32_t cap)
{
    const struct kt_sequence *q = &s->site->sequences[ask->sequence];
    kt_point_id *subject = calloc(q->subjects_n + 1, sizeof *subject);
    KT_ASSERT(subject);
    struct found f = {ret, 0, cap};
    uint32_t n = subjects_of(s, ask, subject);
    each_output(s, q, subject, n, &(struct each_output){add_output, &f});
    free(subject);
    return f.n;
}

struct touching {
    const struct kt_sequences *s;
    const struct kt_seq_run *other;
    kt_point_id wanted;
    bool shared;
};

static bool not_wanted(void *arg, kt_point_id output)
{
    struct touching *t = arg;
    t->shared = t->shared || output.v == t->wanted.v;
    return !t->shared;
}

static bool not_shared(void *arg, kt_point_id output)
{
    struct touching *t = arg;
    t->wanted = output;
    each_output(t->s, run_sequence(t->s, t->other), t->other->subject, t->other->subjects_n,
                &(struct each_output){not_wanted, t});
    return !t->shared;
}

static bool touches(const struct kt_sequences *s, const struct kt_seq_run *a,
                    const struct kt_seq_run *b)
{
    struct touching t = {.s = s, .other = b};
    each_output(s, run_sequence(s, a), a->subject, a->subjects_n,
                &(struct each_output){not_shared, &t});
    return t.shared;
}

static bool not_missing(void *arg, kt_point_id output)
{
    struct touching *t = arg;
    t->wanted = output;
    t->shared = false;
    each_output(t->s, run_sequence(t->s, t->other), t->other->subject, t->other->subjects_n,
                &(struct each_output){not_wanted, t});
    return t->shared;
}

/* Is each output of b one of a? */
static bool covers(const struct kt_sequences *s, const struct kt_seq_run *a,
                   const struct kt_seq_run *b)
{
    struct touching t = {.s = s, .other = a};
    return each_output(s, run_sequence(s, b), b->subject, b->subjects_n,
                       &(struct each_output){not_missing, &t});
}

/* --- begin */

static bool needs_two(const struct kt_sequences *s, const struct kt_seq_run *r)
{
    const struct kt_sequence *q = run_sequence(s, r);
    for (uint32_t i = 0; i < q->steps_n; i++) {
        for (uint32_t k = 0; k < q->steps[i].act_n; k++) {
            const struct kt_seq_action *a = &q->steps[i].act[k];
            for (uint32_t t = 0; t < (a->of_asset ? r->subjects_n : 1) && a->close; t++) {
                kt_point_id at = a->of_asset ? r->subject[t] : (kt_point_id){KT_NONE};
                const struct kt_point_list list = kt_site_acts_on(s->site, a, at);
                for (uint32_t j = 0; j < list.n; j++) {
                    if (s->site->points[list.points[j].v].two_person) {
                        return true;
                    }
                }
            }
        }
    }
    return false;
}

static int check_ask(const struct kt_sequences *s, const struct kt_seq_ask *ask, struct kt_err *err)
{
    const struct kt_sequence *q = &s->site->sequences[ask->sequence];
    for (uint32_t i = 0; i < ask->chosen_n; i++) {
        if (!holds(q->subjects, q->subjects_n, ask->chosen[i])) {
            return kt_err_set(err, KT_EINVAL, "%s is none of the outputs of sequence %s",
                              s->site->points[ask->chosen[i].v].id, q->id);
        }
    }
    for (uint32_t i = 0; ask->param && i < q->params_n; i++) {
        const struct kt_seq_param *p = &q->params[i];
        if (ask->param[i] < p->lo || ask->param[i] > p->hi) {
            return kt_err_set(err, KT_EINVAL, "%s of sequence %s is from %g to %g s", p->id, q->id,
                              (double)p->lo / 1e9, (double)p->hi / 1e9);
        }
    }
    return KT_OK;
}

static struct kt_seq_run *run_of(const struct kt_sequences *s, const struct kt_seq_ask *ask)
{
    const struct kt_sequence *q = &s->site->sequences[ask->sequence];
    struct kt_seq_run *r = run_new(s, ask->sequence, q->subjects_n);
    r->subjects_n = subjects_of(s, ask, r->subject);
    r->started = r->since = ask->now;
    r->cause = ask->cause;
    kt_text_set(r->by, sizeof r->by, ask->by);
    for (uint32_t i = 0; i < q->params_n; i++) {
        r->param[i] = ask->param ? ask->param[i] : q->params[i].given;
    }
    return r;
}

static int in_the_way(const struct kt_sequences *s, const struct kt_seq_run *other,
                      struct kt_err *err)
{
    const struct kt_sequence *q = run_sequence(s, other);
    return q->start ? kt_err_set(err, KT_ECONFLICT,
                                 "sequence %s is under way over the same outputs (%s); resume it "
                                 "or end it first",
                                 q->id, kt_run_state_id(other->state))
                    : kt_err_set(err, KT_ECONFLICT,
                                 "the stop %s is under way over the same outputs; wait until it "
                                 "is done",
                                 q->id);
}

static void give_way(struct kt_sequences *s, struct kt_seq_run *other, const struct kt_seq_run *to,
                     kt_time now)
{
    char text[KT_CTL_TEXT];
    (void)snprintf(text, sizeof text, "overtaken by %s", run_sequence(s, to)->id);
    run_rest(s, other, now);
    run_over(s, other, KT_RUN_ENDED, "overtaken", to->by, text, now);
}

/* Starts that a stop touches end; another stop only where the new one stops all that it would have
 * stopped. Else both go on: what was asked to be stopped stops. */
static int make_way(struct kt_sequences *s, struct kt_seq_run *r, kt_time now, struct kt_err *err)
{
    bool start = run_sequence(s, r)->start;
    for (uint32_t i = 0; i < s->runs_n;) {
        struct kt_seq_run *other = s->run[i];
        if (start && touches(s, r, other)) {
            return in_the_way(s, other, err);
        }
        if (!start &&
            (run_sequence(s, other)->start ? touches(s, r, other) : covers(s, r, other))) {
            give_way(s, other, r, now);
        } else {
            i++;
        }
    }
    for (uint32_t i = 0; !start && s->runs_n >= s->room && i < s->runs_n; i++) {
        if (!run_sequence(s, s->run[i])->start) { /* the oldest has sent most of what it sends */
            give_way(s, s->run[i], r, now);
        }
    }
    return KT_OK;
}

int kt_sequence_start(struct kt_sequences *s, const struct kt_seq_ask *ask, uint64_t *ret,
                      struct kt_err *err)
{
    int r = check_ask(s, ask, err);
    if (r < 0) {
        return r;
    }
    struct kt_seq_run *run = run_of(s, ask);
    const struct kt_sequence *q = run_sequence(s, run);
    if (q->subjects_n > 0 && run->subjects_n == 0) {
        r = kt_err_set(err, KT_EINVAL, "sequence %s has nothing to do there", q->id);
    }
    r = r < 0 ? r : make_way(s, run, ask->now, err);
    uint32_t most = q->start ? KT_RUNS_STARTS : s->room;
    if (r == KT_OK && s->runs_n >= most) {
        r = kt_err_set(err, KT_ELIMIT, "%u sequences are under way already", most);
    }
    if (r < 0) {
        run_free(run);
        return r;
    }
    run->id = s->owner.next_id(s->owner.arg);
    s->run[s->runs_n++] = run;
    run_from_first(s, run);
    bool waits = q->start && needs_two(s, run);
    run->state = waits ? KT_RUN_WAITING : KT_RUN_RUNNING;
    *ret = run->id;
    run_told(s, run, waits ? "wait" : "start", KT_NONE, (kt_point_id){KT_NONE}, run->by, "");
    if (!waits) {
        run_advance(s, run, ask->cause, ask->now);
    }
    return KT_OK;
}

/* --- persons */

static struct kt_seq_run *alive(const struct kt_sequences *s, uint64_t id)
{
    for (uint32_t i = 0; i < s->runs_n; i++) {
        if (s->run[i]->id == id) {
            return s->run[i];
        }
    }
    return NULL;
}

uint64_t kt_sequences_newest(const struct kt_sequences *s)
{
    return s->runs_n ? s->run[s->runs_n - 1]->id : 0;
}

const struct kt_seq_run *kt_sequence_find(const struct kt_sequences *s, uint64_t id)
{
    return alive(s, id);
}

static int run_in(const struct kt_sequences *s, uint64_t id, struct kt_seq_run **ret,
                  struct kt_err *err)
{
    *ret = alive(s, id);
    return *ret ? KT_OK
                : kt_err_set(err, KT_ENOTFOUND, "run %llu of a sequence is over or never was",
                             (unsigned long long)id);
}

int kt_sequence_confirm(struct kt_sequences *s, uint64_t id, const char *by, kt_seq cause,
                        kt_time now, struct kt_err *err)
{
    struct kt_seq_run *r = NULL;
    int x = run_in(s, id, &r, err);
    if (x < 0) {
        return x;
    }
    if (r->state != KT_RUN_WAITING) {
        return kt_err_set(err, KT_ESTATE, "the run does not wait for a confirmation");
    }
    if (strcmp(r->by, by) == 0) {
        return kt_err_set(err, KT_EDENIED, "another person than %s confirms", by);
    }
    kt_text_set(r->second, sizeof r->second, by);
    r->state = KT_RUN_RUNNING;
    r->since = now;
    run_told(s, r, "confirm", KT_NONE, (kt_point_id){KT_NONE}, by, "");
    run_advance(s, r, cause, now);
    return KT_OK;
}

int kt_sequence_hold(struct kt_sequences *s, uint64_t id, const char *by, kt_time now,
                     struct kt_err *err)
{
    struct kt_seq_run *r = NULL;
    int x = run_in(s, id, &r, err);
    if (x < 0) {
        return x;
    }
    if (!run_sequence(s, r)->start) {
        return kt_err_set(err, KT_ESTATE, "a stop is not held");
    }
    if (r->state != KT_RUN_RUNNING) {
        return kt_err_set(err, KT_ESTATE, "the run is not going on");
    }
    run_held(s, r, "person", by, "held by a person", now);
    run_rest(s, r, now);
    return KT_OK;
}

/* A held start is another start: where two persons are asked for, again two. */
int kt_sequence_resume(struct kt_sequences *s, uint64_t id, const char *by, kt_seq cause,
                       kt_time now, struct kt_err *err)
{
    struct kt_seq_run *r = NULL;
    int x = run_in(s, id, &r, err);
    if (x < 0) {
        return x;
    }
    if (r->state != KT_RUN_HELD) {
        return kt_err_set(err, KT_ESTATE, "the run is not held");
    }
    bool waits = needs_two(s, r);
    run_from_first(s, r);
    kt_text_set(r->by, sizeof r->by, by);
    r->second[0] = 0;
    r->since = now;
    r->state = waits ? KT_RUN_WAITING : KT_RUN_RUNNING;
    run_told(s, r, waits ? "wait" : "resume", KT_NONE, (kt_point_id){KT_NONE}, by, "");
    if (!waits) {
        run_advance(s, r, cause, now);
    }
    return KT_OK;
}

int kt_sequence_end(struct kt_sequences *s, uint64_t id, const char *by, kt_time now,
                    struct kt_err *err)
{
    struct kt_seq_run *r = NULL;
    int x = run_in(s, id, &r, err);
    if (x < 0) {
        return x;
    }
    if (!run_sequence(s, r)->start) {
        return kt_err_set(err, KT_ESTATE, "a stop is not given up");
    }
    run_rest(s, r, now);
    run_over(s, r, KT_RUN_ENDED, "person", by, "given up by a person", now);
    return KT_OK;
}

void kt_sequences_recovered(struct kt_sequences *s, kt_time now)
{
    for (uint32_t i = 0; i < s->runs_n;) {
        struct kt_seq_run *r = s->run[i];
        bool start = run_sequence(s, r)->start;
        if (r->state == KT_RUN_WAITING) {
            run_over(s, r, KT_RUN_ENDED, "restart", "", "restart; ask for it again", now);
            continue;
        }
        if (start && r->state == KT_RUN_RUNNING) {
            run_held(s, r, "restart", "", "restart; a person lets it go on, with its horn again",
                     now);
            r->rest_at = now + KT_CTL_READ; /* outputs are read before anything is sent */
        }
        i++;
    }
}
