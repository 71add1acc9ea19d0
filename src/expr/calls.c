/* SPDX-License-Identifier: Apache-2.0 */
/* calls: what begins with a word: self, point(), limit.NAME, windows, facts and sets. */
#include "base/sample.h"
#include "base/time.h"
#include "conf/suggest.h"
#include "expr/parse.h"

#include <stdio.h>

#define MIN_SPAN KT_SEC
#define MAX_SPAN (366 * KT_DAY)

static const char *const windows[] = {"avg", "min", "max", "count", "rate", "delta"};
static const char *const sets[] = {
#define X(sym, id) id,
    KT_SET_LIST(X)
#undef X
};
static const char *const flags[] = {
#define X(sym, id) id,
    KT_FLAG_LIST(X)
#undef X
};
static const char *const qualities[] = {
#define X(sym, code, id, grade) id,
    KT_QUALITY_LIST(X)
#undef X
};
static const char *const words[] = {"self", "it",    "point", "limit", "true",  "false", "unknown",
                                    "and",  "or",    "not",   "avg",   "min",   "max",   "count",
                                    "rate", "delta", "any",   "all",   "known", "flag",  "quality"};

static int index_of(struct kt_str s, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (kt_str_is(s, list[i])) {
            return (int)i;
        }
    }
    return -1;
}

/* "unknown WHAT "x"; did you mean "y"?", or with all that there are. */
static bool unknown(struct parser *p, size_t at, const char *what, struct kt_str s,
                    const char *const *list, size_t n)
{
    char hint[KT_SUGGEST_TEXT], all[240] = "";
    struct kt_suggest best = kt_suggest_init(s);
    for (size_t i = 0, k = 0; i < n; i++) {
        kt_suggest_try(&best, list[i]);
        if (k < sizeof(all) - 1) {
            k += (size_t)snprintf(all + k, sizeof(all) - k, "%s%s",
                                  i ? ", " : "; one of: ", list[i]);
        }
    }
    return expr_fail(p, at, "unknown %s \"%.*s\"%s", what, s.n > 60 ? 60 : (int)s.n, s.p,
                     best.best ? kt_suggest_text(&best, hint) : all);
}

static bool take(struct parser *p, enum tok t, const char *what)
{
    if (!expr_expect(p, t, what)) {
        return false;
    }
    lex_next(&p->lx);
    return true;
}

static bool remember_point(struct parser *p, size_t at, kt_point_id id, double resolution)
{
    for (uint32_t i = 0; i < p->points_n; i++) {
        if (p->points[i].id.v == id.v) {
            return true;
        }
    }
    if (p->points_n == EXPR_MAX_POINTS) {
        return expr_fail(p, at, "more than %d points; use any() or all()", EXPR_MAX_POINTS);
    }
    p->points[p->points_n++] = (struct expr_point){id, resolution};
    return true;
}

/* After the word `point`. */
static bool named_point(struct parser *p, struct point_ref *ret)
{
    const char *unit = NULL, *hint = NULL;
    double resolution = 0;
    lex_next(&p->lx);
    if (!take(p, T_LP, "\"(\"") || !expr_expect(p, T_STR, "the id of a point in quotes")) {
        return false;
    }
    struct kt_str id = p->lx.word;
    size_t at = p->lx.at;
    ret->ref = REF_POINT;
    if (!p->names->point(p->names->arg, id, &ret->id, &unit, &resolution)) {
        return expr_fail(p, at, "there is no point \"%.*s\"; the points are in points.csv",
                         id.n > 63 ? 63 : (int)id.n, id.p);
    }
    if (!unit_of(p->names, kt_str_c(unit ? unit : ""), &ret->unit, &hint)) {
        return expr_fail(p, at, "point \"%.*s\" has the unknown unit \"%s\"; mend it in points.csv",
                         (int)id.n, id.p, unit);
    }
    lex_next(&p->lx);
    return remember_point(p, at, ret->id, resolution) && take(p, T_RP, "\")\"");
}

static bool self_unit(struct parser *p, struct expr_unit *ret)
{
    const char *hint = NULL;
    if (!p->names->self_unit) {
        *ret = unit_any(true);
        return true;
    }
    if (!unit_of(p->names, kt_str_c(p->names->self_unit), ret, &hint)) {
        return expr_fail(p, p->lx.at, "the points of this rule have the unknown unit \"%s\"",
                         p->names->self_unit);
    }
    return true;
}

