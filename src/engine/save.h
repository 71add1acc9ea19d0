/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_ENGINE_SAVE_H
#define KT_ENGINE_SAVE_H
/*
 * save: what save.c and load.c agree on. Behind the fixed part stand sections, each with its name
 * and length: state that came later, or that only some sites have. One that is not there leaves its
 * state as new, one that is not known is passed over, so checkpoints of both neighbours are read.
 */
#include "engine/core.h"

#define SAVE_MAGIC   0x4745544bu /* "KTEG" */
#define SAVE_VERSION 2u          /* 1: without sections */

struct eng_section {
    const char *name;
    void (*save)(const struct eng *e, struct kt_buf *out); /* writing nothing leaves it out */
    void (*load)(struct eng *e, struct kt_rd *in);         /* sets in->bad on damage */
};
extern const struct eng_section eng_sections[]; /* until one without a name */

static inline void *eng_window(const struct eng *e, uint32_t window)
{
    return e->windows + (size_t)window * kt_window_size();
}
#endif
