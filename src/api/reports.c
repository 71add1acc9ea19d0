/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seven reports of a day or a shift (standards 4.3): analog, alarm, cut, feed, switch, fault,
 * statistics; as JSON, HTML, xlsx or PDF, with signature lines and the head of the journal's chain.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/cuts.h"
#include "api/handlers.h"
#include "api/past_alarms.h"
#include "report/report.h"

/* A cut that began so long before the span and stands is in its sheet. */
#define CUTS_BEFORE (31 * KT_DAY)

struct request {
    struct call *c;
    bool en;
    kt_time from, to, now;
    char date[16];
    bool one_day;                 /* it begins and ends on one calendar day */
    const struct kt_shift *shift; /* NULL: the whole day */
    struct past past;
    uint32_t unread; /* points whose history cannot be read, the last one's reason in err */
    struct kt_err err;
};

static const char *say(const struct request *q, const char *zh, const char *en)
{
    return q->en ? en : zh;
}

static const char *pick(const struct request *q, struct kt_text t)
{
    return q->en ? t.en : t.zh;
}

/* The head names the days of the report: inside of it a clock time, outside with month and day. */
static const char *short_time(const struct request *q, kt_time t, char buf[24])
{
    char whole[24];
    int at = t >= q->from && t <= q->to && q->one_day ? 11 : 5;
    kt_time_fmt_local(t, q->c->site->utc_offset_s, whole);
    snprintf(buf, 24, "%s", whole + at);
    return buf;
}

static void time_cell(const struct request *q, struct kt_report *r, kt_time t)
{
    char when[24] = "";
    if (t) {
        short_time(q, t, when);
    }
    kt_report_cell(r, when);
}

/* Time and name: who took note of it. */
static void acked_cell(const struct request *q, struct kt_report *r, const struct past_alarm *a)
{
    char text[96] = "";
    if (a->acked) {
        char when[24];
        snprintf(text, sizeof(text), "%s %s", short_time(q, a->acked, when), a->by);
    }
    kt_report_cell(r, text);
}

static kt_time later(kt_time a, kt_time b)
{
    return a > b ? a : b;
}

static kt_time sooner(kt_time a, kt_time b)
{
    return a < b ? a : b;
}

static void span_cell(struct kt_report *r, int64_t ns)
{
    char text[32];
    long long s = ns / KT_SEC;
    snprintf(text, sizeof(text), "%lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
    kt_report_cell(r, text);
}

/* One bucket over [from, to); false: nothing stored, or not readable, which the foot will say. */
static bool whole(struct request *q, const struct kt_point *p, kt_time from, kt_time to,
                  struct kt_bucket *ret)
{
    if (kt_runtime_figures(q->c->api->opts.runtime, p->id, from, to, 1, ret, &q->err) < 0) {
        q->unread++;
        return false;
    }
    return ret->count > 0;
}

static const char *place_of(const struct request *q, const struct kt_point *p)
{
    return p->place.v == KT_NONE ? "" : pick(q, q->c->site->places[p->place.v].name);
}

static int decimals_of(const struct kt_point *p)
{
    return p->resolution >= 1 ? 0 : p->resolution >= 0.1 ? 1 : p->resolution >= 0.01 ? 2 : 3;
}

static const struct kt_point *point_of(const struct request *q, const char *id)
{
    kt_point_id p = point_ever(q->c, id);
    return p.v == KT_NONE ? NULL : &q->c->site->points[p.v];
}

static void point_cells(const struct request *q, struct kt_report *r, const char *id)
{
    const struct kt_point *p = point_of(q, id);
    kt_report_cell(r, id);
    kt_report_cell(r, p ? pick(q, p->name) : "");
    kt_report_cell(r, p ? place_of(q, p) : "");
}

/* One that is gone is in the sheets of the days on which it was; of one that was gone before the
 * last start its id alone is known, not what it measured. */
static bool printed(const struct request *q, const struct kt_point *p)
{
    return (!p->ended || p->role->id[0]) && strcmp(p->role->group, "self") != 0 &&
           may_see(q->c, p->place);
}

/* ---- analog ---------------------------------------------------------------------------------- */

struct odd { /* samples by the number of their quality (its grade is left out) */
    uint32_t n[KT_Q_GRADE ^ UINT8_MAX];
};

static bool take_odd(void *arg, kt_time t, double v, kt_quality q, kt_time arrival)
{
    struct odd *o = arg;
    (void)t;
    (void)v;
    (void)arrival;
    o->n[(q & ~KT_Q_GRADE) % KT_ARRAY_LEN(o->n)]++;
    return true;
}

/* What of the span was not measured as usual: calibration, over its range, set by hand … */
static void odd_cell(struct request *q, struct kt_report *r, const struct kt_point *p,
                     const struct kt_bucket *b)
{
    struct odd o = {{0}};
    char text[200] = "";
    size_t n = 0;
    if (b->worst != KT_Q_NORMAL &&
        kt_history_scan(kt_runtime_history(q->c->api->opts.runtime), p->id, q->from, q->to,
                        take_odd, &o, &q->err) < 0) {
        q->unread++;
    }
    for (kt_quality i = 1; i < KT_ARRAY_LEN(o.n) && n < sizeof(text) - 40; i++) {
        if (o.n[i]) {
            n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%.30s %u", n ? " · " : "",
                                  quality_title(i, q->en), o.n[i]);
        }
    }
    kt_report_cell(r, text);
}

