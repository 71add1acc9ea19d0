/* SPDX-License-Identifier: Apache-2.0 */
/* build: adds nodes and checks that types and units fit. */
#include "conf/suggest.h"
#include "expr/parse.h"

#include <stdio.h>

static uint16_t height_of(const struct parser *p, const struct expr_node *n)
{
    uint16_t a = 0, b = 0;
    switch (n->op) {
    case OP_ADD:
    case OP_SUB:
    case OP_MUL:
    case OP_DIV:
    case OP_CMP:
    case OP_AND:
    case OP_OR:
        b = p->nodes[n->b].height;
        a = p->nodes[n->a].height;
        break;
    case OP_CONVERT:
    case OP_NOT:
    case OP_ANY:
    case OP_ALL:
        a = p->nodes[n->a].height;
        break;
    default:
        break;
    }
    return (uint16_t)((a > b ? a : b) + 1);
}

bool expr_add(struct parser *p, size_t at, struct expr_node n, uint16_t *ret)
{
    n.height = height_of(p, &n);
    if (p->n == EXPR_MAX_NODES || n.height > EXPR_MAX_HEIGHT) {
        return expr_fail(p, at, "the condition is too long; split the rule");
    }
    p->nodes[p->n] = n;
    *ret = (uint16_t)p->n++;
    return true;
}

bool expr_want(struct parser *p, const struct operand *o, bool condition)
{
    if (o->condition == condition) {
        return true;
    }
    int n = o->end - o->at > 60 ? 60 : (int)(o->end - o->at);
    const char *text = p->lx.text.p + o->at;
    return condition
               ? expr_fail(p, o->at, "\"%.*s\" is a value; compare it, as in %.*s >= …", n, text, n,
                           text)
               : expr_fail(p, o->at, "\"%.*s\" is true or false; a value is wanted here", n, text);
}

bool expr_unit_text(struct parser *p, size_t at, struct kt_str name, struct expr_unit *ret)
{
    const char *hint = NULL;
    if (unit_of(p->names, name, ret, &hint)) {
        return true;
    }
    return hint ? expr_fail(p, at, "unknown unit \"%.*s\"; did you mean \"%s\"?", (int)name.n,
                            name.p, hint)
                : expr_fail(p, at, "unknown unit \"%.*s\"; units are in packs/core/units.yaml",
                            (int)name.n, name.p);
}

bool expr_number(struct parser *p, struct operand *ret)
{
    size_t at = p->lx.at, unit_at = at;
    double v = p->lx.num;
    struct kt_str unit = lex_unit(&p->lx, &unit_at);
    *ret = (struct operand){.at = at, .end = p->lx.end};
    if (!expr_unit_text(p, unit_at, unit, &ret->unit)) {
        return false;
    }
    lex_next(&p->lx);
    return expr_add(p, at, (struct expr_node){.op = OP_NUM, .num = v}, &ret->node);
}

bool expr_negate(struct parser *p, struct operand *o)
{
    if (!expr_want(p, o, false)) {
        return false;
    }
    struct expr_node *n = &p->nodes[o->node];
    if (n->op == OP_NUM) {
        n->num = -n->num;
        return true;
    }
    return expr_add(p, o->at, (struct expr_node){.op = OP_CONVERT, .a = o->node, .num = -1},
                    &o->node);
}

static bool is_number(const struct parser *p, const struct operand *o)
{
    return p->nodes[o->node].op == OP_NUM;
}

/* A literal without unit. */
static bool is_bare(const struct parser *p, const struct operand *o)
{
    return is_number(p, o) && o->unit.n == 0 && o->unit.name.n == 0 && !o->unit.any;
}

static const char *unit_name(const struct expr_unit *u, char *buf, size_t cap)
{
    if (u->name.n) {
        snprintf(buf, cap, "%.*s", u->name.n > 30 ? 30 : (int)u->name.n, u->name.p);
    } else {
        snprintf(buf, cap, "%s", u->n ? "a computed unit" : "a plain number");
    }
    return buf;
}

static bool mismatch(struct parser *p, size_t at, const struct operand *a, const struct operand *b)
{
    const struct operand *bare = is_bare(p, b) ? b : is_bare(p, a) ? a : NULL;
    const struct operand *other = bare == b ? a : b;
    if (bare && other->unit.name.n) {
        int n = (int)(bare->end - bare->at);
        const char *text = p->lx.text.p + bare->at;
        return expr_fail(p, bare->at, "\"%.*s\" has no unit; write \"%.*s %.*s\"", n, text, n, text,
                         (int)other->unit.name.n, other->unit.name.p);
    }
    char x[40], y[40];
    return expr_fail(p, at,
                     "the units do not fit: %s on the left, %s on the right; use one kind of "
                     "quantity on both sides",
                     unit_name(&a->unit, x, sizeof(x)), unit_name(&b->unit, y, sizeof(y)));
}

