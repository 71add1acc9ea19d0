/* SPDX-License-Identifier: Apache-2.0 */
/*
 * track: walks of persons, kept as attachments. Where somebody was is theirs: a field of tracks has
 * a right of its own, who lacks it sees how many there are, and whoever looks at another person's
 * track is in the journal (record.look) before it is shown.
 */
#include <stdio.h>

#include "record/reading.h"
#include "record/requests.h"

enum { TRACKS = 200, LOOKS = 200 };

static void write_track(const struct rec_register *reg, struct kt_stmt *st, struct kt_jw *w)
{
    kt_jw_obj(w);
    kt_jw_kint(w, "record", kt_col_i64(st, 0));
    kt_jw_kstr(w, "register", reg->id);
    kt_jw_kstr(w, "key", kt_col_text(st, 6));
    kt_jw_kstr(w, "field", kt_col_text(st, 1));
    kt_jw_kstr(w, "hash", kt_col_text(st, 2));
    kt_jw_kstr(w, "user", kt_col_text(st, 3));
    kt_jw_kint(w, "time", kt_col_i64(st, 4));
    kt_jw_key(w, "meta");
    struct kt_str meta = kt_col_bytes(st, 5);
    kt_jw_raw(w, meta.n ? meta : KT_STR("null"));
    kt_jw_obj_end(w);
}

static int prepare(struct rec_view *v, const struct rec_register *reg,
                   const struct kt_track_query *q, struct kt_stmt **ret, struct kt_err *err)
{
    char sql[600];
    snprintf(sql, sizeof sql,
             "SELECT a.record, a.field, a.hash, a.by, a.time, a.meta, t.\"%s\" FROM "
             "main.kt_attachment a JOIN \"%s\" t ON t._id = a.record WHERE a.type = "
             "'" KT_TRACK_TYPE "' AND a.ended IS NULL AND (?1 = 0 OR a.record = ?1) AND a.time >= "
             "?2 AND a.time <= ?3 ORDER BY a.id DESC",
             reg->fields[reg->key].id, reg->id);
    int rc = kt_db_prepare_once(v->db, sql, ret, err);
    if (rc == KT_OK) {
        kt_bind_i64(*ret, 1, q->record);
        kt_bind_i64(*ret, 2, rec_ms(q->from));
        kt_bind_i64(*ret, 3, q->to ? rec_ms(q->to) : INT64_MAX);
    }
    return rc;
}

static int write_tracks(struct rec_view *v, const struct rec_register *reg,
                        const struct kt_track_query *q, struct kt_jw *w, struct kt_err *err)
{
    struct kt_stmt *st;
    int64_t shown = 0, hidden = 0;
    int rc = prepare(v, reg, q, &st, err);
    if (rc < 0) {
        return rc;
    }
    kt_jw_key(w, "tracks");
    kt_jw_arr(w);
    while ((rc = kt_stmt_step(st, err)) > 0) {
        uint32_t f = rec_field_of(reg, kt_col_text(st, 1));
        const char *by = kt_col_text(st, 3);
        bool own = by && strcmp(by, v->who->user) == 0;
        if (f == KT_NONE || (!own && !reader_sees_field(v->who, &reg->fields[f]))) {
            hidden++;
        } else if (shown++ < TRACKS) {
            write_track(reg, st, w);
        }
    }
    kt_stmt_done(st);
    kt_jw_arr_end(w);
    kt_jw_kint(w, "hidden", hidden);
    kt_jw_kbool(w, "more", shown > TRACKS);
    return rc;
}

int kt_room_tracks(struct kt_room *r, const struct kt_reader *who, const char *reg_id,
                   const struct kt_track_query *q, struct kt_buf *out, struct kt_err *err)
{
    struct rec_view v;
    uint32_t ri = KT_NONE;
    size_t before = out->n;
    int rc = view_open(r, who, 0, 0, &v, err);
    if (rc < 0) {
        return rc;
    }
    rc = view_register(&v, reg_id, &ri, err);
    struct kt_jw w = kt_jw_init(out);
    kt_jw_obj(&w);
    rc = rc == KT_OK ? write_tracks(&v, &v.model->registers[ri], q, &w, err) : rc;
    kt_jw_obj_end(&w);
    if (rc < 0) {
        out->n = before;
    }
    view_close(&v);
    return rc;
}

/* ---- record.look ---- */

/* Whose track it is; *ret 0 rows: there is none. */
static int owner_of(struct kt_room *r, struct rec_request *q, int64_t record, const char *hash,
                    const char **ret_by, const char **ret_field, struct kt_err *err)
{
    struct kt_stmt *st;
    int rc = kt_db_prepare(r->w,
                           "SELECT by, field FROM kt_attachment WHERE record = ? AND hash = ? AND "
                           "type = '" KT_TRACK_TYPE "' ORDER BY id DESC LIMIT 1",
                           &st, err);
    if (rc < 0) {
        return rc;
    }
    kt_bind_i64(st, 1, record);
    kt_bind_text(st, 2, hash);
    rc = kt_stmt_step(st, err);
    if (rc > 0) {
        *ret_by = kt_arena_strdup(q->a, kt_col_text(st, 0));
        *ret_field = kt_arena_strdup(q->a, kt_col_text(st, 1));
    }
    kt_stmt_done(st);
    return rc == 0 ? rec_no(q, KT_ENOTFOUND, "there is no such track", "没有这条轨迹") : rc;
}

static int one_look(struct kt_room *r, struct rec_request *q, const struct kt_json *one,
                    struct kt_err *err)
{
    struct rec_row row;
    const char *by = "", *field = "";
    int rc = rec_row_get(r, q, kt_json_get_int(one, "record", 0), &row, err);
    rc = rc == KT_OK ? owner_of(r, q, row.id, kt_json_get_str(one, "hash", ""), &by, &field, err)
                     : rc;
    return rc < 0 ? rc
                  : rec_say_record(r, &row, "look", kt_str_c(rec_f(q, "\"%s\"", field)), q->user,
                                   by, err);
}

int verb_look(struct kt_room *r, struct rec_request *q, struct kt_err *err)
{
    const struct kt_json *list = kt_json_get(q->args, "tracks");
    size_t n = kt_json_len(list);
    int rc = KT_OK;
    if (n == 0 || n > LOOKS) {
        return rec_no(q, KT_EINVAL, rec_f(q, "tracks: 1 to %d", LOOKS),
                      rec_f(q, "tracks：1至%d条", LOOKS));
    }
    for (size_t i = 0; rc >= 0 && i < n; i++) {
        rc = one_look(r, q, kt_json_at(list, i), err);
    }
    return rc < 0 ? rc : KT_OK;
}
