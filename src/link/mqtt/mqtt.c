/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A link: its one session or its two. A link with cut-off points or switches has a second session
 * that hears their topics alone (lane.h), but not one of Sparkplug, whose nodes say all they have
 * in one message.
 */
#include "link/mqtt/mqtt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/map.h"
#include "link/mqtt/packet.h"
#include "link/mqtt/session.h"
#include "sys/thread.h"

static void add_topic(struct kt_mqtt *m, const char *topic)
{
    m->topics = realloc(m->topics, (m->topics_n + 1) * sizeof(*m->topics));
    KT_ASSERT(m->topics);
    m->topics[m->topics_n] = strdup(topic);
    KT_ASSERT(m->topics[m->topics_n++]);
}

static void add_urgent_topic(struct kt_mqtt *m, struct kt_map *seen, const char *address)
{
    struct kt_str topic = {address, strcspn(address, "#")};
    uint64_t before;
    bool fits = false;
    for (uint32_t i = 0; i < m->conf->topics_n; i++) {
        fits = fits || mqtt_topic_fits(topic, m->conf->topics[i]);
    }
    if (fits && !kt_map_get(seen, topic, &before)) {
        char *text = strndup(topic.p, topic.n);
        KT_ASSERT(text);
        kt_map_set(seen, topic, 1);
        add_topic(m, text);
        free(text);
    }
}

static void list_topics(struct kt_mqtt *m, uint32_t link)
{
    struct kt_map *seen = kt_map_new(64);
    for (uint32_t i = 0; m->is_urgent && i < m->site->points_n; i++) {
        const struct kt_point *p = &m->site->points[i];
        if (p->link == link && m->urgent[i]) {
            add_urgent_topic(m, seen, p->address);
        }
    }
    for (uint32_t i = 0; !m->is_urgent && i < m->conf->topics_n; i++) {
        add_topic(m, m->conf->topics[i]);
    }
    if (m->state_topic.n) {
        add_topic(m, kt_buf_cstr(&m->state_topic));
    }
    kt_map_free(seen);
}

static void list_urgent(struct kt_mqtt *m)
{
    for (uint32_t i = 0; i < m->site->points_n; i++) {
        const struct kt_point *p = &m->site->points[i];
        m->urgent[i] = p->role && (p->role->cutoff || p->kind == KT_POINT_SWITCH);
    }
}

static struct kt_mqtt *session_new(struct kt_runtime *rt, struct kt_site *site, uint32_t link,
                                   bool is_urgent)
{
    struct kt_mqtt *m = calloc(1, sizeof(*m));
    KT_ASSERT(m);
    m->rt = rt;
    m->site = kt_site_ref(site);
    m->conf = &site->links[link];
    m->is_urgent = is_urgent;
    m->fd = -1;
    m->routing = routing_new(site, link);
    kt_buf_init(&m->client_id, 1024);
    kt_buf_printf(&m->client_id, "%s%s", m->conf->client_id, is_urgent ? "-cut" : "");
    kt_buf_init(&m->state_topic, 1024);
    kt_buf_init(&m->coded, 0);
    if (m->conf->positions) {
        m->tags = malloc(sizeof(*m->tags));
        KT_ASSERT(m->tags);
        kt_readings_init(m->tags);
    }
    m->tickets = calloc(TICKETS, sizeof(*m->tickets));
    m->urgent = calloc(site->points_n + 1, 1);
    KT_ASSERT(m->tickets && m->urgent);
    list_urgent(m);
    kt_buf_init(&m->in, IN_MAX);
    kt_buf_init(&m->out, 4 << 20);
    pthread_mutex_init(&m->lock, NULL);
    m->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return m;
}

static int session_start(struct kt_mqtt *m, struct kt_err *err)
{
    char name[16];
    snprintf(name, sizeof(name), m->is_urgent ? "mq-%.8s-cut" : "mq-%.12s", m->conf->id);
    return m->wake < 0 ? kt_err_sys(err, "eventfd")
                       : kt_thread_start(&m->thread, name, mqtt_session_run, m, err);
}

/* A second session, when the link has points for it. */
static void make_urgent(struct kt_mqtt *m, uint32_t link)
{
    struct kt_mqtt *u = session_new(m->rt, m->site, link, true);
    list_topics(u, link);
    if (u->topics_n == 0) {
        kt_mqtt_stop(u);
        return;
    }
    m->urgent_session = u;
    m->lane = u->lane = lane_new(m->site->points_n);
}

int kt_mqtt_start(struct kt_runtime *rt, struct kt_site *site, uint32_t link, struct kt_mqtt **ret,
                  struct kt_err *err)
{
    struct kt_mqtt *m = session_new(rt, site, link, false);
    m->spark = m->conf->sparkplug ? spark_new(site, link) : NULL;
    if (m->conf->host_id[0]) {
        kt_buf_printf(&m->state_topic, "spBv1.0/STATE/%s", m->conf->host_id);
    }
    list_topics(m, link);
    if (!m->spark) {
        make_urgent(m, link);
    }
    int r = session_start(m, err);
    if (r == KT_OK && m->urgent_session) {
        r = session_start(m->urgent_session, err);
    }
    if (r < 0) {
        kt_mqtt_stop(m);
        return r;
    }
    *ret = m;
    return KT_OK;
}

static void end_thread(struct kt_mqtt *m)
{
    uint64_t one = 1;
    atomic_store(&m->stopping, true);
    if (m->thread) {
        ssize_t ignored = write(m->wake, &one, sizeof(one));
        (void)ignored;
        pthread_join(m->thread, NULL);
    }
}

static void session_free(struct kt_mqtt *m)
{
    if (m->wake >= 0) {
        close(m->wake);
    }
    for (uint32_t i = 0; i < m->topics_n; i++) {
        free(m->topics[i]);
    }
    free(m->topics);
    routing_free(m->routing);
    spark_free(m->spark);
    if (m->tags) {
        kt_readings_done(m->tags);
        free(m->tags);
    }
    kt_buf_done(&m->coded);
    kt_buf_done(&m->client_id);
    kt_buf_done(&m->state_topic);
    kt_site_unref(m->site);
    kt_buf_done(&m->in);
    kt_buf_done(&m->out);
    pthread_mutex_destroy(&m->lock);
    free(m->tickets);
    free(m->urgent);
    free(m);
}

void kt_mqtt_stop(struct kt_mqtt *m)
{
    if (!m) {
        return;
    }
    struct kt_mqtt *u = m->urgent_session;
    struct lane *lane = m->lane;
    end_thread(m);
    if (u) {
        end_thread(u);
        session_free(u);
    }
    session_free(m);
    lane_free(lane);
}

void kt_mqtt_state(struct kt_mqtt *m, struct kt_link_state *ret)
{
    struct kt_mqtt *u = m->urgent_session;
    pthread_mutex_lock(&m->lock);
    struct kt_link_state s = m->state;
    pthread_mutex_unlock(&m->lock);
    if (u) {
        pthread_mutex_lock(&u->lock);
        s.samples += u->state.samples;
        s.last_data = u->state.last_data > s.last_data ? u->state.last_data : s.last_data;
        if (s.up && !u->state.up && !s.text[0]) {
            snprintf(s.text, sizeof(s.text), "no session for cut-off points alone%s%.100s",
                     u->state.text[0] ? ": " : "", u->state.text);
        }
        pthread_mutex_unlock(&u->lock);
    }
    *ret = s;
}
