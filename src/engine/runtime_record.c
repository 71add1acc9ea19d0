/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record room at work: its thread follows the journal and applies; what it says goes back
 * through the engine's queue into the journal, and a verdict among it answers its caller.
 *
 *   request ─▶ engine thread (seq, journal) ─ durable ─▶ room thread: apply, commit
 *   caller ◀─ durable ◀─ journal ◀─ engine thread ◀─ queue ◀── outcomes ──┘
 *
 * The room is behind the journal by what is not yet applied, and never ahead: what the disk of
 * records.db lost in a crash is applied again from the journal, and outcomes that the journal has
 * already are not said again (`known`).
 */
#include "engine/runtime_impl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "conf/json.h"
#include "sys/clock.h"
#include "sys/thread.h"

#define WAIT_NS       (100 * KT_MS)
#define MEND_EVERY    (5 * KT_SEC)
#define LIVE_PATIENCE (5 * KT_SEC) /* while the program ends */
#define JOURNAL_FULL  ((size_t)16 << 20)
/* Below the connections that a listener takes (4096), so that who asks is told and not left
 * outside. */
enum { GROUP = 256, WAITING_MAX = 2000 };

/* ---- engine thread: who waits for which verdict ---- */

bool rt_record_verb(struct kt_str body)
{
    struct kt_json *root = NULL;
    struct kt_err err;
    bool ours = false;
    if (kt_json_parse(body, 0, &root, &err) == KT_OK) {
        ours = kt_room_verb(kt_json_strn(kt_json_get(root, "verb")));
    }
    kt_json_free(root);
    return ours;
}

void rt_record_wait(struct kt_runtime *rt, kt_seq seq, kt_verdict_fn fn, void *arg)
{
    struct rt_record *x = &rt->record;
    if (x->waiting_n == x->waiting_cap) {
        x->waiting_cap = x->waiting_cap ? 2 * x->waiting_cap : 64;
        x->waiting = realloc(x->waiting, x->waiting_cap * sizeof(*x->waiting));
        KT_ASSERT(x->waiting);
    }
    x->waiting[x->waiting_n++] = (struct rt_waiting){seq, fn, arg};
}

bool rt_record_waiter(struct kt_runtime *rt, kt_seq cause, kt_verdict_fn *ret_fn, void **ret_arg)
{
    struct rt_record *x = &rt->record;
    for (size_t i = 0; i < x->waiting_n && x->waiting[i].seq <= cause; i++) {
        if (x->waiting[i].seq == cause) {
            *ret_fn = x->waiting[i].fn;
            *ret_arg = x->waiting[i].arg;
            x->waiting_n--;
            memmove(x->waiting + i, x->waiting + i + 1, (x->waiting_n - i) * sizeof(*x->waiting));
            atomic_fetch_sub(&x->asked, 1);
            return true;
        }
    }
    return false;
}

int rt_record_enter(struct kt_runtime *rt)
{
    struct rt_record *x = &rt->record;
    if (!x->room) {
        return KT_EUNSUPPORTED;
    }
    if (atomic_fetch_add(&x->asked, 1) >= WAITING_MAX) {
        atomic_fetch_sub(&x->asked, 1);
        return KT_EBUSY;
    }
    return KT_OK;
}

void rt_record_leave(struct kt_runtime *rt)
{
    atomic_fetch_sub(&rt->record.asked, 1);
}

/* ---- room thread: out ---- */

static bool stopping(const struct rt_record *x)
{
    return atomic_load(&x->stop);
}

/* The queue or the journal may be full: what has to be said is said later, never lost. */
static void push_outcome(struct kt_runtime *rt, kt_seq cause, struct kt_str json)
{
    for (;;) {
        struct rt_message *m = rt_message_new(IN_OUTCOME, json, "record");
        m->cause = cause;
        int r = kt_journal_pending(rt->journal) > JOURNAL_FULL && !stopping(&rt->record)
                    ? (free(m), KT_EBUSY)
                    : rt_message_push(rt, m, KT_LANE_BULK);
        if (r != KT_EBUSY) {
            return; /* closed: it stays in kt_outcome for the next start */
        }
        kt_sleep(5 * KT_MS);
    }
}

