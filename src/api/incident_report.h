/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_API_INCIDENT_REPORT_H
#define KT_API_INCIDENT_REPORT_H
/*
 * incident_report: private to incidents. The report of an incident or of an evacuation: what its
 * events said, and the blocks of the document that tell it (kt_page).
 */
#include "api/story.h"

enum { MINUTES_MAX = 600 };

struct incident_report {
    struct call *c;
    struct kt_jw *w;
    bool en;
    struct story story;
    const struct kt_json *head; /* the outcome that it began with */
    kt_time began, ended;       /* ended 0: not over */
    int64_t id;
    /* of its events */
    struct kt_json *step[16];
    struct kt_json *listed; /* who was there; NULL: none, or not for who asks */
    size_t steps_n;
    uint32_t left[MINUTES_MAX]; /* persons who came up, by minute since it began */
    uint32_t more[MINUTES_MAX]; /* … whom it took in: it was widened, they came there */
    uint32_t out, total;
    kt_time last_out;
    char last[64], who_stopped[64];
    int64_t below;
    bool drill;
    /* of the alarm */
    kt_time acked, cleared;
    char value[40], acked_by[80];
};

/** The document: title, head of its kind, pictures, what happened. */
void write_incident_report(struct incident_report *r, bool evacuation);
/* incident_page.c, evacuation_page.c, incident_trend.c: the heads and what stands in them */
void write_incident_head(struct incident_report *r);
void write_evacuation_head(struct incident_report *r);
void write_incident_trend(struct incident_report *r);

/* What they are written with. */
const char *told_say(const struct incident_report *r, const char *zh, const char *en);
void told_field(struct incident_report *r, const char *zh, const char *en, const char *value);
void told_time(struct incident_report *r, const char *zh, const char *en, kt_time t);
void told_heading(struct incident_report *r, int level, const char *text);
void told_line(struct incident_report *r, const char *text);
void told_table(struct incident_report *r, const char *const *heads, size_t n);
void told_table_end(struct incident_report *r);
const char *told_place(const struct incident_report *r); /**< name of where it happened */
#endif
