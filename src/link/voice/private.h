/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_LINK_VOICE_PRIVATE_H
#define KT_LINK_VOICE_PRIVATE_H
/*
 * What the files of this folder share.
 *
 *   engine ─ word ─▶ voice.c ─▶ call.c (desk and phones)  ─┐
 *                        │      say.c  (one phone, many)    ├─▶ leg.c (one dialogue, its RTP)
 *                        │      probe.c (OPTIONS)          ─┘
 *                        └────▶ clerk.c, a thread of its own: speech, recordings, answers
 *
 * Invariants
 *  1. Objects of libre and talks belong to the loop's thread. The clerk gets copies and hands back
 *     by mqueue.
 *  2. A leg that is over tells its owner once and is freed at the loop's next turn, never inside a
 *     callback of libre.
 *  3. A leg's requests go to the host of its address, or to the registrar, whatever answers say.
 *  4. `end` of a talk drops all its legs, so that none knows of it any more: a talk that is done is
 *     freed at the next tick, whatever legs of others are still about.
 */
#include <re/re.h>

#include "link/voice/voice.h"
#include "link/voice/wav.h"

enum {
    FRAME = 160, /* samples of 20 ms */
    TICK_MS = 20,
    LONGEST = 3 * 3600, /* s of a call */
    WORDS_MOST = 300,   /* s of an announcement */
    ANSWER_MS = 4000,   /* for speakers, which answer at once */
    WAIT_MS = 30000,    /* for one that is spoken to */
    REPORT_MS = 7000,   /* after the words: until a receiver report must have come */
};

struct kt_voice;
struct leg;

/* ---- leg.c ---- */
struct leg_owner {
    void *arg;
    void (*ringing)(void *arg, struct leg *l);
    void (*up)(void *arg, struct leg *l);
    /** NULL: only spoken to. Who is listened to and says nothing for the link's ring_s is over. */
    void (*audio)(void *arg, struct leg *l, const int16_t *pcm, size_t n);
    void (*key)(void *arg, struct leg *l, int code);            /* of the keypad: 0-9, 10 *, 11 # */
    void (*over)(void *arg, struct leg *l, const char *result); /* once; then it is gone */
};
struct leg {
    struct le le; /* in kt_voice.legs */
    struct kt_voice *v;
    struct leg_owner owner;
    char uri[160];
    int rank; /* a higher one takes a busy device over */
    bool up, ended;
    struct sa peer, media, media_rtcp;
    struct sipsess *sess;
    struct sdp_session *sdp;
    struct sdp_media *audio;
    struct rtp_sock *rtp;
    struct tmr timer, reap;
    int pt, key_pt;
    bool ulaw, talked;
    uint32_t ts, sent;
    uint32_t reports; /* receiver reports that say that most has come */
    uint32_t key_ts;
    bool key_seen;
    uint64_t heard; /* the last packet of sound or report (jiffies) */
};
/** @param ring_ms until it must have answered  @param at_once ask the device to answer by itself */
struct leg *leg_new(struct kt_voice *v, const char *uri, int rank, bool at_once, uint32_t ring_ms,
                    const struct leg_owner *owner, struct kt_err *err);
/** Hang up or cancel. `owner.over` is not called any more. Accepts NULL. */
void leg_drop(struct leg *l);
void leg_send(struct leg *l, const int16_t pcm[FRAME]);
void leg_free_all(struct kt_voice *v); /**< nothing is told any more */
/** A leg to this device that is not over; NULL. */
struct leg *leg_to(struct kt_voice *v, const char *uri);

/* ---- talks ---- */
struct talk {
    struct le le; /* in kt_voice.talks */
    struct kt_voice *v;
    uint64_t id;
    const struct talk_kind *kind;
    int rank; /* 0 call, 1 words, 2 words in an emergency */
    bool done;
};
struct order { /* a word, decoded */
    uint64_t talk;
    const char *what, *desk, *to, *text, *body;
    bool emergency, drill;
    const struct kt_json *points;
};
struct talk_kind {
    const char *id; /* what the word asks for */
    struct talk *(*begin)(struct kt_voice *v, const struct order *o);
    void (*words)(struct talk *t, struct pcm *words, const char *hash); /* from the clerk */
    void (*tick)(struct talk *t);                                       /* each 20 ms */
    void (*end)(struct talk *t, const char *result);
    void (*gone)(struct talk *t); /* frees it */
};
extern const struct talk_kind talk_call, talk_ring, talk_cast;

/** How it stands at one device of many; states by their ids of engine/voice.h, static texts. */
struct news {
    char point[64];
    const char *known, *now; /* known: to the engine */
};

/* ---- clerk.c ---- */
struct clerk;
struct clerk *clerk_new(struct kt_voice *v);
void clerk_free(struct clerk *c); /**< what was asked is done first */
/** Speak `text`, or read the body: comes back by voice_words(). */
void clerk_words(struct clerk *c, uint64_t talk, const char *text, const char *body, bool drill);
/** Keep a recording (fd taken; -1: none) and answer that the talk has ended. */
void clerk_ended(struct clerk *c, uint64_t talk, const char *result, int fd, uint32_t frames,
                 int channels, const char *hash);

/* ---- voice.c ---- */
struct kt_voice {
    struct kt_runtime *rt;
    struct kt_site *site;
    const struct kt_link_conf *conf;
    uint32_t link;
    char data_dir[512], password[256], from[200], name[64];
    struct clerk *clerk;
    pthread_t thread;
    bool runs;
    /* the loop's */
    struct mqueue *queue;
    struct sip *sip;
    struct sipsess_sock *sock;
    struct sip_lsnr *lsnr;
    struct sipreg *reg;
    struct list legs, talks, probes;
    struct tmr tick, probe;
    uint64_t next_tick;
    struct sa laddr;
    /* the start waits for it */
    pthread_mutex_t lock;
    pthread_cond_t cond;
    int started; /* 0 not yet, 1, or a code below 0 */
    struct kt_err err;
    struct kt_link_state state; /* under lock */
};
/** {"talk":…,"state":…} to the engine. */
void voice_tell(struct kt_voice *v, uint64_t talk, const char *state);
/** What changed at devices, in one answer; nothing when nothing did. */
void voice_tell_news(struct kt_voice *v, uint64_t talk, struct news *all, uint32_t n);
/** To the loop's thread: what the clerk has made; takes pcm. hash: of the kept words, "" none */
void voice_words(struct kt_voice *v, uint64_t talk, struct pcm *words, const char *hash,
                 const char *failed);
/** SIP address of a phone or speaker of the site; false: it has none. */
bool voice_address(const struct kt_voice *v, const char *point, char *to, size_t cap);
int voice_auth(char **user, char **password, const char *realm, void *arg);
/** Where requests to this address go: sip:HOST:PORT. */
bool voice_route(const struct kt_voice *v, const char *uri, char *to, size_t cap,
                 struct sa *ret_peer);
void voice_ticks(struct kt_voice *v); /**< there is a talk: the clock runs */
/* probe.c */
void probe_start(struct kt_voice *v);
void probe_stop(struct kt_voice *v);
#endif
