/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_ALARM_CARD_H
#define KT_ALARM_CARD_H
/*
 * card: the response card and record of cause and measure of an alarm: steps with name and time,
 * cause, measure, a follow-up every half hour until the alarm is over, and the close.
 *
 * One open card for a rule instance; raised again while its card is open, the alarm joins it.
 * Threads: the engine's only.
 * Invariants
 *  1. A card closes only with a cause and a measure written and its alarm over.
 *  2. While the alarm stands, next_followup is set; when it passes, `overdue` is told once.
 *  3. Nothing written on a card is changed; it is added to, at most KT_CARD_LOG entries.
 */
#include "base/buf.h"
#include "base/json.h"
#include "site/site.h"

struct kt_card_set;

enum { KT_CARD_TEXT = 500, KT_CARD_STEP = 64, KT_CARD_BY = 64, KT_CARD_LOG = 128 };
enum { KT_CARDS_CLOSED = 100 }; /* closed cards that are kept; all are in the journal */
#define KT_CARD_FOLLOWUP (30 * KT_MIN)

enum kt_card_change {
    KT_CARD_OPEN,
    KT_CARD_STEPPED,
    KT_CARD_MEASURE,
    KT_CARD_FOLLOWED,
    KT_CARD_OVERDUE,
    KT_CARD_CLEARED,
    KT_CARD_CLOSE
};

struct kt_card_entry {
    kt_time time;
    uint8_t change; /* enum kt_card_change */
    char by[KT_CARD_BY], step[KT_CARD_STEP], text[KT_CARD_TEXT];
};

struct kt_card {
    uint64_t id, alarm;
    kt_rule_id rule;
    kt_point_id point;
    char form[KT_CARD_STEP]; /* which card: the name in the rule's action */
    kt_time opened, cleared, closed, next_followup;
    bool overdue;
    uint32_t raises;
    char cause[KT_CARD_TEXT], measure[KT_CARD_TEXT];
    struct kt_card_entry *log;
    uint32_t log_n;
};

/** Told after each change; `e` is what was written, never NULL. */
typedef void (*kt_card_fn)(void *arg, const struct kt_card *c, const struct kt_card_entry *e);

struct kt_card_set *kt_card_new(const struct kt_site *site, kt_card_fn fn, void *arg);
void kt_card_free(struct kt_card_set *set);

/** Open, or join the open one of this instance. */
void kt_card_open(struct kt_card_set *set, uint64_t id, uint64_t alarm, kt_rule_id rule,
                  kt_point_id point, const char *form, kt_time now);
/** The alarm is over. */
void kt_card_cleared(struct kt_card_set *set, kt_rule_id rule, kt_point_id point, kt_time now);
void kt_card_tick(struct kt_card_set *set, kt_time now);

/* What people write. KT_ENOTFOUND; KT_ESTATE closed, or may not close yet; KT_EINVAL nothing
 * written; KT_ELIMIT the card is full. */
KT_MUST_CHECK int kt_card_step(struct kt_card_set *set, uint64_t id, kt_time now, const char *by,
                               const char *step, const char *text, struct kt_err *err);
KT_MUST_CHECK int kt_card_measure(struct kt_card_set *set, uint64_t id, kt_time now, const char *by,
                                  const char *cause, const char *measure, struct kt_err *err);
KT_MUST_CHECK int kt_card_followup(struct kt_card_set *set, uint64_t id, kt_time now,
                                   const char *by, const char *text, struct kt_err *err);
KT_MUST_CHECK int kt_card_close(struct kt_card_set *set, uint64_t id, kt_time now, const char *by,
                                const char *text, struct kt_err *err);

const struct kt_card *kt_card_find(const struct kt_card_set *set, uint64_t id);
uint32_t kt_card_count(const struct kt_card_set *set); /**< open and lately closed */
const struct kt_card *kt_card_at(const struct kt_card_set *set, uint32_t i); /**< oldest first */
const char *kt_card_change_id(enum kt_card_change change);
/** Members of the `card` outcome into an open object. */
void kt_card_outcome_json(const struct kt_card_set *set, const struct kt_card *c,
                          const struct kt_card_entry *e, struct kt_jw *w);
/** Array of cards, oldest first, each with its log. */
void kt_card_json(const struct kt_card_set *set, struct kt_jw *w);
void kt_card_save(const struct kt_card_set *set, struct kt_buf *out);
KT_MUST_CHECK int kt_card_load(struct kt_card_set *set, struct kt_rd *in, struct kt_err *err);
#endif
