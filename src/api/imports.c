/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Imports: a table comes up, a job reads it and shows what would become of each row, and only then
 * the person asks for it to be written. The workbook is read in a child process; the dry run sees
 * what the person sees; the writing is one request (record.import) whose rows are a body by hash.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/records.h"
#include "base/log.h"
#include "conf/csv.h"
#include "report/read.h"
#include "sys/clock.h"
#include "sys/thread.h"

enum { IMPORTS_KEPT = 8, IMPORTS_RUNNING = 2, ANSWER_MAX = 256 << 20, COLUMN_MAX = 200 };
#define KEPT_FOR (60 * KT_MIN)
#define ID_BASE  1000000000ull /* ids of imports; those of back-tests are below */

/* One import. What the job's thread writes is read by others when `done` is seen under the lock. */
struct import {
    uint64_t id;
    struct imports *owner;
    struct kt_arena *arena; /* copies of who asks and of the names */
    struct kt_reader who;
    const char *reg, *name, *mode, *sheet;
    struct kt_buf file;
    kt_mono since;
    pthread_t thread;
    bool thread_on;
    _Atomic int percent;
    /* under the owner's lock */
    bool done, written;
    bool refused; /* the table as a whole */
    int result;
    struct kt_err err;
    struct kt_buf shown;   /* of what kt_room_import_dry() wrote: members for the answer */
    struct kt_buf request; /* and the body of record.import */
};

struct imports {
    struct kt_api *api;
    pthread_mutex_t lock;
    struct import *jobs[IMPORTS_KEPT];
    uint64_t next_id;
};

struct imports *imports_new(struct kt_api *a)
{
    struct imports *im = calloc(1, sizeof(*im));
    KT_ASSERT(im);
    im->api = a;
    im->next_id = ID_BASE;
    pthread_mutex_init(&im->lock, NULL);
    return im;
}

static void import_free(struct import *j)
{
    if (!j) {
        return;
    }
    if (j->thread_on) {
        pthread_join(j->thread, NULL);
    }
    kt_buf_done(&j->file);
    kt_buf_done(&j->shown);
    kt_buf_done(&j->request);
    kt_arena_free(j->arena);
    free(j);
}

void imports_free(struct imports *im)
{
    if (!im) {
        return;
    }
    for (int i = 0; i < IMPORTS_KEPT; i++) {
        import_free(im->jobs[i]);
    }
    pthread_mutex_destroy(&im->lock);
    free(im);
}

/* ---- the table as rows of texts by column ---------------------------------------------------- */

struct table {
    struct kt_jw w;
    const char *names[KT_XLSX_COLUMNS_MAX];
    uint32_t names_n;
};

/* Names of the columns: those without one are passed over, a second one of the same is an error. */
static int take_names(struct table *t, struct kt_err *err)
{
    for (uint32_t i = 0; i < t->names_n; i++) {
        for (uint32_t k = 0; k < i; k++) {
            if (*t->names[i] && strcmp(t->names[i], t->names[k]) == 0) {
                return kt_err_set(err, KT_EINVAL, "two columns have the name \"%.100s\"",
                                  t->names[i]);
            }
        }
    }
    return t->names_n ? KT_OK : kt_err_set(err, KT_EINVAL, "the table is empty");
}

static void put_cell(struct table *t, uint32_t i, struct kt_str text)
{
    if (i < t->names_n && *t->names[i] && text.n) {
        kt_jw_key(&t->w, t->names[i]);
        kt_jw_strn(&t->w, text);
    }
}

static const char *trimmed(struct kt_arena *arena, struct kt_str s)
{
    while (s.n && (unsigned char)s.p[0] <= ' ') {
        s.p++;
        s.n--;
    }
    while (s.n && (unsigned char)s.p[s.n - 1] <= ' ') {
        s.n--;
    }
    return kt_arena_strndup(arena, s.p, s.n);
}

