/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_HISTORY_LONG_H
#define KT_HISTORY_LONG_H
/*
 * long: the long history on VictoriaMetrics, over its public HTTP API. Written in batches, read
 * where the embedded history has dropped its own copy (history.h).
 *
 * One point is up to three series, labelled site and point:
 *   kuangtu_value    known values (quality good or uncertain)
 *   kuangtu_bad      values of bad quality, so that sums and extremes over kuangtu_value are right
 *   kuangtu_quality  the code of every sample that is not `normal`, at its time (base/sample.h)
 * VictoriaMetrics keeps milliseconds and about 12 digits: times are cut to the millisecond, of two
 * samples within one it may keep one. A magnitude of 1e15 or more would blur its neighbours and
 * keeps its time and quality only.
 *
 * It answers before anything is on its disk, so who writes keeps what was posted in the last half
 * minute, and writes it again when told `restarted`. What is posted twice is stored twice unless
 * VictoriaMetrics runs with -dedup.minScrapeInterval=1ms; without it buckets are computed here.
 * Threads: write and probe from one; scan, buckets and state from any.
 */
#include "history/history.h"

struct kt_long;
struct kt_long_opts {
    const char *url;                     /* http(s)://host:port */
    const char *read_url;                /* of a cluster, vmselect; "": url */
    const char *tenant;                  /* of a cluster; "": a single node */
    const char *site;                    /* label */
    const char *user, *password, *token; /* "" none */
    const char *ca_file;                 /* "" the machine's authorities */
};
struct kt_long *kt_long_new(const struct kt_long_opts *opts); /**< copies; nothing is asked yet */
void kt_long_free(struct kt_long *l);                         /**< accepts NULL */

/**
 * Write samples of points names[s->point[i]] and wait for the answer.
 *
 * @param ret_restarted  it was started anew since the last write: what was written shortly before
 *                       may be lost
 * @return KT_OK taken; KT_EIO, KT_ETIMEOUT away; KT_EAUTH refused; KT_EINVAL its answer says why
 */
KT_MUST_CHECK int kt_long_write(struct kt_long *l, const struct kt_samples *s,
                                const char *const *names, uint32_t names_n, bool *ret_restarted,
                                struct kt_err *err);

/** Raw samples of [from, to) in time order, each once; times in whole milliseconds, arrival 0.
 *  @param ret_stopped  fn returned false */
KT_MUST_CHECK int kt_long_scan(struct kt_long *l, const char *point, kt_time from, kt_time to,
                               kt_history_fn fn, void *arg, bool *ret_stopped, struct kt_err *err);
/** The samples of [from, to) into buckets of `width`, the first from `from`, which are empty and
 * have their starts. */
KT_MUST_CHECK int kt_long_buckets(struct kt_long *l, const char *point, kt_time from, kt_time to,
                                  int64_t width, struct kt_bucket *list, struct kt_err *err);
/** Last sample at or before `at`; KT_ENOTFOUND. */
KT_MUST_CHECK int kt_long_last(struct kt_long *l, const char *point, kt_time at,
                               struct kt_sample *ret, struct kt_err *err);

struct kt_long_state {
    bool up, asked;                          /* asked: an answer, or none, is known */
    bool dedup;                              /* it drops repeats */
    kt_time since;                           /* up or away (wall time) */
    uint64_t posts, samples, errors, unkept; /* unkept: magnitudes of 1e15 or more */
    char text[240]; /* why it is away, or what its settings lack; "" nothing */
};
void kt_long_state(struct kt_long *l, struct kt_long_state *ret);
#endif
