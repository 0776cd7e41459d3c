/* The transforms against the method's matrices in double, and the three together against a
 * convolution, so that an error in the matrices of this file cannot hide one in the kernels.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simd/activation.h"
#include "tests/simd/check.h"

#define COUNT(a) (int)(sizeof(a) / sizeof(a)[0])

typedef struct Matrices {
    double input[6][6], weight[6][3], output[4][6];
} Matrices;

static const Matrices two = {
    {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}},
    {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}},
    {{1, 1, 1, 0}, {0, 1, -1, -1}},
};

static const Matrices four = {
    {{4, 0, -5, 0, 1, 0},
     {0, -4, -4, 1, 1, 0},
     {0, 4, -4, -1, 1, 0},
     {0, -2, -1, 2, 1, 0},
     {0, 2, -1, -2, 1, 0},
     {0, 4, 0, -5, 0, 1}},
    {{1. / 4, 0, 0},
     {-1. / 6, -1. / 6, -1. / 6},
     {-1. / 6, 1. / 6, -1. / 6},
     {1. / 24, 1. / 12, 1. / 6},
     {1. / 24, -1. / 12, 1. / 6},
     {0, 0, 1}},
    {{1, 1, 1, 1, 1, 0}, {0, 1, -1, 2, -2, 0}, {0, 1, 1, 4, 4, 0}, {0, 1, -1, 8, -8, 1}},
};

typedef struct Case {
    int s, h, w, channels, t0, t1;
    size_t ld, ldt, plane; /* of the map's pixels, of the transformed tiles, of their planes */
    CheckFill fill;
} Case;

static int pick(Check *t, int count)
{
    return (int)(check_random(t) % (uint64_t)count);
}

static Case make_case(Check *t, int s, int h, int w, int channels, CheckFill fill)
{
    static const int gaps[] = {0, 0, 3, 16};
    const int tiles = ((h + s - 1) / s) * ((w + s - 1) / s);
    Case p = {.s = s, .h = h, .w = w, .channels = channels, .t1 = tiles, .fill = fill};

    if (pick(t, 2)) {
        p.t0 = pick(t, tiles);
        p.t1 = p.t0 + 1 + pick(t, tiles - p.t0);
    }
    p.ld = (size_t)(channels + gaps[pick(t, COUNT(gaps))]);
    p.ldt = (size_t)(channels + gaps[pick(t, COUNT(gaps))]);
    p.plane = (size_t)(p.t1 - p.t0) * p.ldt + (size_t)gaps[pick(t, COUNT(gaps))];
    return p;
}

/* dst = m x m^T; scale receives the same for magnitudes. m: [rows, r]; x: [r, r]; dst, scale:
 * [rows, rows]. Terms whose factor is zero do not count. */
static void transform(const double m[][6], int rows, int r, const double *x, double *dst,
                      double *scale)
{
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < rows; j++) {
            double sum = 0, magnitude = 0;

            for (int l = 0; l < r * r; l++) {
                const double factor = m[i][l / r] * m[j][l % r];

                if (factor != 0) {
                    sum += factor * x[l];
                    magnitude += fabs(factor * x[l]);
                }
            }
            dst[i * rows + j] = sum;
            scale[i * rows + j] = magnitude;
        }
    }
}

static const Matrices *matrices_of(const Case *p)
{
    return p->s == 2 ? &two : &four;
}

/* The pixel of tile t; row and column count from the tile's first pixel. Zero outside the map. */
static const float *pixel_of(const Case *p, const float *map, int t, int row, int column)
{
    const int across = (p->w + p->s - 1) / p->s;
    const int y = t / across * p->s + row, x = t % across * p->s + column;

    if (y < 0 || y >= p->h || x < 0 || x >= p->w)
        return NULL;
    return map + ((size_t)y * p->w + x) * p->ld;
}

