/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/problem.h"

#include <stdio.h>

void kt_problem_err(struct kt_problems *p, const struct kt_err *err)
{
    if (!p) {
        return;
    }
    p->n++;
    if (p->fn) {
        p->fn(p->arg, err);
    }
}

void kt_problem_at(struct kt_problems *p, const char *file, int line, int col, const char *fmt, ...)
{
    struct kt_err at;
    kt_err_at(&at, KT_EINVAL, file, line, col, "%s", "");
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(at.text, sizeof(at.text), fmt, ap);
    va_end(ap);
    kt_problem_err(p, &at);
}
