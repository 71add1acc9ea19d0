/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The core of three nodes against a fake etcd, with a fake network and clocks that drift: calls and
 * answers are late or lost, late calls are carried out after their caller gave up, nodes are cut
 * off, paused and killed, etcd stops and comes back. KT_SEED repeats one run, KT_SCHEDULES says how
 * many.
 */
#include "cluster/core.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

enum { NODES = 3, CALLS = 2 + CORE_SLOTS, ENTRIES = 4000, FRAMES = 3000, LEASES = 2000 };
enum { GHOSTS = 64, MOST = 41 /* events of a frame */ };
#define STEP      (5 * KT_MS)
#define FAULTS    (12 * KT_SEC) /* then peace */
#define PEACE     (10 * KT_SEC)
#define TTL       (2 * KT_SEC)
#define CALL_TIME (400 * KT_MS)

struct flight {
    bool used, applied;
    struct core_call call;
    struct core_answer answer;
    kt_mono apply_at, answer_at, give_up; /* true time; answer_at INT64_MAX: lost */
    struct kt_hash chains[MOST];          /* SHIP: what was sent */
};
struct node {
    bool alive, reaches; /* etcd */
    kt_mono paused_until, dead_until, work_at;
    double drift;
    int64_t offset;
    struct core core;
    struct kt_hash chain[ENTRIES]; /* up to each event of its journal */
    kt_seq last;
    kt_seq acked;
    struct flight flights[CALLS];
    struct kt_hash slots[CORE_SLOTS][MOST];
};
struct frame {
    struct core_pos from, to;
    int64_t token;
    struct kt_hash chains[MOST];
};
struct world {
    uint64_t rng;
    kt_mono now;
    struct node nodes[NODES];
    bool etcd_up;
    kt_mono etcd_back;
    int64_t revision, holder_token, holder_lease;
    int holder_node;
    struct {
        int node;
        kt_mono until; /* 0: gone */
    } leases[LEASES];
    int leases_n;
    bool has_head;
    struct core_pos head;
    struct frame frames[FRAMES];
    int frames_n;
    /* counted */
    struct flight ghosts[GHOSTS]; /* calls on the wire whose caller has given up */
    uint64_t closings, refused, takeovers, acks, looked, at_work;
    char wrong[200];
};

static uint64_t draw(struct world *w, uint64_t n)
{
    w->rng ^= w->rng << 13;
    w->rng ^= w->rng >> 7;
    w->rng ^= w->rng << 17;
    return n ? w->rng % n : 0;
}

static bool chance(struct world *w, int per_mille)
{
    return draw(w, 1000) < (uint64_t)per_mille;
}

static void wrong(struct world *w, const char *what, int node)
{
    if (!w->wrong[0]) {
        snprintf(w->wrong, sizeof(w->wrong), "%s: node %d at %.3f s", what, node,
                 (double)w->now / 1e9);
    }
}

static kt_mono clock_of(const struct world *w, const struct node *n)
{
    return (kt_mono)((double)w->now * n->drift) + n->offset;
}

/* ---- etcd ---- */

static bool lease_lives(const struct world *w, int64_t lease)
{
    return lease > 0 && lease <= w->leases_n && w->leases[lease - 1].until > w->now;
}

static void etcd_step(struct world *w)
{
    if (!w->etcd_up && w->now >= w->etcd_back) {
        w->etcd_up = true; /* as a new leader does: every lease has its whole time again */
        for (int i = 0; i < w->leases_n; i++) {
            w->leases[i].until = w->leases[i].until ? w->now + TTL : 0;
        }
    }
    for (int i = 0; w->etcd_up && i < w->leases_n; i++) {
        if (w->leases[i].until && w->leases[i].until <= w->now) {
            w->leases[i].until = 0;
            if (w->holder_lease == i + 1) {
                w->holder_lease = w->holder_token = 0;
            }
        }
    }
}

