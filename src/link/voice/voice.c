/* SPDX-License-Identifier: Apache-2.0 */
/* voice: the loop of libre in its thread, words that come to it, the clock of sound. */
#include "link/voice/voice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "conf/json.h"
#include "link/voice/private.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/thread.h"

enum { Q_WORD, Q_MADE, Q_QUIT, TICKS_BEHIND = 10 };

static const struct talk_kind *const kinds[] = {&talk_call, &talk_ring, &talk_cast};

struct made { /* by the clerk */
    uint64_t talk;
    struct pcm words;
    char hash[65];
    const char *failed;
};

/* ---- to the engine ----------------------------------------------------------------------------
 */

void voice_tell(struct kt_voice *v, uint64_t talk, const char *state)
{
    struct kt_buf b;
    kt_buf_init(&b, 4096);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_kint(&w, "talk", (int64_t)talk);
    kt_jw_kstr(&w, "state", state);
    kt_jw_obj_end(&w);
    if (kt_runtime_answer(v->rt, (struct kt_str){b.p, b.n}, v->conf->id) < 0) {
        KT_WARN("voice", "talk %llu is %s: not taken", (unsigned long long)talk, state);
    }
    kt_buf_done(&b);
}

void voice_tell_news(struct kt_voice *v, uint64_t talk, struct news *all, uint32_t n)
{
    struct kt_buf b;
    bool any = false;
    kt_buf_init(&b, 1u << 20);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_kint(&w, "talk", (int64_t)talk);
    kt_jw_key(&w, "speakers");
    kt_jw_arr(&w);
    for (uint32_t i = 0; i < n; i++) {
        if (all[i].now != all[i].known) {
            kt_jw_arr(&w);
            kt_jw_str(&w, all[i].point);
            kt_jw_str(&w, all[i].now);
            kt_jw_arr_end(&w);
            all[i].known = all[i].now;
            any = true;
        }
    }
    kt_jw_arr_end(&w);
    kt_jw_obj_end(&w);
    if (any && kt_runtime_answer(v->rt, (struct kt_str){b.p, b.n}, v->conf->id) < 0) {
        KT_WARN("voice", "what devices answered was not taken");
    }
    kt_buf_done(&b);
}

static void tell_link(struct kt_voice *v, bool up, const char *text)
{
    if (kt_runtime_link_up(v->rt, v->conf->id, up, text) < 0) {
        KT_WARN("voice", "%s: its state was not taken", v->conf->id);
    }
    pthread_mutex_lock(&v->lock);
    v->state.since = v->state.up == up && v->state.since ? v->state.since : kt_clock_now();
    v->state.up = up;
    kt_text_set(v->state.text, sizeof(v->state.text), text);
    pthread_mutex_unlock(&v->lock);
}

/* ---- addresses --------------------------------------------------------------------------------
 */

bool voice_address(const struct kt_voice *v, const char *point, char *to, size_t cap)
{
    kt_point_id p = kt_site_point(v->site, kt_str_c(point));
    if (p.v == KT_NONE || v->site->points[p.v].link != v->link) {
        return false;
    }
    kt_text_set(to, cap, v->site->points[p.v].address);
    return *to != '\0';
}

bool voice_route(const struct kt_voice *v, const char *uri, char *to, size_t cap,
                 struct sa *ret_peer)
{
    char host[64];
    struct uri u;
    struct pl pl;
    uint16_t port;
    if (*v->conf->registrar) {
        char text[160];
        (void)snprintf(text, sizeof(text), "sip:x@%.140s", v->conf->registrar);
        pl_set_str(&pl, text);
        if (uri_decode(&u, &pl) || pl_strcpy(&u.host, host, sizeof(host))) {
            return false;
        }
    } else {
        pl_set_str(&pl, uri);
        if (uri_decode(&u, &pl) || pl_strcpy(&u.host, host, sizeof(host))) {
            return false;
        }
    }
    port = u.port ? u.port : 5060;
    (void)snprintf(to, cap, "sip:%s:%u", host, port);
    return sa_set_str(ret_peer, host, port) == 0;
}

