/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/bodies.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "engine/nodes.h"

enum { BODY_MAX = 1 << 30, MANIFEST_MAX = 64 << 20, HEX = 64 };

/* ---- writing ---- */

static int put(const char *data_dir, const char *name, struct kt_str body, struct kt_buf *manifest,
               struct kt_hash *ret, struct kt_err *err)
{
    char hex[65];
    int r = kt_body_put(data_dir, body.p ? body.p : "", body.n, ret, err);
    if (r == KT_OK) {
        kt_buf_printf(manifest, "%s %s\n", kt_hash_hex(ret, hex), name);
    }
    return r;
}

static int put_order(const char *data_dir, const struct kt_site *site, struct kt_buf *manifest,
                     struct kt_err *err)
{
    struct kt_hash ignored;
    struct kt_buf order;
    kt_buf_init(&order, BODY_MAX);
    for (uint32_t i = 0; i < site->points_n; i++) {
        kt_buf_puts(&order, site->points[i].id);
        kt_put_u8(&order, '\n');
    }
    int r = put(data_dir, "order", (struct kt_str){order.p, order.n}, manifest, &ignored, err);
    kt_buf_done(&order);
    return r;
}

static int put_map(const char *data_dir, const struct kt_geo_map *map, struct kt_buf *manifest,
                   struct rt_loaded *ret, struct kt_err *err)
{
    struct kt_buf text;
    kt_buf_init(&text, BODY_MAX);
    kt_geo_map_text(map, &text);
    int r = text.full
                ? kt_err_set(err, KT_ELIMIT, "the map is too large")
                : put(data_dir, "map", (struct kt_str){text.p, text.n}, manifest, &ret->map, err);
    kt_buf_done(&text);
    ret->features = map->n;
    return r;
}

int rt_loaded_put(const char *data_dir, const struct kt_site *site, const struct kt_geo_map *map,
                  struct rt_loaded *ret, struct kt_err *err)
{
    static const struct kt_geo_map none;
    struct rt_loaded got = {.has = site->files_n > 0};
    struct kt_buf manifest;
    int r = KT_OK;
    if (!got.has) {
        *ret = got;
        return KT_OK;
    }
    kt_buf_init(&manifest, MANIFEST_MAX);
    for (uint32_t i = 0; r == KT_OK && i < site->files_n; i++) {
        struct kt_hash ignored;
        r = put(data_dir, site->files[i].name, site->files[i].bytes, &manifest, &ignored, err);
    }
    r = r < 0 ? r : put_order(data_dir, site, &manifest, err);
    r = r < 0 ? r : put_map(data_dir, map ? map : &none, &manifest, &got, err);
    if (r == KT_OK) {
        r = kt_body_put(data_dir, manifest.p, manifest.n, &got.manifest, err);
    }
    kt_buf_done(&manifest);
    if (r == KT_OK) {
        *ret = got;
    }
    return r;
}

/* ---- reading ---- */

static bool read_line(struct kt_str text, size_t *at, struct kt_arena *arena, struct rt_entry *ret)
{
    const char *line = text.p + *at, *nl = memchr(line, '\n', text.n - *at);
    size_t n = nl ? (size_t)(nl - line) : 0;
    if (n < HEX + 2 || line[HEX] != ' ' ||
        kt_hash_from_hex((struct kt_str){line, HEX}, &ret->hash) < 0) {
        return false;
    }
    ret->name = kt_arena_strndup(arena, line + HEX + 1, n - HEX - 1);
    *at += n + 1;
    return true;
}

/* All lines of a manifest, into the arena. */
int rt_manifest_read(const char *data_dir, const struct kt_hash *manifest, struct kt_arena *arena,
                     struct rt_entry **ret, uint32_t *ret_n, struct kt_err *err)
{
    struct kt_buf b;
    uint32_t n = 0;
    kt_buf_init(&b, MANIFEST_MAX);
    int r = kt_body_get(data_dir, manifest, MANIFEST_MAX, &b, err);
    struct rt_entry *list = KT_NEW_ARRAY(arena, struct rt_entry, b.n / (HEX + 2) + 1);
    for (size_t at = 0; r == KT_OK && at < b.n; n++) {
        if (!read_line((struct kt_str){b.p, b.n}, &at, arena, &list[n])) {
            r = kt_err_set(err, KT_ECORRUPT, "the manifest of a site is damaged");
        }
    }
    kt_buf_done(&b);
    if (r == KT_OK) {
        *ret = list;
        *ret_n = n;
    }
    return r;
}

