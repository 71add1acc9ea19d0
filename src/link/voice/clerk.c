/* SPDX-License-Identifier: Apache-2.0 */
/* clerk: what would hold the loop up: speech synthesis, files, hashes; one thread, in order. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "journal/journal.h"
#include "link/voice/private.h"
#include "sys/proc.h"
#include "sys/thread.h"

enum { FILE_MOST = 64 << 20 };

struct job {
    struct job *next;
    uint64_t talk;
    bool ended, drill;
    char result[40], hash[65];
    char *text;
    struct kt_str keep; /* a file; no words then */
    int fd, channels;
    uint32_t frames;
};
struct clerk {
    struct kt_voice *v;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t cond;
    struct job *first, **last;
    bool stopping;
};

/* ---- words ----------------------------------------------------------------------------------- */

static int speak(const char *text, struct pcm *ret, struct kt_err *err)
{
    char *argv[] = {"espeak-ng", "-v", "cmn", "-s", "150", "--stdout", "--", (char *)text, NULL};
    struct kt_proc_limits lim = {.memory_bytes = 512u << 20, .cpu_seconds = 20};
    struct kt_buf wav;
    kt_buf_init(&wav, FILE_MOST);
    int r = kt_proc_run(argv, &lim, 20 * KT_SEC, FILE_MOST, &wav, err);
    if (r == KT_OK) {
        r = wav_read((struct kt_str){wav.p, wav.n}, (size_t)WORDS_MOST * WAV_RATE, ret, err);
    }
    kt_buf_done(&wav);
    return r;
}

static int read_body(const struct clerk *c, const char *hash, struct pcm *ret, struct kt_err *err)
{
    struct kt_hash h;
    struct kt_buf file;
    if (kt_hash_from_hex(kt_str_c(hash), &h) < 0) {
        return kt_err_set(err, KT_EINVAL, "no hash of a recording");
    }
    kt_buf_init(&file, FILE_MOST);
    int r = kt_body_get(c->v->data_dir, &h, FILE_MOST, &file, err);
    if (r == KT_OK) {
        r = wav_read((struct kt_str){file.p, file.n}, (size_t)WORDS_MOST * WAV_RATE, ret, err);
    }
    kt_buf_done(&file);
    return r;
}

static void join(struct pcm *to, const struct pcm *more)
{
    to->v = realloc(to->v, (to->n + more->n + 1) * sizeof(*to->v));
    KT_ASSERT(to->v);
    memcpy(to->v + to->n, more->v, more->n * sizeof(*to->v));
    to->n += more->n;
}

/* Text first, a recording after it. A recording in a drill is announced as one. */
static int make(const struct clerk *c, const struct job *j, struct pcm *ret, struct kt_err *err)
{
    struct pcm said = {0}, file = {0};
    const char *text = j->text[0] ? j->text : j->drill ? "演练，演练。" : "";
    int r = *text ? speak(text, &said, err) : KT_OK;
    if (r == KT_OK && j->hash[0]) {
        r = read_body(c, j->hash, &file, err);
    }
    if (r == KT_OK) {
        join(&said, &file);
    }
    free(file.v);
    if (r < 0) {
        free(said.v);
        return r;
    }
    *ret = said;
    return KT_OK;
}

/* A WAV file in memory, and its hash. */
static struct kt_str wav_of(const void *samples, uint32_t frames, int channels, char ret_hex[65])
{
    size_t n = (size_t)frames * (size_t)channels * 2;
    char *file = malloc(WAV_HEADER + n);
    struct kt_hash h;
    KT_ASSERT(file);
    wav_header((uint8_t *)file, frames, channels);
    memcpy(file + WAV_HEADER, samples, n);
    kt_hash_of(file, WAV_HEADER + n, &h);
    (void)kt_hash_hex(&h, ret_hex);
    return (struct kt_str){file, WAV_HEADER + n};
}

/* Frees the file. False: it is not kept. */
static bool put_wav(const struct clerk *c, struct kt_str file)
{
    struct kt_hash h;
    struct kt_err err = {0};
    int r = kt_body_put(c->v->data_dir, file.p, file.n, &h, &err);
    if (r < 0) {
        KT_ERROR("voice", "a recording is not kept: %s", err.text);
    }
    free((char *)file.p);
    return r == KT_OK;
}

static void push(struct clerk *c, struct job *j)
{
    pthread_mutex_lock(&c->lock);
    *c->last = j;
    c->last = &j->next;
    pthread_cond_signal(&c->cond);
    pthread_mutex_unlock(&c->lock);
}

/* What is to be said waits for no disk: neither these words nor those of other talks that are in
 * the queue. The file is kept after them, before the end of this talk names it. */
