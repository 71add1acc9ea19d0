/* SPDX-License-Identifier: Apache-2.0 */
/* model_flow: the lists `workflows:`, `calendars:`, `indicators:`, `ledgers:` of one file. */
#include "record/model.h"

void rec_read_workflows(struct rec_load *l, struct kt_yaml *root)
{
    (void)l;
    (void)kt_yaml_list(root, "workflows", KT_OPTIONAL);
}

void rec_read_calendars(struct rec_load *l, struct kt_yaml *root)
{
    (void)l;
    (void)kt_yaml_list(root, "calendars", KT_OPTIONAL);
}

void rec_read_indicators(struct rec_load *l, struct kt_yaml *root)
{
    (void)l;
    (void)kt_yaml_list(root, "indicators", KT_OPTIONAL);
}

void rec_read_ledgers(struct rec_load *l, struct kt_yaml *root)
{
    (void)l;
    (void)kt_yaml_list(root, "ledgers", KT_OPTIONAL);
}

void rec_check_flow(struct rec_load *l)
{
    (void)l;
}

void rec_each_flow_right(const struct kt_record_model *m, rec_right_fn fn, void *arg)
{
    (void)m;
    (void)fn;
    (void)arg;
}
