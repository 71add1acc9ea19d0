/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/vent/airways.h"

#include <string.h>

#include "base/map.h"

enum {
    ID,
    PLACE,
    FROM,
    TO,
    R,
    LENGTH,
    SECTION,
    MIN,
    MAX,
    DESIGN,
    DRIVE,
    A0,
    A1,
    A2,
    FAN_POINTS,
    BACK_POINTS,
    BACK_PART,
    STILL_R,
    FIXED,
    DOOR_POINTS,
    SHUT_R,
    OPEN_R,
    WIND_POINT,
    COLUMNS
};
static const char *const columns[COLUMNS] = {
    [ID] = "id",
    [PLACE] = "place",
    [FROM] = "from",
    [TO] = "to",
    [R] = "r_N_s2_m8",
    [LENGTH] = "length_m",
    [SECTION] = "section_m2",
    [MIN] = "min_m_s",
    [MAX] = "max_m_s",
    [DESIGN] = "design_m3_s",
    [DRIVE] = "drive_Pa",
    [A0] = "a0_Pa",
    [A1] = "a1_Pa_s_m3",
    [A2] = "a2_Pa_s2_m6",
    [FAN_POINTS] = "fan_points",
    [BACK_POINTS] = "back_points",
    [BACK_PART] = "back_part",
    [STILL_R] = "still_r_N_s2_m8",
    [FIXED] = "fixed_m3_s",
    [DOOR_POINTS] = "door_points",
    [SHUT_R] = "shut_r_N_s2_m8",
    [OPEN_R] = "open_r_N_s2_m8",
    [WIND_POINT] = "wind_point",
};
/* A node of this name is the open air, beside those where nothing ends or nothing begins. */
static const char outside[] = "surface";
#define BACK_USUAL 0.6 /* of its pressure that a fan makes backwards, where nothing is said */

struct reading {
    struct kt_csv *csv;
    const struct kt_site *site;
    struct kt_arena *arena;
    struct kt_problems *p;
    int at[COLUMNS];
    struct kt_map *nodes, *ids;
    struct kt_airway *airway;
    struct kt_vent_branch *branch;
    const char **id, **node_name;
    uint8_t *end;
    uint32_t nodes_n;
};

/** A number, 0 where the field is empty. */
static double number(struct reading *rd, uint32_t row, int column, bool negative)
{
    double v = 0;
    if (kt_csv_num(rd->csv, row, rd->at[column], rd->p, &v) && v < 0 && !negative) {
        kt_csv_problem(rd->csv, row, rd->at[column], rd->p, "%s is 0 or more", columns[column]);
    }
    return v;
}

static uint32_t node(struct reading *rd, uint32_t row, int column)
{
    struct kt_str s = kt_csv_get(rd->csv, row, rd->at[column]);
    uint64_t i = rd->nodes_n;
    uint8_t as = column == FROM ? KT_VENT_INLET : KT_VENT_OUTLET;
    if (s.n == 0) {
        kt_csv_problem(rd->csv, row, rd->at[column], rd->p, "\"%s\" is empty; name the node",
                       columns[column]);
        return 0;
    }
    if (!kt_map_get(rd->nodes, s, &i)) {
        kt_map_add(rd->nodes, s, i);
        rd->node_name[i] = kt_arena_strndup(rd->arena, s.p, s.n);
        rd->end[i] = kt_str_is(s, outside) ? KT_VENT_INLET : as;
        rd->nodes_n++;
    } else if (rd->end[i] != as && !kt_str_is(s, outside)) {
        rd->end[i] = KT_VENT_INNER;
    }
    return (uint32_t)i;
}

static uint32_t point(struct reading *rd, uint32_t row, int column, struct kt_str id)
{
    uint32_t v = rd->site ? kt_site_point(rd->site, id).v : 0;
    if (v == KT_NONE) {
        kt_csv_problem(rd->csv, row, rd->at[column], rd->p,
                       "unknown point \"%.*s\"; give an id of points.csv",
                       (int)(id.n < 60 ? id.n : 60), id.p);
    }
    return v;
}

/** Ids with `;` between them; what is too many is reported. */
static uint32_t point_list(struct reading *rd, uint32_t row, int column, uint32_t *ret)
{
    struct kt_str s = kt_csv_get(rd->csv, row, rd->at[column]);
    uint32_t n = 0;
    while (s.n) {
        const char *semi = memchr(s.p, ';', s.n);
        size_t len = semi ? (size_t)(semi - s.p) : s.n;
        if (n == KT_AIRWAY_POINTS) {
            kt_csv_problem(rd->csv, row, rd->at[column], rd->p, "more than %d points",
                           KT_AIRWAY_POINTS);
            return n;
        }
        ret[n++] = point(rd, row, column, (struct kt_str){s.p, len});
        s = (struct kt_str){s.p + len + (semi != NULL), s.n - len - (semi != NULL)};
    }
    return n;
}

