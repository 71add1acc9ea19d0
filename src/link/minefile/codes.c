/* SPDX-License-Identifier: Apache-2.0 */
#include "link/minefile/codes.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/map.h"

enum { OWN = 8, CODE = 64 };

struct minefile_codes {
    const struct kt_site *site;
    char (*code)[CODE]; /* by point; "" for a point that keeps its own */
};

void minefile_role_code(const struct kt_role *r, char ret_system[3], char ret_type[5])
{
    const char *type = r->file_type;
    size_t n = strlen(type);
    memcpy(ret_system, n == 6 ? type : "01", 2);
    memcpy(ret_type, n == 6 ? type + 2 : n == 4 ? type : "0000", 4);
    ret_system[2] = ret_type[4] = '\0';
}

const char *minefile_kind(const struct kt_point *p)
{
    return p->kind == KT_POINT_ANALOG ? "MN" : p->kind == KT_POINT_COUNTER ? "LJ" : "KG";
}

/* Letters and digits of an id; false where they are none or too many. */
static bool letters_of(const char *id, char ret[OWN + 1])
{
    size_t n = 0;
    for (; *id; id++) {
        if (isalnum((unsigned char)*id)) {
            if (n == OWN) {
                return false;
            }
            ret[n++] = *id;
        }
    }
    ret[n] = '\0';
    return n > 0;
}

/* The same at every start, whatever else the site holds. */
static void hashed(const char *id, char ret[OWN + 1])
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    struct kt_hash h;
    kt_hash_of(id, strlen(id), &h);
    ret[0] = 'Z';
    for (size_t i = 1; i < OWN; i++) {
        ret[i] = digits[h.b[i] % 36];
    }
    ret[OWN] = '\0';
}

/* What is of this form already: the id in the files that a point came by, or its own. */
static const char *given(const struct kt_site *s, const struct kt_point *p)
{
    bool came = p->link != KT_NONE && s->links[p->link].kind == KT_LINK_MINEFILE;
    const char *id = came ? p->address : p->id;
    return s->mine_code[0] && strncmp(id, s->mine_code, strlen(s->mine_code)) == 0 ? id : NULL;
}

struct minefile_codes *minefile_codes_new(const struct kt_site *site)
{
    struct minefile_codes *c = calloc(1, sizeof(*c));
    KT_ASSERT(c);
    c->site = site;
    c->code = calloc(site->points_n + 1, sizeof(*c->code));
    KT_ASSERT(c->code);
    struct kt_map *times = kt_map_new(site->points_n + 1); /* how many points have these letters */
    char own[OWN + 1];
    uint64_t n;
    for (uint32_t i = 0; i < site->points_n; i++) {
        if (letters_of(site->points[i].id, own)) {
            n = 0;
            kt_map_get(times, kt_str_c(own), &n);
            kt_map_set(times, kt_str_c(own), n + 1);
        }
    }
    for (uint32_t i = 0; i < site->points_n; i++) {
        const struct kt_point *p = &site->points[i];
        char system[3], type[5];
        if (!p->role || given(site, p)) {
            continue;
        }
        if (!letters_of(p->id, own) || !kt_map_get(times, kt_str_c(own), &n) || n > 1) {
            hashed(p->id, own);
        }
        minefile_role_code(p->role, system, type);
        snprintf(c->code[i], CODE, "%.12s%s%s%s%s", site->mine_code, system, minefile_kind(p), type,
                 own);
    }
    kt_map_free(times);
    return c;
}

void minefile_codes_free(struct minefile_codes *c)
{
    if (c) {
        free(c->code);
        free(c);
    }
}

const char *minefile_code(const struct minefile_codes *c, kt_point_id p)
{
    const struct kt_point *pt = &c->site->points[p.v];
    const char *own = given(c->site, pt);
    return own ? own : c->code[p.v];
}
