/* SPDX-License-Identifier: Apache-2.0 */
/* The wire, spoken to byte by byte: values, coils and feed states, the control port, bad manners.
 */
#include <arpa/inet.h>
#include <math.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "devices.h"
#include "outlets.h"
#include "plan.h"
#include "run.h"
#include "server.h"
#include "test_mini.h"
#include "unit.h"

enum { WAIT_MS = 3000 };
static struct sim_run run;
static int base;

/** Start the small mine on ports that nobody has. */
static bool start(void)
{
    struct kt_err err = {0};
    struct sim_plant *p = NULL;
    CHECK_OK(sim_plan_parse("mini.plan", KT_STR(mini_plan), &p, &err), &err);
    if (!p) {
        return false;
    }
    sim_plant_ready(p);
    sim_run_init(&run, p);
    p->start = INT64_C(1767225600) * KT_SEC;
    for (int i = 0; i < 50; i++) {
        base = 20000 + (int)((unsigned)getpid() * 7 + (unsigned)i * 131) % 9000;
        if (sim_devices_start(p, base, &run.devices, &err) == KT_OK) {
            if (sim_server_start(&run, base, base + 1, &run.server, &err) == KT_OK) {
                sim_run_step(&run);
                return true;
            }
            sim_devices_stop(run.devices);
        }
    }
    printf("# %s\n", err.text);
    unit_bad++;
    return false;
}

static void stop(void)
{
    sim_server_stop(run.server);
    sim_devices_stop(run.devices);
    sim_plant_free(run.plant);
    sim_run_done(&run);
}

static int dial(int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&at, sizeof(at)) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/** Bytes until `want` of them, the end, or silence. */
static int hear(int fd, uint8_t *buf, int want)
{
    int n = 0;
    while (n < want) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, WAIT_MS) != 1) {
            break;
        }
        ssize_t got = recv(fd, buf + n, (size_t)(want - n), 0);
        if (got <= 0) {
            break;
        }
        n += (int)got;
    }
    return n;
}

/** One request of function f; the answer's bytes after the unit id. */
static int ask(int fd, int unit, int f, int a, int b, uint8_t *pdu, int want)
{
    uint8_t q[12] = {0x12,
                     0x34,
                     0,
                     0,
                     0,
                     6,
                     (uint8_t)unit,
                     (uint8_t)f,
                     (uint8_t)(a >> 8),
                     (uint8_t)a,
                     (uint8_t)(b >> 8),
                     (uint8_t)b},
            r[300];
    if (send(fd, q, sizeof(q), MSG_NOSIGNAL) != sizeof(q)) {
        return -1;
    }
    int n = hear(fd, r, 7 + want);
    if (n < 7 || r[0] != 0x12 || r[1] != 0x34) {
        return n < 7 ? n - 7 : -1;
    }
    memcpy(pdu, r + 7, (size_t)(n - 7));
    return n - 7;
}

static int reg(int fd, int unit, int f, int offset)
{
    uint8_t pdu[8];
    return ask(fd, unit, f, offset, 1, pdu, 4) == 4 ? pdu[2] << 8 | pdu[3] : -1;
}

static int discrete(int fd, int offset)
{
    uint8_t pdu[8];
    return ask(fd, 1, 2, offset, 1, pdu, 3) == 3 ? pdu[2] & 1 : -1;
}

static void values_have_their_scale_and_status(void)
{
    if (!start()) {
        return;
    }
    int fd = dial(base + 21);
    const struct sim_point *t1 = &run.plant->points[sim_find(run.plant, SIM_POINT, "T1")];
    CHECK_INT(reg(fd, 1, 4, 0), (int)lround(t1->value * 100));
    CHECK_INT(reg(fd, 1, 4, 100), 0);
    CHECK_INT((int16_t)reg(fd, 1, 4, 4), -30);
    struct sim_point *set = &run.plant->points[sim_find(run.plant, SIM_POINT, "T1")];
    set->set = true;
    set->forced = 1.62;
    for (int i = 0; i < 6; i++) {
        sim_run_step(&run);
    }
    CHECK_INT(reg(fd, 1, 4, 0), 162);
    CHECK_INT(reg(fd, 1, 4, 100), SIM_ST_ALARM | SIM_ST_CUT);
    close(fd);
    stop();
}

static void floats_have_their_word_order_and_unit(void)
{
    if (!start()) {
        return;
    }
    int fd = dial(base + 22);
    uint8_t pdu[12];
    CHECK_INT(ask(fd, 3, 3, 2, 2, pdu, 6), 6);
    uint32_t bits =
        (uint32_t)pdu[4] << 24 | (uint32_t)pdu[5] << 16 | (uint32_t)pdu[2] << 8 | pdu[3];
    float f;
    memcpy(&f, &bits, 4);
    CHECK_NEAR(f, 12.5, 0.2);
    CHECK_INT(ask(fd, 9, 3, 0, 1, pdu, 2), 2); /* no such unit: gateway target failed */
    CHECK_INT(pdu[0], 0x83);
    CHECK_INT(pdu[1], 11);
    CHECK_INT(ask(fd, 3, 3, 500, 1, pdu, 2), 2);
    CHECK_INT(pdu[1], 2);
    close(fd);
    stop();
}

