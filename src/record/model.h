/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_RECORD_MODEL_H
#define KT_RECORD_MODEL_H
/*
 * model: private to record. What registers/ declares (docs/record-format.md), read once and never
 * changed. Everything is in one arena; texts are never NULL ("" when not said); an index that means
 * "none" is KT_NONE.
 *
 * A file is read by model.c, which hands its root to one function a list: model_register.c,
 * model_flow.c (workflows, calendars, indicators, ledgers), model_document.c, model_provision.c.
 * When all files are read, model_check.c and model_flow_resolve() bind names to indexes.
 */
#include <stdatomic.h>

#include "base/map.h"
#include "conf/suggest.h"
#include "conf/yaml.h"
#include "record/record.h"

enum { REC_ID_MAX = 40, REC_FIELDS_MAX = 200, REC_TEXT_MAX = 2000, REC_GEOMETRY_MAX = 10000 };

enum rec_type {
    REC_TEXT,
    REC_TEXT2,
    REC_NUMBER,
    REC_MONEY,
    REC_DATE,
    REC_TIME,
    REC_BOOL,
    REC_ENUM,
    REC_REF,
    REC_PLACE,
    REC_PERSON,
    REC_GEOMETRY,
    REC_FILE,
    REC_PHOTO,
    REC_COMPUTED,
    REC_TYPES
};
extern const char *const rec_type_ids[REC_TYPES];
const char *rec_type_id(enum rec_type t);

/* Where something was declared. */
struct rec_at {
    const char *file;
    int line, col;
};

struct rec_choice {
    const char *id;
    struct kt_text title;
    bool ended;
};

/* Which values a field may have: those of one field of the record that another field names, and of
 * the records that share something with it. */
struct rec_among {
    const char *of_id, *field_id, *share_id; /* "" none */
    uint32_t of, field, share; /* of: field here; the others: of the register it names */
};

/* A value that a number is judged by. */
struct rec_limit {
    const char *id;
    double value;
    struct kt_text title;
    struct kt_source source;
};

struct rec_field {
    const char *id;
    enum rec_type type, as; /* as: of a computed field; else as type */
    struct kt_text title, help;
    bool required, ended, search, sources;
    bool personal; /* its values stand outside of events, in bodies that can be erased */
    int keep_days; /* of a personal field, a file or photo: erased by itself after; 0: never */
    const char *unit;
    double min, max; /* NaN: none; of a text max is characters */
    int decimals;    /* -1: not said */
    const char *pattern, *automatic, *def, *read, *write, *live, *sql;
    const struct rec_choice *values;
    uint32_t values_n;
    const char *to_id;
    uint32_t to;            /* of a ref: index of the register */
    bool part;              /* of a ref: this record is a part of that one, fixed with it */
    struct rec_among among; /* of_id "": any value */
    struct rec_among
        most; /* of a number: with others that name the same record, at most its field */
    const char *unless_id; /* stays empty where that field is filled; "" none */
    uint32_t unless;
    const struct rec_limit *limits;
    uint32_t limits_n;
    unsigned kinds;           /* of a geometry: bit of enum rec_kind; 0: every kind */
    const char *const *types; /* of a file: extensions; none: every type */
    uint32_t types_n;
    int max_mb; /* of a file; 0: the ceiling of the program */
    struct rec_at at;
};
enum rec_kind { REC_POINT, REC_LINE, REC_POLYGON, REC_MULTI };
/** Has the table a column that a request writes? */
static inline bool rec_stored(const struct rec_field *f)
{
    return f->type != REC_FILE && f->type != REC_PHOTO && f->type != REC_COMPUTED;
}
static inline bool rec_is_file(const struct rec_field *f)
{
    return f->type == REC_FILE || f->type == REC_PHOTO;
}

/* Names of fields of one register, as indexes into its fields. */
struct rec_names {
    const uint32_t *field;
    uint32_t n;
};

