/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/records_from.h"

#include <stdlib.h>
#include <string.h>

#include "record/handout.h"
#include "report/sheet.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/spool.h"

enum { ANSWER_MAX = 512 << 20 };

/* ---- the closed store ------------------------------------------------------------------------ */

static void print_findings(const struct kt_findings *f)
{
    char text[800];
    for (size_t i = 0; kt_findings_get(f, i); i++) {
        if (kt_findings_get(f, i)->level == KT_FIND_ERROR) {
            fprintf(stderr, "%s\n", kt_err_str(&kt_findings_get(f, i)->at, text, sizeof(text)));
        }
    }
}

static int load(const char *dir, struct kt_records_from *f, struct kt_err *err)
{
    char packs[600];
    struct kt_findings *findings = kt_findings_new(1000);
    int r = kt_site_load(dir, kt_share_dir(packs, sizeof(packs), "packs"), NULL, findings, &f->site,
                         err);
    r = r == KT_OK ? kt_record_model_load(f->site, findings, &f->model, err) : r;
    if (r < 0) {
        print_findings(findings);
    }
    kt_findings_free(findings);
    return r;
}

/* As the local token of a running program: every right that the program knows. */
static struct kt_reader local_reader(void)
{
    static const char *const places[] = {"*"};
    struct kt_reader who = {.user = "local", .places = places, .places_n = 1};
    who.rights = kt_site_rights(&who.rights_n);
    who.now = kt_clock_now();
    return who;
}

static int open_closed(const char *dir, struct kt_records_from *f, struct kt_err *err)
{
    char data[600];
    snprintf(data, sizeof(data), "%s/data", dir);
    int r = load(dir, f, err);
    if (r < 0) {
        return r;
    }
    const struct kt_room_opts o = {.dir = data, .site = f->site, .model = f->model};
    r = kt_room_open_closed(&o, &f->room, err);
    f->run.utc_offset_s = f->site->utc_offset_s;
    f->who = local_reader();
    return r;
}

int kt_records_find(const char *site_dir, struct kt_records_from *ret, struct kt_err *err)
{
    struct kt_records_from f = {.arena = kt_arena_new(0)};
    char path[600];
    int r = kt_running_find(site_dir, &f.run, err);
    snprintf(path, sizeof(path), "%s/data/records.db", site_dir);
    if (r == KT_ENOTFOUND && kt_file_exists(path)) {
        f.closed = true;
        r = open_closed(site_dir, &f, err);
    }
    if (r < 0) {
        kt_records_done(&f);
        return r;
    }
    *ret = f;
    return KT_OK;
}

void kt_records_done(struct kt_records_from *f)
{
    kt_room_close(f->room);
    kt_record_model_unref(f->model);
    kt_site_unref(f->site);
    kt_arena_free(f->arena);
    *f = (struct kt_records_from){0};
}

/* ---- the running program --------------------------------------------------------------------- */

void kt_url_encode(struct kt_buf *b, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        bool plain = (*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z') ||
                     (*p >= 'a' && *p <= 'z') || strchr("-._~", *p);
        if (plain) {
            kt_put_u8(b, *p);
        } else {
            kt_put_u8(b, '%');
            kt_put_u8(b, (uint8_t)hex[*p >> 4]);
            kt_put_u8(b, (uint8_t)hex[*p & 15]);
        }
    }
}

static int call(struct kt_records_from *f, struct kt_buf *path, struct kt_buf *out,
                struct kt_err *err)
{
    int status = 0;
    int r = kt_running_call(&f->run, "GET", kt_buf_cstr(path), NULL, &status, out, err);
    kt_buf_done(path);
    return r;
}

/* "?" or "&", name, value. */
static void add(struct kt_buf *path, const char *name, const char *value)
{
    if (value) {
        kt_buf_printf(path, "%c%s=", strchr(kt_buf_cstr(path), '?') ? '&' : '?', name);
        kt_url_encode(path, value);
    }
}

static void add_number(struct kt_buf *path, const char *name, int64_t v)
{
    char text[32];
    snprintf(text, sizeof(text), "%lld", (long long)v);
    add(path, name, v ? text : NULL);
}

static void add_ask(struct kt_buf *path, const struct kt_records_ask *a)
{
    add(path, "q", a->q);
    add(path, "filter", a->filter);
    add(path, "sort", a->sort);
    add_number(path, "at", a->at / KT_MS);
    add_number(path, "known", a->known / KT_MS);
    add_number(path, "limit", a->limit);
}

/* ---- both ------------------------------------------------------------------------------------ */

int kt_records_registers(struct kt_records_from *f, struct kt_buf *out, struct kt_err *err)
{
    struct kt_buf path;
    if (f->closed) {
        return kt_room_registers(f->room, &f->who, out, err);
    }
    kt_buf_init(&path, 1 << 10);
    kt_buf_puts(&path, "/api/v1/registers");
    return call(f, &path, out, err);
}

static int query_of(const struct kt_records_ask *a, struct kt_record_query *ret,
                    struct kt_json **ret_filter, struct kt_err *err)
{
    *ret = (struct kt_record_query){.q = a->q,
                                    .sort = a->sort,
                                    .at = a->at,
                                    .known = a->known,
                                    .limit = (uint32_t)(a->limit > 1000 ? 1000 : a->limit)};
    int r = a->filter ? kt_json_parse(kt_str_c(a->filter), 1 << 16, ret_filter, err) : KT_OK;
    ret->filter = *ret_filter;
    return r;
}

