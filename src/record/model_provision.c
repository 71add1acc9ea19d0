/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_provision: the list `provisions:` of one file: what a plan or a law lays on the records of
 * a register, and under which condition.
 *
 * Invariant: a condition is three-valued. Its leaves are SQL comparisons over fields of one record,
 * where null is unknown; words of SQL that make something known of a null are refused.
 */
#include <strings.h>

#include "record/model.h"
#include "store/store.h"

enum { FACTS_MAX = 64, PARTS_MAX = 32 };

const char *const rec_modality_ids[REC_MODALITIES] = {"must",     "shall", "should",   "may",
                                                      "priority", "task",  "forbidden"};

/* ---- reading ---- */

struct reading {
    struct rec_load *l;
    const char **leaves;
    uint32_t leaves_n;
};

static bool read_condition(struct reading *r, const struct kt_yaml *n, int depth,
                           struct rec_condition *ret);

static bool read_leaf(struct reading *r, const struct kt_yaml *n, struct rec_condition *ret)
{
    const char *sql = "";
    if (!kt_yaml_as_str(n, "a condition", &sql)) {
        return false;
    }
    if (r->leaves_n == REC_LEAVES_MAX) {
        kt_yaml_problem(n, "more than %d comparisons; make two provisions of it", REC_LEAVES_MAX);
        return false;
    }
    ret->join = REC_LEAF;
    ret->sql = kt_arena_strdup(r->l->a, sql);
    ret->leaf = r->leaves_n;
    r->leaves[r->leaves_n++] = ret->sql;
    return true;
}

static bool read_parts(struct reading *r, const struct kt_yaml *list, int depth,
                       struct rec_condition *ret)
{
    uint32_t n = kt_yaml_count(list);
    if (kt_yaml_kind(list) != KT_YAML_LIST || n == 0 || n > PARTS_MAX) {
        kt_yaml_problem(list, "a list of 1 to %d conditions is needed", PARTS_MAX);
        return false;
    }
    struct rec_condition *parts = KT_NEW_ARRAY(r->l->a, struct rec_condition, n);
    bool ok = true;
    for (uint32_t i = 0; i < n; i++) {
        ok = read_condition(r, kt_yaml_at(list, i), depth + 1, &parts[i]) && ok;
    }
    ret->parts = parts;
    ret->parts_n = n;
    return ok;
}

/* {all: […]}, {any: […]}, {not: …} */
static bool read_join(struct reading *r, const struct kt_yaml *map, int depth,
                      struct rec_condition *ret)
{
    static const char *const keys[] = {"all", "any"};
    for (int i = 0; i < 2; i++) {
        const struct kt_yaml *list = kt_yaml_get(map, keys[i]);
        if (list) {
            ret->join = i == 0 ? REC_ALL : REC_ANY;
            return read_parts(r, list, depth, ret);
        }
    }
    const struct kt_yaml *inner = kt_yaml_get(map, "not");
    if (!inner) {
        kt_yaml_problem(map, "a condition is SQL, {all: […]}, {any: […]} or {not: …}");
        return false;
    }
    struct rec_condition *one = KT_NEW(r->l->a, struct rec_condition);
    ret->join = REC_NOT;
    ret->parts = one;
    ret->parts_n = 1;
    return read_condition(r, inner, depth + 1, one);
}

static bool read_condition(struct reading *r, const struct kt_yaml *n, int depth,
                           struct rec_condition *ret)
{
    *ret = (struct rec_condition){0};
    if (depth > REC_CONDITION_DEPTH) {
        kt_yaml_problem(n, "conditions are nested deeper than %d", REC_CONDITION_DEPTH);
        return false;
    }
    switch (kt_yaml_kind(n)) {
    case KT_YAML_MAP: {
        bool ok = read_join(r, n, depth, ret);
        kt_yaml_unknown(n);
        return ok;
    }
    case KT_YAML_LIST:
        ret->join = REC_ALL;
        return read_parts(r, n, depth, ret);
    default:
        return read_leaf(r, n, ret);
    }
}

