/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fixed: what stands in a state that is `fixed` changes by a move alone, its files and its parts
 * with it: a signed report has the lines that were signed, a drawing in force its file. What is of
 * a person is still erased (record.erase): the law wants it.
 */
#include "record/flow.h"
#include "record/requests.h"

/* The fixed state that it is in, or NULL. */
static const struct rec_state *fixed_of(const struct kt_room *r, const struct rec_row *row)
{
    const struct rec_workflow *w = flow_of(r->model, row->reg);
    uint32_t at = w && row->state[0] ? rec_state_of(w, row->state) : KT_NONE;
    return at != KT_NONE && w->states[at].fixed ? &w->states[at] : NULL;
}

static int refuse(struct rec_request *q, const struct rec_row *row, const struct rec_state *s)
{
    return rec_no(q, KT_ESTATE,
                  rec_f(q, "%s is \"%s\": what stands there is not changed any more", row->label,
                        s->title.en),
                  rec_f(q, "%s 已是“%s”，内容不再修改", row->label, s->title.zh));
}

static bool is_open(const struct rec_state *s, const char *field)
{
    for (uint32_t i = 0; i < s->open_n; i++) {
        if (strcmp(s->open[i], field) == 0) {
            return true;
        }
    }
    return false;
}

/* Does a move out of the state ask for files of this field? */
static bool is_evidence(const struct rec_workflow *w, uint32_t state, const char *field)
{
    for (uint32_t i = 0; i < w->transitions_n; i++) {
        const struct rec_transition *t = &w->transitions[i];
        for (uint32_t k = 0; (t->from >> state & 1) && k < t->evidence_n; k++) {
            if (strcmp(t->evidence[k].field, field) == 0) {
                return true;
            }
        }
    }
    return false;
}

static int check_whole(struct kt_room *r, struct rec_request *q, const struct rec_value *v,
                       struct kt_err *err)
{
    struct rec_row whole;
    int rc = v->type == KT_COL_INT ? rec_row_get(r, q, v->i, &whole, err) : KT_ENOTFOUND;
    if (v->type != KT_COL_INT || rc < 0) {
        return v->type != KT_COL_INT ? KT_OK : rc;
    }
    const struct rec_state *s = fixed_of(r, &whole);
    return s ? refuse(q, &whole, s) : KT_OK;
}

int rec_check_wholes(struct kt_room *r, struct rec_request *q, const struct rec_row *row,
                     struct kt_err *err)
{
    int rc = KT_OK;
    for (uint32_t i = 0; rc == KT_OK && i < row->reg->fields_n; i++) {
        if (row->reg->fields[i].part) {
            rc = check_whole(r, q, &row->value[i], err);
        }
    }
    return rc;
}

int rec_check_joins(struct kt_room *r, struct rec_request *q, const struct rec_register *reg,
                    const struct rec_change *c, uint32_t n, struct kt_err *err)
{
    int rc = KT_OK;
    for (uint32_t i = 0; rc == KT_OK && i < n; i++) {
        if (reg->fields[c[i].field].part) {
            rc = check_whole(r, q, &c[i].value, err);
        }
    }
    return rc;
}

int rec_check_fixed(struct kt_room *r, struct rec_request *q, const struct rec_row *row,
                    const struct kt_json *fields, struct kt_err *err)
{
    const struct rec_state *s = fixed_of(r, row);
    struct kt_json_iter it = {0};
    bool open = s && kt_json_len(fields) > 0;
    while (open && kt_json_next(fields, &it)) {
        open = is_open(s, it.key);
    }
    return s && !open ? refuse(q, row, s) : rec_check_wholes(r, q, row, err);
}

int rec_check_file_open(struct kt_room *r, struct rec_request *q, const struct rec_row *row,
                        const char *field, bool added, struct kt_err *err)
{
    const struct rec_state *s = fixed_of(r, row);
    const struct rec_workflow *w = flow_of(r->model, row->reg);
    bool open =
        !s || is_open(s, field) || (added && is_evidence(w, rec_state_of(w, row->state), field));
    return open ? rec_check_wholes(r, q, row, err) : refuse(q, row, s);
}
