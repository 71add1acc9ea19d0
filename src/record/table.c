/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records as a table to hand out. What it says an import reads back as the same: keys of
 * references, titles of choices, names of places, two columns for a field of two texts.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "record/handout.h"
#include "record/reading.h"
#include "record/words.h"

enum { PAGE = 1000, COLUMNS_MAX = 256, PLACES_LISTED = 3000 };

/* One column of the table. */
struct column {
    uint32_t field;       /* KT_NONE: one of the case's own */
    const char *own;      /* "_state" … */
    const char *language; /* of a field of two texts: "zh", "en"; else NULL */
};

struct table {
    struct words w;
    const struct rec_register *reg;
    const struct kt_record_table *t;
    struct column columns[COLUMNS_MAX];
    uint32_t n;
    const char *const *place_names; /* choices, made once */
    uint32_t place_names_n;
};

/* ---- columns ---- */

static void push(struct table *t, struct column c)
{
    if (t->n < COLUMNS_MAX) {
        t->columns[t->n++] = c;
    }
}

static bool may_write(const struct table *t, const struct rec_field *f)
{
    return rec_stored(f) && (!f->write[0] || reader_may(t->w.v.who, f->write));
}

static void push_field(struct table *t, uint32_t i)
{
    const struct rec_field *f = &t->reg->fields[i];
    if (f->ended || rec_is_file(f) || !reader_sees_field(t->w.v.who, f) ||
        (t->t->form && !may_write(t, f))) {
        return;
    }
    if (f->type == REC_TEXT2) {
        push(t, (struct column){.field = i, .language = "zh"});
        push(t, (struct column){.field = i, .language = "en"});
    } else {
        push(t, (struct column){.field = i});
    }
}

static void push_cases(struct table *t)
{
    static const char *const own[] = {"_state", "_owner", "_due"};
    for (size_t i = 0; i < KT_ARRAY_LEN(own); i++) {
        push(t, (struct column){.field = KT_NONE, .own = own[i]});
    }
}

static int push_named(struct table *t, const char *ids, struct kt_err *err)
{
    for (const char *p = ids; *p;) {
        size_t n = strcspn(p, ",");
        const char *id = kt_arena_strndup(t->w.arena, p, n);
        uint32_t f = rec_field_of(t->reg, id);
        if (f != KT_NONE) {
            push_field(t, f);
        } else if (*id == '_' && (strcmp(id, "_state") == 0 || strcmp(id, "_owner") == 0 ||
                                  strcmp(id, "_due") == 0 || strcmp(id, "_changed") == 0)) {
            push(t, (struct column){.field = KT_NONE, .own = id});
        } else {
            return kt_err_set(err, KT_EINVAL, "columns: %s has no field %.40s", t->reg->id, id);
        }
        p += n + (p[n] == ',');
    }
    return KT_OK;
}

static int choose_columns(struct table *t, struct kt_err *err)
{
    int r = KT_OK;
    if (t->t->columns && *t->t->columns) {
        r = push_named(t, t->t->columns, err);
    } else {
        for (uint32_t i = 0; i < t->reg->fields_n; i++) {
            push_field(t, i);
        }
        if (!t->t->form && t->reg->workflow != KT_NONE) {
            push_cases(t);
        }
    }
    return r == KT_OK && !t->n ? kt_err_set(err, KT_EINVAL, "columns: none is left") : r;
}

/* ---- what stands above them ---- */

static const char *own_title(const struct table *t, const char *own)
{
    static const struct {
        const char *own;
        struct kt_text title;
    } titles[] = {{"_state", {"状态", "State"}},
                  {"_owner", {"办理人", "Owner"}},
                  {"_due", {"办理期限", "Due"}},
                  {"_changed", {"修改时间", "Changed"}}};
    for (size_t i = 0; i < KT_ARRAY_LEN(titles); i++) {
        if (strcmp(titles[i].own, own) == 0) {
            return words_pick(&t->w, titles[i].title);
        }
    }
    return own;
}

static const char *title_of(const struct table *t, const struct column *c)
{
    if (c->own) {
        return own_title(t, c->own);
    }
    const struct rec_field *f = &t->reg->fields[c->field];
    const char *title = words_pick(&t->w, f->title);
    for (uint32_t i = 0; i < t->n; i++) { /* two fields of one title: their ids */
        uint32_t o = t->columns[i].field;
        if (o != KT_NONE && o != c->field &&
            strcmp(words_pick(&t->w, t->reg->fields[o].title), title) == 0) {
            title = f->id;
        }
    }
    if (c->language) {
        return kt_arena_printf(t->w.arena, t->w.english ? "%s (%s)" : "%s（%s）", title,
                               t->w.english                     ? c->language
                               : strcmp(c->language, "zh") == 0 ? "中文"
                                                                : "英文");
    }
    bool star = t->t->form && (f->required || c->field == t->reg->key) && !f->automatic[0];
    return star ? kt_arena_printf(t->w.arena, "%s *", title) : title;
}

