/* The orientation of a stream, from its image-orientation tags. A tag of the stream precedes one of
 * the whole container; a list of tags without an orientation takes back that of an earlier list of
 * the same scope. These are the rules of videoflip. If an element upstream turns the frames by the
 * same tag, which still comes down the pipeline, they are upright.
 *
 * Belongs to the streaming thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include "gst/settings/settings.h"

/* Zeroed: a stream without tags */
typedef struct GstConvnextTags {
    gboolean stream_is_known, container_is_known;
    GstConvnextOrientation stream, container;
    guint changes;
} GstConvnextTags;

/* Takes a TAG event, or a STREAM_START event, which ends the validity of earlier tags. pad: the
 * sink pad that received it. */
void gst_convnext_tags_add(GstConvnextTags *tags, GstPad *pad, GstEvent *event);

/* Replaces the orientation AUTO by the one in the tags. A change of the tags changes the version of
 * the settings too. */
static inline void gst_convnext_tags_apply(const GstConvnextTags *tags,
                                           GstConvnextFrameSettings *settings)
{
    settings->version += tags->changes;
    if (settings->orientation != GST_CONVNEXT_ORIENTATION_AUTO)
        return;
    settings->orientation = tags->stream_is_known      ? tags->stream
                            : tags->container_is_known ? tags->container
                                                       : GST_CONVNEXT_ORIENTATION_IDENTITY;
}
