/* SPDX-License-Identifier: Apache-2.0 */
#include "link/camera/private.h"

#include <stdlib.h>

struct pictures {
    int x;
};

int pictures_start(struct kt_cameras *c, const char *data_dir, struct pictures **ret,
                   struct kt_err *err)
{
    (void)c, (void)data_dir, (void)err;
    *ret = calloc(1, sizeof(**ret));
    return KT_OK;
}

void pictures_stop(struct pictures *p)
{
    free(p);
}