static void read_fan(struct reading *rd, uint32_t row, struct kt_airway *a,
                     struct kt_vent_branch *b)
{
    struct kt_vent_fan f = {number(rd, row, A0, true), number(rd, row, A1, true),
                            number(rd, row, A2, true), NULL, 0};
    a->fans_n = point_list(rd, row, FAN_POINTS, a->fan);
    a->backs_n = point_list(rd, row, BACK_POINTS, a->back);
    a->back_part = number(rd, row, BACK_PART, false);
    a->back_part = a->back_part > 0 ? a->back_part : BACK_USUAL;
    a->still_r = number(rd, row, STILL_R, false);
    a->fixed_m3s = number(rd, row, FIXED, false);
    b->fixed = a->fixed_m3s > 0;
    b->fixed_m3s = a->fixed_m3s;
    if (f.a0_pa != 0 || f.a1_pa_s_m3 != 0 || f.a2_pa_s2_m6 != 0) {
        struct kt_vent_fan *fan = KT_NEW(rd->arena, struct kt_vent_fan);
        *fan = f;
        b->fan = fan;
    }
    if (b->fan && b->fixed) {
        kt_csv_problem(rd->csv, row, rd->at[FIXED], rd->p,
                       "a fan has a curve or a fixed flow, not both");
    }
    if (a->backs_n && !b->fan) {
        kt_csv_problem(rd->csv, row, rd->at[BACK_POINTS], rd->p,
                       "a fan that turns backwards wants a0_Pa to a2_Pa_s2_m6");
    }
    if (a->fans_n && !b->fan && !b->fixed) {
        kt_csv_problem(rd->csv, row, rd->at[FAN_POINTS], rd->p,
                       "a fan wants a0_Pa to a2_Pa_s2_m6, or fixed_m3_s");
    }
}

static void read_place(struct reading *rd, uint32_t row, struct kt_airway *a)
{
    struct kt_str s = kt_csv_get(rd->csv, row, rd->at[PLACE]);
    a->place = s.n && rd->site ? kt_site_place(rd->site, s).v : KT_NONE;
    if (s.n && rd->site && a->place == KT_NONE) {
        kt_csv_problem(rd->csv, row, rd->at[PLACE], rd->p,
                       "unknown place \"%.*s\"; give an id of places.csv",
                       (int)(s.n < 60 ? s.n : 60), s.p);
    }
}

static void read_row(struct reading *rd, uint32_t row)
{
    struct kt_airway *a = &rd->airway[row];
    struct kt_vent_branch *b = &rd->branch[row];
    struct kt_str id = kt_csv_get(rd->csv, row, rd->at[ID]);
    a->id = rd->id[row] = kt_arena_strndup(rd->arena, id.p, id.n);
    if (id.n == 0 || !kt_map_add(rd->ids, id, row)) {
        kt_csv_problem(rd->csv, row, rd->at[ID], rd->p,
                       id.n ? "there is this id before" : "id is empty; name the roadway");
    }
    read_place(rd, row, a);
    b->from = node(rd, row, FROM);
    b->to = node(rd, row, TO);
    b->r_ns2_m8 = number(rd, row, R, false);
    b->drive_pa = number(rd, row, DRIVE, true);
    a->length_m = number(rd, row, LENGTH, false);
    a->section_m2 = number(rd, row, SECTION, false);
    a->min_m_s = number(rd, row, MIN, false);
    a->max_m_s = number(rd, row, MAX, false);
    a->design_m3s = number(rd, row, DESIGN, true);
    a->shut_r = number(rd, row, SHUT_R, false);
    a->open_r = number(rd, row, OPEN_R, false);
    a->doors_n = point_list(rd, row, DOOR_POINTS, a->door);
    struct kt_str wind = kt_csv_get(rd->csv, row, rd->at[WIND_POINT]);
    a->wind = wind.n ? point(rd, row, WIND_POINT, wind) : KT_NONE;
    read_fan(rd, row, a, b);
}

static bool find_columns(struct reading *rd)
{
    static const int wanted[] = {ID, FROM, TO, R};
    bool all = true;
    for (int c = 0; c < COLUMNS; c++) {
        rd->at[c] = kt_csv_column(rd->csv, columns[c]);
    }
    for (size_t i = 0; i < KT_ARRAY_LEN(wanted); i++) {
        if (rd->at[wanted[i]] < 0) {
            all = false;
            kt_problem_at(rd->p, kt_csv_file(rd->csv), 1, 1, "there is no column \"%s\"",
                          columns[wanted[i]]);
        }
    }
    kt_csv_unknown(rd->csv, rd->p);
    return all;
}

