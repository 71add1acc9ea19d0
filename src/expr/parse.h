/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_EXPR_PARSE_H
#define KT_EXPR_PARSE_H
/*
 * parse: private to expr. The state of one compilation. The grammar stands in parse.c; what a
 * construct becomes and whether its types and units fit is in build.c; functions over points are in
 * calls.c. Each of these returns false after it has set the error.
 */
#include "expr/lex.h"
#include "expr/node.h"
#include "expr/dimension.h"

enum { EXPR_MAX_WINDOWS = 16, EXPR_MAX_POINTS = 64 };

struct parser {
    struct lexer lx;
    const struct kt_expr_names *names;
    struct kt_arena *arena;
    const char *file;
    int line, col;
    struct kt_err *err;
    int nesting;
    bool in_set; /* inside the condition of any() or all() */
    bool uses_set;
    struct expr_unit it_unit;
    struct expr_node nodes[EXPR_MAX_NODES];
    uint32_t n;
    struct expr_window windows[EXPR_MAX_WINDOWS];
    uint32_t windows_n;
    struct expr_point points[EXPR_MAX_POINTS];
    uint32_t points_n;
};

/* A parsed piece: a value with its unit, or a condition. */
struct operand {
    uint16_t node;
    bool condition;
    struct expr_unit unit;
    size_t at, end; /* where it stands */
};

/* A point: self, it or point("ID"). */
struct point_ref {
    enum expr_ref ref;
    kt_point_id id;
    struct expr_unit unit;
    size_t at;
};

bool expr_fail(struct parser *p, size_t at, const char *fmt, ...) KT_PRINTF(3, 4);
/** What was found, for messages: `"word"` or "the end"; needs 80 bytes. */
const char *expr_found(const struct parser *p, char *buf);
bool expr_expect(struct parser *p, enum tok t, const char *what);

/* parse.c */
bool expr_parse_condition(struct parser *p, struct operand *ret);

/* build.c */
bool expr_add(struct parser *p, size_t at, struct expr_node n, uint16_t *ret);
bool expr_number(struct parser *p, struct operand *ret);
bool expr_negate(struct parser *p, struct operand *o);
bool expr_arithmetic(struct parser *p, enum expr_op op, size_t at, struct operand *a,
                     struct operand *b);
bool expr_compare(struct parser *p, enum expr_cmp cmp, size_t at, struct operand *a,
                  struct operand *b);
bool expr_logic(struct parser *p, enum expr_op op, struct operand *a, const struct operand *b);
bool expr_want(struct parser *p, const struct operand *o, bool condition);
bool expr_unit_text(struct parser *p, size_t at, struct kt_str name, struct expr_unit *ret);

/* calls.c */
/** Reads a call, a point, a limit or a constant that begins with the current word. */
bool expr_parse_word(struct parser *p, struct operand *ret);
#endif
