/* SPDX-License-Identifier: Apache-2.0 */
/*
 * workflow: record.move, record.assign and record.receipt. A move is judged in this order: state,
 * who, fields, needs, evidence, note, owner, signature; the first that fails is the refusal.
 */
#include "record/flow.h"

#include <stdio.h>

enum { OWNER_MAX = 64, NOTE_MAX = 2000 };

/* What a move is about, while it is judged. */
struct move {
    const struct rec_workflow *w;
    const struct rec_transition *t;
    struct rec_row row;
    struct rec_change *change;
    uint32_t change_n;
    const char *note, *to;
    struct kt_buf changed;
};

/* ---- who ---- */

static bool request_may(const void *of, const char *right)
{
    return rec_may(of, right);
}

static struct flow_asker asker_of(const struct rec_request *q, const struct rec_register *reg)
{
    return (struct flow_asker){q->user, q, request_may, rec_may_write(q, reg)};
}

bool flow_is_owner(const struct flow_asker *a, const char *owner)
{
    return owner[0] &&
           (strcmp(owner, a->user) == 0 || (strchr(owner, '.') && a->may(a->of, owner)));
}

bool flow_may_move(const struct flow_asker *a, const struct rec_transition *t, const char *owner,
                   const char *creator)
{
    for (uint32_t i = 0; i < t->who_n; i++) {
        const char *w = t->who[i];
        if (strcmp(w, "owner") == 0     ? flow_is_owner(a, owner)
            : strcmp(w, "creator") == 0 ? strcmp(creator, a->user) == 0
                                        : a->may(a->of, w)) {
            return true;
        }
    }
    return t->who_n == 0 && a->writes;
}

/* "owner, hazard.chief" */
static const char *who_text(struct rec_request *q, const struct rec_transition *t, bool zh,
                            const char *owner)
{
    const char *s = "";
    for (uint32_t i = 0; i < t->who_n; i++) {
        const char *w = t->who[i], *say = w;
        if (strcmp(w, "owner") == 0) {
            say = owner[0] ? rec_f(q, zh ? "负责人 %s" : "its owner %s", owner)
                           : (zh ? "负责人（现在没有）" : "its owner (there is none now)");
        } else if (strcmp(w, "creator") == 0) {
            say = zh ? "创建人" : "who made it";
        } else {
            say = rec_f(q, zh ? "有 %s 权限的人" : "who holds the right %s", w);
        }
        s = rec_f(q, "%s%s%s", s, i ? (zh ? "、" : ", ") : "", say);
    }
    return t->who_n ? s : zh ? "有该台账写权限的人" : "who may write to this register";
}

/* ---- judging ---- */

static int check_state(struct rec_request *q, const struct move *m)
{
    uint32_t now = rec_state_of(m->w, m->row.state);
    const char *zh = "", *en = "";
    if (rec_in_states(m->t->from, now)) {
        return KT_OK;
    }
    for (uint32_t i = 0; i < m->w->states_n; i++) {
        if (rec_in_states(m->t->from, i)) {
            zh = rec_f(q, "%s%s%s", zh, *zh ? "、" : "", m->w->states[i].title.zh);
            en = rec_f(q, "%s%s%s", en, *en ? ", " : "", m->w->states[i].title.en);
        }
    }
    struct kt_text is =
        now == KT_NONE ? (struct kt_text){m->row.state, m->row.state} : m->w->states[now].title;
    return rec_no(
        q, KT_ESTATE,
        rec_f(q, "\"%s\" starts in the state %s; %s is in the state %s", m->t->title.en, en,
              m->row.label, is.en),
        rec_f(q, "“%s”只能在“%s”状态进行；%s 现在是“%s”", m->t->title.zh, zh, m->row.label, is.zh));
}

static int check_who(struct rec_request *q, const struct move *m)
{
    struct flow_asker a = asker_of(q, m->row.reg);
    if (q->clock || flow_may_move(&a, m->t, m->row.owner, m->row.created_by)) {
        return KT_OK;
    }
    return rec_no(
        q, KT_EDENIED,
        rec_f(q, "\"%s\" is for %s", m->t->title.en, who_text(q, m->t, false, m->row.owner)),
        rec_f(q, "“%s”由%s办理", m->t->title.zh, who_text(q, m->t, true, m->row.owner)));
}

