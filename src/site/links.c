/* SPDX-License-Identifier: Apache-2.0 */
/* links: the `links` of site.yaml. A kind accepts its own keys only. */
#include "site/impl.h"

static const char *const kinds[] = {"modbus", "mqtt", "push", "minefile", "upward", "mine",
                                    "camera", "sip",  "sms",  "mail",     "snmp"};

static const char *text(struct load *l, const struct kt_yaml *m, const char *key, enum kt_need need,
                        const char *def)
{
    const char *t = def;
    kt_yaml_str(m, key, need, &t);
    return site_dup(l, t);
}

static int number(const struct kt_yaml *m, const char *key, enum kt_need need, int64_t lo,
                  int64_t hi, int64_t def)
{
    kt_yaml_int(m, key, need, lo, hi, &def);
    return (int)def;
}

/* A file or folder inside the site: relative, without "..". */
static const char *inside(struct load *l, const struct kt_yaml *m, const char *key,
                          enum kt_need need)
{
    const char *t = text(l, m, key, need, "");
    if (t[0] == '/' || strcmp(t, "..") == 0 || strncmp(t, "../", 3) == 0 || strstr(t, "/../") ||
        (strlen(t) > 2 && strcmp(t + strlen(t) - 3, "/..") == 0)) {
        kt_yaml_problem(kt_yaml_get(m, key),
                        "%s \"%s\" leads out of the site; give a path inside the site folder", key,
                        t);
        return "";
    }
    return t;
}

static void modbus(struct load *l, const struct kt_yaml *m, struct kt_link_conf *c)
{
    c->host = text(l, m, "host", KT_REQUIRED, "");
    c->port = number(m, "port", KT_OPTIONAL, 1, 65535, 502);
    c->unit = number(m, "unit", KT_OPTIONAL, 0, 255, 1);
    c->timeout_ns = number(m, "timeout_ms", KT_OPTIONAL, 10, 60000, 500) * KT_MS;
    c->scan_ns = number(m, "scan_ms", KT_OPTIONAL, 10, 3600000, 1000) * KT_MS;
    c->fence = number(m, "fence", KT_OPTIONAL, 0, 65532, -1);
}

static const char *const payloads[] = {"json", "sparkplug", "positions"};

static void mqtt(struct load *l, const struct kt_yaml *m, struct kt_link_conf *c)
{
    c->host = text(l, m, "host", KT_REQUIRED, "");
    c->port = number(m, "port", KT_OPTIONAL, 1, 65535, 1883);
    c->client_id = text(l, m, "client_id", KT_REQUIRED, "");
    c->version = number(m, "version", KT_OPTIONAL, 3, 5, 5);
    c->user = text(l, m, "user", KT_OPTIONAL, "");
    c->password_file = inside(l, m, "password_file", KT_OPTIONAL);
    c->time_field = text(l, m, "time_field", KT_OPTIONAL, "ts");
    c->value_field = text(l, m, "value_field", KT_OPTIONAL, "value");
    kt_yaml_strs(m, "topics", KT_REQUIRED, l->a, &c->topics, &c->topics_n);
    int payload = 0;
    kt_yaml_choice(m, "payload", KT_OPTIONAL, payloads, 3, &payload);
    c->sparkplug = payload == 1;
    c->positions = payload == 2;
    c->host_id = text(l, m, "host_id", KT_OPTIONAL, "");
    if (*c->host_id && (!c->sparkplug || strpbrk(c->host_id, "/+#"))) {
        kt_yaml_problem(kt_yaml_get(m, "host_id"),
                        "host_id belongs to payload: sparkplug and is a word without /, + and #");
    }
}

