/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/http_client.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/time.h"

struct kt_http_client {
    CURL *curl;
    char *ca_file; /* NULL: the machine's */
    char *user, *password;
    bool fresh;
    char why[CURL_ERROR_SIZE];
    char type[128], cookie[512];
};

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void start(void)
{
    KT_ASSERT(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
}

struct kt_http_client *kt_http_client_new(void)
{
    pthread_once(&once, start);
    struct kt_http_client *c = calloc(1, sizeof(*c));
    KT_ASSERT(c);
    c->curl = curl_easy_init();
    KT_ASSERT(c->curl);
    return c;
}

void kt_http_client_free(struct kt_http_client *c)
{
    if (!c) {
        return;
    }
    curl_easy_cleanup(c->curl);
    free(c->ca_file);
    free(c->user);
    free(c->password);
    free(c);
}

static char *copy(const char *text)
{
    char *t = text ? strdup(text) : NULL;
    KT_ASSERT(!text || t);
    return t;
}

void kt_http_client_login(struct kt_http_client *c, const char *user, const char *password)
{
    free(c->user);
    free(c->password);
    c->user = copy(user);
    c->password = copy(user ? password : NULL);
}

void kt_http_client_trust(struct kt_http_client *c, const char *ca_file)
{
    free(c->ca_file);
    c->ca_file = copy(ca_file);
}

bool kt_http_client_fresh(const struct kt_http_client *c)
{
    return c->fresh;
}

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
    struct kt_buf *out = arg;
    kt_buf_put(out, p, size * n);
    return out->full ? 0 : size * n;
}

static size_t on_header(char *p, size_t size, size_t n, void *arg)
{
    static const char name[] = "Set-Cookie:";
    struct kt_http_client *c = arg;
    size_t all = size * n, at = sizeof(name) - 1;
    if (all > at && strncasecmp(p, name, at) == 0) {
        while (at < all && p[at] == ' ') {
            at++;
        }
        size_t end = all;
        while (end > at && (p[end - 1] == '\r' || p[end - 1] == '\n')) {
            end--;
        }
        snprintf(c->cookie, sizeof(c->cookie), "%.*s", (int)(end - at), p + at);
    }
    return all;
}

const char *kt_http_client_type(const struct kt_http_client *c)
{
    return c->type;
}

const char *kt_http_client_cookie(const struct kt_http_client *c)
{
    return c->cookie;
}

static struct curl_slist *add(struct curl_slist *list, const char *line)
{
    struct curl_slist *more = curl_slist_append(list, line);
    KT_ASSERT(more);
    return more;
}

/* The caller's lines; without libcurl's own Expect and guessed Content-Type. */
static struct curl_slist *header_list(const char *const *headers)
{
    struct curl_slist *list = add(NULL, "Expect:");
    bool typed = false;
    for (; headers && *headers; headers++) {
        list = add(list, *headers);
        typed = typed || strncasecmp(*headers, "Content-Type:", 13) == 0;
    }
    return typed ? list : add(list, "Content-Type:");
}

static bool wants_body(const char *method)
{
    return strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 ||
           strcmp(method, "PATCH") == 0;
}

static void set_request(struct kt_http_client *c, const char *method, const char *url,
                        const struct kt_str *body)
{
    curl_easy_setopt(c->curl, CURLOPT_URL, url);
    if (body || wants_body(method)) {
        curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)(body ? body->n : 0));
        curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, body && body->n ? body->p : "");
    } else if (strcmp(method, "HEAD") == 0) {
        curl_easy_setopt(c->curl, CURLOPT_NOBODY, 1L);
    }
    if (strcmp(method, "GET") != 0 || body) {
        curl_easy_setopt(c->curl, CURLOPT_CUSTOMREQUEST, method);
    }
}

/* Plain HTTP and HTTPS to the host that was named: no redirect, no proxy of the environment. */
static void set_limits(struct kt_http_client *c, int64_t timeout_ns)
{
    int64_t ms = timeout_ns <= 0 ? 0 : (timeout_ns + KT_MS - 1) / KT_MS;
    curl_easy_setopt(c->curl, CURLOPT_TIMEOUT_MS, (long)ms);
    curl_easy_setopt(c->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c->curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(c->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c->curl, CURLOPT_ERRORBUFFER, c->why);
    c->why[0] = '\0';
    if (c->user) {
        curl_easy_setopt(c->curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
        curl_easy_setopt(c->curl, CURLOPT_USERNAME, c->user);
        curl_easy_setopt(c->curl, CURLOPT_PASSWORD, c->password);
    }
    if (c->ca_file) {
        curl_easy_setopt(c->curl, CURLOPT_CAINFO, c->ca_file);
        curl_easy_setopt(c->curl, CURLOPT_CAPATH, NULL);
    }
}

static int failure(const struct kt_http_client *c, CURLcode code, const char *url, bool full,
                   struct kt_err *err)
{
    if (full) {
        return kt_err_set(err, KT_ELIMIT, "%s: the answer is larger than allowed here", url);
    }
    const char *why = c->why[0] ? c->why : curl_easy_strerror(code);
    if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL) {
        return kt_err_set(err, KT_EINVAL, "%s: %s", url, why);
    }
    return kt_err_set(err, code == CURLE_OPERATION_TIMEDOUT ? KT_ETIMEOUT : KT_EIO, "%s: %s", url,
                      why);
}

int kt_http_client_do(struct kt_http_client *c, const char *method, const char *url,
                      const char *const *headers, const struct kt_str *body, int64_t timeout_ns,
                      int *ret_status, struct kt_buf *ret_body, struct kt_err *err)
{
    curl_easy_reset(c->curl); /* keeps live connections */
    set_limits(c, timeout_ns);
    set_request(c, method, url, body);
    struct curl_slist *list = header_list(headers);
    size_t before = ret_body->n;
    curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, list);
    curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, ret_body);
    curl_easy_setopt(c->curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(c->curl, CURLOPT_HEADERDATA, c);
    c->type[0] = c->cookie[0] = '\0';
    CURLcode code = curl_easy_perform(c->curl);
    curl_slist_free_all(list);
    if (code != CURLE_OK) {
        ret_body->n = before;
        return failure(c, code, url, ret_body->full, err);
    }
    long status = 0, opened = 0;
    curl_easy_getinfo(c->curl, CURLINFO_NUM_CONNECTS, &opened);
    c->fresh = opened > 0;
    const char *type = NULL;
    curl_easy_getinfo(c->curl, CURLINFO_CONTENT_TYPE, &type);
    snprintf(c->type, sizeof(c->type), "%s", type ? type : "");
    curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
    *ret_status = (int)status;
    return KT_OK;
}
