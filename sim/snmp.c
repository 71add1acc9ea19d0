/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message: SEQUENCE { version, community, PDU { request, a, b, SEQUENCE of bindings } }. It is
 * read from the front by `span`s that never leave the datagram, and written from its end to its
 * front, so each length is known when its head is written.
 */
#include "snmp.h"

#include <stdio.h>
#include <string.h>

enum {
    TAG_INT = 0x02,
    TAG_TEXT = 0x04,
    TAG_NULL = 0x05,
    TAG_OID = 0x06,
    TAG_SEQUENCE = 0x30,
    TAG_GAUGE = 0x42,
    TAG_TICKS = 0x43,
    TAG_COUNT64 = 0x46,
    TAG_NO_SUCH = 0x81,
    TAG_END = 0x82
};
enum { PDU_GET = 0xa0, PDU_NEXT = 0xa1, PDU_RESPONSE = 0xa2, PDU_SET = 0xa3, PDU_BULK = 0xa5 };
enum { V2C = 1, TOO_BIG = 1, NOT_WRITABLE = 17 };

struct span {
    const uint8_t *p;
    size_t n;
};
struct bind {
    struct sim_oid oid;
    const struct sim_object *object; /* NULL: what `tag` says */
    uint8_t tag;
};
struct message {
    struct span community;
    int pdu;
    int32_t request, a, b; /* a, b: of GETBULK how many are asked once, how often the others */
    struct bind binds[SIM_SNMP_BINDS];
    int n;
    bool more; /* than SIM_SNMP_BINDS */
};

/* ---- names ---- */
bool sim_oid_of(struct kt_str text, struct sim_oid *ret)
{
    struct sim_oid o = {.n = 0};
    uint64_t v = 0;
    bool digit = false;
    for (size_t i = 0; i <= text.n; i++) {
        char c = i < text.n ? text.p[i] : '.';
        if (c == '.') {
            if (!digit || o.n == SIM_OID_PARTS) {
                return false;
            }
            o.part[o.n++] = (uint32_t)v;
            v = 0;
            digit = false;
        } else if (c >= '0' && c <= '9' && v * 10 + (uint64_t)(c - '0') <= UINT32_MAX) {
            v = v * 10 + (uint64_t)(c - '0');
            digit = true;
        } else {
            return false;
        }
    }
    if (o.n < 2 || o.part[0] > 2 || o.part[1] > 39) {
        return false;
    }
    *ret = o;
    return true;
}

int sim_oid_compare(const struct sim_oid *a, const struct sim_oid *b)
{
    for (int i = 0; i < a->n && i < b->n; i++) {
        if (a->part[i] != b->part[i]) {
            return a->part[i] < b->part[i] ? -1 : 1;
        }
    }
    return a->n - b->n;
}

bool sim_form_of(struct kt_str word, enum sim_form *ret)
{
    static const char *const words[] = {"int", "gauge", "count", "ticks", "text"};
    for (size_t k = 0; k < KT_ARRAY_LEN(words); k++) {
        if (kt_str_is(word, words[k])) {
            *ret = (enum sim_form)k;
            return true;
        }
    }
    return false;
}

/* ---- reading ---- */
/** Takes the head of the next value off `s`; its bytes become *ret. */
static bool take_any(struct span *s, int *ret_tag, struct span *ret)
{
    if (s->n < 2) {
        return false;
    }
    size_t len = s->p[1], head = 2;
    if (len >= 0x80) {
        size_t more = len & 0x7f;
        if (more < 1 || more > 2 || s->n < 2 + more) {
            return false;
        }
        len = more == 1 ? s->p[2] : (size_t)s->p[2] << 8 | s->p[3];
        head += more;
    }
    if (len > s->n - head) {
        return false;
    }
    *ret_tag = s->p[0];
    *ret = (struct span){s->p + head, len};
    s->p += head + len;
    s->n -= head + len;
    return true;
}

static bool take(struct span *s, int tag, struct span *ret)
{
    int got;
    return take_any(s, &got, ret) && got == tag;
}

static bool take_int(struct span *s, int32_t *ret)
{
    struct span v;
    if (!take(s, TAG_INT, &v) || v.n < 1 || v.n > 4) {
        return false;
    }
    uint32_t bits = v.p[0] & 0x80 ? UINT32_MAX : 0;
    for (size_t i = 0; i < v.n; i++) {
        bits = bits << 8 | v.p[i];
    }
    *ret = (int32_t)bits;
    return true;
}

