/* SPDX-License-Identifier: Apache-2.0 */
/* What each keyword of a plan says. */
#include "plan_impl.h"
#include "rig.h"

#include <math.h>
#include <stdlib.h>

static struct kt_str get(const struct plan_reader *r, const char *key)
{
    for (int i = 0; i < r->l.n; i++) {
        if (kt_str_is(r->l.words[i].key, key)) {
            return r->l.words[i].value;
        }
    }
    return (struct kt_str){NULL, 0};
}

static double to_num(struct plan_reader *r, struct kt_str s, double other)
{
    char buf[64], *end;
    if (!s.p) {
        return other;
    }
    if (s.n == 0 || s.n >= sizeof(buf)) {
        plan_wrong(r, "not a number:", s, "give e.g. 12.5");
        return other;
    }
    memcpy(buf, s.p, s.n);
    buf[s.n] = 0;
    double v = strtod(buf, &end);
    if (*end || !isfinite(v)) {
        plan_wrong(r, "not a number:", s, "give e.g. 12.5");
        return other;
    }
    return v;
}

static double num(struct plan_reader *r, const char *key, double other)
{
    return to_num(r, get(r, key), other);
}

static int integer(struct plan_reader *r, const char *key, int other)
{
    double v = num(r, key, other);
    if (v < -1e9 || v > 1e9) {
        plan_wrong(r, "too large:", kt_str_c(key), "give a smaller number");
        return other;
    }
    return (int)v;
}

static const char *text(struct plan_reader *r, const char *key, const char *other)
{
    struct kt_str s = get(r, key);
    return s.p ? kt_arena_strndup(r->p->arena, s.p, s.n) : other;
}

static int find(struct plan_reader *r, enum sim_kind kind, struct kt_str id)
{
    uint64_t v;
    if (kt_map_get(r->p->names[kind], id, &v)) {
        return (int)v;
    }
    plan_wrong(r, "no such thing:", id, "name one that the plan has");
    return -1;
}

/** The thing that `key` names; -1 when there is no such word. */
static int ref(struct plan_reader *r, enum sim_kind kind, const char *key)
{
    struct kt_str s = get(r, key);
    return s.p ? find(r, kind, s) : -1;
}

static int must_ref(struct plan_reader *r, enum sim_kind kind, const char *key)
{
    int i = ref(r, kind, key);
    if (i < 0) {
        plan_wrong(r, "missing or unknown:", kt_str_c(key), "add it to the line");
    }
    return i;
}

static const char *name(struct plan_reader *r)
{
    return kt_arena_strndup(r->p->arena, r->l.name.p, r->l.name.n);
}

/* ---- one function a keyword ---- */
static void read_plan(struct plan_reader *r, int i)
{
    struct sim_plant *p = r->p;
    (void)i;
    p->base_port = integer(r, "base", 15000);
    p->clock_port = integer(r, "clock", 0);
    p->control_port = integer(r, "control", 1);
    p->mqtt_port = integer(r, "mqtt", 3);
    p->sip_port = integer(r, "sip", 5);
    if (integer(r, "version", 1) != 1) {
        plan_wrong(r, "unknown version of the plan", get(r, "version"),
                   "this program reads version 1");
    }
}

static void read_site(struct plan_reader *r, int i)
{
    struct sim_plant *p = r->p;
    (void)i;
    p->mine_code = text(r, "code", "000000000000");
    p->mine_name = text(r, "name", "演示");
    p->utc_offset_s = integer(r, "utc_offset_s", 28800);
    p->baro0_hpa = num(r, "baro_hpa", 1000);
    p->baro_swing_hpa = num(r, "baro_swing_hpa", 0);
}

static void read_node(struct plan_reader *r, int i)
{
    r->p->nodes[i].open = integer(r, "open", 0) != 0;
}

