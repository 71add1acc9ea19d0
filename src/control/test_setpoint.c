/* SPDX-License-Identifier: Apache-2.0 */
/* Set-points: limits, step, read-back, what the device holds instead, restart; random walks. */
#include "control/control.h"

#include <math.h>

#include "tiny_site.h"
#include "unit.h"

static struct tiny t;
static struct kt_control *c;
static struct kt_err err;
static kt_time now;
static uint64_t ids;
static bool permit, differs;
static struct kt_write last;
static int writes;
static struct kt_command told;
static struct kt_setpoint limits = {3, 5, 0.5, 0.05};
static const kt_point_id W = {0};

static uint64_t next_id(void *arg)
{
    (void)arg;
    return ++ids;
}

static void on_write(void *arg, const struct kt_write *w)
{
    (void)arg;
    writes += !w->read_first;
    last = w->read_first ? last : *w;
}

static void on_command(void *arg, const struct kt_command *cmd)
{
    (void)arg;
    told = *cmd;
}

static void on_anomaly(void *arg, kt_point_id p, bool on)
{
    (void)arg;
    (void)p;
    differs = on;
}

static void guards(void *arg, kt_point_id p, kt_condition_fn say, void *say_arg)
{
    (void)arg;
    (void)p;
    struct kt_condition cond = {"unknown", {0}, {0}, "", permit};
    say(say_arg, &cond);
}

static void begin(bool two)
{
    tiny_init(&t, 8);
    tiny_place(&t, "room", "chamber", KT_NONE);
    tiny_link(&t, "plc");
    struct kt_point *p = tiny_point(&t, "SD", tiny_role(&t, "mix.set", KT_POINT_ANALOG), 0);
    p->set = &limits;
    p->unit = "%";
    p->link = 0;
    p->two_person = two;
    tiny_rule(&t, "remote", tiny_role(&t, "other", KT_POINT_ANALOG));
    tiny_done(&t);
    struct kt_control_owner owner = {NULL, next_id, on_write, on_command, NULL, on_anomaly, guards};
    c = kt_control_new(&t.site, &owner);
    now = 1000 * KT_DAY;
    ids = 100;
    permit = true;
    differs = false;
    writes = 0;
    told = (struct kt_command){0};
}

static void end(void)
{
    kt_control_free(c);
    tiny_free(&t);
}

static int set(double value, const char *by)
{
    struct kt_ask a = {
        .now = now, .cause = 7, .output = W, .value = value, .by = by, .reason = "t"};
    kt_command_id id;
    return kt_control_close(c, &a, &id, &err);
}

static void holds(double value)
{
    kt_control_register(c, W, true, value, now);
}

static void later(int64_t ns)
{
    now += ns;
    kt_control_tick(c, now);
}

static void written_once_and_done_when_read_back(void)
{
    begin(false);
    holds(4);
    CHECK_OK(set(4.4, "wang"), &err);
    CHECK(writes == 1 && last.value == 4.4 && !last.protective && last.expires > now);
    kt_control_answer(c, told.id, KT_ANS_WRITTEN, 4.4, "", now);
    CHECK_INT(told.state, KT_CMD_SENT);
    kt_control_answer(c, told.id, KT_ANS_READBACK, 4.42, "", now); /* within the tolerance */
    CHECK_INT(told.state, KT_CMD_READBACK);
    CHECK(!differs && !kt_control_find(c, told.id));
    end();
}