static bool is_needed(const struct rec_transition *t, const char *field)
{
    for (uint32_t i = 0; i < t->needs_n; i++) {
        if (strcmp(t->needs[i], field) == 0) {
            return true;
        }
    }
    return false;
}

/* Fields that come with a move: what it needs, and more only from who may write. */
static int read_fields(struct kt_room *r, struct rec_request *q, struct move *m, struct kt_err *err)
{
    const struct kt_json *fields = kt_json_get(q->args, "fields");
    struct kt_json_iter it = {0};
    if (!fields || kt_json_kind(fields) == KT_JSON_NULL) {
        return KT_OK;
    }
    uint32_t at = rec_state_of(m->w, m->row.state);
    bool fixed = at != KT_NONE && m->w->states[at].fixed;
    while (kt_json_next(fields, &it)) {
        if (fixed && !is_needed(m->t, it.key)) {
            return rec_no(q, KT_ESTATE,
                          rec_f(q, "%s: in \"%s\" \"%s\" does not change this field", it.key,
                                m->w->states[at].title.en, m->t->title.en),
                          rec_f(q, "%s：已是“%s”，“%s”不改这一项", it.key,
                                m->w->states[at].title.zh, m->t->title.zh));
        }
        if (!is_needed(m->t, it.key) && !q->clock && !rec_may_write(q, m->row.reg)) {
            return rec_no(q, KT_EDENIED,
                          rec_f(q,
                                "%s: \"%s\" does not need this field; changing it takes the "
                                "right %s",
                                it.key, m->t->title.en, m->row.reg->right_write),
                          rec_f(q, "%s：“%s”不需要填这一项；修改它需要 %s 权限", it.key,
                                m->t->title.zh, m->row.reg->right_write));
        }
    }
    return rec_read_fields(r, q, m->row.reg, fields, &m->change, &m->change_n, err);
}

static int filled(struct kt_room *r, const struct move *m, uint32_t field, bool *ret,
                  struct kt_err *err)
{
    const struct rec_field *f = &m->row.reg->fields[field];
    int64_t n = 0;
    if (rec_is_file(f)) {
        int code = rec_attachments_since(r, m->row.id, f->id, 0, &n, err);
        *ret = n > 0;
        return code;
    }
    *ret = m->row.value[field].type != KT_COL_NULL;
    for (uint32_t i = 0; i < m->change_n; i++) {
        if (m->change[i].field == field) {
            *ret = m->change[i].value.type != KT_COL_NULL;
        }
    }
    return KT_OK;
}

static void problem(struct rec_request *q, const char *field, const char *en, const char *zh)
{
    struct kt_jw w = kt_jw_init(&q->problems);
    w.comma = q->problems.n > 0;
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "field", field);
    kt_jw_kstr(&w, "text", en);
    kt_jw_kstr(&w, "text_zh", zh);
    kt_jw_obj_end(&w);
}

static int check_needs(struct kt_room *r, struct rec_request *q, const struct move *m,
                       struct kt_err *err)
{
    const char *zh = "", *en = "";
    for (uint32_t i = 0; i < m->t->needs_n; i++) {
        uint32_t at = rec_field_of(m->row.reg, m->t->needs[i]);
        bool is = false;
        if (at == KT_NONE) {
            continue; /* the model's check lets none through */
        }
        int code = filled(r, m, at, &is, err);
        if (code < 0) {
            return code;
        }
        const struct kt_text *title = &m->row.reg->fields[at].title;
        if (!is) {
            zh = rec_f(q, "%s%s%s", zh, *zh ? "、" : "", title->zh);
            en = rec_f(q, "%s%s%s", en, *en ? ", " : "", title->en);
            problem(q, m->t->needs[i], rec_f(q, "%s is missing", title->en),
                    rec_f(q, "缺少%s", title->zh));
        }
    }
    return *zh ? rec_no(q, KT_EINVAL,
                        rec_f(q, "\"%s\" needs: %s; fill in what is missing", m->t->title.en, en),
                        rec_f(q, "“%s”之前要填写：%s", m->t->title.zh, zh))
               : KT_OK;
}

