/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lend: a node's files for one that is being made, in pieces, in the order of a backup: what knows
 * how far it has read the journal first, then the journal, then what the journal names. Databases
 * and segments change while they are read: a copy of each is lent, in a folder for each visit
 * (data/lend/VISIT), so several nodes may be made at once. Not lent: secrets, users (the other node
 * gets them from the active one), what belongs to this node alone.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/cluster.h"
#include "base/crypto.h"
#include "store/store.h"
#include "sys/clock.h"
#include "sys/file.h"

enum { DEPTH_MAX = 6, PIECE = 8 << 20, LIST_MAX = 64 << 20, RANKS = 5, VISIT = 16 };
#define VISIT_NS                                                                                   \
    (6 * 3600 * KT_SEC) /* without a copy made or given back it has been broken off                \
                         */

static bool begins(const char *s, const char *with)
{
    size_t n = strlen(with);
    return strncmp(s, with, n) == 0 && (s[n] == '\0' || s[n] == '/');
}

/* Below the site folder; no way out of it. */
static bool lent(const char *rel)
{
    static const char *const own[] = {"secrets",   "data/run.json", "data/users.db", "data/upward",
                                      "data/site", "data/site.new", "data/site.old", "data/cut",
                                      "data/lend", "data/thumbs",   "drop"};
    static const char *const passing[] = {"-wal", "-shm", "lock", ".tmp", ".part", "reserve.ktj"};
    bool no = !rel[0] || rel[0] == '/' || rel[0] == '.' || strstr(rel, "..") != NULL ||
              strstr(rel, "/.") != NULL || strstr(rel, "/spare-") != NULL;
    for (size_t i = 0; i < KT_ARRAY_LEN(own); i++) {
        no |= begins(rel, own[i]);
    }
    for (size_t i = 0; i < KT_ARRAY_LEN(passing); i++) {
        no |= kt_text_ends(rel, passing[i]);
    }
    return !no;
}

static int rank_of(const char *rel)
{
    return !strcmp(rel, "data/history/state.db")                           ? 0
           : begins(rel, "data/journal")                                   ? 2
           : begins(rel, "data/bodies") || !strcmp(rel, "data/points.ids") ? 3
           : begins(rel, "data")                                           ? 1
                                                                           : 4;
}

struct listing {
    struct kt_api *api;
    struct kt_jw w;
    int rank;
};

static void list(struct listing *l, const char *base, const char *rel, int depth);

static void list_one(struct listing *l, const char *base, const char *rel, int depth)
{
    char path[1400];
    struct stat st;
    snprintf(path, sizeof(path), "%s/%s", base, rel);
    if (!lent(rel) || lstat(path, &st) != 0) {
        return;
    }
    if (S_ISDIR(st.st_mode)) {
        list(l, base, rel, depth + 1);
    } else if (S_ISREG(st.st_mode) && rank_of(rel) == l->rank) {
        kt_jw_obj(&l->w);
        kt_jw_kstr(&l->w, "name", rel);
        kt_jw_kint(&l->w, "size", st.st_size);
        kt_jw_obj_end(&l->w);
    }
}

static void list(struct listing *l, const char *base, const char *rel, int depth)
{
    char path[1400];
    char **names;
    size_t n = 0;
    struct kt_arena *arena = kt_arena_new(LIST_MAX);
    snprintf(path, sizeof(path), "%s/%s", base, rel);
    if (depth <= DEPTH_MAX && kt_dir_list(path, arena, &names, &n, NULL) == KT_OK) {
        for (size_t i = 0; i < n; i++) {
            char *next = kt_arena_printf(arena, "%s%s%s", rel, *rel ? "/" : "", names[i]);
            if (strlen(next) < 1000) {
                list_one(l, base, next, depth);
            }
        }
    }
    kt_arena_free(arena);
}

/* Visits that were broken off. */
static void clear(struct kt_api *a)
{
    char lend[900], path[1400];
    char **names;
    size_t n = 0;
    struct stat st;
    struct kt_arena *arena = kt_arena_new(1 << 20);
    snprintf(lend, sizeof(lend), "%s/data/lend", a->opts.site_dir);
    if (kt_dir_list(lend, arena, &names, &n, NULL) == KT_OK) {
        for (size_t i = 0; i < n; i++) {
            snprintf(path, sizeof(path), "%s/%.100s", lend, names[i]);
            if (lstat(path, &st) == 0 && st.st_mtime * KT_SEC < kt_clock_now() - VISIT_NS) {
                kt_dir_remove(path);
            }
        }
    }
    kt_arena_free(arena);
}

