/* Quantised weights, which are stored with their scales:
 *
 *   w_scale, w_zero_point  compressed-tensors (llm-compressor), torch.ao.quantization:
 *                          (w - zero point) * scale, for the whole weight, each row or each
 *                          group of columns
 *   w_scale_inv            DeepSeek, transformers (FineGrainedFP8): w * scale, for the whole
 *                          weight or each block of 128 x 128
 *   scale_weight           ComfyUI: w * scale, for the whole weight
 *   SCB                    bitsandbytes (LLM.int8()): w * SCB / 127, for each row
 *   w._data, w._scale      optimum-quanto: data * scale, for the whole weight or each row
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/forms/entries.h"

/* Composes all of them. FALSE with error if memory runs out. */
gboolean cnx_quantised_compose(const CnxEntries *entries);
