/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "model/base/memory.h"
#include "model/heads/detector_network.h"
#include "model/heads/family.h"
#include "model/threads/threads.h"

#define MULTIPLE 32 /* of the sides of an input */

/* The backbone's outputs that the pyramid reads. */
static CnxOutput find_outputs(const CnxDetectorConfig *config)
{
    CnxOutput outputs = 0;

    for (guint i = 0; i < config->inner; i++) {
        const guint module = config->modules[i], stage = module / 2;

        outputs |= module % 2 == 1 ? CNX_OUTPUT_STAGE(stage) : CNX_OUTPUT_DOWN(stage);
    }
    return outputs;
}

static void plan_sizes(CnxDetectorRun *run)
{
    const CnxDetectorConfig *config = &run->detector->config;
    const CnxConfig *backbone = cnx_model_config(run->detector->model);
    CnxMap stages[CNX_STAGES];

    cnx_run_stage_sizes(backbone, run->width, run->height, stages);
    run->levels = config->levels;
    for (guint i = 0; i < config->inner; i++) {
        const guint stage = config->modules[i] / 2;
        const guint stride = cnx_family_stride(backbone, stage);

        run->level[i] = (CnxDetectorLevel){.height = stages[stage].height,
                                           .width = stages[stage].width,
                                           .stride_x = stride,
                                           .stride_y = stride};
    }
    if (config->pool) {
        const CnxDetectorLevel *last = &run->level[config->inner - 1];

        run->level[config->inner] = (CnxDetectorLevel){.height = (last->height + 1) / 2,
                                                       .width = (last->width + 1) / 2,
                                                       .stride_x = 2 * last->stride_x,
                                                       .stride_y = 2 * last->stride_y};
    }
    for (guint i = 0; run->detector->rules->measures_strides && i < run->levels; i++) {
        run->level[i].stride_x = run->width / run->level[i].width;
        run->level[i].stride_y = run->height / run->level[i].height;
    }
}

/* Scratch memory of a thread */

static gsize scratch_of(const CnxDetectorRun *run, const CnxConv *conv, guint width)
{
    return cnx_conv_scratch(run->detector->kernels, conv, width);
}

static gsize scratch_of_all(const CnxDetectorRun *run, const CnxConv *convs, guint count,
                            guint width)
{
    gsize most = 0;

    for (guint i = 0; i < count; i++)
        most = MAX(most, scratch_of(run, &convs[i], width));
    return most;
}

/* Of the heads of one stage of a cascade. */
static gsize scratch_of_stage(const CnxDetectorRun *run, guint stage)
{
    const CnxDetectorWeights *w = &run->detector->weights;
    const CnxBoxHead *box = &w->box[stage];
    const CnxMaskHead *mask = &w->mask[stage];
    gsize most = scratch_of_all(run, box->conv, box->conv_depth, w->box_side);

    most = MAX(most, scratch_of_all(run, box->fc, box->fc_depth, 1));
    most = MAX(most, scratch_of(run, &box->predict, 1));
    if (!run->settings.masks)
        return most;
    most = MAX(most, scratch_of_all(run, mask->conv, mask->depth, CNX_DETECTOR_MASK_POOL));
    return MAX(most, scratch_of(run, &mask->up, CNX_DETECTOR_MASK_POOL));
}

static gsize find_scratch(const CnxDetectorRun *run)
{
    const CnxDetectorWeights *w = &run->detector->weights;
    gsize most = cnx_pyramid_scratch(run);

    for (guint i = 0; i < w->stages; i++)
        most = MAX(most, scratch_of_stage(run, i));
    for (guint i = 0; i < run->levels; i++) {
        const guint width = run->level[i].width;

        if (i < w->inner_count)
            most = MAX(most, MAX(scratch_of(run, &w->inner[i], width),
                                 scratch_of(run, &w->layer[i], width)));
        most = MAX(most, scratch_of_all(run, w->rpn, w->rpn_depth, width));
        most = MAX(most, scratch_of(run, &w->rpn_out, width));
    }
    return most;
}

/* The arena */

/* Elements of `size` bytes. */
static void *take(CnxArena *arena, gsize count, gsize size)
{
    gsize bytes;

    if (!g_size_checked_mul(&bytes, count, size) || bytes > G_MAXSIZE - CNX_ALIGNMENT) {
        arena->overflow = TRUE;
        return NULL;
    }
    return CNX_TAKE(arena, (bytes + CNX_ALIGNMENT - 1) / CNX_ALIGNMENT,
                    CNX_ALIGNMENT / sizeof(float));
}

