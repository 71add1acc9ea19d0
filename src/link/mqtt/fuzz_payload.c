/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a publisher may say under a topic that is known: plain values, JSON with times and fields.
 * No time that comes out of it lies before 1970, whatever it says.
 */
#include <stdlib.h>
#include <string.h>

#include "link/mqtt/payload.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { POINTS = 4, ARRIVAL_S = 1772323200 };

static void taken(void *arg, uint32_t point, kt_time time, double value, kt_quality q)
{
    (void)value;
    KT_ASSERT(point < POINTS && time > 0 && kt_quality_id(q));
    ++*(int *)arg;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct kt_role role = {.id = "r"};
    static const struct kt_link_conf link = {
        .id = "m", .kind = KT_LINK_MQTT, .time_field = "t.at", .value_field = "v"};
    static const char *const addresses[POINTS] = {"a", "a#x.y", "a#", "b#z"};
    static struct kt_point points[POINTS];
    static struct routing *r;
    int n = 0;
    if (!r) {
        for (uint32_t i = 0; i < POINTS; i++) {
            points[i] =
                (struct kt_point){.id = addresses[i], .role = &role, .address = addresses[i]};
        }
        static struct kt_site site;
        site.points = points;
        site.points_n = POINTS;
        site.links = &link;
        site.links_n = 1;
        r = routing_new(&site, 0);
    }
    char *body = malloc(size + 1); /* no byte beyond it is there */
    KT_ASSERT(body);
    memcpy(body, data, size);
    int told =
        routing_take(r, KT_STR("a"), (struct kt_str){body, size}, ARRIVAL_S * KT_SEC, taken, &n);
    KT_ASSERT(told == n || (told == KT_EPARSE && n == 0));
    free(body);
    return 0;
}
