/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file with its writer and readers.
 *
 * Lock order: only `lock`, held for list work, never while SQL runs.
 */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/private.h"
#include "sys/file.h"

enum { PAGE_BYTES = 4096, CACHE_KIB = 2048, READERS = 4, FILE_MODE = 0640 };

struct kt_store {
    char *path;
    int lock_fd;          /* -1: read only */
    struct kt_db *writer; /* NULL: read only */
    int cache_kib;
    bool immutable; /* a folder that cannot be written: no WAL can be there */
    pthread_mutex_t lock;
    pthread_cond_t back; /* a reader came back */
    struct kt_db *idle;
    int readers, max_readers;
    struct kt_buf image; /* what readers read in place of the file, while `imaged` */
    bool imaged;
};

static int lock_file(struct kt_store *s, struct kt_err *err)
{
    char name[PATH_MAX];
    if (snprintf(name, sizeof(name), "%s-lock", s->path) >= (int)sizeof(name)) {
        return kt_err_set(err, KT_EINVAL, "the path is too long: %s", s->path);
    }
    s->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
    if (s->lock_fd < 0) {
        return kt_err_sys(err, "cannot open %s", name);
    }
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(s->lock_fd, F_OFD_SETLK, &whole) != 0) {
        if (errno == EAGAIN || errno == EACCES) {
            return kt_err_set(err, KT_EBUSY,
                              "%s is being written by another process; end that one first",
                              s->path);
        }
        return kt_err_sys(err, "cannot lock %s", name);
    }
    return KT_OK;
}

static int pragma_int(struct kt_db *db, const char *what, int v, struct kt_err *err)
{
    char sql[80];
    snprintf(sql, sizeof(sql), "PRAGMA %s = %d", what, v);
    return kt_db_exec(db, sql, err);
}

