/* SPDX-License-Identifier: Apache-2.0 */
/* Sparkplug B by the letter of Eclipse Sparkplug 3.0, chapters 4 to 6. */
#include "link/mqtt/sparkplug.h"

#include <math.h>

#include "link/mqtt/tahu.h"
#include "unit.h"

enum { A, B1, B2, C, POINTS };
#define T0 (1700000000000 * KT_MS)

static struct kt_role role;
static struct kt_point points[POINTS] = {{.role = &role, .address = "mine/edge 1#pressure"},
                                         {.role = &role, .address = "mine/edge 1/T1#CH4/value"},
                                         {.role = &role, .address = "mine/edge 1/T1#count"},
                                         {.role = &role, .address = "mine/edge 2#x"}};
static const struct kt_site site = {.points = points, .points_n = POINTS};
static struct spark *s;
static struct kt_buf msg;
static struct {
    double value;
    kt_time time;
    kt_quality q;
    int n;
} got[POINTS];

/* ---- a little writer ------------------------------------------------------------------------- */

static void varint(struct kt_buf *b, int field, uint64_t v)
{
    kt_put_u8(b, (uint8_t)(field << 3));
    kt_put_varint(b, v);
}

static void bytes(struct kt_buf *b, int field, const void *p, size_t n)
{
    kt_put_u8(b, (uint8_t)(field << 3 | 2));
    kt_put_bytes(b, p, n);
}

static void begin(int seq)
{
    kt_buf_clear(&msg);
    varint(&msg, 1, T0 / KT_MS);
    if (seq >= 0) {
        varint(&msg, 3, (uint64_t)seq);
    }
}

/* name NULL, alias -1, type 0: left out. value in field 10, 11 or 14 by the type; 13 a double. */
static void metric(const char *name, int alias, int type, uint64_t whole, double real)
{
    struct kt_buf m;
    kt_buf_init(&m, 1000);
    if (name) {
        bytes(&m, 1, name, strlen(name));
    }
    if (alias >= 0) {
        varint(&m, 2, (uint64_t)alias);
    }
    if (type) {
        varint(&m, 4, (uint64_t)type);
    }
    if (type == TAHU_DOUBLE || (type == 0 && whole == 0)) {
        kt_put_u8(&m, 13 << 3 | 1);
        kt_put_f64(&m, real);
    } else {
        varint(&m,
               type == TAHU_INT64 || type == TAHU_UINT64 ? 11
               : type == TAHU_BOOLEAN                    ? 14
                                                         : 10,
               whole);
    }
    bytes(&msg, 2, m.p, m.n);
    kt_buf_done(&m);
}

static void take(void *arg, uint32_t point, kt_time time, double value, kt_quality q)
{
    (void)arg;
    got[point].value = value;
    got[point].time = time;
    got[point].q = q;
    got[point].n++;
}

static int send(const char *topic)
{
    for (int i = 0; i < POINTS; i++) {
        got[i].n = 0;
    }
    return spark_take(s, kt_str_c(topic), (struct kt_str){msg.p, msg.n}, T0 + KT_SEC, take, NULL);
}

/* The commands that are due now, as how many. */
static int commands(kt_mono now)
{
    struct kt_buf topic, body;
    int n = 0;
    kt_buf_init(&topic, 1000);
    kt_buf_init(&body, 1000);
    while (spark_command(s, now, T0, &topic, &body)) {
        struct tahu_payload p;
        struct tahu_metric m;
        double v = 0;
        CHECK(strstr(kt_buf_cstr(&topic), "spBv1.0/mine/NCMD/edge ") != NULL);
        CHECK_INT(tahu_read((struct kt_str){body.p, body.n}, &p), KT_OK);
        CHECK_INT(tahu_next(&p, &m), 1);
        CHECK(kt_str_is(m.name, "Node Control/Rebirth"));
        CHECK(tahu_number(&m, m.datatype, &v) && v == 1);
        kt_buf_clear(&topic);
        kt_buf_clear(&body);
        n++;
    }
    kt_buf_done(&topic);
    kt_buf_done(&body);
    return n;
}

static void fresh(void)
{
    spark_free(s);
    s = spark_new(&site, 0);
    kt_buf_done(&msg);
    kt_buf_init(&msg, 4096);
    memset(got, 0, sizeof(got));
}

