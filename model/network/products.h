/* The forms of the matrix products between stem and head, and their kernels.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

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

/* The form that runs if a precision is requested: that of fp32 if the level of the kernels does not
 * accelerate the precision. */
CnxForm cnx_products_form(const CnxKernels *kernels, CnxPrecision requested);
