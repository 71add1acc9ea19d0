/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kuangtu green advise: what the plan of pack green-mining lays on each mine of a table, without a
 * site. The pack's registers and provisions are the ones that a running site has: a record room is
 * made in a temporary folder, filled by the import that the screen has, asked, and removed.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/green.h"
#include "conf/csv.h"
#include "record/record.h"
#include "sys/clock.h"
#include "sys/file.h"

enum { PAGE = 500, TEXT_MAX = 256 << 20, SHOWN_MAX = 20 };

static const struct kt_option options[] = {
    {"packs", "DIR", "advise: where the packs are (default: beside the program)"},
    {"target", "N", "lift: what it is to reach (default: the target in force)"},
    {"year", "YYYY", "lift: by the end of that year (default: the period of the target in force)"},
    {"indicator", "ID", "lift: which figure (green_share)"},
    {NULL, NULL, NULL},
};

static const char *const columns[] = {"mine",      "row",   "rule",    "modality",
                                      "technique", "holds", "missing", "text"};

struct advising {
    const struct kt_args *args;
    struct kt_arena *arena;
    char dir[300];
    struct kt_site *site;
    struct kt_record_model *model;
    struct kt_room *room;
    struct kt_reader who;
    kt_seq seq;
    bool refused; /* the last request was, */
    char why[400];
    int *line_of; /* of the table, in the order in which records were made */
    uint32_t made;
};

/* ---- a site that is the pack alone ---- */

static int write_text(const struct advising *v, const char *name, const char *text,
                      struct kt_err *err)
{
    return kt_file_replace_mode(kt_arena_printf(v->arena, "%s/%s", v->dir, name), text,
                                strlen(text), 0600, err);
}

static int write_site(struct advising *v, struct kt_err *err)
{
    int r = kt_dir_temp("kuangtu-green", v->dir, sizeof(v->dir), err);
    r = r == KT_OK ? write_text(v, "site.yaml",
                                "id: advise\nname: {zh: 绿色开采研判, en: Green mining}\n"
                                "simulation: true\ngas_class: low\n"
                                "packs: [core, green-mining]\n",
                                err)
                   : r;
    r = r == KT_OK ? write_text(v, "places.csv", "id,parent,kind,name\nmine,,mine,煤矿\n", err) : r;
    return r == KT_OK ? write_text(v, "points.csv", "id,name,role,place\n", err) : r;
}

static void first_finding(const struct kt_findings *f, struct kt_err *err)
{
    const struct kt_finding *one;
    for (size_t i = 0; (one = kt_findings_get(f, i)); i++) {
        if (one->level == KT_FIND_ERROR) {
            *err = one->at;
            return;
        }
    }
}

static void on_outcome(void *arg, kt_seq cause, uint32_t k, struct kt_str json)
{
    struct advising *v = arg;
    struct kt_json *o = NULL;
    struct kt_err err;
    (void)cause;
    (void)k;
    if (kt_json_parse(json, 0, &o, &err) == KT_OK &&
        strcmp(kt_json_get_str(o, "type", ""), "verdict") == 0) {
        v->refused = !kt_json_get_bool(o, "ok", false);
        snprintf(v->why, sizeof(v->why), "%s", kt_json_get_str(o, "text", ""));
    }
    kt_json_free(o);
}

static int open_room(struct advising *v, struct kt_err *err)
{
    char packs[600];
    const char *dir = kt_arg(v->args, "packs");
    struct kt_findings *f = kt_findings_new(1000);
    int r = write_site(v, err);
    if (r == KT_OK) {
        r = kt_site_load(v->dir, dir ? dir : kt_share_dir(packs, sizeof(packs), "packs"), NULL, f,
                         &v->site, err);
        r = r == KT_OK ? kt_record_model_load(v->site, f, &v->model, err) : r;
        if (r < 0) {
            first_finding(f, err);
        }
    }
    kt_findings_free(f);
    if (r < 0) {
        return r;
    }
    const struct kt_room_opts o = {.dir = kt_arena_printf(v->arena, "%s/data", v->dir),
                                   .site = v->site,
                                   .model = v->model,
                                   .outcome = on_outcome,
                                   .arg = v};
    r = kt_dir_make(o.dir, err);
    return r == KT_OK ? kt_room_open(&o, &v->room, err) : r;
}

static void close_room(struct advising *v)
{
    kt_room_close(v->room);
    kt_record_model_unref(v->model);
    kt_site_unref(v->site);
    if (v->dir[0]) {
        kt_dir_remove(v->dir);
    }
}

