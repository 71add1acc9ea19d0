/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kuangtu records: registers and their records from the command line, through the running program;
 * without one, what only reads is read from the folder (records_from.c). `verify` reads the file
 * itself.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/records_from.h"
#include "sys/clock.h"
#include "sys/file.h"

enum { ANSWER_MAX = 512 << 20, COLUMNS = 24, ROWS_SHOWN = 50 };
#define JOB_EVERY (200 * KT_MS)
#define JOB_LIMIT (30 * KT_MIN)

static const struct kt_option options[] = {
    {"q", "TEXT", "list, export: full text"},
    {"filter", "JSON", "list, export: [[\"level\",\"=\",\"major\"]]; all must hold"},
    {"sort", "FIELDS", "list, export: fields with commas, a minus before one that falls"},
    {"at", "TIME", "list, show, export: as it was valid then"},
    {"known", "TIME", "list, show, export: as it was recorded then"},
    {"limit", "N", "list: at most so many, to 1000 (100)"},
    {"as", "csv|xlsx|pdf|geojson|gpkg", "export: what is written (csv)"},
    {"out", "FILE", "export: where (default: standard output)"},
    {"mode", "add|update|both", "import: new records, present ones, or both (both)"},
    {"dry-run", NULL, "import: say what would become of each row, write nothing"},
    {NULL, NULL, NULL},
};

struct ask {
    const struct kt_args *a;
    struct kt_records_from from;
    struct kt_records_ask said;
    struct kt_buf path, answer; /* of an import */
    struct kt_json *json;
    struct kt_err err;
    const char *reg;
};

/* ---- calling ---- */

static int call(struct ask *k, const char *method, const struct kt_str *body)
{
    int status = 0;
    kt_buf_clear(&k->answer);
    int r = kt_running_call(&k->from.run, method, kt_buf_cstr(&k->path), body, &status, &k->answer,
                            &k->err);
    kt_buf_clear(&k->path);
    return r;
}

static int call_json(struct ask *k, const char *method, const struct kt_str *body)
{
    kt_json_free(k->json);
    k->json = NULL;
    int r = call(k, method, body);
    return r < 0 ? r
                 : kt_json_parse((struct kt_str){k->answer.p, k->answer.n}, ANSWER_MAX, &k->json,
                                 &k->err);
}

/* What one of the reading functions wrote, as JSON. */
static int take(struct ask *k, int r)
{
    kt_json_free(k->json);
    k->json = NULL;
    return r < 0 ? r
                 : kt_json_parse((struct kt_str){k->answer.p, k->answer.n}, ANSWER_MAX, &k->json,
                                 &k->err);
}

static int read_time(struct ask *k, const char *name, kt_time *ret)
{
    const char *v = kt_arg(k->a, name);
    return !v || kt_time_parse(kt_str_c(v), k->from.run.utc_offset_s, ret) == KT_OK
               ? KT_OK
               : kt_err_set(&k->err, KT_EINVAL,
                            "--%s: a time reads like 2026-03-01 or 2026-03-01T08:00:00+08:00",
                            name);
}

/* --at, --filter … */
static int read_said(struct ask *k)
{
    const char *limit = kt_arg(k->a, "limit");
    k->said = (struct kt_records_ask){.reg = k->reg,
                                      .q = kt_arg(k->a, "q"),
                                      .filter = kt_arg(k->a, "filter"),
                                      .sort = kt_arg(k->a, "sort"),
                                      .limit = limit ? strtoll(limit, NULL, 10) : 0};
    int r = read_time(k, "at", &k->said.at);
    return r < 0 ? r : read_time(k, "known", &k->said.known);
}

/* ---- printing ---- */

static void cell(struct kt_table *t, const struct kt_json *v)
{
    struct kt_buf b;
    double d;
    if (kt_json_str(v)) {
        kt_table_cell(t, kt_json_str(v));
    } else if (kt_json_num(v, &d)) {
        kt_table_num(t, d);
    } else if (!v || kt_json_kind(v) == KT_JSON_NULL) {
        kt_table_cell(t, "");
    } else {
        kt_buf_init(&b, 1 << 20);
        struct kt_jw w = kt_jw_init(&b);
        kt_json_write(v, &w);
        kt_table_cell(t, kt_buf_cstr(&b));
        kt_buf_done(&b);
    }
}

