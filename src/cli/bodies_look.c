/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Photos and papers that records name and that are gone from the disk are said at a start, while
 * the program runs on: a thread of its own looks, once, for a site may have very many.
 */
#include <pthread.h>
#include <stdlib.h>

#include "base/log.h"
#include "cli/node.h"
#include "record/record.h"
#include "sys/thread.h"

struct kt_bodies_look {
    const char *data_dir;
    atomic_bool stop;
    pthread_t thread;
};

static void *look(void *arg)
{
    struct kt_bodies_look *l = arg;
    struct kt_room_missing gone;
    struct kt_err err = {0};
    if (kt_room_missing(l->data_dir, &l->stop, &gone, &err) < 0) {
        KT_WARN("records", "whether photos and papers are all there: %s", err.text);
    } else if (gone.n) {
        KT_ERROR("records",
                 "%llu files of records (photos, papers) are missing in %s/bodies, the first %s of "
                 "record %lld; put them back from a backup: kuangtu verify names what is wrong",
                 (unsigned long long)gone.n, l->data_dir, gone.hash, (long long)gone.record);
    }
    return NULL;
}

struct kt_bodies_look *kt_bodies_look(const char *data_dir)
{
    struct kt_bodies_look *l = calloc(1, sizeof(*l));
    struct kt_err err = {0};
    KT_ASSERT(l);
    l->data_dir = data_dir;
    if (kt_thread_start(&l->thread, "bodies", look, l, &err) < 0) {
        KT_WARN("records", "whether photos and papers are all there: %s", err.text);
        free(l);
        return NULL;
    }
    return l;
}

void kt_bodies_look_end(struct kt_bodies_look *l)
{
    if (l) {
        atomic_store(&l->stop, true);
        pthread_join(l->thread, NULL);
        free(l);
    }
}
