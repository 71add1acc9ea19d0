/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Joining small chunks, dropping old months.
 *
 * Sealing notes (day, point) in table small where a chunk is small or may overlap another. Merging
 * reads that day of that point, settles what overlaps, joins neighbours up to a full chunk, and
 * writes them instead, in one transaction with the note's removal.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "base/log.h"
#include "history/private.h"
#include "sys/file.h"

#define SETTLED (2 * KT_HOUR) /* a file that was not written for so long */
enum { NOTES = 256, VACUUM_PART = 8 };

struct note {
    int64_t day, num;
};

struct merging {
    struct kt_history *h;
    struct history_ctx *c;
    struct history_file *f;
    int64_t before; /* day */
    struct history_news news;
    uint64_t dropped;
};

static int read_notes(struct merging *m, struct note notes[NOTES], size_t *ret, struct kt_err *err)
{
    struct kt_stmt *st;
    int r = kt_db_prepare(kt_store_writer(m->f->rw),
                          "SELECT day, num FROM small WHERE day < ? ORDER BY num, day LIMIT 256",
                          &st, err);
    if (r < 0) {
        return r;
    }
    kt_bind_i64(st, 1, m->before);
    size_t n = 0;
    while ((r = kt_stmt_step(st, err)) > 0 && n < NOTES) {
        notes[n++] = (struct note){kt_col_i64(st, 0), kt_col_i64(st, 1)};
    }
    kt_stmt_done(st);
    if (r >= 0) {
        *ret = n;
    }
    return r < 0 ? r : KT_OK;
}

static int point_id(struct merging *m, int64_t num, char **ret, struct kt_err *err)
{
    struct kt_stmt *st;
    int r =
        kt_db_prepare(kt_store_writer(m->f->rw), "SELECT id FROM point WHERE num = ?", &st, err);
    if (r < 0) {
        return r;
    }
    kt_bind_i64(st, 1, num);
    r = kt_stmt_step(st, err);
    if (r > 0) {
        *ret = strdup(kt_col_text(st, 0));
        KT_ASSERT(*ret);
    }
    kt_stmt_done(st);
    return r > 0    ? KT_OK
           : r == 0 ? kt_err_set(err, KT_ECORRUPT, "%s: point number %lld is not listed",
                                 m->f->path, (long long)num)
                    : r;
}

static int read_day(struct merging *m, const struct note *note, struct kt_err *err)
{
    struct kt_stmt *st;
    int r = kt_db_prepare(kt_store_writer(m->f->rw),
                          "SELECT key, data FROM chunk WHERE key >= ? AND key < ? ORDER BY key",
                          &st, err);
    if (r < 0) {
        return r;
    }
    history_pieces_clear(m->c);
    kt_bind_i64(st, 1, history_file_key(m->f, note->num, note->day));
    kt_bind_i64(st, 2, history_file_key(m->f, note->num, note->day + 1));
    while ((r = kt_stmt_step(st, err)) > 0) {
        history_pieces_add_row(m->c, kt_col_i64(st, 0), kt_col_bytes(st, 1));
    }
    kt_stmt_done(st);
    return r;
}

/* Pieces [lo, hi) are written anew as few chunks. */
static int rewrite(struct merging *m, const char *id, size_t lo, size_t hi, struct kt_err *err)
{
    struct kt_history *h = m->h;
    struct history_ctx *c = m->c;
    uint32_t dropped = 0;
    uint64_t order = 0;
    int r = history_pieces_join(c, lo, hi, &dropped, err);
    for (size_t i = lo; i < hi && r == KT_OK; i++) {
        order = c->pieces[i].sum.order > order ? c->pieces[i].sum.order : order;
        r = history_file_delete(m->f, c->pieces[i].key, c->pieces[i].sum.n, err);
    }
    for (uint32_t at = 0; r == KT_OK && at < c->joined.n;) {
        uint32_t end = history_chunk_end(h, &c->joined, at);
        struct history_summary s;
        struct kt_hash hash;
        history_row_encode(h->codec, id, &c->joined, at, end, order, &h->row, &s, &hash);
        r = history_file_insert(m->f, id, &s, (struct kt_str){h->row.p, h->row.n}, false, err);
        history_news_add(&m->news, id, &s, &hash);
        at = end;
    }
    m->dropped += dropped;
    return r;
}

