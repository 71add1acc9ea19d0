/* SPDX-License-Identifier: Apache-2.0 */
/* All cameras: the list, its changes by a reload, who looks, what is told of them. */
#include "link/camera/camera.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "link/camera/private.h"
#include "sys/clock.h"
#include "sys/thread.h"

enum { LINGER_S = 20 };

/* ---- one camera ------------------------------------------------------------------------------ */

static char *dup_text(const char *s)
{
    char *p = strdup(s);
    KT_ASSERT(p);
    return p;
}

static struct cam *cam_new(struct kt_cameras *all, const struct kt_site *site,
                           const struct kt_camera *conf, const struct kt_link_conf *link)
{
    struct cam *c = calloc(1, sizeof(*c));
    KT_ASSERT(c);
    c->all = all;
    snprintf(c->id, sizeof(c->id), "%s", conf->id);
    c->url = dup_text(conf->url);
    c->sub_url = dup_text(conf->sub_url);
    c->user = dup_text(conf->user);
    if (conf->password_file[0]) {
        KT_ASSERT(asprintf(&c->password_path, "%s/%s", site->dir, conf->password_file) > 0);
    }
    c->keep = conf->keep;
    c->before_ns = link->before_ns;
    c->probe_ns = link->every_ns;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->wake, NULL);
    ring_init(&c->ring);
    for (int i = 0; i < CAM_POINTS; i++) {
        c->point[i] = KT_NONE;
    }
    return c;
}

static void cam_stop(struct cam *c)
{
    pthread_mutex_lock(&c->lock);
    c->stopping = true;
    pthread_cond_broadcast(&c->wake);
    pthread_mutex_unlock(&c->lock);
}

/* It leaves the list: nobody finds it any more, so it calls nobody. */
static void cam_leave(struct cam *c)
{
    pthread_mutex_lock(&c->lock);
    c->watchers_n = 0;
    pthread_mutex_unlock(&c->lock);
}

static void cam_free(struct cam *c)
{
    if (c->started) {
        pthread_join(c->thread, NULL);
    }
    /* a reload took it away: who looks is told by the site's event and asks anew */
    ring_done(&c->ring);
    pthread_cond_destroy(&c->wake);
    pthread_mutex_destroy(&c->lock);
    free(c->url);
    free(c->sub_url);
    free(c->user);
    free(c->password_path);
    free(c);
}

static bool same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* Does it go on as it is under the new site? */
static bool same(const struct cam *a, const struct cam *b)
{
    return same_text(a->id, b->id) && same_text(a->url, b->url) &&
           same_text(a->sub_url, b->sub_url) && same_text(a->user, b->user) &&
           same_text(a->password_path, b->password_path);
}

/* ---- the list -------------------------------------------------------------------------------- */

static struct cam *find(const struct kt_cameras *c, const char *id)
{
    for (uint32_t i = 0; i < c->n; i++) {
        if (strcmp(c->cams[i]->id, id) == 0) {
            return c->cams[i];
        }
    }
    return NULL;
}

struct cam *cameras_lock(struct kt_cameras *c, const char *id)
{
    pthread_mutex_lock(&c->lock);
    struct cam *cam = find(c, id);
    if (cam) {
        pthread_mutex_lock(&cam->lock);
    }
    pthread_mutex_unlock(&c->lock);
    return cam;
}

/* Points of the link: ID#WHAT. */
static void list_points(struct cam **cams, uint32_t n, const struct kt_site *site, uint32_t link)
{
    static const char *const words[CAM_POINTS] = {"signal", "fps", "kbit"};
    for (uint32_t i = 0; i < site->points_n; i++) {
        const struct kt_point *p = &site->points[i];
        const char *hash = p->link == link && !p->ended ? strchr(p->address, '#') : NULL;
        for (uint32_t k = 0; hash && k < n; k++) {
            size_t len = (size_t)(hash - p->address);
            if (strlen(cams[k]->id) != len || strncmp(cams[k]->id, p->address, len) != 0) {
                continue;
            }
            for (int w = 0; w < CAM_POINTS; w++) {
                if (strcmp(hash + 1, words[w]) == 0) {
                    cams[k]->point[w] = i;
                }
            }
        }
    }
}