static int rows_of_json(struct import *j, const struct kt_json *rows, struct table *t,
                        struct kt_err *err)
{
    const struct kt_json *head = kt_json_at(rows, 0);
    for (size_t i = 1; i < kt_json_len(head) && t->names_n < KT_XLSX_COLUMNS_MAX; i++) {
        t->names[t->names_n++] = trimmed(j->arena, kt_json_strn(kt_json_at(head, i)));
    }
    int r = take_names(t, err);
    for (size_t k = 1; r == KT_OK && k < kt_json_len(rows); k++) {
        const struct kt_json *row = kt_json_at(rows, k);
        int64_t number = 0;
        kt_json_int(kt_json_at(row, 0), &number);
        kt_jw_obj(&t->w);
        kt_jw_kint(&t->w, "", number);
        for (size_t i = 1; i < kt_json_len(row); i++) {
            put_cell(t, (uint32_t)i - 1, kt_json_strn(kt_json_at(row, i)));
        }
        kt_jw_obj_end(&t->w);
    }
    return r;
}

static int rows_of_xlsx(struct import *j, struct table *t, struct kt_err *err)
{
    struct kt_buf out;
    struct kt_json *v = NULL;
    kt_buf_init(&out, ANSWER_MAX);
    int r = kt_parse("xlsx", (struct kt_str){j->file.p, j->file.n}, j->sheet, &out, err);
    if (r == KT_OK) {
        r = kt_json_parse((struct kt_str){out.p, out.n}, ANSWER_MAX, &v, err);
    }
    kt_buf_done(&out);
    if (r == KT_OK) {
        r = rows_of_json(j, kt_json_get(v, "rows"), t, err);
    }
    kt_json_free(v);
    return r;
}

/* A cell that a table program would take for a formula has got an apostrophe in our exports. */
static struct kt_str unguarded(struct kt_str s)
{
    bool guarded = s.n > 1 && s.p[0] == '\'' && strchr("=+-@'\t\r", s.p[1]);
    return guarded ? (struct kt_str){s.p + 1, s.n - 1} : s;
}

static int rows_of_csv(struct import *j, struct table *t, struct kt_err *err)
{
    struct kt_csv *csv;
    int r = kt_csv_parse(j->arena, (struct kt_str){j->file.p, j->file.n}, j->name, &csv, err);
    if (r < 0) {
        return r;
    }
    for (uint32_t i = 0; i < kt_csv_columns(csv); i++) {
        t->names[t->names_n++] = trimmed(j->arena, kt_csv_name(csv, i));
    }
    r = take_names(t, err);
    if (r == KT_OK && kt_csv_rows(csv) > KT_XLSX_ROWS_MAX) {
        r = kt_err_set(err, KT_ELIMIT, "the table has more than %d rows; divide it",
                       KT_XLSX_ROWS_MAX);
    }
    for (uint32_t k = 0; r == KT_OK && k < kt_csv_rows(csv); k++) {
        int line, col;
        kt_csv_at(csv, k, -1, &line, &col);
        kt_jw_obj(&t->w);
        kt_jw_kint(&t->w, "", line);
        for (uint32_t i = 0; i < t->names_n; i++) {
            put_cell(t, i, unguarded(kt_csv_get(csv, k, (int)i)));
        }
        kt_jw_obj_end(&t->w);
    }
    return r;
}

static int read_table(struct import *j, struct kt_json **ret, struct kt_err *err)
{
    struct kt_buf rows;
    struct kt_str file = {j->file.p, j->file.n};
    const char *kind = kt_file_kind(file);
    kt_buf_init(&rows, ANSWER_MAX);
    struct table t = {.w = kt_jw_init(&rows)};
    kt_jw_arr(&t.w);
    bool text = kind && strcmp(kind, "txt") == 0;
    int r = text ? rows_of_csv(j, &t, err) : rows_of_xlsx(j, &t, err);
    kt_jw_arr_end(&t.w);
    if (r == KT_OK) {
        r = kt_json_parse((struct kt_str){rows.p, rows.n}, ANSWER_MAX, ret, err);
    }
    kt_buf_done(&rows);
    return r;
}