/* self, it or point("ID"), as an argument. */
static bool parse_point(struct parser *p, struct point_ref *ret)
{
    static const char *const refs[] = {"self", "it", "point"};
    char buf[80];
    *ret = (struct point_ref){.id = {KT_NONE}, .at = p->lx.at};
    if (p->lx.tok != T_WORD) {
        return expr_fail(p, p->lx.at, "a point is expected here, self or point(\"ID\"), not %s",
                         expr_found(p, buf));
    }
    switch (index_of(p->lx.word, refs, KT_ARRAY_LEN(refs))) {
    case 0:
        ret->ref = REF_SELF;
        if (!self_unit(p, &ret->unit)) {
            return false;
        }
        lex_next(&p->lx);
        return true;
    case 1:
        if (!p->in_set) {
            return expr_fail(p, p->lx.at,
                             "\"it\" stands only in the condition of any() or all(); "
                             "use self");
        }
        ret->ref = REF_IT;
        ret->unit = p->it_unit;
        lex_next(&p->lx);
        return true;
    case 2:
        return named_point(p, ret);
    default:
        return unknown(p, p->lx.at, "point", p->lx.word, refs, p->in_set ? 3 : 1);
    }
}

static bool parse_value(struct parser *p, struct operand *ret)
{
    struct point_ref r;
    if (!parse_point(p, &r)) {
        return false;
    }
    ret->unit = r.unit;
    struct expr_node n = {.op = OP_VALUE, .ref = (uint8_t)r.ref, .point = r.id};
    return expr_add(p, r.at, n, &ret->node);
}

static bool parse_limit(struct parser *p, struct operand *ret)
{
    lex_next(&p->lx);
    if (!take(p, T_DOT, "\".\" and the name of a limit") ||
        !expr_expect(p, T_WORD, "the name of a limit")) {
        return false;
    }
    int i = index_of(p->lx.word, expr_limit_names, KT_ARRAY_LEN(expr_limit_names));
    if (i < 0) {
        return unknown(p, p->lx.at, "limit", p->lx.word, expr_limit_names,
                       KT_ARRAY_LEN(expr_limit_names));
    }
    if (!self_unit(p, &ret->unit)) {
        return false;
    }
    lex_next(&p->lx);
    return expr_add(p, ret->at, (struct expr_node){.op = OP_LIMIT, .arg = (uint8_t)i}, &ret->node);
}

static bool parse_span(struct parser *p, int64_t *ret)
{
    size_t at = p->lx.at, unit_at;
    if (!expr_expect(p, T_NUM, "a duration such as 5min")) {
        return false;
    }
    lex_unit(&p->lx, &unit_at);
    struct kt_str text = {p->lx.text.p + at, p->lx.end - at};
    if (kt_duration_parse(text, ret) < 0) {
        return expr_fail(p, at, "\"%.*s\" is no duration; write one such as 30s, 5min, 8h or 1d",
                         text.n > 40 ? 40 : (int)text.n, text.p);
    }
    if (*ret < MIN_SPAN || *ret > MAX_SPAN) {
        return expr_fail(p, at, "a duration must be from 1s to 366d");
    }
    lex_next(&p->lx);
    return true;
}

static bool window_unit(struct parser *p, size_t at, enum expr_window_fn fn, struct expr_unit *u)
{
    struct expr_unit second;
    switch (fn) {
    case WIN_COUNT:
        *u = unit_plain();
        return true;
    case WIN_DELTA:
        u->diff = true;
        return true;
    case WIN_RATE:
        u->diff = true;
        return unit_per_second(p->names, &second) && unit_multiply(u, &second, -1, u)
                   ? true
                   : expr_fail(p, at, "a rate of this unit cannot be formed");
    default:
        return true;
    }
}

/* max(P, 8h) and min(P, 8h) look at the same window. EXPR_MAX_WINDOWS: no room for another. */
static uint32_t window_of(struct parser *p, kt_point_id point, int64_t span)
{
    for (uint32_t i = 0; i < p->windows_n; i++) {
        if (p->windows[i].point.v == point.v && p->windows[i].span == span) {
            return i;
        }
    }
    if (p->windows_n == EXPR_MAX_WINDOWS) {
        return EXPR_MAX_WINDOWS;
    }
    p->windows[p->windows_n] = (struct expr_window){point, span};
    return p->windows_n++;
}