static void time_cell(struct ask *k, struct kt_table *t, const struct kt_json *ms)
{
    char when[40];
    int64_t v;
    kt_table_cell(t, kt_json_int(ms, &v) ? kt_time_fmt(v * KT_MS, k->from.run.utc_offset_s, when)
                                         : "");
}

static const struct kt_json *register_of(struct ask *k)
{
    kt_buf_clear(&k->answer);
    if (take(k, kt_records_registers(&k->from, &k->answer, &k->err)) < 0) {
        return NULL;
    }
    const struct kt_json *list = kt_json_get(k->json, "registers");
    for (size_t i = 0; i < kt_json_len(list); i++) {
        if (strcmp(kt_json_get_str(kt_json_at(list, i), "id", ""), k->reg) == 0) {
            return kt_json_at(list, i);
        }
    }
    kt_err_set(&k->err, KT_ENOTFOUND,
               "there is no register \"%.60s\"; kuangtu records list %s "
               "names them",
               k->reg, k->a->pos[1]);
    return NULL;
}

/* ---- list ---- */

static int list_registers(struct ask *k)
{
    static const char *const columns[] = {"register", "title", "records"};
    kt_buf_clear(&k->answer);
    int r = take(k, kt_records_registers(&k->from, &k->answer, &k->err));
    if (r < 0) {
        return r;
    }
    struct kt_table *t = kt_table_new(k->a->format, columns, 3);
    const struct kt_json *list = kt_json_get(k->json, "registers");
    for (size_t i = 0; i < kt_json_len(list); i++) {
        const struct kt_json *one = kt_json_at(list, i);
        cell(t, kt_json_get(one, "id"));
        cell(t, kt_json_get(kt_json_get(one, "title"), "zh"));
        cell(t, kt_json_get(one, "total"));
    }
    kt_table_end(t);
    return KT_OK;
}

/* The columns that the register's list has, behind its id and state. */
static int list_columns(const struct kt_json *reg, struct kt_arena *arena, const char **columns)
{
    const struct kt_json *list = kt_json_get(reg, "list");
    int n = 0;
    columns[n++] = "id";
    for (size_t i = 0; i < kt_json_len(list) && n < COLUMNS - 2; i++) {
        columns[n++] = kt_arena_strdup(arena, kt_json_str(kt_json_at(list, i)));
    }
    columns[n++] = "state";
    return n;
}

static int list_records(struct ask *k)
{
    const char *columns[COLUMNS];
    struct kt_arena *arena = kt_arena_new(1 << 20);
    const struct kt_json *reg = register_of(k);
    int n = reg ? list_columns(reg, arena, columns) : 0;
    kt_buf_clear(&k->answer);
    int r = !reg ? k->err.code : take(k, kt_records_list(&k->from, &k->said, &k->answer, &k->err));
    if (r == KT_OK) {
        struct kt_table *t = kt_table_new(k->a->format, columns, n);
        const struct kt_json *items = kt_json_get(k->json, "items");
        for (size_t i = 0; i < kt_json_len(items); i++) {
            const struct kt_json *one = kt_json_at(items, i);
            cell(t, kt_json_get(one, "id"));
            for (int c = 1; c < n - 1; c++) {
                cell(t, kt_json_get(kt_json_get(one, "fields"), columns[c]));
            }
            cell(t, kt_json_get(one, "state"));
        }
        kt_table_end(t);
    }
    kt_arena_free(arena);
    return r;
}

/* ---- one record: by its key, or its number ---- */

