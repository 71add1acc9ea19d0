/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_SITE_SITE_H
#define KT_SITE_SITE_H
/*
 * site: a site folder and its packs, loaded and checked into one immutable model.
 * The format is docs/site-format.md. A loaded site is never changed; a reload makes a new one.
 *
 * Threads: any may read; references are counted (kt_site_ref/unref).
 * Ids are indexes into the arrays below; they are kept over a reload for points whose text id
 * stays.
 */
#include <stdbool.h>

#include "base/crypto.h"
#include "base/id.h"
#include "base/time.h"
#include "expr/expr.h"

struct kt_text {
    const char *zh, *en; /* en falls back to zh; never NULL */
};

enum kt_point_kind { KT_POINT_ANALOG, KT_POINT_SWITCH, KT_POINT_COUNTER, KT_POINT_OUTPUT };
enum kt_retention { KT_RETAIN_KEY, KT_RETAIN_NORMAL, KT_RETAIN_SHORT, KT_RETAIN_CLASSES };

/* Where a number comes from; shown beside it everywhere. */
struct kt_source {
    const char *standard, *edition, *clause; /* "" when none */
    bool verified;
};
struct kt_jw;
/** The member `key`: {"zh", "en"}; a text that was not given is "". */
void kt_text_json(struct kt_jw *w, const char *key, const struct kt_text *t);
/** The member `key`: {"standard", "edition", "clause", "verified"}. */
void kt_source_json(struct kt_jw *w, const char *key, const struct kt_source *s);

enum kt_limit_name {
    KT_LIMIT_WARN,
    KT_LIMIT_ALARM,
    KT_LIMIT_CUT,
    KT_LIMIT_RESTORE,
    KT_LIMIT_LOW_ALARM,
    KT_LIMIT_LOW_CUT,
    KT_LIMIT_LOW_RESTORE,
    KT_LIMIT_NAMES
};
const char *kt_limit_name_id(enum kt_limit_name n); /**< "alarm" */

/* What may be written to a point that takes a number: a set-point 设定值. */
struct kt_setpoint {
    double lo, hi;    /* allowed, in the unit of the point */
    double step;      /* from the present value at most */
    double tolerance; /* what is read back may differ by so much */
};

struct kt_role {
    const char *id;
    struct kt_text title;
    const char *short_name, *unit, *group;
    enum kt_point_kind kind;
    enum kt_retention retention;
    double resolution;      /* 0: exact comparison */
    int64_t stale_after_ns; /* 0: never stale */
    bool cutoff;            /* a cut-off sensor */
    bool over_range_high;   /* over-range counts as over every upper limit */
    bool is_protected;      /* output: no rule opens it (safety rule 7) */
    bool watched;           /* no output stands beside it (safety rule 7: a winding engine) */
    uint8_t opening;        /* output: the value that cuts or stops */
    int64_t expiry_ns, readback_ns; /* of what is commanded: an output, a set-point */
    const struct kt_setpoint *set;  /* analog: its points may be set, within this; NULL: not */
    int64_t test_every_ns;          /* output: how often what cuts it is tried; 0: never */
    const char
        *file_type; /* in mine files: 4 digits of the sensor type, 2 of its system before; "" */
    struct kt_text off, on;
};

struct kt_place {
    const char *id;
    kt_place_id parent; /* .v == KT_NONE: root */
    const char *kind;
    struct kt_text name;
    double x, y, length_m;
    bool has_xy;
    kt_place_id working;       /* nearest panel or heading-area at or above, KT_NONE */
    const kt_place_id *air_to; /* next along the design airflow */
    uint32_t air_to_n;
};

struct kt_limits { /* of one point, as packs and site give them; the engine holds what is in force
                    */
    double value[KT_LIMIT_NAMES];
    bool has[KT_LIMIT_NAMES];
    /* what a clause allows at most: nobody makes it looser; the site may have made it tighter */
    double clause[KT_LIMIT_NAMES];
    bool backed[KT_LIMIT_NAMES]; /* a clause backs it */
    bool low;                    /* direction: looser = smaller */
    struct kt_source source;
    uint32_t range; /* index into ranges, KT_NONE */
    struct kt_text range_text;
};

