/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "simd/versions.h"

static float clip(float x)
{
    return x > 0 ? x < 1 ? x : 1 : 0;
}

static float mix(const float row[3], const float x[3])
{
    return clip(row[0] * x[0] + row[1] * x[1] + row[2] * x[2]);
}

static uint8_t to_byte(float light, const CnxColourTables *tables)
{
    return tables->byte_of_root[(int)(sqrtf(light) * CNX_COLOURS_ROOTS + 0.5f)];
}

static void look_up(uint8_t *restrict dst, const uint16_t *restrict codes, int n,
                    const uint8_t *restrict table)
{
    for (int i = 0; i < n; i++)
        dst[i] = table[codes[i]];
}

#define BLOCK 32 /* pixels */

/* Whether some of count pixels have a code above white. */
static int has_bright(const uint16_t *codes, size_t n, int count, uint16_t white)
{
    uint16_t bright = 0;

    for (int i = 0; i < count; i++)
        bright |= (codes[i] > white) | (codes[n + i] > white) | (codes[2 * n + i] > white);
    return bright;
}

/* Replaces the first pixel, which has a code above white. */
static void clip_bright(uint8_t *dst, size_t plane, const uint16_t *codes, size_t n,
                        const CnxColourTables *tables)
{
    float light[3], clipped[3];

    for (int c = 0; c < 3; c++)
        light[c] = tables->code_light[codes[c * n]];
    for (int c = 0; c < 3; c++)
        clipped[c] = mix(tables->gamut[c], light);
    if (clipped[0] == 1 && clipped[1] == 1 && clipped[2] == 1) {
        dst[0] = dst[plane] = dst[2 * plane] = 255;
        return;
    }
    for (int c = 0; c < 3; c++)
        dst[c * plane] = to_byte(mix(tables->inverse[c], clipped), tables);
}

void cnx_tone_c(uint8_t *dst, size_t plane, const uint16_t *codes, int n,
                const CnxColourTables *tables)
{
    const uint16_t *g = codes + n, *b = g + n;

    for (int c = 0; c < 3; c++)
        look_up(dst + c * plane, codes + (size_t)c * n, n, tables->tone);
    if (tables->white == CNX_YUV16_CODES - 1)
        return;
    for (int i = 0; i < n; i += BLOCK) {
        const int end = n - i < BLOCK ? n : i + BLOCK;

        if (!has_bright(codes + i, n, end - i, tables->white))
            continue;
        for (int j = i; j < end; j++) {
            if (codes[j] > tables->white || g[j] > tables->white || b[j] > tables->white)
                clip_bright(dst + j, plane, codes + j, n, tables);
        }
    }
}

void cnx_gamut_c(uint8_t *rgb, size_t channel, size_t pixel, int n, const CnxColourTables *tables)
{
    for (int i = 0; i < n; i++, rgb += pixel) {
        float light[3];

        for (int c = 0; c < 3; c++)
            light[c] = tables->byte_light[rgb[c * channel]];
        for (int c = 0; c < 3; c++)
            rgb[c * channel] = to_byte(mix(tables->gamut[c], light), tables);
    }
}