static int writer_configure(struct kt_db *db, const struct kt_store_opts *o, struct kt_err *err)
{
    int r = pragma_int(db, "page_size", o->page_bytes ? o->page_bytes : PAGE_BYTES, err);
    if (r == KT_OK) {
        r = kt_db_exec(db, "PRAGMA journal_mode = WAL", err);
    }
    if (r == KT_OK) {
        r = kt_db_exec(
            db, o->sync_full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL", err);
    }
    return r == KT_OK
               ? pragma_int(db, "cache_size", -(o->cache_kib ? o->cache_kib : CACHE_KIB), err)
               : r;
}

static int migrate_one(struct kt_db *db, const char *sql, int to, struct kt_err *err)
{
    int r = kt_db_begin(db, err);
    if (r == KT_OK) {
        r = kt_db_exec(db, sql, err);
    }
    if (r == KT_OK) {
        r = pragma_int(db, "user_version", to, err);
    }
    if (r == KT_OK) {
        return kt_db_commit(db, err);
    }
    kt_db_rollback(db);
    return r;
}

static int check_version(struct kt_db *db, const struct kt_store_opts *o, int64_t *ret,
                         struct kt_err *err)
{
    int r = kt_db_int(db, "PRAGMA user_version", ret, err);
    if (r == KT_OK && o->n_versions && *ret > o->n_versions) {
        return kt_err_set(err, KT_EUNSUPPORTED,
                          "%s has format %d, this program knows up to %d; use the newer program",
                          o->path, (int)*ret, o->n_versions);
    }
    return r;
}

static int open_writer(struct kt_store *s, const struct kt_store_opts *o, struct kt_err *err)
{
    int r = lock_file(s, err);
    if (r == KT_OK) {
        r = store_db_open(s->path, STORE_WRITE, &s->writer, err);
    }
    if (r == KT_OK) {
        r = writer_configure(s->writer, o, err);
    }
    int64_t version = 0;
    if (r == KT_OK) {
        r = check_version(s->writer, o, &version, err);
    }
    for (int v = (int)version; r == KT_OK && v < o->n_versions; v++) {
        r = migrate_one(s->writer, o->versions[v], v + 1, err);
    }
    return r;
}

static int reader_open_as(struct kt_store *s, enum store_mode mode, struct kt_db **ret,
                          struct kt_err *err)
{
    struct kt_db *db;
    int r = s->imaged ? store_db_image(s->path, &s->image, &db, err)
                      : store_db_open(s->path, mode, &db, err);
    if (r < 0) {
        return r;
    }
    int64_t version;
    r = pragma_int(db, "cache_size", -s->cache_kib, err);
    if (r == KT_OK) {
        r = kt_db_int(db, "PRAGMA schema_version", &version, err); /* really opens the file */
    }
    if (r < 0) {
        store_db_close(db);
        return r;
    }
    *ret = db;
    return KT_OK;
}

static bool wal_beside(const struct kt_store *s)
{
    char name[PATH_MAX];
    return snprintf(name, sizeof(name), "%s-wal", s->path) < (int)sizeof(name) &&
           kt_file_size(name) > 0;
}

static int reader_open(struct kt_store *s, struct kt_db **ret, struct kt_err *err)
{
    if (!s->immutable) {
        int r = reader_open_as(s, STORE_READ, ret, err);
        if (r != KT_EIO || s->writer || s->imaged || access(s->path, R_OK) != 0 || wal_beside(s)) {
            return r;
        }
    }
    int r = reader_open_as(s, STORE_IMMUTABLE, ret, err);
    s->immutable = r == KT_OK;
    return r;
}

/* Read only: the first reader shows that the file is there and can be read. */
static int open_reader(struct kt_store *s, const struct kt_store_opts *o, struct kt_err *err)
{
    if (!s->imaged && !kt_file_exists(s->path)) {
        return kt_err_set(err, KT_ENOTFOUND, "%s does not exist", s->path);
    }
    int64_t version;
    int r = reader_open(s, &s->idle, err);
    if (r == KT_OK) {
        s->readers = 1;
        r = check_version(s->idle, o, &version, err);
    }
    return r;
}

/* A file that was in WAL mode says so in two bytes, which bytes without a file beside cannot be. */
static void take_image(struct kt_store *s, const struct kt_store_opts *o)
{
    enum { WRITE_VERSION = 18, READ_VERSION = 19, HEADER = 100, ROLLBACK = 1 };
    if (!o->image) {
        return;
    }
    KT_ASSERT(o->read_only);
    s->image = *o->image;
    s->imaged = true;
    kt_buf_init(o->image, 0);
    if (s->image.n >= HEADER) {
        s->image.p[WRITE_VERSION] = s->image.p[READ_VERSION] = ROLLBACK;
    }
}

int kt_store_open(const struct kt_store_opts *o, struct kt_store **ret, struct kt_err *err)
{
    struct kt_store *s = calloc(1, sizeof(*s));
    KT_ASSERT(s);
    s->path = strdup(o->path);
    KT_ASSERT(s->path);
    s->lock_fd = -1;
    s->cache_kib = o->cache_kib ? o->cache_kib : CACHE_KIB;
    s->max_readers = o->readers ? o->readers : READERS;
    take_image(s, o);
    KT_ASSERT(pthread_mutex_init(&s->lock, NULL) == 0 && pthread_cond_init(&s->back, NULL) == 0);
    int r = o->read_only ? open_reader(s, o, err) : open_writer(s, o, err);
    if (r < 0) {
        kt_store_close(s);
        return r;
    }
    *ret = s;
    return KT_OK;
}

void kt_store_close(struct kt_store *s)
{
    if (!s) {
        return;
    }
    while (s->idle) {
        struct kt_db *db = s->idle;
        s->idle = db->next;
        s->readers--;
        store_db_close(db);
    }
    KT_ASSERT(s->readers == 0);
    if (s->writer) {
        kt_db_rollback(s->writer);
        store_db_close(s->writer); /* last: it alone checkpoints */
    }
    if (s->lock_fd >= 0) {
        close(s->lock_fd);
    }
    pthread_cond_destroy(&s->back);
    pthread_mutex_destroy(&s->lock);
    kt_buf_done(&s->image);
    free(s->path);
    free(s);
}

void kt_store_image_done(struct kt_store *s)
{
    pthread_mutex_lock(&s->lock);
    while (s->imaged && s->idle) {
        struct kt_db *db = s->idle;
        s->idle = db->next;
        s->readers--;
        store_db_close(db);
    }
    s->imaged = false;
    pthread_mutex_unlock(&s->lock);
}

static int sync_path(const char *path, struct kt_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return kt_err_sys(err, "cannot open %s", path);
    }
    int r = fsync(fd) == 0 ? KT_OK : kt_err_sys(err, "cannot sync %s", path);
    close(fd);
    return r;
}

static int sync_folder_of(const char *path, struct kt_err *err)
{
    const char *slash = strrchr(path, '/');
    char dir[PATH_MAX];
    snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
    return kt_dir_sync(dir, err);
}

/* A copy in pages of another size, synced, beside the file. */
static int pack_into(struct kt_store *s, const char *to, int page_bytes, struct kt_err *err)
{
    struct kt_stmt *st;
    unlink(to);
    int r = pragma_int(s->writer, "page_size", page_bytes, err);
    if (r == KT_OK) {
        r = kt_db_prepare(s->writer, "VACUUM INTO ?", &st, err);
    }
    if (r == KT_OK) {
        kt_bind_text(st, 1, to);
        r = kt_stmt_run(st, err);
        kt_stmt_done(st);
    }
    return r == KT_OK ? sync_path(to, err) : r;
}

