/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/internal.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "journal/test_util.h"

enum { ROUNDS = 120, ROUNDS_A_FOLDER = 15 };

static void tell_parent(void *arg, kt_seq seq)
{
    int fd = *(int *)arg;
    if (write(fd, &seq, sizeof(seq)) != sizeof(seq)) {
        _exit(3);
    }
}

/** The child: append (and thin) until somebody ends it, or until it ends itself. */
static void child(const char *dir, int fd, uint64_t seed)
{
    struct kt_journal_opts opts = small_opts(dir);
    struct kt_journal *j;
    struct kt_err err;
    unsigned most = (unsigned)(unit_rand(&seed) % 3000);
    opts.on_durable = tell_parent;
    opts.arg = &fd;
    if (kt_journal_open(&opts, &j, &err) < 0) {
        _exit(2);
    }
    for (unsigned i = 0; i < most; i++) {
        int r = append_stream(j, 1, &err);
        if (r == KT_EBUSY) {
            r = kt_journal_wait(j, kt_journal_last(j), KT_MIN);
        }
        if (r < 0) {
            _exit(4);
        }
        if (unit_rand(&seed) % 8 == 0) {
            kt_journal_flush(j);
        }
        if (unit_rand(&seed) % 400 == 0 && kt_journal_thin(j, kt_journal_durable(j), &err) < 0) {
            _exit(5);
        }
    }
    _exit(0);
}

/** Run a child and end it after a random number of acknowledgements.
 *  @return the last one it gave; *ret_status as waitpid() says */
static kt_seq run_and_kill(const char *dir, uint64_t *seed, int *ret_status)
{
    int fd[2];
    kt_seq seq, acknowledged = 0;
    unsigned upto = (unsigned)(unit_rand(seed) % 150);
    uint64_t child_seed = unit_rand(seed);
    if (pipe(fd) != 0) {
        return 0;
    }
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        close(fd[0]);
        child(dir, fd[1], child_seed);
    }
    close(fd[1]);
    for (unsigned i = 0; read(fd[0], &seq, sizeof(seq)) == sizeof(seq); i++) {
        acknowledged = seq;
        if (i == upto) {
            kill(pid, SIGKILL);
        }
    }
    waitpid(pid, ret_status, 0);
    close(fd[0]);
    return acknowledged;
}

