/* SPDX-License-Identifier: Apache-2.0 */
/* Of an incident: its alarm, the steps of its linkage, who was there. */
#include <stdio.h>
#include <string.h>

#include "api/incident_report.h"
#include "api/private.h"
#include "api/story_words.h"

/* The cameras of a list of ids, by their names. */
static void camera_names(const struct incident_report *r, const char *ids, char ret[200])
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
static void step_text(const struct incident_report *r, const struct kt_json *v, char ret[200])
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

static void write_steps(struct incident_report *r)
{
    const char *heads[] = {told_say(r, "步骤", "Step"), told_say(r, "状态", "State"),
                           told_say(r, "距启动（毫秒）", "ms after"), told_say(r, "说明", "Text")};
    told_heading(r, 2, told_say(r, "联动步骤", "Steps of the linkage"));
    told_table(r, heads, KT_ARRAY_LEN(heads));
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
    told_table_end(r);
}

/* Who the linkage listed, by card and name. */
static void write_listed(struct incident_report *r)
{
    const char *heads[] = {told_say(r, "标识卡", "Card"), told_say(r, "姓名", "Name")};
    const struct kt_json *cards = kt_json_get(r->listed, "cards"),
                         *persons = kt_json_get(r->listed, "persons");
    if (kt_json_len(cards) == 0) {
        return;
    }
    told_heading(r, 2, told_say(r, "启动时在场人员", "Who was there when it began"));
    told_table(r, heads, KT_ARRAY_LEN(heads));
    for (size_t i = 0; i < kt_json_len(cards); i++) {
        const char *name = kt_json_str(kt_json_at(persons, i));
        kt_jw_arr(r->w);
        kt_jw_str(r->w, kt_json_str(kt_json_at(cards, i)));
        kt_jw_str(r->w, name && *name ? name : "–");
        kt_jw_arr_end(r->w);
    }
    told_table_end(r);
}

/* The point by its name, with its number. */
static void point_field(struct incident_report *r)
{
    char text[200];
    const char *id = kt_json_get_str(r->head, "point", "");
    kt_point_id p = kt_site_point(r->c->site, kt_str_c(id));
    if (p.v == KT_NONE) {
        told_field(r, "测点", "Point", id);
        return;
    }
    struct kt_text name = r->c->site->points[p.v].name;
    (void)snprintf(text, sizeof(text), "%.120s (%.60s)", r->en ? name.en : name.zh, id);
    told_field(r, "测点", "Point", text);
}

/* The alarm's life, as far as it went in the span of the report. */
static void alarm_fields(struct incident_report *r)
{
    char when[32], text[120];
    if (r->value[0]) {
        told_field(r, "报警值", "Value when it was raised", r->value);
    }
    told_time(r, "报警恢复", "Alarm over", r->cleared);
    story_time(r->c, r->acked, when);
    (void)snprintf(text, sizeof(text), "%s  %s", when, r->acked_by);
    told_field(r, "报警确认", "Acknowledged",
               r->acked ? text : told_say(r, "至今未确认", "by nobody so far"));
}

void write_incident_head(struct incident_report *r)
{
    char text[64];
    kt_rule_id rule = kt_site_rule(r->c->site, kt_str_c(kt_json_get_str(r->head, "rule", "")));
    kt_time source = 0;
    if (kt_time_parse(kt_str_c(kt_json_get_str(r->head, "source", "")), 0, &source) < 0) {
        source = 0;
    }
    told_heading(r, 1,
                 r->drill ? told_say(r, "事件报告（演练）", "Incident report (drill)")
                          : told_say(r, "事件报告", "Incident report"));
    told_field(r, "地点", "Place", told_place(r));
    point_field(r);
    told_field(r, "报警", "Alarm",
               rule.v == KT_NONE ? kt_json_get_str(r->head, "rule", "")
               : r->en           ? r->c->site->rules[rule.v].title.en
                                 : r->c->site->rules[rule.v].title.zh);
    (void)snprintf(text, sizeof(text), "%lld", (long long)r->id);
    told_field(r, "编号", "No.", text);
    told_time(r, "源时刻", "Own time", source);
    told_time(r, "启动时刻", "Began", r->began);
    alarm_fields(r);
    write_steps(r);
    write_listed(r);
    write_incident_trend(r);
}
