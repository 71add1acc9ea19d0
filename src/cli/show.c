/* SPDX-License-Identifier: Apache-2.0 */
/* kuangtu show and kuangtu query: the state of each module; values from the running program. */
#include <string.h>

#include "base/json.h"
#include "cli/cli.h"
#include "conf/json.h"

static const struct kt_option no_options[] = {{NULL, NULL, NULL}};

/* Call and parse; prints the failure. */
static int fetch(const struct kt_args *a, const char *path, struct kt_json **ret)
{
    struct kt_running run;
    struct kt_err err = {0};
    struct kt_buf answer;
    kt_buf_init(&answer, 256 << 20);
    int status = 0;
    int r = kt_running_find(a->pos[0], &run, &err);
    if (r == KT_OK) {
        r = kt_running_call(&run, "GET", path, NULL, &status, &answer, &err);
    }
    if (r == KT_OK) {
        r = kt_json_parse((struct kt_str){answer.p, answer.n}, 256 << 20, ret, &err);
    }
    kt_buf_done(&answer);
    return r < 0 ? kt_fail(a, &err) : 0;
}

static void value_text(const struct kt_json *v, char *to, size_t cap)
{
    struct kt_buf b;
    kt_buf_init(&b, 1 << 16);
    if (kt_json_str(v)) {
        snprintf(to, cap, "%s", kt_json_str(v));
    } else {
        struct kt_jw w = kt_jw_init(&b);
        kt_json_write(v, &w);
        snprintf(to, cap, "%.*s", (int)b.n, b.n ? b.p : "");
    }
    kt_buf_done(&b);
}

static void rows_of(struct kt_table *t, const char *module, const struct kt_json *obj)
{
    struct kt_json_iter it = {0};
    while (kt_json_next(obj, &it)) {
        char text[512];
        value_text(it.value, text, sizeof(text));
        kt_table_cell(t, module);
        kt_table_cell(t, it.key);
        kt_table_cell(t, text);
    }
}

/* One line a mine: the node that has it. */
static int show_shards(const struct kt_args *a, const struct kt_json *s)
{
    static const char *const columns[] = {"mine", "node"};
    struct kt_table *t = kt_table_new(a->format, columns, 2);
    const struct kt_json *all = kt_json_get(s, "names");
    for (size_t i = 0; i < kt_json_len(all); i++) {
        const char *node = kt_json_get_str(kt_json_at(all, i), "node", "");
        kt_table_cell(t, kt_json_get_str(kt_json_at(all, i), "name", ""));
        kt_table_cell(t, *node ? node : "nobody");
    }
    kt_table_end(t);
    return KT_EXIT_OK;
}

/* One line a node. The running program answers for those that it knows of. */
static int show_cluster(const struct kt_args *a, const struct kt_json *c)
{
    static const char *const columns[] = {"node", "role", "up", "next", "behind_ms", "site", "url"};
    if (!kt_json_obj(c)) {
        struct kt_err err = {0};
        kt_err_set(&err, KT_ESTATE,
                   "this node is alone: site.yaml has journal: file (docs/operations.md)");
        return kt_fail(a, &err);
    }
    struct kt_table *t = kt_table_new(a->format, columns, 7);
    const struct kt_json *all = kt_json_get(c, "members");
    const char *self = kt_json_get_str(c, "node", "");
    bool listed = false;
    for (size_t i = 0; i < kt_json_len(all); i++) {
        const struct kt_json *m = kt_json_at(all, i);
        const char *node = kt_json_get_str(m, "node", "");
        bool own = strcmp(node, self) == 0;
        bool alive = kt_json_get_bool(m, "alive", false);
        const char *role = own                                    ? kt_json_get_str(c, "role", "")
                           : !alive                               ? "away"
                           : kt_json_get_bool(m, "active", false) ? "active"
                                                                  : "follows";
        listed = listed || own;
        kt_table_cell(t, node);
        kt_table_cell(t, role);
        kt_table_cell(t, alive ? "yes" : "no");
        kt_table_num(t, (double)kt_json_get_int(m, "next", 0));
        kt_table_num(t, (double)kt_json_get_int(m, "behind_ms", 0));
        kt_table_cell(t, kt_json_get_str(m, "difference", "")[0]  ? "DIFFERS"
                         : kt_json_get_bool(m, "same_site", true) ? "same"
                                                                  : "another");
        kt_table_cell(t, kt_json_get_str(m, "url", ""));
    }
    if (!listed) { /* a follower knows itself and who is active */
        kt_table_cell(t, self);
        kt_table_cell(t, kt_json_get_str(c, "role", ""));
        kt_table_cell(t, "yes");
        kt_table_num(t, (double)(kt_json_get_int(c, "durable", 0) + 1));
        kt_table_num(t, (double)kt_json_get_int(c, "behind_ms", 0));
        kt_table_cell(t, "");
        kt_table_cell(t, "");
        kt_table_cell(t, kt_json_get_str(c, "holder", ""));
        kt_table_cell(t, "active");
        kt_table_cell(t, "");
        kt_table_num(t, (double)(kt_json_get_int(c, "head", 0) + 1));
        kt_table_cell(t, "");
        kt_table_cell(t, "");
        kt_table_cell(t, kt_json_get_str(c, "holder_url", ""));
    }
    kt_table_end(t);
    return KT_EXIT_OK;
}

