/* SPDX-License-Identifier: Apache-2.0 */
#include "record/value.h"

#include <math.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "record/model_flow.h"

/* ---- decimals ---- */

/* How many decimals the shortest text of v has. */
static int decimals_of(double v)
{
    char text[32] = "";
    size_t n = kt_fmt_double(text, v);
    text[n] = '\0';
    const char *e = strpbrk(text, "eE"), *dot = strchr(text, '.');
    int exponent = e ? (int)strtol(e + 1, NULL, 10) : 0;
    int after = dot ? (int)((e ? e : text + n) - dot) - 1 : 0;
    return after - exponent > 0 ? after - exponent : 0;
}

/* ---- days ---- */

static int two(const char *p)
{
    return (p[0] - '0') * 10 + (p[1] - '0');
}

bool value_is_day(const char *s)
{
    static const char form[] = "dddd-dd-dd";
    for (size_t i = 0; i < sizeof(form); i++) {
        if (form[i] == 'd' ? s[i] < '0' || s[i] > '9' : s[i] != form[i]) {
            return false;
        }
    }
    struct kt_civil c = {.year = two(s) * 100 + two(s + 2), .month = two(s + 5), .day = two(s + 8)};
    if (c.year < 1700 || c.year > 2200 || c.month < 1 || c.month > 12 || c.day < 1 || c.day > 31) {
        return false;
    }
    struct kt_civil back = kt_civil_of(kt_civil_to(&c, 0), 0);
    return back.day == c.day && back.month == c.month;
}

void value_day(kt_time t, int utc_offset_s, char ret[11])
{
    struct kt_civil c = kt_civil_of(t, utc_offset_s);
    char buf[40];
    snprintf(buf, sizeof(buf), "%04d-%02d-%02d", c.year % 10000, c.month % 100, c.day % 100);
    memcpy(ret, buf, 10);
    ret[10] = '\0';
}

/* ---- reading ---- */

static struct rec_value of_text(struct kt_str s)
{
    return (struct rec_value){.type = KT_COL_TEXT, .s = s};
}

static struct rec_value of_int(int64_t i)
{
    return (struct rec_value){.type = KT_COL_INT, .i = i};
}

static int wrong(struct rec_request *q, const struct rec_field *f, const char *en, const char *zh)
{
    return rec_no(q, KT_EINVAL, rec_f(q, "%s: %s", f->title.en, en),
                  rec_f(q, "%s：%s", f->title.zh, zh));
}

static size_t characters(struct kt_str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    }
    return n;
}

static bool has_control(struct kt_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f) {
            return true;
        }
    }
    return false;
}

static int check_text(struct rec_request *q, const struct rec_field *f, struct kt_str s)
{
    if ((double)characters(s) > f->max) {
        return wrong(q, f, rec_f(q, "at most %.0f characters", f->max),
                     rec_f(q, "最多%.0f个字", f->max));
    }
    if (has_control(s)) {
        return wrong(q, f, "it holds characters that cannot be shown", "含有不能显示的字符");
    }
    if (f->pattern && f->pattern[0]) {
        regex_t re;
        char *text = kt_arena_strndup(q->a, s.p, s.n);
        if (regcomp(&re, f->pattern, REG_EXTENDED | REG_NOSUB) != 0) {
            return wrong(q, f, "the pattern cannot be read", "格式规则无法读取");
        }
        bool fits = regexec(&re, text, 0, NULL, 0) == 0;
        regfree(&re);
        if (!fits) {
            return wrong(q, f, rec_f(q, "it has to look like %s", f->pattern),
                         rec_f(q, "格式应为 %s", f->pattern));
        }
    }
    return KT_OK;
}

static int read_text(struct rec_request *q, const struct rec_field *f, const struct kt_json *v,
                     struct rec_value *ret)
{
    struct kt_str s = kt_json_strn(v);
    if (kt_json_kind(v) != KT_JSON_STRING) {
        return wrong(q, f, "a text is needed", "请填写文字");
    }
    int r = check_text(q, f, s);
    if (r == KT_OK && s.n) {
        *ret = of_text((struct kt_str){kt_arena_strndup(q->a, s.p, s.n), s.n});
    }
    return r;
}

/* An object as compact JSON in the arena. */
static struct rec_value of_json(struct rec_request *q, const struct kt_json *v)
{
    struct kt_buf b;
    kt_buf_init(&b, 16 << 20);
    struct kt_jw w = kt_jw_init(&b);
    kt_json_write(v, &w);
    struct kt_str s = {kt_arena_strndup(q->a, b.p, b.n), b.n};
    kt_buf_done(&b);
    return of_text(s);
}

