/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_RECORD_RECORD_H
#define KT_RECORD_RECORD_H
/*
 * record: the record room. Registers, workflows, targets, ledgers and indicators as data; a
 * deterministic applier of requests to SQLite, and what may be read of it.
 * The contract is docs/internals/records.md, the declaration docs/record-format.md.
 *
 * Threads: a model is immutable, any thread reads it, references are counted. A room is applied to
 * by one thread; the reading functions may be called from any.
 */
#include <stdatomic.h>

#include "base/task.h"
#include "conf/json.h"
#include "journal/journal.h"
#include "site/site.h"

/* ---- the declaration ---- */
struct kt_record_model;
/**
 * Read registers/ of the site's packs and of the site; every mistake goes to `findings`.
 * A site without registers has an empty model.
 * @return KT_OK with one reference; KT_EINVAL when there are errors
 */
KT_MUST_CHECK int kt_record_model_load(const struct kt_site *site, struct kt_findings *findings,
                                       struct kt_record_model **ret, struct kt_err *err);
struct kt_record_model *kt_record_model_ref(struct kt_record_model *m);
void kt_record_model_unref(struct kt_record_model *m); /**< accepts NULL */

/* ---- the room ---- */
struct kt_room;
struct kt_room_opts {
    const char *dir; /* site/data; records.db and bodies/ are in it */
    struct kt_site *site;
    struct kt_record_model *model; /* references are taken of both */
    /** Inside of kt_room_commit(), in order, once the transaction is on disk. `cause` and `k` name
     *  it for ever. */
    void (*outcome)(void *arg, kt_seq cause, uint32_t k, struct kt_str json);
    /** A `live` field has a new value: a sample for this point. Before the outcome of the same
     *  change, in the same order of (cause, k), and again with it after a restart. */
    void (*live)(void *arg, kt_seq cause, uint32_t k, const char *point, double value);
    void *arg;
};
/**
 * Open or make records.db and bring its tables to the model.
 * @return KT_OK; KT_ECONFLICT the model would strand records: err names field and count
 */
KT_MUST_CHECK int kt_room_open(const struct kt_room_opts *opts, struct kt_room **ret,
                               struct kt_err *err);
/**
 * To be read while no program runs on it: nothing is written, nothing may be applied. What an older
 * program or other registers wrote is read as a start of this program would leave it.
 * @return KT_OK; KT_ENOTFOUND no records.db; KT_ECONFLICT the model would strand records
 */
KT_MUST_CHECK int kt_room_open_closed(const struct kt_room_opts *opts, struct kt_room **ret,
                                      struct kt_err *err);
void kt_room_close(struct kt_room *r); /**< accepts NULL */
/** Would this model strand records of the room in `dir`? KT_ECONFLICT names field and count. */
KT_MUST_CHECK int kt_room_fits(const char *dir, const struct kt_record_model *model,
                               struct kt_err *err);
/** After a reload. */
KT_MUST_CHECK int kt_room_model(struct kt_room *r, struct kt_site *site,
                                struct kt_record_model *model, struct kt_err *err);

/** Is this verb the room's? The engine leaves such a request alone. */
bool kt_room_verb(struct kt_str verb);
kt_seq kt_room_seq(const struct kt_room *r); /**< all up to it is in the file */
/** When something is due next; INT64_MAX: nothing. */
kt_time kt_room_due(const struct kt_room *r);
/**
 * Apply one event of the journal: a request that is the room's, or the passing of time (any other
 * event). Its effects are in the file after kt_room_commit(). A request that is refused is KT_OK
 * with a verdict that says so; an error means that the disk or the file has failed.
 */
KT_MUST_CHECK int kt_room_apply(struct kt_room *r, const struct kt_event *ev, struct kt_err *err);
KT_MUST_CHECK int kt_room_commit(struct kt_room *r, struct kt_err *err);
/** The journal has the outcomes of all causes up to seq durable: forget them here. */
KT_MUST_CHECK int kt_room_settled(struct kt_room *r, kt_seq seq, struct kt_err *err);
/** Outcomes that were committed and not settled, again through opts.outcome, after a restart. */
KT_MUST_CHECK int kt_room_unsettled(struct kt_room *r, struct kt_err *err);
/** The oldest event of which the room may have said outcomes that are not settled, or has not seen
 *  at all: from here on the journal says what was said. */
