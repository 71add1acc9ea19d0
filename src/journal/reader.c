/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reader: events one after another, over the ends of segments. On a live journal only what is
 * durable is seen, and the end is not for good. A file that is read may be thinned, swapped out and
 * used again meanwhile: what stands in it then has another epoch, and the reader goes on in the
 * file that has its name now.
 */
#include "journal/internal.h"

#include <stdlib.h>

#include "sys/file.h"

struct kt_journal_reader {
    struct kt_journal *j; /* NULL: a folder */
    char *dir;
    struct seg_cursor c;
    kt_seq from;   /* events before it are passed over */
    kt_seq until;  /* those behind it are not read yet */
    kt_seq seq;    /* of the next event in the frame */
    size_t at;     /* where it begins in the payload */
    uint32_t left; /* events left in the frame */
};

/** A follower that begins at the end starts where the writer is. */
static bool start_at_tail(struct kt_journal_reader *r, struct kt_err *err)
{
    struct kt_journal *j = r->j;
    pthread_mutex_lock(&j->lock);
    kt_seq first = j->seg.first, next = j->durable + 1;
    int64_t off = j->seg.off;
    bool fits = j->seg.fd >= 0 && r->from == next;
    pthread_mutex_unlock(&j->lock);
    if (!fits || seg_reopen(&r->c, r->dir, first, err) < 0) {
        return false;
    }
    r->c.off = off;
    r->c.next = next;
    return true;
}

/** Open the segment that holds r->from. KT_OK with no file when there are no segments yet. */
static int start(struct kt_journal_reader *r, struct kt_err *err)
{
    struct kt_arena *arena = kt_arena_new(0);
    kt_seq *firsts;
    size_t n;
    int rc = seg_list(r->dir, arena, &firsts, &n, err);
    if (rc == KT_OK && n) {
        rc = seg_reopen(&r->c, r->dir, firsts[seg_holding(firsts, n, r->from)], err);
    }
    kt_arena_free(arena);
    return rc;
}

int kt_journal_read(struct kt_journal *j, const char *dir, kt_seq from,
                    struct kt_journal_reader **ret, struct kt_err *err)
{
    struct kt_journal_reader *r = calloc(1, sizeof(*r));
    KT_ASSERT(r);
    r->j = j;
    r->c.fd = -1;
    r->from = from;
    r->until = UINT64_MAX;
    r->dir = strdup(j ? j->dir : dir);
    KT_ASSERT(r->dir);
    if (!(j && start_at_tail(r, err))) {
        int rc = start(r, err);
        if (rc < 0) {
            kt_journal_reader_free(r);
            return rc;
        }
    }
    *ret = r;
    return KT_OK;
}

void kt_journal_reader_until(struct kt_journal_reader *r, kt_seq seq)
{
    r->until = seq;
}

void kt_journal_reader_free(struct kt_journal_reader *r)
{
    if (!r) {
        return;
    }
    seg_close(&r->c);
    free(r->dir);
    free(r);
}

/** Begin again at an event: the file that was read has been swapped out and used again. */
static int start_again(struct kt_journal_reader *r, kt_seq next, struct kt_err *err)
{
    if (r->from < next) {
        r->from = next;
    }
    int rc = start(r, err);
    return rc < 0 ? rc : 1;
}

/** Where no frame stands: go on to the next segment (1), at the end (0), or it is damaged. */
static int next_segment(struct kt_journal_reader *r, struct kt_err *err)
{
    kt_seq next = r->c.next;
    char path[JOURNAL_PATH];
    int rc = seg_path(path, r->dir, next, err);
    if (rc < 0) {
        return rc;
    }
    if (next != r->c.head.first && kt_file_exists(path)) {
        rc = seg_reopen(&r->c, r->dir, next, err);
        return rc < 0 ? rc : 1;
    }
    if (seg_replaced(&r->c)) {
        return start_again(r, next, err);
    }
    if (r->j) {
        return seg_damaged(&r->c, next, "an event that was safe on disk is damaged", err);
    }
    return seg_check_end(&r->c, err);
}

