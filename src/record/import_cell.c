/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people write into cells: "2026/1/5", "2026年1月5日", "1,200.50", "是", titles of choices,
 * names of places, keys of records. Each becomes the JSON that a request would hold, which the room
 * then checks like any other.
 */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "conf/number.h"
#include "record/import.h"
#include "record/value.h"

bool import_clears(const char *text)
{
    return strcmp(text, "（清空）") == 0 || strcmp(text, "(清空)") == 0 ||
           strcasecmp(text, "(clear)") == 0;
}

static int wrong(struct rec_request *q, const struct rec_field *f, const char *text, const char *en,
                 const char *zh)
{
    return rec_no(q, KT_EINVAL, rec_f(q, "%s: \"%.60s\": %s", f->title.en, text, en),
                  rec_f(q, "%s“%.60s”：%s", f->title.zh, text, zh));
}

/* ---- days and moments ---- */

/* Digits at *p, at most `most` of them; -1: none. */
static int digits(const char **p, int most)
{
    int v = 0, n = 0;
    for (; n < most && **p >= '0' && **p <= '9'; n++, (*p)++) {
        v = v * 10 + (**p - '0');
    }
    return n ? v : -1;
}

static bool skip(const char **p, const char *const *any)
{
    for (; *any; any++) {
        size_t n = strlen(*any);
        if (strncmp(*p, *any, n) == 0) {
            *p += n;
            return true;
        }
    }
    return false;
}

/* "2026-1-5", "2026/01/05", "2026.1.5", "2026年1月5日", "20260105"; *p goes behind it. */
static bool read_day(const char **p, char to[11])
{
    static const char *const after_year[] = {"-", "/", ".", "年", NULL};
    static const char *const after_month[] = {"-", "/", ".", "月", NULL};
    static const char *const after_day[] = {"日", NULL};
    const char *s = *p;
    bool plain = strspn(s, "0123456789") == 8;
    int y = digits(&s, 4);
    bool ok = plain || skip(&s, after_year);
    int m = digits(&s, 2);
    ok = ok && (plain || skip(&s, after_month));
    int d = digits(&s, 2);
    (void)skip(&s, after_day);
    if (!ok || y < 1000 || m < 1 || d < 1) {
        return false;
    }
    char text[40];
    snprintf(text, sizeof(text), "%04d-%02d-%02d", y, m, d);
    memcpy(to, text, 11);
    *p = s;
    return value_is_day(to);
}

static bool only_zeros(const char *s)
{
    return strspn(s, " T0:.") == strlen(s);
}

static bool read_moment(const char *text, int utc_offset_s, int64_t *ret_ms)
{
    const char *p = text;
    char day[11], full[80];
    kt_time t;
    int sec = 0;
    if (!read_day(&p, day)) {
        return false;
    }
    if (kt_time_parse(kt_str_c(text), utc_offset_s, &t) == KT_OK && strchr(text, ':')) {
        *ret_ms = rec_ms(t); /* whole, perhaps with a zone of its own */
        return true;
    }
    p += *p == 'T' || *p == ' ';
    while (*p == ' ') {
        p++;
    }
    int hour = *p ? digits(&p, 2) : 0;
    bool ok = !*p || *p == ':';
    int min = *p == ':' ? (p++, digits(&p, 2)) : 0;
    if (*p == ':') {
        p++;
        sec = digits(&p, 2);
    }
    const char *fraction = *p == '.' && strlen(p) < 10 ? p : "";
    ok = ok && hour >= 0 && hour < 24 && min >= 0 && min < 60 && sec >= 0 && sec < 60 &&
         (!*p || *fraction);
    snprintf(full, sizeof(full), "%s %02d:%02d:%02d%s", day, hour, min, sec, fraction);
    if (!ok || kt_time_parse(kt_str_c(full), utc_offset_s, &t) < 0) {
        return false;
    }
    *ret_ms = rec_ms(t);
    return true;
}

/* ---- words ---- */

static bool read_bool(const char *text, bool *ret)
{
    static const char *const yes[] = {"是", "有", "√", "true", "yes", "y", "1"};
    static const char *const no[] = {"否", "无", "×", "false", "no", "n", "0"};
    for (size_t i = 0; i < KT_ARRAY_LEN(yes); i++) {
        if (strcasecmp(text, yes[i]) == 0 || strcasecmp(text, no[i]) == 0) {
            *ret = strcasecmp(text, yes[i]) == 0;
            return true;
        }
    }
    return false;
}

