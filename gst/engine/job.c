/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/engine/job.h"

#include "gst/engine/engine.h"

GstConvnextJob *gst_convnext_job_new(void)
{
    GstConvnextJob *self = g_new0(GstConvnextJob, 1);

    self->objects = g_array_new(FALSE, FALSE, sizeof(GstConvnextObject));
    self->views = g_array_new(FALSE, FALSE, sizeof(GstConvnextView));
    return self;
}

void gst_convnext_job_free(GstConvnextJob *self)
{
    if (!self)
        return;
    gst_convnext_job_end(self);
    g_array_unref(self->objects);
    g_array_unref(self->views);
    g_free(self->inputs);
    g_free(self->scores);
    g_free(self);
}

void gst_convnext_job_end(GstConvnextJob *self)
{
    self->n = 0;
    g_array_set_size(self->objects, 0);
    g_array_set_size(self->views, 0);
    g_clear_pointer(&self->results, g_ptr_array_unref);
    g_clear_pointer(&self->engine, gst_convnext_engine_unref);
}

/* Inputs are large and their number depends on the frame, so this allocation may fail. */
static gboolean grow_floats(float **floats, gsize *capacity, gsize needed)
{
    if (needed <= *capacity)
        return TRUE;
    g_free(*floats);
    *floats = g_try_new(float, needed);
    *capacity = *floats ? needed : 0;
    return *floats != NULL;
}

/* Inputs of many objects may take more than the model itself. */
static gboolean check_objects(GstConvnextEngine *engine, guint n, guint width, guint height,
                              gsize floats, GError **error)
{
    const gsize memory = gst_convnext_engine_job_memory(engine);

    if (n == 1 || floats <= memory / sizeof(float))
        return TRUE;
    g_set_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY,
                "the inputs of %u objects, %u x %u pixels each, take %" G_GSIZE_FORMAT
                " bytes of memory, but max-memory leaves %" G_GSIZE_FORMAT ": lower max-objects",
                n, width, height, floats * sizeof(float), memory);
    return FALSE;
}

gboolean gst_convnext_job_begin(GstConvnextJob *self, GstConvnextEngine *engine, guint n,
                                guint width, guint height, GError **error)
{
    gsize floats;

    gst_convnext_job_end(self);
    if (!g_size_checked_mul(&floats, (gsize)width * height, (gsize)n * 3))
        floats = G_MAXSIZE / sizeof(float);
    if (!check_objects(engine, n, width, height, floats, error))
        return FALSE;
    if (!grow_floats(&self->inputs, &self->inputs_capacity, floats)) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY,
                    "no memory for %u inputs of %u x %u pixels", n, width, height);
        return FALSE;
    }
    self->engine = gst_convnext_engine_ref(engine);
    self->n = n;
    self->width = width;
    self->height = height;
    return TRUE;
}

float *gst_convnext_job_input(const GstConvnextJob *self, guint i)
{
    g_assert(i < self->n);
    return self->inputs + (gsize)i * self->height * self->width * 3;
}

const GstConvnextObject *gst_convnext_job_object(const GstConvnextJob *self, guint i)
{
    return self->objects->len > 0 ? &g_array_index(self->objects, GstConvnextObject, i) : NULL;
}

const GstConvnextView *gst_convnext_job_view(const GstConvnextJob *self, guint i)
{
    return &g_array_index(self->views, GstConvnextView, i);
}

static gboolean keeps_scores(const GstConvnextJob *self)
{
    return self->smoothing.kind == GST_CONVNEXT_SMOOTHING_EXPONENTIAL;
}

gboolean gst_convnext_job_make_scores(GstConvnextJob *self, guint classes, GError **error)
{
    guint rows = keeps_scores(self) ? self->n : 1;
    gsize floats;

    self->classes = classes;
    if (g_size_checked_mul(&floats, rows, classes) &&
        grow_floats(&self->scores, &self->scores_capacity, floats))
        return TRUE;
    g_set_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY,
                "no memory for the scores of %u inputs and %u classes", rows, classes);
    return FALSE;
}

float *gst_convnext_job_scores(const GstConvnextJob *self, guint i)
{
    return self->scores + (keeps_scores(self) ? (gsize)i * self->classes : 0);
}

GstConvnextSample gst_convnext_job_sample(const GstConvnextJob *self)
{
    return (GstConvnextSample){
        .times = &self->times,
        .smoothing = &self->smoothing,
        .threshold = self->scoring.threshold,
        .scores = self->classes > 0 ? self->scores : NULL,
        .labels = self->labels,
        .decision = self->decision,
        .classes = self->classes,
    };
}
