/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_ENGINE_CORE_H
#define KT_ENGINE_CORE_H
/*
 * core: what the engine's files share: its state, and the functions between them by topic.
 *
 * Invariants
 *  1. `now` never goes back and is never behind the arrival of an input. Every change comes from an
 * input; no clock, no random, no hash order.
 *  2. present values, their times and qualities are in the live table alone.
 *  3. hot.lo <= v <= hot.hi, at a good quality, changes no rule instance that reads only its own
 *     point, by a simple comparison or by its quality and flags; else lo > hi and the sample takes
 *     the long way.
 *  4. A flag, limit or quality that changed puts its point on the dirty list, and its rules and
 *     readers are evaluated before the input is done.
 *  5. Timers can be rebuilt from the rest of the state.
 */
#include "alarm/alarm.h"
#include "alarm/card.h"
#include "base/map.h"
#include "conf/json.h"
#include "control/control.h"
#include "control/sequence.h"
#include "engine/engine.h"
#include "engine/wheel.h"
#include "expr/expr.h"
#include "journal/samples.h"

enum {
    ENG_TEXT = 240,
    ENG_NAME = 64,
    ENG_KEYS = 1024, /* verdicts remembered by key */
    ENG_KEY = 96,    /* longest key */
    ENG_CONSOLES = 64,
    ENG_HANDOVERS = 8,
    ENG_NOTES = 50,
    ENG_CAL_OPEN = 64,
    ENG_CAL_CLOSED = 200,
    ENG_PROPOSALS = 256,
    ENG_HISTORY = 500, /* changes of limits that are kept */
    ENG_LATE = 256     /* late samples listed one by one of an input */
};
#define ENG_FUTURE      (5 * KT_SEC)   /* a sample further ahead takes its arrival time */
#define ENG_PAUSE       (100 * KT_MS)  /* without a tick: timers are looked at before an input */
#define ENG_LATE_GRACE  (60 * KT_SEC)  /* beyond stale_after: too old to be the present */
#define ENG_SILENT      (60 * KT_SEC)  /* a console without heartbeat */
#define ENG_FORGET      (24 * KT_HOUR) /* a silent console is no more */
#define ENG_MUTE_MAX    120            /* s */
#define ENG_HOLD_GRACE  (5 * KT_SEC) /* after a restart: until what permits has been heard again */
#define ENG_CAL_MINUTES 30

enum { PT_STALE = 1, PT_MANUAL = 2, PT_DEVICE_CAL = 4, PT_DIRTY = 8, PT_AWAIT = 16 };
enum { PT_WINDOWS = 1, PT_COMPLEX = 2, PT_READERS = 4, PT_OUTPUT = 8, PT_FEED = 16, PT_AIR = 32 };

/* 64 bytes a point: what a sample touches. */
struct pt {
    double lo, hi;      /* quiet band; lo > hi: none */
    kt_time last, seen; /* time of the present; engine time of the last sample */
    int64_t old_ns;     /* a sample older than this by its own time goes the long way */
    uint16_t flags;     /* bit per enum kt_flag */
    uint8_t bits;       /* PT_STALE ... */
    uint8_t kind;       /* PT_WINDOWS ...: fixed by the site */
    uint16_t alarms;    /* active alarms at this point */
    uint16_t latches;   /* outputs: rule instances that hold it open */
    uint32_t lim;       /* index of its limits; KT_NONE */
    uint32_t cal;       /* open calibration record; KT_NONE */
} __attribute__((aligned(64)));
_Static_assert(sizeof(struct pt) == 64, "a cache line");

enum inst_state { IN_OFF, IN_RISING, IN_ON, IN_FALLING };
enum {
    RULE_TIMED = 1,
    RULE_SIMPLE = 2,
    RULE_RESTORE = 4,
    RULE_OPENS = 8,
    RULE_STATE = 16,
    RULE_INTERLOCK = 32
};

