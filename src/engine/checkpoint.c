/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checkpoints: data/checkpoints/SEQ-TIME.ckpt, written beside and renamed. A header of 128 bytes
 * with its own CRC names seq, time, site and the hash of the state behind it; a file is used only
 * when all of it fits.
 */
#include "engine/runtime_past.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "engine/bodies.h"
#include "sys/file.h"

enum { HEADER = 128, STATE_MAX = 1 << 30 };
static const char magic[8] = "KTCKPT01";

struct file_name {
    kt_seq seq;
    kt_time time;
};

static void dir_of(const char *data_dir, char to[600])
{
    snprintf(to, 600, "%s/checkpoints", data_dir);
}

static void path_of(const char *data_dir, const struct file_name *f, char to[700])
{
    snprintf(to, 700, "%s/checkpoints/%020" PRIu64 "-%020" PRId64 ".ckpt", data_dir, f->seq,
             f->time);
}

static void put_header(struct kt_buf *b, const struct rt_checkpoint *c, struct kt_str state)
{
    struct kt_hash hash;
    kt_hash_of(state.p, state.n, &hash);
    kt_buf_put(b, magic, sizeof(magic));
    kt_put_u64(b, c->seq);
    kt_put_i64(b, c->time);
    kt_buf_put(b, c->site.b, sizeof(c->site.b));
    kt_put_u64(b, state.n);
    kt_buf_put(b, hash.b, sizeof(hash.b));
    while (b->n < HEADER - 4) {
        kt_put_u8(b, 0);
    }
    kt_put_u32(b, kt_crc32c(0, b->p, HEADER - 4));
}

int rt_checkpoint_write(const char *data_dir, const struct rt_checkpoint *c, struct kt_str state,
                        struct kt_err *err)
{
    char dir[600], path[700];
    dir_of(data_dir, dir);
    path_of(data_dir, &(struct file_name){c->seq, c->time}, path);
    int r = kt_dir_make(dir, err);
    if (r < 0) {
        return r;
    }
    struct kt_buf b;
    kt_buf_init(&b, (size_t)STATE_MAX + HEADER);
    put_header(&b, c, state);
    kt_buf_put(&b, state.p, state.n);
    r = b.full ? kt_err_set(err, KT_ELIMIT, "%s: the state is too large", path)
               : kt_file_replace(path, b.p, b.n, err);
    kt_buf_done(&b);
    return r;
}

static bool read_name(const char *name, struct file_name *ret)
{
    char *end;
    if (strlen(name) != 20 + 1 + 20 + 5 || name[20] != '-' || strcmp(name + 41, ".ckpt") != 0) {
        return false;
    }
    ret->seq = strtoull(name, &end, 10);
    if (end != name + 20) {
        return false;
    }
    ret->time = strtoll(name + 21, &end, 10);
    return end == name + 41;
}

/* All files by seq, oldest first. */
static size_t list(const char *data_dir, struct kt_arena *arena, struct file_name **ret)
{
    char dir[600], **names;
    size_t n, found = 0;
    struct kt_err err;
    dir_of(data_dir, dir);
    if (!kt_file_exists(dir) || kt_dir_list(dir, arena, &names, &n, &err) < 0) {
        return 0;
    }
    struct file_name *files = KT_NEW_ARRAY(arena, struct file_name, n + 1);
    for (size_t i = 0; i < n; i++) {
        found += read_name(names[i], &files[found]);
    }
    *ret = files;
    return found;
}