int rt_loaded_list(const char *data_dir, const struct kt_hash *manifest, struct kt_buf *out,
                   struct kt_err *err)
{
    struct rt_entry *list = NULL;
    uint32_t n = 0;
    struct kt_arena *arena = kt_arena_new(0);
    int r = rt_manifest_read(data_dir, manifest, arena, &list, &n, err);
    kt_buf_put(out, manifest->b, sizeof(manifest->b));
    for (uint32_t i = 0; r == KT_OK && i < n; i++) {
        kt_buf_put(out, list[i].hash.b, sizeof(list[i].hash.b));
    }
    kt_arena_free(arena);
    return r;
}

static int read_body(const char *data_dir, const struct rt_entry *e, struct kt_arena *arena,
                     struct kt_str *ret, struct kt_err *err)
{
    struct kt_buf b;
    kt_buf_init(&b, BODY_MAX);
    int r = kt_body_get(data_dir, &e->hash, BODY_MAX, &b, err);
    if (r == KT_OK) {
        *ret = (struct kt_str){kt_arena_strndup(arena, b.p ? b.p : "", b.n), b.n};
    }
    kt_buf_done(&b);
    return r;
}

static bool is_own(const struct rt_entry *e)
{
    return strcmp(e->name, "order") == 0 || strcmp(e->name, "map") == 0;
}

static int load_site(const char *data_dir, const struct kt_hash *manifest,
                     const struct kt_site_extra *extra, struct kt_arena *arena,
                     struct kt_site **ret, struct kt_err *err)
{
    struct rt_entry *list = NULL;
    struct kt_str order = {"", 0};
    uint32_t n = 0, files_n = 0;
    int r = rt_manifest_read(data_dir, manifest, arena, &list, &n, err);
    struct kt_site_file *files = KT_NEW_ARRAY(arena, struct kt_site_file, n + 1);
    for (uint32_t i = 0; r == KT_OK && i < n; i++) {
        struct kt_site_file *f = &files[files_n];
        if (!is_own(&list[i])) {
            *f = (struct kt_site_file){.name = list[i].name, .hash = list[i].hash};
            r = read_body(data_dir, &list[i], arena, &f->bytes, err);
            files_n++;
        } else if (strcmp(list[i].name, "order") == 0) {
            r = read_body(data_dir, &list[i], arena, &order, err);
        }
    }
    if (r < 0) {
        return r;
    }
    struct kt_findings *f = kt_findings_new(100);
    r = kt_site_load_files("of that time", files, files_n, order, extra, f, ret, err);
    const struct kt_finding *one = NULL;
    for (size_t i = 0; r < 0 && (one = kt_findings_get(f, i)) && one->level != KT_FIND_ERROR; i++) {
    }
    if (r < 0 && one && err) { /* the first mistake says more than their number */
        *err = one->at;
        err->code = r;
    }
    kt_findings_free(f);
    return r;
}

int rt_loaded_site(const char *data_dir, const struct kt_hash *manifest,
                   const struct kt_site_extra *extra, struct kt_site **ret, struct kt_err *err)
{
    struct kt_arena *arena = kt_arena_new(0);
    int r = load_site(data_dir, manifest, extra, arena, ret, err);
    kt_arena_free(arena);
    return r;
}

static int map_of(const char *data_dir, const struct kt_hash *manifest, struct kt_arena *arena,
                  struct kt_geo_map *ret, struct kt_err *err)
{
    struct rt_entry *list = NULL;
    struct kt_str text = {"", 0};
    uint32_t n = 0;
    int r = rt_manifest_read(data_dir, manifest, arena, &list, &n, err);
    for (uint32_t i = 0; r == KT_OK && i < n; i++) {
        if (strcmp(list[i].name, "map") == 0) {
            r = read_body(data_dir, &list[i], arena, &text, err);
        }
    }
    return r < 0 ? r : kt_geo_map_parse(text, arena, ret, err);
}

