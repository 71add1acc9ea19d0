/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event streams: what changed of the points a screen shows, at most twice a second, and every
 * alarm, command and other outcome as soon as it is durable. One thread serves all clients. A
 * client that has had no values for nearly half a second gets a change within one tick (10 ms), so
 * that a screen falls into the beat of its sources instead of waiting for one of its own. The lock
 * is let go between every few clients.
 *
 * A client that does not read gets no more than MAX_PENDING bytes: values are skipped (the newest
 * come later), and when outcomes no longer fit either, the stream is ended and it reconnects. Lock
 * order: hub, then a stream's own (inside http).
 */
#include "api/cluster.h"
#include "api/stream.h"
#include "sys/thread.h"

static void format_clock(struct hub *h, struct kt_buf *b)
{
    struct kt_runtime_stats st;
    kt_runtime_stats(h->api->opts.runtime, &st);
    double asked = 0;
    double rate = h->api->opts.plant_clock && h->api->opts.plant_rate
                      ? h->api->opts.plant_rate(h->api->opts.arg, &asked)
                      : 0;
    kt_buf_puts(b, "event: clock\ndata: ");
    struct kt_jw w = kt_jw_init(b);
    kt_jw_obj(&w);
    kt_jw_kint(&w, "now", kt_clock_now() / KT_MS);
    kt_jw_kint(&w, "engine", st.engine_time / KT_MS);
    kt_jw_kint(&w, "lag_ms", st.lag_ns / KT_MS);
    kt_jw_kbool(&w, "simulation", h->site->simulation);
    kt_jw_kbool(&w, "plant_clock", h->api->opts.plant_clock);
    kt_jw_knum(&w, "rate", rate);
    kt_jw_knum(&w, "asked", asked);
    kt_jw_kbool(&w, "failed", st.failed);
    kt_jw_kstr(&w, "drill", st.engine.drill);
    kt_jw_key(&w, "cluster");
    write_node(h->api->opts.runtime, &w);
    kt_jw_obj_end(&w);
    kt_buf_puts(b, "\n\n");
}

/* ---- the thread ----------------------------------------------------------------------------- */

/* A withdrawn right ends the stream: rights are looked at again whenever anything about users
 * changed. */
static void check_rights(struct hub *h, struct client *c)
{
    uint64_t version = kt_auth_version(h->api->opts.auth);
    if (!c->token || version == c->auth_version) {
        return;
    }
    struct kt_err err;
    struct kt_arena *arena = kt_arena_new(1 << 20);
    struct kt_person p;
    if (kt_auth_session(h->api->opts.auth, c->token, arena, &p, &err) < 0 ||
        !kt_person_may(&p, "view")) {
        kt_http_stream_end(c->stream);
        c->gone = true;
        kt_arena_free(arena);
        return;
    }
    kt_arena_free(c->arena);
    c->arena = arena;
    c->person = p;
    c->auth_version = version;
    uint32_t n = 0;
    for (uint32_t i = 0; i < c->points_n; i++) {
        if (c->points[i] < h->site->points_n &&
            stream_sees(h, c, h->site->points[c->points[i]].place)) {
            c->points[n] = c->points[i];
            c->seen[n++] = c->seen[i];
        }
    }
    c->points_n = n;
}

/* What a tick works with. */
struct turn {
    struct kt_buf values, clock; /* clock: empty until a client of this tick is due for one */
    kt_mono now;
    uint64_t tick;
};

static void send_clock(struct hub *h, struct client *c, struct turn *t)
{
    if (t->now < c->clock_due) {
        return;
    }
    if (t->clock.n == 0) {
        format_clock(h, &t->clock);
    }
    c->clock_due = t->now + CLOCK_NS - TICK_NS / 2;
    if (kt_http_stream_send(c->stream, (struct kt_str){t->clock.p, t->clock.n}) == KT_OK) {
        c->last_sent = kt_clock_mono();
    }
}

static void serve(struct hub *h, struct client *c, struct kt_live *live, struct turn *t)
{
    static const char site_event[] = "event: site\ndata: {}\n\n";
    if (c->gone) {
        return;
    }
    check_rights(h, c);
    if (c->gone) {
        return;
    }
    if (!c->site_told) {
        c->site_told = kt_http_stream_send(c->stream, KT_STR(site_event)) == KT_OK;
    }
    stream_send_outcomes(h, c);
    if (c->gone) {
        return;
    }
    stream_look_at_values(h, c, live, &t->values, t->now);
    send_clock(h, c, t);
}

