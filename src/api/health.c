/* SPDX-License-Identifier: Apache-2.0 */
/* The program about itself: /healthz, /metrics, /health, /certificate. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/cluster.h"
#include "api/handlers.h"
#include "sys/clock.h"
#include "sys/file.h"

static int64_t resident_bytes(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f) {
        if (fscanf(f, "%*s %ld", &pages) != 1) {
            pages = 0;
        }
        fclose(f);
    }
    return (int64_t)pages * 4096;
}

void get_healthz(struct call *c)
{
    struct kt_runtime_stats st;
    kt_runtime_stats(c->api->opts.runtime, &st);
    if (st.failed) {
        reply_text(c, 503, "text/plain", "journal failed: nothing is acknowledged\n");
    } else if (!atomic_load(&c->api->started)) {
        reply_text(c, 503, "text/plain", "starting\n");
    } else {
        reply_text(c, 200, "text/plain", "ok\n");
    }
}

/*
 * The authority that signed the server's certificate, for phones that have to trust it once. It
 * lies beside the certificate as `kuangtu cert` makes it, and is as public as what TLS shows.
 * Beside it the address of the HTTPS listener, so that a page opened without TLS knows where to go.
 */
void get_certificate(struct call *c)
{
    char path[900];
    struct kt_buf pem;
    struct kt_err err = {0};
    const char *cert = c->site->tls_cert, *end = strrchr(cert, '/');
    kt_buf_init(&pem, 1 << 16);
    int n = snprintf(path, sizeof(path), "%s/%.*sca.pem", c->api->opts.site_dir,
                     end ? (int)(end - cert + 1) : 0, cert);
    int r = *cert && n < (int)sizeof(path) ? kt_file_read(path, 1 << 16, &pem, &err) : KT_ENOTFOUND;
    if (r < 0 || !strstr(kt_buf_cstr(&pem), "BEGIN CERTIFICATE") ||
        strstr(kt_buf_cstr(&pem), "PRIVATE KEY")) {
        kt_buf_done(&pem);
        reply_code(c->req, KT_ENOTFOUND,
                   "this site has no authority of its own (kuangtu cert makes one)");
        return;
    }
    kt_http_set_header(c->req, "X-Kuangtu-Https", c->site->listen_https);
    kt_http_set_header(c->req, "Content-Disposition", "attachment; filename=\"kuangtu-ca.crt\"");
    kt_http_reply_take(c->req, 200, "application/x-x509-ca-cert", &pem);
}

struct metric {
    const char *name, *type, *help;
    double value;
};

