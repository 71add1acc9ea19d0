/* SPDX-License-Identifier: Apache-2.0 */
#include "api/words.h"
#include "api/words_rows.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "site/site.h"

enum { HOLES_MAX = 7, DEPTH_MAX = 2, TEXT_MAX = 1200 };

static const struct words_row rows[] = {
    /* a start */
    {"{}/journal is empty or gone, but a checkpoint of event {} stands beside it; put the journal "
     "back or "
     "restore a backup (to begin anew all the same: move {} away)",
     "{1}/journal 为空或已丢失，但旁边有事件 {2} 的检查点；"
     "请放回日志或从备份恢复（确要重新开始：移走 {3}）"},
    /* cameras */
    {"no camera is called \"{}\"", "没有摄像头“{1}”"},
    {"no place is called \"{}\"", "没有地点“{1}”"},
    {"cameras is a list of one to {} ids", "cameras 须为一至 {1} 个编号"},
    {"camera {} has given no picture yet", "摄像头 {1} 还没有画面"},
    {"{} screens look at camera {} already", "已有 {1} 个画面在看摄像头 {2}"},
    {"the picture could not be made ({}, {})", "图片生成失败（{1}，{2}）"},
    {"{} is not there; cameras need the program kuangtu-camera",
     "没有 {1}；摄像头需要程序 kuangtu-camera"},
    {"this event has no recording", "该事件没有录音"},
    {"the recording was erased", "录音已删除"},
    {"no phone is there", "那里没有电话"},
    {"talk: no recording of this call is kept", "没有保存这次通话的录音"},
    {"who hears a recording is written down; ask again", "听录音须先记入日志，请重试"},
    {"nothing of this name was kept for the alarm", "该报警没有保存这个文件"},
    {"the picture was erased after its days", "图片已超过保存天数，已删除"},
    {"more than {} alarms; take a shorter span", "报警超过 {1} 条，请缩短时间范围"},
    {"month is like 2026-11", "月份形如 2026-11"},
    {"who looks at attendance is written down; ask again", "查看考勤须先留痕，请再试一次"},
    {"format is json or gpkg", "format 须为 json 或 gpkg"},
    /* what if */
    {"there is no airway \"{}\"", "没有风路“{1}”"},
    {"{} has no fan", "{1} 没有风机"},
    {"{}: the fan has no curve to reverse", "{1}：风机没有特性曲线，不能反风"},
    {"fan: run, stop or reverse, not \"{}\"",
     "fan 须为 run（开）、stop（停）或 reverse（反风），不是“{1}”"},
    {"doors_open of {}: 0 to {} leaves", "{1} 的 doors_open：打开 0 至 {2} 道风门"},
    {"r of {}: a resistance in N s2/m8, 0 or more", "{1} 的 r：风阻 N·s²/m⁸，不小于 0"},
    {"{}: say fan, doors_open or r", "{1}：请给出 fan、doors_open 或 r"},
    {"fire.minutes: 1 to {}", "fire.minutes：1 至 {1}"},
    {"set: at most {} changes", "set：最多 {1} 项变动"},
    {"set: a list of changes", "set 须为变动的列表"},
    {"the airflow as it is cannot be solved: {}", "现状风流无法解算：{1}"},
    /* plans of drainage */
    {"the solver gave no plan: {}", "求解器没有给出方案：{1}"},
    {"line {} of the plan is too long", "分月计划第 {1} 行过长"},
    {"line {} of the plan is month,hole or user,id,m3: 2026-12,hole,H-1,172800",
     "分月计划第 {1} 行应为“月,hole 或 user,编号,纯量”：2026-12,hole,H-1,172800"},
    {"more than {} records of {}", "{2} 的记录超过 {1} 条"},
    /* several nodes */
    {"this node follows; run it where {} is active", "本节点为备用；请在主用节点 {1} 上执行"},
    {"no node is active at this moment; send once more", "此刻没有主用节点，请再发一次"},
    {"the active node {} does not answer: it may have been done",
     "主用节点 {1} 没有应答：可能已经执行"},
    /* mines over several nodes */
    {"no mine is called \"{}\"", "没有煤矿“{1}”"},
    {"no node has {} at this moment; once more", "此刻没有节点承担 {1}，请再试一次"},
    {"node {}, which has this mine, does not answer", "承担该煤矿的节点 {1} 没有应答"},
    {"the nodes of the region do not know each other yet; once more",
     "区域各节点尚未互相识别，请再试一次"},
    {"a stream is opened at node {} itself: {}", "实时数据流请直接向节点 {1} 打开：{2}"},
    {"this node takes no part in the region's division", "本节点没有参加区域的煤矿分配"},
    {"this node begins; once more", "本节点正在启动，请再试一次"},
    /* log-in, accounts */
    {"log in first", "请先登录"},
    {"the session has ended; log in again", "会话已结束，请重新登录"},
    {"user or password is wrong", "用户名或口令错误"},
    {"too many sessions", "会话过多"},
    {"too many wrong passwords; this user can log in again in {} minutes at the latest",
     "口令错误次数过多，该用户最迟 {1} 分钟后可再登录"},
    {"too many logins from this address: {} a minute are allowed (accounts.logins_per_minute); try "
     "again in {} s",
     "该地址登录过于频繁：每分钟最多 {1} 次（accounts.logins_per_minute），请 {2} 秒后再试"},
    {"too many searches, queries and exports: {} a minute are allowed "
     "(accounts.queries_per_minute); try again in {} s",
     "检索、查询和导出过于频繁：每分钟最多 {1} 次（accounts.queries_per_minute），请 {2} 秒后再试"},
    {"too many requests: {} a minute are allowed (accounts.requests_per_minute); try again in {} s",
     "请求过于频繁：每分钟最多 {1} 次（accounts.requests_per_minute），请 {2} 秒后再试"},
    {"the new password is the present one", "新口令与现口令相同"},
    {"the present password is wrong", "现口令不对"},
    {"the password must be changed first: POST /api/v1/password", "须先修改口令"},
    {"a password has at least {} characters", "口令至少 {1} 个字符"},
    {"a password has three of: small letters, capitals, digits, others",
     "口令须含小写字母、大写字母、数字、其他字符中的三类"},
    {"a password does not hold the user's name", "口令不得包含用户名"},
    {"a new user needs a password", "新用户须有口令"},
    {"at most {} roles", "角色最多 {1} 个"},
    {"there is no role \"{}\"; roles are those under people: in site.yaml, and system-admin, "
     "security-admin, auditor",
     "没有角色“{1}”；角色是 site.yaml 的 people 中所列和 system-admin、security-admin、auditor"},
    {"one person holds at most one of system, security and audit administration",
     "系统、安全、审计三员不得由一人兼任"},
    {"user \"{}\" exists already", "用户“{1}”已经存在"},
    {"there is no user \"{}\"", "没有用户“{1}”"},
    {"a user name has 1 to 39 letters, digits, dots, dashes or underscores, and is none of the "
     "program's own (local, kuangtu, signal)",
     "用户名为 1 至 39 个字母、数字、点、横线或下划线，且不得是程序自用的 local、kuangtu、signal"},
    {"one's own password is changed with the present one (POST /password)",
     "修改本人口令须输入现口令"},
    {"user \"{}\" is an administrator; that password is set on the machine itself: kuangtu user "
     "set SITE {} --new-password",
     "“{1}”是管理员，其口令只能在主机上设置：kuangtu user set SITE {2} --new-password"},
    {"user \"{}\" holds rights that you do not; the security administrator sets that password",
     "“{1}”持有您没有的权限，其口令由安全管理员设置"},
    {"users are made and named by the system administrator: the right \"{}\" is needed",
     "账户由系统管理员建立和命名：需要权限“{1}”"},
    {"roles are given by the security administrator, after the user is made: the right \"{}\" is "
     "needed",
     "账户建立后由安全管理员授予角色：需要权限“{1}”"},
    {"nobody changes their own roles", "不能修改自己的角色"},
    {"nobody disables themselves", "不能停用自己"},
    {"user \"{}\" holds another office of administration; the security administrator takes the "
     "role away",
     "“{1}”担任另一管理员，须由安全管理员收回其角色"},
    {"the header X-Kuangtu is missing", "缺少请求头 X-Kuangtu"},
    {"the right \"{}\" is needed; ask the administrator", "需要权限“{1}”，请联系管理员"},
    {"no producer has this token; see links: producers: in site.yaml",
     "没有使用此令牌的数据源，见 site.yaml 的 links: producers"},
    /* every request */
    {"this needs the right output.open", "需要权限 output.open（断开）"},
    {"this needs the right output.close", "需要权限 output.close（合闸）"},
    {"this needs the right output.set", "需要权限 output.set（设定）"},
    {"no evacuation is under way", "没有正在进行的撤离"},
    {"an evacuation that is no drill is under way", "正在实际撤人，不能开始演练"},
    {"an evacuation of {} is under way", "{1}正在撤离"},
    {"no routes are computed yet", "路线还没有算出来"},
    {"{} is in a call already", "{1}正在通话"},
    {"{} has not the right {}", "{1}没有权限 {2}"},
    {"it is over already", "已经结束了"},
    {"{} is {} already", "{1}已经是{2}"},
    {"this card does not call for help", "这张卡没有在呼救"},
    {"this card is not below", "这张卡不在井下"},
    {"this needs the right {}", "需要权限 {1}"},
    {"it was started anew", "已重新启动"},
    {"the stop {} is under way over the same outputs; wait until it is done",
     "相同的输出正在执行“{1}”，请等它完成"},
    {"step \"{}\" at {}: its guard did not hold in {} s",
     "步骤“{1}”（{2}）：条件在 {3} s 内未满足"},
    {"step \"{}\" at {}: not confirmed in {} s", "步骤“{1}”（{2}）：{3} s 内未得到证实"},
    {"step \"{}\": its guard did not hold in {} s", "步骤“{1}”：条件在 {2} s 内未满足"},
    {"step \"{}\": not confirmed in {} s", "步骤“{1}”：{2} s 内未得到证实"},
    {"step \"{}\" at {}: {}", "步骤“{1}”（{2}）：{3}"},
    {"step \"{}\": {}", "步骤“{1}”：{2}"},
    {"{} was opened by {}", "{1} 被 {2} 断开"},
    {"{} was opened at its place", "{1} 被就地断开"},
    {"overtaken by {}", "被“{1}”取代"},
    {"sequence {} is under way over the same outputs ({}); resume it or end it first",
     "顺控 {1} 正在使用相同的输出（{2}）；请先继续或结束它"},
    {"the run does not wait for a confirmation", "这次顺控不在等待确认"},
    {"a stop is not held", "停车顺控不能暂停"},
    {"the run is not going on", "这次顺控没有在进行"},
    {"the run is not held", "这次顺控没有被暂停"},
    {"a stop is not given up", "停车顺控不能放弃"},
    {"{} needs the right {}", "{1} 需要权限 {2}"},
    {"this place is outside the places of {}", "该地点不在 {1} 的管辖范围"},
    {"{} is outside the places of {}", "{1} 不在 {2} 的管辖范围"},
    {"by: who asks is not said", "没有说明请求人"},
    {"verb: {} is not known", "没有这种请求：{1}"},
    {"args: an object is needed", "args 须为对象"},
    {"key: at most {} bytes", "key 最多 {1} 字节"},
    {"{}: write something", "请填写 {1}"},
    {"{}: no point is called {}", "{1}：没有测点 {2}"},
    {"{}: a number above 0", "{1}：须为大于 0 的数"},
    {"use POST /api/v1/reload", "请用 POST /api/v1/reload"},
    /* attachments, work on many records */
    {"what has come is not what was sent: its SHA-256 is {}, not {}; send the file again",
     "收到的文件与发送的不一致：SHA-256 为 {1}，不是 {2}；请重新发送"},
    {"records: a list of numbers of records", "records 须为记录编号的列表"},
    {"there is no register \"{}\"", "没有台账“{1}”"},
    {"from: before to, and at most {} days before it", "from 须早于 to，且最多早 {1} 天"},
    /* commands, interlock, tag-out */
    {"{} may not be closed: {}", "{1} 不能合闸：{2}"},
    {"{} may not be set: what the device holds now is not known", "{1} 不能设定：设备当前值不明"},
    {"{} may not be set: {}", "{1} 不能设定：{2}"},
    {"{} may not be set to {} {}: {} to {} {} are allowed",
     "{1} 不能设为 {2} {3}：允许 {4} 至 {5} {6}"},
    {"{} may not be set to {} {}: from {} {} it goes by {} {} at most",
     "{1} 不能设为 {2} {3}：自 {4} {5} 起每次最多改变 {6} {7}"},
    {"value: a number", "value 须为数"},
    {"{} (not known)", "{1}（状态不明）"},
    {"{} at {} holds it open", "保护 {1}（{2}）使其保持断开"},
    {"tag-out by {}", "{1} 已挂牌"},
    {"the device was not read yet", "尚未读到设备状态"},
    {"{} at {}: not known", "{1}（{2}）：状态未知"},
    {"{} at {}: stands", "{1}（{2}）：尚未解除"},
    {"no such output", "没有此输出"},
    {"output: {} is no output", "{1} 不是输出"},
    {"value: 0 or 1", "值须为 0 或 1"},
    {"{}: command {} is under way", "{1}：命令 {2} 正在执行"},
    {"no command {} waits for a confirmation", "没有待确认的命令 {1}"},
    {"command {} is over or never was", "命令 {1} 已结束或不存在"},
    {"another person than {} confirms", "须由 {1} 以外的人确认"},
    {"the command has expired; ask again", "命令已过期，请重新提出"},
    {"reason: write who works there and why", "请填写谁在作业、为何挂牌"},
    {"{} carries {} tags already", "{1} 已挂 {2} 块牌"},
    {"{} carries no such tag", "{1} 没有此牌"},
    {"{} carries several tags: name one by `tag`", "{1} 挂有多块牌，请用 tag 指明"},
    /* alarms and cards */
    {"no alarm {}; fetch the list again", "没有报警 {1}，请刷新列表"},
    {"no alarm {}", "没有报警 {1}"},
    {"alarm {}: nothing to acknowledge, it is {}", "报警 {1} 无须确认，其状态为 {2}"},
    {"rule {} is statutory: it cannot be shelved", "规则 {1} 为法定报警，不得搁置"},
    {"rule {} is statutory: it cannot be {}", "规则 {1} 为法定报警，不得屏蔽（{2}）"},
    {"a reason is needed: write why it is {}", "请填写原因（{1}）"},
    {"alarm {} is not shelved", "报警 {1} 未搁置"},
    {"rule {} watches no point {}", "规则 {1} 不监视测点 {2}"},
    {"rule {} at this point is out of service already", "此测点的规则 {1} 已停用"},
    {"rule {} at this point is in service", "此测点的规则 {1} 未停用"},
    {"rule: no rule is called {}", "没有规则 {1}"},
    {"alarms: a list of 1 to {} ids", "alarms 为 1 至 {1} 个报警编号"},
    {"alarms: ids are numbers", "报警编号须为数字"},
    {"no card {}", "没有处置卡 {1}"},
    {"card {} is closed", "处置卡 {1} 已关闭"},
    {"card {} is full; close it", "处置卡 {1} 已写满，请关闭"},
    {"the alarm of card {} still stands; it closes after", "处置卡 {1} 的报警尚未解除，不能关闭"},
    {"card {} has no cause and measure yet; write them first",
     "处置卡 {1} 尚未填写原因和措施，请先填写"},
    /* calibration */
    {"point: {} is no sensor that is calibrated", "{1} 不是需要调校的传感器"},
    {"{} has an open calibration already", "{1} 已在调校"},
    {"{} calibrates {}; one sensor at a time", "{1} 正在调校 {2}，一人一次只能调校一个传感器"},
    {"too many calibrations are open", "正在进行的调校过多"},
    {"minutes: from 1 to {}", "分钟数为 1 至 {1}"},
    {"gas: which gas is used", "请填写标准气样"},
    {"no such calibration is open", "没有这项正在进行的调校"},
    {"another person than {} extends it", "须由 {1} 以外的人延长"},
    /* limits */
    {"{} has no limit {}", "{1} 没有限值 {2}"},
    {"name: no limit is called {}", "没有限值名 {1}"},
    {"value: not within the measuring range of {}", "值超出 {1} 的量程"},
    {"value: not within the measuring range", "值超出量程"},
    {"{} of {}: {} is looser than {} of {} {}", "{2} 的 {1}：{3} 宽于 {5} {6} 规定的 {4}"},
    {"{} of {}: restore would lie beyond cut", "{2} 的 {1}：复电值将越过断电值"},
    {"too many proposals are open; decide on some first", "待审批的限值修改过多，请先审批"},
    {"no such proposal is open", "没有这项待审批的修改"},
    {"another person than {} approves", "须由 {1} 以外的人批准"},
    /* values by hand, drills, handover, consoles */
    {"{} is a cut-off sensor: no value by hand", "{1} 是断电传感器，不得手动置数"},
    {"{} proves what is switched: no value by hand", "{1} 用于证实开关状态，不得手动置数"},
    {"{} is reset at its place only: no value by hand", "{1} 只能就地复位，不得手动置数"},
    {"{} is counted by the program itself: no value by hand", "{1} 由程序自身统计，不得手动置数"},
    {"{} has no value set by hand", "{1} 没有手动置数"},
    {"the drill \"{}\" is under way", "演练“{1}”正在进行"},
    {"no drill is under way", "没有正在进行的演练"},
    {"drill: no drill is under way", "没有正在进行的演练"},
    {"to: another person than `from`", "交班人与接班人不得为同一人"},
    {"console: the name of the console, at most {} bytes", "席位名最多 {1} 字节"},
    {"too many consoles", "席位过多"},
    {"seconds: from 0 to {}", "秒数为 0 至 {1}"},
    {"{} is muted already; it cannot be made longer", "{1} 已静音，不能再延长"},
    {"passed: true or false", "passed 须为 true 或 false"},
    /* what is looked for */
    {"{} is no methane sensor", "{1} 不是甲烷传感器"},
    {"{} has told nothing for a minute", "{1} 一分钟内没有数据"},
    {"there is no point \"{}\"", "没有测点“{1}”"},
    {"there is no place \"{}\"", "没有地点“{1}”"},
    {"there is no output \"{}\"", "没有输出“{1}”"},
    {"there is no card {}", "没有处置卡 {1}"},
    {"there is no job {}", "没有任务 {1}"},
    {"there is no shift \"{}\"", "没有班次“{1}”"},
    {"no active alarm has the id {}", "没有编号为 {1} 的活动报警"},
    {"there is no such address", "没有这个地址"},
    {"this site has no authority of its own (kuangtu cert makes one)",
     "本站点没有自己的根证书（用 kuangtu cert 生成）"},
    {"this method is not for this address", "该地址不接受此方法"},
    {"the time range is empty", "时间范围为空"},
    {"\"from\" lies before \"to\"", "起始时间须早于结束时间"},
    {"date is a day like 2026-03-01", "日期写作 2026-03-01"},
    {"the journal has nothing from that time", "日志中没有该时段的内容"},
    {"at most {} points at once", "一次最多 {1} 个测点"},
    {"{} is a whole number from {} to {}", "{1} 须为 {2} 至 {3} 的整数"},
    {"too many screens are connected", "连接的画面过多"},
    {"a back-test is running already", "已有回测正在运行"},
    {"{} replays are under way already", "已有 {1} 个回放正在进行"},
    {"the site was just loaded again; send once more", "站点刚刚重新载入，请再发送一次"},
};

