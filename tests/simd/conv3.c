/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simd/activation.h"
#include "tests/simd/check.h"

#define COUNT(a) (int)(sizeof(a) / sizeof(a)[0])

typedef struct Case {
    int h, w, k, n, dilation, y0, y1;
    size_t lda, ldc, ldw; /* floats */
    bool bias, accumulate;
    CnxAct act;
    CheckFill fill;
    int split; /* channels of the first of two calls, or n for a single call */
} Case;

static int pick(Check *t, int count)
{
    return (int)(check_random(t) % (uint64_t)count);
}

/* Picks everything except the sizes and the fill at random. */
static Case make_case(Check *t, int h, int w, int k, int n, int dilation, CheckFill fill)
{
    static const int gaps[] = {0, 0, 1, 5, 16};
    const int panel = t->k->gemm_panel, panels = n / panel;
    Case p = {.h = h, .w = w, .k = k, .n = n, .dilation = dilation, .y1 = h, .fill = fill};

    if (pick(t, 2)) {
        p.y0 = pick(t, h);
        p.y1 = p.y0 + 1 + pick(t, h - p.y0);
    }
    p.lda = (size_t)(k + gaps[pick(t, COUNT(gaps))]);
    p.ldc = (size_t)(n + gaps[pick(t, COUNT(gaps))]);
    p.ldw = (size_t)9 * k + (size_t)(9 * pick(t, 2));
    p.bias = pick(t, 4) != 0;
    p.accumulate = pick(t, 2);
    p.act = pick(t, 2) ? CNX_ACT_RELU : pick(t, 4) ? CNX_ACT_NONE : CNX_ACT_GELU;
    p.split = panels > 1 && pick(t, 2) ? panel * (1 + pick(t, panels - 1)) : n;
    return p;
}

/* Returns the sum of the taps; scale receives the sum of the terms' magnitudes. */
static double sum_taps(const Case *p, const float *a, const float *w, int y, int x, double *scale)
{
    double sum = 0;

    *scale = 0;
    for (int tap = 0; tap < 9; tap++) {
        const int sy = y + (tap / 3 - 1) * p->dilation, sx = x + (tap % 3 - 1) * p->dilation;

        if (sy < 0 || sy >= p->h || sx < 0 || sx >= p->w)
            continue;
        for (int l = 0; l < p->k; l++) {
            double term = (double)a[((size_t)sy * p->w + sx) * p->lda + l] * w[9 * l + tap];

            sum += term;
            *scale += fabs(term);
        }
    }
    return sum;
}

/* w: [n, k, 3, 3]; old: c before the call */
static void check_map(Check *t, const Case *p, const CnxConv3 *conv, const float *w,
                      const float *old)
{
    for (int y = p->y0; y < p->y1; y++) {
        for (int x = 0; x < p->w; x++) {
            const size_t pixel = ((size_t)(y - p->y0) * p->w + x) * p->ldc;

            for (int j = 0; j < p->n; j++) {
                double scale, sum = sum_taps(p, conv->a, w + j * p->ldw, y, x, &scale), tolerance;
                double bias = conv->bias ? conv->bias[j] : 0,
                       c = p->accumulate ? old[pixel + j] : 0;
                double want = check_act(p->act, sum + bias + c);

                scale += fabs(bias) + fabs(c);
                tolerance = (9 * p->k + 2) * (CHECK_EPS / 2 * scale + 0x1p-149);
                if (p->act == CNX_ACT_GELU)
                    tolerance = 1.13 * tolerance + check_act_tolerance(p->act, want);
                check_value(t, conv->c[pixel + j], want, tolerance, (y << 16) + x, j);
            }
        }
    }
}

static void convolve(Check *t, const Case *p, CnxConv3 conv)
{
    CnxConv3 right = conv;
    const int j = p->split;

    conv.n = j;
    t->k->conv3(&conv);
    if (j == p->n)
        return;
    right.n = p->n - j;
    right.packed = (const char *)conv.packed + t->k->conv3_packed_size(j, p->k);
    right.bias = conv.bias ? conv.bias + j : NULL;
    right.c += j;
    t->k->conv3(&right);
}

static float *new_rows(Check *t, int rows, int cols, size_t stride, CheckFill fill)
{
    float *x = check_rows(t, rows, cols, stride);

    check_fill_rows(t, x, rows, cols, stride, fill);
    return x;
}

static void test(Check *t, const Case *p)
{
    static const char *const acts[] = {"none", "gelu", "gelu_tanh", "silu", "relu"};
    const int pixels = (p->y1 - p->y0) * p->w;

    CHECK_CASE(t, conv3,
               "%dx%d k %d n %d d %d y %d..%d lda %zu ldc %zu split %d act %s bias %d %s %s", p->h,
               p->w, p->k, p->n, p->dilation, p->y0, p->y1, p->lda, p->ldc, p->split, acts[p->act],
               p->bias, p->accumulate ? "accumulate" : "overwrite", check_fill_name(p->fill));
    float *w = new_rows(t, p->n, 9 * p->k, p->ldw, CHECK_NORMAL);
    float *packed = check_aligned(t, t->k->conv3_packed_size(p->n, p->k) / sizeof(float));
    CnxConv3 conv = {p->h,   p->w,   p->k, p->n, p->dilation, p->y0,         p->y1, NULL,
                     p->lda, packed, NULL, NULL, p->ldc,      p->accumulate, p->act};

    t->k->conv3_pack(packed, w, p->ldw, p->n, p->k);
    conv.a = new_rows(t, p->h * p->w, p->k, p->lda, p->fill);
    if (p->bias)
        conv.bias = new_rows(t, 1, p->n, p->n, CHECK_NORMAL);
    check_seal(t);
    conv.c = new_rows(t, pixels, p->n, p->ldc, CHECK_NORMAL);
    float *old = check_rows(t, pixels, p->n, p->ldc);

    for (int i = 0; i < pixels; i++)
        memcpy(old + i * p->ldc, conv.c + i * p->ldc, p->n * sizeof *old);
    convolve(t, p, conv);
    check_map(t, p, &conv, w, old);
    check_done(t);
}

