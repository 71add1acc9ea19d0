/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_SITE_IMPL_H
#define KT_SITE_IMPL_H
/*
 * impl: what the files of this folder share. A load fills struct load (scratch, gone afterwards)
 * and struct site (the model with its indexes, one arena). The order of a load is in load.c.
 *
 * Invariant: after site_points() no point or place moves; ids are indexes.
 */
#include <stdatomic.h>

#include "base/map.h"
#include "conf/csv.h"
#include "conf/suggest.h"
#include "conf/yaml.h"
#include "site/site.h"

struct site { /* kt_site with what its look-ups need */
    struct kt_site pub;
    atomic_int refs;
    struct kt_arena *arena;
    struct kt_map *point_ids, *ended_ids, *place_ids, *rule_ids;
    /* lists by index: items of i are list[at[i] .. at[i+1]) */
    uint32_t *place_points_at; /* points of a place, ascending */
    kt_point_id *place_points;
    uint32_t *working_places_at; /* places of a working */
    kt_place_id *working_places;
    uint32_t *air_from_at; /* places before a place along the airflow */
    kt_place_id *air_from;
    uint32_t *point_rules_at;
    kt_rule_id *point_rules;
    uint32_t *point_readers_at;
    struct kt_rule_instance *point_readers;
};
static inline const struct site *site_of(const struct kt_site *s)
{
    return (const struct site *)(const void *)s;
}

struct unit {
    const char *id;
    uint32_t dimension;
    double factor, offset;
};

/* Where something was declared. */
struct origin {
    const char *file;
    int line, col;
    bool site; /* by the site itself, not by a pack */
};

/* One entry of a limits file: values for roles (packs) or for roles and points (site). */
struct limit_entry {
    struct origin at;
    const char *const *roles, *const *points;
    uint32_t roles_n, points_n;
    unsigned classes; /* bit of each gas class; 0: all */
    bool has[KT_LIMIT_NAMES], low, has_direction;
    double value[KT_LIMIT_NAMES];
    const char *unit;
    const char *range_id; /* NULL: none */
    struct kt_text range_text;
    struct kt_source source;
    const char *looser_reason; /* NULL: none */
};

struct selector {
    const char *const *roles, *const *places, *const *points;
    uint32_t roles_n, places_n, points_n;
    const char *tag, *group;
    int kind;         /* enum kt_point_kind or -1 */
    int limit;        /* enum kt_limit_name or -1 */
    int cutoff;       /* 0, 1 or -1 */
    int link;         /* 1: only points with a link; -1 */
    int device_state; /* 0, 1 or -1 */
    int setpoint;     /* 0, 1 or -1 */
    int commanded;    /* 1: only switches and set-points; -1 */
};

/* What any()/all() of a rule's text reads, found by scan.c. */
enum { RULE_SETS_MAX = 16 };
struct rule_set {
    enum kt_set set;
    struct kt_str role;
};
struct rule_scan {
    struct rule_set sets[RULE_SETS_MAX];
    uint32_t sets_n;
    bool too_many;     /* sets: none beyond RULE_SETS_MAX is kept, so the text is refused */
    unsigned limits;   /* bit of each limit named: self's */
    bool asks_unknown; /* quality(), known(), the flag of a lost link or a faulty device */
    bool reads_self;   /* the value, quality or flags of self */
};

struct action_decl {
    enum {
        DO_OPEN_RANGE,
        DO_OPEN_POINTS,
        DO_OPEN_ASSET,
        DO_CLOSE_POINTS,
        DO_CARD,
        DO_PICTURE,
        DO_SEQUENCE,
        DO_BROADCAST,
        DO_CALL,
        DO_PEOPLE,
        DO_EVACUATE,
        DO_CAMERAS,
        DO_CASE
    } kind;
    const char *text;
    struct kt_text words;   /* DO_BROADCAST */
    struct kt_action built; /* DO_BROADCAST, DO_CALL */
    bool stands;
    struct origin at;
    const kt_point_id *points;
    uint32_t points_n;
    const struct kt_point_list *of_asset;
    uint32_t sequence;
};

