/* SPDX-License-Identifier: Apache-2.0 */
#include "history/files.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "sys/file.h"

enum {
    PAGE_BYTES = 16384,
    PACKED_PAGE_BYTES = 512,
    UNPACKED_MOST = 64 << 20,
    CACHE_KIB = 1024,
    READERS = 8,
    RO_MAX = 32,
    IMAGES_MAX = 4, /* packed files held in memory between questions */
    RW_MAX = 8,
    PATH_CAP = 4096
};

static const char *const class_names[HISTORY_CLASSES] = {"key", "normal", "short"};

static const char *const versions[] = {
    "CREATE TABLE point(num INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);"
    "CREATE TABLE chunk(key INTEGER PRIMARY KEY, data BLOB NOT NULL);"
    "CREATE TABLE small(day INTEGER NOT NULL, num INTEGER NOT NULL, PRIMARY KEY(day, num))"
    " WITHOUT ROWID;"
    "CREATE TABLE total(one INTEGER PRIMARY KEY CHECK(one = 1), chunks INTEGER NOT NULL,"
    " samples INTEGER NOT NULL);"
    "INSERT INTO total VALUES(1, 0, 0);",
    "UPDATE total SET one = 1;", /* chunks of which the program of version 1 cannot read all */
    "UPDATE total SET one = 1;", /* of version 2 */
};

static kt_time clamp(kt_time t)
{
    return t < HISTORY_TIME_MIN    ? HISTORY_TIME_MIN
           : t >= HISTORY_TIME_MAX ? HISTORY_TIME_MAX - 1
                                   : t;
}

int32_t history_month(kt_time t)
{
    struct kt_civil c = kt_civil_of(clamp(t), 0);
    return c.year * 12 + c.month - 1;
}

kt_time history_month_start(int32_t month)
{
    struct kt_civil c = {.year = month / 12, .month = month % 12 + 1, .day = 1};
    return kt_civil_to(&c, 0);
}

/* ---- the list ---- */

static struct history_file *file_new(const char *dir, uint8_t cls, int32_t month)
{
    struct history_file *f = calloc(1, sizeof(*f));
    KT_ASSERT(f);
    f->cls = cls;
    f->month = month;
    f->start = history_month_start(month);
    f->end = history_month_start(month + 1);
    snprintf(f->name, sizeof(f->name), "%s-%04d-%02d.db", class_names[cls], month / 12 % 10000,
             month % 12 + 1);
    KT_ASSERT(asprintf(&f->path, "%s/%s", dir, f->name) >= 0);
    return f;
}

/* Pages for chunks leave the better part of a small file empty, so it is kept in small ones, until
 * it has grown. */
static void close_writer(struct history_file *f)
{
    int64_t size = kt_file_size(f->path);
    if (f->rw && size <= HISTORY_PACKED_MOST) {
        kt_store_close_packed(f->rw, PACKED_PAGE_BYTES, HISTORY_PACKED_MOST);
    } else if (f->rw) {
        kt_store_close_packed(f->rw, PAGE_BYTES, UNPACKED_MOST);
    }
    f->rw = NULL;
}

static void file_free(struct history_file *f)
{
    kt_store_close(f->ro);
    bool wrote = f->rw != NULL;
    close_writer(f);
    if (wrote && !f->dropped) {
        history_pack(f->path);
    }
    kt_map_free(f->nums);
    free(f->path);
    free(f);
}

static void unlink_all(const struct history_file *f)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-lock", ".tmp", HISTORY_PACKED};
    char path[PATH_CAP];
    for (size_t i = 0; i < KT_ARRAY_LEN(ends); i++) {
        if (snprintf(path, sizeof(path), "%s%s", f->path, ends[i]) < (int)sizeof(path)) {
            unlink(path);
        }
    }
}

/* Index of the first file that is not before (month, cls). */
static size_t place(const struct history_files *fs, int32_t month, uint8_t cls)
{
    size_t i = 0;
    while (i < fs->n && (fs->list[i]->month < month ||
                         (fs->list[i]->month == month && fs->list[i]->cls < cls))) {
        i++;
    }
    return i;
}

static void list_put(struct history_files *fs, struct history_file *f)
{
    if (fs->n == fs->cap) {
        fs->cap = fs->cap ? fs->cap * 2 : 16;
        fs->list = realloc(fs->list, fs->cap * sizeof(*fs->list));
        KT_ASSERT(fs->list);
    }
    size_t at = place(fs, f->month, f->cls);
    memmove(fs->list + at + 1, fs->list + at, (fs->n - at) * sizeof(*fs->list));
    fs->list[at] = f;
    fs->n++;
}

