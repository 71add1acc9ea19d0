/* SPDX-License-Identifier: Apache-2.0 */
/* kuangtu replay and backtest: the past from the running program. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cli/cli.h"
#include "conf/json.h"
#include "sys/clock.h"
#include "sys/file.h"

static int call(const struct kt_args *a, const struct kt_running *run, const char *method,
                const char *path, const struct kt_str *body, struct kt_json **ret)
{
    struct kt_err err = {0};
    struct kt_buf answer;
    int status = 0;
    kt_buf_init(&answer, 512u << 20);
    int r = kt_running_call(run, method, path, body, &status, &answer, &err);
    if (r == KT_OK) {
        r = kt_json_parse((struct kt_str){answer.p, answer.n}, 512u << 20, ret, &err);
    }
    kt_buf_done(&answer);
    return r < 0 ? kt_fail(a, &err) : 0;
}

/* The program of the site folder that stands first; an exit code, 0 when there. */
static int find(const struct kt_args *a, struct kt_running *ret)
{
    struct kt_err err = {0};
    int r = kt_running_find(a->pos[0], ret, &err);
    return r < 0 ? kt_fail(a, &err) : 0;
}

static bool time_arg(const struct kt_args *a, const struct kt_running *run, const char *name,
                     kt_time *ret)
{
    const char *text = kt_arg(a, name);
    return text && kt_time_parse(kt_str_c(text), run->utc_offset_s, ret) == KT_OK;
}

static const struct kt_option replay_options[] = {
    {"at", "TIME", "the second to show (RFC 3339, or \"2026-03-01 08:00\" in the site's time)"},
    {NULL, NULL, NULL},
};

static int replay(const struct kt_args *a)
{
    static const char *const columns[] = {"alarm", "rule", "point", "state", "value", "raised"};
    char path[128], when[40];
    kt_time at;
    struct kt_json *j = NULL;
    struct kt_running run;
    if (a->pos_n != 1) {
        return kt_usage(a, "name a site folder and --at TIME");
    }
    int code = find(a, &run);
    if (code) {
        return code;
    }
    if (!time_arg(a, &run, "at", &at)) {
        return kt_usage(a, "--at reads like 2026-03-01T08:00:00+08:00");
    }
    snprintf(path, sizeof(path), "/api/v1/replay?at=%lld", (long long)(at / KT_MS));
    code = call(a, &run, "GET", path, NULL, &j);
    if (code) {
        return code;
    }
    if (!kt_json_get_int(j, "seq", 0)) {
        struct kt_err err = {0};
        kt_json_free(j);
        kt_err_set(&err, KT_ENOTFOUND, "nothing is recorded from %s or before",
                   kt_time_fmt(at, run.utc_offset_s, when));
        return kt_fail(a, &err);
    }
    const struct kt_json *alarms = kt_json_get(j, "alarms");
    kt_note(a, "%s, event %lld, %zu points, %zu alarms", kt_time_fmt(at, run.utc_offset_s, when),
            (long long)kt_json_get_int(j, "seq", 0), kt_json_len(kt_json_get(j, "live")),
            kt_json_len(alarms));
    const char *diff = kt_json_get_str(j, "difference", "");
    if (diff[0]) {
        kt_note(a, "today's program computes something else than was recorded: %s", diff);
    }
    struct kt_table *t = kt_table_new(a->format, columns, 6);
    for (size_t i = 0; i < kt_json_len(alarms); i++) {
        const struct kt_json *one = kt_json_at(alarms, i);
        kt_table_num(t, (double)kt_json_get_int(one, "id", 0));
        kt_table_cell(t, kt_json_get_str(one, "rule", ""));
        kt_table_cell(t, kt_json_get_str(one, "point", ""));
        kt_table_cell(t, kt_json_get_str(one, "state", ""));
        kt_table_num(t, kt_json_get_num(one, "value", 0));
        kt_table_cell(
            t, kt_time_fmt(kt_json_get_int(one, "raised", 0) * KT_MS, run.utc_offset_s, when));
    }
    kt_table_end(t);
    kt_json_free(j);
    return KT_EXIT_OK;
}

const struct kt_verb kt_verb_replay = {
    .name = "replay",
    .usage = "SITE --at TIME",
    .summary = "the state of the mine at a second that has passed",
    .help = "Computed from the nearest checkpoint and the journal, and compared with what was "
            "recorded.\n",
    .options = replay_options,
    .run = replay,
};

static const struct kt_option backtest_options[] = {
    {"from", "TIME", "start"},
    {"to", "TIME", "end"},
    {"limit", "POINT.NAME=VALUE", "a limit to try, e.g. T1-1203.alarm=0.8"},
    {"rules", "FILE", "rules to try (YAML)"},
    {NULL, NULL, NULL},
};

/* "T1-1203.alarm=0.8" */
static bool write_limit(const char *text, struct kt_jw *w)
{
    const char *eq = strrchr(text, '=');
    const char *dot = eq ? memrchr(text, '.', (size_t)(eq - text)) : NULL;
    char *end;
    if (!dot) {
        return false;
    }
    double v = strtod(eq + 1, &end);
    if (*end || end == eq + 1) {
        return false;
    }
    kt_jw_key(w, "limits");
    kt_jw_arr(w);
    kt_jw_obj(w);
    kt_jw_key(w, "point");
    kt_jw_strn(w, (struct kt_str){text, (size_t)(dot - text)});
    kt_jw_key(w, "name");
    kt_jw_strn(w, (struct kt_str){dot + 1, (size_t)(eq - dot - 1)});
    kt_jw_knum(w, "value", v);
    kt_jw_obj_end(w);
    kt_jw_arr_end(w);
    return true;
}

