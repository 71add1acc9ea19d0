/* SPDX-License-Identifier: Apache-2.0 */
#include "site/impl.h"

static uint32_t look(const struct kt_map *m, struct kt_str id)
{
    uint64_t at;
    return m && kt_map_get(m, id, &at) ? (uint32_t)at : KT_NONE;
}

kt_point_id kt_site_point(const struct kt_site *s, struct kt_str id)
{
    return (kt_point_id){look(site_of(s)->point_ids, id)};
}

kt_point_id kt_site_point_ended(const struct kt_site *s, struct kt_str id)
{
    return (kt_point_id){look(site_of(s)->ended_ids, id)};
}

kt_place_id kt_site_place(const struct kt_site *s, struct kt_str id)
{
    return (kt_place_id){look(site_of(s)->place_ids, id)};
}

kt_rule_id kt_site_rule(const struct kt_site *s, struct kt_str id)
{
    return (kt_rule_id){look(site_of(s)->rule_ids, id)};
}

bool kt_site_within(const struct kt_site *s, kt_place_id place, kt_place_id under)
{
    for (uint32_t at = place.v; at < s->places_n; at = s->places[at].parent.v) {
        if (at == under.v) {
            return true;
        }
    }
    return false;
}

const kt_rule_id *kt_site_rules_of(const struct kt_site *s, kt_point_id p, uint32_t *ret_n)
{
    const struct site *i = site_of(s);
    *ret_n = i->point_rules_at[p.v + 1] - i->point_rules_at[p.v];
    return &i->point_rules[i->point_rules_at[p.v]];
}

const struct kt_rule_instance *kt_site_readers_of(const struct kt_site *s, kt_point_id p,
                                                  uint32_t *ret_n)
{
    const struct site *i = site_of(s);
    *ret_n = i->point_readers_at[p.v + 1] - i->point_readers_at[p.v];
    return &i->point_readers[i->point_readers_at[p.v]];
}

/* Greedy with one remembered star: linear in the pattern for each character of the text. */
bool kt_glob(const char *pattern, const char *text)
{
    const char *star = NULL, *retry = NULL;
    while (*text) {
        if (*pattern == '*') {
            star = ++pattern;
            retry = text;
        } else if (*pattern == *text) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star;
            text = ++retry;
        } else {
            return false;
        }
    }
    while (*pattern == '*') {
        pattern++;
    }
    return *pattern == 0;
}
