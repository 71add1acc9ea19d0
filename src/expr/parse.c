/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parse: recursive descent over
 *
 *     or      = and { "or" and }
 *     and     = not { "and" not }
 *     not     = "not" not | compare
 *     compare = sum [ ("<" | "<=" | ">" | ">=" | "==" | "!=") sum ]
 *     sum     = product { ("+" | "-") product }
 *     product = unary { ("*" | "/") unary }
 *     unary   = "-" unary | NUMBER [unit] | "(" or ")" | WORD …
 *
 * Every rule that can come back to itself passes descend(), which bounds the depth.
 */
#include "expr/parse.h"

#include <stdio.h>
#include <stdlib.h>

const char *const expr_limit_names[7] = {"warn",      "alarm",   "cut",        "restore",
                                         "low_alarm", "low_cut", "low_restore"};

bool expr_fail(struct parser *p, size_t at, const char *fmt, ...)
{
    char text[360];
    int line = p->line, col = p->col;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    lex_position(p->lx.text, at, &line, &col);
    kt_err_at(p->err, KT_EPARSE, p->file, line, col, "%s", text);
    return false;
}

const char *expr_found(const struct parser *p, char *buf)
{
    if (p->lx.tok == T_END) {
        return "the end";
    }
    size_t n = p->lx.end - p->lx.at;
    snprintf(buf, 80, "\"%.*s\"", n > 60 ? 60 : (int)n, p->lx.text.p + p->lx.at);
    return buf;
}

bool expr_expect(struct parser *p, enum tok t, const char *what)
{
    char buf[80];
    if (p->lx.tok == T_BAD) {
        return expr_fail(p, p->lx.at, "%s cannot stand here; %s", expr_found(p, buf), p->lx.why);
    }
    if (p->lx.tok != t) {
        return expr_fail(p, p->lx.at, "%s is expected here, not %s", what, expr_found(p, buf));
    }
    return true;
}

static bool is_word(const struct parser *p, const char *w)
{
    return p->lx.tok == T_WORD && kt_str_is(p->lx.word, w);
}

static bool descend(struct parser *p)
{
    if (p->nesting >= EXPR_MAX_NESTING) {
        return expr_fail(p, p->lx.at, "nested too deep; split the rule");
    }
    p->nesting++;
    return true;
}

static bool parse_group(struct parser *p, struct operand *ret)
{
    size_t at = p->lx.at;
    lex_next(&p->lx);
    if (!expr_parse_condition(p, ret) || !expr_expect(p, T_RP, "\")\"")) {
        return false;
    }
    ret->at = at;
    ret->end = p->lx.end;
    lex_next(&p->lx);
    return true;
}

static bool parse_unary(struct parser *p, struct operand *ret)
{
    char buf[80];
    size_t at = p->lx.at;
    bool ok = descend(p);
    if (!ok) {
        return false;
    }
    switch (p->lx.tok) {
    case T_MINUS:
        lex_next(&p->lx);
        ok = parse_unary(p, ret) && expr_negate(p, ret);
        ret->at = at;
        break;
    case T_NUM:
        ok = expr_number(p, ret);
        break;
    case T_LP:
        ok = parse_group(p, ret);
        break;
    case T_WORD:
        ok = expr_parse_word(p, ret);
        break;
    case T_BAD:
        ok = expr_expect(p, T_END, "a value");
        break;
    default:
        ok = expr_fail(p, at, "a value or condition is expected here, not %s", expr_found(p, buf));
    }
    p->nesting--;
    return ok;
}

static bool parse_product(struct parser *p, struct operand *ret)
{
    if (!parse_unary(p, ret)) {
        return false;
    }
    while (p->lx.tok == T_STAR || p->lx.tok == T_SLASH) {
        enum expr_op op = p->lx.tok == T_STAR ? OP_MUL : OP_DIV;
        size_t at = p->lx.at;
        struct operand b;
        lex_next(&p->lx);
        if (!parse_unary(p, &b) || !expr_arithmetic(p, op, at, ret, &b)) {
            return false;
        }
    }
    return true;
}

static bool parse_sum(struct parser *p, struct operand *ret)
{
    if (!parse_product(p, ret)) {
        return false;
    }
    while (p->lx.tok == T_PLUS || p->lx.tok == T_MINUS) {
        enum expr_op op = p->lx.tok == T_PLUS ? OP_ADD : OP_SUB;
        size_t at = p->lx.at;
        struct operand b;
        lex_next(&p->lx);
        if (!parse_product(p, &b) || !expr_arithmetic(p, op, at, ret, &b)) {
            return false;
        }
    }
    return true;
}

static bool comparison(enum tok t, enum expr_cmp *ret)
{
    static const enum expr_cmp table[] = {CMP_LT, CMP_LE, CMP_GT, CMP_GE, CMP_EQ, CMP_NE};
    if (t < T_LT || t > T_NE) {
        return false;
    }
    *ret = table[t - T_LT];
    return true;
}

static bool parse_compare(struct parser *p, struct operand *ret)
{
    enum expr_cmp cmp;
    struct operand b;
    if (!parse_sum(p, ret)) {
        return false;
    }
    if (!comparison(p->lx.tok, &cmp)) {
        return true;
    }
    size_t at = p->lx.at;
    lex_next(&p->lx);
    if (!parse_sum(p, &b) || !expr_compare(p, cmp, at, ret, &b)) {
        return false;
    }
    if (comparison(p->lx.tok, &cmp)) {
        return expr_fail(p, p->lx.at, "comparisons do not chain; write a < b and b < c");
    }
    return true;
}