static void state_of(const struct world *w, struct core_answer *a)
{
    a->holder.token = w->holder_token;
    a->holder.lease = w->holder_lease;
    a->has_head = w->has_head;
    a->head = w->has_head ? w->head : (struct core_pos){.next = 1};
}

static struct frame *frame_at(struct world *w, kt_seq seq)
{
    for (int i = w->frames_n; i > 0; i--) {
        if (w->frames[i - 1].from.next == seq) {
            return &w->frames[i - 1];
        }
    }
    return NULL;
}

static void etcd_ship(struct world *w, struct flight *f)
{
    const struct core_call *c = &f->call;
    bool head = c->first_ever ? !w->has_head
                              : w->has_head && w->head.next == c->at.next &&
                                    kt_hash_eq(&w->head.chain, &c->at.chain);
    f->answer.how = ANSWER_NO;
    state_of(w, &f->answer);
    if (w->holder_token != c->token || !head || w->frames_n == FRAMES) {
        return;
    }
    struct frame *x = &w->frames[w->frames_n++];
    *x = (struct frame){.from = c->at, .to = c->to, .token = c->token};
    for (kt_seq s = c->at.next; s < c->to.next; s++) {
        x->chains[s - c->at.next] = f->chains[s - c->at.next];
    }
    w->head = c->to;
    w->has_head = true;
    w->revision++;
    f->answer.how = ANSWER_OK;
}

static void etcd_apply(struct world *w, int who, struct flight *f)
{
    struct core_answer *a = &f->answer;
    *a = (struct core_answer){.how = ANSWER_OK};
    switch (f->call.kind) {
    case CALL_GRANT:
        KT_ASSERT(w->leases_n < LEASES);
        w->leases[w->leases_n].node = who;
        w->leases[w->leases_n++].until = w->now + TTL;
        a->lease = w->leases_n;
        break;
    case CALL_RENEW:
        a->gone = !lease_lives(w, f->call.lease);
        if (!a->gone) {
            w->leases[f->call.lease - 1].until = w->now + TTL;
        }
        break;
    case CALL_CLAIM:
        if (w->holder_token || !lease_lives(w, f->call.lease)) {
            a->how = w->holder_token ? ANSWER_NO : ANSWER_UNKNOWN;
            state_of(w, a);
            break;
        }
        w->holder_token = a->token = ++w->revision;
        w->holder_lease = f->call.lease;
        w->holder_node = who;
        w->takeovers++;
        break;
    case CALL_LOOK:
        state_of(w, a);
        break;
    case CALL_SHIP:
        etcd_ship(w, f);
        break;
    case CALL_SIGN:
    case CALL_TIDY:
    case CALL_ALIGN:
        break;
    }
}

/* ---- a node ---- */

/* What the driver does with the frames of a look: append them to the journal. */
static void take_frames(struct world *w, struct node *n, const struct core_call *call,
                        struct core_answer *a)
{
    a->got = call->at;
    for (int i = 0; i < 3 && call->at.next; i++) {
        struct frame *f = frame_at(w, a->got.next);
        if (!f) {
            break;
        }
        if (!kt_hash_eq(&f->from.chain, &a->got.chain)) {
            a->broken = true;
            return;
        }
        for (kt_seq s = f->from.next; s < f->to.next; s++) {
            n->chain[s] = f->chains[s - f->from.next];
        }
        n->last = f->to.next - 1;
        a->got = f->to;
    }
}

static void rejoin(struct world *w, struct node *n)
{
    struct core_pos at = {.next = n->last + 1, .chain = n->chain[n->last]};
    kt_mono now = clock_of(w, n);
    if (!w->etcd_up || !n->reaches) {
        core_active(&n->core, TTL, 0, 0, 0, now);
        return;
    }
    for (kt_seq s = 0; w->has_head && s <= n->last; s++) { /* the last frame's end we have, too */
        struct frame *f = s == 0 ? NULL : frame_at(w, s + 1);
        bool end = s + 1 == w->head.next;
        const struct kt_hash *chain = f ? &f->from.chain : end ? &w->head.chain : NULL;
        if (s == 0 || (chain && kt_hash_eq(chain, &n->chain[s]))) {
            at = (struct core_pos){.next = s + 1, .chain = n->chain[s]};
        }
    }
    n->last = at.next - 1;
    core_standby(&n->core, TTL, &at, now);
}

