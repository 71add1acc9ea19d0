/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What nodes of one cluster ask each other, below /cluster/: bodies by hash. They know each other
 * by a secret that is in etcd; nobody's session counts here, and nothing here is forwarded.
 */
#include <stdio.h>
#include <string.h>

#include "api/cluster.h"
#include "api/records.h"

static const char bodies[] = "/cluster/bodies/";

bool peers_path(const char *path)
{
    return strncmp(path, "/cluster/", 9) == 0;
}

static void get_body(struct kt_api *a, struct kt_http_req *req, const char *hex)
{
    char dir[700];
    struct kt_hash h;
    struct kt_buf b;
    struct kt_err err = {0};
    if (strlen(hex) != 64 || kt_hash_from_hex(kt_str_c(hex), &h) < 0) {
        reply_code(req, KT_ENOTFOUND, "there is no such body");
        return;
    }
    snprintf(dir, sizeof(dir), "%s/data", a->opts.site_dir);
    kt_buf_init(&b, 1 << 30);
    if (kt_body_get(dir, &h, 1 << 30, &b, &err) < 0) {
        kt_buf_done(&b);
        reply_err(req, &err);
    } else {
        kt_http_reply_take(req, 200, "application/octet-stream", &b);
    }
}

static void post_have(struct kt_cluster *c, struct kt_http_req *req)
{
    struct kt_json *asked = NULL;
    struct kt_buf out;
    struct kt_err err = {0};
    kt_buf_init(&out, 1 << 16);
    int r = kt_json_parse(kt_http_body(req), 64 << 20, &asked, &err);
    r = r == KT_OK ? kt_cluster_have(c, asked, &out, &err) : r;
    kt_json_free(asked);
    if (r < 0) {
        kt_buf_done(&out);
        reply_err(req, &err);
    } else {
        kt_http_reply_take(req, 200, "application/json", &out);
    }
}

void peers_handle(struct kt_api *a, struct kt_http_req *req)
{
    struct kt_cluster *c = kt_runtime_cluster(a->opts.runtime);
    const char *path = kt_http_path(req), *method = kt_http_method(req);
    if (!c) {
        reply_code(req, KT_ENOTFOUND, "this node is alone");
    } else if (!kt_cluster_is_peer(c, kt_http_header(req, "Authorization"))) {
        reply_code(req, KT_EAUTH, "this is for the other nodes of the cluster");
    } else if (strcmp(method, "GET") == 0 && strncmp(path, bodies, sizeof(bodies) - 1) == 0) {
        get_body(a, req, path + sizeof(bodies) - 1);
    } else if (strcmp(method, "GET") == 0 && strcmp(path, "/cluster/files") == 0) {
        lend_list(a, req);
    } else if (strcmp(method, "GET") == 0 && strcmp(path, "/cluster/file") == 0) {
        lend_file(a, req);
    } else if (strcmp(method, "POST") == 0 && strcmp(path, "/cluster/have") == 0) {
        post_have(c, req);
    } else {
        reply_code(req, KT_ENOTFOUND, "there is no such address");
    }
}
