/* SPDX-License-Identifier: Apache-2.0 */
/* model_register: the list `registers:` of one file. References are bound in model_check.c. */
#include "record/model.h"

#include <math.h>
#include <regex.h>

static void read_choices(struct rec_load *l, const struct kt_yaml *map, struct rec_field *f)
{
    struct kt_yaml *list = kt_yaml_list(map, "values", KT_REQUIRED);
    uint32_t n = kt_yaml_count(list);
    struct rec_choice *c = KT_NEW_ARRAY(l->a, struct rec_choice, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        struct kt_yaml *m = kt_yaml_at(list, i);
        if (!kt_yaml_as_map(m, "a value") || !rec_read_id(l, m, "id", &c[f->values_n].id)) {
            continue;
        }
        c[f->values_n].title = rec_read_text2(l, m, "title", KT_REQUIRED);
        kt_yaml_bool(m, "ended", KT_OPTIONAL, &c[f->values_n].ended);
        kt_yaml_unknown(m);
        for (uint32_t j = 0; j < f->values_n; j++) {
            if (strcmp(c[j].id, c[f->values_n].id) == 0) {
                kt_yaml_problem(m, "value \"%s\" stands already; give it another id", c[j].id);
            }
        }
        f->values_n++;
    }
    f->values = c;
    if (list && n == 0) {
        kt_yaml_problem(list, "no values; list at least one {id, title}");
    }
}

static void read_kinds(const struct kt_yaml *map, struct rec_field *f)
{
    static const char *const kinds[] = {"point", "line", "polygon", "multi"};
    struct kt_yaml *list = kt_yaml_list(map, "kinds", KT_OPTIONAL);
    for (uint32_t i = 0; i < kt_yaml_count(list); i++) {
        const char *s = "";
        if (!kt_yaml_as_str(kt_yaml_at(list, i), "a kind", &s)) {
            continue;
        }
        const char *near = NULL;
        bool known = false;
        for (size_t k = 0; k < KT_ARRAY_LEN(kinds); k++) {
            if (strcmp(s, kinds[k]) == 0) {
                f->kinds |= 1u << k;
                known = true;
            }
        }
        if (!known) {
            near = kt_suggest_among(kt_str_c(s), kinds, KT_ARRAY_LEN(kinds));
            kt_yaml_problem(kt_yaml_at(list, i),
                            "unknown kind \"%s\"; use point, line, polygon or multi%s%s", s,
                            near ? "; did you mean " : "", near ? near : "");
        }
    }
}

static void check_pattern(const struct kt_yaml *map, const struct rec_field *f)
{
    regex_t re;
    char why[120];
    int rc = f->pattern[0] ? regcomp(&re, f->pattern, REG_EXTENDED | REG_NOSUB) : 0;
    if (rc != 0) {
        regerror(rc, &re, why, sizeof(why));
        kt_yaml_problem(kt_yaml_get(map, "pattern"), "pattern \"%s\": %s", f->pattern, why);
    } else if (f->pattern[0]) {
        regfree(&re);
    }
}

static void read_bounds(struct rec_load *l, const struct kt_yaml *map, struct rec_field *f)
{
    int64_t n = 0;
    switch (f->as) {
    case REC_TEXT:
    case REC_TEXT2:
        f->max = REC_TEXT_MAX;
        if (kt_yaml_int(map, "max", KT_OPTIONAL, 1, 100000, &n)) {
            f->max = (double)n;
        }
        f->pattern = rec_read_str(l, map, "pattern", KT_OPTIONAL);
        check_pattern(map, f);
        break;
    case REC_NUMBER:
    case REC_MONEY:
        kt_yaml_num(map, "min", KT_OPTIONAL, &f->min);
        kt_yaml_num(map, "max", KT_OPTIONAL, &f->max);
        if (f->as == REC_NUMBER && kt_yaml_int(map, "decimals", KT_OPTIONAL, 0, 9, &n)) {
            f->decimals = (int)n;
        }
        if (f->min > f->max) {
            kt_yaml_problem(map, "field \"%s\": min %g is above max %g; exchange them", f->id,
                            f->min, f->max);
        }
        break;
    default:
        break;
    }
}

