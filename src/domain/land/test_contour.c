/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/land/contour.h"

#include <math.h>

#include "unit.h"

struct seen {
    uint32_t lines, closed, places;
    double worst, length; /* greatest distance from the circle; of all lines */
    double radius;
    struct kt_xy middle;
};

static void on_line(void *arg, const struct kt_xy *line, uint32_t n, bool closed)
{
    struct seen *s = arg;
    s->lines++;
    s->closed += closed;
    s->places += n;
    for (uint32_t i = 0; i < n; i++) {
        double d = hypot(line[i].x - s->middle.x, line[i].y - s->middle.y);
        s->worst = fmax(s->worst, fabs(d - s->radius));
        s->length += i ? hypot(line[i].x - line[i - 1].x, line[i].y - line[i - 1].y) : 0;
    }
}

static void a_hill_has_rings(void)
{
    enum { N = 101 };
    static double v[N * N];
    struct kt_err err = {0};
    for (int j = 0; j < N; j++) {
        for (int i = 0; i < N; i++) {
            v[j * N + i] = 1000 - hypot(i * 10 - 500, j * 10 - 500);
        }
    }
    struct seen s = {.radius = 300, .middle = {1500, 2500}};
    CHECK_OK(kt_contour(v, N, N, (struct kt_xy){1000, 2000}, 10, 700, on_line, &s, &err), &err);
    CHECK_INT(s.lines, 1);
    CHECK_INT(s.closed, 1);
    CHECK(s.worst < 0.1);
    CHECK_NEAR(s.length, 2 * M_PI * 300, 1);
    struct seen open = {.radius = 600, .middle = {1500, 2500}};
    CHECK_OK(kt_contour(v, N, N, (struct kt_xy){1000, 2000}, 10, 400, on_line, &open, &err), &err);
    CHECK_INT(open.lines, 4); /* cut by the border into its four corners */
    CHECK_INT(open.closed, 0);
    CHECK(open.worst < 0.1);
    struct seen none = {0};
    CHECK_OK(kt_contour(v, N, N, (struct kt_xy){0, 0}, 10, 1001, on_line, &none, &err), &err);
    CHECK_INT(none.lines, 0);
}

static void a_saddle_and_an_even_ground(void)
{
    static const double saddle[] = {1, 0, 0, 1}, even[] = {5, 5, 5, 5};
    struct kt_err err = {0};
    struct seen s = {0};
    CHECK_OK(kt_contour(saddle, 2, 2, (struct kt_xy){0, 0}, 1, 0.6, on_line, &s, &err), &err);
    CHECK_INT(s.lines, 2);
    CHECK_INT(s.places, 4);
    struct seen e = {0};
    CHECK_OK(kt_contour(even, 2, 2, (struct kt_xy){0, 0}, 1, 5, on_line, &e, &err), &err);
    CHECK_INT(e.lines, 0);
    CHECK_OK(kt_contour(even, 4, 1, (struct kt_xy){0, 0}, 1, 5, on_line, &e, &err), &err);
    CHECK_INT(kt_contour(even, 3000, 3000, (struct kt_xy){0, 0}, 1, 5, on_line, &e, &err),
              KT_ELIMIT);
}

UNIT_MAIN({"a hill has rings", a_hill_has_rings},
          {"a saddle, and even ground", a_saddle_and_an_even_ground})
