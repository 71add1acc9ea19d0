/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A region divides its mines over nodes (cluster/shards.h). Any of them takes a call about any
 * mine: with the header X-Kuangtu-Mine it is answered by the node that has that mine now, so
 * screens and programs need no list of nodes. Who asks is found out here; the other node is told
 * the person and judges by its own table of routes. Nodes know each other by a secret in etcd.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/cluster.h"
#include "base/crypto.h"
#include "sys/file.h"
#include "sys/http_client.h"

#define PATIENCE (20 * KT_SEC)
static const char mine_header[] = "X-Kuangtu-Mine", person_header[] = "X-Kuangtu-Person";
enum { PERSON_MAX = 24 << 10, LIST_MAX = 1024 };

bool elsewhere_wanted(struct kt_api *a, struct kt_http_req *req)
{
    return a->opts.mine_at && kt_http_header(req, mine_header) &&
           !kt_http_header(req, person_header) && strncmp(kt_http_path(req), "/api/v1/", 8) == 0;
}

/* ---- the person, from node to node ---- */

static void put_list(struct kt_jw *w, const char *key, const char *const *list, uint32_t n)
{
    kt_jw_key(w, key);
    kt_jw_arr(w);
    for (uint32_t i = 0; i < n; i++) {
        kt_jw_str(w, list[i]);
    }
    kt_jw_arr_end(w);
}

static const char *person_line(struct kt_arena *arena, const struct kt_person *p)
{
    struct kt_buf json, coded;
    kt_buf_init(&json, PERSON_MAX);
    kt_buf_init(&coded, 2 * PERSON_MAX);
    struct kt_jw w = kt_jw_init(&json);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "user", p->user);
    kt_jw_kstr(&w, "name", p->name);
    kt_jw_kstr(&w, "language", p->language);
    put_list(&w, "roles", p->roles, p->roles_n);
    put_list(&w, "rights", p->rights, p->rights_n);
    put_list(&w, "places", p->places, p->places_n);
    kt_jw_obj_end(&w);
    kt_base64_encode(json.p, json.n, &coded);
    const char *line = kt_arena_printf(arena, "%s: %s", person_header, kt_buf_cstr(&coded));
    kt_buf_done(&json);
    kt_buf_done(&coded);
    return line;
}

static const char *const *take_list(struct kt_arena *arena, const struct kt_json *o,
                                    const char *key, uint32_t *ret_n)
{
    const struct kt_json *all = kt_json_get(o, key);
    size_t n = kt_json_len(all) < LIST_MAX ? kt_json_len(all) : LIST_MAX;
    const char **list = KT_NEW_ARRAY(arena, const char *, n + 1);
    for (size_t i = 0; i < n; i++) {
        const char *one = kt_json_str(kt_json_at(all, i));
        list[i] = kt_arena_strdup(arena, one ? one : "");
    }
    *ret_n = (uint32_t)n;
    return list;
}

static bool is_peer(struct kt_api *a, struct kt_http_req *req)
{
    static const char bearer[] = "Bearer ";
    char secret[65] = "";
    struct kt_hash is, said;
    const char *text = kt_http_header(req, "Authorization");
    if (!text || strncmp(text, bearer, sizeof(bearer) - 1) != 0 || !a->opts.peer_secret ||
        !a->opts.peer_secret(a->opts.arg, secret)) {
        return false;
    }
    text += sizeof(bearer) - 1;
    kt_hash_of(secret, strlen(secret), &is);
    kt_hash_of(text, strlen(text), &said); /* so that time says nothing of either */
    return kt_hash_eq(&is, &said);
}

