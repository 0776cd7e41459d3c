/* Turns frames of given caps into the inputs of an engine: the cheap half of the work.
 *
 * Belongs to the streaming thread. Not thread safe.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gst/engine/engine.h"
#include "gst/input/frame.h"
#include "model/preprocess/thumbnail.h"

typedef struct GstConvnextInput GstConvnextInput;

/* Prepares for frames of these caps and makes the engine ready for their inputs, so that later
 * frames allocate nothing but their results. Takes its own reference to the engine. NULL with
 * error; every error of this header is in the domain CNX_ERROR. */
GstConvnextInput *gst_convnext_input_new(GstConvnextEngine *engine, const GstVideoInfo *caps,
                                         GError **error);

/* The engine keeps its memory for runs; see gst_convnext_engine_relax(). NULL allowed. */
void gst_convnext_input_free(GstConvnextInput *input);

/* Borrowed. */
GstConvnextEngine *gst_convnext_input_engine(const GstConvnextInput *input);

/* The caps of the frames. Borrowed. */
const GstVideoInfo *gst_convnext_input_caps(const GstConvnextInput *input);

/* One line for the log: the picture, its format and the input. The caller owns it. */
char *gst_convnext_input_describe(const GstConvnextInput *input);

/* Sets how frames are turned for the network, from the next frame on; not AUTO. A new input does
 * not turn them. No frame may be mapped. */
void gst_convnext_input_set_orientation(GstConvnextInput *input,
                                        GstConvnextOrientation orientation);

/* Sets the part of each frame that is run, in the pixels of the caps, from the next frame on; a new
 * input runs all of it. FALSE with error: CNX_ERROR_SETTINGS, without a change, if the part does
 * not lie in frames of this size; otherwise no frame can be prepared. No frame may be mapped. */
gboolean gst_convnext_input_set_roi(GstConvnextInput *input, const GstConvnextRoi *roi,
                                    GError **error);

/* That part, or NULL if it is all of the frame. Borrowed. */
const GstConvnextRect *gst_convnext_input_roi(const GstConvnextInput *input);

/* Makes the thumbnail of a frame, or of the part of it that is run, not turned. FALSE if the buffer
 * does not hold the frame that its caps describe. The buffer stays mapped until
 * gst_convnext_input_fill() or gst_convnext_input_release(). */
gboolean gst_convnext_input_thumbnail(GstConvnextInput *input, GstBuffer *buffer,
                                      CnxThumbnail *thumbnail);

/* Unmaps the buffer that a thumbnail left mapped, if any. */
void gst_convnext_input_release(GstConvnextInput *input);

/* Begins a job with the whole frame as its only input or, if places is not NULL, with one input for
 * each of these parts of the picture in memory (GstConvnextRect, at least one). Sets inputs,
 * views, frame size, part, orientation, pts and preprocess_time of the job. The input adapts if the
 * buffer's metadata describes another picture in memory than that of the last frame. Reads the
 * buffer and keeps no reference to it. On failure the job is empty; the error is CNX_ERROR_CORRUPT
 * if the buffer does not hold the picture that its caps and metadata describe. */
gboolean gst_convnext_input_fill(GstConvnextInput *input, GstBuffer *buffer, const GArray *places,
                                 GstConvnextJob *job, GError **error);
