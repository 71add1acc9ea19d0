/* SPDX-License-Identifier: Apache-2.0 */
/* kuangtu-sim PLAN [options]: runs the simulated mine until it is told to end. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents.h"
#include "base/log.h"
#include "devices.h"
#include "outlets.h"
#include "people.h"
#include "phones.h"
#include "plan.h"
#include "server.h"
#include "sys/clock.h"
#include "sys/file.h"

static const char usage[] =
    "kuangtu-sim PLAN [options]      the simulated mine 乘南煤矿（演示）; see sim/README.md\n"
    "  --scenario NAME               what happens (default calm)\n"
    "  --speed N                     plant seconds a second (default 1)\n"
    "  --base-port N                 moves all ports (default: the plan's)\n"
    "  --seed N                      other noise (default 1)\n"
    "  --start TIME                  plant time at the start, RFC 3339 (default now)\n"
    "  --drop DIR                    put mine files there\n"
    "  --push URL --push-token FILE  push line protocol there\n"
    "  --community FILE              what asks the SNMP devices knows this word; without: they are "
    "silent\n"
    "  --people FILE                 persons with tags walk in it (people.plan)\n"
    "  --vehicles FILE               and vehicles with tags (vehicles.plan)\n"
    "  --persons N                   how many (default: the file's)\n"
    "  --no-mqtt                     do not look for the broker\n";

struct options {
    const char *plan, *scenario, *drop, *push, *push_token, *people, *community, *vehicles;
    double speed;
    int base_port, persons;
    uint64_t seed;
    kt_time start;
    bool mqtt;
};

static bool to_number(const char *s, double lo, double hi, double *ret)
{
    char *end;
    *ret = strtod(s, &end);
    return end != s && *end == 0 && *ret >= lo && *ret <= hi;
}

/** One option with its value; false when it is wrong. */
static bool take(struct options *o, const char *name, const char *value)
{
    double v;
    if (strcmp(name, "--scenario") == 0) {
        o->scenario = value;
    } else if (strcmp(name, "--drop") == 0) {
        o->drop = value;
    } else if (strcmp(name, "--community") == 0) {
        o->community = value;
    } else if (strcmp(name, "--people") == 0) {
        o->people = value;
    } else if (strcmp(name, "--vehicles") == 0) {
        o->vehicles = value;
    } else if (strcmp(name, "--persons") == 0 && to_number(value, 1, 4000, &v)) {
        o->persons = (int)v;
    } else if (strcmp(name, "--push") == 0) {
        o->push = value;
    } else if (strcmp(name, "--push-token") == 0) {
        o->push_token = value;
    } else if (strcmp(name, "--speed") == 0) {
        return to_number(value, 0.01, 1000, &o->speed);
    } else if (strcmp(name, "--base-port") == 0 && to_number(value, 1024, 65000, &v)) {
        o->base_port = (int)v;
    } else if (strcmp(name, "--seed") == 0 && to_number(value, 0, 1e15, &v)) {
        o->seed = (uint64_t)v;
    } else if (strcmp(name, "--start") == 0) {
        return kt_time_parse(kt_str_c(value), 0, &o->start) == KT_OK;
    } else {
        return false;
    }
    return true;
}

static bool read_options(int argc, char **argv, struct options *o)
{
    *o = (struct options){.scenario = "calm", .speed = 1, .seed = 1, .mqtt = true};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--no-mqtt") == 0) {
            o->mqtt = false;
        } else if (strncmp(argv[i], "--", 2) != 0 && !o->plan) {
            o->plan = argv[i];
        } else if (i + 1 >= argc || !take(o, argv[i], argv[i + 1])) {
            fprintf(stderr, "kuangtu-sim: %s: unknown option, or its value is missing or wrong\n",
                    argv[i]);
            return false;
        } else {
            i++;
        }
    }
    return o->plan && (!o->push || o->push_token);
}

struct parts {
    struct sim_run run;
    char community[256]; /* "": none */
    struct sim_outlet *mqtt, *files, *push, *people;
};

