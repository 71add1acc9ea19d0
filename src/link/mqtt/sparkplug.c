/* SPDX-License-Identifier: Apache-2.0 */
#include "link/mqtt/sparkplug.h"

#include <stdlib.h>

#include "link/mqtt/tahu.h"

#define ASK_FIRST (5 * KT_SEC)
#define ASK_LAST  (60 * KT_SEC)

enum node_state { UNBORN, ONLINE, DOUBTFUL };

/* One point and the metric that it hears. */
struct entry {
    uint32_t point, node, device; /* device: of the node's own, KT_NONE none */
    uint32_t next;                /* index + 1 of the next one of the same metric; 0: none */
    uint32_t datatype;
    bool has_alias, in_birth, valued;
    uint64_t alias;
    kt_time last; /* of the newest value */
    double value;
};

struct device {
    uint32_t node;
    bool born;
};

struct alias {
    uint64_t alias;
    uint32_t entry;
};

struct node {
    const char *name; /* GROUP/NODE, borrowed from an address */
    size_t name_n;
    enum node_state state;
    int seq;
    bool has_bdseq, ask, again; /* again: this birth was asked for already */
    double bdseq;
    kt_mono asked; /* last; 0: not in this session */
    int64_t ask_wait;
    uint32_t first, n; /* entries */
    struct alias *aliases;
    uint32_t aliases_n;
};

struct spark {
    const struct kt_site *site;
    struct kt_map *nodes, *devices, *metrics; /* to index + 1 */
    struct entry *entries;
    struct node *node;
    struct device *device;
    uint32_t entries_n, nodes_n, devices_n;
};

/* A message under way. */
struct message {
    struct spark *s;
    struct node *node;
    uint32_t device; /* KT_NONE: of the node itself */
    bool birth, unknown;
    kt_time arrival, time;
    sample_fn fn;
    void *arg;
    int taken;
};

/* ---- what the site asks for ------------------------------------------------------------------ */

static uint32_t index_of(struct kt_map *map, struct kt_str key)
{
    uint64_t v;
    return kt_map_get(map, key, &v) ? (uint32_t)v - 1 : KT_NONE;
}

/* GROUP/NODE of GROUP/NODE[/DEVICE] */
static struct kt_str node_part(struct kt_str s)
{
    const char *a = memchr(s.p, '/', s.n), *end = s.p + s.n;
    const char *b = a ? memchr(a + 1, '/', (size_t)(end - a - 1)) : NULL;
    return (struct kt_str){s.p, b ? (size_t)(b - s.p) : s.n};
}

/* The key of a metric: its edge (node or device) and its name. */
static struct kt_str metric_key(struct kt_str edge, struct kt_str name, char *buf, size_t cap)
{
    size_t n = edge.n + 1 + name.n;
    if (n > cap) {
        return (struct kt_str){"", 0};
    }
    memcpy(buf, edge.p, edge.n);
    buf[edge.n] = '#';
    memcpy(buf + edge.n + 1, name.p, name.n);
    return (struct kt_str){buf, n};
}

static uint32_t node_of(struct spark *s, struct kt_str name)
{
    uint32_t at = index_of(s->nodes, name);
    if (at == KT_NONE) {
        at = s->nodes_n++;
        s->node[at] = (struct node){.name = name.p, .name_n = name.n, .ask_wait = ASK_FIRST};
        kt_map_set(s->nodes, name, s->nodes_n);
    }
    return at;
}

static uint32_t device_of(struct spark *s, struct kt_str edge, uint32_t node)
{
    uint32_t at = index_of(s->devices, edge);
    if (at == KT_NONE) {
        at = s->devices_n++;
        s->device[at] = (struct device){.node = node};
        kt_map_set(s->devices, edge, s->devices_n);
    }
    return at;
}

static void add_entry(struct spark *s, uint32_t point, const char *address)
{
    const char *hash = strchr(address, '#');
    struct kt_str edge = {address, hash ? (size_t)(hash - address) : 0};
    if (!hash) {
        return;
    }
    struct kt_str name = node_part(edge);
    struct entry e = {.point = point, .node = node_of(s, name), .device = KT_NONE};
    if (name.n < edge.n) {
        e.device = device_of(s, edge, e.node);
    }
    s->entries[s->entries_n++] = e;
}

static int by_node(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return x->node != y->node ? (x->node > y->node) - (x->node < y->node)
                              : (x->point > y->point) - (x->point < y->point);
}

