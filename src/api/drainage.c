/* SPDX-License-Identifier: Apache-2.0 */
/*
 * drainage: a plan of the register drain_plan judged over the stations, boreholes, zones and users
 * of the registers beside it, and improved by the solver. The solver runs in a child; its plan
 * comes back as a request of the person who asked, so what it said is in the journal and is never
 * computed again. Nothing here opens or drains anything.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/records.h"
#include "domain/gas/drain.h"
#include "sys/file.h"
#include "sys/proc.h"

enum { PAGE = 1000, TEXT_MAX = 64 << 20, SOLVE_S = 60, ROWS_MAX = 100000 };
#define MEMORY_MAX ((size_t)2 << 30)

/* What the registers say, as this person sees it. */
struct drainage {
    struct call *c;
    struct kt_room *room;
    struct kt_reader who;
    struct kt_json *plan, *station, *hole, *zone, *user, *supply;
    struct kt_buf left_out; /* items {register, id, text, text_zh} of what could not be taken */
    struct kt_err err;
};

static int take(struct drainage *d, const char *reg, struct kt_json **ret)
{
    const struct kt_record_query q = {.sort = "_id", .limit = PAGE};
    int r = list_json(d->room, &d->who, reg, &q, ret, &d->err);
    if (r == KT_OK && kt_json_get_str(*ret, "next", "")[0]) {
        return kt_err_set(&d->err, KT_ELIMIT, "more than %d records of %s", PAGE, reg);
    }
    return r;
}

static void drainage_done(struct drainage *d)
{
    kt_json_free(d->plan);
    kt_json_free(d->station);
    kt_json_free(d->hole);
    kt_json_free(d->zone);
    kt_json_free(d->user);
    kt_json_free(d->supply);
    kt_buf_done(&d->left_out);
}

static int take_all(struct drainage *d, int64_t plan)
{
    struct kt_buf b;
    kt_buf_init(&b, TEXT_MAX);
    int r = kt_room_get(d->room, &d->who, "drain_plan", plan, 0, 0, &b, &d->err);
    r = r == KT_OK ? kt_json_parse((struct kt_str){b.p, b.n}, TEXT_MAX, &d->plan, &d->err) : r;
    kt_buf_done(&b);
    r = r == KT_OK ? take(d, "drain_station", &d->station) : r;
    r = r == KT_OK ? take(d, "drain_hole", &d->hole) : r;
    r = r == KT_OK ? take(d, "gas_zone", &d->zone) : r;
    r = r == KT_OK ? take(d, "drain_user", &d->user) : r;
    return r == KT_OK ? take(d, "drain_supply", &d->supply) : r;
}

/* ---- the case ---- */

static const struct kt_json *fields_of(const struct kt_json *item)
{
    return kt_json_get(item, "fields");
}

/* What a field refers to, in a list of its register; NULL: nothing that is seen. */
static const struct kt_json *referred(const struct kt_json *list, const struct kt_json *fields,
                                      const char *key)
{
    const struct kt_json *items = kt_json_get(list, "items");
    int64_t id = kt_json_get_int(fields, key, 0);
    for (size_t i = 0; i < kt_json_len(items) && id; i++) {
        if (kt_json_get_int(kt_json_at(items, i), "id", 0) == id) {
            return kt_json_at(items, i);
        }
    }
    return NULL;
}

static void leave_out(struct drainage *d, const char *reg, const struct kt_json *item,
                      const char *zh, const char *en)
{
    struct kt_jw w = kt_jw_init(&d->left_out);
    w.comma = d->left_out.n > 0;
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "register", reg);
    kt_jw_kstr(&w, "id", kt_json_get_str(item, "key", ""));
    kt_jw_kstr(&w, "text", en);
    kt_jw_kstr(&w, "text_zh", zh);
    kt_jw_obj_end(&w);
}

static bool has(const struct kt_json *fields, const char *key)
{
    double v;
    return kt_json_num(kt_json_get(fields, key), &v);
}

static bool has_station(const struct kt_json *station)
{
    return station && has(fields_of(station), "capacity");
}

