/* SPDX-License-Identifier: Apache-2.0 */
#include "link/mqtt/tahu.h"

enum { WIRE_VARINT, WIRE_64, WIRE_BYTES, WIRE_32 = 5 };

struct field {
    uint32_t number;
    int wire;
    uint64_t value;      /* WIRE_VARINT, WIRE_64, WIRE_32 */
    struct kt_str bytes; /* WIRE_BYTES */
};

/* One field; false at the end, or where the message is broken (r->bad). */
static bool next_field(struct kt_rd *r, struct field *f)
{
    if (r->bad || kt_rd_left(r) == 0) {
        return false;
    }
    uint64_t tag = kt_get_varint(r);
    f->number = (uint32_t)(tag >> 3);
    f->wire = (int)(tag & 7);
    f->value = 0;
    f->bytes = (struct kt_str){"", 0};
    if (f->number == 0 || tag >> 3 > 0x1fffffff) {
        r->bad = true;
    } else if (f->wire == WIRE_VARINT) {
        f->value = kt_get_varint(r);
    } else if (f->wire == WIRE_64) {
        f->value = kt_get_u64(r);
    } else if (f->wire == WIRE_32) {
        f->value = kt_get_u32(r);
    } else if (f->wire == WIRE_BYTES) {
        f->bytes = kt_get_bytes(r);
    } else {
        r->bad = true; /* groups are gone from the language */
    }
    return !r->bad;
}

static struct kt_rd inside(struct kt_str s)
{
    return kt_rd_init(s.p ? s.p : "", s.n);
}

int tahu_read(struct kt_str body, struct tahu_payload *ret)
{
    struct tahu_payload p = {.seq = -1, .at = inside(body)};
    struct kt_rd r = p.at;
    struct field f;
    while (next_field(&r, &f)) {
        if (f.number == 1 && f.wire == WIRE_VARINT) {
            p.time_ms = f.value;
        } else if (f.number == 3 && f.wire == WIRE_VARINT && f.value <= 255) {
            p.seq = (int)f.value;
        }
    }
    if (r.bad) {
        return KT_EPARSE;
    }
    *ret = p;
    return KT_OK;
}

/* PropertyValue: its whole number; -1 when it has none. */
static int64_t property_value(struct kt_str bytes)
{
    struct kt_rd r = inside(bytes);
    struct field f;
    int64_t v = -1;
    while (next_field(&r, &f)) {
        if ((f.number == 3 || f.number == 4) && f.wire == WIRE_VARINT) {
            v = f.value <= INT64_MAX ? (int64_t)f.value : 0;
        } else if (f.number == 2 && f.value) {
            v = 0; /* a quality that is nothing is no good one */
        }
    }
    return r.bad ? 0 : v;
}

/* PropertySet: keys and values in two lists of one order. */
static int64_t quality_of(struct kt_str bytes)
{
    struct kt_rd r = inside(bytes);
    struct field f;
    uint32_t keys = 0, at = UINT32_MAX, values = 0;
    while (next_field(&r, &f)) {
        if (f.number == 1 && f.wire == WIRE_BYTES) {
            at = kt_str_is(f.bytes, "Quality") ? keys : at;
            keys++;
        }
    }
    r = inside(bytes);
    while (at != UINT32_MAX && next_field(&r, &f)) {
        if (f.number == 2 && f.wire == WIRE_BYTES && values++ == at) {
            return property_value(f.bytes);
        }
    }
    return at == UINT32_MAX ? -1 : 0;
}

static void take_real(struct tahu_metric *m, const struct field *f)
{
    m->kind = TAHU_REAL;
    if (f->wire == WIRE_32) {
        uint32_t bits = (uint32_t)f->value;
        float v;
        memcpy(&v, &bits, sizeof(v));
        m->real = (double)v;
    } else {
        memcpy(&m->real, &f->value, sizeof(m->real));
    }
}

