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
#include "sys/clock.h"
#include "sys/thread.h"

enum { IMPORTS_KEPT = 8, IMPORTS_RUNNING = 2, ANSWER_MAX = IMPORT_ANSWER_MAX };
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
    struct kt_task task;
    /* under the owner's lock */
    bool done, written, cancelled;
    struct kt_hash body; /* of what is written */
    bool refused;        /* the table as a whole */
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
        kt_task_stop(im->jobs[i] ? &im->jobs[i]->task : NULL);
    }
    for (int i = 0; i < IMPORTS_KEPT; i++) {
        import_free(im->jobs[i]);
    }
    pthread_mutex_destroy(&im->lock);
    free(im);
}

/* ---- the job ----------------------------------------------------------------------------------
 */

/* Members of the answer, without its braces: {"rows":…,"counts":…} or {"error":…}. */
static void take_answer(struct import *j, struct kt_buf *answer)
{
    static const char fault[] = "{\"error\"";
    j->refused = answer->n > sizeof(fault) && memcmp(answer->p, fault, sizeof(fault) - 1) == 0;
    if (answer->n > 2) {
        kt_buf_put(&j->shown, answer->p + 1, answer->n - 2);
    }
}

/* Read, looked at: with the parts of the whole that these take. */
static int work(struct import *j, struct kt_err *err)
{
    struct kt_json *rows = NULL;
    struct kt_buf answer;
    struct import_file f = {.arena = j->arena,
                            .bytes = {j->file.p, j->file.n},
                            .name = j->name,
                            .sheet = j->sheet,
                            .task = &j->task};
    kt_buf_init(&answer, ANSWER_MAX);
    kt_task_part(&j->task, 0, 400);
    int r = import_table(&f, &rows, err);
    kt_buf_done(&j->file);
    kt_task_part(&j->task, 400, 1000);
    if (r == KT_OK) {
        r = kt_room_import_dry(kt_runtime_room(j->owner->api->opts.runtime), &j->who, j->reg, rows,
                               j->mode, &j->task, &answer, &j->request, err);
    }
    kt_json_free(rows);
    if (r == KT_OK) {
        take_answer(j, &answer);
    }
    kt_buf_done(&answer);
    return r;
}

