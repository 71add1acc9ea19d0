/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/node.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/words.h"
#include "base/json.h"
#include "base/log.h"
#include "geo/geo.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/thread.h"

struct kt_node {
    struct kt_node_opts opts;
    char data_dir[512], url[160], peer[160], token[64], first_password[40];
    struct kt_site *site;
    struct kt_auth *auth;
    struct kt_runtime *rt;
    struct kt_cluster *cluster; /* NULL: alone */
    pthread_t watcher;
    bool watches;
    atomic_bool stopping;
    pthread_mutex_t people_lock; /* over a call to etcd; taken alone */
    bool people_took;
    struct kt_hash people_last; /* as it is in etcd */
    struct kt_links *links;
    struct kt_push *push;
    struct kt_cameras *cameras;
    struct kt_api *api;
    struct kt_http *http, *https;
    struct kt_plant_clock *clock;
    struct kt_bodies_look *look;
    struct kt_arena *map_arena;
    struct kt_geo_map map;
    pthread_mutex_t lock; /* links, site, map: changed by reload, read by the health page */
};

/* The drawing as another node has loaded it. */
static int read_taken_map(const char *path, struct kt_arena *arena, struct kt_geo_map *ret,
                          struct kt_err *err)
{
    struct kt_buf b;
    kt_buf_init(&b, 1 << 30);
    int r = kt_file_read(path, 1 << 30, &b, err);
    r = r < 0 ? r : kt_geo_map_parse((struct kt_str){b.p, b.n}, arena, ret, err);
    kt_buf_done(&b);
    return r;
}

/* The drawing of the folder, into an arena of its own. */
static int read_map(const struct kt_node *n, struct kt_arena **ret_arena, struct kt_geo_map *ret,
                    struct kt_err *err)
{
    char path[600], texts[560];
    struct kt_arena *arena = kt_arena_new(512u << 20);
    bool taken = kt_site_text_dir(n->opts.site_dir, texts, sizeof(texts));
    snprintf(path, sizeof(path), "%s/%s", texts, taken ? "map" : "map.gpkg");
    int r = taken ? read_taken_map(path, arena, ret, err)
                  : kt_geo_map_read(path, n->data_dir, arena, ret, err);
    if (r < 0) {
        kt_arena_free(arena);
        return r;
    }
    *ret_arena = arena;
    return KT_OK;
}

static void links_json(void *arg, struct kt_buf *out)
{
    struct kt_node *n = arg;
    pthread_mutex_lock(&n->lock);
    if (n->links) {
        kt_links_json(n->links, n->push, n->cameras, out);
    }
    pthread_mutex_unlock(&n->lock);
}

static void shards_json(void *arg, struct kt_jw *w)
{
    struct kt_node *n = arg;
    pthread_mutex_lock(&n->lock);
    kt_links_shards_json(n->links, w);
    pthread_mutex_unlock(&n->lock);
}

static int mine_at(void *arg, const char *mine, char node[CORE_NAME], char url[CORE_URL],
                   struct kt_err *err)
{
    struct kt_node *n = arg;
    pthread_mutex_lock(&n->lock);
    int r = n->links ? kt_links_mine_at(n->links, mine, node, url, err)
                     : kt_err_set(err, KT_ENODE, "this node begins; once more");
    pthread_mutex_unlock(&n->lock);
    return r;
}

static bool peer_secret(void *arg, char ret[65])
{
    struct kt_node *n = arg;
    pthread_mutex_lock(&n->lock);
    bool known = n->links && kt_links_peer_secret(n->links, ret);
    pthread_mutex_unlock(&n->lock);
    return known;
}

static void findings_json(const struct kt_findings *f, struct kt_buf *out)
{
    static const char *const levels[] = {"error", "warning", "note"};
    struct kt_jw w = kt_jw_init(out);
    kt_jw_arr(&w);
    const struct kt_finding *one;
    for (size_t i = 0; (one = kt_findings_get(f, i)); i++) {
        char text[640];
        struct kt_err zh = one->at;
        (void)words_known_zh(one->at.text, zh.text, sizeof(zh.text));
        kt_jw_obj(&w);
        kt_jw_kstr(&w, "level", levels[one->level]);
        kt_jw_kstr(&w, "rule", one->rule);
        kt_jw_kstr(&w, "text", kt_err_str(&one->at, text, sizeof(text)));
        kt_jw_kstr(&w, "text_zh", kt_err_str(&zh, text, sizeof(text)));
        kt_jw_obj_end(&w);
    }
    kt_jw_arr_end(&w);
}

