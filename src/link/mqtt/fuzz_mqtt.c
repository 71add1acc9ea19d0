/* SPDX-License-Identifier: Apache-2.0 */
#include "link/mqtt/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* First byte: version; the rest is a stream of packets. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int version = size && data[0] & 1 ? 5 : 4;
    for (size_t at = 1; at < size;) {
        struct mqtt_packet p;
        int n = mqtt_parse((struct kt_str){(const char *)data + at, size - at}, version, &p);
        if (n <= 0) {
            break;
        }
        mqtt_topic_fits(p.topic, "mine/+/x/#");
        at += (size_t)n;
    }
    return 0;
}
