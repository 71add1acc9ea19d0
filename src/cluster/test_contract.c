/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a journal promises, held against both backends by the same table: `file`, and `etcd` over a
 * real server. "Elsewhere" is what a second reader has: of a file one that opens the folder, of
 * etcd a second node with a disk of its own.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "cluster/cluster.h"
#include "journal/test_util.h"
#include "sys/proc.h"

#define LIMIT (60 * KT_SEC)

struct store {
    const struct backend *b;
    struct kt_journal *j;
    struct kt_cluster *c; /* NULL: file */
    char dir[300], journal[340], other[300], other_journal[340];
};
struct backend {
    const char *name;
    void (*open)(struct store *s);
    void (*close)(struct store *s);
    kt_seq (*durable)(const struct store *s);
    int (*wait)(struct store *s, kt_seq seq);
    kt_seq (*elsewhere)(struct store *s, kt_seq seq); /* last event read there, all compared */
};

/* ---- file ---- */

static void file_open(struct store *s)
{
    struct kt_err err = {0};
    struct kt_journal_opts o = {
        .dir = s->journal, .segment_bytes = 4 << 20, .reserve_bytes = 1 << 20};
    CHECK_OK(kt_journal_open(&o, &s->j, &err), &err);
}

static void file_close(struct store *s)
{
    kt_journal_close(s->j);
    s->j = NULL;
}

static kt_seq file_durable(const struct store *s)
{
    return kt_journal_durable(s->j);
}

static int file_wait(struct store *s, kt_seq seq)
{
    kt_journal_flush(s->j);
    return kt_journal_wait(s->j, seq, LIMIT);
}

static kt_seq file_elsewhere(struct store *s, kt_seq seq)
{
    (void)seq;
    return read_stream(NULL, s->journal, 1);
}

/* ---- etcd ---- */

static pid_t server;
static char address[100];

static int free_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), port = 0;
    if (fd >= 0 && bind(fd, (struct sockaddr *)&a, n) == 0 &&
        getsockname(fd, (struct sockaddr *)&a, &n) == 0) {
        port = ntohs(a.sin_port);
    }
    close(fd);
    return port;
}

static bool etcd_start(const char *dir)
{
    char data[400], client[60], peer[60], cluster[80];
    struct kt_err err = {0};
    int port = free_port();
    snprintf(data, sizeof(data), "%s/etcd", dir);
    snprintf(client, sizeof(client), "http://127.0.0.1:%d", port);
    snprintf(peer, sizeof(peer), "http://127.0.0.1:%d", free_port());
    snprintf(cluster, sizeof(cluster), "e0=%s", peer);
    char *argv[] = {"etcd",  "--name",
                    "e0",    "--data-dir",
                    data,    "--listen-client-urls",
                    client,  "--advertise-client-urls",
                    client,  "--listen-peer-urls",
                    peer,    "--initial-advertise-peer-urls",
                    peer,    "--initial-cluster",
                    cluster, "--log-level",
                    "error", NULL};
    int out = open("/dev/null", O_WRONLY | O_CLOEXEC);
    snprintf(address, sizeof(address), "etcd://127.0.0.1:%d/contract", port);
    bool ok = kt_proc_start(argv, NULL, out, out, &server, &err) == KT_OK;
    close(out);
    return ok;
}

static void synced(void *arg, kt_seq seq)
{
    struct store *s = arg;
    (void)seq;
    if (s->c) {
        kt_cluster_synced(s->c);
    }
}

/* A node with its journal: joined, started. */
static void node_open(struct store *s, const char *node, const char *dir, const char *journal,
                      struct kt_err *err)
{
    struct kt_cluster_opts o = {.address = address,
                                .node = node,
                                .version = "1",
                                .data_dir = dir,
                                .segment_bytes = 4 << 20,
                                .reserve_bytes = 1 << 20,
                                .patience_ns = LIMIT};
    struct kt_journal_opts jo = {.dir = journal,
                                 .segment_bytes = 4 << 20,
                                 .reserve_bytes = 1 << 20,
                                 .on_durable = synced,
                                 .arg = s};
    static const struct kt_cluster_hooks none = {.on_durable = NULL};
    CHECK_OK(kt_cluster_join(&o, &s->c, err), err);
    CHECK_OK(kt_journal_open(&jo, &s->j, err), err);
    if (s->c && s->j) {
        CHECK_OK(kt_cluster_start(s->c, s->j, &none, err), err);
    }
}

