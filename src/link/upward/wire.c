/* SPDX-License-Identifier: Apache-2.0 */
#include "link/upward/wire.h"

#include <stdlib.h>

#include "base/json.h"
#include "conf/json.h"

enum { SAMPLES = 1, OUTCOME = 2, NAMES_MAX = UPWARD_SAMPLES, PLACE_MAX = 4096 };

static void put_head(struct kt_buf *out, const struct upward_msg *m)
{
    kt_buf_put(out, "KU1", 3);
    kt_put_u8(out, m->lane);
    kt_put_text(out, m->at.gen);
    kt_put_u64(out, m->at.n);
    kt_put_u64(out, m->prev_pos);
    kt_put_u64(out, m->at.pos);
    kt_put_i64(out, m->time);
    kt_buf_put(out, m->prev.b, sizeof(m->prev.b));
}

/* Over the head, of which the chain before is a part, and the sections. */
static void chain_of(const struct upward_msg *m, struct kt_hash *ret)
{
    struct kt_buf b;
    kt_buf_init(&b, 0);
    put_head(&b, m);
    kt_buf_put(&b, m->body.p, m->body.n);
    kt_hash_of(b.p, b.n, ret);
    kt_buf_done(&b);
}

void upward_put(struct kt_buf *out, struct upward_msg *m)
{
    chain_of(m, &m->at.chain);
    put_head(out, m);
    kt_buf_put(out, m->at.chain.b, sizeof(m->at.chain.b));
    kt_buf_put(out, m->body.p, m->body.n);
}

static void get_hash(struct kt_rd *r, struct kt_hash *ret)
{
    const void *p = kt_rd_take(r, sizeof(ret->b));
    if (p) {
        memcpy(ret->b, p, sizeof(ret->b));
    }
}

int upward_get(struct kt_str text, struct upward_msg *ret, struct kt_err *err)
{
    struct upward_msg m = {0};
    struct kt_rd r = kt_rd_init(text.p, text.n);
    const char *magic = kt_rd_take(&r, 3);
    if (!magic || memcmp(magic, "KU1", 3) != 0 || text.n > UPWARD_MAX) {
        return kt_err_set(err, KT_EPARSE, "no message of a mine");
    }
    m.lane = kt_get_u8(&r);
    kt_get_text(&r, m.at.gen, sizeof(m.at.gen));
    m.at.n = kt_get_u64(&r);
    m.prev_pos = kt_get_u64(&r);
    m.at.pos = kt_get_u64(&r);
    m.time = kt_get_i64(&r);
    get_hash(&r, &m.prev);
    get_hash(&r, &m.at.chain);
    if (r.bad || !m.at.gen[0] || m.at.n == 0 || m.at.pos < m.prev_pos) {
        return kt_err_set(err, KT_EPARSE, "a message of a mine that is cut short");
    }
    m.body = (struct kt_str){(const char *)r.p, kt_rd_left(&r)};
    struct kt_hash chain;
    chain_of(&m, &chain);
    if (memcmp(chain.b, m.at.chain.b, sizeof(chain.b)) != 0) {
        return kt_err_set(err, KT_ECORRUPT, "a message of a mine was altered on its way");
    }
    *ret = m;
    return KT_OK;
}

/* ---- sections ---- */

void upward_put_samples(struct kt_buf *body, const char *const *names, uint32_t names_n,
                        kt_time arrival, const struct kt_samples *s)
{
    struct kt_buf b;
    kt_buf_init(&b, 0);
    kt_samples_encode(&b, arrival, s);
    kt_put_u8(body, SAMPLES);
    kt_put_varint(body, names_n);
    for (uint32_t i = 0; i < names_n; i++) {
        kt_put_text(body, names[i]);
    }
    kt_put_bytes(body, b.p, b.n);
    kt_buf_done(&b);
}

void upward_put_outcome(struct kt_buf *body, uint64_t seq, kt_time time, struct kt_str json)
{
    kt_put_u8(body, OUTCOME);
    kt_put_u64(body, seq);
    kt_put_i64(body, time);
    kt_put_bytes(body, json.p, json.n);
}

