/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_CONTROL_SEQUENCE_H
#define KT_CONTROL_SEQUENCE_H
/*
 * sequence: runs of the site's sequences 顺控, step by step, over the outputs of control.
 *
 *   kt_sequence_start ──two persons──▶ WAITING ── kt_sequence_confirm ──▶ RUNNING ──▶ DONE
 *                     └──────────────────────────────────────────────────▶ │ ▲
 *   late, refused, taken back, a person, a restart: hold (starts only)     ▼ │ kt_sequence_resume
 *                                                                         HELD
 *   kt_sequence_end, a stop over the same outputs, a way back ──▶ ENDED
 *
 * Each step: skip? ─▶ guard known true ─▶ wait ─▶ act ─▶ confirm known true for its hold ─▶ next.
 * Deterministic: time comes in, conditions are asked of the owner, outputs are written by control
 * alone, so all that holds for a command of a person holds here.
 *
 * Owner: one kt_sequences per engine.   Threads: the engine's only.
 * Invariants
 *  1. A run closes an output only by kt_control_close(): interlock, tag, latch and device count.
 *  2. A run of kind stop closes nothing and is never held; it ends runs of kind start that touch
 *     its outputs, and stops that stop nothing beside. No smaller stop ends a larger one.
 *  3. While a run of kind start is alive over an output, no other run is.
 *  4. After a restart or take-over no run of kind start goes on by itself.
 *  5. A resumed run begins again with its first step; what stands is skipped, the horn is not.
 */
#include "control/control.h"

struct kt_sequences;

/* A stop finds room where a start finds none: starts are few, there is room for as many stops as
 * the site has outputs, and where they are more the oldest gives way. */
enum { KT_RUNS_STARTS = 16, KT_RUNS_DONE = 32 };
#define KT_RUN_CONFIRM (5 * KT_MIN) /* time for the second person */

enum kt_run_state { KT_RUN_WAITING, KT_RUN_RUNNING, KT_RUN_HELD, KT_RUN_DONE, KT_RUN_ENDED };
enum kt_run_phase { KT_PHASE_ENTER, KT_PHASE_GUARD, KT_PHASE_WAIT, KT_PHASE_CONFIRM };
enum kt_run_mark { KT_MARK_TODO, KT_MARK_NOW, KT_MARK_DONE, KT_MARK_SKIP, KT_MARK_LATE };

struct kt_run_acted {
    kt_point_id output;
    kt_command_id command; /* 0: it was carried out */
};

struct kt_seq_run { /* a view */
    uint64_t id;
    uint32_t sequence;
    enum kt_run_state state;
    enum kt_run_phase phase;
    uint32_t step, turn;                  /* turn: which subject of steps for each */
    kt_time started, since, stood, ended; /* stood: the confirmation stands since; 0: not */
    kt_time rest_at;                      /* when `rest` is still to be done; 0: not */
    kt_seq cause;
    int64_t param[KT_SEQ_PARAMS];
    kt_point_id *subject;
    uint32_t subjects_n;
    uint8_t *mark; /* [steps_n][subjects_n + 1] of enum kt_run_mark; steps not for each use 0 */
    struct kt_run_acted *acted;
    uint32_t acted_n;
    char by[KT_CTL_BY], second[KT_CTL_BY];
    char code[24], text[KT_CTL_TEXT]; /* why it is held or ended */
};

/* One change of a run. */
struct kt_seq_news {
    const char *change; /* start wait confirm step skip stand late hold resume done end */
    uint32_t step;      /* KT_NONE: none */
    kt_point_id subject;
    const char *by, *text; /* "" none */
};

struct kt_sequences_owner {
    void *arg;
    uint64_t (*next_id)(void *arg);
    enum kt_tri (*eval)(void *arg, const struct kt_expr *x, kt_point_id self);
    void (*told)(void *arg, const struct kt_seq_run *run, const struct kt_seq_news *news);
};

struct kt_sequences *kt_sequences_new(const struct kt_site *site, struct kt_control *control,
                                      const struct kt_sequences_owner *owner);
void kt_sequences_free(struct kt_sequences *s); /**< accepts NULL */

/* What is asked for. */
struct kt_seq_ask {
    kt_time now;
    kt_seq cause;
    uint32_t sequence;
    const kt_point_id *chosen; /* none: every subject of the sequence */
    uint32_t chosen_n;
    const int64_t *param; /* KT_SEQ_PARAMS values; NULL: as given by the sequence */
    const char *by;
};

/** Outputs that a run over these subjects could command; ascending, without doubles.
 *  Returns the count; at most cap are written. */
uint32_t kt_sequence_outputs(const struct kt_sequences *s, const struct kt_seq_ask *ask,
                             kt_point_id *ret, uint32_t cap);
/**
 * Begin a run. A stop begins at once, and ends the runs that touch its outputs.
 * @return KT_OK; KT_EINVAL a subject or parameter that is none of the sequence's; KT_ECONFLICT a
 *         run is alive over one of its outputs; KT_ELIMIT too many runs, for starts
 */
KT_MUST_CHECK int kt_sequence_start(struct kt_sequences *s, const struct kt_seq_ask *ask,
                                    uint64_t *ret, struct kt_err *err);
/** Another person confirms. KT_ENOTFOUND, KT_EDENIED the same person. */
KT_MUST_CHECK int kt_sequence_confirm(struct kt_sequences *s, uint64_t id, const char *by,
                                      kt_seq cause, kt_time now, struct kt_err *err);
/** Stop going on; a stop cannot be held (KT_ESTATE). */
KT_MUST_CHECK int kt_sequence_hold(struct kt_sequences *s, uint64_t id, const char *by, kt_time now,
                                   struct kt_err *err);
/** Go on with a held run, from its first step. */
KT_MUST_CHECK int kt_sequence_resume(struct kt_sequences *s, uint64_t id, const char *by,
                                     kt_seq cause, kt_time now, struct kt_err *err);
/** Give a run up. What it started stays as it is; a stop cannot be given up (KT_ESTATE). */
KT_MUST_CHECK int kt_sequence_end(struct kt_sequences *s, uint64_t id, const char *by, kt_time now,
                                  struct kt_err *err);

/** Let runs go on as far as they can now. */
void kt_sequences_step(struct kt_sequences *s, kt_seq cause, kt_time now);
/** After a restart or take-over, before kt_control_recovered(). */
void kt_sequences_recovered(struct kt_sequences *s, kt_time now);

/* Reading */
uint64_t kt_sequences_newest(const struct kt_sequences *s); /**< alive; 0: none */
const struct kt_seq_run *kt_sequence_find(const struct kt_sequences *s, uint64_t id); /**< alive */
bool kt_sequences_none(const struct kt_sequences *s); /**< none is alive or lately done */
const char *kt_run_state_id(enum kt_run_state s);
void kt_sequences_json(const struct kt_sequences *s, struct kt_jw *w); /**< array: alive, done */
/** Members of the `sequence` outcome into an open object. */
void kt_sequence_news_json(const struct kt_sequences *s, const struct kt_seq_run *run,
                           const struct kt_seq_news *news, struct kt_jw *w);
void kt_sequences_save(const struct kt_sequences *s, struct kt_buf *out);
KT_MUST_CHECK int kt_sequences_load(struct kt_sequences *s, struct kt_rd *in, struct kt_err *err);
#endif
