/* SPDX-License-Identifier: Apache-2.0 */
/* Every sample as CSV; answers that are longer than memory should hold. */
#include <stdio.h>
#include <stdlib.h>

#include "api/long_answer.h"

enum { POINTS_MAX = 200, STAMP = 40, LINE = 256, LONG = 256 << 10, KEPT = 4 << 20 };
#define ANSWER_MAX ((uint64_t)8 << 30)

bool long_answer_goes_on(struct long_answer *a)
{
    if (a->r < 0 || (a->text.n <= KEPT && !a->spool)) {
        return a->r == KT_OK;
    }
    if (kt_http_gone(a->c->req)) {
        a->r = kt_err_set(&a->err, KT_EIO, "the client has closed the connection");
        return false;
    }
    if (!a->spool) {
        a->r = kt_spool_new(ANSWER_MAX, &a->spool, &a->err);
    }
    if (a->r == KT_OK) {
        kt_spool_buf(a->spool, &a->text);
    }
    return a->r == KT_OK && !kt_spool_failed(a->spool);
}

static void name_it(const struct long_answer *a)
{
    if (a->disposition) {
        kt_http_set_header(a->c->req, "Content-Disposition", a->disposition);
    }
}

void long_answer_end(struct long_answer *a, int r, const char *type, const struct kt_err *err)
{
    int fd;
    uint64_t size;
    if (r == KT_OK && a->text.full) {
        a->r = kt_err_set(&a->err, KT_ELIMIT, "too much; ask for a shorter time or fewer points");
    }
    if (r == KT_OK && a->r == KT_OK && a->spool) {
        kt_spool_buf(a->spool, &a->text);
        a->r = kt_spool_end(a->spool, &fd, &size, &a->err);
        a->spool = NULL;
        if (a->r == KT_OK) {
            name_it(a);
            kt_http_reply_file(a->c->req, 200, type, fd, size);
        }
    } else if (r == KT_OK && a->r == KT_OK) {
        name_it(a);
        kt_http_reply_take(a->c->req, 200, type, &a->text);
    }
    if (r < 0 || a->r < 0) {
        reply_err(a->c->req, r < 0 ? err : &a->err);
    }
    kt_spool_free(a->spool);
    kt_buf_done(&a->text);
}

struct stamp {
    kt_time minute; /* -1: none yet */
    size_t zone_n;
    char text[STAMP], zone[16]; /* "2026-03-01T08:15:", "+08:00" */
};

struct csv {
    struct long_answer *answer;
    const struct kt_point *point;
    size_t id_n;
    int utc_offset_s;
    struct stamp time;
    struct again value;
    kt_time arrival; /* the one written last, as `arrival_text` */
    size_t arrival_n;
    char arrival_text[STAMP];
};

/* As kt_time_fmt(), of which only seconds and milliseconds are made anew within a minute. */
static char *put_time(char *to, struct stamp *s, int utc_offset_s, kt_time t)
{
    enum { MINUTES = 17, ZONE = 19 };
    int64_t ms = t % KT_MIN / KT_MS;
    if (t < 0 || t % KT_MS || utc_offset_s % 60) {
        return to + strlen(kt_time_fmt(t, utc_offset_s, to));
    }
    if (t / KT_MIN != s->minute) {
        s->minute = t / KT_MIN;
        kt_time_fmt(s->minute * KT_MIN, utc_offset_s, s->text);
        s->zone_n = strlen(s->text + ZONE);
        put_text(s->zone, s->text + ZONE, s->zone_n);
    }
    memcpy(to, s->text, MINUTES);
    to += MINUTES;
    *to++ = (char)('0' + ms / 10000);
    *to++ = (char)('0' + ms / 1000 % 10);
    if (ms % 1000) {
        *to++ = '.';
        *to++ = (char)('0' + ms / 100 % 10);
        *to++ = (char)('0' + ms / 10 % 10);
        *to++ = (char)('0' + ms % 10);
    }
    memcpy(to, s->zone, sizeof(s->zone));
    return to + s->zone_n;
}

/* Samples of one batch have one arrival. */
static char *put_arrival(char *to, struct csv *e, kt_time arrival)
{
    if (e->arrival != arrival) {
        e->arrival = arrival;
        e->arrival_n = strlen(kt_time_fmt(arrival, e->utc_offset_s, e->arrival_text));
    }
    memcpy(to, e->arrival_text, STAMP);
    return to + e->arrival_n;
}

static bool csv_line(void *arg, kt_time time, double value, kt_quality q, kt_time arrival)
{
    struct csv *e = arg;
    const char *quality = kt_quality_id(q);
    struct kt_buf *out = &e->answer->text;
    char *to = kt_buf_reserve(out, LINE + e->id_n);
    if (!to) {
        return false;
    }
    to = put_text(to, e->point->id, e->id_n);
    *to++ = ',';
    to = put_time(to, &e->time, e->utc_offset_s, time);
    *to++ = ',';
    to = put_value(to, &e->value, value);
    *to++ = ',';
    to = put_text(to, quality, strlen(quality));
    *to++ = ',';
    to = arrival ? put_arrival(to, e, arrival) : to;
    to = put_text(to, "\r\n", 2);
    out->n = (size_t)(to - out->p);
    return out->n <= LONG || long_answer_goes_on(e->answer);
}

void get_export(struct call *c)
{
    kt_time from, to;
    uint32_t points_n;
    struct kt_err err = {0};
    kt_point_id *points = KT_NEW_ARRAY(c->arena, kt_point_id, POINTS_MAX);
    const char *ids = kt_http_query(c->req, "points");
    if (!ids) {
        reply_code(c->req, KT_EINVAL, "name points=ID,ID");
        return;
    }
    if (!history_span(c, &from, &to) || !points_list(c, ids, points, POINTS_MAX, &points_n)) {
        return;
    }
    struct long_answer answer = {.c = c,
                                 .disposition = "attachment; filename=\"kuangtu-export.csv\""};
    kt_buf_init(&answer.text, 0);
    kt_buf_puts(&answer.text,
                "\xef\xbb\xbfpoint,time,value,quality,arrival\r\n"); /* BOM: Excel reads UTF-8 */
    int r = KT_OK;
    for (uint32_t i = 0; r == KT_OK && i < points_n && long_answer_goes_on(&answer); i++) {
        const struct kt_point *p = &c->site->points[points[i].v];
        struct csv e = {.answer = &answer,
                        .point = p,
                        .id_n = strlen(p->id),
                        .utc_offset_s = c->site->utc_offset_s,
                        .time = {.minute = -1}};
        r = kt_history_scan(kt_runtime_history(c->api->opts.runtime), e.point->id, from, to,
                            csv_line, &e, &err);
        r = r == KT_ENOTFOUND ? KT_OK : r;
    }
    long_answer_end(&answer, r, "text/csv; charset=utf-8", &err);
}
