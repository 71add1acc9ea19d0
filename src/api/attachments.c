/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attachments: bytes come up as a body by hash; a note in data/staged says who sent them and what
 * was found in them. record.attach is let through for who has such a note, with what the note says.
 * An upload that no record has taken within a day goes, note and body.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "api/records.h"
#include "base/crypto.h"
#include "base/percent.h"
#include "report/read.h"
#include "sys/file.h"

enum { NAME_MAX_BYTES = 255, THUMB_MAX = 1 << 20 };

/* ---- notes ----------------------------------------------------------------------------------- */

/* DIR/staged/HASH.USER, the user as a hash: names of people are no names of files. */
static const char *note_path(const struct call *c, const char *hash)
{
    struct kt_hash who;
    char hex[65];
    kt_hash_of(c->person.user, strlen(c->person.user), &who);
    return kt_arena_printf(c->arena, "%s/staged/%s.%.16s", data_dir(c), hash,
                           kt_hash_hex(&who, hex));
}

static bool is_hash(const char *s)
{
    struct kt_hash h;
    return s && kt_hash_from_hex(kt_str_c(s), &h) == KT_OK && strspn(s, "0123456789abcdef") == 64;
}

static int read_note(const struct call *c, const char *hash, struct kt_json **ret,
                     struct kt_err *err)
{
    struct kt_buf b;
    kt_buf_init(&b, 1 << 20);
    int r = kt_file_read(note_path(c, hash), 1 << 20, &b, err);
    if (r == KT_OK) {
        r = kt_json_parse((struct kt_str){b.p, b.n}, 1 << 20, ret, err);
    }
    kt_buf_done(&b);
    return r;
}

/* ---- up -------------------------------------------------------------------------------------- */

struct upload {
    const char *name, *kind, *type;
    struct kt_str bytes;
    struct kt_json *look; /* of a picture, else NULL */
    const char *meta;     /* JSON, when the program has looked at it itself; else NULL */
    struct kt_hash hash;
    char sha256[65]; /* what phones and other programs know the bytes by */
    bool fresh;      /* its bytes were not here before */
    uint32_t copies; /* on how many disks it is; 0: one node alone has no others */
};

/* What a form may say of a file: its name without a path. */
static const char *plain_name(const struct call *c, const char *given)
{
    const char *base = given ? given : "";
    for (const char *p = base; *p; p++) {
        base = *p == '/' || *p == '\\' ? p + 1 : base;
    }
    size_t n = strlen(base);
    while (n > NAME_MAX_BYTES || (n < strlen(base) && ((unsigned char)base[n] & 0xc0) == 0x80)) {
        n--; /* not within a character */
    }
    char *name = kt_arena_strndup(c->arena, base, n);
    for (char *p = name; *p; p++) {
        *p = (unsigned char)*p < 0x20 || *p == 0x7f ? '_' : *p;
    }
    return *name ? name : "file";
}

/* The room tells kinds by the ends of names: a name that ends otherwise than its bytes gets their
 * end. */
static const char *fitting_name(const struct call *c, const char *name, const char *kind)
{
    static const char *const also[][8] = {{"jpg", "jpeg"},
                                          {"txt", "csv", "dxf", "md", "json", "geojson", "xml"},
                                          {"xls", "doc", "ppt"},
                                          {"mp4", "mov", "m4a"}};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < KT_ARRAY_LEN(also); i++) {
        for (size_t k = 1; strcmp(also[i][0], kind) == 0 && also[i][k]; k++) {
            if (strcasecmp(dot + 1, also[i][k]) == 0) {
                return name;
            }
        }
    }
    if (dot && strcasecmp(dot + 1, kind) == 0) {
        return name;
    }
    return kt_arena_printf(c->arena, "%s.%s", strlen(name) < NAME_MAX_BYTES - 8 ? name : "file",
                           kind);
}

static int look_at_picture(struct upload *u, struct kt_err *err)
{
    struct kt_buf out;
    kt_buf_init(&out, 4 << 20);
    int r = kt_parse("image", u->bytes, NULL, NULL, &out, err);
    if (r == KT_OK) {
        r = kt_json_parse((struct kt_str){out.p, out.n}, 4 << 20, &u->look, err);
    }
    kt_buf_done(&out);
    return r;
}

