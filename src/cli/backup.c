/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kuangtu backup, restore: a copy of a site with all its data while it runs, and back from it.
 *
 * Order of a copy. What knows how far it has read the journal (checkpoints, history, records) is
 * copied before the journal, so the journal of the copy reaches at least as far; what the journal
 * names (numbers of points, bodies) after it. Inside history its state goes first: what it says is
 * in the files is in the copies made after it.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"
#include "cli/cli.h"
#include "store/mark.h"
#include "store/store.h"
#include "sys/clock.h"
#include "sys/file.h"

static const struct kt_option no_options[] = {{NULL, NULL, NULL}};

enum { DEPTH_MAX = 12, JOURNAL_TRIES = 3 };

static bool is_db(const char *path)
{
    return kt_text_ends(path, ".db") || kt_text_ends(path, ".sqlite");
}

/* SQLite files are copied through a reader, so that a writer may go on; their WAL stays behind. */
static int copy_one(const char *from, const char *to, unsigned mode, struct kt_err *err)
{
    int r;
    if (is_db(from)) {
        struct kt_store *s;
        struct kt_store_opts o = {.path = from, .read_only = true};
        r = kt_store_open(&o, &s, err);
        if (r == KT_OK) {
            r = kt_store_backup(s, to, err);
            kt_store_close(s);
        }
    } else {
        r = kt_file_copy(from, to, mode, err);
    }
    return r == KT_ENOTFOUND && !kt_file_exists(from) ? KT_OK : r; /* gone since it was listed */
}

/* What a start makes anew, or what belongs to the running program alone. */
static bool left_out(const char *name)
{
    return kt_text_ends(name, "-wal") || kt_text_ends(name, "-shm") || kt_text_ends(name, "lock") ||
           kt_text_ends(name, ".tmp") || kt_text_ends(name, ".part") || !strcmp(name, "run.json") ||
           !strncmp(name, "spare-", 6) || !strcmp(name, "reserve.ktj");
}

/* In which of the rounds of data/ a name is copied. */
static int round_of(const char *name)
{
    return !strcmp(name, "journal")                                 ? 1
           : !strcmp(name, "points.ids") || !strcmp(name, "bodies") ? 2
                                                                    : 0;
}

static int copy_tree(const char *from, const char *to, int depth, struct kt_err *err);

static int copy_name(const char *from, const char *to, const char *name, int depth,
                     struct kt_err *err)
{
    struct stat st;
    struct kt_arena *arena = kt_arena_new(1 << 20);
    char *src = kt_arena_printf(arena, "%s/%s", from, name);
    char *dst = kt_arena_printf(arena, "%s/%s", to, name);
    int r = KT_OK;
    if (!left_out(name) && stat(src, &st) == 0) {
        r = S_ISDIR(st.st_mode) ? copy_tree(src, dst, depth + 1, err)
                                : copy_one(src, dst, st.st_mode & 0777, err);
    }
    if (r == KT_OK && kt_text_ends(name, ".db.zst") && stat(src, &st) != 0) {
        src[strlen(src) - 4] = dst[strlen(dst) - 4] = '\0'; /* unpacked since it was listed */
        r = stat(src, &st) == 0 ? copy_one(src, dst, st.st_mode & 0777, err) : KT_OK;
    }
    kt_arena_free(arena);
    return r;
}

/* The folder itself, with the mode of the other: a secret stays one. */
static int make_like(const char *from, const char *to, struct kt_err *err)
{
    struct stat st;
    int r = kt_dir_make(to, err);
    if (r == KT_OK && (stat(from, &st) != 0 || chmod(to, st.st_mode & 0777) != 0)) {
        r = errno == EPERM ? kt_err_set(err, KT_EIO,
                                        "%s lies on a disk that keeps no rights of files (a stick "
                                        "with FAT or exFAT?), so secrets would be anybody's; take "
                                        "one with ext4 or xfs",
                                        to)
                           : kt_err_sys(err, "cannot set the mode of %s", to);
    }
    return r;
}

static int copy_tree(const char *from, const char *to, int depth, struct kt_err *err)
{
    char **names;
    size_t n;
    bool data = depth == 1 && kt_text_ends(from, "/data");
    struct kt_arena *arena = kt_arena_new(256u << 20);
    int r = depth > DEPTH_MAX ? kt_err_set(err, KT_ELIMIT, "%s: folders too deep", from)
                              : make_like(from, to, err);
    if (r == KT_OK) {
        r = kt_dir_list(from, arena, &names, &n, err);
    }
    if (r == KT_OK && depth == 2 && kt_text_ends(from, "/data/history")) {
        r = copy_name(from, to, "state.db", depth, err);
    }
    for (int round = 0; r == KT_OK && round < (data ? 3 : 1); round++) {
        for (size_t i = 0; r == KT_OK && i < n; i++) {
            bool state =
                depth == 2 && !strcmp(names[i], "state.db") && kt_text_ends(from, "/history");
            if (!state && (!data || round_of(names[i]) == round)) {
                r = copy_name(from, to, names[i], depth, err);
            }
        }
    }
    kt_arena_free(arena);
    return r;
}

