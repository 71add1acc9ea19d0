/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_DOMAIN_LAND_SUBSIDENCE_H
#define KT_DOMAIN_LAND_SUBSIDENCE_H
/*
 * subsidence: how the ground moves above a mined face of any outline, by the probability-integral
 * method (概率积分法; 国家煤炭工业局, 建筑物、水体、铁路及主要井巷煤柱留设与压煤开采规程).
 *
 * Each element of the mined area lets the ground sink by a Gaussian of its distance ρ,
 *
 *     W(P) = W0 ∬ 1/r² exp(-π ρ²/r²) dA      W0 = m q cos α      r = H / tan β
 *
 * over the outline drawn in by the offset s of the inflection point (拐点偏移距), and, in an
 * inclined seam, moved down-dip by H cot θ (θ: angle of the greatest sink). Tilt i = ∇W, curvature
 * K = ∇∇W, horizontal displacement U = b r i, strain ε = b r K. On a rectangle this is
 * W0 · Cx · Cy of error functions.
 *
 * Backfill counts as a smaller mining height, the equivalent one (等价采高):
 *
 *     m_e = convergence + gap + compression · (m - convergence - gap)
 *
 * what roof and floor had closed before the filling, what was not filled, and how far the fill
 * gives way. An inclined seam has one depth, that of its middle: cut a steep face into strips.
 *
 * Exactness: tilt and curvature are closed forms over the edges (the divergence theorem); the sink
 * is integrated along the edges by Gauss-Legendre to 1e-10 W0.
 *
 * Axes: x east, y north, metres. Sink is positive downwards; positive strain and curvature stretch
 * the ground. Tilt points to where the ground is lower, displacement goes the same way.
 * Pure and deterministic.   Threads: any; a prepared face is read by many.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { KT_SUBSIDE_MAX_VERTICES = 1000 };

struct kt_subside;

struct kt_xy {
    double x, y; /**< m */
};

/** A fill of the mined room. All zero: none. */
struct kt_subside_fill {
    double convergence_m, gap_m; /**< closed before the fill came; left open above it */
    double compression;          /**< 0 … 1: part by which the fill gives way */
    bool given;
};

struct kt_subside_face {
    const struct kt_xy *ring; /**< vertices in order, either way round, the first not again */
    uint32_t n;               /**< 3 … KT_SUBSIDE_MAX_VERTICES */
    double depth_m, thickness_m;
    double q, tan_beta, b;      /**< subsidence factor, tangent of influence, displacement */
    double offset_m;            /**< s, drawn in from every edge; negative: outwards */
    double dip_deg, dip_to_deg; /**< α; where the seam falls to, from north by east */
    double theta_deg;           /**< θ; 0: 90 - 0.6 α */
    struct kt_subside_fill fill;
};

/** Movement of one point of the ground: SI, so tilt and strain in m/m, curvature in 1/m. */
struct kt_subside_at {
    double w_m;
    double ix, iy;
    double kxx, kxy, kyy;
    double ux_m, uy_m;
    double exx, exy, eyy; /**< exy: half of the change of the right angle */
};

/** The two principal values of a symmetric pair xx, xy, yy. */
struct kt_principal {
    double high, low;
    double high_deg; /**< direction of `high` from the x axis towards y, 0 … 180 */
};

/** Height in metres that counts: the mined one, or the equivalent one of a fill. */
double kt_subside_height(double thickness_m, const struct kt_subside_fill *fill);
/**
 * Check a face and prepare it.
 *
 * @return KT_OK; KT_EINVAL a figure outside its bounds, or an outline that crosses itself, has no
 *         area, or is lost when the offset is drawn in; the text names which
 */
KT_MUST_CHECK int kt_subside_new(const struct kt_subside_face *face, struct kt_subside **ret,
                                 struct kt_err *err);
void kt_subside_free(struct kt_subside *s);             /**< accepts NULL */
double kt_subside_radius(const struct kt_subside *s);   /**< r in metres */
double kt_subside_greatest(const struct kt_subside *s); /**< W0 in metres, with the fill */
/** W0 in metres as if nothing were filled. */
double kt_subside_unfilled(const struct kt_subside *s);
/** The outline that counts: drawn in and moved; `n` vertices, borrowed. */
const struct kt_xy *kt_subside_outline(const struct kt_subside *s, uint32_t *ret_n);
/** Add the movement at P for a greatest sink of w0_m metres to *sum: faces add up, and every figure
 *  grows as w0_m does. */
void kt_subside_add(const struct kt_subside *s, struct kt_xy p, double w0_m,
                    struct kt_subside_at *sum);
/** Add `times` one movement to another. */
void kt_subside_add_times(const struct kt_subside_at *one, double times, struct kt_subside_at *sum);
struct kt_principal kt_principal(double xx, double xy, double yy);
/** Part of the final movement after `years` by Knothe: 1 - exp(-c t). */
double kt_subside_knothe(double c_per_year, double years);
#endif
