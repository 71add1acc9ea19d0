/* SPDX-License-Identifier: Apache-2.0 */
/* Line protocol over HTTP, every 5 s of the plant, with a producer's token. */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "outlets.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/http_client.h"

#define PERIOD_NS (5 * KT_SEC)
#define RETRY_NS  (5 * KT_SEC)
#define LEAST_NS  KT_SEC
enum { TOKEN_MAX = 512 };

struct push {
    struct kt_http_client *http;
    kt_mono retry, last;
    bool told;
};

static bool header(struct sim_outlet *o, char *buf, size_t cap)
{
    struct kt_buf token;
    struct kt_err err;
    kt_buf_init(&token, TOKEN_MAX);
    bool ok = kt_file_read(o->token_file, TOKEN_MAX, &token, &err) == KT_OK && token.n > 0;
    if (ok) {
        const char *t = kt_buf_cstr(&token);
        snprintf(buf, cap, "Authorization: Token %.*s", (int)strcspn(t, "\r\n"), t);
    }
    kt_buf_done(&token);
    return ok;
}

static void lines(struct sim_outlet *o, struct kt_buf *out)
{
    const struct sim_plant *p = o->run->plant;
    for (int i = 0; i < p->pushes_n; i++) {
        struct sim_reading v = sim_outlet_read(o, p->pushes[i]);
        if (!(v.status & SIM_ST_SENSOR_FAULT)) {
            kt_buf_printf(out, "%s value=%.10g %lld\n", p->points[p->pushes[i]].id, v.value,
                          (long long)atomic_load(&o->run->now));
        }
    }
}

static void complain(struct sim_outlet *o, const char *text, int status)
{
    struct push *x = o->own;
    x->retry = kt_clock_mono() + sim_outlet_wall(o, RETRY_NS);
    if (!x->told) {
        KT_INFO("push", "%s: %s %d; trying again", o->where, text, status);
    }
    x->told = true;
}

static void turn(struct sim_outlet *o)
{
    struct push *x = o->own;
    char auth[TOKEN_MAX + 40];
    kt_mono now = kt_clock_mono();
    if (now < x->retry || now - x->last < sim_outlet_wall(o, LEAST_NS) ||
        !sim_outlet_due(o, PERIOD_NS)) {
        return;
    }
    x->last = now;
    if (!header(o, auth, sizeof(auth))) {
        complain(o, "no token yet in the token file", 0);
        return;
    }
    struct kt_buf body, answer;
    struct kt_err err = {0};
    int status = 0;
    kt_buf_init(&body, 1 << 20);
    kt_buf_init(&answer, 1 << 16);
    lines(o, &body);
    const char *const headers[] = {auth, "Content-Type: text/plain", NULL};
    struct kt_str text = {body.p, body.n};
    int r = kt_http_client_do(x->http, "POST", o->where, headers, &text, 2 * KT_SEC, &status,
                              &answer, &err);
    if (r < 0 || status >= 300) {
        complain(o, r < 0 ? err.text : "answered", status);
    } else {
        x->told = false;
    }
    kt_buf_done(&body);
    kt_buf_done(&answer);
}

static void done(struct sim_outlet *o)
{
    struct push *x = o->own;
    kt_http_client_free(x->http);
    free(x);
}

int sim_push_start(struct sim_run *r, const char *url, const char *token_file,
                   struct sim_outlet **ret, struct kt_err *err)
{
    struct sim_outlet *o = calloc(1, sizeof(*o));
    struct push *x = calloc(1, sizeof(*x));
    KT_ASSERT(o && x);
    x->http = kt_http_client_new();
    *o = (struct sim_outlet){.run = r,
                             .name = "push",
                             .where = url,
                             .token_file = token_file,
                             .turn = turn,
                             .done = done,
                             .own = x};
    int code = sim_outlet_start(o, err);
    if (code < 0) {
        done(o);
        free(o);
        return code;
    }
    *ret = o;
    return KT_OK;
}
