/* Follows the objects of a stream from frame to frame, decides which run now, and keeps the last
 * result of each.
 *
 * An object with a tracking id is recognised by it. An object without one, or with an id that is
 * new in each frame, is matched by class and position to an object of an earlier frame. That is
 * enough for taking turns and for results that arrive a few frames later.
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

/* Finds the objects of the current frame; call it once per frame. The functions below work on these
 * objects, as long as the buffer lives. FALSE if the buffer describes no objects at all, selected
 * or not. */
gboolean gst_convnext_tracks_update(GstConvnextTracks *tracks, GstBuffer *buffer,
                                    const GstVideoInfo *caps,
                                    const GstConvnextSelection *selection);

/* Makes every object due again. Results so far may still be carried. */
void gst_convnext_tracks_expire_results(GstConvnextTracks *tracks);

/* Notes that the current frame shows a change. */
void gst_convnext_tracks_note_change(GstConvnextTracks *tracks);

/* TRUE if an object should run although the frame shows no change: it is due (see below) and has no
 * result, or none since gst_convnext_tracks_expire_results(), or has not run since the last change,
 * or its state needs more results like the last one. */
gboolean gst_convnext_tracks_need_results(const GstConvnextTracks *tracks,
                                          const GstConvnextSelection *selection,
                                          guint64 running_frame, const GstConvnextStates *states);

/* Chooses the objects that run now, at most selection->max_objects: those that have waited longest
 * and, among these, the largest. places receives their rectangles in the picture (GstConvnextRect),
 * objects their identities (GstConvnextObject); both are borrowed until the next call. Returns
 * their number. An object is due
 *   - if it has no result, or none since gst_convnext_tracks_expire_results(), or no tracking id,
 *   - selection->interval frames after the frame of its last result, or
 *   - if its area is selection->area_growth times that of its last result,
 * unless it is running: it was last chosen in the frame `running_frame` (seen_frame; 0 means that
 * none is running). */
guint gst_convnext_tracks_choose(GstConvnextTracks *tracks, const GstConvnextSelection *selection,
                                 guint64 running_frame, const GArray **places,
                                 const GArray **objects);

/* Stores a result about an object that was chosen. Does nothing if its track is gone. */
void gst_convnext_tracks_store(GstConvnextTracks *tracks, const GstConvnextObject *object,
                               GstConvnextResult *result);

/* Attaches the last result of each object if it is new or, with carry, even if an earlier frame had
 * it. Returns the number of results. */
guint gst_convnext_tracks_attach(GstConvnextTracks *tracks, GstBuffer *buffer, gboolean carry);
