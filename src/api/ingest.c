/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Push: line protocol at /write and JSON at /api/v1/samples, with a producer's token. The caller is
 * answered when everything good in the body is durable; bad lines are named, the good ones are
 * kept.
 *
 * A body becomes batches; samples of cut-off points and feed states go in a batch of the urgent
 * lane. Parsers learn the order of a producer's lines, so each producer has a few, lent for one
 * body.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/private.h"
#include "sys/clock.h"

enum { PARSERS_KEPT = 8, JSON_SAMPLES_MAX = 100000, SMALL = 16 << 10 /* bytes */ };

struct producer {
    struct kt_lp_grant grant;
    const char *id;
    bool urgent; /* may write points of the urgent lane */
    struct kt_lp_parser *free[PARSERS_KEPT];
    int free_n;
};

struct ingest {
    struct kt_api *api;
    struct kt_site *site;
    struct kt_lp_table *table;
    uint8_t *urgent; /* by point */
    struct producer *producers;
    uint32_t *first; /* by link: index of its first producer */
    uint32_t producers_n;
    pthread_mutex_t lock; /* free lists */
};

/* One body under way. Freed when answered. */
struct job {
    struct kt_http_req *req;
    struct kt_runtime *runtime;
    struct kt_push *push;
    char link[64], producer[64]; /* the site may be loaded again before the answer */
    _Atomic int pending;         /* batches not done, and one for the handler itself */
    _Atomic int result;
    struct kt_lp_report report; /* last: notes are its long end */
};

static void mark_urgent(struct ingest *in)
{
    const struct kt_site *s = in->site;
    for (uint32_t i = 0; i < s->points_n; i++) {
        if (s->points[i].role && s->points[i].role->cutoff) {
            in->urgent[i] = 1;
        }
        if (s->points[i].feed.v != KT_NONE) {
            in->urgent[s->points[i].feed.v] = 1;
        }
    }
}

static bool writes_urgent(const struct ingest *in, struct kt_lp_grant *grant)
{
    for (uint32_t i = 0; i < in->site->points_n; i++) {
        if (in->urgent[i] && kt_lp_granted(grant, (kt_point_id){i})) {
            return true;
        }
    }
    return false;
}

static void list_producers(struct ingest *in)
{
    const struct kt_site *s = in->site;
    for (uint32_t l = 0; l < s->links_n; l++) {
        in->first[l] = in->producers_n;
        for (uint32_t p = 0; p < s->links[l].producers_n; p++) {
            struct producer *one = &in->producers[in->producers_n++];
            one->grant = (struct kt_lp_grant){s, l, &s->links[l].producers[p]};
            one->id = s->links[l].producers[p].id;
            one->urgent = writes_urgent(in, &one->grant);
        }
    }
}

struct ingest *ingest_new(struct kt_api *a, struct kt_err *err)
{
    struct ingest *in = calloc(1, sizeof(*in));
    KT_ASSERT(in);
    in->api = a;
    in->site = kt_runtime_site(a->opts.runtime);
    pthread_mutex_init(&in->lock, NULL);
    size_t total = 1;
    for (uint32_t l = 0; l < in->site->links_n; l++) {
        total += in->site->links[l].producers_n;
    }
    in->producers = calloc(total, sizeof(*in->producers));
    in->first = calloc(in->site->links_n + 1, sizeof(*in->first));
    in->urgent = calloc(in->site->points_n + 1, 1);
    KT_ASSERT(in->producers && in->first && in->urgent);
    mark_urgent(in);
    list_producers(in);
    if (kt_lp_table_of_site(in->site, &in->table, err) < 0) {
        ingest_free(in);
        return NULL;
    }
    return in;
}

void ingest_free(struct ingest *in)
{
    if (!in) {
        return;
    }
    for (uint32_t i = 0; i < in->producers_n; i++) {
        for (int k = 0; k < in->producers[i].free_n; k++) {
            kt_lp_parser_free(in->producers[i].free[k]);
        }
    }
    kt_lp_table_unref(in->table);
    kt_site_unref(in->site);
    pthread_mutex_destroy(&in->lock);
    free(in->producers);
    free(in->first);
    free(in->urgent);
    free(in);
}

