/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/network/linear.h"

#include "model/threads/threads.h"

/* The tasks of each thread, if there are several threads and enough panels. Cores are rarely
 * equally fast: other programs use them too, and some processors have two kinds. A fast thread can
 * take over a slow one's tasks only if those are small. A thread's tasks follow each other in the
 * weights, so each product prefetches the first panel of the next one (gemm_vec.inc). */
#define THREAD_TASKS 8

/* Panels of a task that serves several images: their weights stay in cache. */
#define IMAGE_PANELS 2

/* Columns of a task with OpenBLAS. Its rounding depends on the size of the product, so the cut must
 * not depend on the number of threads. */
#define BLAS_COLUMNS 64

/* Columns first <= j < first + columns of the product. first is a multiple of the panel. */
static void multiply_columns(const CnxProducts *kernels, const CnxLinear *linear,
                             const CnxProduct *p, int first, int columns)
{
    const CnxGemm gemm = {
        .m = (int)p->m,
        .n = columns,
        .k = linear->k,
        .a = kernels->rows ? p->rows : p->a,
        .lda = kernels->rows ? kernels->row_size(linear->k) : (size_t)linear->k * sizeof(float),
        .packed = (const char *)linear->packed + kernels->packed_size(first, linear->k),
        .bias = linear->bias + first,
        .residual = p->residual ? p->residual + first : NULL,
        .ldr = (size_t)linear->n,
        .c = p->c + first,
        .ldc = (size_t)linear->n,
        .act = p->act,
        .sumsq = p->sumsq ? p->sumsq + first : NULL,
    };

    kernels->multiply(&gemm);
}

void cnx_linear(const CnxRun *run, const CnxLinear *linear, CnxProduct product)
{
    const CnxProducts kernels = cnx_products(run->kernels, linear->form);

    if (kernels.rows)
        kernels.rows(product.rows, product.a, (size_t)linear->k, (int)product.m, linear->k);
    multiply_columns(&kernels, linear, &product, 0, linear->n);
}

void cnx_linear_one(const CnxRun *run, const CnxLinear *linear, CnxProduct product, guint column)
{
    const CnxProducts kernels = cnx_products(run->kernels, linear->form);
    const guint n = (guint)linear->n, unit = (guint)kernels.panel, parts = MAX(n / unit, 1);
    guint i = 0;

    while (cnx_products_part(n, unit, parts, i + 1) <= column)
        i++;
    const int first = (int)cnx_products_part(n, unit, parts, i);
    const int end = (int)cnx_products_part(n, unit, parts, i + 1);
    multiply_columns(&kernels, linear, &product, first, end - first);
}

/* A linear layer cut by columns, for one or several images. */
typedef struct Columns {
    CnxProducts kernels;
    const CnxLinear *linear;
    CnxProduct product; /* of the first image */
    guint images, tasks;
    guint unit; /* columns; see cnx_products_part() */
} Columns;

static void columns_task(gpointer data, guint task, guint slot)
{
    const Columns *t = data;
    const int n = t->linear->n;
    const int first = (int)cnx_products_part((guint)n, t->unit, t->tasks, task);
    const int columns = (int)cnx_products_part((guint)n, t->unit, t->tasks, task + 1) - first;
    CnxProduct p = t->product;

    for (guint i = 0; i < t->images && columns > 0; i++) {
        multiply_columns(&t->kernels, t->linear, &p, first, columns);
        p.a += (gsize)p.m * (gsize)t->linear->k;
        if (t->kernels.rows)
            p.rows = (char *)p.rows + p.m * t->kernels.row_size(t->linear->k);
        p.c += (gsize)p.m * (gsize)n;
        if (p.residual)
            p.residual += (gsize)p.m * (gsize)n;
        if (p.sumsq)
            p.sumsq += n;
    }
}

void cnx_linear_columns(const CnxRun *run, const CnxLinear *linear, guint images,
                        CnxProduct product)
{
    const CnxProducts kernels = cnx_products(run->kernels, linear->form);
    const guint panel = (guint)kernels.panel, threads = run->threads;
    const guint unit = panel > 1 ? panel : BLAS_COLUMNS;
    const guint panels = MAX((guint)linear->n / unit, 1);
    Columns columns = {kernels, linear, product, images, .tasks = 1, .unit = unit};

    if (panel == 1)
        columns.tasks = panels;
    else if (threads > 1)
        columns.tasks = THREAD_TASKS * threads;
    if (images > 1)
        columns.tasks = MAX(columns.tasks, panels / IMAGE_PANELS);
    columns.tasks = MIN(columns.tasks, panels);
    cnx_threads_loop(run->threads, columns.tasks, columns_task, &columns);
}

void cnx_linear_round(const CnxRun *run, const CnxLinear *linear, gsize first, guint m,
                      const float *a)
{
    const CnxProducts kernels = cnx_products(run->kernels, linear->form);

    if (kernels.rows)
        kernels.rows((char *)run->rows + first * kernels.row_size(linear->k), a, (size_t)linear->k,
                     (int)m, linear->k);
}
