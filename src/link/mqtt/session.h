/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_LINK_MQTT_SESSION_H
#define KT_LINK_MQTT_SESSION_H
/*
 * session: one connection to a broker, again and again: what mqtt.c starts and session.c is.
 * Owner: mqtt.c.   Threads: one of its own; `state` under `lock`.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "link/mqtt/lane.h"
#include "link/mqtt/mqtt.h"
#include "link/mqtt/packet.h"
#include "link/mqtt/payload.h"
#include "link/mqtt/sparkplug.h"
#include "link/mqtt/tags.h"

/* READ_TICKETS: as many messages as one read may hold */
enum {
    TICKETS = 65536,
    READ_TICKETS = 16384,
    GROUPS = TICKETS,
    IN_MAX = MQTT_PACKET_MAX + 65536,
    KEEP_ALIVE_S = 20
};

struct ticket {
    uint16_t id;
    uint32_t group;
};

struct group {
    _Atomic int pending;
    _Atomic int result;
};

struct kt_mqtt {
    struct lane *lane;              /* both sessions'; NULL: there is one session */
    struct kt_mqtt *urgent_session; /* of the main session */
    bool is_urgent;                 /* this is it */
    struct kt_buf client_id;
    char **topics; /* owned */
    uint32_t topics_n;
    struct kt_runtime *rt;
    struct kt_site *site;
    const struct kt_link_conf *conf;
    struct routing *routing;
    struct spark *spark; /* instead of the routing, where payloads are Sparkplug B */
    struct kt_buf state_topic;
    kt_time state_time; /* of this connection: in its will and in what follows it */
    uint8_t *urgent;    /* by point */
    int fd, wake;
    pthread_t thread;
    _Atomic bool stopping;
    bool ready; /* subscribed */
    bool eager; /* as the engine, where it is allowed: it brings cut-off points */
    struct kt_buf in, out;
    kt_mono last_in, last_out;
    kt_time arrival;              /* of the message under way */
    uint32_t pings, pongs, fence; /* of this connection; fence: the ping that is one, 0: none */
    int64_t backoff_ms;

    struct ticket *tickets; /* ring */
    uint64_t ticket_first, ticket_next;
    struct group groups[GROUPS]; /* ring, by number */
    uint32_t group_now;
    struct kt_batch *bulk, *fast;
    struct kt_readings *tags; /* where payloads are readings of tags */
    struct kt_buf coded;

    pthread_mutex_t lock;
    struct kt_link_state state;
};

/** The session's thread: until `stopping`, and its batches have been dealt with. */
void *mqtt_session_run(void *arg);
#endif