static struct kt_report *analog(struct request *q)
{
    const struct kt_report_column columns[] = {{say(q, "测点", "Point"), 2, false},
                                               {say(q, "名称", "Name"), 3, false},
                                               {say(q, "地点", "Place"), 2.8, false},
                                               {say(q, "单位", "Unit"), 1, false},
                                               {say(q, "最大值", "Max"), 1.2, true},
                                               {say(q, "时刻", "At"), 1.6, false},
                                               {say(q, "最小值", "Min"), 1.2, true},
                                               {say(q, "时刻", "At"), 1.6, false},
                                               {say(q, "平均值", "Mean"), 1.2, true},
                                               {say(q, "样本", "Samples"), 1.2, true},
                                               {say(q, "非正常样本", "Not as usual"), 2, false}};
    struct kt_report *r = kt_report_new(say(q, "模拟量日（班）报表", "Analog values"), columns, 11);
    const struct kt_site *s = q->c->site;
    for (uint32_t i = 0; i < s->points_n; i++) {
        const struct kt_point *p = &s->points[i];
        struct kt_bucket b = {.count = 0};
        if (p->kind != KT_POINT_ANALOG || !printed(q, p) ||
            (!whole(q, p, q->from, q->to, &b) && b.worst == KT_Q_NORMAL)) {
            continue; /* of one that was broken all day a row says so */
        }
        int d = decimals_of(p);
        bool has = b.count > 0;
        point_cells(q, r, p->id);
        kt_report_cell(r, p->unit);
        kt_report_num(r, has ? b.max : (double)NAN, d);
        time_cell(q, r, b.max_time);
        kt_report_num(r, has ? b.min : (double)NAN, d);
        time_cell(q, r, b.min_time);
        kt_report_num(r, has ? b.sum / (double)b.count : (double)NAN, d);
        kt_report_num(r, (double)b.count, 0);
        odd_cell(q, r, p, &b);
    }
    return r;
}

/* ---- alarms ---------------------------------------------------------------------------------- */

/* The extreme of one standing: of the value that raised it and those that followed. The alarm knows
 * that of its occurrence, which may have several standings. */
static double peak_of(struct request *q, const struct past_alarm *a, const struct kt_point *p)
{
    struct kt_bucket b;
    bool low = a->peak < a->limit;
    if (a->nth == 1 || isnan(a->value)) {
        return a->peak;
    }
    if (!whole(q, p, a->raised, a->cleared ? a->cleared : q->now, &b)) {
        return a->value;
    }
    return low ? fmin(a->value, b.min) : fmax(a->value, b.max);
}

