/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_CONTROL_CONTROL_H
#define KT_CONTROL_CONTROL_H
/*
 * control: outputs and what is asked of them: commands, read-back, proof by the feed state,
 * latches, tag-outs, interlocks. Diagram and safety rules: control/README.md.
 *
 * Opening (the role's `opening` value: cut, stop) is easy, closing is earned. Deterministic: time
 * comes in as a parameter, ids from the owner.
 * Owner: one kt_control per engine.   Threads: the engine's only.
 * Invariants
 *  1. An opening is written at once, whatever tag, latch, command or unknown stands.
 *  2. A closing is written only after every interlock condition held at that moment, and, where the
 *     output asks, after another person confirmed it.
 *  3. Nothing here writes the closing value by itself: only kt_control_close() and _confirm() do.
 *  4. An opening is written again until it is read back, and never expires; a closing is written
 *     once and is dead after its expiry, a restart, a reconnect, or an opening.
 *  5. PROVED is said only while the feed state is known and agrees.
 *  6. At most one opening and one closing of an output are alive.
 *  7. A set-point 设定值 has closings alone: nothing opens or latches it, so no rule, sequence or
 *     protection ever writes a number. It is written within its limits, by a step of at most so
 *     much from what the device is known to hold, and done when that is read back.
 */
#include "base/buf.h"
#include "base/json.h"
#include "site/site.h"

struct kt_control;

enum { KT_CTL_BY = 64, KT_CTL_TEXT = 240, KT_CTL_TAGS = 8, KT_CTL_DONE = 256 };
#define KT_CTL_RESEND  (2 * KT_SEC)  /* an opening that is not read back */
#define KT_CTL_SLOW    (30 * KT_SEC) /* after KT_CTL_FAST_TRIES, or against feed */
#define KT_CTL_AGAINST (2 * KT_SEC)  /* command against feed: AQ 6201 feed anomaly */
#define KT_CTL_CONFIRM (5 * KT_MIN)  /* time for the second person */
#define KT_CTL_READ    (2 * KT_SEC)  /* an answer to a read; then openings go out unread */
enum { KT_CTL_FAST_TRIES = 15 };

enum kt_command_state {
    KT_CMD_NONE,
    KT_CMD_REQUESTED, /* waits for the second person */
    KT_CMD_CONFIRMED,
    KT_CMD_SENT,
    KT_CMD_READBACK, /* final where the output has no feed state */
    KT_CMD_PROVED,
    KT_CMD_REFUSED,
    KT_CMD_FAILED,
    KT_CMD_EXPIRED,
    KT_CMD_ANOMALY
};

struct kt_command {
    kt_command_id id;
    kt_seq cause;
    kt_point_id output;
    double value; /* of a switch 0 or 1 */
    uint8_t state;
    bool protective, written, read;
    uint32_t tries;
    kt_time requested, sent, expires; /* expires 0: never */
    char by[KT_CTL_BY], second[KT_CTL_BY], reason[KT_CTL_TEXT], text[KT_CTL_TEXT];
};

struct kt_tag {
    uint64_t id;
    kt_time at;
    char by[KT_CTL_BY], reason[KT_CTL_TEXT];
    char untag_by[KT_CTL_BY]; /* two-person outputs: who asked first, until untag_until */
    kt_time untag_until;
};

struct kt_output { /* a view */
    kt_point_id point, feed, fed_by;
    int8_t reg, fed;       /* 0, 1; -1 unknown: the device's register, the feed state */
    int8_t commanded;      /* last value written; -1 none */
    double is, set;        /* a set-point: what the device holds, what was written; NaN unknown */
    bool anomaly, unread;  /* unread: not read back since a restart or reconnect */
    kt_time sent;          /* last write */
    kt_time against_since; /* 0: command and feed agree */
    kt_time read_at;       /* last read asked for; 0: none */
    kt_time guard_until;   /* an overtaken closing may still arrive: found closed is opened again */
    kt_command_id read_id;
    struct kt_command open, close; /* state KT_CMD_NONE: none alive */
    struct kt_rule_instance *latch;
    uint32_t latch_n;
    struct kt_tag tag[KT_CTL_TAGS];
    uint32_t tag_n;
};

/* One write or read on its way to a device. */
struct kt_write {
    kt_command_id command;
    kt_seq cause;
    kt_point_id output;
    double value;
    bool protective, read_first;
    kt_time expires;
};

/* A condition of the interlock, for refusals and screens. */
struct kt_condition {
    const char *code; /* "latch" "tag" "unread" "rule" "permit" "unknown" */
    kt_rule_id rule;  /* .v KT_NONE: none */
    kt_point_id point;
    const char *who; /* of a tag; else "" */
    bool ok;
};
typedef void (*kt_condition_fn)(void *arg, const struct kt_condition *c);

/* What control tells and asks its owner. */
struct kt_control_owner {
    void *arg;
    uint64_t (*next_id)(void *arg);
    void (*write)(void *arg, const struct kt_write *w);     /* before the command's own news */
    void (*command)(void *arg, const struct kt_command *c); /* each change of a command */
    void (*latch)(void *arg, kt_point_id output, struct kt_rule_instance by, bool on);
    /** Command against feed; of a set-point: the device holds something else than was written. */
    void (*anomaly)(void *arg, kt_point_id output, bool on);
    /** Conditions of rules that may open this output; what is not known is not ok. */
    void (*guards)(void *arg, kt_point_id output, kt_condition_fn say, void *say_arg);
};

