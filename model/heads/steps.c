/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/heads/steps.h"

#include "model/dense/interpolate.h"
#include "model/dense/pool.h"
#include "model/threads/threads.h"

#define NORM_PIXELS 128 /* of a task */

static gboolean is_measuring(const CnxSteps *steps)
{
    return steps->maps.base == NULL;
}

/* Asks for scratch memory while measuring; TRUE if the step is to run. */
static gboolean begin(CnxSteps *steps, gsize scratch)
{
    if (is_measuring(steps))
        steps->dense.scratch_size = MAX(steps->dense.scratch_size, scratch);
    else
        g_assert(scratch <= steps->dense.scratch_size);
    return !is_measuring(steps);
}

void cnx_step_show(const CnxSteps *steps, const char *name, guint number, const CnxHeadMap *map)
{
    char text[32];

    if (!steps->probe || is_measuring(steps))
        return;
    g_snprintf(text, sizeof text, number > 0 ? "%s%u" : "%s", name, number);
    steps->probe(steps->probe_data, text, map);
}

CnxHeadMap cnx_step_conv(CnxSteps *steps, const CnxConv *conv, const CnxHeadMap *in)
{
    const CnxHeadMap out = cnx_head_maps_take(&steps->maps, in->height, in->width, conv->n);
    const CnxConvCall call = {
        .height = in->height,
        .width = in->width,
        .a = in->data,
        .lda = in->channels,
        .c = out.data,
        .ldc = out.channels,
        .finish = TRUE,
    };

    g_assert(in->channels == conv->k);
    if (begin(steps, cnx_conv_scratch(steps->dense.kernels, conv, in->width)))
        cnx_conv_run(&steps->dense, conv, &call);
    return out;
}

CnxHeadMap cnx_step_depthwise(CnxSteps *steps, const CnxDepthwise *depthwise, const CnxHeadMap *in)
{
    const CnxHeadMap out =
        cnx_head_maps_take(&steps->maps, in->height, in->width, depthwise->channels);

    g_assert(in->channels == depthwise->channels);
    if (begin(steps, 0))
        cnx_depthwise_run(&steps->dense, depthwise, in->height, in->width, in->data, out.data);
    return out;
}

CnxHeadMap cnx_step_parts(CnxSteps *steps, const CnxHeadParts *parts, const CnxHeadMap *maps,
                          guint height, guint width)
{
    const CnxHeadMap out = cnx_head_maps_take(&steps->maps, height, width, parts->n);
    CnxConvPart part[CNX_PARTS_MAX];
    CnxMap view[CNX_PARTS_MAX];
    CnxPartsCall call = {
        .parts = part,
        .count = parts->count,
        .height = height,
        .width = width,
        .c = out.data,
        .ldc = out.channels,
        .bias = parts->bias,
        .act = parts->act,
    };

    for (guint i = 0; i < parts->count; i++) {
        const gboolean is_scaled = parts->scaling[i] != CNX_SCALING_NONE;

        view[i] = cnx_head_map_view(&maps[i]);
        part[i] = (CnxConvPart){
            .map = &view[i],
            .scaling = parts->scaling[i],
            .conv = is_scaled ? NULL : &parts->conv[i],
            .weights = is_scaled ? &parts->weights[i] : NULL,
        };
    }
    CnxHeadMap shared =
        cnx_head_maps_take_bytes(&steps->maps, cnx_parts_shared(steps->dense.kernels, &call));
    call.shared = shared.data;
    if (begin(steps, cnx_parts_scratch(steps->dense.kernels, &call)))
        cnx_parts_run(&steps->dense, &call);
    cnx_head_maps_release(&steps->maps, &shared);
    return out;
}

