/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/publish/upstream.h"

#include "gst/convnext/query.h"

GST_DEBUG_CATEGORY_EXTERN(gst_convnext_publish_debug);
#define GST_CAT_DEFAULT gst_convnext_publish_debug

gboolean gst_convnext_upstream_ask(GstPad *sink, GstConvnextUpstream *upstream)
{
    g_autoptr(GstQuery) query =
        gst_query_new_custom(GST_QUERY_CUSTOM, gst_structure_new_empty(GST_CONVNEXT_QUERY_RESULTS));

    return gst_pad_peer_query(sink, query) &&
           gst_structure_get(gst_query_get_structure(query), GST_CONVNEXT_QUERY_ATTACHED,
                             G_TYPE_UINT64, &upstream->attached, GST_CONVNEXT_QUERY_SMOOTHING,
                             G_TYPE_BOOLEAN, &upstream->is_smoothed, NULL);
}

gboolean gst_convnext_upstream_is_live(GstPad *sink)
{
    g_autoptr(GstQuery) query = gst_query_new_latency();
    gboolean is_live = FALSE;

    if (gst_pad_peer_query(sink, query))
        gst_query_parse_latency(query, &is_live, NULL, NULL);
    return is_live;
}

gboolean gst_convnext_upstream_warn(GstElement *element, GstPad *sink, guint64 frames,
                                    guint64 on_the_way)
{
    GstConvnextUpstream upstream;

    if (!gst_convnext_upstream_ask(sink, &upstream))
        GST_ELEMENT_WARNING(element, STREAM, FAILED,
                            ("none of the first %" G_GUINT64_FORMAT
                             " buffers carries a result: this element writes the results of the "
                             "element convnext, but there is none upstream",
                             frames),
                            (NULL));
    else if (upstream.attached > on_the_way)
        GST_ELEMENT_WARNING(
            element, STREAM, FAILED,
            ("none of the first %" G_GUINT64_FORMAT
             " buffers carries a result, but convnext has attached %" G_GUINT64_FORMAT
             ": an element between the two, such as deinterlace or compositor, drops "
             "them; put convnext behind it",
             frames, upstream.attached),
            (NULL));
    else
        return FALSE;
    return TRUE;
}
