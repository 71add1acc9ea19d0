/* SPDX-License-Identifier: Apache-2.0 */
/*
 * assets: assets.csv, the things that have points, and which of them gives to which: a belt to the
 * next belt. What gives never comes back to itself, so every way along `to` ends.
 */
#include "site/impl.h"

enum { ASSETS_MAX = 1 << 16 };

static const char *const kinds[] = {"belt",       "feeder",  "fan",     "pump",  "hoist",
                                    "compressor", "refuge",  "power",   "door",  "barrier",
                                    "face",       "machine", "station", "drill", "truck",
                                    "switch",     "base",    "room",    "other"};

struct columns {
    int id, kind, name, name_en, place, to, points, length, speed;
};

static struct columns columns_of(struct kt_csv *c)
{
    return (struct columns){.id = kt_csv_column(c, "id"),
                            .kind = kt_csv_column(c, "kind"),
                            .name = kt_csv_column(c, "name"),
                            .name_en = kt_csv_column(c, "name_en"),
                            .place = kt_csv_column(c, "place"),
                            .to = kt_csv_column(c, "to"),
                            .points = kt_csv_column(c, "points"),
                            .length = kt_csv_column(c, "length_m"),
                            .speed = kt_csv_column(c, "speed_m_s")};
}

static bool has_columns(struct load *l, const struct columns *k)
{
    static const char *const names[] = {"id", "kind", "name", "place", "points"};
    const int at[] = {k->id, k->kind, k->name, k->place, k->points};
    bool ok = true;
    for (size_t i = 0; i < KT_ARRAY_LEN(names); i++) {
        if (at[i] < 0) {
            site_find(l, KT_FIND_ERROR, "format", "assets.csv", 1, 1,
                      "column \"%s\" is missing; the columns are id,kind,name,name_en,place,to,"
                      "points,length_m,speed_m_s",
                      names[i]);
            ok = false;
        }
    }
    return ok;
}

static const char *kind_of(struct load *l, struct kt_csv *c, uint32_t row, int column)
{
    struct kt_str t = kt_csv_get(c, row, column);
    for (size_t i = 0; i < KT_ARRAY_LEN(kinds); i++) {
        if (kt_str_is(t, kinds[i])) {
            return kinds[i];
        }
    }
    kt_csv_problem(c, row, column, &l->problems,
                   "unknown kind of asset \"%.*s\"; belt, feeder, fan, pump, hoist, compressor, "
                   "refuge, power, door, "
                   "barrier, face, machine, station, drill, truck, switch, base, room or other",
                   (int)(t.n > 60 ? 60 : t.n), t.p);
    return "other";
}

static double above_zero(struct load *l, struct kt_csv *c, uint32_t row, int column)
{
    double v = 0;
    if (kt_csv_num(c, row, column, &l->problems, &v) && !(v > 0)) {
        kt_csv_problem(c, row, column, &l->problems, "%g is not above 0", v);
    }
    return v > 0 ? v : 0;
}

static bool read_asset(struct load *l, struct kt_csv *c, uint32_t row, const struct columns *k,
                       struct kt_asset *a)
{
    struct kt_str id = kt_csv_get(c, row, k->id);
    uint64_t first;
    if (id.n == 0 || id.n > 63) {
        kt_csv_problem(c, row, k->id, &l->problems,
                       "an asset needs an id of at most 63 characters");
        return false;
    }
    if (kt_map_get(l->asset_ids, id, &first)) {
        kt_csv_problem(c, row, k->id, &l->problems,
                       "asset \"%.*s\" stands twice; give it another id", (int)id.n, id.p);
        return false;
    }
    *a = (struct kt_asset){.id = kt_csv_dup(c, row, k->id, l->a),
                           .kind = kind_of(l, c, row, k->kind),
                           .name.zh = kt_csv_dup(c, row, k->name, l->a),
                           .place = {KT_NONE},
                           .to = KT_NONE,
                           .drive = {KT_NONE},
                           .run = {KT_NONE},
                           .length_m = above_zero(l, c, row, k->length),
                           .speed_m_s = above_zero(l, c, row, k->speed)};
    a->name.en =
        kt_csv_get(c, row, k->name_en).n ? kt_csv_dup(c, row, k->name_en, l->a) : a->name.zh;
    struct kt_str place = kt_csv_get(c, row, k->place);
    a->place = kt_site_place(&l->s->pub, place);
    if (a->place.v == KT_NONE) {
        kt_csv_problem(c, row, k->place, &l->problems,
                       "unknown place \"%.*s\"; give an id of places.csv",
                       (int)(place.n > 63 ? 63 : place.n), place.p);
    }
    return true;
}

