/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds of files by their first bytes. Of zips, the names of their entries tell what they are. */
#include "report/read.h"

static const struct {
    const char *kind, *type;
} types[] = {
    {"pdf", "application/pdf"},
    {"jpg", "image/jpeg"},
    {"png", "image/png"},
    {"gif", "image/gif"},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    {"zip", "application/zip"},
    {"xls", "application/vnd.ms-office"},
    {"dwg", "application/acad"},
    {"mp4", "video/mp4"},
    {"wav", "audio/wav"},
    {"webm", "video/webm"},
    {"ogg", "audio/ogg"},
    {"txt", "text/plain; charset=utf-8"},
};

static const struct {
    uint8_t at, n;
    const char *bytes, *kind;
} heads[] = {
    {0, 5, "%PDF-", "pdf"},
    {0, 3, "\xff\xd8\xff", "jpg"},
    {0, 8, "\x89PNG\r\n\x1a\n", "png"},
    {0, 4, "GIF8", "gif"},
    {0, 8, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xls"},
    {0, 4, "AC10", "dwg"},
    {4, 4, "ftyp", "mp4"},
    {8, 4, "WAVE", "wav"},
    {0, 4, "\x1a\x45\xdf\xa3", "webm"},
    {0, 4, "OggS", "ogg"},
};

static const char *zip_kind(struct kt_str f)
{
    return memmem(f.p, f.n, "xl/workbook.", 12)        ? "xlsx"
           : memmem(f.p, f.n, "word/document.", 14)    ? "docx"
           : memmem(f.p, f.n, "ppt/presentation.", 17) ? "pptx"
                                                       : "zip";
}

/* Text has no control characters but the usual ones. */
static bool is_text(struct kt_str f)
{
    size_t n = f.n < 65536 ? f.n : 65536;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)f.p[i];
        if (c == 0x7f || (c < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f')) {
            return false;
        }
    }
    return n > 0;
}

const char *kt_file_kind(struct kt_str file)
{
    for (size_t i = 0; i < KT_ARRAY_LEN(heads); i++) {
        if (file.n >= (size_t)heads[i].at + heads[i].n &&
            memcmp(file.p + heads[i].at, heads[i].bytes, heads[i].n) == 0) {
            return heads[i].kind;
        }
    }
    if (file.n >= 4 && memcmp(file.p, "PK\3\4", 4) == 0) {
        return zip_kind(file);
    }
    return is_text(file) ? "txt" : NULL;
}

const char *kt_file_type(const char *kind)
{
    for (size_t i = 0; kind && i < KT_ARRAY_LEN(types); i++) {
        if (strcmp(types[i].kind, kind) == 0) {
            return types[i].type;
        }
    }
    return "application/octet-stream";
}
