/* Boxes of detectors: x0, y0, x1, y1 in pixels, x1 and y1 exclusive. Arithmetic in float32 and in
 * the libraries' order, because a decision (a clip, a threshold) may depend on the last bit.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef struct CnxBox {
    float x0, y0, x1, y1;
} CnxBox;

/* deltas: dx, dy, dw, dh, of which dx and dy are relative to the sides of the box, dw and dh
 * logarithms of the sides' ratios; weights divides them. dw and dh are limited to ln(1000/16); if
 * `both` is set, also to at least -ln(1000/16). */
CnxBox cnx_box_decode(CnxBox box, const float deltas[4], const float weights[4], gboolean both);

/* Moves the corners into an image of width x height. */
CnxBox cnx_box_clip(CnxBox box, guint width, guint height);

/* Whether the coordinates are finite and both sides are at least `least`. */
gboolean cnx_box_is_valid(CnxBox box, float least);

float cnx_box_area(CnxBox box);

/* The pyramid level that a box is pooled from: floor(4 + log2(sqrt(area) / 224) + 1e-6), at least
 * first and at most last, less first. */
guint cnx_box_level(CnxBox box, int first, int last);

/* The same by mmdetection's rule: floor(log2(sqrt(area) / 56 + 1e-6)), limited to 0 .. count - 1.
 */
guint cnx_box_level_inside(CnxBox box, guint count);