static const char *choice_id(const struct rec_field *f, const char *text)
{
    for (uint32_t i = 0; i < f->values_n; i++) {
        const struct rec_choice *c = &f->values[i];
        if (strcmp(c->id, text) == 0 || strcasecmp(c->title.zh, text) == 0 ||
            strcasecmp(c->title.en, text) == 0) {
            return c->id;
        }
    }
    return text; /* the room says which there are */
}

/* By id, or by a name that only one place has. */
static const char *place_id(const struct kt_site *s, const char *text, bool *ret_twice)
{
    const char *found = NULL;
    *ret_twice = false;
    if (kt_site_place(s, kt_str_c(text)).v != KT_NONE) {
        return text;
    }
    for (uint32_t i = 0; i < s->places_n; i++) {
        const struct kt_text *name = &s->places[i].name;
        if (strcmp(name->zh, text) == 0 || strcasecmp(name->en, text) == 0) {
            *ret_twice = found != NULL;
            found = s->places[i].id;
        }
    }
    return found && !*ret_twice ? found : text;
}

/* "1,234.50", "￥ 12" without what a table program shows around a number. */
static void plain_number(const char *text, char to[64])
{
    size_t n = 0;
    for (const char *p = text; *p && n < 63; p++) {
        bool mark = *p == ',' || *p == ' ';
        if (strncmp(p, "￥", 3) == 0 || strncmp(p, "，", 3) == 0) {
            p += 2;
        } else if (strncmp(p, "¥", 2) == 0) {
            p += 1;
        } else if (!mark) {
            to[n++] = *p;
        }
    }
    to[n] = '\0';
}

/* ---- all kinds ---- */

static int as_text(struct kt_buf *json, const char *text)
{
    struct kt_jw w = kt_jw_init(json);
    kt_jw_str(&w, text);
    return KT_OK;
}

static int number_json(struct rec_request *q, const struct rec_field *f, const char *text,
                       struct kt_buf *json)
{
    char plain[64];
    double v;
    plain_number(text, plain);
    if (kt_number_parse(kt_str_c(plain), &v) < 0) {
        return wrong(q, f, text, "a number is needed, e.g. 12.5", "请填写数字，如12.5");
    }
    if (f->as == REC_MONEY) {
        return as_text(json, plain);
    }
    struct kt_jw w = kt_jw_init(json);
    kt_jw_num(&w, v);
    return KT_OK;
}

static int day_json(struct rec_request *q, const struct rec_field *f, const char *text,
                    struct kt_buf *json)
{
    const char *p = text;
    char day[11];
    if (!read_day(&p, day) || !only_zeros(p)) {
        return wrong(q, f, text, "a day is needed, e.g. 2026-11-22", "请填写日期，如2026-11-22");
    }
    return as_text(json, day);
}

static int moment_json(struct import *im, struct rec_request *q, const struct rec_field *f,
                       const char *text, struct kt_buf *json)
{
    int64_t ms;
    if (!read_moment(text, im->v.site->utc_offset_s, &ms)) {
        return wrong(q, f, text, "a moment is needed, e.g. 2026-11-22 08:30",
                     "请填写时刻，如2026-11-22 08:30");
    }
    struct kt_jw w = kt_jw_init(json);
    kt_jw_int(&w, ms);
    return KT_OK;
}

/* GeoJSON, or "x, y" for a point. */
static int geometry_json(const char *text, struct kt_buf *json)
{
    char *end, *last;
    double x = strtod(text, &end);
    size_t comma = strspn(end, " ,\t");
    double y = strtod(end + comma, &last);
    if (end > text && comma && last > end + comma && !*last && x - x == 0 && y - y == 0) {
        struct kt_jw w = kt_jw_init(json);
        kt_jw_obj(&w);
        kt_jw_kstr(&w, "type", "Point");
        kt_jw_key(&w, "coordinates");
        kt_jw_arr(&w);
        kt_jw_num(&w, x);
        kt_jw_num(&w, y);
        kt_jw_arr_end(&w);
        kt_jw_obj_end(&w);
        return KT_OK;
    }
    kt_buf_puts(json, text);
    return KT_OK;
}

static int place_json(struct import *im, struct rec_request *q, const struct rec_field *f,
                      const char *text, struct kt_buf *json)
{
    bool twice;
    const char *id = place_id(im->v.site, text, &twice);
    if (twice) {
        return wrong(q, f, text, "several places have this name; write its id",
                     "有多个同名地点，请填写地点编号");
    }
    return as_text(json, id);
}

