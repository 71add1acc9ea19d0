/* SPDX-License-Identifier: Apache-2.0 */
/* line_moves: what people, devices and time may do to a line, and what may never be. */
#include "line.h"

#include "control/private.h"
#include "control/sequence_private.h"

enum belt_move {
    M_CLOSE,
    M_OPEN,
    M_PQ0, /* what its register says: 0, 1, nothing */
    M_PQ1,
    M_PQX,
    M_PD0, /* its proof */
    M_PD1,
    M_PDX,
    M_DH0, /* its protection */
    M_DH1,
    M_DHX,
    M_REFUSED, /* its device does not take a closing */
    M_LONG,    /* long since its last write and read */
    M_OVER,    /* the time of a closing is over */
    M_LATE,    /* what was overtaken does not arrive any more */
    BELT_MOVES
};
enum line_moves_ {
    L_TIME, /* all that waits is due */
    L_RESTART,
    L_AWAY,    /* the link is lost and comes back */
    L_SETTLED, /* the seconds after a restart are over */
    L_START,
    L_STOP,
    L_EMERGENCY,
    L_HOLD,
    L_RESUME,
    L_END,
    L_STEP_LATE, /* a step has taken too long */
    L_STOOD,     /* what confirms it stood long enough */
    L_REST,
    LINE_MOVES
};
static const char *const belt_name[BELT_MOVES] = {"close", "open",    "PQ=0", "PQ=1", "PQ=?",
                                                  "PD=0",  "PD=1",    "PD=?", "DH=0", "DH=1",
                                                  "DH=?",  "refused", "long", "over", "late"};
static const char *const line_name[LINE_MOVES] = {
    "all timers", "restart", "link away", "settled",   "start",      "stop", "emergency",
    "hold",       "resume",  "end",       "step late", "step stood", "rest"};

int line_moves(const struct line *l)
{
    return l->n * BELT_MOVES + LINE_MOVES;
}

void line_move_name(const struct line *l, int move, char *to, size_t cap)
{
    int i = move / BELT_MOVES;
    if (i < l->n) {
        snprintf(to, cap, "%s of %d", belt_name[move % BELT_MOVES], i);
    } else {
        snprintf(to, cap, "%s", line_name[move - l->n * BELT_MOVES]);
    }
}

/* --- inputs */

static void event(struct line *l, enum kt_event_kind kind, const char *body, size_t n)
{
    struct kt_event ev = {++l->seq, l->now, kind, KT_STR("x"), {body, n}};
    kt_engine_apply(l->e, &ev);
}

static bool ask(struct line *l, const char *verb, const char *args)
{
    char body[300];
    int n = snprintf(body, sizeof body,
                     "{\"verb\":\"%s\",\"args\":%s,\"by\":{\"user\":\"w\",\"rights\":[\"output."
                     "open\",\"output.close\"],\"places\":[\"*\"]}}",
                     verb, args);
    event(l, KT_EV_REQUEST, body, (size_t)n);
    return true;
}

static bool command(struct line *l, int i, int value)
{
    char args[80];
    snprintf(args, sizeof args, "{\"output\":\"PQ-%d\",\"value\":%d}", i, value);
    return ask(l, "output.command", args);
}

static bool hear(struct line *l, int i, enum line_part part, int value)
{
    const struct kt_live_value *v = kt_live_peek(l->live, l->point[i][part]);
    int is = !kt_q_known(v->quality) ? -1 : v->value != 0;
    if (is == value) {
        return false;
    }
    bool acts = part == LINE_DH && value == 1 && l->trip[i]->state == IN_OFF;
    l->tripped = acts ? i : -1;
    line_sample(l, i, part, value);
    return true;
}

static bool refused(struct line *l, int i)
{
    const struct kt_output *o = line_output(l, i, LINE_PQ);
    char body[120];
    if (o->close.state == KT_CMD_NONE) {
        return false;
    }
    int n = snprintf(body, sizeof body, "{\"command\":%llu,\"what\":\"failed\",\"text\":\"no\"}",
                     (unsigned long long)o->close.id.v);
    event(l, KT_EV_ANSWER, body, (size_t)n);
    return true;
}

