/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal_samples DATA [ORIGIN]: every sample that stands in a journal, as often as it stands
 * there: "seq origin point ms value quality" a line. For tests that count what was written.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/runtime.h"
#include "journal/journal.h"
#include "journal/samples.h"
#include "sys/file.h"

static void print(const struct kt_event *ev, const struct kt_columns *c, char **ids, uint32_t ids_n)
{
    for (uint32_t i = 0; i < c->n; i++) {
        printf("%" PRIu64 " %.*s %s %" PRId64 " %.17g %u\n", ev->seq, (int)ev->origin.n,
               ev->origin.p, c->point[i] < ids_n ? ids[c->point[i]] : "?", c->time[i] / KT_MS,
               c->value[i], c->quality[i]);
    }
}

static uint32_t read_ids(const char *data, struct kt_buf *text, char **ids, uint32_t max)
{
    char path[700];
    struct kt_err err;
    uint32_t n = 0;
    snprintf(path, sizeof(path), "%s/points.ids", data);
    if (kt_file_read(path, 64 << 20, text, &err) < 0) {
        return 0;
    }
    char *p = text->p, *end = p + text->n, *nl;
    for (; p < end && n < max && (nl = memchr(p, '\n', (size_t)(end - p))); p = nl + 1) {
        *nl = '\0';
        ids[n++] = p;
    }
    return n;
}

int main(int argc, char **argv)
{
    enum { MAX = 1 << 16 };
    static char *ids[MAX];
    struct kt_journal_reader *reader = NULL;
    struct kt_columns columns = {0};
    struct kt_buf text;
    struct kt_event ev;
    struct kt_err err = {0};
    kt_time arrival;
    char dir[700];
    if (argc < 2) {
        fprintf(stderr, "usage: journal_samples DATA [ORIGIN]\n");
        return 2;
    }
    kt_buf_init(&text, 64 << 20);
    uint32_t ids_n = read_ids(argv[1], &text, ids, MAX);
    snprintf(dir, sizeof(dir), "%s/journal", argv[1]);
    int r = kt_journal_read(NULL, dir, 1, &reader, &err);
    while (r >= 0 && (r = kt_journal_next_of(reader, 1u << KT_EV_SAMPLES, &ev, &err)) > 0) {
        if (ev.body.n && (argc < 3 || kt_str_is(ev.origin, argv[2]))) {
            r = kt_samples_decode(ev.body, KT_BATCH_MAX, &arrival, &columns, &err);
            print(&ev, &columns, ids, ids_n);
        }
    }
    if (r < 0) {
        fprintf(stderr, "journal_samples: %s\n", err.text);
    }
    kt_journal_reader_free(reader);
    kt_columns_done(&columns);
    kt_buf_done(&text);
    return r < 0;
}
