/* The table of kernels: what the forward pass and the preprocessing call.
 *
 * A table is filled with the C versions, which are the specification, and then overwritten level by
 * level. It is constant once made. Contracts are in the header of each kernel.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "simd/activation.h"
#include "simd/bytesum.h"
#include "simd/columns.h"
#include "simd/dwconv.h"
#include "simd/dwconv7.h"
#include "simd/gemm.h"
#include "simd/isa.h"
#include "simd/layernorm.h"
#include "simd/normalize.h"
#include "simd/peak.h"
#include "simd/resize.h"
#include "simd/unpack.h"
#include "simd/yuv.h"

typedef struct CnxKernels {
    CnxIsa level;

    int gemm_panel;   /* columns of one packed panel */
    int resize_group; /* neighbours whose weights are packed together */

#define KERNEL(type, name) type *name;
#include "simd/kernels.inc"
#undef KERNEL
} CnxKernels;

/* The table of a level; NULL when this processor or this build lacks the level. Thread safe. */
const CnxKernels *cnx_kernels_get(CnxIsa level);
