/* The cost of a network in operations and memory, computed without loading it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/checkpoint/checkpoint.h"

/* Multiply-accumulates of the convolutions and linear layers for one image. */
guint64 cnx_cost_macs(const CnxConfig *config, guint width, guint height);

/* The part of them that runs in bf16 or int8 in a model of that precision. */
guint64 cnx_cost_rounded_macs(const CnxConfig *config, guint width, guint height);

/* Sets *bytes to the size of the weights packed for the kernels of this process, *isa to the name
 * of their isa level, and *form to the form of the products if this precision is requested. FALSE
 * with error if CONVNEXT_CPU holds an unknown word. */
gboolean cnx_cost_memory(const CnxCheckpoint *checkpoint, CnxPrecision requested, CnxForm *form,
                         gsize *bytes, const char **isa, GError **error);
