/* SPDX-License-Identifier: Apache-2.0 */
/* describe: what registers there are for one person: forms, lists and filters are made of this. */
#include "record/reading.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void names(struct kt_jw *w, const char *key, const struct kt_reader *who,
                  const struct rec_register *reg, const struct rec_names *n)
{
    kt_jw_key(w, key);
    kt_jw_arr(w);
    for (uint32_t i = 0; i < n->n; i++) {
        if (reader_sees_field(who, &reg->fields[n->field[i]])) {
            kt_jw_str(w, reg->fields[n->field[i]].id);
        }
    }
    kt_jw_arr_end(w);
}

static void bound(struct kt_jw *w, const char *key, double v)
{
    if (!isnan(v)) {
        kt_jw_knum(w, key, v);
    }
}

static void choices(struct kt_jw *w, const struct rec_field *f)
{
    kt_jw_key(w, "values");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < f->values_n; i++) {
        kt_jw_obj(w);
        kt_jw_kstr(w, "id", f->values[i].id);
        kt_text_json(w, "title", &f->values[i].title);
        if (f->values[i].ended) {
            kt_jw_kbool(w, "ended", true);
        }
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
}

static void words(struct kt_jw *w, const char *key, const char *const *list, uint32_t n)
{
    kt_jw_key(w, key);
    kt_jw_arr(w);
    for (uint32_t i = 0; i < n; i++) {
        kt_jw_str(w, list[i]);
    }
    kt_jw_arr_end(w);
}

static void limits(struct kt_jw *w, const struct rec_field *f)
{
    kt_jw_key(w, "limits");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < f->limits_n; i++) {
        kt_jw_obj(w);
        kt_jw_kstr(w, "id", f->limits[i].id);
        kt_jw_knum(w, "value", f->limits[i].value);
        kt_text_json(w, "title", &f->limits[i].title);
        kt_source_json(w, "source", &f->limits[i].source);
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
}

static void of_type(struct kt_jw *w, const struct kt_record_model *m, const struct rec_field *f)
{
    static const char *const kinds[] = {"point", "line", "polygon", "multi"};
    bound(w, "min", f->min);
    bound(w, "max", f->max);
    if (f->decimals >= 0) {
        kt_jw_kint(w, "decimals", f->decimals);
    }
    if (f->limits_n) {
        limits(w, f);
    }
    if (f->type == REC_COMPUTED) {
        kt_jw_kstr(w, "as", rec_type_id(f->as));
    }
    if (f->as == REC_ENUM) {
        choices(w, f);
    }
    if (f->type == REC_REF) {
        kt_jw_kstr(w, "to", m->registers[f->to].id);
    }
    if (f->type == REC_GEOMETRY) {
        kt_jw_key(w, "kinds");
        kt_jw_arr(w);
        for (unsigned i = 0; i < KT_ARRAY_LEN(kinds); i++) {
            if (f->kinds & 1u << i || !f->kinds) {
                kt_jw_str(w, kinds[i]);
            }
        }
        kt_jw_arr_end(w);
    }
    if (rec_is_file(f)) {
        words(w, "types", f->types, f->types_n);
        kt_jw_kint(w, "max_mb", f->max_mb ? f->max_mb : 100);
    }
}

static void field(struct kt_jw *w, const struct kt_record_model *m, const struct kt_reader *who,
                  const struct rec_register *reg, const struct rec_field *f)
{
    bool writes = reader_writes(who, reg) && (!f->write[0] || reader_may(who, f->write));
    kt_jw_obj(w);
    kt_jw_kstr(w, "id", f->id);
    kt_jw_kstr(w, "type", rec_type_id(f->type));
    kt_text_json(w, "title", &f->title);
    if (f->help.zh[0]) {
        kt_text_json(w, "help", &f->help);
    }
    if (f->unit[0]) {
        kt_jw_kstr(w, "unit", f->unit);
    }
    if (f->def[0]) {
        kt_jw_kstr(w, "default", f->def);
    }
    if (f->pattern[0]) {
        kt_jw_kstr(w, "pattern", f->pattern);
    }
    kt_jw_kbool(w, "required", f->required || f == &reg->fields[reg->key]);
    kt_jw_kbool(w, "auto", f->automatic[0] != '\0');
    kt_jw_kbool(w, "ended", f->ended);
    kt_jw_kbool(w, "search", f->search);
    kt_jw_kbool(w, "sources", f->sources);
    if (f->personal) {
        kt_jw_kbool(w, "personal", true);
    }
    if (f->keep_days) {
        kt_jw_kint(w, "keep_days", f->keep_days);
    }
    kt_jw_kbool(w, "may_write", writes && f->type != REC_COMPUTED && !f->ended);
    of_type(w, m, f);
    kt_jw_obj_end(w);
}

/* Who walks has to know where walks go, also without the right to look at those of others. */
static bool brings_walks(const struct kt_reader *who, const struct rec_register *reg,
                         const struct rec_field *f)
{
    bool walks = false;
    for (uint32_t i = 0; f->type == REC_FILE && i < f->types_n; i++) {
        walks = walks || strcmp(f->types[i], "track") == 0;
    }
    return walks && reader_writes(who, reg) && (!f->write[0] || reader_may(who, f->write));
}

