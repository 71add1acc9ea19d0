/* SPDX-License-Identifier: Apache-2.0 */
/* requests_alarm: acknowledging, shelving, taking out of service; response cards. */
#include "engine/core.h"

enum { MOST_ALARMS = 1000 };

typedef int (*one_alarm_fn)(struct eng *e, const struct request *q, kt_alarm_id id,
                            struct kt_err *err);

static int in_scope(struct eng *e, const struct request *q, kt_alarm_id id, struct kt_err *err)
{
    const struct kt_alarm *a = kt_alarm_find(e->alarms, id);
    return a ? eng_in_scope(e, q, a->point.v, err)
             : kt_err_set(err, KT_ENOTFOUND, "no alarm %llu", (unsigned long long)id.v);
}

struct failures {
    uint64_t id[64];
    int code[64];
    uint32_t n;
};

static void write_failures(const struct failures *f, struct kt_jw *w)
{
    kt_jw_key(w, "failed");
    kt_jw_arr(w);
    for (uint32_t i = 0; i < f->n; i++) {
        kt_jw_obj(w);
        kt_jw_kint(w, "alarm", (int64_t)f->id[i]);
        kt_jw_kstr(w, "code", kt_err_name(f->code[i]));
        kt_jw_obj_end(w);
    }
    kt_jw_arr_end(w);
}

/* For each of args.alarms. It succeeds when one of them does; the others are listed. */
static int for_alarms(struct eng *e, const struct request *q, one_alarm_fn fn, struct kt_err *err)
{
    const struct kt_json *list = kt_json_get(q->args, "alarms");
    size_t n = kt_json_len(list);
    if (!kt_json_arr(list) || n == 0 || n > MOST_ALARMS) {
        return kt_err_set(err, KT_EINVAL, "alarms: a list of 1 to %d ids", MOST_ALARMS);
    }
    struct failures f = {.n = 0};
    int first = KT_OK;
    int64_t done = 0, id;
    for (size_t i = 0; i < n; i++) {
        struct kt_err one = {0};
        int r = kt_json_int(kt_json_at(list, i), &id) && id > 0
                    ? in_scope(e, q, (kt_alarm_id){(uint64_t)id}, &one)
                    : kt_err_set(&one, KT_EINVAL, "alarms: ids are numbers");
        r = r == KT_OK ? fn(e, q, (kt_alarm_id){(uint64_t)id}, &one) : r;
        done += r == KT_OK;
        if (r < 0 && f.n < KT_ARRAY_LEN(f.id)) {
            f.id[f.n] = (uint64_t)id;
            f.code[f.n++] = r;
        }
        if (r < 0 && first == KT_OK) {
            first = kt_err_set(err, r, "%s", one.text);
        }
    }
    kt_jw_kint(q->result, "done", done);
    if (f.n > 0) {
        write_failures(&f, q->result);
    }
    return done > 0 ? KT_OK : first;
}

static int ack_one(struct eng *e, const struct request *q, kt_alarm_id id, struct kt_err *err)
{
    return kt_alarm_ack(e->alarms, id, e->now, q->user, kt_json_get_str(q->args, "note", ""), err);
}

int eng_alarm_ack(struct eng *e, const struct request *q, struct kt_err *err)
{
    return for_alarms(e, q, ack_one, err);
}

static int shelve_one(struct eng *e, const struct request *q, kt_alarm_id id, struct kt_err *err)
{
    int64_t minutes = 0;
    int r = kt_json_need_int(q->args, "minutes", &minutes, err);
    if (r < 0) {
        return r;
    }
    int64_t span = minutes > 0 && minutes <= KT_SHELVE_MAX / KT_MIN ? minutes * KT_MIN : 0;
    return kt_alarm_shelve(e->alarms, id, e->now, span, q->user,
                           kt_json_get_str(q->args, "reason", ""), err);
}

int eng_alarm_shelve(struct eng *e, const struct request *q, struct kt_err *err)
{
    return for_alarms(e, q, shelve_one, err);
}

static int unshelve_one(struct eng *e, const struct request *q, kt_alarm_id id, struct kt_err *err)
{
    return kt_alarm_unshelve(e->alarms, id, e->now, q->user, err);
}

int eng_alarm_unshelve(struct eng *e, const struct request *q, struct kt_err *err)
{
    return for_alarms(e, q, unshelve_one, err);
}

static int arg_instance(const struct eng *e, const struct request *q, kt_rule_id *ret_rule,
                        kt_point_id *ret_point, struct kt_err *err)
{
    const char *rule;
    int r = eng_arg_point(e, q, "point", &ret_point->v, err);
    if (r < 0 || (r = eng_arg_text(q, "rule", &rule, err)) < 0) {
        return r;
    }
    *ret_rule = kt_site_rule(e->site, kt_str_c(rule));
    return ret_rule->v != KT_NONE
               ? KT_OK
               : kt_err_set(err, KT_ENOTFOUND, "rule: no rule is called %s", rule);
}

int eng_alarm_oos(struct eng *e, const struct request *q, struct kt_err *err)
{
    kt_rule_id rule;
    kt_point_id point;
    int r = arg_instance(e, q, &rule, &point, err);
    return r < 0 ? r
                 : kt_alarm_out(e->alarms, rule, point, (kt_alarm_id){eng_next_id(e)}, e->now,
                                q->user, kt_json_get_str(q->args, "reason", ""), err);
}

int eng_alarm_return(struct eng *e, const struct request *q, struct kt_err *err)
{
    kt_rule_id rule;
    kt_point_id point;
    int r = arg_instance(e, q, &rule, &point, err);
    return r < 0 ? r : kt_alarm_return(e->alarms, rule, point, e->now, q->user, err);
}

static int arg_card(const struct eng *e, const struct request *q, uint64_t *ret, struct kt_err *err)
{
    int r = eng_arg_id(q, "card", ret, err);
    const struct kt_card *c = r == KT_OK ? kt_card_find(e->cards, *ret) : NULL;
    if (r < 0) {
        return r;
    }
    return c ? eng_in_scope(e, q, c->point.v, err)
             : kt_err_set(err, KT_ENOTFOUND, "no card %llu", (unsigned long long)*ret);
}

int eng_card_step(struct eng *e, const struct request *q, struct kt_err *err)
{
    uint64_t id = 0;
    int r = arg_card(e, q, &id, err);
    return r < 0 ? r
                 : kt_card_step(e->cards, id, e->now, q->user, kt_json_get_str(q->args, "step", ""),
                                kt_json_get_str(q->args, "text", ""), err);
}

int eng_card_measure(struct eng *e, const struct request *q, struct kt_err *err)
{
    uint64_t id = 0;
    int r = arg_card(e, q, &id, err);
    return r < 0 ? r
                 : kt_card_measure(e->cards, id, e->now, q->user,
                                   kt_json_get_str(q->args, "cause", ""),
                                   kt_json_get_str(q->args, "measure", ""), err);
}

int eng_card_followup(struct eng *e, const struct request *q, struct kt_err *err)
{
    uint64_t id = 0;
    int r = arg_card(e, q, &id, err);
    return r < 0 ? r
                 : kt_card_followup(e->cards, id, e->now, q->user,
                                    kt_json_get_str(q->args, "text", ""), err);
}

int eng_card_close(struct eng *e, const struct request *q, struct kt_err *err)
{
    uint64_t id = 0;
    int r = arg_card(e, q, &id, err);
    return r < 0 ? r
                 : kt_card_close(e->cards, id, e->now, q->user,
                                 kt_json_get_str(q->args, "text", ""), err);
}
