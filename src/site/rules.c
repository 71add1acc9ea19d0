/* SPDX-License-Identifier: Apache-2.0 */
/* rules: the files rules/<topic>.yaml of packs and of the site, as they are written. */
#include "site/impl.h"

static void read_delays(const struct kt_yaml *n, struct kt_rule *r)
{
    kt_yaml_duration(n, "on_delay", KT_OPTIONAL, &r->on_delay_ns);
    kt_yaml_duration(n, "off_delay", KT_OPTIONAL, &r->off_delay_ns);
    kt_yaml_duration(n, "within", KT_OPTIONAL, &r->within_ns);
    if (r->on_delay_ns < 0 || r->off_delay_ns < 0 || r->within_ns < 0) {
        kt_yaml_problem(n, "rule \"%s\": a delay is not below 0", r->id);
    }
}

static void read_texts(struct load *l, const struct kt_yaml *n, struct kt_rule *r)
{
    r->title = site_text2(l, n, "title", KT_REQUIRED);
    r->cause = site_text2(l, n, "cause", KT_REQUIRED);
    r->consequence = site_text2(l, n, "consequence", KT_REQUIRED);
    r->action_text = site_text2(l, n, "action", KT_REQUIRED);
}

static void read_kind(const struct kt_yaml *n, struct kt_rule *r)
{
    static const char *const categories[] = {"over-limit", "cut",     "feed",   "fault", "fan",
                                             "trust",      "process", "people", "self",  "link"};
    static const char *const causes[] = {"none", "place", "panel"};
    int category = 6, cause = 0;
    int64_t priority = 3;
    kt_yaml_choice(n, "category", KT_REQUIRED, categories, KT_ARRAY_LEN(categories), &category);
    kt_yaml_choice(n, "same_cause", KT_OPTIONAL, causes, KT_ARRAY_LEN(causes), &cause);
    kt_yaml_int(n, "priority", KT_REQUIRED, 1, 4, &priority);
    kt_yaml_bool(n, "statutory", KT_OPTIONAL, &r->statutory);
    kt_yaml_bool(n, "latch", KT_OPTIONAL, &r->latch);
    r->category = categories[category];
    r->same_cause = causes[cause];
    r->priority = (uint8_t)priority;
}

/* The text of a condition and where its first character stands. */
const char *site_condition(struct load *l, const struct kt_yaml *n, const char *key,
                           enum kt_need need, struct origin *at)
{
    const char *text = NULL;
    if (!kt_yaml_str(n, key, need, &text)) {
        return NULL;
    }
    const struct kt_yaml *v = kt_yaml_get(n, key);
    *at = site_origin(v, false);
    kt_yaml_text_at(v, &at->line, &at->col);
    return site_dup(l, text);
}

static bool read_linked(const struct kt_yaml *n, struct action_decl *a, const char **text)
{
    static const struct {
        const char *key;
        int kind;
    } all[] = {{"people", DO_PEOPLE},
               {"evacuate", DO_EVACUATE},
               {"cameras", DO_CAMERAS},
               {"case", DO_CASE}};
    for (size_t i = 0; i < KT_ARRAY_LEN(all); i++) {
        if (kt_yaml_str(n, all[i].key, KT_OPTIONAL, text)) {
            a->kind = all[i].kind;
            return true;
        }
    }
    return false;
}

static void read_action(struct load *l, const struct kt_yaml *n, struct rule_decl *d)
{
    struct action_decl *a = &d->then[d->then_n];
    const char *text = NULL;
    if (!kt_yaml_as_map(n, "an action")) {
        return;
    }
    a->at = site_origin(n, d->at.site);
    if (kt_yaml_str(n, "open", KT_OPTIONAL, &text)) {
        a->kind = strcmp(text, "range") == 0  ? DO_OPEN_RANGE
                  : site_selector_asset(text) ? DO_OPEN_ASSET
                                              : DO_OPEN_POINTS;
    } else if (kt_yaml_str(n, "close", KT_OPTIONAL, &text)) {
        a->kind = DO_CLOSE_POINTS;
    } else if (kt_yaml_str(n, "card", KT_OPTIONAL, &text)) {
        a->kind = DO_CARD;
    } else if (kt_yaml_str(n, "picture", KT_OPTIONAL, &text)) {
        a->kind = DO_PICTURE;
    } else if (kt_yaml_str(n, "sequence", KT_OPTIONAL, &text)) {
        a->kind = DO_SEQUENCE;
    } else if (kt_yaml_str(n, "broadcast", KT_OPTIONAL, &text)) {
        a->kind = DO_BROADCAST;
        a->words = site_text2(l, n, "text", KT_REQUIRED);
    } else if (kt_yaml_str(n, "call", KT_OPTIONAL, &text)) {
        a->kind = DO_CALL;
    } else {
        (void)read_linked(n, a, &text);
    }
    kt_yaml_unknown(n);
    if (!text || kt_yaml_count(n) != (a->kind == DO_BROADCAST ? 2 : 1)) {
        kt_yaml_problem(n,
                        "an action is one of {open: range}, {open: SELECTOR}, {card: NAME}, "
                        "{picture: nearest or CAMERA}, {sequence: ID}, {people: place|downstream}, "
                        "{evacuate: working|place|PLACE}, {cameras: N}, {case: REGISTER}, "
                        "{broadcast: place|downstream|PLACE, text: {zh, en}}, {call: PHONE}");
        return;
    }
    a->text = site_dup(l, text);
    d->then_n++;
}

