/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_ROAD_ROAD_H
#define KT_ROAD_ROAD_H
/*
 * road: drawn lines of roadways made into one network of nodes and branches, with a list of what in
 * the drawing keeps them from being one: ends that nearly meet, ends beside a roadway, roadways
 * drawn twice, crossings that may be junctions, ends without a name.
 *
 * Coordinates in metres; a z of NAN is not known and differs from none. Snapping is proposed, and
 * carried out on a copy: the lines of the caller are not changed.
 *
 * Owner: the caller's arena.   Pure.   Threads: any.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

struct kt_road_line {
    const char *id;        /* unique, "" when the drawing has none */
    const char *from, *to; /* names of its ends; "" none */
    const double *xyz;     /* vertices_n times x, y, z */
    uint32_t vertices_n;
};

enum kt_road_kind {
    KT_ROAD_GAP,      /* two ends nearer than `snap_m` that do not meet */
    KT_ROAD_BESIDE,   /* an end nearer than `snap_m` to a roadway that has no vertex there */
    KT_ROAD_OVERLAP,  /* runs along another one, at most `snap_m` apart, for longer than that */
    KT_ROAD_CROSSING, /* meets another one at one height where not both have a vertex */
    KT_ROAD_UNNAMED,  /* an end that meets nothing and has no name */
    KT_ROAD_NAMES,    /* ends that meet and have different names */
    KT_ROAD_SHORT,    /* shorter than `snap_m`: it would vanish */
    KT_ROAD_KINDS
};
struct kt_road_finding {
    enum kt_road_kind kind;
    uint32_t line, other;    /* other: KT_NONE none */
    double x, y, z;          /* where */
    double distance_m;       /* of a gap; length of an overlap; 0 */
    double to_x, to_y, to_z; /* where it would be snapped to; equal to x, y, z: nowhere */
};

struct kt_road_node {
    double x, y, z;
    const char *name; /* of the drawing, or N1, N2 … */
    uint32_t degree;
};
struct kt_road_branch {
    uint32_t line;  /* that it is a part of */
    uint32_t part;  /* from 0 along the line */
    const char *id; /* of the line; ID/2 … where it was divided */
    uint32_t from, to;
    double length_m;
    const double *xyz; /* vertices, snapped */
    uint32_t vertices_n;
};
struct kt_road_net {
    struct kt_road_finding *finding;
    uint32_t findings_n;
    struct kt_road_node *node; /* as it is with the snaps carried out */
    uint32_t nodes_n;
    struct kt_road_branch *branch;
    uint32_t branches_n;
};

enum { KT_ROAD_LINES_MAX = 20000, KT_ROAD_VERTICES_MAX = 400000 };

/**
 * @param snap_m    above 0: how far an end may be moved, and how near is the same place
 * @param height_m  above 0: lines that differ by more in z pass over one another
 * @return KT_OK; KT_EINVAL a line of fewer than two vertices or a number that is none (named);
 *         KT_ELIMIT too many
 */
KT_MUST_CHECK int kt_road_net(const struct kt_road_line *lines, uint32_t n, double snap_m,
                              double height_m, struct kt_arena *arena, struct kt_road_net *ret,
                              struct kt_err *err);
/** Length over the ground and up, m; without known heights over the ground alone. */
double kt_road_length_m(const double *xyz, uint32_t vertices_n);
const char *kt_road_kind_id(enum kt_road_kind kind); /**< "gap" and so on */
#endif
