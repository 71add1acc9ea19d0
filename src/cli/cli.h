/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_CLI_CLI_H
#define KT_CLI_CLI_H
/*
 * cli: the one program, `kuangtu VERB …`. Each verb is a row of the table in main.c and a function
 * in a file of its own.
 *
 * Exit codes: 0 done; 1 failed; 2 wrong words on the command line; 3 the site (or data) has errors.
 * Threads: main thread.
 */
#include <stdbool.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/time.h"

enum { KT_EXIT_OK, KT_EXIT_FAILED, KT_EXIT_USAGE, KT_EXIT_INVALID };
enum kt_format { KT_FORMAT_TABLE, KT_FORMAT_CSV, KT_FORMAT_JSON };

/* One option a verb takes; `arg` NULL for a flag. Every verb takes --help and --format as well. */
struct kt_option {
    const char *name, *arg, *text;
};

struct kt_args {
    const struct kt_verb *verb;
    const char *pos[16]; /* positional words */
    int pos_n;
    const char *value[24]; /* by option index; flags: "" when given */
    enum kt_format format;
    char **argv; /* as the program was called */
};

struct kt_verb {
    const char *name, *usage, *summary;
    const char *help;                /* a page: what it does, examples */
    const struct kt_option *options; /* ended by a NULL name */
    int (*run)(const struct kt_args *args);
};

/* Every verb, in the order of help; each is kt_verb_NAME in a file of its own. */
// clang-format off
#define KT_VERBS(X) \
    X(init) \
    X(check) \
    X(serve) \
    X(reload) \
    X(show) \
    X(import) \
    X(query) \
    X(records) \
    X(replay) \
    X(backtest) \
    X(verify) \
    X(backup) \
    X(restore) \
    X(cluster) \
    X(user) \
    X(cert) \
    X(parse) \
    X(pack) \
    X(gas) \
    X(green) \
    X(subside) \
    X(vent)
// clang-format on
#define X(name) extern const struct kt_verb kt_verb_##name;
KT_VERBS(X)
#undef X

/** The manual page of all verbs, as roff, on standard output. */
void kt_print_man(const struct kt_verb *const *verbs, size_t n, const char *version);
/** Value of an option; NULL when it was not given ("" for a flag that was). */
const char *kt_arg(const struct kt_args *a, const char *name);
/** Print usage and what is wrong; returns KT_EXIT_USAGE. */
int kt_usage(const struct kt_args *a, const char *fmt, ...) KT_PRINTF(2, 3);
/** Print "kuangtu VERB: text" to standard error; returns the exit code that fits err->code. */
int kt_fail(const struct kt_args *a, const struct kt_err *err);

/* local.c: what people read is Chinese in a Chinese locale, where a row of words.h knows it; CSV
 * and JSON are English always. */
bool kt_chinese(void);
/** As kt_err_str(), in the language of the terminal. */
const char *kt_said(const struct kt_err *err, char *buf, size_t cap);
const char *kt_level_text(int level); /**< of enum kt_finding_level */

/* Rows in the chosen format on standard output; widths count Chinese characters as two. */
struct kt_table;
struct kt_table *kt_table_new(enum kt_format f, const char *const *columns, int n);
void kt_table_cell(struct kt_table *t, const char *text); /**< next cell; a row ends by itself */
void kt_table_num(struct kt_table *t, double v);
void kt_table_end(struct kt_table *t); /**< prints and frees */
/** What a verb has done, when it has nothing else to print: in words, or as a table of one row. */
void kt_done(const struct kt_args *a, const char *fmt, ...) KT_PRINTF(2, 3);
/** Words beside a table: on standard error where a program reads standard output. */
void kt_note(const struct kt_args *a, const char *fmt, ...) KT_PRINTF(2, 3);

/* A progress bar on standard error when it is a terminal; nothing otherwise. */
struct kt_progress {
    const char *what;
    int last;
};
void kt_progress_show(void *progress, double part); /**< part of 1 */
void kt_progress_end(struct kt_progress *p);

/*
 * The running program of a site: data/run.json (0600) holds its address and a local token.
 */
struct kt_running {
    char url[128], token[64], ca[600]; /* ca: the site's authority; "": none of its own */
    int pid;
    int utc_offset_s; /* of the site: times without an offset are read in it, all are printed in it
                       */
};
KT_MUST_CHECK int kt_running_find(const char *site_dir, struct kt_running *ret, struct kt_err *err);
/** May this user write the data of a site? KT_EDENIED: they are another's, who could not read what
 *  is written; the text says as whom to run. A folder without data is anybody's. */
KT_MUST_CHECK int kt_data_own(const struct kt_args *a, const char *site_dir, struct kt_err *err);
/** One call to the running program's API; path begins with "/api/v1". */
KT_MUST_CHECK int kt_running_call(const struct kt_running *r, const char *method, const char *path,
                                  const struct kt_str *body, int *ret_status,
                                  struct kt_buf *ret_body, struct kt_err *err);
/** Prove the journal, history and what hangs on them of a data folder, printing a table
 * (`a` NULL: none); what is not there yet is passed over. KT_ECORRUPT names the place. */
KT_MUST_CHECK int kt_verify_data(const struct kt_args *a, const char *data, struct kt_err *err);
/** Read a copy of a site whole: each body against its name, each database, and kt_verify_data(). */
KT_MUST_CHECK int kt_check_copy(const struct kt_args *a, const char *site, struct kt_err *err);
/** Where packs and the user interface lie: beside the program, or the installed place. */
const char *kt_share_dir(char *buf, size_t cap, const char *what);
#endif