/* A thing that has points, and what it gives to: a belt to the next one (assets.csv). */
struct kt_asset {
    const char *id, *kind; /* kind: belt, feeder, fan, … other: assets.c */
    struct kt_text name;
    kt_place_id place;
    uint32_t to;          /* index into assets, KT_NONE */
    const uint32_t *from; /* those that give to it, ascending */
    uint32_t from_n;
    const kt_point_id *points; /* ascending */
    uint32_t points_n;
    kt_point_id drive, run;     /* a belt's: its output, and the point that proves that it runs */
    double length_m, speed_m_s; /* 0: not given */
};

enum { KT_LINE_MAX = 16 }; /* outputs above one another on a line */

struct kt_point {
    const char *id;
    struct kt_text name;
    const char *unit;
    const struct kt_role *role;
    enum kt_point_kind kind;
    enum kt_retention retention;
    kt_place_id place;
    double range_lo, range_hi; /* NaN: none */
    double resolution, deadband;
    uint32_t link; /* index into links, KT_NONE */
    const char *address;
    int64_t scan_ns; /* 0: the link's */
    double x, y;
    bool has_xy, two_person;
    bool device_state; /* the source tells the device's own state (status word, mine file) */
    bool ended;        /* gone since a reload: keeps its slot; no link, limits or rules */
    const struct kt_setpoint
        *set;                  /* it takes a number, within this; NULL: it is not commanded so */
    kt_point_id feed;          /* output: its feed-state point, KT_NONE */
    kt_point_id fed_by;        /* output: the output above it on the line, KT_NONE */
    const kt_place_id *serves; /* output: what it feeds */
    uint32_t serves_n;
    const char *tags;
    uint32_t asset;                 /* index into assets; KT_NONE: of none */
    const struct kt_limits *limits; /* NULL: none */
    /* outputs that the range of this point's limits de-energises (computed at load), ascending */
    const kt_point_id *cuts;
    uint32_t cuts_n;
};

/** Is it written to: a switch, or a set-point? */
static inline bool kt_point_commanded(const struct kt_point *p)
{
    return p->kind == KT_POINT_OUTPUT || p->set;
}

/* Where a range looks for places around its sensor. */
enum kt_range_scope {
    KT_SCOPE_WORKING,    /* the nearest panel or heading-area; without one: the sensor's place */
    KT_SCOPE_PLACE,      /* the sensor's place and what lies below it */
    KT_SCOPE_DOWNSTREAM, /* its place and all reached along the design airflow */
    KT_SCOPE_SELF        /* the point itself (an output) */
};
struct kt_range {
    const char *id;
    struct kt_text title;
    const char *const *kinds; /* place kinds inside the scope; none: every kind */
    uint32_t kinds_n;
    enum kt_range_scope scope;
    double upwind_m; /* downstream: also what lies so far upwind of its place; 0: nothing */
    const char *const *
        roles; /* roles of the outputs; default switch.power, and machines not fed by one of them */
    uint32_t roles_n;
};

