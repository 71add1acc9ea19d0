/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/frame.h"

#include <inttypes.h>

static const char magic[4] = "KTF1";
enum { BODY_AT = 8 };

void cl_frame_put(struct kt_buf *out, const struct cl_frame *f)
{
    size_t at = out->n;
    kt_buf_put(out, magic, sizeof(magic));
    kt_put_u32(out, 0);
    kt_put_u64(out, f->from.next);
    kt_put_u64(out, f->to.next);
    kt_put_i64(out, f->token);
    kt_buf_put(out, f->from.chain.b, sizeof(f->from.chain.b));
    kt_buf_put(out, f->to.chain.b, sizeof(f->to.chain.b));
    kt_put_u8(out, (uint8_t)f->node.n);
    kt_buf_put(out, f->node.p, f->node.n);
    kt_buf_put(out, f->events.p, f->events.n);
    if (!out->full) {
        uint32_t crc = kt_crc32c(0, out->p + at + BODY_AT, out->n - at - BODY_AT);
        memcpy(out->p + at + 4, &crc, sizeof(crc));
    }
}

int cl_frame_get(const void *p, size_t n, struct cl_frame *ret, struct kt_err *err)
{
    struct kt_rd rd = kt_rd_init(p, n);
    struct cl_frame f;
    const char *m = kt_rd_take(&rd, sizeof(magic));
    uint32_t crc = kt_get_u32(&rd);
    f.from.next = kt_get_u64(&rd);
    f.to.next = kt_get_u64(&rd);
    f.token = kt_get_i64(&rd);
    const void *before = kt_rd_take(&rd, sizeof(f.from.chain.b));
    const void *after = kt_rd_take(&rd, sizeof(f.to.chain.b));
    f.node.n = kt_get_u8(&rd);
    f.node.p = kt_rd_take(&rd, f.node.n);
    if (rd.bad || memcmp(m, magic, sizeof(magic)) != 0 ||
        crc != kt_crc32c(0, (const char *)p + BODY_AT, n - BODY_AT)) {
        return kt_err_set(err, KT_ECORRUPT, "a frame of the common order is damaged");
    }
    memcpy(f.from.chain.b, before, sizeof(f.from.chain.b));
    memcpy(f.to.chain.b, after, sizeof(f.to.chain.b));
    f.events.p = f.node.p + f.node.n;
    f.events.n = n - (size_t)(f.events.p - (const char *)p);
    if (f.from.next == 0 || f.to.next <= f.from.next) {
        return kt_err_set(err, KT_ECORRUPT, "a frame of the common order holds no event");
    }
    *ret = f;
    return KT_OK;
}

int cl_frame_check(const struct cl_frame *f, struct kt_err *err)
{
    struct kt_hash chain = f->from.chain;
    kt_seq seq = f->from.next;
    size_t at = 0;
    while (at < f->events.n) {
        struct kt_event ev;
        size_t size;
        if (kt_event_unpack(f->events.p + at, f->events.n - at, seq, &ev, &size) < 0) {
            return kt_err_set(err, KT_ECORRUPT, "event %" PRIu64 " of a frame cannot be read", seq);
        }
        kt_event_chain(&chain, &ev);
        at += size;
        seq++;
    }
    if (seq != f->to.next || !kt_hash_eq(&chain, &f->to.chain)) {
        return kt_err_set(err, KT_ECORRUPT,
                          "the frame of events %" PRIu64 " to %" PRIu64 " does not fit its chain",
                          f->from.next, f->to.next - 1);
    }
    return KT_OK;
}