/* A sequence as it is written. */
struct seq_step_decl {
    struct origin at, skip_at, guard_at, confirm_at, back_at;
    const char *back; /* NULL: late is a word */
    const char *when; /* NULL: always */
    struct action_decl *act;
    uint32_t act_n;
    struct rule_scan scan; /* of confirm */
};
struct seq_decl {
    struct kt_sequence q;
    struct origin at;
    struct selector over;
    bool has_over, onward_first;
    struct kt_seq_step *steps;
    struct seq_step_decl *decl;
    struct action_decl *rest;
    uint32_t rest_n;
};

struct rule_decl {
    struct kt_rule r;
    struct origin at;
    struct selector select;
    const char *raise, *clear, *suppress; /* texts; clear, suppress NULL: none */
    struct origin raise_at, clear_at, suppress_at;
    struct rule_scan scan; /* of raise and clear */
    struct rule_scan suppress_scan;
    struct action_decl *then;
    uint32_t then_n;
};

/* More actions for a rule that stands elsewhere: a site links what its packs cannot know. */
struct linkage_decl {
    const char *of;
    struct rule_decl d; /* `then` alone */
};

struct load {
    const char *dir, *pack_dir;
    const struct kt_site_extra *extra;
    const struct kt_site_file *given; /* instead of the disk, when is_given */
    uint32_t given_n;
    bool is_given;
    struct kt_str order;        /* is_given: text ids in the order of their indexes, one a line */
    struct kt_site_file *files; /* read so far */
    uint32_t files_n, files_cap;
    struct kt_arena *a;       /* the site's */
    struct kt_arena *scratch; /* until the load ends */
    struct site *s;
    struct kt_findings *f;
    const char *check; /* which check reports now */
    struct kt_problems problems;
    struct kt_buf file; /* the bytes of the file being read */

    struct unit *units;
    uint32_t units_n, units_cap;
    const char **dimensions;
    uint32_t dimensions_n, dimensions_cap;
    struct kt_map *unit_ids, *role_ids, *range_ids, *link_ids;
    struct kt_role *roles;
    struct origin *role_at;
    uint32_t roles_n, roles_cap, role_at_cap;
    struct kt_range *ranges;
    uint32_t ranges_n, ranges_cap;
    struct limit_entry *limits;
    uint32_t limits_n, limits_cap;
    struct rule_decl *rules;
    uint32_t rules_n, rules_cap;
    struct linkage_decl *linkages;
    uint32_t linkages_n, linkages_cap;
    struct seq_decl *seqs;
    uint32_t seqs_n, seqs_cap;
    struct kt_map *asset_ids, *seq_ids;
    struct kt_csv *places_csv, *points_csv;
    uint32_t *place_row, *point_row; /* row of a place or point; KT_NONE for ended points */
    int people_line[64], people_col[64];
    const struct kt_limits **pack_limits; /* of each point: what the packs say */
};

/* findings.c */
void site_find(struct load *l, enum kt_finding_level level, const char *check, const char *file,
               int line, int col, const char *fmt, ...) KT_PRINTF(7, 8);
void site_find_at(struct load *l, enum kt_finding_level level, const char *check,
                  const struct origin *at, const char *fmt, ...) KT_PRINTF(5, 6);
/** At a row of points.csv or, for an ended point, at no place. */
void site_find_point(struct load *l, enum kt_finding_level level, const char *check, uint32_t point,
                     const char *fmt, ...) KT_PRINTF(5, 6);
struct kt_problems site_problems(struct load *l);

/* load.c */
/** Room for one more of n items of `size` bytes in the scratch arena; returns the array. */
void *site_grow(struct load *l, void *items, uint32_t n, uint32_t *cap, size_t size);
#define SITE_PUSH(l, items, n, cap)                                                                \
    ((items) = site_grow((l), (items), (n), &(cap), sizeof(*(items))), &(items)[(n)++])