static int read_text2(struct rec_request *q, const struct rec_field *f, const struct kt_json *v,
                      struct rec_value *ret)
{
    struct kt_str zh = kt_json_strn(kt_json_get(v, "zh")), en = kt_json_strn(kt_json_get(v, "en"));
    struct kt_json_iter it = {0};
    while (kt_json_next(v, &it)) {
        if ((strcmp(it.key, "zh") != 0 && strcmp(it.key, "en") != 0) ||
            (kt_json_kind(it.value) != KT_JSON_STRING && kt_json_kind(it.value) != KT_JSON_NULL)) {
            return wrong(q, f, "write {\"zh\": text, \"en\": text}", "请填写中文和英文两段文字");
        }
    }
    if (!kt_json_obj(v)) {
        return wrong(q, f, "write {\"zh\": text, \"en\": text}", "请填写中文和英文两段文字");
    }
    int r = check_text(q, f, zh);
    r = r == KT_OK ? check_text(q, f, en) : r;
    if (r == KT_OK && (zh.n || en.n)) {
        struct kt_buf b;
        kt_buf_init(&b, 16 << 20);
        struct kt_jw w = kt_jw_init(&b);
        kt_jw_obj(&w);
        kt_jw_key(&w, "zh");
        kt_jw_strn(&w, zh);
        kt_jw_key(&w, "en");
        kt_jw_strn(&w, en);
        kt_jw_obj_end(&w);
        *ret = of_text((struct kt_str){kt_arena_strndup(q->a, b.p, b.n), b.n});
        kt_buf_done(&b);
    }
    return r;
}

static int check_bounds(struct rec_request *q, const struct rec_field *f, double d)
{
    if (d < f->min) {
        return wrong(q, f, rec_f(q, "at least %g%s", f->min, f->unit),
                     rec_f(q, "不得小于%g%s", f->min, f->unit));
    }
    if (d > f->max) {
        return wrong(q, f, rec_f(q, "at most %g%s", f->max, f->unit),
                     rec_f(q, "不得大于%g%s", f->max, f->unit));
    }
    return KT_OK;
}

static int read_number(struct rec_request *q, const struct rec_field *f, const struct kt_json *v,
                       struct rec_value *ret)
{
    double d;
    if (!kt_json_num(v, &d) || !isfinite(d)) {
        return wrong(q, f, "a number is needed", "请填写数字");
    }
    if (f->decimals >= 0 && decimals_of(d) > f->decimals) {
        return wrong(q, f, rec_f(q, "at most %d decimals", f->decimals),
                     f->decimals ? rec_f(q, "最多%d位小数", f->decimals) : "请填写整数");
    }
    int r = check_bounds(q, f, d);
    if (r == KT_OK && f->decimals == 0) {
        if (d < -9007199254740992.0 || d > 9007199254740992.0) {
            return wrong(q, f, "the number is too large", "数字过大");
        }
        *ret = of_int((int64_t)d);
    } else if (r == KT_OK) {
        *ret = (struct rec_value){.type = KT_COL_REAL, .f = d + 0.0};
    }
    return r;
}

static int read_money(struct rec_request *q, const struct rec_field *f, const struct kt_json *v,
                      struct rec_value *ret)
{
    char text[40] = "";
    double d;
    int64_t cents;
    if (kt_json_num(v, &d) && isfinite(d) && d < 1e15 && d > -1e15) {
        text[kt_fmt_double(text, d)] = '\0';
    } else {
        snprintf(text, sizeof(text), "%s", kt_json_str(v) ? kt_json_str(v) : "");
    }
    if (rec_amount_parse(kt_str_c(text), 2, &cents) < 0) {
        return wrong(q, f, "an amount with at most 2 decimals, e.g. 12.30",
                     "请填写金额，最多两位小数，如12.30");
    }
    int r = check_bounds(q, f, (double)cents / 100);
    if (r == KT_OK) {
        *ret = of_int(cents);
    }
    return r;
}

