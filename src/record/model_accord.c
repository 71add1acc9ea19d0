/* SPDX-License-Identifier: Apache-2.0 */
/* model_accord: `among`, `at_most` and `unless` of a field: what it has to fit. */
#include "record/model.h"

static void read_named(struct rec_load *l, const struct kt_yaml *map, const char *key,
                       struct rec_among *ret)
{
    const struct kt_yaml *a = kt_yaml_map(map, key, KT_OPTIONAL);
    *ret = (struct rec_among){"", "", "", KT_NONE, KT_NONE, KT_NONE};
    if (!a) {
        return;
    }
    ret->of_id = rec_read_str(l, a, "of", KT_REQUIRED);
    ret->field_id = rec_read_str(l, a, "field", KT_REQUIRED);
    if (strcmp(key, "among") == 0) {
        ret->share_id = rec_read_str(l, a, "share", KT_OPTIONAL);
    }
    kt_yaml_unknown(a);
}

void rec_read_accord(struct rec_load *l, const struct kt_yaml *map, struct rec_field *f)
{
    read_named(l, map, "among", &f->among);
    read_named(l, map, "at_most", &f->most);
    f->unless_id = rec_read_str(l, map, "unless", KT_OPTIONAL);
    f->unless = KT_NONE;
}

static uint32_t stored_field(struct rec_load *l, const struct rec_field *f,
                             const struct rec_register *reg, const char *id, const char *what)
{
    uint32_t at = rec_field_of(reg, id);
    if (at == KT_NONE || rec_is_file(&reg->fields[at])) {
        rec_problem(l, &f->at, "field \"%s\", %s: %s has no field \"%s\" with a value", f->id, what,
                    reg->id, id);
        return KT_NONE;
    }
    return at;
}

static void check_named(struct rec_load *l, const struct rec_register *reg, struct rec_field *f,
                        struct rec_among *a, const char *what)
{
    a->of = rec_field_of(reg, a->of_id);
    if (a->of == KT_NONE || reg->fields[a->of].type != REC_REF) {
        rec_problem(l, &f->at, "field \"%s\", %s: \"%s\" names no record", f->id, what, a->of_id);
        a->of = KT_NONE;
        return;
    }
    if (reg->fields[a->of].to == KT_NONE) {
        return; /* told there */
    }
    const struct rec_register *to = &l->m->registers[reg->fields[a->of].to];
    a->field = stored_field(l, f, to, a->field_id, what);
    if (a->share_id[0]) {
        a->share = stored_field(l, f, to, a->share_id, what);
    }
    if (a->field != KT_NONE && (to->fields[a->field].as != f->as || f->as == REC_GEOMETRY)) {
        rec_problem(l, &f->at, "field \"%s\", %s: %s.%s is a %s, this is a %s", f->id, what, to->id,
                    a->field_id, rec_type_id(to->fields[a->field].as), rec_type_id(f->as));
    }
}

void rec_check_accord(struct rec_load *l, const struct rec_register *reg, struct rec_field *f)
{
    if (f->among.of_id[0]) {
        check_named(l, reg, f, &f->among, "among");
    }
    if (f->most.of_id[0]) {
        check_named(l, reg, f, &f->most, "at_most");
        if (f->type != REC_NUMBER) {
            rec_problem(l, &f->at, "field \"%s\", at_most: it is for a number", f->id);
        }
    }
    if (f->unless_id[0]) {
        f->unless = stored_field(l, f, reg, f->unless_id, "unless");
    }
}
