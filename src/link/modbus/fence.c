/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <modbus/modbus.h>

#include "base/log.h"
#include "link/modbus/private.h"

bool is_exception(int e)
{
    return e >= EMBXILFUN && e <= EMBXGTAR;
}

bool fence_write(modbus_t *mb, const struct kt_link_conf *conf, int64_t token)
{
    uint64_t t = (uint64_t)token;
    uint16_t words[4] = {(uint16_t)(t >> 48), (uint16_t)(t >> 32), (uint16_t)(t >> 16),
                         (uint16_t)t};
    if (conf->fence < 0 || token == 0) {
        return true;
    }
    modbus_set_slave(mb, conf->unit);
    return modbus_write_registers(mb, conf->fence, 4, words) == 4;
}

void fence_begin(modbus_t *mb, const struct kt_link_conf *conf, int64_t token)
{
    if (fence_write(mb, conf, token)) {
        return;
    }
    int e = errno;
    KT_WARN("modbus", "%s does not take the fencing token: %s", conf->id, modbus_strerror(e));
    if (!is_exception(e)) { /* a late answer would be taken for the next one's */
        modbus_close(mb);
        (void)modbus_connect(mb);
    }
}
