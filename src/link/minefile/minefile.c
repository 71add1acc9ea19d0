/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder: looked at every second. A file is read when its end mark is there, taken once, then
 * moved to done/; one that is wrong goes to bad/ with its reason beside it. It is moved only when
 * its samples are durable, so a crash reads it again (doubles vanish in history).
 */
#include "link/minefile/minefile.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "base/map.h"
#include "link/minefile/format.h"
#include "link/minefile/persons.h"
#include "link/minefile/writer.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/thread.h"

enum { FILE_MAX = 64 << 20, WAIT_S = 600, BAD_PERCENT = 20 };
#define FUTURE_MAX (5 * KT_MIN)

struct kt_minefile {
    struct kt_runtime *rt;
    struct kt_site *site;
    const struct kt_link_conf *conf;
    struct minefile_dialect dialect;
    enum kt_lane lane;     /* urgent when a cut-off sensor comes this way */
    struct kt_map *points; /* id in the file to index */
    char dir[800];
    struct writer writer;
    pthread_t thread;
    _Atomic bool stopping;
    pthread_mutex_t lock; /* state, waiting */
    pthread_cond_t done;
    int pending, result;
    struct kt_link_state state;
    int told;      /* by its thread: 1 up, -1 down, 0 nothing yet */
    kt_time heard; /* by its thread: engine time of the last file, or of the start */
};

static void tell(struct kt_minefile *m, bool up, const char *text);

static void put_away(struct kt_minefile *m, const char *name, const char *where, const char *why)
{
    char from[1100], to[1100], dir[900];
    struct kt_err err;
    snprintf(dir, sizeof(dir), "%s/%s", m->dir, where);
    snprintf(from, sizeof(from), "%s/%s", m->dir, name);
    snprintf(to, sizeof(to), "%s/%s", dir, name);
    if (minefile_folder(dir, &err) < 0 || rename(from, to) != 0) {
        KT_ERROR("minefile", "%s cannot be moved to %s: %s", from, dir, strerror(errno));
        return;
    }
    if (why) {
        char note[1110];
        snprintf(note, sizeof(note), "%s.why", to);
        if (kt_file_replace(note, why, strlen(why), &err) < 0) {
            KT_WARN("minefile", "%s", err.text);
        }
        KT_WARN("minefile", "%s is refused: %s", name, why);
        pthread_mutex_lock(&m->lock);
        m->state.errors++;
        snprintf(m->state.text, sizeof(m->state.text), "%.60s: %.90s", name, why);
        pthread_mutex_unlock(&m->lock);
    }
}

static void on_done(void *arg, int result, kt_seq seq)
{
    struct kt_minefile *m = arg;
    (void)seq;
    pthread_mutex_lock(&m->lock);
    m->pending--;
    m->result = result < 0 ? result : m->result;
    pthread_cond_signal(&m->done);
    pthread_mutex_unlock(&m->lock);
}

static int submit(struct kt_minefile *m, struct kt_batch *b)
{
    pthread_mutex_lock(&m->lock);
    m->pending++;
    pthread_mutex_unlock(&m->lock);
    b->done = on_done;
    b->arg = m;
    int r = kt_runtime_samples(m->rt, b);
    if (r < 0) {
        on_done(m, r, 0);
    }
    return r;
}

static struct kt_batch *new_batch(struct kt_minefile *m)
{
    bool urgent = m->lane == KT_LANE_URGENT;
    struct kt_batch *b = kt_batch_get(m->rt, urgent ? KT_ROOM_URGENT : KT_ROOM_LINK);
    if (b) {
        b->arrival = kt_clock_now();
        snprintf(b->producer, sizeof(b->producer), "%s", m->conf->id);
    }
    return b;
}

