/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One record as a document: the lines of its declaration with values in place of braces. What the
 * person may not see is empty.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "conf/number.h"
#include "record/handout.h"
#include "record/reading.h"
#include "record/words.h"

enum { PHOTOS_MAX = 12, SUMS_MAX = 40 };

/* A list's columns that are summed up: those with a + before their name. */
struct sums {
    bool wanted[SUMS_MAX], unknown[SUMS_MAX];
    double sum[SUMS_MAX];
    const char *unit[SUMS_MAX];
    uint32_t n, rows;
};

struct paper {
    struct words w;
    struct kt_room *room;
    const struct rec_register *reg;
    int64_t id;
    struct kt_json *item;
    struct kt_jw out;
    struct sums sums;
};

static const char *say(const struct paper *p, const char *zh, const char *en)
{
    return p->w.english ? en : zh;
}

/* ---- values ---- */

/* What stands for {name}: a field, or one of the record's own. */
static void value_of(struct paper *p, const char *name, struct kt_buf *out)
{
    uint32_t f = rec_field_of(p->reg, name);
    int64_t ms;
    if (f != KT_NONE) {
        const struct rec_field *field = &p->reg->fields[f];
        words_value(&p->w, field, kt_json_get(kt_json_get(p->item, "fields"), name), false, out);
    } else if (strcmp(name, "_state") == 0 && p->reg->workflow != KT_NONE) {
        const struct rec_workflow *flow = &p->w.v.model->workflows[p->reg->workflow];
        uint32_t s = rec_state_of(flow, kt_json_get_str(p->item, "state", ""));
        kt_buf_puts(out, s == KT_NONE ? "" : words_pick(&p->w, flow->states[s].title));
    } else if (strcmp(name, "_site") == 0) {
        kt_buf_puts(out, words_pick(&p->w, p->w.v.site->name));
    } else if (strcmp(name, "_now") == 0) {
        words_moment(&p->w, rec_ms(p->w.v.who->now), false, out);
    } else if (name[0] == '_') {
        const struct kt_json *v = kt_json_get(p->item, name + 1);
        if (kt_json_str(v)) {
            kt_buf_puts(out, words_person(&p->w, kt_json_str(v)));
        } else if (kt_json_int(v, &ms)) {
            words_moment(&p->w, ms, false, out);
        }
    }
}

/* A line with its braces filled in. */
static void fill(struct paper *p, const char *line, struct kt_buf *out)
{
    while (*line) {
        size_t n = strcspn(line, "{");
        kt_buf_put(out, line, n);
        line += n;
        const char *end = strchr(line, '}');
        if (!*line || !end) {
            kt_buf_puts(out, line);
            return;
        }
        value_of(p, kt_arena_strndup(p->w.arena, line + 1, (size_t)(end - line - 1)), out);
        line = end + 1;
    }
}

static void write_text(struct paper *p, int level, const char *line)
{
    struct kt_buf b;
    kt_buf_init(&b, 1 << 20);
    fill(p, line, &b);
    kt_jw_obj(&p->out);
    if (level) {
        kt_jw_kint(&p->out, "heading", level);
    }
    kt_jw_kstr(&p->out, "text", kt_buf_cstr(&b));
    kt_jw_obj_end(&p->out);
    kt_buf_done(&b);
}

/* ---- {table: no, title, level} ---- */

static void write_field(struct paper *p, const char *name)
{
    uint32_t f = rec_field_of(p->reg, name);
    struct kt_buf b;
    kt_buf_init(&b, 1 << 20);
    value_of(p, name, &b);
    kt_jw_obj(&p->out);
    kt_jw_kstr(&p->out, "field",
               f != KT_NONE                  ? words_pick(&p->w, p->reg->fields[f].title)
               : strcmp(name, "_state") == 0 ? say(p, "状态", "State")
               : strcmp(name, "_due") == 0   ? say(p, "办理期限", "Due")
               : strcmp(name, "_owner") == 0 ? say(p, "办理人", "Owner")
                                             : name);
    kt_jw_kstr(&p->out, "value", kt_buf_cstr(&b));
    kt_jw_obj_end(&p->out);
    kt_buf_done(&b);
}

