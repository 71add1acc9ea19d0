/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: bytes as inputs of a running engine. The first byte chooses: a checkpoint, or the
 * body of a samples, request, answer or link event. Whatever comes in, the engine goes on, its JSON
 * can be written, and its checkpoint loads again.
 */
#include "engine/test_rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void goes_on(struct rig *r)
{
    struct kt_buf b;
    kt_buf_init(&b, 0);
    rig_wait(r, KT_SEC);
    rig_sample(r, "T1", 1.6);
    kt_engine_json_state(r->e, &b);
    kt_engine_json_alarms(r->e, &b);
    kt_engine_json_outputs(r->e, &b);
    kt_buf_clear(&b);
    kt_engine_save(r->e, &b);
    KT_ASSERT(kt_engine_load(r->e, (struct kt_str){b.p, b.n}, &r->err) == KT_OK);
    kt_buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const enum kt_event_kind kinds[] = {KT_EV_REQUEST, KT_EV_ANSWER, KT_EV_LINK,
                                               KT_EV_SAMPLES};
    struct rig r;
    if (n == 0) {
        return 0;
    }
    rig_init(&r);
    rig_fresh(&r, 0.3);
    if (data[0] % 5 == 4) {
        (void)!kt_engine_load(r.e, (struct kt_str){(const char *)data + 1, n - 1}, &r.err);
    } else {
        rig_event(&r, kinds[data[0] % 5], data + 1, n - 1);
    }
    goes_on(&r);
    rig_done(&r);
    return 0;
}
