/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Briefings: a report of a period over all that the room has, section by section as a pack declares
 * it: figures beside those of a year ago, targets, records, clauses and what is not known of them.
 * As JSON (the one-screen view), PDF or xlsx. Who asks sees in it what they may see anywhere.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/records.h"

enum { JSON_MAX = 64 << 20, LIST_MAX = 1000, CELL = 64, COLUMNS = 12 };

struct telling {
    struct call *c;
    struct kt_room *room;
    struct kt_reader who;
    struct kt_jw *w;
    bool en;
    kt_time from, to;
    struct kt_err err;
};

static const char *say(const struct telling *t, const char *zh, const char *en)
{
    return t->en ? en : zh;
}

static const char *pick(const struct telling *t, const struct kt_json *text)
{
    const char *own = kt_json_get_str(text, t->en ? "en" : "zh", "");
    return *own ? own : kt_json_get_str(text, "zh", "");
}

/* ---- asking the room ---- */

static struct kt_json *parsed(struct telling *t, int r, struct kt_buf *b)
{
    struct kt_json *v = NULL;
    r = r == KT_OK ? kt_json_parse((struct kt_str){b->p, b->n}, JSON_MAX, &v, &t->err) : r;
    kt_buf_done(b);
    return r == KT_OK ? v : NULL;
}

static struct kt_json *indicator(struct telling *t, const char *id, kt_time from, kt_time to)
{
    const struct kt_indicator_query q = {.from = from, .to = to};
    struct kt_buf b;
    kt_buf_init(&b, JSON_MAX);
    return parsed(t, kt_room_indicators(t->room, &t->who, id, &q, &b, &t->err), &b);
}

static struct kt_json *list(struct telling *t, const char *reg, const char *filter)
{
    struct kt_json *f = NULL, *v = NULL;
    int r = *filter ? kt_json_parse(kt_str_c(filter), 1 << 16, &f, &t->err) : KT_OK;
    const struct kt_record_query q = {.filter = f, .limit = LIST_MAX, .sort = "_id"};
    r = r == KT_OK ? list_json(t->room, &t->who, reg, &q, &v, &t->err) : r;
    kt_json_free(f);
    return r == KT_OK ? v : NULL;
}

/* ---- tables of the document ---- */

static void table(struct telling *t, const char *const *columns, int n)
{
    kt_jw_obj(t->w);
    kt_jw_key(t->w, "columns");
    kt_jw_arr(t->w);
    for (int i = 0; i < n; i++) {
        kt_jw_str(t->w, columns[i]);
    }
    kt_jw_arr_end(t->w);
    kt_jw_key(t->w, "rows");
    kt_jw_arr(t->w);
}

static void table_end(struct telling *t)
{
    kt_jw_arr_end(t->w);
    kt_jw_obj_end(t->w);
}

static void text_block(struct telling *t, const char *text)
{
    kt_jw_obj(t->w);
    kt_jw_kstr(t->w, "text", text);
    kt_jw_obj_end(t->w);
}

static void heading(struct telling *t, int level, const char *text)
{
    kt_jw_obj(t->w);
    kt_jw_kint(t->w, "heading", level);
    kt_jw_kstr(t->w, "text", text);
    kt_jw_obj_end(t->w);
}

/* A unit as people write it; the packs keep to ASCII: m3 is m³, one of the ratio 1 needs no sign.
 */
static const char *sign_of(const char *unit, char *out, size_t n)
{
    static const char *const sign[][2] = {{"1", ""}, {"degC", "℃"}, {"deg", "°"}, {"kohm", "kΩ"}};
    for (size_t i = 0; i < KT_ARRAY_LEN(sign); i++) {
        if (strcmp(sign[i][0], unit) == 0) {
            return sign[i][1];
        }
    }
    const char *m = strpbrk(unit, "23");
    if (!m || m == unit || m[-1] != 'm') {
        return unit;
    }
    snprintf(out, n, "%.*s%s%s", (int)(m - unit), unit, *m == '2' ? "²" : "³", m + 1);
    return out;
}

/* A number as text, or that it is not known. */
static void number(struct telling *t, const struct kt_json *v, int decimals, const char *unit)
{
    double d;
    char text[CELL], sign[32];
    snprintf(text, sizeof(text), "%s", say(t, "不详", "not known"));
    if (kt_json_num(v, &d)) {
        unit = sign_of(unit, sign, sizeof(sign));
        snprintf(text, sizeof(text), "%.*f%s%s", decimals, d, *unit ? " " : "", unit);
    }
    kt_jw_str(t->w, text);
}

