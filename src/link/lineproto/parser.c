/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over the text. Where the next key is the one that followed last time, one comparison of
 * "series field=" replaces finding its end, the hash and the table; where the timestamp is the one
 * of the line before, one comparison replaces reading it. All else goes the long way.
 */
#include "link/lineproto/internal.h"

#include <stdio.h>
#include <stdlib.h>

enum outcome { TAKEN, BAD, FULL };

struct kt_lp_parser *kt_lp_parser_new(struct kt_lp_table *table, kt_lp_may_fn may, void *arg,
                                      uint32_t max_keys)
{
    struct kt_lp_parser *ps = calloc(1, sizeof(*ps));
    KT_ASSERT(ps);
    lp_keys_init(&ps->keys, table, may, arg, max_keys);
    return ps;
}

void kt_lp_parser_free(struct kt_lp_parser *ps)
{
    if (ps) {
        lp_keys_done(&ps->keys);
        free(ps);
    }
}

void kt_lp_parser_stats(const struct kt_lp_parser *ps, uint32_t *ret_keys, size_t *ret_bytes)
{
    const struct lp_keys *k = &ps->keys;
    *ret_keys = k->n - 1;
    *ret_bytes = k->cap * sizeof(*k->entries) + k->slots_n * sizeof(*k->slots) + k->pool_cap;
}

int kt_lp_precision(struct kt_str name, int64_t *ret_unit_ns)
{
    static const struct {
        const char *name;
        int64_t ns;
    } units[] = {{"", 1},       {"ns", 1},     {"n", 1},        {"us", KT_US},
                 {"u", KT_US},  {"µ", KT_US},  {"µs", KT_US},   {"ms", KT_MS},
                 {"s", KT_SEC}, {"m", KT_MIN}, {"min", KT_MIN}, {"h", KT_HOUR}};
    for (size_t i = 0; i < KT_ARRAY_LEN(units); i++) {
        if (kt_str_is(name, units[i].name)) {
            *ret_unit_ns = units[i].ns;
            return KT_OK;
        }
    }
    return KT_EINVAL;
}

static inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool fail(struct lp_line *ln, const char *why)
{
    ln->why.text = why;
    return false;
}

/* ---- values ---- */

static bool read_integer(struct lp_line *ln, const char *digits, uint64_t m, bool negative,
                         const char *p, double *ret)
{
    bool is_unsigned = *p == 'u';
    uint64_t max = is_unsigned ? UINT64_MAX : (uint64_t)INT64_MAX + negative;
    if (p - digits > 20 || (p - digits == 20 && (digits[0] > '1' || m < UINT64_C(1) << 63)) ||
        m > max || (is_unsigned && negative)) {
        return fail(ln, "the integer is out of range");
    }
    ln->p = p + 1;
    *ret = negative && m ? -(double)m : (double)m;
    return lp_at_break(ln->p, ln->end) ? true : fail(ln, "something stands behind the integer");
}

/* Exponents, more than 19 digits, nothing that looks like a number. */
static bool read_number_slow(struct lp_line *ln, double *ret)
{
    size_t n;
    if (kt_lp_decimal((struct kt_str){ln->p, (size_t)(ln->end - ln->p)}, ret, &n) < 0) {
        return fail(ln, "not a number, boolean or string, or beyond the range of a double");
    }
    ln->p += n;
    return lp_at_break(ln->p, ln->end) ? true : fail(ln, "something stands behind the number");
}

