/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /personnel/attendance: who was below on which day of a month and how long, and which leader
 * led which shift there, as two sheets in the form that a mine keeps. It is what the engine said of
 * going in and coming out; who looks at it is written down like a look at a track, and what cannot
 * be written down is not shown.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/personnel.h"
#include "api/records.h"

enum { DAYS = 31, PERSONS_MAX = 20000, STAYS_MAX = 400000, JSON_MAX = 64 << 20, NAME = 64 };

/* Once below, from in to out. */
struct stay {
    uint32_t person; /* index */
    kt_time in, out; /* out 0: nobody said that it came up */
    uint32_t others;
    bool leader, hidden; /* hidden: from who asks */
    char shift[32], relieved[32];
};
struct person {
    uint32_t last;                                /* stay; KT_NONE: none */
    char id[32], name[NAME], trade[40], team[40]; /* id: the person's number, else the card's */
};
struct sheet {
    struct call *c;
    bool en;
    int year, month;
    kt_time from, to;
    struct stay *stay;
    struct person *person;
    uint32_t stays, stays_cap, persons, persons_cap, below; /* below: stays without an out */
    bool more;
    struct kt_map *index;
    struct kt_jw *w;
};

static const char *say(const struct sheet *s, const char *zh, const char *en)
{
    return s->en ? en : zh;
}

/* ---- what the engine said ---- */

static void *grow(void *p, uint32_t n, uint32_t *cap, size_t size)
{
    if (n == *cap) {
        *cap = *cap ? *cap * 2 : 256;
        p = realloc(p, *cap * size);
        KT_ASSERT(p);
    }
    return p;
}

static uint32_t person_of(struct sheet *s, const char *id)
{
    uint64_t at;
    if (kt_map_get(s->index, kt_str_c(id), &at)) {
        return (uint32_t)at;
    }
    if (s->persons == PERSONS_MAX) {
        s->more = true;
        return KT_NONE;
    }
    s->person = grow(s->person, s->persons, &s->persons_cap, sizeof(*s->person));
    struct person *p = &s->person[s->persons];
    *p = (struct person){.last = KT_NONE};
    kt_text_set(p->id, sizeof(p->id), id);
    kt_map_set(s->index, kt_str_c(p->id), s->persons);
    return s->persons++;
}

/* The stay that an outcome is about: one that began with a word before this, or a new one; NULL:
 * not of the month, or there is no room. */
static struct stay *stay_of(struct sheet *s, const char *person, kt_time in, bool out)
{
    uint32_t p = in && in < s->to ? person_of(s, person) : KT_NONE;
    struct stay *was =
        p == KT_NONE || s->person[p].last == KT_NONE ? NULL : &s->stay[s->person[p].last];
    if (was && !was->out && out) {
        s->below--;
        return was;
    }
    if (p == KT_NONE || in < s->from) {
        return NULL;
    }
    if (s->stays == STAYS_MAX) {
        s->more = true;
        return NULL;
    }
    s->stay = grow(s->stay, s->stays, &s->stays_cap, sizeof(*s->stay));
    s->person[p].last = s->stays;
    s->stay[s->stays] = (struct stay){.person = p};
    s->below += !out;
    return &s->stay[s->stays++];
}

static void take(struct sheet *s, const struct kt_json *v)
{
    const char *person = kt_json_get_str(v, "person", kt_json_get_str(v, "card", ""));
    const char *place = kt_json_get_str(v, "place", "");
    bool out = strcmp(kt_json_get_str(v, "change", ""), "out") == 0;
    kt_time in = kt_json_get_time(v, out ? "in" : "at");
    struct stay *one = person[0] ? stay_of(s, person, in, out) : NULL;
    if (!one) {
        return;
    }
    one->in = in; /* the one of its end counts: the subsystem may know of an earlier one */
    one->out = out ? kt_json_get_time(v, "at") : 0;
    one->others = (uint32_t)kt_json_get_int(v, "others", 0);
    one->leader = kt_json_get_bool(v, "leader", false);
    one->hidden = in < s->from || !(place[0] ? may_see_place(s->c, place) : may_see_all(s->c));
    kt_text_set(one->shift, sizeof(one->shift), kt_json_get_str(v, "shift", ""));
    kt_text_set(one->relieved, sizeof(one->relieved), kt_json_get_str(v, "relieved", ""));
}