/* Only what was measured has a peak: not a state, not a broken sensor, not a lost link. */
static bool has_peak(const struct past_alarm *a, const struct kt_point *p)
{
    return p && p->kind == KT_POINT_ANALOG &&
           (!strcmp(a->category, "over-limit") || !strcmp(a->category, "cut") ||
            !strcmp(a->category, "process"));
}

static struct kt_report *alarms(struct request *q, const char *title, const char *category)
{
    const struct kt_report_column columns[] = {
        {say(q, "测点", "Point"), 1.6, false},        {say(q, "名称", "Name"), 2.4, false},
        {say(q, "地点", "Place"), 2.2, false},        {say(q, "报警", "Alarm"), 2, false},
        {say(q, "开始", "From"), 1.7, false},         {say(q, "结束", "To"), 1.7, false},
        {say(q, "累计", "Lasted"), 1.2, false},       {say(q, "峰值", "Peak"), 1, true},
        {say(q, "确认", "Acknowledged"), 2.4, false}, {say(q, "原因", "Cause"), 2, false},
        {say(q, "处理措施", "Measure"), 2, false}};
    struct kt_report *r = kt_report_new(title, columns, 11);
    for (size_t i = 0; i < q->past.alarms_n; i++) {
        const struct past_alarm *a = &q->past.alarms[i];
        const struct kt_point *p = point_of(q, a->point);
        kt_rule_id rule = kt_site_rule(q->c->site, kt_str_c(a->rule));
        if (category && strcmp(category, a->category) != 0) {
            continue;
        }
        point_cells(q, r, a->point);
        kt_report_cell(r, rule.v == KT_NONE ? a->rule : pick(q, q->c->site->rules[rule.v].title));
        time_cell(q, r, a->raised);
        time_cell(q, r, a->cleared);
        span_cell(r, (a->cleared ? a->cleared : q->now) - a->raised);
        kt_report_num(r, has_peak(a, p) ? peak_of(q, a, p) : (double)NAN, p ? decimals_of(p) : 2);
        acked_cell(q, r, a);
        kt_report_cell(r, a->cause);
        kt_report_cell(r, a->measure);
    }
    return r;
}

/* A person's name, or the title of the rule that decided. */
static const char *by_words(const struct request *q, const char *by)
{
    kt_rule_id rule = {KT_NONE};
    if (strncmp(by, "rule:", 5) == 0) {
        rule = kt_site_rule(q->c->site, kt_str_c(by + 5));
    }
    return rule.v == KT_NONE ? by : pick(q, q->c->site->rules[rule.v].title);
}

/* The first cause: by which rule, on which point, at which value; or who opened it. */
static void cause_cell(const struct request *q, struct kt_report *r, const struct cut *cut)
{
    char text[300] = "";
    const struct cut_cause *by = &cut->cause[0];
    if (cut->causes_n == 0) {
        snprintf(text, sizeof(text), "%s %s", cut->opened_by, cut->reason);
    } else {
        char rule[104], value[48] = "";
        const struct kt_point *p = point_of(q, by->point);
        snprintf(rule, sizeof(rule), "rule:%s", by->rule);
        bool seen = may_see_point(q->c, by->point);
        if (p && seen && !isnan(by->value) && p->kind == KT_POINT_ANALOG) {
            snprintf(value, sizeof(value), " %.*f %s", decimals_of(p), by->value, p->role->unit);
        }
        snprintf(text, sizeof(text), "%s %s%s%s", by_words(q, rule), seen ? by->point : "", value,
                 cut->causes_n + cut->causes_more > 1 ? " …" : "");
    }
    kt_report_cell(r, text);
}

static void back_cell(const struct request *q, struct kt_report *r, const struct cut *cut)
{
    char text[210] = "";
    if (cut->back && !cut->back_by[0]) {
        snprintf(text, sizeof(text), "%s", say(q, "就地送电", "at its place"));
    } else if (cut->back_by[0]) {
        snprintf(text, sizeof(text), "%s %s", cut->back_by, cut->back_second);
    }
    kt_report_cell(r, text);
}