static void read_of_type(struct rec_load *l, const struct kt_yaml *map, struct rec_field *f)
{
    int64_t n = 0;
    static const char *const as[] = {"text", "text2", "number", "money",
                                     "date", "time",  "bool",   "enum"};
    int choice = REC_TEXT;
    switch (f->type) {
    case REC_ENUM:
        read_choices(l, map, f);
        break;
    case REC_REF:
        f->to_id = rec_read_str(l, map, "to", KT_REQUIRED);
        break;
    case REC_GEOMETRY:
        read_kinds(map, f);
        break;
    case REC_FILE:
    case REC_PHOTO:
        rec_read_words(l, map, "types", &f->types, &f->types_n);
        if (kt_yaml_int(map, "max_mb", KT_OPTIONAL, 1, 100, &n)) {
            f->max_mb = (int)n;
        }
        break;
    case REC_COMPUTED:
        if (kt_yaml_choice(map, "as", KT_REQUIRED, as, KT_ARRAY_LEN(as), &choice)) {
            f->as = (enum rec_type)choice;
        }
        if (f->as == REC_ENUM) {
            read_choices(l, map, f);
        }
        f->sql = rec_read_str(l, map, "sql", KT_REQUIRED);
        break;
    default:
        break;
    }
    read_bounds(l, map, f);
}

/* `default:` may be a text, a number or a truth value. */
static const char *read_default(struct rec_load *l, const struct kt_yaml *map)
{
    const struct kt_yaml *n = kt_yaml_get(map, "default");
    if (!n || kt_yaml_is_null(n)) {
        return "";
    }
    if (kt_yaml_kind(n) != KT_YAML_SCALAR) {
        kt_yaml_problem(n, "default is one value");
        return "";
    }
    return kt_arena_strdup(l->a, kt_yaml_text(n));
}

static void check_combination(const struct kt_yaml *map, const struct rec_field *f)
{
    if (f->automatic[0] && f->type != REC_TEXT) {
        kt_yaml_problem(kt_yaml_get(map, "auto"), "only a text is made by itself; leave auto out");
    }
    if (f->required && (f->type == REC_COMPUTED || f->ended)) {
        kt_yaml_problem(kt_yaml_get(map, "required"), "field \"%s\" is %s: nobody can fill it in",
                        f->id, f->ended ? "ended" : "computed");
    }
    if (f->sources && !rec_stored(f)) {
        kt_yaml_problem(kt_yaml_get(map, "sources"), "a %s has no sources; leave it out",
                        rec_type_id(f->type));
    }
    if (f->search && f->read[0]) {
        kt_yaml_problem(kt_yaml_get(map, "search"),
                        "field \"%s\" has a right of its own to be read and cannot be searched",
                        f->id);
    }
    if (f->live[0] && f->as != REC_NUMBER && f->as != REC_BOOL && f->as != REC_MONEY) {
        kt_yaml_problem(kt_yaml_get(map, "live"), "only a number or bool goes to a point");
    }
    if (f->part && f->type != REC_REF) {
        kt_yaml_problem(kt_yaml_get(map, "part"), "only a ref names what a record is a part of");
    }
}

static bool read_field(struct rec_load *l, const struct kt_yaml *map, struct rec_field *f)
{
    int type = REC_TEXT;
    if (!kt_yaml_as_map(map, "a field") || !rec_read_id(l, map, "id", &f->id)) {
        return false;
    }
    kt_yaml_choice(map, "type", KT_REQUIRED, rec_type_ids, REC_TYPES, &type);
    f->type = f->as = (enum rec_type)type;
    f->title = rec_read_text2(l, map, "title", KT_REQUIRED);
    f->help = rec_read_text2(l, map, "help", KT_OPTIONAL);
    kt_yaml_bool(map, "required", KT_OPTIONAL, &f->required);
    kt_yaml_bool(map, "ended", KT_OPTIONAL, &f->ended);
    kt_yaml_bool(map, "search", KT_OPTIONAL, &f->search);
    kt_yaml_bool(map, "sources", KT_OPTIONAL, &f->sources);
    f->unit = rec_read_str(l, map, "unit", KT_OPTIONAL);
    f->read = rec_read_str(l, map, "read", KT_OPTIONAL);
    f->write = rec_read_str(l, map, "write", KT_OPTIONAL);
    f->live = rec_read_str(l, map, "live", KT_OPTIONAL);
    f->automatic = rec_read_str(l, map, "auto", KT_OPTIONAL);
    f->def = read_default(l, map);
    f->min = f->max = (double)NAN;
    f->decimals = -1;
    f->pattern = f->sql = f->to_id = "";
    f->to = KT_NONE;
    f->at = rec_at_of(l, map);
    read_of_type(l, map, f);
    rec_read_limits(l, map, f);
    kt_yaml_bool(map, "part", KT_OPTIONAL, &f->part);
    rec_read_accord(l, map, f);
    rec_read_keep(map, f);
    check_combination(map, f);
    kt_yaml_unknown(map);
    return true;
}

