/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_LINK_MQTT_SPARKPLUG_H
#define KT_LINK_MQTT_SPARKPLUG_H
/*
 * sparkplug: a host application of Sparkplug B (Eclipse Sparkplug 3.0): births, data, deaths and
 * their order, to samples. An address is `GROUP/NODE[/DEVICE]#METRIC`.
 *
 *              NBIRTH                  message lost, alias or device unknown, unreadable
 *   unborn ───────────▶ online ───────────────────────────────────────▶ doubtful
 *     ▲  ▲                │ ▲                                              │
 *     │  └─── NDEATH ─────┘ └───────────────── NBIRTH ─────────────────────┘
 *     └────── NDEATH (also from doubtful), a new session with the broker
 *
 * 1. A death makes the points of its node or device comm-fault at once. One that names another
 *    session (bdSeq) than the birth is old and says nothing.
 * 2. A message that is missing (seq) may have carried any metric: until the next birth the node's
 *    points are uncertain (quality gap), and the birth is asked for.
 * 3. Values of an unborn node are taken when they name themselves, as uncertain.
 * 4. A metric that a birth does not have is comm-fault; null or of bad quality it is bad, with its
 *    last value.
 * 5. A birth asked for and not come is asked for again, after 5 s, then later and later, to 60 s.
 * None of these makes a point's silence shorter: only a value does.
 *
 * Threads: the link's. No I/O.
 */
#include "link/mqtt/payload.h"

struct spark;

struct spark *spark_new(const struct kt_site *site, uint32_t link);
void spark_free(struct spark *s);
/** A new session with the broker: nothing is known of any node until its birth. */
void spark_connected(struct spark *s);
/**
 * All samples of one message.
 * @return how many; 0 nothing of ours; KT_EPARSE (the node is asked for its birth)
 */
int spark_take(struct spark *s, struct kt_str topic, struct kt_str body, kt_time arrival,
               sample_fn fn, void *arg);
/** The next command that is due, or false: topic and payload into the (cleared) buffers. */
bool spark_command(struct spark *s, kt_mono now, kt_time wall, struct kt_buf *topic,
                   struct kt_buf *body);
#endif
