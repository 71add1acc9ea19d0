/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/internal.h"

#include <errno.h>
#include <sys/mount.h>

#include "journal/test_util.h"

/* A disk that can be made to fail or to wait. Writes of half a segment and more are the keeper's.
 */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    bool closed;      /* syncs wait */
    unsigned waiting; /* syncs that do */
    int sync_error;   /* errno of the next syncs */
    int write_error;  /* errno of the next `write_errors` writes */
    int write_errors;
    bool keeper_full; /* no file can be made */
    bool keeper_late; /* nor is it known yet */
} disk = {.lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER};

enum { KEEPER_WRITE = 32 << 10 };

static ssize_t disk_pwrite(int fd, const void *p, size_t n, off_t at)
{
    int error = 0;
    pthread_mutex_lock(&disk.lock);
    while (n >= KEEPER_WRITE && disk.keeper_late) {
        pthread_cond_wait(&disk.moved, &disk.lock);
    }
    if (n >= KEEPER_WRITE) {
        error = disk.keeper_full ? ENOSPC : 0;
    } else if (disk.write_errors > 0) {
        disk.write_errors--;
        error = disk.write_error;
    }
    pthread_mutex_unlock(&disk.lock);
    if (error) {
        errno = error;
        return -1;
    }
    return pwrite(fd, p, n, at);
}

static int disk_fdatasync(int fd)
{
    pthread_mutex_lock(&disk.lock);
    disk.waiting++;
    pthread_cond_broadcast(&disk.moved);
    while (disk.closed) {
        pthread_cond_wait(&disk.moved, &disk.lock);
    }
    disk.waiting--;
    int error = disk.sync_error;
    pthread_mutex_unlock(&disk.lock);
    if (error) {
        errno = error;
        return -1;
    }
    return fdatasync(fd);
}

static const struct journal_io faulty = {disk_pwrite, disk_fdatasync};

static void disk_gate(bool closed)
{
    pthread_mutex_lock(&disk.lock);
    disk.closed = closed;
    pthread_cond_broadcast(&disk.moved);
    pthread_mutex_unlock(&disk.lock);
}

/** Until a sync stands at the closed gate. */
static void await_sync(void)
{
    pthread_mutex_lock(&disk.lock);
    while (!disk.waiting) {
        pthread_cond_wait(&disk.moved, &disk.lock);
    }
    pthread_mutex_unlock(&disk.lock);
}

static void disk_fails(int sync_error, int write_error, int write_errors, bool keeper_full)
{
    pthread_mutex_lock(&disk.lock);
    disk.sync_error = sync_error;
    disk.write_error = write_error;
    disk.write_errors = write_errors;
    disk.keeper_full = keeper_full;
    pthread_mutex_unlock(&disk.lock);
}

struct seen {
    _Atomic kt_seq durable;
    _Atomic unsigned failures, dropped;
    _Atomic int code;
    _Atomic bool too_early; /* a drop was told after its seq was durable */
};

static void on_durable(void *arg, kt_seq seq)
{
    ((struct seen *)arg)->durable = seq;
}

static void on_dropped(void *arg, kt_seq seq)
{
    struct seen *s = arg;
    s->dropped++;
    if (seq <= s->durable) {
        s->too_early = true;
    }
}

static void on_failed(void *arg, const struct kt_err *err)
{
    struct seen *s = arg;
    s->failures++;
    s->code = err->code;
}

static struct kt_journal_opts watched(const char *dir, struct seen *s)
{
    struct kt_journal_opts opts = small_opts(dir);
    opts.on_durable = on_durable;
    opts.on_dropped = on_dropped;
    opts.on_failed = on_failed;
    opts.arg = s;
    return opts;
}

