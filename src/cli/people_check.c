/* SPDX-License-Identifier: Apache-2.0 */
/* people/ of a site: read, every mistake a finding. */
#include "cli/node.h"
#include "domain/position/mine.h"

struct found {
    struct kt_findings *f;
};

static void problem(void *arg, const struct kt_err *at)
{
    struct found *x = arg;
    kt_findings_add(x->f, KT_FIND_ERROR, "people", at);
}

int kt_people_check(const struct kt_site *site, struct kt_findings *f, struct kt_err *err)
{
    struct found x = {f};
    struct kt_problems p = {problem, &x, 0};
    struct kt_arena *arena = kt_arena_new(0);
    struct kt_mine mine;
    int r = kt_mine_read(site, arena, &p, &mine, err);
    kt_arena_free(arena);
    return r < 0 ? kt_err_set(err, KT_EINVAL, "people/ has mistakes") : KT_OK;
}
