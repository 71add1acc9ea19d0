/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_SYS_SPOOL_H
#define KT_SYS_SPOOL_H
/*
 * spool: bytes on their way into a file without a name, so that a long answer is made before it is
 * sent and needs no memory. The file lies in TMPDIR (/tmp) and goes with its descriptor.
 *
 * Threads: a spool belongs to one.
 */
#include <stdint.h>

#include "base/buf.h"

struct kt_spool;
/** @param max  bytes; more is KT_ELIMIT at the end */
KT_MUST_CHECK int kt_spool_new(uint64_t max, struct kt_spool **ret, struct kt_err *err);
/** What goes wrong is kept and told at the end; nothing is written any more then. */
void kt_spool_put(struct kt_spool *s, const void *p, size_t n);
/** As kt_spool_put(), emptying the buffer. */
void kt_spool_buf(struct kt_spool *s, struct kt_buf *b);
bool kt_spool_failed(const struct kt_spool *s);
/** The file, to be read from its start and closed by the caller; frees the spool in every case.
 *  @return KT_OK; KT_ELIMIT too much; KT_EFULL, KT_EIO the disk */
KT_MUST_CHECK int kt_spool_end(struct kt_spool *s, int *ret_fd, uint64_t *ret_size,
                               struct kt_err *err);
void kt_spool_free(struct kt_spool *s); /**< instead of kt_spool_end(); accepts NULL */

/** A file that others have written, as kt_spool_end() answers. */
KT_MUST_CHECK int kt_spool_open(const char *path, uint64_t max, int *ret_fd, uint64_t *ret_size,
                                struct kt_err *err);
/** All of it into memory or into another descriptor; closes fd in every case. */
KT_MUST_CHECK int kt_spool_read(int fd, size_t max, struct kt_buf *out, struct kt_err *err);
KT_MUST_CHECK int kt_spool_copy(int fd, int to, struct kt_err *err);
#endif
