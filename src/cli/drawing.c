/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/drawing.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "sys/file.h"
#include "sys/proc.h"

enum { ARGS_MAX = 32, DBF_HEAD = 32, DBF_LANGUAGE = 29, DBF_NAME = 11, DXF_HEAD = 1 << 16 };
#define LOOKED_MAX ((size_t)1 << 30)

/* ---- how its texts are written --------------------------------------------------------------- */

static bool is_utf8(const char *p, size_t n)
{
    for (size_t i = 0, k; i < n; i += k) {
        k = p[i] == 0 ? 1 : kt_utf8_step(p + i, n - i);
        if (k == 0) {
            return false;
        }
    }
    return true;
}

/** The table beside a Shapefile: its rows and the names of its columns. */
static const char *encoding_of_table(const struct kt_buf *b)
{
    const unsigned char *p = (const unsigned char *)b->p;
    size_t head = b->n > DBF_HEAD ? (size_t)p[8] | (size_t)p[9] << 8 : 0;
    if (head <= DBF_HEAD || head >= b->n || (p[DBF_LANGUAGE] != 0 && p[DBF_LANGUAGE] != 0x57)) {
        return NULL; /* no table, or it says its language */
    }
    bool utf8 = is_utf8(b->p + head, b->n - head);
    for (size_t at = DBF_HEAD; at + DBF_HEAD <= head && p[at] != 0x0d; at += DBF_HEAD) {
        utf8 = utf8 && is_utf8(b->p + at, strnlen(b->p + at, DBF_NAME));
    }
    return utf8 ? "UTF-8" : "GBK";
}

/** Are all its high bytes pairs of GB2312, and one at least a Chinese character? What a western
 *  alphabet writes with them stands alone or in threes. */
static bool is_gb2312(const char *text, size_t n)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t chinese = 0;
    for (size_t i = 0; i < n; i += p[i] < 0x80 ? 1 : 2) {
        if (p[i] < 0x80) {
            continue;
        }
        if (i + 1 >= n || p[i] < 0xa1 || p[i] > 0xf7 || p[i + 1] < 0xa1 || p[i + 1] == 0xff) {
            return false;
        }
        chinese += p[i] >= 0xb0;
    }
    return chinese > 0;
}

/** A DXF says it in its header, or not at all. Drawings made on a western system say ANSI_1252 and
 *  hold what was typed. */
static const char *encoding_of_dxf(const struct kt_buf *b, const char *file)
{
    static const char says[] = "$DWGCODEPAGE", western[] = "ANSI_1252";
    size_t head = b->n < DXF_HEAD ? b->n : DXF_HEAD;
    const char *at = memmem(b->p, head, says, sizeof(says) - 1);
    size_t left = at ? head - (size_t)(at - b->p) : 0;
    if (at && (!memmem(at, left < 64 ? left : 64, western, sizeof(western) - 1) ||
               !is_gb2312(b->p, b->n))) {
        return NULL;
    }
    if (at) {
        fprintf(stderr,
                "note: %s says that its texts are ANSI_1252, but they are GBK and are read so; "
                "--encoding CP1252 reads them as it says\n",
                file);
        return "GBK";
    }
    return is_utf8(b->p, b->n) ? "UTF-8" : "GBK";
}

static bool beside(const char *file, const char *end, char *ret, size_t cap)
{
    size_t n = strlen(file);
    snprintf(ret, cap, "%.*s%s", (int)(n - 4), file, end);
    return kt_file_exists(ret);
}

static bool ends(const char *file, const char *end)
{
    size_t n = strlen(file), k = strlen(end);
    return n > k && strcasecmp(file + n - k, end) == 0;
}

const char *drawing_encoding(const struct kt_args *a, const char *file)
{
    char path[700];
    struct kt_err none;
    struct kt_buf b;
    bool dxf = ends(file, ".dxf"), shape = ends(file, ".shp");
    snprintf(path, sizeof(path), "%s", file);
    const char *found = kt_arg(a, "encoding");
    if (found || !(dxf || shape) ||
        (shape &&
         (beside(file, ".cpg", path, sizeof(path)) || beside(file, ".CPG", path, sizeof(path)) ||
          !(beside(file, ".dbf", path, sizeof(path)) ||
            beside(file, ".DBF", path, sizeof(path)))))) {
        return found;
    }
    kt_buf_init(&b, LOOKED_MAX);
    if (kt_file_read(path, LOOKED_MAX, &b, &none) == KT_OK) {
        found = dxf ? encoding_of_dxf(&b, file) : encoding_of_table(&b);
    }
    kt_buf_done(&b);
    return found;
}

/* ---- ogr2ogr --------------------------------------------------------------------------------- */

struct words {
    char *argv[ARGS_MAX];
    int n;
};

static void word(struct words *w, const char *text)
{
    KT_ASSERT(w->n + 1 < ARGS_MAX);
    w->argv[w->n++] = (char *)(uintptr_t)text;
    w->argv[w->n] = NULL;
}

static void config(struct words *w, const char *key, const char *value)
{
    word(w, "--config");
    word(w, key);
    word(w, value);
}

static void system_word(struct words *w, const char *option, int epsg, char *buf, size_t cap)
{
    snprintf(buf, cap, "EPSG:%d", epsg);
    word(w, option);
    word(w, buf);
}

int drawing_convert(const struct drawing_ask *d, struct kt_err *err)
{
    static const char *const first[] = {"ogr2ogr", "-f", "GPKG", "-nln"},
                             *const lines[] = {"-nlt", "CONVERT_TO_LINEAR", "-skipfailures"},
                             *const more[] = {"-update", "-overwrite"};
    struct words w = {.n = 0};
    char from[32], to[32];
    struct kt_buf out;
    struct kt_proc_limits lim = {.memory_bytes = (size_t)4 << 30, .cpu_seconds = 600};
    for (size_t i = 0; i < KT_ARRAY_LEN(first); i++) {
        word(&w, first[i]);
    }
    word(&w, d->layer);
    for (size_t i = 0; d->lines && i < KT_ARRAY_LEN(lines); i++) {
        word(&w, lines[i]);
    }
    for (size_t i = 0; kt_file_exists(d->target) && i < KT_ARRAY_LEN(more); i++) {
        word(&w, more[i]);
    }
    if (d->encoding) {
        config(&w, "SHAPE_ENCODING", d->encoding);
        config(&w, "DXF_ENCODING", d->encoding);
    }
    if (d->from_epsg) {
        system_word(&w, d->to_epsg ? "-s_srs" : "-a_srs", d->from_epsg, from, sizeof(from));
    }
    if (d->to_epsg) {
        system_word(&w, "-t_srs", d->to_epsg, to, sizeof(to));
    }
    word(&w, d->target);
    word(&w, d->file);
    if (d->from_layer) {
        word(&w, d->from_layer);
    }
    kt_buf_init(&out, 1 << 20);
    int r = kt_proc_run(w.argv, &lim, 600 * KT_SEC, 1 << 20, &out, err);
    kt_buf_done(&out);
    if (r < 0 && strstr(err->text, "`")) { /* the names of all drivers stand there */
        kt_err_set(err, r, "%s is no drawing that ogr2ogr can read (DXF, Shapefile, GeoJSON …)",
                   d->file);
    }
    return r;
}
