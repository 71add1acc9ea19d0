/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_LINK_MQTT_TAHU_H
#define KT_LINK_MQTT_TAHU_H
/*
 * tahu: the payload of Sparkplug B, a Protocol Buffers message (Eclipse Sparkplug 3.0,
 * chapter 6.4), read without copying and bounded by the message; and the one payload that a host
 * sends. Fields that are not needed are passed over, groups are refused.   Threads: any.
 */
#include "base/buf.h"

/* Data types of a metric (6.4.16); those above TEXT carry no number. */
enum tahu_type {
    TAHU_INT8 = 1,
    TAHU_INT16,
    TAHU_INT32,
    TAHU_INT64,
    TAHU_UINT8,
    TAHU_UINT16,
    TAHU_UINT32,
    TAHU_UINT64,
    TAHU_FLOAT,
    TAHU_DOUBLE,
    TAHU_BOOLEAN,
    TAHU_STRING,
    TAHU_DATETIME,
    TAHU_TEXT
};

enum tahu_kind { TAHU_NOTHING, TAHU_INT, TAHU_LONG, TAHU_REAL, TAHU_OTHER };

struct tahu_metric {
    struct kt_str name; /* n 0: none, then it has an alias; borrowed from the message */
    bool has_alias, historical, null;
    uint64_t alias;
    uint64_t time_ms;  /* 0: none */
    uint32_t datatype; /* 0: the one of its birth */
    int64_t quality;   /* property Quality: 192 good, 500 stale, else bad; -1: none */
    enum tahu_kind kind;
    uint64_t bits; /* TAHU_INT, TAHU_LONG */
    double real;   /* TAHU_REAL */
};

struct tahu_payload {
    uint64_t time_ms; /* 0: none */
    int seq;          /* 0 … 255; -1: none */
    struct kt_rd at;  /* tahu_next() reads on from here */
};

/** Check the frame of the whole message. KT_EPARSE. */
KT_MUST_CHECK int tahu_read(struct kt_str body, struct tahu_payload *ret);
/** The next metric. 1 a metric; 0 the end; KT_EPARSE. */
KT_MUST_CHECK int tahu_next(struct tahu_payload *p, struct tahu_metric *ret);
/** The number of a metric of this type (truth as 0 and 1); false: it has none. */
bool tahu_number(const struct tahu_metric *m, uint32_t datatype, double *ret);
/** The command "Node Control/Rebirth". */
void tahu_put_rebirth(struct kt_buf *out, uint64_t time_ms);
#endif
