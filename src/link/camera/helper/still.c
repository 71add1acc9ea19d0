/* SPDX-License-Identifier: Apache-2.0 */
/*
 * still, clip: a piece of fragmented MP4 comes in whole; its last key frame goes out as a JPEG, or
 * all of it as a plain MP4 file that begins at zero.
 */
#include <string.h>
#include <unistd.h>

#include "link/camera/helper/helper.h"
#include "sys/jail.h"

enum { PIECE_MAX = 64 << 20 };

struct bytes { /* a file in memory */
    struct kt_buf b;
    size_t at;
};

static int64_t seek_in(void *arg, int64_t to, int whence)
{
    struct bytes *f = arg;
    if (whence == AVSEEK_SIZE) {
        return (int64_t)f->b.n;
    }
    to += whence == SEEK_CUR ? (int64_t)f->at : whence == SEEK_END ? (int64_t)f->b.n : 0;
    if (to < 0 || to > PIECE_MAX) {
        return AVERROR(EINVAL);
    }
    f->at = (size_t)to;
    return to;
}

static int read_in(void *arg, uint8_t *to, int n)
{
    struct bytes *f = arg;
    size_t left = f->at < f->b.n ? f->b.n - f->at : 0;
    size_t k = left < (size_t)n ? left : (size_t)n;
    if (k == 0) {
        return AVERROR_EOF;
    }
    memcpy(to, f->b.p + f->at, k);
    f->at += k;
    return (int)k;
}

static int write_out(void *arg, uint8_t *p, int n)
{
    struct bytes *f = arg;
    size_t over = f->at < f->b.n ? f->b.n - f->at : 0;
    size_t first = over < (size_t)n ? over : (size_t)n;
    memcpy(f->b.p + f->at, p, first);
    kt_buf_put(&f->b, p + first, (size_t)n - first);
    f->at += (size_t)n;
    return f->b.full ? AVERROR(ENOMEM) : n;
}

static bool read_all(struct bytes *f)
{
    char part[65536];
    ssize_t n;
    kt_buf_init(&f->b, PIECE_MAX);
    while ((n = read(HELPER_FD, part, sizeof(part))) > 0) {
        kt_buf_put(&f->b, part, (size_t)n);
    }
    return n == 0 && !f->b.full && f->b.n > 0;
}

static AVIOContext *io_over(struct bytes *f, bool write)
{
    uint8_t *buf = av_malloc(65536);
    return buf ? avio_alloc_context(buf, 65536, write, f, read_in, write_out, seek_in) : NULL;
}

static AVFormatContext *open_piece(struct bytes *f)
{
    struct kt_err err;
    AVFormatContext *in = avformat_alloc_context();
    if (!read_all(f) || kt_jail(&err) < 0 || !in) {
        return NULL;
    }
    in->pb = io_over(f, false);
    if (!in->pb || avformat_open_input(&in, NULL, av_find_input_format("mp4"), NULL) < 0) {
        return NULL;
    }
    return in->nb_streams == 1 ? in : NULL;
}

/* ---- still ----------------------------------------------------------------------------------- */

static bool say_jpeg(AVFrame *f)
{
    const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_MJPEG);
    AVCodecContext *c = codec ? avcodec_alloc_context3(codec) : NULL;
    AVPacket *p = av_packet_alloc();
    if (!c || !p || (f->format != AV_PIX_FMT_YUV420P && f->format != AV_PIX_FMT_YUVJ420P)) {
        return false;
    }
    c->width = f->width;
    c->height = f->height;
    c->pix_fmt = AV_PIX_FMT_YUVJ420P;
    c->color_range = AVCOL_RANGE_JPEG;
    c->time_base = (AVRational){1, 25};
    c->flags |= AV_CODEC_FLAG_QSCALE;
    c->global_quality = 4 * FF_QP2LAMBDA;
    c->thread_count = 1;
    f->format = AV_PIX_FMT_YUVJ420P;
    f->color_range = AVCOL_RANGE_JPEG;
    f->quality = c->global_quality;
    if (avcodec_open2(c, codec, NULL) < 0 || avcodec_send_frame(c, f) < 0 ||
        avcodec_receive_packet(c, p) < 0) {
        return false;
    }
    say(p->data, (size_t)p->size);
    return true;
}

/* The first frame that decodes of what begins with the last key frame. */
static AVFrame *decode_last(AVFormatContext *in)
{
    const AVCodec *codec = avcodec_find_decoder(in->streams[0]->codecpar->codec_id);
    AVCodecContext *c = codec ? avcodec_alloc_context3(codec) : NULL;
    AVPacket *p = av_packet_alloc(), *key = av_packet_alloc();
    AVFrame *f = av_frame_alloc();
    if (!c || !p || !key || !f || codec->id != AV_CODEC_ID_H264 ||
        avcodec_parameters_to_context(c, in->streams[0]->codecpar) < 0) {
        return NULL;
    }
    c->thread_count = 1;
    while (av_read_frame(in, p) >= 0) {
        if (p->flags & AV_PKT_FLAG_KEY) {
            av_packet_unref(key);
            av_packet_move_ref(key, p);
        }
        av_packet_unref(p);
    }
    if (avcodec_open2(c, codec, NULL) < 0 || avcodec_send_packet(c, key) < 0 ||
        avcodec_send_packet(c, NULL) < 0 || avcodec_receive_frame(c, f) < 0) {
        return NULL;
    }
    return f;
}

int still_main(void)
{
    static struct bytes piece;
    AVFormatContext *in = open_piece(&piece);
    AVFrame *f = in ? decode_last(in) : NULL;
    return f && say_jpeg(f) ? 0 : 1;
}

/* ---- clip ------------------------------------------------------------------------------------ */

static bool copy_frames(AVFormatContext *in, AVFormatContext *out)
{
    AVPacket *p = av_packet_alloc();
    int64_t first = AV_NOPTS_VALUE;
    while (p && av_read_frame(in, p) >= 0) {
        if (first == AV_NOPTS_VALUE) {
            first = p->dts;
        }
        p->dts -= first;
        p->pts -= first;
        p->pos = -1;
        av_packet_rescale_ts(p, in->streams[0]->time_base, out->streams[0]->time_base);
        if (av_write_frame(out, p) < 0) {
            return false;
        }
        av_packet_unref(p);
    }
    return first != AV_NOPTS_VALUE && av_write_trailer(out) == 0;
}

int clip_main(void)
{
    static struct bytes piece, file;
    AVFormatContext *in = open_piece(&piece), *out = NULL;
    kt_buf_init(&file.b, PIECE_MAX);
    if (!in || avformat_alloc_output_context2(&out, NULL, "mp4", NULL) < 0) {
        return 1;
    }
    AVStream *st = avformat_new_stream(out, NULL);
    out->pb = io_over(&file, true);
    if (!st || !out->pb || avcodec_parameters_copy(st->codecpar, in->streams[0]->codecpar) < 0) {
        return 1;
    }
    st->codecpar->codec_tag = 0;
    st->time_base = in->streams[0]->time_base;
    if (avformat_write_header(out, NULL) < 0 || !copy_frames(in, out)) {
        return 1;
    }
    avio_flush(out->pb);
    say(file.b.p, file.b.n);
    return 0;
}
