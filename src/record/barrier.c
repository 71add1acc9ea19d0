/* SPDX-License-Identifier: Apache-2.0 */
/* barrier: shapes against zones, and the refusal of a shape that touches what it must not. */
#include "record/barrier.h"

#include <stdio.h>

#include "geo/geo.h"
#include "record/reading.h"
#include "record/requests.h"

enum { SQL_MAX = 1 << 20, SHAPE_MAX = 1 << 16, SAID_MAX = 1 << 18 };

static void zones_sql(const char *schema, const struct rec_register *zone, struct kt_buf *sql)
{
    kt_buf_puts(sql, "SELECT _id");
    for (uint32_t i = 0; i < zone->fields_n; i++) {
        if (!rec_is_file(&zone->fields[i])) {
            kt_buf_printf(sql, ", \"%s\"", zone->fields[i].id);
        }
    }
    kt_buf_printf(sql, " FROM %s.\"%s\" WHERE _ended IS NULL ORDER BY _id", schema, zone->id);
}

static void read_values(const struct rec_register *zone, const struct kt_stmt *st,
                        struct rec_value *value)
{
    int at = 1;
    for (uint32_t i = 0; i < zone->fields_n; i++) {
        value[i] = rec_is_file(&zone->fields[i]) ? (struct rec_value){.type = KT_COL_NULL}
                                                 : rec_column(st, at++);
    }
}

/* Is this one of the zones that are meant? */
static enum barrier_holds is_meant(const struct rec_barrier *b, const struct rec_value *value)
{
    enum barrier_holds all = BARRIER_YES;
    for (uint32_t i = 0; i < b->having_n; i++) {
        const struct rec_value *v = &value[b->having[i].field];
        if (v->type == KT_COL_NULL) {
            all = BARRIER_UNKNOWN;
        } else if (!kt_str_is(v->s, b->having[i].value)) {
            return BARRIER_NO;
        }
    }
    return all;
}

static void write_shape(struct kt_jw *w, const char *key, struct kt_str json)
{
    kt_jw_key(w, key);
    if (json.n && json.n <= SHAPE_MAX) {
        kt_jw_raw(w, json);
    } else {
        kt_jw_null(w);
    }
}

static void say_zone(const struct rec_register *zone, int64_t id, const struct rec_value *value,
                     const struct kt_geo_meeting *m, struct kt_str overlap, struct barrier_hit *hit)
{
    struct kt_jw w = kt_jw_init(&hit->zones);
    struct kt_buf label;
    w.comma = hit->zones.n > 0;
    kt_jw_obj(&w);
    kt_jw_kint(&w, "id", id);
    kt_jw_key(&w, "key");
    rec_write_value(&w, &zone->fields[zone->key], &value[zone->key]);
    item_label(zone, value, &w);
    kt_jw_knum(&w, "area_m2", m->area_m2);
    kt_jw_knum(&w, "length_m", m->length_m);
    write_shape(&w, "zone", value[zone->geometry].s);
    write_shape(&w, "overlap", overlap);
    kt_jw_obj_end(&w);
    kt_buf_init(&label, 1 << 16);
    row_label(zone, value, &label);
    if (!hit->first[0]) {
        snprintf(hit->first, sizeof(hit->first), "%s", kt_buf_cstr(&label));
    }
    kt_buf_done(&label);
}

/* One zone against the shape; a zone that cannot be compared leaves it unknown. */
static void judge_zone(const struct rec_register *zone, int64_t id, const struct rec_value *value,
                       enum barrier_holds meant, struct kt_str shape, struct barrier_hit *hit)
{
    struct kt_geo_meeting m;
    struct kt_buf overlap;
    struct kt_err err;
    bool drawn = value[zone->geometry].type != KT_COL_NULL;
    kt_buf_init(&overlap, SHAPE_MAX * 4);
    int rc = drawn ? kt_geo_overlap(shape, value[zone->geometry].s, &m, &overlap, &err) : KT_EINVAL;
    if (rc == KT_OK && m.meets && meant == BARRIER_YES) {
        hit->holds = BARRIER_YES;
        say_zone(zone, id, value, &m, (struct kt_str){overlap.p, overlap.n}, hit);
    } else if ((rc < 0 || m.meets) && hit->holds == BARRIER_NO) {
        hit->holds = BARRIER_UNKNOWN;
    }
    kt_buf_done(&overlap);
}

