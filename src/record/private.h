/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_RECORD_PRIVATE_H
#define KT_RECORD_PRIVATE_H
/*
 * What the files of record share: the room while it applies, values, facts, and views for readers.
 *
 *   kt_room_apply() ── flow_pass(): what is due before ──▶ rec_request ──▶ verb ──▶ rows, facts,
 *                                                                          outcomes (kt_outcome)
 *   kt_room_commit() ── COMMIT ──▶ opts.outcome, opts.live
 *   reading: view_open() ── one reader whose TEMP views show what one person may see
 *
 * Invariants
 *  1. Only the applying thread touches `w` and what stands under it; readers take site and model
 *     under `lock`.
 *  2. A request runs inside a savepoint; when it is refused nothing of it is left but its verdict.
 *  3. A column of a row is what kt_fact says is valid now: rec_put() writes both.
 *  4. Ids of records rise: the greater of seq * 1000 and the last one + 1. Other ids are the next
 *     of their table; nothing is ever deleted from those, so they are the same on every node.
 */
#include <pthread.h>

#include "base/json.h"
#include "record/model.h"
#include "store/store.h"

/* ---- values ---- */
struct rec_value {
    enum kt_col_type type; /* NULL, INT, REAL, TEXT */
    int64_t i;
    double f;
    struct kt_str s;  /* borrowed from the request's arena or the statement's row */
    const char *body; /* of a personal value that a request brings: where it stands; NULL: none */
};
void rec_bind(struct kt_stmt *st, int i, const struct rec_value *v);
/** Column i of a row; text is borrowed until the next step. */
struct rec_value rec_column(const struct kt_stmt *st, int i);
bool rec_same(const struct rec_value *a, const struct rec_value *b);
/** As the contract writes a field of this type in JSON. */
void rec_write_value(struct kt_jw *w, const struct rec_field *f, const struct rec_value *v);

/* ---- requests ---- */
/* Where what is written comes from; goes with every fact. */
struct rec_source {
    const char *source, *note; /* NULL: none */
    bool verified;
    double certainty; /* NaN: none */
    int64_t since_ms; /* valid from */
};

/* One request while it is judged; everything borrowed lives until it ends. */
struct rec_request {
    kt_seq seq;
    kt_time time;
    struct kt_arena *a;
    const char *verb, *user;
    const struct kt_json *args, *by;
    struct rec_source source;
    struct kt_jw *result; /* inside of the result object */
    /* refused: */
    char text[400], text_zh[400];
    struct kt_buf
        problems; /* items {"field","text","text_zh"}, with "barrier" where one is touched */
    struct kt_str barrier; /* of the problem that is said next: an object, or nothing */
    bool clock;            /* nobody asks: time has passed; every right is there */
};
/** Refuse: keeps both texts and returns the code. Texts may come from rec_f(). */
int rec_no(struct rec_request *q, int code, const char *en, const char *zh);
#define rec_f(q, ...) kt_arena_printf((q)->a, __VA_ARGS__)

/* ---- the room ---- */
struct kt_room {
    char dir[512];
    struct kt_store *store;
    struct kt_db *w;      /* the writer */
    pthread_mutex_t lock; /* site, model */
    struct kt_site *site;
    struct kt_record_model *model;
    void (*on_outcome)(void *arg, kt_seq cause, uint32_t k, struct kt_str json);
    void (*on_live)(void *arg, kt_seq cause, uint32_t k, const char *point, double value);
    void *arg;
    kt_hist_fn hist;
    void *hist_arg;

    _Atomic kt_seq committed;
    _Atomic kt_time due;           /* of the next timer; INT64_MAX: none */
    struct kt_task importing;      /* how much of an import's rows is applied */
    struct kt_hash importing_body; /* whose, under `lock`; zero: none */
    /* the applying thread's */
    kt_seq seq;         /* last applied */
    kt_seq cause;       /* the event being applied, */
    uint32_t k;         /* and its next outcome */
    kt_seq asked;       /* the last request of the room: `seq` of rows that time makes */
    kt_time time;       /* of the event being applied, or the due time of what happens by itself */
    int64_t last_id;    /* of a record */
    struct kt_buf said; /* outcomes and live values of the open transaction */
    kt_time written_time; /* time in kt_meta */
    bool model_new;       /* flow_model() has to run before the next event */
    bool failed;          /* the disk or the file: only closing is left */
    bool erasing;         /* bodies of what was erased since erase_from may still be there */
    int64_t erase_from;   /* ms */
};
/* room.c */
int room_read_due(struct kt_room *r, struct kt_err *err);
/** A value for a point, told before the outcome that follows; kept and told again like one. */
KT_MUST_CHECK int room_say_live(struct kt_room *r, const char *point, double value,
                                struct kt_err *err);
