/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tokens of producers: who has none cannot write, and two with the same one are not two (safety
 * rule 10). What a token is never leaves this file.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

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