static int on_reload(void *arg, const char *author, const char *why, struct kt_buf *ret_findings,
                     struct kt_err *err)
{
    struct kt_findings *f = kt_findings_new(1000);
    int r = kt_node_reload(arg, author, why, f, err);
    findings_json(f, ret_findings);
    kt_findings_free(f);
    return r;
}

static double plant_rate(void *arg, double *ret_asked);
static void people_changed(void *arg);

static int start_api(struct kt_node *n, struct kt_err *err)
{
    struct kt_buf map;
    kt_buf_init(&map, 0);
    kt_geo_map_json(&n->map, &map);
    struct kt_api_opts o = {.runtime = n->rt,
                            .auth = n->auth,
                            .push = n->push,
                            .cameras = n->cameras,
                            .site_dir = n->opts.site_dir,
                            .pack_dir = n->opts.pack_dir,
                            .ui_dir = n->opts.ui_dir,
                            .map_json = kt_buf_cstr(&map),
                            .plant_clock = n->opts.plant_clock != NULL,
                            .local_token = n->token,
                            .links_json = links_json,
                            .shards_json = shards_json,
                            .mine_at = mine_at,
                            .peer_secret = peer_secret,
                            .plant_rate = plant_rate,
                            .reload = on_reload,
                            .people_changed = n->cluster ? people_changed : NULL,
                            .arg = n};
    int r = kt_api_new(&o, &n->api, err);
    kt_buf_done(&map);
    return r;
}

static int read_pem(const struct kt_node *n, const char *name, struct kt_buf *out,
                    struct kt_err *err)
{
    char path[700];
    snprintf(path, sizeof(path), "%s/%s", n->opts.site_dir, name);
    return kt_file_read(path, 1 << 20, out, err);
}

static int start_https(struct kt_node *n, struct kt_err *err)
{
    struct kt_buf cert, key;
    kt_buf_init(&cert, 0);
    kt_buf_init(&key, 0);
    int r = read_pem(n, n->site->tls_cert, &cert, err);
    if (r == KT_OK) {
        r = read_pem(n, n->site->tls_key, &key, err);
    }
    if (r == KT_OK) {
        struct kt_http_opts o = {.address = n->site->listen_https,
                                 .cert_pem = kt_buf_cstr(&cert),
                                 .key_pem = kt_buf_cstr(&key),
                                 .threads = 2,
                                 .handle = kt_api_handle,
                                 .admit = kt_api_admit,
                                 .lane = kt_api_lane,
                                 .arg = n->api};
        r = kt_http_start(&o, &n->https, err);
    }
    kt_buf_done(&cert);
    kt_buf_done(&key);
    return r;
}

static int start_http(struct kt_node *n, struct kt_err *err)
{
    const char *address = n->opts.listen ? n->opts.listen : n->site->listen_http;
    if (address[0]) {
        struct kt_http_opts o = {.address = address,
                                 .threads = 3,
                                 .handle = kt_api_handle,
                                 .admit = kt_api_admit,
                                 .lane = kt_api_lane,
                                 .arg = n->api};
        int r = kt_http_start(&o, &n->http, err);
        if (r < 0) {
            return r;
        }
        int host = (int)(strrchr(address, ':') - address);
        snprintf(n->url, sizeof(n->url), "http://%.*s:%d", host, address, kt_http_port(n->http));
    }
    if (n->site->listen_https[0]) {
        int r = start_https(n, err);
        if (r < 0) {
            return r;
        }
        if (!n->url[0]) {
            snprintf(n->url, sizeof(n->url), "https://%.100s", n->site->listen_https);
        }
    }
    return n->url[0]
               ? KT_OK
               : kt_err_set(err, KT_EINVAL, "nothing to listen on; set listen.http in site.yaml");
}

