/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_ENGINE_FOLK_H
#define KT_ENGINE_FOLK_H
/*
 * folk: who is below, where, since when, and what is wrong with it; and the evacuation under way.
 *
 * Inputs are readings of tags (KT_EV_READINGS), the roster and computed routes (KT_EV_PEOPLE), time
 * and requests. Invariants
 *  1. A person is below from the first reading that places the tag below until one at the surface,
 *     the subsystem's word that it is out, or a person's word (person.out). Silence changes
 * nothing: a lost tag counts as below, at its last place and time.
 *  2. A call for help ends by the tag's own taking back or by a person (person.calm), never by
 *     silence; each new call raises its alarm anew.
 *  3. Points with a role people.* are written here alone, in the same input that changed them.
 *  4. Persons stand in the order in which their cards were first heard, as long as there is room;
 *     then a new card takes the place of one that is out and of which nothing is to be told.
 *  5. A card of a vehicle is no person: it has the bits VEHICLE… alone, so no count of persons, no
 *     look at who is near whom and no evacuation knows it. A card that is below as a person stays
 *     one until it comes up, whatever a register says: no entry takes anybody out of the count.
 *
 * Engine thread only. Names of persons are nowhere here: a person number stands for them.
 */
#include "base/map.h"
#include "domain/position/place.h"
#include "engine/core.h"
#include "journal/readings.h"

enum {
    FOLK_MAX = 20000,
    FOLK_TEXT = 32,
    FOLK_AREAS = 332,
    FOLK_BLOCKED = 32,
    FOLK_STAYS = 4,
    FOLK_PLAN_MAX = 4 << 20
};
#define FOLK_FILES     (20 * KT_MIN) /* the same where files bring positions */
#define FOLK_AROUND    (5 * KT_SEC)  /* who is near whom */
#define FOLK_ALONE_FOR (60 * KT_SEC)
#define FOLK_TWIN_FOR  (300 * KT_SEC) /* two tags together so long … */
#define FOLK_TWIN_M    200.0          /* … while they went so far */
#define FOLK_TWIN_AT   3.0            /* … no further apart */
#define FOLK_BATTERY   15             /* % */
/* Where one anchor fits two places: what wheels can have reached against what feet can (6 m/s). */
#define FOLK_VEHICLE_PACE 3

/* What holds of a person now. Each has a point role people.NAME that counts it. */
#define FOLK_LIST(X)                                                                               \
    X(BELOW, "below")                                                                              \
    X(LOST, "lost") /* below, and not heard */                                                     \
    X(SOS, "sos")   /* calls for help */                                                           \
    X(LOW, "low-battery")                                                                          \
    X(OVER, "over-time")                                                                           \
    X(FORBIDDEN, "forbidden") /* where this person may not be */                                   \
    X(ALONE, "alone")         /* where nobody works alone */                                       \
    X(TWIN, "twin")           /* two tags that go together: one person with two cards? */          \
    X(STRANGER, "stranger")   /* a card without a person */                                        \
    X(LEADER, "leaders")      /* a leader of the shift, below */                                   \
    X(SPECIAL, "special")     /* of a special trade, below */                                      \
    X(VEHICLE, "vehicles")    /* a vehicle below: never any of those above but a call for help */  \
    X(VEHICLE_LOST, "vehicles-lost")                                                               \
    X(VEHICLE_BARRED, "vehicles-forbidden")                                                        \
    X(VEHICLE_FAST, "vehicles-speeding")
enum folk_bit {
#define X(sym, name) FOLK_##sym,
    FOLK_LIST(X)
#undef X
        FOLK_BITS,
    FOLK_DIFFERENCE = FOLK_BITS, /* tags below against the in-and-out count */
    FOLK_LEADERLESS,             /* somebody is below and no leader is */
    FOLK_ROLES
};