static bool parse_window(struct parser *p, enum expr_window_fn fn, struct operand *ret)
{
    struct point_ref r;
    int64_t span = 0;
    lex_next(&p->lx);
    if (!take(p, T_LP, "\"(\"") || !parse_point(p, &r) ||
        !take(p, T_COMMA, "\",\" and a duration") || !parse_span(p, &span) ||
        !expr_expect(p, T_RP, "\")\"")) {
        return false;
    }
    if (r.ref == REF_IT) {
        return expr_fail(p, r.at, "no window is kept over \"it\"; use self or point(\"ID\")");
    }
    uint32_t w = window_of(p, r.id, span);
    if (w == EXPR_MAX_WINDOWS) {
        return expr_fail(p, ret->at, "more than %d windows; split the rule", EXPR_MAX_WINDOWS);
    }
    ret->unit = r.unit;
    ret->end = p->lx.end;
    if (!window_unit(p, ret->at, fn, &ret->unit)) {
        return false;
    }
    lex_next(&p->lx);
    struct expr_node n = {
        .op = OP_WINDOW, .arg = (uint8_t)fn, .ref = (uint8_t)r.ref, .point = r.id, .window = w};
    return expr_add(p, ret->at, n, &ret->node);
}

/* The text after `(P, `. */
static bool fact_name(struct parser *p, struct expr_node *n, const char *what,
                      const char *const *list, size_t count)
{
    if (!take(p, T_COMMA, "\",\" and a name in quotes") || !expr_expect(p, T_STR, what)) {
        return false;
    }
    int i = index_of(p->lx.word, list, count);
    if (i < 0) {
        return unknown(p, p->lx.at, what, p->lx.word, list, count);
    }
    n->arg = (uint8_t)i;
    n->text = kt_str_c(list[i]);
    lex_next(&p->lx);
    return true;
}

static bool parse_fact(struct parser *p, enum expr_op op, struct operand *ret)
{
    struct point_ref r;
    lex_next(&p->lx);
    if (!take(p, T_LP, "\"(\"") || !parse_point(p, &r)) {
        return false;
    }
    struct expr_node n = {.op = (uint8_t)op, .ref = (uint8_t)r.ref, .point = r.id};
    if ((op == OP_QUALITY && !fact_name(p, &n, "quality", qualities, KT_ARRAY_LEN(qualities))) ||
        (op == OP_FLAG && !fact_name(p, &n, "flag", flags, KT_ARRAY_LEN(flags))) ||
        !expr_expect(p, T_RP, "\")\"")) {
        return false;
    }
    ret->condition = true;
    ret->end = p->lx.end;
    lex_next(&p->lx);
    return expr_add(p, ret->at, n, &ret->node);
}

int kt_set_of(struct kt_str id)
{
    return index_of(id, sets, KT_ARRAY_LEN(sets));
}

/* `downstream(self)`: which set, around which point. */
static bool parse_set(struct parser *p, struct expr_node *n)
{
    struct point_ref r;
    if (!expr_expect(p, T_WORD, "a set such as downstream(self)")) {
        return false;
    }
    int i = kt_set_of(p->lx.word);
    if (i < 0) {
        return unknown(p, p->lx.at, "set", p->lx.word, sets, KT_ARRAY_LEN(sets));
    }
    lex_next(&p->lx);
    if (!take(p, T_LP, "\"(\"") || !parse_point(p, &r) || !take(p, T_RP, "\")\"")) {
        return false;
    }
    n->arg = (uint8_t)i;
    n->ref = (uint8_t)r.ref;
    n->point = r.id;
    return true;
}

static bool role_unit(struct parser *p, struct kt_str role)
{
    const char *unit = NULL, *hint = NULL;
    p->it_unit = unit_any(false);
    if (!p->names->role_unit || !p->names->role_unit(p->names->arg, role, &unit)) {
        return true;
    }
    if (!unit) {
        p->it_unit = unit_any(true);
        return true;
    }
    return unit_of(p->names, kt_str_c(unit), &p->it_unit, &hint) ||
           expr_fail(p, p->lx.at, "role \"%.*s\" has the unknown unit \"%s\"", (int)role.n, role.p,
                     unit);
}

