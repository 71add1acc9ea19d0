/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
    READ_STEP = 64 * 1024,
    COPY_STEP = 1 << 20,
    NFTW_FDS = 16,
    FILE_MODE = 0600,
    DIR_MODE = 0750
};

static int err_path(struct kt_err *err, const char *what, const char *path)
{
    if (errno == ENOENT || errno == ENOTDIR) {
        return kt_err_set(err, KT_ENOTFOUND, "cannot %s %s: it does not exist", what, path);
    }
    return kt_err_sys(err, "cannot %s %s", what, path);
}

static int err_large(struct kt_err *err, const char *path, size_t max)
{
    return kt_err_set(err, KT_ELIMIT, "%s is larger than the %zu bytes allowed here", path, max);
}

static ssize_t read_some(int fd, void *to, size_t n)
{
    ssize_t got;
    do {
        got = read(fd, to, n);
    } while (got < 0 && errno == EINTR);
    return got;
}

static int read_rest(int fd, const char *path, size_t max, struct kt_buf *out, struct kt_err *err)
{
    for (size_t got = 0;;) {
        char beyond; /* tells "exactly max" from "more than max" */
        size_t want = max - got < READ_STEP ? max - got : READ_STEP;
        char *to = want ? kt_buf_reserve(out, want) : &beyond;
        if (!to) {
            return err_large(err, path, out->max);
        }
        ssize_t n = read_some(fd, to, want ? want : 1);
        if (n < 0) {
            return kt_err_sys(err, "cannot read %s", path);
        }
        if (n == 0) {
            return KT_OK;
        }
        if (want == 0) {
            return err_large(err, path, max);
        }
        got += (size_t)n;
        out->n += (size_t)n;
    }
}

int kt_file_read(const char *path, size_t max, struct kt_buf *out, struct kt_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return err_path(err, "read", path);
    }
    size_t before = out->n;
    size_t room = out->max ? out->max - out->n : max;
    int r = read_rest(fd, path, max < room ? max : room, out, err);
    if (r < 0) {
        out->n = before;
    }
    close(fd);
    return r;
}

int kt_write_all(int fd, const void *p, size_t n, struct kt_err *err)
{
    const char *at = p;
    while (n) {
        ssize_t w = write(fd, at, n);
        if (w < 0 && errno == EINTR) {
            continue;
        }
        if (w < 0) {
            return kt_err_sys(err, "cannot write");
        }
        at += w;
        n -= (size_t)w;
    }
    return KT_OK;
}

/* The folder part of a path, "." when there is none. */
static int folder_of(const char *path, char *to, size_t cap, struct kt_err *err)
{
    const char *slash = strrchr(path, '/');
    size_t n = !slash ? 0 : slash == path ? 1 : (size_t)(slash - path);
    if (n >= cap) {
        return kt_err_set(err, KT_EINVAL, "the path is too long: %s", path);
    }
    memcpy(to, path, n);
    to[n] = '\0';
    if (n == 0) {
        memcpy(to, ".", 2);
    }
    return KT_OK;
}

/* Whom a new file at `path` belongs to when root writes it. A disk that knows no owners (a stick)
 * keeps none. */
static void keep_owner(int fd, const char *path)
{
    struct stat st;
    char dir[PATH_MAX];
    if (geteuid() == 0 &&
        (stat(path, &st) == 0 ||
         (folder_of(path, dir, sizeof(dir), NULL) == KT_OK && stat(dir, &st) == 0)) &&
        fchown(fd, st.st_uid, st.st_gid) != 0) {
        return;
    }
}

void kt_file_own_as(const char *path, const char *like)
{
    struct stat st;
    if (geteuid() == 0 && stat(like, &st) == 0 && lchown(path, st.st_uid, st.st_gid) != 0) {
        return;
    }
}

static int write_synced(int fd, const char *path, mode_t mode, const void *p, size_t n,
                        struct kt_err *err)
{
    keep_owner(fd, path);
    if (fchmod(fd, mode) != 0) {
        return kt_err_sys(err, "cannot set the mode of %s", path);
    }
    int r = kt_write_all(fd, p, n, err);
    if (r < 0) {
        return r;
    }
    return fsync(fd) == 0 ? KT_OK : kt_err_sys(err, "cannot sync %s", path);
}

int kt_file_replace(const char *path, const void *p, size_t n, struct kt_err *err)
{
    struct stat st;
    mode_t mode = stat(path, &st) == 0 ? st.st_mode & 07777 : FILE_MODE;
    return kt_file_replace_mode(path, p, n, mode, err);
}

int kt_file_replace_mode(const char *path, const void *p, size_t n, unsigned mode,
                         struct kt_err *err)
{
    char dir[PATH_MAX], tmp[PATH_MAX];
    int r = folder_of(path, dir, sizeof(dir), err);
    if (r < 0) {
        return r;
    }
    if (snprintf(tmp, sizeof(tmp), "%s.XXXXXX", path) >= (int)sizeof(tmp)) {
        return kt_err_set(err, KT_EINVAL, "the path is too long: %s", path);
    }
    int fd = mkostemp(tmp, O_CLOEXEC);
    if (fd < 0) {
        return err_path(err, "create a file beside", path);
    }
    r = write_synced(fd, path, (mode_t)mode, p, n, err);
    if (close(fd) != 0 && r == KT_OK) {
        r = kt_err_sys(err, "cannot close %s", tmp);
    }
    if (r == KT_OK && rename(tmp, path) != 0) {
        r = kt_err_sys(err, "cannot rename %s to %s", tmp, path);
    }
    if (r < 0) {
        unlink(tmp);
        return r;
    }
    return kt_dir_sync(dir, err);
}

