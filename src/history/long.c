/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connection: where it is, whether it answers, what it says of itself.
 */
#include "history/long_private.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "conf/number.h"
#include "sys/clock.h"

#define PROBE_TIMEOUT (5 * KT_SEC)
enum { PROBE_MAX = 4 << 20 };

static char *copy(const char *text)
{
    char *t = text && *text ? strdup(text) : NULL;
    KT_ASSERT(!text || !*text || t);
    return t;
}

/* url, without a slash at its end, and what a cluster wants between it and the API. */
static void base_of(char *to, const char *url, const char *part, const char *tenant)
{
    size_t n = strlen(url);
    while (n && url[n - 1] == '/') {
        n--;
    }
    if (*tenant) {
        snprintf(to, LONG_BASE_MAX, "%.*s/%s/%s/prometheus", (int)n, url, part, tenant);
    } else {
        snprintf(to, LONG_BASE_MAX, "%.*s", (int)n, url);
    }
}

static struct kt_http_client *client_new(const struct kt_long *l)
{
    struct kt_http_client *c = kt_http_client_new();
    kt_http_client_trust(c, l->ca_file);
    kt_http_client_login(c, l->user, l->password ? l->password : "");
    return c;
}

struct kt_long *kt_long_new(const struct kt_long_opts *o)
{
    struct kt_long *l = calloc(1, sizeof(*l));
    KT_ASSERT(l);
    const char *read = *o->read_url ? o->read_url : o->url;
    base_of(l->write_url, o->url, "insert", o->tenant);
    base_of(l->read_url, read, "select", o->tenant);
    base_of(l->write_probe, o->url, "", "");
    base_of(l->read_probe, read, "", "");
    l->site = strdup(o->site);
    KT_ASSERT(l->site);
    l->user = copy(o->user);
    l->password = copy(o->password);
    l->ca_file = copy(o->ca_file);
    if (*o->token) {
        size_t n = strlen(o->token) + 32;
        l->token_line = malloc(n);
        KT_ASSERT(l->token_line);
        snprintf(l->token_line, n, "Authorization: Bearer %s", o->token);
    }
    l->writer = client_new(l);
    kt_buf_init(&l->body, 64 << 20);
    pthread_mutex_init(&l->lock, NULL);
    l->state.since = kt_clock_now();
    return l;
}

void kt_long_free(struct kt_long *l)
{
    if (!l) {
        return;
    }
    for (int i = 0; i < l->idle_n; i++) {
        kt_http_client_free(l->idle[i]);
    }
    kt_http_client_free(l->writer);
    kt_buf_done(&l->body);
    pthread_mutex_destroy(&l->lock);
    free(l->first);
    free(l->next);
    free(l->site);
    free(l->user);
    free(l->password);
    free(l->token_line);
    free(l->ca_file);
    free(l);
}

/* ---- state ---- */

void long_say(struct kt_long *l, bool up, const char *why)
{
    pthread_mutex_lock(&l->lock);
    struct kt_long_state *s = &l->state;
    if (!s->asked || s->up != up) {
        s->since = kt_clock_now();
        if (up) {
            KT_INFO("long-history", "%s answers", l->write_url);
        } else {
            KT_WARN("long-history", "away: %s", why);
        }
    }
    s->asked = true;
    s->up = up;
    s->errors += !up;
    if (!up || why) {
        snprintf(s->text, sizeof(s->text), "%s", why);
    }
    pthread_mutex_unlock(&l->lock);
}

void kt_long_state(struct kt_long *l, struct kt_long_state *ret)
{
    pthread_mutex_lock(&l->lock);
    *ret = l->state;
    pthread_mutex_unlock(&l->lock);
}

/* ---- one exchange ---- */

/* What an answer that is no success says, on one line. */
static int refused(const char *url, int status, struct kt_buf *body, struct kt_err *err)
{
    char text[160];
    kt_text_set(text, sizeof(text), kt_buf_cstr(body));
    for (char *p = text; *p; p++) {
        *p = *p < ' ' && *p >= 0 ? ' ' : *p;
    }
    int code = status == 401 || status == 403   ? KT_EAUTH
               : status == 429 || status >= 500 ? KT_EIO
                                                : KT_EINVAL;
    return kt_err_set(err, code, "%.150s: HTTP %d: %s", url, status, text);
}

