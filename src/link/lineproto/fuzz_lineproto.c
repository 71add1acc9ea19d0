/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A parser that has seen all texts before and one that is new must read every text alike; a third
 * with little room for keys and columns must come to the same samples in pieces.
 */
#include "link/lineproto/lineproto.h"

enum { ROOM = 4096 };

struct result {
    struct kt_lp_columns out;
    struct kt_lp_report rep;
    uint32_t point[ROOM];
    kt_time time[ROOM];
    double value[ROOM];
    kt_quality quality[ROOM];
};

static struct kt_lp_table *table(void)
{
    static const char *const addresses[] = {"T1",
                                            "gas,sensor=T1#ch4",
                                            "gas,sensor=T2#ch4",
                                            "gas,sensor=T2#co",
                                            "a\\ b,c=d\\,e#f\\=g",
                                            "m,a=1",
                                            "m,b=2"};
    struct kt_lp_table *t = kt_lp_table_new();
    for (uint32_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        KT_ASSERT(kt_lp_table_add(t, kt_str_c(addresses[i]), (kt_point_id){i}, NULL) == KT_OK);
    }
    return t;
}

static void run(struct kt_lp_parser *ps, struct kt_str text, uint32_t step, struct result *r)
{
    struct kt_lp_input in = {.text = text, .unit_ns = KT_MS, .arrival = 42};
    r->rep = (struct kt_lp_report){0};
    uint32_t n = 0;
    int more = 1;
    while (more) {
        r->out = (struct kt_lp_columns){0,           step,         r->point + n,
                                        r->time + n, r->value + n, r->quality + n};
        more = kt_lp_parse(ps, &in, &r->out, &r->rep);
        KT_ASSERT(r->out.n <= step && (!more || r->out.n > 0));
        n += r->out.n;
        if (n + step > ROOM) {
            break;
        }
    }
    KT_ASSERT(more || in.pos == text.n);
    r->out.n = n;
}

static void compare(const struct result *a, const struct result *b)
{
    KT_ASSERT(a->out.n == b->out.n);
    KT_ASSERT(a->rep.bad == b->rep.bad && a->rep.unknown == b->rep.unknown);
    KT_ASSERT(a->rep.lines == b->rep.lines && a->rep.samples == b->rep.samples);
    KT_ASSERT(a->rep.passed_over == b->rep.passed_over && a->rep.notes_n == b->rep.notes_n);
    for (uint32_t i = 0; i < a->out.n; i++) {
        KT_ASSERT(a->point[i] == b->point[i] && a->time[i] == b->time[i]);
        KT_ASSERT(memcmp(&a->value[i], &b->value[i], sizeof(double)) == 0);
        KT_ASSERT(a->quality[i] == b->quality[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct kt_lp_table *t;
    static struct kt_lp_parser *old;
    static struct result a, b, c;
    if (!t) {
        t = table();
        old = kt_lp_parser_new(t, NULL, NULL, 200);
    }
    if (size > ROOM / 2) {
        return 0;
    }
    struct kt_str text = {(const char *)data, size};
    struct kt_lp_parser *fresh = kt_lp_parser_new(t, NULL, NULL, 0);
    struct kt_lp_parser *small = kt_lp_parser_new(t, NULL, NULL, 2);
    run(old, text, ROOM / 2, &a);
    run(fresh, text, ROOM / 2, &b);
    compare(&a, &b);
    run(fresh, text, ROOM / 2, &b); /* now predicted */
    compare(&a, &b);
    run(small, text, 1024, &c);
    compare(&a, &c);
    kt_lp_parser_free(small);
    kt_lp_parser_free(fresh);
    return 0;
}