struct rec_register {
    const char *id;
    struct kt_text title, group;
    struct rec_field *fields;
    uint32_t fields_n;
    uint32_t key, place, geometry; /* indexes of fields; KT_NONE */
    const char *label;             /* pattern with {field} */
    const char *map_color, *map_symbol;
    uint32_t map_label;
    bool everywhere, is_private;
    const struct rec_names *unique, *duplicates;
    uint32_t unique_n, duplicates_n;
    struct rec_names list;
    const char *workflow_id;
    uint32_t workflow; /* index; KT_NONE */
    struct kt_map *field_ids;
    struct rec_at at;
    /* rights words, made once: "hazard.read", … */
    const char *right_read, *right_write, *right_import;
};

/* ---- workflows ---- */
enum rec_state_kind { REC_START, REC_ACTIVE, REC_WAITING, REC_DONE, REC_VOID };
struct rec_state {
    const char *id;
    struct kt_text title;
    enum rec_state_kind kind;
    bool fixed; /* fields change by a move that needs them alone, or are `open` */
    const char *const *open;
    uint32_t open_n;
};
/* A length of time: working or calendar days, or hours. */
struct rec_span {
    int days, hours; /* one of them, or neither: none */
    bool working;
};
enum rec_due_kind { REC_DUE_KEEP, REC_DUE_NONE, REC_DUE_SPAN, REC_DUE_FIELD };
struct rec_due {
    enum rec_due_kind kind;
    struct rec_span span;
    const char *field;
};
enum rec_owner {
    REC_OWNER_KEEP,
    REC_OWNER_GIVEN,
    REC_OWNER_MOVER,
    REC_OWNER_CREATOR,
    REC_OWNER_NONE
};
struct rec_evidence {
    const char *field;
    int n;
};
struct rec_linked { /* the record that a field names stands in one of these states */
    const char *field;
    const char *const *states;
    uint32_t states_n;
};
struct rec_transition {
    const char *id;
    struct kt_text title;
    uint64_t from;          /* bit of each state */
    uint32_t to;            /* state */
    const char *const *who; /* rights, "owner", "creator"; none: the register's write right */
    uint32_t who_n;
    const char *const *needs; /* fields */
    uint32_t needs_n;
    const struct rec_evidence *evidence;
    uint32_t evidence_n;
    const struct rec_linked *linked;
    uint32_t linked_n;
    bool note, returns;
    int sign; /* how many persons; 1 */
    enum rec_owner owner;
    struct rec_due due;
    struct rec_span receipt;
    struct rec_at at;
};
struct rec_remind {
    uint64_t states;
    struct rec_span before;
};
struct rec_escalate {
    uint64_t states;
    struct rec_span after;
    const char *to;   /* a right: who holds it is told */
    bool owner;       /* the owner is told too */
    const char *move; /* the move that time itself makes then; "" none */
    struct kt_text title;
};
enum rec_every {
    REC_EVERY_DAY,
    REC_EVERY_WEEK,
    REC_EVERY_MONTH,
    REC_EVERY_QUARTER,
    REC_EVERY_YEAR
};
struct rec_preset { /* a field that a cycle fills in */
    const char *field, *value;
};
struct rec_cycle {
    const char *id;
    struct kt_text title;
    enum rec_every every;
    int on;       /* weekday (0 Sunday) or day of the month */
    int at_s;     /* seconds after local midnight */
    bool working; /* never on a day off: a daily one leaves it out, others come the next working day
                   */
    const char *register_id;
    uint32_t reg;
    const struct rec_preset *fields;
    uint32_t fields_n;
    struct rec_at at;
};
struct rec_workflow {
    const char *id;
    struct kt_text title;
    const struct rec_state *states; /* at most 64 */
    uint32_t states_n, start;
    const struct rec_transition *transitions;
    uint32_t transitions_n;
    const struct rec_remind *remind;
    uint32_t remind_n;
    const struct rec_escalate *escalate;
    uint32_t escalate_n;
    struct rec_cycle *cycles;
    uint32_t cycles_n;
    struct rec_at at;
};

/* ---- calendars ---- */
struct rec_day {
    const char *day; /* "2026-01-01" */
    bool working;
};
struct rec_calendar {
    int year;
    struct kt_source source;
    const struct rec_day *days; /* rising */
    uint32_t days_n;
};

