/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of points in the journal: lines of data/points.ids. */
#include "engine/runtime_past.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/map.h"
#include "sys/file.h"

enum { IDS_BYTES_MAX = 256 << 20 };

/* Number each line that is whole; a torn last line is cut off by the next write. */
static size_t read_lines(struct kt_str text, const struct kt_site *site, struct kt_map *numbers,
                         struct rt_ids *ids)
{
    size_t at = 0;
    const char *nl;
    while (at < text.n && (nl = memchr(text.p + at, '\n', text.n - at))) {
        struct kt_str id = {text.p + at, (size_t)(nl - text.p) - at};
        uint32_t number = ids->numbers_n++;
        kt_point_id p = kt_site_point(site, id);
        p = p.v == KT_NONE ? kt_site_point_ended(site, id) : p;
        if (kt_map_add(numbers, id, number) && p.v != KT_NONE) {
            ids->number[p.v] = number;
        }
        at += id.n + 1;
    }
    return at;
}

static int append(const char *path, size_t at, const struct kt_buf *more, struct kt_err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0) {
        return kt_err_sys(err, "%s", path);
    }
    int r = KT_OK;
    if (ftruncate(fd, (off_t)at) < 0 || lseek(fd, (off_t)at, SEEK_SET) < 0) {
        r = kt_err_sys(err, "%s", path);
    }
    if (r == KT_OK) {
        r = kt_write_all(fd, more->p, more->n, err);
    }
    if (r == KT_OK && fdatasync(fd) < 0) {
        r = kt_err_sys(err, "%s", path);
    }
    close(fd);
    return r;
}

static void number_the_rest(const struct kt_site *site, struct rt_ids *ids, struct kt_buf *more)
{
    for (uint32_t i = 0; i < ids->points_n; i++) {
        if (ids->number[i] == KT_NONE) {
            ids->number[i] = ids->numbers_n++;
            kt_buf_puts(more, site->points[i].id);
            kt_put_u8(more, '\n');
        }
    }
}

static void turn_round(struct rt_ids *ids)
{
    ids->point = malloc((ids->numbers_n + 1) * sizeof(*ids->point));
    KT_ASSERT(ids->point);
    for (uint32_t i = 0; i < ids->numbers_n; i++) {
        ids->point[i] = KT_NONE;
    }
    ids->same = true;
    for (uint32_t i = 0; i < ids->points_n; i++) {
        ids->point[ids->number[i]] = i;
        ids->same = ids->same && ids->number[i] == i;
    }
}

int rt_ids_open(const char *data_dir, const struct kt_site *site, bool grow, struct rt_ids *ret,
                struct kt_err *err)
{
    char path[600];
    snprintf(path, sizeof(path), "%s/points.ids", data_dir);
    struct kt_buf text, more;
    kt_buf_init(&text, IDS_BYTES_MAX);
    kt_buf_init(&more, IDS_BYTES_MAX);
    int r = kt_file_exists(path) ? kt_file_read(path, IDS_BYTES_MAX, &text, err) : KT_OK;
    if (r < 0) {
        goto out;
    }
    struct rt_ids ids = {.points_n = site->points_n};
    ids.number = malloc((ids.points_n + 1) * sizeof(*ids.number));
    KT_ASSERT(ids.number);
    for (uint32_t i = 0; i < ids.points_n; i++) {
        ids.number[i] = KT_NONE;
    }
    struct kt_map *numbers = kt_map_new(site->points_n);
    size_t at = read_lines((struct kt_str){text.p, text.n}, site, numbers, &ids);
    kt_map_free(numbers);
    number_the_rest(site, &ids, &more);
    if (grow && more.n) {
        r = append(path, at, &more, err);
        r = r < 0 ? r : kt_dir_sync(data_dir, err);
    }
    if (r < 0) {
        free(ids.number);
        goto out;
    }
    turn_round(&ids);
    *ret = ids;
out:
    kt_buf_done(&text);
    kt_buf_done(&more);
    return r;
}

int rt_ids_name(const char *data_dir, uint32_t number, struct kt_buf *out, struct kt_err *err)
{
    char path[600];
    struct kt_buf text;
    kt_buf_init(&text, IDS_BYTES_MAX);
    snprintf(path, sizeof(path), "%s/points.ids", data_dir);
    int r = kt_file_read(path, IDS_BYTES_MAX, &text, err);
    const char *line = text.p, *nl = NULL;
    for (uint32_t i = 0; r == KT_OK && i <= number; i++) {
        line = nl ? nl + 1 : text.p;
        nl = text.n ? memchr(line, '\n', (size_t)(text.p + text.n - line)) : NULL;
        if (!nl) {
            r = kt_err_set(err, KT_ENOTFOUND, "%s has no line %u", path, number + 1);
        }
    }
    if (r == KT_OK) {
        kt_buf_put(out, line, (size_t)(nl - line));
    }
    kt_buf_done(&text);
    return r;
}

void rt_ids_done(struct rt_ids *ids)
{
    free(ids->number);
    free(ids->point);
    *ids = (struct rt_ids){0};
}

const uint32_t *rt_ids_number(const struct rt_ids *ids, const uint32_t *point, uint32_t n,
                              uint32_t *scratch)
{
    if (ids->same) {
        return point;
    }
    for (uint32_t i = 0; i < n; i++) {
        scratch[i] = ids->number[point[i]];
    }
    return scratch;
}

void rt_ids_resolve(const struct rt_ids *ids, struct kt_columns *c)
{
    uint32_t to = 0;
    for (uint32_t i = 0; i < c->n; i++) {
        uint32_t p = c->point[i] < ids->numbers_n ? ids->point[c->point[i]] : KT_NONE;
        if (p == KT_NONE) {
            continue;
        }
        c->point[to] = p;
        c->time[to] = c->time[i];
        c->value[to] = c->value[i];
        c->quality[to++] = c->quality[i];
    }
    c->n = to;
}
