/* SPDX-License-Identifier: Apache-2.0 */
/* Workbooks made here part by part, and what the reader says of them. */
#include "report/read.h"

#include <zip.h>

#include "report/report.h"
#include "report/sheet.h"
#include "sys/spool.h"
#include "report/xlsx_in.h"
#include "unit.h"

static const char book_xml[] =
    "<workbook xmlns:r=\"r\"><sheets><sheet name=\"隐藏\" r:id=\"r9\" state=\"hidden\"/>"
    "<sheet name=\"台账\" r:id=\"r1\"/></sheets></workbook>";
static const char rels_xml[] =
    "<Relationships><Relationship Id=\"r1\" Type=\"x/worksheet\" Target=\"worksheets/s.xml\"/>"
    "<Relationship Id=\"r2\" Type=\"x/sharedStrings\" Target=\"/xl/strings.xml\"/>"
    "<Relationship Id=\"r3\" Type=\"x/styles\" Target=\"styles.xml\"/></Relationships>";
static const char styles_xml[] =
    "<styleSheet><numFmts><numFmt numFmtId=\"170\" "
    "formatCode=\"yyyy&quot;年&quot;m&quot;月&quot;\"/>"
    "</numFmts><cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs><cellXfs><xf numFmtId=\"0\"/>"
    "<xf numFmtId=\"14\"/><xf numFmtId=\"22\"/><xf numFmtId=\"21\"/><xf "
    "numFmtId=\"170\"/></cellXfs>"
    "</styleSheet>";

struct parts {
    const char *book, *rels, *strings, *styles, *sheet;
};

static void add(zip_t *z, const char *name, const char *text)
{
    zip_source_t *s = text ? zip_source_buffer(z, text, strlen(text), 0) : NULL;
    if (s) {
        KT_ASSERT(zip_file_add(z, name, s, 0) >= 0);
    }
}

static void make(const struct parts *p, struct kt_buf *out)
{
    zip_error_t e;
    zip_stat_t st;
    zip_source_t *src = zip_source_buffer_create(NULL, 0, 0, &e);
    zip_source_keep(src);
    zip_t *z = zip_open_from_source(src, ZIP_TRUNCATE, &e);
    KT_ASSERT(z);
    add(z, "xl/workbook.xml", p->book ? p->book : book_xml);
    add(z, "xl/_rels/workbook.xml.rels", p->rels ? p->rels : rels_xml);
    add(z, "xl/strings.xml", p->strings ? p->strings : "<sst/>");
    add(z, "xl/styles.xml", p->styles ? p->styles : styles_xml);
    add(z, "xl/worksheets/s.xml", p->sheet);
    KT_ASSERT(zip_close(z) == 0);
    KT_ASSERT(zip_source_open(src) == 0 && zip_source_stat(src, &st) == 0);
    kt_buf_init(out, 0);
    KT_ASSERT(zip_source_read(src, kt_buf_reserve(out, st.size), st.size) == (zip_int64_t)st.size);
    out->n = st.size;
    zip_source_close(src);
    zip_source_free(src);
}

static int read_parts(const struct parts *p, struct kt_buf *out, struct kt_err *err)
{
    struct kt_buf file;
    make(p, &file);
    kt_buf_init(out, 0);
    int r = kt_xlsx_read((struct kt_str){file.p, file.n}, NULL, out, err);
    kt_buf_done(&file);
    return r;
}

#define CHECK_ROWS(p, want)                                                                        \
    do {                                                                                           \
        struct kt_buf out_;                                                                        \
        struct kt_err err_ = {0};                                                                  \
        CHECK_OK(read_parts((p), &out_, &err_), &err_);                                            \
        const char *rows_ = strstr(kt_buf_cstr(&out_), "\"rows\":");                               \
        CHECK_STR(rows_ ? rows_ : "", "\"rows\":" want "}");                                       \
        kt_buf_done(&out_);                                                                        \
    } while (0)