static void write_form(struct paper *p, const char *names)
{
    while (*names) {
        names += strspn(names, ", ");
        size_t n = strcspn(names, ", ");
        if (n) {
            write_field(p, kt_arena_strndup(p->w.arena, names, n));
        }
        names += n;
    }
}

/* ---- {history}, {moves} ---- */

static void begin_grid(struct paper *p, const char *const *columns, size_t n)
{
    kt_jw_obj(&p->out);
    kt_jw_key(&p->out, "columns");
    kt_jw_arr(&p->out);
    for (size_t i = 0; i < n; i++) {
        kt_jw_str(&p->out, columns[i]);
    }
    kt_jw_arr_end(&p->out);
    kt_jw_key(&p->out, "rows");
    kt_jw_arr(&p->out);
}

static void end_grid(struct paper *p)
{
    kt_jw_arr_end(&p->out);
    kt_jw_obj_end(&p->out);
}

static void moment_cell(struct paper *p, const struct kt_json *v)
{
    int64_t ms;
    struct kt_buf b;
    kt_buf_init(&b, 100);
    if (kt_json_int(v, &ms) && ms) {
        words_moment(&p->w, ms, false, &b);
    }
    kt_jw_str(&p->out, kt_buf_cstr(&b));
    kt_buf_done(&b);
}

static int write_history(struct paper *p, struct kt_err *err)
{
    const char *const columns[] = {say(p, "时间", "Time"), say(p, "字段", "Field"),
                                   say(p, "值", "Value"), say(p, "填写人", "By"),
                                   say(p, "来源", "Source")};
    struct kt_buf b;
    struct kt_json *all = NULL;
    kt_buf_init(&b, 64 << 20);
    int r = kt_room_history(p->room, p->w.v.who, p->reg->id, p->id, &b, err);
    r = r == KT_OK ? kt_json_parse((struct kt_str){b.p, b.n}, 64 << 20, &all, err) : r;
    kt_buf_done(&b);
    const struct kt_json *facts = kt_json_arr(all) ? all : kt_json_get(all, "items");
    begin_grid(p, columns, KT_ARRAY_LEN(columns));
    for (size_t i = 0; i < kt_json_len(facts); i++) {
        const struct kt_json *one = kt_json_at(facts, i);
        uint32_t f = rec_field_of(p->reg, kt_json_get_str(one, "field", ""));
        if (f == KT_NONE) {
            continue;
        }
        struct kt_buf v;
        kt_buf_init(&v, 1 << 20);
        words_value(&p->w, &p->reg->fields[f], kt_json_get(one, "value"), false, &v);
        kt_jw_arr(&p->out);
        moment_cell(p, kt_json_get(one, "time"));
        kt_jw_str(&p->out, words_pick(&p->w, p->reg->fields[f].title));
        kt_jw_str(&p->out, kt_buf_cstr(&v));
        kt_jw_str(&p->out, words_person(&p->w, kt_json_get_str(one, "by", "")));
        kt_jw_str(&p->out, kt_json_get_str(one, "source", ""));
        kt_jw_arr_end(&p->out);
        kt_buf_done(&v);
    }
    end_grid(p);
    kt_json_free(all);
    return r;
}

