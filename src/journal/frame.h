/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_JOURNAL_FRAME_H
#define KT_JOURNAL_FRAME_H
/*
 * frame: the bytes of a segment, as pure functions over memory. All numbers little-endian.
 *
 *   segment = head sector (512), mark sector (512), unused up to 4096, frame*, anything
 *   head    = "KTSEG\0\0\1", crc, flags, epoch, size, first seq, first time, chain before
 *   mark    = "KTMK", crc, epoch, last seq, chain: all up to last seq has been durable here.
 * Written at a clean end, so that a cut tail is told from a torn one. frame   = "KTFR", crc,
 * length, count, first seq, epoch (32 bytes), then `count` events event   = kind, flags, origin
 * length, 0, body length u32, time i64 (16 bytes), origin, [hash of the body: 32 bytes, when it is
 * longer than 64 bytes or was dropped], body
 *
 * Every CRC (CRC32C) covers all of its unit but the magic and itself. A segment is a recycled file,
 * so behind the last frame stand old ones: the epoch rises with every use of a file and both epoch
 * and seq are under the CRC, so reading stops at the first frame that is not the expected one.
 */
#include "journal/journal.h"

enum {
    SEG_BLOCK = 4096,
    SEG_SECTOR = 512,
    FRAME_HEAD = 32,
    EVENT_HEAD = 16,
    EVENT_ORIGIN_MAX = 64,
    EVENT_HASHED_ABOVE = 64, /* bodies up to this are hashed when read, longer ones carry it */
    EVENT_KINDS = 32,        /* kinds are bits of a mask */
};
enum { EVENT_DROPPED = 1, EVENT_HASHED = 2 };

struct seg_head {
    uint64_t epoch, size;
    kt_seq first;
    kt_time first_time;
    struct kt_hash before; /* chain of first - 1 */
    bool thinned;
};
struct seg_mark {
    uint64_t epoch;
    kt_seq last; /* 0: no mark */
    struct kt_hash chain;
};
struct frame_head {
    uint32_t crc, length, count;
    kt_seq first;
    uint64_t epoch;
};
/** One event as it stands in a frame; pointers into the frame. */
struct event_view {
    uint8_t kind, flags;
    kt_time time;
    struct kt_str origin, body;
    const unsigned char *hash; /* NULL: not carried */
    size_t size;
};

void seg_head_put(unsigned char to[SEG_SECTOR], const struct seg_head *h);
bool seg_head_get(const unsigned char p[SEG_SECTOR], struct seg_head *ret);
void seg_mark_put(unsigned char to[SEG_SECTOR], const struct seg_mark *m);
/** true with last 0 when there is none; false when it is damaged */
bool seg_mark_get(const unsigned char p[SEG_SECTOR], uint64_t epoch, struct seg_mark *ret);

/** Fill a head (CRC included) for a payload. */
void frame_head_put(unsigned char to[FRAME_HEAD], kt_seq first, uint64_t epoch, uint32_t count,
                    const void *payload, size_t n);
bool frame_head_get(const unsigned char p[FRAME_HEAD], struct frame_head *ret);
/** Does the CRC of a head fit it and its payload? */
bool frame_fits(const unsigned char p[FRAME_HEAD], const void *payload, size_t n);
/** Is there, anywhere in p[0..n), a whole frame of this epoch from a seq after `after`? */
bool frame_follows(const unsigned char *p, size_t n, uint64_t epoch, kt_seq after);

size_t event_size(size_t origin_n, size_t body_n);
size_t event_size_of(const struct kt_event *ev);
/** Append an event; room for the hash is left zero, but for one whose body was dropped. */
void event_put(struct kt_buf *out, const struct kt_event *ev);
/** The event at p; false when it does not fit n bytes. */
bool event_view(const unsigned char *p, size_t n, struct event_view *ret);
/** Write the hash into its room. */
void event_seal(unsigned char *p, const struct event_view *v, const struct kt_hash *hash);
/** Write the event without its body but with its hash; returns its size. May overlap. */
size_t event_slim(unsigned char *to, const unsigned char *p, const struct event_view *v,
                  const struct kt_hash *hash);
size_t event_slim_size(const struct event_view *v);
/** The carried hash, or that of the body. */
void event_hash(const struct event_view *v, struct kt_hash *ret);
/** chain = H(chain, header, body hash) */
void event_chain(struct kt_hash *chain, kt_seq seq, const struct event_view *v,
                 const struct kt_hash *body_hash);
/** May retention or a full disk take its body? Its hash stays. */
static inline bool event_droppable(uint8_t kind)
{
    return kind == KT_EV_SAMPLES || kind == KT_EV_READINGS;
}
/** Samples that a samples body says it holds; 0 when it cannot be read. */
uint64_t event_samples(const struct event_view *v);
#endif