#define CHECK_BAD(p, want, word)                                                                   \
    do {                                                                                           \
        struct kt_buf out_;                                                                        \
        struct kt_err err_ = {0};                                                                  \
        CHECK_INT(read_parts((p), &out_, &err_), want);                                            \
        CHECK_INT(err_.code, want);                                                                \
        CHECK_INT(out_.n, 0);                                                                      \
        if (!strstr(err_.text, word)) {                                                            \
            CHECK_STR(err_.text, word);                                                            \
        }                                                                                          \
        kt_buf_done(&out_);                                                                        \
    } while (0)

static void texts_and_numbers(void)
{
    struct parts p = {
        .strings = "<sst><si><t>编号</t></si><si><r><t>回</t></r><r><t>风</t></r>"
                   "<rPh><t>huifeng</t></rPh></si><si><t>a_x000D__x000A_b_x41</t></si></sst>",
        .sheet = "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c>"
                 "<c r=\"C1\" t=\"inlineStr\"><is><t> 深 &amp; 度</t></is></c></row>"
                 "<row r=\"5\"><c t=\"s\"><v>1</v></c><c><v>0.30000000000000004</v></c>"
                 "<c><f>A1+1</f><v>12345678901</v></c><c t=\"b\"><v>1</v></c>"
                 "<c t=\"str\"><f>B1</f><v>abc</v></c><c t=\"e\"><v>#N/A</v></c>"
                 "<c t=\"s\"><v>2</v></c><c s=\"0\"/></row>"
                 "<row r=\"9\"><c r=\"B9\" s=\"1\"/></row></sheetData></worksheet>"};
    CHECK_ROWS(&p, "[[1,\"编号\",\"\",\" 深 & 度\"],"
                   "[5,\"回风\",\"0.30000000000000004\",\"12345678901\",\"true\",\"abc\",\"#N/A\","
                   "\"a\\nb_x41\"]]");
}

static void dates_by_style(void)
{
    struct parts p = {
        .sheet = "<x:worksheet xmlns:x=\"y\"><x:row><x:c s=\"1\"><x:v>46348</x:v></x:c>"
                 "<x:c s=\"2\"><x:v>46348.354166666664</x:v></x:c><x:c s=\"3\"><x:v>0.5</x:v></x:c>"
                 "<x:c s=\"4\"><x:v>46348.9</x:v></x:c><x:c s=\"0\"><x:v>46348</x:v></x:c>"
                 "<x:c s=\"99\"><x:v>1</x:v></x:c><x:c s=\"1\"><x:v>-3</x:v></x:c></x:row>"
                 "</x:worksheet>"};
    CHECK_ROWS(&p, "[[1,\"2026-11-22\",\"2026-11-22 08:30:00\",\"12:00:00\",\"2026-11-22\","
                   "\"46348\",\"1\",\"-3\"]]");
    p.book = "<workbook><workbookPr date1904=\"1\"/><sheets><sheet name=\"a\" id=\"r1\"/></sheets>"
             "</workbook>";
    p.sheet = "<worksheet><row><c s=\"1\"><v>44886</v></c></row></worksheet>";
    CHECK_ROWS(&p, "[[1,\"2026-11-22\"]]");
}

static void formats(void)
{
    static const struct {
        const char *code;
        enum style_kind kind;
    } t[] = {{"General", STYLE_PLAIN},
             {"0.00%", STYLE_PLAIN},
             {"#,##0.00\" yd\"", STYLE_PLAIN},
             {"[Red]0.0", STYLE_PLAIN},
             {"0.00E+00", STYLE_PLAIN},
             {"yyyy-mm-dd", STYLE_DATE},
             {"[$-804]yyyy\"年\"m\"月\"d\"日\"", STYLE_DATE},
             {"m/d/yy h:mm", STYLE_BOTH},
             {"[h]:mm:ss", STYLE_CLOCK},
             {"hh:mm", STYLE_CLOCK},
             {"mmm", STYLE_DATE},
             {"\\d0", STYLE_PLAIN},
             {"\"", STYLE_PLAIN},
             {"[", STYLE_PLAIN},
             {"\\", STYLE_PLAIN}};
    for (size_t i = 0; i < KT_ARRAY_LEN(t); i++) {
        if (style_of_format(t[i].code) != t[i].kind) {
            CHECK_STR(t[i].code, "another kind");
        }
    }
    char to[32];
    CHECK(serial_text(59, false, STYLE_DATE, to));
    CHECK_STR(to, "1900-02-28");
    CHECK(serial_text(61, false, STYLE_DATE, to));
    CHECK_STR(to, "1900-03-01");
    CHECK(!serial_text(-1, false, STYLE_DATE, to) && !serial_text(1e9, false, STYLE_DATE, to));
}

