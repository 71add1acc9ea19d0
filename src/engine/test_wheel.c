/* SPDX-License-Identifier: Apache-2.0 */
/* The wheel against a plain list of times. */
#include "engine/wheel.h"

#include "unit.h"

enum { TIMERS = 300 };

static void against_a_list(void)
{
    for (uint64_t seed = 1; seed <= 30 && unit_bad == 0; seed++) {
        uint64_t s = seed;
        kt_time due[TIMERS] = {0}, now = (kt_time)(unit_rand(&s) % 1000) * KT_SEC + 1;
        struct wheel *w = wheel_new(TIMERS);
        uint32_t n;
        (void)wheel_take(w, now, &n);
        for (int step = 0; step < 600; step++) {
            for (int k = 0; k < 5; k++) {
                uint32_t i = (uint32_t)(unit_rand(&s) % TIMERS);
                int64_t span = unit_rand(&s) % 4 ? 20 * KT_SEC : 2 * KT_HOUR;
                due[i] = unit_rand(&s) % 5
                             ? now - KT_SEC + (kt_time)(unit_rand(&s) % (uint64_t)span)
                             : 0;
                wheel_set(w, i, due[i]);
                CHECK_INT(wheel_due(w, i), due[i]);
            }
            now += (kt_time)(unit_rand(&s) %
                             (unit_rand(&s) % 50 ? (uint64_t)KT_SEC : (uint64_t)(3 * KT_HOUR)));
            const uint32_t *got = wheel_take(w, now, &n);
            uint32_t at = 0;
            for (uint32_t i = 0; i < TIMERS; i++) {
                if (due[i] != 0 && due[i] <= now) {
                    CHECK(at < n && got[at] == i);
                    at++;
                    due[i] = 0;
                }
            }
            CHECK_INT(at, n);
        }
        wheel_free(w);
        if (unit_bad) {
            printf("# seed %llu\n", (unsigned long long)seed);
        }
    }
}

UNIT_MAIN({"what is due, in order, against a list", against_a_list})
