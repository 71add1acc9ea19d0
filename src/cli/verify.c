/* SPDX-License-Identifier: Apache-2.0 */
/* kuangtu verify, backup, restore: is all there and unaltered; a copy; and back from the copy. */
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "engine/bodies.h"
#include "history/history.h"
#include "journal/journal.h"
#include "store/store.h"
#include "sys/file.h"

static const struct kt_option no_options[] = {{NULL, NULL, NULL}};

static int verify_data(const struct kt_args *a, const char *data, struct kt_err *err)
{
    static const char *const columns[] = {"what", "result", "detail"};
    char path[700], hex[65], detail[200];
    struct kt_journal_verdict v;
    uint64_t chunks = 0;
    struct kt_progress bar = {"journal", -1};
    snprintf(path, sizeof(path), "%s/journal", data);
    int r = kt_journal_verify(path, kt_progress_show, &bar, &v, err);
    kt_progress_end(&bar);
    if (r < 0) {
        return r;
    }
    snprintf(path, sizeof(path), "%s/history", data);
    bar = (struct kt_progress){"history", -1};
    if (kt_file_exists(path)) {
        r = kt_history_verify(path, kt_progress_show, &bar, &chunks, err);
        kt_progress_end(&bar);
    }
    struct kt_bodies_verdict bodies = {0};
    r = r < 0 ? r : kt_bodies_verify(data, &bodies, err);
    if (r < 0) {
        return r;
    }
    struct kt_table *t = kt_table_new(a->format, columns, 3);
    kt_table_cell(t, "journal");
    kt_table_cell(t, "ok");
    snprintf(detail, sizeof(detail),
             "events %llu (seq %llu to %llu), %llu sample bodies in history alone",
             (unsigned long long)v.events, (unsigned long long)v.first, (unsigned long long)v.last,
             (unsigned long long)v.dropped_bodies);
    kt_table_cell(t, detail);
    kt_table_cell(t, "chain");
    kt_table_cell(t, "ok");
    kt_table_cell(t, kt_hash_hex(&v.chain, hex));
    kt_table_cell(t, "history");
    kt_table_cell(t, "ok");
    snprintf(detail, sizeof(detail), "%llu chunks", (unsigned long long)chunks);
    kt_table_cell(t, detail);
    kt_table_cell(t, "sites");
    kt_table_cell(t, "ok");
    snprintf(detail, sizeof(detail), "%llu times loaded, %llu bodies",
             (unsigned long long)bodies.sites, (unsigned long long)bodies.bodies);
    kt_table_cell(t, detail);
    kt_table_end(t);
    return KT_OK;
}

static int verify(const struct kt_args *a)
{
    char data[600];
    struct kt_err err = {0};
    if (a->pos_n != 1) {
        return kt_usage(a, "name one site folder");
    }
    snprintf(data, sizeof(data), "%s/data", a->pos[0]);
    int r = verify_data(a, data, &err);
    return r < 0 ? kt_fail(a, &err) : KT_EXIT_OK;
}

const struct kt_verb kt_verb_verify = {
    .name = "verify",
    .usage = "SITE",
    .summary = "prove that nothing recorded is missing or altered",
    .help = "Reads the whole journal: sequence, checksums, hashes and their chain; then every "
            "chunk of\n"
            "history and every file of the sites that were in force. Prints the head of the chain, "
            "which the shift report prints too. Works while "
            "the\n"
            "program runs.\n",
    .options = no_options,
    .run = verify,
};

/* ---- backup ---------------------------------------------------------------------------------- */

static bool has_suffix(const char *s, const char *suffix)
{
    size_t n = strlen(s), m = strlen(suffix);
    return n >= m && strcmp(s + n - m, suffix) == 0;
}

/* SQLite files are copied through a reader, so that a writer may go on; their WAL stays behind. */
static int copy_one(const char *from, const char *to, struct kt_err *err)
{
    if (has_suffix(from, ".db") || has_suffix(from, ".sqlite")) {
        struct kt_store *s;
        struct kt_store_opts o = {.path = from, .read_only = true};
        int r = kt_store_open(&o, &s, err);
        if (r == KT_OK) {
            r = kt_store_backup(s, to, err);
            kt_store_close(s);
        }
        return r;
    }
    struct kt_buf b;
    kt_buf_init(&b, (size_t)4 << 30);
    int r = kt_file_read(from, (size_t)4 << 30, &b, err);
    if (r == KT_OK) {
        struct stat st;
        unsigned mode = stat(from, &st) == 0 ? st.st_mode & 0777 : 0600; /* secrets stay secret */
        r = kt_file_replace_mode(to, b.p ? b.p : "", b.n, mode, err);
    }
    kt_buf_done(&b);
    return r == KT_ENOTFOUND ? KT_OK : r; /* gone since it was listed */
}

