/* SPDX-License-Identifier: Apache-2.0 */
/*
 * points: points.csv. A hundred thousand rows take well under a second: one look-up per reference,
 * one copy per text.
 *
 * Invariant: with a previous site every text id keeps its index; ids that are gone keep a slot
 * marked `ended`; new ids follow after them.
 */
#include "site/impl.h"

#include <math.h>

enum { POINTS_MAX = 2000000 };
static const char *const kinds[] = {"analog", "switch", "counter", "output"};
static const char *const classes[] = {"key", "normal", "short"};

enum column {
    C_ID,
    C_NAME,
    C_NAME_EN,
    C_KIND,
    C_UNIT,
    C_ROLE,
    C_PLACE,
    C_RANGE_LO,
    C_RANGE_HI,
    C_RESOLUTION,
    C_DEADBAND,
    C_CLASS,
    C_LINK,
    C_ADDRESS,
    C_SCAN,
    C_X,
    C_Y,
    C_FEED,
    C_FED_BY,
    C_SERVES,
    C_TWO,
    C_TAGS,
    C_SET_LO,
    C_SET_HI,
    C_SET_STEP,
    C_COLUMNS
};
static const char *const column_names[C_COLUMNS] = {
    "id",       "name",     "name_en",    "kind",     "unit",   "role",   "place",
    "range_lo", "range_hi", "resolution", "deadband", "class",  "link",   "address",
    "scan_ms",  "x",        "y",          "feed",     "fed_by", "serves", "two_person",
    "tags",     "set_lo",   "set_hi",     "set_step"};

struct rows {               /* one pass over the file */
    struct kt_map *ordered; /* indexes that text ids are to have; NULL: none */
    uint32_t ordered_n;
    struct load *l;
    struct kt_csv *c;
    int col[C_COLUMNS];
    uint32_t row;
};

static struct kt_str get(const struct rows *r, enum column c)
{
    return kt_csv_get(r->c, r->row, r->col[c]);
}

#define WRONG(r, column, ...)                                                                      \
    kt_csv_problem((r)->c, (r)->row, (r)->col[column], &(r)->l->problems, __VA_ARGS__)

static const char *dup(const struct rows *r, enum column c)
{
    return get(r, c).n ? kt_csv_dup(r->c, r->row, r->col[c], r->l->a) : "";
}

/* A field for a message: at most 63 bytes of it. */
static const char *shown(const struct rows *r, enum column c, char buf[64])
{
    struct kt_str t = get(r, c);
    size_t n = t.n < 63 ? t.n : 63;
    memcpy(buf, t.p, n);
    buf[n] = 0;
    return buf;
}

static bool good_id(struct kt_str id)
{
    if (id.n == 0 || id.n > 63) {
        return false;
    }
    for (size_t i = 0; i < id.n; i++) {
        char ch = id.p[i];
        bool ok = (ch >= '0' && ch <= '9') || (ch >= 'A' && ch <= 'Z') ||
                  (ch >= 'a' && ch <= 'z') || ch == '_' || ch == '.' || ch == ':' || ch == '-';
        if (!ok) {
            return false;
        }
    }
    return true;
}

static int choice(const struct rows *r, enum column c, const char *const *words, int n, int def)
{
    struct kt_str t = get(r, c);
    char buf[KT_SUGGEST_TEXT], text[64];
    if (t.n == 0) {
        return def;
    }
    struct kt_suggest s = kt_suggest_init(t);
    for (int i = 0; i < n; i++) {
        if (kt_str_is(t, words[i])) {
            return i;
        }
        kt_suggest_try(&s, words[i]);
    }
    WRONG(r, c, "unknown %s \"%s\"%s", column_names[c], shown(r, c, text),
          kt_suggest_text(&s, buf));
    return def;
}

static const struct kt_role *role(const struct rows *r)
{
    struct kt_str t = get(r, C_ROLE);
    const struct kt_role *role = t.n ? site_role(r->l, t) : NULL;
    if (!role) {
        char buf[KT_SUGGEST_TEXT], text[64];
        shown(r, C_ROLE, text);
        WRONG(r, C_ROLE, "unknown role \"%s\"%s", text,
              t.n ? site_role_hint(r->l, text, buf) : "; give a role of one of the packs");
    }
    return role;
}

