/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_CLI_NODE_H
#define KT_CLI_NODE_H
/*
 * node: one running Kuangtu put together: site, users, runtime, links, HTTP. serve.c is its verb.
 *
 * Order of life: site checked -> users -> runtime recovers -> runtime starts -> links -> HTTP;
 * ended the other way round, so that whoever owes an answer still runs while it is owed. Threads:
 * main thread, but kt_node_reload() (an HTTP thread; one at a time).
 */
#include "api/api.h"

struct kt_node;

struct kt_node_opts {
    const char *site_dir, *pack_dir, *ui_dir;
    const char *listen;      /* overrides the site's; NULL */
    const char *node;        /* its name among several; NULL: $KT_NODE, or the host's name */
    const char *plant_clock; /* "HOST:PORT" of the plant's clock; NULL: real time */
};
KT_MUST_CHECK int kt_node_start(const struct kt_node_opts *opts, struct kt_findings *findings,
                                struct kt_node **ret, struct kt_err *err);
void kt_node_stop(struct kt_node *n); /**< accepts NULL */
const char *kt_node_url(const struct kt_node *n);
/** Password of the first user when this was the first start; "" otherwise. */
const char *kt_node_first_password(const struct kt_node *n);
/** Load the folder again: checked first, journaled with author and reason; links are restarted. */
KT_MUST_CHECK int kt_node_reload(struct kt_node *n, const char *author, const char *why,
                                 struct kt_findings *findings, struct kt_err *err);

/** people_check.c: people/ of a site; KT_EINVAL, every mistake a finding. */
KT_MUST_CHECK int kt_people_check(const struct kt_site *site, struct kt_findings *f,
                                  struct kt_err *err);
/** The tokens of producers: missing, short or readable ones are warnings, one that two have is an
 *  error. Of other secrets: what cannot be read is a warning. @return KT_OK, KT_EINVAL */
KT_MUST_CHECK int kt_secrets_check(const struct kt_site *site, const char *dir,
                                   struct kt_findings *f, struct kt_err *err);

/** The files of listen.https, without which no start stands; they are read at a start alone.
 *  @return KT_OK; KT_EINVAL, each a finding */
KT_MUST_CHECK int kt_tls_check(const struct kt_site *site, const char *dir, struct kt_findings *f,
                               struct kt_err *err);

/** Begin to look, in a thread, for photos and papers that are gone; said in the log. `data_dir` is
 *  borrowed. NULL when it could not begin. */
struct kt_bodies_look *kt_bodies_look(const char *data_dir);
void kt_bodies_look_end(struct kt_bodies_look *l); /**< accepts NULL */

/* links.c: all links of a site. */
struct kt_links;
/** @param node,url of this node: mines may be divided over several */
struct kt_links *kt_links_start(struct kt_runtime *rt, const char *data_dir, struct kt_site *site,
                                const char *node, const char *url);
/** Which node has which mine; null where they are not divided. */
void kt_links_shards_json(struct kt_links *l, struct kt_jw *w);
/** peer_url.c: does who is on another machine reach a listener at HOST:PORT? */
bool kt_peer_reaches(const char *address);
/** The URL that nodes tell each other; 0.0.0.0 and [::] become this machine's own address on the
 * way to the first server of `etcd` (etcd://HOST:PORT,…). */
void kt_peer_url(const char *scheme, const char *address, unsigned port, const char *etcd,
                 char ret[160]);
void kt_links_url(struct kt_links *l, const char *url); /**< it is known now; l may be NULL */
/** As kt_api_opts.mine_at and peer_secret. */
KT_MUST_CHECK int kt_links_mine_at(struct kt_links *l, const char *mine, char node[CORE_NAME],
                                   char url[CORE_URL], struct kt_err *err);
bool kt_links_peer_secret(struct kt_links *l, char ret[65]);
void kt_links_stop(struct kt_links *l); /**< accepts NULL */
void kt_links_json(struct kt_links *l, struct kt_push *push, struct kt_cameras *cameras,
                   struct kt_buf *out); /**< array items */

/** Has every link done what was due by the pace clock? */
bool kt_links_followed(const struct kt_links *l);

/* plant_clock.c: ticks from the simulated plant. */
struct kt_plant_clock;
typedef bool (*kt_followed_fn)(void *arg); /* is all done that was due? */
KT_MUST_CHECK int kt_plant_clock_start(struct kt_runtime *rt, const char *address,
                                       kt_followed_fn followed, void *arg,
                                       struct kt_plant_clock **ret, struct kt_err *err);
/** Plant seconds a second: as asked of the plant, and as they are. 0: not known. */
double kt_plant_clock_rate(const struct kt_plant_clock *c, double *ret_asked);
void kt_plant_clock_stop(struct kt_plant_clock *c); /**< accepts NULL */
#endif