/* ---- what was written is what should be there ------------------------------------------------ */

static int check_db(const char *path, struct kt_err *err)
{
    struct kt_store *s;
    struct kt_db *db;
    struct kt_stmt *st;
    struct kt_store_opts o = {.path = path, .read_only = true};
    int r = kt_store_open(&o, &s, err);
    if (r < 0) {
        return r;
    }
    if ((r = kt_store_read(s, &db, err)) == KT_OK) {
        if ((r = kt_db_prepare(db, "PRAGMA integrity_check(1)", &st, err)) == KT_OK) {
            r = kt_stmt_step(st, err);
            if (r == 1) {
                r = strcmp(kt_col_text(st, 0), "ok") == 0
                        ? KT_OK
                        : kt_err_set(err, KT_ECORRUPT, "%s: %.200s", path, kt_col_text(st, 0));
            }
            kt_stmt_done(st);
        }
        kt_store_read_done(s, db);
    }
    kt_store_close(s);
    return r;
}

/* A body's name is its hash. */
static int check_body(const char *path, const char *name, struct kt_err *err)
{
    struct kt_hash h;
    char hex[65];
    struct kt_buf b;
    kt_buf_init(&b, (size_t)4 << 30);
    int r = kt_file_read(path, (size_t)4 << 30, &b, err);
    if (r == KT_OK) {
        kt_hash_of(b.p ? b.p : "", b.n, &h);
        kt_hash_hex(&h, hex);
        if (strcmp(hex, name) != 0) {
            r = kt_err_set(err, KT_ECORRUPT, "%s does not fit its name", path);
        }
    }
    kt_buf_done(&b);
    return r;
}

static int check_tree(const char *dir, bool bodies, int depth, struct kt_err *err)
{
    char **names;
    size_t n;
    struct stat st;
    struct kt_arena *arena = kt_arena_new(256u << 20);
    int r = depth > DEPTH_MAX ? kt_err_set(err, KT_ELIMIT, "%s: folders too deep", dir)
                              : kt_dir_list(dir, arena, &names, &n, err);
    for (size_t i = 0; r == KT_OK && i < n; i++) {
        char *path = kt_arena_printf(arena, "%s/%s", dir, names[i]);
        if (stat(path, &st) != 0) {
            continue;
        }
        if (S_ISDIR(st.st_mode)) {
            r = check_tree(path, bodies || !strcmp(names[i], "bodies"), depth + 1, err);
        } else if (bodies && strlen(names[i]) == 64) {
            r = check_body(path, names[i], err);
        } else if (is_db(path) && !strstr(path, "/history/")) { /* history: every chunk, below */
            r = check_db(path, err);
        }
    }
    kt_arena_free(arena);
    return r;
}

int kt_check_copy(const struct kt_args *a, const char *site, struct kt_err *err)
{
    char data[700];
    snprintf(data, sizeof(data), "%s/data", site);
    if (!kt_file_exists(data)) {
        return KT_OK;
    }
    int r = check_tree(data, false, 0, err);
    return r < 0 ? r : kt_verify_data(a, data, err);
}

/* ---- the verbs --------------------------------------------------------------------------------
 */

/* The journal and what it names once more; in a copy that has the rest. */
static int copy_journal_again(const char *from, const char *to, struct kt_err *err)
{
    static const char *const parts[] = {"journal", "points.ids", "bodies"};
    char src[700], dst[700], journal[720];
    snprintf(src, sizeof(src), "%s/data", from);
    snprintf(dst, sizeof(dst), "%s/data", to);
    snprintf(journal, sizeof(journal), "%s/journal", dst);
    kt_dir_remove(journal);
    int r = KT_OK;
    for (size_t i = 0; r == KT_OK && i < KT_ARRAY_LEN(parts); i++) {
        r = copy_name(src, dst, parts[i], 1, err);
    }
    return r;
}

/* A frame that was being written while its segment was copied looks damaged: copy again. */
static int copy_and_check(const struct kt_args *a, const char *from, const char *to,
                          struct kt_err *err)
{
    int r = copy_tree(from, to, 0, err);
    for (int i = 1; r == KT_OK; i++) {
        r = kt_check_copy(a, to, err);
        if (r != KT_ECORRUPT || i == JOURNAL_TRIES) {
            break;
        }
        r = copy_journal_again(from, to, err);
    }
    return r;
}

/* When this copy was made, for the reminder: in the copy and in the site. */
static int write_marks(const struct kt_args *a, const char *from, const char *to,
                       struct kt_err *err)
{
    char site[700], copy[700];
    struct kt_err none;
    kt_time now = kt_clock_now();
    struct kt_backup_mark mark = {.since = now};
    snprintf(site, sizeof(site), "%s/data", from);
    snprintf(copy, sizeof(copy), "%s/data", to);
    if (!kt_file_exists(site)) {
        return KT_OK;
    }
    if (kt_backup_mark_read(site, &mark, &none) < 0) {
        mark.since = now;
    }
    mark.verified = now;
    int r = kt_backup_mark_write(copy, &mark, to, err);
    if (r == KT_OK && kt_backup_mark_write(site, &mark, to, &none) < 0) {
        kt_note(a, "the copy is good; that it was made cannot be written: %s", none.text);
    }
    return r; /* a disk that takes nothing any more is why one copies */
}