struct inst {
    uint32_t rule, self;
    uint8_t state, kind; /* kind: RULE_* of its rule */
    uint32_t timed;      /* index among timed instances; KT_NONE */
    uint32_t window;     /* first window; KT_NONE: none */
    kt_time due;         /* of a delay under way */
};

struct lim {
    uint32_t point;
    uint8_t has; /* bit per enum kt_limit_name */
    double value[KT_LIMIT_NAMES];
};

/* Pairs (key, item) on their way to a csr: any keys, items in the order of their offering. */
struct pairs {
    uint32_t *key, *item, n, cap, cap2;
};
struct csr { /* lists by key: list[at[k] .. at[k + 1]) */
    uint32_t *at, *list;
};

struct cal {
    uint64_t id;
    uint32_t point;
    kt_time opened, until, closed, agreed; /* agreed: since when flag and record agree; 0 */
    bool has_peak, expired;
    double peak;
    char by[ENG_NAME], second[ENG_NAME], gas[ENG_NAME], result[ENG_TEXT];
};

struct proposal {
    uint64_t id;
    uint32_t point;
    uint8_t name;
    double value;
    kt_time at;
    char by[ENG_NAME], reason[ENG_TEXT];
};

struct limit_change {
    uint64_t id;
    uint32_t point;
    uint8_t name;
    double value, before;
    kt_time at;
    char by[ENG_NAME], second[ENG_NAME], reason[ENG_TEXT];
};

struct manual {
    uint32_t point;
    double value;
    kt_time at;
    char by[ENG_NAME], reason[ENG_TEXT];
};

struct test_record {
    uint32_t point;
    bool passed;
    kt_time at, last_pass;
    kt_time cut, dead; /* seen of it: the range locked open, its feeds dead; 0: not */
    char by[ENG_NAME], note[ENG_TEXT];
};
/* The last cut that a cut-off sensor made: when, and when all of its range was dead; 0: not. */
struct cut_proof {
    uint32_t point;
    kt_time cut, dead;
};

struct handover {
    kt_time at;
    char shift[ENG_NAME], from[ENG_NAME], to[ENG_NAME], by[ENG_NAME], note[ENG_TEXT];
};

struct note {
    uint64_t id;
    kt_time at;
    char where[ENG_NAME], by[ENG_NAME], text[ENG_TEXT];
};

struct console {
    kt_time heard, muted_until;
    bool sound, silent;
    char name[ENG_NAME], user[ENG_NAME];
};

struct key_seen {                 /* the verdict on a request that carried a key */
    char key[ENG_KEY + ENG_NAME]; /* "user/key"; "": free */
    int code;
    char *text; /* result as JSON, or what was wrong */
};

/* A growing list; the ceiling is its user's. */
#define ENG_LIST(type)                                                                             \
    struct {                                                                                       \
        type *v;                                                                                   \
        uint32_t n, cap;                                                                           \
    }

struct folk;
struct incident;
struct voice;

struct eng {
    struct kt_site *site;
    struct kt_live *live;
    struct kt_engine_out out;
    kt_seq seq, cause;
    kt_time now, born;
    uint64_t last_id, version;
    struct kt_engine_stats stats;

    /* indexes made from the site */
    uint32_t points_n, insts_n, windows_n, timed_n;
    struct pt *pt;
    struct inst *inst;
    uint32_t *rule_first;   /* rules_n + 1 */
    struct csr of, readers; /* instances by point: on it, reading it */
    struct csr opened_by;   /* instances by output */
    struct csr feeds;       /* windows by the point that they watch */
    struct csr fed_outputs; /* outputs by feed-state point */
    uint32_t *timed;        /* instances that windows make depend on time */
    kt_time *timed_at;      /* when a sample gave each its last turn */
    uint32_t *window_inst;  /* by window: its instance */
    char *windows;          /* windows_n of kt_window_size() */
    struct kt_expr_live xl;
    uint32_t *cutoffs; /* sensors whose interlock is tested */
    uint32_t cutoffs_n;

