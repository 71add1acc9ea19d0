/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_DOMAIN_GAS_INPUTS_H
#define KT_DOMAIN_GAS_INPUTS_H
/* inputs: private to gas. The numbers that a forecast is made of, row by row. */
#include "domain/gas/forecast.h"

enum { GAS_SLOW = 8 };

struct gas_inputs {
    const double *const *filled; /* columns without holes; borrowed */
    uint32_t columns, sensor;
    double slow[GAS_SLOW]; /* running means of the sensor as of `next` - 1 */
    size_t next;
};

/** How many numbers a row has. */
uint32_t gas_inputs_count(uint32_t columns);
/** What input i is; weight and share are left at nothing. */
struct kt_fc_input gas_inputs_describe(uint32_t columns, uint32_t sensor, uint32_t i);
void gas_inputs_init(struct gas_inputs *in, const double *const *filled, uint32_t columns,
                     uint32_t sensor);
/** The numbers of the next row, from row 0 on. */
void gas_inputs_next(struct gas_inputs *in, double *ret);
#endif