static bool parse_role(struct parser *p, struct expr_node *n)
{
    if (!expr_expect(p, T_COMMA, "\",\" and a role")) {
        return false;
    }
    lex_role(&p->lx);
    if (!expr_expect(p, T_STR, "a role such as ch4.*")) {
        return false;
    }
    struct kt_str role = p->lx.word;
    if (!p->names->role(p->names->arg, role)) {
        return expr_fail(
            p, p->lx.at,
            "there is no role \"%.*s\"; the roles are in points/roles.yaml of the packs",
            role.n > 63 ? 63 : (int)role.n, role.p);
    }
    if (!role_unit(p, role)) {
        return false;
    }
    n->text = (struct kt_str){kt_arena_strndup(p->arena, role.p, role.n), role.n};
    lex_next(&p->lx);
    return true;
}

static bool parse_over_set(struct parser *p, enum expr_op op, struct operand *ret)
{
    struct expr_node n = {.op = (uint8_t)op, .point = {KT_NONE}};
    struct operand inner = {0};
    if (p->in_set) {
        return expr_fail(p, p->lx.at, "any() and all() do not nest; write a second rule");
    }
    lex_next(&p->lx);
    if (!take(p, T_LP, "\"(\"") || !parse_set(p, &n) || !parse_role(p, &n) ||
        !take(p, T_COMMA, "\",\" and a condition over it")) {
        return false;
    }
    p->in_set = true;
    bool ok = expr_parse_condition(p, &inner) && expr_want(p, &inner, true) &&
              expr_expect(p, T_RP, "\")\"");
    p->in_set = false;
    if (!ok) {
        return false;
    }
    p->uses_set = true;
    n.a = inner.node;
    ret->condition = true;
    ret->end = p->lx.end;
    lex_next(&p->lx);
    return expr_add(p, ret->at, n, &ret->node);
}

static bool parse_constant(struct parser *p, enum kt_tri t, struct operand *ret)
{
    ret->condition = true;
    lex_next(&p->lx);
    return expr_add(p, ret->at, (struct expr_node){.op = OP_TRI, .arg = (uint8_t)t}, &ret->node);
}

static bool dispatch(struct parser *p, struct operand *ret)
{
    struct kt_str w = p->lx.word;
    int fn = index_of(w, windows, KT_ARRAY_LEN(windows));
    if (fn >= 0) {
        return parse_window(p, (enum expr_window_fn)fn, ret);
    }
    if (kt_str_is(w, "self") || kt_str_is(w, "it") || kt_str_is(w, "point")) {
        return parse_value(p, ret);
    }
    if (kt_str_is(w, "limit")) {
        return parse_limit(p, ret);
    }
    if (kt_str_is(w, "quality") || kt_str_is(w, "known") || kt_str_is(w, "flag")) {
        return parse_fact(p, w.p[0] == 'q' ? OP_QUALITY : w.p[0] == 'k' ? OP_KNOWN : OP_FLAG, ret);
    }
    if (kt_str_is(w, "any") || kt_str_is(w, "all")) {
        return parse_over_set(p, w.p[1] == 'n' ? OP_ANY : OP_ALL, ret);
    }
    if (kt_str_is(w, "true") || kt_str_is(w, "false") || kt_str_is(w, "unknown")) {
        return parse_constant(p,
                              w.p[0] == 't'   ? KT_TRUE
                              : w.p[0] == 'f' ? KT_FALSE
                                              : KT_UNKNOWN,
                              ret);
    }
    if (kt_str_is(w, "and") || kt_str_is(w, "or") || kt_str_is(w, "not")) {
        return expr_fail(p, p->lx.at, "a value or condition is expected here, not \"%.*s\"",
                         (int)w.n, w.p);
    }
    return unknown(p, p->lx.at, "word", w, words, KT_ARRAY_LEN(words));
}

bool expr_parse_word(struct parser *p, struct operand *ret)
{
    *ret = (struct operand){.unit = unit_plain(), .at = p->lx.at, .end = 0};
    size_t before = p->lx.end;
    if (!dispatch(p, ret)) {
        return false;
    }
    if (ret->end == 0) { /* up to the last token that was taken */
        size_t end = p->lx.at;
        while (end > before && (p->lx.text.p[end - 1] == ' ' || p->lx.text.p[end - 1] == '\n')) {
            end--;
        }
        ret->end = end;
    }
    return true;
}
