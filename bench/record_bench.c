/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record_bench: what a record costs to be made, and an indicator with its forecast over many.
 *
 *     KT_SOURCE=. record_bench [records]
 * The registers are those of the pack demo-records; a case in three has been assigned.
 */
#include <time.h>

#include "record/test_room.h"

static int64_t clock_ns(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * KT_SEC + ts.tv_nsec;
}

static void apply(struct rig *g, const char *verb, const char *args)
{
    char body[800];
    struct kt_err err;
    snprintf(body, sizeof body,
             "{\"verb\":\"%s\",\"args\":%s,\"by\":{\"user\":\"li\",\"places\":[\"*\"],\"rights\":["
             "\"record.read\",\"record.write\",\"hazard.assign\"]}}",
             verb, args);
    g->now += KT_SEC;
    struct kt_event ev = {.seq = ++g->seq,
                          .time = g->now,
                          .kind = KT_EV_REQUEST,
                          .origin = KT_STR("bench"),
                          .body = kt_str_c(body)};
    CHECK_OK(kt_room_apply(g->room, &ev, &err), &err);
}

static void fill(struct rig *g, uint32_t n)
{
    char args[400];
    struct kt_err err;
    for (uint32_t i = 0; i < n; i++) {
        int64_t id = (int64_t)(g->seq + 1) * 1000;
        snprintf(args, sizeof args,
                 "{\"register\":\"hazard\",\"fields\":{\"title\":\"隐患 %u\",\"place\":\"%s\"}}", i,
                 i % 3 ? "A" : "B");
        apply(g, "record.create", args);
        if (i % 3 == 0) {
            snprintf(args, sizeof args,
                     "{\"record\":%lld,\"version\":1,\"transition\":\"assign\",\"to\":\"li\","
                     "\"fields\":{\"who\":\"li\",\"measure\":\"m\"}}",
                     (long long)id);
            apply(g, "record.move", args);
        }
        if (i % 200 == 199) {
            CHECK_OK(kt_room_commit(g->room, &err), &err);
        }
    }
    CHECK_OK(kt_room_commit(g->room, &err), &err);
}

static void ask(struct rig *g, const char *id, const char *place, uint32_t n)
{
    static const char *const rights[] = {"record.read"};
    const char *const places[] = {place};
    const struct kt_reader who = {"li", rights, 1, places, 1, g->now};
    const struct kt_indicator_query q = {.from = RIG_START, .to = g->now + 10 * KT_DAY};
    struct kt_buf b;
    struct kt_err err;
    int64_t best = INT64_MAX;
    kt_buf_init(&b, 0);
    for (int i = 0; i < 3; i++) {
        kt_buf_clear(&b);
        int64_t t = clock_ns();
        CHECK_OK(kt_room_indicators(g->room, &who, id, &q, &b, &err), &err);
        t = clock_ns() - t;
        best = t < best ? t : best;
    }
    printf("record: %s over %u records, place %s: %.0f ms\n", id, n, place, (double)best / 1e6);
    kt_buf_done(&b);
}

/* A list as of a moment: halfway, when a third of the older ones had been assigned already. */
static void past(struct rig *g, const char *what, const char *filter, const char *sort, uint32_t n)
{
    static const char *const rights[] = {"record.read"}, *const places[] = {"*"};
    const struct kt_reader who = {"li", rights, 1, places, 1, g->now};
    kt_time half = RIG_START + (g->now - RIG_START) / 2;
    struct kt_json *f = NULL;
    struct kt_buf b;
    struct kt_err err;
    int64_t best = INT64_MAX;
    struct timespec ts;
    CHECK_OK(kt_json_parse(kt_str_c(filter), 0, &f, &err), &err);
    const struct kt_record_query q = {.filter = f, .sort = sort, .at = half, .known = half};
    kt_buf_init(&b, 0);
    for (int i = 0; i < 5; i++) {
        kt_buf_clear(&b);
        (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
        int64_t t = ts.tv_sec * KT_SEC + ts.tv_nsec;
        CHECK_OK(kt_room_list(g->room, &who, "hazard", &q, &b, &err), &err);
        (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
        t = ts.tv_sec * KT_SEC + ts.tv_nsec - t;
        best = t < best ? t : best;
    }
    printf("record: %s of %u records as of a past moment: CPU %.1f ms\n", what, n,
           (double)best / 1e6);
    kt_buf_done(&b);
    kt_json_free(f);
}

int main(int argc, char **argv)
{
    struct rig g;
    uint32_t n = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 100000;
    if (!rig_open(&g, NULL)) {
        return 1;
    }
    int64_t t = clock_ns();
    fill(&g, n);
    t = clock_ns() - t;
    printf("record: %llu requests, %.0f a second\n", (unsigned long long)g.seq,
           (double)g.seq * 1e9 / (double)t);
    ask(&g, "hazard_closed", "*", n);
    ask(&g, "hazard_closed", "A", n);
    ask(&g, "hazard_open", "*", n);
    past(&g, "newest 100", "[]", NULL, n);
    past(&g, "filtered", "[[\"_state\",\"=\",\"doing\"]]", NULL, n);
    past(&g, "filtered and sorted", "[[\"place\",\"=\",\"A\"]]", "-title", n);
    past(&g, "sorted", "[]", "no", n);
    g.seq = 0; /* no events were kept */
    rig_close(&g);
    return unit_bad > 0;
}
