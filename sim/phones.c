/* SPDX-License-Identifier: Apache-2.0 */
#include "phones.h"

#include <re/re.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "plan.h"
#include "sound.h"
#include "sys/thread.h"

#include <rem/rem_g711.h>

enum {
    PORT_LO = 16384,
    PORT_HI = 32766,
    PT_ALAW = 8,
    PT_KEYS = 101,
    TICK_MS = 20,
    LONGEST_MS = 120000, /* then a phone hangs up */
    KEY_TICKS = 5,       /* packets of one key */
    DEVICES_FD = 1024
};

struct phone;
struct line {     /* one call; its phone knows the last one */
    struct le le; /* in sim_phones.lines */
    struct phone *phone;
    struct sipsess *sess;
    struct sdp_session *sdp;
    struct sdp_media *audio;
    struct rtp_sock *rtp;
    struct tmr timer, reap;
    struct sa media, media_rtcp;
    uint64_t began, next; /* ms */
    uint64_t at;          /* samples that were said */
    uint32_t ts, key_ts;
    int keys; /* packets of the key that were sent */
    bool over;
};
struct phone {
    struct sim_phones *all;
    const struct sim_phone *plan;
    struct line *line;
    _Atomic int manner;
    _Atomic uint32_t calls, heard;
    struct sim_sound *_Atomic words; /* set once */
    bool asked;                      /* for its words */
};
struct sim_phones {
    struct phone *phone;
    int n;
    struct sa laddr;
    pthread_t thread, speaker;
    bool speaks;
    struct mqueue *queue;
    struct sip *sip;
    struct sipsess_sock *sock;
    struct sip_lsnr *lsnr;
    struct list lines;
    pthread_mutex_t lock;
    pthread_cond_t cond;
    struct phone *wanted[64]; /* words of these: under lock */
    int wanted_n;
    bool stopping;
    int started; /* 0 not yet, 1, or an errno below 0: under lock */
};

/* ---- words: a thread of its own ----------------------------------------------------------------
 */

static struct phone *next_wanted(struct sim_phones *x)
{
    pthread_mutex_lock(&x->lock);
    while (x->wanted_n == 0 && !x->stopping) {
        pthread_cond_wait(&x->cond, &x->lock);
    }
    struct phone *h = x->stopping ? NULL : x->wanted[--x->wanted_n];
    pthread_mutex_unlock(&x->lock);
    return h;
}

static void *speak(void *arg)
{
    struct sim_phones *x = arg;
    struct phone *h;
    while ((h = next_wanted(x))) {
        struct sim_sound *s = calloc(1, sizeof(*s));
        KT_ASSERT(s);
        if (sim_sound_speak(h->plan->says, s)) {
            atomic_store(&h->words, s);
        } else {
            free(s);
        }
    }
    return NULL;
}

static void want_words(struct phone *h)
{
    struct sim_phones *x = h->all;
    if (h->asked || !h->plan->says[0]) {
        return;
    }
    h->asked = true;
    pthread_mutex_lock(&x->lock);
    if (x->wanted_n < (int)KT_ARRAY_LEN(x->wanted)) {
        x->wanted[x->wanted_n++] = h;
    }
    pthread_cond_signal(&x->cond);
    pthread_mutex_unlock(&x->lock);
}

/* ---- the end of a call -------------------------------------------------------------------------
 */

static void reap(void *arg)
{
    struct line *l = arg;
    list_unlink(&l->le);
    tmr_cancel(&l->timer);
    tmr_cancel(&l->reap);
    mem_deref(l->sess); /* its BYE leaves */
    mem_deref(l->rtp);
    mem_deref(l->sdp);
    free(l);
}

/* Not inside a callback of libre: at the loop's next turn. */
static void hang_up(struct line *l)
{
    if (!l->over) {
        l->over = true;
        l->phone->line = l->phone->line == l ? NULL : l->phone->line;
        tmr_cancel(&l->timer);
        tmr_start(&l->reap, 0, reap, l);
    }
}

static void on_close(int err, const struct sip_msg *msg, void *arg)
{
    (void)err;
    (void)msg;
    hang_up(arg);
}

/* ---- sound -------------------------------------------------------------------------------------
 */

static void on_rtp(const struct sa *src, const struct rtp_header *hdr, struct mbuf *mb, void *arg)
{
    struct line *l = arg;
    (void)src;
    (void)mb;
    if (hdr->pt != PT_KEYS) {
        atomic_fetch_add(&l->phone->heard, 1);
    }
}