bool ingest_path(const char *path)
{
    return strcmp(path, "/write") == 0 || strcmp(path, "/api/v2/write") == 0 ||
           strcmp(path, "/api/v1/write") == 0 || strcmp(path, "/api/v1/samples") == 0;
}

/* "Token X", "Bearer X", Basic with the token as password, or ?p=X as InfluxDB 1 clients send it.
 */
static const char *token_of(struct kt_http_req *req, char *buf, size_t cap)
{
    const char *auth = kt_http_header(req, "Authorization");
    if (auth && (strncmp(auth, "Token ", 6) == 0)) {
        return auth + 6;
    }
    if (auth && strncmp(auth, "Bearer ", 7) == 0) {
        return auth + 7;
    }
    if (auth && strncmp(auth, "Basic ", 6) == 0) {
        int n = kt_base64_decode(kt_str_c(auth + 6), buf, cap - 1);
        buf[n > 0 ? n : 0] = '\0';
        const char *colon = strchr(buf, ':');
        return colon ? colon + 1 : "";
    }
    const char *p = kt_http_query(req, "p");
    return p ? p : "";
}

static struct producer *producer_of(struct ingest *in, const struct kt_http_req *req)
{
    uint64_t ref = (uint64_t)(uintptr_t)kt_http_user(req) - 1;
    uint32_t link = (uint32_t)(ref >> 32), producer = (uint32_t)ref;
    if (link >= in->site->links_n || producer >= in->site->links[link].producers_n) {
        return NULL;
    }
    return &in->producers[in->first[link] + producer];
}

static bool is_urgent(struct kt_api *a, const struct kt_http_req *req)
{
    pthread_rwlock_rdlock(&a->ingest_lock);
    const struct producer *p = producer_of(a->ingest, req);
    bool urgent = p && p->urgent;
    pthread_rwlock_unlock(&a->ingest_lock);
    return urgent;
}

/* While there is no room a body without cut-off points is refused before it is read. One that has
 * some is read, for what is urgent in it is taken all the same. */
static bool admit_more(struct kt_api *a, struct kt_http_req *req)
{
    if (kt_batch_room(a->opts.runtime, KT_ROOM_PUSH) || is_urgent(a, req)) {
        return true;
    }
    kt_runtime_posted(a->opts.runtime, true);
    reply_code(req, KT_EBUSY, "%s; nothing of this body is promised", kt_err_text(KT_EBUSY));
    return !kt_http_header(req, "Expect"); /* who asks first need not send it */
}

bool ingest_admit(struct kt_api *a, struct kt_http_req *req)
{
    char buf[256];
    struct kt_producer_ref ref;
    if (strcmp(kt_http_method(req), "POST") != 0) {
        reply_code(req, KT_EUNSUPPORTED, "send samples with POST");
        return false;
    }
    if (kt_auth_producer(a->opts.auth, token_of(req, buf, sizeof(buf)), &ref) < 0) {
        reply_code(req, KT_EAUTH, "no producer has this token; see links: producers: in site.yaml");
        return false;
    }
    /* by number: the site may be loaded again before the body is here */
    kt_http_set_user(req, (void *)(uintptr_t)(((uint64_t)ref.link << 32 | ref.producer) + 1));
    return admit_more(a, req);
}

enum kt_http_lane ingest_lane(struct kt_api *a, struct kt_http_req *req)
{
    if (kt_http_body_size(req) <= SMALL && !kt_http_header(req, "Content-Encoding")) {
        return KT_HTTP_AT_ONCE;
    }
    return is_urgent(a, req) ? KT_HTTP_SENSORS : KT_HTTP_BULK;
}

static struct kt_lp_parser *lend(struct ingest *in, struct producer *p)
{
    struct kt_lp_parser *one = NULL;
    pthread_mutex_lock(&in->lock);
    if (p->free_n) {
        one = p->free[--p->free_n];
    }
    pthread_mutex_unlock(&in->lock);
    return one ? one : kt_lp_parser_new(in->table, kt_lp_granted, &p->grant, 0);
}