static inline bool read_number(struct lp_line *ln, double *ret)
{
    const char *p = ln->p, *end = ln->end;
    bool negative = *p == '-';
    p += negative || *p == '+';
    unsigned length = lp_short_number(p, end, ret);
    if (KT_LIKELY(length)) {
        ln->p = p + length;
        *ret = negative ? -*ret : *ret;
        return true;
    }
    const char *digits = p;
    uint64_t m = 0;
    for (; p < end && is_digit(*p); p++) {
        m = m * 10 + (uint64_t)(*p - '0');
    }
    if (p < end && (*p == 'i' || *p == 'u') && p > digits) {
        return read_integer(ln, digits, m, negative, p, ret);
    }
    int64_t n = p - digits, scale = 0;
    if (p < end && *p == '.') {
        const char *fraction = ++p;
        for (; p < end && is_digit(*p); p++) {
            m = m * 10 + (uint64_t)(*p - '0');
        }
        scale = p - fraction;
        n += scale;
    }
    if (KT_UNLIKELY(n == 0 || n > 19 || !lp_at_break(p, end))) {
        return read_number_slow(ln, ret);
    }
    ln->p = p;
    if (KT_LIKELY(m <= UINT64_C(1) << 53)) { /* scale is at most 19 here */
        double v = (double)m / lp_pow10[scale];
        *ret = negative ? -v : v;
        return true;
    }
    struct lp_number number = {.mantissa = m, .exp10 = (int32_t)-scale, .negative = negative};
    return lp_number_double(&number, ret);
}

bool lp_read_number(struct lp_line *ln, double *ret)
{
    return read_number(ln, ret);
}

static bool read_boolean(struct lp_line *ln, double *ret)
{
    static const char *const words[] = {"f", "F", "false", "False", "FALSE",
                                        "t", "T", "true",  "True",  "TRUE"};
    const char *p = ln->p;
    while (!lp_at_break(p, ln->end)) {
        p++;
    }
    struct kt_str word = {ln->p, (size_t)(p - ln->p)};
    for (size_t i = 0; i < KT_ARRAY_LEN(words); i++) {
        if (kt_str_is(word, words[i])) {
            ln->p = p;
            *ret = i >= KT_ARRAY_LEN(words) / 2;
            return true;
        }
    }
    return fail(ln, "not a number, boolean or string");
}

static bool set_quality(struct lp_line *ln, const char *p, size_t n)
{
    char id[32];
    if (n < sizeof(id)) {
        memcpy(id, p, n);
        id[n] = '\0';
        if (kt_quality_of(id, &ln->quality)) {
            return true;
        }
    }
    return fail(ln, "not a quality; write normal, over-range, broken, …");
}

/* A quoted string, which may hold line ends; only a quality is looked at. */
static bool read_string(struct lp_line *ln, const struct lp_entry *e)
{
    if (e->state == LP_OPEN && !e->is_quality) {
        return fail(ln, "the value of a point cannot be text; send a number or a boolean");
    }
    const char *p = ln->p + 1;
    uint32_t newlines = 0;
    while (p < ln->end && *p != '"') {
        newlines += *p == '\n';
        p += *p == '\\' && p + 1 < ln->end && (p[1] == '"' || p[1] == '\\') ? 2 : 1;
    }
    if (p >= ln->end) {
        return fail(ln, "the string has no end");
    }
    if (e->is_quality && !set_quality(ln, ln->p + 1, (size_t)(p - ln->p - 1))) {
        return false;
    }
    ln->newlines += newlines;
    ln->p = p + 1;
    return lp_at_break(ln->p, ln->end) ? true : fail(ln, "something stands behind the string");
}

/* ---- keys ---- */

/* The long way to the field at p of the line's series. */
static bool find_key(struct kt_lp_parser *ps, struct lp_line *ln)
{
    struct lp_why why = {NULL, 0};
    struct kt_str rest = {ln->p, (size_t)(ln->end - ln->p)};
    size_t n = lp_field_len(rest, &why);
    uint32_t e = UINT32_MAX;
    if (n > 0) {
        e = lp_keys_get(&ps->keys, ln->raw_series, (struct kt_str){ln->p, n}, &why);
    }
    if (e == UINT32_MAX) {
        ln->p = n > 0 ? ln->start + why.at : ln->p + why.at;
        return fail(ln, why.text);
    }
    ps->keys.entries[ps->last].next = e;
    ps->last = e;
    ln->series = e ? ps->keys.entries[e].series : UINT32_MAX - 1;
    ln->p += n + 1;
    return true;
}

