/* A view of a tensor in a read-only mapping of a checkpoint file, or a tensor that is computed from
 * others.
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
    CNX_DTYPE_F8_E4M3, /* of OCP: without infinities; FNUZ: also without negative zero */
    CNX_DTYPE_F8_E5M2,
    CNX_DTYPE_F8_E4M3FNUZ,
    CNX_DTYPE_F8_E5M2FNUZ,
    CNX_DTYPE_OTHER, /* valid in a file (integers, booleans), but no weight by itself */
} CnxDtype;

/* Computes a tensor from others, for example a pruned weight from the weight and its mask. */
typedef struct CnxComposed CnxComposed;
struct CnxComposed {
    /* Writes the numbers [first, first + count) in row-major order. One thread at a time. */
    void (*numbers)(CnxComposed *self, gsize first, gsize count, float *dst);
};

typedef struct CnxTensor {
    const char *name; /* the file's name for it */
    CnxDtype dtype;
    const char *stored; /* the file's word for OTHER, "I8"; NULL if unknown. Static. */
    guint rank;
    guint64 shape[CNX_MAX_RANK];
    gboolean strided;              /* FALSE means row-major without gaps */
    guint64 strides[CNX_MAX_RANK]; /* of each dimension, in elements; valid if strided */
    gsize elements;                /* product of shape */
    const guint8 *data;            /* little endian, any alignment; borrowed from the mapping */
    gsize size;                    /* bytes of all elements, in the file */
    CnxComposed *composed;         /* if not NULL: the numbers' origin, in place of data */
} CnxTensor;

/* Converts a tensor of a floating point dtype, or of a known integer. dst: [elements], row-major.
 */
void cnx_tensor_to_float(const CnxTensor *tensor, float *dst);

/* The same for the numbers [first, first + count) in row-major order. */
void cnx_tensor_range_to_float(const CnxTensor *tensor, gsize first, gsize count, float *dst);

/* Whether these functions can convert an OTHER tensor: I8, U8, BOOL, I16, I32 or I64. */
gboolean cnx_tensor_is_integer(const CnxTensor *tensor);

/* "F32", "I8", ...; "unknown" if it has no name. */
const char *cnx_tensor_dtype_name(const CnxTensor *tensor);

/* "[8,3,4,4]". Free with g_free. */
char *cnx_shape_text(guint rank, const guint64 *shape);
