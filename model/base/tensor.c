/* Converts stored numbers to float exactly, except F64 and large integers, which are rounded to
 * nearest.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/base/tensor.h"

#include <string.h>

#include "model/base/encode.h"

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

/* No step reads or produces a denormal float, so flush-to-zero threads get the same weights. */
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

/* A float of 8 bits with `mantissa` bits of mantissa and this exponent bias, below infinity and
 * NaN.
 */
static float float_from_small(guint8 byte, guint mantissa, int bias)
{
    const guint exponent = (byte & 0x7fu) >> mantissa, fraction = byte & ((1u << mantissa) - 1);
    const guint32 unit = (guint32)(127 + 1 - bias - (int)mantissa) << 23; /* the smallest number */
    const float magnitude =
        exponent
            ? float_from_bits((exponent + 127 - (guint)bias) << 23 | fraction << (23 - mantissa))
            : (float)fraction * float_from_bits(unit);

    return byte & 0x80 ? -magnitude : magnitude;
}

#define NOT_A_NUMBER 0x7fc00000u

static float float_from_f8(CnxDtype dtype, guint8 byte)
{
    switch (dtype) {
    case CNX_DTYPE_F8_E4M3:
        return (byte & 0x7f) == 0x7f ? float_from_bits(NOT_A_NUMBER) : float_from_small(byte, 3, 7);
    case CNX_DTYPE_F8_E5M2:
        return float_from_half((guint16)(byte << 8));
    case CNX_DTYPE_F8_E4M3FNUZ:
        return byte == 0x80 ? float_from_bits(NOT_A_NUMBER) : float_from_small(byte, 3, 8);
    default:
        return byte == 0x80 ? float_from_bits(NOT_A_NUMBER) : float_from_small(byte, 2, 16);
    }
}

static const struct {
    const char *name;
    gsize size;
    gboolean is_unsigned;
} integers[] = {
    {"I8", 1, FALSE},  {"U8", 1, TRUE},   {"BOOL", 1, TRUE},
    {"I16", 2, FALSE}, {"I32", 4, FALSE}, {"I64", 8, FALSE},
};

/* The row of integers; -1 for any other tensor. */
static int find_integer(const CnxTensor *t)
{
    for (guint i = 0; t->dtype == CNX_DTYPE_OTHER && t->stored && i < G_N_ELEMENTS(integers); i++)
        if (!strcmp(t->stored, integers[i].name))
            return (int)i;
    return -1;
}

static float float_from_integer(int row, const guint8 *src)
{
    switch (integers[row].size) {
    case 1:
        return integers[row].is_unsigned ? (float)*src : (float)(gint8)*src;
    case 2:
        return (float)(gint16)load16(src);
    case 4:
        return (float)(gint32)load32(src);
    default:
        return (float)(gint64)load64(src);
    }
}

/* Converts n numbers that are step bytes apart. */
static void convert_numbers(const CnxTensor *t, const guint8 *src, gsize step, gsize n, float *dst)
{
    const int integer = find_integer(t);

    switch (t->dtype) {
    case CNX_DTYPE_F32:
        for (gsize i = 0; i < n; i++)
            dst[i] = float_from_bits(load32(src + step * i));
        break;
    case CNX_DTYPE_F16:
        for (gsize i = 0; i < n; i++)
            dst[i] = float_from_half(load16(src + step * i));
        break;
    case CNX_DTYPE_BF16:
        for (gsize i = 0; i < n; i++)
            dst[i] = float_from_bits((guint32)load16(src + step * i) << 16);
        break;
    case CNX_DTYPE_F64:
        for (gsize i = 0; i < n; i++)
            dst[i] = float_from_double_bits(load64(src + step * i));
        break;
    case CNX_DTYPE_F8_E4M3:
    case CNX_DTYPE_F8_E5M2:
    case CNX_DTYPE_F8_E4M3FNUZ:
    case CNX_DTYPE_F8_E5M2FNUZ:
        for (gsize i = 0; i < n; i++)
            dst[i] = float_from_f8(t->dtype, src[step * i]);
        break;
    case CNX_DTYPE_OTHER:
        g_assert(integer >= 0);
        for (gsize i = 0; i < n; i++)
            dst[i] = float_from_integer(integer, src + step * i);
    }
}

static gsize stored_size(const CnxTensor *t)
{
    const int integer = find_integer(t);

    return integer >= 0 ? integers[integer].size : cnx_dtype_size(t->dtype);
}

/* Converts row by row of the last dimension. */
static void convert_strided(const CnxTensor *t, gsize first, gsize count, float *dst)
{
    const guint last = t->rank - 1;
    const gsize size = stored_size(t);

    while (count > 0) {
        const gsize column = first % t->shape[last], n = MIN(count, t->shape[last] - column);
        gsize rest = first / t->shape[last], offset = column * t->strides[last];

        for (guint i = last; i-- > 0; rest /= t->shape[i])
            offset += rest % t->shape[i] * t->strides[i];
        convert_numbers(t, t->data + offset * size, t->strides[last] * size, n, dst);
        dst += n;
        first += n;
        count -= n;
    }
}

void cnx_tensor_range_to_float(const CnxTensor *tensor, gsize first, gsize count, float *dst)
{
    const gsize size = stored_size(tensor);

    if (tensor->composed)
        tensor->composed->numbers(tensor->composed, first, count, dst);
    else if (tensor->strided && tensor->rank > 0)
        convert_strided(tensor, first, count, dst);
    else
        convert_numbers(tensor, tensor->data + first * size, size, count, dst);
}

void cnx_tensor_to_float(const CnxTensor *tensor, float *dst)
{
    cnx_tensor_range_to_float(tensor, 0, tensor->elements, dst);
}

gboolean cnx_tensor_is_integer(const CnxTensor *tensor)
{
    return find_integer(tensor) >= 0;
}

const char *cnx_tensor_dtype_name(const CnxTensor *tensor)
{
    if (tensor->dtype != CNX_DTYPE_OTHER)
        return cnx_dtype_name(tensor->dtype);
    return tensor->stored ? tensor->stored : "unknown";
}

char *cnx_shape_text(guint rank, const guint64 *shape)
{
    GString *out = g_string_new("[");

    for (guint i = 0; i < rank; i++)
        g_string_append_printf(out, i ? ",%" G_GUINT64_FORMAT : "%" G_GUINT64_FORMAT, shape[i]);
    return g_string_free(g_string_append_c(out, ']'), FALSE);
}
