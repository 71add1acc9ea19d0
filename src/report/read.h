/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_REPORT_READ_H
#define KT_REPORT_READ_H
/*
 * read: what outside files hold: workbooks and pictures. The parsers are pure functions over bytes;
 * the program calls them through kt_parse() alone, which runs them in a child process without
 * rights (`kuangtu parse`), so that a file that breaks one breaks nothing else.
 *
 * Threads: any.
 */
#include "base/buf.h"
#include "base/task.h"

enum {
    KT_XLSX_BYTES_MAX = 64 << 20, /* of the file */
    KT_XLSX_ROWS_MAX = 100000,
    KT_XLSX_COLUMNS_MAX = 256,
    KT_IMAGE_BYTES_MAX = 64 << 20,
    KT_IMAGE_PIXELS_MAX = 100 << 20,
    KT_THUMB_SIDE = 320,  /* pixels of the longer side */
    KT_PRINT_SIDE = 1200, /* the same of a picture in a document */
};

/**
 * The rows of one sheet as JSON:
 * {"sheet": its name, "sheets": [all names], "rows": [[row number from 1, text, …], …]}.
 * Rows without any text are left out, empty cells at a row's end too. A number is its shortest
 * decimal, a formula its stored value; a cell whose style is a date reads "2026-11-22",
 * "2026-11-22 08:30:00" or "08:30:00"; booleans are "true" and "false".
 *
 * @param sheet  its name, or NULL for the first that is not hidden
 * @return KT_OK; KT_EPARSE no workbook, or a damaged one; KT_ELIMIT too large, or grows too large
 *         when unpacked; KT_ENOTFOUND there is no such sheet; KT_EUNSUPPORTED locked by a password
 */
KT_MUST_CHECK int kt_xlsx_read(struct kt_str file, const char *sheet, struct kt_buf *out,
                               struct kt_err *err);
/** The same; `step` is called for each hundredth of what there is to unpack, may be NULL. */
KT_MUST_CHECK int kt_xlsx_read_told(struct kt_str file, const char *sheet, void (*step)(void),
                                    struct kt_buf *out, struct kt_err *err);

/**
 * What a JPEG or PNG says of itself, as JSON: {"type", "width", "height" (as it is looked at),
 * "taken" ("2026-11-22T08:30:00" as the camera's clock had it), "lon", "lat" (degrees, WGS 84),
 * "thumb" (JPEG, base64; its longer side has at most `side` pixels)}. What is not known is not
 * there.
 * @return KT_OK; KT_EUNSUPPORTED neither JPEG nor PNG; KT_EPARSE damaged; KT_ELIMIT too many pixels
 */
KT_MUST_CHECK int kt_image_read(struct kt_str file, int side, struct kt_buf *out,
                                struct kt_err *err);

/** The kind of a file by its bytes, never its name: "pdf", "xlsx", "jpg" …; NULL when unknown. */
const char *kt_file_kind(struct kt_str file);
/** Content-Type of a kind; "application/octet-stream" for an unknown one. */
const char *kt_file_type(const char *kind);

/**
 * Run one of the parsers over `bytes` in a child process with limits on memory, time and system
 * calls, and collect its JSON.
 * @param what   "xlsx" or "image"
 * @param part   of an xlsx: name of the sheet; of an image: pixels of the small picture; may be
 * NULL
 * @param task   how far it is, and whether to stop (the child is killed); may be NULL
 * @return as the parser; KT_ELIMIT the file asked for more than a reader may have; KT_ESTATE
 * stopped
 */
KT_MUST_CHECK int kt_parse(const char *what, struct kt_str bytes, const char *part,
                           struct kt_task *task, struct kt_buf *out, struct kt_err *err);
/** The child's side: `kuangtu parse WHAT FILE [PART] [--steps]`. Gives up all rights, writes one
 * JSON value (the parser's, or {"error": {"code", "text"}}) to standard output; an exit code. */
int kt_parse_main(const char *what, const char *file, const char *part, bool steps);
#endif
