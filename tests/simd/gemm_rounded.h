/* Tests of the matrix products that split or round their inputs. They have the same functions and
 * differ in the error that rounding may cause.
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

    /* The distance between neighbouring rounded values of a row of n, or NULL if it depends on the
     * value. */
    double (*activation_step)(const CnxKernels *k, const float *row, int n);
    double (*weight_step)(const float *row, int n);
    /* The largest change of a w by rounding. */
    double (*error)(double a, double activation_step, double w, double weight_step);
} Rounded;

typedef Rounded MakeRounded(const CnxKernels *k);

void check_rounded(Check *t, MakeRounded *make);

/* Times pw1 and pw2 of each stage of ConvNeXt-T at 224. */
void check_rounded_bench(Check *t, MakeRounded *make);

/* Defines the suite of a family of kernels. The other arguments initialise the rest of its Rounded;
 * k is the table of the kernels. */
#define ROUNDED_SUITE(family, ...)                                                              \
    static Rounded make_rounded(const CnxKernels *k)                                            \
    {                                                                                           \
        return (Rounded){.name = #family,                                                       \
                         .panel = k->family##_panel,                                            \
                         .multiply = k->family,                                                 \
                         .rows = k->family##_rows,                                              \
                         .row_size = k->family##_row_size,                                      \
                         .packed_size = k->family##_packed_size,                                \
                         .pack = k->family##_pack,                                              \
                         .ids = {CHECK_ID_##family, CHECK_ID_##family##_rows,                   \
                                 CHECK_ID_##family##_row_size, CHECK_ID_##family##_packed_size, \
                                 CHECK_ID_##family##_pack},                                     \
                         __VA_ARGS__};                                                          \
    }                                                                                           \
                                                                                                \
    static void run(Check *t)                                                                   \
    {                                                                                           \
        check_rounded(t, make_rounded);                                                         \
    }                                                                                           \
                                                                                                \
    static void bench(Check *t)                                                                 \
    {                                                                                           \
        check_rounded_bench(t, make_rounded);                                                   \
    }                                                                                           \
                                                                                                \
    const CheckSuite check_##family = {#family, run, bench};