static bool first_key_slow(struct kt_lp_parser *ps, struct lp_line *ln)
{
    struct lp_why why = {NULL, 0};
    size_t n = lp_series_len((struct kt_str){ln->p, (size_t)(ln->end - ln->p)}, &why);
    if (n == 0) {
        ln->p += why.at;
        return fail(ln, why.text);
    }
    ln->start = ln->p;
    ln->raw_series = (struct kt_str){ln->p, n};
    ln->p += n;
    while (ln->p < ln->end && *ln->p == ' ') {
        ln->p++;
    }
    return find_key(ps, ln);
}

static inline bool take_key(struct kt_lp_parser *ps, struct lp_line *ln, uint32_t entry)
{
    const struct lp_entry *e = &ps->keys.entries[entry];
    ln->raw_series = (struct kt_str){ln->p, e->len - e->field_len - 1};
    ln->series = e->series;
    ln->p += e->len;
    ps->last = entry;
    return true;
}

/* Not guessed: from the table, and remembered as what follows the one before. */
static bool first_key_table(struct kt_lp_parser *ps, struct lp_line *ln)
{
    uint32_t entry = lp_keys_find(&ps->keys, ln->p, ln->end);
    if (KT_UNLIKELY(entry == 0)) {
        return first_key_slow(ps, ln);
    }
    uint32_t *next = &ps->keys.entries[ps->last].next;
    ps->missed = *next == entry ? 0 : ps->missed + 1;
    *next = entry;
    return take_key(ps, ln, entry);
}

static inline bool first_key(struct kt_lp_parser *ps, struct lp_line *ln)
{
    const struct lp_keys *k = &ps->keys;
    uint32_t guess = k->entries[ps->last].next;
    const struct lp_entry *e = &k->entries[guess];
    if (guess == 0 || ps->missed > LP_GIVE_UP || (size_t)(ln->end - ln->p) < e->len ||
        !lp_same(lp_text(k, e), ln->p, e->len)) {
        return first_key_table(ps, ln);
    }
    ps->missed = 0;
    return take_key(ps, ln, guess);
}

/* p stands behind a comma. */
static inline bool next_key(struct kt_lp_parser *ps, struct lp_line *ln)
{
    const struct lp_keys *k = &ps->keys;
    uint32_t guess = k->entries[ps->last].next;
    const struct lp_entry *e = &k->entries[guess];
    if (e->series != ln->series || (size_t)(ln->end - ln->p) < e->field_len ||
        !lp_same(lp_text(k, e) + e->len - e->field_len, ln->p, e->field_len)) {
        return find_key(ps, ln);
    }
    ln->p += e->field_len;
    ps->last = guess;
    return true;
}

/* ---- notes ---- */

static void note(struct kt_lp_report *rep, enum kt_lp_why why, uint32_t line, const char *at,
                 const struct lp_line *ln, const char *fmt, struct kt_str about)
{
    if (rep->notes_n == KT_LP_NOTES) {
        return;
    }
    struct kt_lp_note *n = &rep->notes[rep->notes_n++];
    n->why = why;
    n->line = line;
    n->col = (uint32_t)(at - ln->start) + 1;
    snprintf(n->text, sizeof(n->text), fmt, (int)(about.n > 64 ? 64 : about.n), about.p);
}

static void note_refused(const struct kt_lp_parser *ps, const struct lp_line *ln, uint32_t line,
                         struct kt_lp_report *rep)
{
    bool unclear = ps->keys.entries[ps->last].state == LP_UNCLEAR;
    note(rep, KT_LP_REFUSED, line, ln->p, ln,
         unclear ? "the addresses of two points fit \"%.*s\" equally well; give one more tags"
                 : "this producer may not write the point of \"%.*s\"",
         ln->raw_series);
}

/* ---- lines ---- */

