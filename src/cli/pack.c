/* SPDX-License-Identifier: Apache-2.0 */
/* kuangtu pack new: a small pack with one register, to begin from. */
#include <string.h>

#include "cli/cli.h"
#include "sys/file.h"

static const struct kt_option options[] = {
    {"to", "DIR", "the folder of packs to make it in (default: here)"},
    {NULL, NULL, NULL},
};

/* @ stands for the pack's name, $ for the register's. */
static const char pack_yaml[] =
    "id: @\n"
    "version: 1\n"
    "title: {zh: \"@\", en: \"@\"}      # what menus and reports call it\n"
    "requires: [core]\n";

static const char readme[] =
    "# @\n\n"
    "What this pack is for, where its figures and rules come from, and a picture.\n\n"
    "- `registers/@.yaml`: one register with its workflow and its printed notice. The form is in\n"
    "  docs/record-format.md; `kuangtu check SITE` explains every mistake.\n"
    "- `test/@.csv`: two rows to try the import with.\n\n"
    "Switch it on in a site: `packs: [core, @]`.\n";

static const char registers_yaml[] =
    "# Ids are for ever: a field is added or ended (ended: true), never renamed or retyped.\n"
    "registers:\n"
    "  - id: $\n"
    "    title: {zh: 示例台账, en: Example register}\n"
    "    group: {zh: 台账, en: Registers}     # where the menu has it\n"
    "    key: no                             # what people call a record by; unique\n"
    "    label: \"{no} {title}\"\n"
    "    place: place                        # whose places see and write a record\n"
    "    geometry: spot                      # what the map draws\n"
    "    list: [no, title, level, place, until, who]\n"
    "    workflow: $_flow\n"
    "    fields:\n"
    "      - {id: no, type: text, title: {zh: 编号, en: No.}, auto: \"EX-{year}-{n:4}\"}\n"
    "      - {id: title, type: text, title: {zh: 名称, en: Name}, required: true, max: 80, search: "
    "true}\n"
    "      - {id: level, type: enum, title: {zh: 等级, en: Level}, values: [{id: major, title: "
    "{zh: "
    "重大, en: Major}}, {id: general, title: {zh: 一般, en: General}}]}\n"
    "      - {id: place, type: place, title: {zh: 地点, en: Place}, required: true}\n"
    "      - {id: depth, type: number, unit: m, min: 0, decimals: 1, title: {zh: 深度, en: "
    "Depth}}\n"
    "      - {id: found, type: date, title: {zh: 发现日期, en: Found}, default: today}\n"
    "      - {id: until, type: date, title: {zh: 要求完成, en: Until}}\n"
    "      - {id: who, type: person, title: {zh: 责任人, en: Responsible}}\n"
    "      - {id: measure, type: text, title: {zh: 措施, en: Measure}, search: true}\n"
    "      - {id: spot, type: geometry, kinds: [point], title: {zh: 位置, en: Position}}\n"
    "      - {id: photos, type: photo, title: {zh: 照片, en: Photos}}\n"
    "\n"
    "# A record moves through states; a transition says who may, what is needed, what comes due.\n"
    "workflows:\n"
    "  - id: $_flow\n"
    "    title: {zh: 办理, en: Handling}\n"
    "    states:\n"
    "      - {id: open, title: {zh: 待派, en: Open}, kind: start}\n"
    "      - {id: doing, title: {zh: 办理中, en: Under way}, kind: active}\n"
    "      - {id: closed, title: {zh: 已办结, en: Closed}, kind: done}\n"
    "    transitions:\n"
    "      - {id: assign, title: {zh: 派发, en: Assign}, from: [open], to: doing, owner: given, "
    "due: "
    "{days: 5, working: true}}\n"
    "      - {id: close, title: {zh: 办结, en: Close}, from: [doing], to: closed, who: [owner], "
    "needs: [measure], evidence: {photos: 1}, note: required}\n"
    "\n"
    "# A record printed: # headings, fields in braces, a form of fields, pictures, what happened.\n"
    "documents:\n"
    "  - {id: notice, register: $, title: {zh: 通知单, en: Notice}, page: A4, lines: [\"# "
    "示例通知单\", \"编号：{no}\", \"{table: title, level, place, found, until, who, measure}\", "
    "\"## 照片\", \"{photos}\", \"## 经过\", \"{moves}\", \"\", \"签收：____________\"]}\n";

