/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_ALARM_ALARM_H
#define KT_ALARM_ALARM_H
/*
 * alarm: the life of an alarm after ISA-18.2 / IEC 62682: raise, acknowledge, return, shelve,
 * suppress by design, take out of service, first-out; and its measures. Diagram: alarm/README.md.
 *
 * One slot for each rule instance (rule, point) that ever raised or was taken out of service; slots
 * keep their place, so equal inputs give an equal order. Deterministic: time comes in as a
 * parameter. Owner: one kt_alarm_set per engine.   Threads: the engine's only. Invariants
 *  1. An alarm leaves the active states only by kt_alarm_clear().
 *  2. A statutory alarm has no mask (shelved, suppressed, out of service), ever.
 *  3. Every change of state or mask is told once to the owner's callback, after it was made.
 *  4. While a mask stands the alarm calls nobody: it neither escalates nor counts in the rate.
 *  5. The first of a first-out group is its oldest active alarm.
 *  6. An id names one occurrence, from raise until normal; raised again before it was acknowledged
 * it stays the same occurrence (`raises` counts).
 */
#include "base/buf.h"
#include "base/json.h"
#include "base/sample.h"
#include "site/site.h"

struct kt_alarm_set;

enum { KT_ALARM_TEXT = 240, KT_USER_TEXT = 64 };
#define KT_SHELVE_MAX (24 * KT_HOUR)

enum kt_alarm_state { KT_AL_NORMAL, KT_AL_UNACK, KT_AL_ACK, KT_AL_RTN };
enum { KT_AL_SHELVED = 1, KT_AL_SUPPRESSED = 2, KT_AL_OOS = 4 }; /* masks */
enum kt_alarm_change {
    KT_ALARM_RAISE,
    KT_ALARM_CLEAR,
    KT_ALARM_ACKED,
    KT_ALARM_SHELVE,
    KT_ALARM_UNSHELVE,
    KT_ALARM_SUPPRESS,
    KT_ALARM_UNSUPPRESS,
    KT_ALARM_OUT,
    KT_ALARM_RETURN,
    KT_ALARM_ESCALATE,
    KT_ALARM_AGAIN
};

/* What a raise knows about its moment. */
struct kt_alarm_cause {
    double value, limit;
    bool has_limit, low; /* low: the worst value is the smallest */
    kt_quality quality;
    uint8_t air; /* of a rule that looks along the air: 1 + enum kt_air_basis; 0: it does not */
};

/* A view; changed by the functions below alone. */
struct kt_alarm {
    kt_alarm_id id, first_out; /* first_out .v 0: it is the first, or has no group */
    kt_rule_id rule;
    kt_point_id point;
    uint8_t state; /* enum kt_alarm_state */
    uint8_t masks; /* KT_AL_SHELVED ... */
    struct kt_alarm_cause cause;
    double peak;
    kt_time raised, cleared, acked, until, next_escalate;
    kt_time before_raised, before_cleared; /* the occurrence before this one; 0: none */
    uint32_t raises;                       /* within this occurrence */
    uint32_t day_count;                    /* raises on `day` (days since 1970, site's offset) */
    int32_t day;
    kt_time recent[3];                                 /* last raises, newest first */
    char by[KT_USER_TEXT], note[KT_ALARM_TEXT];        /* last person and what they wrote */
    char mask_by[KT_USER_TEXT], reason[KT_ALARM_TEXT]; /* of the mask */
    uint64_t order;                                    /* rises with each raise of the set */
    uint32_t group_prev, group_next;                   /* private */
};

/** Told after each change, in order. `a` is valid for the call, in which the set is not changed. */
typedef void (*kt_alarm_fn)(void *arg, const struct kt_alarm *a, enum kt_alarm_change change);

/** @param site borrowed; outlives the set */
struct kt_alarm_set *kt_alarm_new(const struct kt_site *site, kt_alarm_fn fn, void *arg);
void kt_alarm_free(struct kt_alarm_set *set); /**< accepts NULL */

/** Raise (state NORMAL or RTN to UNACK). `id` is used when this is a new occurrence. An active
 * alarm is left as it is.
 *  @param suppressed by which design this comes suppressed, or NULL; statutory alarms never do */
void kt_alarm_raise(struct kt_alarm_set *set, kt_rule_id rule, kt_point_id point, kt_alarm_id id,
                    kt_time now, const struct kt_alarm_cause *cause, const char *suppressed);
