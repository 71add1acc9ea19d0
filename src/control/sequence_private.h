/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_CONTROL_SEQUENCE_PRIVATE_H
#define KT_CONTROL_SEQUENCE_PRIVATE_H
/*
 * What the files of sequences share.
 */
#include "control/sequence.h"

struct kt_sequences {
    const struct kt_site *site;
    struct kt_control *control;
    struct kt_sequences_owner owner;
    struct kt_seq_run **run;               /* NULL: free; the order is that of their beginning */
    uint32_t runs_n, room;                 /* room: for KT_RUNS_STARTS, and one over each output */
    struct kt_seq_run *done[KT_RUNS_DONE]; /* ring; the newest is before done_at */
    uint32_t done_n, done_at;
};

static inline const struct kt_sequence *run_sequence(const struct kt_sequences *s,
                                                     const struct kt_seq_run *r)
{
    return &s->site->sequences[r->sequence];
}
static inline uint8_t *run_mark(const struct kt_seq_run *r, uint32_t step, uint32_t turn)
{
    return &r->mark[(size_t)step * (r->subjects_n + 1) + turn];
}

/* An empty run with room for its subjects and marks. */
struct kt_seq_run *run_new(const struct kt_sequences *s, uint32_t sequence, uint32_t subjects_n);
void run_free(struct kt_seq_run *r);
void run_told(struct kt_sequences *s, const struct kt_seq_run *r, const char *change, uint32_t step,
              kt_point_id subject, const char *by, const char *text);
/* Leave the alive ones for the ring of done ones. */
void run_over(struct kt_sequences *s, struct kt_seq_run *r, enum kt_run_state state,
              const char *code, const char *by, const char *text, kt_time now);
void run_held(struct kt_sequences *s, struct kt_seq_run *r, const char *code, const char *by,
              const char *text, kt_time now);
void run_from_first(const struct kt_sequences *s, struct kt_seq_run *r);
void run_rest(struct kt_sequences *s, struct kt_seq_run *r, kt_time now);
void run_acted(struct kt_seq_run *r, kt_point_id output, kt_command_id command);
void run_not_acted(struct kt_seq_run *r, kt_point_id output);
void run_advance(struct kt_sequences *s, struct kt_seq_run *r, kt_seq cause, kt_time now);
#endif
