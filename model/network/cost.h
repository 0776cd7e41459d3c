/* What a network costs, before it is loaded and run.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/checkpoint/checkpoint.h"

/* Multiplications with addition that the convolutions and linear layers do for one image. */
guint64 cnx_cost_macs(const CnxConfig *config, guint width, guint height);

/* Bytes of the weights packed for the kernels that this process uses, whose level is put in *cpu.
 * FALSE with error when CONVNEXT_CPU holds an unknown word. */
gboolean cnx_cost_memory(const CnxCheckpoint *checkpoint, gsize *bytes, const char **cpu,
                         GError **error);
