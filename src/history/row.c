/* SPDX-License-Identifier: Apache-2.0 */
#include "history/row.h"

enum { VERSION = 1 };

void history_summarize(const struct history_cols *c, uint32_t lo, uint32_t hi,
                       struct history_summary *ret)
{
    struct history_summary s = {.n = hi - lo, .first = c->time[lo], .last = c->time[hi - 1]};
    for (uint32_t i = lo; i < hi; i++) {
        double v = c->value[i];
        kt_quality q = c->quality[i];
        s.worst = q > s.worst ? q : s.worst;
        if (!history_known(v, q)) {
            continue;
        }
        if (!s.known || v < s.min) {
            s.min = v;
            s.min_time = c->time[i];
        }
        if (!s.known || v > s.max) {
            s.max = v;
            s.max_time = c->time[i];
        }
        s.sum += v;
        s.last_value = v;
        s.last_time = c->time[i];
        s.known++;
    }
    *ret = s;
}

static const int64_t units[] = {KT_SEC, KT_MS, KT_US, 1};

/* Index of the coarsest unit that divides all times of a summary. */
static uint8_t unit_of(const struct history_summary *s)
{
    const kt_time t[] = {s->first, s->last, s->known ? s->min_time : 0, s->known ? s->max_time : 0,
                         s->known ? s->last_time : 0};
    uint8_t u = 0;
    for (size_t i = 0; i < KT_ARRAY_LEN(t); i++) {
        while (t[i] % units[u]) {
            u++;
        }
    }
    return u;
}

static void put_summary(struct kt_buf *b, const struct history_summary *s)
{
    uint8_t u = unit_of(s);
    kt_put_u8(b, VERSION);
    kt_put_u8(b, u);
    kt_put_varint(b, s->n);
    kt_put_varint(b, kt_zigzag(s->first / units[u]));
    kt_put_varint(b, (uint64_t)((s->last - s->first) / units[u]));
    kt_put_varint(b, s->order);
    kt_put_u8(b, s->worst);
    kt_put_varint(b, s->known);
    if (s->known) {
        history_put_num(b, s->min);
        history_put_num(b, s->max);
        history_put_num(b, s->sum);
        history_put_num(b, s->last_value);
        kt_put_varint(b, (uint64_t)((s->min_time - s->first) / units[u]));
        kt_put_varint(b, (uint64_t)((s->max_time - s->first) / units[u]));
        kt_put_varint(b, (uint64_t)((s->last_time - s->first) / units[u]));
    }
}

static kt_time get_time(struct kt_rd *r, int64_t unit, kt_time first)
{
    uint64_t d = kt_get_varint(r);
    r->bad = r->bad || d > (uint64_t)(KT_DAY / unit);
    return r->bad ? first : first + (kt_time)d * unit;
}

static bool get_first(struct kt_rd *r, int64_t unit, kt_time *ret)
{
    int64_t t = kt_unzigzag(kt_get_varint(r)), most = (INT64_MAX - KT_DAY) / unit;
    if (r->bad || t > most || t < -most) {
        return false;
    }
    *ret = t * unit;
    return true;
}

static bool get_summary(struct kt_rd *r, struct history_summary *s)
{
    uint8_t version = kt_get_u8(r), u = kt_get_u8(r);
    uint64_t n = kt_get_varint(r);
    if (r->bad || version != VERSION || u >= KT_ARRAY_LEN(units) || n == 0 ||
        n > HISTORY_CODEC_MAX || !get_first(r, units[u], &s->first)) {
        return false;
    }
    s->n = (uint32_t)n;
    s->last = get_time(r, units[u], s->first);
    s->order = kt_get_varint(r);
    s->worst = kt_get_u8(r);
    uint64_t known = kt_get_varint(r);
    if (known > n) {
        return false;
    }
    s->known = (uint32_t)known;
    if (known) {
        s->min = history_get_num(r);
        s->max = history_get_num(r);
        s->sum = history_get_num(r);
        s->last_value = history_get_num(r);
        s->min_time = get_time(r, units[u], s->first);
        s->max_time = get_time(r, units[u], s->first);
        s->last_time = get_time(r, units[u], s->first);
    }
    return !r->bad;
}

void history_row_hash(const char *id, struct kt_str row, struct kt_hash *ret)
{
    size_t n = row.n < HISTORY_CHECK_BYTES ? row.n : HISTORY_CHECK_BYTES;
    kt_hash_of2(id, strlen(id) + 1, row.p + n, row.n - n, ret);
}

void history_row_encode(struct history_codec *k, const char *id, const struct history_cols *c,
                        uint32_t lo, uint32_t hi, uint64_t order, struct kt_buf *out,
                        struct history_summary *ret, struct kt_hash *ret_hash)
{
    struct history_summary s;
    history_summarize(c, lo, hi, &s);
    KT_ASSERT(history_day(s.first) == history_day(s.last));
    s.order = order;
    kt_buf_clear(out);
    kt_put_u64(out, 0);
    put_summary(out, &s);
    history_codec_encode(k, c, lo, hi, out);
    KT_ASSERT(!out->full);
    history_row_hash(id, (struct kt_str){out->p, out->n}, ret_hash);
    memcpy(out->p, ret_hash->b, HISTORY_CHECK_BYTES);
    *ret = s;
}

int history_row_open(const char *id, struct kt_str row, struct history_summary *ret,
                     struct kt_str *ret_run, struct kt_err *err)
{
    struct kt_hash h;
    if (row.n <= HISTORY_CHECK_BYTES) {
        return kt_err_set(err, KT_ECORRUPT, "point %s: a chunk of %zu bytes is too short", id,
                          row.n);
    }
    history_row_hash(id, row, &h);
    if (memcmp(h.b, row.p, HISTORY_CHECK_BYTES) != 0) {
        return kt_err_set(
            err, KT_ECORRUPT,
            "point %s: a chunk does not match its hash; restore the file from a backup", id);
    }
    struct kt_rd r = kt_rd_init(row.p + HISTORY_CHECK_BYTES, row.n - HISTORY_CHECK_BYTES);
    struct history_summary s = {0};
    if (!get_summary(&r, &s)) {
        return kt_err_set(err, KT_ECORRUPT, "point %s: the head of a chunk cannot be read", id);
    }
    *ret = s;
    *ret_run = (struct kt_str){(const char *)r.p, kt_rd_left(&r)};
    return KT_OK;
}
