/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Adding: batch by batch, or many at once. Of many, samples are first put beside those of
 * neighbouring points, in their order, so that a head is fetched once for all that it gets: where
 * points come in no order that is most of the work.
 */
#include <stdlib.h>

#include "base/log.h"
#include "history/private.h"

static int check_batch(const struct kt_history *h, const struct kt_samples *s, struct kt_err *err)
{
    for (uint32_t i = 0; i < s->n; i++) {
        if (s->point[i] >= h->n_pids || !h->head_of[s->point[i]]) {
            return kt_err_set(err, KT_EINVAL, "history: point number %u was not declared",
                              s->point[i]);
        }
        if (s->time[i] < HISTORY_TIME_MIN || s->time[i] >= HISTORY_TIME_MAX) {
            return kt_err_set(err, KT_EINVAL, "history: a time of point %s is out of range",
                              h->by_pid[s->point[i]]->id);
        }
    }
    return KT_OK;
}

/* A batch that is already safe can only come from a journal that began anew: what was known of the
 * old one's numbers no longer counts. */
static void check_journal(struct kt_history *h, uint64_t seq)
{
    if (seq == 0 || !h->first_batch) {
        return;
    }
    h->first_batch = false;
    if (seq > h->safe_seq) {
        return;
    }
    KT_WARN("history", "the journal begins anew at event %llu", (unsigned long long)seq);
    for (uint32_t i = 0; i < h->n_points; i++) {
        h->points[i]->sealed_seq = 0;
    }
    h->recover_to = 0;
    h->safe_seq = h->last_seq = seq - 1;
}

static void due(struct kt_history *h, struct history_point *p)
{
    if (h->n_due == h->cap_due) {
        h->cap_due = h->cap_due ? h->cap_due * 2 : HISTORY_SEAL_GROUP;
        h->due = realloc(h->due, h->cap_due * sizeof(struct history_point *));
        KT_ASSERT(h->due);
    }
    h->due[h->n_due++] = p;
    p->due = true;
}

static bool within_deadband(const struct history_point *p, kt_time t, double v, kt_quality q)
{
    double d = v - p->last_value;
    return p->deadband > 0 && p->has_last && q == KT_Q_NORMAL && p->last_quality == KT_Q_NORMAL &&
           d <= p->deadband && -d <= p->deadband && t > p->last_time &&
           t - p->last_time < HISTORY_DEADBAND_NS;
}

/* Does the deadband pass over a sample? If not, it is what the next ones are held against. */
static bool passed_over(struct history_point *p, kt_time t, double v, kt_quality q)
{
    if (within_deadband(p, t, v, q)) {
        return true;
    }
    if (!p->has_last || t >= p->last_time) {
        p->has_last = true;
        p->last_time = t;
        p->last_value = v;
        p->last_quality = q;
    }
    return false;
}

static void open_head(struct history_point *p, uint64_t seq, kt_time now, kt_time t)
{
    if (p->head->n == 0) {
        p->opened = now ? now : t;
    }
    p->first_seq = p->first_seq ? p->first_seq : seq;
    p->head->begun = p->first_seq != 0;
}

/* The head of a point took more memory. When all heads together have too much, those above their
 * share are full early. */
static void grown(struct kt_history *h, uint32_t pid, uint32_t before)
{
    const struct history_head *hd = h->head_of[pid];
    h->head_bytes += hd->cap - before;
    if (h->head_bytes > h->heads_most && hd->bytes > h->heads_most / h->n_points &&
        !h->by_pid[pid]->due) {
        due(h, h->by_pid[pid]);
    }
}

/* One sample into the head of point number `pid`; heads are locked. False: the deadband passed over
 * it. */
static inline bool take(struct kt_history *h, uint32_t pid, uint64_t seq, kt_time now, kt_time t,
                        double v, kt_quality q)
{
    struct history_head *hd = h->head_of[pid];
    if (KT_UNLIKELY(hd->thinned) && passed_over(h->by_pid[pid], t, v, q)) {
        return false;
    }
    if (KT_UNLIKELY(!hd->begun)) {
        open_head(h->by_pid[pid], seq, now, t);
    }
    int64_t off = now ? now - t : 0;
    bool late = off > HISTORY_LATE_NS || off < -HISTORY_LATE_NS;
    uint32_t cap = hd->cap;
    history_head_add(hd, t, v, q, late ? now : 0);
    if (KT_UNLIKELY(hd->cap != cap)) {
        grown(h, pid, cap);
    }
    if (KT_UNLIKELY(history_head_full(hd)) && !h->by_pid[pid]->due) {
        due(h, h->by_pid[pid]);
    }
    return true;
}

/* Heads lie all over memory: what the next samples will touch is fetched, first the head, then the
 * place of its next token. */
enum { FAR = 40, NEAR = 20 };
static inline void fetch_head(const struct kt_history *h, uint32_t pid)
{
    __builtin_prefetch(h->head_of[pid], 1);
}
static inline void fetch_token(const struct kt_history *h, uint32_t pid)
{
    const struct history_head *hd = h->head_of[pid];
    __builtin_prefetch(hd->tokens + hd->bytes, 1);
}

