/* SPDX-License-Identifier: Apache-2.0 */
/* leg: one dialogue that we begin, its session description and its sound. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "link/voice/private.h"

#include <rem/rem_g711.h>

enum { PORT_LO = 16384, PORT_HI = 32766, PT_PCMU = 0, PT_PCMA = 8, PT_KEYS = 101 };

/* ---- end ------------------------------------------------------------------------------------- */

static void reap(void *arg)
{
    struct leg *l = arg;
    list_unlink(&l->le);
    tmr_cancel(&l->timer);
    tmr_cancel(&l->reap);
    mem_deref(l->sess);
    mem_deref(l->rtp);
    mem_deref(l->sdp);
    free(l);
}

static void finish(struct leg *l)
{
    l->ended = true;
    tmr_cancel(&l->timer);
    tmr_start(&l->reap, 0, reap, l);
}

static void over(struct leg *l, const char *result)
{
    if (!l->ended) {
        finish(l);
        l->owner.over(l->owner.arg, l, result);
    }
}

void leg_drop(struct leg *l)
{
    if (l && !l->ended) {
        finish(l);
    }
}

void leg_free_all(struct kt_voice *v)
{
    while (v->legs.head) {
        reap(v->legs.head->data);
    }
}

struct leg *leg_to(struct kt_voice *v, const char *uri)
{
    for (struct le *le = v->legs.head; le; le = le->next) {
        struct leg *l = le->data;
        if (!l->ended && strcmp(l->uri, uri) == 0) {
            return l;
        }
    }
    return NULL;
}

/* ---- sound ----------------------------------------------------------------------------------- */

/* RFC 4733: a key is told once, at the first packet of its event. */
static void key(struct leg *l, const struct rtp_header *hdr, struct mbuf *mb)
{
    if (mbuf_get_left(mb) < 4 || (l->key_seen && l->key_ts == hdr->ts)) {
        return;
    }
    l->key_seen = true;
    l->key_ts = hdr->ts;
    if (l->owner.key) {
        l->owner.key(l->owner.arg, l, mbuf_buf(mb)[0]);
    }
}

/* Sound, keys and reports count from where the peer is or said that its sound is: anybody in the
 * network can send to our port, and a key confirms that words were heard. */
static bool from_peer(const struct leg *l, const struct sa *src)
{
    return sa_cmp(src, &l->media, SA_ADDR) || sa_cmp(src, &l->media_rtcp, SA_ADDR) ||
           sa_cmp(src, &l->peer, SA_ADDR);
}

static void on_rtp(const struct sa *src, const struct rtp_header *hdr, struct mbuf *mb, void *arg)
{
    struct leg *l = arg;
    int16_t pcm[10 * FRAME];
    size_t n = mbuf_get_left(mb);
    if (l->ended || !l->up || !from_peer(l, src)) {
        return;
    }
    l->heard = tmr_jiffies();
    if (hdr->pt == l->key_pt) {
        key(l, hdr, mb);
        return;
    }
    if ((hdr->pt != PT_PCMA && hdr->pt != PT_PCMU) || n == 0 || n > 10 * FRAME) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        uint8_t b = mbuf_buf(mb)[i];
        pcm[i] = hdr->pt == PT_PCMU ? g711_ulaw2pcm(b) : g711_alaw2pcm(b);
    }
    if (l->owner.audio) {
        l->owner.audio(l->owner.arg, l, pcm, n);
    }
}

/* A receiver report about what we sent, of which at least half has come. */
static void on_rtcp(const struct sa *src, struct rtcp_msg *msg, void *arg)
{
    struct leg *l = arg;
    if (!from_peer(l, src)) {
        return;
    }
    l->heard = tmr_jiffies();
    const struct rtcp_rr *rr = msg->hdr.pt == RTCP_RR   ? msg->r.rr.rrv
                               : msg->hdr.pt == RTCP_SR ? msg->r.sr.rrv
                                                        : NULL;
    for (unsigned i = 0; rr && i < msg->hdr.count; i++) {
        if (rr[i].ssrc == rtp_sess_ssrc(l->rtp) && l->sent > 0 &&
            (rr[i].lost & 0x800000 || (uint32_t)rr[i].lost < l->sent / 2)) {
            l->reports++;
        }
    }
}

