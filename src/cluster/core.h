/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_CLUSTER_CORE_H
#define KT_CLUSTER_CORE_H
/*
 * core: who is active, and what is in the common order, as a pure state machine. It makes calls to
 * etcd and is told their answers; it reads no clock, no file and no wire. cluster.c carries the
 * calls out, test_cluster_sim.c does so against a fake etcd under a thousand schedules of faults.
 *
 *            head seen free: claim         all frames applied
 *   STANDBY ──────────────────▶ TAKING ──────────────────────▶ ACTIVE ──┐ lease not renewed: may()
 *      │                           │                             │  ▲   │ is false, protective
 *      │ chain differs, gap        │                             │  └───┘ effects alone go out
 *      └───────────────▶ LOST ◀────┴─────────────────────────────┘
 *                                     another one holds the lease, or the common order has what we
 *                                     do not: the program begins again and joins anew
 * Invariants
 *  1. may() is true only within ttl - margin of the moment at which a renewal that etcd granted was
 *     SENT. etcd lets the lease run out no sooner than ttl after it came. So whoever may is alone.
 *  2. A frame is written by a transaction that succeeds only if the head is where the frame begins
 *     (seq and chain) and the holder's key has our token. So there is one order without a gap, and
 *     nothing of an old holder comes behind the first frame of a new one.
 *  3. durable() rises only by what a transaction or the head said is in etcd.
 *  4. ACTIVE is reached from TAKING only by a look that was sent after the claim had succeeded, and
 *     that shows nothing we do not have.
 * Lanes: LEASE and LOOK carry one call at a time, SHIP up to CORE_SLOTS. One: etcd takes what is in
 * flight in any order, and a frame that overtakes is refused; what comes meanwhile makes the next
 * frame larger.
 */
#include "base/crypto.h"
#include "base/id.h"
#include "base/time.h"

enum { CORE_SLOTS = 1, CORE_NAME = 64, CORE_URL = 200 };
enum core_role { CORE_STANDBY, CORE_TAKING, CORE_ACTIVE, CORE_LOST };
enum core_lane { LANE_LEASE, LANE_LOOK, LANE_SHIP };
enum core_kind {
    CALL_GRANT, /* a lease of ttl */
    CALL_RENEW, /* lease */
    CALL_CLAIM, /* the holder's key, under lease */
    CALL_SIGN,  /* what others are to know of this node, under lease */
    CALL_LOOK,  /* holder, head and frames from `at.next` on */
    CALL_ALIGN, /* is `at` in our own journal, with this chain? No call to etcd */
    CALL_TIDY,  /* members, size; drop what all have. Under token */
    CALL_SHIP,  /* the frame of `slot`, under token */
};
enum core_how { ANSWER_OK, ANSWER_NO, ANSWER_UNKNOWN /* none came: it may have been done */ };

/** All before `next` is in, and the chain up to there. */
struct core_pos {
    kt_seq next;
    struct kt_hash chain;
};
struct core_holder {
    int64_t token; /* create revision of its key; 0: nobody holds it */
    int64_t lease;
    char node[CORE_NAME], url[CORE_URL];
};
struct core_call {
    enum core_kind kind;
    kt_mono sent;
    int64_t lease, token;
    struct core_pos at; /* LOOK: frames wanted from here (0: none); ALIGN; SHIP: the frame begins */
    struct core_pos to; /* SHIP: and ends; set by core_built() */
    bool first_ever;    /* SHIP: there is no head yet */
    bool fresh;         /* SHIP: it has to be made first */
    uint32_t slot, gen;
};
struct core_answer {
    enum core_how how;
    int64_t lease, token;      /* GRANT; CLAIM */
    bool gone;                 /* RENEW: OK, but there is no such lease any more */
    struct core_holder holder; /* LOOK, CLAIM: NO, SHIP: NO */
    bool has_head;
    struct core_pos head; /* LOOK, SHIP: NO; without one: where our own journal begins */
    struct core_pos got;  /* LOOK: behind the frames that were taken */
    bool gap, broken;     /* LOOK: a frame is missing; its chain is not ours */
};

enum slot_state { SLOT_FREE, SLOT_MAKING, SLOT_WAITING, SLOT_SENT };
struct core_slot {
    enum slot_state state;
    bool acked; /* while SENT: a later one told us */
    uint32_t gen;
    struct core_pos from, to;
};
struct core {
    int64_t ttl_ns, margin_ns, poll_ns;
    enum core_role role;
    char why[240]; /* of LOST */
    /* lease */
    int64_t lease, token;
    kt_mono renewed; /* when the last renewal that was granted had been sent */
    kt_mono renew_due, claim_due, sign_due;
    bool lease_busy, resigned;
    /* what was seen */
    struct core_holder holder;
    bool has_head;
    struct core_pos head;
    kt_mono looked, look_due, free_since, tidy_due; /* free_since 0: somebody holds it */
    bool look_busy;
    struct core_pos follow;
    kt_mono claimed;
    /* shipping */
    bool aligned, align_now; /* we know where the head is in our journal; it is to be looked up */
    bool sure;               /* under this token we have been aligned once */
    struct core_pos ship;
    struct core_slot slots[CORE_SLOTS];
    uint32_t gen;
    kt_seq durable;
};

/** Begin as a standby that has all before `at`. */
void core_standby(struct core *c, int64_t ttl_ns, const struct core_pos *at, kt_mono now);
/** Begin as active: with a lease and token, or (0) cut off from etcd. */
void core_active(struct core *c, int64_t ttl_ns, int64_t lease, int64_t token, kt_mono renewed,
                 kt_mono now);
/** The next call of a lane, if one is due. `room`: frames can be taken. */
bool core_next(struct core *c, enum core_lane lane, bool room, kt_mono now, struct core_call *ret);
void core_done(struct core *c, const struct core_call *call, const struct core_answer *a,
               kt_mono now);
/** A fresh frame was made up to `to`, or (NULL) there is nothing to make one of. */
void core_built(struct core *c, struct core_call *call, const struct core_pos *to);
/** May effects go out that are not protective? */
bool core_may(const struct core *c, kt_mono now);
/** Until when; 0: not at all. */
kt_mono core_may_until(const struct core *c);
/** Hold the lease no longer, and claim none: our own journal has failed. */
void core_resign(struct core *c, const char *why);
#endif
