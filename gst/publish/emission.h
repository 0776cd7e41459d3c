/* Which results get a line: the property `emit`.
 *
 * Belongs to the streaming thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gst/convnext/convnext.h"

typedef enum GstConvnextEmit {
    GST_CONVNEXT_EMIT_RESULT, /* each result once, with the first frame that carries it */
    GST_CONVNEXT_EMIT_FRAME,  /* each result of each frame, carried ones too */
    GST_CONVNEXT_EMIT_CHANGE  /* a result that changes the state of the stream or of an object */
} GstConvnextEmit;

#define GST_TYPE_CONVNEXT_EMIT (gst_convnext_emit_get_type())
GType gst_convnext_emit_get_type(void);

typedef struct GstConvnextEmission GstConvnextEmission;

GstConvnextEmission *gst_convnext_emission_new(GstConvnextEmit emit);
void gst_convnext_emission_free(GstConvnextEmission *emission); /* NULL allowed */

/* Forgets all states: the next ones are changes. */
void gst_convnext_emission_reset(GstConvnextEmission *emission);

/* Notes a change of a smoothed state, an event of convnext (query.h). */
void gst_convnext_emission_add_change(GstConvnextEmission *emission, const GstStructure *change);

/* Whether the result, which a frame carries, gets a line. Call it for each result of each frame.
 *
 * With CHANGE and is_smoothed, the first result of the model that is about the whole frame or the
 * same object as a noted change gets a line; *change receives the change, owned by the emission
 * until the next call. Otherwise the state is the best class, the largest segment or the best
 * object, and *change is NULL. An object without an id has no state. */
gboolean gst_convnext_emission_takes(GstConvnextEmission *emission, GstConvnextResult *result,
                                     gboolean is_smoothed, const GstStructure **change);
