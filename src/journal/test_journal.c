/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/internal.h"

#include "journal/test_util.h"
#include "sys/thread.h"

static void append_and_read_back(void)
{
    struct test_dir d = new_dir();
    struct kt_journal_opts opts = small_opts(d.path);
    struct kt_journal *j;
    struct kt_err err = {0};
    CHECK_OK(kt_journal_open(&opts, &j, &err), &err);
    CHECK_INT(kt_journal_last(j), 0);
    CHECK_INT(read_stream(j, NULL, 1), 0);
    CHECK_OK(append_stream(j, 1000, &err), &err);
    CHECK_INT(kt_journal_wait(j, 1000, 20 * KT_SEC), KT_OK);
    CHECK_INT(kt_journal_durable(j), 1000);
    CHECK_INT(kt_journal_first(j), 1);
    CHECK_INT(kt_journal_pending(j), 0);
    CHECK_INT(read_stream(j, NULL, 1), 1000);
    CHECK_INT(read_stream(j, NULL, 500), 1000);
    CHECK_INT(read_stream(j, NULL, 1001), 1000);
    struct kt_journal_stats st;
    kt_journal_stats(j, &st);
    CHECK_INT(st.events, 1000);
    CHECK(st.samples > 1000);
    CHECK(!st.failed && !st.on_reserve && !st.low);
    kt_journal_close(j);
    CHECK_INT(read_stream(NULL, d.path, 1), 1000);
    CHECK_INT(read_stream(NULL, d.path, 777), 1000);
    kt_dir_remove(d.path);
}

static void go_on_after_close(void)
{
    struct test_dir d = new_dir();
    struct kt_journal_opts opts = small_opts(d.path);
    struct kt_err err = {0};
    struct kt_hash chain, again;
    kt_seq seq;
    for (unsigned i = 0; i < 10; i++) {
        struct kt_journal *j;
        CHECK_OK(kt_journal_open(&opts, &j, &err), &err);
        CHECK_INT(kt_journal_last(j), 37 * i);
        CHECK_INT(kt_journal_durable(j), 37 * i);
        kt_journal_head(j, &seq, &again);
        CHECK(i == 0 || kt_hash_eq(&chain, &again));
        CHECK_OK(append_stream(j, 37, &err), &err);
        CHECK_INT(kt_journal_wait(j, 37 * (i + 1), 20 * KT_SEC), KT_OK);
        kt_journal_head(j, &seq, &chain);
        CHECK_INT(seq, 37 * (i + 1));
        kt_journal_close(j);
    }
    struct kt_journal_verdict v;
    CHECK_OK(kt_journal_verify(d.path, NULL, NULL, &v, &err), &err);
    CHECK_INT(v.first, 1);
    CHECK_INT(v.last, 370);
    CHECK_INT(v.events, 370);
    CHECK(kt_hash_eq(&v.chain, &chain));
    kt_dir_remove(d.path);
}

static void close_commits_what_waits(void)
{
    struct test_dir d = new_dir();
    struct kt_journal_opts opts = small_opts(d.path);
    struct kt_journal *j;
    struct kt_err err = {0};
    CHECK_OK(kt_journal_open(&opts, &j, &err), &err);
    CHECK_OK(append_stream(j, 200, &err), &err);
    kt_journal_close(j);
    CHECK_INT(read_stream(NULL, d.path, 1), 200);
    kt_dir_remove(d.path);
}

static void refuses_what_is_wrong(void)
{
    struct test_dir d = new_dir();
    struct kt_journal_opts opts = small_opts(d.path);
    struct kt_journal *j, *other;
    struct kt_err err = {0};
    CHECK_OK(kt_journal_open(&opts, &j, &err), &err);
    CHECK_INT(kt_journal_open(&opts, &other, &err), KT_EBUSY);
    char big[40000] = {0};
    struct kt_event ev = {.seq = 2, .time = 1, .kind = KT_EV_TICK};
    CHECK_INT(kt_journal_append(j, &ev, &err), KT_EINVAL);
    ev.seq = 1;
    ev.kind = (enum kt_event_kind)32;
    CHECK_INT(kt_journal_append(j, &ev, &err), KT_EINVAL);
    ev.kind = KT_EV_SITE;
    ev.origin = (struct kt_str){big, 65};
    CHECK_INT(kt_journal_append(j, &ev, &err), KT_EINVAL);
    ev.origin.n = 64;
    ev.body = (struct kt_str){big, sizeof(big)};
    CHECK_INT(kt_journal_append(j, &ev, &err), KT_ELIMIT);
    ev.body.n = j->body_max;
    CHECK_OK(kt_journal_append(j, &ev, &err), &err);
    CHECK_INT(kt_journal_last(j), 1);
    CHECK_INT(kt_journal_wait(j, 1, 20 * KT_SEC), KT_OK);
    CHECK_INT(kt_journal_wait(j, 2, KT_MS), KT_ETIMEOUT);
    kt_journal_close(j);
    kt_dir_remove(d.path);
}

