/* The levels of a detector's pyramid: the maps that they read, their anchors, and those that the
 * heads pool from.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/heads/detector_config.h"

/* Reads "return_layers", "anchor_sizes", "aspect_ratios" and "featmap_names" of json, which may be
 * NULL, and finds the rest from the widths: the levels read the last stages with these widths, or
 * the downsampling layers if the body ends with one. file: of the weights, for messages. Adds what
 * no file says to info->assumed. FALSE with error if the widths fit no stages or the number of
 * anchors is not sizes x ratios. */
gboolean cnx_detector_levels_read(CnxDetectorConfig *self, const CnxDetectorShape *shape,
                                  const CnxConfig *backbone, const CnxJson *json, const char *file,
                                  CnxHeadInfo *info, GError **error);
