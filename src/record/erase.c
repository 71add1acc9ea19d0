/* SPDX-License-Identifier: Apache-2.0 */
/*
 * erase: photos, papers and tracks of persons are taken out of the house: the bytes go, name and
 * meta with them (values of fields: personal.c), and the hash stays, so the journal's chain and the
 * record's history still say that there was something, of whom it was erased and why. Applied again
 * from the journal, where the bytes are no more, it is the same.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "record/requests.h"

int erase_rows(struct kt_room *r, struct rec_request *q, int64_t record, const char *hash,
               struct kt_err *err)
{
    struct kt_stmt *st;
    int rc = kt_db_exec(r->w, "PRAGMA secure_delete = ON", err);
    rc = rc == KT_OK ? kt_db_prepare(r->w,
                                     "UPDATE kt_attachment SET erased = ?1, name = NULL, meta = "
                                     "NULL WHERE hash = ?2 AND (?3 = 0 OR record = ?3) AND erased "
                                     "IS NULL",
                                     &st, err)
                     : rc;
    if (rc == KT_OK) {
        kt_bind_i64(st, 1, rec_ms(q->time));
        kt_bind_text(st, 2, hash);
        kt_bind_i64(st, 3, record);
        rc = kt_stmt_run(st, err);
        kt_stmt_done(st);
    }
    erase_soon(r, rec_ms(q->time));
    return rc;
}

/* The field of this record that has it. */
static int field_of(struct kt_room *r, struct rec_request *q, int64_t record, const char *hash,
                    const char **ret, struct kt_err *err)
{
    struct kt_stmt *st;
    int rc = kt_db_prepare(r->w,
                           "SELECT field FROM kt_attachment WHERE record = ? AND hash = ? AND "
                           "erased IS NULL ORDER BY id LIMIT 1",
                           &st, err);
    if (rc < 0) {
        return rc;
    }
    kt_bind_i64(st, 1, record);
    kt_bind_text(st, 2, hash);
    rc = kt_stmt_step(st, err);
    if (rc > 0) {
        *ret = kt_arena_strdup(q->a, kt_col_text(st, 0));
    }
    kt_stmt_done(st);
    return rc == 0  ? rec_no(q, KT_ENOTFOUND, "the record has no such attachment",
                             "这条记录没有这个附件")
           : rc < 0 ? rc
                    : KT_OK;
}

static int erase_attachment(struct kt_room *r, struct rec_request *q, struct rec_row *row,
                            const char **ret_field, struct kt_err *err)
{
    const char *hash;
    int rc = rec_arg_text(q, "hash", &hash);
    rc = rc == KT_OK ? field_of(r, q, row->id, hash, ret_field, err) : rc;
    rc = rc == KT_OK ? erase_rows(r, q, 0, hash, err) : rc;
    return rc == KT_OK ? rec_touch(r, q, row, err) : rc;
}

static int erase_field(struct kt_room *r, struct rec_request *q, struct rec_row *row,
                       const char *field, struct kt_err *err)
{
    bool any = false;
    int rc = personal_erase_field(r, q, row, field, INT64_MAX, &any, err);
    return rc == KT_OK && !any ? rec_no(q, KT_ENOTFOUND, "the field holds nothing to erase",
                                        "这个字段没有可删除的内容")
                               : rc;
}

int verb_erase(struct kt_room *r, struct rec_request *q, struct kt_err *err)
{
    struct rec_row row;
    const char *reason, *field = kt_json_get_str(q->args, "field", "");
    int64_t id = 0;
    if (!rec_may(q, "personal.erase")) {
        return rec_no(q, KT_EDENIED, "erasing needs the right personal.erase",
                      "没有删除个人信息的权限（personal.erase）");
    }
    int rc = rec_arg_int(q, "record", &id);
    rc = rc == KT_OK ? rec_row_get(r, q, id, &row, err) : rc;
    rc = rc == KT_OK ? rec_arg_text(q, "reason", &reason) : rc;
    if (rc == KT_OK) {
        rc = field[0] ? erase_field(r, q, &row, field, err)
                      : erase_attachment(r, q, &row, &field, err);
    }
    if (rc == KT_OK) {
        kt_jw_kint(q->result, "version", row.version);
        rc = rec_say_record(r, &row, "erase", kt_str_c(rec_f(q, "\"%s\"", field)), q->user, reason,
                            err);
    }
    return rc;
}

static bool gone(const char *path)
{
    return unlink(path) == 0 || access(path, F_OK) != 0;
}

void room_erase_bodies(struct kt_room *r)
{
    struct kt_stmt *st;
    struct kt_err err;
    bool all = true;
    if (!r->erasing ||
        kt_db_prepare(
            r->w,
            "SELECT DISTINCT hash FROM kt_attachment e WHERE erased >= ?1 AND NOT "
            "EXISTS(SELECT 1 FROM kt_attachment a WHERE a.hash = e.hash AND a.erased IS "
            "NULL) UNION SELECT DISTINCT body FROM kt_fact e WHERE erased >= ?1 AND body "
            "IS NOT NULL AND NOT EXISTS(SELECT 1 FROM kt_fact f WHERE f.body = e.body "
            "AND f.erased IS NULL) UNION SELECT DISTINCT about FROM kt_attachment e WHERE "
            "erased >= ?1 AND about IS NOT NULL AND NOT EXISTS(SELECT 1 FROM "
            "kt_attachment a WHERE a.about = e.about AND a.erased IS NULL)",
            &st, &err) < 0) {
        return;
    }
    kt_bind_i64(st, 1, r->erase_from);
    while (kt_stmt_step(st, &err) > 0) {
        char path[700];
        const char *hash = kt_col_text(st, 0);
        snprintf(path, sizeof path, "%s/bodies/%.2s/%s", r->dir, hash, hash);
        bool body = gone(path);
        snprintf(path, sizeof path, "%s/thumbs/%s.jpg", r->dir, hash);
        if (!body || !gone(path)) {
            all = false;
            KT_ERROR("record", "%s: what was erased is still there", path);
        }
    }
    kt_stmt_done(st);
    r->erasing = !all;
}
