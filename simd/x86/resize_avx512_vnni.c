/* Resizing with groups of four pixels, as bytes. A weight is split into three signed bytes,
 * w = 65536 b2 + 256 b1 + b0. Their sums may wrap around; combined modulo 2^32 they give the exact
 * sum. Short weights have no b2.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/versions.h"
#include "simd/x86/int_avx512_vnni.h"
#include "simd/x86/resize_loads.inc"

#define GROUP 4

/* The packed weights of a group. */
typedef struct Four {
    int8_t byte[4][4];
} Four;

void VERSION(resize_pack)(void *packed, const int32_t *weights, int n)
{
    for (int i = 0; i < n; i += 4) {
        Four four = {{{0}}};

        for (int j = 0; j < 4; j++) {
            int32_t rest = weights[i + j];

            for (int b = 0; b < 3; b++) {
                four.byte[b][j] = (int8_t)(uint8_t)rest;
                rest = (rest - four.byte[b][j]) / 256;
            }
        }
        memcpy((char *)packed + 4 * (size_t)i, &four, sizeof four);
    }
}

typedef struct Weights {
    Int byte[3];
} Weights;

static inline Weights load_weights(const uint8_t *packed)
{
    return (Weights){{repeat(packed), repeat(packed + 4), repeat(packed + 8)}};
}

typedef struct Sums {
    Int of[4][3];
} Sums;

static inline Sums begin(int bits)
{
    Sums s;

    UNROLL
    for (int i = 0; i < 4; i++) {
        s.of[i][0] = i_set32(1 << (bits - 1)); /* for rounding */
        s.of[i][1] = s.of[i][2] = i_zero();
    }
    return s;
}

static inline void add(Sums *s, int i, Int x, const Weights *w, const int width)
{
    UNROLL
    for (int b = 0; b < width + 1; b++)
        s->of[i][b] = i_add_dot8(s->of[i][b], x, w->byte[b]);
}

static inline Int total(const Sums *s, int i, int bits, const int width)
{
    Int sum = i_add32(s->of[i][0], i_left32(s->of[i][1], 8));

    if (width == 2)
        sum = i_add32(sum, i_left32(s->of[i][2], 16));
    return i_right32_each(sum, i_set32(bits));
}

NOINLINE void widen_plane(Int *vectors, const uint8_t *src, size_t stride)
{
    Int fours[4];

    load_fours(fours, src, stride);
    UNROLL
    for (int i = 0; i < 4; i++)
        i_store(vectors + 3 * i, fours[i]);
}

NOINLINE void widen_pixels(Int *vectors, const uint8_t *src, size_t stride)
{
    const Int planes = i_part(0x0f0b07030e0a0602, 0x0d0905010c080400);
    Int x[4];

    load_rows(x, src, stride);
    UNROLL
    for (int i = 0; i < 4; i++)
        x[i] = i_shuffle8(x[i], planes);

    const Int rg01 = i_unpack_low32(x[0], x[1]), rg23 = i_unpack_low32(x[2], x[3]);
    const Int b01 = i_unpack_high32(x[0], x[1]), b23 = i_unpack_high32(x[2], x[3]);

    i_store(vectors, i_unpack_low64(rg01, rg23));
    i_store(vectors + 1, i_unpack_high64(rg01, rg23));
    i_store(vectors + 2, i_unpack_low64(b01, b23));
}

static inline Int pixel_order(void)
{
    return plane_order();
}

static inline void interleave(Int fours[4], const Int rows[GROUP])
{
    const Int ab0 = i_unpack_low8(rows[0], rows[1]), ab1 = i_unpack_high8(rows[0], rows[1]);
    const Int cd0 = i_unpack_low8(rows[2], rows[3]), cd1 = i_unpack_high8(rows[2], rows[3]);

    fours[0] = i_unpack_low16(ab0, cd0);
    fours[1] = i_unpack_high16(ab0, cd0);
    fours[2] = i_unpack_low16(ab1, cd1);
    fours[3] = i_unpack_high16(ab1, cd1);
}

#include "simd/x86/resize_passes.inc"
