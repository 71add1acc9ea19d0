/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_ENGINE_TEST_PAST_H
#define KT_ENGINE_TEST_PAST_H
/* test_past: the state of one engine that was never interrupted, over a journal from its start. */
#include <stdio.h>

#include "engine/runtime_past.h"
#include "unit.h"

/** Digest after applying a journal (closed, or followed by its folder) up to the time `to`. */
__attribute__((unused)) static void past_digest_of(const char *data_dir, struct kt_site *site,
                                                   kt_time to, struct kt_hash *ret,
                                                   uint64_t *ret_differences)
{
    char dir[600];
    struct kt_err err = {0};
    struct rt_past past;
    struct kt_journal_reader *reader;
    struct kt_event ev;
    snprintf(dir, sizeof(dir), "%s/journal", data_dir);
    struct rt_eras eras = {.data_dir = data_dir, .today = site};
    rt_past_init(&past, &eras, NULL);
    CHECK_OK(rt_past_begin(&past, NULL, &err), &err);
    CHECK_OK(kt_engine_new(site, past.era.live, &past.out, &past.engine, &err), &err);
    CHECK_OK(kt_journal_read(NULL, dir, 1, &reader, &err), &err);
    int got;
    while ((got = kt_journal_next(reader, &ev, &err)) > 0 && ev.time <= to) {
        rt_past_event(&past, &ev);
    }
    CHECK(got >= 0);
    kt_engine_digest(past.engine, ret);
    *ret_differences = past.differences;
    if (past.differences) {
        printf("# %s\n", past.difference);
    }
    kt_journal_reader_free(reader);
    kt_engine_free(past.engine);
    rt_past_done(&past);
}
#endif