int64_t history_file_bytes(const struct history_file *f)
{
    char packed[PATH_CAP];
    const char *path = f->path;
    if (f->packed && snprintf(packed, sizeof(packed), "%s%s", path, HISTORY_PACKED) < PATH_CAP) {
        path = packed;
    }
    int64_t n = kt_file_size(path);
    return n > 0 ? n : 0;
}

bool history_file_name(const char *name, uint8_t *ret_cls, int32_t *ret_month, bool *ret_packed)
{
    for (uint8_t c = 0; c < HISTORY_CLASSES; c++) {
        size_t n = strlen(class_names[c]);
        int year, mon, used = 0;
        if (strncmp(name, class_names[c], n) == 0 &&
            sscanf(name + n, "-%4d-%2d.db%n", &year, &mon, &used) == 2 && used == 11 &&
            (name[n + 11] == '\0' || strcmp(name + n + 11, HISTORY_PACKED) == 0) && mon >= 1 &&
            mon <= 12 && year >= 1700 && year < 2262) {
            *ret_cls = c;
            *ret_month = year * 12 + mon - 1;
            *ret_packed = name[n + 11] != '\0';
            return true;
        }
    }
    return false;
}

static int read_totals(struct kt_db *db, struct history_file *f, int64_t *ret_version,
                       struct kt_err *err)
{
    int64_t chunks = 0, samples = 0;
    int r = kt_db_int(db, "PRAGMA user_version", ret_version, err);
    if (r < 0 || *ret_version == 0) {
        return r;
    }
    r = kt_db_int(db, "SELECT chunks FROM total", &chunks, err);
    if (r == KT_OK) {
        r = kt_db_int(db, "SELECT samples FROM total", &samples, err);
    }
    f->chunks = chunks;
    f->samples = samples;
    return r;
}

/* A file that was made but not yet filled with tables when the machine fell gets them now. */
static int load_totals(struct history_files *fs, struct history_file *f, struct kt_err *err)
{
    struct kt_db *db;
    int64_t version = 0;
    int r = history_file_read(fs, f, &db, err);
    if (r < 0) {
        return r;
    }
    r = read_totals(db, f, &version, err);
    kt_store_read_done(f->ro, db);
    if (r == KT_OK && version == 0) {
        r = history_file_write(fs, f, err);
        history_files_trim(fs);
    }
    return r;
}

/* A file that is no database is put aside, so that one bad month does not stop the others. */
static void put_aside(struct history_files *fs, struct history_file *f, const struct kt_err *why)
{
    char to[PATH_CAP];
    kt_store_close(f->ro);
    fs->ro_open -= f->ro != NULL;
    f->ro = NULL;
    char from[PATH_CAP];
    const char *end = f->packed ? HISTORY_PACKED : "";
    if (snprintf(from, sizeof(from), "%s%s", f->path, end) < (int)sizeof(from) &&
        snprintf(to, sizeof(to), "%s%s.damaged", f->path, end) < (int)sizeof(to) &&
        rename(from, to) == 0) {
        KT_ERROR("history", "%s; put aside as %s", why->text, to);
        history_file_drop(fs, f);
    }
}

static int list_folder(struct history_files *fs, struct kt_err *err)
{
    struct kt_arena *a = kt_arena_new(0);
    char **names;
    size_t n = 0;
    int r = kt_dir_list(fs->dir, a, &names, &n, err);
    for (size_t i = 0; r == KT_OK && i < n; i++) {
        uint8_t cls;
        int32_t month;
        bool packed;
        if (!history_file_name(names[i], &cls, &month, &packed)) {
            continue;
        }
        struct history_file *f = file_new(fs->dir, cls, month);
        if (packed && kt_file_exists(f->path)) { /* its name came before */
            history_packed_remove(f->path);
            file_free(f);
            continue;
        }
        f->packed = packed;
        list_put(fs, f);
    }
    kt_arena_free(a);
    return r;
}

