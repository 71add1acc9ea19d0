/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A node that follows passes what is not mere reading on to the active one, as it came, and its
 * answer back. Without a session of its own here the active node judges the same cookie or token.
 */
#include "api/cluster.h"

#include <stdio.h>
#include <string.h>

#include "sys/clock.h"
#include "sys/http_client.h"

#define PATIENCE (20 * KT_SEC)
#define LOGIN_NS (600 * KT_MS)

bool forward_wanted(struct kt_api *a, struct kt_http_req *req)
{
    const char *method = kt_http_method(req), *path = kt_http_path(req);
    bool api = strncmp(path, "/api/", 5) == 0 || ingest_path(path);
    return kt_runtime_follows(a->opts.runtime) && api && strcmp(method, "GET") != 0 &&
           strstr(path, "/stream/") == NULL;
}

static int pass_headers(struct kt_http_req *req, struct kt_arena *arena, const char *to[8])
{
    static const char *const names[] = {"Cookie", "Authorization", "X-Kuangtu", "Content-Type"};
    int n = 0;
    for (size_t i = 0; i < KT_ARRAY_LEN(names); i++) {
        const char *v = kt_http_header(req, names[i]);
        if (v) {
            to[n++] = kt_arena_printf(arena, "%s: %s", names[i], v);
        }
    }
    to[n++] = "X-Kuangtu-Forwarded: 1"; /* never on from there */
    to[n] = NULL;
    return n;
}

static void pass_back(struct kt_http_req *req, struct kt_http_client *c, int status,
                      struct kt_buf *body)
{
    if (*kt_http_client_cookie(c)) {
        kt_http_set_header(req, "Set-Cookie",
                           kt_arena_strdup(kt_http_arena(req), kt_http_client_cookie(c)));
    }
    const char *type = *kt_http_client_type(c) ? kt_http_client_type(c) : "text/plain";
    kt_http_reply_take(req, status, kt_arena_strdup(kt_http_arena(req), type), body);
}

void forward(struct kt_api *a, struct kt_http_req *req)
{
    struct kt_cluster_stats s;
    struct kt_buf target, answer;
    struct kt_err err = {0};
    const char *headers[8];
    int status = 0;
    kt_cluster_stats(kt_runtime_cluster(a->opts.runtime), &s);
    if (!s.holder_url[0] || kt_http_header(req, "X-Kuangtu-Forwarded")) {
        reply_code(req, KT_ENODE, "no node is active at this moment; send once more");
        return;
    }
    if (session_local(a, req)) { /* its token means nothing to another node */
        reply_code(req, KT_ENODE, "this node follows; run it where %s is active", s.holder);
        return;
    }
    kt_buf_init(&target, 1 << 16);
    kt_buf_init(&answer, 64 << 20);
    kt_http_target(req, &target);
    pass_headers(req, kt_http_arena(req), headers);
    const char *url =
        kt_arena_printf(kt_http_arena(req), "%s%s", s.holder_url, kt_buf_cstr(&target));
    struct kt_http_client *c = node_client(a);
    struct kt_str body = kt_http_body(req);
    int r = kt_http_client_do(c, kt_http_method(req), url, headers, &body, PATIENCE, &status,
                              &answer, &err);
    if (r < 0) {
        reply_code(req, KT_ENODE, "the active node %s does not answer: it may have been done",
                   s.holder);
        kt_buf_done(&answer);
    } else {
        if (status == 200 && strcmp(kt_http_path(req), "/api/v1/login") == 0) {
            kt_sleep(LOGIN_NS); /* until this node knows the session, too */
        }
        pass_back(req, c, status, &answer);
    }
    kt_http_client_free(c);
    kt_buf_done(&target);
}