void upward_section_done(struct upward_section *s)
{
    free(s->names);
    kt_columns_done(&s->columns);
    *s = (struct upward_section){0};
}

static int get_samples(struct kt_rd *r, struct upward_section *s, struct kt_err *err)
{
    uint64_t n = kt_get_varint(r);
    if (r->bad || n == 0 || n > NAMES_MAX || n > kt_rd_left(r)) {
        return kt_err_set(err, KT_EPARSE, "samples of no points");
    }
    if (n > s->names_cap) {
        free(s->names);
        s->names = calloc(n, sizeof(*s->names));
        KT_ASSERT(s->names);
        s->names_cap = (uint32_t)n;
    }
    s->names_n = (uint32_t)n;
    for (uint32_t i = 0; i < n; i++) {
        kt_get_text(r, s->names[i], UPWARD_ID);
    }
    struct kt_str body = kt_get_bytes(r);
    if (r->bad) {
        return kt_err_set(err, KT_EPARSE, "samples that are cut short");
    }
    int rc = kt_samples_decode(body, UPWARD_SAMPLES, &s->time, &s->columns, err);
    for (uint32_t i = 0; rc == KT_OK && i < s->columns.n; i++) {
        if (s->columns.point[i] >= n) {
            rc = kt_err_set(err, KT_EPARSE, "a sample of a point without a name");
        }
    }
    return rc;
}

int upward_next(struct kt_rd *r, struct upward_section *s, struct kt_err *err)
{
    if (kt_rd_left(r) == 0) {
        return 0;
    }
    uint8_t kind = kt_get_u8(r);
    s->samples = kind == SAMPLES;
    if (kind == SAMPLES) {
        int rc = get_samples(r, s, err);
        return rc < 0 ? rc : 1;
    }
    s->seq = kt_get_u64(r);
    s->time = kt_get_i64(r);
    s->json = kt_get_bytes(r);
    if (kind != OUTCOME || r->bad) {
        return kt_err_set(err, KT_EPARSE, "a section of an unknown kind, or cut short");
    }
    return 1;
}

/* ---- places ---- */

void upward_put_place_in(struct kt_jw *w, const struct upward_place *p)
{
    char hex[65];
    kt_jw_kstr(w, "gen", p->gen);
    kt_jw_kint(w, "n", (int64_t)p->n);
    kt_jw_kint(w, "pos", (int64_t)p->pos);
    kt_jw_kstr(w, "chain", kt_hash_hex(&p->chain, hex));
}

void upward_put_place(struct kt_buf *out, const struct upward_place *p, bool again)
{
    struct kt_jw w = kt_jw_init(out);
    kt_jw_obj(&w);
    upward_put_place_in(&w, p);
    kt_jw_kbool(&w, "again", again);
    kt_jw_obj_end(&w);
}

int upward_get_place(struct kt_str text, struct upward_place *ret, bool *ret_again,
                     struct kt_err *err)
{
    KT_CLEANUP(kt_json_freep) struct kt_json *j = NULL;
    struct upward_place p = {0};
    int64_t n = 0, pos = 0;
    int r = kt_json_parse(text, PLACE_MAX, &j, err);
    if (r < 0) {
        return r;
    }
    const char *hex = kt_json_get_str(j, "chain", "");
    n = kt_json_get_int(j, "n", -1);
    pos = kt_json_get_int(j, "pos", -1);
    if (n < 0 || pos < 0 || kt_hash_from_hex(kt_str_c(hex), &p.chain) < 0) {
        return kt_err_set(err, KT_EPARSE, "no place in a stream");
    }
    kt_text_set(p.gen, sizeof(p.gen), kt_json_get_str(j, "gen", ""));
    p.n = (uint64_t)n;
    p.pos = (uint64_t)pos;
    *ret = p;
    *ret_again = kt_json_get_bool(j, "again", false);
    return KT_OK;
}