/* Nobody waits for it any more; on the wire it may still be carried out. */
static void give_up(struct world *w, int who, struct flight *f)
{
    bool pending = f->used && !f->applied && f->apply_at != INT64_MAX;
    for (int i = 0; pending && i < GHOSTS; i++) {
        if (!w->ghosts[i].used) {
            w->ghosts[i] = *f;
            w->ghosts[i].call.slot = (uint32_t)who;
            pending = false;
        }
    }
    f->used = false;
}

static void start_node(struct world *w, int who)
{
    struct node *n = &w->nodes[who];
    n->alive = true;
    n->offset = (int64_t)draw(w, 1000) * KT_SEC;
    for (int i = 0; i < CALLS; i++) {
        give_up(w, who, &n->flights[i]);
    }
    rejoin(w, n);
}

static void send(struct world *w, struct node *n, struct flight *f, const struct core_call *call)
{
    *f = (struct flight){.used = true, .call = *call, .give_up = w->now + CALL_TIME};
    bool slow = chance(w, 30), lost = chance(w, 20) || !n->reaches;
    int64_t there = (int64_t)draw(w, slow ? 900 : 12) * KT_MS, back = (int64_t)draw(w, 12) * KT_MS;
    f->apply_at = lost ? INT64_MAX : w->now + there;
    f->answer_at = lost || chance(w, 20) ? INT64_MAX : f->apply_at + back;
    if (call->kind == CALL_SHIP) {
        memcpy(f->chains, n->slots[call->slot], sizeof(f->chains));
    }
    if (call->kind == CALL_ALIGN) {
        f->apply_at = f->answer_at = w->now;
    }
}

static bool build(struct world *w, struct node *n, struct core_call *call)
{
    kt_seq upto = n->last, most = call->at.next + 1 + draw(w, MOST);
    struct core_pos to = {.next = upto + 1 < most ? upto + 1 : most};
    if (to.next <= call->at.next) {
        core_built(&n->core, call, NULL);
        return false;
    }
    to.chain = n->chain[to.next - 1];
    for (kt_seq s = call->at.next; s < to.next; s++) {
        n->slots[call->slot][s - call->at.next] = n->chain[s];
    }
    core_built(&n->core, call, &to);
    return true;
}

static void issue(struct world *w, struct node *n)
{
    struct core_call call;
    kt_mono now = clock_of(w, n);
    for (int i = 0; i < CALLS; i++) {
        enum core_lane lane = i == 0 ? LANE_LEASE : i == 1 ? LANE_LOOK : LANE_SHIP;
        if (n->flights[i].used || !core_next(&n->core, lane, true, now, &call)) {
            continue;
        }
        if (lane == LANE_SHIP && call.fresh && !build(w, n, &call)) {
            continue;
        }
        send(w, n, &n->flights[i], &call);
    }
}

static void align(struct node *n, struct flight *f)
{
    kt_seq s = f->call.at.next - 1;
    bool same = s <= n->last && kt_hash_eq(&n->chain[s], &f->call.at.chain);
    f->answer = (struct core_answer){.how = same ? ANSWER_OK : ANSWER_NO};
}

static void finish(struct world *w, int who, struct flight *f, bool unknown)
{
    struct node *n = &w->nodes[who];
    if (unknown) {
        f->answer = (struct core_answer){.how = ANSWER_UNKNOWN};
    } else if (f->call.kind == CALL_ALIGN) {
        align(n, f);
    } else if (f->call.kind == CALL_LOOK && f->answer.how == ANSWER_OK) {
        take_frames(w, n, &f->call, &f->answer);
    }
    struct flight done = *f;
    give_up(w, who, f);
    core_done(&n->core, &done.call, &done.answer, clock_of(w, n));
}