static bool ended_well(int status)
{
    return (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) ||
           (WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/** All that was acknowledged is there, without a gap, as it was written, and the chain holds. */
static void check_after(const char *dir, kt_seq acknowledged)
{
    struct kt_journal_opts opts = small_opts(dir);
    struct kt_journal_verdict v;
    struct kt_journal *j;
    struct kt_err err = {0};
    struct kt_hash chain;
    kt_seq seq;
    CHECK_OK(kt_journal_verify(dir, NULL, NULL, &v, &err), &err);
    int r = kt_journal_open(&opts, &j, &err);
    CHECK_OK(r, &err);
    if (r < 0) {
        return;
    }
    kt_seq last = kt_journal_last(j);
    CHECK(last >= acknowledged);
    CHECK_INT(v.last, last);
    kt_journal_head(j, &seq, &chain);
    CHECK(last == 0 || kt_hash_eq(&v.chain, &chain));
    CHECK_INT(read_stream(j, NULL, 1), last);
    kt_journal_close(j);
}

static void killed_at_random(void)
{
    uint64_t start = (uint64_t)kt_clock_mono(), seed = start;
    printf("# seed %" PRIu64 "\n", start);
    for (int folder = 0; folder < ROUNDS / ROUNDS_A_FOLDER; folder++) {
        struct test_dir d = new_dir();
        kt_seq acknowledged = 0;
        for (int i = 0; i < ROUNDS_A_FOLDER && !unit_bad; i++) {
            int status = 0;
            kt_seq got = run_and_kill(d.path, &seed, &status);
            CHECK(ended_well(status));
            acknowledged = got > acknowledged ? got : acknowledged;
            check_after(d.path, acknowledged);
        }
        kt_dir_remove(d.path);
    }
}

/* A folder as a crash leaves it: five commits, no mark at the end. */
struct left_behind {
    struct test_dir d;
    kt_seq last, before_last_frame;
    int64_t from, to; /* the last frame in its file */
    char path[JOURNAL_PATH];
};

static bool leave_behind(struct left_behind *l)
{
    struct test_dir live = new_dir();
    struct kt_journal_opts opts = small_opts(live.path);
    struct kt_journal *j;
    struct kt_err err = {0};
    kt_seq first;
    size_t n;
    l->d = new_dir();
    if (kt_journal_open(&opts, &j, &err) < 0) {
        return false;
    }
    bool ok = true;
    for (int i = 0; i < 5; i++) {
        l->before_last_frame = kt_journal_last(j);
        l->from = i ? j->seg.off : SEG_BLOCK;
        ok = ok && append_text(j, KT_EV_REQUEST, "{\"verb\":\"alarm.ack\"}", &err) == KT_OK &&
             kt_journal_wait(j, kt_journal_last(j), 20 * KT_SEC) == KT_OK;
    }
    l->last = kt_journal_last(j);
    l->to = j->seg.off;
    ok = ok && copy_dir(live.path, l->d.path);
    kt_journal_close(j);
    kt_dir_remove(live.path);
    return ok && segment_at(l->d.path, -1, l->path, &first, &n);
}

static bool overwrite(const char *path, int64_t at, const void *p, size_t n)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    bool ok = fd >= 0 && pwrite(fd, p, n, at) == (ssize_t)n;
    return fd >= 0 && close(fd) == 0 && ok;
}

/** Open what is damaged: all but the last frame is there, and the journal goes on. */
static void check_cut(const struct left_behind *l)
{
    struct kt_journal_opts opts = small_opts(l->d.path);
    struct kt_journal_verdict v;
    struct kt_journal *j;
    struct kt_err err = {0};
    int r = kt_journal_open(&opts, &j, &err);
    CHECK_OK(r, &err);
    if (r < 0) {
        return;
    }
    CHECK_INT(kt_journal_last(j), l->before_last_frame);
    CHECK_OK(append_text(j, KT_EV_OUTCOME, "{}", &err), &err);
    CHECK_INT(kt_journal_wait(j, kt_journal_last(j), 20 * KT_SEC), KT_OK);
    kt_journal_close(j);
    CHECK_OK(kt_journal_verify(l->d.path, NULL, NULL, &v, &err), &err);
    CHECK_INT(v.last, l->before_last_frame + 1);
}

/** Damage the last frame of a fresh copy from byte `at` on. */
static bool tear(const struct left_behind *l, struct left_behind *copy, int64_t at)
{
    static const char zeros[4096];
    kt_seq first;
    size_t n;
    unsigned char c = 0;
    kt_dir_remove(copy->d.path);
    if (!copy_dir(l->d.path, copy->d.path) ||
        !segment_at(copy->d.path, -1, copy->path, &first, &n)) {
        return false;
    }
    if (at % 3 == 0) { /* the file ends there */
        return truncate(copy->path, at) == 0;
    }
    if (at % 3 == 1) { /* the rest never came to the disk */
        return overwrite(copy->path, at, zeros, (size_t)(l->to - at));
    }
    int fd = open(copy->path, O_RDONLY | O_CLOEXEC); /* one byte is another one */
    bool ok = fd >= 0 && pread(fd, &c, 1, at) == 1 && close(fd) == 0;
    c ^= 0x10;
    return ok && overwrite(copy->path, at, &c, 1);
}

static void torn_at_every_byte(void)
{
    struct left_behind l, copy;
    struct kt_journal_verdict v;
    struct kt_err err = {0};
    REQUIRE(leave_behind(&l));
    copy = l;
    copy.d = new_dir();
    for (int64_t at = l.from; at < l.to && !unit_bad; at++) {
        CHECK(tear(&l, &copy, at));
        check_cut(&copy);
        if (unit_bad) {
            printf("# torn at byte %lld of %lld to %lld\n", (long long)at, (long long)l.from,
                   (long long)l.to);
        }
    }
    CHECK_OK(kt_journal_verify(l.d.path, NULL, NULL, &v, &err), &err);
    CHECK_INT(v.last, l.last); /* a whole last frame is never cut */
    kt_dir_remove(copy.d.path);
    kt_dir_remove(l.d.path);
}

/** Damage before the last frame is not a torn tail: nothing may be cut there. */
static void damage_is_not_a_tail(void)
{
    struct left_behind l;
    struct kt_journal *j;
    struct kt_journal_verdict v;
    struct kt_err err = {0};
    REQUIRE(leave_behind(&l));
    struct kt_journal_opts opts = small_opts(l.d.path);
    CHECK(overwrite(l.path, l.from - 3, "?", 1));
    CHECK_INT(kt_journal_open(&opts, &j, &err), KT_ECORRUPT);
    CHECK(strstr(err.text, "seg-00000000000000000001") && strstr(err.text, "event 4"));
    CHECK_INT(kt_journal_verify(l.d.path, NULL, NULL, &v, &err), KT_ECORRUPT);
    kt_dir_remove(l.d.path);
}

static bool flip(const char *path, int64_t at, int bit)
{
    unsigned char c = 0;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    bool ok = fd >= 0 && pread(fd, &c, 1, at) == 1;
    c ^= (unsigned char)(1u << bit);
    ok = ok && pwrite(fd, &c, 1, at) == 1;
    return fd >= 0 && close(fd) == 0 && ok;
}

/** Where the frames of a segment end. */
static int64_t tail_of(const char *dir, kt_seq first)
{
    struct seg_cursor c = {.fd = -1};
    struct kt_err err;
    int64_t tail = 0;
    if (seg_open(&c, dir, first, &err) == KT_OK) {
        while (seg_next(&c, &err) == 1) {
        }
        tail = c.off;
    }
    seg_close(&c);
    return tail;
}

static void flip_all(const char *dir, int segment, int64_t step)
{
    char path[JOURNAL_PATH];
    struct kt_journal_verdict v;
    struct kt_err err;
    kt_seq first;
    size_t n;
    REQUIRE(segment_at(dir, segment, path, &first, &n));
    int64_t tail = tail_of(dir, first);
    int bit = 0;
    CHECK(tail > SEG_BLOCK);
    for (int64_t at = 0; at < tail; at += at < SEG_BLOCK + 2000 ? 1 : step) {
        if (at == 2 * SEG_SECTOR) {
            at = SEG_BLOCK; /* what lies between means nothing */
        }
        bit = (bit + 1) % 8;
        CHECK(flip(path, at, bit));
        CHECK_INT(kt_journal_verify(dir, NULL, NULL, &v, &err), KT_ECORRUPT);
        CHECK(strstr(err.text, "seg-"));
        CHECK(flip(path, at, bit));
        if (unit_bad) {
            printf("# segment %d, byte %lld, bit %d\n", segment, (long long)at, bit);
            return;
        }
    }
    CHECK_INT(kt_journal_verify(dir, NULL, NULL, &v, &err), KT_OK);
}

static void flipped_bits_are_found(void)
{
    struct test_dir d = new_dir();
    struct kt_journal_opts opts = small_opts(d.path);
    struct kt_journal *j;
    struct kt_err err = {0};
    CHECK_OK(kt_journal_open(&opts, &j, &err), &err);
    while (j->seg.first < 2 && !unit_bad) { /* into the second segment */
        CHECK_OK(append_stream(j, 10, &err), &err);
        CHECK_INT(kt_journal_wait(j, kt_journal_last(j), 20 * KT_SEC), KT_OK);
    }
    kt_journal_close(j);
    flip_all(d.path, 0, 97);
    flip_all(d.path, 1, 1);
    /* nor is a flipped bit in the last frame taken for a torn one when the end was clean */
    char path[JOURNAL_PATH];
    kt_seq first;
    size_t n;
    CHECK(segment_at(d.path, -1, path, &first, &n));
    CHECK(flip(path, tail_of(d.path, first) - 1, 0));
    CHECK_INT(kt_journal_open(&opts, &j, &err), KT_ECORRUPT);
    kt_dir_remove(d.path);
}

static void a_missing_segment_is_found(void)
{
    struct test_dir d = new_dir();
    struct kt_journal_opts opts = small_opts(d.path);
    struct kt_journal_verdict v;
    struct kt_journal *j;
    struct kt_err err = {0};
    char path[JOURNAL_PATH];
    kt_seq first;
    size_t n;
    CHECK_OK(kt_journal_open(&opts, &j, &err), &err);
    CHECK_OK(append_stream(j, 900, &err), &err);
    kt_journal_close(j);
    CHECK(segment_at(d.path, 1, path, &first, &n));
    CHECK(n > 3);
    CHECK(unlink(path) == 0);
    CHECK_INT(kt_journal_verify(d.path, NULL, NULL, &v, &err), KT_ECORRUPT);
    kt_dir_remove(d.path);
}

UNIT_MAIN({"killed at random: what was acknowledged is there", killed_at_random},
          {"a frame torn at every byte is cut off", torn_at_every_byte},
          {"damage before the tail is not cut off", damage_is_not_a_tail},
          {"every flipped bit is found", flipped_bits_are_found},
          {"a missing segment is found", a_missing_segment_is_found})
