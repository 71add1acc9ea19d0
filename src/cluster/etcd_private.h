/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_CLUSTER_ETCD_PRIVATE_H
#define KT_CLUSTER_ETCD_PRIVATE_H
/* How a request to the gateway is written and its answer read. */
#include "base/json.h"
#include "cluster/etcd.h"
#include "conf/json.h"
#include "sys/http_client.h"

struct cl_etcd {
    const struct cl_etcd_conf *conf;
    struct kt_http_client *http;
    uint32_t at; /* the server that is asked */
    struct kt_buf request, answer;
    struct kt_err err;
};

struct kt_jw etcd_begin(struct cl_etcd *e);
/** A key below PREFIX as base64 under `name`. */
void etcd_key(const struct cl_etcd *e, struct kt_jw *w, const char *name, const char *what);
void etcd_int(struct kt_jw *w, const char *name, int64_t v);
void etcd_list(struct kt_jw *w, const char *name);
void etcd_compare_token(const struct cl_etcd *e, struct kt_jw *w, int64_t token);
/** That a key was made at this revision; 0: that there is none. */
void etcd_compare_created(const struct cl_etcd *e, struct kt_jw *w, const char *what,
                          int64_t revision);
/** Of a transaction: all keys from `from` up to `to`. */
void etcd_range_op(const struct cl_etcd *e, struct kt_jw *w, const char *from, const char *to);
void etcd_put_op(const struct cl_etcd *e, struct kt_jw *w, const char *what, struct kt_str value,
                 int64_t lease);
const char *etcd_frame_key(kt_seq seq, char to[32]);
/** The answer's JSON, or NULL: none came, and the next call goes to another server. */
struct kt_json *etcd_ask(struct cl_etcd *e, const char *path);
/** Ask a transaction: holder and head of its answer, frames appended. */
struct kt_json *etcd_ask_txn(struct cl_etcd *e, struct core_answer *ret, struct kt_buf *frames);
int64_t etcd_get_i64(const struct kt_json *o, const char *name); /**< etcd writes them as texts */
/** A base64 member, appended. */
bool etcd_get_bytes(const struct kt_json *o, const char *name, struct kt_buf *out);
#endif