static void read_fields(struct rec_load *l, const struct kt_yaml *map, struct rec_register *reg)
{
    struct kt_yaml *list = kt_yaml_list(map, "fields", KT_REQUIRED);
    uint32_t n = kt_yaml_count(list);
    if (n > REC_FIELDS_MAX) {
        kt_yaml_problem(list, "%u fields; at most %d", n, REC_FIELDS_MAX);
        n = REC_FIELDS_MAX;
    }
    reg->fields = KT_NEW_ARRAY(l->a, struct rec_field, n + 1);
    reg->field_ids = kt_map_new(n + 1);
    for (uint32_t i = 0; i < n; i++) {
        struct rec_field *f = &reg->fields[reg->fields_n];
        if (!read_field(l, kt_yaml_at(list, i), f)) {
            memset(f, 0, sizeof(*f));
            continue;
        }
        if (!kt_map_add(reg->field_ids, kt_str_c(f->id), reg->fields_n)) {
            kt_yaml_problem(kt_yaml_at(list, i), "field \"%s\" stands already; give it another id",
                            f->id);
        }
        reg->fields_n++;
    }
}

static uint32_t field_named(const struct kt_yaml *at, const struct rec_register *reg,
                            const char *id)
{
    uint32_t i = rec_field_of(reg, id);
    if (i == KT_NONE) {
        char buf[KT_SUGGEST_TEXT];
        struct kt_suggest s = kt_suggest_init(kt_str_c(id));
        for (uint32_t j = 0; j < reg->fields_n; j++) {
            kt_suggest_try(&s, reg->fields[j].id);
        }
        kt_yaml_problem(at, "register \"%s\" has no field \"%s\"%s", reg->id, id,
                        kt_suggest_text(&s, buf));
    }
    return i;
}

/* A key that names a field of one type. */
static uint32_t read_role(const struct kt_yaml *map, const char *key, enum kt_need need,
                          const struct rec_register *reg, enum rec_type type)
{
    const char *id = "";
    if (!kt_yaml_str(map, key, need, &id)) {
        return KT_NONE;
    }
    uint32_t i = field_named(kt_yaml_get(map, key), reg, id);
    if (i != KT_NONE && reg->fields[i].type != type) {
        kt_yaml_problem(kt_yaml_get(map, key), "field \"%s\" is a %s; %s asks for a %s", id,
                        rec_type_id(reg->fields[i].type), key, rec_type_id(type));
        return KT_NONE;
    }
    return i;
}

static struct rec_names read_names(struct rec_load *l, const struct kt_yaml *list,
                                   const struct rec_register *reg)
{
    uint32_t n = kt_yaml_count(list), kept = 0;
    uint32_t *f = KT_NEW_ARRAY(l->a, uint32_t, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        const char *id = "";
        if (kt_yaml_as_str(kt_yaml_at(list, i), "a field", &id)) {
            f[kept] = field_named(kt_yaml_at(list, i), reg, id);
            kept += f[kept] != KT_NONE;
        }
    }
    return (struct rec_names){f, kept};
}

static void read_groups(struct rec_load *l, const struct kt_yaml *map, const char *key,
                        const struct rec_register *reg, const struct rec_names **ret,
                        uint32_t *ret_n)
{
    struct kt_yaml *list = kt_yaml_list(map, key, KT_OPTIONAL);
    uint32_t n = kt_yaml_count(list);
    struct rec_names *groups = KT_NEW_ARRAY(l->a, struct rec_names, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        struct kt_yaml *g = kt_yaml_at(list, i);
        if (kt_yaml_kind(g) != KT_YAML_LIST || kt_yaml_count(g) == 0) {
            kt_yaml_problem(g, "%s is a list of lists of fields, e.g. [[no], [project, year]]",
                            key);
            continue;
        }
        groups[*ret_n] = read_names(l, g, reg);
        for (uint32_t j = 0; j < groups[*ret_n].n; j++) {
            const struct rec_field *f = &reg->fields[groups[*ret_n].field[j]];
            if (!rec_stored(f)) {
                kt_yaml_problem(g, "field \"%s\" is a %s and cannot be in %s", f->id,
                                rec_type_id(f->type), key);
            }
        }
        (*ret_n)++;
    }
    *ret = groups;
}

static void read_list(struct rec_load *l, const struct kt_yaml *map, struct rec_register *reg)
{
    enum { FIRST = 6 };
    struct kt_yaml *list = kt_yaml_list(map, "list", KT_OPTIONAL);
    if (list) {
        reg->list = read_names(l, list, reg);
        return;
    }
    uint32_t *f = KT_NEW_ARRAY(l->a, uint32_t, FIRST), n = 0;
    for (uint32_t i = 0; i < reg->fields_n && n < FIRST; i++) {
        if (!reg->fields[i].ended && reg->fields[i].type != REC_GEOMETRY) {
            f[n++] = i;
        }
    }
    reg->list = (struct rec_names){f, n};
}

