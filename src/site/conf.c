/* SPDX-License-Identifier: Apache-2.0 */
/* conf: site.yaml: settings, packs, shifts, people; links are in links.c. */
#include "site/impl.h"

#include "cluster/cluster.h"
#include "conf/settings.h"

static const char *const rights[] = {"view",
                                     "history.read",
                                     "export",
                                     "alarm.ack",
                                     "alarm.shelve",
                                     "alarm.oos",
                                     "output.open",
                                     "output.close",
                                     "output.confirm",
                                     "output.tag",
                                     "output.untag",
                                     "calibration.write",
                                     "limit.propose",
                                     "limit.approve",
                                     "card.write",
                                     "test.write",
                                     "handover",
                                     "manual.set",
                                     "drill",
                                     "site.reload",
                                     "user.admin",
                                     "security.admin",
                                     "audit.read",
                                     "report.read",
                                     "report.sign",
                                     "backtest",
                                     "record.read",
                                     "record.write",
                                     "record.import",
                                     "record.merge",
                                     "personal.erase",
                                     "ledger.read",
                                     "ledger.post",
                                     "ledger.close",
                                     "calendar.write",
                                     "indicator.read",
                                     "indicator.write",
                                     "target.write",
                                     "person.see",
                                     "person.manage",
                                     "evacuation",
                                     "call",
                                     "call.hear",
                                     "broadcast",
                                     "output.set"};

const char *const *kt_site_rights(uint32_t *ret_n)
{
    *ret_n = KT_ARRAY_LEN(rights);
    return rights;
}

static bool all_digits(const char *s)
{
    return s[strspn(s, "0123456789")] == 0;
}

static bool is_url(const char *t)
{
    return strncmp(t, "http://", 7) == 0 || strncmp(t, "https://", 8) == 0;
}

/* "42" or "42:7" */
static bool is_tenant(const char *t)
{
    size_t n = strspn(t, "0123456789");
    return n > 0 && (!t[n] || (t[n] == ':' && t[n + 1] && all_digits(t + n + 1)));
}

/* Long history: what does not fit together. */
static void victoria(struct load *l, const struct kt_yaml *root, const struct kt_settings *st)
{
    struct kt_site *s = &l->s->pub;
    const struct kt_setting_value *v = st->v;
    s->victoria.url = v[KT_SETTING_VICTORIA_URL].text;
    s->victoria.read_url = v[KT_SETTING_VICTORIA_READ_URL].text;
    s->victoria.tenant = v[KT_SETTING_VICTORIA_TENANT].text;
    s->victoria.user = v[KT_SETTING_VICTORIA_USER].text;
    s->victoria.password_file = v[KT_SETTING_VICTORIA_PASSWORD].text;
    s->victoria.token_file = v[KT_SETTING_VICTORIA_TOKEN].text;
    s->victoria.ca = v[KT_SETTING_VICTORIA_CA].text;
    s->victoria.local_days = (int)v[KT_SETTING_VICTORIA_DAYS].number;
    const struct {
        bool wrong;
        enum kt_setting_id at;
        const char *text;
    } mistakes[] = {
        {*s->victoria.url && !is_url(s->victoria.url), KT_SETTING_VICTORIA_URL,
         "storage.victoria.url begins with neither http:// nor https://"},
        {*s->victoria.read_url && !is_url(s->victoria.read_url), KT_SETTING_VICTORIA_READ_URL,
         "storage.victoria.read_url begins with neither http:// nor https://"},
        {*s->victoria.tenant && !is_tenant(s->victoria.tenant), KT_SETTING_VICTORIA_TENANT,
         "storage.victoria.tenant is a number, or two with a colon: \"0\", \"42:7\""},
        {*s->victoria.user && !*s->victoria.password_file, KT_SETTING_VICTORIA_USER,
         "storage.victoria.user has no password_file"},
        {!*s->victoria.url && s->victoria.local_days > 0, KT_SETTING_VICTORIA_DAYS,
         "storage.victoria.local_days without storage.victoria.url would drop history for good; "
         "name the url or leave it out"},
    };
    for (size_t i = 0; i < KT_ARRAY_LEN(mistakes); i++) {
        if (mistakes[i].wrong) {
            site_find(l, KT_FIND_ERROR, "format", kt_yaml_file(root), v[mistakes[i].at].line,
                      v[mistakes[i].at].col, "%s", mistakes[i].text);
        }
    }
}

