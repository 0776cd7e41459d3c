/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/colours.h"

#include <math.h>
#include <stdlib.h>

#include "tests/simd/check.h"
#include "tests/simd/pixels.h"

static const int widths[] = {1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 65, 129};

/* A gamut of BT.2020, or none, and tables that are not those of any transfer function. */
static CnxColourTables *new_tables(Check *t, int has_gamut)
{
    static const float gamut[3][3] = {{1.6605f, -0.5876f, -0.0728f},
                                      {-0.1246f, 1.1329f, -0.0083f},
                                      {-0.0182f, -0.1006f, 1.1187f}};
    static const float inverse[3][3] = {
        {0.6274f, 0.3293f, 0.0433f}, {0.0691f, 0.9195f, 0.0114f}, {0.0164f, 0.0880f, 0.8956f}};
    CnxColourTables *tables = (CnxColourTables *)check_floats(t, (sizeof *tables + 3) / 4);

    tables->white = has_gamut ? 2000 : CNX_YUV16_CODES - 1;
    for (int i = 0; i < CNX_YUV16_CODES; i++) {
        tables->tone[i] = (uint8_t)(i * 2654435761u >> 20);
        tables->code_light[i] = (float)pow(i / 2000.0, 3);
    }
    for (int i = 0; i < 256; i++)
        tables->byte_light[i] = (float)pow(i / 255.0, 2.2);
    for (int i = 0; i <= CNX_COLOURS_ROOTS; i++)
        tables->byte_of_root[i] = (uint8_t)lrint(i * 255.0 / CNX_COLOURS_ROOTS);
    for (int i = 0; i < 9; i++) {
        tables->gamut[i / 3][i % 3] = has_gamut ? gamut[i / 3][i % 3] : i % 4 == 0;
        tables->inverse[i / 3][i % 3] = has_gamut ? inverse[i / 3][i % 3] : i % 4 == 0;
    }
    return tables;
}

static double mix(const float row[3], const double x[3])
{
    const double sum = row[0] * x[0] + row[1] * x[1] + row[2] * x[2];

    return sum < 0 ? 0 : sum > 1 ? 1 : sum;
}

/* kind: no pixel is bright, all, some, or all are white. */
static void fill_codes(Check *t, uint16_t *codes, int n, int kind)
{
    for (int i = 0; i < n; i++) {
        const uint16_t any = (uint16_t)(check_random(t) >> 32) % CNX_YUV16_CODES;

        codes[i] = kind == 0   ? any % 2001
                   : kind == 1 ? 2001 + any % 2095
                   : kind == 2 ? any % 2100
                               : 3000 + any % 20;
    }
}

static void test_tone(Check *t, int n, int kind, int has_gamut)
{
    const size_t plane = (size_t)n + 5;

    CHECK_CASE(t, tone, "n %d kind %d gamut %d", n, kind, has_gamut);
    const CnxColourTables *tables = new_tables(t, has_gamut);
    uint16_t *codes = check_bytes(t, 6 * (size_t)n);

    fill_codes(t, codes, 3 * n, kind);
    check_seal(t);
    uint8_t *dst = check_byte_rows(t, 3, n, plane);

    t->k->tone(dst, plane, codes, n, tables);
    for (int i = 0; i < n; i++) {
        double light[3], clipped[3];
        bool is_bright = false;

        for (int c = 0; c < 3; c++) {
            light[c] = tables->code_light[codes[c * n + i]];
            is_bright = is_bright || codes[c * n + i] > tables->white;
        }
        for (int c = 0; c < 3; c++)
            clipped[c] = mix(tables->gamut[c], light);
        for (int c = 0; c < 3; c++) {
            if (is_bright) /* the root's rounding, and the byte's */
                check_value(t, dst[c * plane + i], 255 * sqrt(mix(tables->inverse[c], clipped)),
                            0.6, i, c);
            else
                check_value(t, dst[c * plane + i], tables->tone[codes[c * n + i]], 0, i, c);
        }
    }
    check_done(t);
}

static void test_gamut(Check *t, int n, int is_planar)
{
    const size_t channel = is_planar ? (size_t)n : 1, pixel = is_planar ? 1 : 3;

    CHECK_CASE(t, gamut, "n %d planar %d", n, is_planar);
    const CnxColourTables *tables = new_tables(t, 1);
    uint8_t *src = check_bytes(t, 3 * (size_t)n);

    pixels_fill(t, src, 3 * (size_t)n);
    check_seal(t);
    uint8_t *rgb = check_bytes(t, 3 * (size_t)n);

    for (int i = 0; i < 3 * n; i++)
        rgb[i] = src[i];
    t->k->gamut(rgb, channel, pixel, n, tables);
    for (int i = 0; i < n; i++) {
        double light[3];

        for (int c = 0; c < 3; c++)
            light[c] = tables->byte_light[src[c * channel + i * pixel]];
        for (int c = 0; c < 3; c++)
            check_value(t, rgb[c * channel + i * pixel], 255 * sqrt(mix(tables->gamut[c], light)),
                        0.6, i, c);
    }
    check_done(t);
}

static void run(Check *t)
{
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        for (int kind = 0; kind < 4; kind++) {
            test_tone(t, widths[i], kind, 0);
            test_tone(t, widths[i], kind, 1);
        }
        test_gamut(t, widths[i], 0);
        test_gamut(t, widths[i], 1);
    }
}

/* One row of a central crop of 1080p, and one of the network's input. */
enum { BENCH_WIDTH = 962, BENCH_INPUT = 224 };

typedef struct Bench {
    const CnxColourTables *tables;
    uint16_t *codes;
    uint8_t *dst;
} Bench;

static void tone_body(const CnxKernels *k, void *data, int turn)
{
    Bench *b = data;

    k->tone(b->dst, BENCH_WIDTH, b->codes, BENCH_WIDTH, b->tables);
}

static void gamut_body(const CnxKernels *k, void *data, int turn)
{
    Bench *b = data;

    k->gamut(b->dst, 1, 3, BENCH_INPUT, b->tables);
}

static void bench(Check *t)
{
    static const char *const kinds[] = {"dark", "bright", "mixed", "white"};
    CnxColourTables *tables = malloc(sizeof *tables);
    Bench b = {tables, malloc(6 * BENCH_WIDTH), malloc(3 * BENCH_WIDTH)};

    CHECK_CASE(t, tone, "bench");
    *tables = *new_tables(t, 1);
    check_done(t);
    for (int kind = 0; kind < 4; kind++) {
        fill_codes(t, b.codes, 3 * BENCH_WIDTH, kind);
        check_bench(t, &(CheckBench){"tone", 0, NULL, tone_body, &b}, "%s %d", kinds[kind],
                    BENCH_WIDTH);
    }
    check_bench(t, &(CheckBench){"gamut", 0, NULL, gamut_body, &b}, "%d", BENCH_INPUT);
    free(tables);
    free(b.codes);
    free(b.dst);
}

const CheckSuite check_colours = {"colours", run, bench};
