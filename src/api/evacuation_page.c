/* SPDX-License-Identifier: Apache-2.0 */
/* Of an evacuation or a drill: who was to come up, who did, minute by minute. */
#include <stdio.h>

#include "api/incident_report.h"
#include "api/private.h"

static void write_minutes(struct incident_report *r)
{
    const char *heads[] = {told_say(r, "分钟", "Minute"), told_say(r, "出井", "Came up"),
                           told_say(r, "仍在井下", "Still below")};
    uint32_t still = (uint32_t)kt_json_get_int(r->head, "persons", 0);
    kt_time until = r->ended ? r->ended : r->story.to;
    int64_t n = (until - r->began) / KT_MIN + 1;
    told_heading(r, 2, told_say(r, "逐分钟人数", "Persons by minute"));
    told_table(r, heads, KT_ARRAY_LEN(heads));
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
    told_table_end(r);
}

void write_evacuation_head(struct incident_report *r)
{
    char text[160];
    bool may_see = kt_person_may(&r->c->person, "person.see");
    told_heading(r, 1,
                 r->drill ? told_say(r, "撤人演练报告", "Report of an evacuation drill")
                          : told_say(r, "撤人报告", "Report of an evacuation"));
    told_field(r, "地点", "Place", told_place(r));
    told_field(r, "发起", "Started by", kt_json_get_str(r->head, "by", ""));
    told_field(r, "事由", "Reason", kt_json_get_str(r->head, "reason", ""));
    told_time(r, "开始", "Began", r->began);
    told_time(r, "结束", "Ended", r->ended);
    (void)snprintf(text, sizeof(text), "%u", r->total);
    told_field(r, "应撤人数", "Persons", text);
    if (may_see) {
        (void)snprintf(text, sizeof(text), "%u", r->out);
        told_field(r, "期间出井", "Came up", text);
    }
    if (r->last_out) {
        (void)snprintf(text, sizeof(text), "%.48s  +%lld s", r->last,
                       (long long)((r->last_out - r->began) / KT_SEC));
        told_field(r, "最后出井", "Last one up", text);
    }
    if (r->ended) {
        (void)snprintf(text, sizeof(text), "%lld s", (long long)((r->ended - r->began) / KT_SEC));
        told_field(r, "用时", "Took", text);
        (void)snprintf(text, sizeof(text), "%lld", (long long)r->below);
        told_field(r, "结束时仍在井下", "Still below at the end", text);
    }
    if (may_see) {
        write_minutes(r);
    } else { /* what persons did was not told to this report */
        told_line(r, told_say(r, "出井人数与逐分钟人数需要人员查看权限。",
                              "Who came up, by minute, needs the right person.see."));
    }
}
