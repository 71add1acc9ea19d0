/* SPDX-License-Identifier: Apache-2.0 */
/* select: which points a rule or an action is for. All parts of a selector must fit. */
#include "site/impl.h"

static const char *const kinds[] = {"analog", "switch", "counter", "output"};

static int flag(const struct kt_yaml *map, const char *key)
{
    bool b;
    return kt_yaml_bool(map, key, KT_OPTIONAL, &b) ? b : -1;
}

static struct selector nothing(void)
{
    return (struct selector){.kind = -1,
                             .limit = -1,
                             .cutoff = -1,
                             .link = -1,
                             .device_state = -1,
                             .setpoint = -1,
                             .commanded = -1};
}

void site_selector_read(struct load *l, const struct kt_yaml *map, struct selector *ret)
{
    static const char *const sources[] = {"link"};
    const char *limits[KT_LIMIT_NAMES], *text = NULL;
    int at = 0;
    *ret = nothing();
    for (int i = 0; i < KT_LIMIT_NAMES; i++) {
        limits[i] = kt_limit_name_id((enum kt_limit_name)i);
    }
    site_words(l, map, "role", &ret->roles, &ret->roles_n);
    site_words(l, map, "place", &ret->places, &ret->places_n);
    site_words(l, map, "point", &ret->points, &ret->points_n);
    if (kt_yaml_str(map, "tag", KT_OPTIONAL, &text)) {
        ret->tag = site_dup(l, text);
    }
    if (kt_yaml_str(map, "group", KT_OPTIONAL, &text)) {
        ret->group = site_dup(l, text);
    }
    if (kt_yaml_choice(map, "kind", KT_OPTIONAL, kinds, 4, &at)) {
        ret->kind = at;
    }
    if (kt_yaml_choice(map, "limit", KT_OPTIONAL, limits, KT_LIMIT_NAMES, &at)) {
        ret->limit = at;
    }
    ret->cutoff = flag(map, "cutoff");
    ret->device_state = flag(map, "device_state");
    ret->setpoint = flag(map, "setpoint");
    if (kt_yaml_choice(map, "source", KT_OPTIONAL, sources, 1, &at)) {
        ret->link = 1;
    }
    kt_yaml_unknown(map);
}

static void add_word(struct load *l, const char *const **list, uint32_t *n, const char *word)
{
    const char **more = KT_NEW_ARRAY(l->a, const char *, *n + 1);
    for (uint32_t i = 0; i < *n; i++) {
        more[i] = (*list)[i];
    }
    more[(*n)++] = word;
    *list = more;
}

bool site_selector_parse(struct load *l, const char *text, const struct origin *at,
                         struct selector *ret)
{
    *ret = nothing();
    for (const char *p = text; *p;) {
        size_t n = strcspn(p, " "), colon = strcspn(p, ":");
        const char *word = kt_arena_strndup(l->a, p, n);
        if (n && strncmp(p, "role:", 5) == 0) {
            add_word(l, &ret->roles, &ret->roles_n, word + 5);
        } else if (n && strncmp(p, "place:", 6) == 0) {
            add_word(l, &ret->places, &ret->places_n, word + 6);
        } else if (n && strncmp(p, "point:", 6) == 0) {
            add_word(l, &ret->points, &ret->points_n, word + 6);
        } else if (n && strncmp(p, "tag:", 4) == 0) {
            ret->tag = word + 4;
        } else if (n && colon < n &&
                   kt_site_point(&l->s->pub, (struct kt_str){p, n}).v == KT_NONE) {
            site_find_at(l, KT_FIND_ERROR, "reference", at,
                         "selector \"%s\": unknown part \"%s\"; use a point's id, role:…, place:…, "
                         "tag:… or point:…",
                         text, word);
            return false;
        } else if (n) {
            add_word(l, &ret->points, &ret->points_n, word);
        }
        p += n + (p[n] == ' ');
    }
    return true;
}

void site_selector_check(struct load *l, const struct selector *sel, const struct origin *at)
{
    char buf[KT_SUGGEST_TEXT];
    for (uint32_t i = 0; i < sel->roles_n; i++) {
        if (!site_role_known(l, sel->roles[i])) {
            site_find_at(l, KT_FIND_ERROR, "reference", at, "unknown role \"%s\"%s", sel->roles[i],
                         site_role_hint(l, sel->roles[i], buf));
        }
    }
    for (uint32_t i = 0; i < sel->places_n; i++) {
        if (kt_site_place(&l->s->pub, kt_str_c(sel->places[i])).v == KT_NONE) {
            site_find_at(l, KT_FIND_ERROR, "reference", at,
                         "unknown place \"%s\"; give an id of places.csv", sel->places[i]);
        }
    }
    for (uint32_t i = 0; i < sel->points_n; i++) {
        if (!strchr(sel->points[i], '*') &&
            kt_site_point(&l->s->pub, kt_str_c(sel->points[i])).v == KT_NONE) {
            site_find_at(l, KT_FIND_ERROR, "reference", at,
                         "unknown point \"%s\"; give an id of points.csv", sel->points[i]);
        }
    }
}