static void a_coil_written_drops_the_feed(void)
{
    if (!start()) {
        return;
    }
    int fd = dial(base + 21);
    uint8_t pdu[8];
    CHECK_INT(discrete(fd, 0), 1);
    CHECK_INT(ask(fd, 1, 5, 1, 0x0000, pdu, 5), 5); /* coil 1 = S-1 */
    CHECK_INT(pdu[0], 5);
    CHECK_INT(discrete(fd, 0), 1); /* no step yet: the feed proves, not the register */
    for (int i = 0; i < 4; i++) {
        sim_run_step(&run);
    }
    CHECK_INT(discrete(fd, 0), 0);
    CHECK(!run.plant->machines[sim_find(run.plant, SIM_MACHINE, "SHR")].running);
    for (int i = 0; i < 50; i++) {
        sim_run_step(&run);
    }
    CHECK_INT(discrete(fd, 0), 0); /* nothing gives power back by itself */
    CHECK_INT(ask(fd, 1, 5, 1, 0xff00, pdu, 5), 5);
    for (int i = 0; i < 4; i++) {
        sim_run_step(&run);
    }
    CHECK_INT(discrete(fd, 0), 1);
    close(fd);
    stop();
}

static void the_plants_own_trip_shows_in_the_coil(void)
{
    if (!start()) {
        return;
    }
    int fd = dial(base + 21);
    uint8_t pdu[8];
    run.plant->switches[sim_find(run.plant, SIM_SWITCH, "S-1")].command = false;
    for (int i = 0; i < 4; i++) {
        sim_run_step(&run);
    }
    CHECK_INT(ask(fd, 1, 1, 1, 1, pdu, 3), 3);
    CHECK_INT(pdu[2] & 1, 0);
    CHECK_INT(ask(fd, 1, 5, 1, 0xff00, pdu, 5), 5);
    sim_run_step(&run);
    CHECK(run.plant->switches[sim_find(run.plant, SIM_SWITCH, "S-1")].command);
    close(fd);
    stop();
}

static void control(int fd, const char *line, char *answer, size_t cap)
{
    char text[200];
    size_t n = 0;
    int len = snprintf(text, sizeof(text), "%s\n", line);
    CHECK(send(fd, text, (size_t)len, MSG_NOSIGNAL) == len);
    while (n + 1 < cap && hear(fd, (uint8_t *)answer + n, 1) == 1 && answer[n] != '\n') {
        n++;
    }
    answer[n] = 0;
}

static void devices_misbehave_as_told(void)
{
    if (!start()) {
        return;
    }
    char a[200];
    uint8_t pdu[8];
    int port = dial(base + 1), fd = dial(base + 21);
    control(port, "device sub01 exception", a, sizeof(a));
    CHECK_STR(a, "ok");
    while (ask(fd, 1, 2, 0, 1, pdu, 2) == 2 && pdu[0] != 0x82) {
        hear(fd, pdu, 1); /* the order was on its way: the rest of a good answer */
    }
    CHECK_INT(pdu[1], 4);
    control(port, "device sub01 late 50", a, sizeof(a));
    control(port, "device sub01 drip", a, sizeof(a));
    control(port, "device sub01 ok", a, sizeof(a));
    close(fd);
    control(port, "device sub01 vanish", a, sizeof(a));
    CHECK_STR(a, "ok");
    for (fd = dial(base + 21); fd >= 0; fd = dial(base + 21)) {
        close(fd);
    }
    CHECK_INT(fd, -1);
    control(port, "device sub01 ok", a, sizeof(a));
    while ((fd = dial(base + 21)) < 0) {
    }
    CHECK_INT(discrete(fd, 0), 1);
    control(port, "device sub01 drip", a, sizeof(a));
    CHECK_INT(discrete(fd, 0), 1);
    close(fd);
    control(port, "device sub01 wrong", a, sizeof(a));
    CHECK(strncmp(a, "error ", 6) == 0);
    close(port);
    stop();
}

static void a_half_answer_is_half(void)
{
    if (!start()) {
        return;
    }
    char a[200];
    uint8_t r[64];
    static const uint8_t q[12] = {0, 1, 0, 0, 0, 6, 1, 4, 0, 0, 0, 4};
    int port = dial(base + 1), fd = dial(base + 21);
    control(port, "device sub01 half", a, sizeof(a));
    control(port, "device pm01 ok", a, sizeof(a));
    int other = dial(base + 22);
    CHECK(reg(other, 3, 3, 0) >= 0); /* the order before this one has been done */
    CHECK_INT((int)send(fd, q, sizeof(q), 0), 12);
    CHECK_INT(hear(fd, r, 8), 8); /* of 17 */
    struct pollfd p = {.fd = fd, .events = POLLIN};
    CHECK_INT(poll(&p, 1, 50), 0);
    close(fd);
    close(other);
    close(port);
    stop();
}

