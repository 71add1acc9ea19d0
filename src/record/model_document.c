/* SPDX-License-Identifier: Apache-2.0 */
/* model_document: the list `documents:` of one file: printed pages of one record. */
#include "record/model.h"

static const char *const own_words[] = {"_state",   "_owner",   "_due",        "_since",
                                        "_changed", "_created", "_created_by", "_changed_by",
                                        "_site",    "_now"};
static const char *const parts[] = {"history", "moves", "photos"};

static void read_document(struct rec_load *l, const struct kt_yaml *map)
{
    struct rec_document d = {.reg = KT_NONE, .at = rec_at_of(l, map)};
    if (!kt_yaml_as_map(map, "a document") || !rec_read_id(l, map, "id", &d.id)) {
        return;
    }
    d.register_id = rec_read_str(l, map, "register", KT_REQUIRED);
    d.title = rec_read_text2(l, map, "title", KT_REQUIRED);
    d.page = rec_read_str(l, map, "page", KT_OPTIONAL);
    rec_read_words(l, map, "lines", &d.lines, &d.lines_n);
    if (!d.lines_n) {
        kt_yaml_problem(map, "document \"%s\" has no lines", d.id);
    }
    kt_yaml_unknown(map);
    *REC_PUSH(l, l->m->documents, l->m->documents_n, l->documents_cap) = d;
}

void rec_read_documents(struct rec_load *l, struct kt_yaml *root)
{
    struct kt_yaml *list = kt_yaml_list(root, "documents", KT_OPTIONAL);
    for (uint32_t i = 0; i < kt_yaml_count(list); i++) {
        read_document(l, kt_yaml_at(list, i));
    }
}

static bool is_among(const char *s, size_t n, const char *const *words, size_t words_n)
{
    for (size_t i = 0; i < words_n; i++) {
        if (strlen(words[i]) == n && memcmp(words[i], s, n) == 0) {
            return true;
        }
    }
    return false;
}

static void check_name(struct rec_load *l, const struct rec_document *d, const char *s, size_t n)
{
    const struct rec_register *reg = &l->m->registers[d->reg];
    const char *name = kt_arena_strndup(l->scratch, s, n);
    if (!is_among(s, n, own_words, KT_ARRAY_LEN(own_words)) && rec_field_of(reg, name) == KT_NONE) {
        rec_problem(l, &d->at,
                    "document \"%s\": {%s} is no field of %s, nor {table: …}, {history}, {moves}, "
                    "{photos}",
                    d->id, name, reg->id);
    }
}

/* {table: a, b} */
static void check_names(struct rec_load *l, const struct rec_document *d, const char *s,
                        const char *end)
{
    while (s < end) {
        s += strspn(s, ", ");
        size_t n = strcspn(s, ", }");
        if (s < end && n) {
            check_name(l, d, s, n);
        }
        s += n;
    }
}

/* {list: register.field: a, +b}: the field is a reference to the document's register; of columns
 * with a plus there is a sum. */
static void check_list(struct rec_load *l, const struct rec_document *d, const char *s)
{
    size_t reg_n = strcspn(s += strspn(s, " "), ".:}"), ref_n = 0;
    uint32_t at = rec_register_of(l->m, kt_arena_strndup(l->scratch, s, reg_n));
    const struct rec_register *reg = at == KT_NONE ? NULL : &l->m->registers[at];
    if (s[reg_n] == '.') {
        ref_n = strcspn(s + reg_n + 1, ":}");
    }
    uint32_t ref =
        reg ? rec_field_of(reg, kt_arena_strndup(l->scratch, s + reg_n + 1, ref_n)) : KT_NONE;
    if (ref == KT_NONE || reg->fields[ref].type != REC_REF || reg->fields[ref].to != d->reg ||
        s[reg_n + 1 + ref_n] != ':') {
        rec_problem(l, &d->at,
                    "document \"%s\": {list: register.field: columns}: \"%.60s\" names no field "
                    "that refers to %s",
                    d->id, s, d->register_id);
        return;
    }
    for (const char *p = s + reg_n + 1 + ref_n + 1; *p && *p != '}';) {
        size_t n = strcspn(p += strspn(p, ", +"), ", }");
        if (n && rec_field_of(reg, kt_arena_strndup(l->scratch, p, n)) == KT_NONE) {
            rec_problem(l, &d->at, "document \"%s\": %s has no field \"%.*s\"", d->id, reg->id,
                        (int)n, p);
        }
        p += n;
    }
}

static void check_line(struct rec_load *l, const struct rec_document *d, const char *line)
{
    bool alone = is_among(line + 1, strcspn(line + (*line == '{'), "}"), parts, 3);
    if (*line == '{' && alone) {
        return;
    }
    for (const char *p = strchr(line, '{'); p; p = strchr(p + 1, '{')) {
        const char *end = strchr(p, '}');
        if (!end) {
            rec_problem(l, &d->at, "document \"%s\": a brace is open in \"%.60s\"", d->id, line);
            return;
        }
        if (strncmp(p, "{list:", 6) == 0) {
            if (p != line || end[1]) {
                rec_problem(l, &d->at, "document \"%s\": {list: …} stands on a line alone", d->id);
            }
            check_list(l, d, p + 6);
        } else if (strncmp(p, "{table:", 7) == 0) {
            check_names(l, d, p + 7, end);
        } else {
            check_name(l, d, p + 1, (size_t)(end - p - 1));
        }
    }
}

void rec_check_documents(struct rec_load *l)
{
    for (uint32_t i = 0; i < l->m->documents_n; i++) {
        struct rec_document *d = &l->m->documents[i];
        d->reg = rec_register_of(l->m, d->register_id);
        if (d->reg == KT_NONE) {
            rec_problem(l, &d->at, "document \"%s\": there is no register \"%s\"", d->id,
                        d->register_id);
            continue;
        }
        for (uint32_t k = 0; k < i; k++) {
            if (l->m->documents[k].reg == d->reg && strcmp(l->m->documents[k].id, d->id) == 0) {
                rec_problem(l, &d->at, "document \"%s\" of %s stands already", d->id,
                            d->register_id);
            }
        }
        for (uint32_t k = 0; k < d->lines_n; k++) {
            check_line(l, d, d->lines[k]);
        }
    }
}
