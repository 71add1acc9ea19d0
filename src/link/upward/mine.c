/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The county's side: one link a mine. What comes is proved to follow what is here, becomes inputs
 * of this node's journal (samples of the points that name this link; alarms and records into the
 * register mine_event), and only when these are durable the place is kept and said back. What is
 * durable and was not kept so any more (held.h) is not written again when it comes again.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/log.h"
#include "base/map.h"
#include "conf/json.h"
#include "link/upward/held.h"
#include "link/upward/orders.h"
#include "link/upward/private.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/thread.h"

#define SAY_EVERY   KT_SEC
#define ORDER_EVERY (3 * KT_SEC)
#define SAFE_WAIT   (60 * KT_SEC)
enum { FETCH = 16, FETCH_MS = 200, HEAR_MAX = UPWARD_MAX, RETRY_MS = 20 };

struct kt_mine {
    struct kt_runtime *rt;
    struct kt_site *site; /* a reference */
    const struct kt_link_conf *conf;
    struct kt_shards *shards; /* NULL: every mine is here */
    uint32_t shard;
    bool acts;             /* this mine is worked on here, as of this step */
    struct kt_map *points; /* the mine's id -> point here */
    pthread_t thread;
    bool runs;
    atomic_bool stop;
    struct upward_nats *nats;
    struct upward_section section;
    struct kt_buf heard;
    struct upward_place have;
    struct upward_held *held; /* behind `have`, from before; NULL: nothing */
    char gen[UPWARD_GEN];     /* that the mine says it sends */
    char kept[240];           /* where `have` lies */
    bool consuming, changed, again, loaded;
    uint64_t live_n;
    kt_mono said, last_heard, ordered;
    struct kt_map *got; /* orders that the mine has */

    pthread_mutex_t lock;
    pthread_cond_t work;
    uint32_t pending; /* inputs that are not durable yet */
    bool failed;      /* one of them will not be */
    struct kt_link_state state;
    uint64_t doubles, gaps, refused, bytes, bytes_was;
    kt_mono bytes_at;
    double rate;
    kt_time newest; /* of the record lane */
};

/* ---- where we are ---- */

static int save(struct kt_mine *m, struct kt_err *err)
{
    struct kt_buf b;
    struct upward_stand stand;
    kt_buf_init(&b, 1 << 16);
    upward_stand_now(m->rt, &stand);
    upward_stand_put(&b, &m->have, &stand);
    struct kt_str text = {b.p, b.n};
    int r = m->shards ? kt_shards_keep(m->shards, m->shard, text, err)
                      : kt_runtime_keep(m->rt, m->kept, text, err);
    kt_buf_done(&b);
    return r;
}

/* What this journal holds behind the place that was kept. */
static int load_held(struct kt_mine *m, struct kt_str kept, struct kt_err *err)
{
    struct upward_stand stand;
    upward_stand_get(kept, &stand);
    upward_held_free(m->held);
    m->held = NULL;
    if (!upward_stand_here(m->rt, m->site, &stand)) {
        return KT_OK; /* kept over another journal, or by an earlier version */
    }
    int r = upward_held_read(m->rt, m->site, m->conf->id, stand.seq, &m->held, err);
    if (r == KT_OK && upward_held_left(m->held)) {
        m->again = true; /* NATS may have been told already that they are here */
        KT_INFO("upward", "%s: %zu inputs stand in the journal behind the place that was kept",
                m->conf->id, upward_held_left(m->held));
    }
    return r;
}

static int load(struct kt_mine *m, struct kt_err *err)
{
    struct kt_buf b;
    bool again;
    kt_buf_init(&b, 1 << 16);
    int r = m->shards ? kt_shards_place(m->shards, m->shard, &b, err)
                      : kt_runtime_kept(m->rt, m->kept, &b, err);
    if (r == KT_ENOTFOUND) {
        m->have = (struct upward_place){.n = 0};
        r = save(m, err); /* before anything is taken, so that what is behind it is known */
    } else if (r == KT_OK) {
        r = upward_get_place((struct kt_str){b.p, b.n}, &m->have, &again, err);
        r = r == KT_OK ? load_held(m, (struct kt_str){b.p, b.n}, err) : r;
    }
    kt_buf_done(&b);
    m->loaded = r == KT_OK;
    return r;
}