/** Load the next frame: 1, 0 at the end, or an error. */
static int load(struct kt_journal_reader *r, struct kt_err *err)
{
    for (;;) {
        if (r->c.fd < 0) {
            int rc = start(r, err);
            if (rc < 0 || r->c.fd < 0) {
                return rc;
            }
        }
        if (r->j && r->c.next > r->j->durable) {
            return 0;
        }
        int rc = seg_next(&r->c, err);
        if (rc == 0) {
            rc = next_segment(r, err);
            if (rc == 1) {
                continue;
            }
        } else if (rc == 1) {
            r->left = r->c.frame.count;
            r->seq = r->c.frame.first;
            r->at = 0;
        }
        return rc;
    }
}

/** The next event of a kind that is asked for: 1, 0 at the end, or an error. */
static int advance(struct kt_journal_reader *r, uint32_t kinds, struct event_view *v,
                   struct kt_err *err)
{
    for (;;) {
        while (r->left == 0) {
            int rc = load(r, err);
            if (rc <= 0) {
                return rc;
            }
        }
        if (r->seq > r->until) {
            return 0;
        }
        const unsigned char *p = (const unsigned char *)r->c.payload.p + r->at;
        if (!event_view(p, r->c.payload.n - r->at, v)) {
            return seg_damaged(&r->c, r->seq, "the event cannot be read", err);
        }
        r->at += v->size;
        r->left--;
        kt_seq seq = r->seq++;
        if (seq >= r->from && (kinds >> v->kind & 1)) {
            return 1;
        }
    }
}

int kt_journal_next_of(struct kt_journal_reader *r, uint32_t kinds, struct kt_event *ev,
                       struct kt_err *err)
{
    struct event_view v;
    int rc = advance(r, kinds, &v, err);
    if (rc != 1) {
        return rc;
    }
    *ev = (struct kt_event){.seq = r->seq - 1,
                            .time = v.time,
                            .kind = (enum kt_event_kind)v.kind,
                            .origin = v.origin,
                            .body = v.body,
                            .dropped = v.flags & EVENT_DROPPED};
    event_hash(&v, &ev->body_hash);
    return 1;
}

int kt_journal_next(struct kt_journal_reader *r, struct kt_event *ev, struct kt_err *err)
{
    return kt_journal_next_of(r, UINT32_MAX, ev, err);
}

/** The last segment that begins before the time; the first one otherwise. */
static int segment_before(const char *dir, kt_time at, kt_seq *ret, struct kt_err *err)
{
    struct kt_arena *arena = kt_arena_new(0);
    kt_seq *firsts;
    size_t n, lo = 0;
    int r = seg_list(dir, arena, &firsts, &n, err);
    size_t hi = r == KT_OK ? n : 0;
    while (r == KT_OK && hi - lo > 1) {
        size_t mid = lo + (hi - lo) / 2;
        struct seg_cursor c = {.fd = -1};
        r = seg_open(&c, dir, firsts[mid], err);
        if (r == KT_OK && c.head.first_time < at) {
            lo = mid;
        } else {
            hi = mid;
        }
        seg_close(&c);
    }
    if (r == KT_OK) {
        *ret = n ? firsts[lo] : 0;
    }
    kt_arena_free(arena);
    return r;
}

int kt_journal_find(struct kt_journal *j, const char *dir, kt_time at, kt_seq *ret,
                    struct kt_err *err)
{
    struct kt_journal_reader *r;
    struct event_view v = {0};
    kt_seq from;
    int rc = segment_before(j ? j->dir : dir, at, &from, err);
    if (rc == KT_OK) {
        rc = kt_journal_read(j, dir, from, &r, err);
    }
    if (rc < 0) {
        return rc;
    }
    do {
        rc = advance(r, UINT32_MAX, &v, err);
    } while (rc == 1 && v.time < at);
    if (rc >= 0) {
        *ret = rc ? r->seq - 1 : 0;
        rc = KT_OK;
    }
    kt_journal_reader_free(r);
    return rc;
}
