/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pictures: what cameras saw of an alarm. The engine says which (outcome "picture", change ask); a
 * thread takes what is in memory, has a picture and a clip made of it, keeps both as bodies under
 * data/pictures, named by their hash, and says so (change kept, or failed). What is said is also
 * noted by alarm, so that it is found again. After their days bodies and notes are erased; the
 * events stay, with the hashes.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "conf/json.h"
#include "link/camera/private.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/thread.h"

enum {
    JOBS = 256,
    NOTE_MAX = 1 << 20,
    CLIP_MAX = 64 << 20,
    OPEN_S = 6,
    AGAIN_S = 3,
    DEAD_S = 20, /* unless it has a picture again before */
    SWEEP_S = 600
};

struct job {
    char *json;
    struct job *next;
};

/* What came of a camera lately, a picture or why there is none: alarms that come together share it,
 * and one that gives nothing is waited for once, not for each alarm. */
struct made {
    char camera[64];
    kt_mono at, until;
    char failed[160]; /* "": it was made */
    char still[65], clip[65];
    kt_time from, to;
};

struct pictures {
    struct kt_cameras *all;
    char dir[560];
    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* jobs, stopping */
    pthread_cond_t wake;
    struct job *first, **last;
    uint32_t jobs_n;
    bool stopping;
    struct made made[64]; /* of the thread */
    uint32_t made_next;
    kt_mono sweep_due;
};

/* ---- what comes -------------------------------------------------------------------------------
 */

/* Follower: a thread of the journal or the engine. */
static void on_outcome(void *arg, kt_seq seq, kt_time time, struct kt_str json)
{
    static const char head[] = "{\"type\":\"picture\"";
    struct pictures *p = arg;
    (void)seq, (void)time;
    if (json.n < sizeof(head) || memcmp(json.p, head, sizeof(head) - 1) != 0) {
        return;
    }
    struct job *j = calloc(1, sizeof(*j));
    KT_ASSERT(j);
    j->json = strndup(json.p, json.n);
    KT_ASSERT(j->json);
    pthread_mutex_lock(&p->lock);
    if (p->jobs_n < JOBS) {
        *p->last = j;
        p->last = &j->next;
        p->jobs_n++;
        j = NULL;
        pthread_cond_signal(&p->wake);
    }
    pthread_mutex_unlock(&p->lock);
    if (j) {
        KT_WARN("camera", "too many alarms ask for pictures at once: %s", j->json);
        free(j->json);
        free(j);
    }
}

/* ---- taking -----------------------------------------------------------------------------------
 */

/* Make sure that the camera is open and has something; false: it has no signal. */
static bool await_ring(struct pictures *p, const char *id, char *why, size_t cap)
{
    kt_mono end = kt_clock_mono() + OPEN_S * KT_SEC;
    bool ready = false;
    while (!ready && kt_clock_mono() < end) {
        struct cam *c = cameras_lock(p->all, id);
        if (!c) {
            snprintf(why, cap, "there is no such camera any more");
            return false;
        }
        ready = c->open && c->ring.n > 0 && c->signal;
        snprintf(why, cap, "%s", c->text);
        c->linger = c->linger < end ? end : c->linger;
        pthread_cond_broadcast(&c->wake);
        pthread_mutex_unlock(&c->lock);
        if (!ready) {
            kt_sleep(50 * KT_MS);
        }
    }
    return ready;
}

static int keep_body(struct pictures *p, const char *verb, struct kt_str piece, size_t max,
                     char hex[65], struct kt_err *err)
{
    struct kt_buf out;
    struct kt_hash hash;
    kt_buf_init(&out, max);
    int r = child_make(verb, piece, max, &out, err);
    if (r == KT_OK) {
        r = kt_body_put(p->dir, out.p, out.n, &hash, err);
    }
    if (r == KT_OK) {
        kt_hash_hex(&hash, hex);
    }
    kt_buf_done(&out);
    return r;
}

static int make(struct pictures *p, const char *id, struct made *m, struct kt_err *err)
{
    struct kt_buf piece;
    char why[160] = "";
    if (!await_ring(p, id, why, sizeof(why))) {
        return kt_err_set(err, KT_ESTATE, "no signal: %s", why);
    }
    struct cam *c = cameras_lock(p->all, id);
    if (!c) {
        return kt_err_set(err, KT_ENOTFOUND, "there is no such camera any more");
    }
    kt_buf_init(&piece, CLIP_MAX);
    *m = (struct made){.at = kt_clock_mono(), .to = c->last};
    m->from = ring_file(&c->ring, m->at - c->before_ns, &piece);
    pthread_mutex_unlock(&c->lock);
    snprintf(m->camera, sizeof(m->camera), "%s", id);
    struct kt_str all = {piece.p, piece.n};
    int r = keep_body(p, "still", all, 8 << 20, m->still, err);
    r = r == KT_OK ? keep_body(p, "clip", all, CLIP_MAX, m->clip, err) : r;
    kt_buf_done(&piece);
    return r;
}

