/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies between nodes: what an event names by hash is on another node's disk before the event goes
 * into the order. The active node asks the others whether they have it; who does not fetches it
 * from there, by its hash, and answers when it is synced. One way of transfer serves asking,
 * catching up and joining.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "cluster/private.h"
#include "conf/json.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/http_client.h"

enum { PAGE = 500, NOTE_MAX = 1 << 16, BODY_MAX = 1 << 30, NAMES_MAX = 64 << 20 };
#define PATIENCE     (3 * KT_SEC)
#define SILENT_NS    (2 * KT_SEC)
#define ROUND_NS     (500 * KT_MS)
#define BYTES_PER_NS 0.01 /* 10 MB/s at least */

/* ---- the secret that nodes know each other by ---- */

int cluster_secret(struct kt_cluster *c, char ret[65], struct kt_err *err)
{
    struct kt_buf b;
    int r = KT_OK;
    kt_buf_init(&b, 1024);
    pthread_mutex_lock(&c->peers.lock);
    if (!c->peers.secret[0]) {
        r = kt_cluster_get(c, "secret", &b, err);
        if (r == KT_ENOTFOUND && kt_cluster_token(c)) {
            char fresh[65];
            kt_token(32, fresh);
            r = kt_cluster_put(c, "secret", kt_str_c(fresh), err);
            kt_buf_puts(&b, fresh);
        }
        if (r == KT_OK) {
            snprintf(c->peers.secret, sizeof(c->peers.secret), "%s", kt_buf_cstr(&b));
        }
    }
    snprintf(ret, 65, "%s", c->peers.secret);
    pthread_mutex_unlock(&c->peers.lock);
    kt_buf_done(&b);
    return r == KT_ENOTFOUND ? kt_err_set(err, KT_EIO, "no node has been active yet") : r;
}

bool kt_cluster_is_peer(struct kt_cluster *c, const char *authorization)
{
    static const char bearer[] = "Bearer ";
    char secret[65];
    struct kt_hash is, said;
    struct kt_err err;
    if (!authorization || strncmp(authorization, bearer, sizeof(bearer) - 1) != 0 ||
        cluster_secret(c, secret, &err) < 0 || !secret[0]) {
        return false;
    }
    const char *text = authorization + sizeof(bearer) - 1;
    kt_hash_of(secret, strlen(secret), &is);
    kt_hash_of(text, strlen(text), &said); /* so that time says nothing of either */
    return kt_hash_eq(&is, &said);
}

int cluster_ask(struct kt_cluster *c, struct kt_http_client *http, const char *method,
                const char *url, const struct kt_str *body, int64_t patience_ns, struct kt_buf *out,
                struct kt_err *err)
{
    char secret[65], line[120];
    const char *headers[] = {line, "Content-Type: application/json", NULL};
    int status = 0, r = cluster_secret(c, secret, err);
    if (r < 0) {
        return r;
    }
    snprintf(line, sizeof(line), "Authorization: Bearer %s", secret);
    r = kt_http_client_do(http, method, url, headers, body, patience_ns, &status, out, err);
    if (r == KT_OK && status == 401) {
        pthread_mutex_lock(&c->peers.lock);
        c->peers.secret[0] = '\0'; /* asked for anew next time */
        pthread_mutex_unlock(&c->peers.lock);
    }
    if (r == KT_OK && status != 200) {
        r = kt_err_set(err, status == 404 ? KT_ENOTFOUND : KT_EIO, "%s: status %d", url, status);
    }
    return r;
}

struct kt_http_client *cluster_client(const struct kt_cluster *c)
{
    char ca[700];
    struct kt_http_client *http = kt_http_client_new();
    snprintf(ca, sizeof(ca), "%s/../secrets/ca.pem", c->data_dir);
    if (kt_file_exists(ca)) {
        kt_http_client_trust(http, ca);
    }
    return http;
}

/* ---- fetching ---- */

static int64_t size_here(const struct kt_cluster *c, const struct kt_hash *h)
{
    char path[700], hex[65];
    kt_hash_hex(h, hex);
    snprintf(path, sizeof(path), "%s/bodies/%.2s/%s", c->data_dir, hex, hex);
    return kt_file_size(path);
}

bool kt_cluster_has_body(const struct kt_cluster *c, const struct kt_hash *h)
{
    return size_here(c, h) >= 0;
}

