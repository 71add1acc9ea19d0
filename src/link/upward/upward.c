/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mine's side. Messages are cut from the journal, kept by their place, published, and let go
 * when the county says that it has them; what is not said in time, or is asked again, is cut and
 * published again from the last place that was.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/log.h"
#include "link/upward/orders.h"
#include "link/upward/private.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/thread.h"

#define SAY_EVERY   KT_SEC
#define LIVE_EVERY  KT_SEC
#define BEHIND      (3 * KT_SEC)  /* from then on present values go ahead */
#define STALLED     (15 * KT_SEC) /* nothing was confirmed for so long: again */
#define AGAIN_EVERY (2 * KT_SEC)
enum { IDLE_MS = 200, PLACE_MAX = 4096, KEPT_MAX = 1 << 20 };

struct kt_upward {
    struct kt_runtime *rt;
    struct kt_site *site; /* a reference */
    const struct kt_link_conf *conf;
    char kept[240], stream[200], subject[200], now[200];
    pthread_t thread;
    bool runs;
    atomic_bool stop;
    struct upward_nats *nats;
    struct upward_collect *collect;
    struct upward_sent sent;
    struct kt_buf body, out, heard;
    kt_mono said, lived, moved, returned, last_heard;
    uint64_t live_n;
    kt_time reached; /* time of the last event that was cut into a message */
    bool dirty;      /* sent is to be kept */
    bool loaded;     /* sent is what was kept */

    pthread_mutex_t lock;
    pthread_cond_t ordered;
    enum { ORDER_NONE, ORDER_WAITS, ORDER_SAFE } order; /* lock */
    char order_no[200];
    struct kt_link_state state;
    uint64_t bytes, bytes_was;
    kt_mono bytes_at;
    double rate;
};

static void name_all(struct kt_upward *u)
{
    upward_stream(u->conf->node, u->sent.confirmed.gen, u->stream, u->subject);
}

static void go_back(struct kt_upward *u)
{
    upward_sent_return(&u->sent);
    upward_collect_from(u->collect, u->sent.confirmed.pos);
    u->moved = u->returned = kt_clock_mono();
    u->dirty = true;
}

/* A stream that nobody has seen before, from this event on. Its chain goes on from `after`, the
 * last that the county is known to have: it takes the first message of no other. */
static void new_gen(struct kt_upward *u, kt_seq pos, const struct kt_hash *after, const char *why)
{
    struct upward_place p = {.pos = pos};
    if (after) {
        p.chain = *after;
    }
    kt_token(9, p.gen);
    for (char *c = p.gen; *c; c++) {
        *c = *c == '-' ? '_' : *c;
    }
    KT_INFO("upward", "%s: a new stream %s behind event %" PRIu64 ": %s", u->conf->id, p.gen, pos,
            why);
    u->sent = (struct upward_sent){.confirmed = p};
    name_all(u);
    go_back(u);
}

static int keep(struct kt_upward *u, struct kt_err *err)
{
    struct kt_buf b;
    kt_buf_init(&b, KEPT_MAX);
    upward_sent_put(&b, &u->sent);
    int r = kt_runtime_keep(u->rt, u->kept, (struct kt_str){b.p, b.n}, err);
    kt_buf_done(&b);
    u->dirty = u->dirty && r < 0;
    return r;
}

/* ---- what the county says ---- */

/* Where a new stream may begin for a county that stands there: this journal may be a restored,
 * older one. */
static kt_seq begin_at(const struct kt_upward *u, const struct upward_place *p)
{
    kt_seq durable = kt_journal_durable(kt_runtime_journal(u->rt));
    return p->pos < durable ? p->pos : durable;
}

/* This stream begins where the county stands, and nothing of it was confirmed yet. */
static bool begun_behind(const struct kt_upward *u, const struct upward_place *p)
{
    return u->sent.confirmed.n == 0 && kt_hash_eq(&u->sent.confirmed.chain, &p->chain);
}

static void take_place(struct kt_upward *u, const struct upward_place *p, bool again)
{
    enum upward_said said = upward_sent_said(&u->sent, p);
    kt_mono now = kt_clock_mono();
    u->last_heard = now;
    if (said == UPWARD_FORWARD || said == UPWARD_OTHER) {
        u->moved = now;
        u->dirty = true;
    }
    if (said == UPWARD_OTHER) {
        upward_collect_from(u->collect, u->sent.confirmed.pos);
    } else if (said == UPWARD_UNKNOWN) {
        new_gen(u, begin_at(u, p), &p->chain, "the county stands at a place that was never sent");
    } else if (said == UPWARD_FOREIGN && !begun_behind(u, p)) {
        new_gen(u, begin_at(u, p), &p->chain, "the county stands in another stream");
    } else if (again && now - u->returned > AGAIN_EVERY && u->sent.cur_n) {
        go_back(u);
    }
}

