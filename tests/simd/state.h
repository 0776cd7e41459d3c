/* State that check.c, buffers.c and bench.c share.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tests/simd/check.h"

#define CHECK_BUFFERS 32 /* most buffers of one case */

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
    int printed;                /* failures of this suite at this level so far */
    bool levels[CNX_ISA_COUNT]; /* levels to run */
    bool tested[CHECK_KERNELS];

    char kernel[40], shape[200]; /* the running case */
    char why[300];               /* empty unless the case failed */
    double worst;                /* largest error / tolerance */
    size_t values, wrong;

    CheckBuffer buffer[CHECK_BUFFERS];
} CheckState;

/* Checks the patterns around every buffer and releases the buffers. */
void check_buffers_done(Check *t);
/* Releases the buffers without checking them, after a fault. */
void check_buffers_drop(Check *t);
/* Describes where a faulting address lies relative to the buffers. */
const char *check_buffers_where(const Check *t, const void *address);
