/* Masks against the best class of logits that are interpolated, in double, as a whole.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/isa.h"
#include "model/base/memory.h"
#include "model/heads/mask.h"
#include "model/threads/threads.h"
#include "tests/fixtures/compare.h"

#define GAP 5      /* bytes between rows that no mask may write */
#define CLOSE 1e-4 /* logits and scores that are so close are not decided */
#define UNTOUCHED 0xee

typedef struct Image {
    guint height, width, classes;
    double *data; /* [height, width, classes] */
} Image;

/* In float, as PyTorch computes it. */
static double position(CnxScaling scaling, guint in, guint out, guint d)
{
    const float ratio = (float)in / (float)out, corners = ((float)in - 1) / ((float)out - 1);

    switch (scaling) {
    case CNX_SCALING_BILINEAR:
        return CLAMP(((float)d + 0.5f) * ratio - 0.5f, 0, (float)in - 1);
    case CNX_SCALING_BILINEAR_CORNERS:
        return out > 1 ? (float)d * corners : 0;
    case CNX_SCALING_NEAREST:
        return floorf((float)d * ratio);
    default:
        return d;
    }
}

/* What is not finite does not count where its weight is 0. */
static double between(double a, double b, double weight)
{
    return weight == 0 ? a : (1 - weight) * a + weight * b;
}

/* Replaces an image by its interpolation. */
static void interpolate(Image *image, CnxScaling scaling, guint height, guint width)
{
    const guint c = image->classes;
    double *data = g_new(double, (gsize)height *width *c);

    for (guint i = 0; i < height * width * c; i++) {
        const double y = position(scaling, image->height, height, i / c / width);
        const double x = position(scaling, image->width, width, i / c % width);
        const guint y0 = (guint)y, x0 = (guint)x, y1 = MIN(y0 + 1, image->height - 1);
        const guint x1 = MIN(x0 + 1, image->width - 1), channel = i % c;

#define AT(y, x) image->data[((y)*image->width + (x)) * c + channel]
        data[i] = between(between(AT(y0, x0), AT(y0, x1), x - x0),
                          between(AT(y1, x0), AT(y1, x1), x - x0), y - y0);
#undef AT
    }
    g_free(image->data);
    *image = (Image){height, width, c, data};
}

/* The value of a pixel, or -1 where it hangs on rounding. values: [classes] */
static int expected(const double *values, guint classes, const CnxMaskPlan *plan)
{
    double best = -INFINITY, second = -INFINITY, sum = 0, score;
    int value = 0;

    for (guint i = 0; i < classes; i++) {
        const double v = plan->scale ? values[i] * plan->scale[i] + plan->shift[i] : values[i];

        if (plan->has_unknown && (isnan(values[i]) || values[i] == INFINITY))
            return 0;
        if (v > best) {
            second = best;
            best = v;
            value = (int)i + 1;
        } else if (v > second) {
            second = v;
        }
    }
    if (value == 0)
        return 0;
    for (guint i = 0; i < classes; i++)
        sum += exp((plan->scale ? values[i] * plan->scale[i] + plan->shift[i] : values[i]) - best);
    score = plan->sigmoid ? 1 / (1 + exp(-best)) : 1 / sum;
    if (fabs(score - plan->threshold) < CLOSE)
        return -1;
    if (score < plan->threshold)
        return (int)plan->none;
    return best - second < CLOSE ? -1 : value;
}

static void *new_block(gsize bytes)
{
    void *block = aligned_alloc(CNX_ALIGNMENT, MAX(bytes, CNX_ALIGNMENT));

    g_assert_nonnull(block);
    g_assert_cmpuint(bytes % CNX_ALIGNMENT, ==, 0);
    return block;
}

/* Returns the mask, [height, stride]. */
static guint8 *run_mask(const CnxMap *logits, const CnxMaskPlan *plan, guint threads, gsize stride,
                        guint64 *counts)
{
    const gsize scratch = cnx_mask_scratch(logits, plan);
    const CnxDenseContext context = {cnx_isa_kernels(NULL), threads, new_block(scratch * threads),
                                     scratch};
    guint8 *mask = g_malloc(plan->height * stride);

    memset(mask, UNTOUCHED, plan->height * stride);
    cnx_threads_acquire(threads);
    cnx_mask_compute(&context, logits, plan, mask, stride, counts);
    cnx_threads_release();
    free(context.scratch);
    return mask;
}

static guint value_at(const guint8 *row, gsize size, guint x)
{
    guint16 value;

    if (size == 1)
        return row[x];
    memcpy(&value, row + 2 * x, sizeof value);
    return value;
}

