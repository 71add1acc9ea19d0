/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_BASE_ARENA_H
#define KT_BASE_ARENA_H
/*
 * arena: memory that lives and dies together (a site snapshot, a request, a login).
 *
 * Threads: one at a time. Memory is zeroed. Running out of memory, or past the ceiling, aborts:
 * what a file or wire can grow is bounded by its reader before it gets here.
 */
#include <stddef.h>

struct kt_arena;

/** @param max_bytes ceiling of the whole arena; 0 for 4 GiB */
struct kt_arena *kt_arena_new(size_t max_bytes);
void kt_arena_free(struct kt_arena *a); /**< accepts NULL */
/** Zeroed, aligned to 16 bytes; never NULL. */
void *kt_arena_alloc(struct kt_arena *a, size_t n);
char *kt_arena_strdup(struct kt_arena *a, const char *s);
char *kt_arena_strndup(struct kt_arena *a, const char *s, size_t n);
char *kt_arena_printf(struct kt_arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
size_t kt_arena_used(const struct kt_arena *a);

#define KT_NEW(arena, type)          ((type *)kt_arena_alloc((arena), sizeof(type)))
#define KT_NEW_ARRAY(arena, type, n) ((type *)kt_arena_alloc((arena), sizeof(type) * (n)))
#endif
