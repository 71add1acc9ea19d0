/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cluster_bench: events through the journal of one node, with etcd or without.
 *
 *   cluster_bench --dir DIR [--address etcd://…] --bytes N --ahead K --seconds S
 *
 * Appends events of N random bytes, at most K of them not durable yet, as fast as they are taken.
 * Prints one JSON line: events and MB a second, and the frames that they went in.
 */
#include "cluster/cluster.h"
#include "tool.h"

enum { BODY_MAX = 1 << 20 };

struct both {
    struct kt_journal *journal;
    struct kt_cluster *cluster;
};

static int fail(const char *what, const struct kt_err *err)
{
    fprintf(stderr, "%s: %s\n", what, err->text);
    return 1;
}

static void synced(void *arg, kt_seq durable)
{
    struct both *b = arg;
    (void)durable;
    if (b->cluster) {
        kt_cluster_synced(b->cluster);
    }
}

static kt_seq durable(const struct both *b)
{
    return b->cluster ? kt_cluster_durable(b->cluster) : kt_journal_durable(b->journal);
}

static int wait_beyond(const struct both *b, kt_seq seq)
{
    return b->cluster ? kt_cluster_wait(b->cluster, seq, KT_MIN)
                      : kt_journal_wait(b->journal, seq + 1, KT_MIN);
}

static int begin(struct both *b, const char *dir, const char *address, struct kt_err *err)
{
    char journal[600];
    snprintf(journal, sizeof(journal), "%.500s/journal", dir);
    struct kt_journal_opts jo = {.dir = journal, .on_durable = synced, .arg = b};
    const struct kt_cluster_opts co = {
        .address = address, .node = "bench", .version = "bench", .data_dir = dir};
    const struct kt_cluster_hooks hooks = {0};
    int r = kt_cluster_wanted(address) ? kt_cluster_join(&co, &b->cluster, err) : KT_OK;
    r = r == KT_OK ? kt_journal_open(&jo, &b->journal, err) : r;
    return r == KT_OK && b->cluster ? kt_cluster_start(b->cluster, b->journal, &hooks, err) : r;
}

static int run(struct both *b, size_t bytes, kt_seq ahead, long seconds, struct kt_err *err)
{
    char *body = malloc(bytes);
    int64_t from = now_ns(), until = from + seconds * KT_SEC;
    kt_seq first = kt_journal_last(b->journal);
    int r = KT_OK;
    kt_random(body, bytes);
    while (r == KT_OK && now_ns() < until) {
        kt_seq last = kt_journal_last(b->journal);
        struct kt_event ev = {.seq = last + 1,
                              .time = wall_ns(),
                              .kind = KT_EV_REQUEST,
                              .origin = KT_STR("bench"),
                              .body = {body, bytes}};
        r = last - durable(b) >= ahead ? wait_beyond(b, last - ahead) : KT_OK;
        r = r == KT_OK ? kt_journal_append(b->journal, &ev, err) : r;
        if (r == KT_EBUSY) {
            kt_journal_flush(b->journal);
            r = KT_OK;
        }
    }
    r = r == KT_OK ? wait_beyond(b, kt_journal_last(b->journal) - 1) : r;
    double s = (double)(now_ns() - from) / 1e9, n = (double)(kt_journal_last(b->journal) - first);
    struct kt_cluster_stats st = {0};
    if (b->cluster) {
        kt_cluster_stats(b->cluster, &st);
    }
    printf("{\"seconds\":%.3f,\"events_per_s\":%.1f,\"mb_per_s\":%.3f,\"frames_per_s\":%.1f,"
           "\"frame_bytes\":%.0f,\"refused\":%llu}\n",
           s, n / s, n * (double)bytes / s / 1e6, (double)st.frames / s,
           st.frames ? (double)st.bytes / (double)st.frames : 0, (unsigned long long)st.refused);
    free(body);
    return r;
}

int main(int argc, char **argv)
{
    struct both b = {0};
    struct kt_err err = {0};
    long bytes = number(argc, argv, "bytes", 200), ahead = number(argc, argv, "ahead", 4096);
    const char *dir = option(argc, argv, "dir", NULL);
    if (!dir || bytes < 1 || bytes > BODY_MAX || ahead < 1) {
        fprintf(stderr, "usage: cluster_bench --dir DIR [--address etcd://…] --bytes N\n");
        return 1;
    }
    if (begin(&b, dir, option(argc, argv, "address", "file"), &err) < 0) {
        return fail("begin", &err);
    }
    for (int64_t until = now_ns() + KT_MIN;
         b.cluster && kt_cluster_role(b.cluster) != KT_CLUSTER_ACTIVE && now_ns() < until;) {
        sleep_until(now_ns() + 10 * KT_MS);
    }
    int r = run(&b, (size_t)bytes, (kt_seq)ahead, number(argc, argv, "seconds", 5), &err);
    kt_cluster_stop(b.cluster);
    kt_journal_close(b.journal);
    kt_cluster_free(b.cluster);
    return r < 0 ? fail("journal", &err) : 0;
}