static void push(struct load *l, const struct kt_yaml *m, struct kt_link_conf *c)
{
    struct kt_yaml *list = kt_yaml_list(m, "producers", KT_REQUIRED);
    uint32_t n = kt_yaml_count(list);
    struct kt_producer *p = KT_NEW_ARRAY(l->a, struct kt_producer, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        struct kt_yaml *pm = kt_yaml_at(list, i);
        if (!kt_yaml_as_map(pm, "a producer")) {
            continue;
        }
        struct kt_producer *to = &p[c->producers_n++];
        to->id = text(l, pm, "id", KT_REQUIRED, "");
        to->token_file = inside(l, pm, "token_file", KT_REQUIRED);
        kt_yaml_strs(pm, "points", KT_REQUIRED, l->a, &to->points, &to->points_n);
        kt_yaml_unknown(pm);
    }
    c->producers = p;
    c->silent_ns = number(m, "silent_s", KT_OPTIONAL, 0, 86400, 300) * KT_SEC;
}

static void minefile(struct load *l, const struct kt_yaml *m, struct kt_link_conf *c)
{
    static const char *const encodings[] = {"utf-8", "gbk"};
    int enc = 0;
    c->in_dir = inside(l, m, "in", KT_OPTIONAL);
    c->out_dir = inside(l, m, "out", KT_OPTIONAL);
    c->silent_ns = number(m, "silent_s", KT_OPTIONAL, 0, 7 * 86400, 900) * KT_SEC;
    c->every_ns = number(m, "every_s", KT_OPTIONAL, 1, 86400, 300) * KT_SEC;
    kt_yaml_choice(m, "encoding", KT_OPTIONAL, encodings, 2, &enc);
    c->encoding = encodings[enc];
    c->record_end = text(l, m, "record_end", KT_OPTIONAL, "~");
    c->file_end = text(l, m, "file_end", KT_OPTIONAL, "||");
    c->field_sep = text(l, m, "field", KT_OPTIONAL, ";");
    if (!*c->in_dir && !*c->out_dir) {
        kt_yaml_problem(m, "link \"%s\" has neither in nor out; name a folder", c->id);
    }
}

