/* Follows the objects of a stream from frame to frame: which run now, and the last result of each.
 *
 * An object with a tracking id is recognised by it. One without, or with an id that is new in each
 * frame, is matched by class and place to an object of an earlier frame; that is enough to take
 * turns, and for results that arrive a few frames later.
 *
 * Belongs to the streaming thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/convnext/convnext.h>

#include "gst/objects/detections.h"
#include "gst/results/states.h"

typedef struct GstConvnextTracks GstConvnextTracks;

GstConvnextTracks *gst_convnext_tracks_new(void);
void gst_convnext_tracks_free(GstConvnextTracks *tracks); /* NULL allowed */

/* Drops the results, and all tracks without a tracking id. Numbers are never reused. */
void gst_convnext_tracks_forget(GstConvnextTracks *tracks);

/* Takes the objects of the current frame, once per frame. The functions below are about them, and
 * valid as long as the buffer. */
void gst_convnext_tracks_update(GstConvnextTracks *tracks, GstBuffer *buffer,
                                const GstVideoInfo *caps, const GstConvnextSelection *selection);

/* The results so far may be carried, but every object is due again. */
void gst_convnext_tracks_expire_results(GstConvnextTracks *tracks);

/* The current frame shows a change. */
void gst_convnext_tracks_note_change(GstConvnextTracks *tracks);

/* TRUE if an object should run although the frame shows no change: it is due (see below) and has no
 * result, or none since gst_convnext_tracks_expire_results(), or has not run since the last change,
 * or its state needs more results like the last one. */
gboolean gst_convnext_tracks_need_results(const GstConvnextTracks *tracks,
                                          const GstConvnextSelection *selection,
                                          guint64 running_frame, const GstConvnextStates *states);

/* Chooses the objects that run now, at most selection->max_objects: those that have waited longest,
 * among them the largest. places receives where they are in the picture (GstConvnextRect), objects
 * which they are (GstConvnextObject), both borrowed until the next call. Returns how many. Due is
 * an object
 *   - without a result, or none since gst_convnext_tracks_expire_results(), or without a tracking
 * id
 *   - selection->interval frames after the frame of its last result, or
 *   - if its area is selection->area_growth times that of its last result,
 * unless it is running: if it was chosen last in the frame `running_frame` (seen_frame; 0 for
 * none). */
guint gst_convnext_tracks_choose(GstConvnextTracks *tracks, const GstConvnextSelection *selection,
                                 guint64 running_frame, const GArray **places,
                                 const GArray **objects);

/* Stores a result about an object that was chosen. Does nothing if its track is gone. */
void gst_convnext_tracks_store(GstConvnextTracks *tracks, const GstConvnextObject *object,
                               GstConvnextResult *result);

/* Attaches the last result of each object: those that are new, and with carry also those that an
 * earlier frame had. Returns how many. */
guint gst_convnext_tracks_attach(GstConvnextTracks *tracks, GstBuffer *buffer, gboolean carry);
