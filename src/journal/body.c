/* SPDX-License-Identifier: Apache-2.0 */
/*
 * body: large bodies as files DIR/bodies/ab/abcd…, named by their hash. Who puts the same body
 * twice finds it there; an erased one leaves its hash in the journal.
 */
#include "journal/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "sys/file.h"

enum { BODY_PATH = 1024 };

static int body_path(char to[BODY_PATH], const char *dir, const struct kt_hash *h, bool file,
                     struct kt_err *err)
{
    char hex[65];
    kt_hash_hex(h, hex);
    int n =
        snprintf(to, BODY_PATH, "%s/bodies/%.2s%s%s", dir, hex, file ? "/" : "", file ? hex : "");
    if (n >= BODY_PATH) {
        return kt_err_set(err, KT_EINVAL, "the path of the bodies is too long: %.200s", dir);
    }
    return KT_OK;
}

static int make_folder(const char *dir, const struct kt_hash *h, struct kt_err *err)
{
    char path[BODY_PATH];
    int r = body_path(path, dir, h, false, err);
    if (r < 0 || kt_file_exists(path)) {
        return r;
    }
    r = kt_dir_make(path, err);
    if (r < 0) {
        return r;
    }
    snprintf(path, sizeof(path), "%s/bodies", dir);
    r = kt_dir_sync(path, err);
    return r < 0 ? r : kt_dir_sync(dir, err);
}

int kt_body_put(const char *dir, const void *p, size_t n, struct kt_hash *ret, struct kt_err *err)
{
    char path[BODY_PATH];
    struct kt_hash hash;
    kt_hash_of(p, n, &hash);
    int r = body_path(path, dir, &hash, true, err);
    if (r == KT_OK && kt_file_size(path) != (int64_t)n) {
        r = make_folder(dir, &hash, err);
        if (r == KT_OK) {
            r = kt_file_replace(path, p, n, err);
        }
    }
    if (r == KT_OK) {
        *ret = hash;
    }
    return r;
}

static int write_body(const char *path, const void *p, size_t n, struct kt_err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    if (fd < 0) {
        return kt_err_sys(err, "cannot write %s", path);
    }
    int r = kt_write_all(fd, p, n, err);
    if (close(fd) != 0 && r == KT_OK) {
        r = kt_err_sys(err, "cannot write %s", path);
    }
    if (r < 0) {
        unlink(path);
    }
    return r;
}

int kt_body_put_soon(const char *dir, const void *p, size_t n, struct kt_hash *ret,
                     struct kt_err *err)
{
    char path[BODY_PATH];
    struct kt_hash hash;
    kt_hash_of(p, n, &hash);
    int r = body_path(path, dir, &hash, true, err);
    r = r == KT_OK ? make_folder(dir, &hash, err) : r;
    r = r == KT_OK ? write_body(path, p, n, err) : r;
    if (r == KT_OK) {
        *ret = hash;
    }
    return r;
}

int kt_bodies_sync(const char *dir, struct kt_err *err)
{
    char path[BODY_PATH];
    snprintf(path, sizeof(path), "%s/bodies", dir);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int r = fd >= 0 && syncfs(fd) == 0 ? KT_OK : kt_err_sys(err, "cannot sync %s", path);
    if (fd >= 0) {
        close(fd);
    }
    return r;
}

int kt_body_get(const char *dir, const struct kt_hash *h, size_t max, struct kt_buf *out,
                struct kt_err *err)
{
    char path[BODY_PATH];
    struct kt_hash found;
    size_t before = out->n;
    int r = body_path(path, dir, h, true, err);
    if (r == KT_OK) {
        r = kt_file_read(path, max, out, err);
    }
    if (r < 0) {
        return r;
    }
    kt_hash_of(out->p ? out->p + before : "", out->n - before, &found);
    if (!kt_hash_eq(&found, h)) {
        out->n = before;
        return kt_err_set(err, KT_ECORRUPT, "the body %s does not fit its name; restore it", path);
    }
    return KT_OK;
}

int kt_body_erase(const char *dir, const struct kt_hash *h, struct kt_err *err)
{
    char path[BODY_PATH];
    int r = body_path(path, dir, h, true, err);
    if (r == KT_OK && unlink(path) != 0 && errno != ENOENT) {
        r = kt_err_sys(err, "cannot erase %s", path);
    }
    return r;
}