/* What a step was called. */
static const char *step(const struct paper *p, const struct kt_json *move)
{
    static const struct {
        const char *kind;
        struct kt_text title;
    } kinds[] = {{"assign", {"指派", "Assigned"}},       {"sign", {"会签", "Signed"}},
                 {"receipt", {"签收", "Received"}},      {"escalate", {"升级", "Escalated"}},
                 {"remind", {"提醒", "Reminded"}},       {"cycle", {"周期生成", "By itself"}},
                 {"hand-over", {"交接", "Handed over"}}, {"move", {"流转", "Moved"}}};
    const char *id = kt_json_get_str(move, "transition", ""),
               *kind = kt_json_get_str(move, "kind", "");
    if (p->reg->workflow != KT_NONE) {
        const struct rec_workflow *f = &p->w.v.model->workflows[p->reg->workflow];
        for (uint32_t i = 0; i < f->transitions_n; i++) {
            if (strcmp(f->transitions[i].id, id) == 0) {
                return words_pick(&p->w, f->transitions[i].title);
            }
        }
    }
    for (size_t i = 0; i < KT_ARRAY_LEN(kinds); i++) {
        if (strcmp(kinds[i].kind, kind) == 0) {
            return words_pick(&p->w, kinds[i].title);
        }
    }
    return kind;
}

static void write_moves(struct paper *p)
{
    const char *const columns[] = {say(p, "时间", "Time"), say(p, "步骤", "Step"),
                                   say(p, "经办人", "By"), say(p, "办理人", "Owner"),
                                   say(p, "说明", "Note")};
    const struct kt_json *moves = kt_json_get(p->item, "moves");
    begin_grid(p, columns, KT_ARRAY_LEN(columns));
    for (size_t i = 0; i < kt_json_len(moves); i++) {
        const struct kt_json *m = kt_json_at(moves, i);
        kt_jw_arr(&p->out);
        moment_cell(p, kt_json_get(m, "time"));
        kt_jw_str(&p->out, step(p, m));
        kt_jw_str(&p->out, words_person(&p->w, kt_json_get_str(m, "by", "")));
        kt_jw_str(&p->out, words_person(&p->w, kt_json_get_str(m, "owner", "")));
        kt_jw_str(&p->out, kt_json_get_str(m, "note", ""));
        kt_jw_arr_end(&p->out);
    }
    end_grid(p);
}

/* ---- {photos} ---- */

static void write_photos(struct paper *p)
{
    const struct kt_json *all = kt_json_get(p->item, "attachments");
    int n = 0;
    for (size_t i = 0; i < kt_json_len(all) && n < PHOTOS_MAX; i++) {
        const struct kt_json *a = kt_json_at(all, i);
        const char *type = kt_json_get_str(a, "type", "");
        int64_t ms =
            kt_json_get_int(kt_json_get(a, "meta"), "taken", kt_json_get_int(a, "time", 0));
        if (strcmp(type, "image/jpeg") != 0 && strcmp(type, "image/png") != 0) {
            continue;
        }
        struct kt_buf b;
        kt_buf_init(&b, 1000);
        words_moment(&p->w, ms, false, &b);
        kt_buf_printf(&b, "  %s", words_person(&p->w, kt_json_get_str(a, "by", "")));
        kt_jw_obj(&p->out);
        kt_jw_kstr(&p->out, "photo", kt_json_get_str(a, "hash", ""));
        kt_jw_kstr(&p->out, "text", kt_buf_cstr(&b));
        kt_jw_obj_end(&p->out);
        kt_buf_done(&b);
        n++;
    }
}

/* ---- {list: register.field: a, b}: records that name this one ---- */

static int list_head(void *arg, const char *title, const struct kt_record_column *columns,
                     uint32_t n, struct kt_err *err)
{
    struct paper *p = arg;
    const char **heads = KT_NEW_ARRAY(p->w.arena, const char *, n + 1);
    (void)title;
    (void)err;
    for (uint32_t i = 0; i < n; i++) {
        heads[i] = columns[i].title;
    }
    begin_grid(p, heads, n);
    p->sums.n = n < SUMS_MAX ? n : SUMS_MAX;
    return KT_OK;
}

/** "1500 t": what is not filled in makes the sum unknown. */
static void add_up(struct paper *p, uint32_t column, struct kt_str cell)
{
    double v;
    struct kt_str number = {cell.p, 0};
    while (number.n < cell.n && cell.p[number.n] != ' ') {
        number.n++;
    }
    if (kt_number_parse(number, &v) < 0) {
        p->sums.unknown[column] = true;
        return;
    }
    p->sums.sum[column] += v;
    p->sums.unit[column] = kt_arena_strndup(p->w.arena, cell.p + number.n, cell.n - number.n);
}