/* What was said to be sent is what has come. */
static int same_bytes(struct upload *u, const char *said, struct kt_err *err)
{
    kt_sha256_of(u->bytes.p, u->bytes.n, u->sha256);
    if (said && *said && strcasecmp(said, u->sha256) != 0) {
        return kt_err_set(err, KT_EINVAL,
                          "what has come is not what was sent: its SHA-256 is %s, not %.64s; send "
                          "the file again",
                          u->sha256, said);
    }
    return KT_OK;
}

static int look_at(const struct call *c, struct upload *u, struct kt_err *err)
{
    u->kind = kt_file_kind(u->bytes);
    if (!u->kind) {
        return kt_err_set(err, KT_EUNSUPPORTED,
                          "what \"%.100s\" holds is of no kind that is kept here: pictures, PDF, "
                          "documents of an office, drawings, sound, video, text",
                          u->name);
    }
    u->type = kt_file_type(u->kind);
    u->name = fitting_name(c, u->name, u->kind);
    bool picture = strcmp(u->kind, "jpg") == 0 || strcmp(u->kind, "png") == 0;
    return picture ? look_at_picture(u, err) : KT_OK;
}

static void copy_number(const struct kt_json *from, const char *key, const char *as,
                        struct kt_jw *w)
{
    double v;
    if (kt_json_num(kt_json_get(from, key), &v)) {
        kt_jw_knum(w, as, v);
    }
}

static void query_number(struct call *c, const char *name, struct kt_jw *w)
{
    const char *text = kt_http_query(c->req, name);
    char *end;
    double v = text ? strtod(text, &end) : 0;
    if (text && *text && !*end && v - v == 0) {
        kt_jw_knum(w, name, v);
    }
}

/* What the phone says, and beside it what the picture says of itself. */
static void write_meta(struct call *c, const struct upload *u, kt_time taken, struct kt_jw *w)
{
    kt_jw_key(w, "meta");
    kt_jw_obj(w);
    if (taken) {
        kt_jw_kint(w, "taken", taken / KT_MS);
    }
    query_number(c, "x", w);
    query_number(c, "y", w);
    copy_number(u->look, "width", "width", w);
    copy_number(u->look, "height", "height", w);
    const char *camera = kt_json_get_str(u->look, "taken", NULL);
    if (camera) {
        kt_jw_kstr(w, "camera_time", camera);
    }
    copy_number(u->look, "lon", "camera_lon", w);
    copy_number(u->look, "lat", "camera_lat", w);
    kt_jw_obj_end(w);
}

/* @param inside  what the answer does not tell: whether somebody had these bytes already */
static void write_note(struct call *c, const struct upload *u, kt_time taken, bool inside,
                       struct kt_buf *out)
{
    char hex[65];
    struct kt_jw w = kt_jw_init(out);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "hash", kt_hash_hex(&u->hash, hex));
    kt_jw_kstr(&w, "sha256", u->sha256);
    kt_jw_kstr(&w, "name", u->name);
    kt_jw_kstr(&w, "type", u->type);
    kt_jw_kstr(&w, "kind", u->kind);
    kt_jw_kint(&w, "size", (int64_t)u->bytes.n);
    if (inside) {
        kt_jw_kbool(&w, "fresh", u->fresh);
    } else if (u->copies) {
        kt_jw_kint(&w, "copies", u->copies);
    }
    if (u->meta) {
        kt_jw_key(&w, "meta");
        kt_jw_raw(&w, kt_str_c(u->meta));
    } else {
        write_meta(c, u, taken, &w);
    }
    kt_jw_obj_end(&w);
}

static int save_thumb(const char *dir, const char *hash, const struct kt_json *look,
                      struct kt_err *err)
{
    char path[900];
    const char *text = kt_json_get_str(look, "thumb", "");
    char *jpeg = malloc(strlen(text) + 4);
    KT_ASSERT(jpeg);
    int n = kt_base64_decode(kt_str_c(text), jpeg, strlen(text) + 4);
    snprintf(path, sizeof(path), "%s/thumbs", dir);
    int r = n > 0 ? kt_dir_make(path, err) : KT_ENOTFOUND;
    if (r == KT_OK) {
        snprintf(path, sizeof(path), "%s/thumbs/%s.jpg", dir, hash);
        r = kt_file_replace(path, jpeg, (size_t)n, err);
    }
    free(jpeg);
    return r;
}

static bool body_is_here(const struct call *c, const struct kt_hash *h)
{
    char hex[65];
    kt_hash_hex(h, hex);
    return kt_file_exists(kt_arena_printf(c->arena, "%s/bodies/%.2s/%s", data_dir(c), hex, hex));
}

