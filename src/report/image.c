/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pictures of phones and scanners: size, what the camera wrote beside, and a small picture. JPEG by
 * libjpeg, PNG and all drawing by Cairo, EXIF by libexif.
 */
#include "report/read.h"

#include <cairo.h>
#include <libexif/exif-data.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

#include "base/json.h"

enum { THUMB_QUALITY = 80, SIDE_MIN = 16, SIDE_MAX = 2048 };

struct look {
    int width, height;
    int turn; /* EXIF orientation, 1 to 8 */
    int side; /* of the small picture */
    char taken[24];
    bool has_place;
    double lon, lat;
    cairo_surface_t *small; /* not yet turned */
};

struct jpeg_fault {
    struct jpeg_error_mgr mgr;
    jmp_buf out;
    char text[JMSG_LENGTH_MAX];
};

static void on_jpeg_error(j_common_ptr c)
{
    struct jpeg_fault *f = (struct jpeg_fault *)c->err;
    c->err->format_message(c, f->text);
    longjmp(f->out, 1);
}

static void on_jpeg_message(j_common_ptr c)
{
    (void)c;
}

static struct jpeg_error_mgr *quiet_errors(struct jpeg_fault *f)
{
    jpeg_std_error(&f->mgr);
    f->mgr.error_exit = on_jpeg_error;
    f->mgr.output_message = on_jpeg_message;
    return &f->mgr;
}

static int too_large(struct kt_err *err)
{
    return kt_err_set(err, KT_ELIMIT, "the picture has more than %d million points",
                      KT_IMAGE_PIXELS_MAX >> 20);
}

/* ---- JPEG ------------------------------------------------------------------------------------ */

static void rgb_row(const JSAMPLE *from, uint32_t *to, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        to[i] = (uint32_t)from[3 * i] << 16 | (uint32_t)from[3 * i + 1] << 8 | from[3 * i + 2];
    }
}

/* The decoder itself makes the picture up to eight times smaller while it reads. */
static void choose_scale(struct jpeg_decompress_struct *d, int small)
{
    unsigned side = d->image_width > d->image_height ? d->image_width : d->image_height;
    d->scale_num = 1;
    d->scale_denom = 1;
    while (d->scale_denom < 8 && side / (d->scale_denom * 2) >= 2 * (unsigned)small) {
        d->scale_denom *= 2;
    }
    d->out_color_space = d->num_components == 4                 ? JCS_CMYK
                         : d->jpeg_color_space == JCS_GRAYSCALE ? JCS_GRAYSCALE
                                                                : JCS_RGB;
}

static void gray_row(const JSAMPLE *from, uint32_t *to, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        to[i] = (uint32_t)from[i] * 0x010101;
    }
}

/* Printing colours, upside down as every program writes them since the first one did. */
static void cmyk_row(const JSAMPLE *from, uint32_t *to, unsigned n)
{
    for (unsigned i = 0; i < n; i++, from += 4) {
        uint32_t r = (uint32_t)from[0] * from[3] / 255, g = (uint32_t)from[1] * from[3] / 255;
        to[i] = r << 16 | g << 8 | (uint32_t)from[2] * from[3] / 255;
    }
}

static void decode_rows(struct jpeg_decompress_struct *d, cairo_surface_t *s)
{
    JSAMPARRAY row = d->mem->alloc_sarray((j_common_ptr)d, JPOOL_IMAGE,
                                          d->output_width * (unsigned)d->output_components, 1);
    unsigned char *data = cairo_image_surface_get_data(s);
    int stride = cairo_image_surface_get_stride(s);
    while (d->output_scanline < d->output_height) {
        void *to = data + (size_t)d->output_scanline * (size_t)stride;
        jpeg_read_scanlines(d, row, 1);
        if (d->output_components == 1) {
            gray_row(row[0], to, d->output_width);
        } else if (d->output_components == 4) {
            cmyk_row(row[0], to, d->output_width);
        } else {
            rgb_row(row[0], to, d->output_width);
        }
    }
}

