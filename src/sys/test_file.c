/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/file.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/thread.h"
#include "unit.h"

static char dir[PATH_MAX / 2];

static const char *in_dir(const char *name)
{
    static char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

static bool holds(const char *path, const char *want)
{
    struct kt_err err;
    struct kt_buf b;
    kt_buf_init(&b, 0);
    bool ok = kt_file_read(path, 1 << 20, &b, &err) == KT_OK && strcmp(kt_buf_cstr(&b), want) == 0;
    kt_buf_done(&b);
    return ok;
}

static bool begin(void)
{
    struct kt_err err;
    int r = kt_dir_temp("kt-file", dir, sizeof(dir), &err);
    CHECK_INT(r, KT_OK);
    return r == KT_OK;
}

static void replace(void)
{
    struct kt_err err;
    struct kt_arena *a = kt_arena_new(0);
    char **names;
    size_t n = 0;
    REQUIRE(begin());
    const char *path = in_dir("state.bin");
    CHECK_OK(kt_file_replace(path, "one", 3, &err), &err);
    CHECK(holds(path, "one"));
    CHECK_INT(chmod(path, 0600), 0);
    CHECK_OK(kt_file_replace(path, "second", 6, &err), &err);
    CHECK(holds(path, "second"));
    struct stat st;
    CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600); /* the mode stays */
    CHECK_OK(kt_dir_list(dir, a, &names, &n, &err), &err);
    CHECK_INT(n, 1); /* nothing is left beside it */
    kt_arena_free(a);
    kt_dir_remove(dir);
    CHECK_INT(kt_file_replace(path, "x", 1, &err), KT_ENOTFOUND);
    CHECK(strstr(err.text, path) != NULL);
}

/* A failed replace leaves the old content: the name is a folder's, rename() refuses. */
static void replace_fails_cleanly(void)
{
    struct kt_err err;
    struct kt_arena *a = kt_arena_new(0);
    char **names;
    size_t n = 0;
    REQUIRE(begin());
    CHECK_OK(kt_dir_make(in_dir("name/inner"), &err), &err);
    CHECK(kt_file_replace(in_dir("name"), "x", 1, &err) < 0);
    CHECK_OK(kt_dir_list(dir, a, &names, &n, &err), &err);
    CHECK_INT(n, 1);
    kt_arena_free(a);
    kt_dir_remove(dir);
}

static void read_limits(void)
{
    struct kt_err err;
    struct kt_buf b, small;
    REQUIRE(begin());
    const char *path = in_dir("ten");
    CHECK_OK(kt_file_replace(path, "0123456789", 10, &err), &err);
    kt_buf_init(&b, 0);
    kt_buf_puts(&b, "before:");
    CHECK_INT(kt_file_read(path, 9, &b, &err), KT_ELIMIT);
    CHECK_STR(kt_buf_cstr(&b), "before:");
    CHECK_OK(kt_file_read(path, 10, &b, &err), &err);
    CHECK_STR(kt_buf_cstr(&b), "before:0123456789");
    CHECK_INT(kt_file_read(in_dir("none"), 9, &b, &err), KT_ENOTFOUND);
    CHECK_INT(kt_file_read(dir, 9, &b, &err), KT_EIO);
    CHECK_STR(kt_buf_cstr(&b), "before:0123456789");
    kt_buf_init(&small, 9);
    CHECK_INT(kt_file_read(in_dir("ten"), 100, &small, &err), KT_ELIMIT);
    CHECK_INT(small.n, 0);
    kt_buf_done(&small);
    kt_buf_init(&small, 10);
    CHECK_OK(kt_file_read(in_dir("ten"), 100, &small, &err), &err);
    CHECK_INT(small.n, 10);
    kt_buf_done(&small);
    kt_buf_done(&b);
    kt_dir_remove(dir);
}

static void large_file(void)
{
    struct kt_err err;
    struct kt_buf b;
    REQUIRE(begin());
    enum { N = 300001 };
    char *p = malloc(N);
    REQUIRE(p);
    for (int i = 0; i < N; i++) {
        p[i] = (char)(i * 31 >> 3);
    }
    CHECK_OK(kt_file_replace(in_dir("big"), p, N, &err), &err);
    CHECK_INT(kt_file_size(in_dir("big")), N);
    kt_buf_init(&b, 0);
    CHECK_OK(kt_file_read(in_dir("big"), N, &b, &err), &err);
    CHECK(b.n == N && memcmp(b.p, p, N) == 0);
    kt_buf_done(&b);
    free(p);
    kt_dir_remove(dir);
}