/* --- points */

static void claim(struct load *l, struct kt_csv *c, uint32_t row, int column, uint32_t asset,
                  uint32_t point)
{
    struct kt_point *p = (struct kt_point *)(uintptr_t)&l->s->pub.points[point];
    if (p->asset != KT_NONE && p->asset != asset) {
        kt_csv_problem(c, row, column, &l->problems,
                       "point %s belongs to asset \"%s\" already; a point is of one asset", p->id,
                       l->s->pub.assets[p->asset].id);
        return;
    }
    p->asset = asset;
}

static void claim_pattern(struct load *l, struct kt_csv *c, uint32_t row, int column,
                          uint32_t asset, struct kt_str word)
{
    const struct kt_site *s = &l->s->pub;
    const char *pattern = kt_arena_strndup(l->scratch, word.p, word.n);
    kt_point_id one = kt_site_point(s, word);
    uint32_t found = 0;
    for (uint32_t i = 0; one.v == KT_NONE && i < s->points_n; i++) {
        if (!s->points[i].ended && kt_glob(pattern, s->points[i].id)) {
            claim(l, c, row, column, asset, i);
            found++;
        }
    }
    if (one.v != KT_NONE) {
        claim(l, c, row, column, asset, one.v);
    } else if (found == 0) {
        kt_csv_problem(c, row, column, &l->problems,
                       "no point is called \"%s\"; give ids of points.csv, with * if needed",
                       pattern);
    }
}

/* Lists of points by asset, ascending. */
static void fill_points(struct load *l, struct kt_asset *a)
{
    const struct kt_site *s = &l->s->pub;
    for (uint32_t i = 0; i < s->points_n; i++) {
        if (s->points[i].asset < s->assets_n) {
            a[s->points[i].asset].points_n++;
        }
    }
    kt_point_id **to = KT_NEW_ARRAY(l->scratch, kt_point_id *, s->assets_n + 1);
    for (uint32_t i = 0; i < s->assets_n; i++) {
        to[i] = KT_NEW_ARRAY(l->a, kt_point_id, a[i].points_n + 1);
        a[i].points = to[i];
        a[i].points_n = 0;
    }
    for (uint32_t i = 0; i < s->points_n; i++) {
        uint32_t at = s->points[i].asset;
        if (at < s->assets_n) {
            to[at][a[at].points_n++].v = i;
        }
    }
}

/* --- belts */

static uint32_t of_role(const struct kt_site *s, const struct kt_asset *a, const char *role,
                        kt_point_id *ret)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < a->points_n; i++) {
        if (strcmp(s->points[a->points[i].v].role->id, role) == 0) {
            *ret = a->points[i];
            n++;
        }
    }
    return n;
}

/* Whoever gives to a belt goes by its drive and by what proves that it runs. */
static void check_belt(struct load *l, struct kt_csv *c, uint32_t row, const struct columns *k,
                       struct kt_asset *a)
{
    uint32_t drives = of_role(&l->s->pub, a, "belt.drive", &a->drive);
    uint32_t runs = of_role(&l->s->pub, a, "belt.run", &a->run);
    if (drives != 1 || runs != 1) {
        kt_csv_problem(c, row, k->points, &l->problems,
                       "belt \"%s\" has %u points of role belt.drive and %u of belt.run; it needs "
                       "one of each",
                       a->id, drives, runs);
    }
    if (a->length_m <= 0 || a->speed_m_s <= 0) {
        kt_csv_problem(c, row, a->length_m <= 0 ? k->length : k->speed, &l->problems,
                       "belt \"%s\" needs length_m and speed_m_s", a->id);
    }
}

/* --- what gives to what */

