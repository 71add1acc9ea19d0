/* SPDX-License-Identifier: Apache-2.0 */
/*
 * files: what a load reads, from the disk or as it was given (a site that was in force once). Every
 * file that was read is part of the site's hash and is kept with the site, so that what goes into
 * the journal is what was loaded, whatever became of the folder meanwhile.
 */
#include "site/impl.h"

#include <sys/stat.h>

#include "sys/file.h"

void site_hash_add(struct load *l, const char *name, const void *p, size_t n)
{
    struct kt_hash *h = &l->s->pub.hash, file;
    kt_hash_of2(name, strlen(name) + 1, p, n, &file);
    struct kt_hash before = *h;
    kt_hash_of2(before.b, sizeof(before.b), file.b, sizeof(file.b), h);
}

static const struct kt_site_file *given(const struct load *l, const char *name)
{
    for (uint32_t i = 0; i < l->given_n; i++) {
        if (strcmp(l->given[i].name, name) == 0) {
            return &l->given[i];
        }
    }
    return NULL;
}

bool site_exists(const struct load *l, const char *path, const char *name)
{
    return l->is_given ? given(l, name) != NULL : kt_file_exists(path);
}

static bool is_yaml(const char *name)
{
    size_t n = strlen(name);
    return n > 5 && strcmp(name + n - 5, ".yaml") == 0;
}

/* A file that somebody takes for one of ours: what is not read must not look as if it were. */
static bool nearly_yaml(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot && name[0] != '.' && (!strcasecmp(dot, ".yml") || !strcasecmp(dot, ".yaml"));
}

static size_t list_given(struct load *l, const char *name, char ***ret)
{
    size_t n = 0, len = strlen(name);
    *ret = KT_NEW_ARRAY(l->scratch, char *, l->given_n + 1);
    for (uint32_t i = 0; i < l->given_n; i++) {
        const char *full = l->given[i].name;
        if (strncmp(full, name, len) == 0 && full[len] == '/' && !strchr(full + len + 1, '/') &&
            is_yaml(full)) {
            (*ret)[n++] = kt_arena_strdup(l->scratch, full + len + 1);
        }
    }
    return n;
}

size_t site_list(struct load *l, const char *path, const char *name, char ***ret)
{
    char **names = NULL;
    size_t n = 0, kept = 0;
    struct kt_err err;
    if (l->is_given) {
        return list_given(l, name, ret);
    }
    if (!kt_file_exists(path)) {
        return 0;
    }
    if (kt_dir_list(path, l->scratch, &names, &n, &err) < 0) {
        site_find(l, KT_FIND_ERROR, "format", name, 0, 0, "%s", err.text);
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        if (is_yaml(names[i])) {
            names[kept++] = names[i];
        } else if (nearly_yaml(names[i])) {
            site_find(l, KT_FIND_ERROR, "format", kt_arena_printf(l->a, "%s/%s", name, names[i]), 0,
                      0, "is not read under this name; a file of rules ends in .yaml");
        }
    }
    *ret = names;
    return kept;
}

/* ---- what nobody reads ---- */

static bool one_of(const char *name, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(name, list[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Entries of a folder; none when it is a file. */
static size_t entries(struct load *l, const char *path, char ***ret)
{
    struct stat st;
    size_t n = 0;
    struct kt_err err;
    bool is = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
    return is && kt_dir_list(path, l->scratch, ret, &n, &err) == KT_OK ? n : 0;
}

static void stray_below(struct load *l, const char *folder)
{
    char **names = NULL;
    size_t n = entries(l, kt_arena_printf(l->scratch, "%s/%s", l->dir, folder), &names);
    for (size_t i = 0; i < n; i++) {
        if (nearly_yaml(names[i])) {
            site_find(l, KT_FIND_WARNING, "format",
                      kt_arena_printf(l->a, "%s/%s", folder, names[i]), 0, 0,
                      "is read by nobody; rules, limits, sequences, registers stand in the "
                      "folder of that name, no deeper");
        }
    }
}

void site_stray(struct load *l)
{
    static const char *const quiet[] = {"data", "secrets", "site.yaml"};
    static const char *const read[] = {"limits", "rules", "registers", "sequences"};
    char **names = NULL, **below = NULL;
    size_t n = l->is_given ? 0 : entries(l, l->dir, &names);
    for (size_t i = 0; i < n; i++) {
        if (one_of(names[i], quiet, KT_ARRAY_LEN(quiet))) {
            continue;
        }
        if (nearly_yaml(names[i])) {
            site_find(l, KT_FIND_WARNING, "format", kt_arena_strdup(l->a, names[i]), 0, 0,
                      "is read by nobody; settings stand in site.yaml, rules in rules/");
        } else if (!one_of(names[i], read, KT_ARRAY_LEN(read))) {
            stray_below(l, kt_arena_strdup(l->scratch, names[i]));
        } else {
            size_t k = entries(l, kt_arena_printf(l->scratch, "%s/%s", l->dir, names[i]), &below);
            for (size_t j = 0; j < k; j++) {
                stray_below(l, kt_arena_printf(l->scratch, "%s/%s", names[i], below[j]));
            }
        }
    }
}

static void keep(struct load *l, const char *name)
{
    struct kt_site_file *f = SITE_PUSH(l, l->files, l->files_n, l->files_cap);
    f->name = kt_arena_strdup(l->a, name);
    f->bytes =
        (struct kt_str){kt_arena_strndup(l->a, l->file.p ? l->file.p : "", l->file.n), l->file.n};
    kt_hash_of(f->bytes.p, f->bytes.n, &f->hash);
}

int site_read(struct load *l, const char *path, const char *name, struct kt_err *err)
{
    kt_buf_clear(&l->file);
    if (l->is_given) {
        const struct kt_site_file *f = given(l, name);
        if (!f) {
            return kt_err_set(err, KT_ENOTFOUND, "%s: not among the files of this site", name);
        }
        kt_buf_put(&l->file, f->bytes.p, f->bytes.n);
    } else {
        struct stat st;
        int r = stat(path, &st) == 0 && !S_ISREG(st.st_mode)
                    ? kt_err_set(err, KT_EINVAL, "%s is no file that can be read", path)
                    : kt_file_read(path, SITE_FILE_MAX, &l->file, err);
        if (r < 0) {
            return r;
        }
    }
    site_hash_add(l, name, l->file.p, l->file.n);
    keep(l, name);
    return KT_OK;
}

void site_files_done(struct load *l)
{
    struct kt_site_file *to = KT_NEW_ARRAY(l->a, struct kt_site_file, l->files_n + 1);
    if (l->files_n) {
        memcpy(to, l->files, sizeof(*to) * l->files_n);
    }
    l->s->pub.files = to;
    l->s->pub.files_n = l->files_n;
}