static void folders(void)
{
    struct kt_err err;
    struct kt_arena *a = kt_arena_new(0);
    char **names;
    size_t n = 99;
    REQUIRE(begin());
    CHECK_OK(kt_dir_make(in_dir("a/b//c/"), &err), &err);
    CHECK_OK(kt_dir_make(in_dir("a/b/c"), &err), &err);
    CHECK_OK(kt_file_replace(in_dir("a/file"), "", 0, &err), &err);
    CHECK_INT(kt_dir_make(in_dir("a/file"), &err), KT_EEXIST);
    CHECK(kt_dir_make(in_dir("a/file/x"), &err) < 0);
    CHECK_INT(kt_dir_make("", &err), KT_EINVAL);
    CHECK_OK(kt_dir_sync(in_dir("a"), &err), &err);
    CHECK_INT(kt_dir_list(in_dir("none"), a, &names, &n, &err), KT_ENOTFOUND);
    CHECK_INT(n, 99);
    CHECK_OK(kt_dir_list(in_dir("a/b/c"), a, &names, &n, &err), &err);
    CHECK_INT(n, 0);
    CHECK(kt_file_exists(in_dir("a/file")) && !kt_file_exists(in_dir("a/none")));
    CHECK_INT(kt_file_size(in_dir("a/file")), 0);
    CHECK_INT(kt_file_size(in_dir("a/none")), -1);
    CHECK(kt_disk_free(dir) > 0);
    CHECK_INT(kt_disk_free(in_dir("none")), -1);
    /* a link is removed, what it shows is not */
    char outside[PATH_MAX];
    CHECK_OK(kt_dir_temp("kt-out", outside, sizeof(outside), &err), &err);
    CHECK_INT(symlink(outside, in_dir("a/link")), 0);
    kt_dir_remove(dir);
    CHECK(!kt_file_exists(dir) && kt_file_exists(outside));
    kt_dir_remove(outside);
    kt_arena_free(a);
}

static void list_is_sorted(void)
{
    struct kt_err err;
    struct kt_arena *a = kt_arena_new(0);
    char **names;
    size_t n = 0;
    uint64_t seed = 8;
    printf("# seed %" PRIu64 "\n", seed);
    REQUIRE(begin());
    for (int i = 0; i < 100; i++) {
        char name[32];
        snprintf(name, sizeof(name), "%c%" PRIu64, i % 2 ? 'Z' : 'a', unit_rand(&seed) % 1000000);
        int fd = open(in_dir(name), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        REQUIRE(fd >= 0);
        close(fd);
    }
    CHECK_OK(kt_dir_list(dir, a, &names, &n, &err), &err);
    CHECK_INT(n, 100);
    for (size_t i = 1; i < n; i++) {
        CHECK(strcmp(names[i - 1], names[i]) < 0);
    }
    kt_arena_free(a);
    kt_dir_remove(dir);
}

static void *slow_reader(void *arg)
{
    int fd = *(int *)arg;
    char part[777];
    uintptr_t total = 0;
    ssize_t n;
    while ((n = read(fd, part, sizeof(part))) > 0) {
        total += (uintptr_t)n;
    }
    return (void *)total;
}

static void write_through_short_writes(void)
{
    struct kt_err err;
    int p[2];
    pthread_t t;
    void *got;
    enum { N = 1 << 20 };
    char *big = calloc(1, N);
    REQUIRE(big && pipe(p) == 0);
    CHECK_OK(kt_thread_start(&t, "reader", slow_reader, &p[0], &err), &err);
    CHECK_OK(kt_write_all(p[1], big, N, &err), &err);
    close(p[1]);
    pthread_join(t, &got);
    CHECK_INT((uintptr_t)got, N);
    close(p[0]);
    CHECK_INT(kt_write_all(p[1], big, 1, &err), KT_EIO);
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    if (full >= 0) {
        CHECK_INT(kt_write_all(full, big, 1, &err), KT_EFULL);
        close(full);
    }
    free(big);
}

UNIT_MAIN({"replace a file", replace}, {"a failed replace leaves nothing", replace_fails_cleanly},
          {"reading keeps its limits", read_limits}, {"a large file", large_file},
          {"folders", folders}, {"a list is sorted by bytes", list_is_sorted},
          {"short writes are continued", write_through_short_writes})
