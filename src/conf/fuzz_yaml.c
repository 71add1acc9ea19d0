/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Asks every node of the tree for every type. */
static void walk(const struct kt_yaml *n, struct kt_arena *arena, int depth)
{
    double d;
    int64_t i;
    const char *s, *t;
    int line, c;
    bool b;
    kt_yaml_text_at(n, &line, &c);
    KT_ASSERT(depth <= KT_YAML_MAX_DEPTH && line > 0 && c > 0);
    (void)kt_yaml_as_num(n, "x", &d);
    (void)kt_yaml_as_int(n, "x", -5, 5, &i);
    for (uint32_t k = 0; k < kt_yaml_count(n); k++) {
        const char *key = kt_yaml_kind(n) == KT_YAML_MAP ? kt_yaml_key(n, k) : "absent";
        const char *const words[] = {"low", "high"};
        KT_ASSERT(kt_yaml_kind(n) == KT_YAML_LIST || kt_yaml_get(n, key) == kt_yaml_at(n, k));
        (void)kt_yaml_str(n, key, KT_REQUIRED, &s);
        (void)kt_yaml_bool(n, key, KT_REQUIRED, &b);
        (void)kt_yaml_duration(n, key, KT_REQUIRED, &i);
        (void)kt_yaml_clock(n, key, KT_REQUIRED, &c);
        (void)kt_yaml_choice(n, key, KT_REQUIRED, words, 2, &c);
        (void)kt_yaml_text2(n, key, KT_REQUIRED, &s, &t);
        walk(kt_yaml_at(n, k), arena, depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kt_arena *arena = kt_arena_new(0);
    struct kt_problems p = {0};
    struct kt_yaml *root;
    struct kt_err err;
    struct kt_settings s;
    if (kt_yaml_parse(arena, (struct kt_str){(const char *)data, size}, "f", &p, &root, &err) ==
        KT_OK) {
        kt_settings_read(root, arena, &s);
        kt_yaml_unknown(root);
        walk(root, arena, 0);
    }
    kt_arena_free(arena);
    return 0;
}
