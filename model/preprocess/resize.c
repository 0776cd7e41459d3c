/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/preprocess/resize.h"

#include <math.h>
#include <string.h>

typedef double FilterFn(double x);

static double box(double x)
{
    return x > -0.5 && x <= 0.5;
}

static double bilinear(double x)
{
    return MAX(1 - fabs(x), 0);
}

/* Pillow has these constants as float. */
static double hamming(double x)
{
    x = fabs(x);
    if (x == 0)
        return 1;
    if (x >= 1)
        return 0;
    x *= G_PI;
    return sin(x) / x * (0.54f + 0.46f * cos(x));
}

/* Keys' cubic convolution with a = -0.5. */
static double bicubic(double x)
{
    const double a = -0.5;

    x = fabs(x);
    if (x < 1)
        return ((a + 2) * x - (a + 3)) * x * x + 1;
    if (x < 2)
        return (((x - 5) * x + 8) * x - 4) * a;
    return 0;
}

static double sinc(double x)
{
    x *= G_PI;
    return x == 0 ? 1 : sin(x) / x;
}

static double lanczos(double x)
{
    return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
}

static const struct {
    FilterFn *at;
    double support; /* in pixels of the coarser grid */
} filters[] = {
    [CNX_FILTER_BOX] = {box, 0.5},         [CNX_FILTER_BILINEAR] = {bilinear, 1},
    [CNX_FILTER_HAMMING] = {hamming, 1},   [CNX_FILTER_BICUBIC] = {bicubic, 2},
    [CNX_FILTER_LANCZOS] = {lanczos, 3.0},
};

/* The maximum number of weights of an output. */
static guint window_length(CnxFilter filter, guint in, guint out)
{
    double scale = MAX((double)in / out, 1);

    return (guint)ceil(filters[filter].support * scale) * 2 + 1;
}

/* Normalises in double, then rounds half away from zero. */
static void round_weights(gint32 *fixed, const double *w, guint n, double sum)
{
    for (guint t = 0; t < n; t++) {
        double value = sum != 0 ? w[t] / sum : w[t];

        value *= 1 << CNX_RESIZE_BITS;
        fixed[t] = (gint32)(value < 0 ? value - 0.5 : value + 0.5);
    }
}

/* Computes the window of output i: its weights in fixed, its position in start and length. w is
 * scratch. Zeros at the ends of the window are dropped. */
static void plan_output(CnxFilter filter, guint in, guint out, guint i, double *w, gint32 *fixed,
                        int *start, guint *length)
{
    double scale = (double)in / out;
    double coarse = MAX(scale, 1);
    double support = filters[filter].support * coarse;
    double centre = (i + 0.5) * scale;
    double sum = 0;
    double inverse = 1 / coarse;
    int begin = MAX((int)(centre - support + 0.5), 0);
    guint n = (guint)(MIN((int)(centre + support + 0.5), (int)in) - begin);
    guint zeros = 0;

    for (guint t = 0; t < n; t++) {
        w[t] = filters[filter].at(((int)t + begin - centre + 0.5) * inverse);
        sum += w[t];
    }
    round_weights(fixed, w, n, sum);
    while (n > 1 && fixed[n - 1] == 0)
        n--;
    while (zeros < n - 1 && fixed[zeros] == 0)
        zeros++;
    memmove(fixed, fixed + zeros, (n - zeros) * sizeof *fixed);
    *start = begin + (int)zeros;
    *length = n - zeros;
}

/* Computes the windows of all outputs. fixed: [count][most] */
static gboolean plan_filtered(CnxResizeAxis *axis, CnxFilter filter, guint in, guint out,
                              guint first, gint32 *fixed, guint most)
{
    g_autofree double *w = g_try_new(double, most);

    for (guint i = 0; w && i < axis->count; i++)
        plan_output(filter, in, out, first + i, w, fixed + (gsize)i * most, &axis->start[i],
                    &axis->length[i]);
    return w != NULL;
}

/* Plans a pass that copies one source pixel per output. Like Pillow, it adds up the scale along the
 * axis, which accumulates the same rounding errors. */
static void plan_copies(CnxResizeAxis *axis, guint in, guint out, guint first, gint32 *fixed)
{
    double scale = (double)in / out;
    double at = 0.5 * scale;

    for (guint i = 0; i < first; i++)
        at += scale;
    for (guint i = 0; i < axis->count; i++) {
        axis->start[i] = MIN((int)at, (int)in - 1);
        axis->length[i] = 1;
        fixed[i] = 1 << CNX_RESIZE_BITS;
        at += scale;
    }
}

static void swap_weights(gint32 *a, gint32 *b)
{
    const gint32 weight = *a;

    *a = *b;
    *b = weight;
}

/* Turns a plan for the mirrored axis into one for the axis itself. */
static void mirror_plan(CnxResizeAxis *axis, guint in, gint32 *fixed, guint most)
{
    for (guint i = 0; i < axis->count / 2; i++) {
        const guint j = axis->count - 1 - i;
        const int start = axis->start[i];
        const guint length = axis->length[i];

        axis->start[i] = axis->start[j];
        axis->start[j] = start;
        axis->length[i] = axis->length[j];
        axis->length[j] = length;
        for (guint t = 0; t < most; t++)
            swap_weights(fixed + (gsize)i * most + t, fixed + (gsize)j * most + t);
    }
    for (guint i = 0; i < axis->count; i++) {
        gint32 *first = fixed + (gsize)i * most, *last = first + axis->length[i] - 1;

        for (; first < last; first++, last--)
            swap_weights(first, last);
        axis->start[i] = (int)in - axis->start[i] - (int)axis->length[i];
    }
}

