/* SPDX-License-Identifier: Apache-2.0 */
#include "expr/lex.h"

#include "conf/number.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static char peek(const struct lexer *lx, size_t at)
{
    return at < lx->text.n ? lx->text.p[at] : '\0';
}

static struct kt_str cut(const struct lexer *lx, size_t from, size_t to)
{
    return (struct kt_str){lx->text.p + from, to - from};
}

static void bad(struct lexer *lx, size_t end, const char *why)
{
    lx->tok = T_BAD;
    lx->end = end;
    lx->word = cut(lx, lx->at, end);
    lx->why = why;
}

static void number(struct lexer *lx)
{
    size_t i = lx->at;
    while (is_digit(peek(lx, i))) {
        i++;
    }
    if (peek(lx, i) == '.' && is_digit(peek(lx, i + 1))) {
        for (i++; is_digit(peek(lx, i)); i++) {
        }
    }
    if (peek(lx, i) == 'e' || peek(lx, i) == 'E') {
        size_t k = i + 1 + (peek(lx, i + 1) == '-' || peek(lx, i + 1) == '+');
        if (is_digit(peek(lx, k))) {
            for (i = k; is_digit(peek(lx, i)); i++) {
            }
        }
    }
    lx->tok = T_NUM;
    lx->end = i;
    lx->word = cut(lx, lx->at, i);
    if (kt_number_parse(lx->word, &lx->num) < 0) {
        bad(lx, i, "write a smaller number");
    }
}

static void word(struct lexer *lx)
{
    size_t i = lx->at;
    while (is_alpha(peek(lx, i)) || is_digit(peek(lx, i))) {
        i++;
    }
    lx->tok = T_WORD;
    lx->end = i;
    lx->word = cut(lx, lx->at, i);
}

static void string(struct lexer *lx)
{
    const char *from = lx->text.p + lx->at + 1;
    const char *close = memchr(from, '"', lx->text.n - lx->at - 1);
    if (!close) {
        bad(lx, lx->text.n, "close the quote");
        return;
    }
    lx->tok = T_STR;
    lx->end = (size_t)(close - lx->text.p) + 1;
    lx->word = cut(lx, lx->at + 1, lx->end - 1);
}

/* What people write out of habit, and what it is here. Longer ones first. */
static const struct {
    const char *text;
    enum tok tok;
    const char *why;
} marks[] = {
    {"<=", T_LE, NULL},
    {">=", T_GE, NULL},
    {"==", T_EQ, NULL},
    {"!=", T_NE, NULL},
    {"&&", T_BAD, "write \"and\""},
    {"||", T_BAD, "write \"or\""},
    {"≥", T_BAD, "write \">=\""},
    {"≤", T_BAD, "write \"<=\""},
    {"≠", T_BAD, "write \"!=\""},
    {"（", T_BAD, "write \"(\""},
    {"）", T_BAD, "write \")\""},
    {"，", T_BAD, "write \",\""},
    {"“", T_BAD, "write the quote as \""},
    {"”", T_BAD, "write the quote as \""},
    {"=", T_BAD, "write \"==\""},
    {"!", T_BAD, "write \"not\""},
    {"'", T_BAD, "write the quote as \""},
    {"<", T_LT, NULL},
    {">", T_GT, NULL},
    {"(", T_LP, NULL},
    {")", T_RP, NULL},
    {",", T_COMMA, NULL},
    {".", T_DOT, NULL},
    {"+", T_PLUS, NULL},
    {"-", T_MINUS, NULL},
    {"*", T_STAR, NULL},
    {"/", T_SLASH, NULL},
};

static void mark(struct lexer *lx)
{
    for (size_t i = 0; i < KT_ARRAY_LEN(marks); i++) {
        struct kt_str m = kt_str_c(marks[i].text);
        if (lx->text.n - lx->at >= m.n && memcmp(lx->text.p + lx->at, m.p, m.n) == 0) {
            lx->tok = marks[i].tok;
            lx->end = lx->at + m.n;
            lx->word = cut(lx, lx->at, lx->end);
            lx->why = marks[i].why;
            return;
        }
    }
    size_t end = lx->at + 1;
    while (((unsigned char)peek(lx, end) & 0xc0) == 0x80) {
        end++;
    }
    bad(lx, end, "remove it");
}

void lex_next(struct lexer *lx)
{
    lx->at = lx->end;
    while (lx->at < lx->text.n && is_space(lx->text.p[lx->at])) {
        lx->at++;
    }
    char c = peek(lx, lx->at);
    if (lx->at == lx->text.n) {
        lx->tok = T_END;
        lx->end = lx->at;
        lx->word = KT_STR("");
    } else if (is_digit(c)) {
        number(lx);
    } else if (is_alpha(c)) {
        word(lx);
    } else if (c == '"') {
        string(lx);
    } else {
        mark(lx);
    }
}

static bool starts_unit(char c)
{
    return is_alpha(c) || c == '%' || (unsigned char)c >= 0x80;
}

static bool starts_mark(const struct lexer *lx, size_t at)
{
    for (size_t i = 0; i < KT_ARRAY_LEN(marks); i++) {
        size_t n = strlen(marks[i].text);
        if (lx->text.n - at >= n && memcmp(lx->text.p + at, marks[i].text, n) == 0) {
            return true;
        }
    }
    return false;
}

struct kt_str lex_unit(struct lexer *lx, size_t *ret_at)
{
    size_t from = lx->end;
    while (from < lx->text.n && is_space(lx->text.p[from])) {
        from++;
    }
    size_t i = from;
    while (i < lx->text.n) {
        char c = lx->text.p[i];
        bool slash = c == '/' && i > from && starts_unit(peek(lx, i + 1));
        bool more = i > from && (is_digit(c) || c == '^');
        if (!slash && !more && (!starts_unit(c) || starts_mark(lx, i))) {
            break;
        }
        i++;
    }
    struct kt_str unit = cut(lx, from, i);
    if (unit.n == 0 || kt_str_is(unit, "and") || kt_str_is(unit, "or") || kt_str_is(unit, "not")) {
        return KT_STR("");
    }
    lx->end = i;
    *ret_at = from;
    return unit;
}

void lex_role(struct lexer *lx)
{
    lx->at = lx->end;
    while (lx->at < lx->text.n && is_space(lx->text.p[lx->at])) {
        lx->at++;
    }
    if (peek(lx, lx->at) == '"') {
        string(lx);
        return;
    }
    size_t i = lx->at;
    for (char c = peek(lx, i); is_alpha(c) || is_digit(c) || c == '.' || c == '*' || c == '-';) {
        c = peek(lx, ++i);
    }
    if (i == lx->at) {
        lex_next(lx);
        return;
    }
    lx->tok = T_STR;
    lx->end = i;
    lx->word = cut(lx, lx->at, i);
}

void lex_position(struct kt_str text, size_t offset, int *line, int *col)
{
    int base = *col;
    for (size_t i = 0; i < offset && i < text.n; i++) {
        if (text.p[i] == '\n') {
            ++*line;
            *col = base;
        } else if (((unsigned char)text.p[i] & 0xc0) != 0x80) {
            ++*col;
        }
    }
}