    /* state */
    struct wheel *wheel;
    struct air *air; /* NULL: the site has no roadways */
    struct kt_alarm_set *alarms;
    struct kt_card_set *cards;
    struct kt_control *control;
    struct kt_sequences *sequences;
    kt_time holds_from; /* until then, after a restart, an unknown permit is waited for */
    struct folk *folk;  /* engine/folk.h; NULL: the site knows no persons */
    ENG_LIST(struct incident) incident; /* engine/incident.h; oldest first */
    struct voice *voice;                /* engine/voice.h */
    ENG_LIST(uint32_t) dirty;
    bool draining;
    struct lim *lim;
    uint32_t lim_n;
    bool *link_down;     /* by link */
    kt_time *link_since; /* of the present state; 0: never heard */
    ENG_LIST(struct cal) cal;
    ENG_LIST(struct proposal) proposal;
    ENG_LIST(struct limit_change) change;
    ENG_LIST(struct manual) manual;
    ENG_LIST(struct test_record) test;
    ENG_LIST(struct cut_proof) proof;
    ENG_LIST(struct handover) handover;
    ENG_LIST(struct note) note;
    ENG_LIST(struct console) console;
    char drill[ENG_TEXT];
    kt_time drill_since;
    kt_time next_second, next_minute; /* housekeeping */
    struct key_seen keys[ENG_KEYS];
    uint32_t key_at;
    struct kt_map *key_map; /* key to ring position */
    uint32_t late_listed;   /* of this input */

    /* scratch */
    struct kt_buf json;
    struct kt_jw jw;
    struct kt_columns columns;
};

struct kt_engine {
    struct eng *s;
};

/* eng.c: birth and helpers */
struct eng *eng_new(struct kt_site *site, struct kt_live *live, const struct kt_engine_out *out);
void eng_free(struct eng *e);
uint64_t eng_next_id(void *e);
void *eng_grow(void *list, uint32_t n, uint32_t *cap, size_t size);
void eng_pair(struct pairs *p, uint32_t key, uint32_t item);
struct csr eng_csr_of(struct pairs *p, uint32_t keys); /**< keys are below it; takes the pairs */
void eng_csr_free(struct csr *c);
#define ENG_PUSH(list)                                                                             \
    ((list).v = eng_grow((list).v, (list).n, &(list).cap, sizeof *(list).v),                       \
     memset(&(list).v[(list).n], 0, sizeof *(list).v), &(list).v[(list).n++])
#define ENG_REMOVE(list, i)                                                                        \
    (memmove(&(list).v[i], &(list).v[(i) + 1], ((list).n - (i)-1) * sizeof *(list).v), (list).n--)
static inline const struct kt_rule *eng_rule(const struct eng *e, const struct inst *in)
{
    return &e->site->rules[in->rule];
}

/* outcome.c: one at a time */
struct kt_jw *eng_say(struct eng *e, const char *type);
void eng_said(struct eng *e);
void eng_jpoint(const struct eng *e, struct kt_jw *w, const char *key, uint32_t point);
void eng_owners(struct eng *e); /* alarm, card and control sets with their callbacks */

/* rules.c */
void eng_expr_live(struct eng *e);
void eng_eval(struct eng *e, uint32_t inst);
/** Suppress the alarm of an instance by design, or lift that, as its link and its rule say now. */
void eng_suppress(struct eng *e, uint32_t inst);
void eng_eval_self(struct eng *e, uint32_t point);
/** The alarms of a point that stand ring anew, without a clear, and their cards say so. */
void eng_ring_again(struct eng *e, uint32_t point);
void eng_eval_reader(struct eng *e, uint32_t inst); /**< a point that it reads has changed */
void eng_eval_readers(struct eng *e, uint32_t point);
/** Outputs that an interlock holds are looked at again. */
void eng_interlocks_again(struct eng *e);
void eng_inst_timer(struct eng *e, uint32_t inst);
void eng_guards(void *e, kt_point_id output, kt_condition_fn say, void *say_arg);
void eng_band(struct eng *e, uint32_t point);

