/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A site that came from another node: the files of a manifest, written out of the bodies to
 * data/site, from where the site is loaded instead of its own folder (kt_site_text_dir()). Files of
 * packs are the program's own and are not written; secrets/ stays each node's.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "engine/nodes.h"
#include "sys/file.h"

enum { BODY_MAX = 1 << 30 };

static bool of_pack(const char *name)
{
    return strncmp(name, "packs/", 6) == 0;
}

static const struct rt_entry *named(const struct rt_entry *list, uint32_t n, const char *name)
{
    for (uint32_t i = 0; i < n; i++) {
        if (strcmp(list[i].name, name) == 0) {
            return &list[i];
        }
    }
    return NULL;
}

/* What of `a` is not in `b`. */
static enum rt_site_diff lacking(const struct rt_entry *a, uint32_t a_n, const struct rt_entry *b,
                                 uint32_t b_n)
{
    enum rt_site_diff d = SITE_SAME;
    for (uint32_t i = 0; i < a_n; i++) {
        const struct rt_entry *other = named(b, b_n, a[i].name);
        if (strcmp(a[i].name, "order") == 0 || (other && kt_hash_eq(&other->hash, &a[i].hash))) {
            continue; /* the order of points is what the node before had, and no file */
        }
        enum rt_site_diff one = of_pack(a[i].name) ? SITE_OTHER_PACKS : SITE_OTHER;
        d = one > d ? one : d;
    }
    return d;
}

int rt_site_compare(const char *data_dir, const struct kt_hash *a, const struct kt_hash *b,
                    enum rt_site_diff *ret, struct kt_err *err)
{
    struct rt_entry *la = NULL, *lb = NULL;
    uint32_t an = 0, bn = 0;
    struct kt_arena *arena = kt_arena_new(0);
    int r = rt_manifest_read(data_dir, a, arena, &la, &an, err);
    r = r < 0 ? r : rt_manifest_read(data_dir, b, arena, &lb, &bn, err);
    if (r == KT_OK) {
        enum rt_site_diff there = lacking(la, an, lb, bn), here = lacking(lb, bn, la, an);
        *ret = there > here ? there : here;
    }
    kt_arena_free(arena);
    return r;
}

/* ---- writing it out ---- */

static int write_file(const char *data_dir, const char *dir, const struct rt_entry *e,
                      struct kt_err *err)
{
    char path[1200];
    struct kt_buf b;
    int n = snprintf(path, sizeof(path), "%s/%s", dir, e->name);
    if (n >= (int)sizeof(path) || strstr(e->name, "..") || e->name[0] == '/') {
        return kt_err_set(err, KT_ECORRUPT, "a site's file cannot be called %.200s", e->name);
    }
    char *slash = strrchr(path, '/');
    *slash = '\0';
    int r = kt_dir_make(path, err);
    *slash = '/';
    kt_buf_init(&b, BODY_MAX);
    r = r < 0 ? r : kt_body_get(data_dir, &e->hash, BODY_MAX, &b, err);
    r = r < 0 ? r : kt_file_replace(path, b.p ? b.p : "", b.n, err);
    kt_buf_done(&b);
    return r;
}

/* The old one goes when the new one is whole. */
static int put_in_place(const char *data_dir, const char *fresh, struct kt_err *err)
{
    char place[700], old[700];
    snprintf(place, sizeof(place), "%s/site", data_dir);
    snprintf(old, sizeof(old), "%s/site.old", data_dir);
    kt_dir_remove(old);
    if ((kt_file_exists(place) && rename(place, old) != 0) || rename(fresh, place) != 0) {
        return kt_err_sys(err, "cannot put %s in its place", place);
    }
    kt_dir_remove(old);
    return kt_dir_sync(data_dir, err);
}

int rt_site_unpack(const char *data_dir, const struct kt_hash *manifest, struct kt_err *err)
{
    char fresh[700], path[720], hex[65];
    struct rt_entry *list = NULL;
    uint32_t n = 0;
    struct kt_arena *arena = kt_arena_new(0);
    snprintf(fresh, sizeof(fresh), "%s/site.new", data_dir);
    kt_dir_remove(fresh);
    int r = rt_manifest_read(data_dir, manifest, arena, &list, &n, err);
    r = r < 0 ? r : kt_dir_make(fresh, err);
    for (uint32_t i = 0; r == KT_OK && i < n; i++) {
        if (!of_pack(list[i].name) && strcmp(list[i].name, "order") != 0) {
            r = write_file(data_dir, fresh, &list[i], err);
        }
    }
    snprintf(path, sizeof(path), "%s/MANIFEST", fresh);
    r = r < 0 ? r : kt_file_replace(path, kt_hash_hex(manifest, hex), 64, err);
    r = r < 0 ? r : put_in_place(data_dir, fresh, err);
    kt_arena_free(arena);
    return r;
}

/* Was that one taken already? Then what still differs is no matter of files. */
static bool taken_already(const char *data_dir, const struct kt_hash *manifest)
{
    char path[700], hex[65];
    struct kt_buf b;
    kt_buf_init(&b, 1024);
    snprintf(path, sizeof(path), "%s/site/MANIFEST", data_dir);
    bool is = kt_file_read(path, 1024, &b, NULL) == KT_OK &&
              strcmp(kt_buf_cstr(&b), kt_hash_hex(manifest, hex)) == 0;
    kt_buf_done(&b);
    return is;
}

void rt_site_look(struct kt_runtime *rt, const struct kt_hash *manifest)
{
    struct kt_err err = {0};
    enum rt_site_diff d = SITE_OTHER;
    if (!rt->loaded.has) {
        return;
    }
    int r = rt_site_compare(rt->data_dir, &rt->loaded.manifest, manifest, &d, &err);
    kt_cluster_same_site(rt->cluster, r == KT_OK && d == SITE_SAME);
    if (r == KT_OK && d == SITE_OTHER_PACKS) {
        KT_WARN("cluster", "the active node has other packs than this program");
    } else if (r == KT_OK && d == SITE_OTHER && !taken_already(rt->data_dir, manifest)) {
        r = rt_site_unpack(rt->data_dir, manifest, &err);
        if (r == KT_OK) {
            KT_INFO("cluster", "the site that the active node has loaded is taken over");
            rt->halted = rt->last;
        }
    } else if (r == KT_OK && d == SITE_OTHER) {
        KT_WARN("cluster", "the active node has another site in force than this one has taken");
    }
    if (r < 0) {
        KT_ERROR("cluster", "the active node's site cannot be taken over: %s", err.text);
    }
}

bool kt_runtime_site_taken(struct kt_runtime *rt)
{
    kt_seq at = atomic_load(&rt->halted);
    return at && kt_journal_durable(rt->journal) >= at; /* the room applies it before it ends */
}
