/* SPDX-License-Identifier: Apache-2.0 */
/*
 * records: a case with `records: true` has a record room beside its engine; both get every event,
 * and the outcomes of both are kept. In given.jsonl a request may have a name ("as"), and "$name"
 * in the arguments of a later one is the record that it made ("version": "$name" its version now).
 * When all is fed, each indicator is an outcome `indicator`, each account an outcome `balance`,
 * what a provision says of a record an outcome `provision`, a barrier an outcome `barrier`.
 */
#include "cases.h"

#include <stdlib.h>
#include <string.h>

#include "record/model.h"

enum { RIGHTS = 256, DEPTH = 16 };

struct case_room {
    struct case_run *run;
    struct kt_room *room;
    struct kt_record_model *model;
    struct kt_arena *arena; /* of names */
    const char *name[64];
    int64_t id[64];
    uint32_t names;
};

static void keep(void *arg, kt_seq cause, uint32_t k, struct kt_str json)
{
    struct case_room *c = arg;
    (void)cause;
    (void)k;
    case_keep(c->run, json);
}

int case_room_new(struct case_run *r, struct case_room **ret, struct kt_err *err)
{
    struct case_room *c = calloc(1, sizeof *c);
    struct kt_findings *f = kt_findings_new(100);
    KT_ASSERT(c);
    c->run = r;
    c->arena = kt_arena_new(0);
    int code = kt_record_model_load(r->site, f, &c->model, err);
    if (code < 0 && kt_findings_get(f, 0)) {
        *err = kt_findings_get(f, 0)->at;
    }
    kt_findings_free(f);
    const struct kt_room_opts o = {.dir = kt_arena_printf(c->arena, "%s/data", r->site->dir),
                                   .site = r->site,
                                   .model = c->model,
                                   .outcome = keep,
                                   .arg = c};
    code = code < 0 ? code : kt_dir_make(o.dir, err);
    code = code < 0 ? code : kt_room_open(&o, &c->room, err);
    *ret = c;
    return code;
}

void case_room_free(struct case_room *c)
{
    if (c) {
        kt_room_close(c->room);
        kt_record_model_unref(c->model);
        kt_arena_free(c->arena);
        free(c);
    }
}

int case_room_apply(struct case_room *c, const struct kt_event *ev, struct kt_err *err)
{
    int code = kt_room_apply(c->room, ev, err);
    return code < 0 ? code : kt_room_commit(c->room, err);
}

/* ---- names of records ---- */

static int64_t id_of(const struct case_room *c, const char *name)
{
    for (uint32_t i = 0; i < c->names; i++) {
        if (strcmp(c->name[i], name) == 0) {
            return c->id[i];
        }
    }
    return 0;
}

static int64_t version_of(const struct case_room *c, int64_t id)
{
    for (size_t i = c->run->outcomes_n; i-- > 0;) {
        const struct kt_json *o = c->run->outcomes[i].json;
        if (strcmp(kt_json_get_str(o, "type", ""), "record") == 0 &&
            kt_json_get_int(o, "record", 0) == id) {
            return kt_json_get_int(o, "version", 0);
        }
    }
    return 0;
}

static void write_named(const struct case_room *c, const char *key, const struct kt_json *v,
                        struct kt_jw *w, int depth)
{
    struct kt_json_iter it = {0};
    const char *s = kt_json_str(v);
    if (s && s[0] == '$') {
        int64_t id = id_of(c, s + 1);
        kt_jw_int(w, key && strcmp(key, "version") == 0 ? version_of(c, id) : id);
    } else if (kt_json_obj(v) && depth < DEPTH) {
        kt_jw_obj(w);
        while (kt_json_next(v, &it)) {
            kt_jw_key(w, it.key);
            write_named(c, it.key, it.value, w, depth + 1);
        }
        kt_jw_obj_end(w);
    } else if (kt_json_arr(v) && depth < DEPTH) {
        kt_jw_arr(w);
        for (size_t i = 0; i < kt_json_len(v); i++) {
            write_named(c, NULL, kt_json_at(v, i), w, depth + 1);
        }
        kt_jw_arr_end(w);
    } else {
        kt_json_write(v, w);
    }
}

