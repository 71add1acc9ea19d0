/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_ENGINE_RUNTIME_PAST_H
#define KT_ENGINE_RUNTIME_PAST_H
/*
 * What a recorded past is read with, by recovery, followers, replays and back-tests alike: numbers
 * of points, checkpoints, sites as they were in force, and the applying of events to an engine that
 * is compared with what was recorded. Nothing here has a way out.
 */
#include "engine/runtime.h"
#include "journal/samples.h"

/* ---- ids: numbers of points in the journal, for ever the same ---- */
/*
 * data/points.ids has one text id a line and only grows; a point's number in sample bodies is its
 * line. So a body says the same point whatever the order of points.csv was.
 */
struct rt_ids {
    uint32_t points_n;  /* of the site */
    uint32_t numbers_n; /* lines of the file */
    uint32_t *number;   /* point -> number */
    uint32_t *point;    /* number -> point; KT_NONE: no such point in the site */
    bool same;          /* number[i] == i for all */
};
/** @param grow  write ids that are new to the file; else they get numbers that nobody uses */
KT_MUST_CHECK int rt_ids_open(const char *data_dir, const struct kt_site *site, bool grow,
                              struct rt_ids *ret, struct kt_err *err);
void rt_ids_done(struct rt_ids *ids);
/** runtime_ids_common.c: several nodes. Take over what the active node wrote; KT_ECORRUPT: ours are
 *  others. */
KT_MUST_CHECK int rt_ids_take(struct kt_runtime *rt, struct kt_err *err);
/** Of the active node: let the others know ours, before an event that may use new ones. */
KT_MUST_CHECK int rt_ids_share(struct kt_runtime *rt, struct kt_err *err);
/** Number the points of a batch; `scratch` holds the result when it differs. */
const uint32_t *rt_ids_number(const struct rt_ids *ids, const uint32_t *point, uint32_t n,
                              uint32_t *scratch);
/** The text id of a number, appended; KT_ENOTFOUND. Reads the file. */
KT_MUST_CHECK int rt_ids_name(const char *data_dir, uint32_t number, struct kt_buf *out,
                              struct kt_err *err);
/** Turn numbers into points; samples of points that the site does not have are left out. */
void rt_ids_resolve(const struct rt_ids *ids, struct kt_columns *c);

/* ---- checkpoints ---- */
struct rt_checkpoint {
    kt_seq seq; /* all up to it is in the state */
    kt_time time;
    struct kt_hash site; /* manifest of the site in force; 0: it is not kept */
};
KT_MUST_CHECK int rt_checkpoint_write(const char *data_dir, const struct rt_checkpoint *c,
                                      struct kt_str state, struct kt_err *err);
/** The newest valid one with seq <= max_seq and time <= max_time; KT_ENOTFOUND. Damaged ones are
 *  passed over with a warning. */
KT_MUST_CHECK int rt_checkpoint_find(const char *data_dir, kt_seq max_seq, kt_time max_time,
                                     struct rt_checkpoint *ret, struct kt_buf *state,
                                     struct kt_err *err);
/** Remove those beyond the journal (after == seq) and thin the rest: the last 3, one in 10 min for
 *  a day, one an hour for `days`. */
void rt_checkpoint_thin(const char *data_dir, int days);
void rt_checkpoint_drop_after(const char *data_dir, kt_seq seq);

/* ---- sites as they were in force (bodies.c, era.c) ---- */
struct rt_loaded { /* what a site event says of the site that it puts in force */
    bool has;      /* false: the site was not read from files, or could not be kept */
    struct kt_hash manifest, map;
    size_t features, added, removed; /* of the map; against the one before */
    bool changed;                    /* `changes` holds the features that differ */
    struct kt_hash changes;
};
/** Put the files of a site, the order of its points and its map into bodies. */
KT_MUST_CHECK int rt_loaded_put(const char *data_dir, const struct kt_site *site,
                                const struct kt_geo_map *map, struct rt_loaded *ret,
                                struct kt_err *err);
/** The features that changed since the manifest `before` (NULL: all), put as a body. */
void rt_loaded_compare(const char *data_dir, const struct kt_hash *before,
                       const struct kt_geo_map *map, struct rt_loaded *loaded);
/** The site of a manifest, loaded anew. */
KT_MUST_CHECK int rt_loaded_site(const char *data_dir, const struct kt_hash *manifest,
                                 const struct kt_site_extra *extra, struct kt_site **ret,
                                 struct kt_err *err);

