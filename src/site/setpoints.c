/* SPDX-License-Identifier: Apache-2.0 */
/*
 * setpoints: points that take a number 设定值. A role's `setpoint` says the widest that any site
 * may allow; a row of points.csv narrows it and so makes the point one that is set. A number
 * protects nothing, so it stands on no device that does: none with a cut-off sensor, none that is
 * watched (check_watched.c), no register of a switch.
 */
#include "site/impl.h"

#include <math.h>
#include <stdio.h>

/* ---- the role */

static bool is_whole(const struct kt_setpoint *s)
{
    return s->lo < s->hi && s->step > 0 && s->tolerance > 0;
}

static void read_times(const struct kt_yaml *n, struct kt_role *r)
{
    r->expiry_ns = 10 * KT_SEC;
    r->readback_ns = 2 * KT_SEC;
    kt_yaml_duration(n, "expiry", KT_OPTIONAL, &r->expiry_ns);
    kt_yaml_duration(n, "readback", KT_OPTIONAL, &r->readback_ns);
    if (r->expiry_ns <= 0 || r->readback_ns <= 0) {
        kt_yaml_problem(n,
                        "role \"%s\": expiry and readback are above 0; no command outlives its "
                        "expiry, and what is not read back has failed",
                        r->id);
    }
}

const struct kt_setpoint *site_set_role(struct load *l, const struct kt_yaml *n, struct kt_role *r)
{
    const struct kt_yaml *map = kt_yaml_get(n, "setpoint");
    if (!map) {
        return NULL;
    }
    struct kt_setpoint s = {NAN, NAN, NAN, NAN};
    bool given = kt_yaml_as_map(map, "setpoint");
    /* each is read, so that each mistake is told */
    given = kt_yaml_num(map, "lo", KT_REQUIRED, &s.lo) && given;
    given = kt_yaml_num(map, "hi", KT_REQUIRED, &s.hi) && given;
    given = kt_yaml_num(map, "step", KT_REQUIRED, &s.step) && given;
    given = kt_yaml_num(map, "tolerance", KT_REQUIRED, &s.tolerance) && given;
    kt_yaml_unknown(map);
    read_times(n, r);
    if (r->kind != KT_POINT_ANALOG || r->cutoff || r->watched) {
        kt_yaml_problem(map,
                        "role \"%s\": a set-point is of kind analog, and neither a cut-off sensor "
                        "nor watched",
                        r->id);
        return NULL;
    }
    if (given && !is_whole(&s)) {
        kt_yaml_problem(
            map, "role \"%s\": a set-point has lo below hi, and step and tolerance above 0", r->id);
    }
    if (!given || !is_whole(&s)) {
        return NULL;
    }
    struct kt_setpoint *to = KT_NEW(l->a, struct kt_setpoint);
    *to = s;
    return to;
}

/* ---- the point */

static const char *outside(const struct kt_point *p, const struct kt_setpoint *s,
                           char buf[SITE_SET_TEXT])
{
    const struct kt_setpoint *most = p->role->set;
    if (!(s->lo < s->hi)) {
        return "set_hi is not above set_lo; correct one of them";
    }
    if (s->lo < most->lo || s->hi > most->hi) {
        (void)snprintf(buf, SITE_SET_TEXT, "role \"%s\" allows %g to %g; narrow set_lo and set_hi",
                       p->role->id, most->lo, most->hi);
        return buf;
    }
    if (!(s->step > 0) || s->step > most->step) {
        (void)snprintf(buf, SITE_SET_TEXT,
                       "set_step is above 0 and at most %g, that of role \"%s\"", most->step,
                       p->role->id);
        return buf;
    }
    return NULL;
}

/* Where the number goes. */
static const char *unwritable(const struct load *l, const struct kt_point *p,
                              const struct kt_setpoint *s, char buf[SITE_SET_TEXT])
{
    if (p->link == KT_NONE || l->s->pub.links[p->link].kind != KT_LINK_MODBUS) {
        return "a set-point needs a modbus link; leave set_lo and set_hi empty where it is only "
               "watched";
    }
    return site_address_set(p->address, s, buf, SITE_SET_TEXT);
}

const char *site_set_point(struct load *l, struct kt_point *p, const struct kt_setpoint *given,
                           char buf[SITE_SET_TEXT])
{
    const struct kt_setpoint *most = p->role->set;
    bool none = isnan(given->lo) && isnan(given->hi) && isnan(given->step);
    if (!most) {
        return none ? NULL
                    : "set_lo, set_hi and set_step belong to roles with `setpoint`; leave them "
                      "empty";
    }
    if (none && (p->link == KT_NONE || l->s->pub.links[p->link].kind != KT_LINK_MODBUS)) {
        return NULL; /* watched: nothing could write to it */
    }
    if (isnan(given->lo) || isnan(given->hi)) {
        return "a set-point has limits: give set_lo and set_hi";
    }
    struct kt_setpoint s = {given->lo, given->hi, isnan(given->step) ? most->step : given->step,
                            most->tolerance};
    const char *wrong = outside(p, &s, buf);
    wrong = wrong ? wrong : unwritable(l, p, &s, buf);
    if (!wrong) {
        struct kt_setpoint *to = KT_NEW(l->a, struct kt_setpoint);
        *to = s;
        p->set = to;
    }
    return wrong;
}

