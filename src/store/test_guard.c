/* SPDX-License-Identifier: Apache-2.0 */
/* SQL of packs: what it reads, what it may not do, when it is stopped. */
#include "store/store.h"

#include "base/time.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "unit.h"

static const char *const versions[] = {
    "CREATE TABLE hazard(_id INTEGER PRIMARY KEY, place TEXT, fine INTEGER);"
    "CREATE TABLE secret(v TEXT); CREATE TABLE kt_fact(v); CREATE TABLE kt_posting(v);"
    " INSERT INTO secret VALUES('x');"
    "INSERT INTO hazard VALUES(1,'a',10),(2,'b',20),(3,'a',30);"};

static char dir[200], path[240];
static struct kt_err err;
static struct kt_store *store;
static struct kt_db *db;

static bool reads(void *arg, const char *table, const char *view)
{
    (void)arg;
    return strcmp(table, "hazard") == 0 || strcmp(table, "kt_posting") == 0 ||
           (view && strcmp(view, "hazard") == 0);
}

static void twice(void *arg, const struct kt_db_args *a, struct kt_db_value *ret)
{
    if (!kt_arg_is_null(a, 0)) {
        *ret = (struct kt_db_value){.type = KT_COL_INT, .i = kt_arg_i64(a, 0) * *(int *)arg};
    }
}

static const struct kt_db_function functions[] = {{"twice", 1, twice}};
static int two = 2;
static const struct kt_db_guard guard = {reads, functions, 1, 200 * KT_MS, &two};

static void open_all(void)
{
    CHECK_OK(kt_dir_temp("kt-guard", dir, sizeof(dir), &err), &err);
    snprintf(path, sizeof(path), "%s/a.db", dir);
    struct kt_store_opts o = {.path = path, .versions = versions, .n_versions = 1};
    CHECK_OK(kt_store_open(&o, &store, &err), &err);
    CHECK_OK(kt_store_read(store, &db, &err), &err);
}

static void close_all(void)
{
    kt_store_read_done(store, db);
    kt_store_close(store);
    kt_dir_remove(dir);
}

/* The number that a statement gives; -1 null; its error else. */
static int64_t ask(const char *sql)
{
    struct kt_stmt *st;
    int r = kt_db_prepare_guarded(db, &guard, sql, &st, &err);
    if (r < 0) {
        return r * 1000;
    }
    int i = kt_bind_index(st, ":from");
    if (i) {
        kt_bind_i64(st, i, 15);
    }
    r = kt_stmt_step(st, &err);
    int64_t v = r > 0 ? (kt_col_is_null(st, 0) ? -1 : kt_col_i64(st, 0)) : r * 1000;
    kt_stmt_done(st);
    return v;
}

static void reads_what_it_may(void)
{
    open_all();
    CHECK_INT(ask("SELECT count(*) FROM hazard"), 3);
    CHECK_INT(ask("SELECT count(*) FROM hazard WHERE fine >= :from"), 2);
    CHECK_INT(ask("SELECT twice(sum(fine)) FROM hazard WHERE place <> 'main;--'"), 120);
    CHECK_INT(ask("SELECT twice(NULL)"), -1);
    CHECK_INT(ask("WITH x AS (SELECT fine AS f FROM hazard) SELECT sum(f) FROM x"), 60);
    CHECK_INT(ask("SELECT h.fine FROM hazard AS h WHERE h._id = 2"), 20);
    CHECK_INT(ask("SELECT date('2026-01-31', 'start of month', '+1 months') = '2026-02-01'"), 1);
    CHECK_INT(ask("SELECT date('2026-01-31', '+' || CAST(fine AS INTEGER) || ' days') > '2026-02' "
                  "FROM hazard WHERE _id = 1"),
              1);
    CHECK_INT(ask("SELECT 'a now' = 'a n' || 'ow'"), 1); /* a text is no date */
    close_all();
}

