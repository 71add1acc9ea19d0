/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_LINK_UPWARD_UPWARD_H
#define KT_LINK_UPWARD_UPWARD_H
/*
 * upward: what a mine shares, to the county over NATS JetStream leaf nodes.
 *
 * A link of kind `upward` (at the mine) follows its own journal and publishes what the site's rules
 * share into a stream of the leaf node beside it; a link of kind `mine` (at the county) takes it,
 * makes it inputs of its own journal, and says back how far that is durable. JetStream carries and
 * keeps nothing for good: what is not said back lies in the mine's journal, and is sent again.
 * Numbers, journal positions and a hash chain in each message prove order and completeness
 * (wire.h). While the record lane is behind, present values go ahead in a lane of their own.
 * Nothing flows down but numbers of what has arrived. Reasons: docs/decisions/0012-upward.md.
 *
 * Threads: one a link, of its own; start, stop and state from any.
 */
#include "cluster/shards.h"
#include "engine/runtime.h"

struct kt_upward;
KT_MUST_CHECK int kt_upward_start(struct kt_runtime *rt, struct kt_site *site, uint32_t link,
                                  struct kt_upward **ret, struct kt_err *err);
void kt_upward_stop(struct kt_upward *u); /**< accepts NULL */
void kt_upward_state(struct kt_upward *u, struct kt_link_state *ret);

struct kt_mine;
/** @param shards,shard  where mines are divided over nodes, and which of them this is; NULL: all
 *  are here. Borrowed until the stop.
 *  @return KT_OK; KT_ESTATE the site divides its mines, and there are no shards; KT_EIO */
KT_MUST_CHECK int kt_mine_start(struct kt_runtime *rt, struct kt_site *site, uint32_t link,
                                struct kt_shards *shards, uint32_t shard, struct kt_mine **ret,
                                struct kt_err *err);
void kt_mine_stop(struct kt_mine *m); /**< accepts NULL */
void kt_mine_state(struct kt_mine *m, struct kt_link_state *ret);
#endif
