/* The harness that tests and times every kernel.
 *
 * A suite is one file with a function that runs cases and one that runs timings. To add a suite,
 * write tests/simd/<name>.c with `const CheckSuite check_<name>` and add SUITE(<name>) to
 * suites.inc.
 *
 *     build/tests/simd/simd-check                   tests every kernel at every supported level
 *     build/tests/simd/simd-check --bench           times them
 *
 * run() is called for every level that this machine supports and every placement of buffers. A
 * case:
 *
 *     CHECK_CASE(t, layernorm, "rows %d c %d", rows, c);
 *     float *src = check_rows(t, rows, c, stride);      a guarded buffer, see below
 *     check_fill_rows(t, src, rows, c, stride, fill);
 *     check_seal(t);                                    from here on, writing to src faults
 *     float *dst = check_rows(t, rows, c, stride);
 *     t->k->layernorm(dst, ...);
 *     ... check_value(t, got, want, tolerance, i, j) for each element, want computed in double
 *     check_done(t);
 *
 * A buffer lies between guard pages, which fault when touched, and in two of the three placements
 * directly at one. A pattern fills the rest of its pages and the gaps between its rows; check_done
 * checks that the pattern is intact. A fault fails the running case and ends that run of the suite.
 *
 * Tolerances. EPS is the distance from 1 to the next float. A sum of k terms in float is off by at
 * most (k - 1) EPS/2 sum|terms| in any order, to first order; each test adds one EPS/2 per further
 * operation. Every level is compared with results in double, never with another level, so that an
 * error in the C version cannot hide one elsewhere.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "simd/kernels.h"

#define CHECK_EPS 0x1p-23
#define CHECK_FLT_TINY 0x1p-126 /* smaller values lose digits; added to tolerances */

typedef enum CheckPlace {
    CHECK_AT_END,   /* the payload ends where the guard page begins, at any alignment */
    CHECK_AT_START, /* the payload begins after a guard page; aligned to 4096 */
    CHECK_ODD,      /* in the middle, 1 to 15 floats off 64-byte alignment */
    CHECK_PLACES
} CheckPlace;

typedef enum CheckFill {
    CHECK_NORMAL,   /* standard normal */
    CHECK_EQUAL,    /* one random value everywhere */
    CHECK_HUGE,     /* normal times 1e15: products and sums stay finite */
    CHECK_SMALL,    /* normal times 1e-15 */
    CHECK_ZEROS,    /* zeros of both signs */
    CHECK_DENORMAL, /* normal times 1e-39 */
    CHECK_OFFSET,   /* 1000 + normal / 100: large mean, small variance */
    CHECK_HOSTILE,  /* normal with some NaN, inf and -inf */
    CHECK_FILLS
} CheckFill;

typedef struct Check {
    const CnxKernels *c; /* the C versions */
    const CnxKernels *k; /* the level under test */
    CheckPlace place;
    struct CheckState *state;
} Check;

typedef struct CheckSuite {
    const char *name;
    void (*run)(Check *t);
    void (*bench)(Check *t);
} CheckSuite;

/* Begins a case. kernel: a name from simd/kernels.inc. The other arguments describe the case, in
 * printf style. */
#define CHECK_CASE(t, kernel, ...) check_case(t, CHECK_ID_##kernel, #kernel, __VA_ARGS__)
void check_case(Check *t, int id, const char *kernel, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Ends a case: checks the patterns, counts it, prints why it failed, and releases its buffers. */
void check_done(Check *t);

/* Fails the case unless ok. The first failure's message is printed. */
void check_true(Check *t, bool ok, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Fails the case unless |got - want| <= tolerance, or both are NaN or the same infinity. */
void check_value(Check *t, double got, double want, double tolerance, int i, int j);

/* Returns a guarded buffer that lasts until check_done. */
void *check_bytes(Check *t, size_t size);
/* The same, aligned to 8 bytes in every placement, for doubles and structs. */
void *check_words(Check *t, size_t size);
float *check_floats(Check *t, size_t n);
/* The same, aligned to 64 bytes in every placement. */
float *check_aligned(Check *t, size_t n);
/* Rows of cols floats, stride apart: (rows - 1) stride + cols floats. Gaps contain the pattern. */
float *check_rows(Check *t, int rows, int cols, size_t stride);
/* The same in bytes. */
uint8_t *check_byte_rows(Check *t, int rows, size_t size, size_t stride);
/* Makes all buffers that the case has made so far read-only. */
void check_seal(Check *t);

/* Random numbers from the printed seed, the same at every level and placement. */
uint64_t check_random(Check *t);
double check_uniform(Check *t); /* 0 <= x < 1 */
double check_normal(Check *t);
const char *check_fill_name(CheckFill fill);
void check_fill(Check *t, float *x, size_t n, CheckFill fill);
void check_fill_rows(Check *t, float *x, int rows, int cols, size_t stride, CheckFill fill);

/* Times body at each level and prints a line for each: median, minimum and spread of the time per
 * call, GFLOP/s, share of this core's peak, speedup over C.
 * prepare, or NULL, is called first with each level's table, to pack weights. turn alternates
 * between 0 and 1 so that body can alternate buffers. flops: per call, or 0. */
typedef struct CheckBench {
    const char *kernel;
    double flops;
    void (*prepare)(const CnxKernels *k, void *data);
    void (*body)(const CnxKernels *k, void *data, int turn);
    void *data;
} CheckBench;
void check_bench(Check *t, const CheckBench *b, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Returns n floats, 64-byte aligned, standard normal, to be freed with free(). */
float *check_bench_floats(Check *t, size_t n);

enum {
#define KERNEL(type, name, ...) CHECK_ID_##name,
#include "simd/kernels.inc"
    CHECK_KERNELS
};