static void plan_level(CnxDetectorRun *run, guint i, CnxArena *arena)
{
    const CnxDetectorConfig *config = &run->detector->config;
    CnxDetectorLevel *level = &run->level[i];
    const gsize channels = run->detector->weights.inner[0].n;

    if (i < config->inner)
        level->inner = CNX_TAKE(arena, level->height, level->width, channels);
    level->map = CNX_TAKE(arena, level->height, level->width, channels);
    level->rpn = CNX_TAKE(arena, level->height, level->width, 5, config->anchors);
    level->ranked = take(arena, config->pre_nms, sizeof *level->ranked);
    level->boxes = take(arena, config->pre_nms + 1, sizeof *level->boxes);
    level->scores = take(arena, config->pre_nms + 1, sizeof *level->scores);
    level->areas = take(arena, config->pre_nms, sizeof *level->areas);
    level->kept = take(arena, config->pre_nms, sizeof *level->kept);
}

/* Of the maps of pooled boxes, pixels and channels: [pitch, side, channels]. */
static gsize stacked_floats(const CnxDetectorRun *run, const CnxConv *convs, guint depth,
                            guint side)
{
    const guint channels = run->detector->weights.inner[0].n;

    return (gsize)cnx_roi_stack_pitch(convs, depth, side) * side *
           cnx_roi_stack_channels(convs, depth, channels);
}

static void plan_boxes(CnxDetectorRun *run, CnxArena *arena)
{
    const CnxDetectorWeights *w = &run->detector->weights;
    const gsize n = run->settings.proposals, rows = MIN(n, CNX_DETECTOR_ROWS);
    gsize pooled = 0, features = 0;
    gboolean has_convs = FALSE;

    for (guint i = 0; i < w->stages; i++) {
        const CnxBoxHead *head = &w->box[i];

        pooled = MAX(pooled, stacked_floats(run, head->conv, head->conv_depth, w->box_side));
        has_convs |= head->conv_depth > 0;
        for (guint k = 0; k < head->fc_depth; k++)
            features = MAX(features, head->fc[k].n);
    }
    run->proposals = take(arena, n, sizeof *run->proposals);
    run->rois = w->stages > 1 ? take(arena, n, sizeof *run->rois) : run->proposals;
    run->box_maps[0] = CNX_TAKE(arena, rows, pooled);
    run->box_maps[1] = has_convs ? CNX_TAKE(arena, rows, pooled) : NULL;
    run->features[0] = CNX_TAKE(arena, rows, features);
    run->features[1] = CNX_TAKE(arena, rows, features);
    run->logits = w->stages > 1 ? CNX_TAKE(arena, rows, w->classes + 1) : NULL;
    run->predictions = CNX_TAKE(arena, n, w->box[0].predict.n);
    run->candidates = take(arena, n, sizeof *run->candidates);
    run->boxes = take(arena, n, sizeof *run->boxes);
    run->sorted = take(arena, n, sizeof *run->sorted);
    run->areas = take(arena, n, sizeof *run->areas);
    run->kept = take(arena, n, sizeof *run->kept);
    run->found = take(arena, run->settings.max_objects, sizeof *run->found);
    run->objects = take(arena, run->settings.max_objects, sizeof *run->objects);
}

static void plan_masks(CnxDetectorRun *run, CnxArena *arena)
{
    const CnxDetectorWeights *w = &run->detector->weights;
    const gsize side = CNX_DETECTOR_MASK_POOL, objects = run->settings.max_objects;
    const gsize rows = MIN(objects, CNX_DETECTOR_MASKS);
    gsize pooled = 0, up = 0;

    if (!run->settings.masks)
        return;
    for (guint i = 0; i < w->stages; i++) {
        const CnxMaskHead *head = &w->mask[i];
        const gsize pitch = cnx_roi_stack_pitch(head->conv, head->depth, side);

        pooled = MAX(pooled, stacked_floats(run, head->conv, head->depth, side));
        up = MAX(up, pitch * side * head->up.n);
    }
    run->mask_maps[0] = CNX_TAKE(arena, rows, pooled);
    run->mask_maps[1] = CNX_TAKE(arena, rows, pooled);
    run->mask_up = CNX_TAKE(arena, rows, up);
    run->masks = CNX_TAKE(arena, objects, 2 * side, 2 * side);
}

/* Takes each buffer from the arena; with base NULL only counts. */
static void plan_arena(CnxDetectorRun *run, CnxArena *arena)
{
    const CnxDetectorLevel *first = &run->level[0];
    const gsize channels = run->detector->weights.inner[0].n;

    for (guint i = 0; i < run->levels; i++)
        plan_level(run, i, arena);
    run->hidden[0] = first->inner; /* no longer needed when the proposals are computed */
    if (run->detector->weights.rpn_depth > 1)
        run->hidden[1] = CNX_TAKE(arena, first->height, first->width, channels);
    plan_boxes(run, arena);
    plan_masks(run, arena);
    run->dense.scratch = take(arena, run->dense.threads, run->dense.scratch_size);
}

