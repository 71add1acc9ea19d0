/* SPDX-License-Identifier: Apache-2.0 */
/* line: the site of a line, its engine, and the key of its state. */
#include "line.h"

#include "control/private.h"
#include "control/sequence_private.h"
#include "sys/file.h"

enum { T0_S = 1790000000 };
static const char *const part_id[LINE_PARTS] = {"PQ", "PD", "YJ", "YK", "DH"};
static const char *const part_role[LINE_PARTS] = {"belt.drive", "belt.run", "belt.horn",
                                                  "belt.remote", "belt.slip"};

static void put_file(const char *dir, const char *name, const char *text)
{
    char path[600];
    struct kt_err err;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    KT_ASSERT(kt_file_replace(path, text, strlen(text), &err) == KT_OK);
}

static void write_belt(const struct line *l, int i, struct kt_buf *points, struct kt_buf *assets)
{
    for (int k = 0; k < LINE_PARTS; k++) {
        bool coil = k == LINE_PQ || k == LINE_YJ;
        kt_buf_printf(points, "%s-%d,x,%s,mine,plc,%c%d\n", part_id[k], i, part_role[k],
                      coil ? 'c' : 'd', i * LINE_PARTS + k);
    }
    char to[16] = "";
    if (l->to[i] >= 0) {
        snprintf(to, sizeof to, "B%d", l->to[i]);
    }
    kt_buf_printf(assets, "B%d,belt,x,mine,%s,*-%d,500,4\n", i, to, i);
}

static void load_site(struct line *l)
{
    char dir[256], packs[600];
    const char *source = getenv("KT_SOURCE");
    struct kt_buf points, assets;
    struct kt_err err;
    kt_buf_init(&points, 0);
    kt_buf_init(&assets, 0);
    snprintf(packs, sizeof packs, "%s/packs", source ? source : ".");
    KT_ASSERT(kt_dir_temp("kt-line", dir, sizeof dir, &err) == KT_OK);
    put_file(dir, "site.yaml",
             "id: line\nname: {zh: 线}\nsimulation: true\npacks: [core, belt]\n"
             "links: [{id: plc, kind: modbus, host: 127.0.0.1}]\n");
    put_file(dir, "places.csv", "id,parent,kind,name\nmine,,mine,矿\n");
    kt_buf_puts(&points, "id,name,role,place,link,address\n");
    kt_buf_puts(&assets, "id,kind,name,place,to,points,length_m,speed_m_s\n");
    for (int i = 0; i < l->n; i++) {
        write_belt(l, i, &points, &assets);
    }
    put_file(dir, "points.csv", kt_buf_cstr(&points));
    put_file(dir, "assets.csv", kt_buf_cstr(&assets));
    struct kt_findings *f = kt_findings_new(20);
    int r = kt_site_load(dir, packs, NULL, f, &l->site, &err);
    for (size_t i = 0; r < 0 && kt_findings_get(f, i); i++) {
        printf("# %s\n", kt_findings_get(f, i)->at.text);
    }
    kt_findings_free(f);
    kt_dir_remove(dir);
    kt_buf_done(&points);
    kt_buf_done(&assets);
    KT_ASSERT(r == KT_OK);
}

/* --- the engine */

/* Is the belt that i gives to known to run, and was not opened by the program? */
static bool proved(const struct line *l, int i)
{
    if (l->to[i] < 0) {
        return true;
    }
    const struct kt_live_value *v = kt_live_peek(l->live, l->point[l->to[i]][LINE_PD]);
    return kt_q_known(v->quality) && v->value == 1 &&
           line_output(l, l->to[i], LINE_PQ)->commanded != 0;
}

static void on_effect(void *arg, const struct kt_effect *e)
{
    struct line *l = arg;
    for (int i = 0; i < l->n && !e->read_first; i++) {
        if (l->point[i][LINE_PQ].v != e->output.v) {
            continue;
        }
        l->asked[i] = e->value != 0;
        if (e->value == 1 && !proved(l, i)) {
            printf("# PQ-%d was closed although belt %d is not proved running\n", i, l->to[i]);
            l->wrong = true;
        }
    }
}

static struct inst *trip_of(const struct line *l, int i)
{
    struct eng *e = l->e->s;
    for (uint32_t k = 0; k < e->insts_n; k++) {
        if (e->inst[k].self == l->point[i][LINE_DH].v && (e->inst[k].kind & RULE_OPENS)) {
            return &e->inst[k];
        }
    }
    KT_ASSERT(false);
    return NULL;
}