static void read_branch(struct plan_reader *r, int i)
{
    struct sim_branch *b = &r->p->branches[i];
    *b = (struct sim_branch){.id = name(r),
                             .from = must_ref(r, SIM_NODE, "from"),
                             .to = must_ref(r, SIM_NODE, "to"),
                             .r = num(r, "r", 0.01),
                             .length_m = num(r, "length", 10),
                             .area_m2 = num(r, "area", 10),
                             .head_pa = num(r, "head", 0),
                             .temp_c = num(r, "temp", 17),
                             .duct = integer(r, "duct", 0) != 0,
                             .q_m3s = num(r, "q", 0),
                             .factor = 1,
                             .factor_to = 1};
    b->give[SIM_CH4] = num(r, "ch4", 0);
    if (!(b->r >= 0 && b->length_m > 0 && b->area_m2 > 0)) {
        plan_wrong(r, "impossible roadway", r->l.name,
                   "r is not below 0, length and area are above 0");
    }
}

static void read_fan(struct plan_reader *r, int i)
{
    struct sim_fan *f = &r->p->fans[i];
    *f = (struct sim_fan){.id = name(r),
                          .local = kt_str_is(get(r, "kind"), "local"),
                          .hold = integer(r, "hold", 0) != 0,
                          .branch = must_ref(r, SIM_BRANCH, "branch"),
                          .sw = must_ref(r, SIM_SWITCH, "switch"),
                          .backup_of = ref(r, SIM_FAN, "backup_of"),
                          .h0_pa = num(r, "h0", 0),
                          .k = num(r, "k", 0),
                          .q_m3s = num(r, "q", 0),
                          .kw = num(r, "kw", 0)};
    f->running = f->backup_of < 0;
    f->spin = f->running ? 1 : 0;
}

static void read_door(struct plan_reader *r, int i)
{
    r->p->doors[i] = (struct sim_door){.branch = must_ref(r, SIM_BRANCH, "branch"),
                                       .closed_r = num(r, "r", 500),
                                       .open_r = num(r, "open", 1)};
    r->p->door_id[i] = name(r);
}

static void read_switch(struct plan_reader *r, int i)
{
    r->p->switches[i] = (struct sim_switch){.id = name(r),
                                            .point = find(r, SIM_POINT, r->l.name),
                                            .feed = ref(r, SIM_POINT, "feed"),
                                            .parent = ref(r, SIM_SWITCH, "parent"),
                                            .volt_v = num(r, "volt", 1140),
                                            .plc = r->p->switches[i].plc,
                                            .command = integer(r, "open", 0) == 0};
    struct sim_switch *s = &r->p->switches[i];
    s->contact = s->live = s->command;
}

static const char *const machine_kinds[] = {"load", "conveyor", "shearer", "roadheader", "winder"};

static struct sim_machine *machine(struct plan_reader *r, int i, enum sim_machine_kind kind)
{
    struct sim_machine *m = &r->p->machines[i];
    *m = (struct sim_machine){.id = name(r),
                              .kind = kind,
                              .sw = ref(r, SIM_SWITCH, "switch"),
                              .needs = ref(r, SIM_MACHINE, "needs"),
                              .to = ref(r, SIM_MACHINE, "to"),
                              .branch = ref(r, SIM_BRANCH, "branch"),
                              .tank = ref(r, SIM_TANK, "tank"),
                              .stage = integer(r, "stage", 0),
                              .kw = num(r, "kw", 0),
                              .at = num(r, "at", 0.5),
                              .tph = num(r, "tph", 0),
                              .period_s = num(r, "period", 3600),
                              .duty = num(r, "duty", 1),
                              .phase_s = num(r, "phase", 0),
                              .length_m = num(r, "length", 100),
                              .speed_ms = num(r, "speed", 4),
                              .flow_m3h = num(r, "flow", 0),
                              .plc = integer(r, "plc", 0) != 0,
                              .horn = ref(r, SIM_SWITCH, "horn")};
    m->give[SIM_CH4] = num(r, "ch4", 0);
    m->give[SIM_DUST] = num(r, "dust", 0);
    m->give[SIM_HEAT] = num(r, "heat", 0);
    return m;
}

static void read_machine(struct plan_reader *r, int i)
{
    struct kt_str kind = get(r, "kind");
    for (size_t k = 0; k < KT_ARRAY_LEN(machine_kinds); k++) {
        if (kt_str_is(kind, machine_kinds[k])) {
            machine(r, i, (enum sim_machine_kind)k);
            return;
        }
    }
    plan_wrong(r, "unknown kind of machine", kind, "load, conveyor, shearer, roadheader or winder");
}

