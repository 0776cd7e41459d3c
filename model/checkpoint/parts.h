/* The parts (tensors) of a network.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/config/config.h"

/* canonical: name as in model/checkpoint/checkpoint.h. shape: [rank]. Returns FALSE to stop. */
typedef gboolean CnxPartFn(const char *canonical, guint rank, const guint64 *shape,
                           gpointer user_data);

/* Calls fn for each tensor of config's architecture, in the order of the network, until fn returns
 * FALSE. Returns the result of the last call. */
gboolean cnx_parts_foreach(const CnxConfig *config, CnxPartFn *fn, gpointer user_data);
