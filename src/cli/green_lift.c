/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kuangtu green lift: which records would lift an indicator to a target, asked of the running
 * program: how many are needed, and the candidates, the likeliest first, each with why.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/green.h"
#include "conf/json.h"
#include "conf/number.h"

enum { ANSWER_MAX = 64 << 20, ID_MAX = 63 };
#define TARGET_MOST 1e12

static const char *const columns[] = {"rank", "needed", "key", "label", "why"};

/* The year as it is in the site's own time. */
static bool span_of(const struct kt_args *a, const struct kt_running *run, char ret[100])
{
    const char *year = kt_arg(a, "year");
    double n;
    ret[0] = '\0';
    if (!year) {
        return true;
    }
    if (kt_number_parse(kt_str_c(year), &n) < 0 || !(n >= 1990 && n <= 2200) || (int)n != n) {
        return false;
    }
    const struct kt_civil from = {.year = (int)n, .month = 1, .day = 1},
                          to = {.year = (int)n + 1, .month = 1, .day = 1};
    snprintf(ret, 100, "from=%lld&to=%lld&",
             (long long)(kt_civil_to(&from, run->utc_offset_s) / KT_MS),
             (long long)(kt_civil_to(&to, run->utc_offset_s) / KT_MS));
    return true;
}

/* A share is of 0 to 100 %; what another figure may be, its unit alone knows. */
static bool target_of(const struct kt_args *a, char ret[40])
{
    const char *text = kt_arg(a, "target");
    double most = kt_arg(a, "indicator") ? TARGET_MOST : 100, n;
    ret[0] = '\0';
    if (!text) {
        return true;
    }
    if (kt_number_parse(kt_str_c(text), &n) < 0 || !(n >= 0 && n <= most)) {
        return false;
    }
    snprintf(ret, 40, "target=%.15g", n);
    return true;
}

/* Ids of indicators are words of a-z, 0-9 and _, so nothing of an id has to be escaped. */
static bool fits_id(const char *id)
{
    size_t n = strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return n > 0 && n <= ID_MAX && !id[n];
}

static int ask(const struct kt_args *a, const struct kt_running *run, const char *span,
               const char *target, struct kt_buf *out, struct kt_err *err)
{
    const char *id = kt_arg(a, "indicator");
    char path[300];
    int status;
    snprintf(path, sizeof(path), "/api/v1/indicators/%s/what-if?%s%s", id ? id : "green_share",
             span, target);
    return kt_running_call(run, "GET", path, NULL, &status, out, err);
}

static void print_table(const struct kt_args *a, const struct kt_json *w)
{
    const struct kt_json *all = kt_json_get(w, "candidates");
    int64_t needed = kt_json_get_int(w, "needed", -1);
    struct kt_table *t = kt_table_new(a->format, columns, KT_ARRAY_LEN(columns));
    for (size_t i = 0; i < kt_json_len(all); i++) {
        const struct kt_json *one = kt_json_at(all, i), *rec = kt_json_get(one, "record");
        kt_table_num(t, (double)(i + 1));
        kt_table_cell(t, needed < 0 ? "unknown" : (int64_t)i < needed ? "yes" : "no");
        kt_table_cell(t, kt_json_get_str(rec, "key", ""));
        kt_table_cell(t, kt_json_get_str(rec, "label", ""));
        kt_table_cell(t, kt_json_get_str(one, "why", ""));
    }
    kt_table_end(t);
}

/* Beside the table, for people. */
static void say(const struct kt_json *w)
{
    double now, target, would;
    bool known = kt_json_num(kt_json_get(w, "value"), &now) &&
                 kt_json_num(kt_json_get(w, "target"), &target);
    if (!known || kt_json_get_int(w, "needed", -1) < 0) {
        fprintf(stderr,
                "the value or the target is not known: nothing can be said; give --target\n");
    } else if (!kt_json_get_bool(w, "reachable", false)) {
        fprintf(stderr, "now %g, target %g: %lld more are needed, there are %zu candidates\n", now,
                target, (long long)kt_json_get_int(w, "needed", 0),
                kt_json_len(kt_json_get(w, "candidates")));
    } else {
        would = now;
        (void)kt_json_num(kt_json_get(w, "would_be"), &would);
        fprintf(stderr, "now %g, target %g: %lld more are needed, it would be %g\n", now, target,
                (long long)kt_json_get_int(w, "needed", 0), would);
    }
}

int kt_green_lift(const struct kt_args *a)
{
    struct kt_running run;
    struct kt_err err = {0};
    struct kt_json *w = NULL;
    struct kt_buf b;
    char span[100], target[40];
    const char *id = kt_arg(a, "indicator");
    if (a->pos_n != 2) {
        return kt_usage(a, "say lift and the site folder");
    }
    if (!target_of(a, target)) {
        return kt_usage(a, "target is a number from 0 to %g, not \"%s\"", id ? TARGET_MOST : 100.0,
                        kt_arg(a, "target"));
    }
    if (id && !fits_id(id)) {
        return kt_usage(a, "indicator is an id of a-z, 0-9 and _, not \"%s\"", id);
    }
    int r = kt_running_find(a->pos[1], &run, &err);
    if (r < 0) {
        return kt_fail(a, &err);
    }
    if (!span_of(a, &run, span)) {
        return kt_usage(a, "year is a number like 2025, not \"%s\"", kt_arg(a, "year"));
    }
    kt_buf_init(&b, ANSWER_MAX);
    r = ask(a, &run, span, target, &b, &err);
    r = r == KT_OK ? kt_json_parse((struct kt_str){b.p, b.n}, ANSWER_MAX, &w, &err) : r;
    if (r == KT_OK && a->format == KT_FORMAT_JSON) {
        printf("%.*s\n", (int)b.n, b.p);
    } else if (r == KT_OK) {
        print_table(a, w);
        say(w);
    }
    kt_json_free(w);
    kt_buf_done(&b);
    return r < 0 ? kt_fail(a, &err) : KT_EXIT_OK;
}
