/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define GST_USE_UNSTABLE_API /* tracers */
#include "gst/stream/tracer.h"

#include <gst/gsttracer.h>
#include <gst/gsttracerrecord.h>

int gst_convnext_tracer_is_on;

static GstTracerRecord *record; /* made once, never freed */

typedef struct GstConvnextTracer {
    GstTracer parent;
} GstConvnextTracer;

typedef GstTracerClass GstConvnextTracerClass;

GType gst_convnext_tracer_get_type(void);
G_DEFINE_TYPE(GstConvnextTracer, gst_convnext_tracer, GST_TYPE_TRACER)

static GstStructure *describe(const char *name, GType type, const char *description)
{
    return gst_structure_new(name, "type", G_TYPE_GTYPE, type, "description", G_TYPE_STRING,
                             description, NULL);
}

static GstTracerRecord *make_record(void)
{
    g_autoptr(GstStructure) element =
        gst_structure_new("scope", "type", G_TYPE_GTYPE, G_TYPE_STRING, "related-to",
                          GST_TYPE_TRACER_VALUE_SCOPE, GST_TRACER_VALUE_SCOPE_ELEMENT, NULL);
    g_autoptr(GstStructure) frame = describe("value", G_TYPE_UINT64, "number since start");
    g_autoptr(GstStructure) inputs = describe("value", G_TYPE_UINT, "frames or objects that ran");
    g_autoptr(GstStructure) preprocess =
        describe("value", G_TYPE_UINT64, "from the frame to the network's input, ns");
    g_autoptr(GstStructure) inference =
        describe("value", G_TYPE_UINT64, "of the network or its share of a batch, ns");
    g_autoptr(GstStructure) total =
        describe("value", G_TYPE_UINT64, "both, and waiting for other streams, ns");

    return gst_tracer_record_new(
        "convnext-times.class", "element", GST_TYPE_STRUCTURE, element, "frame", GST_TYPE_STRUCTURE,
        frame, "inputs", GST_TYPE_STRUCTURE, inputs, "preprocess", GST_TYPE_STRUCTURE, preprocess,
        "inference", GST_TYPE_STRUCTURE, inference, "total", GST_TYPE_STRUCTURE, total, NULL);
}

static void gst_convnext_tracer_class_init(GstConvnextTracerClass *klass)
{
    record = make_record();
    GST_OBJECT_FLAG_SET(record, GST_OBJECT_FLAG_MAY_BE_LEAKED);
}

/* GStreamer releases a tracer at once that hooks into none of its functions. */
static void gst_convnext_tracer_init(GstConvnextTracer *self)
{
    g_atomic_int_set(&gst_convnext_tracer_is_on, TRUE);
}

gboolean gst_convnext_tracer_register(GstPlugin *plugin)
{
    return gst_tracer_register(plugin, "convnexttimes", gst_convnext_tracer_get_type());
}

void gst_convnext_tracer_log(GstElement *element, const GstConvnextJob *job, GstClockTime total)
{
    gst_tracer_record_log(record, GST_OBJECT_NAME(element), job->times.frame, job->n,
                          (guint64)job->preprocess_time, (guint64)job->inference_time,
                          (guint64)total);
}
