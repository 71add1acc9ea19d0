/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/etcd_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum { ANSWER_MAX = 48 << 20, KEY_MAX = 300 };

struct cl_etcd *cl_etcd_new(const struct cl_etcd_conf *conf)
{
    struct cl_etcd *e = calloc(1, sizeof(*e));
    KT_ASSERT(e);
    e->conf = conf;
    e->http = kt_http_client_new();
    kt_buf_init(&e->request, 4 << 20);
    kt_buf_init(&e->answer, ANSWER_MAX);
    return e;
}

void cl_etcd_free(struct cl_etcd *e)
{
    if (!e) {
        return;
    }
    kt_http_client_free(e->http);
    kt_buf_done(&e->request);
    kt_buf_done(&e->answer);
    free(e);
}

const char *cl_etcd_why(const struct cl_etcd *e)
{
    return e->err.text;
}

/* ---- writing ---- */

static void base64(struct kt_jw *w, const char *key, struct kt_str value)
{
    kt_jw_key(w, key);
    kt_buf_puts(w->out, "\"");
    kt_base64_encode(value.p, value.n, w->out);
    kt_buf_puts(w->out, "\"");
    w->comma = true;
}

void etcd_key(const struct cl_etcd *e, struct kt_jw *w, const char *name, const char *what)
{
    char path[KEY_MAX];
    int n = snprintf(path, sizeof(path), "%s/%s", e->conf->prefix, what);
    KT_ASSERT(n > 0 && (size_t)n < sizeof(path));
    base64(w, name, (struct kt_str){path, (size_t)n});
}

void etcd_int(struct kt_jw *w, const char *name, int64_t v)
{
    char text[32];
    snprintf(text, sizeof(text), "%" PRId64, v);
    kt_jw_kstr(w, name, text);
}

struct kt_jw etcd_begin(struct cl_etcd *e)
{
    kt_buf_clear(&e->request);
    struct kt_jw w = kt_jw_init(&e->request);
    kt_jw_obj(&w);
    return w;
}

void etcd_list(struct kt_jw *w, const char *name)
{
    kt_jw_key(w, name);
    kt_jw_arr(w);
}

void etcd_compare_created(const struct cl_etcd *e, struct kt_jw *w, const char *what,
                          int64_t revision)
{
    kt_jw_obj(w);
    etcd_key(e, w, "key", what);
    kt_jw_kstr(w, "target", "CREATE");
    kt_jw_kstr(w, "result", "EQUAL");
    etcd_int(w, "create_revision", revision);
    kt_jw_obj_end(w);
}

void etcd_compare_token(const struct cl_etcd *e, struct kt_jw *w, int64_t token)
{
    etcd_compare_created(e, w, "holder", token);
}

void etcd_put_op(const struct cl_etcd *e, struct kt_jw *w, const char *what, struct kt_str value,
                 int64_t lease)
{
    kt_jw_obj(w);
    kt_jw_key(w, "request_put");
    kt_jw_obj(w);
    etcd_key(e, w, "key", what);
    base64(w, "value", value);
    if (lease) {
        etcd_int(w, "lease", lease);
    }
    kt_jw_obj_end(w);
    kt_jw_obj_end(w);
}

/* `to` NULL: that key alone. */
static void op_range(const struct cl_etcd *e, struct kt_jw *w, const char *from, const char *to,
                     int limit, bool last_first)
{
    kt_jw_obj(w);
    kt_jw_key(w, "request_range");
    kt_jw_obj(w);
    etcd_key(e, w, "key", from);
    if (to) {
        etcd_key(e, w, "range_end", to);
        etcd_int(w, "limit", limit);
    }
    if (last_first) {
        kt_jw_kstr(w, "sort_order", "DESCEND");
        kt_jw_kstr(w, "sort_target", "KEY");
    }
    kt_jw_obj_end(w);
    kt_jw_obj_end(w);
}

void etcd_range_op(const struct cl_etcd *e, struct kt_jw *w, const char *from, const char *to)
{
    op_range(e, w, from, to, 0, false);
}

/* What every refusal is answered with: who holds it, where the head is. */
static void op_state(const struct cl_etcd *e, struct kt_jw *w, const char *list)
{
    etcd_list(w, list);
    op_range(e, w, "holder", NULL, 0, false);
    op_range(e, w, "head", NULL, 0, false);
    kt_jw_arr_end(w);
}

const char *etcd_frame_key(kt_seq seq, char to[32])
{
    snprintf(to, 32, "f/%016" PRIx64, seq);
    return to;
}

/* ---- the exchange ---- */