static const char *code_zh(int code)
{
    static const struct {
        int code;
        const char *zh;
    } codes[] = {
        {KT_EINVAL, "内容不合要求"},
        {KT_EPARSE, "不能读取"},
        {KT_EAUTH, "未登录"},
        {KT_EDENIED, "不允许"},
        {KT_ENOTFOUND, "没有找到"},
        {KT_ECONFLICT, "与当前状态冲突"},
        {KT_EEXIST, "已经存在"},
        {KT_ESTATE, "当前状态下不能进行"},
        {KT_EEXPIRED, "已过期"},
        {KT_ELIMIT, "超出限度"},
        {KT_EBUSY, "系统繁忙，请稍后再试"},
        {KT_EIO, "读写失败"},
        {KT_ECORRUPT, "数据损坏"},
        {KT_ENOMEM, "内存不足"},
        {KT_EINTERNAL, "程序内部错误"},
        {KT_EUNSUPPORTED, "不支持"},
        {KT_ECLOSED, "已关闭"},
        {KT_EFULL, "存储空间不足"},
        {KT_ETIMEOUT, "没有及时应答"},
        {KT_EPASSWORD, "须先修改口令"},
        {KT_ENODE, "本节点不是主用节点"},
    };
    for (size_t i = 0; i < KT_ARRAY_LEN(codes); i++) {
        if (codes[i].code == code) {
            return codes[i].zh;
        }
    }
    return "程序内部错误";
}

