/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_LINK_MQTT_MQTT_H
#define KT_LINK_MQTT_MQTT_H
/*
 * mqtt: subscriber session of our own for MQTT 3.1.1 and 5 (decision 0006): QoS 1 is acknowledged
 * only when the sample is durable. Topics and payloads are mapped to points by their addresses
 * (`TOPIC` or `TOPIC#field.sub`); payloads are plain numbers or JSON, or those of Sparkplug B
 * (sparkplug.h). Outputs are not written over MQTT; what a Sparkplug host sends is its STATE and
 * the wish for a birth.
 *
 * Threads: one thread of its own a link; start, stop and state from any.
 */
#include "engine/runtime.h"

struct kt_mqtt;

KT_MUST_CHECK int kt_mqtt_start(struct kt_runtime *rt, struct kt_site *site, uint32_t link,
                                struct kt_mqtt **ret, struct kt_err *err);
void kt_mqtt_stop(struct kt_mqtt *m); /**< accepts NULL */
void kt_mqtt_state(struct kt_mqtt *m, struct kt_link_state *ret);
#endif
