/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_BASE_MAP_H
#define KT_BASE_MAP_H
/*
 * map: text to a 64-bit number (an index or an id). Open addressing; keys are copied.
 * There is no iteration: hash order must never reach an output.   Threads: readers together, or one
 * writer alone.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct kt_map;

struct kt_map *kt_map_new(size_t expect);
void kt_map_free(struct kt_map *m); /**< accepts NULL */
/** @return false when the key was there already (the value is left) */
bool kt_map_add(struct kt_map *m, struct kt_str key, uint64_t value);
void kt_map_set(struct kt_map *m, struct kt_str key, uint64_t value);
bool kt_map_get(const struct kt_map *m, struct kt_str key, uint64_t *ret);
bool kt_map_del(struct kt_map *m, struct kt_str key);
size_t kt_map_count(const struct kt_map *m);

/** Seeded 64-bit hash of bytes, for tables only (never stored, never in an output). */
uint64_t kt_hash64(const void *p, size_t n, uint64_t seed);
#endif
