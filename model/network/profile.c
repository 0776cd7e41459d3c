/* A kernel knows no layer; its weights' address does. Norms have no weights, those being folded
 * into the next layer: they are known by their number of channels, which is the stage's.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/network/profile.h"

#include <stdlib.h>
#include <time.h>

#include "model/network/profile_layers.h"

typedef CnxProfileLayer Layer;

struct CnxProfile {
    const CnxKernels *kernels; /* the run's own */
    CnxKernels timed;
    char *title;
    GPtrArray *layers;  /* of Layer, in the order of the network */
    Layer **by_weights; /* [with_weights], rising */
    guint with_weights;
    guint threads;
    guint64 passes, images;
    float limit[CNX_PROFILE_SAMPLES]; /* of the core that makes a pass, just after it; GFLOP/s */
};

static GMutex forward_lock;
static CnxProfile *current; /* whose forward pass it is; under the lock */

/* Timing */

static gint64 now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (gint64)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void add(Layer *layer, gint64 begin)
{
    if (layer)
        __atomic_fetch_add(&layer->ns, now() - begin, __ATOMIC_RELAXED);
}

static Layer *find_weights(const float *weights)
{
    guint low = 0, high = current->with_weights;

    while (low < high) {
        const guint middle = (low + high) / 2;

        if (current->by_weights[middle]->end <= weights)
            low = middle + 1;
        else
            high = middle;
    }
    return low < current->with_weights && current->by_weights[low]->weights <= weights
               ? current->by_weights[low]
               : NULL;
}

static Layer *find_channels(CnxProfileKind kind, int channels)
{
    for (guint i = 0; i < current->layers->len; i++) {
        Layer *layer = g_ptr_array_index(current->layers, i);

        if (layer->kind == kind && layer->channels == (guint)channels)
            return layer;
    }
    return NULL;
}

static void timed_gemm(const CnxGemm *g)
{
    const gint64 begin = now();

    current->kernels->gemm(g);
    add(find_weights(g->packed), begin);
}

static void timed_dwconv7(float *dst, const float *src, int h, int w, int c, const float *weights,
                          const float *bias, int y0, int y1)
{
    const gint64 begin = now();

    current->kernels->dwconv7(dst, src, h, w, c, weights, bias, y0, y1);
    add(find_weights(weights), begin);
}

static void timed_dwconv(float *dst, const float *src, int h, int w, int c, int kernel,
                         const float *weights, const float *bias, int y0, int y1)
{
    const gint64 begin = now();

    current->kernels->dwconv(dst, src, h, w, c, kernel, weights, bias, y0, y1);
    add(find_weights(weights), begin);
}

#define TIMED_NORM(name)                                                                         \
    static void timed_##name(float *dst, size_t dst_stride, const float *src, size_t src_stride, \
                             int rows, int c, const float *weight, const float *bias, float eps) \
    {                                                                                            \
        const gint64 begin = now();                                                              \
                                                                                                 \
        current->kernels->name(dst, dst_stride, src, src_stride, rows, c, weight, bias, eps);    \
        add(find_channels(CNX_PROFILE_NORM, c), begin);                                          \
    }
TIMED_NORM(layernorm)
TIMED_NORM(rmsnorm)
TIMED_NORM(simplenorm)

static void timed_columns_scale(float *x, size_t stride, int rows, int c, const float *scale)
{
    const gint64 begin = now();

    current->kernels->columns_scale(x, stride, rows, c, scale);
    add(find_channels(CNX_PROFILE_SCALE, c), begin);
}

static void timed_columns_mean(float *dst, const float *x, size_t stride, int rows, int c)
{
    const gint64 begin = now();

    current->kernels->columns_mean(dst, x, stride, rows, c);
    add(find_channels(CNX_PROFILE_MEAN, c), begin);
}

/* OpenBLAS, of level c, chooses its own instructions. */
static double limit_now(const CnxKernels *kernels)
{
    const CnxIsa level = kernels->level == CNX_ISA_C ? cnx_isa_detect() : kernels->level;

    return cnx_peak_now(cnx_kernels_get(level));
}

void cnx_profile_forward(CnxProfile *p, CnxRun *run, guint n)
{
    const gsize place = p->passes % CNX_PROFILE_SAMPLES;
    Layer *all = g_ptr_array_index(p->layers, p->layers->len - 1);
    gint64 begin;

    g_mutex_lock(&forward_lock);
    current = p;
    begin = now();
    cnx_forward(run, n);
    all->ns = now() - begin;
    for (guint i = 0; i < p->layers->len; i++) {
        Layer *layer = g_ptr_array_index(p->layers, i);

        layer->ms[place] = (float)((double)layer->ns * 1e-6 / n);
        layer->ns = 0;
    }
    p->limit[place] = (float)limit_now(p->kernels);
    p->passes++;
    p->images += n;
    g_mutex_unlock(&forward_lock);
}