void case_room_request(const struct case_room *c, const struct kt_json *request, struct kt_jw *w)
{
    write_named(c, NULL, request, w, 0);
}

void case_room_name(struct case_room *c, const char *name)
{
    for (size_t i = c->run->outcomes_n; i-- > 0;) {
        const struct kt_json *o = c->run->outcomes[i].json;
        if (strcmp(kt_json_get_str(o, "type", ""), "verdict") == 0) {
            const struct kt_json *result = kt_json_get(o, "result");
            KT_ASSERT(c->names < KT_ARRAY_LEN(c->name));
            c->name[c->names] = kt_arena_strdup(c->arena, name);
            c->id[c->names++] =
                kt_json_get_int(result, "record", kt_json_get_int(result, "txn", 0));
            return;
        }
    }
}

/* ---- what stands at the end ---- */

struct words {
    const char *right[RIGHTS];
    uint32_t n;
};

static void add_right(void *arg, const char *word)
{
    struct words *w = arg;
    if (word && word[0] && w->n < RIGHTS) {
        w->right[w->n++] = word;
    }
}

/* An object with its type before its own members. */
static void keep_as(struct case_room *c, const char *type, const char *ledger,
                    const struct kt_json *v)
{
    struct kt_json_iter it = {0};
    struct kt_buf b;
    kt_buf_init(&b, 0);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "type", type);
    if (ledger) {
        kt_jw_kstr(&w, "ledger", ledger);
    }
    while (kt_json_next(v, &it)) {
        kt_jw_key(&w, it.key);
        kt_json_write(it.value, &w);
    }
    kt_jw_obj_end(&w);
    case_keep(c->run, (struct kt_str){b.p, b.n});
    kt_buf_done(&b);
}

static int keep_indicators(struct case_room *c, const struct kt_reader *who, struct kt_err *err)
{
    const struct kt_indicator_query q = {0};
    struct kt_json *all = NULL;
    struct kt_buf b;
    kt_buf_init(&b, 0);
    int code = kt_room_indicators(c->room, who, NULL, &q, &b, err);
    code = code < 0 ? code : kt_json_parse((struct kt_str){b.p, b.n}, 0, &all, err);
    for (size_t i = 0; i < kt_json_len(all); i++) {
        keep_as(c, "indicator", NULL, kt_json_at(all, i));
    }
    kt_json_free(all);
    kt_buf_done(&b);
    return code;
}

static int keep_balances(struct case_room *c, const struct kt_reader *who, const char *ledger,
                         struct kt_err *err)
{
    struct kt_json *all = NULL;
    struct kt_buf b;
    kt_buf_init(&b, 0);
    int code = kt_room_ledger(c->room, who, ledger, 0, &b, err);
    code = code < 0 ? code : kt_json_parse((struct kt_str){b.p, b.n}, 0, &all, err);
    const struct kt_json *accounts = kt_json_get(all, "accounts");
    for (size_t i = 0; i < kt_json_len(accounts); i++) {
        keep_as(c, "balance", ledger, kt_json_at(accounts, i));
    }
    kt_json_free(all);
    kt_buf_done(&b);
    return code;
}

/* One outcome a record and provision: {"type","label","rule","holds","missing","met":[labels]}. */
static void keep_verdict(struct case_room *c, const char *label, const char *rule,
                         const struct kt_json *v)
{
    const struct kt_json *met = kt_json_get(v, "met");
    struct kt_buf b;
    kt_buf_init(&b, 0);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "type", "provision");
    kt_jw_kstr(&w, "label", label);
    kt_jw_kstr(&w, "rule", rule);
    kt_jw_kstr(&w, "holds", kt_json_get_str(v, "holds", ""));
    kt_jw_key(&w, "missing");
    kt_json_write(kt_json_get(v, "missing"), &w);
    kt_jw_key(&w, "met");
    kt_jw_arr(&w);
    for (size_t i = 0; i < kt_json_len(met); i++) {
        kt_jw_str(&w, kt_json_get_str(kt_json_at(met, i), "label", ""));
    }
    kt_jw_arr_end(&w);
    kt_jw_obj_end(&w);
    case_keep(c->run, (struct kt_str){b.p, b.n});
    kt_buf_done(&b);
}

