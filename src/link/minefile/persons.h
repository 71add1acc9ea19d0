/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_LINK_MINEFILE_PERSONS_H
#define KT_LINK_MINEFILE_PERSONS_H
/*
 * persons: RYSS and RYXX files without I/O (layout as implementers have it, not the standard's
 * text). RYSS, 15 fields: card; name; 1 in or 2 out; time in; time out; area; time; station; time;
 * shift; distance; work; leader; special; track. RYXX: card; name; trade; post; department; …;
 * leader; special, the last two fields. Names are not taken: a card stands for its person.
 */
#include "journal/readings.h"
#include "link/minefile/format.h"

enum persons_kind { PERSONS_NONE, PERSONS_PLACES, PERSONS_ROSTER };
enum persons_kind persons_kind(const char *type); /**< "RYSS", "NRYSS", "RYXX" … */
/**
 * The records as a body: coded readings, or {"roster":[…]}.
 * @return KT_OK, how many were taken and how many cannot be read; KT_ELIMIT
 */
KT_MUST_CHECK int persons_take(const struct minefile *f, enum persons_kind kind, int utc_offset_s,
                               kt_time arrival, struct kt_buf *out, uint32_t *ret_n,
                               uint32_t *ret_bad);
#endif