static void say_place(struct kt_mine *m)
{
    char subject[200];
    struct kt_buf b;
    struct kt_err err;
    kt_buf_init(&b, 1 << 16);
    upward_put_place(&b, &m->have, m->again);
    snprintf(subject, sizeof(subject), "kuangtu.to.%.100s", m->conf->node);
    if (upward_nats_say(m->nats, subject, (struct kt_str){b.p, b.n}, &err) == KT_OK) {
        m->said = kt_clock_mono();
        m->again = false;
    }
    kt_buf_done(&b);
}

static void say_order(void *arg, struct kt_str json)
{
    struct kt_mine *m = arg;
    char subject[200];
    struct kt_err err;
    snprintf(subject, sizeof(subject), "kuangtu.to.%.100s", m->conf->node);
    if (upward_nats_say(m->nats, subject, json, &err) < 0) {
        KT_DEBUG("upward", "%s: %s", m->conf->id, err.text);
    }
}

/* ---- inputs, and waiting for them ---- */

static void enter(struct kt_mine *m)
{
    pthread_mutex_lock(&m->lock);
    m->pending++;
    pthread_mutex_unlock(&m->lock);
}

static void leave(struct kt_mine *m, bool good)
{
    pthread_mutex_lock(&m->lock);
    m->pending--;
    m->failed = m->failed || !good;
    pthread_cond_signal(&m->work);
    pthread_mutex_unlock(&m->lock);
}

static void on_safe(void *arg, int result, kt_seq seq)
{
    (void)seq;
    leave(arg, result == KT_OK);
}

/* A verdict that refuses is an answer, too: the record room says why in the journal. */
static void on_verdict(void *arg, int result, struct kt_str json)
{
    struct kt_mine *m = arg;
    if (result == KT_OK && memmem(json.p, json.n, "\"ok\":false", 10)) {
        pthread_mutex_lock(&m->lock);
        m->refused++;
        pthread_mutex_unlock(&m->lock);
    }
    leave(m, result == KT_OK);
}

static bool wait_safe(struct kt_mine *m)
{
    kt_mono until = kt_clock_mono() + SAFE_WAIT;
    struct timespec ts = {.tv_sec = (time_t)(until / KT_SEC), .tv_nsec = (long)(until % KT_SEC)};
    pthread_mutex_lock(&m->lock);
    while (m->pending) { /* whoever was given our address answers, at the latest at the stop */
        pthread_cond_timedwait(&m->work, &m->lock, &ts);
        if (m->pending && kt_clock_mono() >= until) {
            until = kt_clock_mono() + SAFE_WAIT;
            ts.tv_sec = (time_t)(until / KT_SEC);
        }
    }
    bool good = !m->failed;
    m->failed = false;
    pthread_mutex_unlock(&m->lock);
    return good;
}

/* The samples of a section whose points are here, as one batch. KT_EBUSY: again later. */
static int give_samples(struct kt_mine *m, const struct upward_section *s, bool record)
{
    struct kt_batch *b = kt_batch_get(m->rt, KT_ROOM_LINK);
    if (!b) {
        return KT_EBUSY;
    }
    b->n = 0;
    for (uint32_t i = 0; i < s->columns.n; i++) {
        uint64_t at;
        if (!kt_map_get(m->points, kt_str_c(s->names[s->columns.point[i]]), &at)) {
            continue;
        }
        b->point[b->n] = (uint32_t)at;
        b->time[b->n] = s->columns.time[i];
        b->value[b->n] = s->columns.value[i];
        b->quality[b->n++] = s->columns.quality[i];
    }
    if (b->n == 0) {
        kt_batch_put(m->rt, b);
        return KT_OK;
    }
    b->arrival = kt_clock_now();
    b->lane = KT_LANE_BULK;
    snprintf(b->producer, sizeof(b->producer), "%.58s%s", m->conf->id, record ? "" : "/now");
    b->done = on_safe;
    b->arg = m;
    uint32_t n = b->n;
    enter(m);
    int r = kt_runtime_samples(m->rt, b);
    if (r < 0) {
        leave(m, true);
    } else {
        pthread_mutex_lock(&m->lock);
        m->state.samples += n;
        pthread_mutex_unlock(&m->lock);
    }
    return r;
}