static void *run(void *arg)
{
    struct import *j = arg;
    struct kt_err err = {0};
    kt_thread_nice(10);
    int r = work(j, &err);
    pthread_mutex_lock(&j->owner->lock);
    j->done = true;
    j->cancelled = kt_task_stopped(&j->task);
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
    kt_buf_init(&j->shown, ANSWER_MAX);
    kt_buf_init(&j->request, ANSWER_MAX);
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

void post_import(struct call *c)
{
    struct kt_err err = {0};
    const char *mode = kt_http_query(c->req, "mode");
    mode = mode && *mode ? mode : "both";
    if (!register_may(c, c->param[0], "import")) {
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

static const char *state_of(const struct import *j)
{
    return j->cancelled                  ? "cancelled"
           : !j->done                    ? "running"
           : j->result < 0 || j->refused ? "failed"
                                         : "done";
}

static void write_import(const struct import *j, struct kt_buf *out)
{
    struct kt_jw w = kt_jw_init(out);
    kt_jw_obj(&w);
    kt_jw_kint(&w, "job", (int64_t)j->id);
    kt_jw_kstr(&w, "state", state_of(j));
    kt_jw_knum(&w, "progress", j->done ? 1 : (double)kt_task_permille(&j->task) / 1000);
    kt_jw_kstr(&w, "register", j->reg);
    kt_jw_kstr(&w, "name", j->name);
    kt_jw_kstr(&w, "mode", j->mode);
    kt_jw_kbool(&w, "written", j->written);
    if (j->written) {
        struct kt_room *room = kt_runtime_room(j->owner->api->opts.runtime);
        kt_jw_knum(&w, "writing", (double)kt_room_import_permille(room, &j->body) / 1000);
    }
    if (j->done && j->result < 0 && !j->cancelled) {
        write_failure(j, &w);
    }
    if (j->done && j->shown.n && !j->written) {
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

/* What is under way stops by itself soon, what is done is forgotten. Under the lock. */
static int cancel(struct import *j, struct kt_err *err)
{
    if (!j) {
        return kt_err_set(err, KT_ENOTFOUND, "there is no such job of yours");
    }
    if (j->written) {
        return kt_err_set(err, KT_ESTATE,
                          "this import is being written or has been: it is whole or not at all");
    }
    kt_task_stop(&j->task);
    j->cancelled = true;
    if (j->done) {
        kt_buf_done(&j->shown);
        kt_buf_done(&j->request);
    }
    return KT_OK;
}

void delete_job(struct call *c)
{
    struct kt_err err = {0};
    struct kt_buf b;
    kt_buf_init(&b, 1 << 16);
    pthread_mutex_lock(&c->api->imports->lock);
    struct import *j = find(c, strtoull(c->param[0], NULL, 10));
    int r = cancel(j, &err);
    if (r == KT_OK) {
        write_import(j, &b);
    }
    pthread_mutex_unlock(&c->api->imports->lock);
    reply_room(c, r, &b, &err);
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
    } else if (!j->done || j->result < 0 || j->refused || j->written || j->cancelled) {
        r = kt_err_set(err, KT_ESTATE,
                       j->written     ? "this import has been written already"
                       : j->cancelled ? "this import was cancelled; nothing has been written"
                       : j->done      ? "this table could not be read"
                                      : "the dry run has not ended yet");
    } else if (!j->request.n) {
        r = kt_err_set(err, KT_ESTATE, "there is nothing to write: no row would change");
    } else {
        kt_buf_done(out);
        *out = j->request; /* nobody asks for them any more */
        kt_buf_init(&j->request, 0);
        kt_buf_done(&j->shown);
        j->written = true;
        *ret_name = kt_arena_strdup(c->arena, j->name);
        r = KT_OK;
    }
    pthread_mutex_unlock(&c->api->imports->lock);
    return r;
}

/* What is of a person goes out of the rows. */
static int seal_rows(struct call *c, struct kt_buf *rows, struct kt_err *err)
{
    struct kt_room *room = kt_runtime_room(c->api->opts.runtime);
    struct kt_json *v = NULL;
    struct kt_buf sealed;
    if (!kt_room_is_personal(room, c->param[0])) {
        return KT_OK;
    }
    kt_buf_init(&sealed, ANSWER_MAX);
    int r = kt_json_parse((struct kt_str){rows->p, rows->n}, ANSWER_MAX, &v, err);
    r = r == KT_OK ? kt_room_seal_rows(room, c->param[0], v, &sealed, err) : r;
    r = r == KT_EINVAL
            ? kt_err_set(err, KT_ECONFLICT, "the register was changed; send the table again")
            : r;
    kt_json_free(v);
    kt_buf_done(rows);
    *rows = sealed;
    return r;
}

/* So that GET /jobs/{id} can tell how far the writing is. */
static void set_body(struct call *c, uint64_t id, const struct kt_hash *body)
{
    pthread_mutex_lock(&c->api->imports->lock);
    struct import *j = find(c, id);
    if (j) {
        j->body = *body;
    }
    pthread_mutex_unlock(&c->api->imports->lock);
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
    uint64_t id = strtoull(c->param[1], NULL, 10);
    int r = take_rows(c, id, &rows, &name, &err);
    r = r == KT_OK ? seal_rows(c, &rows, &err) : r;
    if (r == KT_OK) {
        r = kt_body_put(data_dir(c), rows.p, rows.n, &hash, &err);
    }
    kt_buf_done(&rows);
    if (r < 0) {
        reply_err(c->req, &err);
        return;
    }
    set_body(c, id, &hash);
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
