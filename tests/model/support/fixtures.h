/* The cases in fixtures/preprocess.inc as an array.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/config/recipe.h"
#include "model/preprocess/image.h"

typedef struct Fixture {
    const char *name;
    guint32 seed;
    gboolean gray; /* the picture is stored as gray */
    CnxImageInfo info;
    CnxRecipe recipe;
    guint out_width, out_height;
    guint8 bytes[4];
    gboolean has_floats;
    double floats[4];
    const char *sha256;
} Fixture;

/* clang-format off */
#define CASE(text, number, is_gray, w_, h_, pn, pd, rx, ry, rw, rh, \
             size_, resize_, pct, crop_, filter_, rounding_, squash, m0, m1, m2, \
             ow, oh, b0, b1, b2, b3, has, f0, f1, f2, f3, sha) \
    {.name = text, .seed = number, .gray = (is_gray) == 1, \
     .info = {.width = w_, .height = h_, .par_n = pn, .par_d = pd, \
              .x = rx, .y = ry, .w = rw, .h = rh}, \
     .recipe = {.size = size_, .resize = resize_, .crop_pct = pct, .squash_from = squash, \
                .crop = CNX_CROP_##crop_, .filter = CNX_FILTER_##filter_, \
                .rounding = CNX_ROUNDING_##rounding_, .mean = {m0, m1, m2}, \
                .std = {0.229, 0.224, 0.225}, .rescale = 1.0 / 255, \
                .grey = (is_gray) == 2}, \
     .out_width = ow, .out_height = oh, .bytes = {b0, b1, b2, b3}, \
     .has_floats = has, .floats = {f0, f1, f2, f3}, .sha256 = sha},
/* clang-format on */
static const Fixture fixtures[] = {
#include "tests/fixtures/preprocess.inc"
};
#undef CASE