static void settings(struct load *l, const struct kt_yaml *root)
{
    struct kt_settings st;
    struct kt_site *s = &l->s->pub;
    kt_settings_read(root, l->a, &st);
    victoria(l, root, &st);
    const struct kt_setting_value *v = st.v;
    s->id = v[KT_SETTING_ID].text;
    s->simulation = v[KT_SETTING_SIMULATION].number != 0;
    s->mine_code = v[KT_SETTING_MINE_CODE].text;
    s->gas_class = v[KT_SETTING_GAS_CLASS].text;
    s->utc_offset_s = (int)v[KT_SETTING_UTC_OFFSET].number;
    s->crs_epsg = (int)v[KT_SETTING_CRS_EPSG].number;
    s->crs_name = v[KT_SETTING_CRS_NAME].text;
    s->report_day_s = (int)v[KT_SETTING_REPORT_DAY].number;
    s->listen_http = v[KT_SETTING_LISTEN_HTTP].text;
    s->listen_https = v[KT_SETTING_LISTEN_HTTPS].text;
    s->tls_cert = v[KT_SETTING_TLS_CERT].text;
    s->tls_key = v[KT_SETTING_TLS_KEY].text;
    s->journal = v[KT_SETTING_JOURNAL].text;
    s->shards = v[KT_SETTING_SHARDS].text;
    s->cluster.ttl_s = (int)v[KT_SETTING_CLUSTER_TTL].number;
    s->cluster.keep_mb = (int)v[KT_SETTING_CLUSTER_KEEP_MB].number;
    s->cluster.keep_hours = (int)v[KT_SETTING_CLUSTER_KEEP_HOURS].number;
    s->cluster.quota_mb = (int)v[KT_SETTING_CLUSTER_QUOTA_MB].number;
    s->journal_days = (int)v[KT_SETTING_JOURNAL_DAYS].number;
    s->segment_mb = (int)v[KT_SETTING_SEGMENT_MB].number;
    s->reserve_mb = (int)v[KT_SETTING_RESERVE_MB].number;
    s->history_days[KT_RETAIN_KEY] = (int)v[KT_SETTING_HISTORY_KEY].number;
    s->history_days[KT_RETAIN_NORMAL] = (int)v[KT_SETTING_HISTORY_NORMAL].number;
    s->history_days[KT_RETAIN_SHORT] = (int)v[KT_SETTING_HISTORY_SHORT].number;
    s->accounts.idle_minutes = (int)v[KT_SETTING_IDLE_MINUTES].number;
    s->accounts.lock_failures = (int)v[KT_SETTING_LOCK_FAILURES].number;
    s->accounts.lock_minutes = (int)v[KT_SETTING_LOCK_MINUTES].number;
    s->accounts.password_min = (int)v[KT_SETTING_PASSWORD_MIN].number;
    s->accounts.logins_per_minute = (int)v[KT_SETTING_LOGINS_PER_MINUTE].number;
    s->accounts.queries_per_minute = (int)v[KT_SETTING_QUERIES_PER_MINUTE].number;
    s->accounts.requests_per_minute = (int)v[KT_SETTING_REQUESTS_PER_MINUTE].number;
    s->accounts.log_days = (int)v[KT_SETTING_LOG_DAYS].number;
    if (*s->mine_code && (strlen(s->mine_code) != 12 || !all_digits(s->mine_code))) {
        site_find(l, KT_FIND_ERROR, "format", kt_yaml_file(root), v[KT_SETTING_MINE_CODE].line,
                  v[KT_SETTING_MINE_CODE].col,
                  "mine_code \"%s\" is not 12 digits; write it in quotes, e.g. \"140000000001\"",
                  s->mine_code);
    }
    struct kt_err err = {0};
    if (kt_cluster_address(s->journal, &err) < 0) {
        site_find(l, KT_FIND_ERROR, "format", kt_yaml_file(root), v[KT_SETTING_JOURNAL].line,
                  v[KT_SETTING_JOURNAL].col, "journal: %s", err.text);
    }
    if (kt_cluster_address(s->shards, &err) < 0) {
        site_find(l, KT_FIND_ERROR, "format", kt_yaml_file(root), v[KT_SETTING_SHARDS].line,
                  v[KT_SETTING_SHARDS].col, "shards: %s", err.text);
    }
    if (*s->listen_https && (!*s->tls_cert || !*s->tls_key)) {
        site_find(l, KT_FIND_ERROR, "format", kt_yaml_file(root), v[KT_SETTING_LISTEN_HTTPS].line,
                  v[KT_SETTING_LISTEN_HTTPS].col,
                  "listen.https has no cert or no key; name both files");
    }
}