static void nothing_is_durable_before_the_sync(void)
{
    struct test_dir d = new_dir();
    struct seen s = {0};
    struct kt_journal_opts opts = watched(d.path, &s);
    struct kt_journal *j;
    struct kt_err err = {0};
    CHECK_OK(journal_open_with(&opts, &faulty, &j, &err), &err);
    CHECK_OK(append_stream(j, 50, &err), &err);
    CHECK_INT(kt_journal_wait(j, 50, 20 * KT_SEC), KT_OK);
    disk_gate(true);
    CHECK_OK(append_text(j, KT_EV_REQUEST, "{}", &err), &err);
    kt_journal_flush(j);
    await_sync();
    CHECK_INT(kt_journal_durable(j), 50);
    CHECK_INT(s.durable, 50);
    CHECK(kt_journal_pending(j) > 0);
    CHECK_INT(read_stream(j, NULL, 1), 50); /* nor does a reader see it */
    CHECK_INT(kt_journal_wait(j, 51, 1), KT_ETIMEOUT);
    disk_gate(false);
    CHECK_INT(kt_journal_wait(j, 51, 20 * KT_SEC), KT_OK);
    kt_journal_close(j);
    CHECK_INT(s.durable, 51);
    kt_dir_remove(d.path);
}

static void pending_is_bounded(void)
{
    struct test_dir d = new_dir();
    struct seen s = {0};
    struct kt_journal_opts opts = watched(d.path, &s);
    struct kt_journal *j;
    struct kt_err err = {0};
    char text[2000];
    int r;
    memset(text, 'y', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    opts.pending_bytes = 100000;
    CHECK_OK(journal_open_with(&opts, &faulty, &j, &err), &err);
    CHECK_OK(append_stream(j, 1, &err), &err);
    CHECK_INT(kt_journal_wait(j, 1, 20 * KT_SEC), KT_OK);
    disk_gate(true);
    while ((r = append_text(j, KT_EV_SAMPLES, text, &err)) == KT_OK) {
    }
    CHECK_INT(r, KT_EBUSY);
    CHECK(kt_journal_pending(j) <= 100000);
    CHECK_INT(append_text(j, KT_EV_SAMPLES, text, &err), KT_EBUSY);
    while ((r = append_text(j, KT_EV_REQUEST, text, &err)) == KT_OK) {
    }
    CHECK_INT(r, KT_EBUSY);
    CHECK(kt_journal_pending(j) > 150000 && kt_journal_pending(j) <= 200000);
    disk_gate(false);
    CHECK_INT(kt_journal_wait(j, kt_journal_last(j), 20 * KT_SEC), KT_OK);
    CHECK_OK(append_text(j, KT_EV_SAMPLES, text, &err), &err);
    kt_journal_close(j);
    CHECK_INT(s.dropped, 0);
    kt_dir_remove(d.path);
}

/** @param sync whether the sync fails, or the write does */
static void fail_for_good(bool sync)
{
    struct test_dir d = new_dir();
    struct seen s = {0};
    struct kt_journal_opts opts = watched(d.path, &s);
    struct kt_journal *j;
    struct kt_journal_stats st;
    struct kt_err err = {0};
    CHECK_OK(journal_open_with(&opts, &faulty, &j, &err), &err);
    CHECK_OK(append_stream(j, 50, &err), &err);
    CHECK_INT(kt_journal_wait(j, 50, 20 * KT_SEC), KT_OK);
    disk_fails(sync ? EIO : 0, EIO, sync ? 0 : 1, false);
    CHECK_OK(append_stream(j, 1, &err), &err);
    CHECK_INT(kt_journal_wait(j, 51, 20 * KT_SEC), KT_EIO);
    disk_fails(0, 0, 0, false);
    CHECK_INT(append_stream(j, 1, &err), KT_EIO);
    CHECK_INT(append_text(j, KT_EV_REQUEST, "{}", &err), KT_EIO);
    CHECK_INT(kt_journal_durable(j), 50);
    CHECK_INT(s.durable, 50);
    kt_journal_stats(j, &st);
    CHECK(st.failed);
    kt_journal_close(j);
    CHECK_INT(s.failures, 1);
    CHECK_INT(s.code, KT_EIO);
    CHECK_OK(kt_journal_open(&opts, &j, &err), &err);
    kt_seq last = kt_journal_last(j); /* 51 may be there, it was not acknowledged */
    CHECK(last == 50 || last == 51);
    CHECK_INT(read_stream(j, NULL, 1), last);
    CHECK_OK(append_stream(j, 10, &err), &err);
    CHECK_INT(kt_journal_wait(j, last + 10, 20 * KT_SEC), KT_OK);
    kt_journal_close(j);
    struct kt_journal_verdict v;
    CHECK_OK(kt_journal_verify(d.path, NULL, NULL, &v, &err), &err);
    CHECK_INT(v.last, last + 10);
    kt_dir_remove(d.path);
}

static void failed_sync(void)
{
    fail_for_good(true);
}

static void failed_write(void)
{
    fail_for_good(false);
}

/** A write that finds no space although its segment is there (copy-on-write file systems). */
static void no_space_in_a_segment(void)
{
    struct test_dir d = new_dir();
    struct seen s = {0};
    struct kt_journal_opts opts = watched(d.path, &s);
    struct kt_journal *j;
    struct kt_err err = {0};
    CHECK_OK(journal_open_with(&opts, &faulty, &j, &err), &err);
    CHECK_OK(append_stream(j, 50, &err), &err);
    CHECK_INT(kt_journal_wait(j, 50, 20 * KT_SEC), KT_OK);
    disk_gate(true);
    CHECK_OK(append_stream(j, 1, &err), &err); /* on its way */
    kt_journal_flush(j);
    await_sync();
    CHECK_OK(append_stream(j, 40, &err), &err); /* these wait, samples among them */
    disk_fails(0, ENOSPC, 1, true);
    disk_gate(false);
    CHECK_INT(kt_journal_wait(j, 91, 20 * KT_SEC), KT_OK);
    CHECK(s.dropped > 0 && !s.too_early);
    CHECK_INT(s.failures, 0);
    CHECK_INT(append_text(j, KT_EV_SAMPLES, "x", &err), KT_EFULL);
    struct kt_journal_stats st;
    kt_journal_stats(j, &st);
    CHECK(st.on_reserve && st.low && !st.failed);
    CHECK_INT(read_stream(j, NULL, 1), 91);
    disk_fails(0, 0, 0, false);
    kt_journal_close(j);
    struct kt_journal_verdict v;
    CHECK_OK(kt_journal_verify(d.path, NULL, NULL, &v, &err), &err);
    CHECK_INT(v.last, 91);
    CHECK_INT(v.dropped_bodies, s.dropped);
    kt_dir_remove(d.path);
}

/** Fill what is free with a file; @return false when nothing could be written */
static bool fill_up(const char *path)
{
    static const char block[4096];
    FILE *f = fopen(path, "wb");
    setvbuf(f, NULL, _IONBF, 0);
    size_t n = 0;
    while (fwrite(block, 1, sizeof(block), f) == sizeof(block)) {
        n++;
    }
    fclose(f);
    return n > 0;
}

enum { UNDER_WAY = 50 }; /* samples that wait for the disk, at most */

/** Append until samples are refused, no more than UNDER_WAY ahead of the disk.
 *  @return the code of the refusal */
static int samples_until_refused(struct kt_journal *j, struct kt_err *err)
{
    int r = KT_OK;
    struct event_maker m = {0};
    for (int i = 0; i < 100000 && (r == KT_OK || r == KT_EBUSY); i++) {
        struct kt_event ev = make_event(&m, kt_journal_last(j) + 1);
        ev.kind = KT_EV_SAMPLES;
        r = kt_journal_append(j, &ev, err);
        if (i % UNDER_WAY == 0 || r == KT_EBUSY) {
            CHECK_INT(kt_journal_wait(j, kt_journal_last(j), 20 * KT_SEC), KT_OK);
        }
    }
    maker_done(&m);
    return r;
}

/** Wait until the keeper has made room, then append a sample. */
static int sample_when_back(struct kt_journal *j, struct kt_err *err)
{
    kt_mono until = kt_clock_mono() + 20 * KT_SEC;
    pthread_mutex_lock(&j->lock);
    while (j->space.full && kt_clock_mono() < until) {
        journal_wait_for(j, &j->done, KT_SEC);
    }
    pthread_mutex_unlock(&j->lock);
    return append_text(j, KT_EV_SAMPLES, "back again", err);
}

static void run_full(const char *dir, const char *filler)
{
    struct seen s = {0};
    struct kt_journal_opts opts = watched(dir, &s);
    struct kt_journal_verdict v;
    struct kt_journal_stats st;
    struct kt_journal *j;
    struct kt_err err = {0};
    CHECK_OK(kt_journal_open(&opts, &j, &err), &err);
    CHECK_OK(append_stream(j, 100, &err), &err);
    CHECK_INT(kt_journal_wait(j, 100, 20 * KT_SEC), KT_OK);
    CHECK(fill_up(filler));
    CHECK_INT(samples_until_refused(j, &err), KT_EFULL);
    CHECK(strstr(err.text, dir));
    kt_seq before = kt_journal_last(j);
    CHECK_INT(kt_journal_wait(j, before, 20 * KT_SEC), KT_OK);
    /* What was let in before the keeper met the full disk may come to the end of the last segment;
     * it gives its bodies up for the reserve, and was never acknowledged. Nobody knew of a full
     * disk, so this is all that was under way, at most; what was let in since has its room. */
    unsigned dropped = s.dropped;
    CHECK(dropped <= UNDER_WAY && !s.too_early);
    for (int i = 0; i < 100; i++) { /* events of consequence go on being durable */
        CHECK_OK(append_text(j, i % 2 ? KT_EV_REQUEST : KT_EV_OUTCOME, "{\"what\":\"cut\"}", &err),
                 &err);
        CHECK_INT(kt_journal_wait(j, kt_journal_last(j), 20 * KT_SEC), KT_OK);
        CHECK_INT(append_text(j, KT_EV_SAMPLES, "no", &err), KT_EFULL);
    }
    CHECK_INT(kt_journal_durable(j), before + 100);
    kt_journal_stats(j, &st);
    CHECK(st.low && st.on_reserve && !st.failed);
    CHECK(unlink(filler) == 0);
    CHECK_OK(sample_when_back(j, &err), &err);
    CHECK_INT(kt_journal_wait(j, kt_journal_last(j), 20 * KT_SEC), KT_OK);
    kt_journal_stats(j, &st);
    CHECK(!st.low && !st.on_reserve);
    kt_seq last = kt_journal_last(j);
    kt_journal_close(j);
    CHECK_INT(s.failures, 0);
    CHECK_INT(s.dropped, dropped);
    CHECK_OK(kt_journal_verify(dir, NULL, NULL, &v, &err), &err);
    CHECK_INT(v.last, last);
    CHECK_INT(v.dropped_bodies, dropped);
}

static void keeper_is_late(bool late)
{
    pthread_mutex_lock(&disk.lock);
    disk.keeper_late = late;
    pthread_cond_broadcast(&disk.moved);
    pthread_mutex_unlock(&disk.lock);
}

/** Does the writer stand at the end of the last segment? */
static bool waits_for_keeper(struct kt_journal *j, size_t event)
{
    pthread_mutex_lock(&j->lock);
    bool stands = !j->space.spares && j->seg.left < (int64_t)(FRAME_HEAD + event);
    pthread_mutex_unlock(&j->lock);
    return stands;
}

/** The last segment ends before the keeper has met the full disk: all that is under way gives its
 *  samples up, no more, and none of it was acknowledged. */
static void a_late_keeper(void)
{
    struct test_dir d = new_dir();
    struct seen s = {0};
    struct kt_journal_opts opts = watched(d.path, &s);
    struct kt_journal_verdict v;
    struct kt_journal *j;
    struct kt_err err = {0};
    char text[400];
    int r = KT_OK;
    memset(text, 's', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    CHECK_OK(journal_open_with(&opts, &faulty, &j, &err), &err);
    CHECK_OK(append_stream(j, 20, &err), &err);
    CHECK_INT(kt_journal_wait(j, 20, 20 * KT_SEC), KT_OK);
    disk_fails(0, 0, 0, true);
    keeper_is_late(true);
    while (r == KT_OK || !waits_for_keeper(j, sizeof(text))) {
        for (int i = 0; r == KT_OK && i < UNDER_WAY; i++) {
            CHECK_OK(append_text(j, KT_EV_SAMPLES, text, &err), &err);
        }
        r = kt_journal_wait(j, kt_journal_last(j), 50 * KT_MS);
    }
    CHECK_INT(r, KT_ETIMEOUT);
    kt_seq durable = s.durable, last = kt_journal_last(j);
    keeper_is_late(false);
    CHECK_INT(kt_journal_wait(j, last, 20 * KT_SEC), KT_OK);
    printf("# %u of %u under way gave their bodies up\n", s.dropped, (unsigned)(last - durable));
    CHECK(s.dropped > 0 && s.dropped <= last - durable && last - durable <= UNDER_WAY);
    CHECK(!s.too_early);
    CHECK_INT(append_text(j, KT_EV_SAMPLES, text, &err), KT_EFULL);
    CHECK_OK(append_text(j, KT_EV_REQUEST, "{}", &err), &err);
    CHECK_INT(kt_journal_wait(j, last + 1, 20 * KT_SEC), KT_OK);
    disk_fails(0, 0, 0, false);
    kt_journal_close(j);
    CHECK_OK(kt_journal_verify(d.path, NULL, NULL, &v, &err), &err);
    CHECK_INT(v.dropped_bodies, s.dropped);
    kt_dir_remove(d.path);
}

static void full_disk(void)
{
    struct test_dir d = new_dir();
    char dir[JOURNAL_PATH], filler[JOURNAL_PATH];
    snprintf(dir, sizeof(dir), "%s/journal", d.path);
    snprintf(filler, sizeof(filler), "%s/filler", d.path);
    if (mount("tmpfs", d.path, "tmpfs", 0, "size=1m") != 0) {
        kt_dir_remove(d.path);
        SKIP("a small file system cannot be mounted (needs root)");
    }
    run_full(dir, filler);
    CHECK(umount(d.path) == 0);
    kt_dir_remove(d.path);
}

/** The reserve ends: refused, not failed, as long as what was taken fits; ticks end at its half. */
static void reserve_runs_out(void)
{
    struct test_dir d = new_dir();
    struct seen s = {0};
    struct kt_journal_opts opts = watched(d.path, &s);
    struct kt_journal *j;
    struct kt_err err = {0};
    int r = KT_OK;
    CHECK_OK(journal_open_with(&opts, &faulty, &j, &err), &err);
    CHECK_OK(append_stream(j, 20, &err), &err);
    CHECK_INT(kt_journal_wait(j, 20, 20 * KT_SEC), KT_OK);
    disk_fails(0, 0, 0, true);
    while (r == KT_OK) { /* to the end of the spare and of the half of the reserve */
        r = append_text(j, KT_EV_TICK, "12345678", &err);
        CHECK_INT(kt_journal_wait(j, kt_journal_last(j), 20 * KT_SEC), KT_OK);
    }
    CHECK_INT(r, KT_EFULL);
    CHECK(j->seg.reserve && j->seg.left > j->seg.size / 3);
    unsigned requests = 0;
    while ((r = append_text(j, KT_EV_REQUEST, "{\"verb\":\"output.command\"}", &err)) == KT_OK) {
        CHECK_INT(kt_journal_wait(j, kt_journal_last(j), 20 * KT_SEC), KT_OK);
        requests++;
    }
    CHECK_INT(r, KT_EFULL);
    CHECK(requests > 100);
    CHECK_INT(s.failures, 0);
    disk_fails(0, 0, 0, false);
    CHECK_OK(sample_when_back(j, &err), &err);
    CHECK_OK(append_text(j, KT_EV_REQUEST, "{}", &err), &err);
    CHECK_INT(kt_journal_wait(j, kt_journal_last(j), 20 * KT_SEC), KT_OK);
    kt_journal_close(j);
    struct kt_journal_verdict v;
    CHECK_OK(kt_journal_verify(d.path, NULL, NULL, &v, &err), &err);
    kt_dir_remove(d.path);
}

static void a_new_journal_needs_room(void)
{
    struct test_dir d = new_dir();
    struct kt_journal_opts opts = small_opts(d.path);
    struct kt_journal *j;
    struct kt_err err = {0};
    disk_fails(0, 0, 0, true);
    CHECK_INT(journal_open_with(&opts, &faulty, &j, &err), KT_EFULL);
    disk_fails(0, 0, 0, false);
    CHECK_OK(journal_open_with(&opts, &faulty, &j, &err), &err);
    kt_journal_close(j);
    kt_dir_remove(d.path);
}

/** What thinning leaves when it is interrupted before and after the exchange of names. */
static void interrupted_thinning(void)
{
    struct test_dir d = new_dir();
    struct kt_journal_opts opts = small_opts(d.path);
    struct kt_journal_verdict before, after;
    struct kt_journal *j;
    struct kt_err err = {0};
    CHECK_OK(journal_open_with(&opts, &faulty, &j, &err), &err);
    CHECK_OK(append_stream(j, 900, &err), &err);
    CHECK_INT(kt_journal_wait(j, 900, 20 * KT_SEC), KT_OK);
    CHECK_OK(kt_journal_verify(d.path, NULL, NULL, &before, &err), &err);
    for (int n = 1; n < 12; n++) { /* a write or a sync of it fails */
        disk_fails(n % 2 ? 0 : EIO, ENOSPC, n % 2, false);
        int r = kt_journal_thin(j, 900, &err);
        CHECK(r == KT_EFULL || r == KT_EIO);
        disk_fails(0, 0, 0, false);
        CHECK_OK(kt_journal_verify(d.path, NULL, NULL, &after, &err), &err);
        CHECK(kt_hash_eq(&before.chain, &after.chain) && after.dropped_bodies == 0);
    }
    CHECK_OK(kt_journal_thin(j, 900, &err), &err);
    kt_journal_close(j);
    char path[JOURNAL_PATH];
    snprintf(path, sizeof(path), "%s/thin-%020d.tmp", d.path, 1);
    CHECK_OK(kt_file_replace(path, "half a segment", 14, &err), &err);
    CHECK_OK(kt_journal_open(&opts, &j, &err), &err);
    CHECK(!kt_file_exists(path));
    kt_journal_close(j);
    CHECK_OK(kt_journal_verify(d.path, NULL, NULL, &after, &err), &err);
    CHECK(kt_hash_eq(&before.chain, &after.chain) && after.dropped_bodies > 100);
    kt_dir_remove(d.path);
}

UNIT_MAIN({"nothing is durable before the sync", nothing_is_durable_before_the_sync},
          {"what waits for the disk is bounded", pending_is_bounded},
          {"after a failed sync nothing is acknowledged", failed_sync},
          {"after a failed write nothing is acknowledged", failed_write},
          {"no space in a segment: the reserve takes over", no_space_in_a_segment},
          {"a full disk: samples refused, consequence durable, then back", full_disk},
          {"a full disk that is met late", a_late_keeper},
          {"the reserve runs out", reserve_runs_out},
          {"a new journal needs room", a_new_journal_needs_room},
          {"thinning fails half-way", interrupted_thinning})