static const char *status(const struct telling *t, const char *id)
{
    static const char *const word[][3] = {
        {"on", "达到", "on"}, {"behind", "滞后", "behind"}, {"missed", "未达到", "missed"}};
    for (size_t i = 0; i < KT_ARRAY_LEN(word); i++) {
        if (strcmp(word[i][0], id) == 0) {
            return say(t, word[i][1], word[i][2]);
        }
    }
    return say(t, "不详", "not known");
}

/* ---- indicators ---- */

static kt_time year_ago(const struct telling *t, kt_time at)
{
    struct kt_civil c = kt_civil_of(at, t->c->site->utc_offset_s);
    c.year--;
    c.day = c.month == 2 && c.day == 29 ? 28 : c.day;
    return kt_civil_to(&c, t->c->site->utc_offset_s);
}

static void indicator_row(struct telling *t, const char *id)
{
    struct kt_json *now = indicator(t, id, t->from, t->to);
    struct kt_json *then = indicator(t, id, year_ago(t, t->from), year_ago(t, t->to));
    int decimals = (int)kt_json_get_int(now, "decimals", 1);
    const char *unit = kt_json_get_str(now, "unit", "");
    double a, b;
    char change[CELL] = "–";
    if (!now) { /* not for who asks */
        kt_json_free(then);
        return;
    }
    if (kt_json_num(kt_json_get(now, "value"), &a) && kt_json_num(kt_json_get(then, "value"), &b) &&
        (b > 0 || b < 0)) {
        snprintf(change, sizeof(change), "%+.1f %%", (a - b) * 100 / fabs(b));
    }
    kt_jw_arr(t->w);
    kt_jw_str(t->w, pick(t, kt_json_get(now, "title")));
    number(t, kt_json_get(now, "value"), decimals, unit);
    number(t, kt_json_get(then, "value"), decimals, unit);
    kt_jw_str(t->w, change);
    if (kt_json_kind(kt_json_get(now, "target")) == KT_JSON_NUMBER) {
        number(t, kt_json_get(now, "target"), decimals, unit);
        kt_jw_str(t->w, status(t, kt_json_get_str(now, "status", "")));
    } else {
        kt_jw_str(t->w, say(t, "未定", "none"));
        kt_jw_str(t->w, "–");
    }
    kt_jw_arr_end(t->w);
    kt_json_free(now);
    kt_json_free(then);
}

static void tell_indicators(struct telling *t, const struct kt_json *section)
{
    const struct kt_json *words = kt_json_get(section, "words");
    const char *heads[] = {say(t, "指标", "Indicator"),      say(t, "本期", "Value"),
                           say(t, "上年同期", "A year ago"), say(t, "同比", "Change"),
                           say(t, "目标", "Target"),         say(t, "状态", "Status")};
    table(t, heads, KT_ARRAY_LEN(heads));
    for (size_t i = 0; i < kt_json_len(words); i++) {
        indicator_row(t, kt_json_str(kt_json_at(words, i)));
    }
    table_end(t);
}

/* ---- targets ---- */

/* Midnight at the site of a day that a record names; 0: none. */
static kt_time day_of(const struct telling *t, const struct kt_json *fields, const char *id)
{
    kt_time at;
    const char *text = kt_json_get_str(fields, id, "");
    return *text && kt_time_parse(kt_str_c(text), t->c->site->utc_offset_s, &at) == KT_OK ? at : 0;
}

/* Two days, or the year that they are. */
static void write_span(const char *from, const char *to, char ret[CELL])
{
    bool year = strlen(from) == 10 && strncmp(from, to, 4) == 0 &&
                strcmp(from + 4, "-01-01") == 0 && strcmp(to + 4, "-12-31") == 0;
    if (year) {
        snprintf(ret, CELL, "%.4s", from);
    } else {
        snprintf(ret, CELL, "%s – %s", from, to);
    }
}

