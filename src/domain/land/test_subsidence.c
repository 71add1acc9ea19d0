/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Against the closed forms of the rectangle and the half-plane (probability-integral method; worked
 * figures: H 300 m, m 3 m, q 0.75, tan β 2, b 0.3, s 30 m) and against differences of itself.
 */
#include "domain/land/subsidence.h"

#include <math.h>

#include "domain/land/outline.h"
#include "unit.h"

static struct kt_err err;
static const double root_pi = 1.7724538509055160;

static struct kt_subside_face face_of(const struct kt_xy *ring, uint32_t n)
{
    return (struct kt_subside_face){.ring = ring,
                                    .n = n,
                                    .depth_m = 300,
                                    .thickness_m = 3,
                                    .q = 0.75,
                                    .tan_beta = 2,
                                    .b = 0.3,
                                    .offset_m = 30};
}

static struct kt_subside *prepared(const struct kt_subside_face *f)
{
    struct kt_subside *s = NULL;
    CHECK_OK(kt_subside_new(f, &s, &err), &err);
    return s;
}

static struct kt_subside_at at(const struct kt_subside *s, double x, double y)
{
    struct kt_subside_at a = {0};
    kt_subside_add(s, (struct kt_xy){x, y}, kt_subside_greatest(s), &a);
    return a;
}

/* C(u), C', C'' of a strip 0 … l */
static void strip(double u, double l, double r, double c[3])
{
    double g0 = exp(-M_PI * u * u / (r * r)), g1 = exp(-M_PI * (u - l) * (u - l) / (r * r));
    c[0] = (erf(root_pi * u / r) - erf(root_pi * (u - l) / r)) / 2;
    c[1] = (g0 - g1) / r;
    c[2] = -2 * M_PI / (r * r * r) * (u * g0 - (u - l) * g1);
}

static struct kt_subside_at closed_form(double x, double y, double l, double d)
{
    double r = 150, w0 = 2.25, b = 0.3, cx[3], cy[3];
    strip(x, l, r, cx);
    strip(y, d, r, cy);
    struct kt_subside_at a = {w0 * cx[0] * cy[0], w0 * cx[1] * cy[0], w0 * cx[0] * cy[1],
                              w0 * cx[2] * cy[0], w0 * cx[1] * cy[1], w0 * cx[0] * cy[2]};
    a.ux_m = b * r * a.ix;
    a.uy_m = b * r * a.iy;
    a.exx = b * r * a.kxx;
    a.exy = b * r * a.kxy;
    a.eyy = b * r * a.kyy;
    return a;
}

/* Both as arrays of ten: w, i, k, u, e. */
static void near_all(const struct kt_subside_at *got, const struct kt_subside_at *want,
                     double tolerance)
{
    static const double greatest[] = {2.25,  0.015, 0.015,   1.52e-4, 1.52e-4, 1.52e-4,
                                      0.675, 0.675, 6.84e-3, 6.84e-3, 6.84e-3};
    const double *g = (const double *)got, *w = (const double *)want;
    for (size_t i = 0; i < KT_ARRAY_LEN(greatest); i++) {
        CHECK_NEAR(g[i], w[i], tolerance * greatest[i]);
    }
}

static void a_rectangle_is_its_closed_form(void)
{
    static const struct kt_xy ring[] = {{-30, -30}, {770, -30}, {770, 170}, {-30, 170}};
    struct kt_subside_face f = face_of(ring, 4);
    struct kt_subside *s = prepared(&f);
    REQUIRE(s);
    CHECK_NEAR(kt_subside_greatest(s), 2.25, 1e-12);
    CHECK_NEAR(kt_subside_radius(s), 150, 1e-12);
    for (double x = -500; x <= 1250; x += 10) {
        for (double y = -500; y <= 700; y += 10) {
            struct kt_subside_at got = at(s, x, y), want = closed_form(x, y, 740, 140);
            near_all(&got, &want, 1e-9);
        }
    }
    struct kt_subside_at c = at(s, 370, 70); /* the worked figures: 1705.3, 852.6, 551.6 mm */
    CHECK_NEAR(c.w_m, 1.705280352, 1e-8);
    CHECK_NEAR(at(s, 0, 70).w_m, 0.852640177, 1e-8);
    CHECK_NEAR(at(s, 0, 0).w_m, 0.551638939, 1e-8);
    kt_subside_free(s);
}

