/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/network/profile.h"

#include <string.h>
#include <time.h>

#include "model/network/profile_layers.h"
#include "model/network/profile_report.h"

#define COPIED_BYTES ((gsize)1 << 20) /* least copied to measure the speed of memory */

struct CnxProfile {
    const CnxKernels *kernels; /* the run's own */
    CnxKernels timed;
    CnxProfileLayers *layers;
    CnxProfileTotals totals;
};

static GMutex forward_lock;
static CnxProfile *current; /* of the run in its forward pass; under the lock */

/* Timed kernels */

static gint64 now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (gint64)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void add_time(CnxProfileLayer *layer, gint64 begin)
{
    if (layer)
        __atomic_fetch_add(&layer->ns, now_ns() - begin, __ATOMIC_RELAXED);
}

#define TIMED_GEMM(name)                                                              \
    static void timed_##name(const CnxGemm *g)                                        \
    {                                                                                 \
        const gint64 begin = now_ns();                                                \
                                                                                      \
        current->kernels->name(g);                                                    \
        add_time(cnx_profile_layers_find_weights(current->layers, g->packed), begin); \
    }
TIMED_GEMM(gemm)
TIMED_GEMM(gemm_bf16)
TIMED_GEMM(gemm_int8)

#define TIMED_ROWS(name)                                                                          \
    static void timed_##name(void *dst, const float *src, size_t lds, int m, int k)               \
    {                                                                                             \
        const gint64 begin = now_ns();                                                            \
                                                                                                  \
        current->kernels->name(dst, src, lds, m, k);                                              \
        add_time(cnx_profile_layers_find_channels(current->layers, CNX_PROFILE_ROUND, 0), begin); \
    }
TIMED_ROWS(gemm_bf16_rows)
TIMED_ROWS(gemm_int8_rows)

static void timed_dwconv7(float *dst, const float *src, int h, int w, int c, const float *weights,
                          const float *bias, int y0, int y1)
{
    const gint64 begin = now_ns();

    current->kernels->dwconv7(dst, src, h, w, c, weights, bias, y0, y1);
    add_time(cnx_profile_layers_find_weights(current->layers, weights), begin);
}

static void timed_dwconv(float *dst, const float *src, int h, int w, int c, int kernel,
                         int dilation, const float *weights, const float *bias, int y0, int y1)
{
    const gint64 begin = now_ns();

    current->kernels->dwconv(dst, src, h, w, c, kernel, dilation, weights, bias, y0, y1);
    add_time(cnx_profile_layers_find_weights(current->layers, weights), begin);
}

#define TIMED_NORM(name)                                                                         \
    static void timed_##name(float *dst, size_t dst_stride, const float *src, size_t src_stride, \
                             int rows, int c, const float *weight, const float *bias, float eps) \
    {                                                                                            \
        const gint64 begin = now_ns();                                                           \
                                                                                                 \
        current->kernels->name(dst, dst_stride, src, src_stride, rows, c, weight, bias, eps);    \
        add_time(cnx_profile_layers_find_channels(current->layers, CNX_PROFILE_NORM, c), begin); \
    }
TIMED_NORM(layernorm)
TIMED_NORM(rmsnorm)
TIMED_NORM(simplenorm)

static void timed_columns_scale(float *x, size_t stride, int rows, int c, const float *scale)
{
    const gint64 begin = now_ns();

    current->kernels->columns_scale(x, stride, rows, c, scale);
    add_time(cnx_profile_layers_find_channels(current->layers, CNX_PROFILE_SCALE, c), begin);
}

static void timed_columns_mean(float *dst, const float *x, size_t stride, int rows, int c)
{
    const gint64 begin = now_ns();

    current->kernels->columns_mean(dst, x, stride, rows, c);
    add_time(cnx_profile_layers_find_channels(current->layers, CNX_PROFILE_MEAN, c), begin);
}

/* The forward pass */

/* At level c OpenBLAS chooses its own instructions, so the peak is that of the processor. */
static double measure_peak(const CnxKernels *kernels)
{
    const CnxIsa isa = kernels->level == CNX_ISA_C ? cnx_isa_detect() : kernels->level;

    return cnx_peak_now(cnx_kernels_get(isa));
}

static double measure_form_peak(const CnxKernels *kernels, CnxForm form)
{
    switch (form) {
    case CNX_FORM_BF16:
        return cnx_peak_dot_now(kernels->peak_bf16);
    case CNX_FORM_INT8:
        return cnx_peak_dot_now(kernels->peak_int8);
    case CNX_FORM_FLOAT:
        break;
    }
    return 0;
}

/* GB/s, read and written, of copies within the scratch buffer of a thread, which holds the maps of
 * a strip. No layer needs its content after the pass. */
static double measure_memory(CnxRun *run)
{
    const gsize half = run->scratch_size / 2, bytes = half * sizeof(float);
    const gsize copies = 1 + COPIED_BYTES / bytes;
    gint64 begin;

    memmove(run->scratch, run->scratch + half, bytes); /* into the cache, if it fits */
    begin = now_ns();
    for (gsize i = 0; i < copies; i++)
        memmove(run->scratch, run->scratch + half, bytes);
    return 2.0 * (double)bytes * (double)copies / (double)(now_ns() - begin);
}

void cnx_profile_forward(CnxProfile *profile, CnxRun *run, guint n)
{
    const gsize sample = profile->totals.passes % CNX_PROFILE_SAMPLES;
    const GPtrArray *list = profile->layers->list;
    CnxProfileLayer *all = g_ptr_array_index(list, list->len - 1);
    gint64 begin;

    g_mutex_lock(&forward_lock);
    current = profile;
    begin = now_ns();
    cnx_forward(run, n);
    all->ns = now_ns() - begin;
    for (guint i = 0; i < list->len; i++) {
        CnxProfileLayer *layer = g_ptr_array_index(list, i);

        layer->ms[sample] = (float)((double)layer->ns * 1e-6 / n);
        layer->ns = 0;
    }
    profile->totals.peak[sample] = (float)measure_peak(profile->kernels);
    profile->totals.form_peak[sample] = (float)measure_form_peak(profile->kernels, run->form);
    profile->totals.memory[sample] = (float)measure_memory(run);
    profile->totals.passes++;
    profile->totals.images += n;
    g_mutex_unlock(&forward_lock);
}

/* Creating and freeing */

static gboolean read_switch(gboolean *on, GError **error)
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
    if (!read_switch(&on, error))
        return FALSE;
    if (!on)
        return TRUE;
    p = g_new0(CnxProfile, 1);
    p->kernels = run->kernels;
    p->layers = cnx_profile_layers_new(run);
    p->totals.title = g_strdup_printf("%s, %ux%u", run->config->variant, run->width, run->height);
    p->totals.isa = cnx_isa_name(run->kernels->level);
    p->totals.threads = run->threads;
    p->totals.form = run->form;
    p->timed = *run->kernels;
    p->timed.gemm = timed_gemm;
    p->timed.gemm_bf16 = timed_gemm_bf16;
    p->timed.gemm_int8 = timed_gemm_int8;
    p->timed.gemm_bf16_rows = timed_gemm_bf16_rows;
    p->timed.gemm_int8_rows = timed_gemm_int8_rows;
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

void cnx_profile_free(CnxProfile *profile)
{
    if (!profile)
        return;
    if (profile->totals.passes > 0) {
        g_autofree char *text = cnx_profile_report(&profile->totals, profile->layers);

        g_printerr("%s", text);
    }
    cnx_profile_layers_free(profile->layers);
    g_free(profile->totals.title);
    g_free(profile);
}
