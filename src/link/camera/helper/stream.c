/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream: RTSP over TCP into fragments, until the camera ends, is silent, or nobody listens. The
 * name is looked up first; then the process gives up files and programs and keeps sockets.
 */
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <libavutil/opt.h>

#include "base/percent.h"
#include "link/camera/helper/helper.h"
#include "sys/jail.h"

enum { OPEN_S = 4, SILENT_S = 3, ASKED_MAX = 4096, SETS_MAX = 4096 };

struct session {
    int64_t deadline; /* microseconds; libavformat gives up then */
    AVFormatContext *in;
    int video;
    struct mux *mux;
};

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Also when the main program has closed its end. */
static int give_up(void *arg)
{
    struct session *s = arg;
    struct pollfd p = {.fd = HELPER_FD, .events = POLLRDHUP};
    return now_us() > s->deadline ||
           (poll(&p, 1, 0) > 0 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR)));
}

/* ---- what is asked -------------------------------------------------------------------------- */

struct asked {
    char text[ASKED_MAX + 1];
    char *url, *user, *password;
};

static bool read_asked(struct asked *a)
{
    struct kt_buf in;
    struct wire_msg m;
    kt_buf_init(&in, ASKED_MAX + WIRE_HEAD);
    int taken = 0;
    while (taken == 0) {
        char part[512];
        ssize_t n = read(HELPER_FD, part, sizeof(part));
        if (n <= 0) {
            return false;
        }
        kt_buf_put(&in, part, (size_t)n);
        taken = in.full ? KT_EPARSE : wire_take((struct kt_str){in.p, in.n}, &m);
    }
    if (taken < 0 || m.kind != WIRE_OPEN || m.payload.n > ASKED_MAX) {
        return false;
    }
    memcpy(a->text, m.payload.p, m.payload.n);
    kt_buf_done(&in);
    char *rest = a->text;
    a->url = strsep(&rest, "\n");
    a->user = rest ? strsep(&rest, "\n") : "";
    a->password = rest ? strsep(&rest, "\n") : "";
    return strncmp(a->url, "rtsp://", 7) == 0 && a->password;
}

/* The address that a name stands for, as text; false: it stands for none. */
static bool look_up(const char *host, char *ret, size_t cap)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    bool ok = getaddrinfo(host, NULL, &hints, &found) == 0 &&
              getnameinfo(found->ai_addr, found->ai_addrlen, ret, (socklen_t)cap, NULL, 0,
                          NI_NUMERICHOST) == 0;
    if (found) {
        freeaddrinfo(found);
    }
    return ok;
}

/* rtsp://USER:PASSWORD@ADDRESS:PORT/PATH */
static bool whole_url(const struct asked *a, struct kt_buf *url)
{
    char host[256], address[128];
    const char *at = a->url + 7;
    bool six = *at == '[';
    size_t n = six ? strcspn(++at, "]") : strcspn(at, ":/");
    if (n == 0 || n >= sizeof(host)) {
        return false;
    }
    snprintf(host, sizeof(host), "%.*s", (int)n, at);
    at += n + (six && at[n] == ']');
    if (!look_up(host, address, sizeof(address))) {
        return false;
    }
    kt_buf_puts(url, "rtsp://");
    if (*a->user) {
        kt_percent_put(url, a->user, "-_.~");
        kt_buf_puts(url, ":");
        kt_percent_put(url, a->password, "-_.~");
        kt_buf_puts(url, "@");
    }
    kt_buf_printf(url, strchr(address, ':') ? "[%s]%s" : "%s%s", address, at);
    return !url->full;
}

/* ---- the camera ------------------------------------------------------------------------------ */

static void __attribute__((noreturn)) end_of(int r, const char *doing)
{
    char text[160];
    char why[AV_ERROR_MAX_STRING_SIZE] = "";
    av_strerror(r, why, sizeof(why));
    if (r == AVERROR_HTTP_UNAUTHORIZED || r == AVERROR_HTTP_FORBIDDEN) {
        end_with(WIRE_WHY_AUTH, "the camera refuses the name or the password");
    }
    if (r == AVERROR_INVALIDDATA) {
        end_with(WIRE_WHY_BAD, "the camera says what cannot be read");
    }
    if (r == AVERROR_EXIT) {
        snprintf(text, sizeof(text), "%s: no answer in time", doing);
    } else {
        snprintf(text, sizeof(text), "%s: %s", doing, why);
    }
    end_with(WIRE_WHY_LOST, text);
}