static enum kt_column_kind kind_of(const struct table *t, const struct column *c)
{
    if (c->own) {
        return strcmp(c->own, "_due") == 0 || strcmp(c->own, "_changed") == 0 ? KT_COLUMN_TIME
                                                                              : KT_COLUMN_TEXT;
    }
    switch (t->reg->fields[c->field].as) {
    case REC_NUMBER:
    case REC_MONEY:
        return KT_COLUMN_NUMBER;
    case REC_DATE:
        return KT_COLUMN_DATE;
    case REC_TIME:
        return KT_COLUMN_TIME;
    default:
        return KT_COLUMN_TEXT;
    }
}

static void place_choices(struct table *t, struct kt_record_column *ret)
{
    const struct kt_site *s = t->w.v.site;
    if (!t->place_names && s->places_n <= PLACES_LISTED) {
        const char **names = KT_NEW_ARRAY(t->w.arena, const char *, s->places_n + 1);
        for (uint32_t i = 0; i < s->places_n; i++) {
            names[i] = words_place(&t->w, s->places[i].id);
        }
        t->place_names = names;
        t->place_names_n = s->places_n;
    }
    ret->choices = t->place_names;
    ret->choices_n = t->place_names_n;
}

static void choices_of(struct table *t, const struct rec_field *f, struct kt_record_column *ret)
{
    static const char *const yes_no[][2] = {{"是", "否"}, {"yes", "no"}};
    if (f->type == REC_BOOL) {
        ret->choices = yes_no[t->w.english];
        ret->choices_n = 2;
    } else if (f->type == REC_PLACE && t->t->form) {
        place_choices(t, ret);
    } else if (f->type == REC_ENUM) {
        const char **titles = KT_NEW_ARRAY(t->w.arena, const char *, f->values_n + 1);
        for (uint32_t i = 0; i < f->values_n; i++) {
            if (!f->values[i].ended) {
                titles[ret->choices_n++] = words_pick(&t->w, f->values[i].title);
            }
        }
        ret->choices = titles;
    }
}

/* What may stand there, in one sentence. */
static const char *help_of(const struct table *t, const struct rec_field *f)
{
    bool en = t->w.english;
    struct kt_buf b;
    kt_buf_init(&b, 4096);
    kt_buf_puts(&b, words_pick(&t->w, f->help));
    const char *gap = en ? "; " : "；";
    if (f->automatic[0]) {
        kt_buf_printf(&b, "%s%s", b.n ? gap : "",
                      en ? "left empty, it numbers itself" : "留空则自动编号");
    }
    if (f->unit[0]) {
        kt_buf_printf(&b, "%s%s%s", b.n ? gap : "", en ? "unit: " : "单位：", f->unit);
    }
    if (f->as == REC_NUMBER && !isnan(f->min)) {
        kt_buf_printf(&b, "%s%s%g", b.n ? gap : "", en ? "at least " : "不小于", f->min);
    }
    if (f->as == REC_NUMBER && !isnan(f->max)) {
        kt_buf_printf(&b, "%s%s%g", b.n ? gap : "", en ? "at most " : "不大于", f->max);
    }
    if (f->type == REC_REF) {
        const struct rec_register *to = &t->w.v.model->registers[f->to];
        kt_buf_printf(&b, "%s%s%s", b.n ? gap : "",
                      en ? "key of a record in " : "填写编号，见台账：",
                      words_pick(&t->w, to->title));
    }
    if (f->type == REC_GEOMETRY) {
        kt_buf_printf(&b, "%s%s", b.n ? gap : "", en ? "\"x, y\" or GeoJSON" : "“x, y”或GeoJSON");
    }
    const char *text = kt_arena_strndup(t->w.arena, b.n ? b.p : "", b.n);
    kt_buf_done(&b);
    return text;
}

static int write_head(struct table *t, struct kt_err *err)
{
    struct kt_record_column *cols = KT_NEW_ARRAY(t->w.arena, struct kt_record_column, t->n);
    for (uint32_t i = 0; i < t->n; i++) {
        const struct column *c = &t->columns[i];
        cols[i].id = c->own ? c->own : t->reg->fields[c->field].id;
        cols[i].title = title_of(t, c);
        cols[i].kind = kind_of(t, c);
        cols[i].help = "";
        if (!c->own) {
            choices_of(t, &t->reg->fields[c->field], &cols[i]);
            cols[i].help = help_of(t, &t->reg->fields[c->field]);
        }
    }
    return t->t->head(t->t->arg, words_pick(&t->w, t->reg->title), cols, t->n, err);
}