/* ---- the table ---- */

static int table_rows(struct advising *v, const char *path, struct kt_json **ret,
                      struct kt_err *err)
{
    struct kt_csv *csv;
    int r = kt_csv_read(v->arena, path, path, &csv, err);
    if (r < 0) {
        return r;
    }
    struct kt_buf b;
    kt_buf_init(&b, TEXT_MAX);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_arr(&w);
    for (uint32_t i = 0; i < kt_csv_rows(csv); i++) {
        int line, col;
        kt_csv_at(csv, i, -1, &line, &col);
        kt_jw_obj(&w);
        kt_jw_kint(&w, "", line);
        for (uint32_t c = 0; c < kt_csv_columns(csv); c++) {
            struct kt_str text = kt_csv_get(csv, i, (int)c);
            if (text.n) {
                kt_jw_key(&w,
                          kt_arena_strndup(v->arena, kt_csv_name(csv, c).p, kt_csv_name(csv, c).n));
                kt_jw_strn(&w, text);
            }
        }
        kt_jw_obj_end(&w);
    }
    kt_jw_arr_end(&w);
    r = kt_json_parse((struct kt_str){b.p, b.n}, TEXT_MAX, ret, err);
    kt_buf_done(&b);
    return r;
}

/* What is wrong with rows; true when one is. */
static bool tell_mistakes(const struct advising *v, const struct kt_json *rows)
{
    size_t wrong = 0;
    for (size_t i = 0; i < kt_json_len(rows); i++) {
        const struct kt_json *row = kt_json_at(rows, i);
        const struct kt_json *problems = kt_json_get(row, "texts_en");
        if (strcmp(kt_json_get_str(row, "fate", ""), "error") != 0) {
            continue;
        }
        for (size_t k = 0; k < kt_json_len(problems) && wrong < SHOWN_MAX; k++, wrong++) {
            fprintf(stderr, "%s:%lld: %s\n", v->args->pos[1],
                    (long long)kt_json_get_int(row, "row", 0),
                    kt_json_str(kt_json_at(problems, k)));
        }
        wrong += kt_json_len(problems) == 0;
    }
    return wrong > 0;
}

/* ---- requests ---- */

static int request(struct advising *v, const struct kt_json *fields, struct kt_err *err)
{
    struct kt_buf b;
    kt_buf_init(&b, 1 << 20);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "verb", "record.create");
    kt_jw_key(&w, "args");
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "register", "mine");
    kt_jw_key(&w, "fields");
    kt_json_write(fields, &w);
    kt_jw_obj_end(&w);
    kt_jw_key(&w, "by");
    kt_jw_raw(&w, KT_STR("{\"user\":\"advise\",\"places\":[\"*\"],"
                         "\"rights\":[\"record.read\",\"record.write\"]}"));
    kt_jw_obj_end(&w);
    const struct kt_event ev = {.seq = ++v->seq,
                                .time = v->who.now,
                                .kind = KT_EV_REQUEST,
                                .origin = KT_STR("advise"),
                                .body = {b.p, b.n}};
    v->refused = false;
    int r = kt_room_apply(v->room, &ev, err);
    r = r == KT_OK ? kt_room_commit(v->room, err) : r;
    kt_buf_done(&b);
    return r == KT_OK && v->refused ? kt_err_set(err, KT_EINVAL, "%s", v->why) : r;
}

static int fill(struct advising *v, const struct kt_json *rows, struct kt_err *err)
{
    int r = KT_OK;
    v->line_of = KT_NEW_ARRAY(v->arena, int, kt_json_len(rows) + 1);
    for (size_t i = 0; r == KT_OK && i < kt_json_len(rows); i++) {
        const struct kt_json *row = kt_json_at(rows, i);
        int line = (int)kt_json_get_int(row, "row", 0);
        r = request(v, kt_json_get(row, "fields"), err);
        if (r < 0) {
            snprintf(err->file, sizeof(err->file), "%s", v->args->pos[1]);
            err->line = line;
        }
        v->line_of[v->made++] = line;
    }
    return r;
}

