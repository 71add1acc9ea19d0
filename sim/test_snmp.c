/* SPDX-License-Identifier: Apache-2.0 */
/* The SNMP devices of the plant: names, what they answer, and that no bytes harm them. */
#include "snmp.h"
#include "unit.h"

static struct sim_object objects[] = {
    {.form = SIM_FORM_INT, .value = -2},     {.form = SIM_FORM_GAUGE, .value = 4294967295.0},
    {.form = SIM_FORM_COUNT, .value = 1e15}, {.form = SIM_FORM_TEXT, .value = 23.5},
    {.form = SIM_FORM_TICKS, .value = 300},
};
static const struct sim_table table = {objects, KT_ARRAY_LEN(objects), "word"};

static void name_objects(void)
{
    static const char *const names[] = {"1.3.6.1.4.1.99999.1", "1.3.6.1.4.1.99999.2.1",
                                        "1.3.6.1.4.1.99999.2.2", "1.3.6.1.4.1.99999.2.300",
                                        "1.3.6.1.4.1.99999.3"};
    for (size_t i = 0; i < KT_ARRAY_LEN(names); i++) {
        REQUIRE(sim_oid_of(kt_str_c(names[i]), &objects[i].oid));
        CHECK(i == 0 || sim_oid_compare(&objects[i - 1].oid, &objects[i].oid) < 0);
    }
}

/* A message as net-snmp writes it: version, community "word", request 0x01020304; a, b; one name.
 */
static size_t ask(uint8_t *to, uint8_t pdu, uint8_t a, uint8_t b, uint8_t version)
{
    const uint8_t text[] = {0x30, 45,   0x02, 0x01, version, 0x04, 0x04, 'w',  'o',  'r',
                            'd',  pdu,  34,   0x02, 0x04,    0x01, 0x02, 0x03, 0x04, 0x02,
                            0x01, a,    0x02, 0x01, b,       0x30, 20,   0x30, 18,   0x06,
                            14,   0x2b, 6,    1,    4,       1,    0x86, 0x8d, 0x1f, 2,
                            0x80, 0x82, 0x2c, 0x80, 0x01,    0x05, 0x00};
    memcpy(to, text, sizeof(text));
    return sizeof(text);
}

/* The same with a short name: 1.3.6.1.4.1.99999.2.<last>. */
static size_t ask_last(uint8_t *to, uint8_t pdu, uint8_t a, uint8_t b, uint8_t last)
{
    const uint8_t text[] = {0x30, 40,   0x02, 0x01, 1,    0x04, 0x04, 'w',  'o',  'r',  'd',
                            pdu,  29,   0x02, 0x04, 1,    2,    3,    4,    0x02, 0x01, a,
                            0x02, 0x01, b,    0x30, 15,   0x30, 13,   0x06, 10,   0x2b, 6,
                            1,    4,    1,    0x86, 0x8d, 0x1f, 2,    last, 0x05, 0x00};
    size_t n = sizeof(text);
    memcpy(to, text, n);
    to[1] = (uint8_t)(n - 2);
    to[12] = (uint8_t)(n - 13);
    to[26] = (uint8_t)(n - 27);
    to[28] = (uint8_t)(n - 29);
    return n;
}

static bool holds(const uint8_t *p, size_t n, const void *part, size_t len)
{
    for (size_t i = 0; i + len <= n; i++) {
        if (memcmp(p + i, part, len) == 0) {
            return true;
        }
    }
    return false;
}

static void names_are_read_and_sorted(void)
{
    struct sim_oid o;
    CHECK(sim_oid_of(kt_str_c("1.3.6.1.4.1.99999.2.4294967295"), &o) && o.n == 9);
    const char *const bad[] = {"",      "1",     "1.", "1..3", "1.40", "3.1", "1.3.4294967296",
                               "1.3.x", "1.3.-1"};
    for (size_t i = 0; i < KT_ARRAY_LEN(bad); i++) {
        CHECK(!sim_oid_of(kt_str_c(bad[i]), &o));
    }
}

