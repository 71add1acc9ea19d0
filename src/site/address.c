/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address: is the address column of a point right for its link? Modbus:
 * `[U/]TABLE OFFSET[:TYPE][*SCALE][|STATUS]` of docs/site-format.md. The link reads it for itself.
 */
#include "site/impl.h"

#include <stdio.h>
#include <string.h>

#include "conf/number.h"
#include "site/oid.h"

enum modbus_type { MB_U16, MB_I16, MB_U32, MB_I32, MB_F32 };

struct modbus_address {
    int unit;   /* -1: the link's */
    char table; /* h holding, i input, c coil, d discrete */
    uint16_t offset;
    enum modbus_type type;
    bool low_first; /* .le: the low word comes first */
    double scale;   /* value = register * scale */
    bool has_status;
    char status_table;
    uint16_t status_offset;
};

/* Digits at *p as a number of at most `max`; -1 when there are none or too many. */
static int64_t digits(const char **p, int64_t max)
{
    int64_t v = 0;
    const char *from = *p;
    while (**p >= '0' && **p <= '9') {
        v = v * 10 + (**p - '0');
        if (v > max) {
            return -1;
        }
        (*p)++;
    }
    return *p == from ? -1 : v;
}

static int bad(struct kt_err *err, const char *text, const char *why)
{
    return kt_err_set(err, KT_EPARSE, "address \"%s\": %s, e.g. i12:u16*0.01|i112", text, why);
}

static bool table_at(const char **p, char *ret_table, uint16_t *ret_offset)
{
    if (!**p || !strchr("hicd", **p)) {
        return false;
    }
    *ret_table = *(*p)++;
    int64_t v = digits(p, 65535);
    *ret_offset = (uint16_t)v;
    return v >= 0;
}

static bool type_at(const char **p, struct modbus_address *a)
{
    static const char *const names[] = {"u16", "i16", "u32", "i32", "f32"};
    bool found = false;
    for (size_t i = 0; i < KT_ARRAY_LEN(names) && !found; i++) {
        if (strncmp(*p, names[i], 3) == 0) {
            a->type = (enum modbus_type)i;
            found = true;
        }
    }
    if (!found) {
        return false;
    }
    *p += 3;
    if (strncmp(*p, ".be", 3) == 0 || strncmp(*p, ".le", 3) == 0) {
        a->low_first = (*p)[1] == 'l';
        *p += 3;
    }
    return true;
}

static bool scale_at(const char **p, double *ret)
{
    size_t n = strcspn(*p, "|");
    bool ok = kt_number_parse((struct kt_str){*p, n}, ret) == KT_OK && *ret != 0;
    *p += n;
    return ok;
}

static bool is_bit(char table)
{
    return table == 'c' || table == 'd';
}

static int parse(const char *text, struct modbus_address *ret, struct kt_err *err)
{
    struct modbus_address a = {.unit = -1, .scale = 1};
    const char *p = text;
    if (*p >= '0' && *p <= '9') {
        a.unit = (int)digits(&p, 255);
        if (a.unit < 0 || *p++ != '/') {
            return bad(err, text, "the unit is a number of 0 to 255 followed by /");
        }
    }
    if (!table_at(&p, &a.table, &a.offset)) {
        return bad(err, text, "it begins with h, i, c or d and an offset of 0 to 65535");
    }
    if (*p == ':') {
        p++;
        if (is_bit(a.table)) {
            return bad(err, text, "a coil or discrete input has no type");
        }
        if (!type_at(&p, &a)) {
            return bad(err, text, "the type is u16, i16, u32, i32 or f32, with .be or .le");
        }
    }
    if (*p == '*') {
        p++;
        if (is_bit(a.table) || !scale_at(&p, &a.scale)) {
            return bad(err, text, "a register's scale is a number that is not 0");
        }
    }
    if (*p == '|') {
        p++;
        a.has_status = true;
        if (!table_at(&p, &a.status_table, &a.status_offset) || is_bit(a.status_table)) {
            return bad(err, text, "the status word is h or i and an offset");
        }
    }
    if (*p) {
        return bad(err, text, "the text goes on after its end");
    }
    if (a.type >= MB_U32 && a.offset == 65535) {
        return bad(err, text, "two registers do not fit at the last offset");
    }
    *ret = a;
    return KT_OK;
}

static const char *modbus_wrong(const char *address, bool output, char *buf, size_t cap)
{
    struct modbus_address a = {0};
    struct kt_err err;
    if (parse(address, &a, &err) < 0) {
        snprintf(buf, cap, "%s", err.text);
        return buf;
    }
    if (output && a.table != 'c' && a.table != 'h') {
        snprintf(buf, cap,
                 "address \"%s\" cannot be written; an output is a coil (c) or a holding "
                 "register (h)",
                 address);
        return buf;
    }
    return NULL;
}

