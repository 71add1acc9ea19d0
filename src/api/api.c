/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dispatch: find the route, know the person, check the right, call the handler, log the access.
 * Nothing is answered for a person before these four are done: deny by default.
 */
#include "api/cluster.h"
#include "api/records.h"
#include "api/desk.h"
#include "api/evacuate.h"
#include "api/personnel.h"
#include "api/vent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/log.h"
#include "sys/clock.h"

/* kt_session_SITE, with what the name of a cookie may hold. */
static void name_cookie(struct kt_api *a)
{
    struct kt_site *site = kt_runtime_site(a->opts.runtime);
    snprintf(a->cookie, sizeof(a->cookie), "kt_session_%.60s", site->id);
    for (char *p = a->cookie; *p; p++) {
        bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                     (*p >= '0' && *p <= '9') || *p == '-' || *p == '_';
        *p = plain ? *p : '_';
    }
    kt_site_unref(site);
}

int kt_api_new(const struct kt_api_opts *opts, struct kt_api **ret, struct kt_err *err)
{
    struct kt_api *a = calloc(1, sizeof(*a));
    KT_ASSERT(a);
    a->opts = *opts;
    pthread_mutex_init(&a->lock, NULL);
    pthread_rwlock_init(&a->ingest_lock, NULL);
    a->map_json = strdup(opts->map_json ? opts->map_json : "{}");
    a->local_token = strdup(opts->local_token ? opts->local_token : "");
    kt_hash_of(a->local_token, strlen(a->local_token), &a->local_hash);
    name_cookie(a);
    a->rates = rates_new();
    a->jobs = jobs_new(a);
    a->imports = imports_new(a);
    a->vent = vent_new(a);
    a->personnel = personnel_new(a);
    a->evacuate = evacuate_new(a);
    a->desk = desk_new(a);
    a->ingest = ingest_new(a, err);
    a->hub = a->ingest ? hub_new(a, err) : NULL;
    if (!a->hub) {
        kt_api_free(a);
        return err->code;
    }
    a->accounts = accounts_new(a);
    accounts_say(a, true); /* what was changed while nothing ran */
    attachments_sweep(a);
    *ret = a;
    return KT_OK;
}

void kt_api_free(struct kt_api *a)
{
    if (!a) {
        return;
    }
    for (int i = 0; replays_running() && i < 500; i++) {
        kt_sleep(10 * KT_MS); /* their clients are gone: each ends within a frame */
    }
    rates_free(a->rates);
    desk_free(a->desk);
    evacuate_free(a->evacuate);
    vent_free(a->vent);
    personnel_free(a->personnel);
    jobs_free(a->jobs);
    imports_free(a->imports);
    hub_free(a->hub);
    accounts_free(a->accounts);
    ingest_free(a->ingest);
    pthread_mutex_destroy(&a->lock);
    pthread_rwlock_destroy(&a->ingest_lock);
    free(a->map_json);
    free(a->local_token);
    free(a);
}

void kt_api_started(struct kt_api *a)
{
    atomic_store(&a->started, true);
}

void kt_api_end_streams(struct kt_api *a)
{
    hub_end_streams(a->hub);
}

void kt_api_site_changed(struct kt_api *a, const char *map_json)
{
    char *fresh = strdup(map_json ? map_json : "{}");
    pthread_mutex_lock(&a->lock);
    free(a->map_json);
    a->map_json = fresh;
    pthread_mutex_unlock(&a->lock);
    struct kt_err err = {0};
    struct ingest *fresh_ingest = ingest_new(a, &err);
    if (fresh_ingest) {
        pthread_rwlock_wrlock(&a->ingest_lock);
        struct ingest *old = a->ingest;
        a->ingest = fresh_ingest;
        pthread_rwlock_unlock(&a->ingest_lock);
        ingest_free(old);
    } else {
        KT_ERROR("api", "producers stay as they were: %s", err.text);
    }
    hub_site_changed(a->hub);
    accounts_say(a, true); /* tokens of producers */
}

/* Does the path fit "/points/{id}"? Fills the parameters; c NULL: nobody wants them. */
static bool fits(struct call *c, const char *pattern, const char *path)
{
    int n = 0;
    while (*pattern && *path) {
        if (*pattern != '{') {
            if (*pattern++ != *path++) {
                return false;
            }
            continue;
        }
        size_t len = strcspn(path, "/");
        if (len == 0 || n == 3) {
            return false;
        }
        if (c) {
            c->param[n] = kt_arena_strndup(c->arena, path, len);
        }
        n++;
        path += len;
        pattern = strchr(pattern, '}') + 1;
    }
    return *pattern == '\0' && *path == '\0';
}

static const struct route *find_route(struct call *c, const char *method, const char *path,
                                      bool *ret_known)
{
    *ret_known = false;
    for (size_t i = 0; i < api_routes_n; i++) {
        const struct route *r = &api_routes[i];
        if (fits(c, r->pattern, path)) {
            *ret_known = true;
            if (strcmp(r->method, method) == 0) {
                return r;
            }
        }
    }
    return NULL;
}

/* A page of another origin can post a form but cannot add this header. */
static bool csrf_ok(struct kt_http_req *req)
{
    return strcmp(kt_http_method(req), "GET") == 0 || kt_http_header(req, "X-Kuangtu");
}

static bool read_body(struct call *c, const struct route *r)
{
    struct kt_str text = kt_http_body(c->req);
    struct kt_err err = {0};
    if (text.n == 0 || r->raw_body) {
        return true;
    }
    if (kt_json_parse(text, 16 << 20, &c->body, &err) < 0) {
        reply_err(c->req, &err);
        return false;
    }
    return true;
}

