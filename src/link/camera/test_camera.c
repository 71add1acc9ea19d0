/* SPDX-License-Identifier: Apache-2.0 */
#include "link/camera/ring.h"
#include "link/camera/wire.h"
#include "unit.h"

static void put(struct ring *r, int second, bool key, size_t n, int64_t keep_ns)
{
    static char bytes[3 << 20];
    struct ring_piece p = {.key = key, .frames = 1, .mono = second * KT_SEC, .at = second * KT_SEC};
    ring_add(r, &p, (struct kt_str){bytes, n}, keep_ns);
}

static void keeps_whole_groups(void)
{
    struct ring r;
    ring_init(&r);
    ring_head(&r, "avc1.42C01F", KT_STR("head"));
    put(&r, 1, false, 10, 10 * KT_SEC);
    CHECK_INT(r.n, 0); /* nothing can be shown before a key frame */
    for (int s = 2; s < 60; s++) {
        put(&r, s, s % 4 == 0, 10, 10 * KT_SEC);
        CHECK(r.n == 0 || ring_at(&r, 0)->key);
        CHECK(r.n == 0 ||
              s - ring_at(&r, 0)->at / KT_SEC < 14); /* what is asked for, and a group */
    }
    CHECK(59 - ring_at(&r, 0)->at / KT_SEC >= 10);
    struct kt_buf b;
    kt_buf_init(&b, 0);
    CHECK_INT(ring_file(&r, 55 * KT_SEC, &b) / KT_SEC, 52);
    CHECK_INT(b.n, 4 + 8 * 10);
    kt_buf_done(&b);
    ring_head(&r, "avc1.640028", KT_STR("other"));
    CHECK_INT(r.n, 0); /* a new session: nothing of the old one */
    ring_done(&r);
}

static void is_bounded(void)
{
    struct ring r;
    ring_init(&r);
    ring_head(&r, "avc1.42C01F", KT_STR("head"));
    for (int s = 0; s < 40; s++) {
        put(&r, 1, s % 2 == 0, 3 << 20, 1000 * KT_SEC);
        CHECK(r.bytes <= RING_BYTES);
    }
    for (int s = 0; s < 3 * RING_FRAGMENTS; s++) {
        put(&r, 1, s == 0, 1, 1000 * KT_SEC); /* one key frame and no other */
        CHECK(r.n <= RING_FRAGMENTS);
    }
    ring_done(&r);
}

static int taken(const char *bytes, size_t n)
{
    struct wire_msg m;
    return wire_take((struct kt_str){bytes, n}, &m);
}

static void messages(void)
{
    struct kt_buf b;
    kt_buf_init(&b, 0);
    wire_head(&b, WIRE_FRAG, WIRE_KEY, 6);
    kt_buf_puts(&b, "123456");
    CHECK_INT(taken(b.p, b.n), 14);
    for (size_t n = 0; n < b.n; n++) {
        CHECK_INT(taken(b.p, n), 0);
    }
    b.p[0] = 'x';
    CHECK_INT(taken(b.p, b.n), KT_EPARSE);
    b.p[0] = WIRE_FRAG;
    b.p[7] = 1; /* sixteen million bytes */
    CHECK_INT(taken(b.p, b.n), KT_EPARSE);
    kt_buf_clear(&b);
    wire_head(&b, WIRE_INIT, 0, 40);
    for (int i = 0; i < 40; i++) {
        kt_put_u8(&b, 'a');
    }
    CHECK_INT(taken(b.p, b.n), KT_EPARSE); /* a name without an end */
    kt_buf_done(&b);
}

UNIT_MAIN({"the newest seconds, from a key frame on", keeps_whole_groups},
          {"memory is bounded", is_bounded}, {"messages of the program that reads", messages})
