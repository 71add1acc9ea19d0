/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/land/faces.h"

#include <math.h>
#include <stdio.h>

#include "conf/yaml.h"

/* A face may leave a figure to what stands at the top of the text. */
struct source {
    struct kt_yaml *own, *top;
    struct kt_arena *arena;
    struct kt_problems *problems;
};

static struct kt_yaml *holder(const struct source *s, const char *key)
{
    return kt_yaml_get(s->own, key) ? s->own : s->top;
}

static bool number(const struct source *s, const char *key, enum kt_need need, double *ret)
{
    return kt_yaml_num(holder(s, key), key, need, ret);
}

/* [x, y] */
static bool read_xy(struct kt_yaml *n, struct kt_xy *ret)
{
    if (kt_yaml_kind(n) != KT_YAML_LIST || kt_yaml_count(n) != 2) {
        kt_yaml_problem(n, "a place is [x, y] in metres");
        return false;
    }
    return kt_yaml_as_num(kt_yaml_at(n, 0), "x", &ret->x) &&
           kt_yaml_as_num(kt_yaml_at(n, 1), "y", &ret->y);
}

static bool read_ring(const struct source *s, struct kt_subside_face *f)
{
    struct kt_yaml *list = kt_yaml_list(s->own, "polygon", KT_REQUIRED);
    uint32_t n = kt_yaml_count(list);
    if (!list) {
        return false;
    }
    if (n > KT_SUBSIDE_MAX_VERTICES + 1) {
        kt_yaml_problem(list, "an outline has at most %d vertices, not %u", KT_SUBSIDE_MAX_VERTICES,
                        n);
        return false;
    }
    struct kt_xy *ring = KT_NEW_ARRAY(s->arena, struct kt_xy, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        if (!read_xy(kt_yaml_at(list, i), &ring[i])) {
            return false;
        }
    }
    bool closed = n > 1 && ring[0].x == ring[n - 1].x && ring[0].y == ring[n - 1].y;
    f->ring = ring;
    f->n = closed ? n - 1 : n;
    return true;
}

static void read_fill(const struct source *s, struct kt_subside_fill *ret)
{
    struct kt_yaml *map = kt_yaml_map(holder(s, "backfill"), "backfill", KT_OPTIONAL);
    if (map) {
        ret->given = true;
        kt_yaml_num(map, "convergence_m", KT_OPTIONAL, &ret->convergence_m);
        kt_yaml_num(map, "gap_m", KT_OPTIONAL, &ret->gap_m);
        kt_yaml_num(map, "compression", KT_REQUIRED, &ret->compression);
        kt_yaml_unknown(map);
    }
}

static void read_figures(const struct source *s, struct kt_subside_face *f)
{
    double per_depth = 0;
    number(s, "depth_m", KT_REQUIRED, &f->depth_m);
    number(s, "thickness_m", KT_REQUIRED, &f->thickness_m);
    number(s, "q", KT_REQUIRED, &f->q);
    number(s, "tan_beta", KT_REQUIRED, &f->tan_beta);
    number(s, "b", KT_REQUIRED, &f->b);
    number(s, "dip_deg", KT_OPTIONAL, &f->dip_deg);
    number(s, "dip_to_deg", f->dip_deg > 0 ? KT_REQUIRED : KT_OPTIONAL, &f->dip_to_deg);
    number(s, "theta_deg", KT_OPTIONAL, &f->theta_deg);
    number(s, "offset_m", KT_OPTIONAL, &f->offset_m);
    if (number(s, "offset_per_depth", KT_OPTIONAL, &per_depth)) {
        f->offset_m = per_depth * f->depth_m;
        if (kt_yaml_get(holder(s, "offset_m"), "offset_m")) {
            kt_yaml_problem(kt_yaml_get(holder(s, "offset_per_depth"), "offset_per_depth"),
                            "offset_m is given as well; leave one of them out");
        }
    }
    read_fill(s, &f->fill);
}

/* The place of the figure that an error text begins with, else that of the outline. */
static void say(const struct source *s, const struct kt_err *err)
{
    char key[40];
    size_t n = strcspn(err->text, " ."); /* "backfill.gap_m is 7; …" */
    snprintf(key, sizeof(key), "%.*s", (int)(n < sizeof(key) ? n : 0), err->text);
    struct kt_yaml *at = kt_yaml_get(holder(s, key), key);
    at = at ? at : kt_yaml_get(s->own, "polygon");
    kt_yaml_problem(at ? at : s->own, "%s", err->text);
}

static void read_face(const struct source *s, struct kt_faces *f)
{
    struct kt_subside_face face = {0};
    struct kt_err err;
    const char *name;
    double c = 0, age = -1;
    uint32_t before = s->problems->n;
    kt_yaml_str(s->own, "name", KT_OPTIONAL, &name);
    bool outlined = read_ring(s, &face);
    read_figures(s, &face);
    number(s, "knothe_c", KT_OPTIONAL, &c);
    bool aged = number(s, "age_years", KT_OPTIONAL, &age);
    if (aged && !(c > 0 && c <= 1000 && age >= 0)) {
        kt_yaml_problem(kt_yaml_get(holder(s, "age_years"), "age_years"),
                        "age_years is 0 or more and wants knothe_c, per year, from 0 to 1000");
    }
    if (s->own != s->top) {
        kt_yaml_unknown(s->own);
    }
    if (!outlined || s->problems->n != before) {
        return;
    }
    if (kt_subside_new(&face, &f->face[f->n], &err) < 0) {
        say(s, &err);
        return;
    }
    f->part[f->n++] = aged ? kt_subside_knothe(c, age) : 1;
}