static void give_back(struct ingest *in, struct producer *p, struct kt_lp_parser *one)
{
    pthread_mutex_lock(&in->lock);
    bool keep = p->free_n < PARSERS_KEPT;
    if (keep) {
        p->free[p->free_n++] = one;
    }
    pthread_mutex_unlock(&in->lock);
    if (!keep) {
        kt_lp_parser_free(one);
    }
}

static void answer(struct job *j)
{
    int result = atomic_load(&j->result);
    const struct kt_lp_report *r = &j->report;
    kt_runtime_posted(j->runtime, result == KT_EBUSY || kt_http_pressed(j->req));
    if (j->push) {
        kt_push_taken(j->push, j->link, j->producer, result < 0 ? 0 : r->samples,
                      r->bad + r->refused + r->unknown + (result < 0));
    }
    if (result < 0) {
        reply_code(j->req, result, "%s; nothing of this body is promised", kt_err_text(result));
    } else if (r->bad || r->refused || r->unknown) {
        static const char *const why[] = {"bad", "refused", "unknown"};
        struct kt_buf b;
        kt_buf_init(&b, 1 << 20);
        struct kt_jw w = kt_jw_init(&b);
        kt_jw_obj(&w);
        kt_jw_key(&w, "error");
        kt_jw_obj(&w);
        kt_jw_kstr(&w, "code", "KT_EPARSE");
        kt_jw_kstr(&w, "text",
                   "partial write: the lines named were not taken, the others are safe");
        kt_jw_obj_end(&w);
        kt_jw_kint(&w, "written", (int64_t)r->samples);
        kt_jw_kint(&w, "bad", (int64_t)r->bad);
        kt_jw_kint(&w, "refused", (int64_t)r->refused);
        kt_jw_kint(&w, "unknown", (int64_t)r->unknown);
        kt_jw_key(&w, "lines");
        kt_jw_arr(&w);
        for (uint32_t i = 0; i < r->notes_n; i++) {
            kt_jw_obj(&w);
            kt_jw_kint(&w, "line", r->notes[i].line);
            kt_jw_kint(&w, "column", r->notes[i].col);
            kt_jw_kstr(&w, "why", why[r->notes[i].why]);
            kt_jw_kstr(&w, "text", r->notes[i].text);
            kt_jw_obj_end(&w);
        }
        kt_jw_arr_end(&w);
        kt_jw_obj_end(&w);
        kt_http_reply_take(j->req, 400, "application/json", &b);
    } else {
        kt_http_reply(j->req, 204, "text/plain", KT_STR(""));
    }
    free(j);
}

static void finish_one(struct job *j, int result)
{
    if (result < 0) {
        atomic_store(&j->result, result);
    }
    if (atomic_fetch_sub(&j->pending, 1) == 1) {
        answer(j);
    }
}

static void on_done(void *arg, int result, kt_seq seq)
{
    (void)seq;
    finish_one(arg, result);
}

static void submit(struct ingest *in, struct job *j, struct kt_batch *b)
{
    struct kt_runtime *rt = in->api->opts.runtime;
    if (b->n == 0) {
        kt_batch_put(rt, b);
        return;
    }
    b->done = on_done;
    b->arg = j;
    atomic_fetch_add(&j->pending, 1);
    int r = kt_runtime_samples(rt, b);
    if (r < 0) {
        finish_one(j, r);
    }
}

static struct kt_batch *new_batch(struct ingest *in, const struct producer *p, kt_time arrival,
                                  enum kt_room_of room)
{
    struct kt_batch *b = kt_batch_get(in->api->opts.runtime, room);
    if (b) {
        b->arrival = arrival;
        snprintf(b->producer, sizeof(b->producer), "%s", p->id);
    }
    return b;
}

static void move_sample(struct kt_batch *to, const struct kt_batch *from, uint32_t i)
{
    to->point[to->n] = from->point[i];
    to->time[to->n] = from->time[i];
    to->value[to->n] = from->value[i];
    to->quality[to->n++] = from->quality[i];
}

