/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A site of the past on a screen that knows today's: the same numbers for the same text ids, and
 * what was otherwise then. `c->site` is today's.
 */
#include <stdlib.h>
#include <string.h>

#include "api/private.h"

static uint32_t number_of(const struct kt_site *today, const char *id, uint32_t *next)
{
    kt_point_id p = kt_site_point(today, kt_str_c(id));
    p = p.v == KT_NONE ? kt_site_point_ended(today, kt_str_c(id)) : p;
    return p.v == KT_NONE ? (*next)++ : p.v;
}

void past_view_set(struct past_view *v, const struct kt_site *today, struct kt_site *site)
{
    uint32_t next = today->points_n;
    past_view_done(v);
    v->site = kt_site_ref(site);
    v->number = malloc((site->points_n + 1) * sizeof(*v->number));
    v->seen = malloc((site->points_n + 1) * sizeof(*v->seen));
    KT_ASSERT(v->number && v->seen);
    memset(v->seen, 0xff, (site->points_n + 1) * sizeof(*v->seen));
    for (uint32_t i = 0; i < site->points_n; i++) {
        v->number[i] = number_of(today, site->points[i].id, &next);
    }
}

void past_view_done(struct past_view *v)
{
    kt_site_unref(v->site);
    free(v->number);
    free(v->seen);
    *v = (struct past_view){.site = NULL};
}

static void put_point(const struct kt_site *s, uint32_t i, uint32_t number, struct kt_buf *out)
{
    kt_buf_clear(out);
    struct kt_jw w = kt_jw_init(out);
    kt_jw_obj(&w);
    write_point(s, i, number, &w);
    write_pack_limits(&s->points[i], &w);
    kt_jw_obj_end(&w);
}

static void put_place(const struct kt_site *s, uint32_t i, struct kt_buf *out)
{
    kt_buf_clear(out);
    struct kt_jw w = kt_jw_init(out);
    write_place(s, i, &w);
}

static struct kt_str view(const struct kt_buf *b)
{
    return (struct kt_str){b->p, b->n};
}

struct pair { /* one thing as it was, and as it is */
    struct kt_buf then, now;
};

static void points(const struct past_view *v, const struct call *c, struct pair *x, struct kt_jw *w)
{
    kt_jw_key(w, "points");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < v->site->points_n; i++) {
        const struct kt_point *p = &v->site->points[i];
        if (p->ended || !kt_person_at(&c->person, v->site, p->place)) {
            continue;
        }
        kt_point_id now = kt_site_point(c->site, kt_str_c(p->id));
        put_point(v->site, i, v->number[i], &x->then);
        kt_buf_clear(&x->now);
        if (now.v != KT_NONE) {
            put_point(c->site, now.v, now.v, &x->now);
        }
        if (!kt_str_eq(view(&x->then), view(&x->now))) {
            kt_jw_raw(w, view(&x->then));
        }
    }
    kt_jw_arr_end(w);
}

static void ended(const struct past_view *v, const struct call *c, struct kt_jw *w)
{
    kt_jw_key(w, "ended");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < c->site->points_n; i++) {
        const struct kt_point *p = &c->site->points[i];
        if (!p->ended && kt_site_point(v->site, kt_str_c(p->id)).v == KT_NONE &&
            may_see(c, p->place)) {
            kt_jw_int(w, i);
        }
    }
    kt_jw_arr_end(w);
}

static void places(const struct past_view *v, const struct call *c, struct pair *x, struct kt_jw *w)
{
    kt_jw_key(w, "places");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < v->site->places_n; i++) {
        kt_place_id now = kt_site_place(c->site, kt_str_c(v->site->places[i].id));
        put_place(v->site, i, &x->then);
        kt_buf_clear(&x->now);
        if (now.v != KT_NONE) {
            put_place(c->site, now.v, &x->now);
        }
        if (!kt_str_eq(view(&x->then), view(&x->now))) {
            kt_jw_raw(w, view(&x->then));
        }
    }
    kt_jw_arr_end(w);
}

void past_view_write(const struct past_view *v, const struct call *c, struct kt_jw *w)
{
    char hex[65];
    struct pair x;
    bool same = kt_hash_eq(&v->site->hash, &c->site->hash);
    kt_jw_obj(w);
    kt_jw_kstr(w, "hash", kt_hash_hex(&v->site->hash, hex));
    kt_jw_kbool(w, "same", same);
    if (!same) {
        kt_buf_init(&x.then, 0);
        kt_buf_init(&x.now, 0);
        points(v, c, &x, w);
        ended(v, c, w);
        places(v, c, &x, w);
        kt_buf_done(&x.then);
        kt_buf_done(&x.now);
    }
    kt_jw_obj_end(w);
}
