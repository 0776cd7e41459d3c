/* Concurrent spatial and channel squeeze and excitation (Roy et al. 2018), as smp builds it:
 *
 *   x sigmoid(W2 relu(W1 mean(x))) + x sigmoid(w . x)
 *
 * with the mean over all pixels, and w . x a number for each pixel.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/heads/packer.h"

typedef struct CnxScse {
    CnxConv squeeze, excite; /* W1, W2; squeeze.n is 0 if smp left the hidden layer empty, which it
                                does for fewer than 16 channels */
    const float *rest;       /* [channels] bias of W2, if the hidden layer is empty */
    CnxConv spatial;         /* w, one output */
} CnxScse;

/* module: "decoder.blocks.0.attention1.attention" */
gboolean cnx_scse_pack(CnxScse *scse, CnxHeadPacker *packer, const char *module, guint channels);

/* In place. */
void cnx_scse_run(const CnxScse *scse, CnxSteps *steps, CnxHeadMap *map);
