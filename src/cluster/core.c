/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/core.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define POLL_NS (25 * KT_MS)
#define SIGN_NS KT_SEC
#define TIDY_NS (2 * KT_SEC)

static void common(struct core *c, int64_t ttl_ns, kt_mono now)
{
    *c = (struct core){.ttl_ns = ttl_ns, .margin_ns = ttl_ns / 5, .poll_ns = POLL_NS};
    c->renew_due = c->claim_due = c->sign_due = c->look_due = c->tidy_due = now;
}

void core_standby(struct core *c, int64_t ttl_ns, const struct core_pos *at, kt_mono now)
{
    common(c, ttl_ns, now);
    c->role = CORE_STANDBY;
    c->follow = *at;
}

void core_active(struct core *c, int64_t ttl_ns, int64_t lease, int64_t token, kt_mono renewed,
                 kt_mono now)
{
    common(c, ttl_ns, now);
    c->role = CORE_ACTIVE;
    c->lease = lease;
    c->token = token;
    c->renewed = renewed;
}

kt_mono core_may_until(const struct core *c)
{
    bool holds = c->role == CORE_ACTIVE && c->token && c->lease && c->sure;
    return holds ? c->renewed + c->ttl_ns - c->margin_ns : 0;
}

bool core_may(const struct core *c, kt_mono now)
{
    return now < core_may_until(c);
}

static void lose(struct core *c, const char *why, const char *who)
{
    if (c->role != CORE_LOST) {
        snprintf(c->why, sizeof(c->why), "%s%s", why, who);
    }
    c->role = CORE_LOST;
    c->token = 0;
}

void core_resign(struct core *c, const char *why)
{
    c->resigned = true;
    lose(c, why, "");
}

/* ---- lane LEASE ---- */

static bool lease_good(const struct core *c, kt_mono now)
{
    return c->lease && now < c->renewed + c->ttl_ns - c->margin_ns;
}

/* A standby that is behind leaves the claim to one that is not, for as long as a lease lasts. */
static bool wants_claim(const struct core *c, kt_mono now)
{
    if (!lease_good(c, now) || now < c->claim_due || c->token || c->resigned) {
        return false;
    }
    if (c->role == CORE_ACTIVE) {
        return true;
    }
    bool level = !c->has_head || c->follow.next == c->head.next;
    return c->role == CORE_STANDBY && c->free_since && (level || now - c->free_since > c->ttl_ns);
}

static bool next_lease(struct core *c, kt_mono now, struct core_call *ret)
{
    if (c->lease_busy || c->role == CORE_LOST) {
        return false;
    }
    if (now >= c->renew_due) {
        ret->kind = c->lease ? CALL_RENEW : CALL_GRANT;
    } else if (wants_claim(c, now)) {
        ret->kind = CALL_CLAIM;
    } else if (c->lease && now >= c->sign_due) {
        ret->kind = CALL_SIGN;
    } else {
        return false;
    }
    ret->lease = c->lease;
    ret->token = c->token;
    c->lease_busy = true;
    return true;
}

static void lease_gone(struct core *c)
{
    c->lease = 0;
    c->token = 0; /* the holder's key went with it */
    c->sure = false;
    c->aligned = false;
}

static void done_renew(struct core *c, const struct core_call *call, const struct core_answer *a,
                       kt_mono now)
{
    c->renew_due = now + c->ttl_ns / 40;
    if (a->how != ANSWER_OK) {
        return;
    }
    if (call->kind == CALL_RENEW && a->gone) {
        lease_gone(c);
        c->renew_due = now;
        return;
    }
    c->lease = call->kind == CALL_GRANT ? a->lease : call->lease;
    c->renewed = call->sent;
    c->renew_due = call->sent + c->ttl_ns / 5;
    c->sign_due = call->kind == CALL_GRANT ? now : c->sign_due;
}

static void take_token(struct core *c, int64_t token, kt_mono now)
{
    c->token = token;
    c->claimed = now;
    c->aligned = c->sure = false;
    if (c->role == CORE_STANDBY) {
        c->role = CORE_TAKING;
        c->look_due = now;
    }
}

static void done_claim(struct core *c, const struct core_call *call, const struct core_answer *a,
                       kt_mono now)
{
    c->claim_due = now + c->ttl_ns / 10;
    if (a->how == ANSWER_OK) {
        take_token(c, a->token, now);
    } else if (a->how == ANSWER_NO && a->holder.lease == call->lease) {
        take_token(c, a->holder.token, now); /* the answer to an earlier claim was lost */
    } else if (a->how == ANSWER_NO) {
        c->holder = a->holder;
        c->free_since = 0;
        if (c->role == CORE_ACTIVE) {
            lose(c, "another node has taken over: ", a->holder.node);
        }
    }
}

