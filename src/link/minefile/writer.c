/* SPDX-License-Identifier: Apache-2.0 */
#include "link/minefile/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "conf/json.h"
#include "sys/clock.h"
#include "sys/file.h"

enum { BACKLOG_DAYS = 31, RELATIONS_MAX = 64 << 10 };
#define SETTLE (2 * KT_SEC) /* until journal and history have what belongs to an interval */

static int64_t interval(const struct writer *w)
{
    return w->conf->every_ns >= KT_SEC ? w->conf->every_ns : 5 * KT_MIN;
}

static void mark_path(const struct writer *w, char *to, size_t cap)
{
    snprintf(to, cap, "%s/.last", w->dir);
}

void writer_init(struct writer *w)
{
    char path[920];
    struct kt_buf b;
    struct kt_err err;
    mark_path(w, path, sizeof(path));
    kt_buf_init(&b, 64);
    if (kt_file_read(path, 64, &b, &err) == KT_OK) {
        w->last = strtoll(kt_buf_cstr(&b), NULL, 10) * KT_MS;
    }
    kt_buf_done(&b);
    w->last_day = -1;
    w->codes = minefile_codes_new(w->site);
}

void writer_done(struct writer *w)
{
    minefile_codes_free(w->codes);
}

enum { FOR_UPLOADER = 0640 }; /* another user of the group takes the files */

int writer_put_file(const struct writer *w, const char *type, kt_time t, const struct kt_buf *text,
                    struct kt_err *err)
{
    char path[1100];
    struct kt_civil c = kt_civil_of(t, w->site->utc_offset_s);
    snprintf(path, sizeof(path), "%s/%s_%s_%04d%02d%02d%02d%02d%02d.txt", w->dir,
             w->site->mine_code, type, c.year, c.month, c.day, c.hour, c.minute, c.second);
    if (strcmp(w->conf->encoding, "gbk") != 0) {
        return kt_file_replace_mode(path, text->p, text->n, FOR_UPLOADER, err);
    }
    struct kt_buf gbk;
    kt_buf_init(&gbk, 256u << 20);
    int r = minefile_convert("UTF-8", "GBK//TRANSLIT", (struct kt_str){text->p, text->n}, &gbk);
    r = r < 0 ? kt_err_set(err, r, "%s: cannot be written as GBK", path)
              : kt_file_replace_mode(path, gbk.p, gbk.n, FOR_UPLOADER, err);
    kt_buf_done(&gbk);
    return r;
}

void writer_field(const struct writer *w, struct kt_buf *b, const char *text)
{
    minefile_put_field(b, &w->dialect, text, false);
}

void writer_number(const struct writer *w, struct kt_buf *b, double v)
{
    char text[40] = "";
    if (v == v) {
        kt_fmt_double(text, v);
    }
    writer_field(w, b, text);
}

void writer_last_time(const struct writer *w, struct kt_buf *b, kt_time t)
{
    char when[24];
    kt_buf_printf(b, "%s%s", kt_time_fmt_local(t, w->site->utc_offset_s, when),
                  w->dialect.record_end);
}

const char *writer_place(const struct writer *w, const struct kt_point *p)
{
    return p->place.v == KT_NONE ? "" : w->site->places[p->place.v].name.zh;
}

bool writer_goes_up(const struct kt_point *p)
{
    return !p->ended && p->role && strcmp(p->role->group, "self") != 0;
}