static struct kt_report *cuts(struct request *q)
{
    const struct kt_report_column columns[] = {{say(q, "开关", "Switch"), 1.5, false},
                                               {say(q, "名称", "Name"), 2.2, false},
                                               {say(q, "地点", "Place"), 2, false},
                                               {say(q, "断电时刻", "Cut at"), 1.7, false},
                                               {say(q, "原因", "Cause"), 3.4, false},
                                               {say(q, "馈电证实", "Feed dead"), 1.7, false},
                                               {say(q, "历时 s", "Took s"), 0.9, true},
                                               {say(q, "解锁", "Unlatched"), 1.7, false},
                                               {say(q, "送电证实", "Power back"), 1.7, false},
                                               {say(q, "送电人", "By"), 1.6, false},
                                               {say(q, "状态", "State"), 1.3, false}};
    static const char *const words[][3] = {{"cut", "断电闭锁", "cut"},
                                           {"unlatched", "已解锁待送电", "unlatched"},
                                           {"returned", "已送电", "power back"}};
    struct cuts l;
    if (cuts_read(q->c, q->from - CUTS_BEFORE, q->to, &l, &q->err) < 0) {
        return NULL;
    }
    struct kt_report *r = kt_report_new(say(q, "断电日（班）报表", "Power cuts"), columns, 11);
    for (size_t i = 0; i < l.n; i++) {
        const struct cut *cut = &l.list[i];
        if (cut->back && cut->back < q->from) {
            continue; /* power was back before the span */
        }
        point_cells(q, r, cut->output);
        time_cell(q, r, cut->at);
        cause_cell(q, r, cut);
        time_cell(q, r, cut->dead);
        kt_report_num(r, cut->dead ? (double)(cut->dead - cut->at) / 1e9 : (double)NAN, 1);
        time_cell(q, r, cut->unlatched);
        time_cell(q, r, cut->back);
        back_cell(q, r, cut);
        for (size_t k = 0; k < KT_ARRAY_LEN(words); k++) {
            if (strcmp(words[k][0], cut_state(cut)) == 0) {
                kt_report_cell(r, cut->anomaly && !cut->dead ? say(q, "馈电异常", "feed anomaly")
                                                             : words[k][q->en ? 2 : 1]);
            }
        }
    }
    cuts_done(&l);
    return r;
}

/* ---- switches -------------------------------------------------------------------------------- */

/* A state holds until the next sample, and no longer than a sample of the point is fresh; after it
 * nothing is known until the next one, which is a change when it is not what was known last. */
struct states {
    const struct request *q;
    int64_t fresh_ns;
    int changes;
    int64_t on_ns, known_ns;
    kt_time last;
    double value;
    bool known, heard;
};

static void hold(struct states *s, kt_time until)
{
    kt_time end = sooner(until, s->fresh_ns ? s->last + s->fresh_ns : until);
    if (s->known && end > s->q->from) {
        int64_t ns = end - later(s->last, s->q->from);
        s->known_ns += ns;
        s->on_ns += s->value != 0 ? ns : 0;
    }
    s->known = s->known && end == until;
}

static bool take_state(void *arg, kt_time t, double v, kt_quality q, kt_time arrival)
{
    struct states *s = arg;
    (void)arrival;
    hold(s, t);
    if (!kt_q_known(q)) {
        s->known = false;
        return true;
    }
    s->changes += s->heard && (s->value != 0) != (v != 0) && t >= s->q->from;
    s->value = v;
    s->known = s->heard = true;
    s->last = t;
    return true;
}