/* ---- the job ----------------------------------------------------------------------------------
 */

/* Divide the answer of the dry run once, so that looking at the job costs little. */
static int divide(const struct kt_buf *answer, struct import *j, struct kt_err *err)
{
    static const char *const parts[] = {"error", "counts", "rows"};
    struct kt_json *v = NULL;
    int r = kt_json_parse((struct kt_str){answer->p, answer->n}, ANSWER_MAX, &v, err);
    struct kt_buf shown, request;
    kt_buf_init(&shown, ANSWER_MAX);
    kt_buf_init(&request, ANSWER_MAX);
    struct kt_jw w = kt_jw_init(&shown), q = kt_jw_init(&request);
    for (size_t i = 0; r == KT_OK && i < KT_ARRAY_LEN(parts); i++) {
        if (kt_json_get(v, parts[i])) {
            kt_jw_key(&w, parts[i]);
            kt_json_write(kt_json_get(v, parts[i]), &w);
        }
    }
    if (kt_json_len(kt_json_get(kt_json_get(v, "request"), "rows"))) {
        kt_json_write(kt_json_get(v, "request"), &q);
    }
    j->refused = kt_json_get(v, "error") != NULL;
    j->shown = shown;
    j->request = request;
    kt_json_free(v);
    return r;
}

static void *run(void *arg)
{
    struct import *j = arg;
    struct kt_err err = {0};
    struct kt_json *rows = NULL;
    struct kt_buf answer;
    kt_buf_init(&answer, ANSWER_MAX);
    kt_thread_nice(10);
    int r = read_table(j, &rows, &err);
    kt_buf_done(&j->file);
    atomic_store(&j->percent, 40);
    if (r == KT_OK) {
        r = kt_room_import_dry(kt_runtime_room(j->owner->api->opts.runtime), &j->who, j->reg, rows,
                               j->mode, &answer, &err);
    }
    kt_json_free(rows);
    atomic_store(&j->percent, 80);
    r = r == KT_OK ? divide(&answer, j, &err) : r;
    kt_buf_done(&answer);
    pthread_mutex_lock(&j->owner->lock);
    j->done = true;
    j->result = r;
    j->err = err;
    pthread_mutex_unlock(&j->owner->lock);
    return NULL;
}

static const char *const *copy_words(struct kt_arena *arena, const char *const *words, uint32_t n)
{
    const char **copy = KT_NEW_ARRAY(arena, const char *, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        copy[i] = kt_arena_strdup(arena, words[i]);
    }
    return copy;
}

static struct import *import_new(struct call *c, const char *mode)
{
    struct import *j = calloc(1, sizeof(*j));
    KT_ASSERT(j);
    const char *name = kt_http_query(c->req, "name"), *sheet = kt_http_query(c->req, "sheet");
    struct kt_str body = kt_http_body(c->req);
    j->owner = c->api->imports;
    j->arena = kt_arena_new((size_t)1 << 30);
    j->who = reader_of(c);
    j->who.user = kt_arena_strdup(j->arena, j->who.user);
    j->who.rights = copy_words(j->arena, j->who.rights, j->who.rights_n);
    j->who.places = copy_words(j->arena, j->who.places, j->who.places_n);
    j->reg = kt_arena_strdup(j->arena, c->param[0]);
    j->name = kt_arena_strdup(j->arena, name && *name ? name : "table");
    j->sheet = sheet && *sheet ? kt_arena_strdup(j->arena, sheet) : NULL;
    j->mode = kt_arena_strdup(j->arena, mode);
    j->since = kt_clock_mono();
    kt_buf_init(&j->file, 0);
    kt_buf_init(&j->shown, 0);
    kt_buf_init(&j->request, 0);
    kt_buf_put(&j->file, body.p, body.n);
    return j;
}

