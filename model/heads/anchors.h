/* Anchors: the boxes that the region proposal network starts from, at each pixel of each level.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/heads/boxes.h"

/* The anchors at the first pixel of a level, around (0, 0): for each ratio, then each size,
 *   height = size sqrt(ratio), width = size / sqrt(ratio)
 * rounded: with corners rounded to integers, half to even. anchors: [ratios sizes]. */
void cnx_anchors_cell(CnxBox *anchors, const float *sizes, guint size_count, const float *ratios,
                      guint ratio_count, gboolean rounded);

/* The anchor `index` of a map of this width, in the order y, x, anchor: the anchor of the cell,
 * [count], moved by whole strides; not to the centre of the pixel. */
CnxBox cnx_anchors_at(const CnxBox *cell, guint count, guint index, guint width, guint stride_x,
                      guint stride_y);
