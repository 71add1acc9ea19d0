/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recover: what a folder holds, and where writing goes on.
 *
 * The segments before the last are durable to their end (roll.c); only the last one has a tail to
 * find. Its last whole frame may stand in the page cache only (a sync that failed before the
 * program ended marks pages clean), so it is written and synced again before anything follows it.
 */
#include "journal/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "sys/file.h"

static void adopt_spare(struct kt_journal *j, const char *name, const char *path)
{
    struct journal_space *s = &j->space;
    unsigned long number = strtoul(name + strlen(SPARE_PREFIX), NULL, 10);
    if (kt_file_size(path) == (int64_t)j->opts.segment_bytes && s->spares < SPARES_MAX &&
        number < UINT32_MAX / 2) {
        s->spare[s->spares++] = (uint32_t)number;
        if (number >= s->next_spare) {
            s->next_spare = (uint32_t)number + 1;
        }
    } else {
        unlink(path);
    }
}

static void adopt(struct kt_journal *j, const char *name, const char *path)
{
    if (name_is(name, "", TMP_SUFFIX)) {
        unlink(path);
    } else if (name_is(name, SPARE_PREFIX, SEG_SUFFIX)) {
        adopt_spare(j, name, path);
    } else if (strcmp(name, RESERVE_NAME) == 0) {
        j->space.reserve = kt_file_size(path) == (int64_t)j->opts.reserve_bytes;
        if (!j->space.reserve) {
            unlink(path);
        }
    }
}

static int adopt_files(struct kt_journal *j, struct kt_arena *arena, struct kt_err *err)
{
    char **names, path[JOURNAL_PATH];
    size_t n;
    int r = kt_dir_list(j->dir, arena, &names, &n, err);
    for (size_t i = 0; r == KT_OK && i < n; i++) {
        r = journal_path(path, j->dir, names[i], err);
        if (r == KT_OK) {
            adopt(j, names[i], path);
        }
    }
    return r;
}

static int chain_frame(struct kt_journal *j, const struct seg_cursor *c, struct kt_err *err)
{
    const unsigned char *p = (const unsigned char *)c->payload.p;
    size_t at = 0;
    for (uint32_t i = 0; i < c->frame.count; i++) {
        struct event_view v;
        struct kt_hash hash;
        if (!event_view(p + at, c->payload.n - at, &v)) {
            return seg_damaged(c, c->frame.first + i, "the event cannot be read", err);
        }
        event_hash(&v, &hash);
        event_chain(&j->chain, c->frame.first + i, &v, &hash);
        at += v.size;
    }
    return KT_OK;
}

/** Read the last segment to its end; *ret_from is where its last frame begins, 0: it has none. */
static int find_tail(struct kt_journal *j, struct seg_cursor *c, int64_t *ret_from,
                     struct kt_err *err)
{
    int r;
    int64_t before = c->off, from = 0;
    j->chain = c->head.before;
    while ((r = seg_next(c, err)) == 1) {
        r = chain_frame(j, c, err);
        if (r < 0) {
            return r;
        }
        from = before;
        before = c->off;
    }
    if (r == KT_OK) {
        r = seg_check_end(c, err);
    }
    if (r == KT_OK) {
        *ret_from = from;
    }
    return r;
}

static int rewrite(struct kt_journal *j, int64_t from, int64_t to, struct kt_err *err)
{
    size_t n = (size_t)(to - from);
    void *p = malloc(n);
    KT_ASSERT(p);
    int r = journal_read_at(j->seg.fd, p, n, from, err);
    if (r == KT_OK) {
        r = journal_write_at(j->io, j->seg.fd, p, n, from, err);
    }
    if (r == KT_OK) {
        r = journal_sync(j->io, j->seg.fd, err);
    }
    free(p);
    return r;
}

static int go_on(struct kt_journal *j, const struct seg_cursor *c, int64_t last_frame,
                 struct kt_err *err)
{
    j->seg.fd = open(c->path, O_RDWR | O_CLOEXEC);
    if (j->seg.fd < 0) {
        return kt_err_sys(err, "cannot open %s", c->path);
    }
    j->seg.epoch = c->head.epoch;
    j->seg.size = c->size;
    j->seg.off = c->off;
    j->seg.left = c->size - c->off;
    j->seg.first = c->head.first;
    j->last = j->durable = c->next - 1;
    if (c->mark.last == j->last || last_frame == 0) {
        return KT_OK;
    }
    KT_INFO("journal", "recovered up to event %" PRIu64, (uint64_t)j->last);
    int r = rewrite(j, last_frame, c->off, err);
    return r < 0 ? r : journal_mark(j, j->last, err);
}

static int recover_last(struct kt_journal *j, kt_seq first, struct kt_err *err)
{
    struct seg_cursor c = {.fd = -1};
    int64_t last_frame;
    int r = seg_open(&c, j->dir, first, err);
    if (r == KT_OK) {
        r = find_tail(j, &c, &last_frame, err);
    }
    if (r == KT_OK) {
        r = go_on(j, &c, last_frame, err);
    }
    seg_close(&c);
    return r;
}

int journal_recover(struct kt_journal *j, struct kt_err *err)
{
    struct kt_arena *arena = kt_arena_new(0);
    kt_seq *firsts;
    size_t n;
    int r = adopt_files(j, arena, err);
    if (r == KT_OK) {
        r = seg_list(j->dir, arena, &firsts, &n, err);
    }
    if (r == KT_OK) {
        j->first = n ? firsts[0] : 1;
        r = n ? recover_last(j, firsts[n - 1], err) : KT_OK;
    }
    kt_arena_free(arena);
    return r;
}
