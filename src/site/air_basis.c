/* SPDX-License-Identifier: Apache-2.0 */
#include "site/air_basis.h"

#include "base/err.h"

const char *kt_air_basis_id(enum kt_air_basis basis)
{
    static const char *const ids[KT_AIR_BASES] = {"solution", "outstanding", "failed",
                                                  "old",      "design",      "unsure"};
    KT_ASSERT(basis < KT_AIR_BASES);
    return ids[basis];
}
