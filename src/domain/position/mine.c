/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/position/mine.h"

#include <string.h>

enum { DISTANCES_MAX = 32 << 20 };

struct reading {
    const struct kt_site *site;
    struct kt_arena *arena;
    struct kt_problems *p;
    struct kt_mine *m;
    struct kt_map *ways, *nodes, *stations;
    struct kt_csv *csv;
};

static const struct kt_site_file *file_of(const struct kt_site *site, const char *name)
{
    for (uint32_t i = 0; i < site->files_n; i++) {
        if (strcmp(site->files[i].name, name) == 0) {
            return &site->files[i];
        }
    }
    return NULL;
}

static int shown(struct kt_str s)
{
    return (int)(s.n < 60 ? s.n : 60);
}

static struct kt_str field(const struct reading *rd, uint32_t row, const char *column)
{
    return kt_csv_get(rd->csv, row, kt_csv_column(rd->csv, column));
}

static const char *text(const struct reading *rd, uint32_t row, const char *column)
{
    return kt_csv_dup(rd->csv, row, kt_csv_column(rd->csv, column), rd->arena);
}

/** A number from lo to hi; `def` where the field is empty or wrong. */
static double number(const struct reading *rd, uint32_t row, const char *column, double lo,
                     double hi, double def)
{
    double v = def;
    int c = kt_csv_column(rd->csv, column);
    if (kt_csv_num(rd->csv, row, c, rd->p, &v) && !(v >= lo && v <= hi)) {
        kt_csv_problem(rd->csv, row, c, rd->p, "%s is from %g to %g", column, lo, hi);
        v = def;
    }
    return v;
}

static int choice(const struct reading *rd, uint32_t row, const char *column,
                  const char *const *words, int n)
{
    struct kt_str s = field(rd, row, column);
    for (int i = 0; i < n; i++) {
        if (kt_str_is(s, words[i])) {
            return i;
        }
    }
    if (s.n) {
        kt_csv_problem(rd->csv, row, kt_csv_column(rd->csv, column), rd->p,
                       "unknown %s \"%.*s\"; one of the words of docs/site-format.md, as \"%s\"",
                       column, shown(s), s.p, words[0]);
    }
    return 0;
}

static uint32_t place(const struct reading *rd, uint32_t row, bool report)
{
    struct kt_str s = field(rd, row, "place");
    uint32_t at = s.n ? kt_site_place(rd->site, s).v : KT_NONE;
    if (at == KT_NONE && report) {
        kt_csv_problem(rd->csv, row, kt_csv_column(rd->csv, "place"), rd->p,
                       "unknown place \"%.*s\"; give an id of places.csv", shown(s), s.p);
    }
    return at;
}

static uint32_t way(const struct reading *rd, uint32_t row)
{
    struct kt_str s = field(rd, row, "airway");
    uint64_t at = KT_NONE;
    if (!kt_map_get(rd->ways, s, &at)) {
        kt_csv_problem(rd->csv, row, kt_csv_column(rd->csv, "airway"), rd->p,
                       "unknown roadway \"%.*s\"; give an id of airways.csv", shown(s), s.p);
    }
    return (uint32_t)at;
}

/* ---- roadways -------------------------------------------------------------------------------- */

static uint32_t node(const struct reading *rd, struct kt_str s)
{
    uint64_t i = rd->m->nodes_n;
    if (!kt_map_get(rd->nodes, s, &i)) {
        kt_map_add(rd->nodes, s, i);
        rd->m->node[i] = kt_arena_strndup(rd->arena, s.p, s.n);
        rd->m->nodes_n++;
    }
    return (uint32_t)i;
}

static uint32_t read_points(const struct reading *rd, uint32_t row, const char *column, bool report,
                            uint32_t ret[KT_WAY_DOORS])
{
    struct kt_str s = field(rd, row, column);
    uint32_t n = 0;
    while (s.n && n < KT_WAY_DOORS) {
        const char *semi = memchr(s.p, ';', s.n);
        size_t len = semi ? (size_t)(semi - s.p) : s.n;
        uint32_t p = kt_site_point(rd->site, (struct kt_str){s.p, len}).v;
        if (p != KT_NONE) {
            ret[n++] = p;
        } else if (report) {
            kt_csv_problem(rd->csv, row, kt_csv_column(rd->csv, column), rd->p,
                           "unknown point \"%.*s\"; give an id of points.csv", (int)len, s.p);
        }
        s = (struct kt_str){s.p + len + (semi != NULL), s.n - len - (semi != NULL)};
    }
    return n;
}

