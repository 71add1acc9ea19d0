/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/json.h"
#include "link/minefile/format.h"
#include "sys/file.h"
#include "unit.h"

static const struct minefile_dialect national = {";", "~", "||", 28800};
static const char head[] = "140000000001;示例煤矿;2026-03-01 08:15:00~";

static int parse(struct kt_arena *a, const char *text, const struct minefile_dialect *d,
                 struct minefile *f)
{
    struct kt_err err;
    return minefile_parse(a, kt_str_c(text), d, f, &err);
}

static void names(void)
{
    struct minefile_name n;
    CHECK_INT(minefile_parse_name("140000000001_CDSS_20260301081500.txt", 28800, &n), KT_OK);
    CHECK_STR(n.mine, "140000000001");
    CHECK_STR(n.type, "CDSS");
    char when[40];
    CHECK_STR(kt_time_fmt(n.time, 28800, when), "2026-03-01T08:15:00+08:00");
    CHECK_INT(minefile_parse_name("140000000001_CDSS_2026030108150.txt", 28800, &n), KT_EPARSE);
    CHECK_INT(minefile_parse_name("140000000001_CDSS_20260301081500.tmp", 28800, &n), KT_EPARSE);
    CHECK_INT(minefile_parse_name("_CDSS_20260301081500.txt", 28800, &n), KT_EPARSE);
    CHECK_INT(minefile_parse_name("x_CDSS_20261301081500.txt", 28800, &n), KT_EPARSE);
}

static void values(void)
{
    char text[512];
    struct minefile f;
    struct minefile_value v;
    struct kt_arena *a = kt_arena_new(0);
    snprintf(text, sizeof(text),
             "%sT1;环境瓦斯;1101回采工作面;0.42;%%CH4;0;2026-03-01 08:14:55~"
             "T3;环境瓦斯;1102掘进面;1.63;%%CH4;3;2026-03-01 08:14:55~||",
             head);
    CHECK_INT(parse(a, text, &national, &f), KT_OK);
    CHECK_INT(f.n, 2);
    CHECK_INT(minefile_value(f.records[1], f.fields_n[1], 28800, &v), KT_OK);
    CHECK(v.value == 1.63);
    CHECK_INT(v.status, 3);
    CHECK_INT(minefile_quality(v.status),
              KT_Q_NORMAL); /* alarm and cut say nothing about quality */
    kt_arena_free(a);
}

static void broken_files(void)
{
    struct minefile f;
    struct minefile_value v;
    char text[256];
    struct kt_arena *a = kt_arena_new(0);
    CHECK_INT(parse(a, head, &national, &f), KT_EBUSY);
    snprintf(text, sizeof(text), "%sa;b;c;d;e;f~||", head);
    CHECK_INT(parse(a, text, &national, &f), KT_OK);
    CHECK_INT(minefile_value(f.records[0], f.fields_n[0], 28800, &v), KT_EPARSE);
    CHECK_INT(parse(a, "||", &national, &f), KT_EPARSE);
    CHECK_INT(parse(a, "a;b~||", &national, &f), KT_EPARSE);
    kt_arena_free(a);
}

static void other_dialects(void)
{
    static const struct minefile_dialect inner = {";", "^", "]]]", 28800};
    struct minefile f;
    struct kt_arena *a = kt_arena_new(0);
    CHECK_INT(parse(a, "1500;甲矿;2026-03-01 08:15:00^\r\nT1;a;b;1;%;0;2026-03-01 08:14:55^\r\n]]]",
                    &inner, &f),
              KT_OK);
    CHECK_INT(f.n, 1);
    kt_arena_free(a);
}

static void status_bits_go_both_ways(void)
{
    static const struct {
        unsigned status;
        kt_quality q;
    } cases[] = {{0, KT_Q_NORMAL},      {4, KT_Q_CALIBRATION}, {8, KT_Q_OVER_RANGE},
                 {16, KT_Q_COMM_FAULT}, {64, KT_Q_PAUSED},     {128, KT_Q_BROKEN}};
    for (size_t i = 0; i < KT_ARRAY_LEN(cases); i++) {
        CHECK_INT(minefile_quality(cases[i].status), cases[i].q);
        CHECK_INT(minefile_status(cases[i].q, false, false), cases[i].status);
    }
    CHECK_INT(minefile_status(KT_Q_BROKEN, true, true), 131);
}

static void fields_cannot_break_a_record(void)
{
    struct kt_buf b;
    kt_buf_init(&b, 0);
    minefile_put_field(&b, &national, "a;b~c|d\n", true);
    CHECK_STR(kt_buf_cstr(&b), "a b c d ~");
    kt_buf_done(&b);
}

/* The worked examples: every record as the vectors have it. */
static void vectors(void)
{
    char path[600];
    struct kt_buf b;
    struct kt_err err;
    struct kt_json *j;
    const char *shared = getenv("KT_SHARED");
    if (!shared) {
        SKIP("KT_SHARED is not set: the worked vectors are not here");
    }
    snprintf(path, sizeof(path), "%s/vectors/minefiles.json", shared);
    kt_buf_init(&b, 1 << 20);
    REQUIRE(kt_file_read(path, 1 << 20, &b, &err) == KT_OK);
    REQUIRE(kt_json_parse((struct kt_str){b.p, b.n}, 0, &j, &err) == KT_OK);
    const struct kt_json *files = kt_json_get(j, "files");
    struct kt_arena *a = kt_arena_new(0);
    for (size_t i = 0; i < kt_json_len(files); i++) {
        const struct kt_json *one = kt_json_at(files, i);
        const struct kt_json *records = kt_json_get(kt_json_get(one, "parsed"), "records");
        struct minefile f;
        CHECK_INT(parse(a, kt_json_get_str(one, "text", ""), &national, &f), KT_OK);
        CHECK_INT(f.n, kt_json_len(records));
        for (uint32_t r = 0; r < f.n; r++) {
            CHECK_INT(f.fields_n[r], kt_json_len(kt_json_at(records, r)));
            for (uint32_t k = 0; k < f.fields_n[r]; k++) {
                CHECK(
                    kt_str_is(f.records[r][k], kt_json_str(kt_json_at(kt_json_at(records, r), k))));
            }
        }
    }
    CHECK(kt_json_len(files) >= 3);
    kt_arena_free(a);
    kt_json_free(j);
    kt_buf_done(&b);
}

UNIT_MAIN({"names", names}, {"values", values}, {"broken files", broken_files},
          {"other dialects", other_dialects},
          {"status bits go both ways", status_bits_go_both_ways},
          {"fields cannot break a record", fields_cannot_break_a_record}, {"vectors", vectors})