static void the_control_port_answers_each_line(void)
{
    if (!start()) {
        return;
    }
    char a[300];
    int fd = dial(base + 1);
    control(fd, "set T1 1.25", a, sizeof(a));
    CHECK_STR(a, "ok");
    for (int i = 0; i < 6; i++) {
        sim_run_step(&run);
    }
    control(fd, "state T1", a, sizeof(a));
    CHECK(strncmp(a, "ok T1 value=1.25 status=1 true=", 31) == 0);
    control(fd, "state NONE", a, sizeof(a));
    CHECK_STR(a, "error no such thing: NONE");
    control(fd, "dance", a, sizeof(a));
    CHECK_STR(a, "error unknown command: dance");
    control(fd, "speed 1e9", a, sizeof(a));
    CHECK(strncmp(a, "error", 5) == 0);
    control(fd, "", a, sizeof(a));
    CHECK(strncmp(a, "error", 5) == 0);
    control(fd, "scenarios", a, sizeof(a));
    CHECK_STR(a, "ok calm rise");
    control(fd, "scenario rise", a, sizeof(a));
    CHECK_STR(a, "ok");
    for (int i = 0; i < 30; i++) {
        sim_run_step(&run);
    }
    CHECK_NEAR(run.plant->branches[sim_find(run.plant, SIM_BRANCH, "FACE")].factor, 1.6, 0.2);
    CHECK(run.plant->points[sim_find(run.plant, SIM_POINT, "T2")].frozen);
    CHECK(
        !run.plant->points[sim_find(run.plant, SIM_POINT, "T1")].set); /* a scenario begins clean */
    close(fd);
    stop();
}

static void the_clock_ticks_each_step(void)
{
    if (!start()) {
        return;
    }
    int fd = dial(base), n = 0;
    char line[40];
    long long before = 0, gap = 0;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    while (poll(&p, 1, 0) != 1) { /* taken in by the other thread at some time */
        sim_run_step(&run);
    }
    sim_run_step(&run);
    for (int k = 0; k < 2; k++) {
        for (n = 0; n < 39 && hear(fd, (uint8_t *)line + n, 1) == 1 && line[n] != '\n'; n++) {
        }
        line[n] = 0;
        gap = strtoll(line, NULL, 10) - before;
        before += gap;
    }
    CHECK_INT(gap, 100);
    CHECK(before > 1767225600000);
    close(fd);
    stop();
}

static void mqtt_packets_are_as_the_standard_says(void)
{
    struct kt_buf b;
    kt_buf_init(&b, 1000);
    sim_mqtt_connect(&b, "gw", 60);
    static const uint8_t connect[] = {0x10, 14, 0, 4,  'M', 'Q', 'T', 'T',
                                      4,    2,  0, 60, 0,   2,   'g', 'w'};
    CHECK(b.n == sizeof(connect) && memcmp(b.p, connect, b.n) == 0);
    kt_buf_clear(&b);
    sim_mqtt_publish(&b, "a/b", "1.5", 3, 258);
    static const uint8_t publish[] = {0x32, 10, 0, 3, 'a', '/', 'b', 1, 2, '1', '.', '5'};
    CHECK(b.n == sizeof(publish) && memcmp(b.p, publish, b.n) == 0);
    kt_buf_done(&b);
}

static void mine_files_have_their_fields(void)
{
    if (!start()) {
        return;
    }
    struct sim_outlet o = {.run = &run};
    struct kt_buf b;
    kt_buf_init(&b, 4096);
    sim_files_values(&o, &b);
    const char *t = kt_buf_cstr(&b);
    CHECK(strncmp(t, "140000000001;演示;2026-01-01 0", 32) == 0);
    CHECK(strstr(t, "~14000000000101MN0007001A01;水位;演示水仓;") != NULL);
    CHECK(b.n > 3 && memcmp(b.p + b.n - 3, "~||", 3) == 0);
    kt_buf_clear(&b);
    sim_files_definitions(&o, &b);
    int fields = 1;
    const char *rec = strchr(kt_buf_cstr(&b), '~');
    for (rec++; *rec && *rec != '~'; rec++) {
        fields += *rec == ';';
    }
    CHECK_INT(fields, 24);
    CHECK(strstr(kt_buf_cstr(&b), ";01;001;0007;MN;m;") != NULL);
    kt_buf_done(&b);
    stop();
}

UNIT_MAIN({"values_have_their_scale_and_status", values_have_their_scale_and_status},
          {"floats_have_their_word_order_and_unit", floats_have_their_word_order_and_unit},
          {"a_coil_written_drops_the_feed", a_coil_written_drops_the_feed},
          {"the_plants_own_trip_shows_in_the_coil", the_plants_own_trip_shows_in_the_coil},
          {"devices_misbehave_as_told", devices_misbehave_as_told},
          {"a_half_answer_is_half", a_half_answer_is_half},
          {"the_control_port_answers_each_line", the_control_port_answers_each_line},
          {"the_clock_ticks_each_step", the_clock_ticks_each_step},
          {"mqtt_packets_are_as_the_standard_says", mqtt_packets_are_as_the_standard_says},
          {"mine_files_have_their_fields", mine_files_have_their_fields})
