/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of docs/site-format.md: [UNIT/] TABLE OFFSET [:TYPE[.le]] [*SCALE] [|STATUS]. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "link/modbus/private.h"

static bool number(const char **p, int max, int *ret)
{
    char *end;
    if (**p < '0' || **p > '9') {
        return false;
    }
    long v = strtol(*p, &end, 10);
    if (v > max) {
        return false;
    }
    *p = end;
    *ret = (int)v;
    return true;
}

static bool table_at(const char **p, char *ret)
{
    if (!**p || !strchr("hicd", **p)) {
        return false;
    }
    *ret = *(*p)++;
    return true;
}

static bool type_at(const char **p, struct kt_modbus_address *a)
{
    static const struct {
        const char *id;
        char type;
    } types[] = {{"u16", 'u'}, {"i16", 'i'}, {"u32", 'U'}, {"i32", 'I'}, {"f32", 'f'}};
    for (size_t i = 0; i < KT_ARRAY_LEN(types); i++) {
        if (strncmp(*p, types[i].id, 3) == 0) {
            a->type = types[i].type;
            *p += 3;
            if (strncmp(*p, ".le", 3) == 0 || strncmp(*p, ".be", 3) == 0) {
                a->little = (*p)[1] == 'l';
                *p += 3;
            }
            return true;
        }
    }
    return false;
}

static bool parse(const char *p, struct kt_modbus_address *a)
{
    const char *slash = strchr(p, '/');
    if (slash && (!number(&p, 247, &a->unit) || *p++ != '/')) {
        return false;
    }
    if (!table_at(&p, &a->table) || !number(&p, 65535, &a->offset)) {
        return false;
    }
    bool bits = a->table == 'c' || a->table == 'd';
    a->type = bits ? 'b' : 'u';
    if (*p == ':' && (bits || !(p++, type_at(&p, a)))) {
        return false;
    }
    if (*p == '*') {
        char *end;
        a->scale = strtod(p + 1, &end);
        if (end == p + 1 || !isnormal(a->scale)) { /* nor nothing, infinite, beyond a double */
            return false;
        }
        p = end;
    }
    if (*p == '|') {
        p++;
        if (!table_at(&p, &a->status_table) || !strchr("hi", a->status_table) ||
            !number(&p, 65535, &a->status_offset)) {
            return false;
        }
    }
    return *p == '\0';
}

int kt_modbus_parse_address(const char *text, struct kt_modbus_address *ret, struct kt_err *err)
{
    struct kt_modbus_address a = {.unit = -1, .scale = 1};
    if (!parse(text, &a)) {
        return kt_err_set(err, KT_EPARSE,
                          "modbus address \"%s\" cannot be read; it looks like i12:u16*0.01|i112, "
                          "h40:f32.le, c5 or 3/i12",
                          text);
    }
    *ret = a;
    return KT_OK;
}

int item_width(const struct kt_modbus_address *a)
{
    return strchr("UIf", a->type) ? 2 : 1;
}

/* 0.01 is no binary fraction: dividing by 100 gives the decimal that the device means. */
static double scaled(double raw, double scale)
{
    double inverse = 1 / scale, whole = floor(inverse + 0.5);
    bool reciprocal = scale > 0 && scale < 1 && inverse < 1e9 && 1 / whole == scale;
    return reciprocal ? raw / whole : raw * scale;
}

double item_value(const struct item *it, const struct block *b, const uint16_t *regs,
                  const uint8_t *bits)
{
    int at = it->addr.offset - b->offset;
    const struct kt_modbus_address *a = &it->addr;
    if (it->is_status) {
        return regs[at];
    }
    if (a->type == 'b') {
        return bits[at] ? 1 : 0;
    }
    uint32_t two = 0;
    if (item_width(a) == 2) {
        two = a->little ? (uint32_t)regs[at + 1] << 16 | regs[at]
                        : (uint32_t)regs[at] << 16 | regs[at + 1];
    }
    float f;
    memcpy(&f, &two, sizeof(f));
    switch (a->type) {
    case 'i':
        return scaled((int16_t)regs[at], a->scale);
    case 'U':
        return scaled(two, a->scale);
    case 'I':
        return scaled((int32_t)two, a->scale);
    case 'f':
        return a->scale == 1 ? (double)f : scaled((double)f, a->scale);
    default:
        return scaled(regs[at], a->scale);
    }
}

kt_quality quality_of_status(unsigned status)
{
    return status & 128  ? KT_Q_BROKEN
           : status & 16 ? KT_Q_DEVICE_FAULT /* of the substation */
           : status & 32 ? KT_Q_COMM_FAULT
           : status & 64 ? KT_Q_PAUSED
           : status & 8  ? KT_Q_OVER_RANGE
           : status & 4  ? KT_Q_CALIBRATION
                         : KT_Q_NORMAL;
}