/* What reaches etcd, whoever has given up on it; and answers to who is awake. */
static void network(struct world *w)
{
    for (int i = 0; i < GHOSTS; i++) {
        struct flight *f = &w->ghosts[i];
        if (f->used && w->now >= f->apply_at) {
            f->used = false;
            if (w->etcd_up) {
                etcd_apply(w, (int)f->call.slot, f);
            }
        }
    }
    for (int k = 0; k < NODES; k++) {
        struct node *n = &w->nodes[k];
        for (int i = 0; i < CALLS; i++) {
            struct flight *f = &n->flights[i];
            if (!f->used) {
                continue;
            }
            if (!f->applied && f->call.kind != CALL_ALIGN && w->now >= f->apply_at) {
                if (w->etcd_up) {
                    etcd_apply(w, k, f);
                } else {
                    f->answer_at = INT64_MAX;
                }
                f->applied = true;
            }
            bool awake = n->alive && w->now >= n->paused_until;
            if (awake && w->now >= f->answer_at) {
                finish(w, k, f, false);
            } else if (awake && w->now >= f->give_up) {
                finish(w, k, f, true);
            }
        }
    }
}

static void append_event(struct world *w, struct node *n)
{
    uint64_t salt = draw(w, UINT64_MAX);
    if (n->last + 2 < ENTRIES) {
        kt_hash_of2(n->chain[n->last].b, 32, &salt, sizeof(salt), &n->chain[n->last + 1]);
        n->last++;
    }
}

/* A closing that was decided: the gate is asked now, the wire is now. */
static void close_switch(struct world *w, int who)
{
    struct node *n = &w->nodes[who];
    if (!core_may(&n->core, clock_of(w, n))) {
        w->refused++;
        return;
    }
    w->closings++;
    if (w->holder_node != who || w->holder_token != n->core.token) {
        wrong(w, "a closing went out without the lease", who);
    }
}

static void check_acks(struct world *w, int who)
{
    struct node *n = &w->nodes[who];
    kt_seq durable = n->core.durable;
    if (n->core.role != CORE_ACTIVE || durable <= n->acked) {
        return;
    }
    w->acks += durable - n->acked;
    n->acked = durable;
    if (!w->has_head || durable >= w->head.next) {
        wrong(w, "acknowledged what etcd does not have", who);
        return;
    }
    for (int i = w->frames_n; i > 0; i--) {
        const struct frame *f = &w->frames[i - 1];
        if (f->from.next <= durable && durable < f->to.next &&
            !kt_hash_eq(&f->chains[durable - f->from.next], &n->chain[durable])) {
            wrong(w, "acknowledged another event than etcd has", who);
        }
    }
}

static void faults(struct world *w)
{
    int k = (int)draw(w, NODES);
    struct node *n = &w->nodes[k];
    if (chance(w, 4)) {
        n->reaches = !n->reaches;
    }
    if (chance(w, 2)) {
        n->paused_until = w->now + (int64_t)draw(w, 5000) * KT_MS;
    }
    if (chance(w, 2) && n->alive) {
        n->alive = false;
        n->dead_until = w->now + (int64_t)draw(w, 3000) * KT_MS;
    }
    if (chance(w, 1) && w->etcd_up) {
        w->etcd_up = false;
        w->etcd_back = w->now + (int64_t)draw(w, 4000) * KT_MS;
    }
}

static void node_step(struct world *w, int who)
{
    struct node *n = &w->nodes[who];
    if (!n->alive) {
        if (w->now >= n->dead_until) {
            start_node(w, who);
        }
        return;
    }
    if (w->now < n->paused_until) {
        return;
    }
    if (n->core.role == CORE_LOST) {
        n->alive = false;
        n->dead_until = w->now + 300 * KT_MS;
        return;
    }
    if (n->core.role == CORE_ACTIVE && chance(w, 300)) {
        append_event(w, n);
    }
    check_acks(w, who);
    issue(w, n);
    if (n->core.role == CORE_ACTIVE && chance(w, 100)) {
        close_switch(w, who);
    }
}

