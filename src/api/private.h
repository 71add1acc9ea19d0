/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_API_PRIVATE_H
#define KT_API_PRIVATE_H
/*
 * What the files of this module share: the api, one call, the table of routes.
 */
#include <stdatomic.h>

#include "api/api.h"
#include "base/json.h"
#include "conf/json.h"
#include "link/lineproto/lineproto.h"

struct hub;
struct ingest;
struct jobs;
struct imports;
struct accounts;
struct rates;
struct vent;
struct personnel;
struct evacuate;
struct desk;

struct kt_api {
    struct kt_api_opts opts;
    pthread_mutex_t lock; /* map_json */
    char *map_json;
    char *local_token;
    char cookie[80]; /* its name */
    struct hub *hub;
    pthread_rwlock_t ingest_lock; /* ingest: read by handlers, replaced by a reload */
    struct ingest *ingest;
    struct jobs *jobs;
    struct imports *imports;
    struct accounts *accounts;
    struct rates *rates;
    struct vent *vent;
    struct personnel *personnel;
    _Atomic int sides; /* second halves of answers on threads of their own */
    struct evacuate *evacuate;
    struct desk *desk;
    _Atomic kt_time swept; /* uploads that nobody took; 0: not yet */
    atomic_bool started;   /* all of the program is there */
    struct kt_hash local_hash;
};

/* One call: who asks for what. Lives on the handler's stack. */
struct call {
    struct kt_api *api;
    struct kt_http_req *req;
    struct kt_arena *arena;
    struct kt_person person;
    struct kt_site *site; /* a reference, dropped after the handler */
    const char *param[3]; /* {…} of the pattern, in order */
    struct kt_json *body; /* parsed for POST and PATCH with a JSON body, else NULL */
};

struct route {
    const char *method, *pattern;
    const char *right; /* NULL: any session; "-": no session needed */
    const char *scope; /* what the place check looks at: "none", "list" (filtered), "point" (param
                          0), "output", "request" (judged by the engine as well), "record" (rights
                          and places are the record room's: what one may not see is 404) */
    void (*handle)(struct call *c);
    bool always;   /* also while the caller's password must be changed */
    bool raw_body; /* its body is a file, not JSON */
    bool costly;   /* a query, search, export, report: counted by itself */
    bool free;     /* not counted: its handler does so where it is due */
};
extern const struct route api_routes[];
extern const size_t api_routes_n;

/* reply.c */
void reply_buf(struct call *c, int status, struct kt_buf *json); /**< takes the buffer */
void reply_text(struct call *c, int status, const char *type, const char *text);
void reply_err(struct kt_http_req *req, const struct kt_err *err);
void reply_code(struct kt_http_req *req, int code, const char *fmt, ...) KT_PRINTF(3, 4);
/** 429 with Retry-After: `seconds`. */
void reply_busy(struct kt_http_req *req, int seconds, const char *fmt, ...) KT_PRINTF(3, 4);
/** Copy JSON, turning every text that is a UTC time (RFC 3339 with Z) into milliseconds. */
void times_to_ms(struct kt_str json, struct kt_buf *out);
/** Query parameters; the default when absent. A bad number or time is answered (400): false. */
bool query_int(struct call *c, const char *name, int64_t lo, int64_t hi, int64_t def, int64_t *ret);
/** Milliseconds since 1970 or RFC 3339. */
bool query_time(struct call *c, const char *name, kt_time def, kt_time *ret);
/** A point of the query or path that the caller may see; answered (404) otherwise: KT_NONE. A point
 *  of another place is 404 as well: its existence is nobody's business. */
kt_point_id visible_point(struct call *c, const char *id);
bool may_see(const struct call *c, kt_place_id place);
/** Comma-separated ids to points, in order; false when answered. At most cap. */
bool points_list(struct call *c, const char *ids, kt_point_id *ret, uint32_t cap, uint32_t *ret_n);
/** A snapshot of the runtime, parsed; free with kt_json_free(). NULL when answered. */
struct kt_json *snapshot(struct call *c, enum kt_snapshot what);
/** By text id. What the site does not have (any more) is for those who see all of it. */
bool may_see_place(const struct call *c, const char *id);
bool may_see_point(const struct call *c, const char *id);
/** Also one that is gone since a reload, for what tells of the past. */
kt_point_id point_ever(const struct call *c, const char *id);
/** The word for a quality by its number, which is the quality without its grade. */
const char *quality_title(kt_quality number, bool en);
/** May the caller see the object: by its "place", "point" or "output"? */
bool may_see_object(const struct call *c, const struct kt_json *obj);
/** May this person be told of an outcome of the record room? */
bool person_hears(const struct kt_api *a, const struct kt_person *p,
                  const struct kt_room_topic *topic);
