/* The table of kernels that the forward pass and preprocessing call.
 *
 * Each isa level has a table, which holds the highest version of each kernel up to that level. The
 * C versions are the specification. Tables never change once made. Each kernel's contract is in its
 * own header.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "simd/isa.h"
#include "simd/kernels.inc" /* the contracts */

typedef struct CnxKernels {
    CnxIsa level;

#define KERNEL(type, name, ...) type *name;
#define CONSTANT(name, ...) int name;
#include "simd/kernels.inc"
} CnxKernels;

/* Returns the table of a level, or NULL if this processor or this build lacks the level. Thread
 * safe. */
const CnxKernels *cnx_kernels_get(CnxIsa level);
