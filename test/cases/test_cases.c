/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every case of every pack against the real engine, one TAP line a case:
 *
 *     build/src/test_cases [TEXT]     only cases with TEXT in their name
 */
#include "cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/yaml.h"
#include "sys/file.h"

struct name_list {
    char **name; /* "gas/chain-fault" */
    size_t n;
};

static bool complain(const char *text)
{
    printf("# %s\n", text);
    return false;
}

static bool put(struct kt_arena *a, const char *dir, const char *name, const char *text)
{
    struct kt_err err;
    char *path = kt_arena_printf(a, "%s/%s", dir, name), *slash = strrchr(path, '/');
    *slash = 0;
    int r = kt_dir_make(path, &err);
    *slash = '/';
    r = r < 0 ? r : kt_file_replace(path, text, strlen(text), &err);
    return r < 0 ? complain(err.text) : true;
}

/* The texts of case.yaml as a site folder. */
static bool write_site(struct kt_arena *a, const struct kt_yaml *root, const char *dir)
{
    static const char *const files[][2] = {{"site", "site.yaml"},
                                           {"places", "places.csv"},
                                           {"points", "points.csv"},
                                           {"limits", "limits/case.yaml"},
                                           {"rules", "rules/case.yaml"},
                                           {"registers", "registers/case.yaml"},
                                           {"assets", "assets.csv"},
                                           {"cameras", "cameras.csv"},
                                           {"sequences", "sequences/case.yaml"}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const char *text;
        if (kt_yaml_str(root, files[i][0], i < 3 ? KT_REQUIRED : KT_OPTIONAL, &text)) {
            if (!put(a, dir, files[i][1], text)) {
                return false;
            }
        } else if (i < 3) {
            return complain("case.yaml lacks site, places or points");
        }
    }
    return true;
}

static bool any_finding(const struct kt_findings *f, const char *want)
{
    char buf[800];
    for (size_t i = 0; kt_findings_get(f, i); i++) {
        if (strstr(kt_err_str(&kt_findings_get(f, i)->at, buf, sizeof buf), want)) {
            return true;
        }
    }
    return false;
}

static void print_findings(const struct kt_findings *f)
{
    char buf[800];
    for (size_t i = 0; kt_findings_get(f, i); i++) {
        printf("# %s\n", kt_err_str(&kt_findings_get(f, i)->at, buf, sizeof buf));
    }
}

/* The site was refused: each line of expect.err stands in a finding. */
static bool refused(struct kt_arena *a, const char *path, const struct kt_findings *f)
{
    struct kt_buf b;
    struct kt_err err;
    bool ok = true;
    kt_buf_init(&b, 0);
    if (kt_file_read(path, 1 << 20, &b, &err) < 0) {
        kt_buf_done(&b);
        return complain(err.text);
    }
    for (const char *text = kt_buf_cstr(&b); *text;) {
        size_t n = strcspn(text, "\n");
        const char *want = kt_arena_strndup(a, text, n);
        if (!any_finding(f, want)) {
            printf("# %s: not said: %s\n", path, want);
            print_findings(f);
            ok = false;
        }
        text += n + (text[n] == '\n');
    }
    kt_buf_done(&b);
    return ok;
}

/* `raises` and `quiet` of case.yaml. */
static bool claims(struct kt_arena *a, const struct kt_yaml *root, const struct case_run *r)
{
    static const char *const keys[] = {"quiet", "raises"};
    bool ok = true;
    for (int k = 0; k < 2; k++) {
        const char *const *ids = NULL;
        uint32_t n = 0;
        kt_yaml_strs(root, keys[k], KT_OPTIONAL, a, &ids, &n);
        for (uint32_t i = 0; i < n; i++) {
            if (case_raised(r, ids[i]) != (k == 1)) {
                printf("# case.yaml says %s: %s; it is not so\n", keys[k], ids[i]);
                ok = false;
            }
        }
    }
    return ok;
}