/* Entries by node, so that a node's own stand together; then the names. */
static void set_order(struct spark *s)
{
    qsort(s->entries, s->entries_n, sizeof(*s->entries), by_node);
    for (uint32_t i = 0; i < s->entries_n; i++) {
        struct entry *e = &s->entries[i];
        struct node *n = &s->node[e->node];
        struct kt_str key = kt_str_c(s->site->points[e->point].address);
        uint32_t before = index_of(s->metrics, key);
        e->next = before == KT_NONE ? 0 : before + 1;
        kt_map_set(s->metrics, key, i + 1);
        n->first = n->n++ ? n->first : i;
    }
    for (uint32_t i = 0; i < s->nodes_n; i++) {
        s->node[i].aliases = calloc(s->node[i].n, sizeof(struct alias));
        KT_ASSERT(s->node[i].aliases);
    }
}

struct spark *spark_new(const struct kt_site *site, uint32_t link)
{
    struct spark *s = calloc(1, sizeof(*s));
    KT_ASSERT(s);
    s->site = site;
    s->nodes = kt_map_new(64);
    s->devices = kt_map_new(64);
    s->metrics = kt_map_new(1024);
    s->entries = calloc(site->points_n + 1, sizeof(*s->entries));
    s->node = calloc(site->points_n + 1, sizeof(*s->node));
    s->device = calloc(site->points_n + 1, sizeof(*s->device));
    KT_ASSERT(s->entries && s->node && s->device);
    for (uint32_t i = 0; i < site->points_n; i++) {
        const struct kt_point *p = &site->points[i];
        if (p->link == link && p->role && p->address[0]) {
            add_entry(s, i, p->address);
        }
    }
    set_order(s);
    return s;
}

void spark_free(struct spark *s)
{
    if (s) {
        for (uint32_t i = 0; i < s->nodes_n; i++) {
            free(s->node[i].aliases);
        }
        kt_map_free(s->nodes);
        kt_map_free(s->devices);
        kt_map_free(s->metrics);
        free(s->entries);
        free(s->node);
        free(s->device);
        free(s);
    }
}

/* ---- births that are asked for --------------------------------------------------------------- */

static void ask(struct node *n)
{
    if (!n->ask) {
        n->ask = true; /* a node that is never in order is asked each 5 s at most */
        n->ask_wait = ASK_FIRST;
        n->again = false;
    }
}

void spark_connected(struct spark *s)
{
    for (uint32_t i = 0; i < s->nodes_n; i++) {
        s->node[i].state = UNBORN;
        s->node[i].ask = false;
        s->node[i].asked = 0;
        s->node[i].aliases_n = 0;
        ask(&s->node[i]);
    }
}

bool spark_command(struct spark *s, kt_mono now, kt_time wall, struct kt_buf *topic,
                   struct kt_buf *body)
{
    for (uint32_t i = 0; i < s->nodes_n; i++) {
        struct node *n = &s->node[i];
        if (!n->ask || (n->asked != 0 && now < n->asked + n->ask_wait)) {
            continue;
        }
        const char *slash = memchr(n->name, '/', n->name_n);
        size_t group = slash ? (size_t)(slash - n->name) : n->name_n;
        if (n->asked != 0 && n->again) {
            n->ask_wait = n->ask_wait * 2 > ASK_LAST ? ASK_LAST : n->ask_wait * 2;
        }
        n->asked = now;
        n->again = true;
        kt_buf_puts(topic, "spBv1.0/");
        kt_buf_put(topic, n->name, group);
        kt_buf_puts(topic, "/NCMD");
        kt_buf_put(topic, n->name + group, n->name_n - group);
        tahu_put_rebirth(body, (uint64_t)(wall / KT_MS));
        return true;
    }
    return false;
}

/* ---- samples --------------------------------------------------------------------------------- */

/* News that is not the sensor's own: its last value, a moment after it. */
static void mark(struct message *m, struct entry *e, kt_quality q)
{
    kt_time t = e->valued ? e->last + KT_MS : m->arrival;
    m->fn(m->arg, e->point, t < m->arrival ? t : m->arrival, e->valued ? e->value : 0, q);
    m->taken++;
}

/* Every point of a node, or of one of its devices. */
static void mark_all(struct message *m, uint32_t device, kt_quality q)
{
    for (uint32_t i = m->node->first; i < m->node->first + m->node->n; i++) {
        struct entry *e = &m->s->entries[i];
        if ((device == KT_NONE || e->device == device) && (q != KT_Q_GAP || e->valued)) {
            mark(m, e, q);
        }
    }
}

/* A birth may be among what was lost, and an alias mean another metric by now. */
static void doubt(struct message *m)
{
    ask(m->node);
    m->node->aliases_n = 0;
    if (m->node->state == ONLINE) {
        m->node->state = DOUBTFUL;
        mark_all(m, KT_NONE, KT_Q_GAP);
    }
}

static kt_time time_of(const struct message *m, const struct tahu_metric *t)
{
    uint64_t ms = t->time_ms;
    return ms > 0 && ms < (uint64_t)INT64_MAX / KT_MS ? (kt_time)ms * KT_MS : m->time;
}

