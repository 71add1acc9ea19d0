/* SPDX-License-Identifier: Apache-2.0 */
#include "link/mqtt/packet.h"
#include "link/mqtt/payload.h"
#include "unit.h"

static void publish_is_read_in_pieces(void)
{
    /* QoS 1, topic "a/b", id 7, body "0.42" (3.1.1) */
    static const char whole[] = "\x32\x0b\0\3a/b\0\7\x30.42";
    struct mqtt_packet p;
    for (size_t n = 0; n < 13; n++) {
        CHECK_INT(mqtt_parse((struct kt_str){whole, n}, 4, &p), 0);
    }
    CHECK_INT(mqtt_parse((struct kt_str){whole, 13}, 4, &p), 13);
    CHECK_INT(p.type, MQTT_PUBLISH);
    CHECK_INT(p.qos, 1);
    CHECK_INT(p.id, 7);
    CHECK(kt_str_is(p.topic, "a/b"));
    CHECK(kt_str_is(p.body, "0.42"));
}

static void version_5_has_properties(void)
{
    static const char whole[] = "\x32\x0e\0\3a/b\0\7\2\1\1\x30.42";
    struct mqtt_packet p;
    CHECK_INT(mqtt_parse((struct kt_str){whole, 16}, 5, &p), 16);
    CHECK(kt_str_is(p.body, "0.42"));
}

static void malformed_packets_are_refused(void)
{
    struct mqtt_packet p;
    CHECK_INT(mqtt_parse(KT_STR("\x32\xff\xff\xff\xff\x01"), 4, &p), KT_EPARSE);
    CHECK_INT(mqtt_parse(KT_STR("\x32\x04\x00\x09zz"), 4, &p), KT_EPARSE);
    CHECK_INT(mqtt_parse(KT_STR("\x36\x07\x00\x03"
                                "a/b\x00\x07"),
                         4, &p),
              KT_EPARSE); /* QoS 3 */
    CHECK_INT(mqtt_parse(KT_STR("\x32\xff\xff\x7f"), 4, &p), KT_ELIMIT);
}

static void filters(void)
{
    static const struct {
        const char *topic, *filter;
        bool fits;
    } cases[] = {{"mine/1203/t1", "mine/#", true},    {"mine", "mine/#", true},
                 {"mine/1203/t1", "mine/+/t1", true}, {"mine/1203/t2", "mine/+/t1", false},
                 {"mines/1", "mine/#", false},        {"a/b/c", "a/+", false}};
    for (size_t i = 0; i < KT_ARRAY_LEN(cases); i++) {
        CHECK_INT(mqtt_topic_fits(kt_str_c(cases[i].topic), cases[i].filter), cases[i].fits);
    }
}

static struct {
    uint32_t point;
    double value;
    kt_time time;
    kt_quality quality;
    int n;
} got;

static void on_sample(void *arg, uint32_t point, kt_time time, double value, kt_quality q)
{
    (void)arg;
    got.point = point;
    got.value = value;
    got.time = time;
    got.quality = q;
    got.n++;
}

static void payloads(void)
{
    static const struct kt_role role = {.id = "x"};
    static const struct kt_point points[] = {
        {.id = "A", .role = &role, .link = 0, .address = "m/a"},
        {.id = "B", .role = &role, .link = 0, .address = "m/b#ch4.value"},
        {.id = "C", .role = &role, .link = 0, .address = "m/b"},
    };
    static const struct kt_link_conf conf = {
        .id = "broker", .time_field = "ts", .value_field = "v"};
    struct kt_site site = {.points = points, .points_n = 3, .links = &conf, .links_n = 1};
    struct routing *r = routing_new(&site, 0);
    got.n = 0;
    CHECK_INT(routing_take(r, KT_STR("m/a"), KT_STR(" 0.70\n"), 5, on_sample, NULL), 1);
    CHECK(got.value == 0.70 && got.time == 5 && got.point == 0);
    CHECK_INT(routing_take(r, KT_STR("m/a"), KT_STR("on"), 5, on_sample, NULL), 1);
    CHECK(got.value == 1);
    CHECK_INT(routing_take(r, KT_STR("m/a"), KT_STR("{\"v\":1.5,\"ts\":1700000000000}"), 5,
                           on_sample, NULL),
              1);
    CHECK(got.value == 1.5 && got.time == INT64_C(1700000000) * KT_SEC);
    got.n = 0;
    CHECK_INT(routing_take(r, KT_STR("m/b"), KT_STR("{\"v\":2,\"ch4\":{\"value\":0.4}}"), 5,
                           on_sample, NULL),
              2);
    CHECK_INT(got.n, 2);
    CHECK_INT(routing_take(r, KT_STR("m/none"), KT_STR("1"), 5, on_sample, NULL), 0);
    CHECK_INT(routing_take(r, KT_STR("m/a"), KT_STR("nan"), 5, on_sample, NULL), KT_EPARSE);
    CHECK_INT(routing_take(r, KT_STR("m/a"), KT_STR("{broken"), 5, on_sample, NULL), KT_EPARSE);
    CHECK_INT(
        routing_take(r, KT_STR("m/a"), KT_STR("{\"v\":1,\"quality\":\"odd\"}"), 5, on_sample, NULL),
        1);
    CHECK_INT(got.quality, KT_Q_DEVICE_FAULT);
    routing_free(r);
}

UNIT_MAIN({"a publish is read in pieces", publish_is_read_in_pieces},
          {"version 5 has properties", version_5_has_properties},
          {"malformed packets are refused", malformed_packets_are_refused}, {"filters", filters},
          {"payloads", payloads})
