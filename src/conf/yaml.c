/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds the tree from the events of libyaml with a stack of its own, so depth is bounded here.
 * Invariant: stack[depth - 1] is the open list or map; `key` of a map's level is set exactly
 * between a key and its value.
 */
#include "conf/yaml.h"

#include <stdlib.h>
#include <yaml.h>

#include "conf/utf8.h"
#include "conf/yaml_node.h"
#include "sys/file.h"

struct level {
    struct kt_yaml *node;
    const char *key;
    int key_line, key_col;
};

struct builder {
    struct kt_str text;
    struct yaml_doc *doc;
    struct kt_yaml *root;
    struct level stack[KT_YAML_MAX_DEPTH];
    int depth;
    uint32_t nodes;
    bool began; /* a document */
    /* the start of a line of the text, for the place of block scalars; only moves forward */
    size_t line_offset;
    int line;
    struct kt_err *err;
};

static int fail(struct builder *b, const yaml_mark_t *at, int code, const char *what)
{
    return kt_err_at(b->err, code, b->doc->file, (int)at->line + 1, (int)at->column + 1, "%s",
                     what);
}

static int by_key(const void *a, const void *b)
{
    const struct yaml_entry *const *x = a, *const *y = b;
    int c = strcmp((*x)->key, (*y)->key);
    return c != 0 ? c : *x < *y ? -1 : *x > *y;
}

/* The second of two equal keys, the first in the file of such; NULL when all differ. */
static const struct yaml_entry *doubled(const struct kt_yaml *map, const struct yaml_entry **first)
{
    if (map->n < 2) {
        return NULL;
    }
    const struct yaml_entry *found = NULL;
    const struct yaml_entry **sorted = malloc(map->n * sizeof(const struct yaml_entry *));
    KT_ASSERT(sorted);
    for (uint32_t i = 0; i < map->n; i++) {
        sorted[i] = &map->entries[i];
    }
    qsort(sorted, map->n, sizeof(const struct yaml_entry *), by_key);
    for (uint32_t i = 1; i < map->n; i++) {
        if (strcmp(sorted[i - 1]->key, sorted[i]->key) == 0 && (!found || sorted[i] < found)) {
            *first = sorted[i - 1];
            found = sorted[i];
        }
    }
    free(sorted);
    return found;
}

static int check_keys(struct builder *b, const struct kt_yaml *map)
{
    const struct yaml_entry *first = NULL, *second = doubled(map, &first);
    if (!second) {
        return KT_OK;
    }
    return kt_err_at(b->err, KT_EPARSE, b->doc->file, second->key_line, second->key_col,
                     "key \"%.120s\" stands here a second time; the first is on line %d, keep one",
                     second->key, first->key_line);
}

static struct yaml_entry *push(struct kt_arena *a, struct kt_yaml *n)
{
    if (n->n == n->cap) {
        uint32_t cap = n->cap ? n->cap * 2 : 4;
        struct yaml_entry *grown = KT_NEW_ARRAY(a, struct yaml_entry, cap);
        if (n->n) {
            memcpy(grown, n->entries, n->n * sizeof(*grown));
        }
        n->entries = grown;
        n->cap = cap;
    }
    return &n->entries[n->n++];
}

/* Puts a new node where the document is: as root, item or value. */
static int place(struct builder *b, struct kt_yaml *n, const yaml_mark_t *at)
{
    if (b->depth == 0) {
        b->root = n;
        return KT_OK;
    }
    struct level *l = &b->stack[b->depth - 1];
    if (l->node->kind == KT_YAML_MAP && !l->key) {
        return fail(b, at, KT_EPARSE, "a key must be a plain text, not a list or map");
    }
    struct yaml_entry *e = push(b->doc->arena, l->node);
    *e = (struct yaml_entry){n, l->key, l->key_line, l->key_col, false};
    l->key = NULL;
    return KT_OK;
}

static struct kt_yaml *new_node(struct builder *b, enum kt_yaml_kind kind, const yaml_mark_t *at)
{
    struct kt_yaml *n = KT_NEW(b->doc->arena, struct kt_yaml);
    n->doc = b->doc;
    n->kind = kind;
    n->line = n->text_line = (int)at->line + 1;
    n->col = n->text_col = (int)at->column + 1;
    n->text = "";
    return n;
}

