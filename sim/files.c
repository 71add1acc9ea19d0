/* SPDX-License-Identifier: Apache-2.0 */
/* Mine files: definitions (CDDY) once an hour, values (CDSS) every 20 s of the plant. */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "outlets.h"
#include "sys/clock.h"
#include "sys/file.h"

#define VALUES_NS      (20 * KT_SEC)
#define DEFINITIONS_NS KT_HOUR
#define LEAST_NS       KT_SEC /* of real time between two files */

struct drop {
    kt_time definitions;
    kt_mono last;
    bool told;
};

static void head(struct sim_outlet *o, struct kt_buf *out)
{
    const struct sim_plant *p = o->run->plant;
    char when[24];
    kt_buf_printf(out, "%s;%s;%s~", p->mine_code, p->mine_name,
                  kt_time_fmt_local(atomic_load(&o->run->now), p->utc_offset_s, when));
}

void sim_files_values(struct sim_outlet *o, struct kt_buf *out)
{
    const struct sim_plant *p = o->run->plant;
    char when[24];
    head(o, out);
    kt_time_fmt_local(atomic_load(&o->run->now), p->utc_offset_s, when);
    for (int i = 0; i < p->files_n; i++) {
        const struct sim_file *f = &p->files[i];
        struct sim_reading v = sim_outlet_read(o, f->point);
        kt_buf_printf(out, "%s;%s;%s;%.10g;%s;%d;%s~", f->id, f->type, f->place, v.value, f->unit,
                      v.status, when);
    }
    kt_buf_puts(out, "||");
}

void sim_files_definitions(struct sim_outlet *o, struct kt_buf *out)
{
    const struct sim_plant *p = o->run->plant;
    char when[24];
    head(o, out);
    kt_time_fmt_local(atomic_load(&o->run->now), p->utc_offset_s, when);
    for (int i = 0; i < p->files_n; i++) {
        const struct sim_file *f = &p->files[i];
        const struct sim_point *pt = &p->points[f->point];
        /* the id holds mine (12), system (2), kind (2), sensor type (4) */
        kt_buf_printf(out, "%s;01;001;%.4s;%.2s;%s;%g;%g;;;;;;;;;;;%s;0;0;0;;%s~", f->id,
                      strlen(f->id) > 20 ? f->id + 16 : "", strlen(f->id) > 16 ? f->id + 14 : "",
                      f->unit, pt->hi, pt->lo, f->place, when);
    }
    kt_buf_puts(out, "||");
}

static void put(struct sim_outlet *o, const char *type,
                void (*write)(struct sim_outlet *, struct kt_buf *))
{
    struct drop *d = o->own;
    struct kt_err err = {0};
    char path[700];
    struct kt_buf b;
    struct kt_civil c = kt_civil_of(atomic_load(&o->run->now), o->run->plant->utc_offset_s);
    snprintf(path, sizeof(path), "%s/%s_%s_%04d%02d%02d%02d%02d%02d.txt", o->where,
             o->run->plant->mine_code, type, c.year, c.month, c.day, c.hour, c.minute, c.second);
    kt_buf_init(&b, 1 << 20);
    write(o, &b);
    int r = kt_dir_make(o->where, &err);
    if (r == KT_OK) {
        r = kt_file_replace(path, b.p, b.n, &err);
    }
    if (r < 0 && !d->told) {
        KT_WARN("files", "%s", err.text);
    }
    d->told = r < 0;
    kt_buf_done(&b);
}

static void turn(struct sim_outlet *o)
{
    struct drop *d = o->own;
    kt_mono now = kt_clock_mono();
    if (now - d->last < sim_outlet_wall(o, LEAST_NS) || !sim_outlet_due(o, VALUES_NS)) {
        return;
    }
    d->last = now;
    kt_time plant = atomic_load(&o->run->now);
    if (plant >= d->definitions) {
        d->definitions = plant + DEFINITIONS_NS;
        put(o, "CDDY", sim_files_definitions);
    }
    put(o, "CDSS", sim_files_values);
}

static void done(struct sim_outlet *o)
{
    free(o->own);
}

int sim_files_start(struct sim_run *r, const char *dir, struct sim_outlet **ret, struct kt_err *err)
{
    struct sim_outlet *o = calloc(1, sizeof(*o));
    struct drop *d = calloc(1, sizeof(*d));
    KT_ASSERT(o && d);
    d->last = kt_clock_mono() - LEAST_NS;
    *o = (struct sim_outlet){
        .run = r, .name = "files", .where = dir, .turn = turn, .done = done, .own = d};
    int code = sim_outlet_start(o, err);
    if (code < 0) {
        free(d);
        free(o);
        return code;
    }
    *ret = o;
    return KT_OK;
}
