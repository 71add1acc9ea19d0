/* SPDX-License-Identifier: Apache-2.0 */
#include "expr/test_world.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool limit_of(void *arg, int idx, double *ret)
{
    return world_limit(arg, (kt_point_id){0}, idx, ret);
}

/* Evaluates in some presents: when the condition is proved never true it is not true. */
static void evaluate(const struct kt_expr *e)
{
    struct world w = world_new();
    struct kt_expr_live live = world_live(&w);
    bool never = kt_expr_never_true(e, limit_of, &w);
    char *windows = calloc(kt_expr_windows(e) + 1, kt_window_size());
    KT_ASSERT(windows);
    for (uint32_t i = 0; i < kt_expr_windows(e); i++) {
        kt_window_init((void *)(windows + i * kt_window_size()), kt_expr_window_span(e, i));
    }
    for (int round = 0; round < 6; round++) {
        kt_time now = round * KT_MIN;
        for (uint32_t p = 0; p < WORLD_POINTS; p++) {
            w.sample[p] =
                (struct kt_expr_sample){round * 0.5, (round + p) % 4 != 0, p == 1 && round == 5};
            w.quality[p] = (round + p) % 4 == 0 && !w.sample[p].high ? KT_Q_STALE
                           : w.sample[p].high                        ? KT_Q_OVER_RANGE
                                                                     : KT_Q_NORMAL;
        }
        for (uint32_t i = 0; i < kt_expr_windows(e); i++) {
            kt_window_feed((void *)(windows + i * kt_window_size()), now, round, round != 2);
        }
        enum kt_tri t = kt_expr_eval(e, &live, (kt_point_id){0}, now, windows);
        KT_ASSERT(t == KT_TRUE || t == KT_FALSE || t == KT_UNKNOWN);
        KT_ASSERT(!(never && t == KT_TRUE));
    }
    free(windows);
}

static void load_window(const uint8_t *data, size_t size)
{
    struct kt_window *w = calloc(1, kt_window_size());
    struct kt_rd in = kt_rd_init(data, size);
    KT_ASSERT(w);
    if (kt_window_load(w, &in) == KT_OK) {
        kt_window_feed(w, KT_SEC, 1, true);
    }
    free(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kt_arena *arena = kt_arena_new(0);
    struct kt_expr_names names = world_names();
    struct kt_err err;
    struct kt_expr *e = NULL;
    struct kt_str text = {(const char *)data, size};
    load_window(data, size);
    for (int mixed = 0; mixed < 2; mixed++) {
        names.self_unit = mixed ? NULL : "%CH4";
        names.self_resolution = mixed ? 0 : 0.01;
        if (kt_expr_compile(arena, text, "f", 3, 5, &names, &e, &err) == KT_OK) {
            double v;
            bool high;
            evaluate(e);
            (void)kt_expr_threshold(e, limit_of, &(struct world){0}, &v, &high);
        } else {
            KT_ASSERT(err.line >= 3 && err.col >= 1 && err.text[0]);
        }
    }
    kt_arena_free(arena);
    return 0;
}
