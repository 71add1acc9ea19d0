/* SPDX-License-Identifier: Apache-2.0 */
#include "link/upward/private.h"

#include "sys/file.h"
#include "unit.h"

static struct kt_err err;

static struct kt_str message(struct kt_buf *b, uint64_t n, const struct upward_place *after,
                             const char *text, struct upward_place *ret)
{
    struct kt_buf body;
    kt_buf_init(&body, 0);
    upward_put_outcome(&body, n, 5, kt_str_c(text));
    struct upward_msg m = {.lane = UPWARD_RECORD,
                           .at = {.gen = "g1", .n = n, .pos = n * 10},
                           .prev_pos = after->pos,
                           .prev = after->chain,
                           .body = {body.p, body.n}};
    kt_buf_clear(b);
    upward_put(b, &m);
    kt_buf_done(&body);
    *ret = m.at;
    return (struct kt_str){b->p, b->n};
}

static void a_message_comes_back(void)
{
    struct kt_buf b, body;
    kt_buf_init(&b, 0);
    kt_buf_init(&body, 0);
    const char *const names[] = {"T1", "瓦斯"};
    const uint32_t point[] = {0, 1, 0};
    const kt_time time[] = {KT_SEC, KT_SEC, 2 * KT_SEC};
    const double value[] = {0.25, -1, 0.5};
    const kt_quality quality[] = {0, KT_Q_BROKEN, 0};
    struct kt_samples s = {3, point, time, value, quality};
    upward_put_samples(&body, names, 2, 9 * KT_SEC, &s);
    upward_put_outcome(&body, 77, 3, KT_STR("{}"));
    struct upward_msg m = {.lane = UPWARD_RECORD,
                           .at = {.gen = "g", .n = 3, .pos = 9},
                           .prev_pos = 4,
                           .time = 8,
                           .body = {body.p, body.n}};
    upward_put(&b, &m);
    struct upward_msg back;
    CHECK_OK(upward_get((struct kt_str){b.p, b.n}, &back, &err), &err);
    CHECK_INT(back.at.n, 3);
    CHECK_INT(back.prev_pos, 4);
    CHECK_STR(back.at.gen, "g");
    struct upward_section sec = {0};
    struct kt_rd r = kt_rd_init(back.body.p, back.body.n);
    CHECK_INT(upward_next(&r, &sec, &err), 1);
    CHECK_INT(sec.columns.n, 3);
    CHECK_STR(sec.names[sec.columns.point[1]], "瓦斯");
    CHECK_INT(sec.columns.quality[1], KT_Q_BROKEN);
    CHECK_NEAR(sec.columns.value[2], 0.5, 0);
    CHECK_INT(upward_next(&r, &sec, &err), 1);
    CHECK_INT(sec.seq, 77);
    CHECK_INT(upward_next(&r, &sec, &err), 0);
    upward_section_done(&sec);
    int altered = 0;
    for (size_t i = 0; i < b.n; i++) { /* every bit counts */
        b.p[i] ^= 4;
        altered += upward_get((struct kt_str){b.p, b.n}, &back, &err) == KT_OK;
        b.p[i] ^= 4;
    }
    CHECK_INT(altered, 0);
    kt_buf_done(&b);
    kt_buf_done(&body);
}

/* What is said back moves the confirmed place, whatever way the messages were cut. */
static void places(void)
{
    struct kt_buf b;
    kt_buf_init(&b, 0);
    struct upward_sent s = {.confirmed = {.gen = "g1", .pos = 5}};
    struct upward_place a1, a2, b1;
    message(&b, 1, &s.confirmed, "first cut", &a1);
    s.cur[s.cur_n++] = a1;
    message(&b, 2, &a1, "second", &a2);
    s.cur[s.cur_n++] = a2;
    upward_sent_return(&s); /* cut anew */
    message(&b, 1, &s.confirmed, "another cut", &b1);
    s.cur[s.cur_n++] = b1;
    CHECK_INT(upward_sent_said(&s, &a2), UPWARD_OTHER); /* it had arrived after all */
    CHECK_INT(s.confirmed.n, 2);
    CHECK_INT(s.cur_n, 0);
    CHECK_INT(upward_sent_said(&s, &a2), UPWARD_NOTHING_NEW);
    CHECK_INT(upward_sent_said(&s, &a1), UPWARD_NOTHING_NEW);
    struct upward_place strange = {.gen = "g1", .n = 9}, foreign = {.gen = "g0", .n = 1};
    CHECK_INT(upward_sent_said(&s, &strange), UPWARD_UNKNOWN);
    CHECK_INT(upward_sent_said(&s, &foreign), UPWARD_FOREIGN);
    struct upward_place c3;
    message(&b, 3, &s.confirmed, "third", &c3);
    s.cur[s.cur_n++] = c3;
    s.made = true;
    kt_buf_clear(&b);
    upward_sent_put(&b, &s);
    struct upward_sent back;
    CHECK_OK(upward_sent_get((struct kt_str){b.p, b.n}, &back, &err), &err);
    CHECK(back.made);
    CHECK_INT(back.old_n, s.old_n);
    CHECK_INT(upward_sent_said(&back, &c3), UPWARD_FORWARD);
    CHECK_INT(back.confirmed.pos, 30);
    kt_buf_done(&b);
}

static void a_divided_mine_is_not_worked_on_alone(void)
{
    struct kt_site site = {.shards = "etcd://127.0.0.1:1/region"};
    struct kt_mine *m = NULL;
    CHECK_INT(kt_mine_start(NULL, &site, 0, NULL, 0, &m, &err), KT_ESTATE);
    CHECK(!m);
}

UNIT_MAIN({"where mines are divided and the division is not there, none is worked on",
           a_divided_mine_is_not_worked_on_alone},
          {"a message comes back, an altered one is found", a_message_comes_back},
          {"what is said back is found among what was sent", places})
