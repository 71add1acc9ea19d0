/* SPDX-License-Identifier: Apache-2.0 */
/* Values: what changed of a client's points, as text that is made once a change. */
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

void stream_look_at_values(struct hub *h, struct client *c, struct kt_live *live, struct kt_buf *b,
                           kt_mono now)
{
    if (now < c->values_due) {
        return;
    }
    if (send_values(h, c, live, b)) {
        c->values_due = now + VALUES_NS;
        c->quiet = 0;
        return;
    }
    c->quiet += c->quiet < QUIET_LOOKS;
    c->values_due = now + (c->quiet < QUIET_LOOKS ? 0 : QUIET_NS);
}
