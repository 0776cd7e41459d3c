/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/base/encode.h"

#include <string.h>

#define INFINITE 0x7f800000u /* bits of an infinite float; a larger magnitude is a NaN */

gsize cnx_dtype_size(CnxDtype dtype)
{
    static const gsize sizes[] = {
        [CNX_DTYPE_F32] = 4,         [CNX_DTYPE_F16] = 2,         [CNX_DTYPE_BF16] = 2,
        [CNX_DTYPE_F64] = 8,         [CNX_DTYPE_F8_E4M3] = 1,     [CNX_DTYPE_F8_E5M2] = 1,
        [CNX_DTYPE_F8_E4M3FNUZ] = 1, [CNX_DTYPE_F8_E5M2FNUZ] = 1, [CNX_DTYPE_OTHER] = 0,
    };

    return sizes[dtype];
}

const char *cnx_dtype_name(CnxDtype dtype)
{
    static const char *const names[] = {
        [CNX_DTYPE_F32] = "F32",
        [CNX_DTYPE_F16] = "F16",
        [CNX_DTYPE_BF16] = "BF16",
        [CNX_DTYPE_F64] = "F64",
        [CNX_DTYPE_F8_E4M3] = "F8_E4M3",
        [CNX_DTYPE_F8_E5M2] = "F8_E5M2",
        [CNX_DTYPE_F8_E4M3FNUZ] = "F8_E4M3FNUZ",
        [CNX_DTYPE_F8_E5M2FNUZ] = "F8_E5M2FNUZ",
        [CNX_DTYPE_OTHER] = "other",
    };

    return names[dtype];
}

/* value / 2^shift, rounded to nearest, ties to even; shift is 1..31. */
static guint32 shift_rounded(guint32 value, guint shift)
{
    const guint32 rest = value & ((1u << shift) - 1), half = 1u << (shift - 1);
    const guint32 floor = value >> shift;

    return floor + (rest > half || (rest == half && floor % 2));
}

/* Rounding may carry into the exponent, and from the largest finite half to infinity. Both are
 * correct in this encoding. */
static guint16 half_from_bits(guint32 bits)
{
    const guint32 sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
    const guint exponent = magnitude >> 23;

    if (magnitude > INFINITE) /* a quiet NaN with the upper payload bits */
        return (guint16)(sign | 0x7e00 | (magnitude >> 13 & 0x1ff));
    if (exponent > 127 + 15)
        return (guint16)(sign | 0x7c00);
    if (exponent > 127 - 15)
        return (guint16)(sign | shift_rounded(magnitude - ((127 - 15) << 23), 13));
    if (exponent < 127 - 25) /* below half the smallest denormal half, 2^-24 */
        return (guint16)sign;
    return (guint16)(sign | shift_rounded((magnitude & 0x7fffff) | 0x800000, 126 - exponent));
}

static guint16 bfloat_from_bits(guint32 bits)
{
    if ((bits & 0x7fffffff) > INFINITE)
        return (guint16)(bits >> 16 | 0x40);
    return (guint16)shift_rounded(bits, 16);
}

static void store16(guint8 *dst, guint16 value)
{
    value = GUINT16_TO_LE(value);
    memcpy(dst, &value, sizeof value);
}

gsize cnx_tensor_from_float(CnxDtype dtype, const float *src, gsize count, guint8 *dst)
{
    const gsize size = cnx_dtype_size(dtype);
    gsize overflows = 0;

    g_assert(dtype == CNX_DTYPE_F32 || dtype == CNX_DTYPE_F16 || dtype == CNX_DTYPE_BF16);
    for (gsize i = 0; i < count; i++, dst += size) {
        guint32 bits;

        memcpy(&bits, &src[i], sizeof bits);
        if (dtype == CNX_DTYPE_F32) {
            bits = GUINT32_TO_LE(bits);
            memcpy(dst, &bits, sizeof bits);
            continue;
        }
        const gboolean half = dtype == CNX_DTYPE_F16;
        const guint16 stored = half ? half_from_bits(bits) : bfloat_from_bits(bits);

        overflows +=
            (stored & 0x7fff) == (half ? 0x7c00 : 0x7f80) && (bits & 0x7fffffff) < INFINITE;
        store16(dst, stored);
    }
    return overflows;
}
