/* Times each way of computing a 3x3 convolution: bench-conv [--threads THREADS] [HEIGHT WIDTH K
 * N]...
 *
 * Without shapes, layers of UPerNet, feature pyramids and Unet. Each round runs the ways and the
 * peak of the core (simd/peak.h) in turns. One thread is timed in CPU time, because other processes
 * share most machines, several in real time. A line has, for each way, the median time in ms and,
 * in parentheses, the shortest; then the multiplications that are left as a share of the peak of as
 * many cores as there are threads, median of the rounds. The rule of cnx_conv_choose() follows from
 * this table; a star marks its choice.
 *
 * With one thread, the last column is a matrix product of the same size, [pixels, 9 K] times
 * [9 K, N], whose rows overlap in memory as the taps of a convolution do. The direct way can hardly
 * be faster.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/isa.h"
#include "model/base/memory.h"
#include "model/dense/conv.h"
#include "model/network/products.h"
#include "model/threads/threads.h"
#include "tests/bench/clock.h"

#define ROUNDS 9
#define WAYS 3
#define PEAK_STEPS 100000

static const double multiplications[WAYS] = {9, 4, 2.25}; /* of a weight and a pixel */

typedef struct Shape {
    guint height, width, k, n;
} Shape;

static double cpu_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec * 1e-6;
}

static float *new_values(gsize n)
{
    float *values = cnx_memory_new(n * sizeof *values);

    for (gsize i = 0; i < n; i++)
        values[i] = (float)g_random_double_range(-1, 1);
    return values;
}

/* Million multiplications and additions in a ms. */
static double peak_now(const CnxKernels *kernels)
{
    float state[CNX_PEAK_LANES] = {0};
    const double begin = cpu_ms();
    const int lanes = kernels->peak(state, PEAK_STEPS);

    return 1e-6 * CNX_PEAK_CHAINS * lanes * PEAK_STEPS / (cpu_ms() - begin);
}

static double run_ms(const CnxDenseContext *context, const CnxConv *conv, const CnxConvCall *call)
{
    double (*now)(void) = context->threads > 1 ? clock_ms : cpu_ms;
    const double begin = now();

    cnx_conv_run(context, conv, call);
    return now() - begin;
}

/* The product in place of the convolution: row i starts at pixel i of a and is 9 k long. */
typedef struct Product {
    CnxGemm gemm;
    void *packed;
    double times[ROUNDS], shares[ROUNDS];
} Product;

/* weight: [n, 9 k] */
static void prepare_product(Product *p, const CnxKernels *kernels, const Shape *s,
                            const CnxConvCall *call, const float *weight, const float *bias)
{
    const int n = (int)s->n, k = 9 * (int)s->k;

    p->packed = cnx_memory_new(kernels->gemm_packed_size(n, k));
    kernels->gemm_pack(p->packed, weight, n, k);
    p->gemm = (CnxGemm){.m = (int)(s->height * s->width) - 8,
                        .n = n,
                        .k = k,
                        .a = call->a,
                        .lda = call->lda * sizeof(float),
                        .packed = p->packed,
                        .bias = bias,
                        .c = call->c,
                        .ldc = call->ldc};
}

static void time_product(Product *p, const CnxKernels *kernels, int round)
{
    const double peak = peak_now(kernels), begin = cpu_ms();

    kernels->gemm(&p->gemm);

    const double ms = cpu_ms() - begin, work = 1e-6 * p->gemm.m * p->gemm.n * p->gemm.k;

    if (round < 0)
        return; /* warm up */
    p->times[round] = ms;
    p->shares[round] = work / ms / MAX(peak, peak_now(kernels));
}