/* The first tap of output i: its first pixel or, if align is not 0, the start of its group of align
 * pixels and at most `next`, the first tap of the output after it. Dropped zeros can make the first
 * pixels fall, which resize_rows does not allow. */
static guint first_tap(const CnxResizeAxis *axis, guint i, guint align, guint next)
{
    const guint start = (guint)axis->start[i];

    return align ? MIN(start - (start - axis->first) % align, next) : start;
}

/* Drops fractional bits until every weight fits in a short. */
static void coarsen_weights(CnxResizeAxis *axis, gint32 *fixed, guint most)
{
    guint cut = 0;

    for (guint i = 0; i < axis->count; i++)
        for (guint t = 0; t < axis->length[i]; t++)
            while ((ABS(fixed[(gsize)i * most + t]) >> cut) >= CNX_RESIZE_SHORT_MAX)
                cut++;
    cut = MAX(cut, 1); /* CNX_RESIZE_BITS would mark the weights as 32-bit */
    for (guint i = 0; i < axis->count; i++)
        for (guint t = 0; t < axis->length[i]; t++)
            fixed[(gsize)i * most + t] = (fixed[(gsize)i * most + t] + (1 << (cut - 1))) >> cut;
    axis->bits -= cut;
}

/* Packs the weights in whole groups, from the last output to the first. */
static gboolean pack_weights(CnxResizeAxis *axis, const CnxKernels *kernels, const gint32 *fixed,
                             guint most, gboolean aligned)
{
    const guint group = (guint)kernels->resize_group, align = aligned ? group : 0;
    guint tap = G_MAXUINT;

    for (guint i = axis->count; i-- > 0;) {
        tap = first_tap(axis, i, align, tap);
        axis->taps = MAX(axis->taps, (guint)axis->start[i] - tap + axis->length[i]);
    }
    axis->taps = (axis->taps + group - 1) / group * group;
    axis->weights = g_try_malloc0_n((gsize)axis->count * axis->taps, sizeof *axis->weights);
    if (!axis->weights)
        return FALSE;
    tap = G_MAXUINT;
    for (guint i = axis->count; i-- > 0;) {
        gint32 *weights = axis->weights + (gsize)i * axis->taps;

        tap = first_tap(axis, i, align, tap);
        memcpy(weights + ((guint)axis->start[i] - tap), fixed + (gsize)i * most,
               axis->length[i] * sizeof *weights);
        kernels->resize_pack(weights, weights, (int)axis->taps);
        axis->start[i] = (int)tap;
    }
    return TRUE;
}

static gboolean plan_axis(CnxResizeAxis *axis, const CnxKernels *kernels, CnxFilter filter,
                          guint in, guint out, guint first, gboolean mirrored, gboolean aligned,
                          gboolean exact)
{
    const gboolean copies = filter == CNX_FILTER_NEAREST || in == out;
    const guint most = copies ? 1 : window_length(filter, in, out);
    g_autofree gint32 *fixed = g_try_malloc_n((gsize)axis->count * most, sizeof *fixed);
    gboolean planned = fixed && axis->start && axis->length;

    if (planned && copies)
        plan_copies(axis, in, out, first, fixed);
    else if (planned)
        planned = plan_filtered(axis, filter, in, out, first, fixed, most);
    if (planned && mirrored)
        mirror_plan(axis, in, fixed, most);
    for (guint i = 0; planned && i < axis->count; i++) {
        axis->first = MIN(axis->first, (guint)axis->start[i]);
        axis->end = MAX(axis->end, (guint)axis->start[i] + axis->length[i]);
    }
    if (planned && !exact)
        coarsen_weights(axis, fixed, most);
    return planned && pack_weights(axis, kernels, fixed, most, aligned);
}

gboolean cnx_resize_plan(CnxResizeAxis *axis, const CnxKernels *kernels, CnxFilter filter, guint in,
                         guint out, guint first, guint count, gboolean mirrored, gboolean aligned,
                         gboolean exact, GError **error)
{
    *axis = (CnxResizeAxis){.count = count, .first = in, .bits = CNX_RESIZE_BITS};
    axis->start = g_try_new(int, count);
    axis->length = g_try_new(guint, count);
    if (plan_axis(axis, kernels, filter, in, out, first, mirrored, aligned, exact))
        return TRUE;
    g_set_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY,
                "not enough memory for the weights of a resize from %u to %u pixels", in, out);
    return FALSE;
}

gsize cnx_resize_measure(const CnxKernels *kernels, CnxFilter filter, guint in, guint out,
                         guint count, guint *taps)
{
    const gboolean copies = filter == CNX_FILTER_NEAREST || in == out;
    const guint group = (guint)kernels->resize_group;
    const guint most = copies ? 1 : window_length(filter, in, out);

    *taps = (most + 3 * group) / group * group; /* aligned at both ends, and dropped zeros */
    return (gsize)count * (*taps + most + 2) * sizeof(gint32) + most * sizeof(double);
}

void cnx_resize_clear(CnxResizeAxis *axis)
{
    g_free(axis->start);
    g_free(axis->length);
    g_free(axis->weights);
    *axis = (CnxResizeAxis){0};
}
