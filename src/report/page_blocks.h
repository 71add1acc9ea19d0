/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_REPORT_PAGE_BLOCKS_H
#define KT_REPORT_PAGE_BLOCKS_H
/* page_blocks: private to the two ways of drawing a page: what it consists of, in order. */
#include "report/page.h"

enum { PAGE_COLUMNS_MAX = 40 };
enum block_kind { BLOCK_HEADING, BLOCK_TEXT, BLOCK_FIELD, BLOCK_TABLE, BLOCK_PHOTO, BLOCK_CHART };

struct block {
    enum block_kind kind;
    int level;
    const char *text, *value; /* value: of a field; text: caption of a photo */
    const char *titles[PAGE_COLUMNS_MAX];
    int columns;
    const char **cells;
    size_t cells_n, cells_cap;
    struct kt_str jpeg;
    struct page_chart chart;
    int w, h;
    struct block *next;
};

struct kt_page {
    struct kt_arena *arena;
    const char *title, *foot, *paper;
    struct block *first, *last;
};
#endif