static void born(int bdseq)
{
    begin(0);
    metric("bdSeq", -1, TAHU_INT64, (uint64_t)bdseq, 0);
    metric("pressure", 7, TAHU_DOUBLE, 0, 990.5);
    send("spBv1.0/mine/NBIRTH/edge 1");
    begin(1);
    metric("CH4/value", 8, TAHU_DOUBLE, 0, 0.4);
    metric("count", 9, TAHU_INT16, 0xfffe, 0);
    metric("nobody asks", 10, TAHU_BOOLEAN, 1, 0);
    send("spBv1.0/mine/DBIRTH/edge 1/T1");
}

/* ---- cases ----------------------------------------------------------------------------------- */

static void births_and_data_by_alias(void)
{
    fresh();
    born(3);
    CHECK_NEAR(got[B1].value, 0.4, 0);
    CHECK_NEAR(got[B2].value, -2, 0); /* Int16 as two's complement */
    CHECK_INT(got[B1].q, KT_Q_NORMAL);
    CHECK_INT(got[B1].time, T0);
    begin(2);
    metric(NULL, 8, 0, 0, 1.25);
    metric(NULL, 10, 0, 1, 0);
    CHECK_INT(send("spBv1.0/mine/DDATA/edge 1/T1"), 1);
    CHECK_NEAR(got[B1].value, 1.25, 0);
    begin(3);
    metric("pressure", -1, 0, 0, 991);
    CHECK_INT(send("spBv1.0/mine/NDATA/edge 1"), 1);
    CHECK_NEAR(got[A].value, 991, 0);
    CHECK_INT(commands(KT_SEC), 0);
    CHECK_INT(send("spBv1.0/mine/NDATA/edge 9"), 0);
    CHECK_INT(send("spBv1.0/STATE/kuangtu"), 0);
}

static void deaths_are_faults_at_once(void)
{
    fresh();
    born(3);
    begin(2);
    CHECK_INT(send("spBv1.0/mine/DDEATH/edge 1/T1"), 2);
    CHECK_INT(got[B1].q, KT_Q_COMM_FAULT);
    CHECK_NEAR(got[B1].value, 0.4, 0);
    CHECK(got[B1].time > T0 && got[A].n == 0);
    begin(-1);
    metric("bdSeq", -1, TAHU_INT64, 2, 0);
    CHECK_INT(send("spBv1.0/mine/NDEATH/edge 1"), 0); /* the will of an older session */
    begin(-1);
    metric("bdSeq", -1, TAHU_INT64, 3, 0);
    CHECK_INT(send("spBv1.0/mine/NDEATH/edge 1"), 3);
    CHECK_INT(got[A].q, KT_Q_COMM_FAULT);
    CHECK_INT(commands(KT_SEC), 0); /* it comes by itself */
    born(4);
    CHECK_INT(got[B1].q, KT_Q_NORMAL);
}

static void a_gap_is_doubt_until_the_next_birth(void)
{
    fresh();
    born(1);
    begin(4); /* 2 and 3 are lost */
    metric("CH4/value", 8, TAHU_DOUBLE, 0, 1.6);
    metric(NULL, 9, 0, 77, 0); /* an alias may mean something else by now */
    CHECK_INT(send("spBv1.0/mine/DDATA/edge 1/T1"), 4);
    CHECK_INT(got[A].q, KT_Q_GAP);
    CHECK_NEAR(got[A].value, 990.5, 0);
    CHECK_INT(got[B1].q, KT_Q_GAP);
    CHECK_NEAR(got[B1].value, 1.6, 0); /* over a limit it counts, doubtful or not */
    CHECK_NEAR(got[B2].value, -2, 0);
    CHECK_INT(commands(KT_SEC), 1);
    CHECK_INT(commands(2 * KT_SEC), 0);
    CHECK_INT(commands(7 * KT_SEC), 1); /* again after 5 s, then 10 s */
    CHECK_INT(commands(13 * KT_SEC), 0);
    CHECK_INT(commands(18 * KT_SEC), 1);
    born(1);
    CHECK_INT(got[B1].q, KT_Q_NORMAL);
    CHECK_INT(commands(100 * KT_SEC), 0);
    begin(255);
    send("spBv1.0/mine/NDATA/edge 1"); /* doubt again */
    born(1);
    for (int i = 2; i < 600; i++) { /* the number runs round at 256 */
        begin(i % 256);
        metric(NULL, 7, 0, 0, i);
        CHECK_INT(send("spBv1.0/mine/NDATA/edge 1"), 1);
        CHECK_INT(got[A].q, KT_Q_NORMAL);
    }
}

