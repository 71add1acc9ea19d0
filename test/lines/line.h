/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_TEST_LINE_H
#define KT_TEST_LINE_H
/*
 * line: a generated line of belts under the real engine with the pack `belt`, and the key of what
 * it has come to.
 *
 * The plant beside it is no model: its devices may say anything at any moment (a register, a proof,
 * a protection, an answer), so whatever a real plant, a lost write, a lost answer or a hand at the
 * place brings about is among it. Horns always sound and the mode is always remote, which refuses
 * the least. Time is no number either: the clock of a posed engine stands, and each timer may run
 * out at any moment, alone or with all others; a real clock does less than that.
 *
 * A key holds all that a later behaviour can depend on, and an engine is put into it by
 * line_pose(). What a key leaves out: texts, ids, times, alarms and cards, how often an opening was
 * sent, and whether a closing's write was answered (its time is over in any case).
 */
#include "engine/core.h"
#include "unit.h"

enum { LINE_BELTS = 8, LINE_PARTS = 5, LINE_KEY = 96 };
enum line_part { LINE_PQ, LINE_PD, LINE_YJ, LINE_YK, LINE_DH };

/* What may happen beside commands, stops, registers, proofs and protections. Without one of these
 * the states are fewer; the file head of test_lines.c says why nothing is missed. */
enum line_with {
    LINE_RUNS = 1,    /* sequences */
    LINE_RESTART = 2, /* restarts and lost links: what is not read yet, the seconds after */
    LINE_GUARD = 4,   /* an overtaken closing that may still arrive */
    LINE_UNKNOWN = 8, /* a protection that is not known */
    LINE_SILENT = 16, /* a proof that is not known; else it is 0 or 1 */
    LINE_DEAF = 32,   /* a register that is not known */
};

struct line {
    int n, to[LINE_BELTS]; /* to: the belt that it gives to, a lower one; -1: the bunker */
    unsigned with;         /* what its keys know */
    unsigned moves;        /* what happens to it */
    bool twins;            /* belts 1 and 2 are alike: a state is the same with them changed over */
    bool stands;           /* the clock stands: posed */
    struct kt_site *site;
    struct kt_live *live;
    struct kt_engine *e;
    kt_point_id point[LINE_BELTS][LINE_PARTS];
    struct inst *trip[LINE_BELTS]; /* the rule that stops on the belt's protection */
    kt_time now;
    kt_seq seq;
    bool wrong;            /* something was written that may not be */
    int tripped;           /* the protection that acted in this move; -1 */
    int asked[LINE_BELTS]; /* last write of each drive in this move; -1 */
};

struct line_key {
    uint8_t n, b[LINE_KEY];
};

void line_open(struct line *l);
void line_close(struct line *l);
void line_key(const struct line *l, struct line_key *ret);
void line_pose(struct line *l, const struct line_key *k);

/** Moves of a line: of each belt, then of the whole. False: it is none now. */
int line_moves(const struct line *l);
bool line_move(struct line *l, int move);
void line_move_name(const struct line *l, int move, char *to, size_t cap);
/** True while nothing stands commanded that may not. Says what does. */
bool line_holds(struct line *l, const char *after);

/** A sample of a part of belt i: 0, 1; -1 not known. */
void line_sample(struct line *l, int i, enum line_part part, int value);
void line_tick(struct line *l, int64_t ms);
const struct kt_output *line_output(const struct line *l, int i, enum line_part part);
#endif