static uint32_t link_of(const struct kt_site *s)
{
    uint32_t i = 0;
    while (i < s->links_n && s->links[i].kind != KT_LINK_CAMERA) {
        i++;
    }
    return i;
}

/* Keep those that did not change: they get what is new of the one that was made for them. */
static struct cam *take_over(struct kt_cameras *c, struct cam *fresh)
{
    struct cam *old = find(c, fresh->id);
    if (!old || !same(old, fresh)) {
        return fresh;
    }
    pthread_mutex_lock(&old->lock);
    old->keep = fresh->keep;
    old->before_ns = fresh->before_ns;
    old->probe_ns = fresh->probe_ns;
    memcpy(old->point, fresh->point, sizeof(old->point));
    pthread_cond_broadcast(&old->wake);
    pthread_mutex_unlock(&old->lock);
    cam_free(fresh);
    return old;
}

static void start_cam(struct cam *c)
{
    struct kt_err err;
    char name[16];
    snprintf(name, sizeof(name), "cam-%.11s", c->id);
    if (c->started) {
        return;
    }
    c->started = kt_thread_start(&c->thread, name, feed_run, c, &err) == KT_OK;
    if (!c->started) {
        KT_ERROR("camera", "%s: %s", c->id, err.text);
    }
}

static bool has(struct cam *const *cams, uint32_t n, const struct cam *one)
{
    for (uint32_t i = 0; i < n; i++) {
        if (cams[i] == one) {
            return true;
        }
    }
    return false;
}

void kt_cameras_site(struct kt_cameras *c, struct kt_site *site)
{
    uint32_t link = link_of(site), n = link < site->links_n ? site->cameras_n : 0;
    struct cam **fresh = calloc(n + 1, sizeof(struct cam *));
    KT_ASSERT(fresh);
    for (uint32_t i = 0; i < n; i++) {
        fresh[i] = cam_new(c, site, &site->cameras[i], &site->links[link]);
    }
    list_points(fresh, n, site, link);
    pthread_mutex_lock(&c->lock);
    for (uint32_t i = 0; i < n; i++) {
        fresh[i] = take_over(c, fresh[i]);
    }
    struct cam **old = c->cams;
    uint32_t old_n = c->n;
    struct kt_site *before = c->site;
    c->cams = fresh;
    c->n = n;
    c->site = kt_site_ref(site);
    for (uint32_t i = 0; i < n; i++) {
        start_cam(fresh[i]);
    }
    for (uint32_t i = 0; i < old_n; i++) {
        if (!has(fresh, n, old[i])) {
            cam_leave(old[i]);
            cam_stop(old[i]);
        }
    }
    pthread_mutex_unlock(&c->lock);
    for (uint32_t i = 0; i < old_n; i++) {
        if (!has(fresh, n, old[i])) {
            cam_free(old[i]);
        }
    }
    free(old);
    kt_site_unref(before);
}

/* ---- who looks ------------------------------------------------------------------------------- */

int kt_cameras_watch(struct kt_cameras *c, const char *id, uint32_t number, kt_watch_fn fn,
                     void *arg, struct kt_err *err)
{
    struct cam *cam = cameras_lock(c, id);
    if (!cam) {
        return kt_err_set(err, KT_ENOTFOUND, "no camera is called \"%.60s\"", id);
    }
    int r = KT_OK;
    if (cam->watchers_n == WATCHERS_MAX) {
        r = kt_err_set(err, KT_EBUSY, "%d screens look at camera %s already", WATCHERS_MAX, id);
    } else {
        struct watcher *w = &cam->watchers[cam->watchers_n++];
        *w = (struct watcher){fn, arg, number};
        feed_begin(cam, w);
        pthread_cond_broadcast(&cam->wake);
    }
    pthread_mutex_unlock(&cam->lock);
    return r;
}

void kt_cameras_unwatch(struct kt_cameras *c, void *arg)
{
    pthread_mutex_lock(&c->lock);
    for (uint32_t i = 0; i < c->n; i++) {
        struct cam *cam = c->cams[i];
        pthread_mutex_lock(&cam->lock);
        uint32_t n = 0;
        for (uint32_t k = 0; k < cam->watchers_n; k++) {
            if (cam->watchers[k].arg != arg) {
                cam->watchers[n++] = cam->watchers[k];
            }
        }
        if (n != cam->watchers_n) {
            cam->watchers_n = n;
            cam->linger = kt_clock_mono() + LINGER_S * KT_SEC;
        }
        pthread_mutex_unlock(&cam->lock);
    }
    pthread_mutex_unlock(&c->lock);
}

