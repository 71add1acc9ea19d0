/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kuangtu cluster join: a node from the one that is active. From the first moment on the order is
 * kept for it, so that it finds there whatever comes while it copies; at the end all that came is
 * proved, and the program follows from where its journal ends.
 */
#include "cli/join.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/percent.h"
#include "cluster/cluster.h"
#include "conf/json.h"
#include "sys/file.h"

enum { PIECE = 8 << 20, LIST_MAX = 64 << 20 };

struct join {
    struct kt_cluster *cluster;
    const char *site;
    char visit[20]; /* what the other node calls our copies */
    int64_t bytes, done;
    uint32_t files, here;
    struct kt_progress progress;
};

static int pieces(struct join *j, const char *name, FILE *f, struct kt_err *err)
{
    struct kt_buf query;
    int64_t at = 0;
    int r = KT_OK;
    bool more = true;
    kt_buf_init(&query, 1 << 16);
    while (more && r == KT_OK) {
        struct kt_buf b;
        kt_buf_init(&b, PIECE + 64);
        kt_buf_clear(&query);
        kt_buf_printf(&query, "/cluster/file?at=%lld&visit=%s&name=", (long long)at, j->visit);
        kt_percent_put(&query, name, "-._/");
        r = kt_cluster_ask(j->cluster, kt_buf_cstr(&query), &b, err);
        if (r == KT_OK && b.n && fwrite(b.p, 1, b.n, f) != b.n) {
            r = kt_err_sys(err, "cannot write %s", name);
        }
        more = b.n == PIECE;
        at += (int64_t)b.n;
        j->done += (int64_t)b.n;
        kt_progress_show(&j->progress, j->bytes ? (double)j->done / (double)j->bytes : 1);
        kt_buf_done(&b);
    }
    kt_buf_done(&query);
    return r;
}

static int fetch(struct join *j, const char *name, const char *path, struct kt_err *err)
{
    char part[1400];
    snprintf(part, sizeof(part), "%s.part", path);
    FILE *f = fopen(part, "wb");
    if (!f) {
        return kt_err_sys(err, "cannot write %s", part);
    }
    int r = pieces(j, name, f, err);
    if (r == KT_OK && (fflush(f) != 0 || fsync(fileno(f)) != 0)) {
        r = kt_err_sys(err, "cannot write %s", part);
    }
    fclose(f);
    if (r == KT_OK && rename(part, path) != 0) {
        r = kt_err_sys(err, "cannot write %s", path);
    }
    if (r < 0) {
        unlink(part);
    }
    return r;
}

/* A body that is here already is not sent again: its name is its hash, which is proved in the end.
 */
static int take(struct join *j, const char *name, int64_t size, struct kt_err *err)
{
    char path[1300], folder[1300];
    int n = snprintf(path, sizeof(path), "%s/%s", j->site, name);
    if (n >= (int)sizeof(path) || name[0] == '/' || strstr(name, "..")) {
        return kt_err_set(err, KT_EINVAL, "the other node names a file %.200s", name);
    }
    if (strncmp(name, "data/bodies/", 12) == 0 && kt_file_size(path) == size) {
        j->here++;
        return KT_OK;
    }
    snprintf(folder, sizeof(folder), "%s", path);
    *strrchr(folder, '/') = '\0';
    int r = kt_dir_make(folder, err);
    r = r < 0 ? r : fetch(j, name, path, err);
    if (r == KT_ENOTFOUND && kt_text_ends(name, ".db.zst")) { /* unpacked since it was listed */
        char plain[1300], to[1300];
        snprintf(plain, sizeof(plain), "%.*s", (int)strlen(name) - 4, name);
        snprintf(to, sizeof(to), "%.*s", (int)strlen(path) - 4, path);
        r = fetch(j, plain, to, err);
    }
    j->files += r == KT_OK;
    return r == KT_ENOTFOUND ? KT_OK : r; /* gone since it was listed; what is needed is proved */
}