static int body_of(const struct kt_args *a, kt_time from, kt_time to, struct kt_buf *out)
{
    struct kt_err err = {0};
    struct kt_jw w = kt_jw_init(out);
    kt_jw_obj(&w);
    kt_jw_kint(&w, "from", from / KT_MS);
    kt_jw_kint(&w, "to", to / KT_MS);
    if (kt_arg(a, "limit") && !write_limit(kt_arg(a, "limit"), &w)) {
        return kt_usage(a, "--limit reads like T1-1203.alarm=0.8");
    }
    if (kt_arg(a, "rules")) {
        struct kt_buf rules;
        kt_buf_init(&rules, 4 << 20);
        if (kt_file_read(kt_arg(a, "rules"), 4 << 20, &rules, &err) < 0) {
            kt_buf_done(&rules);
            return kt_fail(a, &err);
        }
        kt_jw_kstr(&w, "rules", kt_buf_cstr(&rules));
        kt_buf_done(&rules);
    }
    kt_jw_obj_end(&w);
    return 0;
}

static void print_result(const struct kt_args *a, const struct kt_running *run,
                         const struct kt_json *j)
{
    static const char *const columns[] = {"when", "what", "rule or output", "point", "value"};
    kt_note(a, "would have raised %lld alarms and %lld cuts; recorded were %lld and %lld",
            (long long)kt_json_get_int(j, "alarms", 0), (long long)kt_json_get_int(j, "cuts", 0),
            (long long)kt_json_get_int(j, "alarms_then", 0),
            (long long)kt_json_get_int(j, "cuts_then", 0));
    struct kt_table *t = kt_table_new(a->format, columns, 5);
    const struct kt_json *items = kt_json_get(j, "items");
    for (size_t i = 0; i < kt_json_len(items); i++) {
        const struct kt_json *one = kt_json_at(items, i), *b = kt_json_get(one, "body");
        char when[40];
        kt_table_cell(
            t, kt_time_fmt(kt_json_get_int(one, "time", 0) * KT_MS, run->utc_offset_s, when));
        kt_table_cell(t, kt_json_get_str(b, "type", ""));
        kt_table_cell(t, kt_json_get_str(b, "rule", kt_json_get_str(b, "output", "")));
        kt_table_cell(t, kt_json_get_str(b, "point", ""));
        kt_table_num(t, kt_json_get_num(b, "value", 0));
    }
    kt_table_end(t);
}

static int wait_for(const struct kt_args *a, const struct kt_running *run, int64_t id)
{
    char path[64];
    struct kt_progress bar = {"back-test", -1};
    snprintf(path, sizeof(path), "/api/v1/jobs/%lld", (long long)id);
    for (;;) {
        struct kt_json *j = NULL;
        int code = call(a, run, "GET", path, NULL, &j);
        if (code) {
            return code;
        }
        const char *state = kt_json_get_str(j, "state", "");
        kt_progress_show(&bar, kt_json_get_num(j, "progress", 0));
        if (strcmp(state, "running") != 0) {
            kt_progress_end(&bar);
            bool failed = strcmp(state, "failed") == 0;
            if (failed) {
                fprintf(stderr, "kuangtu backtest: %s\n", kt_json_get_str(j, "text", ""));
            } else {
                print_result(a, run, j);
            }
            kt_json_free(j);
            return failed ? KT_EXIT_FAILED : KT_EXIT_OK;
        }
        kt_json_free(j);
        kt_sleep(200 * KT_MS);
    }
}

static int backtest(const struct kt_args *a)
{
    kt_time from, to;
    struct kt_json *j = NULL;
    struct kt_buf body;
    struct kt_running run;
    if (a->pos_n != 1) {
        return kt_usage(a, "name a site folder, --from TIME and --to TIME");
    }
    int code = find(a, &run);
    if (code) {
        return code;
    }
    if (!time_arg(a, &run, "from", &from) || !time_arg(a, &run, "to", &to)) {
        return kt_usage(a, "give --from TIME and --to TIME, like 2026-03-01T08:00:00+08:00");
    }
    kt_buf_init(&body, 16 << 20);
    code = body_of(a, from, to, &body);
    if (!code) {
        struct kt_str s = {body.p, body.n};
        code = call(a, &run, "POST", "/api/v1/backtest", &s, &j);
    }
    kt_buf_done(&body);
    if (code) {
        return code;
    }
    int64_t id = kt_json_get_int(j, "job", 0);
    kt_json_free(j);
    return wait_for(a, &run, id);
}

const struct kt_verb kt_verb_backtest = {
    .name = "backtest",
    .usage = "SITE --from TIME --to TIME [--limit POINT.NAME=VALUE] [--rules FILE]",
    .summary = "run other rules or limits over hours that have passed",
    .help = "Lists the alarms and cuts that they would have made, laid over the sites that were in "
            "force.\nNothing is sent, nothing is changed.\n",
    .options = backtest_options,
    .run = backtest,
};
