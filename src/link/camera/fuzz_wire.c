/* SPDX-License-Identifier: Apache-2.0 */
/* What the program that reads a camera could say when it has fallen to one. */
#include <stdlib.h>

#include "link/camera/ring.h"
#include "link/camera/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ring ring;
    size_t at = 0;
    int took = 1;
    ring_init(&ring);
    for (kt_mono now = 1; took > 0 && now < 5000; now++) {
        struct wire_msg m;
        took = wire_take((struct kt_str){(const char *)data + at, size - at}, &m);
        at += took > 0 ? (size_t)took : 0;
        KT_ASSERT(at <= size);
        if (took > 0 && m.kind == WIRE_INIT) {
            ring_head(&ring, m.payload.p, m.payload);
        } else if (took > 0 && m.kind == WIRE_FRAG && ring.head) {
            struct ring_piece p = {.key = m.flags & WIRE_KEY, .mono = now * KT_SEC, .at = now};
            ring_add(&ring, &p, m.payload, 2 * KT_SEC);
            KT_ASSERT(ring.n == 0 || ring_at(&ring, 0)->key);
        }
    }
    ring_done(&ring);
    return 0;
}