static void write_stations(struct drainage *d, struct kt_jw *w)
{
    const struct kt_json *items = kt_json_get(d->station, "items");
    kt_jw_key(w, "stations");
    kt_jw_arr(w);
    for (size_t i = 0; i < kt_json_len(items); i++) {
        const struct kt_json *one = kt_json_at(items, i);
        if (!has_station(one)) {
            leave_out(d, "drain_station", one, "未填泵能力",
                      "the capacity of its pumps is not known");
            continue;
        }
        kt_jw_obj(w);
        kt_jw_kstr(w, "id", kt_json_get_str(one, "key", ""));
        kt_jw_knum(w, "capacity", kt_json_get_num(fields_of(one), "capacity", 0));
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
}

static void write_users(struct drainage *d, struct kt_jw *w)
{
    const struct kt_json *items = kt_json_get(d->user, "items");
    kt_jw_key(w, "users");
    kt_jw_arr(w);
    for (size_t i = 0; i < kt_json_len(items); i++) {
        const struct kt_json *one = kt_json_at(items, i), *f = fields_of(one);
        const struct kt_json *station = referred(d->station, f, "station");
        if (!has_station(station)) {
            leave_out(d, "drain_user", one, "供气泵站不可用", "its station is not in the plan");
            continue;
        }
        kt_jw_obj(w);
        kt_jw_kstr(w, "id", kt_json_get_str(one, "key", ""));
        kt_jw_kstr(w, "station", kt_json_get_str(station, "key", ""));
        kt_jw_knum(w, "capacity", kt_json_get_num(f, "capacity", 0));
        kt_jw_knum(w, "min_conc", kt_json_get_num(f, "min_conc", 0));
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
}

static bool zone_known(const struct kt_json *zone)
{
    const struct kt_json *f = fields_of(zone);
    return has(f, "coal") && has(f, "content") && has(f, "target");
}

static bool zone_over(const struct kt_json *zone)
{
    const char *state = kt_json_get_str(zone, "state", "");
    return strcmp(state, "closed") == 0 || strcmp(state, "dropped") == 0;
}

static void write_zones(struct drainage *d, struct kt_jw *w)
{
    const struct kt_json *items = kt_json_get(d->zone, "items");
    kt_jw_key(w, "zones");
    kt_jw_arr(w);
    for (size_t i = 0; i < kt_json_len(items); i++) {
        const struct kt_json *one = kt_json_at(items, i), *f = fields_of(one);
        if (zone_over(one)) {
            continue;
        }
        if (!zone_known(one)) {
            leave_out(d, "gas_zone", one, "煤量、原始含量或目标含量未填",
                      "its coal, content or target is not known");
            continue;
        }
        kt_jw_obj(w);
        kt_jw_kstr(w, "id", kt_json_get_str(one, "key", ""));
        kt_jw_knum(w, "coal", kt_json_get_num(f, "coal", 0));
        kt_jw_knum(w, "content", kt_json_get_num(f, "content", 0));
        kt_jw_knum(w, "drained", kt_json_get_num(f, "drained", 0));
        kt_jw_knum(w, "target", kt_json_get_num(f, "target", 0));
        kt_jw_ktext(w, "needed_on", kt_json_get_str(f, "needed_on", ""));
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
}

static int digits(const char *s, size_t n)
{
    int v = 0;
    for (size_t i = 0; i < n && s[i] >= '0' && s[i] <= '9'; i++) {
        v = v * 10 + (s[i] - '0');
    }
    return v;
}

/* The plan's months as 2026-12 …; the field is a day, so it has them. */
static void month_at(const struct kt_json *plan, int i, char ret[8])
{
    const char *from = kt_json_get_str(fields_of(plan), "from", "2000-01");
    int year = digits(from, 4), month = digits(from + 5, 2) - 1 + i;
    snprintf(ret, 8, "%04u-%02u", (unsigned)(year + month / 12) % 10000,
             (unsigned)(month % 12 + 1) % 100);
}

/* By its rows of the register drain_supply; without one for this month false. */
static bool by_supply(const struct drainage *d, int64_t hole, const char *month, double *ret_flow,
                      double *ret_conc)
{
    const struct kt_json *items = kt_json_get(d->supply, "items");
    for (size_t i = 0; i < kt_json_len(items); i++) {
        const struct kt_json *f = fields_of(kt_json_at(items, i));
        if (kt_json_get_int(f, "hole", 0) == hole &&
            strncmp(kt_json_get_str(f, "from", "9"), month, 7) <= 0 &&
            strncmp(kt_json_get_str(f, "to", ""), month, 7) >= 0) {
            *ret_flow = kt_json_get_num(f, "flow", 0);
            *ret_conc = kt_json_get_num(f, "conc", 0);
            return true;
        }
    }
    return false;
}

static bool any_supply(const struct drainage *d, int64_t hole)
{
    const struct kt_json *items = kt_json_get(d->supply, "items");
    for (size_t i = 0; i < kt_json_len(items); i++) {
        if (kt_json_get_int(fields_of(kt_json_at(items, i)), "hole", 0) == hole) {
            return true;
        }
    }
    return false;
}

/* What it gives by month: as its rows say; without any as it was measured, less the daily decline
 * of its zone. */
static void write_available(const struct drainage *d, const struct kt_json *hole,
                            const struct kt_json *zone, struct kt_jw *w)
{
    const struct kt_json *f = fields_of(hole);
    int64_t id = kt_json_get_int(hole, "id", 0);
    int months = (int)kt_json_get_int(fields_of(d->plan), "months", 1);
    double decline = kt_json_get_num(fields_of(zone), "decline", 0);
    bool rows = any_supply(d, id);
    kt_jw_key(w, "available");
    kt_jw_arr(w);
    for (int t = 0; t < months; t++) {
        char month[8];
        double flow = 0, conc = 0;
        month_at(d->plan, t, month);
        if (rows ? !by_supply(d, id, month, &flow, &conc)
                 : strncmp(kt_json_get_str(f, "started", ""), month, 7) > 0) {
            flow = conc = 0;
        } else if (!rows) {
            flow = kt_json_get_num(f, "std_flow", 0) * pow(1 - decline, 30.4375 * t + 15.2);
            conc = kt_json_get_num(f, "conc", 0);
        }
        kt_jw_obj(w);
        kt_jw_knum(w, "flow", flow);
        kt_jw_knum(w, "conc", conc);
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
}

static bool fit_hole(struct drainage *d, const struct kt_json *one, const struct kt_json *zone,
                     const struct kt_json *station)
{
    const struct kt_json *f = fields_of(one);
    bool rows = any_supply(d, kt_json_get_int(one, "id", 0));
    if (!has_station(station)) {
        leave_out(d, "drain_hole", one, "未接泵站，或泵站能力未填",
                  "it has no station, or one without capacity");
    } else if (zone ? !zone_known(zone) : kt_json_get_int(f, "zone", 0) != 0) {
        leave_out(d, "drain_hole", one, "其治理区不在方案中", "its zone is not in the plan");
    } else if (!rows && (!has(f, "std_flow") || !has(f, "conc"))) {
        leave_out(d, "drain_hole", one, "没有分期可抽量，也没有测定流量",
                  "neither what it gives by month nor a measured flow is known");
    } else {
        return true;
    }
    return false;
}

static void write_sources(struct drainage *d, struct kt_jw *w)
{
    const struct kt_json *items = kt_json_get(d->hole, "items");
    kt_jw_key(w, "sources");
    kt_jw_arr(w);
    for (size_t i = 0; i < kt_json_len(items); i++) {
        const struct kt_json *one = kt_json_at(items, i), *f = fields_of(one);
        const struct kt_json *zone = referred(d->zone, f, "zone");
        const struct kt_json *station = referred(d->station, f, "station");
        if (strcmp(kt_json_get_str(f, "state", ""), "done") == 0 || (zone && zone_over(zone)) ||
            !fit_hole(d, one, zone, station)) {
            continue;
        }
        kt_jw_obj(w);
        kt_jw_kstr(w, "id", kt_json_get_str(one, "key", ""));
        kt_jw_ktext(w, "zone", kt_json_get_str(zone, "key", ""));
        kt_jw_kstr(w, "station", kt_json_get_str(station, "key", ""));
        write_available(d, one, zone, w);
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
}

/* "2026-12,hole,H-1,172800" a line. */
static int write_row(struct drainage *d, struct kt_str line, int no, struct kt_jw *w)
{
    char kind[8], id[200], month[8], text[400];
    double pure;
    if (line.n >= sizeof(text)) {
        return kt_err_set(&d->err, KT_EINVAL, "line %d of the plan is too long", no);
    }
    memcpy(text, line.p, line.n);
    text[line.n] = '\0';
    if (sscanf(text, " %7[0-9-],%7[a-z],%199[^,\r\n],%lf", month, kind, id, &pure) != 4 ||
        (strcmp(kind, "hole") != 0 && strcmp(kind, "user") != 0)) {
        return kt_err_set(
            &d->err, KT_EINVAL,
            "line %d of the plan is month,hole or user,id,m3: 2026-12,hole,H-1,172800", no);
    }
    kt_jw_obj(w);
    kt_jw_kstr(w, "month", month);
    kt_jw_kstr(w, strcmp(kind, "user") == 0 ? "user" : "source", id);
    kt_jw_knum(w, "pure", pure);
    kt_jw_obj_end(w);
    return KT_OK;
}

static int write_plan(struct drainage *d, struct kt_jw *w)
{
    const char *p = kt_json_get_str(fields_of(d->plan), "rows", "");
    int r = KT_OK, no = 0;
    kt_jw_key(w, "plan");
    kt_jw_arr(w);
    while (r == KT_OK && *p) {
        size_t n = strcspn(p, "\n");
        no++;
        if (strspn(p, " \t\r") < n) {
            r = write_row(d, (struct kt_str){p, n}, no, w);
        }
        p += n + (p[n] == '\n');
    }
    kt_jw_arr_end(w);
    return r;
}

static int write_case(struct drainage *d, struct kt_buf *out)
{
    const struct kt_json *f = fields_of(d->plan);
    struct kt_jw w = kt_jw_init(out);
    char from[8];
    month_at(d->plan, 0, from);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "from", from);
    kt_jw_knum(&w, "months", kt_json_get_num(f, "months", 1));
    kt_jw_knum(&w, "release", kt_json_get_num(f, "release", 0));
    write_stations(d, &w);
    write_users(d, &w);
    write_zones(d, &w);
    write_sources(d, &w);
    int r = write_plan(d, &w);
    kt_jw_obj_end(&w);
    return r;
}

/* The case of the plan that the path names; false when answered. */
static bool the_case(struct call *c, struct drainage *d, struct kt_buf *out)
{
    int64_t id;
    *d = (struct drainage){.c = c, .room = room_of(c), .who = reader_of(c)};
    kt_buf_init(&d->left_out, 1 << 20);
    if (!d->room || !path_id(c, 0, &id)) {
        return false;
    }
    int r = take_all(d, id);
    r = r == KT_OK ? write_case(d, out) : r;
    if (r < 0) {
        reply_err(c->req, &d->err);
    }
    return r == KT_OK;
}

/* ---- judged ---- */

void get_drain_plan(struct call *c)
{
    struct drainage d;
    struct kt_buf text, out;
    struct kt_json *in = NULL;
    struct kt_drain *drain = NULL;
    kt_buf_init(&text, TEXT_MAX);
    kt_buf_init(&out, TEXT_MAX);
    if (the_case(c, &d, &text)) {
        int r = kt_json_parse((struct kt_str){text.p, text.n}, TEXT_MAX, &in, &d.err);
        r = r == KT_OK ? kt_drain_read(in, c->arena, &drain, &d.err) : r;
        if (r < 0) {
            reply_err(c->req, &d.err);
        } else {
            struct kt_jw w = kt_jw_init(&out);
            kt_jw_obj(&w);
            kt_jw_key(&w, "case");
            kt_jw_raw(&w, (struct kt_str){text.p, text.n});
            kt_jw_key(&w, "result");
            kt_drain_write(drain, &w);
            kt_jw_key(&w, "left_out");
            kt_jw_arr(&w);
            kt_buf_put(&out, d.left_out.p ? d.left_out.p : "", d.left_out.n);
            kt_jw_arr_end(&w);
            kt_jw_obj_end(&w);
            reply_buf(c, 200, &out);
        }
    }
    kt_json_free(in);
    drainage_done(&d);
    kt_buf_done(&text);
    kt_buf_done(&out);
}

/* ---- solved ---- */

static int solve(struct drainage *d, const struct kt_buf *text, struct kt_json **ret)
{
    char dir[256], path[280], self[] = "/proc/self/exe", verb[] = "gas", what[] = "drain";
    char format[] = "--format", json[] = "json";
    struct kt_proc_limits lim = {.memory_bytes = MEMORY_MAX, .cpu_seconds = SOLVE_S + 5};
    struct kt_buf out;
    int r = kt_dir_temp("kt-drain", dir, sizeof(dir), &d->err);
    if (r < 0) {
        return r;
    }
    kt_buf_init(&out, TEXT_MAX);
    snprintf(path, sizeof(path), "%s/case.json", dir);
    r = kt_file_replace_mode(path, text->p, text->n, 0600, &d->err);
    if (r == KT_OK) {
        char *const argv[] = {self, verb, what, path, format, json, NULL};
        r = kt_proc_run(argv, &lim, 2 * SOLVE_S * KT_SEC, TEXT_MAX, &out, &d->err);
        r = r < 0 ? kt_err_set(&d->err, KT_ETIMEOUT, "the solver gave no plan: %.300s", d->err.text)
                  : kt_json_parse((struct kt_str){out.p, out.n}, TEXT_MAX, ret, &d->err);
    }
    kt_dir_remove(dir);
    kt_buf_done(&out);
    return r;
}

static void write_new(const struct drainage *d, const struct kt_json *solved, struct kt_jw *w)
{
    static const char *const same[] = {"place", "from", "months", "release"};
    const struct kt_json *f = fields_of(d->plan), *rows = kt_json_get(solved, "plan");
    struct kt_buf text;
    kt_buf_init(&text, ROWS_MAX);
    for (size_t i = 0; i < kt_json_len(rows); i++) {
        const struct kt_json *row = kt_json_at(rows, i);
        const char *user = kt_json_get_str(row, "user", NULL);
        kt_buf_printf(&text, "%s,%s,%s,%.3f\n", kt_json_get_str(row, "month", ""),
                      user ? "user" : "hole", user ? user : kt_json_get_str(row, "source", ""),
                      kt_json_get_num(row, "pure", 0));
    }
    kt_jw_obj(w);
    kt_jw_kstr(w, "register", "drain_plan");
    kt_jw_key(w, "fields");
    kt_jw_obj(w);
    kt_jw_key(w, "name");
    kt_jw_str(w, kt_arena_printf(d->c->arena, "%.100s · 求解", kt_json_get_str(f, "name", "")));
    for (size_t i = 0; i < KT_ARRAY_LEN(same); i++) {
        if (kt_json_get(f, same[i])) {
            kt_jw_key(w, same[i]);
            kt_json_write(kt_json_get(f, same[i]), w);
        }
    }
    kt_jw_kstr(w, "made", "solver");
    kt_jw_kint(w, "based_on", kt_json_get_int(d->plan, "id", 0));
    kt_jw_kstr(w, "rows", kt_buf_cstr(&text));
    kt_jw_obj_end(w);
    kt_jw_obj_end(w);
    kt_buf_done(&text);
}

void post_drain_solve(struct call *c)
{
    struct drainage d = {0};
    struct kt_buf text, args;
    struct kt_json *solved = NULL;
    kt_buf_init(&text, TEXT_MAX);
    kt_buf_init(&args, 1 << 20);
    if (register_may(c, "drain_plan", "create") && the_case(c, &d, &text)) {
        if (solve(&d, &text, &solved) < 0) {
            reply_err(c->req, &d.err);
        } else {
            struct kt_jw w = kt_jw_init(&args);
            write_new(&d, solved, &w);
            send_request(c, "record.create", (struct kt_str){args.p, args.n});
        }
    }
    kt_json_free(solved);
    drainage_done(&d);
    kt_buf_done(&text);
    kt_buf_done(&args);
}