/* sequences.c */
/** Let sequences go on as far as this moment lets them. */
void eng_sequences(struct eng *e);
void eng_sequences_save(const struct eng *e, struct kt_buf *out);
void eng_sequences_load(struct eng *e, struct kt_rd *in);
/** A rule starts a stop for the asset of `self`. */
void eng_sequence_linked(struct eng *e, uint32_t sequence, uint32_t self, const char *by);
struct request;

/* points.c */
bool eng_flag(const struct eng *e, uint32_t point, enum kt_flag f);
void eng_set_flag(struct eng *e, uint32_t point, enum kt_flag f, bool on);
void eng_dirty(struct eng *e, uint32_t point);
void eng_drain(struct eng *e);
/** A new value or quality of a point: live table, control, windows. True when rules may differ. */
bool eng_present(struct eng *e, uint32_t point, double value, kt_time time, kt_quality q);
void eng_refresh(struct eng *e,
                 uint32_t point); /**< quality again after a record or mode changed */
void eng_live_flags(struct eng *e, uint32_t point);
void eng_stale_timer(struct eng *e, uint32_t point);
void eng_link(struct eng *e, uint32_t link, bool up, const char *text);
/** After a pause of the program: nothing is known until it is heard again; each point has the time
 *  of its role for that, from the next tick on. */
void eng_resume(struct eng *e);
bool eng_over_limit(const struct eng *e, uint32_t point, double value);
kt_quality eng_range_quality(const struct kt_point *p, double value);

/* samples.c */
void eng_samples(struct eng *e, kt_time arrival, struct kt_str producer,
                 const struct kt_samples *s);

/* calibration.c */
struct cal *eng_cal_of(struct eng *e, uint32_t point);
void eng_cal_review(struct eng *e, uint32_t point);
void eng_cal_peak(struct eng *e, uint32_t point, double value);
void eng_cal_tick(struct eng *e);
void eng_cal_json(const struct eng *e, struct kt_jw *w);

/* limits.c */
void eng_limits_init(struct eng *e);
bool eng_limit(const struct eng *e, uint32_t point, int name, double *ret);
void eng_limits_json(const struct eng *e, struct kt_jw *w);
void eng_proposals_json(const struct eng *e, struct kt_jw *w);
/** Put a value in force again (checkpoint); false when the site no longer allows it. */
bool eng_limit_restore(struct eng *e, uint32_t point, int name, double value);
/** After a reload from the site of `from`: where the site was made tighter, a looser value of
 *  persons ends. */
void eng_limits_tighten(struct eng *e, const struct eng *from);

/* watch.c: consoles, tests, drill, time */
void eng_start(struct eng *e, kt_time now); /**< the first input's time is engine time */
void eng_tick(struct eng *e, kt_time now);
/** An input came at `now`: engine time is at least that, and what was due before a longer pause is
 *  done before the input. */
void eng_advance(struct eng *e, kt_time now);
kt_time eng_timed_due(const struct eng *e, uint32_t timed);
void eng_watch_second(struct eng *e);
void eng_watch_minute(struct eng *e);

/* requests.c */
struct request {
    kt_seq seq;
    const char *verb, *user, *console;
    const struct kt_json *args, *by;
    struct kt_jw *result; /* members of the result object */
};
typedef int (*request_fn)(struct eng *e, const struct request *q, struct kt_err *err);
void eng_request(struct eng *e, kt_seq seq, struct kt_str body);
bool eng_may(const struct request *q, const char *right);
/** KT_EDENIED unless the place of the point is in the person's places. */
int eng_in_scope(const struct eng *e, const struct request *q, uint32_t point, struct kt_err *err);
int eng_place_in_scope(const struct eng *e, const struct request *q, kt_place_id place,
                       struct kt_err *err);
/** args.KEY as a point in scope. */
int eng_arg_point(const struct eng *e, const struct request *q, const char *key, uint32_t *ret,
                  struct kt_err *err);