static int take_all(struct join *j, struct kt_err *err)
{
    struct kt_buf b;
    struct kt_json *root = NULL;
    kt_buf_init(&b, LIST_MAX);
    int r = kt_cluster_ask(j->cluster, "/cluster/files", &b, err);
    r = r < 0 ? r : kt_json_parse((struct kt_str){b.p, b.n}, LIST_MAX, &root, err);
    const struct kt_json *all = kt_json_get(root, "files");
    if (r == KT_OK) {
        kt_text_set(j->visit, sizeof(j->visit), kt_json_get_str(root, "visit", ""));
    }
    for (size_t i = 0; r == KT_OK && i < kt_json_len(all); i++) {
        j->bytes += kt_json_get_int(kt_json_at(all, i), "size", 0);
    }
    for (size_t i = 0; r == KT_OK && i < kt_json_len(all); i++) {
        const struct kt_json *one = kt_json_at(all, i);
        r = take(j, kt_json_get_str(one, "name", "/"), kt_json_get_int(one, "size", 0), err);
    }
    kt_progress_end(&j->progress);
    kt_json_free(root);
    kt_buf_done(&b);
    return r;
}

/* ---- where to ---- */

static void mark(const char *site, char to[800])
{
    snprintf(to, 800, "%s/data/joining", site);
}

/* New, or without data, or one that was begun by us. */
static int target(const char *site, struct kt_err *err)
{
    char path[800], data[800];
    mark(site, path);
    snprintf(data, sizeof(data), "%s/data", site);
    if (kt_file_exists(data) && !kt_file_exists(path)) {
        return kt_err_set(err, KT_EEXIST,
                          "%s has data; a node is made without any: stop the program and move that "
                          "folder away",
                          site);
    }
    int r = kt_dir_make(data, err);
    if (r == KT_OK && chmod(data, 0700) != 0) {
        r = kt_err_sys(err, "cannot keep %s to ourselves", data);
    }
    return r < 0 ? r : kt_file_replace(path, "", 0, err);
}

/* A segment that was being written looks damaged: it is fetched again. */
static int take_and_prove(const struct kt_args *a, struct join *j, struct kt_err *err)
{
    int r = take_all(j, err);
    for (int i = 0; r == KT_OK && i < 3; i++) {
        r = kt_check_copy(a, j->site, err);
        if (r != KT_ECORRUPT) {
            break;
        }
        j->done = j->bytes = 0;
        r = take_all(j, err);
    }
    return r;
}

static int join(const struct kt_args *a, const char *etcd, const char *site, struct join *j,
                struct kt_err *err)
{
    char host[64] = "", data[800], path[800];
    const char *node = kt_arg(a, "node") ? kt_arg(a, "node") : getenv("KT_NODE");
    if (!node) {
        node = gethostname(host, sizeof(host) - 1) == 0 ? host : "";
    }
    snprintf(data, sizeof(data), "%s/data", site);
    struct kt_cluster_opts o = {
        .address = etcd, .node = node, .version = VERSION, .data_dir = data};
    int r = target(site, err);
    r = r < 0 ? r : kt_cluster_visit(&o, &j->cluster, err);
    r = r < 0 ? r : kt_cluster_reserve(j->cluster, err);
    r = r < 0 ? r : take_and_prove(a, j, err);
    if (r == KT_OK) {
        mark(site, path);
        unlink(path);
        kt_note(a,
                "%u files from %s, %.1f MB, %u bodies were here; proved. Copy secrets/ from there, "
                "then: kuangtu serve %s --node %s",
                j->files, kt_cluster_visited(j->cluster), (double)j->done / 1e6, j->here, site,
                node);
    }
    return r;
}

int kt_join(const struct kt_args *a, const char *etcd, const char *site)
{
    struct kt_err err = {0};
    struct join j = {.site = site, .progress = {.what = "fetching"}};
    umask(0077);
    int r = join(a, etcd, site, &j, &err);
    kt_cluster_free(j.cluster);
    return r < 0 ? kt_fail(a, &err) : KT_EXIT_OK;
}
