/* SPDX-License-Identifier: Apache-2.0 */
/* struct kt_json is never defined: its pointers are jansson's values. */
#include "conf/json.h"

#include <jansson.h>

static const json_t *in(const struct kt_json *v)
{
    return (const json_t *)v;
}

static const struct kt_json *out(const json_t *v)
{
    return (const struct kt_json *)v;
}

/* jansson recurses; the depth is bounded before it sees the text. */
static int check_depth(struct kt_str s, struct kt_err *err)
{
    int depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (quoted) {
            i += c == '\\';
            quoted = c != '"';
        } else if (c == '"') {
            quoted = true;
        } else if (c == '[' || c == '{') {
            if (++depth > KT_JSON_MAX_DEPTH) {
                return kt_err_set(err, KT_ELIMIT, "JSON is nested deeper than %d",
                                  KT_JSON_MAX_DEPTH);
            }
        } else if (c == ']' || c == '}') {
            depth--;
        }
    }
    return KT_OK;
}

int kt_json_parse(struct kt_str text, size_t max_bytes, struct kt_json **ret, struct kt_err *err)
{
    size_t max = max_bytes ? max_bytes : (size_t)64 << 20;
    if (text.n > max) {
        return kt_err_set(err, KT_ELIMIT, "JSON is larger than %zu bytes", max);
    }
    int r = check_depth(text, err);
    if (r < 0) {
        return r;
    }
    json_error_t e;
    json_t *root =
        json_loadb(text.n ? text.p : "", text.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &e);
    if (!root) {
        return kt_err_at(err, KT_EPARSE, "JSON", e.line > 0 ? e.line : 1,
                         e.column > 0 ? e.column : 1, "%s", e.text);
    }
    *ret = (struct kt_json *)root;
    return KT_OK;
}

void kt_json_free(struct kt_json *root)
{
    json_decref((json_t *)root);
}

enum kt_json_kind kt_json_kind(const struct kt_json *v)
{
    if (!v) {
        return KT_JSON_NONE;
    }
    switch (json_typeof(in(v))) {
    case JSON_OBJECT:
        return KT_JSON_OBJECT;
    case JSON_ARRAY:
        return KT_JSON_ARRAY;
    case JSON_STRING:
        return KT_JSON_STRING;
    case JSON_INTEGER:
    case JSON_REAL:
        return KT_JSON_NUMBER;
    case JSON_TRUE:
    case JSON_FALSE:
        return KT_JSON_BOOL;
    default:
        return KT_JSON_NULL;
    }
}

const struct kt_json *kt_json_get(const struct kt_json *obj, const char *key)
{
    return out(json_object_get(in(obj), key));
}

const struct kt_json *kt_json_at(const struct kt_json *arr, size_t i)
{
    return out(json_array_get(in(arr), i));
}

size_t kt_json_len(const struct kt_json *v)
{
    return json_is_array(in(v)) ? json_array_size(in(v)) : json_object_size(in(v));
}

const char *kt_json_str(const struct kt_json *v)
{
    return json_string_value(in(v));
}

struct kt_str kt_json_strn(const struct kt_json *v)
{
    return (struct kt_str){json_string_value(in(v)), json_string_length(in(v))};
}

bool kt_json_num(const struct kt_json *v, double *ret)
{
    if (!json_is_number(in(v))) {
        return false;
    }
    *ret = json_number_value(in(v));
    return true;
}

bool kt_json_int(const struct kt_json *v, int64_t *ret)
{
    if (json_is_integer(in(v))) {
        *ret = json_integer_value(in(v));
        return true;
    }
    double d = json_is_real(in(v)) ? json_real_value(in(v)) : 0.5;
    if (!(d >= -9223372036854775808.0 && d < 9223372036854775808.0) || d != (double)(int64_t)d) {
        return false;
    }
    *ret = (int64_t)d;
    return true;
}

bool kt_json_bool(const struct kt_json *v, bool *ret)
{
    if (!json_is_boolean(in(v))) {
        return false;
    }
    *ret = json_is_true(in(v));
    return true;
}

