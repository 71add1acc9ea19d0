/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_LINK_CAMERA_WIRE_H
#define KT_LINK_CAMERA_WIRE_H
/*
 * wire: what the program `kuangtu-camera` and the main program say to each other over a socket.
 *
 * A message is a head of eight bytes (kind, flags, two zeros, length as u32 little-endian) and its
 * payload. The other side reads strangers' bytes and may have fallen to them: every length is held
 * against WIRE_MAX, every kind against the list, and what does not fit ends the session.
 */
#include "base/buf.h"
#include "base/err.h"

enum wire_kind {
    WIRE_OPEN = 'o', /* to the helper: "URL\nUSER\nPASSWORD\n" */
    WIRE_INIT = 'i', /* codec in 32 bytes, padded with zeros; then the head of the fragmented MP4 */
    WIRE_FRAG = 'f', /* frames as u16, duration in ms as u16; then one fragment */
    WIRE_END = 'e'   /* why it ends: a code of one letter, then text */
};
enum { WIRE_KEY = 1 }; /* flag of a fragment: begins with a key frame */
enum { WIRE_HEAD = 8, WIRE_CODEC = 32, WIRE_MAX = 8 << 20 };

/* First letter of an end: what a page can say to it. */
enum wire_why {
    WIRE_WHY_LOST = 'l',  /* not reached, or silent */
    WIRE_WHY_AUTH = 'a',  /* name or password refused */
    WIRE_WHY_CODEC = 'c', /* not H.264: its sub-stream is to be set */
    WIRE_WHY_BAD = 'b'    /* what it says cannot be read */
};

struct wire_msg {
    enum wire_kind kind;
    uint8_t flags;
    struct kt_str payload; /* into what was read */
};

/** Append the head of a message of so many bytes. */
void wire_head(struct kt_buf *to, enum wire_kind kind, uint8_t flags, uint32_t length);
/**
 * Take the first message of `in`.
 * @return bytes that it takes; 0: not whole yet; KT_EPARSE: nothing that a helper says
 */
int wire_take(struct kt_str in, struct wire_msg *ret);
#endif
