/* SPDX-License-Identifier: Apache-2.0 */
#include "link/notify/notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "conf/json.h"
#include "link/notify/modem.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/mail.h"
#include "sys/thread.h"

enum { WAITING = 64 };

struct word {
    uint64_t talk;
    char *json;
};
struct kt_notify {
    struct kt_runtime *rt;
    struct kt_site *site;
    const struct kt_link_conf *conf;
    pthread_t thread;
    bool running;
    atomic_bool stop;
    pthread_mutex_t lock; /* everything below */
    pthread_cond_t cond;
    struct word word[WAITING];
    uint32_t n;
    struct kt_link_state state;
    bool told; /* the engine knows `state.up` */
};

/* ---- to the engine --------------------------------------------------------------------------- */

static void answer(struct kt_notify *n, uint64_t talk, const char *state, const char *result,
                   const char *text)
{
    struct kt_buf b;
    kt_buf_init(&b, 4096);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_kint(&w, "talk", (int64_t)talk);
    kt_jw_kstr(&w, "state", state);
    kt_jw_ktext(&w, "result", result);
    kt_jw_ktext(&w, "text", text);
    kt_jw_obj_end(&w);
    if (kt_runtime_answer(n->rt, (struct kt_str){b.p, b.n}, n->conf->id) < 0) {
        KT_WARN("notify", "talk %llu: %s %s was not taken", (unsigned long long)talk, state, text);
    }
    kt_buf_done(&b);
}

static void tell(struct kt_notify *n, bool up, const char *text)
{
    pthread_mutex_lock(&n->lock);
    bool same = n->told && n->state.up == up;
    n->told = true;
    n->state.since = same ? n->state.since : kt_clock_now();
    n->state.up = up;
    n->state.errors += !up;
    n->state.reads++;
    kt_text_set(n->state.text, sizeof(n->state.text), text);
    pthread_mutex_unlock(&n->lock);
    if (same) {
        return;
    }
    if (kt_runtime_link_up(n->rt, n->conf->id, up, text) < 0) {
        KT_WARN("notify", "%s: its state was not taken", n->conf->id);
    }
}

/* ---- what is sent ---------------------------------------------------------------------------- */

static int read_password(const struct kt_notify *n, char *to, size_t cap, struct kt_err *err)
{
    char path[900];
    struct kt_buf b;
    to[0] = '\0';
    if (!*n->conf->password_file) {
        return KT_OK;
    }
    kt_buf_init(&b, cap - 1);
    (void)snprintf(path, sizeof(path), "%.600s/%.255s", n->site->dir, n->conf->password_file);
    int r = kt_file_read(path, cap - 1, &b, err);
    if (r == KT_OK) {
        kt_text_set(to, cap, kt_buf_cstr(&b));
        to[strcspn(to, "\r\n")] = '\0';
    }
    kt_buf_done(&b);
    return r;
}

static int mail(const struct kt_notify *n, const char *to, const char *text, struct kt_err *err)
{
    char password[256], subject[200];
    int r = read_password(n, password, sizeof(password), err);
    if (r < 0) {
        return r;
    }
    (void)snprintf(subject, sizeof(subject), "%.80s: %.90s", n->site->name.zh, "报警无人确认");
    const struct kt_mail m = {.host = n->conf->host,
                              .port = n->conf->port,
                              .tls = n->conf->tls,
                              .user = n->conf->user,
                              .password = password,
                              .from = n->conf->from,
                              .to = to,
                              .subject = subject,
                              .text = text,
                              .at = kt_clock_now(),
                              .timeout_ns = n->conf->timeout_ns};
    return kt_mail_send(&m, err);
}

static int carry_out(struct kt_notify *n, const struct kt_json *word, struct kt_err *err)
{
    struct kt_contact c;
    const char *text = kt_json_get_str(word, "text", "");
    int r = kt_site_contact(n->site, kt_json_get_str(word, "to", ""), &c, err);
    const char *to = r < 0 ? "" : n->conf->kind == KT_LINK_SMS ? c.sms : c.mail;
    if (r < 0 || !*to) {
        return kt_err_set(err, KT_ENOTFOUND, "the contact has no such address");
    }
    return n->conf->kind == KT_LINK_SMS
               ? modem_send(n->conf->device, to, text, n->conf->timeout_ns, &n->stop, err)
               : mail(n, to, text, err);
}