static void open_camera(struct session *s, const char *url)
{
    AVDictionary *opts = NULL;
    s->in = avformat_alloc_context();
    s->in->interrupt_callback = (AVIOInterruptCB){give_up, s};
    s->in->flags |= AVFMT_FLAG_NOBUFFER;
    s->deadline = now_us() + OPEN_S * 1000000LL;
    av_dict_set(&opts, "rtsp_transport", "tcp", 0);
    av_dict_set(&opts, "allowed_media_types", "video", 0);
    av_dict_set(&opts, "timeout", "3000000", 0);
    av_dict_set(&opts, "max_delay", "100000", 0);
    av_dict_set(&opts, "protocol_whitelist", "rtsp,rtp,tcp,udp", 0);
    int r = avformat_open_input(&s->in, url, av_find_input_format("rtsp"), &opts);
    av_dict_free(&opts);
    if (r < 0) {
        end_of(r, "opening");
    }
    s->video = -1;
    for (unsigned i = 0; i < s->in->nb_streams && s->video < 0; i++) {
        if (s->in->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_VIDEO) {
            s->video = (int)i;
        }
    }
    if (s->video < 0) {
        end_with(WIRE_WHY_BAD, "the camera has no video");
    }
    enum AVCodecID codec = s->in->streams[s->video]->codecpar->codec_id;
    if (codec != AV_CODEC_ID_H264) {
        end_with(WIRE_WHY_CODEC, avcodec_get_name(codec));
    }
}

/* Parameter sets that come with the first key frame, not with the description. */
static bool take_sets(AVCodecParameters *par, const AVPacket *p)
{
    const uint8_t *x = p->data;
    int end = 0, sps = -1;
    for (int i = 0; i + 4 < p->size && end == 0; i++) {
        if (x[i] || x[i + 1] || x[i + 2] != 1) {
            continue;
        }
        int kind = x[i + 3] & 31;
        int from = i > 0 && x[i - 1] == 0 ? i - 1 : i;
        sps = kind == 7 && sps < 0 ? from : sps;
        end = sps >= 0 && kind != 7 && kind != 8 ? from : 0;
    }
    if (sps < 0 || end <= sps || end - sps > SETS_MAX) {
        return false;
    }
    par->extradata = av_mallocz((size_t)(end - sps) + AV_INPUT_BUFFER_PADDING_SIZE);
    if (!par->extradata) {
        return false;
    }
    memcpy(par->extradata, x + sps, (size_t)(end - sps));
    par->extradata_size = end - sps;
    return true;
}

/* The size of the picture, which stands in the parameter sets alone. */
static void take_size(AVCodecParameters *par, const AVPacket *p)
{
    AVCodecParserContext *parser = av_parser_init(AV_CODEC_ID_H264);
    AVCodecContext *c = avcodec_alloc_context3(NULL);
    uint8_t *out;
    int n;
    if (parser && c && avcodec_parameters_to_context(c, par) >= 0) {
        parser->flags |= PARSER_FLAG_COMPLETE_FRAMES;
        (void)av_parser_parse2(parser, c, &out, &n, p->data, p->size, p->pts, p->dts, 0);
        par->width = parser->width;
        par->height = parser->height;
    }
    if (parser) {
        av_parser_close(parser);
    }
    avcodec_free_context(&c);
    if (par->width <= 0 || par->height <= 0) {
        end_with(WIRE_WHY_BAD, "its parameter sets of H.264 cannot be read");
    }
}

static void take_packet(struct session *s, AVPacket *p)
{
    AVStream *st = s->in->streams[s->video];
    if (p->stream_index != s->video || p->size <= 0) {
        return;
    }
    if (p->size > WIRE_MAX / 2) {
        end_with(WIRE_WHY_BAD, "one picture is larger than 4 MB");
    }
    if (!s->mux) {
        if (st->codecpar->extradata_size == 0 && !take_sets(st->codecpar, p)) {
            return;
        }
        if (!(p->flags & AV_PKT_FLAG_KEY)) {
            return; /* nothing can be shown before a key frame */
        }
        take_size(st->codecpar, p);
        s->mux = mux_new(st->codecpar, st->time_base);
    }
    mux_frame(s->mux, p, now_us());
}

int stream_main(void)
{
    static struct asked asked;
    static struct session s;
    struct kt_buf url;
    struct kt_err err;
    avformat_network_init();
    if (!read_asked(&asked)) {
        return 2;
    }
    kt_buf_init(&url, 8192);
    if (!whole_url(&asked, &url)) {
        end_with(WIRE_WHY_LOST, "its name stands for no address");
    }
    if (kt_jail_net(&err) < 0) {
        end_with(WIRE_WHY_BAD, err.text);
    }
    open_camera(&s, kt_buf_cstr(&url));
    AVPacket *p = av_packet_alloc();
    int64_t began = now_us();
    for (;;) {
        s.deadline = now_us() + SILENT_S * 1000000LL;
        int r = av_read_frame(s.in, p);
        if (r < 0) {
            end_of(r, "reading");
        }
        take_packet(&s, p);
        av_packet_unref(p);
        if (!s.mux && now_us() - began > 10 * 1000000LL) {
            end_with(WIRE_WHY_BAD, "no key frame with its parameter sets in 10 s");
        }
    }
}
