/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_LINK_MQTT_PAYLOAD_H
#define KT_LINK_MQTT_PAYLOAD_H
/*
 * payload: topics and payloads to points. An address is `TOPIC` or `TOPIC#field.sub`; a payload is
 * a plain number (or true/false/on/off), or a JSON object with the link's value and time fields.
 */
#include "base/map.h"
#include "base/sample.h"
#include "site/site.h"

struct routing; /* topics of one link; immutable */

struct routing *routing_new(const struct kt_site *site, uint32_t link);
void routing_free(struct routing *r);

typedef void (*sample_fn)(void *arg, uint32_t point, kt_time time, double value, kt_quality q);
/**
 * All samples of one message.
 * @param arrival for payloads without a time
 * @return how many; 0 a topic without points; KT_EPARSE
 */
int routing_take(const struct routing *r, struct kt_str topic, struct kt_str body, kt_time arrival,
                 sample_fn fn, void *arg);
#endif
