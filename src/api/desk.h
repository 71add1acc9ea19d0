/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_API_DESK_H
#define KT_API_DESK_H
/*
 * desk: what joins the engine with the record room, beside both: registers of persons and cards
 * become the engine's roster, as an input, whenever one of them changes and at a start; an incident
 * whose linkage opens a case gets one. One thread; it is woken by outcomes and never holds anybody
 * up.
 */
#include "api/private.h"

struct desk;
struct desk *desk_new(struct kt_api *a);
void desk_free(struct desk *d); /**< ends its thread; accepts NULL */

/* Who the program is when it reads or writes records itself. */
struct kt_reader desk_reader(const struct kt_api *a);
/** All of a register that is not ended, page by page; fn gets each item. */
KT_MUST_CHECK int desk_each(struct kt_api *a, const char *reg, const char *filter,
                            void (*fn)(void *arg, const struct kt_json *item), void *arg,
                            struct kt_err *err);

/* desk_case.c */
/** Cases that incidents wait for are asked for, once each (the request's key says which). True: it
 *  is done, or there is nothing to do. */
bool desk_cases(struct kt_api *a);

/* desk_roster.c */
/** {"roster":[…],"whole":true} of the registers; KT_ENOTFOUND: the site has none of them. */
KT_MUST_CHECK int desk_roster(struct kt_api *a, struct kt_buf *out, struct kt_err *err);
#endif