static bool in_or_out(struct kt_str body)
{
    static const char head[] = "{\"type\":\"person\"", *const changes[] = {"\"change\":\"out\"",
                                                                           "\"change\":\"in\""};
    return body.n > sizeof(head) && memcmp(body.p, head, sizeof(head) - 1) == 0 &&
           (memmem(body.p, body.n, changes[0], strlen(changes[0])) ||
            memmem(body.p, body.n, changes[1], strlen(changes[1])));
}

static void keep_seen(struct sheet *s)
{
    uint32_t n = 0;
    s->below = 0;
    for (uint32_t i = 0; i < s->stays; i++) {
        if (!s->stay[i].hidden) {
            s->stay[n++] = s->stay[i];
            s->below += !s->stay[i].out;
        }
    }
    s->stays = n;
}

/* Who went in at the end of the month comes up in the next: read beyond it, a month at most, while
 * somebody has not come up. */
static int read_all(struct sheet *s, struct kt_err *err)
{
    struct kt_journal *j = kt_runtime_journal(s->c->api->opts.runtime);
    struct kt_journal_reader *reader;
    struct kt_event ev;
    kt_seq seq = 0;
    int r = kt_journal_find(j, NULL, s->from, &seq, err);
    if (r < 0 || seq == 0) {
        return r;
    }
    r = kt_journal_read(j, NULL, seq, &reader, err);
    if (r < 0) {
        return r;
    }
    while ((r = kt_journal_next_of(reader, 1u << KT_EV_OUTCOME, &ev, err)) == 1 &&
           (ev.time < s->to + 3 * KT_DAY || (s->below && ev.time < s->to + DAYS * KT_DAY))) {
        struct kt_json *v = NULL;
        if (in_or_out(ev.body) && kt_json_parse(ev.body, 1 << 16, &v, NULL) == KT_OK) {
            take(s, v);
        }
        kt_json_free(v);
    }
    kt_journal_reader_free(reader);
    keep_seen(s);
    return r < 0 ? r : KT_OK;
}

/* ---- names ---- */

/* As the register had them at `at` (0: now), where nothing is known yet. */
static void learn_names_at(struct sheet *s, kt_time at)
{
    struct kt_room *room = kt_runtime_room(s->c->api->opts.runtime);
    struct kt_reader who = reader_of(s->c);
    const struct kt_record_query q = {.sort = "_id", .limit = PERSONS_MAX, .at = at};
    struct kt_json *list = NULL;
    struct kt_err err;
    if (!room || list_json(room, &who, "below_person", &q, &list, &err) < 0) {
        return; /* who may not see the register sees numbers */
    }
    const struct kt_json *items = kt_json_get(list, "items");
    for (size_t i = 0; i < kt_json_len(items); i++) {
        const struct kt_json *f = kt_json_get(kt_json_at(items, i), "fields");
        uint64_t p;
        if (kt_map_get(s->index, kt_json_strn(kt_json_get(f, "no")), &p) && !s->person[p].name[0]) {
            kt_text_set(s->person[p].name, sizeof(s->person[p].name),
                        kt_json_get_str(f, "name", ""));
            kt_text_set(s->person[p].team, sizeof(s->person[p].team),
                        kt_json_get_str(f, "team", ""));
        }
    }
    kt_json_free(list);
}

/* The team is that of the month's end; who was entered later has the one of today. */
static void learn_names(struct sheet *s)
{
    if (s->to <= kt_runtime_now(s->c->api->opts.runtime)) {
        learn_names_at(s, s->to - 1);
    }
    learn_names_at(s, 0);
}