void rt_loaded_compare(const char *data_dir, const struct kt_hash *before,
                       const struct kt_geo_map *map, struct rt_loaded *loaded)
{
    static const struct kt_geo_map none;
    struct kt_geo_map was = {0};
    struct kt_err err = {0};
    struct kt_buf changes;
    struct kt_arena *arena = kt_arena_new(0);
    if (before && map_of(data_dir, before, arena, &was, &err) < 0) {
        KT_WARN("runtime", "the map before cannot be read, all features count as new: %s",
                err.text);
    }
    kt_buf_init(&changes, BODY_MAX);
    kt_geo_map_diff(&was, map ? map : &none, &changes, &loaded->added, &loaded->removed);
    loaded->changed = changes.n > 0 && !changes.full &&
                      kt_body_put(data_dir, changes.p, changes.n, &loaded->changes, &err) == KT_OK;
    kt_buf_done(&changes);
    kt_arena_free(arena);
}

/* ---- site events ---- */

static bool hash_member(const struct kt_json *o, const char *key, struct kt_hash *ret)
{
    return kt_hash_from_hex(kt_str_c(kt_json_get_str(o, key, "")), ret) == KT_OK;
}

void rt_site_event(const struct kt_event *ev, struct rt_site_event *ret)
{
    struct kt_json *o = NULL;
    *ret = (struct rt_site_event){0};
    if (ev->kind != KT_EV_SITE || kt_json_parse(ev->body, 1 << 20, &o, NULL) < 0) {
        return;
    }
    ret->start = kt_json_get_bool(o, "start", false);
    ret->recovered = kt_json_get_bool(o, "recovered", false);
    ret->has_hash = hash_member(o, "hash", &ret->hash);
    ret->has = hash_member(o, "site", &ret->manifest);
    ret->has_changes = hash_member(kt_json_get(o, "map"), "changes", &ret->changes);
    kt_json_free(o);
}

/* The last one of the site events in [from, to], if there is any. */
static int last_site(struct kt_journal *j, const char *dir, kt_seq from, kt_seq to,
                     struct rt_site_event *ret, struct kt_err *err)
{
    struct kt_journal_reader *reader;
    struct kt_event ev;
    int r = kt_journal_read(j, dir, from, &reader, err);
    if (r < 0) {
        return r;
    }
    while ((r = kt_journal_next_of(reader, 1u << KT_EV_SITE, &ev, err)) == 1 && ev.seq <= to) {
        rt_site_event(&ev, ret);
    }
    kt_journal_reader_free(reader);
    return r < 0 ? r : KT_OK;
}

static bool is_zero(const struct kt_hash *h)
{
    static const struct kt_hash zero;
    return kt_hash_eq(h, &zero);
}

int rt_site_at(const char *data_dir, struct kt_journal *j, kt_seq seq, struct rt_site_event *ret,
               struct kt_err *err)
{
    char dir[600];
    struct rt_checkpoint c = {.seq = 0};
    struct kt_buf state;
    kt_seq from = 0;
    int r = KT_OK;
    struct kt_err none = {0};
    snprintf(dir, sizeof(dir), "%s/journal", data_dir);
    *ret = (struct rt_site_event){0};
    kt_buf_init(&state, 0);
    if (rt_checkpoint_find(data_dir, seq, INT64_MAX, &c, &state, &none) == KT_OK &&
        !is_zero(&c.site)) {
        ret->has = true;
        ret->manifest = c.site;
        from = c.seq + 1;
    } else {
        r = kt_journal_find(j, j ? NULL : dir, 0, &from, err);
    }
    kt_buf_done(&state);
    return r < 0 || from == 0 || from > seq ? r : last_site(j, j ? NULL : dir, from, seq, ret, err);
}