static void send_packet(struct line *l, uint8_t pt, bool first, uint32_t ts, struct mbuf *mb)
{
    mb->pos = RTP_HEADER_SIZE;
    (void)rtp_send(l->rtp, &l->media, false, first, pt, ts, mb);
}

static void send_sound(struct line *l)
{
    struct mbuf *mb = mbuf_alloc(RTP_HEADER_SIZE + SIM_SOUND_FRAME);
    const struct sim_sound *s = atomic_load(&l->phone->words);
    if (!mb) {
        return;
    }
    mb->pos = RTP_HEADER_SIZE;
    for (int i = 0; i < SIM_SOUND_FRAME; i++, l->at++) {
        int16_t v = s ? s->v[l->at % s->n] : sim_sound_tone(l->phone->plan->hz, l->at);
        (void)mbuf_write_u8(mb, g711_pcm2alaw(v));
    }
    send_packet(l, PT_ALAW, l->ts == 0, l->ts, mb);
    mem_deref(mb);
}

/* Key 1 by RFC 4733: the same time in each packet, the last of them says that it is let go. */
static void send_key(struct line *l)
{
    struct mbuf *mb = mbuf_alloc(RTP_HEADER_SIZE + 4);
    if (!mb) {
        return;
    }
    l->key_ts = l->keys == 0 ? l->ts : l->key_ts;
    l->keys++;
    mb->pos = RTP_HEADER_SIZE;
    (void)mbuf_write_u8(mb, 1);
    (void)mbuf_write_u8(mb, (uint8_t)((l->keys == KEY_TICKS ? 0x80 : 0) | 10));
    (void)mbuf_write_u16(mb, htons((uint16_t)(l->keys * SIM_SOUND_FRAME)));
    send_packet(l, PT_KEYS, l->keys == 1, l->key_ts, mb);
    mem_deref(mb);
}

static void tick(void *arg)
{
    struct line *l = arg;
    const struct sim_phone *p = l->phone->plan;
    uint64_t now = tmr_jiffies();
    if (now - l->began > LONGEST_MS) {
        hang_up(l);
        return;
    }
    l->next = now > l->next + 200 ? now : l->next; /* the machine stood still */
    for (; l->next <= now; l->next += TICK_MS) {
        bool press = p->press_s > 0 && (double)(now - l->began) > p->press_s * 1000;
        if (press && l->keys < KEY_TICKS) {
            send_key(l);
        } else {
            send_sound(l);
        }
        l->ts += SIM_SOUND_FRAME;
    }
    tmr_start(&l->timer, l->next - now, tick, l);
}

/* ---- the beginning of a call -------------------------------------------------------------------
 */

static void on_up(const struct sip_msg *msg, void *arg)
{
    struct line *l = arg;
    (void)msg;
    if (l->over) {
        return;
    }
    l->media = *sdp_media_raddr(l->audio);
    sdp_media_raddr_rtcp(l->audio, &l->media_rtcp);
    rtcp_start(l->rtp, l->phone->plan->id, &l->media_rtcp);
    atomic_fetch_add(&l->phone->calls, 1);
    l->began = l->next = tmr_jiffies();
    if (!l->phone->plan->speaker) {
        tmr_start(&l->timer, 0, tick, l);
    }
}

static int describe(struct line *l, struct mbuf *offer, struct mbuf **ret)
{
    const struct sa *at = &l->phone->all->laddr;
    int r = rtp_listen(&l->rtp, IPPROTO_UDP, at, PORT_LO, PORT_HI, true, on_rtp, NULL, l);
    r = r ? r : sdp_session_alloc(&l->sdp, at);
    r = r ? r
          : sdp_media_add(&l->audio, l->sdp, sdp_media_audio, sa_port(rtp_local(l->rtp)),
                          sdp_proto_rtpavp);
    r = r ? r
          : sdp_format_add(NULL, l->audio, false, "8", "PCMA", SIM_SOUND_HZ, 1, NULL, NULL, NULL,
                           false, NULL);
    r = r ? r
          : sdp_format_add(NULL, l->audio, false, "101", "telephone-event", SIM_SOUND_HZ, 1, NULL,
                           NULL, NULL, false, "0-15");
    if (r == 0) {
        sdp_media_set_lport_rtcp(l->audio, (uint16_t)(sa_port(rtp_local(l->rtp)) + 1));
    }
    r = r ? r : sdp_decode(l->sdp, offer, true);
    if (r == 0 && !sdp_media_rformat(l->audio, "PCMA")) {
        r = EPROTO;
    }
    return r ? r : sdp_encode(ret, l->sdp, false);
}

