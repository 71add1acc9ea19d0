/* SPDX-License-Identifier: Apache-2.0 */
/*
 * History from CSV and ARFF into the chunks, while the program is not running. Rows that cannot be
 * read are counted and the first ones named; the good ones are kept.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/map.h"
#include "cli/import.h"
#include "conf/arff.h"
#include "conf/csv.h"
#include "history/history.h"
#include "site/site.h"
#include "sys/clock.h"
#include "sys/file.h"

enum { BATCH = 20000, COLUMNS_MAX = 256, SHOWN_MAX = 10 };

struct import {
    const struct kt_args *args;
    struct kt_site *site;
    struct kt_history *history;
    uint64_t seq;
    uint32_t n;
    uint32_t point[BATCH];
    kt_time time[BATCH];
    double value[BATCH];
    kt_quality quality[BATCH];
    uint64_t taken, bad;
    bool dry;
    kt_time now; /* nothing comes from behind it */
    bool *declared;
    struct kt_err err;
};

static int flush(struct import *im)
{
    if (im->n == 0 || im->dry) {
        im->n = 0;
        return KT_OK;
    }
    struct kt_samples s = {im->n, im->point, im->time, im->value, im->quality};
    int r = kt_history_add(im->history, im->seq, 0, &s, &im->err);
    im->n = 0;
    return r == KT_OK ? kt_history_seal(im->history, kt_clock_now(), false, &im->err) : r;
}

static int declare(struct import *im, uint32_t p)
{
    if (im->declared[p] || im->dry) {
        return KT_OK;
    }
    const struct kt_point *pt = &im->site->points[p];
    struct kt_history_point c = {pt->id, 0, (uint8_t)pt->retention};
    im->declared[p] = true;
    return kt_history_declare(im->history, (kt_point_id){p}, &c, &im->err);
}

static int add(struct import *im, uint32_t p, kt_time t, double v, kt_quality q)
{
    int r = declare(im, p);
    if (r == KT_OK && im->n == BATCH) {
        r = flush(im);
    }
    if (r < 0) {
        return r;
    }
    im->point[im->n] = p;
    im->time[im->n] = t;
    im->value[im->n] = v;
    im->quality[im->n++] = q;
    im->taken++;
    return KT_OK;
}

static void bad_row(struct import *im, uint64_t line, const char *why)
{
    if (im->bad++ < SHOWN_MAX) {
        fprintf(stderr, "line %llu: %s\n", (unsigned long long)line, why);
    }
}

static bool number(struct kt_str s, double *ret)
{
    char text[64], *end;
    if (s.n == 0 || s.n >= sizeof(text)) {
        return false;
    }
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    *ret = strtod(text, &end);
    return *end == '\0' && strpbrk(text, "0123456789") && isfinite(*ret);
}

/* --map COLUMN=POINT,…; a column without a word in it is the point of its own name. */
static uint32_t point_of(const struct import *im, struct kt_str column)
{
    const char *map = kt_arg(im->args, "map");
    while (map && *map) {
        size_t n = strcspn(map, ",");
        const char *eq = memchr(map, '=', n);
        if (eq && kt_str_eq((struct kt_str){map, (size_t)(eq - map)}, column)) {
            return kt_site_point(im->site, (struct kt_str){eq + 1, (size_t)(map + n - eq - 1)}).v;
        }
        map += n + (map[n] == ',');
    }
    return kt_site_point(im->site, column).v;
}

/* NULL, or why a row has no time that history takes. */
static const char *moment(const struct import *im, struct kt_str s, kt_time *ret)
{
    if (kt_time_parse(s, im->site->utc_offset_s, ret) < 0) {
        return "the time cannot be read";
    }
    return *ret <= 0        ? "the time lies before 1970"
           : *ret > im->now ? "the time lies in the future"
                            : NULL;
}

/* ---- CSV ------------------------------------------------------------------------------------- */

