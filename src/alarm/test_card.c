/* SPDX-License-Identifier: Apache-2.0 */
/* The record of cause and measure: order of its steps, follow-ups, closing. */
#include "alarm/card.h"

#include "tiny_site.h"
#include "unit.h"

static struct tiny t;
static struct kt_card_set *set;
static struct kt_err err;
static enum kt_card_change last;
static int told;
static const kt_rule_id rule = {0};
static const kt_point_id point = {0};

static void hear(void *arg, const struct kt_card *c, const struct kt_card_entry *e)
{
    (void)arg;
    (void)c;
    last = e->change;
    told++;
}

static void begin(void)
{
    tiny_init(&t, 2);
    tiny_place(&t, "mine", "mine", KT_NONE);
    struct kt_role *role = tiny_role(&t, "ch4", KT_POINT_ANALOG);
    tiny_point(&t, "T1", role, 0);
    tiny_rule(&t, "gas", role);
    tiny_done(&t);
    set = kt_card_new(&t.site, hear, NULL);
    told = 0;
}

static void end(void)
{
    kt_card_free(set);
    tiny_free(&t);
}

static void whole_life(void)
{
    begin();
    kt_card_open(set, 7, 5, rule, point, "gas", KT_DAY);
    CHECK_OK(kt_card_step(set, 7, KT_DAY + 1, "wang", "stop-work", "called 1203", &err), &err);
    CHECK_INT(kt_card_step(set, 7, KT_DAY + 1, "wang", "", "x", &err), KT_EINVAL);
    CHECK_INT(kt_card_close(set, 7, KT_DAY + 2, "wang", "", &err), KT_ESTATE);
    kt_card_cleared(set, rule, point, KT_DAY + KT_MIN);
    CHECK_INT(kt_card_close(set, 7, KT_DAY + KT_HOUR, "wang", "", &err), KT_ESTATE);
    CHECK_INT(kt_card_measure(set, 7, KT_DAY, "wang", "door open", "", &err), KT_EINVAL);
    CHECK_OK(kt_card_measure(set, 7, KT_DAY, "wang", "door open", "door closed", &err), &err);
    CHECK_OK(kt_card_close(set, 7, KT_DAY + KT_HOUR, "wang", "done", &err), &err);
    CHECK_INT(kt_card_step(set, 7, KT_DAY, "wang", "a", "b", &err), KT_ESTATE);
    CHECK_INT(kt_card_step(set, 8, KT_DAY, "wang", "a", "b", &err), KT_ENOTFOUND);
    CHECK_INT(last, KT_CARD_CLOSE);
    CHECK_INT(told, 5);
    end();
}

static void followup_every_half_hour(void)
{
    begin();
    kt_card_open(set, 7, 5, rule, point, "gas", KT_DAY);
    kt_card_tick(set, KT_DAY + 30 * KT_MIN - 1);
    CHECK_INT(told, 1);
    kt_card_tick(set, KT_DAY + 30 * KT_MIN);
    kt_card_tick(set, KT_DAY + 40 * KT_MIN);
    CHECK_INT(told, 2);
    CHECK_INT(last, KT_CARD_OVERDUE);
    CHECK_OK(kt_card_followup(set, 7, KT_DAY + 41 * KT_MIN, "li", "still 1.1", &err), &err);
    CHECK(!kt_card_find(set, 7)->overdue);
    kt_card_tick(set, KT_DAY + 71 * KT_MIN);
    CHECK_INT(last, KT_CARD_OVERDUE);
    kt_card_cleared(set, rule, point, KT_DAY + 72 * KT_MIN);
    CHECK_INT(kt_card_find(set, 7)->next_followup, 0);
    end();
}

static void raised_again_joins(void)
{
    begin();
    kt_card_open(set, 7, 5, rule, point, "gas", KT_DAY);
    kt_card_cleared(set, rule, point, KT_DAY + KT_MIN);
    kt_card_open(set, 9, 6, rule, point, "gas", KT_DAY + 2 * KT_MIN);
    CHECK_INT(kt_card_count(set), 1);
    CHECK_INT(kt_card_find(set, 7)->raises, 2);
    CHECK_INT(kt_card_find(set, 7)->alarm, 6);
    CHECK(kt_card_find(set, 7)->next_followup != 0);
    end();
}

static void close_one(uint64_t id)
{
    kt_card_open(set, id, id, rule, point, "gas", KT_DAY);
    kt_card_cleared(set, rule, point, KT_DAY);
    CHECK_OK(kt_card_measure(set, id, KT_DAY, "w", "a", "b", &err), &err);
    CHECK_OK(kt_card_close(set, id, KT_DAY, "w", "", &err), &err);
}

static void closed_ones_are_bounded_and_saved(void)
{
    begin();
    for (uint64_t id = 1; id <= KT_CARDS_CLOSED + 20; id++) {
        close_one(id);
    }
    CHECK_INT(kt_card_count(set), KT_CARDS_CLOSED);
    CHECK(!kt_card_find(set, 20));
    CHECK(kt_card_find(set, 21) != NULL);
    kt_card_open(set, 500, 5, rule, point, "gas", KT_DAY);
    struct kt_buf a, b;
    kt_buf_init(&a, 0);
    kt_buf_init(&b, 0);
    kt_card_save(set, &a);
    struct kt_card_set *fresh = kt_card_new(&t.site, NULL, NULL);
    struct kt_rd in = kt_rd_init(a.p, a.n);
    CHECK_OK(kt_card_load(fresh, &in, &err), &err);
    kt_card_save(fresh, &b);
    CHECK(a.n == b.n && memcmp(a.p, b.p, a.n) == 0);
    kt_card_open(fresh, 501, 6, rule, point, "gas", KT_DAY);
    CHECK(!kt_card_find(fresh, 501));
    kt_card_free(fresh);
    fresh = kt_card_new(&t.site, NULL, NULL);
    in = kt_rd_init(a.p, a.n / 2);
    CHECK_INT(kt_card_load(fresh, &in, &err), KT_ECORRUPT);
    kt_card_free(fresh);
    kt_buf_done(&a);
    kt_buf_done(&b);
    end();
}

UNIT_MAIN({"whole life", whole_life}, {"follow-up every half hour", followup_every_half_hour},
          {"raised again joins the open card", raised_again_joins},
          {"closed ones are bounded and saved", closed_ones_are_bounded_and_saved})