static void a_sheet_by_name(void)
{
    struct kt_buf file, out;
    struct kt_err err = {0};
    struct parts p = {.sheet = "<worksheet><row><c><v>7</v></c></row></worksheet>"};
    make(&p, &file);
    struct kt_str bytes = {file.p, file.n};
    kt_buf_init(&out, 0);
    CHECK_OK(kt_xlsx_read(bytes, "台账", &out, &err), &err);
    CHECK_STR(kt_buf_cstr(&out),
              "{\"sheet\":\"台账\",\"sheets\":[\"隐藏\",\"台账\"],\"rows\":[[1,\"7\"]]}");
    CHECK_INT(kt_xlsx_read(bytes, "没有", &out, &err), KT_ENOTFOUND);
    CHECK(strstr(err.text, "没有") != NULL);
    kt_buf_done(&out);
    kt_buf_done(&file);
}

static void hostile(void)
{
    struct parts p = {.sheet = "<!DOCTYPE a [<!ENTITY b \"bb\">]><worksheet>&b;</worksheet>"};
    CHECK_BAD(&p, KT_EPARSE, "document type");
    p.sheet = "<worksheet><row><c t=\"s\"><v>4</v></c></row></worksheet>";
    CHECK_BAD(&p, KT_EPARSE, "a text that is not there");
    p.sheet = "<worksheet><row><c r=\"ZZZ1\"><v>4</v></c></row></worksheet>";
    CHECK_BAD(&p, KT_ELIMIT, "beyond column");
    p.sheet = "<worksheet><row><c r=\"1A\"><v>4</v></c></row></worksheet>";
    CHECK_BAD(&p, KT_EPARSE, "without a place");
    p.sheet = "<worksheet><row>";
    CHECK_BAD(&p, KT_EPARSE, "line 1");
    p.sheet = NULL;
    CHECK_BAD(&p, KT_EPARSE, "no part xl/worksheets/s.xml");
    p.rels = "<Relationships/>";
    CHECK_BAD(&p, KT_EPARSE, "台账");
    p.rels = "<Relationships><Relationship Id=\"r1\" Type=\"x/worksheet\" Target=\"../../../../etc/"
             "passwd\"/></Relationships>";
    CHECK_BAD(&p, KT_EPARSE, "no part");
    p.book = "<workbook/>";
    CHECK_BAD(&p, KT_EPARSE, "no sheet");
}

static void no_workbook(void)
{
    static const char *const files[] = {"", "PK\3\4", "编号,名称\n",
                                        "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1xx"};
    for (size_t i = 0; i < KT_ARRAY_LEN(files); i++) {
        struct kt_buf out;
        struct kt_err err = {0};
        kt_buf_init(&out, 0);
        int r = kt_xlsx_read(kt_str_c(files[i]), NULL, &out, &err);
        CHECK(r == KT_EPARSE || r == KT_EUNSUPPORTED);
        CHECK(strstr(err.text, "save") != NULL); /* the way out */
        kt_buf_done(&out);
    }
}