/* The journal has it: what is said is in it in order. */
static bool said(const struct rt_record *x, kt_seq cause, uint32_t k)
{
    return cause < x->known_cause || (cause == x->known_cause && k <= x->known_k);
}

enum { RT_SAID = 4096 };
struct rt_said {
    kt_seq cause;
    uint32_t k;
    struct kt_hash hash;
};

/* ---- of a node that follows: does its room say what the active one's said? ---- */

static struct rt_said *said_at(struct rt_record *x, kt_seq cause, uint32_t k)
{
    return &x->said[(cause * 31 + k) % RT_SAID];
}

static void say_here(struct rt_record *x, kt_seq cause, uint32_t k, struct kt_str json)
{
    if (!x->said) {
        x->said = calloc(RT_SAID, sizeof(*x->said));
        KT_ASSERT(x->said);
    }
    struct rt_said *s = said_at(x, cause, k);
    *s = (struct rt_said){.cause = cause, .k = k};
    kt_hash_of(json.p, json.n, &s->hash);
}

static void hold_against(struct kt_runtime *rt, const struct kt_event *ev, kt_seq cause, uint32_t k)
{
    struct rt_record *x = &rt->record;
    struct rt_said *s = x->said ? said_at(x, cause, k) : NULL;
    struct kt_hash there;
    char text[200];
    if (!s || s->cause != cause || s->k != k || !atomic_load(&rt->follows)) {
        return; /* said before this start, or long ago */
    }
    kt_hash_of(ev->body.p, ev->body.n, &there);
    if (!kt_hash_eq(&there, &s->hash)) {
        snprintf(text, sizeof(text), "event %" PRIu64 ": the records say another thing than %.100s",
                 ev->seq, ev->body.p);
        KT_ERROR("cluster", "this node differs from the active one: %s", text);
        kt_cluster_differs(rt->cluster, text);
    }
    s->cause = 0;
}

static void on_outcome(void *arg, kt_seq cause, uint32_t k, struct kt_str json)
{
    struct kt_runtime *rt = arg;
    if (rt->cluster && atomic_load(&rt->follows)) {
        say_here(&rt->record, cause, k, json);
    }
    if (!atomic_load(&rt->follows) && !said(&rt->record, cause, k)) {
        push_outcome(rt, cause, json);
    }
}

/* One sample of now: it is now that it becomes the value. KT_EBUSY: no room for it yet. */
static int push_live(struct kt_runtime *rt, kt_point_id p, double value)
{
    struct kt_batch *b = kt_batch_get(rt, KT_ROOM_LINK);
    if (!b) {
        return KT_EBUSY;
    }
    b->n = 1;
    b->point[0] = p.v;
    b->value[0] = value;
    b->quality[0] = KT_Q_NORMAL;
    b->arrival = rt->plant_clock ? kt_runtime_now(rt) : kt_clock_now();
    b->time[0] = b->arrival;
    snprintf(b->producer, sizeof(b->producer), "record");
    return kt_runtime_samples(rt, b);
}

/* It goes the way that its outcome goes after it: when the journal has that, it has this. */
static void on_live(void *arg, kt_seq cause, uint32_t k, const char *point, double value)
{
    struct kt_runtime *rt = arg;
    if (atomic_load(&rt->follows) || said(&rt->record, cause, k)) {
        return;
    }
    struct kt_site *site = kt_runtime_site(rt);
    kt_point_id p = kt_site_point(site, kt_str_c(point));
    kt_site_unref(site);
    if (p.v == KT_NONE) {
        KT_WARN("record", "no point %s: the value of its record is not sent", point);
        return;
    }
    kt_mono until = kt_clock_mono() + LIVE_PATIENCE;
    int r = push_live(rt, p, value);
    while (r == KT_EBUSY && (!stopping(&rt->record) || kt_clock_mono() < until)) {
        kt_sleep(5 * KT_MS);
        r = push_live(rt, p, value);
    }
    if (r < 0) {
        KT_WARN("record", "%s: its value is not sent: %s", point, kt_err_text(r));
    }
}

