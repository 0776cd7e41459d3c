/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/base/blas.h"

#include <cblas.h>
#include <dlfcn.h>
#include <glib.h>

#define LIBRARY "libopenblas.so.0"
#define TILE 64 /* rows and columns of a partial product, on the stack */

typedef __typeof__(cblas_sgemm) SgemmFn;
typedef __typeof__(openblas_set_num_threads) SetThreadsFn;

static SgemmFn *sgemm;

/* dst [m, n] = the part of a w^T from row i and column j on; adds to dst if add. */
static void multiply_tile(const CnxGemm *g, int i, int j, int m, int n, gboolean add, float *dst,
                          size_t ld)
{
    const gsize lda = g->lda / sizeof(float);
    const float *a = (const float *)g->a + i * lda, *w = (const float *)g->packed + (gsize)j * g->k;

    sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n, g->k, 1.0f, a, (int)lda, w, g->k,
          add ? 1.0f : 0.0f, dst, (int)ld);
}

/* Sets c = residual + bias; the product is added to it. */
static void start_from_residual(const CnxGemm *g)
{
    for (int i = 0; i < g->m; i++) {
        const float *residual = g->residual + i * g->ldr;
        float *c = g->c + i * g->ldc;

        for (int j = 0; j < g->n; j++)
            c[j] = residual[j] + (g->bias ? g->bias[j] : 0.0f);
    }
}

static void add_bias_and_activate(const CnxGemm *g, const CnxKernels *kernels)
{
    for (int i = 0; i < g->m; i++) {
        float *c = g->c + i * g->ldc;

        for (int j = 0; j < g->n && g->bias; j++)
            c[j] += g->bias[j];
        if (g->act != CNX_ACT_NONE)
            kernels->activate(c, (size_t)g->n, g->act);
    }
}

/* Computes a tile with both activation and residual, on the stack because residual may be c
 * itself. */
static void activate_and_add_tile(const CnxGemm *g, const CnxKernels *kernels, int i0, int j0)
{
    float v[TILE * TILE]; /* [m, n] */
    const int m = MIN(TILE, g->m - i0), n = MIN(TILE, g->n - j0);
    CnxGemm part = *g;

    multiply_tile(g, i0, j0, m, n, FALSE, v, (size_t)n);
    part.m = m;
    part.n = n;
    part.bias = g->bias ? g->bias + j0 : NULL;
    part.c = v;
    part.ldc = (size_t)n;
    add_bias_and_activate(&part, kernels);
    for (int i = 0; i < m; i++) {
        const float *residual = g->residual + (i0 + i) * g->ldr + j0;
        float *c = g->c + (i0 + i) * g->ldc + j0;

        for (int j = 0; j < n; j++)
            c[j] = v[i * n + j] + residual[j];
    }
}

static void gemm_blas(const CnxGemm *g)
{
    const CnxKernels *kernels = cnx_kernels_get(CNX_ISA_C);

    if (!g->residual) {
        multiply_tile(g, 0, 0, g->m, g->n, FALSE, g->c, g->ldc);
        add_bias_and_activate(g, kernels);
    } else if (g->act == CNX_ACT_NONE) {
        start_from_residual(g);
        multiply_tile(g, 0, 0, g->m, g->n, TRUE, g->c, g->ldc);
    } else {
        for (int i = 0; i < g->m; i += TILE)
            for (int j = 0; j < g->n; j += TILE)
                activate_and_add_tile(g, kernels, i, j);
    }
    if (g->sumsq)
        kernels->columns_sumsq(g->sumsq, g->c, g->ldc, g->m, g->n);
}

/* Only called at level c: other levels do not need OpenBLAS, which takes time and memory to load.
 */
static gboolean load_openblas(void)
{
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    SetThreadsFn *set_threads = NULL;

    if (library) {
        sgemm = (SgemmFn *)dlsym(library, "cblas_sgemm");
        set_threads = (SetThreadsFn *)dlsym(library, "openblas_set_num_threads");
    }
    if (!sgemm || !set_threads)
        return FALSE;
    set_threads(1);
    return TRUE;
}

const CnxKernels *cnx_blas_kernels(void)
{
    static CnxKernels kernels;
    static gsize once;

    if (g_once_init_enter(&once)) {
        kernels = *cnx_kernels_get(CNX_ISA_C);
        if (load_openblas())
            kernels.gemm = gemm_blas;
        else
            g_message("OpenBLAS (%s) cannot be loaded: isa level c computes matrix products with "
                      "its own, slower kernel",
                      LIBRARY);
        g_once_init_leave(&once, 1);
    }
    return &kernels;
}
