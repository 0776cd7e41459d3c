/* Packs the layers of a head into one block of memory.
 *
 * The same code runs twice: first with memory NULL, which checks the shapes and counts the bytes,
 * then with the allocated block, which reads and packs the numbers. All functions return FALSE with
 * the packer's error.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/heads/steps.h"
#include "model/heads/tensors.h"

typedef struct CnxHeadPacker {
    CnxHeadTensors *tensors;
    const CnxKernels *kernels;
    CnxForm form;   /* of the matrix products */
    char *memory;   /* aligned to CNX_ALIGNMENT; NULL while counting */
    gsize size;     /* bytes taken so far */
    GError **error; /* not NULL */
} CnxHeadPacker;

/* A convolution of stride 1 with its batch norm. Fills in n and k of the layer if they are 0. */
gboolean cnx_head_pack_conv(CnxHeadPacker *packer, CnxHeadLayer *layer, CnxAct act, CnxConv *conv);

/* The same with taps that are `dilation` pixels apart. */
gboolean cnx_head_pack_dilated(CnxHeadPacker *packer, CnxHeadLayer *layer, guint dilation,
                               CnxAct act, CnxConv *conv);

/* A depthwise convolution with the tensor module.weight, [channels, 1, side, side], and no bias. */
gboolean cnx_head_pack_depthwise(CnxHeadPacker *packer, const char *module, guint channels,
                                 guint side, guint dilation, CnxDepthwise *depthwise);

/* A convolution of a concatenation of parts with k[i] channels each. count and scaling of parts are
 * set. Fills in n of the layer if it is 0. */
gboolean cnx_head_pack_parts(CnxHeadPacker *packer, CnxHeadLayer *layer, CnxAct act, const guint *k,
                             CnxHeadParts *parts);

/* Endings of the names of a module's convolution and batch norm: ".conv" and ".bn" */
typedef struct CnxHeadEndings {
    const char *conv, *norm;
} CnxHeadEndings;

/* The same for a module of a convolution and a batch norm, which it may lack (cnx_head_has_norm).
 * layer: n, k and side. */
gboolean cnx_head_pack_conv_module(CnxHeadPacker *packer, const char *module,
                                   CnxHeadEndings endings, CnxHeadLayer layer, CnxAct act,
                                   CnxConv *conv);
gboolean cnx_head_pack_parts_module(CnxHeadPacker *packer, const char *module,
                                    CnxHeadEndings endings, CnxHeadLayer layer, CnxAct act,
                                    const guint *k, CnxHeadParts *parts);

/* An affine norm with the tensors module.weight and module.bias, [n]. */
gboolean cnx_head_pack_norm(CnxHeadPacker *packer, const char *module, guint n, float eps,
                            CnxHeadNorm *norm);

/* The numbers [n] of the tensor module.leaf. */
gboolean cnx_head_pack_vector(CnxHeadPacker *packer, const char *module, const char *leaf, guint n,
                              const float **vector);