int voice_auth(char **user, char **password, const char *realm, void *arg)
{
    const struct kt_voice *v = arg;
    (void)realm;
    if (!*v->password) {
        return EACCES;
    }
    return str_dup(user, v->conf->user) || str_dup(password, v->password) ? ENOMEM : 0;
}

/* ---- talks ------------------------------------------------------------------------------------
 */

static struct talk *find(struct kt_voice *v, uint64_t id)
{
    for (struct le *le = v->talks.head; le; le = le->next) {
        struct talk *t = le->data;
        if (t->id == id) {
            return t;
        }
    }
    return NULL;
}

static void tick(void *arg)
{
    struct kt_voice *v = arg;
    uint64_t now = tmr_jiffies();
    if (now > v->next_tick + (uint64_t)TICKS_BEHIND * TICK_MS) {
        v->next_tick = now; /* the machine stood still */
    }
    while (v->next_tick <= now) {
        for (struct le *le = v->talks.head, *next; le; le = next) {
            struct talk *t = le->data;
            next = le->next;
            if (!t->done && t->kind->tick) {
                t->kind->tick(t);
            }
        }
        v->next_tick += TICK_MS;
    }
    for (struct le *le = v->talks.head, *next; le; le = next) {
        struct talk *t = le->data;
        next = le->next;
        if (t->done) {
            list_unlink(&t->le);
            t->kind->gone(t);
        }
    }
    if (v->talks.head) {
        tmr_start(&v->tick, v->next_tick > now ? v->next_tick - now : 0, tick, v);
    }
}

void voice_ticks(struct kt_voice *v)
{
    if (!tmr_isrunning(&v->tick)) {
        v->next_tick = tmr_jiffies();
        tmr_start(&v->tick, 0, tick, v);
    }
}

static void begin(struct kt_voice *v, const struct order *o)
{
    for (size_t i = 0; i < KT_ARRAY_LEN(kinds); i++) {
        if (strcmp(o->what, kinds[i]->id) == 0) {
            struct talk *t = kinds[i]->begin(v, o);
            list_append(&v->talks, &t->le, t);
            voice_ticks(v);
            pthread_mutex_lock(&v->lock);
            v->state.writes++;
            pthread_mutex_unlock(&v->lock);
        }
    }
}

static void carry_out(struct kt_voice *v, const char *text)
{
    struct kt_json *root = NULL;
    if (kt_json_parse(kt_str_c(text), 1u << 20, &root, NULL) < 0) {
        return;
    }
    struct order o = {.talk = (uint64_t)kt_json_get_int(root, "talk", 0),
                      .what = kt_json_get_str(root, "do", ""),
                      .desk = kt_json_get_str(root, "desk", ""),
                      .to = kt_json_get_str(root, "to", ""),
                      .text = kt_json_get_str(root, "text", ""),
                      .body = kt_json_get_str(root, "body", ""),
                      .emergency = kt_json_get_bool(root, "emergency", false),
                      .drill = kt_json_get_bool(root, "drill", false),
                      .points = kt_json_get(root, "points")};
    struct talk *t = find(v, o.talk);
    if (strcmp(o.what, "end") == 0 && t) {
        t->kind->end(t, "hung-up");
    } else if (strcmp(o.what, "end") == 0) {
        clerk_ended(v->clerk, o.talk, "hung-up", -1, 0, 1, "");
    } else if (!t) {
        begin(v, &o);
    }
    kt_json_free(root);
}

static void take_made(struct kt_voice *v, struct made *m)
{
    struct talk *t = find(v, m->talk);
    if (t && !t->done && m->failed) {
        t->kind->end(t, m->failed);
    } else if (t && !t->done && t->kind->words) {
        t->kind->words(t, &m->words, m->hash);
    }
    free(m->words.v);
    free(m);
}

static void quit(struct kt_voice *v)
{
    for (struct le *le = v->talks.head; le; le = le->next) {
        struct talk *t = le->data;
        t->kind->end(t, "restart");
    }
    re_cancel();
}

static void on_queue(int id, void *data, void *arg)
{
    struct kt_voice *v = arg;
    if (id == Q_WORD) {
        carry_out(v, data);
        free(data);
    } else if (id == Q_MADE) {
        take_made(v, data);
    } else {
        quit(v);
    }
}

