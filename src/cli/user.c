/* SPDX-License-Identifier: Apache-2.0 */
/* kuangtu user: list, add and change the users of a site, with or without the program running. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/auth.h"
#include "base/json.h"
#include "cli/cli.h"
#include "conf/json.h"

static const struct kt_option options[] = {
    {"name", "TEXT", "full name"},
    {"roles", "A,B", "roles of site.yaml, or system-admin, security-admin, auditor"},
    {"disable", NULL, "forbid to log in"},
    {"enable", NULL, "allow again"},
    {"new-password", NULL, "make a new random password, shown once"},
    {NULL, NULL, NULL},
};

enum { ROLES_MAX = 16 };

static uint32_t split_roles(struct kt_arena *arena, const char *text, const char **ret)
{
    uint32_t n = 0;
    while (text && *text && n < ROLES_MAX) {
        size_t len = strcspn(text, ",");
        ret[n++] = kt_arena_strndup(arena, text, len);
        text += len + (text[len] == ',');
    }
    return n;
}

static void user_json(const struct kt_args *a, const char *user, const char *password, bool create,
                      struct kt_arena *arena, struct kt_buf *out)
{
    const char *roles[ROLES_MAX];
    struct kt_jw w = kt_jw_init(out);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "user", user);
    if (kt_arg(a, "name") || create) {
        kt_jw_kstr(&w, "name", kt_arg(a, "name") ? kt_arg(a, "name") : user);
    }
    if (kt_arg(a, "roles")) {
        uint32_t n = split_roles(arena, kt_arg(a, "roles"), roles);
        kt_jw_key(&w, "roles");
        kt_jw_arr(&w);
        for (uint32_t i = 0; i < n; i++) {
            kt_jw_str(&w, roles[i]);
        }
        kt_jw_arr_end(&w);
    }
    if (kt_arg(a, "disable") || kt_arg(a, "enable")) {
        kt_jw_kbool(&w, "disabled", kt_arg(a, "disable") != NULL);
    }
    if (password) {
        kt_jw_kstr(&w, "password", password);
    }
    kt_jw_obj_end(&w);
}

static int put_running(const struct kt_running *run, const struct kt_args *a, const char *user,
                       const char *password, bool create, struct kt_err *err)
{
    struct kt_arena *arena = kt_arena_new(1 << 20);
    struct kt_buf body, answer;
    kt_buf_init(&body, 1 << 16);
    kt_buf_init(&answer, 1 << 20);
    user_json(a, user, password, create, arena, &body);
    struct kt_str s = {body.p, body.n};
    int status = 0;
    const char *path = create ? "/api/v1/users" : kt_arena_printf(arena, "/api/v1/users/%s", user);
    int r = kt_running_call(run, create ? "POST" : "PATCH", path, &s, &status, &answer, err);
    kt_buf_done(&body);
    kt_buf_done(&answer);
    kt_arena_free(arena);
    return r;
}

static int put_direct(const struct kt_args *a, const char *user, const char *password, bool create,
                      struct kt_err *err)
{
    char packs[600], data[600];
    struct kt_arena *arena = kt_arena_new(1 << 20);
    struct kt_findings *f = kt_findings_new(100);
    struct kt_site *site = NULL;
    struct kt_auth *auth = NULL;
    const char *roles[ROLES_MAX];
    umask(0077);
    snprintf(data, sizeof(data), "%s/data", a->pos[1]);
    int r = kt_data_own(a, a->pos[1], err);
    if (r == KT_OK) {
        r = kt_site_load(a->pos[1], kt_share_dir(packs, sizeof(packs), "packs"), NULL, f, &site,
                         err);
    }
    if (r == KT_OK) {
        r = kt_auth_open(data, site, &auth, err);
    }
    if (r == KT_OK) {
        struct kt_user u = {.user = user, .name = kt_arg(a, "name")};
        u.roles_n = split_roles(arena, kt_arg(a, "roles"), roles);
        u.roles = kt_arg(a, "roles") ? roles : NULL;
        u.disabled = kt_arg(a, "disable") != NULL;
        u.set_disabled = u.disabled || kt_arg(a, "enable");
        u.must_change = password != NULL;
        r = kt_auth_user_put(auth, &u, password, create, NULL, err);
    }
    kt_auth_close(auth);
    kt_site_unref(site);
    kt_findings_free(f);
    kt_arena_free(arena);
    return r;
}

static int change(const struct kt_args *a, bool create)
{
    static const char *const made[] = {"user", "password"};
    char password[40];
    const char *user = a->pos[2];
    struct kt_running run;
    struct kt_err err = {0};
    bool fresh = create || kt_arg(a, "new-password");
    if (create && !kt_arg(a, "roles")) {
        return kt_usage(a, "a new user needs --roles");
    }
    kt_auth_random_password(password);
    int r = kt_running_find(a->pos[1], &run, &err);
    r = r == KT_OK ? put_running(&run, a, user, fresh ? password : NULL, create, &err)
                   : put_direct(a, user, fresh ? password : NULL, create, &err);
    if (r < 0) {
        return kt_fail(a, &err);
    }
    if (fresh && a->format != KT_FORMAT_TABLE) {
        struct kt_table *t = kt_table_new(a->format, made, KT_ARRAY_LEN(made));
        kt_table_cell(t, user);
        kt_table_cell(t, password);
        kt_table_end(t);
    } else if (fresh) {
        printf("user %s, password %s (shown only now)\n", user, password);
    } else {
        kt_done(a, "user %s changed", user);
    }
    return KT_EXIT_OK;
}

static int list(const struct kt_args *a)
{
    static const char *const columns[] = {"user", "name", "roles", "state"};
    struct kt_running run;
    struct kt_err err = {0};
    struct kt_buf answer;
    struct kt_json *j = NULL;
    int status = 0;
    kt_buf_init(&answer, 16 << 20);
    int r = kt_running_find(a->pos[1], &run, &err);
    if (r == KT_OK) {
        r = kt_running_call(&run, "GET", "/api/v1/users", NULL, &status, &answer, &err);
    }
    if (r == KT_OK) {
        r = kt_json_parse((struct kt_str){answer.p, answer.n}, 0, &j, &err);
    }
    kt_buf_done(&answer);
    if (r < 0) {
        return kt_fail(a, &err);
    }
    struct kt_table *t = kt_table_new(a->format, columns, 4);
    const struct kt_json *items = kt_json_get(j, "items");
    for (size_t i = 0; i < kt_json_len(items); i++) {
        const struct kt_json *u = kt_json_at(items, i);
        char roles[256] = "";
        for (size_t k = 0; k < kt_json_len(kt_json_get(u, "roles")); k++) {
            size_t n = strlen(roles);
            snprintf(roles + n, sizeof(roles) - n, "%s%s", k ? "," : "",
                     kt_json_str(kt_json_at(kt_json_get(u, "roles"), k)));
        }
        kt_table_cell(t, kt_json_get_str(u, "user", ""));
        kt_table_cell(t, kt_json_get_str(u, "name", ""));
        kt_table_cell(t, roles);
        kt_table_cell(t, kt_json_get_bool(u, "disabled", false) ? "disabled"
                         : kt_json_get_bool(u, "locked", false) ? "locked"
                                                                : "");
    }
    kt_table_end(t);
    kt_json_free(j);
    return KT_EXIT_OK;
}

static int user(const struct kt_args *a)
{
    if (a->pos_n == 2 && strcmp(a->pos[0], "list") == 0) {
        return list(a);
    }
    if (a->pos_n == 3 && strcmp(a->pos[0], "add") == 0) {
        return change(a, true);
    }
    if (a->pos_n == 3 && strcmp(a->pos[0], "set") == 0) {
        return change(a, false);
    }
    return kt_usage(a, "say list SITE, add SITE USER or set SITE USER");
}

const struct kt_verb kt_verb_user = {
    .name = "user",
    .usage = "list SITE | add SITE USER --roles A,B | set SITE USER [--new-password] [--disable]",
    .summary = "users of a site",
    .help = "A new user's password is made at random and shown once.\n\n"
            "  kuangtu user add sites/demo wang --name 王某 --roles dispatcher\n",
    .options = options,
    .run = user,
};
