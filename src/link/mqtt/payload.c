/* SPDX-License-Identifier: Apache-2.0 */
#include "link/mqtt/payload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/json.h"

struct target {
    uint32_t point;
    const char *field; /* "" for the link's value field or a plain number */
    uint32_t next;     /* index + 1 of the next target of the topic; 0: none */
};

struct routing {
    const struct kt_site *site;
    const struct kt_link_conf *conf;
    struct kt_map *topics; /* to index + 1 of the first target */
    struct target *targets;
    uint32_t n;
};

struct routing *routing_new(const struct kt_site *site, uint32_t link)
{
    struct routing *r = calloc(1, sizeof(*r));
    KT_ASSERT(r);
    r->site = site;
    r->conf = &site->links[link];
    r->topics = kt_map_new(1024);
    r->targets = calloc(site->points_n + 1, sizeof(*r->targets));
    KT_ASSERT(r->targets);
    for (uint32_t i = 0; i < site->points_n; i++) {
        const struct kt_point *p = &site->points[i];
        if (p->link != link || !p->role || !p->address[0]) {
            continue;
        }
        const char *hash = strchr(p->address, '#');
        struct kt_str topic = {p->address, hash ? (size_t)(hash - p->address) : strlen(p->address)};
        uint64_t first = 0;
        if (!kt_map_get(r->topics, topic, &first)) {
            first = 0;
        }
        r->targets[r->n] = (struct target){i, hash ? hash + 1 : "", (uint32_t)first};
        kt_map_set(r->topics, topic, ++r->n);
    }
    return r;
}

void routing_free(struct routing *r)
{
    if (r) {
        kt_map_free(r->topics);
        free(r->targets);
        free(r);
    }
}

static bool plain_value(struct kt_str s, double *ret)
{
    static const struct {
        const char *word;
        double value;
    } words[] = {{"true", 1}, {"false", 0}, {"on", 1}, {"off", 0}, {"ON", 1}, {"OFF", 0}};
    char text[64], *end;
    while (s.n && strchr(" \t\r\n", s.p[s.n - 1])) {
        s.n--;
    }
    while (s.n && strchr(" \t", *s.p)) {
        s.p++;
        s.n--;
    }
    for (size_t i = 0; i < KT_ARRAY_LEN(words); i++) {
        if (kt_str_is(s, words[i].word)) {
            *ret = words[i].value;
            return true;
        }
    }
    if (s.n == 0 || s.n >= sizeof(text) || !strchr("+-.0123456789", *s.p)) {
        return false;
    }
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    *ret = strtod(text, &end); /* the C locale is never left */
    return *end == '\0' && !strpbrk(text, "xXnN");
}

/* "a.b.c" from an object. */
static const struct kt_json *by_path(const struct kt_json *v, const char *path)
{
    char key[128];
    while (*path && v) {
        size_t n = strcspn(path, ".");
        if (n >= sizeof(key)) {
            return NULL;
        }
        memcpy(key, path, n);
        key[n] = '\0';
        v = kt_json_get(v, key);
        path += n + (path[n] == '.');
    }
    return v;
}

static bool json_value(const struct kt_json *v, double *ret)
{
    bool b;
    if (kt_json_bool(v, &b)) {
        *ret = b;
        return true;
    }
    return kt_json_num(v, ret) || (kt_json_str(v) && plain_value(kt_json_strn(v), ret));
}

static kt_time json_time(const struct routing *r, const struct kt_json *root, kt_time arrival)
{
    const struct kt_json *v = r->conf->time_field[0] ? by_path(root, r->conf->time_field) : NULL;
    char digits[24];
    int64_t n;
    kt_time t;
    if (kt_json_int(v, &n) && n > 0) {
        int len = snprintf(digits, sizeof(digits), "%lld", (long long)n);
        if (kt_time_parse((struct kt_str){digits, (size_t)len}, 0, &t) == KT_OK) {
            return t;
        }
    }
    if (kt_json_str(v) && kt_time_parse(kt_json_strn(v), r->site->utc_offset_s, &t) == KT_OK &&
        t > 0) {
        return t;
    }
    return arrival;
}

static int take_json(const struct routing *r, uint64_t first, struct kt_str body, kt_time arrival,
                     sample_fn fn, void *arg)
{
    struct kt_json *root;
    int n = 0;
    if (kt_json_parse(body, 1 << 20, &root, NULL) < 0) {
        return KT_EPARSE;
    }
    kt_time t = json_time(r, root, arrival);
    kt_quality q = KT_Q_NORMAL;
    if (!kt_quality_of(kt_json_get_str(root, "quality", "normal"), &q)) {
        q = KT_Q_DEVICE_FAULT; /* a quality that nobody knows is not good */
    }
    for (uint64_t i = first; i; i = r->targets[i - 1].next) {
        const struct target *to = &r->targets[i - 1];
        const char *field = to->field[0] ? to->field : r->conf->value_field;
        double v;
        if (json_value(by_path(root, field[0] ? field : "value"), &v)) {
            fn(arg, to->point, t, v, q);
            n++;
        }
    }
    kt_json_free(root);
    return n ? n : KT_EPARSE;
}

int routing_take(const struct routing *r, struct kt_str topic, struct kt_str body, kt_time arrival,
                 sample_fn fn, void *arg)
{
    uint64_t first;
    double v;
    int n = 0;
    if (!kt_map_get(r->topics, topic, &first)) {
        return 0;
    }
    if (body.n && (*body.p == '{' || *body.p == '[')) {
        return take_json(r, first, body, arrival, fn, arg);
    }
    if (!plain_value(body, &v)) {
        return KT_EPARSE;
    }
    for (uint64_t i = first; i; i = r->targets[i - 1].next) {
        if (!r->targets[i - 1].field[0]) {
            fn(arg, r->targets[i - 1].point, arrival, v, KT_Q_NORMAL);
            n++;
        }
    }
    return n ? n : KT_EPARSE;
}