static void walk(struct kt_way *w, double slope_deg, double speed)
{
    static const double level[] = {
        [KT_WAY_WALK] = 1.2, [KT_WAY_BELT] = 1.0, [KT_WAY_INCLINE] = 1.0};
    for (int dir = 0; dir < 2; dir++) {
        double up = dir ? -slope_deg : slope_deg;
        double part = up > 0 ? 1 - 0.025 * up : 1 + 0.01 * up;
        part = part < 0.25 ? 0.25 : part;
        w->time_s[dir] = w->kind == KT_WAY_CLOSED  ? (double)INFINITY
                         : speed > 0               ? w->length_m / speed
                         : w->kind == KT_WAY_SHAFT ? 300
                                                   : w->length_m / (level[w->kind] * part);
    }
}

/* Mistakes of airways.csv are those of who solves it: what cannot be read is left out here. */
static void read_airways(struct reading *rd)
{
    struct kt_problems quiet = {0}, *p = rd->p;
    uint32_t n = kt_csv_rows(rd->csv);
    rd->m->way = KT_NEW_ARRAY(rd->arena, struct kt_way, n + 1);
    rd->m->node = KT_NEW_ARRAY(rd->arena, const char *, 2 * n + 1);
    rd->p = &quiet;
    for (uint32_t row = 0; row < n; row++) {
        struct kt_way w = {.airway = row};
        struct kt_str id = field(rd, row, "id"), from = field(rd, row, "from");
        struct kt_str to = field(rd, row, "to");
        w.length_m = number(rd, row, "length_m", 0.01, 1e6, 0);
        if (!id.n || !from.n || !to.n || w.length_m <= 0 ||
            !kt_map_add(rd->ways, id, rd->m->ways_n)) {
            continue;
        }
        w.id = kt_arena_strndup(rd->arena, id.p, id.n);
        w.place = place(rd, row, false);
        w.from = node(rd, from);
        w.to = node(rd, to);
        w.section_m2 = number(rd, row, "section_m2", 0, 1e4, 0);
        w.doors_n = read_points(rd, row, "door_points", false, w.door);
        walk(&w, 0, 0);
        rd->m->way[rd->m->ways_n++] = w;
    }
    rd->p = p;
}

static const char *const way_kinds[] = {"walk", "belt", "incline", "shaft", "closed"};

static void read_way(struct reading *rd, uint32_t row)
{
    uint32_t at = way(rd, row);
    if (at == KT_NONE) {
        return;
    }
    struct kt_way *w = &rd->m->way[at];
    w->kind = (enum kt_way_kind)choice(rd, row, "kind", way_kinds, KT_ARRAY_LEN(way_kinds));
    double slope = number(rd, row, "slope_deg", -90, 90, 0);
    walk(w, slope, number(rd, row, "walk_m_s", 0.05, 10, 0));
    w->blocks_n = read_points(rd, row, "block_points", true, w->block);
}

/* ---- stations -------------------------------------------------------------------------------- */

static const char *const station_kinds[] = {"anchor", "exit", "refuge"};

static uint32_t link(const struct reading *rd, uint32_t row)
{
    struct kt_str s = field(rd, row, "link");
    for (uint32_t i = 0; s.n && i < rd->site->links_n; i++) {
        if (kt_str_is(s, rd->site->links[i].id)) {
            return i;
        }
    }
    if (s.n) {
        kt_csv_problem(rd->csv, row, kt_csv_column(rd->csv, "link"), rd->p,
                       "unknown link \"%.*s\"; give an id of site.yaml", shown(s), s.p);
    }
    return KT_NONE;
}