static void next_of_passes_over(void)
{
    struct test_dir d = new_dir();
    struct kt_journal_opts opts = small_opts(d.path);
    struct kt_journal *j;
    struct kt_journal_reader *r;
    struct kt_event ev;
    struct kt_err err = {0};
    CHECK_OK(kt_journal_open(&opts, &j, &err), &err);
    CHECK_OK(append_stream(j, 500, &err), &err);
    CHECK_INT(kt_journal_wait(j, 500, 20 * KT_SEC), KT_OK);
    CHECK_OK(kt_journal_read(j, NULL, 1, &r, &err), &err);
    unsigned got = 0, want = 0, rc;
    uint32_t kinds = 1u << KT_EV_OUTCOME | 1u << KT_EV_TICK;
    while ((rc = (unsigned)kt_journal_next_of(r, kinds, &ev, &err)) == 1) {
        CHECK(ev.kind == KT_EV_OUTCOME || ev.kind == KT_EV_TICK);
        CHECK(is_stream_event(&ev));
        got++;
    }
    CHECK_INT(rc, 0);
    struct event_maker m = {0};
    for (kt_seq s = 1; s <= 500; s++) {
        want += kinds >> make_event(&m, s).kind & 1;
    }
    CHECK_INT(got, want);
    maker_done(&m);
    kt_journal_reader_free(r);
    kt_journal_close(j);
    kt_dir_remove(d.path);
}

static void find_by_time(void)
{
    struct test_dir d = new_dir();
    struct kt_journal_opts opts = small_opts(d.path);
    struct kt_journal *j;
    struct kt_err err = {0};
    kt_seq got = 9;
    CHECK_OK(kt_journal_open(&opts, &j, &err), &err);
    CHECK_OK(kt_journal_find(j, NULL, 0, &got, &err), &err);
    CHECK_INT(got, 0);
    CHECK_OK(append_stream(j, 1500, &err), &err);
    CHECK_INT(kt_journal_wait(j, 1500, 20 * KT_SEC), KT_OK);
    kt_time from = INT64_C(1790000000) * KT_SEC; /* three events share a millisecond */
    for (kt_seq s = 3; s < 1500; s += 33) {
        CHECK_OK(kt_journal_find(j, NULL, from + (kt_time)(s / 3) * KT_MS, &got, &err), &err);
        CHECK_INT(got, s / 3 * 3);
        CHECK_OK(kt_journal_find(j, NULL, from + (kt_time)(s / 3) * KT_MS - 1, &got, &err), &err);
        CHECK_INT(got, s / 3 * 3);
    }
    CHECK_OK(kt_journal_find(j, NULL, 0, &got, &err), &err);
    CHECK_INT(got, 1);
    kt_journal_close(j);
    CHECK_OK(kt_journal_find(NULL, d.path, from + KT_HOUR, &got, &err), &err);
    CHECK_INT(got, 0);
    kt_dir_remove(d.path);
}

/** The callback only takes note; the follower reads what has become durable. */
struct follower {
    struct kt_journal *j;
    kt_seq upto;
    kt_seq got;
};

static void *follow(void *arg)
{
    struct follower *f = arg;
    struct kt_journal_reader *r;
    struct kt_event ev;
    struct kt_err err;
    int rc = kt_journal_read(f->j, NULL, 1, &r, &err);
    while (rc >= 0 && f->got < f->upto) {
        rc = kt_journal_next(r, &ev, &err);
        if (rc == 0) {
            rc = kt_journal_wait(f->j, f->got + 1, 20 * KT_SEC);
        } else if (rc == 1 && (ev.seq != f->got + 1 || !is_stream_event(&ev))) {
            rc = KT_EINTERNAL;
        } else if (rc == 1) {
            f->got = ev.seq;
        }
    }
    kt_journal_reader_free(r);
    return NULL;
}

