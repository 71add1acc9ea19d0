/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/file.h"
#include "unit.h"

static const char *const versions[] = {
    "CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT UNIQUE, v REAL, b BLOB);",
    "ALTER TABLE t ADD COLUMN extra INTEGER NOT NULL DEFAULT 7; CREATE INDEX ix ON t(v);",
};

static char dir[200], path[240];
static struct kt_err err;

static void folder(void)
{
    CHECK_OK(kt_dir_temp("kt-store", dir, sizeof(dir), &err), &err);
    snprintf(path, sizeof(path), "%s/a.db", dir);
}

static struct kt_store *open_n(int n)
{
    struct kt_store_opts o = {
        .path = path, .versions = versions, .n_versions = n, .page_bytes = 8192, .sync_full = true};
    struct kt_store *s = NULL;
    CHECK_OK(kt_store_open(&o, &s, &err), &err);
    return s;
}

static int insert(struct kt_db *db, int64_t id, const char *name, double v)
{
    struct kt_stmt *st;
    int r = kt_db_prepare(db, "INSERT INTO t(id, name, v, b) VALUES(?, ?, ?, ?)", &st, &err);
    if (r < 0) {
        return r;
    }
    kt_bind_i64(st, 1, id);
    kt_bind_text(st, 2, name);
    kt_bind_f64(st, 3, v);
    kt_bind_blob(st, 4, "\0\1", 2);
    r = kt_stmt_run(st, &err);
    kt_stmt_done(st);
    return r;
}

static int64_t count(struct kt_db *db)
{
    int64_t n = -1;
    CHECK_OK(kt_db_int(db, "SELECT count(*) FROM t", &n, &err), &err);
    return n;
}

static void rows(void)
{
    folder();
    struct kt_store *s = open_n(2);
    struct kt_db *w = kt_store_writer(s);
    CHECK_OK(insert(w, 1, "one", 1.5), &err);
    CHECK_OK(insert(w, 2, NULL, -0.0), &err);
    struct kt_db *db;
    CHECK_OK(kt_store_read(s, &db, &err), &err);
    struct kt_stmt *st;
    CHECK_OK(kt_db_prepare(db, "SELECT id, name, v, b, extra FROM t ORDER BY id", &st, &err), &err);
    CHECK_INT(kt_stmt_step(st, &err), 1);
    CHECK_INT(kt_col_count(st), 5);
    CHECK_STR(kt_col_name(st, 1), "name");
    CHECK_STR(kt_col_text(st, 1), "one");
    CHECK(kt_col_f64(st, 2) == 1.5);
    CHECK_INT(kt_col_bytes(st, 3).n, 2);
    CHECK_INT(kt_col_i64(st, 4), 7);
    CHECK_INT(kt_stmt_step(st, &err), 1);
    CHECK(kt_col_is_null(st, 1) && kt_col_type(st, 2) == KT_COL_REAL);
    CHECK_INT(kt_stmt_step(st, &err), 0);
    kt_stmt_done(st);
    kt_store_read_done(s, db);
    int64_t v = 0;
    CHECK_OK(kt_db_int(w, "PRAGMA page_size", &v, &err), &err);
    CHECK_INT(v, 8192);
    CHECK_INT(kt_db_int(w, "SELECT id FROM t WHERE id = 99", &v, &err), KT_ENOTFOUND);
    kt_store_close(s);
    kt_dir_remove(dir);
}

static void a_view_does_not_change(void)
{
    folder();
    struct kt_store *s = open_n(2);
    struct kt_db *w = kt_store_writer(s), *a, *b;
    CHECK_OK(insert(w, 1, "one", 1), &err);
    CHECK_OK(kt_store_read(s, &a, &err), &err);
    CHECK_INT(count(a), 1);
    CHECK_OK(insert(w, 2, "two", 2), &err);
    CHECK_INT(count(a), 1);
    CHECK_OK(kt_store_read(s, &b, &err), &err);
    CHECK_INT(count(b), 2);
    CHECK_OK(kt_store_checkpoint(s, &err), &err);
    CHECK_INT(count(a), 1);
    kt_store_read_done(s, a);
    kt_store_read_done(s, b);
    CHECK_OK(kt_db_begin(w, &err), &err);
    CHECK(kt_db_in_transaction(w));
    CHECK_OK(insert(w, 3, "three", 3), &err);
    kt_db_rollback(w);
    kt_db_rollback(w);
    CHECK_INT(count(w), 2);
    kt_store_close(s);
    kt_dir_remove(dir);
}

