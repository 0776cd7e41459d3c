/* The objects of a stream, from frame to frame: whose turn it is to be looked at, and what was
 * found the last time.
 *
 * An object with a tracking id is known by it. One without is taken for the one of the same type
 * that was about there in a frame before, which is enough for taking turns, and for results that
 * are ready a few frames later; so is one with an id that is new in each frame.
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

/* What was found is not carried, and nobody is known any more but by a tracking id. Numbers are not
 * used again. */
void gst_convnext_tracks_forget(GstConvnextTracks *tracks);

/* Takes the objects of the frame at hand, once per frame. The rest of this header is about them, as
 * long as the buffer is. */
void gst_convnext_tracks_see(GstConvnextTracks *tracks, GstBuffer *buffer, const GstVideoInfo *caps,
                             const GstConvnextSelection *selection);

/* Results about the frames so far do for being carried, but not for not being due. */
void gst_convnext_tracks_renew(GstConvnextTracks *tracks);

/* The frame at hand shows something new. */
void gst_convnext_tracks_note_change(GstConvnextTracks *tracks);

/* Whether one of them is to be looked at, as below, although nothing new is seen: it has no result
 * yet, or none since gst_convnext_tracks_renew(), or has not had its turn since there was something
 * new, or its state needs more results like the last one. */
gboolean gst_convnext_tracks_has_waiting(const GstConvnextTracks *tracks,
                                         const GstConvnextSelection *selection, guint64 running,
                                         const GstConvnextStates *states);

/* Those of them that are to be looked at now, in this order, at most selection->most: those that
 * have waited longest, among them the largest. Borrowed until the next call. Due is an object
 *   - that has no result yet, or none since gst_convnext_tracks_renew(), or no tracking id
 *   - selection->interval frames after the one of its last result, or
 *   - when its area is selection->growth times that of its last result,
 * unless it is being looked at: was chosen last in the frame `running` (region.seen; 0: none). */
GPtrArray *gst_convnext_tracks_choose(GstConvnextTracks *tracks,
                                      const GstConvnextSelection *selection, guint64 running);

/* Takes a result about an object that was chosen; whom it is about, and when, is noted on it
 * (gst_convnext_job_noted()). Nothing happens when nobody has that number any more. */
void gst_convnext_tracks_learn(GstConvnextTracks *tracks, GstConvnextResult *result);

/* Attaches the last result of each of them: those that are new, with carry also those that were
 * attached before. Returns how many. */
guint gst_convnext_tracks_attach(GstConvnextTracks *tracks, GstBuffer *buffer, gboolean carry);