/* A new or an empty folder: nothing is ever written over. */
static int target_free(const char *path, const char *what, struct kt_err *err)
{
    char **names;
    size_t n = 0;
    struct stat st;
    if (stat(path, &st) != 0) {
        return KT_OK;
    }
    struct kt_arena *arena = kt_arena_new(16 << 20);
    int r = S_ISDIR(st.st_mode) ? kt_dir_list(path, arena, &names, &n, err) : KT_OK;
    kt_arena_free(arena);
    if (r == KT_OK && (n || !S_ISDIR(st.st_mode))) {
        r = kt_err_set(err, KT_EEXIST, "%s is not empty; %s", path, what);
    }
    return r;
}

/* A copy inside what is copied would be copied, too, and each next one twice as large. */
static int target_outside(const char *from, const char *to, struct kt_err *err)
{
    char parent[PATH_MAX], site[PATH_MAX], target[PATH_MAX];
    snprintf(parent, sizeof(parent), "%s", to);
    do { /* the nearest folder that is there */
        char *slash = strrchr(parent, '/');
        if (kt_file_exists(parent)) {
            break;
        }
        snprintf(slash ? slash + (slash == parent) : parent, 2, "%s", slash ? "" : ".");
    } while (strcmp(parent, "/") != 0 && strcmp(parent, ".") != 0);
    if (!realpath(from, site) || !realpath(parent, target)) {
        return kt_err_sys(err, "cannot reach %s or %s", from, to);
    }
    size_t n = strlen(site);
    if (strncmp(target, site, n) == 0 && (target[n] == '/' || target[n] == '\0')) {
        return kt_err_set(err, KT_EINVAL, "%s lies inside %s; name a folder outside of it", to,
                          from);
    }
    return KT_OK;
}

static int is_site(const char *path, struct kt_err *err)
{
    char file[PATH_MAX];
    snprintf(file, sizeof(file), "%s/site.yaml", path);
    return kt_file_exists(file)
               ? KT_OK
               : kt_err_set(err, KT_ENOTFOUND, "%s is no site folder: it has no site.yaml", path);
}

static int backup(const struct kt_args *a)
{
    struct kt_err err = {0};
    if (a->pos_n != 2) {
        return kt_usage(a, "name a site folder and a new folder for the copy");
    }
    umask(0077);
    int r = is_site(a->pos[0], &err);
    r = r < 0 ? r : target_outside(a->pos[0], a->pos[1], &err);
    r = r < 0 ? r : target_free(a->pos[1], "name a new folder", &err);
    if (r == KT_OK) {
        r = copy_and_check(a, a->pos[0], a->pos[1], &err);
    }
    if (r == KT_OK) {
        r = write_marks(a, a->pos[0], a->pos[1], &err);
    }
    if (r < 0) {
        return kt_fail(a, &err);
    }
    kt_note(a, "copied to %s and verified", a->pos[1]);
    return KT_EXIT_OK;
}

const struct kt_verb kt_verb_backup = {
    .name = "backup",
    .usage = "SITE FOLDER",
    .summary = "copy a site with all its data, while it runs, and verify the copy",
    .help = "The copy is a site folder like any other. Run it every three months at least\n"
            "(standards: backup of data every 3 months, kept for 2 years); the program counts the\n"
            "days since (point of role self.backup, health page) and reminds after 90.\n",
    .options = no_options,
    .run = backup,
};

static int restore(const struct kt_args *a)
{
    struct kt_err err = {0};
    if (a->pos_n != 2) {
        return kt_usage(a, "name the folder of the copy and a new site folder");
    }
    umask(0077);
    int r = target_free(a->pos[1], "a restore never writes over a site", &err);
    r = r < 0 ? r : is_site(a->pos[0], &err);
    r = r < 0 ? r : target_outside(a->pos[0], a->pos[1], &err);
    if (r == KT_OK) {
        r = kt_check_copy(NULL, a->pos[0], &err);
    }
    if (r == KT_OK) {
        r = copy_tree(a->pos[0], a->pos[1], 0, &err);
    }
    if (r == KT_OK) {
        r = kt_check_copy(a, a->pos[1], &err);
    }
    if (r < 0) {
        return kt_fail(a, &err);
    }
    kt_note(a, "restored to %s and verified; start it with: kuangtu serve %s", a->pos[1],
            a->pos[1]);
    return KT_EXIT_OK;
}

const struct kt_verb kt_verb_restore = {
    .name = "restore",
    .usage = "FOLDER SITE",
    .summary = "make a site folder from a backup, verified before and after",
    .help = "Never writes over an existing site: the target is new or empty.\n",
    .options = no_options,
    .run = restore,
};