static void done_lease(struct core *c, const struct core_call *call, const struct core_answer *a,
                       kt_mono now)
{
    c->lease_busy = false;
    if (c->role == CORE_LOST) {
        return;
    }
    if (call->kind == CALL_CLAIM) {
        done_claim(c, call, a, now);
    } else if (call->kind == CALL_SIGN) {
        c->sign_due = now + SIGN_NS;
    } else {
        done_renew(c, call, a, now);
    }
}

/* ---- lane LOOK ---- */

static bool any_out(const struct core *c)
{
    for (int i = 0; i < CORE_SLOTS; i++) {
        if (c->slots[i].state == SLOT_SENT || c->slots[i].state == SLOT_MAKING) {
            return true;
        }
    }
    return false;
}

static bool next_look(struct core *c, bool room, kt_mono now, struct core_call *ret)
{
    if (c->look_busy || c->role == CORE_LOST) {
        return false;
    }
    bool follows = c->role == CORE_STANDBY || c->role == CORE_TAKING;
    bool astray = c->role == CORE_ACTIVE && c->token && !c->aligned && !any_out(c);
    if (astray && c->align_now) {
        ret->kind = CALL_ALIGN;
        ret->at = c->head;
    } else if (now >= c->look_due && (astray || (follows && room))) {
        ret->kind = CALL_LOOK;
        ret->at = follows ? c->follow : (struct core_pos){0};
    } else if (c->role == CORE_ACTIVE && c->token && c->aligned && now >= c->tidy_due) {
        ret->kind = CALL_TIDY;
        ret->token = c->token;
        ret->at.next = c->durable + 1;
    } else {
        return false;
    }
    c->look_busy = true;
    return true;
}

static void begin_shipping(struct core *c, const struct core_pos *at)
{
    for (int i = 0; i < CORE_SLOTS; i++) {
        c->slots[i].state = SLOT_FREE;
    }
    c->ship = *at;
    c->aligned = c->sure = true;
    c->durable = at->next - 1 > c->durable ? at->next - 1 : c->durable;
}

static void see(struct core *c, const struct core_answer *a, kt_mono now)
{
    c->holder = a->holder;
    c->has_head = a->has_head;
    c->head = a->head;
    c->looked = now;
    if (a->holder.token) {
        c->free_since = 0;
    } else if (!c->free_since) {
        c->free_since = now;
    }
    if (c->role == CORE_STANDBY && !c->token && c->lease && a->holder.lease == c->lease) {
        take_token(c, a->holder.token, now); /* no answer came to a claim that succeeded */
    }
}

static void followed(struct core *c, const struct core_call *call, const struct core_answer *a,
                     kt_mono now)
{
    bool behind = a->has_head && a->head.next > a->got.next;
    c->follow = a->got;
    c->look_due = behind ? now : now + c->poll_ns;
    bool level = a->has_head ? a->head.next == a->got.next : true;
    if (a->broken) {
        lose(c, "the common order goes on from another chain than this node's", "");
    } else if (a->gap || (a->has_head && a->head.next < a->got.next)) {
        lose(c,
             "the common order does not hold what this node lacks: it has to join anew (kuangtu "
             "cluster join)",
             "");
    } else if (c->role == CORE_TAKING && c->token && level && call->sent >= c->claimed) {
        c->role = CORE_ACTIVE;
        begin_shipping(c, &a->got);
    }
}

static void done_look(struct core *c, const struct core_call *call, const struct core_answer *a,
                      kt_mono now)
{
    c->look_busy = false;
    if (c->role == CORE_LOST) {
        return;
    }
    if (call->kind == CALL_TIDY) {
        c->tidy_due = now + TIDY_NS;
        return;
    }
    if (call->kind == CALL_ALIGN) {
        c->align_now = false;
        if (a->how == ANSWER_OK && c->token) {
            begin_shipping(c, &call->at);
        } else if (a->how == ANSWER_NO) {
            lose(c, "the common order went on without this node", "");
        }
        return;
    }
    c->look_due = now + c->poll_ns;
    if (a->how != ANSWER_OK) {
        return;
    }
    see(c, a, now);
    if (c->role == CORE_ACTIVE) {
        c->align_now = true;
        return;
    }
    if (c->role == CORE_TAKING && !c->token) {
        c->role = CORE_STANDBY; /* the lease ran out meanwhile */
    }
    followed(c, call, a, now);
}

/* ---- lane SHIP ---- */

