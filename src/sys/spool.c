/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/file.h"

enum { PIECE = 256 << 10 };

struct kt_spool {
    int fd;
    uint64_t size, max;
    struct kt_buf buf;
    struct kt_err err; /* the first that went wrong */
};

static int open_nameless(int *ret, struct kt_err *err)
{
    char path[512];
    const char *base = getenv("TMPDIR");
    base = base && *base ? base : "/tmp";
    int fd = open(base, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0 && snprintf(path, sizeof(path), "%s/kt-spool.XXXXXX", base) < (int)sizeof(path)) {
        fd = mkostemp(path, O_CLOEXEC); /* a file system without nameless files */
        if (fd >= 0) {
            unlink(path);
        }
    }
    if (fd < 0) {
        return kt_err_sys(err, "cannot make a temporary file in %s", base);
    }
    *ret = fd;
    return KT_OK;
}

int kt_spool_new(uint64_t max, struct kt_spool **ret, struct kt_err *err)
{
    int fd;
    int r = open_nameless(&fd, err);
    if (r < 0) {
        return r;
    }
    struct kt_spool *s = calloc(1, sizeof(*s));
    KT_ASSERT(s);
    s->fd = fd;
    s->max = max;
    kt_buf_init(&s->buf, PIECE);
    *ret = s;
    return KT_OK;
}

static void flush(struct kt_spool *s)
{
    if (s->buf.n && !s->err.code) {
        (void)!kt_write_all(s->fd, s->buf.p, s->buf.n, &s->err);
    }
    kt_buf_clear(&s->buf);
}

void kt_spool_put(struct kt_spool *s, const void *p, size_t n)
{
    if (s->err.code) {
        return;
    }
    if (n > s->max - s->size) {
        kt_err_set(&s->err, KT_ELIMIT, "more than %llu MiB; ask for less with a filter",
                   (unsigned long long)(s->max >> 20));
        return;
    }
    s->size += n;
    if (s->buf.n + n > PIECE) {
        flush(s);
    }
    if (n > PIECE) {
        (void)!kt_write_all(s->fd, p, n, &s->err);
    } else {
        kt_buf_put(&s->buf, p, n);
    }
}

void kt_spool_buf(struct kt_spool *s, struct kt_buf *b)
{
    kt_spool_put(s, b->n ? b->p : "", b->n);
    kt_buf_clear(b);
}

bool kt_spool_failed(const struct kt_spool *s)
{
    return s->err.code != 0;
}

int kt_spool_end(struct kt_spool *s, int *ret_fd, uint64_t *ret_size, struct kt_err *err)
{
    flush(s);
    int r = s->err.code;
    if (r == KT_OK && lseek(s->fd, 0, SEEK_SET) != 0) {
        r = kt_err_sys(&s->err, "cannot read the temporary file");
    }
    if (r == KT_OK) {
        *ret_fd = s->fd;
        *ret_size = s->size;
        s->fd = -1;
    } else if (err) {
        *err = s->err;
    }
    kt_spool_free(s);
    return r;
}

void kt_spool_free(struct kt_spool *s)
{
    if (!s) {
        return;
    }
    if (s->fd >= 0) {
        close(s->fd);
    }
    kt_buf_done(&s->buf);
    free(s);
}

int kt_spool_open(const char *path, uint64_t max, int *ret_fd, uint64_t *ret_size,
                  struct kt_err *err)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        int r = kt_err_sys(err, "cannot read %s", path);
        if (fd >= 0) {
            close(fd);
        }
        return r;
    }
    if ((uint64_t)st.st_size > max) {
        close(fd);
        return kt_err_set(err, KT_ELIMIT, "more than %llu MiB; ask for less with a filter",
                          (unsigned long long)(max >> 20));
    }
    *ret_fd = fd;
    *ret_size = (uint64_t)st.st_size;
    return KT_OK;
}

/* One piece; 0 at the end, KT_EIO. */
static int read_piece(int fd, char *to, size_t cap, size_t *ret, struct kt_err *err)
{
    ssize_t n;
    do {
        n = read(fd, to, cap);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        return kt_err_sys(err, "cannot read the temporary file");
    }
    *ret = (size_t)n;
    return KT_OK;
}

int kt_spool_read(int fd, size_t max, struct kt_buf *out, struct kt_err *err)
{
    char piece[65536];
    size_t n = 0;
    int r;
    while ((r = read_piece(fd, piece, sizeof(piece), &n, err)) == KT_OK && n) {
        if (n > max) {
            r = kt_err_set(err, KT_ELIMIT, "the answer is too large");
            break;
        }
        max -= n;
        kt_buf_put(out, piece, n);
    }
    close(fd);
    return r;
}

int kt_spool_copy(int fd, int to, struct kt_err *err)
{
    char piece[65536];
    size_t n = 0;
    int r;
    while ((r = read_piece(fd, piece, sizeof(piece), &n, err)) == KT_OK && n) {
        r = kt_write_all(to, piece, n, err);
        if (r < 0) {
            break;
        }
    }
    close(fd);
    return r;
}
