/* Stored numbers to float: exact, but for F64, which rounds to nearest.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/tensor.h"

#include <string.h>

static inline guint16 load16(const guint8 *p)
{
    guint16 v;
    memcpy(&v, p, sizeof v);
    return GUINT16_FROM_LE(v);
}

static inline guint32 load32(const guint8 *p)
{
    guint32 v;
    memcpy(&v, p, sizeof v);
    return GUINT32_FROM_LE(v);
}

static inline guint64 load64(const guint8 *p)
{
    guint64 v;
    memcpy(&v, p, sizeof v);
    return GUINT64_FROM_LE(v);
}

static inline float float_from_bits(guint32 bits)
{
    float v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* No step reads or makes a denormal float, so that flush-to-zero threads get the same weights. */
static inline float float_from_half(guint16 half)
{
    guint32 sign = (guint32)(half & 0x8000) << 16;
    guint32 magnitude = (guint32)(half & 0x7fff) << 13;
    guint32 bits;

    if (magnitude >= 0x0f800000) /* infinity, NaN */
        bits = magnitude | 0x7f800000;
    else if (magnitude >= 0x00800000)
        bits = magnitude + ((127 - 15) << 23);
    else { /* denormal half: mantissa x 2^-24, from the float 2^-14 (1 + mantissa 2^-10) */
        float v = float_from_bits(magnitude | 0x38800000) - float_from_bits(0x38800000);
        memcpy(&bits, &v, sizeof bits);
    }
    return float_from_bits(bits | sign);
}

static inline float float_from_double_bits(guint64 bits)
{
    double v;
    memcpy(&v, &bits, sizeof v);
    return (float)v;
}

void cnx_tensor_to_float(const CnxTensor *tensor, float *dst)
{
    const guint8 *src = tensor->data;
    gsize n = tensor->elements;

    switch (tensor->dtype) {
    case CNX_DTYPE_F32:
        for (gsize i = 0; i < n; i++)
            dst[i] = float_from_bits(load32(src + 4 * i));
        break;
    case CNX_DTYPE_F16:
        for (gsize i = 0; i < n; i++)
            dst[i] = float_from_half(load16(src + 2 * i));
        break;
    case CNX_DTYPE_BF16:
        for (gsize i = 0; i < n; i++)
            dst[i] = float_from_bits((guint32)load16(src + 2 * i) << 16);
        break;
    case CNX_DTYPE_F64:
        for (gsize i = 0; i < n; i++)
            dst[i] = float_from_double_bits(load64(src + 8 * i));
        break;
    case CNX_DTYPE_OTHER:
        g_assert_not_reached();
    }
}
