/* SPDX-License-Identifier: Apache-2.0 */
/*
 * view_past: a register as it was valid at one moment and known at another.
 *
 * A row that was only ever told of the present ("plain", _tangled = 0) is read as it stood: from
 * its table when the present version was there already, else from kt_was_REGISTER, which has every
 * earlier version (past.c). Where somebody said later what had been valid before, or decided
 * between sources, values come from kt_fact and states from kt_move.
 */
#include "record/past.h"
#include "record/reading.h"

/* The value of a field at (at, known): see facts.c. */
static void fact_at(const char *field, int64_t at, int64_t known, struct kt_buf *sql)
{
    kt_buf_printf(sql,
                  "(SELECT value FROM main.kt_fact WHERE record = t._id AND field = '%s' AND since "
                  "<= %lld AND chosen <= %lld AND (dropped IS NULL OR dropped > %lld) ORDER BY "
                  "since DESC, chosen DESC, id DESC LIMIT 1)",
                  field, (long long)at, (long long)known, (long long)known);
}

static void move_at(const char *what, int64_t at, struct kt_buf *sql)
{
    kt_buf_printf(
        sql,
        ", (SELECT %s FROM main.kt_move WHERE record = t._id AND time <= %lld AND kind IN "
        "('move', 'assign', 'escalate', 'hand-over') ORDER BY time DESC, id DESC LIMIT 1)",
        what, (long long)at);
}

/* Rows of many said later: values of kt_fact, states of kt_move. */
static void tangled(const struct rec_view *v, const struct rec_register *reg,
                    const struct past_moment *m, struct kt_buf *sql)
{
    kt_buf_puts(sql, "SELECT t._id, t._version, t._created, t._created_by, t._changed, "
                     "t._changed_by, nullif(");
    fact_at("_ended", m->at, m->known, sql);
    kt_buf_puts(sql, ", 0) AS _ended, t._merged, t._conflicts");
    move_at("to_state", m->both, sql);
    kt_buf_puts(sql, " AS _state");
    move_at("time", m->both, sql);
    kt_buf_puts(sql, " AS _since");
    move_at("owner", m->both, sql);
    kt_buf_puts(sql, " AS _owner");
    move_at("due", m->both, sql);
    kt_buf_puts(sql, " AS _due, t._returns");
    for (uint32_t i = 0; i < reg->fields_n; i++) {
        if (rec_stored(&reg->fields[i])) {
            kt_buf_puts(sql, ", ");
            fact_at(reg->fields[i].id, m->at, m->known, sql);
            kt_buf_printf(sql, " AS \"%s\"", reg->fields[i].id);
        }
    }
    kt_buf_printf(sql, " FROM main.\"%s\" t WHERE t._tangled = 1 AND ", reg->id);
    view_row_condition(v, reg, sql);
    kt_buf_puts(sql, " AND ");
    fact_at("_ended", m->at, m->known, sql);
    kt_buf_puts(sql, " IS NOT NULL");
}

/** @param was  the version before: it ended when the next one came */
static void plain(const struct rec_view *v, const struct rec_register *reg,
                  const struct past_moment *m, bool was, struct kt_buf *sql)
{
    kt_buf_puts(sql, "SELECT ");
    for (size_t i = 0; i < VIEW_OWN; i++) {
        kt_buf_printf(sql, "%st.%s", i ? ", " : "", view_own[i]);
    }
    for (uint32_t i = 0; i < reg->fields_n; i++) {
        if (rec_stored(&reg->fields[i])) {
            kt_buf_printf(sql, ", t.\"%s\"", reg->fields[i].id);
        }
    }
    kt_buf_printf(sql, " FROM main.\"%s%s\" t WHERE t._from <= %lld AND t._changed <= %lld",
                  was ? PAST_TABLE : "", reg->id, (long long)m->at, (long long)m->known);
    if (was) {
        kt_buf_printf(sql, " AND t._until > %lld", (long long)m->both);
    } else {
        kt_buf_puts(sql, " AND t._tangled = 0");
    }
    kt_buf_puts(sql, " AND ");
    view_row_condition(v, reg, sql);
}

static struct past_moment moment_of(const struct rec_view *v)
{
    struct past_moment m = {.at = rec_ms(v->at ? v->at : v->who->now),
                            .known = rec_ms(v->known ? v->known : v->who->now)};
    m.both = m.at < m.known ? m.at : m.known;
    return m;
}

/* One of the three kinds of rows there are. */
static void part(const struct rec_view *v, const struct rec_register *reg, int i,
                 struct kt_buf *sql)
{
    const struct past_moment m = moment_of(v);
    if (i == 2) {
        tangled(v, reg, &m, sql);
    } else {
        plain(v, reg, &m, i == 1, sql);
    }
}

/* What the person sees of stored columns; what is computed is computed of those. */
static void seen_columns(const struct rec_view *v, const struct rec_register *reg,
                         struct kt_buf *sql)
{
    for (size_t i = 0; i < VIEW_OWN; i++) {
        kt_buf_printf(sql, "%s%s", i ? ", " : "", view_own[i]);
    }
    for (uint32_t i = 0; i < reg->fields_n; i++) {
        const struct rec_field *f = &reg->fields[i];
        if (rec_is_file(f)) {
            continue;
        }
        if (!reader_sees_field(v->who, f)) {
            kt_buf_printf(sql, ", NULL AS \"%s\"", f->id);
        } else if (f->type == REC_COMPUTED) {
            kt_buf_printf(sql, ", (%s) AS \"%s\"", f->sql, f->id);
        } else {
            kt_buf_printf(sql, ", \"%s\"", f->id);
        }
    }
}

void view_past(const struct rec_view *v, const struct rec_register *reg, struct kt_buf *sql)
{
    kt_buf_printf(sql, "CREATE TEMP VIEW \"%s\" AS SELECT ", reg->id);
    seen_columns(v, reg, sql);
    kt_buf_puts(sql, " FROM (");
    for (int i = 0; i < VIEW_PARTS; i++) {
        kt_buf_puts(sql, i ? " UNION ALL " : "");
        part(v, reg, i, sql);
    }
    kt_buf_puts(sql, ")");
}

int view_parts(struct rec_view *v, const struct rec_register *reg, struct kt_err *err)
{
    struct kt_buf sql;
    kt_buf_init(&sql, 4 << 20);
    for (int i = 0; i < VIEW_PARTS; i++) {
        kt_buf_printf(&sql, "CREATE TEMP VIEW \"" VIEW_PART "\" AS SELECT ", i, reg->id);
        seen_columns(v, reg, &sql);
        kt_buf_puts(&sql, " FROM (");
        part(v, reg, i, &sql);
        kt_buf_puts(&sql, ");");
    }
    int rc = kt_db_exec(v->db, kt_buf_cstr(&sql), err);
    kt_buf_done(&sql);
    return rc;
}