static int read_long(struct import *im, struct kt_csv *c)
{
    int ct = kt_csv_column(c, "time"), cp = kt_csv_column(c, "point");
    int cv = kt_csv_column(c, "value"), cq = kt_csv_column(c, "quality");
    for (uint32_t i = 0; i < kt_csv_rows(c); i++) {
        kt_time t;
        double v;
        const char *why;
        kt_quality q = KT_Q_NORMAL;
        char quality[32] = "";
        int line, col;
        kt_csv_at(c, i, -1, &line, &col);
        struct kt_str qs = kt_csv_get(c, i, cq);
        snprintf(quality, sizeof(quality), "%.*s", (int)(qs.n < 31 ? qs.n : 31), qs.p);
        uint32_t p = kt_site_point(im->site, kt_csv_get(c, i, cp)).v;
        if (p == KT_NONE) {
            bad_row(im, (uint64_t)line, "there is no such point");
        } else if ((why = moment(im, kt_csv_get(c, i, ct), &t))) {
            bad_row(im, (uint64_t)line, why);
        } else if (!number(kt_csv_get(c, i, cv), &v)) {
            bad_row(im, (uint64_t)line, "the value is not a number");
        } else if (quality[0] && !kt_quality_of(quality, &q)) {
            bad_row(im, (uint64_t)line, "there is no such quality");
        } else if (add(im, p, t, v, q) < 0) {
            return im->err.code;
        }
    }
    return KT_OK;
}

static int read_wide(struct import *im, struct kt_csv *c)
{
    int ct = kt_csv_column(c, "time");
    uint32_t points[COLUMNS_MAX], n = kt_csv_columns(c);
    for (uint32_t k = 0; k < n && k < COLUMNS_MAX; k++) {
        points[k] = (int)k == ct ? KT_NONE : point_of(im, kt_csv_name(c, k));
        if (points[k] == KT_NONE && (int)k != ct) {
            struct kt_str s = kt_csv_name(c, k);
            fprintf(stderr, "column \"%.*s\" is no point; passed over\n", (int)s.n, s.p);
        }
    }
    for (uint32_t i = 0; i < kt_csv_rows(c); i++) {
        kt_time t;
        int line, col;
        kt_csv_at(c, i, -1, &line, &col);
        const char *why = moment(im, kt_csv_get(c, i, ct), &t);
        if (why) {
            bad_row(im, (uint64_t)line, why);
            continue;
        }
        for (uint32_t k = 0; k < n && k < COLUMNS_MAX; k++) {
            double v;
            struct kt_str cell = kt_csv_get(c, i, (int)k);
            if (points[k] == KT_NONE || cell.n == 0) {
                continue;
            }
            if (!number(cell, &v)) {
                bad_row(im, (uint64_t)line, "a value is not a number");
            } else if (add(im, points[k], t, v, KT_Q_NORMAL) < 0) {
                return im->err.code;
            }
        }
    }
    return KT_OK;
}

static int read_csv(struct import *im, const char *file)
{
    struct kt_csv *c;
    struct kt_arena *arena = kt_arena_new(0);
    int r = kt_csv_read(arena, file, file, &c, &im->err);
    if (r == KT_OK && kt_csv_column(c, "time") < 0) {
        r = kt_err_set(&im->err, KT_EPARSE, "%s has no column \"time\"", file);
    }
    if (r == KT_OK) {
        r = kt_csv_column(c, "point") >= 0 ? read_long(im, c) : read_wide(im, c);
    }
    kt_arena_free(arena);
    return r;
}

/* ---- ARFF ------------------------------------------------------------------------------------ */

/* The values of a row that could be read, and the time of the next. */
static int add_values(struct import *im, const uint32_t *points, uint32_t n, const double *v,
                      kt_time t)
{
    for (uint32_t k = 0; k < n; k++) {
        if (points[k] != KT_NONE && !isnan(v[k]) && add(im, points[k], t, v[k], KT_Q_NORMAL) < 0) {
            return im->err.code;
        }
    }
    return KT_OK;
}