static void unit_and_resolution(const struct rows *r, struct kt_point *p)
{
    struct kt_str t = get(r, C_UNIT);
    char buf[KT_SUGGEST_TEXT], text[64];
    p->unit = p->role->unit;
    p->resolution = p->role->resolution;
    bool measured = p->kind == KT_POINT_ANALOG || p->kind == KT_POINT_COUNTER;
    if (t.n && !measured) {
        WRONG(r, C_UNIT, "kind %s has no unit; leave the field empty", kinds[p->kind]);
    } else if (t.n) {
        if (!site_unit(r->l, t)) {
            WRONG(r, C_UNIT, "unknown unit \"%s\"%s", shown(r, C_UNIT, text),
                  site_unit_hint(r->l, t, buf));
        } else if (!kt_str_is(t, p->role->unit)) {
            WRONG(r, C_UNIT,
                  "unit \"%s\" differs from \"%s\" of role \"%s\"; convert where the value comes "
                  "in, e.g. by the scale of the address",
                  shown(r, C_UNIT, text), p->role->unit, p->role->id);
        }
    }
    double given;
    if (kt_csv_num(r->c, r->row, r->col[C_RESOLUTION], &r->l->problems, &given)) {
        if (given < 0) {
            WRONG(r, C_RESOLUTION, "resolution %g is below 0; give 0 or more", given);
        } else {
            p->resolution = given;
        }
    }
}

static void numbers(const struct rows *r, struct kt_point *p)
{
    struct kt_problems *pr = &r->l->problems;
    p->range_lo = p->range_hi = NAN;
    kt_csv_num(r->c, r->row, r->col[C_RANGE_LO], pr, &p->range_lo);
    kt_csv_num(r->c, r->row, r->col[C_RANGE_HI], pr, &p->range_hi);
    if (p->range_lo >= p->range_hi) {
        WRONG(r, C_RANGE_HI, "range_hi %g is not above range_lo %g; correct one of them",
              p->range_hi, p->range_lo);
    }
    kt_csv_num(r->c, r->row, r->col[C_DEADBAND], pr, &p->deadband);
    if (p->deadband < 0) {
        WRONG(r, C_DEADBAND, "deadband %g is below 0; give 0 or more", p->deadband);
        p->deadband = 0;
    }
    int64_t scan;
    if (kt_csv_int(r->c, r->row, r->col[C_SCAN], 10, 3600000, pr, &scan)) {
        p->scan_ns = scan * KT_MS;
    }
    bool x = kt_csv_num(r->c, r->row, r->col[C_X], pr, &p->x);
    bool y = kt_csv_num(r->c, r->row, r->col[C_Y], pr, &p->y);
    if (x != y) {
        WRONG(r, x ? C_X : C_Y, "x and y go together; give both or none");
    }
    p->has_xy = x && y;
}

static kt_place_id place_ref(const struct rows *r, enum column c, struct kt_str id)
{
    uint64_t at;
    if (kt_map_get(r->l->s->place_ids, id, &at)) {
        return (kt_place_id){(uint32_t)at};
    }
    struct kt_suggest s = kt_suggest_init(id);
    char buf[KT_SUGGEST_TEXT];
    for (uint32_t i = 0; i < r->l->s->pub.places_n && i < 2000; i++) {
        kt_suggest_try(&s, r->l->s->pub.places[i].id);
    }
    WRONG(r, c, "unknown place \"%.*s\"%s", (int)(id.n > 63 ? 63 : id.n), id.p,
          s.best ? kt_suggest_text(&s, buf) : "; give an id of places.csv");
    return (kt_place_id){KT_NONE};
}

static void place(const struct rows *r, struct kt_point *p)
{
    p->place = place_ref(r, C_PLACE, get(r, C_PLACE));
    if (!p->has_xy && p->place.v != KT_NONE) {
        const struct kt_place *at = &r->l->s->pub.places[p->place.v];
        p->x = at->x;
        p->y = at->y;
        p->has_xy = at->has_xy;
    }
}

