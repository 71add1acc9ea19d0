/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_match: the list `matches:` of one file: which records of one register suit which records of
 * another, by facts of the one and needs of the other.
 */
#include "record/model.h"

enum { NEEDS_MAX = 32 };

static void read_need(struct rec_load *l, const struct kt_yaml *map, struct rec_need *ret)
{
    static const char *const words[] = {"is", "from", "to"};
    int n = 0;
    ret->fact_id = rec_read_str(l, map, "fact", KT_REQUIRED);
    for (int i = 0; i < 3; i++) {
        const char *id = rec_read_str(l, map, words[i], KT_OPTIONAL);
        if (id[0]) {
            ret->need_id = id;
            ret->how = (enum rec_need_how)i;
            n++;
        }
    }
    if (n != 1) {
        kt_yaml_problem(map, "a need says one of is, from and to");
        ret->need_id = "";
    }
    kt_yaml_unknown(map);
}

static void read_match(struct rec_load *l, struct kt_yaml *map)
{
    struct rec_match m = {.reg = KT_NONE, .offers = KT_NONE, .state = KT_NONE};
    if (!kt_yaml_as_map(map, "a match") || !rec_read_id(l, map, "id", &m.id)) {
        return;
    }
    m.at = rec_at_of(l, map);
    m.register_id = rec_read_str(l, map, "register", KT_REQUIRED);
    m.offers_id = rec_read_str(l, map, "offers", KT_REQUIRED);
    m.state_id = rec_read_str(l, map, "state", KT_OPTIONAL);
    m.title = rec_read_text2(l, map, "title", KT_REQUIRED);
    const struct kt_yaml *needs = kt_yaml_list(map, "needs", KT_REQUIRED);
    m.needs_n = kt_yaml_count(needs);
    if (m.needs_n == 0 || m.needs_n > NEEDS_MAX) {
        kt_yaml_problem(map, "match \"%s\": 1 to %d needs", m.id, NEEDS_MAX);
        return;
    }
    struct rec_need *need = KT_NEW_ARRAY(l->a, struct rec_need, m.needs_n);
    for (uint32_t i = 0; i < m.needs_n; i++) {
        if (!kt_yaml_as_map(kt_yaml_at(needs, i), "a need")) {
            return;
        }
        read_need(l, kt_yaml_at(needs, i), &need[i]);
    }
    m.needs = need;
    kt_yaml_unknown(map);
    *REC_PUSH(l, l->m->matches, l->m->matches_n, l->matches_cap) = m;
}

void rec_read_matches(struct rec_load *l, struct kt_yaml *root)
{
    struct kt_yaml *list = kt_yaml_list(root, "matches", KT_OPTIONAL);
    for (uint32_t i = 0; i < kt_yaml_count(list); i++) {
        read_match(l, kt_yaml_at(list, i));
    }
}

static uint32_t field_named(struct rec_load *l, const struct rec_match *m,
                            const struct rec_register *reg, const char *id)
{
    uint32_t f = rec_field_of(reg, id);
    if (f == KT_NONE || rec_is_file(&reg->fields[f])) {
        rec_problem(l, &m->at, "match \"%s\": %s has no field \"%s\" with a value", m->id, reg->id,
                    id);
        return KT_NONE;
    }
    return f;
}

static void check_match(struct rec_load *l, struct rec_match *m)
{
    uint32_t reg = rec_register_of(l->m, m->register_id),
             offers = rec_register_of(l->m, m->offers_id);
    if (reg == KT_NONE || offers == KT_NONE) {
        rec_problem(l, &m->at, "match \"%s\": there is no register \"%s\"", m->id,
                    reg == KT_NONE ? m->register_id : m->offers_id);
        return;
    }
    m->reg = reg;
    m->offers = offers;
    const struct rec_register *of = &l->m->registers[reg], *to = &l->m->registers[offers];
    if (m->state_id[0]) {
        m->state = to->workflow == KT_NONE
                       ? KT_NONE
                       : rec_state_of(&l->m->workflows[to->workflow], m->state_id);
        if (m->state == KT_NONE) {
            rec_problem(l, &m->at, "match \"%s\": %s has no state \"%s\"", m->id, to->id,
                        m->state_id);
        }
    }
    struct rec_need *need = (struct rec_need *)(uintptr_t)m->needs;
    for (uint32_t i = 0; i < m->needs_n; i++) {
        need[i].fact = field_named(l, m, of, need[i].fact_id);
        need[i].need = field_named(l, m, to, need[i].need_id);
        if (need[i].fact != KT_NONE && need[i].need != KT_NONE &&
            of->fields[need[i].fact].as != to->fields[need[i].need].as) {
            rec_problem(l, &m->at, "match \"%s\": %s and %s are of different types", m->id,
                        need[i].fact_id, need[i].need_id);
        }
    }
}

void rec_check_matches(struct rec_load *l)
{
    for (uint32_t i = 0; i < l->m->matches_n; i++) {
        check_match(l, &l->m->matches[i]);
    }
}
