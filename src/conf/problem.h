/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_CONF_PROBLEM_H
#define KT_CONF_PROBLEM_H
/*
 * problem: where readers of text files put every mistake that they find, never only the first.
 * The receiver copies what it keeps.   Threads: one at a time.
 */
#include <stdint.h>

#include "base/err.h"

struct kt_problems {
    void (*fn)(void *arg, const struct kt_err *at); /* NULL: only counted */
    void *arg;
    uint32_t n; /* how many were reported */
};

/** Report one mistake at a place of a file; `fmt` names the thing and ends with the way out. */
void kt_problem_at(struct kt_problems *p, const char *file, int line, int col, const char *fmt, ...)
    KT_PRINTF(5, 6);
/** Report what a call answered. */
void kt_problem_err(struct kt_problems *p, const struct kt_err *err);
#endif
