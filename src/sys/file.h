/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_SYS_FILE_H
#define KT_SYS_FILE_H
/*
 * file: whole-file reads and writes, folders, durable replace. Threads: any.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"

/** Read a whole file of at most max bytes into `out` (appended). KT_ENOTFOUND, KT_ELIMIT, KT_EIO.
 */
KT_MUST_CHECK int kt_file_read(const char *path, size_t max, struct kt_buf *out,
                               struct kt_err *err);
/** Write beside, fsync, rename over `path`, fsync the folder. Keeps the mode; a new file: 0600.
 * What root writes belongs to whom the file before it, or else its folder, belongs: a service that
 * is not root goes on reading it. */
KT_MUST_CHECK int kt_file_replace(const char *path, const void *p, size_t n, struct kt_err *err);
/** As kt_file_replace(), with this mode (a secret: 0600) whatever stood there. */
KT_MUST_CHECK int kt_file_replace_mode(const char *path, const void *p, size_t n, unsigned mode,
                                       struct kt_err *err);
/** What root has made belongs to whom `like` belongs; for others, and where it cannot be, nothing.
 */
void kt_file_own_as(const char *path, const char *like);
/** Copy a file's bytes in pieces, in place of `to`, synced; memory does not grow with the file. A
 *  file that grows meanwhile is copied as far as it was. KT_ENOTFOUND, KT_EIO, KT_EFULL */
KT_MUST_CHECK int kt_file_copy(const char *from, const char *to, unsigned mode, struct kt_err *err);
KT_MUST_CHECK int kt_dir_make(const char *path,
                              struct kt_err *err); /**< with parents; 0750 less umask */
KT_MUST_CHECK int kt_dir_sync(const char *path, struct kt_err *err);
bool kt_file_exists(const char *path);
int64_t kt_file_size(const char *path); /**< -1 when missing */
/** Remove a folder with all in it (tests, staging). */
void kt_dir_remove(const char *path);
/** Names in a folder, sorted by bytes, without "." and "..". */
KT_MUST_CHECK int kt_dir_list(const char *path, struct kt_arena *arena, char ***ret_names,
                              size_t *ret_n, struct kt_err *err);
/** Free bytes on the file system of `path`; -1 on error. */
int64_t kt_disk_free(const char *path);
/** Write all of p[0..n) at the file's position, through short writes and EINTR. */
KT_MUST_CHECK int kt_write_all(int fd, const void *p, size_t n, struct kt_err *err);
/** A new empty folder under $TMPDIR or /tmp. */
KT_MUST_CHECK int kt_dir_temp(const char *prefix, char *ret, size_t cap, struct kt_err *err);
#endif
