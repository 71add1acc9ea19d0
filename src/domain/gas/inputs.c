/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/gas/inputs.h"

enum { OWN_AGO = 11, OTHER_AGO = 5 };

static const uint32_t own_windows[] = {3, 6, 12, 20, 40, 80};
static const uint32_t other_windows[] = {6, 20, 60};
static const uint32_t half_lives[GAS_SLOW] = {1, 2, 4, 8, 16, 40, 100, 300};
/* 1 - 2^(-1/half-life) */
static const double gains[GAS_SLOW] = {0.5,
                                       0.2928932188134524,
                                       0.1591035847462855,
                                       0.08299595679532878,
                                       0.0423967193014263,
                                       0.017179401454748944,
                                       0.006907504562964073,
                                       0.0023078234729766445};

enum {
    OWN = 1 + OWN_AGO + 3 * (int)KT_ARRAY_LEN(own_windows) + GAS_SLOW,
    OTHER = 1 + OTHER_AGO + 3 * (int)KT_ARRAY_LEN(other_windows)
};

uint32_t gas_inputs_count(uint32_t columns)
{
    return OWN + (columns - 1) * OTHER;
}

struct kt_fc_input gas_inputs_describe(uint32_t columns, uint32_t sensor, uint32_t i)
{
    KT_ASSERT(i < gas_inputs_count(columns));
    bool own = i < OWN;
    uint32_t k = own ? i : (i - OWN) % OTHER, other = own ? 0 : (i - OWN) / OTHER;
    uint32_t ago = own ? OWN_AGO : OTHER_AGO;
    uint32_t windows = own ? KT_ARRAY_LEN(own_windows) : KT_ARRAY_LEN(other_windows);
    struct kt_fc_input in = {.column = own ? sensor : other + (other >= sensor)};
    if (k <= ago) {
        in.kind = k ? KT_FC_AGO : KT_FC_NOW;
        in.rows = k;
    } else if (k - ago - 1 < 3 * windows) {
        k -= ago + 1;
        in.kind = (enum kt_fc_kind)(KT_FC_MAX + k % 3);
        in.rows = (own ? own_windows : other_windows)[k / 3];
    } else {
        in.kind = KT_FC_SLOW;
        in.rows = half_lives[k - ago - 1 - 3 * windows];
    }
    return in;
}

void gas_inputs_init(struct gas_inputs *in, const double *const *filled, uint32_t columns,
                     uint32_t sensor)
{
    *in = (struct gas_inputs){.filled = filled, .columns = columns, .sensor = sensor};
}

/* Before the first row everything was as in it. */
static double at(const double *column, size_t row, size_t ago)
{
    return column[ago < row ? row - ago : 0];
}

/* Now, the last `ago` rows, and highest, lowest, mean of the windows, which are in rising order. */
static double *column_inputs(const double *column, size_t row, uint32_t ago,
                             const uint32_t *windows, size_t windows_n, double *to)
{
    double now = column[row], high = now, low = now, sum = 0;
    *to++ = now;
    for (uint32_t k = 1; k <= ago; k++) {
        *to++ = at(column, row, k) - now;
    }
    uint32_t k = 0;
    for (size_t w = 0; w < windows_n; w++) {
        for (; k < windows[w]; k++) {
            double v = at(column, row, k);
            high = v > high ? v : high;
            low = v < low ? v : low;
            sum += v - now;
        }
        *to++ = high - now;
        *to++ = low - now;
        *to++ = sum / windows[w];
    }
    return to;
}

void gas_inputs_next(struct gas_inputs *in, double *ret)
{
    size_t row = in->next++;
    const double *own = in->filled[in->sensor];
    ret = column_inputs(own, row, OWN_AGO, own_windows, KT_ARRAY_LEN(own_windows), ret);
    for (int h = 0; h < GAS_SLOW; h++) {
        in->slow[h] = row ? in->slow[h] + gains[h] * (own[row] - in->slow[h]) : own[row];
        *ret++ = in->slow[h] - own[row];
    }
    for (uint32_t c = 0; c < in->columns; c++) {
        if (c != in->sensor) {
            ret = column_inputs(in->filled[c], row, OTHER_AGO, other_windows,
                                KT_ARRAY_LEN(other_windows), ret);
        }
    }
}