/* ---- the sheets ---- */

static const char *shift_name(const struct sheet *s, const char *id)
{
    const struct kt_site *site = s->c->site;
    for (uint32_t i = 0; i < site->shifts_n; i++) {
        if (strcmp(site->shifts[i].id, id) == 0) {
            return s->en ? site->shifts[i].name.en : site->shifts[i].name.zh;
        }
    }
    return id;
}

/* The first letter of a shift's name: 早, 中, 夜. */
static void shift_mark(const struct sheet *s, const char *id, char ret[8])
{
    const char *name = shift_name(s, id);
    size_t n = 1;
    while (((unsigned char)name[n - 1]) && ((unsigned char)name[n] & 0xc0) == 0x80 && n < 6) {
        n++;
    }
    snprintf(ret, 8, "%.*s", (int)n, name);
}

static int day_of(const struct sheet *s, kt_time t)
{
    return kt_civil_of(t, s->c->site->utc_offset_s).day;
}

static double hours(const struct stay *x)
{
    return x->out ? (double)(x->out - x->in) / (double)KT_HOUR : 0;
}

static void heads(struct sheet *s)
{
    static const char *const names[][2] = {
        {"序号", "No."}, {"人员编号", "Number"}, {"姓名", "Name"}, {"班组", "Team"}};
    kt_jw_key(s->w, "columns");
    kt_jw_arr(s->w);
    for (size_t i = 0; i < KT_ARRAY_LEN(names); i++) {
        kt_jw_str(s->w, names[i][s->en]);
    }
    for (int d = 1; d <= day_of(s, s->to - 1); d++) {
        char text[8];
        snprintf(text, sizeof(text), "%d", d % 100);
        kt_jw_str(s->w, text);
    }
    kt_jw_str(s->w, say(s, "下井次数", "Times below"));
    kt_jw_str(s->w, say(s, "井下工时", "Hours below"));
    kt_jw_arr_end(s->w);
}

/* One person: each day the mark of the shift and the hours. */
static void person_row(struct sheet *s, uint32_t p, const uint32_t *list, uint32_t n, uint32_t no)
{
    char day[DAYS + 1][80] = {{0}}, text[32];
    double sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct stay *x = &s->stay[list[i]];
        char mark[8], *to = day[day_of(s, x->in)];
        size_t at = strlen(to);
        shift_mark(s, x->shift, mark);
        sum += hours(x);
        if (x->out) {
            snprintf(text, sizeof(text), "%s%s%.1f", at ? " " : "", mark, hours(x));
        } else {
            snprintf(text, sizeof(text), "%s%s%s", at ? " " : "", mark, say(s, "未升井", "?"));
        }
        kt_text_set(to + at, sizeof(day[0]) - at, text);
    }
    kt_jw_arr(s->w);
    snprintf(text, sizeof(text), "%u", no);
    kt_jw_str(s->w, text);
    kt_jw_str(s->w, s->person[p].id);
    kt_jw_str(s->w, s->person[p].name);
    kt_jw_str(s->w, s->person[p].team);
    for (int d = 1; d <= day_of(s, s->to - 1); d++) {
        kt_jw_str(s->w, day[d]);
    }
    snprintf(text, sizeof(text), "%u", n);
    kt_jw_str(s->w, text);
    snprintf(text, sizeof(text), "%.1f", sum);
    kt_jw_str(s->w, text);
    kt_jw_arr_end(s->w);
}

static int by_person(const void *a, const void *b, void *arg)
{
    const struct sheet *s = arg;
    const struct stay *x = &s->stay[*(const uint32_t *)a], *y = &s->stay[*(const uint32_t *)b];
    int by = x->person == y->person ? 0 : strcmp(s->person[x->person].id, s->person[y->person].id);
    return by ? by : x->in != y->in ? (x->in < y->in ? -1 : 1) : 0;
}

