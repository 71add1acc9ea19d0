/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_LINK_MINEFILE_FORMAT_H
#define KT_LINK_MINEFILE_FORMAT_H
/*
 * format: the text of a mine file, without I/O. Layout as implementers of the provincial interfaces
 * have it (docs/internals: standards 5.1): NAME is {mine code}_{TYPE}_{yyyyMMddHHmmss}.txt; content
 * is a head record, data records, an end mark. Separators, end mark and encoding are the dialect's.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/sample.h"

struct minefile_dialect {
    const char *field, *record_end, *file_end; /* ";" "~" "||" */
    int utc_offset_s;
};

struct minefile_name {
    char mine[24], type[12];
    kt_time time;
};

struct minefile {
    struct kt_str mine, title; /* head */
    kt_time time;
    struct kt_str **records; /* fields of each */
    uint32_t *fields_n;
    uint32_t n;
};

/** @return KT_OK or KT_EPARSE */
KT_MUST_CHECK int minefile_parse_name(const char *name, int utc_offset_s,
                                      struct minefile_name *ret);
/**
 * Split a text; fields are borrowed from it, tables are in the arena.
 * @return KT_OK; KT_EBUSY the end mark is missing (not all written yet); KT_EPARSE no head;
 *         KT_ELIMIT
 */
KT_MUST_CHECK int minefile_parse(struct kt_arena *arena, struct kt_str text,
                                 const struct minefile_dialect *d, struct minefile *ret,
                                 struct kt_err *err);

/* A record of real-time values (CDSS, 7 fields: id; type; place; value; unit; status; time). */
struct minefile_value {
    struct kt_str id;
    double value;
    unsigned status;
    kt_time time;
};
KT_MUST_CHECK int minefile_value(const struct kt_str *fields, uint32_t n, int utc_offset_s,
                                 struct minefile_value *ret);
kt_quality minefile_quality(unsigned status);
unsigned minefile_status(kt_quality q, bool alarm, bool cut);

/** Text of one field: separators and line ends become blanks. */
void minefile_put_field(struct kt_buf *out, const struct minefile_dialect *d, const char *text,
                        bool last);
void minefile_put_head(struct kt_buf *out, const struct minefile_dialect *d, const char *mine,
                       const char *title, kt_time t);
void minefile_put_end(struct kt_buf *out, const struct minefile_dialect *d);
/** Bytes of a text in GBK to UTF-8 (or the other way round). KT_EPARSE */
KT_MUST_CHECK int minefile_convert(const char *from, const char *to, struct kt_str in,
                                   struct kt_buf *out);
/** A folder that a program of the same group empties: made with mode 0750 whatever the umask. */
KT_MUST_CHECK int minefile_folder(const char *path, struct kt_err *err);
#endif