/* On the engine's thread. */
static void on_word(void *arg, const struct kt_word *w)
{
    struct kt_voice *v = arg;
    char *copy = strndup(w->json.p, w->json.n);
    if (!copy || mqueue_push(v->queue, Q_WORD, copy) != 0) {
        KT_ERROR("voice", "talk %llu did not reach the phones", (unsigned long long)w->talk);
        free(copy);
    }
}

void voice_words(struct kt_voice *v, uint64_t talk, struct pcm *words, const char *hash,
                 const char *failed)
{
    struct made *m = calloc(1, sizeof(*m));
    KT_ASSERT(m);
    m->talk = talk;
    m->words = *words;
    m->failed = failed;
    kt_text_set(m->hash, sizeof(m->hash), hash);
    *words = (struct pcm){0};
    if (mqueue_push(v->queue, Q_MADE, m) != 0) {
        free(m->words.v);
        free(m);
    }
}

/* ---- the loop ---------------------------------------------------------------------------------
 */

/* Nobody calls us: the desk is called back. */
static void on_call(const struct sip_msg *msg, void *arg)
{
    struct kt_voice *v = arg;
    (void)sip_treply(NULL, v->sip, msg, 486, "Busy Here");
}

static bool on_request(const struct sip_msg *msg, void *arg)
{
    struct kt_voice *v = arg;
    if (pl_strcmp(&msg->met, "OPTIONS") != 0) {
        return false;
    }
    (void)sip_treply(NULL, v->sip, msg, 200, "OK");
    return true;
}

static void on_registered(int err, const struct sip_msg *msg, void *arg)
{
    struct kt_voice *v = arg;
    char text[120] = "";
    bool good = !err && msg && msg->scode < 300;
    if (!good) {
        (void)snprintf(text, sizeof(text), "the registrar %s: %s", v->conf->registrar,
                       msg ? "refuses the account" : strerror(err));
    }
    tell_link(v, good, text);
}

static int registers(struct kt_voice *v)
{
    char uri[160];
    if (!*v->conf->registrar) {
        return 0;
    }
    (void)snprintf(uri, sizeof(uri), "sip:%.140s", v->conf->registrar);
    return sipreg_register(&v->reg, v->sip, uri, v->from, NULL, v->from, 300, v->conf->user, NULL,
                           0, 1, voice_auth, v, false, on_registered, v, NULL, NULL);
}

static int open_all(struct kt_voice *v, const char **ret_what)
{
    *ret_what = "host";
    int r = sa_set_str(&v->laddr, v->conf->host, (uint16_t)v->conf->port);
    *ret_what = "memory";
    r = r ? r : fd_setsize(4096);
    r = r ? r : mqueue_alloc(&v->queue, on_queue, v);
    r = r ? r : sip_alloc(&v->sip, NULL, 64, 64, 64, "Kuangtu", NULL, NULL);
    *ret_what = "UDP port";
    r = r ? r : sip_transp_add(v->sip, SIP_TRANSP_UDP, &v->laddr);
    *ret_what = "TCP port";
    r = r ? r : sip_transp_add(v->sip, SIP_TRANSP_TCP, &v->laddr);
    *ret_what = "sessions";
    r = r ? r : sipsess_listen(&v->sock, v->sip, 64, on_call, v);
    r = r ? r : sip_listen(&v->lsnr, v->sip, true, on_request, v);
    *ret_what = "registrar";
    r = r ? r : registers(v);
    sa_set_port(&v->laddr, 0);
    return r;
}

static void announce(struct kt_voice *v, int code, const char *what)
{
    pthread_mutex_lock(&v->lock);
    v->started = code ? kt_err_set(&v->err, KT_EIO, "%s %s:%d: %s", what, v->conf->host,
                                   v->conf->port, strerror(code))
                      : 1;
    pthread_cond_signal(&v->cond);
    pthread_mutex_unlock(&v->lock);
}

static void close_all(struct kt_voice *v)
{
    struct le *le;
    probe_stop(v);
    tmr_cancel(&v->tick);
    leg_free_all(v); /* their BYE and CANCEL leave */
    while ((le = v->talks.head)) {
        struct talk *t = le->data;
        list_unlink(le);
        t->kind->gone(t);
    }
    mem_deref(v->reg);
    mem_deref(v->lsnr);
    if (v->sock) {
        sipsess_close_all(v->sock);
    }
    mem_deref(v->sock);
    if (v->sip) {
        sip_close(v->sip, true);
    }
    mem_deref(v->sip);
}