struct rt_entry { /* of a manifest */
    const char *name;
    struct kt_hash hash;
};
/** All lines of a manifest, into the arena. */
KT_MUST_CHECK int rt_manifest_read(const char *data_dir, const struct kt_hash *manifest,
                                   struct kt_arena *arena, struct rt_entry **ret, uint32_t *ret_n,
                                   struct kt_err *err);
struct rt_site_event { /* what a site event says */
    bool start, recovered, has, has_hash, has_changes;
    struct kt_hash hash, manifest, changes;
};
/** All false when it is no site event. */
void rt_site_event(const struct kt_event *ev, struct rt_site_event *ret);
/** Which site was in force when `seq` was applied; ret->has false: nothing says it. */
KT_MUST_CHECK int rt_site_at(const char *data_dir, struct kt_journal *j, kt_seq seq,
                             struct rt_site_event *ret, struct kt_err *err);

struct rt_era {           /* one site in force, and the tables of an engine over it */
    struct kt_site *site; /* a reference */
    struct kt_live *live;
    struct rt_ids ids;
    bool known; /* it is the one of `manifest`; else today's, for want of a better one */
    struct kt_hash manifest;
};
struct rt_eras { /* where eras come from */
    const char *data_dir;
    struct kt_site *today;             /* borrowed */
    struct rt_loaded loaded;           /* of today */
    const struct kt_site_extra *extra; /* laid over each (it is in `today` already); NULL: none */
};
KT_MUST_CHECK int rt_era_open(const struct rt_eras *from, const struct kt_hash *manifest,
                              struct rt_era *ret, struct kt_err *err);
KT_MUST_CHECK int rt_era_today(const struct rt_eras *from, struct rt_era *ret, struct kt_err *err);
void rt_era_done(struct rt_era *e);

/* ---- past: applying what was recorded, comparing what comes out ---- */
enum { RT_DIFFER_MAX = 32 };
struct rt_past {
    struct kt_engine *engine; /* over `era`; the owner makes and frees it */
    struct rt_eras eras;
    struct rt_era era;
    struct kt_history *history; /* where samples come from whose bodies are gone; NULL: nowhere */
    struct rt_chunks *chunks;
    struct kt_engine_out out; /* for kt_engine_new() */
    struct kt_columns columns;
    struct kt_buf computed; /* outcomes not yet met in the record: length, text */
    size_t met;             /* bytes of it that were */
    bool keeps_live;        /* the table of an era that is left goes to left_live, not away */
    struct kt_live *left_live;
    kt_seq input; /* the last input applied */
    kt_seq seq;   /* the last event seen */
    kt_time time; /* and its time */
    uint64_t differences, dropped_bodies;
    char difference[400]; /* the first */
    struct kt_buf differ; /* the first RT_DIFFER_MAX, a line each */
    bool other_site;      /* another site was in force at some time: differences are expected */
};
void rt_past_init(struct rt_past *p, const struct rt_eras *eras, struct kt_history *history);
void rt_past_done(struct rt_past *p);
/** Begin in the era of a manifest; NULL: today's. The engine is not made here. */
KT_MUST_CHECK int rt_past_begin(struct rt_past *p, const struct kt_hash *manifest,
                                struct kt_err *err);
/** As rt_past_begin(), with today's when that one is not to be had or is 0. */
KT_MUST_CHECK int rt_past_begin_near(struct rt_past *p, const struct kt_hash *manifest,
                                     struct kt_err *err);
/** A site event: go over to its era, when it is another. The engine stays on failure. */
KT_MUST_CHECK int rt_past_switch(struct rt_past *p, const struct rt_site_event *s,
                                 struct kt_err *err);
/** One event of the record, input or outcome. */
void rt_past_event(struct rt_past *p, const struct kt_event *ev);
/** What was computed otherwise than recorded is said at the start, and counted (self.differs). */
void rt_take_differences(struct kt_runtime *rt, struct rt_past *p);
/** Next outcome that was computed and not recorded, at the end of the record; false: none. */
bool rt_past_left(struct rt_past *p, struct kt_str *ret);

/* Samples from history in the place of bodies that retention has dropped, by time of arrival. */
struct rt_chunks;
struct rt_chunks *rt_chunks_new(struct kt_history *h, const struct kt_site *site);
void rt_chunks_free(struct rt_chunks *c); /**< accepts NULL */
/** Another site from here on; what was read ahead goes over by text id. */
void rt_chunks_site(struct rt_chunks *c, const struct kt_site *site);
/** Apply what arrived after the engine's time, up to `to`. */
KT_MUST_CHECK int rt_chunks_apply(struct rt_chunks *c, struct kt_engine *e, kt_seq seq, kt_time to,
                                  struct kt_err *err);
#endif
