/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_CONF_ARFF_H
#define KT_CONF_ARFF_H
/*
 * arff: a table of numbers as data-mining programs write it: lines @ATTRIBUTE NAME KIND, then @DATA
 * and a row a line. `%` begins a comment line; a `?` is a missing value.
 *
 * Attributes of the kinds real, numeric and integer are numbers; those of every other kind (dates,
 * words) keep their column and read as missing. Names and values may stand in ' or ". Rows in
 * braces (sparse) are not read.
 *
 * The text is borrowed and read in one pass, as many rows as are asked for.
 * Threads: one at a time.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"

enum { KT_ARFF_MAX_COLUMNS = 256 };

struct kt_arff;

/**
 * Read the header.
 *
 * @param file  name for messages; copied
 * @return KT_OK; KT_EPARSE with line and column; KT_ELIMIT more attributes than
 *         KT_ARFF_MAX_COLUMNS
 */
KT_MUST_CHECK int kt_arff_open(struct kt_arena *arena, struct kt_str text, const char *file,
                               struct kt_arff **ret, struct kt_err *err);
uint32_t kt_arff_columns(const struct kt_arff *a);
struct kt_str kt_arff_name(const struct kt_arff *a, uint32_t column); /**< without its quotes */
/** Column of a name, whatever the case of its letters; -1 when there is none. */
int kt_arff_column(const struct kt_arff *a, const char *name);
/**
 * The next row: kt_arff_columns() values, NAN where one is missing.
 *
 * @return 1 a row; 0 the end, nothing written; KT_EPARSE a row that is not as the header says, with
 *         its line and column: what could be read of it is in ret, NAN the rest, and the next call
 *         goes on behind it
 */
KT_MUST_CHECK int kt_arff_next(struct kt_arff *a, double *ret, struct kt_err *err);
#endif
