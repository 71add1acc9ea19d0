/* SPDX-License-Identifier: Apache-2.0 */
/* model_limit: the limits that a number is judged by, each with its source, and their use in `sql`.
 */
#include <ctype.h>
#include <stdio.h>

#include "record/model.h"

void rec_read_limits(struct rec_load *l, const struct kt_yaml *map, struct rec_field *f)
{
    struct kt_yaml *list = kt_yaml_list(map, "limits", KT_OPTIONAL);
    uint32_t n = kt_yaml_count(list);
    struct rec_limit *limit = KT_NEW_ARRAY(l->a, struct rec_limit, n + 1);
    if (list && f->as != REC_NUMBER) {
        kt_yaml_problem(list, "only a number has limits; leave them out");
    }
    for (uint32_t i = 0; i < n; i++) {
        struct kt_yaml *m = kt_yaml_at(list, i);
        struct rec_limit *to = &limit[f->limits_n];
        if (!kt_yaml_as_map(m, "a limit") || !rec_read_id(l, m, "id", &to->id)) {
            continue;
        }
        kt_yaml_num(m, "value", KT_REQUIRED, &to->value);
        to->title = rec_read_text2(l, m, "title", KT_REQUIRED);
        to->source = rec_read_source(l, m);
        kt_yaml_unknown(m);
        f->limits_n++;
    }
    f->limits = limit;
}

static const struct rec_limit *limit_of(const struct rec_register *reg, struct kt_str id)
{
    for (uint32_t i = 0; i < reg->fields_n; i++) {
        for (uint32_t k = 0; k < reg->fields[i].limits_n; k++) {
            if (kt_str_is(id, reg->fields[i].limits[k].id)) {
                return &reg->fields[i].limits[k];
            }
        }
    }
    return NULL;
}

/* `:id` becomes the number of that limit; what is none stays, and SQLite refuses it. */
static const char *filled(struct rec_load *l, const struct rec_register *reg, const char *sql)
{
    struct kt_buf b;
    kt_buf_init(&b, 1 << 20);
    while (*sql) {
        size_t plain = strcspn(sql, ":"), n = 0;
        kt_buf_put(&b, sql, plain);
        sql += plain;
        while (*sql && (isalnum((unsigned char)sql[1 + n]) || sql[1 + n] == '_')) {
            n++;
        }
        const struct rec_limit *limit = n ? limit_of(reg, (struct kt_str){sql + 1, n}) : NULL;
        if (limit) {
            kt_buf_printf(&b, "%.15g", limit->value);
        } else if (*sql) {
            kt_buf_put(&b, sql, 1 + n);
        }
        sql += *sql ? 1 + n : 0;
    }
    const char *made = kt_arena_strdup(l->a, kt_buf_cstr(&b));
    kt_buf_done(&b);
    return made;
}

void rec_fill_limits(struct rec_load *l, const struct kt_yaml *map, struct rec_register *reg)
{
    for (uint32_t i = 0; i < reg->fields_n; i++) {
        for (uint32_t k = 0; k < reg->fields[i].limits_n; k++) {
            const struct rec_limit *limit = &reg->fields[i].limits[k];
            if (limit_of(reg, kt_str_c(limit->id)) != limit) {
                kt_yaml_problem(map, "register \"%s\" has two limits \"%s\"; give one another id",
                                reg->id, limit->id);
            }
        }
        if (strchr(reg->fields[i].sql, ':')) {
            reg->fields[i].sql = filled(l, reg, reg->fields[i].sql);
        }
    }
}
