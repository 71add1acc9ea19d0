/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_RECORD_TEST_ROOM_H
#define KT_RECORD_TEST_ROOM_H
/*
 * test_room: a site in a temporary folder, its room, and events for it. Every event is kept, so
 * that the same journal can be applied again to another room.
 *
 *     struct rig g; rig_open(&g, YAML);           the pack demo-records when YAML is NULL
 *     rig_ask(&g, "wang", "record.write hazard.assign", "record.create", "{…}");
 *     CHECK(rig_ok(&g)); rig_int(&g, "record");   of the last verdict
 *     rig_pass(&g, ms);                           time passes: a tick
 */
#include <stdlib.h>

#include "record/flow.h"
#include "record/schema.h"
#include "sys/file.h"
#include "unit.h"

#define RIG_START (INT64_C(1777939200) * KT_SEC) /* 2026-05-05 08:00 of China, a holiday */
enum { RIG_EVENTS = 20000 };

struct rig_event {
    kt_time time;
    char *body; /* NULL: a tick */
};
struct rig {
    char dir[200];
    struct kt_site *site;
    struct kt_record_model *model;
    struct kt_room *room;
    struct rig_event *events;
    kt_seq seq;
    kt_time now;
    struct kt_json *verdict; /* the last one */
    char **said;             /* outcomes of records and ledgers, in order */
    size_t said_n;
};

__attribute__((unused)) static void rig_put(const struct rig *g, const char *name, const char *text)
{
    char path[300];
    struct kt_err err;
    snprintf(path, sizeof path, "%s/%s", g->dir, name);
    char *slash = strrchr(path, '/');
    *slash = 0;
    CHECK_OK(kt_dir_make(path, &err), &err);
    *slash = '/';
    CHECK_OK(kt_file_replace(path, text, strlen(text), &err), &err);
}

static void rig_outcome(void *arg, kt_seq cause, uint32_t k, struct kt_str json)
{
    struct rig *g = arg;
    struct kt_err err;
    (void)cause;
    (void)k;
    if (json.n > 18 && memcmp(json.p, "{\"type\":\"verdict\"", 17) == 0) {
        kt_json_free(g->verdict);
        g->verdict = NULL;
        CHECK_OK(kt_json_parse(json, 0, &g->verdict, &err), &err);
        return;
    }
    g->said = realloc(g->said, (g->said_n + 1) * sizeof *g->said);
    g->said[g->said_n++] = strndup(json.p, json.n);
}

static bool rig_room(struct rig *g)
{
    char dir[300];
    struct kt_err err = {0};
    snprintf(dir, sizeof dir, "%s/data", g->dir);
    const struct kt_room_opts o = {dir, g->site, g->model, rig_outcome, NULL, g};
    int r = kt_dir_make(dir, &err);
    r = r < 0 ? r : kt_room_open(&o, &g->room, &err);
    CHECK_OK(r, &err);
    return r == KT_OK;
}

static bool rig_load(struct rig *g)
{
    char packs[300], buf[800];
    struct kt_err err = {0};
    const char *source = getenv("KT_SOURCE");
    struct kt_findings *f = kt_findings_new(100);
    snprintf(packs, sizeof packs, "%s/packs", source ? source : ".");
    int r = kt_site_load(g->dir, packs, NULL, f, &g->site, &err);
    r = r < 0 ? r : kt_record_model_load(g->site, f, &g->model, &err);
    for (size_t i = 0; r < 0 && kt_findings_get(f, i); i++) {
        if (kt_findings_get(f, i)->level == KT_FIND_ERROR) {
            printf("# %s\n", kt_err_str(&kt_findings_get(f, i)->at, buf, sizeof buf));
        }
    }
    CHECK_OK(r, &err);
    kt_findings_free(f);
    return r == KT_OK;
}

__attribute__((unused)) static bool rig_open(struct rig *g, const char *yaml)
{
    static const char head[] = "id: rig\nname: {zh: 试验, en: Rig}\nsimulation: true\n"
                               "gas_class: low\nlinks: []\nutc_offset: \"+08:00\"\npacks: ";
    char site[400];
    struct kt_err err;
    memset(g, 0, sizeof *g);
    g->events = calloc(RIG_EVENTS, sizeof *g->events);
    g->now = RIG_START;
    CHECK_OK(kt_dir_temp("kt-room", g->dir, sizeof g->dir, &err), &err);
    snprintf(site, sizeof site, "%s%s\n", head, yaml ? "[core]" : "[core, demo-records]");
    rig_put(g, "site.yaml", site);
    rig_put(g, "places.csv",
            "id,parent,kind,name\nmine,,mine,矿\nA,mine,panel,甲\nB,mine,panel,乙\n");
    rig_put(g, "points.csv", "id,name,role,place,range_lo,range_hi\nK,钟,self.clock,A,,\n");
    if (yaml) {
        rig_put(g, "registers/test.yaml", yaml);
    }
    return rig_load(g) && rig_room(g);
}

