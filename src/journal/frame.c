/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/frame.h"

static const unsigned char head_magic[8] = {'K', 'T', 'S', 'E', 'G', 0, 0, 1};
static const unsigned char mark_magic[4] = {'K', 'T', 'M', 'K'};
static const unsigned char frame_magic[4] = {'K', 'T', 'F', 'R'};

enum { HEAD_CRC = 8, HEAD_FROM = 12, MARK_CRC = 4, MARK_FROM = 8, FRAME_CRC = 4, FRAME_FROM = 8 };
enum { HEAD_THINNED = 1 };

/* Fixed places in a head are written and read in order through a moving pointer. */
static void put(unsigned char **to, const void *v, size_t n)
{
    memcpy(*to, v, n);
    *to += n;
}

static void get(const unsigned char **from, void *v, size_t n)
{
    memcpy(v, *from, n);
    *from += n;
}

static void put_crc(unsigned char *sector, size_t at, size_t from)
{
    uint32_t crc = kt_crc32c(0, sector + from, SEG_SECTOR - from);
    memcpy(sector + at, &crc, sizeof(crc));
}

static bool crc_fits(const unsigned char *sector, size_t at, size_t from)
{
    uint32_t crc;
    memcpy(&crc, sector + at, sizeof(crc));
    return crc == kt_crc32c(0, sector + from, SEG_SECTOR - from);
}

void seg_head_put(unsigned char to[SEG_SECTOR], const struct seg_head *h)
{
    uint32_t flags = h->thinned ? HEAD_THINNED : 0;
    memset(to, 0, SEG_SECTOR);
    memcpy(to, head_magic, sizeof(head_magic));
    unsigned char *p = to + HEAD_FROM;
    put(&p, &flags, 4);
    put(&p, &h->epoch, 8);
    put(&p, &h->size, 8);
    put(&p, &h->first, 8);
    put(&p, &h->first_time, 8);
    put(&p, h->before.b, sizeof(h->before.b));
    put_crc(to, HEAD_CRC, HEAD_FROM);
}

bool seg_head_get(const unsigned char p[SEG_SECTOR], struct seg_head *ret)
{
    uint32_t flags;
    if (memcmp(p, head_magic, sizeof(head_magic)) != 0 || !crc_fits(p, HEAD_CRC, HEAD_FROM)) {
        return false;
    }
    const unsigned char *at = p + HEAD_FROM;
    get(&at, &flags, 4);
    get(&at, &ret->epoch, 8);
    get(&at, &ret->size, 8);
    get(&at, &ret->first, 8);
    get(&at, &ret->first_time, 8);
    get(&at, ret->before.b, sizeof(ret->before.b));
    ret->thinned = flags & HEAD_THINNED;
    return ret->first > 0;
}

void seg_mark_put(unsigned char to[SEG_SECTOR], const struct seg_mark *m)
{
    memset(to, 0, SEG_SECTOR);
    memcpy(to, mark_magic, sizeof(mark_magic));
    unsigned char *p = to + MARK_FROM;
    put(&p, &m->epoch, 8);
    put(&p, &m->last, 8);
    put(&p, m->chain.b, sizeof(m->chain.b));
    put_crc(to, MARK_CRC, MARK_FROM);
}

bool seg_mark_get(const unsigned char p[SEG_SECTOR], uint64_t epoch, struct seg_mark *ret)
{
    static const unsigned char none[SEG_SECTOR];
    if (memcmp(p, none, SEG_SECTOR) == 0) {
        *ret = (struct seg_mark){0};
        return true;
    }
    if (memcmp(p, mark_magic, sizeof(mark_magic)) != 0 || !crc_fits(p, MARK_CRC, MARK_FROM)) {
        return false;
    }
    const unsigned char *at = p + MARK_FROM;
    get(&at, &ret->epoch, 8);
    get(&at, &ret->last, 8);
    get(&at, ret->chain.b, sizeof(ret->chain.b));
    return ret->epoch == epoch;
}

static uint32_t frame_crc(const unsigned char head[FRAME_HEAD], const void *payload, size_t n)
{
    return kt_crc32c(kt_crc32c(0, head + FRAME_FROM, FRAME_HEAD - FRAME_FROM), payload, n);
}

void frame_head_put(unsigned char to[FRAME_HEAD], kt_seq first, uint64_t epoch, uint32_t count,
                    const void *payload, size_t n)
{
    uint32_t length = (uint32_t)n;
    memcpy(to, frame_magic, sizeof(frame_magic));
    unsigned char *p = to + FRAME_FROM;
    put(&p, &length, 4);
    put(&p, &count, 4);
    put(&p, &first, 8);
    put(&p, &epoch, 8);
    uint32_t crc = frame_crc(to, payload, n);
    memcpy(to + FRAME_CRC, &crc, sizeof(crc));
}

bool frame_head_get(const unsigned char p[FRAME_HEAD], struct frame_head *ret)
{
    if (memcmp(p, frame_magic, sizeof(frame_magic)) != 0) {
        return false;
    }
    const unsigned char *at = p + FRAME_CRC;
    get(&at, &ret->crc, 4);
    get(&at, &ret->length, 4);
    get(&at, &ret->count, 4);
    get(&at, &ret->first, 8);
    get(&at, &ret->epoch, 8);
    return ret->count > 0 && ret->length >= (uint64_t)ret->count * EVENT_HEAD;
}

bool frame_fits(const unsigned char p[FRAME_HEAD], const void *payload, size_t n)
{
    struct frame_head h;
    return frame_head_get(p, &h) && h.length == n && h.crc == frame_crc(p, payload, n);
}

