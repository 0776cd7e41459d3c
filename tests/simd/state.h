/* Private to the bench: what check.c, buffers.c and bench.c share.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tests/simd/check.h"

#define CHECK_BUFFERS 32 /* of one case */

typedef struct CheckBuffer {
    uint8_t *map;     /* a guard page, `pages` pages, a guard page */
    size_t pages;     /* between the guards */
    uint8_t *payload; /* rows x size, stride apart */
    size_t rows, size, stride;
    bool used, sealed;
} CheckBuffer;

typedef struct CheckState {
    uint64_t seed, random;
    bool bench;
    int passed, failed;
    int printed;                /* failures of this suite at this level */
    bool levels[CNX_ISA_COUNT]; /* which ones to run */
    bool visited[CHECK_KERNELS];

    char kernel[40], shape[200]; /* the case that runs */
    char why[300];               /* empty: nothing wrong so far */
    double worst;                /* error / tolerance of the worst value */
    size_t values, wrong;

    CheckBuffer buffer[CHECK_BUFFERS];
} CheckState;

/* Compares the patterns around every buffer and gives the buffers back. */
void check_buffers_done(Check *t);
/* Gives them back uncompared: after a fault. */
void check_buffers_drop(Check *t);
/* Whether a fault at this address was in a guard page of a buffer, and in words where. */
const char *check_buffers_where(const Check *t, const void *address);
