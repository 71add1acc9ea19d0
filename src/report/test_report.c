/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report.h"
#include "unit.h"

static struct kt_report *sample(int rows)
{
    static const struct kt_report_column columns[] = {
        {"测点", 2, false}, {"名称", 4, false}, {"最大值", 1, true}};
    struct kt_report *r = kt_report_new("模拟量日报", columns, 3);
    kt_report_head(r, "演示矿 2026-03-01");
    kt_report_foot(r, "值班: ________  负责人: ________");
    for (int i = 0; i < rows; i++) {
        kt_report_cell(r, "T1");
        kt_report_cell(r, "1203 <回风> & 瓦斯");
        kt_report_num(r, 1.12, 2);
    }
    return r;
}

static void html_escapes(void)
{
    struct kt_buf b;
    struct kt_report *r = sample(1);
    kt_buf_init(&b, 0);
    kt_report_html(r, &b);
    CHECK(strstr(kt_buf_cstr(&b), "1203 &lt;回风> &amp; 瓦斯</td><td align=\"right\">1.12"));
    kt_buf_done(&b);
    kt_report_free(r);
}

static void json_has_rows(void)
{
    struct kt_buf b;
    struct kt_report *r = sample(2);
    kt_buf_init(&b, 0);
    kt_report_json(r, &b);
    CHECK(strstr(kt_buf_cstr(&b), "\"rows\":[[\"T1\",\"1203 <回风> & 瓦斯\",\"1.12\"],["));
    CHECK_INT(kt_report_rows(r), 2);
    kt_buf_done(&b);
    kt_report_free(r);
}

static void pages_and_sheets(void)
{
    struct kt_buf pdf, xlsx;
    struct kt_err err = {0};
    struct kt_report *r = sample(200);
    kt_buf_init(&pdf, 0);
    kt_buf_init(&xlsx, 0);
    CHECK_OK(kt_report_pdf(r, &pdf, &err), &err);
    CHECK_OK(kt_report_xlsx(r, &xlsx, &err), &err);
    CHECK(pdf.n > 1000 && memcmp(pdf.p, "%PDF-", 5) == 0);
    CHECK(xlsx.n > 1000 && memcmp(xlsx.p, "PK\3\4", 4) == 0);
    kt_buf_done(&pdf);
    kt_buf_done(&xlsx);
    kt_report_free(r);
}

UNIT_MAIN({"html escapes", html_escapes}, {"json has rows", json_has_rows},
          {"pages and sheets", pages_and_sheets})