static int take_table(struct advising *v, struct kt_err *err)
{
    struct kt_json *rows = NULL, *dry = NULL, *asked = NULL;
    struct kt_buf b, request;
    kt_buf_init(&b, TEXT_MAX);
    kt_buf_init(&request, TEXT_MAX);
    int r = table_rows(v, v->args->pos[1], &rows, err);
    r = r == KT_OK
            ? kt_room_import_dry(v->room, &v->who, "mine", rows, "add", NULL, &b, &request, err)
            : r;
    r = r == KT_OK ? kt_json_parse((struct kt_str){b.p, b.n}, TEXT_MAX, &dry, err) : r;
    const struct kt_json *fault = kt_json_get(dry, "error");
    if (r == KT_OK && fault) {
        r = kt_err_set(err, KT_EINVAL, "%s: %s", v->args->pos[1],
                       kt_json_get_str(fault, "text", "the table cannot be read"));
    } else if (r == KT_OK && tell_mistakes(v, kt_json_get(dry, "rows"))) {
        r = kt_err_set(err, KT_EINVAL, "%s: rows with mistakes; nothing was judged",
                       v->args->pos[1]);
    }
    if (r == KT_OK && request.n) {
        r = kt_json_parse((struct kt_str){request.p, request.n}, TEXT_MAX, &asked, err);
    }
    r = r == KT_OK ? fill(v, kt_json_get(asked, "rows"), err) : r;
    kt_json_free(rows);
    kt_json_free(dry);
    kt_json_free(asked);
    kt_buf_done(&b);
    kt_buf_done(&request);
    return r;
}

/* ---- answers ---- */

static const char *joined(struct kt_arena *a, const struct kt_json *list)
{
    const char *s = "";
    for (size_t i = 0; i < kt_json_len(list); i++) {
        s = kt_arena_printf(a, "%s%s%s", s, i ? " " : "", kt_json_str(kt_json_at(list, i)));
    }
    return s;
}

static void write_verdict(struct kt_jw *w, const struct kt_json *p, const struct kt_json *v)
{
    const char *technique = kt_json_get_str(p, "technique", "");
    kt_jw_obj(w);
    kt_jw_kstr(w, "rule", kt_json_get_str(p, "no", ""));
    kt_jw_kstr(w, "modality", kt_json_get_str(p, "modality", ""));
    kt_jw_kstr(w, "word", kt_json_get_str(p, "word", ""));
    kt_jw_key(w, "technique");
    if (technique[0]) {
        kt_jw_str(w, technique);
    } else {
        kt_jw_null(w);
    }
    kt_jw_kstr(w, "holds", kt_json_get_str(v, "holds", ""));
    kt_jw_key(w, "missing");
    kt_json_write(kt_json_get(v, "missing"), w);
    kt_jw_key(w, "facts");
    kt_json_write(kt_json_get(p, "facts"), w);
    kt_jw_kstr(w, "text", kt_json_get_str(p, "text", ""));
    kt_jw_key(w, "source");
    kt_json_write(kt_json_get(p, "source"), w);
    kt_jw_obj_end(w);
}

static void write_mine(struct kt_jw *w, const struct kt_json *provisions, const struct kt_json *m,
                       int line)
{
    const struct kt_json *verdicts = kt_json_get(m, "verdicts");
    kt_jw_obj(w);
    kt_jw_kstr(w, "mine", kt_json_get_str(kt_json_get(m, "record"), "label", ""));
    kt_jw_kint(w, "row", line);
    kt_jw_key(w, "advice");
    kt_jw_arr(w);
    for (size_t i = 0; i < kt_json_len(verdicts); i++) {
        write_verdict(w, kt_json_at(provisions, i), kt_json_at(verdicts, i));
    }
    kt_jw_arr_end(w);
    kt_jw_obj_end(w);
}

static void tabulate(struct kt_table *t, struct kt_arena *a, const struct kt_json *provisions,
                     const struct kt_json *m, int line)
{
    const struct kt_json *verdicts = kt_json_get(m, "verdicts");
    for (size_t i = 0; i < kt_json_len(verdicts); i++) {
        const struct kt_json *p = kt_json_at(provisions, i), *v = kt_json_at(verdicts, i);
        kt_table_cell(t, kt_json_get_str(kt_json_get(m, "record"), "label", ""));
        kt_table_num(t, line);
        kt_table_cell(t, kt_json_get_str(p, "no", ""));
        kt_table_cell(t, kt_json_get_str(p, "word", ""));
        kt_table_cell(t, kt_json_get_str(p, "technique", ""));
        kt_table_cell(t, kt_json_get_str(v, "holds", ""));
        kt_table_cell(t, joined(a, kt_json_get(v, "missing")));
        kt_table_cell(t, kt_json_get_str(p, "text", ""));
    }
}