static void write_sums(struct paper *p)
{
    const struct sums *s = &p->sums;
    bool any = false;
    for (uint32_t i = 0; i < s->n; i++) {
        any |= s->wanted[i];
    }
    if (!any || s->rows < 2) {
        return;
    }
    kt_jw_arr(&p->out);
    for (uint32_t i = 0; i < s->n; i++) {
        char text[64] = "";
        if (s->wanted[i] && !s->unknown[i]) {
            snprintf(text, sizeof(text), "%.10g%s", s->sum[i], s->unit[i] ? s->unit[i] : "");
        }
        kt_jw_str(&p->out, i == 0 ? say(p, "合计", "Total") : text);
    }
    kt_jw_arr_end(&p->out);
}

static int list_row(void *arg, int64_t id, const struct kt_str *cells, uint32_t n,
                    struct kt_err *err)
{
    struct paper *p = arg;
    (void)id;
    (void)err;
    kt_jw_arr(&p->out);
    for (uint32_t i = 0; i < n; i++) {
        kt_jw_strn(&p->out, cells[i]);
        if (i < SUMS_MAX && p->sums.wanted[i]) {
            add_up(p, i, cells[i]);
        }
    }
    p->sums.rows++;
    kt_jw_arr_end(&p->out);
    return KT_OK;
}

/** Names without blanks and plus signs; which of them are summed up. */
static void read_columns(struct paper *p, const char *names, char *ret, size_t cap)
{
    size_t k = 0;
    uint32_t column = 0;
    p->sums = (struct sums){0};
    for (size_t i = 0; names[i] && names[i] != '}' && k + 1 < cap; i++) {
        column += names[i] == ',';
        if (names[i] == '+' && column < SUMS_MAX) {
            p->sums.wanted[column] = true;
        } else if (names[i] != ' ') {
            ret[k++] = names[i];
        }
    }
    ret[k] = '\0';
}

/* @param line  "register.field: a, +b}" */
static int write_list(struct paper *p, const char *line, struct kt_err *err)
{
    line += strspn(line, " ");
    size_t reg_n = strcspn(line, "."), ref_n = strcspn(line + reg_n, ":");
    const char *reg = kt_arena_strndup(p->w.arena, line, reg_n);
    const char *ref = kt_arena_strndup(p->w.arena, line + reg_n + 1, ref_n - 1);
    const char *names = line + reg_n + ref_n + 1;
    struct kt_json *filter = NULL;
    char text[200], columns[600] = "";
    read_columns(p, names, columns, sizeof(columns));
    snprintf(text, sizeof(text), "[[\"%.40s\",\"=\",%lld]]", ref, (long long)p->id);
    int r = kt_json_parse(kt_str_c(text), sizeof(text), &filter, err);
    const struct kt_record_query q = {.filter = filter, .sort = "_id"};
    const struct kt_record_table out = {.columns = columns,
                                        .english = p->w.english,
                                        .people = true,
                                        .head = list_head,
                                        .row = list_row,
                                        .arg = p};
    size_t before = p->out.out->n;
    bool comma = p->out.comma;
    r = r == KT_OK ? kt_room_table(p->room, p->w.v.who, reg, &q, &out, err) : r;
    kt_json_free(filter);
    if (r == KT_EDENIED || r == KT_ENOTFOUND) { /* not for who asks */
        p->out.out->n = before;
        p->out.comma = comma;
        write_text(p, 0, say(p, "无权查看。", "Not for you to see."));
        return KT_OK;
    }
    if (r == KT_OK) {
        write_sums(p);
        end_grid(p);
    }
    return r;
}

/* ---- lines ---- */

