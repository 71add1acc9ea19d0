/* SPDX-License-Identifier: Apache-2.0 */
/* Users, roles, the access log, and loading the site again. */
#include <string.h>

#include "api/handlers.h"

static void write_user(const struct kt_user *u, struct kt_jw *w)
{
    kt_jw_obj(w);
    kt_jw_kstr(w, "user", u->user);
    kt_jw_kstr(w, "name", u->name);
    kt_jw_kstr(w, "language", u->language);
    kt_jw_key(w, "roles");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < u->roles_n; i++) {
        kt_jw_str(w, u->roles[i]);
    }
    kt_jw_arr_end(w);
    kt_jw_kbool(w, "disabled", u->disabled);
    kt_jw_kbool(w, "locked", u->locked);
    kt_jw_kbool(w, "must_change_password", u->must_change);
    kt_jw_kint(w, "created", u->created / KT_MS);
    kt_jw_kint(w, "last_login", u->last_login / KT_MS);
    kt_jw_obj_end(w);
}

void get_users(struct call *c)
{
    struct kt_user *list;
    size_t n;
    struct kt_err err = {0};
    if (kt_auth_users(c->api->opts.auth, c->arena, &list, &n, &err) < 0) {
        reply_err(c->req, &err);
        return;
    }
    struct kt_buf b;
    kt_buf_init(&b, 64 << 20);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_key(&w, "items");
    kt_jw_arr(&w);
    for (size_t i = 0; i < n; i++) {
        write_user(&list[i], &w);
    }
    kt_jw_arr_end(&w);
    kt_jw_key(&w, "next");
    kt_jw_null(&w);
    kt_jw_obj_end(&w);
    reply_buf(c, 200, &b);
}

enum { ROLES_MAX = 16 };

static void put_user(struct call *c, const char *user, bool create)
{
    struct kt_err err = {0};
    const char *roles[ROLES_MAX];
    const struct kt_json *list = kt_json_get(c->body, "roles");
    struct kt_user u = {.user = user,
                        .name = kt_json_get_str(c->body, "name", NULL),
                        .language = kt_json_get_str(c->body, "language", NULL),
                        .disabled = kt_json_get_bool(c->body, "disabled", false),
                        .set_disabled = kt_json_get(c->body, "disabled") != NULL};
    const char *password = kt_json_get_str(c->body, "password", NULL);
    u.must_change = password != NULL;
    if (kt_json_arr(list)) {
        for (size_t i = 0; i < kt_json_len(list) && u.roles_n < ROLES_MAX; i++) {
            const char *one = kt_json_str(kt_json_at(list, i));
            roles[u.roles_n++] = one ? one : "";
        }
        u.roles = roles;
    }
    if (kt_auth_user_put(c->api->opts.auth, &u, password, create, &c->person, &err) < 0) {
        reply_err(c->req, &err);
        return;
    }
    accounts_say(c->api, true);
    kt_http_reply(c->req, create ? 201 : 200, "application/json", KT_STR("{}"));
}

void post_users(struct call *c)
{
    const char *user;
    struct kt_err err = {0};
    if (kt_json_need_str(c->body, "user", &user, &err) < 0) {
        reply_err(c->req, &err);
        return;
    }
    put_user(c, user, true);
}

void patch_user(struct call *c)
{
    put_user(c, c->param[0], false);
}

static void write_texts(struct kt_jw *w, const char *key, const char *const *list, uint32_t n)
{
    kt_jw_key(w, key);
    kt_jw_arr(w);
    for (uint32_t i = 0; i < n; i++) {
        kt_jw_str(w, list[i]);
    }
    kt_jw_arr_end(w);
}

static void write_role(const struct kt_people_role *r, struct kt_jw *w)
{
    kt_jw_obj(w);
    kt_jw_kstr(w, "id", r->id);
    kt_jw_key(w, "name");
    kt_jw_obj(w);
    kt_jw_kstr(w, "zh", r->name.zh);
    kt_jw_kstr(w, "en", r->name.en);
    kt_jw_obj_end(w);
    write_texts(w, "rights", r->rights, r->rights_n);
    write_texts(w, "places", r->places, r->places_n);
    kt_jw_obj_end(w);
}

