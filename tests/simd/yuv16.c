/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/yuv16.h"

#include <stdlib.h>

#include "tests/simd/check.h"
#include "tests/simd/pixels.h"

static const char *const layouts[] = {"planar", "uv"};
static const int widths[] = {1,  2,  3,  4,  7,  8,  9,  15, 16,  17,  18,  31,
                             32, 33, 34, 47, 63, 65, 66, 67, 127, 128, 129, 321};
static const int shifts[] = {0, 4, 6, 8};

/* Limited-range BT.2020, which has the largest factors, and full-range BT.601 of 10 bits. */
static const CnxYuvFactors factors[] = {
    {19077, 13752, -1535, -5328, 17546, -1190},
    {16336, 11451, -2811, -5833, 14473, 2},
};

static int64_t scaled(int64_t a, int64_t factor)
{
    return (a * factor + (1 << 14)) >> 15;
}

/* Makes a row of n pixels in guarded buffers that hold exactly the samples it needs. odd: the first
 * pixel is the second of its pair; swap: V before U. */
static CnxYuvRow new_row(Check *t, CnxYuvLayout layout, int n, int odd, int swap)
{
    const size_t size = 2 * ((size_t)(n + odd + 1) / 2); /* bytes of a plane of chroma */
    const size_t first = layout == CNX_YUV_UV ? 2 * size : size;
    uint8_t *y = check_bytes(t, 2 * (size_t)n);
    uint8_t *u = check_bytes(t, first);
    uint8_t *v = layout == CNX_YUV_UV ? u + 2 : check_bytes(t, size);

    pixels_fill(t, y, 2 * (size_t)n);
    pixels_fill(t, u, first);
    if (layout == CNX_YUV_PLANAR)
        pixels_fill(t, v, size);
    return (CnxYuvRow){
        .layout = layout,
        .y = y,
        .u = swap ? v : u,
        .v = swap ? u : v,
        .odd = odd,
    };
}

static int64_t sample(const uint8_t *bytes, int shift)
{
    return (int64_t)(bytes[0] + 256 * bytes[1]) * (1 << shift) % 65536;
}

static void test(Check *t, CnxYuvLayout layout, int n, int odd, int swap, int shift,
                 const CnxYuvFactors *f)
{
    const int step = layout == CNX_YUV_UV ? 4 : 2;

    CHECK_CASE(t, yuv16, "%s n %d odd %d swap %d shift %d", layouts[layout], n, odd, swap, shift);
    const CnxYuvRow row = new_row(t, layout, n, odd, swap);

    check_seal(t);
    uint16_t *dst = (uint16_t *)check_byte_rows(t, 3, 2 * n, 2 * (size_t)n + 6);

    t->k->yuv16(dst, (size_t)n + 3, &row, shift, n, f);
    for (int i = 0; i < n; i++) {
        const int64_t y = scaled(sample(row.y + 2 * i, shift) / 2, f->luma) + f->bias;
        const int64_t u = sample(row.u + (i + odd) / 2 * step, shift) - 32768;
        const int64_t v = sample(row.v + (i + odd) / 2 * step, shift) - 32768;
        const int64_t sums[] = {
            y + scaled(v, f->r_v),
            y + scaled(u, f->g_u) + scaled(v, f->g_v),
            y + scaled(u, f->b_u),
        };

        for (int c = 0; c < 3; c++) {
            const int64_t code = sums[c] >> 2, last = CNX_YUV16_CODES - 1;

            check_value(t, dst[c * ((size_t)n + 3) + i],
                        (double)(code < 0      ? 0
                                 : code > last ? last
                                               : code),
                        0, i, c);
        }
    }
    check_done(t);
}

static void run(Check *t)
{
    for (int layout = 0; layout < 2; layout++) {
        for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
            for (int kind = 0; kind < 4; kind++) {
                for (size_t s = 0; s < sizeof shifts / sizeof *shifts; s++) {
                    test(t, (CnxYuvLayout)layout, widths[i], kind % 2, kind / 2, shifts[s],
                         &factors[0]);
                    test(t, (CnxYuvLayout)layout, widths[i], kind % 2, kind / 2, shifts[s],
                         &factors[1]);
                }
            }
        }
    }
}

/* One row of a central crop of 1080p. */
enum { BENCH_WIDTH = 962 };

typedef struct Bench {
    CnxYuvRow row[2];
    uint16_t *dst;
} Bench;

static void body(const CnxKernels *k, void *data, int turn)
{
    Bench *b = data;

    k->yuv16(b->dst, BENCH_WIDTH, &b->row[turn], 0, BENCH_WIDTH, &factors[0]);
}

static void bench(Check *t)
{
    Bench b = {.dst = malloc(6 * BENCH_WIDTH)};
    uint8_t *bytes[2];

    for (int i = 0; i < 2; i++)
        bytes[i] = (uint8_t *)check_bench_floats(t, BENCH_WIDTH);
    for (int layout = 0; layout < 2; layout++) {
        for (int i = 0; i < 2; i++) {
            const uint8_t *u = bytes[i] + 2 * BENCH_WIDTH;

            b.row[i] = (CnxYuvRow){
                .layout = (CnxYuvLayout)layout,
                .y = bytes[i],
                .u = u,
                .v = layout == CNX_YUV_UV ? u + 2 : u + BENCH_WIDTH,
            };
        }
        check_bench(t, &(CheckBench){"yuv16", 0, NULL, body, &b}, "%s %d", layouts[layout],
                    BENCH_WIDTH);
    }
    free(bytes[0]);
    free(bytes[1]);
    free(b.dst);
}

const CheckSuite check_yuv16 = {"yuv16", run, bench};
