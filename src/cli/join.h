/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_CLI_JOIN_H
#define KT_CLI_JOIN_H
/* Making a node of several from the one that is active. */
#include "cli/cli.h"

/** @param etcd "etcd://…/PREFIX"; @param site a new folder, or one that has no data
 *  @return the exit code; prints what it does */
int kt_join(const struct kt_args *a, const char *etcd, const char *site);
#endif
