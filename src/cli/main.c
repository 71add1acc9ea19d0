/* SPDX-License-Identifier: Apache-2.0 */
/* The table of verbs, the command line, and help. */
#include <signal.h>
#include <stdarg.h>
#include <string.h>

#include "cli/cli.h"

#ifndef VERSION
#define VERSION "unknown"
#endif

static const struct kt_verb *const verbs[] = {
#define X(name) &kt_verb_##name,
    KT_VERBS(X)
#undef X
};

static const struct kt_option common[] = {
    {"format", "table|csv|json", "how results are printed (default: table)"},
    {"help", NULL, "this page"},
    {NULL, NULL, NULL},
};

static void print_options(const struct kt_option *o)
{
    for (; o && o->name; o++) {
        char left[64];
        snprintf(left, sizeof(left), "--%s%s%s", o->name, o->arg ? " " : "", o->arg ? o->arg : "");
        printf("  %-28s %s\n", left, o->text);
    }
}

static void print_help(const struct kt_verb *v)
{
    printf("kuangtu %s %s\n\n%s\n\n%s\nOptions\n", v->name, v->usage, v->summary,
           v->help ? v->help : "");
    print_options(v->options);
    print_options(common);
    printf("\nExit code: 0 done, 1 failed, 2 wrong command line, 3 the site or data has errors.\n");
}

static int print_overview(FILE *to, int code)
{
    fprintf(to, "Kuangtu 矿图 " VERSION ": one map of a mine, its land, its water and its air.\n\n"
                "kuangtu VERB [options]      kuangtu VERB --help explains one\n\n");
    for (size_t i = 0; i < KT_ARRAY_LEN(verbs); i++) {
        fprintf(to, "  %-10s %s\n", verbs[i]->name, verbs[i]->summary);
    }
    return code;
}

const char *kt_arg(const struct kt_args *a, const char *name)
{
    for (int i = 0; a->verb->options && a->verb->options[i].name; i++) {
        if (strcmp(a->verb->options[i].name, name) == 0) {
            return a->value[i];
        }
    }
    return NULL;
}

int kt_usage(const struct kt_args *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fprintf(stderr, "kuangtu %s: ", a->verb->name);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fprintf(stderr, "\nusage: kuangtu %s %s\n       kuangtu %s --help explains it\n", a->verb->name,
            a->verb->usage, a->verb->name);
    return KT_EXIT_USAGE;
}

int kt_fail(const struct kt_args *a, const struct kt_err *err)
{
    char text[640];
    fprintf(stderr, "kuangtu %s: %s\n", a->verb->name, kt_said(err, text, sizeof(text)));
    return err->code == KT_EPARSE || err->code == KT_EINVAL || err->code == KT_ECORRUPT
               ? KT_EXIT_INVALID
               : KT_EXIT_FAILED;
}

static int parse_format(struct kt_args *a, const char *v)
{
    static const char *const names[] = {"table", "csv", "json"};
    for (int i = 0; i < 3; i++) {
        if (strcmp(v, names[i]) == 0) {
            a->format = (enum kt_format)i;
            return 0;
        }
    }
    return kt_usage(a, "--format is table, csv or json, not \"%s\"", v);
}

static int find_option(const struct kt_option *o, const char *name, size_t n)
{
    for (int i = 0; o && o[i].name; i++) {
        if (strlen(o[i].name) == n && memcmp(o[i].name, name, n) == 0) {
            return i;
        }
    }
    return -1;
}

/* One word "--name", "--name=value" or "--name value"; 0, or an exit code. */
static int parse_option(struct kt_args *a, int argc, char **argv, int *i)
{
    const char *word = argv[*i] + 2;
    const char *eq = strchr(word, '=');
    size_t n = eq ? (size_t)(eq - word) : strlen(word);
    int own = find_option(a->verb->options, word, n);
    int shared = own < 0 ? find_option(common, word, n) : -1;
    if (own < 0 && shared < 0) {
        return kt_usage(a, "there is no option --%.*s", (int)n, word);
    }
    const struct kt_option *o = own >= 0 ? &a->verb->options[own] : &common[shared];
    const char *value = "";
    if (o->arg) {
        value = eq ? eq + 1 : *i + 1 < argc ? argv[++*i] : NULL;
        if (!value) {
            return kt_usage(a, "--%s wants %s", o->name, o->arg);
        }
    }
    if (own >= 0) {
        a->value[own] = value;
        return 0;
    }
    return shared == 0 ? parse_format(a, value) : -1; /* -1: help */
}

static int run_verb(const struct kt_verb *v, int argc, char **argv)
{
    struct kt_args a = {.verb = v, .argv = argv};
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "-h") == 0) {
            print_help(v);
            return KT_EXIT_OK;
        }
        if (strncmp(argv[i], "--", 2) == 0 && argv[i][2]) {
            int r = parse_option(&a, argc, argv, &i);
            if (r == -1) {
                print_help(v);
                return KT_EXIT_OK;
            }
            if (r) {
                return r;
            }
        } else if (a.pos_n == (int)KT_ARRAY_LEN(a.pos)) {
            return kt_usage(&a, "too many words");
        } else {
            a.pos[a.pos_n++] = argv[i];
        }
    }
    return v->run(&a);
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2) {
        return print_overview(stderr, KT_EXIT_USAGE);
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        return print_overview(stdout, KT_EXIT_OK);
    }
    if (strcmp(argv[1], "--man") == 0) {
        kt_print_man(verbs, KT_ARRAY_LEN(verbs), VERSION);
        return KT_EXIT_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("kuangtu " VERSION "\n");
        return KT_EXIT_OK;
    }
    for (size_t i = 0; i < KT_ARRAY_LEN(verbs); i++) {
        if (strcmp(argv[1], verbs[i]->name) == 0) {
            return run_verb(verbs[i], argc, argv);
        }
    }
    fprintf(stderr, "kuangtu: there is no verb \"%s\"\n", argv[1]);
    return print_overview(stderr, KT_EXIT_USAGE);
}