/* The answer's JSON, or NULL: none came, and the next call goes to another server. */
struct kt_json *etcd_ask(struct cl_etcd *e, const char *path)
{
    char url[400];
    int status = 0;
    struct kt_json *root = NULL;
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    struct kt_str body = {e->request.p, e->request.n};
    snprintf(url, sizeof(url), "%s%s", e->conf->urls[e->at % e->conf->urls_n], path);
    kt_buf_clear(&e->answer);
    e->err = (struct kt_err){0};
    int r = e->request.full ? kt_err_set(&e->err, KT_ELIMIT, "a request to etcd is too large")
                            : kt_http_client_do(e->http, "POST", url, headers, &body,
                                                e->conf->patience_ns, &status, &e->answer, &e->err);
    if (r == KT_OK && status != 200) {
        r = kt_err_set(&e->err, KT_EIO, "%s: status %d: %.120s", url, status,
                       kt_buf_cstr(&e->answer));
    }
    if (r == KT_OK) {
        r = kt_json_parse((struct kt_str){e->answer.p, e->answer.n}, ANSWER_MAX, &root, &e->err);
    }
    if (r < 0) {
        e->at++;
        KT_DEBUG("cluster", "%s", e->err.text);
        return NULL;
    }
    return root;
}

/* ---- reading ---- */

int64_t etcd_get_i64(const struct kt_json *o, const char *name)
{
    const struct kt_json *v = kt_json_get(o, name);
    int64_t n = 0;
    const char *s = kt_json_str(v);
    if (s) {
        char *end;
        n = strtoll(s, &end, 10);
        return *end ? 0 : n;
    }
    return kt_json_int(v, &n) ? n : 0;
}

/* A base64 member, appended. */
bool etcd_get_bytes(const struct kt_json *o, const char *name, struct kt_buf *out)
{
    struct kt_str text = kt_json_strn(kt_json_get(o, name));
    char *room = kt_buf_reserve(out, text.n * 3 / 4 + 4);
    if (!room) {
        return false;
    }
    int n = kt_base64_decode(text, room, text.n * 3 / 4 + 4);
    out->n += n > 0 ? (size_t)n : 0;
    return n >= 0;
}

void cl_head_text(const struct core_pos *p, char to[96])
{
    char hex[65];
    snprintf(to, 96, "%016" PRIx64 ":%s", p->next, kt_hash_hex(&p->chain, hex));
}

int cl_head_parse(struct kt_str text, struct core_pos *ret)
{
    char digits[17] = {0}, *end;
    if (text.n != 16 + 1 + 64 || text.p[16] != ':') {
        return KT_EPARSE;
    }
    memcpy(digits, text.p, 16);
    struct core_pos p = {.next = strtoull(digits, &end, 16)};
    if (*end || p.next == 0 || kt_hash_from_hex((struct kt_str){text.p + 17, 64}, &p.chain) < 0) {
        return KT_EPARSE;
    }
    *ret = p;
    return KT_OK;
}

static void copy_text(char *to, size_t cap, const char *from)
{
    snprintf(to, cap, "%s", from);
}

static void read_holder(const struct kt_json *kv, struct core_holder *ret)
{
    struct kt_buf b;
    struct kt_json *j = NULL;
    kt_buf_init(&b, 4096);
    ret->token = etcd_get_i64(kv, "create_revision");
    ret->lease = etcd_get_i64(kv, "lease");
    if (etcd_get_bytes(kv, "value", &b) &&
        kt_json_parse((struct kt_str){b.p, b.n}, 4096, &j, NULL) == KT_OK) {
        copy_text(ret->node, sizeof(ret->node), kt_json_get_str(j, "node", ""));
        copy_text(ret->url, sizeof(ret->url), kt_json_get_str(j, "url", ""));
    }
    kt_json_free(j);
    kt_buf_done(&b);
}

static int read_head(const struct kt_json *kv, struct core_answer *ret)
{
    struct kt_buf b;
    kt_buf_init(&b, 4096);
    int r = etcd_get_bytes(kv, "value", &b) ? cl_head_parse((struct kt_str){b.p, b.n}, &ret->head)
                                            : KT_EPARSE;
    ret->has_head = r == KT_OK;
    kt_buf_done(&b);
    return r;
}

static int read_frame(const struct kt_json *kv, struct kt_buf *frames)
{
    size_t at = frames->n;
    kt_put_u32(frames, 0);
    if (!etcd_get_bytes(kv, "value", frames)) {
        return KT_EPARSE;
    }
    uint32_t n = (uint32_t)(frames->n - at - 4);
    memcpy(frames->p + at, &n, sizeof(n));
    return KT_OK;
}