static void who_was_never_born_is_asked(void)
{
    fresh();
    spark_connected(s);
    CHECK_INT(commands(KT_SEC), 2); /* both nodes of the site */
    begin(9);
    metric("CH4/value", 8, TAHU_DOUBLE, 0, 0.9);
    metric(NULL, 8, 0, 0, 5);
    CHECK_INT(send("spBv1.0/mine/DDATA/edge 1/T1"), 1); /* by its name, not by its alias */
    CHECK_INT(got[B1].q, KT_Q_GAP);
    CHECK_NEAR(got[B1].value, 0.9, 0);
    born(1);
    CHECK_INT(got[B1].q, KT_Q_NORMAL);
    CHECK_INT(commands(30 * KT_SEC), 1); /* edge 2 alone */
    spark_connected(s);
    begin(2);
    metric(NULL, 7, 0, 0, 5);
    CHECK_INT(send("spBv1.0/mine/NDATA/edge 1"), 0); /* the alias died with the session */
}

static void nothing_is_no_value(void)
{
    fresh();
    born(1);
    struct kt_buf m;
    kt_buf_init(&m, 100);
    varint(&m, 2, 8);
    varint(&m, 7, 1); /* is_null */
    begin(2);
    bytes(&msg, 2, m.p, m.n);
    CHECK_INT(send("spBv1.0/mine/DDATA/edge 1/T1"), 1);
    CHECK_INT(got[B1].q, KT_Q_DEVICE_FAULT);
    CHECK_NEAR(got[B1].value, 0.4, 0);
    kt_buf_clear(&m);
    begin(0); /* a birth without one of the metrics */
    metric("bdSeq", -1, TAHU_INT64, 2, 0);
    CHECK_INT(send("spBv1.0/mine/NBIRTH/edge 1"), 1);
    CHECK_INT(got[A].q, KT_Q_COMM_FAULT);
    kt_buf_done(&m);
}

static void quality_of(int code, int seq)
{
    struct kt_buf m, set, value;
    kt_buf_init(&m, 300);
    kt_buf_init(&set, 100);
    kt_buf_init(&value, 100);
    varint(&value, 1, 3);
    varint(&value, 3, (uint64_t)code);
    bytes(&set, 1, "EngUnit", 7);
    bytes(&set, 1, "Quality", 7);
    bytes(&set, 2, "\x08\x0c", 2);
    bytes(&set, 2, value.p, value.n);
    varint(&m, 2, 8);
    kt_put_u8(&m, 13 << 3 | 1);
    kt_put_f64(&m, 0.7);
    bytes(&m, 9, set.p, set.n);
    begin(seq);
    bytes(&msg, 2, m.p, m.n);
    CHECK_INT(send("spBv1.0/mine/DDATA/edge 1/T1"), 1);
    kt_buf_done(&m);
    kt_buf_done(&set);
    kt_buf_done(&value);
}

static void qualities(void)
{
    fresh();
    born(1);
    quality_of(192, 2);
    CHECK_INT(got[B1].q, KT_Q_NORMAL);
    quality_of(500, 3);
    CHECK_INT(got[B1].q, KT_Q_COMM_FAULT);
    quality_of(0, 4);
    CHECK_INT(got[B1].q, KT_Q_DEVICE_FAULT);
}

static void what_cannot_be_read_is_lost(void)
{
    static const char *const bad[] = {
        "\x12\xff", "\x12\x05\x0a\x09xx", "\x0b", "\x12\x02\x20\x0a", "\x09zz", "\x12\x00"};
    for (size_t i = 0; i < KT_ARRAY_LEN(bad); i++) {
        fresh();
        born(1);
        kt_buf_clear(&msg);
        kt_buf_put(&msg, bad[i], i == 5 ? 2 : strlen(bad[i]));
        CHECK_INT(send("spBv1.0/mine/NDATA/edge 1"), KT_EPARSE);
        CHECK_INT(got[B1].q, KT_Q_GAP);
        CHECK_INT(commands(KT_SEC), 1);
    }
    spark_free(s);
    s = NULL;
    kt_buf_done(&msg);
}

UNIT_MAIN({"births, and data by alias", births_and_data_by_alias},
          {"deaths are faults at once", deaths_are_faults_at_once},
          {"a gap is doubt until the next birth", a_gap_is_doubt_until_the_next_birth},
          {"who was never born is asked", who_was_never_born_is_asked},
          {"nothing is no value", nothing_is_no_value}, {"qualities", qualities},
          {"what cannot be read is lost", what_cannot_be_read_is_lost})
