/* SPDX-License-Identifier: Apache-2.0 */
/* places: places.csv, the tree, workings and the design airflow. */
#include "site/impl.h"

#include <math.h>

const char *const site_place_kinds[] = {
    "mine",    "level",   "panel",       "heading-area", "face",    "return",  "intake",
    "heading", "roadway", "main-return", "wing-return",  "chamber", "station", "surface",
    "shaft",   "bunker",  "county",      "town",         "unit"};
const uint32_t site_place_kinds_n = KT_ARRAY_LEN(site_place_kinds);
enum { DEPTH_MAX = 64, PLACES_MAX = 1 << 20 };

struct columns {
    int id, parent, kind, name, name_en, x, y, air_to, length;
};

static struct columns columns_of(struct kt_csv *c)
{
    return (struct columns){
        .id = kt_csv_column(c, "id"),
        .parent = kt_csv_column(c, "parent"),
        .kind = kt_csv_column(c, "kind"),
        .name = kt_csv_column(c, "name"),
        .name_en = kt_csv_column(c, "name_en"),
        .x = kt_csv_column(c, "x"),
        .y = kt_csv_column(c, "y"),
        .air_to = kt_csv_column(c, "air_to"),
        .length = kt_csv_column(c, "length_m"),
    };
}

static bool has_columns(struct load *l, const struct kt_csv *c, const struct columns *k)
{
    const struct {
        int at;
        const char *name;
    } need[] = {{k->id, "id"}, {k->parent, "parent"}, {k->kind, "kind"}, {k->name, "name"}};
    bool ok = true;
    for (size_t i = 0; i < KT_ARRAY_LEN(need); i++) {
        if (need[i].at < 0) {
            site_find(l, KT_FIND_ERROR, "format", "places.csv", 1, 1,
                      "column \"%s\" is missing; the columns are id,parent,kind,name,name_en,x,y,"
                      "air_to,length_m",
                      need[i].name);
            ok = false;
        }
    }
    (void)c;
    return ok;
}

static const char *kind_of(struct load *l, struct kt_csv *c, uint32_t row, int column)
{
    struct kt_str t = kt_csv_get(c, row, column);
    struct kt_suggest s = kt_suggest_init(t);
    for (uint32_t i = 0; i < site_place_kinds_n; i++) {
        if (kt_str_is(t, site_place_kinds[i])) {
            return site_place_kinds[i];
        }
        kt_suggest_try(&s, site_place_kinds[i]);
    }
    char buf[KT_SUGGEST_TEXT];
    kt_csv_problem(c, row, column, &l->problems, "unknown kind of place \"%.*s\"%s",
                   (int)(t.n > 60 ? 60 : t.n), t.p, kt_suggest_text(&s, buf));
    return "roadway";
}

static bool position(struct load *l, struct kt_csv *c, uint32_t row, const struct columns *k,
                     struct kt_place *p)
{
    bool x = kt_csv_num(c, row, k->x, &l->problems, &p->x);
    bool y = kt_csv_num(c, row, k->y, &l->problems, &p->y);
    if (x != y) {
        kt_csv_problem(c, row, x ? k->x : k->y, &l->problems,
                       "x and y go together; give both or none");
    }
    return x && y;
}

static bool read_place(struct load *l, struct kt_csv *c, uint32_t row, const struct columns *k,
                       struct kt_place *p)
{
    struct kt_str id = kt_csv_get(c, row, k->id);
    uint64_t first;
    if (id.n == 0 || id.n > 63) {
        kt_csv_problem(c, row, k->id, &l->problems, "a place needs an id of at most 63 characters");
        return false;
    }
    if (kt_map_get(l->s->place_ids, id, &first)) {
        int line = 0, col = 0;
        kt_csv_at(c, l->place_row[first], k->id, &line, &col);
        kt_csv_problem(c, row, k->id, &l->problems,
                       "place \"%.*s\" stands already at line %d; give it another id", (int)id.n,
                       id.p, line);
        return false;
    }
    p->id = kt_csv_dup(c, row, k->id, l->a);
    p->kind = kind_of(l, c, row, k->kind);
    p->name.zh = kt_csv_dup(c, row, k->name, l->a);
    p->name.en =
        kt_csv_get(c, row, k->name_en).n ? kt_csv_dup(c, row, k->name_en, l->a) : p->name.zh;
    if (!*p->name.zh) {
        kt_csv_problem(c, row, k->name, &l->problems,
                       "place \"%s\" has no name; give the Chinese name", p->id);
    }
    p->has_xy = position(l, c, row, k, p);
    kt_csv_num(c, row, k->length, &l->problems, &p->length_m);
    if (p->length_m < 0) {
        kt_csv_problem(c, row, k->length, &l->problems, "length_m %g is below 0; give metres",
                       p->length_m);
    }
    return true;
}