static int arff_rows(struct import *im, struct kt_arff *f, kt_time t, int64_t step)
{
    uint32_t points[KT_ARFF_MAX_COLUMNS], n = kt_arff_columns(f);
    double v[KT_ARFF_MAX_COLUMNS];
    struct kt_err bad;
    int r = KT_OK;
    for (uint32_t k = 0; k < n; k++) {
        points[k] = point_of(im, kt_arff_name(f, k));
    }
    for (int got; r == KT_OK && (got = kt_arff_next(f, v, &bad)) != 0; t += step) {
        if (got < 0) {
            bad_row(im, (uint64_t)bad.line, bad.text);
        }
        if (t > im->now) {
            return kt_err_set(&im->err, KT_EINVAL,
                              "with this --start and --step rows lie in the future");
        }
        r = add_values(im, points, n, v, t);
    }
    return r;
}

static int read_arff(struct import *im, const char *file)
{
    kt_time t;
    int64_t step;
    struct kt_buf b;
    struct kt_arff *f;
    const char *start = kt_arg(im->args, "start"), *every = kt_arg(im->args, "step");
    if (!start || kt_time_parse(kt_str_c(start), im->site->utc_offset_s, &t) < 0 || !every ||
        kt_duration_parse(kt_str_c(every), &step) < 0) {
        return kt_err_set(&im->err, KT_EINVAL,
                          "an ARFF file has no times: give --start TIME and --step DURATION");
    }
    struct kt_arena *arena = kt_arena_new(0);
    kt_buf_init(&b, (size_t)2 << 30);
    int r = kt_file_read(file, (size_t)2 << 30, &b, &im->err);
    if (r == KT_OK) {
        r = kt_arff_open(arena, (struct kt_str){b.p, b.n}, file, &f, &im->err);
    }
    if (r == KT_OK) {
        r = arff_rows(im, f, t, step);
    }
    kt_buf_done(&b);
    kt_arena_free(arena);
    return r;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static bool ends_with(const char *s, const char *suffix)
{
    size_t n = strlen(s), m = strlen(suffix);
    return n >= m && strcasecmp(s + n - m, suffix) == 0;
}

static int run(struct import *im, const char *site_dir, const char *file)
{
    char packs[600], dir[700];
    umask(0077); /* data/ is nobody else's to read */
    struct kt_findings *f = kt_findings_new(100);
    int r = im->dry ? KT_OK : kt_data_own(im->args, site_dir, &im->err);
    if (r == KT_OK) {
        r = kt_site_load(site_dir, kt_share_dir(packs, sizeof(packs), "packs"), NULL, f, &im->site,
                         &im->err);
    }
    kt_findings_free(f);
    if (r < 0) {
        return r;
    }
    im->declared = calloc(im->site->points_n + 1, sizeof(*im->declared));
    KT_ASSERT(im->declared);
    snprintf(dir, sizeof(dir), "%s/data/history", site_dir);
    if (!im->dry) {
        struct kt_history_opts o = {.dir = dir};
        if ((r = kt_dir_make(dir, &im->err)) < 0 ||
            (r = kt_history_open(&o, &im->history, &im->err)) < 0) {
            return r;
        }
    }
    r = ends_with(file, ".arff") ? read_arff(im, file) : read_csv(im, file);
    if (r == KT_OK) {
        r = flush(im);
    }
    if (r == KT_OK && !im->dry) {
        r = kt_history_seal(im->history, kt_clock_now(), true, &im->err);
    }
    if (r == KT_OK && !im->dry) {
        r = kt_history_merge(im->history, kt_clock_now(), &im->err);
    }
    return r;
}

int kt_import_history(const struct kt_args *a, const char *site_dir, const char *file)
{
    struct import *im = calloc(1, sizeof(*im));
    KT_ASSERT(im);
    im->args = a;
    im->now = kt_clock_now();
    im->dry = kt_arg(a, "dry-run") != NULL;
    int r = run(im, site_dir, file);
    kt_history_close(im->history);
    int code = r < 0 ? kt_fail(a, &im->err) : KT_EXIT_OK;
    if (r == KT_OK) {
        kt_done(a, "%llu samples %s, %llu rows could not be read", (unsigned long long)im->taken,
                im->dry ? "could be read" : "taken", (unsigned long long)im->bad);
        code = im->bad ? KT_EXIT_INVALID : KT_EXIT_OK;
    }
    kt_site_unref(im->site);
    free(im->declared);
    free(im);
    return code;
}
