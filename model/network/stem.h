/* The stem: from an image to the first map.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/network/forward.h"

/* Sets run->stem_size, and run->mid_size between the two convolutions of an overlapping stem, from
 * the run's width and height. */
void cnx_stem_plan(CnxRun *run);

/* Sets *floats to the scratch that a strip of the stem needs. FALSE if that does not fit in gsize.
 */
gboolean cnx_stem_scratch(const CnxRun *run, gsize *floats);

/* From the run's images to y: [n, stem_size]. An overlapping stem leaves the map between its two
 * convolutions in mid: [n, mid_size]. */
void cnx_stem(CnxRun *run, guint n, float *mid, float *y);
