/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recordings that the engine has said to be erased lose their bytes here, on every node, once the
 * outcome is durable; and again at a start, for a crash may have come between.
 */
#include <stdio.h>

#include "base/log.h"
#include "conf/json.h"
#include "engine/runtime_impl.h"

static void erase(void *arg, const char *hash)
{
    const struct kt_runtime *rt = arg;
    struct kt_err err = {0};
    struct kt_hash h;
    if (kt_hash_from_hex(kt_str_c(hash), &h) == KT_OK &&
        kt_body_erase(rt->data_dir, &h, &err) < 0) {
        KT_ERROR("voice", "a recording is not erased: %s", err.text);
    }
}

static void on_outcome(void *arg, kt_seq seq, kt_time time, struct kt_str json)
{
    static const char head[] = "{\"type\":\"recording\"";
    struct kt_json *root = NULL;
    (void)seq, (void)time;
    if (json.n < sizeof(head) || memcmp(json.p, head, sizeof(head) - 1) != 0 ||
        kt_json_parse(json, 1 << 16, &root, NULL) < 0) {
        return;
    }
    if (strcmp(kt_json_get_str(root, "change", ""), "erase") == 0) {
        erase(arg, kt_json_get_str(root, "hash", ""));
    }
    kt_json_free(root);
}

void rt_erase_start(struct kt_runtime *rt)
{
    kt_engine_erased(rt->engine, erase, rt);
    kt_runtime_follow(rt, on_outcome, rt);
}