void line_open(struct line *l)
{
    const struct kt_engine_out out = {l, NULL, on_effect};
    struct kt_err err;
    load_site(l);
    for (int i = 0; i < l->n; i++) {
        for (int k = 0; k < LINE_PARTS; k++) {
            char id[16];
            snprintf(id, sizeof id, "%s-%d", part_id[k], i);
            l->point[i][k] = kt_site_point(l->site, kt_str_c(id));
        }
    }
    l->live = kt_live_new(l->site->points_n);
    KT_ASSERT(kt_engine_new(l->site, l->live, &out, &l->e, &err) == KT_OK);
    for (int i = 0; i < l->n; i++) {
        l->trip[i] = trip_of(l, i);
    }
    l->now = (kt_time)T0_S * KT_SEC;
    line_tick(l, 1000);
    for (int i = 0; i < l->n; i++) {
        for (int k = 0; k < LINE_PARTS; k++) {
            line_sample(l, i, k, k == LINE_YJ || k == LINE_YK);
        }
    }
    line_tick(l, 6000);
}

void line_close(struct line *l)
{
    kt_engine_free(l->e);
    kt_live_free(l->live);
    kt_site_unref(l->site);
}

const struct kt_output *line_output(const struct line *l, int i, enum line_part part)
{
    return kt_control_of(l->e->s->control, l->point[i][part]);
}

void line_sample(struct line *l, int i, enum line_part part, int value)
{
    double v = value > 0;
    kt_quality q = value < 0 ? KT_Q_BROKEN : KT_Q_NORMAL;
    struct kt_samples s = {1, &l->point[i][part].v, &l->now, &v, &q};
    kt_engine_samples(l->e, ++l->seq, l->now, KT_STR("plc"), &s);
}

void line_tick(struct line *l, int64_t ms)
{
    l->now += ms * KT_MS;
    struct kt_event ev = {++l->seq, l->now, KT_EV_TICK, KT_STR("x"), {NULL, 0}};
    ev.body = (struct kt_str){(const char *)&l->now, sizeof l->now};
    kt_engine_apply(l->e, &ev);
}

/* --- keys */

static int heard(const struct line *l, int i, enum line_part part)
{
    const struct kt_live_value *v = kt_live_peek(l->live, l->point[i][part]);
    return !kt_q_known(v->quality) ? -1 : v->value != 0;
}

/* What the keys do not know is written as what hinders least: line_with. */
static int heard_as(const struct line *l, int i, enum line_part part, enum line_with with,
                    int other)
{
    int is = heard(l, i, part);
    return is < 0 && !(l->with & with) ? other : is;
}

/* A register that is not known is as the last write left it. */
static int reg_of(const struct line *l, const struct kt_output *o)
{
    if (o->reg >= 0 || (l->with & LINE_DEAF)) {
        return o->reg;
    }
    return o->open.state != KT_CMD_NONE || (o->commanded == 1 && o->close.state == KT_CMD_NONE);
}

static uint8_t *put_belt(const struct line *l, int i, uint8_t *b)
{
    const struct kt_output *o = line_output(l, i, LINE_PQ), *h = line_output(l, i, LINE_YJ);
    bool guard = (l->with & LINE_GUARD) && l->now < o->guard_until;
    bool unread = (l->with & LINE_RESTART) && o->unread, trip = l->trip[i]->state == IN_ON;
    bool runs = l->with & LINE_RUNS;
    int pd = heard_as(l, i, LINE_PD, LINE_SILENT, 0),
        dh = heard_as(l, i, LINE_DH, LINE_UNKNOWN, trip);
    *b++ = (uint8_t)((reg_of(l, o) + 1) | (o->commanded + 1) << 2 | (o->open.state != 0) << 4 |
                     (o->close.state != 0) << 5 | unread << 6 | guard << 7);
    *b++ = (uint8_t)((pd + 1) | (dh + 1) << 2 | trip << 4 | (runs ? h->commanded + 1 : 0) << 5 |
                     (runs && h->open.state != 0) << 7);
    return b;
}