static void check_mask(const CnxMap *logits, const CnxMaskPlan *plan)
{
    static const guint threads[] = {1, 2, 3, 7};
    const gsize size = cnx_mask_value_size(logits->channels),
                pixels = (gsize)logits->height * logits->width;
    const gsize stride = plan->width * size + GAP + size - 1;
    Image image = {logits->height, logits->width, logits->channels,
                   g_new(double, pixels * logits->channels)};
    g_autofree guint64 *counts = g_new(guint64, logits->channels + 1);
    g_autofree guint64 *counted = g_new0(guint64, logits->channels + 1);
    g_autofree guint8 *mask = run_mask(logits, plan, 1, stride, counts);
    guint open = 0, none = 0;

    for (gsize i = 0; i < pixels * logits->channels; i++)
        image.data[i] = logits->data[i];
    if (plan->via_width > 0)
        interpolate(&image, plan->via_scaling, plan->via_height, plan->via_width);
    interpolate(&image, plan->scaling, plan->height, plan->width);
    for (guint i = 0; i < plan->height * plan->width; i++) {
        const guint got = value_at(mask + i / plan->width * stride, size, i % plan->width);
        const int want = expected(image.data + (gsize)i * image.classes, image.classes, plan);

        counted[got]++;
        open += want < 0;
        none += want == (int)plan->none;
        if (want >= 0)
            g_assert_cmpint((int)got, ==, want);
    }
    for (guint y = 0; y < plan->height; y++)
        for (gsize x = plan->width * size; x < stride; x++)
            g_assert_cmpuint(mask[y * stride + x], ==, UNTOUCHED);
    g_test_message("%u of %u pixels are none, %u hang on rounding", none,
                   plan->height * plan->width, open);
    g_assert_cmpuint(open, <=, plan->height * plan->width / 50);
    if (plan->threshold > 0)
        g_assert_true(none > 0 && none < plan->height * plan->width);
    g_assert_cmpmem(counts, (logits->channels + 1) * sizeof *counts, counted,
                    (logits->channels + 1) * sizeof *counts);
    for (guint i = 1; i < G_N_ELEMENTS(threads); i++) {
        g_autofree guint8 *other = run_mask(logits, plan, threads[i], stride, counts);

        g_assert_cmpmem(mask, plan->height * stride, other, plan->height * stride);
        g_assert_cmpmem(counts, (logits->channels + 1) * sizeof *counts, counted,
                        (logits->channels + 1) * sizeof *counts);
    }
    g_free(image.data);
}

typedef struct Case {
    const char *name;
    guint height, width, classes;
    CnxMaskPlan plan; /* width, height, scaling, via width, height, scaling, sigmoid, threshold */
    gboolean damaged; /* some logits are not finite, and all of one pixel */
} Case;

#define NONE CNX_SCALING_NONE
#define BILINEAR CNX_SCALING_BILINEAR
#define CORNERS CNX_SCALING_BILINEAR_CORNERS

static const float scales[] = {0.5f, 2, 1, 0.7f, 1.5f};
static const float zeros[5], shifts[] = {-1, -INFINITY, -1.5f, -1.3f, -1.2f};

