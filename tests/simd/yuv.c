/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "tests/simd/check.h"
#include "tests/simd/pixels.h"

static const char *const layouts[] = {"planar", "uv", "yuyv", "uyvy"};
static const int widths[] = {1,  2,  3,  4,  15, 16, 17,  18,  31,  32,  33, 34,
                             47, 63, 65, 66, 67, 95, 127, 128, 129, 130, 321};

/* Limited-range BT.2020, which has the largest factors, and full-range BT.601. */
static const CnxYuvFactors factors[] = {
    {19077, 13752, -1535, -5328, 17546, -1160},
    {16384, 11485, -2819, -5850, 14516, 32},
};

static int64_t scaled(int64_t a, int64_t factor)
{
    return (a * factor + (1 << 14)) >> 15;
}

/* Makes a row of n pixels in guarded buffers that hold exactly the samples it needs. odd: the first
 * pixel is the second of its pair; swap: V before U. */
static CnxYuvRow new_row(Check *t, CnxYuvLayout layout, int n, int odd, int swap)
{
    const size_t pairs = (size_t)(n + odd + 1) / 2;
    CnxYuvRow row = {.layout = layout, .odd = odd};

    if (layout == CNX_YUV_PLANAR || layout == CNX_YUV_UV) {
        uint8_t *y = check_bytes(t, n);
        uint8_t *u = check_bytes(t, layout == CNX_YUV_UV ? 2 * pairs : pairs);
        uint8_t *v = layout == CNX_YUV_UV ? u + 1 : check_bytes(t, pairs);

        pixels_fill(t, y, n);
        pixels_fill(t, u, layout == CNX_YUV_UV ? 2 * pairs : pairs);
        if (layout == CNX_YUV_PLANAR)
            pixels_fill(t, v, pairs);
        row.y = y;
        row.u = swap ? v : u;
        row.v = swap ? u : v;
    } else {
        uint8_t *bytes = check_bytes(t, 4 * pairs);
        const int luma = layout == CNX_YUV_UYVY;

        pixels_fill(t, bytes, 4 * pairs);
        row.y = bytes + 2 * odd + luma;
        row.u = bytes + !luma;
        row.v = bytes + !luma + 2;
    }
    return row;
}

static void test(Check *t, CnxYuvLayout layout, int n, int odd, int swap, const CnxYuvFactors *f)
{
    static const int luma_step[] = {1, 1, 2, 2}, chroma_step[] = {1, 2, 4, 4};

    CHECK_CASE(t, yuv, "%s n %d odd %d swap %d", layouts[layout], n, odd, swap);
    const CnxYuvRow row = new_row(t, layout, n, odd, swap);

    check_seal(t);
    uint8_t *dst = check_byte_rows(t, 3, n, (size_t)n + 3);

    t->k->yuv(dst, (size_t)n + 3, &row, n, f);
    for (int i = 0; i < n; i++) {
        const int64_t y = scaled(row.y[i * luma_step[layout]] * 128, f->luma) + f->bias;
        const int64_t u = (row.u[(i + odd) / 2 * chroma_step[layout]] - 128) * 256;
        const int64_t v = (row.v[(i + odd) / 2 * chroma_step[layout]] - 128) * 256;
        const int64_t sums[] = {
            y + scaled(v, f->r_v),
            y + scaled(u, f->g_u) + scaled(v, f->g_v),
            y + scaled(u, f->b_u),
        };

        for (int c = 0; c < 3; c++)
            check_value(t, dst[c * ((size_t)n + 3) + i], pixels_clamp(sums[c] >> CNX_YUV_BITS), 0,
                        i, c);
    }
    check_done(t);
}

static void run(Check *t)
{
    for (int layout = 0; layout < 4; layout++) {
        for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
            for (int odd = 0; odd < 2; odd++) {
                for (int swap = 0; swap <= (layout < CNX_YUV_YUYV); swap++) {
                    test(t, (CnxYuvLayout)layout, widths[i], odd, swap, &factors[0]);
                    test(t, (CnxYuvLayout)layout, widths[i], odd, swap, &factors[1]);
                }
            }
        }
    }
}

/* One row of a central crop of 1080p. */
enum { BENCH_WIDTH = 962 };

typedef struct Bench {
    CnxYuvRow row[2];
    uint8_t *dst;
} Bench;

static void body(const CnxKernels *k, void *data, int turn)
{
    Bench *b = data;

    k->yuv(b->dst, BENCH_WIDTH, &b->row[turn], BENCH_WIDTH, &factors[0]);
}

static void bench(Check *t)
{
    Bench b = {.dst = malloc(3 * BENCH_WIDTH)};
    uint8_t *bytes[2];

    for (int i = 0; i < 2; i++)
        bytes[i] = (uint8_t *)check_bench_floats(t, BENCH_WIDTH);
    for (int layout = 0; layout < 4; layout++) {
        for (int i = 0; i < 2; i++) {
            const int packed = layout >= CNX_YUV_YUYV, luma = layout == CNX_YUV_UYVY;
            uint8_t *u = bytes[i] + (packed ? !luma : BENCH_WIDTH);

            b.row[i] = (CnxYuvRow){
                .layout = (CnxYuvLayout)layout,
                .y = bytes[i] + luma,
                .u = u,
                .v = u + (packed                 ? 2
                          : layout == CNX_YUV_UV ? 1
                                                 : BENCH_WIDTH / 2),
            };
        }
        check_bench(t, &(CheckBench){"yuv", 0, NULL, body, &b}, "%s %d", layouts[layout],
                    BENCH_WIDTH);
    }
    free(bytes[0]);
    free(bytes[1]);
    free(b.dst);
}

const CheckSuite check_yuv = {"yuv", run, bench};