/* Take what the order has until `seq` is here; with 0 until this node is the active one. */
static bool take(struct store *s, kt_seq seq)
{
    kt_mono until = kt_clock_mono() + LIMIT;
    int r = 0;
    while (kt_clock_mono() < until && r != KT_ESTATE && !(seq && kt_journal_last(s->j) >= seq)) {
        struct kt_cluster_run run;
        struct kt_event ev;
        struct kt_err err = {0};
        size_t at = 0, size = 0;
        r = kt_cluster_take(s->c, 50 * KT_MS, &run);
        for (kt_seq n = run.first; r == 1 && at < run.events.n; n++, at += size) {
            CHECK_INT(kt_event_unpack(run.events.p + at, run.events.n - at, n, &ev, &size), KT_OK);
            CHECK_OK(kt_journal_append(s->j, &ev, &err), &err);
        }
        if (r == 1) {
            kt_journal_flush(s->j);
            kt_buf_done(&run.events);
        }
    }
    return seq ? kt_journal_last(s->j) >= seq : r == KT_ESTATE;
}

static void etcd_open(struct store *s)
{
    struct kt_err err = {0};
    node_open(s, "a", s->dir, s->journal, &err);
    CHECK(s->c && s->j && take(s, 0));
}

static void etcd_close(struct store *s)
{
    kt_cluster_stop(s->c);
    kt_journal_close(s->j);
    kt_cluster_free(s->c);
    s->c = NULL;
    s->j = NULL;
}

static kt_seq etcd_durable(const struct store *s)
{
    return kt_cluster_durable(s->c);
}

static int etcd_wait(struct store *s, kt_seq seq)
{
    kt_journal_flush(s->j);
    return kt_cluster_wait(s->c, seq - 1, LIMIT);
}

static kt_seq etcd_elsewhere(struct store *s, kt_seq seq)
{
    struct kt_err err = {0};
    struct store other = {.b = s->b};
    node_open(&other, "b", s->other, s->other_journal, &err);
    bool got = other.c && other.j && take(&other, seq);
    etcd_close(&other);
    return got ? read_stream(NULL, s->other_journal, 1) : 0;
}

/* ---- the table ---- */

static const struct backend backends[] = {
    {"file", file_open, file_close, file_durable, file_wait, file_elsewhere},
    {"etcd", etcd_open, etcd_close, etcd_durable, etcd_wait, etcd_elsewhere},
};

static void append(struct store *s, unsigned n)
{
    struct kt_err err = {0};
    CHECK_OK(append_stream(s->j, n, &err), &err);
}

static void what_is_durable_is_elsewhere(struct store *s)
{
    append(s, 700);
    CHECK_INT(s->b->wait(s, 700), KT_OK);
    CHECK_INT(s->b->durable(s), 700);
    CHECK_INT(read_stream(s->j, NULL, 1), 700);
    CHECK_INT(read_stream(s->j, NULL, 333), 700);
    CHECK_INT(s->b->elsewhere(s, 700), 700);
}

static void never_more_durable_than_appended(struct store *s)
{
    for (unsigned i = 0; i < 50; i++) {
        append(s, 3);
        CHECK(s->b->durable(s) <= kt_journal_durable(s->j));
        CHECK(kt_journal_durable(s->j) <= kt_journal_last(s->j));
    }
    CHECK_INT(s->b->wait(s, 150), KT_OK);
}

static void goes_on_after_close(struct store *s)
{
    struct kt_hash chain, again;
    kt_seq seq;
    for (unsigned i = 0; i < 3; i++) {
        CHECK_INT(kt_journal_last(s->j), 40 * i);
        append(s, 40);
        CHECK_INT(s->b->wait(s, 40 * (i + 1)), KT_OK);
        kt_journal_head(s->j, &seq, &chain);
        s->b->close(s);
        s->b->open(s);
        kt_journal_head(s->j, &seq, &again);
        CHECK(seq == 40 * (i + 1) && kt_hash_eq(&chain, &again));
    }
    CHECK_INT(s->b->elsewhere(s, 120), 120);
}

