/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_API_STORY_WORDS_H
#define KT_API_STORY_WORDS_H
/* story_words: private to story. An event of the journal as one sentence for people. */
#include "api/story.h"

void story_words(const struct call *c, bool en, const struct kt_event *ev, const struct kt_json *v,
                 char ret[STORY_TEXT]);
void story_who(const struct kt_event *ev, const struct kt_json *v, char ret[80]);
/** The word of a step or its state; the id itself where there is none. */
const char *story_word(const char *id, bool en);
#endif