static int read_jpeg(struct kt_str file, struct look *ret, struct kt_err *err)
{
    struct jpeg_decompress_struct d = {0};
    struct jpeg_fault fault;
    d.err = quiet_errors(&fault);
    if (setjmp(fault.out)) {
        jpeg_destroy_decompress(&d);
        return kt_err_set(err, KT_EPARSE, "the picture is damaged: %s", fault.text);
    }
    jpeg_create_decompress(&d);
    jpeg_mem_src(&d, (const unsigned char *)file.p, file.n);
    jpeg_read_header(&d, TRUE);
    ret->width = (int)d.image_width;
    ret->height = (int)d.image_height;
    if ((uint64_t)d.image_width * d.image_height > KT_IMAGE_PIXELS_MAX) {
        jpeg_destroy_decompress(&d);
        return too_large(err);
    }
    choose_scale(&d, ret->side);
    jpeg_start_decompress(&d);
    ret->small =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)d.output_width, (int)d.output_height);
    if (cairo_surface_status(ret->small) != CAIRO_STATUS_SUCCESS) {
        jpeg_destroy_decompress(&d);
        return too_large(err);
    }
    decode_rows(&d, ret->small);
    cairo_surface_mark_dirty(ret->small);
    jpeg_finish_decompress(&d);
    jpeg_destroy_decompress(&d);
    return KT_OK;
}

/* ---- PNG ------------------------------------------------------------------------------------- */

static cairo_status_t next_bytes(void *arg, unsigned char *to, unsigned n)
{
    struct kt_str *left = arg;
    if (left->n < n) {
        return CAIRO_STATUS_READ_ERROR;
    }
    memcpy(to, left->p, n);
    left->p += n;
    left->n -= n;
    return CAIRO_STATUS_SUCCESS;
}

static uint32_t big_endian(const char *p)
{
    const unsigned char *u = (const unsigned char *)p;
    return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 | (uint32_t)u[2] << 8 | u[3];
}

static int read_png(struct kt_str file, struct look *ret, struct kt_err *err)
{
    if (file.n < 33) {
        return kt_err_set(err, KT_EPARSE, "the picture is damaged: it ends too early");
    }
    uint64_t w = big_endian(file.p + 16), h = big_endian(file.p + 20);
    if (w * h > KT_IMAGE_PIXELS_MAX) {
        return too_large(err);
    }
    ret->small = cairo_image_surface_create_from_png_stream(next_bytes, &file);
    cairo_status_t st = cairo_surface_status(ret->small);
    if (st != CAIRO_STATUS_SUCCESS) {
        return kt_err_set(err, KT_EPARSE, "the picture is damaged: %s", cairo_status_to_string(st));
    }
    ret->width = (int)w;
    ret->height = (int)h;
    return KT_OK;
}

/* ---- EXIF ------------------------------------------------------------------------------------ */

static ExifEntry *entry(ExifData *d, ExifIfd ifd, int tag, unsigned size)
{
    ExifEntry *e = exif_content_get_entry(d->ifd[ifd], (ExifTag)tag);
    return e && e->data && e->size >= size ? e : NULL;
}

/* Degrees, minutes, seconds as three fractions. */
static bool angle(ExifData *d, int tag, int ref_tag, char negative, double max, double *ret)
{
    ExifByteOrder order = exif_data_get_byte_order(d);
    ExifEntry *e = entry(d, EXIF_IFD_GPS, tag, 24), *ref = entry(d, EXIF_IFD_GPS, ref_tag, 1);
    double v = 0, unit = 1;
    if (!e || e->format != EXIF_FORMAT_RATIONAL || !ref) {
        return false;
    }
    for (int i = 0; i < 3; i++, unit *= 60) {
        ExifRational r = exif_get_rational(e->data + 8 * i, order);
        v += r.denominator ? (double)r.numerator / r.denominator / unit : 0;
    }
    *ret = ref->data[0] == (unsigned char)negative ? -v : v;
    return v > 0 && v <= max;
}

