/* SPDX-License-Identifier: Apache-2.0 */
#include "site/impl.h"

#include "expr/expr.h"

static uint32_t dimension(struct load *l, const char *name)
{
    for (uint32_t i = 0; i < l->dimensions_n; i++) {
        if (strcmp(l->dimensions[i], name) == 0) {
            return i;
        }
    }
    *SITE_PUSH(l, l->dimensions, l->dimensions_n, l->dimensions_cap) = name;
    return l->dimensions_n - 1;
}

static void read_unit(struct load *l, const struct kt_yaml *n)
{
    const char *id = "", *dim = "";
    struct unit u = {.factor = 1};
    if (!kt_yaml_as_map(n, "a unit") || !kt_yaml_str(n, "id", KT_REQUIRED, &id) ||
        !kt_yaml_str(n, "dimension", KT_REQUIRED, &dim)) {
        return;
    }
    kt_yaml_num(n, "factor", KT_REQUIRED, &u.factor);
    kt_yaml_num(n, "offset", KT_OPTIONAL, &u.offset);
    site_text2(l, n, "title", KT_REQUIRED);
    kt_yaml_unknown(n);
    if (!(u.factor > 0)) {
        kt_yaml_problem(n, "unit \"%s\": factor %g; give a number above 0", id, u.factor);
        return;
    }
    if (!kt_map_add(l->unit_ids, kt_str_c(id), l->units_n)) {
        kt_yaml_problem(n, "unit \"%s\" is declared already; remove one of the two", id);
        return;
    }
    u.id = site_dup(l, id);
    u.dimension = dimension(l, dim);
    *SITE_PUSH(l, l->units, l->units_n, l->units_cap) = u;
}

void site_units_file(struct load *l, const char *path, const char *name)
{
    struct kt_yaml *root = site_yaml(l, path, name);
    struct kt_yaml *list = root ? kt_yaml_list(root, "units", KT_REQUIRED) : NULL;
    for (uint32_t i = 0; i < kt_yaml_count(list); i++) {
        read_unit(l, kt_yaml_at(list, i));
    }
    if (root) {
        kt_yaml_unknown(root);
    }
}

const struct unit *site_unit(const struct load *l, struct kt_str id)
{
    uint64_t i;
    return kt_map_get(l->unit_ids, id, &i) ? &l->units[i] : NULL;
}

static const char *nearest(const struct load *l, struct kt_str id, struct kt_suggest *s)
{
    *s = kt_suggest_init(id);
    for (uint32_t i = 0; i < l->units_n; i++) {
        kt_suggest_try(s, l->units[i].id);
    }
    return s->best;
}

const char *site_unit_hint(const struct load *l, struct kt_str id, char buf[KT_SUGGEST_TEXT])
{
    struct kt_suggest s;
    nearest(l, id, &s);
    return kt_suggest_text(&s, buf);
}

double site_convert(const struct unit *from, const struct unit *to, double value)
{
    if (from == to) {
        return value;
    }
    return (value * from->factor + from->offset - to->offset) / to->factor;
}

bool site_unit_name(void *arg, struct kt_str unit, uint32_t *ret_dimension, double *ret_factor,
                    double *ret_offset, const char **hint)
{
    const struct load *l = arg;
    const struct unit *u = site_unit(l, unit);
    if (!u) {
        struct kt_suggest s;
        *hint = nearest(l, unit, &s);
        return false;
    }
    *ret_dimension = u->dimension;
    *ret_factor = u->factor;
    *ret_offset = u->offset;
    return true;
}
