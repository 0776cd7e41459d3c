/* From the frames of given caps to the inputs of an engine: the cheap half of the work.
 *
 * Belongs to the thread that has the frames. Not thread safe.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gst/engine/engine.h"
#include "gst/input/frame.h"
#include "gst/objects/detections.h"
#include "model/preprocess/thumbnail.h"

typedef struct GstConvnextInput GstConvnextInput;

/* Prepares for frames of these caps, and has the engine make ready for their inputs: after it no
 * frame allocates anything but its result. Takes its own reference to the engine. Returns NULL with
 * error, of domain CNX_ERROR as all of this header. */
GstConvnextInput *gst_convnext_input_new(GstConvnextEngine *engine, const GstVideoInfo *caps,
                                         GError **error);

/* NULL allowed. The engine keeps the memory of its runs: gst_convnext_engine_relax(). */
void gst_convnext_input_free(GstConvnextInput *input);

/* Borrowed. */
GstConvnextEngine *gst_convnext_input_engine(const GstConvnextInput *input);

/* One line for logs: from which picture to which input. The caller owns it. */
char *gst_convnext_input_describe(const GstConvnextInput *input);

/* How bright the parts of the frame are, to tell whether anything has changed in it. FALSE as for
 * gst_convnext_input_prepare(). The buffer stays mapped until it is prepared or released. */
gboolean gst_convnext_input_sign(GstConvnextInput *input, GstBuffer *buffer,
                                 CnxThumbnail *thumbnail, GError **error);

/* Of a buffer that was signed and is not prepared. Nothing happens without one. */
void gst_convnext_input_release(GstConvnextInput *input);

/* Makes the whole frame the only input of request, with the scoring of these settings. A buffer
 * whose metadata gives it another geometry than the last one changes the input. The buffer is only
 * read, and not held. On failure request is empty. */
gboolean gst_convnext_input_prepare(GstConvnextInput *input, GstBuffer *buffer,
                                    const GstConvnextSettings *settings, GstConvnextJob *request,
                                    GError **error);

/* The same, with these objects (GstConvnextDetection) of the buffer, at least one, as the inputs.
 */
gboolean gst_convnext_input_prepare_objects(GstConvnextInput *input, GstBuffer *buffer,
                                            const GPtrArray *objects,
                                            const GstConvnextSettings *settings,
                                            GstConvnextJob *request, GError **error);

/* Of the frames. Borrowed. */
const GstVideoInfo *gst_convnext_input_caps(const GstConvnextInput *input);
