/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rejoin: where a node stands against the common order, when it starts.
 *
 *   our journal    ───────────────●L
 *   the order      ──────●H                 a tail that was never acknowledged: shipped, if we can
 *                                           hold the lease; else cut off and kept beside
 *   the order      ──────────────────────●H we follow from L+1
 *   the order      ──────╲───────●H         another chain: our tail is cut off where both part
 */
#include "cluster/private.h"

#include <inttypes.h>

#include "base/log.h"
#include "sys/clock.h"

struct rejoin {
    struct kt_cluster *c;
    struct cl_etcd *e;
    kt_seq last; /* of our journal */
    struct kt_hash chain;
    struct core_answer seen;
    kt_mono until;
};

/* Opened as the runtime will, so that its tail is whole; then closed again. */
static int own_journal(struct rejoin *j, struct kt_err *err)
{
    struct kt_journal *journal;
    struct kt_journal_opts o = {.dir = j->c->journal_dir,
                                .segment_bytes = j->c->opts.segment_bytes,
                                .reserve_bytes = j->c->opts.reserve_bytes};
    int r = kt_journal_open(&o, &journal, err);
    if (r == KT_OK) {
        kt_journal_head(journal, &j->last, &j->chain);
        kt_journal_close(journal);
    }
    return r;
}

static bool look(struct rejoin *j)
{
    do {
        cl_etcd_look(j->e, 0, 0, &j->seen, NULL);
        if (j->seen.how == ANSWER_OK) {
            return true;
        }
        kt_sleep(100 * KT_MS);
    } while (kt_clock_mono() < j->until);
    KT_WARN("cluster", "etcd does not answer: %s", cl_etcd_why(j->e));
    return false;
}

static bool chain_is(struct rejoin *j, kt_seq seq, const struct kt_hash *chain)
{
    struct kt_hash own;
    struct kt_err err = {0};
    if (seq == j->last) {
        return kt_hash_eq(&j->chain, chain);
    }
    return seq < j->last && kt_journal_chain_at(j->c->journal_dir, seq, &own, &err) == KT_OK &&
           kt_hash_eq(&own, chain);
}

static int follow_from(struct rejoin *j, const struct core_pos *at)
{
    core_standby(&j->c->core, j->c->opts.ttl_ns, at, kt_clock_mono());
    return KT_OK;
}

static int cut_and_follow(struct rejoin *j, const struct core_pos *at, struct kt_err *err)
{
    struct kt_cluster *c = j->c;
    int r = kt_journal_cut(c->journal_dir, at->next - 1, &at->chain, c->cut_dir, err);
    return r < 0 ? r : follow_from(j, at);
}

static int lacks(kt_seq seq, struct kt_err *err)
{
    return kt_err_set(err, KT_ESTATE,
                      "the common order does not hold event %" PRIu64
                      " any more: this node was away too long; move its data folder aside, run "
                      "kuangtu cluster join, and start again",
                      seq);
}

/* The frame that holds `seq`, or the last one before it. */
static int floor_of(struct rejoin *j, kt_seq seq, struct kt_buf *bytes, struct cl_frame *ret,
                    struct kt_err *err)
{
    struct core_answer a;
    bool found;
    kt_mono until = kt_clock_mono() + j->c->opts.patience_ns;
    do {
        kt_buf_clear(bytes);
        cl_etcd_floor(j->e, seq, &a, bytes, &found);
    } while (a.how == ANSWER_UNKNOWN && kt_clock_mono() < until && (kt_sleep(50 * KT_MS), true));
    if (a.how != ANSWER_OK) {
        return kt_err_set(err, KT_EIO, "%s", cl_etcd_why(j->e));
    }
    if (!found) {
        return lacks(seq, err);
    }
    int r = cl_frame_get(bytes->p + 4, bytes->n - 4, ret, err);
    return r < 0 ? r : cl_frame_check(ret, err);
}

/* Back from frame to frame to where both chains are one. */
static int part_ways(struct rejoin *j, struct kt_err *err)
{
    struct kt_buf bytes;
    struct cl_frame f;
    kt_seq seq = j->last < j->seen.head.next - 1 ? j->last : j->seen.head.next - 1;
    kt_buf_init(&bytes, 0);
    int r = floor_of(j, seq, &bytes, &f, err);
    while (r == KT_OK && !chain_is(j, f.from.next - 1, &f.from.chain)) {
        r = f.from.next > 1 ? floor_of(j, f.from.next - 1, &bytes, &f, err) : lacks(1, err);
    }
    if (r == KT_OK) {
        r = cut_and_follow(j, &f.from, err);
    }
    kt_buf_done(&bytes);
    return r;
}

