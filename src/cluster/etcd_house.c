/* SPDX-License-Identifier: Apache-2.0 */
/* Members, the size of the database, dropping what all have. */
#include "cluster/etcd_private.h"

#include <stdio.h>
#include <string.h>

static void sign_ops(struct cl_etcd *e, struct kt_jw *w, int64_t lease, struct kt_str json)
{
    char name[CORE_NAME + 16];
    snprintf(name, sizeof(name), "alive/%s", e->conf->node);
    etcd_put_op(e, w, name, (struct kt_str){"1", 1}, lease);
    snprintf(name, sizeof(name), "member/%s", e->conf->node);
    etcd_put_op(e, w, name, json, 0);
}

void cl_etcd_sign(struct cl_etcd *e, int64_t lease, int64_t token, struct kt_str json,
                  struct core_answer *ret)
{
    struct kt_jw w = etcd_begin(e);
    if (token) {
        etcd_list(&w, "compare");
        etcd_compare_token(e, &w, token);
        kt_jw_arr_end(&w);
        etcd_list(&w, "failure");
        sign_ops(e, &w, lease, json);
        kt_jw_arr_end(&w);
    }
    etcd_list(&w, "success");
    sign_ops(e, &w, lease, json);
    if (token) {
        etcd_put_op(e, &w, "holder", json, lease);
    }
    kt_jw_arr_end(&w);
    kt_jw_obj_end(&w);
    kt_json_free(etcd_ask_txn(e, ret, NULL));
}

static void read_member(struct kt_str text, struct cl_member *ret)
{
    struct kt_json *j = NULL;
    if (kt_json_parse(text, 8192, &j, NULL) < 0) {
        return;
    }
    snprintf(ret->url, sizeof(ret->url), "%s", kt_json_get_str(j, "url", ""));
    snprintf(ret->version, sizeof(ret->version), "%s", kt_json_get_str(j, "version", ""));
    snprintf(ret->difference, sizeof(ret->difference), "%s", kt_json_get_str(j, "difference", ""));
    ret->next = (kt_seq)kt_json_get_int(j, "next", 0);
    ret->at = kt_json_get_int(j, "at", 0);
    ret->behind_ns = kt_json_get_int(j, "behind_ns", 0);
    (void)kt_json_bool(kt_json_get(j, "same_site"), &ret->same_site);
    (void)kt_json_bool(kt_json_get(j, "active"), &ret->active);
    kt_json_free(j);
}

/* The name behind "/WHAT/"; NULL: another kind of key. */
static const char *behind(const char *key, const char *what)
{
    const char *last = strrchr(key, '/');
    size_t n = strlen(what);
    return last && (size_t)(last - key) >= n && memcmp(last - n, what, n) == 0 ? last + 1 : NULL;
}

static struct cl_member *member(struct cl_member *all, uint32_t *n, const char *node)
{
    for (uint32_t i = 0; i < *n; i++) {
        if (strcmp(all[i].node, node) == 0) {
            return &all[i];
        }
    }
    if (*n == CL_MEMBERS) {
        return NULL;
    }
    struct cl_member *m = &all[(*n)++];
    *m = (struct cl_member){.next = 0};
    snprintf(m->node, sizeof(m->node), "%s", node);
    return m;
}

static void read_key(const struct kt_json *kv, struct cl_member *all, uint32_t *n)
{
    struct kt_buf name, value;
    kt_buf_init(&name, 1024);
    kt_buf_init(&value, 8192);
    if (etcd_get_bytes(kv, "key", &name) && etcd_get_bytes(kv, "value", &value)) {
        const char *key = kt_buf_cstr(&name);
        const char *alive = behind(key, "/alive"), *kept = behind(key, "/member");
        struct cl_member *m = alive || kept ? member(all, n, alive ? alive : kept) : NULL;
        if (m && alive) {
            m->alive = true;
        } else if (m) {
            read_member((struct kt_str){value.p, value.n}, m);
        }
    }
    kt_buf_done(&name);
    kt_buf_done(&value);
}

