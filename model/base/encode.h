/* Floats to stored numbers: the inverse of cnx_tensor_to_float.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/tensor.h"

/* Bytes per element of dtype; 0 for CNX_DTYPE_OTHER. */
gsize cnx_dtype_size(CnxDtype dtype);

/* "F32", ...; "other" for CNX_DTYPE_OTHER. */
const char *cnx_dtype_name(CnxDtype dtype);

/* Stores src [count] as F32, F16 or BF16, little endian, rounded to nearest, ties to even.
 * dst: [count * cnx_dtype_size(dtype)] bytes. Returns the number of finite values that overflowed
 * to infinity. NaN stays NaN. */
gsize cnx_tensor_from_float(CnxDtype dtype, const float *src, gsize count, guint8 *dst);
