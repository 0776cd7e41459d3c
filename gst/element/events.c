/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/element/events.h"

#include "gst/convnext/query.h"

GST_DEBUG_CATEGORY_EXTERN(gst_convnext_debug);
#define GST_CAT_DEFAULT gst_convnext_debug

void gst_convnext_follow_event(GstConvnextElement *self, GstEvent *event)
{
    const GstSegment *segment;

    switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_STREAM_START:
    case GST_EVENT_TAG:
        gst_convnext_tags_add(&self->tags, GST_BASE_TRANSFORM_SINK_PAD(self), event);
        break;
    case GST_EVENT_SEGMENT:
        gst_event_parse_segment(event, &segment);
        gst_convnext_stream_set_segment(self->stream, segment);
        break;
    case GST_EVENT_FLUSH_START: /* the streaming thread may be waiting in the stream */
        gst_convnext_stream_interrupt(self->stream);
        break;
    case GST_EVENT_FLUSH_STOP:
        g_clear_pointer(&self->refusal, g_free);
        gst_convnext_stream_flush(self->stream);
        break;
    case GST_EVENT_EOS: /* the element posts no result after it */
        gst_convnext_stream_drain(self->stream);
        break;
    default:
        break;
    }
}

/* TRUE if skipping inference is enough. The event must not go upstream in that case: decoders would
 * drop the frames that skip inference. */
static gboolean handle_qos(GstConvnextElement *self, GstEvent *event)
{
    GstQOSType type;
    GstClockTimeDiff lateness;
    GstClockTime running_time;

    gst_event_parse_qos(event, &type, NULL, &lateness, &running_time);
    GST_OBJECT_LOCK(self);
    gboolean skips_late =
        self->settings.frame.mode == GST_CONVNEXT_MODE_SYNC && self->settings.frame.qos;
    GST_OBJECT_UNLOCK(self);
    return gst_convnext_stream_add_qos(self->stream, type, running_time, lateness) && skips_late;
}

gboolean gst_convnext_consume_event(GstConvnextElement *self, GstEvent *event)
{
    switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_QOS:
        return handle_qos(self, event);
    case GST_EVENT_LATENCY:
        gst_convnext_stream_latency_distributed(self->stream);
        return FALSE;
    default:
        return FALSE;
    }
}

gboolean gst_convnext_answer_results(GstConvnextElement *self, GstQuery *query)
{
    if (!gst_structure_has_name(gst_query_get_structure(query), GST_CONVNEXT_QUERY_RESULTS))
        return FALSE;
    GST_OBJECT_LOCK(self);
    const gboolean is_smoothed = self->settings.frame.smoothing.kind != GST_CONVNEXT_SMOOTHING_NONE;
    GST_OBJECT_UNLOCK(self);
    gst_structure_set(gst_query_writable_structure(query), GST_CONVNEXT_QUERY_ATTACHED,
                      G_TYPE_UINT64, gst_convnext_stream_attached(self->stream),
                      GST_CONVNEXT_QUERY_SMOOTHING, G_TYPE_BOOLEAN, is_smoothed, NULL);
    return TRUE;
}

void gst_convnext_push_changes(GstConvnextElement *self)
{
    GstStructure *change;

    while ((change = gst_convnext_stream_take_change(self->stream)))
        gst_pad_push_event(GST_BASE_TRANSFORM_SRC_PAD(self),
                           gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM, change));
}

gboolean gst_convnext_answer_latency(GstConvnextElement *self, GstQuery *query)
{
    gboolean is_live;
    GstClockTime min, max;

    if (!gst_pad_peer_query(GST_BASE_TRANSFORM_SINK_PAD(self), query))
        return FALSE;
    gst_query_parse_latency(query, &is_live, &min, &max);
    GST_OBJECT_LOCK(self);
    GstConvnextMode mode = self->settings.frame.mode;
    GST_OBJECT_UNLOCK(self);
    GstClockTime added = gst_convnext_stream_latency(self->stream, is_live, mode);
    GST_DEBUG_OBJECT(self, "adds a latency of %" GST_TIME_FORMAT, GST_TIME_ARGS(added));
    if (GST_CLOCK_TIME_IS_VALID(max))
        max += added;
    gst_query_set_latency(query, is_live, min + added, max);
    return TRUE;
}
