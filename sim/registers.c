/* SPDX-License-Identifier: Apache-2.0 */
#include "registers.h"

#include <math.h>
#include <stdlib.h>

#include "rig.h"

struct held {
    int point, device, unit, offset, count, rig;
    const struct sim_rig_set *set;
    enum sim_type type;
    double scale, value;
    bool locked, deaf, waits;
};
struct sim_registers {
    struct held *held;
    int n;
};

static bool is_float(const struct held *h)
{
    return h->type == SIM_F32_BE || h->type == SIM_F32_LE;
}

struct sim_registers *sim_registers_new(const struct sim_plant *p)
{
    struct sim_registers *r = calloc(1, sizeof(*r));
    KT_ASSERT(r);
    for (int i = 0; i < p->n[SIM_POINT]; i++) {
        const struct sim_point *pt = &p->points[i];
        const struct sim_rig_set *set =
            pt->src == SIM_SRC_RIG && pt->device >= 0 && pt->table == 'h'
                ? sim_rig_set_of(p->rigs[pt->target].kind, (int)pt->arg[0])
                : NULL;
        if (set) {
            r->held = realloc(r->held, sizeof(*r->held) * (size_t)(r->n + 1));
            KT_ASSERT(r->held);
            r->held[r->n] = (struct held){.point = i,
                                          .device = pt->device,
                                          .unit = pt->unit,
                                          .offset = pt->offset,
                                          .rig = pt->target,
                                          .set = set,
                                          .type = pt->type,
                                          .scale = pt->scale};
            r->held[r->n].count = is_float(&r->held[r->n]) ? 2 : 1;
            r->n++;
        }
    }
    return r;
}

void sim_registers_free(struct sim_registers *r)
{
    if (r) {
        free(r->held);
        free(r);
    }
}

static double value_of(const struct held *h, const uint8_t *at)
{
    uint16_t a = (uint16_t)(at[0] << 8 | at[1]);
    if (!is_float(h)) {
        return h->scale * (h->type == SIM_I16 ? (double)(int16_t)a : (double)a);
    }
    uint16_t b = (uint16_t)(at[2] << 8 | at[3]);
    uint32_t bits = h->type == SIM_F32_BE ? (uint32_t)a << 16 | b : (uint32_t)b << 16 | a;
    float f;
    memcpy(&f, &bits, sizeof(f));
    return (double)f;
}

static enum sim_written write_one(struct held *h, int from, int count, const uint8_t *bytes)
{
    if (from != h->offset || count != h->count || h->locked) {
        return SIM_REFUSED;
    }
    double v = value_of(h, bytes);
    if (!(v >= h->set->lo - 1e-6 && v <= h->set->hi + 1e-6)) {
        return SIM_REFUSED;
    }
    if (h->deaf) {
        return SIM_IGNORED;
    }
    h->value = v;
    h->waits = true;
    return SIM_TAKEN;
}

enum sim_written sim_registers_write(struct sim_registers *r, int device, const uint8_t *unit,
                                     size_t n)
{
    enum { ONE = 6, MORE = 16 };
    bool more = n > 1 && unit[1] == MORE;
    if (n < 6 || (unit[1] != ONE && !more)) {
        return SIM_NOT_OURS;
    }
    int from = unit[2] << 8 | unit[3], count = more ? unit[4] << 8 | unit[5] : 1;
    const uint8_t *bytes = unit + (more ? 7 : 4);
    for (int i = 0; i < r->n; i++) {
        struct held *h = &r->held[i];
        bool touched = h->device == device && h->unit == unit[0] && from < h->offset + h->count &&
                       h->offset < from + count;
        if (touched) {
            bool whole = n >= (size_t)(bytes - unit) + 2 * (size_t)count;
            return whole ? write_one(h, from, count, bytes) : SIM_REFUSED;
        }
    }
    return SIM_NOT_OURS;
}

void sim_registers_take(struct sim_registers *r, struct sim_plant *p)
{
    for (int i = 0; i < r->n; i++) {
        struct held *h = &r->held[i];
        struct sim_rig *rig = &p->rigs[h->rig];
        if (h->waits) {
            rig->s[h->set->signal] = p->points[h->point].value = h->value;
            h->waits = false;
        }
    }
    sim_registers_modes(r, p);
}

void sim_registers_modes(struct sim_registers *r, const struct sim_plant *p)
{
    for (int i = 0; i < r->n; i++) {
        const struct sim_rig *rig = &p->rigs[r->held[i].rig];
        r->held[i].locked = rig->s[rig->kind->remote] < 0.5;
        r->held[i].deaf = rig->s[rig->kind->deaf] > 0.5;
    }
}

bool sim_registers_waits(const struct sim_registers *r, int point)
{
    for (int i = 0; i < r->n; i++) {
        if (r->held[i].point == point) {
            return r->held[i].waits;
        }
    }
    return false;
}
