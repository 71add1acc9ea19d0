/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers of points are the same on every node: data/points.ids stands in etcd beside the order, in
 * pieces PREFIX/ids/NNNN. The active node writes it before the event from which on new numbers may
 * come; a follower takes it over. Lines are only ever added, so one text is the beginning of the
 * other, or the folders are of different mines.
 */
#include "engine/runtime_impl.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "sys/clock.h"
#include "sys/file.h"

enum { PIECE = 512 << 10, PIECES = 512, TRIES = 5 };

static const char *piece_key(int i, char to[32])
{
    snprintf(to, 32, "ids/%04d", i);
    return to;
}

/* All pieces that etcd has. */
static int fetch(struct kt_runtime *rt, struct kt_buf *out, struct kt_err *err)
{
    char key[32];
    int r = KT_OK;
    size_t before = 0;
    for (int i = 0; i < PIECES && r == KT_OK; i++) {
        before = out->n;
        r = kt_cluster_get(rt->cluster, piece_key(i, key), out, err);
        if (r == KT_OK && out->n - before < PIECE) {
            break;
        }
    }
    return r == KT_ENOTFOUND ? KT_OK : r;
}

static int read_own(const struct kt_runtime *rt, char path[600], struct kt_buf *out,
                    struct kt_err *err)
{
    snprintf(path, 600, "%s/points.ids", rt->data_dir);
    return kt_file_exists(path) ? kt_file_read(path, (size_t)PIECE * PIECES, out, err) : KT_OK;
}

static bool begins(const struct kt_buf *whole, const struct kt_buf *part)
{
    return part->n <= whole->n && (part->n == 0 || memcmp(whole->p, part->p, part->n) == 0);
}

static int differs(struct kt_err *err)
{
    return kt_err_set(err, KT_ECORRUPT,
                      "data/points.ids numbers points otherwise than the other nodes do: restore "
                      "this node's data from a copy of another one's");
}

int rt_ids_take(struct kt_runtime *rt, struct kt_err *err)
{
    char path[600];
    struct kt_buf own, common;
    kt_buf_init(&own, 0);
    kt_buf_init(&common, 0);
    int r = read_own(rt, path, &own, err);
    r = r < 0 ? r : fetch(rt, &common, err);
    if (r == KT_OK && common.n && !begins(&common, &own) && !begins(&own, &common)) {
        r = differs(err);
    } else if (r == KT_OK && common.n && common.n != own.n) {
        r = kt_file_replace(path, common.p, common.n, err);
    }
    kt_buf_done(&own);
    kt_buf_done(&common);
    return r;
}

static int put_from(struct kt_runtime *rt, const struct kt_buf *own, size_t from,
                    struct kt_err *err)
{
    char key[32];
    int r = KT_OK;
    for (size_t i = from / PIECE; i * PIECE < own->n && r == KT_OK; i++) {
        size_t left = own->n - i * PIECE;
        struct kt_str piece = {own->p + i * PIECE, left < PIECE ? left : PIECE};
        r = kt_cluster_put(rt->cluster, piece_key((int)i, key), piece, err);
    }
    return r;
}

static int share(struct kt_runtime *rt, struct kt_err *err)
{
    char path[600];
    struct kt_buf own, common;
    kt_buf_init(&own, 0);
    kt_buf_init(&common, 0);
    int r = read_own(rt, path, &own, err);
    r = r < 0 ? r : fetch(rt, &common, err);
    if (r == KT_OK && !begins(&own, &common)) {
        r = differs(err);
    } else if (r == KT_OK && common.n < own.n) {
        r = put_from(rt, &own, common.n, err);
    }
    kt_buf_done(&own);
    kt_buf_done(&common);
    return r;
}

int rt_ids_share(struct kt_runtime *rt, struct kt_err *err)
{
    int r = rt->cluster ? share(rt, err) : KT_OK;
    for (int i = 1; r < 0 && r != KT_ECORRUPT && i < TRIES; i++) {
        kt_sleep(100 * KT_MS);
        r = share(rt, err);
    }
    return r;
}
