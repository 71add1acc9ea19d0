/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kuangtu cluster: what is done to a node of several by hand. `adopt` puts a site that another node
 * has loaded into this node's own folder; `join` makes a node from one that runs (join.c).
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "cli/join.h"
#include "site/site.h"
#include "sys/file.h"

enum { DEPTH_MAX = 4 };

static const struct kt_option options[] = {
    {"node", "NAME", "join: name of the node that is made (default: $KT_NODE, or the host's name)"},
    {NULL, NULL, NULL},
};

static int copy(const char *from, const char *to, int depth, struct kt_err *err)
{
    char **names;
    size_t n = 0;
    struct stat st;
    struct kt_arena *arena = kt_arena_new(16 << 20);
    int r = depth > DEPTH_MAX ? kt_err_set(err, KT_ELIMIT, "%s: folders too deep", from)
                              : kt_dir_make(to, err);
    r = r < 0 ? r : kt_dir_list(from, arena, &names, &n, err);
    for (size_t i = 0; r == KT_OK && i < n; i++) {
        char *src = kt_arena_printf(arena, "%s/%s", from, names[i]);
        char *dst = kt_arena_printf(arena, "%s/%s", to, names[i]);
        bool ours = depth == 0 && (!strcmp(names[i], "MANIFEST") || !strcmp(names[i], "map"));
        if (ours || stat(src, &st) != 0) {
            continue;
        }
        if (S_ISDIR(st.st_mode)) {
            r = copy(src, dst, depth + 1, err);
        } else {
            r = kt_file_copy(src, dst, 0640, err);
        }
    }
    kt_arena_free(arena);
    return r;
}

/* Of these folders every file is read: what the site in force does not have would come back. */
static void drop_old(const struct kt_args *a, const char *site, const char *taken)
{
    static const char *const folders[] = {"rules", "limits", "registers", "sequences"};
    struct kt_arena *arena = kt_arena_new(16 << 20);
    for (size_t f = 0; f < KT_ARRAY_LEN(folders); f++) {
        char **names;
        size_t n = 0;
        char *dir = kt_arena_printf(arena, "%s/%s", site, folders[f]);
        if (!kt_file_exists(dir) || kt_dir_list(dir, arena, &names, &n, NULL) < 0) {
            continue;
        }
        for (size_t i = 0; i < n; i++) {
            if (!kt_file_exists(kt_arena_printf(arena, "%s/%s/%s", taken, folders[f], names[i]))) {
                char *old = kt_arena_printf(arena, "%s/%s", dir, names[i]);
                kt_note(a, "%s is not in the site in force: renamed to %s.before", old, old);
                (void)rename(old, kt_arena_printf(arena, "%s.before", old));
            }
        }
    }
    kt_arena_free(arena);
}

static int adopt(const struct kt_args *a)
{
    char texts[700];
    struct kt_err err = {0};
    if (a->pos_n != 2) {
        return kt_usage(a, "name the site folder");
    }
    if (!kt_site_text_dir(a->pos[1], texts, sizeof(texts))) {
        kt_done(a, "the site of %s is the one of its folder", a->pos[1]);
        return KT_EXIT_OK;
    }
    drop_old(a, a->pos[1], texts);
    int r = copy(texts, a->pos[1], 0, &err);
    if (r < 0) {
        return kt_fail(a, &err);
    }
    kt_dir_remove(texts);
    kt_done(a,
            "the folder has the site in force now; copy map.gpkg from the node where it was loaded "
            "when the drawing has changed");
    return KT_EXIT_OK;
}

static int run(const struct kt_args *a)
{
    if (a->pos_n >= 1 && strcmp(a->pos[0], "adopt") == 0) {
        return adopt(a);
    }
    if (a->pos_n == 3 && strcmp(a->pos[0], "join") == 0) {
        return kt_join(a, a->pos[1], a->pos[2]);
    }
    return kt_usage(a, "adopt SITE, or join ETCD SITE");
}

const struct kt_verb kt_verb_cluster = {
    .name = "cluster",
    .usage = "adopt SITE | join ETCD SITE",
    .summary = "several nodes: make one from one that runs, take a site into the folder",
    .help =
        "join makes a node from the one that is active: its site, checkpoints, records, journal,\n"
        "history and bodies are fetched and proved; then `kuangtu serve` follows. secrets/ is not\n"
        "sent: copy it yourself. Broken off, the same command goes on.\n\n"
        "adopt writes a site that was loaded on another node into this node's own folder, so that\n"
        "it can be changed here. Until then it lies in data/site.\n\n"
        "  kuangtu cluster join etcd://10.0.0.10:2379/mine /srv/mine --node node-b\n"
        "  kuangtu cluster adopt /srv/mine\n",
    .options = options,
    .run = run,
};
