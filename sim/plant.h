/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_PLANT_H
#define SIM_PLANT_H
/*
 * plant: the simulated mine: what stands in it and how it is now. Read from a plan (plan.h), moved
 * on in steps of 100 ms (sim_plant_step), never by a clock of its own, so the same plan, seed and
 * commands give the same states.
 *
 * A step: outputs read by power.c -> machines.c -> air.c -> gas.c -> sensors.c.
 * References between things are indexes; -1 is none. Units are SI unless the name says otherwise;
 * methane and CO2 are fractions of volume, CO is ppm, dust mg/m3, heat is K above the rock.
 *
 * Threads: one at a time; whoever touches a plant that runs holds its owner's lock (run.h).
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/time.h"
#include "snmp.h"

#define SIM_STEP_S  0.1
#define SIM_STEP_NS (100 * KT_MS)
#define SIM_AIR_MIN 0.15 /* m3/s that still creeps through the duct of a stopped fan */

enum sim_species { SIM_CH4, SIM_CO, SIM_CO2, SIM_DUST, SIM_HEAT, SIM_SPECIES };
enum sim_kind { /* name spaces of a plan */
                SIM_NODE,
                SIM_BRANCH,
                SIM_FAN,
                SIM_DOOR,
                SIM_SWITCH,
                SIM_MACHINE, /* belts and pumps are machines, too */
                SIM_TANK,
                SIM_GOAF,
                SIM_DEVICE,
                SIM_AGENT, /* an SNMP device */
                SIM_PHONE, /* a SIP phone or speaker */
                SIM_RIG,   /* machines with a PLC of their own: rig.h */
                SIM_POINT,
                SIM_SCENARIO,
                SIM_KINDS
};
enum sim_mode { SIM_AUTO, SIM_ON, SIM_OFF };

struct sim_node {
    bool open; /* the atmosphere */
    double in_m3s, c[SIM_SPECIES];
};

struct sim_switch;
struct sim_branch {
    const char *id;
    int from, to;
    double r, length_m, area_m2, head_pa, temp_c;
    bool duct;
    const struct sim_switch *spray;        /* wets its dust while it runs; NULL: none */
    double give[SIM_SPECIES];              /* given off along it, per second */
    double factor, factor_to, factor_step; /* emission: present, wanted, change per step */
    double q_m3s;                          /* along from -> to */
    double r_now, head_now_pa;             /* with doors, dampers and fans */
    int cells;
    double cell_m3;
    double *c; /* [cells][SIM_SPECIES], first cell at `from` */
};

struct sim_fan {
    const char *id;
    bool local, hold; /* hold: a backup that people start */
    int branch, sw, backup_of;
    double h0_pa, k, q_m3s, kw;
    enum sim_mode mode;
    bool running;
    int wait;    /* steps until an automatic start */
    double spin; /* -1 .. 1; below 0 it turns backwards */
    /* of a station with a PLC (rig_fan.c) */
    bool rig, ordered, back;
    double gate; /* its damper: 0 shut, 1 open */
};

struct sim_door {
    int branch;
    double closed_r, open_r;
    bool leaf_open[2], held[2]; /* held: by command */
    bool plc;                   /* its PLC alone moves the leaves: nobody just walks through */
};

struct sim_switch {
    const char *id;
    int point, feed, parent;
    double volt_v;
    bool command, contact, live, stuck;
    bool plc;    /* written to a PLC, which may refuse */
    bool locked; /* its PLC refuses to close it now */
    int delay;   /* steps until the contact follows */
    double kw;   /* what hangs on it now */
};

enum { SIM_BELT_CELLS = 20 };
enum sim_machine_kind {
    SIM_LOAD,
    SIM_CONVEYOR,
    SIM_SHEARER,
    SIM_ROADHEADER,
    SIM_WINDER,
    SIM_BELT,
    SIM_PUMP
};
struct sim_machine {
    const char *id;
    enum sim_machine_kind kind;
    int sw, needs, to, branch, tank, stage;
    double kw, at, give[SIM_SPECIES], tph, period_s, duty, phase_s, length_m, speed_ms, flow_m3h;
    enum sim_mode mode;
    bool running, pulled;
    double work;                    /* 0 .. 1: how hard it cuts */
    double in_tph, out_tph, now_ms; /* belts */
    double cell_t[SIM_BELT_CELLS];  /* belts: coal lying on them, from tail to head */
    bool rig, ordered;              /* pumps: of a station with a PLC (rig_water.c) */
    bool plc;                       /* belts: run by a PLC with interlocks of its own */
    int horn;                       /* its switch, -1 */
    double warned_s, quiet_s;       /* how long the horn sounded, how long ago */
    unsigned guards;                /* bits of enum sim_guard that have acted */
    double heat_to, hot;            /* belts: friction wanted and reached; 1 smokes */
};