enum kt_action_kind {
    KT_ACT_OPEN_RANGE,
    KT_ACT_OPEN_POINTS,
    KT_ACT_OPEN_ASSET, /* outputs of the asset of the instance's own point */
    KT_ACT_CARD,
    KT_ACT_PICTURE,  /* what cameras saw just before is kept */
    KT_ACT_SEQUENCE, /* start a sequence of kind stop */
    /* those of a linkage that an incident keeps account of (engine/incident.h) */
    KT_ACT_PEOPLE,    /* list who is there: `place` or `downstream` */
    KT_ACT_EVACUATE,  /* the point's working, its place, or a place that is named */
    KT_ACT_CAMERAS,   /* show the nearest `count` */
    KT_ACT_CASE,      /* open a case in register `select` */
    KT_ACT_BROADCAST, /* words to the speakers of some places */
    KT_ACT_CALL       /* ring a phone and say what the alarm is */
};
enum kt_reach { KT_REACH_PLACE, KT_REACH_DOWNSTREAM }; /* a place and below; also along its air */
struct kt_point_list {
    const kt_point_id *points;
    uint32_t n;
};
struct kt_action {
    enum kt_action_kind kind;
    const char *card;          /* KT_ACT_CARD */
    const char *select;        /* KT_ACT_OPEN_POINTS, _ASSET: text of the selector */
    const kt_point_id *points; /* KT_ACT_OPEN_POINTS: resolved for all instances alike */
    uint32_t points_n;
    const struct kt_point_list *of_asset; /* KT_ACT_OPEN_ASSET: by asset */
    uint32_t sequence;                    /* KT_ACT_SEQUENCE: index into sequences */
    uint32_t count;                       /* KT_ACT_CAMERAS */
    enum kt_reach reach;                  /* KT_ACT_BROADCAST */
    kt_place_id place;                    /* KT_ACT_BROADCAST: KT_NONE: that of the point */
    struct kt_text words;                 /* KT_ACT_BROADCAST */
    kt_point_id phone;                    /* KT_ACT_CALL */
    uint32_t camera;                      /* KT_ACT_PICTURE: index; KT_NONE: the nearest */
};

struct kt_rule {
    const char *id, *pack;
    struct kt_text title, cause, consequence, action_text;
    const struct kt_expr *raise, *clear; /* clear NULL: not raise */
    const struct kt_expr *suppress; /* while true its alarm is suppressed by design; NULL: never */
    const char *suppress_text;      /* "" none */
    /* by instance: each set that `suppress` names holds a point; where one is empty nothing can be
     * known from it, and the instance is never suppressed. NULL: all are so */
    const bool *suppress_can;
    int64_t on_delay_ns, off_delay_ns, within_ns;
    uint8_t priority; /* 1..4 */
    bool statutory, latch;
    /* an interlock: raises no alarm; `raise` is its permit, which must be known to be true for an
     * output to be closed and, with `hold`, to stay commanded */
    bool interlock, hold;
    const char *category, *same_cause;
    struct kt_source clause;
    const struct kt_action *then;
    uint32_t then_n;
    const kt_point_id *points; /* one instance each, ascending */
    uint32_t points_n;
    const char *file;
    int line;
};

/* A sequence 顺控: steps with guard, action, confirmation, time-out and way back. */
enum kt_seq_turn { KT_SEQ_ONCE, KT_SEQ_ALL, KT_SEQ_EACH }; /* for no subject, all at once, each */
enum kt_seq_late {
    KT_SEQ_HOLD,
    KT_SEQ_NEXT,
    KT_SEQ_BACK,
    KT_SEQ_UNDO
}; /* what a step does that is late */
enum kt_seq_take { KT_SEQ_CHOSEN, KT_SEQ_ONWARD, KT_SEQ_BEHIND }; /* what goes with a subject */
enum { KT_SEQ_PARAMS = 8, KT_SEQ_STEPS = 64 };
struct kt_seq_param { /* of a recipe */
    const char *id;
    struct kt_text title;
    bool is_switch;        /* yes or no (1, 0); else a duration */
    int64_t lo, hi, given; /* ns; given: when the recipe does not say */
};
struct kt_seq_time {
    int64_t ns;
    int32_t param; /* index into params; -1: ns */
};
struct kt_seq_action {
    bool close;
    const char *select;
    struct kt_point_list fixed;           /* outputs that are named */
    const struct kt_point_list *of_asset; /* by asset of the subject; NULL: fixed */
};
struct kt_seq_step {
    const char *id;
    struct kt_text title, reason; /* reason: why nothing was begun when the guard does not hold */
    enum kt_seq_turn turn;
    enum kt_seq_late late;
    uint32_t back;                                /* KT_SEQ_BACK: index into sequences */
    int32_t when;                                 /* switch of the recipe; -1: always */
    const struct kt_expr *skip, *guard, *confirm; /* NULL: none */
    const char *skip_text, *guard_text, *confirm_text;
    struct kt_seq_time wait, hold, within;
    const struct kt_seq_action *act;
    uint32_t act_n;
};
struct kt_sequence {
    const char *id, *pack;
    struct kt_text title;
    bool start; /* it closes; else it only opens, and nothing holds it up */
    enum kt_seq_take take;
    struct kt_source clause;
    const kt_point_id *subjects; /* outputs, in the order of their turns */
    uint32_t subjects_n;
    struct kt_seq_param params[KT_SEQ_PARAMS];
    uint32_t params_n;
    const struct kt_seq_step *steps;
    uint32_t steps_n;
    const struct kt_seq_action *rest; /* done when a run is held or ends before its end */
    uint32_t rest_n;
    const char *file;
    int line;
};

