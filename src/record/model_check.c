/* SPDX-License-Identifier: Apache-2.0 */
/* model_check: names of other registers and workflows become indexes; what does not fit is said. */
#include "record/model.h"

#include <ctype.h>
#include <stdio.h>

static void bind_ref(struct rec_load *l, struct rec_field *f)
{
    f->to = rec_register_of(l->m, f->to_id);
    if (f->to == KT_NONE) {
        char buf[KT_SUGGEST_TEXT];
        struct kt_suggest s = kt_suggest_init(kt_str_c(f->to_id));
        for (uint32_t i = 0; i < l->m->registers_n; i++) {
            kt_suggest_try(&s, l->m->registers[i].id);
        }
        rec_problem(l, &f->at, "field \"%s\": there is no register \"%s\"%s", f->id, f->to_id,
                    kt_suggest_text(&s, buf));
    }
}

static void bind_workflow(struct rec_load *l, struct rec_register *reg)
{
    if (!reg->workflow_id[0]) {
        return;
    }
    reg->workflow = rec_workflow_of(l->m, reg->workflow_id);
    if (reg->workflow == KT_NONE) {
        char buf[KT_SUGGEST_TEXT];
        struct kt_suggest s = kt_suggest_init(kt_str_c(reg->workflow_id));
        for (uint32_t i = 0; i < l->m->workflows_n; i++) {
            kt_suggest_try(&s, l->m->workflows[i].id);
        }
        rec_problem(l, &reg->at, "register \"%s\": there is no workflow \"%s\"%s", reg->id,
                    reg->workflow_id, kt_suggest_text(&s, buf));
    }
}

/* A right is NAME.word, and NAME is one of the program's or of the model's. */
static void check_right(struct rec_load *l, const struct rec_at *at, const char *word)
{
    size_t n = strcspn(word, ".");
    if (word[0] && (!word[n] || !word[n + 1] || n == 0)) {
        rec_problem(l, at, "\"%s\" is no right; write NAME.word, e.g. hazard.money", word);
    }
}

bool rec_holds_word(const char *text, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = text; (p = strstr(p, word)); p++) {
        bool before = p > text && (isalnum((unsigned char)p[-1]) || p[-1] == '_');
        bool after = isalnum((unsigned char)p[n]) || p[n] == '_';
        if (!before && !after) {
            return true;
        }
    }
    return false;
}

/* What is computed of a column that few may read, few may read. */
static void check_computed(struct rec_load *l, const struct rec_register *reg,
                           const struct rec_field *f)
{
    for (uint32_t i = 0; i < reg->fields_n; i++) {
        const struct rec_field *x = &reg->fields[i];
        if (x != f && x->read[0] && strcmp(x->read, f->read) != 0 &&
            rec_holds_word(f->sql, x->id)) {
            rec_problem(l, &f->at,
                        "field \"%s\" is computed of \"%s\", which needs the right %s; give it "
                        "read: %s too",
                        f->id, x->id, x->read, x->read);
        }
    }
}

/* A label, a key and a place are seen by all who see the record. */
static void check_open(struct rec_load *l, const struct rec_register *reg, uint32_t field,
                       const char *what)
{
    if (field != KT_NONE && reg->fields[field].read[0]) {
        rec_problem(l, &reg->fields[field].at,
                    "field \"%s\" is the %s of the register and cannot have a right of its own",
                    reg->fields[field].id, what);
    }
}

static void check_label(struct rec_load *l, const struct rec_register *reg)
{
    for (uint32_t i = 0; i < reg->fields_n; i++) {
        char brace[REC_ID_MAX + 3] = "{";
        size_t n = strlen(reg->fields[i].id);
        memcpy(brace + 1, reg->fields[i].id, n);
        memcpy(brace + 1 + n, "}", 2);
        if (strstr(reg->label, brace)) {
            check_open(l, reg, i, "label");
        }
    }
}

/* The field whose value names the point that `live` goes to. */
static void check_live(struct rec_load *l, const struct rec_register *reg,
                       const struct rec_field *f)
{
    const char *open = strchr(f->live, '{'), *close = open ? strchr(open, '}') : NULL;
    char name[REC_ID_MAX + 1] = "";
    if (!close) {
        return;
    }
    snprintf(name, sizeof name, "%.*s", (int)(close - open - 1), open + 1);
    uint32_t at = rec_field_of(reg, name);
    if (strcmp(name, "key") != 0 && (at == KT_NONE || reg->fields[at].type != REC_TEXT)) {
        rec_problem(l, &f->at, "field \"%s\", live: {%s} is neither key nor a text of %s", f->id,
                    name, reg->id);
    }
}

static void check_register(struct rec_load *l, struct rec_register *reg)
{
    bind_workflow(l, reg);
    check_open(l, reg, reg->key, "key");
    check_open(l, reg, reg->place, "place");
    check_label(l, reg);
    rec_check_personal(l, reg);
    for (uint32_t i = 0; i < reg->fields_n; i++) {
        struct rec_field *f = &reg->fields[i];
        check_right(l, &f->at, f->read);
        check_right(l, &f->at, f->write);
        check_live(l, reg, f);
        if (f->type == REC_REF) {
            bind_ref(l, f);
        } else if (f->type == REC_COMPUTED) {
            check_computed(l, reg, f);
        }
    }
    for (uint32_t i = 0; i < reg->fields_n; i++) { /* when every reference is bound */
        rec_check_accord(l, reg, &reg->fields[i]);
    }
}

void rec_check_registers(struct rec_load *l)
{
    for (uint32_t i = 0; i < l->m->registers_n; i++) {
        check_register(l, &l->m->registers[i]);
    }
}