/** May the caller see every place of the site? */
bool may_see_all(const struct call *c);
/** Copy a JSON value with times in milliseconds. */
void copy_value(const struct kt_json *v, struct kt_jw *w);

/* site.c: members of one object of /points and /points/{id}; a place of /site */
void write_point(const struct kt_site *s, uint32_t i, uint32_t number, struct kt_jw *w);
void write_pack_limits(const struct kt_point *p, struct kt_jw *w);
/** "clause": what a clause allows at most, for each limit that one backs. */
void write_clause_limits(const struct kt_limits *l, struct kt_jw *w);
void write_place(const struct kt_site *s, uint32_t i, struct kt_jw *w);

/* past_site.c: the numbers that a screen knows points by, over a site of the past */
struct past_view {
    struct kt_site *site; /* a reference; NULL: none yet */
    uint32_t *number;     /* of each of its points: those of today's site, new ones behind them */
    uint32_t *seen;       /* change that the screen has; UINT32_MAX: nothing yet */
};
void past_view_set(struct past_view *v, const struct kt_site *today, struct kt_site *site);
void past_view_done(struct past_view *v);
/** {"hash","same","points","ended","places"}: what differs from today's site, as may be seen. */
void past_view_write(const struct past_view *v, const struct call *c, struct kt_jw *w);

/* ingest.c */
struct ingest *ingest_new(struct kt_api *a, struct kt_err *err);
void ingest_free(struct ingest *in);
/** Is this a push route? Then it is handled outside sessions. */
bool ingest_path(const char *path);
bool ingest_admit(struct kt_api *a, struct kt_http_req *req);
void ingest_handle(struct kt_api *a, struct kt_http_req *req);
/** Small posts at once; large ones by whether their producer has cut-off points. */
enum kt_http_lane ingest_lane(struct kt_api *a, struct kt_http_req *req);

/* outcome.c: of an outcome's JSON as the engine wrote it */
struct kt_str outcome_field(struct kt_str json, const char *key); /**< a text; empty: none */
/** Its place, or that of its point or output; KT_NONE: none. */
kt_place_id outcome_place(const struct kt_site *s, struct kt_str json);
/** As an event of a stream. */
void outcome_format(struct kt_buf *out, kt_seq seq, struct kt_str json);

/** Is it about where one person is? Then it is for those with the right person.see. */
bool outcome_of_person(struct kt_str json);
/** Is it about an account? Then it is for those who administer or audit, and for the person. */
bool outcome_of_account(struct kt_str json);

/* accounts.c */
struct accounts *accounts_new(struct kt_api *a);
void accounts_free(struct accounts *x);
/** Give the journal what was changed of accounts since the last time; `wait`: until it is durable,
 *  some seconds at most. Not on a thread that the journal waits for. */
void accounts_say(struct kt_api *a, bool wait);

/* rates.c */
enum rate_kind { RATE_LOGIN, RATE_QUERY, RATE_REQUEST, RATE_KINDS };
struct rates *rates_new(void);
void rates_free(struct rates *x);
/** May the caller go on? Answered (429, Retry-After) otherwise. */
bool rates_allow(struct call *c, enum rate_kind kind);
uint64_t rates_refused(struct kt_api *a, enum rate_kind kind);

/* stream.c */
struct hub *hub_new(struct kt_api *a, struct kt_err *err);
void hub_end_streams(struct hub *h);
void hub_free(struct hub *h);
void hub_site_changed(struct hub *h);
void get_stream(struct call *c);
void post_stream_points(struct call *c);
size_t hub_clients(struct hub *h);

/* session.c */
/** The session token of a request; NULL: none. */
const char *session_cookie(const struct kt_api *a, struct kt_http_req *req);
/** Is it `kuangtu` on this machine, by this node's own token? */
bool session_local(struct kt_api *a, struct kt_http_req *req);
/** Who asks: cookie or the local token. KT_EAUTH otherwise. */
KT_MUST_CHECK int session_of(struct kt_api *a, struct kt_http_req *req, struct kt_arena *arena,
                             struct kt_person *ret, struct kt_err *err);
void post_login(struct call *c);
void post_logout(struct call *c);
void get_me(struct call *c);
void post_password(struct call *c);
#endif