static const char test_csv[] =
    "名称,等级,深度,发现日期\n第一条,重大,12.5,2026-01-05\n第二条,一般,,2026-01-06\n";

static void fill(const char *text, const char *name, const char *reg, struct kt_buf *out)
{
    kt_buf_clear(out);
    for (const char *p = text; *p; p++) {
        if (*p == '@' || *p == '$') {
            kt_buf_puts(out, *p == '@' ? name : reg);
        } else {
            kt_put_u8(out, (uint8_t)*p);
        }
    }
}

static int write_file(const char *dir, const char *file, const struct kt_buf *text,
                      struct kt_err *err)
{
    char path[1000];
    snprintf(path, sizeof(path), "%s/%s", dir, file);
    return kt_file_replace_mode(path, text->p, text->n, 0644, err);
}

static int write_pack(const char *dir, const char *name, const char *reg, struct kt_err *err)
{
    char sub[900], file[80];
    struct kt_buf b;
    kt_buf_init(&b, 1 << 20);
    fill(pack_yaml, name, reg, &b);
    int r = kt_dir_make(dir, err);
    r = r == KT_OK ? write_file(dir, "pack.yaml", &b, err) : r;
    fill(readme, name, reg, &b);
    r = r == KT_OK ? write_file(dir, "README.md", &b, err) : r;
    snprintf(sub, sizeof(sub), "%s/registers", dir);
    snprintf(file, sizeof(file), "%s.yaml", name);
    fill(registers_yaml, name, reg, &b);
    r = r == KT_OK ? kt_dir_make(sub, err) : r;
    r = r == KT_OK ? write_file(sub, file, &b, err) : r;
    snprintf(sub, sizeof(sub), "%s/test", dir);
    snprintf(file, sizeof(file), "%s.csv", name);
    fill(test_csv, name, reg, &b);
    r = r == KT_OK ? kt_dir_make(sub, err) : r;
    r = r == KT_OK ? write_file(sub, file, &b, err) : r;
    kt_buf_done(&b);
    return r;
}

static bool is_name(const char *s)
{
    return *s >= 'a' && *s <= 'z' && strlen(s) <= 30 &&
           strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-_") == strlen(s);
}

static int run(const struct kt_args *a)
{
    struct kt_err err = {0};
    char dir[800], reg[40];
    const char *to = kt_arg(a, "to");
    if (a->pos_n != 2 || strcmp(a->pos[0], "new") != 0) {
        return kt_usage(a, "new, and a name");
    }
    if (!is_name(a->pos[1])) {
        return kt_usage(a, "a name is small letters, digits and -, at most 30");
    }
    snprintf(reg, sizeof(reg), "%s", a->pos[1]);
    for (char *p = reg; *p; p++) {
        *p = *p == '-' ? '_' : *p;
    }
    snprintf(dir, sizeof(dir), "%s/%s", to ? to : ".", a->pos[1]);
    if (kt_file_exists(dir)) {
        kt_err_set(&err, KT_EEXIST, "%s exists already; nothing was changed", dir);
        return kt_fail(a, &err);
    }
    if (write_pack(dir, a->pos[1], reg, &err) < 0) {
        return kt_fail(a, &err);
    }
    kt_done(a, "%s is made. Next: name it in packs: of a site.yaml, then kuangtu check SITE", dir);
    return KT_EXIT_OK;
}

const struct kt_verb kt_verb_pack = {
    .name = "pack",
    .usage = "new NAME [--to DIR]",
    .summary = "make a new pack",
    .help = "Writes a small pack that passes `kuangtu check`: one register with a workflow and a\n"
            "printed notice, with comments, and a table to try its import with.\n\n"
            "  kuangtu pack new lamps --to packs\n",
    .options = options,
    .run = run,
};
