/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/engine/job.h"

GstConvnextJob *gst_convnext_job_new(void)
{
    return g_new0(GstConvnextJob, 1);
}

void gst_convnext_job_free(GstConvnextJob *self)
{
    if (!self)
        return;
    g_free(self->inputs);
    g_free(self->regions);
    g_free(self);
}

/* Inputs are large and their number is the frame's: the only allocation here that may fail. */
static gboolean grow_inputs(GstConvnextJob *self, gsize floats)
{
    if (floats <= self->floats_capacity)
        return TRUE;
    g_free(self->inputs);
    self->inputs = g_try_new(float, floats);
    self->floats_capacity = self->inputs ? floats : 0;
    return self->inputs != NULL;
}

gboolean gst_convnext_job_resize(GstConvnextJob *self, guint n, guint width, guint height,
                                 GError **error)
{
    gsize floats;

    self->n = 0;
    if (!g_size_checked_mul(&floats, (gsize)width * height, (gsize)n * 3) ||
        !grow_inputs(self, floats)) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY,
                    "no memory for %u inputs of %u x %u pixels", n, width, height);
        return FALSE;
    }
    if (n > self->regions_capacity) {
        self->regions = g_renew(GstConvnextRegion, self->regions, n);
        self->regions_capacity = n;
    }
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

static GQuark region_quark(void)
{
    return g_quark_from_static_string("gst-convnext-region");
}

void gst_convnext_job_note(GstConvnextResult *result, const GstConvnextRegion *region)
{
    gst_mini_object_set_qdata(GST_MINI_OBJECT_CAST(result), region_quark(),
                              g_memdup2(region, sizeof *region), g_free);
}

const GstConvnextRegion *gst_convnext_job_noted(GstConvnextResult *result)
{
    return gst_mini_object_get_qdata(GST_MINI_OBJECT_CAST(result), region_quark());
}
