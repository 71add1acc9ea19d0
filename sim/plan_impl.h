/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_PLAN_IMPL_H
#define SIM_PLAN_IMPL_H
/* plan_impl: what the two passes (plan.c) and the keywords (plan_things.c) share. */
#include "plan.h"

enum { PLAN_WORDS_MAX = 40, PLAN_LISTS = 100 };

struct plan_word {
    struct kt_str key, value;
};
struct plan_line {
    const char *file;
    int no;
    struct kt_str keyword, name;
    struct plan_word words[PLAN_WORDS_MAX];
    int n;
    struct kt_str rest; /* after the keyword */
};
struct plan_reader {
    struct sim_plant *p;
    struct plan_line l;
    struct kt_err *err;
    int bad; /* first error code */
    int at[SIM_KINDS];
};

/** Remember the first mistake of the line that is being read. */
void plan_wrong(struct plan_reader *r, const char *what, struct kt_str which, const char *way);
/** The next word of a text; false at its end. */
bool plan_next_word(struct kt_str *s, struct kt_str *ret);

struct plan_keyword {
    const char *word;
    int kind; /* enum sim_kind; PLAN_LISTS + which list; -1: no thing of its own */
    void (*read)(struct plan_reader *r, int i);
};
/** NULL when there is none. */
const struct plan_keyword *plan_keyword_of(struct kt_str word);
#endif
