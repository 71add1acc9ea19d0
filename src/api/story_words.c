/* SPDX-License-Identifier: Apache-2.0 */
#include "api/story_words.h"

#include <stdio.h>
#include <string.h>

/* Words of the journal, as people read them. */
static const struct {
    const char *id, *zh, *en;
} words[] = {{"alarm", "报警", "alarm"},
             {"command", "控制命令", "command"},
             {"effect", "下发", "sent out"},
             {"latch", "闭锁", "latch"},
             {"unlatch", "解锁", "unlatched"},
             {"card", "处置卡", "card"},
             {"incident", "联动", "linkage"},
             {"evacuation", "撤人", "evacuation"},
             {"announce", "播报", "announcement"},
             {"person", "人员", "person"},
             {"vehicle", "车辆", "vehicle"},
             {"record", "台账", "record"},
             {"call", "通话", "call"},
             {"broadcast", "广播", "broadcast"},
             {"picture", "画面", "picture"},
             {"ask", "要求保存", "asked for"},
             {"kept", "已保存", "kept"},
             {"drill", "演练", "drill"},
             {"handover", "交接班", "handover"},
             {"manual", "手动值", "value by hand"},
             {"note", "记事", "note"},
             {"climb", "逐级通知", "climbing"},
             {"request", "请求", "request"},
             {"recording", "录音查阅", "recording heard"},
             {"site", "站点配置", "site"},
             {"sequence", "顺控", "sequence"},
             {"target", "指标", "target"},
             {"account", "账户", "account"},
             {"posting", "分录", "posting"},
             {"link", "通信链路", "link"},
             {"session", "登录", "login"},
             {"desk", "调度台振铃", "the desk rings"},
             {"ringing", "对方振铃", "rings"},
             {"talking", "通话中", "talking"},
             {"nobody", "无人接到", "nobody was reached"},
             {"raise", "发生", "raised"},
             {"clear", "恢复", "over"},
             {"ack", "确认", "acknowledged"},
             {"again", "再次发生", "came again"},
             {"escalate", "升级", "climbed"},
             {"requested", "已请求", "requested"},
             {"confirmed", "已确认", "confirmed"},
             {"readback", "已回读", "read back"},
             {"proved", "已证实（馈电）", "proved by the feed"},
             {"refused", "被拒绝", "refused"},
             {"expired", "已过期", "expired"},
             {"anomaly", "馈电异常", "feed anomaly"},
             {"open", "打开", "opened"},
             {"close", "关闭", "closed"},
             {"step", "步骤", "step"},
             {"measure", "原因与措施", "cause and measure"},
             {"begin", "启动", "began"},
             {"start", "开始", "started"},
             {"stop", "结束", "ended"},
             {"end", "结束", "ended"},
             {"widen", "扩大", "widened"},
             {"join", "有人进入撤离范围", "somebody came there"},
             {"routes", "撤离路线", "ways out"},
             {"confirm", "确认", "confirmed"},
             {"block", "巷道不通", "blocked"},
             {"in", "入井", "went in"},
             {"out", "出井", "came up"},
             {"lost", "失联", "not heard"},
             {"forbidden", "禁入区域", "where it may not be"},
             {"speeding", "超速", "too fast"},
             {"sos", "呼救", "calls for help"},
             {"calm", "解除呼救", "call ended"},
             {"listed", "列出", "listed"},
             {"look", "查看轨迹", "track looked at"},
             {"create", "新建", "created"},
             {"set", "修改", "changed"},
             {"move", "流转", "moved"},
             {"cut", "断电", "cut"},
             {"people", "人员清单", "persons"},
             {"cameras", "就近视频", "cameras"},
             {"case", "工单", "case"},
             {"waiting", "等待", "waiting"},
             {"sent", "已发出", "sent"},
             {"done", "完成", "done"},
             {"failed", "失败", "failed"},
             {"unavailable", "不可用", "not available"},
             {"no-people", "本站点无人员定位", "this site knows no persons"},
             {"no-switch", "断电范围内无开关", "no switch in the range"},
             {"no-cameras", "本站点无摄像机", "this site has no cameras"},
             {"no-speakers", "本站点无广播", "this site has no speakers"},
             {"no-phone", "本站点无调度电话", "this site has no phone to ring"},
             {"no-register", "本站点无事件台账", "this site has no register of incidents"}};

