/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include "unit.h"

enum { KEYS = 3000 };

/* The model: what every key of a fixed set should answer. */
struct model {
    bool has[KEYS];
    uint64_t value[KEYS];
    size_t count;
};

static struct kt_str key_of(int i, char buf[32])
{
    int n = i == 0 ? 0 : snprintf(buf, 32, "key/%d%s", i, i % 7 ? "" : "/a-longer-tail");
    return (struct kt_str){buf, (size_t)n};
}

static bool agrees(const struct kt_map *m, const struct model *x, int i)
{
    char b[32];
    uint64_t got = 0;
    bool has = kt_map_get(m, key_of(i, b), &got);
    return has == x->has[i] && (!has || got == x->value[i]);
}

static bool one_step(struct kt_map *m, struct model *x, uint64_t *seed)
{
    char b[32];
    int i = (int)(unit_rand(seed) % KEYS);
    uint64_t v = unit_rand(seed);
    struct kt_str key = key_of(i, b);
    bool had = x->has[i];
    switch (unit_rand(seed) % 3) {
    case 0:
        if (kt_map_add(m, key, v) == had) {
            return false;
        }
        x->value[i] = had ? x->value[i] : v;
        x->has[i] = true;
        x->count += !had;
        break;
    case 1:
        kt_map_set(m, key, v);
        x->value[i] = v;
        x->has[i] = true;
        x->count += !had;
        break;
    default:
        if (kt_map_del(m, key) != had) {
            return false;
        }
        x->has[i] = false;
        x->count -= had;
        break;
    }
    return kt_map_count(m) == x->count && agrees(m, x, i);
}

static void behaves_like_the_model(void)
{
    uint64_t seed = 4242;
    printf("# seed %" PRIu64 "\n", seed);
    static struct model x;
    struct kt_map *m = kt_map_new(0);
    for (int step = 0; step < 100000; step++) {
        if (!one_step(m, &x, &seed)) {
            printf("# differs at step %d\n", step);
            CHECK(false);
            break;
        }
    }
    for (int i = 0; i < KEYS; i++) {
        CHECK(agrees(m, &x, i));
    }
    kt_map_free(m);
}

static void add_and_delete_for_ever(void)
{
    struct kt_map *m = kt_map_new(4);
    for (int i = 0; i < 50000; i++) {
        char b[32];
        struct kt_str key = key_of(i + 1, b);
        REQUIRE(kt_map_add(m, key, (uint64_t)i));
        REQUIRE(kt_map_del(m, key));
    }
    CHECK_INT(kt_map_count(m), 0);
    uint64_t v;
    CHECK(!kt_map_get(m, KT_STR("key/1"), &v));
    kt_map_free(m);
    kt_map_free(NULL);
}

static void keys_are_copied(void)
{
    struct kt_map *m = kt_map_new(1);
    char key[] = "T1-CH4";
    CHECK(kt_map_add(m, kt_str_c(key), 7));
    memset(key, 'x', sizeof(key) - 1);
    uint64_t v = 0;
    CHECK(kt_map_get(m, KT_STR("T1-CH4"), &v));
    CHECK_INT(v, 7);
    CHECK(!kt_map_get(m, kt_str_c(key), &v));
    kt_map_free(m);
}

UNIT_MAIN({"a map behaves like the model", behaves_like_the_model},
          {"adding and deleting for ever", add_and_delete_for_ever},
          {"keys are copied", keys_are_copied})