static void fields(struct kt_jw *w, const struct kt_record_model *m, const struct kt_reader *who,
                   const struct rec_register *reg)
{
    kt_jw_key(w, "fields");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < reg->fields_n; i++) {
        if (reader_sees_field(who, &reg->fields[i]) || brings_walks(who, reg, &reg->fields[i])) {
            field(w, m, who, reg, &reg->fields[i]);
        }
    }
    kt_jw_arr_end(w);
}

static void map(struct kt_jw *w, const struct rec_register *reg)
{
    kt_jw_key(w, "map");
    if (reg->geometry == KT_NONE) {
        kt_jw_null(w);
        return;
    }
    kt_jw_obj(w);
    kt_jw_kstr(w, "geometry", reg->fields[reg->geometry].id);
    kt_jw_kstr(w, "color", reg->map_color);
    kt_jw_kstr(w, "symbol", reg->map_symbol);
    kt_jw_obj_end(w);
}

static void documents(struct kt_jw *w, const struct kt_record_model *m, uint32_t ri)
{
    kt_jw_key(w, "documents");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < m->documents_n; i++) {
        if (m->documents[i].reg == ri) {
            kt_jw_obj(w);
            kt_jw_kstr(w, "id", m->documents[i].id);
            kt_text_json(w, "title", &m->documents[i].title);
            kt_jw_obj_end(w);
        }
    }
    kt_jw_arr_end(w);
}

static int total(struct rec_view *v, uint32_t ri, int64_t *ret, struct kt_err *err)
{
    char sql[100];
    int rc = view_need(v, ri, err);
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM \"%s\" WHERE _ended IS NULL",
             v->model->registers[ri].id);
    return rc == KT_OK ? kt_db_int(v->db, sql, ret, err) : rc;
}

static int64_t barriers(const struct kt_record_model *m, uint32_t ri)
{
    int64_t n = 0;
    for (uint32_t i = 0; i < m->barriers_n; i++) {
        n += m->barriers[i].reg == ri;
    }
    return n;
}

static int64_t provisions(const struct kt_record_model *m, uint32_t ri)
{
    int64_t n = 0;
    for (uint32_t i = 0; i < m->provisions_n; i++) {
        n += m->provisions[i].reg == ri;
    }
    return n;
}

static int64_t matches(const struct kt_record_model *m, uint32_t ri)
{
    int64_t n = 0;
    for (uint32_t i = 0; i < m->matches_n; i++) {
        n += m->matches[i].reg == ri || m->matches[i].offers == ri;
    }
    return n;
}

static int one(struct rec_view *v, uint32_t ri, struct kt_jw *w, struct kt_err *err)
{
    const struct rec_register *reg = &v->model->registers[ri];
    const struct kt_reader *who = v->who;
    bool writes = reader_writes(who, reg);
    int64_t n = 0;
    int rc = total(v, ri, &n, err);
    kt_jw_obj(w);
    kt_jw_kstr(w, "id", reg->id);
    kt_text_json(w, "title", &reg->title);
    kt_text_json(w, "group", &reg->group);
    kt_jw_kstr(w, "key", reg->fields[reg->key].id);
    kt_jw_kstr(w, "place", reg->place == KT_NONE ? NULL : reg->fields[reg->place].id);
    kt_jw_kstr(w, "workflow", reg->workflow == KT_NONE ? NULL : reg->workflow_id);
    fields(w, v->model, who, reg);
    names(w, "list", who, reg, &reg->list);
    map(w, reg);
    documents(w, v->model, ri);
    kt_jw_kint(w, "provisions", provisions(v->model, ri));
    kt_jw_kint(w, "barriers", barriers(v->model, ri));
    kt_jw_kint(w, "matches", matches(v->model, ri));
    kt_jw_key(w, "duplicates");
    kt_jw_bool(w, reg->duplicates_n > 0);
    kt_jw_key(w, "may");
    kt_jw_obj(w);
    kt_jw_kbool(w, "create", writes);
    kt_jw_kbool(w, "write", writes);
    kt_jw_kbool(w, "import",
                reader_may(who, reg->right_import) ||
                    (!reg->is_private && reader_may(who, "record.import")));
    kt_jw_kbool(w, "merge", writes && reader_may(who, "record.merge"));
    kt_jw_obj_end(w);
    kt_jw_kint(w, "total", n);
    kt_jw_obj_end(w);
    return rc;
}

int kt_room_registers(struct kt_room *r, const struct kt_reader *who, struct kt_buf *out,
                      struct kt_err *err)
{
    struct rec_view v;
    size_t before = out->n;
    int rc = view_open(r, who, 0, 0, &v, err);
    if (rc < 0) {
        return rc;
    }
    struct kt_jw w = kt_jw_init(out);
    kt_jw_obj(&w);
    kt_jw_key(&w, "registers");
    kt_jw_arr(&w);
    for (uint32_t i = 0; rc == KT_OK && i < v.model->registers_n; i++) {
        if (reader_sees(who, &v.model->registers[i])) {
            rc = one(&v, i, &w, err);
        }
    }
    kt_jw_arr_end(&w);
    flow_registers(v.model, who, &w);
    kt_jw_obj_end(&w);
    if (rc < 0) {
        out->n = before;
    }
    view_close(&v);
    return rc;
}
