/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cameras: cameras.csv, and which of them are kept open for rules.
 */
#include "site/impl.h"

enum { CAMERAS_MAX = 512 };
static const char id_letters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:-";

struct columns {
    int id, name, name_en, place, x, y, url, sub_url, user, password_file, keep;
};

static struct columns columns_of(struct kt_csv *c)
{
    return (struct columns){.id = kt_csv_column(c, "id"),
                            .name = kt_csv_column(c, "name"),
                            .name_en = kt_csv_column(c, "name_en"),
                            .place = kt_csv_column(c, "place"),
                            .x = kt_csv_column(c, "x"),
                            .y = kt_csv_column(c, "y"),
                            .url = kt_csv_column(c, "url"),
                            .sub_url = kt_csv_column(c, "sub_url"),
                            .user = kt_csv_column(c, "user"),
                            .password_file = kt_csv_column(c, "password_file"),
                            .keep = kt_csv_column(c, "keep")};
}

static bool has_columns(struct load *l, const struct columns *k)
{
    static const char *const names[] = {"id", "name", "place", "url"};
    const int at[] = {k->id, k->name, k->place, k->url};
    bool ok = true;
    for (size_t i = 0; i < KT_ARRAY_LEN(names); i++) {
        if (at[i] < 0) {
            site_find(l, KT_FIND_ERROR, "format", "cameras.csv", 1, 1,
                      "column \"%s\" is missing; the columns are id,name,name_en,place,x,y,url,"
                      "sub_url,user,password_file,keep",
                      names[i]);
            ok = false;
        }
    }
    return ok;
}

/* rtsp://HOST[:PORT]/PATH, without a name or password in it. */
static const char *url_of(struct load *l, struct kt_csv *c, uint32_t row, int column, bool need)
{
    const char *t = kt_csv_dup(c, row, column, l->a);
    if (!*t && !need) {
        return "";
    }
    if (strncmp(t, "rtsp://", 7) != 0 || strlen(t) > 1000 || !t[7] || strpbrk(t, " \"\\\r\n\t")) {
        kt_csv_problem(c, row, column, &l->problems,
                       "\"%.60s\" is no address of a camera; rtsp://HOST:554/PATH", t);
        return "";
    }
    if (memchr(t, '@', 7 + strcspn(t + 7, "/"))) {
        kt_csv_problem(c, row, column, &l->problems,
                       "a name and a password do not stand in the address; put them into user and "
                       "password_file");
        return "";
    }
    return t;
}

static const char *secret_of(struct load *l, struct kt_csv *c, uint32_t row,
                             const struct columns *k)
{
    const char *t = kt_csv_dup(c, row, k->password_file, l->a);
    if (t[0] == '/' || strstr(t, "..")) {
        kt_csv_problem(c, row, k->password_file, &l->problems,
                       "password_file \"%.60s\" leads out of the site; give a path like "
                       "secrets/camera.password",
                       t);
        return "";
    }
    return t;
}

static void where(struct load *l, struct kt_csv *c, uint32_t row, const struct columns *k,
                  struct kt_camera *cam)
{
    struct kt_str place = kt_csv_get(c, row, k->place);
    cam->place = kt_site_place(&l->s->pub, place);
    if (cam->place.v == KT_NONE) {
        kt_csv_problem(c, row, k->place, &l->problems,
                       "unknown place \"%.*s\"; give an id of places.csv",
                       (int)(place.n > 63 ? 63 : place.n), place.p);
        cam->place.v = 0;
        return;
    }
    const struct kt_place *p = &l->s->pub.places[cam->place.v];
    bool x = kt_csv_num(c, row, k->x, &l->problems, &cam->x);
    bool y = kt_csv_num(c, row, k->y, &l->problems, &cam->y);
    cam->has_xy = x && y;
    if (!cam->has_xy && p->has_xy) {
        cam->x = p->x;
        cam->y = p->y;
        cam->has_xy = true;
    }
}

