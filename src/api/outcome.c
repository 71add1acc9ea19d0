/* SPDX-License-Identifier: Apache-2.0 */
/* outcome: what an event stream needs to know of an outcome's text without a tree of it. */
#include <stdio.h>
#include <string.h>

#include "api/private.h"

struct kt_str outcome_field(struct kt_str json, const char *key)
{
    char want[32];
    int n = snprintf(want, sizeof(want), "\"%s\":\"", key);
    char *at = memmem(json.p, json.n, want, (size_t)n);
    if (!at) {
        return (struct kt_str){"", 0};
    }
    at += n;
    const char *end = memchr(at, '"', (size_t)(json.p + json.n - at));
    return (struct kt_str){at, end ? (size_t)(end - at) : 0};
}

bool outcome_of_person(struct kt_str json)
{
    return kt_str_is(outcome_field(json, "type"), "person");
}

bool outcome_of_account(struct kt_str json)
{
    static const char head[] = "{\"type\":\"account\"";
    return json.n >= sizeof(head) - 1 && memcmp(json.p, head, sizeof(head) - 1) == 0;
}

kt_place_id outcome_place(const struct kt_site *s, struct kt_str json)
{
    struct kt_str place = outcome_field(json, "place");
    if (place.n) {
        return kt_site_place(s, place);
    }
    struct kt_str point = outcome_field(json, "point");
    if (!point.n) {
        point = outcome_field(json, "output");
    }
    kt_point_id p = point.n ? kt_site_point(s, point) : (kt_point_id){KT_NONE};
    return p.v == KT_NONE ? (kt_place_id){KT_NONE} : s->points[p.v].place;
}

void outcome_format(struct kt_buf *out, kt_seq seq, struct kt_str json)
{
    struct kt_str type = outcome_field(json, "type");
    const char *event = kt_str_is(type, "alarm")     ? "alarm"
                        : kt_str_is(type, "command") ? "command"
                                                     : "outcome";
    kt_buf_printf(out, "id: %llu\nevent: %s\ndata: ", (unsigned long long)seq, event);
    times_to_ms(json, out);
    kt_buf_puts(out, "\n\n");
}
