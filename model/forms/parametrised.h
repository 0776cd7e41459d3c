/* Weights that PyTorch computes from parameters: pruned (torch.nn.utils.prune), with weight norm or
 * with spectral norm, in the old form (torch.nn.utils) and the new one
 * (torch.nn.utils.parametrizations).
 *
 *   prune          w = w_orig * w_mask
 *   weight norm    w = w_v * w_g / norm(w_v)          parametrizations.w.original1, original0
 *   spectral norm  w = w_orig / (w_u^T w_orig w_v)    parametrizations.w.original, 0._u, 0._v
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/forms/entries.h"

/* Composes all of them. FALSE with error if memory runs out. */
gboolean cnx_parametrised_compose(const CnxEntries *entries);
