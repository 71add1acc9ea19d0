/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Incidents: what linkages set going, step by step; and the reports of an incident and of an
 * evacuation or drill, told from the journal, as JSON, PDF or xlsx.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/records.h"
#include "api/story.h"
#include "api/story_words.h"

enum { JSON_MAX = 64 << 20, CHART_POINTS = 20000, MINUTES_MAX = 600 };
#define BEFORE  (10 * KT_MIN)
#define AFTER   (2 * KT_HOUR)
#define LONGEST (24 * KT_HOUR) /* of an evacuation that nobody has ended */

/* ---- the list -------------------------------------------------------------------------------- */

void get_incidents(struct call *c)
{
    struct kt_json *state = snapshot(c, KT_SNAP_STATE);
    struct kt_buf b;
    if (!state) {
        return;
    }
    kt_buf_init(&b, JSON_MAX);
    struct kt_jw w = kt_jw_init(&b);
    const struct kt_json *all = kt_json_get(state, "incidents");
    kt_jw_obj(&w);
    kt_jw_key(&w, "items");
    kt_jw_arr(&w);
    for (size_t i = 0; i < kt_json_len(all); i++) {
        if (may_see_object(c, kt_json_at(all, i))) {
            copy_value(kt_json_at(all, i), &w);
        }
    }
    kt_jw_arr_end(&w);
    kt_jw_obj_end(&w);
    kt_json_free(state);
    reply_buf(c, 200, &b);
}

/* ---- a report -------------------------------------------------------------------------------- */

struct report {
    struct call *c;
    struct kt_jw *w;
    bool en;
    struct story story;
    const struct kt_json *head; /* the outcome that it began with */
    kt_time began, ended;       /* ended 0: not over */
    int64_t id;
    /* of its events */
    struct kt_json *step[16];
    struct kt_json *listed; /* who was there; NULL: none, or not for who asks */
    size_t steps_n;
    uint32_t left[MINUTES_MAX]; /* persons who came up, by minute since it began */
    uint32_t more[MINUTES_MAX]; /* … whom it took in: it was widened, they came there */
    uint32_t out, total;
    kt_time last_out;
    char last[64], who_stopped[64];
    int64_t below;
    bool drill;
    /* of the alarm */
    kt_time acked, cleared;
    char value[40], acked_by[80];
};

static const char *say(const struct report *r, const char *zh, const char *en)
{
    return r->en ? en : zh;
}

static void field(struct report *r, const char *zh, const char *en, const char *value)
{
    kt_jw_obj(r->w);
    kt_jw_kstr(r->w, "field", say(r, zh, en));
    kt_jw_kstr(r->w, "value", value);
    kt_jw_obj_end(r->w);
}

static void heading(struct report *r, int level, const char *text)
{
    kt_jw_obj(r->w);
    kt_jw_kint(r->w, "heading", level);
    kt_jw_kstr(r->w, "text", text);
    kt_jw_obj_end(r->w);
}

static void line(struct report *r, const char *text)
{
    kt_jw_obj(r->w);
    kt_jw_kstr(r->w, "text", text);
    kt_jw_obj_end(r->w);
}

static void table(struct report *r, const char *const *heads, size_t n)
{
    kt_jw_obj(r->w);
    kt_jw_key(r->w, "columns");
    kt_jw_arr(r->w);
    for (size_t i = 0; i < n; i++) {
        kt_jw_str(r->w, heads[i]);
    }
    kt_jw_arr_end(r->w);
    kt_jw_key(r->w, "rows");
    kt_jw_arr(r->w);
}

static void table_end(struct report *r)
{
    kt_jw_arr_end(r->w);
    kt_jw_obj_end(r->w);
}

static void time_field(struct report *r, const char *zh, const char *en, kt_time t)
{
    char when[32] = "–";
    if (t) {
        story_time(r->c, t, when);
    }
    field(r, zh, en, when);
}

/* ---- what its events say --------------------------------------------------------------------- */

