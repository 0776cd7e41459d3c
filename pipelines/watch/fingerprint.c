/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/fingerprint.h"

#define COLUMNS (WATCH_TILE_COLUMNS * WATCH_TILE_SIDE)
#define ROWS (WATCH_TILE_ROWS * WATCH_TILE_SIDE)

/* The middle of part i of count equal parts of length. */
static gsize middle(gsize i, gsize count, gsize length)
{
    return (2 * i + 1) * length / (2 * count);
}

static guint8 *row_of_tile(WatchFingerprint *fingerprint, guint row, guint tile_column)
{
    const guint tile = row / WATCH_TILE_SIDE * WATCH_TILE_COLUMNS + tile_column;

    return fingerprint->tiles[tile] + row % WATCH_TILE_SIDE * WATCH_TILE_SIDE;
}

static void read_row(WatchFingerprint *fingerprint, guint row, const guint8 *pixels,
                     const gsize *offsets)
{
    for (guint column = 0; column < COLUMNS; column += WATCH_TILE_SIDE) {
        guint8 *to = row_of_tile(fingerprint, row, column / WATCH_TILE_SIDE);

        for (guint i = 0; i < WATCH_TILE_SIDE; i++)
            to[i] = pixels[offsets[column + i]];
    }
}

/* Samples of a component with 8 bits. */
static void read_bytes(WatchFingerprint *fingerprint, GstVideoFrame *frame, guint component)
{
    const guint8 *data = GST_VIDEO_FRAME_COMP_DATA(frame, component);
    const int stride = GST_VIDEO_FRAME_COMP_STRIDE(frame, component);
    gsize offsets[COLUMNS];

    for (guint i = 0; i < COLUMNS; i++)
        offsets[i] = middle(i, COLUMNS, (gsize)GST_VIDEO_FRAME_COMP_WIDTH(frame, component)) *
                     (gsize)GST_VIDEO_FRAME_COMP_PSTRIDE(frame, component);
    for (guint row = 0; row < ROWS; row++) {
        const gsize y = middle(row, ROWS, (gsize)GST_VIDEO_FRAME_COMP_HEIGHT(frame, component));

        read_row(fingerprint, row, data + (gssize)y * stride, offsets);
    }
}

/* The upper 8 bits of a component that is stored in words of 16 bits. */
static void read_words(WatchFingerprint *fingerprint, GstVideoFrame *frame, guint component)
{
    const GstVideoFormatInfo *format = frame->info.finfo;
    const guint8 *data = GST_VIDEO_FRAME_COMP_DATA(frame, component);
    const int stride = GST_VIDEO_FRAME_COMP_STRIDE(frame, component);
    const guint shift = GST_VIDEO_FORMAT_INFO_SHIFT(format, component) +
                        GST_VIDEO_FORMAT_INFO_DEPTH(format, component) - 8;

    for (guint row = 0; row < ROWS; row++) {
        const gsize y = middle(row, ROWS, (gsize)GST_VIDEO_FRAME_COMP_HEIGHT(frame, component));

        for (guint column = 0; column < COLUMNS; column++) {
            const gsize x =
                middle(column, COLUMNS, (gsize)GST_VIDEO_FRAME_COMP_WIDTH(frame, component));
            const guint8 *word = data + (gssize)y * stride +
                                 x * (gsize)GST_VIDEO_FRAME_COMP_PSTRIDE(frame, component);
            const guint value = GST_VIDEO_FORMAT_INFO_IS_LE(format) ? GST_READ_UINT16_LE(word)
                                                                    : GST_READ_UINT16_BE(word);

            row_of_tile(fingerprint, row, column / WATCH_TILE_SIDE)[column % WATCH_TILE_SIDE] =
                (guint8)(value >> shift);
        }
    }
}

/* Bytes spread over the whole buffer, for tiled and bit-packed formats. */
static gboolean read_memory(WatchFingerprint *fingerprint, GstBuffer *buffer)
{
    GstMapInfo map;

    if (!gst_buffer_map(buffer, &map, GST_MAP_READ))
        return FALSE;
    for (guint i = 0; map.size > 0 && i < ROWS * COLUMNS; i++)
        row_of_tile(fingerprint, i / COLUMNS, i % COLUMNS / WATCH_TILE_SIDE)[i % WATCH_TILE_SIDE] =
            map.data[middle(i, ROWS * COLUMNS, map.size)];
    gst_buffer_unmap(buffer, &map);
    return map.size > 0;
}

gboolean watch_fingerprint_read(WatchFingerprint *fingerprint, const GstVideoInfo *info,
                                GstBuffer *buffer)
{
    const GstVideoFormatInfo *format = info->finfo;
    const guint component =
        GST_VIDEO_FORMAT_INFO_IS_RGB(format) && format->n_components > 2 ? GST_VIDEO_COMP_G : 0;
    const guint depth = GST_VIDEO_FORMAT_INFO_DEPTH(format, component);
    GstVideoFrame frame;

    if (GST_VIDEO_FORMAT_INFO_FLAGS(format) & GST_VIDEO_FORMAT_FLAG_COMPLEX ||
        GST_VIDEO_FORMAT_INFO_IS_TILED(format) || depth < 8 || depth > 16)
        return read_memory(fingerprint, buffer);
    if (!gst_video_frame_map(&frame, info, buffer, GST_MAP_READ | GST_VIDEO_FRAME_MAP_FLAG_NO_REF))
        return FALSE;
    if (depth == 8)
        read_bytes(fingerprint, &frame, component);
    else
        read_words(fingerprint, &frame, component);
    gst_video_frame_unmap(&frame);
    return TRUE;
}
