/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the air carries: each roadway is a row of cells, moved on upwind; junctions mix at once.
 *
 * Invariant: but for settling dust and cooling heat, what is given off is in the cells or has left
 * through an open node (test_gas holds it to that).
 */
#include <math.h>

#include "plant.h"

enum { CELLS_MAX = 24 };
#define CELL_M        50.0
#define DUST_SETTLE_S 260.0
#define DUST_WETTED_S 40.0 /* below sprays */
#define HEAT_LOSS_S   600.0
#define CO2_OUTSIDE   0.0004

static double outside(enum sim_species s)
{
    return s == SIM_CO2 ? CO2_OUTSIDE : 0;
}

static double *cell(const struct sim_branch *b, int i)
{
    return b->c + (size_t)i * SIM_SPECIES;
}

void sim_gas_init(struct sim_plant *p)
{
    for (int i = 0; i < p->n[SIM_BRANCH]; i++) {
        struct sim_branch *b = &p->branches[i];
        double most = b->length_m * b->area_m2 / 16; /* cells not smaller than a second's air */
        double n = fmin(fmin(b->length_m / CELL_M, most), CELLS_MAX);
        b->cells = n < 1 ? 1 : (int)n;
        b->cell_m3 = fmax(b->length_m * b->area_m2 / b->cells, 20);
        b->c = KT_NEW_ARRAY(p->arena, double, (size_t)b->cells *SIM_SPECIES);
        for (int k = 0; k < b->cells; k++) {
            cell(b, k)[SIM_CO2] = CO2_OUTSIDE;
        }
    }
}

static void mix_nodes(struct sim_plant *p)
{
    for (int n = 0; n < p->n[SIM_NODE]; n++) {
        p->nodes[n].in_m3s = 0;
    }
    for (int i = 0; i < p->n[SIM_BRANCH]; i++) {
        const struct sim_branch *b = &p->branches[i];
        struct sim_node *x = &p->nodes[b->q_m3s > 0 ? b->to : b->from];
        const double *c = cell(b, b->q_m3s > 0 ? b->cells - 1 : 0);
        double q = fabs(b->q_m3s), all = x->in_m3s + q;
        for (int s = 0; s < SIM_SPECIES && all > 0; s++) {
            x->c[s] = (x->in_m3s * x->c[s] + q * c[s]) / all;
        }
        x->in_m3s = all;
    }
    for (int n = 0; n < p->n[SIM_NODE]; n++) {
        for (int s = 0; s < SIM_SPECIES && p->nodes[n].open; s++) {
            p->nodes[n].c[s] = outside((enum sim_species)s);
        }
    }
}

static void move(struct sim_plant *p, struct sim_branch *b)
{
    bool fwd = b->q_m3s >= 0;
    double part = fmin(fabs(b->q_m3s) * SIM_STEP_S / b->cell_m3, 1);
    for (int i = 0; i < b->cells; i++) { /* from the last cell on the way to the first */
        double *c = cell(b, fwd ? b->cells - 1 - i : i);
        const double *up = i == b->cells - 1 ? p->nodes[fwd ? b->from : b->to].c
                                             : cell(b, fwd ? b->cells - 2 - i : i + 1);
        for (int s = 0; s < SIM_SPECIES; s++) {
            c[s] += part * (up[s] - c[s]);
        }
    }
}

static void give_and_lose(struct sim_branch *b)
{
    if (b->factor != b->factor_to) {
        b->factor += b->factor_step;
        bool done = b->factor_step > 0 ? b->factor >= b->factor_to : b->factor <= b->factor_to;
        b->factor = done ? b->factor_to : b->factor;
    }
    double volume = b->cell_m3 * b->cells;
    double settle_s = b->spray && b->spray->contact ? DUST_WETTED_S : DUST_SETTLE_S;
    for (int k = 0; k < b->cells; k++) {
        double *c = cell(b, k);
        for (int s = 0; s < SIM_SPECIES; s++) {
            double f = s == SIM_CH4 ? b->factor : 1;
            c[s] += f * b->give[s] * SIM_STEP_S / volume;
        }
        c[SIM_DUST] -= c[SIM_DUST] * SIM_STEP_S / settle_s;
        c[SIM_HEAT] -= c[SIM_HEAT] * SIM_STEP_S / HEAT_LOSS_S;
    }
}

/** What the goaf gives off: its own and what a falling barometer draws out of it. */
static void breathe(struct sim_plant *p, struct sim_goaf *g)
{
    double rate = (p->baro_before_hpa - p->baro_hpa) / SIM_STEP_S / p->baro_hpa; /* 1/s, falling */
    double drawn = g->volume_m3 * g->conc * rate;
    g->now_m3s = fmax(0, g->ch4_m3s * p->branches[g->branch].factor + drawn);
    sim_gas_give(p, g->branch, 0, SIM_CH4, g->now_m3s);
    sim_gas_give(p, g->branch, 0, SIM_CO, g->now_m3s / g->conc * g->co_ppm);
}

void sim_gas_step(struct sim_plant *p)
{
    mix_nodes(p);
    for (int i = 0; i < p->n[SIM_BRANCH]; i++) {
        move(p, &p->branches[i]);
        give_and_lose(&p->branches[i]);
    }
    for (int i = 0; i < p->n[SIM_GOAF]; i++) {
        breathe(p, &p->goafs[i]);
    }
}

static int cell_at(const struct sim_branch *b, double at)
{
    int k = (int)(at * b->cells);
    return k < 0 ? 0 : k >= b->cells ? b->cells - 1 : k;
}

void sim_gas_give(struct sim_plant *p, int branch, double at, enum sim_species s, double rate)
{
    if (branch >= 0) {
        struct sim_branch *b = &p->branches[branch];
        cell(b, cell_at(b, at))[s] += rate * SIM_STEP_S / b->cell_m3;
    }
}

double sim_gas_at(const struct sim_plant *p, int branch, double at, enum sim_species s)
{
    const struct sim_branch *b = &p->branches[branch];
    return cell(b, cell_at(b, at))[s];
}

double sim_gas_content(const struct sim_plant *p, enum sim_species s)
{
    double sum = 0;
    for (int i = 0; i < p->n[SIM_BRANCH]; i++) {
        for (int k = 0; k < p->branches[i].cells; k++) {
            sum += cell(&p->branches[i], k)[s] * p->branches[i].cell_m3;
        }
    }
    return sum;
}