void lend_list(struct kt_api *a, struct kt_http_req *req)
{
    struct kt_buf out;
    uint64_t visit;
    char name[VISIT + 1];
    clear(a);
    kt_random(&visit, sizeof(visit));
    snprintf(name, sizeof(name), "%016" PRIx64, visit);
    kt_buf_init(&out, LIST_MAX);
    struct listing l = {.api = a, .w = kt_jw_init(&out)};
    kt_jw_obj(&l.w);
    kt_jw_kstr(&l.w, "visit", name);
    kt_jw_key(&l.w, "files");
    kt_jw_arr(&l.w);
    for (l.rank = 0; l.rank < RANKS; l.rank++) {
        list(&l, a->opts.site_dir, "", 0);
    }
    kt_jw_arr_end(&l.w);
    kt_jw_obj_end(&l.w);
    kt_http_reply_take(req, 200, "application/json", &out);
}

/* ---- one file ---- */

static int copy_db(const char *from, const char *to, struct kt_err *err)
{
    struct kt_store *s;
    struct kt_store_opts o = {.path = from, .read_only = true};
    int r = kt_store_open(&o, &s, err);
    if (r == KT_OK) {
        r = kt_store_backup(s, to, err);
        kt_store_close(s);
    }
    return r;
}

/* Where it is read from; *ret_copy: a copy, that goes with the last piece. */
static int place_of(struct kt_api *a, const char *visit, const char *rel, bool first, char to[1400],
                    bool *ret_copy, struct kt_err *err)
{
    char folder[900], hex[65];
    struct kt_hash h;
    bool data = begins(rel, "data"), db = data && kt_text_ends(rel, ".db");
    snprintf(to, 1400, "%s/%s", a->opts.site_dir, rel);
    *ret_copy = db || (data && kt_text_ends(rel, ".ktj"));
    if (!*ret_copy) {
        return KT_OK;
    }
    char from[1400];
    memcpy(from, to, sizeof(from));
    kt_hash_of(rel, strlen(rel), &h);
    snprintf(folder, sizeof(folder), "%s/data/lend/%s", a->opts.site_dir, visit);
    snprintf(to, 1400, "%s/%.32s", folder, kt_hash_hex(&h, hex));
    if (!first) {
        return KT_OK;
    }
    if (!kt_file_exists(from)) {
        return kt_err_set(err, KT_ENOTFOUND, "%s is not here any more", rel);
    }
    int r = kt_dir_make(folder, err);
    return r < 0 ? r : db ? copy_db(from, to, err) : kt_file_copy(from, to, 0600, err);
}

static int read_piece(const char *path, int64_t at, struct kt_buf *out, struct kt_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    char *room = fd < 0 ? NULL : kt_buf_reserve(out, PIECE);
    ssize_t n = room ? pread(fd, room, PIECE, at) : -1;
    if (n < 0) {
        kt_err_set(err, fd < 0 ? KT_ENOTFOUND : KT_EIO, "%s cannot be read", path);
    } else {
        out->n += (size_t)n;
    }
    if (fd >= 0) {
        close(fd);
    }
    return n < 0 ? (fd < 0 ? KT_ENOTFOUND : KT_EIO) : KT_OK;
}

void lend_file(struct kt_api *a, struct kt_http_req *req)
{
    char path[1400];
    bool copy = false;
    struct kt_buf out;
    struct kt_err err = {0};
    const char *name = kt_http_query(req, "name"), *text = kt_http_query(req, "at");
    const char *visit = kt_http_query(req, "visit") ? kt_http_query(req, "visit") : "0";
    int64_t at = text ? strtoll(text, NULL, 10) : 0;
    if (!name || strlen(name) >= 1000 || !lent(name) || at < 0 || !*visit ||
        strlen(visit) > VISIT || visit[strspn(visit, "0123456789abcdef")]) {
        reply_code(req, KT_ENOTFOUND, "there is no such file");
        return;
    }
    kt_buf_init(&out, PIECE + 64);
    int r = place_of(a, visit, name, at == 0, path, &copy, &err);
    r = r < 0 ? r : read_piece(path, at, &out, &err);
    if (r == KT_OK && copy && out.n < PIECE) {
        unlink(path);
    }
    if (r < 0) {
        kt_buf_done(&out);
        reply_err(req, &err);
    } else {
        kt_http_reply_take(req, 200, "application/octet-stream", &out);
    }
}