/* Where the other nodes find this one: at HTTP, unless only HTTPS is heard beyond this machine. */
static void choose_peer(struct kt_node *n)
{
    const char *http = n->opts.listen ? n->opts.listen : n->site->listen_http;
    const char *https = n->site->listen_https;
    const char *etcd = n->site->shards[0] ? n->site->shards : n->site->journal;
    if (n->https && (!n->http || (!kt_peer_reaches(http) && kt_peer_reaches(https)))) {
        kt_peer_url("https", https, kt_http_port(n->https), etcd, n->peer);
    } else {
        kt_peer_url("http", http, kt_http_port(n->http), etcd, n->peer);
    }
}

/* What `kuangtu show` and its like use to find this program. */
static int write_run_file(const struct kt_node *n, struct kt_err *err)
{
    char path[600];
    struct kt_buf b;
    kt_buf_init(&b, 0);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "url", n->url);
    kt_jw_kstr(&w, "token", n->token);
    kt_jw_kint(&w, "pid", getpid());
    kt_jw_kint(&w, "utc_offset_s", n->site->utc_offset_s);
    kt_jw_obj_end(&w);
    snprintf(path, sizeof(path), "%s/run.json", n->data_dir);
    int r = kt_file_replace_mode(path, b.p, b.n, 0600, err); /* the token is a key */
    kt_buf_done(&b);
    return r;
}

/* What the program writes is nobody else's to read, whoever made the folder. */
static int own_data(const struct kt_node *n, struct kt_err *err)
{
    char users[560];
    int r = kt_dir_make(n->data_dir, err);
    snprintf(users, sizeof(users), "%s/users.db", n->data_dir);
    if (r == KT_OK &&
        (chmod(n->data_dir, 0700) != 0 || (chmod(users, 0600) != 0 && errno != ENOENT))) {
        KT_WARN("serve", "%s can be read by others: %s", n->data_dir, strerror(errno));
    }
    return r;
}

/* Thread of the plant's clock. During a reload nothing is asked of links. */
static bool followed(void *arg)
{
    struct kt_node *n = arg;
    bool yes = true;
    if (pthread_mutex_trylock(&n->lock) == 0) {
        yes = n->links && kt_links_followed(n->links);
        pthread_mutex_unlock(&n->lock);
    }
    return yes;
}

static double plant_rate(void *arg, double *ret_asked)
{
    struct kt_node *n = arg;
    *ret_asked = 0;
    return n->clock ? kt_plant_clock_rate(n->clock, ret_asked) : 0;
}

/* ---- several nodes ---- */

static const char *node_name(const struct kt_node *n, char host[64])
{
    const char *env = getenv("KT_NODE");
    if (n->opts.node || env) {
        return n->opts.node ? n->opts.node : env;
    }
    return gethostname(host, 63) == 0 ? host : "";
}

static int join_cluster(struct kt_node *n, struct kt_err *err)
{
    char host[64] = "";
    if (!kt_cluster_wanted(n->site->journal)) {
        return KT_OK;
    }
    struct kt_cluster_opts o = {.address = n->site->journal,
                                .node = node_name(n, host),
                                .version = VERSION,
                                .data_dir = n->data_dir,
                                .segment_bytes = (size_t)n->site->segment_mb << 20,
                                .reserve_bytes = (size_t)n->site->reserve_mb << 20,
                                .ttl_ns = n->site->cluster.ttl_s * KT_SEC,
                                .keep_bytes = (int64_t)n->site->cluster.keep_mb << 20,
                                .keep_ns = n->site->cluster.keep_hours * KT_HOUR,
                                .quota_bytes = (int64_t)n->site->cluster.quota_mb << 20};
    return kt_cluster_join(&o, &n->cluster, err);
}

static void start_links(struct kt_node *n)
{
    pthread_mutex_lock(&n->lock);
    if (!n->links && !kt_runtime_follows(n->rt)) {
        char host[64] = "";
        n->links = kt_links_start(n->rt, n->data_dir, n->site, node_name(n, host), n->peer);
    }
    pthread_mutex_unlock(&n->lock);
}