static int check_evidence(struct kt_room *r, struct rec_request *q, const struct move *m,
                          struct kt_err *err)
{
    for (uint32_t i = 0; i < m->t->evidence_n; i++) {
        const struct rec_evidence *e = &m->t->evidence[i];
        uint32_t at = rec_field_of(m->row.reg, e->field);
        int64_t n = 0;
        int code = rec_attachments_since(r, m->row.id, e->field, m->row.since_ms, &n, err);
        if (code < 0) {
            return code;
        }
        if (n < e->n) {
            const struct kt_text *title = &m->row.reg->fields[at].title;
            return rec_no(
                q, KT_EINVAL,
                rec_f(q, "\"%s\" needs %d in %s since this state was entered; there are %lld",
                      m->t->title.en, e->n, title->en, (long long)n),
                rec_f(q, "“%s”之前，进入本状态以来的%s至少要有 %d 份，现在有 %lld 份",
                      m->t->title.zh, title->zh, e->n, (long long)n));
        }
    }
    return KT_OK;
}

/* The state of the record that a field names, with this move's own change of it; "" none. */
static int linked_state(struct kt_room *r, struct rec_request *q, const struct move *m,
                        uint32_t field, const char **ret, struct kt_err *err)
{
    struct rec_value v = m->row.value[field];
    const struct rec_register *to = &r->model->registers[m->row.reg->fields[field].to];
    struct kt_stmt *st;
    char sql[200];
    for (uint32_t i = 0; i < m->change_n; i++) {
        v = m->change[i].field == field ? m->change[i].value : v;
    }
    *ret = "";
    if (v.type == KT_COL_NULL) {
        return KT_OK;
    }
    snprintf(sql, sizeof sql, "SELECT _state FROM \"%s\" WHERE _id = ? AND _ended IS NULL", to->id);
    int code = kt_db_prepare(r->w, sql, &st, err);
    if (code < 0) {
        return code;
    }
    kt_bind_i64(st, 1, v.i);
    code = kt_stmt_step(st, err);
    if (code > 0) {
        *ret = rec_f(q, "%s", kt_col_text(st, 0) ? kt_col_text(st, 0) : "");
    }
    kt_stmt_done(st);
    return code < 0 ? code : KT_OK;
}

static struct kt_text states_text(struct rec_request *q, const struct rec_workflow *w,
                                  const struct rec_linked *e)
{
    struct kt_text t = {"", ""};
    for (uint32_t i = 0; i < e->states_n; i++) {
        const struct kt_text *s = &w->states[rec_state_of(w, e->states[i])].title;
        t.zh = rec_f(q, "%s%s%s", t.zh, i ? "、" : "", s->zh);
        t.en = rec_f(q, "%s%s%s", t.en, i ? ", " : "", s->en);
    }
    return t;
}

static int check_linked(struct kt_room *r, struct rec_request *q, const struct move *m,
                        struct kt_err *err)
{
    for (uint32_t i = 0; i < m->t->linked_n; i++) {
        const struct rec_linked *e = &m->t->linked[i];
        uint32_t at = rec_field_of(m->row.reg, e->field);
        const char *state = "";
        int code = linked_state(r, q, m, at, &state, err);
        bool is = false;
        for (uint32_t k = 0; k < e->states_n; k++) {
            is |= *state && strcmp(state, e->states[k]) == 0;
        }
        if (code < 0) {
            return code;
        }
        if (!is) {
            const struct rec_register *to = &r->model->registers[m->row.reg->fields[at].to];
            const struct kt_text *title = &m->row.reg->fields[at].title;
            struct kt_text want = states_text(q, flow_of(r->model, to), e);
            return rec_no(
                q, KT_ESTATE,
                rec_f(q, "\"%s\" needs a record in %s that is %s", m->t->title.en, title->en,
                      want.en),
                rec_f(q, "“%s”之前，%s必须是状态为“%s”的记录", m->t->title.zh, title->zh, want.zh));
        }
    }
    return KT_OK;
}

static int check_note(struct rec_request *q, const struct move *m)
{
    if (m->t->note && !m->note[0]) {
        return rec_no(q, KT_EINVAL,
                      rec_f(q, "\"%s\" needs a note; write a sentence", m->t->title.en),
                      rec_f(q, "“%s”要写说明", m->t->title.zh));
    }
    if (strlen(m->note) > NOTE_MAX) {
        return rec_no(q, KT_ELIMIT, rec_f(q, "note: at most %d bytes", NOTE_MAX),
                      rec_f(q, "说明太长：最多 %d 字节", NOTE_MAX));
    }
    return KT_OK;
}

