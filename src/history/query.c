/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk over what is stored of one point: month by month, day by day, clusters of chunks that
 * overlap within a day. A day is the unit because no chunk crosses midnight.
 */
#include <stdlib.h>

#include "history/private.h"

struct stream {
    struct history_file *file;
    struct kt_db *db;
    struct kt_stmt *rows;
    bool has;
    int64_t day; /* of the row it stands on */
};

struct walk {
    struct kt_history *h;
    struct history_ctx *c;
    const char *point;
    kt_time from, to;
    struct history_sink *sink;
    uint32_t head_at, head_end; /* what is left of the head */
    struct stream streams[HISTORY_CLASSES];
    size_t n_streams;
    bool stopped;
};

static int stream_step(struct stream *s, struct kt_err *err)
{
    int r = kt_stmt_step(s->rows, err);
    s->has = r > 0;
    if (r > 0) {
        s->day = history_file_day(s->file, kt_col_i64(s->rows, 0));
    }
    return r < 0 ? r : KT_OK;
}

static int stream_open(struct walk *w, struct history_file *f, struct kt_err *err)
{
    struct stream *s = &w->streams[w->n_streams++];
    *s = (struct stream){.file = f};
    int64_t num = 0;
    int r = history_file_read(w->h->files, f, &s->db, err);
    if (r == KT_OK) {
        r = history_file_num(s->db, w->point, &num, err);
    }
    if (r < 0 || num == 0) {
        return r;
    }
    r = kt_db_prepare(s->db, "SELECT key, data FROM chunk WHERE key >= ? AND key < ? ORDER BY key",
                      &s->rows, err);
    if (r < 0) {
        return r;
    }
    kt_bind_i64(s->rows, 1, history_file_key(f, num, history_day(w->from)));
    kt_bind_i64(s->rows, 2, history_file_key(f, num, history_day(w->to - 1) + 1));
    return stream_step(s, err);
}

static void streams_close(struct walk *w)
{
    for (size_t i = 0; i < w->n_streams; i++) {
        kt_stmt_done(w->streams[i].rows);
        kt_store_read_done(w->streams[i].file->ro, w->streams[i].db);
    }
    w->n_streams = 0;
}

/* Rows and head of the day become pieces. */
static int gather(struct walk *w, int64_t day, struct kt_err *err)
{
    struct history_ctx *c = w->c;
    const char *path = w->h->files->dir;
    history_pieces_clear(c);
    for (size_t i = 0; i < w->n_streams; i++) {
        struct stream *s = &w->streams[i];
        path = s->has && s->day == day ? s->file->path : path;
        while (s->has && s->day == day) {
            history_pieces_add_row(c, kt_col_i64(s->rows, 0), kt_col_bytes(s->rows, 1));
            int r = stream_step(s, err);
            if (r < 0) {
                return r;
            }
        }
    }
    uint32_t lo = w->head_at;
    while (w->head_at < w->head_end && history_day(c->head.time[w->head_at]) == day) {
        w->head_at++;
    }
    if (w->head_at > lo) {
        history_pieces_add_head(c, lo, w->head_at);
    }
    return history_pieces_open(c, w->point, path, err);
}

static void give(struct walk *w, const struct history_cols *c, uint32_t lo, uint32_t hi)
{
    if (c->time[lo] < w->from) {
        lo = history_cols_find(c, w->from);
    }
    if (lo < hi && c->time[hi - 1] >= w->to) {
        hi = history_cols_find(c, w->to);
    }
    if (lo < hi) {
        w->stopped = !w->sink->samples(w->sink, c, lo, hi);
    }
}

static int one_piece(struct walk *w, const struct history_piece *p, struct kt_err *err)
{
    struct history_ctx *c = w->c;
    if (p->sum.last < w->from || p->sum.first >= w->to) {
        return KT_OK;
    }
    if (p->head) {
        give(w, &c->head, p->lo, p->hi);
        return KT_OK;
    }
    bool whole = p->sum.first >= w->from && p->sum.last < w->to;
    if (whole && w->sink->summary && w->sink->summary(w->sink, &p->sum)) {
        return KT_OK;
    }
    c->part.n = 0;
    c->part.late = false;
    int r = history_codec_decode(c->codec, p->run, &c->part, err);
    if (r == KT_OK) {
        give(w, &c->part, 0, c->part.n);
    }
    return r;
}

static int one_day(struct walk *w, struct kt_err *err)
{
    struct history_ctx *c = w->c;
    int r = KT_OK;
    for (size_t lo = 0; lo < c->n_pieces && r == KT_OK && !w->stopped;) {
        size_t hi = history_pieces_cluster(c, lo);
        if (hi == lo + 1) {
            r = one_piece(w, &c->pieces[lo], err);
        } else {
            r = history_pieces_join(c, lo, hi, NULL, err);
            if (r == KT_OK) {
                give(w, &c->joined, 0, c->joined.n);
            }
        }
        lo = hi;
    }
    return r;
}

/* The next day of this month that has anything; false: none. */
static bool next_day(const struct walk *w, int32_t month, int64_t *ret)
{
    int64_t day = INT64_MAX;
    for (size_t i = 0; i < w->n_streams; i++) {
        if (w->streams[i].has && w->streams[i].day < day) {
            day = w->streams[i].day;
        }
    }
    if (w->head_at < w->head_end) {
        kt_time t = w->c->head.time[w->head_at];
        if (history_day(t) < day && t < history_month_start(month + 1)) {
            day = history_day(t);
        }
    }
    *ret = day;
    return day != INT64_MAX;
}

static int one_month(struct walk *w, int32_t month, struct history_file **files, size_t n,
                     struct kt_err *err)
{
    int r = KT_OK;
    for (size_t i = 0; i < n && r == KT_OK; i++) {
        r = stream_open(w, files[i], err);
    }
    int64_t day;
    while (r == KT_OK && !w->stopped && next_day(w, month, &day)) {
        r = gather(w, day, err);
        if (r == KT_OK) {
            r = one_day(w, err);
        }
    }
    streams_close(w);
    return r;
}

static int all_months(struct walk *w, struct history_file **files, size_t n, struct kt_err *err)
{
    int r = KT_OK;
    for (size_t i = 0; r == KT_OK && !w->stopped && (i < n || w->head_at < w->head_end);) {
        int32_t month = i < n ? files[i]->month : INT32_MAX;
        if (w->head_at < w->head_end) {
            int32_t of_head = history_month(w->c->head.time[w->head_at]);
            month = of_head < month ? of_head : month;
        }
        size_t lo = i;
        for (; i < n && files[i]->month == month; i++) {
        }
        r = one_month(w, month, files + lo, i - lo, err);
    }
    return r;
}

int history_walk(struct kt_history *h, const char *point, kt_time from, kt_time to,
                 struct history_sink *sink, struct kt_err *err)
{
    if (from >= to) {
        return KT_OK;
    }
    struct walk w = {.h = h, .point = point, .from = from, .to = to, .sink = sink};
    w.c = history_ctx_take(h);
    history_ctx_head(h, w.c, point); /* before the files, see private.h */
    w.head_at = history_cols_find(&w.c->head, from);
    w.head_end = history_cols_find(&w.c->head, to);
    struct history_file **files;
    size_t n = history_files_hold(h->files, history_month(from), history_month(to - 1), &files);
    int r = all_months(&w, files, n, err);
    history_files_release(h->files, files, n);
    history_ctx_give(h, w.c);
    free(files);
    return r;
}