void get_metrics(struct call *c)
{
    struct kt_runtime_stats s;
    kt_runtime_stats(c->api->opts.runtime, &s);
    const struct metric list[] = {
        {"kuangtu_samples_total", "counter", "samples applied", (double)s.engine.samples},
        {"kuangtu_samples_late_total", "counter", "samples older than the present",
         (double)s.engine.late},
        {"kuangtu_samples_future_total", "counter", "samples from the future",
         (double)s.engine.future},
        {"kuangtu_batches_refused_total", "counter", "batches refused (429)",
         (double)s.refused_batches},
        {"kuangtu_alarms_active", "gauge", "alarms that are not over",
         (double)s.engine.alarms_active},
        {"kuangtu_outcomes_total", "counter", "outcomes", (double)s.engine.outcomes},
        {"kuangtu_rule_evaluations_total", "counter", "conditions evaluated",
         (double)s.engine.evaluations},
        {"kuangtu_journal_commits_total", "counter", "group commits", (double)s.journal.commits},
        {"kuangtu_journal_bytes_total", "counter", "bytes written", (double)s.journal.bytes},
        {"kuangtu_journal_last_commit_seconds", "gauge", "write and sync",
         (double)s.journal.last_commit_ns / 1e9},
        {"kuangtu_journal_worst_commit_seconds", "gauge", "since start",
         (double)s.journal.worst_commit_ns / 1e9},
        {"kuangtu_journal_failed", "gauge", "1: nothing is acknowledged", s.failed ? 1 : 0},
        {"kuangtu_history_samples", "gauge", "samples stored", (double)s.history.samples},
        {"kuangtu_history_bytes", "gauge", "bytes on disk", (double)s.history.bytes},
        {"kuangtu_history_head_samples", "gauge", "samples not sealed yet",
         (double)s.history.head_samples},
        {"kuangtu_long_history_up", "gauge", "1: VictoriaMetrics answers",
         s.lng.on && s.lng.state.up ? 1 : 0},
        {"kuangtu_long_history_behind_seconds", "gauge", "what it has not been sent yet",
         (double)s.lng.behind_ns / 1e9},
        {"kuangtu_long_history_samples_total", "counter", "samples sent to it",
         (double)s.lng.state.samples},
        {"kuangtu_long_history_errors_total", "counter", "writes that failed and were repeated",
         (double)s.lng.state.errors},
        {"kuangtu_long_history_gaps_total", "counter", "times that samples were lost for it",
         (double)s.lng.gaps},
        {"kuangtu_queue_urgent_samples", "gauge", "waiting for the engine", (double)s.queue_urgent},
        {"kuangtu_queue_bulk_samples", "gauge", "waiting for the engine", (double)s.queue_bulk},
        {"kuangtu_lag_seconds", "gauge", "oldest waiting sample", (double)s.lag_ns / 1e9},
        {"kuangtu_unacknowledged_seconds", "gauge", "oldest input that is not durable yet",
         (double)s.unacked_ns / 1e9},
        {"kuangtu_posts_total", "counter", "posts of producers answered", (double)s.posts},
        {"kuangtu_posts_held_total", "counter", "posts refused or sent late for want of room",
         (double)s.posts_held},
        {"kuangtu_disk_free_bytes", "gauge", "of the data folder", (double)s.disk_free},
        {"kuangtu_resident_bytes", "gauge", "memory of the process", (double)resident_bytes()},
        {"kuangtu_logins_limited_total", "counter", "logins refused, too many from one address",
         (double)rates_refused(c->api, RATE_LOGIN)},
        {"kuangtu_queries_limited_total", "counter", "queries and exports refused, too many",
         (double)rates_refused(c->api, RATE_QUERY)},
        {"kuangtu_requests_limited_total", "counter", "other requests refused, too many",
         (double)rates_refused(c->api, RATE_REQUEST)},
        {"kuangtu_screens", "gauge", "event streams open", (double)hub_clients(c->api->hub)},
    };
    struct kt_buf b;
    kt_buf_init(&b, 1 << 20);
    for (size_t i = 0; i < KT_ARRAY_LEN(list); i++) {
        char v[40];
        kt_fmt_double(v, list[i].value);
        kt_buf_printf(&b, "# HELP %s %s\n# TYPE %s %s\n%s %s\n", list[i].name, list[i].help,
                      list[i].name, list[i].type, list[i].name, v);
    }
    kt_http_reply_take(c->req, 200, "text/plain; version=0.0.4", &b);
}

static void write_engine(const struct kt_runtime_stats *s, struct kt_jw *w)
{
    kt_jw_key(w, "engine");
    kt_jw_obj(w);
    kt_jw_kint(w, "samples", (int64_t)s->engine.samples);
    kt_jw_kint(w, "late", (int64_t)s->engine.late);
    kt_jw_kint(w, "future", (int64_t)s->engine.future);
    kt_jw_kint(w, "refused", (int64_t)s->engine.refused);
    kt_jw_kint(w, "evaluations", (int64_t)s->engine.evaluations);
    kt_jw_kint(w, "outcomes", (int64_t)s->engine.outcomes);
    kt_jw_kint(w, "alarms_active", (int64_t)s->engine.alarms_active);
    kt_jw_kint(w, "time", s->engine_time / KT_MS);
    kt_jw_kint(w, "lag_ms", s->lag_ns / KT_MS);
    kt_jw_kbool(w, "ahead", s->ahead);
    kt_jw_kint(w, "queue_urgent", (int64_t)s->queue_urgent);
    kt_jw_kint(w, "queue_bulk", (int64_t)s->queue_bulk);
    kt_jw_kint(w, "refused_batches", (int64_t)s->refused_batches);
    kt_jw_obj_end(w);
}