static void link_and_address(const struct rows *r, struct kt_point *p)
{
    struct kt_str id = get(r, C_LINK);
    uint64_t at;
    char text[64], buf[400];
    p->link = KT_NONE;
    p->address = dup(r, C_ADDRESS);
    if (id.n == 0) {
        if (*p->address && strcmp(p->role->id, "self.link") != 0) {
            WRONG(r, C_ADDRESS, "address \"%.60s\" without a link; fill the column link",
                  p->address);
        }
        return;
    }
    if (!kt_map_get(r->l->link_ids, id, &at)) {
        struct kt_suggest s = kt_suggest_init(id);
        char hint[KT_SUGGEST_TEXT];
        for (uint32_t i = 0; i < r->l->s->pub.links_n; i++) {
            kt_suggest_try(&s, r->l->s->pub.links[i].id);
        }
        WRONG(r, C_LINK, "unknown link \"%s\"%s", shown(r, C_LINK, text),
              s.best ? kt_suggest_text(&s, hint) : "; name a link of site.yaml");
        return;
    }
    p->link = (uint32_t)at;
    enum kt_link_kind kind = r->l->s->pub.links[at].kind;
    const char *wrong =
        site_address_check(kind, p->address, p->kind == KT_POINT_OUTPUT, buf, sizeof(buf));
    if (!wrong && r->l->s->pub.links[at].sparkplug) {
        wrong = site_address_metric(p->address);
    }
    if (wrong) {
        WRONG(r, C_ADDRESS, "%s", wrong);
    }
    p->device_state = site_address_state(kind, p->address);
}

/* Columns that make a point of such a role one that is set. */
static void set_point(const struct rows *r, struct kt_point *p)
{
    struct kt_problems *pr = &r->l->problems;
    struct kt_setpoint set = {NAN, NAN, NAN, 0};
    char buf[SITE_SET_TEXT];
    kt_csv_num(r->c, r->row, r->col[C_SET_LO], pr, &set.lo);
    kt_csv_num(r->c, r->row, r->col[C_SET_HI], pr, &set.hi);
    kt_csv_num(r->c, r->row, r->col[C_SET_STEP], pr, &set.step);
    const char *wrong = site_set_point(r->l, p, &set, buf);
    if (wrong) {
        WRONG(r, isnan(set.hi) && !isnan(set.lo) ? C_SET_HI : C_SET_LO, "%s", wrong);
    }
}

static void output(const struct rows *r, struct kt_point *p)
{
    struct kt_str two = get(r, C_TWO), *ids = NULL;
    static const char *const yes_no[] = {"yes", "no"};
    bool is_output = p->kind == KT_POINT_OUTPUT;
    p->two_person = two.n && choice(r, C_TWO, yes_no, 2, 1) == 0;
    bool second = p->two_person && !p->role->set;
    uint32_t n = site_split(r->l, get(r, C_SERVES), &ids);
    if (!is_output && (n || second || get(r, C_FEED).n || get(r, C_FED_BY).n)) {
        WRONG(r,
              n                    ? C_SERVES
              : second             ? C_TWO
              : get(r, C_FED_BY).n ? C_FED_BY
                                   : C_FEED,
              "feed, fed_by, serves and two_person belong to outputs; this is of kind %s",
              kinds[p->kind]);
        return;
    }
    if (!is_output) {
        return;
    }
    kt_place_id *to = KT_NEW_ARRAY(r->l->a, kt_place_id, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        kt_place_id at = place_ref(r, C_SERVES, ids[i]);
        if (at.v != KT_NONE) {
            to[p->serves_n++] = at;
        }
    }
    if (n == 0 && p->place.v != KT_NONE) {
        to[p->serves_n++] = p->place;
    }
    p->serves = to;
}