/* --- time of a posed engine */

static void due(struct line *l)
{
    l->e->s->control->next_due = 0;
    line_tick(l, 0);
}

static bool make_long(struct line *l, int i, enum line_part part)
{
    struct kt_output *o = control_output(l->e->s->control, l->point[i][part]);
    o->sent = o->open.sent = l->now - KT_HOUR;
    o->read_at = o->unread ? l->now - KT_CTL_READ : 0;
    return o->open.state != KT_CMD_NONE || o->latch_n > 0 || l->now < o->guard_until;
}

static bool make_over(struct line *l, int i, enum line_part part)
{
    struct kt_output *o = control_output(l->e->s->control, l->point[i][part]);
    o->close.expires = l->now;
    return o->close.state != KT_CMD_NONE;
}

static bool make_late(struct line *l, int i)
{
    struct kt_output *o = control_output(l->e->s->control, l->point[i][LINE_PQ]);
    bool was = l->now < o->guard_until;
    o->guard_until = 0;
    return was;
}

static bool age_runs(struct line *l, int move)
{
    struct kt_sequences *q = l->e->s->sequences;
    for (uint32_t k = 0; k < q->runs_n; k++) {
        struct kt_seq_run *r = q->run[k];
        bool all = move == L_TIME;
        r->since = all || move == L_STEP_LATE ? l->now - KT_HOUR : r->since;
        r->stood = (all || move == L_STOOD) && r->stood ? l->now - KT_HOUR : r->stood;
        r->rest_at = (all || move == L_REST) && r->rest_at ? l->now : r->rest_at;
    }
    return q->runs_n > 0;
}

static bool settle(struct line *l)
{
    bool was = l->now < l->e->s->holds_from;
    l->e->s->holds_from = was ? l->now : 0;
    return was;
}

static bool age_all(struct line *l)
{
    bool any = settle(l);
    for (int i = 0; i < l->n; i++) {
        any |= make_long(l, i, LINE_PQ);
        any |= make_over(l, i, LINE_PQ);
        any |= make_late(l, i);
        make_long(l, i, LINE_YJ);
    }
    return age_runs(l, L_TIME) || any;
}

/* --- moves */

static bool move_belt(struct line *l, int i, enum belt_move move)
{
    switch (move) {
    case M_CLOSE:
    case M_OPEN:
        return command(l, i, move == M_CLOSE);
    case M_PQ0:
    case M_PQ1:
        return hear(l, i, LINE_PQ, move - M_PQ0);
    case M_PQX:
        return (l->moves & LINE_DEAF) && hear(l, i, LINE_PQ, -1);
    case M_PD0:
    case M_PD1:
        return hear(l, i, LINE_PD, move - M_PD0);
    case M_PDX:
        return (l->moves & LINE_SILENT) && hear(l, i, LINE_PD, -1);
    case M_DH0:
    case M_DH1:
        return hear(l, i, LINE_DH, move - M_DH0);
    case M_DHX:
        return (l->moves & LINE_UNKNOWN) && hear(l, i, LINE_DH, -1);
    case M_REFUSED:
        return refused(l, i);
    default:
        break;
    }
    if (!l->stands || !(move == M_LONG   ? make_long(l, i, LINE_PQ)
                        : move == M_OVER ? make_over(l, i, LINE_PQ)
                                         : make_late(l, i))) {
        return false;
    }
    due(l);
    return true;
}

/* Horns and modes are heard at once; proofs, protections and registers in their own time. */
static void hear_horns(struct line *l, bool modes)
{
    for (int i = 0; i < l->n; i++) {
        const struct kt_output *h = line_output(l, i, LINE_YJ);
        if (h->close.state != KT_CMD_NONE || modes) {
            line_sample(l, i, LINE_YJ, 1);
        }
        if (modes) {
            line_sample(l, i, LINE_YK, 1);
        }
    }
}

static bool restart(struct line *l)
{
    kt_engine_recovered(l->e, ++l->seq);
    hear_horns(l, true);
    return true;
}