static int fetch_from(struct kt_cluster *c, struct kt_http_client *http, const char *base,
                      const struct kt_hash *h, struct kt_err *err)
{
    char url[CORE_URL + 120], hex[65];
    struct kt_hash got;
    struct kt_buf b;
    kt_buf_init(&b, BODY_MAX);
    snprintf(url, sizeof(url), "%s/cluster/bodies/%s", base, kt_hash_hex(h, hex));
    int r = cluster_ask(c, http, "GET", url, NULL, 60 * KT_SEC, &b, err);
    if (r == KT_OK) {
        kt_hash_of(b.p ? b.p : "", b.n, &got);
        r = kt_hash_eq(&got, h)
                ? kt_body_put(c->data_dir, b.p ? b.p : "", b.n, &got, err)
                : kt_err_set(err, KT_ECORRUPT, "%s sent another body than %s", base, hex);
    }
    kt_buf_done(&b);
    return r;
}

static void holder_url(struct kt_cluster *c, char to[CORE_URL])
{
    pthread_mutex_lock(&c->lock);
    bool own = strcmp(c->core.holder.node, c->node) == 0;
    snprintf(to, CORE_URL, "%s", own ? "" : c->core.holder.url);
    pthread_mutex_unlock(&c->lock);
}

int kt_cluster_fetch(struct kt_cluster *c, const struct kt_hash *h, struct kt_err *err)
{
    char base[CORE_URL];
    if (kt_cluster_has_body(c, h)) {
        return KT_OK;
    }
    holder_url(c, base);
    if (!base[0]) {
        return kt_err_set(err, KT_EIO, "no other node is active that could have the body");
    }
    struct kt_http_client *http = cluster_client(c);
    int r = fetch_from(c, http, base, h, err);
    kt_http_client_free(http);
    return r;
}

/* ---- asked: have you these? ---- */

/* HASH.WHO, as notes of uploads are called. */
static bool note_name(const char *s)
{
    size_t n = strlen(s);
    return n > 65 && n < 90 && strspn(s, "0123456789abcdef") == 64 && s[64] == '.' &&
           strspn(s + 65, "0123456789abcdefghijklmnopqrstuvwxyz") == n - 65;
}

static int keep_notes(const struct kt_cluster *c, const struct kt_json *notes, struct kt_err *err)
{
    char path[700];
    struct kt_json_iter it = {0};
    snprintf(path, sizeof(path), "%s/staged", c->data_dir);
    int r = notes ? kt_dir_make(path, err) : KT_OK;
    while (r == KT_OK && kt_json_next(notes, &it)) {
        const char *text = kt_json_str(it.value);
        if (text && note_name(it.key)) {
            snprintf(path, sizeof(path), "%s/staged/%s", c->data_dir, it.key);
            r = kt_file_replace(path, text, strlen(text), err);
        }
    }
    return r;
}

static bool keep_one(struct kt_cluster *c, struct kt_http_client *http, const char *base,
                     const struct kt_json *one)
{
    struct kt_hash h;
    struct kt_err err = {0};
    if (kt_hash_from_hex(kt_str_c(kt_json_get_str(one, "hash", "")), &h) < 0) {
        return false;
    }
    int r = keep_notes(c, kt_json_get(one, "notes"), &err);
    if (r == KT_OK && !kt_cluster_has_body(c, &h)) {
        r = base[0] ? fetch_from(c, http, base, &h, &err) : KT_EIO;
    }
    if (r < 0 && r != KT_ENOTFOUND) {
        KT_WARN("cluster", "a body of the active node is not here: %s", err.text);
    }
    return r == KT_OK || r == KT_ENOTFOUND; /* erased there meanwhile */
}

int kt_cluster_have(struct kt_cluster *c, const struct kt_json *asked, struct kt_buf *out,
                    struct kt_err *err)
{
    char base[CORE_URL];
    const struct kt_json *all = kt_json_get(asked, "bodies");
    if (kt_json_len(all) > PAGE) {
        return kt_err_set(err, KT_ELIMIT, "at most %d bodies at once", PAGE);
    }
    holder_url(c, base);
    struct kt_http_client *http = cluster_client(c);
    struct kt_jw w = kt_jw_init(out);
    int64_t lacks = 0;
    for (size_t i = 0; i < kt_json_len(all); i++) {
        lacks += !keep_one(c, http, base, kt_json_at(all, i));
    }
    kt_jw_obj(&w);
    kt_jw_kint(&w, "lacks", lacks);
    kt_jw_obj_end(&w);
    kt_http_client_free(http);
    return KT_OK;
}

/* ---- asking ---- */

