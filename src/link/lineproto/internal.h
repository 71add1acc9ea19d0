/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_LINK_LINEPROTO_INTERNAL_H
#define KT_LINK_LINEPROTO_INTERNAL_H
/* Shared by the files of lineproto: keys, the table behind them, numbers. */
#include "base/map.h"
#include "link/lineproto/lineproto.h"

/* A series taken apart. Texts are unescaped copies in a scratch buffer. */
struct lp_tag {
    struct kt_str key, value;
};
struct lp_series {
    struct kt_str measurement;
    struct lp_tag tags[KT_LP_TAGS]; /* sorted by key */
    uint32_t tags_n;
};

/* Why a text could not be read, and at which byte of it. */
struct lp_why {
    const char *text;
    size_t at;
};

/**
 * Length of the raw series at the start of `s`: up to the first space that is not escaped.
 * 0: none, with the reason.
 */
size_t lp_series_len(struct kt_str s, struct lp_why *why);
/** Length of a raw field key up to its '='; 0: none, with the reason. */
size_t lp_field_len(struct kt_str s, struct lp_why *why);
/** Take a raw series apart. `scratch` needs s.n bytes. False with the reason. */
bool lp_series_read(struct kt_str s, char *scratch, struct lp_series *ret, struct lp_why *why);
/** Unescape into `to` (s.n bytes); returns the length. */
size_t lp_unescape(struct kt_str s, char *to);

enum lp_found { LP_NONE, LP_ONE, LP_AMBIGUOUS };
/** Look a value's point up; `tmp` is scratch. */
enum lp_found lp_table_find(const struct kt_lp_table *t, const struct lp_series *s,
                            struct kt_str field, struct kt_buf *tmp, uint32_t *ret);
uint32_t lp_table_count(const struct kt_lp_table *t);

/* A number read from text: sign, up to 19 digits, decimal exponent. */
struct lp_number {
    const char *start, *end;
    uint64_t mantissa;
    int32_t exp10;
    bool negative, inexact; /* inexact: there were more digits than fit */
};
/** 10^0 to 10^22: those that are exact. */
enum { LP_POW10_MAX = 22 };
extern const double lp_pow10[LP_POW10_MAX + 1];
/** The double nearest to `n`; false when it is beyond the range. */
bool lp_number_double(const struct lp_number *n, double *ret);

/*
 * Keys as they were spelled, each remembered once with its point and with the key that followed it.
 * Entry 0 is nobody's: it never fits, and holds the answer for a key that is not remembered.
 */
enum lp_state { LP_OPEN, LP_NOBODY, LP_CLOSED, LP_UNCLEAR };
enum { LP_TEXT = 40 }; /* longer texts stand in the pool */
struct lp_entry {
    uint32_t next; /* what followed last time */
    uint32_t point;
    uint32_t series;    /* number of the series as spelled */
    uint32_t pool;      /* where a long text stands */
    uint16_t len;       /* of "series field=" */
    uint16_t field_len; /* of "field=", its end */
    uint8_t state;      /* enum lp_state */
    bool is_quality;    /* the field `quality` */
    char text[LP_TEXT + 2];
};
_Static_assert(sizeof(struct lp_entry) == 64, "a cache line");

struct lp_slot {
    uint32_t tag, entry; /* entry 0: free */
};

struct lp_keys {
    struct kt_lp_table *table;
    kt_lp_may_fn may;
    void *arg;
    uint32_t max, n, cap;     /* entries */
    struct lp_entry *entries; /* each a cache line */
    char *pool;
    size_t pool_n, pool_cap;
    struct lp_slot *slots;
    uint32_t slots_n; /* a power of two */
    uint64_t seed;
    struct kt_map *series;
    struct kt_buf scratch, tmp;
};
void lp_keys_init(struct lp_keys *k, struct kt_lp_table *table, kt_lp_may_fn may, void *arg,
                  uint32_t max);
void lp_keys_done(struct lp_keys *k);
/** "series field=" of an entry. */
static inline const char *lp_text(const struct lp_keys *k, const struct lp_entry *e)
{
    return e->len <= LP_TEXT ? e->text : k->pool + e->pool;
}
/** Equal bytes; loads never pass the end of either. */
static inline bool lp_same(const char *a, const char *b, size_t n)
{
    if (n < 8) {
        return memcmp(a, b, n) == 0;
    }
    uint64_t x, y;
    for (size_t i = 0; i + 8 < n; i += 8) {
        memcpy(&x, a + i, 8);
        memcpy(&y, b + i, 8);
        if (x != y) {
            return false;
        }
    }
    memcpy(&x, a + n - 8, 8);
    memcpy(&y, b + n - 8, 8);
    return x == y;
}
/**
 * The entry of the key that begins at p, if it is remembered and spelled as it was then; 0: the
 * long way finds it. Where it ends stands in its `len`.
 */
