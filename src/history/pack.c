/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small files at rest: NAME.db as one zstd frame, NAME.db.zst (`zstd -d` gives the database back).
 *
 * Invariant: at every moment one of the two is whole on disk. When both are there they hold the
 * same: the frame is synced before the file goes, the file is synced before the frame goes, and
 * nobody writes the file before it did. So the file counts and the frame is removed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "history/files.h"
#include "sys/file.h"

enum { LEVEL = 19, IMAGE_LEAST = 512, IMAGE_MOST = 64 << 20, PATH_CAP = 4096 };

static bool name_of(const char *path, char to[PATH_CAP])
{
    return snprintf(to, PATH_CAP, "%s%s", path, HISTORY_PACKED) < PATH_CAP;
}

static void sync_folder(const char *path)
{
    char dir[PATH_CAP];
    struct kt_err err;
    const char *slash = strrchr(path, '/');
    if (slash && snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path) + 1, path) > 0) {
        int r = kt_dir_sync(dir, &err);
        (void)r; /* either of the two is whole */
    }
}

static bool squeeze(const struct kt_buf *from, struct kt_buf *to)
{
    size_t bound = ZSTD_compressBound(from->n);
    char *p = kt_buf_reserve(to, bound);
    ZSTD_CCtx *zc = ZSTD_createCCtx();
    KT_ASSERT(p && zc);
    ZSTD_CCtx_setParameter(zc, ZSTD_c_compressionLevel, LEVEL);
    ZSTD_CCtx_setParameter(zc, ZSTD_c_checksumFlag, 1);
    size_t n = ZSTD_compress2(zc, p, bound, from->p, from->n);
    ZSTD_freeCCtx(zc);
    to->n += ZSTD_isError(n) ? 0 : n;
    return !ZSTD_isError(n);
}

void history_pack(const char *path)
{
    char packed[PATH_CAP];
    struct kt_err err;
    struct kt_buf from, to;
    struct stat st;
    if (stat(path, &st) != 0 || st.st_size < IMAGE_LEAST || st.st_size > HISTORY_PACKED_MOST ||
        !name_of(path, packed)) {
        return;
    }
    kt_buf_init(&from, 0);
    kt_buf_init(&to, 0);
    if (kt_file_read(path, (size_t)st.st_size, &from, &err) == KT_OK && squeeze(&from, &to) &&
        kt_file_replace_mode(packed, to.p, to.n, st.st_mode & 0777, &err) == KT_OK) {
        unlink(path);
        sync_folder(path);
    }
    kt_buf_done(&from);
    kt_buf_done(&to);
}

static int open_frame(const struct kt_buf *from, const char *packed, struct kt_buf *to,
                      struct kt_err *err)
{
    unsigned long long n = from->n ? ZSTD_getFrameContentSize(from->p, from->n) : 0;
    if (n < IMAGE_LEAST || n > IMAGE_MOST) { /* so are the two values that mean an error */
        return kt_err_set(err, KT_ECORRUPT, "%s is damaged; restore the file from a backup",
                          packed);
    }
    char *p = kt_buf_reserve(to, (size_t)n);
    KT_ASSERT(p);
    size_t got = ZSTD_decompress(p, (size_t)n, from->p, from->n);
    if (ZSTD_isError(got) || got != n) {
        return kt_err_set(err, KT_ECORRUPT, "%s is damaged (%s); restore the file from a backup",
                          packed, ZSTD_isError(got) ? ZSTD_getErrorName(got) : "too short");
    }
    to->n += got;
    return KT_OK;
}

int history_packed_read(const char *path, struct kt_buf *ret, struct kt_err *err)
{
    char packed[PATH_CAP];
    struct kt_buf from;
    if (!name_of(path, packed)) {
        return kt_err_set(err, KT_EINVAL, "the path is too long: %s", path);
    }
    kt_buf_init(&from, 0);
    int r = kt_file_read(packed, IMAGE_MOST, &from, err);
    if (r == KT_OK) {
        r = open_frame(&from, packed, ret, err);
    }
    kt_buf_done(&from);
    return r;
}

bool history_is_packed(const char *path)
{
    char packed[PATH_CAP];
    return !kt_file_exists(path) && name_of(path, packed) && kt_file_exists(packed);
}

void history_packed_remove(const char *path)
{
    char packed[PATH_CAP];
    if (name_of(path, packed) && unlink(packed) == 0) {
        sync_folder(path);
    }
}

int history_unpack(const char *path, struct kt_err *err)
{
    char packed[PATH_CAP];
    struct kt_buf image;
    struct stat st;
    if (!history_is_packed(path) || !name_of(path, packed) || stat(packed, &st) != 0) {
        return KT_OK;
    }
    kt_buf_init(&image, 0);
    int r = history_packed_read(path, &image, err);
    if (r == KT_OK) {
        r = kt_file_replace_mode(path, image.p, image.n, st.st_mode & 0777, err);
    }
    kt_buf_done(&image);
    return r;
}
