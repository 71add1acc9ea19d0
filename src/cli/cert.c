/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kuangtu cert: a certificate authority of the site and a server certificate signed by it, made by
 * certtool (gnutls-bin) in a child process. Phones need HTTPS; a phone trusts ca.pem once.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "sys/file.h"
#include "sys/proc.h"

static const struct kt_option options[] = {
    {"name", "HOST", "host name that browsers use, e.g. kuangtu.mine.local"},
    {"ip", "ADDRESS", "IP address that browsers use"},
    {"days", "N", "validity of the server certificate (default: 825)"},
    {NULL, NULL, NULL},
};

enum { DAYS_MAX = 7300 }; /* as long as the authority */

struct cert_job {
    char dir[600]; /* SITE/secrets */
    struct kt_err err;
};

static int certtool(struct cert_job *c, const char *const *words)
{
    const char *argv[24] = {"certtool"};
    int n = 1;
    for (; *words && n < 23; words++) {
        argv[n++] = *words;
    }
    argv[n] = NULL;
    struct kt_buf out;
    kt_buf_init(&out, 1 << 20);
    struct kt_proc_limits lim = {.memory_bytes = (size_t)512 << 20, .cpu_seconds = 60};
    union {
        const char **c;
        char *const *v;
    } u = {argv};
    int r = kt_proc_run(u.v, &lim, 60 * KT_SEC, 1 << 20, &out, &c->err);
    kt_buf_done(&out);
    return r;
}

static char *in_dir(struct cert_job *c, struct kt_arena *a, const char *name)
{
    return kt_arena_printf(a, "%s/%s", c->dir, name);
}

static int make_key(struct cert_job *c, const char *path)
{
    const char *words[] = {
        "--generate-privkey", "--key-type=ecdsa", "--curve=secp256r1", "--outfile", path, NULL};
    return certtool(c, words);
}

static int make_ca(struct cert_job *c, struct kt_arena *a)
{
    static const char template[] = "cn = Kuangtu site CA\nca\ncert_signing_key\nexpiration_days = "
                                   "7300\n";
    char *key = in_dir(c, a, "ca-key.pem"), *pem = in_dir(c, a, "ca.pem");
    char *tmpl = in_dir(c, a, "ca.tmpl");
    if (kt_file_exists(pem) && kt_file_exists(key)) {
        return KT_OK;
    }
    int r = make_key(c, key);
    if (r == KT_OK) {
        r = kt_file_replace(tmpl, template, sizeof(template) - 1, &c->err);
    }
    const char *words[] = {"--generate-self-signed",
                           "--load-privkey",
                           key,
                           "--template",
                           tmpl,
                           "--outfile",
                           pem,
                           NULL};
    return r == KT_OK ? certtool(c, words) : r;
}

/* Both or neither: what served until now stays when the new ones were not made. */
static int made(struct cert_job *c, struct kt_arena *a, int r)
{
    static const char *const names[] = {"server.key", "server.pem"};
    for (size_t i = 0; i < KT_ARRAY_LEN(names); i++) {
        char *fresh = kt_arena_printf(a, "%s/%s.new", c->dir, names[i]);
        if (r == KT_OK && rename(fresh, in_dir(c, a, names[i])) != 0) {
            r = kt_err_sys(&c->err, "cannot rename %s", fresh);
        }
        if (r < 0) {
            unlink(fresh);
        }
    }
    return r;
}

static long days_of(const struct kt_args *a)
{
    const char *text = kt_arg(a, "days");
    char *end = NULL;
    long days = text ? strtol(text, &end, 10) : 825;
    return text && (*end || end == text) ? 0 : days;
}

static int make_server(struct cert_job *c, struct kt_arena *a, const struct kt_args *args)
{
    const char *name = kt_arg(args, "name"), *ip = kt_arg(args, "ip");
    struct kt_buf t;
    kt_buf_init(&t, 1 << 16);
    kt_buf_printf(&t, "cn = %s\n", name ? name : ip);
    if (name) {
        kt_buf_printf(&t, "dns_name = %s\n", name);
    }
    if (ip) {
        kt_buf_printf(&t, "ip_address = %s\n", ip);
    }
    kt_buf_printf(&t, "tls_www_server\nsigning_key\nexpiration_days = %d\n", (int)days_of(args));
    char *key = in_dir(c, a, "server.key.new"), *tmpl = in_dir(c, a, "server.tmpl");
    char *pem = in_dir(c, a, "server.pem.new");
    char *ca = in_dir(c, a, "ca.pem"), *ca_key = in_dir(c, a, "ca-key.pem");
    int r = make_key(c, key);
    if (r == KT_OK) {
        r = kt_file_replace(tmpl, t.p, t.n, &c->err);
    }
    kt_buf_done(&t);
    const char *words[] = {"--generate-certificate",
                           "--load-privkey",
                           key,
                           "--load-ca-certificate",
                           ca,
                           "--load-ca-privkey",
                           ca_key,
                           "--template",
                           tmpl,
                           "--outfile",
                           pem,
                           NULL};
    r = r == KT_OK ? certtool(c, words) : r;
    return made(c, a, r);
}

/* The service reads these; the key of the authority stays with who made it. */
static void hand_over(struct cert_job *c, struct kt_arena *a)
{
    static const char *const names[] = {"ca.pem", "server.key", "server.pem"};
    for (size_t i = 0; i < KT_ARRAY_LEN(names); i++) {
        kt_file_own_as(in_dir(c, a, names[i]), c->dir);
    }
}

static bool plain(const char *s)
{
    return !s || (*s && strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:"
                                  "-") == strlen(s));
}

static int cert(const struct kt_args *a)
{
    if (a->pos_n != 1) {
        return kt_usage(a, "name one site folder");
    }
    if (!kt_arg(a, "name") && !kt_arg(a, "ip")) {
        return kt_usage(a,
                        "say how browsers reach this machine: --name HOST, --ip ADDRESS or both");
    }
    if (!plain(kt_arg(a, "name")) || !plain(kt_arg(a, "ip"))) {
        return kt_usage(a, "--name and --ip hold letters, digits, dots, colons and dashes");
    }
    long days = days_of(a);
    if (days < 1 || days > DAYS_MAX) {
        return kt_usage(a, "--days is a number from 1 to %d", DAYS_MAX);
    }
    struct cert_job c = {0};
    struct kt_arena *arena = kt_arena_new(1 << 20);
    snprintf(c.dir, sizeof(c.dir), "%s/secrets", a->pos[0]);
    mode_t old = umask(0077);
    int r = kt_dir_make(c.dir, &c.err);
    if (r == KT_OK) {
        r = make_ca(&c, arena);
    }
    if (r == KT_OK) {
        r = make_server(&c, arena, a);
    }
    umask(old);
    hand_over(&c, arena);
    kt_arena_free(arena);
    if (r < 0) {
        return kt_fail(a, &c.err);
    }
    kt_done(
        a,
        "Made %s/server.pem and server.key, signed by ca.pem.\n"
        "In site.yaml: listen: {https: {address: \"0.0.0.0:8443\", cert: secrets/server.pem, key: "
        "secrets/server.key}}\n"
        "On each phone and PC, trust %s/ca.pem once.",
        c.dir, c.dir);
    return KT_EXIT_OK;
}

const struct kt_verb kt_verb_cert = {
    .name = "cert",
    .usage = "SITE --name HOST [--ip ADDRESS]",
    .summary = "make a site certificate authority and a server certificate",
    .help = "The authority is made once and kept; a new server certificate is signed each time.\n"
            "Keys lie in SITE/secrets with mode 0600.\n",
    .options = options,
    .run = cert,
};
