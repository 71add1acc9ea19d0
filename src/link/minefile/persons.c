/* SPDX-License-Identifier: Apache-2.0 */
#include "link/minefile/persons.h"

#include <stdlib.h>

#include "base/json.h"

enum { PLACE_FIELDS = 15, ROSTER_FIELDS = 7 };
#define LONGEST                                                                                    \
    (7 * KT_DAY) /* a longer stay below is a wrong clock, or a card that was forgotten */
enum { P_CARD, P_NAME, P_IN_OUT, P_IN, P_OUT, P_AREA, P_AREA_TIME, P_STATION, P_TIME };

enum persons_kind persons_kind(const char *type)
{
    type += type[0] == 'N';
    return strcmp(type, "RYSS") == 0   ? PERSONS_PLACES
           : strcmp(type, "RYXX") == 0 ? PERSONS_ROSTER
                                       : PERSONS_NONE;
}

static bool take_place(const struct kt_str *f, uint32_t n, int off, struct kt_readings *to)
{
    uint64_t card;
    kt_time at, in;
    bool out = n >= 3 && kt_str_is(f[P_IN_OUT], "2");
    if (n != PLACE_FIELDS || !kt_card_parse(f[P_CARD], &card) ||
        (!out && !kt_str_is(f[P_IN_OUT], "1"))) {
        return false;
    }
    /* where it is since when it came to the station; out, since when it came out */
    if ((!out || kt_time_parse(f[P_OUT], off, &at) < 0) && kt_time_parse(f[P_TIME], off, &at) < 0) {
        return false;
    }
    int anchor = f[P_STATION].n ? kt_readings_anchor(to, f[P_STATION]) : -1;
    if (!out && anchor < 0) {
        return false;
    }
    struct kt_reading *x = kt_readings_add(to);
    if (!x) {
        return false;
    }
    x->card = card;
    x->time = at;
    x->flags = (uint8_t)(KT_READ_FILE | (out ? KT_READ_OUT : KT_READ_IN));
    if (!out) {
        x->n = 1;
        x->a[0].anchor = (uint16_t)anchor;
        x->a[0].cm = KT_DIST_NONE;
    }
    if (!out && kt_time_parse(f[P_IN], off, &in) == KT_OK && in <= at && at - in <= LONGEST) {
        x->flags |= KT_READ_SINCE;
        x->in = in;
    }
    return true;
}

static int take_places(const struct minefile *f, int off, kt_time arrival, struct kt_buf *out,
                       uint32_t *n, uint32_t *bad)
{
    struct kt_readings *r = malloc(sizeof(*r));
    KT_ASSERT(r);
    kt_readings_init(r);
    r->arrival = arrival;
    for (uint32_t i = 0; i < f->n; i++) {
        *bad += !take_place(f->records[i], f->fields_n[i], off, r);
    }
    *n = r->n;
    kt_readings_encode(out, r);
    kt_readings_done(r);
    free(r);
    return KT_OK;
}

static bool yes(struct kt_str s)
{
    return kt_str_is(s, "1") || kt_str_is(s, "是");
}

static void put(struct kt_jw *w, const char *key, struct kt_str s)
{
    kt_jw_key(w, key);
    kt_jw_strn(w, s);
}

static bool take_card(const struct kt_str *f, uint32_t n, struct kt_jw *w)
{
    uint64_t card;
    if (n < ROSTER_FIELDS || !kt_card_parse(f[0], &card)) {
        return false;
    }
    kt_jw_obj(w);
    put(w, "card", f[0]);
    put(w, "person", f[0]);
    put(w, "trade", f[2]);
    put(w, "team", f[4]);
    kt_jw_kbool(w, "leader", yes(f[n - 2]));
    kt_jw_kbool(w, "special", yes(f[n - 1]));
    kt_jw_obj_end(w);
    return true;
}

int persons_take(const struct minefile *f, enum persons_kind kind, int utc_offset_s,
                 kt_time arrival, struct kt_buf *out, uint32_t *ret_n, uint32_t *ret_bad)
{
    uint32_t n = 0, bad = 0;
    int r = KT_OK;
    if (kind == PERSONS_PLACES) {
        r = take_places(f, utc_offset_s, arrival, out, &n, &bad);
    } else {
        struct kt_jw w = kt_jw_init(out);
        kt_jw_obj(&w);
        kt_jw_key(&w, "roster");
        kt_jw_arr(&w);
        for (uint32_t i = 0; i < f->n; i++) {
            bool ok = take_card(f->records[i], f->fields_n[i], &w);
            n += ok;
            bad += !ok;
        }
        kt_jw_arr_end(&w);
        kt_jw_obj_end(&w);
    }
    if (out->full) {
        return KT_ELIMIT;
    }
    *ret_n = n;
    *ret_bad = bad;
    return r;
}
