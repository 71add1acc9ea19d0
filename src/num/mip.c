/* SPDX-License-Identifier: Apache-2.0 */
#include "num/mip.h"

#include <coin/Cbc_C_Interface.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct term {
    uint32_t row, col;
    double v;
};
struct bound {
    double lo, hi, cost;
    bool whole;
};
struct kt_mip {
    struct bound *col, *row;
    struct term *term;
    uint32_t cols, cols_cap, rows, rows_cap, terms, terms_cap;
};

static void *grow(void *p, uint32_t n, uint32_t *cap, size_t size)
{
    if (n == *cap) {
        *cap = *cap ? *cap * 2 : 64;
        p = realloc(p, *cap * size);
        KT_ASSERT(p);
    }
    return p;
}

struct kt_mip *kt_mip_new(void)
{
    struct kt_mip *m = calloc(1, sizeof(*m));
    KT_ASSERT(m);
    return m;
}

void kt_mip_free(struct kt_mip *m)
{
    if (m) {
        free(m->col);
        free(m->row);
        free(m->term);
        free(m);
    }
}

uint32_t kt_mip_col(struct kt_mip *m, double lo, double hi, bool whole)
{
    m->col = grow(m->col, m->cols, &m->cols_cap, sizeof(*m->col));
    m->col[m->cols] = (struct bound){lo, hi, 0, whole};
    return m->cols++;
}

uint32_t kt_mip_row(struct kt_mip *m, double lo, double hi)
{
    m->row = grow(m->row, m->rows, &m->rows_cap, sizeof(*m->row));
    m->row[m->rows] = (struct bound){lo, hi, 0, false};
    return m->rows++;
}

void kt_mip_put(struct kt_mip *m, uint32_t row, uint32_t col, double v)
{
    KT_ASSERT(row < m->rows && col < m->cols);
    m->term = grow(m->term, m->terms, &m->terms_cap, sizeof(*m->term));
    m->term[m->terms++] = (struct term){row, col, v};
}

void kt_mip_cost(struct kt_mip *m, uint32_t col, double v)
{
    KT_ASSERT(col < m->cols);
    m->col[col].cost = v;
}

/* ---- to Cbc, column by column ---- */

struct loaded {
    double *value, *col_lo, *col_hi, *cost, *row_lo, *row_hi;
    int *start, *index;
};

static void *numbers(uint32_t n, size_t size)
{
    void *p = calloc(n + 1, size);
    KT_ASSERT(p);
    return p;
}

static void load_terms(const struct kt_mip *m, struct loaded *l)
{
    l->start = numbers(m->cols + 1, sizeof(int));
    l->index = numbers(m->terms, sizeof(int));
    l->value = numbers(m->terms, sizeof(double));
    int *at = numbers(m->cols + 1, sizeof(int));
    for (uint32_t i = 0; i < m->terms; i++) {
        l->start[m->term[i].col + 1]++;
    }
    for (uint32_t c = 0; c < m->cols; c++) {
        l->start[c + 1] += l->start[c];
        at[c] = l->start[c];
    }
    for (uint32_t i = 0; i < m->terms; i++) {
        int k = at[m->term[i].col]++;
        l->index[k] = (int)m->term[i].row;
        l->value[k] = m->term[i].v;
    }
    free(at);
}

static void split(const struct bound *b, uint32_t n, double **lo, double **hi)
{
    *lo = numbers(n, sizeof(double));
    *hi = numbers(n, sizeof(double));
    for (uint32_t i = 0; i < n; i++) {
        (*lo)[i] = isinf(b[i].lo) ? -HUGE_VAL : b[i].lo;
        (*hi)[i] = isinf(b[i].hi) ? HUGE_VAL : b[i].hi;
    }
}

static Cbc_Model *load(const struct kt_mip *m, double seconds)
{
    struct loaded l;
    char text[32];
    load_terms(m, &l);
    split(m->col, m->cols, &l.col_lo, &l.col_hi);
    split(m->row, m->rows, &l.row_lo, &l.row_hi);
    l.cost = numbers(m->cols, sizeof(double));
    for (uint32_t c = 0; c < m->cols; c++) {
        l.cost[c] = m->col[c].cost;
    }
    Cbc_Model *cbc = Cbc_newModel();
    Cbc_loadProblem(cbc, (int)m->cols, (int)m->rows, l.start, l.index, l.value, l.col_lo, l.col_hi,
                    l.cost, l.row_lo, l.row_hi);
    for (uint32_t c = 0; c < m->cols; c++) {
        if (m->col[c].whole) {
            Cbc_setInteger(cbc, (int)c);
        }
    }
    snprintf(text, sizeof(text), "%.3f", seconds);
    Cbc_setParameter(cbc, "log", "0");
    Cbc_setParameter(cbc, "slog", "0");
    Cbc_setParameter(cbc, "sec", text);
    Cbc_setParameter(cbc, "ratio", "0");
    Cbc_setParameter(cbc, "integerT", "1e-9");  /* a switch that is a little on lets much through */
    Cbc_setParameter(cbc, "preprocess", "off"); /* it takes sums that are just reached for over */
    free(l.value);
    free(l.col_lo);
    free(l.col_hi);
    free(l.cost);
    free(l.row_lo);
    free(l.row_hi);
    free(l.start);
    free(l.index);
    return cbc;
}

int kt_mip_solve(struct kt_mip *m, double seconds, double *ret_x, struct kt_err *err)
{
    Cbc_Model *cbc = load(m, seconds);
    int r = KT_OK;
    (void)Cbc_solve(cbc);
    if (Cbc_isProvenInfeasible(cbc)) {
        r = kt_err_set(err, KT_ECONFLICT, "no values keep all %u bounds", m->rows);
    } else if (!Cbc_isProvenOptimal(cbc)) {
        r = kt_err_set(err, KT_ETIMEOUT, "no answer within %.0f s: take fewer months or boreholes",
                       seconds);
    }
    const double *x = Cbc_getColSolution(cbc);
    for (uint32_t c = 0; r == KT_OK && c < m->cols; c++) {
        ret_x[c] = m->col[c].whole ? round(x[c]) : fmin(fmax(x[c], m->col[c].lo), m->col[c].hi);
    }
    Cbc_deleteModel(cbc);
    return r;
}