static void key_of(const struct kt_mine *m, const struct upward_section *s, char key[200])
{
    snprintf(key, 200, "%.63s/%" PRIu64 "/%" PRId64, m->conf->node, s->seq, s->time);
}

/* What of a section stands in the journal already is let go; false: nothing is left of it. */
static bool let_go(struct kt_mine *m, struct upward_section *s)
{
    char key[200];
    struct kt_columns *c = &s->columns;
    uint32_t n = 0;
    uint64_t at;
    if (!s->samples) {
        key_of(m, s, key);
        return !upward_held_request(m->held, key);
    }
    for (uint32_t i = 0; i < c->n; i++) {
        if (kt_map_get(m->points, kt_str_c(s->names[c->point[i]]), &at) &&
            upward_held_sample(m->held, (uint32_t)at, c->time[i], c->value[i], c->quality[i])) {
            continue;
        }
        c->point[n] = c->point[i];
        c->time[n] = c->time[i];
        c->value[n] = c->value[i];
        c->quality[n++] = c->quality[i];
    }
    c->n = n;
    return n > 0;
}

/* An alarm or a record's change at the mine becomes a row of the register mine_event. */
static int give_outcome(struct kt_mine *m, const struct upward_section *s)
{
    struct kt_buf b;
    struct kt_err err;
    char key[200];
    KT_CLEANUP(kt_json_freep) struct kt_json *j = NULL;
    if (kt_json_parse(s->json, 1 << 20, &j, &err) < 0) {
        return KT_OK; /* proved to be as it was sent: never readable */
    }
    key_of(m, s, key);
    kt_buf_init(&b, 2 << 20);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "verb", "record.create");
    kt_jw_key(&w, "args");
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "register", "mine_event");
    kt_jw_key(&w, "fields");
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "no", key);
    kt_jw_kstr(&w, "mine", m->conf->node);
    kt_jw_kint(&w, "seq", (int64_t)s->seq);
    kt_jw_kint(&w, "at", s->time / KT_MS);
    kt_jw_kstr(&w, "type", kt_json_get_str(j, "type", ""));
    kt_jw_kstr(&w, "subject", kt_json_get_str(j, "rule", kt_json_get_str(j, "register", "")));
    kt_jw_kstr(&w, "point", kt_json_get_str(j, "point", kt_json_get_str(j, "key", "")));
    kt_jw_kstr(&w, "change", kt_json_get_str(j, "change", ""));
    kt_jw_kstr(&w, "state", kt_json_get_str(j, "state", ""));
    struct kt_buf body;
    kt_buf_init(&body, 1 << 20);
    kt_buf_put(&body, s->json.p, s->json.n);
    kt_jw_kstr(&w, "body", kt_buf_cstr(&body));
    kt_buf_done(&body);
    kt_jw_obj_end(&w);
    kt_jw_obj_end(&w);
    kt_jw_key(&w, "by");
    kt_jw_raw(&w, KT_STR("{\"user\":\"mine\",\"name\":\"mine\",\"rights\":[\"mine_event.write\","
                         "\"mine_event.read\"],\"places\":[\"*\"]}"));
    kt_jw_kstr(&w, "console", "");
    kt_jw_kstr(&w, "key", key);
    kt_jw_obj_end(&w);
    enter(m);
    int r = kt_runtime_request(m->rt, (struct kt_str){b.p, b.n}, m->conf->id, on_verdict, m);
    kt_buf_done(&b);
    if (r < 0) {
        leave(m, true);
    }
    return r;
}

