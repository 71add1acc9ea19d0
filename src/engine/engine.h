/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_ENGINE_ENGINE_H
#define KT_ENGINE_ENGINE_H
/*
 * engine: the deterministic heart. apply(state, input) -> state', outcomes, effects.
 *
 * Nothing here reads a clock, a random source, a file, thread order or hash order. The same inputs
 * give the same outcomes and the same digest, on every machine, through any checkpoint.
 * Threads: one at a time (the engine thread, or a replay that owns its own engine).
 * What it keeps: docs/internals/contracts.md section 5.
 */
#include "base/crypto.h"
#include "base/sample.h"
#include "journal/journal.h"
#include "live/live.h"
#include "site/site.h"

struct kt_engine;

/* One write to a device. Protective: goes out at once; else only after `cause` is durable.
 * Ids rise. Once a protective effect went to an output, one that is not protective and has a lower
 * command id is dead, however long it waited: whoever holds it drops it. */
struct kt_effect {
    kt_command_id command;
    kt_seq cause; /* the input that led to it */
    kt_point_id output;
    double value; /* of a switch 0 or 1 */
    bool protective;
    bool read_first; /* ask the device for its present value instead of writing */
    kt_time expires; /* engine time; 0 for protective ones */
};

/* Words to people over a link of this kind: a call, an announcement, a message. Goes out at once,
 * as what is protective does; whoever holds it past `until` (engine time) drops it. */
struct kt_word {
    uint64_t talk;
    enum kt_link_kind link;
    kt_time until;
    struct kt_str json; /* {"talk","do","desk","to","text","body","emergency","drill","points"};
                           valid for the call */
};

/* Where outcomes and effects go. Called inside kt_engine_apply(), in order. A replay or back-test
 * leaves `effect` NULL: there is no way out (safety rule 8). */
struct kt_engine_out {
    void *arg;
    /** json: an outcome object (contracts.md section 1); valid for the call */
    void (*outcome)(void *arg, struct kt_str json);
    void (*effect)(void *arg, const struct kt_effect *e);
    void (*word)(void *arg, const struct kt_word *w); /* NULL as `effect` */
};

/**
 * @param live table that this engine writes; kept by the caller, at least as long
 */
KT_MUST_CHECK int kt_engine_new(struct kt_site *site, struct kt_live *live,
                                const struct kt_engine_out *out, struct kt_engine **ret,
                                struct kt_err *err);
void kt_engine_free(struct kt_engine *e);

/** Apply one input. ev->seq is the sequence number it has in the journal. Beside what contracts.md
 *  says, a link event may tell the device's own state: {"link","point","alarm":bool,"cut":bool}. */
void kt_engine_apply(struct kt_engine *e, const struct kt_event *ev);
/** Apply samples without coding them first. Same effect as applying their event. */
void kt_engine_samples(struct kt_engine *e, kt_seq seq, kt_time arrival, struct kt_str producer,
                       const struct kt_samples *s);
/** Switch to a new site (after a KT_EV_SITE input): state of points whose text id stays is kept. */
KT_MUST_CHECK int kt_engine_reload(struct kt_engine *e, struct kt_site *site, struct kt_live *live,
                                   struct kt_err *err);
/** After a restart or take-over: outputs are read back before anything is sent; unanswered
 *  protective commands go again, all others are dead (safety rule 4). `seq`, `time` as of the event
 *  that says so. */
void kt_engine_recovered(struct kt_engine *e, kt_seq seq);
/** Before the event that says so is applied, with its time: the seconds in which a permit that is
 *  not known takes no command away (decision 0019) begin with it, not behind what it finds stale.
 */
void kt_engine_pause_over(struct kt_engine *e, kt_time now);

kt_seq kt_engine_seq(const struct kt_engine *e);
kt_time kt_engine_time(const struct kt_engine *e);

/* Checkpoints */
void kt_engine_save(const struct kt_engine *e, struct kt_buf *out);
KT_MUST_CHECK int kt_engine_load(struct kt_engine *e, struct kt_str saved, struct kt_err *err);
void kt_engine_digest(const struct kt_engine *e, struct kt_hash *ret);

/*
 * What screens read. Each writes a JSON value; engine thread only; the runtime publishes the text
 * as snapshots for other threads. Filters are the API's work.
 */
void kt_engine_json_alarms(const struct kt_engine *e, struct kt_buf *out);    /**< array, active */
void kt_engine_json_outputs(const struct kt_engine *e, struct kt_buf *out);   /**< array */
void kt_engine_json_state(const struct kt_engine *e, struct kt_buf *out);     /**< object: commands,
        limits,   proposals, calibrations, cards, tests, tags, manual, handover, drill, consoles */
void kt_engine_json_incidents(const struct kt_engine *e, struct kt_buf *out); /**< array */
void kt_engine_json_talks(const struct kt_engine *e, struct kt_buf *out);     /**< array */
/** Recordings that were erased lately, by their hash: their bodies must not be there any more. */
void kt_engine_erased(const struct kt_engine *e, void (*fn)(void *arg, const char *hash),
                      void *arg);
/** object: who is below, the evacuation; {"present":false} where the site knows no persons. */
void kt_engine_json_people(const struct kt_engine *e, struct kt_buf *out);
uint64_t kt_engine_people_version(const struct kt_engine *e); /**< rises when that changed */
/** Rises when any of the three above changed. */
uint64_t kt_engine_version(const struct kt_engine *e);

struct kt_engine_stats {
    uint64_t samples, late, future, refused, evaluations, outcomes, alarms_active;
    char drill[240]; /* title of the one under way; "" none */
};
void kt_engine_stats(const struct kt_engine *e, struct kt_engine_stats *ret);
#endif