bool elsewhere_person(struct kt_api *a, struct kt_http_req *req, struct kt_arena *arena,
                      struct kt_person *ret)
{
    const char *coded = kt_http_header(req, person_header);
    struct kt_err err;
    struct kt_json *o = NULL;
    if (!coded || !is_peer(a, req)) {
        return false;
    }
    char *text = kt_arena_alloc(arena, PERSON_MAX);
    int n = kt_base64_decode(kt_str_c(coded), text, PERSON_MAX);
    if (n < 0 || kt_json_parse((struct kt_str){text, (size_t)n}, PERSON_MAX, &o, &err) < 0) {
        return false;
    }
    struct kt_person p = {.user = kt_arena_strdup(arena, kt_json_get_str(o, "user", "")),
                          .name = kt_arena_strdup(arena, kt_json_get_str(o, "name", "")),
                          .language = kt_arena_strdup(arena, kt_json_get_str(o, "language", "zh"))};
    p.roles = take_list(arena, o, "roles", &p.roles_n);
    p.rights = take_list(arena, o, "rights", &p.rights_n);
    p.places = take_list(arena, o, "places", &p.places_n);
    kt_json_free(o);
    bool whole = *p.user != '\0';
    if (whole) {
        *ret = p;
    }
    return whole;
}

/* ---- passing on ---- */

struct kt_http_client *node_client(struct kt_api *a)
{
    char ca[700];
    struct kt_http_client *c = kt_http_client_new();
    snprintf(ca, sizeof(ca), "%s/secrets/ca.pem", a->opts.site_dir);
    if (kt_file_exists(ca)) {
        kt_http_client_trust(c, ca);
    }
    return c;
}

static void pass(struct kt_api *a, struct kt_http_req *req, const struct kt_person *p,
                 const char *node, const char *base)
{
    struct kt_arena *arena = kt_http_arena(req);
    struct kt_buf target, answer;
    struct kt_err err = {0};
    char secret[65] = "";
    const char *type = kt_http_header(req, "Content-Type");
    if (!a->opts.peer_secret || !a->opts.peer_secret(a->opts.arg, secret)) {
        reply_code(req, KT_ENODE, "the nodes of the region do not know each other yet; once more");
        return;
    }
    kt_buf_init(&target, 1 << 16);
    kt_buf_init(&answer, 256 << 20);
    kt_http_target(req, &target);
    const char *headers[] = {kt_arena_printf(arena, "Authorization: Bearer %s", secret),
                             person_line(arena, p), "X-Kuangtu: 1",
                             kt_arena_printf(arena, "Content-Type: %s", type ? type : "text/plain"),
                             NULL};
    const char *url = kt_arena_printf(arena, "%s%s", base, kt_buf_cstr(&target));
    struct kt_http_client *c = node_client(a);
    struct kt_str body = kt_http_body(req);
    int status = 0;
    int r = kt_http_client_do(c, kt_http_method(req), url, headers, body.n ? &body : NULL, PATIENCE,
                              &status, &answer, &err);
    if (r < 0) {
        reply_code(req, KT_ENODE, "node %s, which has this mine, does not answer", node);
        kt_buf_done(&answer);
    } else {
        const char *got = *kt_http_client_type(c) ? kt_http_client_type(c) : "text/plain";
        kt_http_set_header(req, "X-Kuangtu-Node", kt_arena_strdup(arena, node));
        kt_http_reply_take(req, status, kt_arena_strdup(arena, got), &answer);
    }
    kt_http_client_free(c);
    kt_buf_done(&target);
}

bool elsewhere(struct kt_api *a, struct kt_http_req *req)
{
    char node[CORE_NAME] = "", url[CORE_URL] = "";
    struct kt_person p;
    struct kt_err err = {0};
    const char *mine = kt_http_header(req, mine_header);
    int r = session_of(a, req, kt_http_arena(req), &p, &err);
    r = r < 0 ? r : a->opts.mine_at(a->opts.arg, mine, node, url, &err);
    if (r == KT_OK && !url[0]) {
        return false; /* it is here */
    }
    if (r < 0) {
        reply_err(req, &err);
    } else if (strcmp(kt_http_method(req), "GET") != 0 && !kt_http_header(req, "X-Kuangtu")) {
        reply_code(req, KT_EDENIED, "the header X-Kuangtu is missing");
    } else if (strstr(kt_http_path(req), "/stream")) {
        reply_code(req, KT_EUNSUPPORTED, "a stream is opened at node %s itself: %s", node, url);
    } else if (p.must_change_password) {
        reply_code(req, KT_EPASSWORD, "the password must be changed first: POST /api/v1/password");
    } else {
        pass(a, req, &p, node, url);
    }
    return true;
}
