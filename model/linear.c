/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/linear.h"

#include "model/threads.h"

/* A layer that is cut by columns makes so many tasks for each of several threads: fewer leave the
 * threads uneven, and the first panel of each is not prefetched. */
#define RANGES 2

/* Panels of one task when it goes from image to image: their weights stay in cache. */
#define IMAGE_PANELS 2

/* OpenBLAS rounds as its own blocks fall: there a cut must not depend on the threads. */
#define BLAS_COLUMNS 64

/* Columns first <= j < first + columns of the product; first is a multiple of the panel. */
static void multiply(const CnxKernels *kernels, const CnxLinear *linear, const CnxProduct *p,
                     int first, int columns)
{
    const CnxGemm gemm = {
        .m = (int)p->m,
        .n = columns,
        .k = linear->k,
        .a = p->a,
        .lda = (size_t)linear->k,
        .packed = linear->packed + kernels->gemm_packed_size(first, linear->k),
        .bias = linear->bias + first,
        .residual = p->residual != NULL ? p->residual + first : NULL,
        .ldr = (size_t)linear->n,
        .c = p->c + first,
        .ldc = (size_t)linear->n,
        .act = p->act,
        .sumsq = p->sumsq != NULL ? p->sumsq + first : NULL,
    };

    kernels->gemm(&gemm);
}

void cnx_linear(const CnxRun *run, const CnxLinear *linear, CnxProduct product)
{
    multiply(run->kernels, linear, &product, 0, linear->n);
}

/* A linear layer that is cut by columns: of one product, or of the same one for each image. */
typedef struct Columns {
    const CnxKernels *kernels;
    const CnxLinear *linear;
    CnxProduct product; /* of the first image */
    guint images, tasks;
    int width; /* of one task; the last one takes what is left */
} Columns;

static void columns_task(gpointer data, guint task, guint slot)
{
    const Columns *t = data;
    const int n = t->linear->n, first = (int)task * t->width;
    const int columns = task + 1 < t->tasks ? t->width : n - first;
    CnxProduct p = t->product;

    for (guint i = 0; i < t->images; i++) {
        multiply(t->kernels, t->linear, &p, first, columns);
        p.a += (gsize)p.m * (gsize)t->linear->k;
        p.c += (gsize)p.m * (gsize)n;
        if (p.residual != NULL)
            p.residual += (gsize)p.m * (gsize)n;
        if (p.sumsq != NULL)
            p.sumsq += n;
    }
}

void cnx_linear_columns(const CnxRun *run, const CnxLinear *linear, guint images,
                        CnxProduct product)
{
    const int panel = run->kernels->gemm_panel, panels = MAX(linear->n / panel, 1);
    const int ranges = run->threads > 1 ? RANGES * (int)run->threads : 1;
    const int even = (panels + ranges - 1) / ranges;
    const int cached = images > 1 ? MIN(even, IMAGE_PANELS) : even;
    const int width = panel > 1 ? cached * panel : BLAS_COLUMNS;
    Columns columns = {run->kernels,
                       linear,
                       product,
                       images,
                       .tasks = (guint)MAX((linear->n - panel) / width + 1, 1),
                       .width = width};

    cnx_threads_loop(run->threads, columns.tasks, columns_task, &columns);
}
