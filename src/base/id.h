/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_BASE_ID_H
#define KT_BASE_ID_H
/*
 * id: one-field structs, so that the id of a point never passes for the id of an alarm.
 * Point, place, rule ids are indexes into the loaded site; seq counts events of the journal from 1.
 */
#include <stdint.h>

#define KT_ID_TYPE(name, type)                                                                     \
    typedef struct {                                                                               \
        type v;                                                                                    \
    } name

KT_ID_TYPE(kt_point_id, uint32_t);
KT_ID_TYPE(kt_place_id, uint32_t);
KT_ID_TYPE(kt_rule_id, uint32_t);
KT_ID_TYPE(kt_alarm_id, uint64_t);   /* seq of the event that raised it */
KT_ID_TYPE(kt_command_id, uint64_t); /* seq of the event that asked for it */

#define KT_NONE UINT32_MAX /* no point, no place, no rule */

typedef uint64_t kt_seq; /* 0: none */
#endif