struct folk_roster { /* what the registers say of a card */
    uint64_t card;
    char person[FOLK_TEXT], trade[FOLK_TEXT], team[FOLK_TEXT], shift[FOLK_TEXT];
    bool leader, special;
    double hours;             /* longest stay; 0: that of the area */
    char areas[FOLK_AREAS];   /* places that are permitted, ";" between */
    char forbids[FOLK_AREAS]; /* places where this person may not be, whatever they are to others */
    bool kept;                /* by the registers of persons and cards: no file says otherwise */
    /* number of the vehicle that carries the card; "": a person does */
    char vehicle[FOLK_TEXT], kind[FOLK_TEXT];
    char carries[FOLK_AREAS]; /* points of the detectors on it, ";" between */
    double most_km_h;         /* 0: that of the area */
};

struct folk_pace { /* of a vehicle, along the roadways */
    struct kt_position from;
    kt_time at;  /* when it was there; 0: never */
    double km_h; /* -1: not known */
};

struct folk_stay {
    uint32_t place; /* of an area with a longest stay; KT_NONE: none */
    kt_time since;
};

struct folk_one {
    uint64_t card;
    struct kt_position pos;            /* way KT_NONE: never placed */
    uint32_t place;                    /* KT_NONE: not known */
    kt_time at, heard;                 /* time of the position, arrival of the last word */
    kt_time in, out;                   /* of this stay, end of the last one; 0: none */
    struct folk_stay stay[FOLK_STAYS]; /* in the areas with `hours` around it, the nearest first */
    kt_time sos, alone_since;          /* 0: not */
    uint32_t bits;                     /* 1 << enum folk_bit */
    uint32_t roster;                   /* index; KT_NONE */
    uint8_t battery;                   /* %; 255: not told */
    bool by_file;                      /* heard by files, that come in minutes */
    bool leaves;                       /* in the evacuation under way, and not out yet */
    uint32_t way_out, told; /* where the last plan sends it, and the one that was spoken; 0: none */
    char shift[FOLK_TEXT];  /* in which this stay began */
    uint32_t mate;          /* who goes along; KT_NONE */
    kt_time mate_since;
    double mate_m, look_m; /* where it was at the last look */
    uint32_t look_way;
    struct folk_pace pace;
    uint32_t next; /* scratch: on the same way */
};

struct folk_point {
    uint32_t point, place;
    uint8_t role; /* enum folk_bit */
};

struct evac {
    uint64_t id; /* 0: never one */
    kt_time started, ended, plan_at;
    bool drill, confirmed, by_rule;
    char place[ENG_NAME], fire[ENG_NAME], by[ENG_NAME], reason[ENG_TEXT];
    uint32_t total, plans;
    char blocked[FOLK_BLOCKED][ENG_NAME];
    uint32_t blocked_n;
    struct kt_buf plan; /* JSON, as it was computed */
};

struct folk {
    struct kt_arena *arena;
    struct kt_mine mine;
    struct kt_map *stations, *cards, *rosters; /* by id or code; by the 8 bytes of a card */
    struct folk_point *point;
    uint32_t points_n;
    uint32_t entered, left; /* points of the in-and-out count; KT_NONE */
    ENG_LIST(struct folk_one) one;
    ENG_LIST(struct folk_roster) roster;
    struct evac evac;
    uint64_t version; /* rises with every change */
    uint64_t refused; /* readings of a wrong producer or of unknown anchors */
    kt_time around;   /* next look at who is near whom */
    /* scratch */
    uint32_t *count; /* by place, by bit */
    uint32_t *head;  /* by way */
    uint32_t *dict;  /* by a batch's anchor: station */
    struct kt_columns columns;
    struct kt_readings *in;
};

static inline bool folk_has(const struct folk_one *o, enum folk_bit b)
{
    return o->bits >> b & 1;
}
const char *folk_bit_id(enum folk_bit b);

