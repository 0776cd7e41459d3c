/* A view of one tensor in a read-only mapping of a checkpoint file.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#define CNX_MAX_RANK 8

typedef enum CnxDtype {
    CNX_DTYPE_F32,
    CNX_DTYPE_F16,
    CNX_DTYPE_BF16,
    CNX_DTYPE_F64,
    CNX_DTYPE_OTHER, /* legal in the file (integers, booleans), never a weight */
} CnxDtype;

typedef struct CnxTensor {
    const char *name; /* as in the file */
    CnxDtype dtype;
    guint rank;
    guint64 shape[CNX_MAX_RANK];
    gboolean strided;              /* numbers are not one after the other, last dimension first: */
    guint64 strides[CNX_MAX_RANK]; /* so many elements lie between those of a dimension */
    gsize elements;                /* product of shape */
    const guint8 *data;            /* little endian, any alignment; borrowed from the mapping */
    gsize size;                    /* bytes of elements numbers */
} CnxTensor;

/* dst: [elements], last dimension first. The dtype is one of the floating point ones. */
void cnx_tensor_to_float(const CnxTensor *tensor, float *dst);
