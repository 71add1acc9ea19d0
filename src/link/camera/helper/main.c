/* SPDX-License-Identifier: Apache-2.0 */
/* kuangtu-camera stream | still | clip: started by the main program alone. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "link/camera/helper/helper.h"

void say(const void *p, size_t n)
{
    const char *at = p;
    while (n > 0) {
        ssize_t k = write(HELPER_FD, at, n);
        if (k < 0 && errno == EINTR) {
            continue;
        }
        if (k <= 0) {
            _exit(0); /* nobody listens any more */
        }
        at += k;
        n -= (size_t)k;
    }
}

void say_msg(enum wire_kind kind, uint8_t flags, struct kt_str head, struct kt_str body)
{
    struct kt_buf b;
    kt_buf_init(&b, WIRE_MAX + 64);
    wire_head(&b, kind, flags, (uint32_t)(head.n + body.n));
    kt_buf_put(&b, head.p, head.n);
    kt_buf_put(&b, body.p, body.n);
    if (!b.full) {
        say(b.p, b.n);
    }
    kt_buf_done(&b);
}

void end_with(enum wire_why why, const char *text)
{
    char letter = (char)why;
    say_msg(WIRE_END, 0, (struct kt_str){&letter, 1}, kt_str_c(text));
    _exit(0);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(void);
    } verbs[] = {{"stream", stream_main}, {"still", still_main}, {"clip", clip_main}};
    av_log_set_level(AV_LOG_QUIET);
    for (size_t i = 0; argc == 2 && i < KT_ARRAY_LEN(verbs); i++) {
        if (strcmp(argv[1], verbs[i].name) == 0) {
            return verbs[i].run();
        }
    }
    fprintf(stderr, "kuangtu-camera reads one camera for kuangtu, which starts it.\n");
    return 2;
}
