/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_CLI_RECORDS_FROM_H
#define KT_CLI_RECORDS_FROM_H
/*
 * records_from: private to cli. Where `kuangtu records` reads from: the running program of a site,
 * or, when none runs, its folder and records.db themselves, which nothing is written to.
 */
#include "cli/cli.h"
#include "conf/json.h"
#include "record/record.h"

struct kt_records_from {
    struct kt_running run; /* utc_offset_s of both kinds */
    bool closed;           /* no program runs: the rest is there */
    struct kt_site *site;
    struct kt_record_model *model;
    struct kt_room *room;
    struct kt_arena *arena;
    struct kt_reader who; /* as the local token of a running program */
};

/** KT_ENOTFOUND: no program runs and there is no records.db; KT_ECONFLICT: registers of the folder
 *  are not those that the file was written by. */
KT_MUST_CHECK int kt_records_find(const char *site_dir, struct kt_records_from *ret,
                                  struct kt_err *err);
void kt_records_done(struct kt_records_from *f);

struct kt_records_ask {
    const char *reg, *q, *filter, *sort; /* filter: JSON */
    kt_time at, known;                   /* 0: now */
    int64_t limit;                       /* 0: by default */
};
/* Each appends what the API answers. */
KT_MUST_CHECK int kt_records_registers(struct kt_records_from *f, struct kt_buf *out,
                                       struct kt_err *err);
KT_MUST_CHECK int kt_records_list(struct kt_records_from *f, const struct kt_records_ask *a,
                                  struct kt_buf *out, struct kt_err *err);
KT_MUST_CHECK int kt_records_one(struct kt_records_from *f, const struct kt_records_ask *a,
                                 int64_t id, struct kt_buf *out, struct kt_err *err);
KT_MUST_CHECK int kt_records_history(struct kt_records_from *f, const char *reg, int64_t id,
                                     struct kt_buf *out, struct kt_err *err);
/** The table into a descriptor. Without a running program: csv and xlsx. */
KT_MUST_CHECK int kt_records_export(struct kt_records_from *f, const struct kt_records_ask *a,
                                    const char *as, int to, struct kt_err *err);
/** Append text as it stands in the query of a URL. */
void kt_url_encode(struct kt_buf *b, const char *text);
#endif
