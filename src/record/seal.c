/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seal: at the edge, before a request becomes an event: values of personal fields are checked and
 * go into bodies of their own, with a salt, so that a hash tells nothing about a name or a number.
 * The event has {"body": hash}. A body that no record names is taken away like an upload that
 * nobody took (DIR/staged).
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/crypto.h"
#include "record/requests.h"
#include "record/value.h"
#include "sys/file.h"

enum { SALT_BYTES = 24, SEALED_MAX = 1 << 20 };

struct seal {
    struct kt_room *room;
    const struct rec_register *reg;
    struct kt_site *site;
    struct rec_request q; /* takes what is wrong */
    bool many;            /* durable together, at the end */
};

/* ---- one body ---- */

/* So that it goes when no record takes it. What is lost with a crash is but this note. */
static void note_body(const struct kt_room *r, const char *hex)
{
    char path[700];
    static const char text[] = "{\"fresh\":true}";
    snprintf(path, sizeof path, "%s/staged", r->dir);
    if (!kt_file_exists(path) && kt_dir_make(path, NULL) < 0) {
        return;
    }
    snprintf(path, sizeof path, "%s/staged/%s.sealed", r->dir, hex);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    if (fd >= 0) {
        ssize_t n = write(fd, text, sizeof(text) - 1);
        (void)n;
        close(fd);
    }
}

/* Of {"salt", KEY: inside}. */
static int put_body(struct seal *s, const char *key, struct kt_str inside, char ret[65],
                    struct kt_err *err)
{
    unsigned char salt[SALT_BYTES];
    char hex[2 * SALT_BYTES + 1];
    struct kt_hash h;
    struct kt_buf b;
    kt_random(salt, sizeof salt);
    for (size_t i = 0; i < SALT_BYTES; i++) {
        snprintf(hex + 2 * i, 3, "%02x", salt[i]);
    }
    kt_buf_init(&b, SEALED_MAX);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "salt", hex);
    kt_jw_key(&w, key);
    kt_jw_raw(&w, inside);
    kt_jw_obj_end(&w);
    int rc = s->many ? kt_body_put_soon(s->room->dir, b.p, b.n, &h, err)
                     : kt_body_put(s->room->dir, b.p, b.n, &h, err);
    kt_buf_done(&b);
    if (rc == KT_OK) {
        note_body(s->room, kt_hash_hex(&h, ret));
    }
    return rc;
}

static void write_reference(const char *hex, struct kt_jw *w)
{
    kt_jw_obj(w);
    kt_jw_kstr(w, "body", hex);
    kt_jw_obj_end(w);
}

/* ---- fields ---- */

/* KT_EINVAL with what is wrong in q; an object would name somebody else's body. */
static int seal_value(struct seal *s, const struct rec_field *f, const struct kt_json *v,
                      struct kt_jw *w, struct kt_err *err)
{
    struct rec_value read = {.type = KT_COL_NULL};
    struct kt_buf text;
    char hex[65];
    int rc = value_read(&s->q, s->site, f, v, &read);
    if (rc < 0 || read.type == KT_COL_NULL) {
        kt_jw_null(w);
        return rc;
    }
    kt_buf_init(&text, SEALED_MAX);
    struct kt_jw tw = kt_jw_init(&text);
    kt_jw_strn(&tw, read.s);
    rc = put_body(s, "value", (struct kt_str){text.p, text.n}, hex, err);
    kt_buf_done(&text);
    if (rc == KT_OK) {
        write_reference(hex, w);
    }
    return rc;
}

static int seal_fields(struct seal *s, const struct kt_json *fields, struct kt_jw *w,
                       struct kt_err *err)
{
    struct kt_json_iter it = {0};
    int rc = KT_OK;
    kt_jw_obj(w);
    while (rc == KT_OK && kt_json_next(fields, &it)) {
        uint32_t f = rec_field_of(s->reg, it.key);
        kt_jw_key(w, it.key);
        if (f != KT_NONE && s->reg->fields[f].personal) {
            rc = seal_value(s, &s->reg->fields[f], it.value, w, err);
        } else {
            kt_json_write(it.value, w);
        }
    }
    kt_jw_obj_end(w);
    return rc;
}

/* The object as it is, but for its `fields`. */
static int seal_object(struct seal *s, const struct kt_json *o, struct kt_jw *w, struct kt_err *err)
{
    struct kt_json_iter it = {0};
    int rc = KT_OK;
    kt_jw_obj(w);
    while (rc == KT_OK && kt_json_next(o, &it)) {
        kt_jw_key(w, it.key);
        if (strcmp(it.key, "fields") == 0 && kt_json_obj(it.value)) {
            rc = seal_fields(s, it.value, w, err);
        } else {
            kt_json_write(it.value, w);
        }
    }
    kt_jw_obj_end(w);
    return rc;
}

/* ---- requests ---- */

