/* Private to the profile: the layers of a run, how to know them by what kernels are called with,
 * and how long they took.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/network/forward.h"

#define CNX_PROFILE_SAMPLES 1000 /* forward passes that a median is taken of: the last ones */

typedef enum CnxProfileKind {
    CNX_PROFILE_GEMM,
    CNX_PROFILE_DWCONV,
    CNX_PROFILE_NORM,
    CNX_PROFILE_SCALE,
    CNX_PROFILE_MEAN,
    CNX_PROFILE_FORWARD,
} CnxProfileKind;

typedef struct CnxProfileLayer {
    CnxProfileKind kind;
    const float *weights, *end; /* a product's or convolution's */
    guint channels;             /* of the others */
    char *name, *kernel, *shape;
    double flops;                  /* of an image; 0: not counted */
    gint64 ns;                     /* of this forward pass, of all threads; atomic */
    float ms[CNX_PROFILE_SAMPLES]; /* of an image, of past ones */
} CnxProfileLayer;

/* Of CnxProfileLayer, in the order of the network; the last is of everything. The caller owns it.
 */
GPtrArray *cnx_profile_layers(const CnxRun *run);
