/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_RECORD_VALUE_H
#define KT_RECORD_VALUE_H
/* value: private to record. One value of a field: read from JSON with every check that needs no
 * table, written as JSON, bound to a statement. */
#include "record/private.h"

/**
 * Read a JSON value for a field. Text goes into the request's arena. References are looked up by
 * the caller: a number is the id; a text comes back as TEXT.
 * @return KT_OK; KT_EINVAL with both sentences in q
 */
KT_MUST_CHECK int value_read(struct rec_request *q, const struct kt_site *site,
                             const struct rec_field *f, const struct kt_json *v,
                             struct rec_value *ret);
/** A text of the declaration (`default:`, what a cycle fills in): today, now, me, or the value. */
KT_MUST_CHECK int value_of_text(struct rec_request *q, const struct kt_site *site,
                                const struct rec_field *f, const char *text, struct rec_value *ret);
/** For people: as a label shows it; appended. */
void value_text(const struct rec_field *f, const struct rec_value *v, struct kt_buf *out);
/** Is this a day of the calendar, YYYY-MM-DD? */
bool value_is_day(const char *s);
/** The site's day of a moment. */
void value_day(kt_time t, int utc_offset_s, char ret[11]);
#endif