/* The same rectangle turned, cut at more vertices and listed the other way round: as before. */
static void a_turned_rectangle_is_the_same(void)
{
    uint64_t seed = 99;
    for (int round = 0; round < 40; round++) {
        double a = (double)(unit_rand(&seed) % 100000) / 100000 * 2 * M_PI, c = cos(a), n = sin(a);
        static const struct kt_xy at0[] = {{-30, -30}, {400, -30}, {770, -30},
                                           {770, 170}, {123, 170}, {-30, 170}};
        struct kt_xy ring[6];
        for (int i = 0; i < 6; i++) {
            struct kt_xy p = at0[round % 2 ? 5 - i : i];
            ring[i] = (struct kt_xy){1000 + c * p.x - n * p.y, 5e5 + n * p.x + c * p.y};
        }
        struct kt_subside_face f = face_of(ring, 6);
        struct kt_subside *s = prepared(&f);
        REQUIRE(s);
        for (int k = 0; k < 40; k++) {
            double x = (double)(unit_rand(&seed) % 1500) - 400;
            double y = (double)(unit_rand(&seed) % 900) - 400;
            struct kt_subside_at got = at(s, 1000 + c * x - n * y, 5e5 + n * x + c * y);
            struct kt_subside_at want = closed_form(x, y, 740, 140);
            CHECK_NEAR(got.w_m, want.w_m, 1e-8);
            CHECK_NEAR(got.ix * c + got.iy * n, want.ix, 1e-9);
            CHECK_NEAR(got.kxx * c * c + got.kyy * n * n + 2 * got.kxy * c * n, want.kxx, 1e-11);
        }
        kt_subside_free(s);
    }
}

static void a_wide_face_is_the_half_plane(void)
{
    static const struct kt_xy ring[] = {{-30, -9000}, {9000, -9000}, {9000, 9000}, {-30, 9000}};
    struct kt_subside_face f = face_of(ring, 4);
    struct kt_subside *s = prepared(&f);
    REQUIRE(s);
    struct kt_subside_at a = at(s, -50, 0), edge = at(s, 0, 0);
    CHECK_NEAR(a.w_m * 1e3, 453.84, 0.01); /* W 453.84, i 10.580, K 0.1477, U 476.1, ε 6.648 */
    CHECK_NEAR(a.ix * 1e3, 10.580, 1e-3);
    CHECK_NEAR(a.kxx * 1e6, 147.7, 0.1);
    CHECK_NEAR(a.ux_m * 1e3, 476.1, 0.05);
    CHECK_NEAR(a.exx * 1e3, 6.648, 1e-3);
    CHECK_NEAR(edge.ix * 1e3, 15, 1e-9);
    CHECK_NEAR(edge.ux_m * 1e3, 675, 1e-6);
    CHECK_NEAR(at(s, -59.841342, 0).kxx * 1e3, 0.152035, 1e-6);
    kt_subside_free(s);
}

/* Tilt and curvature are the differences of the sink, on outlines of any form. */
static void derivatives_are_differences(void)
{
    static const struct kt_xy l[] = {{0, 0},     {600, 50},  {620, 300}, {350, 280},
                                     {330, 500}, {100, 520}, {-40, 250}};
    struct kt_subside_face f = face_of(l, 7);
    uint64_t seed = 3;
    f.offset_m = 12;
    struct kt_subside *s = prepared(&f);
    REQUIRE(s);
    for (int k = 0; k < 300; k++) {
        double x = (double)(unit_rand(&seed) % 1100) - 250,
               y = (double)(unit_rand(&seed) % 1000) - 250;
        double h = 0.05;
        struct kt_subside_at o = at(s, x, y), e = at(s, x + h, y), w = at(s, x - h, y);
        struct kt_subside_at n = at(s, x, y + h), u = at(s, x, y - h);
        CHECK_NEAR((e.w_m - w.w_m) / (2 * h), o.ix, 2e-7 * 2);
        CHECK_NEAR((n.w_m - u.w_m) / (2 * h), o.iy, 2e-7 * 2);
        CHECK_NEAR((e.ix - w.ix) / (2 * h), o.kxx, 1e-9);
        CHECK_NEAR((n.iy - u.iy) / (2 * h), o.kyy, 1e-9);
        CHECK_NEAR((n.ix - u.ix) / (2 * h), o.kxy, 1e-9);
        CHECK_NEAR((e.iy - w.iy) / (2 * h), o.kxy, 1e-9);
        CHECK_NEAR(o.ux_m, 0.3 * 150 * o.ix, 1e-12);
        CHECK_NEAR(o.exy, 0.3 * 150 * o.kxy, 1e-12);
    }
    kt_subside_free(s);
}

/* The whole sunk volume is that of the outline that counts; two halves are the whole. */
static void volume_and_parts(void)
{
    static const struct kt_xy whole[] = {{0, 0}, {400, 0}, {500, 300}, {100, 350}};
    static const struct kt_xy left[] = {{0, 0}, {200, 0}, {300, 325}, {100, 350}};
    static const struct kt_xy right[] = {{200, 0}, {400, 0}, {500, 300}, {300, 325}};
    struct kt_subside_face f = face_of(whole, 4), a = face_of(left, 4), b = face_of(right, 4);
    f.offset_m = a.offset_m = b.offset_m = 0;
    struct kt_subside *s = prepared(&f), *p = prepared(&a), *q = prepared(&b);
    REQUIRE(s && p && q);
    double sum = 0, step = 20;
    for (double x = -600; x <= 1100; x += step) {
        for (double y = -600; y <= 1000; y += step) {
            struct kt_subside_at one = at(s, x, y), two = {0}, sum2 = {0};
            kt_subside_add(p, (struct kt_xy){x, y}, 1, &two);
            kt_subside_add(q, (struct kt_xy){x, y}, 1, &two);
            kt_subside_add_times(&two, 2.25, &sum2);
            near_all(&sum2, &one, 1e-9);
            sum += one.w_m * step * step;
        }
    }
    CHECK_NEAR(sum / (2.25 * land_area(whole, 4)), 1, 1e-9);
    kt_subside_free(s);
    kt_subside_free(p);
    kt_subside_free(q);
}