static void *run(void *arg)
{
    struct kt_voice *v = arg;
    const char *what = "";
    int r = re_thread_init();
    tmr_init(&v->tick);
    tmr_init(&v->probe);
    r = r ? r : open_all(v, &what);
    announce(v, r, what);
    if (r == 0) {
        if (!*v->conf->registrar) {
            tell_link(v, true, "");
        }
        probe_start(v);
        (void)re_main(NULL);
    }
    clerk_free(v->clerk); /* it hands back until here */
    close_all(v);
    mem_deref(v->queue);
    re_thread_close();
    return NULL;
}

/* ---- life -------------------------------------------------------------------------------------
 */

static int read_password(struct kt_voice *v, struct kt_err *err)
{
    char path[900];
    struct kt_buf b;
    if (!*v->conf->password_file) {
        return KT_OK;
    }
    kt_buf_init(&b, sizeof(v->password) - 1);
    (void)snprintf(path, sizeof(path), "%.600s/%.255s", v->site->dir, v->conf->password_file);
    int r = kt_file_read(path, sizeof(v->password) - 1, &b, err);
    kt_text_set(v->password, sizeof(v->password), kt_buf_cstr(&b));
    v->password[strcspn(v->password, "\r\n")] = '\0';
    kt_buf_done(&b);
    return r;
}

static int start_loop(struct kt_voice *v, struct kt_err *err)
{
    int r = kt_thread_start(&v->thread, "voice", run, v, err);
    if (r < 0) {
        return r;
    }
    v->runs = true;
    pthread_mutex_lock(&v->lock);
    while (v->started == 0) {
        pthread_cond_wait(&v->cond, &v->lock);
    }
    r = v->started;
    *err = r < 0 ? v->err : *err;
    pthread_mutex_unlock(&v->lock);
    return r < 0 ? r : KT_OK;
}

int kt_voice_start(struct kt_runtime *rt, const char *data_dir, struct kt_site *site, uint32_t link,
                   struct kt_voice **ret, struct kt_err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct kt_voice *v = calloc(1, sizeof(*v));
    KT_ASSERT(v);
    (void)pthread_once(&once, (void (*)(void))libre_init);
    v->rt = rt;
    v->site = kt_site_ref(site);
    v->link = link;
    v->conf = &site->links[link];
    kt_text_set(v->data_dir, sizeof(v->data_dir), data_dir);
    (void)snprintf(v->name, sizeof(v->name), "kuangtu@%.40s", v->conf->host);
    (void)snprintf(v->from, sizeof(v->from), "sip:%.60s@%.100s", v->conf->user,
                   *v->conf->registrar ? v->conf->registrar : v->conf->host);
    pthread_mutex_init(&v->lock, NULL);
    pthread_cond_init(&v->cond, NULL);
    v->clerk = clerk_new(v);
    int r = v->clerk ? read_password(v, err) : kt_err_set(err, KT_EIO, "no thread to be had");
    r = r < 0 ? r : start_loop(v, err);
    if (r < 0) {
        kt_voice_stop(v);
        return r;
    }
    kt_runtime_on_word(rt, KT_LINK_SIP, on_word, v);
    *ret = v;
    return KT_OK;
}

void kt_voice_stop(struct kt_voice *v)
{
    if (!v) {
        return;
    }
    kt_runtime_on_word(v->rt, KT_LINK_SIP, NULL, v);
    if (v->runs) {
        if (v->started == 1) {
            (void)mqueue_push(v->queue, Q_QUIT, NULL);
        }
        pthread_join(v->thread, NULL);
    } else {
        clerk_free(v->clerk);
    }
    kt_site_unref(v->site);
    pthread_mutex_destroy(&v->lock);
    pthread_cond_destroy(&v->cond);
    free(v);
}

void kt_voice_state(struct kt_voice *v, struct kt_link_state *ret)
{
    pthread_mutex_lock(&v->lock);
    *ret = v->state;
    pthread_mutex_unlock(&v->lock);
}