static bool has_picture(struct pictures *p, const char *id)
{
    struct cam *c = cameras_lock(p->all, id);
    bool has = c && c->open && c->signal && c->ring.n > 0;
    if (c) {
        pthread_mutex_unlock(&c->lock);
    }
    return has;
}

static const struct made *made_lately(struct pictures *p, const char *id)
{
    for (size_t i = 0; i < KT_ARRAY_LEN(p->made); i++) {
        const struct made *m = &p->made[i];
        if (strcmp(m->camera, id) == 0 && kt_clock_mono() < m->until &&
            !(m->failed[0] && has_picture(p, id))) {
            return m;
        }
    }
    return NULL;
}

/* Both are for the place of the camera: who may not see it learns nothing of it. */
static void say(struct pictures *p, int64_t alarm, const char *camera, const struct made *m,
                const char *failed)
{
    struct kt_site *site = kt_runtime_site(p->all->rt);
    uint32_t i = kt_site_camera(site, kt_str_c(camera));
    struct kt_buf b;
    kt_buf_init(&b, 8192);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "type", "picture");
    kt_jw_kstr(&w, "change", m ? "kept" : "failed");
    kt_jw_kint(&w, "alarm", alarm);
    kt_jw_kstr(&w, "camera", camera);
    if (i != KT_NONE) {
        kt_jw_kstr(&w, "place", site->places[site->cameras[i].place.v].id);
    }
    if (m) {
        kt_jw_kstr(&w, "still", m->still);
        kt_jw_kstr(&w, "clip", m->clip);
        kt_jw_ktime(&w, "from", m->from);
        kt_jw_ktime(&w, "to", m->to);
    } else {
        kt_jw_kstr(&w, "text", failed);
    }
    kt_jw_obj_end(&w);
    if (kt_runtime_say(p->all->rt, (struct kt_str){b.p, b.n}) < 0) {
        KT_WARN("camera", "the journal did not take: %.*s", (int)b.n, b.p);
    }
    kt_buf_done(&b);
    kt_site_unref(site);
}

static void take_one(struct pictures *p, int64_t alarm, const char *camera)
{
    struct kt_err err;
    const struct made *have = made_lately(p, camera);
    struct made fresh = {0};
    if (!have) {
        if (make(p, camera, &fresh, &err) < 0) {
            KT_WARN("camera", "%s: nothing kept for alarm %lld: %s", camera, (long long)alarm,
                    err.text);
            fresh = (struct made){0};
            kt_text_set(fresh.failed, sizeof(fresh.failed), err.text);
        }
        kt_text_set(fresh.camera, sizeof(fresh.camera), camera);
        fresh.until = kt_clock_mono() + (fresh.failed[0] ? DEAD_S : AGAIN_S) * KT_SEC;
        p->made[p->made_next++ % KT_ARRAY_LEN(p->made)] = fresh;
        have = &fresh;
    }
    say(p, alarm, camera, have->failed[0] ? NULL : have, have->failed);
}

/* ---- notes and days ----------------------------------------------------------------------------
 */

static void note_path(const struct pictures *p, int64_t alarm, char *to, size_t cap)
{
    snprintf(to, cap, "%s/notes/%lld", p->dir, (long long)alarm);
}

/* One line an outcome. */
static void note(const struct pictures *p, int64_t alarm, const char *json)
{
    char path[640];
    struct kt_err err;
    note_path(p, alarm, path, sizeof(path));
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0 || kt_write_all(fd, json, strlen(json), &err) < 0 ||
        kt_write_all(fd, "\n", 1, &err) < 0) {
        KT_WARN("camera", "%s cannot be written", path);
    }
    if (fd >= 0) {
        close(fd);
    }
}

static void sweep_folder(const char *dir, time_t before)
{
    struct kt_arena *arena = kt_arena_new(64 << 20);
    struct kt_err err;
    char **names, path[900];
    size_t n = 0, gone = 0;
    if (kt_dir_list(dir, arena, &names, &n, &err) < 0) {
        n = 0;
    }
    for (size_t i = 0; i < n; i++) {
        struct stat st;
        snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
        if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_mtime < before) {
            gone += unlink(path) == 0;
        }
    }
    if (gone) {
        KT_INFO("camera", "%zu pictures, clips and notes of alarms are past their days: erased",
                gone);
    }
    kt_arena_free(arena);
}

static void sweep(struct pictures *p)
{
    char path[640];
    pthread_mutex_lock(&p->all->lock);
    const struct kt_site *s = p->all->site;
    int days = 0;
    for (uint32_t i = 0; i < s->links_n; i++) {
        days = s->links[i].kind == KT_LINK_CAMERA ? s->links[i].keep_days : days;
    }
    pthread_mutex_unlock(&p->all->lock);
    if (days == 0) {
        return; /* no cameras any more: nobody has said for how long */
    }
    time_t before = time(NULL) - (time_t)days * 86400;
    snprintf(path, sizeof(path), "%s/bodies", p->dir);
    sweep_folder(path, before);
    snprintf(path, sizeof(path), "%s/notes", p->dir);
    sweep_folder(path, before);
}

