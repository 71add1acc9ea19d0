/* SPDX-License-Identifier: Apache-2.0 */
/* Up to the first NUL an address of points.csv, behind it the registers and bits of an answer. */
#include <stdlib.h>
#include <string.h>

#include "link/modbus/private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
    size_t n = nul ? (size_t)(nul - data) : size, left = nul ? size - n - 1 : 0;
    char *text = malloc(n + 1);
    uint16_t regs[2] = {0}, back[2];
    uint8_t bits[1] = {left ? data[n + 1] & 1 : 0};
    struct item it = {0};
    struct kt_err err;
    KT_ASSERT(text);
    memcpy(text, data, n);
    text[n] = '\0';
    if (left) {
        memcpy(regs, data + n + 1, left < sizeof(regs) ? left : sizeof(regs));
    }
    if (kt_modbus_parse_address(text, &it.addr, &err) == KT_OK) {
        struct block b = {.table = it.addr.table,
                          .offset = it.addr.offset,
                          .count = item_width(&it.addr),
                          .n = 1};
        double v = item_value(&it, &b, regs, bits);
        KT_ASSERT(it.addr.type == 'b' || item_encode(&it.addr, v, back) == item_width(&it.addr));
    }
    (void)quality_of_status(regs[0]);
    free(text);
    return 0;
}
