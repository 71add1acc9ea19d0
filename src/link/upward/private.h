/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_LINK_UPWARD_PRIVATE_H
#define KT_LINK_UPWARD_PRIVATE_H
/*
 * What both sides of the upward stream share, and the inside of the sending one.
 *
 * Streams and subjects, NODE being the mine's name and GEN the generation:
 *   stream KT_NODE_GEN of kuangtu.record.NODE.GEN   the record lane, in the mine's leaf node
 *   kuangtu.now.NODE                                present values, and where the mine stands
 *   kuangtu.to.NODE                                 where the county stands, and what it asks
 */
#include <pthread.h>
#include <stdatomic.h>

#include "link/upward/nats.h"
#include "link/upward/upward.h"
#include "link/upward/wire.h"

/** The connection that a link's settings name. */
KT_MUST_CHECK int upward_connect(const struct kt_site *site, const struct kt_link_conf *conf,
                                 const char *domain, struct upward_nats **ret, struct kt_err *err);
/** Names in NATS of a node's generation. */
void upward_stream(const char *node, const char *gen, char stream[200], char subject[200]);

enum { UPWARD_WINDOW = 32, UPWARD_OLD = 64 };

/* What was published, by its place. */
struct upward_sent {
    struct upward_place confirmed;          /* the county has it durable */
    struct upward_place cur[UPWARD_WINDOW]; /* behind it, in order */
    uint32_t cur_n;
    struct upward_place old[UPWARD_OLD]; /* published in another cut before a return; a ring */
    uint32_t old_n;
    bool made; /* the stream of this generation was made */
};
KT_MUST_CHECK int upward_sent_get(struct kt_str json, struct upward_sent *ret, struct kt_err *err);
void upward_sent_put(struct kt_buf *out, const struct upward_sent *s);
static inline const struct upward_place *upward_sent_last(const struct upward_sent *s)
{
    return s->cur_n ? &s->cur[s->cur_n - 1] : &s->confirmed;
}
/** All behind what is confirmed will be cut anew. */
void upward_sent_return(struct upward_sent *s);
/** The county says that it stands here. */
enum upward_said {
    UPWARD_NOTHING_NEW,
    UPWARD_FORWARD, /* confirmed moved on */
    UPWARD_OTHER,   /* to a place of another cut: go on from there */
    UPWARD_UNKNOWN, /* never published by us: it lost something, or we did */
    UPWARD_FOREIGN, /* of another generation */
};
enum upward_said upward_sent_said(struct upward_sent *s, const struct upward_place *p);

/* collect.c: what of the journal is shared, as sections */
struct upward_collect;
struct upward_collect *upward_collect_new(struct kt_runtime *rt, struct kt_site *site,
                                          const struct kt_link_conf *conf);
void upward_collect_free(struct upward_collect *c);             /**< accepts NULL */
void upward_collect_from(struct upward_collect *c, kt_seq pos); /**< go on behind this event */
/** Sections of what follows, about a message's worth; empty: nothing is shared up to the end. */
KT_MUST_CHECK int upward_collect_next(struct upward_collect *c, struct kt_buf *body,
                                      kt_seq *ret_pos, kt_time *ret_time, uint64_t *ret_samples,
                                      struct kt_err *err);
/** A section with the present values that changed since the last call; empty: none did. */
void upward_collect_live(struct upward_collect *c, struct kt_buf *body);
#endif
