/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines without an order, which are read a block at a time: as one text they mean what each means
 * as a text of its own.
 */
#include <stdlib.h>

#include "link/lineproto/lineproto.h"
#include "unit.h"

enum { ARRIVAL = 1234567 };

static bool not_point_9(void *arg, kt_point_id p)
{
    (void)arg;
    return p.v != 9;
}

enum { MANY = 600, PLAIN = 200 };
struct columns {
    uint32_t point[MANY * 2];
    kt_time time[MANY * 2];
    double value[MANY * 2];
    kt_quality quality[MANY * 2];
    struct kt_lp_columns out;
    struct kt_lp_report rep;
};

static void parse(struct kt_lp_parser *ps, struct columns *c, struct kt_str text)
{
    struct kt_lp_input in = {.text = text, .unit_ns = KT_MS, .arrival = ARRIVAL};
    char *exact = malloc(text.n ? text.n : 1); /* nothing is read beyond its end */
    memcpy(exact, text.p, text.n);
    in.text.p = exact;
    CHECK_INT(kt_lp_parse(ps, &in, &c->out, &c->rep), 0);
    free(exact);
}

/* Most lines are plain; some are not, or are wrong, or have no point, or one that is closed. */
static void put_any_line(struct kt_buf *b, uint64_t *seed)
{
    static const char *const odd[] = {"# a remark\n",
                                      "\n",
                                      " \tP00001 value=1 77\n",
                                      "P00002 value=\n",
                                      "P00003 value=1.5x\n",
                                      "Q value=1\n",
                                      "P00004 other=1 5\n",
                                      "P00009 value=1 5\n",
                                      "P00005 value=\"text\" 9\n",
                                      "P00006 value=t\n",
                                      "P00007 value=-0.0 8\r\n",
                                      "P00008 value=1,quality=\"broken\" 9\n"};
    uint64_t r = unit_rand(seed);
    if (r % 16 == 0) {
        kt_buf_puts(b, odd[(r >> 8) % KT_ARRAY_LEN(odd)]);
        return;
    }
    static const char *const forms[] = {"%u.%02u",   "-%u.%u", "%u.%u000000012345",
                                        "+%u.5e-%u", "%u%ui",  ".%u%u"};
    kt_buf_printf(b, "P%05u value=", (unsigned)(r >> 8) % PLAIN);
    size_t form = (r >> 20) % 12;
    kt_buf_printf(b, forms[form < KT_ARRAY_LEN(forms) ? form : 0], (unsigned)(r >> 24) % 300,
                  (unsigned)(r >> 40) % 100);
    kt_buf_printf(b, r >> 50 & 7 ? " %u" : "", 1000 + (unsigned)(r >> 54) % 2);
    kt_buf_puts(b, "\n");
}

/* The same lines, each a text of its own. */
static void parse_one_by_one(struct kt_lp_parser *ps, struct columns *c, struct kt_str text)
{
    for (size_t at = 0; at < text.n;) {
        const char *nl = memchr(text.p + at, '\n', text.n - at);
        size_t n = nl ? (size_t)(nl - text.p) + 1 - at : text.n - at;
        parse(ps, c, (struct kt_str){text.p + at, n});
        at += n;
    }
}

static void clear(struct columns *c)
{
    c->out = (struct kt_lp_columns){0, MANY * 2, c->point, c->time, c->value, c->quality};
    memset(&c->rep, 0, sizeof(c->rep));
}

static void compare(const struct columns *a, const struct columns *b)
{
    REQUIRE(a->out.n == b->out.n);
    CHECK(memcmp(a->point, b->point, sizeof(*a->point) * a->out.n) == 0);
    CHECK(memcmp(a->time, b->time, sizeof(*a->time) * a->out.n) == 0);
    CHECK(memcmp(a->value, b->value, sizeof(*a->value) * a->out.n) == 0);
    CHECK(memcmp(a->quality, b->quality, sizeof(*a->quality) * a->out.n) == 0);
    CHECK_INT(a->rep.samples, b->rep.samples);
    CHECK_INT(a->rep.lines, b->rep.lines);
    CHECK_INT(a->rep.bad, b->rep.bad);
    CHECK_INT(a->rep.refused, b->rep.refused);
    CHECK_INT(a->rep.unknown, b->rep.unknown);
    CHECK_INT(a->rep.notes_n, b->rep.notes_n);
    for (uint32_t i = 0; i < a->rep.notes_n && i < b->rep.notes_n; i++) {
        CHECK_STR(a->rep.notes[i].text, b->rep.notes[i].text);
    }
}

static void lines_without_an_order_mean_the_same(void)
{
    uint64_t seed = UINT64_C(2207);
    static struct columns whole, single;
    struct kt_lp_table *t = kt_lp_table_new();
    for (uint32_t i = 0; i < PLAIN; i++) {
        char text[20];
        snprintf(text, sizeof(text), "P%05u", i);
        CHECK_INT(kt_lp_table_add(t, kt_str_c(text), (kt_point_id){i}, NULL), KT_OK);
    }
    struct kt_lp_parser *ps = kt_lp_parser_new(t, not_point_9, NULL, 0);
    struct kt_lp_parser *other = kt_lp_parser_new(t, not_point_9, NULL, 0);
    struct kt_buf b;
    kt_buf_init(&b, 0);
    for (int round = 0; round < 200 && !unit_bad; round++) {
        kt_buf_clear(&b);
        for (int i = 0; i < MANY; i++) {
            put_any_line(&b, &seed);
        }
        struct kt_str text = {b.p, b.n - unit_rand(&seed) % 30}; /* the last one is cut */
        clear(&whole);
        clear(&single);
        parse(ps, &whole, text);
        parse_one_by_one(other, &single, text);
        compare(&whole, &single);
    }
    kt_buf_done(&b);
    kt_lp_parser_free(ps);
    kt_lp_parser_free(other);
    kt_lp_table_unref(t);
}

UNIT_MAIN({"lines without an order mean the same", lines_without_an_order_mean_the_same})
