/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_POSITION_MINE_H
#define KT_POSITION_MINE_H
/*
 * mine: where persons can be and how they walk: the roadways of airways.csv as ways between nodes,
 * and what people/ of the site says of them: ways.csv (kind, slope), stations.csv (anchors, exits,
 * refuges), areas.csv (how many, how long, who). docs/site-format.md has the columns.
 *
 * Walking times are the program's own: 1.2 m/s on the level, 1.0 m/s beside a belt, slower uphill
 * by 2.5 % a degree and downhill by 1 % a degree, never below a quarter; a shaft takes five
 * minutes. walk_m_s of ways.csv overrides them.
 *
 * The answer lives in the arena and is not changed.   Threads: readers together.
 */
#include <math.h>

#include "base/arena.h"
#include "base/map.h"
#include "conf/csv.h"
#include "site/site.h"

enum { KT_WAY_DOORS = 4, KT_WAYS_MAX = 20000, KT_STATIONS_MAX = 20000 };
#define KT_DOOR_S 15.0 /* to pass one leaf that is shut */
#define KT_LOST_S 30.0 /* the longest scan of a subsystem, AQ 1048 */

enum kt_way_kind { KT_WAY_WALK, KT_WAY_BELT, KT_WAY_INCLINE, KT_WAY_SHAFT, KT_WAY_CLOSED };
struct kt_way {
    const char *id;
    uint32_t from, to, place; /* nodes; place KT_NONE: none */
    double length_m, section_m2;
    double time_s[2]; /* to walk it from `from`, from `to`, without its doors; INFINITY: not */
    enum kt_way_kind kind;
    uint32_t door[KT_WAY_DOORS], doors_n; /* points of leaves: 0 shut */
    /* points that say with 1 that nobody gets through: a fire door that is shut, one that is stuck
     */
    uint32_t block[KT_WAY_DOORS], blocks_n;
    uint32_t airway; /* row of airways.csv, from 0 */
};

enum kt_station_kind { KT_STATION_ANCHOR, KT_STATION_EXIT, KT_STATION_REFUGE };
struct kt_station {
    const char *id, *code; /* code: how files of the subsystem call it; "" as id */
    struct kt_text name;
    enum kt_station_kind kind;
    uint32_t way, link; /* link: which alone may speak for it; KT_NONE: any that brings positions */
    double at_m, reach_m;
    uint32_t capacity;
};

enum kt_area_kind {
    KT_AREA_NORMAL,
    KT_AREA_KEY,
    KT_AREA_RESTRICTED, /* who is permitted */
    KT_AREA_FORBIDDEN,  /* nobody but who is permitted */
    KT_AREA_SURFACE     /* out of the mine */
};
struct kt_area {
    uint32_t place, max; /* persons; 0: no limit */
    double hours;        /* a stay below; 0: no limit */
    double lost_s;       /* a tag that is silent for longer is lost */
    double most_km_h;    /* vehicles; 0: no limit */
    enum kt_area_kind kind;
    bool no_lone;         /* nobody works there alone */
    struct kt_text words; /* spoken at once when it is evacuated; "" none */
};

struct kt_mine {
    const struct kt_site *site; /* borrowed */
    struct kt_way *way;
    uint32_t ways_n, nodes_n;
    const char **node;
    uint32_t *at,
        *list; /* ways of a node: list[at[i]..at[i+1]), way * 2 + (1 when it ends there) */
    struct kt_station *station;
    uint32_t stations_n;
    struct kt_area *area;
    uint32_t areas_n;
    uint32_t *area_of; /* by place: the nearest area at or above; KT_NONE */
    float *dist;       /* by station, by node: metres along ways; only of anchors */
    bool present;      /* there is a people/stations.csv */
};

/**
 * Read the files of a loaded site.
 *
 * @param p  every mistake with its file, line and column
 * @return KT_OK, also where the site has none (present false); KT_EPARSE mistakes were reported
 */
KT_MUST_CHECK int kt_mine_read(const struct kt_site *site, struct kt_arena *arena,
                               struct kt_problems *p, struct kt_mine *ret, struct kt_err *err);

/** Index of a station by id or code; KT_NONE. Linear unless `map` (kt_mine_stations()) is given. */
uint32_t kt_mine_station(const struct kt_map *map, struct kt_str id);
/** Ids and codes to indexes; the caller frees it. */
struct kt_map *kt_mine_stations(const struct kt_mine *m);
uint32_t kt_mine_way(const struct kt_mine *m, struct kt_str id); /**< KT_NONE: none */
/** The area that a place lies in; NULL: none. */
static inline const struct kt_area *kt_mine_area(const struct kt_mine *m, uint32_t place)
{
    uint32_t a = place < m->site->places_n ? m->area_of[place] : KT_NONE;
    return a == KT_NONE ? NULL : &m->area[a];
}
/** Metres along ways from an anchor to a place on a way. */
double kt_mine_from(const struct kt_mine *m, uint32_t station, uint32_t way, double at_m);
#endif
