/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_API_STREAM_H
#define KT_API_STREAM_H
/*
 * What the files of the event streams share: the hub, its clients, the ring of outcomes.
 * stream.c has the thread and the clients, stream_outcomes.c alarms, commands and other outcomes,
 * stream_values.c what changed of the points.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/private.h"
#include "sys/clock.h"

enum {
    TICK_NS = 10000000,
    /* Between two events with values, 48 ticks: a little under half a second, so that a client
     * whose points come twice a second drifts to the moment when they come, and stays there. */
    VALUES_NS = 480000000 - TICK_NS / 2,
    CLOCK_NS = 1000000000,
    SCAN_MOST = 20000, /* points that a tick looks at for quiet clients */
    AT_ONCE = 16,      /* clients under one hold of the lock */
    RING = 16384,
    MAX_PENDING = 4 << 20,
    LIVE_PENDING = 1 << 18, /* no more values for a client that has this much unread */
    CLIENTS_MAX = 1000,
    CATCH_UP_MAX = 100000,
    FRAGMENT = 96,
};

struct entry {
    kt_seq seq;
    kt_place_id place;          /* KT_NONE: for everyone who may view */
    bool person;                /* where somebody is */
    struct kt_room_topic topic; /* of the record room: who may read the register or ledger */
    char *text;                 /* formatted event */
    size_t n;
};

/* "[i,v,\"q\",t]" of a point, made once a change. */
struct fragment {
    uint32_t change;
    uint16_t n;
    char text[FRAGMENT];
};

struct client {
    struct client *next;
    uint64_t sid;
    kt_mono values_due, clock_due;
    bool quiet; /* a whole look found nothing: its points are in `mask`, of the hub's `changed` */
    uint64_t *mask; /* one bit a point of the site */
    uint32_t words; /* of mask */
    uint64_t tick;  /* the last it was served in */
    struct kt_http_stream *stream;
    struct kt_person person;
    struct kt_arena *arena;
    char *token; /* session, looked at again when rights change; NULL: local */
    uint64_t auth_version;
    uint32_t *points, *seen;
    uint32_t points_n;
    uint64_t next_entry; /* absolute index in the ring */
    kt_mono last_sent;
    bool gone, site_told;
};

struct hub {
    struct kt_api *api;
    pthread_mutex_t lock; /* everything below */
    struct client *clients;
    size_t clients_n;
    uint64_t next_sid;
    struct entry ring[RING];
    uint64_t ring_next; /* absolute */
    struct fragment *fragments;
    uint32_t fragments_n;
    uint32_t *change;  /* of each point, at the last scan */
    size_t unscanned;  /* ticks */
    uint64_t *changed; /* one bit a point: between the last two scans */
    struct kt_site *site;
    pthread_t thread;
    bool started;
    _Atomic bool stopping;
};

/* Called holding the hub's lock. */

/* stream_outcomes.c */
/** Follower of the runtime, without the lock; `arg` is the hub. */
void stream_on_outcome(void *arg, kt_seq seq, kt_time time, struct kt_str json);
bool stream_sees(const struct hub *h, const struct client *c, kt_place_id place);
void stream_send_outcomes(struct hub *h, struct client *c);
/** Where a (re)connecting client begins: behind the last event it saw. */
void stream_place_client(struct hub *h, struct client *c, kt_seq last_id);

/* stream_values.c */
void stream_values_new(struct hub *h); /**< for the hub's site; what was there is freed */
void stream_values_done(struct hub *h);
void stream_mask(const struct hub *h, struct client *c); /**< after its points were set */
/** Which points have changed since the last scan? Each tick, before any client is served. */
void stream_scan(struct hub *h, struct kt_live *live);
/** Send what changed of the client's points, when it is due. */
void stream_look_at_values(struct hub *h, struct client *c, struct kt_live *live, struct kt_buf *b,
                           kt_mono now);
#endif