/* "2026:11:22 08:30:00" as the camera's clock had it; its zone is not known. */
static void read_taken(ExifData *d, char to[24])
{
    ExifEntry *e = entry(d, EXIF_IFD_EXIF, EXIF_TAG_DATE_TIME_ORIGINAL, 19);
    const char *form = "dddd:dd:dd dd:dd:dd";
    if (!e) {
        return;
    }
    for (int i = 0; i < 19; i++) {
        char c = (char)e->data[i];
        if (form[i] == 'd' ? c < '0' || c > '9' : c != form[i]) {
            return;
        }
    }
    memcpy(to, e->data, 19);
    to[19] = '\0';
    to[4] = to[7] = '-';
    to[10] = 'T';
}

static void read_exif(struct kt_str file, struct look *look)
{
    ExifData *d = exif_data_new_from_data((const unsigned char *)file.p, (unsigned)file.n);
    if (!d) {
        return;
    }
    ExifEntry *e = entry(d, EXIF_IFD_0, EXIF_TAG_ORIENTATION, 2);
    int turn = e ? exif_get_short(e->data, exif_data_get_byte_order(d)) : 1;
    look->turn = turn >= 1 && turn <= 8 ? turn : 1;
    read_taken(d, look->taken);
    look->has_place =
        angle(d, EXIF_TAG_GPS_LONGITUDE, EXIF_TAG_GPS_LONGITUDE_REF, 'W', 180, &look->lon) &&
        angle(d, EXIF_TAG_GPS_LATITUDE, EXIF_TAG_GPS_LATITUDE_REF, 'S', 90, &look->lat);
    exif_data_unref(d);
}

/* ---- the small picture ----------------------------------------------------------------------- */

/* Matrix of each orientation for a picture of w × h: x' = a x + b y + tx, y' = c x + d y + ty. */
static cairo_matrix_t turned(int turn, double w, double h)
{
    cairo_matrix_t m;
    const double table[9][6] = {{1, 0, 0, 1, 0, 0},   {1, 0, 0, 1, 0, 0},   {-1, 0, 0, 1, w, 0},
                                {-1, 0, 0, -1, w, h}, {1, 0, 0, -1, 0, h},  {0, 1, 1, 0, 0, 0},
                                {0, 1, -1, 0, h, 0},  {0, -1, -1, 0, h, w}, {0, -1, 1, 0, 0, w}};
    const double *t = table[turn];
    cairo_matrix_init(&m, t[0], t[1], t[2], t[3], t[4], t[5]);
    return m;
}

static cairo_surface_t *draw_small(const struct look *look)
{
    int w = cairo_image_surface_get_width(look->small);
    int h = cairo_image_surface_get_height(look->small);
    bool across = look->turn >= 5;
    double side = w > h ? w : h, scale = side > look->side ? look->side / side : 1;
    int tw = (int)((across ? h : w) * scale + 0.5), th = (int)((across ? w : h) * scale + 0.5);
    cairo_surface_t *s =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, tw > 0 ? tw : 1, th > 0 ? th : 1);
    cairo_t *cr = cairo_create(s);
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_paint(cr);
    cairo_matrix_t m = turned(look->turn, w, h);
    cairo_scale(cr, scale, scale);
    cairo_transform(cr, &m);
    cairo_set_source_surface(cr, look->small, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(cr), CAIRO_FILTER_GOOD);
    cairo_paint(cr);
    cairo_destroy(cr);
    cairo_surface_flush(s);
    return s;
}

static void encode_rows(struct jpeg_compress_struct *c, cairo_surface_t *s)
{
    const unsigned char *data = cairo_image_surface_get_data(s);
    int stride = cairo_image_surface_get_stride(s);
    JSAMPARRAY row = c->mem->alloc_sarray((j_common_ptr)c, JPOOL_IMAGE, c->image_width * 3, 1);
    while (c->next_scanline < c->image_height) {
        const unsigned char *line = data + (size_t)c->next_scanline * (size_t)stride;
        for (unsigned i = 0; i < c->image_width; i++) {
            uint32_t v;
            memcpy(&v, line + 4 * i, 4);
            row[0][3 * i] = (JSAMPLE)(v >> 16);
            row[0][3 * i + 1] = (JSAMPLE)(v >> 8);
            row[0][3 * i + 2] = (JSAMPLE)v;
        }
        jpeg_write_scanlines(c, row, 1);
    }
}