int eng_arg_text(const struct request *q, const char *key, const char **ret, struct kt_err *err);
int eng_arg_id(const struct request *q, const char *key, uint64_t *ret, struct kt_err *err);
void eng_keys_save(const struct eng *e, struct kt_buf *out);
void eng_keys_load(struct eng *e, struct kt_rd *in);

/* requests_alarm.c, requests_output.c, requests_record.c */
int eng_alarm_ack(struct eng *e, const struct request *q, struct kt_err *err);
int eng_alarm_shelve(struct eng *e, const struct request *q, struct kt_err *err);
int eng_alarm_unshelve(struct eng *e, const struct request *q, struct kt_err *err);
int eng_alarm_oos(struct eng *e, const struct request *q, struct kt_err *err);
int eng_alarm_return(struct eng *e, const struct request *q, struct kt_err *err);
int eng_card_step(struct eng *e, const struct request *q, struct kt_err *err);
int eng_card_measure(struct eng *e, const struct request *q, struct kt_err *err);
int eng_card_followup(struct eng *e, const struct request *q, struct kt_err *err);
int eng_card_close(struct eng *e, const struct request *q, struct kt_err *err);
int eng_output_command(struct eng *e, const struct request *q, struct kt_err *err);
int eng_output_confirm(struct eng *e, const struct request *q, struct kt_err *err);
int eng_output_cancel(struct eng *e, const struct request *q, struct kt_err *err);
int eng_output_tag(struct eng *e, const struct request *q, struct kt_err *err);
int eng_output_untag(struct eng *e, const struct request *q, struct kt_err *err);
int eng_sequence_start(struct eng *e, const struct request *q, struct kt_err *err);
int eng_sequence_confirm(struct eng *e, const struct request *q, struct kt_err *err);
int eng_sequence_hold(struct eng *e, const struct request *q, struct kt_err *err);
int eng_sequence_resume(struct eng *e, const struct request *q, struct kt_err *err);
int eng_sequence_end(struct eng *e, const struct request *q, struct kt_err *err);
int eng_calibration_open(struct eng *e, const struct request *q, struct kt_err *err);
int eng_calibration_extend(struct eng *e, const struct request *q, struct kt_err *err);
int eng_calibration_close(struct eng *e, const struct request *q, struct kt_err *err);
int eng_limit_propose(struct eng *e, const struct request *q, struct kt_err *err);
int eng_limit_approve(struct eng *e, const struct request *q, struct kt_err *err);
int eng_limit_reject(struct eng *e, const struct request *q, struct kt_err *err);
int eng_test_record(struct eng *e, const struct request *q, struct kt_err *err);
/* interlock_test.c */
const struct test_record *eng_test_of(const struct eng *e, uint32_t point); /**< NULL: none */
const struct cut_proof *eng_cut_proof(const struct eng *e, uint32_t point); /**< NULL: none */
void eng_cut_latched(struct eng *e, uint32_t point); /**< it locked an output open */
void eng_cut_proved(struct eng *e, kt_point_id output);
void eng_proof_save(const struct eng *e, struct kt_buf *out);
void eng_proof_load(struct eng *e, struct kt_rd *in);
int eng_handover_sign(struct eng *e, const struct request *q, struct kt_err *err);
int eng_manual_set(struct eng *e, const struct request *q, struct kt_err *err);
int eng_manual_clear(struct eng *e, const struct request *q, struct kt_err *err);
int eng_drill_start(struct eng *e, const struct request *q, struct kt_err *err);
/** The role of a point that the program itself writes: persons, calls for help, its own health. */
bool eng_is_own(const char *role);
/** The drill under way is over, by this one. */
void eng_drill_over(struct eng *e, const char *by);
int eng_drill_stop(struct eng *e, const struct request *q, struct kt_err *err);
int eng_console_hello(struct eng *e, const struct request *q, struct kt_err *err);
int eng_console_mute(struct eng *e, const struct request *q, struct kt_err *err);
int eng_evac_start(struct eng *e, const struct request *q, struct kt_err *err);
int eng_evac_stop(struct eng *e, const struct request *q, struct kt_err *err);
int eng_evac_confirm(struct eng *e, const struct request *q, struct kt_err *err);
int eng_evac_block(struct eng *e, const struct request *q, struct kt_err *err);
int eng_person_calm(struct eng *e, const struct request *q, struct kt_err *err);
int eng_person_out(struct eng *e, const struct request *q, struct kt_err *err);
int eng_call_start(struct eng *e, const struct request *q, struct kt_err *err);
int eng_call_end(struct eng *e, const struct request *q, struct kt_err *err);
int eng_broadcast_start(struct eng *e, const struct request *q, struct kt_err *err);
int eng_recording_erase(struct eng *e, const struct request *q, struct kt_err *err);
int eng_note_add(struct eng *e, const struct request *q, struct kt_err *err);

