/* SPDX-License-Identifier: Apache-2.0 */
/* probe: phones and speakers that are idle are asked by OPTIONS, each once in the link's scan
 * by the site's clock: what they say goes stale by that one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "link/voice/private.h"
#include "sys/clock.h"

enum { PROBE_MS = 4000 };

struct probe {
    struct le le;
    struct kt_voice *v;
    uint32_t point;
    struct sip_request *req;
    struct tmr timer;
    kt_mono due;
    bool asking; /* libre forgets the request before it tells the answer */
};

static void tell(struct probe *p, bool alive)
{
    struct kt_batch *b = kt_batch_get(p->v->rt, KT_ROOM_LINK);
    if (!b) {
        return;
    }
    b->arrival = kt_clock_now();
    b->n = 1;
    b->point[0] = p->point;
    b->time[0] = b->arrival;
    b->value[0] = alive;
    b->quality[0] = KT_Q_NORMAL;
    b->lane = KT_LANE_BULK;
    kt_text_set(b->producer, sizeof(b->producer), p->v->conf->id);
    if (kt_runtime_samples(p->v->rt, b) < 0) {
        KT_DEBUG("voice", "what a device answered was not taken");
    }
    pthread_mutex_lock(&p->v->lock);
    p->v->state.samples++;
    p->v->state.reads++;
    p->v->state.errors += !alive;
    p->v->state.last_data = alive ? kt_clock_now() : p->v->state.last_data;
    pthread_mutex_unlock(&p->v->lock);
}

static void done(struct probe *p, bool alive)
{
    tmr_cancel(&p->timer);
    p->req = NULL;
    p->asking = false;
    tell(p, alive);
}

/* Whoever answers, lives; a registrar also answers for those that are not there. */
static void on_answer(int err, const struct sip_msg *msg, void *arg)
{
    struct probe *p = arg;
    int code = msg ? msg->scode : 0;
    if (code >= 100 && code < 200) {
        return;
    }
    bool absent = *p->v->conf->registrar && (code == 404 || code == 480);
    if (p->asking) {
        done(p, !err && code && code != 408 && code < 500 && !absent);
    }
}

static void on_late(void *arg)
{
    struct probe *p = arg;
    struct sip_request *req = p->req;
    done(p, false);
    sip_request_cancel(req);
}

static void ask(struct probe *p)
{
    char uri[160], route[128];
    struct sa peer;
    struct uri r;
    struct pl pl;
    if (!voice_address(p->v, p->v->site->points[p->point].id, uri, sizeof(uri)) ||
        !voice_route(p->v, uri, route, sizeof(route), &peer)) {
        tell(p, false);
        return;
    }
    const struct leg *l = leg_to(p->v, uri);
    if (l) { /* who has taken up a call is there; while it rings nobody knows */
        if (l->up) {
            tell(p, true);
        }
        return;
    }
    pl_set_str(&pl, route);
    int err = uri_decode(&r, &pl);
    err = err ? err
              : sip_requestf(&p->req, p->v->sip, true, "OPTIONS", uri, &r, NULL, NULL, on_answer, p,
                             "Max-Forwards: 10\r\nTo: <%s>\r\nFrom: <%s>;tag=%016llx\r\n"
                             "Call-ID: %016llx%08x\r\nCSeq: %u OPTIONS\r\n"
                             "Accept: application/sdp\r\nContent-Length: 0\r\n\r\n",
                             uri, p->v->from, rand_u64(), rand_u64(), rand_u32(), 1u);
    if (err) {
        p->req = NULL;
        tell(p, false);
        return;
    }
    p->asking = true;
    tmr_start(&p->timer, PROBE_MS, on_late, p);
}

static void look(void *arg)
{
    struct kt_voice *v = arg;
    kt_mono now = kt_clock_pace();
    int asked = 0;
    for (struct le *le = v->probes.head; le; le = le->next) {
        struct probe *p = le->data;
        if (now >= p->due && !p->asking && asked < 2) {
            p->due = now + v->conf->scan_ns;
            ask(p);
            asked++;
        }
    }
    tmr_start(&v->probe, 20, look, v);
}

void probe_start(struct kt_voice *v)
{
    for (uint32_t i = 0; i < v->site->points_n; i++) {
        if (v->site->points[i].link == v->link && !v->site->points[i].ended) {
            struct probe *p = calloc(1, sizeof(*p));
            KT_ASSERT(p);
            p->v = v;
            p->point = i;
            tmr_init(&p->timer);
            list_append(&v->probes, &p->le, p);
        }
    }
    tmr_init(&v->probe);
    tmr_start(&v->probe, 0, look, v);
}

void probe_stop(struct kt_voice *v)
{
    struct le *le;
    tmr_cancel(&v->probe);
    while ((le = v->probes.head)) {
        struct probe *p = le->data;
        struct sip_request *req = p->req;
        p->asking = false;
        sip_request_cancel(req);
        tmr_cancel(&p->timer);
        list_unlink(&p->le);
        free(p);
    }
}