static int find_record(struct ask *k, int64_t *ret)
{
    const char *word = k->a->pos[3];
    struct kt_buf filter;
    char *end;
    const struct kt_json *reg = register_of(k);
    if (!reg) {
        return k->err.code;
    }
    kt_buf_init(&filter, 1 << 12);
    struct kt_jw w = kt_jw_init(&filter);
    kt_buf_puts(&filter, "[[");
    kt_jw_str(&w, kt_json_get_str(reg, "key", ""));
    kt_buf_puts(&filter, ",\"=\",");
    w.comma = false;
    kt_jw_str(&w, word);
    kt_buf_puts(&filter, "]]");
    const struct kt_records_ask one = {.reg = k->reg, .filter = kt_buf_cstr(&filter), .limit = 1};
    kt_buf_clear(&k->answer);
    int r = take(k, kt_records_list(&k->from, &one, &k->answer, &k->err));
    kt_buf_done(&filter);
    int64_t id = kt_json_get_int(kt_json_at(kt_json_get(k->json, "items"), 0), "id", 0);
    if (r == KT_OK && !id) { /* no such key: is it a number? */
        id = strtoll(word, &end, 10);
        r = *end || id <= 0
                ? kt_err_set(&k->err, KT_ENOTFOUND, "%s has no record \"%.60s\"", k->reg, word)
                : KT_OK;
    }
    *ret = id;
    return r;
}

static int show_record(struct ask *k)
{
    static const char *const columns[] = {"field", "value"};
    static const char *const own[] = {"id", "key", "version", "place", "state", "owner"};
    int64_t id = 0;
    int r = find_record(k, &id);
    kt_buf_clear(&k->answer);
    r = r == KT_OK ? take(k, kt_records_one(&k->from, &k->said, id, &k->answer, &k->err)) : r;
    if (r < 0) {
        return r;
    }
    struct kt_table *t = kt_table_new(k->a->format, columns, 2);
    struct kt_json_iter it = {0};
    for (size_t i = 0; i < KT_ARRAY_LEN(own); i++) {
        kt_table_cell(t, own[i]);
        cell(t, kt_json_get(k->json, own[i]));
    }
    while (kt_json_next(kt_json_get(k->json, "fields"), &it)) {
        kt_table_cell(t, it.key);
        cell(t, it.value);
    }
    kt_table_cell(t, "changed");
    time_cell(k, t, kt_json_get(k->json, "changed"));
    kt_table_end(t);
    return KT_OK;
}

static int history_of(struct ask *k)
{
    static const char *const columns[] = {"time", "field",  "value", "since",
                                          "by",   "source", "note"};
    int64_t id = 0;
    int r = find_record(k, &id);
    kt_buf_clear(&k->answer);
    r = r == KT_OK ? take(k, kt_records_history(&k->from, k->reg, id, &k->answer, &k->err)) : r;
    if (r < 0) {
        return r;
    }
    struct kt_table *t = kt_table_new(k->a->format, columns, 7);
    const struct kt_json *items = kt_json_get(k->json, "items");
    for (size_t i = 0; i < kt_json_len(items); i++) {
        const struct kt_json *one = kt_json_at(items, i);
        for (int c = 0; c < 7; c++) {
            const struct kt_json *v = kt_json_get(one, columns[c]);
            if (c == 0 || c == 3) {
                time_cell(k, t, v);
            } else {
                cell(t, v);
            }
        }
    }
    kt_table_end(t);
    return KT_OK;
}

/* ---- export, import ---- */

static int export_file(struct ask *k, const char *as, const char *out)
{
    char part[1024];
    if (snprintf(part, sizeof(part), "%s.part", out) >= (int)sizeof(part)) {
        return kt_err_set(&k->err, KT_EINVAL, "--out: the path is too long");
    }
    int to = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    if (to < 0) {
        return kt_err_sys(&k->err, "cannot write %s", part);
    }
    int r = kt_records_export(&k->from, &k->said, as, to, &k->err);
    bool closed = close(to) == 0;
    if (r == KT_OK && (!closed || rename(part, out) != 0)) {
        r = kt_err_sys(&k->err, "cannot write %s", out);
    }
    if (r < 0) {
        unlink(part);
    }
    return r;
}

static int export_records(struct ask *k)
{
    const char *as = kt_arg(k->a, "as"), *out = kt_arg(k->a, "out");
    as = as ? as : "csv";
    return out ? export_file(k, as, out)
               : kt_records_export(&k->from, &k->said, as, STDOUT_FILENO, &k->err);
}

