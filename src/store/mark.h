/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_STORE_MARK_H
#define KT_STORE_MARK_H
/*
 * mark: DATA/backup.json, when the data of a site were last copied and the copy verified. Written
 * by `kuangtu backup` into the site and into the copy; read by the running program, which reminds.
 * Threads: any; nothing is kept between calls.
 */
#include "base/err.h"
#include "base/time.h"

struct kt_backup_mark {
    kt_time verified; /* 0: never */
    kt_time since;    /* first start: the days count from here until there is a copy */
};
/** @return KT_OK; KT_ENOTFOUND no mark yet; KT_EPARSE */
KT_MUST_CHECK int kt_backup_mark_read(const char *data_dir, struct kt_backup_mark *ret,
                                      struct kt_err *err);
/** @param folder  where the copy is, for people; "" none */
KT_MUST_CHECK int kt_backup_mark_write(const char *data_dir, const struct kt_backup_mark *mark,
                                       const char *folder, struct kt_err *err);
#endif
