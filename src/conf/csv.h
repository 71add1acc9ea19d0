/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_CONF_CSV_H
#define KT_CONF_CSV_H
/*
 * csv: a table of text with a header line, whose fields know their line and column.
 *
 * UTF-8 with or without BOM; bytes that are not UTF-8 are read as GBK. Comma separated (or by
 * semicolons, or tabs, where the header line has them and no comma), LF or CRLF,
 * fields may be quoted with "" for a quote and may then hold commas and line ends. Blank around an
 * unquoted field is dropped. Lines without any text are skipped. A short row has empty fields at
 * its end; a row longer than the header is an error. The same column name twice is an error.
 *
 * Fields point into one buffer in the arena. Reading a column by name marks it as used, so that
 * kt_csv_unknown() reports the others.   Threads: one at a time.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "conf/problem.h"

enum { KT_CSV_MAX_BYTES = 256 << 20, KT_CSV_MAX_COLUMNS = 256, KT_CSV_MAX_ROWS = 4 << 20 };

struct kt_csv;

/**
 * @param file name for messages; copied
 * @return KT_OK; KT_EPARSE with line and column; KT_ELIMIT too large
 */
KT_MUST_CHECK int kt_csv_parse(struct kt_arena *arena, struct kt_str bytes, const char *file,
                               struct kt_csv **ret, struct kt_err *err);
/** As kt_csv_parse() for a file on disk. */
KT_MUST_CHECK int kt_csv_read(struct kt_arena *arena, const char *path, const char *file,
                              struct kt_csv **ret, struct kt_err *err);

const char *kt_csv_file(const struct kt_csv *c); /**< name for messages */
uint32_t kt_csv_rows(const struct kt_csv *c);    /**< without the header */
uint32_t kt_csv_columns(const struct kt_csv *c);
struct kt_str kt_csv_name(const struct kt_csv *c, uint32_t column);
/** Index of a column, marked as used; -1 when there is none. `name` lives as long as the table. */
int kt_csv_column(struct kt_csv *c, const char *name);
/** A field's text; empty for column -1. Not terminated: kt_csv_dup() copies. */
struct kt_str kt_csv_get(const struct kt_csv *c, uint32_t row, int column);
const char *kt_csv_dup(const struct kt_csv *c, uint32_t row, int column, struct kt_arena *arena);
void kt_csv_at(const struct kt_csv *c, uint32_t row, int column, int *ret_line, int *ret_col);

/** Report a mistake at a field (column -1: at the row). */
void kt_csv_problem(const struct kt_csv *c, uint32_t row, int column, struct kt_problems *p,
                    const char *fmt, ...) KT_PRINTF(5, 6);
/** A number with a dot; true with *ret when the field holds one; an empty field is false and no
 *  mistake. */
bool kt_csv_num(const struct kt_csv *c, uint32_t row, int column, struct kt_problems *p,
                double *ret);
bool kt_csv_int(const struct kt_csv *c, uint32_t row, int column, int64_t lo, int64_t hi,
                struct kt_problems *p, int64_t *ret);
/** Report the columns that nobody has asked for. */
void kt_csv_unknown(const struct kt_csv *c, struct kt_problems *p);
#endif