static struct kt_report *switches(struct request *q)
{
    const struct kt_report_column columns[] = {{say(q, "测点", "Point"), 2, false},
                                               {say(q, "名称", "Name"), 3, false},
                                               {say(q, "地点", "Place"), 3, false},
                                               {say(q, "变化次数", "Changes"), 1, true},
                                               {say(q, "累计接通", "Time on"), 1.4, false},
                                               {say(q, "状态不明", "Not known"), 1.4, false},
                                               {say(q, "期末状态", "At the end"), 1.4, false}};
    struct kt_report *r =
        kt_report_new(say(q, "开关量状态变动日（班）报表", "Switch states"), columns, 7);
    const struct kt_site *s = q->c->site;
    for (uint32_t i = 0; i < s->points_n; i++) {
        const struct kt_point *p = &s->points[i];
        struct states st = {.q = q, .fresh_ns = p->role->stale_after_ns};
        kt_time begin = q->from - (st.fresh_ns ? st.fresh_ns : KT_DAY);
        if (p->kind == KT_POINT_ANALOG || p->kind == KT_POINT_COUNTER || !printed(q, p)) {
            continue;
        }
        if (kt_history_scan(kt_runtime_history(q->c->api->opts.runtime), p->id, begin, q->to,
                            take_state, &st, &q->err) < 0) {
            q->unread++;
            continue;
        }
        if (p->ended && !st.heard) {
            continue;
        }
        hold(&st, q->to);
        point_cells(q, r, p->id);
        kt_report_num(r, st.changes, 0);
        span_cell(r, st.on_ns);
        span_cell(r, q->to - q->from - st.known_ns);
        kt_report_cell(r, !st.known ? "?" : pick(q, st.value != 0 ? p->role->on : p->role->off));
    }
    return r;
}

/* ---- statistics ------------------------------------------------------------------------------ */

struct sum {
    int alarms, cuts, feeds, faults;
    int64_t time_ns; /* within the span in which at least one of them stood */
    kt_time until;   /* so far it is counted */
};

/* Entries come by the time at which they began. */
static void count(const struct request *q, const struct past_alarm *a, struct sum *s)
{
    const char *const names[] = {"over-limit", "cut", "feed", "fault"};
    int *const numbers[] = {&s->alarms, &s->cuts, &s->feeds, &s->faults};
    kt_time end = a->cleared ? sooner(a->cleared, q->to) : q->to;
    kt_time from = later(later(a->raised, q->from), s->until);
    for (size_t i = 0; i < KT_ARRAY_LEN(names); i++) {
        if (strcmp(names[i], a->category) == 0) {
            (*numbers[i])++;
            s->time_ns += end > from ? end - from : 0;
            s->until = later(s->until, end);
        }
    }
}

static int by_raised(const void *a, const void *b)
{
    const struct past_alarm *x = *(const struct past_alarm *const *)a,
                            *y = *(const struct past_alarm *const *)b;
    return x->raised < y->raised ? -1 : x->raised > y->raised;
}

/* Of each point, by its index. */
static struct sum *sums_of(const struct request *q)
{
    const struct kt_site *s = q->c->site;
    struct sum *sums = KT_NEW_ARRAY(q->c->arena, struct sum, s->points_n + 1);
    const struct past_alarm **list =
        KT_NEW_ARRAY(q->c->arena, const struct past_alarm *, q->past.alarms_n + 1);
    for (size_t i = 0; i < q->past.alarms_n; i++) {
        list[i] = &q->past.alarms[i];
    }
    qsort(list, q->past.alarms_n, sizeof(*list), by_raised);
    for (size_t i = 0; i < q->past.alarms_n; i++) {
        kt_point_id p = point_ever(q->c, list[i]->point);
        if (p.v != KT_NONE) {
            count(q, list[i], &sums[p.v]);
        }
    }
    return sums;
}

/* The point's largest value of the span and its time. */
static void largest_cells(struct request *q, struct kt_report *r, const struct kt_point *p)
{
    struct kt_bucket b;
    bool has = p->kind == KT_POINT_ANALOG && whole(q, p, q->from, q->to, &b);
    kt_report_num(r, has ? b.max : (double)NAN, decimals_of(p));
    time_cell(q, r, has ? b.max_time : 0);
}