static int show(const struct kt_args *a)
{
    static const char *const columns[] = {"module", "item", "value"};
    if (a->pos_n < 1 || a->pos_n > 2) {
        return kt_usage(a, "name one site folder, and a module or nothing");
    }
    struct kt_json *j = NULL;
    int code = fetch(a, "/api/v1/health", &j);
    if (code) {
        return code;
    }
    if (a->pos_n == 2 && strcmp(a->pos[1], "cluster") == 0) {
        const struct kt_json *c = kt_json_get(j, "cluster"), *s = kt_json_get(j, "shards");
        code = kt_json_obj(c) || !kt_json_obj(s) ? show_cluster(a, c) : KT_EXIT_OK;
        if (kt_json_obj(s)) {
            code = show_shards(a, s);
        }
        kt_json_free(j);
        return code;
    }
    if (a->pos_n == 2 && strcmp(a->pos[1], "node") != 0 && !kt_json_get(j, a->pos[1])) {
        kt_json_free(j);
        return kt_usage(a, "there is no module \"%s\"; without one all are shown", a->pos[1]);
    }
    struct kt_table *t = kt_table_new(a->format, columns, 3);
    struct kt_json_iter it = {0};
    while (kt_json_next(j, &it)) {
        if (a->pos_n == 2 && strcmp(a->pos[1], it.key) != 0) {
            continue;
        }
        if (kt_json_obj(it.value)) {
            rows_of(t, it.key, it.value);
        } else if (kt_json_arr(it.value)) {
            for (size_t i = 0; i < kt_json_len(it.value); i++) {
                char text[1024];
                value_text(kt_json_at(it.value, i), text, sizeof(text));
                kt_table_cell(t, it.key);
                kt_table_cell(t, kt_json_get_str(kt_json_at(it.value, i), "id", ""));
                kt_table_cell(t, text);
            }
        } else {
            char text[256];
            value_text(it.value, text, sizeof(text));
            kt_table_cell(t, "node");
            kt_table_cell(t, it.key);
            kt_table_cell(t, text);
        }
    }
    kt_table_end(t);
    kt_json_free(j);
    return KT_EXIT_OK;
}

const struct kt_verb kt_verb_show = {
    .name = "show",
    .usage = "SITE [MODULE]",
    .summary = "the state of each module of the running program",
    .help = "Links, queues, journal, history, disk, clock, one line each.\n"
            "`kuangtu show SITE cluster`: the nodes of a site, one line each; where mines are\n"
            "divided over nodes, which node has which mine.\n",
    .options = no_options,
    .run = show,
};

static const struct kt_option query_options[] = {
    {"from", "TIME", "start (RFC 3339, or \"2026-03-01 08:00\" in the site's time)"},
    {"to", "TIME", "end (default: now)"},
    {"buckets", "N", "so many buckets with min, max, mean, last, count; 0: every sample"},
    {NULL, NULL, NULL},
};