/* Who is logged in: the active node writes it when it changes, the others take it over. Before the
 * active one writes first it has taken what the one before it wrote. */
static void share_people(struct kt_node *n)
{
    bool *took = &n->people_took;
    struct kt_hash *last = &n->people_last;
    struct kt_buf b;
    struct kt_hash hash;
    struct kt_err err = {0};
    bool follows = kt_runtime_follows(n->rt);
    kt_buf_init(&b, 0);
    int r = KT_OK;
    pthread_mutex_lock(&n->people_lock);
    if (follows || !*took) {
        r = kt_cluster_get(n->cluster, "people", &b, &err);
        *took = !follows && (r == KT_OK || r == KT_ENOTFOUND);
        kt_hash_of(b.p, b.n, &hash);
        if (r == KT_OK && !kt_hash_eq(&hash, last)) {
            r = kt_auth_take(n->auth, (struct kt_str){b.p, b.n}, &err);
            *last = r == KT_OK ? hash : *last;
        }
    } else {
        kt_auth_share(n->auth, &b);
        kt_hash_of(b.p, b.n, &hash);
        if (!kt_hash_eq(&hash, last)) {
            r = kt_cluster_put(n->cluster, "people", (struct kt_str){b.p, b.n}, &err);
            *last = r == KT_OK ? hash : *last;
        }
    }
    pthread_mutex_unlock(&n->people_lock);
    if (r < 0 && r != KT_ENOTFOUND) {
        KT_DEBUG("cluster", "people: %s", err.text);
    }
    kt_buf_done(&b);
}

static void people_changed(void *arg)
{
    struct kt_node *n = arg;
    if (!kt_runtime_follows(n->rt)) {
        share_people(n);
    }
}

/* Becomes this node the active one, its links start. Is it out, the program begins again. */
static void *watch(void *arg)
{
    struct kt_node *n = arg;
    bool told = false;
    kt_mono due = 0;
    while (!atomic_load(&n->stopping)) {
        kt_sleep(20 * KT_MS);
        start_links(n);
        if (kt_clock_mono() >= due) {
            share_people(n);
            due = kt_clock_mono() + 200 * KT_MS;
        }
        if (!told &&
            (kt_cluster_role(n->cluster) == KT_CLUSTER_LOST || kt_runtime_site_taken(n->rt))) {
            told = true;
            kill(getpid(), SIGUSR1);
        }
    }
    return NULL;
}

static int start_watch(struct kt_node *n, struct kt_err *err)
{
    int r = n->cluster ? kt_thread_start(&n->watcher, "cl-watch", watch, n, err) : KT_OK;
    n->watches = n->cluster && r == KT_OK;
    return r;
}

