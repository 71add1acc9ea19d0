/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_EXPR_DIMENSION_H
#define KT_EXPR_DIMENSION_H
/*
 * dimension: private to expr. The unit of a value while it is compiled: a product of powers of the
 * dimensions that kt_expr_names.unit() knows, with a factor to their bases.
 * A value in this unit times factor plus offset is in the base.
 */
#include "expr/expr.h"

enum { UNIT_DIMS = 4 };

struct expr_unit {
    uint32_t dim[UNIT_DIMS]; /* ascending */
    int8_t power[UNIT_DIMS]; /* never 0 */
    uint8_t n;               /* 0: a plain number */
    bool any;                /* not known here: fits all */
    bool mixed;              /* any, because it differs between the points of the rule */
    bool diff;               /* a difference: the offset does not count */
    double factor, offset;
    struct kt_str name; /* as written; "" when plain or computed */
};

struct expr_unit unit_plain(void);
struct expr_unit unit_any(bool mixed);
/** The unit of a name, also of a quotient such as "%CH4/min" whose parts are known.
 *  @return false unknown; *ret_hint may name a similar one */
bool unit_of(const struct kt_expr_names *names, struct kt_str name, struct expr_unit *ret,
             const char **ret_hint);
/** The unit of seconds, for rates. */
bool unit_per_second(const struct kt_expr_names *names, struct expr_unit *ret);
bool unit_same_dimension(const struct expr_unit *a, const struct expr_unit *b);
/** a * b (power 1) or a / b (power -1). false: more dimensions than UNIT_DIMS */
bool unit_multiply(const struct expr_unit *a, const struct expr_unit *b, int power,
                   struct expr_unit *ret);
/** v in `from` is v * scale + shift in `to`; the same dimension. false: they are equal */
bool unit_conversion(const struct expr_unit *from, const struct expr_unit *to, double *ret_scale,
                     double *ret_shift);
#endif
