/* SPDX-License-Identifier: Apache-2.0 */
/* The workbook around a sheet: relations, names, shared strings. */
#include <stdlib.h>

#include "base/json.h"
#include "report/xlsx_in.h"

enum { NAMES_BYTES = 4 << 20 };

/* ---- relations: which part is what --------------------------------------------------------- */

struct relations {
    const char *base; /* folder of the part whose relations these are */
};

/* A name out of the file, while the arena has room. */
static const char *keep(struct part *p, const char *text)
{
    if (strlen(text) > 1024 || kt_arena_used(p->b->arena) > NAMES_BYTES / 2) {
        part_fail(p, KT_ELIMIT, "the workbook has names that are too long or too many");
        return "";
    }
    return kt_arena_strdup(p->b->arena, text);
}

static const char *part_name(struct part *p, const char *base, const char *target)
{
    char full[1200];
    while (strncmp(target, "../", 3) == 0) { /* from xl/ that is the root */
        target += 3;
        base = "";
    }
    snprintf(full, sizeof(full), "%s%s", *target == '/' ? "" : base,
             *target == '/' ? target + 1 : target);
    return keep(p, full);
}

static void XMLCALL on_relation(void *data, const char *name, const char **attrs)
{
    struct part *p = data;
    const struct relations *rel = p->arg;
    struct book *b = p->b;
    const char *id = xml_attr(attrs, "Id"), *type = xml_attr(attrs, "Type");
    const char *target = xml_attr(attrs, "Target"), *mode = xml_attr(attrs, "TargetMode");
    if (strcmp(xml_local(name), "Relationship") != 0 || !id || !type || !target ||
        (mode && strcmp(mode, "External") == 0)) {
        return;
    }
    if (kt_text_ends(type, "/officeDocument")) {
        b->workbook = part_name(p, rel->base, target);
    } else if (kt_text_ends(type, "/sharedStrings")) {
        b->strings = part_name(p, rel->base, target);
    } else if (kt_text_ends(type, "/styles")) {
        b->styles = part_name(p, rel->base, target);
    } else if (kt_text_ends(type, "/worksheet") && b->want_rel && strcmp(id, b->want_rel) == 0) {
        b->sheet = part_name(p, rel->base, target);
    }
}

/* ---- the names of its sheets --------------------------------------------------------------- */

static void XMLCALL on_workbook(void *data, const char *name, const char **attrs)
{
    struct part *p = data;
    struct book *b = p->b;
    const char *local = xml_local(name);
    if (strcmp(local, "workbookPr") == 0) {
        const char *v = xml_attr(attrs, "date1904");
        b->date1904 = v && (*v == '1' || *v == 't');
    }
    const char *title = xml_attr(attrs, "name"), *rel = xml_attr(attrs, "id");
    if (strcmp(local, "sheet") != 0 || !title || !rel) {
        return;
    }
    if (b->sheets_n == XLSX_SHEETS_MAX) {
        part_fail(p, KT_ELIMIT, "the workbook has more than %d sheets", XLSX_SHEETS_MAX);
        return;
    }
    const char *state = xml_attr(attrs, "state");
    b->sheets[b->sheets_n++] = (struct sheet){
        .name = keep(p, title), .rel = keep(p, rel), .hidden = state && *state != 'v'};
}

static const struct sheet *find_sheet(const struct book *b, const char *name)
{
    for (uint32_t i = 0; i < b->sheets_n; i++) {
        if (name ? strcmp(b->sheets[i].name, name) == 0 : !b->sheets[i].hidden) {
            return &b->sheets[i];
        }
    }
    return NULL;
}

/* ---- shared strings ------------------------------------------------------------------------ */

struct strings {
    int phonetic; /* readings beside the text are no text */
    bool in_item, in_text;
};

static void XMLCALL on_string(void *data, const char *name, const char **attrs)
{
    struct part *p = data;
    struct strings *s = p->arg;
    const char *local = xml_local(name);
    (void)attrs;
    s->in_item = s->in_item || strcmp(local, "si") == 0;
    s->phonetic += strcmp(local, "rPh") == 0;
    s->in_text = s->in_item && !s->phonetic && strcmp(local, "t") == 0;
}

static void add_string(struct part *p)
{
    struct book *b = p->b;
    if (b->strings_n == XLSX_STRINGS_MAX || b->text.full) {
        part_fail(p, KT_ELIMIT, "the workbook has too many texts; divide it");
        return;
    }
    if (b->strings_n == b->strings_cap) {
        b->strings_cap = b->strings_cap ? b->strings_cap * 2 : 1024;
        b->ends = realloc(b->ends, b->strings_cap * sizeof(*b->ends));
        KT_ASSERT(b->ends);
    }
    b->ends[b->strings_n++] = b->text.n;
}

static void XMLCALL on_string_end(void *data, const char *name)
{
    struct part *p = data;
    struct strings *s = p->arg;
    const char *local = xml_local(name);
    s->in_text = false;
    s->phonetic -= strcmp(local, "rPh") == 0;
    if (strcmp(local, "si") == 0 && s->in_item) {
        s->in_item = false;
        add_string(p);
    }
}

static void XMLCALL on_string_text(void *data, const char *text, int n)
{
    struct part *p = data;
    const struct strings *s = p->arg;
    if (s->in_text) {
        kt_buf_put(&p->b->text, text, (size_t)n);
    }
}

/* ---- all of it ------------------------------------------------------------------------------ */

static void XMLCALL no_end(void *data, const char *name)
{
    (void)data, (void)name;
}