static void do_word(struct kt_notify *n, const struct word *w)
{
    struct kt_json *root = NULL;
    struct kt_err err = {0};
    if (kt_json_parse(kt_str_c(w->json), 1u << 20, &root, &err) < 0) {
        return;
    }
    if (strcmp(kt_json_get_str(root, "do", ""), "end") != 0) {
        answer(n, w->talk, "asked", "", "");
        int r = carry_out(n, root, &err);
        if (r == KT_OK) {
            answer(n, w->talk, "ended", "accepted", "");
            tell(n, true, "");
        } else {
            KT_WARN("notify", "%s: %s", n->conf->id, err.text);
            answer(n, w->talk, "ended", r == KT_ENOTFOUND ? "no-address" : "failed", err.text);
            if (r != KT_ENOTFOUND) {
                tell(n, false, err.text);
            }
        }
        pthread_mutex_lock(&n->lock);
        n->state.writes += r == KT_OK;
        pthread_mutex_unlock(&n->lock);
    }
    kt_json_free(root);
}

/* ---- its thread ------------------------------------------------------------------------------ */

static bool next(struct kt_notify *n, kt_mono until, struct word *ret)
{
    pthread_mutex_lock(&n->lock);
    while (n->n == 0 && !atomic_load(&n->stop) && kt_clock_mono() < until) {
        struct timespec ts;
        (void)clock_gettime(CLOCK_REALTIME, &ts);
        ts.tv_sec += 1;
        (void)pthread_cond_timedwait(&n->cond, &n->lock, &ts);
    }
    bool got = n->n > 0;
    if (got) {
        *ret = n->word[0];
        n->n--;
        memmove(n->word, n->word + 1, n->n * sizeof(*n->word));
    }
    pthread_mutex_unlock(&n->lock);
    return got;
}

static void look(struct kt_notify *n)
{
    struct kt_err err = {0};
    int signal = -1;
    if (n->conf->kind == KT_LINK_SMS) {
        int r = modem_look(n->conf->device, &n->stop, &signal, &err);
        if (r != KT_ECLOSED) {
            tell(n, r == KT_OK, r == KT_OK ? "" : err.text);
        }
    }
}

static void *run(void *arg)
{
    struct kt_notify *n = arg;
    struct word w;
    kt_mono due = 0;
    while (!atomic_load(&n->stop)) {
        if (n->conf->kind == KT_LINK_SMS && kt_clock_mono() >= due) {
            look(n);
            due = kt_clock_mono() + n->conf->scan_ns;
        }
        if (next(n, n->conf->kind == KT_LINK_SMS ? due : INT64_MAX, &w)) {
            do_word(n, &w);
            free(w.json);
        }
    }
    return NULL;
}

/* On the engine's thread. */
static void on_word(void *arg, const struct kt_word *w)
{
    struct kt_notify *n = arg;
    pthread_mutex_lock(&n->lock);
    if (n->n < WAITING) {
        n->word[n->n++] = (struct word){w->talk, strndup(w->json.p, w->json.n)};
        pthread_cond_signal(&n->cond);
    }
    pthread_mutex_unlock(&n->lock); /* else the engine hears nothing, and says so */
}

int kt_notify_start(struct kt_runtime *rt, struct kt_site *site, uint32_t link,
                    struct kt_notify **ret, struct kt_err *err)
{
    struct kt_notify *n = calloc(1, sizeof(*n));
    KT_ASSERT(n);
    n->rt = rt;
    n->site = kt_site_ref(site);
    n->conf = &site->links[link];
    pthread_mutex_init(&n->lock, NULL);
    pthread_cond_init(&n->cond, NULL);
    if (n->conf->kind == KT_LINK_MAIL) {
        n->state.up = true; /* asked when there is a mail */
    }
    int r = kt_thread_start(&n->thread, n->conf->kind == KT_LINK_SMS ? "sms" : "mail", run, n, err);
    n->running = r == KT_OK;
    if (r < 0) {
        kt_notify_stop(n);
        return r;
    }
    kt_runtime_on_word(rt, n->conf->kind, on_word, n);
    *ret = n;
    return KT_OK;
}

void kt_notify_stop(struct kt_notify *n)
{
    if (!n) {
        return;
    }
    kt_runtime_on_word(n->rt, n->conf->kind, NULL, n);
    atomic_store(&n->stop, true);
    if (n->running) {
        pthread_mutex_lock(&n->lock);
        pthread_cond_signal(&n->cond);
        pthread_mutex_unlock(&n->lock);
        pthread_join(n->thread, NULL);
    }
    for (uint32_t i = 0; i < n->n; i++) {
        free(n->word[i].json);
    }
    kt_site_unref(n->site);
    pthread_mutex_destroy(&n->lock);
    pthread_cond_destroy(&n->cond);
    free(n);
}

void kt_notify_state(struct kt_notify *n, struct kt_link_state *ret)
{
    pthread_mutex_lock(&n->lock);
    *ret = n->state;
    pthread_mutex_unlock(&n->lock);
}
