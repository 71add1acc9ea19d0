/* SPDX-License-Identifier: Apache-2.0 */
/*
 * etcdput: what a bare writer gets out of an etcd cluster over the same gateway that the journal
 * goes through: puts of one size, some of them in flight, without compare, head or chain.
 *
 *   etcdput --urls URL,URL,… --prefix P --bytes N --flight K --seconds S
 *
 * Each writer has one put under way and speaks to the first server, to the next one after a
 * failure. The body is made before the clock starts. Prints one JSON line.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "base/crypto.h"
#include "sys/http_client.h"
#include "tool.h"

enum { FLIGHT_MAX = 64, SERVERS = 8, KEYS = 256 };

struct writer {
    pthread_t thread;
    int id;
    uint64_t puts, failed;
    struct lat lat;
};
static struct {
    const char *prefix, *value;
    char urls[SERVERS][200];
    unsigned urls_n;
    int64_t until;
} plan;

static char *value_of(size_t n)
{
    struct kt_buf out;
    char *raw = malloc(n ? n : 1);
    kt_random(raw, n);
    kt_buf_init(&out, 0);
    kt_base64_encode(raw, n, &out);
    free(raw);
    return strdup(kt_buf_cstr(&out));
}

/* Few keys, so that what was put before is dropped by etcd's own compaction of the bench. */
static void body_of(struct kt_buf *out, const struct writer *w)
{
    char key[300];
    int n = snprintf(key, sizeof(key), "%.200s/%d/%llu", plan.prefix, w->id,
                     (unsigned long long)(w->puts % KEYS));
    kt_buf_clear(out);
    kt_buf_puts(out, "{\"key\":\"");
    kt_base64_encode(key, (size_t)n, out);
    kt_buf_puts(out, "\",\"value\":\"");
    kt_buf_puts(out, plan.value);
    kt_buf_puts(out, "\"}");
}

static void *run(void *arg)
{
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    struct writer *w = arg;
    struct kt_http_client *http = kt_http_client_new();
    struct kt_buf body, answer;
    struct kt_err err;
    unsigned at = 0;
    kt_buf_init(&body, 0);
    kt_buf_init(&answer, 1 << 20);
    while (now_ns() < plan.until) {
        char url[300];
        int status = 0;
        snprintf(url, sizeof(url), "%s/v3/kv/put", plan.urls[at % plan.urls_n]);
        body_of(&body, w);
        struct kt_str text = {body.p, body.n};
        kt_buf_clear(&answer);
        int64_t from = now_ns();
        int r = kt_http_client_do(http, "POST", url, headers, &text, 5000000000ll, &status, &answer,
                                  &err);
        if (r == KT_OK && status == 200) {
            w->puts++;
            lat_add(&w->lat, now_ns() - from);
        } else {
            w->failed++;
            at++;
        }
    }
    kt_buf_done(&body);
    kt_buf_done(&answer);
    kt_http_client_free(http);
    return NULL;
}

static void servers(const char *text)
{
    while (*text && plan.urls_n < SERVERS) {
        size_t n = strcspn(text, ",");
        snprintf(plan.urls[plan.urls_n++], sizeof(plan.urls[0]), "%.*s", (int)n, text);
        text += n + (text[n] == ',');
    }
}

int main(int argc, char **argv)
{
    struct writer writers[FLIGHT_MAX] = {0};
    long bytes = number(argc, argv, "bytes", 1000), flight = number(argc, argv, "flight", 4);
    long seconds = number(argc, argv, "seconds", 5);
    struct lat all = {0};
    uint64_t puts = 0, failed = 0;
    servers(option(argc, argv, "urls", ""));
    plan.prefix = option(argc, argv, "prefix", "bare");
    if (!plan.urls_n || flight < 1 || flight > FLIGHT_MAX || bytes < 1) {
        fprintf(stderr, "usage: etcdput --urls URL,… --bytes N --flight K --seconds S\n");
        return 1;
    }
    plan.value = value_of((size_t)bytes);
    int64_t from = now_ns();
    plan.until = from + seconds * 1000000000ll;
    for (long i = 0; i < flight; i++) {
        writers[i].id = (int)i;
        pthread_create(&writers[i].thread, NULL, run, &writers[i]);
    }
    for (long i = 0; i < flight; i++) {
        pthread_join(writers[i].thread, NULL);
        puts += writers[i].puts;
        failed += writers[i].failed;
        for (size_t k = 0; k < writers[i].lat.n; k++) {
            lat_add(&all, writers[i].lat.v[k]);
        }
    }
    double s = (double)(now_ns() - from) / 1e9;
    printf("{\"seconds\":%.3f,\"puts\":%llu,\"failed\":%llu,\"per_s\":%.1f,\"mb_per_s\":%.3f,", s,
           (unsigned long long)puts, (unsigned long long)failed, (double)puts / s,
           (double)puts * (double)bytes / s / 1e6);
    lat_print("put", &all);
    printf("}\n");
    return 0;
}
