/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_ENGINE_INCIDENT_H
#define KT_ENGINE_INCIDENT_H
/*
 * incident: what a linkage set going when an alarm was raised: its steps and how far each has come.
 *
 *   alarm ─ incident_begin() ─▶ each step WAITING ─▶ DONE ─▶ PROVED (a cut by its feed state)
 *                                        └─▶ FAILED, or UNAVAILABLE with the reason
 *
 * Invariants
 *  1. Keeping account changes nothing of what is done: outputs are opened, words said and the alarm
 *     raised before an incident begins, and whether there is room for it or not.
 *  2. A step is what the engine itself saw of it (commands, feed state, persons, evacuation, talks)
 *     or what came as an answer {"incident","step","state","text"} from who did it.
 *  3. A step leaves PROVED and DONE only for FAILED; every change is told once.
 *
 * Engine thread only. The newest INCIDENTS are kept; all are in the journal.
 */
#include "engine/core.h"

enum { INCIDENTS = 16, INCIDENT_STEPS = 8, INCIDENT_CUTS = 32, INCIDENT_WHY = 120 };

enum incident_kind {
    STEP_CUT,
    STEP_PEOPLE,
    STEP_BROADCAST,
    STEP_CALL,
    STEP_CAMERAS,
    STEP_ROUTES,
    STEP_CASE,
    STEP_KINDS
};
enum incident_state {
    STEP_WAITING,
    STEP_SENT, /* out on the wire, nothing has come back */
    STEP_DONE,
    STEP_PROVED,
    STEP_FAILED,
    STEP_UNAVAILABLE,
    STEP_STATES
};

struct incident_step {
    uint8_t kind, state;
    kt_time at; /* of the last change */
    char text[INCIDENT_WHY];
};
struct incident {
    uint64_t id, alarm, evacuation;
    kt_time at, source; /* it began; time of the sample that raised the alarm */
    char rule[ENG_NAME], point[ENG_NAME], place[ENG_NAME], reg[ENG_NAME];
    int64_t record; /* of the case; 0: none yet */
    uint32_t persons;
    bool drill;
    struct incident_step step[INCIDENT_STEPS];
    uint32_t steps_n;
};

/** After the alarm of an instance was raised, when its rule links something. */
void eng_incident_begin(struct eng *e, const struct inst *in);
/** What has come of the steps, at the end of every input. */
void eng_incident_look(struct eng *e);
void eng_incident_answer(struct eng *e, const struct kt_json *a);
/** An array, newest first. */
void eng_incidents_json(const struct eng *e, struct kt_jw *w);
void eng_incident_save(const struct eng *e, struct kt_buf *out);
void eng_incident_load(struct eng *e, struct kt_rd *in);
#endif
