/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of the zip through the XML parser. A document type is refused, so no entity can grow. */
#include <stdarg.h>
#include <stdio.h>

#include "report/xlsx_in.h"

void part_fail(struct part *p, int code, const char *fmt, ...)
{
    char text[300];
    va_list ap;
    if (p->code) {
        return;
    }
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    p->code = kt_err_set(p->err, code, "%s", text);
    XML_StopParser(p->xml, XML_FALSE);
}

const char *xml_local(const char *name)
{
    const char *colon = strrchr(name, ':');
    return colon ? colon + 1 : name;
}

const char *xml_attr(const char **attrs, const char *name)
{
    for (; *attrs; attrs += 2) {
        if (strcmp(xml_local(attrs[0]), name) == 0) {
            return attrs[1];
        }
    }
    return NULL;
}

static void on_doctype(void *data, const char *name, const char *sysid, const char *pubid,
                       int internal)
{
    (void)name, (void)sysid, (void)pubid, (void)internal;
    part_fail(data, KT_EPARSE, "the workbook declares a document type, which no workbook needs");
}

static bool grows(zip_uint64_t packed, zip_uint64_t size)
{
    return size > XLSX_PART_MAX ||
           (size > XLSX_FREE && size / XLSX_RATIO_MAX > (packed ? packed : 1));
}

/* What entries say of their sizes may be a lie; it is no more than a figure to look at. */
static void tell(struct book *b, uint64_t n)
{
    b->unpacked += n;
    while (b->step && b->to_unpack && b->steps < 100 &&
           b->steps < b->unpacked / (b->to_unpack / 100 + 1)) {
        b->step();
        b->steps++;
    }
}

static void feed(struct part *p, zip_file_t *f, const zip_stat_t *st)
{
    zip_uint64_t total = 0;
    for (;;) {
        void *room = XML_GetBuffer(p->xml, 65536);
        zip_int64_t n = room ? zip_fread(f, room, 65536) : -1;
        if (n < 0) {
            part_fail(p, KT_EPARSE, "the workbook is damaged: %s cannot be unpacked", st->name);
            return;
        }
        total += (zip_uint64_t)n;
        tell(p->b, (uint64_t)n);
        if (grows(st->comp_size, total)) { /* what the entry says of its size may be a lie */
            part_fail(p, KT_ELIMIT, "the workbook grows too large when it is unpacked");
            return;
        }
        if (XML_ParseBuffer(p->xml, (int)n, n == 0) != XML_STATUS_OK) {
            part_fail(p, KT_EPARSE, "the workbook is damaged: %s, line %lu: %s", st->name,
                      (unsigned long)XML_GetCurrentLineNumber(p->xml),
                      XML_ErrorString(XML_GetErrorCode(p->xml)));
            return;
        }
        if (n == 0 || p->code) {
            return;
        }
    }
}

int part_read(struct book *b, const char *name, XML_StartElementHandler start,
              XML_EndElementHandler end, XML_CharacterDataHandler text, void *arg,
              struct kt_err *err)
{
    zip_stat_t st;
    struct part p = {.b = b, .err = err, .arg = arg};
    zip_int64_t at = zip_name_locate(b->zip, name, ZIP_FL_NOCASE);
    if (at < 0 || zip_stat_index(b->zip, (zip_uint64_t)at, 0, &st) != 0) {
        return kt_err_set(err, KT_ENOTFOUND, "the workbook has no part %s", name);
    }
    if ((st.valid & ZIP_STAT_ENCRYPTION_METHOD) && st.encryption_method != ZIP_EM_NONE) {
        return kt_err_set(err, KT_EUNSUPPORTED,
                          "the workbook is locked by a password; save it without one");
    }
    if (grows(st.comp_size, st.size)) {
        return kt_err_set(err, KT_ELIMIT, "the workbook grows too large when it is unpacked");
    }
    zip_file_t *f = zip_fopen_index(b->zip, (zip_uint64_t)at, 0);
    p.xml = f ? XML_ParserCreate(NULL) : NULL;
    if (!p.xml) {
        if (f) {
            zip_fclose(f);
        }
        return kt_err_set(err, KT_EPARSE, "the workbook is damaged: %s cannot be unpacked", name);
    }
    XML_SetUserData(p.xml, &p);
    XML_SetElementHandler(p.xml, start, end);
    XML_SetCharacterDataHandler(p.xml, text);
    XML_SetStartDoctypeDeclHandler(p.xml, on_doctype);
    feed(&p, f, &st);
    XML_ParserFree(p.xml);
    zip_fclose(f);
    return p.code;
}