/* In a file since before the restart? */
static bool is_sealed(const struct history_point *p, uint64_t seq, kt_time t)
{
    return seq <= p->sealed_seq && t <= p->sealed_max;
}

/* One sample, unless it is in a file already; what it counts for goes to the tally. */
struct tally {
    uint64_t taken, late;
};
static inline void take_one(struct kt_history *h, struct tally *n, bool recovering, uint32_t pid,
                            uint64_t seq, kt_time arrival, kt_time t, double v, kt_quality q)
{
    struct history_head *hd = h->head_of[pid];
    if (recovering && is_sealed(h->by_pid[pid], seq, t)) {
        return;
    }
    n->late += t < hd->newest;
    hd->newest = t < hd->newest ? hd->newest : t;
    n->taken += take(h, pid, seq, arrival, t, v, q);
}

static void count(struct kt_history *h, const struct tally *n)
{
    h->head_samples += n->taken;
    h->late += n->late;
}

static bool is_recovering(const struct kt_history *h, uint64_t seq)
{
    return seq && seq <= h->recover_to;
}

/* Samples [i, end) of a batch. */
static void take_run(struct kt_history *h, uint64_t seq, kt_time arrival,
                     const struct kt_samples *s, uint32_t i, uint32_t end)
{
    bool recovering = is_recovering(h, seq);
    struct tally n = {0};
    for (; i < end; i++) {
        if (i + FAR < s->n) {
            fetch_head(h, s->point[i + FAR]);
        }
        if (i + NEAR < s->n) {
            fetch_token(h, s->point[i + NEAR]);
        }
        take_one(h, &n, recovering, s->point[i], seq, arrival, s->time[i], s->value[i],
                 s->quality ? s->quality[i] : KT_Q_NORMAL);
    }
    count(h, &n);
}

static void take_batch(struct kt_history *h, uint64_t seq, kt_time arrival,
                       const struct kt_samples *s)
{
    for (uint32_t i = 0; i < s->n; i += HISTORY_LOCK_RUN) {
        uint32_t end = s->n - i < HISTORY_LOCK_RUN ? s->n : i + HISTORY_LOCK_RUN;
        pthread_mutex_lock(&h->heads);
        take_run(h, seq, arrival, s, i, end);
        pthread_mutex_unlock(&h->heads);
    }
}

/* When nobody seals, or sealing fails, heads must not grow for ever. */
static int bound_heads(struct kt_history *h, struct kt_err *err)
{
    bool large = h->n_due >= HISTORY_SEAL_CALL;
    for (uint32_t i = 0; i < h->n_due && !large; i++) {
        large = h->due[i]->head->n >= 2 * h->due[i]->head->limit ||
                h->due[i]->head->bytes >= 2 * HISTORY_HEAD_BYTES;
    }
    if (!large) {
        return KT_OK;
    }
    int r = kt_history_seal(h, 0, false, err);
    if (r < 0 && h->head_samples < (uint64_t)h->chunk_samples * (h->n_points + 16) * 4) {
        KT_WARN("history", "%s; samples are kept in memory", err->text);
        return KT_OK;
    }
    return r;
}

/* A batch that could not be taken keeps safe_seq before it, so that the journal keeps it too. */
static void refuse(struct kt_history *h, uint64_t seq)
{
    if (seq == 0) {
        return;
    }
    if (h->refused_low == 0 || seq < h->refused_low) {
        h->refused_low = seq;
    }
    h->refused_high = seq > h->refused_high ? seq : h->refused_high;
}

/* Refused ones that are added after all come in order. */
static void accept(struct kt_history *h, uint64_t seq)
{
    if (h->refused_low && seq >= h->refused_low && seq <= h->refused_high) {
        h->refused_low = seq + 1;
        if (h->refused_low > h->refused_high) {
            h->refused_low = h->refused_high = 0;
        }
    }
}

int kt_history_add(struct kt_history *h, uint64_t seq, kt_time arrival, const struct kt_samples *s,
                   struct kt_err *err)
{
    int r = check_batch(h, s, err);
    if (r < 0) {
        return r;
    }
    r = bound_heads(h, err); /* before: a batch is taken whole or not at all */
    if (r < 0) {
        refuse(h, seq);
        return r;
    }
    check_journal(h, seq);
    take_batch(h, seq, arrival, s);
    h->last_seq = seq > h->last_seq ? seq : h->last_seq;
    accept(h, seq);
    return KT_OK;
}

/* ---- many at once ---- */

enum { SORT_MOST = 1 << 16, SORT_LEAST = 1 << 11, BUCKETS = 256 };

struct history_mixed { /* a sample on its way to its head */
    kt_time time;
    double value;
    uint32_t pid;
    uint32_t batch : 24, quality : 8;
};

/* How far point numbers are shifted to fall into BUCKETS. */
static unsigned bucket_shift(const struct kt_history *h)
{
    unsigned shift = 0;
    while (h->n_pids >> shift > BUCKETS) {
        shift++;
    }
    return shift;
}