static void refused_in_one_sentence(void)
{
    static const struct {
        double is, to;
        int r;
        const char *text;
    } rows[] = {
        {4, 5.01, KT_EINVAL, "SD may not be set to 5.01 %: 3 to 5 % are allowed"},
        {4, 2.99, KT_EINVAL, "SD may not be set to 2.99 %: 3 to 5 % are allowed"},
        {4, NAN, KT_EINVAL, "SD may not be set to nan %: 3 to 5 % are allowed"},
        {4, INFINITY, KT_EINVAL, "SD may not be set to inf %: 3 to 5 % are allowed"},
        {4, 4.6, KT_ESTATE, "SD may not be set to 4.6 %: from 4 % it goes by 0.5 % at most"},
        {0, 3.6, KT_ESTATE, "SD may not be set to 3.6 %: from 3 % it goes by 0.5 % at most"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        begin(false);
        holds(rows[i].is);
        CHECK_INT(set(rows[i].to, "wang"), rows[i].r);
        CHECK_STR(err.text, rows[i].text);
        CHECK(writes == 0 && told.state == KT_CMD_REFUSED);
        end();
    }
}

static void near_misses_pass(void)
{
    static const double rows[][2] = {{4.5, 5}, {3.5, 3}, {4, 4.5}, {0, 3.5}, {9, 4.5}, {4.1, 4.6}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        begin(false);
        holds(rows[i][0]);
        CHECK_OK(set(rows[i][1], "wang"), &err);
        CHECK_INT(writes, 1);
        end();
    }
}

static void not_known_is_refused(void)
{
    begin(false);
    CHECK_INT(set(4, "wang"), KT_ESTATE);
    CHECK_STR(err.text, "SD may not be set: what the device holds now is not known");
    holds(4);
    kt_control_register(c, W, false, 0, now);
    CHECK_INT(set(4, "wang"), KT_ESTATE);
    holds(4);
    permit = false;
    CHECK_INT(set(4, "wang"), KT_ESTATE);
    permit = true;
    struct kt_ask tag = {.now = now, .output = W, .by = "li", .reason = "in the tank"};
    CHECK_OK(kt_control_tag(c, &tag, &err), &err);
    CHECK_INT(set(4, "wang"), KT_ESTATE);
    CHECK_INT(writes, 0);
    end();
}

static void nothing_opens_or_latches_it(void)
{
    begin(false);
    holds(4);
    struct kt_ask a = {.now = now, .output = W, .by = "rule:x"};
    CHECK_INT(kt_control_open(c, &a).v, 0);
    kt_control_latch(c, W, (struct kt_rule_instance){{0}, {0}});
    later(KT_HOUR);
    CHECK(writes == 0 && kt_control_of(c, W)->latch_n == 0);
    end();
}

static void a_device_that_ignores_it(void)
{
    begin(false);
    holds(4);
    CHECK_OK(set(4.4, "wang"), &err);
    kt_command_id id = told.id;
    kt_control_answer(c, id, KT_ANS_WRITTEN, 4.4, "", now);
    kt_control_answer(c, id, KT_ANS_READBACK, 4, "", now);
    CHECK(told.state == KT_CMD_SENT && !differs); /* its next reading may show it */
    later(2 * KT_SEC);
    CHECK_INT(told.state, KT_CMD_FAILED);
    CHECK_STR(told.text, "written, but the device holds 4 %");
    CHECK(differs);
    later(KT_MIN);
    CHECK(writes == 1 && differs);
    kt_control_register(c, W, false, 0, now); /* not known takes nothing back */
    CHECK(differs);
    holds(4.4); /* late */
    CHECK(!differs);
    holds(3.2); /* somebody on the spot */
    CHECK(differs);
    end();
}

static void refused_by_the_device(void)
{
    begin(false);
    holds(4);
    CHECK_OK(set(4.4, "wang"), &err);
    kt_control_answer(c, told.id, KT_ANS_FAILED, 0, "Illegal data value", now);
    CHECK_INT(told.state, KT_CMD_FAILED);
    CHECK_STR(told.text, "Illegal data value");
    holds(4);
    CHECK(!differs); /* it was not taken, so it is not missed */
    end();
}

static void dead_after_a_restart(void)
{
    begin(false);
    holds(4);
    CHECK_OK(set(4.4, "wang"), &err);
    kt_control_recovered(c, KT_NONE, 9, now);
    CHECK_INT(told.state, KT_CMD_EXPIRED);
    CHECK_INT(set(4.4, "wang"), KT_ESTATE); /* not read yet */
    later(KT_HOUR);
    CHECK_INT(writes, 1);
    holds(4);
    CHECK_OK(set(4.4, "wang"), &err);
    end();
}

static void two_persons_and_the_step_again(void)
{
    begin(true);
    holds(4);
    CHECK_OK(set(4.4, "wang"), &err);
    CHECK(told.state == KT_CMD_REQUESTED && writes == 0);
    kt_command_id id = told.id;
    CHECK_INT(kt_control_confirm(c, id, "wang", 8, now, &err), KT_EDENIED);
    holds(3.2); /* changed on the spot meanwhile: the step would be too large now */
    CHECK_INT(kt_control_confirm(c, id, "li", 8, now, &err), KT_ESTATE);
    CHECK_OK(set(3.5, "wang"), &err);
    CHECK_OK(kt_control_confirm(c, told.id, "li", 8, now, &err), &err);
    CHECK(writes == 1 && last.value == 3.5);
    end();
}

static void saved_and_loaded(void)
{
    begin(false);
    holds(4);
    CHECK_OK(set(4.4, "wang"), &err);
    kt_control_answer(c, told.id, KT_ANS_WRITTEN, 4.4, "", now);
    struct kt_buf a, b;
    kt_buf_init(&a, 0);
    kt_buf_init(&b, 0);
    kt_control_save(c, &a);
    struct kt_control *first = c;
    struct kt_control_owner owner = {NULL, next_id, on_write, on_command, NULL, on_anomaly, guards};
    c = kt_control_new(&t.site, &owner);
    struct kt_rd in = kt_rd_init(a.p, a.n);
    CHECK_OK(kt_control_load(c, &in, &err), &err);
    kt_control_save(c, &b);
    CHECK(a.n == b.n && memcmp(a.p, b.p, a.n) == 0);
    holds(4.4);
    CHECK_INT(told.state, KT_CMD_READBACK);
    kt_control_free(first);
    kt_buf_done(&a);
    kt_buf_done(&b);
    end();
}

/* Whatever happens in whatever order: every write was asked for, is within the limits and a step
 * from what the device was known to hold. */
static void walk(uint64_t *seed)
{
    begin(unit_rand(seed) % 2);
    double is = NAN;
    for (int i = 0; i < 400; i++) {
        double v = (double)(unit_rand(seed) % 80) / 10;
        int before = writes, r = -1;
        switch (unit_rand(seed) % 6) {
        case 0:
            permit = unit_rand(seed) % 4 != 0;
            r = set(v, "wang");
            break;
        case 1:
            r = kt_control_confirm(c, told.id, "li", 1, now, &err);
            break;
        case 2:
            is = v;
            holds(v);
            break;
        case 3:
            kt_control_answer(c, told.id, (enum kt_answer)(unit_rand(seed) % 2), told.value, "",
                              now);
            break;
        case 4:
            kt_control_recovered(c, KT_NONE, 1, now);
            is = NAN;
            break;
        default:
            later((int64_t)(unit_rand(seed) % 4) * KT_SEC);
        }
        CHECK(writes == before || (r == KT_OK && permit && writes == before + 1));
        double from = fmin(fmax(is, limits.lo), limits.hi);
        CHECK(writes == before || (last.value >= 3 && last.value <= 5 && !isnan(is) &&
                                   fabs(last.value - from) <= 0.5 + 1e-6));
    }
    end();
}

static void random_walks(void)
{
    for (uint64_t first = 1; first <= 200 && unit_bad == 0; first++) {
        uint64_t seed = first;
        walk(&seed);
        if (unit_bad) {
            printf("# seed %llu\n", (unsigned long long)first);
        }
    }
}

UNIT_MAIN({"written once, done when read back", written_once_and_done_when_read_back},
          {"refused in one sentence", refused_in_one_sentence},
          {"near misses pass", near_misses_pass}, {"not known is refused", not_known_is_refused},
          {"nothing opens or latches it", nothing_opens_or_latches_it},
          {"a device that ignores it", a_device_that_ignores_it},
          {"refused by the device", refused_by_the_device},
          {"dead after a restart", dead_after_a_restart},
          {"two persons, and the step again", two_persons_and_the_step_again},
          {"saved and loaded", saved_and_loaded}, {"random walks", random_walks})