/* ---- the thread --------------------------------------------------------------------------------
 */

static void take_all(struct pictures *p, int64_t alarm, const struct kt_json *cameras)
{
    for (size_t i = 0; i < kt_json_len(cameras) && !kt_runtime_follows(p->all->rt); i++) {
        const char *id = kt_json_str(kt_json_at(cameras, i));
        if (id) {
            take_one(p, alarm, id);
        }
    }
}

static void work(struct pictures *p, const char *json)
{
    struct kt_json *root;
    struct kt_err err;
    if (kt_json_parse(kt_str_c(json), NOTE_MAX, &root, &err) < 0) {
        return;
    }
    int64_t alarm = kt_json_get_int(root, "alarm", 0);
    if (strcmp(kt_json_get_str(root, "change", ""), "ask") == 0) {
        take_all(p, alarm, kt_json_get(root, "cameras"));
    } else if (alarm > 0) {
        note(p, alarm, json);
    }
    kt_json_free(root);
}

static struct job *next_job(struct pictures *p)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_sec += 1;
    pthread_mutex_lock(&p->lock);
    if (!p->first && !p->stopping) {
        pthread_cond_timedwait(&p->wake, &p->lock, &t);
    }
    struct job *j = p->first;
    if (j) {
        p->first = j->next;
        p->last = p->first ? p->last : &p->first;
        p->jobs_n--;
    }
    pthread_mutex_unlock(&p->lock);
    return j;
}

static bool stopping(struct pictures *p)
{
    pthread_mutex_lock(&p->lock);
    bool yes = p->stopping;
    pthread_mutex_unlock(&p->lock);
    return yes;
}

static void *run(void *arg)
{
    struct pictures *p = arg;
    while (!stopping(p)) {
        struct job *j = next_job(p);
        if (j) {
            work(p, j->json);
            free(j->json);
            free(j);
        }
        if (kt_clock_mono() >= p->sweep_due) {
            sweep(p);
            p->sweep_due = kt_clock_mono() + SWEEP_S * KT_SEC;
        }
    }
    return NULL;
}

/* ---- asked for ----------------------------------------------------------------------------------
 */

void kt_cameras_kept(struct kt_cameras *c, int64_t alarm, struct kt_buf *out)
{
    char path[640];
    struct kt_buf b;
    struct kt_err err;
    kt_buf_init(&b, NOTE_MAX);
    note_path(c->pictures, alarm, path, sizeof(path));
    if (kt_file_read(path, NOTE_MAX, &b, &err) == KT_OK) {
        while (b.n > 0 && b.p[b.n - 1] == '\n') {
            b.n--;
        }
        for (size_t i = 0; i < b.n; i++) {
            b.p[i] = b.p[i] == '\n' ? ',' : b.p[i]; /* JSON has none of its own */
        }
        kt_buf_put(out, b.p, b.n);
    }
    kt_buf_done(&b);
}

int kt_cameras_body(struct kt_cameras *c, const struct kt_hash *h, struct kt_buf *out,
                    struct kt_err *err)
{
    return kt_body_get(c->pictures->dir, h, CLIP_MAX, out, err);
}

/* ---- life ---------------------------------------------------------------------------------------
 */

static int make_folders(const struct pictures *p, struct kt_err *err)
{
    char path[640];
    int r = kt_dir_make(p->dir, err);
    snprintf(path, sizeof(path), "%s/notes", p->dir);
    return r == KT_OK ? kt_dir_make(path, err) : r;
}

int pictures_start(struct kt_cameras *c, const char *data_dir, struct pictures **ret,
                   struct kt_err *err)
{
    struct pictures *p = calloc(1, sizeof(*p));
    KT_ASSERT(p);
    p->all = c;
    p->last = &p->first;
    snprintf(p->dir, sizeof(p->dir), "%s/pictures", data_dir);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    p->sweep_due = kt_clock_mono() + 10 * KT_SEC;
    int r = make_folders(p, err);
    r = r == KT_OK ? kt_thread_start(&p->thread, "pictures", run, p, err) : r;
    p->started = r == KT_OK;
    if (r < 0) {
        pictures_stop(p);
        return r;
    }
    kt_runtime_follow(c->rt, on_outcome, p);
    *ret = p;
    return KT_OK;
}

void pictures_stop(struct pictures *p)
{
    if (!p) {
        return;
    }
    if (p->started) {
        kt_runtime_unfollow(p->all->rt, on_outcome, p);
        pthread_mutex_lock(&p->lock);
        p->stopping = true;
        pthread_cond_signal(&p->wake);
        pthread_mutex_unlock(&p->lock);
        pthread_join(p->thread, NULL);
    }
    while (p->first) {
        struct job *j = p->first;
        p->first = j->next;
        free(j->json);
        free(j);
    }
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->lock);
    free(p);
}
