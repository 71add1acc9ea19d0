/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_BASE_LOG_H
#define KT_BASE_LOG_H
/*
 * log: one line an entry on standard error: time, level, category, text. INFO tells an operator
 * something, DEBUG tells us; no secrets, no line per sample. Threads: any (one write call a line).
 */
#include "base/err.h"

enum kt_log_level { KT_LOG_ERROR, KT_LOG_WARN, KT_LOG_INFO, KT_LOG_DEBUG };

void kt_log_set_level(enum kt_log_level level); /**< default INFO */
void kt_log(enum kt_log_level level, const char *category, const char *fmt, ...) KT_PRINTF(3, 4);
#define KT_ERROR(cat, ...) kt_log(KT_LOG_ERROR, cat, __VA_ARGS__)
#define KT_WARN(cat, ...)  kt_log(KT_LOG_WARN, cat, __VA_ARGS__)
#define KT_INFO(cat, ...)  kt_log(KT_LOG_INFO, cat, __VA_ARGS__)
#define KT_DEBUG(cat, ...) kt_log(KT_LOG_DEBUG, cat, __VA_ARGS__)
#endif
