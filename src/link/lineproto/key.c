/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of the line protocol: where a series and a field end, what they mean.
 *
 * A backslash escapes a comma, an equals sign, a space or a backslash; before anything else it is
 * itself. A line end is never escaped.
 */
#include "link/lineproto/internal.h"

static bool escapes(char c)
{
    return c == ',' || c == '=' || c == ' ' || c == '\\';
}

/* The first of three bytes that is not escaped, or s.n; a line end stops always. */
static size_t span(struct kt_str s, char a, char b, char c)
{
    for (size_t i = 0; i < s.n; i++) {
        char x = s.p[i];
        if (x == '\\' && i + 1 < s.n && escapes(s.p[i + 1])) {
            i++;
        } else if (x == a || x == b || x == c || x == '\n') {
            return i;
        }
    }
    return s.n;
}

static size_t fail(struct lp_why *why, const char *text, size_t at)
{
    *why = (struct lp_why){text, at};
    return 0;
}

size_t lp_series_len(struct kt_str s, struct lp_why *why)
{
    size_t n = span(s, ' ', ' ', ' ');
    if (n == 0 || s.p[0] == ',') {
        return fail(why, "no measurement before the first comma or space", 0);
    }
    if (n == s.n || s.p[n] == '\n') {
        return fail(why, "no fields; a line is `measurement,tag=v field=1 time`", n);
    }
    return n;
}

size_t lp_field_len(struct kt_str s, struct lp_why *why)
{
    size_t n = span(s, '=', ',', ' ');
    if (n == 0) {
        return fail(why, "no field name", 0);
    }
    if (n == s.n || s.p[n] != '=') {
        return fail(why, "no `=` behind the field name", n);
    }
    return n;
}

size_t lp_unescape(struct kt_str s, char *to)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\\' && i + 1 < s.n && escapes(s.p[i + 1])) {
            i++;
        }
        to[n++] = s.p[i];
    }
    return n;
}

static struct kt_str take(struct kt_str s, size_t from, size_t n, char **scratch)
{
    struct kt_str r = {*scratch, lp_unescape((struct kt_str){s.p + from, n}, *scratch)};
    *scratch += r.n;
    return r;
}

static int compare(struct kt_str a, struct kt_str b)
{
    int c = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
    return c ? c : (a.n > b.n) - (a.n < b.n);
}

/* Insert in order of keys; false when the key is there. */
static bool add_tag(struct lp_series *s, struct lp_tag tag)
{
    uint32_t i = s->tags_n;
    while (i > 0 && compare(s->tags[i - 1].key, tag.key) > 0) {
        i--;
    }
    if (i > 0 && compare(s->tags[i - 1].key, tag.key) == 0) {
        return false;
    }
    memmove(&s->tags[i + 1], &s->tags[i], (s->tags_n - i) * sizeof(tag));
    s->tags[i] = tag;
    s->tags_n++;
    return true;
}

/* One `key=value` at `at`; returns where it ends, 0 with the reason. */
static size_t read_tag(struct kt_str s, size_t at, char **scratch, struct lp_series *ret,
                       struct lp_why *why)
{
    struct kt_str rest = {s.p + at, s.n - at};
    size_t key = span(rest, '=', ',', ',');
    if (key == 0 || key == rest.n || rest.p[key] != '=') {
        return fail(why, "a tag is `key=value`", at);
    }
    struct kt_str behind = {rest.p + key + 1, rest.n - key - 1};
    size_t value = span(behind, '=', ',', ',');
    if (value == 0 || (value < behind.n && behind.p[value] == '=')) {
        return fail(why, "a tag is `key=value`", at + key + 1);
    }
    if (ret->tags_n == KT_LP_TAGS) {
        return fail(why, "more than 64 tags", at);
    }
    struct lp_tag tag;
    tag.key = take(rest, 0, key, scratch);
    tag.value = take(behind, 0, value, scratch);
    if (!add_tag(ret, tag)) {
        return fail(why, "the same tag twice", at);
    }
    return at + key + 1 + value;
}

bool lp_series_read(struct kt_str s, char *scratch, struct lp_series *ret, struct lp_why *why)
{
    size_t at = span(s, ',', ',', ',');
    ret->tags_n = 0;
    ret->measurement = take(s, 0, at, &scratch);
    if (at == 0) {
        return fail(why, "no measurement", 0) != 0;
    }
    while (at < s.n) {
        at = read_tag(s, at + 1, &scratch, ret, why);
        if (at == 0) {
            return false;
        }
    }
    return true;
}