/* On the journal's or the engine's thread: the record is safe, or was refused for good. */
static void on_order(void *arg, int result, struct kt_str verdict)
{
    struct kt_upward *u = arg;
    bool good = result == KT_OK && memmem(verdict.p, verdict.n, "\"ok\":true", 9);
    pthread_mutex_lock(&u->lock);
    u->order = good ? ORDER_SAFE : ORDER_NONE;
    pthread_cond_signal(&u->ordered);
    pthread_mutex_unlock(&u->lock);
}

/* What the county asks becomes a case here; said back once it is safe. One at a time, the others
 * come again. */
static void take_order(struct kt_upward *u, struct kt_str text)
{
    pthread_mutex_lock(&u->lock);
    bool free_hand = u->order == ORDER_NONE;
    u->order = free_hand ? ORDER_WAITS : u->order;
    pthread_mutex_unlock(&u->lock);
    if (free_hand && upward_order_take(u->rt, u->conf->id, text, u->order_no, on_order, u) < 0) {
        pthread_mutex_lock(&u->lock);
        u->order = ORDER_NONE;
        pthread_mutex_unlock(&u->lock);
    }
}

static void say_order(struct kt_upward *u)
{
    struct kt_buf b;
    struct kt_err err;
    pthread_mutex_lock(&u->lock);
    bool safe = u->order == ORDER_SAFE;
    u->order = safe ? ORDER_NONE : u->order;
    pthread_mutex_unlock(&u->lock);
    if (!safe) {
        return;
    }
    kt_buf_init(&b, PLACE_MAX);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "got", u->order_no);
    kt_jw_obj_end(&w);
    if (upward_nats_say(u->nats, u->now, (struct kt_str){b.p, b.n}, &err) < 0) {
        KT_DEBUG("upward", "%s: %s", u->conf->id, err.text); /* it comes again */
    }
    kt_buf_done(&b);
}

static void hear(struct kt_upward *u, int64_t ms)
{
    struct upward_place p;
    struct kt_err err;
    bool again;
    while (upward_nats_hear(u->nats, ms, &u->heard)) {
        struct kt_str text = {u->heard.p, u->heard.n};
        if (upward_get_place(text, &p, &again, &err) == KT_OK) {
            take_place(u, &p, again);
        } else {
            take_order(u, text);
        }
        ms = 0;
    }
}

/* ---- what goes out ---- */

static void count(struct kt_upward *u, size_t bytes, uint64_t samples, bool record)
{
    pthread_mutex_lock(&u->lock);
    u->bytes += bytes;
    u->state.samples += samples;
    u->state.writes += record;
    pthread_mutex_unlock(&u->lock);
}

/* The stream of this generation, made once; one that is gone is not made again. */
static int need_stream(struct kt_upward *u, struct kt_err *err)
{
    if (u->sent.made) {
        return KT_OK;
    }
    int r = upward_nats_make(u->nats, u->stream, u->subject, err);
    if (r == KT_OK) {
        u->sent.made = true;
        r = keep(u, err);
    }
    return r;
}

static void publish_failed(struct kt_upward *u, int r, const struct kt_err *err)
{
    pthread_mutex_lock(&u->lock);
    u->state.errors++;
    pthread_mutex_unlock(&u->lock);
    if (r == KT_ENOTFOUND) {
        struct kt_err why;
        r = upward_nats_stream(u->nats, u->stream, &why);
        if (r == KT_ENOTFOUND) {
            struct upward_place c = u->sent.confirmed;
            new_gen(u, c.pos, &c.chain, "the leaf node has lost the stream");
            return;
        }
    }
    KT_DEBUG("upward", "%s: %s", u->conf->id, err->text);
    go_back(u);
}