struct answer {
    struct kt_table *table;
    struct kt_jw w;
    struct kt_buf json;
};

/* One page of mines; *ret_next 0 after the last. */
static int answer_page(struct advising *v, struct answer *to, uint32_t *at, int64_t *ret_next,
                       struct kt_err *err)
{
    const struct kt_provision_query q = {.after = *ret_next, .limit = PAGE};
    struct kt_json *page = NULL;
    struct kt_buf b;
    kt_buf_init(&b, TEXT_MAX);
    int r = kt_room_provisions(v->room, &v->who, "mine", &q, &b, err);
    r = r == KT_OK ? kt_json_parse((struct kt_str){b.p, b.n}, TEXT_MAX, &page, err) : r;
    const struct kt_json *records = kt_json_get(page, "records");
    const struct kt_json *provisions = kt_json_get(page, "provisions");
    for (size_t i = 0; r == KT_OK && i < kt_json_len(records) && *at < v->made; i++) {
        int line = v->line_of[(*at)++];
        if (to->table) {
            tabulate(to->table, v->arena, provisions, kt_json_at(records, i), line);
        } else {
            write_mine(&to->w, provisions, kt_json_at(records, i), line);
        }
    }
    *ret_next = kt_json_get_int(page, "next", 0);
    kt_json_free(page);
    kt_buf_done(&b);
    return r;
}

static int answer(struct advising *v, struct kt_err *err)
{
    struct answer to = {0};
    int64_t next = 0;
    uint32_t at = 0;
    int r = KT_OK;
    kt_buf_init(&to.json, TEXT_MAX);
    to.w = kt_jw_init(&to.json);
    if (v->args->format == KT_FORMAT_JSON) {
        kt_jw_arr(&to.w);
    } else {
        to.table = kt_table_new(v->args->format, columns, KT_ARRAY_LEN(columns));
    }
    do {
        r = answer_page(v, &to, &at, &next, err);
    } while (r == KT_OK && next);
    if (to.table) {
        kt_table_end(to.table);
    } else if (r == KT_OK) {
        kt_jw_arr_end(&to.w);
        printf("%.*s\n", (int)to.json.n, to.json.p);
    }
    kt_buf_done(&to.json);
    return r;
}

static int run(const struct kt_args *a)
{
    static const char *const rights[] = {"record.read", "record.write", "record.import"};
    static const char *const places[] = {"*"};
    struct kt_err err = {0};
    if (a->pos_n > 0 && strcmp(a->pos[0], "lift") == 0) {
        return kt_green_lift(a);
    }
    if (a->pos_n != 2 || strcmp(a->pos[0], "advise") != 0) {
        return kt_usage(a, "say advise and a table of mines, or lift and a site folder");
    }
    struct advising v = {.args = a,
                         .arena = kt_arena_new(512 << 20),
                         .who = {"advise", rights, 3, places, 1, kt_clock_now()}};
    int r = open_room(&v, &err);
    r = r == KT_OK ? take_table(&v, &err) : r;
    r = r == KT_OK ? answer(&v, &err) : r;
    close_room(&v);
    kt_arena_free(v.arena);
    return r < 0 ? kt_fail(a, &err) : KT_EXIT_OK;
}

const struct kt_verb kt_verb_green = {
    .name = "green",
    .usage = "advise MINES.csv | lift SITE",
    .summary = "what the green-mining plan lays on each mine; which mines would reach its share",
    .help =
        "For each mine and each clause of the plan (pack green-mining): does it hold (yes, no,\n"
        "unknown), and which facts are missing that would change the answer. A cell that is empty\n"
        "is unknown, never no. Columns are fields of the register `mine`, by id or title; the "
        "list\n"
        "is in packs/green-mining/README.md. One column is needed: name (矿井名称).\n\n"
        "  kuangtu green advise mines.csv --format json\n\n"
        "JSON is an array, one object a mine: {\"mine\", \"row\", \"advice\": [{\"rule\",\n"
        "\"modality\", \"technique\", \"holds\", \"missing\", \"facts\", \"text\", "
        "\"source\"}]}.\n\n"
        "lift asks the running program which mines, the likeliest first, would lift the share of\n"
        "mines with green mining to a target, how many of them are needed, and why each.\n\n"
        "  kuangtu green lift sites/county --target 30 --year 2025 --format csv\n",
    .options = options,
    .run = run,
};