static struct kt_report *statistics(struct request *q)
{
    const struct kt_report_column columns[] = {
        {say(q, "测点", "Point"), 2, false},        {say(q, "名称", "Name"), 3, false},
        {say(q, "地点", "Place"), 3, false},        {say(q, "超限次数", "Over limit"), 1.35, true},
        {say(q, "断电次数", "Cuts"), 1.35, true},   {say(q, "馈电异常", "Feed faults"), 1.35, true},
        {say(q, "故障次数", "Faults"), 1.35, true}, {say(q, "累计时间", "Time"), 1.4, false},
        {say(q, "最大值", "Max"), 1.2, true},       {say(q, "时刻", "At"), 1.7, false}};
    struct kt_report *r = kt_report_new(say(q, "报警断电统计报表", "Statistics"), columns, 10);
    const struct kt_site *s = q->c->site;
    const struct sum *sums = sums_of(q);
    for (uint32_t i = 0; i < s->points_n; i++) {
        const struct sum *m = &sums[i];
        if (!(m->alarms + m->cuts + m->feeds + m->faults) || !printed(q, &s->points[i])) {
            continue;
        }
        point_cells(q, r, s->points[i].id);
        kt_report_num(r, m->alarms, 0);
        kt_report_num(r, m->cuts, 0);
        kt_report_num(r, m->feeds, 0);
        kt_report_num(r, m->faults, 0);
        span_cell(r, m->time_ns);
        largest_cells(q, r, &s->points[i]);
    }
    return r;
}

/* ---- the page -------------------------------------------------------------------------------- */

static void frame(struct request *q, struct kt_report *r)
{
    char line[400], hex[65], a[24], b[24];
    const struct kt_site *s = q->c->site;
    struct kt_hash chain;
    kt_seq seq;
    kt_time_fmt_local(q->from, s->utc_offset_s, a);
    kt_time_fmt_local(q->to, s->utc_offset_s, b);
    snprintf(line, sizeof(line), "%s%s    %s%s%s — %s", pick(q, s->name),
             s->simulation ? say(q, "（仿真 演示）", " (simulation)") : "",
             q->shift ? pick(q, q->shift->name) : "", q->shift ? "    " : "", a,
             q->one_day ? b + 11 : b);
    kt_report_head(r, line);
    if (kt_report_rows(r) == 0) {
        kt_report_foot(r, say(q, "本时段没有记录。", "Nothing in this span."));
    }
    if (q->unread) {
        snprintf(line, sizeof(line),
                 q->en ? "Incomplete: %u points' history cannot be read (%s)"
                       : "不完整：%u 个测点的历史读不出（%s）",
                 q->unread, q->err.text);
        kt_report_foot(r, line);
    }
    kt_report_foot(
        r, say(q,
               "监测员: ____________    值班领导: ____________    通风负责人: ____________    "
               "总工程师: ____________    日期: ____________",
               "Operator: ____________    Duty leader: ____________    Ventilation: "
               "____________    Chief engineer: ____________    Date: ____________"));
    kt_journal_head(kt_runtime_journal(q->c->api->opts.runtime), &seq, &chain);
    snprintf(line, sizeof(line), "%s %llu  %s", say(q, "事件链", "Chain of events"),
             (unsigned long long)seq, kt_hash_hex(&chain, hex));
    kt_report_foot(r, line);
}

static bool one_day(const struct request *q)
{
    char a[24], b[24];
    kt_time_fmt_local(q->from, q->c->site->utc_offset_s, a);
    kt_time_fmt_local(q->to - 1, q->c->site->utc_offset_s, b);
    return strncmp(a, b, 10) == 0;
}