/* Where the samples of each bucket begin. */
static void find_buckets(const struct kt_history_batch *b, uint32_t n, unsigned shift,
                         uint32_t at[BUCKETS + 1])
{
    memset(at, 0, (BUCKETS + 1) * sizeof(*at));
    for (uint32_t k = 0; k < n; k++) {
        for (uint32_t i = 0; i < b[k].samples.n; i++) {
            at[(b[k].samples.point[i] >> shift) + 1]++;
        }
    }
    for (uint32_t i = 0; i < BUCKETS; i++) {
        at[i + 1] += at[i];
    }
}

/* All samples of the batches into h->mixed, by bucket; within one in their order. */
static uint32_t mix(struct kt_history *h, const struct kt_history_batch *b, uint32_t n)
{
    uint32_t at[BUCKETS + 1];
    unsigned shift = bucket_shift(h);
    find_buckets(b, n, shift, at);
    if (!h->mixed) {
        h->mixed = malloc(SORT_MOST * sizeof(*h->mixed));
        KT_ASSERT(h->mixed);
    }
    for (uint32_t k = 0; k < n; k++) {
        const struct kt_samples *s = &b[k].samples;
        for (uint32_t i = 0; i < s->n; i++) {
            h->mixed[at[s->point[i] >> shift]++] =
                (struct history_mixed){s->time[i], s->value[i], s->point[i], k & 0xffffff,
                                       s->quality ? s->quality[i] : KT_Q_NORMAL};
        }
    }
    return at[BUCKETS];
}

static void take_mixed(struct kt_history *h, const struct kt_history_batch *b, uint32_t i,
                       uint32_t end, uint32_t total)
{
    const struct history_mixed *m = h->mixed;
    struct tally n = {0};
    for (; i < end; i++) {
        if (i + FAR < total) {
            fetch_head(h, m[i + FAR].pid);
        }
        if (i + NEAR < total) {
            fetch_token(h, m[i + NEAR].pid);
        }
        const struct kt_history_batch *from = &b[m[i].batch];
        take_one(h, &n, is_recovering(h, from->seq), m[i].pid, from->seq, from->arrival, m[i].time,
                 m[i].value, m[i].quality);
    }
    count(h, &n);
}

/* Batches that were looked at, of SORT_MOST samples at most. */
static int add_mixed(struct kt_history *h, const struct kt_history_batch *b, uint32_t n,
                     struct kt_err *err)
{
    int r = bound_heads(h, err);
    if (r < 0) {
        refuse(h, b[0].seq);
        return r;
    }
    check_journal(h, b[0].seq);
    uint32_t total = mix(h, b, n);
    for (uint32_t i = 0; i < total; i += HISTORY_LOCK_RUN) {
        uint32_t end = total - i < HISTORY_LOCK_RUN ? total : i + HISTORY_LOCK_RUN;
        pthread_mutex_lock(&h->heads);
        take_mixed(h, b, i, end, total);
        pthread_mutex_unlock(&h->heads);
    }
    for (uint32_t k = 0; k < n; k++) {
        h->last_seq = b[k].seq > h->last_seq ? b[k].seq : h->last_seq;
        accept(h, b[k].seq);
    }
    return KT_OK;
}

/* How many batches from the first on can be mixed; few samples are not worth it. */
static uint32_t can_mix(const struct kt_history *h, const struct kt_history_batch *b, uint32_t n,
                        uint32_t *ret_samples)
{
    uint32_t k = 0, samples = 0;
    struct kt_err err;
    while (k < n && samples + b[k].samples.n <= SORT_MOST &&
           check_batch(h, &b[k].samples, &err) == KT_OK) {
        samples += b[k++].samples.n;
    }
    *ret_samples = samples;
    return k;
}

static int add_each(struct kt_history *h, const struct kt_history_batch *b, uint32_t n,
                    uint32_t *ret_added, struct kt_err *err)
{
    int r = KT_OK;
    *ret_added = 0;
    while (*ret_added < n && r == KT_OK) {
        const struct kt_history_batch *one = &b[*ret_added];
        r = kt_history_add(h, one->seq, one->arrival, &one->samples, err);
        *ret_added += r == KT_OK;
    }
    return r;
}

int kt_history_add_many(struct kt_history *h, const struct kt_history_batch *b, uint32_t n,
                        uint32_t *ret_added, struct kt_err *err)
{
    uint32_t done = 0, samples;
    int r = KT_OK;
    while (done < n && r == KT_OK) {
        uint32_t k = can_mix(h, b + done, n - done, &samples), added = k;
        if (k > 1 && samples >= SORT_LEAST && samples >= h->n_pids / 4) {
            r = add_mixed(h, b + done, k, err);
            added = r == KT_OK ? k : 0;
        } else {
            r = add_each(h, b + done, k ? k : 1, &added, err);
        }
        done += added;
    }
    *ret_added = done;
    return r;
}