const char *story_word(const char *id, bool en)
{
    for (size_t i = 0; i < KT_ARRAY_LEN(words); i++) {
        if (strcmp(words[i].id, id) == 0) {
            return en ? words[i].en : words[i].zh;
        }
    }
    return strncmp(id, "no signal", 9) == 0 && !en ? "无信号" : id;
}

static const char *pick(struct kt_text t, bool en)
{
    return en && t.en && *t.en ? t.en : t.zh;
}

/* The subject: the point's or place's own name. */
static const char *subject(const struct call *c, const struct kt_json *v, bool en)
{
    const struct kt_site *s = c->site;
    const char *id = kt_json_get_str(v, "point", kt_json_get_str(v, "output", ""));
    kt_point_id p = kt_site_point(s, kt_str_c(id));
    if (p.v != KT_NONE) {
        return pick(s->points[p.v].name, en);
    }
    kt_place_id at = kt_site_place(s, kt_str_c(kt_json_get_str(v, "place", "")));
    return at.v != KT_NONE ? pick(s->places[at.v].name, en) : id;
}

static const char *rule_title(const struct call *c, const struct kt_json *v, bool en)
{
    kt_rule_id r = kt_site_rule(c->site, kt_str_c(kt_json_get_str(v, "rule", "")));
    return r.v != KT_NONE ? pick(c->site->rules[r.v].title, en) : "";
}

static void value_text(const struct kt_json *v, char ret[64])
{
    double d;
    ret[0] = '\0';
    if (kt_json_num(kt_json_get(v, "value"), &d)) {
        (void)snprintf(ret, 64, " %g%s%.20s", d, kt_json_get(v, "unit") ? " " : "",
                       kt_json_get_str(v, "unit", ""));
    }
}

static void request_words(bool en, const struct kt_json *v, char ret[STORY_TEXT])
{
    const struct kt_json *args = kt_json_get(v, "args");
    const char *text = kt_json_get_str(args, "reason", kt_json_get_str(args, "note", ""));
    text = *text ? text : kt_json_get_str(args, "text", "");
    const char *what = kt_json_get_str(args, "output", kt_json_get_str(args, "place", ""));
    (void)snprintf(ret, STORY_TEXT, "%s %.60s %.60s %.150s", en ? "request" : "请求",
                   kt_json_get_str(v, "verb", ""), what, text);
}

/* What a point has latched: its subject is the point, the output stands behind. */
static void output_words(const struct call *c, const struct kt_json *v, bool en,
                         char ret[STORY_TEXT])
{
    kt_point_id out = kt_site_point(c->site, kt_str_c(kt_json_get_str(v, "output", "")));
    size_t n = strlen(ret);
    if (kt_json_get(v, "point") && out.v != KT_NONE) {
        (void)snprintf(ret + n, STORY_TEXT - n, "→ %.100s", pick(c->site->points[out.v].name, en));
    }
}

