/* Convolutions 3x3 with dilation 1 by Winograd's method; see simd/winograd.h. For model/dense/conv.
 *
 * A task is a strip of tiles: its input is transformed, multiplied by the transformed weights, one
 * matrix product for each element of a tile, and the products are transformed to the result.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/dense/conv.h"

/* The functions of conv.h for layers whose way is Winograd. */
gsize cnx_winograd_packed_size(const CnxKernels *kernels, const CnxConv *conv);
void cnx_winograd_pack(const CnxKernels *kernels, const CnxConv *conv, void *memory,
                       const float *weight, gsize ldw);
gsize cnx_winograd_scratch(const CnxKernels *kernels, const CnxConv *conv);
void cnx_winograd_run(const CnxDenseContext *context, const CnxConv *conv, const CnxConvCall *call);