static kt_quality quality_of(const struct message *m, const struct tahu_metric *t)
{
    if (t->quality >= 0 && t->quality != 192) {
        return t->quality == 500 ? KT_Q_COMM_FAULT : KT_Q_DEVICE_FAULT;
    }
    return m->node->state == ONLINE ? KT_Q_NORMAL : KT_Q_GAP;
}

static void take_value(struct message *m, struct entry *e, const struct tahu_metric *t)
{
    double v;
    kt_quality q = quality_of(m, t);
    if (m->birth) {
        e->in_birth = true;
        e->datatype = t->datatype;
        e->has_alias = t->has_alias;
        e->alias = t->alias;
    }
    if (t->null || !tahu_number(t, t->datatype ? t->datatype : e->datatype, &v)) {
        mark(m, e, KT_Q_DEVICE_FAULT);
        return;
    }
    kt_time time = time_of(m, t);
    if (!t->historical && time >= e->last) {
        e->last = time;
        e->value = v;
        e->valued = true;
    }
    m->fn(m->arg, e->point, time, v, q);
    m->taken++;
}

static int by_alias(const void *a, const void *b)
{
    const struct alias *x = a, *y = b;
    return x->alias != y->alias ? (x->alias > y->alias) - (x->alias < y->alias)
                                : (x->entry > y->entry) - (x->entry < y->entry);
}

static void set_aliases(struct spark *s, struct node *n)
{
    n->aliases_n = 0;
    for (uint32_t i = n->first; i < n->first + n->n; i++) {
        if (s->entries[i].in_birth && s->entries[i].has_alias) {
            n->aliases[n->aliases_n++] = (struct alias){s->entries[i].alias, i};
        }
    }
    qsort(n->aliases, n->aliases_n, sizeof(*n->aliases), by_alias);
}

/* Values by alias: an alias that no birth of ours had belongs to a metric that nobody asks for. */
static void take_alias(struct message *m, const struct tahu_metric *t)
{
    const struct node *n = m->node;
    uint32_t lo = 0, hi = n->aliases_n;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        *(n->aliases[mid].alias < t->alias ? &lo : &hi) =
            n->aliases[mid].alias < t->alias ? mid + 1 : mid;
    }
    for (; lo < n->aliases_n && n->aliases[lo].alias == t->alias; lo++) {
        struct entry *e = &m->s->entries[n->aliases[lo].entry];
        if (e->device == m->device) {
            take_value(m, e, t);
        }
    }
}

static void take_metric(struct message *m, struct kt_str edge, const struct tahu_metric *t)
{
    char buf[600];
    if (t->name.n == 0) {
        take_alias(m, t);
        return;
    }
    uint32_t at = index_of(m->s->metrics, metric_key(edge, t->name, buf, sizeof(buf)));
    while (at != KT_NONE) {
        struct entry *e = &m->s->entries[at];
        take_value(m, e, t);
        at = e->next ? e->next - 1 : KT_NONE;
    }
}

/* ---- messages -------------------------------------------------------------------------------- */

struct heading {
    struct kt_str type, edge; /* NBIRTH …; GROUP/NODE[/DEVICE] */
    char room[512];           /* of the edge */
};

/* spBv1.0/GROUP/TYPE/NODE[/DEVICE] */
static bool read_topic(struct kt_str topic, struct heading *h)
{
    static const char head[] = "spBv1.0/";
    const size_t skip = sizeof(head) - 1;
    if (topic.n <= skip || topic.n > sizeof(h->room) || memcmp(topic.p, head, skip) != 0) {
        return false;
    }
    const char *group = topic.p + skip, *end = topic.p + topic.n;
    const char *type = memchr(group, '/', (size_t)(end - group));
    const char *node = type ? memchr(type + 1, '/', (size_t)(end - type - 1)) : NULL;
    if (!node) {
        return false;
    }
    size_t g = (size_t)(type - group), rest = (size_t)(end - node);
    memcpy(h->room, group, g);
    memcpy(h->room + g, node, rest);
    h->type = (struct kt_str){type + 1, (size_t)(node - type - 1)};
    h->edge = (struct kt_str){h->room, g + rest};
    return true;
}

/* The number of the session that a birth begins and a death ends. */
static bool bdseq_of(struct tahu_payload p, double *ret)
{
    struct tahu_metric t;
    while (tahu_next(&p, &t) == 1) {
        if (kt_str_is(t.name, "bdSeq")) {
            return tahu_number(&t, t.datatype ? t.datatype : TAHU_INT64, ret);
        }
    }
    return false;
}