static void test_input(Check *t, const Case *p)
{
    const int r = p->s + 2, tiles = p->t1 - p->t0;
    const size_t floats =
        (size_t)(r * r - 1) * p->plane + (size_t)(tiles - 1) * p->ldt + p->channels;

    check_case(t, p->s == 2 ? CHECK_ID_winograd2_input : CHECK_ID_winograd4_input,
               p->s == 2 ? "winograd2_input" : "winograd4_input",
               "%dx%d k %d tiles %d..%d lda %zu ldv %zu plane %zu %s", p->h, p->w, p->channels,
               p->t0, p->t1, p->ld, p->ldt, p->plane, check_fill_name(p->fill));
    float *a = check_rows(t, p->h * p->w, p->channels, p->ld);

    check_fill_rows(t, a, p->h * p->w, p->channels, p->ld, p->fill);
    check_seal(t);
    float *v = check_floats(t, floats);
    const CnxWinogradInput input = {p->h, p->w,  p->channels, p->t0,  p->t1,
                                    a,    p->ld, v,           p->ldt, p->plane};

    (p->s == 2 ? t->k->winograd2_input : t->k->winograd4_input)(&input);
    for (int i = 0; i < tiles; i++) {
        for (int l = 0; l < p->channels; l++) {
            double d[36], want[36], scale[36];

            for (int j = 0; j < r * r; j++) {
                const float *pixel = pixel_of(p, a, p->t0 + i, j / r - 1, j % r - 1);

                d[j] = pixel ? pixel[l] : 0;
            }
            transform(matrices_of(p)->input, r, r, d, want, scale);
            for (int j = 0; j < r * r; j++)
                check_value(t, v[j * p->plane + i * p->ldt + l], want[j],
                            8 * (CHECK_EPS / 2 * scale[j] + 0x1p-149), (p->t0 + i) * 64 + j, l);
        }
    }
    check_done(t);
}

/* Checks the pixels of tile i, channel l. old: the map before the call. */
static void check_tile(Check *t, const Case *p, const CnxWinogradOutput *output, const float *old,
                       int i, int l)
{
    const int s = p->s, r = s + 2;
    double m[36], want[16], scale[16];

    for (int j = 0; j < r * r; j++)
        m[j] = output->m[j * p->plane + i * p->ldt + l];
    transform(matrices_of(p)->output, s, r, m, want, scale);
    for (int j = 0; j < s * s; j++) {
        const float *pixel = pixel_of(p, output->c, p->t0 + i, j / s, j % s);
        double bias = output->bias ? output->bias[l] : 0, c, tolerance, value;

        if (!pixel)
            continue;
        c = output->accumulate ? old[pixel - output->c + l] : 0;
        value = check_act(output->act, want[j] + bias + c);
        tolerance = 10 * (CHECK_EPS / 2 * (scale[j] + fabs(bias) + fabs(c)) + 0x1p-149);
        if (output->act == CNX_ACT_GELU)
            tolerance = 1.13 * tolerance + check_act_tolerance(output->act, value);
        check_value(t, pixel[l], value, tolerance, (p->t0 + i) * 16 + j, l);
    }
}