static void write_notes(const struct kt_cluster *c, char **names, size_t n, const char *hex,
                        struct kt_jw *w)
{
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        char path[800];
        struct kt_buf b;
        if (strncmp(names[i], hex, 64) != 0) {
            continue;
        }
        if (!any) {
            kt_jw_key(w, "notes");
            kt_jw_obj(w);
            any = true;
        }
        kt_buf_init(&b, NOTE_MAX);
        snprintf(path, sizeof(path), "%s/staged/%s", c->data_dir, names[i]);
        if (note_name(names[i]) && kt_file_read(path, NOTE_MAX, &b, NULL) == KT_OK) {
            kt_jw_kstr(w, names[i], kt_buf_cstr(&b));
        }
        kt_buf_done(&b);
    }
    if (any) {
        kt_jw_obj_end(w);
    }
}

/* {"bodies":[{"hash","notes"}]}; returns how long it may take to fetch them. */
static int64_t write_question(const struct kt_cluster *c, const struct kt_hash *h, size_t n,
                              struct kt_buf *out)
{
    char path[700], hex[65], **names = NULL;
    size_t names_n = 0;
    int64_t bytes = 0;
    struct kt_arena *arena = kt_arena_new(NAMES_MAX);
    snprintf(path, sizeof(path), "%s/staged", c->data_dir);
    if (!kt_file_exists(path) || kt_dir_list(path, arena, &names, &names_n, NULL) < 0) {
        names_n = 0;
    }
    struct kt_jw w = kt_jw_init(out);
    kt_jw_obj(&w);
    kt_jw_key(&w, "bodies");
    kt_jw_arr(&w);
    for (size_t i = 0; i < n; i++) {
        int64_t size = size_here(c, &h[i]);
        if (size < 0) {
            continue; /* erased */
        }
        bytes += size;
        kt_jw_obj(&w);
        kt_jw_kstr(&w, "hash", kt_hash_hex(&h[i], hex));
        write_notes(c, names, names_n, hex, &w);
        kt_jw_obj_end(&w);
    }
    kt_jw_arr_end(&w);
    kt_jw_obj_end(&w);
    kt_arena_free(arena);
    return PATIENCE + (int64_t)((double)bytes / BYTES_PER_NS);
}

static bool ask_page(struct kt_cluster *c, struct kt_http_client *http, const char *base,
                     const struct kt_hash *h, size_t n)
{
    char url[CORE_URL + 40];
    struct kt_buf question, answer;
    struct kt_json *j = NULL;
    struct kt_err err = {0};
    kt_buf_init(&question, NAMES_MAX);
    kt_buf_init(&answer, 1 << 16);
    int64_t patience = write_question(c, h, n, &question);
    struct kt_str body = {question.p, question.n};
    snprintf(url, sizeof(url), "%s/cluster/have", base);
    int r = cluster_ask(c, http, "POST", url, &body, patience, &answer, &err);
    r = r == KT_OK ? kt_json_parse((struct kt_str){answer.p, answer.n}, 1 << 16, &j, &err) : r;
    bool all = r == KT_OK && kt_json_get_int(j, "lacks", 1) == 0;
    if (r < 0) {
        KT_WARN("cluster", "no word of bodies: %s", err.text);
    }
    kt_json_free(j);
    kt_buf_done(&question);
    kt_buf_done(&answer);
    return all;
}

static struct cluster_peer *peer_of(struct kt_cluster *c, const char *node)
{
    struct cluster_peer *free_one = NULL;
    for (int i = 0; i < KT_CLUSTER_MEMBERS; i++) {
        struct cluster_peer *p = &c->peers.all[i];
        if (strcmp(p->node, node) == 0) {
            return p;
        }
        free_one = !free_one && !p->node[0] ? p : free_one;
    }
    if (free_one) {
        snprintf(free_one->node, sizeof(free_one->node), "%s", node);
    }
    return free_one;
}

static bool is_silent(struct kt_cluster *c, const char *node)
{
    pthread_mutex_lock(&c->peers.lock);
    struct cluster_peer *p = peer_of(c, node);
    bool silent = p && kt_clock_mono() < p->silent_until;
    pthread_mutex_unlock(&c->peers.lock);
    return silent;
}

static void remember(struct kt_cluster *c, const char *node, bool answered)
{
    pthread_mutex_lock(&c->peers.lock);
    struct cluster_peer *p = peer_of(c, node);
    if (p && !answered) {
        p->silent_until = kt_clock_mono() + SILENT_NS;
        p->whole = false; /* asked about all once more */
    }
    pthread_mutex_unlock(&c->peers.lock);
}

