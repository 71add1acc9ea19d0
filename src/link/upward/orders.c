/* SPDX-License-Identifier: Apache-2.0 */
#include "link/upward/orders.h"

#include <stdio.h>

#include "base/json.h"
#include "base/log.h"
#include "conf/json.h"

enum { LIST_MAX = 8 << 20, ORDER_MAX = 64 << 10, ORDERS = 200 };

static void put_order(const struct kt_json *item, const char *no, struct kt_buf *out)
{
    static const char *const keys[] = {"title", "text", "due"};
    const struct kt_json *fields = kt_json_get(item, "fields");
    struct kt_jw w = kt_jw_init(out);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "order", no);
    for (size_t i = 0; i < KT_ARRAY_LEN(keys); i++) {
        const char *text = kt_json_get_str(fields, keys[i], "");
        if (*text) {
            kt_jw_kstr(&w, keys[i], text);
        }
    }
    kt_jw_obj_end(&w);
}

static void each(const struct kt_json *list, const char *by, const struct kt_map *got,
                 void (*fn)(void *arg, struct kt_str json), void *arg)
{
    const struct kt_json *items = kt_json_get(list, "items");
    for (size_t i = kt_json_len(items); i-- > 0;) { /* the list has the newest first */
        const struct kt_json *item = kt_json_at(items, i);
        const char *key = kt_json_get_str(item, "key", "");
        char no[200];
        uint64_t at;
        struct kt_buf b;
        snprintf(no, sizeof(no), "%.80s%s%.80s", key, *by ? "/" : "", by);
        if (!*key || kt_map_get(got, kt_str_c(no), &at)) {
            continue;
        }
        kt_buf_init(&b, ORDER_MAX);
        put_order(item, no, &b);
        fn(arg, (struct kt_str){b.p, b.n});
        kt_buf_done(&b);
    }
}

void upward_orders(struct kt_runtime *rt, const char *node, const char *by,
                   const struct kt_map *got, void (*fn)(void *arg, struct kt_str json), void *arg)
{
    static const char *const rights[] = {"county_order.read"}, *const places[] = {"*"};
    struct kt_room *room = kt_runtime_room(rt);
    struct kt_reader who = {.user = "mine",
                            .rights = rights,
                            .rights_n = 1,
                            .places = places,
                            .places_n = 1,
                            .now = kt_runtime_now(rt)};
    char filter[200];
    struct kt_buf b;
    struct kt_err err;
    KT_CLEANUP(kt_json_freep) struct kt_json *f = NULL;
    KT_CLEANUP(kt_json_freep) struct kt_json *list = NULL;
    snprintf(filter, sizeof(filter), "[[\"mine\",\"=\",\"%.63s\"]]", node);
    if (!room || kt_json_parse(kt_str_c(filter), sizeof(filter), &f, &err) < 0) {
        return;
    }
    struct kt_record_query q = {.filter = f, .limit = ORDERS};
    kt_buf_init(&b, LIST_MAX);
    if (kt_room_list(room, &who, "county_order", &q, &b, &err) == KT_OK &&
        kt_json_parse((struct kt_str){b.p, b.n}, LIST_MAX, &list, &err) == KT_OK) {
        each(list, by, got, fn, arg);
    }
    kt_buf_done(&b);
}

void upward_order_got(struct kt_str json, char ret[200])
{
    KT_CLEANUP(kt_json_freep) struct kt_json *j = NULL;
    struct kt_err err;
    ret[0] = '\0';
    if (kt_json_parse(json, ORDER_MAX, &j, &err) == KT_OK) {
        kt_text_set(ret, 200, kt_json_get_str(j, "got", ""));
    }
}

static void put_request(const struct kt_json *j, const char *no, struct kt_buf *out)
{
    static const char *const keys[] = {"title", "text", "due"};
    char key[240];
    struct kt_jw w = kt_jw_init(out);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "verb", "record.create");
    kt_jw_key(&w, "args");
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "register", "county_request");
    kt_jw_key(&w, "fields");
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "no", no);
    for (size_t i = 0; i < KT_ARRAY_LEN(keys); i++) {
        const char *text = kt_json_get_str(j, keys[i], "");
        if (*text) {
            kt_jw_kstr(&w, keys[i], text);
        }
    }
    kt_jw_obj_end(&w);
    kt_jw_obj_end(&w);
    kt_jw_key(&w, "by");
    kt_jw_raw(&w, KT_STR("{\"user\":\"county\",\"name\":\"county\",\"rights\":"
                         "[\"county_request.write\",\"county_request.read\"],\"places\":[\"*\"]}"));
    kt_jw_kstr(&w, "console", "");
    snprintf(key, sizeof(key), "county/%.200s", no);
    kt_jw_kstr(&w, "key", key);
    kt_jw_obj_end(&w);
}

int upward_order_take(struct kt_runtime *rt, const char *link, struct kt_str json, char ret_no[200],
                      kt_verdict_fn fn, void *arg)
{
    KT_CLEANUP(kt_json_freep) struct kt_json *j = NULL;
    struct kt_err err;
    struct kt_buf b;
    int r = kt_json_parse(json, ORDER_MAX, &j, &err);
    const char *no = kt_json_get_str(j, "order", "");
    if (r < 0 || !*no || strlen(no) >= 80) {
        return KT_EPARSE;
    }
    kt_buf_init(&b, ORDER_MAX * 2);
    put_request(j, no, &b);
    kt_text_set(ret_no, 200, no);
    r = kt_runtime_request(rt, (struct kt_str){b.p, b.n}, link, fn, arg);
    kt_buf_done(&b);
    return r;
}
