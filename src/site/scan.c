/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan: what a rule's text reads besides named points: the limits of self, the sets of any() and
 * all(), and whether it reads self at all. Words only; the grammar is expr's.
 */
#include "site/impl.h"

struct token {
    struct kt_str text; /* of a string: without quotes */
    char kind;          /* 'w' word, 's' string, else the character itself, 0 end */
};

static bool word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static struct token next(const char **p)
{
    while (**p == ' ' || **p == '\t' || **p == '\n' || **p == '\r') {
        (*p)++;
    }
    const char *from = *p;
    if (!*from) {
        return (struct token){{from, 0}, 0};
    }
    if (*from == '"') {
        const char *end = from + 1;
        while (*end && *end != '"') {
            end++;
        }
        *p = *end ? end + 1 : end;
        return (struct token){{from + 1, (size_t)(end - from - 1)}, 's'};
    }
    if (word_char(*from)) {
        while (word_char(**p)) {
            (*p)++;
        }
        return (struct token){{from, (size_t)(*p - from)}, 'w'};
    }
    (*p)++;
    return (struct token){{from, 1}, *from};
}

static bool role_char(char c)
{
    return word_char(c) || c == '.' || c == '*' || c == '-' || c == ':';
}

/* A role in quotes, or bare as the grammar takes it: ch4.* */
static struct kt_str role_at(const char **p)
{
    const char *at = *p;
    struct token quoted = next(&at);
    if (quoted.kind == 's') {
        *p = at;
        return quoted.text;
    }
    at = *p;
    while (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r') {
        at++;
    }
    const char *from = at;
    while (role_char(*at)) {
        at++;
    }
    *p = at;
    return (struct kt_str){from, (size_t)(at - from)};
}

/* After the name of a set: `( self ) , ROLE`. Leaves p where it was when the text differs. */
static bool set_tail(const char **p, struct kt_str *ret_role)
{
    const char *at = *p;
    struct token open = next(&at), self = next(&at), close = next(&at), comma = next(&at);
    if (open.kind != '(' || !kt_str_is(self.text, "self") || close.kind != ')' ||
        comma.kind != ',') {
        return false;
    }
    struct kt_str role = role_at(&at);
    if (role.n == 0) {
        return false;
    }
    *ret_role = role;
    *p = at;
    return true;
}

static int limit_of(struct kt_str w)
{
    for (int i = 0; i < KT_LIMIT_NAMES; i++) {
        if (kt_str_is(w, kt_limit_name_id((enum kt_limit_name)i))) {
            return i;
        }
    }
    return -1;
}

static void scan_limit(const char **p, struct rule_scan *ret)
{
    const char *at = *p;
    struct token dot = next(&at), name = next(&at);
    int i = dot.kind == '.' && name.kind == 'w' ? limit_of(name.text) : -1;
    if (i >= 0) {
        ret->limits |= 1U << i;
        *p = at;
    }
}

/* Words that make a condition true because something is not known. */
static bool asks_unknown(const struct token *t)
{
    static const char *const words[] = {"quality", "known", "unknown"};
    for (size_t i = 0; t->kind == 'w' && i < KT_ARRAY_LEN(words); i++) {
        if (kt_str_is(t->text, words[i])) {
            return true;
        }
    }
    return t->kind == 's' &&
           (kt_str_is(t->text, "link-down") || kt_str_is(t->text, "device-fault"));
}

void site_scan(const char *text, struct rule_scan *ret)
{
    const char *p = text;
    for (struct token t = next(&p); t.kind; t = next(&p)) {
        struct kt_str role;
        int set = t.kind == 'w' ? kt_set_of(t.text) : -1;
        if (set >= 0 && set_tail(&p, &role)) {
            ret->too_many |= ret->sets_n == RULE_SETS_MAX;
            if (ret->sets_n < RULE_SETS_MAX) {
                ret->sets[ret->sets_n++] = (struct rule_set){(enum kt_set)set, role};
            }
        } else if (t.kind == 'w' && kt_str_is(t.text, "limit")) {
            scan_limit(&p, ret);
        } else if (t.kind == 'w' && kt_str_is(t.text, "self")) {
            ret->reads_self = true;
        } else if (asks_unknown(&t)) {
            ret->asks_unknown = true;
        }
    }
}

void site_scan_of(const struct kt_yaml *n, const char *key, const char *text, struct rule_scan *ret)
{
    bool before = ret->too_many;
    if (text) {
        site_scan(text, ret);
    }
    if (ret->too_many && !before) {
        kt_yaml_problem(kt_yaml_get(n, key),
                        "more than %d any() and all() in one rule; make two rules of it",
                        RULE_SETS_MAX);
    }
}
