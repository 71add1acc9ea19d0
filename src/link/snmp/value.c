/* SPDX-License-Identifier: Apache-2.0 */
/* What a device said, as numbers. */
#include <math.h>
#include <string.h>

#include "conf/number.h"
#include "link/snmp/private.h"

bool snmp_is(const struct kt_oid_address *a, const struct got *g)
{
    if (*a->text) {
        return strcmp(a->text, g->text) == 0;
    }
    for (uint32_t i = 0; i < a->is_n; i++) {
        if (g->kind == GOT_NUMBER && g->value == (double)a->is[i]) {
            return true;
        }
    }
    return false;
}

void snmp_text(const unsigned char *bytes, size_t n, struct got *g)
{
    *g = (struct got){.kind = GOT_TEXT};
    n = n < sizeof(g->text) ? n : sizeof(g->text) - 1;
    memcpy(g->text, bytes, n);
    g->text[n] = '\0';
    while (n && (g->text[n - 1] == '\n' || g->text[n - 1] == '\r' || g->text[n - 1] == ' ')) {
        g->text[--n] = '\0';
    }
    if (kt_number_parse((struct kt_str){g->text, strcspn(g->text, " ")}, &g->value) == KT_OK) {
        g->kind = GOT_NUMBER;
        g->count = g->value > 0 && g->value < 9e15 ? (uint64_t)g->value : 0;
        g->wide = true;
    }
}

double snmp_rate(uint64_t before, uint64_t now, bool wide, double seconds)
{
    const uint64_t round = UINT64_C(1) << 32;
    if (!(seconds > 0)) {
        return NAN;
    }
    if (now >= before) {
        return (double)(now - before) / seconds;
    }
    /* over by less than half a round: it ran over; else it began anew */
    return !wide && now + round - before < round / 2 ? (double)(now + round - before) / seconds
                                                     : NAN;
}
