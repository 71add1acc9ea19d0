/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_LINK_MINEFILE_CODES_H
#define KT_LINK_MINEFILE_CODES_H
/*
 * codes: what a point is called in the files that go upward. An id there is the mine's 12 digits,
 * the system's 2 (01 monitoring), the kind (MN LJ KG), the sensor type's 4 digits (file_type of the
 * role, 0000: it has none) and at most 8 letters or digits of its own. One that is of this form
 * already, the point's own or the one in the files that it came by, is kept.
 *
 * Threads: one. A table belongs to the site that it was made of.
 */
#include "site/site.h"

struct minefile_codes;

struct minefile_codes *minefile_codes_new(const struct kt_site *site);
void minefile_codes_free(struct minefile_codes *c); /**< accepts NULL */
/** Until the table is freed. */
const char *minefile_code(const struct minefile_codes *c, kt_point_id p);
/** "01" and "0001" of a role; "01" and "0000" where its pack says nothing. */
void minefile_role_code(const struct kt_role *r, char ret_system[3], char ret_type[5]);
const char *minefile_kind(const struct kt_point *p);
#endif
