/* SPDX-License-Identifier: Apache-2.0 */
#include "site/oid.h"

#include <stdlib.h>
#include <string.h>

#include "conf/number.h"

static int bad(struct kt_err *err, const char *text, const char *why)
{
    return kt_err_set(err, KT_EPARSE, "address \"%.100s\": %s, e.g. 1.3.6.1.2.1.2.2.1.8.1=1", text,
                      why);
}

/* Arcs of a dotted number; false: it is none. The first is 0 to 2, under 0 and 1 the second is
 * below 40: X.690, 8.19. */
static bool arcs(const char **p, struct kt_oid_address *a)
{
    *p += **p == '.';
    for (;;) {
        char *end;
        if (**p < '0' || **p > '9' || a->n == KT_OID_ARCS) {
            return false;
        }
        unsigned long v = strtoul(*p, &end, 10);
        if (v > UINT32_MAX || end - *p > 10) {
            return false;
        }
        a->oid[a->n++] = (uint32_t)v;
        *p = end;
        if (**p != '.') {
            return a->n >= 3 && a->oid[0] <= 2 && (a->oid[0] == 2 || a->oid[1] < 40);
        }
        (*p)++;
    }
}

static bool words(const char **p, struct kt_oid_address *a)
{
    if (**p == '\'') {
        size_t n = strcspn(*p + 1, "'");
        if (n == 0 || n >= KT_OID_TEXT || (*p)[n + 1] != '\'') {
            return false;
        }
        memcpy(a->text, *p + 1, n);
        a->text[n] = '\0';
        *p += n + 2;
        return true;
    }
    do {
        size_t n = strspn(*p, "-0123456789");
        if (a->is_n == KT_OID_IS || kt_integer_parse((struct kt_str){*p, n}, &a->is[a->is_n]) < 0) {
            return false;
        }
        a->is_n++;
        *p += n;
    } while (*(*p)++ == '|');
    (*p)--;
    return true;
}

static enum kt_oid_what what(const char **p)
{
    enum kt_oid_what w = strncmp(*p, "/s", 2) == 0   ? KT_OID_RATE
                         : strncmp(*p, "/n", 2) == 0 ? KT_OID_ROWS
                                                     : KT_OID_VALUE;
    *p += w == KT_OID_VALUE ? 0 : 2;
    return w;
}

int kt_oid_parse(const char *text, struct kt_oid_address *ret, struct kt_err *err)
{
    struct kt_oid_address a = {.scale = 1};
    const char *p = text;
    if (!arcs(&p, &a)) {
        return bad(err, text, "it begins with the number of an object, at least three arcs");
    }
    a.what = what(&p);
    if (*p == '=') {
        p++;
        if (a.what == KT_OID_RATE || !words(&p, &a)) {
            return bad(err, text,
                       "after = stand whole numbers with | between them, or a text in ' ', and no "
                       "/s before it");
        }
    }
    if (*p == '*') {
        bool yes_no = (a.is_n || *a.text) && a.what == KT_OID_VALUE;
        if (yes_no || kt_number_parse(kt_str_c(p + 1), &a.scale) < 0 || a.scale == 0) {
            return bad(err, text, "after * stands a number that is not 0, and no = before it");
        }
    } else if (*p) {
        return bad(err, text, "the text goes on after its end");
    }
    *ret = a;
    return KT_OK;
}