static bool away(struct line *l)
{
    static const char down[] = "{\"link\":\"plc\",\"up\":false}";
    static const char up[] = "{\"link\":\"plc\",\"up\":true}";
    event(l, KT_EV_LINK, down, sizeof down - 1);
    bool ok = line_holds(l, "the link went away");
    event(l, KT_EV_LINK, up, sizeof up - 1);
    hear_horns(l, true);
    l->wrong |= !ok;
    return true;
}

static bool of_run(struct line *l, const char *verb)
{
    char args[60];
    uint64_t id = kt_sequences_newest(l->e->s->sequences);
    snprintf(args, sizeof args, "{\"run\":%llu}", (unsigned long long)id);
    return id && ask(l, verb, args);
}

static bool move_time(struct line *l, int move)
{
    bool any = move == L_TIME ? age_all(l) : move == L_SETTLED ? settle(l) : age_runs(l, move);
    if (!l->stands || !any) {
        return false;
    }
    due(l);
    return true;
}

static bool move_run(struct line *l, int move)
{
    switch (move) {
    case L_START:
        return ask(l, "sequence.start", "{\"sequence\":\"belt.start\"}");
    case L_STOP:
        return ask(l, "sequence.start", "{\"sequence\":\"belt.stop\"}");
    case L_EMERGENCY:
        return ask(l, "sequence.start", "{\"sequence\":\"belt.emergency\"}");
    case L_HOLD:
        return of_run(l, "sequence.hold");
    case L_RESUME:
        return of_run(l, "sequence.resume");
    case L_END:
        return of_run(l, "sequence.end");
    default:
        return move_time(l, move);
    }
}

static bool move_line(struct line *l, int move)
{
    if (move >= L_START) {
        return (l->moves & LINE_RUNS) && move_run(l, move);
    }
    if (move == L_TIME) {
        return move_time(l, move);
    }
    if (!(l->moves & LINE_RESTART)) {
        return false;
    }
    return move == L_RESTART ? restart(l) : move == L_AWAY ? away(l) : move_time(l, move);
}

bool line_move(struct line *l, int move)
{
    int i = move / BELT_MOVES;
    l->wrong = false;
    l->tripped = -1;
    bool moved = i < l->n ? move_belt(l, i, (enum belt_move)(move % BELT_MOVES))
                          : move_line(l, move - l->n * BELT_MOVES);
    hear_horns(l, false);
    return moved;
}

/* --- what may never be */

static bool behind(const struct line *l, int i, int tripped)
{
    while (i >= 0 && i != tripped) {
        i = l->to[i];
    }
    return i >= 0;
}

/* Does anything say that belt i is to run: its register, the last write where that is not known, a
 * closing under way? An opening that is on its way is sent again until it is read back. */
static bool commanded(const struct line *l, int i)
{
    const struct kt_output *o = line_output(l, i, LINE_PQ);
    return o->open.state == KT_CMD_NONE &&
           (o->reg == 1 || (o->reg < 0 && o->commanded == 1) || o->close.state >= KT_CMD_SENT);
}

/* Is it known that what belt i gives to stands, or was opened? In the seconds after a restart not
 * to know is not that. */
static bool forbidden(const struct line *l, int i)
{
    if (l->to[i] < 0) {
        return false;
    }
    const struct kt_live_value *v = kt_live_peek(l->live, l->point[l->to[i]][LINE_PD]);
    bool known = kt_q_known(v->quality);
    bool opened = line_output(l, l->to[i], LINE_PQ)->commanded == 0;
    return opened || (known ? v->value != 1 : l->now >= l->e->s->holds_from);
}

bool line_holds(struct line *l, const char *after)
{
    bool ok = !l->wrong;
    for (int i = 0; i < l->n && ok; i++) {
        bool is = commanded(l, i);
        if (is && forbidden(l, i)) {
            printf("# after %s: PQ-%d stays commanded, belt %d is not proved running\n", after, i,
                   l->to[i]);
            ok = false;
        }
        if (is && l->tripped >= 0 && behind(l, i, l->tripped)) {
            printf("# after %s: PQ-%d stays commanded in the step of the trip\n", after, i);
            ok = false;
        }
    }
    return ok;
}
