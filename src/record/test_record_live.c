/* SPDX-License-Identifier: Apache-2.0 */
/* Values for points: told before their outcome, kept until the journal has it, told again. */
#include "record/test_room.h"

static const char pumps[] =
    "registers:\n  - {id: pump, title: {zh: 泵, en: Pump}, key: no, everywhere: true, fields: "
    "[{id: "
    "no, type: text, required: true, title: {zh: 号, en: No}}, {id: flow, type: number, live: "
    "\"W-{key}\", title: {zh: 流量, en: Flow}}]}\n";

struct told {
    char text[400];
};

static void hear(void *arg, kt_seq cause, uint32_t k, struct kt_str json)
{
    struct told *t = arg;
    size_t n = strlen(t->text);
    bool record = memmem(json.p, json.n, "\"type\":\"record\"", 15) != NULL;
    snprintf(t->text + n, sizeof t->text - n, "%llu.%u %s; ", (unsigned long long)cause, k,
             record ? "record" : "verdict");
}

static void value(void *arg, kt_seq cause, uint32_t k, const char *point, double v)
{
    struct told *t = arg;
    size_t n = strlen(t->text);
    snprintf(t->text + n, sizeof t->text - n, "%llu.%u %s=%g; ", (unsigned long long)cause, k,
             point, v);
}

static void open_again(struct rig *g, struct told *t)
{
    char dir[300];
    struct kt_err err;
    snprintf(dir, sizeof dir, "%s/data", g->dir);
    const struct kt_room_opts o = {dir, g->site, g->model, hear, value, t};
    kt_room_close(g->room);
    g->room = NULL;
    CHECK_OK(kt_room_open(&o, &g->room, &err), &err);
}

static void told_again(void)
{
    struct rig g;
    struct told first = {""}, again = {""}, none = {""};
    struct kt_err err;
    REQUIRE(rig_open(&g, pumps));
    open_again(&g, &first);
    rig_ask(&g, "li", "record.write", "record.create",
            "{\"register\":\"pump\",\"fields\":{\"no\":\"1\",\"flow\":2.5}}");
    CHECK_STR(first.text, "1.0 W-1=2.5; 1.1 record; 1.2 verdict; ");
    open_again(&g, &again); /* the program was killed before the journal had any of it */
    CHECK_OK(kt_room_unsettled(g.room, &err), &err);
    CHECK_STR(again.text, first.text);
    CHECK_OK(kt_room_settled(g.room, 1, &err), &err);
    rig_pass(&g, 1000);
    open_again(&g, &none);
    CHECK_OK(kt_room_unsettled(g.room, &err), &err);
    CHECK_STR(none.text, "");
    rig_close(&g);
}

UNIT_MAIN({"a value is told before its outcome, and again after a crash", told_again})