static void read_actions(struct load *l, const struct kt_yaml *n, struct rule_decl *d)
{
    struct kt_yaml *list = kt_yaml_list(n, "then", KT_OPTIONAL);
    uint32_t count = kt_yaml_count(list);
    d->then = KT_NEW_ARRAY(l->scratch, struct action_decl, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        read_action(l, kt_yaml_at(list, i), d);
    }
}

static bool read_rule(struct load *l, const struct kt_yaml *n, const char *pack,
                      struct rule_decl *d)
{
    const char *id = NULL;
    if (!kt_yaml_as_map(n, "a rule") || !kt_yaml_str(n, "id", KT_REQUIRED, &id)) {
        return false;
    }
    d->at = site_origin(n, pack == NULL);
    d->r.id = site_dup(l, id);
    d->r.pack = pack ? site_dup(l, pack) : "";
    d->r.file = site_dup(l, d->at.file);
    d->r.line = d->at.line;
    read_texts(l, n, &d->r);
    read_kind(n, &d->r);
    read_delays(n, &d->r);
    d->r.clause = site_source(l, n, "clause");
    site_selector_read(l, kt_yaml_need(n, "select"), &d->select);
    d->raise = site_condition(l, n, "raise", KT_REQUIRED, &d->raise_at);
    d->clear = site_condition(l, n, "clear", KT_OPTIONAL, &d->clear_at);
    d->suppress = site_condition(l, n, "suppress_when", KT_OPTIONAL, &d->suppress_at);
    d->r.suppress_text = d->suppress ? d->suppress : "";
    read_actions(l, n, d);
    kt_yaml_unknown(n);
    site_scan_of(n, "raise", d->raise, &d->scan);
    site_scan_of(n, "clear", d->clear, &d->scan);
    site_scan_of(n, "suppress_when", d->suppress, &d->suppress_scan);
    return d->raise != NULL;
}

/* A rule of the site takes the place of one of a pack with the same id, unless that is statutory.
 */
static void add_rule(struct load *l, const struct kt_yaml *n, const struct rule_decl *d)
{
    uint64_t at;
    if (!kt_map_get(l->s->rule_ids, kt_str_c(d->r.id), &at)) {
        kt_map_set(l->s->rule_ids, kt_str_c(d->r.id), l->rules_n);
        *SITE_PUSH(l, l->rules, l->rules_n, l->rules_cap) = *d;
        return;
    }
    struct rule_decl *was = &l->rules[at];
    if (!d->at.site || was->at.site) {
        kt_yaml_problem(n, "rule \"%s\" stands already at %s:%d; give it another id", d->r.id,
                        was->r.file, was->r.line);
    } else if (was->r.interlock || d->r.interlock) {
        kt_yaml_problem(n,
                        "\"%s\" is an interlock of pack %s and is not replaced; give this one "
                        "another id: both must permit",
                        d->r.id, was->r.pack);
    } else if (was->r.statutory) {
        kt_yaml_problem(n,
                        "rule \"%s\" of pack %s is statutory and is not replaced; give this rule "
                        "another id",
                        d->r.id, was->r.pack);
    } else {
        *was = *d;
    }
}

