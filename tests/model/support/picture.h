/* Pictures drawn for tests, with the same bytes as in tests/fixtures/picture.py.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "model/preprocess/image.h"

#ifdef __SANITIZE_ADDRESS__ /* tests choose fewer cases then */
#define SANITIZED TRUE
#else
#define SANITIZED FALSE
#endif

/* Draws slopes, edges, texture and bars of 0 and 255. Returns [height][width][3] RGB; g_free(). */
guint8 *picture_draw(guint width, guint height, guint32 seed);

/* A frame whose planes are in one block of memory, each row followed by a gap */
typedef struct PictureFrame {
    guint8 *memory;
    gsize size;
    CnxImage image;
} PictureFrame;

/* Stores an RGB picture in a packed RGB format, or its green channel as gray. gap: bytes. */
PictureFrame picture_pack(const guint8 *rgb, guint width, guint height, CnxPixels pixels,
                          guint gap);

/* Converts an RGB picture of info's size to its YUV format, with averaged chroma. */
PictureFrame picture_to_yuv(const guint8 *rgb, const CnxImageInfo *info, guint gap);

void picture_frame_clear(PictureFrame *frame);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PictureFrame, picture_frame_clear)

/* Converts a YUV frame to RGB in double precision, with repeated chroma, and rounds to bytes.
 * Returns [height][width][3]; g_free(). */
guint8 *picture_from_yuv(const CnxImage *image, const CnxImageInfo *info);
