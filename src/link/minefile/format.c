/* SPDX-License-Identifier: Apache-2.0 */
#include "link/minefile/format.h"

#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "sys/file.h"

enum { RECORDS_MAX = 200000, FIELDS_MAX = 64 };

static bool all_digits(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9') {
            return false;
        }
    }
    return n > 0;
}

int minefile_parse_name(const char *name, int off, struct minefile_name *ret)
{
    const char *a = strchr(name, '_');
    const char *b = a ? strchr(a + 1, '_') : NULL;
    const char *dot = b ? strchr(b, '.') : NULL;
    struct minefile_name m = {0};
    if (!dot || dot - b != 15 || !all_digits(b + 1, 14) ||
        (strcmp(dot, ".txt") && strcmp(dot, ".TXT")) || (size_t)(a - name) >= sizeof(m.mine) ||
        a == name || (size_t)(b - a - 1) >= sizeof(m.type)) {
        return KT_EPARSE;
    }
    memcpy(m.mine, name, (size_t)(a - name));
    memcpy(m.type, a + 1, (size_t)(b - a - 1));
    char when[24];
    snprintf(when, sizeof(when), "%.4s-%.2s-%.2s %.2s:%.2s:%.2s", b + 1, b + 5, b + 7, b + 9,
             b + 11, b + 13);
    if (kt_time_parse(kt_str_c(when), off, &m.time) < 0) {
        return KT_EPARSE;
    }
    *ret = m;
    return KT_OK;
}

static const char *find(const char *p, const char *end, const char *mark)
{
    return memmem(p, (size_t)(end - p), mark, strlen(mark));
}