/* The first line with text below a `|` or `>`. */
static void block_text_at(struct builder *b, struct kt_yaml *n)
{
    const char *p = b->text.p;
    int col = 1;
    for (;;) {
        const char *nl = memchr(p + b->line_offset, '\n', b->text.n - b->line_offset);
        if (!nl) {
            return;
        }
        if (b->line > n->line) {
            size_t i = b->line_offset;
            while (p[i] == ' ') {
                i++;
            }
            col = (int)(i - b->line_offset) + 1;
            if (p[i] != '\n' && p[i] != '\r') {
                break;
            }
        }
        b->line_offset = (size_t)(nl - p) + 1;
        b->line++;
    }
    n->text_line = b->line;
    n->text_col = col;
}

static void set_style(struct builder *b, struct kt_yaml *n, yaml_scalar_style_t style)
{
    n->plain = style == YAML_PLAIN_SCALAR_STYLE;
    if (style == YAML_SINGLE_QUOTED_SCALAR_STYLE || style == YAML_DOUBLE_QUOTED_SCALAR_STYLE) {
        n->text_col++;
    } else if (!n->plain) {
        block_text_at(b, n);
    }
}

static int on_scalar(struct builder *b, const yaml_event_t *e)
{
    const char *value = (const char *)e->data.scalar.value;
    size_t len = e->data.scalar.length;
    if (e->data.scalar.anchor || e->data.scalar.tag) {
        return fail(b, &e->start_mark, KT_EPARSE, "anchors (&) and tags (!) are not allowed here");
    }
    if (memchr(value, '\0', len)) {
        return fail(b, &e->start_mark, KT_EPARSE, "a text cannot hold \\0");
    }
    const char *text = kt_arena_strndup(b->doc->arena, value, len);
    struct level *l = b->depth ? &b->stack[b->depth - 1] : NULL;
    if (l && l->node->kind == KT_YAML_MAP && !l->key) {
        l->key = text;
        l->key_line = (int)e->start_mark.line + 1;
        l->key_col = (int)e->start_mark.column + 1;
        return KT_OK;
    }
    struct kt_yaml *n = new_node(b, KT_YAML_SCALAR, &e->start_mark);
    n->text = text;
    set_style(b, n, e->data.scalar.style);
    return place(b, n, &e->start_mark);
}

static int on_open(struct builder *b, const yaml_event_t *e, enum kt_yaml_kind kind, bool decorated)
{
    if (decorated) {
        return fail(b, &e->start_mark, KT_EPARSE, "anchors (&) and tags (!) are not allowed here");
    }
    if (b->depth == KT_YAML_MAX_DEPTH) {
        return fail(b, &e->start_mark, KT_ELIMIT, "nested too deep; at most 32 levels");
    }
    struct kt_yaml *n = new_node(b, kind, &e->start_mark);
    int r = place(b, n, &e->start_mark);
    if (r == KT_OK) {
        b->stack[b->depth++] = (struct level){n, NULL, 0, 0};
    }
    return r;
}

static int on_document(struct builder *b, const yaml_event_t *e)
{
    if (e->data.document_start.version_directive ||
        e->data.document_start.tag_directives.start != e->data.document_start.tag_directives.end) {
        return fail(b, &e->start_mark, KT_EPARSE,
                    "directives (%) are not allowed; remove the line");
    }
    if (b->began) {
        return fail(b, &e->start_mark, KT_EPARSE,
                    "a second document begins here; a file holds one, remove the ---");
    }
    b->began = true;
    return KT_OK;
}

