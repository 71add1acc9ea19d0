/* SPDX-License-Identifier: Apache-2.0 */
/* The whole way of points.csv: any bytes load or are answered with findings, never anything else.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "site/site.h"
#include "sys/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[256]; /* one folder for all inputs of a run */

static const char *const files[][2] = {
    {"site.yaml", "id: fuzz\nname: {zh: 试}\npacks: [p]\n"
                  "links: [{id: sub01, kind: modbus, host: h}, {id: m, kind: minefile, in: in}]\n"},
    {"places.csv", "id,parent,kind,name,air_to\nmine,,mine,矿,\nF,mine,panel,面,\n"
                   "f,F,face,面,r\nr,F,return,回,\n"},
    {"packs/p/pack.yaml", "id: p\nversion: 1\ntitle: {zh: 包}\n"},
    {"packs/p/units.yaml", "units:\n"
                           "  - {id: \"%CH4\", dimension: m, factor: 0.01, title: {zh: 甲}}\n"
                           "  - {id: ppmCH4, dimension: m, factor: 0.000001, title: {zh: 甲}}\n"},
    {"packs/p/points/r.yaml", "roles:\n"
                              "  - {id: ch4.face, title: {zh: 甲}, kind: analog, unit: \"%CH4\", "
                              "resolution: 0.01, group: g, "
                              "cutoff: true, stale_after: 20s}\n"
                              "  - {id: switch.power, title: {zh: 开}, kind: output, group: p}\n"
                              "  - {id: feed.state, title: {zh: 馈}, kind: switch, group: p}\n"},
    {"packs/p/limits/l.yaml",
     "limits: [{roles: [ch4.face], values: {alarm: 1, cut: 1.5, restore: 1}, unit: \"%CH4\", "
     "range: f}]\nranges: [{id: f, kinds: [face, return], title: {zh: 面}}]\n"},
    {"packs/p/rules/r.yaml",
     "rules: [{id: c, title: {zh: 断}, cause: {zh: 因}, consequence: {zh: 果}, action: {zh: 办}, "
     "select: {limit: cut}, raise: self >= limit.cut, clear: self < limit.restore, latch: true, "
     "priority: 1, category: cut, then: [{open: range}]}]\n"},
};

static void write_file(const char *name, const void *p, size_t n)
{
    char path[600];
    struct kt_err err;
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    *strrchr(path, '/') = 0;
    if (kt_dir_make(path, &err) < 0) {
        abort();
    }
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(p, 1, n, f) != n || fclose(f) != 0) {
        abort();
    }
}

static void forget(void)
{
    kt_dir_remove(dir);
}

static void prepare(void)
{
    struct kt_err err;
    if (dir[0]) {
        return;
    }
    if (kt_dir_temp("kt-fuzz", dir, sizeof(dir), &err) < 0) {
        abort();
    }
    atexit(forget);
    for (size_t i = 0; i < KT_ARRAY_LEN(files); i++) {
        write_file(files[i][0], files[i][1], strlen(files[i][1]));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char packs[300];
    struct kt_err err;
    struct kt_site *s = NULL;
    prepare();
    write_file("points.csv", data, size);
    snprintf(packs, sizeof(packs), "%s/packs", dir);
    struct kt_findings *f = kt_findings_new(100);
    int r = kt_site_load(dir, packs, NULL, f, &s, &err);
    /* what is refused is explained */
    KT_ASSERT((r == KT_OK) == (kt_findings_count(f, KT_FIND_ERROR) == 0));
    kt_site_unref(s);
    kt_findings_free(f);
    return 0;
}
