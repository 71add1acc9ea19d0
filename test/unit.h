/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_TEST_UNIT_H
#define KT_TEST_UNIT_H
/*
 * unit: the smallest harness that says which case failed and why, as TAP.
 *
 *     static void adds(void) { CHECK_INT(1 + 1, 2); }
 *     UNIT_MAIN({"adds", adds})
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct unit_case {
    const char *name;
    void (*fn)(void);
};

__attribute__((unused)) static int unit_bad;
__attribute__((unused)) static const char *unit_skip_reason;

#define CHECK(x)                                                                                   \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            printf("# %s:%d: not true: %s\n", __FILE__, __LINE__, #x);                             \
            unit_bad++;                                                                            \
        }                                                                                          \
    } while (0)
/** As CHECK, leaving the case (void function) when it fails. */
#define REQUIRE(x)                                                                                 \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            printf("# %s:%d: required: %s\n", __FILE__, __LINE__, #x);                             \
            unit_bad++;                                                                            \
            return;                                                                                \
        }                                                                                          \
    } while (0)
#define CHECK_INT(got, want)                                                                       \
    do {                                                                                           \
        long long g_ = (long long)(got), w_ = (long long)(want);                                   \
        if (g_ != w_) {                                                                            \
            printf("# %s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #got, g_, w_);           \
            unit_bad++;                                                                            \
        }                                                                                          \
    } while (0)
#define CHECK_STR(got, want)                                                                       \
    do {                                                                                           \
        const char *g_ = (got), *w_ = (want);                                                      \
        if (!g_ || strcmp(g_, w_) != 0) {                                                          \
            printf("# %s:%d: %s is \"%s\", not \"%s\"\n", __FILE__, __LINE__, #got,                \
                   g_ ? g_ : "(null)", w_);                                                        \
            unit_bad++;                                                                            \
        }                                                                                          \
    } while (0)
#define CHECK_NEAR(got, want, tol)                                                                 \
    do {                                                                                           \
        double g_ = (got), w_ = (want);                                                            \
        if (!(g_ - w_ <= (tol) && w_ - g_ <= (tol))) {                                             \
            printf("# %s:%d: %s is %.17g, not %.17g\n", __FILE__, __LINE__, #got, g_, w_);         \
            unit_bad++;                                                                            \
        }                                                                                          \
    } while (0)
/** The err of a call that had to succeed is printed. */
#define CHECK_OK(call, err)                                                                        \
    do {                                                                                           \
        int r_ = (call);                                                                           \
        if (r_ < 0) {                                                                              \
            printf("# %s:%d: %s: %d %s\n", __FILE__, __LINE__, #call, r_, (err)->text);            \
            unit_bad++;                                                                            \
        }                                                                                          \
    } while (0)
/** Leave the case as skipped, with its reason. */
#define SKIP(reason)                                                                               \
    do {                                                                                           \
        unit_skip_reason = (reason);                                                               \
        return;                                                                                    \
    } while (0)

__attribute__((unused)) static int unit_run(const struct unit_case *cases, int n, const char *only)
{
    int failed = 0;
    printf("TAP version 13\n1..%d\n", n);
    for (int i = 0; i < n; i++) {
        if (only && !strstr(cases[i].name, only)) {
            printf("ok %d - %s # SKIP not asked for\n", i + 1, cases[i].name);
            continue;
        }
        unit_bad = 0;
        unit_skip_reason = NULL;
        cases[i].fn();
        if (unit_skip_reason && !unit_bad) {
            printf("ok %d - %s # SKIP %s\n", i + 1, cases[i].name, unit_skip_reason);
        } else {
            printf("%s %d - %s\n", unit_bad ? "not ok" : "ok", i + 1, cases[i].name);
        }
        failed += unit_bad > 0;
        fflush(stdout);
    }
    return failed ? 1 : 0;
}

#define UNIT_MAIN(...)                                                                             \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        static const struct unit_case cases_[] = {__VA_ARGS__};                                    \
        return unit_run(cases_, (int)(sizeof(cases_) / sizeof(cases_[0])),                         \
                        argc > 1 ? argv[1] : NULL);                                                \
    }

/** Deterministic pseudo-random numbers for property tests; print the seed. splitmix64. */
__attribute__((unused)) static inline uint64_t unit_rand(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}
#endif
