/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of addresses: (measurement, field, tags) -> point, with tags in order of their keys.
 *
 * A shape is the set of tag keys that an address names; a site has few. A line is looked up once
 * for each shape that its tags cover, from the shape with the most tags down.
 */
#include "link/lineproto/internal.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "site/site.h"

enum { MAX_SHAPES = 64, MAX_ADDRESS = 4096 };

struct shape {
    char *keys[KT_LP_TAGS];
    uint32_t n;
};

struct kt_lp_table {
    atomic_int refs;
    struct kt_map *points; /* coded key -> point */
    uint32_t shapes_n;
    struct shape *shapes[MAX_SHAPES]; /* those with more tags first */
};

struct kt_lp_table *kt_lp_table_new(void)
{
    struct kt_lp_table *t = calloc(1, sizeof(*t));
    KT_ASSERT(t);
    atomic_init(&t->refs, 1);
    t->points = kt_map_new(1024);
    return t;
}

struct kt_lp_table *kt_lp_table_ref(struct kt_lp_table *t)
{
    atomic_fetch_add(&t->refs, 1);
    return t;
}

void kt_lp_table_unref(struct kt_lp_table *t)
{
    if (!t || atomic_fetch_sub(&t->refs, 1) > 1) {
        return;
    }
    for (uint32_t i = 0; i < t->shapes_n; i++) {
        for (uint32_t k = 0; k < t->shapes[i]->n; k++) {
            free(t->shapes[i]->keys[k]);
        }
        free(t->shapes[i]);
    }
    kt_map_free(t->points);
    free(t);
}

uint32_t lp_table_count(const struct kt_lp_table *t)
{
    return (uint32_t)kt_map_count(t->points);
}

/* Code the key of a series reduced to a shape; false when the series lacks a tag of it. */
static bool code_key(const struct lp_series *s, struct kt_str field, const struct shape *shape,
                     struct kt_buf *out)
{
    kt_buf_clear(out);
    kt_put_bytes(out, s->measurement.p, s->measurement.n);
    kt_put_bytes(out, field.p, field.n);
    uint32_t at = 0; /* both are sorted */
    for (uint32_t k = 0; k < shape->n; k++) {
        while (at < s->tags_n && !kt_str_is(s->tags[at].key, shape->keys[k])) {
            at++;
        }
        if (at == s->tags_n) {
            return false;
        }
        kt_put_bytes(out, s->tags[at].key.p, s->tags[at].key.n);
        kt_put_bytes(out, s->tags[at].value.p, s->tags[at].value.n);
    }
    return true;
}

enum lp_found lp_table_find(const struct kt_lp_table *t, const struct lp_series *s,
                            struct kt_str field, struct kt_buf *tmp, uint32_t *ret)
{
    enum lp_found found = LP_NONE;
    uint64_t point = 0;
    for (uint32_t i = 0; i < t->shapes_n; i++) {
        const struct shape *shape = t->shapes[i];
        if (found == LP_ONE && shape->n < t->shapes[i - 1]->n) {
            break;
        }
        uint64_t p;
        if (!code_key(s, field, shape, tmp) ||
            !kt_map_get(t->points, (struct kt_str){tmp->p, tmp->n}, &p)) {
            continue;
        }
        if (found == LP_ONE && p != point) {
            return LP_AMBIGUOUS;
        }
        found = LP_ONE;
        point = p;
    }
    if (found == LP_ONE) {
        *ret = (uint32_t)point;
    }
    return found;
}

static bool has_shape(const struct shape *shape, const struct lp_series *s)
{
    if (shape->n != s->tags_n) {
        return false;
    }
    for (uint32_t i = 0; i < shape->n; i++) {
        if (!kt_str_is(s->tags[i].key, shape->keys[i])) {
            return false;
        }
    }
    return true;
}