static const struct rec_register *register_of_record(const struct kt_room *r,
                                                     const struct kt_record_model *m, int64_t id)
{
    struct kt_db *db;
    struct kt_stmt *st;
    uint32_t reg = KT_NONE;
    if (!id || kt_store_read(r->store, &db, NULL) < 0) {
        return NULL;
    }
    if (kt_db_prepare(db, "SELECT register FROM kt_record WHERE id = ?", &st, NULL) == KT_OK) {
        kt_bind_i64(st, 1, id);
        reg = kt_stmt_step(st, NULL) > 0 ? rec_register_of(m, kt_col_text(st, 0)) : KT_NONE;
        kt_stmt_done(st);
    }
    kt_store_read_done(r->store, db);
    return reg == KT_NONE ? NULL : &m->registers[reg];
}

static bool has_personal(const struct rec_register *reg)
{
    bool any = false;
    for (uint32_t i = 0; reg && i < reg->fields_n; i++) {
        any |= reg->fields[i].personal;
    }
    return any;
}

static void write_refusal(const struct rec_request *q, int code, struct kt_buf *out)
{
    kt_buf_clear(out);
    struct kt_jw w = kt_jw_init(out);
    kt_jw_obj(&w);
    kt_jw_kbool(&w, "ok", false);
    kt_jw_kstr(&w, "code", kt_err_name(code));
    kt_jw_kstr(&w, "text", q->text);
    kt_jw_kstr(&w, "text_zh", q->text_zh);
    kt_jw_obj_end(&w);
}

typedef int (*seal_fn)(struct seal *s, const struct kt_json *v, struct kt_jw *w,
                       struct kt_err *err);

/* With references to model and site while it lasts. `reg` NULL: that of the record `id`. */
static int with_seal(struct kt_room *r, const char *reg, int64_t id, bool many, seal_fn fn,
                     const struct kt_json *v, struct kt_buf *out, struct kt_err *err)
{
    struct seal s = {.room = r, .many = many, .q = {.user = ""}};
    struct kt_jw w = kt_jw_init(out);
    int rc = KT_OK;
    pthread_mutex_lock(&r->lock);
    struct kt_record_model *m = kt_record_model_ref(r->model);
    s.site = kt_site_ref(r->site);
    pthread_mutex_unlock(&r->lock);
    s.q.a = kt_arena_new(0);
    uint32_t i = reg ? rec_register_of(m, reg) : KT_NONE;
    s.reg = !m->personal || !fn ? NULL
            : i != KT_NONE      ? &m->registers[i]
            : reg               ? NULL
                                : register_of_record(r, m, id);
    if (has_personal(s.reg)) {
        rc = fn(&s, v, &w, err);
    } else {
        kt_json_write(v, &w);
    }
    if (rc < 0 && s.q.text[0]) {
        write_refusal(&s.q, rc, out);
        rc = KT_EINVAL;
    } else if (rc == KT_EINVAL) {
        rc = KT_EINTERNAL;
    }
    rc = rc == KT_OK && many && has_personal(s.reg) ? kt_bodies_sync(r->dir, err) : rc;
    kt_arena_free(s.q.a);
    kt_record_model_unref(m);
    kt_site_unref(s.site);
    return rc;
}

int kt_room_seal(struct kt_room *r, const char *verb, const struct kt_json *args,
                 struct kt_buf *out, struct kt_err *err)
{
    static const char *const verbs[] = {"record.create", "record.set", "record.move",
                                        "record.bulk"};
    bool ours = false;
    for (size_t i = 0; i < KT_ARRAY_LEN(verbs); i++) {
        ours |= strcmp(verb, verbs[i]) == 0;
    }
    return with_seal(r, kt_json_get_str(args, "register", NULL), kt_json_get_int(args, "record", 0),
                     false, ours ? seal_object : NULL, args, out, err);
}

/* ---- the rows of an import ---- */

static int seal_rows(struct seal *s, const struct kt_json *v, struct kt_jw *w, struct kt_err *err)
{
    const struct kt_json *rows = kt_json_get(v, "rows");
    int rc = KT_OK;
    kt_jw_obj(w);
    kt_jw_key(w, "rows");
    kt_jw_arr(w);
    for (size_t i = 0; rc == KT_OK && i < kt_json_len(rows); i++) {
        rc = seal_object(s, kt_json_at(rows, i), w, err);
    }
    kt_jw_arr_end(w);
    kt_jw_obj_end(w);
    return rc;
}

bool kt_room_is_personal(struct kt_room *r, const char *reg)
{
    pthread_mutex_lock(&r->lock);
    uint32_t i = rec_register_of(r->model, reg);
    bool any = i != KT_NONE && has_personal(&r->model->registers[i]);
    pthread_mutex_unlock(&r->lock);
    return any;
}

int kt_room_seal_rows(struct kt_room *r, const char *reg, const struct kt_json *body,
                      struct kt_buf *out, struct kt_err *err)
{
    return with_seal(r, reg, 0, true, seal_rows, body, out, err);
}

/* ---- what is said of an upload ---- */

int kt_room_seal_about(struct kt_room *r, struct kt_str about, char ret[65], struct kt_err *err)
{
    struct seal s = {.room = r};
    return put_body(&s, "about", about, ret, err);
}
