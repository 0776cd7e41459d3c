/* A view of a tensor in a read-only mapping of a checkpoint file.
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
    CNX_DTYPE_OTHER, /* valid in a file (integers, booleans), but never a weight */
} CnxDtype;

typedef struct CnxTensor {
    const char *name; /* the file's name for it */
    CnxDtype dtype;
    guint rank;
    guint64 shape[CNX_MAX_RANK];
    gboolean strided;              /* FALSE means row-major without gaps */
    guint64 strides[CNX_MAX_RANK]; /* of each dimension, in elements; valid if strided */
    gsize elements;                /* product of shape */
    const guint8 *data;            /* little endian, any alignment; borrowed from the mapping */
    gsize size;                    /* bytes of all elements */
} CnxTensor;

/* Converts a tensor of a floating point dtype. dst: [elements], row-major. */
void cnx_tensor_to_float(const CnxTensor *tensor, float *dst);

/* The same for rows first to first + count - 1, the indices of the first dimension. */
void cnx_tensor_rows_to_float(const CnxTensor *tensor, gsize first, gsize count, float *dst);

/* "[8,3,4,4]". Free with g_free. */
char *cnx_shape_text(guint rank, const guint64 *shape);
