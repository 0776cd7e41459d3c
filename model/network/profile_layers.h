/* The layers of a profiled run, and the lookup of the layer that a kernel call belongs to.
 *
 * A kernel does not know its layer, but the address of its weights does. Norms are called without
 * weights, which are folded into the next layer; their number of channels identifies the stage.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/network/forward.h"

#define CNX_PROFILE_SAMPLES 1000 /* the medians are over this many of the latest forward passes */

typedef enum CnxProfileKind {
    CNX_PROFILE_GEMM,
    CNX_PROFILE_DWCONV,
    CNX_PROFILE_NORM,
    CNX_PROFILE_SCALE,
    CNX_PROFILE_MEAN,
    CNX_PROFILE_ROUND, /* the inputs of products */
    CNX_PROFILE_FORWARD,
} CnxProfileKind;

typedef struct CnxProfileLayer {
    CnxProfileKind kind;
    const void *weights, *end; /* of products and convolutions; NULL for the others */
    guint channels;            /* of the others */
    char *name, *kernel, *shape;
    CnxForm form;                  /* of a product's inputs */
    double flops;                  /* of an image; 0: not counted */
    double bytes;                  /* read and written for an image; 0: not counted */
    double rounded_bytes;          /* the same for the rounding of a product's inputs */
    gint64 ns;                     /* of this forward pass, over all threads; atomic */
    float ms[CNX_PROFILE_SAMPLES]; /* of an image, in past passes */
} CnxProfileLayer;

typedef struct CnxProfileLayers {
    GPtrArray *list;       /* of CnxProfileLayer, in network order; the last is the whole pass */
    GPtrArray *by_weights; /* those with weights, by address */
} CnxProfileLayers;

CnxProfileLayers *cnx_profile_layers_new(const CnxRun *run);
void cnx_profile_layers_free(CnxProfileLayers *layers); /* NULL allowed */

/* The layer that these weights belong to, or NULL. */
CnxProfileLayer *cnx_profile_layers_find_weights(const CnxProfileLayers *layers,
                                                 const void *weights);

/* The first layer of this kind with this many channels, or NULL. */
CnxProfileLayer *cnx_profile_layers_find_channels(const CnxProfileLayers *layers,
                                                  CnxProfileKind kind, int channels);