static void target_row(struct telling *t, const struct kt_json *fields)
{
    const char *id = kt_json_get_str(fields, "indicator", "");
    kt_time from = day_of(t, fields, "from"), to = day_of(t, fields, "to") + KT_DAY;
    struct kt_json *i = from ? indicator(t, id, from, to) : NULL;
    int decimals = (int)kt_json_get_int(i, "decimals", 1);
    const char *unit = kt_json_get_str(i, "unit", "");
    char span[CELL];
    if (!i) {
        return;
    }
    write_span(kt_json_get_str(fields, "from", ""), kt_json_get_str(fields, "to", ""), span);
    kt_jw_arr(t->w);
    kt_jw_str(t->w, pick(t, kt_json_get(i, "title")));
    kt_jw_str(t->w, span);
    number(t, kt_json_get(fields, "value"), decimals, unit);
    number(t, kt_json_get(i, "value"), decimals, unit);
    kt_jw_str(t->w, status(t, kt_json_get_str(i, "status", "")));
    kt_jw_str(t->w, kt_json_get_str(fields, "note", ""));
    kt_jw_arr_end(t->w);
    kt_json_free(i);
}

static void tell_targets(struct telling *t)
{
    const char *heads[] = {say(t, "指标", "Indicator"), say(t, "时期", "Period"),
                           say(t, "目标", "Target"),    say(t, "完成或预计", "Value"),
                           say(t, "状态", "Status"),    say(t, "依据", "Grounds")};
    struct kt_json *all = list(t, "target", "");
    const struct kt_json *items = kt_json_get(all, "items");
    table(t, heads, KT_ARRAY_LEN(heads));
    for (size_t i = 0; i < kt_json_len(items); i++) {
        target_row(t, kt_json_get(kt_json_at(items, i), "fields"));
    }
    table_end(t);
    kt_json_free(all);
}

/* ---- records ---- */

struct rows {
    struct telling *t;
    const struct kt_json *values; /* of the column `at`, which are listed even without a record */
    size_t at, columns;
    uint64_t seen; /* bits of values */
    uint32_t n, limit;
};

static int on_head(void *arg, const char *title, const struct kt_record_column *columns, uint32_t n,
                   struct kt_err *err)
{
    struct rows *r = arg;
    const char *heads[COLUMNS];
    (void)title;
    (void)err;
    for (uint32_t i = 0; i < n && i < COLUMNS; i++) {
        heads[i] = columns[i].title;
    }
    table(r->t, heads, (int)(n < COLUMNS ? n : COLUMNS));
    return KT_OK;
}

static const char *value_title(const struct rows *r, size_t i)
{
    return pick(r->t, kt_json_get(kt_json_at(r->values, i), "title"));
}

static int on_row(void *arg, int64_t id, const struct kt_str *cells, uint32_t n, struct kt_err *err)
{
    struct rows *r = arg;
    (void)id;
    (void)err;
    for (size_t i = 0; r->at < n && i < kt_json_len(r->values) && i < 64; i++) {
        bool is = kt_str_is(cells[r->at], value_title(r, i));
        r->seen |= (uint64_t)is << i;
    }
    if (r->n++ < r->limit) {
        kt_jw_arr(r->t->w);
        for (uint32_t i = 0; i < n && i < COLUMNS; i++) {
            kt_jw_strn(r->t->w, cells[i]);
        }
        kt_jw_arr_end(r->t->w);
    }
    return KT_OK;
}

/* Values of which there is no record: what is missing is said, not left out. */
static void missing_rows(const struct rows *r)
{
    for (size_t i = 0; i < kt_json_len(r->values) && i < 64; i++) {
        if (r->seen >> i & 1) {
            continue;
        }
        kt_jw_arr(r->t->w);
        for (size_t c = 0; c < r->columns; c++) {
            kt_jw_str(r->t->w, c == r->at       ? value_title(r, i)
                               : c == r->at + 1 ? say(r->t, "（无）", "(none)")
                                                : "");
        }
        kt_jw_arr_end(r->t->w);
    }
}