static int read_enum(struct rec_request *q, const struct rec_field *f, const struct kt_json *v,
                     struct rec_value *ret)
{
    struct kt_str s = kt_json_strn(v);
    for (uint32_t i = 0; s.n && i < f->values_n; i++) {
        if (kt_str_is(s, f->values[i].id) && !f->values[i].ended) {
            *ret = of_text(kt_str_c(f->values[i].id));
            return KT_OK;
        }
    }
    struct kt_buf en, zh;
    kt_buf_init(&en, 0);
    kt_buf_init(&zh, 0);
    for (uint32_t i = 0; i < f->values_n && en.n < 150; i++) {
        if (!f->values[i].ended) {
            kt_buf_printf(&en, "%s%s", en.n ? ", " : "", f->values[i].id);
            kt_buf_printf(&zh, "%s%s", zh.n ? "、" : "", f->values[i].title.zh);
        }
    }
    int r = wrong(q, f, rec_f(q, "choose one of %s", kt_buf_cstr(&en)),
                  rec_f(q, "请选择：%s", kt_buf_cstr(&zh)));
    kt_buf_done(&en);
    kt_buf_done(&zh);
    return r;
}

/* ---- geometry ---- */

enum { NEST_MAX = 4 };

/* Positions in nested arrays of exactly `depth` lists; -1: not so. */
static int64_t positions(const struct kt_json *v, int depth)
{
    double n;
    if (!kt_json_arr(v)) {
        return -1;
    }
    if (depth == 0) {
        size_t len = kt_json_len(v);
        for (size_t i = 0; i < len; i++) {
            if (!kt_json_num(kt_json_at(v, i), &n) || !isfinite(n)) {
                return -1;
            }
        }
        return len == 2 || len == 3 ? 1 : -1;
    }
    int64_t sum = 0;
    for (size_t i = 0; i < kt_json_len(v); i++) {
        int64_t k = positions(kt_json_at(v, i), depth - 1);
        if (k < 0) {
            return -1;
        }
        sum += k;
    }
    return sum;
}

static bool rings_closed(const struct kt_json *polygon)
{
    for (size_t i = 0; i < kt_json_len(polygon); i++) {
        const struct kt_json *ring = kt_json_at(polygon, i);
        size_t n = kt_json_len(ring);
        if (n < 4) {
            return false;
        }
        for (size_t k = 0; k < 2; k++) {
            double a = 0, b = 0;
            (void)kt_json_num(kt_json_at(kt_json_at(ring, 0), k), &a);
            (void)kt_json_num(kt_json_at(kt_json_at(ring, n - 1), k), &b);
            if (a < b || a > b) {
                return false;
            }
        }
    }
    return true;
}

static bool all_closed(const struct kt_json *polygons)
{
    for (size_t i = 0; i < kt_json_len(polygons); i++) {
        if (!rings_closed(kt_json_at(polygons, i))) {
            return false;
        }
    }
    return true;
}

static int read_geometry(struct rec_request *q, const struct rec_field *f, const struct kt_json *v,
                         struct rec_value *ret)
{
    static const struct {
        const char *type;
        enum rec_kind kind;
        int depth;
        bool many;
    } kinds[] = {{"Point", REC_POINT, 0, false},         {"LineString", REC_LINE, 1, false},
                 {"Polygon", REC_POLYGON, 2, false},     {"MultiPoint", REC_POINT, 1, true},
                 {"MultiLineString", REC_LINE, 2, true}, {"MultiPolygon", REC_POLYGON, 3, true}};
    const char *type = kt_json_get_str(v, "type", "");
    const struct kt_json *c = kt_json_get(v, "coordinates");
    for (size_t i = 0; i < KT_ARRAY_LEN(kinds); i++) {
        if (strcmp(type, kinds[i].type) != 0) {
            continue;
        }
        unsigned need = 1u << kinds[i].kind | (kinds[i].many ? 1u << REC_MULTI : 0);
        if (f->kinds && (f->kinds & need) != need) {
            return wrong(q, f, rec_f(q, "a %s is not wanted here", type),
                         rec_f(q, "此处不能填%s", type));
        }
        int64_t n = positions(c, kinds[i].depth);
        bool closed = strcmp(type, "Polygon") == 0        ? rings_closed(c)
                      : strcmp(type, "MultiPolygon") == 0 ? all_closed(c)
                                                          : true;
        if (n <= 0 || kt_json_len(v) != 2 || !closed) {
            return wrong(q, f, "the geometry is not whole: a ring ends where it begins",
                         "图形不完整：多边形首尾应相接");
        }
        if (n > REC_GEOMETRY_MAX) {
            return wrong(q, f, rec_f(q, "at most %d positions", REC_GEOMETRY_MAX),
                         rec_f(q, "最多%d个坐标点", REC_GEOMETRY_MAX));
        }
        *ret = of_json(q, v);
        return KT_OK;
    }
    return wrong(q, f, "a GeoJSON geometry is needed", "请在图上画出范围");
}

