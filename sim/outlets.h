/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_OUTLETS_H
#define SIM_OUTLETS_H
/*
 * outlets: the points of a plan that do not go over Modbus: MQTT clients (mqtt.c), mine files in a
 * folder (files.c) and line protocol pushed over HTTP (push.c). One thread each; a peer that is not
 * there is asked again, quietly.
 */
#include "run.h"

struct sim_outlet;

/** Publish to the broker on 127.0.0.1, one session a client of the plan. */
KT_MUST_CHECK int sim_mqtt_start(struct sim_run *r, int port, struct sim_outlet **ret,
                                 struct kt_err *err);
/** Put CDDY (definitions) and CDSS (values) files into `dir`, written beside and renamed. */
KT_MUST_CHECK int sim_files_start(struct sim_run *r, const char *dir, struct sim_outlet **ret,
                                  struct kt_err *err);
/** Post line protocol to `url`; the token is read from a file, which may come later. */
KT_MUST_CHECK int sim_push_start(struct sim_run *r, const char *url, const char *token_file,
                                 struct sim_outlet **ret, struct kt_err *err);
void sim_outlet_stop(struct sim_outlet *o); /**< accepts NULL */

/* What the three share (outlets.c). */
struct sim_outlet {
    struct sim_run *run;
    pthread_t thread;
    const char *name, *where, *token_file;
    int port;
    void (*turn)(struct sim_outlet *o); /* called five times a second */
    void (*done)(struct sim_outlet *o);
    void *own;
    kt_time next; /* plant time of the next sending */
};
KT_MUST_CHECK int sim_outlet_start(struct sim_outlet *o, struct kt_err *err);
/** Real time for ns of the plant where it goes faster than time, at least 5 ms; else ns. */
int64_t sim_outlet_wall(const struct sim_outlet *o, int64_t ns);
/** Is it time? Not before `next` of the plant; then `next` is a period later. */
bool sim_outlet_due(struct sim_outlet *o, int64_t period_ns);
struct sim_reading {
    double value;
    int status;
};
struct sim_reading sim_outlet_read(struct sim_outlet *o, int point);

/* Bytes of MQTT 3.1.1, apart for tests. */
void sim_mqtt_connect(struct kt_buf *out, const char *client_id, int keep_alive_s);
void sim_mqtt_publish(struct kt_buf *out, const char *topic, const char *payload, size_t n,
                      uint16_t packet_id);
/* Texts of mine files, apart for tests. */
void sim_files_values(struct sim_outlet *o, struct kt_buf *out);
void sim_files_definitions(struct sim_outlet *o, struct kt_buf *out);
#endif
