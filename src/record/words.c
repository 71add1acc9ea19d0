/* SPDX-License-Identifier: Apache-2.0 */
#include "record/words.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "record/model_flow.h"
#include "record/reading.h"
#include "record/value.h"

static void add_name(struct words *w, const char *name)
{
    uint64_t n = 0;
    if (*name) {
        (void)kt_map_get(w->places, kt_str_c(name), &n);
        kt_map_set(w->places, kt_str_c(name), n + 1);
    }
}

int words_open(struct kt_room *r, const struct kt_reader *who, bool english, struct words *ret,
               struct kt_err *err)
{
    *ret = (struct words){.english = english};
    int rc = view_open(r, who, 0, 0, &ret->v, err);
    if (rc < 0) {
        return rc;
    }
    ret->arena = kt_arena_new(64 << 20);
    ret->by_ref = KT_NEW_ARRAY(ret->arena, struct kt_stmt *, ret->v.model->registers_n + 1);
    ret->places = kt_map_new(ret->v.site->places_n + 1);
    for (uint32_t i = 0; i < ret->v.site->places_n; i++) {
        const struct kt_text *name = &ret->v.site->places[i].name;
        add_name(ret, name->zh);
        if (strcmp(name->zh, name->en) != 0) {
            add_name(ret, name->en);
        }
    }
    return KT_OK;
}

void words_close(struct words *w)
{
    for (uint32_t i = 0; i < w->v.model->registers_n; i++) {
        kt_stmt_done(w->by_ref[i]);
    }
    kt_map_free(w->places);
    kt_arena_free(w->arena);
    view_close(&w->v);
}

const char *words_pick(const struct words *w, struct kt_text t)
{
    const char *first = w->english ? t.en : t.zh, *second = w->english ? t.zh : t.en;
    return first && *first ? first : second ? second : "";
}

const char *words_place(const struct words *w, const char *id)
{
    uint64_t n = 0;
    kt_place_id p = kt_site_place(w->v.site, kt_str_c(id));
    if (p.v == KT_NONE) {
        return id;
    }
    const char *name = words_pick(w, w->v.site->places[p.v].name);
    (void)kt_map_get(w->places, kt_str_c(name), &n);
    return n == 1 && kt_site_place(w->v.site, kt_str_c(name)).v == KT_NONE ? name : id;
}

const char *words_person(const struct words *w, const char *user)
{
    const struct kt_reader *who = w->v.who;
    return who->name_of ? who->name_of(who->names, user) : user;
}

void words_moment(const struct words *w, int64_t ms, bool plain, struct kt_buf *out)
{
    char text[24];
    kt_time_fmt_local(ms * KT_MS, w->v.site->utc_offset_s, text);
    int rest = (int)(((ms % 1000) + 1000) % 1000);
    if (!plain) {
        text[16] = '\0'; /* minutes will do for people */
    }
    kt_buf_puts(out, text);
    if (plain && rest) {
        kt_buf_printf(out, ".%03d", rest);
    }
}

static const char *choice(const struct words *w, const struct rec_field *f, const char *id)
{
    for (uint32_t i = 0; i < f->values_n; i++) {
        if (strcmp(f->values[i].id, id) == 0) {
            return words_pick(w, f->values[i].title);
        }
    }
    return id;
}

/* What people call the record; false: the person does not see it. */
static bool ref_label(struct words *w, uint32_t to, int64_t id, struct kt_buf *out)
{
    struct kt_json *named = NULL;
    struct kt_err err;
    struct kt_buf b;
    bool seen = false;
    kt_buf_init(&b, 1 << 16);
    struct kt_jw jw = kt_jw_init(&b);
    kt_jw_obj(&jw);
    int rc = item_named(&w->v, to, id, &jw, &seen, &err);
    kt_jw_obj_end(&jw);
    rc = rc == KT_OK ? kt_json_parse((struct kt_str){b.p, b.n}, 1 << 16, &named, &err) : rc;
    const char *label = rc == KT_OK && seen ? kt_json_get_str(named, "label", "") : "";
    kt_buf_puts(out, label);
    bool told = *label != '\0';
    kt_json_free(named);
    kt_buf_done(&b);
    return told;
}

/* A reference by the key of its record; the number where the person does not see it. */
static void ref(struct words *w, const struct rec_field *f, int64_t id, struct kt_buf *out)
{
    const struct rec_register *to = &w->v.model->registers[f->to];
    struct kt_err err;
    struct kt_stmt **st = &w->by_ref[f->to];
    if (w->labels && ref_label(w, f->to, id, out)) {
        return;
    }
    if (!*st) {
        const char *sql = kt_arena_printf(w->arena, "SELECT \"%s\" FROM \"%s\" WHERE _id = ?",
                                          to->fields[to->key].id, to->id);
        if (view_need(&w->v, f->to, &err) < 0 || kt_db_prepare(w->v.db, sql, st, &err) < 0) {
            *st = NULL;
        }
    }
    if (*st) {
        kt_bind_i64(*st, 1, id);
    }
    if (*st && kt_stmt_step(*st, &err) > 0 && kt_col_text(*st, 0)) {
        kt_buf_puts(out, kt_col_text(*st, 0));
    } else {
        kt_buf_printf(out, "%lld", (long long)id);
    }
    if (*st) {
        kt_stmt_reset(*st);
    }
}

static void number(const struct rec_field *f, double d, bool plain, struct kt_buf *out)
{
    char text[40];
    if (f->as == REC_MONEY) {
        kt_buf_puts(out, rec_amount_fmt(llround(d * 100), 2, text));
    } else {
        kt_buf_put(out, text, kt_fmt_double(text, d));
    }
    if (!plain && f->unit[0]) {
        kt_buf_printf(out, " %s", f->unit);
    }
}

static void json_text(const struct kt_json *v, struct kt_buf *out)
{
    struct kt_jw w = kt_jw_init(out);
    kt_json_write(v, &w);
}

void words_value(struct words *w, const struct rec_field *f, const struct kt_json *v, bool plain,
                 struct kt_buf *out)
{
    double d;
    int64_t i;
    bool b;
    const char *s = kt_json_str(v);
    if (f->as == REC_TEXT2 && kt_json_obj(v)) {
        kt_buf_puts(out, words_pick(w, (struct kt_text){kt_json_get_str(v, "zh", ""),
                                                        kt_json_get_str(v, "en", "")}));
    } else if (f->as == REC_GEOMETRY && kt_json_obj(v)) {
        json_text(v, out);
    } else if (s) {
        kt_buf_puts(out, f->as == REC_ENUM     ? choice(w, f, s)
                         : f->as == REC_PLACE  ? words_place(w, s)
                         : f->as == REC_PERSON ? words_person(w, s)
                                               : s);
    } else if (kt_json_bool(v, &b)) {
        kt_buf_puts(out, w->english ? (b ? "yes" : "no") : (b ? "是" : "否"));
    } else if (f->as == REC_TIME && kt_json_int(v, &i)) {
        words_moment(w, i, plain, out);
    } else if (f->as == REC_REF && kt_json_int(v, &i)) {
        ref(w, f, i, out);
    } else if (kt_json_num(v, &d)) {
        number(f, d, plain, out);
    }
}
