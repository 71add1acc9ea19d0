/* SPDX-License-Identifier: Apache-2.0 */
/* Log in, log out, who am I. The cookie is HttpOnly and SameSite=Strict; Secure over TLS. */
#include <stdio.h>
#include <string.h>

#include "api/cluster.h"
#include "base/crypto.h"

/* Cookies do not know ports: two sites on one host tell theirs apart by the site's id. */
const char *session_cookie(const struct kt_api *a, struct kt_http_req *req)
{
    return kt_http_cookie(req, a->cookie);
}

bool session_local(struct kt_api *a, struct kt_http_req *req)
{
    const char *auth = kt_http_header(req, "Authorization");
    struct kt_hash h;
    if (!a->local_token[0] || !auth || strncmp(auth, "Bearer ", 7) != 0) {
        return false;
    }
    kt_hash_of(auth + 7, strlen(auth + 7), &h);
    return kt_hash_eq(&h, &a->local_hash);
}

/* `kuangtu` on this machine: the local token stands for a person with every right. */
static bool local_person(struct kt_api *a, struct kt_http_req *req, struct kt_arena *arena,
                         struct kt_person *ret)
{
    static const char *const everywhere[] = {"*"};
    static const char *const roles[] = {"local"};
    uint32_t rights_n;
    const char *const *rights = kt_site_rights(&rights_n);
    (void)arena;
    if (!session_local(a, req)) {
        return false;
    }
    *ret = (struct kt_person){.user = "local",
                              .name = "kuangtu command line",
                              .language = "zh",
                              .roles = roles,
                              .roles_n = 1,
                              .rights = rights,
                              .rights_n = rights_n,
                              .places = everywhere,
                              .places_n = 1};
    return true;
}

int session_of(struct kt_api *a, struct kt_http_req *req, struct kt_arena *arena,
               struct kt_person *ret, struct kt_err *err)
{
    if (local_person(a, req, arena, ret) || elsewhere_person(a, req, arena, ret)) {
        return KT_OK;
    }
    const char *token = session_cookie(a, req);
    if (!token) {
        return kt_err_set(err, KT_EAUTH, "log in first");
    }
    return kt_auth_session(a->opts.auth, token, arena, ret, err);
}

static void set_cookie(struct call *c, const char *token, bool end)
{
    char line[256];
    snprintf(line, sizeof(line), "%s=%s; Path=/; HttpOnly; SameSite=Strict%s%s", c->api->cookie,
             token, kt_http_secure(c->req) ? "; Secure" : "", end ? "; Max-Age=0" : "");
    kt_http_set_header(c->req, "Set-Cookie", line);
}

static void write_list(struct kt_jw *w, const char *key, const char *const *list, uint32_t n)
{
    kt_jw_key(w, key);
    kt_jw_arr(w);
    for (uint32_t i = 0; i < n; i++) {
        kt_jw_str(w, list[i]);
    }
    kt_jw_arr_end(w);
}

static void reply_person(struct call *c, const struct kt_person *p)
{
    struct kt_buf b;
    kt_buf_init(&b, 1 << 20);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "user", p->user);
    kt_jw_kstr(&w, "name", p->name);
    kt_jw_kstr(&w, "language", p->language);
    kt_jw_kbool(&w, "must_change_password", p->must_change_password);
    write_list(&w, "roles", p->roles, p->roles_n);
    write_list(&w, "rights", p->rights, p->rights_n);
    write_list(&w, "places", p->places, p->places_n);
    kt_jw_obj_end(&w);
    reply_buf(c, 200, &b);
}

/* Only a known name is written: what was typed there else may be a password. */
static void log_refused(struct call *c, const char *user, const struct kt_err *err)
{
    struct kt_auth *a = c->api->opts.auth;
    kt_auth_log(a, user && kt_auth_known(a, user) ? user : "-", kt_http_client(c->req), "POST",
                "/login", kt_err_http(err->code));
}

void post_login(struct call *c)
{
    const char *user = NULL, *password;
    char token[64];
    struct kt_err err = {0};
    struct kt_person p;
    if (kt_json_need_str(c->body, "user", &user, &err) < 0 ||
        kt_json_need_str(c->body, "password", &password, &err) < 0 ||
        kt_auth_login(c->api->opts.auth, user, password, kt_http_client(c->req), token, &err) < 0 ||
        kt_auth_session(c->api->opts.auth, token, c->arena, &p, &err) < 0) {
        log_refused(c, user, &err);
        reply_err(c->req, &err);
        return;
    }
    c->person = p;
    set_cookie(c, token, false);
    reply_person(c, &p);
}

void post_logout(struct call *c)
{
    const char *token = session_cookie(c->api, c->req);
    if (token) {
        kt_auth_logout(c->api->opts.auth, token);
    }
    set_cookie(c, "", true);
    kt_http_reply(c->req, 204, "text/plain", KT_STR(""));
}

void get_me(struct call *c)
{
    reply_person(c, &c->person);
}

void post_password(struct call *c)
{
    const char *old, *fresh;
    struct kt_err err = {0};
    if (kt_json_need_str(c->body, "old", &old, &err) < 0 ||
        kt_json_need_str(c->body, "new", &fresh, &err) < 0 ||
        kt_auth_password(c->api->opts.auth, c->person.user, old, fresh,
                         session_cookie(c->api, c->req), &err) < 0) {
        reply_err(c->req, &err);
        return;
    }
    accounts_say(c->api, true);
    kt_http_reply(c->req, 204, "text/plain", KT_STR(""));
}
