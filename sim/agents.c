/* SPDX-License-Identifier: Apache-2.0 */
#include "agents.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "snmp.h"
#include "sys/loop.h"
#include "sys/thread.h"

struct agent {
    struct sim_agents *all;
    struct sim_object *objects;
    int *points; /* of each object */
    int n, fd, alive;
    bool answers;
};
struct sim_agents {
    struct kt_loop *loop;
    pthread_t thread;
    pthread_mutex_t io; /* the objects and `answers` */
    struct agent *agents;
    int n;
    const char *community;
    uint8_t in[SIM_SNMP_BYTES], out[SIM_SNMP_BYTES]; /* of the loop's thread */
};

static void on_message(void *arg, int fd, int ev)
{
    struct agent *g = arg;
    struct sim_agents *a = g->all;
    struct sockaddr_in who;
    socklen_t len = sizeof(who);
    (void)ev;
    ssize_t got =
        recvfrom(fd, a->in, sizeof(a->in), MSG_DONTWAIT | MSG_TRUNC, (struct sockaddr *)&who, &len);
    if (got <= 0 || (size_t)got > sizeof(a->in) || !a->community) {
        return;
    }
    pthread_mutex_lock(&a->io);
    struct sim_table t = {g->objects, g->n, a->community};
    size_t n = g->answers ? sim_snmp_answer(&t, a->in, (size_t)got, a->out) : 0;
    pthread_mutex_unlock(&a->io);
    if (n) {
        (void)sendto(fd, a->out, n, MSG_DONTWAIT, (struct sockaddr *)&who, len);
    }
}

static int open_port(struct agent *g, const char *id, int port, struct kt_err *err)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    g->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (g->fd < 0) {
        return kt_err_sys(err, "socket");
    }
    if (bind(g->fd, (struct sockaddr *)&at, sizeof(at)) != 0) {
        return kt_err_sys(err, "device %s: UDP port %d of 127.0.0.1; choose another --base-port",
                          id, port);
    }
    kt_loop_watch(g->all->loop, g->fd, KT_IO_READ, on_message, g);
    return KT_OK;
}

/** In the order of their names; a plan has few enough to sort as they come. */
static void add_object(struct agent *g, const struct sim_point *pt, int point)
{
    int at = g->n++;
    g->objects = realloc(g->objects, sizeof(*g->objects) * (size_t)g->n);
    g->points = realloc(g->points, sizeof(*g->points) * (size_t)g->n);
    KT_ASSERT(g->objects && g->points);
    for (; at > 0 && sim_oid_compare(&g->objects[at - 1].oid, &pt->object->oid) > 0; at--) {
        g->objects[at] = g->objects[at - 1];
        g->points[at] = g->points[at - 1];
    }
    g->objects[at] = (struct sim_object){.oid = pt->object->oid, .form = pt->object->form};
    g->points[at] = point;
}

void sim_agents_show(struct sim_agents *a, const struct sim_plant *p)
{
    pthread_mutex_lock(&a->io);
    for (int i = 0; i < a->n; i++) {
        struct agent *g = &a->agents[i];
        g->answers = g->alive < 0 || p->points[g->alive].value > 0.5;
        for (int k = 0; k < g->n; k++) {
            const struct sim_point *pt = &p->points[g->points[k]];
            bool state = pt->object->off != pt->object->on;
            g->objects[k].value = !state            ? pt->value * pt->object->factor
                                  : pt->value > 0.5 ? pt->object->on
                                                    : pt->object->off;
        }
    }
    pthread_mutex_unlock(&a->io);
}

static void *run(void *arg)
{
    kt_loop_run(((struct sim_agents *)arg)->loop);
    return NULL;
}

static struct sim_agents *new_agents(const struct sim_plant *p, const char *community)
{
    struct sim_agents *a = calloc(1, sizeof(*a));
    KT_ASSERT(a);
    a->n = p->n[SIM_AGENT];
    a->agents = calloc((size_t)a->n + 1, sizeof(*a->agents));
    a->loop = kt_loop_new();
    KT_ASSERT(a->agents && a->loop);
    a->community = community;
    pthread_mutex_init(&a->io, NULL);
    for (int i = 0; i < a->n; i++) {
        a->agents[i] = (struct agent){.all = a, .fd = -1, .alive = p->agents[i].alive};
    }
    for (int i = 0; i < p->n[SIM_POINT]; i++) {
        if (p->points[i].object) {
            add_object(&a->agents[p->points[i].object->agent], &p->points[i], i);
        }
    }
    sim_agents_show(a, p);
    return a;
}

static void free_agents(struct sim_agents *a)
{
    for (int i = 0; i < a->n; i++) {
        if (a->agents[i].fd >= 0) {
            close(a->agents[i].fd);
        }
        free(a->agents[i].objects);
        free(a->agents[i].points);
    }
    kt_loop_free(a->loop);
    pthread_mutex_destroy(&a->io);
    free(a->agents);
    free(a);
}

int sim_agents_start(const struct sim_plant *p, const char *community, int base_port,
                     struct sim_agents **ret, struct kt_err *err)
{
    struct sim_agents *a = new_agents(p, community);
    int r = KT_OK;
    for (int i = 0; r == KT_OK && i < a->n; i++) {
        r = open_port(&a->agents[i], p->agents[i].id, base_port + p->agents[i].port, err);
    }
    if (r == KT_OK) {
        r = kt_thread_start(&a->thread, "agents", run, a, err);
    }
    if (r < 0) {
        free_agents(a);
        return r;
    }
    *ret = a;
    return KT_OK;
}

void sim_agents_stop(struct sim_agents *a)
{
    if (a) {
        kt_loop_stop(a->loop);
        pthread_join(a->thread, NULL);
        free_agents(a);
    }
}