static void read_belt(struct plan_reader *r, int i)
{
    const struct sim_machine *m = machine(r, i, SIM_BELT);
    if (m->plc && m->sw >= 0) {
        r->p->switches[m->sw].plc = true;
    }
}

static void read_pump(struct plan_reader *r, int i)
{
    if (machine(r, i, SIM_PUMP)->tank < 0) {
        plan_wrong(r, "a pump without a tank:", r->l.name, "add tank=");
    }
}

static void read_tank(struct plan_reader *r, int i)
{
    r->p->tanks[i] = (struct sim_tank){.inflow_m3h = num(r, "inflow", 0),
                                       .area_m2 = num(r, "area", 10),
                                       .low_m = num(r, "low", 0.5),
                                       .high_m = num(r, "high", 2),
                                       .level_m = num(r, "level", 1)};
    r->p->tank_id[i] = name(r);
}

static void read_goaf(struct plan_reader *r, int i)
{
    r->p->goafs[i] = (struct sim_goaf){.branch = must_ref(r, SIM_BRANCH, "branch"),
                                       .ch4_m3s = num(r, "ch4", 0),
                                       .volume_m3 = num(r, "volume", 0),
                                       .conc = num(r, "conc", 0.2),
                                       .co_ppm = num(r, "co", 0),
                                       .share = num(r, "share", 0.1)};
}

static void read_rig(struct plan_reader *r, int i)
{
    struct sim_rig *g = &r->p->rigs[i];
    *g = (struct sim_rig){.id = name(r), .kind = sim_rig_kind_of(get(r, "kind")), .device = -1};
    if (!g->kind) {
        plan_wrong(r, "unknown kind of rig", get(r, "kind"), "see sim/README.md");
        return;
    }
    for (int k = 0; k < SIM_RIG_COILS; k++) {
        g->sw[k] = -1;
    }
    for (int k = 0; g->kind->coils && g->kind->coils[k]; k++) {
        g->sw[k] = ref(r, SIM_SWITCH, g->kind->coils[k]);
        if (g->sw[k] >= 0) {
            r->p->switches[g->sw[k]].plc = true;
        }
    }
    for (int k = 0; g->kind->things && g->kind->things[k]; k++) {
        g->thing[k] = must_ref(r, g->kind->of, g->kind->things[k]);
    }
    g->device = ref(r, SIM_DEVICE, "device");
}

static void read_source(struct plan_reader *r, int i)
{
    int b = find(r, SIM_BRANCH, r->l.name);
    (void)i;
    if (b >= 0) {
        r->p->branches[b].give[SIM_DUST] += num(r, "dust", 0);
        r->p->branches[b].give[SIM_CO2] += num(r, "co2", 0);
        r->p->branches[b].give[SIM_HEAT] += num(r, "heat", 0);
    }
}

static void read_spray(struct plan_reader *r, int i)
{
    int b = find(r, SIM_BRANCH, r->l.name), s = must_ref(r, SIM_SWITCH, "switch");
    (void)i;
    if (b >= 0 && s >= 0) {
        r->p->branches[b].spray = &r->p->switches[s];
    }
}

static void read_device(struct plan_reader *r, int i)
{
    r->p->device_id[i] = name(r);
    r->p->device_port[i] = integer(r, "port", 21);
}

static void read_agent(struct plan_reader *r, int i)
{
    r->p->agents[i] = (struct sim_agent){
        .id = name(r), .port = integer(r, "port", 54), .alive = ref(r, SIM_POINT, "alive")};
}

static const char *const manners[SIM_MANNERS] = {"answers", "never", "busy", "silent"};

int sim_manner_of(struct kt_str word)
{
    for (int i = 0; i < SIM_MANNERS; i++) {
        if (kt_str_is(word, manners[i])) {
            return i;
        }
    }
    return -1;
}

const char *sim_manner_id(enum sim_manner m)
{
    return manners[m];
}