static int keep(struct call *c, struct upload *u, struct kt_err *err)
{
    char hex[65];
    kt_hash_of(u->bytes.p, u->bytes.n, &u->hash);
    u->fresh = !body_is_here(c, &u->hash);
    int r = kt_body_put(data_dir(c), u->bytes.p, u->bytes.n, &u->hash, err);
    if (r == KT_OK && u->look) {
        (void)save_thumb(data_dir(c), kt_hash_hex(&u->hash, hex), u->look, err); /* made again */
    }
    return r;
}

static int put_note(struct call *c, const struct upload *u, const struct kt_buf *note,
                    struct kt_err *err)
{
    char hex[65];
    int r = kt_dir_make(kt_arena_printf(c->arena, "%s/staged", data_dir(c)), err);
    return r < 0 ? r
                 : kt_file_replace(note_path(c, kt_hash_hex(&u->hash, hex)), note->p, note->n, err);
}

/* With its note on other nodes' disks before the caller is answered. */
static uint32_t copies(struct call *c, const struct upload *u)
{
    struct kt_cluster *cluster = kt_runtime_cluster(c->api->opts.runtime);
    return cluster ? kt_cluster_copies(cluster, &u->hash, 1) : 0;
}

/* Its note here, and what the caller is told. */
static int stage(struct call *c, struct upload *u, kt_time taken, struct kt_buf *out,
                 struct kt_err *err)
{
    int r = keep(c, u, err);
    if (r == KT_OK) {
        write_note(c, u, taken, true, out);
        r = put_note(c, u, out, err);
        u->copies = r == KT_OK ? copies(c, u) : 0;
        kt_buf_clear(out);
        write_note(c, u, taken, false, out);
    }
    return r;
}

int attachments_stage(struct call *c, const struct staged *s, struct kt_buf *out,
                      struct kt_err *err)
{
    struct upload u = {
        .name = s->name, .kind = s->kind, .type = s->type, .bytes = s->bytes, .meta = s->meta};
    attachments_sweep(c->api);
    kt_sha256_of(u.bytes.p, u.bytes.n, u.sha256);
    return stage(c, &u, 0, out, err);
}

void post_attachments(struct call *c)
{
    struct kt_err err = {0};
    kt_time taken;
    struct kt_buf note;
    struct upload u = {.name = plain_name(c, kt_http_query(c->req, "name")),
                       .bytes = kt_http_body(c->req)};
    if (!query_time(c, "taken", 0, &taken)) {
        return;
    }
    attachments_sweep(c->api);
    kt_buf_init(&note, 1 << 16);
    int r = u.bytes.n ? same_bytes(&u, kt_http_query(c->req, "sha256"), &err)
                      : kt_err_set(&err, KT_EINVAL, "the file is empty");
    r = r == KT_OK ? look_at(c, &u, &err) : r;
    r = r == KT_OK ? stage(c, &u, taken, &note, &err) : r;
    kt_json_free(u.look);
    reply_room(c, r, &note, &err);
}

/* ---- record.attach --------------------------------------------------------------------------- */

/* {"name", "meta"} of an upload go into a body of their own, which is erased with the file; the
 * event has no more of the name than its end. */
static int write_about(const struct call *c, const char *name, const struct kt_json *meta,
                       struct kt_jw *w, struct kt_err *err)
{
    char hex[65];
    const char *dot = strrchr(name, '.');
    struct kt_buf b;
    kt_buf_init(&b, 1 << 18);
    struct kt_jw aw = kt_jw_init(&b);
    kt_jw_obj(&aw);
    kt_jw_kstr(&aw, "name", name);
    kt_jw_key(&aw, "meta");
    kt_json_write(meta, &aw);
    kt_jw_obj_end(&aw);
    int r = kt_room_seal_about(kt_runtime_room(c->api->opts.runtime), (struct kt_str){b.p, b.n},
                               hex, err);
    kt_buf_done(&b);
    kt_jw_kstr(w, "name", kt_arena_printf(c->arena, "file%s", dot ? dot : ""));
    kt_jw_key(w, "about");
    kt_jw_obj(w);
    kt_jw_kstr(w, "body", r == KT_OK ? hex : "");
    kt_jw_obj_end(w);
    return r;
}

