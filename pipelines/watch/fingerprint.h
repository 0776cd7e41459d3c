/* The fingerprint of a frame: samples of its luma on a fixed grid, by tile.
 *
 * Samples are single pixels, not means: an encoder's changes within a block average out to zero.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

#define WATCH_TILE_COLUMNS 32
#define WATCH_TILE_ROWS 18
#define WATCH_TILES (WATCH_TILE_COLUMNS * WATCH_TILE_ROWS)
#define WATCH_TILE_SIDE 6 /* samples, in both directions */
#define WATCH_TILE_SAMPLES (WATCH_TILE_SIDE * WATCH_TILE_SIDE)

typedef struct WatchFingerprint {
    guint8 tiles[WATCH_TILES][WATCH_TILE_SAMPLES];
} WatchFingerprint;

/* Reads a frame's fingerprint: eight bits of luma, or of green for RGB; of tiled and bit-packed
 * formats, bytes of the buffer instead. FALSE if the frame cannot be mapped. */
gboolean watch_fingerprint_read(WatchFingerprint *fingerprint, const GstVideoInfo *info,
                                GstBuffer *buffer);
