/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_LINK_VOICE_VOICE_H
#define KT_LINK_VOICE_VOICE_H
/*
 * voice: phones and speakers by SIP (libre). Carries out words (engine/engine.h, struct kt_word):
 * joins a desk and a phone and records both, speaks to one phone, speaks to many speakers at once.
 * What comes of each goes back as answers {"talk",…}; phones and speakers that are idle are asked
 * by OPTIONS, and their points are 1 (answers) or 0.
 *
 * Threads: all of libre lives in one thread a link; a second one runs the speech synthesis and
 * keeps recordings. start, stop and state from any.
 */
#include "engine/runtime.h"

struct kt_voice;

KT_MUST_CHECK int kt_voice_start(struct kt_runtime *rt, const char *data_dir, struct kt_site *site,
                                 uint32_t link, struct kt_voice **ret, struct kt_err *err);
/** Talks under way end with the result "restart". Accepts NULL. */
void kt_voice_stop(struct kt_voice *v);
void kt_voice_state(struct kt_voice *v, struct kt_link_state *ret);
#endif
