/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_JOURNAL_READINGS_H
#define KT_JOURNAL_READINGS_H
/*
 * readings: the body of a readings event: what anchors in the roadways heard of the tags that
 * persons carry. One batch comes from one producer at one arrival time. The ids of anchors stand
 * once in a batch; a batch stands for itself, so it can be read under any site.
 *
 * A card is a number of up to 18 digits, as it is printed on the tag.   Threads: any.
 */
#include "base/buf.h"
#include "base/time.h"

enum {
    KT_READING_ANCHORS = 4, /* of one reading */
    KT_READINGS_MAX = 16384,
    KT_READINGS_DICT = 4096, /* anchors of one batch */
    KT_ANCHOR_TEXT = 64
};
#define KT_CARD_MAX  999999999999999999ull
#define KT_DIST_NONE UINT32_MAX /* heard, not measured */

enum {
    KT_READ_SOS = 1,   /* the person calls for help */
    KT_READ_LOW = 2,   /* the tag says that its battery is low */
    KT_READ_OUT = 4,   /* the subsystem says: out of the mine */
    KT_READ_IN = 8,    /* … below */
    KT_READ_FILE = 32, /* from a file */
    KT_READ_CALM = 16, /* the call for help was taken back at the tag */
    KT_READ_SINCE = 64 /* `in` is told */
};

struct kt_reading {
    uint64_t card;
    kt_time time, in;       /* in: when it went below, as the subsystem says */
    uint8_t flags, battery; /* %; 255: not told */
    uint8_t n;
    struct {
        uint16_t anchor; /* index in the batch's dictionary */
        uint32_t cm;     /* KT_DIST_NONE: heard only */
    } a[KT_READING_ANCHORS];
};

/** Grown as needed, freed by kt_readings_done(); used again and again without allocation. */
struct kt_readings {
    kt_time arrival;
    uint32_t n, cap;
    struct kt_reading *v;
    uint32_t dict_n;
    char dict[KT_READINGS_DICT][KT_ANCHOR_TEXT];
};
void kt_readings_init(struct kt_readings *r);
void kt_readings_clear(struct kt_readings *r);
void kt_readings_done(struct kt_readings *r);
/** A new reading at the end, zeroed; NULL: the batch is full. */
struct kt_reading *kt_readings_add(struct kt_readings *r);
/** Index of an anchor's id in the dictionary; -1: it is too long, empty, or the dictionary is full.
 */
int kt_readings_anchor(struct kt_readings *r, struct kt_str id);

void kt_readings_encode(struct kt_buf *out, const struct kt_readings *r);
/** The batch is overwritten; after an error it is empty.  @return KT_OK; KT_ECORRUPT */
KT_MUST_CHECK int kt_readings_decode(struct kt_str body, struct kt_readings *ret,
                                     struct kt_err *err);
/** Digits to a card; false: not a card. */
bool kt_card_parse(struct kt_str s, uint64_t *ret);
#endif