static void read_map(struct rec_load *l, const struct kt_yaml *map, struct rec_register *reg)
{
    struct kt_yaml *m = kt_yaml_map(map, "map", KT_OPTIONAL);
    reg->map_color = reg->map_symbol = "";
    reg->map_label = KT_NONE;
    if (!m) {
        return;
    }
    const char *label = "";
    reg->map_color = rec_read_str(l, m, "color", KT_OPTIONAL);
    reg->map_symbol = rec_read_str(l, m, "symbol", KT_OPTIONAL);
    if (kt_yaml_str(m, "label", KT_OPTIONAL, &label)) {
        reg->map_label = field_named(kt_yaml_get(m, "label"), reg, label);
    }
    if (reg->geometry == KT_NONE) {
        kt_yaml_problem(m, "register \"%s\" has no geometry; name its field: geometry: FIELD",
                        reg->id);
    }
    kt_yaml_unknown(m);
}

/* Braces of a label name fields. */
static void check_label(const struct kt_yaml *map, const struct rec_register *reg)
{
    for (const char *p = reg->label; (p = strchr(p, '{')); p++) {
        size_t n = strcspn(p + 1, "}");
        char id[REC_ID_MAX + 1] = "";
        if (p[1 + n] != '}' || n > REC_ID_MAX) {
            kt_yaml_problem(kt_yaml_get(map, "label"), "label: a brace is not closed");
            return;
        }
        memcpy(id, p + 1, n);
        (void)field_named(kt_yaml_get(map, "label"), reg, id);
    }
}

static bool read_register(struct rec_load *l, const struct kt_yaml *map, struct rec_register *reg)
{
    if (!kt_yaml_as_map(map, "a register") || !rec_read_id(l, map, "id", &reg->id)) {
        return false;
    }
    if (strncmp(reg->id, "kt_", 3) == 0 || strncmp(reg->id, "sqlite", 6) == 0) {
        kt_yaml_problem(map,
                        "register \"%s\": names that begin with kt_ or sqlite are the "
                        "program's own; choose another",
                        reg->id);
    }
    reg->at = rec_at_of(l, map);
    reg->title = rec_read_text2(l, map, "title", KT_REQUIRED);
    reg->group = rec_read_text2(l, map, "group", KT_OPTIONAL);
    read_fields(l, map, reg);
    rec_fill_limits(l, map, reg);
    reg->key = read_role(map, "key", KT_REQUIRED, reg, REC_TEXT);
    reg->place = read_role(map, "place", KT_OPTIONAL, reg, REC_PLACE);
    reg->geometry = read_role(map, "geometry", KT_OPTIONAL, reg, REC_GEOMETRY);
    reg->label = rec_read_str(l, map, "label", KT_OPTIONAL);
    check_label(map, reg);
    if (!reg->label[0] && reg->key != KT_NONE) {
        reg->label = kt_arena_printf(l->a, "{%s}", reg->fields[reg->key].id);
    }
    read_map(l, map, reg);
    kt_yaml_bool(map, "private", KT_OPTIONAL, &reg->is_private);
    kt_yaml_bool(map, "everywhere", KT_OPTIONAL, &reg->everywhere);
    read_groups(l, map, "unique", reg, &reg->unique, &reg->unique_n);
    read_groups(l, map, "duplicates", reg, &reg->duplicates, &reg->duplicates_n);
    read_list(l, map, reg);
    reg->workflow_id = rec_read_str(l, map, "workflow", KT_OPTIONAL);
    reg->workflow = KT_NONE;
    reg->right_read = kt_arena_printf(l->a, "%s.read", reg->id);
    reg->right_write = kt_arena_printf(l->a, "%s.write", reg->id);
    reg->right_import = kt_arena_printf(l->a, "%s.import", reg->id);
    kt_yaml_unknown(map);
    return true;
}

void rec_read_registers(struct rec_load *l, struct kt_yaml *root)
{
    struct kt_yaml *list = kt_yaml_list(root, "registers", KT_OPTIONAL);
    struct kt_record_model *m = l->m;
    for (uint32_t i = 0; i < kt_yaml_count(list); i++) {
        struct rec_register *reg = REC_PUSH(l, m->registers, m->registers_n, l->registers_cap);
        memset(reg, 0, sizeof(*reg));
        if (!read_register(l, kt_yaml_at(list, i), reg)) {
            m->registers_n--;
        } else if (!kt_map_add(m->register_ids, kt_str_c(reg->id), m->registers_n - 1)) {
            const struct rec_register *old = &m->registers[rec_register_of(m, reg->id)];
            kt_yaml_problem(kt_yaml_at(list, i),
                            "register \"%s\" stands already at %s:%d; an id "
                            "is used once",
                            reg->id, old->at.file, old->at.line);
        }
    }
}