/* One value behind its key, into the columns when the point is open. */
static inline enum outcome read_value(struct kt_lp_parser *ps, struct lp_line *ln, uint32_t line,
                                      struct kt_lp_columns *out, struct kt_lp_report *rep)
{
    const struct lp_entry *e = &ps->keys.entries[ps->last];
    if (KT_UNLIKELY(lp_at_break(ln->p, ln->end))) {
        (void)fail(ln, "no value behind the field");
        return BAD;
    }
    char c = *ln->p;
    double v = 0;
    if (c == '"') {
        ln->passed_over += !e->is_quality;
        return read_string(ln, e) ? TAKEN : BAD;
    }
    bool word = (c | 0x20) == 't' || (c | 0x20) == 'f';
    if (KT_UNLIKELY(word) ? !read_boolean(ln, &v) : !read_number(ln, &v)) {
        return BAD;
    }
    if (KT_UNLIKELY(e->state != LP_OPEN)) {
        ln->passed_over += e->state == LP_NOBODY;
        ln->refused += e->state != LP_NOBODY;
        if (e->state != LP_NOBODY) {
            note_refused(ps, ln, line, rep);
        }
        return TAKEN;
    }
    if (KT_UNLIKELY(out->n == out->cap)) {
        return FULL;
    }
    out->point[out->n] = e->point;
    out->value[out->n++] = v;
    return TAKEN;
}

static bool read_stamp_slow(struct kt_lp_parser *ps, struct lp_line *ln, int64_t unit_ns,
                            kt_time *ret)
{
    const char *start = ln->p, *p = start + (*start == '-');
    int64_t t = 0;
    for (; p < ln->end && is_digit(*p); p++) {
        if (__builtin_mul_overflow(t, 10, &t) || __builtin_add_overflow(t, *p - '0', &t)) {
            return fail(ln, "the timestamp is out of range");
        }
    }
    if (p == start || !is_digit(p[-1]) || !lp_at_break(p, ln->end) || (p < ln->end && *p == ',')) {
        return fail(ln, "the timestamp is not a whole number");
    }
    if (*start == '-' || t == 0) {
        return fail(ln, "the timestamp is not after 1970");
    }
    if (__builtin_mul_overflow(t, unit_ns, &t)) {
        return fail(ln, "the timestamp is out of range; does the precision fit?");
    }
    ln->p = p;
    size_t n = (size_t)(p - start);
    if (n <= sizeof(ps->stamp)) {
        memcpy(ps->stamp, start, n);
        ps->stamp_n = (uint32_t)n;
        ps->stamp_time = t;
    }
    *ret = t;
    return true;
}

/* Behind the fields: blanks, a timestamp or none, blanks, the end of the line. */
bool lp_read_tail(struct kt_lp_parser *ps, struct lp_line *ln, const struct kt_lp_input *in,
                  kt_time *ret)
{
    const char *end = ln->end;
    while (ln->p < end && (*ln->p == ' ' || *ln->p == '\t')) {
        ln->p++;
    }
    *ret = in->arrival;
    if (ln->p < end && *ln->p != '\n' && *ln->p != '\r' &&
        !read_stamp_slow(ps, ln, in->unit_ns, ret)) {
        return false;
    }
    while (ln->p < end && (*ln->p == ' ' || *ln->p == '\t' || *ln->p == '\r')) {
        ln->p++;
    }
    return ln->p == end || *ln->p == '\n' ? true
                                          : fail(ln, "something stands behind the timestamp");
}

static inline bool read_time(struct kt_lp_parser *ps, struct lp_line *ln,
                             const struct kt_lp_input *in, kt_time *ret)
{
    size_t n = ps->stamp_n;
    if (KT_LIKELY(n && (size_t)(ln->end - ln->p) > n + 1 && ln->p[n + 1] == '\n' &&
                  ln->p[0] == ' ' && lp_same(ps->stamp, ln->p + 1, n))) {
        ln->p += n + 1;
        *ret = ps->stamp_time;
        return true;
    }
    return lp_read_tail(ps, ln, in, ret);
}