static int start_all(struct kt_node *n, struct kt_findings *findings, struct kt_err *err)
{
    int r = kt_site_load(n->opts.site_dir, n->opts.pack_dir, NULL, findings, &n->site, err);
    if (r < 0) {
        return r;
    }
    if (n->opts.plant_clock && !n->site->simulation) {
        return kt_err_set(err, KT_EINVAL,
                          "%s is not a simulation: --sim-clock works only where site.yaml says "
                          "simulation: true",
                          n->site->id);
    }
    if ((r = kt_tls_check(n->site, n->opts.site_dir, findings, err)) < 0 ||
        (r = own_data(n, err)) < 0 || (r = join_cluster(n, err)) < 0) {
        return r;
    }
    if ((r = kt_auth_open(n->data_dir, n->site, &n->auth, err)) < 0) {
        return r;
    }
    struct kt_record_model *registers;
    if ((r = kt_people_check(n->site, findings, err)) < 0 ||
        (r = kt_secrets_check(n->site, n->opts.site_dir, findings, err)) < 0) {
        return r;
    }
    if ((r = kt_record_model_load(n->site, findings, &registers, err)) < 0) {
        return r;
    }
    struct kt_runtime_opts ro = {.site = n->site,
                                 .map = &n->map,
                                 .data_dir = n->data_dir,
                                 .registers = registers,
                                 .cluster = n->cluster,
                                 .program = VERSION,
                                 .plant_clock = n->opts.plant_clock != NULL};
    r = read_map(n, &n->map_arena, &n->map, err);
    r = r == KT_OK ? kt_runtime_open(&ro, &n->rt, err) : r;
    kt_record_model_unref(registers);
    if (r < 0 || (r = kt_runtime_start(n->rt, err)) < 0) {
        return r;
    }
    if (n->opts.plant_clock &&
        (r = kt_plant_clock_start(n->rt, n->opts.plant_clock, followed, n, &n->clock, err)) < 0) {
        return r;
    }
    start_links(n);
    if ((r = kt_push_start(n->rt, n->site, &n->push, err)) < 0) {
        return r;
    }
    if ((r = kt_cameras_start(n->rt, n->site, n->data_dir, &n->cameras, err)) < 0) {
        return r;
    }
    kt_token(32, n->token);
    if ((r = start_api(n, err)) < 0 || (r = start_http(n, err)) < 0 ||
        (r = kt_auth_bootstrap(n->auth, n->first_password, err)) < 0) {
        return r; /* the first user last of these: the password is shown by a start that stands */
    }
    choose_peer(n);
    if (n->cluster) {
        kt_cluster_url(n->cluster, n->peer);
    }
    pthread_mutex_lock(&n->lock);
    kt_links_url(n->links, n->peer);
    pthread_mutex_unlock(&n->lock);
    r = start_watch(n, err);
    r = r < 0 ? r : write_run_file(n, err);
    if (r == KT_OK) {
        kt_api_started(n->api);
        n->look =
            n->cluster ? NULL : kt_bodies_look(n->data_dir); /* those of others may come yet */
    }
    return r;
}

int kt_node_start(const struct kt_node_opts *opts, struct kt_findings *findings,
                  struct kt_node **ret, struct kt_err *err)
{
    struct kt_node *n = calloc(1, sizeof(*n));
    KT_ASSERT(n);
    n->opts = *opts;
    pthread_mutex_init(&n->lock, NULL);
    pthread_mutex_init(&n->people_lock, NULL);
    snprintf(n->data_dir, sizeof(n->data_dir), "%s/data", opts->site_dir);
    int r = start_all(n, findings, err);
    if (r < 0) {
        kt_node_stop(n);
        return r;
    }
    *ret = n;
    return KT_OK;
}

void kt_node_stop(struct kt_node *n)
{
    if (!n) {
        return;
    }
    char path[600];
    snprintf(path, sizeof(path), "%s/run.json", n->data_dir);
    if (n->token[0]) {
        unlink(path);
    }
    atomic_store(&n->stopping, true);
    kt_bodies_look_end(n->look);
    if (n->watches) {
        pthread_join(n->watcher, NULL);
    }
    if (n->api) {
        kt_api_end_streams(n->api);
    }
    kt_http_stop(n->http); /* the runtime still answers what was deferred */
    kt_http_stop(n->https);
    kt_links_stop(n->links);
    kt_plant_clock_stop(n->clock);
    kt_api_free(n->api);
    kt_cameras_stop(n->cameras);
    kt_push_stop(n->push);
    kt_runtime_stop(n->rt);
    kt_cluster_free(n->cluster);
    kt_auth_close(n->auth);
    kt_site_unref(n->site);
    kt_arena_free(n->map_arena);
    pthread_mutex_destroy(&n->lock);
    pthread_mutex_destroy(&n->people_lock);
    free(n);
}

const char *kt_node_url(const struct kt_node *n)
{
    return n->url;
}

const char *kt_node_first_password(const struct kt_node *n)
{
    return n->first_password;
}