/* An interlock is kept as a rule that raises nothing and whose condition is its permit. */
static bool read_interlock(struct load *l, const struct kt_yaml *n, const char *pack,
                           struct rule_decl *d)
{
    const char *id = NULL;
    if (!kt_yaml_as_map(n, "an interlock") || !kt_yaml_str(n, "id", KT_REQUIRED, &id)) {
        return false;
    }
    d->at = site_origin(n, pack == NULL);
    d->r.id = site_dup(l, id);
    d->r.pack = pack ? site_dup(l, pack) : "";
    d->r.file = site_dup(l, d->at.file);
    d->r.line = d->at.line;
    d->r.interlock = true;
    d->r.category = "process";
    d->r.same_cause = "none";
    d->r.priority = 4;
    d->r.suppress_text = "";
    d->r.title = site_text2(l, n, "title", KT_REQUIRED);
    d->r.cause = site_text2(l, n, "reason", KT_REQUIRED);
    d->r.consequence = d->r.action_text = (struct kt_text){"", ""};
    d->r.clause = site_source(l, n, "clause");
    kt_yaml_bool(n, "hold", KT_OPTIONAL, &d->r.hold);
    site_selector_read(l, kt_yaml_need(n, "select"), &d->select);
    d->select.commanded = 1;
    d->raise = site_condition(l, n, "permit", KT_REQUIRED, &d->raise_at);
    kt_yaml_unknown(n);
    site_scan_of(n, "permit", d->raise, &d->scan);
    return d->raise != NULL;
}

static void read_interlocks(struct load *l, const struct kt_yaml *root, const char *pack)
{
    struct kt_yaml *list = kt_yaml_list(root, "interlocks", KT_OPTIONAL);
    for (uint32_t i = 0; i < kt_yaml_count(list); i++) {
        struct rule_decl d = {0};
        if (read_interlock(l, kt_yaml_at(list, i), pack, &d)) {
            add_rule(l, kt_yaml_at(list, i), &d);
        }
    }
}

static void read_linkages(struct load *l, const struct kt_yaml *root, const char *pack)
{
    struct kt_yaml *list = kt_yaml_list(root, "linkages", KT_OPTIONAL);
    for (uint32_t i = 0; i < kt_yaml_count(list); i++) {
        const struct kt_yaml *n = kt_yaml_at(list, i);
        struct linkage_decl k = {0};
        if (!kt_yaml_as_map(n, "a linkage") || !kt_yaml_str(n, "of", KT_REQUIRED, &k.of)) {
            continue;
        }
        k.of = site_dup(l, k.of);
        k.d.at = site_origin(n, pack == NULL);
        k.d.r.id = k.of;
        read_actions(l, n, &k.d);
        for (uint32_t a = 0; a < k.d.then_n; a++) {
            int kind = (int)k.d.then[a].kind;
            if (kind <= DO_SEQUENCE && kind != DO_CARD) { /* a clause allows it to its own rule */
                kt_yaml_problem(n,
                                "a linkage of rule \"%s\" switches nothing; write a rule of the "
                                "site that opens \"%s\"",
                                k.of, k.d.then[a].text);
            }
        }
        kt_yaml_unknown(n);
        *SITE_PUSH(l, l->linkages, l->linkages_n, l->linkages_cap) = k;
    }
}

static void read_root(struct load *l, const struct kt_yaml *root, const char *pack)
{
    read_interlocks(l, root, pack);
    read_linkages(l, root, pack);
    bool only = kt_yaml_get(root, "interlocks") || kt_yaml_get(root, "linkages");
    struct kt_yaml *list = kt_yaml_list(
        root, "rules", only && !kt_yaml_get(root, "rules") ? KT_OPTIONAL : KT_REQUIRED);
    for (uint32_t i = 0; i < kt_yaml_count(list); i++) {
        struct rule_decl d = {0};
        if (read_rule(l, kt_yaml_at(list, i), pack, &d)) {
            add_rule(l, kt_yaml_at(list, i), &d);
        }
    }
    kt_yaml_unknown(root);
}

void site_rules_file(struct load *l, const char *path, const char *name, const char *pack)
{
    struct kt_yaml *root = site_yaml(l, path, name);
    if (root) {
        read_root(l, root, pack);
    }
}

void site_rules_text(struct load *l, struct kt_str text, const char *name, const char *pack)
{
    struct kt_yaml *root = NULL;
    struct kt_err err;
    if (kt_yaml_parse(l->scratch, text, name, &l->problems, &root, &err) < 0) {
        kt_problem_err(&l->problems, &err);
    } else if (kt_yaml_as_map(root, "the text")) {
        read_root(l, root, pack);
    }
}
