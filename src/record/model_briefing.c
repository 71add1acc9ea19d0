/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_briefing: the list `briefings:` of one file: reports of a period, section by section. What
 * they ask is what anybody may ask; the room only keeps the declaration.
 */
#include <string.h>

#include "record/model.h"
#include "record/model_flow.h"
#include "record/flow.h"

enum { SECTIONS_MAX = 40 };

const char *const rec_briefing_periods[] = {"week", "month", "quarter", "year"};
static const char *const kinds[] = {"indicators", "targets", "register", "provisions",
                                    "assessments"};

static int kind_of(const struct kt_yaml *at)
{
    int found = -1;
    for (size_t i = 0; i < KT_ARRAY_LEN(kinds); i++) {
        if (kt_yaml_get(at, kinds[i])) {
            if (found >= 0) {
                kt_yaml_problem(at, "a section is %s or %s, not both", kinds[found], kinds[i]);
            }
            found = (int)i;
        }
    }
    if (found < 0) {
        kt_yaml_problem(at, "a section has indicators, targets, register, provisions or "
                            "assessments");
    }
    return found;
}

static bool read_section(struct rec_load *l, struct kt_yaml *at, struct rec_section *s)
{
    int64_t limit = 100;
    bool on = false;
    if (!kt_yaml_as_map(at, "a section")) {
        return false;
    }
    int kind = kind_of(at);
    s->title = rec_read_text2(l, at, "title", KT_REQUIRED);
    s->register_id = s->filter = s->sort = s->each = "";
    s->kind = (enum rec_section_kind)kind;
    if (kind == REC_SECTION_INDICATORS) {
        rec_read_words(l, at, "indicators", &s->words, &s->words_n);
    } else if (kind == REC_SECTION_TARGETS) {
        kt_yaml_bool(at, "targets", KT_REQUIRED, &on);
    } else if (kind >= 0) {
        s->register_id = rec_read_str(l, at, kinds[kind], KT_REQUIRED);
    }
    if (kind == REC_SECTION_REGISTER) {
        rec_read_words(l, at, "columns", &s->words, &s->words_n);
        s->sort = rec_read_str(l, at, "sort", KT_OPTIONAL);
        s->each = rec_read_str(l, at, "each", KT_OPTIONAL);
        kt_yaml_int(at, "limit", KT_OPTIONAL, 1, 1000, &limit);
    }
    s->filter = rec_read_str(l, at, "filter", KT_OPTIONAL);
    s->limit = (uint32_t)limit;
    kt_yaml_unknown(at);
    return kind >= 0;
}

static void read_briefing(struct rec_load *l, struct kt_yaml *map)
{
    struct rec_briefing b = {.at = rec_at_of(l, map)};
    int period = 1;
    if (!kt_yaml_as_map(map, "a briefing") || !rec_read_id(l, map, "id", &b.id)) {
        return;
    }
    b.title = rec_read_text2(l, map, "title", KT_REQUIRED);
    kt_yaml_choice(map, "period", KT_OPTIONAL, rec_briefing_periods, 4, &period);
    b.period = period;
    b.read = rec_read_str(l, map, "read", KT_OPTIONAL);
    b.read = b.read[0] ? b.read : "report.read";
    struct kt_yaml *list = kt_yaml_list(map, "sections", KT_REQUIRED);
    uint32_t n = kt_yaml_count(list) < SECTIONS_MAX ? kt_yaml_count(list) : SECTIONS_MAX;
    struct rec_section *s = KT_NEW_ARRAY(l->a, struct rec_section, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        b.sections_n += read_section(l, kt_yaml_at(list, i), &s[b.sections_n]);
    }
    b.sections = s;
    kt_yaml_unknown(map);
    *REC_PUSH(l, l->m->briefings, l->m->briefings_n, l->briefings_cap) = b;
}

void rec_read_briefings(struct rec_load *l, struct kt_yaml *root)
{
    struct kt_yaml *list = kt_yaml_list(root, "briefings", KT_OPTIONAL);
    for (uint32_t i = 0; i < kt_yaml_count(list); i++) {
        read_briefing(l, kt_yaml_at(list, i));
    }
}

/* ---- checking ---- */

/* The enum of which each value is listed; NULL. */
static const struct rec_field *each_of(const struct kt_record_model *m, const struct rec_section *s)
{
    uint32_t reg = rec_register_of(m, s->register_id);
    for (uint32_t i = 0; reg != KT_NONE && s->each[0] && i < s->words_n; i++) {
        uint32_t f = rec_field_of(&m->registers[reg], s->each);
        if (strcmp(s->words[i], s->each) == 0 && f != KT_NONE &&
            m->registers[reg].fields[f].type == REC_ENUM) {
            return &m->registers[reg].fields[f];
        }
    }
    return NULL;
}

