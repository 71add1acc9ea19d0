/* SPDX-License-Identifier: Apache-2.0 */
/* Small files at rest: packed at a stop, read from memory, unpacked for the writer. */
#include "history/history.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "history/files.h"
#include "sys/file.h"
#include "unit.h"

enum { SAMPLES = 3000, ROUND = 20 };

static char dir[200], file[260], packed[264];
static struct kt_err err;
static const kt_time T0 = INT64_C(1764000000) * KT_SEC; /* 2025-11-24 16:00 UTC */

static void folder(void)
{
    CHECK_OK(kt_dir_temp("kt-history", dir, sizeof(dir), &err), &err);
    snprintf(file, sizeof(file), "%s/normal-2025-11.db", dir);
    snprintf(packed, sizeof(packed), "%s%s", file, HISTORY_PACKED);
}

static struct kt_history *open_one(void)
{
    struct kt_history_opts o = {.dir = dir, .chunk_samples = 100};
    struct kt_history_point p = {.id = "a", .retention = 1};
    struct kt_history *h = NULL;
    CHECK_OK(kt_history_open(&o, &h, &err), &err);
    CHECK_OK(kt_history_declare(h, (kt_point_id){0}, &p, &err), &err);
    return h;
}

static double value_of(uint64_t i)
{
    return (double)(i * i % 1237) / 100;
}

/* Sample i of the series, under number i + 1. */
static void add(struct kt_history *h, uint64_t i)
{
    uint32_t p = 0;
    kt_time t = T0 + (int64_t)i * KT_SEC;
    double v = value_of(i);
    struct kt_samples s = {.n = 1, .point = &p, .time = &t, .value = &v};
    CHECK_OK(kt_history_add(h, i + 1, t, &s, &err), &err);
}

static void fill(struct kt_history *h, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i < to; i++) {
        add(h, i);
    }
}

struct reading {
    uint64_t n, wrong;
    struct kt_history *write; /* at the first sample one is added to this one */
    uint64_t inner;
};

static uint64_t read_all(struct kt_history *h);

static bool one(void *arg, kt_time time, double value, kt_quality q, kt_time arrival)
{
    struct reading *r = arg;
    (void)arrival;
    r->wrong += time != T0 + (int64_t)r->n * KT_SEC || value != value_of(r->n) || q != 0;
    if (r->n++ == 0 && r->write) {
        add(r->write, SAMPLES);
        CHECK_OK(kt_history_seal(r->write, 0, true, &err), &err);
        r->inner = read_all(r->write);
    }
    return true;
}

static uint64_t read_all(struct kt_history *h)
{
    struct reading r = {0};
    CHECK_OK(kt_history_scan(h, "a", INT64_MIN, INT64_MAX, one, &r, &err), &err);
    CHECK_INT(r.wrong, 0);
    return r.n;
}

static void make_packed(void)
{
    folder();
    struct kt_history *h = open_one();
    fill(h, 0, SAMPLES);
    kt_history_close(h);
    CHECK(kt_file_exists(packed) && !kt_file_exists(file));
}

static void packed_and_back(void)
{
    make_packed();
    struct kt_history *h = open_one();
    struct kt_history_stats st;
    uint64_t chunks = 0;
    CHECK_INT(read_all(h), SAMPLES);
    kt_history_stats(h, &st);
    CHECK_INT(st.bytes, kt_file_size(packed));
    CHECK_INT(st.samples, SAMPLES);
    CHECK_OK(kt_history_verify(dir, NULL, NULL, &chunks, &err), &err);
    CHECK_INT(chunks, st.chunks);
    /* read only: it stays packed, and its copy is a plain database */
    char copy[260], plain[300];
    snprintf(copy, sizeof(copy), "%s/copy", dir);
    snprintf(plain, sizeof(plain), "%s/normal-2025-11.db", copy);
    CHECK_OK(kt_history_backup(h, copy, &err), &err);
    CHECK(kt_file_exists(plain));
    uint64_t again = 0;
    CHECK_OK(kt_history_verify(copy, NULL, NULL, &again, &err), &err);
    CHECK_INT(again, chunks);
    kt_history_close(h);
    CHECK(kt_file_exists(packed) && !kt_file_exists(file));
    kt_dir_remove(dir);
}