static int check_owner_name(struct rec_request *q, const char *name)
{
    return strlen(name) <= OWNER_MAX
               ? KT_OK
               : rec_no(q, KT_EINVAL,
                        rec_f(q, "the name of an owner has at most %d bytes", OWNER_MAX),
                        rec_f(q, "负责人名称最多 %d 字节", OWNER_MAX));
}

static int check_to(struct rec_request *q, const struct move *m)
{
    if (m->t->owner == REC_OWNER_GIVEN && !m->to[0]) {
        return rec_no(q, KT_EINVAL,
                      rec_f(q, "\"%s\" hands the record over: say to whom", m->t->title.en),
                      rec_f(q, "“%s”要指定负责人", m->t->title.zh));
    }
    if (m->t->owner != REC_OWNER_GIVEN && m->to[0]) {
        return rec_no(q, KT_EINVAL,
                      rec_f(q, "\"%s\" hands the record to nobody; leave out to", m->t->title.en),
                      rec_f(q, "“%s”不指定负责人，请去掉 to", m->t->title.zh));
    }
    return check_owner_name(q, m->to);
}

/* ---- signatures ---- */

/* Persons that are still missing after this one; refused when this one has signed. */
static int missing_after(struct kt_room *r, struct rec_request *q, const struct move *m,
                         int64_t *ret, struct kt_err *err)
{
    int64_t n = 0;
    bool self = false;
    if (m->t->sign <= 1) {
        *ret = 0;
        return KT_OK;
    }
    int code = flow_signed(r->w, m->row.id, m->t->id, q->user, &n, &self, err);
    if (code < 0) {
        return code;
    }
    if (self) {
        return rec_no(q, KT_ECONFLICT,
                      rec_f(q, "you have signed \"%s\" already; %lld other person%s missing",
                            m->t->title.en, (long long)(m->t->sign - n),
                            m->t->sign - n == 1 ? " is" : "s are"),
                      rec_f(q, "您已签过“%s”，还差 %lld 位其他人", m->t->title.zh,
                            (long long)(m->t->sign - n)));
    }
    *ret = m->t->sign - n - 1;
    return KT_OK;
}

/* ---- deadlines ---- */

static int64_t due_after(struct kt_room *r, const struct rec_row *row, const struct rec_due *due)
{
    struct flow_days d;
    switch (due->kind) {
    case REC_DUE_NONE:
        return 0;
    case REC_DUE_FIELD:
        return flow_field_due(row, due->field, r->site->utc_offset_s);
    case REC_DUE_SPAN:
        return flow_deadline(flow_days(&d, r->w, r->model, r->site), rec_ms(r->time), &due->span);
    default:
        return row->due_ms;
    }
}

static const char *owner_after(const struct rec_request *q, const struct move *m)
{
    switch (m->t->owner) {
    case REC_OWNER_GIVEN:
        return m->to;
    case REC_OWNER_MOVER:
        return q->user;
    case REC_OWNER_CREATOR:
        return m->row.created_by;
    case REC_OWNER_NONE:
        return "";
    default:
        return m->row.owner;
    }
}

/* ---- doing ---- */

/* The version rises by one, whether the fields that came were new or not. */
static int write_fields(struct kt_room *r, struct rec_request *q, struct move *m,
                        struct kt_err *err)
{
    int64_t before = m->row.version;
    int code =
        m->change_n ? rec_put(r, q, &m->row, m->change, m->change_n, &m->changed, err) : KT_OK;
    return code == KT_OK && m->row.version == before ? rec_touch(r, q, &m->row, err) : code;
}

static int sign(struct kt_room *r, struct rec_request *q, struct move *m, int64_t missing,
                struct kt_err *err)
{
    const struct flow_step s = {"sign", m->t->id, m->row.state, m->row.state, q->user, m->note};
    int code = flow_log(r, &m->row, &s, err);
    if (code == KT_OK) {
        code = rec_say_record(r, &m->row, "sign", (struct kt_str){m->changed.p, m->changed.n},
                              q->user, m->note, err);
    }
    kt_jw_kint(q->result, "missing", missing);
    return code;
}

