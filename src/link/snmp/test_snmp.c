/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "link/snmp/private.h"
#include "unit.h"

static void addresses(void)
{
    static const char *const wrong[] = {"",
                                        "x",
                                        "1",
                                        "1.3",
                                        "1.3.6.",
                                        "1.3.6x",
                                        "1.3.6=",
                                        "1.3.6*",
                                        "1.3.6*0",
                                        "1.3.6/s=1",
                                        "9.3.6",
                                        "1.3.99999999999",
                                        "1.40.6",
                                        "1.3.6=a",
                                        "1.3.6=1*2",
                                        "1.3.6='a",
                                        "1.3.6=1|",
                                        "1.3.6/x",
                                        "1.3.6=''",
                                        "1.3.6=1|2|3|4|5|6|7|8|9",
                                        "1.3.00000000000000000006"};
    struct kt_oid_address a;
    struct kt_err err;
    CHECK_INT(kt_oid_parse("1.3.6.1.2.1.2.2.1.8.3=1", &a, &err), KT_OK);
    CHECK_INT(a.n, 11);
    CHECK_INT(a.oid[10], 3);
    CHECK(a.is_n == 1 && a.is[0] == 1 && a.what == KT_OID_VALUE);
    CHECK_INT(kt_oid_parse(".1.3.6.1/s*0.5", &a, &err), KT_OK);
    CHECK(a.what == KT_OID_RATE && a.scale == 0.5 && a.n == 4);
    CHECK_INT(kt_oid_parse("1.3.6.1/n=-1|7*0.1", &a, &err), KT_OK);
    CHECK(a.what == KT_OID_ROWS && a.is_n == 2 && a.is[0] == -1 && a.is[1] == 7);
    CHECK_INT(kt_oid_parse("1.3.6.1='on line'", &a, &err), KT_OK);
    CHECK_STR(a.text, "on line");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CHECK_INT(kt_oid_parse(wrong[i], &a, &err), KT_EPARSE);
    }
}

static void rates(void)
{
    CHECK(snmp_rate(100, 300, false, 2) == 100);
    CHECK(snmp_rate(UINT32_MAX - 9, 90, false, 1) == 100);
    CHECK(isnan(snmp_rate(5000, 10, false, 1)));
    CHECK(isnan(snmp_rate(UINT32_MAX - 9, 90, true, 1)));
    CHECK(isnan(snmp_rate(1, 2, true, 0)));
}

static struct got text(const char *t)
{
    struct got g;
    snmp_text((const unsigned char *)t, strlen(t), &g);
    return g;
}

static void texts(void)
{
    struct kt_oid_address a = {.text = "up"};
    struct got g = text("23.5 C\n");
    CHECK(g.kind == GOT_NUMBER && g.value == 23.5);
    CHECK(text("0x10").kind == GOT_TEXT);
    CHECK(text("nan").kind == GOT_TEXT);
    CHECK(text("").kind == GOT_TEXT);
    g = text("up \r\n");
    CHECK(snmp_is(&a, &g));
    g = text("upside");
    CHECK(!snmp_is(&a, &g));
    unsigned char big[5000];
    memset(big, '9', sizeof(big));
    snmp_text(big, sizeof(big), &g);
    CHECK_INT(strlen(g.text), sizeof(g.text) - 1);
}

UNIT_MAIN({"addresses of objects", addresses}, {"changes of counters", rates},
          {"texts, and numbers as texts", texts})
