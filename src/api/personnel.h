/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_API_PERSONNEL_H
#define KT_API_PERSONNEL_H
/*
 * personnel: who is below, for screens. Who is where is a right of its own (person.see); who has it
 * not gets counts. While an evacuation is under way, somebody calls for help, or a limit of the law
 * is passed or power cut for it, all of it at that place is open to everybody who may see the
 * place, and the answer says so (DESIGN 12).
 */
#include "api/private.h"
#include "domain/position/mine.h"

/**
 * What a person may see of a snapshot (kt_engine_json_people()), as an object.
 *
 * @param mine    of `site`, or NULL: areas are left out
 * @param alarms  of the same moment (kt_engine_json_alarms()); NULL: they open nothing
 */
void personnel_write(const struct kt_site *site, const struct kt_mine *mine,
                     const struct kt_person *who, const struct kt_json *snap,
                     const struct kt_json *alarms, struct kt_jw *w);
/** The roadways and stations of a site, kept as long as the site is in force; NULL: none. Locked
 *  until personnel_unlock(). */
const struct kt_mine *personnel_lock(struct kt_api *a);
void personnel_unlock(struct kt_api *a);
struct personnel *personnel_new(struct kt_api *a);
void personnel_free(struct personnel *p);
#endif
