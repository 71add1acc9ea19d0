/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

/* The first chunk is small, because most arenas hold one short request. */
#define CHUNK_FIRST ((size_t)1000)
#define CHUNK       ((size_t)64 * 1024)

struct chunk {
    struct chunk *next;
    size_t used, cap;
    _Alignas(16) unsigned char mem[];
};

struct kt_arena {
    struct chunk *head;
    size_t total, max;
};

struct kt_arena *kt_arena_new(size_t max_bytes)
{
    struct kt_arena *a = calloc(1, sizeof(*a));
    KT_ASSERT(a);
    a->max = max_bytes ? max_bytes : (size_t)4 << 30;
    return a;
}

void kt_arena_free(struct kt_arena *a)
{
    if (!a) {
        return;
    }
    for (struct chunk *c = a->head, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    free(a);
}

void *kt_arena_alloc(struct kt_arena *a, size_t n)
{
    KT_ASSERT(n <= a->max);
    n = (n + 15) & ~(size_t)15;
    if (!a->head || a->head->cap - a->head->used < n) {
        size_t grow = a->total < CHUNK ? a->total * 4 : a->total / 4;
        size_t least = !a->total ? CHUNK_FIRST : grow > CHUNK || a->total < CHUNK ? grow : CHUNK;
        size_t cap = n > least ? n : least;
        KT_ASSERT(a->total + cap <= a->max + CHUNK);
        struct chunk *c = calloc(1, sizeof(*c) + cap);
        KT_ASSERT(c);
        c->cap = cap;
        c->next = a->head;
        a->head = c;
        a->total += cap;
    }
    void *p = a->head->mem + a->head->used;
    a->head->used += n;
    return p;
}

char *kt_arena_strndup(struct kt_arena *a, const char *s, size_t n)
{
    char *p = kt_arena_alloc(a, n + 1);
    memcpy(p, s, n);
    return p;
}

char *kt_arena_strdup(struct kt_arena *a, const char *s)
{
    return kt_arena_strndup(a, s, strlen(s));
}

char *kt_arena_printf(struct kt_arena *a, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    KT_ASSERT(n >= 0);
    char *p = kt_arena_alloc(a, (size_t)n + 1);
    vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return p;
}

size_t kt_arena_used(const struct kt_arena *a)
{
    return a->total;
}