/* ---- what stands beside it */

static int unit_of(const struct load *l, const struct kt_point *p, int unit)
{
    return unit < 0 ? l->s->pub.links[p->link].unit : unit;
}

static void register_key(const struct load *l, const struct kt_point *p, int unit, int at,
                         char to[48])
{
    (void)snprintf(to, 48, "%u/%d/%d", p->link, unit_of(l, p, unit), at);
}

static void claim(struct load *l, struct kt_map *taken, uint32_t i)
{
    const struct kt_point *p = &l->s->pub.points[i];
    int unit, first, n;
    char key[48];
    if (!site_address_holding(p->address, &unit, &first, &n)) {
        return;
    }
    for (int at = first; at < first + n; at++) {
        uint64_t other;
        register_key(l, p, unit, at, key);
        if (!kt_map_get(taken, kt_str_c(key), &other)) {
            kt_map_set(taken, kt_str_c(kt_arena_strndup(l->scratch, key, strlen(key))), i);
        } else if (p->set || l->s->pub.points[other].set) {
            site_find(l, KT_FIND_ERROR, "setpoint-register", "points.csv", 0, 0,
                      "set-point %s and %s write to the same register; give each its own",
                      p->set ? p->id : l->s->pub.points[other].id,
                      p->set ? l->s->pub.points[other].id : p->id);
            return;
        }
    }
}

static void protects(struct load *l, const struct kt_map *cutting, const struct kt_point *p)
{
    uint64_t other;
    char key[48];
    int unit = site_address_unit(p->address);
    register_key(l, p, unit, -1, key);
    if (kt_map_get(cutting, kt_str_c(key), &other)) {
        site_find(l, KT_FIND_ERROR, "setpoint-beside-cutoff", "points.csv", 0, 0,
                  "set-point %s stands on the device of cut-off sensor %s, whose own protection "
                  "nobody sets; move it to another device",
                  p->id, l->s->pub.points[other].id);
    }
}

static bool permitted(const struct kt_site *s, uint32_t point)
{
    for (uint32_t i = 0; i < s->rules_n; i++) {
        for (uint32_t k = 0; s->rules[i].interlock && k < s->rules[i].points_n; k++) {
            if (s->rules[i].points[k].v == point) {
                return true;
            }
        }
    }
    return false;
}

static void holds(struct load *l)
{
    const struct kt_site *s = &l->s->pub;
    for (uint32_t i = 0; i < s->rules_n; i++) {
        const struct kt_rule *r = &s->rules[i];
        for (uint32_t k = 0; r->interlock && r->hold && k < r->points_n; k++) {
            if (s->points[r->points[k].v].set) {
                site_find(l, KT_FIND_ERROR, "setpoint-hold", r->file, r->line, 1,
                          "interlock \"%s\" holds set-point %s, which nothing opens; remove `hold`",
                          r->id, s->points[r->points[k].v].id);
                break;
            }
        }
    }
}

void site_check_setpoints(struct load *l)
{
    const struct kt_site *s = &l->s->pub;
    struct kt_map *taken = kt_map_new(16), *cutting = kt_map_new(16);
    char key[48];
    for (uint32_t i = 0; i < s->points_n; i++) {
        const struct kt_point *p = &s->points[i];
        if (p->ended || p->link == KT_NONE || s->links[p->link].kind != KT_LINK_MODBUS) {
            continue;
        }
        if (kt_point_commanded(p)) {
            claim(l, taken, i);
        }
        if (p->role->cutoff) {
            register_key(l, p, site_address_unit(p->address), -1, key);
            kt_map_add(cutting, kt_str_c(kt_arena_strndup(l->scratch, key, strlen(key))), i);
        }
    }
    for (uint32_t i = 0; i < s->points_n; i++) {
        const struct kt_point *p = &s->points[i];
        if (p->ended || !p->set) {
            continue;
        }
        protects(l, cutting, p);
        if (!permitted(s, i)) {
            site_find(l, KT_FIND_WARNING, "setpoint-without-permit", "points.csv", 0, 0,
                      "no interlock says when set-point %s may be set; select it in one, e.g. "
                      "while its device is in remote",
                      p->id);
        }
    }
    holds(l);
    kt_map_free(taken);
    kt_map_free(cutting);
}
