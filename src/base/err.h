/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_BASE_ERR_H
#define KT_BASE_ERR_H
/*
 * err: one list of error codes, and the error that a caller owns.
 *
 * A function that can fail returns KT_OK (0) or a negative code and describes the failure in the
 * caller's struct kt_err. Library code returns; whoever gives up logs, once.
 * Threads: any; a struct kt_err belongs to one thread.
 */
#include <stdarg.h>
#include <stddef.h>

#define KT_MUST_CHECK   __attribute__((warn_unused_result))
#define KT_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define KT_CLEANUP(fn)  __attribute__((cleanup(fn)))
#define KT_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define KT_LIKELY(x)    __builtin_expect(!!(x), 1)
#define KT_UNLIKELY(x)  __builtin_expect(!!(x), 0)

/* X(name, value, HTTP status, text) */
#define KT_ERR_LIST(X)                                                                             \
    X(KT_OK, 0, 200, "ok")                                                                         \
    X(KT_EINVAL, -1, 400, "invalid value")                                                         \
    X(KT_EPARSE, -2, 400, "cannot be read")                                                        \
    X(KT_EAUTH, -3, 401, "not logged in")                                                          \
    X(KT_EDENIED, -4, 403, "not allowed")                                                          \
    X(KT_ENOTFOUND, -5, 404, "not found")                                                          \
    X(KT_ECONFLICT, -6, 409, "conflicts with the present state")                                   \
    X(KT_EEXIST, -7, 409, "exists already")                                                        \
    X(KT_ESTATE, -8, 409, "not possible in this state")                                            \
    X(KT_EEXPIRED, -9, 410, "expired")                                                             \
    X(KT_ELIMIT, -10, 413, "too large")                                                            \
    X(KT_EBUSY, -11, 429, "too busy, try again")                                                   \
    X(KT_EIO, -12, 500, "input or output failed")                                                  \
    X(KT_ECORRUPT, -13, 500, "damaged data")                                                       \
    X(KT_ENOMEM, -14, 500, "out of memory")                                                        \
    X(KT_EINTERNAL, -15, 500, "internal error")                                                    \
    X(KT_EUNSUPPORTED, -16, 501, "not supported")                                                  \
    X(KT_ECLOSED, -17, 503, "closed")                                                              \
    X(KT_EFULL, -18, 507, "no space left")                                                         \
    X(KT_ETIMEOUT, -19, 504, "no answer in time")                                                  \
    X(KT_EPASSWORD, -20, 403, "the password must be changed first")                                \
    X(KT_ENODE, -21, 503, "another node is the active one")

enum {
#define X(name, value, http, text) name = (value),
    KT_ERR_LIST(X)
#undef X
};

/** What went wrong and, where something was read, at which place of it (line, col from 1; 0: none).
 */
struct kt_err {
    int code;
    int line;
    int col;
    char file[160];
    char text[400];
};

/** Fill `err` (may be NULL) and return `code`. */
int kt_err_set(struct kt_err *err, int code, const char *fmt, ...) KT_PRINTF(3, 4);
/** As kt_err_set() with the place that was read. */
int kt_err_at(struct kt_err *err, int code, const char *file, int line, int col, const char *fmt,
              ...) KT_PRINTF(6, 7);
/** As kt_err_set(), adding the text of errno. Returns KT_EFULL for ENOSPC and EDQUOT. */
int kt_err_sys(struct kt_err *err, const char *fmt, ...) KT_PRINTF(2, 3);
/** "file:line:col: text" into `buf`; returns `buf`. */
const char *kt_err_str(const struct kt_err *err, char *buf, size_t cap);
const char *kt_err_name(int code); /**< "KT_EINVAL" */
const char *kt_err_text(int code); /**< "invalid value" */
int kt_err_http(int code);         /**< HTTP status of a code; 500 for an unknown one */

/** A programming mistake: logs and aborts, in release builds too. */
void kt_panic(const char *file, int line, const char *what) __attribute__((noreturn));
#define KT_ASSERT(x) (KT_LIKELY(x) ? (void)0 : kt_panic(__FILE__, __LINE__, #x))
#endif