/* A place for one more: an empty one, else that of the oldest done. NULL: too many are running. */
static struct import **free_slot(struct imports *im)
{
    struct import **empty = NULL, **oldest = NULL;
    int running = 0;
    for (struct import **at = im->jobs; at < im->jobs + IMPORTS_KEPT; at++) {
        if (*at && (*at)->done && kt_clock_mono() - (*at)->since > KEPT_FOR) {
            import_free(*at); /* its thread has nothing left to do but return */
            *at = NULL;
        }
        if (!*at) {
            empty = at;
        } else if (!(*at)->done) {
            running++;
        } else if (!oldest || (*at)->id < (*oldest)->id) {
            oldest = at;
        }
    }
    return running >= IMPORTS_RUNNING ? NULL : empty ? empty : oldest;
}

/* Takes the job. KT_EBUSY too many at once. */
static int start(struct imports *im, struct import *j, struct kt_err *err)
{
    pthread_mutex_lock(&im->lock);
    struct import **slot = free_slot(im);
    int r = slot ? KT_OK : kt_err_set(err, KT_EBUSY, "other imports are running; try again");
    if (slot) {
        import_free(*slot);
        *slot = NULL;
        j->id = ++im->next_id;
        r = kt_thread_start(&j->thread, "import", run, j, err);
        j->thread_on = r == KT_OK;
    }
    if (r == KT_OK) {
        *slot = j;
    } else {
        import_free(j);
    }
    pthread_mutex_unlock(&im->lock);
    return r;
}

static bool may_import(struct call *c)
{
    struct kt_json *all = NULL;
    const struct kt_json *reg = register_of(c, c->param[0], &all);
    bool may = reg && kt_json_get_bool(kt_json_get(reg, "may"), "import", false);
    if (reg && !may) {
        reply_code(c->req, KT_EDENIED,
                   "the right \"%s.import\" or \"record.import\" is needed; ask the administrator",
                   c->param[0]);
    }
    kt_json_free(all);
    return may;
}

void post_import(struct call *c)
{
    struct kt_err err = {0};
    const char *mode = kt_http_query(c->req, "mode");
    mode = mode && *mode ? mode : "both";
    if (!may_import(c)) {
        return;
    }
    if (strcmp(mode, "add") != 0 && strcmp(mode, "update") != 0 && strcmp(mode, "both") != 0) {
        reply_code(c->req, KT_EINVAL, "mode is add, update or both");
        return;
    }
    struct import *j = import_new(c, mode);
    int r = start(c->api->imports, j, &err);
    if (r < 0) {
        reply_err(c->req, &err);
        return;
    }
    struct kt_buf b;
    kt_buf_init(&b, 1024);
    kt_buf_printf(&b, "{\"job\":%llu}", (unsigned long long)j->id);
    reply_buf(c, 202, &b);
}

/* Under the lock. Others' imports are nobody's business. */
static struct import *find(struct call *c, uint64_t id)
{
    struct imports *im = c->api->imports;
    for (int i = 0; i < IMPORTS_KEPT; i++) {
        struct import *j = im->jobs[i];
        if (j && j->id == id && strcmp(j->who.user, c->person.user) == 0) {
            return j;
        }
    }
    return NULL;
}

/* The reader's or the room's own error; what is wrong with the table is in `shown`. */
static void write_failure(const struct import *j, struct kt_jw *w)
{
    char text[640];
    kt_jw_key(w, "error");
    kt_jw_obj(w);
    kt_jw_kstr(w, "code", kt_err_name(j->err.code));
    kt_jw_kstr(w, "text", kt_err_str(&j->err, text, sizeof(text)));
    kt_jw_obj_end(w);
}