/* A megabyte of zip that would be hundreds unpacked, and more rows than anybody reads. */
static void bombs(void)
{
    struct kt_buf b;
    kt_buf_init(&b, 0);
    kt_buf_puts(&b, "<worksheet>");
    memset(kt_buf_reserve(&b, 60 << 20), ' ', 60 << 20);
    b.n += 60 << 20;
    kt_buf_puts(&b, "</worksheet>");
    struct parts p = {.sheet = kt_buf_cstr(&b)};
    CHECK_BAD(&p, KT_ELIMIT, "too large");
    kt_buf_clear(&b);
    kt_buf_puts(&b, "<worksheet>");
    for (int i = 0; i <= KT_XLSX_ROWS_MAX; i++) {
        kt_buf_printf(&b, "<row><c><v>%d</v></c></row>", i);
    }
    kt_buf_puts(&b, "</worksheet>");
    p.sheet = kt_buf_cstr(&b);
    CHECK_BAD(&p, KT_ELIMIT, "more than 100000 rows");
    kt_buf_clear(&b);
    kt_buf_puts(&b, "<worksheet><row><c t=\"str\"><v>");
    for (int i = 0; i < 200000; i++) {
        kt_buf_printf(&b, "%d", i);
    }
    kt_buf_puts(&b, "</v></c></row></worksheet>");
    p.sheet = kt_buf_cstr(&b);
    CHECK_BAD(&p, KT_ELIMIT, "more than 32767 characters");
    kt_buf_done(&b);
}

/* What our own writer makes reads as it was written. */
static void reads_what_we_write(void)
{
    static const struct kt_report_column columns[] = {{"编号", 1, false}, {"深度", 1, true}};
    struct kt_report *r = kt_report_new("表", columns, 2);
    struct kt_buf file, out;
    struct kt_err err = {0};
    kt_report_cell(r, "A-1 <回风> & \"x\"");
    kt_report_num(r, 12.5, 2);
    kt_buf_init(&file, 0);
    kt_buf_init(&out, 0);
    CHECK_OK(kt_report_xlsx(r, &file, &err), &err);
    CHECK_OK(kt_xlsx_read((struct kt_str){file.p, file.n}, NULL, &out, &err), &err);
    CHECK_STR(
        strstr(kt_buf_cstr(&out), "\"rows\":"),
        "\"rows\":[[1,\"表\"],[2,\"编号\",\"深度\"],[3,\"A-1 <回风> & \\\"x\\\"\",\"12.5\"]]}");
    CHECK_STR(kt_file_kind((struct kt_str){file.p, file.n}), "xlsx");
    kt_buf_done(&file);
    kt_buf_done(&out);
    kt_report_free(r);
}

static void fill_sheet(struct kt_sheet *s)
{
    static const char *const cells[] = {
        "A-1", "12.5",       "2026-11-22", "2026-11-22 08:30:01", "重大", "=1+1",
        "",    "1850-01-01", "later",      "一般, \"x\"\nzwei"};
    for (size_t i = 0; i < KT_ARRAY_LEN(cells); i++) {
        kt_sheet_cell(s, kt_str_c(cells[i]));
    }
}