static bool read_when(struct rec_load *l, const struct kt_yaml *map, struct rec_provision *p)
{
    const struct kt_yaml *n = kt_yaml_get(map, "when");
    struct reading r = {l, KT_NEW_ARRAY(l->a, const char *, REC_LEAVES_MAX), 0};
    if (!n || kt_yaml_is_null(n)) {
        return true;
    }
    struct rec_condition *c = KT_NEW(l->a, struct rec_condition);
    bool ok = read_condition(&r, n, 0, c);
    p->when = c;
    p->leaves = r.leaves;
    p->leaves_n = r.leaves_n;
    return ok;
}

static void read_met(struct rec_load *l, const struct kt_yaml *map, struct rec_provision *p)
{
    const struct kt_yaml *m = kt_yaml_map(map, "met", KT_OPTIONAL);
    p->met_register = p->met_sql = "";
    p->met = KT_NONE;
    if (m) {
        p->met_register = rec_read_str(l, m, "register", KT_REQUIRED);
        p->met_sql = rec_read_str(l, m, "sql", KT_REQUIRED);
        kt_yaml_unknown(m);
    }
}

static void read_provision(struct rec_load *l, struct kt_yaml *map)
{
    struct rec_provision p = {.reg = KT_NONE};
    int modality = 0;
    if (!kt_yaml_as_map(map, "a provision") || !rec_read_id(l, map, "id", &p.id)) {
        return;
    }
    p.at = rec_at_of(l, map);
    p.no = rec_read_str(l, map, "no", KT_OPTIONAL);
    p.no = p.no[0] ? p.no : p.id;
    p.register_id = rec_read_str(l, map, "register", KT_REQUIRED);
    p.title = rec_read_text2(l, map, "title", KT_REQUIRED);
    kt_yaml_choice(map, "modality", KT_REQUIRED, rec_modality_ids, REC_MODALITIES, &modality);
    p.modality = (enum rec_modality)modality;
    p.word = rec_read_str(l, map, "word", KT_OPTIONAL);
    p.technique = rec_read_str(l, map, "technique", KT_OPTIONAL);
    p.text = rec_read_str(l, map, "text", KT_REQUIRED);
    p.source = rec_read_source(l, map);
    rec_read_words(l, map, "responsible", &p.responsible, &p.responsible_n);
    bool ok = read_when(l, map, &p);
    read_met(l, map, &p);
    kt_yaml_unknown(map);
    for (uint32_t i = 0; i < l->m->provisions_n; i++) {
        if (strcmp(l->m->provisions[i].id, p.id) == 0) {
            kt_yaml_problem(map, "provision \"%s\" is there already; give it another id", p.id);
            ok = false;
        }
    }
    if (ok) {
        *REC_PUSH(l, l->m->provisions, l->m->provisions_n, l->provisions_cap) = p;
    }
}

void rec_read_provisions(struct rec_load *l, struct kt_yaml *root)
{
    struct kt_yaml *list = kt_yaml_list(root, "provisions", KT_OPTIONAL);
    for (uint32_t i = 0; i < kt_yaml_count(list); i++) {
        read_provision(l, kt_yaml_at(list, i));
    }
}

/* ---- checking ---- */

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

/* These make something known of a null, or ask for more than the record's own fields. */
static bool hides_unknown(const char *word, size_t n)
{
    static const char *const words[] = {"is",    "isnull", "notnull", "coalesce", "ifnull",
                                        "iif",   "case",   "nullif",  "select",   "exists",
                                        "count", "total",  "typeof",  "null"};
    for (size_t i = 0; i < KT_ARRAY_LEN(words); i++) {
        if (strlen(words[i]) == n && strncasecmp(words[i], word, n) == 0) {
            return true;
        }
    }
    return false;
}