uint32_t kt_cluster_copies(struct kt_cluster *c, const struct kt_hash *h, size_t n)
{
    struct kt_cluster_stats s;
    uint32_t copies = 1;
    struct kt_http_client *http = cluster_client(c);
    kt_cluster_stats(c, &s);
    for (uint32_t i = 0; i < s.members_n; i++) {
        const struct kt_cluster_member *m = &s.members[i];
        if (!m->alive || !m->url[0] || strcmp(m->node, c->node) == 0 || is_silent(c, m->node)) {
            continue;
        }
        bool all = true;
        for (size_t at = 0; all && at < n; at += PAGE) {
            all = ask_page(c, http, m->url, h + at, n - at < PAGE ? n - at : PAGE);
        }
        remember(c, m->node, all);
        copies += all;
    }
    kt_http_client_free(http);
    if (copies == 1 && n) {
        atomic_fetch_add(&c->peers.alone, n);
        KT_WARN("cluster", "%zu bodies are on one disk alone: no other node has them", n);
    }
    return copies;
}

/* ---- a node that came (back): it is asked about all ---- */

static bool ask_folder(struct kt_cluster *c, struct kt_http_client *http, const char *base,
                       const char *folder)
{
    char **names;
    size_t n, used = 0;
    bool all = true;
    struct kt_arena *arena = kt_arena_new(NAMES_MAX);
    if (kt_dir_list(folder, arena, &names, &n, NULL) == KT_OK && n) {
        struct kt_hash *h = KT_NEW_ARRAY(arena, struct kt_hash, n);
        for (size_t i = 0; i < n; i++) {
            used +=
                strlen(names[i]) == 64 && kt_hash_from_hex(kt_str_c(names[i]), &h[used]) == KT_OK;
        }
        for (size_t at = 0; all && at < used && !atomic_load(&c->stop); at += PAGE) {
            all = ask_page(c, http, base, h + at, used - at < PAGE ? used - at : PAGE);
        }
    }
    kt_arena_free(arena);
    return all;
}

static bool ask_all(struct kt_cluster *c, const char *base)
{
    char path[700];
    char **names;
    size_t n;
    bool all = true;
    struct kt_arena *arena = kt_arena_new(NAMES_MAX);
    struct kt_http_client *http = cluster_client(c);
    snprintf(path, sizeof(path), "%s/bodies", c->data_dir);
    if (kt_file_exists(path) && kt_dir_list(path, arena, &names, &n, NULL) == KT_OK) {
        for (size_t i = 0; all && i < n && !atomic_load(&c->stop); i++) {
            snprintf(path, sizeof(path), "%s/bodies/%s", c->data_dir, names[i]);
            all = ask_folder(c, http, base, path);
        }
    }
    kt_http_client_free(http);
    kt_arena_free(arena);
    return all && !atomic_load(&c->stop);
}

static bool is_whole(struct kt_cluster *c, const struct kt_cluster_member *m)
{
    pthread_mutex_lock(&c->peers.lock);
    struct cluster_peer *p = peer_of(c, m->node);
    bool whole = !p || p->whole;
    if (p && !m->alive) {
        p->whole = false;
    }
    pthread_mutex_unlock(&c->peers.lock);
    return whole;
}

static void make_whole(struct kt_cluster *c, const struct kt_cluster_member *m)
{
    uint64_t alone = atomic_load(&c->peers.alone);
    bool whole = ask_all(c, m->url);
    pthread_mutex_lock(&c->peers.lock);
    struct cluster_peer *p = peer_of(c, m->node);
    p->whole = whole;
    pthread_mutex_unlock(&c->peers.lock);
    if (whole) {
        atomic_fetch_sub(&c->peers.alone, alone);
        KT_INFO("cluster", "node %s has every body that this one has", m->node);
    }
}

void *cluster_bodies(void *arg)
{
    struct kt_cluster *c = arg;
    while (!atomic_load(&c->stop)) {
        char secret[65];
        struct kt_err err;
        struct kt_cluster_stats s;
        kt_cluster_stats(c, &s);
        if (s.role == KT_CLUSTER_ACTIVE && cluster_secret(c, secret, &err) < 0) {
            KT_DEBUG("cluster", "%s", err.text); /* it is there for who asks first */
        }
        for (uint32_t i = 0; s.role == KT_CLUSTER_ACTIVE && i < s.members_n; i++) {
            const struct kt_cluster_member *m = &s.members[i];
            bool other = strcmp(m->node, c->node) != 0;
            if (other && !is_whole(c, m) && m->alive && m->url[0] && !is_silent(c, m->node)) {
                make_whole(c, m);
            }
        }
        pthread_mutex_lock(&c->lock);
        if (!atomic_load(&c->stop)) {
            cluster_wait(c, &c->idle, ROUND_NS);
        }
        pthread_mutex_unlock(&c->lock);
    }
    return NULL;
}
