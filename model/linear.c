/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/linear.h"

#include "model/threads.h"

#define COLUMNS 64 /* of one task; more where a panel is wider */

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
    guint images;
    int width; /* of one task */
} Columns;

static void columns_task(gpointer data, guint task, guint slot)
{
    const Columns *t = data;
    const int first = (int)task * t->width, n = t->linear->n;
    CnxProduct p = t->product;

    for (guint i = 0; i < t->images; i++) {
        multiply(t->kernels, t->linear, &p, first, MIN(t->width, n - first));
        p.a += (gsize)p.m * (gsize)t->linear->k;
        p.c += (gsize)p.m * (gsize)n;
        p.residual += p.residual != NULL ? (gsize)p.m * (gsize)n : 0;
        p.sumsq += p.sumsq != NULL ? n : 0;
    }
}

void cnx_linear_columns(const CnxRun *run, const CnxLinear *linear, guint images,
                        CnxProduct product)
{
    const int panel = run->kernels->gemm_panel;
    const int width = (COLUMNS + panel - 1) / panel * panel;
    Columns columns = {run->kernels, linear, product, images, width};

    cnx_threads_loop(run->threads, (guint)((linear->n + width - 1) / width), columns_task,
                     &columns);
}