static int copy_bytes(int in, int out, const char *from, struct kt_err *err)
{
    char *piece = malloc(COPY_STEP);
    KT_ASSERT(piece);
    int r = KT_OK;
    for (ssize_t n = 1; r == KT_OK && n > 0;) {
        n = read_some(in, piece, COPY_STEP);
        r = n < 0 ? kt_err_sys(err, "cannot read %s", from)
                  : kt_write_all(out, piece, (size_t)n, err);
    }
    free(piece);
    return r;
}

static int copy_to(int in, const char *from, const char *to, unsigned mode, struct kt_err *err)
{
    char tmp[PATH_MAX];
    if (snprintf(tmp, sizeof(tmp), "%s.XXXXXX", to) >= (int)sizeof(tmp)) {
        return kt_err_set(err, KT_EINVAL, "the path is too long: %s", to);
    }
    int out = mkostemp(tmp, O_CLOEXEC);
    if (out < 0) {
        return err_path(err, "create a file beside", to);
    }
    int r = copy_bytes(in, out, from, err);
    if (r == KT_OK) {
        r = write_synced(out, to, (mode_t)mode, "", 0, err);
    }
    close(out);
    if (r == KT_OK && rename(tmp, to) != 0) {
        r = kt_err_sys(err, "cannot rename %s to %s", tmp, to);
    }
    if (r < 0) {
        unlink(tmp);
    }
    return r;
}

int kt_file_copy(const char *from, const char *to, unsigned mode, struct kt_err *err)
{
    char dir[PATH_MAX];
    int r = folder_of(to, dir, sizeof(dir), err);
    if (r < 0) {
        return r;
    }
    int in = open(from, O_RDONLY | O_CLOEXEC);
    if (in < 0) {
        return err_path(err, "read", from);
    }
    r = copy_to(in, from, to, mode, err);
    close(in);
    return r < 0 ? r : kt_dir_sync(dir, err);
}

static int make_one(const char *path, struct kt_err *err)
{
    if (mkdir(path, DIR_MODE) == 0) {
        return KT_OK;
    }
    int why = errno;
    struct stat st;
    if (stat(path, &st) == 0) {
        return S_ISDIR(st.st_mode) ? KT_OK : kt_err_set(err, KT_EEXIST, "%s is not a folder", path);
    }
    errno = why;
    return kt_err_sys(err, "cannot make the folder %s", path);
}

int kt_dir_make(const char *path, struct kt_err *err)
{
    char part[PATH_MAX];
    size_t n = strlen(path);
    if (n == 0 || n >= sizeof(part)) {
        return kt_err_set(err, KT_EINVAL, "not a path of a folder: \"%s\"", path);
    }
    memcpy(part, path, n + 1);
    for (char *at = part + 1; (at = strchr(at, '/')); at++) {
        *at = '\0';
        int r = make_one(part, err);
        if (r < 0) {
            return r;
        }
        *at = '/';
    }
    return make_one(part, err);
}

int kt_dir_sync(const char *path, struct kt_err *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return err_path(err, "open", path);
    }
    int r = fsync(fd) == 0 ? KT_OK : kt_err_sys(err, "cannot sync the folder %s", path);
    close(fd);
    return r;
}

bool kt_file_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

int64_t kt_file_size(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? (int64_t)st.st_size : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    remove(path);
    return 0;
}

void kt_dir_remove(const char *path)
{
    nftw(path, remove_one, NFTW_FDS, FTW_DEPTH | FTW_PHYS);
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A list that doubles inside the arena: at most twice the final size is used. */
static char **list_grow(struct kt_arena *arena, char **names, size_t n, size_t *cap)
{
    if (n < *cap) {
        return names;
    }
    size_t more = *cap ? *cap * 2 : 32;
    char **to = KT_NEW_ARRAY(arena, char *, more);
    if (n) {
        memcpy(to, names, n * sizeof(*to));
    }
    *cap = more;
    return to;
}

int kt_dir_list(const char *path, struct kt_arena *arena, char ***ret_names, size_t *ret_n,
                struct kt_err *err)
{
    DIR *d = opendir(path);
    if (!d) {
        return err_path(err, "list", path);
    }
    size_t n = 0, cap = 0;
    char **names = list_grow(arena, NULL, 0, &cap);
    for (;;) {
        errno = 0;
        struct dirent *e = readdir(d);
        if (!e) {
            break;
        }
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
            names = list_grow(arena, names, n, &cap);
            names[n++] = kt_arena_strdup(arena, e->d_name);
        }
    }
    int r = errno ? kt_err_sys(err, "cannot list %s", path) : KT_OK;
    closedir(d);
    if (r == KT_OK) {
        qsort(names, n, sizeof(*names), by_bytes);
        *ret_names = names;
        *ret_n = n;
    }
    return r;
}

int64_t kt_disk_free(const char *path)
{
    struct statvfs st;
    if (statvfs(path, &st) != 0) {
        return -1;
    }
    return (int64_t)st.f_bavail * (int64_t)st.f_frsize;
}

int kt_dir_temp(const char *prefix, char *ret, size_t cap, struct kt_err *err)
{
    char path[PATH_MAX];
    const char *base = getenv("TMPDIR");
    int n = snprintf(path, sizeof(path), "%s/%s.XXXXXX", base && *base ? base : "/tmp", prefix);
    if (n >= (int)sizeof(path) || (size_t)n >= cap) {
        return kt_err_set(err, KT_EINVAL, "the path of a temporary folder is too long");
    }
    if (!mkdtemp(path)) {
        return kt_err_sys(err, "cannot make the temporary folder %s", path);
    }
    memcpy(ret, path, (size_t)n + 1);
    return KT_OK;
}
