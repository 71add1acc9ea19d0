/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_API_RECORDS_H
#define KT_API_RECORDS_H
/* records: private to api. What the files behind /records share. Rights and places are the room's:
 * a reader says who asks, and what they may not see is not there. */
#include "api/handlers.h"
#include "record/handout.h"

/** Who asks, for the room; borrows from the call. */
struct kt_reader reader_of(const struct call *c);
/** The same, with names of persons in place of their ids: for what people print. */
struct kt_reader printing_reader(struct call *c);
/** The room; NULL when answered: this program has none. */
struct kt_room *room_of(struct call *c);
/** The site's data folder, in the call's arena. */
const char *data_dir(const struct call *c);
/** A page of a register, read; *ret is freed by the caller. */
KT_MUST_CHECK int list_json(struct kt_room *room, const struct kt_reader *who, const char *reg,
                            const struct kt_record_query *q, struct kt_json **ret,
                            struct kt_err *err);
/** A number of the path; answered (404) and false when it is none. */
bool path_id(struct call *c, int i, int64_t *ret);
/** Answer with what a reading function wrote, or with its error; takes the buffer. */
void reply_room(struct call *c, int r, struct kt_buf *b, const struct kt_err *err);
/** ?q=&filter=&sort=&at=&known=&limit=&cursor=; *ret_filter is freed by the caller. False when
 *  answered. */
bool list_query(struct call *c, struct kt_record_query *ret, struct kt_json **ret_filter);
/** The register as GET /registers has it for this person; *ret_all is freed by the caller. NULL
 *  when answered (404). */
const struct kt_json *register_of(struct call *c, const char *id, struct kt_json **ret_all);
/** May this person `what` ("create", "import") the records of a register? Answered when not: to be
 *  asked before what takes long. */
bool register_may(struct call *c, const char *id, const char *what);
/** A document (blocks as kt_room_document() writes them) as pdf (default) or xlsx under this name;
 *  takes the buffer. */
void reply_document(struct call *c, struct kt_buf *json, const char *format, const char *name);
/** ?lang=: "zh" (default) or "en". */
bool in_english(const struct call *c);

/* requests.c: the JSON of a request of this person, as the journal has it */
void write_request(struct call *c, const char *verb, struct kt_str args, struct kt_buf *out);
/* one request of this person; its verdict is the answer. `args` is JSON. */
void send_request(struct call *c, const char *verb, struct kt_str args);

/** After kt_room_seal(): answers when it failed; its result. */
int seal_answered(struct call *c, int r, const struct kt_buf *out, const struct kt_err *err);

/* attachments.c */
/** record.attach names an upload of this person: type, size and meta are what was found in it.
 *  The args to send, in the call's arena; NULL when answered. */
const char *attach_args(struct call *c, const struct kt_json *args);
/* Bytes that the program made of what was sent, on their way to a record. */
struct staged {
    const char *name, *kind, *type, *meta; /* meta: a JSON object */
    struct kt_str bytes;
};
/** Keep them as an upload of this person; `out`: as POST /attachments answers. */
KT_MUST_CHECK int attachments_stage(struct call *c, const struct staged *s, struct kt_buf *out,
                                    struct kt_err *err);
/** Uploads that no record took within a day go. */
void attachments_sweep(struct kt_api *a);

/** This body is somebody's now: no upload of the same bytes takes it away. */
void attachments_claim(struct call *c, const char *hash);

/* import_table.c */
enum { IMPORT_ANSWER_MAX = 256 << 20 };
/* A table as it came up. */
struct import_file {
    struct kt_arena *arena; /* what is made of it */
    struct kt_str bytes;
    const char *name, *sheet; /* sheet NULL: the first */
    struct kt_task *task;
};
/** [{"": row number, column: text, …}, …]; free with kt_json_free(). KT_ESTATE: stopped. */
KT_MUST_CHECK int import_table(const struct import_file *f, struct kt_json **ret,
                               struct kt_err *err);
/* imports.c */
struct imports *imports_new(struct kt_api *a);
void imports_free(struct imports *im); /**< accepts NULL */
/** Answers when the job is an import of this person's; false: it is none. */
bool imports_reply(struct call *c, uint64_t id);
#endif