static void check_section(struct rec_load *l, const struct rec_briefing *b,
                          const struct rec_section *s)
{
    uint32_t reg = s->register_id[0] ? rec_register_of(l->m, s->register_id) : KT_NONE;
    struct kt_json *filter = NULL;
    struct kt_err err;
    if (s->register_id[0] && reg == KT_NONE) {
        rec_problem(l, &b->at, "briefing \"%s\": there is no register \"%s\"", b->id,
                    s->register_id);
    }
    for (uint32_t i = 0; i < s->words_n; i++) {
        bool there = s->kind == REC_SECTION_INDICATORS
                         ? rec_indicator_of(l->m, s->words[i]) != KT_NONE
                         : s->words[i][0] == '_' || reg == KT_NONE ||
                               rec_field_of(&l->m->registers[reg], s->words[i]) != KT_NONE;
        if (!there) {
            rec_problem(l, &b->at, "briefing \"%s\": there is no \"%s\"", b->id, s->words[i]);
        }
    }
    if (s->each[0] && !each_of(l->m, s)) {
        rec_problem(l, &b->at, "briefing \"%s\", each: \"%s\" is no enum among the columns", b->id,
                    s->each);
    }
    if (s->filter[0] && kt_json_parse(kt_str_c(s->filter), 1 << 16, &filter, &err) < 0) {
        rec_problem(l, &b->at, "briefing \"%s\": filter is JSON: %s", b->id, err.text);
    }
    kt_json_free(filter);
}

void rec_check_briefings(struct rec_load *l)
{
    for (uint32_t i = 0; i < l->m->briefings_n; i++) {
        for (uint32_t k = 0; k < l->m->briefings[i].sections_n; k++) {
            check_section(l, &l->m->briefings[i], &l->m->briefings[i].sections[k]);
        }
    }
}

/* ---- telling ---- */

static void write_each(const struct kt_record_model *m, const struct rec_section *s,
                       struct kt_jw *w)
{
    const struct rec_field *f = each_of(m, s);
    kt_jw_ktext(w, "each", s->each);
    kt_jw_key(w, "values");
    kt_jw_arr(w);
    for (uint32_t i = 0; f && i < f->values_n; i++) {
        if (!f->values[i].ended) {
            kt_jw_obj(w);
            kt_text_json(w, "title", &f->values[i].title);
            kt_jw_obj_end(w);
        }
    }
    kt_jw_arr_end(w);
}

static void write_section(const struct kt_record_model *m, const struct rec_section *s,
                          struct kt_jw *w)
{
    kt_jw_obj(w);
    kt_text_json(w, "title", &s->title);
    kt_jw_kstr(w, "kind", kinds[s->kind]);
    kt_jw_kstr(w, "register", s->register_id);
    kt_jw_kstr(w, "filter", s->filter);
    kt_jw_kstr(w, "sort", s->sort);
    kt_jw_kint(w, "limit", s->limit);
    write_each(m, s, w);
    kt_jw_key(w, "words");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < s->words_n; i++) {
        kt_jw_str(w, s->words[i]);
    }
    kt_jw_arr_end(w);
    kt_jw_obj_end(w);
}

int kt_room_briefings(struct kt_room *r, const struct kt_reader *who, struct kt_buf *out,
                      struct kt_err *err)
{
    struct rec_view v;
    int rc = view_open(r, who, 0, 0, &v, err);
    if (rc < 0) {
        return rc;
    }
    struct kt_jw w = kt_jw_init(out);
    kt_jw_arr(&w);
    for (uint32_t i = 0; i < v.model->briefings_n; i++) {
        const struct rec_briefing *b = &v.model->briefings[i];
        if (!reader_may(who, b->read)) {
            continue;
        }
        kt_jw_obj(&w);
        kt_jw_kstr(&w, "id", b->id);
        kt_text_json(&w, "title", &b->title);
        kt_jw_kstr(&w, "period", rec_briefing_periods[b->period]);
        kt_jw_key(&w, "sections");
        kt_jw_arr(&w);
        for (uint32_t k = 0; k < b->sections_n; k++) {
            write_section(v.model, &b->sections[k], &w);
        }
        kt_jw_arr_end(&w);
        kt_jw_obj_end(&w);
    }
    kt_jw_arr_end(&w);
    view_close(&v);
    return KT_OK;
}