static void read_station(struct reading *rd, uint32_t row)
{
    struct kt_station s = {.id = text(rd, row, "id"), .code = text(rd, row, "code")};
    struct kt_str id = field(rd, row, "id"), code = field(rd, row, "code");
    s.kind =
        (enum kt_station_kind)choice(rd, row, "kind", station_kinds, KT_ARRAY_LEN(station_kinds));
    s.name = (struct kt_text){text(rd, row, "name"), text(rd, row, "name_en")};
    s.name.en = s.name.en[0] ? s.name.en : s.name.zh;
    s.way = way(rd, row);
    s.link = link(rd, row);
    s.reach_m = number(rd, row, "reach_m", 1, 2000, 60);
    s.capacity = (uint32_t)number(rd, row, "capacity", 0, 100000, 0);
    double length = s.way == KT_NONE ? 0 : rd->m->way[s.way].length_m;
    s.at_m = s.way == KT_NONE ? 0 : number(rd, row, "offset_m", 0, length, 0);
    if (!id.n || id.n > 63 || !kt_map_add(rd->stations, id, rd->m->stations_n)) {
        kt_csv_problem(rd->csv, row, kt_csv_column(rd->csv, "id"), rd->p,
                       id.n ? "\"%.*s\" stands here before, or is longer than 63 bytes"
                            : "id is empty; name the station%.*s",
                       shown(id), id.p ? id.p : "");
    }
    if (code.n && !kt_map_add(rd->stations, code, rd->m->stations_n)) {
        kt_csv_problem(rd->csv, row, kt_csv_column(rd->csv, "code"), rd->p,
                       "\"%.*s\" stands here before", shown(code), code.p);
    }
    if (s.kind == KT_STATION_REFUGE && s.capacity == 0) {
        kt_csv_problem(rd->csv, row, kt_csv_column(rd->csv, "capacity"), rd->p,
                       "a refuge holds how many? give its capacity");
    }
    rd->m->station[rd->m->stations_n++] = s;
}

/* ---- areas ----------------------------------------------------------------------------------- */

static const char *const area_kinds[] = {"normal", "key", "restricted", "forbidden", "surface"};

static void read_area(struct reading *rd, uint32_t row)
{
    static const char *const no_yes[] = {"no", "yes"};
    struct kt_area a = {.place = place(rd, row, true)};
    a.kind = (enum kt_area_kind)choice(rd, row, "kind", area_kinds, KT_ARRAY_LEN(area_kinds));
    a.max = (uint32_t)number(rd, row, "max", 0, 100000, 0);
    a.hours = number(rd, row, "hours", 0, 100, 0);
    a.lost_s = number(rd, row, "lost_s", 2, 3600, KT_LOST_S);
    a.most_km_h = number(rd, row, "vehicle_km_h", 0, 200, 0);
    a.no_lone = choice(rd, row, "no_lone", no_yes, 2) == 1;
    if (field(rd, row, "words").n > 400 || field(rd, row, "words_en").n > 400) {
        kt_csv_problem(rd->csv, row, kt_csv_column(rd->csv, "words"), rd->p,
                       "words are at most 400 bytes; shorter ones are understood");
    }
    a.words = (struct kt_text){text(rd, row, "words"), text(rd, row, "words_en")};
    a.words.en = a.words.en[0] ? a.words.en : a.words.zh;
    for (uint32_t i = 0; i < rd->m->areas_n; i++) {
        if (a.place != KT_NONE && rd->m->area[i].place == a.place) {
            kt_csv_problem(rd->csv, row, kt_csv_column(rd->csv, "place"), rd->p,
                           "this place stands here before; one row a place");
        }
    }
    if (a.place != KT_NONE) {
        rd->m->area[rd->m->areas_n++] = a;
    }
}

static void areas_of(struct reading *rd)
{
    const struct kt_site *s = rd->site;
    rd->m->area_of = KT_NEW_ARRAY(rd->arena, uint32_t, s->places_n + 1);
    for (uint32_t p = 0; p < s->places_n; p++) {
        rd->m->area_of[p] = KT_NONE;
        uint32_t at = p;
        for (uint32_t depth = 0; at < s->places_n && depth < s->places_n; depth++) {
            for (uint32_t i = 0; i < rd->m->areas_n && rd->m->area_of[p] == KT_NONE; i++) {
                rd->m->area_of[p] = rd->m->area[i].place == at ? i : KT_NONE;
            }
            if (rd->m->area_of[p] != KT_NONE) {
                break;
            }
            at = s->places[at].parent.v;
        }
    }
}

/* ---- a file ---------------------------------------------------------------------------------- */

struct table {
    const char *name;
    const char *columns[12]; /* NULL ends; the first `needed` must be there */
    int needed;
    void (*row)(struct reading *rd, uint32_t row);
};
static const struct table tables[] = {
    {"people/ways.csv", {"airway", "kind", "slope_deg", "walk_m_s"}, 1, read_way},
    {"people/stations.csv",
     {"id", "kind", "airway", "offset_m", "capacity", "reach_m", "link", "code", "name", "name_en"},
     4,
     read_station},
    {"people/areas.csv",
     {"place", "kind", "max", "hours", "no_lone", "lost_s", "words", "words_en", "vehicle_km_h"},
     2,
     read_area},
};

