/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_PHONES_H
#define SIM_PHONES_H
/*
 * phones: the SIP phones and speakers of a plan (libre), all on one UDP port of 127.0.0.1, told
 * apart by the name in the address: sip:ID@127.0.0.1:PORT. A phone rings for its `answer` seconds,
 * is taken up, says its line or its tone over and over, and hangs up after two minutes; a speaker
 * takes a call at once and only listens. All report by RTCP what has come. A second call takes a
 * device over. By their manner they never answer, are busy, or say nothing at all.
 *
 * Threads: libre and all calls live in one; a second one runs the speech synthesis, when a device
 * is called for the first time. start and stop by the owner, say from any.
 */
#include "plant.h"

struct sim_phones;

/** @param port of 127.0.0.1 */
KT_MUST_CHECK int sim_phones_start(const struct sim_plant *p, int port, struct sim_phones **ret,
                                   struct kt_err *err);
void sim_phones_stop(struct sim_phones *x); /**< accepts NULL */
void sim_phones_manner(struct sim_phones *x, int phone, enum sim_manner m);
/** "answers calls=2 heard=151": how often it was taken up, packets of sound that came. */
void sim_phones_say(const struct sim_phones *x, int phone, struct kt_buf *out);
/** All as the plan has them. */
void sim_phones_reset(struct sim_phones *x);
#endif