/* Wait for the dry run; its job stays in k->json. */
static int wait_job(struct ask *k, int64_t job)
{
    struct kt_progress bar = {"import", -1};
    kt_mono until = kt_clock_mono() + JOB_LIMIT;
    for (;;) {
        kt_buf_printf(&k->path, "/api/v1/jobs/%lld", (long long)job);
        int r = call_json(k, "GET", NULL);
        const char *state = kt_json_get_str(k->json, "state", "");
        double part = 0;
        kt_json_num(kt_json_get(k->json, "progress"), &part);
        kt_progress_show(&bar, part);
        if (r < 0 || strcmp(state, "running") != 0 || kt_clock_mono() > until) {
            kt_progress_end(&bar);
            const struct kt_json *e = kt_json_get(k->json, "error");
            return r < 0                        ? r
                   : strcmp(state, "done") == 0 ? KT_OK
                   : strcmp(state, "failed") == 0
                       ? kt_err_set(&k->err, KT_EINVAL, "%s", kt_json_get_str(e, "text", "failed"))
                       : kt_err_set(&k->err, KT_ETIMEOUT, "the dry run has not ended");
        }
        kt_sleep(JOB_EVERY);
    }
}

/* Rows that are wrong, all of them; *ret: how many. */
static void print_rows(struct ask *k, size_t *ret)
{
    static const char *const columns[] = {"row", "fate", "key", "text"};
    struct kt_table *t = kt_table_new(k->a->format, columns, 4);
    const struct kt_json *rows = kt_json_get(k->json, "rows");
    for (size_t i = 0; i < kt_json_len(rows); i++) {
        const struct kt_json *one = kt_json_at(rows, i);
        bool wrong = strcmp(kt_json_get_str(one, "fate", ""), "error") == 0;
        *ret += wrong;
        if (wrong || (kt_arg(k->a, "dry-run") && i < ROWS_SHOWN)) {
            cell(t, kt_json_get(one, "row"));
            cell(t, kt_json_get(one, "fate"));
            cell(t, kt_json_get(one, "key"));
            cell(t, kt_json_at(kt_json_get(one, "texts_en"), 0));
        }
    }
    kt_table_end(t);
}

static int write_import(struct ask *k, int64_t job)
{
    kt_buf_printf(&k->path, "/api/v1/records/%s/import/%lld", k->reg, (long long)job);
    int r = call_json(k, "POST", &(struct kt_str){"{}", 2});
    const struct kt_json *got = kt_json_get(k->json, "result");
    if (r == KT_OK) {
        fprintf(stderr, "%lld created, %lld changed, %lld as they were\n",
                (long long)kt_json_get_int(got, "created", 0),
                (long long)kt_json_get_int(got, "changed", 0),
                (long long)kt_json_get_int(got, "same", 0));
    }
    return r;
}

static int import_records(struct ask *k)
{
    const char *file = k->a->pos[3], *base = strrchr(file, '/');
    struct kt_buf bytes;
    size_t wrong = 0;
    if (k->from.closed) {
        return kt_err_set(&k->err, KT_ENOTFOUND,
                          "an import is judged and written by the running program; start it with: "
                          "kuangtu serve %s",
                          k->a->pos[1]);
    }
    kt_buf_init(&bytes, ANSWER_MAX);
    int r = kt_file_read(file, ANSWER_MAX, &bytes, &k->err);
    kt_buf_printf(&k->path, "/api/v1/records/%s/import?mode=%s&name=", k->reg,
                  kt_arg(k->a, "mode") ? kt_arg(k->a, "mode") : "both");
    kt_url_encode(&k->path, base ? base + 1 : file);
    r = r == KT_OK ? call_json(k, "POST", &(struct kt_str){bytes.p, bytes.n}) : r;
    kt_buf_done(&bytes);
    int64_t job = kt_json_get_int(k->json, "job", 0);
    r = r == KT_OK ? wait_job(k, job) : r;
    if (r < 0) {
        return r;
    }
    print_rows(k, &wrong);
    if (wrong) {
        return kt_err_set(&k->err, KT_EINVAL, "%zu rows are wrong; nothing was written", wrong);
    }
    return kt_arg(k->a, "dry-run") ? KT_OK : write_import(k, job);
}

