/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was published and what of it is confirmed. A message is cut from the journal where the
 * moment has it; after a return the next cut may differ, so a place is known by number and chain
 * together.
 */
#include "link/upward/private.h"

#include "base/json.h"
#include "conf/json.h"

enum { SENT_MAX = 1 << 20 };

static bool same(const struct upward_place *a, const struct upward_place *b)
{
    return a->n == b->n && kt_hash_eq(&a->chain, &b->chain);
}

void upward_sent_return(struct upward_sent *s)
{
    for (uint32_t i = 0; i < s->cur_n; i++) {
        s->old[s->old_n++ % UPWARD_OLD] = s->cur[i];
    }
    s->cur_n = 0;
}

static bool among_old(const struct upward_sent *s, const struct upward_place *p)
{
    for (uint32_t i = 0; i < s->old_n && i < UPWARD_OLD; i++) {
        if (same(&s->old[i], p)) {
            return true;
        }
    }
    return false;
}

enum upward_said upward_sent_said(struct upward_sent *s, const struct upward_place *p)
{
    if (strcmp(p->gen, s->confirmed.gen) != 0) {
        return UPWARD_FOREIGN;
    }
    if (same(p, &s->confirmed)) {
        return UPWARD_NOTHING_NEW;
    }
    for (uint32_t i = 0; i < s->cur_n; i++) {
        if (same(p, &s->cur[i])) {
            s->confirmed = s->cur[i];
            s->cur_n -= i + 1;
            memmove(s->cur, s->cur + i + 1, s->cur_n * sizeof(*s->cur));
            return UPWARD_FORWARD;
        }
    }
    if (p->n > s->confirmed.n && among_old(s, p)) {
        upward_sent_return(s);
        s->confirmed = *p;
        return UPWARD_OTHER;
    }
    return among_old(s, p) ? UPWARD_NOTHING_NEW : UPWARD_UNKNOWN; /* said before, heard late */
}

/* ---- as it is kept ---- */

static void put_list(struct kt_jw *w, const char *key, const struct upward_place *list, uint32_t n)
{
    kt_jw_key(w, key);
    kt_jw_arr(w);
    for (uint32_t i = 0; i < n; i++) {
        struct kt_buf b;
        kt_buf_init(&b, 4096);
        upward_put_place(&b, &list[i], false);
        kt_jw_raw(w, (struct kt_str){b.p, b.n});
        kt_buf_done(&b);
    }
    kt_jw_arr_end(w);
}

void upward_sent_put(struct kt_buf *out, const struct upward_sent *s)
{
    struct kt_jw w = kt_jw_init(out);
    kt_jw_obj(&w);
    kt_jw_kbool(&w, "made", s->made);
    put_list(&w, "confirmed", &s->confirmed, 1);
    put_list(&w, "published", s->cur, s->cur_n);
    put_list(&w, "before", s->old, s->old_n < UPWARD_OLD ? s->old_n : UPWARD_OLD);
    kt_jw_obj_end(&w);
}

static int get_list(const struct kt_json *j, const char *key, struct upward_place *list,
                    uint32_t cap, uint32_t *ret, struct kt_err *err)
{
    const struct kt_json *arr = kt_json_get(j, key);
    uint32_t n = (uint32_t)kt_json_len(arr);
    if (n > cap) {
        return kt_err_set(err, KT_EPARSE, "too many places in \"%s\"", key);
    }
    for (uint32_t i = 0; i < n; i++) {
        struct kt_buf b;
        bool again;
        kt_buf_init(&b, 4096);
        struct kt_jw w = kt_jw_init(&b);
        kt_json_write(kt_json_at(arr, i), &w);
        int r = upward_get_place((struct kt_str){b.p, b.n}, &list[i], &again, err);
        kt_buf_done(&b);
        if (r < 0) {
            return r;
        }
    }
    *ret = n;
    return KT_OK;
}

int upward_sent_get(struct kt_str json, struct upward_sent *ret, struct kt_err *err)
{
    struct upward_sent s = {0};
    uint32_t one = 0;
    KT_CLEANUP(kt_json_freep) struct kt_json *j = NULL;
    int r = kt_json_parse(json, SENT_MAX, &j, err);
    r = r == KT_OK ? get_list(j, "confirmed", &s.confirmed, 1, &one, err) : r;
    r = r == KT_OK ? get_list(j, "published", s.cur, UPWARD_WINDOW, &s.cur_n, err) : r;
    r = r == KT_OK ? get_list(j, "before", s.old, UPWARD_OLD, &s.old_n, err) : r;
    if (r == KT_OK && (one != 1 || !s.confirmed.gen[0])) {
        r = kt_err_set(err, KT_EPARSE, "the place of the upward stream has no confirmed one");
    }
    if (r == KT_OK) {
        s.made = kt_json_get_bool(j, "made", false);
        *ret = s;
    }
    return r;
}