static void take_field(struct tahu_metric *m, const struct field *f)
{
    bool varint = f->wire == WIRE_VARINT, bytes = f->wire == WIRE_BYTES;
    if (f->number == 1 && bytes) {
        m->name = f->bytes;
    } else if (f->number == 2 && varint) {
        m->alias = f->value;
        m->has_alias = true;
    } else if (f->number == 3 && varint) {
        m->time_ms = f->value;
    } else if (f->number == 4 && varint) {
        m->datatype = f->value <= UINT32_MAX ? (uint32_t)f->value : UINT32_MAX;
    } else if (f->number == 5 && varint) {
        m->historical = f->value != 0;
    } else if (f->number == 7 && varint) {
        m->null = f->value != 0;
    } else if (f->number == 9 && bytes) {
        m->quality = quality_of(f->bytes);
    } else if ((f->number == 10 || f->number == 14) && varint) {
        m->kind = TAHU_INT;
        m->bits = f->value;
    } else if (f->number == 11 && varint) {
        m->kind = TAHU_LONG;
        m->bits = f->value;
    } else if ((f->number == 12 && f->wire == WIRE_32) || (f->number == 13 && f->wire == WIRE_64)) {
        take_real(m, f);
    } else if (f->number >= 15 && f->number <= 19) {
        m->kind = TAHU_OTHER;
    }
}

int tahu_next(struct tahu_payload *p, struct tahu_metric *ret)
{
    struct field f;
    while (next_field(&p->at, &f)) {
        if (f.number != 2 || f.wire != WIRE_BYTES) {
            continue;
        }
        struct tahu_metric m = {.name = {"", 0}, .quality = -1};
        struct kt_rd r = inside(f.bytes);
        while (next_field(&r, &f)) {
            take_field(&m, &f);
        }
        if (r.bad || (m.name.n == 0 && !m.has_alias)) {
            return KT_EPARSE;
        }
        *ret = m;
        return 1;
    }
    return p->at.bad ? KT_EPARSE : 0;
}

bool tahu_number(const struct tahu_metric *m, uint32_t datatype, double *ret)
{
    if (m->kind == TAHU_REAL) {
        *ret = m->real;
        return datatype == TAHU_FLOAT || datatype == TAHU_DOUBLE;
    }
    if (m->kind != TAHU_INT && m->kind != TAHU_LONG) {
        return false;
    }
    switch (datatype) { /* whole numbers with a sign are the bits of their two's complement */
    case TAHU_INT8:
        *ret = (double)(int8_t)m->bits;
        return true;
    case TAHU_INT16:
        *ret = (double)(int16_t)m->bits;
        return true;
    case TAHU_INT32:
        *ret = (double)(int32_t)m->bits;
        return true;
    case TAHU_INT64:
        *ret = (double)(int64_t)m->bits;
        return true;
    case TAHU_UINT8:
    case TAHU_UINT16:
    case TAHU_UINT32:
    case TAHU_UINT64:
        *ret = (double)m->bits;
        return true;
    case TAHU_BOOLEAN:
        *ret = m->bits != 0;
        return true;
    default:
        return false;
    }
}

void tahu_put_rebirth(struct kt_buf *out, uint64_t time_ms)
{
    static const char name[] = "Node Control/Rebirth";
    struct kt_buf m;
    kt_buf_init(&m, 256);
    kt_put_u8(&m, 1 << 3 | WIRE_BYTES);
    kt_put_bytes(&m, name, sizeof(name) - 1);
    kt_put_u8(&m, 3 << 3 | WIRE_VARINT);
    kt_put_varint(&m, time_ms);
    kt_put_u8(&m, 4 << 3 | WIRE_VARINT);
    kt_put_varint(&m, TAHU_BOOLEAN);
    kt_put_u8(&m, 14 << 3 | WIRE_VARINT);
    kt_put_varint(&m, 1);
    kt_put_u8(out, 1 << 3 | WIRE_VARINT);
    kt_put_varint(out, time_ms);
    kt_put_u8(out, 2 << 3 | WIRE_BYTES);
    kt_put_bytes(out, m.p, m.n);
    kt_buf_done(&m);
}