static int start_outlets(struct parts *x, const struct options *o, int base, struct kt_err *err)
{
    int r = KT_OK;
    if (o->mqtt && x->run.plant->publishes_n) {
        r = sim_mqtt_start(&x->run, base + x->run.plant->mqtt_port, &x->mqtt, err);
    }
    if (r == KT_OK && o->mqtt && o->people) {
        r = sim_people_start(&x->run, o->people, o->vehicles, o->persons,
                             base + x->run.plant->mqtt_port, o->drop, &x->people, err);
    }
    if (r == KT_OK && o->drop) {
        r = sim_files_start(&x->run, o->drop, &x->files, err);
    }
    if (r == KT_OK && o->push) {
        r = sim_push_start(&x->run, o->push, o->push_token, &x->push, err);
    }
    return r;
}

/** The first line of the file that keeps the devices' community. */
static int read_community(struct parts *x, const char *path, struct kt_err *err)
{
    struct kt_buf word;
    kt_buf_init(&word, sizeof(x->community) - 1);
    int r = path ? kt_file_read(path, sizeof(x->community) - 1, &word, err) : KT_OK;
    if (path && r == KT_OK) {
        const char *t = kt_buf_cstr(&word);
        snprintf(x->community, sizeof(x->community), "%.*s", (int)strcspn(t, "\r\n"), t);
    }
    kt_buf_done(&word);
    return r;
}

static int start(struct parts *x, const struct options *o, struct sim_plant *p, struct kt_err *err)
{
    int base = o->base_port ? o->base_port : p->base_port;
    sim_run_init(&x->run, p);
    atomic_store(&x->run.speed_milli, (int64_t)(o->speed * 1000));
    int r = read_community(x, o->community, err);
    if (r == KT_OK) {
        r = sim_devices_start(p, base, &x->run.devices, err);
    }
    if (r == KT_OK) {
        const char *word = x->community[0] ? x->community : NULL;
        r = sim_agents_start(p, word, base, &x->run.agents, err);
    }
    if (r == KT_OK) {
        r = sim_phones_start(p, base + p->sip_port, &x->run.phones, err);
    }
    if (r == KT_OK) {
        r = sim_server_start(&x->run, base + p->clock_port, base + p->control_port, &x->run.server,
                             err);
    }
    if (r == KT_OK) {
        r = sim_scenario_begin(&x->run, o->scenario, err);
    }
    if (r == KT_OK) {
        r = sim_run_start(&x->run, err);
    }
    return r == KT_OK ? start_outlets(x, o, base, err) : r;
}

static void wait_for_end(void)
{
    sigset_t ends;
    int got;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigwait(&ends, &got);
}

static void block_signals(void)
{
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static int run(const struct options *o, struct kt_err *err)
{
    static struct parts x;
    struct sim_plant *p;
    int r = sim_plan_read(o->plan, &p, err);
    if (r < 0) {
        return r;
    }
    p->seed = o->seed;
    sim_plant_ready(p);
    p->start = (o->start ? o->start : kt_clock_now()) - p->step * SIM_STEP_NS;
    r = start(&x, o, p, err);
    if (r < 0) {
        return r; /* the process ends; the system takes back what was opened */
    }
    printf("kuangtu-sim: ready (%d devices, %d points)\n", p->n[SIM_DEVICE] + p->n[SIM_AGENT],
           p->n[SIM_POINT]);
    fflush(stdout);
    wait_for_end();
    sim_run_stop(&x.run);
    sim_outlet_stop(x.people);
    sim_outlet_stop(x.mqtt);
    sim_outlet_stop(x.files);
    sim_outlet_stop(x.push);
    sim_server_stop(x.run.server);
    sim_devices_stop(x.run.devices);
    sim_agents_stop(x.run.agents);
    sim_phones_stop(x.run.phones);
    sim_run_done(&x.run);
    sim_plant_free(p);
    return KT_OK;
}

int main(int argc, char **argv)
{
    struct options o;
    struct kt_err err = {0};
    char text[700];
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(usage, stdout);
        return 0;
    }
    if (!read_options(argc, argv, &o)) {
        fputs(usage, stderr);
        return 2;
    }
    block_signals();
    if (run(&o, &err) < 0) {
        fprintf(stderr, "kuangtu-sim: %s\n", kt_err_str(&err, text, sizeof(text)));
        return 1;
    }
    return 0;
}
