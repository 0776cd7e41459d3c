/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/stream/orientation.h"

#include <gst/video/video.h>

G_STATIC_ASSERT((int)GST_CONVNEXT_ORIENTATION_90R == (int)GST_VIDEO_ORIENTATION_90R);
G_STATIC_ASSERT((int)GST_CONVNEXT_ORIENTATION_180 == (int)GST_VIDEO_ORIENTATION_180);
G_STATIC_ASSERT((int)GST_CONVNEXT_ORIENTATION_90L == (int)GST_VIDEO_ORIENTATION_90L);
G_STATIC_ASSERT((int)GST_CONVNEXT_ORIENTATION_HORIZ == (int)GST_VIDEO_ORIENTATION_HORIZ);
G_STATIC_ASSERT((int)GST_CONVNEXT_ORIENTATION_VERT == (int)GST_VIDEO_ORIENTATION_VERT);
G_STATIC_ASSERT((int)GST_CONVNEXT_ORIENTATION_UL_LR == (int)GST_VIDEO_ORIENTATION_UL_LR);
G_STATIC_ASSERT((int)GST_CONVNEXT_ORIENTATION_UR_LL == (int)GST_VIDEO_ORIENTATION_UR_LL);
G_STATIC_ASSERT((int)GST_CONVNEXT_ORIENTATION_AUTO == (int)GST_VIDEO_ORIENTATION_AUTO);

#define ELEMENTS_MAX 100 /* of a pipeline, in case that its links form a loop */

/* The source pad of an element that feeds this sink pad, past the pads of bins. The caller owns it.
 * NULL if nothing is linked. */
static GstPad *find_source(GstPad *pad)
{
    GstPad *source = gst_pad_get_peer(pad);

    while (source && GST_IS_PROXY_PAD(source)) {
        g_autoptr(GstPad) outer = source;

        if (GST_IS_GHOST_PAD(outer)) { /* into a bin */
            source = gst_ghost_pad_get_target(GST_GHOST_PAD(outer));
        } else { /* out of a bin */
            g_autoptr(GstProxyPad) ghost = gst_proxy_pad_get_internal(GST_PROXY_PAD(outer));

            source = ghost ? gst_pad_get_peer(GST_PAD(ghost)) : NULL;
        }
    }
    return source;
}

/* The first sink pad that leads to this source pad inside an element. The caller owns it. NULL if
 * there is none. */
static GstPad *find_sink(GstPad *source)
{
    g_autoptr(GstIterator) links = gst_pad_iterate_internal_links(source);
    g_auto(GValue) value = G_VALUE_INIT;

    if (!links || gst_iterator_next(links, &value) != GST_ITERATOR_OK)
        return NULL;
    return g_value_dup_object(&value);
}

static gboolean follows_tag(GstElement *element)
{
    GstVideoOrientationMethod method = GST_VIDEO_ORIENTATION_IDENTITY;

    if (element && GST_IS_VIDEO_DIRECTION(element))
        g_object_get(element, "video-direction", &method, NULL);
    return method == GST_VIDEO_ORIENTATION_AUTO;
}

/* TRUE if an element upstream, such as videoflip, turns the frames by the tag. */
static gboolean is_turned_upstream(GstPad *pad)
{
    g_autoptr(GstPad) sink = gst_object_ref(pad);

    for (guint i = 0; sink && i < ELEMENTS_MAX; i++) {
        g_autoptr(GstPad) source = find_source(sink);
        g_autoptr(GstElement) element = source ? gst_pad_get_parent_element(source) : NULL;

        if (follows_tag(element))
            return TRUE;
        gst_object_unref(sink);
        sink = source ? find_sink(source) : NULL;
    }
    return FALSE;
}

void gst_convnext_tags_add(GstConvnextTags *self, GstPad *pad, GstEvent *event)
{
    GstVideoOrientationMethod method = GST_VIDEO_ORIENTATION_IDENTITY;
    GstTagList *list;

    self->changes++;
    if (GST_EVENT_TYPE(event) == GST_EVENT_STREAM_START) {
        self->stream_is_known = self->container_is_known = FALSE;
        return;
    }
    gst_event_parse_tag(event, &list);
    const gboolean is_known =
        gst_video_orientation_from_tag(list, &method) && !is_turned_upstream(pad);
    if (gst_tag_list_get_scope(list) == GST_TAG_SCOPE_STREAM) {
        self->stream_is_known = is_known;
        self->stream = (GstConvnextOrientation)method;
    } else {
        self->container_is_known = is_known;
        self->container = (GstConvnextOrientation)method;
    }
}
