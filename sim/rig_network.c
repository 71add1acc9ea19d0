/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The communication network: a backbone ring of six switches from one core switch round the mine to
 * the other, base stations behind a controller, and a data room.
 *
 * Links 1 … 5 lie between switch i and the next; the two core switches stand side by side, and the
 * way between them closes the ring. A switch is reached along the ring from either end.
 */
#include <math.h>
#include <stdbool.h>

#include "rig.h"

enum { SWITCHES = 6, LINKS = 5, STATIONS = 6 };

/* ---- ring ---- */
enum {
    WHOLE,
    R_UPTIME,
    CUT,
    R_OFF = CUT + LINKS,
    UP = R_OFF + SWITCHES,
    REACH = UP + LINKS,
    OCTETS = REACH + SWITCHES
};
static const char *const ring_signals[] = {
    "whole",   "uptime",  "cut1",    "cut2",    "cut3",    "cut4",   "cut5",   "off1",
    "off2",    "off3",    "off4",    "off5",    "off6",    "up1",    "up2",    "up3",
    "up4",     "up5",     "reach1",  "reach2",  "reach3",  "reach4", "reach5", "reach6",
    "octets1", "octets2", "octets3", "octets4", "octets5", NULL};

/* A switch without power is dark on both sides. */
static bool lit(const struct sim_rig *r, int link)
{
    return r->s[CUT + link] < 0.5 && r->s[R_OFF + link] < 0.5 && r->s[R_OFF + link + 1] < 0.5;
}

static void reach(struct sim_rig *r)
{
    bool from_first = true, from_last = true;
    for (int i = 0; i < SWITCHES; i++) {
        from_first = from_first && (i == 0 || r->s[UP + i - 1] > 0.5);
        r->s[REACH + i] = from_first && r->s[R_OFF + i] < 0.5;
    }
    for (int i = SWITCHES - 1; i >= 0; i--) {
        from_last = from_last && (i == SWITCHES - 1 || r->s[UP + i] > 0.5);
        r->s[REACH + i] = r->s[REACH + i] > 0.5 || (from_last && r->s[R_OFF + i] < 0.5);
    }
}

static void ring_step(struct sim_plant *p, struct sim_rig *r)
{
    r->s[WHOLE] = 1;
    r->s[R_UPTIME] += SIM_STEP_S;
    for (int i = 0; i < LINKS; i++) {
        r->s[UP + i] = lit(r, i);
        if (r->s[UP + i] < 0.5) {
            r->s[WHOLE] = 0;
        } else {
            double mbit = sim_rig_wave(p, 3 * i, 180 + 60 * i, 40, 300);
            r->s[OCTETS + i] += mbit * 1e6 / 8 * SIM_STEP_S;
        }
    }
    reach(r);
}

static void ring_begin(struct sim_plant *p, struct sim_rig *r)
{
    r->s[R_UPTIME] = 86400 * 41;
    ring_step(p, r);
}

const struct sim_rig_kind sim_rig_ring = {
    .name = "ring", .signals = ring_signals, .begin = ring_begin, .step = ring_step};

/* ---- base stations ---- */
enum {
    B_OFF,
    SERVES = B_OFF + STATIONS,
    TERMINALS = SERVES + STATIONS,
    PHONES = TERMINALS + STATIONS
};
static const char *const base_signals[] = {
    "off1",       "off2",       "off3",       "off4",       "off5",    "off6",       "up1",
    "up2",        "up3",        "up4",        "up5",        "up6",     "terminals1", "terminals2",
    "terminals3", "terminals4", "terminals5", "terminals6", "phones1", "phones2",    "phones3",
    "phones4",    "phones5",    "phones6",    NULL};

static void bases_step(struct sim_plant *p, struct sim_rig *r)
{
    for (int i = 0; i < STATIONS; i++) {
        bool serves = r->s[B_OFF + i] < 0.5;
        double phones = serves ? round(sim_rig_wave(p, 2 * i, 9 + 2 * i, 3, 1800)) : 0;
        r->s[SERVES + i] = serves;
        r->s[PHONES + i] = phones;
        r->s[TERMINALS + i] = serves ? phones + 12 + i : 0; /* sensors, lamps, vehicles */
    }
}

const struct sim_rig_kind sim_rig_bases = {
    .name = "bases", .signals = base_signals, .begin = bases_step, .step = bases_step};

/* ---- data room ---- */
enum { MAINS, BATTERY, TEMP, COOL, OPEN, LOAD, MEMORY, DISK, MACHINES };
static const char *const room_signals[] = {"mains", "battery", "temp", "cool",     "open",
                                           "load",  "memory",  "disk", "machines", NULL};

static void room_begin(struct sim_plant *p, struct sim_rig *r)
{
    (void)p;
    r->s[MAINS] = r->s[COOL] = 1;
    r->s[BATTERY] = 100;
    r->s[TEMP] = 22.5;
    r->s[DISK] = 61;
    r->s[MACHINES] = 14;
}

static void room_step(struct sim_plant *p, struct sim_rig *r)
{
    bool mains = r->s[MAINS] > 0.5, cool = mains && r->s[COOL] > 0.5;
    r->s[BATTERY] = sim_rig_ramp(r->s[BATTERY], mains ? 100 : 0, 1.0 / 36); /* an hour */
    r->s[TEMP] = sim_rig_ramp(r->s[TEMP], cool ? sim_rig_wave(p, 1, 22.5, 0.8, 2400) : 41, 0.02);
    r->s[LOAD] = sim_rig_wave(p, 4, 34, 9, 700);
    r->s[MEMORY] = sim_rig_wave(p, 5, 58, 3, 5000);
}

const struct sim_rig_kind sim_rig_room = {
    .name = "room", .signals = room_signals, .begin = room_begin, .step = room_step};