/* ---- indicators ---- */
enum rec_indicator_value { REC_RATIO_PERCENT, REC_RATIO, REC_NUMERATOR };
struct rec_setting {
    const char *id;
    struct kt_text title;
    double def;
    const double *values; /* none: any */
    uint32_t values_n;
};
struct rec_indicator {
    const char *id;
    struct kt_text title, group, definition;
    const char *unit, *read;
    int decimals;
    bool lower_is_better, forecast;
    enum rec_indicator_value value;
    const struct rec_setting *settings;
    uint32_t settings_n;
    const char *numerator, *denominator; /* SQL; denominator "" when value is the numerator */
    const char *drill_register, *drill_sql;
    uint32_t drill;                             /* index of a register; KT_NONE */
    const char *what_if_register, *what_if_sql; /* records that would each add one; "" */
    uint32_t what_if;
    struct rec_at at;
};

/* ---- ledgers ---- */
enum rec_period { REC_MONTH, REC_QUARTER, REC_YEAR };
struct rec_account {
    const char *id;
    struct kt_text title;
    bool has_floor;
    int64_t floor; /* in the ledger's smallest unit */
};
struct rec_ledger {
    const char *id;
    struct kt_text title;
    const char *unit, *read, *post, *close;
    int decimals;
    enum rec_period period;
    const struct rec_account *accounts;
    uint32_t accounts_n;
    const char *account_register, *account_prefix; /* "" when records have no account */
    uint32_t account_reg;                          /* KT_NONE */
    struct rec_account account_floor;              /* of the records' accounts: floor alone */
    struct rec_at at;
};

/* ---- documents ---- */
struct rec_document {
    const char *id, *register_id, *page;
    uint32_t reg;
    struct kt_text title;
    const char *const *lines;
    uint32_t lines_n;
    struct rec_at at;
};

/* ---- provisions ---- */
enum { REC_LEAVES_MAX = 32, REC_CONDITION_DEPTH = 8 };
enum rec_join { REC_LEAF, REC_ALL, REC_ANY, REC_NOT };
/* A three-valued condition over one record: a leaf is SQL over its fields, null is unknown. */
struct rec_condition {
    enum rec_join join;
    const char *sql; /* of a leaf */
    uint32_t leaf;   /* which leaf of its provision */
    uint64_t facts;  /* of a leaf: bit of each fact of the provision that it reads */
    const struct rec_condition *parts;
    uint32_t parts_n;
};
enum rec_modality {
    REC_MUST,
    REC_SHALL,
    REC_SHOULD,
    REC_MAY,
    REC_PRIORITY,
    REC_TASK,
    REC_FORBIDDEN,
    REC_MODALITIES
};
extern const char *const rec_modality_ids[REC_MODALITIES];
/* A clause that lays something on the records for which its condition holds. */
struct rec_provision {
    const char *id, *no, *register_id, *technique, *word, *text;
    uint32_t reg;
    struct kt_text title;
    enum rec_modality modality;
    struct kt_source source;
    const char *const *responsible;
    uint32_t responsible_n;
    const struct rec_condition *when; /* NULL: holds for every record */
    const char *const *leaves;        /* SQL of each leaf */
    uint32_t leaves_n;
    const uint32_t *facts; /* fields that the condition reads; at most 64 */
    uint32_t facts_n;
    const char *met_register, *met_sql; /* records that satisfy it; "" when it cannot be said */
    uint32_t met;
    struct rec_at at;
};

/* ---- barriers ---- */
struct rec_having {
    const char *field_id, *value;
    uint32_t field;
};
/* What a record's shape must not touch: the zones that another register has drawn. */
struct rec_barrier {
    const char *id, *no, *register_id, *zone_id, *word, *text;
    uint32_t reg, zone;
    struct kt_text title;
    bool refuse; /* a shape that touches is not written; else it is told */
    struct kt_source source;
    const char *const *responsible;
    uint32_t responsible_n;
    const char *const *of; /* names of the shapes; none: the register's geometry */
    uint32_t of_n;
    const uint32_t *fields; /* the shapes; at most 32 */
    uint32_t fields_n;
    const struct rec_having *having; /* which zones, all of them */
    uint32_t having_n;
    struct rec_at at;
};