static struct kt_str trim(struct kt_str s)
{
    while (s.n && strchr(" \t\r\n", s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n && strchr(" \t\r\n", s.p[s.n - 1])) {
        s.n--;
    }
    return s;
}

static uint32_t split(struct kt_str rec, const char *sep, struct kt_str *ret)
{
    const char *p = rec.p, *end = rec.p + rec.n;
    uint32_t n = 0;
    while (n < FIELDS_MAX) {
        const char *q = find(p, end, sep);
        ret[n++] = trim((struct kt_str){p, (size_t)((q ? q : end) - p)});
        if (!q) {
            break;
        }
        p = q + strlen(sep);
    }
    return n;
}

static int read_head(const struct kt_str *f, uint32_t n, const struct minefile_dialect *d,
                     struct minefile *m, struct kt_err *err)
{
    if (n < 3 || kt_time_parse(f[2], d->utc_offset_s, &m->time) < 0) {
        return kt_err_set(err, KT_EPARSE,
                          "the head is not \"mine code%sname%syyyy-MM-dd HH:mm:ss\"", d->field,
                          d->field);
    }
    m->mine = f[0];
    m->title = f[1];
    return KT_OK;
}

static uint32_t count_marks(struct kt_str text, const char *mark)
{
    uint32_t n = 0;
    const char *end = text.p + text.n;
    for (const char *p = text.p; (p = find(p, end, mark)); p += strlen(mark)) {
        n++;
    }
    return n;
}

int minefile_parse(struct kt_arena *arena, struct kt_str text, const struct minefile_dialect *d,
                   struct minefile *ret, struct kt_err *err)
{
    struct minefile m = {0};
    struct kt_str fields[FIELDS_MAX];
    const char *end = find(text.p, text.p + text.n, d->file_end);
    if (!end) {
        return kt_err_set(err, KT_EBUSY, "the end mark \"%s\" is missing", d->file_end);
    }
    text.n = (size_t)(end - text.p);
    uint32_t cap = count_marks(text, d->record_end) + 1;
    if (cap > RECORDS_MAX) {
        return kt_err_set(err, KT_ELIMIT, "more than %d records", RECORDS_MAX);
    }
    m.records = KT_NEW_ARRAY(arena, struct kt_str *, cap);
    m.fields_n = KT_NEW_ARRAY(arena, uint32_t, cap);
    bool head = false;
    for (const char *p = text.p; p < end;) {
        const char *q = find(p, end, d->record_end);
        struct kt_str rec = trim((struct kt_str){p, (size_t)((q ? q : end) - p)});
        p = q ? q + strlen(d->record_end) : end;
        if (rec.n == 0) {
            continue;
        }
        uint32_t n = split(rec, d->field, fields);
        if (!head) {
            int r = read_head(fields, n, d, &m, err);
            if (r < 0) {
                return r;
            }
            head = true;
            continue;
        }
        m.records[m.n] = KT_NEW_ARRAY(arena, struct kt_str, n);
        memcpy(m.records[m.n], fields, n * sizeof(*fields));
        m.fields_n[m.n++] = n;
    }
    if (!head) {
        return kt_err_set(err, KT_EPARSE, "there is no head record");
    }
    *ret = m;
    return KT_OK;
}

static bool number(struct kt_str s, double *ret)
{
    char text[48], *end;
    if (s.n == 0 || s.n >= sizeof(text) || !strchr("+-.0123456789", s.p[0])) {
        return false;
    }
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    *ret = strtod(text, &end);
    return *end == '\0' && !strpbrk(text, "xXnN");
}

int minefile_value(const struct kt_str *f, uint32_t n, int off, struct minefile_value *ret)
{
    struct minefile_value v = {0};
    double status;
    if (n != 7 || f[0].n == 0 || !number(f[5], &status) || status < 0 || status > 255 ||
        kt_time_parse(f[6], off, &v.time) < 0) {
        return KT_EPARSE;
    }
    v.status = (unsigned)status;
    v.id = f[0];
    if (!number(f[3], &v.value) && !(v.status & 128)) {
        return KT_EPARSE; /* only a broken sensor has no value */
    }
    *ret = v;
    return KT_OK;
}

kt_quality minefile_quality(unsigned s)
{
    return s & 128         ? KT_Q_BROKEN
           : s & (16 | 32) ? KT_Q_COMM_FAULT
           : s & 64        ? KT_Q_PAUSED
           : s & 8         ? KT_Q_OVER_RANGE
           : s & 4         ? KT_Q_CALIBRATION
                           : KT_Q_NORMAL;
}

unsigned minefile_status(kt_quality q, bool alarm, bool cut)
{
    unsigned s = (alarm ? 1u : 0) | (cut ? 2u : 0);
    switch (q) {
    case KT_Q_CALIBRATION:
        return s | 4;
    case KT_Q_OVER_RANGE:
        return s | 8;
    case KT_Q_COMM_FAULT:
    case KT_Q_STALE:
        return s | 16;
    case KT_Q_NEVER:
        return s | 32;
    case KT_Q_PAUSED:
        return s | 64;
    case KT_Q_BROKEN:
    case KT_Q_DEVICE_FAULT:
    case KT_Q_UNDER_RANGE:
        return s | 128;
    default:
        return s;
    }
}

void minefile_put_field(struct kt_buf *out, const struct minefile_dialect *d, const char *text,
                        bool last)
{
    for (; *text; text++) {
        bool mark = strchr(d->field, *text) || strchr(d->record_end, *text) ||
                    strchr(d->file_end, *text) || *text == '\n' || *text == '\r';
        kt_put_u8(out, mark ? ' ' : (uint8_t)*text);
    }
    kt_buf_puts(out, last ? d->record_end : d->field);
}

void minefile_put_head(struct kt_buf *out, const struct minefile_dialect *d, const char *mine,
                       const char *title, kt_time t)
{
    char when[24];
    minefile_put_field(out, d, mine, false);
    minefile_put_field(out, d, title, false);
    kt_buf_printf(out, "%s%s", kt_time_fmt_local(t, d->utc_offset_s, when), d->record_end);
}

void minefile_put_end(struct kt_buf *out, const struct minefile_dialect *d)
{
    kt_buf_puts(out, d->file_end);
}

int minefile_convert(const char *from, const char *to, struct kt_str in, struct kt_buf *out)
{
    iconv_t cd = iconv_open(to, from);
    if (cd == (iconv_t)-1) {
        return KT_EUNSUPPORTED;
    }
    size_t room = in.n * 3 + 16, left = in.n, free_n = room;
    char *p = kt_buf_reserve(out, room);
    union {
        const char *c;
        char *m;
    } u = {in.p};
    char *src = u.m, *dst = p;
    int r = p && iconv(cd, &src, &left, &dst, &free_n) != (size_t)-1 ? KT_OK : KT_EPARSE;
    iconv_close(cd);
    if (r == KT_OK) {
        out->n += room - free_n;
    }
    return r;
}

int minefile_folder(const char *path, struct kt_err *err)
{
    if (kt_file_exists(path)) {
        return KT_OK;
    }
    int r = kt_dir_make(path, err);
    return r < 0 || chmod(path, 0750) == 0 ? r : kt_err_sys(err, "cannot set the mode of %s", path);
}
