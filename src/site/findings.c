/* SPDX-License-Identifier: Apache-2.0 */
#include "site/impl.h"

#include <stdio.h>
#include <stdlib.h>

struct kt_findings {
    struct kt_finding *item;
    size_t n, cap, max;
    size_t count[KT_FIND_NOTE + 1];
};

struct kt_findings *kt_findings_new(size_t max)
{
    struct kt_findings *f = calloc(1, sizeof(*f));
    KT_ASSERT(f);
    f->max = max ? max : 1000;
    return f;
}

void kt_findings_free(struct kt_findings *f)
{
    if (f) {
        free(f->item);
        free(f);
    }
}

size_t kt_findings_count(const struct kt_findings *f, enum kt_finding_level level)
{
    return f->count[level];
}

const struct kt_finding *kt_findings_get(const struct kt_findings *f, size_t i)
{
    return i < f->n ? &f->item[i] : NULL;
}

void kt_findings_add(struct kt_findings *f, enum kt_finding_level level, const char *check,
                     const struct kt_err *at)
{
    f->count[level]++;
    if (f->n == f->max) {
        return;
    }
    if (f->n == f->cap) {
        f->cap = f->cap ? 2 * f->cap : 64;
        f->item = realloc(f->item, f->cap * sizeof(*f->item));
        KT_ASSERT(f->item);
    }
    f->item[f->n++] = (struct kt_finding){level, check, *at};
}

static int code_of(enum kt_finding_level level)
{
    return level == KT_FIND_ERROR ? KT_EINVAL : KT_OK;
}

static void find_v(struct load *l, enum kt_finding_level level, const char *check,
                   const struct origin *at, const char *fmt, va_list ap)
{
    struct kt_err e = {.code = code_of(level), .line = at->line, .col = at->col};
    snprintf(e.file, sizeof(e.file), "%s", at->file ? at->file : "");
    vsnprintf(e.text, sizeof(e.text), fmt, ap);
    kt_findings_add(l->f, level, check, &e);
}

void site_find(struct load *l, enum kt_finding_level level, const char *check, const char *file,
               int line, int col, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    find_v(l, level, check, &(struct origin){file, line, col, false}, fmt, ap);
    va_end(ap);
}

void site_find_at(struct load *l, enum kt_finding_level level, const char *check,
                  const struct origin *at, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    find_v(l, level, check, at, fmt, ap);
    va_end(ap);
}

void site_find_point(struct load *l, enum kt_finding_level level, const char *check, uint32_t point,
                     const char *fmt, ...)
{
    struct origin at = {"points.csv", 0, 0, true};
    if (l->points_csv && l->point_row[point] != KT_NONE) {
        kt_csv_at(l->points_csv, l->point_row[point], -1, &at.line, &at.col);
    }
    va_list ap;
    va_start(ap, fmt);
    find_v(l, level, check, &at, fmt, ap);
    va_end(ap);
}

static void on_problem(void *arg, const struct kt_err *at)
{
    struct load *l = arg;
    kt_findings_add(l->f, KT_FIND_ERROR, l->check, at);
}

struct kt_problems site_problems(struct load *l)
{
    return (struct kt_problems){on_problem, l, 0};
}