static void shifts(struct load *l, const struct kt_yaml *root)
{
    struct kt_yaml *list = kt_yaml_list(root, "shifts", KT_OPTIONAL);
    uint32_t n = kt_yaml_count(list);
    struct kt_shift *s = KT_NEW_ARRAY(l->a, struct kt_shift, n + 1);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct kt_yaml *m = kt_yaml_at(list, i);
        const char *id = "";
        if (!kt_yaml_as_map(m, "a shift") || !kt_yaml_str(m, "id", KT_REQUIRED, &id)) {
            continue;
        }
        s[kept].id = site_dup(l, id);
        s[kept].name = site_text2(l, m, "name", KT_REQUIRED);
        kt_yaml_clock(m, "start", KT_REQUIRED, &s[kept].start_s);
        kt_yaml_unknown(m);
        if (kept && s[kept].start_s <= s[kept - 1].start_s) {
            kt_yaml_problem(m,
                            "shift \"%s\" does not start after the one before; list shifts by "
                            "their start",
                            id);
        }
        kept++;
    }
    l->s->pub.shifts = s;
    l->s->pub.shifts_n = kept;
}

/* Other sites whose screens people go to from here. */
static void neighbours(struct load *l, const struct kt_yaml *root)
{
    struct kt_yaml *list = kt_yaml_list(root, "neighbours", KT_OPTIONAL);
    uint32_t n = kt_yaml_count(list);
    struct kt_neighbour *all = KT_NEW_ARRAY(l->a, struct kt_neighbour, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        struct kt_yaml *m = kt_yaml_at(list, i);
        struct kt_neighbour *one = &all[l->s->pub.neighbours_n];
        const char *url = "";
        if (!kt_yaml_as_map(m, "a neighbour") || !kt_yaml_str(m, "url", KT_REQUIRED, &url)) {
            continue;
        }
        one->name = site_text2(l, m, "name", KT_REQUIRED);
        one->url = site_dup(l, url);
        kt_yaml_unknown(m);
        if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0) {
            kt_yaml_problem(kt_yaml_get(m, "url"),
                            "\"%s\" begins with neither http:// nor https://", url);
        }
        l->s->pub.neighbours_n++;
    }
    l->s->pub.neighbours = all;
}

/* May registers make this a right? NAME.word is left to who reads them, but for names that are the
 * program's own and no register's. */
static bool of_a_register(const char *right)
{
    size_t n = strcspn(right, ".");
    for (size_t i = 0; i < KT_ARRAY_LEN(rights); i++) {
        if (strcspn(rights[i], ".") == n && strncmp(right, rights[i], n) == 0) {
            return strcmp(rights[i], "target.write") == 0;
        }
    }
    return right[n] == '.' && right[n + 1];
}

static void check_rights(const struct kt_yaml *m, const struct kt_people_role *p)
{
    for (uint32_t i = 0; i < p->rights_n; i++) {
        bool known = of_a_register(p->rights[i]);
        for (size_t j = 0; j < KT_ARRAY_LEN(rights); j++) {
            known = known || strcmp(p->rights[i], rights[j]) == 0;
        }
        if (!known) {
            struct kt_suggest s = kt_suggest_init(kt_str_c(p->rights[i]));
            char buf[KT_SUGGEST_TEXT];
            for (size_t j = 0; j < KT_ARRAY_LEN(rights); j++) {
                kt_suggest_try(&s, rights[j]);
            }
            const struct kt_yaml *list = kt_yaml_get(m, "rights");
            const struct kt_yaml *at = kt_yaml_at(list, i);
            kt_yaml_problem(at ? at : list, "unknown right \"%s\"%s", p->rights[i],
                            kt_suggest_text(&s, buf));
        }
    }
}

static bool has_right(const struct kt_people_role *p, const char *right)
{
    for (uint32_t i = 0; i < p->rights_n; i++) {
        if (strcmp(p->rights[i], right) == 0) {
            return true;
        }
    }
    return false;
}

static void keep_places(struct load *l, const struct kt_yaml *m, struct kt_people_role *p)
{
    const struct kt_yaml *list = kt_yaml_get(m, "rights");
    int *at = KT_NEW_ARRAY(l->a, int, 2 * (size_t)p->rights_n + 1);
    for (uint32_t i = 0; i < p->rights_n; i++) {
        at[2 * i] = kt_yaml_line(kt_yaml_at(list, i));
        at[2 * i + 1] = kt_yaml_col(kt_yaml_at(list, i));
    }
    p->rights_at = at;
}

