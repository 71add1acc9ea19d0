/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_SITE_AIR_BASIS_H
#define KT_SITE_AIR_BASIS_H
/* air_basis: what an answer to "where does this air go" rests on.   Pure.   Threads: any. */

enum kt_air_basis {
    KT_AIR_BY_SOLUTION,    /* of now */
    KT_AIR_BY_OUTSTANDING, /* the last one and the design: a solve is under way */
    KT_AIR_BY_FAILED,
    KT_AIR_BY_OLD,
    KT_AIR_BY_DESIGN, /* there was never a solution */
    KT_AIR_BY_UNSURE, /* the last one and the design: a fan or a door says nothing */
    KT_AIR_BASES
};
/** Its word in events, alarms and the API; never NULL for one of them. */
const char *kt_air_basis_id(enum kt_air_basis basis);
#endif
