/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tokens of producers: who has none cannot write, and two with the same one are not two (safety
 * rule 10). What a token is never leaves this file. And the other secrets that site.yaml and
 * cameras.csv name: are they there to be read?
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"
#include "cli/node.h"
#include "sys/file.h"

enum { TOKEN_MIN = 16, TOKEN_MAX = 4096 };

struct token {
    const char *producer;
    struct kt_hash hash;
};

static void find(struct kt_findings *f, enum kt_finding_level level, const struct kt_producer *p,
                 const char *what)
{
    struct kt_err at = {.code = KT_EINVAL};
    snprintf(at.file, sizeof(at.file), "%s", p->token_file);
    snprintf(at.text, sizeof(at.text), "producer \"%s\" %s", p->id, what);
    kt_findings_add(f, level, "secret", &at);
}

/* Answers whether the file holds a token. */
static bool read_one(const char *dir, const struct kt_producer *p, struct kt_findings *f,
                     struct kt_hash *ret)
{
    char path[1024];
    struct stat st;
    struct kt_buf b;
    struct kt_err err;
    kt_buf_init(&b, TOKEN_MAX);
    snprintf(path, sizeof(path), "%s/%s", dir, p->token_file);
    int r = kt_file_read(path, TOKEN_MAX, &b, &err);
    while (b.n && strchr(" \t\r\n", b.p[b.n - 1])) {
        b.n--;
    }
    if (r < 0 || b.n < TOKEN_MIN) {
        find(f, KT_FIND_WARNING, p,
             r < 0
                 ? "cannot write: this file cannot be read; put a token of its own there, mode 0600"
                 : "cannot write: a token has at least 16 characters");
    } else {
        kt_hash_of(b.p, b.n, ret);
        if (stat(path, &st) == 0 && (st.st_mode & 077)) {
            find(f, KT_FIND_WARNING, p,
                 "has a token that others on this machine can read; chmod 600");
        }
    }
    r = r == KT_OK && b.n >= TOKEN_MIN;
    kt_buf_done(&b);
    return r;
}

static bool can_be_read(const char *dir, const char *file)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s/%s", dir, file);
    return access(path, R_OK) == 0;
}

/* A file that somebody names and nobody can read. */
static void named(struct kt_findings *f, const char *dir, const char *file, const char *who,
                  const char *id)
{
    struct kt_err at = {.code = KT_EINVAL};
    if (file[0] && !can_be_read(dir, file)) {
        snprintf(at.file, sizeof(at.file), "%s", file);
        snprintf(
            at.text, sizeof(at.text),
            "%s \"%s\" names this file, which cannot be read; put the secret there, mode 0600, of "
            "the user who runs the program",
            who, id);
        kt_findings_add(f, KT_FIND_WARNING, "secret", &at);
    }
}

static void others(const struct kt_site *site, const char *dir, struct kt_findings *f)
{
    for (uint32_t i = 0; i < site->links_n; i++) {
        const struct kt_link_conf *c = &site->links[i];
        named(f, dir, c->password_file, "link", c->id);
        named(f, dir, c->key_file, "link", c->id);
    }
    for (uint32_t i = 0; i < site->cameras_n; i++) {
        const struct kt_camera *c = &site->cameras[i];
        named(f, dir, c->password_file, "camera", c->id);
    }
}

int kt_tls_check(const struct kt_site *site, const char *dir, struct kt_findings *f,
                 struct kt_err *err)
{
    const char *const files[] = {site->tls_cert, site->tls_key};
    bool there = true;
    for (size_t i = 0; site->listen_https[0] && i < KT_ARRAY_LEN(files); i++) {
        struct kt_err at = {.code = KT_EINVAL};
        if (can_be_read(dir, files[i])) {
            continue;
        }
        bool gone = errno == ENOENT; /* else it may be the service's, and somebody else looks */
        there = there && !gone;
        snprintf(at.file, sizeof(at.file), "%s", files[i]);
        snprintf(at.text, sizeof(at.text),
                 "listen.https names this file, which cannot be read; make it with: kuangtu cert "
                 "SITE --name HOST, and give it to the user who runs the program");
        kt_findings_add(f, gone ? KT_FIND_ERROR : KT_FIND_WARNING, "secret", &at);
    }
    return there ? KT_OK
                 : kt_err_set(err, KT_EINVAL, "listen.https: certificate or key is missing");
}

int kt_secrets_check(const struct kt_site *site, const char *dir, struct kt_findings *f,
                     struct kt_err *err)
{
    size_t n = 0, max = 1;
    for (uint32_t l = 0; l < site->links_n; l++) {
        max += site->links[l].producers_n;
    }
    struct kt_arena *arena = kt_arena_new(0);
    struct token *seen = KT_NEW_ARRAY(arena, struct token, max);
    bool same = false;
    others(site, dir, f);
    for (uint32_t l = 0; l < site->links_n; l++) {
        for (uint32_t i = 0; i < site->links[l].producers_n; i++) {
            const struct kt_producer *p = &site->links[l].producers[i];
            struct token t = {.producer = p->id};
            if (!read_one(dir, p, f, &t.hash)) {
                continue;
            }
            for (size_t k = 0; k < n; k++) {
                if (kt_hash_eq(&seen[k].hash, &t.hash)) {
                    char what[200];
                    snprintf(what, sizeof(what),
                             "has the token of producer \"%.60s\"; each has one of its own (safety "
                             "rule 10)",
                             seen[k].producer);
                    find(f, KT_FIND_ERROR, p, what);
                    same = true;
                }
            }
            seen[n++] = t;
        }
    }
    kt_arena_free(arena);
    return same ? kt_err_set(err, KT_EINVAL, "two producers have the same token") : KT_OK;
}
