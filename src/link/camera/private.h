/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_LINK_CAMERA_PRIVATE_H
#define KT_LINK_CAMERA_PRIVATE_H
/*
 * What the files of this module share: one camera, all cameras, the room of kept pictures.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "link/camera/camera.h"
#include "link/camera/child.h"
#include "link/camera/ring.h"

enum { WATCHERS_MAX = 64 };

struct watcher {
    kt_watch_fn fn;
    void *arg;
    uint32_t number;
};

/* Points that tell of a camera: address ID#signal, ID#fps, ID#kbit. */
enum cam_point { CAM_SIGNAL, CAM_FPS, CAM_KBIT, CAM_POINTS };

struct cam {
    struct kt_cameras *all;
    char id[64];
    char *url, *sub_url, *user, *password_path;
    bool keep;
    int64_t before_ns, probe_ns;

    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* all below */
    pthread_cond_t wake;
    bool stopping;
    uint32_t point[CAM_POINTS]; /* KT_NONE: none */
    struct ring ring;
    struct watcher watchers[WATCHERS_MAX];
    uint32_t watchers_n;
    bool open;          /* a process reads it */
    bool known, signal; /* known: it was tried */
    bool sub;           /* its sub-stream is taken, the other one is not H.264 */
    char why;           /* enum wire_why of the last end; 0: none */
    char text[160];
    kt_time last;      /* of the last picture; 0: none yet */
    kt_mono last_mono; /* of the last picture */
    kt_mono linger;    /* open until then although nobody looks */
    kt_mono probe_due, pulse_due;
    double fps, kbit_s, key_s;
    uint64_t pictures, sessions;
};

struct pictures;
struct kt_cameras {
    struct kt_runtime *rt;
    pthread_mutex_t lock; /* cams, site */
    struct kt_site *site;
    struct cam **cams;
    uint32_t n;
    char missing[200]; /* the program that reads is not there */
    struct pictures *pictures;
};

/* feed.c */
void *feed_run(void *cam);
/** Called with cam->lock. */
void feed_state_json(const struct cam *cam, struct kt_jw *w);
/** Tell watchers of the state; with cam->lock. */
void feed_tell_state(struct cam *cam);
/** What a new watcher needs to begin; with cam->lock. */
void feed_begin(struct cam *cam, const struct watcher *w);

/* camera.c */
/** The camera, locked; NULL: none. Unlock it with cam->lock. */
struct cam *cameras_lock(struct kt_cameras *c, const char *id);

/* pictures.c: what is kept of alarms */
KT_MUST_CHECK int pictures_start(struct kt_cameras *c, const char *data_dir, struct pictures **ret,
                                 struct kt_err *err);
void pictures_stop(struct pictures *p); /**< accepts NULL */
#endif