static int write_values(struct writer *w, kt_time t, struct kt_err *err)
{
    struct kt_buf b;
    struct kt_live *live = kt_runtime_live(w->rt);
    uint32_t n = kt_live_count(live);
    kt_buf_init(&b, 256u << 20);
    minefile_put_head(&b, &w->dialect, w->site->mine_code, w->site->name.zh, t);
    for (uint32_t i = 0; i < w->site->points_n && i < n; i++) {
        const struct kt_point *p = &w->site->points[i];
        if (!writer_goes_up(p)) {
            continue;
        }
        struct kt_live_value v = kt_live_get(live, (kt_point_id){i});
        char status[8];
        snprintf(status, sizeof(status), "%u",
                 minefile_status(v.quality, v.flags & KT_LIVE_ALARM, v.flags & KT_LIVE_LATCHED));
        writer_field(w, &b, minefile_code(w->codes, (kt_point_id){i}));
        writer_field(w, &b, p->role->title.zh);
        writer_field(w, &b, writer_place(w, p));
        writer_number(w, &b,
                      kt_q_known(v.quality) || v.quality == KT_Q_OVER_RANGE ? v.value : 0.0 / 0.0);
        writer_field(w, &b, p->unit);
        writer_field(w, &b, status);
        writer_last_time(w, &b, v.time ? v.time : t);
    }
    minefile_put_end(&b, &w->dialect);
    int r = writer_put_file(w, "CDSS", t, &b, err);
    kt_buf_done(&b);
    return r;
}

static int write_statistics(struct writer *w, kt_time from, kt_time to, struct kt_err *err)
{
    struct kt_buf b;
    char when[24];
    int r = KT_OK;
    kt_buf_init(&b, 256u << 20);
    minefile_put_head(&b, &w->dialect, w->site->mine_code, w->site->name.zh, to);
    for (uint32_t i = 0; i < w->site->points_n && r == KT_OK; i++) {
        const struct kt_point *p = &w->site->points[i];
        struct kt_bucket k;
        if (!writer_goes_up(p) || p->kind != KT_POINT_ANALOG) {
            continue;
        }
        r = kt_runtime_figures(w->rt, p->id, from, to, 1, &k, err);
        if (r == KT_ENOTFOUND || k.count == 0) {
            r = KT_OK;
            continue;
        }
        writer_field(w, &b, minefile_code(w->codes, (kt_point_id){i}));
        writer_field(w, &b, p->role->title.zh);
        writer_field(w, &b, writer_place(w, p));
        writer_field(w, &b, p->unit);
        writer_field(w, &b, kt_time_fmt_local(from, w->site->utc_offset_s, when));
        writer_field(w, &b, kt_time_fmt_local(to, w->site->utc_offset_s, when));
        writer_number(w, &b, k.max);
        writer_field(w, &b, kt_time_fmt_local(k.max_time, w->site->utc_offset_s, when));
        writer_number(w, &b, k.min);
        writer_field(w, &b, kt_time_fmt_local(k.min_time, w->site->utc_offset_s, when));
        writer_number(w, &b, k.sum / (double)k.count);
        writer_last_time(w, &b, to);
    }
    minefile_put_end(&b, &w->dialect);
    if (r == KT_OK) {
        r = writer_put_file(w, "TJSJ", to, &b, err);
    }
    kt_buf_done(&b);
    return r;
}

static void limit_field(const struct writer *w, struct kt_buf *b, const struct kt_point *p,
                        int name)
{
    writer_number(w, b, p->limits && p->limits->has[name] ? p->limits->value[name] : 0.0 / 0.0);
}

static void relation(const struct writer *w, struct kt_buf *b, char kind, kt_point_id to)
{
    const struct kt_point *p = to.v == KT_NONE ? NULL : &w->site->points[to.v];
    if (p && writer_goes_up(p)) {
        kt_buf_printf(b, "%s%c-%s:%s", b->n ? "◇" : "", kind, minefile_code(w->codes, to),
                      p->name.zh);
    }
}

/* D: an output that the limits of a sensor cut; K: the feed state that proves an output. */
static void relations(const struct writer *w, struct kt_buf *b, const struct kt_point *p)
{
    struct kt_buf text;
    kt_buf_init(&text, RELATIONS_MAX);
    for (uint32_t i = 0; i < p->cuts_n; i++) {
        relation(w, &text, 'D', p->cuts[i]);
    }
    relation(w, &text, 'K', p->feed);
    writer_field(w, b, kt_buf_cstr(&text));
    kt_buf_done(&text);
}

