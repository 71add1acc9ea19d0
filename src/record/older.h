/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_RECORD_OLDER_H
#define KT_RECORD_OLDER_H
/*
 * older: private to record. A records.db of an older program: brought to the present tables where
 * it is the program's own, and read through a copy in memory where nothing may be written (a
 * stopped site, a backup). Its PRAGMA user_version says how old it is.
 */
#include "record/model.h"
#include "store/store.h"

/** What every room has, in the present shape; inside a transaction. Its number is set.
 *  KT_EUNSUPPORTED: the file is a newer program's. */
KT_MUST_CHECK int older_bring(struct kt_db *db, struct kt_err *err);
/**
 * Open DIR/records.db for reading, as if the present program had started once.
 *
 * @param m the registers that it is read by; NULL: those that it was written by
 * @return KT_OK; KT_ENOTFOUND; KT_ECONFLICT it holds what m has no place for; KT_EUNSUPPORTED a
 *         newer program wrote it; KT_EIO
 */
KT_MUST_CHECK int older_open(const char *dir, const struct kt_record_model *m,
                             struct kt_store **ret, struct kt_err *err);
#endif