/* All sections as inputs; false: not now. */
static bool give_all(struct kt_mine *m, struct kt_str body)
{
    struct kt_rd r = kt_rd_init(body.p, body.n);
    struct kt_err err;
    int got;
    while ((got = upward_next(&r, &m->section, &err)) > 0) {
        int rc;
        if (m->held && !let_go(m, &m->section)) {
            continue;
        }
        while ((rc = m->section.samples ? give_samples(m, &m->section, true)
                                        : give_outcome(m, &m->section)) == KT_EBUSY &&
               !atomic_load(&m->stop)) {
            kt_sleep(RETRY_MS * KT_MS);
        }
        if (rc == KT_EUNSUPPORTED) {
            m->refused++; /* no record room here */
        } else if (rc < 0) {
            return false;
        }
    }
    if (got < 0) {
        KT_ERROR("upward", "%s: %s", m->conf->id, err.text);
    }
    return true;
}

/* ---- messages ---- */

static bool follows(const struct kt_mine *m, const struct upward_msg *msg)
{
    const struct upward_place *h = &m->have;
    if (strcmp(h->gen, msg->at.gen) != 0) { /* a new stream goes on from the last one's chain */
        return msg->at.n == 1 && (!h->gen[0] || kt_hash_eq(&msg->prev, &h->chain));
    }
    return msg->at.n == h->n + 1 && msg->prev_pos == h->pos && kt_hash_eq(&msg->prev, &h->chain);
}

static void begin_gen(struct kt_mine *m, const struct upward_msg *msg)
{
    if (m->have.gen[0] && msg->prev_pos > m->have.pos) {
        m->gaps++;
        KT_ERROR("upward",
                 "%s: events %" PRIu64 " to %" PRIu64 " of the mine's journal never came and are "
                 "not sent any more",
                 m->conf->id, m->have.pos + 1, msg->prev_pos);
    }
    KT_INFO("upward", "%s: stream %s begins behind event %" PRIu64, m->conf->id, msg->at.gen,
            msg->prev_pos);
}

static void count(struct kt_mine *m, uint64_t reads, uint64_t errors)
{
    pthread_mutex_lock(&m->lock);
    m->state.reads += reads;
    m->state.errors += errors;
    pthread_mutex_unlock(&m->lock);
}

static bool take_record(void *arg, struct kt_str text)
{
    struct kt_mine *m = arg;
    struct upward_msg msg;
    struct kt_err err;
    m->bytes += text.n;
    if (upward_get(text, &msg, &err) < 0) {
        KT_ERROR("upward", "%s: %s", m->conf->id, err.text);
        count(m, 0, 1);
        m->again = true;
        return true;
    }
    if (!follows(m, &msg)) {
        bool known = strcmp(m->have.gen, msg.at.gen) == 0 && msg.at.n <= m->have.n;
        m->doubles += known;
        m->again = m->again || !known;
        return true;
    }
    if (strcmp(m->have.gen, msg.at.gen) != 0) {
        begin_gen(m, &msg);
    }
    bool given = give_all(m, msg.body), safe = wait_safe(m);
    if (!given || !safe) {
        m->again = true;
        m->loaded = false; /* a part of it may be in the journal */
        return false;
    }
    if (m->held && upward_held_left(m->held) == 0) {
        upward_held_free(m->held);
        m->held = NULL;
    }
    m->have = msg.at;
    m->newest = msg.time;
    m->changed = true;
    count(m, 1, 0);
    return true;
}

static void take_live(struct kt_mine *m, const struct upward_msg *msg)
{
    struct kt_rd r = kt_rd_init(msg->body.p, msg->body.n);
    struct kt_err err;
    if (msg->at.n <= m->live_n) {
        return; /* older than what was shown */
    }
    m->live_n = msg->at.n;
    while (upward_next(&r, &m->section, &err) > 0) {
        if (m->section.samples && give_samples(m, &m->section, false) < 0) {
            return; /* the next one has the newer value */
        }
    }
}

