/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_SITE_TEST_FIXTURE_H
#define KT_SITE_TEST_FIXTURE_H
/*
 * A copy of sites/mini in a temporary folder, changed by a test and loaded.
 */
#include "site/site.h"

#include "base/arena.h"
#include "sys/file.h"
#include "unit.h"

struct fixture {
    char dir[256], packs[512];
    struct kt_arena *a;
    struct kt_findings *f;
    struct kt_site *s;
    struct kt_err err;
};

__attribute__((unused)) static const char *source_dir(void)
{
    const char *dir = getenv("KT_SOURCE");
    return dir ? dir : ".";
}

__attribute__((unused)) static void put(struct fixture *x, const char *name, const char *text)
{
    struct kt_err err;
    char *path = kt_arena_printf(x->a, "%s/%s", x->dir, name);
    char *slash = strrchr(path, '/');
    *slash = 0;
    CHECK_OK(kt_dir_make(path, &err), &err);
    *slash = '/';
    CHECK_OK(kt_file_replace(path, text, strlen(text), &err), &err);
}

__attribute__((unused)) static const char *text_of(struct fixture *x, const char *path)
{
    struct kt_buf b;
    struct kt_err err;
    kt_buf_init(&b, 0);
    CHECK_OK(kt_file_read(path, 1 << 26, &b, &err), &err);
    char *text = kt_arena_strndup(x->a, b.p ? b.p : "", b.n);
    kt_buf_done(&b);
    return text;
}

__attribute__((unused)) static const char *now(struct fixture *x, const char *name)
{
    return text_of(x, kt_arena_printf(x->a, "%s/%s", x->dir, name));
}

__attribute__((unused)) static void append(struct fixture *x, const char *name, const char *text)
{
    put(x, name, kt_arena_printf(x->a, "%s%s", now(x, name), text));
}

/** Change one piece of a file; it has to be there. */
__attribute__((unused)) static void change(struct fixture *x, const char *name, const char *from,
                                           const char *to)
{
    const char *text = now(x, name), *at = strstr(text, from);
    CHECK(at != NULL);
    if (at) {
        put(x, name,
            kt_arena_printf(x->a, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)));
    }
}

__attribute__((unused)) static void setup(struct fixture *x)
{
    static const char *const files[] = {"site.yaml", "places.csv", "points.csv"};
    memset(x, 0, sizeof(*x));
    x->a = kt_arena_new(0);
    CHECK_OK(kt_dir_temp("kt-site", x->dir, sizeof(x->dir), &x->err), &x->err);
    snprintf(x->packs, sizeof(x->packs), "%s/packs", source_dir());
    for (size_t i = 0; i < 3; i++) {
        put(x, files[i],
            text_of(x, kt_arena_printf(x->a, "%s/sites/mini/%s", source_dir(), files[i])));
    }
}

__attribute__((unused)) static int load(struct fixture *x, const struct kt_site *previous)
{
    struct kt_site *s = NULL;
    kt_findings_free(x->f);
    x->f = kt_findings_new(1000);
    int r = kt_site_load(x->dir, x->packs, previous, x->f, &s, &x->err);
    if (s) { /* whoever passes `previous` holds a reference of its own */
        kt_site_unref(x->s);
        x->s = s;
    }
    return r;
}

__attribute__((unused)) static void teardown(struct fixture *x)
{
    kt_dir_remove(x->dir);
    kt_findings_free(x->f);
    kt_site_unref(x->s);
    kt_arena_free(x->a);
}

__attribute__((unused)) static void print_findings(const struct fixture *x)
{
    char buf[800];
    for (size_t i = 0; kt_findings_get(x->f, i); i++) {
        const struct kt_finding *f = kt_findings_get(x->f, i);
        printf("# %s [%d %s]\n", kt_err_str(&f->at, buf, sizeof(buf)), (int)f->level, f->rule);
    }
}

/** Is there a finding of this check whose "file:line:col: text" is exactly this? */
__attribute__((unused)) static bool says(const struct fixture *x, const char *check,
                                         const char *want)
{
    char buf[800];
    for (size_t i = 0; kt_findings_get(x->f, i); i++) {
        const struct kt_finding *f = kt_findings_get(x->f, i);
        if (strcmp(f->rule, check) == 0 &&
            strcmp(kt_err_str(&f->at, buf, sizeof(buf)), want) == 0) {
            return true;
        }
    }
    return false;
}

__attribute__((unused)) static size_t found(const struct fixture *x, const char *check)
{
    size_t n = 0;
    for (size_t i = 0; kt_findings_get(x->f, i); i++) {
        n += strcmp(kt_findings_get(x->f, i)->rule, check) == 0;
    }
    return n;
}

#define CHECK_SAYS(x, check, want)                                                                 \
    do {                                                                                           \
        if (!says((x), (check), (want))) {                                                         \
            printf("# %s:%d: not said [%s]: %s\n", __FILE__, __LINE__, (check), (want));           \
            print_findings(x);                                                                     \
            unit_bad++;                                                                            \
        }                                                                                          \
    } while (0)

static inline kt_point_id point(const struct fixture *x, const char *id)
{
    return kt_site_point(x->s, kt_str_c(id));
}
#endif
