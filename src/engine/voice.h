/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_ENGINE_VOICE_H
#define KT_ENGINE_VOICE_H
/*
 * voice: calls between a desk and a phone, words to speakers, and the climbing of alarms that
 * nobody acknowledges. Each is a talk: an id, who, to whom, a state, a result.
 *
 *   (request, rule) ─ voice_start() ─▶ ASKED ─ answers of the link ─▶ DESK ─▶ RINGING ─▶ TALKING
 *                                        └────────── ended, hung up, late, link lost ──▶ ENDED
 *
 * Invariants
 *  1. What goes out is a word (struct kt_word), at once, before durable: to call out is an opening
 *     (safety rule 2). A replay has no way out.
 *  2. A talk ends by an answer of its link, or by time: there is no talk without an end.
 *  3. An alarm climbs while it is not acknowledged and nothing masks it. Climbing changes nothing
 *     of the alarm: it neither acknowledges nor delays it.
 *  4. State names points, places and contacts by their text ids, so it fits a reloaded site.
 *
 * voice.c: talks; voice_cast.c: words to speakers; voice_climb.c: ladders; voice_keep.c: how long
 * recordings are kept; voice_json.c, what
 * screens read and a checkpoint holds. Engine thread only.
 */
#include "engine/core.h"

enum {
    VOICE_ALIVE = 200,    /* talks under way; more are refused */
    VOICE_PAST = 100,     /* that are over and still listed */
    VOICE_SPEAKERS = 512, /* of one broadcast */
    VOICE_CLIMBS = 2000,
    VOICE_KEPT = 20000, /* recordings */
    VOICE_ERASED = 256, /* that were erased lately: a crash may have come before the unlink */
    VOICE_TEXT = 600
};
#define VOICE_DEAF  (20 * KT_SEC) /* no answer of the link at all */
#define VOICE_AGAIN (60 * KT_SEC) /* after a restart what is younger goes out again */

enum talk_kind { TALK_CALL, TALK_RING, TALK_CAST, TALK_SMS, TALK_MAIL, TALK_KINDS };
enum talk_state { TALK_ASKED, TALK_DESK, TALK_RINGING, TALK_TALKING, TALK_ENDED, TALK_STATES };

/* How far the words came at one speaker, or the call at one phone of an area. */
enum speaker_state {
    SPEAKER_ASKED,
    SPEAKER_SPEAKING,
    SPEAKER_SENT,      /* all was sent, nothing came back */
    SPEAKER_CONFIRMED, /* it reported what it received (RTCP) */
    SPEAKER_SILENT,    /* did not answer */
    SPEAKER_REFUSED,
    SPEAKER_JOINED, /* a phone of a call to an area: it was taken up */
    SPEAKER_STATES
};
struct speaker {
    char point[ENG_NAME];
    uint8_t state;
};

struct talk {
    uint64_t id, alarm; /* alarm: whose climbing or whose rule this is; 0 */
    uint8_t kind, state;
    bool emergency, drill;
    kt_time started, answered, ended, heard; /* heard: last word of the link; 0: none */
    char from[ENG_NAME], to[ENG_NAME];       /* points, a contact, or the place of a broadcast */
    char by[ENG_NAME], result[24];
    char recording[65], body[65]; /* hashes; "" none */
    char text[VOICE_TEXT];        /* the words */
    ENG_LIST(struct speaker) at;  /* of a broadcast, and of a call to an area */
};

struct climb {
    uint64_t alarm, talk;     /* talk: the step under way; 0 */
    uint8_t step;             /* next */
    bool reached, told;       /* somebody was; that nobody was has been told */
    const struct kt_alarm *a; /* of this moment: voice_climb.c's own */
};

struct kept { /* a recording */
    uint64_t id;
    kt_time ended;
    int64_t bytes;
    char place[ENG_NAME], hash[65];
};
struct kept_list { /* oldest first */
    struct kept *v;
    uint32_t n, cap;
    int64_t bytes; /* of all */
};

struct voice {
    struct kept_list kept;
    ENG_LIST(struct kept) erased;
    ENG_LIST(struct talk) talk; /* by id */
    ENG_LIST(struct climb) climb;
};

/* voice.c */
struct talk *voice_start(struct eng *e, enum talk_kind kind, const char *to, const char *by);
/** Send it to its link and tell it; after its fields are set. */
void voice_send(struct eng *e, struct talk *t);
struct kt_jw *voice_say(struct eng *e, const struct talk *t, const char *change);
void voice_end(struct eng *e, struct talk *t, const char *result);
struct talk *voice_find(struct eng *e, uint64_t id);
const char *voice_speaker_id(uint8_t state);
/** The members of a talk into an object that is open. */
void voice_members(const struct eng *e, const struct talk *t, struct kt_jw *w);

/** A broadcast, or a call to the phones of an area: `to` is a place. */
bool voice_many(const struct talk *t);

/* voice_cast.c */
/** The points of this role at a place and below, with `downstream` also along its air, into t->at.
 *  @param place  beyond the site's: everywhere */
void voice_add_all(struct eng *e, struct talk *t, const char *role, uint32_t place,
                   bool downstream);
/** Forget a talk that was begun last and never told. */
void voice_drop(struct eng *e, struct talk *t);
/** args.place, of the person's scope. */
int voice_need_place(struct eng *e, const struct request *q, kt_place_id *ret, struct kt_err *err);
void voice_cast_answer(struct eng *e, struct talk *t, const struct kt_json *a);
void voice_alarm_words(const struct eng *e, uint32_t rule, uint32_t point, char *to, size_t cap);
/** Words in a drill, with the word 演练 before and behind (DESIGN 3.8). */
void voice_mark(const struct eng *e, const char *text, char *to, size_t cap);

/* voice_keep.c */
void voice_keep(struct eng *e, const struct talk *t, int64_t bytes);
void voice_keep_second(struct eng *e);

/* voice_climb.c */
void voice_climb_second(struct eng *e);
void voice_climb_ended(struct eng *e, const struct talk *t);
#endif
