/* The first layer: from the image to the first map.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/network/forward.h"

/* Sets the sizes of the stem's maps, run->stem_size and, between the two convolutions of an
 * overlapping stem, run->mid_size, for run's width and height. */
void cnx_stem_plan(CnxRun *run);

/* Floats of scratch that one strip of the stem needs; FALSE when they do not fit in gsize. */
gboolean cnx_stem_scratch(const CnxRun *run, gsize *floats);

/* From the run's images to y: [n, stem_size]. An overlapping stem leaves what is between its
 * convolutions in mid: [n, mid_size]. */
void cnx_stem(CnxRun *run, guint n, float *mid, float *y);
