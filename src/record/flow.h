/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_RECORD_FLOW_H
#define KT_RECORD_FLOW_H
/*
 * flow: what workflow.c, timers.c, calendar.c, ledger.c, indicator.c and cases.c share. Their doors
 * to the rest of the room are the flow_…() functions of record/private.h.
 *
 *   start ──record.move──▶ state ──record.move──▶ … ──▶ done or void (──▶ open again)
 *              │ sign < N: the record stays, a row `sign` in kt_move
 *              └ N-th person: state, owner, deadline, row `move`, timers anew
 *
 * Invariants
 *  1. A case leaves its state only by flow_move(); time changes its owner (escalation) and tells.
 *  2. Timers of a record are those of its present state and deadline: whatever changes these calls
 *     flow_timers(). A rule escalates once for each time that a state is entered.
 *  3. A timer is deleted in the transaction in which it happens, and what happens is stamped with
 *     its due time, so nothing happens twice or not at all.
 */
#include "record/model_flow.h"
#include "record/private.h"

/* ---- days (calendar.c) ---- */
struct flow_days {
    struct rec_days days;
    struct kt_db *db;
    const struct kt_record_model *model;
};
/** Working days as kt_calendar, then the model, then the week have them. */
const struct rec_days *flow_days(struct flow_days *d, struct kt_db *db,
                                 const struct kt_record_model *m, const struct kt_site *site);
/** The deadline `span` after `from_ms`: 24:00 of a day, or so many hours later. */
int64_t flow_deadline(const struct rec_days *d, int64_t from_ms, const struct rec_span *span);
/** The same time of day `span` later (below 0: before). */
int64_t flow_shift(const struct rec_days *d, int64_t from_ms, const struct rec_span *span);
KT_MUST_CHECK int flow_calendar_set(struct kt_room *r, struct rec_request *q, struct kt_err *err);

/* ---- workflow.c ---- */
KT_MUST_CHECK int flow_move(struct kt_room *r, struct rec_request *q, struct kt_err *err);
/** Time makes this move: nobody is asked, nothing is needed. */
KT_MUST_CHECK int flow_lapse(struct kt_room *r, struct rec_request *q, const struct rec_row *row,
                             const char *transition, struct kt_err *err);
KT_MUST_CHECK int flow_assign(struct kt_room *r, struct rec_request *q, struct kt_err *err);
KT_MUST_CHECK int flow_receipt(struct kt_room *r, struct rec_request *q, struct kt_err *err);
static inline const struct rec_workflow *flow_of(const struct kt_record_model *m,
                                                 const struct rec_register *reg)
{
    return reg->workflow == KT_NONE ? NULL : &m->workflows[reg->workflow];
}
/** Write _state, _since, _owner, _due, _returns of a row. */
KT_MUST_CHECK int flow_store(struct kt_room *r, const struct rec_row *row, struct kt_err *err);
/** The deadline that a field holds: 24:00 of a date, or a moment; 0: it is empty. */
int64_t flow_field_due(const struct rec_row *row, const char *field, int utc_offset_s);
/** A row of kt_move; texts may be NULL. */
struct flow_step {
    const char *kind, *transition, *from, *to, *by, *note;
};
KT_MUST_CHECK int flow_log(struct kt_room *r, const struct rec_row *row, const struct flow_step *s,
                           struct kt_err *err);
/** Who asks about a transition: a request or a reader. */
struct flow_asker {
    const char *user;
    const void *of;
    bool (*may)(const void *of, const char *right);
    bool writes; /* the register's write right */
};
bool flow_is_owner(const struct flow_asker *a, const char *owner);
bool flow_may_move(const struct flow_asker *a, const struct rec_transition *t, const char *owner,
                   const char *creator);
/** Persons who have made this move since the state was entered and since a field was changed (what
 *  was signed is what stands); *ret_self: `user` is one. */
KT_MUST_CHECK int flow_signed(struct kt_db *db, int64_t record, const char *transition,
                              const char *user, int64_t *ret_n, bool *ret_self, struct kt_err *err);

/* ---- flow_read.c ---- */
/** Attachments of a field since a moment that are not ended. */
KT_MUST_CHECK int flow_evidence(struct kt_db *db, int64_t record, const char *field,
                                int64_t since_ms, int64_t *ret, struct kt_err *err);
/** Members of a transition that are the same for every record. */
void flow_transition(struct kt_jw *w, const struct rec_workflow *f, const struct rec_transition *t);

/* ---- timers.c ---- */
/** Reminders and escalations of a record as its state and deadline want them now. */
KT_MUST_CHECK int flow_timers(struct kt_room *r, const struct rec_row *row, struct kt_err *err);
/** Ask for a receipt until then; 0: ask for none any more. */
KT_MUST_CHECK int flow_receipt_until(struct kt_room *r, int64_t record, int64_t due_ms,
                                     struct kt_err *err);
/** Is a receipt of this record waited for? */
KT_MUST_CHECK int flow_receipt_open(struct kt_room *r, int64_t record, bool *ret,
                                    struct kt_err *err);
KT_MUST_CHECK int flow_timers_model(struct kt_room *r, struct kt_err *err);

/* ---- ledger.c, ledger_accounts.c ---- */
/** The id of an account by its key; 0 in *ret: there is none. */
KT_MUST_CHECK int flow_account_find(struct kt_room *r, const char *ledger, const char *key,
                                    int64_t *ret, struct kt_err *err);
struct flow_account {
    const char *ledger, *key, *title, *unit;
    bool has_floor;
    int64_t floor, record; /* record 0: of none */
};
KT_MUST_CHECK int flow_account_add(struct kt_room *r, const struct flow_account *a,
                                   struct kt_err *err);
KT_MUST_CHECK int flow_ledger_request(struct kt_room *r, struct rec_request *q, struct kt_err *err);
/** Accounts that the model declares and those of records are there. */
KT_MUST_CHECK int flow_accounts(struct kt_room *r, struct kt_err *err);
/** A record was made: its accounts. */
KT_MUST_CHECK int flow_account_of(struct kt_room *r, const struct rec_row *row, struct kt_err *err);

static inline bool flow_sees_ledger(const struct kt_reader *who, const struct rec_ledger *g)
{
    return reader_may(who, g->read) || reader_may(who, g->post) || reader_may(who, g->close);
}

/* ---- indicator.c ---- */
extern const struct kt_db_function flow_functions[];
extern const uint32_t flow_functions_n;
KT_MUST_CHECK int flow_setting(struct kt_room *r, struct rec_request *q, struct kt_err *err);
#endif