static void tell_register(struct telling *t, const struct kt_json *section)
{
    const struct kt_json *words = kt_json_get(section, "words");
    const char *filter = kt_json_get_str(section, "filter", ""),
               *sort = kt_json_get_str(section, "sort", "");
    struct rows r = {.t = t,
                     .values = kt_json_get(section, "values"),
                     .columns = kt_json_len(words) < COLUMNS ? kt_json_len(words) : COLUMNS,
                     .limit = (uint32_t)kt_json_get_int(section, "limit", 100)};
    struct kt_json *f = NULL;
    char line[CELL], columns[1000] = "";
    for (size_t i = 0; i < kt_json_len(words); i++) {
        size_t n = strlen(columns);
        snprintf(columns + n, sizeof(columns) - n, "%s%s", i ? "," : "",
                 kt_json_str(kt_json_at(words, i)));
        bool each =
            strcmp(kt_json_str(kt_json_at(words, i)), kt_json_get_str(section, "each", "")) == 0;
        r.at = each ? i : r.at;
    }
    int code = *filter ? kt_json_parse(kt_str_c(filter), 1 << 16, &f, &t->err) : KT_OK;
    const struct kt_record_query q = {.filter = f, .sort = *sort ? sort : NULL};
    const struct kt_record_table out = {.columns = *columns ? columns : NULL,
                                        .english = t->en,
                                        .people = true,
                                        .head = on_head,
                                        .row = on_row,
                                        .arg = &r};
    size_t before = t->w->out->n;
    bool comma = t->w->comma;
    code = code == KT_OK ? kt_room_table(t->room, &t->who, kt_json_get_str(section, "register", ""),
                                         &q, &out, &t->err)
                         : code;
    kt_json_free(f);
    if (code < 0) { /* not for who asks */
        t->w->out->n = before;
        t->w->comma = comma;
        text_block(t, say(t, "无权查看，或无法列出。", "Not for you to see, or not to be listed."));
        return;
    }
    missing_rows(&r);
    table_end(t);
    snprintf(line, sizeof(line), say(t, "共 %u 条", "%u records"), r.n);
    text_block(t, line);
}

/* ---- clauses ---- */

struct clause {
    int yes, met, unknown;
};

static bool among(const struct kt_json *items, int64_t id)
{
    for (size_t i = 0; i < kt_json_len(items); i++) {
        if (kt_json_get_int(kt_json_at(items, i), "id", 0) == id) {
            return true;
        }
    }
    return false;
}

static void clause_rows(struct telling *t, const struct kt_json *all, const struct kt_json *items)
{
    const struct kt_json *clauses = kt_json_get(all, "provisions"),
                         *records = kt_json_get(all, "records");
    for (size_t k = 0; k < kt_json_len(clauses); k++) {
        const struct kt_json *p = kt_json_at(clauses, k);
        struct clause n = {0};
        for (size_t i = 0; i < kt_json_len(records); i++) {
            const struct kt_json *one = kt_json_at(records, i);
            const struct kt_json *v = kt_json_at(kt_json_get(one, "verdicts"), k);
            const char *holds = kt_json_get_str(v, "holds", "");
            if (!among(items, kt_json_get_int(kt_json_get(one, "record"), "id", 0))) {
                continue;
            }
            n.yes += strcmp(holds, "yes") == 0;
            n.unknown += strcmp(holds, "unknown") == 0;
            n.met += strcmp(holds, "yes") == 0 && kt_json_len(kt_json_get(v, "met")) > 0;
        }
        kt_jw_arr(t->w);
        kt_jw_str(t->w, kt_json_get_str(p, "no", ""));
        kt_jw_str(t->w, pick(t, kt_json_get(p, "title")));
        kt_jw_str(t->w, kt_json_get_str(p, "word", ""));
        bool can = kt_json_get_bool(p, "can_be_met", false);
        kt_jw_str(t->w, kt_arena_printf(t->c->arena, "%d", n.yes));
        kt_jw_str(t->w, can ? kt_arena_printf(t->c->arena, "%d", n.met) : "–");
        kt_jw_str(t->w, can ? kt_arena_printf(t->c->arena, "%d", n.yes - n.met) : "–");
        kt_jw_str(t->w, kt_arena_printf(t->c->arena, "%d", n.unknown));
        kt_jw_arr_end(t->w);
    }
}

static void tell_provisions(struct telling *t, const struct kt_json *section)
{
    const char *heads[] = {say(t, "条款", "Clause"),     say(t, "内容", "What"),
                           say(t, "措辞", "Word"),       say(t, "适用", "Apply"),
                           say(t, "已落实", "Met"),      say(t, "尚未落实", "Open"),
                           say(t, "无法判断", "Unknown")};
    const char *reg = kt_json_get_str(section, "register", "");
    const struct kt_provision_query q = {.limit = LIST_MAX};
    struct kt_buf b;
    kt_buf_init(&b, JSON_MAX);
    struct kt_json *all = parsed(t, kt_room_provisions(t->room, &t->who, reg, &q, &b, &t->err), &b);
    struct kt_json *items = list(t, reg, kt_json_get_str(section, "filter", ""));
    table(t, heads, KT_ARRAY_LEN(heads));
    clause_rows(t, all, kt_json_get(items, "items"));
    table_end(t);
    text_block(t, say(t, "“无法判断”是事实不详的矿井，不按“不适用”计。",
                      "Unknown: facts are missing; never counted as not applying."));
    kt_json_free(all);
    kt_json_free(items);
}