static const Case cases[] = {
    {"stride", 9, 14, 5, {14, 9, NONE, 0, 0, NONE, FALSE, 0}, FALSE},
    {"input", 7, 10, 21, {40, 28, BILINEAR, 0, 0, NONE, FALSE, 0}, FALSE},
    {"corners", 7, 10, 3, {40, 28, CORNERS, 0, 0, NONE, FALSE, 0}, FALSE},
    {"nearest", 5, 6, 4, {13, 11, CNX_SCALING_NEAREST, 0, 0, NONE, FALSE, 0}, FALSE},
    {"frame", 7, 10, 21, {53, 75, BILINEAR, 40, 28, BILINEAR, FALSE, 0}, FALSE},
    {"frame-corners", 8, 6, 40, {17, 33, BILINEAR, 24, 32, CORNERS, FALSE, 0}, FALSE},
    {"smaller", 20, 30, 7, {11, 6, BILINEAR, 25, 17, BILINEAR, FALSE, 0}, FALSE},
    {"softmax", 7, 10, 21, {40, 28, BILINEAR, 0, 0, NONE, FALSE, 0.3f}, FALSE},
    {"sigmoid", 7, 10, 1, {40, 28, BILINEAR, 0, 0, NONE, TRUE, 0.5f}, FALSE},
    {"multi-label", 7, 10, 6, {40, 28, BILINEAR, 0, 0, NONE, TRUE, 0.85f}, FALSE},
    {"many", 4, 5, 256, {16, 70, BILINEAR, 0, 0, NONE, FALSE, 0}, FALSE},
    {"hostile", 7, 10, 21, {40, 28, BILINEAR, 0, 0, NONE, FALSE, 0.3f, NULL, NULL, 0, TRUE}, TRUE},
    {"hostile-stride",
     7,
     10,
     21,
     {10, 7, NONE, 0, 0, NONE, FALSE, 0.3f, NULL, NULL, 0, TRUE},
     TRUE},
    {"hostile-frame",
     7,
     10,
     5,
     {53, 75, BILINEAR, 40, 28, CORNERS, TRUE, 0.8f, scales, shifts, 2, TRUE},
     TRUE},
    {"temperature", 7, 10, 5, {40, 28, BILINEAR, 0, 0, NONE, TRUE, 0.8f, scales, zeros}, FALSE},
    {"rest-class", 7, 10, 5, {40, 28, BILINEAR, 0, 0, NONE, TRUE, 0.5f, scales, shifts, 2}, FALSE},
    {"pixel", 1, 1, 3, {1, 1, BILINEAR, 4, 4, CORNERS, FALSE, 0}, FALSE},
};

static void test_case(gconstpointer data)
{
    static const float hostile[] = {NAN, -INFINITY, -INFINITY, INFINITY, -INFINITY};
    const Case *c = data;
    const gsize floats = (gsize)c->height * c->width * c->classes;
    g_autofree float *values = g_new(float, floats);
    const CnxMap logits = {values, 1, c->height, c->width, c->classes};

    for (gsize i = 0; i < floats; i++)
        values[i] = (float)g_test_rand_double_range(-3, 3);
    for (gsize i = 0; c->damaged && i < floats; i += i < c->classes ? 1 : 37)
        values[i] = hostile[i / 37 % G_N_ELEMENTS(hostile)];
    check_mask(&logits, &c->plan);
}

/* Of classes that are equal everywhere, the first is chosen. */
static void test_ties(void)
{
    float values[2 * 3 * 4];
    const CnxMap logits = {values, 1, 2, 3, 4};
    const CnxMaskPlan plan = {.width = 9, .height = 7, .scaling = CNX_SCALING_BILINEAR};
    g_autofree guint8 *mask = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(values); i++)
        values[i] = i % 4 == 0 ? -9 : (float)(i / 4);
    mask = run_mask(&logits, &plan, 1, 9, NULL);
    for (guint i = 0; i < 63; i++)
        g_assert_cmpuint(mask[i], ==, 2);
}

/* The interpolated logits of two windows: a weight of 0 does not count, so that -infinity stays
 * what it is, and its neighbours remain numbers. */
static void test_logits(void)
{
    float values[2 * 4 * 2], dst[6 * 2];
    const CnxMap logits = {values, 1, 1, 8, 2};
    const CnxMaskPlan plan = {.width = 6,
                              .height = 1,
                              .scaling = CNX_SCALING_NONE,
                              .via_width = 6,
                              .via_height = 1,
                              .via_scaling = CNX_SCALING_BILINEAR_CORNERS,
                              .windows = {4, 1, 2, 1}};
    const gsize scratch = cnx_mask_scratch(&logits, &plan);
    const CnxDenseContext context = {cnx_isa_kernels(NULL), 1, new_block(scratch), scratch};

    for (guint i = 0; i < G_N_ELEMENTS(values); i++)
        values[i] = (float)i;
    values[0] = values[2 * 7] = -INFINITY; /* the first and the last pixel */
    cnx_mask_logits(&context, &logits, &plan, dst);
    free(context.scratch);
    for (guint x = 0; x < 6; x++) {
        const float first = x < 4 ? 2 * (float)x : 0, second = x < 2 ? 0 : 2 * ((float)x + 2);
        const float mean = x < 2 ? first : x < 4 ? (first + second) / 2 : second;

        g_assert_cmpfloat(dst[2 * x], ==, x == 0 || x == 5 ? -INFINITY : mean);
        g_assert_cmpfloat(dst[2 * x + 1], ==, mean + 1);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (compare_level_lacks())
        return 77;
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/mask/%s", cases[i].name);

        g_test_add_data_func(path, &cases[i], test_case);
    }
    g_test_add_func("/mask/ties", test_ties);
    g_test_add_func("/mask/logits", test_logits);
    return g_test_run();
}