/* xl/workbook.xml has its relations in xl/_rels/workbook.xml.rels. */
static int read_relations(struct book *b, struct kt_err *err)
{
    const char *slash = strrchr(b->workbook, '/');
    size_t n = slash ? (size_t)(slash + 1 - b->workbook) : 0;
    struct relations rel = {.base = kt_arena_strndup(b->arena, b->workbook, n)};
    const char *part = kt_arena_printf(b->arena, "%s_rels/%s.rels", rel.base, b->workbook + n);
    return part_read(b, part, on_relation, no_end, NULL, &rel, err);
}

static int find_parts(struct book *b, const char *name, struct kt_err *err)
{
    struct relations root = {.base = ""};
    int r = part_read(b, "_rels/.rels", on_relation, no_end, NULL, &root, err);
    if (r < 0 && r != KT_ENOTFOUND) {
        return r;
    }
    b->workbook = b->workbook ? b->workbook : "xl/workbook.xml";
    r = part_read(b, b->workbook, on_workbook, no_end, NULL, NULL, err);
    if (r == KT_ENOTFOUND) {
        return kt_err_set(err, KT_EPARSE,
                          "this is no xlsx workbook; save the table as .xlsx or as CSV");
    }
    if (r < 0) {
        return r;
    }
    const struct sheet *one = find_sheet(b, name);
    if (!one) {
        return kt_err_set(err, KT_ENOTFOUND, "the workbook has no sheet \"%.100s\"",
                          name ? name : "");
    }
    b->want_rel = one->rel;
    r = read_relations(b, err);
    if (r == KT_OK && !b->sheet) {
        r = kt_err_set(err, KT_EPARSE, "the workbook is damaged: sheet \"%.100s\" is not in it",
                       one->name);
    }
    return r;
}

static uint64_t size_of(struct book *b, const char *name)
{
    zip_stat_t st;
    zip_int64_t at = name ? zip_name_locate(b->zip, name, ZIP_FL_NOCASE) : -1;
    bool known = at >= 0 && zip_stat_index(b->zip, (zip_uint64_t)at, 0, &st) == 0 &&
                 (st.valid & ZIP_STAT_SIZE) && st.size <= XLSX_PART_MAX;
    return known ? st.size : 0;
}

static int read_around(struct book *b, struct kt_err *err)
{
    struct strings s = {0};
    int r = b->strings ? part_read(b, b->strings, on_string, on_string_end, on_string_text, &s, err)
                       : KT_OK;
    return r == KT_OK && b->styles ? styles_read(b, err) : r;
}

static int write_book(struct book *b, struct kt_buf *out, struct kt_err *err)
{
    struct kt_jw w = kt_jw_init(out);
    kt_jw_obj(&w);
    for (uint32_t i = 0; i < b->sheets_n; i++) {
        if (b->sheets[i].rel == b->want_rel) {
            kt_jw_kstr(&w, "sheet", b->sheets[i].name);
        }
    }
    kt_jw_key(&w, "sheets");
    kt_jw_arr(&w);
    for (uint32_t i = 0; i < b->sheets_n; i++) {
        kt_jw_str(&w, b->sheets[i].name);
    }
    kt_jw_arr_end(&w);
    kt_jw_key(&w, "rows");
    int r = sheet_read(b, out, err);
    kt_jw_obj_end(&w);
    return r;
}

static int open_zip(struct book *b, struct kt_str file, struct kt_err *err)
{
    zip_error_t ze;
    zip_error_init(&ze);
    zip_source_t *src = zip_source_buffer_create(file.p, file.n, 0, &ze);
    b->zip = src ? zip_open_from_source(src, ZIP_RDONLY, &ze) : NULL;
    if (!b->zip && src) {
        zip_source_free(src);
    }
    zip_error_fini(&ze);
    return b->zip ? KT_OK
                  : kt_err_set(err, KT_EPARSE,
                               "this is no xlsx workbook; save the table as .xlsx or as CSV");
}

int kt_xlsx_read(struct kt_str file, const char *sheet, struct kt_buf *out, struct kt_err *err)
{
    return kt_xlsx_read_told(file, sheet, NULL, out, err);
}

int kt_xlsx_read_told(struct kt_str file, const char *sheet, void (*step)(void), struct kt_buf *out,
                      struct kt_err *err)
{
    static const char old[] = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
    size_t start = out->n;
    if (file.n > KT_XLSX_BYTES_MAX) {
        return kt_err_set(err, KT_ELIMIT, "the workbook is larger than %d MiB",
                          KT_XLSX_BYTES_MAX >> 20);
    }
    if (file.n >= 8 && memcmp(file.p, old, 8) == 0) {
        return kt_err_set(
            err, KT_EUNSUPPORTED,
            "this is an old .xls or a workbook locked by a password; save it as .xlsx "
            "without one");
    }
    struct book *b = calloc(1, sizeof(*b));
    KT_ASSERT(b);
    b->arena = kt_arena_new(NAMES_BYTES);
    b->step = step;
    kt_buf_init(&b->text, XLSX_OUT_MAX);
    int r = open_zip(b, file, err);
    if (r == KT_OK) {
        r = find_parts(b, sheet, err);
    }
    if (r == KT_OK) {
        b->to_unpack =
            b->unpacked + size_of(b, b->strings) + size_of(b, b->styles) + size_of(b, b->sheet);
        r = read_around(b, err);
    }
    if (r == KT_OK) {
        r = write_book(b, out, err);
    }
    if (r < 0) {
        out->n = start;
        r = r == KT_ENOTFOUND && !sheet ? KT_EPARSE : r; /* a part that is missing */
        if (err) {
            err->code = r;
        }
    }
    if (b->zip) {
        zip_discard(b->zip);
    }
    kt_arena_free(b->arena);
    kt_buf_done(&b->text);
    free(b->ends);
    free(b->kinds);
    free(b);
    return r;
}