static struct kt_json *copy(const struct kt_json *v)
{
    struct kt_buf b;
    struct kt_json *got = NULL;
    kt_buf_init(&b, 1 << 20);
    struct kt_jw w = kt_jw_init(&b);
    kt_json_write(v, &w);
    int rc = kt_json_parse((struct kt_str){b.p, b.n}, 1 << 20, &got, NULL);
    kt_buf_done(&b);
    return rc == KT_OK ? got : NULL;
}

/* The newest word of each step. */
static void take_step(struct report *r, const struct kt_json *v)
{
    const char *step = kt_json_get_str(v, "step", "");
    for (size_t i = 0; i < r->steps_n; i++) {
        if (strcmp(kt_json_get_str(r->step[i], "step", ""), step) == 0) {
            kt_json_free(r->step[i]);
            r->step[i] = copy(v);
            return;
        }
    }
    if (r->steps_n < KT_ARRAY_LEN(r->step)) {
        r->step[r->steps_n++] = copy(v);
    }
}

static size_t minute_of(const struct report *r, kt_time at)
{
    int64_t minute = at > r->began ? (at - r->began) / KT_MIN : 0;
    return minute < MINUTES_MAX ? (size_t)minute : MINUTES_MAX - 1;
}

/* How the alarm went that it began with. */
static void take_alarm(struct report *r, const struct kt_event *ev, const struct kt_json *v)
{
    const char *change = kt_json_get_str(v, "change", "");
    double value;
    if (kt_json_get_int(v, "id", 0) != kt_json_get_int(r->head, "alarm", 0)) {
        return;
    }
    if (!r->value[0] && kt_json_num(kt_json_get(v, "value"), &value)) {
        (void)snprintf(r->value, sizeof(r->value), "%g %.20s", value,
                       kt_json_get_str(v, "unit", ""));
    }
    if (strcmp(change, "ack") == 0) {
        r->acked = ev->time;
        story_who(ev, v, r->acked_by);
    } else if (strcmp(change, "clear") == 0) {
        r->cleared = ev->time;
    } else if (strcmp(change, "raise") == 0 || strcmp(change, "again") == 0) {
        r->cleared = 0;
    }
}

static void on_event(void *arg, const struct kt_event *ev, const struct kt_json *v)
{
    struct report *r = arg;
    const char *type = kt_json_get_str(v, "type", ""), *change = kt_json_get_str(v, "change", "");
    bool ours = kt_json_get_int(v, "id", 0) == r->id;
    if (strcmp(type, "person") == 0 && kt_json_get_int(v, "incident", 0) == r->id) {
        kt_json_free(r->listed);
        r->listed = copy(v);
    } else if (strcmp(type, "alarm") == 0) {
        take_alarm(r, ev, v);
    } else if (strcmp(type, "incident") == 0 && ours && strcmp(change, "step") == 0) {
        r->story.record = kt_json_get_int(v, "record", r->story.record);
        take_step(r, v);
    } else if (strcmp(type, "person") == 0 && strcmp(change, "out") == 0 && ev->time >= r->began &&
               kt_json_get_int(v, "evacuation", 0) == r->id) {
        r->left[minute_of(r, ev->time)]++;
        r->out++;
        r->last_out = ev->time;
        (void)snprintf(r->last, sizeof(r->last), "%.60s",
                       kt_json_get_str(v, "person", kt_json_get_str(v, "card", "")));
    } else if (strcmp(type, "evacuation") == 0 && ours && strcmp(change, "stop") == 0) {
        r->ended = ev->time;
        r->story.to = ev->time + 1; /* what comes later is not of it */
        r->below = kt_json_get_int(v, "below", 0);
        (void)snprintf(r->who_stopped, sizeof(r->who_stopped), "%.60s",
                       kt_json_get_str(v, "by", ""));
    } else if (strcmp(type, "evacuation") == 0 && ours &&
               (strcmp(change, "widen") == 0 || strcmp(change, "join") == 0)) {
        uint32_t now = (uint32_t)kt_json_get_int(v, "persons", r->total);
        r->more[minute_of(r, ev->time)] += now > r->total ? now - r->total : 0;
        r->total = now;
    }
}

/* ---- parts ----------------------------------------------------------------------------------- */

