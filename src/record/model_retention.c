/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_retention: which fields hold what is of a person, and how long it is kept. A site says
 * otherwise than its packs in `retention`.
 */
#include "record/model.h"

enum { DAYS_MAX = 36500 };

static bool can_be_kept(const struct rec_field *f)
{
    return f->personal || rec_is_file(f);
}

void rec_read_keep(const struct kt_yaml *map, struct rec_field *f)
{
    int64_t days = 0;
    kt_yaml_bool(map, "personal", KT_OPTIONAL, &f->personal);
    const struct kt_yaml *keep = kt_yaml_map(map, "keep", KT_OPTIONAL);
    if (keep && kt_yaml_int(keep, "days", KT_REQUIRED, 1, DAYS_MAX, &days)) {
        f->keep_days = (int)days;
    }
    if (keep) {
        kt_yaml_unknown(keep);
    }
    if (f->personal && f->type != REC_TEXT) {
        kt_yaml_problem(kt_yaml_get(map, "personal"),
                        "field \"%s\" is a %s; only a text is kept outside of events (files and "
                        "photos are so already)",
                        f->id, rec_type_id(f->type));
        f->personal = false;
    }
    if (keep && !can_be_kept(f)) {
        kt_yaml_problem(keep, "field \"%s\" is neither personal nor a file: it is kept for ever",
                        f->id);
    }
    bool made = f->automatic[0] || f->def[0];
    if (f->personal && (f->search || f->sources || f->live[0] || made)) {
        kt_yaml_problem(map,
                        "field \"%s\" is personal: leave search, sources, live, auto and default "
                        "out, what it holds must be nowhere else",
                        f->id);
    }
}

static void personal_in(struct rec_load *l, const struct rec_register *reg,
                        const struct rec_names *names, const char *what)
{
    for (uint32_t i = 0; i < names->n; i++) {
        const struct rec_field *f = &reg->fields[names->field[i]];
        if (f->personal) {
            rec_problem(l, &f->at, "field \"%s\" is personal and cannot be in %s", f->id, what);
        }
    }
}

static void personal_field(struct rec_load *l, const struct rec_register *reg,
                           const struct rec_field *f)
{
    for (uint32_t i = 0; i < reg->fields_n; i++) {
        if (reg->fields[i].type == REC_COMPUTED && rec_holds_word(reg->fields[i].sql, f->id)) {
            rec_problem(l, &reg->fields[i].at,
                        "field \"%s\" is computed of \"%s\", which is "
                        "personal",
                        reg->fields[i].id, f->id);
        }
    }
    const char *brace = kt_arena_printf(l->scratch, "{%s}", f->id);
    if (strstr(reg->label, brace)) {
        rec_problem(l, &f->at,
                    "field \"%s\" is personal and cannot be in the label: labels stand "
                    "in events",
                    f->id);
    }
}

void rec_check_personal(struct rec_load *l, const struct rec_register *reg)
{
    const struct rec_names key = {&reg->key, reg->key != KT_NONE};
    personal_in(l, reg, &key, "the key");
    for (uint32_t i = 0; i < reg->unique_n; i++) {
        personal_in(l, reg, &reg->unique[i], "unique");
    }
    for (uint32_t i = 0; i < reg->duplicates_n; i++) {
        personal_in(l, reg, &reg->duplicates[i], "duplicates");
    }
    for (uint32_t i = 0; i < reg->fields_n; i++) {
        if (reg->fields[i].personal) {
            l->m->personal = true;
            personal_field(l, reg, &reg->fields[i]);
        }
    }
}

/* ---- what a site says of its packs' fields ---- */

static struct rec_field *field_of(struct rec_load *l, const struct kt_yaml *map)
{
    const char *reg = "", *field = "";
    if (!kt_yaml_str(map, "register", KT_REQUIRED, &reg) ||
        !kt_yaml_str(map, "field", KT_REQUIRED, &field)) {
        return NULL;
    }
    uint32_t r = rec_register_of(l->m, reg);
    uint32_t f = r == KT_NONE ? KT_NONE : rec_field_of(&l->m->registers[r], field);
    if (f == KT_NONE) {
        kt_yaml_problem(map, "retention: no register before this file has a field %s.%s", reg,
                        field);
        return NULL;
    }
    return &l->m->registers[r].fields[f];
}

void rec_read_retention(struct rec_load *l, struct kt_yaml *root)
{
    struct kt_yaml *list = kt_yaml_list(root, "retention", KT_OPTIONAL);
    for (uint32_t i = 0; i < kt_yaml_count(list); i++) {
        const struct kt_yaml *map = kt_yaml_at(list, i);
        int64_t days = 0;
        struct rec_field *f = kt_yaml_as_map(map, "a retention") ? field_of(l, map) : NULL;
        if (!f || !kt_yaml_int(map, "days", KT_REQUIRED, 1, DAYS_MAX, &days)) {
            continue;
        }
        if (can_be_kept(f)) {
            f->keep_days = (int)days;
        } else {
            kt_yaml_problem(map, "field \"%s\" is neither personal nor a file: it is kept for ever",
                            f->id);
        }
        kt_yaml_unknown(map);
    }
}
