/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_barrier: the list `barriers:` of one file: what the shape of a record must not touch, or
 * may touch under a condition alone.
 */
#include <string.h>

#include "record/model.h"

enum { HAVING_MAX = 4, OF_MAX = 8 };

static void read_zone(struct rec_load *l, const struct kt_yaml *map, struct rec_barrier *b)
{
    const struct kt_yaml *zone = kt_yaml_map(map, "zone", KT_REQUIRED);
    if (!zone) {
        return;
    }
    b->zone_id = rec_read_str(l, zone, "register", KT_REQUIRED);
    const struct kt_yaml *having = kt_yaml_map(zone, "having", KT_OPTIONAL);
    uint32_t n = kt_yaml_count(having);
    if (n > HAVING_MAX) {
        kt_yaml_problem(having, "having: at most %d fields", HAVING_MAX);
        n = HAVING_MAX;
    }
    struct rec_having *h = KT_NEW_ARRAY(l->a, struct rec_having, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        const char *id = kt_yaml_key(having, i);
        h[i].field_id = kt_arena_strdup(l->a, id);
        h[i].value = rec_read_str(l, having, id, KT_REQUIRED);
    }
    b->having = h;
    b->having_n = n;
    kt_yaml_unknown(zone);
}

static void read_barrier(struct rec_load *l, struct kt_yaml *map)
{
    static const char *const acts[] = {"refuse", "tell"};
    struct rec_barrier b = {.reg = KT_NONE, .zone = KT_NONE, .zone_id = ""};
    int act = 0;
    if (!kt_yaml_as_map(map, "a barrier") || !rec_read_id(l, map, "id", &b.id)) {
        return;
    }
    b.at = rec_at_of(l, map);
    b.no = rec_read_str(l, map, "no", KT_OPTIONAL);
    b.no = b.no[0] ? b.no : b.id;
    b.register_id = rec_read_str(l, map, "register", KT_REQUIRED);
    rec_read_words(l, map, "of", &b.of, &b.of_n);
    b.title = rec_read_text2(l, map, "title", KT_REQUIRED);
    kt_yaml_choice(map, "act", KT_REQUIRED, acts, KT_ARRAY_LEN(acts), &act);
    b.refuse = act == 0;
    b.word = rec_read_str(l, map, "word", KT_OPTIONAL);
    b.text = rec_read_str(l, map, "text", KT_REQUIRED);
    b.source = rec_read_source(l, map);
    rec_read_words(l, map, "responsible", &b.responsible, &b.responsible_n);
    read_zone(l, map, &b);
    kt_yaml_unknown(map);
    for (uint32_t i = 0; i < l->m->barriers_n; i++) {
        if (strcmp(l->m->barriers[i].id, b.id) == 0) {
            kt_yaml_problem(map, "barrier \"%s\" is there already; give it another id", b.id);
            return;
        }
    }
    *REC_PUSH(l, l->m->barriers, l->m->barriers_n, l->barriers_cap) = b;
}

void rec_read_barriers(struct rec_load *l, struct kt_yaml *root)
{
    struct kt_yaml *list = kt_yaml_list(root, "barriers", KT_OPTIONAL);
    for (uint32_t i = 0; i < kt_yaml_count(list); i++) {
        read_barrier(l, kt_yaml_at(list, i));
    }
}

/* ---- checking ---- */

static uint32_t register_named(struct rec_load *l, const struct rec_barrier *b, const char *id)
{
    uint32_t reg = rec_register_of(l->m, id);
    if (reg == KT_NONE) {
        rec_problem(l, &b->at, "barrier \"%s\": there is no register \"%s\"", b->id, id);
    }
    return reg;
}

static void check_shapes(struct rec_load *l, struct rec_barrier *b)
{
    const struct rec_register *reg = &l->m->registers[b->reg];
    uint32_t n = b->of_n < OF_MAX ? b->of_n : OF_MAX;
    uint32_t *fields = KT_NEW_ARRAY(l->a, uint32_t, n + 1);
    b->fields = fields;
    if (n == 0 && reg->geometry != KT_NONE) {
        fields[b->fields_n++] = reg->geometry;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t f = rec_field_of(reg, b->of[i]);
        if (f == KT_NONE || reg->fields[f].type != REC_GEOMETRY) {
            rec_problem(l, &b->at, "barrier \"%s\": \"%s\" is no geometry of %s", b->id, b->of[i],
                        reg->id);
        } else {
            fields[b->fields_n++] = f;
        }
    }
    if (b->fields_n == 0) {
        rec_problem(l, &b->at, "barrier \"%s\": register \"%s\" has no geometry; name one in `of`",
                    b->id, reg->id);
    }
}

static void check_having(struct rec_load *l, struct rec_barrier *b)
{
    const struct rec_register *zone = &l->m->registers[b->zone];
    if (zone->geometry == KT_NONE) {
        rec_problem(l, &b->at, "barrier \"%s\": register \"%s\" has no geometry", b->id, zone->id);
    }
    for (uint32_t i = 0; i < b->having_n; i++) {
        struct rec_having *h = (struct rec_having *)(uintptr_t)&b->having[i];
        h->field = rec_field_of(zone, h->field_id);
        const struct rec_field *f = h->field == KT_NONE ? NULL : &zone->fields[h->field];
        bool known = f && f->type == REC_TEXT;
        for (uint32_t c = 0; f && f->type == REC_ENUM && c < f->values_n; c++) {
            known = known || strcmp(f->values[c].id, h->value) == 0;
        }
        if (!known) {
            rec_problem(l, &b->at, "barrier \"%s\": %s of %s has no value \"%s\"", b->id,
                        h->field_id, zone->id, h->value);
        }
    }
}

void rec_check_barriers(struct rec_load *l)
{
    for (uint32_t i = 0; i < l->m->barriers_n; i++) {
        struct rec_barrier *b = &l->m->barriers[i];
        b->reg = register_named(l, b, b->register_id);
        b->zone = register_named(l, b, b->zone_id);
        if (b->reg != KT_NONE && b->zone != KT_NONE) {
            check_shapes(l, b);
            check_having(l, b);
        }
    }
}