static void op_all(const struct cl_etcd *e, struct kt_jw *w, const char *from, const char *to)
{
    kt_jw_obj(w);
    kt_jw_key(w, "request_range");
    kt_jw_obj(w);
    etcd_key(e, w, "key", from);
    etcd_key(e, w, "range_end", to);
    kt_jw_obj_end(w);
    kt_jw_obj_end(w);
}

void cl_etcd_members(struct cl_etcd *e, struct cl_member ret[CL_MEMBERS], uint32_t *ret_n,
                     struct core_answer *ret_answer)
{
    uint32_t n = 0;
    struct kt_jw w = etcd_begin(e);
    etcd_list(&w, "success");
    op_all(e, &w, "member/", "member0");
    op_all(e, &w, "alive/", "alive0");
    kt_jw_arr_end(&w);
    kt_jw_obj_end(&w);
    struct kt_json *root = etcd_ask_txn(e, ret_answer, NULL);
    const struct kt_json *all = kt_json_get(root, "responses");
    for (size_t i = 0; i < kt_json_len(all); i++) {
        const struct kt_json *range = kt_json_get(kt_json_at(all, i), "response_range");
        const struct kt_json *kvs = kt_json_get(range, "kvs");
        for (size_t k = 0; k < kt_json_len(kvs); k++) {
            read_key(kt_json_at(kvs, k), ret, &n);
        }
    }
    *ret_n = n;
    kt_json_free(root);
}

bool cl_etcd_size(struct cl_etcd *e, int64_t *ret_size, int64_t *ret_used)
{
    struct kt_jw w = etcd_begin(e);
    kt_jw_obj_end(&w);
    struct kt_json *root = etcd_ask(e, "/v3/maintenance/status");
    int64_t size = etcd_get_i64(root, "dbSize"), used = etcd_get_i64(root, "dbSizeInUse");
    bool got = root && size > 0;
    if (got) {
        *ret_size = size;
        *ret_used = used;
    }
    kt_json_free(root);
    return got;
}

static void op_delete(const struct cl_etcd *e, struct kt_jw *w, const char *from, const char *to)
{
    kt_jw_obj(w);
    kt_jw_key(w, "request_delete_range");
    kt_jw_obj(w);
    etcd_key(e, w, "key", from);
    if (to) {
        etcd_key(e, w, "range_end", to);
    }
    kt_jw_obj_end(w);
    kt_jw_obj_end(w);
}

static struct kt_json *delete (struct cl_etcd *e, int64_t token, const char *from, const char *to,
                               struct core_answer *ret)
{
    struct kt_jw w = etcd_begin(e);
    etcd_list(&w, "compare");
    etcd_compare_token(e, &w, token);
    kt_jw_arr_end(&w);
    etcd_list(&w, "success");
    op_delete(e, &w, from, to);
    kt_jw_arr_end(&w);
    kt_jw_obj_end(&w);
    return etcd_ask_txn(e, ret, NULL);
}

void cl_etcd_drop(struct cl_etcd *e, int64_t token, kt_seq below, struct core_answer *ret)
{
    char end[32];
    struct kt_json *root = delete (e, token, "f/", etcd_frame_key(below, end), ret);
    int64_t revision = etcd_get_i64(kt_json_get(root, "header"), "revision");
    kt_json_free(root);
    if (ret->how == ANSWER_OK && revision > 0) {
        struct kt_jw w = etcd_begin(e);
        etcd_int(&w, "revision", revision);
        kt_jw_obj_end(&w);
        kt_json_free(etcd_ask(e, "/v3/kv/compaction"));
    }
}

void cl_etcd_forget(struct cl_etcd *e, int64_t token, const char *node)
{
    struct core_answer a;
    char name[CORE_NAME + 16];
    snprintf(name, sizeof(name), "member/%s", node);
    kt_json_free(delete (e, token, name, NULL, &a));
}
