/* SPDX-License-Identifier: Apache-2.0 */
/* kuangtu check and kuangtu reload: every mistake of a site folder; load it into the running
 * program. */
#include <string.h>

#include "cli/cli.h"
#include "cli/node.h"
#include "conf/json.h"
#include "domain/vent/airways.h"
#include "geo/geo.h"
#include "record/record.h"
#include "site/site.h"
#include "sys/file.h"

static const struct kt_option options[] = {
    {"packs", "DIR", "where the packs are (default: beside the program)"},
    {"notes", NULL, "print notes as well"},
    {NULL, NULL, NULL},
};

/* Registers, and whether they would strand what is recorded. */
static int check_registers(const char *dir, const struct kt_site *site, struct kt_findings *f,
                           struct kt_err *err)
{
    struct kt_record_model *m;
    char data[600];
    int r = kt_record_model_load(site, f, &m, err);
    if (r < 0) {
        return r;
    }
    snprintf(data, sizeof(data), "%s/data", dir);
    r = kt_room_fits(data, m, err);
    if (r == KT_ECONFLICT) {
        snprintf(err->file, sizeof(err->file), "registers");
        kt_findings_add(f, KT_FIND_ERROR, "records", err);
    }
    kt_record_model_unref(m);
    return r;
}

struct airways_problems {
    struct kt_findings *f;
    bool any;
};

static void airways_problem(void *arg, const struct kt_err *at)
{
    struct airways_problems *p = arg;
    p->any = true;
    kt_findings_add(p->f, KT_FIND_ERROR, "airways", at);
}

/** The network of roadways, where the site has one. */
static int check_airways(const struct kt_site *site, struct kt_findings *f, struct kt_err *err)
{
    struct airways_problems found = {f, false};
    struct kt_problems p = {airways_problem, &found, 0};
    struct kt_arena *arena = kt_arena_new(0);
    struct kt_airways airways;
    struct kt_csv *csv;
    int r = KT_OK;
    for (uint32_t i = 0; i < site->files_n; i++) {
        if (strcmp(site->files[i].name, "airways.csv") == 0) {
            r = kt_csv_parse(arena, site->files[i].bytes, "airways.csv", &csv, err);
            r = r < 0 ? r : kt_airways_read(csv, site, arena, &p, &airways, err);
        }
    }
    if (r < 0 && !found.any) {
        kt_findings_add(f, KT_FIND_ERROR, "airways", err);
    }
    kt_arena_free(arena);
    return r < 0 ? kt_err_set(err, KT_EINVAL, "airways.csv has mistakes") : KT_OK;
}

/* The drawing, through a copy as a start reads it, beside nothing of the site. */
static int check_map(const char *dir, struct kt_findings *f, struct kt_err *err)
{
    char path[600], work[600];
    struct kt_geo_map map;
    snprintf(path, sizeof(path), "%s/map.gpkg", dir);
    if (!kt_file_exists(path)) {
        return KT_OK;
    }
    int r = kt_dir_temp("kt-check-", work, sizeof(work), err);
    if (r < 0) {
        return r;
    }
    struct kt_arena *arena = kt_arena_new(512u << 20);
    if ((r = kt_geo_map_read(path, work, arena, &map, err)) < 0) {
        snprintf(err->file, sizeof(err->file), "map.gpkg");
        kt_findings_add(f, KT_FIND_ERROR, "map", err);
    }
    kt_arena_free(arena);
    kt_dir_remove(work);
    return r;
}

/* What a start reads beside the site itself: every part, whatever another holds. */
static int check_rest(const char *dir, const struct kt_site *site, struct kt_findings *f,
                      struct kt_err *err)
{
    struct kt_err why[6] = {0};
    int r[] = {check_registers(dir, site, f, &why[0]),  check_airways(site, f, &why[1]),
               kt_people_check(site, f, &why[2]),       check_map(dir, f, &why[3]),
               kt_secrets_check(site, dir, f, &why[4]), kt_tls_check(site, dir, f, &why[5])};
    for (size_t i = 0; i < KT_ARRAY_LEN(r); i++) {
        if (r[i] < 0) {
            *err = why[i];
            return r[i];
        }
    }
    return KT_OK;
}

static void print_counts(const struct kt_findings *f, const struct kt_site *site)
{
    bool zh = kt_chinese();
    printf(zh ? "%zu 处错误，%zu 处警告" : "%zu errors, %zu warnings",
           kt_findings_count(f, KT_FIND_ERROR), kt_findings_count(f, KT_FIND_WARNING));
    if (site) {
        printf(zh ? "；测点 %u，地点 %u，规则 %u，链路 %u"
                  : "; %u points, %u places, %u rules, %u links",
               site->points_n, site->places_n, site->rules_n, site->links_n);
    }
    printf("\n");
}

