/* SPDX-License-Identifier: Apache-2.0 */
#include "link/camera/ring.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"

void ring_init(struct ring *r)
{
    *r = (struct ring){0};
    r->pieces = calloc(RING_FRAGMENTS, sizeof(*r->pieces));
    KT_ASSERT(r->pieces);
}

static void drop_first(struct ring *r)
{
    struct ring_piece *p = &r->pieces[r->first];
    r->bytes -= p->n;
    free(p->p);
    *p = (struct ring_piece){0};
    r->first = (r->first + 1) % RING_FRAGMENTS;
    r->n--;
}

static void clear(struct ring *r)
{
    while (r->n > 0) {
        drop_first(r);
    }
}

void ring_done(struct ring *r)
{
    clear(r);
    free(r->pieces);
    free(r->head);
    *r = (struct ring){0};
}

static char *copy(struct kt_str s)
{
    char *p = malloc(s.n ? s.n : 1);
    KT_ASSERT(p);
    memcpy(p, s.p, s.n);
    return p;
}

void ring_head(struct ring *r, const char *codec, struct kt_str head)
{
    clear(r);
    free(r->head);
    r->head = copy(head);
    r->head_n = (uint32_t)head.n;
    snprintf(r->codec, sizeof(r->codec), "%s", codec);
}

const struct ring_piece *ring_at(const struct ring *r, uint32_t i)
{
    return &r->pieces[(r->first + i) % RING_FRAGMENTS];
}

uint32_t ring_key(const struct ring *r)
{
    uint32_t i = r->n;
    while (i > 0) {
        if (ring_at(r, --i)->key) {
            return i;
        }
    }
    return r->n;
}

/* Where the second group of pictures begins; r->n: there is one alone. */
static uint32_t second_key(const struct ring *r)
{
    uint32_t i = 1;
    while (i < r->n && !ring_at(r, i)->key) {
        i++;
    }
    return i < r->n ? i : r->n;
}

static void drop_group(struct ring *r)
{
    for (uint32_t k = second_key(r); k > 0; k--) {
        drop_first(r);
    }
}

void ring_add(struct ring *r, const struct ring_piece *piece, struct kt_str bytes, int64_t keep_ns)
{
    if (r->n == 0 && !piece->key) {
        return; /* nothing can be shown of it */
    }
    while (r->n > 0 && (r->n >= RING_FRAGMENTS || r->bytes + bytes.n > RING_BYTES)) {
        drop_group(r);
    }
    if (r->n == 0 && !piece->key) {
        return;
    }
    struct ring_piece *to = &r->pieces[(r->first + r->n) % RING_FRAGMENTS];
    *to = *piece;
    to->p = copy(bytes);
    to->n = (uint32_t)bytes.n;
    r->n++;
    r->bytes += bytes.n;
    uint32_t second;
    while ((second = second_key(r)) < r->n && piece->mono - ring_at(r, second)->mono >= keep_ns) {
        drop_group(r);
    }
}

kt_time ring_file(const struct ring *r, kt_mono from, struct kt_buf *out)
{
    uint32_t begin = 0;
    for (uint32_t i = 0; i < r->n; i++) {
        if (ring_at(r, i)->key && ring_at(r, i)->mono <= from) {
            begin = i;
        }
    }
    if (r->n == 0) {
        return 0;
    }
    kt_buf_put(out, r->head, r->head_n);
    for (uint32_t i = begin; i < r->n; i++) {
        kt_buf_put(out, ring_at(r, i)->p, ring_at(r, i)->n);
    }
    return ring_at(r, begin)->at;
}
