/* A configuration of mmdetection as JSON, as mmengine's Config.dump() writes it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/heads/detector_config.h"

/* Whether the object is such a configuration: it has an object "model", "test_cfg" or
 * "img_norm_cfg". */
gboolean cnx_detector_mm_is_config(JsonObject *object);

/* The same values under torchvision's argument names:
 *
 *   scale of Resize, img_scale      max_size, min_size
 *   mean, std                       image_mean, image_std, divided by 255
 *   strides x scales, ratios        anchor_sizes, aspect_ratios
 *   1 / target_stds                 bbox_reg_weights
 *   num_classes                     num_classes, with the background
 *   test_cfg                        the thresholds and limits
 *
 * What the configuration does not say is absent. NULL with json's error for what is computed
 * otherwise here, such as another kind of suppression. The caller owns the object. */
JsonObject *cnx_detector_mm_config(const CnxJson *json);