static void follow_while_writing(void)
{
    enum { ALL = 4000 };
    struct test_dir d = new_dir();
    struct kt_journal_opts opts = small_opts(d.path);
    struct kt_journal *j;
    struct kt_err err = {0};
    pthread_t t[2];
    CHECK_OK(kt_journal_open(&opts, &j, &err), &err);
    struct follower f[2] = {{j, ALL, 0}, {j, ALL, 0}};
    for (int i = 0; i < 2; i++) {
        CHECK_OK(kt_thread_start(&t[i], "follower", follow, &f[i], &err), &err);
    }
    for (int i = 0; i < ALL / 20; i++) {
        CHECK_OK(append_stream(j, 20, &err), &err);
        kt_journal_flush(j);
        if (i % 10 == 9) {
            CHECK_INT(kt_journal_wait(j, kt_journal_last(j), 20 * KT_SEC), KT_OK);
            CHECK_OK(kt_journal_thin(j, kt_journal_last(j) / 2, &err), &err);
        }
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(t[i], NULL);
        CHECK_INT(f[i].got, ALL);
    }
    kt_journal_close(j);
    kt_dir_remove(d.path);
}

static ino_t inode_of(const char *dir, int segment)
{
    char path[JOURNAL_PATH];
    kt_seq first;
    size_t n;
    struct stat st = {0};
    return segment_at(dir, segment, path, &first, &n) && stat(path, &st) == 0 ? st.st_ino : 0;
}

static bool seg_used_again(const char *dir, ino_t inode)
{
    for (int i = 1; inode_of(dir, i); i++) {
        if (inode_of(dir, i) == inode) {
            return true;
        }
    }
    return false;
}

/** Samples of at least 65 bytes, so that the file carries their hashes before and after. */
static void thin_keeps_the_chain(void)
{
    struct test_dir d = new_dir();
    struct kt_journal_opts opts = small_opts(d.path);
    struct kt_journal *j;
    struct kt_journal_reader *old;
    struct kt_journal_verdict before, after;
    struct kt_event ev;
    struct kt_err err = {0};
    CHECK_OK(kt_journal_open(&opts, &j, &err), &err);
    CHECK_OK(append_stream(j, 1200, &err), &err);
    CHECK_INT(kt_journal_wait(j, 1200, 20 * KT_SEC), KT_OK);
    CHECK_OK(kt_journal_verify(d.path, NULL, NULL, &before, &err), &err);
    CHECK_INT(before.dropped_bodies, 0);
    CHECK_OK(kt_journal_read(j, NULL, 1, &old, &err), &err);
    CHECK_INT(kt_journal_next(old, &ev, &err), 1);
    ino_t inode = inode_of(d.path, 0);
    CHECK_OK(kt_journal_thin(j, 900, &err), &err);
    CHECK_OK(kt_journal_verify(d.path, NULL, NULL, &after, &err), &err);
    CHECK(kt_hash_eq(&before.chain, &after.chain));
    CHECK_INT(after.events, 1200);
    CHECK(after.dropped_bodies > 100);
    CHECK(after.dropped_bodies + after.bodies == before.bodies);
    /* a reader goes on from where it was, although its file is soon used again */
    CHECK_OK(append_stream(j, 2800, &err), &err);
    CHECK_INT(kt_journal_wait(j, 4000, 20 * KT_SEC), KT_OK);
    CHECK(seg_used_again(d.path, inode));
    kt_seq next = 2;
    while (kt_journal_next(old, &ev, &err) == 1 && ev.seq == next && is_stream_event(&ev)) {
        next++;
    }
    CHECK_INT(next, 4001);
    kt_journal_reader_free(old);
    CHECK_INT(read_stream(j, NULL, 1), 4000);
    CHECK_OK(kt_journal_thin(j, 900, &err), &err); /* again: nothing to do */
    kt_journal_close(j);
    CHECK_OK(kt_journal_open(&opts, &j, &err), &err);
    CHECK_INT(kt_journal_last(j), 4000);
    kt_journal_close(j);
    kt_dir_remove(d.path);
}

