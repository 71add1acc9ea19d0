/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_PLAN_H
#define SIM_PLAN_H
/*
 * plan: reads a plan (sim/README.md) into a plant. One line a thing: keyword, name, key=value
 * words.
 */
#include "plant.h"

/** @return KT_OK; KT_EPARSE with file and line: what is wrong and what would be right */
KT_MUST_CHECK int sim_plan_read(const char *path, struct sim_plant **ret, struct kt_err *err);
/** As sim_plan_read() from text. */
KT_MUST_CHECK int sim_plan_parse(const char *name, struct kt_str text, struct sim_plant **ret,
                                 struct kt_err *err);
void sim_plant_free(struct sim_plant *p); /**< accepts NULL */
/** The value of " key=value" in a line, cut to fit; false, and `to` as it was: it is not there. */
bool sim_word(const char *line, const char *key, char *to, size_t cap);
/** "answers", "never", "busy", "silent"; -1 for another word. */
int sim_manner_of(struct kt_str word);
const char *sim_manner_id(enum sim_manner m);
#endif