/* Is all of it in the file itself, and does another size of pages fit it? */
static bool can_pack(struct kt_store *s, int page_bytes, int64_t most_bytes)
{
    struct kt_err err;
    int64_t size = 0, pages = 0, busy = 1;
    return kt_db_int(s->writer, "PRAGMA wal_checkpoint(TRUNCATE)", &busy, &err) == KT_OK &&
           busy == 0 && kt_db_int(s->writer, "PRAGMA page_size", &size, &err) == KT_OK &&
           kt_db_int(s->writer, "PRAGMA page_count", &pages, &err) == KT_OK && size != page_bytes &&
           size * pages <= most_bytes;
}

void kt_store_close_packed(struct kt_store *s, int page_bytes, int64_t most_bytes)
{
    char packed[PATH_MAX];
    struct kt_err err;
    bool fits = snprintf(packed, sizeof(packed), "%s.tmp", s->path) < (int)sizeof(packed);
    kt_db_rollback(s->writer);
    if (fits && can_pack(s, page_bytes, most_bytes)) {
        bool made = pack_into(s, packed, page_bytes, &err) == KT_OK;
        store_db_close(s->writer);
        s->writer = NULL;
        if (!made || wal_beside(s) || rename(packed, s->path) != 0) {
            unlink(packed);
        }
        (void)sync_folder_of(s->path, &err); /* either of the two is whole */
    }
    kt_store_close(s);
}

const char *kt_store_path(const struct kt_store *s)
{
    return s->path;
}

struct kt_db *kt_store_writer(struct kt_store *s)
{
    return s->writer;
}

static int reader_take(struct kt_store *s, struct kt_db **ret, struct kt_err *err)
{
    pthread_mutex_lock(&s->lock);
    while (!s->idle && s->readers >= s->max_readers) {
        pthread_cond_wait(&s->back, &s->lock);
    }
    struct kt_db *db = s->idle;
    int r = KT_OK;
    if (db) {
        s->idle = db->next;
    } else {
        r = reader_open(s, &db, err); /* under the lock: opening is rare */
        s->readers += r == KT_OK;
    }
    pthread_mutex_unlock(&s->lock);
    if (r == KT_OK) {
        *ret = db;
    }
    return r;
}

int kt_store_read(struct kt_store *s, struct kt_db **ret, struct kt_err *err)
{
    struct kt_db *db;
    int r = reader_take(s, &db, err);
    if (r < 0) {
        return r;
    }
    r = kt_db_exec(db, "BEGIN", err);
    if (r < 0) {
        kt_store_read_done(s, db);
        return r;
    }
    *ret = db;
    return KT_OK;
}

void kt_store_read_done(struct kt_store *s, struct kt_db *db)
{
    if (!db) {
        return;
    }
    kt_db_rollback(db);
    pthread_mutex_lock(&s->lock);
    if (db->of_image && !s->imaged) {
        s->readers--;
        store_db_close(db);
    } else {
        db->next = s->idle;
        s->idle = db;
    }
    pthread_cond_signal(&s->back);
    pthread_mutex_unlock(&s->lock);
}

int kt_store_checkpoint(struct kt_store *s, struct kt_err *err)
{
    KT_ASSERT(s->writer);
    return kt_db_exec(s->writer, "PRAGMA wal_checkpoint(PASSIVE)", err);
}

static int backup_pages(struct kt_db *from, struct kt_db *to, struct kt_err *err)
{
    sqlite3_backup *b = sqlite3_backup_init(to->h, "main", from->h, "main");
    if (!b) {
        return store_err(to, sqlite3_errcode(to->h), "(backup)", err);
    }
    /* one step: one read transaction, so the copy is of one moment */
    int rc = sqlite3_backup_step(b, -1);
    sqlite3_backup_finish(b);
    if (rc != SQLITE_DONE) {
        return store_err(to, rc, "(backup)", err);
    }
    return kt_db_exec(to, "PRAGMA journal_mode = DELETE", err);
}

static int backup_to(struct kt_db *from, const char *tmp, const char *to, struct kt_err *err)
{
    struct kt_db *db;
    unlink(tmp);
    int r = store_db_open(tmp, STORE_WRITE, &db, err);
    if (r < 0) {
        return r;
    }
    r = backup_pages(from, db, err);
    store_db_close(db);
    if (r == KT_OK) {
        r = sync_path(tmp, err);
    }
    if (r == KT_OK && rename(tmp, to) != 0) {
        r = kt_err_sys(err, "cannot rename %s to %s", tmp, to);
    }
    if (r < 0) {
        unlink(tmp);
        return r;
    }
    return sync_folder_of(to, err);
}

int kt_store_backup(struct kt_store *s, const char *to, struct kt_err *err)
{
    char tmp[PATH_MAX];
    if (snprintf(tmp, sizeof(tmp), "%s.part", to) >= (int)sizeof(tmp)) {
        return kt_err_set(err, KT_EINVAL, "the path is too long: %s", to);
    }
    struct kt_db *from;
    int r = reader_take(s, &from, err);
    if (r < 0) {
        return r;
    }
    r = backup_to(from, tmp, to, err);
    kt_store_read_done(s, from);
    return r;
}
