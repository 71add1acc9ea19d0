/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_LINK_CAMERA_CAMERA_H
#define KT_LINK_CAMERA_CAMERA_H
/*
 * camera: pictures of the site's cameras, live and of the moment of an alarm.
 *
 * Each camera has a thread here and, while it is open, a process `kuangtu-camera` that reads it
 * (RTSP, H.264) and gives fragments of MP4; nothing is decoded or encoded for who looks. A camera
 * is open while somebody looks, a while after, while it is probed, and always when it is kept: then
 * its last seconds are in memory. However many look, there is one session. Invariants
 *  1. No byte of a camera is parsed in this process but the messages of wire.h.
 *  2. What a watcher is given begins with a head and a key frame; after WATCH_AGAIN so does what
 *     follows.
 *  3. Memory of a camera is bounded: RING_BYTES, whatever it sends.
 *
 * Threads: any. One for all cameras of a site, kept through reloads: a camera that did not change
 * goes on. Locks: list, then a camera's; a watcher is called with its camera's lock held.
 */
#include "base/json.h"
#include "engine/runtime.h"

struct kt_cameras;

/** @param data_dir pictures are kept below it */
KT_MUST_CHECK int kt_cameras_start(struct kt_runtime *rt, struct kt_site *site,
                                   const char *data_dir, struct kt_cameras **ret,
                                   struct kt_err *err);
void kt_cameras_stop(struct kt_cameras *c);                       /**< accepts NULL */
void kt_cameras_site(struct kt_cameras *c, struct kt_site *site); /**< after a reload */

/* What a watcher is told. */
enum kt_watch_kind {
    KT_WATCH_HEAD, /* a codec's name, a line feed, the head of the MP4: players begin anew */
    KT_WATCH_KEY,  /* a fragment that begins with a key frame */
    KT_WATCH_MORE, /* a fragment */
    KT_WATCH_STATE /* JSON, as in kt_cameras_json(): signal came or went */
};
typedef void (*kt_watch_fn)(void *arg, uint32_t number, enum kt_watch_kind kind,
                            struct kt_str bytes);
/**
 * Look at a camera from now on. fn is called on the camera's thread with its lock held: copy and
 * return, and do not call this module from it.
 * @param number what fn is given to tell its cameras apart
 * @return KT_OK; KT_ENOTFOUND; KT_EBUSY too many look
 */
KT_MUST_CHECK int kt_cameras_watch(struct kt_cameras *c, const char *id, uint32_t number,
                                   kt_watch_fn fn, void *arg, struct kt_err *err);
/** No camera calls with this `arg` any more when this returns. */
void kt_cameras_unwatch(struct kt_cameras *c, void *arg);

/** Members of one camera's state: {signal, since, why, text, codec, fps, kbit_s, key_s, viewers,
 *  open, kept}; since: ms, of the last picture while there is no signal. */
void kt_cameras_json(struct kt_cameras *c, const char *id, struct kt_jw *w);
/** The newest key frame as a JPEG: of now when it is open, else of its last probe. KT_ESTATE: there
 *  was none yet. Takes some 50 ms. */
KT_MUST_CHECK int kt_cameras_still(struct kt_cameras *c, const char *id, struct kt_buf *out,
                                   kt_time *ret_at, struct kt_err *err);
void kt_cameras_state(struct kt_cameras *c, struct kt_link_state *ret);

/** What was kept for an alarm: JSON array items of outcomes "picture", appended, oldest first. */
void kt_cameras_kept(struct kt_cameras *c, int64_t alarm, struct kt_buf *out);
/** A kept body; KT_ENOTFOUND: erased after its days, or never here. */
KT_MUST_CHECK int kt_cameras_body(struct kt_cameras *c, const struct kt_hash *h, struct kt_buf *out,
                                  struct kt_err *err);
#endif