/* voice.c, voice_json.c: calls, broadcasts, climbing (engine/voice.h) */
struct voice *voice_new(void);
void voice_free(struct voice *v); /**< accepts NULL */
void eng_voice_answer(struct eng *e, const struct kt_json *a);
void eng_voice_second(struct eng *e);
void eng_voice_recovered(struct eng *e);
/** What an action of a rule says or whom it calls, for the instance at `self`. */
void eng_voice_linked(struct eng *e, uint32_t rule, const struct kt_action *a, uint32_t self,
                      const char *by);
/** The words of an evacuation to the speakers of a place, where the site says so. */
void eng_voice_announce(struct eng *e, uint32_t place, const char *text);
void eng_voice_json(const struct eng *e, struct kt_jw *w);
void eng_voice_save(const struct eng *e, struct kt_buf *out);
void eng_voice_load(struct eng *e, struct kt_rd *in);
void eng_keep_save(const struct eng *e, struct kt_buf *out);
void eng_keep_load(struct eng *e, struct kt_rd *in);
/** Hashes of recordings that were erased lately, the newest last. */
void eng_keep_erased(const struct eng *e, void (*fn)(void *arg, const char *hash), void *arg);
void eng_talks_json(const struct eng *e, struct kt_jw *w); /**< array, oldest first */

/* air.c, air_reach.c, air_save.c: without roadways (airways.csv) e->air is NULL */
void eng_air_init(struct eng *e);
void eng_air_free(struct eng *e);
void eng_air_look(struct eng *e); /**< fans and doors as the live table has them */
void eng_air_settle(
    struct eng *e); /**< what moved is told and the rules along the air look again */
void eng_air_second(struct eng *e);
void eng_air_answer(struct eng *e, const struct kt_json *root);
/** As kt_site_each() along the air. False: not such a set, or there are no roadways. */
bool eng_air_each(const struct eng *e, enum kt_set set, kt_point_id self, struct kt_str role,
                  bool (*fn)(void *arg, kt_point_id it), void *arg);
/** Places that the air of a place comes to, itself included; ret has room for all places. */
uint32_t eng_air_reach(const struct eng *e, uint32_t place, kt_place_id *ret);
/** Rules that the air brings to this point. */
void eng_air_readers(struct eng *e, uint32_t point);
/** What a rule that looks along the air goes by: enum kt_air_basis; -1: it does not. */
int eng_air_basis(const struct eng *e, const struct kt_rule *r);
void eng_air_json(const struct eng *e, struct kt_jw *w);
void eng_air_save(const struct eng *e, struct kt_buf *out);
void eng_air_load(struct eng *e, struct kt_rd *in);
void eng_air_loaded(struct eng *e); /**< after all of the checkpoint is in place */

/* json.c, save.c, load.c */
void eng_save(const struct eng *e, struct kt_buf *out);
/** Into a new engine; the live table is written only on success. */
int eng_load(struct eng *e, struct kt_str saved, struct kt_err *err);
#endif
