/* SPDX-License-Identifier: Apache-2.0 */
#include "expr/dimension.h"

#define TIME_DIM UINT32_C(0xfffffffe) /* when the caller's table has no "s" */

struct expr_unit unit_plain(void)
{
    return (struct expr_unit){.factor = 1, .name = {"", 0}};
}

struct expr_unit unit_any(bool mixed)
{
    return (struct expr_unit){.factor = 1, .any = true, .mixed = mixed, .name = {"", 0}};
}

static bool known(const struct kt_expr_names *names, struct kt_str name, struct expr_unit *ret,
                  const char **ret_hint)
{
    uint32_t dim = 0;
    double factor = 1, offset = 0;
    if (!names->unit(names->arg, name, &dim, &factor, &offset, ret_hint)) {
        return false;
    }
    *ret = (struct expr_unit){
        .dim = {dim}, .power = {1}, .n = 1, .factor = factor, .offset = offset, .name = name};
    return true;
}

/* Seconds, minutes, hours and days are always known as divisors. */
static bool time_unit(struct kt_str name, struct expr_unit *ret)
{
    static const struct {
        const char *name;
        double s;
    } table[] = {{"s", 1}, {"min", 60}, {"h", 3600}, {"d", 86400}};
    for (size_t i = 0; i < KT_ARRAY_LEN(table); i++) {
        if (kt_str_is(name, table[i].name)) {
            *ret = (struct expr_unit){
                .dim = {TIME_DIM}, .power = {1}, .n = 1, .factor = table[i].s, .name = name};
            return true;
        }
    }
    return false;
}

static bool divisor(const struct kt_expr_names *names, struct kt_str name, struct expr_unit *ret)
{
    const char *hint = NULL;
    return known(names, name, ret, &hint) || time_unit(name, ret);
}

bool unit_per_second(const struct kt_expr_names *names, struct expr_unit *ret)
{
    return divisor(names, KT_STR("s"), ret);
}

bool unit_of(const struct kt_expr_names *names, struct kt_str name, struct expr_unit *ret,
             const char **ret_hint)
{
    if (name.n == 0) {
        *ret = unit_plain();
        return true;
    }
    if (known(names, name, ret, ret_hint)) {
        return true;
    }
    const char *slash = memrchr(name.p, '/', name.n);
    struct expr_unit top, below;
    if (!slash) {
        return false;
    }
    struct kt_str left = {name.p, (size_t)(slash - name.p)};
    struct kt_str right = {slash + 1, name.n - left.n - 1};
    if (!known(names, left, &top, ret_hint) || !divisor(names, right, &below)) {
        return false;
    }
    unit_multiply(&top, &below, -1, ret);
    ret->name = name;
    return true;
}

bool unit_same_dimension(const struct expr_unit *a, const struct expr_unit *b)
{
    for (uint8_t i = 0; i < a->n && a->n == b->n; i++) {
        if (a->dim[i] != b->dim[i] || a->power[i] != b->power[i]) {
            return false;
        }
    }
    return a->n == b->n;
}

static bool add_power(struct expr_unit *u, uint32_t dim, int power)
{
    uint8_t i = 0;
    while (i < u->n && u->dim[i] < dim) {
        i++;
    }
    if (i < u->n && u->dim[i] == dim) {
        int sum = u->power[i] + power;
        u->power[i] = (int8_t)sum;
        if (sum == 0) {
            u->n--;
            for (; i < u->n; i++) {
                u->dim[i] = u->dim[i + 1];
                u->power[i] = u->power[i + 1];
            }
        }
        return sum >= -8 && sum <= 8;
    }
    if (u->n == UNIT_DIMS) {
        return false;
    }
    for (uint8_t k = u->n; k > i; k--) {
        u->dim[k] = u->dim[k - 1];
        u->power[k] = u->power[k - 1];
    }
    u->dim[i] = dim;
    u->power[i] = (int8_t)power;
    u->n++;
    return true;
}

bool unit_multiply(const struct expr_unit *a, const struct expr_unit *b, int power,
                   struct expr_unit *ret)
{
    struct expr_unit u = *a;
    if (a->any || b->any) {
        *ret = unit_any(a->mixed || b->mixed);
        return true;
    }
    for (uint8_t i = 0; i < b->n; i++) {
        if (!add_power(&u, b->dim[i], b->power[i] * power)) {
            return false;
        }
    }
    u.factor = power > 0 ? a->factor * b->factor : a->factor / b->factor;
    if (b->n > 0) { /* a product with a unit is no point on a scale any more */
        u.offset = 0;
        u.name = KT_STR("");
    }
    *ret = u;
    return true;
}

bool unit_conversion(const struct expr_unit *from, const struct expr_unit *to, double *ret_scale,
                     double *ret_shift)
{
    bool shifted = !from->diff && !to->diff && from->offset != to->offset;
    if (from->any || to->any || (from->factor == to->factor && !shifted)) {
        return false;
    }
    *ret_scale = from->factor / to->factor;
    *ret_shift = shifted ? (from->offset - to->offset) / to->factor : 0;
    return true;
}