static struct shape *shape_of(const struct lp_series *s)
{
    struct shape *shape = calloc(1, sizeof(*shape));
    KT_ASSERT(shape);
    shape->n = s->tags_n;
    for (uint32_t i = 0; i < shape->n; i++) {
        shape->keys[i] = strndup(s->tags[i].key.p, s->tags[i].key.n);
        KT_ASSERT(shape->keys[i]);
    }
    return shape;
}

/* The shape of a series, added when it is new; NULL when there are too many. */
static const struct shape *get_shape(struct kt_lp_table *t, const struct lp_series *s)
{
    for (uint32_t i = 0; i < t->shapes_n; i++) {
        if (has_shape(t->shapes[i], s)) {
            return t->shapes[i];
        }
    }
    if (t->shapes_n == MAX_SHAPES) {
        return NULL;
    }
    struct shape *shape = shape_of(s);
    uint32_t at = t->shapes_n++;
    for (; at > 0 && t->shapes[at - 1]->n < shape->n; at--) {
        t->shapes[at] = t->shapes[at - 1];
    }
    t->shapes[at] = shape;
    return shape;
}

static int add_key(struct kt_lp_table *t, const struct lp_series *s, struct kt_str field,
                   kt_point_id p, struct kt_err *err)
{
    const struct shape *shape = get_shape(t, s);
    if (!shape) {
        return kt_err_set(err, KT_ELIMIT,
                          "addresses use more than %d different sets of tags; use fewer",
                          MAX_SHAPES);
    }
    struct kt_buf key;
    kt_buf_init(&key, 0);
    (void)code_key(s, field, shape, &key);
    struct kt_str k = {key.p, key.n};
    uint64_t other;
    int r = KT_OK;
    if (!kt_map_add(t->points, k, p.v) && kt_map_get(t->points, k, &other) && other != p.v) {
        r = kt_err_set(err, KT_EEXIST, "another point has this address; give one of them a tag");
    }
    kt_buf_done(&key);
    return r;
}

/* The last '#' parts series and field. */
static struct kt_str cut_field(struct kt_str *address)
{
    for (size_t i = address->n; i > 0; i--) {
        if (address->p[i - 1] == '#') {
            struct kt_str field = {address->p + i, address->n - i};
            address->n = i - 1;
            return field;
        }
    }
    return KT_STR("value");
}

int kt_lp_table_add(struct kt_lp_table *t, struct kt_str address, kt_point_id p, struct kt_err *err)
{
    struct kt_str series = address, field = cut_field(&series);
    if (series.n == 0 || field.n == 0 || address.n > MAX_ADDRESS ||
        memchr(address.p, '\n', address.n) || memchr(address.p, '\0', address.n)) {
        return kt_err_set(err, KT_EINVAL, "address \"%.*s\": write measurement,tag=value#field",
                          (int)(address.n > 80 ? 80 : address.n), address.p);
    }
    char scratch[2 * MAX_ADDRESS];
    struct lp_series s;
    struct lp_why why;
    if (!lp_series_read(series, scratch, &s, &why)) {
        return kt_err_set(err, KT_EINVAL, "address \"%.*s\": %s",
                          (int)(address.n > 80 ? 80 : address.n), address.p, why.text);
    }
    char *to = scratch + MAX_ADDRESS;
    struct kt_str plain = {to, lp_unescape(field, to)};
    return add_key(t, &s, plain, p, err);
}

int kt_lp_table_of_site(const struct kt_site *site, struct kt_lp_table **ret, struct kt_err *err)
{
    struct kt_lp_table *t = kt_lp_table_new();
    for (uint32_t i = 0; i < site->points_n; i++) {
        const struct kt_point *p = &site->points[i];
        bool push = p->link < site->links_n && site->links[p->link].kind == KT_LINK_PUSH;
        const char *address = push && p->address && p->address[0] ? p->address : p->id;
        struct kt_err why = {0};
        int r = kt_lp_table_add(t, kt_str_c(address), (kt_point_id){i}, &why);
        if (r < 0) {
            kt_lp_table_unref(t);
            return kt_err_set(err, r, "point %s: %s", p->id, why.text);
        }
    }
    *ret = t;
    return KT_OK;
}
