/* Pictures that tests can draw: the same bytes as in tests/fixtures/make_preprocess.py.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "model/preprocess/image.h"

/* Returns [height][width][3] RGB; g_free(). Slopes, edges, texture and bars of 0 and 255. */
guint8 *picture_draw(guint width, guint height, guint32 seed);

/* A frame in memory: its planes lie in one block, each row followed by a gap. */
typedef struct PictureFrame {
    guint8 *memory;
    gsize size;
    CnxImage image;
} PictureFrame;

/* Stores an RGB picture in one of the packed RGB formats or gray (which takes G). gap: bytes. */
PictureFrame picture_pack(const guint8 *rgb, guint width, guint height, CnxPixels pixels,
                          guint gap);

/* A frame of info's size in its YUV format: the picture's colours, chroma averaged. */
PictureFrame picture_to_yuv(const guint8 *rgb, const CnxImageInfo *info, guint gap);

void picture_frame_clear(PictureFrame *frame);

/* The picture that a YUV frame shows, in double precision, chroma repeated, rounded to bytes:
 * [height][width][3]; g_free(). */
guint8 *picture_from_yuv(const CnxImage *image, const CnxImageInfo *info);