static int write_line(struct paper *p, const char *line, struct kt_err *err)
{
    int level = (int)strspn(line, "#");
    if (level && level <= 3 && line[level] == ' ') {
        write_text(p, level, line + level + 1);
    } else if (strncmp(line, "{table:", 7) == 0 && strchr(line, '}')) {
        write_form(p, kt_arena_strndup(p->w.arena, line + 7, strcspn(line + 7, "}")));
    } else if (strncmp(line, "{list:", 6) == 0) {
        return write_list(p, line + 6, err);
    } else if (strcmp(line, "{history}") == 0) {
        return write_history(p, err);
    } else if (strcmp(line, "{moves}") == 0) {
        write_moves(p);
    } else if (strcmp(line, "{photos}") == 0) {
        write_photos(p);
    } else {
        write_text(p, 0, line);
    }
    return KT_OK;
}

static int write_document(struct paper *p, const struct rec_document *d, struct kt_err *err)
{
    int r = KT_OK;
    kt_jw_obj(&p->out);
    kt_jw_kstr(&p->out, "title", words_pick(&p->w, d->title));
    kt_jw_kstr(&p->out, "paper", d->page);
    kt_jw_key(&p->out, "blocks");
    kt_jw_arr(&p->out);
    for (uint32_t i = 0; r == KT_OK && i < d->lines_n; i++) {
        r = write_line(p, d->lines[i], err);
    }
    kt_jw_arr_end(&p->out);
    kt_jw_obj_end(&p->out);
    return r;
}

static const struct rec_document *find_document(const struct kt_record_model *m, uint32_t reg,
                                                const char *id)
{
    for (uint32_t i = 0; i < m->documents_n; i++) {
        if (m->documents[i].reg == reg && strcmp(m->documents[i].id, id) == 0) {
            return &m->documents[i];
        }
    }
    return NULL;
}

static int read_item(struct paper *p, struct kt_err *err)
{
    struct kt_buf b;
    kt_buf_init(&b, 64 << 20);
    int r = kt_room_get(p->room, p->w.v.who, p->reg->id, p->id, 0, 0, &b, err);
    r = r == KT_OK ? kt_json_parse((struct kt_str){b.p, b.n}, 64 << 20, &p->item, err) : r;
    kt_buf_done(&b);
    return r;
}

int kt_room_document(struct kt_room *r, const struct kt_reader *who, const char *reg, int64_t id,
                     const char *document, bool english, struct kt_buf *out, struct kt_err *err)
{
    struct paper p = {.room = r, .id = id, .out = kt_jw_init(out)};
    const struct rec_document *d = NULL;
    size_t before = out->n;
    int rc = words_open(r, who, english, &p.w, err);
    if (rc < 0) {
        return rc;
    }
    uint32_t i = rec_register_of(p.w.v.model, reg);
    if (i != KT_NONE && reader_sees(who, &p.w.v.model->registers[i])) {
        p.reg = &p.w.v.model->registers[i];
        d = find_document(p.w.v.model, i, document);
    }
    rc = d ? read_item(&p, err)
           : kt_err_set(err, KT_ENOTFOUND, "there is no document \"%.40s\" of this register",
                        document);
    rc = rc == KT_OK ? write_document(&p, d, err) : rc;
    kt_json_free(p.item);
    words_close(&p.w);
    if (rc < 0) {
        out->n = before;
    }
    return rc;
}

bool kt_room_names_body(struct kt_room *r, const char *hash)
{
    struct kt_db *db;
    struct kt_stmt *st;
    struct kt_err err;
    bool named = true;
    if (kt_store_read(r->store, &db, &err) < 0) {
        return true;
    }
    if (kt_db_prepare(db,
                      "SELECT 1 FROM kt_attachment WHERE (hash = ?1 OR about = ?1) AND erased IS "
                      "NULL UNION ALL SELECT 1 FROM kt_fact WHERE body = ?1 AND body IS NOT NULL "
                      "AND erased IS NULL LIMIT 1",
                      &st, &err) == KT_OK) {
        kt_bind_text(st, 1, hash);
        named = kt_stmt_step(st, &err) != 0;
        kt_stmt_done(st);
    }
    kt_store_read_done(r->store, db);
    return named;
}