KT_MUST_CHECK int kt_room_oldest(struct kt_room *r, kt_seq *ret, struct kt_err *err);
/** After an error of apply or commit: back to what is on disk. */
KT_MUST_CHECK int kt_room_mend(struct kt_room *r, struct kt_err *err);
/** Hash over all rows of all tables but kt_outcome and kt_meta: equal on every node. */
KT_MUST_CHECK int kt_room_digest(struct kt_room *r, struct kt_hash *ret, struct kt_err *err);
/** The same of a file that nobody has to run; zero without one. */
KT_MUST_CHECK int kt_room_file_digest(const char *dir, struct kt_hash *ret, struct kt_err *err);
/**
 * Of a file that nobody has to run: it is whole, rows are what their facts say, ledgers balance,
 * floors hold, bodies are there. Needs no site: the file keeps what was declared.
 * @return KT_OK, also without records.db; KT_ECORRUPT says what
 */
KT_MUST_CHECK int kt_room_verify(const char *dir, int64_t *ret_records, struct kt_err *err);
struct kt_room_missing {
    uint64_t n;     /* bodies that a record names and that are not there */
    int64_t record; /* of the first */
    char hash[65];
};
/** Look for them beside a running program; ends early when `stop` is set. Any thread. */
KT_MUST_CHECK int kt_room_missing(const char *dir, const atomic_bool *stop,
                                  struct kt_room_missing *ret, struct kt_err *err);

/* ---- what is of a person ---- */
/**
 * Before a request is journaled: values of personal fields go into bodies that can be erased, their
 * hashes into `out`, which is the args to journal. Any thread; waits for the disk.
 * @return KT_OK; KT_EINVAL: such a value is wrong, `out` is the verdict that says so
 */
KT_MUST_CHECK int kt_room_seal(struct kt_room *r, const char *verb, const struct kt_json *args,
                               struct kt_buf *out, struct kt_err *err);
/** The same of the body of record.import, {"rows": [{"fields"}]}. */
KT_MUST_CHECK int kt_room_seal_rows(struct kt_room *r, const char *reg, const struct kt_json *body,
                                    struct kt_buf *out, struct kt_err *err);
/** Has this register personal fields? */
bool kt_room_is_personal(struct kt_room *r, const char *reg);
/** Of {"name", "meta"} of an upload; record.attach has its hash as `about`. */
KT_MUST_CHECK int kt_room_seal_about(struct kt_room *r, struct kt_str about, char ret[65],
                                     struct kt_err *err);

/* ---- reading ---- */
/* Who asks: rights and places decide what is there. */
struct kt_reader {
    const char *user;
    const char *const *rights;
    uint32_t rights_n;
    const char *const *places; /* "*": everywhere */
    uint32_t places_n;
    kt_time now; /* engine time, or the moment of a replay */
    /* for what people print: a person's name, living as long as the call; NULL: ids stand as they
     * are */
    const char *(*name_of)(void *names, const char *user);
    void *names;
};
/*
 * Each writes one JSON value (docs/internals/records.md section 5) for who asks.
 * KT_ENOTFOUND: there is none, or none for them; KT_EINVAL a query that makes no sense;
 * KT_ETIMEOUT longer than allowed.
 */
struct kt_record_query {
    const char *q;                /* full text; NULL or "": none */
    const struct kt_json *filter; /* NULL: none */
    const char *sort;             /* NULL: newest change first */
    kt_time at, known;            /* 0: now */
    uint32_t limit;               /* 0: 100 */
    const char *cursor;
    uint32_t offset; /* so many are passed over; without a cursor */
};
KT_MUST_CHECK int kt_room_registers(struct kt_room *r, const struct kt_reader *who,
                                    struct kt_buf *out, struct kt_err *err);
KT_MUST_CHECK int kt_room_list(struct kt_room *r, const struct kt_reader *who, const char *reg,
                               const struct kt_record_query *q, struct kt_buf *out,
                               struct kt_err *err);
KT_MUST_CHECK int kt_room_get(struct kt_room *r, const struct kt_reader *who, const char *reg,
                              int64_t id, kt_time at, kt_time known, struct kt_buf *out,
                              struct kt_err *err);
KT_MUST_CHECK int kt_room_history(struct kt_room *r, const struct kt_reader *who, const char *reg,
                                  int64_t id, struct kt_buf *out, struct kt_err *err);
KT_MUST_CHECK int kt_room_duplicates(struct kt_room *r, const struct kt_reader *who,
                                     const char *reg, struct kt_buf *out, struct kt_err *err);
