/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_LINK_MODBUS_PRIVATE_H
#define KT_LINK_MODBUS_PRIVATE_H
/* What the files of this module share. */
#include "link/modbus/modbus.h"

enum { REGS_MAX = 120, BITS_MAX = 1800, GAP_REGS = 8, GAP_BITS = 64 };

/* One number that a device holds: where it is, and what it is for. */
struct item {
    uint32_t point;
    struct kt_modbus_address addr;
    int64_t period_ns;
    bool is_status; /* the status word of the point */
};

/* Neighbouring items that are read with one request. */
struct block {
    int unit;
    char table;
    int offset, count; /* registers or bits */
    int64_t period_ns;
    kt_mono due;
    uint32_t first, n; /* items, sorted */
    bool alone;        /* split after an exception: one item, its trouble is its own */
};

struct plan {
    struct item *items;
    uint32_t items_n;
    struct block *blocks;
    uint32_t blocks_n, blocks_cap;
};

/** Sort the items of a link and merge them into blocks. KT_EPARSE names the point. */
int plan_make(const struct kt_site *site, uint32_t link, struct plan *ret, struct kt_err *err);
/** After an exception: replace block i by one block an item. */
void plan_split(struct plan *p, uint32_t i);
void plan_done(struct plan *p);

int item_width(const struct kt_modbus_address *a); /**< registers (1 or 2); bits: 1 */
/** The value of an item from the registers or bits of its block. */
double item_value(const struct item *it, const struct block *b, const uint16_t *regs,
                  const uint8_t *bits);
/** Quality from the bits of a status word (standards: mine files, status). */
kt_quality quality_of_status(unsigned status);

struct _modbus;
/* write.c */
/** The registers that hold a value, rounded to their counts; 1 or 2. What does not fit is held at
 * the end of what does: a site's check keeps its limits inside. */
int item_encode(const struct kt_modbus_address *a, double value, uint16_t ret[2]);
/** Write a value to the unit that is set; `number`: of a set-point, else 0 or 1. False with errno.
 */
bool value_write(struct _modbus *mb, const struct kt_modbus_address *a, bool number, double value);

/* fence.c */
/** libmodbus numbers a device's exceptions from EMBXILFUN; all else is trouble of the line. */
bool is_exception(int e);
/** Several nodes: tell the device whose orders are the newest; it refuses older ones. False with
 *  errno: it did not take it. */
bool fence_write(struct _modbus *mb, const struct kt_link_conf *conf, int64_t token);
/** The same at the beginning of a connection, which goes on whatever comes of it: a device that
 *  keeps no token is still watched and cut. */
void fence_begin(struct _modbus *mb, const struct kt_link_conf *conf, int64_t token);
#endif