static int check(const struct kt_args *a)
{
    static const char *const levels[] = {"error", "warning", "note"};
    static const char *const columns[] = {"level", "check", "file", "line", "column", "text"};
    if (a->pos_n != 1) {
        return kt_usage(a, "name one site folder");
    }
    char packs[600];
    const char *pack_dir = kt_arg(a, "packs");
    struct kt_err err = {0};
    struct kt_site *site = NULL;
    struct kt_findings *f = kt_findings_new(10000);
    int r =
        kt_site_load(a->pos[0], pack_dir ? pack_dir : kt_share_dir(packs, sizeof(packs), "packs"),
                     NULL, f, &site, &err);
    if (site) {
        r = check_rest(a->pos[0], site, f, &err);
    }
    bool text = a->format == KT_FORMAT_TABLE;
    struct kt_table *t = text ? NULL : kt_table_new(a->format, columns, 6);
    const struct kt_finding *one;
    for (size_t i = 0; (one = kt_findings_get(f, i)); i++) {
        char line[700];
        if (one->level == KT_FIND_NOTE && !kt_arg(a, "notes")) {
            continue;
        }
        if (text) {
            printf("%s: %s [%s]\n", kt_level_text(one->level),
                   kt_said(&one->at, line, sizeof(line)), one->rule);
            continue;
        }
        kt_table_cell(t, levels[one->level]);
        kt_table_cell(t, one->rule);
        kt_table_cell(t, one->at.file);
        kt_table_num(t, one->at.line);
        kt_table_num(t, one->at.col);
        kt_table_cell(t, one->at.text);
    }
    size_t errors = kt_findings_count(f, KT_FIND_ERROR);
    if (text) {
        print_counts(f, site);
    } else {
        kt_table_end(t);
    }
    kt_findings_free(f);
    kt_site_unref(site);
    if (r < 0 && !errors) {
        return kt_fail(a, &err);
    }
    return errors ? KT_EXIT_INVALID : KT_EXIT_OK;
}

const struct kt_verb kt_verb_check = {
    .name = "check",
    .usage = "SITE",
    .summary = "read a site and its packs and report every mistake",
    .help =
        "Prints each finding as level: file:line:column: what is wrong; what would be right.\n"
        "Errors stop a start, warnings do not. Proves what can be proved before anything runs:\n"
        "rules that command opposite values, never come true, form a loop, do not fit in unit,\n"
        "or are looser than their clause.\n",
    .options = options,
    .run = check,
};

static const struct kt_option reload_options[] = {
    {"why", "TEXT", "the reason, written into the journal"},
    {NULL, NULL, NULL},
};

/* Errors and warnings; notes are what `check --notes` is for. */
static void print_found(const struct kt_args *a, const struct kt_json *one)
{
    const char *level = kt_json_get_str(one, "level", "");
    bool error = strcmp(level, "error") == 0;
    if (error || strcmp(level, "warning") == 0) {
        kt_note(a, "%s: %s", kt_level_text(error ? KT_FIND_ERROR : KT_FIND_WARNING),
                kt_json_get_str(one, kt_chinese() ? "text_zh" : "text", ""));
    }
}

static int reload(const struct kt_args *a)
{
    if (a->pos_n != 1) {
        return kt_usage(a, "name one site folder");
    }
    struct kt_running run;
    struct kt_err err = {0};
    struct kt_buf body, answer;
    kt_buf_init(&body, 1 << 16);
    kt_buf_init(&answer, 16 << 20);
    int status = 0;
    int r = kt_running_find(a->pos[0], &run, &err);
    if (r == KT_OK) {
        struct kt_jw w = kt_jw_init(&body);
        kt_jw_obj(&w);
        kt_jw_kstr(&w, "why", kt_arg(a, "why") ? kt_arg(a, "why") : "");
        kt_jw_obj_end(&w);
        struct kt_str s = {body.p, body.n};
        r = kt_running_call(&run, "POST", "/api/v1/reload", &s, &status, &answer, &err);
    }
    if (answer.n && status) {
        struct kt_json *j = NULL;
        if (kt_json_parse((struct kt_str){answer.p, answer.n}, 0, &j, NULL) == KT_OK) {
            const struct kt_json *f = kt_json_get(j, "findings");
            for (size_t i = 0; i < kt_json_len(f); i++) {
                print_found(a, kt_json_at(f, i));
            }
        }
        kt_json_free(j);
    }
    kt_buf_done(&body);
    kt_buf_done(&answer);
    if (r < 0) {
        return kt_fail(a, &err);
    }
    kt_done(a, kt_chinese() && a->format == KT_FORMAT_TABLE ? "已载入" : "loaded");
    return KT_EXIT_OK;
}

const struct kt_verb kt_verb_reload = {
    .name = "reload",
    .usage = "SITE [--why TEXT]",
    .summary = "load the changed folder into the running program",
    .help = "The folder is checked first; with any error the running site stays as it is.\n",
    .options = reload_options,
    .run = reload,
};