/* folk.c */
struct folk *folk_new(const struct eng *e); /**< NULL: the site has no people/stations.csv */
void folk_free(struct folk *f);
void eng_folk_readings(struct eng *e, struct kt_str producer, struct kt_str body);
/** The roster, or routes that were computed. */
void eng_folk_people(struct eng *e, struct kt_str json);
struct folk_one *folk_of(struct folk *f, uint64_t card, bool make); /**< NULL: none, no room */
const struct folk_roster *folk_roster(const struct folk *f, const struct folk_one *o);
void folk_in(struct eng *e, struct folk_one *o, kt_time at);
void folk_out(struct eng *e, struct folk_one *o, kt_time at, const char *by);
bool folk_surface(const struct folk *f, uint32_t place);
/** Say what changed of one person. */
struct kt_jw *folk_say(struct eng *e, const struct folk_one *o, const char *change);
/** A roster entry as the registers have it now; `gone` takes it away. */
void folk_roster_put(struct folk *f, const struct folk_roster *r, bool gone);
void folk_card_text(uint64_t card, char ret[24]);

/* folk_watch.c */
void eng_folk_second(struct eng *e);
/** Put the counts into the points. `sos`: the place of a new call, whose alarms ring anew; KT_NONE:
 * everywhere. */
void folk_points(struct eng *e, uint32_t sos);
void folk_permit(struct eng *e, struct folk_one *o);
/** May it not be where it is, by its own lists or the kind of the area? */
bool folk_barred(const struct eng *e, const struct folk_one *o);
/** It was silent for longer than its area allows. */
bool folk_silent(const struct eng *e, const struct folk_one *o);
void folk_bit_set(struct eng *e, struct folk_one *o, enum folk_bit b, bool on);
/** The area around an area; NULL: none. */
const struct kt_area *folk_outer(const struct eng *e, const struct kt_area *a);
/** It is at its place since `at`: the areas that it is in now, and since when in each. */
void folk_stays(const struct eng *e, struct folk_one *o, kt_time at);
void folk_no_stays(struct folk_one *o);

/* folk_vehicle.c */
/** The register says that a vehicle carries it, and nobody below is counted by it. */
bool folk_is_vehicle(const struct folk *f, const struct folk_one *o);
/** It was placed at o->pos. */
void folk_vehicle_moved(struct eng *e, struct folk_one *o);
void folk_vehicle_out(struct eng *e, struct folk_one *o, const char *by);
/** The register changed: one that is no vehicle any more counts as a person at once. */
void folk_vehicle_review(struct eng *e, struct folk_one *o);
void folk_vehicle_watch(struct eng *e, struct folk_one *o);
void folk_vehicles_json(const struct eng *e, struct kt_jw *w); /**< an array */

/* folk_evac.c */
void folk_evac_plan(struct eng *e, const struct kt_json *plan);
/** It was placed: who comes to where all leave is to leave as well. */
void folk_evac_moved(struct eng *e, struct folk_one *o);
/** One that is no drill is under way. */
bool folk_evac_real(const struct eng *e);
/** How many have another way out than the one that was spoken to them. */
uint32_t folk_evac_untold(const struct folk *f);
/** A rule evacuates a place: begins, or makes the one under way as wide as both; never as a drill,
 *  and one that is a drill ends for it. */
void folk_evac_linked(struct eng *e, uint32_t place, const char *by, const char *reason);

/* folk_json.c, folk_save.c */
void eng_folk_json(const struct eng *e, struct kt_buf *out);
void eng_folk_save(const struct eng *e, struct kt_buf *out);
void eng_folk_load(struct eng *e, struct kt_rd *in);
/** What the registers say beyond that: a section of its own. */
void eng_roster_save(const struct eng *e, struct kt_buf *out);
void eng_roster_load(struct eng *e, struct kt_rd *in);
/** Since when everybody is in each area: a section of its own. */
void eng_stays_save(const struct eng *e, struct kt_buf *out);
void eng_stays_load(struct eng *e, struct kt_rd *in);
/** Ways out and which of them were spoken: a section of its own. */
void eng_ways_out_save(const struct eng *e, struct kt_buf *out);
void eng_ways_out_load(struct eng *e, struct kt_rd *in);
void eng_vehicles_save(const struct eng *e, struct kt_buf *out);
void eng_vehicles_load(struct eng *e, struct kt_rd *in);
#endif