static void node_death(struct message *m, const struct tahu_payload *p)
{
    double bdseq;
    struct node *n = m->node;
    if (n->state != UNBORN && n->has_bdseq && bdseq_of(*p, &bdseq) && bdseq != n->bdseq) {
        return; /* the will of an older session */
    }
    n->state = UNBORN;
    n->aliases_n = 0;
    n->ask = false; /* it comes by itself */
    mark_all(m, KT_NONE, KT_Q_COMM_FAULT);
}

/* The order of a node's messages: births of the node begin it anew. */
static void follow(struct message *m, int seq)
{
    struct node *n = m->node;
    if (n->state == UNBORN) {
        ask(n);
        return;
    }
    if (seq < 0 || seq != (n->seq + 1) % 256) {
        doubt(m);
    }
    n->seq = seq < 0 ? n->seq : seq;
}

static void begin_birth(struct message *m, const struct tahu_payload *p)
{
    struct node *n = m->node;
    m->birth = true;
    for (uint32_t i = n->first; i < n->first + n->n; i++) {
        struct entry *e = &m->s->entries[i];
        if (m->device == KT_NONE || e->device == m->device) {
            e->in_birth = false;
        }
    }
    if (m->device != KT_NONE) {
        m->s->device[m->device].born = true;
        return;
    }
    for (uint32_t i = 0; i < m->s->devices_n; i++) {
        if (&m->s->node[m->s->device[i].node] == n) {
            m->s->device[i].born = false;
        }
    }
    n->has_bdseq = bdseq_of(*p, &n->bdseq);
    n->seq = p->seq < 0 ? 0 : p->seq;
    n->state = ONLINE;
    n->ask = false;
}

/* What the birth does not have is not there. */
static void end_birth(struct message *m)
{
    set_aliases(m->s, m->node);
    for (uint32_t i = m->node->first; i < m->node->first + m->node->n; i++) {
        struct entry *e = &m->s->entries[i];
        if (e->device == m->device && !e->in_birth) {
            mark(m, e, KT_Q_COMM_FAULT);
        }
    }
}

static int take_metrics(struct message *m, struct kt_str edge, struct tahu_payload *p)
{
    struct tahu_metric t;
    int r;
    while ((r = tahu_next(p, &t)) == 1) {
        take_metric(m, edge, &t);
    }
    return r;
}

/* N: of the node, D: of a device; BIRTH, DATA or DEATH. */
static int take_message(struct message *m, const struct heading *h, struct tahu_payload *p)
{
    struct kt_str what = {h->type.p + 1, h->type.n - 1};
    bool of_device = *h->type.p == 'D';
    if (!of_device && kt_str_is(what, "DEATH")) {
        node_death(m, p);
        return KT_OK;
    }
    bool birth = kt_str_is(what, "BIRTH");
    if (of_device || !birth) {
        follow(m, p->seq);
    }
    if (of_device && kt_str_is(what, "DEATH")) {
        if (m->device != KT_NONE) {
            m->s->device[m->device].born = false;
            mark_all(m, m->device, KT_Q_COMM_FAULT);
        }
        return KT_OK;
    }
    if (of_device && m->device == KT_NONE) {
        return KT_OK; /* counted for its order only */
    }
    if (birth) {
        begin_birth(m, p);
    } else if (of_device && !m->s->device[m->device].born && m->node->state == ONLINE) {
        doubt(m);
    }
    int r = take_metrics(m, h->edge, p);
    if (birth) {
        end_birth(m);
    }
    return r;
}

static bool is_ours(struct kt_str type)
{
    static const char *const types[] = {"NBIRTH", "NDATA", "NDEATH", "DBIRTH", "DDATA", "DDEATH"};
    for (size_t i = 0; i < KT_ARRAY_LEN(types); i++) {
        if (kt_str_is(type, types[i])) {
            return true;
        }
    }
    return false;
}

int spark_take(struct spark *s, struct kt_str topic, struct kt_str body, kt_time arrival,
               sample_fn fn, void *arg)
{
    struct heading h;
    struct tahu_payload p;
    if (!read_topic(topic, &h) || !is_ours(h.type)) {
        return 0;
    }
    struct kt_str name = node_part(h.edge);
    uint32_t node = index_of(s->nodes, name);
    if (node == KT_NONE || (*h.type.p == 'D') != (name.n < h.edge.n)) {
        return 0;
    }
    struct message m = {.s = s,
                        .node = &s->node[node],
                        .device = index_of(s->devices, h.edge),
                        .arrival = arrival,
                        .time = arrival,
                        .fn = fn,
                        .arg = arg};
    int r = tahu_read(body, &p);
    if (r == KT_OK) {
        m.time = p.time_ms > 0 && p.time_ms < (uint64_t)INT64_MAX / KT_MS
                     ? (kt_time)p.time_ms * KT_MS
                     : arrival;
        r = take_message(&m, &h, &p);
    }
    if (r < 0) {
        doubt(&m); /* whatever it held is lost */
        return r;
    }
    return m.taken;
}
