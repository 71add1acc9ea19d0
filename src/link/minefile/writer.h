/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_LINK_MINEFILE_WRITER_H
#define KT_LINK_MINEFILE_WRITER_H
/*
 * writer: the files that go upward: CDSS (present values), TJSJ (statistics of the interval), YCBJ
 * (alarms, cuts and calibrations that began or ended in it, with cause and measure once they are
 * recorded), KGBH (changes of switches), CDDY once a day. Written beside and renamed, so that
 * a reader sees whole files only. The last interval that was written is kept in a file, so what an
 * outage left out is written afterwards.
 */
#include "engine/runtime.h"
#include "link/minefile/codes.h"
#include "link/minefile/format.h"

struct writer {
    struct kt_runtime *rt;
    struct kt_site *site;
    const struct kt_link_conf *conf;
    struct minefile_dialect dialect;
    char dir[900];
    kt_time last;                 /* end of the last interval written */
    int last_day;                 /* of definitions */
    struct minefile_codes *codes; /* made by writer_init() */
};

void writer_init(struct writer *w);
void writer_done(struct writer *w); /* before the site goes */
/** Write what is due; at most `max` intervals a call. Returns how many files. */
KT_MUST_CHECK int writer_run(struct writer *w, int max, struct kt_err *err);

/* Inside of this folder. */
int writer_alarms(struct writer *w, kt_time from, kt_time to, struct kt_err *err);
int writer_switches(struct writer *w, kt_time from, kt_time to, struct kt_err *err);
int writer_put_file(const struct writer *w, const char *type, kt_time t, const struct kt_buf *text,
                    struct kt_err *err);
void writer_field(const struct writer *w, struct kt_buf *b, const char *text);
void writer_number(const struct writer *w, struct kt_buf *b, double v);     /* NaN: empty */
void writer_last_time(const struct writer *w, struct kt_buf *b, kt_time t); /* ends the record */
const char *writer_place(const struct writer *w, const struct kt_point *p);
bool writer_goes_up(const struct kt_point *p);
#endif