static void take_up(void *arg)
{
    struct line *l = arg;
    struct mbuf *desc = NULL;
    if (sdp_encode(&desc, l->sdp, false) != 0 ||
        sipsess_answer(l->sess, 200, "OK", desc, NULL) != 0) {
        hang_up(l);
    }
    mem_deref(desc);
}

static struct phone *called(const struct sim_phones *x, const struct sip_msg *msg)
{
    for (int i = 0; i < x->n; i++) {
        if (pl_strcmp(&msg->uri.user, x->phone[i].plan->id) == 0) {
            return &x->phone[i];
        }
    }
    return NULL;
}

static void ring(struct phone *h, const struct sip_msg *msg)
{
    struct mbuf *desc = NULL;
    struct line *l = calloc(1, sizeof(*l));
    bool at_once = h->plan->speaker && atomic_load(&h->manner) == SIM_ANSWERS;
    KT_ASSERT(l);
    l->phone = h;
    tmr_init(&l->timer);
    tmr_init(&l->reap);
    list_append(&h->all->lines, &l->le, l);
    int r = describe(l, msg->mb, &desc);
    r = r ? r
          : sipsess_accept(&l->sess, h->all->sock, msg, at_once ? 200 : 180,
                           at_once ? "OK" : "Ringing", h->plan->id, "application/sdp",
                           at_once ? desc : NULL, NULL, NULL, false, NULL, NULL, on_up, NULL, NULL,
                           on_close, l, NULL);
    mem_deref(desc);
    if (r) {
        (void)sip_treply(NULL, h->all->sip, msg, 488, "Not Acceptable Here");
        hang_up(l);
        return;
    }
    if (h->line) { /* whoever calls anew takes the device over */
        hang_up(h->line);
    }
    h->line = l;
    want_words(h);
    if (!at_once && atomic_load(&h->manner) == SIM_ANSWERS) {
        tmr_start(&l->timer, (uint64_t)(h->plan->answer_s * 1000), take_up, l);
    }
}

static void on_call(const struct sip_msg *msg, void *arg)
{
    struct sim_phones *x = arg;
    struct phone *h = called(x, msg);
    int manner = h ? atomic_load(&h->manner) : SIM_ANSWERS;
    if (!h) {
        (void)sip_treply(NULL, x->sip, msg, 404, "Not Found");
    } else if (manner == SIM_BUSY) {
        (void)sip_treply(NULL, x->sip, msg, 486, "Busy Here");
    } else if (manner != SIM_SILENT) {
        ring(h, msg);
    }
}

static bool on_request(const struct sip_msg *msg, void *arg)
{
    struct sim_phones *x = arg;
    struct phone *h = called(x, msg);
    if (pl_strcmp(&msg->met, "OPTIONS") != 0) {
        return false;
    }
    if (!h) {
        (void)sip_treply(NULL, x->sip, msg, 404, "Not Found");
    } else if (atomic_load(&h->manner) != SIM_SILENT) {
        (void)sip_treply(NULL, x->sip, msg, 200, "OK");
    }
    return true;
}

/* ---- the loop ----------------------------------------------------------------------------------
 */

static void on_queue(int id, void *data, void *arg)
{
    (void)id;
    (void)data;
    (void)arg;
    re_cancel();
}

static int open_all(struct sim_phones *x)
{
    int r = fd_setsize(DEVICES_FD);
    r = r ? r : mqueue_alloc(&x->queue, on_queue, x);
    r = r ? r : sip_alloc(&x->sip, NULL, 32, 32, 32, "kuangtu-sim", NULL, NULL);
    r = r ? r : sip_transp_add(x->sip, SIP_TRANSP_UDP, &x->laddr);
    r = r ? r : sipsess_listen(&x->sock, x->sip, 32, on_call, x);
    r = r ? r : sip_listen(&x->lsnr, x->sip, true, on_request, x);
    sa_set_port(&x->laddr, 0);
    return r;
}