static bool role_fits(const struct selector *sel, const struct kt_role *r)
{
    bool fits = sel->roles_n == 0;
    for (uint32_t i = 0; i < sel->roles_n && !fits; i++) {
        fits = kt_glob(sel->roles[i], r->id);
    }
    return fits && (sel->kind < 0 || (int)r->kind == sel->kind) &&
           (!sel->group || strcmp(sel->group, r->group) == 0) &&
           (sel->cutoff < 0 || sel->cutoff == r->cutoff);
}

static bool tag_fits(const char *tag, const char *tags)
{
    size_t n = strlen(tag);
    for (const char *p = tags; *p;) {
        size_t len = strcspn(p, ";");
        size_t from = strspn(p, " "), to = len;
        while (to > from && p[to - 1] == ' ') {
            to--;
        }
        if (to - from == n && memcmp(p + from, tag, n) == 0) {
            return true;
        }
        p += len + (p[len] == ';');
    }
    return false;
}

static bool place_fits(const struct load *l, const struct selector *sel, const struct kt_point *p)
{
    for (uint32_t i = 0; i < sel->places_n; i++) {
        kt_place_id under = kt_site_place(&l->s->pub, kt_str_c(sel->places[i]));
        if (under.v != KT_NONE && kt_site_within(&l->s->pub, p->place, under)) {
            return true;
        }
    }
    return sel->places_n == 0;
}

static bool point_fits(const struct load *l, const struct selector *sel, const struct kt_point *p)
{
    bool fits = sel->points_n == 0;
    for (uint32_t i = 0; i < sel->points_n && !fits; i++) {
        fits = kt_glob(sel->points[i], p->id);
    }
    return fits && (sel->limit < 0 || (p->limits && p->limits->has[sel->limit])) &&
           (sel->link < 0 || p->link != KT_NONE) &&
           (sel->device_state < 0 || sel->device_state == p->device_state) &&
           (sel->setpoint < 0 || sel->setpoint == (p->set != NULL)) &&
           (sel->commanded < 0 || kt_point_commanded(p)) &&
           (!sel->tag || tag_fits(sel->tag, p->tags)) && place_fits(l, sel, p);
}

uint32_t site_select(struct load *l, const struct selector *sel, const kt_point_id **ret)
{
    const struct kt_site *s = &l->s->pub;
    bool *fits = KT_NEW_ARRAY(l->scratch, bool, s->roles_n + 1);
    uint32_t n = 0, cap = 0;
    kt_point_id *found = NULL;
    for (uint32_t i = 0; i < s->roles_n; i++) {
        fits[i] = role_fits(sel, &s->roles[i]);
    }
    for (uint32_t i = 0; i < s->points_n; i++) {
        const struct kt_point *p = &s->points[i];
        if (!p->ended && fits[p->role - s->roles] && point_fits(l, sel, p)) {
            SITE_PUSH(l, found, n, cap)->v = i;
        }
    }
    kt_point_id *to = KT_NEW_ARRAY(l->a, kt_point_id, n + 1);
    if (n) {
        memcpy(to, found, sizeof(*to) * n);
    }
    *ret = to;
    return n;
}

const char *site_selector_asset(const char *text)
{
    return strncmp(text, "asset:", 6) == 0 && !strchr(text, ' ') ? text + 6 : NULL;
}

const struct kt_point_list *site_select_assets(struct load *l, const char *role)
{
    const struct kt_site *s = &l->s->pub;
    struct kt_point_list *to = KT_NEW_ARRAY(l->a, struct kt_point_list, s->assets_n + 1);
    for (uint32_t i = 0; i < s->assets_n; i++) {
        const struct kt_asset *a = &s->assets[i];
        kt_point_id *list = KT_NEW_ARRAY(l->a, kt_point_id, a->points_n + 1);
        for (uint32_t j = 0; j < a->points_n; j++) {
            const struct kt_point *p = &s->points[a->points[j].v];
            if (p->kind == KT_POINT_OUTPUT && kt_glob(role, p->role->id)) {
                list[to[i].n++] = a->points[j];
            }
        }
        to[i].points = list;
    }
    return to;
}