int kt_records_list(struct kt_records_from *f, const struct kt_records_ask *a, struct kt_buf *out,
                    struct kt_err *err)
{
    struct kt_record_query q;
    struct kt_json *filter = NULL;
    struct kt_buf path;
    if (!f->closed) {
        kt_buf_init(&path, 1 << 16);
        kt_buf_printf(&path, "/api/v1/records/%s", a->reg);
        add_ask(&path, a);
        return call(f, &path, out, err);
    }
    int r = query_of(a, &q, &filter, err);
    r = r == KT_OK ? kt_room_list(f->room, &f->who, a->reg, &q, out, err) : r;
    kt_json_free(filter);
    return r;
}

int kt_records_one(struct kt_records_from *f, const struct kt_records_ask *a, int64_t id,
                   struct kt_buf *out, struct kt_err *err)
{
    struct kt_buf path;
    if (f->closed) {
        return kt_room_get(f->room, &f->who, a->reg, id, a->at, a->known, out, err);
    }
    kt_buf_init(&path, 1 << 12);
    kt_buf_printf(&path, "/api/v1/records/%s/%lld", a->reg, (long long)id);
    add_number(&path, "at", a->at / KT_MS);
    add_number(&path, "known", a->known / KT_MS);
    return call(f, &path, out, err);
}

int kt_records_history(struct kt_records_from *f, const char *reg, int64_t id, struct kt_buf *out,
                       struct kt_err *err)
{
    struct kt_buf path;
    if (f->closed) {
        return kt_room_history(f->room, &f->who, reg, id, out, err);
    }
    kt_buf_init(&path, 1 << 12);
    kt_buf_printf(&path, "/api/v1/records/%s/%lld/history", reg, (long long)id);
    return call(f, &path, out, err);
}

/* ---- export ---------------------------------------------------------------------------------- */

struct sink {
    bool xlsx;
    struct kt_arena *arena;
    struct kt_sheet *sheet;
};

static int sheet_head(void *arg, const char *title, const struct kt_record_column *columns,
                      uint32_t n, struct kt_err *err)
{
    static const enum kt_cell kinds[] = {[KT_COLUMN_TEXT] = KT_CELL_TEXT,
                                         [KT_COLUMN_NUMBER] = KT_CELL_NUMBER,
                                         [KT_COLUMN_DATE] = KT_CELL_DATE,
                                         [KT_COLUMN_TIME] = KT_CELL_TIME};
    struct sink *s = arg;
    struct kt_sheet_column *cols = KT_NEW_ARRAY(s->arena, struct kt_sheet_column, n);
    for (uint32_t i = 0; i < n; i++) {
        cols[i] = (struct kt_sheet_column){.title = kt_arena_strdup(s->arena, columns[i].title),
                                           .kind = kinds[columns[i].kind]};
    }
    return kt_sheet_new(s->xlsx, title, cols, n, &s->sheet, err);
}

static int sheet_row(void *arg, int64_t id, const struct kt_str *cells, uint32_t n,
                     struct kt_err *err)
{
    struct sink *s = arg;
    (void)id;
    (void)err;
    for (uint32_t i = 0; i < n; i++) {
        kt_sheet_cell(s->sheet, cells[i]);
    }
    return KT_OK;
}

static int export_closed(struct kt_records_from *f, const struct kt_records_ask *a, const char *as,
                         int to, struct kt_err *err)
{
    struct sink s = {.xlsx = strcmp(as, "xlsx") == 0, .arena = f->arena};
    const struct kt_record_table t = {.head = sheet_head, .row = sheet_row, .arg = &s};
    struct kt_record_query q;
    struct kt_json *filter = NULL;
    int fd = -1;
    uint64_t size = 0;
    if (!s.xlsx && strcmp(as, "csv") != 0) {
        return kt_err_set(err, KT_EINVAL,
                          "--as %.20s is made by the running program; csv and xlsx are written "
                          "without one",
                          as);
    }
    int r = query_of(a, &q, &filter, err);
    r = r == KT_OK ? kt_room_table(f->room, &f->who, a->reg, &q, &t, err) : r;
    if (r == KT_OK) {
        r = kt_sheet_end(s.sheet, &fd, &size, err);
        s.sheet = NULL;
    }
    r = r == KT_OK ? kt_spool_copy(fd, to, err) : r;
    kt_sheet_free(s.sheet);
    kt_json_free(filter);
    return r;
}

int kt_records_export(struct kt_records_from *f, const struct kt_records_ask *a, const char *as,
                      int to, struct kt_err *err)
{
    struct kt_buf path, out;
    if (f->closed) {
        return export_closed(f, a, as, to, err);
    }
    kt_buf_init(&path, 1 << 16);
    kt_buf_init(&out, ANSWER_MAX);
    kt_buf_printf(&path, "/api/v1/records/%s/export", a->reg);
    add(&path, "format", as);
    add_ask(&path, a);
    int r = call(f, &path, &out, err);
    r = r == KT_OK ? kt_write_all(to, out.p, out.n, err) : r;
    kt_buf_done(&out);
    return r;
}
