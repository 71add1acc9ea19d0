/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_CLI_IMPORT_H
#define KT_CLI_IMPORT_H
#include "cli/cli.h"

/* import_roadways.c: `kuangtu import roadways`; an exit code. */
int kt_import_roadways(const struct kt_args *a, const char *site_dir, const char *file);
/* import_history.c: `kuangtu import history`; an exit code. */
int kt_import_history(const struct kt_args *a, const char *site_dir, const char *file);
#endif