/* Our journal ends within a frame or at its end: take the rest of it. *ret false: not our chain. */
static int go_on_within(struct rejoin *j, const struct cl_frame *f, bool *ret)
{
    struct kt_hash chain = f->from.chain;
    size_t at = 0, size = 0;
    kt_seq seq = f->from.next;
    struct kt_event ev;
    *ret = false;
    while (seq <= j->last && at < f->events.n) {
        if (kt_event_unpack(f->events.p + at, f->events.n - at, seq++, &ev, &size) < 0) {
            return KT_OK;
        }
        kt_event_chain(&chain, &ev);
        at += size;
    }
    *ret = kt_hash_eq(&chain, &j->chain);
    if (*ret && at < f->events.n) {
        cluster_take_in(j->c, seq, (struct kt_str){f->events.p + at, f->events.n - at});
    }
    return *ret ? follow_from(j, &f->to) : KT_OK;
}

static int behind(struct rejoin *j, struct kt_err *err)
{
    struct kt_buf bytes;
    struct cl_frame f;
    bool ours = false;
    kt_buf_init(&bytes, 0);
    int r = floor_of(j, j->last + 1, &bytes, &f, err);
    if (r == KT_OK && f.to.next <= j->last + 1) {
        r = lacks(j->last + 1, err);
    }
    if (r == KT_OK && chain_is(j, f.from.next - 1, &f.from.chain)) {
        r = go_on_within(j, &f, &ours);
    }
    kt_buf_done(&bytes);
    return r < 0 || ours ? r : part_ways(j, err);
}

/* Hold the lease, if nobody else does. Our own of before the restart is waited for. */
static bool hold(struct rejoin *j, int64_t *ret_lease, int64_t *ret_token, kt_mono *ret_renewed)
{
    struct core_answer a;
    struct kt_buf json;
    kt_mono until = kt_clock_mono() + 2 * j->c->opts.ttl_ns;
    *ret_renewed = kt_clock_mono();
    cl_etcd_grant(j->e, j->c->opts.ttl_ns, &a);
    int64_t lease = a.lease;
    kt_buf_init(&json, 0);
    cluster_self_json(j->c, &json);
    bool held = false, again = a.how == ANSWER_OK;
    while (again) {
        cl_etcd_claim(j->e, lease, (struct kt_str){json.p, json.n}, &a);
        held = a.how == ANSWER_OK;
        again = !held && kt_clock_mono() < until &&
                (a.how == ANSWER_UNKNOWN || strcmp(a.holder.node, j->c->node) == 0);
        if (again) {
            kt_sleep(100 * KT_MS);
            kt_mono sent = kt_clock_mono();
            cl_etcd_renew(j->e, lease, &a);
            *ret_renewed = a.how == ANSWER_OK && !a.gone ? sent : *ret_renewed;
        }
    }
    kt_buf_done(&json);
    if (!held && lease) {
        cl_etcd_revoke(j->e, lease);
    }
    *ret_lease = lease;
    *ret_token = a.token;
    return held;
}

/* More than the order has: never acknowledged. Ours to add if we can be the active one. */
static int ahead(struct rejoin *j, struct kt_err *err)
{
    int64_t lease = 0, token = 0;
    kt_mono renewed;
    if (!chain_is(j, j->seen.head.next - 1, &j->seen.head.chain)) {
        return part_ways(j, err);
    }
    if (hold(j, &lease, &token, &renewed)) {
        core_active(&j->c->core, j->c->opts.ttl_ns, lease, token, renewed, kt_clock_mono());
        return KT_OK;
    }
    if (!look(j)) {
        return kt_err_set(err, KT_EIO, "%s", cl_etcd_why(j->e));
    }
    if (!chain_is(j, j->seen.head.next - 1, &j->seen.head.chain)) {
        return part_ways(j, err);
    }
    return cut_and_follow(j, &j->seen.head, err);
}

static int find_place(struct rejoin *j, struct kt_err *err)
{
    const struct core_pos own = {.next = j->last + 1, .chain = j->chain};
    if (!look(j)) {
        KT_WARN("cluster", "node %s begins cut off from etcd: protective commands only",
                j->c->node);
        core_active(&j->c->core, j->c->opts.ttl_ns, 0, 0, 0, kt_clock_mono());
        return KT_OK;
    }
    if (!j->seen.has_head) {
        return follow_from(j, &own);
    }
    if (own.next > j->seen.head.next) {
        return ahead(j, err);
    }
    if (own.next < j->seen.head.next) {
        return behind(j, err);
    }
    return kt_hash_eq(&own.chain, &j->seen.head.chain) ? follow_from(j, &own) : part_ways(j, err);
}

int cluster_rejoin(struct kt_cluster *c, struct kt_err *err)
{
    struct rejoin j = {.c = c, .until = kt_clock_mono() + c->opts.patience_ns};
    int r = own_journal(&j, err);
    if (r < 0) {
        return r;
    }
    j.e = cl_etcd_new(&c->conf);
    r = find_place(&j, err);
    cl_etcd_free(j.e);
    return r;
}