static void read_phone(struct plan_reader *r, int i)
{
    struct kt_str how = get(r, "manner");
    int manner = how.p ? sim_manner_of(how) : SIM_ANSWERS;
    if (manner < 0) {
        plan_wrong(r, "unknown manner", how, "give answers, never, busy or silent");
        return;
    }
    r->p->phones[i] = (struct sim_phone){.id = name(r),
                                         .speaker = kt_str_is(get(r, "kind"), "speaker"),
                                         .answer_s = num(r, "answer", 0),
                                         .press_s = num(r, "press", 0),
                                         .hz = num(r, "hz", 440),
                                         .manner = (enum sim_manner)manner,
                                         .says = text(r, "says", "")};
}

/* What a source names: the kind of its first word, how many numbers follow. */
static const struct source {
    const char *name;
    int kind; /* enum sim_kind, -1: none */
    int kind2;
} sources[] = {
    [SIM_SRC_CONST] = {"const", -1, -1},
    [SIM_SRC_CH4] = {"ch4", SIM_BRANCH, -1},
    [SIM_SRC_CORNER] = {"corner", SIM_GOAF, SIM_BRANCH},
    [SIM_SRC_CO] = {"co", SIM_BRANCH, -1},
    [SIM_SRC_CO2] = {"co2", SIM_BRANCH, -1},
    [SIM_SRC_O2] = {"o2", SIM_BRANCH, -1},
    [SIM_SRC_H2S] = {"h2s", SIM_BRANCH, -1},
    [SIM_SRC_DUST] = {"dust", SIM_BRANCH, -1},
    [SIM_SRC_TEMP] = {"temp", SIM_BRANCH, -1},
    [SIM_SRC_WIND] = {"wind", SIM_BRANCH, -1},
    [SIM_SRC_DIR] = {"dir", SIM_BRANCH, -1},
    [SIM_SRC_DP] = {"dp", SIM_BRANCH, -1},
    [SIM_SRC_SEAL] = {"seal", -1, -1},
    [SIM_SRC_BARO] = {"baro", -1, -1},
    [SIM_SRC_SMOKE] = {"smoke", SIM_BRANCH, -1},
    [SIM_SRC_FAN] = {"fan", SIM_SWITCH, -1},
    [SIM_SRC_FANPA] = {"fanpa", SIM_BRANCH, SIM_BRANCH},
    [SIM_SRC_DUCT] = {"duct", SIM_BRANCH, -1},
    [SIM_SRC_FLOW] = {"flow", SIM_BRANCH, -1},
    [SIM_SRC_DOOR] = {"door", SIM_DOOR, -1},
    [SIM_SRC_COIL] = {"coil", SIM_SWITCH, -1},
    [SIM_SRC_FEED] = {"feed", SIM_SWITCH, -1},
    [SIM_SRC_AMP] = {"amp", SIM_SWITCH, -1},
    [SIM_SRC_VOLT] = {"volt", SIM_SWITCH, -1},
    [SIM_SRC_KW] = {"kw", SIM_SWITCH, -1},
    [SIM_SRC_RUN] = {"run", SIM_MACHINE, -1},
    [SIM_SRC_SPEED] = {"speed", SIM_MACHINE, -1},
    [SIM_SRC_TPH] = {"tph", SIM_MACHINE, -1},
    [SIM_SRC_CORD] = {"cord", SIM_MACHINE, -1},
    [SIM_SRC_LEVEL] = {"level", SIM_TANK, -1},
    [SIM_SRC_FLOWOUT] = {"flowout", SIM_TANK, -1},
    [SIM_SRC_GUARD] = {"guard", SIM_MACHINE, -1},
    [SIM_SRC_RIG] = {"rig", SIM_RIG, -1},
};

static const char *const guards[SIM_GUARDS] = {"slip", "pile",  "off-track",   "tear",  "speed",
                                               "temp", "estop", "maintenance", "remote"};

static struct kt_str part(struct kt_str *s)
{
    const char *colon = s->n ? memchr(s->p, ':', s->n) : NULL;
    size_t n = colon ? (size_t)(colon - s->p) : s->n;
    struct kt_str head = {s->p, n};
    *s = colon ? (struct kt_str){colon + 1, s->n - n - 1} : (struct kt_str){s->p + n, 0};
    return head;
}

static void read_guard(struct plan_reader *r, struct sim_point *pt, struct kt_str word)
{
    for (int k = 0; k < SIM_GUARDS; k++) {
        if (kt_str_is(word, guards[k])) {
            pt->arg[0] = k;
            return;
        }
    }
    plan_wrong(r, "unknown guard of a belt", word, "see sim/README.md");
}

