/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_EXPR_LEX_H
#define KT_EXPR_LEX_H
/* lex: private to expr. Words of an expression, one ahead. */
#include "base/buf.h"

enum tok {
    T_END,
    T_NUM,
    T_WORD,
    T_STR,
    T_LP,
    T_RP,
    T_COMMA,
    T_DOT,
    T_PLUS,
    T_MINUS,
    T_STAR,
    T_SLASH,
    T_LT,
    T_LE,
    T_GT,
    T_GE,
    T_EQ,
    T_NE,
    T_BAD, /* word: what stands there; why: what to write */
};

struct lexer {
    struct kt_str text;
    size_t at, end; /* of the current token */
    enum tok tok;
    struct kt_str word; /* T_WORD, T_STR (without quotes), T_NUM, T_BAD */
    const char *why;
    double num;
};

void lex_next(struct lexer *lx);
/** After T_NUM: takes the unit that follows, if one does; word is empty when none. */
struct kt_str lex_unit(struct lexer *lx, size_t *ret_at);
/** After T_COMMA: reads a role pattern, bare or quoted, as T_STR. */
void lex_role(struct lexer *lx);
/** Line and column of an offset, for a text that begins at line, col and whose later lines begin at
 *  the same column (a YAML block). */
void lex_position(struct kt_str text, size_t offset, int *line, int *col);
#endif
