/* The field `tensors` of caps, which tells elements downstream what tensors the frames carry. It
 * exists since GStreamer 1.28; with older releases caps do not change.
 *
 *   video/x-raw, tensors=[tensorgroups, convnext-backbone-out=(/uniquelist){[tensor/strided,
 *     tensor-id=convnext-stage4-out, dims=<1,7,7,768>, dims-order=row-major, type=float32]}]
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gst/engine/engine.h"

/* The caps of the other pad, if these are the caps of the pad with this direction. From sink to
 * source, the group of the feature maps that the engine attaches is added beside other elements'
 * groups; from source to sink the field is removed. engine: NULL adds nothing. The caller owns the
 * caps. */
GstCaps *gst_convnext_tensor_caps(const GstConvnextEngine *engine, GstPadDirection direction,
                                  GstCaps *caps);

/* Whether two engines attach the same maps, so that the caps stay when one replaces the other. */
gboolean gst_convnext_tensor_caps_equal(const GstConvnextEngine *a, const GstConvnextEngine *b);
