/* The tile instructions of tile_amx.h, emulated in C for tests on processors without them. Rounds
 * to nearest even and flushes denormals, as the instructions do.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "simd/x86/emulated_bf16.h"
#include "simd/x86/tile_config.h"

typedef struct EmulatedTile {
    uint8_t row[16][64];
} EmulatedTile;

/* Whether the tiles of this thread are configured; one variable for all files. */
_Thread_local __attribute__((weak)) bool cnx_emulated_is_configured;

static _Thread_local TileConfig emulated_config;
static _Thread_local EmulatedTile emulated[8];

static inline void tiles_configure(const TileConfig *config)
{
    cnx_emulated_is_configured = true;
    emulated_config = *config;
    memset(emulated, 0, sizeof emulated);
}

static inline void tiles_release(void)
{
    cnx_emulated_is_configured = false;
    memset(&emulated_config, 0, sizeof emulated_config);
}

static inline void tile_zero(int t)
{
    memset(&emulated[t], 0, sizeof emulated[t]);
}

static inline void tile_load(int t, const void *p, size_t stride)
{
    tile_zero(t);
    for (int i = 0; i < emulated_config.rows[t]; i++)
        memcpy(emulated[t].row[i], (const char *)p + i * stride, emulated_config.row_bytes[t]);
}

static inline void tile_store(int t, void *p, size_t stride)
{
    for (int i = 0; i < emulated_config.rows[t]; i++)
        memcpy((char *)p + i * stride, emulated[t].row[i], emulated_config.row_bytes[t]);
}

static inline uint16_t emulated_bits(const uint8_t *p)
{
    uint16_t bits;

    memcpy(&bits, p, sizeof bits);
    return bits;
}

/* c[m][n] += sum_k a[m][k] b[k/2][n][k%2]; even and odd k are summed separately, as the manual
 * describes. */
static inline void tile_dot_bf16(int c, int a, int b)
{
    const int rows = emulated_config.rows[c], pairs = emulated_config.row_bytes[a] / 4;
    const int columns = emulated_config.row_bytes[c] / 4;

    for (int m = 0; m < rows; m++) {
        for (int n = 0; n < columns; n++) {
            float sum[2] = {0, 0}, total;

            for (int k = 0; k < pairs; k++) {
                for (int i = 0; i < 2; i++)
                    sum[i] = emulated_bf16_fma(emulated_bits(emulated[a].row[m] + 4 * k + 2 * i),
                                               emulated_bits(emulated[b].row[k] + 4 * n + 2 * i),
                                               sum[i]);
            }
            memcpy(&total, emulated[c].row[m] + 4 * n, sizeof total);
            total = emulated_flushed(emulated_flushed(total) + emulated_flushed(sum[0] + sum[1]));
            memcpy(emulated[c].row[m] + 4 * n, &total, sizeof total);
        }
    }
}

/* c[m][n] += sum_k a[m][k] b[k/4][n][k%4], of unsigned a and signed b */
static inline void tile_dot_int8(int c, int a, int b)
{
    const int rows = emulated_config.rows[c], fours = emulated_config.row_bytes[a] / 4;
    const int columns = emulated_config.row_bytes[c] / 4;

    for (int m = 0; m < rows; m++) {
        for (int n = 0; n < columns; n++) {
            int32_t total;

            memcpy(&total, emulated[c].row[m] + 4 * n, sizeof total);
            for (int k = 0; k < 4 * fours; k++)
                total += emulated[a].row[m][k] * (int8_t)emulated[b].row[k / 4][4 * n + k % 4];
            memcpy(emulated[c].row[m] + 4 * n, &total, sizeof total);
        }
    }
}