static void attendance(struct sheet *s)
{
    uint32_t *list = calloc(s->stays + 1, sizeof(*list)), no = 0;
    KT_ASSERT(list);
    for (uint32_t i = 0; i < s->stays; i++) {
        list[i] = i;
    }
    qsort_r(list, s->stays, sizeof(*list), by_person, s);
    kt_jw_obj(s->w);
    heads(s);
    kt_jw_key(s->w, "rows");
    kt_jw_arr(s->w);
    for (uint32_t i = 0, n; i < s->stays; i += n) {
        uint32_t p = s->stay[list[i]].person;
        for (n = 1; i + n < s->stays && s->stay[list[i + n]].person == p; n++) {
        }
        person_row(s, p, list + i, n, ++no);
    }
    kt_jw_arr_end(s->w);
    kt_jw_obj_end(s->w);
    free(list);
}

/* A number of the register with its name, where who asks sees it. */
static const char *named(struct sheet *s, const char *id)
{
    uint64_t at;
    bool known = id[0] && kt_map_get(s->index, kt_str_c(id), &at) && s->person[at].name[0];
    return known ? kt_arena_printf(s->c->arena, "%s %s", id, s->person[at].name) : id;
}

static void leader_row(struct sheet *s, const struct stay *x)
{
    char in[40], out[40], text[40];
    kt_time_fmt_local(x->in, s->c->site->utc_offset_s, in);
    kt_time_fmt_local(x->out, s->c->site->utc_offset_s, out);
    kt_jw_arr(s->w);
    snprintf(text, sizeof(text), "%.10s", in);
    kt_jw_str(s->w, text);
    kt_jw_str(s->w, shift_name(s, x->shift));
    kt_jw_str(s->w, named(s, s->person[x->person].id));
    snprintf(text, sizeof(text), "%.5s", in + 11);
    kt_jw_str(s->w, text);
    snprintf(text, sizeof(text), "%.16s", out);
    kt_jw_str(s->w, text);
    snprintf(text, sizeof(text), "%.1f", hours(x));
    kt_jw_str(s->w, text);
    kt_jw_str(s->w, x->relieved[0] ? named(s, x->relieved) : "");
    snprintf(text, sizeof(text), "%u", x->others);
    kt_jw_str(s->w, text);
    kt_jw_arr_end(s->w);
}

static void leaders(struct sheet *s)
{
    static const char *const names[][2] = {
        {"日期", "Day"},           {"班次", "Shift"},
        {"带班领导", "Leader"},    {"入井", "In"},
        {"升井", "Out"},           {"时长 h", "Hours"},
        {"交接给", "Relieved by"}, {"升井时井下人数", "Others below"}};
    kt_jw_obj(s->w);
    kt_jw_key(s->w, "columns");
    kt_jw_arr(s->w);
    for (size_t i = 0; i < KT_ARRAY_LEN(names); i++) {
        kt_jw_str(s->w, names[i][s->en]);
    }
    kt_jw_arr_end(s->w);
    kt_jw_key(s->w, "rows");
    kt_jw_arr(s->w);
    for (uint32_t i = 0; i < s->stays; i++) {
        if (s->stay[i].leader) {
            leader_row(s, &s->stay[i]);
        }
    }
    kt_jw_arr_end(s->w);
    kt_jw_obj_end(s->w);
}

static void heading(struct sheet *s, const char *text)
{
    kt_jw_obj(s->w);
    kt_jw_kint(s->w, "heading", 2);
    kt_jw_kstr(s->w, "text", text);
    kt_jw_obj_end(s->w);
}

static void note(struct sheet *s, const char *text)
{
    kt_jw_obj(s->w);
    kt_jw_kstr(s->w, "text", text);
    kt_jw_obj_end(s->w);
}