static bool left_out(const char *name)
{
    return has_suffix(name, "-wal") || has_suffix(name, "-shm") || has_suffix(name, ".lock") ||
           has_suffix(name, ".tmp") || strcmp(name, "run.json") == 0;
}

enum { DEPTH_MAX = 12 };

/* Bodies come last: the journal of the copy names none that came after them. */
static void bodies_last(char **names, size_t n)
{
    for (size_t i = 0; i + 1 < n; i++) {
        if (strcmp(names[i], "bodies") == 0) {
            char *bodies = names[i];
            names[i] = names[n - 1];
            names[n - 1] = bodies;
        }
    }
}

static int copy_tree(const char *from, const char *to, int depth, struct kt_err *err)
{
    char **names;
    size_t n;
    struct stat st;
    struct kt_arena *arena = kt_arena_new(256u << 20);
    int r = depth > DEPTH_MAX ? kt_err_set(err, KT_ELIMIT, "%s: folders too deep", from)
                              : kt_dir_make(to, err);
    if (r == KT_OK) {
        r = kt_dir_list(from, arena, &names, &n, err);
    }
    if (r == KT_OK) {
        bodies_last(names, n);
    }
    for (size_t i = 0; r == KT_OK && i < n; i++) {
        char *src = kt_arena_printf(arena, "%s/%s", from, names[i]);
        char *dst = kt_arena_printf(arena, "%s/%s", to, names[i]);
        if (left_out(names[i]) || stat(src, &st) != 0) {
            continue;
        }
        r = S_ISDIR(st.st_mode) ? copy_tree(src, dst, depth + 1, err) : copy_one(src, dst, err);
    }
    kt_arena_free(arena);
    return r;
}

static int backup(const struct kt_args *a)
{
    char data[700];
    struct kt_err err = {0};
    if (a->pos_n != 2) {
        return kt_usage(a, "name a site folder and a new folder for the copy");
    }
    if (kt_file_exists(a->pos[1])) {
        kt_err_set(&err, KT_EEXIST, "%s exists already; name a new folder", a->pos[1]);
        return kt_fail(a, &err);
    }
    int r = copy_tree(a->pos[0], a->pos[1], 0, &err);
    if (r < 0) {
        return kt_fail(a, &err);
    }
    snprintf(data, sizeof(data), "%s/data", a->pos[1]);
    if (kt_file_exists(data) && (r = verify_data(a, data, &err)) < 0) {
        return kt_fail(a, &err);
    }
    printf("copied to %s and verified\n", a->pos[1]);
    return KT_EXIT_OK;
}

const struct kt_verb kt_verb_backup = {
    .name = "backup",
    .usage = "SITE FOLDER",
    .summary = "copy a site with all its data, while it runs, and verify the copy",
    .help = "The copy is a site folder like any other. Run it every three months at least\n"
            "(standards: backup of data every 3 months, kept for 2 years).\n",
    .options = no_options,
    .run = backup,
};

static int restore(const struct kt_args *a)
{
    char data[700];
    struct kt_err err = {0};
    if (a->pos_n != 2) {
        return kt_usage(a, "name the folder of the copy and a new site folder");
    }
    if (kt_file_exists(a->pos[1])) {
        kt_err_set(&err, KT_EEXIST, "%s exists already; a restore never writes over a site",
                   a->pos[1]);
        return kt_fail(a, &err);
    }
    snprintf(data, sizeof(data), "%s/data", a->pos[0]);
    int r = kt_file_exists(data) ? verify_data(a, data, &err) : KT_OK;
    if (r == KT_OK) {
        r = copy_tree(a->pos[0], a->pos[1], 0, &err);
    }
    if (r < 0) {
        return kt_fail(a, &err);
    }
    printf("restored to %s; start it with: kuangtu serve %s\n", a->pos[1], a->pos[1]);
    return KT_EXIT_OK;
}

const struct kt_verb kt_verb_restore = {
    .name = "restore",
    .usage = "FOLDER SITE",
    .summary = "make a site folder from a backup, verified first",
    .help = "Never writes over an existing site.\n",
    .options = no_options,
    .run = restore,
};