static const char *name_of_place(const struct report *r)
{
    kt_place_id at = kt_site_place(r->c->site, kt_str_c(kt_json_get_str(r->head, "place", "")));
    return at.v == KT_NONE ? kt_json_get_str(r->head, "place", "")
           : r->en         ? r->c->site->places[at.v].name.en
                           : r->c->site->places[at.v].name.zh;
}

/* The cameras of a list of ids, by their names. */
static void camera_names(const struct report *r, const char *ids, char ret[200])
{
    const struct kt_site *s = r->c->site;
    size_t n = 0;
    for (uint32_t i = 0; i < s->cameras_n; i++) {
        const char *at = strstr(ids, s->cameras[i].id);
        size_t len = strlen(s->cameras[i].id);
        if (at && (at == ids || at[-1] == ' ') && (at[len] == ' ' || !at[len]) && n < 160) {
            const char *name = r->en ? s->cameras[i].name.en : s->cameras[i].name.zh;
            n += (size_t)snprintf(ret + n, 200 - n, "%s%.80s", n ? r->en ? ", " : "、" : "", name);
            n = n < 199 ? n : 199;
        }
    }
}

/* What a step says, with what its figures count. */
static void step_text(const struct report *r, const struct kt_json *v, char ret[200])
{
    static const struct {
        const char *step, *zh, *en;
    } all[] = {{"cut", "证实断电 %s", "%s proved to be off"},
               {"people", "%s 人", "%s persons"},
               {"routes", "%s 人的路线", "for %s persons"},
               {"broadcast", "音箱已播 %s", "%s speakers were spoken to"},
               {"call", "已接听 %s", "%s answered"},
               {"case", "工单 %s", "case %s"}};
    const char *step = kt_json_get_str(v, "step", ""), *text = kt_json_get_str(v, "text", "");
    (void)snprintf(ret, 200, "%.180s", story_word(text, r->en));
    for (size_t i = 0; i < KT_ARRAY_LEN(all) && story_word(text, r->en) == text && *text; i++) {
        const char *form = r->en ? all[i].en : all[i].zh, *at = strstr(form, "%s");
        if (strcmp(step, all[i].step) == 0) {
            (void)snprintf(ret, 200, "%.*s%.100s%s", (int)(at - form), form, text, at + 2);
        }
    }
    if (strcmp(step, "cameras") == 0) {
        camera_names(r, text, ret);
    }
}

static void write_steps(struct report *r)
{
    const char *heads[] = {say(r, "步骤", "Step"), say(r, "状态", "State"),
                           say(r, "距启动（毫秒）", "ms after"), say(r, "说明", "Text")};
    heading(r, 2, say(r, "联动步骤", "Steps of the linkage"));
    table(r, heads, KT_ARRAY_LEN(heads));
    for (size_t i = 0; i < r->steps_n; i++) {
        char ms[24], text[200];
        const struct kt_json *v = r->step[i];
        (void)snprintf(ms, sizeof(ms), "%lld", (long long)kt_json_get_int(v, "after_ms", 0));
        kt_jw_arr(r->w);
        kt_jw_str(r->w, story_word(kt_json_get_str(v, "step", ""), r->en));
        kt_jw_str(r->w, story_word(kt_json_get_str(v, "state", ""), r->en));
        kt_jw_str(r->w, ms);
        step_text(r, v, text);
        kt_jw_str(r->w, text);
        kt_jw_arr_end(r->w);
    }
    table_end(r);
}

/* Who the linkage listed, by card and name. */
static void write_listed(struct report *r)
{
    const char *heads[] = {say(r, "标识卡", "Card"), say(r, "姓名", "Name")};
    const struct kt_json *cards = kt_json_get(r->listed, "cards"),
                         *persons = kt_json_get(r->listed, "persons");
    if (kt_json_len(cards) == 0) {
        return;
    }
    heading(r, 2, say(r, "启动时在场人员", "Who was there when it began"));
    table(r, heads, KT_ARRAY_LEN(heads));
    for (size_t i = 0; i < kt_json_len(cards); i++) {
        const char *name = kt_json_str(kt_json_at(persons, i));
        kt_jw_arr(r->w);
        kt_jw_str(r->w, kt_json_str(kt_json_at(cards, i)));
        kt_jw_str(r->w, name && *name ? name : "–");
        kt_jw_arr_end(r->w);
    }
    table_end(r);
}

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

