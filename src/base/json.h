/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_BASE_JSON_H
#define KT_BASE_JSON_H
/*
 * json: writing JSON into a kt_buf. Commas are kept by the writer; numbers are the shortest decimal
 * that reads back to the same double, the same on every machine and locale; NaN and infinities are
 * written as null. Reading is conf/json.h.   Threads: one at a time.
 */
#include "base/buf.h"
#include "base/time.h"

struct kt_jw {
    struct kt_buf *out;
    bool comma; /* something stands before at this depth */
};

static inline struct kt_jw kt_jw_init(struct kt_buf *out)
{
    return (struct kt_jw){out, false};
}
void kt_jw_obj(struct kt_jw *w);     /**< { */
void kt_jw_obj_end(struct kt_jw *w); /**< } */
void kt_jw_arr(struct kt_jw *w);     /**< [ */
void kt_jw_arr_end(struct kt_jw *w); /**< ] */
void kt_jw_key(struct kt_jw *w, const char *key);
void kt_jw_str(struct kt_jw *w, const char *s); /**< NULL writes null */
void kt_jw_strn(struct kt_jw *w, struct kt_str s);
void kt_jw_num(struct kt_jw *w, double v);
void kt_jw_int(struct kt_jw *w, int64_t v);
void kt_jw_bool(struct kt_jw *w, bool v);
void kt_jw_null(struct kt_jw *w);
void kt_jw_raw(struct kt_jw *w, struct kt_str json); /**< a value that is JSON already */
/* key and value in one */
void kt_jw_kstr(struct kt_jw *w, const char *key, const char *s);
void kt_jw_knum(struct kt_jw *w, const char *key, double v);
void kt_jw_kint(struct kt_jw *w, const char *key, int64_t v);
void kt_jw_kbool(struct kt_jw *w, const char *key, bool v);
void kt_jw_ktext(struct kt_jw *w, const char *key, const char *s); /**< "" is left out */
void kt_jw_ktime(struct kt_jw *w, const char *key, kt_time t);     /**< UTC; 0 is left out */

/** Room for so many bytes of text in which the caller writes values with their commas, the first
 *  without one; NULL past the buffer's ceiling. Then kt_jw_wrote() with where they end. */
char *kt_jw_room(struct kt_jw *w, size_t n);
void kt_jw_wrote(struct kt_jw *w, const char *end);

/** Decimal; at least 24 bytes of room; returns the length. */
size_t kt_fmt_int(char *to, int64_t v);
/** Shortest decimal of a finite double; at least 32 bytes of room; returns the length. */
size_t kt_fmt_double(char *to, double v);
/** As kt_fmt_double() for what was computed and carries an error of rounding anyway (a mean): at
 * most 15 significant digits, several times as fast. */
size_t kt_fmt_near(char *to, double v);
#endif