static int read_ref(struct rec_request *q, const struct rec_field *f, const struct kt_json *v,
                    struct rec_value *ret)
{
    int64_t i;
    struct kt_str s = kt_json_strn(v);
    if (kt_json_int(v, &i) && i > 0) {
        *ret = of_int(i);
        return KT_OK;
    }
    if (s.n && s.n < REC_TEXT_MAX) {
        *ret = of_text((struct kt_str){kt_arena_strndup(q->a, s.p, s.n), s.n});
        return KT_OK;
    }
    return wrong(q, f, "name a record by its number or key", "请选择一条记录");
}

static int read_place(struct rec_request *q, const struct kt_site *site, const struct rec_field *f,
                      const struct kt_json *v, struct rec_value *ret)
{
    kt_place_id p = kt_site_place(site, kt_json_strn(v));
    if (kt_json_kind(v) != KT_JSON_STRING || p.v == KT_NONE) {
        const char *s = kt_json_str(v) ? kt_json_str(v) : "";
        return wrong(q, f, rec_f(q, "there is no place \"%.60s\"", s),
                     rec_f(q, "没有地点“%.60s”", s));
    }
    *ret = of_text(kt_str_c(kt_arena_strdup(q->a, site->places[p.v].id)));
    return KT_OK;
}

static int read_simple(struct rec_request *q, const struct rec_field *f, const struct kt_json *v,
                       struct rec_value *ret)
{
    struct kt_str s = kt_json_strn(v);
    int64_t i;
    bool b;
    switch (f->as) {
    case REC_DATE:
        if (s.n != 10 || !value_is_day(s.p)) {
            return wrong(q, f, "a day is needed, e.g. 2026-11-22", "请填写日期，如2026-11-22");
        }
        *ret = of_text((struct kt_str){kt_arena_strndup(q->a, s.p, s.n), s.n});
        return KT_OK;
    case REC_TIME:
        if (!kt_json_int(v, &i) || i < -8520336000000 || i > 7258118400000) {
            return wrong(q, f, "a moment in milliseconds since 1970", "请填写时刻");
        }
        *ret = of_int(i);
        return KT_OK;
    case REC_BOOL:
        if (!kt_json_bool(v, &b)) {
            return wrong(q, f, "true or false", "请选择是或否");
        }
        *ret = of_int(b);
        return KT_OK;
    default: /* a person */
        if (s.n == 0 || s.n > 64 || has_control(s)) {
            return wrong(q, f, "the name that a person logs in with", "请选择人员");
        }
        *ret = of_text((struct kt_str){kt_arena_strndup(q->a, s.p, s.n), s.n});
        return KT_OK;
    }
}

int value_read(struct rec_request *q, const struct kt_site *site, const struct rec_field *f,
               const struct kt_json *v, struct rec_value *ret)
{
    *ret = (struct rec_value){.type = KT_COL_NULL};
    if (kt_json_kind(v) == KT_JSON_NULL || kt_json_kind(v) == KT_JSON_NONE) {
        return KT_OK;
    }
    if (kt_json_kind(v) == KT_JSON_STRING && kt_json_strn(v).n == 0) {
        return KT_OK; /* an empty text says nothing */
    }
    switch (f->as) {
    case REC_TEXT:
        return read_text(q, f, v, ret);
    case REC_TEXT2:
        return read_text2(q, f, v, ret);
    case REC_NUMBER:
        return read_number(q, f, v, ret);
    case REC_MONEY:
        return read_money(q, f, v, ret);
    case REC_ENUM:
        return read_enum(q, f, v, ret);
    case REC_REF:
        return read_ref(q, f, v, ret);
    case REC_PLACE:
        return read_place(q, site, f, v, ret);
    case REC_GEOMETRY:
        return read_geometry(q, f, v, ret);
    default:
        return read_simple(q, f, v, ret);
    }
}