/* ---- assessments, fed by indicators ---- */

/* Share reached of a target, 0 to 1; NaN: not known. */
static double share_of(const struct kt_json *i)
{
    double v, target;
    if (!kt_json_num(kt_json_get(i, "value"), &v) ||
        !kt_json_num(kt_json_get(i, "target"), &target)) {
        return NAN;
    }
    bool lower = strcmp(kt_json_get_str(i, "better", ""), "lower") == 0;
    double part = lower ? (v > target ? target / v : 1) : target > 0 ? v / target : 1;
    return fmin(1, fmax(0, part));
}

struct scores {
    double points, weight;
    int unknown;
};

/* What an indicator feeds is computed from it alone; typed is only what a person judges. */
static void assessment_row(struct telling *t, const struct kt_json *fields, struct scores *sum)
{
    const char *id = kt_json_get_str(fields, "indicator", "");
    struct kt_json *i = *id ? indicator(t, id, t->from, t->to) : NULL;
    double share = share_of(i), weight, own;
    bool fed = !isnan(share), scored = kt_json_num(kt_json_get(fields, "score"), &own);
    scored = scored && !*id;
    share = fed ? share : scored ? own : NAN;
    kt_jw_arr(t->w);
    kt_jw_str(t->w, kt_json_get_str(fields, "scheme", ""));
    kt_jw_str(t->w, kt_json_get_str(fields, "item", ""));
    kt_jw_str(t->w, i ? pick(t, kt_json_get(i, "title")) : id);
    number(t, kt_json_get(i, "value"), (int)kt_json_get_int(i, "decimals", 1),
           kt_json_get_str(i, "unit", ""));
    number(t, kt_json_get(i, "target"), (int)kt_json_get_int(i, "decimals", 1),
           kt_json_get_str(i, "unit", ""));
    const char *none = say(t, "不详", "not known");
    bool points = !isnan(share) && kt_json_num(kt_json_get(fields, "weight"), &weight);
    kt_jw_str(t->w, isnan(share) ? none : kt_arena_printf(t->c->arena, "%.3f", share));
    kt_jw_str(t->w, points ? kt_arena_printf(t->c->arena, "%.2f", share * weight) : none);
    kt_jw_str(t->w, *id ? say(t, "指标", "indicator") : scored ? say(t, "人工", "by hand") : "–");
    sum->points += points ? share * weight : 0;
    sum->weight += points ? weight : 0;
    sum->unknown += !points;
    kt_jw_arr_end(t->w);
    kt_json_free(i);
}

static void tell_assessments(struct telling *t, const struct kt_json *section)
{
    const char *heads[] = {say(t, "考核办法", "Scheme"), say(t, "事项", "Item"),
                           say(t, "取自指标", "From"),   say(t, "现值", "Value"),
                           say(t, "目标", "Target"),     say(t, "得分率", "Share"),
                           say(t, "得分", "Points"),     say(t, "来源", "Source")};
    struct kt_json *all =
        list(t, kt_json_get_str(section, "register", ""), kt_json_get_str(section, "filter", ""));
    const struct kt_json *items = kt_json_get(all, "items");
    struct scores sum = {0};
    char line[200];
    table(t, heads, KT_ARRAY_LEN(heads));
    for (size_t i = 0; i < kt_json_len(items); i++) {
        assessment_row(t, kt_json_get(kt_json_at(items, i), "fields"), &sum);
    }
    table_end(t);
    snprintf(line, sizeof(line),
             say(t, "已知各项得分 %.2f，分值 %.2f；不详 %d 项，不计入。",
                 "Of the items known %.2f points of %.2f; %d not known, not counted."),
             sum.points, sum.weight, sum.unknown);
    text_block(t, line);
    kt_json_free(all);
}

/* ---- the whole ---- */

static void tell_section(struct telling *t, const struct kt_json *section)
{
    const char *kind = kt_json_get_str(section, "kind", "");
    heading(t, 2, pick(t, kt_json_get(section, "title")));
    if (strcmp(kind, "indicators") == 0) {
        tell_indicators(t, section);
    } else if (strcmp(kind, "targets") == 0) {
        tell_targets(t);
    } else if (strcmp(kind, "register") == 0) {
        tell_register(t, section);
    } else if (strcmp(kind, "provisions") == 0) {
        tell_provisions(t, section);
    } else {
        tell_assessments(t, section);
    }
}

