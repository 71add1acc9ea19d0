/* SPDX-License-Identifier: Apache-2.0 */
/* kuangtu parse: the child that reads a stranger's file without rights. */
#include <string.h>

#include "cli/cli.h"
#include "report/read.h"

static const struct kt_option options[] = {
    {"steps", NULL, "tell each hundredth by a byte 1 on standard error"},
    {NULL, NULL, NULL},
};

static int run(const struct kt_args *a)
{
    if (a->pos_n < 2 || a->pos_n > 3 ||
        (strcmp(a->pos[0], "xlsx") != 0 && strcmp(a->pos[0], "image") != 0)) {
        return kt_usage(a, "which file, and what is it?");
    }
    const char *part = a->pos_n == 3 && *a->pos[2] ? a->pos[2] : NULL;
    return kt_parse_main(a->pos[0], a->pos[1], part, kt_arg(a, "steps") != NULL);
}

const struct kt_verb kt_verb_parse = {
    .name = "parse",
    .usage = "xlsx|image FILE [PART]",
    .summary = "read a workbook or a picture without rights, as JSON",
    .help =
        "What the running program does with files that people send: the file is read, then all\n"
        "rights are given up (no files, no network, no programs), then it is looked at. Standard\n"
        "output has the rows of a sheet (PART: its name), or size, time, place and a small picture "
        "(PART:\n"
        "its pixels); or an error.\n\n"
        "  kuangtu parse xlsx hazards.xlsx\n"
        "  kuangtu parse image photo.jpg\n",
    .options = options,
    .run = run,
};