/* ---- room thread: in ---- */

static bool read_outcome(const struct kt_event *ev, kt_seq *cause, uint32_t *k)
{
    struct kt_json *root = NULL;
    struct kt_err err;
    if (!kt_str_is(ev->origin, "record") || kt_json_parse(ev->body, 0, &root, &err) < 0) {
        return false;
    }
    *cause = (kt_seq)kt_json_get_int(root, "cause", 0);
    *k = (uint32_t)kt_json_get_int(root, "k", 0);
    kt_json_free(root);
    return true;
}

static void learn(struct kt_runtime *rt, const struct kt_event *ev)
{
    struct rt_record *x = &rt->record;
    kt_seq cause;
    uint32_t k;
    if (!read_outcome(ev, &cause, &k)) {
        return;
    }
    if (x->said) {
        hold_against(rt, ev, cause, k);
    }
    if (cause > x->known_cause || (cause == x->known_cause && k > x->known_k)) {
        x->known_cause = cause;
        x->known_k = k;
    }
}

/* What of the room's outcomes does the journal have? They stand behind their causes. */
static int read_known(struct kt_runtime *rt, struct kt_err *err)
{
    struct rt_record *x = &rt->record;
    struct kt_journal_reader *reader;
    struct kt_event ev;
    kt_seq from = 0;
    int r = kt_room_oldest(x->room, &from, err);
    if (r < 0) {
        return r;
    }
    kt_seq first = kt_journal_first(rt->journal);
    from = from < first ? first : from;
    if (from > kt_journal_durable(rt->journal)) {
        return KT_OK;
    }
    r = kt_journal_read(rt->journal, NULL, from, &reader, err);
    if (r < 0) {
        return r;
    }
    while ((r = kt_journal_next_of(reader, 1u << KT_EV_OUTCOME, &ev, err)) > 0) {
        learn(rt, &ev);
    }
    kt_journal_reader_free(reader);
    return r;
}

/* The site that an event names is in force from here on. */
static void take_site(struct kt_runtime *rt, const struct kt_event *ev)
{
    struct rt_record *x = &rt->record;
    struct rt_record_site next = {0};
    struct kt_json *root = NULL;
    struct kt_err err = {0};
    char hex[65];
    if (kt_json_parse(ev->body, 0, &root, &err) < 0) {
        return;
    }
    const char *hash = kt_json_get_str(root, "hash", "");
    pthread_mutex_lock(&x->lock);
    if (x->next.site && strcmp(hash, kt_hash_hex(&x->next.site->hash, hex)) == 0) {
        next = x->next;
        x->next = (struct rt_record_site){0};
    }
    pthread_mutex_unlock(&x->lock);
    kt_json_free(root);
    if (next.site && kt_room_model(x->room, next.site, next.model, &err) < 0) {
        KT_ERROR("record", "the registers of the new site are not in force: %s", err.text);
    }
    kt_site_unref(next.site);
    kt_record_model_unref(next.model);
}

static int take_event(struct kt_runtime *rt, const struct kt_event *ev, struct kt_err *err)
{
    struct rt_record *x = &rt->record;
    if (ev->kind == KT_EV_OUTCOME) {
        learn(rt, ev);
        return KT_OK;
    }
    if (ev->kind == KT_EV_SITE) {
        take_site(rt, ev);
    }
    return kt_room_apply(x->room, ev, err);
}