int barrier_judge(struct kt_db *db, const char *schema, const struct kt_record_model *m,
                  const struct rec_barrier *b, struct kt_str shape, struct barrier_hit *hit,
                  struct kt_err *err)
{
    const struct rec_register *zone = &m->registers[b->zone];
    struct rec_value value[REC_FIELDS_MAX];
    struct kt_stmt *st;
    struct kt_buf sql;
    bool some = false;
    kt_buf_init(&sql, SQL_MAX);
    zones_sql(schema, zone, &sql);
    int rc = kt_db_prepare_once(db, kt_buf_cstr(&sql), &st, err);
    kt_buf_done(&sql);
    if (rc < 0) {
        return rc;
    }
    while ((rc = kt_stmt_step(st, err)) > 0) {
        read_values(zone, st, value);
        enum barrier_holds meant = is_meant(b, value);
        if (meant != BARRIER_NO) {
            some = true;
            judge_zone(zone, kt_col_i64(st, 0), value, meant, shape, hit);
        }
    }
    kt_stmt_done(st);
    if (rc == KT_OK && !some) {
        hit->no_zones = true;
        hit->holds = BARRIER_UNKNOWN;
    }
    return rc < 0 ? rc : KT_OK;
}

/* ---- the refusal ---- */

static void say_barrier(struct rec_request *q, const struct rec_barrier *b, struct kt_str shape,
                        const struct barrier_hit *hit)
{
    struct kt_buf said;
    kt_buf_init(&said, SAID_MAX);
    struct kt_jw w = kt_jw_init(&said);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "id", b->id);
    kt_jw_kstr(&w, "no", b->no);
    kt_jw_kstr(&w, "text", b->text);
    write_shape(&w, "shape", shape);
    kt_jw_key(&w, "zones");
    kt_jw_arr(&w);
    kt_buf_put(&said, hit->zones.p, hit->zones.n);
    kt_jw_arr_end(&w);
    kt_jw_obj_end(&w);
    if (!said.full) {
        q->barrier = (struct kt_str){kt_arena_strndup(q->a, said.p, said.n), said.n};
    }
    kt_buf_done(&said);
}

static int refuse_one(struct kt_db *db, const struct kt_record_model *m, struct rec_request *q,
                      const struct rec_barrier *b, const struct rec_field *f, struct kt_str shape,
                      struct kt_err *err)
{
    struct barrier_hit hit = {0};
    kt_buf_init(&hit.zones, SAID_MAX);
    int rc = barrier_judge(db, "main", m, b, shape, &hit, err);
    if (rc == KT_OK && hit.holds == BARRIER_YES) {
        say_barrier(q, b, shape, &hit);
        rc = rec_no(q, KT_EDENIED,
                    rec_f(q, "%s touches %s; %s, %s %s: %s", f->title.en, hit.first, b->title.en,
                          b->source.edition, b->source.clause, b->text),
                    rec_f(q, "%s触及%s；%s（%s %s）：%s", f->title.zh, hit.first, b->title.zh,
                          b->source.edition, b->source.clause, b->text));
    }
    kt_buf_done(&hit.zones);
    return rc;
}

int barrier_refuse(struct kt_db *db, const struct kt_record_model *m, struct rec_request *q,
                   const struct rec_register *reg, uint32_t field, const struct rec_value *v,
                   struct kt_err *err)
{
    int rc = KT_OK;
    for (uint32_t i = 0; rc == KT_OK && i < m->barriers_n; i++) {
        const struct rec_barrier *b = &m->barriers[i];
        if (!b->refuse || &m->registers[b->reg] != reg || v->type != KT_COL_TEXT) {
            continue;
        }
        for (uint32_t k = 0; rc == KT_OK && k < b->fields_n; k++) {
            if (b->fields[k] == field) {
                rc = refuse_one(db, m, q, b, &reg->fields[field], v->s, err);
            }
        }
    }
    return rc;
}