static void read_signal(struct plan_reader *r, struct sim_point *pt, struct kt_str word)
{
    const struct sim_rig_kind *k = pt->target < 0 ? NULL : r->p->rigs[pt->target].kind;
    int at = k ? sim_rig_signal(k, word) : -1;
    if (at < 0) {
        plan_wrong(r, "the rig is not there yet, or has no such signal:", word,
                   "rigs stand before the points that show them; sim/README.md");
        return;
    }
    pt->arg[0] = at;
}

static void read_src(struct plan_reader *r, struct sim_point *pt, struct kt_str s)
{
    struct kt_str kind = part(&s);
    for (size_t k = 0; k < KT_ARRAY_LEN(sources); k++) {
        if (!kt_str_is(kind, sources[k].name)) {
            continue;
        }
        pt->src = (enum sim_source)k;
        if (sources[k].kind >= 0) {
            pt->target = find(r, (enum sim_kind)sources[k].kind, part(&s));
        }
        if (sources[k].kind2 >= 0) {
            pt->target2 = find(r, (enum sim_kind)sources[k].kind2, part(&s));
        }
        if (pt->src == SIM_SRC_DOOR) {
            pt->arg[0] = kt_str_is(part(&s), "B");
        }
        if (pt->src == SIM_SRC_GUARD) {
            read_guard(r, pt, part(&s));
        }
        if (pt->src == SIM_SRC_RIG) {
            read_signal(r, pt, part(&s));
        }
        for (int i = 0; i < 3 && s.n; i++) {
            pt->arg[i] = to_num(r, part(&s), 0);
        }
        return;
    }
    plan_wrong(r, "unknown source", kind, "see sim/README.md");
}

static void read_wire(struct plan_reader *r, struct sim_point *pt)
{
    static const char *const types[] = {"bit", "u16", "i16", "f32.be", "f32.le"};
    struct kt_str type = get(r, "type"), table = get(r, "table"), status = get(r, "status");
    pt->device = ref(r, SIM_DEVICE, "device");
    pt->unit = integer(r, "unit", 1);
    pt->offset = integer(r, "offset", 0);
    pt->scale = num(r, "scale", 1);
    pt->table = table.p && table.n == 1 ? table.p[0] : 0;
    for (size_t k = 1; type.p && k < KT_ARRAY_LEN(types); k++) {
        if (kt_str_is(type, types[k])) {
            pt->type = (enum sim_type)k;
        }
    }
    if (status.p && status.n > 2 && status.p[1] == ':') {
        pt->status_table = status.p[0];
        pt->status_offset = (int)to_num(r, (struct kt_str){status.p + 2, status.n - 2}, 0);
    }
    bool fits = pt->offset >= 0 && pt->offset < 60000 && pt->status_offset >= 0 &&
                pt->status_offset < 60000 && pt->unit > 0 && pt->unit < 248;
    if (pt->device >= 0 && (!pt->table || !strchr("hicd", pt->table) || !fits)) {
        plan_wrong(r, "no place on the wire:", r->l.name, "table=h|i|c|d offset=0.. unit=1..247");
    }
}

static void read_object(struct plan_reader *r, struct sim_point *pt)
{
    struct kt_str oid = get(r, "oid"), form = get(r, "form");
    if (!oid.p) {
        return;
    }
    struct sim_shown *o = KT_NEW(r->p->arena, struct sim_shown);
    *o = (struct sim_shown){.agent = must_ref(r, SIM_AGENT, "agent"),
                            .form = SIM_FORM_INT,
                            .on = num(r, "on", 0),
                            .off = num(r, "off", 0),
                            .factor = num(r, "factor", 1)};
    if (!sim_oid_of(oid, &o->oid) || (form.p && !sim_form_of(form, &o->form))) {
        plan_wrong(r, "no object of a device:", r->l.name,
                   "oid=1.3.6.1… form=int|gauge|count|ticks|text");
    }
    pt->object = o;
}