static void refer(struct load *l, struct kt_csv *c, uint32_t row, const struct columns *k,
                  struct kt_asset *a, uint32_t i)
{
    struct kt_str to = kt_csv_get(c, row, k->to);
    uint64_t at;
    if (to.n == 0) {
        return;
    }
    if (!kt_map_get(l->asset_ids, to, &at)) {
        struct kt_suggest s = kt_suggest_init(to);
        char buf[KT_SUGGEST_TEXT];
        for (uint32_t j = 0; j < l->s->pub.assets_n; j++) {
            kt_suggest_try(&s, a[j].id);
        }
        kt_csv_problem(c, row, k->to, &l->problems, "unknown asset \"%.*s\"%s",
                       (int)(to.n > 63 ? 63 : to.n), to.p, kt_suggest_text(&s, buf));
        return;
    }
    a[i].to = (uint32_t)at;
}

static void break_circles(struct load *l, struct kt_csv *c, const uint32_t *rows,
                          const struct columns *k, struct kt_asset *a)
{
    for (uint32_t i = 0; i < l->s->pub.assets_n; i++) {
        uint32_t at = a[i].to, steps = 0;
        while (at != KT_NONE && at != i && steps++ < l->s->pub.assets_n) {
            at = a[at].to;
        }
        if (at == i) {
            kt_csv_problem(c, rows[i], k->to, &l->problems,
                           "asset \"%s\" gives to itself (through \"%s\"); break the circle",
                           a[i].id, a[a[i].to].id);
            a[i].to = KT_NONE;
        }
    }
}

static void fill_from(struct load *l, struct kt_asset *a)
{
    uint32_t n = l->s->pub.assets_n;
    uint32_t **from = KT_NEW_ARRAY(l->scratch, uint32_t *, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        if (a[i].to != KT_NONE) {
            a[a[i].to].from_n++;
        }
    }
    for (uint32_t i = 0; i < n; i++) {
        from[i] = KT_NEW_ARRAY(l->a, uint32_t, a[i].from_n + 1);
        a[i].from = from[i];
        a[i].from_n = 0;
    }
    for (uint32_t i = 0; i < n; i++) {
        if (a[i].to != KT_NONE) {
            from[a[i].to][a[a[i].to].from_n++] = i;
        }
    }
}

static void read_rows(struct load *l, struct kt_csv *c, const struct columns *k)
{
    uint32_t rows = kt_csv_rows(c), n = 0;
    struct kt_asset *a = KT_NEW_ARRAY(l->a, struct kt_asset, rows + 1);
    uint32_t *row_of = KT_NEW_ARRAY(l->scratch, uint32_t, rows + 1);
    l->s->pub.assets = a;
    for (uint32_t row = 0; row < rows; row++) {
        if (read_asset(l, c, row, k, &a[n])) {
            row_of[n] = row;
            kt_map_set(l->asset_ids, kt_str_c(a[n].id), n);
            n++;
        }
    }
    l->s->pub.assets_n = n;
    for (uint32_t i = 0; i < n; i++) {
        struct kt_str *words = NULL;
        uint32_t words_n = site_split(l, kt_csv_get(c, row_of[i], k->points), &words);
        for (uint32_t j = 0; j < words_n; j++) {
            claim_pattern(l, c, row_of[i], k->points, i, words[j]);
        }
        refer(l, c, row_of[i], k, a, i);
    }
    break_circles(l, c, row_of, k, a);
    fill_points(l, a);
    fill_from(l, a);
    for (uint32_t i = 0; i < n; i++) {
        if (strcmp(a[i].kind, "belt") == 0) {
            check_belt(l, c, row_of[i], k, &a[i]);
        }
    }
}

void site_assets(struct load *l)
{
    static const char name[] = "assets.csv";
    const char *path = kt_arena_printf(l->scratch, "%s/%s", l->dir, name);
    struct kt_csv *c = site_exists(l, path, name) ? site_csv(l, path, name) : NULL;
    for (uint32_t i = 0; i < l->s->pub.points_n; i++) {
        ((struct kt_point *)(uintptr_t)&l->s->pub.points[i])->asset = KT_NONE;
    }
    if (!c) {
        return;
    }
    struct columns k = columns_of(c);
    kt_csv_unknown(c, &l->problems);
    if (kt_csv_rows(c) > ASSETS_MAX) {
        site_find(l, KT_FIND_ERROR, "format", name, 0, 0, "%u assets; at most %d", kt_csv_rows(c),
                  ASSETS_MAX);
    } else if (has_columns(l, &k)) {
        read_rows(l, c, &k);
    }
}
