/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values: what changed of a client's points, as text that is made once a change.
 *
 * A client is looked at whole when it is due, point by point. When that finds nothing it is quiet:
 * each tick sees in a few words whether one of its points is among those that changed meanwhile,
 * and looks at it whole again only then. Where quiet clients watch fewer points than the site has,
 * they are looked at themselves.
 */
#include "api/stream.h"

static char *put_text(char *to, const char *text)
{
    size_t n = strlen(text);
    memcpy(to, text, n);
    return to + n;
}

/* 1 + 10 + 1 + 32 + 2 + 16 + 2 + 20 + 1 bytes at most: the id of a quality is short. */
static size_t fragment_text(char *to, uint32_t i, const char *num, const struct kt_live_value *v)
{
    char *at = to;
    *at++ = '[';
    at += kt_fmt_double(at, i);
    *at++ = ',';
    at = put_text(at, num);
    at = put_text(at, ",\"");
    at = put_text(at, kt_quality_id(v->quality));
    at = put_text(at, "\",");
    at += kt_fmt_double(at, (double)(v->time / KT_MS));
    *at++ = ']';
    return (size_t)(at - to);
}

static const struct fragment *fragment_of(struct hub *h, const struct kt_live_value *v, uint32_t i)
{
    struct fragment *f = &h->fragments[i];
    if (f->n && f->change == v->change) {
        return f;
    }
    char num[40];
    if (v->time == 0 || v->value != v->value) { /* nothing has ever come */
        memcpy(num, "null", 5);
    } else {
        kt_fmt_double(num, v->value);
    }
    f->n = (uint16_t)fragment_text(f->text, i, num, v);
    f->change = v->change;
    return f;
}

/* True when something had changed. */
static bool send_values(struct hub *h, struct client *c, struct kt_live *live, struct kt_buf *b)
{
    if (kt_http_stream_pending(c->stream) > LIVE_PENDING) {
        return true;
    }
    kt_buf_clear(b);
    uint32_t count = kt_live_count(live);
    for (uint32_t i = 0; i < c->points_n; i++) {
        uint32_t p = c->points[i];
        if (p >= count) {
            continue;
        }
        struct kt_live_value v = kt_live_get(live, (kt_point_id){p});
        if (v.change == c->seen[i]) {
            continue;
        }
        c->seen[i] = v.change;
        if (b->n == 0) {
            kt_buf_printf(b, "event: live\ndata: {\"t\":%lld,\"p\":[",
                          (long long)(kt_runtime_now(h->api->opts.runtime) / KT_MS));
        } else {
            kt_put_u8(b, ',');
        }
        const struct fragment *f = fragment_of(h, &v, p);
        kt_buf_put(b, f->text, f->n);
    }
    if (b->n) {
        kt_buf_puts(b, "]}\n\n");
        if (kt_http_stream_send(c->stream, (struct kt_str){b->p, b->n}) == KT_OK) {
            c->last_sent = kt_clock_mono();
        } else {
            memset(c->seen, 0xff, c->points_n * sizeof(*c->seen)); /* send all again */
        }
    }
    return b->n > 0;
}

static bool touched(const struct hub *h, const struct client *c)
{
    uint32_t n = (h->fragments_n + 63) / 64;
    if (c->words != n) {
        return true; /* of another site */
    }
    uint64_t any = 0;
    for (uint32_t i = 0; i < n; i++) {
        any |= c->mask[i] & h->changed[i];
    }
    return any != 0;
}

void stream_look_at_values(struct hub *h, struct client *c, struct kt_live *live, struct kt_buf *b,
                           kt_mono now)
{
    if (now < c->values_due || (c->quiet && !touched(h, c))) {
        return;
    }
    c->quiet = !send_values(h, c, live, b);
    if (!c->quiet) {
        c->values_due = now + VALUES_NS;
    }
}

static void scan(struct hub *h, struct kt_live *live)
{
    uint32_t count = kt_live_count(live);
    count = count < h->fragments_n ? count : h->fragments_n;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t change = kt_live_get(live, (kt_point_id){i}).change;
        if (change != h->change[i]) {
            h->change[i] = change;
            h->changed[i / 64] |= 1ull << i % 64;
        }
    }
}

void stream_scan(struct hub *h, struct kt_live *live)
{
    size_t watched = 0, bytes = (h->fragments_n + 63) / 64 * sizeof(*h->changed);
    for (const struct client *c = h->clients; c; c = c->next) {
        watched += c->quiet ? c->points_n : 0;
    }
    bool all = watched > h->fragments_n;
    memset(h->changed, 0, bytes);
    if (++h->unscanned * SCAN_MOST < (all ? h->fragments_n : watched)) {
        return; /* a little later, so that a tick never costs more */
    }
    h->unscanned = 0;
    if (all) {
        scan(h, live);
    } else {
        memset(h->changed, 0xff, bytes); /* to look at the few is less */
    }
}

void stream_mask(const struct hub *h, struct client *c)
{
    free(c->mask);
    c->words = (h->fragments_n + 63) / 64;
    c->mask = calloc(c->words + 1, sizeof(*c->mask));
    KT_ASSERT(c->mask);
    for (uint32_t i = 0; i < c->points_n; i++) {
        if (c->points[i] < h->fragments_n) {
            c->mask[c->points[i] / 64] |= 1ull << c->points[i] % 64;
        }
    }
    c->quiet = false;
}

void stream_values_done(struct hub *h)
{
    free(h->fragments);
    free(h->change);
    free(h->changed);
}

void stream_values_new(struct hub *h)
{
    stream_values_done(h);
    uint32_t n = h->fragments_n = h->site->points_n;
    h->fragments = calloc(n + 1, sizeof(*h->fragments));
    h->change = malloc((n + 1) * sizeof(*h->change));
    h->changed = calloc(n / 64 + 1, sizeof(*h->changed));
    KT_ASSERT(h->fragments && h->change && h->changed);
    memset(h->change, 0xff, (n + 1) * sizeof(*h->change)); /* a reload counts changes anew */
}