enum kt_link_kind {
    KT_LINK_MODBUS,
    KT_LINK_MQTT,
    KT_LINK_PUSH,
    KT_LINK_MINEFILE,
    KT_LINK_UPWARD, /* at a mine: to its county */
    KT_LINK_MINE,   /* at a county: from a mine */
    KT_LINK_CAMERA, /* all cameras of cameras.csv */
    KT_LINK_SIP,    /* phones and speakers */
    KT_LINK_SMS,    /* a GSM modem */
    KT_LINK_MAIL,   /* a mail server */
    KT_LINK_SNMP,   /* a switch, a base station, a host */
};
struct kt_producer {
    const char *id, *token_file;
    const char *const *points; /* id patterns with * */
    uint32_t points_n;
};
struct kt_link_conf { /* fields that a kind does not use are "" or 0 */
    const char *id;
    enum kt_link_kind kind;
    const char *host, *client_id, *user, *password_file, *time_field, *value_field;
    bool sparkplug;      /* mqtt: payloads are Sparkplug B */
    bool positions;      /* mqtt: payloads are readings of tags */
    const char *host_id; /* mqtt: whose STATE is told; "" none */
    const char *in_dir, *out_dir, *encoding, *record_end, *file_end, *field_sep;
    int port, unit, version;
    const char *key_file, *auth; /* snmp: of privacy, "" none; sha, sha256, sha512 */
    int retries;                 /* snmp */
    int64_t timeout_ns, scan_ns, every_ns;
    int fence;         /* modbus: first of four holding registers that keep the fencing token; -1 */
    int64_t before_ns; /* camera: so much before an alarm is kept; every_ns: it is looked at */
    int keep_days;     /* camera: pictures of alarms are kept; sip: recordings */
    int64_t keep_bytes; /* sip: of all recordings together */
    int64_t silent_ns;  /* push, minefile: down after so long without data; 0: never */
    const char *const *topics;
    uint32_t topics_n;
    const struct kt_producer *producers;
    uint32_t producers_n;
    /* upward, mine */
    const char *node;         /* the mine's name */
    const char *const *share; /* globs of points */
    uint32_t share_n;
    bool share_alarms;
    const char *const *registers; /* globs */
    uint32_t registers_n;
    /* sip, sms, mail */
    const char *registrar; /* sip: host[:port]; "" none */
    const char *device;    /* sms: serial line */
    const char *from;      /* mail: the sender's address */
    const char *tls;       /* mail: none, starttls, tls */
    bool evacuation;       /* sip: the fixed words of an evacuation are spoken at once */
};

/* Who is rung when nobody acknowledges. Numbers and addresses are in the file of contacts, which no
 * event has: only ids of contacts are. */
enum kt_climb_by { KT_CLIMB_PHONE, KT_CLIMB_SMS, KT_CLIMB_MAIL };
enum { KT_CLIMB_STEPS = 16, KT_LADDERS = 16 };
struct kt_climb_step {
    int64_t after_ns; /* since the alarm's time to be acknowledged was over */
    enum kt_climb_by by;
    const char *to; /* id of a contact, or "duty": who took over last */
};
struct kt_ladder {
    const char *id;
    uint8_t priority;  /* alarms of this priority and more urgent ones */
    int64_t within_ns; /* time to acknowledge where the rule gives none */
    const struct kt_climb_step *steps;
    uint32_t steps_n;
};
struct kt_contact { /* fields that the file leaves empty are "" */
    char id[64], phone[128], sms[32], mail[128];
};

