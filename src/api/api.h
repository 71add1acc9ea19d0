/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_API_API_H
#define KT_API_API_H
/*
 * api: resources over HTTP: permission, check, call, JSON. Routes are in
 * docs/internals/contracts.md section 4 and api/openapi.yaml; one table in routes.c names for each
 * its right and scope, and a generated test calls every one without them.
 *
 * Threads: handlers run on the threads of HTTP connections or on its workers; the stream hub has a
 * thread of its own.
 */
#include "auth/auth.h"
#include "engine/runtime.h"
#include "http/http.h"
#include "link/camera/camera.h"
#include "link/push/push.h"

struct kt_api;

/* What the program offers beside the runtime. */
struct kt_api_opts {
    struct kt_runtime *runtime;
    struct kt_auth *auth;
    struct kt_push *push; /* hears of every body that a producer pushes */
    struct kt_cameras *cameras;
    const char *site_dir;
    const char *pack_dir;
    const char *ui_dir;   /* built user interface; "" for none */
    const char *map_json; /* GeoJSON by layer of map.gpkg, or NULL; copied */
    bool plant_clock;
    /** Plant seconds a second, as they are and as asked; 0: not known. */
    double (*plant_rate)(void *arg, double *ret_asked);
    const char *local_token; /* bearer token of `kuangtu` verbs on this machine (data/run.json) */
    /** State of links and modules as JSON array items (health page). */
    void (*links_json)(void *arg, struct kt_buf *out);
    /** Which node has which mine, or null. */
    void (*shards_json)(void *arg, struct kt_jw *w);
    /** Which node has a mine (name of a link of kind mine), and its address; "": this one.
     *  KT_ENOTFOUND; KT_ENODE nobody at this moment. */
    int (*mine_at)(void *arg, const char *mine, char node[CORE_NAME], char url[CORE_URL],
                   struct kt_err *err);
    /** What the nodes of a region know each other by; false: not known (yet). */
    bool (*peer_secret)(void *arg, char ret[65]);
    /** Check the folder and load it: kuangtu reload. */
    int (*reload)(void *arg, const char *author, const char *why, struct kt_buf *ret_findings,
                  struct kt_err *err);
    /** Several nodes: users or sessions may have changed; returns when the others can know. NULL.
     */
    void (*people_changed)(void *arg);
    void *arg;
};
KT_MUST_CHECK int kt_api_new(const struct kt_api_opts *opts, struct kt_api **ret,
                             struct kt_err *err);
void kt_api_free(struct kt_api *a);
/** Give these to kt_http_opts with `arg` = the api. */
void kt_api_handle(void *arg, struct kt_http_req *req);
bool kt_api_admit(void *arg, struct kt_http_req *req);
enum kt_http_lane kt_api_lane(void *arg, struct kt_http_req *req);
/** After a reload: screens are told to fetch the site again. */
void kt_api_site_changed(struct kt_api *a, const char *map_json);
/** All of the program is there: /healthz says so from now on. */
void kt_api_started(struct kt_api *a);
/** End all event streams (before the server stops). */
void kt_api_end_streams(struct kt_api *a);
#endif