/** Does a whole frame of an earlier use of the file stand exactly at the tail? */
static bool stale_at_tail(const struct kt_journal *j, const char *dir)
{
    char path[JOURNAL_PATH];
    kt_seq first;
    size_t n, tail = (size_t)j->seg.off;
    struct kt_buf bytes;
    struct frame_head h = {0};
    kt_buf_init(&bytes, 0);
    bool yes = segment_at(dir, -1, path, &first, &n) &&
               kt_file_read(path, 1 << 20, &bytes, NULL) == KT_OK && tail + FRAME_HEAD < bytes.n;
    const unsigned char *p = yes ? (unsigned char *)bytes.p + tail : NULL;
    yes = yes && frame_head_get(p, &h) && h.length < bytes.n - tail - FRAME_HEAD &&
          frame_fits(p, p + FRAME_HEAD, h.length) && h.epoch < j->seg.epoch;
    kt_buf_done(&bytes);
    return yes;
}

/** Events of one size, a commit each: old frames stand exactly where new ones would follow. */
static void stale_records_behind_the_tail(void)
{
    struct test_dir d = new_dir(), copy = new_dir();
    struct kt_journal_opts opts = small_opts(d.path);
    struct kt_journal *j;
    struct kt_err err = {0};
    char text[1001];
    bool stale = false;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    CHECK_OK(kt_journal_open(&opts, &j, &err), &err);
    for (int round = 0; round < 40 && !stale; round++) {
        for (int i = 0; i < 70; i++) {
            CHECK_OK(append_text(j, KT_EV_SAMPLES, text, &err), &err);
            CHECK_INT(kt_journal_wait(j, kt_journal_last(j), 20 * KT_SEC), KT_OK);
        }
        CHECK_OK(kt_journal_thin(j, kt_journal_last(j), &err), &err);
        stale = stale_at_tail(j, d.path);
    }
    CHECK(stale);
    kt_seq last = kt_journal_last(j);
    CHECK(copy_dir(d.path, copy.path)); /* as a crash would leave it */
    kt_journal_close(j);
    opts.dir = copy.path;
    CHECK_OK(kt_journal_open(&opts, &j, &err), &err);
    CHECK_INT(kt_journal_last(j), last);
    kt_journal_close(j);
    struct kt_journal_verdict v;
    CHECK_OK(kt_journal_verify(copy.path, NULL, NULL, &v, &err), &err);
    CHECK_INT(v.last, last);
    kt_dir_remove(d.path);
    kt_dir_remove(copy.path);
}

static void bodies_by_hash(void)
{
    struct test_dir d = new_dir();
    struct kt_buf out;
    struct kt_err err = {0};
    struct kt_hash h, again, none = {{1}};
    char path[JOURNAL_PATH], hex[65];
    kt_buf_init(&out, 0);
    CHECK_OK(kt_body_put(d.path, "a drawing", 9, &h, &err), &err);
    CHECK_OK(kt_body_put(d.path, "a drawing", 9, &again, &err), &err);
    CHECK(kt_hash_eq(&h, &again));
    CHECK_OK(kt_body_get(d.path, &h, 100, &out, &err), &err);
    CHECK(out.n == 9 && memcmp(out.p, "a drawing", 9) == 0);
    CHECK_INT(kt_body_get(d.path, &h, 8, &out, &err), KT_ELIMIT);
    CHECK_INT(kt_body_get(d.path, &none, 100, &out, &err), KT_ENOTFOUND);
    CHECK_OK(kt_body_put(d.path, "", 0, &again, &err), &err);
    CHECK_OK(kt_body_get(d.path, &again, 0, &out, &err), &err);
    kt_hash_hex(&h, hex);
    snprintf(path, sizeof(path), "%s/bodies/%.2s/%s", d.path, hex, hex);
    CHECK_OK(kt_file_replace(path, "a Drawing", 9, &err), &err);
    CHECK_INT(kt_body_get(d.path, &h, 100, &out, &err), KT_ECORRUPT);
    CHECK_INT(out.n, 9);
    kt_buf_done(&out);
    kt_dir_remove(d.path);
}

UNIT_MAIN({"what is appended is read back", append_and_read_back},
          {"a journal goes on after close", go_on_after_close},
          {"close commits what waits", close_commits_what_waits},
          {"what is wrong is refused", refuses_what_is_wrong},
          {"next_of passes over kinds", next_of_passes_over}, {"find by time", find_by_time},
          {"followers see every event while it is written and thinned", follow_while_writing},
          {"thinning keeps the chain, and readers of old files go on", thin_keeps_the_chain},
          {"old records behind the tail of a recycled file", stale_records_behind_the_tail},
          {"bodies by hash", bodies_by_hash})