/* Split off what is urgent: those samples get a batch of the urgent lane. */
static struct kt_batch *split_urgent(struct ingest *in, const struct producer *p,
                                     struct kt_batch *b)
{
    uint32_t first = 0;
    while (first < b->n && !in->urgent[b->point[first]]) {
        first++;
    }
    if (first == b->n) {
        return NULL;
    }
    struct kt_batch *u = new_batch(in, p, b->arrival, KT_ROOM_URGENT);
    if (!u) {
        b->lane = KT_LANE_URGENT; /* no second batch to be had: all of it goes first */
        return NULL;
    }
    uint32_t n = b->n;
    b->n = first;
    for (uint32_t i = first; i < n; i++) {
        move_sample(in->urgent[b->point[i]] ? u : b, b, i);
    }
    return u;
}

static void submit_split(struct ingest *in, struct job *j, const struct producer *p,
                         struct kt_batch *b)
{
    struct kt_batch *u = split_urgent(in, p, b);
    if (u) {
        submit(in, j, u);
    }
    submit(in, j, b);
}

/* There is no room for the whole: what is urgent is taken all the same, the rest is to come again.
 */
static void submit_urgent(struct ingest *in, struct job *j, struct kt_batch *b)
{
    uint32_t n = b->n;
    b->n = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (in->urgent[b->point[i]]) {
            move_sample(b, b, i);
        }
    }
    submit(in, j, b);
}

/* A batch for what comes next; without room for all of it one of the urgent room, and the post is
 * refused (429). NULL: not even that. */
static struct kt_batch *batch_for(struct ingest *in, const struct producer *p, struct job *j,
                                  kt_time arrival)
{
    struct kt_batch *b = new_batch(in, p, arrival, KT_ROOM_PUSH);
    if (!b) {
        atomic_store(&j->result, KT_EBUSY);
        b = new_batch(in, p, arrival, KT_ROOM_URGENT);
    }
    return b;
}

static void submit_all(struct ingest *in, struct job *j, const struct producer *p,
                       struct kt_batch *b)
{
    if (b->lane == KT_LANE_URGENT) {
        submit_urgent(in, j, b);
    } else {
        submit_split(in, j, p, b);
    }
}

static void take_lines(struct ingest *in, struct producer *p, struct job *j, struct kt_str body,
                       int64_t unit_ns)
{
    struct kt_lp_parser *parser = lend(in, p);
    struct kt_lp_input text = {.text = body, .unit_ns = unit_ns, .arrival = kt_clock_now()};
    int more = 1;
    while (more == 1) {
        struct kt_batch *b = batch_for(in, p, j, text.arrival);
        if (!b) {
            break;
        }
        struct kt_lp_columns out = {0, KT_BATCH_MAX, b->point, b->time, b->value, b->quality};
        more = kt_lp_parse(parser, &text, &out, &j->report);
        b->n = out.n;
        submit_all(in, j, p, b);
    }
    give_back(in, p, parser);
}

static void note(struct job *j, enum kt_lp_why why, size_t line, const char *text)
{
    struct kt_lp_report *r = &j->report;
    if (r->notes_n < KT_LP_NOTES) {
        struct kt_lp_note *n = &r->notes[r->notes_n++];
        n->why = why;
        n->line = (uint32_t)line;
        n->col = 1;
        snprintf(n->text, sizeof(n->text), "%s", text);
    }
    r->bad += why == KT_LP_BAD;
    r->refused += why == KT_LP_REFUSED;
    r->unknown += why == KT_LP_UNKNOWN;
}

/* `time` of a sample: milliseconds since 1970 or RFC 3339; its arrival when there is none. */
static bool json_time(const struct ingest *in, const struct kt_json *v, kt_time *t)
{
    int64_t ms;
    double d;
    bool b;
    const char *text = kt_json_str(v);
    if (text) {
        return kt_time_parse(kt_str_c(text), in->site->utc_offset_s, t) >= 0 && *t > 0;
    }
    if (kt_json_num(v, &d)) {
        return kt_json_int(v, &ms) && ms > 0 && !__builtin_mul_overflow(ms, KT_MS, t);
    }
    return !kt_json_bool(v, &b) && !kt_json_arr(v) && !kt_json_obj(v); /* none, or null */
}