int kt_airways_read(struct kt_csv *csv, const struct kt_site *site, struct kt_arena *arena,
                    struct kt_problems *p, struct kt_airways *ret, struct kt_err *err)
{
    uint32_t n = kt_csv_rows(csv), before = p->n;
    struct reading rd = {.csv = csv, .site = site, .arena = arena, .p = p};
    if (n > KT_VENT_BRANCHES_MAX) {
        return kt_err_set(err, KT_ELIMIT, "%u roadways; %d are read", n, KT_VENT_BRANCHES_MAX);
    }
    if (find_columns(&rd)) {
        rd.airway = KT_NEW_ARRAY(arena, struct kt_airway, n + 1);
        rd.branch = KT_NEW_ARRAY(arena, struct kt_vent_branch, n + 1);
        rd.id = KT_NEW_ARRAY(arena, const char *, n + 1);
        rd.node_name = KT_NEW_ARRAY(arena, const char *, 2 * n + 1);
        rd.end = KT_NEW_ARRAY(arena, uint8_t, 2 * n + 1);
        rd.nodes = kt_map_new(n);
        rd.ids = kt_map_new(n);
        for (uint32_t i = 0; i < n; i++) {
            read_row(&rd, i);
        }
        kt_map_free(rd.nodes);
        kt_map_free(rd.ids);
    }
    *ret = (struct kt_airways){.airway = rd.airway, .branch = rd.branch, .id = rd.id, .n = n};
    ret->net = (struct kt_vent_net){.branch = rd.branch,
                                    .branches_n = n,
                                    .nodes_n = rd.nodes_n,
                                    .end = rd.end,
                                    .node_name = rd.node_name,
                                    .branch_name = rd.id};
    if (p->n == before && kt_vent_check(&ret->net, err) < 0) {
        kt_problem_at(p, kt_csv_file(csv), 1, 1, "%s", err->text);
    }
    return p->n == before
               ? KT_OK
               : kt_err_set(err, KT_EPARSE, "%s is no network that can be read", kt_csv_file(csv));
}

static bool turns_back(const struct kt_airway *a, kt_airway_value_fn value, void *arg)
{
    bool back = false;
    for (uint32_t i = 0; i < a->backs_n; i++) {
        double v;
        back |= value(arg, a->back[i], &v) && v != 0;
    }
    return back;
}

static int8_t fan_look(const struct kt_airway *a, kt_airway_value_fn value, void *arg)
{
    bool unknown = false;
    for (uint32_t i = 0; i < a->fans_n; i++) {
        double v;
        bool known = value(arg, a->fan[i], &v);
        if (known && v != 0) {
            return turns_back(a, value, arg) ? 2 : 1;
        }
        unknown |= !known;
    }
    return a->fans_n == 0 ? 1 : unknown ? -1 : 0;
}

struct kt_airway_state kt_airway_look(const struct kt_airway *a, kt_airway_value_fn value,
                                      void *arg)
{
    struct kt_airway_state s = {fan_look(a, value, arg), 0};
    for (uint32_t i = 0; i < a->doors_n; i++) {
        double v;
        s.open = (uint8_t)(s.open + (value(arg, a->door[i], &v) && v != 0));
    }
    return s;
}

static bool says_nothing(const uint32_t *point, uint32_t n, kt_airway_value_fn value, void *arg)
{
    bool nothing = false;
    for (uint32_t i = 0; i < n; i++) {
        double v;
        nothing |= !value(arg, point[i], &v);
    }
    return nothing;
}

bool kt_airway_unsure(const struct kt_airway *a, kt_airway_value_fn value, void *arg)
{
    int8_t fan = fan_look(a, value, arg);
    bool turns = a->fans_n && fan == 1 && says_nothing(a->back, a->backs_n, value, arg);
    return fan < 0 || turns || says_nothing(a->door, a->doors_n, value, arg);
}

void kt_airways_now(const struct kt_airways *a, const struct kt_airway_state *state,
                    struct kt_vent_branch *branch)
{
    for (uint32_t b = 0; b < a->n; b++) {
        const struct kt_airway *w = &a->airway[b];
        uint32_t open = state[b].open < w->doors_n ? state[b].open : w->doors_n;
        branch[b] = a->branch[b];
        branch[b].r_ns2_m8 += (w->doors_n - open) * w->shut_r + open * w->open_r;
        bool stands = state[b].fan == 0 || (state[b].fan < 0 && w->design_m3s == 0);
        if (w->fans_n && stands) {
            branch[b].fan = NULL;
            branch[b].fixed_m3s = 0;
            branch[b].r_ns2_m8 += w->still_r;
        }
    }
}

uint32_t kt_airways_turned(const struct kt_airways *a, const struct kt_airway_state *state,
                           struct kt_vent_change *ret)
{
    uint32_t n = 0;
    for (uint32_t b = 0; b < a->n; b++) {
        if (state[b].fan == 2 && a->branch[b].fan) {
            ret[n++] = (struct kt_vent_change){KT_VENT_REVERSE_FAN, b, a->airway[b].back_part};
        }
    }
    return n;
}

void kt_airways_design(const struct kt_airways *a, int8_t *ret)
{
    for (uint32_t b = 0; b < a->n; b++) {
        double q = a->airway[b].design_m3s;
        ret[b] = (int8_t)((q > 0) - (q < 0));
    }
}