/* What a start closed: by belt 0 nothing, 1 on its way, 2 carried out; drives, then horns. */
static uint32_t acted(const struct line *l, const struct kt_seq_run *r)
{
    uint32_t bits = 0;
    for (uint32_t k = 0; k < r->acted_n && r->state == KT_RUN_RUNNING; k++) {
        for (int i = 0; i < l->n; i++) {
            uint32_t is = r->acted[k].command.v ? 1 : 2;
            bits |= l->point[i][LINE_PQ].v == r->acted[k].output.v ? is << 2 * i : 0;
            bits |= l->point[i][LINE_YJ].v == r->acted[k].output.v ? is << (2 * i + 16) : 0;
        }
    }
    return bits;
}

static uint8_t *put_run(const struct line *l, const struct kt_seq_run *r, uint8_t *b)
{
    uint32_t did = acted(l, r);
    bool held = r->state == KT_RUN_HELD; /* it begins with its first step, if at all */
    *b++ = (uint8_t)r->sequence;
    *b++ = (uint8_t)(r->state | (held ? 0 : r->phase) << 3 | (!held && r->stood != 0) << 5 |
                     (r->rest_at != 0) << 6);
    *b++ = (uint8_t)(held ? 0 : r->step);
    *b++ = (uint8_t)(held ? 0 : r->turn);
    uint8_t of = 0;
    for (uint32_t k = 0; k < r->subjects_n; k++) {
        for (int i = 0; i < l->n; i++) {
            of |= (uint8_t)((l->point[i][LINE_PQ].v == r->subject[k].v) << i);
        }
    }
    *b++ = of;
    memcpy(b, &did, sizeof did);
    return b + sizeof did;
}

void line_key(const struct line *l, struct line_key *ret)
{
    const struct kt_sequences *q = l->e->s->sequences;
    memset(ret, 0, sizeof *ret);
    uint8_t *b = ret->b;
    *b++ = (uint8_t)((l->with & LINE_RESTART) && l->now < l->e->s->holds_from);
    for (int i = 0; i < l->n; i++) {
        b = put_belt(l, i, b);
    }
    for (uint32_t k = 0; k < q->runs_n && (l->with & LINE_RUNS); k++) {
        b = put_run(l, q->run[k], b);
    }
    ret->n = (uint8_t)(b - ret->b);
    KT_ASSERT(ret->n <= LINE_KEY);
    if (l->twins && memcmp(ret->b + 3, ret->b + 5, 2) > 0) {
        uint8_t one[2];
        memcpy(one, ret->b + 3, 2);
        memcpy(ret->b + 3, ret->b + 5, 2);
        memcpy(ret->b + 5, one, 2);
    }
}

/* --- and back */

static void pose_command(const struct line *l, struct kt_command *c, bool on, kt_point_id output,
                         uint8_t value)
{
    kt_time just = l->now - KT_MS;
    memset(c, 0, sizeof *c);
    if (on) {
        *c = (struct kt_command){.id = {eng_next_id(l->e->s)},
                                 .output = output,
                                 .value = value,
                                 .state = KT_CMD_SENT,
                                 .protective = value == 0,
                                 .tries = 1,
                                 .requested = just,
                                 .sent = just,
                                 .expires = value ? l->now + 10 * KT_SEC : 0};
    }
}

static struct kt_output *pose_output(const struct line *l, kt_point_id p, int reg, int commanded,
                                     bool open, bool close)
{
    struct kt_output *o = control_output(l->e->s->control, p);
    struct pt *pt = &l->e->s->pt[p.v];
    o->reg = (int8_t)reg;
    o->commanded = (int8_t)commanded;
    o->sent = commanded < 0 ? 0 : l->now - KT_MS;
    o->unread = false;
    o->against_since = o->read_at = o->guard_until = 0;
    o->read_id.v = 0;
    pose_command(l, &o->open, open, p, 0);
    pose_command(l, &o->close, close, p, 1);
    pt->flags = (uint16_t)((commanded == 0) << KT_FLAG_OPENED);
    pt->bits = 0;
    kt_live_set(l->live, p, reg > 0, l->now, reg < 0 ? KT_Q_BROKEN : KT_Q_NORMAL);
    return o;
}

static void pose_point(const struct line *l, kt_point_id p, int value)
{
    struct eng *e = l->e->s;
    e->pt[p.v].flags = e->pt[p.v].bits = 0;
    kt_live_set(l->live, p, value > 0, l->now, value < 0 ? KT_Q_BROKEN : KT_Q_NORMAL);
    eng_band(e, p.v);
}

