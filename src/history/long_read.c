/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading: raw samples in windows that fit one answer; buckets as figures that VictoriaMetrics
 * makes, or counted here where it may hold repeats.
 */
#include "history/long_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define READ_TIMEOUT (60 * KT_SEC)
#define FIRST_WINDOW (86400 * INT64_C(1000)) /* ms of one question for raw samples */
enum {
    RAW_MAX = 4 << 20,   /* bytes of one answer with raw samples */
    ROLL_MAX = 48 << 20, /* of one with figures */
    FEW = 25000,         /* a window with fewer samples is made larger */
};

/* A field of a form: letters and digits as they are, else %XX. */
static void put_form(struct kt_buf *b, const char *name, struct kt_str value)
{
    static const char hex[] = "0123456789ABCDEF";
    kt_buf_printf(b, "%s%s=", b->n ? "&" : "", name);
    for (size_t i = 0; i < value.n; i++) {
        unsigned char c = (unsigned char)value.p[i];
        if ((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_') {
            kt_put_u8(b, c);
        } else {
            const char code[3] = {'%', hex[c >> 4], hex[c & 15]};
            kt_buf_put(b, code, 3);
        }
    }
}

static void put_ms(struct kt_buf *b, const char *name, int64_t ms)
{
    char text[32];
    snprintf(text, sizeof(text), "%" PRId64 ".%03d", ms / 1000, (int)(ms % 1000));
    put_form(b, name, kt_str_c(text));
}

/* {site="…",point="…"}: JSON's escapes of texts are those of a selector. */
static void put_labels(const struct kt_long *l, const char *point, struct kt_buf *out)
{
    struct kt_jw w = kt_jw_init(out);
    kt_buf_puts(out, "site=");
    kt_jw_str(&w, l->site);
    w.comma = false;
    kt_buf_puts(out, ",point=");
    kt_jw_str(&w, point);
}

static int ask(struct kt_long *l, const char *path, const struct kt_buf *form,
               struct kt_buf *answer, struct kt_err *err)
{
    char url[LONG_BASE_MAX + 32];
    struct kt_http_client *c = long_client_take(l);
    struct kt_str body = {form->p, form->n};
    snprintf(url, sizeof(url), "%s/api/v1/%s", l->read_url, path);
    int r = long_exchange(l, c, "POST", url, "Content-Type: application/x-www-form-urlencoded",
                          &body, READ_TIMEOUT, answer, err);
    long_client_give(l, c);
    return r;
}

/* Raw samples of [from, to) in ms into a. KT_ELIMIT: too many for one answer. */
static int ask_raw(struct kt_long *l, const char *point, int64_t from, int64_t to,
                   struct long_answer *a, struct kt_err *err)
{
    struct kt_buf form, match, answer;
    kt_buf_init(&form, 1 << 16);
    kt_buf_init(&match, 1 << 14);
    kt_buf_init(&answer, RAW_MAX);
    kt_buf_puts(&match, "{__name__=~\"kuangtu_(value|bad|quality)\",");
    put_labels(l, point, &match);
    kt_buf_puts(&match, "}");
    put_form(&form, "match[]", (struct kt_str){match.p, match.n});
    put_ms(&form, "start", from);
    put_ms(&form, "end", to - 1);
    long_answer_clear(a);
    int r = ask(l, "export", &form, &answer, err);
    if (r == KT_OK) {
        r = long_answer_export((struct kt_str){answer.p, answer.n}, a, err);
    }
    kt_buf_done(&form);
    kt_buf_done(&match);
    kt_buf_done(&answer);
    return r;
}

/* Milliseconds at or after t; nothing lies before 1970. */
static int64_t ms_from(kt_time t)
{
    return t <= 0 ? 0 : (t - 1) / KT_MS + 1;
}

int kt_long_scan(struct kt_long *l, const char *point, kt_time from, kt_time to, kt_history_fn fn,
                 void *arg, bool *ret_stopped, struct kt_err *err)
{
    struct long_answer a = {0};
    int64_t at = ms_from(from), end = ms_from(to), window = FIRST_WINDOW;
    bool stopped = false;
    int r = KT_OK;
    while (r == KT_OK && at < end && !stopped) {
        int64_t until = window < end - at ? at + window : end;
        r = ask_raw(l, point, at, until, &a, err);
        if (r == KT_ELIMIT && until - at > 1) {
            window = (until - at) / 8 > 0 ? (until - at) / 8 : 1;
            r = KT_OK;
            continue;
        }
        if (r == KT_OK) {
            stopped = !long_answer_walk(&a, at * KT_MS, until * KT_MS, fn, arg);
            window = a.kind[LONG_VALUE].n < FEW ? window * 4 : window;
            at = until;
        }
    }
    long_answer_done(&a);
    if (r == KT_OK) {
        *ret_stopped = stopped;
    }
    return r;
}

/* ---- buckets ---- */

struct counting {
    kt_time from;
    int64_t width;
    struct kt_bucket *list;
};

static bool count_one(void *arg, kt_time time, double v, kt_quality q, kt_time arrival)
{
    const struct counting *c = arg;
    struct kt_bucket *k = &c->list[(time - c->from) / c->width];
    (void)arrival;
    k->worst = q > k->worst ? q : k->worst;
    if (!kt_q_known(q) || v != v) {
        return true;
    }
    if (!k->count || v < k->min) {
        k->min = v;
        k->min_time = time;
    }
    if (!k->count || v > k->max) {
        k->max = v;
        k->max_time = time;
    }
    k->sum += v;
    k->last = v;
    k->last_time = time;
    k->count++;
    return true;
}

/* Samples of [from, to), one by one. */
static int count_raw(struct kt_long *l, const char *point, kt_time from, kt_time to,
                     struct counting *c, struct kt_err *err)
{
    bool stopped;
    return kt_long_scan(l, point, from, to, count_one, c, &stopped, err);
}

/* union(label_set(count_over_time(kuangtu_value{…}[60000ms]),"f","count"), …) */
static void put_query(const struct kt_long *l, const char *point, int64_t width_ms,
                      struct kt_buf *q)
{
    static const struct {
        const char *function, *field;
    } parts[] = {
        {"count_over_time", "count"}, {"min_over_time", "min"},     {"max_over_time", "max"},
        {"sum_over_time", "sum"},     {"last_over_time", "last"},   {"tmin_over_time", "tmin"},
        {"tmax_over_time", "tmax"},   {"tlast_over_time", "tlast"}, {"max_over_time", "worst"}};
    kt_buf_puts(q, "union(");
    for (size_t i = 0; i < KT_ARRAY_LEN(parts); i++) {
        bool quality = strcmp(parts[i].field, "worst") == 0;
        kt_buf_printf(q, "%slabel_set(%s(kuangtu_%s{", i ? "," : "", parts[i].function,
                      quality ? "quality" : "value");
        put_labels(l, point, q);
        kt_buf_printf(q, "}[%" PRId64 "ms]),\"f\",\"%s\")", width_ms, parts[i].field);
    }
    kt_buf_puts(q, ")");
}

/* A window of VictoriaMetrics is open at its beginning: it ends with the bucket's last ms. */
static int buckets_rolled(struct kt_long *l, const char *point, kt_time from, int64_t width,
                          uint32_t n, struct kt_bucket *list, struct kt_err *err)
{
    struct kt_buf form, query, answer;
    char step[32];
    int64_t width_ms = width / KT_MS, first = from / KT_MS + width_ms - 1;
    kt_buf_init(&form, 1 << 16);
    kt_buf_init(&query, 1 << 15);
    kt_buf_init(&answer, ROLL_MAX);
    put_query(l, point, width_ms, &query);
    snprintf(step, sizeof(step), "%" PRId64 "ms", width_ms);
    put_form(&form, "query", (struct kt_str){query.p, query.n});
    put_ms(&form, "start", first);
    put_ms(&form, "end", first + (n - 1) * width_ms);
    put_form(&form, "step", kt_str_c(step));
    put_form(&form, "nocache", KT_STR("1"));
    int r = ask(l, "query_range", &form, &answer, err);
    if (r == KT_OK) {
        r = long_answer_rollup((struct kt_str){answer.p, answer.n}, from, width, n, list, err);
    }
    kt_buf_done(&form);
    kt_buf_done(&query);
    kt_buf_done(&answer);
    return r;
}

/* How many whole buckets VictoriaMetrics can make as we would. */
static uint32_t whole_buckets(struct kt_long *l, kt_time from, kt_time to, int64_t width)
{
    struct kt_long_state st;
    kt_long_state(l, &st);
    bool even = from >= 0 && from % KT_MS == 0 && width % KT_MS == 0;
    return st.dedup && even ? (uint32_t)((to - from) / width) : 0;
}

int kt_long_buckets(struct kt_long *l, const char *point, kt_time from, kt_time to, int64_t width,
                    struct kt_bucket *list, struct kt_err *err)
{
    struct counting c = {from, width, list};
    uint32_t whole = whole_buckets(l, from, to, width);
    int r = whole ? buckets_rolled(l, point, from, width, whole, list, err) : KT_OK;
    kt_time rest = from + whole * width;
    return r == KT_OK && rest < to ? count_raw(l, point, rest, to, &c, err) : r;
}

static bool keep_last(void *arg, kt_time time, double value, kt_quality q, kt_time arrival)
{
    struct kt_sample *s = arg;
    (void)arrival;
    s->time = time;
    s->value = value;
    s->quality = q;
    return true;
}

/* Backwards in windows that grow: the last sample is near, as a rule. */
int kt_long_last(struct kt_long *l, const char *point, kt_time at, struct kt_sample *ret,
                 struct kt_err *err)
{
    struct kt_sample s = {.point = {KT_NONE}, .time = INT64_MIN};
    bool stopped;
    kt_time to = at < INT64_MAX - KT_MS ? at + 1 : at;
    for (int64_t window = KT_HOUR; to > 0; window = window < KT_DAY * 4096 ? window * 8 : window) {
        kt_time from = to > window ? to - window : 0;
        int r = kt_long_scan(l, point, from, to, keep_last, &s, &stopped, err);
        if (r < 0) {
            return r;
        }
        if (s.time != INT64_MIN) {
            *ret = s;
            return KT_OK;
        }
        to = from;
    }
    return kt_err_set(err, KT_ENOTFOUND, "nothing is stored of point %s up to that time", point);
}