/* Puts `o` into the unit `to`: a literal at once, anything else when it is evaluated. */
static bool convert(struct parser *p, struct operand *o, const struct expr_unit *to)
{
    double scale, shift;
    if (!unit_conversion(&o->unit, to, &scale, &shift)) {
        return true;
    }
    struct expr_node *n = &p->nodes[o->node];
    bool diff = o->unit.diff;
    o->unit = *to;
    o->unit.diff = diff;
    if (n->op == OP_NUM) {
        n->num = n->num * scale + shift;
        return true;
    }
    struct expr_node c = {.op = OP_CONVERT, .a = o->node, .num = scale, .shift = shift};
    return expr_add(p, o->at, c, &o->node);
}

/* Brings both sides of +, - or a comparison to one unit. */
static bool reconcile(struct parser *p, size_t at, struct operand *a, struct operand *b)
{
    struct operand *lit = is_number(p, b) ? b : is_number(p, a) ? a : NULL;
    const struct operand *other = lit == b ? a : b;
    if (lit && is_bare(p, lit) && p->nodes[lit->node].num == 0 &&
        (other->unit.diff || other->unit.offset == 0)) {
        lit->unit = other->unit; /* nothing is nothing in every unit */
        return true;
    }
    if (lit && other->unit.mixed && lit->unit.n > 0) {
        return expr_fail(p, lit->at,
                         "the points of this rule have different units; compare with "
                         "limit.NAME or select one role");
    }
    if (a->unit.any || b->unit.any) {
        return true;
    }
    if (!unit_same_dimension(&a->unit, &b->unit)) {
        return mismatch(p, at, a, b);
    }
    return lit == a ? convert(p, a, &b->unit) : convert(p, b, &a->unit);
}

static bool fold(struct parser *p, enum expr_op op, struct operand *a, const struct operand *b)
{
    struct expr_node *x = &p->nodes[a->node];
    const struct expr_node *y = &p->nodes[b->node];
    if (x->op != OP_NUM || y->op != OP_NUM || (op == OP_DIV && y->num == 0)) {
        return false;
    }
    x->num = op == OP_ADD   ? x->num + y->num
             : op == OP_SUB ? x->num - y->num
             : op == OP_MUL ? x->num * y->num
                            : x->num / y->num;
    return true;
}

bool expr_arithmetic(struct parser *p, enum expr_op op, size_t at, struct operand *a,
                     struct operand *b)
{
    struct expr_unit unit;
    if (!expr_want(p, a, false) || !expr_want(p, b, false)) {
        return false;
    }
    if (op == OP_ADD || op == OP_SUB) {
        if (op == OP_ADD && is_number(p, b)) {
            b->unit.diff = true; /* 20 degC + 10 K is 30 degC */
        }
        if (!reconcile(p, at, a, b)) {
            return false;
        }
        unit = b->unit.any ? b->unit : a->unit;
        unit.diff = op == OP_SUB ? a->unit.diff == b->unit.diff : a->unit.diff && b->unit.diff;
        unit.diff = unit.diff || (a->unit.offset == 0 && b->unit.offset == 0);
    } else if (op == OP_MUL && a->unit.n == 0 && !a->unit.any) {
        if (!unit_multiply(&b->unit, &a->unit, 1, &unit)) {
            return expr_fail(p, at, "too many units multiplied; split the rule");
        }
    } else if (!unit_multiply(&a->unit, &b->unit, op == OP_MUL ? 1 : -1, &unit)) {
        return expr_fail(p, at, "too many units multiplied; split the rule");
    }
    a->unit = unit;
    a->end = b->end;
    if (fold(p, op, a, b)) {
        return true;
    }
    struct expr_node n = {.op = (uint8_t)op, .a = a->node, .b = b->node};
    return expr_add(p, at, n, &a->node);
}

bool expr_compare(struct parser *p, enum expr_cmp cmp, size_t at, struct operand *a,
                  struct operand *b)
{
    if (a->condition || b->condition) {
        const struct operand *o = a->condition ? a : b;
        return expr_fail(p, o->at,
                         "a condition cannot be compared; write it alone, or with \"not\"");
    }
    if (!reconcile(p, at, a, b)) {
        return false;
    }
    a->condition = true;
    a->unit = unit_plain();
    a->end = b->end;
    struct expr_node n = {.op = OP_CMP, .arg = (uint8_t)cmp, .a = a->node, .b = b->node};
    return expr_add(p, at, n, &a->node);
}

bool expr_logic(struct parser *p, enum expr_op op, struct operand *a, const struct operand *b)
{
    if (!expr_want(p, a, true) || !expr_want(p, b, true)) {
        return false;
    }
    a->end = b->end;
    struct expr_node n = {.op = (uint8_t)op, .a = a->node, .b = b->node};
    return expr_add(p, a->at, n, &a->node);
}