/* The good records of a file of values; how many were bad. KT_EBUSY: come again. */
static int take_values(struct kt_minefile *m, const struct minefile *f, uint32_t *ret_bad,
                       uint64_t *ret_taken)
{
    struct kt_batch *b = NULL;
    uint32_t bad = 0;
    for (uint32_t i = 0; i < f->n; i++) {
        struct minefile_value v;
        uint64_t point;
        if (minefile_value(f->records[i], f->fields_n[i], m->dialect.utc_offset_s, &v) < 0) {
            bad++;
            continue;
        }
        if (!kt_map_get(m->points, v.id, &point)) {
            continue;
        }
        if (!b && !(b = new_batch(m))) {
            return KT_EBUSY;
        }
        b->point[b->n] = (uint32_t)point;
        b->time[b->n] = v.time;
        b->value[b->n] = v.value;
        b->quality[b->n++] = minefile_quality(v.status);
        (*ret_taken)++;
        if (b->n == KT_BATCH_MAX) {
            int r = submit(m, b);
            b = NULL;
            if (r < 0) {
                return r;
            }
        }
    }
    *ret_bad = bad;
    return b ? submit(m, b) : KT_OK;
}

static uint32_t count_bad(const struct kt_minefile *m, const struct minefile *f)
{
    uint32_t bad = 0;
    for (uint32_t i = 0; i < f->n; i++) {
        struct minefile_value v;
        bad += minefile_value(f->records[i], f->fields_n[i], m->dialect.utc_offset_s, &v) < 0;
    }
    return bad;
}

static int wait_durable(struct kt_minefile *m)
{
    pthread_mutex_lock(&m->lock);
    while (m->pending) {
        pthread_cond_wait(&m->done, &m->lock);
    }
    int r = m->result;
    m->result = KT_OK;
    pthread_mutex_unlock(&m->lock);
    return r;
}

/* Who is where, or who carries which card; the names in it are not taken. */
static void take_persons(struct kt_minefile *m, const char *name, enum persons_kind kind,
                         const struct minefile *f)
{
    struct kt_buf b;
    char why[200];
    uint32_t bad = 0, n = 0;
    kt_buf_init(&b, FILE_MAX);
    int r = persons_take(f, kind, m->dialect.utc_offset_s, kt_clock_now(), &b, &n, &bad);
    if (r < 0 || bad * 100 > f->n * BAD_PERCENT) {
        snprintf(why, sizeof(why), "%u of %u records cannot be read", bad, f->n);
        put_away(m, name, "bad", why);
        kt_buf_done(&b);
        return;
    }
    m->heard = kt_runtime_now(m->rt);
    tell(m, true, "");
    struct kt_str body = {b.p, b.n};
    if (kind == PERSONS_ROSTER) {
        r = n ? kt_runtime_people_input(m->rt, body, m->conf->id) : KT_OK;
    } else if (n) {
        pthread_mutex_lock(&m->lock);
        m->pending++;
        pthread_mutex_unlock(&m->lock);
        r = kt_runtime_readings(m->rt, body, m->conf->id, on_done, m);
        if (r < 0) {
            on_done(m, r, 0);
        }
    }
    kt_buf_done(&b);
    if (wait_durable(m) < 0 || r < 0) {
        return; /* it stays and is read again */
    }
    put_away(m, name, "done", NULL);
    pthread_mutex_lock(&m->lock);
    m->state.reads++;
    m->state.samples += n;
    m->state.last_data = kt_clock_now();
    pthread_mutex_unlock(&m->lock);
}

static void take_file(struct kt_minefile *m, const char *name, const struct minefile_name *nm,
                      const struct minefile *f)
{
    char why[200];
    uint32_t bad = 0;
    uint64_t taken = 0;
    if (!kt_str_is(f->mine, nm->mine)) {
        put_away(m, name, "bad", "the mine code of the name differs from that of the head");
        return;
    }
    if (f->time > kt_clock_now() + FUTURE_MAX) {
        put_away(m, name, "bad", "the head's time lies more than 5 minutes in the future");
        return;
    }
    if (persons_kind(nm->type) != PERSONS_NONE) {
        take_persons(m, name, persons_kind(nm->type), f);
        return;
    }
    if (strcmp(nm->type, "CDSS") != 0) {
        put_away(m, name, "done",
                 NULL); /* other kinds are kept for the rooms that will read them */
        return;
    }
    bad = count_bad(m, f);
    if (f->n && bad * 100 > f->n * BAD_PERCENT) {
        snprintf(why, sizeof(why), "%u of %u records cannot be read", bad, f->n);
        put_away(m, name, "bad", why);
        return;
    }
    m->heard = kt_runtime_now(m->rt);
    tell(m, true, "");
    int r = take_values(m, f, &bad, &taken);
    int durable = wait_durable(m);
    if (r < 0 || durable < 0) {
        return; /* too busy or the disk is full: the file stays and is read again */
    }
    put_away(m, name, "done", NULL);
    pthread_mutex_lock(&m->lock);
    m->state.reads++;
    m->state.samples += taken;
    m->state.last_data = kt_clock_now();
    if (bad) {
        snprintf(m->state.text, sizeof(m->state.text), "%.60s: %u of %u records cannot be read",
                 name, bad, f->n);
    }
    pthread_mutex_unlock(&m->lock);
}