/* What a key is, by how it ends: "/holder", "/head", "/f/…". */
static int read_kv(const struct kt_json *kv, struct core_answer *ret, struct kt_buf *frames)
{
    struct kt_buf name;
    kt_buf_init(&name, 4096);
    int r = etcd_get_bytes(kv, "key", &name) ? KT_OK : KT_EPARSE;
    const char *k = kt_buf_cstr(&name);
    size_t n = name.n;
    if (r == KT_OK && n >= 7 && strcmp(k + n - 7, "/holder") == 0) {
        read_holder(kv, &ret->holder);
    } else if (r == KT_OK && n >= 5 && strcmp(k + n - 5, "/head") == 0) {
        r = read_head(kv, ret);
    } else if (r == KT_OK && frames) {
        r = read_frame(kv, frames);
    }
    kt_buf_done(&name);
    return r;
}

static int read_txn(const struct kt_json *root, struct core_answer *ret, struct kt_buf *frames)
{
    bool succeeded = false;
    int r = KT_OK;
    (void)kt_json_bool(kt_json_get(root, "succeeded"), &succeeded);
    ret->how = succeeded ? ANSWER_OK : ANSWER_NO;
    const struct kt_json *all = kt_json_get(root, "responses");
    for (size_t i = 0; r == KT_OK && i < kt_json_len(all); i++) {
        const struct kt_json *range = kt_json_get(kt_json_at(all, i), "response_range");
        const struct kt_json *kvs = kt_json_get(range, "kvs");
        for (size_t k = 0; r == KT_OK && k < kt_json_len(kvs); k++) {
            r = read_kv(kt_json_at(kvs, k), ret, frames);
        }
    }
    return r;
}

int cl_etcd_parse(struct kt_str json, struct core_answer *ret, struct kt_buf *frames,
                  struct kt_err *err)
{
    struct kt_json *root = NULL;
    struct core_answer a = {.how = ANSWER_UNKNOWN};
    int r = kt_json_parse(json, ANSWER_MAX, &root, err);
    if (r == KT_OK && (r = read_txn(root, &a, frames)) < 0) {
        kt_err_set(err, r, "an answer of etcd cannot be read");
    }
    if (r == KT_OK) {
        *ret = a;
    }
    kt_json_free(root);
    return r;
}

/* Ask a transaction. */
struct kt_json *etcd_ask_txn(struct cl_etcd *e, struct core_answer *ret, struct kt_buf *frames)
{
    struct core_answer a = {.how = ANSWER_UNKNOWN};
    struct kt_json *root = etcd_ask(e, "/v3/kv/txn");
    if (root && read_txn(root, &a, frames) < 0) {
        a = (struct core_answer){.how = ANSWER_UNKNOWN};
        kt_err_set(&e->err, KT_EPARSE, "an answer of etcd cannot be read");
        e->at++;
    }
    *ret = a;
    return root;
}

/* ---- lease ---- */

void cl_etcd_grant(struct cl_etcd *e, int64_t ttl_ns, struct core_answer *ret)
{
    struct kt_jw w = etcd_begin(e);
    etcd_int(&w, "TTL", (ttl_ns + KT_SEC - 1) / KT_SEC);
    kt_jw_obj_end(&w);
    struct kt_json *root = etcd_ask(e, "/v3/lease/grant");
    *ret = (struct core_answer){.how = root ? ANSWER_OK : ANSWER_UNKNOWN};
    ret->lease = etcd_get_i64(root, "ID");
    if (!ret->lease || etcd_get_i64(root, "TTL") * KT_SEC < ttl_ns) {
        ret->how = ANSWER_UNKNOWN;
    }
    kt_json_free(root);
}

void cl_etcd_renew(struct cl_etcd *e, int64_t lease, struct core_answer *ret)
{
    struct kt_jw w = etcd_begin(e);
    etcd_int(&w, "ID", lease);
    kt_jw_obj_end(&w);
    struct kt_json *root = etcd_ask(e, "/v3/lease/keepalive");
    const struct kt_json *result = kt_json_get(root, "result");
    *ret = (struct core_answer){.how = result ? ANSWER_OK : ANSWER_UNKNOWN};
    ret->gone = etcd_get_i64(result, "TTL") <= 0;
    kt_json_free(root);
}

void cl_etcd_revoke(struct cl_etcd *e, int64_t lease)
{
    struct kt_jw w = etcd_begin(e);
    etcd_int(&w, "ID", lease);
    kt_jw_obj_end(&w);
    kt_json_free(etcd_ask(e, "/v3/lease/revoke"));
}

