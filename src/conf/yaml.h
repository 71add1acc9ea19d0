/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_CONF_YAML_H
#define KT_CONF_YAML_H
/*
 * yaml: a typed subset of YAML as a tree whose nodes know their line and column.
 *
 * Not part of the subset, each an error with its place: anchors, aliases, tags, directives,
 * duplicate keys, keys that are not scalars, more than one document. Depth, number of nodes and
 * size are bounded. true and false are the only truth values; an empty value, `~` and `null` are
 * "no value" and no text.
 *
 * Reading by key marks the key as used; kt_yaml_unknown() then reports every key that nobody asked
 * for, with the nearest of the keys that were asked for. Mistakes of type go to the problems that
 * were given to kt_yaml_parse(), with file, line and column, so one pass reports all of them.
 *
 * Threads: one at a time (reading marks keys). All memory is in the arena.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "conf/problem.h"

enum { KT_YAML_MAX_DEPTH = 32, KT_YAML_MAX_BYTES = 16 << 20, KT_YAML_MAX_NODES = 1 << 20 };

enum kt_yaml_kind { KT_YAML_SCALAR, KT_YAML_LIST, KT_YAML_MAP };
enum kt_need { KT_OPTIONAL, KT_REQUIRED };

struct kt_yaml; /* a node; lives in the arena */

/**
 * Read a document. An empty text is an empty map.
 *
 * @param file     name for messages; copied
 * @param problems where later mistakes of type go; borrowed as long as the nodes; may be NULL
 * @return KT_OK; KT_EPARSE syntax or outside the subset (err has the place); KT_ELIMIT too large
 */
KT_MUST_CHECK int kt_yaml_parse(struct kt_arena *arena, struct kt_str text, const char *file,
                                struct kt_problems *problems, struct kt_yaml **ret,
                                struct kt_err *err);
/** As kt_yaml_parse() for a file on disk. */
KT_MUST_CHECK int kt_yaml_read(struct kt_arena *arena, const char *path, const char *file,
                               struct kt_problems *problems, struct kt_yaml **ret,
                               struct kt_err *err);

/* The tree. */
enum kt_yaml_kind kt_yaml_kind(const struct kt_yaml *n);
bool kt_yaml_is_null(const struct kt_yaml *n); /**< no value: empty, `~` or `null` without quotes */
const char *kt_yaml_file(const struct kt_yaml *n);
int kt_yaml_line(const struct kt_yaml *n);
int kt_yaml_col(const struct kt_yaml *n);
/** Where the first character of a scalar's text stands (after a quote, below a `|`). */
void kt_yaml_text_at(const struct kt_yaml *n, int *ret_line, int *ret_col);
const char *kt_yaml_text(const struct kt_yaml *n); /**< a scalar's text, terminated; "" else */
uint32_t kt_yaml_count(const struct kt_yaml *n);   /**< items of a list, keys of a map; 0 else */
struct kt_yaml *kt_yaml_at(const struct kt_yaml *n,
                           uint32_t i); /**< item or value i; NULL past end */
/** Key i of a map (in the order of the file); marks it as used. NULL past the end. */
const char *kt_yaml_key(const struct kt_yaml *map, uint32_t i);
int kt_yaml_key_line(const struct kt_yaml *map, uint32_t i);
int kt_yaml_key_col(const struct kt_yaml *map, uint32_t i);

/** Report a mistake at a node. */
void kt_yaml_problem(const struct kt_yaml *n, const char *fmt, ...) KT_PRINTF(2, 3);

/*
 * By key. `map` may be NULL or of another kind (then nothing is found; the kind was or is reported
 * by who fetched it). Each returns true with *ret set when the key is there and its value fits;
 * else *ret keeps its value, and a wrong type, a value outside the bounds or, with KT_REQUIRED, a
 * missing key is reported.
 */
struct kt_yaml *kt_yaml_get(const struct kt_yaml *map, const char *key);  /**< NULL: not there */
struct kt_yaml *kt_yaml_need(const struct kt_yaml *map, const char *key); /**< NULL is reported */
bool kt_yaml_str(const struct kt_yaml *map, const char *key, enum kt_need need, const char **ret);
bool kt_yaml_num(const struct kt_yaml *map, const char *key, enum kt_need need, double *ret);
bool kt_yaml_int(const struct kt_yaml *map, const char *key, enum kt_need need, int64_t lo,
                 int64_t hi, int64_t *ret);
bool kt_yaml_bool(const struct kt_yaml *map, const char *key, enum kt_need need, bool *ret);
/** "20s", "2min", "500ms" to nanoseconds; a bare 0 is none. */
bool kt_yaml_duration(const struct kt_yaml *map, const char *key, enum kt_need need,
                      int64_t *ret_ns);
/** One of n words; *ret is its index. */
bool kt_yaml_choice(const struct kt_yaml *map, const char *key, enum kt_need need,
                    const char *const *words, size_t n, int *ret);
/** "hh:mm" to seconds after midnight. */
bool kt_yaml_clock(const struct kt_yaml *map, const char *key, enum kt_need need, int *ret_s);
struct kt_yaml *kt_yaml_list(const struct kt_yaml *map, const char *key, enum kt_need need);
struct kt_yaml *kt_yaml_map(const struct kt_yaml *map, const char *key, enum kt_need need);
/** A list of texts, copied as an array of terminated strings into the arena. */
bool kt_yaml_strs(const struct kt_yaml *map, const char *key, enum kt_need need,
                  struct kt_arena *arena, const char *const **ret, uint32_t *ret_n);
/** {zh: …, en: …}: zh is required, en falls back to zh. */
bool kt_yaml_text2(const struct kt_yaml *map, const char *key, enum kt_need need,
                   const char **ret_zh, const char **ret_en);

/* The node itself, for items of lists. `what` names it in messages. */
bool kt_yaml_as_str(const struct kt_yaml *n, const char *what, const char **ret);
bool kt_yaml_as_num(const struct kt_yaml *n, const char *what, double *ret);
bool kt_yaml_as_int(const struct kt_yaml *n, const char *what, int64_t lo, int64_t hi,
                    int64_t *ret);
bool kt_yaml_as_map(const struct kt_yaml *n, const char *what);

/** Report the keys of a map that nobody has asked for. Call once all readers of the map are done.
 */
void kt_yaml_unknown(const struct kt_yaml *map);
#endif