/** Once it is on disk that they are erased: their bytes go (erase.c). */
void room_erase_bodies(struct kt_room *r);
/** One request, in a savepoint, with its verdict (apply.c). */
KT_MUST_CHECK int room_request(struct kt_room *r, const struct kt_event *ev, struct kt_err *err);
static inline int64_t rec_ms(kt_time t)
{
    return t / KT_MS;
}

/* ---- who may (request's `by`) ---- */
bool rec_may(const struct rec_request *q, const char *right);
bool rec_may_write(const struct rec_request *q, const struct rec_register *reg);
/** Lies `place` (an id, NULL: none) at or below one of the person's places? */
bool rec_in_scope(const struct kt_room *r, const struct rec_request *q,
                  const struct rec_register *reg, const char *place);

/* ---- rows ---- */
/* A record as it stands, in the request's arena. */
struct rec_row {
    const struct rec_register *reg;
    int64_t id, version, created_ms, changed_ms, ended_ms, merged; /* 0: not */
    const char *key, *label, *place, *created_by;                  /* "" when none */
    const char *state, *owner;                                     /* "" without a workflow */
    int64_t since_ms, due_ms, returns;
    struct rec_value *value; /* of each field of the register; files are NULL */
};
/** KT_ENOTFOUND (refused in q): there is none, or none that this person may see. */
KT_MUST_CHECK int rec_row_get(struct kt_room *r, struct rec_request *q, int64_t id,
                              struct rec_row *ret, struct kt_err *err);
/** As rec_row_get() for args.record, and with args.version when the request has to name it:
 *  KT_ECONFLICT says who changed which field since. Ended records are KT_ESTATE. */
KT_MUST_CHECK int rec_row_arg(struct kt_room *r, struct rec_request *q, bool need_version,
                              struct rec_row *ret, struct kt_err *err);

/* A field with a new value. */
struct rec_change {
    uint32_t field;
    struct rec_value value;
};
/**
 * Read and check `fields` (a JSON object) for this register: types, bounds, references, rights of
 * fields. Every mistake goes into q->problems; the first one is the refusal.
 */
KT_MUST_CHECK int rec_read_fields(struct kt_room *r, struct rec_request *q,
                                  const struct rec_register *reg, const struct kt_json *fields,
                                  struct rec_change **ret, uint32_t *ret_n, struct kt_err *err);
/** Write changes to a record: facts, row, version + 1, search, uniqueness, required fields. The
 *  row is brought up to date; *ret_changed: bit set of fields is not kept, a JSON array is in
 *  `changed` (names). No outcome: the caller says one with rec_say_record(). */
KT_MUST_CHECK int rec_put(struct kt_room *r, struct rec_request *q, struct rec_row *row,
                          const struct rec_change *change, uint32_t n, struct kt_buf *changed,
                          struct kt_err *err);
/** Make a record of these changes (defaults and automatic keys are filled in), with its outcome
 *  and the start of its workflow. */
KT_MUST_CHECK int rec_create(struct kt_room *r, struct rec_request *q,
                             const struct rec_register *reg, const struct rec_change *change,
                             uint32_t n, struct rec_row *ret, struct kt_err *err);
/** Version + 1 and who changed it, when a request changes nothing but the workflow's columns. */
KT_MUST_CHECK int rec_touch(struct kt_room *r, struct rec_request *q, struct rec_row *row,
                            struct kt_err *err);
/** Attachments of a field that came at or after a moment and are not ended. */
KT_MUST_CHECK int rec_attachments_since(struct kt_room *r, int64_t record, const char *field,
                                        int64_t since_ms, int64_t *ret, struct kt_err *err);

/* ---- outcomes ---- */
/** Say an outcome: `json` is the object's inside after "type","cause","k", without braces. */
KT_MUST_CHECK int rec_say(struct kt_room *r, const char *type, struct kt_str inside,
                          struct kt_err *err);
/** What is computed of a record goes to its points (`live`) where it is no longer what `row` was
 *  read with. */
KT_MUST_CHECK int rec_say_computed(struct kt_room *r, const struct rec_row *row,
                                   struct kt_err *err);
/** The outcome of a record, after rec_say_computed(); `fields` the inside of the array of changed
 * ids, may be empty. */
