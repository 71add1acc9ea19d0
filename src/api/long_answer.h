/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_API_LONG_ANSWER_H
#define KT_API_LONG_ANSWER_H
/*
 * Answers with many samples: a short one is sent from memory, a long one from a file without a name
 * (sys/spool.h), so that memory stays flat; and the text of values in them.
 */
#include <string.h>

#include "api/handlers.h"
#include "sys/spool.h"

struct long_answer {
    struct call *c;
    const char *disposition; /* header of an answer that is a file; NULL */
    struct kt_buf text;      /* what is not in the spool yet */
    struct kt_spool *spool;
    int r;
    struct kt_err err;
};
/** Put the text aside when it is long; false: there is no use in writing more (the disk, or the
 *  client has gone). */
bool long_answer_goes_on(struct long_answer *a);
/** Answer with what was written, or with the error when r or the answer itself has one. */
void long_answer_end(struct long_answer *a, int r, const char *type, const struct kt_err *err);

enum { CELL = 40 }; /* bytes of one value at most, its comma too */

/* The value written last: what comes again is copied. */
struct again {
    uint64_t bits;
    size_t n; /* 0: none yet */
    char text[CELL];
};

static inline char *put_text(char *to, const char *text, size_t n)
{
    memcpy(to, text, n);
    return to + n;
}

/** Room for CELL bytes. */
static inline char *put_value(char *to, struct again *a, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof(bits));
    if (a->n == 0 || a->bits != bits) {
        a->bits = bits;
        a->n = kt_fmt_double(a->text, v);
    }
    memcpy(to, a->text, CELL);
    return to + a->n;
}

/** from and to of the query; false: answered. */
bool history_span(struct call *c, kt_time *ret_from, kt_time *ret_to);
#endif
