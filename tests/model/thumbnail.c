/* Thumbnails against means in double precision, in every format.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/preprocess/thumbnail.h"

#include <math.h>
#include <string.h>

#include "model/base/isa.h"

#define GAP 13 /* bytes between rows */

static const struct {
    const char *name;
    CnxPixels pixels;
    guint size;    /* bytes of a pixel in the first plane */
    guint8 counts; /* bit i: byte i carries brightness */
} formats[] = {
    {"RGB", CNX_PIXELS_RGB, 3, 7},    {"BGR", CNX_PIXELS_BGR, 3, 7},
    {"RGBX", CNX_PIXELS_RGBX, 4, 7},  {"BGRX", CNX_PIXELS_BGRX, 4, 7},
    {"XRGB", CNX_PIXELS_XRGB, 4, 14}, {"XBGR", CNX_PIXELS_XBGR, 4, 14},
    {"GRAY", CNX_PIXELS_GRAY, 1, 1},  {"I420", CNX_PIXELS_I420, 1, 1},
    {"YV12", CNX_PIXELS_YV12, 1, 1},  {"NV12", CNX_PIXELS_NV12, 1, 1},
    {"NV21", CNX_PIXELS_NV21, 1, 1},  {"YUY2", CNX_PIXELS_YUY2, 2, 1},
    {"UYVY", CNX_PIXELS_UYVY, 2, 2},
};

static const struct {
    guint width, height, x, y, w, h;
} regions[] = {
    {1, 1, 0, 0, 1, 1},         {15, 17, 0, 0, 15, 17},     {16, 16, 0, 0, 16, 16},
    {160, 120, 0, 0, 160, 120}, {161, 121, 3, 5, 150, 111}, {640, 480, 11, 7, 33, 400},
    {20000, 3, 0, 0, 20000, 3}, {5, 3000, 1, 1, 4, 2990},
};

static guint failures;
static CnxIsa level;

/* Returns a picture of noise. Its memory ends with the last row's pixels, so that sanitizers find
 * reads beyond them. */
static guint8 *new_noise(guint width, guint height, guint size, gsize *stride, guint32 seed)
{
    *stride = (gsize)width * size + GAP;
    gsize bytes = *stride * (height - 1) + (gsize)width * size;
    guint8 *memory = g_malloc(bytes);
    for (gsize i = 0; i < bytes; i++) {
        seed = seed * 1664525u + 1013904223u;
        memory[i] = (guint8)(seed >> 24);
    }
    return memory;
}

static double expected_mean(const guint8 *memory, gsize stride, guint f, gboolean full_range,
                            guint x0, guint x1, guint y0, guint y1)
{
    /* Up to 32 rows, evenly spaced, as documented. */
    const guint step = (y1 - y0 + 31) / 32;
    double sum = 0, n = 0;

    if (x0 == x1 || y0 == y1)
        return 0;
    for (guint y = y0; y < y1; y += step)
        for (guint x = x0; x < x1; x++)
            for (guint b = 0; b < formats[f].size; b++)
                if (formats[f].counts >> b & 1) {
                    sum += memory[y * stride + x * formats[f].size + b];
                    n++;
                }
    return sum / n / (formats[f].pixels >= CNX_PIXELS_I420 && !full_range ? 219 : 255);
}

static void check_cells(guint f, guint r)
{
    gsize stride;
    CnxThumbnail thumbnail;
    const CnxImageInfo info = {.pixels = formats[f].pixels,
                               .width = regions[r].width,
                               .height = regions[r].height,
                               .full_range = r % 2,
                               .x = regions[r].x,
                               .y = regions[r].y,
                               .w = regions[r].w,
                               .h = regions[r].h};
    g_autofree guint8 *memory =
        new_noise(info.width, info.height, formats[f].size, &stride, 7 * f + r);
    const CnxImage image = {{memory}, {(gssize)stride}};
    double error = 0;

    cnx_thumbnail_make(&thumbnail, level, &info, &image);
    for (guint i = 0; i < 16; i++)
        for (guint j = 0; j < 16; j++) {
            double expected =
                expected_mean(memory, stride, f, info.full_range, info.x + info.w * j / 16,
                              info.x + info.w * (j + 1) / 16, info.y + info.h * i / 16,
                              info.y + info.h * (i + 1) / 16);

            error = fmax(error, fabs(thumbnail.cell[i][j] - expected));
        }
    if (error > 1e-6) {
        g_printerr("%s, region %u: a cell is off by %g\n", formats[f].name, r, error);
        failures++;
    }
}

static void expect_distance(const char *what, double distance, double min, double max)
{
    if (distance >= min && distance <= max)
        return;
    g_printerr("%s: a distance of %g, not %g to %g\n", what, distance, min, max);
    failures++;
}

/* The thumbnail of a grey 320x240 picture with noise of the given amplitude and a bright square. */
static void draw_thumbnail(CnxThumbnail *thumbnail, guint amplitude, guint square, guint32 seed)
{
    const CnxImageInfo info = {
        .pixels = CNX_PIXELS_GRAY, .width = 320, .height = 240, .w = 320, .h = 240};
    gsize stride;
    g_autofree guint8 *memory = new_noise(320, 240, 1, &stride, seed);
    const CnxImage image = {{memory}, {(gssize)stride}};

    for (guint y = 0; y < 240; y++)
        for (guint x = 0; x < 320; x++) {
            guint8 *p = &memory[y * stride + x];

            *p = (guint8)(100 + *p * amplitude / 256);
            if (x >= 50 && x < 50 + square && y >= 100 && y < 100 + square)
                *p = 220;
        }
    cnx_thumbnail_make(thumbnail, level, &info, &image);
}

static void check_distances(void)
{
    CnxThumbnail a, b;

    draw_thumbnail(&a, 20, 0, 1);
    expect_distance("a picture from itself", cnx_thumbnail_distance(&a, &a), 0, 0);
    draw_thumbnail(&b, 20, 0, 2);
    expect_distance("other noise", cnx_thumbnail_distance(&a, &b), 1e-6, 0.01);
    draw_thumbnail(&b, 20, 20, 3); /* covers at least a quarter of a 20 x 15 cell */
    expect_distance("a square the size of a cell", cnx_thumbnail_distance(&a, &b), 0.05, 0.5);
    expect_distance("the same square, reversed", cnx_thumbnail_distance(&b, &a), 0.05, 0.5);
}

int main(void)
{
    g_autoptr(GError) error = NULL;

    if (!cnx_isa_get(&level, &error))
        g_error("%s", error->message);
    for (guint f = 0; f < G_N_ELEMENTS(formats); f++)
        for (guint r = 0; r < G_N_ELEMENTS(regions); r++)
            check_cells(f, r);
    check_distances();
    return failures > 0;
}