static void write_lines(struct report *r, const struct kt_point *p)
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
            kt_jw_str(r->w, say(r, all[i].zh, all[i].en));
            kt_jw_num(r->w, p->limits->value[all[i].name]);
            kt_jw_arr_end(r->w);
        }
    }
    kt_jw_arr_end(r->w);
}

static void write_chart(struct report *r)
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
        heading(r, 2, say(r, "测点趋势", "Trend"));
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
        time_field(r, "曲线只画到", "The curve is drawn to", k.last);
    }
    kt_buf_done(&k.t);
    kt_buf_done(&k.v);
}

static void body_row(struct report *r, const struct story_row *row, const char *kind,
                     const char *hash)
{
    char when[32];
    if (hash[0]) {
        story_time(r->c, row->arrival, when);
        kt_jw_arr(r->w);
        kt_jw_str(r->w, when);
        kt_jw_str(r->w, kind);
        kt_jw_str(r->w, row->what);
        kt_jw_str(r->w, hash);
        kt_jw_arr_end(r->w);
    }
}

/* Pictures stand in the report; of recordings the hash does, by which the body is found. */
static void write_bodies(struct report *r)
{
    const char *heads[] = {say(r, "时刻", "At"), say(r, "类型", "Kind"), say(r, "内容", "What"),
                           say(r, "文件散列", "Hash of the body")};
    size_t n = 0;
    for (size_t i = 0; i < r->story.n; i++) {
        n += r->story.row[i].body[0] || r->story.row[i].clip[0];
    }
    if (n == 0) {
        return;
    }
    heading(r, 2, say(r, "图片与录音录像", "Pictures and recordings"));
    table(r, heads, KT_ARRAY_LEN(heads));
    for (size_t i = 0; i < r->story.n; i++) {
        const struct story_row *row = &r->story.row[i];
        body_row(r, row, row->picture ? say(r, "图片", "picture") : say(r, "录音", "recording"),
                 row->body);
        body_row(r, row, say(r, "录像", "clip"), row->clip);
    }
    table_end(r);
    for (size_t i = 0; i < r->story.n; i++) {
        const struct story_row *row = &r->story.row[i];
        if (row->picture) {
            kt_jw_obj(r->w);
            kt_jw_kstr(r->w, "photo", row->body);
            kt_jw_kstr(r->w, "text", row->what);
            kt_jw_obj_end(r->w);
        }
    }
}

static void write_minutes(struct report *r)
{
    const char *heads[] = {say(r, "分钟", "Minute"), say(r, "出井", "Came up"),
                           say(r, "仍在井下", "Still below")};
    uint32_t still = (uint32_t)kt_json_get_int(r->head, "persons", 0);
    kt_time until = r->ended ? r->ended : r->story.to;
    int64_t n = (until - r->began) / KT_MIN + 1;
    heading(r, 2, say(r, "逐分钟人数", "Persons by minute"));
    table(r, heads, KT_ARRAY_LEN(heads));
    for (int64_t m = 0; m < n && m < MINUTES_MAX; m++) {
        char text[3][24];
        still += r->more[m];
        still = still > r->left[m] ? still - r->left[m] : 0;
        (void)snprintf(text[0], sizeof(text[0]), "%lld", (long long)m + 1);
        (void)snprintf(text[1], sizeof(text[1]), "%u", r->left[m]);
        (void)snprintf(text[2], sizeof(text[2]), "%u", still);
        kt_jw_arr(r->w);
        for (int k = 0; k < 3; k++) {
            kt_jw_str(r->w, text[k]);
        }
        kt_jw_arr_end(r->w);
    }
    table_end(r);
}