/* Does the text fit? Each hole takes as little as it can, the last one the rest. */
static bool fits(const char *en, const char *text, struct kt_str holes[HOLES_MAX])
{
    int n = 0;
    while (*en) {
        if (en[0] != '{') {
            if (*en++ != *text++) {
                return false;
            }
            continue;
        }
        en += 2;
        size_t lit = strcspn(en, "{");
        const char *end = text + strlen(text);
        if (lit) {
            char next[256];
            snprintf(next, sizeof(next), "%.*s", (int)lit, en);
            end = en[lit]                                           ? strstr(text, next)
                  : strlen(text) >= lit && !strcmp(end - lit, next) ? end - lit
                                                                    : NULL;
        }
        if (!end || n == HOLES_MAX) {
            return false;
        }
        holes[n++] = (struct kt_str){text, (size_t)(end - text)};
        text = end;
    }
    return *text == '\0';
}

/* What a rule, an interlock or a step is called or says, in Chinese; NULL: nothing says that. */
static const char *of_site(const struct kt_site *site, const char *text)
{
    for (uint32_t i = 0; site && i < site->rules_n; i++) {
        const struct kt_rule *r = &site->rules[i];
        if (strcmp(r->id, text) == 0) {
            return r->title.zh;
        }
        if (r->interlock && strcmp(r->cause.en, text) == 0) {
            return r->cause.zh;
        }
    }
    for (uint32_t i = 0; site && i < site->sequences_n; i++) {
        const struct kt_sequence *q = &site->sequences[i];
        if (strcmp(q->id, text) == 0) {
            return q->title.zh;
        }
        for (uint32_t k = 0; k < q->steps_n; k++) {
            const struct kt_seq_step *s = &q->steps[k];
            const struct kt_text *fits = !strcmp(s->title.en, text)    ? &s->title
                                         : !strcmp(s->reason.en, text) ? &s->reason
                                                                       : NULL;
            if (fits) {
                return fits->zh;
            }
        }
    }
    return NULL;
}

