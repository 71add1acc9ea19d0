/* SPDX-License-Identifier: Apache-2.0 */
/* desk_roster: registers of persons, trades and cards as the engine's roster. */
#include "api/desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"

enum { LIST = 330 };

/* What a record says, kept by its id. */
struct kept {
    char no[64], trade[64], team[64], shift[64], areas[LIST], forbids[LIST];
    int64_t trade_id;
    double hours;
    bool leader, special;
    char vehicle[64], kind[64], carries[LIST]; /* of a vehicle, kept by the id of its card */
    double km_h;
};

struct roster {
    struct kt_map *of; /* record id to index */
    struct kept *v;
    size_t n, cap;
    struct kt_jw *w;
    uint32_t cards;
};

static struct kept *keep(struct roster *r, int64_t id)
{
    if (r->n == r->cap) {
        r->cap = r->cap ? 2 * r->cap : 256;
        r->v = realloc(r->v, r->cap * sizeof(*r->v));
        KT_ASSERT(r->v);
    }
    kt_map_set(r->of, (struct kt_str){(const char *)&id, sizeof(id)}, r->n);
    memset(&r->v[r->n], 0, sizeof(*r->v));
    return &r->v[r->n++];
}

static const struct kept *find(const struct roster *r, int64_t id)
{
    uint64_t at;
    return id && kt_map_get(r->of, (struct kt_str){(const char *)&id, sizeof(id)}, &at) ? &r->v[at]
                                                                                        : NULL;
}

static void text(char *to, size_t cap, const struct kt_json *fields, const char *id)
{
    (void)snprintf(to, cap, "%s", kt_json_get_str(fields, id, ""));
}

/* Both lists, ";" between; a field holds 150 bytes at most. */
static void join(char to[LIST], const char *own, const char *of_trade)
{
    char *end = stpncpy(to, own, LIST / 2 - 1);
    if (own[0] && of_trade[0]) {
        *end++ = ';';
    }
    *stpncpy(end, of_trade, LIST / 2 - 1) = '\0';
}

static void take_areas(struct kept *k, const struct kt_json *fields)
{
    text(k->areas, sizeof(k->areas), fields, "areas");
    text(k->forbids, sizeof(k->forbids), fields, "forbids");
}

static void write_areas(struct roster *r, const struct kept *k)
{
    kt_jw_ktext(r->w, "areas", k->areas);
    kt_jw_ktext(r->w, "forbids", k->forbids);
}

static void take_trade(void *arg, const struct kt_json *item)
{
    const struct kt_json *f = kt_json_get(item, "fields");
    struct kept *k = keep(arg, kt_json_get_int(item, "id", 0));
    text(k->trade, sizeof(k->trade), f, "title");
    take_areas(k, f);
    k->special = kt_json_get_bool(f, "special", false);
}

static void take_person(void *arg, const struct kt_json *item)
{
    struct roster *r = arg;
    const struct kt_json *f = kt_json_get(item, "fields");
    struct kept *k = keep(r, kt_json_get_int(item, "id", 0));
    const struct kept *t = find(r, kt_json_get_int(f, "trade", 0));
    text(k->no, sizeof(k->no), f, "no");
    text(k->team, sizeof(k->team), f, "team");
    text(k->shift, sizeof(k->shift), f, "shift");
    k->hours = kt_json_get_num(f, "hours", 0);
    k->leader = kt_json_get_bool(f, "leader", false);
    k->special = t && t->special;
    (void)snprintf(k->trade, sizeof(k->trade), "%s", t ? t->trade : "");
    join(k->areas, kt_json_get_str(f, "areas", ""), t ? t->areas : "");
    join(k->forbids, kt_json_get_str(f, "forbids", ""), t ? t->forbids : "");
}

static void take_vehicle(void *arg, const struct kt_json *item)
{
    const struct kt_json *f = kt_json_get(item, "fields");
    int64_t card = kt_json_get_int(f, "card", 0);
    if (card == 0) {
        return;
    }
    struct kept *k = keep(arg, card);
    text(k->vehicle, sizeof(k->vehicle), f, "no");
    text(k->kind, sizeof(k->kind), f, "kind");
    take_areas(k, f);
    text(k->carries, sizeof(k->carries), f, "carries");
    k->km_h = kt_json_get_num(f, "km_h", 0);
}

static void write_vehicle(struct roster *r, const char *card, const struct kept *k)
{
    r->cards++;
    kt_jw_obj(r->w);
    kt_jw_kstr(r->w, "card", card);
    kt_jw_kstr(r->w, "vehicle", k->vehicle);
    kt_jw_ktext(r->w, "kind", k->kind);
    write_areas(r, k);
    kt_jw_ktext(r->w, "carries", k->carries);
    kt_jw_knum(r->w, "km_h", k->km_h);
    kt_jw_obj_end(r->w);
}

/* A card that a person carries is a person's, even if a vehicle is said to have it as well. */
static void take_card(void *arg, const struct kt_json *item)
{
    struct roster *r = arg;
    const struct kt_json *f = kt_json_get(item, "fields");
    const struct kept *k = find(r, kt_json_get_int(f, "person", 0));
    const struct kept *vehicle = find(r, kt_json_get_int(item, "id", 0));
    if (!k && vehicle) {
        write_vehicle(r, kt_json_get_str(f, "no", ""), vehicle);
    }
    if (!k) {
        return; /* it lies in its rack: below it is a card of nobody */
    }
    r->cards++;
    kt_jw_obj(r->w);
    kt_jw_kstr(r->w, "card", kt_json_get_str(f, "no", ""));
    kt_jw_kstr(r->w, "person", k->no);
    kt_jw_ktext(r->w, "trade", k->trade);
    kt_jw_ktext(r->w, "team", k->team);
    kt_jw_ktext(r->w, "shift", k->shift);
    write_areas(r, k);
    kt_jw_kbool(r->w, "leader", k->leader);
    kt_jw_kbool(r->w, "special", k->special);
    kt_jw_knum(r->w, "hours", k->hours);
    kt_jw_obj_end(r->w);
}

/* A site may do without the pack `vehicles`. */
static int vehicles(struct kt_api *a, struct roster *r, struct kt_err *err)
{
    int rc = desk_each(a, "vehicle", NULL, take_vehicle, r, err);
    return rc == KT_ENOTFOUND ? KT_OK : rc;
}

int desk_roster(struct kt_api *a, struct kt_buf *out, struct kt_err *err)
{
    struct kt_jw w = kt_jw_init(out);
    struct roster r = {.of = kt_map_new(1024), .w = &w};
    kt_jw_obj(&w);
    kt_jw_kbool(&w, "whole", true);
    kt_jw_key(&w, "roster");
    kt_jw_arr(&w);
    int rc = desk_each(a, "below_trade", NULL, take_trade, &r, err);
    rc = rc == KT_OK ? desk_each(a, "below_person", NULL, take_person, &r, err) : rc;
    rc = rc == KT_OK ? vehicles(a, &r, err) : rc;
    rc = rc == KT_OK ? desk_each(a, "below_card", NULL, take_card, &r, err) : rc;
    kt_jw_arr_end(&w);
    kt_jw_obj_end(&w);
    kt_map_free(r.of);
    free(r.v);
    return rc;
}