static bool take_oid(struct span *s, struct sim_oid *ret)
{
    struct span v;
    struct sim_oid o = {.n = 0};
    uint64_t part = 0;
    if (!take(s, TAG_OID, &v) || v.n < 1 || v.p[v.n - 1] & 0x80) {
        return false;
    }
    for (size_t i = 0; i < v.n; i++) {
        part = part << 7 | (v.p[i] & 0x7f);
        if (part > UINT32_MAX || o.n >= SIM_OID_PARTS - 1) {
            return false;
        }
        if (v.p[i] & 0x80) {
            continue;
        }
        if (o.n == 0) { /* the first two numbers share a place */
            o.part[o.n++] = part < 80 ? (uint32_t)part / 40 : 2;
            part -= 40 * (uint64_t)o.part[0];
        }
        o.part[o.n++] = (uint32_t)part;
        part = 0;
    }
    *ret = o;
    return true;
}

static bool take_binds(struct span list, struct message *m)
{
    while (list.n) {
        struct span one, value;
        struct sim_oid oid;
        int tag;
        if (!take(&list, TAG_SEQUENCE, &one) || !take_oid(&one, &oid) ||
            !take_any(&one, &tag, &value) || one.n) {
            return false;
        }
        m->more = m->more || m->n == SIM_SNMP_BINDS;
        if (!m->more) {
            m->binds[m->n++] = (struct bind){.oid = oid, .tag = TAG_NULL};
        }
    }
    return true;
}

static bool read_message(struct span in, struct message *m)
{
    struct span all, pdu, list;
    int32_t version;
    *m = (struct message){.pdu = 0};
    return take(&in, TAG_SEQUENCE, &all) && !in.n && take_int(&all, &version) && version == V2C &&
           take(&all, TAG_TEXT, &m->community) && take_any(&all, &m->pdu, &pdu) && !all.n &&
           take_int(&pdu, &m->request) && take_int(&pdu, &m->a) && take_int(&pdu, &m->b) &&
           take(&pdu, TAG_SEQUENCE, &list) && !pdu.n && take_binds(list, m);
}