static void write_timeline(struct report *r)
{
    char apart[300];
    heading(r, 2, say(r, "经过", "What happened"));
    time_field(r, "自", "From", r->story.from);
    time_field(r, "至", "To", r->story.to - 1);
    line(r, say(r, "此后的事件不在本报告中。", "What came later is not in this report."));
    story_apart(&r->story, apart, sizeof(apart));
    if (apart[0]) {
        field(r, "同期与此无关、未列入（条）", "Of other things meanwhile, not listed here", apart);
    }
    story_write(&r->story, r->w);
    if (r->story.more) {
        line(r, say(r, "（事件过多，未全部列出；全部在日志中）",
                    "(There were more; all of them are in the journal)"));
    }
    struct kt_hash chain;
    char hex[65], text[200];
    kt_seq seq;
    kt_journal_head(kt_runtime_journal(r->c->api->opts.runtime), &seq, &chain);
    (void)snprintf(text, sizeof(text), "%s %llu  %s",
                   say(r, "日志链头", "Head of the journal's chain"), (unsigned long long)seq,
                   kt_hash_hex(&chain, hex));
    line(r, text);
    line(r, say(r, "编制人（签字）：____________    审核人（签字）：____________",
                "Written by: ____________    Checked by: ____________"));
}

/* The point by its name, with its number. */
static void point_field(struct report *r)
{
    char text[200];
    const char *id = kt_json_get_str(r->head, "point", "");
    kt_point_id p = kt_site_point(r->c->site, kt_str_c(id));
    if (p.v == KT_NONE) {
        field(r, "测点", "Point", id);
        return;
    }
    struct kt_text name = r->c->site->points[p.v].name;
    (void)snprintf(text, sizeof(text), "%.120s (%.60s)", r->en ? name.en : name.zh, id);
    field(r, "测点", "Point", text);
}

/* The alarm's life, as far as it went in the span of the report. */
static void alarm_fields(struct report *r)
{
    char when[32], text[120];
    if (r->value[0]) {
        field(r, "报警值", "Value when it was raised", r->value);
    }
    time_field(r, "报警恢复", "Alarm over", r->cleared);
    story_time(r->c, r->acked, when);
    (void)snprintf(text, sizeof(text), "%s  %s", when, r->acked_by);
    field(r, "报警确认", "Acknowledged",
          r->acked ? text : say(r, "至今未确认", "by nobody so far"));
}

static void incident_head(struct report *r)
{
    char text[64];
    kt_rule_id rule = kt_site_rule(r->c->site, kt_str_c(kt_json_get_str(r->head, "rule", "")));
    kt_time source = 0;
    if (kt_time_parse(kt_str_c(kt_json_get_str(r->head, "source", "")), 0, &source) < 0) {
        source = 0;
    }
    heading(r, 1,
            r->drill ? say(r, "事件报告（演练）", "Incident report (drill)")
                     : say(r, "事件报告", "Incident report"));
    field(r, "地点", "Place", name_of_place(r));
    point_field(r);
    field(r, "报警", "Alarm",
          rule.v == KT_NONE ? kt_json_get_str(r->head, "rule", "")
          : r->en           ? r->c->site->rules[rule.v].title.en
                            : r->c->site->rules[rule.v].title.zh);
    (void)snprintf(text, sizeof(text), "%lld", (long long)r->id);
    field(r, "编号", "No.", text);
    time_field(r, "源时刻", "Own time", source);
    time_field(r, "启动时刻", "Began", r->began);
    alarm_fields(r);
    write_steps(r);
    write_listed(r);
    write_chart(r);
}

static void evacuation_head(struct report *r)
{
    char text[160];
    heading(r, 1,
            r->drill ? say(r, "撤人演练报告", "Report of an evacuation drill")
                     : say(r, "撤人报告", "Report of an evacuation"));
    field(r, "地点", "Place", name_of_place(r));
    field(r, "发起", "Started by", kt_json_get_str(r->head, "by", ""));
    field(r, "事由", "Reason", kt_json_get_str(r->head, "reason", ""));
    time_field(r, "开始", "Began", r->began);
    time_field(r, "结束", "Ended", r->ended);
    (void)snprintf(text, sizeof(text), "%u", r->total);
    field(r, "应撤人数", "Persons", text);
    (void)snprintf(text, sizeof(text), "%u", r->out);
    field(r, "期间出井", "Came up", text);
    if (r->last_out) {
        (void)snprintf(text, sizeof(text), "%.48s  +%lld s", r->last,
                       (long long)((r->last_out - r->began) / KT_SEC));
        field(r, "最后出井", "Last one up", text);
    }
    if (r->ended) {
        (void)snprintf(text, sizeof(text), "%lld s", (long long)((r->ended - r->began) / KT_SEC));
        field(r, "用时", "Took", text);
        (void)snprintf(text, sizeof(text), "%lld", (long long)r->below);
        field(r, "结束时仍在井下", "Still below at the end", text);
    }
    if (kt_person_may(&r->c->person, "person.see")) {
        write_minutes(r);
    } else {
        line(r, say(r, "逐分钟人数需要人员查看权限。",
                    "Persons by minute need the right person.see."));
    }
}

