/* SPDX-License-Identifier: Apache-2.0 */
/*
 * search: full text. A record's texts are cut into words before they reach FTS5: a run of letters
 * and digits is a word, folded; a run of Han is every character and every pair of neighbours, so
 * that a part of a name is found. A question is cut the same way, its last word is a beginning.
 */
#include "record/search.h"

#include "record/requests.h"
#include "record/value.h"

enum { TEXT_MAX = 1 << 20, QUESTION_MAX = 200 };

/* One character of UTF-8; the text is known to be whole. */
static uint32_t next_char(struct kt_str s, size_t *at)
{
    unsigned char c = (unsigned char)s.p[*at];
    int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;
    uint32_t v = more == 0 ? c : c & (0x3fu >> more);
    (*at)++;
    for (int i = 0; i < more && *at < s.n; i++, (*at)++) {
        v = v << 6 | ((unsigned char)s.p[*at] & 0x3f);
    }
    return v;
}

/* Width and case folded: full-width forms become ASCII, letters small. */
uint32_t search_fold(uint32_t c)
{
    if (c >= 0xff01 && c <= 0xff5e) {
        c -= 0xfee0;
    } else if (c == 0x3000) {
        c = ' ';
    }
    if ((c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7) ||
        (c >= 0x391 && c <= 0x3a9) || (c >= 0x410 && c <= 0x42f)) {
        c += 32;
    }
    return c;
}

static bool is_han(uint32_t c)
{
    return (c >= 0x3400 && c <= 0x9fff) || (c >= 0xf900 && c <= 0xfaff) ||
           (c >= 0x20000 && c <= 0x3ffff);
}

static bool is_letter(uint32_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 0xc0 && c < 0x3000 && c != 0xd7 && c != 0xf7 && !(c >= 0x2000 && c <= 0x2bff));
}