static void say(const struct kt_site *site, struct kt_buf *out, const char *text, int depth);

static void fill(const struct kt_site *site, struct kt_buf *out, const char *zh,
                 const struct kt_str holes[HOLES_MAX], int depth)
{
    char inner[TEXT_MAX];
    for (; *zh; zh++) {
        if (zh[0] == '{' && zh[1] >= '1' && zh[1] <= '0' + HOLES_MAX && zh[2] == '}') {
            struct kt_str h = holes[zh[1] - '1'];
            snprintf(inner, sizeof(inner), "%.*s", (int)h.n, h.p);
            say(site, out, inner, depth + 1);
            zh += 2;
        } else {
            kt_put_u8(out, (uint8_t)*zh);
        }
    }
}

static const char *of_rows(const struct words_row *list, size_t n, const char *text,
                           struct kt_str holes[HOLES_MAX])
{
    for (size_t i = 0; i < n; i++) {
        if (fits(list[i].en, text, holes)) {
            return list[i].zh;
        }
    }
    return NULL;
}

/* The Chinese of a text, or the text itself. A hole may hold a text of its own (an interlock). */
static void say(const struct kt_site *site, struct kt_buf *out, const char *text, int depth)
{
    struct kt_str holes[HOLES_MAX];
    const char *own = depth > 0 ? of_site(site, text) : NULL;
    if (own) {
        kt_buf_puts(out, own);
        return;
    }
    const char *zh = depth < DEPTH_MAX ? of_rows(rows, KT_ARRAY_LEN(rows), text, holes) : NULL;
    if (!zh && depth < DEPTH_MAX) {
        zh = of_rows(words_check, words_check_n, text, holes);
    }
    if (zh) {
        fill(site, out, zh, holes, depth);
    } else {
        kt_buf_puts(out, text);
    }
}

bool words_known_zh(const char *text, char *to, size_t cap)
{
    struct kt_buf b;
    kt_buf_init(&b, TEXT_MAX * 2);
    say(NULL, &b, text, 0);
    bool known = strcmp(kt_buf_cstr(&b), text) != 0;
    snprintf(to, cap, "%s", kt_buf_cstr(&b));
    kt_buf_done(&b);
    return known;
}

const char *words_zh(const struct kt_site *site, int code, const char *text, char *to, size_t cap)
{
    struct kt_buf b;
    kt_buf_init(&b, TEXT_MAX * 2);
    say(site, &b, text, 0);
    bool plain = strcmp(kt_buf_cstr(&b), text) == 0;
    if (plain && strcmp(text, kt_err_text(code)) == 0) {
        snprintf(to, cap, "%s", code_zh(code));
    } else {
        snprintf(to, cap, "%s%s%s", plain ? code_zh(code) : "", plain ? "：" : "", kt_buf_cstr(&b));
    }
    kt_buf_done(&b);
    return to;
}
