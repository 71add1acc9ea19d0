/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_CLI_GREEN_H
#define KT_CLI_GREEN_H
/* green: what `kuangtu green` does beside advising. */
#include "cli/cli.h"

/** green_lift.c: which records would lift an indicator to a target; an exit code, said. */
int kt_green_lift(const struct kt_args *a);
#endif