/* JPEG in memory of malloc(); false when it cannot be made. */
static bool encode(cairo_surface_t *s, unsigned char **ret, unsigned long *ret_n)
{
    struct jpeg_compress_struct c = {0};
    struct jpeg_fault fault;
    c.err = quiet_errors(&fault);
    if (setjmp(fault.out)) {
        jpeg_destroy_compress(&c);
        return false;
    }
    jpeg_create_compress(&c);
    jpeg_mem_dest(&c, ret, ret_n);
    c.image_width = (JDIMENSION)cairo_image_surface_get_width(s);
    c.image_height = (JDIMENSION)cairo_image_surface_get_height(s);
    c.input_components = 3;
    c.in_color_space = JCS_RGB;
    jpeg_set_defaults(&c);
    jpeg_set_quality(&c, THUMB_QUALITY, TRUE);
    jpeg_start_compress(&c, TRUE);
    encode_rows(&c, s);
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    return true;
}

static void write_base64(struct kt_jw *w, const unsigned char *p, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct kt_buf b;
    kt_buf_init(&b, 0);
    for (size_t i = 0; i < n; i += 3) {
        uint32_t v = (uint32_t)p[i] << 16 | (i + 1 < n ? (uint32_t)p[i + 1] << 8 : 0) |
                     (i + 2 < n ? p[i + 2] : 0);
        kt_put_u8(&b, (uint8_t)digits[v >> 18]);
        kt_put_u8(&b, (uint8_t)digits[v >> 12 & 63]);
        kt_put_u8(&b, (uint8_t)(i + 1 < n ? digits[v >> 6 & 63] : '='));
        kt_put_u8(&b, (uint8_t)(i + 2 < n ? digits[v & 63] : '='));
    }
    kt_jw_strn(w, (struct kt_str){b.p, b.n});
    kt_buf_done(&b);
}

static void write_thumb(const struct look *look, struct kt_jw *w)
{
    unsigned char *jpeg = NULL;
    unsigned long n = 0;
    cairo_surface_t *s = draw_small(look);
    if (cairo_surface_status(s) == CAIRO_STATUS_SUCCESS && encode(s, &jpeg, &n)) {
        kt_jw_key(w, "thumb");
        write_base64(w, jpeg, n);
    }
    free(jpeg);
    cairo_surface_destroy(s);
}

static void write_look(const struct look *look, const char *kind, struct kt_buf *out)
{
    struct kt_jw w = kt_jw_init(out);
    bool across = look->turn >= 5;
    kt_jw_obj(&w);
    kt_jw_kstr(&w, "type", kt_file_type(kind));
    kt_jw_kint(&w, "width", across ? look->height : look->width);
    kt_jw_kint(&w, "height", across ? look->width : look->height);
    if (look->taken[0]) {
        kt_jw_kstr(&w, "taken", look->taken);
    }
    if (look->has_place) {
        kt_jw_knum(&w, "lon", look->lon);
        kt_jw_knum(&w, "lat", look->lat);
    }
    write_thumb(look, &w);
    kt_jw_obj_end(&w);
}

int kt_image_read(struct kt_str file, int side, struct kt_buf *out, struct kt_err *err)
{
    struct look look = {.turn = 1,
                        .side = side < SIDE_MIN   ? SIDE_MIN
                                : side > SIDE_MAX ? SIDE_MAX
                                                  : side};
    const char *kind = kt_file_kind(file);
    int r;
    if (file.n > KT_IMAGE_BYTES_MAX) {
        return kt_err_set(err, KT_ELIMIT, "the picture is larger than %d MiB",
                          KT_IMAGE_BYTES_MAX >> 20);
    }
    if (kind && strcmp(kind, "jpg") == 0) {
        r = read_jpeg(file, &look, err);
        if (r == KT_OK) {
            read_exif(file, &look);
        }
    } else if (kind && strcmp(kind, "png") == 0) {
        r = read_png(file, &look, err);
    } else {
        r = kt_err_set(err, KT_EUNSUPPORTED, "a picture is a JPEG or a PNG");
    }
    if (r == KT_OK) {
        write_look(&look, kind, out);
    }
    if (look.small) {
        cairo_surface_destroy(look.small);
    }
    return r;
}
