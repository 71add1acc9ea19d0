/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/readings.h"

#include <stdlib.h>

enum { VERSION = 1 };
#define SPAN_MS (KT_DAY * 400 / KT_MS)

void kt_readings_init(struct kt_readings *r)
{
    r->arrival = 0;
    r->n = r->cap = r->dict_n = 0;
    r->v = NULL;
}

void kt_readings_clear(struct kt_readings *r)
{
    r->n = r->dict_n = 0;
}

void kt_readings_done(struct kt_readings *r)
{
    free(r->v);
    kt_readings_init(r);
}

struct kt_reading *kt_readings_add(struct kt_readings *r)
{
    if (r->n == KT_READINGS_MAX) {
        return NULL;
    }
    if (r->n == r->cap) {
        r->cap = r->cap ? 2 * r->cap : 256;
        r->v = realloc(r->v, r->cap * sizeof(*r->v));
        KT_ASSERT(r->v);
    }
    struct kt_reading *to = &r->v[r->n++];
    memset(to, 0, sizeof(*to));
    to->battery = UINT8_MAX;
    return to;
}

int kt_readings_anchor(struct kt_readings *r, struct kt_str id)
{
    if (id.n == 0 || id.n >= KT_ANCHOR_TEXT || memchr(id.p, 0, id.n)) {
        return -1;
    }
    /* neighbours in a batch hear the same anchors: the last ones are the likely ones */
    for (uint32_t i = r->dict_n; i-- > 0;) {
        if (kt_str_is(id, r->dict[i])) {
            return (int)i;
        }
    }
    if (r->dict_n == KT_READINGS_DICT) {
        return -1;
    }
    memcpy(r->dict[r->dict_n], id.p, id.n);
    r->dict[r->dict_n][id.n] = '\0';
    return (int)r->dict_n++;
}

void kt_readings_encode(struct kt_buf *out, const struct kt_readings *r)
{
    uint64_t card = 0;
    kt_time time = r->arrival;
    kt_put_u8(out, VERSION);
    kt_put_i64(out, r->arrival);
    kt_put_varint(out, r->dict_n);
    for (uint32_t i = 0; i < r->dict_n; i++) {
        kt_put_text(out, r->dict[i]);
    }
    kt_put_varint(out, r->n);
    for (uint32_t i = 0; i < r->n; i++) {
        const struct kt_reading *x = &r->v[i];
        kt_put_varint(out, kt_zigzag((int64_t)(x->card - card)));
        kt_put_varint(out, kt_zigzag((x->time - time) / KT_MS));
        kt_put_u8(out, x->flags);
        kt_put_u8(out, x->battery);
        kt_put_u8(out, x->n);
        for (int k = 0; k < x->n; k++) {
            kt_put_varint(out, x->a[k].anchor);
            kt_put_varint(out, x->a[k].cm == KT_DIST_NONE ? 0 : (uint64_t)x->a[k].cm + 1);
        }
        if (x->flags & KT_READ_SINCE) {
            kt_put_varint(out, kt_zigzag((x->in - r->arrival) / KT_MS));
        }
        card = x->card;
        time += (x->time - time) / KT_MS * KT_MS; /* what the reader will have */
    }
}

static void get_one(struct kt_rd *in, struct kt_readings *r, uint64_t *card, kt_time *time)
{
    struct kt_reading *x = kt_readings_add(r);
    in->bad |= x == NULL;
    if (in->bad) {
        return;
    }
    *card += (uint64_t)kt_unzigzag(kt_get_varint(in));
    int64_t ms = kt_unzigzag(kt_get_varint(in));
    in->bad |= *card == 0 || *card > KT_CARD_MAX || ms > SPAN_MS || ms < -SPAN_MS;
    x->card = *card;
    *time += in->bad ? 0 : ms * KT_MS;
    x->time = *time;
    x->flags = kt_get_u8(in);
    x->battery = kt_get_u8(in);
    x->n = kt_get_u8(in);
    in->bad |= x->n > KT_READING_ANCHORS;
    for (int k = 0; !in->bad && k < x->n; k++) {
        uint64_t anchor = kt_get_varint(in), cm = kt_get_varint(in);
        in->bad |= anchor >= r->dict_n || cm > UINT32_MAX;
        x->a[k].anchor = (uint16_t)anchor;
        x->a[k].cm = cm == 0 ? KT_DIST_NONE : (uint32_t)(cm - 1);
    }
    if (x->flags & KT_READ_SINCE) {
        ms = kt_unzigzag(kt_get_varint(in));
        in->bad |= ms > SPAN_MS || ms < -SPAN_MS;
        x->in = in->bad ? 0 : r->arrival + ms * KT_MS;
        in->bad |= x->in < 0;
    }
}

int kt_readings_decode(struct kt_str body, struct kt_readings *ret, struct kt_err *err)
{
    struct kt_rd in = kt_rd_init(body.p, body.n);
    uint64_t card = 0;
    kt_readings_clear(ret);
    in.bad |= kt_get_u8(&in) != VERSION;
    ret->arrival = kt_get_i64(&in);
    in.bad |= ret->arrival < 0 || ret->arrival > INT64_MAX / 4;
    uint64_t dict = kt_get_varint(&in);
    in.bad |= dict > KT_READINGS_DICT || dict > kt_rd_left(&in);
    for (uint64_t i = 0; i < dict && !in.bad; i++) {
        kt_get_text(&in, ret->dict[i], KT_ANCHOR_TEXT);
        in.bad |= ret->dict[i][0] == '\0';
    }
    ret->dict_n = in.bad ? 0 : (uint32_t)dict;
    uint64_t n = kt_get_varint(&in);
    in.bad |= n > KT_READINGS_MAX || n > kt_rd_left(&in);
    kt_time time = ret->arrival;
    for (uint64_t i = 0; i < n && !in.bad; i++) {
        get_one(&in, ret, &card, &time);
        in.bad |= time < 0 || time > INT64_MAX / 2;
    }
    if (in.bad || kt_rd_left(&in)) {
        kt_readings_clear(ret);
        return kt_err_set(err, KT_ECORRUPT, "a batch of readings cannot be read");
    }
    return KT_OK;
}

bool kt_card_parse(struct kt_str s, uint64_t *ret)
{
    uint64_t v = 0;
    if (s.n == 0 || s.n > 18) {
        return false;
    }
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') {
            return false;
        }
        v = 10 * v + (uint64_t)(s.p[i] - '0');
    }
    if (v == 0) {
        return false;
    }
    *ret = v;
    return true;
}
