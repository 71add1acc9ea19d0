/* SPDX-License-Identifier: Apache-2.0 */
/* The report as a document: what both kinds have, and what they are written with. */
#include "api/incident_report.h"

#include <stdio.h>
#include <string.h>

#include "api/private.h"

const char *told_say(const struct incident_report *r, const char *zh, const char *en)
{
    return r->en ? en : zh;
}

void told_field(struct incident_report *r, const char *zh, const char *en, const char *value)
{
    kt_jw_obj(r->w);
    kt_jw_kstr(r->w, "field", told_say(r, zh, en));
    kt_jw_kstr(r->w, "value", value);
    kt_jw_obj_end(r->w);
}

void told_heading(struct incident_report *r, int level, const char *text)
{
    kt_jw_obj(r->w);
    kt_jw_kint(r->w, "heading", level);
    kt_jw_kstr(r->w, "text", text);
    kt_jw_obj_end(r->w);
}

void told_line(struct incident_report *r, const char *text)
{
    kt_jw_obj(r->w);
    kt_jw_kstr(r->w, "text", text);
    kt_jw_obj_end(r->w);
}

void told_table(struct incident_report *r, const char *const *heads, size_t n)
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

void told_table_end(struct incident_report *r)
{
    kt_jw_arr_end(r->w);
    kt_jw_obj_end(r->w);
}

void told_time(struct incident_report *r, const char *zh, const char *en, kt_time t)
{
    char when[32] = "–";
    if (t) {
        story_time(r->c, t, when);
    }
    told_field(r, zh, en, when);
}

const char *told_place(const struct incident_report *r)
{
    kt_place_id at = kt_site_place(r->c->site, kt_str_c(kt_json_get_str(r->head, "place", "")));
    return at.v == KT_NONE ? kt_json_get_str(r->head, "place", "")
           : r->en         ? r->c->site->places[at.v].name.en
                           : r->c->site->places[at.v].name.zh;
}

static void body_row(struct incident_report *r, const struct story_row *row, const char *kind,
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
static void write_bodies(struct incident_report *r)
{
    const char *heads[] = {told_say(r, "时刻", "At"), told_say(r, "类型", "Kind"),
                           told_say(r, "内容", "What"),
                           told_say(r, "文件散列", "Hash of the body")};
    size_t n = 0;
    for (size_t i = 0; i < r->story.n; i++) {
        n += r->story.row[i].body[0] || r->story.row[i].clip[0];
    }
    if (n == 0) {
        return;
    }
    told_heading(r, 2, told_say(r, "图片与录音录像", "Pictures and recordings"));
    told_table(r, heads, KT_ARRAY_LEN(heads));
    for (size_t i = 0; i < r->story.n; i++) {
        const struct story_row *row = &r->story.row[i];
        body_row(r, row,
                 row->picture ? told_say(r, "图片", "picture") : told_say(r, "录音", "recording"),
                 row->body);
        body_row(r, row, told_say(r, "录像", "clip"), row->clip);
    }
    told_table_end(r);
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

static void write_timeline(struct incident_report *r)
{
    char apart[300];
    told_heading(r, 2, told_say(r, "经过", "What happened"));
    told_time(r, "自", "From", r->story.from);
    told_time(r, "至", "To", r->story.to - 1);
    told_line(r, told_say(r, "此后的事件不在本报告中。", "What came later is not in this report."));
    story_apart(&r->story, apart, sizeof(apart));
    if (apart[0]) {
        told_field(r, "同期与此无关、未列入（条）", "Of other things meanwhile, not listed here",
                   apart);
    }
    story_write(&r->story, r->w);
    if (r->story.more) {
        told_line(r, told_say(r, "（事件过多，未全部列出；全部在日志中）",
                              "(There were more; all of them are in the journal)"));
    }
    struct kt_hash chain;
    char hex[65], text[200];
    kt_seq seq;
    kt_journal_head(kt_runtime_journal(r->c->api->opts.runtime), &seq, &chain);
    (void)snprintf(text, sizeof(text), "%s %llu  %s",
                   told_say(r, "日志链头", "Head of the journal's chain"), (unsigned long long)seq,
                   kt_hash_hex(&chain, hex));
    told_line(r, text);
    told_line(r, told_say(r, "编制人（签字）：____________    审核人（签字）：____________",
                          "Written by: ____________    Checked by: ____________"));
}

void write_incident_report(struct incident_report *r, bool evacuation)
{
    kt_jw_obj(r->w);
    kt_jw_kstr(r->w, "title",
               evacuation ? told_say(r, "撤人报告", "Evacuation")
                          : told_say(r, "事件报告", "Incident"));
    kt_jw_kstr(r->w, "paper", "A4");
    kt_jw_key(r->w, "blocks");
    kt_jw_arr(r->w);
    if (evacuation) {
        write_evacuation_head(r);
    } else {
        write_incident_head(r);
    }
    write_bodies(r);
    write_timeline(r);
    kt_jw_arr_end(r->w);
    kt_jw_obj_end(r->w);
}
