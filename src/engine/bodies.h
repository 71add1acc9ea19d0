/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_ENGINE_BODIES_H
#define KT_ENGINE_BODIES_H
/*
 * bodies: the sites that were in force, as bodies under data/bodies, named by their hash.
 *
 * A loaded site is one body, its manifest: a line `HASH NAME` for each file that was read, one for
 * `order` (the text ids of the points by index, which decides in what order outcomes come) and one
 * for `map` (the features of the drawing, kt_geo_map_text()). Site events and checkpoints name the
 * manifest, so a replay finds the rules, limits, points and places of its time.
 *
 * Threads: any; nothing is kept between calls.
 */
#include "engine/runtime.h"

struct kt_bodies_verdict {
    uint64_t sites, bodies; /* manifests that site events name; bodies behind them */
};
/**
 * Read every body that a site event names, and hold it against its name.
 * @param data_dir  of a running or a stopped program, or of a copy
 * @return KT_OK; KT_ENOTFOUND, KT_ECORRUPT: event, file and body are named
 */
KT_MUST_CHECK int kt_bodies_verify(const char *data_dir, struct kt_bodies_verdict *ret,
                                   struct kt_err *err);
/** Seq of the newest checkpoint of a data folder, which the journal beside it must reach; 0: none.
 */
kt_seq kt_checkpoint_newest(const char *data_dir);
/** {"layer":FeatureCollection,…} of the drawing that was in force at `at`; KT_ENOTFOUND: the
 *  journal does not say. */
KT_MUST_CHECK int kt_bodies_map(struct kt_runtime *rt, kt_time at, struct kt_buf *out,
                                struct kt_err *err);
#endif