/* One message of the record lane; false: nothing more now. */
static bool publish(struct kt_upward *u)
{
    const struct upward_place *last = upward_sent_last(&u->sent);
    struct upward_msg m = {.lane = UPWARD_RECORD,
                           .at = {.n = last->n + 1},
                           .prev_pos = last->pos,
                           .prev = last->chain};
    struct kt_err err = {0};
    uint64_t samples = 0;
    if (u->sent.cur_n == UPWARD_WINDOW || need_stream(u, &err) < 0) {
        return false;
    }
    kt_buf_clear(&u->body);
    int r = upward_collect_next(u->collect, &u->body, &m.at.pos, &u->reached, &samples, &err);
    if (r < 0) {
        KT_ERROR("upward", "%s: %s", u->conf->id, err.text);
        go_back(u);
        return false;
    }
    if (u->body.n == 0) {
        return false;
    }
    memcpy(m.at.gen, u->sent.confirmed.gen, sizeof(m.at.gen));
    m.time = u->reached;
    m.body = (struct kt_str){u->body.p, u->body.n};
    kt_buf_clear(&u->out);
    upward_put(&u->out, &m);
    if (u->sent.cur_n == 0) {
        u->moved = kt_clock_mono();
    }
    u->sent.cur[u->sent.cur_n++] = m.at;
    r = keep(u, &err); /* before anybody can have it */
    r = r == KT_OK
            ? upward_nats_publish(u->nats, u->subject, (struct kt_str){u->out.p, u->out.n}, &err)
            : r;
    if (r < 0) {
        publish_failed(u, r, &err);
        return false;
    }
    count(u, u->out.n, samples, true);
    return true;
}

static bool is_behind(const struct kt_upward *u)
{
    return u->reached == 0 || kt_runtime_now(u->rt) - u->reached > BEHIND ||
           u->sent.cur_n == UPWARD_WINDOW;
}

/* Present values ahead of the record. */
static void live(struct kt_upward *u)
{
    struct upward_msg m = {.lane = UPWARD_LIVE, .time = kt_clock_now()};
    uint64_t ms = (uint64_t)(m.time / KT_MS); /* rises through restarts, too */
    struct kt_err err;
    m.at.n = u->live_n = ms > u->live_n ? ms : u->live_n + 1;
    kt_buf_clear(&u->body);
    upward_collect_live(u->collect, &u->body);
    if (u->body.n == 0) {
        return;
    }
    memcpy(m.at.gen, u->sent.confirmed.gen, sizeof(m.at.gen));
    m.body = (struct kt_str){u->body.p, u->body.n};
    kt_buf_clear(&u->out);
    upward_put(&u->out, &m);
    if (upward_nats_say(u->nats, u->now, (struct kt_str){u->out.p, u->out.n}, &err) == KT_OK) {
        count(u, u->out.n, 0, false);
    }
}

static void say(struct kt_upward *u)
{
    struct kt_buf b;
    struct kt_err err;
    kt_buf_init(&b, PLACE_MAX);
    upward_put_place(&b, upward_sent_last(&u->sent), false);
    if (upward_nats_say(u->nats, u->now, (struct kt_str){b.p, b.n}, &err) == KT_OK) {
        count(u, b.n, 0, false);
    }
    kt_buf_done(&b);
}

/* ---- state ---- */

static void report(struct kt_upward *u, bool up)
{
    if (kt_runtime_link_up(u->rt, u->conf->id, up, up ? "" : "the county does not answer") ==
        KT_OK) {
        pthread_mutex_lock(&u->lock);
        u->state.up = up;
        u->state.since = kt_clock_now();
        pthread_mutex_unlock(&u->lock);
    }
}

static void look(struct kt_upward *u, bool first)
{
    kt_mono now = kt_clock_mono();
    bool up = u->last_heard && now - u->last_heard < u->conf->silent_ns;
    int64_t behind = u->reached ? (kt_runtime_now(u->rt) - u->reached) / KT_SEC : 0;
    pthread_mutex_lock(&u->lock);
    if (now - u->bytes_at >= 5 * KT_SEC) {
        u->rate = (double)(u->bytes - u->bytes_was) * 1e9 / (double)(now - u->bytes_at);
        u->bytes_was = u->bytes;
        u->bytes_at = now;
    }
    u->state.last_data = u->reached;
    snprintf(u->state.text, sizeof(u->state.text),
             "%.1f kB/s, %lld s behind, %u messages not confirmed, stream %s", u->rate / 1000,
             (long long)(behind > 0 ? behind : 0), u->sent.cur_n, u->sent.confirmed.gen);
    pthread_mutex_unlock(&u->lock);
    if (up != u->state.up || (first && !up)) {
        report(u, up);
    }
}

/* ---- the thread ---- */

static int read_kept(struct kt_upward *u, struct kt_err *err)
{
    struct kt_buf b;
    kt_buf_init(&b, KEPT_MAX);
    int r = kt_runtime_kept(u->rt, u->kept, &b, err);
    r = r == KT_OK ? upward_sent_get((struct kt_str){b.p, b.n}, &u->sent, err) : r;
    kt_buf_done(&b);
    return r;
}