static bool parse_not(struct parser *p, struct operand *ret)
{
    if (!is_word(p, "not")) {
        return parse_compare(p, ret);
    }
    size_t at = p->lx.at;
    lex_next(&p->lx);
    if (!descend(p) || !parse_not(p, ret) || !expr_want(p, ret, true)) {
        return false;
    }
    p->nesting--;
    ret->at = at;
    return expr_add(p, at, (struct expr_node){.op = OP_NOT, .a = ret->node}, &ret->node);
}

static bool parse_and(struct parser *p, struct operand *ret)
{
    if (!parse_not(p, ret)) {
        return false;
    }
    while (is_word(p, "and")) {
        struct operand b;
        lex_next(&p->lx);
        if (!parse_not(p, &b) || !expr_logic(p, OP_AND, ret, &b)) {
            return false;
        }
    }
    return true;
}

/* A value may come out of here too: of a group, or where a condition is not wanted. */
bool expr_parse_condition(struct parser *p, struct operand *ret)
{
    if (!parse_and(p, ret)) {
        return false;
    }
    while (is_word(p, "or")) {
        struct operand b;
        lex_next(&p->lx);
        if (!parse_and(p, &b) || !expr_logic(p, OP_OR, ret, &b)) {
            return false;
        }
    }
    return true;
}

static bool parse_all(struct parser *p, struct operand *ret)
{
    char buf[80];
    lex_next(&p->lx);
    if (p->lx.tok == T_END) {
        return expr_fail(p, 0, "an empty condition; write one such as self >= limit.alarm");
    }
    if (!expr_parse_condition(p, ret)) {
        return false;
    }
    if (p->lx.tok == T_BAD) {
        return expr_expect(p, T_END, "the end");
    }
    if (p->lx.tok != T_END) {
        return expr_fail(p, p->lx.at,
                         "%s cannot stand here; join conditions with \"and\" or \"or\"",
                         expr_found(p, buf));
    }
    return expr_want(p, ret, true);
}

static bool simple_op(uint8_t cmp, bool flipped, char *ret)
{
    static const char ops[] = {'<', 'l', '>', 'g'}, mirror[] = {'>', 'g', '<', 'l'};
    if (cmp > CMP_GE) {
        return false;
    }
    *ret = flipped ? mirror[cmp] : ops[cmp];
    return true;
}

static void find_simple(struct kt_expr *e)
{
    const struct expr_node *root = &e->nodes[e->n - 1];
    if (root->op != OP_CMP) {
        return;
    }
    const struct expr_node *a = &e->nodes[root->a], *b = &e->nodes[root->b];
    bool flipped = b->op == OP_VALUE;
    const struct expr_node *self = flipped ? b : a, *bound = flipped ? a : b;
    if (self->op != OP_VALUE || self->ref != REF_SELF ||
        (bound->op != OP_NUM && bound->op != OP_LIMIT) ||
        !simple_op(root->arg, flipped, &e->simple.op)) {
        return;
    }
    e->simple.limit = bound->op == OP_LIMIT ? bound->arg : -1;
    e->simple.number = bound->op == OP_NUM ? bound->num : 0;
    e->simple_signs = e->simple.op == '<'   ? 1
                      : e->simple.op == 'l' ? 3
                      : e->simple.op == '>' ? 4
                                            : 6;
    e->is_simple = true;
}

static void *copied(struct kt_arena *a, const void *p, size_t n)
{
    return n ? memcpy(kt_arena_alloc(a, n), p, n) : NULL;
}

static struct kt_expr *finish(struct parser *p)
{
    struct kt_expr *e = KT_NEW(p->arena, struct kt_expr);
    e->nodes = copied(p->arena, p->nodes, p->n * sizeof(*p->nodes));
    e->n = p->n;
    e->windows = copied(p->arena, p->windows, p->windows_n * sizeof(*p->windows));
    e->windows_n = p->windows_n;
    e->points = copied(p->arena, p->points, p->points_n * sizeof(*p->points));
    e->points_n = p->points_n;
    e->uses_set = p->uses_set;
    e->self_mixed = !p->names->self_unit;
    e->self_resolution = p->names->self_resolution;
    find_simple(e);
    return e;
}

int kt_expr_compile(struct kt_arena *arena, struct kt_str text, const char *file, int line, int col,
                    const struct kt_expr_names *names, struct kt_expr **ret, struct kt_err *err)
{
    if (text.n > EXPR_MAX_TEXT) {
        return kt_err_at(err, KT_EPARSE, file, line, col, "longer than %d bytes; split the rule",
                         EXPR_MAX_TEXT);
    }
    struct parser *p = calloc(1, sizeof(*p));
    KT_ASSERT(p);
    p->lx.text = text;
    p->names = names;
    p->arena = arena;
    p->file = file;
    p->line = line;
    p->col = col;
    p->err = err;
    struct operand o = {0};
    int r = KT_EPARSE;
    if (parse_all(p, &o)) {
        *ret = finish(p);
        r = KT_OK;
    }
    free(p);
    return r;
}
