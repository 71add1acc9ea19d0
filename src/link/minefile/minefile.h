/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_LINK_MINEFILE_MINEFILE_H
#define KT_LINK_MINEFILE_MINEFILE_H
/*
 * minefile: the coal-mine data files dropped into a folder (standards.md 5.1), read whole, each
 * once, and the same files written out: real-time values, five-minute statistics and abnormal
 * records, by rename, with the backlog after an outage. Separators, end marks and encodings are the
 * link's.
 *
 * Threads: one thread of its own a link; start, stop and state from any.
 */
#include "engine/runtime.h"

struct kt_minefile;

KT_MUST_CHECK int kt_minefile_start(struct kt_runtime *rt, struct kt_site *site, uint32_t link,
                                    struct kt_minefile **ret, struct kt_err *err);
void kt_minefile_stop(struct kt_minefile *m); /**< accepts NULL */
void kt_minefile_state(struct kt_minefile *m, struct kt_link_state *ret);
#endif