static void migrations(void)
{
    folder();
    struct kt_store *s = open_n(1);
    CHECK_OK(insert(kt_store_writer(s), 1, "old", 1), &err);
    kt_store_close(s);
    s = open_n(2);
    int64_t v = 0;
    CHECK_OK(kt_db_int(kt_store_writer(s), "SELECT extra FROM t", &v, &err), &err);
    CHECK_INT(v, 7);
    kt_store_close(s);
    struct kt_store_opts o = {.path = path, .versions = versions, .n_versions = 1};
    CHECK_INT(kt_store_open(&o, &s, &err), KT_EUNSUPPORTED);
    CHECK(strstr(err.text, path) != NULL);
    o.read_only = true;
    CHECK_INT(kt_store_open(&o, &s, &err), KT_EUNSUPPORTED);
    /* a migration that fails leaves the file at the version before */
    static const char *const wrong[] = {"", "", "CREATE TABLE u(a); CREATE TABEL x(b);"};
    o = (struct kt_store_opts){.path = path, .versions = wrong, .n_versions = 3};
    CHECK_INT(kt_store_open(&o, &s, &err), KT_EINTERNAL);
    CHECK(strstr(err.text, path) && strstr(err.text, "TABEL"));
    s = open_n(2);
    CHECK_OK(kt_db_int(kt_store_writer(s), "SELECT count(*) FROM sqlite_schema WHERE name = 'u'",
                       &v, &err),
             &err);
    CHECK_INT(v, 0);
    kt_store_close(s);
    kt_dir_remove(dir);
}

static void errors_name_file_and_sql(void)
{
    folder();
    struct kt_store *s = open_n(2);
    struct kt_db *w = kt_store_writer(s);
    struct kt_stmt *st;
    CHECK_OK(insert(w, 1, "one", 1), &err);
    CHECK_INT(insert(w, 1, "uno", 1), KT_EEXIST);
    CHECK(strstr(err.text, path) && strstr(err.text, "INSERT INTO t"));
    CHECK_INT(insert(w, 2, "one", 1), KT_EEXIST);
    CHECK_INT(kt_db_prepare(w, "SELEKT 1", &st, &err), KT_EINTERNAL);
    CHECK(strstr(err.text, "SELEKT") != NULL);
    CHECK_INT(kt_db_prepare(w, "SELECT 1; SELECT 2", &st, &err), KT_EINTERNAL);
    CHECK_OK(kt_db_prepare(w, "SELECT ?", &st, &err), &err);
    kt_bind_i64(st, 2, 1); /* there is no second */
    CHECK_INT(kt_stmt_step(st, &err), KT_EINTERNAL);
    kt_stmt_done(st);
    struct kt_db *r;
    CHECK_OK(kt_store_read(s, &r, &err), &err);
    CHECK(insert(r, 5, "five", 5) < 0); /* readers cannot write */
    kt_store_read_done(s, r);
    kt_store_close(s);
    struct kt_store_opts o = {.path = "/nowhere/at/all.db", .read_only = true};
    CHECK_INT(kt_store_open(&o, &s, &err), KT_ENOTFOUND);
    o.read_only = false;
    CHECK(kt_store_open(&o, &s, &err) < 0);
    CHECK_OK(kt_file_replace(path, "no database at all, only some words of text......", 49, &err),
             &err);
    o.path = path;
    CHECK_INT(kt_store_open(&o, &s, &err), KT_ECORRUPT);
    kt_dir_remove(dir);
}

