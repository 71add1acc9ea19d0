/* SPDX-License-Identifier: Apache-2.0 */
/* Finding and calling the running program of a site; where shared files lie. */
#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "conf/json.h"
#include "sys/file.h"
#include "sys/http_client.h"

int kt_running_find(const char *site_dir, struct kt_running *ret, struct kt_err *err)
{
    char path[600];
    struct kt_buf b;
    struct kt_json *j = NULL;
    kt_buf_init(&b, 1 << 16);
    snprintf(path, sizeof(path), "%s/data/run.json", site_dir);
    int r = kt_file_read(path, 1 << 16, &b, err);
    if (r == KT_ENOTFOUND) {
        kt_err_set(err, KT_ENOTFOUND, "no program runs on %s; start it with: kuangtu serve %s",
                   site_dir, site_dir);
    } else if (r < 0 && access(path, R_OK) != 0 && errno == EACCES) {
        kt_err_set(err, KT_EDENIED,
                   "the program on %s answers its own user and root alone: sudo -u kuangtu kuangtu "
                   "…",
                   site_dir);
    }
    if (r == KT_OK) {
        r = kt_json_parse((struct kt_str){b.p, b.n}, 0, &j, err);
    }
    if (r == KT_OK) {
        snprintf(ret->url, sizeof(ret->url), "%s", kt_json_get_str(j, "url", ""));
        snprintf(ret->token, sizeof(ret->token), "%s", kt_json_get_str(j, "token", ""));
        snprintf(ret->ca, sizeof(ret->ca), "%s/secrets/ca.pem", site_dir);
        ret->ca[kt_file_exists(ret->ca) ? strlen(ret->ca) : 0] = '\0';
        ret->pid = (int)kt_json_get_int(j, "pid", 0);
        ret->utc_offset_s = (int)kt_json_get_int(j, "utc_offset_s", 0);
        if (ret->pid <= 0 || (kill(ret->pid, 0) != 0 && errno == ESRCH)) {
            r = kt_err_set(err, KT_ENOTFOUND,
                           "the program on %s (process %d) has ended; start it with: kuangtu serve "
                           "%s",
                           site_dir, ret->pid, site_dir);
        }
    }
    kt_json_free(j);
    kt_buf_done(&b);
    return r;
}

static const char *name_of(uid_t uid, char *buf, size_t cap)
{
    const struct passwd *p = getpwuid(uid); /* the main thread asks */
    snprintf(buf, cap, "%s", p ? p->pw_name : "");
    if (!p) {
        snprintf(buf, cap, "#%u", (unsigned)uid);
    }
    return buf;
}

int kt_data_own(const struct kt_args *a, const char *site_dir, struct kt_err *err)
{
    char data[600], owner[64], me[64];
    struct stat st;
    snprintf(data, sizeof(data), "%s/data", site_dir);
    if (stat(data, &st) != 0 || st.st_uid == geteuid()) {
        return KT_OK;
    }
    name_of(st.st_uid, owner, sizeof(owner));
    return kt_err_set(err, KT_EDENIED,
                      "%s belongs to the user %s and you are %s, whose files that one could not "
                      "read: sudo -u %s kuangtu %s …",
                      data, owner, name_of(geteuid(), me, sizeof(me)), owner, a->verb->name);
}

/* The server's own words for what went wrong. */
static int server_error(int status, struct kt_buf *body, struct kt_err *err)
{
    struct kt_json *j = NULL;
    if (kt_json_parse((struct kt_str){body->p, body->n}, 0, &j, NULL) < 0) {
        return kt_err_set(err, KT_EIO, "the program answered with status %d", status);
    }
    const struct kt_json *e = kt_json_get(j, "error");
    int code = status == 404   ? KT_ENOTFOUND
               : status == 403 ? KT_EDENIED
               : status == 400 ? KT_EINVAL
               : status == 409 ? KT_ECONFLICT
                               : KT_EIO;
    const char *text = kt_json_get_str(e, "text", "refused");
    kt_err_set(err, code, "%s", kt_chinese() ? kt_json_get_str(e, "text_zh", text) : text);
    kt_json_free(j);
    return code;
}

int kt_running_call(const struct kt_running *run, const char *method, const char *path,
                    const struct kt_str *body, int *ret_status, struct kt_buf *ret_body,
                    struct kt_err *err)
{
    char url[2048], bearer[96];
    snprintf(url, sizeof(url), "%s%s", run->url, path);
    snprintf(bearer, sizeof(bearer), "Authorization: Bearer %s", run->token);
    const char *headers[] = {bearer, "X-Kuangtu: 1", "Content-Type: application/json", NULL};
    struct kt_http_client *c = kt_http_client_new();
    if (run->ca[0]) {
        kt_http_client_trust(c, run->ca);
    }
    int r =
        kt_http_client_do(c, method, url, headers, body, 120 * KT_SEC, ret_status, ret_body, err);
    kt_http_client_free(c);
    if (r == KT_OK && *ret_status >= 400) {
        r = server_error(*ret_status, ret_body, err);
    }
    return r;
}

const char *kt_share_dir(char *buf, size_t cap, const char *what)
{
    char exe[512];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    exe[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(exe, '/');
    if (slash) {
        *slash = '\0';
    }
    /* beside the program; in a source tree the program is in build/src; installed */
    static const char *const forms[] = {"", "/..", "/../..", "/../share/kuangtu"};
    for (size_t i = 0; i < KT_ARRAY_LEN(forms); i++) {
        snprintf(buf, cap, "%s%s/%s", exe, forms[i], what);
        if (kt_file_exists(buf)) {
            break;
        }
    }
    return buf;
}
