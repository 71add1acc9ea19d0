/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of columns: a field's id or its title in either language, with what people write behind it
 * ("深度 (m)", "名称*"). A field of two texts has two columns.
 */
#include <stdlib.h>
#include <strings.h>

#include "record/import.h"

/* The name without blanks around, a star, or something in brackets at its end. */
static const char *bare(struct kt_arena *a, const char *name, bool brackets)
{
    char *s = kt_arena_strdup(a, name);
    size_t n = strlen(s);
    while (n && (strchr(" *\t", s[n - 1]) || (n >= 3 && memcmp(s + n - 3, "＊", 3) == 0))) {
        n -= strchr(" *\t", s[n - 1]) ? 1 : 3;
    }
    s[n] = '\0';
    char *open = strrchr(s, '('), *wide = strstr(s, "（");
    if (brackets && n && s[n - 1] == ')' && open && open > s) {
        *open = '\0';
    } else if (brackets && n >= 3 && memcmp(s + n - 3, "）", 3) == 0 && wide && wide > s) {
        *wide = '\0';
    } else {
        return s;
    }
    return bare(a, s, false);
}

static bool is_name(const struct rec_field *f, const char *name)
{
    return strcmp(f->id, name) == 0 || strcasecmp(f->title.zh, name) == 0 ||
           strcasecmp(f->title.en, name) == 0;
}

static uint32_t field_named(const struct import *im, const char *name)
{
    for (uint32_t i = 0; i < im->reg->fields_n; i++) {
        const struct rec_field *f = &im->reg->fields[i];
        if (!f->ended && is_name(f, name) && reader_sees_field(im->v.who, f)) {
            return i;
        }
    }
    return KT_NONE;
}

/* "name2.zh", "双语名称（中文）", "Name in two languages (en)" */
static enum col_part part_of(const char *name, size_t *ret_n)
{
    static const struct {
        const char *tail;
        enum col_part part;
    } tails[] = {{".zh", COL_ZH},   {".en", COL_EN},   {"（中文）", COL_ZH}, {"（英文）", COL_EN},
                 {" (zh)", COL_ZH}, {" (en)", COL_EN}, {"(中文)", COL_ZH},   {"(英文)", COL_EN}};
    size_t n = strlen(name);
    for (size_t i = 0; i < KT_ARRAY_LEN(tails); i++) {
        size_t m = strlen(tails[i].tail);
        if (n > m && strcmp(name + n - m, tails[i].tail) == 0) {
            *ret_n = n - m;
            return tails[i].part;
        }
    }
    *ret_n = n;
    return COL_VALUE;
}

/* What an export adds and nobody can write: state, owner, numbers of the program's own. */
static bool is_own(const char *name)
{
    static const char *const words[] = {"_version",    "_state",   "_owner", "_due",
                                        "_changed",    "_created", "_ended", "_changed_by",
                                        "_created_by", "_merged",  "_since", "_returns",
                                        "_conflicts",  "状态",     "State"};
    for (size_t i = 0; i < KT_ARRAY_LEN(words); i++) {
        if (strcmp(name, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool find_column(const struct import *im, const char *name, struct import_column *ret)
{
    size_t n;
    *ret = (struct import_column){.name = name, .field = KT_NONE, .part = COL_VALUE};
    if (strcmp(name, "_id") == 0) {
        ret->part = COL_ID;
        return true;
    }
    const char *plain = bare(im->arena, name, false);
    ret->field = field_named(im, plain);
    enum col_part part = part_of(plain, &n);
    if (ret->field == KT_NONE && part != COL_VALUE) {
        ret->field = field_named(im, kt_arena_strndup(im->arena, plain, n));
        ret->part = part;
        if (ret->field != KT_NONE && im->reg->fields[ret->field].type != REC_TEXT2) {
            ret->field = KT_NONE;
        }
    }
    if (ret->field == KT_NONE) {
        ret->part = COL_VALUE;
        ret->field = field_named(im, bare(im->arena, name, true));
    }
    if (ret->field != KT_NONE) {
        const struct rec_field *f = &im->reg->fields[ret->field];
        ret->part = rec_stored(f) ? ret->part : COL_IGNORED;
        return true;
    }
    ret->part = COL_IGNORED;
    return is_own(plain);
}

static bool unknown(struct import *im, const char *name)
{
    struct kt_buf zh, en;
    kt_buf_init(&zh, 4096);
    kt_buf_init(&en, 4096);
    for (uint32_t i = 0; i < im->reg->fields_n && zh.n < 240; i++) {
        const struct rec_field *f = &im->reg->fields[i];
        if (!f->ended && rec_stored(f) && reader_sees_field(im->v.who, f)) {
            kt_buf_printf(&zh, "%s%s", zh.n ? "、" : "", f->title.zh);
            kt_buf_printf(&en, "%s%s", en.n ? ", " : "", f->title.en);
        }
    }
    import_fault(
        im,
        kt_arena_printf(im->arena, "第一行有未知的列“%.60s”；可用的列：%s", name, kt_buf_cstr(&zh)),
        kt_arena_printf(im->arena,
                        "the first row has a column \"%.60s\" that nobody "
                        "knows; columns are: %s",
                        name, kt_buf_cstr(&en)));
    kt_buf_done(&zh);
    kt_buf_done(&en);
    return false;
}

static bool add_column(struct import *im, const char *name)
{
    struct import_column c;
    if (im->columns_n == IMPORT_COLUMNS_MAX) {
        import_fault(im, "表中的列过多", "the table has too many columns");
        return false;
    }
    if (!find_column(im, name, &c)) {
        return unknown(im, name);
    }
    for (uint32_t i = 0; i < im->columns_n; i++) {
        const struct import_column *o = &im->columns[i];
        if (c.part != COL_IGNORED && o->part == c.part && o->field == c.field) {
            import_fault(im,
                         kt_arena_printf(im->arena, "列“%.60s”和“%.60s”是同一字段，请删去一列",
                                         o->name, name),
                         kt_arena_printf(im->arena,
                                         "\"%.60s\" and \"%.60s\" are the same field; "
                                         "leave one out",
                                         o->name, name));
            return false;
        }
    }
    im->columns[im->columns_n] = c;
    kt_map_set(im->by_name, kt_str_c(c.name), im->columns_n);
    im->columns_n++;
    return true;
}

static void list_fields(struct import *im)
{
    im->fields = KT_NEW_ARRAY(im->arena, uint32_t, im->reg->fields_n);
    for (uint32_t f = 0; f < im->reg->fields_n; f++) {
        bool named = f == im->reg->key || f == im->reg->place;
        for (uint32_t i = 0; i < im->columns_n; i++) {
            named |= im->columns[i].field == f && im->columns[i].part != COL_IGNORED;
        }
        if (named && rec_stored(&im->reg->fields[f])) {
            im->fields[im->fields_n++] = f;
        }
    }
}

void import_bind(struct import *im, const struct kt_json *rows)
{
    uint64_t at;
    for (size_t i = 0; i < kt_json_len(rows); i++) {
        struct kt_json_iter it = {0};
        while (kt_json_next(kt_json_at(rows, i), &it)) {
            if (!*it.key || kt_map_get(im->by_name, kt_str_c(it.key), &at)) {
                continue;
            }
            if (!add_column(im, kt_arena_strdup(im->arena, it.key))) {
                return;
            }
        }
    }
    list_fields(im);
}
