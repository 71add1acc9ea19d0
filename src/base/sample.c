/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sample.h"

#include <string.h>

static const struct {
    kt_quality q;
    const char *id;
} list[] = {
#define X(sym, code, id, grade) {KT_Q_##sym, id},
    KT_QUALITY_LIST(X)
#undef X
};

const char *kt_quality_id(kt_quality q)
{
    for (size_t i = 0; i < KT_ARRAY_LEN(list); i++) {
        if (list[i].q == q) {
            return list[i].id;
        }
    }
    return "unknown";
}

bool kt_quality_of(const char *id, kt_quality *ret)
{
    for (size_t i = 0; i < KT_ARRAY_LEN(list); i++) {
        if (strcmp(list[i].id, id) == 0) {
            *ret = list[i].q;
            return true;
        }
    }
    return false;
}

const char *kt_quality_grade(kt_quality q)
{
    return (q & KT_Q_GRADE) == KT_Q_GOOD        ? "good"
           : (q & KT_Q_GRADE) == KT_Q_UNCERTAIN ? "uncertain"
                                                : "bad";
}