void leg_send(struct leg *l, const int16_t pcm[FRAME])
{
    struct mbuf *mb;
    if (l->ended || !l->up || !(mb = mbuf_alloc(RTP_HEADER_SIZE + FRAME))) {
        return;
    }
    mb->pos = RTP_HEADER_SIZE;
    for (int i = 0; i < FRAME; i++) {
        (void)mbuf_write_u8(mb, l->ulaw ? g711_pcm2ulaw(pcm[i]) : g711_pcm2alaw(pcm[i]));
    }
    mb->pos = RTP_HEADER_SIZE;
    if (rtp_send(l->rtp, &l->media, false, !l->talked, (uint8_t)l->pt, l->ts, mb) == 0) {
        l->sent++;
    }
    l->talked = true;
    l->ts += FRAME;
    mem_deref(mb);
}

/* ---- what the peer says ---------------------------------------------------------------------- */

static void on_progress(const struct sip_msg *msg, void *arg)
{
    struct leg *l = arg;
    if (!l->ended && msg->scode >= 180 && l->owner.ringing) {
        l->owner.ringing(l->owner.arg, l);
    }
}

/* Sound goes to the device itself, unless a registrar stands between. */
static bool accept_media(struct leg *l)
{
    const struct sdp_format *f = sdp_media_rformat(l->audio, NULL);
    const struct sdp_format *keys = sdp_media_rformat(l->audio, "telephone-event");
    if (!f || sdp_media_rport(l->audio) == 0 || (f->pt != PT_PCMA && f->pt != PT_PCMU)) {
        return false;
    }
    l->pt = f->pt;
    l->ulaw = f->pt == PT_PCMU;
    l->key_pt = keys ? keys->pt : -1;
    l->media = *sdp_media_raddr(l->audio);
    sdp_media_raddr_rtcp(l->audio, &l->media_rtcp);
    return *l->v->conf->registrar || sa_cmp(&l->media, &l->peer, SA_ADDR);
}

static int on_answer(const struct sip_msg *msg, void *arg)
{
    struct leg *l = arg;
    if (l->ended) {
        return ECONNABORTED;
    }
    int r = mbuf_get_left(msg->mb) ? sdp_decode(l->sdp, msg->mb, false) : EBADMSG;
    if (r || !accept_media(l)) {
        over(l, "no-sound");
        return r ? r : EPROTO;
    }
    return 0;
}

static uint32_t patience_ms(const struct leg *l)
{
    return (uint32_t)(l->v->conf->timeout_ns / KT_MS);
}

/* Neither sound nor report: the device has lost its line and cannot say so. */
static void on_silent(void *arg)
{
    struct leg *l = arg;
    uint64_t gone = tmr_jiffies() - l->heard;
    if (gone >= patience_ms(l)) {
        over(l, "lost");
    } else {
        tmr_start(&l->timer, patience_ms(l) - gone, on_silent, l);
    }
}

static void on_established(const struct sip_msg *msg, void *arg)
{
    struct leg *l = arg;
    if (l->ended) {
        return;
    }
    if (!sa_cmp(&msg->src, &l->peer, SA_ADDR)) { /* it went elsewhere after all */
        over(l, "redirected");
        return;
    }
    l->up = true;
    l->heard = tmr_jiffies();
    tmr_cancel(&l->timer);
    if (l->owner.audio) {
        tmr_start(&l->timer, patience_ms(l), on_silent, l);
    }
    rtcp_start(l->rtp, l->v->name, &l->media_rtcp);
    l->owner.up(l->owner.arg, l);
}