static bool read_point(const struct rows *r, struct kt_point *p)
{
    p->id = dup(r, C_ID);
    p->feed.v = p->fed_by.v = KT_NONE;
    p->name.zh = dup(r, C_NAME);
    p->name.en = get(r, C_NAME_EN).n ? dup(r, C_NAME_EN) : p->name.zh;
    if (!*p->name.zh) {
        WRONG(r, C_NAME, "point \"%s\" has no name; give the Chinese name", p->id);
    }
    p->role = role(r);
    if (!p->role) {
        place(r, p); /* what is wrong there is said in the same go */
        return false;
    }
    p->kind = (enum kt_point_kind)choice(r, C_KIND, kinds, 4, (int)p->role->kind);
    if (p->kind != p->role->kind) {
        WRONG(r, C_KIND, "kind %s does not fit role \"%s\", which is %s", kinds[p->kind],
              p->role->id, kinds[p->role->kind]);
        p->kind = p->role->kind;
    }
    p->retention = (enum kt_retention)choice(r, C_CLASS, classes, 3, (int)p->role->retention);
    p->tags = dup(r, C_TAGS);
    unit_and_resolution(r, p);
    numbers(r, p);
    place(r, p);
    link_and_address(r, p);
    set_point(r, p);
    output(r, p);
    return p->place.v != KT_NONE;
}

/* The slot of a row: the previous index of its id or a new one; KT_NONE after reporting. */
static uint32_t slot_of(const struct rows *r, const struct kt_site *previous, uint32_t *next)
{
    struct kt_str id = get(r, C_ID);
    uint64_t first;
    char text[64];
    if (!good_id(id)) {
        WRONG(r, C_ID, "id \"%s\" is not 1 to 63 of A-Za-z0-9_.:-", shown(r, C_ID, text));
        return KT_NONE;
    }
    if (kt_map_get(r->l->s->point_ids, id, &first)) {
        int line = 0, col = 0;
        kt_csv_at(r->c, r->l->point_row[first], r->col[C_ID], &line, &col);
        WRONG(r, C_ID, "point \"%s\" stands already at line %d; give it another id",
              shown(r, C_ID, text), line);
        return KT_NONE;
    }
    uint32_t at = KT_NONE;
    if (previous) {
        at = kt_site_point(previous, id).v;
        at = at == KT_NONE ? kt_site_point_ended(previous, id).v : at;
    } else if (r->ordered && kt_map_get(r->ordered, id, &first)) {
        at = (uint32_t)first;
    }
    at = at == KT_NONE ? (*next)++ : at;
    kt_map_set(r->l->s->point_ids, id, at);
    r->l->point_row[at] = r->row;
    return at;
}

/* What a point that is gone leaves behind: its id and name under its index. */
static void end_point(struct load *l, const struct kt_point *was, struct kt_point *p)
{
    const struct kt_role *role = site_role(l, kt_str_c(was->role->id));
    *p = (struct kt_point){.ended = true, .kind = was->kind, .retention = was->retention};
    p->id = site_dup(l, was->id);
    p->name = (struct kt_text){site_dup(l, was->name.zh), site_dup(l, was->name.en)};
    p->unit = site_dup(l, was->unit);
    p->resolution = was->resolution;
    p->range_lo = p->range_hi = NAN;
    p->role = role;
    if (!role) {
        struct kt_role *r = KT_NEW(l->a, struct kt_role);
        *r = (struct kt_role){.id = site_dup(l, was->role->id),
                              .kind = was->kind,
                              .retention = was->retention,
                              .resolution = was->resolution};
        r->title = r->off = r->on = (struct kt_text){"", ""};
        r->short_name = r->group = "";
        r->unit = p->unit;
        p->role = r;
    }
    p->link = KT_NONE;
    p->address = p->tags = "";
    p->feed.v = p->fed_by.v = KT_NONE;
}