struct sim_tank {
    double inflow_m3h, area_m2, low_m, high_m, level_m, out_m3h;
};

struct sim_goaf {
    int branch;
    double ch4_m3s, volume_m3, conc, co_ppm,
        share; /* share: part of the air that sweeps the corner */
    double now_m3s;
};

enum sim_source {
    SIM_SRC_CONST,
    SIM_SRC_CH4,
    SIM_SRC_CORNER,
    SIM_SRC_CO,
    SIM_SRC_CO2,
    SIM_SRC_O2,
    SIM_SRC_H2S,
    SIM_SRC_DUST,
    SIM_SRC_TEMP,
    SIM_SRC_WIND,
    SIM_SRC_DIR,
    SIM_SRC_DP,
    SIM_SRC_SEAL,
    SIM_SRC_BARO,
    SIM_SRC_SMOKE,
    SIM_SRC_FAN,
    SIM_SRC_FANPA,
    SIM_SRC_DUCT,
    SIM_SRC_FLOW,
    SIM_SRC_DOOR,
    SIM_SRC_COIL,
    SIM_SRC_FEED,
    SIM_SRC_AMP,
    SIM_SRC_VOLT,
    SIM_SRC_KW,
    SIM_SRC_RUN,
    SIM_SRC_SPEED,
    SIM_SRC_TPH,
    SIM_SRC_CORD,
    SIM_SRC_LEVEL,
    SIM_SRC_FLOWOUT,
    SIM_SRC_GUARD, /* a protection or a mode of a belt */
    SIM_SRC_RIG    /* a signal of a rig */
};
/* What `guard:` names; the first ones trip a belt that a PLC runs. */
enum sim_guard {
    SIM_GUARD_SLIP,
    SIM_GUARD_PILE,
    SIM_GUARD_OFF_TRACK,
    SIM_GUARD_TEAR,
    SIM_GUARD_SPEED,
    SIM_GUARD_TEMP,
    SIM_GUARD_ESTOP,
    SIM_GUARD_MAINTENANCE,
    SIM_GUARD_LOCAL, /* shown turned round, as "remote" */
    SIM_GUARDS
};

enum sim_type { SIM_BIT, SIM_U16, SIM_I16, SIM_F32_BE, SIM_F32_LE };

/* Bits of a status word, as mine files have them. */
enum {
    SIM_ST_ALARM = 1,
    SIM_ST_CUT = 2,
    SIM_ST_CALIBRATING = 4,
    SIM_ST_OVER_RANGE = 8,
    SIM_ST_SENSOR_FAULT = 128
};

struct sim_point {
    const char *id;
    enum sim_source src;
    int target, target2;
    double arg[3]; /* fraction of a branch; numbers of const and seal */
    /* the wire */
    int device, unit; /* device -1: not on Modbus */
    char table, status_table;
    int offset, status_offset;
    const struct sim_shown *object; /* NULL: not on SNMP */
    enum sim_type type;
    double scale;
    /* the instrument */
    double lo, hi, res, noise, tau_s, alarm, cut, restore, cal; /* NaN: none */
    double felt, drift, drift_per_h, forced, stuck_at;
    bool set, frozen, broken, zeroed, calibrating, latched, chatter, started;
    /* what it shows */
    double value;
    int status;
};

/* How a point stands on an SNMP device (agents.h). */
struct sim_shown {
    int agent;
    struct sim_oid oid;
    enum sim_form form;
    double on, off; /* numbers of a state; equal: the value times `factor` */
    double factor;
};
struct sim_agent {
    const char *id;
    int port, alive; /* port above the base; alive: a point, -1: always */
};

/* How a SIP device takes a call (phones.h). */
enum sim_manner { SIM_ANSWERS, SIM_NEVER, SIM_BUSY, SIM_SILENT, SIM_MANNERS };
struct sim_phone {
    const char *id;
    bool speaker;
    double answer_s, press_s, hz; /* press_s: then it presses key 1; 0: never. hz: of its tone */
    enum sim_manner manner;
    const char *says; /* "": its tone */
};