/* Serve a few of those that this tick has not served; false: there was none left. */
static bool serve_some(struct hub *h, struct turn *t)
{
    int n = 0;
    pthread_mutex_lock(&h->lock);
    struct kt_live *live = kt_runtime_live(h->api->opts.runtime);
    for (struct client *c = h->clients; c && n < AT_ONCE; c = c->next) {
        if (c->tick != t->tick) {
            c->tick = t->tick;
            n++;
            serve(h, c, live, t);
        }
    }
    pthread_mutex_unlock(&h->lock);
    return n == AT_ONCE;
}

static void scan(struct hub *h)
{
    pthread_mutex_lock(&h->lock);
    if (h->clients) {
        stream_scan(h, kt_runtime_live(h->api->opts.runtime));
    }
    pthread_mutex_unlock(&h->lock);
}

static void *run(void *arg)
{
    struct hub *h = arg;
    struct turn t = {0};
    kt_buf_init(&t.values, 64 << 20);
    kt_buf_init(&t.clock, 1 << 16);
    kt_mono next = kt_clock_mono();
    while (!atomic_load(&h->stopping)) {
        t.tick++;
        t.now = kt_clock_mono();
        kt_buf_clear(&t.clock);
        scan(h);
        while (serve_some(h, &t)) {
        }
        next += TICK_NS;
        kt_mono now = kt_clock_mono();
        if (next > now) {
            kt_sleep(next - now);
        } else {
            next = now;
        }
    }
    kt_buf_done(&t.values);
    kt_buf_done(&t.clock);
    return NULL;
}

/* ---- clients -------------------------------------------------------------------------------- */

static void client_free(struct client *c)
{
    free(c->points);
    free(c->seen);
    free(c->mask);
    free(c->token);
    kt_arena_free(c->arena);
    free(c);
}

struct ended {
    struct hub *hub;
    struct client *client;
};

/* HTTP thread: the client has gone. */
static void on_end(void *arg)
{
    struct ended *e = arg;
    struct hub *h = e->hub;
    pthread_mutex_lock(&h->lock);
    for (struct client **p = &h->clients; *p; p = &(*p)->next) {
        if (*p == e->client) {
            *p = e->client->next;
            h->clients_n--;
            break;
        }
    }
    pthread_mutex_unlock(&h->lock);
    client_free(e->client);
    free(e);
}

static void set_points(struct client *c, const uint32_t *points, uint32_t n)
{
    free(c->points);
    free(c->seen);
    c->points = calloc(n ? n : 1, sizeof(*c->points));
    c->seen = malloc((n ? n : 1) * sizeof(*c->seen));
    KT_ASSERT(c->points && c->seen);
    if (n) {
        memcpy(c->points, points, n * sizeof(*points));
    }
    memset(c->seen, 0xff, (n ? n : 1) * sizeof(*c->seen));
    c->points_n = n;
}

/* All points that the person may see, or those named. */
static bool wanted_points(struct call *c, const char *ids, uint32_t **ret, uint32_t *ret_n)
{
    uint32_t cap = c->site->points_n + 1, n = 0;
    kt_point_id *list = malloc(cap * sizeof(*list));
    KT_ASSERT(list && sizeof(*list) == sizeof(uint32_t));
    if (ids && !points_list(c, ids, list, cap, &n)) {
        free(list);
        return false;
    }
    for (uint32_t i = 0; !ids && i < c->site->points_n; i++) {
        if (may_see(c, c->site->points[i].place)) {
            list[n++].v = i;
        }
    }
    *ret = (uint32_t *)list;
    *ret_n = n;
    return true;
}

static void send_hello(struct hub *h, struct client *c)
{
    char line[256];
    int n =
        snprintf(line, sizeof(line),
                 "retry: 1000\nevent: hello\ndata: {\"sid\":\"%llu\",\"seq\":%llu,\"now\":%lld,"
                 "\"clock\":\"%s\"}\n\n",
                 (unsigned long long)c->sid,
                 (unsigned long long)kt_journal_durable(kt_runtime_journal(h->api->opts.runtime)),
                 (long long)(kt_runtime_now(h->api->opts.runtime) / KT_MS),
                 h->api->opts.plant_clock ? "plant" : "real");
    int r = kt_http_stream_send(c->stream, (struct kt_str){line, (size_t)n});
    (void)r;
}

static void copy_person(struct client *c, struct call *call)
{
    struct kt_err err;
    const char *token = session_cookie(call->api, call->req);
    c->arena = kt_arena_new(1 << 20);
    c->person = call->person;
    c->auth_version = kt_auth_version(call->api->opts.auth);
    if (strcmp(call->person.user, "local") == 0 || !token) {
        return; /* static strings */
    }
    c->token = strdup(token);
    if (kt_auth_session(call->api->opts.auth, token, c->arena, &c->person, &err) < 0) {
        c->person = (struct kt_person){.user = ""};
    }
}