static int enter(struct kt_room *r, struct rec_request *q, struct move *m, struct kt_err *err)
{
    struct flow_days d;
    struct rec_row *row = &m->row;
    const struct flow_step s = {"move",  m->t->id, row->state, m->w->states[m->t->to].id,
                                q->user, m->note};
    row->state = s.to;
    row->owner = owner_after(q, m);
    row->due_ms = due_after(r, row, &m->t->due);
    row->since_ms = rec_ms(r->time);
    row->returns += m->t->returns;
    bool receipt = m->t->receipt.days + m->t->receipt.hours > 0 && row->owner[0];
    int64_t until = receipt ? flow_deadline(flow_days(&d, r->w, r->model, r->site), row->since_ms,
                                            &m->t->receipt)
                            : 0;
    int code = flow_store(r, row, err);
    code = code < 0 ? code : flow_log(r, row, &s, err);
    code = code < 0 ? code : flow_timers(r, row, err);
    code = code < 0 ? code : flow_receipt_until(r, row->id, until, err);
    return code < 0 ? code
                    : rec_say_record(r, row, "move", (struct kt_str){m->changed.p, m->changed.n},
                                     q->user, m->note, err);
}

static void answer(struct rec_request *q, const struct rec_row *row)
{
    kt_jw_kint(q->result, "record", row->id);
    kt_jw_kint(q->result, "version", row->version);
    kt_jw_kstr(q->result, "state", row->state);
}

static int judge(struct kt_room *r, struct rec_request *q, struct move *m, int64_t *ret_missing,
                 struct kt_err *err)
{
    int code = check_state(q, m);
    code = code < 0 ? code : check_who(q, m);
    code = code < 0 ? code : read_fields(r, q, m, err);
    code = code < 0 ? code : check_needs(r, q, m, err);
    code = code < 0 ? code : check_linked(r, q, m, err);
    code = code < 0 ? code : check_evidence(r, q, m, err);
    code = code < 0 ? code : check_note(q, m);
    code = code < 0 ? code : check_to(q, m);
    return code < 0 ? code : missing_after(r, q, m, ret_missing, err);
}

static int find_transition(struct kt_room *r, struct rec_request *q, struct move *m)
{
    const char *id = kt_json_get_str(q->args, "transition", "");
    m->w = flow_of(r->model, m->row.reg);
    if (!m->w) {
        return rec_no(q, KT_EINVAL, rec_f(q, "%s has no workflow", m->row.reg->title.en),
                      rec_f(q, "%s没有流程", m->row.reg->title.zh));
    }
    m->t = rec_transition_of(m->w, id);
    if (m->t) {
        return KT_OK;
    }
    struct kt_suggest s = kt_suggest_init(kt_str_c(id));
    char buf[KT_SUGGEST_TEXT];
    for (uint32_t i = 0; i < m->w->transitions_n; i++) {
        kt_suggest_try(&s, m->w->transitions[i].id);
    }
    return rec_no(q, KT_EINVAL,
                  rec_f(q, "transition: %s has none that is called \"%s\"%s", m->w->title.en, id,
                        kt_suggest_text(&s, buf)),
                  rec_f(q, "transition：流程“%s”没有“%s”这一步", m->w->title.zh, id));
}

int flow_move(struct kt_room *r, struct rec_request *q, struct kt_err *err)
{
    struct move m = {.note = kt_json_get_str(q->args, "note", ""),
                     .to = kt_json_get_str(q->args, "to", "")};
    int64_t missing = 0;
    int code = rec_row_arg(r, q, true, &m.row, err);
    code = code < 0 ? code : find_transition(r, q, &m);
    code = code < 0 ? code : judge(r, q, &m, &missing, err);
    if (code < 0) {
        return code;
    }
    kt_buf_init(&m.changed, 1 << 20);
    code = write_fields(r, q, &m, err);
    if (code == KT_OK) {
        code = missing > 0 ? sign(r, q, &m, missing, err) : enter(r, q, &m, err);
    }
    kt_buf_done(&m.changed);
    if (code == KT_OK) {
        answer(q, &m.row);
    }
    return code;
}