static void take_json_one(struct ingest *in, struct producer *p, struct job *j, struct kt_batch *b,
                          const struct kt_json *v, size_t i)
{
    double value;
    const char *id = kt_json_get_str(v, "point", "");
    kt_quality q = KT_Q_NORMAL;
    kt_point_id point = kt_site_point(in->site, kt_str_c(id));
    kt_time t = b->arrival;
    if (point.v == KT_NONE) {
        note(j, KT_LP_UNKNOWN, i + 1, "there is no such point");
    } else if (!kt_lp_granted(&p->grant, point)) {
        note(j, KT_LP_REFUSED, i + 1, "this producer may not write the point");
    } else if (!kt_json_num(kt_json_get(v, "value"), &value)) {
        note(j, KT_LP_BAD, i + 1, "\"value\" is a number");
    } else if (!kt_quality_of(kt_json_get_str(v, "quality", "normal"), &q)) {
        note(j, KT_LP_BAD, i + 1, "\"quality\" is not one that exists");
    } else if (!json_time(in, kt_json_get(v, "time"), &t)) {
        note(j, KT_LP_BAD, i + 1, "\"time\" is milliseconds since 1970 or RFC 3339");
    } else {
        b->point[b->n] = point.v;
        b->time[b->n] = t;
        b->value[b->n] = value;
        b->quality[b->n++] = q;
        j->report.samples++;
    }
}

static bool take_json(struct ingest *in, struct producer *p, struct job *j, struct kt_str body,
                      struct kt_err *err)
{
    struct kt_json *root;
    if (kt_json_parse(body, 32 << 20, &root, err) < 0) {
        return false;
    }
    size_t n = kt_json_len(root);
    if (!kt_json_arr(root) || n > JSON_SAMPLES_MAX) {
        kt_err_set(err, KT_EINVAL, "the body is an array of at most %d samples", JSON_SAMPLES_MAX);
        kt_json_free(root);
        return false;
    }
    kt_time arrival = kt_clock_now();
    for (size_t i = 0; i < n;) {
        struct kt_batch *b = batch_for(in, p, j, arrival);
        if (!b) {
            break;
        }
        for (; i < n && b->n < KT_BATCH_MAX; i++) {
            take_json_one(in, p, j, b, kt_json_at(root, i), i);
        }
        submit_all(in, j, p, b);
    }
    kt_json_free(root);
    return true;
}

/* Who pushes is heard before what was pushed. */
static void begin_job(const struct ingest *in, struct job *j, const struct producer *p)
{
    j->push = in->api->opts.push;
    snprintf(j->link, sizeof(j->link), "%s", in->site->links[p->grant.link].id);
    snprintf(j->producer, sizeof(j->producer), "%s", p->id);
    if (j->push) {
        kt_push_heard(j->push, j->link, j->producer);
    }
}

static void take_body(struct ingest *in, struct kt_http_req *req)
{
    struct producer *p = producer_of(in, req);
    if (!p) {
        reply_code(req, KT_EBUSY, "the site was just loaded again; send once more");
        return;
    }
    int64_t unit = 1;
    const char *precision = kt_http_query(req, "precision");
    bool json = strcmp(kt_http_path(req), "/api/v1/samples") == 0;
    if (!json && kt_lp_precision(kt_str_c(precision ? precision : ""), &unit) < 0) {
        reply_code(req, KT_EINVAL, "precision is ns, us, ms, s, m or h");
        return;
    }
    struct job *j = malloc(sizeof(*j));
    KT_ASSERT(j);
    memset(j, 0, offsetof(struct job, report.notes)); /* those are written before they are read */
    j->req = req;
    j->runtime = in->api->opts.runtime;
    begin_job(in, j, p);
    atomic_store(&j->pending, 1);
    struct kt_err err = {0};
    kt_http_defer(req);
    if (!json) {
        take_lines(in, p, j, kt_http_body(req), unit);
    } else if (!take_json(in, p, j, kt_http_body(req), &err)) {
        if (j->push) {
            kt_push_taken(j->push, j->link, j->producer, 0, 1);
        }
        reply_err(req, &err);
        free(j);
        return;
    }
    finish_one(j, KT_OK);
}

void ingest_handle(struct kt_api *a, struct kt_http_req *req)
{
    pthread_rwlock_rdlock(&a->ingest_lock);
    take_body(a->ingest, req);
    pthread_rwlock_unlock(&a->ingest_lock);
}