struct kt_camera { /* cameras.csv */
    const char *id;
    struct kt_text name;
    kt_place_id place;
    double x, y;
    bool has_xy;
    const char *url, *sub_url, *user, *password_file; /* "" when none */
    bool keep; /* its last seconds are always in memory: it is named by a rule, or says so */
};
enum { KT_CAMERAS_NEAR = 9 };

struct kt_people_role {
    const char *id;
    struct kt_text name;
    const char *const *rights;
    uint32_t rights_n;
    const int *rights_at; /* line and column of each right in site.yaml */
    const char *const *places;
    uint32_t places_n;
};

/** Every right that the program itself knows; constants. Others, `NAME.word`, are made by
 * registers: kt_record_model_load() holds them against the roles of people. */
const char *const *kt_site_rights(uint32_t *ret_n);

struct kt_neighbour {
    struct kt_text name;
    const char *url; /* http:// or https:// */
};
struct kt_shift {
    const char *id;
    struct kt_text name;
    int start_s; /* seconds after local midnight */
};

/* A file that was read, under the name that messages show: "points.csv",
 * "packs/gas/rules/over.yaml". */
struct kt_site_file {
    const char *name;
    struct kt_str bytes;
    struct kt_hash hash; /* of the bytes */
};

struct kt_site {
    const char *dir, *id, *mine_code, *gas_class;
    const char *pack_dir; /* where its packs were found */
    struct kt_text name;
    bool simulation;
    int utc_offset_s;
    int crs_epsg;
    const char *crs_name;
    int report_day_s;
    const char *listen_http, *listen_https, *tls_cert, *tls_key; /* "" when none */
    int journal_days, segment_mb, reserve_mb;
    const char *shards;  /* "", or where mines are divided over nodes (cluster/shards.h) */
    const char *journal; /* "file", or the address of a cluster (cluster/cluster.h) */
    struct {
        int ttl_s, keep_mb, keep_hours, quota_mb;
    } cluster;
    struct {
        int idle_minutes, lock_failures, lock_minutes, password_min, log_days;
        int logins_per_minute, queries_per_minute, requests_per_minute;
    } accounts;
    int history_days[KT_RETAIN_CLASSES];
    struct {
        const char *url, *read_url, *tenant, *user; /* "" when none */
        const char *password_file, *token_file, *ca;
        int local_days;               /* 0: as history_days */
    } victoria;                       /* long history */
    struct kt_hash hash;              /* of everything that was read */
    const struct kt_site_file *files; /* in the order in which they were read */
    uint32_t files_n;

    const struct kt_shift *shifts;
    uint32_t shifts_n;
    const struct kt_neighbour *neighbours; /* sites that the screen leads to */
    uint32_t neighbours_n;
    const char *const *packs;
    uint32_t packs_n;
    const struct kt_role *roles;
    uint32_t roles_n;
    const struct kt_place *places;
    uint32_t places_n;
    const struct kt_point *points;
    uint32_t points_n;
    const struct kt_range *ranges;
    uint32_t ranges_n;
    const struct kt_asset *assets;
    uint32_t assets_n;
    const struct kt_rule *rules;
    uint32_t rules_n;
    const struct kt_sequence *sequences;
    uint32_t sequences_n;
    const struct kt_link_conf *links;
    uint32_t links_n;
    const struct kt_camera *cameras;
    uint32_t cameras_n;
    const struct kt_people_role *people;
    uint32_t people_n;
    const struct kt_ladder *ladders; /* the first that takes an alarm's priority is its ladder */
    uint32_t ladders_n;
    const char *contacts; /* file of contacts, inside the site; "" none */
};

/* What check found: errors stop a start, warnings do not. */
enum kt_finding_level { KT_FIND_ERROR, KT_FIND_WARNING, KT_FIND_NOTE };
struct kt_finding {
    enum kt_finding_level level;
    const char *rule; /* which check, e.g. "cutoff-without-switch" */
    struct kt_err at; /* place and text; the text ends with the way out */
};
struct kt_findings;
struct kt_findings *kt_findings_new(size_t max);
void kt_findings_free(struct kt_findings *f);
size_t kt_findings_count(const struct kt_findings *f, enum kt_finding_level level);
const struct kt_finding *kt_findings_get(const struct kt_findings *f,
                                         size_t i); /**< NULL past end */