void search_put_char(struct kt_buf *out, uint32_t c)
{
    if (c < 0x80) {
        kt_put_u8(out, (uint8_t)c);
    } else if (c < 0x800) {
        kt_put_u8(out, (uint8_t)(0xc0 | c >> 6));
        kt_put_u8(out, (uint8_t)(0x80 | (c & 0x3f)));
    } else if (c < 0x10000) {
        kt_put_u8(out, (uint8_t)(0xe0 | c >> 12));
        kt_put_u8(out, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
        kt_put_u8(out, (uint8_t)(0x80 | (c & 0x3f)));
    } else {
        kt_put_u8(out, (uint8_t)(0xf0 | c >> 18));
        kt_put_u8(out, (uint8_t)(0x80 | (c >> 12 & 0x3f)));
        kt_put_u8(out, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
        kt_put_u8(out, (uint8_t)(0x80 | (c & 0x3f)));
    }
}

void search_folded(struct kt_str s, struct kt_buf *out)
{
    for (size_t i = 0; i < s.n;) {
        uint32_t c = search_fold(next_char(s, &i));
        if (c > ' ') {
            search_put_char(out, c);
        }
    }
}

struct cutter {
    struct kt_buf *out;
    bool question;
    uint32_t before; /* the Han character before, 0: none */
    bool alone;      /* it has stood in no pair yet */
    bool word;       /* inside of a word */
};

/* A question needs no single characters where there are pairs. */
static void end_han(struct cutter *c)
{
    if (c->question && c->before && c->alone) {
        kt_put_u8(c->out, ' ');
        search_put_char(c->out, c->before);
    }
    c->before = 0;
}

static void take_han(struct cutter *c, uint32_t ch)
{
    c->word = false;
    if (c->before) {
        kt_put_u8(c->out, ' ');
        search_put_char(c->out, c->before);
        search_put_char(c->out, ch);
    }
    c->alone = !c->before;
    if (!c->question) {
        kt_put_u8(c->out, ' ');
        search_put_char(c->out, ch);
    }
    c->before = ch;
}

void search_cut(struct kt_str s, bool question, struct kt_buf *out)
{
    struct cutter c = {.out = out, .question = question};
    for (size_t i = 0; i < s.n && out->n < TEXT_MAX;) {
        uint32_t ch = search_fold(next_char(s, &i));
        if (is_han(ch)) {
            take_han(&c, ch);
            continue;
        }
        end_han(&c);
        if (is_letter(ch)) {
            if (!c.word) {
                kt_put_u8(out, ' ');
            }
            search_put_char(out, ch);
            c.word = true;
        } else {
            c.word = false;
        }
    }
    end_han(&c);
}

bool search_question(const char *q, struct kt_buf *out)
{
    struct kt_buf words;
    struct kt_str s = kt_str_c(q);
    kt_buf_init(&words, TEXT_MAX);
    s.n = s.n > QUESTION_MAX ? QUESTION_MAX : s.n;
    while (s.n && s.n < strlen(q) && ((unsigned char)q[s.n] & 0xc0) == 0x80) {
        s.n--; /* not within a character */
    }
    search_cut(s, true, &words);
    for (const char *p = kt_buf_cstr(&words); *p;) {
        size_t n = strcspn(p, " ");
        if (n) {
            bool latin = (unsigned char)p[0] < 0x80 || (unsigned char)p[0] < 0xe0;
            kt_buf_printf(out, "%s\"%.*s\"%s", out->n ? " AND " : "", (int)n, p, latin ? "*" : "");
        }
        p += n + (p[n] == ' ');
    }
    kt_buf_done(&words);
    return out->n > 0;
}

/* ---- the index ---- */

static void add_text(const struct rec_field *f, const struct rec_value *v, struct kt_buf *out)
{
    struct kt_buf plain;
    kt_buf_init(&plain, TEXT_MAX);
    if (f->as == REC_TEXT2 && v->type == KT_COL_TEXT) {
        struct kt_json *j = NULL;
        struct kt_err err;
        if (kt_json_parse(v->s, 0, &j, &err) == KT_OK) {
            kt_buf_printf(&plain, "%s %s", kt_json_get_str(j, "zh", ""),
                          kt_json_get_str(j, "en", ""));
            kt_json_free(j);
        }
    } else {
        value_text(f, v, &plain);
    }
    search_cut((struct kt_str){plain.p, plain.n}, false, out);
    kt_put_u8(out, ' ');
    kt_buf_done(&plain);
}

static int search_drop(struct kt_room *r, int64_t id, struct kt_err *err)
{
    struct kt_stmt *st;
    int rc = kt_db_prepare(r->w, "DELETE FROM kt_search WHERE rowid = ?", &st, err);
    if (rc == KT_OK) {
        kt_bind_i64(st, 1, id);
        rc = kt_stmt_run(st, err);
        kt_stmt_done(st);
    }
    return rc;
}

int search_put(struct kt_room *r, const struct rec_row *row, struct kt_err *err)
{
    const struct rec_register *reg = row->reg;
    struct kt_buf text;
    struct kt_stmt *st;
    kt_buf_init(&text, 2 * TEXT_MAX);
    for (uint32_t i = 0; i < reg->fields_n; i++) {
        const struct rec_field *f = &reg->fields[i];
        if ((f->search || i == reg->key) && !f->ended && row->value[i].type != KT_COL_NULL) {
            add_text(f, &row->value[i], &text);
        }
    }
    int rc = row->version > 1 ? search_drop(r, row->id, err) : KT_OK;
    rc = rc == KT_OK
             ? kt_db_prepare(r->w, "INSERT INTO kt_search(rowid, text) VALUES(?, ?)", &st, err)
             : rc;
    if (rc == KT_OK) {
        kt_bind_i64(st, 1, row->id);
        kt_bind_str(st, 2, (struct kt_str){kt_buf_cstr(&text), text.n});
        rc = kt_stmt_run(st, err);
        kt_stmt_done(st);
    }
    kt_buf_done(&text);
    return rc;
}