static void test_output(Check *t, const Case *p)
{
    static const CnxAct acts[] = {CNX_ACT_NONE, CNX_ACT_RELU, CNX_ACT_RELU, CNX_ACT_GELU};
    const int r = p->s + 2, tiles = p->t1 - p->t0, pixels = p->h * p->w;
    const size_t floats =
        (size_t)(r * r - 1) * p->plane + (size_t)(tiles - 1) * p->ldt + p->channels;
    CnxWinogradOutput output = {.h = p->h,
                                .w = p->w,
                                .n = p->channels,
                                .t0 = p->t0,
                                .t1 = p->t1,
                                .ldm = p->ldt,
                                .plane = p->plane,
                                .ldc = p->ld,
                                .accumulate = pick(t, 2),
                                .act = acts[pick(t, COUNT(acts))]};

    check_case(t, p->s == 2 ? CHECK_ID_winograd2_output : CHECK_ID_winograd4_output,
               p->s == 2 ? "winograd2_output" : "winograd4_output",
               "%dx%d n %d tiles %d..%d ldc %zu ldm %zu plane %zu act %d accumulate %d %s", p->h,
               p->w, p->channels, p->t0, p->t1, p->ld, p->ldt, p->plane, (int)output.act,
               output.accumulate, check_fill_name(p->fill));
    float *m = check_floats(t, floats), *bias = check_floats(t, p->channels);

    check_fill(t, m, floats, p->fill);
    check_fill(t, bias, p->channels, CHECK_NORMAL);
    check_seal(t);
    float *c = check_rows(t, pixels, p->channels, p->ld), *old = check_floats(t, pixels * p->ld);

    check_fill_rows(t, c, pixels, p->channels, p->ld, CHECK_NORMAL);
    for (int i = 0; i < pixels; i++)
        memcpy(old + i * p->ld, c + i * p->ld, p->channels * sizeof *c);
    output.m = m;
    output.bias = pick(t, 4) ? bias : NULL;
    output.c = c;
    (p->s == 2 ? t->k->winograd2_output : t->k->winograd4_output)(&output);
    for (int i = 0; i < tiles; i++) {
        for (int l = 0; l < p->channels; l++)
            check_tile(t, p, &output, old, i, l);
    }
    for (int tile = 0; tile < p->t0; tile++) /* other tiles keep their values */
        for (int j = 0; j < p->s * p->s; j++) {
            const float *pixel = pixel_of(p, c, tile, j / p->s, j % p->s);

            check_true(t, !pixel || memcmp(pixel, old + (pixel - c), p->channels * sizeof *c) == 0,
                       "tile %d is overwritten", tile);
        }
    check_done(t);
}

static void test_weights(Check *t, int s, int n, int k)
{
    const Matrices *m = s == 2 ? &two : &four;
    const int r = s + 2, element = pick(t, r * r);
    const size_t ldw = (size_t)9 * (k + pick(t, 2));

    check_case(t, s == 2 ? CHECK_ID_winograd2_weights : CHECK_ID_winograd4_weights,
               s == 2 ? "winograd2_weights" : "winograd4_weights", "n %d k %d ldw %zu element %d",
               n, k, ldw, element);
    float *w = check_rows(t, n, 9 * k, ldw);

    check_fill_rows(t, w, n, 9 * k, ldw, CHECK_NORMAL);
    check_seal(t);
    float *u = check_floats(t, (size_t)n * k);

    (s == 2 ? t->k->winograd2_weights : t->k->winograd4_weights)(u, w, ldw, n, k, element);
    for (int j = 0; j < n; j++) {
        for (int l = 0; l < k; l++) {
            double want = 0;

            for (int i = 0; i < 9; i++)
                want += m->weight[element / r][i / 3] * w[j * ldw + 9 * l + i] *
                        m->weight[element % r][i % 3];
            check_value(t, u[j * k + l], want, CHECK_EPS * fabs(want), j, l);
        }
    }
    check_done(t);
}

/* One tile of one channel through all three transforms is a convolution. */
static void test_convolution(Check *t, int s)
{
    const int r = s + 2;
    float u[36], v[36], product[36], *w, *a, *c;
    CnxWinogradInput input = {.h = s, .w = s, .k = 1, .t1 = 1, .lda = 1, .ldv = 1, .plane = 1};
    CnxWinogradOutput output = {.h = s, .w = s, .n = 1, .t1 = 1, .ldm = 1, .plane = 1, .ldc = 1};

    check_case(t, s == 2 ? CHECK_ID_winograd2_output : CHECK_ID_winograd4_output, "convolution",
               "%dx%d", s, s);
    w = check_floats(t, 9);
    a = check_floats(t, s * s);
    c = check_floats(t, s * s);
    check_fill(t, w, 9, CHECK_NORMAL);
    check_fill(t, a, s * s, CHECK_NORMAL);
    input.a = a;
    input.v = v;
    output.m = product;
    output.c = c;
    (s == 2 ? t->k->winograd2_input : t->k->winograd4_input)(&input);
    for (int i = 0; i < r * r; i++) {
        (s == 2 ? t->k->winograd2_weights : t->k->winograd4_weights)(&u[i], w, 9, 1, 1, i);
        product[i] = u[i] * v[i];
    }
    (s == 2 ? t->k->winograd2_output : t->k->winograd4_output)(&output);
    for (int i = 0; i < s * s; i++) {
        double want = 0;

        for (int tap = 0; tap < 9; tap++) {
            const int y = i / s + tap / 3 - 1, x = i % s + tap % 3 - 1;

            if (y >= 0 && y < s && x >= 0 && x < s)
                want += (double)a[y * s + x] * w[tap];
        }
        check_value(t, c[i], want, 2e-5, i / s, i % s);
    }
    check_done(t);
}