static void a_view_cannot_be_passed_by(void)
{
    open_all();
    CHECK_OK(kt_db_exec(db, "CREATE TEMP VIEW hazard AS SELECT * FROM main.hazard WHERE place='a'",
                        &err),
             &err);
    CHECK_INT(ask("SELECT count(*) FROM hazard"), 2);
    CHECK_INT(ask("SELECT sum(fine) FROM hazard"), 40);
    CHECK_INT(ask("SELECT sum(x.fine) FROM hazard x JOIN hazard y USING(_id)"), 40);
    CHECK_INT(ask("SELECT count(*) FROM main.hazard"), KT_EDENIED * 1000);
    CHECK_INT(ask("SELECT count(*) FROM Main . hazard"), KT_EDENIED * 1000);
    CHECK_INT(ask("SELECT count(*) FROM \"main\".hazard"), KT_EDENIED * 1000);
    CHECK_INT(ask("SELECT count(*) FROM [main].hazard"), KT_EDENIED * 1000);
    CHECK_INT(ask("SELECT count(*) FROM `main`.hazard"), KT_EDENIED * 1000);
    CHECK_INT(ask("SELECT count(*) FROM 'main'.hazard"), KT_EDENIED * 1000);
    CHECK_INT(ask("SELECT count(*) FROM/**/hazard"), KT_EDENIED * 1000);
    CHECK_OK(kt_db_exec(db, "DROP VIEW temp.hazard", &err), &err);
    close_all();
}

static void does_nothing_else(void)
{
    static const char *const no[] = {
        "SELECT v FROM secret",
        "SELECT count(*) FROM secret",
        "SELECT count(*) FROM sqlite_schema",
        "SELECT * FROM pragma_table_info('secret')",
        "PRAGMA user_version",
        "ATTACH '/tmp/x' AS y",
        "SELECT random()",
        "SELECT datetime('now')",
        "SELECT unixepoch()",
        "SELECT date('now')",
        "SELECT date('NOW', '+1 days')",
        "SELECT date()",
        "SELECT DATE ( )",
        "SELECT date('n'||'ow')",
        "SELECT date(replace('nXow', 'X', ''))",
        "SELECT date((SELECT lower('NO' || 'W')), '+1 days')",
        "SELECT date('2026-01-01', 'localtime')",
        "WITH x(n) AS (SELECT 'n' || 'ow') SELECT date(n) FROM x",
        "SELECT count(*) FROM hazard WHERE date(substr('snow', 2)) > 'a'",
        "SELECT date(substr(place || v, 2)) FROM (SELECT 'sn' AS place, 'ow' AS v)",
        "SELECT CURRENT_TIMESTAMP",
        "SELECT load_extension('x')",
        "SELECT readfile('/etc/passwd')",
        "INSERT INTO hazard VALUES(9,'a',1)",
        "DELETE FROM hazard",
        "CREATE TEMP TABLE t(x)",
        "SELECT 1; SELECT 2",
        "WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM x) SELECT count(n) FROM x",
        "SELECT fine FROM hazard UNION SELECT v FROM secret",
        "SELECT 'open",
        "WITH hazard AS (SELECT v FROM kt_fact) SELECT v FROM hazard",
        "WITH hazard AS (SELECT v FROM 'kt_fact') SELECT v FROM hazard",
        "WITH hazard AS (SELECT v FROM 'main' . secret) SELECT v FROM hazard",
    };
    open_all();
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
        int64_t r = ask(no[i]);
        if (r != KT_EDENIED * 1000 && r != KT_EINVAL * 1000) {
            printf("# %s: %lld\n", no[i], (long long)r);
            unit_bad++;
        }
    }
    CHECK_INT(ask("SELECT count(*) FROM hazard"), 3);
    CHECK_INT(ask("SELECT count(*) FROM kt_posting"), 0);
    close_all();
}

static void is_stopped(void)
{
    open_all();
    kt_mono t = kt_clock_mono();
    CHECK_INT(ask("SELECT count(a.fine * b.fine) FROM "
                  "(SELECT x.fine FROM hazard x, hazard y, hazard z, hazard u, hazard v) a,"
                  "(SELECT x.fine FROM hazard x, hazard y, hazard z, hazard u, hazard v) b,"
                  "(SELECT x.fine FROM hazard x, hazard y, hazard z, hazard u, hazard v) c,"
                  "(SELECT x.fine FROM hazard x, hazard y, hazard z, hazard u, hazard v) d"),
              KT_ETIMEOUT * 1000);
    CHECK(kt_clock_mono() - t < 20 * KT_SEC);
    CHECK_INT(ask("SELECT count(*) FROM hazard"), 3);
    close_all();
}

UNIT_MAIN({"reads what it may", reads_what_it_may},
          {"a view cannot be passed by", a_view_cannot_be_passed_by},
          {"does nothing else", does_nothing_else}, {"is stopped after its time", is_stopped})