static int read_one(const char *data_dir, const struct file_name *f, struct rt_checkpoint *ret,
                    struct kt_buf *state, struct kt_err *err)
{
    char path[700];
    path_of(data_dir, f, path);
    kt_buf_clear(state);
    int r = kt_file_read(path, (size_t)STATE_MAX + HEADER, state, err);
    if (r < 0) {
        return r;
    }
    struct kt_rd rd = kt_rd_init(state->p, state->n);
    const char *m = kt_rd_take(&rd, sizeof(magic));
    struct rt_checkpoint c = {.seq = kt_get_u64(&rd), .time = kt_get_i64(&rd)};
    const void *site = kt_rd_take(&rd, sizeof(c.site.b));
    uint64_t n = kt_get_u64(&rd);
    struct kt_hash want, got;
    const void *hash = kt_rd_take(&rd, sizeof(want.b));
    uint32_t crc;
    if (rd.bad || state->n < HEADER || memcmp(m, magic, sizeof(magic)) != 0 ||
        (memcpy(&crc, state->p + HEADER - 4, 4), crc != kt_crc32c(0, state->p, HEADER - 4)) ||
        n != state->n - HEADER || c.seq != f->seq || c.time != f->time) {
        return kt_err_set(err, KT_ECORRUPT, "%s: the header is damaged", path);
    }
    memcpy(c.site.b, site, sizeof(c.site.b));
    memcpy(want.b, hash, sizeof(want.b));
    kt_hash_of(state->p + HEADER, n, &got);
    if (!kt_hash_eq(&want, &got)) {
        return kt_err_set(err, KT_ECORRUPT, "%s: the state is damaged", path);
    }
    memmove(state->p, state->p + HEADER, n);
    state->n = n;
    *ret = c;
    return KT_OK;
}

int rt_checkpoint_find(const char *data_dir, kt_seq max_seq, kt_time max_time,
                       struct rt_checkpoint *ret, struct kt_buf *state, struct kt_err *err)
{
    struct kt_arena *arena = kt_arena_new(0);
    struct file_name *files = NULL;
    size_t n = list(data_dir, arena, &files);
    int r = KT_ENOTFOUND;
    for (size_t i = n; i > 0 && r < 0; i--) {
        struct file_name *f = &files[i - 1];
        if (f->seq > max_seq || f->time > max_time) {
            continue;
        }
        struct kt_err why = {0};
        r = read_one(data_dir, f, ret, state, &why);
        if (r < 0) {
            KT_WARN("checkpoint", "%s; an older one is used", why.text);
        }
    }
    kt_arena_free(arena);
    return r < 0 ? kt_err_set(err, KT_ENOTFOUND, "no checkpoint") : KT_OK;
}

kt_seq kt_checkpoint_newest(const char *data_dir)
{
    struct kt_arena *arena = kt_arena_new(0);
    struct file_name *files = NULL;
    size_t n = list(data_dir, arena, &files);
    kt_seq seq = n ? files[n - 1].seq : 0;
    kt_arena_free(arena);
    return seq;
}

static void remove_file(const char *data_dir, const struct file_name *f)
{
    char path[700];
    path_of(data_dir, f, path);
    if (unlink(path) < 0) {
        KT_WARN("checkpoint", "%s cannot be removed", path);
    }
}

void rt_checkpoint_drop_after(const char *data_dir, kt_seq seq)
{
    struct kt_arena *arena = kt_arena_new(0);
    struct file_name *files = NULL;
    size_t n = list(data_dir, arena, &files);
    for (size_t i = 0; i < n; i++) {
        if (files[i].seq > seq) {
            remove_file(data_dir, &files[i]);
        }
    }
    kt_arena_free(arena);
}

void rt_checkpoint_thin(const char *data_dir, int days)
{
    enum { LAST = 3 };
    struct kt_arena *arena = kt_arena_new(0);
    struct file_name *files = NULL;
    size_t n = list(data_dir, arena, &files);
    kt_time newest = n ? files[n - 1].time : 0, kept = INT64_MIN;
    for (size_t i = 0; i + LAST < n; i++) {
        kt_time age = newest - files[i].time;
        int64_t step = age <= KT_DAY ? 10 * KT_MIN : KT_HOUR;
        bool same_step = kept != INT64_MIN && files[i].time / step == kept / step;
        if (age > days * KT_DAY || same_step) {
            remove_file(data_dir, &files[i]);
        } else {
            kept = files[i].time;
        }
    }
    kt_arena_free(arena);
}