static void end_points(struct load *l, const struct kt_site *previous, struct kt_point *p)
{
    l->s->ended_ids = kt_map_new(16);
    for (uint32_t i = 0; previous && i < previous->points_n; i++) {
        if (!p[i].id) {
            const struct kt_point *was = &previous->points[i];
            end_point(l, was, &p[i]);
            kt_place_id at =
                was->place.v < previous->places_n
                    ? kt_site_place(&l->s->pub, kt_str_c(previous->places[was->place.v].id))
                    : (kt_place_id){KT_NONE};
            p[i].place.v = at.v == KT_NONE ? 0 : at.v;
            kt_map_set(l->s->ended_ids, kt_str_c(p[i].id), i);
        }
    }
}

static void feeds(struct rows *r, struct kt_point *p, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (p[i].ended || p[i].kind != KT_POINT_OUTPUT) {
            continue;
        }
        r->row = r->l->point_row[i];
        struct kt_str id = get(r, C_FEED);
        uint64_t at;
        char text[64];
        if (id.n == 0) {
            continue;
        }
        if (!kt_map_get(r->l->s->point_ids, id, &at)) {
            WRONG(r, C_FEED, "unknown point \"%s\"; give the id of the feed-state point",
                  shown(r, C_FEED, text));
        } else if (p[at].kind != KT_POINT_SWITCH) {
            WRONG(r, C_FEED, "feed \"%s\" is of kind %s; a feed state is a switch", p[at].id,
                  kinds[p[at].kind]);
        } else {
            p[i].feed.v = (uint32_t)at;
        }
    }
}

/* The output above each one on its line. */
static void lines(struct rows *r, struct kt_point *p, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (p[i].ended || p[i].kind != KT_POINT_OUTPUT) {
            continue;
        }
        r->row = r->l->point_row[i];
        struct kt_str id = get(r, C_FED_BY);
        uint64_t at;
        char text[64];
        if (id.n == 0) {
            continue;
        }
        if (!kt_map_get(r->l->s->point_ids, id, &at)) {
            WRONG(r, C_FED_BY, "unknown point \"%s\"; give the id of the switch that feeds it",
                  shown(r, C_FED_BY, text));
        } else if (p[at].kind != KT_POINT_OUTPUT) {
            WRONG(r, C_FED_BY, "\"%s\" is of kind %s; what feeds an output is an output", p[at].id,
                  kinds[p[at].kind]);
        } else {
            p[i].fed_by.v = (uint32_t)at;
        }
    }
}

/* A line goes up to where it begins: no output feeds itself, however far round. */
static void line_circles(struct rows *r, struct kt_point *p, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t up = p[i].fed_by.v, steps = 0;
        while (up != KT_NONE && up != i && ++steps < KT_LINE_MAX) {
            up = p[up].fed_by.v;
        }
        if (up == KT_NONE || p[i].ended) {
            continue;
        }
        r->row = r->l->point_row[i];
        if (up == i) {
            WRONG(r, C_FED_BY, "\"%s\" feeds itself by way of \"%s\"; a line goes one way only",
                  p[i].id, p[p[i].fed_by.v].id);
        } else {
            WRONG(r, C_FED_BY, "\"%s\" has more than %d switches above it", p[i].id, KT_LINE_MAX);
        }
        p[i].fed_by.v = KT_NONE;
    }
}

static bool open_columns(struct rows *r)
{
    static const enum column need[] = {C_ID, C_NAME, C_ROLE, C_PLACE};
    bool ok = true;
    for (int i = 0; i < C_COLUMNS; i++) {
        r->col[i] = kt_csv_column(r->c, column_names[i]);
    }
    kt_csv_unknown(r->c, &r->l->problems);
    for (size_t i = 0; i < KT_ARRAY_LEN(need); i++) {
        if (r->col[need[i]] < 0) {
            site_find(r->l, KT_FIND_ERROR, "format", "points.csv", 1, 1,
                      "column \"%s\" is missing; see docs/site-format.md", column_names[need[i]]);
            ok = false;
        }
    }
    return ok;
}