static void write_sheets(struct sheet *s)
{
    const struct kt_site *site = s->c->site;
    kt_jw_obj(s->w);
    kt_jw_kstr(s->w, "title",
               kt_arena_printf(s->c->arena,
                               s->en ? "%s: attendance below, %d-%02d" : "%s %d年%d月下井考勤表",
                               s->en ? site->name.en : site->name.zh, s->year, s->month));
    kt_jw_kstr(s->w, "paper", "A3");
    kt_jw_key(s->w, "blocks");
    kt_jw_arr(s->w);
    note(s,
         say(s, "每格：班次与井下小时数，按入井日期；来源：人员定位出入井事件。",
             "Each cell: shift and hours below, by the day of going in; from what the tags said."));
    if (s->more) {
        note(s,
             say(s, "人数或次数超过上限，未列全。", "There is more than fits; not all is listed."));
    }
    attendance(s);
    heading(s, say(s, "领导带班下井登记", "Leaders below by shift"));
    leaders(s);
    if (s->below) {
        note(s, say(s, "“未升井”：至制表时没有升井记录，工时未计。",
                    "\"?\": nothing says that this person came up; no hours are counted."));
    }
    note(s, say(s, "制表：____________    审核：____________    日期：____________",
                "Made by: ____________    Checked by: ____________    Day: ____________"));
    kt_jw_arr_end(s->w);
    kt_jw_obj_end(s->w);
}

/* ---- the answer ---- */

static bool month_of(struct sheet *s)
{
    const char *text = kt_http_query(s->c->req, "month");
    int offset = s->c->site->utc_offset_s;
    struct kt_civil now = kt_civil_of(kt_runtime_now(s->c->api->opts.runtime), offset);
    int used = 0;
    s->year = now.year;
    s->month = now.month;
    if (text && *text &&
        (sscanf(text, "%4d-%2d%n", &s->year, &s->month, &used) != 2 || text[used] ||
         s->year < 1990 || s->year > 2200 || s->month < 1 || s->month > 12)) {
        reply_code(s->c->req, KT_EINVAL, "month is like 2026-11");
        return false;
    }
    struct kt_civil from = {.year = s->year, .month = s->month, .day = 1};
    struct kt_civil to = {.year = s->year + s->month / 12, .month = s->month % 12 + 1, .day = 1};
    s->from = kt_civil_to(&from, offset);
    s->to = kt_civil_to(&to, offset);
    return true;
}

static bool write_down(const struct sheet *s)
{
    struct kt_buf b;
    kt_buf_init(&b, 4096);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "type", "person");
    kt_jw_kstr(&w, "change", "look");
    kt_jw_kstr(&w, "sheet", "attendance");
    kt_jw_kstr(&w, "by", s->c->person.user);
    kt_jw_ktime(&w, "from", s->from);
    kt_jw_ktime(&w, "to", s->to);
    kt_jw_obj_end(&w);
    int r = kt_runtime_say(s->c->api->opts.runtime, (struct kt_str){b.p, b.n});
    kt_buf_done(&b);
    return r == KT_OK;
}

static void answer(struct sheet *s)
{
    const char *format = kt_http_query(s->c->req, "format");
    struct kt_err err = {0};
    struct kt_buf out;
    int r = read_all(s, &err);
    if (r < 0) {
        reply_err(s->c->req, &err);
        return;
    }
    learn_names(s);
    kt_buf_init(&out, JSON_MAX);
    struct kt_jw w = kt_jw_init(&out);
    s->w = &w;
    write_sheets(s);
    if (format && *format && strcmp(format, "json") != 0) {
        reply_document(s->c, &out, format,
                       kt_arena_printf(s->c->arena, "attendance-%04d-%02d", s->year, s->month));
    } else {
        reply_buf(s->c, 200, &out);
    }
}

void get_attendance(struct call *c)
{
    struct sheet s = {.c = c, .en = in_english(c)};
    if (!month_of(&s)) {
        return;
    }
    if (!write_down(&s)) {
        reply_code(c->req, KT_EBUSY, "who looks at attendance is written down; ask again");
        return;
    }
    s.index = kt_map_new(1024);
    answer(&s);
    kt_map_free(s.index);
    free(s.stay);
    free(s.person);
}