/* Typed columns with choices and help, as xlsx and as CSV. */
static void sheets(void)
{
    static const char *const levels[] = {"重大", "一般, \"x\"\nzwei"};
    static const struct kt_sheet_column columns[] = {
        {"编号", "留空则自动编号", 0, KT_CELL_TEXT, NULL, 0},
        {"深度", NULL, 0, KT_CELL_NUMBER, NULL, 0},
        {"日期", NULL, 0, KT_CELL_DATE, NULL, 0},
        {"时刻", NULL, 0, KT_CELL_TIME, NULL, 0},
        {"等级", NULL, 0, KT_CELL_TEXT, levels, 2}};
    struct kt_sheet *s;
    struct kt_buf file, out;
    int fd = -1;
    uint64_t size = 0;
    struct kt_err err = {0};
    kt_buf_init(&file, 0);
    kt_buf_init(&out, 0);
    CHECK_OK(kt_sheet_new(true, "隐患/台账", columns, 5, &s, &err), &err);
    fill_sheet(s);
    CHECK_OK(kt_sheet_end(s, &fd, &size, &err), &err);
    CHECK_OK(kt_spool_read(fd, 1 << 20, &file, &err), &err);
    CHECK_INT(file.n, size);
    CHECK_OK(kt_xlsx_read((struct kt_str){file.p, file.n}, NULL, &out, &err), &err);
    CHECK_STR(kt_buf_cstr(&out),
              "{\"sheet\":\"隐患-台账\",\"sheets\":[\"隐患-台账\",\"_lists\"],\"rows\":["
              "[1,\"编号\",\"深度\",\"日期\",\"时刻\",\"等级\"],"
              "[2,\"A-1\",\"12.5\",\"2026-11-22\",\"2026-11-22 08:30:01\",\"重大\"],"
              "[3,\"=1+1\",\"\",\"1850-01-01\",\"later\",\"一般, \\\"x\\\"\\nzwei\"]]}");
    kt_buf_clear(&out);
    CHECK_OK(kt_sheet_new(false, "", columns, 5, &s, &err), &err);
    fill_sheet(s);
    CHECK_OK(kt_sheet_end(s, &fd, &size, &err), &err);
    CHECK_OK(kt_spool_read(fd, 1 << 20, &out, &err), &err);
    CHECK_STR(kt_buf_cstr(&out),
              "\xef\xbb\xbf\"编号\",\"深度\",\"日期\",\"时刻\",\"等级\"\r\n"
              "\"A-1\",\"12.5\",\"2026-11-22\",\"2026-11-22 08:30:01\",\"重大\"\r\n"
              "\"'=1+1\",,\"1850-01-01\",\"later\",\"一般, \"\"x\"\"\nzwei\"\r\n");
    kt_buf_done(&file);
    kt_buf_done(&out);
}

static void kinds_by_bytes(void)
{
    static const struct {
        struct kt_str bytes;
        const char *kind;
    } t[] = {{KT_STR("%PDF-1.7\n"), "pdf"},
             {KT_STR("\xff\xd8\xff\xe0"), "jpg"},
             {KT_STR("\x89PNG\r\n\x1a\n"), "png"},
             {KT_STR("PK\3\4....word/document.xml"), "docx"},
             {KT_STR("PK\3\4.........."), "zip"},
             {KT_STR("<svg onload=\"alert(1)\"/>"), "txt"},
             {KT_STR("编号,名称\n"), "txt"},
             {KT_STR("\x7f"
                     "ELF\2\1\1"),
              NULL},
             {KT_STR("MZ\x90\0\3"), NULL},
             {KT_STR(""), NULL}};
    for (size_t i = 0; i < KT_ARRAY_LEN(t); i++) {
        const char *kind = kt_file_kind(t[i].bytes);
        CHECK_STR(kind ? kind : "none", t[i].kind ? t[i].kind : "none");
    }
    CHECK_STR(kt_file_type("exe"), "application/octet-stream");
}

static void pictures(void)
{
    struct kt_buf out;
    struct kt_err err = {0};
    kt_buf_init(&out, 0);
    CHECK_INT(kt_image_read(KT_STR("GIF89a"), 100, &out, &err), KT_EUNSUPPORTED);
    CHECK_INT(kt_image_read(KT_STR("\xff\xd8\xff\xe0"), 100, &out, &err), KT_EPARSE);
    CHECK_INT(kt_image_read(KT_STR("\x89PNG\r\n\x1a\n"), 100, &out, &err), KT_EPARSE);
    CHECK_INT(kt_image_read(KT_STR("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\1\0\0\0\1\0\0\10\6\0\0\0....."),
                            100, &out, &err),
              KT_ELIMIT); /* 65536 × 65536 */
    CHECK_INT(out.n, 0);
    kt_buf_done(&out);
}

UNIT_MAIN({"texts, numbers, formulas", texts_and_numbers}, {"dates by style", dates_by_style},
          {"formats of dates", formats}, {"a sheet by its name", a_sheet_by_name},
          {"hostile workbooks", hostile}, {"no workbook at all", no_workbook}, {"bombs", bombs},
          {"what we write", reads_what_we_write}, {"typed sheets", sheets},
          {"kinds by bytes", kinds_by_bytes}, {"bad pictures", pictures})