const char *site_address_set(const char *address, const struct kt_setpoint *set, char *buf,
                             size_t cap)
{
    static const double lowest[] = {0, -32768, 0, -2147483648.0, -3e38};
    static const double highest[] = {65535, 32767, 4294967295.0, 2147483647.0, 3e38};
    struct modbus_address a = {0};
    struct kt_err err;
    if (parse(address, &a, &err) < 0) {
        return NULL; /* said already */
    }
    if (a.table != 'h') {
        snprintf(buf, cap, "address \"%s\" takes no number; a set-point is a holding register (h)",
                 address);
        return buf;
    }
    double x = set->lo / a.scale, y = set->hi / a.scale, count = a.scale < 0 ? -a.scale : a.scale;
    if ((x < y ? x : y) < lowest[a.type] || (x < y ? y : x) > highest[a.type]) {
        snprintf(buf, cap, "%g to %g does not fit into address \"%s\"; give another type or scale",
                 set->lo, set->hi, address);
        return buf;
    }
    if (a.type != MB_F32 && set->tolerance < count / 2 * (1 + 1e-9)) {
        snprintf(buf, cap,
                 "a count of address \"%s\" is %g, so that tolerance %g could not be read back; "
                 "give a finer scale, or a role with a wider tolerance",
                 address, count, set->tolerance);
        return buf;
    }
    return NULL;
}

bool site_address_holding(const char *address, int *ret_unit, int *ret_first, int *ret_n)
{
    struct modbus_address a = {0};
    struct kt_err err;
    if (parse(address, &a, &err) < 0 || a.table != 'h') {
        return false;
    }
    *ret_unit = a.unit;
    *ret_first = a.offset;
    *ret_n = a.type == MB_U32 || a.type == MB_I32 || a.type == MB_F32 ? 2 : 1;
    return true;
}

int site_address_unit(const char *address)
{
    struct modbus_address a = {.unit = -1};
    struct kt_err err;
    return parse(address, &a, &err) < 0 ? -1 : a.unit;
}

static const char *sip_wrong(const char *address)
{
    const char *at = strchr(address, '@');
    bool ok = strncmp(address, "sip:", 4) == 0 && at && at > address + 4 && at[1] &&
              !strpbrk(address, " <>\"\r\n;?,");
    return ok ? NULL : "the address of a phone or speaker is sip:NAME@HOST or sip:NAME@HOST:PORT";
}

static const char *snmp_wrong(const char *address, char *buf, size_t cap)
{
    struct kt_oid_address a;
    struct kt_err err;
    if (kt_oid_parse(address, &a, &err) == KT_OK) {
        return NULL;
    }
    (void)snprintf(buf, cap, "%s", err.text);
    return buf;
}

const char *site_address_check(enum kt_link_kind kind, const char *address, bool output, char *buf,
                               size_t cap)
{
    if (kind == KT_LINK_MODBUS) {
        return modbus_wrong(address, output, buf, cap);
    }
    if (output) {
        return "such a link cannot write; give the output a modbus link";
    }
    if (kind == KT_LINK_SMS || kind == KT_LINK_MAIL) {
        return "a modem or a mail server has no points; leave the link empty";
    }
    if (kind == KT_LINK_SIP) {
        return sip_wrong(address);
    }
    if (kind == KT_LINK_SNMP) {
        return snmp_wrong(address, buf, cap);
    }
    if (kind == KT_LINK_MQTT && strpbrk(address, "+")) {
        return "an MQTT address names one topic; remove the + from it";
    }
    if (kind != KT_LINK_PUSH && !*address) {
        return "a point with a link needs an address";
    }
    return NULL;
}

const char *site_address_metric(const char *address)
{
    const char *hash = strchr(address, '#');
    int slashes = 0;
    bool empty = address[0] == '/' || !hash || hash == address || hash[-1] == '/' || !hash[1];
    for (const char *p = address; hash && p < hash; p++) {
        slashes += *p == '/';
        empty = empty || (p[0] == '/' && p[1] == '/');
    }
    return empty || slashes < 1 || slashes > 2
               ? "a Sparkplug address is GROUP/NODE#METRIC or GROUP/NODE/DEVICE#METRIC"
               : NULL;
}

bool site_address_state(enum kt_link_kind kind, const char *address)
{
    return kind == KT_LINK_MINEFILE || (kind == KT_LINK_MODBUS && strchr(address, '|'));
}