/* The runtime has it: the rest of the program follows. Lock held. */
static void take_site(struct kt_node *n, struct kt_site *fresh, struct kt_arena *arena,
                      const struct kt_geo_map *map)
{
    struct kt_buf json;
    size_t added, removed;
    kt_geo_map_diff(&n->map, map, NULL, &added, &removed);
    KT_INFO("map", "%zu features new or changed, %zu gone or changed", added, removed);
    kt_arena_free(n->map_arena);
    n->map_arena = arena;
    n->map = *map;
    kt_buf_init(&json, 0);
    kt_geo_map_json(map, &json);
    kt_links_stop(n->links);
    char host[64] = "";
    n->links = kt_links_start(n->rt, n->data_dir, fresh, node_name(n, host), n->peer);
    kt_push_site(n->push, fresh);
    kt_cameras_site(n->cameras, fresh);
    kt_auth_site(n->auth, fresh);
    kt_api_site_changed(n->api, kt_buf_cstr(&json));
    kt_buf_done(&json);
    struct kt_site *old = n->site;
    n->site = kt_site_ref(fresh);
    kt_site_unref(old);
    struct kt_err err = {0};
    if (write_run_file(n, &err) < 0) {
        KT_WARN("serve", "%s", err.text);
    }
}

/* Registers that would strand records are refused before anything changes. */
static int next_registers(struct kt_node *n, struct kt_site *fresh, struct kt_findings *findings,
                          struct kt_err *err)
{
    struct kt_record_model *registers;
    int r = kt_record_model_load(fresh, findings, &registers, err);
    if (r < 0) {
        return r;
    }
    r = kt_room_fits(n->data_dir, registers, err);
    if (r == KT_OK) {
        kt_runtime_registers(n->rt, fresh, registers);
    }
    kt_record_model_unref(registers);
    return r;
}

/* Points that the folder has no longer: renamed or taken out, by will or by mistake. */
static void tell_ended(const struct kt_site *before, const struct kt_site *now,
                       struct kt_findings *findings)
{
    enum { NAMED = 5 };
    uint32_t gone = 0;
    struct kt_buf names;
    struct kt_err at = {.code = KT_OK, .file = "points.csv"};
    kt_buf_init(&names, 0);
    for (uint32_t i = 0; i < before->points_n; i++) {
        const struct kt_point *p = &before->points[i];
        if (!p->ended && kt_site_point(now, kt_str_c(p->id)).v == KT_NONE && gone++ < NAMED) {
            kt_buf_printf(&names, "%s%s", gone > 1 ? ", " : "", p->id);
        }
    }
    kt_buf_puts(&names, gone > NAMED ? " …" : "");
    if (gone) {
        snprintf(at.text, sizeof(at.text),
                 "%u points are no longer there: %.300s; what they measured stays under their ids",
                 gone, kt_buf_cstr(&names));
        kt_findings_add(findings, KT_FIND_WARNING, "ended", &at);
    }
    kt_buf_done(&names);
}

int kt_node_reload(struct kt_node *n, const char *author, const char *why,
                   struct kt_findings *findings, struct kt_err *err)
{
    struct kt_site *fresh;
    struct kt_geo_map map;
    struct kt_arena *arena = NULL;
    char texts[600];
    if (kt_site_text_dir(n->opts.site_dir, texts, sizeof(texts))) {
        return kt_err_set(
            err, KT_ESTATE,
            "the site in force was loaded on another node and lies in %s; put it into "
            "the folder first: kuangtu cluster adopt %s",
            texts, n->opts.site_dir);
    }
    int r = kt_site_load(n->opts.site_dir, n->opts.pack_dir, n->site, findings, &fresh, err);
    if (r < 0) {
        return r;
    }
    pthread_mutex_lock(&n->lock);
    r = read_map(n, &arena, &map, err);
    r = r == KT_OK ? kt_people_check(fresh, findings, err) : r;
    r = r == KT_OK ? kt_secrets_check(fresh, n->opts.site_dir, findings, err) : r;
    r = r == KT_OK ? next_registers(n, fresh, findings, err) : r;
    if (r == KT_OK) {
        r = kt_runtime_reload(n->rt, fresh, &map, author, why, err);
    }
    if (r == KT_OK) {
        tell_ended(n->site, fresh, findings);
        take_site(n, fresh, arena, &map);
    } else {
        kt_arena_free(arena);
    }
    pthread_mutex_unlock(&n->lock);
    kt_site_unref(fresh);
    return r;
}