/* All that is durable, in groups; KT_OK: the journal has no more for now. */
static int follow(struct kt_runtime *rt, struct kt_err *err)
{
    static const uint32_t kinds =
        1u << KT_EV_REQUEST | 1u << KT_EV_TICK | 1u << KT_EV_SITE | 1u << KT_EV_OUTCOME;
    struct rt_record *x = &rt->record;
    struct kt_event ev;
    int r = 1;
    while (r > 0) {
        kt_seq asked = 0;
        int n = 0;
        kt_journal_reader_until(x->reader, rt_durable(rt));
        while (n < GROUP && (r = kt_journal_next_of(x->reader, kinds, &ev, err)) > 0) {
            r = take_event(rt, &ev, err);
            if (r < 0) {
                return r;
            }
            x->seq = ev.seq;
            asked = ev.kind == KT_EV_REQUEST ? ev.seq : asked;
            n++;
            r = 1;
        }
        if (r < 0) {
            return r;
        }
        if (asked && x->known_cause > 1) { /* with what is written anyway */
            int s = kt_room_settled(x->room, x->known_cause - 1, err);
            if (s < 0) {
                return s;
            }
        }
        int c = kt_room_commit(x->room, err);
        if (c < 0) {
            return c;
        }
    }
    return KT_OK;
}

static int open_reader(struct kt_runtime *rt, struct kt_err *err)
{
    struct rt_record *x = &rt->record;
    kt_seq from = kt_room_seq(x->room) + 1, first = kt_journal_first(rt->journal);
    x->seq = from - 1;
    return kt_journal_read(rt->journal, NULL, from < first ? first : from, &x->reader, err);
}

static int begin(struct kt_runtime *rt, struct kt_err *err)
{
    struct rt_record *x = &rt->record;
    int r = read_known(rt, err);
    r = r == KT_OK ? kt_room_unsettled(x->room, err) : r;
    return r == KT_OK ? open_reader(rt, err) : r;
}

/* Back to what is on disk, and on from there. */
static void mend(struct kt_runtime *rt, const struct kt_err *why)
{
    struct rt_record *x = &rt->record;
    struct kt_err err = {0};
    KT_ERROR("record", "records stand still: %s", why->text);
    kt_mono until = kt_clock_mono() + MEND_EVERY;
    while (!stopping(x) && kt_clock_mono() < until) {
        kt_sleep(WAIT_NS);
    }
    kt_journal_reader_free(x->reader);
    x->reader = NULL;
    if (!stopping(x) && (kt_room_mend(x->room, &err) < 0 || begin(rt, &err) < 0)) {
        KT_ERROR("record", "%s", err.text);
    }
}

static void *run(void *arg)
{
    struct kt_runtime *rt = arg;
    struct rt_record *x = &rt->record;
    struct kt_err err = {0};
    kt_thread_nice(5);
    int r = begin(rt, &err);
    for (;;) {
        bool last = stopping(x);
        kt_seq seen = rt_durable(rt); /* follow() gets at least that far */
        if (atomic_exchange(&x->again, false) && r == KT_OK) {
            kt_journal_reader_free(x->reader);
            x->reader = NULL;
            r = begin(rt, &err);
        }
        r = r == KT_OK && x->reader ? follow(rt, &err) : r;
        if (last) {
            break;
        }
        if (r < 0) {
            mend(rt, &err);
            r = x->reader ? KT_OK : kt_err_set(&err, KT_EIO, "records.db cannot be read");
        } else if (kt_journal_wait_news(rt->journal, seen, WAIT_NS) == KT_EIO) {
            kt_sleep(WAIT_NS); /* the journal has failed: nothing more comes */
        } else if (rt->cluster && kt_cluster_wait(rt->cluster, seen, WAIT_NS) < 0) {
            continue; /* on our disk, not in the common order yet */
        }
    }
    return NULL;
}

/* ---- history for indicators ---- */

/* The value by the hours for which it is known, in steps: a step without a sample counts nothing.
 * What is stored thinned out has a value every ten minutes. */
enum { HOURS_STEPS = 744 };
#define HOURS_STEP (15 * KT_MIN)

