/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_ENGINE_SAVE_H
#define KT_ENGINE_SAVE_H
/*
 * save: what save.c and load.c agree on.
 */
#include "engine/core.h"

#define SAVE_MAGIC   0x4745544bu /* "KTEG" */
#define SAVE_VERSION 1u

static inline void *eng_window(const struct eng *e, uint32_t window)
{
    return e->windows + (size_t)window * kt_window_size();
}
#endif