static void write_import(const struct import *j, struct kt_buf *out)
{
    struct kt_jw w = kt_jw_init(out);
    bool failed = j->done && (j->result < 0 || j->refused);
    kt_jw_obj(&w);
    kt_jw_kint(&w, "job", (int64_t)j->id);
    kt_jw_kstr(&w, "state", !j->done ? "running" : failed ? "failed" : "done");
    kt_jw_knum(&w, "progress", j->done ? 1 : (double)atomic_load(&j->percent) / 100);
    kt_jw_kstr(&w, "register", j->reg);
    kt_jw_kstr(&w, "name", j->name);
    kt_jw_kstr(&w, "mode", j->mode);
    kt_jw_kbool(&w, "written", j->written);
    if (j->done && j->result < 0) {
        write_failure(j, &w);
    }
    if (j->done && j->shown.n) {
        kt_buf_puts(out, ",");
        kt_buf_put(out, j->shown.p, j->shown.n);
    }
    kt_jw_obj_end(&w);
}

bool imports_reply(struct call *c, uint64_t id)
{
    struct kt_buf b;
    kt_buf_init(&b, ANSWER_MAX);
    pthread_mutex_lock(&c->api->imports->lock);
    const struct import *j = find(c, id);
    if (j) {
        write_import(j, &b);
    }
    pthread_mutex_unlock(&c->api->imports->lock);
    if (j) {
        reply_buf(c, 200, &b);
    } else {
        kt_buf_done(&b);
    }
    return j != NULL;
}

/* ---- writing ----------------------------------------------------------------------------------
 */

/* The rows of a finished dry run as JSON; marks it as written. */
static int take_rows(struct call *c, uint64_t id, struct kt_buf *out, const char **ret_name,
                     struct kt_err *err)
{
    int r;
    pthread_mutex_lock(&c->api->imports->lock);
    struct import *j = find(c, id);
    if (!j || strcmp(j->reg, c->param[0]) != 0) {
        r = kt_err_set(err, KT_ENOTFOUND, "there is no such import of yours; send the table again");
    } else if (!j->done || j->result < 0 || j->refused || j->written) {
        r = kt_err_set(err, KT_ESTATE,
                       j->written ? "this import has been written already"
                       : j->done  ? "this table could not be read"
                                  : "the dry run has not ended yet");
    } else if (!j->request.n) {
        r = kt_err_set(err, KT_ESTATE, "there is nothing to write: no row would change");
    } else {
        kt_buf_put(out, j->request.p, j->request.n);
        j->written = true;
        *ret_name = kt_arena_strdup(c->arena, j->name);
        r = KT_OK;
    }
    pthread_mutex_unlock(&c->api->imports->lock);
    return r;
}

/* ?source=&note=&verified=: where the facts of this table come from. */
static void write_source(struct call *c, struct kt_jw *w)
{
    static const char *const words[] = {"source", "note"};
    const char *verified = kt_http_query(c->req, "verified");
    for (size_t i = 0; i < KT_ARRAY_LEN(words); i++) {
        const char *text = kt_http_query(c->req, words[i]);
        if (text && *text) {
            kt_jw_kstr(w, words[i], text);
        }
    }
    if (verified && strcmp(verified, "true") == 0) {
        kt_jw_kbool(w, "verified", true);
    }
}

void post_import_write(struct call *c)
{
    struct kt_err err = {0};
    struct kt_buf rows, args;
    struct kt_hash hash;
    char hex[65];
    const char *name = "";
    if (!room_of(c)) {
        return;
    }
    kt_buf_init(&rows, ANSWER_MAX);
    int r = take_rows(c, strtoull(c->param[1], NULL, 10), &rows, &name, &err);
    if (r == KT_OK) {
        r = kt_body_put(data_dir(c), rows.p, rows.n, &hash, &err);
    }
    kt_buf_done(&rows);
    if (r < 0) {
        reply_err(c->req, &err);
        return;
    }
    attachments_claim(c, kt_hash_hex(&hash, hex));
    kt_buf_init(&args, 1 << 16);
    struct kt_jw w = kt_jw_init(&args);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "register", c->param[0]);
    kt_jw_kstr(&w, "body", hex);
    kt_jw_kstr(&w, "name", name);
    write_source(c, &w);
    kt_jw_obj_end(&w);
    send_request(c, "record.import", (struct kt_str){args.p, args.n});
    kt_buf_done(&args);
}
