/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ways out: effects to links, outcomes to followers.
 *
 * A link is known by its text id, so a registration stays right when a reload changes the order of
 * links. Effects for a link that is not registered (program start, reload) wait for it, the newest
 * of each output only.
 */
#include "engine/runtime_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

void rt_ways_init(struct rt_ways *w)
{
    *w = (struct rt_ways){0};
    pthread_mutex_init(&w->lock, NULL);
}

void rt_ways_done(struct rt_ways *w)
{
    free(w->ways);
    free(w->by_link);
    free(w->opened);
    free(w->kept);
    for (uint32_t i = 0; i < w->held_n; i++) {
        free((char *)w->held[i].json.p);
    }
    kt_site_unref(w->site);
    pthread_mutex_destroy(&w->lock);
}

static uint32_t way_of(struct rt_ways *w, const char *link)
{
    for (uint32_t i = 0; i < w->n; i++) {
        if (strcmp(w->ways[i].link, link) == 0) {
            return i;
        }
    }
    w->ways = realloc(w->ways, (w->n + 1) * sizeof(*w->ways));
    KT_ASSERT(w->ways);
    w->ways[w->n] = (struct rt_way){.up = -1};
    snprintf(w->ways[w->n].link, sizeof(w->ways[w->n].link), "%s", link);
    return w->n++;
}

void rt_ways_site(struct rt_ways *w, struct kt_site *site)
{
    pthread_mutex_lock(&w->lock);
    uint32_t *by_link = calloc(site->links_n + 1, sizeof(*by_link));
    KT_ASSERT(by_link);
    for (uint32_t i = 0; i < site->links_n; i++) {
        by_link[i] = way_of(w, site->links[i].id);
    }
    free(w->by_link);
    w->by_link = by_link;
    w->links_n = site->links_n;
    if (site->points_n > w->opened_n) { /* indexes stay over a reload */
        w->opened = realloc(w->opened, site->points_n * sizeof(*w->opened));
        KT_ASSERT(w->opened);
        memset(w->opened + w->opened_n, 0, (site->points_n - w->opened_n) * sizeof(*w->opened));
        w->opened_n = site->points_n;
    }
    kt_site_unref(w->site);
    w->site = kt_site_ref(site);
    pthread_mutex_unlock(&w->lock);
}

/* Keep an effect for later; the newest of its output replaces an older one. Lock held. */
static void keep(struct rt_ways *w, uint32_t way, const struct kt_effect *e)
{
    uint32_t i = 0;
    while (i < w->kept_n && w->kept[i].effect.output.v != e->output.v) {
        i++;
    }
    if (i == w->kept_cap) {
        w->kept_cap = w->kept_cap ? w->kept_cap * 2 : 64;
        w->kept = realloc(w->kept, w->kept_cap * sizeof(*w->kept));
        KT_ASSERT(w->kept);
    }
    w->kept[i] = (struct rt_kept){*e, way};
    w->kept_n += i == w->kept_n;
}

/* A closing that waited for the disk while a later opening went out is dead: it expires unsent. */
static bool overtaken(struct rt_ways *w, const struct kt_effect *e)
{
    uint64_t *opened = &w->opened[e->output.v];
    if (e->protective) {
        *opened = e->command.v > *opened ? e->command.v : *opened;
        return false;
    }
    return !e->read_first && e->command.v < *opened;
}

void rt_effect_send(struct kt_runtime *rt, const struct kt_effect *e)
{
    struct rt_ways *w = &rt->ways;
    pthread_mutex_lock(&w->lock);
    uint32_t link = w->site->points[e->output.v].link;
    if (overtaken(w, e)) {
        KT_INFO("runtime", "command %llu for %s is dropped: a later opening went out before it",
                (unsigned long long)e->command.v, w->site->points[e->output.v].id);
    } else if (link < w->links_n) {
        struct rt_way *way = &w->ways[w->by_link[link]];
        if (way->fn) {
            way->fn(way->arg, e);
        } else {
            keep(w, w->by_link[link], e);
        }
    }
    pthread_mutex_unlock(&w->lock);
}

