/* SPDX-License-Identifier: Apache-2.0 */
/* setting: record.setting: how an indicator counts is changed by a person, with a reason. */
#include "record/flow.h"

enum { REASON_MAX = 1000 };

static int allowed(struct rec_request *q, const struct rec_setting *s, double v)
{
    for (uint32_t i = 0; i < s->values_n; i++) {
        if (v >= s->values[i] && v <= s->values[i]) {
            return KT_OK;
        }
    }
    return s->values_n == 0
               ? KT_OK
               : rec_no(q, KT_EINVAL,
                        rec_f(q, "value: %s takes only its listed values", s->title.en),
                        rec_f(q, "value：%s只能取列出的值", s->title.zh));
}

static int write_setting(struct kt_room *r, const struct rec_request *q, const char *indicator,
                         const char *id, double v, const char *reason, struct kt_err *err)
{
    struct kt_stmt *st;
    int code = kt_db_prepare(r->w,
                             "INSERT INTO kt_setting(indicator, id, value, by, time, seq, note) "
                             "VALUES(?, ?, ?, ?, ?, ?, ?)",
                             &st, err);
    if (code < 0) {
        return code;
    }
    kt_bind_text(st, 1, indicator);
    kt_bind_text(st, 2, id);
    kt_bind_f64(st, 3, v);
    kt_bind_text(st, 4, q->user);
    kt_bind_i64(st, 5, rec_ms(r->time));
    kt_bind_i64(st, 6, (int64_t)q->seq);
    kt_bind_text(st, 7, reason);
    code = kt_stmt_run(st, err);
    kt_stmt_done(st);
    return code;
}

static int say_setting(struct kt_room *r, const struct rec_request *q, const char *indicator,
                       const char *id, double v, const char *reason, struct kt_err *err)
{
    struct kt_buf b;
    kt_buf_init(&b, 1 << 16);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_kstr(&w, "indicator", indicator);
    kt_jw_kstr(&w, "id", id);
    kt_jw_knum(&w, "value", v);
    kt_jw_kstr(&w, "by", q->user);
    kt_jw_kstr(&w, "note", reason);
    int code = rec_say(r, "setting", (struct kt_str){b.p, b.n}, err);
    kt_buf_done(&b);
    return code;
}

static const struct rec_setting *setting_named(const struct rec_indicator *d, const char *id)
{
    for (uint32_t i = 0; d && i < d->settings_n; i++) {
        if (strcmp(d->settings[i].id, id) == 0) {
            return &d->settings[i];
        }
    }
    return NULL;
}

int flow_setting(struct kt_room *r, struct rec_request *q, struct kt_err *err)
{
    const char *name = kt_json_get_str(q->args, "indicator", "");
    const char *id = kt_json_get_str(q->args, "id", "");
    const char *reason = kt_json_get_str(q->args, "reason", "");
    uint32_t i = rec_indicator_of(r->model, name);
    const struct rec_indicator *d = i == KT_NONE ? NULL : &r->model->indicators[i];
    const struct rec_setting *s = setting_named(d, id);
    double v;
    if (!rec_may(q, "indicator.write")) {
        return rec_no(q, KT_EDENIED, "record.setting needs the right indicator.write",
                      "修改口径需要 indicator.write 权限");
    }
    if (!s) {
        return rec_no(q, KT_ENOTFOUND,
                      rec_f(q, "there is no setting \"%.60s\" of \"%.60s\"", id, name),
                      rec_f(q, "指标“%.60s”没有口径“%.60s”", name, id));
    }
    if (!kt_json_num(kt_json_get(q->args, "value"), &v)) {
        return rec_no(q, KT_EINVAL, "value: a number", "value：须为数");
    }
    if (!reason[0] || strlen(reason) > REASON_MAX) {
        return rec_no(q, KT_EINVAL, rec_f(q, "reason: say why, in at most %d bytes", REASON_MAX),
                      rec_f(q, "reason：请写明原因，最多 %d 字节", REASON_MAX));
    }
    int code = allowed(q, s, v);
    code = code < 0 ? code : write_setting(r, q, name, id, v, reason, err);
    return code < 0 ? code : say_setting(r, q, name, id, v, reason, err);
}
