/* SPDX-License-Identifier: Apache-2.0 */
/* Both sides of `kuangtu parse`: the program that asks, and the child that reads. */
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "base/time.h"
#include "conf/json.h"
#include "conf/number.h"
#include "report/read.h"
#include "sys/file.h"
#include "sys/jail.h"
#include "sys/proc.h"

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||                               \
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MEMORY_MAX 0 /* a sanitizer reserves terabytes that it does not use */
#else
#define MEMORY_MAX ((size_t)1 << 30)
#endif
enum { CPU_SECONDS = 30, OUT_MAX = 300 << 20 };

/* ---- the child ------------------------------------------------------------------------------- */

/* A hundredth more is done. Whether anybody listens does not matter. */
static void tell_step(void)
{
    static const char step = KT_PROC_STEP;
    ssize_t n = write(STDERR_FILENO, &step, 1);
    (void)n;
}

static int read_one(const char *what, struct kt_str file, const char *part, bool steps,
                    struct kt_buf *out, struct kt_err *err)
{
    if (strcmp(what, "xlsx") == 0) {
        return kt_xlsx_read_told(file, part, steps ? tell_step : NULL, out, err);
    }
    if (strcmp(what, "image") == 0) {
        int64_t side = 0;
        bool given = part && kt_integer_parse(kt_str_c(part), &side) == KT_OK;
        return kt_image_read(file, given && side < 4096 ? (int)side : KT_THUMB_SIDE, out, err);
    }
    return kt_err_set(err, KT_EINVAL, "\"%.40s\" cannot be read; it is xlsx or image", what);
}

static void write_error(const struct kt_err *err, struct kt_buf *out)
{
    struct kt_jw w = kt_jw_init(out);
    kt_buf_clear(out);
    kt_jw_obj(&w);
    kt_jw_key(&w, "error");
    kt_jw_obj(&w);
    kt_jw_kint(&w, "code", err->code);
    kt_jw_kstr(&w, "text", err->text);
    kt_jw_obj_end(&w);
    kt_jw_obj_end(&w);
}

int kt_parse_main(const char *what, const char *file, const char *part, bool steps)
{
    struct kt_buf bytes, out;
    struct kt_err err = {0};
    kt_buf_init(&bytes, KT_XLSX_BYTES_MAX + 1);
    kt_buf_init(&out, OUT_MAX);
    int r = kt_file_read(file, KT_XLSX_BYTES_MAX + 1, &bytes, &err);
    if (r == KT_OK) {
        r = kt_jail(&err);
    }
    if (r == KT_OK) {
        r = read_one(what, (struct kt_str){bytes.p ? bytes.p : "", bytes.n}, part, steps, &out,
                     &err);
    }
    if (r == KT_OK && out.full) {
        r = kt_err_set(&err, KT_ELIMIT, "the file grows too large when it is unpacked");
    }
    if (r < 0) {
        write_error(&err, &out);
    }
    int code = kt_write_all(STDOUT_FILENO, out.p, out.n, &err) == KT_OK ? 0 : 1;
    _exit(code); /* what runs at an ordinary exit may want more than the jail allows */
}

/* ---- the program ----------------------------------------------------------------------------- */

/* An error that the child told; KT_OK when it told none. */
static int told(const struct kt_buf *out, size_t from, struct kt_err *err)
{
    static const char head[] = "{\"error\":";
    struct kt_str text = {out->p + from, out->n - from};
    struct kt_json *v = NULL;
    if (text.n < sizeof(head) || memcmp(text.p, head, sizeof(head) - 1) != 0) {
        return KT_OK;
    }
    int r = kt_json_parse(text, 1 << 20, &v, err);
    if (r == KT_OK) {
        const struct kt_json *e = kt_json_get(v, "error");
        r = kt_err_set(err, (int)kt_json_get_int(e, "code", KT_EINTERNAL), "%s",
                       kt_json_get_str(e, "text", ""));
    }
    kt_json_free(v);
    return r;
}

static int run_child(const char *what, char *path, const char *part, struct kt_task *task,
                     struct kt_buf *out, struct kt_err *err)
{
    char self[] = "/proc/self/exe", verb[] = "parse", none[] = "", steps[] = "--steps";
    char kind[16], name[512];
    snprintf(kind, sizeof(kind), "%s", what);
    snprintf(name, sizeof(name), "%s", part ? part : "");
    char *const argv[] = {self, verb, kind, path, part ? name : none, steps, NULL};
    struct kt_proc_limits lim = {.memory_bytes = MEMORY_MAX, .cpu_seconds = CPU_SECONDS};
    int r = kt_proc_run_watched(argv, &lim, 2 * CPU_SECONDS * KT_SEC, OUT_MAX, task, out, err);
    if (r < 0 && r != KT_EFULL && r != KT_ENOTFOUND && r != KT_ESTATE) {
        return kt_err_set(err, KT_ELIMIT,
                          "the file cannot be read: it is damaged, or asks for more time or memory "
                          "than a reader may have");
    }
    return r;
}

int kt_parse(const char *what, struct kt_str bytes, const char *part, struct kt_task *task,
             struct kt_buf *out, struct kt_err *err)
{
    char dir[256], path[280];
    size_t from = out->n;
    int r = kt_dir_temp("kt-parse", dir, sizeof(dir), err);
    if (r < 0) {
        return r;
    }
    snprintf(path, sizeof(path), "%s/file", dir);
    r = kt_file_replace_mode(path, bytes.p ? bytes.p : "", bytes.n, 0600, err);
    if (r == KT_OK) {
        r = run_child(what, path, part, task, out, err);
    }
    kt_dir_remove(dir);
    if (r == KT_OK) {
        r = told(out, from, err);
    }
    if (r < 0) {
        out->n = from;
    }
    return r;
}
