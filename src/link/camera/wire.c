/* SPDX-License-Identifier: Apache-2.0 */
#include "link/camera/wire.h"

void wire_head(struct kt_buf *to, enum wire_kind kind, uint8_t flags, uint32_t length)
{
    kt_put_u8(to, (uint8_t)kind);
    kt_put_u8(to, flags);
    kt_put_u16(to, 0);
    kt_put_u32(to, length);
}

static bool sound(const struct wire_msg *m)
{
    switch (m->kind) {
    case WIRE_INIT:
        return m->payload.n > WIRE_CODEC && m->payload.p[WIRE_CODEC - 1] == '\0';
    case WIRE_FRAG:
        return m->payload.n > 4;
    case WIRE_OPEN:
    case WIRE_END:
        return m->payload.n > 0;
    }
    return false;
}

int wire_take(struct kt_str in, struct wire_msg *ret)
{
    uint32_t n;
    if (in.n < WIRE_HEAD) {
        return 0;
    }
    memcpy(&n, in.p + 4, 4);
    if (n > WIRE_MAX || in.p[2] || in.p[3]) {
        return KT_EPARSE;
    }
    if (in.n < WIRE_HEAD + (size_t)n) {
        return 0;
    }
    *ret = (struct wire_msg){.kind = (enum wire_kind)(uint8_t)in.p[0],
                             .flags = (uint8_t)in.p[1],
                             .payload = {in.p + WIRE_HEAD, n}};
    return sound(ret) ? (int)(WIRE_HEAD + n) : KT_EPARSE;
}
