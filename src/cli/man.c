/* SPDX-License-Identifier: Apache-2.0 */
/* The manual page kuangtu(1), printed from the same table as the help: `kuangtu --man`. */
#include <string.h>

#include "cli/cli.h"

/* Text of a page: a dot or quote at the start of a line and backslashes mean something to roff. */
static void plain(const char *s)
{
    bool start = true;
    for (; *s; s++) {
        if (start && (*s == '.' || *s == '\'')) {
            fputs("\\&", stdout);
        }
        start = *s == '\n';
        fputs(*s == '\\' ? "\\e" : *s == '-' ? "\\-" : (char[]){*s, '\0'}, stdout);
    }
}

static void option(const struct kt_option *o)
{
    fputs(".TP\n.B ", stdout);
    fputs("\\-\\-", stdout);
    plain(o->name);
    if (o->arg) {
        putchar(' ');
        plain(o->arg);
    }
    putchar('\n');
    plain(o->text);
    putchar('\n');
}

static void one(const struct kt_verb *v)
{
    fputs(".SS kuangtu ", stdout);
    plain(v->name);
    fputs("\n.B kuangtu ", stdout);
    plain(v->name);
    putchar(' ');
    plain(v->usage);
    fputs("\n.PP\n", stdout);
    plain(v->summary);
    putchar('\n');
    if (v->help) {
        fputs(".PP\n.nf\n", stdout);
        plain(v->help);
        fputs(".fi\n", stdout);
    }
    for (const struct kt_option *o = v->options; o && o->name; o++) {
        option(o);
    }
}

void kt_print_man(const struct kt_verb *const *verbs, size_t n, const char *version)
{
    printf(".TH KUANGTU 1 \"\" \"Kuangtu %s\"\n.SH NAME\nkuangtu \\- one map of a mine, its land, "
           "its water and its air\n.SH SYNOPSIS\n.B kuangtu\n.I VERB\n[options]\n.SH VERBS\n",
           version);
    for (size_t i = 0; i < n; i++) {
        one(verbs[i]);
    }
    fputs(".SH EXIT STATUS\n0 done, 1 failed, 2 wrong command line, 3 the site or data has "
          "errors.\n.SH FILES\n.TP\n.I SITE/site.yaml\nthe site\n.TP\n.I SITE/data\nwhat the "
          "program writes\n.TP\n.I PREFIX/share/kuangtu\npacks and screens\n.SH SEE ALSO\n"
          "PREFIX/share/doc/kuangtu\n",
          stdout);
}