/* ---- rows ---- */

static void own_cell(struct table *t, const char *own, const struct kt_json *item,
                     struct kt_buf *out)
{
    int64_t ms;
    const struct kt_json *v = kt_json_get(item, own + 1);
    if (strcmp(own, "_state") == 0 && t->reg->workflow != KT_NONE && kt_json_str(v)) {
        const struct rec_workflow *f = &t->w.v.model->workflows[t->reg->workflow];
        uint32_t s = rec_state_of(f, kt_json_str(v));
        kt_buf_puts(out, s == KT_NONE ? kt_json_str(v) : words_pick(&t->w, f->states[s].title));
    } else if (kt_json_str(v)) {
        kt_buf_puts(out, strcmp(own, "_owner") == 0 ? words_person(&t->w, kt_json_str(v))
                                                    : kt_json_str(v));
    } else if (kt_json_int(v, &ms)) {
        words_moment(&t->w, ms, true, out);
    }
}

static int write_item(struct table *t, const struct kt_json *item, struct kt_err *err)
{
    struct kt_buf text;
    size_t ends[COLUMNS_MAX];
    struct kt_str cells[COLUMNS_MAX];
    const struct kt_json *fields = kt_json_get(item, "fields");
    kt_buf_init(&text, 16 << 20);
    for (uint32_t i = 0; i < t->n; i++) {
        const struct column *c = &t->columns[i];
        if (c->own) {
            own_cell(t, c->own, item, &text);
        } else {
            const struct rec_field *f = &t->reg->fields[c->field];
            const struct kt_json *v = kt_json_get(fields, f->id);
            if (c->language) {
                kt_buf_puts(&text, kt_json_get_str(v, c->language, ""));
            } else {
                words_value(&t->w, f, v, !t->t->people, &text);
            }
        }
        ends[i] = text.n;
    }
    const char *p = kt_buf_cstr(&text);
    for (uint32_t i = 0; i < t->n; i++) {
        size_t from = i ? ends[i - 1] : 0;
        cells[i] = (struct kt_str){p + from, ends[i] - from};
    }
    int r = t->t->row(t->t->arg, kt_json_get_int(item, "id", 0), cells, t->n, err);
    kt_buf_done(&text);
    return r;
}

static int write_page(struct table *t, struct kt_room *room, const struct kt_record_query *q,
                      struct kt_json **ret, struct kt_err *err)
{
    struct kt_buf b;
    kt_buf_init(&b, 256 << 20);
    int r = kt_room_list(room, t->w.v.who, t->reg->id, q, &b, err);
    r = r == KT_OK ? kt_json_parse((struct kt_str){b.p, b.n}, 256 << 20, ret, err) : r;
    kt_buf_done(&b);
    const struct kt_json *items = r == KT_OK ? kt_json_get(*ret, "items") : NULL;
    for (size_t i = 0; r == KT_OK && i < kt_json_len(items); i++) {
        r = write_item(t, kt_json_at(items, i), err);
    }
    return r;
}

static int write_rows(struct table *t, struct kt_room *room, const struct kt_record_query *asked,
                      struct kt_err *err)
{
    struct kt_record_query q = *asked;
    struct kt_json *page = NULL;
    int r;
    q.limit = PAGE;
    q.cursor = NULL;
    do {
        struct kt_json *next = NULL;
        r = write_page(t, room, &q, &next, err);
        kt_json_free(page);
        page = next;
        q.cursor = kt_json_get_str(page, "next", NULL);
    } while (r == KT_OK && q.cursor);
    kt_json_free(page);
    return r;
}

int kt_room_table(struct kt_room *r, const struct kt_reader *who, const char *reg,
                  const struct kt_record_query *q, const struct kt_record_table *table,
                  struct kt_err *err)
{
    struct table *t = calloc(1, sizeof(*t));
    KT_ASSERT(t);
    t->t = table;
    int rc = words_open(r, who, table->english, &t->w, err);
    if (rc < 0) {
        free(t);
        return rc;
    }
    t->w.labels = table->people;
    uint32_t i = rec_register_of(t->w.v.model, reg);
    if (i == KT_NONE || !reader_sees(who, &t->w.v.model->registers[i])) {
        rc = kt_err_set(err, KT_ENOTFOUND, "there is no register \"%.40s\"", reg);
    } else {
        t->reg = &t->w.v.model->registers[i];
        rc = choose_columns(t, err);
    }
    rc = rc == KT_OK ? write_head(t, err) : rc;
    rc = rc == KT_OK && !table->form ? write_rows(t, r, q, err) : rc;
    words_close(&t->w);
    free(t);
    return rc;
}