static int compare_weights(const void *a, const void *b)
{
    const float *x = (*(Layer *const *)a)->weights, *y = (*(Layer *const *)b)->weights;

    return (x > y) - (x < y);
}

static void sort_by_weights(CnxProfile *p)
{
    p->by_weights = g_new(Layer *, p->layers->len);
    for (guint i = 0; i < p->layers->len; i++) {
        Layer *layer = g_ptr_array_index(p->layers, i);

        if (layer->weights)
            p->by_weights[p->with_weights++] = layer;
    }
    qsort(p->by_weights, p->with_weights, sizeof *p->by_weights, compare_weights);
}

static gboolean wanted(gboolean *on, GError **error)
{
    const char *word = g_getenv("CONVNEXT_PROFILE");

    *on = g_strcmp0(word, "1") == 0;
    if (*on || !word || *word == '\0' || g_str_equal(word, "0"))
        return TRUE;
    g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS, "CONVNEXT_PROFILE is '%s'; it must be 0 or 1",
                word);
    return FALSE;
}

gboolean cnx_profile_new(CnxProfile **profile, const CnxRun *run, GError **error)
{
    CnxProfile *p;
    gboolean on;

    *profile = NULL;
    if (!wanted(&on, error))
        return FALSE;
    if (!on)
        return TRUE;
    p = g_new0(CnxProfile, 1);
    p->kernels = run->kernels;
    p->threads = run->threads;
    p->title = g_strdup_printf("%s, %ux%u", run->config->variant, run->width, run->height);
    p->layers = cnx_profile_layers(run);
    sort_by_weights(p);
    p->timed = *run->kernels;
    p->timed.gemm = timed_gemm;
    p->timed.dwconv7 = timed_dwconv7;
    p->timed.dwconv = timed_dwconv;
    p->timed.layernorm = timed_layernorm;
    p->timed.rmsnorm = timed_rmsnorm;
    p->timed.simplenorm = timed_simplenorm;
    p->timed.columns_scale = timed_columns_scale;
    p->timed.columns_mean = timed_columns_mean;
    *profile = p;
    return TRUE;
}

const CnxKernels *cnx_profile_kernels(const CnxProfile *profile)
{
    return &profile->timed;
}

/* Printing */

static int compare_floats(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

/* Of what was noted in the last passes; sorts it. */
static double median_of(float samples[CNX_PROFILE_SAMPLES], const CnxProfile *p)
{
    const gsize n = (gsize)MIN(p->passes, CNX_PROFILE_SAMPLES);

    qsort(samples, n, sizeof *samples, compare_floats);
    return samples[n / 2];
}

static char *number(char *to, gsize size, double value)
{
    char format[] = "%.4f";

    return g_ascii_formatd(to, (int)size, format, value);
}

static void print_layer(GString *to, const CnxProfile *p, Layer *layer, double limit)
{
    const double median = median_of(layer->ms, p);
    char ms[32], gflops[32] = "", share[32] = "";

    number(ms, sizeof ms, median);
    if (layer->flops > 0 && median > 0) {
        const guint threads = layer->kind == CNX_PROFILE_FORWARD ? p->threads : 1;
        const double speed = layer->flops / median * 1e-6 / threads;

        number(gflops, sizeof gflops, speed);
        number(share, sizeof share, speed / limit);
    }
    g_string_append_printf(to, "%s,%s,%s,%" G_GUINT64_FORMAT ",%s,%s,%s\n", layer->name,
                           layer->kernel, layer->shape, p->images, ms, gflops, share);
}

static void print(CnxProfile *p)
{
    const double limit = median_of(p->limit, p);
    GString *text = g_string_new(NULL);

    g_string_append_printf(text,
                           "# gst-convnext " CONVNEXT_VERSION ": profile of %s, %u thread%s\n"
                           "# CPU level %s; this core multiplies and adds at %.0f GFLOP/s\n"
                           "layer,kernel,shape,calls,median_ms,gflops,share\n",
                           p->title, p->threads, p->threads > 1 ? "s" : "",
                           cnx_isa_name(p->kernels->level), limit);
    for (guint i = 0; i < p->layers->len; i++)
        print_layer(text, p, g_ptr_array_index(p->layers, i), limit);
    g_printerr("%s", text->str);
    g_string_free(text, TRUE);
}

void cnx_profile_free(CnxProfile *profile)
{
    if (!profile)
        return;
    if (profile->passes > 0)
        print(profile);
    g_ptr_array_unref(profile->layers);
    g_free(profile->by_weights);
    g_free(profile->title);
    g_free(profile);
}