/** A file, read by site_read() and parsed; NULL after reporting. */
struct kt_yaml *site_yaml(struct load *l, const char *path, const char *name);
struct kt_csv *site_csv(struct load *l, const char *path, const char *name);
const char *site_dup(struct load *l, const char *s);
struct origin site_origin(const struct kt_yaml *n, bool site);
const char *const *site_strs(struct load *l, const char *const *words, uint32_t n);
/** A text or a list of texts, copied into the site's arena. */
bool site_words(struct load *l, const struct kt_yaml *map, const char *key, const char *const **ret,
                uint32_t *ret_n);
struct kt_text site_text2(struct load *l, const struct kt_yaml *map, const char *key,
                          enum kt_need need);
struct kt_source site_source(struct load *l, const struct kt_yaml *map, const char *key);
/** Split at `;`, trimmed, without empty parts. */
uint32_t site_split(struct load *l, struct kt_str text, struct kt_str **ret);

enum { SITE_FILE_MAX = 256 << 20 };
/* files.c. `name` is what messages show, and the key of a given file. */
/** Read a file into l->file, add it to the site's hash and keep it. */
KT_MUST_CHECK int site_read(struct load *l, const char *path, const char *name, struct kt_err *err);
bool site_exists(const struct load *l, const char *path, const char *name);
/** Names of the .yaml files of a folder, by bytes; none when it is not there. */
size_t site_list(struct load *l, const char *path, const char *name, char ***ret);
/** Warns of YAML files of the site that nobody reads: beside site.yaml, too deep, in other folders.
 */
void site_stray(struct load *l);
void site_hash_add(struct load *l, const char *name, const void *p, size_t n);
void site_files_done(struct load *l);

/* The parts of a load, in order. */
void site_conf(struct load *l);                                           /* conf.c: site.yaml */
void site_links(struct load *l, const struct kt_yaml *root);              /* links.c */
void site_pack(struct load *l, const char *id, const struct kt_yaml *at); /* packs.c */
void site_limits_file(struct load *l, const char *path, const char *name, bool site);
void site_rules_file(struct load *l, const char *path, const char *name, const char *pack);
void site_rules_text(struct load *l, struct kt_str text, const char *name, const char *pack);
void site_limits_text(struct load *l, struct kt_str text, const char *name);
void site_sequences_file(struct load *l, const char *path, const char *name, const char *pack);
void site_packs_done(struct load *l);
void site_places(struct load *l);                                 /* places.c */
void site_points(struct load *l, const struct kt_site *previous); /* points.c */
void site_climb(struct load *l, const struct kt_yaml *root);      /**< voice.c */
void site_voice_check(struct load *l);
/** The words or the call of a rule's action; false when it does not fit the site. */
bool site_voice_action(struct load *l, const char *rule, struct action_decl *a,
                       struct kt_action *ret);
void site_people_check(struct load *l);    /* conf.c */
void site_assets(struct load *l);          /* assets.c */
void site_cameras(struct load *l);         /* cameras.c */
void site_cameras_keep(struct load *l);    /* those that rules take pictures of */
void site_sequences(struct load *l);       /* sequences_build.c */
void site_check_sequences(struct load *l); /* check_sequences.c */
void site_limits(struct load *l);          /* limits.c */
void site_ranges(struct load *l);          /* ranges.c */
void site_rules(struct load *l);           /* rules_build.c */
void site_readers(struct load *l);         /* readers.c */
void site_check_ranges(struct load *l);    /* check_ranges.c */
void site_check_watched(struct load *l);   /* check_watched.c */

/* setpoints.c */
enum { SITE_SET_TEXT = 320 };
/** The key `setpoint` of a role; reports. NULL: it has none. */
const struct kt_setpoint *site_set_role(struct load *l, const struct kt_yaml *n, struct kt_role *r);
/** A row's own limits (NaN: not given) into the point. What is wrong with them, or NULL. */
const char *site_set_point(struct load *l, struct kt_point *p, const struct kt_setpoint *given,
                           char buf[SITE_SET_TEXT]);
