/* SPDX-License-Identifier: Apache-2.0 */
/* Events outside a journal: the same bytes as in a segment, hash included. */
#include "journal/frame.h"

void kt_event_pack(struct kt_buf *out, const struct kt_event *ev)
{
    size_t at = out->n;
    struct event_view v;
    struct kt_hash hash;
    event_put(out, ev);
    if (out->full || ev->dropped) {
        return;
    }
    unsigned char *p = (unsigned char *)out->p + at;
    KT_ASSERT(event_view(p, out->n - at, &v));
    if (v.hash) {
        kt_hash_of(v.body.p, v.body.n, &hash);
        event_seal(p, &v, &hash);
    }
}

int kt_event_unpack(const void *p, size_t n, kt_seq seq, struct kt_event *ret, size_t *ret_size)
{
    struct event_view v;
    if (!event_view(p, n, &v)) {
        return KT_ECORRUPT;
    }
    *ret = (struct kt_event){.seq = seq,
                             .time = v.time,
                             .kind = (enum kt_event_kind)v.kind,
                             .origin = v.origin,
                             .body = v.body,
                             .dropped = v.flags & EVENT_DROPPED};
    if (ret->dropped) {
        memcpy(ret->body_hash.b, v.hash, sizeof(ret->body_hash.b));
    } else {
        kt_hash_of(v.body.p, v.body.n, &ret->body_hash);
    }
    *ret_size = v.size;
    return KT_OK;
}

void kt_event_chain(struct kt_hash *chain, const struct kt_event *ev)
{
    struct event_view v = {.kind = (uint8_t)ev->kind, .time = ev->time, .origin = ev->origin};
    event_chain(chain, ev->seq, &v, &ev->body_hash);
}
