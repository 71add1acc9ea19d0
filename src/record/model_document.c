/* SPDX-License-Identifier: Apache-2.0 */
/* model_document: the list `documents:` of one file. */
#include "record/model.h"

void rec_read_documents(struct rec_load *l, struct kt_yaml *root)
{
    (void)l;
    (void)kt_yaml_list(root, "documents", KT_OPTIONAL);
}

void rec_check_documents(struct rec_load *l)
{
    (void)l;
}