static int write_attach(const struct call *c, const struct kt_json *args,
                        const struct kt_json *note, struct kt_buf *out, struct kt_err *err)
{
    static const char *const from_note[] = {"type", "size"};
    static const char *const ours[] = {"type", "size", "meta", "name", "about"};
    const char *kind = kt_json_get_str(note, "kind", "txt");
    const char *name = kt_json_get_str(args, "name", kt_json_get_str(note, "name", "file"));
    struct kt_jw w = kt_jw_init(out);
    struct kt_json_iter it = {0};
    kt_jw_obj(&w);
    while (kt_json_next(args, &it)) {
        bool known = false;
        for (size_t i = 0; i < KT_ARRAY_LEN(ours); i++) {
            known |= strcmp(it.key, ours[i]) == 0;
        }
        if (!known) {
            kt_jw_key(&w, it.key);
            kt_json_write(it.value, &w);
        }
    }
    for (size_t i = 0; i < KT_ARRAY_LEN(from_note); i++) {
        kt_jw_key(&w, from_note[i]);
        kt_json_write(kt_json_get(note, from_note[i]), &w);
    }
    int r = write_about(c, fitting_name(c, plain_name(c, name), kind), kt_json_get(note, "meta"),
                        &w, err);
    kt_jw_obj_end(&w);
    return r;
}

const char *attach_args(struct call *c, const struct kt_json *args)
{
    const char *hash = kt_json_get_str(args, "hash", NULL);
    struct kt_json *note = NULL;
    struct kt_err err = {0};
    if (!is_hash(hash) || read_note(c, hash, &note, &err) < 0) {
        reply_code(c->req, KT_ENOTFOUND,
                   "there is no such upload of yours; send the file to POST /attachments first");
        return NULL;
    }
    const char *said = kt_json_get_str(args, "sha256", "");
    const char *is = kt_json_get_str(note, "sha256", said); /* older uploads have none */
    if (*said && strcasecmp(said, is) != 0) {
        reply_code(c->req, KT_EINVAL,
                   "what has come is not what was sent: its SHA-256 is %s, not %.64s; send the "
                   "file again",
                   is, said);
        kt_json_free(note);
        return NULL;
    }
    struct kt_buf b;
    kt_buf_init(&b, 1 << 18);
    const char *text = NULL;
    if (write_attach(c, args, note, &b, &err) < 0) {
        reply_err(c->req, &err);
    } else {
        text = kt_arena_strdup(c->arena, kt_buf_cstr(&b));
    }
    kt_json_free(note);
    kt_buf_done(&b);
    return text;
}

/* ---- down ------------------------------------------------------------------------------------ */

static void reply_file(struct call *c, const char *name, const char *type, struct kt_buf *b)
{
    bool shown = strcmp(type, "image/jpeg") == 0 || strcmp(type, "image/png") == 0;
    struct kt_buf head;
    kt_buf_init(&head, 4096);
    kt_buf_printf(&head, "%s; filename*=UTF-8''", shown ? "inline" : "attachment");
    kt_percent_put(&head, name, "-._");
    kt_http_set_header(c->req, "Content-Disposition", kt_buf_cstr(&head));
    kt_http_set_header(c->req, "X-Content-Type-Options", "nosniff");
    kt_http_set_header(c->req, "Content-Security-Policy", "default-src 'none'; sandbox");
    kt_http_set_header(c->req, "Cache-Control", "private, max-age=86400");
    kt_http_reply_take(c->req, 200, type, b);
    kt_buf_done(&head);
}

/* The small picture; made again when it is not there. */
static int read_thumb(struct call *c, const char *hash, const struct kt_hash *h, struct kt_buf *out,
                      struct kt_err *err)
{
    const char *path = kt_arena_printf(c->arena, "%s/thumbs/%s.jpg", data_dir(c), hash);
    if (kt_file_exists(path)) {
        return kt_file_read(path, THUMB_MAX, out, err);
    }
    struct upload u = {.name = ""};
    struct kt_buf bytes;
    kt_buf_init(&bytes, KT_IMAGE_BYTES_MAX);
    int r = kt_body_get(data_dir(c), h, KT_IMAGE_BYTES_MAX, &bytes, err);
    if (r == KT_OK) {
        u.bytes = (struct kt_str){bytes.p, bytes.n};
        r = look_at_picture(&u, err);
    }
    if (r == KT_OK) {
        r = save_thumb(data_dir(c), hash, u.look, err);
    }
    kt_json_free(u.look);
    kt_buf_done(&bytes);
    return r < 0 ? r : kt_file_read(path, THUMB_MAX, out, err);
}