/* Who asks for what, when. */
struct kt_ask {
    kt_time now;
    kt_seq cause;
    kt_point_id output;
    double value; /* a closing of a set-point: what it is to hold */
    const char *by, *reason;
    const char *second; /* another person who has confirmed it already; NULL: none */
};

struct kt_control *kt_control_new(const struct kt_site *site, const struct kt_control_owner *owner);
void kt_control_free(struct kt_control *c); /**< accepts NULL */

/** Open at once. While an unanswered opening is alive it joins that one. Returns its id. */
kt_command_id kt_control_open(struct kt_control *c, const struct kt_ask *ask);
/** A rule instance locks the output open until it is unlatched. Unlatching writes nothing. */
void kt_control_latch(struct kt_control *c, kt_point_id output, struct kt_rule_instance by);
void kt_control_unlatch(struct kt_control *c, kt_point_id output, struct kt_rule_instance by);

/**
 * Ask to close (write the value that does not open), or a set-point to hold ask->value.
 * @param ret the command; it waits for a confirmation where the output asks for two persons
 * @return KT_OK; KT_ESTATE the interlock does not hold (text names what); KT_ECONFLICT one is
 *         alive; KT_EINVAL the number is outside of its limits
 */
KT_MUST_CHECK int kt_control_close(struct kt_control *c, const struct kt_ask *ask,
                                   kt_command_id *ret, struct kt_err *err);
/** Another person confirms. KT_ENOTFOUND, KT_EDENIED same person, KT_ESTATE interlock. */
KT_MUST_CHECK int kt_control_confirm(struct kt_control *c, kt_command_id id, const char *by,
                                     kt_seq cause, kt_time now, struct kt_err *err);
/** Give up a closing that is not sent yet. */
KT_MUST_CHECK int kt_control_cancel(struct kt_control *c, kt_command_id id, const char *by,
                                    struct kt_err *err);
/** The interlock of closing, condition by condition (say may be NULL). True: all hold. */
bool kt_control_interlock(const struct kt_control *c, kt_point_id output, kt_condition_fn say,
                          void *arg);

/** A tag-out: the output is not closed while it hangs. KT_ELIMIT too many. */
KT_MUST_CHECK int kt_control_tag(struct kt_control *c, const struct kt_ask *ask,
                                 struct kt_err *err);
/** @param tag which; 0: the asker's own, or the only one. *ret_gone false: a second person is still
 *             needed. KT_ENOTFOUND, KT_EINVAL several */
KT_MUST_CHECK int kt_control_untag(struct kt_control *c, const struct kt_ask *ask, uint64_t tag,
                                   bool *ret_gone, struct kt_err *err);

enum kt_answer { KT_ANS_WRITTEN, KT_ANS_FAILED, KT_ANS_READBACK };
/** A device's answer. Unknown ids and dead commands change nothing. */
void kt_control_answer(struct kt_control *c, kt_command_id id, enum kt_answer what, double value,
                       const char *text, kt_time now);
/** The device's register as a sample told it, and the feed state; known false: not known. */
void kt_control_register(struct kt_control *c, kt_point_id output, bool known, double value,
                         kt_time now);
void kt_control_feed(struct kt_control *c, kt_point_id output, bool known, uint8_t live,
                     kt_time now);
void kt_control_tick(struct kt_control *c, kt_time now);
/** After a restart, take-over (link KT_NONE: all) or reconnect of a link: closings are dead,
 *  outputs are read, then unanswered openings go again. */
void kt_control_recovered(struct kt_control *c, uint32_t link, kt_seq cause, kt_time now);

/* Reading */
uint32_t kt_control_count(const struct kt_control *c);
const struct kt_output *kt_control_at(const struct kt_control *c, uint32_t i);
const struct kt_output *kt_control_of(const struct kt_control *c, kt_point_id output); /**< NULL */
const struct kt_command *kt_control_find(const struct kt_control *c,
                                         kt_command_id id); /**< alive */
/** Among those lately done; NULL. */
const struct kt_command *kt_control_over(const struct kt_control *c, kt_command_id id);
const struct kt_command *kt_control_last_opening(const struct kt_control *c, kt_point_id output);
uint8_t kt_control_opening(const struct kt_control *c, const struct kt_output *o);
const char *kt_command_state_id(enum kt_command_state s);
void kt_condition_text(const struct kt_site *site, const struct kt_condition *c, char *to,
                       size_t cap);
/** Members of the `command` outcome into an open object. */
void kt_command_json(const struct kt_control *c, const struct kt_command *cmd, struct kt_jw *w);
void kt_control_outputs_json(const struct kt_control *c, struct kt_jw *w);  /**< array */
void kt_control_commands_json(const struct kt_control *c, struct kt_jw *w); /**< array: alive, then
    lately done */
void kt_control_save(const struct kt_control *c, struct kt_buf *out);
KT_MUST_CHECK int kt_control_load(struct kt_control *c, struct kt_rd *in, struct kt_err *err);
#endif