static int keep_provisions(struct case_room *c, const struct kt_reader *who, const char *reg,
                           struct kt_err *err)
{
    const struct kt_provision_query q = {.limit = 1000};
    struct kt_json *all = NULL;
    struct kt_buf b;
    kt_buf_init(&b, 0);
    int code = kt_room_provisions(c->room, who, reg, &q, &b, err);
    code = code < 0 ? code : kt_json_parse((struct kt_str){b.p, b.n}, 0, &all, err);
    const struct kt_json *rules = kt_json_get(all, "provisions");
    const struct kt_json *records = kt_json_get(all, "records");
    for (size_t i = 0; i < kt_json_len(records) && kt_json_len(rules); i++) {
        const struct kt_json *one = kt_json_at(records, i);
        const struct kt_json *verdicts = kt_json_get(one, "verdicts");
        const char *label = kt_json_get_str(kt_json_get(one, "record"), "label", "");
        for (size_t k = 0; k < kt_json_len(verdicts); k++) {
            keep_verdict(c, label, kt_json_get_str(kt_json_at(rules, k), "no", ""),
                         kt_json_at(verdicts, k));
        }
    }
    kt_json_free(all);
    kt_buf_done(&b);
    return code;
}

/* One outcome a record and barrier: {"type","label","barrier","holds"}. */
static void keep_touch(struct case_room *c, const char *label, const struct kt_json *v)
{
    struct kt_buf b;
    kt_buf_init(&b, 0);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "type", "barrier");
    kt_jw_kstr(&w, "label", label);
    kt_jw_kstr(&w, "barrier", kt_json_get_str(v, "barrier", ""));
    kt_jw_kstr(&w, "holds", kt_json_get_str(v, "holds", ""));
    kt_jw_obj_end(&w);
    case_keep(c->run, (struct kt_str){b.p, b.n});
    kt_buf_done(&b);
}

static int keep_barriers(struct case_room *c, const struct kt_reader *who, const char *reg,
                         struct kt_err *err)
{
    const struct kt_provision_query q = {.limit = 1000};
    struct kt_json *all = NULL;
    struct kt_buf b;
    kt_buf_init(&b, 0);
    int code = kt_room_barriers(c->room, who, reg, &q, &b, err);
    code = code < 0 ? code : kt_json_parse((struct kt_str){b.p, b.n}, 0, &all, err);
    const struct kt_json *records = kt_json_get(all, "records");
    for (size_t i = 0; i < kt_json_len(records); i++) {
        const struct kt_json *one = kt_json_at(records, i), *list = kt_json_get(one, "verdicts");
        const char *label = kt_json_get_str(kt_json_get(one, "record"), "label", "");
        for (size_t k = 0; k < kt_json_len(list); k++) {
            keep_touch(c, label, kt_json_at(list, k));
        }
    }
    kt_json_free(all);
    kt_buf_done(&b);
    return code;
}

int case_room_end(struct case_room *c, kt_time now, struct kt_err *err)
{
    static const char *const everywhere[] = {"*"};
    struct words w = {.right = {"record.read"}, .n = 1};
    rec_each_right(c->model, add_right, &w);
    const struct kt_reader who = {"case", w.right, w.n, everywhere, 1, now};
    int code = keep_indicators(c, &who, err);
    for (uint32_t i = 0; code == KT_OK && i < c->model->ledgers_n; i++) {
        code = keep_balances(c, &who, c->model->ledgers[i].id, err);
    }
    for (uint32_t i = 0; code == KT_OK && i < c->model->registers_n; i++) {
        code = keep_provisions(c, &who, c->model->registers[i].id, err);
        code = code < 0 ? code : keep_barriers(c, &who, c->model->registers[i].id, err);
    }
    return code;
}
