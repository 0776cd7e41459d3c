/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "model/base/memory.h"
#include "model/heads/segmenter_network.h"
#include "model/threads/threads.h"

struct CnxSegmenterRun {
    CnxSegmenter *segmenter;
    CnxRun *backbone; /* also holds the thread pool */
    CnxSteps steps;
    CnxMap logits; /* [1, h, w, classes] */
    void *memory;  /* the stages' maps; then what the backbone works in, and over that, since one
                      is dead while the other is used, the head's maps and scratch memory */
    gsize size;    /* bytes of it */
};

/* Runs the head on maps of these sizes, or only measures it. */
static CnxHeadMap run_head(const CnxSegmenter *self, CnxSteps *steps, const CnxMap *stage)
{
    CnxHeadMap stages[CNX_STAGES];

    for (guint i = 0; i < CNX_STAGES; i++)
        stages[i] = cnx_head_map_of(&stage[i]);
    cnx_head_maps_reset(&steps->maps);
    return self->family->forward(self->head, steps, stages);
}

/* The bytes of maps and scratch memory for an input that fits the network; sets steps but for the
 * pointers. FALSE if that does not fit. */
static gboolean measure_head(const CnxSegmenter *self, guint width, guint height, guint threads,
                             CnxSteps *steps, gsize *bytes)
{
    CnxMap stage[CNX_STAGES];
    gsize scratch;

    *steps = (CnxSteps){
        .dense = {.kernels = self->kernels, .threads = threads},
        .height = height,
        .width = width,
    };
    cnx_run_stage_sizes(cnx_model_config(self->backbone), width, height, stage);
    run_head(self, steps, stage);
    return steps->maps.size != G_MAXSIZE &&
           g_size_checked_mul(&scratch, steps->dense.scratch_size, threads) &&
           g_size_checked_add(bytes, steps->maps.size, scratch);
}

static guint multiple_of(const CnxSegmenter *self)
{
    const CnxConfig *config = cnx_model_config(self->backbone);

    return self->family->whole ? cnx_family_stride(config, config->stages - 1) : 1;
}

static guint min_side(const CnxSegmenter *self)
{
    return MAX(cnx_config_min_side(cnx_model_config(self->backbone)), 32);
}

static gboolean size_fits(const CnxSegmenter *self, guint width, guint height)
{
    const guint multiple = multiple_of(self);

    return MIN(width, height) >= min_side(self) && width % multiple == 0 && height % multiple == 0;
}

static CnxOutput outputs_of(const CnxSegmenter *self)
{
    return self->family->outputs(self->head) | CNX_OUTPUT_LENT;
}

/* The bytes of all memory, and those of the stages' maps, for an input that fits the network; sets
 * steps but for the pointers. FALSE if that does not fit. */
static gboolean measure(const CnxSegmenter *self, guint width, guint height, guint threads,
                        CnxSteps *steps, gsize *bytes, gsize *stages)
{
    const CnxRunSize backbone =
        cnx_run_measure(cnx_model_config(self->backbone), width, height, 1, outputs_of(self),
                        cnx_model_form(self->backbone), threads);
    gsize head, work;

    *stages = backbone.lent;
    return backbone.images != G_MAXSIZE &&
           measure_head(self, width, height, threads, steps, &head) &&
           g_size_checked_mul(&work, backbone.scratch, threads) &&
           g_size_checked_add(&work, work, backbone.images) &&
           g_size_checked_add(bytes, MAX(work, head), *stages);
}

gsize cnx_segmenter_run_measure(const CnxSegmenter *self, guint width, guint height, guint threads)
{
    CnxSteps steps;
    gsize bytes, stages;

    if (!size_fits(self, width, height))
        return 0;
    return measure(self, width, height, threads, &steps, &bytes, &stages) ? bytes : G_MAXSIZE;
}

CnxMap cnx_segmenter_run_size(const CnxSegmenter *self, guint width, guint height)
{
    CnxSteps steps = {
        .dense = {.kernels = self->kernels, .threads = 1}, .height = height, .width = width};
    CnxMap stage[CNX_STAGES];

    if (!size_fits(self, width, height))
        return (CnxMap){0};
    cnx_run_stage_sizes(cnx_model_config(self->backbone), width, height, stage);
    const CnxHeadMap logits = run_head(self, &steps, stage);
    return cnx_head_map_view(&logits);
}

static gboolean check_size(const CnxSegmenter *self, guint width, guint height, GError **error)
{
    const guint multiple = multiple_of(self), side = min_side(self);

    if (size_fits(self, width, height))
        return TRUE;
    if (multiple > 1)
        g_set_error(
            error, CNX_ERROR, CNX_ERROR_SETTINGS,
            "the %s of %s needs inputs of at least %ux%u pixels whose sides are multiples of "
            "%u, not %ux%u: set crop=squash, or input-width and input-height",
            self->family->name, self->family->library, side, side, multiple, width, height);
    else
        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "the %s of %s needs inputs of at least %ux%u pixels, not %ux%u: set "
                    "crop=squash, or input-width and input-height",
                    self->family->name, self->family->library, side, side, width, height);
    return FALSE;
}

/* Allocates the memory and makes the backbone's run in it. */
static gboolean prepare(CnxSegmenterRun *run, guint width, guint height, guint threads,
                        GError **error)
{
    const CnxSegmenter *self = run->segmenter;
    CnxSteps *steps = &run->steps;
    gsize stages;

    if (measure(self, width, height, threads, steps, &run->size, &stages))
        run->memory = cnx_memory_new(run->size);
    if (!run->memory) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY,
                    "not enough memory to run a %s on %ux%u pixels", self->family->name, width,
                    height);
        return FALSE;
    }
    steps->maps.base = (char *)run->memory + stages;
    steps->dense.scratch = (float *)(gpointer)(steps->maps.base + steps->maps.size);
    run->backbone = cnx_run_new_in(self->backbone, width, height, 1, outputs_of(self), threads,
                                   steps->maps.base, error);
    if (!run->backbone)
        return FALSE;
    cnx_run_lend(run->backbone, run->memory, 1);
    return TRUE;
}

CnxSegmenterRun *cnx_segmenter_run_new(CnxSegmenter *self, guint width, guint height, guint threads,
                                       GError **error)
{
    const guint count = threads == 0 ? cnx_cpus_available() : MIN(threads, CNX_THREADS_MAX);
    g_autoptr(CnxSegmenterRun) run = NULL;

    if (!check_size(self, width, height, error))
        return NULL;
    run = g_new0(CnxSegmenterRun, 1);
    run->segmenter = cnx_segmenter_ref(self);
    if (!prepare(run, width, height, count, error))
        return NULL;
    return g_steal_pointer(&run);
}

void cnx_segmenter_run_free(CnxSegmenterRun *run)
{
    if (!run)
        return;
    cnx_run_free(run->backbone);
    cnx_segmenter_unref(run->segmenter);
    free(run->memory);
    g_free(run);
}

gsize cnx_segmenter_run_memory(const CnxSegmenterRun *run)
{
    return run->size;
}

void cnx_segmenter_run_set_probe(CnxSegmenterRun *run, CnxStepProbe *probe, gpointer data)
{
    run->steps.probe = probe;
    run->steps.probe_data = data;
}

const CnxMap *cnx_segmenter_run_forward(CnxSegmenterRun *run, const float *image)
{
    const CnxOutputs *outputs = cnx_run_forward_images(run->backbone, &image, 1);
    const CnxHeadMap logits = run_head(run->segmenter, &run->steps, outputs->stage);

    run->logits = cnx_head_map_view(&logits);
    return &run->logits;
}