/* ---- verify ---- */

static int verify(const struct kt_args *a)
{
    static const char *const columns[] = {"records", "digest"};
    char data[600], hex[65];
    struct kt_err err = {0};
    struct kt_hash digest;
    int64_t n = 0;
    snprintf(data, sizeof(data), "%s/data", a->pos[1]);
    int r = kt_room_verify(data, &n, &err);
    r = r == KT_OK ? kt_room_file_digest(data, &digest, &err) : r;
    if (r < 0) {
        return kt_fail(a, &err);
    }
    struct kt_table *t = kt_table_new(a->format, columns, 2);
    kt_table_num(t, (double)n);
    kt_table_cell(t, kt_hash_hex(&digest, hex));
    kt_table_end(t);
    return KT_EXIT_OK;
}

/* ---- words ---- */

static const struct what {
    const char *name;
    int from, to; /* how many words, this one too */
    int (*run)(struct ask *k);
} whats[] = {
    {"list", 2, 2, list_registers},   {"list", 3, 3, list_records},
    {"show", 4, 4, show_record},      {"history", 4, 4, history_of},
    {"export", 3, 3, export_records}, {"import", 4, 4, import_records},
};

static int run(const struct kt_args *a, const struct what *what)
{
    struct ask k = {.a = a, .reg = a->pos_n > 2 ? a->pos[2] : ""};
    kt_buf_init(&k.path, 1 << 16);
    kt_buf_init(&k.answer, ANSWER_MAX);
    int r = kt_records_find(a->pos[1], &k.from, &k.err);
    bool found = r == KT_OK;
    r = found ? read_said(&k) : r;
    r = r == KT_OK ? what->run(&k) : r;
    if (found) {
        kt_records_done(&k.from);
    }
    kt_json_free(k.json);
    kt_buf_done(&k.path);
    kt_buf_done(&k.answer);
    return r < 0 ? kt_fail(a, &k.err) : KT_EXIT_OK;
}

static int records(const struct kt_args *a)
{
    if (a->pos_n == 2 && strcmp(a->pos[0], "verify") == 0) {
        return verify(a);
    }
    for (size_t i = 0; a->pos_n > 1 && i < KT_ARRAY_LEN(whats); i++) {
        if (strcmp(whats[i].name, a->pos[0]) == 0 && a->pos_n >= whats[i].from &&
            a->pos_n <= whats[i].to) {
            return run(a, &whats[i]);
        }
    }
    return kt_usage(a,
                    "say list, show, history, export, import or verify, then the site folder, the "
                    "register, and the record's key or the file");
}

const struct kt_verb kt_verb_records = {
    .name = "records",
    .usage = "list|show|history|export|import|verify SITE [REGISTER [KEY|FILE]]",
    .summary = "registers: lists, one record, tables out and in, the proof of the file",
    .help =
        "A running program of the site judges and writes in its journal what is asked here. "
        "Without\n"
        "one list, show, history and export read the folder themselves and write nothing.\n"
        "`verify` reads the file itself, also of a stopped site: rows are what their facts say,\n"
        "and the digest is the same wherever the same journal was applied.\n\n"
        "  kuangtu records list sites/demo\n"
        "  kuangtu records list sites/demo hazard --filter '[[\"level\",\"=\",\"major\"]]'\n"
        "  kuangtu records list sites/demo hazard --at 2026-03-01 --format csv\n"
        "  kuangtu records show sites/demo hazard HZ-2026-0001\n"
        "  kuangtu records export sites/demo hazard --as xlsx --out hazard.xlsx\n"
        "  kuangtu records import sites/demo hazard hazard.xlsx --dry-run\n"
        "  kuangtu records verify sites/demo\n\n"
        "An import with a wrong row writes nothing and ends with 3.\n",
    .options = options,
    .run = records,
};