static int on_event(struct builder *b, const yaml_event_t *e)
{
    if (++b->nodes > KT_YAML_MAX_NODES) {
        return fail(b, &e->start_mark, KT_ELIMIT, "too many values; split the file");
    }
    switch (e->type) {
    case YAML_DOCUMENT_START_EVENT:
        return on_document(b, e);
    case YAML_ALIAS_EVENT:
        return fail(b, &e->start_mark, KT_EPARSE,
                    "aliases (*) are not allowed; quote a text that begins with *");
    case YAML_SCALAR_EVENT:
        return on_scalar(b, e);
    case YAML_SEQUENCE_START_EVENT:
        return on_open(b, e, KT_YAML_LIST,
                       e->data.sequence_start.anchor || e->data.sequence_start.tag);
    case YAML_MAPPING_START_EVENT:
        return on_open(b, e, KT_YAML_MAP,
                       e->data.mapping_start.anchor || e->data.mapping_start.tag);
    case YAML_SEQUENCE_END_EVENT:
        b->depth--;
        return KT_OK;
    case YAML_MAPPING_END_EVENT:
        return check_keys(b, b->stack[--b->depth].node);
    default:
        return KT_OK;
    }
}

static int syntax(struct builder *b, const yaml_parser_t *p)
{
    if (p->error == YAML_MEMORY_ERROR) {
        return kt_err_set(b->err, KT_ENOMEM, "out of memory while reading %s", b->doc->file);
    }
    bool context = p->context && p->context_mark.line != p->problem_mark.line;
    if (context) {
        return kt_err_at(b->err, KT_EPARSE, b->doc->file, (int)p->problem_mark.line + 1,
                         (int)p->problem_mark.column + 1, "%s (%s that begins on line %d)",
                         p->problem ? p->problem : "not YAML", p->context,
                         (int)p->context_mark.line + 1);
    }
    return fail(b, &p->problem_mark, KT_EPARSE, p->problem ? p->problem : "not YAML");
}

static int run(struct builder *b)
{
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        return kt_err_set(b->err, KT_ENOMEM, "out of memory while reading %s", b->doc->file);
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)b->text.p, b->text.n);
    int r = KT_OK;
    for (bool more = true; more && r == KT_OK;) {
        yaml_event_t e;
        if (!yaml_parser_parse(&parser, &e)) {
            r = syntax(b, &parser);
            break;
        }
        r = on_event(b, &e);
        more = e.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&e);
    }
    yaml_parser_delete(&parser);
    return r;
}

static int check_text(struct builder *b)
{
    if (b->text.n > KT_YAML_MAX_BYTES) {
        return kt_err_at(b->err, KT_ELIMIT, b->doc->file, 0, 0,
                         "larger than 16 MiB; split the file");
    }
    size_t bad = conf_utf8_bad(b->text);
    if (bad == b->text.n) {
        return KT_OK;
    }
    int line, col;
    conf_position(b->text, bad, &line, &col);
    return kt_err_at(b->err, KT_EPARSE, b->doc->file, line, col,
                     "not UTF-8; save the file as UTF-8");
}

int kt_yaml_parse(struct kt_arena *arena, struct kt_str text, const char *file,
                  struct kt_problems *problems, struct kt_yaml **ret, struct kt_err *err)
{
    if (text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0) {
        text = (struct kt_str){text.p + 3, text.n - 3};
    }
    struct yaml_doc *doc = KT_NEW(arena, struct yaml_doc);
    *doc = (struct yaml_doc){kt_arena_strdup(arena, file ? file : ""), problems, arena};
    struct builder b = {.text = text, .doc = doc, .line = 1, .err = err};
    int r = check_text(&b);
    if (r == KT_OK) {
        r = run(&b);
    }
    if (r < 0) {
        return r;
    }
    if (!b.root) {
        b.root = new_node(&b, KT_YAML_MAP, &(yaml_mark_t){0, 0, 0});
    }
    *ret = b.root;
    return KT_OK;
}

int kt_yaml_read(struct kt_arena *arena, const char *path, const char *file,
                 struct kt_problems *problems, struct kt_yaml **ret, struct kt_err *err)
{
    struct kt_buf b;
    kt_buf_init(&b, 0);
    int r = kt_file_read(path, KT_YAML_MAX_BYTES, &b, err);
    if (r == KT_OK) {
        r = kt_yaml_parse(arena, (struct kt_str){b.p, b.n}, file ? file : path, problems, ret, err);
    }
    kt_buf_done(&b);
    return r;
}
