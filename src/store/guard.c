/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard: SQL that a pack brought. What it may do is decided while it is prepared (authorizer), how
 * long it may run while it runs (progress handler).
 *
 * Invariant: names reach a table through `reads` alone. SQLite tells the authorizer the view that
 * reads, but not the schema of a name in a FROM, and the name of a WITH passes for a view there; so
 * names of schemas, quoted names and names of tables kt_… that `reads` does not know are refused
 * before SQLite sees them.
 */
#include "store/private.h"

#include <string.h>

#include "sys/clock.h"

enum { STEPS_BETWEEN_LOOKS = 1000, WORD_MAX = 64 };

struct kt_db_args {
    sqlite3_value **v;
    int n;
};

static const char *const plain[] = {"->",
                                    "->>",
                                    "abs",
                                    "avg",
                                    "coalesce",
                                    "count",
                                    "cume_dist",
                                    "date",
                                    "dense_rank",
                                    "first_value",
                                    "format",
                                    "glob",
                                    "group_concat",
                                    "ifnull",
                                    "iif",
                                    "instr",
                                    "json_array_length",
                                    "json_extract",
                                    "json_type",
                                    "lag",
                                    "last_value",
                                    "lead",
                                    "length",
                                    "like",
                                    "ln",
                                    "lower",
                                    "ltrim",
                                    "max",
                                    "min",
                                    "nth_value",
                                    "ntile",
                                    "nullif",
                                    "percent_rank",
                                    "printf",
                                    "rank",
                                    "replace",
                                    "round",
                                    "row_number",
                                    "rtrim",
                                    "sign",
                                    "substr",
                                    "substring",
                                    "sum",
                                    "total",
                                    "trim",
                                    "typeof",
                                    "unicode",
                                    "upper"};

