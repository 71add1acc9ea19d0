/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow_many: what may be done with many records at once. Of each transition that one of them could
 * take: how many may, and why the others may not.
 */
#include "record/flow.h"

#include <stdio.h>
#include <stdlib.h>

#include "record/reading.h"

enum { MANY_MAX = 1000, STATES = 64 };

/* Of one transition. */
struct tally {
    uint32_t may, who, signed_before, evidence, state[STATES];
    bool begins; /* from the state of one of them */
};

struct many {
    struct rec_view *v;
    const struct rec_register *reg;
    const struct rec_workflow *f;
    struct flow_asker asker;
    struct kt_stmt *find;
    struct tally *tally; /* of each transition */
    uint32_t seen, ended;
};

/* What is looked at of one record; texts are borrowed from the statement's row. */
struct one {
    int64_t id, since_ms;
    uint32_t state;
    const char *owner, *creator;
};

static bool asker_may(const void *of, const char *right)
{
    return reader_may(of, right);
}

static int has_evidence(struct kt_db *db, const struct rec_transition *t, const struct one *o,
                        bool *ret, struct kt_err *err)
{
    *ret = true;
    for (uint32_t i = 0; *ret && i < t->evidence_n; i++) {
        int64_t n = 0;
        int rc = flow_evidence(db, o->id, t->evidence[i].field, o->since_ms, &n, err);
        if (rc < 0) {
            return rc;
        }
        *ret = n >= t->evidence[i].n;
    }
    return KT_OK;
}

static int judge(struct many *m, const struct rec_transition *t, struct tally *y,
                 const struct one *o, struct kt_err *err)
{
    int64_t n = 0;
    bool self = false, has = false;
    if (!rec_in_states(t->from, o->state)) {
        y->state[o->state < STATES ? o->state : 0]++;
        return KT_OK;
    }
    y->begins = true;
    if (!flow_may_move(&m->asker, t, o->owner, o->creator)) {
        y->who++;
        return KT_OK;
    }
    int rc =
        t->sign > 1 ? flow_signed(m->v->db, o->id, t->id, m->asker.user, &n, &self, err) : KT_OK;
    rc = rc == KT_OK && !self ? has_evidence(m->v->db, t, o, &has, err) : rc;
    *(self ? &y->signed_before : has ? &y->may : &y->evidence) += rc == KT_OK;
    return rc;
}

static int look_at(struct many *m, int64_t id, struct kt_err *err)
{
    kt_stmt_reset(m->find);
    kt_bind_i64(m->find, 1, id);
    int rc = kt_stmt_step(m->find, err);
    if (rc <= 0) {
        return rc;
    }
    m->seen++;
    if (!kt_col_is_null(m->find, 4)) {
        m->ended++;
        return KT_OK;
    }
    struct one o = {.id = id,
                    .state = rec_state_of(m->f, kt_col_text(m->find, 0)),
                    .owner = kt_col_text(m->find, 1),
                    .creator = kt_col_text(m->find, 2),
                    .since_ms = kt_col_i64(m->find, 3)};
    rc = KT_OK;
    for (uint32_t i = 0; rc == KT_OK && i < m->f->transitions_n; i++) {
        rc = judge(m, &m->f->transitions[i], &m->tally[i], &o, err);
    }
    return rc;
}

/* ---- out ---- */

static void refused(struct kt_jw *w, uint32_t n, const char *zh, const char *en)
{
    if (n) {
        kt_jw_obj(w);
        kt_jw_kint(w, "records", n);
        kt_text_json(w, "why", &(struct kt_text){.zh = zh, .en = en});
        kt_jw_obj_end(w);
    }
}

static void write_refused(const struct many *m, const struct tally *y, struct kt_jw *w)
{
    char zh[300], en[300];
    kt_jw_key(w, "refused");
    kt_jw_arr(w);
    for (uint32_t s = 0; s < m->f->states_n && s < STATES; s++) {
        struct kt_text t = m->f->states[s].title;
        snprintf(zh, sizeof zh, "状态是“%s”", t.zh);
        snprintf(en, sizeof en, "in the state %s", t.en);
        refused(w, y->state[s], zh, en);
    }
    refused(w, y->who, "无权办理", "not yours to do");
    refused(w, y->signed_before, "您已签过", "you have signed");
    refused(w, y->evidence, "进入本状态以来的附件不足",
            "too few attachments since the state was entered");
    refused(w, m->ended, "已注销", "ended");
    kt_jw_arr_end(w);
}

static void write_all(const struct many *m, uint32_t n, struct kt_jw *w)
{
    kt_jw_obj(w);
    kt_jw_kint(w, "records", m->seen);
    kt_jw_kint(w, "missing", n - m->seen);
    kt_jw_key(w, "transitions");
    kt_jw_arr(w);
    for (uint32_t i = 0; m->f && i < m->f->transitions_n; i++) {
        if (m->tally[i].begins) {
            kt_jw_obj(w);
            kt_jw_kint(w, "may", m->tally[i].may);
            write_refused(m, &m->tally[i], w);
            flow_transition(w, m->f, &m->f->transitions[i]);
            kt_jw_obj_end(w);
        }
    }
    kt_jw_arr_end(w);
    kt_jw_obj_end(w);
}

static int look_at_all(struct many *m, const int64_t *ids, uint32_t n, struct kt_err *err)
{
    char sql[REC_ID_MAX + 160];
    snprintf(sql, sizeof sql,
             "SELECT ifnull(_state, ''), ifnull(_owner, ''), ifnull(_created_by, ''), "
             "ifnull(_since, 0), _ended FROM \"%s\" WHERE _id = ?",
             m->reg->id);
    int rc = kt_db_prepare_once(m->v->db, sql, &m->find, err);
    if (rc < 0) {
        return rc;
    }
    for (uint32_t i = 0; rc == KT_OK && i < n; i++) {
        rc = look_at(m, ids[i], err);
    }
    kt_stmt_done(m->find);
    return rc;
}

int kt_room_moves(struct kt_room *r, const struct kt_reader *who, const char *reg_id,
                  const int64_t *ids, uint32_t n, struct kt_buf *out, struct kt_err *err)
{
    struct rec_view v;
    uint32_t ri = KT_NONE;
    if (n == 0 || n > MANY_MAX) {
        return kt_err_set(err, KT_EINVAL, "records: between 1 and %d", MANY_MAX);
    }
    int rc = view_open(r, who, 0, 0, &v, err);
    if (rc < 0) {
        return rc;
    }
    struct many m = {.v = &v};
    rc = view_register(&v, reg_id, &ri, err);
    if (rc == KT_OK) {
        m.reg = &v.model->registers[ri];
        m.f = flow_of(v.model, m.reg);
        m.asker = (struct flow_asker){who->user, who, asker_may, reader_writes(who, m.reg)};
        m.tally = calloc(m.f ? m.f->transitions_n + 1 : 1, sizeof(*m.tally));
        KT_ASSERT(m.tally);
        rc = m.f ? look_at_all(&m, ids, n, err) : KT_OK;
    }
    if (rc == KT_OK) {
        struct kt_jw w = kt_jw_init(out);
        write_all(&m, n, &w);
    }
    free(m.tally);
    view_close(&v);
    return rc;
}