static void read_faces(struct kt_arena *arena, struct kt_yaml *top, struct kt_problems *problems,
                       struct kt_faces *f)
{
    struct kt_yaml *list = kt_yaml_list(top, "faces", KT_OPTIONAL);
    struct source s = {top, top, arena, problems};
    if (!list) {
        read_face(&s, f);
        return;
    }
    if (kt_yaml_count(list) == 0 || kt_yaml_count(list) > KT_FACES_MAX) {
        kt_yaml_problem(list, "1 to %d faces, not %u", KT_FACES_MAX, kt_yaml_count(list));
        return;
    }
    for (uint32_t i = 0; i < kt_yaml_count(list); i++) {
        s.own = kt_yaml_at(list, i);
        if (kt_yaml_as_map(s.own, "a face")) {
            read_face(&s, f);
        }
    }
}

/* ---- where to look --------------------------------------------------------------------------- */

static void read_places(struct kt_arena *arena, struct kt_yaml *top, struct kt_faces *f)
{
    struct kt_yaml *list = kt_yaml_list(top, "points", KT_OPTIONAL);
    uint32_t n = kt_yaml_count(list);
    f->place = KT_NEW_ARRAY(arena, struct kt_face_place, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        struct kt_yaml *one = kt_yaml_at(list, i);
        struct kt_face_place *p = &f->place[i];
        p->id = "";
        if (kt_yaml_kind(one) == KT_YAML_MAP) {
            kt_yaml_str(one, "id", KT_OPTIONAL, &p->id);
            kt_yaml_num(one, "x", KT_REQUIRED, &p->at.x);
            kt_yaml_num(one, "y", KT_REQUIRED, &p->at.y);
            kt_yaml_unknown(one);
        } else {
            (void)read_xy(one, &p->at);
        }
        if (!isfinite(p->at.x) || !isfinite(p->at.y)) {
            kt_yaml_problem(one, "a place is [x, y] in metres");
        }
    }
    f->places_n = n;
}

struct box {
    struct kt_xy low, high;
    double step;
};

/* Round the outlines: 1.5 r further on each side, where the basin ends. */
static struct box around(const struct kt_faces *f)
{
    struct box b = {{INFINITY, INFINITY}, {-INFINITY, -INFINITY}, 10};
    for (uint32_t i = 0; i < f->n; i++) {
        uint32_t n;
        const struct kt_xy *ring = kt_subside_outline(f->face[i], &n);
        double by = 1.5 * kt_subside_radius(f->face[i]);
        for (uint32_t k = 0; k < n; k++) {
            b.low = (struct kt_xy){fmin(b.low.x, ring[k].x - by), fmin(b.low.y, ring[k].y - by)};
            b.high = (struct kt_xy){fmax(b.high.x, ring[k].x + by), fmax(b.high.y, ring[k].y + by)};
        }
    }
    double cells = (b.high.x - b.low.x) * (b.high.y - b.low.y) / 100;
    if (cells > 100000) {
        b.step = ceil(sqrt(cells / 100000)) * 10;
    }
    b.low = (struct kt_xy){floor(b.low.x / b.step) * b.step, floor(b.low.y / b.step) * b.step};
    return b;
}

static void read_grid(struct kt_yaml *top, struct kt_faces *f)
{
    struct kt_yaml *map = kt_yaml_map(top, "grid", KT_OPTIONAL);
    struct box b = around(f);
    if (map) {
        kt_yaml_num(map, "x0", KT_OPTIONAL, &b.low.x);
        kt_yaml_num(map, "y0", KT_OPTIONAL, &b.low.y);
        kt_yaml_num(map, "x1", KT_OPTIONAL, &b.high.x);
        kt_yaml_num(map, "y1", KT_OPTIONAL, &b.high.y);
        kt_yaml_num(map, "step_m", KT_OPTIONAL, &b.step);
        kt_yaml_unknown(map);
    }
    double nx = floor((b.high.x - b.low.x) / b.step + 1e-9) + 1;
    double ny = floor((b.high.y - b.low.y) / b.step + 1e-9) + 1;
    if (!(b.step > 0) || !(nx >= 1) || !(ny >= 1)) {
        kt_yaml_problem(map ? map : top, "a grid goes from x0, y0 up to x1, y1 in steps of step_m");
        return;
    }
    if (!(nx * ny <= KT_FACES_MAX_PLACES)) {
        kt_yaml_problem(map ? map : top, "%.0f places are too many; take a wider step_m", nx * ny);
        return;
    }
    f->grid = (struct kt_face_grid){b.low.x, b.low.y, b.step, (uint32_t)nx, (uint32_t)ny};
}

int kt_faces_read(struct kt_arena *arena, struct kt_str text, const char *file,
                  struct kt_problems *problems, struct kt_faces **ret, struct kt_err *err)
{
    struct kt_yaml *top;
    int r = kt_yaml_parse(arena, text, file, problems, &top, err);
    if (r < 0) {
        return r;
    }
    struct kt_faces *f = KT_NEW(arena, struct kt_faces);
    uint32_t before = problems->n;
    if (kt_yaml_as_map(top, "the text")) {
        read_faces(arena, top, problems, f);
        read_places(arena, top, f);
        if (f->n) {
            read_grid(top, f);
        } else {
            (void)kt_yaml_get(top, "grid"); /* nothing to put it around */
        }
        kt_yaml_unknown(top);
    }
    if (problems->n != before || f->n == 0) {
        kt_faces_done(f);
        return kt_err_set(err, KT_EINVAL, "%s cannot be used as it is", file);
    }
    *ret = f;
    return KT_OK;
}

void kt_faces_done(struct kt_faces *f)
{
    for (uint32_t i = 0; f && i < f->n; i++) {
        kt_subside_free(f->face[i]);
    }
}