/* Writes to dst, or adds to it: floats of a map of height x width pixels, ldd apart. */
static void interpolate(CnxSteps *steps, const CnxHeadMap *in, CnxInterpolation call)
{
    const CnxMap view = cnx_head_map_view(in);

    call.map = &view;
    if (begin(steps, cnx_interpolation_scratch(&call)))
        cnx_interpolation_run(&steps->dense, &call);
}

void cnx_step_add(CnxSteps *steps, const CnxHeadMap *in, CnxScaling scaling, CnxHeadMap *sum)
{
    g_assert(in->channels == sum->channels);
    interpolate(steps, in,
                (CnxInterpolation){
                    .scaling = scaling,
                    .height = sum->height,
                    .width = sum->width,
                    .dst = sum->data,
                    .ldd = sum->channels,
                    .accumulate = TRUE,
                });
}

CnxHeadMap cnx_step_concat(CnxSteps *steps, const CnxHeadMap *maps, const CnxScaling *scaling,
                           guint count, guint height, guint width)
{
    guint channels = 0, first = 0;

    for (guint i = 0; i < count; i++)
        channels += maps[i].channels;
    const CnxHeadMap out = cnx_head_maps_take(&steps->maps, height, width, channels);
    for (guint i = 0; i < count; i++) {
        interpolate(steps, &maps[i],
                    (CnxInterpolation){
                        .scaling = scaling[i],
                        .height = height,
                        .width = width,
                        .dst = out.data ? out.data + first : NULL,
                        .ldd = channels,
                    });
        first += maps[i].channels;
    }
    return out;
}

CnxHeadMap cnx_step_scale(CnxSteps *steps, const CnxHeadMap *in, CnxScaling scaling, guint height,
                          guint width)
{
    return cnx_step_concat(steps, in, &scaling, 1, height, width);
}

void cnx_step_group_norm(CnxSteps *steps, const CnxGroupNorm *norm, CnxHeadMap *map)
{
    const gsize pixels = (gsize)map->height * map->width;
    CnxHeadMap shared = cnx_head_maps_take_bytes(&steps->maps, cnx_group_norm_shared(norm, pixels));

    g_assert(map->channels == norm->channels);
    if (begin(steps, 0))
        cnx_group_norm_run(&steps->dense, norm, map->data, pixels, shared.data);
    cnx_head_maps_release(&steps->maps, &shared);
}

CnxHeadMap cnx_step_pool(CnxSteps *steps, const CnxHeadMap *in, guint n)
{
    const CnxHeadMap out = cnx_head_maps_take(&steps->maps, n, n, in->channels);
    const CnxMap view = cnx_head_map_view(in);

    if (begin(steps, 0))
        cnx_pool_run(&steps->dense, &view, n, out.data);
    return out;
}

typedef struct NormCall {
    const CnxKernels *kernels;
    const CnxHeadNorm *norm;
    const CnxHeadMap *in, *out;
    gsize pixels;
} NormCall;

static void norm_task(gpointer data, guint task, guint slot)
{
    const NormCall *p = data;
    const gsize first = (gsize)task * NORM_PIXELS, at = first * p->norm->n;

    (void)slot;
    p->kernels->layernorm(p->out->data + at, p->norm->n, p->in->data + at, p->norm->n,
                          (int)MIN(NORM_PIXELS, p->pixels - first), (int)p->norm->n,
                          p->norm->weight, p->norm->bias, p->norm->eps);
}

CnxHeadMap cnx_step_norm(CnxSteps *steps, const CnxHeadNorm *norm, const CnxHeadMap *in)
{
    const CnxHeadMap out = cnx_head_maps_take(&steps->maps, in->height, in->width, norm->n);
    NormCall call = {steps->dense.kernels, norm, in, &out, (gsize)in->height * in->width};
    const gsize tasks = (call.pixels + NORM_PIXELS - 1) / NORM_PIXELS;

    g_assert(in->channels == norm->n);
    if (begin(steps, 0))
        cnx_threads_loop(steps->dense.threads, (guint)tasks, norm_task, &call);
    return out;
}
