/* The peak of the instructions on tiles. Two tiles of activations and two of weights take part, as
 * in the products.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/versions.h"
#include "simd/x86/tiles.h"

#define SIDE 16
#define TILE_BYTES 1024
#define SUMS (4 * SIDE * SIDE) /* of four bytes each */

static void load_ones(uint32_t ones)
{
    TileConfig config = {.palette = 1};
    uint32_t tile[SIDE * SIDE];

    for (int i = 0; i < SIDE * SIDE; i++)
        tile[i] = ones;
    for (int t = 0; t < 8; t++) {
        config.row_bytes[t] = 64;
        config.rows[t] = SIDE;
    }
    tiles_configure(&config);
    tile_zero(0);
    tile_zero(1);
    tile_zero(2);
    tile_zero(3);
    tile_load(4, tile, 64);
    tile_load(5, tile, 64);
    tile_load(6, tile, 64);
    tile_load(7, tile, 64);
}

/* sums: [SUMS] */
static void store_sums(void *sums)
{
    char *to = sums;

    tile_store(0, to, 64);
    tile_store(1, to + TILE_BYTES, 64);
    tile_store(2, to + 2 * TILE_BYTES, 64);
    tile_store(3, to + 3 * TILE_BYTES, 64);
    tiles_release();
}

/* bytes: whether to multiply bytes or bf16; a constant where inlined. */
INLINE double multiply_ones(int steps, const int bytes)
{
    int32_t integers[SUMS];
    float floats[SUMS];
    double total = 0;

    load_ones(bytes ? 0x01010101 : 0x3f803f80);
    for (int i = 0; i < steps; i++) {
        if (bytes) {
            tile_dot_int8(0, 4, 6);
            tile_dot_int8(1, 4, 7);
            tile_dot_int8(2, 5, 6);
            tile_dot_int8(3, 5, 7);
        } else {
            tile_dot_bf16(0, 4, 6);
            tile_dot_bf16(1, 4, 7);
            tile_dot_bf16(2, 5, 6);
            tile_dot_bf16(3, 5, 7);
        }
    }
    store_sums(bytes ? (void *)integers : floats);
    for (int i = 0; i < SUMS; i++)
        total += bytes ? (double)integers[i] : (double)floats[i];
    return total;
}

double VERSION(peak_int8)(int steps)
{
    return multiply_ones(steps, 1);
}

double VERSION(peak_bf16)(int steps)
{
    return multiply_ones(steps, 0);
}
