/* Tests of the matrix products that round their inputs: they have the same functions, and differ in
 * what rounding may change.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tests/simd/check.h"

enum {
    ROUNDED_PRODUCT,
    ROUNDED_ROWS,
    ROUNDED_ROW_SIZE,
    ROUNDED_PACKED_SIZE,
    ROUNDED_PACK,
    ROUNDED_IDS
};

typedef struct Rounded {
    const char *name;
    int ids[ROUNDED_IDS]; /* of the kernels */
    int panel, top;       /* top: the largest exact integer of an activation */
    CnxGemmFn *multiply;
    CnxGemmRowsFn *rows;
    CnxGemmRowSizeFn *row_size;
    CnxGemmPackedSizeFn *packed_size;
    CnxGemmPackFn *pack;
    bool keeps_infinities; /* gives infinities where fp32 does, not just NaN */

    /* The distance of two rounded values of a row of k, 0 if it depends on the value. */
    double (*activation_step)(const CnxKernels *k, const float *row, int n);
    double (*weight_step)(const float *row, int n);
    /* What rounding can change in a w. */
    double (*error)(double a, double activation_step, double w, double weight_step);
} Rounded;

typedef Rounded MakeRounded(const CnxKernels *k);

#define ROUNDED_KERNELS(kernels, family)                                                \
    .name = #family, .panel = (kernels)->family##_panel, .multiply = (kernels)->family, \
    .rows = (kernels)->family##_rows, .row_size = (kernels)->family##_row_size,         \
    .packed_size = (kernels)->family##_packed_size, .pack = (kernels)->family##_pack,   \
    .ids = {CHECK_ID_##family, CHECK_ID_##family##_rows, CHECK_ID_##family##_row_size,  \
            CHECK_ID_##family##_packed_size, CHECK_ID_##family##_pack}

void check_rounded(Check *t, const Rounded *r);

/* pw1 and pw2 of each stage of ConvNeXt-T at 224. */
void check_rounded_bench(Check *t, MakeRounded *make, const char *name);