static void close_all(struct sim_phones *x)
{
    while (x->lines.head) {
        reap(x->lines.head->data);
    }
    mem_deref(x->lsnr);
    mem_deref(x->sock);
    if (x->sip) {
        sip_close(x->sip, true);
    }
    mem_deref(x->sip);
    mem_deref(x->queue);
}

static void *run(void *arg)
{
    struct sim_phones *x = arg;
    int r = re_thread_init();
    r = r ? r : open_all(x);
    pthread_mutex_lock(&x->lock);
    x->started = r ? -r : 1;
    pthread_cond_broadcast(&x->cond);
    pthread_mutex_unlock(&x->lock);
    if (r == 0) {
        (void)re_main(NULL);
    }
    close_all(x);
    re_thread_close();
    return NULL;
}

/* ---- life --------------------------------------------------------------------------------------
 */

static void free_all(struct sim_phones *x)
{
    for (int i = 0; i < x->n; i++) {
        struct sim_sound *s = atomic_load(&x->phone[i].words);
        free(s ? s->v : NULL);
        free(s);
    }
    pthread_mutex_destroy(&x->lock);
    pthread_cond_destroy(&x->cond);
    free(x->phone);
    free(x);
}

static struct sim_phones *new_phones(const struct sim_plant *p, int port)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct sim_phones *x = calloc(1, sizeof(*x));
    KT_ASSERT(x);
    (void)pthread_once(&once, (void (*)(void))libre_init);
    x->n = p->n[SIM_PHONE];
    x->phone = calloc((size_t)x->n + 1, sizeof(*x->phone));
    KT_ASSERT(x->phone);
    pthread_mutex_init(&x->lock, NULL);
    pthread_cond_init(&x->cond, NULL);
    for (int i = 0; i < x->n; i++) {
        x->phone[i].all = x;
        x->phone[i].plan = &p->phones[i];
    }
    sim_phones_reset(x);
    (void)sa_set_str(&x->laddr, "127.0.0.1", (uint16_t)port);
    return x;
}

static int wait_start(struct sim_phones *x)
{
    pthread_mutex_lock(&x->lock);
    while (x->started == 0) {
        pthread_cond_wait(&x->cond, &x->lock);
    }
    int r = x->started;
    pthread_mutex_unlock(&x->lock);
    return r;
}

int sim_phones_start(const struct sim_plant *p, int port, struct sim_phones **ret,
                     struct kt_err *err)
{
    if (p->n[SIM_PHONE] == 0) {
        *ret = NULL;
        return KT_OK;
    }
    struct sim_phones *x = new_phones(p, port);
    int r = kt_thread_start(&x->thread, "phones", run, x, err);
    if (r == KT_OK && wait_start(x) < 0) {
        pthread_join(x->thread, NULL);
        r = kt_err_set(err, KT_EIO,
                       "phones: UDP port %d of 127.0.0.1: %s; choose another --base-port", port,
                       strerror(-x->started));
    }
    if (r < 0) {
        free_all(x);
        return r;
    }
    x->speaks = kt_thread_start(&x->speaker, "phones-words", speak, x, err) == KT_OK;
    *ret = x;
    return KT_OK;
}

void sim_phones_stop(struct sim_phones *x)
{
    if (!x) {
        return;
    }
    (void)mqueue_push(x->queue, 0, NULL);
    pthread_join(x->thread, NULL);
    pthread_mutex_lock(&x->lock);
    x->stopping = true;
    pthread_cond_broadcast(&x->cond);
    pthread_mutex_unlock(&x->lock);
    if (x->speaks) {
        pthread_join(x->speaker, NULL);
    }
    free_all(x);
}

/* ---- commands ----------------------------------------------------------------------------------
 */

void sim_phones_manner(struct sim_phones *x, int phone, enum sim_manner m)
{
    atomic_store(&x->phone[phone].manner, (int)m);
}

void sim_phones_reset(struct sim_phones *x)
{
    for (int i = 0; x && i < x->n; i++) {
        atomic_store(&x->phone[i].manner, (int)x->phone[i].plan->manner);
    }
}

void sim_phones_say(const struct sim_phones *x, int phone, struct kt_buf *out)
{
    const struct phone *h = &x->phone[phone];
    kt_buf_printf(out, "%s calls=%u heard=%u",
                  sim_manner_id((enum sim_manner)atomic_load(&h->manner)), atomic_load(&h->calls),
                  atomic_load(&h->heard));
}
