/* SPDX-License-Identifier: Apache-2.0 */
/* flow: where cases, deadlines, ledgers and calendars meet the room. */
#include "record/private.h"

const char flow_triggers[] = "";

int flow_request(struct kt_room *r, struct rec_request *q, struct kt_err *err)
{
    (void)r;
    (void)q;
    (void)err;
    return KT_EUNSUPPORTED;
}

int flow_created(struct kt_room *r, struct rec_request *q, struct rec_row *row, struct kt_err *err)
{
    (void)r;
    (void)q;
    (void)row;
    (void)err;
    return KT_OK;
}

int flow_changed(struct kt_room *r, struct rec_request *q, struct rec_row *row, struct kt_err *err)
{
    return flow_created(r, q, row, err);
}

int flow_ended(struct kt_room *r, struct rec_request *q, struct rec_row *row, struct kt_err *err)
{
    return flow_created(r, q, row, err);
}

int flow_pass(struct kt_room *r, kt_time t, struct kt_err *err)
{
    (void)r;
    (void)t;
    (void)err;
    return KT_OK;
}

int flow_model(struct kt_room *r, struct kt_err *err)
{
    (void)r;
    (void)err;
    return KT_OK;
}

int flow_verify(struct kt_db *db, const struct kt_record_model *m, struct kt_err *err)
{
    (void)db;
    (void)m;
    (void)err;
    return KT_OK;
}

void flow_registers(const struct kt_record_model *m, const struct kt_reader *who, struct kt_jw *w)
{
    (void)m;
    (void)who;
    (void)w;
}

int flow_get(struct kt_room *r, struct kt_db *db, const struct kt_record_model *m,
             const struct kt_reader *who, const struct rec_register *reg, int64_t id,
             struct kt_jw *w, struct kt_err *err)
{
    (void)r;
    (void)db;
    (void)m;
    (void)who;
    (void)reg;
    (void)id;
    (void)w;
    (void)err;
    return KT_OK;
}
