/* SPDX-License-Identifier: Apache-2.0 */
#include "link/mqtt/lane.h"
#include "unit.h"

static bool rest(const struct lane *l, uint32_t point, bool stamped, kt_time time, kt_time expect)
{
    bool takes = lane_rest(l, point, stamped, &time);
    CHECK(!takes || time == expect);
    return takes;
}

/* At no step does a sample find nobody who takes it. */
static void somebody_always_takes(void)
{
    struct lane *l = lane_new(4);
    CHECK(rest(l, 1, false, 100, 100));
    CHECK(!lane_fence(l)); /* nobody is up */
    lane_up(l);
    CHECK(rest(l, 1, false, 100, 100) && !lane_alone(l));
    CHECK(lane_fence(l) && !lane_fence(l));
    CHECK(rest(l, 1, false, 100, 100) && !lane_alone(l));
    lane_passed(l);
    CHECK(!rest(l, 1, false, 100, 100) && lane_alone(l));
    lane_unfence(l); /* the main session comes and goes: the urgent one has them all the same */
    CHECK(lane_alone(l));
    lane_lost(l);
    CHECK(rest(l, 1, false, 100, 100) && !lane_alone(l));
    lane_free(l);
    lane_free(NULL);
}

/* An answer to a ping of a connection that is gone, or from before, passes nothing. */
static void only_its_own_fence(void)
{
    struct lane *l = lane_new(4);
    lane_passed(l);
    lane_up(l);
    lane_passed(l);
    CHECK(!lane_alone(l));
    CHECK(lane_fence(l));
    lane_unfence(l);
    lane_passed(l);
    CHECK(!lane_alone(l) && lane_fence(l));
    lane_lost(l);
    lane_passed(l);
    CHECK(!lane_alone(l));
    lane_free(l);
}

/* What the slower session brings without a time is older than what the faster one brought. */
static void the_slower_is_older(void)
{
    struct lane *l = lane_new(4);
    lane_up(l);
    CHECK(lane_fence(l));
    lane_takes(l, 1, 500);
    lane_takes(l, 1, 600);
    CHECK(rest(l, 1, false, 700, 499));
    CHECK(rest(l, 1, true, 700, 700));  /* its own time */
    CHECK(rest(l, 2, false, 700, 700)); /* another point */
    lane_lost(l);
    CHECK(rest(l, 1, false, 800, 800)); /* nobody is faster now */
    lane_free(l);
}

UNIT_MAIN({"somebody always takes a sample", somebody_always_takes},
          {"only its own fence counts", only_its_own_fence},
          {"what the slower session brings is older", the_slower_is_older})