static int history_hours(struct kt_runtime *rt, const char *point, kt_time from, kt_time to,
                         double *ret, struct kt_err *err)
{
    int64_t fit = (to - from) / HOURS_STEP;
    uint32_t n = fit < 1 ? 1 : fit > HOURS_STEPS ? HOURS_STEPS : (uint32_t)fit;
    struct kt_bucket *b = calloc(n, sizeof(*b));
    KT_ASSERT(b);
    bool known = false;
    double sum = 0;
    int r = kt_runtime_figures(rt, point, from, to, n, b, err);
    for (uint32_t i = 0; r == KT_OK && i < n; i++) {
        kt_time end = i + 1 < n ? b[i + 1].start : to;
        if (b[i].count) {
            known = true;
            sum += b[i].sum / (double)b[i].count * (double)(end - b[i].start) / (double)KT_HOUR;
        }
    }
    free(b);
    *ret = sum;
    return r == KT_OK && !known ? KT_ENOTFOUND : r;
}

static int history(void *arg, const char *point, kt_time from, kt_time to, enum kt_hist what,
                   double *ret, struct kt_err *err)
{
    struct kt_runtime *rt = arg;
    struct kt_bucket b;
    if (to <= from) {
        return kt_err_set(err, KT_EINVAL, "the time ends before it begins");
    }
    if (what == KT_HIST_HOURS) {
        return history_hours(rt, point, from, to, ret, err);
    }
    int r = kt_runtime_figures(rt, point, from, to, 1, &b, err);
    if (r < 0 || (b.count == 0 && what != KT_HIST_COUNT)) {
        return r < 0 ? r : KT_ENOTFOUND;
    }
    const double all[] = {(double)b.count, b.min, b.max, b.sum,
                          b.count ? b.sum / (double)b.count : 0};
    *ret = all[what];
    return KT_OK;
}

/* ---- life ---- */

int rt_record_open(struct kt_runtime *rt, struct kt_record_model *model, struct kt_err *err)
{
    struct rt_record *x = &rt->record;
    pthread_mutex_init(&x->lock, NULL);
    x->opened = true;
    if (!model) {
        return KT_OK;
    }
    struct kt_room_opts o = {.dir = rt->data_dir,
                             .site = rt->site,
                             .model = model,
                             .outcome = on_outcome,
                             .live = on_live,
                             .arg = rt};
    int r = kt_room_open(&o, &x->room, err);
    if (r == KT_OK) {
        kt_room_on_history(x->room, history, rt);
    }
    return r;
}

int rt_record_start(struct kt_runtime *rt, struct kt_err *err)
{
    struct rt_record *x = &rt->record;
    if (!x->room) {
        return KT_OK;
    }
    int r = kt_thread_start(&x->thread, "record", run, rt, err);
    x->runs = r == KT_OK;
    return r;
}

void rt_record_stop(struct kt_runtime *rt)
{
    struct rt_record *x = &rt->record;
    atomic_store(&x->stop, true);
    if (x->runs) {
        pthread_join(x->thread, NULL);
        x->runs = false;
    }
    kt_journal_reader_free(x->reader);
    x->reader = NULL;
}

void rt_record_done(struct kt_runtime *rt)
{
    struct rt_record *x = &rt->record;
    if (!x->opened) {
        return;
    }
    for (size_t i = 0; i < x->waiting_n;
         i++) { /* it is durable and will be judged at the next start */
        x->waiting[i].fn(x->waiting[i].arg, KT_ECLOSED, (struct kt_str){"", 0});
    }
    free(x->waiting);
    free(x->said);
    kt_room_close(x->room);
    kt_site_unref(x->next.site);
    kt_record_model_unref(x->next.model);
    pthread_mutex_destroy(&x->lock);
}

struct kt_room *kt_runtime_room(struct kt_runtime *rt)
{
    return rt->record.room;
}

void kt_runtime_registers(struct kt_runtime *rt, struct kt_site *site,
                          struct kt_record_model *model)
{
    struct rt_record *x = &rt->record;
    struct rt_record_site next = {kt_site_ref(site), kt_record_model_ref(model)};
    pthread_mutex_lock(&x->lock);
    struct rt_record_site old = x->next;
    x->next = next;
    pthread_mutex_unlock(&x->lock);
    kt_site_unref(old.site);
    kt_record_model_unref(old.model);
}
