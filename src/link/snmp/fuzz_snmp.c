/* SPDX-License-Identifier: Apache-2.0 */
/* Up to the first NUL an address of points.csv, behind it what a device says of it. */
#include <math.h>
#include <stdlib.h>

#include "link/snmp/private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
    size_t n = nul ? (size_t)(nul - data) : size;
    char *text = malloc(n + 1);
    struct kt_oid_address a;
    struct kt_err err;
    struct got g;
    KT_ASSERT(text);
    memcpy(text, data, n);
    text[n] = '\0';
    snmp_text(nul ? nul + 1 : data, nul ? size - n - 1 : 0, &g);
    KT_ASSERT(g.kind != GOT_NUMBER || isfinite(g.value));
    if (kt_oid_parse(text, &a, &err) == KT_OK) {
        KT_ASSERT(a.n >= 2 && a.n <= KT_OID_ARCS);
        (void)snmp_is(&a, &g);
        KT_ASSERT(!(snmp_rate(g.count, a.oid[a.n - 1], g.wide, 1) < 0));
    }
    free(text);
    return 0;
}