KT_MUST_CHECK int kt_room_search(struct kt_room *r, const struct kt_reader *who, const char *q,
                                 uint32_t limit, struct kt_buf *out, struct kt_err *err);
KT_MUST_CHECK int kt_room_map(struct kt_room *r, const struct kt_reader *who, const char *reg,
                              kt_time at, struct kt_buf *out, struct kt_err *err);
/** May who see this attachment through this record? ret: name and type, in the arena. */
KT_MUST_CHECK int kt_room_attachment(struct kt_room *r, const struct kt_reader *who, int64_t record,
                                     const char *hash, struct kt_arena *arena,
                                     const char **ret_name, const char **ret_type,
                                     struct kt_err *err);

/* A walk of a person, as an attachment of a record: who sees the field sees it, and they their own.
 */
#define KT_TRACK_TYPE "application/vnd.kuangtu.track+json"
struct kt_track_query {
    int64_t record;   /* 0: of all that are seen */
    kt_time from, to; /* when it was taken up; 0: any */
};
/** {"tracks":[{record, key, label, field, hash, user, time, meta}],"hidden":n}, the newest first,
 * at most 200; hidden: how many there are that who asks may only count. */
KT_MUST_CHECK int kt_room_tracks(struct kt_room *r, const struct kt_reader *who, const char *reg,
                                 const struct kt_track_query *q, struct kt_buf *out,
                                 struct kt_err *err);

struct kt_case_query {
    bool mine, overdue;
    const char *workflow, *state; /* NULL: all */
    kt_time from, to;             /* of the deadline; 0: any */
    uint32_t limit;
};
KT_MUST_CHECK int kt_room_cases(struct kt_room *r, const struct kt_reader *who,
                                const struct kt_case_query *q, struct kt_buf *out,
                                struct kt_err *err);
/** How many are open in each workflow, of those that this person sees: [{"workflow","open"}]. */
KT_MUST_CHECK int kt_room_case_counts(struct kt_room *r, const struct kt_reader *who,
                                      struct kt_buf *out, struct kt_err *err);
struct kt_indicator_query {
    kt_time from, to, at;
    const char *place; /* NULL: all */
};
/** @param id  NULL: all, as an array */
KT_MUST_CHECK int kt_room_indicators(struct kt_room *r, const struct kt_reader *who, const char *id,
                                     const struct kt_indicator_query *q, struct kt_buf *out,
                                     struct kt_err *err);
KT_MUST_CHECK int kt_room_drill(struct kt_room *r, const struct kt_reader *who, const char *id,
                                const struct kt_indicator_query *q, struct kt_buf *out,
                                struct kt_err *err);
/**
 * Which records would bring an indicator to its target:
 * {"value","numerator","denominator","target",
 * "needed","would_be","reachable","register","candidates":[{"record":{…},"why"}]}, the candidates
 * in the order of the declaration, each adding one to the numerator.
 * @param target  NULL: the one in force
 */
KT_MUST_CHECK int kt_room_what_if(struct kt_room *r, const struct kt_reader *who, const char *id,
                                  const struct kt_indicator_query *q, const double *target,
                                  struct kt_buf *out, struct kt_err *err);
KT_MUST_CHECK int kt_room_ledger(struct kt_room *r, const struct kt_reader *who, const char *id,
                                 kt_time at, struct kt_buf *out, struct kt_err *err);
KT_MUST_CHECK int kt_room_entries(struct kt_room *r, const struct kt_reader *who, const char *id,
                                  const char *account, const char *from, const char *to,
                                  const char *cursor, struct kt_buf *out, struct kt_err *err);
/**
 * What the declared provisions say of records: {"register","provisions":[what each is],"records":
 * [{"record":{id,key,label…},"verdicts":[{"provision","holds":"yes|no|unknown","missing":[fields
 * that are not known and would change the answer],"met":[records that satisfy it]}]}],"next"}.
 * A fact that the person may not see counts as unknown. At most 1000 records at once.
 */
struct kt_provision_query {
    int64_t record; /* 0: all that are not ended, in the order of their ids */
    int64_t after;  /* `next` of the page before */
    uint32_t limit; /* 0: 200 */
    kt_time at;     /* 0: now */
};
KT_MUST_CHECK int kt_room_provisions(struct kt_room *r, const struct kt_reader *who,
                                     const char *reg, const struct kt_provision_query *q,
                                     struct kt_buf *out, struct kt_err *err);