static void pose_latch(const struct line *l, int i, struct kt_output *o, bool on)
{
    struct pt *pt = &l->e->s->pt[o->point.v];
    struct inst *in = l->trip[i];
    if (on && !o->latch) {
        o->latch = malloc(sizeof *o->latch);
    }
    if (on) {
        o->latch[0] = (struct kt_rule_instance){{in->rule}, {in->self}};
    }
    o->latch_n = on;
    pt->latches = on;
    pt->flags |= (uint16_t)(on << KT_FLAG_LATCHED);
    in->state = on ? IN_ON : IN_OFF;
    in->due = 0;
}

static const uint8_t *pose_belt(const struct line *l, int i, const uint8_t *b)
{
    struct kt_output *o = pose_output(l, l->point[i][LINE_PQ], (b[0] & 3) - 1, (b[0] >> 2 & 3) - 1,
                                      b[0] >> 4 & 1, b[0] >> 5 & 1);
    if (b[0] >> 6 & 1) {
        o->unread = true;
        o->read_at = l->now - KT_MS;
        o->read_id.v = eng_next_id(l->e->s);
    }
    o->guard_until = b[0] >> 7 ? l->now + 5 * KT_SEC : 0;
    pose_latch(l, i, o, b[1] >> 4 & 1);
    pose_point(l, l->point[i][LINE_PD], (b[1] & 3) - 1);
    pose_point(l, l->point[i][LINE_DH], (b[1] >> 2 & 3) - 1);
    pose_point(l, l->point[i][LINE_YK], 1);
    (void)pose_output(l, l->point[i][LINE_YJ], 1, (b[1] >> 5 & 3) - 1, b[1] >> 7, false);
    return b + 2;
}

static void pose_acted(const struct line *l, struct kt_seq_run *r, uint32_t did)
{
    for (int i = 0; i < 2 * LINE_BELTS; i++) {
        uint32_t is = did >> 2 * i & 3;
        if (is) {
            kt_point_id p = l->point[i % LINE_BELTS][i < LINE_BELTS ? LINE_PQ : LINE_YJ];
            uint64_t id = control_output(l->e->s->control, p)->close.id.v;
            run_acted(r, p, (kt_command_id){is == 1 ? id : 0});
        }
    }
}

static const uint8_t *pose_run(const struct line *l, const uint8_t *b)
{
    struct kt_sequences *q = l->e->s->sequences;
    const struct kt_sequence *s = &l->site->sequences[b[0]];
    struct kt_seq_run *r = run_new(q, b[0], s->subjects_n);
    uint32_t did;
    r->subjects_n = 0;
    for (uint32_t k = 0; k < s->subjects_n; k++) {
        for (int i = 0; i < l->n; i++) {
            if ((b[4] >> i & 1) && l->point[i][LINE_PQ].v == s->subjects[k].v) {
                r->subject[r->subjects_n++] = s->subjects[k];
            }
        }
    }
    r->id = eng_next_id(l->e->s);
    r->state = b[1] & 7;
    r->phase = b[1] >> 3 & 3;
    r->step = b[2];
    r->turn = b[3];
    r->started = r->since = l->now - KT_MS;
    r->stood = b[1] >> 5 & 1 ? l->now - KT_MS : 0;
    r->rest_at = b[1] >> 6 & 1 ? l->now + KT_SEC : 0;
    for (uint32_t k = 0; k < s->params_n; k++) {
        r->param[k] = s->params[k].given;
    }
    kt_text_set(r->by, sizeof r->by, "w");
    memcpy(&did, b + 5, sizeof did);
    pose_acted(l, r, did);
    q->run[q->runs_n++] = r;
    return b + 5 + sizeof did;
}

void line_pose(struct line *l, const struct line_key *k)
{
    struct eng *e = l->e->s;
    const uint8_t *b = k->b;
    for (uint32_t i = 0; i < e->dirty.n; i++) {
        e->pt[e->dirty.v[i]].bits &= (uint8_t)~PT_DIRTY;
    }
    e->dirty.n = 0;
    while (e->sequences->runs_n) {
        run_free(e->sequences->run[--e->sequences->runs_n]);
        e->sequences->run[e->sequences->runs_n] = NULL;
    }
    e->holds_from = *b++ ? l->now + 5 * KT_SEC : 0;
    e->control->next_due = INT64_MAX;
    for (int i = 0; i < l->n; i++) {
        b = pose_belt(l, i, b);
    }
    while (b < k->b + k->n) {
        b = pose_run(l, b);
    }
    l->stands = true;
}
