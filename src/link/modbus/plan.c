/* SPDX-License-Identifier: Apache-2.0 */
/* Which requests read all points of a device: neighbours in one table at one rate share a request.
 */
#include <stdlib.h>

#include "link/modbus/private.h"

static int by_place(const void *pa, const void *pb)
{
    const struct item *a = pa, *b = pb;
    if (a->addr.unit != b->addr.unit) {
        return a->addr.unit < b->addr.unit ? -1 : 1;
    }
    if (a->addr.table != b->addr.table) {
        return a->addr.table < b->addr.table ? -1 : 1;
    }
    if (a->period_ns != b->period_ns) {
        return a->period_ns < b->period_ns ? -1 : 1;
    }
    if (a->addr.offset != b->addr.offset) {
        return a->addr.offset < b->addr.offset ? -1 : 1;
    }
    return a->point < b->point ? -1 : a->point > b->point;
}

static int collect(const struct kt_site *site, uint32_t link, struct plan *p, struct kt_err *err)
{
    const struct kt_link_conf *conf = &site->links[link];
    for (uint32_t i = 0; i < site->points_n; i++) {
        const struct kt_point *pt = &site->points[i];
        if (pt->link != link || !pt->role) {
            continue;
        }
        struct kt_modbus_address a;
        int r = kt_modbus_parse_address(pt->address, &a, err);
        if (r < 0) {
            return r;
        }
        a.unit = a.unit < 0 ? conf->unit : a.unit;
        int64_t period = pt->scan_ns ? pt->scan_ns : conf->scan_ns ? conf->scan_ns : KT_SEC;
        p->items[p->items_n++] = (struct item){i, a, period, false};
        if (a.status_table) {
            struct kt_modbus_address s = {.unit = a.unit,
                                          .table = a.status_table,
                                          .offset = a.status_offset,
                                          .type = 'u',
                                          .scale = 1};
            p->items[p->items_n++] = (struct item){i, s, period, true};
        }
    }
    return KT_OK;
}

static bool fits(const struct block *b, const struct item *it)
{
    bool bits = it->addr.table == 'c' || it->addr.table == 'd';
    int end = it->addr.offset + item_width(&it->addr);
    return b->unit == it->addr.unit && b->table == it->addr.table &&
           b->period_ns == it->period_ns &&
           it->addr.offset - (b->offset + b->count) <= (bits ? GAP_BITS : GAP_REGS) &&
           end - b->offset <= (bits ? BITS_MAX : REGS_MAX);
}

static struct block *add_block(struct plan *p, const struct item *it, uint32_t i)
{
    if (p->blocks_n == p->blocks_cap) {
        p->blocks_cap = p->blocks_cap ? p->blocks_cap * 2 : 16;
        p->blocks = realloc(p->blocks, p->blocks_cap * sizeof(*p->blocks));
        KT_ASSERT(p->blocks);
    }
    struct block *b = &p->blocks[p->blocks_n++];
    *b = (struct block){.unit = it->addr.unit,
                        .table = it->addr.table,
                        .offset = it->addr.offset,
                        .count = item_width(&it->addr),
                        .period_ns = it->period_ns,
                        .first = i,
                        .n = 1};
    return b;
}

int plan_make(const struct kt_site *site, uint32_t link, struct plan *ret, struct kt_err *err)
{
    struct plan p = {.items = calloc((size_t)site->points_n * 2 + 1, sizeof(*p.items))};
    KT_ASSERT(p.items);
    int r = collect(site, link, &p, err);
    if (r < 0) {
        plan_done(&p);
        return r;
    }
    if (p.items_n) {
        qsort(p.items, p.items_n, sizeof(*p.items), by_place);
    }
    struct block *b = NULL;
    for (uint32_t i = 0; i < p.items_n; i++) {
        const struct item *it = &p.items[i];
        if (!b || !fits(b, it)) {
            b = add_block(&p, it, i);
            continue;
        }
        int end = it->addr.offset + item_width(&it->addr) - b->offset;
        b->count = end > b->count ? end : b->count;
        b->n++;
    }
    *ret = p;
    return KT_OK;
}

void plan_split(struct plan *p, uint32_t i)
{
    struct block old = p->blocks[i];
    p->blocks[i] = p->blocks[--p->blocks_n];
    for (uint32_t k = 0; k < old.n; k++) {
        struct block *b = add_block(p, &p->items[old.first + k], old.first + k);
        b->alone = true;
        b->due = old.due;
    }
}

void plan_done(struct plan *p)
{
    free(p->items);
    free(p->blocks);
    *p = (struct plan){0};
}
