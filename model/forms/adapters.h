/* Adapters of PEFT that are not merged:
 *
 *   LoRA  w + scale * (lora_B lora_A), with the scale of adapter_config.json
 *   DoRA  the same, with the rows scaled to the norms in lora_magnitude_vector
 *   IA3   w * ia3_l, for each output (and the bias too) or each input
 *
 * and the copies of layers that PEFT trains as a whole (modules_to_save).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/forms/entries.h"

/* Composes all of them. FALSE with error if adapter_config.json is invalid or memory runs out. */
gboolean cnx_adapters_compose(const CnxEntries *entries);

/* The first tensor of an adapter if the file has adapters but none of the weights that they change;
 * otherwise NULL. */
const CnxEntry *cnx_adapters_alone(const CnxEntries *entries);