static void write_report(struct report *r, bool evacuation)
{
    kt_jw_obj(r->w);
    kt_jw_kstr(r->w, "title",
               evacuation ? say(r, "撤人报告", "Evacuation") : say(r, "事件报告", "Incident"));
    kt_jw_kstr(r->w, "paper", "A4");
    kt_jw_key(r->w, "blocks");
    kt_jw_arr(r->w);
    if (evacuation) {
        evacuation_head(r);
    } else {
        incident_head(r);
    }
    write_bodies(r);
    write_timeline(r);
    kt_jw_arr_end(r->w);
    kt_jw_obj_end(r->w);
}

static void answer(struct report *r, bool evacuation)
{
    const char *format = kt_http_query(r->c->req, "format");
    struct kt_buf out;
    struct kt_err err = {0};
    int rc = story_read(&r->story, &err);
    if (rc < 0) {
        reply_err(r->c->req, &err);
        return;
    }
    kt_buf_init(&out, JSON_MAX);
    struct kt_jw w = kt_jw_init(&out);
    r->w = &w;
    write_report(r, evacuation);
    if (format && *format && strcmp(format, "json") != 0) {
        reply_document(r->c, &out, format,
                       kt_arena_printf(r->c->arena, "%s-%lld",
                                       evacuation ? "evacuation" : "incident", (long long)r->id));
    } else {
        reply_buf(r->c, 200, &out);
    }
}

static void get_report_of(struct call *c, const char *type)
{
    bool evacuation = strcmp(type, "evacuation") == 0;
    struct report r = {.c = c, .en = in_english(c)};
    if (!path_id(c, 0, &r.id)) {
        return;
    }
    struct kt_json *head = story_begin(c, type, r.id, &r.began);
    if (!head || !may_see_object(c, head)) {
        reply_code(c->req, KT_ENOTFOUND, "there is no %s %s", type, c->param[0]);
        kt_json_free(head);
        return;
    }
    kt_time now = kt_runtime_now(c->api->opts.runtime);
    kt_time most = r.began + (evacuation ? LONGEST : AFTER), to = most < now ? most : now + 1;
    r.head = head;
    r.total = (uint32_t)kt_json_get_int(head, "persons", 0);
    r.drill = evacuation && kt_json_get_bool(head, "drill", false); /* a rule knows of none */
    r.story = (struct story){.c = c, .en = r.en, .on = on_event, .arg = &r};
    r.story.began = r.began;
    kt_text_set(r.story.reg, sizeof(r.story.reg), kt_json_get_str(head, "register", ""));
    r.story.place = evacuation
                        ? (kt_place_id){KT_NONE}
                        : kt_site_place(c->site, kt_str_c(kt_json_get_str(head, "place", "")));
    if (query_time(c, "from", r.began - (evacuation ? 0 : BEFORE), &r.story.from) &&
        query_time(c, "to", to, &r.story.to)) {
        answer(&r, evacuation);
    }
    for (size_t i = 0; i < r.steps_n; i++) {
        kt_json_free(r.step[i]);
    }
    kt_json_free(r.listed);
    story_done(&r.story);
    kt_json_free(head);
}

void get_incident_report(struct call *c)
{
    get_report_of(c, "incident");
}

void get_evacuation_report(struct call *c)
{
    get_report_of(c, "evacuation");
}