/* ---- matches ---- */
enum rec_need_how { REC_NEED_IS, REC_NEED_FROM, REC_NEED_TO };
struct rec_need { /* a fact of one record against what the other one needs; an empty need is none */
    const char *fact_id, *need_id;
    uint32_t fact, need;
    enum rec_need_how how;
};
/* Which offers (practices) suit which records (mines). */
struct rec_match {
    const char *id, *register_id, *offers_id, *state_id;
    uint32_t reg, offers, state; /* state: of the offer; KT_NONE any */
    struct kt_text title;
    const struct rec_need *needs;
    uint32_t needs_n;
    struct rec_at at;
};

/* ---- briefings ---- */
enum rec_section_kind {
    REC_SECTION_INDICATORS,
    REC_SECTION_TARGETS,
    REC_SECTION_REGISTER,
    REC_SECTION_PROVISIONS,
    REC_SECTION_ASSESSMENTS
};
struct rec_section {
    struct kt_text title;
    enum rec_section_kind kind;
    const char *register_id, *filter, *sort; /* filter: JSON, as lists take it; "" */
    const char *const *words;                /* indicators, or columns of a register */
    const char *each; /* an enum among the columns: values without a record are listed, too; "" */
    uint32_t words_n, limit;
};
struct rec_briefing {
    const char *id, *read;
    struct kt_text title;
    int period; /* of rec_briefing_periods */
    const struct rec_section *sections;
    uint32_t sections_n;
    struct rec_at at;
};
extern const char *const rec_briefing_periods[];

struct kt_record_model {
    atomic_int refs;
    struct kt_arena *arena;
    struct kt_hash hash; /* of every file read */
    struct rec_register *registers;
    uint32_t registers_n;
    struct rec_workflow *workflows;
    uint32_t workflows_n;
    struct rec_calendar *calendars;
    uint32_t calendars_n;
    struct rec_indicator *indicators;
    uint32_t indicators_n;
    struct rec_ledger *ledgers;
    uint32_t ledgers_n;
    struct rec_document *documents;
    uint32_t documents_n;
    struct rec_provision *provisions;
    uint32_t provisions_n;
    struct rec_barrier *barriers;
    uint32_t barriers_n;
    struct rec_briefing *briefings;
    uint32_t briefings_n;
    struct rec_match *matches;
    uint32_t matches_n;
    bool personal; /* some register has a personal field */
    struct kt_map *register_ids, *workflow_ids, *indicator_ids, *ledger_ids;
};
/* Look-ups by text id: an index, or KT_NONE. */
uint32_t rec_register_of(const struct kt_record_model *m, const char *id);
uint32_t rec_workflow_of(const struct kt_record_model *m, const char *id);
uint32_t rec_indicator_of(const struct kt_record_model *m, const char *id);
uint32_t rec_ledger_of(const struct kt_record_model *m, const char *id);
uint32_t rec_field_of(const struct rec_register *reg, const char *id);
uint32_t rec_state_of(const struct rec_workflow *w, const char *id);

/* ---- reading ---- */
struct rec_load {
    const struct kt_site *site;
    struct kt_record_model *m;
    struct kt_arena *a;       /* the model's */
    struct kt_arena *scratch; /* until the load ends */
    struct kt_findings *findings;
    struct kt_problems problems; /* what kt_yaml_problem() reports to */
    uint32_t registers_cap, workflows_cap, calendars_cap, indicators_cap, ledgers_cap,
        documents_cap, provisions_cap, barriers_cap, briefings_cap, matches_cap;
    struct kt_db
        *db; /* in memory, with the model's tables: to try SQL; NULL until they are there */
};
/** Room for one more of n items in the model's arena; returns the array. */
void *rec_grow(struct rec_load *l, void *items, uint32_t n, uint32_t *cap, size_t size);
#define REC_PUSH(l, items, n, cap)                                                                 \
    ((items) = rec_grow((l), (items), (n), &(cap), sizeof(*(items))), &(items)[(n)++])