/** The condition is over: UNACK to RTN, ACK (or masked) to NORMAL. Not active: nothing. */
void kt_alarm_clear(struct kt_alarm_set *set, kt_rule_id rule, kt_point_id point, kt_time now);
/** The cause of an active alarm has come once more beside the first (a second call for help): it
 * rings anew, unacknowledged, the same occurrence, and nothing was cleared. Not active: nothing. */
void kt_alarm_again(struct kt_alarm_set *set, kt_rule_id rule, kt_point_id point, kt_time now);
/** A new value of an active alarm: keeps the peak. True when the peak moved. */
bool kt_alarm_value(struct kt_alarm_set *set, kt_rule_id rule, kt_point_id point, double value,
                    kt_quality quality);
/** Suppress by design or lift it; statutory alarms are left alone. Not a known slot: nothing. */
void kt_alarm_suppress(struct kt_alarm_set *set, kt_rule_id rule, kt_point_id point, bool on,
                       const char *why, kt_time now);

/** @return KT_OK; KT_ENOTFOUND; KT_ECONFLICT acknowledged already or nothing to acknowledge */
KT_MUST_CHECK int kt_alarm_ack(struct kt_alarm_set *set, kt_alarm_id id, kt_time now,
                               const char *by, const char *note, struct kt_err *err);
/** @return KT_OK; KT_ENOTFOUND; KT_EDENIED statutory; KT_EINVAL no reason or too long */
KT_MUST_CHECK int kt_alarm_shelve(struct kt_alarm_set *set, kt_alarm_id id, kt_time now,
                                  int64_t for_ns, const char *by, const char *reason,
                                  struct kt_err *err);
KT_MUST_CHECK int kt_alarm_unshelve(struct kt_alarm_set *set, kt_alarm_id id, kt_time now,
                                    const char *by, struct kt_err *err);
/** Out of service, raised or not. `id` is used when the slot has no occurrence.
 *  @return KT_OK; KT_EDENIED statutory; KT_EINVAL no reason; KT_ECONFLICT is out already */
KT_MUST_CHECK int kt_alarm_out(struct kt_alarm_set *set, kt_rule_id rule, kt_point_id point,
                               kt_alarm_id id, kt_time now, const char *by, const char *reason,
                               struct kt_err *err);
KT_MUST_CHECK int kt_alarm_return(struct kt_alarm_set *set, kt_rule_id rule, kt_point_id point,
                                  kt_time now, const char *by, struct kt_err *err);

/** Ends shelving whose time is over, escalates what nobody acknowledged in the rule's `within`. */
void kt_alarm_tick(struct kt_alarm_set *set, kt_time now);

/* Reading */
const struct kt_alarm *kt_alarm_find(const struct kt_alarm_set *set, kt_alarm_id id);
const struct kt_alarm *kt_alarm_of(const struct kt_alarm_set *set, kt_rule_id rule,
                                   kt_point_id point); /**< NULL: never raised */
uint32_t kt_alarm_slots(const struct kt_alarm_set *set);
const struct kt_alarm *kt_alarm_at(const struct kt_alarm_set *set, uint32_t slot);
uint32_t kt_alarm_active(const struct kt_alarm_set *set); /**< how many are UNACK or ACK */
static inline bool kt_alarm_is_active(const struct kt_alarm *a)
{
    return a->state == KT_AL_UNACK || a->state == KT_AL_ACK;
}
/** Is it of interest to a screen: not normal, or masked? */
static inline bool kt_alarm_is_shown(const struct kt_alarm *a)
{
    return a->state != KT_AL_NORMAL || a->masks != 0;
}
const char *kt_alarm_state_id(const struct kt_alarm *a);     /**< mask first, then state */
const char *kt_alarm_change_id(enum kt_alarm_change change); /**< "raise" */

/** The members of contracts.md section 1 into an object that is open. change NULL: none. */
void kt_alarm_json(const struct kt_alarm_set *set, const struct kt_alarm *a, const char *change,
                   struct kt_jw *w);
/** An array of all that are shown, in the order of slots. What did not change since the last call
 * is copied, not made again. */
void kt_alarm_list_json(struct kt_alarm_set *set, struct kt_buf *out);
/** An object: rate, 24 h of 10-minute counts, flood, chattering, stale, top ten, priorities. */
void kt_alarm_kpi_json(const struct kt_alarm_set *set, kt_time now, struct kt_jw *w);

void kt_alarm_save(const struct kt_alarm_set *set, struct kt_buf *out);
/** Into a new set. What names no rule or point of the site is passed over. KT_ECORRUPT. */
KT_MUST_CHECK int kt_alarm_load(struct kt_alarm_set *set, struct kt_rd *in, struct kt_err *err);
#endif