static void bench_shape(const CnxKernels *kernels, guint threads, const Shape *s)
{
    const gsize pixels = (gsize)s->height * s->width;
    const double work = 1e-6 * (double)pixels * s->k * s->n; /* of one multiplication, millions */
    const CnxForm form = cnx_products_form(kernels, CNX_PRECISION_FP32);
    const CnxConvWay chosen = cnx_conv_choose(s->n, s->k, 1, form);
    float *a = new_values(pixels * s->k), *c = new_values(pixels * s->n);
    float *weight = new_values((gsize)9 * s->k * s->n), *bias = new_values(s->n);
    const CnxConvCall call = {s->height, s->width, a, s->k, c, s->n, FALSE, TRUE};
    double times[WAYS][ROUNDS], shares[WAYS][ROUNDS];
    CnxConv conv[WAYS];
    void *packed[WAYS];
    gsize scratch = 0;
    /* OpenBLAS, whose panels are one column, does not take rows that overlap. */
    const gboolean has_product = threads == 1 && kernels->gemm_panel > 1 && pixels > 8;
    Product product = {.packed = NULL};

    for (guint way = 0; way < WAYS; way++) {
        conv[way] =
            (CnxConv){.n = s->n, .k = s->k, .side = 3, .dilation = 1, .way = (CnxConvWay)way};
        conv[way].form = form;
        conv[way].bias = bias;
        conv[way].act = CNX_ACT_RELU;
        packed[way] = cnx_memory_new(cnx_conv_packed_size(kernels, &conv[way]));
        cnx_conv_pack(kernels, &conv[way], packed[way], weight, (gsize)9 * s->k);
        scratch = MAX(scratch, cnx_conv_scratch(kernels, &conv[way], s->width));
    }
    CnxDenseContext context = {kernels, threads, cnx_memory_new(MAX(threads * scratch, 1)),
                               scratch};

    if (has_product)
        prepare_product(&product, kernels, s, &call, weight, bias);
    for (int round = -1; round < ROUNDS; round++) {
        if (has_product)
            time_product(&product, kernels, round);
        for (guint way = 0; way < WAYS; way++) {
            const double peak = peak_now(kernels), ms = run_ms(&context, &conv[way], &call);

            if (round < 0)
                continue; /* warm up */
            times[way][round] = ms;
            shares[way][round] =
                multiplications[way] * work / ms / MAX(peak, peak_now(kernels)) / threads;
        }
    }
    printf("%4ux%-4u %4u -> %-4u", s->height, s->width, s->k, s->n);
    for (guint way = 0; way < WAYS; way++) {
        const double median = clock_median(times[way], ROUNDS);

        printf("%9.2f (%8.2f) %4.2f%c", median, times[way][0], clock_median(shares[way], ROUNDS),
               way == chosen ? '*' : ' ');
        free(packed[way]);
    }
    if (has_product) {
        const double median = clock_median(product.times, ROUNDS);

        printf("%9.2f (%8.2f) %4.2f", median, product.times[0],
               clock_median(product.shares, ROUNDS));
        free(product.packed);
    }
    printf("\n");
    fflush(stdout);
    free(a);
    free(c);
    free(weight);
    free(bias);
    free(context.scratch);
}

int main(int argc, char **argv)
{
    static const Shape shapes[] = {
        {128, 128, 512, 512}, {64, 64, 512, 512}, {64, 64, 256, 256},  {32, 32, 512, 512},
        {32, 32, 768, 256},   {16, 16, 512, 512}, {16, 16, 2816, 512}, {100, 168, 256, 256},
        {64, 64, 128, 128},   {64, 64, 64, 64},   {128, 128, 128, 64}, {128, 128, 64, 64},
        {128, 128, 32, 32},   {256, 256, 32, 16}, {256, 256, 16, 16},  {14, 14, 256, 256},
    };
    g_autoptr(GError) error = NULL;
    const CnxKernels *kernels = cnx_isa_kernels(&error);
    guint threads = 1;

    if (argc > 2 && strcmp(argv[1], "--threads") == 0) {
        threads = (guint)CLAMP(atoi(argv[2]), 1, (int)CNX_THREADS_MAX);
        argv += 2;
        argc -= 2;
    }
    if (!kernels || (argc - 1) % 4) {
        fprintf(stderr, "%s\n",
                error ? error->message
                      : "usage: bench-conv [--threads THREADS] [HEIGHT WIDTH K N]...");
        return 2;
    }
    cnx_threads_acquire(threads);
    printf("%22s%25s%25s%25s%25s\n", cnx_isa_name(kernels->level), "direct", "winograd2",
           "winograd4", threads == 1 ? "product" : "");
    for (int i = 1; i + 3 < argc; i += 4)
        bench_shape(kernels, threads,
                    &(Shape){(guint)atoi(argv[i]), (guint)atoi(argv[i + 1]),
                             (guint)atoi(argv[i + 2]), (guint)atoi(argv[i + 3])});
    for (guint i = 0; i < G_N_ELEMENTS(shapes) && argc == 1; i++)
        bench_shape(kernels, threads, &shapes[i]);
    cnx_threads_release();
    return 0;
}