int history_files_open(const char *dir, struct history_files **ret, struct kt_err *err)
{
    struct history_files *fs = calloc(1, sizeof(*fs));
    KT_ASSERT(fs);
    fs->dir = strdup(dir);
    KT_ASSERT(fs->dir && pthread_mutex_init(&fs->lock, NULL) == 0);
    int r = list_folder(fs, err);
    for (size_t i = fs->n; r == KT_OK && i-- > 0;) {
        struct history_file *f = fs->list[i];
        f->refs++; /* nobody else has the list yet */
        r = load_totals(fs, f, err);
        history_files_release(fs, &f, 1);
        if (r == KT_ECORRUPT) {
            put_aside(fs, f, err);
            r = KT_OK;
        }
    }
    if (r < 0) {
        history_files_close(fs);
        return r;
    }
    *ret = fs;
    return KT_OK;
}

void history_files_close(struct history_files *fs)
{
    if (!fs) {
        return;
    }
    for (size_t i = 0; i < fs->n; i++) {
        KT_ASSERT(fs->list[i]->refs == 0);
        file_free(fs->list[i]);
    }
    pthread_mutex_destroy(&fs->lock);
    free(fs->list);
    free(fs->dir);
    free(fs);
}

/* ---- readers ---- */

size_t history_files_hold(struct history_files *fs, int32_t from, int32_t to,
                          struct history_file ***ret)
{
    pthread_mutex_lock(&fs->lock);
    size_t lo = place(fs, from, 0), n = 0;
    while (lo + n < fs->n && fs->list[lo + n]->month <= to) {
        n++;
    }
    struct history_file **list = malloc((n ? n : 1) * sizeof(struct history_file *));
    KT_ASSERT(list);
    for (size_t i = 0; i < n; i++) {
        list[i] = fs->list[lo + i];
        list[i]->refs++;
    }
    pthread_mutex_unlock(&fs->lock);
    *ret = list;
    return n;
}

static size_t images(const struct history_files *fs)
{
    size_t n = 0;
    for (size_t i = 0; i < fs->n; i++) {
        n += fs->list[i]->ro && fs->list[i]->packed;
    }
    return n;
}

/* Close the reading store that was not used longest, when there are too many. */
static void trim_ro(struct history_files *fs)
{
    for (;;) {
        bool many = fs->ro_open > RO_MAX, images_only = !many && images(fs) > IMAGES_MAX;
        struct history_file *oldest = NULL;
        for (size_t i = 0; i < fs->n && (many || images_only); i++) {
            struct history_file *f = fs->list[i];
            if (f->ro && f->refs == 0 && (many || f->packed) &&
                (!oldest || f->used < oldest->used)) {
                oldest = f;
            }
        }
        if (!oldest) {
            return;
        }
        kt_store_close(oldest->ro);
        oldest->ro = NULL;
        fs->ro_open--;
    }
}

void history_files_release(struct history_files *fs, struct history_file **list, size_t n)
{
    pthread_mutex_lock(&fs->lock);
    for (size_t i = 0; i < n; i++) {
        struct history_file *f = list[i];
        if (--f->refs == 0 && f->dropped) {
            fs->ro_open -= f->ro != NULL;
            unlink_all(f);
            file_free(f);
        }
    }
    trim_ro(fs);
    pthread_mutex_unlock(&fs->lock);
}

int history_store_read(struct kt_store_opts *o, struct kt_store **ret, struct kt_err *err)
{
    struct kt_buf image;
    kt_buf_init(&image, 0);
    int r = KT_OK;
    if (history_is_packed(o->path)) {
        r = history_packed_read(o->path, &image, err);
        o->image = r == KT_OK ? &image : NULL;
        r = r == KT_ENOTFOUND && kt_file_exists(o->path) ? KT_OK : r; /* unpacked just now */
    }
    if (r == KT_OK) {
        r = kt_store_open(o, ret, err);
    }
    kt_buf_done(&image);
    return r;
}

int history_file_store(const char *path, struct kt_store **ret, struct kt_err *err)
{
    struct kt_store_opts o = {.path = path,
                              .versions = versions,
                              .n_versions = (int)KT_ARRAY_LEN(versions),
                              .cache_kib = CACHE_KIB,
                              .readers = READERS,
                              .read_only = true};
    return history_store_read(&o, ret, err);
}

int history_file_read(struct history_files *fs, struct history_file *f, struct kt_db **ret,
                      struct kt_err *err)
{
    int r = KT_OK;
    pthread_mutex_lock(&fs->lock);
    f->used = ++fs->uses;
    if (!f->ro) {
        r = history_file_store(f->path, &f->ro, err);
        fs->ro_open += r == KT_OK;
    }
    pthread_mutex_unlock(&fs->lock);
    return r == KT_OK ? kt_store_read(f->ro, ret, err) : r;
}