/* System, security and audit administrator are three roles that one person cannot hold together. */
static void check_separation(const struct kt_yaml *m, const struct kt_people_role *p)
{
    int n =
        has_right(p, "user.admin") + has_right(p, "security.admin") + has_right(p, "audit.read");
    if (n > 1) {
        kt_yaml_problem(m,
                        "role \"%s\" holds more than one of user.admin, security.admin, "
                        "audit.read; split it into separate roles",
                        p->id);
    }
}

static void people(struct load *l, const struct kt_yaml *root)
{
    struct kt_yaml *list = kt_yaml_list(root, "people", KT_OPTIONAL);
    uint32_t n = kt_yaml_count(list);
    if (n > KT_ARRAY_LEN(l->people_line)) {
        kt_yaml_problem(list, "%u roles of people; at most %zu", n, KT_ARRAY_LEN(l->people_line));
        n = KT_ARRAY_LEN(l->people_line);
    }
    struct kt_people_role *p = KT_NEW_ARRAY(l->a, struct kt_people_role, n + 1);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct kt_yaml *m = kt_yaml_at(list, i);
        const char *id = "";
        if (!kt_yaml_as_map(m, "a role of people") || !kt_yaml_str(m, "id", KT_REQUIRED, &id)) {
            continue;
        }
        struct kt_people_role *r = &p[kept];
        r->id = site_dup(l, id);
        r->name = site_text2(l, m, "name", KT_REQUIRED);
        kt_yaml_strs(m, "rights", KT_REQUIRED, l->a, &r->rights, &r->rights_n);
        kt_yaml_strs(m, "places", KT_REQUIRED, l->a, &r->places, &r->places_n);
        kt_yaml_unknown(m);
        keep_places(l, m, r);
        check_rights(m, r);
        check_separation(m, r);
        for (uint32_t j = 0; j < kept; j++) {
            if (strcmp(p[j].id, r->id) == 0) {
                kt_yaml_problem(m, "role \"%s\" stands already at line %d; give it another id", id,
                                l->people_line[j]);
            }
        }
        l->people_line[kept] = kt_yaml_line(m);
        l->people_col[kept] = kt_yaml_col(m);
        kept++;
    }
    l->s->pub.people = p;
    l->s->pub.people_n = kept;
}

void site_people_check(struct load *l)
{
    for (uint32_t i = 0; i < l->s->pub.people_n; i++) {
        const struct kt_people_role *p = &l->s->pub.people[i];
        for (uint32_t j = 0; j < p->places_n; j++) {
            if (strcmp(p->places[j], "*") != 0 &&
                kt_site_place(&l->s->pub, kt_str_c(p->places[j])).v == KT_NONE) {
                site_find(l, KT_FIND_ERROR, "reference", "site.yaml", l->people_line[i],
                          l->people_col[i],
                          "role \"%s\": unknown place \"%s\"; use an id of places.csv or \"*\"",
                          p->id, p->places[j]);
            }
        }
    }
}

static void packs(struct load *l, const struct kt_yaml *root)
{
    struct kt_yaml *list = kt_yaml_list(root, "packs", KT_REQUIRED);
    uint32_t n = kt_yaml_count(list);
    const char **ids = KT_NEW_ARRAY(l->a, const char *, n + 1);
    l->s->pub.packs = ids;
    for (uint32_t i = 0; i < n; i++) {
        const struct kt_yaml *at = kt_yaml_at(list, i);
        const char *id = "";
        if (kt_yaml_as_str(at, "a pack", &id)) {
            id = site_dup(l, id);
            site_pack(l, id, at);
            ids[l->s->pub.packs_n++] = id;
        }
    }
}

static void defaults(struct kt_site *s)
{
    s->id = s->mine_code = s->crs_name = s->listen_http = s->listen_https = "";
    s->tls_cert = s->tls_key = s->name.zh = s->name.en = "";
    s->gas_class = "low";
    s->contacts = "";
}

void site_conf(struct load *l)
{
    defaults(&l->s->pub);
    char *path = kt_arena_printf(l->scratch, "%s/site.yaml", l->dir);
    struct kt_yaml *root = site_yaml(l, path, "site.yaml");
    if (!root) {
        return;
    }
    settings(l, root);
    l->s->pub.name = site_text2(l, root, "name", KT_REQUIRED);
    shifts(l, root);
    neighbours(l, root);
    people(l, root);
    site_links(l, root);
    site_climb(l, root);
    packs(l, root);
    kt_yaml_unknown(root);
}
