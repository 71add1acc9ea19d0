/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_LINK_CAMERA_CHILD_H
#define KT_LINK_CAMERA_CHILD_H
/*
 * child: processes `kuangtu-camera`. A thread that starts one keeps living while it needs it.
 */
#include <sys/types.h>

#include "link/camera/wire.h"

struct child {
    pid_t pid; /* 0: none */
    int fd;
};

/** Where the program is: $KT_CAMERA, or beside this one. KT_ENOTFOUND: it is not installed. */
KT_MUST_CHECK int child_program(char *to, size_t cap, struct kt_err *err);
/** Begin to read one camera. */
KT_MUST_CHECK int child_stream(struct child *c, const char *url, const char *user,
                               const char *password, struct kt_err *err);
void child_end(struct child *c); /**< accepts one that was not started */
/** `still` or `clip` of a piece of MP4; five seconds at most. */
KT_MUST_CHECK int child_make(const char *verb, struct kt_str piece, size_t max, struct kt_buf *out,
                             struct kt_err *err);
#endif
