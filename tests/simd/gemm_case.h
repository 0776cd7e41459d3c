/* Cases of the matrix products, shared by the tests of all forms of the inputs.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tests/simd/check.h"

#define GEMM_COUNT(a) (int)(sizeof(a) / sizeof(a)[0])

typedef struct GemmCase {
    int m, n, k;
    size_t lds, ldr, ldc; /* floats; lds: of the activations */
    CnxAct act;
    CheckFill fill;
    bool bias, sumsq;
    int residual; /* 0 for none, 1 for its own buffer, 2 for c itself */
    int split;    /* columns of the first of two calls, or n for a single call */
} GemmCase;

/* Returns a random integer from 0 to count - 1. */
int gemm_pick(Check *t, int count);

/* Picks everything except the sizes and the fill at random. panel: of the kernel. */
GemmCase gemm_make_case(Check *t, int m, int n, int k, CheckFill fill, int panel);

/* Begins the check of a case. */
void gemm_begin_case(Check *t, int id, const char *kernel, const GemmCase *p);

/* Returns a guarded buffer filled with values. */
float *gemm_new_rows(Check *t, int rows, int cols, size_t stride, CheckFill fill);

/* Completes g, whose a, lda and packed are set, seals the inputs, multiplies in one call or two,
 * and checks sumsq. Returns the residual from before, [m, n], or NULL. */
float *gemm_run_case(Check *t, const GemmCase *p, CnxGemm *g, CnxGemmFn *multiply,
                     CnxGemmPackedSizeFn *packed_size);

/* Returns a sum's value after the epilogue, and adapts its tolerance. old: the residual in this
 * place, or NULL. */
double gemm_finish_value(const GemmCase *p, double sum, const float *old, double *tolerance);
