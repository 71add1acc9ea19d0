/* SPDX-License-Identifier: Apache-2.0 */
/* Which cell formats show a date or a clock: ECMA-376 part 1, 18.8.30 (numFmt). */
#include <stdlib.h>

#include "report/xlsx_in.h"

struct styles {
    bool in_cells; /* inside cellXfs */
    int formats_n;
    struct {
        uint32_t id;
        enum style_kind kind;
    } formats[4096];
};

static const char *skip_quoted(const char *p)
{
    const char *end = *p == '\\' || *p == '_' || *p == '*' ? (p[1] ? p + 1 : p)
                      : *p == '"'                          ? strchr(p + 1, '"')
                                                           : strchr(p + 1, ']');
    return end ? end : p;
}

/* "[h]:mm" is a span of time and reads as a clock; other brackets are colours and languages. */
static bool is_span(const char *p)
{
    return (p[1] == 'h' || p[1] == 'm' || p[1] == 's' || p[1] == 'H') &&
           (p[2] == ']' || p[3] == ']');
}

enum style_kind style_of_format(const char *code)
{
    bool day = false, clock = false, month = false;
    if (strncmp(code, "General", 7) == 0) {
        return STYLE_PLAIN;
    }
    for (const char *p = code; *p && *p != ';'; p++) {
        if (strchr("\\_*\"", *p) || (*p == '[' && !is_span(p))) {
            p = skip_quoted(p);
            continue;
        }
        day |= *p == 'y' || *p == 'd' || *p == 'Y' || *p == 'D';
        clock |= *p == 'h' || *p == 's' || *p == 'H' || *p == 'S';
        month |= *p == 'm' || *p == 'M';
    }
    day |= month && !clock;
    return day && clock ? STYLE_BOTH : day ? STYLE_DATE : clock ? STYLE_CLOCK : STYLE_PLAIN;
}

/* The formats that have a number and no text; 27 to 36 and 50 to 58 are those of Chinese programs.
 */
static enum style_kind built_in(uint32_t id)
{
    if (id == 22) {
        return STYLE_BOTH;
    }
    if ((id >= 14 && id <= 17) || (id >= 27 && id <= 31) || id == 36 || (id >= 50 && id <= 54) ||
        id == 57 || id == 58) {
        return STYLE_DATE;
    }
    bool clock = (id >= 18 && id <= 21) || (id >= 32 && id <= 35) || (id >= 45 && id <= 47) ||
                 id == 55 || id == 56;
    return clock ? STYLE_CLOCK : STYLE_PLAIN;
}

static enum style_kind kind_of_id(const struct styles *s, uint32_t id)
{
    for (int i = 0; i < s->formats_n; i++) {
        if (s->formats[i].id == id) {
            return s->formats[i].kind;
        }
    }
    return built_in(id);
}

static void add_kind(struct part *p, enum style_kind kind)
{
    struct book *b = p->b;
    if (b->kinds_n == XLSX_STYLES_MAX) {
        part_fail(p, KT_ELIMIT, "the workbook has more than %d cell formats", XLSX_STYLES_MAX);
        return;
    }
    if (b->kinds_n == b->kinds_cap) {
        b->kinds_cap = b->kinds_cap ? b->kinds_cap * 2 : 256;
        b->kinds = realloc(b->kinds, b->kinds_cap);
        KT_ASSERT(b->kinds);
    }
    b->kinds[b->kinds_n++] = (uint8_t)kind;
}

static uint32_t number_attr(const char **attrs, const char *name)
{
    const char *text = xml_attr(attrs, name);
    return text ? (uint32_t)strtoul(text, NULL, 10) : 0;
}

static void XMLCALL on_start(void *data, const char *name, const char **attrs)
{
    struct part *p = data;
    struct styles *s = p->arg;
    const char *local = xml_local(name);
    if (strcmp(local, "numFmt") == 0 && s->formats_n < (int)KT_ARRAY_LEN(s->formats)) {
        const char *code = xml_attr(attrs, "formatCode");
        s->formats[s->formats_n].id = number_attr(attrs, "numFmtId");
        s->formats[s->formats_n++].kind = style_of_format(code ? code : "");
    } else if (strcmp(local, "cellXfs") == 0) {
        s->in_cells = true;
    } else if (s->in_cells && strcmp(local, "xf") == 0) {
        add_kind(p, kind_of_id(s, number_attr(attrs, "numFmtId")));
    }
}

static void XMLCALL on_end(void *data, const char *name)
{
    struct part *p = data;
    struct styles *s = p->arg;
    if (strcmp(xml_local(name), "cellXfs") == 0) {
        s->in_cells = false;
    }
}

int styles_read(struct book *b, struct kt_err *err)
{
    struct styles *s = calloc(1, sizeof(*s));
    KT_ASSERT(s);
    int r = part_read(b, b->styles, on_start, on_end, NULL, s, err);
    free(s);
    return r;
}

enum style_kind style_kind_of(const struct book *b, uint32_t xf)
{
    return xf < b->kinds_n ? (enum style_kind)b->kinds[xf] : STYLE_PLAIN;
}