struct sim_cut { /* the substation's own cut: a sensor and a switch that it trips */
    int point, sw;
};
struct sim_publish {
    const char *client, *topic, *field; /* field "": a bare number */
    int point;
};
struct sim_file {
    const char *id, *type, *place, *unit;
    int point;
};
struct sim_action {
    int scenario;
    double at_s;
    const char *line;
};
struct sim_loop { /* a closed way through the network; its first branch is in no other loop */
    int n;
    int *branch;
    int *sign;
    bool given; /* flow of the chord is given (a duct) */
};

struct sim_rig;
struct sim_plant {
    struct kt_arena *arena;
    struct kt_map *names[SIM_KINDS];
    struct sim_node *nodes;
    struct sim_branch *branches;
    struct sim_fan *fans;
    struct sim_door *doors;
    struct sim_switch *switches;
    struct sim_machine *machines;
    struct sim_tank *tanks;
    struct sim_goaf *goafs;
    struct sim_rig *rigs;
    struct sim_point *points;
    struct sim_cut *cuts;
    struct sim_publish *publishes;
    struct sim_file *files;
    struct sim_action *actions;
    int *pushes;
    struct sim_loop *loops;
    struct sim_agent *agents;
    struct sim_phone *phones;
    const char **device_id, **scenario_id, **door_id, **tank_id;
    int *device_port; /* above the base port */
    int n[SIM_KINDS], cuts_n, publishes_n, files_n, actions_n, pushes_n, loops_n;

    int base_port, clock_port, control_port, mqtt_port, sip_port; /* the last four above the base */
    const char *mine_code, *mine_name;
    int utc_offset_s;

    uint64_t seed;
    int64_t step;
    kt_time start;
    double baro0_hpa, baro_swing_hpa, baro_rate_hph, baro_shift_hpa, baro_hpa, baro_before_hpa;
    bool local_cut;
    int chatter_n;
    double chatter_period_s;
    int scenario;
    int64_t scenario_step;
    int scenario_next; /* action to look at next */
};

static inline double sim_seconds(const struct sim_plant *p)
{
    return (double)p->step * SIM_STEP_S;
}
static inline kt_time sim_now(const struct sim_plant *p)
{
    return p->start + p->step * SIM_STEP_NS;
}
/** Index of a thing by name, -1 when there is none. */
int sim_find(const struct sim_plant *p, enum sim_kind kind, const char *id);
/** Even numbers in [0, 1): the same for the same seed, thing and time. */
double sim_even(uint64_t seed, uint64_t a, uint64_t b);
/** About normal, mean 0, deviation 1. */
double sim_normal(uint64_t seed, uint64_t a, uint64_t b);

/** Loops, cells, half an hour of quiet work, first values of the sensors; step is not 0 after it.
 */
void sim_plant_ready(struct sim_plant *p);
void sim_plant_step(struct sim_plant *p);

/* Parts of a step, for tests of one of them. */
void sim_air_init(struct sim_plant *p);
void sim_air_step(struct sim_plant *p);
/** Greatest difference between what flows into a node and out of it, m3/s. */
double sim_air_imbalance(const struct sim_plant *p);
void sim_gas_init(struct sim_plant *p);
void sim_gas_step(struct sim_plant *p);
/** Let `rate` (per second) out at a fraction of a branch for one step. */
void sim_gas_give(struct sim_plant *p, int branch, double at, enum sim_species s, double rate);
double sim_gas_at(const struct sim_plant *p, int branch, double at, enum sim_species s);
/** All there is of a species in the roadways. */
double sim_gas_content(const struct sim_plant *p, enum sim_species s);
void sim_power_step(struct sim_plant *p);
void sim_machines_step(struct sim_plant *p);
/** The PLC of a belt: what takes its run command, and what it refuses. Before `running` is set,
 *  after that of the belt that it loads. */
void sim_belt_plc(struct sim_plant *p, struct sim_machine *m);
void sim_sensors_step(struct sim_plant *p, bool all);
/** What a sensor would feel if it were perfect. */
double sim_sensor_true(const struct sim_plant *p, const struct sim_point *pt);
#endif
