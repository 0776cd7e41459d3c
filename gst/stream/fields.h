/* The fields of a stream, for the files that implement it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gst/objects/tracks.h"
#include "gst/overlay/canvas.h"
#include "gst/results/states.h"
#include "gst/stream/background.h"
#include "gst/stream/latency.h"
#include "gst/stream/schedule.h"
#include "gst/stream/stats.h"
#include "gst/stream/stream.h"

#define GST_CONVNEXT_NO_VERSION G_MAXUINT /* of the settings before the first frame */

struct GstConvnextStream {
    GstElement *element;               /* the owner; not a reference */
    GstConvnextBackground *background; /* of mode=latest */

    GMutex lock; /* guards everything up to the next comment */
    GstConvnextStats stats;
    GstConvnextSchedule schedule;
    GstConvnextLatency latency;
    guint generation; /* jobs from an earlier generation are not reported */
    GstConvnextStates *states;
    gboolean has_states;
    gboolean has_failed;       /* a job in the background has posted an error */
    GstConvnextEngine *engine; /* of the input; NULL without one */
    gboolean is_interrupted;   /* frames do not wait for the engine */
    guint64 attached;          /* results, since start */
    GQueue changes;            /* GstStructure: of states, for events; owned */

    /* Belongs to the streaming thread. */
    guint64 frames; /* since start */
    GstSegment segment;
    GstConvnextInput *input; /* NULL without caps */
    GstConvnextJob *job;     /* for the current frame; NULL between streams */
    GstConvnextResult *last; /* about a whole frame, to carry; NULL if there is none */
    GstConvnextTracks *tracks;
    GstConvnextFrameSettings settings; /* of the last frame */
    GstConvnextRoi refused_roi;        /* does not fit frames with these caps; a warning said so */
    gboolean background_is_used;       /* it may have results, or a job under way */
    GstConvnextCanvas *canvas;         /* for the caps of the input; NULL before the first frame */
    gboolean cannot_paint;             /* frames with these caps */
    gboolean frame_is_unreadable;      /* the current one */
    gboolean unreadable_is_posted;     /* the warning about such frames */
    gboolean objects_are_seen;         /* since start, with region=objects */
    guint frames_without_objects;      /* until then */
};

/* The lock is held. */
void gst_convnext_stream_reset_states(GstConvnextStream *self);

/* Called by the background, in its thread, with the stream as data. */
void gst_convnext_stream_on_background_done(const GstConvnextJob *job, const GError *error,
                                            gpointer data);
