/* Converts stored numbers to float exactly, except F64, which is rounded to nearest.
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

/* Converts n numbers that are step bytes apart. */
static void convert_numbers(CnxDtype dtype, const guint8 *src, gsize step, gsize n, float *dst)
{
    switch (dtype) {
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
    case CNX_DTYPE_OTHER:
        g_assert_not_reached();
    }
}

/* Converts the dimensions from i on. Returns the end of the floats written to dst. */
static float *convert_strided(const CnxTensor *t, guint i, const guint8 *src, float *dst)
{
    const gsize step = i < t->rank ? t->strides[i] * cnx_dtype_size(t->dtype) : 0;
    const gsize n = i < t->rank ? t->shape[i] : 1;

    if (i + 1 >= t->rank) {
        convert_numbers(t->dtype, src, step, n, dst);
        return dst + n;
    }
    for (gsize k = 0; k < n; k++)
        dst = convert_strided(t, i + 1, src + step * k, dst);
    return dst;
}

void cnx_tensor_to_float(const CnxTensor *tensor, float *dst)
{
    if (tensor->strided && tensor->elements)
        convert_strided(tensor, 0, tensor->data, dst);
    else
        convert_numbers(tensor->dtype, tensor->data, cnx_dtype_size(tensor->dtype),
                        tensor->elements, dst);
}

void cnx_tensor_rows_to_float(const CnxTensor *tensor, gsize first, gsize count, float *dst)
{
    const gsize row = tensor->elements / tensor->shape[0];
    const gsize step = tensor->strided ? tensor->strides[0] : row;
    CnxTensor rows = *tensor;

    g_assert(first + count <= tensor->shape[0]);
    rows.shape[0] = count;
    rows.elements = row * count;
    rows.data += first * step * cnx_dtype_size(tensor->dtype);
    cnx_tensor_to_float(&rows, dst);
}

char *cnx_shape_text(guint rank, const guint64 *shape)
{
    GString *out = g_string_new("[");

    for (guint i = 0; i < rank; i++)
        g_string_append_printf(out, i ? ",%" G_GUINT64_FORMAT : "%" G_GUINT64_FORMAT, shape[i]);
    return g_string_free(g_string_append_c(out, ']'), FALSE);
}