/* Weights on their own: the size of a range of channels, and its alignment. */
static void test_pack(Check *t, int n, int k)
{
    const int panel = t->k->gemm_panel;
    const size_t size = t->k->conv3_packed_size(n, k);

    CHECK_CASE(t, conv3_packed_size, "n %d k %d", n, k);
    check_true(t, size >= (size_t)9 * n * k * sizeof(float), "%zu bytes cannot hold the weights",
               size);
    for (int j = panel; j < n; j += panel)
        check_true(t, panel == 1 || t->k->conv3_packed_size(j, k) % 64 == 0,
                   "channel %d does not start 64-byte aligned", j);
    check_done(t);

    CHECK_CASE(t, conv3_pack, "n %d k %d", n, k);
    float *w = new_rows(t, n, 9 * k, (size_t)9 * k, CHECK_HOSTILE);

    check_seal(t);
    t->k->conv3_pack(check_aligned(t, size / sizeof(float)), w, (size_t)9 * k, n, k);
    check_done(t);
}

static void run(Check *t)
{
    static const int maps[][2] = {{1, 1}, {1, 9}, {5, 1}, {2, 3}, {5, 7}, {3, 19}};
    static const int channels[] = {1, 3, 8, 17, 48, 100};

    for (int i = 0; i < COUNT(channels); i++) {
        for (int j = 0; j < COUNT(maps); j++) {
            const int n = channels[pick(t, COUNT(channels))], d = 1 + pick(t, 3);
            const Case p = make_case(t, maps[j][0], maps[j][1], channels[i], n, d, CHECK_NORMAL);

            test(t, &p);
        }
        test_pack(t, channels[i], 1 + pick(t, 40));
    }
    for (int fill = 0; fill < CHECK_FILLS; fill++) {
        const Case p = make_case(t, 4, 5, 7, 1 + pick(t, 60), 1 + pick(t, 2), (CheckFill)fill);

        test(t, &p);
    }
    for (int i = 0; i < 2; i++) { /* several blocks of k */
        Case p = make_case(t, 3, 2, 300, 5, 1, CHECK_NORMAL);

        p.accumulate = i;
        test(t, &p);
    }
}

typedef struct Bench {
    CnxConv3 conv[2];
    float *w, *packed;
} Bench;

static void prepare(const CnxKernels *k, void *data)
{
    Bench *b = data;
    const CnxConv3 *conv = &b->conv[0];
    const size_t size = k->conv3_packed_size(conv->n, conv->k);

    free(b->packed);
    b->packed = aligned_alloc(64, (size + 63) / 64 * 64);
    k->conv3_pack(b->packed, b->w, (size_t)9 * conv->k, conv->n, conv->k);
    b->conv[0].packed = b->conv[1].packed = b->packed;
}

static void body(const CnxKernels *k, void *data, int turn)
{
    const Bench *b = data;

    k->conv3(&b->conv[turn]);
}

static void bench_shape(Check *t, int side, int k, int n)
{
    const size_t pixels = (size_t)side * side;
    float *bias = check_bench_floats(t, n);
    Bench b = {.w = check_bench_floats(t, (size_t)9 * k * n)};

    for (int i = 0; i < 2; i++)
        b.conv[i] = (CnxConv3){.h = side,
                               .w = side,
                               .k = k,
                               .n = n,
                               .dilation = 1,
                               .y1 = side,
                               .a = check_bench_floats(t, pixels * k),
                               .lda = (size_t)k,
                               .bias = bias,
                               .c = check_bench_floats(t, pixels * n),
                               .ldc = (size_t)n,
                               .act = CNX_ACT_RELU};
    check_bench(t, &(CheckBench){"conv3", 18.0 * pixels * k * n, prepare, body, &b},
                "%dx%d %d -> %d", side, side, k, n);
    for (int i = 0; i < 2; i++) {
        free((void *)b.conv[i].a);
        free(b.conv[i].c);
    }
    free(b.packed);
    free(b.w);
    free(bias);
}

/* Layers of UPerNet, of a feature pyramid and of Unet. */
static void bench(Check *t)
{
    bench_shape(t, 64, 512, 512);
    bench_shape(t, 64, 256, 256);
    bench_shape(t, 16, 512, 512);
    bench_shape(t, 64, 64, 64);
    bench_shape(t, 128, 32, 16);
}

const CheckSuite check_conv3 = {"conv3", run, bench};
