/* SPDX-License-Identifier: Apache-2.0 */
/* The curve of the point that an incident began with. */
#include "api/incident_report.h"
#include "api/private.h"

enum { JSON_MAX = 64 << 20, CHART_POINTS = 20000 };

struct curve {
    struct kt_buf t, v;
    struct kt_jw tw, vw;
    uint32_t n;
    kt_time last;
};

static bool on_sample(void *arg, kt_time time, double value, kt_quality q, kt_time arrival)
{
    struct curve *k = arg;
    (void)arrival;
    kt_jw_int(&k->tw, time / KT_MS);
    if (kt_q_known(q) || q == KT_Q_OVER_RANGE) {
        kt_jw_num(&k->vw, value);
    } else {
        kt_jw_null(&k->vw);
    }
    k->last = time;
    return ++k->n < CHART_POINTS;
}

static void write_lines(struct incident_report *r, const struct kt_point *p)
{
    static const struct {
        enum kt_limit_name name;
        const char *zh, *en;
    } all[] = {{KT_LIMIT_ALARM, "报警", "alarm"},
               {KT_LIMIT_CUT, "断电", "cut"},
               {KT_LIMIT_RESTORE, "复电", "restore"}};
    kt_jw_key(r->w, "lines");
    kt_jw_arr(r->w);
    for (size_t i = 0; p->limits && i < KT_ARRAY_LEN(all); i++) {
        if (p->limits->has[all[i].name]) {
            kt_jw_arr(r->w);
            kt_jw_str(r->w, told_say(r, all[i].zh, all[i].en));
            kt_jw_num(r->w, p->limits->value[all[i].name]);
            kt_jw_arr_end(r->w);
        }
    }
    kt_jw_arr_end(r->w);
}

void write_incident_trend(struct incident_report *r)
{
    kt_point_id id = kt_site_point(r->c->site, kt_str_c(kt_json_get_str(r->head, "point", "")));
    struct kt_err err;
    struct curve k = {.n = 0};
    if (id.v == KT_NONE) {
        return;
    }
    const struct kt_point *p = &r->c->site->points[id.v];
    kt_buf_init(&k.t, JSON_MAX);
    kt_buf_init(&k.v, JSON_MAX);
    k.tw = kt_jw_init(&k.t);
    k.vw = kt_jw_init(&k.v);
    kt_jw_arr(&k.tw);
    kt_jw_arr(&k.vw);
    int rc = kt_history_scan(kt_runtime_history(r->c->api->opts.runtime), p->id, r->story.from,
                             r->story.to, on_sample, &k, &err);
    kt_jw_arr_end(&k.tw);
    kt_jw_arr_end(&k.vw);
    if (rc == KT_OK && k.n > 0) {
        told_heading(r, 2, told_say(r, "测点趋势", "Trend"));
        kt_jw_obj(r->w);
        kt_jw_kstr(r->w, "chart", r->en ? p->name.en : p->name.zh);
        kt_jw_kstr(r->w, "unit", p->unit);
        kt_jw_kint(r->w, "from", r->story.from / KT_MS);
        kt_jw_kint(r->w, "to", r->story.to / KT_MS);
        kt_jw_key(r->w, "t");
        kt_jw_raw(r->w, (struct kt_str){k.t.p, k.t.n});
        kt_jw_key(r->w, "v");
        kt_jw_raw(r->w, (struct kt_str){k.v.p, k.v.n});
        write_lines(r, p);
        kt_jw_obj_end(r->w);
    }
    if (k.n == CHART_POINTS) {
        told_time(r, "曲线只画到", "The curve is drawn to", k.last);
    }
    kt_buf_done(&k.t);
    kt_buf_done(&k.v);
}