int history_file_num(struct kt_db *db, const char *id, int64_t *ret, struct kt_err *err)
{
    struct kt_stmt *st;
    int r = kt_db_prepare(db, "SELECT num FROM point WHERE id = ?", &st, err);
    if (r < 0) {
        return r;
    }
    kt_bind_text(st, 1, id);
    r = kt_stmt_step(st, err);
    if (r >= 0) {
        *ret = r > 0 ? kt_col_i64(st, 0) : 0;
    }
    kt_stmt_done(st);
    return r < 0 ? r : KT_OK;
}

int64_t history_file_day(const struct history_file *f, int64_t key)
{
    int64_t second = key >> HISTORY_PLACE_BITS & (((int64_t)1 << HISTORY_SECOND_BITS) - 1);
    return history_day(f->start) + second / (KT_DAY / KT_SEC);
}

int64_t history_file_key(const struct history_file *f, int64_t num, int64_t day)
{
    int64_t first = history_day(f->start), last = history_day(f->end);
    day = day < first ? first : day > last ? last : day;
    return (num << (HISTORY_SECOND_BITS + HISTORY_PLACE_BITS)) |
           ((day - first) * (KT_DAY / KT_SEC) << HISTORY_PLACE_BITS);
}

/* ---- the writer ---- */

/* Who reads the image goes on with it; who asks from here on reads the file. */
static int unpack(struct history_files *fs, struct history_file *f, struct kt_err *err)
{
    int r = history_unpack(f->path, err);
    if (r < 0) {
        return r;
    }
    pthread_mutex_lock(&fs->lock);
    if (f->ro) {
        kt_store_image_done(f->ro);
    }
    f->packed = false;
    pthread_mutex_unlock(&fs->lock);
    history_packed_remove(f->path);
    return KT_OK;
}

int history_file_write(struct history_files *fs, struct history_file *f, struct kt_err *err)
{
    f->written = ++fs->uses;
    if (f->rw) {
        return KT_OK;
    }
    int r = f->packed ? unpack(fs, f, err) : KT_OK;
    if (r < 0) {
        return r;
    }
    struct kt_store_opts o = {.path = f->path,
                              .versions = versions,
                              .n_versions = (int)KT_ARRAY_LEN(versions),
                              .page_bytes = PAGE_BYTES,
                              .cache_kib = CACHE_KIB * 4,
                              .sync_full = true};
    r = kt_store_open(&o, &f->rw, err);
    fs->rw_open += r == KT_OK;
    return r;
}

int history_file_for(struct history_files *fs, uint8_t cls, kt_time t, struct history_file **ret,
                     struct kt_err *err)
{
    int32_t month = history_month(t);
    size_t at = place(fs, month, cls); /* only this thread changes the list */
    bool is_new = at == fs->n || fs->list[at]->month != month || fs->list[at]->cls != cls;
    struct history_file *f = is_new ? file_new(fs->dir, cls, month) : fs->list[at];
    int r = history_file_write(fs, f, err);
    if (r < 0) {
        if (is_new) {
            file_free(f);
        }
        return r;
    }
    if (is_new) {
        pthread_mutex_lock(&fs->lock);
        list_put(fs, f);
        pthread_mutex_unlock(&fs->lock);
    }
    *ret = f;
    return KT_OK;
}

void history_files_trim(struct history_files *fs)
{
    while (fs->rw_open > RW_MAX) {
        struct history_file *oldest = NULL;
        for (size_t i = 0; i < fs->n; i++) {
            struct history_file *f = fs->list[i];
            if (f->rw && (!oldest || f->written < oldest->written)) {
                oldest = f;
            }
        }
        KT_ASSERT(oldest && !kt_db_in_transaction(kt_store_writer(oldest->rw)));
        kt_store_close(oldest->rw);
        kt_map_free(oldest->nums);
        oldest->rw = NULL;
        oldest->nums = NULL;
        fs->rw_open--;
    }
}

void history_file_drop(struct history_files *fs, struct history_file *f)
{
    kt_store_close(f->rw);
    fs->rw_open -= f->rw != NULL;
    f->rw = NULL;
    pthread_mutex_lock(&fs->lock);
    size_t at = place(fs, f->month, f->cls);
    KT_ASSERT(at < fs->n && fs->list[at] == f);
    memmove(fs->list + at, fs->list + at + 1, (fs->n - at - 1) * sizeof(*fs->list));
    fs->n--;
    f->dropped = true;
    f->refs++;
    pthread_mutex_unlock(&fs->lock);
    history_files_release(fs, &f, 1);
}