static const char *result_of(int err, const struct sip_msg *msg)
{
    if (!msg) {
        return err == ETIMEDOUT ? "no-answer" : err == ELOOP ? "redirected" : "failed";
    }
    switch (msg->scode) {
    case 486:
    case 600:
        return "busy";
    case 603:
        return "declined";
    case 408:
    case 480:
    case 487:
        return "no-answer";
    case 401:
    case 403:
    case 407:
        return "not-allowed";
    case 488:
        return "no-sound";
    default:
        return msg->scode < 400 ? "redirected" : "failed";
    }
}

static void on_close(int err, const struct sip_msg *msg, void *arg)
{
    struct leg *l = arg;
    over(l, l->up ? "hung-up" : result_of(err, msg));
}

static void on_late(void *arg)
{
    over(arg, "no-answer");
}

/* ---- begin ----------------------------------------------------------------------------------- */

static int describe(struct leg *l)
{
    int r =
        rtp_listen(&l->rtp, IPPROTO_UDP, &l->v->laddr, PORT_LO, PORT_HI, true, on_rtp, on_rtcp, l);
    r = r ? r : sdp_session_alloc(&l->sdp, &l->v->laddr);
    r = r ? r
          : sdp_media_add(&l->audio, l->sdp, sdp_media_audio, sa_port(rtp_local(l->rtp)),
                          sdp_proto_rtpavp);
    r = r ? r
          : sdp_format_add(NULL, l->audio, false, "8", "PCMA", WAV_RATE, 1, NULL, NULL, NULL, false,
                           NULL);
    r = r ? r
          : sdp_format_add(NULL, l->audio, false, "0", "PCMU", WAV_RATE, 1, NULL, NULL, NULL, false,
                           NULL);
    r = r ? r
          : sdp_format_add(NULL, l->audio, false, "101", "telephone-event", WAV_RATE, 1, NULL, NULL,
                           NULL, false, "0-15");
    if (r == 0) {
        sdp_media_set_lport_rtcp(l->audio, (uint16_t)(sa_port(rtp_local(l->rtp)) + 1));
        r = sdp_media_set_lattr(l->audio, true, "ptime", "20");
    }
    return r;
}

static int invite(struct leg *l, bool at_once)
{
    char route[128];
    const char *routes[] = {route};
    struct mbuf *desc = NULL;
    if (!voice_route(l->v, l->uri, route, sizeof(route), &l->peer)) {
        return EINVAL;
    }
    int r = describe(l);
    r = r ? r : sdp_encode(&desc, l->sdp, true);
    r = r ? r
          : sipsess_connect(&l->sess, l->v->sock, l->uri, "Kuangtu", l->v->from, l->v->conf->user,
                            routes, 1, "application/sdp", desc, voice_auth, l->v, false, NULL,
                            on_answer, on_progress, on_established, NULL, NULL, on_close, l, "%s",
                            at_once ? "Call-Info: <sip:localhost>;answer-after=0\r\n"
                                      "Alert-Info: <http://localhost>;info=alert-autoanswer\r\n"
                                    : "");
    mem_deref(desc);
    return r;
}

struct leg *leg_new(struct kt_voice *v, const char *uri, int rank, bool at_once, uint32_t ring_ms,
                    const struct leg_owner *owner, struct kt_err *err)
{
    struct leg *l = calloc(1, sizeof(*l));
    KT_ASSERT(l);
    l->v = v;
    l->owner = *owner;
    l->rank = rank;
    kt_text_set(l->uri, sizeof(l->uri), uri);
    tmr_init(&l->timer);
    tmr_init(&l->reap);
    list_append(&v->legs, &l->le, l);
    int r = invite(l, at_once);
    if (r) {
        (void)kt_err_set(err, KT_EIO, "%s cannot be called: %s", uri, strerror(r));
        reap(l);
        return NULL;
    }
    tmr_start(&l->timer, ring_ms, on_late, l);
    return l;
}
