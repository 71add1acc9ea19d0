/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_LINK_CAMERA_HELPER_HELPER_H
#define KT_LINK_CAMERA_HELPER_HELPER_H
/*
 * helper: the program `kuangtu-camera`, which alone links FFmpeg. One process reads one camera, or
 * makes one picture or clip, and has no rights but for that: it opens no file and starts nothing.
 * It speaks over its standard output, a socket whose other end is the main program.
 */
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include "link/camera/wire.h"

enum { HELPER_FD = 1 };

/* main.c */
/** All bytes to the main program; ends this process when it has gone. */
void say(const void *p, size_t n);
void say_msg(enum wire_kind kind, uint8_t flags, struct kt_str head, struct kt_str body);
/** Say why, and end. */
void __attribute__((noreturn)) end_with(enum wire_why why, const char *text);

/* mux.c: frames into fragments of MP4 */
struct mux;
/** @param par of the camera's stream, H.264 with its parameter sets in extradata */
struct mux *mux_new(const AVCodecParameters *par, AVRational time_base);
/** One frame, in order; `arrived` in microseconds orders those that came without a time. */
void mux_frame(struct mux *m, AVPacket *p, int64_t arrived);

/* stream.c, still.c: the verbs */
int stream_main(void);
int still_main(void);
int clip_main(void);
#endif