int flow_lapse(struct kt_room *r, struct rec_request *q, const struct rec_row *row,
               const char *transition, struct kt_err *err)
{
    struct move m = {.row = *row, .w = flow_of(r->model, row->reg), .note = "", .to = ""};
    m.t = rec_transition_of(m.w, transition);
    if (!m.t) {
        return KT_OK; /* the model's check lets none through */
    }
    kt_buf_init(&m.changed, 1 << 20);
    int code = write_fields(r, q, &m, err);
    code = code < 0 ? code : enter(r, q, &m, err);
    kt_buf_done(&m.changed);
    return code;
}

/* ---- owner and receipt ---- */

static int open_case(struct kt_room *r, struct rec_request *q, struct rec_row *row,
                     struct kt_err *err)
{
    int code = rec_row_arg(r, q, true, row, err);
    if (code < 0) {
        return code;
    }
    const struct rec_workflow *w = flow_of(r->model, row->reg);
    uint32_t s = w ? rec_state_of(w, row->state) : KT_NONE;
    if (s == KT_NONE) {
        return rec_no(q, KT_EINVAL, rec_f(q, "%s has no workflow", row->reg->title.en),
                      rec_f(q, "%s没有流程", row->reg->title.zh));
    }
    if (rec_state_ends(&w->states[s])) {
        return rec_no(q, KT_ESTATE,
                      rec_f(q, "%s is in the state %s: there is nothing left to do", row->label,
                            w->states[s].title.en),
                      rec_f(q, "%s 已是“%s”，不再办理", row->label, w->states[s].title.zh));
    }
    return KT_OK;
}

/* A change of the workflow's columns alone: version, row, history, outcome. */
static int change_owner(struct kt_room *r, struct rec_request *q, struct rec_row *row,
                        const char *kind, const char *note, struct kt_err *err)
{
    const struct flow_step s = {kind, NULL, row->state, row->state, q->user, note};
    int code = rec_touch(r, q, row, err);
    code = code < 0 ? code : flow_store(r, row, err);
    code = code < 0 ? code : flow_log(r, row, &s, err);
    code =
        code < 0 ? code : rec_say_record(r, row, kind, (struct kt_str){"", 0}, q->user, note, err);
    if (code == KT_OK) {
        answer(q, row);
    }
    return code;
}

int flow_assign(struct kt_room *r, struct rec_request *q, struct kt_err *err)
{
    struct rec_row row;
    const char *owner = kt_json_get_str(q->args, "owner", "");
    int code = open_case(r, q, &row, err);
    if (code < 0) {
        return code;
    }
    struct flow_asker a = asker_of(q, row.reg);
    if (!a.writes && !flow_is_owner(&a, row.owner)) {
        return rec_no(
            q, KT_EDENIED,
            rec_f(q, "handing over is for its owner%s%s or the right %s", row.owner[0] ? " " : "",
                  row.owner, row.reg->right_write),
            rec_f(q, "转交由负责人%s或有 %s 权限的人办理", row.owner, row.reg->right_write));
    }
    if (!owner[0]) {
        return rec_no(q, KT_EINVAL, "owner: say who is to have it", "owner：请指定负责人");
    }
    code = check_owner_name(q, owner);
    if (code < 0) {
        return code;
    }
    row.owner = owner;
    return change_owner(r, q, &row, "assign", kt_json_get_str(q->args, "note", ""), err);
}

int flow_receipt(struct kt_room *r, struct rec_request *q, struct kt_err *err)
{
    struct rec_row row;
    bool waits = false;
    const char *note = kt_json_get_str(q->args, "note", "");
    int code = open_case(r, q, &row, err);
    code = code < 0 ? code : flow_receipt_open(r, row.id, &waits, err);
    if (code < 0) {
        return code;
    }
    struct flow_asker a = asker_of(q, row.reg);
    if (!flow_is_owner(&a, row.owner)) {
        return rec_no(
            q, KT_EDENIED,
            rec_f(q, "the receipt is for its owner%s%s", row.owner[0] ? " " : "", row.owner),
            rec_f(q, "回执由负责人%s签收", row.owner));
    }
    if (!waits) {
        return rec_no(q, KT_ESTATE, rec_f(q, "%s waits for no receipt", row.label),
                      rec_f(q, "%s 不等待回执", row.label));
    }
    if (!note[0]) {
        return rec_no(q, KT_EINVAL, "note: write a sentence", "note：请写一句回执");
    }
    code = flow_receipt_until(r, row.id, 0, err);
    return code < 0 ? code : change_owner(r, q, &row, "receipt", note, err);
}