/** A required id by key: [a-z][a-z0-9_]*, at most 40; false after reporting. */
bool rec_read_id(struct rec_load *l, const struct kt_yaml *map, const char *key, const char **ret);
/** A text by key, copied into the model; "" when it is not there. */
const char *rec_read_str(struct rec_load *l, const struct kt_yaml *map, const char *key,
                         enum kt_need need);
struct kt_text rec_read_text2(struct rec_load *l, const struct kt_yaml *map, const char *key,
                              enum kt_need need);
/** A text or a list of texts, copied. */
void rec_read_words(struct rec_load *l, const struct kt_yaml *map, const char *key,
                    const char *const **ret, uint32_t *ret_n);
bool rec_is_id(const char *s);
/** Is it in the text as a word of its own? */
bool rec_holds_word(const char *text, const char *word);
struct rec_at rec_at_of(struct rec_load *l, const struct kt_yaml *n);
/** A mistake at a place that was kept. */
void rec_problem(struct rec_load *l, const struct rec_at *at, const char *fmt, ...) KT_PRINTF(3, 4);

/* The lists of one file: root is its map. */
void rec_read_registers(struct rec_load *l, struct kt_yaml *root);  /* model_register.c */
void rec_read_workflows(struct rec_load *l, struct kt_yaml *root);  /* model_flow.c */
void rec_read_calendars(struct rec_load *l, struct kt_yaml *root);  /* model_flow.c */
void rec_read_indicators(struct rec_load *l, struct kt_yaml *root); /* model_flow.c */
void rec_read_ledgers(struct rec_load *l, struct kt_yaml *root);    /* model_flow.c */
void rec_read_documents(struct rec_load *l, struct kt_yaml *root);  /* model_document.c */
void rec_read_provisions(struct rec_load *l, struct kt_yaml *root); /* model_provision.c */
void rec_read_matches(struct rec_load *l, struct kt_yaml *root);    /* model_match.c */
void rec_read_barriers(struct rec_load *l, struct kt_yaml *root);   /* model_barrier.c */
void rec_read_briefings(struct rec_load *l, struct kt_yaml *root);  /* model_briefing.c */
void rec_read_retention(struct rec_load *l, struct kt_yaml *root);  /* model_retention.c */
/** `keep` and `personal` of one field. */
void rec_read_keep(const struct kt_yaml *map, struct rec_field *f); /* model_retention.c */
/** What a personal field may not be. */
void rec_read_accord(struct rec_load *l, const struct kt_yaml *map,
                     struct rec_field *f); /* model_accord.c */
void rec_check_accord(struct rec_load *l, const struct rec_register *reg, struct rec_field *f);
void rec_check_personal(struct rec_load *l, const struct rec_register *reg); /* model_retention.c */
/** `limits` of a number. */
void rec_read_limits(struct rec_load *l, const struct kt_yaml *map, struct rec_field *f);
/** Write them into `sql` of the register's computed fields, where it says `:id`. */
void rec_fill_limits(struct rec_load *l, const struct kt_yaml *map, struct rec_register *reg);
/** The map `source` of a declaration: standard, edition, clause, verified. */
struct kt_source rec_read_source(struct rec_load *l, const struct kt_yaml *map);
/* When all files are read: names become indexes, and what does not fit is reported. */
void rec_check_registers(struct rec_load *l);  /* model_check.c */
void rec_check_flow(struct rec_load *l);       /* model_flow.c; l->db can try indicators' SQL */
void rec_check_documents(struct rec_load *l);  /* model_document.c */
void rec_check_provisions(struct rec_load *l); /* model_provision.c; l->db can try their SQL */
void rec_check_matches(struct rec_load *l);    /* model_match.c */
void rec_check_barriers(struct rec_load *l);   /* model_barrier.c */
void rec_check_briefings(struct rec_load *l);  /* model_briefing.c */
/** Call fn with every word that this model makes a right (a word may come twice). */
typedef void (*rec_right_fn)(void *arg, const char *word);
void rec_each_right(const struct kt_record_model *m, rec_right_fn fn, void *arg);
void rec_each_flow_right(const struct kt_record_model *m, rec_right_fn fn,
                         void *arg); /* model_flow.c */
#endif