static bool read_span(struct request *q)
{
    struct call *c = q->c;
    const char *date = kt_http_query(c->req, "date"), *shift = kt_http_query(c->req, "shift");
    kt_time day;
    char today[24];
    q->now = kt_runtime_now(c->api->opts.runtime);
    kt_time_fmt_local(q->now - c->site->report_day_s * KT_SEC, c->site->utc_offset_s, today);
    snprintf(q->date, sizeof(q->date), "%.10s", date && *date ? date : today);
    if (kt_time_parse(kt_str_c(q->date), c->site->utc_offset_s, &day) < 0) {
        reply_code(c->req, KT_EINVAL, "date is a day like 2026-03-01");
        return false;
    }
    q->from = day + c->site->report_day_s * KT_SEC;
    q->to = q->from + KT_DAY;
    for (uint32_t i = 0; shift && *shift && i < c->site->shifts_n; i++) {
        if (strcmp(c->site->shifts[i].id, shift) == 0) {
            const struct kt_shift *next = &c->site->shifts[(i + 1) % c->site->shifts_n];
            q->shift = &c->site->shifts[i];
            int64_t len = (next->start_s - q->shift->start_s + 86400) % 86400;
            q->from = day + q->shift->start_s * KT_SEC;
            q->to = q->from + (len ? len : 86400) * KT_SEC;
        }
    }
    if (shift && *shift && !q->shift) {
        reply_code(c->req, KT_EINVAL, "there is no shift \"%s\"", shift);
        return false;
    }
    q->to = sooner(q->to, q->now + 1); /* what is told at this moment belongs to it */
    q->one_day = one_day(q);
    q->en = kt_http_query(c->req, "lang") && strcmp(kt_http_query(c->req, "lang"), "en") == 0;
    return true;
}

static struct kt_report *all_alarms(struct request *q)
{
    return alarms(q, say(q, "报警日（班）报表", "Alarms"), NULL);
}

static struct kt_report *feeds(struct request *q)
{
    return alarms(q, say(q, "馈电异常日（班）报表", "Feed anomalies"), "feed");
}

static struct kt_report *faults(struct request *q)
{
    return alarms(q, say(q, "设备故障日（班）报表", "Device faults"), "fault");
}

static const struct kind {
    const char *id;
    struct kt_report *(*make)(struct request *q);
} kinds[] = {
    {"analog", analog},
    {"alarm", all_alarms},
    {"cut", cuts},
    {"feed", feeds},
    {"switch", switches},
    {"fault", faults},
    {"statistics", statistics},
};

/* NULL: answered. */
static const struct kind *kind_of(struct call *c, const char *id)
{
    for (size_t i = 0; i < KT_ARRAY_LEN(kinds); i++) {
        if (strcmp(kinds[i].id, id) == 0) {
            return &kinds[i];
        }
    }
    reply_code(c->req, KT_ENOTFOUND,
               "reports are analog, alarm, cut, feed, switch, fault and statistics");
    return NULL;
}

static void reply_report(struct request *q, const struct kt_report *r, const char *kind)
{
    struct call *c = q->c;
    struct kt_buf b;
    const char *format = kt_http_query(c->req, "format");
    const char *type = "application/json";
    int rc = KT_OK;
    kt_buf_init(&b, 256u << 20);
    format = format ? format : "json";
    if (strcmp(format, "html") == 0) {
        kt_report_html(r, &b);
        type = "text/html; charset=utf-8";
        kt_http_set_header(c->req, "Content-Security-Policy", "default-src 'none'");
    } else if (strcmp(format, "xlsx") == 0) {
        rc = kt_report_xlsx(r, &b, &q->err);
        type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    } else if (strcmp(format, "pdf") == 0) {
        rc = kt_report_pdf(r, &b, &q->err);
        type = "application/pdf";
    } else {
        kt_report_json(r, &b);
    }
    if (rc < 0) {
        kt_buf_done(&b);
        reply_err(c->req, &q->err);
        return;
    }
    if (strcmp(format, "xlsx") == 0 || strcmp(format, "pdf") == 0) {
        char name[128];
        snprintf(name, sizeof(name), "attachment; filename=\"kuangtu-%s-%s.%s\"", kind, q->date,
                 format);
        kt_http_set_header(c->req, "Content-Disposition", name);
    }
    kt_http_reply_take(c->req, 200, type, &b);
}

void get_report(struct call *c)
{
    struct request q = {.c = c};
    const struct kind *kind = kind_of(c, c->param[0]);
    if (!kind || !read_span(&q)) {
        return;
    }
    if (past_read(c, q.from, q.to, &q.past, &q.err) < 0) {
        reply_err(c->req, &q.err);
        return;
    }
    struct kt_report *r = kind->make(&q);
    if (r) {
        frame(&q, r);
        reply_report(&q, r, kind->id);
    } else {
        reply_err(c->req, &q.err);
    }
    kt_report_free(r);
    past_done(&q.past);
}