static int active_nodes(struct world *w)
{
    int n = 0;
    for (int k = 0; k < NODES; k++) {
        n += w->nodes[k].alive && core_may(&w->nodes[k].core, clock_of(w, &w->nodes[k]));
    }
    return n;
}

static void calm(struct world *w)
{
    for (int k = 0; k < NODES; k++) {
        w->nodes[k].reaches = true;
    }
}

static void run(struct world *w, uint64_t seed)
{
    memset(w, 0, sizeof(*w));
    w->rng = seed * 2654435761u + 88172645463325252ull;
    w->etcd_up = true;
    for (int k = 0; k < NODES; k++) {
        w->nodes[k].reaches = true;
        w->nodes[k].drift = 0.99 + (double)draw(w, 2000) / 100000.0;
        start_node(w, k);
    }
    while (w->now < FAULTS + PEACE && !w->wrong[0]) {
        w->now += STEP;
        etcd_step(w);
        if (w->has_head && w->now < FAULTS) { /* before, there is nothing to be one order */
            faults(w);
        } else {
            calm(w);
        }
        network(w);
        for (int k = 0; k < NODES; k++) {
            node_step(w, k);
        }
        int active = active_nodes(w);
        if (active > 1) {
            wrong(w, "two nodes may close", -1);
        }
        if (w->now > FAULTS + 7 * KT_SEC) {
            w->looked++;
            w->at_work += active == 1;
        }
    }
}

/* At the end: one is active, and every follower has what it has. */
static void check_end(struct world *w)
{
    if (w->at_work * 10 < w->looked * 8) {
        wrong(w, "in peace no node is active most of the time", -1);
    }
    for (int k = 0; k < NODES; k++) {
        struct node *n = &w->nodes[k];
        for (int i = 0; i < w->frames_n && !w->wrong[0]; i++) {
            const struct frame *f = &w->frames[i];
            kt_seq s = f->to.next - 1;
            if (s <= n->last && !kt_hash_eq(&n->chain[s], &f->to.chain)) {
                wrong(w, "a journal has another event than the common order", k);
            }
        }
        if (n->last + 400 < w->head.next) {
            wrong(w, "a follower stays behind", k);
        }
    }
    if (w->acks == 0) {
        wrong(w, "nothing was ever acknowledged", -1);
    }
}

static void schedules(void)
{
    const char *one = getenv("KT_SEED"), *many = getenv("KT_SCHEDULES");
    uint64_t first = one ? strtoull(one, NULL, 10) : 1, n = one ? 1 : 1000;
    uint64_t closings = 0, refused = 0, takeovers = 0, acks = 0;
    struct world *w = malloc(sizeof(*w));
    KT_ASSERT(w);
    n = many && !one ? strtoull(many, NULL, 10) : n;
    for (uint64_t seed = first; seed < first + n; seed++) {
        run(w, seed);
        if (!w->wrong[0]) {
            check_end(w);
        }
        if (w->wrong[0]) {
            printf("# seed %" PRIu64 ": %s\n", seed, w->wrong);
        }
        CHECK(!w->wrong[0]);
        if (w->wrong[0]) {
            break;
        }
        closings += w->closings;
        refused += w->refused;
        takeovers += w->takeovers;
        acks += w->acks;
    }
    printf("# seeds %" PRIu64 " to %" PRIu64 ": %" PRIu64 " take-overs, %" PRIu64
           " acknowledged, %" PRIu64 " closings, %" PRIu64 " refused at the gate\n",
           first, first + n - 1, takeovers, acks, closings, refused);
    free(w);
}

UNIT_MAIN({"a thousand schedules of faults: one order, one that closes, nothing acknowledged lost",
           schedules})
