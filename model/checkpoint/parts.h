/* Which tensors a ConvNeXt is made of.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/config/config.h"

/* canonical: see model/checkpoint/checkpoint.h. shape: [rank]. Returns FALSE to stop. */
typedef gboolean CnxPartFn(const char *canonical, guint rank, const guint64 *shape,
                           gpointer user_data);

/* Calls fn for every tensor that config's architecture has, in the order of the network, until it
 * returns FALSE; returns what it returned last. */
gboolean cnx_parts_foreach(const CnxConfig *config, CnxPartFn *fn, gpointer user_data);
