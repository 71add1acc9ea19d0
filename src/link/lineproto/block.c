/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines without an order. Guessing the next key brings nothing there, and the table of keys lies
 * all over memory: so a block of lines is read first, then their keys are looked up together, while
 * the memory of all of them is on its way. Only lines of one number are read here; any other ends
 * the block and goes the way of parser.c, as does one whose key is not remembered or not open.
 */
#include "link/lineproto/lookup.h"

enum { BLOCK = 32 };

struct ahead {
    const char *start, *end; /* end: the start of the next line */
    uint64_t hash;
    size_t key;
    double value;
    kt_time time;
};

static inline bool read_value(struct lp_line *ln, double *ret)
{
    unsigned n = lp_short_number(ln->p, ln->end, ret);
    if (KT_LIKELY(n)) {
        ln->p += n;
        return true;
    }
    char c = ln->p < ln->end ? *ln->p : ' ';
    return ((c >= '0' && c <= '9') || c == '-') && lp_read_number(ln, ret);
}

/* To the start of the next line. */
static inline bool read_end(struct kt_lp_parser *ps, struct lp_line *ln,
                            const struct kt_lp_input *in, kt_time *ret)
{
    size_t n = ps->stamp_n;
    if (KT_LIKELY(n && (size_t)(ln->end - ln->p) > n + 1 && ln->p[n + 1] == '\n' &&
                  ln->p[0] == ' ' && lp_same(ps->stamp, ln->p + 1, n))) {
        ln->p += n + 2;
        *ret = ps->stamp_time;
        return true;
    }
    return ln->p < ln->end && *ln->p != ',' && lp_read_tail(ps, ln, in, ret) && ln->p++ < ln->end;
}

/* Read the line at p; false: not a plain one. */
static inline bool read_ahead(struct kt_lp_parser *ps, const struct kt_lp_input *in, const char *p,
                              struct ahead *ret)
{
    struct lp_line ln = {.start = p, .p = p, .end = in->text.p + in->text.n};
    if (p == ln.end || *p == ' ' || *p == '\t' || *p == '\r' || *p == '\n' || *p == '#') {
        return false;
    }
    ret->start = p;
    ret->key = lp_key_len(p, ln.end);
    if (KT_UNLIKELY(ret->key == 0)) {
        return false;
    }
    ret->hash = lp_hash(&ps->keys, p, ret->key);
    lp_fetch_slot(&ps->keys, ret->hash);
    ln.p += ret->key;
    if (!read_value(&ln, &ret->value) || !read_end(ps, &ln, in, &ret->time)) {
        return false;
    }
    ret->end = ln.p;
    return true;
}

/* What followed is remembered for one key in LISTEN, enough to hear that an order has come. The
 * others stay unwritten, so that every core may hold them. */
static inline void note_next(struct kt_lp_parser *ps, uint32_t entry)
{
    enum { LISTEN = 16 };
    uint32_t *next = &ps->keys.entries[ps->last].next;
    ps->missed = *next == entry ? 0 : ps->missed + 1;
    if (ps->last % LISTEN == 0) {
        *next = entry;
    }
    ps->last = entry;
}

/* Into the columns; false: not a key that is known and open. */
static inline bool take(struct kt_lp_parser *ps, const struct ahead *a, struct kt_lp_columns *out)
{
    struct lp_keys *k = &ps->keys;
    uint32_t entry = lp_find(k, a->hash, a->start, a->key);
    const struct lp_entry *e = &k->entries[entry];
    if (KT_UNLIKELY(entry == 0 || e->state != LP_OPEN)) {
        return false;
    }
    note_next(ps, entry);
    out->point[out->n] = e->point;
    out->time[out->n] = a->time;
    out->quality[out->n] = KT_Q_NORMAL;
    out->value[out->n++] = a->value;
    return true;
}

/* Lines that were read in vain cost time: a block is twice what could be taken of the last, and
 * where nothing could, more and more lines go the other way before the next is tried. */
static void learn(struct kt_lp_parser *ps, uint32_t taken)
{
    enum { PAUSE = 64 };
    ps->block = taken * 2 < BLOCK ? taken * 2 : BLOCK - 1;
    ps->pause = taken ? 0 : ps->pause * 2 < PAUSE ? ps->pause * 2 + 1 : PAUSE;
    ps->pass_over = ps->pause;
}

uint32_t lp_block(struct kt_lp_parser *ps, struct kt_lp_input *in, struct kt_lp_columns *out,
                  struct kt_lp_report *rep)
{
    struct ahead ahead[BLOCK];
    uint32_t room = out->cap - out->n, n = 0, taken = 0;
    uint32_t max = ps->block < room ? ps->block + 1 : room;
    if (ps->pass_over) {
        ps->pass_over--;
        return 0;
    }
    const char *p = in->text.p + in->pos;
    while (n < max && read_ahead(ps, in, p, &ahead[n])) {
        p = ahead[n++].end;
    }
    for (uint32_t i = 0; i < n; i++) {
        lp_fetch_entry(&ps->keys, ahead[i].hash);
    }
    while (taken < n && take(ps, &ahead[taken], out)) {
        taken++;
    }
    learn(ps, taken);
    if (taken) {
        in->pos = (size_t)(ahead[taken - 1].end - in->text.p);
        in->line += taken;
        rep->samples += taken;
        rep->lines += taken;
    }
    return taken;
}
