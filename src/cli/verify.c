/* SPDX-License-Identifier: Apache-2.0 */
/* kuangtu verify: is all there and unaltered? */
#include <string.h>

#include "cli/cli.h"
#include "engine/bodies.h"
#include "history/history.h"
#include "journal/journal.h"
#include "record/record.h"
#include "sys/file.h"

static const struct kt_option no_options[] = {{NULL, NULL, NULL}};

/* What a journal that has begun always has beside it, and how far it must reach. */
static int nothing_gone(const char *data, kt_seq newest, kt_seq last, struct kt_err *err)
{
    static const char *const beside[] = {"history", "records.db", "points.ids", "bodies"};
    if (newest > last) {
        return kt_err_set(err, KT_ECORRUPT,
                          "%s/journal ends at event %llu, but a checkpoint of event %llu stands "
                          "beside it: what lies between is missing",
                          data, (unsigned long long)last, (unsigned long long)newest);
    }
    for (size_t i = 0; newest && i < KT_ARRAY_LEN(beside); i++) {
        char path[700];
        snprintf(path, sizeof(path), "%s/%s", data, beside[i]);
        if (!kt_file_exists(path)) {
            return kt_err_set(err, KT_ECORRUPT, "%s is missing; restore it from a backup", path);
        }
    }
    return KT_OK;
}

int kt_verify_data(const struct kt_args *a, const char *data, struct kt_err *err)
{
    static const char *const columns[] = {"what", "result", "detail"};
    char path[700], hex[65], detail[200];
    struct kt_journal_verdict v = {0};
    uint64_t chunks = 0;
    struct kt_progress bar = {"journal", -1};
    snprintf(path, sizeof(path), "%s/journal", data);
    int r = KT_OK;
    kt_seq newest = kt_checkpoint_newest(data); /* before the journal, which may grow meanwhile */
    if (kt_file_exists(path)) {                 /* users may be there before the first start */
        r = kt_journal_verify(path, kt_progress_show, &bar, &v, err);
        kt_progress_end(&bar);
    }
    r = r < 0 ? r : nothing_gone(data, newest, v.last, err);
    if (r < 0) {
        return r;
    }
    snprintf(path, sizeof(path), "%s/history", data);
    bar = (struct kt_progress){"history", -1};
    if (kt_file_exists(path)) {
        r = kt_history_verify(path, kt_progress_show, &bar, &chunks, err);
        kt_progress_end(&bar);
    }
    struct kt_bodies_verdict bodies = {0};
    r = r < 0 || !v.last ? r : kt_bodies_verify(data, &bodies, err);
    int64_t records = 0;
    r = r == KT_OK ? kt_room_verify(data, &records, err) : r;
    if (r < 0) {
        return r;
    }
    if (!a) {
        return KT_OK;
    }
    struct kt_table *t = kt_table_new(a->format, columns, 3);
    kt_table_cell(t, "journal");
    kt_table_cell(t, "ok");
    snprintf(detail, sizeof(detail),
             "events %llu (seq %llu to %llu), %llu sample bodies in history alone",
             (unsigned long long)v.events, (unsigned long long)v.first, (unsigned long long)v.last,
             (unsigned long long)v.dropped_bodies);
    kt_table_cell(t, detail);
    kt_table_cell(t, "chain");
    kt_table_cell(t, "ok");
    kt_table_cell(t, kt_hash_hex(&v.chain, hex));
    kt_table_cell(t, "history");
    kt_table_cell(t, "ok");
    snprintf(detail, sizeof(detail), "%llu chunks", (unsigned long long)chunks);
    kt_table_cell(t, detail);
    kt_table_cell(t, "sites");
    kt_table_cell(t, "ok");
    snprintf(detail, sizeof(detail), "%llu times loaded, %llu bodies",
             (unsigned long long)bodies.sites, (unsigned long long)bodies.bodies);
    kt_table_cell(t, detail);
    kt_table_cell(t, "records");
    kt_table_cell(t, "ok");
    snprintf(detail, sizeof(detail), "%lld records", (long long)records);
    kt_table_cell(t, detail);
    kt_table_end(t);
    return KT_OK;
}

static int verify(const struct kt_args *a)
{
    char data[600];
    struct kt_err err = {0};
    if (a->pos_n != 1) {
        return kt_usage(a, "name one site folder");
    }
    snprintf(data, sizeof(data), "%s/site.yaml", a->pos[0]);
    if (!kt_file_exists(data)) {
        kt_err_set(&err, KT_ENOTFOUND, "%s is no site folder: it has no site.yaml", a->pos[0]);
        return kt_fail(a, &err);
    }
    snprintf(data, sizeof(data), "%s/data", a->pos[0]);
    int r = kt_verify_data(a, data, &err);
    return r < 0 ? kt_fail(a, &err) : KT_EXIT_OK;
}

const struct kt_verb kt_verb_verify = {
    .name = "verify",
    .usage = "SITE",
    .summary = "prove that nothing recorded is missing or altered",
    .help = "Reads the whole journal: sequence, checksums, hashes and their chain; then every "
            "chunk of\n"
            "history and every file of the sites that were in force; then records and their "
            "ledgers. Prints the head of the chain, "
            "which the shift report prints too. Works while "
            "the\n"
            "program runs.\n",
    .options = no_options,
    .run = verify,
};