void site_check_setpoints(struct load *l);
void site_check_rules(struct load *l); /* check_rules.c */
void site_prove(struct load *l);       /* prove.c */
void site_loops(struct load *l);       /* loops.c */

/* units.c */
const struct unit *site_unit(const struct load *l, struct kt_str id);
const char *site_unit_hint(const struct load *l, struct kt_str id, char buf[KT_SUGGEST_TEXT]);
/** A value in unit `from` as one in unit `to`; the same id gives the same bits. */
double site_convert(const struct unit *from, const struct unit *to, double value);
void site_units_file(struct load *l, const char *path, const char *name);
bool site_unit_name(void *arg, struct kt_str unit, uint32_t *ret_dimension, double *ret_factor,
                    double *ret_offset, const char **hint); /**< for kt_expr_names */

/* roles.c */
void site_roles_file(struct load *l, const char *path, const char *name);
const struct kt_role *site_role(const struct load *l, struct kt_str id);
/** Is there a role that fits the pattern? */
bool site_role_known(const struct load *l, const char *pattern);
const char *site_role_hint(const struct load *l, const char *id, char buf[KT_SUGGEST_TEXT]);

/* address.c */
/** NULL when fine, else what is wrong and what would be right (perhaps in buf). */
const char *site_address_check(enum kt_link_kind kind, const char *address, bool output, char *buf,
                               size_t cap);
/** What is wrong with the address of a Sparkplug metric; NULL: nothing. */
const char *site_address_metric(const char *address);
bool site_address_state(enum kt_link_kind kind, const char *address);
/** What is wrong with a modbus address for a number within `set`; NULL: nothing. */
const char *site_address_set(const char *address, const struct kt_setpoint *set, char *buf,
                             size_t cap);
/** The holding registers of a modbus address (unit -1: the link's); false: it has none. */
bool site_address_holding(const char *address, int *ret_unit, int *ret_first, int *ret_n);
int site_address_unit(const char *address); /**< -1: the link's */

/* limits.c */
bool site_looser(enum kt_limit_name name, bool low, double a, double than);

/* select.c */
void site_selector_read(struct load *l, const struct kt_yaml *map, struct selector *ret);
/** The selector of an action: `ID-PATTERN` or `role:… place:… tag:… point:…`, joined by blanks. */
bool site_selector_parse(struct load *l, const char *text, const struct origin *at,
                         struct selector *ret);
void site_selector_check(struct load *l, const struct selector *sel, const struct origin *at);
/** Points that fit, ascending, in the site's arena. */
uint32_t site_select(struct load *l, const struct selector *sel, const kt_point_id **ret);

/** The ROLE of a selector "asset:ROLE"; NULL: another selector. */
const char *site_selector_asset(const char *text);
/** Outputs of role `role` (with `*`) of each asset, in the site's arena. */
const struct kt_point_list *site_select_assets(struct load *l, const char *role);
/** Compile a condition that has `self` of one unit (NULL: none); reports; NULL after that. */
const struct kt_expr *site_compile(struct load *l, const char *text, const struct origin *at,
                                   const char *self_unit);
/** A condition's text and where it stands, from a YAML map. */
const char *site_condition(struct load *l, const struct kt_yaml *n, const char *key,
                           enum kt_need need, struct origin *at);
/** Outputs that an action of rule `d` opens at `self`; actions that open nothing have none. */
struct kt_point_list site_opens(const struct load *l, const struct action_decl *a,
                                kt_point_id self);

/* scan.c */
void site_scan(const char *text, struct rule_scan *ret);
/** Scan one more condition of `n`; one with more sets than are kept is reported. NULL: nothing. */
void site_scan_of(const struct kt_yaml *n, const char *key, const char *text,
                  struct rule_scan *ret);

/* ranges.c: the role of a machine's own power switch, which is in a range where nothing above it is
 */
#define SITE_MACHINE "switch.machine"

/* topo.c */
void site_topology(struct load *l); /**< place_points, workings, air_from */
extern const char *const site_place_kinds[];
extern const uint32_t site_place_kinds_n;
#endif
