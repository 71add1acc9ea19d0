/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_JOURNAL_TEST_UTIL_H
#define KT_JOURNAL_TEST_UTIL_H
/*
 * test_util: a stream of events that follows from its seed, and folders for tests. The event of a
 * seq is always the same one, so what is read back can be compared without having been kept.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "journal/internal.h"
#include "journal/samples.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "unit.h"

struct event_maker {
    struct kt_buf body;
    char origin[EVENT_ORIGIN_MAX];
};

__attribute__((unused)) static void maker_done(struct event_maker *m)
{
    kt_buf_done(&m->body);
}

static void make_samples(struct kt_buf *out, uint64_t *seed, kt_time t)
{
    enum { MOST = 400 };
    uint32_t point[MOST];
    kt_time time[MOST];
    double value[MOST];
    uint32_t n = 1 + (uint32_t)(unit_rand(seed) % MOST);
    for (uint32_t i = 0; i < n; i++) {
        point[i] = i;
        time[i] = t;
        value[i] = (double)(unit_rand(seed) % 1000) / 100;
    }
    kt_samples_encode(out, t, &(struct kt_samples){n, point, time, value, NULL});
}

/** The event of a seq, in the maker's memory. */
__attribute__((unused)) static struct kt_event make_event(struct event_maker *m, kt_seq seq)
{
    static const enum kt_event_kind kinds[] = {KT_EV_SAMPLES, KT_EV_SAMPLES, KT_EV_TICK,
                                               KT_EV_REQUEST, KT_EV_OUTCOME, KT_EV_ANSWER};
    uint64_t seed = seq * 7919;
    struct kt_event ev = {.seq = seq,
                          .time = INT64_C(1790000000) * KT_SEC + (kt_time)(seq / 3) * KT_MS,
                          .kind = kinds[unit_rand(&seed) % KT_ARRAY_LEN(kinds)]};
    m->body.n = 0;
    if (ev.kind == KT_EV_SAMPLES) {
        make_samples(&m->body, &seed, ev.time);
    } else {
        size_t n = unit_rand(&seed) % (ev.kind == KT_EV_OUTCOME ? 900 : 100);
        for (size_t i = 0; i < n; i++) {
            kt_put_u8(&m->body, (uint8_t)unit_rand(&seed));
        }
    }
    size_t origin_n = unit_rand(&seed) % (EVENT_ORIGIN_MAX + 1);
    memset(m->origin, 'a' + (int)(seq % 26), sizeof(m->origin));
    ev.origin = (struct kt_str){m->origin, origin_n};
    ev.body = (struct kt_str){m->body.p, m->body.n};
    return ev;
}

/** Append the next `count` events of the stream. */
__attribute__((unused)) static int append_stream(struct kt_journal *j, unsigned count,
                                                 struct kt_err *err)
{
    struct event_maker m = {0};
    int r = KT_OK;
    for (unsigned i = 0; i < count && r == KT_OK; i++) {
        struct kt_event ev = make_event(&m, kt_journal_last(j) + 1);
        r = kt_journal_append(j, &ev, err);
    }
    maker_done(&m);
    return r;
}

__attribute__((unused)) static int append_text(struct kt_journal *j, enum kt_event_kind kind,
                                               const char *text, struct kt_err *err)
{
    struct kt_event ev = {.seq = kt_journal_last(j) + 1,
                          .time = (kt_time)(kt_journal_last(j) + 1),
                          .kind = kind,
                          .origin = KT_STR("test"),
                          .body = kt_str_c(text)};
    return kt_journal_append(j, &ev, err);
}

/** Is what was read the event of the stream? A dropped body counts by its hash. */
__attribute__((unused)) static bool is_stream_event(const struct kt_event *got)
{
    struct event_maker m = {0};
    struct kt_event want = make_event(&m, got->seq);
    struct kt_hash hash;
    kt_hash_of(want.body.p, want.body.n, &hash);
    bool dropped = got->kind == KT_EV_SAMPLES && got->body.n == 0;
    bool same = got->time == want.time && got->kind == want.kind &&
                kt_str_eq(got->origin, want.origin) &&
                (dropped || kt_str_eq(got->body, want.body)) && kt_hash_eq(&got->body_hash, &hash);
    maker_done(&m);
    return same;
}

/** Read all from `from`, comparing with the stream. @return last seq read, 0 on a difference */
__attribute__((unused)) static kt_seq read_stream(struct kt_journal *j, const char *dir,
                                                  kt_seq from)
{
    struct kt_journal_reader *r;
    struct kt_event ev;
    struct kt_err err = {0};
    kt_seq next = from;
    int rc = kt_journal_read(j, dir, from, &r, &err);
    if (rc < 0) {
        printf("# %s\n", err.text);
        return 0;
    }
    while ((rc = kt_journal_next(r, &ev, &err)) == 1 && ev.seq == next && is_stream_event(&ev)) {
        next++;
    }
    if (rc != 0) {
        printf("# at event %" PRIu64 ": %d %s\n", next, rc, rc < 0 ? err.text : "differs");
        next = 1;
    }
    kt_journal_reader_free(r);
    return next - 1;
}

__attribute__((unused)) static bool copy_dir(const char *from, const char *to)
{
    struct kt_arena *a = kt_arena_new(0);
    char **names, src[JOURNAL_PATH], dst[JOURNAL_PATH];
    size_t n = 0;
    struct kt_buf buf;
    kt_buf_init(&buf, 0);
    bool ok = kt_dir_make(to, NULL) == KT_OK && kt_dir_list(from, a, &names, &n, NULL) == KT_OK;
    for (size_t i = 0; ok && i < n; i++) {
        snprintf(src, sizeof(src), "%s/%s", from, names[i]);
        snprintf(dst, sizeof(dst), "%s/%s", to, names[i]);
        kt_buf_clear(&buf);
        ok = kt_file_read(src, 1 << 26, &buf, NULL) == KT_OK;
        FILE *f = ok ? fopen(dst, "wb") : NULL;
        ok = f && fwrite(buf.p ? buf.p : "", 1, buf.n, f) == buf.n;
        ok = f && fclose(f) == 0 && ok;
    }
    kt_buf_done(&buf);
    kt_arena_free(a);
    return ok;
}

/** Path of the i-th segment (from the end when negative), or false. */
__attribute__((unused)) static bool segment_at(const char *dir, int i, char path[JOURNAL_PATH],
                                               kt_seq *ret_first, size_t *ret_n)
{
    struct kt_arena *a = kt_arena_new(0);
    kt_seq *firsts;
    size_t n = 0;
    bool ok = seg_list(dir, a, &firsts, &n, NULL) == KT_OK;
    size_t at = i < 0 ? n - (size_t)-i : (size_t)i;
    ok = ok && at < n && seg_path(path, dir, firsts[at], NULL) == KT_OK;
    if (ok) {
        *ret_first = firsts[at];
        *ret_n = n;
    }
    kt_arena_free(a);
    return ok;
}

struct test_dir {
    char path[256];
};

__attribute__((unused)) static struct test_dir new_dir(void)
{
    struct test_dir d;
    struct kt_err err;
    if (kt_dir_temp("kt-journal", d.path, sizeof(d.path), &err) < 0) {
        printf("Bail out! %s\n", err.text);
        exit(1);
    }
    return d;
}

/** Small files, so that a test passes through many of them. */
__attribute__((unused)) static struct kt_journal_opts small_opts(const char *dir)
{
    return (struct kt_journal_opts){
        .dir = dir, .segment_bytes = 64 << 10, .reserve_bytes = 32 << 10, .pending_bytes = 1 << 20};
}
#endif