static void fills_dips_and_time(void)
{
    static const struct kt_xy ring[] = {{-400, -400}, {400, -400}, {400, 400}, {-400, 400}};
    struct kt_subside_face f = face_of(ring, 4);
    f.fill = (struct kt_subside_fill){0.2, 0.1, 0.1, true};
    CHECK_NEAR(kt_subside_height(3, &f.fill), 0.3 + 0.27, 1e-12);
    struct kt_subside *s = prepared(&f);
    REQUIRE(s);
    CHECK_NEAR(kt_subside_greatest(s), 0.57 * 0.75, 1e-12);
    CHECK_NEAR(kt_subside_unfilled(s), 2.25, 1e-12);
    kt_subside_free(s);
    f.fill.given = false;
    f.dip_deg = 15;
    f.dip_to_deg = 90;
    s = prepared(&f);
    REQUIRE(s);
    CHECK_NEAR(kt_subside_greatest(s), 2.25 * cos(15 * M_PI / 180), 1e-12);
    double by = 300 / tan(81 * M_PI / 180); /* θ = 90 - 0.6 α, down-dip is east */
    CHECK_NEAR(at(s, by, 0).ix, 0, 1e-12);
    CHECK_NEAR(at(s, by - 50, 30).w_m, at(s, by + 50, 30).w_m, 1e-9);
    kt_subside_free(s);
    CHECK_NEAR(kt_subside_knothe(2, 0.25), 0.393469, 1e-6);
    CHECK_NEAR(kt_subside_knothe(2, -1), 0, 0);
    struct kt_principal k = kt_principal(3, 4, -3);
    CHECK_NEAR(k.high, 5, 1e-12);
    CHECK_NEAR(k.low, -5, 1e-12);
    CHECK_NEAR(k.high_deg, atan2(4, 3) / 2 * 180 / M_PI, 1e-12);
}

static void bad_faces_are_refused(void)
{
    static const struct kt_xy good[] = {{0, 0}, {100, 0}, {100, 100}, {0, 100}};
    static const struct kt_xy bow[] = {{0, 0}, {100, 100}, {100, 0}, {0, 100}};
    static const struct kt_xy twice[] = {{0, 0}, {100, 0}, {100, 0}, {0, 100}};
    static const struct kt_xy line[] = {{0, 0}, {100, 0}, {200, 0}};
    static const struct kt_xy waist[] = {{0, 0},     {300, 0},   {300, 200}, {160, 200},
                                         {160, 500}, {300, 500}, {300, 700}, {0, 700},
                                         {0, 500},   {140, 500}, {140, 200}, {0, 200}};
    static const struct {
        const struct kt_xy *ring;
        uint32_t n;
        double offset;
        const char *text;
    } cases[] = {{good, 2, 0, "3 to 1000 vertices"},      {bow, 4, 0, "crosses"},
                 {twice, 4, 0, "the same as the one"},    {line, 3, 0, "turns back"},
                 {good, 4, 51, "leaves nothing of edge"}, {waist, 12, 11, "offset of 11 m"}};
    for (size_t i = 0; i < KT_ARRAY_LEN(cases); i++) {
        struct kt_subside_face f = face_of(cases[i].ring, cases[i].n);
        struct kt_subside *s = NULL;
        f.offset_m = cases[i].offset;
        CHECK_INT(kt_subside_new(&f, &s, &err), KT_EINVAL);
        CHECK(s == NULL);
        if (!strstr(err.text, cases[i].text)) {
            CHECK_STR(err.text, cases[i].text);
        }
    }
    struct kt_subside_face f = face_of(good, 4);
    struct kt_subside *s = NULL;
    f.tan_beta = NAN;
    CHECK_INT(kt_subside_new(&f, &s, &err), KT_EINVAL);
    CHECK(strstr(err.text, "tan_beta") != NULL);
    kt_subside_free(NULL);
}

UNIT_MAIN({"a rectangle is its closed form", a_rectangle_is_its_closed_form},
          {"a turned rectangle is the same", a_turned_rectangle_is_the_same},
          {"a wide face is the half-plane", a_wide_face_is_the_half_plane},
          {"derivatives are differences", derivatives_are_differences},
          {"volume and parts", volume_and_parts}, {"fills, dips and time", fills_dips_and_time},
          {"bad faces are refused", bad_faces_are_refused})