/* Everything but memory and backbone. threads: 1 or more. FALSE if the size does not fit. */
static gboolean plan(CnxDetectorRun *run, CnxDetector *detector, guint width, guint height,
                     const CnxDetectorSettings *settings, guint threads)
{
    const guint side = MAX(cnx_config_min_side(cnx_model_config(detector->model)), MULTIPLE);

    if (width < side || height < side || width % MULTIPLE || height % MULTIPLE)
        return FALSE;
    run->detector = detector;
    run->settings = cnx_detector_settings(detector, settings);
    run->width = width;
    run->height = height;
    run->dense = (CnxDenseContext){.kernels = detector->kernels, .threads = threads};
    plan_sizes(run);
    run->dense.scratch_size = find_scratch(run);
    return TRUE;
}

gsize cnx_detector_run_measure(const CnxDetector *detector, guint width, guint height,
                               const CnxDetectorSettings *settings, guint threads)
{
    CnxDetectorRun run = {NULL};
    CnxArena arena = {NULL};
    gsize bytes;

    if (!plan(&run, (CnxDetector *)detector, width, height, settings, threads))
        return 0;
    plan_arena(&run, &arena);
    const CnxRunSize backbone =
        cnx_run_measure(cnx_model_config(detector->model), width, height, 1,
                        find_outputs(&detector->config), cnx_model_form(detector->model), threads);
    if (!cnx_arena_bytes(&arena, &bytes) || backbone.images == G_MAXSIZE ||
        !g_size_checked_add(&bytes, bytes, backbone.images) ||
        !g_size_checked_add(&bytes, bytes, threads * backbone.scratch))
        return G_MAXSIZE;
    return bytes;
}

static gboolean allocate(CnxDetectorRun *run)
{
    CnxArena arena = {NULL};

    plan_arena(run, &arena);
    if (!cnx_arena_bytes(&arena, &run->memory_size))
        return FALSE;
    run->memory = cnx_memory_new(run->memory_size);
    if (!run->memory)
        return FALSE;
    arena = (CnxArena){.base = run->memory};
    plan_arena(run, &arena);
    return TRUE;
}

CnxDetectorRun *cnx_detector_run_new(CnxDetector *detector, guint width, guint height,
                                     const CnxDetectorSettings *settings, guint threads,
                                     GError **error)
{
    g_autoptr(CnxDetectorRun) run = g_new0(CnxDetectorRun, 1);
    const guint used = threads == 0 ? cnx_cpus_available() : MIN(threads, CNX_THREADS_MAX);

    if (!plan(run, detector, width, height, settings, used)) {
        run->detector = NULL;
        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "%s needs inputs with sides that are multiples of %d, not %ux%u pixels",
                    detector->info->family, MULTIPLE, width, height);
        return NULL;
    }
    cnx_detector_ref(detector);
    cnx_threads_acquire(used);
    run->backbone = cnx_run_new(detector->model, width, height, 1, find_outputs(&detector->config),
                                used, error);
    if (!run->backbone)
        return NULL;
    if (!allocate(run)) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY,
                    "not enough memory to run %s on %ux%u pixels", detector->info->family, width,
                    height);
        return NULL;
    }
    return g_steal_pointer(&run);
}

void cnx_detector_run_free(CnxDetectorRun *run)
{
    if (!run)
        return;
    cnx_run_free(run->backbone);
    if (run->detector) {
        cnx_threads_release();
        cnx_detector_unref(run->detector);
    }
    free(run->memory);
    g_free(run);
}

gsize cnx_detector_run_memory(const CnxDetectorRun *run)
{
    return run->memory_size + cnx_run_memory(run->backbone);
}

void cnx_detector_run_set_probe(CnxDetectorRun *run, CnxDetectorProbe *probe, gpointer data)
{
    run->probe = probe;
    run->probe_data = data;
}

const CnxDetections *cnx_detector_run_forward(CnxDetectorRun *run, const float *image,
                                              guint image_width, guint image_height)
{
    const CnxOutputs *outputs;

    g_assert(image_width >= 1 && image_width <= run->width);
    g_assert(image_height >= 1 && image_height <= run->height);
    run->image_width = image_width;
    run->image_height = image_height;
    run->result.dropped = 0;
    outputs = cnx_run_forward_images(run->backbone, &image, 1);
    cnx_detector_part_ends(run, "backbone");
    cnx_pyramid_forward(run, outputs);
    cnx_detector_part_ends(run, "pyramid");
    cnx_proposals_forward(run);
    cnx_box_head_forward(run);
    for (guint i = 0; i < run->levels; i++)
        run->result.dropped += run->level[i].dropped;
    run->result.n = run->object_count;
    run->result.items = run->objects;
    if (run->settings.masks) {
        cnx_mask_head_forward(run);
        run->result.mask_side = 2 * CNX_DETECTOR_MASK_POOL;
        run->result.masks = run->masks;
    }
    return &run->result;
}