/**
 * Which records touch what they must not (`barriers:`): {"register","barriers":[what each is],
 * "records":[{"record":{…},"verdicts":[{"barrier","holds":"yes|no|unknown","missing":[shapes that
 * are not known],"no_zones","zones":[{id, key, label, area_m2, length_m, zone, overlap}]}]}],
 * "next"}; asked as provisions are.
 */
KT_MUST_CHECK int kt_room_barriers(struct kt_room *r, const struct kt_reader *who, const char *reg,
                                   const struct kt_provision_query *q, struct kt_buf *out,
                                   struct kt_err *err);
/**
 * What suits one record by facts and needs (`matches:`), or whom it suits: {"matches":[{"id",
 * "title","facts_of","lists","items":[{"holds":"yes|unknown","missing":[facts],"record":{…}}],
 * "no": how many do not}]}.
 */
KT_MUST_CHECK int kt_room_matches(struct kt_room *r, const struct kt_reader *who, const char *reg,
                                  int64_t record, struct kt_buf *out, struct kt_err *err);
/** The declared briefings: [{id, title, period, sections [{title, kind, register, filter, sort,
 *  limit, words}]}]. */
KT_MUST_CHECK int kt_room_briefings(struct kt_room *r, const struct kt_reader *who,
                                    struct kt_buf *out, struct kt_err *err);
KT_MUST_CHECK int kt_room_calendar(struct kt_room *r, int year, struct kt_buf *out,
                                   struct kt_err *err);

/**
 * What may be done with these records at once: transitions that begin where one of them stands,
 * with how many may and why the others may not.
 * @param n  1 to 1000
 */
KT_MUST_CHECK int kt_room_moves(struct kt_room *r, const struct kt_reader *who, const char *reg,
                                const int64_t *ids, uint32_t n, struct kt_buf *out,
                                struct kt_err *err);
/** Could there be a record of this register that who may see? */
bool kt_room_sees_some(struct kt_room *r, const struct kt_reader *who, const char *register_id);
/** Rights that may own cases of this register (its escalations name them), in the arena. */
uint32_t kt_room_owner_rights(struct kt_room *r, const char *reg, struct kt_arena *arena,
                              const char ***ret);

/**
 * A dry run: what record.import would do with each row. `rows` is an array of objects column ->
 * text as read from a file; column names are field ids or titles in either language.
 * Writes {"rows":[…fates…],"counts":{…}}, or {"error":{text, text_zh}} of the table as a whole.
 * @param request  the body of record.import, {"rows":[…]}; left empty when no row would change
 * @param task  how far it is; KT_ESTATE when it is stopped. May be NULL
 */
KT_MUST_CHECK int kt_room_import_dry(struct kt_room *r, const struct kt_reader *who,
                                     const char *reg, const struct kt_json *rows, const char *mode,
                                     struct kt_task *task, struct kt_buf *out,
                                     struct kt_buf *request, struct kt_err *err);
/** How much of the import of this body is applied, in thousandths; 0: it is not under way. Any
 *  thread. */
uint32_t kt_room_import_permille(struct kt_room *r, const struct kt_hash *body);

/* Whom an outcome of the room may be told: event streams and the list of events. */
struct kt_room_topic {
    enum { KT_TOPIC_NONE, KT_TOPIC_RECORD, KT_TOPIC_LEDGER } kind; /* NONE: everyone who may view */
    char id[48];                                                   /* register or ledger */
    char place[64];                                                /* "": none */
};
void kt_room_topic_of(struct kt_str outcome, struct kt_room_topic *ret);
/** Any thread; takes no reading connection. */
bool kt_room_hears(struct kt_room *r, const struct kt_reader *who,
                   const struct kt_room_topic *topic);

/* History for indicators' SQL: the runtime registers how; without it hist_* answer null. */
enum kt_hist { KT_HIST_COUNT, KT_HIST_MIN, KT_HIST_MAX, KT_HIST_SUM, KT_HIST_MEAN, KT_HIST_HOURS };
/** @return KT_OK; KT_ENOTFOUND: nothing is known of that time */
typedef int (*kt_hist_fn)(void *arg, const char *point, kt_time from, kt_time to, enum kt_hist what,
                          double *ret, struct kt_err *err);
void kt_room_on_history(struct kt_room *r, kt_hist_fn fn, void *arg);
#endif