static void read_point(struct plan_reader *r, int i)
{
    struct sim_point *pt = &r->p->points[i];
    *pt = (struct sim_point){.id = name(r), .target = -1, .target2 = -1};
    read_src(r, pt, get(r, "src"));
    read_wire(r, pt);
    read_object(r, pt);
    pt->lo = num(r, "lo", 0);
    pt->hi = num(r, "hi", 1);
    pt->res = num(r, "res", 0);
    pt->noise = num(r, "noise", 0);
    pt->tau_s = num(r, "tau", 0);
    pt->alarm = num(r, "alarm", NAN);
    pt->cut = num(r, "cut", NAN);
    pt->restore = num(r, "restore", NAN);
    pt->cal = num(r, "cal", NAN);
}

static struct kt_str words_of(struct kt_str rest, int skip)
{
    struct kt_str w;
    for (int i = 0; i < skip; i++) {
        plan_next_word(&rest, &w);
    }
    while (rest.n && *rest.p == ' ') {
        rest.p++;
        rest.n--;
    }
    return rest;
}

static int second(struct plan_reader *r, enum sim_kind kind)
{
    struct kt_str rest = words_of(r->l.rest, 1), w;
    plan_next_word(&rest, &w);
    return find(r, kind, w);
}

static void read_cuts(struct plan_reader *r, int i)
{
    r->p->cuts[i] = (struct sim_cut){find(r, SIM_POINT, r->l.name), second(r, SIM_SWITCH)};
}

static void read_publish(struct plan_reader *r, int i)
{
    r->p->publishes[i] = (struct sim_publish){.client = name(r),
                                              .point = second(r, SIM_POINT),
                                              .topic = text(r, "topic", "mine"),
                                              .field = text(r, "field", "")};
}

static void read_file(struct plan_reader *r, int i)
{
    r->p->files[i] = (struct sim_file){.point = find(r, SIM_POINT, r->l.name),
                                       .id = text(r, "id", ""),
                                       .type = text(r, "type", ""),
                                       .place = text(r, "place", ""),
                                       .unit = text(r, "unit", "")};
}

static void read_push(struct plan_reader *r, int i)
{
    r->p->pushes[i] = find(r, SIM_POINT, r->l.name);
}

static void read_scenario(struct plan_reader *r, int i)
{
    r->p->scenario_id[i] = name(r);
}

static void read_at(struct plan_reader *r, int i)
{
    struct kt_str rest = words_of(r->l.rest, 1), when, what = words_of(r->l.rest, 2);
    plan_next_word(&rest, &when);
    r->p->actions[i] = (struct sim_action){.scenario = find(r, SIM_SCENARIO, r->l.name),
                                           .at_s = to_num(r, when, 0),
                                           .line = kt_arena_strndup(r->p->arena, what.p, what.n)};
}

static const struct plan_keyword keywords[] = {
    {"plan", -1, read_plan},
    {"site", -1, read_site},
    {"source", -1, read_source},
    {"spray", -1, read_spray},
    {"node", SIM_NODE, read_node},
    {"branch", SIM_BRANCH, read_branch},
    {"fan", SIM_FAN, read_fan},
    {"door", SIM_DOOR, read_door},
    {"switch", SIM_SWITCH, read_switch},
    {"machine", SIM_MACHINE, read_machine},
    {"belt", SIM_MACHINE, read_belt},
    {"pump", SIM_MACHINE, read_pump},
    {"tank", SIM_TANK, read_tank},
    {"goaf", SIM_GOAF, read_goaf},
    {"rig", SIM_RIG, read_rig},
    {"device", SIM_DEVICE, read_device},
    {"agent", SIM_AGENT, read_agent},
    {"phone", SIM_PHONE, read_phone},
    {"point", SIM_POINT, read_point},
    {"scenario", SIM_SCENARIO, read_scenario},
    {"cuts", PLAN_LISTS, read_cuts},
    {"publish", PLAN_LISTS + 1, read_publish},
    {"file", PLAN_LISTS + 2, read_file},
    {"push", PLAN_LISTS + 3, read_push},
    {"at", PLAN_LISTS + 4, read_at},
};

const struct plan_keyword *plan_keyword_of(struct kt_str word)
{
    for (size_t k = 0; k < KT_ARRAY_LEN(keywords); k++) {
        if (kt_str_is(word, keywords[k].word)) {
            return &keywords[k];
        }
    }
    return NULL;
}
