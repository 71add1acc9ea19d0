/* SPDX-License-Identifier: Apache-2.0 */
#include "report/page.h"
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

static struct kt_page *sample_page(void)
{
    static const char *const titles[] = {"时间", "步骤", "经办", "说明"};
    struct kt_page *p = kt_page_new("A4", "整改通知书");
    kt_page_heading(p, 1, "隐患整改通知书");
    kt_page_text(p, "编号：HZ-2026-0001（演示）");
    kt_page_field(p, "名称", "回风巷支护变形");
    kt_page_field(p, "等级", "重大");
    kt_page_field(p, "描述",
                  "回风巷 120 m 至 135 m "
                  "处顶板下沉，锚杆托盘脱落三处，巷道断面不足设计的百分之九十，须立即处理。");
    kt_page_field(p, "发现日期", "2026-11-22");
    kt_page_heading(p, 2, "经过");
    kt_page_table(p, titles, 4);
    for (int i = 0; i < 60; i++) {
        kt_page_cell(p, "2026-11-22 08:30");
        kt_page_cell(p, "派发");
        kt_page_cell(p, "王五");
        kt_page_cell(p, i == 3 ? "请在一日之内完成，并上传两张照片作为依据" : "");
    }
    kt_page_text(p, "");
    kt_page_text(p, "签收：____________        日期：____________");
    kt_page_foot(p, "演示数据");
    return p;
}

static void a_page(void)
{
    struct kt_page *p = sample_page();
    struct kt_buf pdf, xlsx;
    struct kt_err err = {0};
    kt_buf_init(&pdf, 0);
    kt_buf_init(&xlsx, 0);
    CHECK_OK(kt_page_pdf(p, &pdf, &err), &err);
    CHECK(pdf.n > 4000 && memcmp(pdf.p, "%PDF-", 5) == 0);
    CHECK(memmem(pdf.p, pdf.n, "/FontFile", 9) != NULL); /* letters are inside */
    CHECK_OK(kt_page_xlsx(p, &xlsx, &err), &err);
    CHECK(xlsx.n > 4000 && memcmp(xlsx.p, "PK", 2) == 0);
    kt_buf_done(&pdf);
    kt_buf_done(&xlsx);
    kt_page_free(p);
}

/* A word longer than a line, a row taller than a page, nothing at all. */
static void odd_pages(void)
{
    static const char *const titles[] = {"一"};
    char long_word[6001];
    struct kt_err err = {0};
    memset(long_word, 'x', 6000);
    long_word[6000] = '\0';
    for (int i = 0; i < 4; i++) {
        struct kt_page *p = kt_page_new(i == 1 ? "A5" : "none", "");
        struct kt_buf pdf;
        kt_buf_init(&pdf, 0);
        if (i == 1) {
            kt_page_text(p, long_word);
        } else if (i == 2) {
            kt_page_table(p, titles, 1);
            kt_page_cell(p, long_word);
        } else if (i == 3) {
            kt_page_field(p, "", long_word);
            kt_page_photo(p, KT_STR("no jpeg"), 0, -5, "x");
        }
        CHECK_OK(kt_page_pdf(p, &pdf, &err), &err);
        CHECK(pdf.n > 200);
        kt_buf_done(&pdf);
        kt_page_free(p);
    }
}

UNIT_MAIN({"a page of one thing", a_page}, {"odd pages", odd_pages}, {"html escapes", html_escapes},
          {"json has rows", json_has_rows}, {"pages and sheets", pages_and_sheets})