uint32_t lp_keys_find(const struct lp_keys *k, const char *p, const char *end);
/** The entry of a key, made when it is new; UINT32_MAX with the reason when it cannot be read. */
uint32_t lp_keys_get(struct lp_keys *k, struct kt_str series, struct kt_str field,
                     struct lp_why *why);

struct kt_lp_parser {
    struct lp_keys keys;
    uint32_t last;   /* entry of the value read last */
    uint32_t missed; /* guesses in a row that were wrong */
    /* of block.c: lines to be read at once, less one; lines that go the other way before, how many
     * the next time */
    uint32_t block, pass_over, pause;
    char stamp[24]; /* the timestamp read last, as text; stamp_n 0: none */
    uint32_t stamp_n;
    kt_time stamp_time;
};

/* A line under way. */
struct lp_line {
    const char *start, *p, *end;
    uint32_t first;    /* columns before this line */
    uint32_t series;   /* of the line, as numbered by the parser */
    uint32_t newlines; /* inside strings */
    uint32_t refused, passed_over;
    struct kt_str raw_series;
    kt_quality quality;
    struct lp_why why; /* `at` is not used here: p stands there */
};

/** Does a value or a timestamp end here? */
static inline bool lp_at_break(const char *p, const char *end)
{
    return p == end || *p == ' ' || *p == '\n' || *p == ',' || *p == '\r' || *p == '\t';
}

#define LP_BYTES(c) (UINT64_C(0x0101010101010101) * (c))

/** Eight digits, the first in the lowest byte, each 0 to 9. */
static inline uint64_t lp_eight_digits(uint64_t d)
{
    const uint64_t pair = UINT64_C(0x000000ff000000ff);
    d = d * 10 + (d >> 8); /* pairs of digits in every other byte */
    return ((d & pair) * (100 + (UINT64_C(1000000) << 32)) +
            (d >> 16 & pair) * (1 + (UINT64_C(10000) << 32))) >>
           32;
}

/**
 * A plain number of at most seven characters without a sign, without a branch on its digits: where
 * the first two bytes that are none stand says how long it is and where its point is.
 * @return its length; 0: not such a number
 */
static inline unsigned lp_short_number(const char *p, const char *end, double *ret)
{
    uint64_t v;
    if (end - p < 8) {
        return 0;
    }
    memcpy(&v, p, 8);
    uint64_t d = v ^ LP_BYTES('0');
    uint64_t other = (((d & LP_BYTES(0x7f)) + LP_BYTES(0x76)) | d) & LP_BYTES(0x80);
    unsigned whole = (unsigned)__builtin_ctzll(other | UINT64_C(1) << 63) / 8, n = whole;
    if (whole < 7 && p[whole] == '.') {
        other &= other - 1;
        n = (unsigned)__builtin_ctzll(other | UINT64_C(1) << 63) / 8;
        uint64_t before = (UINT64_C(1) << 8 * whole) - 1;
        d = (d & before) | (d >> 8 & ~before);
    }
    unsigned scale = n - whole - (n > whole), digits = n - (n > whole);
    if (!(other >> 8 * n & 0x80) || digits == 0 || !lp_at_break(p + n, end)) {
        return 0;
    }
    *ret = (double)lp_eight_digits(d << 8 * (8 - digits)) / lp_pow10[scale];
    return n;
}

/* Guesses in a row that were wrong, before lines are taken to have no order. */
enum { LP_GIVE_UP = 8 };
/** A number and what ends it; the line's p behind it. False: not one, the line says why. */
bool lp_read_number(struct lp_line *ln, double *ret);
/** Behind the fields: a timestamp or none, up to the end of the line. */
bool lp_read_tail(struct kt_lp_parser *ps, struct lp_line *ln, const struct kt_lp_input *in,
                  kt_time *ret);
/**
 * Take plain lines from the start of the input, as many as there are and have known keys, up to
 * the room and a block.
 * @return how many; 0: the first line goes another way
 */
uint32_t lp_block(struct kt_lp_parser *ps, struct kt_lp_input *in, struct kt_lp_columns *out,
                  struct kt_lp_report *rep);
#endif