/* "a|b": one of them is enough. */
static bool may_one_of(const struct kt_person *p, const char *rights)
{
    for (uint32_t i = 0; i < p->rights_n; i++) {
        size_t n = strlen(p->rights[i]);
        const char *at = strstr(rights, p->rights[i]);
        if (at && (at == rights || at[-1] == '|') && (at[n] == '\0' || at[n] == '|')) {
            return true;
        }
    }
    return false;
}

static bool allowed(struct call *c, const struct route *r)
{
    struct kt_err err = {0};
    if (r->right && strcmp(r->right, "-") == 0) {
        return r->handle != post_login || rates_allow(c, RATE_LOGIN);
    }
    if (session_of(c->api, c->req, c->arena, &c->person, &err) < 0) {
        reply_err(c->req, &err);
        return false;
    }
    if (!csrf_ok(c->req)) {
        reply_code(c->req, KT_EDENIED, "the header X-Kuangtu is missing");
        return false;
    }
    if (c->person.must_change_password && !r->always) {
        reply_code(c->req, KT_EPASSWORD,
                   "the password must be changed first: POST /api/v1/password");
        return false;
    }
    if (r->right && !may_one_of(&c->person, r->right)) {
        reply_code(c->req, KT_EDENIED, "the right \"%s\" is needed; ask the administrator",
                   r->right);
        return false;
    }
    return r->free || rates_allow(c, r->costly ? RATE_QUERY : RATE_REQUEST);
}

/* What may take seconds: costly routes, and some that a person does seldom. */
static bool is_long(struct kt_http_req *req, const char *path)
{
    static const char *const seldom[] = {"/history", "/import", "/reload", "/attachments"};
    bool known;
    const struct route *r = find_route(NULL, kt_http_method(req), path, &known);
    bool is = r && r->costly;
    for (size_t i = 0; i < KT_ARRAY_LEN(seldom) && !is; i++) {
        is = strstr(path, seldom[i]) != NULL;
    }
    return is;
}

/* Read off the path alone: who asks is not known yet. Requests of people (commands, opening and
 * acknowledging) are short and must not wait behind anything. */
enum kt_http_lane kt_api_lane(void *arg, struct kt_http_req *req)
{
    const char *path = kt_http_path(req);
    if (forward_wanted(arg, req) || elsewhere_wanted(arg, req)) {
        return KT_HTTP_LONG;
    }
    if (ingest_path(path)) {
        return ingest_lane(arg, req);
    }
    if (peers_path(path)) {
        return KT_HTTP_LONG;
    }
    if (strncmp(path, "/api/v1/", 8) != 0) {
        return strcmp(path, "/healthz") == 0 || strcmp(path, "/metrics") == 0 ? KT_HTTP_PROMPT
                                                                              : KT_HTTP_AT_ONCE;
    }
    if (strcmp(path + 7, "/requests") == 0) {
        return KT_HTTP_URGENT;
    }
    return is_long(req, path + 7) ? KT_HTTP_LONG : KT_HTTP_PROMPT;
}

static void people_may_differ(struct kt_api *a, struct kt_http_req *req, const char *path)
{
    static const char *const about[] = {"/login", "/logout", "/password", "/users"};
    for (size_t i = 0; i < KT_ARRAY_LEN(about) && a->opts.people_changed; i++) {
        if (strncmp(path, about[i], strlen(about[i])) == 0 &&
            strcmp(kt_http_method(req), "GET") != 0) {
            a->opts.people_changed(a->opts.arg);
            return;
        }
    }
}

static void handle_api(struct kt_api *a, struct kt_http_req *req, const char *path)
{
    struct call c = {.api = a, .req = req, .arena = kt_http_arena(req)};
    bool known;
    const struct route *r = find_route(&c, kt_http_method(req), path, &known);
    if (!r) {
        reply_code(req, known ? KT_EUNSUPPORTED : KT_ENOTFOUND,
                   known ? "this method is not for this address" : "there is no such address");
        return;
    }
    c.site = kt_runtime_site(a->opts.runtime);
    if (allowed(&c, r) && read_body(&c, r)) {
        r->handle(&c);
        people_may_differ(a, req, path); /* on a worker: the answer waits for it */
    }
    if (c.person.user) {
        kt_auth_log(a->opts.auth, c.person.user, kt_http_client(req), kt_http_method(req), path,
                    kt_http_status(req));
    }
    kt_json_free(c.body);
    kt_site_unref(c.site);
}

void kt_api_handle(void *arg, struct kt_http_req *req)
{
    struct kt_api *a = arg;
    const char *path = kt_http_path(req);
    if (elsewhere_wanted(a, req) && elsewhere(a, req)) {
        return;
    }
    if (forward_wanted(a, req)) {
        forward(a, req);
    } else if (ingest_path(path)) {
        ingest_handle(a, req);
    } else if (peers_path(path)) {
        peers_handle(a, req);
    } else if (strncmp(path, "/api/v1/", 8) == 0) {
        handle_api(a, req, path + 7);
    } else if (strcmp(path, "/healthz") == 0 || strcmp(path, "/metrics") == 0) {
        handle_api(a, req, path);
    } else if (a->opts.ui_dir && a->opts.ui_dir[0] && strcmp(kt_http_method(req), "GET") == 0) {
        kt_http_static(req, a->opts.ui_dir);
    } else {
        reply_code(req, KT_ENOTFOUND, "there is no such address");
    }
}

bool kt_api_admit(void *arg, struct kt_http_req *req)
{
    struct kt_api *a = arg;
    return !ingest_path(kt_http_path(req)) || ingest_admit(a, req);
}