static bool older_than(const char *path, int seconds)
{
    struct stat st;
    return stat(path, &st) == 0 && time(NULL) - st.st_mtime > seconds;
}

static void read_file(struct kt_minefile *m, const char *name)
{
    char path[1100], done[1110];
    struct minefile_name nm;
    struct minefile f;
    struct kt_buf raw, text;
    struct kt_err err = {0};
    snprintf(path, sizeof(path), "%s/%s", m->dir, name);
    snprintf(done, sizeof(done), "%s/done/%s", m->dir, name);
    if (minefile_parse_name(name, m->dialect.utc_offset_s, &nm) < 0) {
        return; /* not ours: a name that somebody is still writing to */
    }
    if (kt_file_exists(done)) {
        unlink(path); /* the same file twice */
        return;
    }
    kt_buf_init(&raw, FILE_MAX);
    kt_buf_init(&text, FILE_MAX * 3u);
    struct kt_arena *arena = kt_arena_new(256u << 20);
    int r = kt_file_read(path, FILE_MAX, &raw, &err);
    if (r == KT_OK && strcmp(m->conf->encoding, "gbk") == 0) {
        r = minefile_convert("GBK", "UTF-8", (struct kt_str){raw.p, raw.n}, &text);
    } else {
        kt_buf_put(&text, raw.p, raw.n);
    }
    if (r == KT_OK) {
        r = minefile_parse(arena, (struct kt_str){kt_buf_cstr(&text), text.n}, &m->dialect, &f,
                           &err);
    }
    if (r == KT_OK) {
        take_file(m, name, &nm, &f);
    } else if (r != KT_EBUSY || older_than(path, WAIT_S)) {
        put_away(m, name, "bad", err.text[0] ? err.text : "cannot be read");
    }
    kt_arena_free(arena);
    kt_buf_done(&raw);
    kt_buf_done(&text);
}

/* ---- the state of the link ------------------------------------------------------------------- */

/* What the engine does not take is told again at the next look. */
static void tell(struct kt_minefile *m, bool up, const char *text)
{
    if (m->told == (up ? 1 : -1)) {
        return;
    }
    if (kt_runtime_link_up(m->rt, m->conf->id, up, text) == KT_OK) {
        m->told = up ? 1 : -1;
        KT_INFO("minefile", "%s %s%s%s", m->conf->id, up ? "works" : "is lost", text[0] ? ": " : "",
                text);
        pthread_mutex_lock(&m->lock);
        m->state.up = up;
        m->state.since = kt_clock_now();
        snprintf(m->state.text, sizeof(m->state.text), "%.150s", text);
        pthread_mutex_unlock(&m->lock);
    }
}

/* Up while folders can be used and, where files come in, one has come within `silent_s` of engine
 * time; before the first one the start counts. */
static void judge(struct kt_minefile *m, const char *failed)
{
    char text[120];
    kt_time now = kt_runtime_now(m->rt);
    bool in = m->conf->in_dir[0];
    m->heard = m->heard ? m->heard : now;
    if (failed[0]) {
        tell(m, false, failed);
    } else if (in && m->conf->silent_ns && now - m->heard > m->conf->silent_ns) {
        snprintf(text, sizeof(text), "no file has come for %lld s",
                 (long long)(m->conf->silent_ns / KT_SEC));
        tell(m, false, text);
    } else if (!in) {
        tell(m, true, "");
    }
}

/* ---- the thread --------------------------------------------------------------------------------
 */