static void one_statement_used_twice(void)
{
    folder();
    struct kt_store *s = open_n(2);
    struct kt_db *w = kt_store_writer(s);
    for (int i = 1; i <= 3; i++) {
        CHECK_OK(insert(w, i, NULL, i), &err);
    }
    static const char sql[] = "SELECT id FROM t WHERE id >= ? ORDER BY id";
    struct kt_stmt *a, *b, *c;
    CHECK_OK(kt_db_prepare(w, sql, &a, &err), &err);
    CHECK_OK(kt_db_prepare(w, sql, &b, &err), &err);
    CHECK(a != b);
    kt_bind_i64(a, 1, 1);
    kt_bind_i64(b, 1, 3);
    CHECK(kt_stmt_step(a, &err) == 1 && kt_stmt_step(b, &err) == 1);
    CHECK(kt_col_i64(a, 0) == 1 && kt_col_i64(b, 0) == 3);
    kt_stmt_done(a);
    CHECK_OK(kt_db_prepare(w, sql, &c, &err), &err);
    CHECK(c == a);
    CHECK_INT(kt_stmt_step(c, &err), 0); /* unbound again */
    kt_stmt_done(b);
    kt_stmt_done(c);
    kt_store_close(s);
    kt_dir_remove(dir);
}

static void one_writer_in_all_processes(void)
{
    folder();
    struct kt_store *s = open_n(2);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        struct kt_store_opts o = {.path = path, .versions = versions, .n_versions = 2};
        struct kt_store *other;
        _exit(kt_store_open(&o, &other, &err) == KT_EBUSY ? 0 : 1);
    }
    int status = -1;
    waitpid(pid, &status, 0);
    CHECK_INT(status, 0);
    kt_store_close(s);
    s = open_n(2); /* the lock went with the first */
    kt_store_close(s);
    kt_dir_remove(dir);
}

static void backup_while_open(void)
{
    folder();
    struct kt_store *s = open_n(2);
    struct kt_db *w = kt_store_writer(s);
    CHECK_OK(kt_db_begin(w, &err), &err);
    for (int i = 0; i < 1000; i++) {
        CHECK_OK(insert(w, i, NULL, i), &err);
    }
    CHECK_OK(kt_db_commit(w, &err), &err);
    CHECK_OK(kt_db_begin(w, &err), &err);
    CHECK_OK(insert(w, 5000, NULL, 1), &err); /* not committed: not in the copy */
    char to[260];
    snprintf(to, sizeof(to), "%s/copy.db", dir);
    CHECK_OK(kt_store_backup(s, to, &err), &err);
    CHECK_OK(kt_db_commit(w, &err), &err);
    CHECK_OK(kt_store_backup(s, to, &err), &err); /* over the first */
    kt_store_close(s);
    struct kt_store_opts o = {.path = to, .read_only = true};
    CHECK_OK(kt_store_open(&o, &s, &err), &err);
    struct kt_db *db;
    CHECK_OK(kt_store_read(s, &db, &err), &err);
    CHECK_INT(count(db), 1001);
    kt_store_read_done(s, db);
    CHECK(kt_store_writer(s) == NULL);
    kt_store_close(s);
    kt_dir_remove(dir);
}

static void killed_in_a_transaction(void)
{
    folder();
    struct kt_store *s = open_n(2);
    kt_store_close(s);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        s = open_n(2);
        if (insert(kt_store_writer(s), 1, NULL, 1) < 0 ||
            kt_db_begin(kt_store_writer(s), &err) < 0 ||
            insert(kt_store_writer(s), 2, NULL, 2) < 0) {
            _exit(1);
        }
        kill(getpid(), SIGKILL);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    CHECK(WIFSIGNALED(status));
    /* readers alone can read what the dead writer left */
    struct kt_store_opts o = {.path = path, .read_only = true};
    CHECK_OK(kt_store_open(&o, &s, &err), &err);
    struct kt_db *db;
    CHECK_OK(kt_store_read(s, &db, &err), &err);
    CHECK_INT(count(db), 1);
    kt_store_read_done(s, db);
    kt_store_close(s);
    s = open_n(2);
    CHECK_INT(count(kt_store_writer(s)), 1);
    kt_store_close(s);
    kt_dir_remove(dir);
}