static uint32_t count(const struct history_ctx *c, size_t lo, size_t hi)
{
    uint64_t n = 0;
    for (size_t i = lo; i < hi; i++) {
        n += c->pieces[i].sum.n;
    }
    return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

static int merge_day(struct merging *m, const struct note *note, struct kt_err *err)
{
    char *id = NULL;
    int r = point_id(m, note->num, &id, err);
    if (r == KT_OK) {
        r = read_day(m, note, err);
    }
    if (r == KT_OK) {
        r = history_pieces_open(m->c, id, m->f->path, err);
    }
    for (size_t lo = 0; r == KT_OK && lo < m->c->n_pieces;) {
        size_t hi = history_pieces_cluster(m->c, lo);
        while (hi < m->c->n_pieces) {
            size_t next = history_pieces_cluster(m->c, hi);
            if (count(m->c, lo, next) > m->h->chunk_samples) {
                break;
            }
            hi = next;
        }
        if (hi > lo + 1) {
            r = rewrite(m, id, lo, hi, err);
        }
        lo = hi;
    }
    if (r == KT_OK) {
        r = history_file_joined(m->f, note->day, note->num, err);
    }
    free(id);
    return r;
}

/* One transaction; ret: how many notes there were. */
static int merge_some(struct merging *m, size_t *ret, struct kt_err *err)
{
    struct note notes[NOTES];
    int r = history_file_begin(m->f, err);
    if (r == KT_OK) {
        r = read_notes(m, notes, ret, err);
    }
    for (size_t i = 0; r == KT_OK && i < *ret; i++) {
        r = merge_day(m, &notes[i], err);
    }
    if (r == KT_OK) {
        r = history_file_commit(m->f, err);
    } else {
        history_file_rollback(m->f);
    }
    if (r == KT_OK) {
        m->h->duplicates += m->dropped;
        history_news_tell(&m->news, m->h);
    }
    m->dropped = 0;
    history_news_done(&m->news);
    return r;
}

/* Give free pages back, once a month is over and they are many. */
static int shrink(struct history_file *f, struct kt_err *err)
{
    struct kt_db *db = kt_store_writer(f->rw);
    int64_t pages = 0, unused = 0;
    int r = kt_db_int(db, "PRAGMA page_count", &pages, err);
    if (r == KT_OK) {
        r = kt_db_int(db, "PRAGMA freelist_count", &unused, err);
    }
    if (r < 0 || unused * VACUUM_PART <= pages) {
        return r;
    }
    r = kt_db_exec(db, "VACUUM", err);
    return r == KT_OK ? kt_store_checkpoint(f->rw, err) : r;
}

static int any_notes(struct merging *m, bool *ret, struct kt_err *err)
{
    struct kt_db *db;
    int64_t day = INT64_MAX;
    int r = history_file_read(m->h->files, m->f, &db, err);
    if (r < 0) {
        return r;
    }
    r = kt_db_int(db, "SELECT coalesce(min(day), 9223372036854775807) FROM small", &day, err);
    kt_store_read_done(m->f->ro, db);
    *ret = day < m->before;
    return r;
}

static int merge_file(struct merging *m, kt_time before, struct kt_err *err)
{
    bool any = false;
    int r = any_notes(m, &any, err);
    if (r < 0 || !any) {
        return r;
    }
    r = history_file_write(m->h->files, m->f, err);
    size_t n = NOTES;
    while (r == KT_OK && n == NOTES) {
        r = merge_some(m, &n, err);
    }
    if (r == KT_OK && m->f->end <= before) {
        r = shrink(m->f, err);
    }
    history_files_trim(m->h->files);
    return r;
}

int kt_history_merge(struct kt_history *h, kt_time before, struct kt_err *err)
{
    struct merging m = {.h = h, .before = history_day(before)};
    struct history_file **files;
    size_t n = history_files_hold(h->files, INT32_MIN, history_month(before), &files);
    m.c = history_ctx_take(h);
    int r = KT_OK;
    for (size_t i = 0; i < n && r == KT_OK; i++) {
        m.f = files[i];
        r = merge_file(&m, before, err);
    }
    history_ctx_give(h, m.c);
    history_files_release(h->files, files, n);
    free(files);
    return r;
}

int history_merge_small(struct kt_history *h, int64_t most_bytes, struct kt_err *err)
{
    struct merging m = {.h = h, .before = INT64_MAX};
    struct history_file **files;
    size_t n = history_files_hold(h->files, INT32_MIN, INT32_MAX, &files);
    m.c = history_ctx_take(h);
    int r = KT_OK;
    for (size_t i = 0; i < n && r == KT_OK; i++) {
        m.f = files[i];
        if (m.f->rw && kt_file_size(m.f->path) <= most_bytes) {
            r = merge_file(&m, INT64_MIN, err);
        }
    }
    history_ctx_give(h, m.c);
    history_files_release(h->files, files, n);
    free(files);
    return r;
}

/* A month goes; from then on the long history is asked for it. Said before it is done: a crash in
 * between leaves a file that the next call drops. */
static int drop(struct kt_history *h, struct history_file *f, const char *why, struct kt_err *err)
{
    kt_time before = atomic_load(&h->dropped[f->cls]);
    before = f->end > before ? f->end : before;
    int r = history_state_drop(h->state, f, before, err);
    if (r < 0) {
        return r;
    }
    atomic_store(&h->dropped[f->cls], before);
    KT_INFO("history", "%s is dropped: %s", f->name, why);
    history_file_drop(h->files, f);
    return KT_OK;
}

/* Nothing came into the file lately: as it is written, or at rest (store.h). */
static bool is_settled(const struct history_file *f)
{
    static const char *const forms[] = {"", "-wal", ".zst"};
    kt_time now = (kt_time)time(NULL) * KT_SEC, last = 0; /* as the file system has it */
    for (size_t i = 0; i < KT_ARRAY_LEN(forms); i++) {
        struct stat st;
        char path[PATH_MAX];
        snprintf(path, sizeof(path), "%s%s", f->path, forms[i]);
        if (stat(path, &st) == 0 && (i == 0 || st.st_size > 0)) {
            last = st.st_mtim.tv_sec * KT_SEC > last ? st.st_mtim.tv_sec * KT_SEC : last;
        }
    }
    return last && now - last >= SETTLED;
}

static int retain(struct kt_history *h, kt_time now, const int days[3], bool early,
                  struct kt_err *err)
{
    struct history_file **files;
    size_t n = history_files_hold(h->files, INT32_MIN, history_month(now), &files);
    int r = KT_OK;
    for (size_t i = 0; i < n && r == KT_OK; i++) {
        struct history_file *f = files[i];
        if (days[f->cls] && now - f->end >= days[f->cls] * KT_DAY && (!early || is_settled(f))) {
            r = drop(h, f, early ? "it is in the long history" : "it is past its retention", err);
        }
    }
    history_files_release(h->files, files, n);
    free(files);
    return r;
}

int kt_history_retain(struct kt_history *h, kt_time now, const int days[3], struct kt_err *err)
{
    for (int c = 0; c < HISTORY_CLASSES; c++) {
        if (days[c] < 0) {
            return kt_err_set(err, KT_EINVAL, "a retention of %d days; 0 keeps for ever", days[c]);
        }
    }
    return retain(h, now, days, false, err);
}

int kt_history_hand_over(struct kt_history *h, kt_time now, int days, struct kt_err *err)
{
    const int of_class[HISTORY_CLASSES] = {0, days, days}; /* key points stay: enum kt_retention */
    return retain(h, now, of_class, true, err);
}