static uint64_t fact_bit(struct rec_load *l, struct rec_provision *p, uint32_t *facts, uint32_t f)
{
    for (uint32_t i = 0; i < p->facts_n; i++) {
        if (facts[i] == f) {
            return 1ull << i;
        }
    }
    if (p->facts_n == FACTS_MAX) {
        rec_problem(l, &p->at, "provision \"%s\" reads more than %d fields", p->id, FACTS_MAX);
        return 0;
    }
    facts[p->facts_n] = f;
    return 1ull << p->facts_n++;
}

/* The fields that a comparison names; texts in quotes are passed over. */
static uint64_t facts_of(struct rec_load *l, struct rec_provision *p, uint32_t *facts,
                         const char *sql)
{
    const struct rec_register *reg = &l->m->registers[p->reg];
    uint64_t bits = 0;
    for (const char *s = sql; *s;) {
        size_t n = strspn(s, letters);
        if (*s == '\'') {
            s++;
            s += strcspn(s, "'");
            s += *s == '\'';
            continue;
        }
        if (n == 0) {
            s++;
            continue;
        }
        const char *word = kt_arena_strndup(l->scratch, s, n);
        uint32_t f = rec_field_of(reg, word);
        if (hides_unknown(s, n)) {
            rec_problem(l, &p->at,
                        "provision \"%s\": \"%s\" would make an unknown fact look known; compare "
                        "the field alone",
                        p->id, word);
        } else if (f != KT_NONE && !rec_is_file(&reg->fields[f])) {
            bits |= fact_bit(l, p, facts, f);
        }
        s += n;
    }
    return bits;
}

static void bind_facts(struct rec_load *l, struct rec_provision *p, uint32_t *facts,
                       struct rec_condition *c)
{
    if (c->join == REC_LEAF) {
        c->facts = facts_of(l, p, facts, c->sql);
        if (c->facts == 0) {
            rec_problem(l, &p->at, "provision \"%s\": \"%.80s\" reads no field of %s", p->id,
                        c->sql, l->m->registers[p->reg].id);
        }
        return;
    }
    for (uint32_t i = 0; i < c->parts_n; i++) {
        bind_facts(l, p, facts, (struct rec_condition *)(uintptr_t)&c->parts[i]);
    }
}

static bool reads(void *arg, const char *table, const char *view)
{
    (void)view;
    return rec_register_of(arg, table) != KT_NONE;
}

static void try_sql(struct rec_load *l, const struct rec_provision *p, const char *sql,
                    const char *what)
{
    const struct kt_db_guard guard = {.reads = reads, .arg = l->m};
    struct kt_stmt *st = NULL;
    struct kt_err err = {0};
    if (l->db && kt_db_prepare_guarded(l->db, &guard, sql, &st, &err) < 0) {
        rec_problem(l, &p->at, "provision \"%s\", %s: %.300s", p->id, what, err.text);
    }
    kt_stmt_done(st);
}

static void check_provision(struct rec_load *l, struct rec_provision *p)
{
    p->reg = rec_register_of(l->m, p->register_id);
    if (p->reg == KT_NONE) {
        rec_problem(l, &p->at, "provision \"%s\": there is no register \"%s\"", p->id,
                    p->register_id);
        return;
    }
    uint32_t *facts = KT_NEW_ARRAY(l->a, uint32_t, FACTS_MAX);
    p->facts = facts;
    if (p->when) {
        bind_facts(l, p, facts, (struct rec_condition *)(uintptr_t)p->when);
    }
    for (uint32_t i = 0; i < p->leaves_n; i++) {
        try_sql(l, p,
                kt_arena_printf(l->scratch, "SELECT (%s) FROM %s", p->leaves[i], p->register_id),
                p->leaves[i]);
    }
    if (p->met_register[0]) {
        p->met = rec_register_of(l->m, p->met_register);
        if (p->met == KT_NONE) {
            rec_problem(l, &p->at, "provision \"%s\", met: there is no register \"%s\"", p->id,
                        p->met_register);
            return;
        }
        try_sql(l, p, p->met_sql, "met");
    }
}

void rec_check_provisions(struct rec_load *l)
{
    for (uint32_t i = 0; i < l->m->provisions_n; i++) {
        check_provision(l, &l->m->provisions[i]);
    }
}