/** Add what another reader of the folder has found; `check` is borrowed for ever. */
void kt_findings_add(struct kt_findings *f, enum kt_finding_level level, const char *check,
                     const struct kt_err *at);

/**
 * Load and check a site. All mistakes are collected, never only the first.
 *
 * @param dir      the site folder
 * @param pack_dir where packs are looked up by name; NULL: beside the program, then ./packs
 * @param previous site whose point indexes are kept for equal text ids (reload), or NULL
 * @return KT_OK with *ret (one reference); KT_EINVAL when there are errors (in `findings`)
 */
KT_MUST_CHECK int kt_site_load(const char *dir, const char *pack_dir,
                               const struct kt_site *previous, struct kt_findings *findings,
                               struct kt_site **ret, struct kt_err *err);
/** Where the texts of a site are read from: DIR, or DIR/data/site when another node has loaded the
 *  site that is in force (decision 0014). kt_site.dir stays DIR. @return taken from another node */
bool kt_site_text_dir(const char *dir, char *to, size_t cap);
/** Texts read as if they stood in the site's rules/ and limits/ (back-test); n 0: none. */
struct kt_site_extra {
    struct kt_str rules_yaml, limits_yaml;
};
/** As kt_site_load(), with more rules and limits than the folder has. */
KT_MUST_CHECK int kt_site_load_with(const char *dir, const char *pack_dir,
                                    const struct kt_site *previous,
                                    const struct kt_site_extra *extra, struct kt_findings *findings,
                                    struct kt_site **ret, struct kt_err *err);
/**
 * Load a site from files that were kept (kt_site.files), as it was once; nothing is read from disk.
 *
 * @param dir   what messages call it; borrowed for the call
 * @param order text ids of points, one a line: those get these indexes, in this order; ids that
 *              points.csv does not have keep an ended slot. Empty: the order of points.csv
 * @param extra as in kt_site_load_with(); NULL: none
 */
KT_MUST_CHECK int kt_site_load_files(const char *dir, const struct kt_site_file *files,
                                     uint32_t files_n, struct kt_str order,
                                     const struct kt_site_extra *extra,
                                     struct kt_findings *findings, struct kt_site **ret,
                                     struct kt_err *err);
struct kt_site *kt_site_ref(struct kt_site *s);
void kt_site_unref(struct kt_site *s); /**< accepts NULL */

/* Look-ups by text id; the ids' .v is KT_NONE when there is none. O(1). */
kt_point_id kt_site_point(const struct kt_site *s, struct kt_str id); /**< not the ended ones */
kt_point_id kt_site_point_ended(const struct kt_site *s, struct kt_str id); /**< ended ones only */
kt_place_id kt_site_place(const struct kt_site *s, struct kt_str id);
kt_rule_id kt_site_rule(const struct kt_site *s, struct kt_str id);
/** Is `place` the place `under` or below it? */
bool kt_site_within(const struct kt_site *s, kt_place_id place, kt_place_id under);
/** Rules that have an instance on a point (indexes into rules, ascending). */
const kt_rule_id *kt_site_rules_of(const struct kt_site *s, kt_point_id p, uint32_t *ret_n);
/**
 * Rule instances whose condition reads a point other than through self: (rule, instance point)
 * pairs, ascending; the engine evaluates them when the point changes.
 */
struct kt_rule_instance {
    kt_rule_id rule;
    kt_point_id self;
};
const struct kt_rule_instance *kt_site_readers_of(const struct kt_site *s, kt_point_id p,
                                                  uint32_t *ret_n);
/** Places reached from `place` along the design airflow, itself included; at most cap; the count.
 */
uint32_t kt_site_downstream(const struct kt_site *s, kt_place_id place, kt_place_id *ret,
                            uint32_t cap);
uint32_t kt_site_upstream(const struct kt_site *s, kt_place_id place, kt_place_id *ret,
                          uint32_t cap);