static void run(Check *t)
{
    static const int maps[][2] = {{1, 1}, {1, 9}, {2, 3}, {5, 7}, {9, 4}, {11, 13}};
    static const int channels[] = {1, 3, 8, 17, 48, 100};

    for (int s = 2; s <= 4; s += 2) {
        for (int i = 0; i < COUNT(maps); i++) {
            const int c = channels[pick(t, COUNT(channels))];
            const Case p = make_case(t, s, maps[i][0], maps[i][1], c, CHECK_NORMAL);

            test_input(t, &p);
            test_output(t, &p);
        }
        for (int i = 0; i < COUNT(channels); i++) {
            const Case p = make_case(t, s, 5, 6, channels[i], CHECK_NORMAL);

            test_input(t, &p);
            test_output(t, &p);
            test_weights(t, s, 1 + pick(t, 5), channels[i]);
        }
        for (int fill = 0; fill < CHECK_FILLS; fill++) {
            const Case p = make_case(t, s, 7, 5, 1 + pick(t, 40), (CheckFill)fill);

            test_input(t, &p);
            test_output(t, &p);
        }
        test_convolution(t, s);
    }
}

typedef struct Bench {
    int s;
    CnxWinogradInput input;
    CnxWinogradOutput output;
    float *v[2];
} Bench;

static void input_body(const CnxKernels *k, void *data, int turn)
{
    Bench *b = data;

    b->input.v = b->v[turn];
    (b->s == 2 ? k->winograd2_input : k->winograd4_input)(&b->input);
}

static void output_body(const CnxKernels *k, void *data, int turn)
{
    Bench *b = data;

    b->output.m = b->v[turn];
    (b->s == 2 ? k->winograd2_output : k->winograd4_output)(&b->output);
}

/* A strip of tiles of a layer of UPerNet. */
static void bench(Check *t)
{
    const int side = 64, channels = 512, tiles = 32;
    float *a = check_bench_floats(t, (size_t)side * side * channels);
    float *c = check_bench_floats(t, (size_t)side * side * channels);
    float *bias = check_bench_floats(t, channels);

    for (int s = 2; s <= 4; s += 2) {
        const size_t ld = (size_t)channels + 16, plane = (size_t)tiles * ld + 16;
        Bench b = {.s = s,
                   .input = {side, side, channels, 0, tiles, a, (size_t)channels, NULL, ld, plane},
                   .output = {side, side, channels, 0, tiles, NULL, ld, plane, bias, c,
                              (size_t)channels, false, CNX_ACT_RELU}};

        for (int i = 0; i < 2; i++)
            b.v[i] = check_bench_floats(t, plane * (s + 2) * (s + 2));
        check_bench(
            t,
            &(CheckBench){s == 2 ? "winograd2_input" : "winograd4_input", 0, NULL, input_body, &b},
            "%d tiles %d", tiles, channels);
        check_bench(t,
                    &(CheckBench){s == 2 ? "winograd2_output" : "winograd4_output", 0, NULL,
                                  output_body, &b},
                    "%d tiles %d", tiles, channels);
        free(b.v[0]);
        free(b.v[1]);
    }
    free(a);
    free(c);
    free(bias);
}

const CheckSuite check_winograd = {"winograd", run, bench};