void cl_etcd_claim(struct cl_etcd *e, int64_t lease, struct kt_str json, struct core_answer *ret)
{
    struct kt_jw w = etcd_begin(e);
    etcd_list(&w, "compare");
    etcd_compare_token(e, &w, 0);
    kt_jw_arr_end(&w);
    etcd_list(&w, "success");
    etcd_put_op(e, &w, "holder", json, lease);
    kt_jw_arr_end(&w);
    op_state(e, &w, "failure");
    kt_jw_obj_end(&w);
    struct kt_json *root = etcd_ask_txn(e, ret, NULL);
    ret->token =
        etcd_get_i64(kt_json_get(root, "header"), "revision"); /* it was made by this one */
    if (ret->how == ANSWER_OK && ret->token <= 0) {
        ret->how = ANSWER_UNKNOWN;
    }
    kt_json_free(root);
}

/* ---- the order ---- */

void cl_etcd_look(struct cl_etcd *e, kt_seq from, int limit, struct core_answer *ret,
                  struct kt_buf *frames)
{
    char first[32];
    struct kt_jw w = etcd_begin(e);
    etcd_list(&w, "success");
    op_range(e, &w, "holder", NULL, 0, false);
    op_range(e, &w, "head", NULL, 0, false);
    if (from) {
        op_range(e, &w, etcd_frame_key(from, first), "f0", limit, false);
    }
    kt_jw_arr_end(&w);
    kt_jw_obj_end(&w);
    kt_json_free(etcd_ask_txn(e, ret, frames));
}

void cl_etcd_floor(struct cl_etcd *e, kt_seq seq, struct core_answer *ret, struct kt_buf *frame,
                   bool *ret_found)
{
    char end[32];
    size_t before = frame->n;
    struct kt_jw w = etcd_begin(e);
    etcd_list(&w, "success");
    op_range(e, &w, "holder", NULL, 0, false);
    op_range(e, &w, "head", NULL, 0, false);
    op_range(e, &w, "f/", etcd_frame_key(seq + 1, end), 1, true);
    kt_jw_arr_end(&w);
    kt_jw_obj_end(&w);
    kt_json_free(etcd_ask_txn(e, ret, frame));
    *ret_found = ret->how == ANSWER_OK && frame->n > before;
}

static void compare_head(const struct cl_etcd *e, struct kt_jw *w, const struct core_call *call)
{
    char text[96];
    cl_head_text(&call->at, text);
    kt_jw_obj(w);
    etcd_key(e, w, "key", "head");
    kt_jw_kstr(w, "result", "EQUAL");
    if (call->first_ever) {
        kt_jw_kstr(w, "target", "VERSION");
        etcd_int(w, "version", 0);
    } else {
        kt_jw_kstr(w, "target", "VALUE");
        base64(w, "value", kt_str_c(text));
    }
    kt_jw_obj_end(w);
}

void cl_etcd_ship(struct cl_etcd *e, const struct core_call *call, struct kt_str frame,
                  struct core_answer *ret)
{
    char name[32], text[96];
    cl_head_text(&call->to, text);
    struct kt_jw w = etcd_begin(e);
    etcd_list(&w, "compare");
    etcd_compare_token(e, &w, call->token);
    compare_head(e, &w, call);
    kt_jw_arr_end(&w);
    etcd_list(&w, "success");
    etcd_put_op(e, &w, etcd_frame_key(call->at.next, name), frame, 0);
    etcd_put_op(e, &w, "head", kt_str_c(text), 0);
    kt_jw_arr_end(&w);
    op_state(e, &w, "failure");
    kt_jw_obj_end(&w);
    kt_json_free(etcd_ask_txn(e, ret, NULL));
}

/* ---- one value ---- */

bool cl_etcd_get(struct cl_etcd *e, const char *what, struct kt_buf *out, struct core_answer *ret)
{
    struct kt_jw w = etcd_begin(e);
    etcd_key(e, &w, "key", what);
    kt_jw_obj_end(&w);
    struct kt_json *root = etcd_ask(e, "/v3/kv/range");
    const struct kt_json *kv = kt_json_at(kt_json_get(root, "kvs"), 0);
    *ret = (struct core_answer){.how = root ? ANSWER_OK : ANSWER_UNKNOWN};
    bool found = kv && etcd_get_bytes(kv, "value", out);
    kt_json_free(root);
    return found;
}

void cl_etcd_put(struct cl_etcd *e, int64_t token, const char *what, struct kt_str value,
                 struct core_answer *ret)
{
    struct kt_jw w = etcd_begin(e);
    if (token) {
        etcd_list(&w, "compare");
        etcd_compare_token(e, &w, token);
        kt_jw_arr_end(&w);
    }
    etcd_list(&w, "success");
    etcd_put_op(e, &w, what, value, 0);
    kt_jw_arr_end(&w);
    kt_jw_obj_end(&w);
    kt_json_free(etcd_ask_txn(e, ret, NULL));
}