static void write_stores(const struct kt_runtime_stats *s, struct kt_jw *w)
{
    kt_jw_key(w, "journal");
    kt_jw_obj(w);
    kt_jw_kint(w, "last", (int64_t)s->last);
    kt_jw_kint(w, "durable", (int64_t)s->durable);
    kt_jw_kint(w, "commits", (int64_t)s->journal.commits);
    kt_jw_kint(w, "bytes", (int64_t)s->journal.bytes);
    kt_jw_knum(w, "last_commit_ms", (double)s->journal.last_commit_ns / 1e6);
    kt_jw_knum(w, "worst_commit_ms", (double)s->journal.worst_commit_ns / 1e6);
    kt_jw_kbool(w, "failed", s->failed);
    kt_jw_kbool(w, "on_reserve", s->journal.on_reserve);
    kt_jw_obj_end(w);
    kt_jw_key(w, "history");
    kt_jw_obj(w);
    kt_jw_kint(w, "points", (int64_t)s->history.points);
    kt_jw_kint(w, "samples", (int64_t)s->history.samples);
    kt_jw_kint(w, "chunks", (int64_t)s->history.chunks);
    kt_jw_kint(w, "bytes", (int64_t)s->history.bytes);
    kt_jw_kint(w, "head_samples", (int64_t)s->history.head_samples);
    kt_jw_kint(w, "late", (int64_t)s->history.late);
    kt_jw_kint(w, "duplicates", (int64_t)s->history.duplicates);
    kt_jw_obj_end(w);
}

static void write_long(const struct kt_runtime_long *s, const char *url, struct kt_jw *w)
{
    kt_jw_key(w, "long_history");
    kt_jw_obj(w);
    kt_jw_kstr(w, "url", url);
    kt_jw_kbool(w, "up", s->state.up);
    kt_jw_kint(w, "since", s->state.since / KT_MS);
    kt_jw_kstr(w, "text", s->state.text);
    kt_jw_kint(w, "sent", (int64_t)s->sent);
    kt_jw_kint(w, "behind_s", s->behind_ns / KT_SEC);
    kt_jw_kbool(w, "complete", s->complete);
    kt_jw_kbool(w, "dedup", s->state.dedup);
    kt_jw_kint(w, "posts", (int64_t)s->state.posts);
    kt_jw_kint(w, "samples", (int64_t)s->state.samples);
    kt_jw_kint(w, "errors", (int64_t)s->state.errors);
    kt_jw_kint(w, "unkept", (int64_t)s->state.unkept);
    kt_jw_kint(w, "gaps", (int64_t)s->gaps);
    kt_jw_obj_end(w);
}

/* The last verified copy, in wall time; days count from the first start until there is one. */
static void write_backup(const struct kt_runtime_stats *s, struct kt_jw *w)
{
    kt_time from = s->backup_verified ? s->backup_verified : s->backup_since;
    kt_jw_key(w, "backup");
    kt_jw_obj(w);
    kt_jw_kint(w, "verified", s->backup_verified / KT_MS);
    kt_jw_kint(w, "since", s->backup_since / KT_MS);
    kt_jw_kint(w, "days", from ? (kt_clock_now() - from) / KT_DAY : 0);
    kt_jw_obj_end(w);
}

void get_health(struct call *c)
{
    struct kt_runtime_stats s;
    struct kt_buf b, links;
    kt_runtime_stats(c->api->opts.runtime, &s);
    kt_buf_init(&b, 16 << 20);
    kt_buf_init(&links, 16 << 20);
    if (c->api->opts.links_json) {
        c->api->opts.links_json(c->api->opts.arg, &links);
    }
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "site", c->site->id);
    kt_jw_kbool(&w, "ok", !s.failed);
    kt_jw_kint(&w, "started", s.started / KT_MS);
    kt_jw_kint(&w, "now", kt_clock_now() / KT_MS);
    kt_jw_kint(&w, "resident_bytes", resident_bytes());
    kt_jw_kint(&w, "disk_free", s.disk_free);
    write_backup(&s, &w);
    kt_jw_kint(&w, "screens", (int64_t)hub_clients(c->api->hub));
    write_engine(&s, &w);
    write_stores(&s, &w);
    if (s.lng.on) {
        write_long(&s.lng, c->site->victoria.url, &w);
    }
    kt_jw_key(&w, "cluster");
    write_cluster(c->api->opts.runtime, &w);
    if (c->api->opts.shards_json) {
        kt_jw_key(&w, "shards");
        c->api->opts.shards_json(c->api->opts.arg, &w);
    }
    kt_jw_key(&w, "links");
    kt_jw_arr(&w);
    if (links.n) {
        kt_jw_raw(&w, (struct kt_str){links.p, links.n});
    }
    kt_jw_arr_end(&w);
    kt_jw_obj_end(&w);
    kt_buf_done(&links);
    reply_buf(c, 200, &b);
}
