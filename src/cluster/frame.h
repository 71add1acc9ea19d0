/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_CLUSTER_FRAME_H
#define KT_CLUSTER_FRAME_H
/*
 * frame: what stands under one key of the common order: some events, one after another.
 *
 *   "KTF1", crc u32, first u64, next u64, token i64, chain before 32, chain after 32,
 *   length of the node's name u8, name, then events as kt_event_pack() writes them
 * Little-endian. The CRC (CRC32C) covers all behind itself. Pure functions over memory.
 */
#include "cluster/core.h"
#include "journal/journal.h"

enum { FRAME_SOFT = 64 << 10, FRAME_BYTES_MAX = 5 << 18 };

struct cl_frame {
    struct core_pos from, to;
    int64_t token;
    struct kt_str node, events;
};
void cl_frame_put(struct kt_buf *out, const struct cl_frame *f);
/** KT_ECORRUPT: no whole frame. Its strings point into p. */
KT_MUST_CHECK int cl_frame_get(const void *p, size_t n, struct cl_frame *ret, struct kt_err *err);
/** Are these the events from `from` to `to`, with that chain? KT_ECORRUPT. */
KT_MUST_CHECK int cl_frame_check(const struct cl_frame *f, struct kt_err *err);
#endif