static int write_definitions(struct writer *w, kt_time t, struct kt_err *err)
{
    struct kt_buf b;
    kt_buf_init(&b, 256u << 20);
    minefile_put_head(&b, &w->dialect, w->site->mine_code, w->site->name.zh, t);
    for (uint32_t i = 0; i < w->site->points_n; i++) {
        const struct kt_point *p = &w->site->points[i];
        char system[3], type[5];
        if (!writer_goes_up(p)) {
            continue;
        }
        writer_field(w, &b, minefile_code(w->codes, (kt_point_id){i}));
        minefile_role_code(p->role, system, type);
        writer_field(w, &b, system);
        writer_field(w, &b, p->link == KT_NONE ? "" : w->site->links[p->link].id);
        writer_field(w, &b, type);
        writer_field(w, &b, minefile_kind(p));
        writer_field(w, &b, p->unit);
        writer_number(w, &b, p->range_hi);
        writer_number(w, &b, p->range_lo);
        limit_field(w, &b, p, KT_LIMIT_ALARM);
        limit_field(w, &b, p, KT_LIMIT_ALARM);
        limit_field(w, &b, p, KT_LIMIT_LOW_ALARM);
        limit_field(w, &b, p, KT_LIMIT_LOW_ALARM);
        limit_field(w, &b, p, KT_LIMIT_CUT);
        limit_field(w, &b, p, KT_LIMIT_RESTORE);
        limit_field(w, &b, p, KT_LIMIT_LOW_CUT);
        limit_field(w, &b, p, KT_LIMIT_LOW_RESTORE);
        writer_field(w, &b, p->role->on.zh);
        writer_field(w, &b, p->role->off.zh);
        writer_field(w, &b, writer_place(w, p));
        writer_number(w, &b, p->has_xy ? p->x : 0.0 / 0.0);
        writer_number(w, &b, p->has_xy ? p->y : 0.0 / 0.0);
        writer_field(w, &b, "");
        relations(w, &b, p);
        writer_last_time(w, &b, t);
    }
    minefile_put_end(&b, &w->dialect);
    int r = writer_put_file(w, "CDDY", t, &b, err);
    kt_buf_done(&b);
    return r;
}

static int remember(struct writer *w, struct kt_err *err)
{
    char path[920], text[32];
    mark_path(w, path, sizeof(path));
    int n = snprintf(text, sizeof(text), "%lld\n", (long long)(w->last / KT_MS));
    return kt_file_replace(path, text, (size_t)n, err);
}

int writer_run(struct writer *w, int max, struct kt_err *err)
{
    int64_t step = interval(w);
    kt_time now = kt_runtime_now(w->rt);
    kt_time end = (now - SETTLE) / step * step;
    int files = 0, r = minefile_folder(w->dir, err);
    if (r < 0 || now <= 0) {
        return r;
    }
    if (!w->last || w->last > end) {
        w->last = end; /* first start: begins with the next interval */
        return remember(w, err);
    }
    if (w->last < end - BACKLOG_DAYS * KT_DAY) {
        w->last = end - BACKLOG_DAYS * KT_DAY;
    }
    while (w->last + step <= end && max-- > 0) {
        kt_time to = w->last + step;
        if ((r = write_statistics(w, w->last, to, err)) < 0 ||
            (r = writer_alarms(w, w->last, to, err)) < 0 ||
            (r = writer_switches(w, w->last, to, err)) < 0) {
            return r;
        }
        int day = kt_civil_of(to, w->site->utc_offset_s).day;
        if (to == end && ((r = write_values(w, to, err)) < 0 ||
                          (day != w->last_day && (r = write_definitions(w, to, err)) < 0))) {
            return r;
        }
        w->last_day = to == end ? day : w->last_day;
        w->last = to;
        files++;
        if ((r = remember(w, err)) < 0) {
            return r;
        }
    }
    return files;
}
