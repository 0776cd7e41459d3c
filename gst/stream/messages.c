/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/stream/messages.h"

#include "model/base/error.h"
#include "model/base/isa.h"

GST_DEBUG_CATEGORY_EXTERN(gst_convnext_debug);
#define GST_CAT_DEFAULT gst_convnext_debug

void gst_convnext_post_error(GstElement *element, GstMessageType type, const GError *error,
                             const char *doing)
{
    GQuark domain = GST_STREAM_ERROR;
    int code = GST_STREAM_ERROR_FAILED;

    switch ((CnxError)error->code) {
    case CNX_ERROR_NOT_FOUND:
        domain = GST_RESOURCE_ERROR;
        code = GST_RESOURCE_ERROR_NOT_FOUND;
        break;
    case CNX_ERROR_UNREADABLE:
        domain = GST_RESOURCE_ERROR;
        code = GST_RESOURCE_ERROR_OPEN_READ;
        break;
    case CNX_ERROR_UNWRITABLE:
        domain = GST_RESOURCE_ERROR;
        code = GST_RESOURCE_ERROR_OPEN_WRITE;
        break;
    case CNX_ERROR_CORRUPT:
    case CNX_ERROR_MISMATCH:
        code = GST_STREAM_ERROR_FORMAT;
        break;
    case CNX_ERROR_NOT_CONVNEXT:
        code = GST_STREAM_ERROR_WRONG_TYPE;
        break;
    case CNX_ERROR_UNSUPPORTED:
        code = GST_STREAM_ERROR_NOT_IMPLEMENTED;
        break;
    case CNX_ERROR_OUT_OF_MEMORY:
        domain = GST_RESOURCE_ERROR;
        code = GST_RESOURCE_ERROR_NO_SPACE_LEFT;
        break;
    case CNX_ERROR_CANCELLED: /* never posted */
        break;
    case CNX_ERROR_SETTINGS:
        domain = GST_LIBRARY_ERROR;
        code = GST_LIBRARY_ERROR_SETTINGS;
        break;
    }
    gst_element_message_full(element, type, domain, code, g_strdup(error->message), g_strdup(doing),
                             __FILE__, GST_FUNCTION, __LINE__);
}

gboolean gst_convnext_pass_if_cancelled(GstElement *element, const GError *error)
{
    if (g_error_matches(error, CNX_ERROR, CNX_ERROR_CANCELLED))
        return TRUE;
    gst_convnext_post_error(element, GST_MESSAGE_ERROR, error, "running a frame");
    return FALSE;
}

gboolean gst_convnext_warn_unreadable(GstElement *element, const GError *error, gboolean *is_posted)
{
    if (!g_error_matches(error, CNX_ERROR, CNX_ERROR_CORRUPT))
        return FALSE;
    if (!*is_posted)
        GST_ELEMENT_WARNING(
            element, STREAM, FORMAT,
            ("%s: this frame, and others like it, pass without a result", error->message),
            ("reading a frame"));
    *is_posted = TRUE;
    return TRUE;
}

void gst_convnext_warn_not_finite(GstElement *element, GstConvnextEngine *engine)
{
    g_autofree char *remark = gst_convnext_engine_remark_not_finite(engine);

    if (remark)
        GST_ELEMENT_WARNING(element, STREAM, FAILED, ("%s", remark), ("classifying a frame"));
}

void gst_convnext_warn_no_objects(GstElement *element, guint frames)
{
    GST_ELEMENT_WARNING(
        element, STREAM, FAILED,
        ("none of the first %u frames describes an object: region=objects classifies the objects "
         "that an upstream object detector attaches to the frames, as GstVideoRegionOfInterestMeta "
         "or, from GStreamer 1.24, GstAnalyticsODMtd",
         frames),
        ("looking for objects"));
}

void gst_convnext_warn_cannot_paint(GstElement *element, const GstVideoInfo *caps)
{
    GST_ELEMENT_WARNING(element, STREAM, FORMAT,
                        ("frames of the format %s cannot be painted: put videoconvert before the "
                         "element, or set paint to false",
                         GST_VIDEO_INFO_NAME(caps)),
                        ("painting a mask"));
}

/* Logs why the processor's highest isa level is not used, once per process. */
static void log_isa(GstElement *element)
{
    static gsize is_logged;
    CnxIsa level;

    if (!g_once_init_enter(&is_logged))
        return;
    g_autofree char *remark = cnx_isa_get(&level, NULL) ? cnx_isa_remark(level) : NULL;
    if (remark)
        GST_WARNING_OBJECT(element, "%s", remark);
    g_once_init_leave(&is_logged, TRUE);
}

void gst_convnext_announce_engine(GstElement *element, const GstConvnextEngine *engine,
                                  char **precision_remark)
{
    g_autoptr(GstStructure) info = gst_convnext_engine_info(engine);
    g_autofree char *remark = gst_convnext_engine_remark(engine);
    g_autofree char *backbone = gst_convnext_engine_remark_backbone(engine);
    g_autofree char *precision = gst_convnext_engine_remark_precision(engine);
    const char *ignored = gst_convnext_engine_ignored(engine);

    log_isa(element);
    GST_INFO_OBJECT(element, "opened %" GST_PTR_FORMAT, info);
    if (remark)
        GST_WARNING_OBJECT(element, "%s", remark);
    if (backbone)
        GST_ELEMENT_INFO(element, RESOURCE, SETTINGS, ("%s", backbone),
                         ("%s", backbone)); /* gst-launch prints only the second of an INFO */
    if (precision && g_strcmp0(precision, *precision_remark) != 0)
        GST_ELEMENT_WARNING(element, RESOURCE, SETTINGS, ("%s", precision), (NULL));
    g_free(*precision_remark);
    *precision_remark = g_steal_pointer(&precision);
    if (ignored)
        GST_ELEMENT_WARNING(element, RESOURCE, SETTINGS,
                            ("ignored, because it belongs to another model: %s", ignored), (NULL));
}

static const char *best_label(GstConvnextResult *result)
{
    guint n;
    const GstConvnextClass *classes = gst_convnext_result_get_classes(result, &n);

    return n > 0 && classes[0].label ? classes[0].label : "none";
}

void gst_convnext_log_job(GstElement *element, const GstConvnextJob *job)
{
    for (guint i = 0; i < job->results->len; i++)
        GST_LOG_OBJECT(
            element,
            "frame %" G_GUINT64_FORMAT ": best class %s, preprocess %.3f ms, inference %.3f ms",
            job->times.frame, best_label(g_ptr_array_index(job->results, i)),
            (double)job->preprocess_time / GST_MSECOND, (double)job->inference_time / GST_MSECOND);
}

void gst_convnext_post_structure(GstElement *element, GstStructure *structure)
{
    gst_element_post_message(element, gst_message_new_element(GST_OBJECT(element), structure));
}

void gst_convnext_post_result(GstElement *element, const GstConvnextTimes *times,
                              GstConvnextResult *result)
{
    GstStructure *s = gst_convnext_result_to_structure(result);

    gst_structure_set(s, "frame", G_TYPE_UINT64, times->frame, "stream-time", G_TYPE_UINT64,
                      times->stream_time, "running-time", G_TYPE_UINT64, times->running_time, NULL);
    gst_convnext_post_structure(element, s);
}

void gst_convnext_post_updated(GstElement *element, const GstConvnextEngine *engine, guint64 frame)
{
    GstStructure *s = gst_convnext_engine_info(engine);

    gst_structure_set_name(s, "convnext-model-updated");
    gst_structure_set(s, "frame", G_TYPE_UINT64, frame, NULL);
    gst_convnext_post_structure(element, s);
}