/* A question that was begun on the packed file ends on it; the next one sees what was written. */
static void written_while_read(void)
{
    make_packed();
    struct kt_history *h = open_one();
    struct reading r = {.write = h};
    CHECK_OK(kt_history_scan(h, "a", INT64_MIN, INT64_MAX, one, &r, &err), &err);
    CHECK_INT(r.n, SAMPLES);
    CHECK_INT(r.wrong, 0);
    CHECK_INT(r.inner, SAMPLES + 1);
    CHECK(kt_file_exists(file) && !kt_file_exists(packed));
    CHECK_INT(read_all(h), SAMPLES + 1);
    kt_history_close(h);
    CHECK(kt_file_exists(packed) && !kt_file_exists(file));
    h = open_one();
    CHECK_INT(read_all(h), SAMPLES + 1);
    kt_history_close(h);
    kt_dir_remove(dir);
}

/* Fallen between the two: both are there, and the file counts. */
static void both_are_there(void)
{
    make_packed();
    CHECK_OK(history_unpack(file, &err), &err);
    CHECK(kt_file_exists(file) && kt_file_exists(packed));
    uint64_t chunks = 0;
    CHECK_OK(kt_history_verify(dir, NULL, NULL, &chunks, &err), &err);
    struct kt_history *h = open_one();
    struct kt_history_stats st;
    kt_history_stats(h, &st);
    CHECK_INT(st.chunks, chunks);
    CHECK(kt_file_exists(file) && !kt_file_exists(packed));
    CHECK_INT(read_all(h), SAMPLES);
    kt_history_close(h);
    kt_dir_remove(dir);
}

/* Any damage is found: the file is put aside, or its chunk named; the program goes on. */
static void damage_is_found(void)
{
    uint64_t seed = 20261122;
    printf("# seed %llu\n", (unsigned long long)seed);
    make_packed();
    struct kt_buf whole, b;
    kt_buf_init(&whole, 0);
    kt_buf_init(&b, 0);
    CHECK_OK(kt_file_read(packed, 1 << 24, &whole, &err), &err);
    for (int i = 0; i < 40; i++) {
        kt_buf_clear(&b);
        kt_buf_put(&b, whole.p, whole.n);
        if (i % 2) {
            b.n = unit_rand(&seed) % b.n;
        } else {
            b.p[unit_rand(&seed) % b.n] ^= (char)(1 + unit_rand(&seed) % 255);
        }
        CHECK_OK(kt_file_replace(packed, b.p, b.n, &err), &err);
        struct kt_history *h = open_one();
        struct reading r = {0};
        int got = kt_history_scan(h, "a", INT64_MIN, INT64_MAX, one, &r, &err);
        CHECK(got == KT_ECORRUPT || (got == KT_OK && (r.n == 0 || r.n == SAMPLES)));
        CHECK_INT(r.wrong, 0);
        kt_history_close(h);
        unlink(packed);
    }
    kt_buf_done(&whole);
    kt_buf_done(&b);
    kt_dir_remove(dir);
}

/* Packs and unpacks until it is killed; says after each stop that its samples are at rest. */
static void live_and_stop(int out, uint64_t from)
{
    for (uint64_t i = from;; i += ROUND) {
        struct kt_history *h = open_one();
        fill(h, i, i + ROUND);
        kt_history_close(h);
        if (write(out, "+", 1) != 1) {
            _exit(1);
        }
    }
}