/* Present values, or what the mine says of itself. */
static void take_heard(struct kt_mine *m)
{
    struct upward_msg msg;
    struct upward_place place;
    struct kt_err err;
    bool again;
    char no[200];
    struct kt_str text = {m->heard.p, m->heard.n};
    m->last_heard = kt_clock_mono();
    m->bytes += text.n;
    if (text.n && text.p[0] == '{') {
        if (upward_get_place(text, &place, &again, &err) == KT_OK && place.gen[0]) {
            m->consuming = m->consuming && strcmp(place.gen, m->gen) == 0;
            kt_text_set(m->gen, sizeof(m->gen), place.gen);
            m->again = m->again || again;
        } else {
            upward_order_got(text, no);
            if (*no) {
                kt_map_set(m->got, kt_str_c(no), 1);
            }
        }
        return;
    }
    if (m->acts && upward_get(text, &msg, &err) == KT_OK && msg.lane == UPWARD_LIVE) {
        take_live(m, &msg);
    }
}

/* ---- state ---- */

static void report(struct kt_mine *m, bool up)
{
    if (kt_runtime_link_up(m->rt, m->conf->id, up, up ? "" : "the mine is silent") == KT_OK) {
        pthread_mutex_lock(&m->lock);
        m->state.up = up;
        m->state.since = kt_clock_now();
        pthread_mutex_unlock(&m->lock);
    }
}

static void look(struct kt_mine *m, bool first)
{
    kt_mono now = kt_clock_mono();
    bool up = m->last_heard && now - m->last_heard < m->conf->silent_ns;
    pthread_mutex_lock(&m->lock);
    if (now - m->bytes_at >= 5 * KT_SEC) {
        m->rate = (double)(m->bytes - m->bytes_was) * 1e9 / (double)(now - m->bytes_at);
        m->bytes_was = m->bytes;
        m->bytes_at = now;
    }
    m->state.last_data = m->newest;
    if (m->shards && !m->acts) {
        char owner[CORE_NAME];
        kt_shards_owner(m->shards, m->shard, owner);
        snprintf(m->state.text, sizeof(m->state.text), "at %s",
                 *owner ? owner : "no node at the moment");
        pthread_mutex_unlock(&m->lock);
        if (up != m->state.up || (first && !up)) {
            report(m, up);
        }
        return;
    }
    int64_t behind = m->newest ? (kt_clock_now() - m->newest) / KT_SEC : 0;
    snprintf(m->state.text, sizeof(m->state.text),
             "%.1f kB/s, record %lld s behind, %" PRIu64 " doubles, %" PRIu64 " gaps, %" PRIu64
             " refused",
             m->rate / 1000, (long long)behind, m->doubles, m->gaps, m->refused);
    pthread_mutex_unlock(&m->lock);
    if (up != m->state.up || (first && !up)) {
        report(m, up);
    }
}

/* ---- the thread ---- */

static void consume(struct kt_mine *m)
{
    char stream[200], subject[200];
    struct kt_err err;
    upward_stream(m->conf->node, m->gen, stream, subject);
    int r = upward_nats_consume(m->nats, stream, subject, "county", &err);
    m->consuming = r == KT_OK;
    if (r < 0) {
        KT_DEBUG("upward", "%s: %s", m->conf->id, err.text);
    }
}

/* Is this mine worked on here? When it comes, its place is read anew: another node was at it. */
static void look_whose(struct kt_mine *m)
{
    bool acts = kt_runtime_acts(m->rt) && (!m->shards || kt_shards_works(m->shards, m->shard));
    if (!acts) {
        m->loaded = m->consuming = m->changed = m->again = false;
        m->have = (struct upward_place){.n = 0};
    }
    m->acts = acts;
}

static void step(struct kt_mine *m)
{
    struct kt_err err;
    look_whose(m);
    for (int i = 0; i < 100 && upward_nats_hear(m->nats, m->consuming ? 1 : 200, &m->heard); i++) {
        take_heard(m);
    }
    if (!m->acts || (!m->loaded && load(m, &err) < 0)) {
        kt_sleep(FETCH_MS * KT_MS); /* what came could not be kept */
        return;
    }
    if (!m->consuming && m->gen[0] && upward_nats_up(m->nats)) {
        consume(m);
    }
    if (m->consuming) {
        int n = upward_nats_fetch(m->nats, FETCH, FETCH_MS, take_record, m, &err);
        m->consuming = n >= 0;
    }
    if (m->state.up && kt_clock_mono() - m->ordered > ORDER_EVERY) {
        const char *by = m->shards ? kt_shards_node(m->shards) : "";
        upward_orders(m->rt, m->conf->node, by, m->got, say_order, m);
        m->ordered = kt_clock_mono();
    }
    if (m->changed && save(m, &err) < 0) {
        KT_ERROR("upward", "%s: %s", m->conf->id, err.text);
        return; /* not said before it is kept */
    }
    if (m->changed || m->again || kt_clock_mono() - m->said > SAY_EVERY) {
        m->changed = false;
        say_place(m);
    }
}