int value_of_text(struct rec_request *q, const struct kt_site *site, const struct rec_field *f,
                  const char *text, struct rec_value *ret)
{
    struct kt_buf b;
    struct kt_json *v = NULL;
    struct kt_err err = {0};
    char day[11];
    if (f->as == REC_DATE && strcmp(text, "today") == 0) {
        value_day(q->time, site->utc_offset_s, day);
        text = kt_arena_strdup(q->a, day);
    } else if (f->as == REC_TIME && strcmp(text, "now") == 0) {
        *ret = of_int(rec_ms(q->time));
        return KT_OK;
    } else if (f->as == REC_PERSON && strcmp(text, "me") == 0) {
        *ret = q->clock ? (struct rec_value){.type = KT_COL_NULL} : of_text(kt_str_c(q->user));
        return KT_OK;
    }
    kt_buf_init(&b, 1 << 20);
    if (f->as == REC_NUMBER || f->as == REC_MONEY || f->as == REC_BOOL || f->as == REC_TIME ||
        f->as == REC_TEXT2) {
        kt_buf_puts(&b, text);
    } else {
        struct kt_jw w = kt_jw_init(&b);
        kt_jw_str(&w, text);
    }
    int r = kt_json_parse((struct kt_str){b.p, b.n}, 0, &v, &err);
    r = r == KT_OK ? value_read(q, site, f, v, ret)
                   : wrong(q, f, "the default cannot be read", "默认值无法读取");
    kt_json_free(v);
    kt_buf_done(&b);
    return r;
}

/* ---- writing ---- */

bool rec_same(const struct rec_value *a, const struct rec_value *b)
{
    if (a->type != b->type) {
        return false;
    }
    switch (a->type) {
    case KT_COL_INT:
        return a->i == b->i;
    case KT_COL_REAL:
        return !(a->f < b->f) && !(a->f > b->f);
    case KT_COL_TEXT:
        return kt_str_eq(a->s, b->s);
    default:
        return true;
    }
}

void rec_bind(struct kt_stmt *st, int i, const struct rec_value *v)
{
    switch (v->type) {
    case KT_COL_INT:
        kt_bind_i64(st, i, v->i);
        break;
    case KT_COL_REAL:
        kt_bind_f64(st, i, v->f);
        break;
    case KT_COL_TEXT:
        kt_bind_str(st, i, v->s);
        break;
    default:
        kt_bind_null(st, i);
    }
}

struct rec_value rec_column(const struct kt_stmt *st, int i)
{
    switch (kt_col_type(st, i)) {
    case KT_COL_INT:
        return of_int(kt_col_i64(st, i));
    case KT_COL_REAL:
        return (struct rec_value){.type = KT_COL_REAL, .f = kt_col_f64(st, i)};
    case KT_COL_TEXT:
        return of_text(kt_col_bytes(st, i));
    default:
        return (struct rec_value){.type = KT_COL_NULL};
    }
}

static double number_of(const struct rec_value *v)
{
    return v->type == KT_COL_REAL ? v->f : (double)v->i;
}

void rec_write_value(struct kt_jw *w, const struct rec_field *f, const struct rec_value *v)
{
    if (v->type == KT_COL_NULL) {
        kt_jw_null(w);
        return;
    }
    switch (f->as) {
    case REC_TEXT2:
    case REC_GEOMETRY:
        kt_jw_raw(w, v->s);
        break;
    case REC_BOOL:
        kt_jw_bool(w, v->i != 0);
        break;
    case REC_MONEY:
        kt_jw_num(w, number_of(v) / 100);
        break;
    default:
        if (v->type == KT_COL_TEXT) {
            kt_jw_strn(w, v->s);
        } else if (v->type == KT_COL_INT) {
            kt_jw_int(w, v->i);
        } else {
            kt_jw_num(w, v->f);
        }
    }
}

static void text2_text(struct kt_str json, struct kt_buf *out)
{
    struct kt_json *v = NULL;
    struct kt_err err;
    if (kt_json_parse(json, 0, &v, &err) == KT_OK) {
        const char *zh = kt_json_get_str(v, "zh", ""), *en = kt_json_get_str(v, "en", "");
        kt_buf_puts(out, zh[0] ? zh : en);
        kt_json_free(v);
    }
}

void value_text(const struct rec_field *f, const struct rec_value *v, struct kt_buf *out)
{
    char num[32] = "";
    if (v->type == KT_COL_NULL) {
        return;
    }
    if (f->as == REC_MONEY) {
        kt_buf_puts(out, rec_amount_fmt(v->i, 2, num));
    } else if (f->as == REC_TEXT2) {
        text2_text(v->s, out);
    } else if (f->as == REC_ENUM) {
        for (uint32_t i = 0; i < f->values_n; i++) {
            if (kt_str_is(v->s, f->values[i].id)) {
                kt_buf_puts(out, f->values[i].title.zh);
                return;
            }
        }
    } else if (v->type == KT_COL_TEXT) {
        kt_buf_put(out, v->s.p, v->s.n);
    } else if (v->type == KT_COL_INT) {
        kt_buf_printf(out, "%lld", (long long)v->i);
    } else {
        kt_buf_put(out, num, kt_fmt_double(num, v->f));
    }
}