static int bool_json(struct rec_request *q, const struct rec_field *f, const char *text,
                     struct kt_buf *json)
{
    bool b;
    if (!read_bool(text, &b)) {
        return wrong(q, f, text, "yes or no", "请填写是或否");
    }
    kt_buf_puts(json, b ? "true" : "false");
    return KT_OK;
}

static int to_json(struct import *im, struct rec_request *q, const struct rec_field *f,
                   const char *text, struct kt_buf *json)
{
    switch (f->as) {
    case REC_NUMBER:
    case REC_MONEY:
        return number_json(q, f, text, json);
    case REC_DATE:
        return day_json(q, f, text, json);
    case REC_TIME:
        return moment_json(im, q, f, text, json);
    case REC_BOOL:
        return bool_json(q, f, text, json);
    case REC_ENUM:
        return as_text(json, choice_id(f, text));
    case REC_PLACE:
        return place_json(im, q, f, text, json);
    case REC_GEOMETRY:
        return geometry_json(text, json);
    default:
        return as_text(json, text);
    }
}

/* A record by its key, among those that the person sees. */
static int find_ref(struct import *im, struct rec_request *q, const struct rec_field *f,
                    const char *text, struct rec_value *v, struct kt_err *err)
{
    struct kt_stmt *st = im->refs[f - im->reg->fields];
    kt_stmt_reset(st);
    kt_bind_text(st, 1, text);
    int r = kt_stmt_step(st, err);
    if (r > 0) {
        *v = (struct rec_value){.type = KT_COL_INT, .i = kt_col_i64(st, 0)};
        return KT_OK;
    }
    if (r < 0) {
        return r;
    }
    const struct rec_register *to = &im->v.model->registers[f->to];
    return wrong(q, f, text, rec_f(q, "there is no such record in %s", to->title.en),
                 rec_f(q, "“%s”中没有这条记录", to->title.zh));
}

int import_cell(struct import *im, struct rec_request *q, const struct rec_field *f,
                const char *text, struct rec_value *ret, struct kt_err *err)
{
    struct kt_buf json;
    struct kt_json *v = NULL;
    struct kt_err why;
    if (f->type == REC_REF) {
        return find_ref(im, q, f, text, ret, err);
    }
    kt_buf_init(&json, 4 << 20);
    int r = to_json(im, q, f, text, &json);
    if (r == KT_OK && kt_json_parse((struct kt_str){json.p, json.n}, 4 << 20, &v, &why) < 0) {
        r = wrong(q, f, text, "this cannot be read", "无法读取");
    }
    if (r == KT_OK) {
        r = value_read(q, im->v.site, f, v, ret);
    }
    kt_json_free(v);
    kt_buf_done(&json);
    return r;
}

int import_cell2(struct import *im, struct rec_request *q, const struct rec_field *f,
                 const char *zh, const char *en, const struct rec_value *old, struct rec_value *ret)
{
    struct kt_buf json;
    struct kt_json *v = NULL, *was = NULL;
    struct kt_err why;
    if (old && old->type == KT_COL_TEXT && kt_json_parse(old->s, 0, &was, &why) < 0) {
        was = NULL;
    }
    kt_buf_init(&json, 1 << 20);
    struct kt_jw w = kt_jw_init(&json);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "zh", zh ? zh : kt_json_get_str(was, "zh", ""));
    kt_jw_kstr(&w, "en", en ? en : kt_json_get_str(was, "en", ""));
    kt_jw_obj_end(&w);
    int r = kt_json_parse((struct kt_str){json.p, json.n}, 0, &v, &why);
    r = r == KT_OK ? value_read(q, im->v.site, f, v, ret)
                   : wrong(q, f, zh ? zh : en, "this cannot be read", "无法读取");
    kt_json_free(v);
    kt_json_free(was);
    kt_buf_done(&json);
    return r;
}

static size_t next_char(const struct kt_str *s, size_t i)
{
    return i + (i + 1 < s->n && s->p[i] == '\r' && s->p[i + 1] == '\n');
}

bool import_same(const struct rec_value *a, const struct rec_value *b)
{
    if (rec_same(a, b)) {
        return true;
    }
    if (a->type != KT_COL_TEXT || b->type != KT_COL_TEXT) {
        return false;
    }
    size_t i = 0, k = 0;
    while (i < a->s.n && k < b->s.n) {
        i = next_char(&a->s, i);
        k = next_char(&b->s, k);
        if (a->s.p[i++] != b->s.p[k++]) {
            return false;
        }
    }
    return i == a->s.n && k == b->s.n;
}