void get_stream(struct call *call)
{
    struct hub *h = call->api->hub;
    uint32_t *points, n;
    const char *last = kt_http_header(call->req, "Last-Event-ID");
    if (!last) {
        last = kt_http_query(call->req, "last");
    }
    if (!wanted_points(call, kt_http_query(call->req, "points"), &points, &n)) {
        return;
    }
    struct client *c = calloc(1, sizeof(*c));
    struct ended *e = malloc(sizeof(*e));
    KT_ASSERT(c && e);
    *e = (struct ended){h, c};
    copy_person(c, call);
    set_points(c, points, n);
    free(points);
    c->site_told = true;
    pthread_mutex_lock(&h->lock);
    if (h->clients_n >= CLIENTS_MAX || atomic_load(&h->stopping)) {
        pthread_mutex_unlock(&h->lock);
        client_free(c);
        free(e);
        reply_code(call->req, KT_EBUSY, "too many screens are connected");
        return;
    }
    c->sid = ++h->next_sid;
    stream_mask(h, c);
    c->stream = kt_http_stream_open(call->req, "text/event-stream", MAX_PENDING, on_end, e);
    send_hello(h, c);
    stream_place_client(h, c, last ? strtoull(last, NULL, 10) : 0);
    c->next = h->clients;
    h->clients = c;
    h->clients_n++;
    pthread_mutex_unlock(&h->lock);
}

void post_stream_points(struct call *c)
{
    struct hub *h = c->api->hub;
    uint64_t sid = strtoull(c->param[0], NULL, 10);
    const struct kt_json *ids = kt_json_get(c->body, "points");
    uint32_t n = 0, cap = (uint32_t)kt_json_len(ids);
    uint32_t *points = calloc(cap ? cap : 1, sizeof(*points));
    KT_ASSERT(points);
    for (uint32_t i = 0; i < cap; i++) {
        const char *id = kt_json_str(kt_json_at(ids, i));
        kt_point_id p = kt_site_point(c->site, kt_str_c(id ? id : ""));
        if (p.v != KT_NONE && may_see(c, c->site->points[p.v].place)) {
            points[n++] = p.v;
        }
    }
    bool found = false;
    pthread_mutex_lock(&h->lock);
    for (struct client *one = h->clients; one; one = one->next) {
        if (one->sid == sid && !one->gone && strcmp(one->person.user, c->person.user) == 0) {
            set_points(one, points, n);
            stream_mask(h, one);
            found = true;
        }
    }
    pthread_mutex_unlock(&h->lock);
    free(points);
    if (found) {
        kt_http_reply(c->req, 204, "text/plain", KT_STR(""));
    } else {
        reply_code(c->req, KT_ENOTFOUND, "this stream has ended; open it again");
    }
}

/* ---- life ----------------------------------------------------------------------------------- */

struct hub *hub_new(struct kt_api *a, struct kt_err *err)
{
    struct hub *h = calloc(1, sizeof(*h));
    KT_ASSERT(h);
    h->api = a;
    h->site = kt_runtime_site(a->opts.runtime);
    stream_values_new(h);
    pthread_mutex_init(&h->lock, NULL);
    kt_runtime_follow(a->opts.runtime, stream_on_outcome, h);
    if (kt_thread_start(&h->thread, "streams", run, h, err) < 0) {
        hub_free(h);
        return NULL;
    }
    h->started = true;
    return h;
}

void hub_site_changed(struct hub *h)
{
    pthread_mutex_lock(&h->lock);
    kt_site_unref(h->site);
    h->site = kt_runtime_site(h->api->opts.runtime);
    stream_values_new(h);
    for (struct client *c = h->clients; c; c = c->next) {
        c->site_told = false;
        memset(c->seen, 0xff, c->points_n * sizeof(*c->seen));
        stream_mask(h, c);
    }
    pthread_mutex_unlock(&h->lock);
}

void hub_end_streams(struct hub *h)
{
    pthread_mutex_lock(&h->lock);
    atomic_store(&h->stopping, true);
    for (struct client *c = h->clients; c; c = c->next) {
        c->gone = true;
        kt_http_stream_end(c->stream);
    }
    pthread_mutex_unlock(&h->lock);
}

size_t hub_clients(struct hub *h)
{
    pthread_mutex_lock(&h->lock);
    size_t n = h->clients_n;
    pthread_mutex_unlock(&h->lock);
    return n;
}

void hub_free(struct hub *h)
{
    if (!h) {
        return;
    }
    atomic_store(&h->stopping, true);
    kt_runtime_unfollow(h->api->opts.runtime, stream_on_outcome, h);
    if (h->started) {
        pthread_join(h->thread, NULL);
    }
    for (int i = 0; i < RING; i++) {
        free(h->ring[i].text);
    }
    kt_site_unref(h->site);
    stream_values_done(h);
    pthread_mutex_destroy(&h->lock);
    free(h);
}