KT_MUST_CHECK int rec_say_record(struct kt_room *r, const struct rec_row *row, const char *change,
                                 struct kt_str fields, const char *by, const char *note,
                                 struct kt_err *err);

/* ---- calls to the flow (workflow.c, timers.c, ledger.c, calendar.c) ---- */
/** A verb of the flow (record.move, record.receipt, record.setting, ledger.*, calendar.*);
 *  KT_EUNSUPPORTED: not known. */
KT_MUST_CHECK int flow_request(struct kt_room *r, struct rec_request *q, struct kt_err *err);
/** A record was made: its accounts; with a workflow start state and timers. `row` is brought up to
 *  date; its outcome comes after. */
KT_MUST_CHECK int flow_created(struct kt_room *r, struct rec_request *q, struct rec_row *row,
                               struct kt_err *err);
/** Fields of a case changed (rec_put() calls it): deadlines that come from a field. */
KT_MUST_CHECK int flow_changed(struct kt_room *r, struct rec_request *q, struct rec_row *row,
                               struct kt_err *err);
/** A record was ended or reopened. */
KT_MUST_CHECK int flow_ended(struct kt_room *r, struct rec_request *q, struct rec_row *row,
                             struct kt_err *err);
/** Make happen, in order of (due, id), all that is due at or before t. Sets r->time for each. */
KT_MUST_CHECK int flow_pass(struct kt_room *r, kt_time t, struct kt_err *err);
/** The model is new or another: accounts, calendars, cycles' timers. Inside a transaction, before
 * the first event under this model; r->time is that event's. r->due is read from kt_timer after it,
 * and after every request and everything that was due. */
KT_MUST_CHECK int flow_model(struct kt_room *r, struct kt_err *err);
/** SQL that makes the flow's triggers; run after all tables are there. */
extern const char flow_triggers[];
/** Ledgers balance, floors hold; KT_ECORRUPT. */
KT_MUST_CHECK int flow_verify(struct kt_db *db, const struct kt_record_model *m,
                              struct kt_err *err);
/** Members of GET /registers for workflows, ledgers, indicators. */
void flow_registers(const struct kt_record_model *m, const struct kt_reader *who, struct kt_jw *w);
/** Inside of an item of GET …/{id}: "transitions", "moves". */
KT_MUST_CHECK int flow_get(struct kt_room *r, struct kt_db *db, const struct kt_record_model *m,
                           const struct kt_reader *who, const struct rec_register *reg, int64_t id,
                           struct kt_jw *w, struct kt_err *err);

/* ---- reading ---- */
/*
 * One reader for one person: TEMP views with the registers' names show the rows and columns that
 * the person may see, as they stand or as of (at, known). SQL of packs runs through the same, with
 * the authorizer on.
 */
struct rec_view {
    struct kt_room *r;
    struct kt_db *db;
    struct kt_site *site; /* references */
    struct kt_record_model *model;
    const struct kt_reader *who;
    kt_time at, known; /* 0: now */
    bool *made;        /* of each register: its view is there */
    struct kt_db_guard guard;
};
KT_MUST_CHECK int view_open(struct kt_room *r, const struct kt_reader *who, kt_time at,
                            kt_time known, struct rec_view *ret, struct kt_err *err);
void view_close(struct rec_view *v);
/** May this person see the register at all? */
bool reader_may(const struct kt_reader *who, const char *right);
bool reader_sees(const struct kt_reader *who, const struct rec_register *reg);
bool reader_sees_field(const struct kt_reader *who, const struct rec_field *f);
/** Make the view of a register (index) when it is not there yet. */
KT_MUST_CHECK int view_need(struct rec_view *v, uint32_t reg, struct kt_err *err);
KT_MUST_CHECK int view_need_all(struct rec_view *v, struct kt_err *err);
/** Prepare SQL of a pack over all views: reads only, no clock, no random, a second at most. The
 *  functions' `arg` is the view. */
KT_MUST_CHECK int view_sql(struct rec_view *v, const char *sql,
                           const struct kt_db_function *functions, uint32_t functions_n,
                           struct kt_stmt **ret, struct kt_err *err);
/** SELECT list of an item, and the item of the present row as JSON: {id, key, label, version, …}.
 */
void item_columns(const struct rec_register *reg, struct kt_buf *sql);
void item_write(struct rec_view *v, const struct rec_register *reg, struct kt_stmt *st,
                struct kt_jw *w);
#endif