bool frame_follows(const unsigned char *p, size_t n, uint64_t epoch, kt_seq after)
{
    const unsigned char *end = p + n;
    while ((p = memmem(p, (size_t)(end - p), frame_magic, sizeof(frame_magic)))) {
        struct frame_head h;
        size_t left = (size_t)(end - p);
        if (left >= FRAME_HEAD && frame_head_get(p, &h) && h.epoch == epoch && h.first > after &&
            h.length <= left - FRAME_HEAD && frame_fits(p, p + FRAME_HEAD, h.length)) {
            return true;
        }
        p++;
    }
    return false;
}

size_t event_size(size_t origin_n, size_t body_n)
{
    size_t hash = body_n > EVENT_HASHED_ABOVE ? sizeof(struct kt_hash) : 0;
    return EVENT_HEAD + origin_n + hash + body_n;
}

size_t event_size_of(const struct kt_event *ev)
{
    return ev->dropped ? EVENT_HEAD + ev->origin.n + sizeof(struct kt_hash)
                       : event_size(ev->origin.n, ev->body.n);
}

void event_put(struct kt_buf *out, const struct kt_event *ev)
{
    size_t size = event_size_of(ev);
    char *room = kt_buf_reserve(out, size);
    if (!room) {
        return;
    }
    bool hashed = ev->dropped || ev->body.n > EVENT_HASHED_ABOVE;
    uint8_t flags = ev->dropped ? EVENT_DROPPED | EVENT_HASHED : hashed ? EVENT_HASHED : 0;
    uint8_t bytes[4] = {(uint8_t)ev->kind, flags, (uint8_t)ev->origin.n, 0};
    uint32_t body_n = (uint32_t)ev->body.n;
    unsigned char *p = (unsigned char *)room;
    put(&p, bytes, 4);
    put(&p, &body_n, 4);
    put(&p, &ev->time, 8);
    if (ev->origin.n) {
        put(&p, ev->origin.p, ev->origin.n);
    }
    if (hashed) {
        static const struct kt_hash none;
        put(&p, ev->dropped ? &ev->body_hash : &none, sizeof(struct kt_hash));
    }
    if (body_n) {
        memcpy(p, ev->body.p, body_n);
    }
    out->n += size;
}

bool event_view(const unsigned char *p, size_t n, struct event_view *ret)
{
    uint32_t body_n;
    if (n < EVENT_HEAD) {
        return false;
    }
    memcpy(&body_n, p + 4, 4);
    size_t origin_n = p[2];
    bool hashed = p[1] & EVENT_HASHED, dropped = p[1] & EVENT_DROPPED;
    size_t before = EVENT_HEAD + origin_n + (hashed ? sizeof(struct kt_hash) : 0);
    if (p[0] >= EVENT_KINDS || p[3] || before > n || body_n > n - before ||
        (dropped && (body_n || !hashed))) {
        return false;
    }
    ret->kind = p[0];
    ret->flags = p[1];
    memcpy(&ret->time, p + 8, 8);
    ret->origin = (struct kt_str){(const char *)p + EVENT_HEAD, origin_n};
    ret->hash = hashed ? p + EVENT_HEAD + origin_n : NULL;
    ret->body = (struct kt_str){(const char *)p + before, body_n};
    ret->size = before + body_n;
    return true;
}

void event_seal(unsigned char *p, const struct event_view *v, const struct kt_hash *hash)
{
    if (v->hash) {
        memcpy(p + (v->hash - p), hash->b, sizeof(hash->b));
    }
}

size_t event_slim_size(const struct event_view *v)
{
    return EVENT_HEAD + v->origin.n + sizeof(struct kt_hash);
}

size_t event_slim(unsigned char *to, const unsigned char *p, const struct event_view *v,
                  const struct kt_hash *hash)
{
    static const uint32_t no_body;
    size_t before = EVENT_HEAD + v->origin.n;
    memmove(to, p, before);
    to[1] = (unsigned char)(to[1] | EVENT_DROPPED | EVENT_HASHED);
    memcpy(to + 4, &no_body, 4);
    memcpy(to + before, hash->b, sizeof(hash->b));
    return before + sizeof(hash->b);
}

void event_hash(const struct event_view *v, struct kt_hash *ret)
{
    if (v->hash) {
        memcpy(ret->b, v->hash, sizeof(ret->b));
    } else {
        kt_hash_of(v->body.p, v->body.n, ret);
    }
}

void event_chain(struct kt_hash *chain, kt_seq seq, const struct event_view *v,
                 const struct kt_hash *body_hash)
{
    unsigned char head[8 + 8 + 2 + UINT8_MAX + sizeof(body_hash->b)];
    unsigned char *p = head;
    uint8_t bytes[2] = {v->kind, (uint8_t)v->origin.n};
    put(&p, &seq, 8);
    put(&p, &v->time, 8);
    put(&p, bytes, 2);
    put(&p, v->origin.p, v->origin.n);
    put(&p, body_hash->b, sizeof(body_hash->b));
    kt_hash_of2(chain->b, sizeof(chain->b), head, (size_t)(p - head), chain);
}

uint64_t event_samples(const struct event_view *v)
{
    struct kt_rd r = kt_rd_init(v->body.p, v->body.n);
    if (v->kind != KT_EV_SAMPLES || kt_get_u8(&r) != 1) {
        return 0;
    }
    uint64_t n = kt_get_varint(&r);
    return r.bad || n / 3 > v->body.n ? 0 : n;
}