static bool run_site(struct kt_arena *a, const struct kt_yaml *root, struct kt_site *site,
                     const char *dir)
{
    struct case_run run;
    struct case_given given = {0};
    struct kt_err err;
    bool records = false;
    kt_yaml_bool(root, "records", KT_OPTIONAL, &records);
    int r = case_run_new(site, &run, &err);
    r = r < 0 || !records ? r : case_room_new(&run, &run.room, &err);
    r = r < 0 ? r : case_given_read(kt_arena_printf(a, "%s/given.jsonl", dir), &given, &err);
    r = r < 0 ? r : case_feed(&run, &given, &err);
    bool ok = r < 0 ? complain(err.text) : true;
    ok = ok && case_expect(&run, kt_arena_printf(a, "%s/expect.jsonl", dir));
    ok = ok && claims(a, root, &run);
    case_given_free(&given);
    case_run_free(&run);
    return ok;
}

static bool load_and_run(struct kt_arena *a, const struct kt_yaml *root, const char *packs,
                         const char *temp, const char *dir)
{
    struct kt_findings *f = kt_findings_new(200);
    struct kt_site *site = NULL;
    struct kt_err err;
    const char *refusal = kt_arena_printf(a, "%s/expect.err", dir);
    int r = kt_site_load(temp, packs, NULL, f, &site, &err);
    bool ok;
    if (kt_file_exists(refusal)) {
        ok = r < 0 ? refused(a, refusal, f)
                   : complain("the site loads; expect.err says it does not");
    } else if (r < 0) {
        print_findings(f);
        ok = complain(err.text);
    } else {
        ok = run_site(a, root, site, dir);
    }
    kt_site_unref(site);
    kt_findings_free(f);
    return ok;
}

static bool one_case(const char *packs, const char *name)
{
    struct kt_arena *a = kt_arena_new(0);
    struct kt_problems problems = {0};
    struct kt_yaml *root = NULL;
    struct kt_err err;
    char temp[256];
    const char *slash = strchr(name, '/');
    const char *dir =
        kt_arena_printf(a, "%s/%.*s/test/%s", packs, (int)(slash - name), name, slash + 1);
    const char *file = kt_arena_printf(a, "%s/case.yaml", dir);
    bool ok = kt_yaml_read(a, file, file, &problems, &root, &err) >= 0 &&
              kt_dir_temp("kt-case", temp, sizeof temp, &err) >= 0;
    if (ok) {
        ok = write_site(a, root, temp) && load_and_run(a, root, packs, temp, dir);
        kt_dir_remove(temp);
    } else {
        complain(err.text);
    }
    kt_arena_free(a);
    return ok;
}

static void add_cases(struct kt_arena *a, const char *packs, const char *pack, const char *only,
                      struct name_list *to)
{
    char **names = NULL;
    size_t n = 0;
    struct kt_err err;
    if (kt_dir_list(kt_arena_printf(a, "%s/%s/test", packs, pack), a, &names, &n, &err) < 0) {
        return; /* a pack without cases */
    }
    to->name = realloc(to->name, (to->n + n + 1) * sizeof *to->name);
    KT_ASSERT(to->name);
    for (size_t i = 0; i < n; i++) {
        char *name = kt_arena_printf(a, "%s/%s", pack, names[i]);
        if (!only || strstr(name, only)) {
            to->name[to->n++] = name;
        }
    }
}

int main(int argc, char **argv)
{
    struct kt_arena *a = kt_arena_new(0);
    struct name_list cases = {0};
    struct kt_err err;
    char **packs = NULL;
    size_t n = 0, failed = 0;
    const char *source = getenv("KT_SOURCE");
    const char *dir = kt_arena_printf(a, "%s/packs", source ? source : ".");
    if (kt_dir_list(dir, a, &packs, &n, &err) < 0) {
        printf("Bail out! %s\n", err.text);
        return 1;
    }
    for (size_t i = 0; i < n; i++) {
        add_cases(a, dir, packs[i], argc > 1 ? argv[1] : NULL, &cases);
    }
    printf("TAP version 13\n1..%zu\n", cases.n);
    for (size_t i = 0; i < cases.n; i++) {
        bool ok = one_case(dir, cases.name[i]);
        printf("%s %zu - %s\n", ok ? "ok" : "not ok", i + 1, cases.name[i]);
        fflush(stdout);
        failed += !ok;
    }
    free(cases.name);
    kt_arena_free(a);
    return failed > 0 || cases.n == 0;
}
