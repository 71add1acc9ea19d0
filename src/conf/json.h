/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_CONF_JSON_H
#define KT_CONF_JSON_H
/*
 * json: reading JSON. Writing is base/json.h. Duplicate keys, NUL in texts, depth over
 * KT_JSON_MAX_DEPTH and numbers that no double or int64 holds are errors. Objects keep the order of
 * their text. Independent of the locale.
 *
 * kt_json_parse() gives the root; every other value is borrowed from it. Every accessor accepts
 * NULL and a value of another kind, so paths can be followed without a check at each step.
 * Threads: one at a time for one root.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/json.h"

struct kt_json;

enum { KT_JSON_MAX_DEPTH = 64 };
enum kt_json_kind {
    KT_JSON_NONE, /* NULL */
    KT_JSON_NULL,
    KT_JSON_BOOL,
    KT_JSON_NUMBER,
    KT_JSON_STRING,
    KT_JSON_ARRAY,
    KT_JSON_OBJECT
};

/**
 * @param max_bytes ceiling of the text; 0 for 64 MiB
 * @return KT_OK; KT_EPARSE with line and column; KT_ELIMIT too large or too deep
 */
KT_MUST_CHECK int kt_json_parse(struct kt_str text, size_t max_bytes, struct kt_json **ret,
                                struct kt_err *err);
void kt_json_free(struct kt_json *root); /**< the root only; accepts NULL */
static inline void kt_json_freep(struct kt_json **root)
{
    kt_json_free(*root);
}

enum kt_json_kind kt_json_kind(const struct kt_json *v);
const struct kt_json *kt_json_get(const struct kt_json *obj, const char *key); /**< NULL: none */
const struct kt_json *kt_json_at(const struct kt_json *arr, size_t i); /**< NULL past the end */
size_t kt_json_len(const struct kt_json *v); /**< items of an array, keys of an object; 0 else */

const char *kt_json_str(const struct kt_json *v); /**< terminated; NULL when no string */
struct kt_str kt_json_strn(const struct kt_json *v);
bool kt_json_num(const struct kt_json *v, double *ret);
/** An integer, or a real that is one, within int64. */
bool kt_json_int(const struct kt_json *v, int64_t *ret);
bool kt_json_bool(const struct kt_json *v, bool *ret);
bool kt_json_arr(const struct kt_json *v); /**< is it an array? */
bool kt_json_obj(const struct kt_json *v); /**< is it an object? */

/* By key with a default for "not there or of another kind". */
const char *kt_json_get_str(const struct kt_json *obj, const char *key, const char *def);
double kt_json_get_num(const struct kt_json *obj, const char *key, double def);
int64_t kt_json_get_int(const struct kt_json *obj, const char *key, int64_t def);
bool kt_json_get_bool(const struct kt_json *obj, const char *key, bool def);
/** A time as events and requests write it, with its offset; 0: none. */
kt_time kt_json_get_time(const struct kt_json *obj, const char *key);

/* By key, required: KT_EINVAL names the key and what is wanted. */
KT_MUST_CHECK int kt_json_need_str(const struct kt_json *obj, const char *key, const char **ret,
                                   struct kt_err *err);
KT_MUST_CHECK int kt_json_need_num(const struct kt_json *obj, const char *key, double *ret,
                                   struct kt_err *err);
KT_MUST_CHECK int kt_json_need_int(const struct kt_json *obj, const char *key, int64_t *ret,
                                   struct kt_err *err);

/** Keys of an object in order: start with a zeroed iterator. */
struct kt_json_iter {
    void *at;
    const char *key;
    const struct kt_json *value;
};
bool kt_json_next(const struct kt_json *obj, struct kt_json_iter *it);

/** Write a value again, compactly. */
void kt_json_write(const struct kt_json *v, struct kt_jw *w);
#endif
