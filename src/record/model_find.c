/* SPDX-License-Identifier: Apache-2.0 */
/* model_find: looking up in a model, and its references. */
#include "record/model.h"

const char *const rec_type_ids[REC_TYPES] = {"text",   "text2",    "number", "money", "date",
                                             "time",   "bool",     "enum",   "ref",   "place",
                                             "person", "geometry", "file",   "photo", "computed"};

const char *rec_type_id(enum rec_type t)
{
    return rec_type_ids[t];
}

static uint32_t index_of(const struct kt_map *map, const char *id)
{
    uint64_t i;
    return map && kt_map_get(map, kt_str_c(id), &i) ? (uint32_t)i : KT_NONE;
}

uint32_t rec_register_of(const struct kt_record_model *m, const char *id)
{
    return index_of(m->register_ids, id);
}

uint32_t rec_workflow_of(const struct kt_record_model *m, const char *id)
{
    return index_of(m->workflow_ids, id);
}

uint32_t rec_indicator_of(const struct kt_record_model *m, const char *id)
{
    return index_of(m->indicator_ids, id);
}

uint32_t rec_ledger_of(const struct kt_record_model *m, const char *id)
{
    return index_of(m->ledger_ids, id);
}

uint32_t rec_field_of(const struct rec_register *reg, const char *id)
{
    return index_of(reg->field_ids, id);
}

uint32_t rec_state_of(const struct rec_workflow *w, const char *id)
{
    for (uint32_t i = 0; i < w->states_n; i++) {
        if (strcmp(w->states[i].id, id) == 0) {
            return i;
        }
    }
    return KT_NONE;
}

struct kt_record_model *kt_record_model_ref(struct kt_record_model *m)
{
    atomic_fetch_add_explicit(&m->refs, 1, memory_order_relaxed);
    return m;
}

void kt_record_model_unref(struct kt_record_model *m)
{
    if (!m || atomic_fetch_sub_explicit(&m->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    for (uint32_t i = 0; i < m->registers_n; i++) {
        kt_map_free(m->registers[i].field_ids);
    }
    kt_map_free(m->register_ids);
    kt_map_free(m->workflow_ids);
    kt_map_free(m->indicator_ids);
    kt_map_free(m->ledger_ids);
    kt_arena_free(m->arena);
}