void get_attachment(struct call *c)
{
    const char *hash = c->param[0], *name, *type, *size = kt_http_query(c->req, "size");
    struct kt_reader who = reader_of(c);
    struct kt_room *room = room_of(c);
    struct kt_err err = {0};
    struct kt_hash h;
    int64_t record;
    if (!room || !query_int(c, "record", 1, INT64_MAX, 0, &record)) {
        return;
    }
    if (!is_hash(hash) || !record ||
        kt_room_attachment(room, &who, record, hash, c->arena, &name, &type, &err) < 0 ||
        kt_hash_from_hex(kt_str_c(hash), &h) < 0) {
        reply_code(c->req, KT_ENOTFOUND, "there is no such attachment of a record that you see");
        return;
    }
    if (strcmp(type, KT_TRACK_TYPE) == 0) {
        reply_code(c->req, KT_EUNSUPPORTED,
                   "a track is looked at through /records/REGISTER/RECORD/tracks");
        return;
    }
    bool thumb = size && strcmp(size, "thumb") == 0;
    struct kt_buf b;
    kt_buf_init(&b, 128 << 20);
    int r = thumb ? read_thumb(c, hash, &h, &b, &err)
                  : kt_body_get(data_dir(c), &h, 128 << 20, &b, &err);
    if (r < 0) {
        kt_buf_done(&b);
        reply_err(c->req, &err);
    } else {
        reply_file(c, name, thumb ? "image/jpeg" : type, &b);
    }
}

/* ---- what nobody took ------------------------------------------------------------------------ */

static void remove_upload(struct kt_api *a, const char *dir, const char *file)
{
    char path[900], hash[65];
    struct kt_buf b;
    struct kt_json *note = NULL;
    snprintf(hash, sizeof(hash), "%.64s", file);
    snprintf(path, sizeof(path), "%s/staged/%s", dir, file);
    kt_buf_init(&b, 1 << 20);
    bool fresh = kt_file_read(path, 1 << 20, &b, NULL) == KT_OK &&
                 kt_json_parse((struct kt_str){b.p, b.n}, 1 << 20, &note, NULL) == KT_OK &&
                 kt_json_get_bool(note, "fresh", false);
    kt_buf_done(&b);
    kt_json_free(note);
    unlink(path);
    if (!fresh || !is_hash(hash) || kt_room_names_body(kt_runtime_room(a->opts.runtime), hash)) {
        return;
    }
    snprintf(path, sizeof(path), "%s/bodies/%.2s/%s", dir, hash, hash);
    unlink(path);
    snprintf(path, sizeof(path), "%s/thumbs/%s.jpg", dir, hash);
    unlink(path);
}

void attachments_claim(struct call *c, const char *hash)
{
    char **names;
    size_t n;
    const char *dir = kt_arena_printf(c->arena, "%s/staged", data_dir(c));
    if (!kt_file_exists(dir) || kt_dir_list(dir, c->arena, &names, &n, NULL) < 0) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        if (strncmp(names[i], hash, strlen(hash)) == 0) {
            unlink(kt_arena_printf(c->arena, "%s/%s", dir, names[i]));
        }
    }
}

void attachments_sweep(struct kt_api *a)
{
    char dir[700], path[900];
    char **names;
    size_t n;
    struct stat st;
    kt_time now = (kt_time)time(NULL) * KT_SEC; /* files have the machine's time, always */
    kt_time last = atomic_load(&a->swept);
    if (!kt_runtime_room(a->opts.runtime) || now - last < KT_HOUR ||
        !atomic_compare_exchange_strong(&a->swept, &last, now)) {
        return;
    }
    struct kt_arena *arena = kt_arena_new(64 << 20);
    snprintf(dir, sizeof(dir), "%s/data", a->opts.site_dir);
    snprintf(path, sizeof(path), "%s/staged", dir);
    if (kt_file_exists(path) && kt_dir_list(path, arena, &names, &n, NULL) == KT_OK) {
        for (size_t i = 0; i < n; i++) {
            snprintf(path, sizeof(path), "%s/staged/%s", dir, names[i]);
            if (stat(path, &st) == 0 && now - (kt_time)st.st_mtime * KT_SEC > KT_DAY) {
                remove_upload(a, dir, names[i]);
            }
        }
    }
    kt_arena_free(arena);
}
