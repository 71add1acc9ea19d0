/* SPDX-License-Identifier: Apache-2.0 */
/* air_save: what a checkpoint keeps of the roadways' air. */
#include "engine/air.h"

/* ---- checkpoint ------------------------------------------------------------------------------ */

void eng_air_save(const struct eng *e, struct kt_buf *out)
{
    const struct air *a = e->air;
    if (!a || (!a->solved && !a->failed)) {
        return;
    }
    kt_put_u8(out, (uint8_t)(a->solved | a->failed << 1));
    kt_put_u8(out, (uint8_t)a->basis);
    kt_put_u64(out, a->flows_from);
    kt_put_i64(out, a->at);
    kt_put_text(out, a->why);
    kt_put_varint(out, a->ways.n);
    for (uint32_t b = 0; b < a->ways.n; b++) {
        kt_put_text(out, a->ways.airway[b].id);
        kt_put_f64(out, a->q[b]);
        kt_put_u8(out, (uint8_t)(a->known[b].fan + 1));
        kt_put_u8(out, a->known[b].open);
    }
}

static uint32_t airway_of(const struct air *a, struct kt_str id)
{
    for (uint32_t b = 0; b < a->ways.n; b++) {
        if (kt_str_is(id, a->ways.airway[b].id)) {
            return b;
        }
    }
    return KT_NONE;
}

static uint32_t load_flows(struct air *a, struct kt_rd *in)
{
    uint64_t n = kt_get_varint(in);
    uint32_t met = 0;
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        struct kt_str id = kt_get_bytes(in);
        double q = kt_get_f64(in);
        uint8_t fan = kt_get_u8(in), open = kt_get_u8(in);
        uint32_t b = in->bad || !a ? KT_NONE : airway_of(a, id);
        in->bad |= fan > 3;
        if (b != KT_NONE && !in->bad) {
            a->q[b] = q;
            a->known[b] = (struct kt_airway_state){(int8_t)(fan - 1), open};
            met++;
        }
    }
    return met;
}

void eng_air_load(struct eng *e, struct kt_rd *in)
{
    struct air *a = e->air;
    uint8_t bits = kt_get_u8(in);
    uint8_t basis = kt_get_u8(in);
    kt_seq from = kt_get_u64(in);
    kt_time at = kt_get_i64(in);
    char why[ENG_TEXT];
    kt_get_text(in, why, sizeof why);
    uint32_t met = load_flows(a, in);
    in->bad |= basis >= KT_AIR_BASES;
    if (!a || in->bad || met != a->ways.n) {
        return; /* other roadways than then: nothing is known of their air */
    }
    a->solved = bits & 1;
    a->failed = bits >> 1 & 1;
    a->basis = basis;
    a->flows_from = from;
    a->at = at;
    kt_text_set(a->why, sizeof a->why, why);
}

void eng_air_loaded(struct eng *e)
{
    if (e->air) {
        eng_air_look(e);
        e->air->moved = false;
        air_renew(e);
    }
}
