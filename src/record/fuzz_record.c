/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_record: any bytes as a request into the room. It answers or leaves them to the engine. */
#include <stdlib.h>

#include "record/test_room.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static struct rig g;

static void clean_up(void)
{
    g.seq = 0; /* the events are not kept */
    rig_close(&g);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    static bool open;
    struct kt_err err = {0};
    struct kt_buf out;
    if (!open) {
        open = rig_open(&g, NULL);
        KT_ASSERT(open && atexit(clean_up) == 0);
    }
    g.now += KT_SEC;
    struct kt_event ev = {.seq = ++g.seq,
                          .time = g.now,
                          .kind = KT_EV_REQUEST,
                          .origin = KT_STR("fuzz"),
                          .body = {(const char *)p, n}};
    KT_ASSERT(kt_room_apply(g.room, &ev, &err) == KT_OK);
    KT_ASSERT(g.seq % 64 != 0 || kt_room_commit(g.room, &err) == KT_OK);
    if (n > 0 && p[0] == '{') {
        return 0;
    }
    char *text = strndup((const char *)p, n); /* and as a question */
    static const char *const rights[] = {"record.read"};
    static const char *const places[] = {"A"};
    const struct kt_reader who = {"fuzz", rights, 1, places, 1, g.now};
    kt_buf_init(&out, 0);
    (void)!kt_room_search(g.room, &who, text, 0, &out, &err);
    const struct kt_record_query q = {.q = text, .sort = text, .cursor = text};
    (void)!kt_room_list(g.room, &who, "inspection", &q, &out, &err);
    kt_buf_done(&out);
    free(text);
    g.seq = ev.seq;
    return 0;
}
