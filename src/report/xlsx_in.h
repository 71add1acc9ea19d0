/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_REPORT_XLSX_IN_H
#define KT_REPORT_XLSX_IN_H
/*
 * xlsx_in: private to the reading of workbooks: a zip in memory whose parts are streamed through
 * an XML parser, with ceilings on everything that a file could make grow.
 */
#include <expat.h>
#include <zip.h>

#include "base/arena.h"
#include "report/read.h"

enum {
    XLSX_PART_MAX = 400 << 20, /* unpacked bytes of one part */
    XLSX_FREE = 16 << 20,      /* up to here the ratio is nobody's business */
    XLSX_RATIO_MAX = 200,      /* unpacked bytes for each packed one beyond that */
    XLSX_SHEETS_MAX = 256,
    XLSX_STRINGS_MAX = 4 << 20,
    XLSX_STYLES_MAX = 65536,
    XLSX_TEXT_MAX = 32767, /* characters of a cell, as the format has it; bytes: four times */
    XLSX_OUT_MAX = 256 << 20,
};

enum style_kind { STYLE_PLAIN, STYLE_DATE, STYLE_CLOCK, STYLE_BOTH };

struct sheet {
    const char *name, *rel;
    bool hidden;
};

struct book {
    zip_t *zip;
    struct kt_arena *arena; /* names, of which there are few */
    bool date1904;
    struct sheet sheets[XLSX_SHEETS_MAX];
    uint32_t sheets_n;
    const char *workbook, *strings, *styles, *sheet; /* parts */
    const char *want_rel;                            /* id of the wanted sheet */
    struct kt_buf text;                              /* shared strings, one after the other */
    size_t *ends;                                    /* where each ends in text */
    uint32_t strings_n, strings_cap;
    void (*step)(void); /* a hundredth more is unpacked; NULL: nobody listens */
    uint64_t unpacked, to_unpack;
    uint32_t steps; /* told so far */
    uint8_t *kinds; /* enum style_kind of each cell format */
    uint32_t kinds_n, kinds_cap;
};

/* One part on its way through the parser. Handlers get it as their user data. */
struct part {
    struct book *b;
    XML_Parser xml;
    struct kt_err *err;
    int code;  /* 0 until something is wrong */
    void *arg; /* of the part's own handlers */
};

/** Stop the parser with a reason; the first one counts. */
void part_fail(struct part *p, int code, const char *fmt, ...) KT_PRINTF(3, 4);
/** Name without the prefix of its namespace. */
const char *xml_local(const char *name);
/** Value of an attribute by its local name; NULL: none. */
const char *xml_attr(const char **attrs, const char *name);
/** The entry has this name, in any case; KT_ENOTFOUND. */
KT_MUST_CHECK int part_read(struct book *b, const char *name, XML_StartElementHandler start,
                            XML_EndElementHandler end, XML_CharacterDataHandler text, void *arg,
                            struct kt_err *err);

/* xlsx_styles.c */
KT_MUST_CHECK int styles_read(struct book *b, struct kt_err *err);
enum style_kind style_kind_of(const struct book *b, uint32_t xf);
/** Is this number format a date's or a clock's? */
enum style_kind style_of_format(const char *code);

/* xlsx_sheet.c */
KT_MUST_CHECK int sheet_read(struct book *b, struct kt_buf *out, struct kt_err *err);
/** A serial day of a workbook as text; false when it is no day of ours. */
bool serial_text(double serial, bool date1904, enum style_kind kind, char to[32]);
#endif
