/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_REPORT_PRIVATE_H
#define KT_REPORT_PRIVATE_H
#include "report/report.h"

enum { REPORT_COLUMNS_MAX = 24, REPORT_LINES_MAX = 16 };

struct kt_report {
    struct kt_arena *arena;
    const char *title;
    struct kt_report_column columns[REPORT_COLUMNS_MAX];
    int columns_n;
    const char *heads[REPORT_LINES_MAX], *feet[REPORT_LINES_MAX];
    int heads_n, feet_n;
    const char **cells;
    size_t n, cap;
};
#endif