/* ---- what is told ---------------------------------------------------------------------------- */

void kt_cameras_json(struct kt_cameras *c, const char *id, struct kt_jw *w)
{
    struct cam *cam = cameras_lock(c, id);
    if (cam) {
        feed_state_json(cam, w);
        pthread_mutex_unlock(&cam->lock);
    }
}

int kt_cameras_still(struct kt_cameras *c, const char *id, struct kt_buf *out, kt_time *ret_at,
                     struct kt_err *err)
{
    struct cam *cam = cameras_lock(c, id);
    struct kt_buf piece;
    if (!cam) {
        return kt_err_set(err, KT_ENOTFOUND, "no camera is called \"%.60s\"", id);
    }
    kt_buf_init(&piece, RING_BYTES + (1 << 20));
    uint32_t key = ring_key(&cam->ring);
    kt_time at = key < cam->ring.n ? ring_at(&cam->ring, key)->at : 0;
    if (at) {
        const struct ring_piece *p = ring_at(&cam->ring, key);
        kt_buf_put(&piece, cam->ring.head, cam->ring.head_n);
        kt_buf_put(&piece, p->p, p->n);
    }
    pthread_mutex_unlock(&cam->lock);
    int r = at ? child_make("still", (struct kt_str){piece.p, piece.n}, 8 << 20, out, err)
               : kt_err_set(err, KT_ESTATE, "camera %s has given no picture yet", id);
    kt_buf_done(&piece);
    if (r == KT_OK) {
        *ret_at = at;
    }
    return r;
}

void kt_cameras_state(struct kt_cameras *c, struct kt_link_state *ret)
{
    struct kt_link_state s = {0};
    uint32_t bad = 0;
    pthread_mutex_lock(&c->lock);
    for (uint32_t i = 0; i < c->n; i++) {
        struct cam *cam = c->cams[i];
        pthread_mutex_lock(&cam->lock);
        bad += cam->known && !cam->signal;
        s.last_data = cam->last > s.last_data ? cam->last : s.last_data;
        s.reads += cam->pictures;
        s.reconnects += cam->sessions;
        pthread_mutex_unlock(&cam->lock);
    }
    s.up = !c->missing[0];
    s.errors = bad;
    snprintf(s.text, sizeof(s.text), "%.150s", c->missing);
    if (!c->missing[0] && bad) {
        snprintf(s.text, sizeof(s.text), "%u of %u cameras have no signal", bad, c->n);
    }
    pthread_mutex_unlock(&c->lock);
    *ret = s;
}

/* ---- life ------------------------------------------------------------------------------------ */

int kt_cameras_start(struct kt_runtime *rt, struct kt_site *site, const char *data_dir,
                     struct kt_cameras **ret, struct kt_err *err)
{
    char program[600];
    struct kt_err why;
    struct kt_cameras *c = calloc(1, sizeof(*c));
    KT_ASSERT(c);
    c->rt = rt;
    pthread_mutex_init(&c->lock, NULL);
    if (site->cameras_n && child_program(program, sizeof(program), &why) < 0) {
        snprintf(c->missing, sizeof(c->missing), "%.190s", why.text);
        KT_WARN("camera", "%s", why.text);
    }
    kt_cameras_site(c, site);
    int r = pictures_start(c, data_dir, &c->pictures, err);
    if (r < 0) {
        kt_cameras_stop(c);
        return r;
    }
    *ret = c;
    return KT_OK;
}

void kt_cameras_stop(struct kt_cameras *c)
{
    if (!c) {
        return;
    }
    pictures_stop(c->pictures);
    for (uint32_t i = 0; i < c->n; i++) {
        cam_stop(c->cams[i]);
    }
    for (uint32_t i = 0; i < c->n; i++) {
        cam_free(c->cams[i]);
    }
    free(c->cams);
    kt_site_unref(c->site);
    pthread_mutex_destroy(&c->lock);
    free(c);
}