static void print_history(const struct kt_args *a, const struct kt_running *run,
                          const struct kt_json *j)
{
    static const char *const columns[] = {"point", "time", "min", "max", "mean", "last", "count"};
    struct kt_table *t = kt_table_new(a->format, columns, 7);
    const struct kt_json *points = kt_json_get(j, "points");
    for (size_t p = 0; p < kt_json_len(points); p++) {
        const struct kt_json *one = kt_json_at(points, p);
        const struct kt_json *times = kt_json_get(one, "t");
        for (size_t i = 0; i < kt_json_len(times); i++) {
            int64_t ms = 0;
            char when[40];
            kt_json_int(kt_json_at(times, i), &ms);
            kt_table_cell(t, kt_json_get_str(one, "id", ""));
            kt_table_cell(t, kt_time_fmt(ms * KT_MS, run->utc_offset_s, when));
            for (int c = 2; c < 7; c++) {
                double v;
                const struct kt_json *col = kt_json_get(one, columns[c]);
                if (!col && c != 6) {
                    col = kt_json_get(one, "v"); /* raw samples */
                }
                if (kt_json_num(kt_json_at(col, i), &v)) {
                    kt_table_num(t, v);
                } else {
                    kt_table_cell(t, "");
                }
            }
        }
    }
    kt_table_end(t);
}

static void print_live(const struct kt_args *a, const struct kt_running *run,
                       const struct kt_json *j)
{
    static const char *const columns[] = {"point", "value", "quality", "time"};
    const char *id = a->pos[1]; /* rows come in the order that was asked for */
    struct kt_table *t = kt_table_new(a->format, columns, 4);
    for (size_t i = 0; i < kt_json_len(j); i++) {
        const struct kt_json *row = kt_json_at(j, i);
        double v = 0;
        int64_t ms = 0;
        char when[40], name[80];
        size_t n = strcspn(id, ",");
        snprintf(name, sizeof(name), "%.*s", (int)n, id);
        id += n + (id[n] == ',');
        kt_table_cell(t, name);
        if (kt_json_num(kt_json_at(row, 1), &v)) {
            kt_table_num(t, v);
        } else {
            kt_table_cell(t, "");
        }
        kt_table_cell(t, kt_json_str(kt_json_at(row, 2)));
        kt_json_int(kt_json_at(row, 3), &ms);
        kt_table_cell(t, ms ? kt_time_fmt(ms * KT_MS, run->utc_offset_s, when) : "");
    }
    kt_table_end(t);
}

/* Times on the command line go to the server as milliseconds. */
static bool add_time(struct kt_buf *path, const struct kt_args *a, const struct kt_running *run,
                     const char *name)
{
    kt_time t;
    const char *text = kt_arg(a, name);
    if (!text) {
        return true;
    }
    if (kt_time_parse(kt_str_c(text), run->utc_offset_s, &t) < 0) {
        return false;
    }
    kt_buf_printf(path, "&%s=%lld", name, (long long)(t / KT_MS));
    return true;
}

static int query(const struct kt_args *a)
{
    if (a->pos_n != 2) {
        return kt_usage(a, "name a site folder and points, e.g. T1-1203,T2-1203");
    }
    struct kt_buf path;
    struct kt_running run;
    struct kt_err err = {0};
    if (kt_running_find(a->pos[0], &run, &err) < 0) {
        return kt_fail(a, &err);
    }
    kt_buf_init(&path, 1 << 16);
    bool past = kt_arg(a, "from") != NULL;
    kt_buf_printf(&path, "/api/v1/%s?points=%s", past ? "history" : "live", a->pos[1]);
    if (past) {
        kt_buf_printf(&path, "&buckets=%s", kt_arg(a, "buckets") ? kt_arg(a, "buckets") : "0");
    }
    if (!add_time(&path, a, &run, "from") || !add_time(&path, a, &run, "to")) {
        kt_buf_done(&path);
        return kt_usage(a, "a time reads like 2026-03-01T08:00:00+08:00");
    }
    struct kt_json *j = NULL;
    int code = fetch(a, kt_buf_cstr(&path), &j);
    kt_buf_done(&path);
    if (code) {
        return code;
    }
    if (past) {
        print_history(a, &run, j);
    } else {
        print_live(a, &run, j);
    }
    kt_json_free(j);
    return KT_EXIT_OK;
}

const struct kt_verb kt_verb_query = {
    .name = "query",
    .usage = "SITE POINT[,POINT…] [--from TIME] [--to TIME] [--buckets N]",
    .summary = "present values, or history of points",
    .help = "  kuangtu query sites/demo T1-1203\n"
            "  kuangtu query sites/demo T1-1203 --from \"2026-03-01 08:00\" --buckets 60 --format "
            "csv\n",
    .options = query_options,
    .run = query,
};