static int open_csv(struct reading *rd, const struct kt_site_file *f, struct kt_err *err)
{
    int r = kt_csv_parse(rd->arena, f->bytes, f->name, &rd->csv, err);
    if (r < 0) {
        kt_problem_err(rd->p, err);
    }
    return r;
}

static void read_table(struct reading *rd, const struct table *t, struct kt_err *err)
{
    const struct kt_site_file *f = file_of(rd->site, t->name);
    if (!f || open_csv(rd, f, err) < 0) {
        return;
    }
    for (int i = 0; i < 12 && t->columns[i]; i++) {
        if (kt_csv_column(rd->csv, t->columns[i]) < 0 && i < t->needed) {
            kt_problem_at(rd->p, t->name, 1, 1, "there is no column \"%s\"", t->columns[i]);
            return;
        }
    }
    kt_csv_unknown(rd->csv, rd->p);
    uint32_t n = kt_csv_rows(rd->csv);
    rd->m->present |= t->row == read_station;
    if (t->row == read_station) {
        rd->m->station = KT_NEW_ARRAY(rd->arena, struct kt_station, n + 1);
    } else if (t->row == read_area) {
        rd->m->area = KT_NEW_ARRAY(rd->arena, struct kt_area, n + 1);
    }
    if (n > KT_STATIONS_MAX) {
        kt_problem_at(rd->p, t->name, 1, 1, "%u rows; %d are read", n, KT_STATIONS_MAX);
        return;
    }
    for (uint32_t row = 0; row < n; row++) {
        t->row(rd, row);
    }
}

/* ---- what follows from it -------------------------------------------------------------------- */

static void ways_of_nodes(struct kt_mine *m, struct kt_arena *arena)
{
    m->at = KT_NEW_ARRAY(arena, uint32_t, m->nodes_n + 2);
    m->list = KT_NEW_ARRAY(arena, uint32_t, 2 * m->ways_n + 1);
    for (uint32_t w = 0; w < m->ways_n; w++) {
        m->at[m->way[w].from + 1]++;
        m->at[m->way[w].to + 1]++;
    }
    for (uint32_t i = 0; i < m->nodes_n; i++) {
        m->at[i + 1] += m->at[i];
    }
    uint32_t *next = KT_NEW_ARRAY(arena, uint32_t, m->nodes_n + 1);
    memcpy(next, m->at, (m->nodes_n + 1) * sizeof(*next));
    for (uint32_t w = 0; w < m->ways_n; w++) {
        m->list[next[m->way[w].from]++] = 2 * w;
        m->list[next[m->way[w].to]++] = 2 * w + 1;
    }
}

/* Metres to every node, a closed way counts: radio goes where nobody walks. Bellman-Ford over a
 * worklist: short networks, once a load. */
static void distances_of(struct kt_mine *m, uint32_t s, uint32_t *work, bool *in)
{
    float *d = m->dist + (size_t)s * m->nodes_n;
    const struct kt_way *own = &m->way[m->station[s].way];
    uint32_t head = 0, n = 0, cap = m->nodes_n + 1;
    for (uint32_t i = 0; i < m->nodes_n; i++) {
        d[i] = INFINITY;
        in[i] = false;
    }
    d[own->from] = (float)m->station[s].at_m;
    float other = (float)(own->length_m - m->station[s].at_m);
    d[own->to] = own->to == own->from && d[own->from] < other ? d[own->from] : other;
    work[n++] = own->from;
    in[own->from] = true;
    if (own->to != own->from) {
        work[n++] = own->to;
        in[own->to] = true;
    }
    while (n > 0) {
        uint32_t u = work[head];
        head = (head + 1) % cap;
        n--;
        in[u] = false;
        for (uint32_t k = m->at[u]; k < m->at[u + 1]; k++) {
            const struct kt_way *w = &m->way[m->list[k] / 2];
            uint32_t v = m->list[k] % 2 ? w->from : w->to;
            float there = d[u] + (float)w->length_m;
            if (there < d[v]) {
                d[v] = there;
                if (!in[v]) {
                    in[v] = true;
                    work[(head + n++) % cap] = v;
                }
            }
        }
    }
}

