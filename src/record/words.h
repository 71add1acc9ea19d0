/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_RECORD_WORDS_H
#define KT_RECORD_WORDS_H
/* words: private to record. Values of records as people read them, in tables and documents. */
#include "record/private.h"

struct words {
    struct rec_view v;
    struct kt_arena *arena;
    bool english;
    bool labels;             /* references by what people call the record, not by its key */
    struct kt_map *places;   /* name -> 1, or 2 when several places have it */
    struct kt_stmt **by_ref; /* by register: key and label by id; NULL: not asked yet */
};
KT_MUST_CHECK int words_open(struct kt_room *r, const struct kt_reader *who, bool english,
                             struct words *ret, struct kt_err *err);
void words_close(struct words *w);
/** One of two texts; the other when it is empty. */
const char *words_pick(const struct words *w, struct kt_text t);
/** A field's value (JSON as in an item). `plain`: for a table that is read again, else for people
 *  (with its unit). */
void words_value(struct words *w, const struct rec_field *f, const struct kt_json *v, bool plain,
                 struct kt_buf *out);
void words_moment(const struct words *w, int64_t ms, bool plain, struct kt_buf *out);
/** Name of a place, or its id where another has the same name or `plain` asks for what is certain.
 */
const char *words_place(const struct words *w, const char *id);
/** Name of a person, or the id where names are not asked for. */
const char *words_person(const struct words *w, const char *user);
#endif