__attribute__((unused)) static void rig_close(struct rig *g)
{
    kt_room_close(g->room);
    kt_record_model_unref(g->model);
    kt_site_unref(g->site);
    for (kt_seq i = 0; i < g->seq; i++) {
        free(g->events[i].body);
    }
    for (size_t i = 0; i < g->said_n; i++) {
        free(g->said[i]);
    }
    free(g->said);
    free(g->events);
    kt_json_free(g->verdict);
    kt_dir_remove(g->dir);
}

/* Apply event number i (from 0) of `of` to g; a tick that `drop` says is left out. */
__attribute__((unused)) static void rig_apply(struct rig *g, const struct rig *of, kt_seq i)
{
    const struct rig_event *e = &of->events[i];
    struct kt_err err;
    struct kt_event ev = {.seq = i + 1,
                          .time = e->time,
                          .kind = e->body ? KT_EV_REQUEST : KT_EV_TICK,
                          .origin = KT_STR("test")};
    ev.body = e->body ? kt_str_c(e->body) : (struct kt_str){"", 0};
    CHECK_OK(kt_room_apply(g->room, &ev, &err), &err);
}

static void rig_event(struct rig *g, char *body)
{
    struct kt_err err;
    KT_ASSERT(g->seq < RIG_EVENTS);
    g->events[g->seq++] = (struct rig_event){g->now, body};
    rig_apply(g, g, g->seq - 1);
    CHECK_OK(kt_room_commit(g->room, &err), &err);
}

__attribute__((unused)) static void rig_pass(struct rig *g, int64_t ms)
{
    g->now += ms * KT_MS;
    rig_event(g, NULL);
}

/** `rights` separated by blanks; places everywhere. */
__attribute__((unused)) static void rig_ask(struct rig *g, const char *user, const char *rights,
                                            const char *verb, const char *args)
{
    struct kt_buf b;
    kt_buf_init(&b, 0);
    kt_buf_printf(&b,
                  "{\"verb\":\"%s\",\"args\":%s,\"by\":{\"user\":\"%s\",\"places\":[\"*\"],"
                  "\"rights\":[\"record.read\"",
                  verb, args, user);
    for (const char *p = rights; *p;) {
        size_t n = strcspn(p, " ");
        kt_buf_printf(&b, ",\"%.*s\"", (int)n, p);
        p += n + (p[n] == ' ');
    }
    kt_buf_puts(&b, "]}}");
    g->now += KT_MS;
    rig_event(g, strdup(kt_buf_cstr(&b)));
    kt_buf_done(&b);
}

__attribute__((unused)) static bool rig_ok(const struct rig *g)
{
    return kt_json_get_bool(g->verdict, "ok", false);
}

/** Was it refused, in words that hold `text`, in both languages? */
__attribute__((unused)) static bool rig_refused(const struct rig *g, const char *code,
                                                const char *text)
{
    const char *en = kt_json_get_str(g->verdict, "text", "");
    bool is = !rig_ok(g) && strcmp(kt_json_get_str(g->verdict, "code", ""), code) == 0 &&
              strstr(en, text) && kt_json_get_str(g->verdict, "text_zh", "")[0];
    if (!is) {
        printf("# verdict: %s, %s\n", kt_json_get_str(g->verdict, "code", "ok"), en);
    }
    return is;
}

__attribute__((unused)) static int64_t rig_int(const struct rig *g, const char *key)
{
    return kt_json_get_int(kt_json_get(g->verdict, "result"), key, -1);
}

/** First column of the first row, of what is applied. */
__attribute__((unused)) static int64_t rig_sql(const struct rig *g, const char *sql)
{
    int64_t v = -999;
    struct kt_err err;
    CHECK_OK(kt_db_int(g->room->w, sql, &v, &err), &err);
    return v;
}

/** How many outcomes hold both texts? */
__attribute__((unused)) static int rig_said(const struct rig *g, const char *a, const char *b)
{
    int n = 0;
    for (size_t i = 0; i < g->said_n; i++) {
        n += strstr(g->said[i], a) && strstr(g->said[i], b);
    }
    return n;
}
#endif