static inline enum outcome read_line(struct kt_lp_parser *ps, struct lp_line *ln,
                                     const struct kt_lp_input *in, struct kt_lp_columns *out,
                                     struct kt_lp_report *rep)
{
    if (!first_key(ps, ln)) {
        return BAD;
    }
    for (;;) {
        enum outcome o = read_value(ps, ln, in->line + 1, out, rep);
        if (KT_UNLIKELY(o != TAKEN)) {
            return o;
        }
        if (ln->p == ln->end || *ln->p != ',') {
            break;
        }
        ln->p++;
        if (!next_key(ps, ln)) {
            return BAD;
        }
    }
    kt_time t;
    if (!read_time(ps, ln, in, &t)) {
        return BAD;
    }
    for (uint32_t i = ln->first; i < out->n; i++) {
        out->time[i] = t;
        out->quality[i] = ln->quality;
    }
    return TAKEN;
}

/* Passes over an empty line or a comment, leading blanks of others; false at the end. */
static inline bool line_start(struct kt_lp_input *in)
{
    const char *s = in->text.p;
    while (in->pos < in->text.n) {
        char c = s[in->pos];
        if (KT_LIKELY(c != ' ' && c != '\t' && c != '\r' && c != '\n' && c != '#')) {
            return true;
        }
        if (c == '#') {
            const char *nl = memchr(s + in->pos, '\n', in->text.n - in->pos);
            in->pos = nl ? (size_t)(nl - s) : in->text.n;
        } else {
            in->line += c == '\n';
            in->pos++;
        }
    }
    return false;
}

static void count_line(const struct lp_line *ln, uint32_t line, uint32_t taken,
                       struct kt_lp_report *rep)
{
    rep->samples += taken;
    rep->refused += ln->refused;
    if (KT_LIKELY(taken)) {
        rep->passed_over += ln->passed_over;
    } else if (!ln->refused) {
        rep->unknown++;
        note(rep, KT_LP_UNKNOWN, line, ln->start, ln, "no point has the address \"%.*s\"",
             ln->raw_series);
    }
}

/* A line that cannot be taken: its values go, the next line starts behind its end. */
static void drop_line(struct lp_line *ln, uint32_t line, const char *why, struct kt_lp_columns *out,
                      struct kt_lp_report *rep)
{
    out->n = ln->first;
    rep->bad++;
    note(rep, KT_LP_BAD, line, ln->p, ln, "%.*s", kt_str_c(why));
    const char *nl = memchr(ln->p, '\n', (size_t)(ln->end - ln->p));
    ln->p = nl ? nl : ln->end;
}

static void next_line(struct kt_lp_input *in, const struct lp_line *ln)
{
    bool nl = ln->p < ln->end;
    in->pos = (size_t)(ln->p - in->text.p) + nl;
    in->line += nl + ln->newlines;
}

int kt_lp_parse(struct kt_lp_parser *ps, struct kt_lp_input *in, struct kt_lp_columns *out,
                struct kt_lp_report *rep)
{
    ps->stamp_n = 0;
    while (line_start(in)) {
        if (ps->missed > LP_GIVE_UP && lp_block(ps, in, out, rep)) {
            continue;
        }
        const char *start = in->text.p + in->pos;
        struct lp_line ln = {.start = start, .p = start, .end = in->text.p + in->text.n};
        ln.first = out->n;
        uint32_t notes = rep->notes_n;
        enum outcome o = read_line(ps, &ln, in, out, rep);
        if (KT_LIKELY(o == TAKEN)) {
            count_line(&ln, in->line + 1, out->n - ln.first, rep);
        } else if (o == FULL && ln.first > 0) {
            out->n = ln.first;
            rep->notes_n = notes;
            return 1;
        } else {
            rep->notes_n = notes;
            drop_line(&ln, in->line + 1,
                      o == FULL ? "more values in a line than a batch holds" : ln.why.text, out,
                      rep);
        }
        rep->lines++;
        next_line(in, &ln);
    }
    return 0;
}
