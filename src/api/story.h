/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_API_STORY_H
#define KT_API_STORY_H
/*
 * story: what happened in a span, told from the journal: one line an event with its own time, its
 * arrival, what, and who; as rows of a printed table. Who asks sees what they may see anywhere.
 *
 * In it is what happened at the place, where its air goes, and to persons; its own case; and what
 * was done from its beginning on. What does not belong to it is counted by kind. What another row
 * tells as well (a card that opened with its alarm, how far words have come meanwhile) has none.
 */
#include "api/private.h"

enum { STORY_ROWS = 3000, STORY_TEXT = 400, STORY_KINDS = 12 };

struct story_row {
    kt_seq seq;
    kt_time source, arrival; /* source 0: as it arrived, to the millisecond */
    char what[STORY_TEXT], who[80];
    char body[65], clip[65]; /* hashes of a picture or recording, of a clip; "" none */
    bool picture;            /* body is one */
    uint32_t times;          /* the same again within a second: one row */
};
struct story {
    struct call *c;
    bool en;
    kt_place_id place; /* what happens elsewhere, and is no measure of persons, is left out */
    kt_time from, to, began;
    char reg[64]; /* its case: the register and the record; "", 0: none */
    int64_t record;
    struct story_row *row;
    size_t n, cap;
    size_t own_times; /* rows whose source differs from its arrival */
    bool more;        /* there were more than STORY_ROWS */
    struct {          /* what happened elsewhere meanwhile */
        char type[24];
        uint32_t n;
    } apart[STORY_KINDS];
    uint32_t apart_n;
    /* told of every event that is in the story, before its row; NULL: nobody */
    void (*on)(void *arg, const struct kt_event *ev, const struct kt_json *body);
    void *arg;
};

KT_MUST_CHECK int story_read(struct story *s, struct kt_err *err);
void story_done(struct story *s);
/** What was left out, by kind, into a line of `cap` bytes; "": nothing. */
void story_apart(const struct story *s, char *ret, size_t cap);
/** As one block of a document: a table; with a column of own times when a row has one. */
void story_write(const struct story *s, struct kt_jw *w);
/** The outcome of a type with this id, that an input of its own seq led to; *ret_time its time.
 *  NULL: there is none (any more); freed by the caller. */
struct kt_json *story_begin(struct call *c, const char *type, int64_t id, kt_time *ret_time);
/** 2026-11-22 13:05:07.123 at the site. */
void story_time(const struct call *c, kt_time t, char ret[32]);
#endif
