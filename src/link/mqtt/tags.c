/* SPDX-License-Identifier: Apache-2.0 */
#include "link/mqtt/tags.h"

#include <math.h>
#include <stdio.h>

#include "conf/json.h"

enum { BODY_MAX = 1 << 20 };
#define FAR_M 5000.0

static bool read_card(const struct kt_json *v, uint64_t *ret)
{
    int64_t n;
    if (kt_json_str(v)) {
        return kt_card_parse(kt_json_strn(v), ret);
    }
    if (!kt_json_int(v, &n) || n <= 0 || (uint64_t)n > KT_CARD_MAX) {
        return false;
    }
    *ret = (uint64_t)n;
    return true;
}

/* Milliseconds since 1970, else the arrival. */
static kt_time read_time(const struct kt_json *v, kt_time otherwise)
{
    int64_t ms;
    kt_time t;
    bool ok = kt_json_int(v, &ms) && ms > 0 && !__builtin_mul_overflow(ms, KT_MS, &t);
    return ok ? t : otherwise;
}

static bool read_anchor(const struct kt_json *v, struct kt_readings *r, struct kt_reading *x)
{
    double m = NAN;
    const struct kt_json *far = kt_json_at(v, 1);
    bool none = far == NULL || kt_json_kind(far) == KT_JSON_NULL;
    int at = kt_readings_anchor(r, kt_json_strn(kt_json_at(v, 0)));
    if (at < 0 || (!none && (!kt_json_num(far, &m) || !(m >= 0 && m <= FAR_M)))) {
        return false;
    }
    x->a[x->n].anchor = (uint16_t)at;
    x->a[x->n++].cm = none ? KT_DIST_NONE : (uint32_t)(m * 100 + 0.5);
    return true;
}

static uint8_t flag(const struct kt_json *v, const char *key, int bit)
{
    return (uint8_t)(kt_json_get_bool(v, key, false) ? bit : 0);
}

static bool read_tag(const struct kt_json *v, kt_time time, struct kt_readings *r)
{
    uint64_t card;
    const struct kt_json *a = kt_json_get(v, "a");
    if (!read_card(kt_json_get(v, "card"), &card)) {
        return false;
    }
    struct kt_reading *x = kt_readings_add(r);
    if (!x) {
        return false;
    }
    x->card = card;
    x->time = read_time(kt_json_get(v, "t"), time);
    int64_t bat = kt_json_get_int(v, "bat", -1);
    x->battery = bat >= 0 && bat <= 100 ? (uint8_t)bat : UINT8_MAX;
    x->flags = (uint8_t)(flag(v, "sos", KT_READ_SOS) | flag(v, "low", KT_READ_LOW) |
                         flag(v, "out", KT_READ_OUT) | flag(v, "calm", KT_READ_CALM));
    bool ok = true;
    for (size_t i = 0; ok && i < kt_json_len(a) && x->n < KT_READING_ANCHORS; i++) {
        ok = read_anchor(kt_json_at(a, i), r, x);
    }
    if (!ok && !x->flags) {
        r->n--; /* a call for help counts, whatever else is wrong with it */
    }
    return ok || x->flags;
}

static void read_message(const struct kt_json *v, kt_time arrival, struct kt_readings *r,
                         uint32_t *bad)
{
    const struct kt_json *tags = kt_json_get(v, "tags");
    kt_time time = read_time(kt_json_get(v, "ts"), arrival);
    for (size_t i = 0; i < kt_json_len(tags); i++) {
        *bad += !read_tag(kt_json_at(tags, i), time, r);
    }
}

int tags_take(struct kt_str body, kt_time arrival, struct kt_readings *ret, uint32_t *ret_bad)
{
    struct kt_json *root;
    uint32_t bad = 0;
    kt_readings_clear(ret);
    ret->arrival = arrival;
    if (kt_json_parse(body, BODY_MAX, &root, NULL) < 0) {
        return KT_EPARSE;
    }
    if (kt_json_arr(root)) {
        for (size_t i = 0; i < kt_json_len(root); i++) {
            read_message(kt_json_at(root, i), arrival, ret, &bad);
        }
    } else {
        read_message(root, arrival, ret, &bad);
    }
    kt_json_free(root);
    *ret_bad = bad;
    return ret->n ? (int)ret->n : KT_EPARSE;
}
