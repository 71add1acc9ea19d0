/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_LINK_LINEPROTO_LINEPROTO_H
#define KT_LINK_LINEPROTO_LINEPROTO_H
/*
 * lineproto: InfluxDB line protocol into columns of samples, in one pass.
 *
 *     measurement,tag=v,tag=v field=1.2,field=3i,field=t 1700000000000000000
 *
 * A table (shared, read-only) maps addresses to points. A parser (one a connection or producer)
 * keeps what it has learnt: the point of each key as it is spelled, and which key followed which,
 * so that a collector's stable order costs one comparison a value.
 *
 * Which point a value is for: measurement and field must be those of an address, and every tag that
 * the address names must be there with its value. Tags that no address names (Telegraf adds `host`)
 * are passed over; the address with the most tags wins, two with equally many are refused as
 * ambiguous. The order of tags is free. A string field `quality` (`quality="over-range"`) is the
 * quality of all values of its line; other fields without a point are passed over.
 *
 * Invariants
 *  1. A line is taken whole or, when a part of it is wrong, not at all.
 *  2. A point is only written when the parser's `may` has allowed it.
 *  3. Decimals become the nearest double; -0.0 stays -0.0.
 *  4. Memory of a parser has a ceiling; keys beyond it are looked up each time.
 * Threads: a table by any; a parser by one at a time.
 */
#include "base/buf.h"
#include "base/id.h"
#include "base/sample.h"

struct kt_site;
struct kt_producer;

/* The table of addresses */
struct kt_lp_table;
struct kt_lp_table *kt_lp_table_new(void); /**< one reference */
struct kt_lp_table *kt_lp_table_ref(struct kt_lp_table *t);
void kt_lp_table_unref(struct kt_lp_table *t); /**< accepts NULL */
/**
 * Add an address before the table is shared: `measurement[,tag=value…][#field]`, escapes as in the
 * protocol, the field is `value` when none is named.
 * @return KT_OK; KT_EINVAL cannot be read; KT_EEXIST another point has it; KT_ELIMIT too many
 *         different sets of tags
 */
KT_MUST_CHECK int kt_lp_table_add(struct kt_lp_table *t, struct kt_str address, kt_point_id p,
                                  struct kt_err *err);
/** All points of a site: the address of those on a push link, else the id with the field `value`.
 */
KT_MUST_CHECK int kt_lp_table_of_site(const struct kt_site *site, struct kt_lp_table **ret,
                                      struct kt_err *err);

/* The parser */
struct kt_lp_parser;
/** May this parser's producer write the point? The answer is kept with the key. */
typedef bool (*kt_lp_may_fn)(void *arg, kt_point_id p);
/**
 * @param table    a reference is taken
 * @param may      NULL: everything
 * @param max_keys ceiling of the keys that are remembered; 0: 4 for each address and 4096 more
 */
struct kt_lp_parser *kt_lp_parser_new(struct kt_lp_table *table, kt_lp_may_fn may, void *arg,
                                      uint32_t max_keys);
void kt_lp_parser_free(struct kt_lp_parser *p); /**< accepts NULL */

/** A kt_lp_may_fn for the producers of a site: the point's id fits one of the producer's patterns
 * and the point belongs to the producer's link or to none. Outputs are never written. */
struct kt_lp_grant {
    const struct kt_site *site;
    uint32_t link; /* index of the producer's link */
    const struct kt_producer *producer;
};
bool kt_lp_granted(void *grant, kt_point_id p);

/* One text and how far it has been read. */
struct kt_lp_input {
    struct kt_str text;
    int64_t unit_ns; /* of its timestamps: kt_lp_precision() */
    kt_time arrival; /* for lines without a timestamp */
    size_t pos;      /* starts at 0; always the start of a line */
    uint32_t line;   /* lines before pos */
};
/** "ns" "n" "us" "u" "µ" "ms" "s" "m" "h", "" for ns; KT_OK or KT_EINVAL */
KT_MUST_CHECK int kt_lp_precision(struct kt_str name, int64_t *ret_unit_ns);

/** Where samples go: columns of somebody's batch; n grows up to cap. */
struct kt_lp_columns {
    uint32_t n, cap;
    uint32_t *point;
    kt_time *time;
    double *value;
    kt_quality *quality;
};

enum kt_lp_why {
    KT_LP_BAD,     /* cannot be read; the line is dropped */
    KT_LP_REFUSED, /* the producer may not write this point; the value is dropped */
    KT_LP_UNKNOWN, /* no value of the line has a point */
};
enum { KT_LP_NOTES = 16, KT_LP_TAGS = 64 };
struct kt_lp_note {
    enum kt_lp_why why;
    uint32_t line, col; /* from 1 */
    char text[160];
};
/** Grows over the calls for one text; zeroed by the caller before the first. */
struct kt_lp_report {
    uint64_t lines, samples; /* lines with something in them; samples taken */
    uint64_t bad, refused, unknown;
    uint64_t passed_over; /* values without a point in lines that have one, and strings */
    uint32_t notes_n;
    struct kt_lp_note notes[KT_LP_NOTES]; /* the first ones */
};

/**
 * Read lines until the text ends or the columns are full.
 * @return 0 the text is read; 1 the columns are full: hand them on and call again
 */
KT_MUST_CHECK int kt_lp_parse(struct kt_lp_parser *p, struct kt_lp_input *in,
                              struct kt_lp_columns *out, struct kt_lp_report *report);

/** Keys remembered and bytes held (tests, metrics). */
void kt_lp_parser_stats(const struct kt_lp_parser *p, uint32_t *ret_keys, size_t *ret_bytes);

/**
 * Read a decimal number at the start of a text: [+-] digits [. digits] [e [+-] digits].
 * Correctly rounded, independent of the locale.
 * @param ret_end  behind the number
 * @return KT_OK; KT_EPARSE none there, or beyond the range of a double
 */
KT_MUST_CHECK int kt_lp_decimal(struct kt_str text, double *ret, size_t *ret_end);
#endif
