/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mux: one muxer for the life of the process. A fragment begins with a key frame or goes on for a
 * tenth of a second; it is handed over before the key frame that follows it. Times go up whatever
 * the camera says: a jump counts as what the clock says has passed.
 */
#include <string.h>

#include "link/camera/helper/helper.h"

enum { BASE = 90000, FRAGMENT = BASE / 10, JUMP = 10 * BASE, FRAME = BASE / 25 };

struct mux {
    AVFormatContext *oc;
    AVRational tb;
    struct kt_buf out; /* what the muxer has written and nobody has been told */
    bool told;         /* the head has gone out */
    char codec[WIRE_CODEC];
    /* the fragment that is being filled */
    unsigned frames;
    int64_t begun;
    bool key;
    /* times */
    int64_t last, last_arrived, offset;
    int64_t frame; /* guess of one frame's duration */
    bool any, based;
};

static int on_write(void *arg, uint8_t *p, int n)
{
    struct mux *m = arg;
    kt_buf_put(&m->out, p, (size_t)n);
    return m->out.full ? AVERROR(ENOMEM) : n;
}

static void tell_head(struct mux *m)
{
    say_msg(WIRE_INIT, 0, (struct kt_str){m->codec, sizeof(m->codec)},
            (struct kt_str){m->out.p, m->out.n});
    kt_buf_clear(&m->out);
    m->told = true;
}

static void flush(struct mux *m)
{
    if (m->frames == 0) {
        return;
    }
    av_write_frame(m->oc, NULL);
    avio_flush(m->oc->pb);
    int64_t ms = (m->last + m->frame - m->begun) * 1000 / BASE;
    uint16_t head[2] = {(uint16_t)(m->frames > 65535 ? 65535 : m->frames),
                        (uint16_t)(ms > 65535 ? 65535
                                   : ms < 0   ? 0
                                              : ms)};
    if (m->out.full) {
        end_with(WIRE_WHY_BAD, "one picture is larger than 8 MB");
    }
    say_msg(WIRE_FRAG, m->key ? WIRE_KEY : 0, (struct kt_str){(char *)head, sizeof(head)},
            (struct kt_str){m->out.p, m->out.n});
    kt_buf_clear(&m->out);
    m->frames = 0;
}

/* avc1.PPCCLL of the first parameter set, as browsers are asked for it. */
static void name_codec(struct mux *m, const AVCodecParameters *par)
{
    const uint8_t *x = par->extradata;
    int at = -1;
    for (int i = 0; i + 6 < par->extradata_size && at < 0; i++) {
        if (x[i] == 0 && x[i + 1] == 0 && x[i + 2] == 1 && (x[i + 3] & 31) == 7) {
            at = i + 4;
        }
    }
    if (at < 0 && par->extradata_size > 4 && x[0] == 1) {
        at = 1; /* as MP4 has it */
    }
    if (at < 0) {
        end_with(WIRE_WHY_BAD, "the camera gives no parameter sets of H.264");
    }
    snprintf(m->codec, sizeof(m->codec), "avc1.%02X%02X%02X", x[at], x[at + 1], x[at + 2]);
}

struct mux *mux_new(const AVCodecParameters *par, AVRational time_base)
{
    static struct mux only;
    struct mux *m = &only;
    AVDictionary *opts = NULL;
    kt_buf_init(&m->out, WIRE_MAX - 64);
    name_codec(m, par);
    m->frame = FRAME;
    if (avformat_alloc_output_context2(&m->oc, NULL, "mp4", NULL) < 0) {
        end_with(WIRE_WHY_BAD, "no memory");
    }
    AVStream *st = avformat_new_stream(m->oc, NULL);
    uint8_t *buf = av_malloc(65536);
    if (!st || !buf || avcodec_parameters_copy(st->codecpar, par) < 0) {
        end_with(WIRE_WHY_BAD, "no memory");
    }
    st->codecpar->codec_tag = 0;
    st->time_base = (AVRational){1, BASE};
    m->tb = time_base;
    m->oc->pb = avio_alloc_context(buf, 65536, 1, m, NULL, on_write, NULL);
    av_dict_set(&opts, "movflags", "frag_custom+empty_moov+default_base_moof+skip_trailer", 0);
    av_dict_set(&opts, "video_track_timescale", "90000", 0);
    if (!m->oc->pb || avformat_write_header(m->oc, &opts) < 0) {
        end_with(WIRE_WHY_BAD, "its parameter sets of H.264 cannot be read");
    }
    av_dict_free(&opts);
    avio_flush(m->oc->pb);
    tell_head(m);
    return m;
}

/* A time that goes up: the camera's where it makes sense, else the clock's. */
static int64_t time_of(struct mux *m, const AVPacket *p, int64_t arrived)
{
    int64_t passed = m->any ? (arrived - m->last_arrived) * (BASE / 1000) / 1000 : 0;
    int64_t t = m->last + (m->any ? (passed > 1 ? passed : 1) : 0);
    int64_t given = p->dts != AV_NOPTS_VALUE ? p->dts : p->pts;
    if (given != AV_NOPTS_VALUE) {
        int64_t said = av_rescale_q(given, m->tb, (AVRational){1, BASE});
        if (!m->based || said + m->offset - m->last > JUMP || m->last - said - m->offset > JUMP) {
            m->offset = t - said;
            m->based = true;
        }
        t = said + m->offset;
    }
    return m->any && t <= m->last ? m->last + 1 : t;
}

void mux_frame(struct mux *m, AVPacket *p, int64_t arrived)
{
    bool key = (p->flags & AV_PKT_FLAG_KEY) != 0;
    int64_t t = time_of(m, p, arrived);
    int64_t later = 0; /* of a picture that is shown after others that come behind it */
    if (p->pts != AV_NOPTS_VALUE && p->dts != AV_NOPTS_VALUE && p->pts > p->dts) {
        later = av_rescale_q(p->pts - p->dts, m->tb, (AVRational){1, BASE});
        later = later > JUMP ? 0 : later;
    }
    if (m->any && t - m->last < BASE) {
        m->frame = (3 * m->frame + (t - m->last)) / 4;
    }
    if (key) {
        flush(m);
    }
    if (m->frames == 0) {
        m->begun = t;
        m->key = key;
    }
    p->dts = t;
    p->pts = t + later;
    p->duration = m->frame;
    p->stream_index = 0;
    p->pos = -1;
    m->last = t;
    m->last_arrived = arrived;
    m->any = true;
    if (av_write_frame(m->oc, p) < 0) {
        return; /* a frame that the muxer does not take is lost alone */
    }
    m->frames++;
    if (key || t + m->frame - m->begun >= FRAGMENT) {
        flush(m);
    }
}