static struct core_slot *lowest(struct core *c)
{
    struct core_slot *s = NULL;
    for (int i = 0; i < CORE_SLOTS; i++) {
        struct core_slot *x = &c->slots[i];
        if (x->state != SLOT_FREE && !x->acked && (!s || x->from.next < s->from.next)) {
            s = x;
        }
    }
    return s;
}

static void fill_ship(struct core *c, struct core_slot *s, struct core_call *ret)
{
    ret->kind = CALL_SHIP;
    ret->slot = (uint32_t)(s - c->slots);
    ret->gen = s->gen;
    ret->token = c->token;
    ret->lease = c->lease;
    ret->at = s->from;
    ret->to = s->to;
    ret->first_ever = !c->has_head;
}

static bool next_ship(struct core *c, struct core_call *ret)
{
    if (c->role != CORE_ACTIVE || !c->token || !c->aligned) {
        return false;
    }
    struct core_slot *s = lowest(c), *room = NULL;
    if (s && s->state == SLOT_WAITING) {
        s->state = SLOT_SENT;
        fill_ship(c, s, ret);
        return true;
    }
    for (int i = 0; i < CORE_SLOTS; i++) {
        if (c->slots[i].state == SLOT_MAKING) {
            return false;
        }
        room = c->slots[i].state == SLOT_FREE ? &c->slots[i] : room;
    }
    if (!room || (s && !c->has_head)) { /* the head is made by one frame alone */
        return false;
    }
    *room = (struct core_slot){.state = SLOT_MAKING, .gen = ++c->gen, .from = c->ship};
    fill_ship(c, room, ret);
    ret->fresh = true;
    return true;
}

void core_built(struct core *c, struct core_call *call, const struct core_pos *to)
{
    struct core_slot *s = &c->slots[call->slot];
    if (!to) {
        s->state = SLOT_FREE;
        return;
    }
    s->state = SLOT_SENT;
    s->to = call->to = *to;
    c->ship = *to;
}

static void shipped(struct core *c, const struct core_pos *to)
{
    for (int i = 0; i < CORE_SLOTS; i++) {
        struct core_slot *s = &c->slots[i];
        if (s->state != SLOT_FREE && s->state != SLOT_MAKING && s->to.next <= to->next) {
            s->acked = true;
            s->state = s->state == SLOT_SENT ? SLOT_SENT : SLOT_FREE;
        }
    }
    c->has_head = true;
    c->durable = to->next - 1 > c->durable ? to->next - 1 : c->durable;
}

static void refused(struct core *c, struct core_slot *s, const struct core_call *call,
                    const struct core_answer *a)
{
    s->state = SLOT_WAITING;
    if (a->how == ANSWER_NO && a->holder.token == c->token && a->has_head &&
        a->head.next < s->from.next) {
        return; /* it came before the one before it */
    }
    c->aligned = false;
    if (a->how == ANSWER_NO && a->holder.token != c->token && call->token == c->token) {
        if (a->holder.token && a->holder.lease != c->lease) {
            lose(c, "another node has taken over: ", a->holder.node);
        }
        c->token = 0;
        c->sure = false;
    }
}

static void done_ship(struct core *c, const struct core_call *call, const struct core_answer *a)
{
    struct core_slot *s = &c->slots[call->slot];
    KT_ASSERT(s->gen == call->gen && s->state == SLOT_SENT);
    if (a->how == ANSWER_OK) {
        shipped(c, &call->to);
    }
    if (s->acked) {
        s->state = SLOT_FREE;
        s->acked = false;
    } else if (c->role != CORE_LOST) {
        refused(c, s, call, a);
    }
}

/* ---- all ---- */

bool core_next(struct core *c, enum core_lane lane, bool room, kt_mono now, struct core_call *ret)
{
    *ret = (struct core_call){.sent = now};
    switch (lane) {
    case LANE_LEASE:
        return next_lease(c, now, ret);
    case LANE_LOOK:
        return next_look(c, room, now, ret);
    case LANE_SHIP:
        return next_ship(c, ret);
    }
    return false;
}

void core_done(struct core *c, const struct core_call *call, const struct core_answer *a,
               kt_mono now)
{
    switch (call->kind) {
    case CALL_GRANT:
    case CALL_RENEW:
    case CALL_CLAIM:
    case CALL_SIGN:
        done_lease(c, call, a, now);
        break;
    case CALL_LOOK:
    case CALL_ALIGN:
    case CALL_TIDY:
        done_look(c, call, a, now);
        break;
    case CALL_SHIP:
        done_ship(c, call, a);
        break;
    }
}
