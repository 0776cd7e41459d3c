/* The encoder in config.json as segmentation_models_pytorch (smp) writes it. Its encoders called
 * "tu-NAME" are timm's. What the file says about the decoder is read with that.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/config/config.h"

#define CNX_SMP_OUTPUT_STRIDE 32 /* of an encoder that is not dilated */

/* smp's default output stride of an encoder whose decoder has a tensor of this name: less than
 * CNX_SMP_OUTPUT_STRIDE if only a decoder with a dilated encoder has such a tensor. */
guint cnx_config_smp_output_stride(const char *tensor);

/* Whether json is such a file. */
gboolean cnx_config_is_smp(const CnxJson *json);

/* Reads the file into config, which already describes the weights. Returns FALSE with json's error
 * set if the file is invalid or contradicts the weights. */
gboolean cnx_config_read_smp(CnxConfig *config, const CnxJson *json);