static int load(struct kt_upward *u, struct kt_err *err)
{
    int r = read_kept(u, err);
    u->loaded = r == KT_OK || r == KT_ENOTFOUND;
    if (r == KT_ENOTFOUND) {
        new_gen(u, 0, NULL, "the first");
        return KT_OK;
    }
    if (r == KT_OK && u->sent.confirmed.pos > kt_journal_durable(kt_runtime_journal(u->rt))) {
        new_gen(u, 0, NULL, "the journal began anew");
    } else if (r == KT_OK) {
        name_all(u);
        go_back(u);
    }
    return r;
}

static void step(struct kt_upward *u)
{
    struct kt_err err;
    kt_mono now = kt_clock_mono();
    bool up = upward_nats_up(u->nats);
    if (!kt_runtime_acts(u->rt) || (!u->loaded && load(u, &err) < 0)) {
        kt_sleep(IDLE_MS * KT_MS); /* cut off from etcd: where the stream stands is not known */
        return;
    }
    if (up && now - u->said >= SAY_EVERY) {
        say(u);
        u->said = now;
    }
    if (up && is_behind(u) && now - u->lived >= LIVE_EVERY) {
        live(u);
        u->lived = now;
    }
    bool more = up && publish(u);
    hear(u, more ? 0 : IDLE_MS);
    say_order(u);
    if (u->sent.cur_n && kt_clock_mono() - u->moved > STALLED) {
        go_back(u);
    }
    if (u->dirty && keep(u, &err) < 0) {
        KT_WARN("upward", "%s: %s", u->conf->id, err.text);
    }
}

static void *run(void *arg)
{
    struct kt_upward *u = arg;
    bool first = true;
    kt_thread_nice(10);
    u->bytes_at = kt_clock_mono();
    while (!atomic_load(&u->stop)) {
        step(u);
        look(u, first);
        first = false;
    }
    return NULL;
}

int kt_upward_start(struct kt_runtime *rt, struct kt_site *site, uint32_t link,
                    struct kt_upward **ret, struct kt_err *err)
{
    struct kt_upward *u = calloc(1, sizeof(*u));
    KT_ASSERT(u);
    char dir[700], have[200];
    u->rt = rt;
    u->site = kt_site_ref(site);
    u->conf = &site->links[link];
    pthread_mutex_init(&u->lock, NULL);
    pthread_cond_init(&u->ordered, NULL);
    kt_buf_init(&u->body, UPWARD_MAX);
    kt_buf_init(&u->out, UPWARD_MAX);
    kt_buf_init(&u->heard, 64 << 10);
    u->collect = upward_collect_new(rt, site, u->conf);
    snprintf(dir, sizeof(dir), "%.400s/data/upward", site->dir);
    snprintf(u->kept, sizeof(u->kept), "upward/%.200s", u->conf->id);
    snprintf(u->now, sizeof(u->now), "kuangtu.now.%.100s", u->conf->node);
    snprintf(have, sizeof(have), "kuangtu.to.%.100s", u->conf->node);
    int r = kt_dir_make(dir, err);
    r = r == KT_OK ? load(u, err) : r;
    r = r == KT_EIO && kt_runtime_cluster(rt) ? KT_OK : r; /* later */
    r = r == KT_OK ? upward_connect(site, u->conf, "", &u->nats, err) : r;
    r = r == KT_OK ? upward_nats_listen(u->nats, have, err) : r;
    r = r == KT_OK ? kt_thread_start(&u->thread, "upward", run, u, err) : r;
    u->runs = r == KT_OK;
    if (r < 0) {
        kt_upward_stop(u);
        return r;
    }
    *ret = u;
    return KT_OK;
}

void kt_upward_stop(struct kt_upward *u)
{
    if (!u) {
        return;
    }
    atomic_store(&u->stop, true);
    if (u->runs) {
        pthread_join(u->thread, NULL);
    }
    pthread_mutex_lock(&u->lock);
    while (u->order == ORDER_WAITS) { /* whoever has our address answers */
        pthread_cond_wait(&u->ordered, &u->lock);
    }
    pthread_mutex_unlock(&u->lock);
    upward_nats_close(u->nats);
    upward_collect_free(u->collect);
    kt_buf_done(&u->body);
    kt_buf_done(&u->out);
    kt_buf_done(&u->heard);
    pthread_mutex_destroy(&u->lock);
    pthread_cond_destroy(&u->ordered);
    kt_site_unref(u->site);
    free(u);
}

void kt_upward_state(struct kt_upward *u, struct kt_link_state *ret)
{
    pthread_mutex_lock(&u->lock);
    *ret = u->state;
    pthread_mutex_unlock(&u->lock);
}