/* The server beside this node, and the mine whose stream it is. */
static void stream(struct load *l, const struct kt_yaml *m, struct kt_link_conf *c)
{
    static const char word[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    c->host = text(l, m, "host", KT_OPTIONAL, "127.0.0.1");
    c->port = number(m, "port", KT_OPTIONAL, 1, 65535, 4222);
    c->user = text(l, m, "user", KT_OPTIONAL, "");
    c->password_file = inside(l, m, "password_file", KT_OPTIONAL);
    c->node = text(l, m, "node", KT_OPTIONAL, "");
    c->silent_ns = number(m, "silent_s", KT_OPTIONAL, 3, 86400, 30) * KT_SEC;
    if (!*c->node) {
        c->node = c->kind == KT_LINK_UPWARD ? l->s->pub.id : c->id;
    }
    if (c->node[strspn(c->node, word)] || strlen(c->node) > 63) {
        kt_yaml_problem(m, "node \"%s\" is not a word of at most 63 letters, digits, _ and -",
                        c->node);
    }
}

static void upward(struct load *l, const struct kt_yaml *m, struct kt_link_conf *c)
{
    stream(l, m, c);
    struct kt_yaml *share = kt_yaml_map(m, "share", KT_REQUIRED);
    if (share) {
        kt_yaml_strs(share, "points", KT_OPTIONAL, l->a, &c->share, &c->share_n);
        kt_yaml_strs(share, "registers", KT_OPTIONAL, l->a, &c->registers, &c->registers_n);
        kt_yaml_bool(share, "alarms", KT_OPTIONAL, &c->share_alarms);
        kt_yaml_unknown(share);
    }
}

static void mine(struct load *l, const struct kt_yaml *m, struct kt_link_conf *c)
{
    stream(l, m, c);
}

/* Of all cameras: cameras.csv. */
static void camera(struct load *l, const struct kt_yaml *m, struct kt_link_conf *c)
{
    (void)l;
    c->every_ns = number(m, "probe_s", KT_OPTIONAL, 10, 86400, 120) * KT_SEC;
    c->before_ns = number(m, "before_s", KT_OPTIONAL, 2, 60, 10) * KT_SEC;
    c->keep_days = number(m, "keep_days", KT_OPTIONAL, 1, 3650, 30);
}

static void sip(struct load *l, const struct kt_yaml *m, struct kt_link_conf *c)
{
    c->host = text(l, m, "host", KT_REQUIRED, "");
    c->port = number(m, "port", KT_OPTIONAL, 1, 65535, 5060);
    c->registrar = text(l, m, "registrar", KT_OPTIONAL, "");
    c->user = text(l, m, "user", KT_OPTIONAL, "kuangtu");
    c->password_file = inside(l, m, "password_file", KT_OPTIONAL);
    c->timeout_ns = number(m, "ring_s", KT_OPTIONAL, 2, 300, 30) * KT_SEC;
    c->scan_ns = number(m, "probe_s", KT_OPTIONAL, 1, 3600, 30) * KT_SEC;
    c->keep_days = number(m, "keep_days", KT_OPTIONAL, 1, 3650, 180);
    c->keep_bytes = (int64_t)number(m, "keep_mb", KT_OPTIONAL, 1, 4000000, 20480) << 20;
    kt_yaml_bool(m, "evacuation", KT_OPTIONAL, &c->evacuation);
    if (strpbrk(c->user, " @:<>\"") || !*c->user) {
        kt_yaml_problem(kt_yaml_get(m, "user"), "user \"%s\" is one word, e.g. kuangtu", c->user);
    }
    if (strspn(c->host, "0123456789.") != strlen(c->host)) {
        kt_yaml_problem(kt_yaml_get(m, "host"),
                        "host \"%s\" is this machine's own IPv4 address, the one that phones reach",
                        c->host);
    }
}

static void sms(struct load *l, const struct kt_yaml *m, struct kt_link_conf *c)
{
    c->device = text(l, m, "device", KT_REQUIRED, "");
    c->timeout_ns = number(m, "timeout_s", KT_OPTIONAL, 1, 180, 60) * KT_SEC;
    c->scan_ns = number(m, "probe_s", KT_OPTIONAL, 1, 3600, 60) * KT_SEC;
    if (c->device[0] != '/') {
        kt_yaml_problem(kt_yaml_get(m, "device"),
                        "device \"%s\" is the path of a serial line, e.g. /dev/ttyUSB0", c->device);
    }
}

static void mail(struct load *l, const struct kt_yaml *m, struct kt_link_conf *c)
{
    static const char *const ways[] = {"none", "starttls", "tls"};
    int way = 1;
    c->host = text(l, m, "host", KT_REQUIRED, "");
    kt_yaml_choice(m, "tls", KT_OPTIONAL, ways, 3, &way);
    c->tls = ways[way];
    c->port = number(m, "port", KT_OPTIONAL, 1, 65535, way == 2 ? 465 : 25);
    c->user = text(l, m, "user", KT_OPTIONAL, "");
    c->password_file = inside(l, m, "password_file", KT_OPTIONAL);
    c->from = text(l, m, "from", KT_REQUIRED, "");
    c->timeout_ns = number(m, "timeout_s", KT_OPTIONAL, 1, 180, 30) * KT_SEC;
    if (!strchr(c->from, '@') || strpbrk(c->from, " \r\n<>")) {
        kt_yaml_problem(kt_yaml_get(m, "from"),
                        "from \"%s\" is an address, e.g. kuangtu@mine.example", c->from);
    }
    if (*c->user && !*c->password_file) {
        kt_yaml_problem(m, "link \"%s\" has a user and no password_file; name one", c->id);
    }
}

/* One device. Of version 2 password_file holds the community. */
static void snmp(struct load *l, const struct kt_yaml *m, struct kt_link_conf *c)
{
    static const char *const ways[] = {"sha", "sha256", "sha512"};
    int way = 0;
    c->host = text(l, m, "host", KT_REQUIRED, "");
    c->port = number(m, "port", KT_OPTIONAL, 1, 65535, 161);
    c->version = number(m, "version", KT_OPTIONAL, 2, 3, 2);
    c->user = text(l, m, "user", KT_OPTIONAL, "");
    c->password_file = inside(l, m, "password_file", KT_REQUIRED);
    c->key_file = inside(l, m, "key_file", KT_OPTIONAL);
    kt_yaml_choice(m, "auth", KT_OPTIONAL, ways, 3, &way);
    c->auth = ways[way];
    c->timeout_ns = number(m, "timeout_ms", KT_OPTIONAL, 100, 60000, 1000) * KT_MS;
    c->retries = number(m, "retries", KT_OPTIONAL, 0, 10, 1);
    c->scan_ns = number(m, "scan_ms", KT_OPTIONAL, 100, 3600000, 10000) * KT_MS;
    if (c->host[strspn(c->host, "0123456789abcdefABCDEF.:")]) {
        kt_yaml_problem(kt_yaml_get(m, "host"),
                        "host \"%s\" is an address, e.g. 10.1.0.7: who looks for names waits",
                        c->host);
    }
    if ((c->version == 3) != (*c->user != 0) || (c->version == 2 && *c->key_file)) {
        kt_yaml_problem(m,
                        "link \"%s\": version 3 has a user and may have a key_file, version 2 has "
                        "neither",
                        c->id);
    }
}

static void only_one(struct load *l, const struct kt_yaml *m, const struct kt_link_conf *c)
{
    for (const struct kt_link_conf *o = l->s->pub.links;
         c->kind >= KT_LINK_SIP && c->kind <= KT_LINK_MAIL && o < c; o++) {
        if (o->kind == c->kind) {
            kt_yaml_problem(m, "link \"%s\" is of kind %s, too: a site has one of it", o->id,
                            kinds[c->kind]);
        }
    }
}

/* net-snmp keeps one set of keys for a user of an engine. */
static void one_user(struct load *l, const struct kt_yaml *m, const struct kt_link_conf *c)
{
    for (const struct kt_link_conf *o = l->s->pub.links; c->version == 3 && o < c; o++) {
        if (o->kind == KT_LINK_SNMP && c->kind == o->kind && o->version == 3 &&
            o->port == c->port && strcmp(o->host, c->host) == 0 && strcmp(o->user, c->user) == 0) {
            kt_yaml_problem(m,
                            "link \"%s\" asks the same device as the same user; put its points "
                            "on one link",
                            o->id);
        }
    }
}

static void read_link(struct load *l, const struct kt_yaml *m, struct kt_link_conf *c)
{
    static void (*const readers[])(struct load *, const struct kt_yaml *, struct kt_link_conf *) = {
        modbus, mqtt, push, minefile, upward, mine, camera, sip, sms, mail, snmp};
    int kind = 0;
    c->host = c->client_id = c->user = c->password_file = c->time_field = c->value_field =
        c->host_id = c->key_file = c->auth = c->node = c->registrar = c->device = c->from = c->tls =
            "";
    c->in_dir = c->out_dir = c->encoding = c->record_end = c->file_end = c->field_sep = "";
    c->id = text(l, m, "id", KT_REQUIRED, "");
    if (kt_yaml_choice(m, "kind", KT_REQUIRED, kinds, KT_ARRAY_LEN(kinds), &kind)) {
        c->kind = (enum kt_link_kind)kind;
        readers[kind](l, m, c);
        kt_yaml_unknown(m);
        only_one(l, m, c);
        one_user(l, m, c);
    }
}

void site_links(struct load *l, const struct kt_yaml *root)
{
    struct kt_yaml *list = kt_yaml_list(root, "links", KT_OPTIONAL);
    uint32_t n = kt_yaml_count(list);
    struct kt_link_conf *c = KT_NEW_ARRAY(l->a, struct kt_link_conf, n + 1);
    l->s->pub.links = c;
    for (uint32_t i = 0; i < n; i++) {
        struct kt_yaml *m = kt_yaml_at(list, i);
        if (!kt_yaml_as_map(m, "a link")) {
            continue;
        }
        uint32_t at = l->s->pub.links_n++;
        read_link(l, m, &c[at]);
        uint64_t first;
        if (kt_map_get(l->link_ids, kt_str_c(c[at].id), &first)) {
            kt_yaml_problem(m, "link \"%s\" stands already in this list; give it another id",
                            c[at].id);
        } else {
            kt_map_set(l->link_ids, kt_str_c(c[at].id), at);
        }
    }
}
