/* The forms of the matrix products between stem and head, and their kernels.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "model/base/precision.h"
#include "simd/kernels.h"

typedef struct CnxProducts {
    const char *name;
    int panel; /* columns; ranges of columns start at multiples of it */
    CnxGemmPackedSizeFn *packed_size;
    CnxGemmPackFn *pack;
    CnxGemmRowSizeFn *row_size; /* like rows, NULL if the product reads floats */
    CnxGemmRowsFn *rows;
    CnxGemmFn *multiply;
} CnxProducts;

CnxProducts cnx_products(const CnxKernels *kernels, CnxForm form);

/* The first column of part i of n columns that are cut evenly into parts; n for i == parts. Parts
 * begin at multiples of `unit` columns. None is narrower, but some are empty if there are nearly as
 * many parts as units. If there are several parts, n >= unit. */
guint cnx_products_part(guint n, guint unit, guint parts, guint i);

/* The form that runs if a precision is requested: that of fp32 if the level of the kernels does not
 * accelerate the precision. */
CnxForm cnx_products_form(const CnxKernels *kernels, CnxPrecision requested);