static void *run(void *arg)
{
    struct kt_mine *m = arg;
    bool first = true;
    m->bytes_at = kt_clock_mono();
    m->said = 0;
    while (!atomic_load(&m->stop)) {
        step(m);
        look(m, first);
        first = false;
    }
    (void)wait_safe(m);
    return NULL;
}

static void map_points(struct kt_mine *m, uint32_t link)
{
    m->points = kt_map_new(1024);
    for (uint32_t i = 0; i < m->site->points_n; i++) {
        const struct kt_point *p = &m->site->points[i];
        if (p->link == link && !p->ended) {
            kt_map_add(m->points, kt_str_c(*p->address ? p->address : p->id), i);
        }
    }
}

int kt_mine_start(struct kt_runtime *rt, struct kt_site *site, uint32_t link,
                  struct kt_shards *shards, uint32_t shard, struct kt_mine **ret,
                  struct kt_err *err)
{
    if (*site->shards && !shards) {
        return kt_err_set(err, KT_ESTATE,
                          "the mines are divided over nodes, and this node takes no part in it: "
                          "another one may be at work on it; start the program again");
    }
    struct kt_mine *m = calloc(1, sizeof(*m));
    KT_ASSERT(m);
    pthread_condattr_t attr;
    m->rt = rt;
    m->site = kt_site_ref(site);
    m->conf = &site->links[link];
    m->shards = shards;
    m->shard = shard;
    pthread_mutex_init(&m->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&m->work, &attr);
    pthread_condattr_destroy(&attr);
    kt_buf_init(&m->heard, HEAR_MAX);
    map_points(m, link);
    m->got = kt_map_new(64);
    char dir[700], subject[200];
    snprintf(dir, sizeof(dir), "%.400s/data/upward", site->dir);
    snprintf(m->kept, sizeof(m->kept), "upward/%.200s", m->conf->id);
    snprintf(subject, sizeof(subject), "kuangtu.now.%.100s", m->conf->node);
    int r = kt_dir_make(dir, err);
    r = r == KT_OK && !shards ? load(m, err) : r;
    bool later = (r == KT_EIO || r == KT_ESTATE) && kt_runtime_cluster(rt);
    r = later ? KT_OK : r;
    r = r == KT_OK ? upward_connect(site, m->conf, m->conf->node, &m->nats, err) : r;
    r = r == KT_OK ? upward_nats_listen(m->nats, subject, err) : r;
    r = r == KT_OK ? kt_thread_start(&m->thread, "mine", run, m, err) : r;
    m->runs = r == KT_OK;
    if (r < 0) {
        kt_mine_stop(m);
        return r;
    }
    *ret = m;
    return KT_OK;
}

void kt_mine_stop(struct kt_mine *m)
{
    if (!m) {
        return;
    }
    atomic_store(&m->stop, true);
    if (m->runs) {
        pthread_join(m->thread, NULL);
    }
    upward_nats_close(m->nats);
    upward_section_done(&m->section);
    upward_held_free(m->held);
    kt_buf_done(&m->heard);
    kt_map_free(m->points);
    kt_map_free(m->got);
    pthread_mutex_destroy(&m->lock);
    pthread_cond_destroy(&m->work);
    kt_site_unref(m->site);
    free(m);
}

void kt_mine_state(struct kt_mine *m, struct kt_link_state *ret)
{
    pthread_mutex_lock(&m->lock);
    *ret = m->state;
    pthread_mutex_unlock(&m->lock);
}