enum { THREADS = 4, ROWS = 400 };
static struct kt_store *shared;
static atomic_bool writing;

/* Rows come in pairs in one transaction, so every view has an even number. */
static void *read_pairs(void *arg)
{
    int *bad = arg;
    struct kt_err e;
    do {
        struct kt_db *db;
        int64_t n = 1;
        if (kt_store_read(shared, &db, &e) < 0) {
            ++*bad;
            break;
        }
        *bad += kt_db_int(db, "SELECT count(*) FROM t", &n, &e) < 0 || n % 2;
        kt_store_read_done(shared, db);
    } while (atomic_load(&writing));
    return NULL;
}

static void readers_and_a_writer(void)
{
    folder();
    struct kt_store_opts o = {.path = path, .versions = versions, .n_versions = 2, .readers = 2};
    CHECK_OK(kt_store_open(&o, &shared, &err), &err);
    atomic_store(&writing, true);
    pthread_t t[THREADS];
    int bad[THREADS] = {0};
    for (int i = 0; i < THREADS; i++) {
        REQUIRE(pthread_create(&t[i], NULL, read_pairs, &bad[i]) == 0);
    }
    struct kt_db *w = kt_store_writer(shared);
    for (int i = 0; i < ROWS; i += 2) {
        CHECK_OK(kt_db_begin(w, &err), &err);
        CHECK_OK(insert(w, i, NULL, i), &err);
        CHECK_OK(insert(w, i + 1, NULL, i), &err);
        CHECK_OK(kt_db_commit(w, &err), &err);
    }
    atomic_store(&writing, false);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(t[i], NULL);
        CHECK_INT(bad[i], 0);
    }
    CHECK_INT(count(w), ROWS);
    kt_store_close(shared);
    kt_dir_remove(dir);
}

static int64_t page_size(struct kt_store *s)
{
    int64_t n = 0;
    CHECK_OK(kt_db_int(kt_store_writer(s), "PRAGMA page_size", &n, &err), &err);
    return n;
}

/* Closed into pages of another size when it is small enough; nothing else about it changes. */
static void closed_in_other_pages(void)
{
    int64_t version = 0;
    folder();
    struct kt_store *s = open_n(2);
    for (int i = 1; i <= 300; i++) {
        CHECK_OK(insert(kt_store_writer(s), i, NULL, i), &err);
    }
    int64_t large = kt_file_size(path);
    kt_store_close_packed(s, 512, 1000); /* it is larger */
    s = open_n(2);
    CHECK_INT(page_size(s), 8192);
    kt_store_close_packed(s, 512, 1 << 20);
    char beside[260];
    for (int i = 0; i < 3; i++) {
        static const char *const ends[] = {"-wal", "-shm", ".tmp"};
        snprintf(beside, sizeof(beside), "%s%s", path, ends[i]);
        CHECK(!kt_file_exists(beside));
    }
    CHECK(kt_file_size(path) > 0 && kt_file_size(path) < large + 8192);
    s = open_n(2);
    CHECK_INT(page_size(s), 512);
    CHECK_INT(count(kt_store_writer(s)), 300);
    CHECK_OK(kt_db_int(kt_store_writer(s), "PRAGMA user_version", &version, &err), &err);
    CHECK_INT(version, 2);
    CHECK_OK(insert(kt_store_writer(s), 301, NULL, 1), &err);
    struct kt_db *db;
    CHECK_OK(kt_store_read(s, &db, &err), &err);
    CHECK_INT(count(db), 301);
    kt_store_read_done(s, db);
    kt_store_close(s);
    kt_dir_remove(dir);
}

UNIT_MAIN({"rows in and out", rows}, {"a view does not change", a_view_does_not_change},
          {"migrations", migrations}, {"errors name file and SQL", errors_name_file_and_sql},
          {"one statement used twice", one_statement_used_twice},
          {"one writer in all processes", one_writer_in_all_processes},
          {"backup while open", backup_while_open},
          {"closed in other pages", closed_in_other_pages},
          {"killed in a transaction", killed_in_a_transaction},
          {"readers and a writer", readers_and_a_writer})