static void it_answers_what_is_asked(void)
{
    uint8_t in[128], out[SIM_SNMP_BYTES];
    name_objects();
    size_t n = sim_snmp_answer(&table, in, ask_last(in, 0xa0, 0, 0, 1), out);
    REQUIRE(n > 0);
    CHECK_INT(out[0], 0x30);
    CHECK_INT(out[1], n - 2);
    CHECK(holds(out, n, "\x02\x04\x01\x02\x03\x04", 6)); /* its number */
    CHECK(holds(out, n, "\x42\x05\x00\xff\xff\xff\xff", 7));
    n = sim_snmp_answer(&table, in, ask_last(in, 0xa0, 0, 0, 7), out);
    CHECK(holds(out, n, "\x81\x00", 2)); /* no such object */
    n = sim_snmp_answer(&table, in, ask_last(in, 0xa1, 0, 0, 2), out);
    CHECK(holds(out, n,
                "\x04\x04"
                "23.5",
                6)); /* the next one */
    n = sim_snmp_answer(&table, in, ask_last(in, 0xa5, 0, 9, 0), out);
    CHECK(holds(out, n, "\x46\x07\x03\x8d\x7e\xa4\xc6\x80\x00", 9) &&
          holds(out, n, "\x43\x02\x01\x2c", 4) &&
          holds(out, n, "\x82\x00", 2)); /* all that follow, and the end */
    n = sim_snmp_answer(&table, in, ask_last(in, 0xa3, 0, 0, 1), out);
    CHECK(holds(out, n, "\x02\x01\x11\x02\x01\x01", 6)); /* nothing is set */
}

static void it_is_silent_to_strangers(void)
{
    uint8_t in[128], out[SIM_SNMP_BYTES];
    size_t n = ask_last(in, 0xa0, 0, 0, 1);
    in[7] = 'W';
    CHECK_INT(sim_snmp_answer(&table, in, n, out), 0);
    n = ask_last(in, 0xa0, 0, 0, 1);
    in[4] = 0; /* version 1 */
    CHECK_INT(sim_snmp_answer(&table, in, n, out), 0);
    n = ask_last(in, 0xa2, 0, 0, 1); /* an answer */
    CHECK_INT(sim_snmp_answer(&table, in, n, out), 0);
}

static void no_part_of_a_message_is_taken_for_one(void)
{
    uint8_t in[128], out[SIM_SNMP_BYTES];
    size_t n = ask_last(in, 0xa5, 0, 20, 1);
    for (size_t len = 0; len < n; len++) {
        uint8_t *exact = malloc(len + 1); /* a sanitizer sees a byte too far */
        REQUIRE(exact);
        memcpy(exact, in, len);
        CHECK_INT(sim_snmp_answer(&table, exact, len, out), 0);
        free(exact);
    }
}

static void spoilt_messages_do_no_harm(void)
{
    uint8_t in[128], out[SIM_SNMP_BYTES];
    uint64_t seed = 20261122;
    printf("# seed %llu\n", (unsigned long long)seed);
    for (int round = 0; round < 200000; round++) {
        size_t n = round % 2 ? ask(in, 0xa5, 0, 20, 1) : ask_last(in, 0xa5, 0, 120, 1);
        for (int k = 0; k <= round % 4; k++) {
            in[unit_rand(&seed) % n] = (uint8_t)unit_rand(&seed);
        }
        CHECK(sim_snmp_answer(&table, in, n, out) <= SIM_SNMP_BYTES);
    }
}

UNIT_MAIN({"names_are_read_and_sorted", names_are_read_and_sorted},
          {"it_answers_what_is_asked", it_answers_what_is_asked},
          {"it_is_silent_to_strangers", it_is_silent_to_strangers},
          {"no_part_of_a_message_is_taken_for_one", no_part_of_a_message_is_taken_for_one},
          {"spoilt_messages_do_no_harm", spoilt_messages_do_no_harm})
