/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_TEST_CASES_CASES_H
#define KT_TEST_CASES_CASES_H
/*
 * cases: the cases of the packs (docs/howto/add-a-pack.md) run against the real engine.
 *
 *   case.yaml ──write──▶ folder ──kt_site_load──▶ site ─┐
 *   given.jsonl ──read, in order of time──▶ events ─────┴─▶ engine ──▶ outcomes
 *   expect.jsonl: each line finds its outcome, each `absent` line finds none
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/time.h"
#include "conf/json.h"
#include "journal/journal.h"
#include "record/record.h"
#include "site/site.h"
#include "sys/file.h"

#define CASE_START (INT64_C(1767225600) * KT_SEC) /* 2026-01-01T00:00:00Z */
enum { CASE_TICK_MS = 100, CASE_GAP_MS = 3600000 };

/* One line of given.jsonl at one moment; a line with `every` makes several. */
struct case_event {
    int64_t at_ms;
    uint32_t order; /* of its line, then of its repetition */
    uint32_t turn;  /* which repetition: lists of values are taken in turn */
    const struct kt_json *line;
};

struct case_given {
    struct kt_json **lines;
    struct case_event *events; /* ascending in time, equal times in order of lines */
    size_t lines_n, events_n;
};

struct case_outcome {
    int64_t at_ms;
    char *text;
    struct kt_json *json;
    bool used;
};

struct case_room;
struct case_run {
    struct case_room *room; /* NULL: the case is about points alone */
    struct kt_site *site;
    struct kt_engine *engine;
    struct kt_live *live;
    kt_seq seq;
    int64_t now_ms; /* of the last tick; -1: none yet */
    struct case_outcome *outcomes;
    size_t outcomes_n, outcomes_cap;
};

/* given.c */
KT_MUST_CHECK int case_given_read(const char *path, struct case_given *ret, struct kt_err *err);
void case_given_free(struct case_given *g);

/* run.c */
KT_MUST_CHECK int case_run_new(struct kt_site *site, struct case_run *ret, struct kt_err *err);
void case_run_free(struct case_run *r);
KT_MUST_CHECK int case_feed(struct case_run *r, const struct case_given *g, struct kt_err *err);
void case_keep(struct case_run *r, struct kt_str json); /**< an outcome, now */

/* records.c */
KT_MUST_CHECK int case_room_new(struct case_run *r, struct case_room **ret, struct kt_err *err);
void case_room_free(struct case_room *c); /**< accepts NULL */
KT_MUST_CHECK int case_room_apply(struct case_room *c, const struct kt_event *ev,
                                  struct kt_err *err);
/** The request with "$name" replaced by what it names. */
void case_room_request(const struct case_room *c, const struct kt_json *request, struct kt_jw *w);
/** Name what the last verdict has made. */
void case_room_name(struct case_room *c, const char *name);
/** Keep indicators and balances as they stand. */
KT_MUST_CHECK int case_room_end(struct case_room *c, kt_time now, struct kt_err *err);

/* expect.c: what is not as expected is printed as comment lines; false then */
bool case_expect(struct case_run *r, const char *path);
/** Is there an alarm of the rule that was raised? */
bool case_raised(const struct case_run *r, const char *rule);

/** The lines of a text file as JSON, each from the heap; positions name the file. */
KT_MUST_CHECK int case_lines(const char *path, struct kt_json ***ret, size_t *ret_n,
                             struct kt_err *err);
void case_lines_free(struct kt_json **lines, size_t n);
#endif