/* A row that cannot be kept leaves its slot to be ended, so that other indexes stay. */
static uint32_t read_rows(struct rows *r, const struct kt_site *previous, struct kt_point *p)
{
    uint32_t rows = kt_csv_rows(r->c), next = previous ? previous->points_n : r->ordered_n;
    for (r->row = 0; r->row < rows; r->row++) {
        uint32_t at = slot_of(r, previous, &next);
        if (at == KT_NONE) { /* its other mistakes are named all the same */
            struct kt_point none = {.link = KT_NONE};
            (void)read_point(r, &none);
            continue;
        }
        p[at].link = KT_NONE;
        if (!read_point(r, &p[at])) {
            p[at].ended = true; /* was reported: this site will not start */
        }
    }
    return next;
}

static struct kt_str next_line(struct kt_str text, size_t *at)
{
    const char *from = text.p + *at, *nl = memchr(from, '\n', text.n - *at);
    size_t n = nl ? (size_t)(nl - from) : text.n - *at;
    *at += n + (nl != NULL);
    return (struct kt_str){from, n};
}

static void read_order(struct rows *r, struct kt_str order)
{
    if (order.n == 0) {
        return;
    }
    r->ordered = kt_map_new(1024);
    for (size_t at = 0; at < order.n && r->ordered_n < POINTS_MAX;) {
        if (kt_map_add(r->ordered, next_line(order, &at), r->ordered_n)) {
            r->ordered_n++;
        }
    }
}

/* Ids of the order that points.csv does not have: a slot without more than the id. */
static void end_ordered(const struct rows *r, struct kt_str order, struct kt_point *p)
{
    struct load *l = r->l;
    for (size_t at = 0; r->ordered && at < order.n;) {
        uint64_t i;
        struct kt_str id = next_line(order, &at);
        if (kt_map_get(r->ordered, id, &i) && !p[i].id) {
            p[i] = (struct kt_point){.ended = true, .id = kt_arena_strndup(l->a, id.p, id.n)};
            p[i].name = (struct kt_text){p[i].id, p[i].id};
            p[i].range_lo = p[i].range_hi = NAN;
            p[i].link = KT_NONE;
            p[i].feed.v = p[i].fed_by.v = KT_NONE;
            kt_map_set(l->s->ended_ids, id, i);
        }
    }
}

static void self_dummies(struct load *l, struct kt_point *p, uint32_t n)
{
    static const struct kt_role none = {.id = "",
                                        .title = {"", ""},
                                        .short_name = "",
                                        .unit = "",
                                        .group = "",
                                        .off = {"", ""},
                                        .on = {"", ""}};
    for (uint32_t i = 0; i < n; i++) {
        if (!p[i].role) {
            p[i].role = &none;
        }
        if (p[i].place.v >= l->s->pub.places_n) {
            p[i].place.v = 0;
        }
        if (p[i].ended && !p[i].unit) {
            p[i].unit = p[i].tags = p[i].address = "";
        }
    }
}

void site_points(struct load *l, const struct kt_site *previous)
{
    struct rows r = {.l = l};
    r.c = site_csv(l, kt_arena_printf(l->scratch, "%s/points.csv", l->dir), "points.csv");
    uint32_t rows = r.c ? kt_csv_rows(r.c) : 0;
    l->points_csv = r.c;
    l->s->point_ids = kt_map_new(rows);
    if (!r.c || !open_columns(&r)) {
        return;
    }
    if (rows > POINTS_MAX) {
        site_find(l, KT_FIND_ERROR, "format", "points.csv", 0, 0, "%u points; at most %d", rows,
                  POINTS_MAX);
        return;
    }
    read_order(&r, l->order);
    uint32_t before = previous ? previous->points_n : r.ordered_n;
    struct kt_point *p = KT_NEW_ARRAY(l->a, struct kt_point, rows + before + 1);
    l->point_row = KT_NEW_ARRAY(l->scratch, uint32_t, rows + before + 1);
    memset(l->point_row, 0xff, sizeof(uint32_t) * (rows + before + 1));
    uint32_t n = read_rows(&r, previous, p);
    end_points(l, previous, p);
    end_ordered(&r, l->order, p);
    kt_map_free(r.ordered);
    self_dummies(l, p, n);
    feeds(&r, p, n);
    lines(&r, p, n);
    line_circles(&r, p, n);
    l->s->pub.points = p;
    l->s->pub.points_n = n;
}