int long_exchange(const struct kt_long *l, struct kt_http_client *c, const char *method,
                  const char *url, const char *type, const struct kt_str *body, int64_t timeout,
                  struct kt_buf *answer, struct kt_err *err)
{
    const char *headers[3] = {type, l->token_line, NULL};
    int status = 0;
    int r = kt_http_client_do(c, method, url, headers, body, timeout, &status, answer, err);
    return r < 0 || (status >= 200 && status < 300) ? r : refused(url, status, answer, err);
}

/* ---- what it says of itself: start, settings ---- */

/* The value behind `name` at the beginning of a line. */
static struct kt_str metric(struct kt_str text, const char *name)
{
    size_t n = strlen(name);
    const char *p = text.p, *end = text.p + text.n;
    while (p && p < end) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        size_t len = (size_t)((nl ? nl : end) - p);
        if (len > n && memcmp(p, name, n) == 0) {
            return (struct kt_str){p + n, len - n};
        }
        p = nl ? nl + 1 : NULL;
    }
    return (struct kt_str){NULL, 0};
}

static bool starts(struct kt_str s, const char *with)
{
    size_t n = strlen(with);
    return s.n >= n && memcmp(s.p, with, n) == 0;
}

static int fetch_metrics(struct kt_long *l, const char *base, struct kt_buf *out,
                         struct kt_err *err)
{
    char url[LONG_BASE_MAX + 32];
    snprintf(url, sizeof(url), "%s/metrics", base);
    return long_exchange(l, l->writer, "GET", url, NULL, NULL, PROBE_TIMEOUT, out, err);
}

static const char lacks_dedup[] =
    "it runs without -dedup.minScrapeInterval=1ms: long trends are slower";
static const char lacks_retention[] =
    "it runs without -retentionPeriod: what is older than a month is dropped";

/* Does the answering side drop repeats, and for how long does it keep? */
static void probe_settings(struct kt_long *l)
{
    struct kt_buf b;
    struct kt_err err = {0};
    kt_buf_init(&b, PROBE_MAX);
    int r = fetch_metrics(l, l->read_probe, &b, &err);
    struct kt_str text = {b.p, r == KT_OK ? b.n : 0};
    bool dedup = starts(metric(text, "flag{name=\"dedup.minScrapeInterval\", value=\""), "1ms\"");
    struct kt_str keeps = metric(text, "flag{name=\"retentionPeriod\", value=\"");
    bool month = keeps.n && memmem(keeps.p, keeps.n, "is_set=\"false\"", 14);
    pthread_mutex_lock(&l->lock);
    l->state.dedup = dedup;
    snprintf(l->state.text, sizeof(l->state.text), "%s",
             month    ? lacks_retention
             : !dedup ? lacks_dedup
                      : "");
    pthread_mutex_unlock(&l->lock);
    kt_buf_done(&b);
}

/* After a new connection: is it the program of before? */
bool long_started_anew(struct kt_long *l)
{
    struct kt_buf b;
    struct kt_err err = {0};
    double started = 0;
    kt_buf_init(&b, PROBE_MAX);
    if (fetch_metrics(l, l->write_probe, &b, &err) == KT_OK) {
        struct kt_str v = metric((struct kt_str){b.p, b.n}, "vm_app_start_timestamp ");
        if (v.n && kt_number_parse(v, &started) < 0) {
            started = 0;
        }
    }
    kt_buf_done(&b);
    bool anew = l->started != 0 && started != l->started;
    l->started = started;
    probe_settings(l);
    return anew;
}

struct kt_http_client *long_client_take(struct kt_long *l)
{
    pthread_mutex_lock(&l->lock);
    struct kt_http_client *c = l->idle_n ? l->idle[--l->idle_n] : NULL;
    pthread_mutex_unlock(&l->lock);
    return c ? c : client_new(l);
}

void long_client_give(struct kt_long *l, struct kt_http_client *c)
{
    pthread_mutex_lock(&l->lock);
    if (l->idle_n < LONG_CLIENTS) {
        l->idle[l->idle_n++] = c;
        c = NULL;
    }
    pthread_mutex_unlock(&l->lock);
    kt_http_client_free(c);
}