static int look(struct kt_minefile *m, struct kt_err *err)
{
    struct kt_arena *arena = kt_arena_new(64u << 20);
    char **names;
    size_t n;
    int r = minefile_folder(m->dir, err);
    if (r == KT_OK) {
        r = kt_dir_list(m->dir, arena, &names, &n, err);
    }
    for (size_t i = 0; r == KT_OK && i < n && !atomic_load(&m->stopping); i++) {
        read_file(m, names[i]);
    }
    kt_arena_free(arena);
    return r;
}

static int write_files(struct kt_minefile *m, struct kt_err *err)
{
    int n = writer_run(&m->writer, 24, err);
    pthread_mutex_lock(&m->lock);
    m->state.writes += n > 0 ? (uint64_t)n : 0;
    m->state.errors += n < 0;
    pthread_mutex_unlock(&m->lock);
    return n;
}

/* A second of the pace clock, or of the machine's where that one stands still. */
static void rest(struct kt_minefile *m)
{
    kt_mono next = kt_clock_pace() + KT_SEC, end = kt_clock_mono() + KT_SEC;
    while (!atomic_load(&m->stopping) && kt_clock_pace() < next && kt_clock_mono() < end) {
        int64_t left = kt_clock_pace_left(next);
        kt_sleep(left < 100 * KT_MS ? left : 100 * KT_MS);
    }
}

static void *run(void *arg)
{
    struct kt_minefile *m = arg;
    while (!atomic_load(&m->stopping)) {
        struct kt_err err = {0};
        int r = m->conf->in_dir[0] ? look(m, &err) : KT_OK;
        if (m->conf->out_dir[0] && r >= 0) {
            r = write_files(m, &err);
        }
        judge(m, r < 0 ? err.text : "");
        rest(m);
    }
    return NULL;
}

static void list_points(struct kt_minefile *m, uint32_t link)
{
    m->points = kt_map_new(1024);
    m->lane = KT_LANE_BULK;
    for (uint32_t i = 0; i < m->site->points_n; i++) {
        const struct kt_point *p = &m->site->points[i];
        if (p->link == link && p->role) {
            kt_map_set(m->points, kt_str_c(p->address[0] ? p->address : p->id), i);
            m->lane = p->role->cutoff ? KT_LANE_URGENT : m->lane;
        }
    }
}

int kt_minefile_start(struct kt_runtime *rt, struct kt_site *site, uint32_t link,
                      struct kt_minefile **ret, struct kt_err *err)
{
    struct kt_minefile *m = calloc(1, sizeof(*m));
    KT_ASSERT(m);
    const struct kt_link_conf *c = &site->links[link];
    m->rt = rt;
    m->site = kt_site_ref(site);
    m->conf = c;
    m->dialect = (struct minefile_dialect){c->field_sep[0] ? c->field_sep : ";",
                                           c->record_end[0] ? c->record_end : "~",
                                           c->file_end[0] ? c->file_end : "||", site->utc_offset_s};
    snprintf(m->dir, sizeof(m->dir), "%s/%s", site->dir, c->in_dir);
    pthread_mutex_init(&m->lock, NULL);
    pthread_cond_init(&m->done, NULL);
    list_points(m, link);
    m->writer = (struct writer){.rt = rt, .site = m->site, .conf = c, .dialect = m->dialect};
    snprintf(m->writer.dir, sizeof(m->writer.dir), "%s/%s", site->dir, c->out_dir);
    writer_init(&m->writer);
    int r = kt_thread_start(&m->thread, "minefile", run, m, err);
    if (r < 0) {
        m->thread = 0;
        kt_minefile_stop(m);
        return r;
    }
    *ret = m;
    return KT_OK;
}

void kt_minefile_stop(struct kt_minefile *m)
{
    if (!m) {
        return;
    }
    atomic_store(&m->stopping, true);
    if (m->thread) {
        pthread_join(m->thread, NULL);
    }
    kt_map_free(m->points);
    writer_done(&m->writer);
    kt_site_unref(m->site);
    pthread_mutex_destroy(&m->lock);
    pthread_cond_destroy(&m->done);
    free(m);
}

void kt_minefile_state(struct kt_minefile *m, struct kt_link_state *ret)
{
    pthread_mutex_lock(&m->lock);
    *ret = m->state;
    pthread_mutex_unlock(&m->lock);
}
