/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_API_VENT_H
#define KT_API_VENT_H
/*
 * vent: the airflow of the site's roadways, solved again whenever a fan, a door or the site
 * changes, 5 s after that and every 20 s besides. While nothing changes the measured wind says what
 * the resistances are; at a change, when it still is that of before, what they were found to be
 * holds. By a thread of its own beside the engine. It reads the live table and answers as an input
 * (contracts.md section 1), so rules that look along the air, a replay and a second node go by the
 * same flows.
 *
 * States: none (no airways.csv) -> outstanding -> solved | failed -> outstanding … (vent_run())
 */
#include "api/private.h"
#include "domain/vent/airways.h"
#include "domain/vent/downstream.h"
#include "domain/vent/reconcile.h"

struct vent;

/* One site's roadways and what is known of their air. Read under the lock. */
struct vent_model {
    struct kt_arena *arena;
    uint32_t held;        /* who uses it beside the runner; guarded by the lock */
    bool replaced;        /* the last of them frees it */
    struct kt_site *site; /* a reference */
    struct kt_airways airways;
    struct kt_err err; /* what keeps airways.csv from being read; code 0: nothing */
    bool present;      /* there is an airways.csv */
    int8_t *design;
    struct kt_airway_state *state; /* what was solved for, or is being */
    bool *stopped;                 /* a fan that stands or of which nothing is known */
    double *q_m3s, *drop_pa;       /* of the last solution */
    double *r_part;                /* what R is times that of airways.csv, by the measured wind */
    bool reconciled, steady;       /* there was such a wind; nothing changed since the last solve */
    double *wind_q, *normal;       /* measured, and its normalised residual; NAN: none */
    bool *contradicts;
    bool solved, outstanding, failed;
    bool unsure, turned; /* a fan or a door says nothing; a fan turns backwards */
    char text[640];      /* why it failed, or what is odd */
    kt_time at;          /* engine time of what the last solution was solved for */
    kt_seq from;         /* and the last event before it */
    kt_seq told;         /* `from` of the flows that the engine was told; 0: none */
    double *told_q;
    double took_ms;
};

struct vent *vent_new(struct kt_api *a);
void vent_free(struct vent *v); /**< ends its thread; accepts NULL */
/** The model, locked until vent_unlock(); NULL before the first look. */
const struct vent_model *vent_lock(struct vent *v);
void vent_unlock(struct vent *v);
/** Inside the lock: the site, its roadways and the design stay until vent_release(), outside it. */
struct vent_model *vent_hold(const struct vent_model *m);
void vent_release(struct vent *v, struct vent_model *m);
/** The network as it stands, each resistance `r_part` times what airways.csv says. */
void vent_branches(const struct kt_airways *a, const struct kt_airway_state *state,
                   const double *r_part, struct kt_vent_branch *ret);
/** What an answer on where air goes rests on. Inside the lock. */
struct kt_vent_known vent_known(const struct vent_model *m);
/** `needs`: places with persons, and what air they have. Inside the lock; m may be NULL. */
void vent_write_needs(struct call *c, const struct vent_model *m, struct kt_jw *w);
/** What the regulations want of an airway's speed: ok, low, high, unknown. */
const char *vent_need(const struct kt_airway *a, double speed);
#endif
