/* SPDX-License-Identifier: Apache-2.0 */
/* A value as its address holds it: a coil, one register or two. */
#include <math.h>
#include <modbus/modbus.h>
#include <string.h>

#include "link/modbus/private.h"

static double between(double v, double lo, double hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

int item_encode(const struct kt_modbus_address *a, double value, uint16_t ret[2])
{
    double raw = value / a->scale, whole = floor(raw + 0.5);
    float f = (float)raw;
    uint32_t bits;
    memcpy(&bits, &f, sizeof(bits));
    switch (a->type) {
    case 'i':
        ret[0] = (uint16_t)(int16_t)between(whole, INT16_MIN, INT16_MAX);
        return 1;
    case 'U':
        bits = (uint32_t)between(whole, 0, UINT32_MAX);
        break;
    case 'I':
        bits = (uint32_t)(int32_t)between(whole, INT32_MIN, INT32_MAX);
        break;
    case 'f':
        break;
    default:
        ret[0] = (uint16_t)between(whole, 0, UINT16_MAX);
        return 1;
    }
    ret[a->little] = (uint16_t)(bits >> 16);
    ret[!a->little] = (uint16_t)bits;
    return 2;
}

bool value_write(modbus_t *mb, const struct kt_modbus_address *a, bool number, double value)
{
    if (a->table == 'c') {
        return modbus_write_bit(mb, a->offset, value != 0) == 1;
    }
    if (!number) {
        return modbus_write_register(mb, a->offset, value != 0) == 1;
    }
    uint16_t regs[2];
    int n = item_encode(a, value, regs);
    return n == 1 ? modbus_write_register(mb, a->offset, regs[0]) == 1
                  : modbus_write_registers(mb, a->offset, n, regs) == n;
}
