/* Messages on the bus and in the log: errors, results, models.
 *
 * Call none of these with a lock held: a sync handler of the bus may read properties.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/convnext/convnext.h>
#include <gst/video/video.h>

#include "gst/engine/engine.h"

/* Posts error (domain CNX_ERROR) as GST_MESSAGE_ERROR or GST_MESSAGE_WARNING. doing: the activity
 * that failed, for the debug string. */
void gst_convnext_post_error(GstElement *element, GstMessageType type, const GError *error,
                             const char *doing);

/* TRUE if a job was cancelled: its frame passes without a result. Otherwise posts the error. */
gboolean gst_convnext_pass_if_cancelled(GstElement *element, const GError *error);

/* TRUE if error means that a frame does not hold the picture that its caps and metadata describe.
 * Posts a warning about it unless *is_posted, which becomes TRUE. */
gboolean gst_convnext_warn_unreadable(GstElement *element, const GError *error,
                                      gboolean *is_posted);

/* Posts a warning that the engine's scores are not finite, unless it did so before. */
void gst_convnext_warn_not_finite(GstElement *element, GstConvnextEngine *engine);

/* Posts a warning that the first `frames` frames of region=objects describe no objects. */
void gst_convnext_warn_no_objects(GstElement *element, guint frames);

/* Posts a warning that frames with these caps cannot be painted. */
void gst_convnext_warn_cannot_paint(GstElement *element, const GstVideoInfo *caps);

/* Logs the model of an engine. Posts an INFO message if only its backbone runs, and warnings about
 * its precision, unless the last one posted is the same, and about files next to the model that
 * contradict it. precision_remark: the last warning about precision, or NULL; it is replaced, and
 * the caller owns it. */
void gst_convnext_announce_engine(GstElement *element, const GstConvnextEngine *engine,
                                  char **precision_remark);

/* Logs the best class of each result of a job. */
void gst_convnext_log_job(GstElement *element, const GstConvnextJob *job);

/* Posts an element message `convnext`: the result's structure and the number and times of its
 * frame. */
void gst_convnext_post_result(GstElement *element, const GstConvnextTimes *times,
                              GstConvnextResult *result);

/* Posts an element message `convnext-model-updated`: the info of the engine, and `frame`, the
 * number of the first frame that it runs on. */
void gst_convnext_post_updated(GstElement *element, const GstConvnextEngine *engine, guint64 frame);

/* Posts structure, which is taken, as an element message. */
void gst_convnext_post_structure(GstElement *element, GstStructure *structure);