static void refuses_another_seq(struct store *s)
{
    struct event_maker m = {0};
    struct kt_err err = {0};
    append(s, 5);
    struct kt_event late = make_event(&m, 5), early = make_event(&m, 7);
    late.seq = 5;
    CHECK_INT(kt_journal_append(s->j, &late, &err), KT_EINVAL);
    CHECK_INT(kt_journal_append(s->j, &early, &err), KT_EINVAL);
    maker_done(&m);
    append(s, 5);
    CHECK_INT(s->b->wait(s, 10), KT_OK);
    CHECK_INT(s->b->elsewhere(s, 10), 10);
}

static void large_events_among_small(struct store *s)
{
    struct kt_err err = {0};
    struct kt_buf text;
    struct kt_journal_verdict v;
    kt_buf_init(&text, 0);
    for (int i = 0; i < 500 << 10; i++) {
        kt_put_u8(&text, (uint8_t)('a' + i % 26));
    }
    for (int i = 0; i < 12; i++) {
        CHECK_OK(append_text(s->j, KT_EV_REQUEST, i % 4 ? "small" : kt_buf_cstr(&text), &err),
                 &err);
    }
    kt_buf_done(&text);
    CHECK_INT(s->b->wait(s, 12), KT_OK);
    CHECK_INT(s->b->durable(s), 12);
    s->b->close(s);
    CHECK_OK(kt_journal_verify(s->journal, NULL, NULL, &v, &err), &err);
    CHECK_INT(v.last, 12);
    s->b->open(s);
}

static const struct {
    const char *name;
    void (*fn)(struct store *s);
} promises[] = {
    {"what is durable is elsewhere, the same", what_is_durable_is_elsewhere},
    {"durable is never more than is on disk", never_more_durable_than_appended},
    {"goes on after a close, with its chain", goes_on_after_close},
    {"another seq is refused", refuses_another_seq},
    {"large events among small ones", large_events_among_small},
};

static void hold(const struct backend *b, size_t i)
{
    static int number;
    char root[200];
    struct kt_err err = {0};
    struct store s = {.b = b};
    int bad = unit_bad;
    CHECK_OK(kt_dir_temp("kt-contract", root, sizeof(root), &err), &err);
    snprintf(s.dir, sizeof(s.dir), "%s/a", root);
    snprintf(s.other, sizeof(s.other), "%s/b", root);
    snprintf(s.journal, sizeof(s.journal), "%s/journal", s.dir);
    snprintf(s.other_journal, sizeof(s.other_journal), "%s/journal", s.other);
    CHECK_OK(kt_dir_make(s.journal, &err), &err);
    CHECK_OK(kt_dir_make(s.other_journal, &err), &err);
    if (server > 0) { /* an order of its own */
        snprintf(strrchr(address, '/'), 30, "/contract%d", number++);
    }
    b->open(&s);
    if (s.j) {
        promises[i].fn(&s);
        b->close(&s);
    }
    if (unit_bad > bad) {
        printf("# %s: %s\n", b->name, promises[i].name);
    }
    kt_dir_remove(root);
}

static void hold_all(const struct backend *b)
{
    for (size_t i = 0; i < KT_ARRAY_LEN(promises); i++) {
        hold(b, i);
    }
}

static void of_file(void)
{
    hold_all(&backends[0]);
}

static void of_etcd(void)
{
    char dir[200], found[200];
    struct kt_err err = {0};
    const char *places[] = {"/usr/bin/etcd", "/usr/local/bin/etcd"};
    snprintf(found, sizeof(found), "%s", kt_file_exists(places[0]) ? places[0] : places[1]);
    if (!kt_file_exists(found)) {
        SKIP("etcd is not installed (Debian: etcd-server)");
    }
    CHECK_OK(kt_dir_temp("kt-contract-etcd", dir, sizeof(dir), &err), &err);
    REQUIRE(etcd_start(dir));
    hold_all(&backends[1]);
    kt_proc_stop(server, KT_SEC);
    kt_dir_remove(dir);
}

UNIT_MAIN({"the file backend keeps what a journal promises", of_file},
          {"the etcd backend keeps what a journal promises", of_etcd})
