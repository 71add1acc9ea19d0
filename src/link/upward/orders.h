/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_LINK_UPWARD_ORDERS_H
#define KT_LINK_UPWARD_ORDERS_H
/*
 * orders: what a county asks of a mine. Never a command: at the mine it is a new record of the
 * register county_request, a case that a person accepts or refuses.   Threads: the link's own.
 */
#include "base/map.h"
#include "engine/runtime.h"

/** The rows of county_order for this mine that are not in `got` yet, each as JSON to fn.
 *  @param by  which node of a divided region asks, for each of them numbers its own; else "" */
void upward_orders(struct kt_runtime *rt, const char *node, const char *by,
                   const struct kt_map *got, void (*fn)(void *arg, struct kt_str json), void *arg);
/** {"got":NO} of a mine: its number, or "" for another text. */
void upward_order_got(struct kt_str json, char ret[200]);
/**
 * At the mine: an order becomes a record. Equal orders are one, by their number.
 * @param fn  called once when it is safe (KT_OK with the verdict), or why not
 * @return KT_OK; KT_EPARSE no order; KT_EBUSY
 */
KT_MUST_CHECK int upward_order_take(struct kt_runtime *rt, const char *link, struct kt_str json,
                                    char ret_no[200], kt_verdict_fn fn, void *arg);
#endif