/**
 * Call fn for each point of a set around `self` whose role fits the pattern, ascending; stop when
 * fn says false. place: same place. panel: same working, without one same place. downstream,
 * upstream: places along the design airflow, its own included. `self` is in its sets.
 * asset: its asset; onward: the asset that its asset gives to; behind: all that give to its asset,
 * ahead: all that its asset gives to, near or far. Without an asset these hold nothing.
 */
void kt_site_each(const struct kt_site *s, enum kt_set set, kt_point_id self, struct kt_str role,
                  bool (*fn)(void *arg, kt_point_id it), void *arg);
/** The same over some places: points of a role that fits, ascending. */
void kt_site_each_in(const struct kt_site *s, const kt_place_id *places, uint32_t n,
                     struct kt_str role, bool (*fn)(void *arg, kt_point_id it), void *arg);
/** Outputs that an action opens for the instance at `self` of its rule. */
static inline struct kt_point_list kt_site_opens(const struct kt_site *s, const struct kt_action *a,
                                                 kt_point_id self)
{
    const struct kt_point *p = &s->points[self.v];
    switch (a->kind) {
    case KT_ACT_OPEN_RANGE:
        return (struct kt_point_list){p->cuts, p->cuts_n};
    case KT_ACT_OPEN_POINTS:
        return (struct kt_point_list){a->points, a->points_n};
    case KT_ACT_OPEN_ASSET:
        return p->asset < s->assets_n ? a->of_asset[p->asset] : (struct kt_point_list){NULL, 0};
    default:
        return (struct kt_point_list){NULL, 0};
    }
}
/** Outputs that an action of a sequence is for, at a subject. */
static inline struct kt_point_list
kt_site_acts_on(const struct kt_site *s, const struct kt_seq_action *a, kt_point_id subject)
{
    if (!a->of_asset) {
        return a->fixed;
    }
    uint32_t asset = subject.v < s->points_n ? s->points[subject.v].asset : KT_NONE;
    return asset < s->assets_n ? a->of_asset[asset] : (struct kt_point_list){NULL, 0};
}
/** Index into cameras; KT_NONE: no camera has this id. */
uint32_t kt_site_camera(const struct kt_site *s, struct kt_str id);
/** Cameras by how near they are to a place and, where these are known (not NAN), to coordinates: at
 *  most cap and KT_CAMERAS_NEAR. @return how many */
uint32_t kt_site_cameras_near(const struct kt_site *s, kt_place_id place, double x, double y,
                              uint32_t *ret, uint32_t cap);
/** The index of the only link of a kind; KT_NONE. */
static inline uint32_t kt_site_link_of(const struct kt_site *s, enum kt_link_kind kind)
{
    for (uint32_t i = 0; i < s->links_n; i++) {
        if (s->links[i].kind == kind) {
            return i;
        }
    }
    return KT_NONE;
}
/**
 * One line of the file of contacts, read now: columns id, phone, sms, mail.
 * @return KT_OK; KT_ENOTFOUND no such contact or no file; KT_EPARSE
 */
KT_MUST_CHECK int kt_site_contact(const struct kt_site *s, const char *id, struct kt_contact *ret,
                                  struct kt_err *err);
/** Cameras that an action shows and takes pictures of for the instance at `self` of its rule: the
 *  one that it names, the two nearest, or the nearest `count`. */
uint32_t kt_site_pictures(const struct kt_site *s, const struct kt_action *a, kt_point_id self,
                          uint32_t ret[KT_CAMERAS_NEAR]);
/** "id-pattern" with `*`: does it fit? Used for producers and selectors. */
bool kt_glob(const char *pattern, const char *text);
/** How often the cut of a sensor is tried: the longest that one of its outputs asks for; 0: never.
 */
static inline int64_t kt_site_test_every(const struct kt_site *s, kt_point_id sensor)
{
    const struct kt_point *p = &s->points[sensor.v];
    int64_t every = 0;
    for (uint32_t i = 0; i < p->cuts_n; i++) {
        int64_t one = s->points[p->cuts[i].v].role->test_every_ns;
        every = one > every ? one : every;
    }
    return every;
}
#endif
