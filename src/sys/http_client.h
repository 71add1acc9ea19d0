/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_SYS_HTTP_CLIENT_H
#define KT_SYS_HTTP_CLIENT_H
/*
 * http_client: one blocking HTTP(S) exchange (libcurl). For tests, benches, health checks and
 * upward links; never called on the engine thread. Threads: one handle per thread.
 */
#include <stdbool.h>

#include "base/buf.h"

struct kt_http_client;

struct kt_http_client *kt_http_client_new(void); /**< keeps its connections alive */
void kt_http_client_free(struct kt_http_client *c);
/** From now on HTTPS servers are those whose certificate this authority (a PEM file) signed; NULL:
 * the machine's authorities. */
void kt_http_client_trust(struct kt_http_client *c, const char *ca_file);
/** From now on log in with user and password (HTTP Basic); user NULL: no more. */
void kt_http_client_login(struct kt_http_client *c, const char *user, const char *password);
/** Did the last exchange open a connection, instead of going on with the one before? */
bool kt_http_client_fresh(const struct kt_http_client *c);
/**
 * @param headers "Name: value" strings ended by NULL, or NULL
 * @param body    NULL for none
 * @param ret_status HTTP status
 * @return KT_OK whenever an HTTP answer came; KT_ETIMEOUT, KT_EIO
 */
KT_MUST_CHECK int kt_http_client_do(struct kt_http_client *c, const char *method, const char *url,
                                    const char *const *headers, const struct kt_str *body,
                                    int64_t timeout_ns, int *ret_status, struct kt_buf *ret_body,
                                    struct kt_err *err);
/** Of the last answer: its type, and the last cookie that it set; "" without. */
const char *kt_http_client_type(const struct kt_http_client *c);
const char *kt_http_client_cookie(const struct kt_http_client *c);
#endif