static bool function_allowed(const struct kt_db_guard *g, const char *name)
{
    for (size_t i = 0; i < KT_ARRAY_LEN(plain); i++) {
        if (sqlite3_stricmp(plain[i], name) == 0) {
            return true;
        }
    }
    for (uint32_t i = 0; i < g->functions_n; i++) {
        if (sqlite3_stricmp(g->functions[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static int authorize(void *arg, int action, const char *a, const char *b, const char *schema,
                     const char *view)
{
    const struct kt_db_guard *g = ((struct kt_db *)arg)->guard;
    (void)schema;
    switch (action) {
    case SQLITE_SELECT:
        return SQLITE_OK;
    case SQLITE_READ:
        return *a && sqlite3_strnicmp(a, "sqlite_", 7) != 0 && g->reads(g->arg, a, view)
                   ? SQLITE_OK
                   : SQLITE_DENY;
    case SQLITE_FUNCTION:
        return function_allowed(g, b) ? SQLITE_OK : SQLITE_DENY;
    default:
        return SQLITE_DENY;
    }
}

static int look_at_clock(void *arg)
{
    return kt_clock_mono() > ((struct kt_db *)arg)->deadline;
}

/* ---- functions ---- */

struct store_call {
    struct kt_db *db;
    const struct kt_db_function *f;
};

static void call(sqlite3_context *ctx, int n, sqlite3_value **v)
{
    const struct store_call *c = sqlite3_user_data(ctx);
    const struct kt_db_args args = {v, n};
    struct kt_db_value ret = {.type = KT_COL_NULL};
    if (!c->db->guard) { /* outside of a guarded statement there is no one to ask */
        sqlite3_result_null(ctx);
        return;
    }
    c->f->fn(c->db->guard->arg, &args, &ret);
    switch (ret.type) {
    case KT_COL_INT:
        sqlite3_result_int64(ctx, ret.i);
        break;
    case KT_COL_REAL:
        sqlite3_result_double(ctx, ret.f);
        break;
    case KT_COL_TEXT:
        sqlite3_result_text(ctx, ret.text, -1, SQLITE_TRANSIENT);
        break;
    default:
        sqlite3_result_null(ctx);
    }
}

const char *kt_arg_text(const struct kt_db_args *a, int i)
{
    return i < a->n ? (const char *)sqlite3_value_text(a->v[i]) : NULL;
}

int64_t kt_arg_i64(const struct kt_db_args *a, int i)
{
    return i < a->n ? sqlite3_value_int64(a->v[i]) : 0;
}

bool kt_arg_is_null(const struct kt_db_args *a, int i)
{
    return i >= a->n || sqlite3_value_type(a->v[i]) == SQLITE_NULL;
}

static int register_functions(struct kt_db *db, const struct kt_db_guard *g, struct kt_err *err)
{
    for (uint32_t i = 0; i < g->functions_n && db->functions != g->functions; i++) {
        struct store_call *c = sqlite3_malloc(sizeof(*c));
        KT_ASSERT(c);
        *c = (struct store_call){db, &g->functions[i]};
        int rc = sqlite3_create_function_v2(db->h, c->f->name, c->f->args,
                                            SQLITE_UTF8 | SQLITE_DIRECTONLY, c, call, NULL, NULL,
                                            sqlite3_free);
        if (rc != SQLITE_OK) {
            return store_err(db, rc, c->f->name, err);
        }
    }
    db->functions = g->functions;
    return KT_OK;
}

/* ---- words ---- */

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (unsigned char)c >= 0x80;
}

/* A word that names a schema, or a table that is not the pack's to name. */
static bool forbidden(const struct kt_db_guard *g, const char *p, size_t n)
{
    static const char *const words[] = {"main", "temp"};
    char name[WORD_MAX + 1];
    if (n > WORD_MAX) {
        return true;
    }
    memcpy(name, p, n);
    name[n] = 0;
    for (size_t i = 0; i < KT_ARRAY_LEN(words); i++) {
        if (sqlite3_stricmp(name, words[i]) == 0) {
            return true;
        }
    }
    return sqlite3_strnicmp(name, "sqlite_", 7) == 0 ||
           (sqlite3_strnicmp(name, "kt_", 3) == 0 && !g->reads(g->arg, name, NULL));
}

/* Past a text in single quotes, which SQLite takes for a name where it wants one. */
static const char *pass_text(const struct kt_db_guard *g, const char *p)
{
    const char *end = strchr(p + 1, '\'');
    size_t word = 0;
    if (!end || end[1 + strspn(end + 1, " \t\r\n\f\v")] == '.') {
        return NULL;
    }
    while (is_word(p[1 + word])) {
        word++;
    }
    bool name = p + 1 + word == end && word > 0 && word <= WORD_MAX;
    if (name && word == 3 && sqlite3_strnicmp(p + 1, "now", 3) == 0) {
        return NULL; /* a date of today: what is asked of then would be told of now */
    }
    return name && forbidden(g, p + 1, word) ? NULL : end + 1;
}

/* A text that a date may be made of: figures, signs, and the words of what is added to it. */
static bool fits_date(const char *p, const char *end)
{
    static const char *const words[] = {"day", "days",  "month", "months", "year",
                                        "of",  "years", "start", "weekday"};
    while (p < end) {
        size_t n = 0;
        while (p + n < end && is_word(p[n]) && (p[n] < '0' || p[n] > '9')) {
            n++;
        }
        bool fits = n == 0;
        for (size_t i = 0; !fits && i < KT_ARRAY_LEN(words); i++) {
            fits = strlen(words[i]) == n && sqlite3_strnicmp(p, words[i], (int)n) == 0;
        }
        if (!fits) {
            return false;
        }
        p += n ? n : 1;
    }
    return true;
}

/*
 * date() of nothing is the clock's, and so may be one of texts put together ('n' || 'ow'); what no
 * text here says (a column that holds it) is refused when it runs (kt_stmt_step()).
 */
static bool asks_clock(const char *p, size_t n)
{
    static const char blank[] = " \t\r\n\f\v";
    const char *next = p + n + strspn(p + n, blank);
    if (n != 4 || sqlite3_strnicmp(p, "date", 4) != 0 || *next != '(') {
        return false;
    }
    if (next[1 + strspn(next + 1, blank)] == ')') {
        return true;
    }
    int depth = 0;
    do {
        const char *end = *next == '\'' ? strchr(next + 1, '\'') : NULL;
        depth += *next == '(' ? 1 : *next == ')' ? -1 : 0;
        if (end && !fits_date(next + 1, end)) {
            return true;
        }
        next = end ? end + 1 : next + 1;
    } while (*next && depth > 0);
    return false;
}

/* Past one token; NULL: it is one that may not be there (*ret_n its length). */
static const char *pass_token(const struct kt_db_guard *g, const char *p, size_t *ret_n)
{
    size_t n = 1;
    if (*p == '\'') {
        *ret_n = strlen(p);
        return pass_text(g, p);
    }
    while (is_word(*p) && is_word(p[n])) {
        n++;
    }
    *ret_n = n;
    if (is_word(*p)) {
        return forbidden(g, p, n) || asks_clock(p, n) ? NULL : p + n;
    }
    bool comment = (p[0] == '-' && p[1] == '-') || (p[0] == '/' && p[1] == '*');
    return comment || strchr("\"`[];", *p) ? NULL : p + 1;
}

static int check_words(struct kt_db *db, const struct kt_db_guard *g, const char *sql,
                       struct kt_err *err)
{
    size_t n;
    for (const char *p = sql, *next; *p; p = next) {
        next = pass_token(g, p, &n);
        if (!next) {
            return kt_err_set(err, KT_EDENIED,
                              "%s: \"%.*s\" may not stand in SQL of a pack; name registers and "
                              "columns plainly, without schema, quotes, comments and semicolon",
                              db->path, (int)(n < WORD_MAX ? n : WORD_MAX), p);
        }
    }
    return KT_OK;
}

void store_unguard(struct kt_db *db)
{
    sqlite3_progress_handler(db->h, 0, NULL, NULL);
    db->guard = NULL;
}

static int prepare(struct kt_db *db, const char *sql, struct kt_stmt **ret, struct kt_err *err)
{
    struct kt_err why;
    sqlite3_set_authorizer(db->h, authorize, db);
    int r = store_prepare(db, sql, 0, ret, &why);
    sqlite3_set_authorizer(db->h, NULL, NULL);
    if (r < 0) { /* what is no SQL is the pack's mistake */
        return kt_err_set(err, r == KT_EINTERNAL ? KT_EINVAL : r, "%s", why.text);
    }
    KT_ASSERT(sqlite3_stmt_readonly((*ret)->st));
    return KT_OK;
}

int kt_db_prepare_guarded(struct kt_db *db, const struct kt_db_guard *g, const char *sql,
                          struct kt_stmt **ret, struct kt_err *err)
{
    KT_ASSERT(!db->guard);
    int r = check_words(db, g, sql, err);
    if (r == KT_OK) {
        r = register_functions(db, g, err);
    }
    if (r < 0) {
        return r;
    }
    struct kt_stmt *st = NULL;
    db->guard = g;
    r = prepare(db, sql, &st, err);
    if (r < 0) {
        store_unguard(db);
        return r;
    }
    st->guarded = true;
    db->asked_time = false;
    db->deadline = kt_clock_mono() + (g->limit_ns ? g->limit_ns : KT_SEC);
    sqlite3_progress_handler(db->h, STEPS_BETWEEN_LOOKS, look_at_clock, db);
    *ret = st;
    return KT_OK;
}

int kt_bind_index(struct kt_stmt *st, const char *name)
{
    return sqlite3_bind_parameter_index(st->st, name);
}