int kt_bodies_map(struct kt_runtime *rt, kt_time at, struct kt_buf *out, struct kt_err *err)
{
    kt_seq seq = 0;
    struct rt_site_event site;
    struct kt_geo_map map;
    int r = kt_journal_find(rt->journal, NULL, at + 1, &seq, err);
    seq = seq ? seq - 1 : kt_journal_durable(rt->journal);
    r = r < 0 ? r : rt_site_at(rt->data_dir, rt->journal, seq, &site, err);
    if (r < 0 || !site.has) {
        return r < 0 ? r : kt_err_set(err, KT_ENOTFOUND, "the journal has no map of that time");
    }
    struct kt_arena *arena = kt_arena_new(0);
    r = map_of(rt->data_dir, &site.manifest, arena, &map, err);
    if (r == KT_OK) {
        kt_geo_map_json(&map, out);
    }
    kt_arena_free(arena);
    return r;
}

/* ---- verify ---- */

struct verify {
    const char *data_dir;
    struct kt_map *seen; /* bodies that were read already */
    struct kt_bodies_verdict *v;
    kt_seq seq;
};

static int verify_one(struct verify *v, const struct kt_hash *h, const char *name,
                      struct kt_err *err)
{
    struct kt_buf b;
    char hex[65];
    struct kt_err why = {0};
    if (!kt_map_add(v->seen, (struct kt_str){(const char *)h->b, sizeof(h->b)}, 1)) {
        return KT_OK;
    }
    kt_buf_init(&b, BODY_MAX);
    int r = kt_body_get(v->data_dir, h, BODY_MAX, &b, &why);
    kt_buf_done(&b);
    v->v->bodies += r == KT_OK;
    return r == KT_OK ? r
                      : kt_err_set(err, r == KT_ENOTFOUND ? KT_ECORRUPT : r,
                                   "site event %" PRIu64 ": body %s (%s) is %s; restore it from a "
                                   "backup",
                                   v->seq, kt_hash_hex(h, hex), name,
                                   r == KT_ENOTFOUND ? "missing" : "altered");
}

static int verify_site(struct verify *v, const struct rt_site_event *s, struct kt_err *err)
{
    struct rt_entry *list = NULL;
    uint32_t n = 0;
    int r = s->has ? verify_one(v, &s->manifest, "manifest", err) : KT_OK;
    if (r == KT_OK && s->has_changes) {
        r = verify_one(v, &s->changes, "changed features of the map", err);
    }
    if (r < 0 || !s->has) {
        return r;
    }
    v->v->sites++;
    struct kt_arena *arena = kt_arena_new(0);
    r = rt_manifest_read(v->data_dir, &s->manifest, arena, &list, &n, err);
    for (uint32_t i = 0; r == KT_OK && i < n; i++) {
        r = verify_one(v, &list[i].hash, list[i].name, err);
    }
    kt_arena_free(arena);
    return r;
}

int kt_bodies_verify(const char *data_dir, struct kt_bodies_verdict *ret, struct kt_err *err)
{
    char dir[600];
    kt_seq first = 0;
    struct kt_event ev;
    struct kt_journal_reader *reader;
    struct kt_bodies_verdict got = {0};
    struct verify v = {.data_dir = data_dir, .v = &got};
    snprintf(dir, sizeof(dir), "%s/journal", data_dir);
    int r = kt_journal_find(NULL, dir, 0, &first, err);
    if (r < 0 || first == 0 || (r = kt_journal_read(NULL, dir, first, &reader, err)) < 0) {
        return r;
    }
    v.seen = kt_map_new(256);
    while ((r = kt_journal_next_of(reader, 1u << KT_EV_SITE, &ev, err)) == 1) {
        struct rt_site_event s;
        rt_site_event(&ev, &s);
        v.seq = ev.seq;
        if ((r = verify_site(&v, &s, err)) < 0) {
            break;
        }
    }
    kt_map_free(v.seen);
    kt_journal_reader_free(reader);
    if (r >= 0) {
        *ret = got;
    }
    return r < 0 ? r : KT_OK;
}