static bool read_camera(struct load *l, struct kt_csv *c, uint32_t row, const struct columns *k,
                        struct kt_map *ids, struct kt_camera *cam)
{
    struct kt_str id = kt_csv_get(c, row, k->id);
    struct kt_str keep = kt_csv_get(c, row, k->keep);
    uint64_t first;
    *cam = (struct kt_camera){.id = kt_csv_dup(c, row, k->id, l->a),
                              .name.zh = kt_csv_dup(c, row, k->name, l->a),
                              .url = url_of(l, c, row, k->url, true),
                              .sub_url = url_of(l, c, row, k->sub_url, false),
                              .user = kt_csv_dup(c, row, k->user, l->a),
                              .password_file = secret_of(l, c, row, k),
                              .keep = kt_str_is(keep, "yes")};
    cam->name.en =
        kt_csv_get(c, row, k->name_en).n ? kt_csv_dup(c, row, k->name_en, l->a) : cam->name.zh;
    where(l, c, row, k, cam);
    if (id.n == 0 || id.n > 63 || strspn(cam->id, id_letters) != id.n) {
        kt_csv_problem(c, row, k->id, &l->problems,
                       "a camera needs an id of at most 63 of A-Za-z0-9_.:-");
        return false;
    }
    if (kt_map_get(ids, id, &first)) {
        kt_csv_problem(c, row, k->id, &l->problems,
                       "camera \"%s\" stands twice; give it another id", cam->id);
        return false;
    }
    if (keep.n && !cam->keep && !kt_str_is(keep, "no")) {
        kt_csv_problem(c, row, k->keep, &l->problems, "keep is yes or no");
    }
    return true;
}

/* Exactly one link is for cameras. */
static void check_link(struct load *l)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < l->s->pub.links_n; i++) {
        n += l->s->pub.links[i].kind == KT_LINK_CAMERA;
    }
    if (n > 1 || (l->s->pub.cameras_n > 0 && n == 0)) {
        site_find(l, KT_FIND_ERROR, "reference", "site.yaml", 0, 0,
                  n ? "%u links of kind camera; one is for all cameras of cameras.csv"
                    : "cameras.csv needs a link; add {id: video, kind: camera} to links",
                  n);
    }
}

static void read_rows(struct load *l, struct kt_csv *c, const struct columns *k)
{
    uint32_t rows = kt_csv_rows(c);
    struct kt_camera *cams = KT_NEW_ARRAY(l->a, struct kt_camera, rows + 1);
    struct kt_map *ids = kt_map_new(64);
    for (uint32_t row = 0; row < rows; row++) {
        struct kt_camera *cam = &cams[l->s->pub.cameras_n];
        if (read_camera(l, c, row, k, ids, cam)) {
            kt_map_set(ids, kt_str_c(cam->id), l->s->pub.cameras_n++);
        }
    }
    kt_map_free(ids);
    l->s->pub.cameras = cams;
}

void site_cameras(struct load *l)
{
    static const char name[] = "cameras.csv";
    const char *path = kt_arena_printf(l->scratch, "%s/%s", l->dir, name);
    struct kt_csv *c = site_exists(l, path, name) ? site_csv(l, path, name) : NULL;
    if (c) {
        struct columns k = columns_of(c);
        kt_csv_unknown(c, &l->problems);
        if (kt_csv_rows(c) > CAMERAS_MAX) {
            site_find(l, KT_FIND_ERROR, "format", name, 0, 0, "%u cameras; at most %d",
                      kt_csv_rows(c), CAMERAS_MAX);
        } else if (has_columns(l, &k)) {
            read_rows(l, c, &k);
        }
    }
    check_link(l);
}

/* ---- kept ---------------------------------------------------------------------------------- */

static void keep_of(struct kt_site *s, const struct kt_rule *r)
{
    uint32_t found[KT_CAMERAS_NEAR];
    for (uint32_t a = 0; a < r->then_n; a++) {
        bool any = r->then[a].kind == KT_ACT_PICTURE || r->then[a].kind == KT_ACT_CAMERAS;
        for (uint32_t i = 0; any && i < r->points_n; i++) {
            uint32_t n = kt_site_pictures(s, &r->then[a], r->points[i], found);
            while (n > 0) {
                ((struct kt_camera *)(uintptr_t)s->cameras)[found[--n]].keep = true;
            }
        }
    }
}

void site_cameras_keep(struct load *l)
{
    for (uint32_t i = 0; i < l->s->pub.rules_n && l->s->pub.cameras_n; i++) {
        keep_of(&l->s->pub, &l->s->pub.rules[i]);
    }
}