/* What waited for this way goes now, unless it has expired. Lock held. */
static void send_kept(struct rt_ways *w, uint32_t way, kt_time now)
{
    uint32_t left = 0;
    for (uint32_t i = 0; i < w->kept_n; i++) {
        const struct kt_effect *e = &w->kept[i].effect;
        if (w->kept[i].way != way) {
            w->kept[left++] = w->kept[i];
        } else if (e->expires == 0 || now < e->expires) {
            w->ways[way].fn(w->ways[way].arg, e);
        }
    }
    w->kept_n = left;
}

void kt_runtime_on_effect(struct kt_runtime *rt, uint32_t link, kt_effect_fn fn, void *arg)
{
    struct rt_ways *w = &rt->ways;
    pthread_mutex_lock(&w->lock);
    if (!fn) { /* a reload may have changed the order since: go by arg, or by the index of then */
        for (uint32_t i = 0; i < w->n; i++) {
            struct rt_way *x = &w->ways[i];
            if (x->fn && (arg ? x->arg == arg : x->index == link)) {
                x->fn = NULL;
                x->arg = NULL;
            }
        }
    } else if (link < w->links_n) {
        uint32_t way = w->by_link[link];
        w->ways[way].fn = fn;
        w->ways[way].arg = arg;
        w->ways[way].index = link;
        send_kept(w, way, kt_runtime_now(rt));
    }
    pthread_mutex_unlock(&w->lock);
}

/* ---- words ---- */

void rt_word_send(struct kt_runtime *rt, const struct kt_word *word)
{
    struct rt_ways *w = &rt->ways;
    pthread_mutex_lock(&w->lock);
    if (w->word[word->link].fn) {
        w->word[word->link].fn(w->word[word->link].arg, word);
    } else if (w->held_n < RT_WORDS) {
        struct kt_word *to = &w->held[w->held_n++];
        *to = *word;
        to->json.p = strndup(word->json.p, word->json.n);
        KT_ASSERT(to->json.p);
    }
    pthread_mutex_unlock(&w->lock);
}

/* Those of this kind go now, unless it is too late for them; the late ones go for good. Lock held.
 */
static void send_held(struct rt_ways *w, enum kt_link_kind kind, kt_time now)
{
    uint32_t left = 0;
    for (uint32_t i = 0; i < w->held_n; i++) {
        struct kt_word *x = &w->held[i];
        bool late = now >= x->until;
        if (x->link != kind && !late) {
            w->held[left++] = *x;
            continue;
        }
        if (!late) {
            w->word[kind].fn(w->word[kind].arg, x);
        }
        free((char *)x->json.p);
    }
    w->held_n = left;
}

void kt_runtime_on_word(struct kt_runtime *rt, enum kt_link_kind kind, kt_word_fn fn, void *arg)
{
    struct rt_ways *w = &rt->ways;
    pthread_mutex_lock(&w->lock);
    if (fn) {
        w->word[kind].fn = fn;
        w->word[kind].arg = arg;
        send_held(w, kind, kt_runtime_now(rt));
    } else if (w->word[kind].arg == arg) {
        w->word[kind].fn = NULL;
        w->word[kind].arg = NULL;
    }
    pthread_mutex_unlock(&w->lock);
}

void kt_runtime_follow(struct kt_runtime *rt, kt_outcome_fn fn, void *arg)
{
    struct rt_followers *f = &rt->followers;
    pthread_mutex_lock(&f->lock);
    KT_ASSERT(f->n < RT_FOLLOWERS);
    f->f[f->n].fn = fn;
    f->f[f->n++].arg = arg;
    pthread_mutex_unlock(&f->lock);
}

void kt_runtime_unfollow(struct kt_runtime *rt, kt_outcome_fn fn, void *arg)
{
    struct rt_followers *f = &rt->followers;
    pthread_mutex_lock(&f->lock);
    for (int i = 0; i < f->n; i++) {
        if (f->f[i].fn == fn && f->f[i].arg == arg) {
            f->f[i] = f->f[--f->n];
            break;
        }
    }
    pthread_mutex_unlock(&f->lock);
}

void rt_followers_call(struct kt_runtime *rt, kt_seq seq, kt_time time, struct kt_str json)
{
    struct rt_followers *f = &rt->followers;
    pthread_mutex_lock(&f->lock);
    for (int i = 0; i < f->n; i++) {
        f->f[i].fn(f->f[i].arg, seq, time, json);
    }
    pthread_mutex_unlock(&f->lock);
}