static bool site_has_role(const struct kt_site *s, const char *id)
{
    for (uint32_t i = 0; i < s->people_n; i++) {
        if (strcmp(s->people[i].id, id) == 0) {
            return true;
        }
    }
    return false;
}

void get_roles(struct call *c)
{
    struct kt_buf b;
    struct kt_people_role role;
    kt_buf_init(&b, 1 << 20);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_key(&w, "items");
    kt_jw_arr(&w);
    for (uint32_t i = 0; i < c->site->people_n; i++) {
        write_role(&c->site->people[i], &w);
    }
    for (size_t i = 0; kt_auth_builtin_role(i, &role); i++) {
        if (!site_has_role(c->site, role.id)) {
            write_role(&role, &w);
        }
    }
    kt_jw_arr_end(&w);
    kt_jw_obj_end(&w);
    reply_buf(c, 200, &b);
}

struct audit {
    struct kt_jw *w;
    int64_t left;
};

static bool write_access(void *arg, kt_time time, const char *user, const char *client,
                         const char *method, const char *path, int status)
{
    struct audit *a = arg;
    kt_jw_obj(a->w);
    kt_jw_kint(a->w, "time", time / KT_MS);
    kt_jw_kstr(a->w, "user", user);
    kt_jw_kstr(a->w, "client", client);
    kt_jw_kstr(a->w, "method", method);
    kt_jw_kstr(a->w, "path", path);
    kt_jw_kint(a->w, "status", status);
    kt_jw_obj_end(a->w);
    return --a->left > 0;
}

void get_audit(struct call *c)
{
    kt_time from, to, now = kt_runtime_now(c->api->opts.runtime);
    int64_t limit;
    struct kt_err err = {0};
    if (!query_time(c, "to", now + KT_MIN, &to) || !query_time(c, "from", to - KT_DAY, &from) ||
        !query_int(c, "limit", 1, 10000, 500, &limit)) {
        return;
    }
    struct kt_buf b;
    kt_buf_init(&b, 64 << 20);
    struct kt_jw w = kt_jw_init(&b);
    struct audit a = {&w, limit};
    kt_jw_obj(&w);
    kt_jw_key(&w, "items");
    kt_jw_arr(&w);
    int r = kt_auth_log_read(c->api->opts.auth, from, to, kt_http_query(c->req, "user"),
                             write_access, &a, &err);
    kt_jw_arr_end(&w);
    kt_jw_obj_end(&w);
    if (r < 0) {
        kt_buf_done(&b);
        reply_err(c->req, &err);
        return;
    }
    reply_buf(c, 200, &b);
}

void post_reload(struct call *c)
{
    struct kt_err err = {0};
    struct kt_buf findings, b;
    kt_buf_init(&findings, 16 << 20);
    if (!c->api->opts.reload) {
        reply_code(c->req, KT_EUNSUPPORTED, "this program cannot load its site again");
        return;
    }
    int r = c->api->opts.reload(c->api->opts.arg, c->person.user,
                                kt_json_get_str(c->body, "why", ""), &findings, &err);
    kt_buf_init(&b, 16 << 20);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    if (r < 0) {
        kt_jw_key(&w, "error");
        kt_jw_obj(&w);
        kt_jw_kstr(&w, "code", kt_err_name(r));
        kt_jw_kstr(&w, "text", err.text);
        kt_jw_obj_end(&w);
    }
    kt_jw_key(&w, "findings");
    kt_jw_raw(&w, findings.n ? (struct kt_str){findings.p, findings.n} : KT_STR("[]"));
    kt_jw_obj_end(&w);
    kt_buf_done(&findings);
    reply_buf(c, r < 0 ? kt_err_http(r) : 200, &b);
}