/* ---- looking up ---- */
/** The first object that is not before `oid` (`after`: behind it); NULL at the end. */
static const struct sim_object *find(const struct sim_table *t, const struct sim_oid *oid,
                                     bool after)
{
    int lo = 0, hi = t->n;
    while (lo < hi) {
        int mid = lo + (hi - lo) / 2;
        int c = sim_oid_compare(&t->objects[mid].oid, oid);
        if (c < 0 || (after && c == 0)) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo < t->n ? &t->objects[lo] : NULL;
}

static void look_here(const struct sim_table *t, struct bind *b)
{
    const struct sim_object *o = find(t, &b->oid, false);
    b->object = o && sim_oid_compare(&o->oid, &b->oid) == 0 ? o : NULL;
    b->tag = TAG_NO_SUCH;
}

static void look_next(const struct sim_table *t, struct bind *b)
{
    b->object = find(t, &b->oid, true);
    b->tag = TAG_END;
    if (b->object) {
        b->oid = b->object->oid;
    }
}

/** The asked ones stand in m->binds; the found ones replace them, as many as there is room for. */
static void bulk(const struct sim_table *t, struct message *m)
{
    int once = m->a < 0 ? 0 : m->a > m->n ? m->n : m->a, width = m->n - once;
    for (int i = 0; i < m->n; i++) {
        look_next(t, &m->binds[i]);
    }
    if (m->b < 1) { /* those that repeat are not asked at all */
        m->n = once;
        return;
    }
    for (int round = 1; width && round < m->b && m->n + width <= SIM_SNMP_BINDS; round++) {
        bool any = false;
        for (int i = 0; i < width; i++) {
            struct bind *b = &m->binds[m->n];
            *b = m->binds[m->n - width];
            look_next(t, b);
            any = any || b->object;
            m->n++;
        }
        if (!any) {
            return;
        }
    }
}

/* ---- writing, from the end to the front ---- */
struct tail {
    uint8_t *bytes;
    size_t at; /* what is written begins here */
    bool full;
};

static void put(struct tail *t, const void *bytes, size_t n)
{
    if (t->full || t->at < n) {
        t->full = true;
        return;
    }
    t->at -= n;
    memcpy(t->bytes + t->at, bytes, n);
}

static void put_byte(struct tail *t, uint8_t b)
{
    put(t, &b, 1);
}

/** The head of what was written since `end`. */
static void head(struct tail *t, uint8_t tag, size_t end)
{
    size_t len = end - t->at;
    put_byte(t, (uint8_t)len);
    if (len >= 0x100) {
        put_byte(t, (uint8_t)(len >> 8));
    }
    if (len >= 0x80) {
        put_byte(t, len >= 0x100 ? 0x82 : 0x81);
    }
    put_byte(t, tag);
}

static void put_int(struct tail *t, int64_t v)
{
    size_t end = t->at;
    int64_t rest = v;
    do {
        put_byte(t, (uint8_t)rest);
        v = rest;
        rest >>= 8;
    } while (!(rest == 0 && !(v & 0x80)) && !(rest == -1 && (v & 0x80)));
    head(t, TAG_INT, end);
}

static void put_count(struct tail *t, uint8_t tag, uint64_t v)
{
    size_t end = t->at;
    uint8_t last;
    do {
        last = (uint8_t)v;
        put_byte(t, last);
        v >>= 8;
    } while (v);
    if (last & 0x80) { /* it is not below 0 */
        put_byte(t, 0);
    }
    head(t, tag, end);
}

static void put_oid(struct tail *t, const struct sim_oid *o)
{
    size_t end = t->at;
    for (int i = o->n - 1; i >= 1; i--) {
        uint64_t v = i == 1 ? 40ull * o->part[0] + o->part[1] : o->part[i];
        put_byte(t, v & 0x7f);
        while (v >>= 7) {
            put_byte(t, (v & 0x7f) | 0x80);
        }
    }
    head(t, TAG_OID, end);
}

static double within(double v, double lo, double hi)
{
    return v > lo ? v < hi ? v : hi : lo; /* NaN is lo */
}

static void put_value(struct tail *t, const struct sim_object *o)
{
    char text[32];
    size_t end = t->at;
    switch (o->form) {
    case SIM_FORM_INT:
        put_int(t, (int64_t)within(o->value, INT32_MIN, INT32_MAX));
        return;
    case SIM_FORM_GAUGE:
        put_count(t, TAG_GAUGE, (uint64_t)within(o->value, 0, UINT32_MAX));
        return;
    case SIM_FORM_TICKS:
        put_count(t, TAG_TICKS, (uint64_t)within(o->value, 0, 1e18) & UINT32_MAX);
        return;
    case SIM_FORM_COUNT:
        put_count(t, TAG_COUNT64, (uint64_t)within(o->value, 0, 1e18));
        return;
    case SIM_FORM_TEXT:
        put(t, text, (size_t)snprintf(text, sizeof(text), "%.6g", o->value));
        head(t, TAG_TEXT, end);
        return;
    }
}

static void put_binds(struct tail *t, const struct message *m)
{
    size_t all = t->at;
    for (int i = m->n - 1; i >= 0; i--) {
        const struct bind *b = &m->binds[i];
        size_t end = t->at;
        if (b->object) {
            put_value(t, b->object);
        } else {
            head(t, b->tag, t->at);
        }
        put_oid(t, &b->oid);
        head(t, TAG_SEQUENCE, end);
    }
    head(t, TAG_SEQUENCE, all);
}

static size_t respond(const struct message *m, int error, int index, uint8_t *out)
{
    struct tail t = {.bytes = out, .at = SIM_SNMP_BYTES};
    put_binds(&t, m);
    put_int(&t, index);
    put_int(&t, error);
    put_int(&t, m->request);
    head(&t, PDU_RESPONSE, SIM_SNMP_BYTES);
    size_t end = t.at;
    put(&t, m->community.p, m->community.n);
    head(&t, TAG_TEXT, end);
    put_int(&t, V2C);
    head(&t, TAG_SEQUENCE, SIM_SNMP_BYTES);
    size_t n = t.full ? 0 : SIM_SNMP_BYTES - t.at;
    memmove(out, out + t.at, n);
    return n;
}

size_t sim_snmp_answer(const struct sim_table *t, const uint8_t *in, size_t n,
                       uint8_t out[SIM_SNMP_BYTES])
{
    struct message m;
    size_t word = strlen(t->community);
    if (!read_message((struct span){in, n}, &m) || m.community.n != word ||
        memcmp(m.community.p, t->community, word) != 0) {
        return 0;
    }
    if (m.more) {
        m.n = 0;
        return respond(&m, TOO_BIG, 0, out);
    }
    switch (m.pdu) {
    case PDU_GET:
    case PDU_NEXT:
        for (int i = 0; i < m.n; i++) {
            m.pdu == PDU_GET ? look_here(t, &m.binds[i]) : look_next(t, &m.binds[i]);
        }
        return respond(&m, 0, 0, out);
    case PDU_BULK:
        bulk(t, &m);
        return respond(&m, 0, 0, out);
    case PDU_SET:
        return respond(&m, NOT_WRITABLE, 1, out);
    default:
        return 0;
    }
}