static void do_words(struct clerk *c, const struct job *j)
{
    struct pcm words = {0};
    struct kt_err err = {0};
    char hex[65] = "";
    if (make(c, j, &words, &err) == KT_OK) {
        struct job *keep = calloc(1, sizeof(*keep));
        KT_ASSERT(keep);
        keep->fd = -1;
        keep->keep = wav_of(words.v, (uint32_t)words.n, 1, hex);
        push(c, keep);
    } else {
        KT_ERROR("voice", "the words cannot be spoken: %s", err.text);
    }
    voice_words(c->v, j->talk, &words, hex, words.v ? NULL : "no-speech");
}

/* ---- ends ------------------------------------------------------------------------------------ */

static void keep_tape(const struct clerk *c, struct job *j)
{
    size_t n = (size_t)j->frames * (size_t)j->channels * 2;
    void *p = mmap(NULL, n, PROT_READ, MAP_PRIVATE, j->fd, 0);
    if (p != MAP_FAILED) {
        struct kt_str file = wav_of(p, j->frames, j->channels, j->hash);
        munmap(p, n);
        if (!put_wav(c, file)) {
            j->hash[0] = 0;
        }
    }
}

static void do_ended(const struct clerk *c, struct job *j)
{
    struct kt_buf b;
    if (j->fd >= 0) {
        keep_tape(c, j);
        (void)close(j->fd);
    }
    kt_buf_init(&b, 4096);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_kint(&w, "talk", (int64_t)j->talk);
    kt_jw_kstr(&w, "state", "ended");
    kt_jw_kstr(&w, "result", j->result);
    if (j->hash[0]) {
        kt_jw_kstr(&w, "recording", j->hash);
        kt_jw_kint(&w, "bytes",
                   (int64_t)(WAV_HEADER + (size_t)j->frames * (size_t)j->channels * 2));
    }
    kt_jw_obj_end(&w);
    if (kt_runtime_answer(c->v->rt, (struct kt_str){b.p, b.n}, c->v->conf->id) < 0) {
        KT_WARN("voice", "the end of talk %llu was not taken", (unsigned long long)j->talk);
    }
    kt_buf_done(&b);
}

/* ---- its thread ------------------------------------------------------------------------------ */

static struct job *next(struct clerk *c)
{
    pthread_mutex_lock(&c->lock);
    while (!c->first && !c->stopping) {
        pthread_cond_wait(&c->cond, &c->lock);
    }
    struct job *j = c->first;
    if (j) {
        c->first = j->next;
        c->last = c->first ? c->last : &c->first;
    }
    pthread_mutex_unlock(&c->lock);
    return j;
}

static void *run(void *arg)
{
    struct clerk *c = arg;
    struct job *j;
    while ((j = next(c))) {
        if (j->keep.p) {
            (void)put_wav(c, j->keep);
        } else if (j->ended) {
            do_ended(c, j);
        } else {
            do_words(c, j);
        }
        free(j->text);
        free(j);
    }
    return NULL;
}

void clerk_words(struct clerk *c, uint64_t talk, const char *text, const char *body, bool drill)
{
    struct job *j = calloc(1, sizeof(*j));
    KT_ASSERT(j);
    j->talk = talk;
    j->drill = drill;
    j->fd = -1;
    j->text = strdup(text);
    kt_text_set(j->hash, sizeof(j->hash), body);
    push(c, j);
}

void clerk_ended(struct clerk *c, uint64_t talk, const char *result, int fd, uint32_t frames,
                 int channels, const char *hash)
{
    struct job *j = calloc(1, sizeof(*j));
    KT_ASSERT(j);
    j->talk = talk;
    j->ended = true;
    j->fd = fd;
    j->frames = frames;
    j->channels = channels;
    kt_text_set(j->result, sizeof(j->result), result);
    kt_text_set(j->hash, sizeof(j->hash), hash);
    push(c, j);
}

struct clerk *clerk_new(struct kt_voice *v)
{
    struct clerk *c = calloc(1, sizeof(*c));
    struct kt_err err = {0};
    KT_ASSERT(c);
    c->v = v;
    c->last = &c->first;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->cond, NULL);
    if (kt_thread_start(&c->thread, "voice-clerk", run, c, &err) < 0) {
        KT_ERROR("voice", "%s", err.text);
        free(c);
        return NULL;
    }
    return c;
}

void clerk_free(struct clerk *c)
{
    if (!c) {
        return;
    }
    pthread_mutex_lock(&c->lock);
    c->stopping = true;
    pthread_cond_signal(&c->cond);
    pthread_mutex_unlock(&c->lock);
    pthread_join(c->thread, NULL);
    pthread_mutex_destroy(&c->lock);
    pthread_cond_destroy(&c->cond);
    free(c);
}
