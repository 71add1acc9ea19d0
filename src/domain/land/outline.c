/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/land/outline.h"

#include <math.h>

static double cross(struct kt_xy o, struct kt_xy a, struct kt_xy b)
{
    return (a.x - o.x) * (b.y - o.y) - (a.y - o.y) * (b.x - o.x);
}

double land_area(const struct kt_xy *ring, uint32_t n)
{
    double sum = 0;
    for (uint32_t i = 1; i + 1 < n; i++) {
        sum += cross(ring[0], ring[i], ring[i + 1]);
    }
    return sum / 2;
}

static bool between(double a, double b, double v)
{
    return v >= fmin(a, b) && v <= fmax(a, b);
}

/* Do the segments ab and cd have a point in common? */
static bool meet(struct kt_xy a, struct kt_xy b, struct kt_xy c, struct kt_xy d)
{
    double p = cross(a, b, c), q = cross(a, b, d), r = cross(c, d, a), s = cross(c, d, b);
    if (((p > 0 && q < 0) || (p < 0 && q > 0)) && ((r > 0 && s < 0) || (r < 0 && s > 0))) {
        return true;
    }
    return (p == 0 && between(a.x, b.x, c.x) && between(a.y, b.y, c.y)) ||
           (q == 0 && between(a.x, b.x, d.x) && between(a.y, b.y, d.y)) ||
           (r == 0 && between(c.x, d.x, a.x) && between(c.y, d.y, a.y)) ||
           (s == 0 && between(c.x, d.x, b.x) && between(c.y, d.y, b.y));
}

static int crossing(const struct kt_xy *ring, uint32_t n, struct kt_err *err)
{
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t k = i + 2; k < n; k++) {
            if (i == 0 && k == n - 1) {
                continue; /* neighbours share a vertex */
            }
            if (meet(ring[i], ring[i + 1], ring[k], ring[(k + 1) % n])) {
                return kt_err_set(err, KT_EINVAL,
                                  "edge %u of the outline crosses or touches edge %u; give the "
                                  "vertices in order around the face",
                                  i + 1, k + 1);
            }
        }
    }
    return KT_OK;
}

int land_outline_check(const struct kt_xy *ring, uint32_t n, struct kt_err *err)
{
    if (n < 3 || n > KT_SUBSIDE_MAX_VERTICES) {
        return kt_err_set(err, KT_EINVAL, "an outline has 3 to %d vertices, not %u",
                          KT_SUBSIDE_MAX_VERTICES, n);
    }
    for (uint32_t i = 0; i < n; i++) {
        struct kt_xy a = ring[i], b = ring[(i + 1) % n], c = ring[(i + 2) % n];
        if (!isfinite(a.x) || !isfinite(a.y) || fabs(a.x) > 1e9 || fabs(a.y) > 1e9) {
            return kt_err_set(err, KT_EINVAL, "vertex %u of the outline is nowhere on the map",
                              i + 1);
        }
        if (a.x == b.x && a.y == b.y) {
            return kt_err_set(err, KT_EINVAL,
                              "vertex %u of the outline is the same as the one before it; leave it "
                              "out (the first is not given again at the end)",
                              (i + 1) % n + 1);
        }
        if (cross(a, b, c) == 0 && (b.x - a.x) * (c.x - b.x) + (b.y - a.y) * (c.y - b.y) < 0) {
            return kt_err_set(err, KT_EINVAL, "the outline turns back on itself at vertex %u",
                              (i + 1) % n + 1);
        }
    }
    int r = crossing(ring, n, err);
    if (r == KT_OK && !(fabs(land_area(ring, n)) > 1e-6)) {
        r = kt_err_set(err, KT_EINVAL, "the outline has no area");
    }
    return r;
}

/* Where the lines of two neighbouring edges meet after both moved inwards; straight on: the shared
 * vertex moved. */
static struct kt_xy corner(struct kt_xy a, struct kt_xy b, struct kt_xy c, double offset)
{
    double lx = b.x - a.x, ly = b.y - a.y, l = hypot(lx, ly);
    double mx = c.x - b.x, my = c.y - b.y, m = hypot(mx, my);
    lx /= l, ly /= l, mx /= m, my /= m;
    /* moved by offset * (n1 + n2) / (1 + n1 · n2), n the normals inwards */
    double dot = lx * mx + ly * my;
    double k = offset / (1 + dot);
    return (struct kt_xy){b.x + k * (-ly - my), b.y + k * (lx + mx)};
}

int land_outline_inset(const struct kt_xy *ring, uint32_t n, double offset_m, struct kt_xy *ret,
                       struct kt_err *err)
{
    for (uint32_t i = 0; i < n; i++) {
        ret[(i + 1) % n] = corner(ring[i], ring[(i + 1) % n], ring[(i + 2) % n], offset_m);
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t k = (i + 1) % n;
        double along = (ring[k].x - ring[i].x) * (ret[k].x - ret[i].x) +
                       (ring[k].y - ring[i].y) * (ret[k].y - ret[i].y);
        if (!(along > 0)) {
            return kt_err_set(
                err, KT_EINVAL,
                "an offset of %g m leaves nothing of edge %u of the outline; the face "
                "is too narrow for it",
                offset_m, i + 1);
        }
    }
    if (crossing(ret, n, err) < 0) {
        return kt_err_set(err, KT_EINVAL, "an offset of %g m cuts the outline in two", offset_m);
    }
    return KT_OK;
}