static void distances(struct reading *rd)
{
    struct kt_mine *m = rd->m;
    if ((uint64_t)m->stations_n * m->nodes_n > DISTANCES_MAX) {
        kt_problem_at(rd->p, "people/stations.csv", 1, 1,
                      "%u stations over %u nodes are more than this program holds", m->stations_n,
                      m->nodes_n);
        m->stations_n = 0;
        return;
    }
    m->dist = KT_NEW_ARRAY(rd->arena, float, (size_t)m->stations_n * m->nodes_n + 1);
    uint32_t *work = KT_NEW_ARRAY(rd->arena, uint32_t, m->nodes_n + 1);
    bool *in = KT_NEW_ARRAY(rd->arena, bool, m->nodes_n + 1);
    for (uint32_t s = 0; s < m->stations_n; s++) {
        if (m->station[s].way != KT_NONE) {
            distances_of(m, s, work, in);
        }
    }
}

/** Stations say nothing without an exit to go to, and nobody may call for help unheard. */
static void check_whole(struct reading *rd)
{
    bool exits = false, sos = false;
    for (uint32_t i = 0; i < rd->m->stations_n; i++) {
        exits |= rd->m->station[i].kind == KT_STATION_EXIT;
    }
    for (uint32_t p = 0; p < rd->site->points_n; p++) {
        const struct kt_point *point = &rd->site->points[p];
        sos |= !point->ended && point->role && strcmp(point->role->id, "people.sos") == 0 &&
               rd->site->places[point->place.v].parent.v == KT_NONE;
    }
    if (!exits) {
        kt_problem_at(rd->p, "people/stations.csv", 1, 1,
                      "there is no exit; add the ways out of the mine with kind exit");
    }
    if (!sos) {
        kt_problem_at(
            rd->p, "people/stations.csv", 1, 1,
            "no point with the role people.sos lies at the root of the places: a call for "
            "help would raise no alarm; add one to points.csv");
    }
}

int kt_mine_read(const struct kt_site *site, struct kt_arena *arena, struct kt_problems *p,
                 struct kt_mine *ret, struct kt_err *err)
{
    struct kt_mine m = {.site = site};
    uint32_t before = p->n;
    struct reading rd = {.site = site, .arena = arena, .p = p, .m = &m};
    const struct kt_site_file *airways = file_of(site, "airways.csv");
    rd.ways = kt_map_new(256);
    rd.nodes = kt_map_new(256);
    rd.stations = kt_map_new(256);
    if (airways && open_csv(&rd, airways, err) == KT_OK) {
        if (kt_csv_rows(rd.csv) <= KT_WAYS_MAX) {
            read_airways(&rd);
        }
    }
    for (size_t i = 0; i < KT_ARRAY_LEN(tables); i++) {
        read_table(&rd, &tables[i], err);
    }
    areas_of(&rd);
    ways_of_nodes(&m, arena);
    if (m.present && p->n == before) {
        distances(&rd);
        check_whole(&rd);
    }
    kt_map_free(rd.ways);
    kt_map_free(rd.nodes);
    kt_map_free(rd.stations);
    if (p->n != before) {
        return kt_err_set(err, KT_EPARSE, "people/ has mistakes");
    }
    *ret = m;
    return KT_OK;
}

struct kt_map *kt_mine_stations(const struct kt_mine *m)
{
    struct kt_map *map = kt_map_new(m->stations_n + 1);
    for (uint32_t i = 0; i < m->stations_n; i++) {
        (void)kt_map_add(map, kt_str_c(m->station[i].id), i);
        if (m->station[i].code[0]) {
            (void)kt_map_add(map, kt_str_c(m->station[i].code), i);
        }
    }
    return map;
}

uint32_t kt_mine_station(const struct kt_map *map, struct kt_str id)
{
    uint64_t at;
    return kt_map_get(map, id, &at) ? (uint32_t)at : KT_NONE;
}

uint32_t kt_mine_way(const struct kt_mine *m, struct kt_str id)
{
    for (uint32_t i = 0; i < m->ways_n; i++) {
        if (kt_str_is(id, m->way[i].id)) {
            return i;
        }
    }
    return KT_NONE;
}

double kt_mine_from(const struct kt_mine *m, uint32_t station, uint32_t way, double at_m)
{
    const struct kt_station *s = &m->station[station];
    const struct kt_way *w = &m->way[way];
    const float *d = m->dist + (size_t)station * m->nodes_n;
    double a = (double)d[w->from] + at_m, b = (double)d[w->to] + w->length_m - at_m;
    double far = a < b ? a : b;
    if (s->way == way) {
        double straight = fabs(at_m - s->at_m);
        far = straight < far ? straight : far;
    }
    return far;
}