bool kt_json_arr(const struct kt_json *v)
{
    return json_is_array(in(v));
}

bool kt_json_obj(const struct kt_json *v)
{
    return json_is_object(in(v));
}

const char *kt_json_get_str(const struct kt_json *obj, const char *key, const char *def)
{
    const char *s = kt_json_str(kt_json_get(obj, key));
    return s ? s : def;
}

double kt_json_get_num(const struct kt_json *obj, const char *key, double def)
{
    kt_json_num(kt_json_get(obj, key), &def);
    return def;
}

int64_t kt_json_get_int(const struct kt_json *obj, const char *key, int64_t def)
{
    kt_json_int(kt_json_get(obj, key), &def);
    return def;
}

bool kt_json_get_bool(const struct kt_json *obj, const char *key, bool def)
{
    kt_json_bool(kt_json_get(obj, key), &def);
    return def;
}

kt_time kt_json_get_time(const struct kt_json *obj, const char *key)
{
    kt_time t;
    return kt_time_parse(kt_json_strn(kt_json_get(obj, key)), 0, &t) == KT_OK ? t : 0;
}

static int missing(const struct kt_json *v, const char *key, const char *want, struct kt_err *err)
{
    if (!v) {
        return kt_err_set(err, KT_EINVAL, "\"%s\" is missing; it must be %s", key, want);
    }
    return kt_err_set(err, KT_EINVAL, "\"%s\" must be %s", key, want);
}

int kt_json_need_str(const struct kt_json *obj, const char *key, const char **ret,
                     struct kt_err *err)
{
    const struct kt_json *v = kt_json_get(obj, key);
    const char *s = kt_json_str(v);
    if (!s) {
        return missing(v, key, "a text", err);
    }
    *ret = s;
    return KT_OK;
}

int kt_json_need_num(const struct kt_json *obj, const char *key, double *ret, struct kt_err *err)
{
    const struct kt_json *v = kt_json_get(obj, key);
    return kt_json_num(v, ret) ? KT_OK : missing(v, key, "a number", err);
}

int kt_json_need_int(const struct kt_json *obj, const char *key, int64_t *ret, struct kt_err *err)
{
    const struct kt_json *v = kt_json_get(obj, key);
    return kt_json_int(v, ret) ? KT_OK : missing(v, key, "a whole number", err);
}

bool kt_json_next(const struct kt_json *obj, struct kt_json_iter *it)
{
    json_t *o = (json_t *)obj;
    it->at = it->at ? json_object_iter_next(o, it->at) : json_object_iter(o);
    if (!it->at) {
        return false;
    }
    it->key = json_object_iter_key(it->at);
    it->value = out(json_object_iter_value(it->at));
    return true;
}

static void write_object(const struct kt_json *v, struct kt_jw *w)
{
    struct kt_json_iter it = {0};
    kt_jw_obj(w);
    while (kt_json_next(v, &it)) {
        kt_jw_key(w, it.key);
        kt_json_write(it.value, w);
    }
    kt_jw_obj_end(w);
}

/* Recursion is bounded by KT_JSON_MAX_DEPTH at the reading. */
void kt_json_write(const struct kt_json *v, struct kt_jw *w)
{
    switch (kt_json_kind(v)) {
    case KT_JSON_OBJECT:
        write_object(v, w);
        break;
    case KT_JSON_ARRAY:
        kt_jw_arr(w);
        for (size_t i = 0; i < kt_json_len(v); i++) {
            kt_json_write(kt_json_at(v, i), w);
        }
        kt_jw_arr_end(w);
        break;
    case KT_JSON_STRING:
        kt_jw_strn(w, kt_json_strn(v));
        break;
    case KT_JSON_NUMBER:
        if (json_is_integer(in(v))) {
            kt_jw_int(w, json_integer_value(in(v)));
        } else {
            kt_jw_num(w, json_real_value(in(v)));
        }
        break;
    case KT_JSON_BOOL:
        kt_jw_bool(w, json_is_true(in(v)));
        break;
    default:
        kt_jw_null(w);
    }
}