static void killed_at_random(void)
{
    uint64_t seed = 77, there = 0;
    folder();
    for (int i = 0; i < 12; i++) {
        int fd[2];
        char said[4096];
        CHECK(pipe(fd) == 0);
        pid_t pid = fork();
        if (pid == 0) {
            live_and_stop(fd[1], there);
            _exit(0);
        }
        close(fd[1]);
        ssize_t n = read(fd[0], said, 1); /* it is at work */
        usleep((useconds_t)(unit_rand(&seed) % 30000));
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        ssize_t more = read(fd[0], said, sizeof(said));
        close(fd[0]);
        uint64_t least = there + (uint64_t)(n + (more > 0 ? more : 0)) * ROUND;
        struct kt_history *h = open_one();
        uint64_t got = read_all(h);
        CHECK(got >= least && got <= least + ROUND && got % ROUND == 0);
        there = got;
        kt_history_close(h);
    }
    uint64_t chunks = 0;
    CHECK_OK(kt_history_verify(dir, NULL, NULL, &chunks, &err), &err);
    CHECK(chunks > 0);
    kt_dir_remove(dir);
}

/* ---- files that are gone ---- */

static char said[200];

static void on_lost(void *arg, const char *name)
{
    (void)arg;
    size_t n = strlen(said);
    snprintf(said + n, sizeof(said) - n, "%s;", name);
}

static void missed(const char *name)
{
    uint64_t chunks;
    CHECK_INT(kt_history_verify(dir, NULL, NULL, &chunks, &err), KT_ECORRUPT);
    CHECK(strstr(err.text, name) && strstr(err.text, "backup"));
}

static void proved(uint64_t want)
{
    uint64_t chunks = 0;
    CHECK_OK(kt_history_verify(dir, NULL, NULL, &chunks, &err), &err);
    CHECK_INT(chunks, want);
}

static void take_away(const char *name)
{
    char path[300];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    REQUIRE(unlink(path) == 0);
}

/* Verify misses it, and the first start that can say so says it; what retention drops is not. */
static void gone_months_are_missed(void)
{
    const struct kt_history_opts says = {.dir = dir, .on_lost = on_lost};
    const int days[3] = {0, 150, 0};
    folder();
    struct kt_history *h = open_one();
    for (uint64_t i = 0; i < 4; i++) { /* November, January, February, March */
        add(h, i * 40 * (KT_DAY / KT_SEC));
    }
    kt_history_close(h);
    proved(4);
    take_away("normal-2026-01.db.zst");
    missed("normal-2026-01.db");
    kt_history_close(open_one()); /* nobody to be told: it stays listed */
    missed("normal-2026-01.db");
    CHECK_OK(kt_history_open(&says, &h, &err), &err);
    CHECK_STR(said, "normal-2026-01.db;");
    proved(3); /* while it is open */
    CHECK_OK(kt_history_retain(h, T0 + 200 * KT_DAY, days, &err), &err);
    proved(2);
    kt_history_close(h);
    CHECK_OK(kt_history_open(&says, &h, &err), &err);
    kt_history_close(h);
    CHECK_STR(said, "normal-2026-01.db;"); /* once */
    proved(2);
    take_away("state.db.zst");
    missed("state.db");
    kt_dir_remove(dir);
}

/* Of a program before the list: what is there is listed at the first start. */
static void older_lists_are_filled(void)
{
    folder();
    struct kt_history *h = open_one();
    add(h, 0);
    kt_history_close(h);
    char path[260];
    snprintf(path, sizeof(path), "%s/state.db", dir);
    struct kt_store_opts o = {.path = path};
    struct kt_store *s;
    CHECK_OK(history_unpack(path, &err), &err);
    history_packed_remove(path);
    CHECK_OK(kt_store_open(&o, &s, &err), &err);
    CHECK_OK(kt_db_exec(kt_store_writer(s), "DROP TABLE month; PRAGMA user_version = 2", &err),
             &err);
    kt_store_close(s);
    proved(1);
    kt_history_close(open_one());
    proved(1);
    take_away("normal-2025-11.db.zst");
    missed("normal-2025-11.db");
    kt_dir_remove(dir);
}

UNIT_MAIN({"packed and back", packed_and_back}, {"written while read", written_while_read},
          {"both are there", both_are_there}, {"damage is found", damage_is_found},
          {"killed at random", killed_at_random},
          {"gone months are missed", gone_months_are_missed},
          {"older lists are filled", older_lists_are_filled})