/* What became of a call or a broadcast; that words were said to their end says its end already. */
static void result_words(const struct kt_json *v, bool en, char ret[STORY_TEXT])
{
    static const struct {
        const char *id, *zh, *en;
    } results[] = {{"hung-up", "挂断", "hung up"},
                   {"no-answer", "无人接听", "not answered"},
                   {"busy", "占线", "busy"},
                   {"declined", "拒接", "declined"},
                   {"failed", "失败", "failed"},
                   {"redirected", "被转到别处，已拒绝", "sent elsewhere: refused"},
                   {"no-sound", "语音不通", "no sound in common"},
                   {"no-speech", "无法合成语音", "the words cannot be spoken"},
                   {"no-link", "通信链路未响应", "the link did not answer"},
                   {"not-allowed", "被拒绝（账号）", "refused (account)"},
                   {"no-address", "没有地址", "no address"},
                   {"outranked", "被应急广播打断", "an emergency took over"},
                   {"restart", "程序重启", "program restarted"},
                   {"late", "超时", "took too long"},
                   {"lost", "线路失去声音", "line fell silent"},
                   {"heard", "已按键确认听到", "heard, key pressed"},
                   {"spoken", "已接听并播完", "answered, all said"},
                   {"accepted", "已受理", "accepted"}};
    const char *result = kt_json_get_str(v, "result", ""), *who = "";
    size_t n = strlen(ret);
    if (!result[0] || strcmp(result, "ended") == 0) {
        return;
    }
    if (strncmp(result, "desk-", 5) == 0) {
        result += 5;
        who = en ? "desk phone: " : "调度台话机：";
    }
    for (size_t i = 0; i < KT_ARRAY_LEN(results); i++) {
        if (strcmp(result, results[i].id) == 0) {
            result = en ? results[i].en : results[i].zh;
            break;
        }
    }
    (void)snprintf(ret + n, STORY_TEXT - n, en ? " · %s%.60s" : " · %s%.90s", who, result);
}

/* Phones and speakers that did not answer, by name, as far as the line has room. */
static void silent_words(const struct call *c, const struct kt_json *v, bool en,
                         char ret[STORY_TEXT])
{
    const struct kt_json *list = kt_json_get(v, "silent");
    for (size_t i = 0; i < kt_json_len(list); i++) {
        size_t n = strlen(ret);
        kt_point_id p = kt_site_point(c->site, kt_json_strn(kt_json_at(list, i)));
        const char *name = p.v == KT_NONE ? "" : pick(c->site->points[p.v].name, en);
        const char *before = i ? (en ? ", " : "、") : en ? " · silent: " : " · 未应答：";
        if (n + strlen(before) + strlen(name) + 8 > STORY_TEXT) {
            (void)snprintf(ret + n, STORY_TEXT - n, "…");
            return;
        }
        (void)snprintf(ret + n, STORY_TEXT - n, "%s%s", before, name);
    }
}

void story_words(const struct call *c, bool en, const struct kt_event *ev, const struct kt_json *v,
                 char ret[STORY_TEXT])
{
    char value[64];
    if (ev->kind == KT_EV_REQUEST) {
        request_words(en, v, ret);
        return;
    }
    const char *change = kt_json_get_str(v, "change", kt_json_get_str(v, "state", ""));
    const char *step = kt_json_get_str(v, "step", ""), *text = kt_json_get_str(v, "text", "");
    const char *type = kt_json_get_str(v, "type", "");
    const char *state = *step ? kt_json_get_str(v, "state", "") : "";
    const char *who = kt_json_get_str(v, "person", kt_json_get_str(v, "card", ""));
    who = kt_json_get_str(v, "vehicle", who);
    value_text(v, value);
    text = en && kt_json_get(v, "text_en") ? kt_json_get_str(v, "text_en", "") : text;
    (void)snprintf(ret, STORY_TEXT, "%s %s%s%s%s%s %.80s %.60s%s%.40s%s %.150s",
                   story_word(type, en), story_word(change, en), *step ? " " : "",
                   story_word(step, en), *state ? " " : "", story_word(state, en),
                   subject(c, v, en), rule_title(c, v, en), *who ? " " : "", who, value,
                   story_word(text, en));
    output_words(c, v, en, ret);
    result_words(v, en, ret);
    silent_words(c, v, en, ret);
}

void story_who(const struct kt_event *ev, const struct kt_json *v, char ret[80])
{
    const struct kt_json *by = kt_json_get(v, "by");
    const char *name = kt_json_obj(by) ? kt_json_get_str(by, "name", "") : kt_json_str(by);
    const char *user = kt_json_obj(by) ? kt_json_get_str(by, "user", "") : "";
    (void)ev;
    (void)snprintf(ret, 80, "%.76s", name && *name ? name : user);
}