static void tell(struct telling *t, const struct kt_json *b)
{
    const struct kt_json *sections = kt_json_get(b, "sections");
    const char *title = pick(t, kt_json_get(b, "title"));
    char line[200], from[24], to[24];
    int offset = t->c->site->utc_offset_s;
    kt_time_fmt_local(t->from, offset, from);
    kt_time_fmt_local(t->to - KT_SEC, offset, to);
    snprintf(line, sizeof(line), "%s　%.10s – %.10s",
             t->en ? t->c->site->name.en : t->c->site->name.zh, from, to);
    kt_jw_obj(t->w);
    kt_jw_kstr(t->w, "title", title);
    kt_jw_kstr(t->w, "paper", "A4-landscape");
    kt_jw_kint(t->w, "from", t->from / KT_MS);
    kt_jw_kint(t->w, "to", t->to / KT_MS);
    kt_jw_key(t->w, "blocks");
    kt_jw_arr(t->w);
    heading(t, 1, title);
    text_block(t, line);
    for (size_t i = 0; i < kt_json_len(sections); i++) {
        tell_section(t, kt_json_at(sections, i));
    }
    text_block(t, "");
    text_block(t, say(t, "填报：____________　　审核：____________　　签发：____________",
                      "Written: ____________  Checked: ____________  Signed: ____________"));
    kt_jw_arr_end(t->w);
    kt_jw_obj_end(t->w);
}

/* The week, month, quarter or year of now, at the site. */
static void period_of(struct telling *t, const char *period)
{
    int offset = t->c->site->utc_offset_s;
    struct kt_civil c = kt_civil_of(t->who.now, offset);
    c.hour = c.minute = c.second = c.nano = 0;
    if (strcmp(period, "week") == 0) {
        kt_time day = kt_civil_to(&c, offset);
        t->from = day - (c.weekday + 6) % 7 * KT_DAY;
        t->to = t->from + 7 * KT_DAY;
        return;
    }
    int months = strcmp(period, "year") == 0 ? 12 : strcmp(period, "quarter") == 0 ? 3 : 1;
    c.day = 1;
    c.month -= (c.month - 1) % months;
    t->from = kt_civil_to(&c, offset);
    c.month += months;
    c.year += c.month > 12;
    c.month -= c.month > 12 ? 12 : 0;
    t->to = kt_civil_to(&c, offset);
}

static struct kt_json *declared(struct telling *t)
{
    struct kt_buf b;
    kt_buf_init(&b, JSON_MAX);
    return parsed(t, kt_room_briefings(t->room, &t->who, &b, &t->err), &b);
}

void get_briefings(struct call *c)
{
    struct kt_room *room = room_of(c);
    struct kt_reader who = reader_of(c);
    struct kt_buf b;
    struct kt_err err = {0};
    if (room) {
        kt_buf_init(&b, JSON_MAX);
        int r = kt_room_briefings(room, &who, &b, &err);
        reply_room(c, r, &b, &err);
    }
}

void get_briefing(struct call *c)
{
    struct telling t = {.c = c, .en = in_english(c)};
    const char *format = kt_http_query(c->req, "format");
    const struct kt_json *b = NULL;
    struct kt_buf out;
    if (!(t.room = room_of(c))) {
        return;
    }
    t.who = printing_reader(c);
    struct kt_json *all = declared(&t);
    for (size_t i = 0; i < kt_json_len(all) && !b; i++) {
        const struct kt_json *one = kt_json_at(all, i);
        b = strcmp(kt_json_get_str(one, "id", ""), c->param[0]) == 0 ? one : NULL;
    }
    period_of(&t, kt_json_get_str(b, "period", ""));
    if (!b) {
        reply_code(c->req, KT_ENOTFOUND, "there is no briefing \"%.40s\"", c->param[0]);
    } else if (query_time(c, "from", t.from, &t.from) && query_time(c, "to", t.to, &t.to)) {
        kt_buf_init(&out, JSON_MAX);
        struct kt_jw w = kt_jw_init(&out);
        t.w = &w;
        tell(&t, b);
        if (format && *format && strcmp(format, "json") != 0) {
            reply_document(c, &out, format, c->param[0]);
        } else {
            reply_buf(c, 200, &out);
        }
    }
    kt_json_free(all);
}
