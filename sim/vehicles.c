/* SPDX-License-Identifier: Apache-2.0 */
#include "vehicles.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"
#include "sys/file.h"

enum { FILE_MOST = 1 << 20 };
#define READ_NS (5 * KT_SEC)

/* ---- the file -------------------------------------------------------------------------------- */

static double number(const char *line, const char *key, double other)
{
    char text[32];
    return sim_word(line, key, text, sizeof(text)) ? strtod(text, NULL) : other;
}

/* The next branch of "A:B:C"; -1 at the end, -2 no such branch. */
static int next_branch(const struct sim_plant *p, const char **list)
{
    char id[64];
    size_t n = strcspn(*list, ":");
    if (n == 0) {
        return -1;
    }
    (void)snprintf(id, sizeof(id), "%.*s", (int)n, *list);
    *list += n + ((*list)[n] == ':');
    int b = sim_find(p, SIM_BRANCH, id);
    return b < 0 ? -2 : b;
}

/* The way hangs together and begins in the open. */
static bool find_way(const struct sim_plant *p, struct sim_vehicle *v, const char *list)
{
    int b, node = -1;
    while ((b = next_branch(p, &list)) >= 0 && v->way_n < SIM_WAY) {
        const struct sim_branch *w = &p->branches[b];
        bool open = node < 0 && (p->nodes[w->from].open || p->nodes[w->to].open);
        node = open ? (p->nodes[w->from].open ? w->from : w->to) : node;
        if (node != w->from && node != w->to) {
            return false;
        }
        v->ahead[v->way_n] = node == w->from;
        v->way[v->way_n++] = b;
        node = node == w->from ? w->to : w->from;
    }
    return b == -1 && v->way_n > 0;
}

static void find_dark(const struct sim_plant *p, struct sim_vehicle *v, const char *list)
{
    int b;
    while ((b = next_branch(p, &list)) >= 0) {
        for (int i = 0; i < v->way_n; i++) {
            v->dark[i] |= v->way[i] == b;
        }
    }
}

static int read_line(const struct sim_plant *p, struct sim_vehicles *x, const char *line,
                     struct kt_err *err)
{
    char way[1500] = "", dark[500] = "";
    struct sim_vehicle *v = &x->v[x->n];
    if (line[0] == '#' || line[0] == '\0') {
        return KT_OK;
    }
    (void)sim_word(line, "way", way, sizeof(way));
    if (x->n == SIM_VEHICLES || sscanf(line, "vehicle %15s", v->card) != 1 ||
        !find_way(p, v, way)) {
        return kt_err_set(err, KT_EPARSE,
                          "vehicles: %.100s: give vehicle CARD way=BRANCH:BRANCH…, each joined to "
                          "the one before, from the open on",
                          line);
    }
    (void)sim_word(line, "dark", dark, sizeof(dark));
    find_dark(p, v, dark);
    (void)sim_word(line, "topic", v->topic, sizeof(v->topic));
    v->speed = number(line, "speed", 4);
    v->rest_s = number(line, "rest", 30);
    v->wait_s = number(line, "wait", 30);
    v->dir = 1;
    v->out = true;
    v->pause_s = v->wait_s;
    x->n++;
    return KT_OK;
}

int sim_vehicles_read(const struct sim_plant *p, const char *path, struct sim_vehicles *ret,
                      struct kt_err *err)
{
    struct kt_buf b;
    kt_buf_init(&b, FILE_MOST);
    int r = kt_file_read(path, FILE_MOST, &b, err);
    const char *at = kt_buf_cstr(&b);
    ret->n = 0;
    while (r == KT_OK && *at) {
        char line[2200];
        size_t n = strcspn(at, "\n");
        (void)snprintf(line, sizeof(line), "%.*s", (int)n, at);
        r = read_line(p, ret, line, err);
        at += n + (at[n] == '\n');
    }
    kt_buf_done(&b);
    return r;
}

/* ---- driving --------------------------------------------------------------------------------- */

static void turn_back(struct sim_vehicle *v)
{
    v->out = v->dir < 0;
    v->pause_s = v->out ? v->wait_s : v->rest_s;
    v->dir = -v->dir;
}

static void drive(const struct sim_plant *p, struct sim_vehicle *v, double dt)
{
    if (v->pause_s > 0) {
        v->pause_s -= dt;
        return;
    }
    v->out = false;
    v->at += v->dir * v->speed * dt;
    double length = p->branches[v->way[v->leg]].length_m;
    if (v->at > length && v->leg + 1 < v->way_n) {
        v->leg++;
        v->at -= length;
    } else if (v->at < 0 && v->leg > 0) {
        v->leg--;
        v->at += p->branches[v->way[v->leg]].length_m;
    } else if (v->at > length || v->at < 0) {
        v->at = v->at < 0 ? 0 : length;
        turn_back(v);
    }
}

static void detect(const struct sim_plant *p, struct sim_vehicle *v, kt_time now)
{
    int branch;
    double m;
    if (!v->topic[0] || now - v->read < READ_NS || !sim_vehicle_at(p, v, &branch, &m)) {
        return;
    }
    v->read = now;
    if (v->kept_n == SIM_KEPT) { /* the oldest gives way */
        v->kept_n--;
        memmove(v->kept, v->kept + 1, sizeof(v->kept[0]) * (size_t)v->kept_n);
    }
    double share = sim_gas_at(p, branch, m / p->branches[branch].length_m, SIM_CH4);
    v->kept[v->kept_n++] = (struct sim_kept_reading){now, 100 * share};
}

void sim_vehicles_move(const struct sim_plant *p, struct sim_vehicles *x, double dt, kt_time now)
{
    for (int i = 0; i < x->n; i++) {
        drive(p, &x->v[i], dt);
        detect(p, &x->v[i], now);
    }
}

bool sim_vehicle_at(const struct sim_plant *p, const struct sim_vehicle *v, int *branch, double *m)
{
    int b = v->way[v->leg];
    *branch = b;
    *m = v->ahead[v->leg] ? v->at : p->branches[b].length_m - v->at;
    return !v->out;
}

bool sim_vehicle_reached(const struct sim_vehicle *v)
{
    return v->out || !v->dark[v->leg];
}
