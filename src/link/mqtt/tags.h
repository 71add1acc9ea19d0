/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_LINK_MQTT_TAGS_H
#define KT_LINK_MQTT_TAGS_H
/*
 * tags: readings of tags as JSON, without I/O: one object, or a list of them,
 *
 *   {"ts": 1772323200000, "tags": [
 *     {"card": "14000000000100017", "a": [["R-A0", 12.3], ["R-A120", 107.9]], "bat": 88,
 *      "sos": true, "t": 1772323199870, "low": true, "out": true, "calm": true}, …]}
 *
 * `a`: anchors and metres along the roadway, at most four are kept, nearest first as sent; metres
 * null: heard only. All but card is optional.
 */
#include "journal/readings.h"

/**
 * @param ret  cleared, then filled; its arrival is set
 * @return how many readings; KT_EPARSE: not such JSON, or no reading in it can be read; one that
 *         cannot be read among others is left out and counted in *ret_bad
 */
KT_MUST_CHECK int tags_take(struct kt_str body, kt_time arrival, struct kt_readings *ret,
                            uint32_t *ret_bad);
#endif