static kt_place_id refer(struct load *l, struct kt_csv *c, uint32_t row, int column,
                         struct kt_str id)
{
    uint64_t at;
    if (kt_map_get(l->s->place_ids, id, &at)) {
        return (kt_place_id){(uint32_t)at};
    }
    struct kt_suggest s = kt_suggest_init(id);
    char buf[KT_SUGGEST_TEXT];
    for (uint32_t i = 0; i < l->s->pub.places_n && i < 5000; i++) {
        kt_suggest_try(&s, l->s->pub.places[i].id);
    }
    kt_csv_problem(c, row, column, &l->problems, "unknown place \"%.*s\"%s",
                   (int)(id.n > 63 ? 63 : id.n), id.p, kt_suggest_text(&s, buf));
    return (kt_place_id){KT_NONE};
}

static void references(struct load *l, struct kt_csv *c, const struct columns *k,
                       struct kt_place *p)
{
    for (uint32_t i = 0; i < l->s->pub.places_n; i++) {
        uint32_t row = l->place_row[i];
        struct kt_str parent = kt_csv_get(c, row, k->parent), *air = NULL;
        if (parent.n) {
            p[i].parent = refer(l, c, row, k->parent, parent);
        }
        uint32_t n = site_split(l, kt_csv_get(c, row, k->air_to), &air);
        kt_place_id *to = n ? KT_NEW_ARRAY(l->a, kt_place_id, n) : NULL;
        for (uint32_t j = 0; j < n; j++) {
            kt_place_id at = refer(l, c, row, k->air_to, air[j]);
            if (at.v == i) {
                kt_csv_problem(c, row, k->air_to, &l->problems,
                               "place \"%s\" gives its air to itself; name the next place",
                               p[i].id);
            } else if (at.v != KT_NONE) {
                to[p[i].air_to_n++] = at;
            }
        }
        p[i].air_to = to;
    }
}

/* A place whose line of parents does not end within DEPTH_MAX is in or above a circle. */
static void break_circles(struct load *l, struct kt_csv *c, const struct columns *k,
                          struct kt_place *p)
{
    for (uint32_t i = 0; i < l->s->pub.places_n; i++) {
        uint32_t at = i, depth = 0;
        while (p[at].parent.v != KT_NONE && depth <= DEPTH_MAX) {
            at = p[at].parent.v;
            depth++;
            if (at == i) {
                kt_csv_problem(c, l->place_row[i], k->parent, &l->problems,
                               "place \"%s\" lies below itself (through \"%s\"); break the circle",
                               p[i].id, p[p[i].parent.v].id);
                p[i].parent.v = KT_NONE;
                break;
            }
        }
        if (depth > DEPTH_MAX) {
            kt_csv_problem(c, l->place_row[i], k->parent, &l->problems,
                           "place \"%s\" has more than %d places above it; check its parents",
                           p[i].id, DEPTH_MAX);
            p[i].parent.v = KT_NONE;
        }
    }
}

static void workings(struct kt_place *p, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = i;
        for (int depth = 0; at != KT_NONE && depth <= DEPTH_MAX; depth++) {
            if (strcmp(p[at].kind, "panel") == 0 || strcmp(p[at].kind, "heading-area") == 0) {
                p[i].working.v = at;
                break;
            }
            at = p[at].parent.v;
        }
    }
}

void site_places(struct load *l)
{
    struct kt_csv *c =
        site_csv(l, kt_arena_printf(l->scratch, "%s/places.csv", l->dir), "places.csv");
    l->places_csv = c;
    uint32_t rows = c ? kt_csv_rows(c) : 0;
    l->s->place_ids = kt_map_new(rows);
    if (!c) {
        return;
    }
    struct columns k = columns_of(c);
    kt_csv_unknown(c, &l->problems);
    if (!has_columns(l, c, &k)) {
        return;
    }
    if (rows > PLACES_MAX) {
        site_find(l, KT_FIND_ERROR, "format", "places.csv", 0, 0, "%u places; at most %d", rows,
                  PLACES_MAX);
        return;
    }
    struct kt_place *p = KT_NEW_ARRAY(l->a, struct kt_place, rows + 1);
    l->place_row = KT_NEW_ARRAY(l->scratch, uint32_t, rows + 1);
    l->s->pub.places = p;
    for (uint32_t row = 0; row < rows; row++) {
        uint32_t i = l->s->pub.places_n;
        p[i] = (struct kt_place){.parent = {KT_NONE}, .working = {KT_NONE}};
        if (read_place(l, c, row, &k, &p[i])) {
            l->place_row[i] = row;
            kt_map_set(l->s->place_ids, kt_str_c(p[i].id), i);
            l->s->pub.places_n++;
        }
    }
    references(l, c, &k, p);
    break_circles(l, c, &k, p);
    workings(p, l->s->pub.places_n);
}
