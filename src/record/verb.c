/* SPDX-License-Identifier: Apache-2.0 */
/* verb: which requests are the room's. Alone, so that the engine needs no more of the room. */
#include "record/record.h"

bool kt_room_verb(struct kt_str verb)
{
    static const char *const heads[] = {"record.", "ledger.", "calendar."};
    for (size_t i = 0; i < KT_ARRAY_LEN(heads); i++) {
        size_t n = strlen(heads[i]);
        if (verb.n > n && memcmp(verb.p, heads[i], n) == 0) {
            return true;
        }
    }
    return false;
}
